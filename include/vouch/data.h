/* vouch/data.h: tables, where they are read from, and a portrait of what is in them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_DATA_H
#define VOUCH_DATA_H

#include "vouch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowArrayStream; /* the Arrow C stream interface; bring your own definition */

/* An immutable, reference-counted set of named columns of equal length. */
typedef struct vouch_table vouch_table;

typedef enum vouch_type {
    VOUCH_NUMBER,  /* a double */
    VOUCH_INTEGER, /* a whole number; exact to 2^53 */
    VOUCH_FLAG,    /* true or false */
    VOUCH_TEXT,    /* a code into the column's sorted list of distinct texts */
    VOUCH_DATE,    /* days since 1970-01-01 */
    VOUCH_TIME     /* microseconds since 1970, UTC */
} vouch_type;
VOUCH_API const char *vouch_type_name(vouch_type type); /* "number", "integer", ... */

VOUCH_API size_t vouch_table_rows(const vouch_table *table);
VOUCH_API size_t vouch_table_cols(const vouch_table *table);
VOUCH_API const char *vouch_table_name(const vouch_table *table, size_t col);
VOUCH_API vouch_type vouch_table_type(const vouch_table *table, size_t col);
/* The column of that name, exactly; SIZE_MAX when there is none. */
VOUCH_API size_t vouch_table_find(const vouch_table *table, const char *name);
/* The same where it must be there: E_NOTFOUND says "no column 'x'", and which name was perhaps meant. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_table_column(vouch_ctx *ctx, const vouch_table *table,
                                                         const char *name, size_t *out_col);
/* Distinct texts of a TEXT column, sorted by bytes. */
VOUCH_API size_t vouch_table_categories(const vouch_table *table, size_t col);
VOUCH_API const char *vouch_table_category(const vouch_table *table, size_t col, size_t code);
/* Values of rows [begin, end) as doubles: missing NaN, flags 0 and 1, text its code, dates days,
 * times microseconds. */
VOUCH_API void vouch_table_read(const vouch_table *table, size_t col, size_t begin, size_t end, double *out);
VOUCH_API vouch_table *vouch_table_ref(const vouch_table *table);
VOUCH_API void vouch_table_unref(const vouch_table *table); /* NULL is fine */

/* Take every batch of stream. On OK the stream has been moved from (its release is NULL). On
 * failure it is still the caller's to release, though batches may have been read. Lengths, offsets,
 * UTF-8 and types are checked, so a hostile producer yields E_FORMAT, not a crash. Accepted: null, bool,
 * int8..int64, uint8..uint64, float, double, utf8, large_utf8, date32, timestamp (any unit), dictionary
 * of text. Others are refused by name. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_table_import(vouch_ctx *ctx, struct ArrowArrayStream *stream,
                                                         vouch_table **out_table);
/* Lend the table as a stream. The stream holds a reference. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_table_export(vouch_ctx *ctx, const vouch_table *table,
                                                         struct ArrowArrayStream *out_stream);

/* Where rows come from: anything DuckDB reads. source is a file (CSV, Parquet, JSON, by ending), a glob, or
 * a query (it begins with SELECT, WITH or FROM). Relative files are found from folder. */
typedef struct vouch_source {
    const char *source;
    const char *folder; /* NULL: the current one */
    const char *id;     /* rows come in order of this column; duplicates and nulls are refused. NULL: a single
                           file, in its own order */
    const char *duckdb; /* path of libduckdb; NULL: beside the program, then the system's search path */
    size_t memory_bytes; /* what DuckDB may hold; 0: 384 MiB */
    /* Whether a CSV file's column is text though all its values look like flags, numbers or dates; NULL: none
     * is. vouch_model_takes_text says it of a model, which is `of` then. */
    int (*is_text)(const void *of, const char *column);
    const void *of;
} vouch_source;

/* Read all rows into a table, columns stored as narrowly as their values allow.
 * Fails  E_UNAVAILABLE  DuckDB is absent (the message says how to install it)
 *        E_NOTFOUND     no such file or id column;  E_FORMAT  malformed file
 *        E_DATA         duplicate or missing id (named), over 2^32 - 2 rows
 *        E_CANCELLED */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_table_open(vouch_ctx *ctx, const vouch_source *source,
                                                       vouch_table **out_table);

/* A portrait of every column in one pass and bounded memory, without keeping the rows: a table with columns
 * name, type, rows, missing, distinct, minimum, p1, p25, median, p75, p99, maximum, mean, sd, top (most
 * frequent value), top_share. Dates and times count as days and microseconds. distinct and top are exact to
 * 12,000 distinct values, then estimated; quantiles are of a bottom-k sample of 100,000 rows by a hash of row
 * number. Files are read in their own order, queries in order of id, so the same input gives the same
 * portrait on any number of threads. Fails  as vouch_table_open, but ids may repeat;  E_ARG  a query without
 * an id */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_data_profile(vouch_ctx *ctx, const vouch_source *source,
                                                         vouch_table **out_profile);

/* Loans with known truth, as CSV at path, sorted by id. fault: "none", "leak", "proxy" or "drift" (NULL:
 * none). Columns and the true model are described in docs/data.md. The same arguments give the same bytes. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_simulate_credit(vouch_ctx *ctx, size_t rows, uint64_t seed,
                                                            const char *fault, const char *path);

#ifdef __cplusplus
}
#endif
#endif
