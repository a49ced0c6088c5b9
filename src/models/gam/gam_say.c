/* An additive model as an expression: for every input its bins with their values, for every pair the bins of
 * one by halving and within each those of the other. */
#include "models/gam/gam.h"
#include "models/say.h"

#include <math.h>

typedef struct axis {
    size_t input, n;       /* fine bins */
    const uint8_t *to;     /* [n] which of the table's rows or columns each is; NULL: itself */
    const struct axis *by; /* a pair's other input; NULL: none */
    const double *value;   /* where the first of the values stands */
    size_t stride;
} axis;

static const vouch__when otherwise = { .op = VOUCH__WHEN_ELSE };

static vouch__say *say_axis(vouch__speech *s, const axis *a);

static vouch__say *cell(vouch__speech *s, const axis *a, size_t bin)
{
    const double *value = a->value + (a->to ? a->to[bin] : bin) * a->stride;
    if (!a->by)
        return vouch__say_number(s, *value);
    axis other = *a->by;
    other.value = value;
    return say_axis(s, &other);
}

static const vouch__gbdt_input *bins_of(const vouch__speech *s, const axis *a)
{
    return &((const vouch__gam *)s->model->state)->shape[a->input].bins;
}

/* The bin in [first, last) nearest the middle after which the table's row or column changes; last: none. */
static size_t boundary(const axis *a, size_t first, size_t last)
{
    size_t mid = (first + last) / 2;
    for (size_t d = 0; d <= last - first; d++) {
        if (mid >= first + d && mid - d < last && a->to[mid - d] != a->to[mid - d + 1])
            return mid - d;
        if (mid + d < last && a->to[mid + d] != a->to[mid + d + 1])
            return mid + d;
    }
    return last;
}

/* Fine bins [first, last] of a number: bin b is up to cut[b - 1], the last has no end. */
static vouch__say *halve(vouch__speech *s, const axis *a, size_t first, size_t last)
{
    size_t at = boundary(a, first, last);
    if (at == last)
        return cell(s, a, first);
    vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
    vouch__when when = { .op = VOUCH__WHEN_UP_TO, .input = a->input, .value = bins_of(s, a)->cut[at - 1] };
    vouch__say_case(s, choice, when, halve(s, a, first, at));
    vouch__say_case(s, choice, otherwise, halve(s, a, at + 1, last));
    return choice;
}

static void say_categories(vouch__speech *s, const axis *a, vouch__say *choice)
{
    const vouch__gbdt_input *bins = bins_of(s, a);
    for (size_t b = 1; b < a->n; b++) {
        uint8_t *in = vouch__say_set(s, a->input);
        bool has_any = false;
        for (size_t k = 0; in && k < bins->n_codes; k++) {
            in[k] = bins->bin_of[k] == b;
            has_any |= in[k] != 0;
        }
        vouch__when when = { .op = VOUCH__WHEN_IN, .input = a->input, .in = in };
        if (has_any)
            vouch__say_case(s, choice, when, cell(s, a, b));
    }
    vouch__say_case(s, choice, otherwise, cell(s, a, 0)); /* missing, and never seen */
}

static vouch__say *say_axis(vouch__speech *s, const axis *a)
{
    const vouch__gbdt_input *bins = bins_of(s, a);
    vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
    if (bins->is_category) {
        say_categories(s, a, choice);
        return choice;
    }
    vouch__say_case(s, choice, (vouch__when){ .op = VOUCH__WHEN_MISSING, .input = a->input }, cell(s, a, 0));
    if (a->to) {
        vouch__say_case(s, choice, otherwise, halve(s, a, 1, a->n - 1));
        return choice;
    }
    for (size_t b = 1; b + 1 < a->n; b++) {
        vouch__when when = { .op = VOUCH__WHEN_UP_TO, .input = a->input, .value = bins->cut[b - 1] };
        vouch__say_case(s, choice, when, cell(s, a, b));
    }
    vouch__say_case(s, choice, otherwise, cell(s, a, a->n - 1));
    return choice;
}

vouch_status vouch__gam_say(vouch__speech *s, vouch__say **out_said)
{
    const vouch__gam *gam = s->model->state;
    vouch__say *sum = vouch__say_list(s, VOUCH__SAY_ADD), *given = vouch__say_list(s, VOUCH__SAY_ADD);
    vouch__say_push(s, sum, vouch__say_number(s, gam->intercept));
    if (gam->offset != SIZE_MAX)
        vouch__say_push(s, given, vouch__say_input(s, gam->offset));
    if (gam->exposure != SIZE_MAX)
        vouch__say_push(s, given, vouch__say_log(s, gam->exposure));
    if (given && given->first)
        vouch__say_push(s, sum, given);
    for (size_t j = 0; j < gam->n_inputs; j++) {
        axis a = { .input = j, .n = gam->shape[j].bins.n_bins, .value = gam->shape[j].value, .stride = 1 };
        if (a.n)
            vouch__say_push(s, sum, say_axis(s, &a));
    }
    for (size_t p = 0; p < gam->n_pairs; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        axis b = { .input = pair->b, .n = gam->shape[pair->b].bins.n_bins, .to = pair->to_b, .stride = 1 };
        axis a = { pair->a, gam->shape[pair->a].bins.n_bins, pair->to_a, &b, pair->value, pair->n_b };
        vouch__say_push(s, sum, say_axis(s, &a));
    }
    *out_said = sum;
    return VOUCH_OK;
}
