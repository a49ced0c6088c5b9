/* Explainers: interventional Shapley values against a background, for every exact family.
 *
 * A scorecard is a sum of one term a characteristic, raw = (offset - points) / factor, so a characteristic's
 * Shapley value is its term less the background's mean of that term: (mean points - points) / factor. The
 * background's points are summed as integers. Forests use leaf pattern tables. Linear models know a
 * background by the sums of their columns over it. All end with base + sum of values = raw, where base is the
 * background's mean raw. */
#include "explain/explainer.h"

#include "base/parallel.h"

#include <string.h>

enum { COUNT_ROWS = 4096 };
#define ROWS_MAX ((uint64_t)UINT32_MAX - 1) /* counts are 32 bits */

vouch_status vouch__explainer_shape(vouch_ctx *ctx, const vouch_model *model, vouch_explainer **out_explainer)
{
    const vouch__trees *trees = vouch__model_trees(model);
    const vouch__card *card = vouch__model_card(model);
    const vouch__model_kind *kind = model->kind;
    vouch_status status = VOUCH_OK;
    if (!trees && !card && !kind->n_moments)
        return vouch__fail(ctx, VOUCH_E_ARG, "explainer: no exact method for a model of kind '%s'",
                           vouch_model_kind_name(model));
    vouch_explainer *explainer = vouch__alloc(ctx, 1, sizeof *explainer);
    if (!explainer)
        return vouch__oom(ctx);
    explainer->alloc = *vouch__allocator(ctx);
    explainer->model = model;
    explainer->card = card;
    if (card) {
        explainer->sum = vouch__alloc(ctx, card->n, sizeof *explainer->sum);
        if (!explainer->sum)
            status = vouch__oom(ctx);
    } else if (kind->n_moments) {
        explainer->moment = vouch__alloc(ctx, kind->n_moments(model->state), sizeof *explainer->moment);
        if (!explainer->moment)
            status = vouch__oom(ctx);
    } else {
        status = vouch__tree_tables_shape(ctx, trees, &explainer->tables);
    }
    if (status)
        goto done;
    *out_explainer = explainer;
    explainer = NULL;
done:
    vouch_explainer_free(explainer);
    return status;
}

void vouch_explainer_free(vouch_explainer *explainer)
{
    if (!explainer)
        return;
    vouch_alloc alloc = explainer->alloc;
    vouch__tree_tables_clear(&explainer->tables);
    vouch__shap_free(&alloc, explainer->by_cover);
    vouch__free(&alloc, explainer->sum);
    vouch__free(&alloc, explainer->moment);
    vouch__free(&alloc, explainer);
}

vouch_status vouch__explainer_finish(vouch_ctx *ctx, vouch_explainer *explainer, uint64_t n)
{
    explainer->n = n;
    if (explainer->moment) {
        const vouch_model *model = explainer->model;
        model->kind->moment_values(model->state, explainer->moment, (double)n,
                                   (vouch__matrix){ NULL, 0, model->inputs.n }, NULL, &explainer->base);
        return VOUCH_OK;
    }
    if (!explainer->card) {
        vouch_status status = vouch__tree_tables_sum(ctx, &explainer->tables, n);
        explainer->base = explainer->tables.base;
        return status;
    }
    const vouch__card *card = explainer->card;
    int64_t sum = 0;
    for (size_t c = 0; c < card->n; c++)
        sum += explainer->sum[c];
    explainer->base = (card->offset - ((double)card->base_points + (double)sum / (double)n)) / card->factor;
    return VOUCH_OK;
}

vouch_status vouch__explainer_of_points(vouch_ctx *ctx, const vouch_model *model,
                                        vouch__points_reference reference, vouch_explainer **out_explainer)
{
    const vouch__card *card = vouch__model_card(model);
    vouch_explainer *explainer = NULL;
    if (!card)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "explainer: '%s' is no scorecard: it has no points to compare with",
                           vouch_model_name(model));
    vouch_status status = vouch__explainer_shape(ctx, model, &explainer);
    if (status || !explainer)
        return status;
    for (size_t c = 0; c < card->n; c++) {
        vouch__points_range range = vouch__card_range(card, c);
        explainer->sum[c] = reference == VOUCH__AGAINST_MOST ? range.most : range.neutral;
    }
    status = vouch__explainer_finish(ctx, explainer, 1);
    if (status)
        vouch_explainer_free(explainer);
    else
        *out_explainer = explainer;
    return status;
}

static int32_t card_points(const vouch__card *card, size_t c, const double *row)
{
    return card->at[c].bin[vouch__card_bin(card, c, row[card->at[c].input])].points;
}

typedef struct card_counting {
    vouch_explainer *explainer;
    size_t n;
    const double *x;
} card_counting;

static vouch_status count_characteristics(vouch_ctx *worker, size_t chunk, size_t begin, size_t end,
                                          void *arg)
{
    card_counting *c = arg;
    (void)worker, (void)chunk;
    for (size_t at = begin; at < end; at++)
        for (size_t i = 0; i < c->n; i++)
            c->explainer->sum[at] += card_points(c->explainer->card, at,
                                                 c->x + i * c->explainer->card->n_inputs);
    return VOUCH_OK;
}

