/* The ledger: entries that name the hash of the one before, each signed by a key with a role.
 *
 * Everything that may not be is refused here, at the one place where entries are made: a key without the
 * role, a grant that is not an owner's, a person who would validate or approve what they developed. The
 * verifier applies the same rules to what is stored. Time never runs backwards: an entry's time is the
 * clock's, or its predecessor's where the clock has been set back, so a lapsed grant can't be revived. */
#include "govern/ledger.h"

#include "govern/registry.h"
#include "govern/store.h"

#include <stdlib.h>
#include <string.h>

/* Kinds that always need these roles; kinds not named here need those the caller asks for. */
static const struct {
    const char *kind, *roles;
} kinds[] = {
    { "init", "owner" },        { "grant", "owner" },      { "run", "developer" },
    { "sign", "validator" },    { "approve", "approver" }, { "retire", "owner|approver" },
    { "decisions", "service" }, { "permit", "approver" },
};

const char *vouch__ledger_roles(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].kind) == 0)
            return kinds[i].roles;
    return NULL;
}

vouch_status vouch__ledger_head(vouch_ctx *ctx, vouch_store *store, int64_t *out_seq, int64_t *out_time,
                                uint8_t out_hash[VOUCH__HASH])
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_HEAD, &stmt);
    if (!status)
        status = vouch__sql_step(ctx, store, stmt, &row);
    if (status)
        return status;
    *out_seq = VOUCH__HEAD_NONE;
    *out_time = 0;
    memset(out_hash, 0, VOUCH__HASH);
    if (row && !vouch__sql_is(stmt, 2, SQLITE_BLOB, VOUCH__HASH)) {
        status = vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: the last entry's hash is not 32 bytes");
    } else if (row) {
        *out_seq = sqlite3_column_int64(stmt, 0);
        *out_time = sqlite3_column_int64(stmt, 1);
        memcpy(out_hash, sqlite3_column_blob(stmt, 2), VOUCH__HASH);
    }
    vouch__sql_reset(stmt);
    return status;
}

vouch_status vouch__ledger_row_at(vouch_ctx *ctx, sqlite3_stmt *stmt, vouch__ledger_row *out_row)
{
    int64_t seq = sqlite3_column_int64(stmt, 0);
    if (!vouch__sql_is(stmt, 1, SQLITE_INTEGER, SIZE_MAX) || !vouch__sql_is(stmt, 2, SQLITE_TEXT, SIZE_MAX) ||
        !vouch__sql_is(stmt, 3, SQLITE_TEXT, SIZE_MAX) || !vouch__sql_is(stmt, 4, SQLITE_BLOB, VOUCH__HASH) ||
        !vouch__sql_is(stmt, 5, SQLITE_BLOB, VOUCH__SIGNATURE))
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld has a column of the wrong type or size",
                           (long long)seq);
    *out_row = (vouch__ledger_row){ .seq = seq,
                                    .time = sqlite3_column_int64(stmt, 1),
                                    .kind = (const char *)sqlite3_column_text(stmt, 2),
                                    .text = (const char *)sqlite3_column_text(stmt, 3),
                                    .len = (size_t)sqlite3_column_bytes(stmt, 3),
                                    .hash = sqlite3_column_blob(stmt, 4),
                                    .signature = sqlite3_column_blob(stmt, 5) };
    if (!out_row->kind || !out_row->text || !out_row->hash || !out_row->signature)
        return vouch__oom(ctx);
    return VOUCH_OK;
}

static bool is_text(const vouch__json *entry, const char *key, const char *value)
{
    const char *text = vouch__json_string(vouch__json_get(entry, key));
    return text && strcmp(text, value) == 0;
}

