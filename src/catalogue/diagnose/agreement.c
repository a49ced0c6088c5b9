/* Whether the reasons for a decline are the same with another sample of the population that rows are compared
 * with, and with another version of the model. */
#include "catalogue/diagnose/probe.h"
#include "data/table.h"
#include "explain/effects.h"
#include "explain/shapley.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOP_MAX = 16, AGAIN = 0xB0000, CHOOSE = 4 };
#define ADVERSE_MIN 1e-9

/* Cases of a sample, chosen by the seed, as one model sees them. */
typedef struct seen {
    const vouch_model *model;
    vouch__binding binding;
    size_t n;
    const uint32_t *row; /* [n] rows of the table */
    double *raw, *p;     /* [n] */
} seen;

static vouch_status see(vouch_ctx *ctx, const vouch_model *model, const vouch__sample *sample, size_t n,
                        const uint32_t *row, seen *out)
{
    *out = (seen){ .model = model, .n = n, .row = row };
    out->raw = vouch__scratch(ctx, n + 1, sizeof *out->raw);
    out->p = vouch__scratch(ctx, n + 1, sizeof *out->p);
    if (!out->raw || !out->p)
        return vouch__oom(ctx);
    vouch_status status = vouch__bind(ctx, &model->inputs, sample->table, &out->binding);
    if (!status)
        status = vouch__model_score_bound(ctx, model, &out->binding, 0, n, row, out->raw, out->p, NULL);
    for (size_t i = 0; i < n && !status; i++)
        if (!isfinite(out->raw[i]) || isnan(out->p[i]))
            status = vouch__fail(ctx, VOUCH_E_DATA, "diagnose: the score of case %zu is not finite", i);
    return status;
}

static vouch_status choose(vouch_ctx *ctx, const vouch__sample *s, uint64_t seed, size_t most, uint32_t **out,
                           size_t *out_n)
{
    size_t n = s->n < most ? s->n : most;
    uint32_t *row = vouch__scratch(ctx, n + 1, sizeof *row);
    if (!row)
        return vouch__oom(ctx);
    if (!s->table)
        return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: there is no table of inputs");
    vouch__choose(seed, s->n, n, row);
    for (size_t i = 0; i < n && s->row; i++)
        row[i] = s->row[row[i]];
    *out = row;
    *out_n = n;
    return VOUCH_OK;
}

/* Values of m cases against background rows: out [m x inputs]. */
static vouch_status values_of(vouch_ctx *ctx, const seen *who, size_t m, const uint32_t *row,
                              const vouch__binding *population, size_t n, const uint32_t *background,
                              double *out)
{
    size_t cols = who->model->inputs.n, mark = vouch__scratch_mark(ctx);
    vouch_explainer *explainer = NULL;
    double *x = vouch__scratch(ctx, m * cols + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    vouch__bound_rows(&who->binding, 0, m, row, x);
    vouch_status status = vouch__explainer_make(ctx, who->model, population, n, background, &explainer);
    if (!status)
        status = vouch__explainer_rows(ctx, explainer, (vouch__matrix){ x, m, cols }, out);
    vouch_explainer_free(explainer);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The adverse inputs of largest value, the first of equals. */
static size_t reasons(size_t cols, const double *value, size_t top, size_t *out)
{
    size_t n = 0;
    for (; n < top; n++) {
        size_t best = SIZE_MAX;
        for (size_t j = 0; j < cols; j++) {
            bool is_taken = !(value[j] > ADVERSE_MIN);
            for (size_t k = 0; k < n; k++)
                is_taken = is_taken || out[k] == j;
            if (!is_taken && (best == SIZE_MAX || value[j] > value[best]))
                best = j;
        }
        if (best == SIZE_MAX)
            break;
        out[n] = best;
    }
    return n;
}

typedef struct match { /* sums over cases */
    double n, jaccard, first;
} match;

static void compare(match *m, size_t n, const size_t *a, size_t k, const size_t *b)
{
    double both = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            both += a[i] == b[j];
    m->n += 1.0;
    m->jaccard += n + k ? both / ((double)(n + k) - both) : 1.0;
    m->first += n && k ? a[0] == b[0] : n == k;
}

/* At most `cases` of those whom every one of p[n_models] declines. */
static vouch_status declined(vouch_ctx *ctx, const vouch__test_call *call, size_t n_models, const seen *who,
                             const double *cutoff, uint32_t **out, size_t *out_n)
{
    size_t n = who->n, all = 0, most = (size_t)vouch__test_param(call, "cases");
    uint32_t *at = vouch__scratch(ctx, n + 1, sizeof *at), *pick = vouch__scratch(ctx, most, sizeof *pick);
    if (!at || !pick)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        bool is_declined = true;
        for (size_t k = 0; k < n_models; k++)
            is_declined = is_declined && who[k].p[i] > cutoff[k];
        if (is_declined)
            at[all++] = who->row[i];
    }
    *out_n = all < most ? all : most;
    vouch__choose(call->seed + CHOOSE, all, *out_n, pick);
    for (size_t i = 0; i < *out_n; i++)
        pick[i] = at[pick[i]];
    *out = pick;
    return VOUCH_OK;
}

/* ---- another sample of the population ---- */

typedef struct again {
    const seen *who;
    const vouch__binding *population;
    size_t m, n, top; /* declined cases; background rows */
    const uint32_t *row, *background;
    double *value, *now, *importance; /* [m x inputs] twice; [resamples x inputs] */
    match *match;                     /* [resamples] */
} again;

static void importance_of(size_t m, size_t cols, const double *value, double *out)
{
    memset(out, 0, cols * sizeof *out);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < cols; j++)
            out[j] += fabs(value[i * cols + j]) / (double)m;
}

