/* What the model does when its inputs are a little wrong: noise on all numbers at once, and a shock to one.
 */
#include "catalogue/diagnose/probe.h"

#include "num/rank.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE = 0x7000 };

/* The standard deviation of the values that may be moved; 0 below two of them. */
static double sd_of(const vouch__probe *p, size_t input)
{
    size_t n = p->n_sorted[input];
    if (vouch__probe_is_category(p, input) || n < 2)
        return 0.0;
    return sqrt(vouch__variance(n, p->sorted[input], NULL));
}

typedef struct noise {
    const vouch__probe *probe;
    const double *sd; /* [cols] */
    double size;
    bool in_quantiles;
    uint64_t stream;
} noise;

/* Where x stands among the cases, in (0, 1): the middle of its ties. */
static double place(const vouch__probe *p, size_t input, double x)
{
    const double *v = p->sorted[input];
    size_t n = p->n_sorted[input], low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] < x)
            low = mid + 1;
        else
            high = mid;
    }
    size_t first = low;
    high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] <= x)
            low = mid + 1;
        else
            high = mid;
    }
    return 0.5 * (double)(first + low) / (double)n;
}

static void fill_noisy(const void *self, size_t i, double *row)
{
    const noise *s = self;
    const vouch__probe *p = s->probe;
    vouch__rng rng = vouch__rng_make(vouch__mix(p->seed, i), s->stream);
    memcpy(row, p->x + i * p->cols, p->cols * sizeof *row);
    for (size_t j = 0; j < p->cols; j++) {
        /* each input takes its number whether it moves or not, so that one case is moved alike at all sizes
         */
        double uniform = s->in_quantiles ? vouch__rng_uniform(&rng) - 0.5 : 0.0;
        double normal = s->in_quantiles ? 0.0 : vouch__rng_normal(&rng);
        if (!vouch__probe_moves(p, j, row[j]))
            continue;
        if (s->in_quantiles) {
            double at = fmin(fmax(place(p, j, row[j]) + s->size * uniform, 0.0), 1.0);
            row[j] = vouch__quantile_sorted(p->n_sorted[j], p->sorted[j], at);
        } else {
            row[j] += s->size * s->sd[j] * normal;
        }
    }
}

typedef struct outcome { /* of one size of noise */
    double auc, fall, fall_sd, se, change, loss;
} outcome;

static vouch_status try_size(vouch_ctx *ctx, noise *s, size_t repeats, outcome *out)
{
    const vouch__probe *p = s->probe;
    size_t mark = vouch__scratch_mark(ctx);
    double *raw = vouch__scratch(ctx, p->n, sizeof *raw), *prob = vouch__scratch(ctx, p->n, sizeof *prob);
    double *fall = vouch__scratch(ctx, repeats, sizeof *fall);
    outcome o = { 0 };
    vouch_status status = VOUCH_OK;
    double variance = 0.0, share = 1.0 / (double)repeats;
    if (!raw || !prob || !fall)
        return vouch__oom(ctx);
    for (size_t r = 0; r < repeats && !status; r++) {
        vouch_auc_pair pair = { .auc_b = NAN };
        double moved = 0.0, loss = 0.0;
        s->stream = NOISE + r;
        status = vouch__probe_score(ctx, p, p->n, fill_noisy, s, raw, prob);
        if (!status)
            status = vouch_validate_auc_paired(ctx, p->n, p->raw, raw, p->bad, 0.95, &pair);
        for (size_t i = 0; i < p->n && !status; i++) {
            moved += fabs(prob[i] - p->p[i]);
            loss += vouch__probe_loss(prob[i], p->bad[i]);
        }
        fall[r] = pair.difference;
        variance += share * pair.variance;
        o.auc += share * pair.auc_b;
        o.change += share * moved / (double)p->n;
        o.loss += share * loss / (double)p->n;
    }
    if (!status) {
        o.fall = vouch__mean(repeats, fall, NULL);
        o.fall_sd = repeats > 1 ? sqrt(vouch__variance(repeats, fall, NULL)) : 0.0;
        o.se = sqrt(variance + o.fall_sd * o.fall_sd * share);
        *out = o;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status tell_noise(const vouch__test_call *call, const vouch__probe *p, const outcome *o,
                               size_t n)
{
    double margin = vouch__cases_margin(0.95), size = vouch__test_param(call, "size");
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.n_bad = (double)p->n_bad;
    entry.value = o[0].fall;
    entry.judged = true;
    if (!isnan(o[0].se)) {
        entry.level = 0.95;
        entry.low = o[0].fall - margin * o[0].se;
        entry.high = o[0].fall + margin * o[0].se;
        entry.interval_method = "normal; DeLong's paired variance and the spread between repeats";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "sizes",
                                               "size,auc,fall,low,high,sd_of_repeats,log_loss,mean_change");
    for (size_t k = 0; k < n; k++)
        vouch__test_row(call, table, "nnnnnnnn", size * (double)(k + 1), o[k].auc, o[k].fall,
                        o[k].fall - margin * o[k].se, o[k].fall + margin * o[k].se, o[k].fall_sd, o[k].loss,
                        o[k].change);
    vouch__evidence_plot(call->list, object, "line", "sizes", "size", "fall,low,high", "Size of the noise",
                         "Fall of the AUC");
    return VOUCH_OK;
}

static vouch_status run_noise(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    size_t steps = (size_t)vouch__test_param(call, "steps"), movable = 0;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &p);
    if (status)
        return status;
    if (p.n_bad == 0 || p.n_bad == p.n)
        return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: the cases that were drawn have one outcome only");
    double *sd = vouch__scratch(ctx, p.cols + 1, sizeof *sd);
    outcome *o = vouch__scratch(ctx, steps, sizeof *o);
    if (!sd || !o)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p.cols; j++) {
        sd[j] = sd_of(&p, j);
        movable += sd[j] > 0.0;
    }
    if (!movable) {
        vouch__test_refuse(call, "No input is a number that takes two values: there is nothing to disturb.");
        return VOUCH_OK;
    }
    noise s = { .probe = &p, .sd = sd, .in_quantiles = vouch__test_choice(call, "space", "quantile") };
    for (size_t k = 0; k < steps && !status; k++) {
        vouch__progress(ctx, "noise", k, steps);
        s.size = vouch__test_param(call, "size") * (double)(k + 1);
        status = try_size(ctx, &s, (size_t)vouch__test_param(call, "repeats"), &o[k]);
    }
    return status ? status : tell_noise(call, &p, o, steps);
}