vouch_status vouch__ledger_row_read(vouch_ctx *ctx, const vouch__ledger_row *row, vouch__doc **out_doc)
{
    uint8_t hash[VOUCH__HASH];
    vouch__doc *doc = NULL;
    long long seq = (long long)row->seq;
    vouch_status status = vouch__hash(ctx, row->text, row->len, hash);
    if (status)
        return status;
    if (!row->hash || memcmp(hash, row->hash, VOUCH__HASH) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld is not what was hashed", seq);
    status = vouch__json_read(ctx, "ledger entry", row->text, row->len, VOUCH__ENTRY_MAX, &doc);
    if (status == VOUCH_E_FORMAT || status == VOUCH_E_LIMIT)
        return vouch__because(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld is not JSON", seq);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    if (vouch__json_int(vouch__json_get(entry, "seq"), -1) != row->seq ||
        vouch__json_int(vouch__json_get(entry, "time"), -1) != row->time ||
        !is_text(entry, "kind", row->kind) || !vouch__json_string(vouch__json_get(entry, "key")) ||
        !vouch__json_string(vouch__json_get(entry, "person")) ||
        !vouch__json_string(vouch__json_get(entry, "prev"))) {
        vouch__doc_free(doc);
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld does not agree with its row", seq);
    }
    *out_doc = doc;
    return VOUCH_OK;
}

vouch_status vouch__ledger_row_signed(vouch_ctx *ctx, const vouch__ledger_row *row, const vouch__json *entry,
                                      const vouch__grants *grants)
{
    const char *key = vouch__json_string(vouch__json_get(entry, "key"));
    const char *person = vouch__json_string(vouch__json_get(entry, "person"));
    long long seq = (long long)row->seq;
    bool good = false;
    const vouch__grant *holder = vouch__grants_key(grants, key);
    if (!holder)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld is by key %s, which has no grant", seq,
                           key);
    vouch_status status = vouch__key_check(ctx, holder->public_key, row->hash, row->signature, &good);
    if (status)
        return status;
    if (!good)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "ledger: entry %lld: the signature is not that of key %s (%s)", seq, key,
                           holder->person);
    if (strcmp(person, holder->person) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld names %s, but key %s is %s's", seq,
                           person, key, holder->person);
    const char *roles = vouch__ledger_roles(row->kind);
    if (!vouch__grants_hold(grants, key, roles, row->time))
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "ledger: entry %lld of kind %s: %s had no grant of role %s then", seq, row->kind,
                           person, roles ? roles : "any");
    return VOUCH_OK;
}

typedef struct draft { /* an entry on its way in */
    const vouch_key *key;
    const char *kind, *person;
    const vouch__json *body;
    int64_t seq, time;
    uint8_t prev[VOUCH__HASH], hash[VOUCH__HASH], signature[VOUCH__SIGNATURE];
} draft;

static vouch_status check_kind(vouch_ctx *ctx, const draft *d)
{
    size_t len = strlen(d->kind);
    bool good = len > 0 && len <= 32;
    for (size_t i = 0; good && i < len; i++)
        good = (d->kind[i] >= 'a' && d->kind[i] <= 'z') || d->kind[i] == '_';
    if (!good)
        return vouch__fail(ctx, VOUCH_E_ARG, "ledger: kind '%s' must be of 1 to 32 small letters", d->kind);
    bool is_first = d->seq == VOUCH__HEAD_NONE + 1, is_init = strcmp(d->kind, "init") == 0;
    if (is_first && !is_init)
        return vouch__fail(ctx, VOUCH_E_DENIED, "ledger: no owner yet, begin with vouch init");
    if (is_init && !is_first)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "ledger: it has an owner already");
    return VOUCH_OK;
}

static vouch_status check_roles(vouch_ctx *ctx, vouch_store *store, draft *d, const char *roles)
{
    const char *always = vouch__ledger_roles(d->kind);
    const vouch__grant *holder = vouch__grants_key(&store->grants, d->key->id);
    if (!holder)
        return vouch__fail(ctx, VOUCH_E_DENIED, "%s: key %s has no grant", d->kind, d->key->id);
    d->person = holder->person;
    const char *want = always ? always : roles; /* for the message; both must hold */
    if (!vouch__grants_hold(&store->grants, d->key->id, want, d->time) ||
        (roles && !vouch__grants_hold(&store->grants, d->key->id, roles, d->time)))
        return vouch__fail(ctx, VOUCH_E_DENIED, "%s: %s (key %s) has no grant of role %s in force", d->kind,
                           holder->person, d->key->id, want ? want : "any");
    return VOUCH_OK;
}