static vouch_status resample(vouch_ctx *ctx, again *a, uint64_t seed, size_t b)
{
    size_t cols = a->who->model->inputs.n, mark = vouch__scratch_mark(ctx), at = 0;
    uint32_t *count = vouch__scratch(ctx, a->n, sizeof *count), *row = vouch__scratch(ctx, a->n, sizeof *row);
    vouch__rng rng = vouch__rng_make(seed, AGAIN + b);
    if (!count || !row)
        return vouch__oom(ctx);
    memset(count, 0, a->n * sizeof *count);
    for (size_t i = 0; i < a->n; i++)
        count[vouch__rng_below(&rng, a->n)]++;
    for (size_t i = 0; i < a->n; i++)
        for (uint32_t k = 0; k < count[i]; k++)
            row[at++] = a->background[i];
    vouch_status status = values_of(ctx, a->who, a->m, a->row, a->population, a->n, row, a->now);
    for (size_t i = 0; i < a->m && !status; i++) {
        size_t first[TOP_MAX], second[TOP_MAX];
        size_t n = reasons(cols, a->value + i * cols, a->top, first);
        compare(&a->match[b], n, first, reasons(cols, a->now + i * cols, a->top, second), second);
    }
    if (!status)
        importance_of(a->m, cols, a->now, a->importance + b * cols);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status tell_again(vouch_ctx *ctx, const vouch__test_call *call, const again *a, size_t n)
{
    size_t cols = a->who->model->inputs.n;
    double *shared = vouch__scratch(ctx, n, sizeof *shared), first = 0.0;
    double *base = vouch__scratch(ctx, cols + 1, sizeof *base);
    if (!shared || !base)
        return vouch__oom(ctx);
    for (size_t b = 0; b < n; b++) {
        shared[b] = a->match[b].jaccard / a->match[b].n;
        first += a->match[b].first / a->match[b].n / (double)n;
    }
    vouch__entry entry = vouch__test_entry(call);
    vouch_status status = vouch__probe_resampled(ctx, n, shared, &entry);
    if (status)
        return status;
    importance_of(a->m, cols, a->value, base);
    entry.n = (double)a->m;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "reasons", "quantity,value");
    vouch__test_row(call, table, "tn", "same first reason", first);
    vouch__test_row(call, table, "tn", "population rows", (double)a->n);
    table = vouch__evidence_table(call->list, object, "inputs", "input,importance,sd");
    for (size_t j = 0; j < cols; j++) {
        for (size_t b = 0; b < n; b++)
            shared[b] = a->importance[b * cols + j];
        vouch__test_row(call, table, "tnn", a->who->model->inputs.at[j].name, base[j],
                        n > 1 ? sqrt(vouch__variance(n, shared, NULL)) : (double)NAN);
    }
    return VOUCH_OK;
}

