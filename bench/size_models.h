/* size_models.h: size and power of tests that ask the model itself: a model whose probabilities are true, and
 * the same where in one corner outcomes follow nothing. For bench_size.c. */
#ifndef SIZE_MODELS_H
#define SIZE_MODELS_H

#include "data/table.h"
#include "models/model_kind.h"
#include "num/special.h"

enum { MODEL_CASES = 2000, MODEL_INPUTS = 4 };

static void line_predict(const void *state, vouch__matrix x, double *raw)
{
    (void)state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        raw[i] = -1.5 + 1.2 * row[0] + 0.6 * row[1] + 0.2 * row[2];
    }
}

static double line_probability(const void *state, double raw)
{
    (void)state;
    return vouch__sigmoid(raw);
}

static const vouch__model_kind line_kind = { .name = "line",
                                             .predict = line_predict,
                                             .probability = line_probability };
static char line_names[MODEL_INPUTS][2] = { "a", "b", "c", "d" };
static vouch__input line_inputs[MODEL_INPUTS] = {
    { .name = line_names[0] }, { .name = line_names[1] }, { .name = line_names[2] }, { .name = line_names[3] }
};
static const vouch_model line_model = { .kind = &line_kind,
                                        .inputs = { .n = MODEL_INPUTS, .at = line_inputs } };
static const size_t line_columns[MODEL_INPUTS] = { 0, 1, 2, 3 };

static vouch_status line_cases(vouch_ctx *ctx, vouch__rng *rng, bool is_broken, uint8_t *bad,
                               vouch__sample *out)
{
    static double x[MODEL_INPUTS][MODEL_CASES];
    const double *column[MODEL_INPUTS] = { x[0], x[1], x[2], x[3] };
    const char *const name[MODEL_INPUTS] = { "a", "b", "c", "d" };
    const vouch_type type[MODEL_INPUTS] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_NUMBER };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    *out = (vouch__sample){
        .n = MODEL_CASES, .bad = bad, .feature = line_columns, .n_features = MODEL_INPUTS
    };
    for (size_t i = 0; i < MODEL_CASES; i++) {
        double row[MODEL_INPUTS], raw;
        for (size_t j = 0; j < MODEL_INPUTS; j++)
            row[j] = x[j][i] = vouch__rng_normal(rng);
        line_predict(NULL, (vouch__matrix){ row, 1, MODEL_INPUTS }, &raw);
        double p = is_broken && row[1] > 0.8 ? 0.5 : vouch__sigmoid(raw);
        bad[i] = vouch__rng_uniform(rng) < p;
        out->n_bad += bad[i];
    }
    vouch_status status = vouch__table_builder_new(ctx, MODEL_INPUTS, name, type, &builder);
    if (!status)
        status = vouch__table_builder_add(ctx, builder, MODEL_CASES, column, NULL);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, &table);
    vouch__table_builder_free(builder);
    out->table = table;
    return status;
}

#endif
