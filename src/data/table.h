/* data/table.h: tables inside the library: how they are built, fingerprinted and cut. */
#ifndef VOUCH_TABLE_H
#define VOUCH_TABLE_H

#include "base/hash.h"
#include "base/text.h"
#include "vouch/data.h"

/* Types whose values can be compared are of one kind: numbers, whole numbers and flags are. */
static inline vouch_type vouch__type_kind(vouch_type type)
{
    return type == VOUCH_INTEGER || type == VOUCH_FLAG ? VOUCH_NUMBER : type;
}

/* A table grows by blocks of rows; each column of each block is then stored in the narrowest
 * form that holds its values exactly, so a million rows of small integers cost a byte each. */
typedef struct vouch__table_builder vouch__table_builder;

vouch_status vouch__table_builder_new(vouch_ctx *ctx, size_t cols, const char *const *name,
                                      const vouch_type *type, vouch__table_builder **out_builder);
void vouch__table_builder_free(vouch__table_builder *builder); /* NULL is fine */
/* Add n rows: column j's values are value[j][n] (as vouch_table_read gives them); for TEXT columns text[j][n]
 * holds the strings instead, NULL where missing. A TEXT column whose text[j] is NULL (or all of text) gives
 * codes from vouch__table_intern in value[j]. After a failure the builder can only be freed.
 * Fails  E_DATA  a whole-number type gets a fraction or a value beyond 2^53, a flag anything but 0 and 1;
 *                over 2^32 - 2 rows */
vouch_status vouch__table_builder_add(vouch_ctx *ctx, vouch__table_builder *builder, size_t n,
                                      const double *const *value, const char *const *const *text);
/* The code by which a text may be added to column col; text need not end with NUL, and may hold none. */
vouch_status vouch__table_intern(vouch_ctx *ctx, vouch__table_builder *builder, size_t col, const char *text,
                                 size_t len, double *out_code);
/* On OK the builder is empty and wants only vouch__table_builder_free. */
vouch_status vouch__table_builder_end(vouch_ctx *ctx, vouch__table_builder *builder, vouch_table **out_table);

/* SHA-256 over names, types and every value in row order (text as text, not code): equal for equal content,
 * however it was read. Kept by the table after the first call from its owner. */
vouch_status vouch__table_fingerprint(vouch_ctx *ctx, const vouch_table *table, char out_hex[VOUCH__HEX]);

/* The column whose name is most like this one; NULL when none is near. */
const char *vouch__table_nearest(vouch_ctx *ctx, const vouch_table *table, const char *name);
/* Values of the given rows (ascending). */
void vouch__table_gather(const vouch_table *table, size_t col, size_t n, const uint32_t *row, double *out);

/* A value as people read it: text as it is, dates as 2026-01-31, numbers shortest, missing as "". */
void vouch__table_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out);
/* The same of a value of any type but TEXT. Not missing. */
void vouch__value_text(vouch_type type, double x, vouch__buf *out);

#endif
