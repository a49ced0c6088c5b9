/* Objects: bytes too large for a ledger entry, kept once under their SHA-256. What is put in a transaction
 * is named by the entry that follows in it, so that an object that is later lost is missed. */
#include "govern/ledger.h"
#include "govern/store.h"

#include <string.h>

#define OBJECT_MAX ((size_t)512 << 20) /* one SQLite value; the library's own limit is 10^9 bytes */

static vouch_status note_pending(vouch_ctx *ctx, vouch_store *store, const char hex[VOUCH__HEX])
{
    size_t n = store->n_pending;
    if ((n & (n - 1)) == 0) { /* room doubles at powers of two */
        void *at = vouch__resize(&store->alloc, store->pending, n ? 2 * n : 1, sizeof *store->pending);
        if (!at)
            return vouch__oom(ctx);
        store->pending = at;
    }
    memcpy(store->pending[store->n_pending++], hex, VOUCH__HEX);
    return VOUCH_OK;
}

static vouch_status object_has(vouch_ctx *ctx, vouch_store *store, const uint8_t hash[VOUCH__HASH],
                               bool *out_has)
{
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_OBJECT_HAS, &stmt);
    if (status)
        return status;
    vouch__sql_blob(stmt, 1, hash, VOUCH__HASH);
    status = vouch__sql_step(ctx, store, stmt, out_has);
    vouch__sql_reset(stmt);
    return status;
}

vouch_status vouch__object_put(vouch_ctx *ctx, vouch_store *store, const void *bytes, size_t len,
                               char out_hex[VOUCH__HEX])
{
    uint8_t hash[VOUCH__HASH];
    char hex[VOUCH__HEX];
    bool has = false;
    sqlite3_stmt *stmt = NULL;
    if (len > OBJECT_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "object: %zu bytes, at most %zu can be kept", len, OBJECT_MAX);
    vouch_status status = vouch__hash(ctx, bytes, len, hash);
    if (status)
        return status;
    vouch__hex(hash, VOUCH__HASH, hex);
    status = object_has(ctx, store, hash, &has);
    if (!status && !has) {
        status = vouch__sql(ctx, store, VOUCH__SQL_OBJECT_PUT, &stmt);
        if (status)
            return status;
        vouch__sql_blob(stmt, 1, hash, VOUCH__HASH);
        vouch__sql_int(stmt, 2, (int64_t)len);
        vouch__sql_blob(stmt, 3, bytes, len);
        status = vouch__sql_run(ctx, store, stmt);
    }
    if (!status)
        status = note_pending(ctx, store, hex);
    if (!status)
        memcpy(out_hex, hex, VOUCH__HEX);
    return status;
}

static vouch_status copy_object(vouch_ctx *ctx, sqlite3_stmt *stmt, const char *hex,
                                const uint8_t want[VOUCH__HASH], vouch__buf *out)
{
    uint8_t got[VOUCH__HASH];
    size_t len = (size_t)sqlite3_column_bytes(stmt, 1);
    const void *bytes = sqlite3_column_blob(stmt, 1);
    vouch_status status = vouch__hash(ctx, bytes ? bytes : "", len, got);
    if (status)
        return status;
    if (memcmp(got, want, VOUCH__HASH) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "object %s: its bytes are not what was stored", hex);
    vouch__buf_init(ctx, out, 0);
    vouch__buf_add(out, bytes ? bytes : "", len);
    status = vouch__buf_status(ctx, out);
    if (status)
        vouch__buf_free(out);
    return status;
}

vouch_status vouch__object_get(vouch_ctx *ctx, vouch_store *store, const char *hex, vouch__buf *out)
{
    uint8_t hash[VOUCH__HASH];
    bool found = false;
    sqlite3_stmt *stmt = NULL;
    if (!vouch__unhex(hex, hash, VOUCH__HASH))
        return vouch__fail(ctx, VOUCH_E_ARG, "object: '%s' is not 64 hex digits", hex);
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_OBJECT_GET, &stmt);
    if (status)
        return status;
    vouch__sql_blob(stmt, 1, hash, VOUCH__HASH);
    status = vouch__sql_step(ctx, store, stmt, &found);
    if (!status && !found)
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "object %s: is not in the store", hex);
    if (!status)
        status = copy_object(ctx, stmt, hex, hash, out);
    vouch__sql_reset(stmt);
    return status;
}
