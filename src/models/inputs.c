/* Inputs and their binding to a table: names are looked up and category codes translated once, so that
 * reading rows afterwards is copying. */
#include "models/inputs.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256 };

vouch_status vouch__inputs_new(vouch_ctx *ctx, size_t n, vouch__inputs *out_inputs)
{
    vouch__input *at = vouch__alloc(ctx, n ? n : 1, sizeof *at);
    if (!at)
        return vouch__oom(ctx);
    *out_inputs = (vouch__inputs){ .n = n, .at = at, .alloc = *vouch__allocator(ctx) };
    return VOUCH_OK;
}

void vouch__inputs_clear(vouch__inputs *inputs)
{
    if (!inputs->at)
        return;
    for (size_t j = 0; j < inputs->n; j++) {
        vouch__input *input = &inputs->at[j];
        for (size_t k = 0; input->category && k < input->n_categories; k++)
            vouch__free(&inputs->alloc, input->category[k]);
        vouch__free(&inputs->alloc, input->category);
        vouch__free(&inputs->alloc, input->special);
        vouch__free(&inputs->alloc, input->name);
    }
    vouch__free(&inputs->alloc, inputs->at);
    *inputs = (vouch__inputs){ .n = 0 };
}

vouch_status vouch__input_named(vouch_ctx *ctx, const vouch__inputs *inputs, const char *name, size_t *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    for (size_t j = 0; j < inputs->n; j++)
        if (!strcmp(inputs->at[j].name, name)) {
            *out = j;
            return VOUCH_OK;
        }
    const char **names = vouch__scratch(ctx, inputs->n + 1, sizeof *names);
    if (!names)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n; j++)
        names[j] = inputs->at[j].name;
    const char *near = vouch__nearest(name, names, inputs->n);
    vouch__scratch_reset(ctx, mark);
    return vouch__fail(ctx, VOUCH_E_DATA, "'%.60s' is not an input%s", name, vouch__did_you_mean(near).text);
}

/* The model's code of every category the table has. Both lists are sorted by bytes: one merge. */
static vouch_status recode_make(vouch_ctx *ctx, const vouch__input *input, const vouch_table *table,
                                size_t column, double **out_recode)
{
    size_t n = vouch_table_categories(table, column), k = 0;
    double *recode = vouch__alloc(ctx, n ? n : 1, sizeof *recode);
    if (!recode)
        return vouch__oom(ctx);
    for (size_t code = 0; code < n; code++) {
        const char *text = vouch_table_category(table, column, code);
        while (k < input->n_categories && strcmp(input->category[k], text) < 0)
            k++;
        bool is_known = k < input->n_categories && strcmp(input->category[k], text) == 0;
        recode[code] = is_known ? (double)k : VOUCH__UNSEEN;
    }
    *out_recode = recode;
    return VOUCH_OK;
}

static vouch_status bind_one(vouch_ctx *ctx, vouch__binding *b, size_t j)
{
    const vouch__input *input = &b->inputs->at[j];
    size_t column = vouch_table_find(b->table, input->name);
    if (column == SIZE_MAX) {
        const char *near = vouch__table_nearest(ctx, b->table, input->name);
        return vouch__fail(ctx, VOUCH_E_DATA, "inputs: column '%s' is not in the data%s%s%s", input->name,
                           near ? ", which have '" : "", near ? near : "", near ? "'" : "");
    }
    vouch_type type = vouch_table_type(b->table, column);
    b->column[j] = column;
    if (input->is_category) {
        if (type != VOUCH_TEXT)
            return vouch__fail(
                ctx, VOUCH_E_DATA,
                "inputs: column '%s' is of type %s, must be text; of a CSV file a query says so: "
                "SELECT * FROM read_csv('..', types={'%s': 'VARCHAR'})",
                input->name, vouch_type_name(type), input->name);
        return recode_make(ctx, input, b->table, column, &b->recode[j]);
    }
    /* A column without a single value is often read as text; all its rows are missing then. */
    if (type == VOUCH_TEXT && vouch_table_categories(b->table, column) > 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "inputs: column '%s' is of type text, must be numeric",
                           input->name);
    return VOUCH_OK;
}

vouch_status vouch__input_categories(vouch_ctx *ctx, const vouch_table *table, size_t col, size_t n,
                                     const uint32_t *row, vouch__input *input)
{
    size_t codes = vouch_table_categories(table, col), mark = vouch__scratch_mark(ctx);
    double *code = vouch__scratch(ctx, n + 1, sizeof *code);
    uint8_t *seen = vouch__scratch(ctx, codes + 1, sizeof *seen);
    vouch_status status = VOUCH_OK;
    if (!code || !seen)
        return vouch__oom(ctx);
    memset(seen, 0, codes + 1);
    vouch__table_gather(table, col, n, row, code);
    for (size_t i = 0; i < n; i++)
        if (code[i] >= 0)
            seen[(size_t)code[i]] = 1;
    input->is_category = true;
    input->category = vouch__alloc(ctx, codes + 1, sizeof *input->category);
    if (!input->category)
        return vouch__oom(ctx);
    for (size_t c = 0; c < codes && !status; c++) {
        if (!seen[c])
            continue;
        input->category[input->n_categories] = vouch__strdup(ctx, vouch_table_category(table, col, c));
        status = input->category[input->n_categories] ? VOUCH_OK : vouch__oom(ctx);
        input->n_categories += !status;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__bind(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch_table *table,
                         vouch__binding *out_binding)
{
    size_t n = inputs->n ? inputs->n : 1;
    vouch__binding b = { .inputs = inputs, .table = table, .n = inputs->n, .alloc = *vouch__allocator(ctx) };
    vouch_status status = VOUCH_OK;
    b.column = vouch__alloc(ctx, n, sizeof *b.column);
    b.recode = vouch__alloc(ctx, n, sizeof *b.recode);
    if (!b.column || !b.recode) {
        vouch__binding_clear(&b);
        return vouch__oom(ctx);
    }
    for (size_t j = 0; !status && j < inputs->n; j++)
        status = bind_one(ctx, &b, j);
    if (status) {
        vouch__binding_clear(&b);
        return status;
    }
    *out_binding = b;
    return VOUCH_OK;
}

void vouch__binding_clear(vouch__binding *binding)
{
    for (size_t j = 0; binding->recode && j < binding->n; j++)
        vouch__free(&binding->alloc, binding->recode[j]);
    if (binding->alloc.resize) {
        vouch__free(&binding->alloc, binding->recode);
        vouch__free(&binding->alloc, binding->column);
    }
    *binding = (vouch__binding){ .table = NULL };
}

void vouch__bound_column(const vouch__binding *binding, size_t input, size_t begin, size_t n,
                         const uint32_t *row, double *out)
{
    const double *recode = binding->recode[input];
    if (row)
        vouch__table_gather(binding->table, binding->column[input], n, row, out);
    else
        vouch_table_read(binding->table, binding->column[input], begin, begin + n, out);
    for (size_t i = 0; recode && i < n; i++)
        if (!isnan(out[i]))
            out[i] = recode[(size_t)out[i]];
}

void vouch__bound_rows(const vouch__binding *binding, size_t begin, size_t n, const uint32_t *row,
                       double *out)
{
    double value[BLOCK];
    size_t width = binding->inputs->n;
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t m = n - at < BLOCK ? n - at : BLOCK;
        for (size_t j = 0; j < width; j++) {
            vouch__bound_column(binding, j, begin + at, m, row ? row + at : NULL, value);
            for (size_t i = 0; i < m; i++)
                out[(at + i) * width + j] = value[i];
        }
    }
}
