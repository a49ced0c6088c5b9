/* Fitting from a program: a table, outcomes and a text of parameters become a model. */
#include "models/fit_keep.h"
#include "models/fit_rules.h"

#include <string.h>

enum { MOST_TEXT = 1 << 20, MOST_PARAMS = 64 };
static const char said[] = "params"; /* where messages say a key stands */

static vouch_status part_make(vouch_ctx *ctx, const vouch_fit_spec *spec, unsigned part,
                              vouch__part_rows *out)
{
    size_t rows = vouch_table_rows(spec->table), n = 0;
    uint32_t *row = vouch__scratch(ctx, rows + 1, sizeof *row);
    double *target = vouch__scratch(ctx, rows + 1, sizeof *target), *weight = NULL;
    if (spec->weight)
        weight = vouch__scratch(ctx, rows + 1, sizeof *weight);
    if (!row || !target || (spec->weight && !weight))
        return vouch__oom(ctx);
    for (size_t i = 0; i < rows; i++) {
        if ((spec->part ? spec->part[i] : VOUCH_PART_TRAIN) != part)
            continue;
        if (weight)
            weight[n] = spec->weight[i];
        target[n] = spec->target[i];
        row[n++] = (uint32_t)i;
    }
    *out = (vouch__part_rows){ n, row, target, weight };
    return VOUCH_OK;
}

static vouch_status input_make(vouch_ctx *ctx, const vouch_fit_spec *spec, size_t j,
                               const vouch__part_rows *train, vouch__input *input)
{
    size_t col = spec->inputs ? vouch_table_find(spec->table, spec->inputs[j]) : j;
    if (col == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: the table has no column '%s'", spec->inputs[j]);
    input->name = vouch__strdup(ctx, vouch_table_name(spec->table, col));
    if (!input->name)
        return vouch__oom(ctx);
    if (vouch_table_type(spec->table, col) != VOUCH_TEXT)
        return VOUCH_OK;
    return vouch__input_categories(ctx, spec->table, col, train->n, train->row, input);
}

static vouch_status inputs_make(vouch_ctx *ctx, const vouch_fit_spec *spec, const vouch__part_rows *train,
                                vouch__inputs *inputs)
{
    size_t n = spec->inputs ? spec->n_inputs : vouch_table_cols(spec->table);
    vouch_status status = vouch__inputs_new(ctx, n, inputs);
    for (size_t j = 0; j < n && !status; j++)
        status = input_make(ctx, spec, j, train, &inputs->at[j]);
    return status;
}

static vouch_status read_params(vouch_ctx *ctx, const vouch_fit_spec *spec, const vouch__model_kind *kind,
                                vouch__inputs *inputs, vouch__doc **doc, double *value, vouch__fit_data *data)
{
    static const char *const skip[] = { "monotone" };
    const vouch__json *root = NULL;
    vouch_status status = VOUCH_OK;
    if (spec->params) {
        status = vouch__yaml_read(ctx, said, spec->params, strlen(spec->params), MOST_TEXT, doc);
        root = status ? NULL : vouch__doc_root(*doc);
    }
    if (!status)
        status = vouch__params_read(ctx, kind, root, skip, 1, value);
    if (!status && root)
        status = vouch__fit_monotone_read(ctx, said, spec->name, vouch__json_get(root, "monotone"),
                                          (kind->capabilities & VOUCH__CAN_POINTS) != 0, inputs);
    data->settings = root;
    if (!status && (kind->capabilities & VOUCH__CAN_RESUME)) /* to others these words mean something else */
        status = vouch__fit_rules_read(ctx, said, spec->name, root, inputs, data);
    return status;
}

static vouch_status check(vouch_ctx *ctx, const vouch_fit_spec *spec, const vouch__model_kind **out_kind)
{
    const char *name = spec->kind ? spec->kind : "gbdt";
    const vouch__model_kind *kind = vouch__kind_find(name);
    if (!kind || !kind->fit)
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: no kind '%s' can be fitted", name);
    if (!spec->table || !spec->target || !spec->name)
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: table, target and name must be given");
    if (spec->objective && !spec->objective->slopes)
        return vouch__fail(ctx, VOUCH_E_ARG, "fit: the objective has no slopes");
    *out_kind = kind;
    return VOUCH_OK;
}

vouch_status vouch_model_fit(vouch_ctx *ctx, const vouch_fit_spec *spec, vouch_model **out_model)
{
    size_t mark = vouch__scratch_mark(ctx);
    const vouch__model_kind *kind = NULL;
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding = { .n = 0 };
    vouch__doc *doc = NULL;
    double value[MOST_PARAMS];
    vouch__keeper keeper = { spec->checkpoint, spec->name, NULL, &inputs, value };
    vouch__fit_data data = { .binding = &binding, .seed = spec->seed, .objective = spec->objective };
    vouch_status status = check(ctx, spec, &kind);
    keeper.kind = kind;
    if (!status && spec->checkpoint)
        status = vouch__fit_keep(ctx, &keeper, spec->checkpoint_every, &data);
    if (status)
        return status;
    data.resume = spec->resume;
    status = part_make(ctx, spec, VOUCH_PART_TRAIN, &data.train);
    if (!status)
        status = part_make(ctx, spec, VOUCH_PART_TUNE, &data.tune);
    if (!status)
        status = inputs_make(ctx, spec, &data.train, &inputs);
    if (!status)
        status = read_params(ctx, spec, kind, &inputs, &doc, value, &data);
    if (!status)
        status = vouch__bind(ctx, &inputs, spec->table, &binding);
    if (!status)
        status = vouch__model_fit(ctx, kind, spec->name, &inputs, value, &data, NULL, NULL, out_model);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__doc_free(doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}