/* What an entry means must be allowed before it is written: the same folds that read it are tried on it. */
static vouch_status check_meaning(vouch_ctx *ctx, vouch_store *store, const draft *d)
{
    if (strcmp(d->kind, "grant") == 0) {
        /* When the transaction fails or is rolled back, the grants are read again. */
        return vouch__grants_apply(ctx, &store->grants, d->seq, d->kind, d->body);
    }
    if (!vouch__registry_cares(d->kind))
        return VOUCH_OK;
    vouch__registry registry;
    vouch_status status = vouch__registry_load(ctx, store, &registry);
    if (status)
        return status;
    status = vouch__registry_apply(ctx, &registry, d->seq, d->kind, d->person, d->body);
    vouch__registry_clear(&registry);
    return status;
}

static int by_hex(const void *a, const void *b) { return memcmp(a, b, VOUCH__HEX); }

/* "objects": what was put since the last entry, sorted, each once. */
static void add_objects(vouch__doc *doc, vouch__json *entry, vouch_store *store)
{
    if (store->n_pending == 0)
        return;
    vouch__json *list = vouch__json_set(doc, entry, "objects", vouch__json_array(doc));
    qsort(store->pending, store->n_pending, sizeof *store->pending, by_hex);
    for (size_t i = 0; i < store->n_pending; i++)
        if (i == 0 || strcmp(store->pending[i], store->pending[i - 1]) != 0)
            (void)vouch__json_push(doc, list, vouch__json_text(doc, store->pending[i]));
}

static vouch_status write_entry(vouch_ctx *ctx, vouch_store *store, const draft *d, vouch__buf *out)
{
    char prev[VOUCH__HEX];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__hex(d->prev, VOUCH__HASH, prev);
    vouch__json *entry = vouch__json_object(doc);
    (void)vouch__json_set(doc, entry, "body", vouch__json_copy(doc, d->body));
    (void)vouch__json_set(doc, entry, "key", vouch__json_text(doc, d->key->id));
    (void)vouch__json_set(doc, entry, "kind", vouch__json_text(doc, d->kind));
    add_objects(doc, entry, store);
    (void)vouch__json_set(doc, entry, "person", vouch__json_text(doc, d->person));
    (void)vouch__json_set(doc, entry, "prev", vouch__json_text(doc, prev));
    (void)vouch__json_set(doc, entry, "seq", vouch__json_number(doc, (double)d->seq));
    (void)vouch__json_set(doc, entry, "time", vouch__json_number(doc, (double)d->time));
    status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(out, entry);
        status = vouch__buf_status(ctx, out);
    }
    vouch__doc_free(doc);
    if (!status && out->len > VOUCH__ENTRY_MAX)
        status = vouch__fail(ctx, VOUCH_E_LIMIT,
                             "%s: an entry of %zu bytes, at most %d; large parts are objects", d->kind,
                             out->len, (int)VOUCH__ENTRY_MAX);
    return status;
}

static vouch_status insert(vouch_ctx *ctx, vouch_store *store, const draft *d, const vouch__buf *text)
{
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_APPEND, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, d->seq);
    vouch__sql_int(stmt, 2, d->time);
    vouch__sql_text(stmt, 3, d->kind, strlen(d->kind));
    vouch__sql_text(stmt, 4, text->at, text->len);
    vouch__sql_blob(stmt, 5, d->hash, VOUCH__HASH);
    vouch__sql_blob(stmt, 6, d->signature, VOUCH__SIGNATURE);
    return vouch__sql_run(ctx, store, stmt);
}

