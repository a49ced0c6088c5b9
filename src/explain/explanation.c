/* Rows explained through a prepared explainer: one without allocating, or a table on all threads. */
#include "base/file.h"
#include "base/parallel.h"
#include "explain/explainer.h"
#include "explain/interactions.h"
#include "explain/near_cutoff.h"

#include <math.h>
#include <string.h>

enum { EXPLAIN_ROWS = 2048, INTERACTION_ROWS = 16 };

vouch_status vouch_explainer_new_by_cover(vouch_ctx *ctx, const vouch_model *model,
                                          vouch_explainer **out_explainer)
{
    if (!model->kind->shap)
        return vouch__fail(ctx, VOUCH_E_ARG, "explainer: a model of kind '%s' has no covers",
                           vouch_model_kind_name(model));
    vouch_explainer *explainer = vouch__alloc(ctx, 1, sizeof *explainer);
    if (!explainer)
        return vouch__oom(ctx);
    explainer->alloc = *vouch__allocator(ctx);
    explainer->model = model;
    vouch_status status = model->kind->shap(ctx, model->state, &explainer->by_cover);
    if (status) {
        vouch_explainer_free(explainer);
        return status;
    }
    explainer->base = vouch__shap_base(explainer->by_cover);
    *out_explainer = explainer;
    return VOUCH_OK;
}

size_t vouch_explainer_uncovered(const vouch_explainer *explainer)
{
    return explainer->by_cover ? vouch__shap_uncovered(explainer->by_cover) : 0;
}

uint64_t vouch_explainer_rows(const vouch_explainer *explainer) { return explainer->n; }

