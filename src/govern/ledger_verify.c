/* Verification: everything that is stored is recomputed from the first entry on, and what may not be is
 * named: the entry, the object or the decision, and what is wrong with it.
 *
 * The file's own structure first (a flipped byte may be in an index or a page header), then each entry's
 * hash, place in the chain, signature and role, then what entries bind: grants, the registry's rules, objects
 * and decisions, and last that no row is there that no entry speaks of. One read transaction: a snapshot. */
#include "govern/ledger.h"
#include "govern/registry.h"
#include "govern/store.h"

#include <string.h>

enum { POLL_OPS = 100000 };

typedef struct walk {
    vouch_store *store;
    vouch__grants grants;
    vouch__registry registry;
    int64_t seq, time;
    uint8_t prev[VOUCH__HASH];
    uint64_t n_objects, n_decisions, n_answers;
    int64_t head_seq; /* 0: none given */
    char head_hash[VOUCH__HEX];
} walk;

static int on_progress(void *arg) { return vouch__poll(arg) != VOUCH_OK; }

static vouch_status check_file(vouch_ctx *ctx, vouch_store *store)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_INTEGRITY, &stmt);
    if (!status)
        status = vouch__sql_step(ctx, store, stmt, &row);
    if (status)
        return status;
    const char *said = row ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (!said || strcmp(said, "ok") != 0) {
        char line[200]; /* SQLite's words may be several lines */
        size_t n = 0;
        for (; said && said[n] && n + 1 < sizeof line; n++)
            line[n] = said[n] == '\n' ? ' ' : said[n];
        line[n] = '\0';
        status = vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: the file %s is damaged: %s", store->url, line);
    }
    vouch__sql_reset(stmt);
    return status;
}

static vouch_status read_head(vouch_ctx *ctx, const char *head, walk *w)
{
    uint8_t bytes[VOUCH__HASH];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__json_read(ctx, "head", head, strlen(head), 4096, &doc);
    if (status)
        return status;
    const char *hash = vouch__json_string(vouch__json_get(vouch__doc_root(doc), "hash"));
    w->head_seq = vouch__json_int(vouch__json_get(vouch__doc_root(doc), "seq"), 0);
    if (!hash || !vouch__unhex(hash, bytes, VOUCH__HASH) || w->head_seq < 1)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "head: must be {\"hash\":64 hex digits,\"seq\":number}");
    else
        vouch__hex(bytes, VOUCH__HASH, w->head_hash);
    vouch__doc_free(doc);
    return status;
}

static vouch_status check_leaf(vouch_ctx *ctx, sqlite3_stmt *stmt, int64_t seq, int64_t want_pos,
                               bool *out_answer, uint8_t out[VOUCH__HASH])
{
    bool is_answer = sqlite3_column_int(stmt, 1) == 1;
    const char *what = is_answer ? "answer to key" : "decision";
    const char *name = (const char *)sqlite3_column_text(stmt, 2);
    size_t name_len = (size_t)sqlite3_column_bytes(stmt, 2);
    const char *a = (const char *)sqlite3_column_text(stmt, 3);
    size_t a_len = (size_t)sqlite3_column_bytes(stmt, 3);
    const void *blob = sqlite3_column_blob(stmt, 4);
    size_t blob_len = (size_t)sqlite3_column_bytes(stmt, 4);
    if (!name || !a)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: entry %lld: a decision of it has no id or record",
                           (long long)seq);
    vouch_status status = is_answer ? vouch__leaf_answer(ctx, name, name_len, a, a_len, blob ? blob : "",
                                                         blob_len, out)
                                    : vouch__leaf_decision(ctx, name, name_len, a, a_len, out);
    if (status)
        return status;
    if (!vouch__sql_is(stmt, 5, SQLITE_BLOB, VOUCH__HASH) ||
        memcmp(sqlite3_column_blob(stmt, 5), out, VOUCH__HASH) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: %s %s (entry %lld) is not what was written", what,
                           name, (long long)seq);
    if (sqlite3_column_int64(stmt, 0) != want_pos)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: %s %s (entry %lld) is at place %lld, must be %lld",
                           what, name, (long long)seq, (long long)sqlite3_column_int64(stmt, 0),
                           (long long)want_pos);
    *out_answer = is_answer;
    return VOUCH_OK;
}