static vouch_status append(vouch_ctx *ctx, vouch_store *store, draft *d, const char *roles)
{
    vouch__buf text;
    int64_t head = 0, last = 0;
    vouch_status status = vouch__ledger_head(ctx, store, &head, &last, d->prev);
    if (!status)
        status = vouch__grants_load(ctx, store);
    if (status)
        return status;
    d->seq = head + 1;
    d->time = vouch__now(ctx);
    if (d->time < last)
        d->time = last;
    status = check_kind(ctx, d);
    if (!status && d->seq == 1) { /* the first entry grants its own signer */
        status = vouch__grants_apply(ctx, &store->grants, 1, d->kind, d->body);
        roles = NULL;
    }
    if (!status)
        status = check_roles(ctx, store, d, roles);
    if (!status)
        status = check_meaning(ctx, store, d);
    if (status)
        return status;
    vouch__buf_init(ctx, &text, 0);
    status = write_entry(ctx, store, d, &text);
    if (!status)
        status = vouch__hash(ctx, text.at, text.len, d->hash);
    if (!status)
        status = vouch__key_sign(ctx, d->key, d->hash, d->signature);
    if (!status)
        status = insert(ctx, store, d, &text);
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__ledger_append(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *roles,
                                  const char *kind, const vouch__json *body, int64_t *out_seq)
{
    draft d = { .key = key, .kind = kind, .body = body };
    bool own = !store->is_open;
    vouch_status status = own ? vouch__store_begin(ctx, store) : VOUCH_OK;
    if (status)
        return status;
    status = append(ctx, store, &d, roles);
    if (status) { /* a grant may have been taken in that was not written */
        vouch__grants_clear(&store->grants);
        if (own)
            vouch__store_rollback(store);
        return status;
    }
    if (own)
        status = vouch__store_commit(ctx, store);
    if (status)
        return status;
    store->n_pending = 0;
    if (out_seq)
        *out_seq = d.seq;
    return VOUCH_OK;
}

vouch_status vouch__ledger_open(vouch_ctx *ctx, vouch_store *store, vouch__ledger_draft *out_draft)
{
    vouch__ledger_draft d = { .ctx = ctx, .store = store };
    vouch_status status = vouch__doc_new(ctx, &d.doc);
    if (!status)
        status = vouch__store_begin(ctx, store);
    if (status) {
        vouch__doc_free(d.doc);
        return status;
    }
    d.body = vouch__json_object(d.doc);
    *out_draft = d;
    return VOUCH_OK;
}

void vouch__ledger_text(vouch__ledger_draft *d, vouch__json *object, const char *key, const char *text)
{
    (void)vouch__json_set(d->doc, object, key, vouch__json_text(d->doc, text));
}

void vouch__ledger_number(vouch__ledger_draft *d, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(d->doc, object, key, vouch__json_number(d->doc, value));
}

void vouch__ledger_object(vouch__ledger_draft *d, vouch__json *object, const char *key, const void *bytes,
                          size_t len)
{
    char hex[VOUCH__HEX];
    if (!d->status)
        d->status = vouch__object_put(d->ctx, d->store, bytes, len, hex);
    if (!d->status)
        vouch__ledger_text(d, object, key, hex);
}

vouch_status vouch__ledger_close(vouch__ledger_draft *d, const vouch_key *key, const char *roles,
                                 const char *kind, int64_t *out_seq)
{
    vouch_status status = d->status ? d->status : vouch__doc_status(d->ctx, d->doc);
    if (!status)
        status = vouch__ledger_append(d->ctx, d->store, key, roles, kind, d->body, out_seq);
    if (!status)
        status = vouch__store_commit(d->ctx, d->store);
    if (status)
        vouch__store_rollback(d->store);
    vouch__doc_free(d->doc);
    return status;
}

vouch_status vouch__ledger_may(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *roles)
{
    draft d = { .key = key, .kind = "key", .time = vouch__now(ctx) };
    vouch_status status = vouch__grants_load(ctx, store);
    return status ? status : check_roles(ctx, store, &d, roles);
}

vouch_status vouch__ledger_read(vouch_ctx *ctx, vouch_store *store, int64_t seq, vouch__doc **out_doc)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    vouch__ledger_row row = { .seq = 0 };
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_ENTRY, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, seq);
    status = vouch__sql_step(ctx, store, stmt, &found);
    if (!status && !found)
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "ledger: no entry %lld", (long long)seq);
    if (!status)
        status = vouch__ledger_row_at(ctx, stmt, &row);
    if (!status)
        status = vouch__ledger_row_read(ctx, &row, out_doc);
    vouch__sql_reset(stmt);
    return status;
}

