/* data/arrow_column.h: one column of an Arrow stream as ours. */
#ifndef VOUCH_ARROW_COLUMN_H
#define VOUCH_ARROW_COLUMN_H

#include "data/arrow.h"
#include "data/table.h"

typedef enum vouch__arrow_form {
    VOUCH__ARROW_NULL,
    VOUCH__ARROW_BOOL,
    VOUCH__ARROW_INT8,
    VOUCH__ARROW_UINT8,
    VOUCH__ARROW_INT16,
    VOUCH__ARROW_UINT16,
    VOUCH__ARROW_INT32,
    VOUCH__ARROW_UINT32,
    VOUCH__ARROW_INT64,
    VOUCH__ARROW_UINT64,
    VOUCH__ARROW_FLOAT,
    VOUCH__ARROW_DOUBLE,
    VOUCH__ARROW_UTF8,
    VOUCH__ARROW_LARGE_UTF8,
    VOUCH__ARROW_DATE32,
    VOUCH__ARROW_SECONDS,
    VOUCH__ARROW_MILLIS,
    VOUCH__ARROW_MICROS,
    VOUCH__ARROW_NANOS
} vouch__arrow_form;

typedef struct vouch__arrow_column {
    const char *name;
    vouch__arrow_form form; /* of a dictionary column: its indices */
    bool is_dictionary;
    vouch__arrow_form text; /* of the dictionary's texts */
    vouch_type type;
} vouch__arrow_column;

/* Fails  E_FORMAT  a type that is not accepted, by column and format */
vouch_status vouch__arrow_column_make(vouch_ctx *ctx, const struct ArrowSchema *schema,
                                      vouch__arrow_column *out_column);

/* Hold an array against its column: buffers, children, and rows [0, need). */
vouch_status vouch__arrow_column_check(vouch_ctx *ctx, const vouch__arrow_column *column,
                                       const struct ArrowArray *array, int64_t need);

/* Rows [begin, begin + n) of a checked array into out; texts go to column col of builder. code[dictionary
 * length], first all -1, keeps the codes of a dictionary between calls. */
vouch_status vouch__arrow_column_read(vouch_ctx *ctx, const vouch__arrow_column *column,
                                      const struct ArrowArray *array, int64_t begin, int64_t n,
                                      vouch__table_builder *builder, size_t col, double *code, double *out);

#endif
