/* Applicants by the seeded generator; the same draw for the same seed and n. */
#include "applicants.h"

#include "check.h"

#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const column[APPLICANT_COLUMNS] = { "income", "delay", "region", "owner", "noise" };
static const vouch_type type[APPLICANT_COLUMNS] = { VOUCH_NUMBER, VOUCH_INTEGER, VOUCH_TEXT, VOUCH_FLAG,
                                                    VOUCH_NUMBER };
static const char *const region[] = { "north", "south", "west" };

static double draw(double *value, const char **text)
{
    size_t where = seeded_below(3);
    value[0] = floor(seeded() * 800.0) / 10.0;
    value[1] = seeded() < 0.1 ? -2.0 : (double)seeded_below(6);
    value[2] = NAN;
    value[3] = seeded() < 0.5;
    value[4] = seeded();
    double risk = -1.0 - 0.04 * value[0] + 0.6 * fmax(value[1], 0.0) + (where == 0 ? 0.8 : 0.0);
    *text = seeded() < 0.05 ? NULL : region[where];
    if (seeded() < 0.05)
        value[0] = NAN;
    return seeded() < 1.0 / (1.0 + exp(-risk)) ? 1.0 : 0.0;
}

applicants applicants_make(vouch_ctx *ctx, size_t n)
{
    applicants a = { .ctx = ctx, .n = n };
    double *value[APPLICANT_COLUMNS];
    const char **text = calloc(n, sizeof *text);
    vouch__table_builder *builder = NULL;
    a.row = calloc(n, sizeof *a.row);
    a.bad = calloc(n, sizeof *a.bad);
    assert_true(text && a.row && a.bad);
    for (size_t j = 0; j < APPLICANT_COLUMNS; j++) {
        value[j] = calloc(n, sizeof *value[j]);
        assert_non_null(value[j]);
    }
    for (size_t i = 0; i < n; i++) {
        double cell[APPLICANT_COLUMNS];
        a.row[i] = (uint32_t)i;
        a.bad[i] = draw(cell, &text[i]);
        for (size_t j = 0; j < APPLICANT_COLUMNS; j++)
            value[j][i] = cell[j];
    }
    const double *const values[] = { value[0], value[1], value[2], value[3], value[4] };
    const char *const *const texts[] = { NULL, NULL, text, NULL, NULL };
    assert_ok(ctx, vouch__table_builder_new(ctx, APPLICANT_COLUMNS, column, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, n, values, texts));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &a.table));
    vouch__table_builder_free(builder);
    for (size_t j = 0; j < APPLICANT_COLUMNS; j++)
        free(value[j]);
    free(text);
    return a;
}

void applicants_free(applicants *a)
{
    vouch_table_unref(a->table);
    free(a->row);
    free(a->bad);
}

static void describe_inputs(vouch_ctx *ctx, vouch__inputs *inputs)
{
    assert_ok(ctx, vouch__inputs_new(ctx, APPLICANT_COLUMNS, inputs));
    for (size_t j = 0; j < APPLICANT_COLUMNS; j++) {
        inputs->at[j].name = vouch__strdup(ctx, column[j]);
        assert_non_null(inputs->at[j].name);
    }
    inputs->at[0].monotone = -1;
    inputs->at[1].monotone = 1;
    inputs->at[1].n_special = 1;
    inputs->at[1].special = vouch__alloc(ctx, 1, sizeof *inputs->at[1].special);
    assert_non_null(inputs->at[1].special);
    inputs->at[1].special[0] = -2.0;
    vouch__input *where = &inputs->at[2];
    where->is_category = true;
    where->n_categories = 3;
    where->category = vouch__alloc(ctx, 3, sizeof *where->category);
    assert_non_null(where->category);
    for (size_t k = 0; k < 3; k++) {
        where->category[k] = vouch__strdup(ctx, region[k]);
        assert_non_null(where->category[k]);
    }
}

vouch_model *applicants_fit(const applicants *a, const char *kind_name, const char *settings)
{
    const vouch__model_kind *kind = vouch__kind_find(kind_name);
    double value[64];
    vouch__inputs inputs;
    vouch__binding binding;
    vouch__doc *doc = NULL, *given = NULL;
    vouch_model *model = NULL;
    assert_true(kind && kind->n_params <= 64);
    assert_ok(a->ctx, vouch__doc_new(a->ctx, &doc));
    vouch__json *log = vouch__json_object(doc);
    for (size_t k = 0; k < kind->n_params; k++)
        value[k] = kind->params[k].value;
    if (settings) {
        assert_ok(a->ctx, vouch__yaml_read(a->ctx, "settings", settings, strlen(settings), 4096, &given));
        assert_ok(a->ctx, vouch__params_read(a->ctx, kind, vouch__doc_root(given), NULL, 0, value));
    }
    describe_inputs(a->ctx, &inputs);
    assert_ok(a->ctx, vouch__bind(a->ctx, &inputs, a->table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { .n = a->n, .row = a->row, .target = a->bad } };
    assert_ok(a->ctx, vouch__model_fit(a->ctx, kind, kind_name, &inputs, value, &data, doc, log, &model));
    binding.inputs = &model->inputs; /* which fit has taken */
    vouch__binding_clear(&binding);
    vouch__doc_free(given);
    vouch__doc_free(doc);
    return model;
}
