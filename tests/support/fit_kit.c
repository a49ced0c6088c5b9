/* Tables and models for tests. */
#include "fit_kit.h"

#include "check.h"
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLS = 64, NAME = 16 };

vouch_status kit_table(vouch_ctx *ctx, size_t rows, size_t cols, const double *x, const bool *is_text,
                       vouch_table **out_table)
{
    char name[MOST_COLS][NAME];
    const char *names[MOST_COLS], *const *texts[MOST_COLS];
    const double *values[MOST_COLS];
    vouch_type type[MOST_COLS];
    double *value = malloc((rows * cols + 1) * sizeof *value);
    const char **text = malloc((rows * cols + 1) * sizeof *text);
    char(*word)[NAME] = malloc((rows * cols + 1) * sizeof *word);
    vouch__table_builder *builder = NULL;
    for (size_t j = 0; j < cols; j++) {
        (void)snprintf(name[j], NAME, "x%zu", j);
        names[j] = name[j];
        type[j] = is_text && is_text[j] ? VOUCH_TEXT : VOUCH_NUMBER;
        values[j] = value + j * rows;
        texts[j] = text + j * rows;
        for (size_t i = 0; i < rows; i++) {
            double v = x[i * cols + j];
            value[j * rows + i] = v;
            (void)snprintf(word[j * rows + i], NAME, "c%d", isnan(v) || fabs(v) > 1e6 ? 0 : (int)v);
            text[j * rows + i] = isnan(v) ? NULL : word[j * rows + i];
        }
    }
    vouch_status status = vouch__table_builder_new(ctx, cols, names, type, &builder);
    if (!status)
        status = vouch__table_builder_add(ctx, builder, rows, values, texts);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_table);
    vouch__table_builder_free(builder);
    free(value);
    free(text);
    free(word);
    return status;
}

static vouch_status inputs_make(vouch_ctx *ctx, const kit_fit *spec, vouch__inputs *inputs)
{
    size_t cols = vouch_table_cols(spec->table);
    vouch_status status = vouch__inputs_new(ctx, cols, inputs);
    for (size_t j = 0; !status && j < cols; j++) {
        vouch__input *input = &inputs->at[j];
        input->name = vouch__strdup(ctx, vouch_table_name(spec->table, j));
        input->monotone = spec->monotone ? spec->monotone[j] : 0;
        input->is_category = vouch_table_type(spec->table, j) == VOUCH_TEXT;
        if (!input->name)
            return vouch__oom(ctx);
        if (!input->is_category)
            continue;
        size_t n = vouch_table_categories(spec->table, j);
        input->category = vouch__alloc(ctx, n + 1, sizeof *input->category);
        if (!input->category)
            return vouch__oom(ctx);
        for (; input->n_categories < n; input->n_categories++) {
            const char *text = vouch_table_category(spec->table, j, input->n_categories);
            input->category[input->n_categories] = vouch__strdup(ctx, text);
            if (!input->category[input->n_categories])
                return vouch__oom(ctx);
        }
    }
    return status;
}

static vouch_status params_make(vouch_ctx *ctx, const vouch__model_kind *kind, const char *text,
                                double *value, vouch__doc **out_doc)
{
    vouch__doc *doc = NULL;
    if (!text)
        return vouch__params_read(ctx, kind, NULL, NULL, 0, value);
    vouch_status status = vouch__yaml_read(ctx, "params", text, strlen(text), 1 << 16, &doc);
    if (!status)
        status = vouch__params_read(ctx, kind, vouch__doc_root(doc), NULL, 0, value);
    *out_doc = doc;
    return status;
}

vouch_table *kit_golden(vouch_ctx *ctx, const vouch__json *root, size_t cols, const bool *is_text)
{
    vouch_table *table = NULL;
    double *x = NULL;
    size_t n = 0;
    for (size_t j = 0; j < cols; j++) {
        char path[32];
        (void)snprintf(path, sizeof path, "columns.%zu", j);
        const double *column = golden_array(root, path, &n);
        x = x ? x : malloc(n * cols * sizeof *x);
        assert_non_null(x);
        for (size_t i = 0; i < n; i++)
            x[i * cols + j] = column[i];
    }
    assert_ok(ctx, kit_table(ctx, n, cols, x, is_text, &table));
    free(x);
    return table;
}

