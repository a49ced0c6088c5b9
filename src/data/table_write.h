/* data/table_write.h: tables out of the library, as files. */
#ifndef VOUCH_TABLE_WRITE_H
#define VOUCH_TABLE_WRITE_H

#include "data/table.h"

/* A value as a CSV cell: as vouch__table_cell gives it, quoted where it is text. */
void vouch__csv_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out);

typedef struct vouch__csv_column {
    const char *name;
    vouch_type type;
} vouch__csv_column;

typedef struct vouch__csv { /* a header line and rows */
    const char *text;
    size_t len, n_columns;
    const vouch__csv_column *column; /* as the header names them */
} vouch__csv;

/* Write CSV as a Parquet file at path, through DuckDB. The file is whole or not there. duckdb: as in
 * vouch_source. Fails E_UNAVAILABLE, E_IO */
vouch_status vouch__parquet_write(vouch_ctx *ctx, const char *duckdb, const vouch__csv *csv,
                                  const char *path);

#endif
