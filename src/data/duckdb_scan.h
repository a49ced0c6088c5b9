/* data/duckdb_scan.h: the rows of a source, batch by batch. */
#ifndef VOUCH_DUCKDB_SCAN_H
#define VOUCH_DUCKDB_SCAN_H

#include "data/duckdb_column.h"
#include "data/duckdb_sql.h"

typedef struct vouch__batch {
    size_t n, cols;
    const char *const *name;
    const vouch_type *type;
    const double *const *value;     /* [cols][n]; NULL for TEXT */
    const vouch__span *const *text; /* [cols][n]; NULL unless TEXT */
} vouch__batch;

/* begin is called before the first rows, and again when reading has to start over with other types: what came
 * before is then void. Its batch has no rows yet. */
typedef struct vouch__sink {
    vouch_status (*begin)(vouch_ctx *ctx, const vouch__batch *shape, void *arg);
    vouch_status (*rows)(vouch_ctx *ctx, const vouch__batch *batch, void *arg);
    void *arg;
} vouch__sink;

/* Where several tries have to agree on more than the sink sees. */
typedef struct vouch__scan_options {
    const char *stage;    /* for progress */
    vouch__wanted wanted; /* without order_by: files in their own order, queries in none */
    size_t part, parts;   /* this is one of several scans of one piece of work; 0, 0: it is all */
} vouch__scan_options;

/* Fails as vouch_table_open does, and as the sink does. */
vouch_status vouch__scan(vouch_ctx *ctx, const vouch_source *source, const vouch__place *place,
                         const vouch__scan_options *options, const vouch__sink *sink);

/* Which of a source's columns is the id; E_NOTFOUND with the nearest name. */
vouch_status vouch__id_column(vouch_ctx *ctx, const char *name, size_t cols, const char *const *column,
                              const char *id, size_t *out_col);

#endif