vouch_status vouch_explainer_new_just_approved(vouch_ctx *ctx, const vouch_model *model,
                                               const vouch_table *table, double cutoff,
                                               vouch_explainer **out_explainer)
{
    vouch__binding binding = { .inputs = NULL };
    size_t n = vouch_table_rows(table), n_near = 0, mark = vouch__scratch_mark(ctx);
    double *probability = vouch__scratch(ctx, n + 1, sizeof *probability);
    uint32_t *near = vouch__scratch(ctx, (size_t)ceil(VOUCH__NEAR_SHARE * (double)n) + 1, sizeof *near);
    vouch_status status = probability && near ? VOUCH_OK : vouch__oom(ctx);
    if (!status)
        status = vouch_model_score(ctx, model, table, NULL, probability, NULL);
    if (!status)
        status = vouch__near_cutoff(ctx, n, probability, cutoff, near, &n_near);
    if (!status)
        status = vouch__bind(ctx, &model->inputs, table, &binding);
    if (!status) {
        status = vouch__explainer_make(ctx, model, &binding, n_near, near, out_explainer);
        vouch__binding_clear(&binding);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_explainer_save(vouch_ctx *ctx, const vouch_explainer *explainer, const char *path)
{
    vouch__buf bytes;
    if (explainer->by_cover)
        return vouch__fail(ctx, VOUCH_E_ARG, "explainer: by cover there is no background to keep");
    vouch__buf_init(ctx, &bytes, 0);
    vouch__explainer_save(explainer, &bytes);
    vouch_status status = vouch__buf_status(ctx, &bytes);
    if (!status)
        status = vouch__file_write(ctx, path, bytes.at, bytes.len, 0644);
    vouch__buf_free(&bytes);
    return status;
}

vouch_status vouch_explainer_load(vouch_ctx *ctx, const vouch_model *model, const char *path,
                                  vouch_explainer **out_explainer)
{
    vouch__buf bytes;
    vouch_status status = vouch__file_read(ctx, path, 0, &bytes);
    if (!status)
        status = vouch__explainer_load(ctx, model, bytes.at, bytes.len, out_explainer);
    vouch__buf_free(&bytes);
    return status;
}

static vouch_explanation explanation_of(const vouch_explainer *explainer, const double *row,
                                        const double *value)
{
    const vouch_model *model = explainer->model;
    size_t n = model->inputs.n;
    const vouch__shap *shap = explainer->by_cover ? explainer->by_cover : explainer->tables.shap;
    double raw, sum, total = explainer->base;
    model->kind->predict(model->state, (vouch__matrix){ row, 1, n }, &raw);
    sum = shap ? vouch__shap_sum(shap, row) : raw;
    for (size_t j = 0; j < n; j++)
        total += value[j];
    return (vouch_explanation){
        .base = explainer->base, .sum = sum, .residual = total - sum, .source_gap = raw - sum
    };
}

void vouch_explainer_row(const vouch_explainer *explainer, const double *row, double *out_value,
                         vouch_explanation *out_explanation)
{
    vouch__explainer_block(explainer, (vouch__matrix){ row, 1, explainer->model->inputs.n }, out_value);
    if (out_explanation)
        *out_explanation = explanation_of(explainer, row, out_value);
}

typedef struct explaining {
    const vouch_explainer *explainer;
    const vouch__binding *binding;
    double *out;
    vouch_explanation *explanation; /* or NULL */
    const vouch__gauss *gauss;      /* interactions */
} explaining;

static vouch_status explain_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const explaining *e = arg;
    size_t cols = e->explainer->model->inputs.n, mark = vouch__scratch_mark(worker);
    (void)chunk;
    double *x = vouch__scratch(worker, (end - begin) * cols, sizeof *x);
    if (!x)
        return vouch__oom(worker);
    vouch__bound_rows(e->binding, begin, end - begin, NULL, x);
    vouch_status status = vouch__explainer_rows(worker, e->explainer, (vouch__matrix){ x, end - begin, cols },
                                                e->out + begin * cols);
    for (size_t i = begin; i < end && e->explanation && !status; i++)
        e->explanation[i] = explanation_of(e->explainer, x + (i - begin) * cols, e->out + i * cols);
    vouch__scratch_reset(worker, mark);
    return status;
}

static vouch_status interact_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const explaining *e = arg;
    const vouch_explainer *explainer = e->explainer;
    size_t n = explainer->model->inputs.n, mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, n, sizeof *x), *value = vouch__scratch(worker, n, sizeof *value);
    (void)chunk;
    if (!x || !value)
        return vouch__oom(worker);
    for (size_t i = begin; i < end; i++) {
        double *out = e->out + i * n * n;
        memset(out, 0, n * n * sizeof *out);
        vouch__bound_rows(e->binding, i, 1, NULL, x);
        vouch__explainer_block(explainer, (vouch__matrix){ x, 1, n }, value);
        if (explainer->by_cover)
            vouch__interact_by_cover(vouch__model_trees(explainer->model), e->gauss, x, out);
        else if (!explainer->card && !explainer->moment)
            vouch__interact_against(&explainer->tables, x, out);
        for (size_t j = 0; j < n; j++) { /* the diagonal: still zero */
            double rest = value[j];
            for (size_t k = 0; k < n; k++)
                rest -= out[j * n + k];
            out[j * n + j] = rest;
        }
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* fn over all rows of a table. */
static vouch_status over(vouch_ctx *ctx, explaining *e, const vouch_table *table, size_t grain,
                         vouch__chunk_fn *fn)
{
    vouch__binding binding = { .inputs = NULL };
    vouch_status status = vouch__bind(ctx, &e->explainer->model->inputs, table, &binding);
    if (status)
        return status;
    e->binding = &binding;
    status = vouch__parallel(ctx, vouch_table_rows(table), grain, fn, e);
    vouch__binding_clear(&binding);
    return status;
}

vouch_status vouch_explainer_values(vouch_ctx *ctx, const vouch_explainer *explainer,
                                    const vouch_table *table, double *out_value, double *out_base)
{
    explaining e = { .explainer = explainer };
    e.out = out_value;
    vouch_status status = over(ctx, &e, table, EXPLAIN_ROWS, explain_rows);
    if (!status)
        *out_base = explainer->base;
    return status;
}

vouch_status vouch_explainer_explain(vouch_ctx *ctx, const vouch_explainer *explainer,
                                     const vouch_table *table, double *out_value,
                                     vouch_explanation *out_explanation)
{
    explaining e = { .explainer = explainer };
    e.out = out_value;
    e.explanation = out_explanation;
    return over(ctx, &e, table, EXPLAIN_ROWS, explain_rows);
}

vouch_status vouch_explainer_interactions(vouch_ctx *ctx, const vouch_explainer *explainer,
                                          const vouch_table *table, double *out_value)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__gauss *gauss = vouch__scratch(ctx, 1, sizeof *gauss);
    if (!gauss)
        return vouch__oom(ctx);
    vouch__gauss_fill(gauss);
    explaining e = { .explainer = explainer, .gauss = gauss };
    e.out = out_value;
    vouch_status status = over(ctx, &e, table, INTERACTION_ROWS, interact_rows);
    vouch__scratch_reset(ctx, mark);
    return status;
}
