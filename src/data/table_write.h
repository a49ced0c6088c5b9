/* data/table_write.h: tables out of the library, as files. */
#ifndef VOUCH_TABLE_WRITE_H
#define VOUCH_TABLE_WRITE_H

#include "data/table.h"

/* A value as a CSV cell: as vouch__table_cell gives it, quoted where it is text. */
void vouch__csv_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out);

/* Write CSV text (a header line and rows) as a Parquet file at path, through DuckDB, which decides on types
 * from all rows. The file is whole or not there. duckdb: as in vouch_source. Fails E_UNAVAILABLE, E_IO */
vouch_status vouch__parquet_write(vouch_ctx *ctx, const char *duckdb, const char *csv, size_t len,
                                  const char *path);

#endif
