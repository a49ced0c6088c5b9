/* Bins as a person has decided: ranges by their ends, sets by their categories, or automatic bins taken
 * together. Special codes and missing values keep their own bins. Bounds are not asked for: who decides
 * answers for them. */
#include "models/scorecard/binning.h"

#include <math.h>
#include <string.h>

enum { WORD = 32 };

static size_t tail_of(const vouch__card_input *c)
{
    size_t n = 0;
    while (n < c->n_bins && (c->bin[c->n_bins - 1 - n].type == VOUCH__BIN_SPECIAL ||
                             c->bin[c->n_bins - 1 - n].type == VOUCH__BIN_MISSING))
        n++;
    return n;
}

/* body bins, not laid out, and the automatic ones' tail behind them. */
static vouch_status start(vouch_ctx *ctx, const vouch__card_input *from, size_t body, vouch__card_input *out)
{
    size_t tail = tail_of(from);
    vouch_status status = vouch__bins_new(ctx, body + tail, out);
    for (size_t t = 0; !status && t < tail; t++) {
        out->bin[body + t].type = from->bin[from->n_bins - tail + t].type;
        out->bin[body + t].low = from->bin[from->n_bins - tail + t].low;
        out->bin[body + t].high = from->bin[from->n_bins - tail + t].high;
    }
    return status;
}

static vouch_status by_splits(vouch_ctx *ctx, const vouch__override *o, const vouch__card_input *from,
                              vouch__card_input *out)
{
    vouch_status status = start(ctx, from, o->n_splits + 1, out);
    for (size_t b = 0; !status && b <= o->n_splits; b++) {
        out->bin[b].type = VOUCH__BIN_RANGE;
        out->bin[b].low = b > 0 ? o->split[b - 1] : -INFINITY;
        out->bin[b].high = b < o->n_splits ? o->split[b] : INFINITY;
    }
    return status;
}

/* Sets without members, as many as asked for. */
static vouch_status start_sets(vouch_ctx *ctx, const vouch__input *input, const vouch__card_input *from,
                               size_t n, vouch__card_input *out)
{
    size_t words = (input->n_categories + WORD - 1) / WORD;
    vouch_status status = start(ctx, from, n, out);
    for (size_t b = 0; !status && b < n; b++) {
        out->bin[b].type = VOUCH__BIN_SET;
        out->bin[b].high = (double)words;
        out->bin[b].bits = vouch__alloc(ctx, words ? words : 1, sizeof *out->bin[b].bits);
        if (!out->bin[b].bits)
            return vouch__oom(ctx);
    }
    return status;
}

static vouch_status by_groups(vouch_ctx *ctx, const vouch__input *input, const vouch__override *o,
                              const vouch__card_input *from, bool *out_rest, vouch__card_input *out)
{
    size_t n = o->groups->len;
    *out_rest = false;
    for (size_t k = 0; k < input->n_categories; k++)
        *out_rest = *out_rest || vouch__override_group(o, input->category[k]) == n;
    vouch_status status = start_sets(ctx, input, from, n + *out_rest, out);
    for (size_t k = 0; !status && k < input->n_categories; k++)
        out->bin[vouch__override_group(o, input->category[k])].bits[k / WORD] |= (uint32_t)1 << k % WORD;
    out->otherwise = n; /* who is in no group; where there is no rest it is chosen by the WoE */
    return status;
}

/* The bin that automatic bin b becomes: those of a group stand where its first stood. [body] in scratch */
static size_t *places(vouch_ctx *ctx, const vouch__override *o, size_t body, size_t *out_n)
{
    size_t *place = vouch__scratch(ctx, body, sizeof *place);
    *out_n = 0;
    for (size_t b = 0; place && b < body; b++) {
        size_t group = vouch__override_merged(o, b), before = 0;
        while (before < b && (group == SIZE_MAX || vouch__override_merged(o, before) != group))
            before++;
        place[b] = before < b ? place[before] : (*out_n)++;
    }
    return place;
}

static vouch_status by_merge(vouch_ctx *ctx, const vouch__input *input, const vouch__override *o,
                             const vouch__card_input *from, vouch__card_input *out)
{
    size_t body = from->n_bins - tail_of(from), n, *place = places(ctx, o, body, &n);
    if (!place)
        return vouch__oom(ctx);
    vouch_status status = input->is_category ? start_sets(ctx, input, from, n, out)
                                             : start(ctx, from, n, out);
    for (size_t b = 0; !status && b < body; b++) {
        vouch__bin *to = &out->bin[place[b]];
        for (size_t w = 0; input->is_category && w < (size_t)to->high; w++)
            to->bits[w] |= from->bin[b].bits[w];
        if (input->is_category)
            continue;
        to->type = VOUCH__BIN_RANGE;
        if (b == 0 || place[b - 1] != place[b])
            to->low = from->bin[b].low;
        to->high = from->bin[b].high;
    }
    if (!status)
        out->otherwise = place[from->otherwise < body ? from->otherwise : 0];
    return status;
}

vouch_status vouch__bin_by_hand(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                                const vouch__overrides *overrides, const vouch__override *o, size_t n,
                                const double *x, const double *bad, const double *weight,
                                const vouch__card_input *automatic, vouch__card_input *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    bool has_rest = true;
    memset(out, 0, sizeof *out);
    vouch_status status = vouch__override_check(ctx, overrides, o, automatic->n_bins - tail_of(automatic),
                                                !input->is_category, (const char *const *)input->category,
                                                input->n_categories);
    if (!status)
        status = o->n_splits ? by_splits(ctx, o, automatic, out)
                 : o->groups ? by_groups(ctx, input, o, automatic, &has_rest, out)
                             : by_merge(ctx, input, o, automatic, out);
    if (!status && !has_rest)
        out->otherwise = 0; /* so that rows can be counted */
    if (!status)
        status = vouch__bin_weigh(ctx, rule, n, x, bad, weight, out);
    if (!status && !has_rest)
        out->otherwise = vouch__neutral_bin(out);
    vouch__scratch_reset(ctx, mark);
    if (status)
        vouch__card_input_clear(vouch__allocator(ctx), out);
    return status;
}
