/* Which cases the model errs on most, and whether a promise of coverage that holds over all cases holds in
 * their parts. */
#include "catalogue/diagnose/slices.h"

#include "num/rank.h"
#include "num/rates.h"
#include "num/special.h"
#include "validate/cases.h"
#include "validate/reliability.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20, HALVES = 0x9100, LEAST_WORST = 10 };
#define ALPHA 0.05

/* ---- the worst cases ---- */

/* worst[n]: the share of the bads and the share of the goods that have the largest losses; ties by case. */
static vouch_status find_worst(vouch_ctx *ctx, const vouch__probe *p, double share, uint8_t *worst,
                               size_t *out_n)
{
    double *less = vouch__scratch(ctx, p->n, sizeof *less);
    uint32_t *order = vouch__scratch(ctx, p->n, sizeof *order);
    size_t left[2] = { (size_t)(share * (double)(p->n - p->n_bad)), (size_t)(share * (double)p->n_bad) };
    if (!less || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < p->n; i++)
        less[i] = -p->loss[i];
    vouch_status status = vouch__order(ctx, p->n, less, order);
    memset(worst, 0, p->n);
    *out_n = left[0] + left[1];
    for (size_t k = 0; k < p->n && !status; k++) {
        size_t i = order[k];
        if (left[p->bad[i]]) {
            left[p->bad[i]]--;
            worst[i] = 1;
        }
    }
    return status;
}

typedef struct contrast { /* of one input between the worst cases and the rest */
    size_t input;
    double psi, p, adjusted, count[2][VOUCH__SLICE_BINS + 2];
} contrast;

static vouch_status contrast_input(vouch_ctx *ctx, const vouch__probe *p, const vouch__cut *cuts,
                                   const uint8_t *worst, size_t input, contrast *c)
{
    double used[2][VOUCH__SLICE_BINS + 2];
    size_t n = 0;
    *c = (contrast){ .input = input, .psi = NAN, .p = NAN };
    for (size_t i = 0; i < p->n; i++)
        c->count[worst[i]][vouch__cut_bin(p, cuts, input, p->x[i * p->cols + input])] += 1.0;
    for (size_t k = 0; k < cuts[input].n; k++)
        if (c->count[0][k] + c->count[1][k] > 0.0) {
            used[0][n] = c->count[0][k];
            used[1][n++] = c->count[1][k];
        }
    if (n < 2) {
        c->psi = 0.0;
        return VOUCH_OK;
    }
    vouch_psi psi = { .psi = NAN };
    vouch_status status = vouch_validate_psi(ctx, n, used[0], used[1], 0.95, &psi);
    c->psi = psi.psi;
    c->p = psi.p_value;
    return status;
}

static int by_psi(const void *a, const void *b)
{
    const contrast *x = a, *y = b;
    if (x->psi != y->psi)
        return x->psi < y->psi ? 1 : -1;
    return (x->input > y->input) - (x->input < y->input);
}

static void tell_worst(const vouch__test_call *call, const vouch__probe *p, const vouch__cut *cuts,
                       size_t n_worst, const contrast *c)
{
    char text[VOUCH__SLICE_TEXT], note[240];
    (void)snprintf(note, sizeof note, "%zu cases are the worst of their outcome; they differ most in %.100s.",
                   n_worst, vouch__probe_name(p, c[0].input));
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.n_bad = (double)p->n_bad;
    entry.note = note;
    entry.value = c[0].psi;
    entry.p_value = c[0].adjusted;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "inputs", "input,psi,p_value,adjusted");
    for (size_t j = 0; j < p->cols; j++)
        vouch__test_row(call, table, "tnnn", vouch__probe_name(p, c[j].input), c[j].psi, c[j].p,
                        c[j].adjusted);
    table = vouch__evidence_table(call->list, object, "bins", "bin,cases,worst,share_worst");
    for (size_t k = 0; k < cuts[c[0].input].n; k++) {
        double all = c[0].count[0][k] + c[0].count[1][k];
        vouch__cut_text(p, cuts, c[0].input, k, sizeof text, text);
        if (all > 0.0)
            vouch__test_row(call, table, "tnnn", text, all, c[0].count[1][k], c[0].count[1][k] / all);
    }
}

