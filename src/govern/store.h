/* govern/store.h: the open SQLite store, for govern's own files. Every statement of the product is in one
 * list, prepared once per store on first use. */
#ifndef VOUCH_STORE_H
#define VOUCH_STORE_H

#include "govern/grants.h"

#include <sqlite3.h>

#define VOUCH__ENTRY_COLUMNS "SELECT seq, time, kind, text, hash, signature FROM ledger "

/* clang-format off */
#define VOUCH__SQL_LIST(X)                                                                                   \
    X(BEGIN,         "BEGIN IMMEDIATE")                                                                      \
    X(BEGIN_READ,    "BEGIN")                                                                                \
    X(COMMIT,        "COMMIT")                                                                               \
    X(ROLLBACK,      "ROLLBACK")                                                                             \
    X(INTEGRITY,     "PRAGMA integrity_check(1)")                                                            \
    X(HEAD,          "SELECT seq, time, hash FROM ledger ORDER BY seq DESC LIMIT 1")                         \
    X(APPEND,        "INSERT INTO ledger (seq, time, kind, text, hash, signature) VALUES (?, ?, ?, ?, ?, ?)") \
    X(ENTRY,         VOUCH__ENTRY_COLUMNS "WHERE seq = ?")                                                   \
    X(ENTRIES,       VOUCH__ENTRY_COLUMNS "ORDER BY seq")                                                    \
    X(LATEST,        VOUCH__ENTRY_COLUMNS "WHERE kind = ? ORDER BY seq DESC")                                \
    X(GRANTS,        VOUCH__ENTRY_COLUMNS "WHERE kind IN ('init', 'grant') AND seq > ? ORDER BY seq")        \
    X(MODELS,        VOUCH__ENTRY_COLUMNS "WHERE kind IN ('run', 'sign', 'approve', 'retire') ORDER BY seq") \
    X(MODELS_LAST,   "SELECT max(seq) FROM ledger WHERE kind IN ('approve', 'retire')")                      \
    X(OBJECT_PUT,    "INSERT INTO objects (hash, size, bytes) VALUES (?, ?, ?)")                             \
    X(OBJECT_HAS,    "SELECT size FROM objects WHERE hash = ?")                                              \
    X(OBJECT_GET,    "SELECT size, bytes FROM objects WHERE hash = ?")                                       \
    X(OBJECTS,       "SELECT hash, size, bytes FROM objects ORDER BY hash")                                  \
    X(DECISION_PUT,  "INSERT INTO decisions (seq, pos, id, record, hash) VALUES (?, ?, ?, ?, ?)")            \
    X(DECISION_GET,  "SELECT record, hash FROM decisions WHERE id = ?")                                      \
    X(ANSWER_PUT,    "INSERT INTO answers (seq, pos, key, request, response, hash) VALUES (?, ?, ?, ?, ?, ?)") \
    X(ANSWER_GET,    "SELECT request, response, hash FROM answers WHERE key = ?")                            \
    X(LEAVES,        "SELECT pos, 0, id, record, NULL, hash FROM decisions WHERE seq = ?1 UNION ALL "        \
                     "SELECT pos, 1, key, request, response, hash FROM answers WHERE seq = ?1 ORDER BY 1")   \
    X(LEAF_TOTALS,   "SELECT (SELECT count(*) FROM decisions), (SELECT count(*) FROM answers)")
/* clang-format on */

typedef enum vouch__sql_id {
#define X(name, sql) VOUCH__SQL_##name,
    VOUCH__SQL_LIST(X)
#undef X
        VOUCH__SQL_COUNT
} vouch__sql_id;

enum { VOUCH__HEAD_NONE = 0, VOUCH__ENTRY_MAX = 4 << 20 };

struct vouch_store {
    vouch_alloc alloc;
    sqlite3 *db;
    sqlite3_stmt *stmt[VOUCH__SQL_COUNT];
    char *url;
    bool is_open; /* a transaction is */
    vouch__grants grants;
    /* Objects put since the last entry: the next entry names them, so that losing one is seen. */
    char (*pending)[VOUCH__HEX];
    size_t n_pending;
};

/* A prepared statement, reset and without bindings. It belongs to the store. */
vouch_status vouch__sql(vouch_ctx *ctx, vouch_store *store, vouch__sql_id id, sqlite3_stmt **out_stmt);
/* Bindings are borrowed until vouch__sql_reset. Failures show at the next step. */
void vouch__sql_int(sqlite3_stmt *stmt, int at, int64_t value);
void vouch__sql_text(sqlite3_stmt *stmt, int at, const char *text, size_t len);
void vouch__sql_blob(sqlite3_stmt *stmt, int at, const void *bytes, size_t len);
vouch_status vouch__sql_step(vouch_ctx *ctx, vouch_store *store, sqlite3_stmt *stmt, bool *out_row);
vouch_status vouch__sql_run(vouch_ctx *ctx, vouch_store *store, sqlite3_stmt *stmt); /* no rows; resets */
void vouch__sql_reset(sqlite3_stmt *stmt);
/* What SQLite says, as one of our statuses. */
vouch_status vouch__sql_fail(vouch_ctx *ctx, vouch_store *store);

/* A read transaction: one snapshot for several statements. Ends with vouch__store_rollback. */
vouch_status vouch__store_begin_read(vouch_ctx *ctx, vouch_store *store);

/* Is the column of this type (SQLITE_TEXT, ...) and, unless len is SIZE_MAX, of this length? */
bool vouch__sql_is(sqlite3_stmt *stmt, int at, int type, size_t len);

/* One row of the ledger; the pointers live until the statement's next step. */
typedef struct vouch__ledger_row {
    int64_t seq, time;
    const char *kind, *text;
    size_t len;
    const uint8_t *hash, *signature;
} vouch__ledger_row;

/* Read the row a statement stands on: E_CORRUPT when a column is of the wrong type or size. */
vouch_status vouch__ledger_row_at(vouch_ctx *ctx, sqlite3_stmt *stmt, vouch__ledger_row *out_row);
/* The text is what was hashed, is JSON, and agrees with the columns beside it. */
vouch_status vouch__ledger_row_read(vouch_ctx *ctx, const vouch__ledger_row *row, vouch__doc **out_doc);
/* The signature is by the key the entry names, and that key was granted to the person named. */
vouch_status vouch__ledger_row_signed(vouch_ctx *ctx, const vouch__ledger_row *row, const vouch__json *entry,
                                      const vouch__grants *grants);
/* The roles that may sign entries of this kind whoever asks ("|"-separated); NULL: any role. */
const char *vouch__ledger_roles(const char *kind);
/* seq VOUCH__HEAD_NONE when the ledger is empty. */
vouch_status vouch__ledger_head(vouch_ctx *ctx, vouch_store *store, int64_t *out_seq, int64_t *out_time,
                                uint8_t out_hash[VOUCH__HASH]);

/* Leaves of a "decisions" entry's root: what binds a decision, or a stored answer, to the ledger. */
vouch_status vouch__leaf_decision(vouch_ctx *ctx, const char *id, size_t id_len, const char *record,
                                  size_t record_len, uint8_t out[VOUCH__HASH]);
vouch_status vouch__leaf_answer(vouch_ctx *ctx, const char *key, size_t key_len, const char *request,
                                size_t request_len, const char *response, size_t response_len,
                                uint8_t out[VOUCH__HASH]);

#endif
