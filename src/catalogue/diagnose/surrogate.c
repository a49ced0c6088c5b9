/* Local linear surrogates (LIME), and how much of what they say comes from the random cases they are fitted
 * to. */
#include "catalogue/diagnose/slices.h"

#include "explain/effects.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 0xA000, CASES_MAX = 100 };

typedef struct around { /* made cases about one case */
    const vouch__probe *probe;
    const double *sd; /* [cols] 0: not moved */
    size_t at;
    uint64_t stream;
} around;

/* How many standard deviations input j of made case i moves. */
static double draw(const around *a, size_t i, size_t j)
{
    uint64_t of_case = vouch__mix(a->probe->seed, a->at);
    vouch__rng rng = vouch__rng_make(vouch__mix(of_case, i * a->probe->cols + j), a->stream);
    return vouch__rng_normal(&rng);
}

static void fill_around(const void *self, size_t i, double *row)
{
    const around *a = self;
    const vouch__probe *p = a->probe;
    memcpy(row, p->x + a->at * p->cols, p->cols * sizeof *row);
    for (size_t j = 0; j < p->cols; j++)
        if (a->sd[j] > 0.0 && vouch__probe_moves(p, j, row[j]))
            row[j] += a->sd[j] * draw(a, i, j);
}

typedef struct surrogate {
    size_t n, n_moved; /* made cases; inputs that move */
    double width;
    double *a, *y, *raw, *weight; /* [n x (n_moved + 1)], [n] */
    size_t *moved;                /* [n_moved] */
} surrogate;

/* Weighted least squares of the log-odds on the standardised moves; out[n_moved], and the share explained. */
static vouch_status fit(vouch_ctx *ctx, const around *at, const surrogate *s, double *solution, double *out,
                        double *out_fit)
{
    size_t cols = s->n_moved + 1;
    double total = 0.0, mean = 0.0, before = 0.0, after = 0.0;
    vouch_status status = vouch__probe_score(ctx, at->probe, s->n, fill_around, at, s->raw, NULL);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        double far = 0.0;
        s->a[i * cols] = 1.0;
        for (size_t k = 0; k < s->n_moved; k++) {
            double move = draw(at, i, s->moved[k]);
            s->a[i * cols + k + 1] = move;
            far += move * move;
        }
        s->weight[i] = vouch__exp(-far / (s->width * s->width * (double)s->n_moved));
        total += s->weight[i];
        mean += s->weight[i] * s->raw[i];
    }
    mean /= total;
    for (size_t i = 0; i < s->n; i++) {
        double root = sqrt(s->weight[i]);
        for (size_t k = 0; k < cols; k++)
            s->a[i * cols + k] *= root;
        s->y[i] = root * s->raw[i];
        before += s->weight[i] * (s->raw[i] - mean) * (s->raw[i] - mean);
    }
    status = vouch__least_squares(ctx, s->n, cols, s->a, s->y, 1e-10, solution);
    for (size_t i = 0; i < s->n && !status; i++) {
        double left = s->raw[i] - solution[0];
        for (size_t k = 0; k < s->n_moved; k++)
            left -= solution[k + 1] * draw(at, i, s->moved[k]);
        after += s->weight[i] * left * left;
    }
    if (status)
        return status;
    memcpy(out, solution + 1, s->n_moved * sizeof *out);
    *out_fit = before > 0.0 ? 1.0 - after / before : (double)NAN;
    return VOUCH_OK;
}

typedef struct stability {
    double *mean, *sd; /* [n_moved] sums over cases of the size of the mean coefficient, and of its sd */
    double variation, fit, n_fit;
} stability;

