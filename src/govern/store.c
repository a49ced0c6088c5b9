/* The store: one SQLite file, in WAL mode with a full sync at every commit, so that what was acknowledged
 * survives a killed process and a lost power supply alike.
 *
 * Writers take the lock when they begin (BEGIN IMMEDIATE) and wait up to ten seconds for it; a reader sees
 * one snapshot and never waits. The file is made with mode 0600: it holds decisions about people. */
#include "govern/store.h"

#include "base/file.h"
#include "govern/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SCHEMA = 1, APPLICATION = 0x766f7563 /* "vouc" */, BUSY_MS = 10000 };

static const char schema[] =
    "CREATE TABLE ledger (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL,"
    " text TEXT NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
    "CREATE INDEX ledger_kind ON ledger (kind);"
    "CREATE TRIGGER ledger_update BEFORE UPDATE ON ledger BEGIN"
    " SELECT raise(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER ledger_delete BEFORE DELETE ON ledger BEGIN"
    " SELECT raise(ABORT, 'the ledger is append-only'); END;"
    "CREATE TABLE objects (hash BLOB PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE decisions (id TEXT PRIMARY KEY, seq INTEGER NOT NULL REFERENCES ledger, pos INTEGER NOT "
    "NULL,"
    " record TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX decisions_at ON decisions (seq, pos);"
    "CREATE TABLE answers (key TEXT PRIMARY KEY, seq INTEGER NOT NULL REFERENCES ledger, pos INTEGER NOT "
    "NULL,"
    " request TEXT NOT NULL, response BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX answers_at ON answers (seq, pos);";

static const char *const statements[] = {
#define X(name, sql) sql,
    VOUCH__SQL_LIST(X)
#undef X
};

static vouch_status status_of(int code)
{
    if (code == SQLITE_IOERR_NOMEM)
        return VOUCH_E_NOMEM;
    switch (code & 0xff) {
    case SQLITE_NOMEM: return VOUCH_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return VOUCH_E_UNAVAILABLE;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return VOUCH_E_IO;
    case SQLITE_INTERRUPT: return VOUCH_E_CANCELLED;
    case SQLITE_CONSTRAINT: return VOUCH_E_CONFLICT;
    case SQLITE_TOOBIG: return VOUCH_E_LIMIT;
    default: return VOUCH_E_CORRUPT; /* CORRUPT, NOTADB, and a schema that lost a table or column */
    }
}

vouch_status vouch__sql_fail(vouch_ctx *ctx, vouch_store *store)
{
    vouch_status status = status_of(sqlite3_extended_errcode(store->db));
    if (status == VOUCH_E_NOMEM)
        return vouch__oom(ctx);
    if (status == VOUCH_E_UNAVAILABLE)
        return vouch__fail(ctx, status, "store %s: another process has held it for over %d s", store->url,
                           BUSY_MS / 1000);
    if (status == VOUCH_E_CANCELLED)
        return vouch__fail(ctx, status, "stopped by the caller");
    return vouch__fail(ctx, status, "store %s: %s", store->url, sqlite3_errmsg(store->db));
}

vouch_status vouch__sql(vouch_ctx *ctx, vouch_store *store, vouch__sql_id id, sqlite3_stmt **out_stmt)
{
    if (!store->stmt[id] && sqlite3_prepare_v3(store->db, statements[id], -1, SQLITE_PREPARE_PERSISTENT,
                                               &store->stmt[id], NULL) != SQLITE_OK)
        return vouch__sql_fail(ctx, store);
    vouch__sql_reset(store->stmt[id]);
    *out_stmt = store->stmt[id];
    return VOUCH_OK;
}

/* A binding fails only for want of memory or beyond SQLite's length limit; the column is then NULL, which
 * every table refuses and no look-up finds. */
void vouch__sql_int(sqlite3_stmt *stmt, int at, int64_t value) { (void)sqlite3_bind_int64(stmt, at, value); }

void vouch__sql_text(sqlite3_stmt *stmt, int at, const char *text, size_t len)
{
    (void)sqlite3_bind_text64(stmt, at, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

void vouch__sql_blob(sqlite3_stmt *stmt, int at, const void *bytes, size_t len)
{
    (void)sqlite3_bind_blob64(stmt, at, len ? bytes : "", len, SQLITE_STATIC);
}

void vouch__sql_reset(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt); /* repeats the failure that the step has told */
    (void)sqlite3_clear_bindings(stmt);
}

vouch_status vouch__sql_step(vouch_ctx *ctx, vouch_store *store, sqlite3_stmt *stmt, bool *out_row)
{
    int code = sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        vouch_status status = vouch__sql_fail(ctx, store);
        vouch__sql_reset(stmt);
        return status;
    }
    *out_row = code == SQLITE_ROW;
    return VOUCH_OK;
}

vouch_status vouch__sql_run(vouch_ctx *ctx, vouch_store *store, sqlite3_stmt *stmt)
{
    bool row;
    vouch_status status = vouch__sql_step(ctx, store, stmt, &row);
    vouch__sql_reset(stmt);
    return status;
}

bool vouch__sql_is(sqlite3_stmt *stmt, int at, int type, size_t len)
{
    if (sqlite3_column_type(stmt, at) != type)
        return false;
    return len == SIZE_MAX || (size_t)sqlite3_column_bytes(stmt, at) == len;
}

static vouch_status run_id(vouch_ctx *ctx, vouch_store *store, vouch__sql_id id)
{
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, store, id, &stmt);
    return status ? status : vouch__sql_run(ctx, store, stmt);
}