static vouch_status run_worst(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    vouch__cut *cuts = NULL;
    size_t n_worst = 0;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &p);
    if (!status)
        status = vouch__cuts_make(ctx, &p, (size_t)vouch__test_param(call, "bins"), &cuts);
    if (status)
        return status;
    contrast *c = vouch__scratch(ctx, p.cols + 1, sizeof *c);
    uint8_t *worst = vouch__scratch(ctx, p.n, sizeof *worst);
    double *pv = vouch__scratch(ctx, p.cols + 1, sizeof *pv);
    if (!c || !worst || !pv)
        return vouch__oom(ctx);
    status = find_worst(ctx, &p, vouch__test_param(call, "share"), worst, &n_worst);
    if (!status && (n_worst < LEAST_WORST || p.cols == 0)) {
        vouch__test_refuse(call, "The worst share has fewer than 10 cases.");
        return VOUCH_OK;
    }
    for (size_t j = 0; j < p.cols && !status; j++) {
        status = contrast_input(ctx, &p, cuts, worst, j, &c[j]);
        pv[j] = c[j].p;
    }
    if (!status)
        status = vouch__holm(ctx, p.cols, pv, pv);
    if (status)
        return status;
    for (size_t j = 0; j < p.cols; j++)
        c[j].adjusted = pv[j];
    qsort(c, p.cols, sizeof *c, by_psi);
    tell_worst(call, &p, cuts, n_worst, c);
    return VOUCH_OK;
}