static vouch_status row_matches(vouch_ctx *ctx, sqlite3_stmt *stmt, const char *key, const char *value,
                                int64_t *out_seq, bool *out_match)
{
    vouch__ledger_row row = { .seq = 0 };
    vouch__doc *doc = NULL;
    vouch_status status = vouch__ledger_row_at(ctx, stmt, &row);
    if (!status)
        status = vouch__ledger_row_read(ctx, &row, &doc);
    if (status)
        return status;
    const vouch__json *body = vouch__json_get(vouch__doc_root(doc), "body");
    *out_match = !key || !value || is_text(body, key, value);
    *out_seq = row.seq;
    vouch__doc_free(doc);
    return VOUCH_OK;
}

vouch_status vouch__ledger_find(vouch_ctx *ctx, vouch_store *store, const char *kind, const char *key,
                                const char *value, int64_t *out_seq)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false, match = false;
    int64_t seq = 0;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_LATEST, &stmt);
    if (status)
        return status;
    vouch__sql_text(stmt, 1, kind, strlen(kind));
    do {
        status = vouch__sql_step(ctx, store, stmt, &more);
        if (!status && more)
            status = row_matches(ctx, stmt, key, value, &seq, &match);
    } while (!status && more && !match);
    vouch__sql_reset(stmt);
    if (!status && !match)
        status = value ? vouch__fail(ctx, VOUCH_E_NOTFOUND, "ledger: no entry of kind %s with %s %s", kind,
                                     key, value)
                       : vouch__fail(ctx, VOUCH_E_NOTFOUND, "ledger: no entry of kind %s", kind);
    if (!status)
        *out_seq = seq;
    return status;
}

vouch_status vouch__ledger_holder(vouch_ctx *ctx, vouch_store *store, const char *key, const char *roles,
                                  const char **out_person)
{
    vouch_status status = vouch__grants_load(ctx, store);
    if (status)
        return status;
    const vouch__grant *holder = vouch__grants_key(&store->grants, key);
    if (!holder)
        return vouch__fail(ctx, VOUCH_E_DENIED,
                           "key %s has no grant in the store: the owner gives one by "
                           "'vouch key grant'",
                           key);
    if (!vouch__grants_hold(&store->grants, key, roles, vouch__now(ctx)))
        return vouch__fail(ctx, VOUCH_E_DENIED, "%s (key %s) has no grant of role %s in force",
                           holder->person, key, roles ? roles : "any");
    *out_person = holder->person;
    return VOUCH_OK;
}

/* An entry's signature, by the grants as they are now: keys are never taken from the ring, only roles. */
static vouch_status check_signed(vouch_ctx *ctx, vouch_store *store, int64_t seq, const vouch__json *entry)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    vouch__ledger_row row = { .seq = 0 };
    vouch_status status = vouch__grants_load(ctx, store);
    if (!status)
        status = vouch__sql(ctx, store, VOUCH__SQL_ENTRY, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, seq);
    status = vouch__sql_step(ctx, store, stmt, &found);
    if (!status)
        status = vouch__ledger_row_at(ctx, stmt, &row);
    if (!status)
        status = vouch__ledger_row_signed(ctx, &row, entry, &store->grants);
    vouch__sql_reset(stmt);
    return status;
}

vouch_status vouch__ledger_standing(vouch_ctx *ctx, vouch_store *store, const char *kind, const char *key,
                                    const char *value, vouch__doc **out_doc)
{
    int64_t seq = 0;
    const char *person;
    vouch__doc *doc = NULL;
    vouch_status status = vouch__ledger_find(ctx, store, kind, key, value, &seq);
    if (!status)
        status = vouch__ledger_read(ctx, store, seq, &doc);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    status = vouch__ledger_holder(ctx, store, vouch__json_string(vouch__json_get(entry, "key")),
                                  vouch__ledger_roles(kind), &person);
    if (!status)
        status = check_signed(ctx, store, seq, entry);
    if (status)
        vouch__doc_free(doc);
    else
        *out_doc = doc;
    return status;
}
