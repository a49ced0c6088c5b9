/* monitor/sketch_set.h: every column of a data set as a sketch: enough to measure drift, too little to know a
 * row, of one size whatever the rows, and to be merged: twelve months make a year. */
#ifndef VOUCH_SKETCH_SET_H
#define VOUCH_SKETCH_SET_H

#include "base/text.h"
#include "num/sketch.h"
#include "num/tally.h"
#include "vouch/data.h"

typedef struct vouch__sketch_column {
    char *name;
    vouch_type type;
    vouch__sketch *numbers; /* unless TEXT */
    vouch__tally *texts;    /* TEXT */
} vouch__sketch_column;

typedef struct vouch__sketch_set {
    vouch_alloc alloc;
    size_t cols;
    vouch__sketch_column *col;
    double rows;
} vouch__sketch_set;

/* Read a source once, without keeping its rows: as many columns at a time as go into some 400 KB each, files
 * of columns (Parquet) 64 at a time. only, without (may be NULL): names between commas. A name ending in
 * .sketch is a stored set. Values go into their sketches in the order that DuckDB gives rows: of files that
 * is their own, so the same files give the same bits on any number of threads. Of a stored set too only the
 * wanted columns are taken.
 * stage: what progress is called. Fails as vouch_table_open does, but needs no id. */
typedef struct vouch__sketch_options {
    const char *stage, *only, *without;
} vouch__sketch_options;
vouch_status vouch__sketch_set_open(vouch_ctx *ctx, const vouch_source *source,
                                    const vouch__sketch_options *options, vouch__sketch_set **out_set);
void vouch__sketch_set_free(vouch__sketch_set *set); /* NULL is fine */
/* The name of a stored set. */
bool vouch__is_sketch_file(const char *name);

/* Rows that have a value. */
double vouch__sketch_column_count(const vouch__sketch_column *column);
size_t vouch__sketch_set_find(const vouch__sketch_set *set, const char *name); /* SIZE_MAX: none */

/* Add the rows of `from`. Fails  E_DATA  a column is missing on one side, or of another kind there */
vouch_status vouch__sketch_set_merge(vouch_ctx *ctx, vouch__sketch_set *into, const vouch__sketch_set *from);

/* "VSKETCH1", length, columns, SHA-256; the same set gives the same bytes. */
vouch_status vouch__sketch_set_write(vouch_ctx *ctx, const vouch__sketch_set *set, vouch__buf *out);
/* Fails  E_FORMAT  the bytes are not a set's, or not whole */
vouch_status vouch__sketch_set_read(vouch_ctx *ctx, const char *name, const void *bytes, size_t len,
                                    vouch__sketch_set **out_set);

#endif
