/* The same recipe fitted again: how much of a decision is the draw of seed and split? */
#include "catalogue/diagnose/probe.h"

#include "explain/effects.h"
#include "models/glm/glm.h"
#include "num/rank.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPLIT = 0xF1700, SEEDS_MAX = 50, IMPORTANCE_ROWS = 500 };

typedef struct refit {
    double *raw, *p, *importance; /* [n], [n], [inputs] */
    double cutoff;
} refit;

typedef struct refits {
    const vouch__test_call *call;
    const vouch__probe *probe;
    vouch__binding binding; /* of the training cases */
    uint8_t *tunes;         /* [n of before] */
    uint32_t *row[2];       /* train, tune */
    double *target[2];
    refit *at;
} refits;

/* A share of the cases tunes, another with each seed. */
static void split(const refits *r, uint64_t stream, uint32_t *order, vouch__part_rows part[2])
{
    const vouch__sample *s = r->call->before;
    size_t tune = (size_t)(vouch__test_param(r->call, "tune") * (double)s->n), n[2] = { 0, 0 };
    vouch__shuffle(r->call->seed, SPLIT + stream, s->n, order);
    memset(r->tunes, 0, s->n);
    for (size_t i = 0; i < tune; i++)
        r->tunes[order[i]] = 1;
    for (size_t i = 0; i < s->n; i++) {
        int k = r->tunes[i];
        r->row[k][n[k]] = s->row ? s->row[i] : (uint32_t)i;
        r->target[k][n[k]++] = s->bad[i];
    }
    for (int k = 0; k < 2; k++)
        part[k] = (vouch__part_rows){ .n = n[k], .row = r->row[k], .target = r->target[k] };
}

static void mean_size(size_t rows, size_t cols, const double *value, double *out)
{
    memset(out, 0, cols * sizeof *out);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            out[j] += fabs(value[i * cols + j]) / (double)rows;
}

static vouch_status read_out(vouch_ctx *ctx, const refits *r, const void *state, refit *out)
{
    const vouch__probe *p = r->probe;
    const vouch__model_kind *kind = p->model->kind;
    size_t rows = p->n < IMPORTANCE_ROWS ? p->n : IMPORTANCE_ROWS;
    vouch__matrix x = { p->x, p->n, p->cols };
    double *value = vouch__scratch(ctx, rows * p->cols + 1, sizeof *value), base;
    if (!value)
        return vouch__oom(ctx);
    kind->predict(state, x, out->raw);
    for (size_t i = 0; i < p->n; i++)
        out->p[i] = kind->probability(state, out->raw[i]);
    vouch_status status = kind->contributions(ctx, state, (vouch__matrix){ p->x, rows, p->cols }, value,
                                              &base);
    if (!status)
        mean_size(rows, p->cols, value, out->importance);
    return status ? status : vouch__probe_cutoff(ctx, r->call, p->n, out->p, &out->cutoff);
}