static vouch_status again_make(vouch_ctx *ctx, const vouch__test_call *call, again *a, size_t resamples)
{
    size_t cells = a->m * a->who->model->inputs.n + 1;
    a->top = (size_t)vouch__test_param(call, "top");
    a->value = vouch__scratch(ctx, cells, sizeof *a->value);
    a->now = vouch__scratch(ctx, cells, sizeof *a->now);
    a->importance = vouch__scratch(ctx, resamples * a->who->model->inputs.n + 1, sizeof *a->importance);
    a->match = vouch__scratch(ctx, resamples, sizeof *a->match);
    if (!a->value || !a->now || !a->importance || !a->match)
        return vouch__oom(ctx);
    memset(a->match, 0, resamples * sizeof *a->match);
    return VOUCH_OK;
}

static vouch_status run_again(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *from = call->before ? call->before : call->now;
    seen who = { .n = 0 };
    vouch__binding population = { .n = 0 };
    size_t n = 0, m = 0, back = 0, resamples = (size_t)vouch__test_param(call, "resamples");
    uint32_t *row = NULL, *chosen = NULL, *background = NULL;
    double cutoff = 0.0;
    vouch_status status = choose(ctx, call->now, call->seed, (size_t)vouch__test_param(call, "rows"), &row,
                                 &n);
    if (!status)
        status = see(ctx, call->model, call->now, n, row, &who);
    if (!status)
        status = vouch__probe_cutoff(ctx, call, n, who.p, &cutoff);
    if (!status)
        status = declined(ctx, call, 1, &who, &cutoff, &chosen, &m);
    if (!status)
        status = choose(ctx, from, call->seed + 1, (size_t)vouch__test_param(call, "population"), &background,
                        &back);
    if (!status)
        status = vouch__bind(ctx, &call->model->inputs, from->table, &population);
    again a = { .who = &who, .population = &population, .m = m, .n = back, .row = chosen };
    a.background = background;
    if (!status && (m == 0 || back == 0)) {
        vouch__test_refuse(call, "Nobody is declined at this cut-off, or there is nobody to compare with.");
    } else if (!status) {
        status = again_make(ctx, call, &a, resamples);
        if (!status)
            status = values_of(ctx, &who, m, chosen, &population, back, background, a.value);
        for (size_t b = 0; b < resamples && !status; b++) {
            vouch__progress(ctx, "reasons anew", b, resamples);
            status = resample(ctx, &a, call->seed, b);
        }
        if (!status)
            status = tell_again(ctx, call, &a, resamples);
    }
    vouch__binding_clear(&population);
    vouch__binding_clear(&who.binding);
    return status;
}

