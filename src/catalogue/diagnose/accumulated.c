/* How the score moves along one input, by steps that cases really stand beside (accumulated local effects),
 * and how far two inputs act together (Friedman's H). */
#include "catalogue/diagnose/slices.h"

#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGES = 128 };

/* ---- accumulated local effects ---- */

typedef struct local { /* every case at the lower (or upper) edge of the bin it is in */
    const vouch__probe *probe;
    size_t input;
    const double *edge;
    const uint32_t *at; /* [n] cases whose value may be moved */
    const uint8_t *bin; /* [n], from 1: (edge[bin - 1], edge[bin]] */
    bool upper;
} local;

static void fill_local(const void *self, size_t i, double *row)
{
    const local *s = self;
    memcpy(row, s->probe->x + s->at[i] * s->probe->cols, s->probe->cols * sizeof *row);
    row[s->input] = s->edge[s->bin[i] - (s->upper ? 0 : 1)];
}

typedef struct curve {
    size_t n_edges;
    double edge[EDGES], effect[EDGES], se[EDGES], cases[EDGES];
} curve;

static void make_edges(const vouch__probe *p, size_t input, size_t bins, curve *c)
{
    size_t n = p->n_sorted[input];
    const double *v = p->sorted[input];
    c->n_edges = 0;
    for (size_t k = 0; k <= bins && n; k++) {
        double at = v[(n - 1) * k / bins];
        if (c->n_edges == 0 || at > c->edge[c->n_edges - 1])
            c->edge[c->n_edges++] = at;
    }
}

/* Sums of the bins' mean steps, less their mean over the cases, a case counting the middle of its bin. */
static void accumulate(const local *s, size_t n, const double *low, const double *high, curve *c)
{
    double sum[EDGES] = { 0 }, squares[EDGES] = { 0 }, centre = 0.0, variance = 0.0;
    memset(c->cases, 0, sizeof c->cases);
    for (size_t i = 0; i < n; i++) {
        double step = high[i] - low[i];
        sum[s->bin[i]] += step;
        squares[s->bin[i]] += step * step;
        c->cases[s->bin[i]] += 1.0;
    }
    c->effect[0] = c->se[0] = 0.0;
    for (size_t k = 1; k < c->n_edges; k++) {
        double m = c->cases[k], mean = m > 0.0 ? sum[k] / m : 0.0;
        c->effect[k] = c->effect[k - 1] + mean;
        centre += m * 0.5 * (c->effect[k] + c->effect[k - 1]) / (double)n;
        variance += m > 1.0 ? fmax(squares[k] - m * mean * mean, 0.0) / (m - 1.0) / m : 0.0;
        c->se[k] = sqrt(variance);
    }
    for (size_t k = 0; k < c->n_edges; k++)
        c->effect[k] -= centre;
}