static vouch_status check_decisions(vouch_ctx *ctx, walk *w, int64_t seq, const vouch__json *body)
{
    const char *want = vouch__json_string(vouch__json_get(body, "root"));
    int64_t count = vouch__json_int(vouch__json_get(body, "count"), -1);
    int64_t answers = vouch__json_int(vouch__json_get(body, "answers"), -1);
    int64_t n[2] = { 0, 0 };
    uint8_t root[VOUCH__HASH], one[VOUCH__HASH];
    char hex[VOUCH__HEX];
    bool more = false, is_answer = false;
    vouch__sha256 hash;
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, w->store, VOUCH__SQL_LEAVES, &stmt);
    if (!status)
        status = vouch__sha256_init(ctx, &hash);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, seq);
    for (;;) {
        status = vouch__sql_step(ctx, w->store, stmt, &more);
        if (status || !more)
            break;
        status = check_leaf(ctx, stmt, seq, n[0] + n[1], &is_answer, one);
        if (status)
            break;
        vouch__sha256_add(&hash, one, sizeof one);
        n[is_answer]++;
    }
    vouch__sql_reset(stmt);
    if (status) {
        vouch__sha256_drop(&hash);
        return status;
    }
    vouch__sha256_end(&hash, root);
    vouch__hex(root, VOUCH__HASH, hex);
    if (n[0] != count || n[1] != answers)
        return vouch__fail(
            ctx, VOUCH_E_CORRUPT,
            "verify: entry %lld speaks of %lld decisions and %lld answers, the store has %lld and %lld",
            (long long)seq, (long long)count, (long long)answers, (long long)n[0], (long long)n[1]);
    if (!want || strcmp(want, hex) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "verify: entry %lld: its decisions are not those it was made of", (long long)seq);
    w->n_decisions += (uint64_t)count;
    w->n_answers += (uint64_t)answers;
    return VOUCH_OK;
}

static vouch_status check_named_objects(vouch_ctx *ctx, walk *w, int64_t seq, const vouch__json *entry)
{
    const vouch__json *list = vouch__json_get(entry, "objects");
    for (const vouch__json *o = list ? list->first : NULL; o; o = o->next) {
        uint8_t hash[VOUCH__HASH];
        bool has = false;
        sqlite3_stmt *stmt = NULL;
        const char *hex = vouch__json_string(o);
        if (!hex || !vouch__unhex(hex, hash, VOUCH__HASH))
            return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: entry %lld names an object that is no hash",
                               (long long)seq);
        vouch_status status = vouch__sql(ctx, w->store, VOUCH__SQL_OBJECT_HAS, &stmt);
        if (status)
            return status;
        vouch__sql_blob(stmt, 1, hash, VOUCH__HASH);
        status = vouch__sql_step(ctx, w->store, stmt, &has);
        vouch__sql_reset(stmt);
        if (status)
            return status;
        if (!has)
            return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: object %s of entry %lld is missing", hex,
                               (long long)seq);
    }
    return VOUCH_OK;
}

/* Grants and the registry fold the entry in; what they would have refused can't be there. */
static vouch_status check_meaning(vouch_ctx *ctx, walk *w, const vouch__ledger_row *row,
                                  const vouch__json *entry)
{
    vouch_status status = VOUCH_OK;
    const vouch__json *body = vouch__json_get(entry, "body");
    const char *person = vouch__json_string(vouch__json_get(entry, "person"));
    if (strcmp(row->kind, "grant") == 0)
        status = vouch__grants_apply(ctx, &w->grants, row->seq, row->kind, body);
    else if (vouch__registry_cares(row->kind))
        status = vouch__registry_apply(ctx, &w->registry, row->seq, row->kind, person, body);
    if (status && status != VOUCH_E_NOMEM)
        status = vouch__because(ctx, VOUCH_E_CORRUPT, "verify: entry %lld", (long long)row->seq);
    if (!status && strcmp(row->kind, "decisions") == 0)
        status = check_decisions(ctx, w, row->seq, body);
    if (!status)
        status = check_named_objects(ctx, w, row->seq, entry);
    return status;
}

