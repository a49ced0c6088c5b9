/* data/duckdb_api.h: the part of DuckDB's C interface that is used, declared here so that building needs
 * neither its header nor its library. Types and layouts are those of duckdb.h 1.4; the interface is stable
 * since 1.2. */
#ifndef VOUCH_DUCKDB_API_H
#define VOUCH_DUCKDB_API_H

#include "base/ctx.h"

typedef struct duckdb_handle { /* every DuckDB object is a pointer to one of these */
    void *internal;
} * duckdb_handle;

enum { DUCKDB_SUCCESS, DUCKDB_ERROR };
enum { DUCKDB_READY, DUCKDB_NOT_READY, DUCKDB_PENDING_ERROR, DUCKDB_NO_TASKS };

typedef enum duckdb_kind {
    DUCKDB_BOOLEAN = 1,
    DUCKDB_TINYINT,
    DUCKDB_SMALLINT,
    DUCKDB_INTEGER,
    DUCKDB_BIGINT,
    DUCKDB_UTINYINT,
    DUCKDB_USMALLINT,
    DUCKDB_UINTEGER,
    DUCKDB_UBIGINT,
    DUCKDB_FLOAT,
    DUCKDB_DOUBLE,
    DUCKDB_TIMESTAMP,
    DUCKDB_DATE,
    DUCKDB_TIME,
    DUCKDB_INTERVAL,
    DUCKDB_HUGEINT,
    DUCKDB_VARCHAR,
    DUCKDB_BLOB,
    DUCKDB_DECIMAL,
    DUCKDB_TIMESTAMP_S,
    DUCKDB_TIMESTAMP_MS,
    DUCKDB_TIMESTAMP_NS,
    DUCKDB_ENUM,
    DUCKDB_LIST,
    DUCKDB_STRUCT,
    DUCKDB_MAP,
    DUCKDB_UUID,
    DUCKDB_UNION,
    DUCKDB_BIT,
    DUCKDB_TIME_TZ,
    DUCKDB_TIMESTAMP_TZ,
    DUCKDB_UHUGEINT,
    DUCKDB_ARRAY,
    DUCKDB_BIGNUM = 35,
    DUCKDB_SQLNULL,
    DUCKDB_TIME_NS = 39
} duckdb_kind;

typedef struct duckdb_answer { /* duckdb_result; only the last member is ours to pass on */
    uint64_t unused[3];
    void *unused_columns;
    char *unused_error;
    void *internal;
} duckdb_answer;

typedef union duckdb_string { /* duckdb_string_t, 16 bytes: short texts lie in line */
    struct {
        uint32_t len;
        char at[12];
    } inlined;
    struct {
        uint32_t len;
        char prefix[4];
        const char *at;
    } pointer;
} duckdb_string;
enum { DUCKDB_INLINED = 12 };

typedef struct duckdb_huge {
    uint64_t lower;
    int64_t upper;
} duckdb_huge;

typedef struct duckdb_progress {
    double percentage; /* -1 when not known */
    uint64_t done, total;
} duckdb_progress;

/* clang-format off */
#define DUCKDB_API_LIST(X)                                                                      \
    X(create_config, int, (duckdb_handle *out))                                                 \
    X(set_config, int, (duckdb_handle config, const char *name, const char *value))             \
    X(destroy_config, void, (duckdb_handle *config))                                            \
    X(open_ext, int, (const char *path, duckdb_handle *out, duckdb_handle config, char **error))\
    X(close, void, (duckdb_handle *database))                                                   \
    X(connect, int, (duckdb_handle database, duckdb_handle *out))                               \
    X(disconnect, void, (duckdb_handle *connection))                                            \
    X(interrupt, void, (duckdb_handle connection))                                              \
    X(query_progress, duckdb_progress, (duckdb_handle connection))                              \
    X(free, void, (void *ptr))                                                                  \
    X(query, int, (duckdb_handle connection, const char *sql, duckdb_answer *out))              \
    X(prepare, int, (duckdb_handle connection, const char *sql, duckdb_handle *out))            \
    X(prepare_error, const char *, (duckdb_handle statement))                                   \
    X(destroy_prepare, void, (duckdb_handle *statement))                                        \
    X(prepared_statement_type, int, (duckdb_handle statement))                                  \
    X(pending_prepared_streaming, int, (duckdb_handle statement, duckdb_handle *out))           \
    X(pending_execute_task, int, (duckdb_handle pending))                                       \
    X(pending_error, const char *, (duckdb_handle pending))                                     \
    X(execute_pending, int, (duckdb_handle pending, duckdb_answer *out))                        \
    X(destroy_pending, void, (duckdb_handle *pending))                                          \
    X(destroy_result, void, (duckdb_answer *result))                                            \
    X(result_error, const char *, (duckdb_answer *result))                                      \
    X(column_count, uint64_t, (duckdb_answer *result))                                          \
    X(column_name, const char *, (duckdb_answer *result, uint64_t col))                         \
    X(column_type, int, (duckdb_answer *result, uint64_t col))                                  \
    X(column_logical_type, duckdb_handle, (duckdb_answer *result, uint64_t col))                \
    X(destroy_logical_type, void, (duckdb_handle *type))                                        \
    X(decimal_scale, uint8_t, (duckdb_handle type))                                             \
    X(decimal_internal_type, int, (duckdb_handle type))                                         \
    X(fetch_chunk, duckdb_handle, (duckdb_answer result))                                       \
    X(destroy_data_chunk, void, (duckdb_handle *chunk))                                         \
    X(data_chunk_get_size, uint64_t, (duckdb_handle chunk))                                     \
    X(data_chunk_get_vector, duckdb_handle, (duckdb_handle chunk, uint64_t col))                \
    X(vector_get_data, void *, (duckdb_handle vector))                                          \
    X(vector_get_validity, uint64_t *, (duckdb_handle vector))                                  \
    X(vector_size, uint64_t, (void))
/* clang-format on */

typedef struct vouch__duckdb {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration can't have them */
#define X(name, type, arguments) type(*name) arguments;
    DUCKDB_API_LIST(X)
#undef X
} vouch__duckdb;

/* Load libduckdb from path, or, when NULL, from beside the program, from lib/ beside its folder, or from
 * where the system looks. It is never unloaded: its threads' own clean-up may still run. Fails  E_UNAVAILABLE
 * it is not there or is not a DuckDB of this interface; the message says how to get it */
vouch_status vouch__duckdb_load(vouch_ctx *ctx, const char *path, vouch__duckdb *out_api);

#endif
