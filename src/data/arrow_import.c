/* Taking a table from an Arrow stream. The values are copied into narrow blocks as they come, so that nothing
 * of the producer's is held when the call returns. */
#include "data/arrow_column.h"

#include <string.h>

enum { SLICE = 4096, MAX_COLS = 32768 };

typedef struct import {
    vouch_ctx *ctx;
    struct ArrowArrayStream *stream;
    struct ArrowSchema schema;
    size_t cols;
    vouch__arrow_column *col;
    double **value; /* [cols][SLICE] */
    double **code;  /* [cols] of a dictionary, for one batch */
    vouch__table_builder *builder;
} import;

static vouch_status producer_failed(const import *in, int error)
{
    char line[200] = "no reason given";
    const char *said = in->stream->get_last_error ? in->stream->get_last_error(in->stream) : NULL;
    if (said && *said) {
        size_t len = strnlen(said, sizeof line - 1);
        memcpy(line, said, len);
        line[len] = '\0';
    }
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    return vouch__fail(in->ctx, VOUCH_E_IO, "import: the stream failed with error %d: %s", error, line);
}

static vouch_status read_schema(import *in)
{
    int error = in->stream->get_schema(in->stream, &in->schema);
    const struct ArrowSchema *schema = &in->schema;
    if (error) {
        in->schema.release = NULL; /* nothing was handed over */
        return producer_failed(in, error);
    }
    if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0)
        return vouch__fail(in->ctx, VOUCH_E_FORMAT,
                           "import: the stream is not one of tables (format '%.20s')",
                           schema->format ? schema->format : "");
    if (schema->n_children < 0 || schema->n_children > MAX_COLS ||
        (schema->n_children > 0 && !schema->children))
        return vouch__fail(in->ctx, VOUCH_E_FORMAT, "import: the schema announces %lld columns",
                           (long long)schema->n_children);
    in->cols = (size_t)schema->n_children;
    return VOUCH_OK;
}

static vouch_status make_columns(import *in)
{
    vouch_ctx *ctx = in->ctx;
    const char **name = vouch__scratch(ctx, in->cols, sizeof *name);
    vouch_type *type = vouch__scratch(ctx, in->cols, sizeof *type);
    in->col = vouch__scratch(ctx, in->cols, sizeof *in->col);
    in->value = vouch__scratch(ctx, in->cols, sizeof *in->value);
    in->code = vouch__scratch(ctx, in->cols, sizeof *in->code);
    if (!name || !type || !in->col || !in->value || !in->code)
        return vouch__oom(ctx);
    for (size_t j = 0; j < in->cols; j++) {
        if (!in->schema.children[j])
            return vouch__fail(ctx, VOUCH_E_FORMAT, "import: column %zu has no schema", j);
        vouch_status status = vouch__arrow_column_make(ctx, in->schema.children[j], &in->col[j]);
        if (status)
            return status;
        name[j] = in->col[j].name;
        type[j] = in->col[j].type;
        in->value[j] = vouch__scratch(ctx, SLICE, sizeof **in->value);
        if (!in->value[j])
            return vouch__oom(ctx);
    }
    return vouch__table_builder_new(ctx, in->cols, name, type, &in->builder);
}

/* The batch as a whole: a struct with one child a column and no rows that are null. */
static vouch_status check_batch(const import *in, const struct ArrowArray *batch)
{
    vouch_ctx *ctx = in->ctx;
    if (batch->length < 0 || batch->length > UINT32_MAX || batch->offset < 0 || batch->offset > UINT32_MAX)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a batch's length or offset is out of range");
    if (batch->n_children != (int64_t)in->cols || (in->cols > 0 && !batch->children))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a batch has %lld columns, its schema %zu",
                           (long long)batch->n_children, in->cols);
    if (batch->n_buffers < 0 || batch->n_buffers > 1 || (batch->n_buffers == 1 && !batch->buffers))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a batch has %lld buffers, must be 1",
                           (long long)batch->n_buffers);
    const uint8_t *mask = batch->n_buffers == 1 ? batch->buffers[0] : NULL;
    for (int64_t i = batch->offset; mask && batch->null_count != 0 && i < batch->offset + batch->length; i++)
        if (!(mask[i / 8] >> (i % 8) & 1))
            return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a batch has rows that are null as a whole");
    for (size_t j = 0; j < in->cols; j++) {
        if (!batch->children[j])
            return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a batch lacks column %zu", j);
        vouch_status status = vouch__arrow_column_check(ctx, &in->col[j], batch->children[j],
                                                        batch->offset + batch->length);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status make_codes(import *in, const struct ArrowArray *batch)
{
    for (size_t j = 0; j < in->cols; j++) {
        in->code[j] = NULL;
        if (!in->col[j].is_dictionary)
            continue;
        size_t n = (size_t)batch->children[j]->dictionary->length;
        in->code[j] = vouch__scratch(in->ctx, n, sizeof **in->code);
        if (!in->code[j])
            return vouch__oom(in->ctx);
        for (size_t k = 0; k < n; k++)
            in->code[j][k] = -1;
    }
    return VOUCH_OK;
}

static vouch_status take_batch(import *in, const struct ArrowArray *batch)
{
    size_t mark = vouch__scratch_mark(in->ctx);
    vouch_status status = check_batch(in, batch);
    if (!status)
        status = make_codes(in, batch);
    for (int64_t begin = 0; begin < batch->length && !status; begin += SLICE) {
        int64_t n = batch->length - begin < SLICE ? batch->length - begin : SLICE;
        for (size_t j = 0; j < in->cols && !status; j++)
            status = vouch__arrow_column_read(in->ctx, &in->col[j], batch->children[j], batch->offset + begin,
                                              n, in->builder, j, in->code[j], in->value[j]);
        if (!status)
            status = vouch__table_builder_add(in->ctx, in->builder, (size_t)n,
                                              (const double *const *)in->value, NULL);
        if (!status)
            status = vouch__poll(in->ctx);
    }
    vouch__scratch_reset(in->ctx, mark);
    return status;
}

static vouch_status take_all(import *in)
{
    for (;;) {
        struct ArrowArray batch = { .release = NULL };
        int error = in->stream->get_next(in->stream, &batch);
        if (error)
            return producer_failed(in, error);
        if (!batch.release)
            return VOUCH_OK;
        vouch_status status = take_batch(in, &batch);
        batch.release(&batch);
        if (status)
            return status;
    }
}

vouch_status vouch_table_import(vouch_ctx *ctx, struct ArrowArrayStream *stream, vouch_table **out_table)
{
import in = {.ctx = ctx, .stream = stream };
    vouch_table *table = NULL;
    size_t mark = vouch__scratch_mark(ctx);
    if (!stream->release)
        return vouch__fail(ctx, VOUCH_E_ARG, "import: the stream has been released");
    vouch_status status = read_schema(&in);
    if (!status)
        status = make_columns(&in);
    if (!status)
        status = take_all(&in);
    if (!status)
        status = vouch__table_builder_end(ctx, in.builder, &table);
    if (in.schema.release)
        in.schema.release(&in.schema);
    vouch__table_builder_free(in.builder);
    vouch__scratch_reset(ctx, mark);
    if (status)
        return status;
    stream->release(stream);
    stream->release = NULL;
    *out_table = table;
    return VOUCH_OK;
}