static vouch_status check_chain(vouch_ctx *ctx, const walk *w, const vouch__ledger_row *row,
                                const vouch__json *entry)
{
    char prev[VOUCH__HEX];
    bool is_init = strcmp(row->kind, "init") == 0;
    long long seq = (long long)row->seq;
    vouch__hex(w->prev, VOUCH__HASH, prev);
    if (strcmp(vouch__json_string(vouch__json_get(entry, "prev")), prev) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "verify: entry %lld does not follow entry %lld: the chain is broken", seq,
                           seq - 1);
    if (row->time < w->time)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: entry %lld is older than the entry before", seq);
    if (is_init != (row->seq == 1))
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: entry %lld is of kind %s", seq, row->kind);
    return VOUCH_OK;
}

static vouch_status check_entry(vouch_ctx *ctx, walk *w, const vouch__ledger_row *row)
{
    char hex[VOUCH__HEX];
    vouch__doc *doc = NULL;
    if (row->seq != w->seq + 1)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: entry %lld is missing", (long long)w->seq + 1);
    vouch_status status = vouch__ledger_row_read(ctx, row, &doc);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    status = check_chain(ctx, w, row, entry);
    if (!status && row->seq == 1)
        status = vouch__grants_apply(ctx, &w->grants, 1, row->kind, vouch__json_get(entry, "body"));
    if (!status)
        status = vouch__ledger_row_signed(ctx, row, entry, &w->grants);
    if (!status)
        status = check_meaning(ctx, w, row, entry);
    vouch__doc_free(doc);
    if (status)
        return status;
    w->seq = row->seq;
    w->time = row->time;
    memcpy(w->prev, row->hash, VOUCH__HASH);
    vouch__hex(row->hash, VOUCH__HASH, hex);
    if (row->seq == w->head_seq && strcmp(hex, w->head_hash) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "verify: entry %lld is not the one the head names: it was rewritten",
                           (long long)row->seq);
    return VOUCH_OK;
}

static vouch_status check_entries(vouch_ctx *ctx, walk *w)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    vouch_status status = vouch__sql(ctx, w->store, VOUCH__SQL_ENTRIES, &stmt);
    if (status)
        return status;
    while (!status) {
        vouch__ledger_row row = { .seq = 0 };
        status = vouch__sql_step(ctx, w->store, stmt, &more);
        if (status || !more)
            break;
        status = vouch__poll(ctx);
        if (!status)
            status = vouch__ledger_row_at(ctx, stmt, &row);
        if (!status)
            status = check_entry(ctx, w, &row);
        vouch__progress(ctx, "verify", (uint64_t)w->seq, 0);
    }
    vouch__sql_reset(stmt);
    if (!status && w->seq == 0)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "verify: the ledger is empty");
    if (!status && w->head_seq > w->seq)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "verify: the ledger's tail is cut: it ends at entry %lld, the head is %lld",
                           (long long)w->seq, (long long)w->head_seq);
    return status;
}

static vouch_status check_object(vouch_ctx *ctx, sqlite3_stmt *stmt)
{
    uint8_t got[VOUCH__HASH];
    char hex[VOUCH__HEX];
    if (!vouch__sql_is(stmt, 0, SQLITE_BLOB, VOUCH__HASH))
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: an object is under a name that is no hash");
    const void *bytes = sqlite3_column_blob(stmt, 2);
    size_t len = (size_t)sqlite3_column_bytes(stmt, 2);
    vouch_status status = vouch__hash(ctx, bytes ? bytes : "", len, got);
    if (status)
        return status;
    const uint8_t *want = sqlite3_column_blob(stmt, 0);
    vouch__hex(want, VOUCH__HASH, hex);
    if (memcmp(got, want, VOUCH__HASH) != 0 || sqlite3_column_int64(stmt, 1) != (int64_t)len)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "verify: object %s: its bytes are not what was stored", hex);
    return VOUCH_OK;
}