/* One case, several times with other made cases. coefficient [repeats x n_moved] */
static vouch_status explain_case(vouch_ctx *ctx, around *at, const surrogate *s, size_t repeats,
                                 double *coefficient, double *column, stability *out)
{
    double size = 0.0, spread = 0.0, explained = NAN;
    vouch_status status = VOUCH_OK;
    for (size_t r = 0; r < repeats && !status; r++) {
        at->stream = AROUND + r;
        status = fit(ctx, at, s, column, coefficient + r * s->n_moved, &explained);
        if (!status && !isnan(explained)) {
            out->fit += explained;
            out->n_fit += 1.0;
        }
    }
    for (size_t k = 0; k < s->n_moved && !status; k++) {
        for (size_t r = 0; r < repeats; r++)
            column[r] = coefficient[r * s->n_moved + k];
        double mean = fabs(vouch__mean(repeats, column, NULL)),
               sd = sqrt(vouch__variance(repeats, column, NULL));
        out->mean[k] += mean;
        out->sd[k] += sd;
        size += mean;
        spread += sd;
    }
    out->variation = size > 1e-12 ? spread / size : 0.0; /* below: rounding of a score that does not move */
    return status;
}

static vouch_status prepare(vouch_ctx *ctx, const vouch__probe *p, size_t made, surrogate *s, double *sd)
{
    *s = (surrogate){ .n = made };
    s->moved = vouch__scratch(ctx, p->cols + 1, sizeof *s->moved);
    if (!s->moved)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols; j++) {
        size_t n = p->n_sorted[j];
        bool may = !vouch__probe_is_category(p, j) && n > 1;
        sd[j] = may ? sqrt(vouch__variance(n, p->sorted[j], NULL)) : 0.0;
        if (sd[j] > 0.0)
            s->moved[s->n_moved++] = j;
    }
    size_t least = 2 * (s->n_moved + 1);
    s->n = made < least ? least : made;
    s->a = vouch__scratch(ctx, s->n * (s->n_moved + 1), sizeof *s->a);
    s->y = vouch__scratch(ctx, s->n, sizeof *s->y);
    s->raw = vouch__scratch(ctx, s->n, sizeof *s->raw);
    s->weight = vouch__scratch(ctx, s->n, sizeof *s->weight);
    return s->a && s->y && s->raw && s->weight ? VOUCH_OK : vouch__oom(ctx);
}

static void tell(const vouch__test_call *call, const vouch__probe *p, const surrogate *s, const stability *t,
                 size_t n, const double *variation)
{
    double cases = (double)n, mean = vouch__mean(n, variation, NULL);
    double se = n > 1 ? sqrt(vouch__variance(n, variation, NULL) / cases) : (double)NAN;
    vouch__entry entry = vouch__test_entry(call);
    entry.n = cases;
    entry.value = mean;
    entry.judged = true;
    if (!isnan(se)) {
        double reach = vouch__cases_margin(0.95) * se;
        entry.level = 0.95;
        entry.low = fmax(0.0, mean - reach);
        entry.high = mean + reach;
        entry.interval_method = "normal, of the mean over cases";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "inputs",
                                               "input,coefficient,sd,variation");
    for (size_t k = 0; k < s->n_moved; k++)
        vouch__test_row(call, table, "tnnn", vouch__probe_name(p, s->moved[k]), t->mean[k] / cases,
                        t->sd[k] / cases, t->mean[k] > 0.0 ? t->sd[k] / t->mean[k] : (double)NAN);
    table = vouch__evidence_table(call->list, object, "surrogates", "explained");
    vouch__test_row(call, table, "n", t->n_fit > 0.0 ? t->fit / t->n_fit : (double)NAN);
}

