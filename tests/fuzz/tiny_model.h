/* tiny_model.h: a model of three inputs fitted to 200 rows, and everything made from it, for the fuzz targets
 * of decide/ and explain/. Aborts where making it fails: then there is nothing to fuzz. */
#ifndef TINY_MODEL_H
#define TINY_MODEL_H

#include "data/table.h"
#include "decide/policy.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct tiny_model {
    vouch_ctx *ctx;
    vouch_table *table;
    vouch_model *model;
    vouch_explainer *explainer;
} tiny_model;

static void must(vouch_ctx *ctx, vouch_status status)
{
    if (status == VOUCH_OK)
        return;
    (void)fprintf(stderr, "tiny model: %s\n", vouch_ctx_error(ctx));
    abort();
}

enum { TINY_ROWS = 200 };

static void tiny_table(tiny_model *t, double bad[TINY_ROWS])
{
    static const char *const name[] = { "income", "region", "delay" };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_TEXT, VOUCH_INTEGER };
    static const char *const region[] = { "east", "north", "7" };
    static double income[TINY_ROWS], delay[TINY_ROWS];
    static const char *where[TINY_ROWS];
    vouch__table_builder *builder = NULL;
    for (int i = 0; i < TINY_ROWS; i++) {
        income[i] = (double)(i * 37 % 101);
        delay[i] = (double)(i * 13 % 7);
        where[i] = region[i % 3];
        bad[i] = income[i] < 50.0 + 8.0 * delay[i] && i % 5 != 0;
    }
    const double *const value[] = { income, NULL, delay };
    const char *const *const text[] = { NULL, where, NULL };
    must(t->ctx, vouch__table_builder_new(t->ctx, 3, name, type, &builder));
    must(t->ctx, vouch__table_builder_add(t->ctx, builder, TINY_ROWS, value, text));
    must(t->ctx, vouch__table_builder_end(t->ctx, builder, &t->table));
    vouch__table_builder_free(builder);
}

static void tiny_inputs(tiny_model *t, vouch__inputs *inputs)
{
    must(t->ctx, vouch__inputs_new(t->ctx, 3, inputs));
    for (size_t j = 0; j < 3; j++)
        inputs->at[j].name = vouch__strdup(t->ctx, vouch_table_name(t->table, j));
    vouch__input *where = &inputs->at[1];
    where->is_category = true;
    where->n_categories = vouch_table_categories(t->table, 1);
    where->category = vouch__alloc(t->ctx, where->n_categories, sizeof *where->category);
    for (size_t k = 0; where->category && k < where->n_categories; k++)
        where->category[k] = vouch__strdup(t->ctx, vouch_table_category(t->table, 1, k));
}

static inline tiny_model tiny_make(const char *kind_name)
{
    tiny_model t = { .ctx = vouch_ctx_new(NULL) };
    const vouch__model_kind *kind = vouch__kind_find(kind_name);
    double bad[TINY_ROWS], param[64] = { 0 };
    uint32_t row[TINY_ROWS];
    vouch__inputs inputs;
    vouch__binding binding;
    vouch__doc *doc = NULL;
    tiny_table(&t, bad);
    tiny_inputs(&t, &inputs);
    for (uint32_t i = 0; i < TINY_ROWS; i++)
        row[i] = i;
    for (size_t k = 0; k < kind->n_params; k++)
        param[k] = kind->params[k].value;
    must(t.ctx, vouch__doc_new(t.ctx, &doc));
    must(t.ctx, vouch__bind(t.ctx, &inputs, t.table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { .n = TINY_ROWS, .row = row, .target = bad } };
    must(t.ctx, vouch__model_fit(t.ctx, kind, "tiny", &inputs, param, &data, doc, vouch__json_object(doc),
                                 &t.model));
    binding.inputs = &t.model->inputs;
    vouch__binding_clear(&binding);
    vouch__doc_free(doc);
    must(t.ctx, vouch_explainer_new(t.ctx, t.model, t.table, &t.explainer));
    return t;
}

#endif