static const vouch__param worst_params[] = {
    { "share", VOUCH__PARAM_REAL, 0.01, 0.5, 0.1, NULL, "",
      "The share of each outcome that counts as worst." },
    { "bins", VOUCH__PARAM_INTEGER, 2, 50, 10, NULL, "bins", "Quantile bins of a number." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 200000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};
#define NEEDS (VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH)

const vouch_test vouch__test_worst_cases = {
    .id = "diagnose.worst_cases",
    .section = "validate",
    .title = "In what do the worst cases differ?",
    .purpose = "If the population moves toward the cases that the model gets most wrong, its figures fall. "
               "Which inputs should be watched for such a move?",
    .mechanism =
        "The tenth of the bads and the tenth of the goods with the largest log losses are the worst "
        "cases. For each input the population stability index between them and the rest is computed over "
        "quantile bins, with its p-value corrected over inputs by Holm. The value is the largest.",
    .convention =
        "Worst within each outcome: among all cases the largest losses would be those of bads, and every "
        "input that tells bads from goods would stand out. Categories and missing values are bins of "
        "their own.",
    .high_risk = "An index above 0.25 in an input that is already drifting: read it beside drift.psi.",
    .strengths = "Turns the question of resilience into inputs to watch, with an account of chance.",
    .limits = "An input the model leans on differs by nature, because surprising cases lie on the other side "
              "of it. Only one input at a time is seen.",
    .source =
        "A. Sudjianto, A. Zhang, Z. Yang et al., PiML Toolbox for Interpretable Machine Learning (2023), "
        "on resilience; B. Yurdakul & J. Naranjo, J. Risk Model Validation 14(4) (2020), on the law of "
        "PSI",
    .null_hypothesis = "the input is distributed alike among the worst cases and the rest",
    .unit = "PSI",
    .needs = NEEDS,
    .params = worst_params,
    .n_params = sizeof worst_params / sizeof *worst_params,
    .run = run_worst,
};

/* ---- prediction sets ---- */

typedef struct part_coverage {
    vouch__slice slice;
    double n, held, promised, both, none, p, adjusted;
    size_t at;
} part_coverage;

typedef struct coverage {
    const vouch__probe *probe;
    const uint8_t *is_test; /* [n] the half on which coverage is measured */
    const double *own;      /* [n] recalibrated P(bad) */
    double *chance;         /* [n] of a slice's sets to hold the truth, by own */
    double reach, level;
    size_t least, n, most;
    part_coverage whole, *part;
} coverage;

static void count_case(const coverage *c, size_t i, part_coverage *out)
{
    double p = c->probe->p[i], own = c->own[i];
    bool has_bad = 1.0 - p <= c->reach, has_good = p <= c->reach;
    double chance = has_bad && has_good ? 1.0 : (has_bad ? own : 0.0) + (has_good ? 1.0 - own : 0.0);
    c->chance[(size_t)out->n] = chance;
    out->promised += chance;
    out->n += 1.0;
    out->held += c->probe->bad[i] ? has_bad : has_good;
    out->both += has_bad && has_good;
    out->none += !has_bad && !has_good;
}

static vouch_status cover_slice(vouch_ctx *ctx, const vouch__slice *slice, void *self)
{
    coverage *c = self;
    part_coverage part = { .slice = *slice, .at = c->n };
    part.slice.at = NULL;
    for (size_t i = 0; i < slice->n; i++)
        if (c->is_test[slice->at[i]])
            count_case(c, slice->at[i], &part);
    if (part.n < (double)c->least || part.n < 1.0 || c->n == c->most)
        return vouch__poll(ctx);
    part.p = vouch__poisson_binomial_cdf((size_t)part.n, c->chance, part.held);
    c->part[c->n++] = part;
    return VOUCH_OK;
}

static int by_chance(const void *a, const void *b)
{
    const part_coverage *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static double shortfall(const part_coverage *at) { return (at->promised - at->held) / at->n; }

static void tell_part(const vouch__test_call *call, vouch__json *table, const char *name,
                      const part_coverage *at)
{
    double low, high;
    vouch__clopper_pearson(at->held, at->n, 0.95, &low, &high);
    vouch__test_row(call, table, "tnnnnnnnnn", name, at->n, at->held / at->n, low, high, at->promised / at->n,
                    at->both / at->n, at->none / at->n, at->p, at->adjusted);
}

static vouch_status tell_coverage(vouch_ctx *ctx, const vouch__test_call *call, const vouch__cut *cuts,
                                  coverage *c)
{
    char text[VOUCH__SLICE_TEXT], note[320];
    size_t short_of = 0;
    double *p = vouch__scratch(ctx, c->n + 1, sizeof *p), low, high;
    if (!p)
        return vouch__oom(ctx);
    qsort(c->part, c->n, sizeof *c->part, by_chance);
    for (size_t k = 0; k < c->n; k++)
        p[k] = c->part[k].p;
    vouch_status status = vouch__benjamini_hochberg(ctx, c->n, p, p);
    if (status)
        return status;
    const part_coverage *worst = &c->part[0];
    for (size_t k = 0; k < c->n; k++) {
        part_coverage *at = &c->part[k];
        at->adjusted = p[k];
        short_of += p[k] <= ALPHA;
        if (p[k] <= ALPHA && shortfall(at) > shortfall(worst))
            worst = at;
    }
    vouch__slice_text(c->probe, cuts, &worst->slice, sizeof text, text);
    (void)snprintf(note, sizeof note,
                   "%zu of %zu slices are significantly short; the value is that of: %.120s.", short_of, c->n,
                   text);
    vouch__clopper_pearson(worst->held, worst->n, 0.95, &low, &high);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = c->whole.n;
    entry.note = note;
    entry.value = shortfall(worst);
    entry.level = 0.95;
    entry.low = worst->promised / worst->n - high;
    entry.high = worst->promised / worst->n - low;
    entry.interval_method = "Clopper and Pearson, of this slice alone";
    entry.p_value = worst->adjusted;
    entry.judged = worst->adjusted <= ALPHA;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "coverage",
        "slice,cases,coverage,low,high,promised,undecided,empty,p_value,adjusted");
    tell_part(call, table, "all cases", &c->whole);
    for (size_t k = 0; k < c->n && k < SHOWN; k++) {
        vouch__slice_text(c->probe, cuts, &c->part[k].slice, sizeof text, text);
        tell_part(call, table, text, &c->part[k]);
    }
    return VOUCH_OK;
}

/* Half of the cases set the reach: the ceil((n + 1) level)-th smallest of 1 - p(outcome). False when they are
 * too few for the level. */
static vouch_status calibrate(vouch_ctx *ctx, const vouch__probe *p, uint8_t *is_test, coverage *c,
                              bool *out_can)
{
    uint32_t *order = vouch__scratch(ctx, p->n, sizeof *order);
    double *odd = vouch__scratch(ctx, p->n, sizeof *odd);
    size_t n = p->n / 2;
    if (!order || !odd)
        return vouch__oom(ctx);
    vouch__shuffle(p->seed, HALVES, p->n, order);
    memset(is_test, 1, p->n);
    for (size_t k = 0; k < n; k++) {
        size_t i = order[k];
        is_test[i] = 0;
        odd[k] = p->bad[i] ? 1.0 - p->p[i] : p->p[i];
    }
    vouch_status status = vouch__order(ctx, n, odd, order);
    size_t at = (size_t)ceil((double)(n + 1) * c->level);
    *out_can = at >= 1 && at <= n;
    c->reach = !status && *out_can ? odd[order[at - 1]] : (double)NAN;
    return status;
}

static vouch_status run_sets(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    vouch__cut *cuts = NULL;
    bool can = false;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &p);
    if (!status)
        status = vouch__cuts_make(ctx, &p, (size_t)vouch__test_param(call, "bins"), &cuts);
    if (status)
        return status;
    vouch__slicing slicing = { .probe = &p, .cuts = cuts, .least = 1 };
    coverage c = { .probe = &p, .level = vouch__test_param(call, "level") };
    c.least = (size_t)vouch__test_param(call, "least");
    c.most = vouch__slices_most(&slicing);
    c.part = vouch__scratch(ctx, c.most + 1, sizeof *c.part);
    uint8_t *is_test = vouch__scratch(ctx, p.n, sizeof *is_test);
    c.chance = vouch__scratch(ctx, p.n + 1, sizeof *c.chance);
    if (!c.part || !is_test || !c.chance)
        return vouch__oom(ctx);
    c.is_test = is_test;
    status = vouch__probe_recalibrate(ctx, &p, &c.own);
    if (!status)
        status = calibrate(ctx, &p, is_test, &c, &can);
    if (!status && !can) {
        vouch__test_refuse(call, "Half of the cases are too few to promise such a coverage.");
        return VOUCH_OK;
    }
    for (size_t i = 0; i < p.n && !status; i++)
        if (is_test[i])
            count_case(&c, i, &c.whole);
    c.whole.p = vouch__poisson_binomial_cdf((size_t)c.whole.n, c.chance, c.whole.held);
    c.whole.adjusted = NAN;
    if (!status)
        status = vouch__slices_visit(ctx, &slicing, cover_slice, &c);
    if (status)
        return status;
    if (c.n == 0) {
        vouch__test_refuse(call, "No slice has enough cases.");
        return VOUCH_OK;
    }
    return tell_coverage(ctx, call, cuts, &c);
}

