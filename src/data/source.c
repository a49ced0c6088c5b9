/* Reading a source into a table, rows in order of their id.
 *
 * DuckDB hands rows over as it finds them; they are stored narrowly at once and put in order here, where the
 * order costs one sort of the id column and one column's worth of memory, and a source that is in order
 * already costs a look. */
#include "data/duckdb_scan.h"
#include "data/table_form.h"

#include "num/rank.h"

#include <math.h>
#include <string.h>

typedef struct intake {
    vouch__table_builder *builder;
    double **code; /* [cols] codes of one batch, for TEXT columns */
    size_t cols, room;
} intake;

static void intake_clear(vouch_ctx *ctx, intake *in)
{
    const vouch_alloc *alloc = vouch__allocator(ctx);
    vouch__table_builder_free(in->builder);
    for (size_t j = 0; in->code && j < in->cols; j++)
        vouch__free(alloc, in->code[j]);
    vouch__free(alloc, in->code);
    *in = (intake){ .builder = NULL };
}

static vouch_status begin(vouch_ctx *ctx, const vouch__batch *shape, void *arg)
{
    intake *in = arg;
    intake_clear(ctx, in);
    in->code = vouch__alloc(ctx, shape->cols, sizeof *in->code);
    if (!in->code)
        return vouch__oom(ctx);
    in->cols = shape->cols;
    return vouch__table_builder_new(ctx, shape->cols, shape->name, shape->type, &in->builder);
}

static vouch_status intern(vouch_ctx *ctx, intake *in, size_t j, size_t n, const vouch__span *text)
{
    for (size_t i = 0; i < n; i++) {
        in->code[j][i] = NAN;
        vouch_status status = text[i].at ? vouch__table_intern(ctx, in->builder, j, text[i].at, text[i].len,
                                                               &in->code[j][i])
                                         : VOUCH_OK;
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status rows(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    intake *in = arg;
    size_t mark = vouch__scratch_mark(ctx);
    const double **value = vouch__scratch(ctx, batch->cols, sizeof *value);
    vouch_status status = VOUCH_OK;
    if (!value)
        return vouch__oom(ctx);
    for (size_t j = 0; j < batch->cols && !status; j++) {
        value[j] = batch->value[j];
        if (batch->type[j] != VOUCH_TEXT)
            continue;
        if (batch->n > in->room || !in->code[j]) {
            double *grown = vouch__resize(vouch__allocator(ctx), in->code[j],
                                          batch->n > in->room ? batch->n : in->room, sizeof *grown);
            if (!grown) {
                status = vouch__oom(ctx);
                break;
            }
            in->code[j] = grown;
        }
        status = intern(ctx, in, j, batch->n, batch->text[j]);
        value[j] = in->code[j];
    }
    in->room = batch->n > in->room ? batch->n : in->room;
    if (!status)
        status = vouch__table_builder_add(ctx, in->builder, batch->n, value, NULL);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The same id twice: say which, as people write it. */
static vouch_status repeated(vouch_ctx *ctx, const char *name, const vouch_table *table, size_t col,
                             size_t row)
{
    vouch__buf cell;
    vouch__buf_init(ctx, &cell, 0);
    vouch__table_cell(table, col, row, &cell);
    vouch_status status = vouch__buf_status(ctx, &cell);
    if (!status)
        status = vouch__fail(ctx, VOUCH_E_DATA, "read: %s: id %s '%.200s' stands in more than one row", name,
                             vouch_table_name(table, col), cell.at);
    vouch__buf_free(&cell);
    return status;
}

static vouch_status in_order(vouch_ctx *ctx, const char *name, vouch_table *table, size_t col)
{
    size_t n = vouch_table_rows(table), missing = 0, descents = 0;
    size_t mark = vouch__scratch_mark(ctx);
    double *id = vouch__scratch(ctx, n, sizeof *id);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    vouch_status status = VOUCH_OK;
    if (!id || !order) {
        status = vouch__oom(ctx);
        goto done;
    }
    vouch_table_read(table, col, 0, n, id);
    for (size_t i = 0; i < n; i++)
        missing += isnan(id[i]) ? 1 : 0;
    for (size_t i = 1; i < n; i++)
        descents += !(id[i] > id[i - 1]);
    if (missing)
        status = vouch__fail(ctx, VOUCH_E_DATA, "read: id %s is missing in %zu rows",
                             vouch_table_name(table, col), missing);
    if (status || descents == 0)
        goto done;
    status = vouch__order(ctx, n, id, order);
    for (size_t i = 1; i < n && !status; i++)
        if (id[order[i]] == id[order[i - 1]])
            status = repeated(ctx, name, table, col, order[i]);
    if (!status)
        status = vouch__table_reorder(ctx, table, order);
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__id_column(vouch_ctx *ctx, const char *name, size_t cols, const char *const *column,
                              const char *id, size_t *out_col)
{
    for (size_t j = 0; j < cols; j++)
        if (!strcmp(column[j], id)) {
            *out_col = j;
            return VOUCH_OK;
        }
    const char *near = vouch__nearest(id, column, cols);
    if (near)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "read: %s has no id column '%s'%s", name, id,
                           vouch__did_you_mean(near).text);
    return vouch__fail(ctx, VOUCH_E_NOTFOUND, "read: %s has no id column '%s'; its first column is '%s'",
                       name, id, cols ? column[0] : "");
}

static vouch_status find_id(vouch_ctx *ctx, const vouch__place *place, const vouch_table *table,
                            const char *id, size_t *out_col)
{
    size_t cols = vouch_table_cols(table);
    size_t mark = vouch__scratch_mark(ctx);
    const char **name = vouch__scratch(ctx, cols, sizeof *name);
    if (!name)
        return vouch__oom(ctx);
    for (size_t j = 0; j < cols; j++)
        name[j] = vouch_table_name(table, j);
    vouch_status status = vouch__id_column(ctx, place->name, cols, name, id, out_col);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_table_open(vouch_ctx *ctx, const vouch_source *source, vouch_table **out_table)
{
    intake in = { .builder = NULL };
    vouch_table *table = NULL;
    size_t id = 0;
    vouch__place place;
    const vouch__scan_options options = { .stage = "read" };
    const vouch__sink sink = { .begin = begin, .rows = rows, .arg = &in };
    vouch_status status = vouch__place_make(ctx, source, &place);
    if (status)
        return status;
    if (!source->id && place.form != VOUCH__FILE) {
        status = vouch__fail(ctx, VOUCH_E_ARG, "read: a %s gives rows in no fixed order: name an id column",
                             place.form == VOUCH__GLOB ? "glob" : "query");
        goto done;
    }
    status = vouch__scan(ctx, source, &place, &options, &sink);
    if (!status)
        status = vouch__table_builder_end(ctx, in.builder, &table);
    if (!status && source->id)
        status = find_id(ctx, &place, table, source->id, &id);
    if (!status && source->id)
        status = in_order(ctx, place.name, table, id);
    if (status)
        goto done;
    *out_table = table;
    table = NULL;
done:
    vouch_table_unref(table);
    intake_clear(ctx, &in);
    vouch__place_clear(ctx, &place);
    return status;
}