static vouch_status begin(vouch_ctx *ctx, vouch_store *store, vouch__sql_id id)
{
    if (store->is_open)
        return vouch__fail(ctx, VOUCH_E_ARG, "store %s: a transaction is open already", store->url);
    vouch_status status = run_id(ctx, store, id);
    store->is_open = status == VOUCH_OK;
    return status;
}

vouch_status vouch__store_begin(vouch_ctx *ctx, vouch_store *store)
{
    return begin(ctx, store, VOUCH__SQL_BEGIN);
}

vouch_status vouch__store_begin_read(vouch_ctx *ctx, vouch_store *store)
{
    return begin(ctx, store, VOUCH__SQL_BEGIN_READ);
}

vouch_status vouch__store_commit(vouch_ctx *ctx, vouch_store *store)
{
    if (!store->is_open)
        return vouch__fail(ctx, VOUCH_E_ARG, "store %s: no transaction is open", store->url);
    vouch_status status = run_id(ctx, store, VOUCH__SQL_COMMIT);
    if (status)
        vouch__store_rollback(store);
    store->is_open = false;
    return status;
}

void vouch__store_rollback(vouch_store *store)
{
    if (!store->is_open)
        return;
    store->is_open = false;
    store->n_pending = 0;
    /* Grants of the transaction may have been taken in: read them again when next needed. */
    vouch__grants_clear(&store->grants);
    /* SQLite has rolled back by itself after a full disk or a failed write. */
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

static vouch_status pragma_int(vouch_ctx *ctx, vouch_store *store, const char *sql, int *out)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int(stmt, 0);
    vouch_status status = VOUCH_OK;
    if (code == SQLITE_NOTADB)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "store %s: is not a vouch store", store->url);
    else if (code != SQLITE_ROW)
        status = vouch__sql_fail(ctx, store);
    (void)sqlite3_finalize(stmt);
    return status;
}

static vouch_status run_text(vouch_ctx *ctx, vouch_store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? VOUCH_OK
                                                                       : vouch__sql_fail(ctx, store);
}

static vouch_status check_version(vouch_ctx *ctx, vouch_store *store)
{
    int application = 0, version = 0;
    vouch_status status = pragma_int(ctx, store, "PRAGMA application_id", &application);
    if (!status)
        status = pragma_int(ctx, store, "PRAGMA user_version", &version);
    if (status)
        return status;
    if (application != APPLICATION)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "store %s: is not a vouch store", store->url);
    if (version != SCHEMA)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "store %s: is of version %d, must be %d%s", store->url,
                           version, SCHEMA, version > SCHEMA ? " (made by a newer vouch)" : "");
    return VOUCH_OK;
}

static vouch_status create_schema(vouch_ctx *ctx, vouch_store *store)
{
    char versions[96];
    (void)sqlite3_snprintf((int)sizeof versions, versions, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                           APPLICATION, SCHEMA);
    vouch_status status = run_text(ctx, store, "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE");
    if (!status)
        status = run_text(ctx, store, schema);
    if (!status)
        status = run_text(ctx, store, versions);
    return status ? status : run_text(ctx, store, "COMMIT");
}

/* An empty file of mode 0600 that was not there before, which SQLite then takes as an empty database. */
static vouch_status create_file(vouch_ctx *ctx, const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "store %s: is there already", path);
    if (fd < 0)
        return vouch__fail(ctx, VOUCH_E_IO, "store %s: cannot be made: %s", path, strerror(errno));
    (void)close(fd); /* nothing was written */
    return VOUCH_OK;
}

static vouch_status open_db(vouch_ctx *ctx, vouch_store *store, bool create)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(store->url, &store->db, flags, NULL);
    if (!store->db)
        return vouch__oom(ctx);
    if (code != SQLITE_OK)
        return vouch__sql_fail(ctx, store);
    (void)sqlite3_busy_timeout(store->db, BUSY_MS);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    vouch_status status = create ? create_schema(ctx, store) : check_version(ctx, store);
    if (!status)
        status = run_text(ctx, store,
                          "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON");
    return status;
}

vouch_status vouch_store_open(vouch_ctx *ctx, const char *url, int create, vouch_store **out_store)
{
    vouch_status status = VOUCH_OK;
    bool in_memory = strcmp(url, ":memory:") == 0;
    bool made_file = false;
    vouch_store *store = NULL;

    if (strncmp(url, "postgresql:", 11) == 0 || strncmp(url, "postgres:", 9) == 0)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "store: PostgreSQL is not supported, give a file");
    if (!create && !vouch__file_exists(url))
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "store %s: no such file", url);

    store = vouch__alloc(ctx, 1, sizeof *store);
    if (!store)
        return vouch__oom(ctx);
    store->alloc = *vouch__allocator(ctx);
    vouch__grants_init(ctx, &store->grants);
    store->url = vouch__strdup(ctx, url);
    if (!store->url) {
        status = vouch__oom(ctx);
        goto done;
    }
    if (create && !in_memory) {
        status = create_file(ctx, url);
        if (status)
            goto done;
        made_file = true;
    }
    status = open_db(ctx, store, create);
    if (status)
        goto done;
    *out_store = store;
    store = NULL;
done:
    vouch_store_close(store);
    if (status && made_file)
        (void)unlink(url); /* it is ours and holds nothing */
    return status;
}

void vouch_store_close(vouch_store *store)
{
    if (!store)
        return;
    vouch_alloc alloc = store->alloc;
    vouch__store_rollback(store);
    for (size_t i = 0; i < VOUCH__SQL_COUNT; i++)
        (void)sqlite3_finalize(store->stmt[i]);
    (void)sqlite3_close(store->db);
    vouch__grants_clear(&store->grants);
    vouch__free(&alloc, store->pending);
    vouch__free(&alloc, store->url);
    vouch__free(&alloc, store);
}