static const vouch__param sets_params[] = {
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.9, NULL, "", "The coverage that is promised." },
    { "bins", VOUCH__PARAM_INTEGER, 2, 50, 5, NULL, "bins", "Quantile bins of a number." },
    { "least", VOUCH__PARAM_INTEGER, 1, 1000000, 50, NULL, "cases", "Slices with fewer are not looked at." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 200000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_prediction_sets = {
    .id = "diagnose.prediction_sets",
    .section = "validate",
    .title = "Does a promise of coverage hold in every part?",
    .purpose =
        "Conformal prediction gives each case the set of outcomes that cannot be ruled out, and promises "
        "that nine sets in ten hold the truth. The promise is for all cases: who pays for whom, and is "
        "that more than the model's own probabilities say?",
    .mechanism =
        "A random half of the cases sets the reach, the ceil((n + 1) level)-th smallest of 1 - p(what "
        "happened). On the other half a set holds each outcome y with 1 - p(y) within reach. In each "
        "slice of one input the sets that hold the truth are counted and held against the number that "
        "the cases' probabilities promise (a sum of unequal coins, Poisson binomial), one-sided, "
        "corrected by Benjamini and Hochberg. The value is the largest significant shortfall from that.",
    .convention =
        "Split conformal prediction with one reach for both outcomes. Probabilities are first put on one "
        "line of the model's log-odds that fits all cases, so that a model that is off as a whole is not "
        "short everywhere. Coverage beside the level is told and not judged: over all cases it holds "
        "whatever the model, as the halves are drawn from the same cases, and in a slice it holds for no "
        "model. Judged only when significant.",
    .high_risk =
        "A significant shortfall of ten points: there the model is sure and wrong. A slice in which most "
        "sets hold both outcomes: there it cannot decide.",
    .strengths = "Says in which part a promise that holds on the whole is not kept, and tells a fault of the "
                 "model from cases that are hard by nature.",
    .limits = "A model that knows its weakness is not short, however few sets hold the truth there: read "
              "coverage and undecided beside. With rare bads a set that always says good covers nearly "
              "everyone: look at the share of bads. Another seed gives other halves.",
    .source =
        "V. Vovk, A. Gammerman & G. Shafer, Algorithmic Learning in a Random World (2005); V. Vovk, "
        "ACML, PMLR 25 (2012) 475-490, on validity given the object; A. Angelopoulos & S. Bates, "
        "Foundations and Trends in Machine Learning 16 (2023) 494-591; Y. Hong, Computational Statistics "
        "& Data Analysis 59 (2013) 41-51 (the law)",
    .null_hypothesis = "outcomes in the slice follow the model's probabilities",
    .unit = "coverage short of what probabilities promise",
    .needs = NEEDS,
    .params = sets_params,
    .n_params = sizeof sets_params / sizeof *sets_params,
    .run = run_sets,
};