static vouch_status check_objects(vouch_ctx *ctx, walk *w)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    vouch_status status = vouch__sql(ctx, w->store, VOUCH__SQL_OBJECTS, &stmt);
    if (status)
        return status;
    while (!status) {
        status = vouch__sql_step(ctx, w->store, stmt, &more);
        if (status || !more)
            break;
        status = vouch__poll(ctx);
        if (!status)
            status = check_object(ctx, stmt);
        w->n_objects++;
        vouch__progress(ctx, "verify objects", w->n_objects, 0);
    }
    vouch__sql_reset(stmt);
    return status;
}

static vouch_status check_totals(vouch_ctx *ctx, walk *w)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vouch_status status = vouch__sql(ctx, w->store, VOUCH__SQL_LEAF_TOTALS, &stmt);
    if (!status)
        status = vouch__sql_step(ctx, w->store, stmt, &row);
    if (status)
        return status;
    int64_t decisions = sqlite3_column_int64(stmt, 0), answers = sqlite3_column_int64(stmt, 1);
    vouch__sql_reset(stmt);
    if ((uint64_t)decisions != w->n_decisions || (uint64_t)answers != w->n_answers)
        return vouch__fail(
            ctx, VOUCH_E_CORRUPT,
            "verify: %lld decisions and %lld answers are stored, the ledger speaks of %llu and %llu",
            (long long)decisions, (long long)answers, (unsigned long long)w->n_decisions,
            (unsigned long long)w->n_answers);
    return VOUCH_OK;
}

static vouch_status say(vouch_ctx *ctx, const walk *w, char **out_message)
{
    vouch__buf text;
    char hex[VOUCH__HEX];
    vouch__buf_init(ctx, &text, 0);
    vouch__hex(w->prev, VOUCH__HASH, hex);
    vouch__buf_fmt(&text,
                   "verified: %lld entr%s, %llu object%s, %llu decision%s; the head is entry %lld, %.16s",
                   (long long)w->seq, w->seq == 1 ? "y" : "ies", (unsigned long long)w->n_objects,
                   w->n_objects == 1 ? "" : "s", (unsigned long long)w->n_decisions,
                   w->n_decisions == 1 ? "" : "s", (long long)w->seq, hex);
    if (w->head_seq)
        vouch__buf_fmt(&text, "; nothing up to entry %lld, the head given, is cut off",
                       (long long)w->head_seq);
    else
        vouch__buf_text(&text, "; without a head given, a cut-off tail can't be excluded");
    vouch_status status = vouch__buf_status(ctx, &text);
    if (!status)
        *out_message = vouch__buf_take(&text);
    vouch__buf_free(&text);
    return status;
}

static vouch_status verify(vouch_ctx *ctx, walk *w)
{
    vouch_status status = check_file(ctx, w->store);
    if (!status)
        status = vouch__store_begin_read(ctx, w->store);
    if (status)
        return status;
    status = check_entries(ctx, w);
    if (!status)
        status = check_objects(ctx, w);
    if (!status)
        status = check_totals(ctx, w);
    vouch__store_rollback(w->store);
    return status;
}

vouch_status vouch_govern_verify(vouch_ctx *ctx, vouch_store *store, const char *head, char **out_message)
{
    char *message = NULL;
    walk w = { .store = store };
    vouch__grants_init(ctx, &w.grants);
    vouch_status status = vouch__registry_init(ctx, &w.registry);
    if (status)
        return status;
    if (head)
        status = read_head(ctx, head, &w);
    if (!status) {
        sqlite3_progress_handler(store->db, POLL_OPS, on_progress, ctx);
        status = verify(ctx, &w);
        sqlite3_progress_handler(store->db, 0, NULL, NULL);
    }
    if (!status)
        status = say(ctx, &w, &message);
    vouch__registry_clear(&w.registry);
    vouch__grants_clear(&w.grants);
    if (!status) {
        *out_message = message;
        return VOUCH_OK;
    }
    if (status != VOUCH_E_NOMEM) { /* one line either way */
        message = vouch__strdup(ctx, vouch_ctx_error(ctx));
        if (message)
            *out_message = message;
    }
    return status;
}