static vouch_status explain_cases(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p,
                                  const surrogate *s, const double *sd)
{
    size_t most = (size_t)vouch__test_param(call, "cases"), n = p->n < most ? p->n : most;
    size_t repeats = (size_t)vouch__test_param(call, "repeats"), long_side = s->n_moved + 1 + repeats;
    stability t = { .variation = 0.0 };
    double variation[CASES_MAX];
    uint32_t pick[CASES_MAX];
    double *coefficient = vouch__scratch(ctx, repeats * s->n_moved, sizeof *coefficient);
    double *column = vouch__scratch(ctx, long_side, sizeof *column);
    t.mean = vouch__scratch(ctx, s->n_moved, sizeof *t.mean);
    t.sd = vouch__scratch(ctx, s->n_moved, sizeof *t.sd);
    if (!coefficient || !column || !t.mean || !t.sd)
        return vouch__oom(ctx);
    memset(t.mean, 0, s->n_moved * sizeof *t.mean);
    memset(t.sd, 0, s->n_moved * sizeof *t.sd);
    vouch__choose(p->seed + 1, p->n, n, pick);
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < n && !status; i++) {
        around at = { .probe = p, .sd = sd, .at = pick[i] };
        vouch__progress(ctx, "local surrogates", i, n);
        status = explain_case(ctx, &at, s, repeats, coefficient, column, &t);
        variation[i] = t.variation;
    }
    if (!status)
        tell(call, p, s, &t, n, variation);
    return status;
}

static vouch_status run_lime(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    surrogate s;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, &p);
    if (status)
        return status;
    double *sd = vouch__scratch(ctx, p.cols + 1, sizeof *sd);
    if (!sd)
        return vouch__oom(ctx);
    status = prepare(ctx, &p, (size_t)vouch__test_param(call, "made"), &s, sd);
    if (status)
        return status;
    if (s.n_moved == 0) {
        vouch__test_refuse(call, "No input is a number that takes two values: there is nothing to move.");
        return VOUCH_OK;
    }
    s.width = vouch__test_param(call, "width");
    return explain_cases(ctx, call, &p, &s, sd);
}

static const vouch__param params[] = {
    { "cases", VOUCH__PARAM_INTEGER, 1, CASES_MAX, 20, NULL, "cases", "How many cases are explained." },
    { "made", VOUCH__PARAM_INTEGER, 10, 5000, 500, NULL, "cases", "How many cases are made about each." },
    { "repeats", VOUCH__PARAM_INTEGER, 2, 100, 5, NULL, "repeats", "How often each case is explained anew." },
    { "width", VOUCH__PARAM_REAL, 0.1, 10, 0.75, NULL, "",
      "Width of the kernel, in standard deviations times the root of the number of inputs." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 10000, NULL, "cases",
      "Most cases from which standard deviations are taken, drawn by the seed." },
};

const vouch_test vouch__test_lime = {
    .id = "explain.lime",
    .section = "explain",
    .title = "Would LIME say the same again?",
    .purpose =
        "A local linear surrogate explains one case by random ones around it. Where it is used, how much "
        "of the explanation is the model's, and how much is the draw's?",
    .mechanism =
        "About each of several cases others are made: every number moves by a normal number of standard "
        "deviations. The log-odds are regressed on the moves, near cases weighing more. This is done "
        "again with other made cases, and the value is the standard deviation of the coefficients over "
        "the repeats, summed over inputs, as a share of their mean size; a mean over cases.",
    .convention =
        "Coefficients are log-odds for one standard deviation. Weights are exp(-d^2 / (width^2 k)) with d "
        "the distance in standard deviations and k the number of inputs that move. No inputs are "
        "selected and nothing is discretised. Categories, missing values and special codes stay. At "
        "least twice as many cases are made as there are coefficients.",
    .high_risk = "A variation above 0.2: a second run gives other explanations, and neither may be used as a "
                 "reason. A share explained below one half says that the model is not linear there at all.",
    .strengths =
        "Carries its own figure of stability, and the same seed gives the same explanation, which the "
        "usual tool does not.",
    .limits =
        "The width is arbitrary and decides what local means; made cases ignore how inputs hang together. "
        "Reasons for decisions come from Shapley values here, not from this.",
    .source =
        "M. Ribeiro, S. Singh & C. Guestrin, KDD (2016) 1135-1144; G. Visani et al., J. Oper. Res. Soc. 73 "
        "(2022) 91-101, on indices of stability",
    .unit = "sd as a share of the coefficients",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_lime,
};