static vouch_status effect_of(vouch_ctx *ctx, const vouch__probe *p, size_t input, curve *c)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    uint32_t *at = vouch__scratch(ctx, p->n, sizeof *at);
    uint8_t *bin = vouch__scratch(ctx, p->n, sizeof *bin);
    double *low = vouch__scratch(ctx, p->n, sizeof *low), *high = vouch__scratch(ctx, p->n, sizeof *high);
    if (!at || !bin || !low || !high)
        return vouch__oom(ctx);
    for (size_t i = 0; i < p->n; i++) {
        double x = p->x[i * p->cols + input];
        size_t k = 1;
        if (!vouch__probe_moves(p, input, x))
            continue;
        while (k + 1 < c->n_edges && x > c->edge[k])
            k++;
        at[n] = (uint32_t)i;
        bin[n++] = (uint8_t)k;
    }
    local s = { p, input, c->edge, at, bin, false };
    vouch_status status = vouch__probe_score(ctx, p, n, fill_local, &s, low, NULL);
    s.upper = true;
    if (!status)
        status = vouch__probe_score(ctx, p, n, fill_local, &s, high, NULL);
    if (!status)
        accumulate(&s, n, low, high, c);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void tell_curve(const vouch__test_call *call, const vouch__probe *p, size_t input, const curve *c)
{
    double least = INFINITY, most = -INFINITY, margin = vouch__cases_margin(0.95);
    for (size_t k = 0; k < c->n_edges; k++) {
        least = fmin(least, c->effect[k]);
        most = fmax(most, c->effect[k]);
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.subject = vouch__probe_name(p, input);
    entry.value = most - least;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ale", "value,effect,low,high,cases");
    for (size_t k = 0; k < c->n_edges; k++)
        vouch__test_row(call, table, "nnnnn", c->edge[k], c->effect[k], c->effect[k] - margin * c->se[k],
                        c->effect[k] + margin * c->se[k], c->cases[k]);
    vouch__evidence_plot(call->list, object, "line", "ale", "value", "effect,low,high",
                         vouch__probe_name(p, input), "Effect on the log-odds");
}

static vouch_status run_ale(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    size_t *input = NULL, n = 0, told = 0;
    curve *c = vouch__scratch(ctx, 1, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    vouch_status status = vouch__probe_strongest(ctx, call, &p, &input, &n);
    for (size_t k = 0; k < n && !status; k++) {
        vouch__progress(ctx, "accumulated local effects", k, n);
        if (vouch__probe_is_category(&p, input[k]))
            continue;
        make_edges(&p, input[k], (size_t)vouch__test_param(call, "bins"), c);
        if (c->n_edges < 2)
            continue;
        status = effect_of(ctx, &p, input[k], c);
        if (status)
            break;
        tell_curve(call, &p, input[k], c);
        told++;
    }
    if (!status && !told)
        vouch__test_refuse(call, "No input that was looked at is a number that takes two values.");
    return status;
}

static const vouch__param ale_params[] = {
    { "bins", VOUCH__PARAM_INTEGER, 2, 100, 20, NULL, "bins", "Quantile bins along an input." },
    { "inputs", VOUCH__PARAM_INTEGER, 1, 10000, 10, NULL, "inputs",
      "How many inputs, those by which the score differs most." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 10000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_ale = {
    .id = "explain.ale",
    .section = "explain",
    .title = "Accumulated local effects",
    .purpose =
        "How does the score move along an input? Partial dependence answers with cases that cannot exist, "
        "such as a child with a pension; this asks only about values that each case stands beside.",
    .mechanism =
        "The range is cut at quantiles. Each case is scored at the lower and upper edge of the bin it "
        "is in; the mean differences are summed along the input. Effects are of the log-odds and have "
        "mean zero over the cases. The value is highest less lowest effect.",
    .convention =
        "Edges are values of cases, at rank floor((n - 1) k / bins), repeats joined; bins are (lower, "
        "upper], the first with its lower edge. Centring counts each case in the middle of its bin's "
        "two ends. Intervals are normal, from the spread of the differences within bins, and measured "
        "from the lowest value.",
    .high_risk =
        "A direction that contradicts what the business knows, or a jump where nothing happens in the "
        "world.",
    .strengths =
        "Is not misled by correlated inputs as partial dependence is, costs two scorings an input, and "
        "has an interval.",
    .limits =
        "Numbers only; categories have no neighbours. It shows an average: effects that differ between "
        "cases cancel, which Friedman's H tells. Special codes and missing values are outside the curve.",
    .source = "D. Apley & J. Zhu, J. R. Stat. Soc. B 82 (2020) 1059-1086, formulas 15 and 16",
    .unit = "log-odds",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = ale_params,
    .n_params = sizeof ale_params / sizeof *ale_params,
    .run = run_ale,
};

/* ---- Friedman's H ---- */

typedef struct joint { /* row i x n + k: case k with inputs a (and b) of case i */
    const vouch__probe *probe;
    size_t a, b; /* b SIZE_MAX: a alone */
} joint;

static void fill_joint(const void *self, size_t i, double *row)
{
    const joint *s = self;
    const vouch__probe *p = s->probe;
    const double *from = p->x + i / p->n * p->cols;
    memcpy(row, p->x + i % p->n * p->cols, p->cols * sizeof *row);
    row[s->a] = from[s->a];
    if (s->b != SIZE_MAX)
        row[s->b] = from[s->b];
}

/* Partial dependence at every case's own values, less its mean: out[n]. all: [n x n] */
static vouch_status dependence(vouch_ctx *ctx, const vouch__probe *p, size_t a, size_t b, double *all,
                               double *out)
{
    joint s = { p, a, b };
    vouch_status status = vouch__probe_score(ctx, p, p->n * p->n, fill_joint, &s, all, NULL);
    for (size_t i = 0; i < p->n && !status; i++)
        out[i] = vouch__mean(p->n, all + i * p->n, NULL);
    if (status)
        return status;
    double mean = vouch__mean(p->n, out, NULL);
    for (size_t i = 0; i < p->n; i++)
        out[i] -= mean;
    return VOUCH_OK;
}

typedef struct pair {
    size_t a, b;
    double h2, se, size; /* size: root of the mean square of what the two do together */
} pair;

static void weigh_pair(size_t n, const double *of_both, const double *of_a, const double *of_b, pair *out)
{
    double top = 0.0, whole = 0.0, spread = 0.0;
    for (size_t i = 0; i < n; i++) {
        double rest = of_both[i] - of_a[i] - of_b[i];
        top += rest * rest;
        whole += of_both[i] * of_both[i];
    }
    bool is_noise = whole <= 1e-24 * (double)n; /* rounding of a sum that is nothing */
    out->h2 = is_noise ? 0.0 : top / whole;
    out->size = sqrt(top / (double)n);
    for (size_t i = 0; i < n && !is_noise; i++) {
        double rest = of_both[i] - of_a[i] - of_b[i];
        double off = rest * rest - out->h2 * of_both[i] * of_both[i];
        spread += off * off;
    }
    out->se = is_noise ? 0.0 : sqrt(spread) / whole;
}

static int by_h(const void *x, const void *y)
{
    const pair *p = x, *q = y;
    if (p->h2 != q->h2)
        return p->h2 < q->h2 ? 1 : -1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return (p->b > q->b) - (p->b < q->b);
}

static void tell_pairs(const vouch__test_call *call, const vouch__probe *p, size_t n, pair *at)
{
    char subject[VOUCH__SLICE_TEXT];
    double margin = vouch__cases_margin(0.95);
    qsort(at, n, sizeof *at, by_h);
    (void)snprintf(subject, sizeof subject, "The value is that of %.80s and %.80s.",
                   vouch__probe_name(p, at[0].a), vouch__probe_name(p, at[0].b));
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.note = subject;
    entry.value = sqrt(at[0].h2);
    entry.level = 0.95;
    entry.low = sqrt(fmax(0.0, at[0].h2 - margin * at[0].se));
    entry.high = sqrt(at[0].h2 + margin * at[0].se);
    entry.interval_method = "normal for the square, of a ratio of two means over cases";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "pairs", "input,with,h,low,high,size");
    for (size_t k = 0; k < n; k++)
        vouch__test_row(call, table, "ttnnnn", vouch__probe_name(p, at[k].a), vouch__probe_name(p, at[k].b),
                        sqrt(at[k].h2), sqrt(fmax(0.0, at[k].h2 - margin * at[k].se)),
                        sqrt(at[k].h2 + margin * at[k].se), at[k].size);
}

static vouch_status run_h(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    size_t *input = NULL, n = 0, n_pairs = 0;
    vouch_status status = vouch__probe_strongest(ctx, call, &p, &input, &n);
    if (status)
        return status;
    if (n < 2) {
        vouch__test_skip(call, "The model has one input: there is nothing to act together with.");
        return VOUCH_OK;
    }
    double *all = vouch__scratch(ctx, p.n * p.n, sizeof *all), *of = vouch__scratch(ctx, n * p.n, sizeof *of);
    double *both = vouch__scratch(ctx, p.n, sizeof *both);
    pair *at = vouch__scratch(ctx, n * (n - 1) / 2, sizeof *at);
    if (!all || !of || !both || !at)
        return vouch__oom(ctx);
    for (size_t a = 0; a < n && !status; a++)
        status = dependence(ctx, &p, input[a], SIZE_MAX, all, of + a * p.n);
    for (size_t a = 0; a < n && !status; a++) {
        vouch__progress(ctx, "interactions", a, n);
        for (size_t b = a + 1; b < n && !status; b++) {
            at[n_pairs] = (pair){ .a = input[a], .b = input[b] };
            status = dependence(ctx, &p, input[a], input[b], all, both);
            if (!status)
                weigh_pair(p.n, both, of + a * p.n, of + b * p.n, &at[n_pairs++]);
        }
    }
    if (!status)
        tell_pairs(call, &p, n_pairs, at);
    return status;
}

static const vouch__param h_params[] = {
    { "inputs", VOUCH__PARAM_INTEGER, 2, 100, 6, NULL, "inputs",
      "How many inputs, those by which the score differs most, are taken in pairs." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 2000, 150, NULL, "cases",
      "Most cases taken, drawn by the seed; a pair costs its square in scorings." },
};

const vouch_test vouch__test_h_statistic = {
    .id = "explain.h_statistic",
    .section = "explain",
    .title = "How far do two inputs act together? (Friedman's H)",
    .purpose =
        "Curves of one input at a time tell all there is only of a model that adds. How much of what two "
        "inputs do is not the sum of what each does?",
    .mechanism =
        "The partial dependence of the log-odds on two inputs is compared with the sum of their own, at "
        "the cases' values. H is the root of the share of its variance that the sum leaves. The value "
        "is the largest.",
    .convention =
        "All three functions have mean zero over the cases. H is shown, not its square. What is below "
        "the rounding of the scores counts as nothing. The interval is that of the evaluation points.",
    .high_risk =
        "An H above 0.5 of two inputs whose curves are shown one by one in the documents: those curves "
        "are averages of unlike things.",
    .strengths = "Works for any model and counts every form of interplay of two inputs.",
    .limits = "H is a share, and large for pairs that do hardly anything: read it with the size. Correlated "
              "inputs make cases that cannot exist. Its value on a sample of cases is biased upwards.",
    .source = "J. Friedman & B. Popescu, Annals of Applied Statistics 2 (2008) 916-954, formula 44",
    .unit = "H",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = h_params,
    .n_params = sizeof h_params / sizeof *h_params,
    .run = run_h,
};