static vouch_status count_rows(vouch_ctx *ctx, vouch_explainer *explainer, size_t n, const double *x)
{
    if (explainer->moment) { /* in row order: sums of doubles */
        const vouch_model *model = explainer->model;
        model->kind->add_moments(model->state, (vouch__matrix){ x, n, model->inputs.n }, explainer->moment);
        return VOUCH_OK;
    }
    if (!explainer->card)
        return vouch__tree_tables_count(ctx, &explainer->tables, n, x);
    card_counting c = { explainer, n, x };
    return vouch__parallel(ctx, explainer->card->n, 1, count_characteristics, &c);
}

static vouch_status count_all(vouch_ctx *ctx, vouch_explainer *explainer, const vouch__binding *binding,
                              size_t n, const uint32_t *row)
{
    size_t cols = explainer->model->inputs.n, block = n < COUNT_ROWS ? n : COUNT_ROWS;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = VOUCH_OK;
    double *x = vouch__scratch(ctx, block * cols, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t begin = 0; begin < n && !status; begin += block) {
        size_t here = n - begin < block ? n - begin : block;
        vouch__progress(ctx, "reference population", begin, n);
        status = vouch__poll(ctx);
        if (status)
            break;
        vouch__bound_rows(binding, row ? 0 : begin, here, row ? row + begin : NULL, x);
        status = count_rows(ctx, explainer, here, x);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__explainer_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                   size_t n, const uint32_t *row, vouch_explainer **out_explainer)
{
    vouch_explainer *explainer = NULL;
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "explainer: the reference population has no rows");
    if (n > ROWS_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: %zu reference rows, must be below 2^32 - 1", n);
    vouch_status status = vouch__explainer_shape(ctx, model, &explainer);
    if (!explainer)
        return status;
    status = count_all(ctx, explainer, binding, n, row);
    if (status)
        goto done;
    status = vouch__explainer_finish(ctx, explainer, n);
    if (status)
        goto done;
    *out_explainer = explainer;
    explainer = NULL;
done:
    vouch_explainer_free(explainer);
    return status;
}

void vouch__model_total(const vouch_model *model, vouch__matrix x, const double *raw, double *out)
{
    const vouch__trees *trees = vouch__model_trees(model);
    if (!trees || !(model->kind->capabilities & VOUCH__IS_IMPORTED)) {
        if (raw)
            memcpy(out, raw, x.rows * sizeof *out);
        else
            model->kind->predict(model->state, x, out);
        return;
    }
    for (size_t i = 0; i < x.rows; i++) {
        out[i] = trees->base;
        for (size_t t = 0; t < trees->n_trees; t++)
            out[i] += trees->node[trees->root[t] + vouch__tree_leaf(trees, t, x.at + i * x.cols)].value;
    }
}

double vouch__explainer_base(const vouch_explainer *explainer) { return explainer->base; }

static void card_row(const vouch_explainer *explainer, const double *row, double *out)
{
    const vouch__card *card = explainer->card;
    memset(out, 0, card->n_inputs * sizeof *out);
    for (size_t c = 0; c < card->n; c++) {
        double mean = (double)explainer->sum[c] / (double)explainer->n;
        out[card->at[c].input] += (mean - (double)card_points(card, c, row)) / card->factor;
    }
}

void vouch__explainer_block(const vouch_explainer *explainer, vouch__matrix x, double *out_value)
{
    for (size_t i = 0; explainer->by_cover && i < x.rows; i++)
        vouch__shap_row(explainer->by_cover, x.at + i * x.cols, out_value + i * x.cols);
    if (explainer->by_cover)
        return;
    if (explainer->moment) {
        explainer->model->kind->moment_values(explainer->model->state, explainer->moment,
                                              (double)explainer->n, x, out_value, NULL);
        return;
    }
    if (!explainer->card) {
        vouch__tree_tables_block(&explainer->tables, x.rows, x.at, out_value);
        return;
    }
    for (size_t i = 0; i < x.rows; i++)
        card_row(explainer, x.at + i * x.cols, out_value + i * x.cols);
}

vouch_status vouch__explainer_rows(vouch_ctx *worker, const vouch_explainer *explainer, vouch__matrix x,
                                   double *out_value)
{
    if (explainer->by_cover)
        return vouch__shap_rows(worker, explainer->by_cover, x.rows, x.at, out_value);
    if (!explainer->card && !explainer->moment)
        return vouch__tree_tables_rows(worker, &explainer->tables, x.rows, x.at, out_value);
    vouch__explainer_block(explainer, x, out_value);
    return VOUCH_OK;
}

vouch_status vouch_explainer_new(vouch_ctx *ctx, const vouch_model *model, const vouch_table *background,
                                 vouch_explainer **out_explainer)
{
    vouch__binding binding = { .inputs = NULL };
    vouch_status status = vouch__bind(ctx, &model->inputs, background, &binding);
    if (status)
        return status;
    status = vouch__explainer_make(ctx, model, &binding, vouch_table_rows(background), NULL, out_explainer);
    vouch__binding_clear(&binding);
    return status;
}