static vouch_status fit_again(vouch_ctx *ctx, const refits *r, size_t k, uint32_t *order)
{
    const vouch_model *model = r->probe->model;
    vouch__part_rows part[2];
    vouch__doc *log = NULL;
    void *state = NULL;
    size_t mark = vouch__scratch_mark(ctx);
    split(r, k, order, part);
    const vouch__fit_data data = { .binding = &r->binding,
                                   .train = part[0],
                                   .tune = part[1],
                                   .seed = r->call->seed + 1 + k,
                                   .is_event = true,
                                   .name = "again" };
    vouch_status status = vouch__doc_new(ctx, &log);
    if (!status)
        status = model->kind->fit(ctx, &data, model->value, log, vouch__json_object(log), &state);
    if (!status)
        status = read_out(ctx, r, state, &r->at[k]);
    if (state)
        model->kind->free(vouch__allocator(ctx), state);
    vouch__doc_free(log);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status ranked(vouch_ctx *ctx, size_t n, const double *x, double **out)
{
    *out = vouch__scratch(ctx, n + 1, sizeof **out);
    return *out ? vouch__midranks(ctx, n, x, *out) : vouch__oom(ctx);
}

typedef struct between { /* over pairs of refits */
    double n, churn, most, scores, least, importance, n_importance, moved;
} between;

static void compare(const vouch__probe *p, const refit *a, const refit *b, double *const ranks[2],
                    double *const inputs[2], between *out)
{
    double churn = 0.0, moved = 0.0;
    double scores = vouch__probe_correlation(p->n, ranks[0], ranks[1]);
    double importance = p->cols > 1 ? vouch__probe_correlation(p->cols, inputs[0], inputs[1]) : (double)NAN;
    for (size_t i = 0; i < p->n; i++) {
        churn += (a->p[i] > a->cutoff) != (b->p[i] > b->cutoff);
        moved += fabs(a->p[i] - b->p[i]);
    }
    churn /= (double)p->n;
    out->n += 1.0;
    out->churn += churn;
    out->most = fmax(out->most, churn);
    out->moved += moved / (double)p->n;
    out->scores += isnan(scores) ? 1.0 : scores; /* all alike on both sides, or on one */
    out->least = fmin(out->least, isnan(scores) ? 1.0 : scores);
    if (!isnan(importance)) {
        out->importance += importance;
        out->n_importance += 1.0;
    }
}

static vouch_status tell(vouch_ctx *ctx, const refits *r, size_t seeds)
{
    const vouch__probe *p = r->probe;
    between b = { .least = INFINITY };
    double *rank[SEEDS_MAX] = { NULL }, *inputs[SEEDS_MAX] = { NULL };
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < seeds && !status; k++) {
        status = ranked(ctx, p->n, r->at[k].raw, &rank[k]);
        if (!status)
            status = ranked(ctx, p->cols, r->at[k].importance, &inputs[k]);
    }
    if (status)
        return status;
    for (size_t i = 0; i < seeds; i++)
        for (size_t j = i + 1; j < seeds; j++)
            compare(p, &r->at[i], &r->at[j], (double *const[]){ rank[i], rank[j] },
                    (double *const[]){ inputs[i], inputs[j] }, &b);
    vouch__entry entry = vouch__test_entry(r->call);
    entry.n = (double)p->n;
    entry.value = b.churn / b.n;
    entry.judged = true;
    vouch__json *object = vouch__test_add(r->call, &entry);
    vouch__json *table = vouch__evidence_table(r->call->list, object, "pairs", "quantity,value");
    vouch__test_row(r->call, table, "tn", "refits", (double)seeds);
    vouch__test_row(r->call, table, "tn", "cases decided otherwise, mean", b.churn / b.n);
    vouch__test_row(r->call, table, "tn", "cases decided otherwise, most", b.most);
    vouch__test_row(r->call, table, "tn", "rank correlation of scores, mean", b.scores / b.n);
    vouch__test_row(r->call, table, "tn", "rank correlation of scores, least", b.least);
    vouch__test_row(r->call, table, "tn", "mean difference of probabilities", b.moved / b.n);
    vouch__test_row(r->call, table, "tn", "rank correlation of importance, mean",
                    b.n_importance > 0.0 ? b.importance / b.n_importance : (double)NAN);
    table = vouch__evidence_table(r->call->list, object, "inputs", "input,importance,sd");
    for (size_t j = 0; j < p->cols; j++) {
        double value[SEEDS_MAX] = { 0 };
        for (size_t k = 0; k < seeds; k++)
            value[k] = r->at[k].importance[j];
        vouch__test_row(r->call, table, "tnn", vouch__probe_name(p, j), vouch__mean(seeds, value, NULL),
                        sqrt(vouch__variance(seeds, value, NULL)));
    }
    return VOUCH_OK;
}

/* Why the model file is not all of the recipe; NULL when it is. */
static const char *unfit(const vouch_model *model)
{
    const vouch__model_kind *kind = model->kind;
    if ((kind->capabilities & VOUCH__IS_IMPORTED) || !kind->fit || !kind->contributions)
        return "The model was not fitted here: it cannot be fitted again.";
    if (kind != &vouch__kind_glm)
        return NULL;
    const vouch__glm *glm = model->state;
    bool is_plain = glm->offset == SIZE_MAX && glm->exposure == SIZE_MAX;
    for (size_t k = 0; k < glm->n_pieces; k++)
        is_plain = is_plain && glm->piece[k].type != VOUCH__GLM_NATURAL &&
                   glm->piece[k].type != VOUCH__GLM_BSPLINE;
    for (size_t k = 0; k < glm->n_terms; k++)
        is_plain = is_plain && glm->term[k].b == SIZE_MAX;
    return is_plain ? NULL
                    : "The model has splines, products or offsets, whose settings its file does not keep.";
}