static const vouch__param again_params[] = {
    VOUCH__CUTOFF_PARAMS,
    { "top", VOUCH__PARAM_INTEGER, 1, TOP_MAX, 4, NULL, "reasons", "How many reasons are told." },
    { "resamples", VOUCH__PARAM_INTEGER, 2, 1000, 20, NULL, "resamples", "How many populations are drawn." },
    { "population", VOUCH__PARAM_INTEGER, 2, 100000, 500, NULL, "cases", "Rows of a population." },
    { "cases", VOUCH__PARAM_INTEGER, 1, 100000, 200, NULL, "cases",
      "Most declined cases, drawn by the seed." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases of which the declined are taken, drawn by the seed." },
};

const vouch_test vouch__test_reason_stability = {
    .id = "explain.reason_stability",
    .section = "explain",
    .title = "Would applicants be told the same reasons with another population?",
    .purpose = "A reason says how an applicant differs from a population, and the population is a sample. If "
               "another sample of the same people gives other reasons, what is told is chance.",
    .mechanism =
        "Declined cases are explained by exact Shapley values against rows of the population, and again "
        "against resamples of these rows with replacement. The largest adverse inputs, at most four, are "
        "compared: the value is the mean share of those named by either that both name (Jaccard), over "
        "cases and resamples.",
    .convention =
        "The population is the reference where there is one, else these cases. Reasons are of inputs; "
        "those that a project joins under one characteristic agree at least as often. Values of at most "
        "1e-9 log-odds are no reason. Nobody named twice counts as agreement.",
    .high_risk =
        "A share below 0.8: one told reason in nine or more hangs on the draw. Raise the rows of the "
        "population, or tell fewer reasons.",
    .strengths = "Exact values leave no noise of their own, so all that is seen is the population's.",
    .limits = "It is about the population only: the model is the same throughout (diagnose.seed_stability, "
              "explain.version_agreement).",
    .source =
        "D. Alvarez-Melis & T. Jaakkola, arXiv 1806.08049 (2018), on stability of explanations; B. Efron, "
        "Annals of Statistics 7 (1979) 1-26; 12 CFR 1002.9, comment 9(b)(2)-5, on whom to compare with",
    .unit = "share of reasons in common",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_REFERENCE,
    .params = again_params,
    .n_params = sizeof again_params / sizeof *again_params,
    .run = run_again,
};

/* ---- another version of the model ---- */

typedef struct versions {
    seen who[2];
    double cutoff[2], churn, scores, importance;
    size_t m;
    const uint32_t *row; /* [m] declined by both */
    match match;
} versions;

/* The input of b that has the name of a's input j, or one beyond all of b's. */
static size_t same_name(const vouch_model *a, const vouch_model *b, size_t j)
{
    for (size_t k = 0; k < b->inputs.n; k++)
        if (!strcmp(a->inputs.at[j].name, b->inputs.at[k].name))
            return k;
    return b->inputs.n + j;
}

static vouch_status rank_correlation(vouch_ctx *ctx, size_t n, const double *a, const double *b, double *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, n + 1, sizeof *x), *y = vouch__scratch(ctx, n + 1, sizeof *y);
    if (!x || !y)
        return vouch__oom(ctx);
    vouch_status status = vouch__midranks(ctx, n, a, x);
    if (!status)
        status = vouch__midranks(ctx, n, b, y);
    *out = status ? (double)NAN : vouch__probe_correlation(n, x, y);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Reasons of both against the same rows, and their importance by name. */
static vouch_status reasons_of_both(vouch_ctx *ctx, const vouch__test_call *call, versions *v)
{
    const vouch__sample *from = call->before ? call->before : call->now;
    size_t top = (size_t)vouch__test_param(call, "top"), n = 0, shared = 0;
    const vouch_model *a = v->who[0].model, *b = v->who[1].model;
    uint32_t *background = NULL;
    double *value[2], *importance[2];
    vouch_status status = choose(ctx, from, call->seed + 1, (size_t)vouch__test_param(call, "population"),
                                 &background, &n);
    for (size_t k = 0; k < 2 && !status; k++) {
        vouch__binding population = { .n = 0 };
        size_t cols = v->who[k].model->inputs.n;
        value[k] = vouch__scratch(ctx, v->m * cols + 1, sizeof **value);
        importance[k] = vouch__scratch(ctx, cols + 1, sizeof **importance);
        if (!value[k] || !importance[k])
            return vouch__oom(ctx);
        status = vouch__bind(ctx, &v->who[k].model->inputs, from->table, &population);
        if (!status)
            status = values_of(ctx, &v->who[k], v->m, v->row, &population, n, background, value[k]);
        vouch__binding_clear(&population);
        if (!status)
            importance_of(v->m, cols, value[k], importance[k]);
    }
    for (size_t i = 0; i < v->m && !status; i++) {
        size_t first[TOP_MAX], second[TOP_MAX];
        size_t na = reasons(a->inputs.n, value[0] + i * a->inputs.n, top, first);
        size_t nb = reasons(b->inputs.n, value[1] + i * b->inputs.n, top, second);
        for (size_t k = 0; k < na; k++)
            first[k] = same_name(a, b, first[k]);
        compare(&v->match, na, first, nb, second);
    }
    for (size_t j = 0; j < a->inputs.n && !status; j++) {
        size_t k = same_name(a, b, j);
        if (k < b->inputs.n) { /* never overtakes what is still to be read: shared <= j */
            double of_b = importance[1][k];
            importance[0][shared] = importance[0][j];
            value[0][shared++] = of_b;
        }
    }
    if (!status && shared > 1)
        status = rank_correlation(ctx, shared, importance[0], value[0], &v->importance);
    return status;
}

static void tell_versions(const vouch__test_call *call, const versions *v)
{
    char note[200];
    const match *m = &v->match;
    (void)snprintf(note, sizeof note, "Compared with %.60s (%.12s); %zu of %zu cases are declined by both.",
                   vouch_model_name(call->rival_model), vouch_model_fingerprint(call->rival_model), v->m,
                   v->who[0].n);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)v->who[0].n;
    entry.note = note;
    entry.value = m->jaccard / m->n;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "agreement", "quantity,value");
    vouch__test_row(call, table, "tn", "reasons in common", entry.value);
    vouch__test_row(call, table, "tn", "same first reason", m->first / m->n);
    vouch__test_row(call, table, "tn", "rank correlation of importance", v->importance);
    vouch__test_row(call, table, "tn", "rank correlation of scores", v->scores);
    vouch__test_row(call, table, "tn", "cases decided otherwise", v->churn);
}