vouch_status kit_model(vouch_ctx *ctx, const kit_fit *spec, vouch_model **out_model)
{
    const vouch__model_kind *kind = vouch__kind_find(spec->kind ? spec->kind : "gbdt");
    size_t n = spec->n_train + spec->n_tune;
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding = { .n = 0 };
    double *value = malloc((kind->n_params + 1) * sizeof *value);
    uint32_t *row = malloc((n + 1) * sizeof *row);
    vouch__fit_data data = { .binding = &binding, .seed = spec->seed };
    vouch__doc *params = NULL;
    for (size_t i = 0; i < n; i++)
        row[i] = (uint32_t)i;
    data.train = (vouch__part_rows){ spec->n_train, row, spec->target, spec->weight };
    data.tune = (vouch__part_rows){ spec->n_tune, row + spec->n_train, spec->target + spec->n_train,
                                    spec->weight ? spec->weight + spec->n_train : NULL };
    vouch_status status = inputs_make(ctx, spec, &inputs);
    if (!status)
        status = params_make(ctx, kind, spec->params, value, &params);
    if (!status)
        status = vouch__bind(ctx, &inputs, spec->table, &binding);
    data.settings = params ? vouch__doc_root(params) : NULL;
    if (!status) {
        vouch__doc *doc = NULL;
        status = vouch__doc_new(ctx, &doc);
        if (!status)
            status = vouch__model_fit(ctx, kind, "test", &inputs, value, &data, doc, vouch__json_object(doc),
                                      out_model);
        vouch__doc_free(doc);
        vouch__binding_clear(&binding);
    }
    vouch__doc_free(params);
    vouch__inputs_clear(&inputs);
    free(row);
    free(value);
    return status;
}

vouch_model *kit_fitted(vouch_ctx *ctx, size_t n, size_t cols, const double *x, const bool *is_text,
                        const double *target, const char *params, vouch_table **out_table)
{
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, n, cols, x, is_text, out_table));
    kit_fit spec = { .table = *out_table, .n_train = n, .target = target, .params = params };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

void kit_score(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table, double *out_raw)
{
    assert_ok(ctx, vouch_model_score(ctx, model, table, out_raw, NULL, NULL));
}

void kit_same_on_threads(const kit_fit *spec, size_t cols, const double *x, const bool *is_text,
                         size_t n_threads, const unsigned *threads)
{
    char first[VOUCH__HEX] = "";
    for (size_t t = 0; t <= n_threads; t++) {
        vouch_ctx_options options = { .threads = t == 0 ? 1 : threads[t - 1] };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        kit_fit here = *spec;
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        assert_ok(ctx, kit_table(ctx, spec->n_train + spec->n_tune, cols, x, is_text, &table));
        here.table = table;
        assert_ok(ctx, kit_model(ctx, &here, &model));
        if (t == 0)
            memcpy(first, vouch_model_fingerprint(model), sizeof first);
        assert_string_equal(vouch_model_fingerprint(model), first);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

void kit_mixed(size_t n, size_t cols, const bool *is_text, double *x, double *y)
{
    for (size_t i = 0; i < n; i++) {
        double risk = -1.0;
        for (size_t j = 0; j < cols; j++) {
            double v = is_text[j] ? (double)seeded_below(3 + 9 * (j % 2))
                       : j % 2    ? seeded_normal()
                                  : floor(seeded() * 6);
            if (seeded() < 0.1)
                v = NAN;
            x[i * cols + j] = v;
            risk += isnan(v) ? 0.4 : is_text[j] ? ((int)v * 7 % 5 - 2) * 0.4 : 0.3 * v;
        }
        y[i] = seeded() < 1.0 / (1.0 + exp(-risk));
    }
}

vouch_model *kit_glm(vouch_ctx *ctx, const vouch_table *table, const vouch__json *at)
{
    vouch_model *model = NULL;
    kit_fit spec = { .kind = "glm", .table = table, .params = golden_text(at, "params") };
    spec.target = golden_array(at, "y", &spec.n_train);
    const vouch__json *weight = vouch__json_get(at, "weight");
    if (weight && weight->type == VOUCH__JSON_ARRAY)
        spec.weight = golden_array(at, "weight", NULL);
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

typedef struct swept {
    const kit_fit *spec;
    size_t cols;
    const double *x;
    const bool *is_text;
} swept;

static vouch_status fit_and_describe(vouch_ctx *ctx, void *arg)
{
    const swept *s = arg;
    kit_fit spec = *s->spec;
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    char *text = NULL;
    vouch_status status = kit_table(ctx, spec.n_train + spec.n_tune, s->cols, s->x, s->is_text, &table);
    spec.table = table;
    if (!status)
        status = kit_model(ctx, &spec, &model);
    if (!status)
        status = vouch_model_describe(ctx, model, &text);
    vouch_text_free(ctx, text);
    vouch_model_free(model);
    vouch_table_unref(table);
    return status;
}

void kit_sweep(const kit_fit *spec, size_t cols, const double *x, const bool *is_text)
{
    swept s = { spec, cols, x, is_text };
    sweep_allocations(fit_and_describe, &s, 0);
}