static vouch_status prepare(vouch_ctx *ctx, refits *r, size_t seeds)
{
    const vouch__probe *p = r->probe;
    size_t n = r->call->before->n;
    r->tunes = vouch__scratch(ctx, n + 1, 1);
    r->at = vouch__scratch(ctx, seeds, sizeof *r->at);
    if (!r->tunes || !r->at)
        return vouch__oom(ctx);
    for (int k = 0; k < 2; k++) {
        r->row[k] = vouch__scratch(ctx, n + 1, sizeof *r->row[k]);
        r->target[k] = vouch__scratch(ctx, n + 1, sizeof *r->target[k]);
        if (!r->row[k] || !r->target[k])
            return vouch__oom(ctx);
    }
    for (size_t k = 0; k < seeds; k++) {
        r->at[k] = (refit){ .raw = vouch__scratch(ctx, p->n + 1, sizeof(double)),
                            .p = vouch__scratch(ctx, p->n + 1, sizeof(double)),
                            .importance = vouch__scratch(ctx, p->cols + 1, sizeof(double)) };
        if (!r->at[k].raw || !r->at[k].p || !r->at[k].importance)
            return vouch__oom(ctx);
    }
    return vouch__bind(ctx, &p->model->inputs, r->call->before->table, &r->binding);
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    refits r = { .call = call, .probe = &p };
    size_t seeds = (size_t)vouch__test_param(call, "seeds");
    const char *why = unfit(call->model);
    if (why || !call->before->table) {
        vouch__test_skip(call, why ? why : "The reference has no table to fit to.");
        return VOUCH_OK;
    }
    uint32_t *order = vouch__scratch(ctx, call->before->n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, &p);
    if (!status)
        status = prepare(ctx, &r, seeds);
    for (size_t k = 0; k < seeds && !status; k++) {
        vouch__progress(ctx, "refits", k, seeds);
        status = fit_again(ctx, &r, k, order);
    }
    if (!status)
        status = tell(ctx, &r, seeds);
    vouch__binding_clear(&r.binding);
    return status;
}

static const vouch__param params[] = {
    VOUCH__CUTOFF_PARAMS,
    { "seeds", VOUCH__PARAM_INTEGER, 2, SEEDS_MAX, 5, NULL, "refits",
      "How often the model is fitted again." },
    { "tune", VOUCH__PARAM_REAL, 0, 0.9, 0.2, NULL, "",
      "The share of the training cases that is held back, for early stopping or for nothing." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases that are decided, drawn by the seed." },
};

const vouch_test vouch__test_seed_stability = {
    .id = "diagnose.seed_stability",
    .section = "validate",
    .title = "Would the same recipe, fitted again, decide the same?",
    .purpose =
        "A model is one draw: of a seed, and of which training cases were held back to stop by. Fitted "
        "again it has the same AUC, and yet it may decline other people. How many?",
    .mechanism =
        "The model is fitted again several times with its own parameters on the reference, each time with "
        "another seed and another part of the cases held back. All refits score these cases and decline "
        "the same share. The value is the share of cases that two refits decide differently, a mean over "
        "pairs.",
    .convention =
        "Importance is the mean |contribution| over at most 500 of the cases, and pairs are compared by "
        "Spearman's correlation. Each refit has its own cut-off, unless one is given. Directions and "
        "categories are the model's; what its file does not keep (interaction constraints, sides of "
        "missing values, weights) is not there in the refits.",
    .high_risk =
        "More than a tenth of the declined changing places, which is 4 % of all cases when a fifth is "
        "declined; or importance whose order correlates below 0.9.",
    .strengths = "Measures what individuals meet, which averages over cases hide (predictive multiplicity).",
    .limits =
        "Costs as many fits. A stable recipe can be stably wrong. Imported models cannot be fitted again: "
        "compare two of their versions by explain.version_agreement.",
    .source = "C. Marx, F. Calmon & B. Ustun, ICML (2020) 6765-6774; M. Milani Fard et al., NeurIPS (2016) "
              "3179-3187; A. D'Amour et al., J. Mach. Learn. Res. 23 (2022) 226:1-61, on underspecification",
    .unit = "share of cases decided differently",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH |
             VOUCH__NEEDS_REFERENCE,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