static vouch_status run_versions(vouch_ctx *ctx, const vouch__test_call *call)
{
    versions v = { .importance = NAN, .scores = NAN };
    const vouch_model *model[] = { call->model, call->rival_model };
    uint32_t *row = NULL, *both = NULL;
    size_t n = 0;
    vouch_status status = choose(ctx, call->now, call->seed, (size_t)vouch__test_param(call, "rows"), &row,
                                 &n);
    for (size_t k = 0; k < 2 && !status; k++) {
        status = see(ctx, model[k], call->now, n, row, &v.who[k]);
        if (!status)
            status = vouch__probe_cutoff(ctx, call, n, v.who[k].p, &v.cutoff[k]);
    }
    for (size_t i = 0; i < n && !status; i++)
        v.churn += ((v.who[0].p[i] > v.cutoff[0]) != (v.who[1].p[i] > v.cutoff[1])) / (double)n;
    if (!status)
        status = rank_correlation(ctx, n, v.who[0].raw, v.who[1].raw, &v.scores);
    if (!status)
        status = declined(ctx, call, 2, v.who, v.cutoff, &both, &v.m);
    v.row = both;
    if (!status && v.m == 0)
        vouch__test_refuse(call, "Nobody is declined by both models.");
    else if (!status) {
        status = reasons_of_both(ctx, call, &v);
        if (!status)
            tell_versions(call, &v);
    }
    vouch__binding_clear(&v.who[0].binding);
    vouch__binding_clear(&v.who[1].binding);
    return status;
}

static const vouch__param version_params[] = {
    VOUCH__CUTOFF_PARAMS,
    { "top", VOUCH__PARAM_INTEGER, 1, TOP_MAX, 4, NULL, "reasons", "How many reasons are told." },
    { "population", VOUCH__PARAM_INTEGER, 2, 100000, 500, NULL, "cases", "Rows of the population." },
    { "cases", VOUCH__PARAM_INTEGER, 1, 100000, 1000, NULL, "cases",
      "Most cases declined by both, drawn by the seed." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_version_agreement = {
    .id = "explain.version_agreement",
    .section = "explain",
    .title = "Do two versions of the model decide and explain alike?",
    .purpose =
        "A new version with the same AUC may decline other people, and decline the same people for other "
        "reasons. Someone who applies twice is owed an account of that, and so is the approver.",
    .mechanism =
        "Both models score the same cases. For cases that both decline, the largest adverse inputs by exact "
        "Shapley values against the same population, at most four, are compared by name: the value is the "
        "mean share of those named by either that both name (Jaccard). Beside it stand the share of cases "
        "decided otherwise, and the rank correlations of scores and of importance.",
    .convention =
        "Without a cut-off each model declines the same share, the riskiest by its own probabilities, so "
        "that a change of level alone is no churn. Importance is the mean |value| over the cases declined "
        "by both, of inputs that both have. An input one of them lacks can be no common reason.",
    .high_risk = "A share below 0.6, or decisions that differ for more people than the new version's gain in "
                 "AUC can justify.",
    .strengths = "Exact values on both sides: what differs is the models.",
    .limits = "Correlated inputs can trade places as reasons while little changes for the applicant: look at "
              "characteristics, not columns, before objecting.",
    .source =
        "M. Milani Fard, Q. Cormier, K. Canini & M. Gupta, NeurIPS (2016) 3179-3187, on churn; S. Krishna et "
        "al., TMLR (2024), The Disagreement Problem in Explainable Machine Learning, on agreement of the "
        "first k",
    .unit = "share of reasons in common",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_RIVAL_MODEL | VOUCH__NEEDS_FEATURES,
    .uses = VOUCH__NEEDS_REFERENCE,
    .params = version_params,
    .n_params = sizeof version_params / sizeof *version_params,
    .run = run_versions,
};