static const vouch__param noise_params[] = {
    { "space", VOUCH__PARAM_CHOICE, 0, 0, 0, "raw|quantile", "",
      "Noise in standard deviations, or in places among the cases." },
    { "size", VOUCH__PARAM_REAL, 0.001, 1, 0.1, NULL, "", "The smallest size, which is judged." },
    { "steps", VOUCH__PARAM_INTEGER, 1, 20, 5, NULL, "sizes",
      "Sizes are 1, 2, .. steps times the smallest." },
    { "repeats", VOUCH__PARAM_INTEGER, 1, 1000, 5, NULL, "repeats", "How often each size is drawn." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_noise = {
    .id = "diagnose.noise",
    .section = "validate",
    .title = "Does the model stand up to noise in its inputs?",
    .purpose = "Incomes are rounded and ages are guessed. A model whose ranking changes when its numbers are "
               "slightly off has learnt details that will not be there next time.",
    .mechanism =
        "Noise is added to every number of every case and the cases are scored again, several times for "
        "each size. In raw space the noise is normal with size x the input's standard deviation; in "
        "quantile space the value's place among the cases moves by a uniform number within size / 2 and "
        "is read back. The value is the mean fall of the AUC at the smallest size.",
    .convention =
        "Categories, missing values and special codes stay. A case is moved by the same random numbers "
        "at every size. Places beyond the ends are held to 0 and 1; quantiles are of type 7. The "
        "outcome is not changed.",
    .high_risk = "A fall of more than 0.02 at a tenth of a standard deviation, or a curve that falls steeply "
                 "from the start: trees that cut between neighbouring values.",
    .strengths =
        "Seeded, so that a result can be repeated, and with an interval; quantile space keeps skewed "
        "inputs in their range.",
    .limits =
        "Inputs are disturbed independently, which breaks sums and ratios that hold among them; integers "
        "become fractions in raw space. It is not a test against somebody who games the model.",
    .source =
        "A. Sudjianto, A. Zhang, Z. Yang et al., PiML Toolbox for Interpretable Machine Learning (2023), "
        "on robustness; DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = noise_params,
    .n_params = sizeof noise_params / sizeof *noise_params,
    .run = run_noise,
};

/* ---- a shock to one input ---- */

typedef struct shock {
    const vouch__probe *probe;
    size_t input;
    double add, value; /* value NAN: add is added; else it takes the place */
} shock;

static void fill_shocked(const void *self, size_t i, double *row)
{
    const shock *s = self;
    memcpy(row, s->probe->x + i * s->probe->cols, s->probe->cols * sizeof *row);
    if (vouch__probe_moves(s->probe, s->input, row[s->input]))
        row[s->input] = isnan(s->value) ? row[s->input] + s->add : s->value;
}

typedef struct answer { /* to one shock */
    size_t input;
    int kind;
    double mean, size, size_se, most;
} answer;
static const char *const shock_name[] = { "+ shock", "- shock", "minimum", "maximum" };
enum { SHOCKS = 4 };

static vouch_status answer_to(vouch_ctx *ctx, const shock *s, double *raw, double *prob, answer *out)
{
    const vouch__probe *p = s->probe;
    double *size = raw, sum = 0.0, most = 0.0;
    vouch_status status = vouch__probe_score(ctx, p, p->n, fill_shocked, s, raw, prob);
    for (size_t i = 0; i < p->n && !status; i++) {
        double change = prob[i] - p->p[i];
        sum += change;
        size[i] = fabs(change);
        most = fmax(most, size[i]);
    }
    if (status)
        return status;
    out->mean = sum / (double)p->n;
    out->size = vouch__mean(p->n, size, NULL);
    out->size_se = p->n > 1 ? sqrt(vouch__variance(p->n, size, NULL) / (double)p->n) : (double)NAN;
    out->most = most;
    return VOUCH_OK;
}

static int by_size(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static void tell_shocks(const vouch__test_call *call, const vouch__probe *p, size_t n, answer *a)
{
    double margin = vouch__cases_margin(0.95);
    const answer *worst = NULL;
    qsort(a, n, sizeof *a, by_size);
    for (size_t k = 0; k < n && !worst; k++)
        worst = a[k].kind < 2 ? &a[k] : NULL;
    if (!worst) {
        vouch__test_refuse(call, "No input is a number that takes two values: there is nothing to shock.");
        return;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.value = worst->size;
    entry.level = 0.95;
    entry.low = fmax(0.0, worst->size - margin * worst->size_se);
    entry.high = worst->size + margin * worst->size_se;
    entry.interval_method = "normal, of the mean over cases";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "shocks",
                                               "input,shock,mean_change,mean_size,low,high,largest");
    for (size_t k = 0; k < n; k++)
        vouch__test_row(call, table, "ttnnnnn", vouch__probe_name(p, a[k].input), shock_name[a[k].kind],
                        a[k].mean, a[k].size, fmax(0.0, a[k].size - margin * a[k].size_se),
                        a[k].size + margin * a[k].size_se, a[k].most);
}

static vouch_status run_shocks(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    size_t n = 0;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, &p);
    if (status)
        return status;
    answer *a = vouch__scratch(ctx, p.cols * SHOCKS + 1, sizeof *a);
    double *raw = vouch__scratch(ctx, p.n, sizeof *raw), *prob = vouch__scratch(ctx, p.n, sizeof *prob);
    if (!a || !raw || !prob)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p.cols && !status; j++) {
        double sd = sd_of(&p, j) * vouch__test_param(call, "shock");
        vouch__progress(ctx, "shocks", j, p.cols);
        if (!(sd > 0.0))
            continue;
        const shock each[SHOCKS] = { { &p, j, sd, NAN },
                                     { &p, j, -sd, NAN },
                                     { &p, j, 0.0, p.sorted[j][0] },
                                     { &p, j, 0.0, p.sorted[j][p.n_sorted[j] - 1] } };
        for (int k = 0; k < SHOCKS && !status; k++) {
            a[n] = (answer){ .input = j, .kind = k };
            status = answer_to(ctx, &each[k], raw, prob, &a[n]);
            n++;
        }
    }
    if (!status)
        tell_shocks(call, &p, n, a);
    return status;
}

static const vouch__param shock_params[] = {
    { "shock", VOUCH__PARAM_REAL, 0.01, 10, 1, NULL, "standard deviations",
      "Size of the shock up and down." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_shocks = {
    .id = "diagnose.shocks",
    .section = "validate",
    .title = "What does a shock to one input do?",
    .purpose =
        "If everybody's income fell, or one feed delivered its lowest value for all, how far would the "
        "probabilities move?",
    .mechanism =
        "Each number in turn is raised and lowered by its standard deviation for all cases at once, "
        "then set to its smallest and its largest value; the rest stays. The value is the largest mean "
        "size of change in probability that one standard deviation brings.",
    .convention =
        "Shocks are not held to the range of the input. Missing values, special codes and categories "
        "stay. The mean change has a sign; the mean size has none, so that changes in both directions "
        "do not cancel.",
    .high_risk =
        "One input that moves the mean by more than the whole spread of the score, or a change in the "
        "direction that no expert expects.",
    .strengths =
        "Needs no outcomes; it is the first half of a stress test, and finds the input whose feed must "
        "not fail.",
    .limits = "Inputs move together in the world, and here one moves alone. Beyond the range of the training "
              "cases trees stand still and lines go on: neither is knowledge.",
    .source = "Basel Committee, Principles for sound stress testing (2018); A. Saltelli et al., Global "
              "Sensitivity Analysis (2008), chapter 1, on moving one factor at a time",
    .unit = "probability",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = shock_params,
    .n_params = sizeof shock_params / sizeof *shock_params,
    .run = run_shocks,
};
