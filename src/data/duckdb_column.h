/* data/duckdb_column.h: DuckDB's columns as ours. */
#ifndef VOUCH_DUCKDB_COLUMN_H
#define VOUCH_DUCKDB_COLUMN_H

#include "data/duckdb_api.h"
#include "vouch/data.h"

typedef struct vouch__span { /* text without its NUL; at NULL: missing */
    const char *at;
    size_t len;
} vouch__span;

typedef struct vouch__duckdb_column {
    duckdb_kind kind; /* as it lies in the vector: a decimal's own integer type */
    bool is_decimal;
    uint8_t scale;
    vouch_type type;
    double *value;     /* [vector size], unless TEXT */
    vouch__span *text; /* [vector size], when TEXT */
} vouch__duckdb_column;

/* How a column can be read: as it is, by asking for it as text, or not at all. */
typedef enum vouch__duckdb_way { VOUCH__AS_IS, VOUCH__AS_TEXT, VOUCH__NOT } vouch__duckdb_way;
vouch__duckdb_way vouch__duckdb_column_type(const vouch__duckdb *api, duckdb_answer *result, uint64_t col,
                                            vouch__duckdb_column *out_column);
const char *vouch__duckdb_kind_name(duckdb_kind kind);

/* Convert the first n values of a vector. Returns n, or the row of the first value that a double can't hold
 * exactly: a whole number beyond 2^53, a date or time that stands for infinity. */
size_t vouch__duckdb_column_read(const vouch__duckdb *api, duckdb_handle vector, size_t n,
                                 vouch__duckdb_column *column);

#endif
