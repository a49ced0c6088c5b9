/* Decisions, many to a commit. One transaction holds the rows of every batch and one ledger entry with the
 * root of their hashes, so a signature and a sync are paid once for all that wait.
 *
 * A leaf is SHA-256 over the record and the id that finds it, or over a stored answer, its key and the hash
 * of the request it answers. The root is SHA-256 over the leaves in order. */
#include "govern/ledger.h"
#include "govern/store.h"

#include <string.h>

typedef struct part {
    const char *text;
    size_t len;
} part;

static vouch_status leaf(vouch_ctx *ctx, size_t n, const part *parts, uint8_t out[VOUCH__HASH])
{
    vouch__sha256 hash;
    vouch_status status = vouch__sha256_init(ctx, &hash);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) { /* lengths first: no two lists of parts give the same bytes */
        uint8_t len[8];
        for (int b = 0; b < 8; b++)
            len[b] = (uint8_t)((uint64_t)parts[i].len >> (8 * b));
        vouch__sha256_add(&hash, len, sizeof len);
        vouch__sha256_add(&hash, parts[i].text, parts[i].len);
    }
    vouch__sha256_end(&hash, out);
    return VOUCH_OK;
}

vouch_status vouch__leaf_decision(vouch_ctx *ctx, const char *id, size_t id_len, const char *record,
                                  size_t record_len, uint8_t out[VOUCH__HASH])
{
    const part parts[] = { { "decision", 8 }, { id, id_len }, { record, record_len } };
    return leaf(ctx, 3, parts, out);
}

vouch_status vouch__leaf_answer(vouch_ctx *ctx, const char *key, size_t key_len, const char *request,
                                size_t request_len, const char *response, size_t response_len,
                                uint8_t out[VOUCH__HASH])
{
    const part parts[] = {
        { "answer", 6 }, { key, key_len }, { request, request_len }, { response, response_len }
    };
    return leaf(ctx, 4, parts, out);
}

typedef struct group { /* the batches of one commit that are not refused */
    size_t n, n_decisions, n_answers;
    const vouch__decision_batch **batch;
    uint8_t (*leaf)[VOUCH__HASH]; /* each batch's decisions, then its answer */
    int64_t seq;
} group;

/* Is the batch's idempotency key in the store, or in a batch before it? */
static vouch_status key_taken(vouch_ctx *ctx, vouch_store *store, const group *g, const char *key,
                              bool *out_taken)
{
    sqlite3_stmt *stmt = NULL;
    for (size_t i = 0; i < g->n; i++) {
        if (g->batch[i]->idempotency_key && strcmp(g->batch[i]->idempotency_key, key) == 0) {
            *out_taken = true;
            return VOUCH_OK;
        }
    }
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_ANSWER_GET, &stmt);
    if (status)
        return status;
    vouch__sql_text(stmt, 1, key, strlen(key));
    status = vouch__sql_step(ctx, store, stmt, out_taken);
    vouch__sql_reset(stmt);
    return status;
}

static vouch_status choose(vouch_ctx *ctx, vouch_store *store, size_t n, const vouch__decision_batch *batch,
                           vouch_status *out_status, group *g)
{
    g->batch = vouch__scratch(ctx, n, sizeof *g->batch);
    if (!g->batch)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        bool taken = false;
        const char *key = batch[i].idempotency_key;
        vouch_status status = key ? key_taken(ctx, store, g, key, &taken) : VOUCH_OK;
        if (status)
            return status;
        out_status[i] = taken ? VOUCH_E_CONFLICT : VOUCH_OK;
        if (taken)
            continue;
        g->batch[g->n++] = &batch[i];
        g->n_decisions += batch[i].n;
        g->n_answers += key != NULL;
    }
    return VOUCH_OK;
}

static vouch_status hash_leaves(vouch_ctx *ctx, group *g, char out_root[VOUCH__HEX])
{
    size_t at = 0, total = g->n_decisions + g->n_answers;
    g->leaf = vouch__scratch(ctx, total, sizeof *g->leaf);
    if (!g->leaf)
        return vouch__oom(ctx);
    for (size_t i = 0; i < g->n; i++) {
        const vouch__decision_batch *b = g->batch[i];
        vouch_status status = VOUCH_OK;
        for (size_t j = 0; j < b->n && !status; j++)
            status = vouch__leaf_decision(ctx, b->id[j], strlen(b->id[j]), b->record[j], strlen(b->record[j]),
                                          g->leaf[at++]);
        if (!status && b->idempotency_key)
            status = vouch__leaf_answer(ctx, b->idempotency_key, strlen(b->idempotency_key), b->request_hash,
                                        strlen(b->request_hash), b->response, b->response_len, g->leaf[at++]);
        if (status)
            return status;
    }
    return vouch__hash_hex(ctx, g->leaf, total * VOUCH__HASH, out_root);
}

static vouch_status append_root(vouch_ctx *ctx, vouch_store *store, const vouch_key *service, group *g)
{
    char root[VOUCH__HEX];
    vouch__doc *doc = NULL;
    vouch_status status = hash_leaves(ctx, g, root);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "answers", vouch__json_number(doc, (double)g->n_answers));
    (void)vouch__json_set(doc, body, "count", vouch__json_number(doc, (double)g->n_decisions));
    (void)vouch__json_set(doc, body, "root", vouch__json_text(doc, root));
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__ledger_append(ctx, store, service, "service", "decisions", body, &g->seq);
    vouch__doc_free(doc);
    return status;
}

static vouch_status insert_decision(vouch_ctx *ctx, vouch_store *store, int64_t seq, size_t pos,
                                    const char *id, const char *record, const uint8_t hash[VOUCH__HASH])
{
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_DECISION_PUT, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, seq);
    vouch__sql_int(stmt, 2, (int64_t)pos);
    vouch__sql_text(stmt, 3, id, strlen(id));
    vouch__sql_text(stmt, 4, record, strlen(record));
    vouch__sql_blob(stmt, 5, hash, VOUCH__HASH);
    return vouch__sql_run(ctx, store, stmt);
}

static vouch_status insert_answer(vouch_ctx *ctx, vouch_store *store, int64_t seq, size_t pos,
                                  const vouch__decision_batch *b, const uint8_t hash[VOUCH__HASH])
{
    sqlite3_stmt *stmt = NULL;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_ANSWER_PUT, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, seq);
    vouch__sql_int(stmt, 2, (int64_t)pos);
    vouch__sql_text(stmt, 3, b->idempotency_key, strlen(b->idempotency_key));
    vouch__sql_text(stmt, 4, b->request_hash, strlen(b->request_hash));
    vouch__sql_blob(stmt, 5, b->response, b->response_len);
    vouch__sql_blob(stmt, 6, hash, VOUCH__HASH);
    return vouch__sql_run(ctx, store, stmt);
}

static vouch_status insert_rows(vouch_ctx *ctx, vouch_store *store, const group *g)
{
    size_t at = 0;
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < g->n && !status; i++) {
        const vouch__decision_batch *b = g->batch[i];
        for (size_t j = 0; j < b->n && !status; j++, at++)
            status = insert_decision(ctx, store, g->seq, at, b->id[j], b->record[j], g->leaf[at]);
        if (!status && b->idempotency_key) {
            status = insert_answer(ctx, store, g->seq, at, b, g->leaf[at]);
            at++;
        }
    }
    return status;
}

vouch_status vouch__decisions_put(vouch_ctx *ctx, vouch_store *store, const vouch_key *service, size_t n,
                                  const vouch__decision_batch *batch, vouch_status *out_status)
{
    group g = { .n = 0 };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__store_begin(ctx, store);
    if (status)
        goto done;
    status = choose(ctx, store, n, batch, out_status, &g);
    if (!status && g.n_decisions + g.n_answers == 0) {
        vouch__store_rollback(store); /* nothing to write */
        goto done;
    }
    if (!status)
        status = append_root(ctx, store, service, &g);
    if (!status)
        status = insert_rows(ctx, store, &g);
    if (!status)
        status = vouch__store_commit(ctx, store);
    else
        vouch__store_rollback(store);
done:
    for (size_t i = 0; i < n && status; i++)
        out_status[i] = status;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status copy_answer(vouch_ctx *ctx, sqlite3_stmt *stmt, const char *key, const char *request_hash,
                                vouch__buf *out_response)
{
    uint8_t hash[VOUCH__HASH];
    const char *request = (const char *)sqlite3_column_text(stmt, 0);
    size_t request_len = (size_t)sqlite3_column_bytes(stmt, 0);
    const char *response = sqlite3_column_blob(stmt, 1);
    size_t len = (size_t)sqlite3_column_bytes(stmt, 1);
    if (!request)
        return vouch__oom(ctx);
    vouch_status status = vouch__leaf_answer(ctx, key, strlen(key), request, request_len,
                                             response ? response : "", len, hash);
    if (status)
        return status;
    if (!vouch__sql_is(stmt, 2, SQLITE_BLOB, VOUCH__HASH) ||
        memcmp(sqlite3_column_blob(stmt, 2), hash, VOUCH__HASH) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "idempotency key '%s': the stored answer is not what was sent", key);
    if (strcmp(request, request_hash) != 0)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "idempotency key '%s': was used for another request", key);
    vouch__buf_init(ctx, out_response, 0);
    vouch__buf_add(out_response, response ? response : "", len);
    status = vouch__buf_status(ctx, out_response);
    if (status)
        vouch__buf_free(out_response);
    return status;
}

vouch_status vouch__decisions_replay(vouch_ctx *ctx, vouch_store *store, const char *idempotency_key,
                                     const char *request_hash, vouch__buf *out_response)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_ANSWER_GET, &stmt);
    if (status)
        return status;
    vouch__sql_text(stmt, 1, idempotency_key, strlen(idempotency_key));
    status = vouch__sql_step(ctx, store, stmt, &found);
    if (!status && !found)
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "idempotency key '%s': has not been used",
                             idempotency_key);
    if (!status)
        status = copy_answer(ctx, stmt, idempotency_key, request_hash, out_response);
    vouch__sql_reset(stmt);
    return status;
}

vouch_status vouch__decision_get(vouch_ctx *ctx, vouch_store *store, const char *id, vouch__buf *out_record)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    uint8_t hash[VOUCH__HASH];
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_DECISION_GET, &stmt);
    if (status)
        return status;
    vouch__sql_text(stmt, 1, id, strlen(id));
    status = vouch__sql_step(ctx, store, stmt, &found);
    if (status || !found) {
        status = status ? status
                        : vouch__fail(ctx, VOUCH_E_NOTFOUND, "decision '%s': is not in the store", id);
        goto done;
    }
    const char *record = (const char *)sqlite3_column_text(stmt, 0);
    size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
    status = record ? vouch__leaf_decision(ctx, id, strlen(id), record, len, hash) : vouch__oom(ctx);
    if (status)
        goto done;
    if (!vouch__sql_is(stmt, 1, SQLITE_BLOB, VOUCH__HASH) ||
        memcmp(sqlite3_column_blob(stmt, 1), hash, VOUCH__HASH) != 0) {
        status = vouch__fail(ctx, VOUCH_E_CORRUPT, "decision '%s': its record is not what was written", id);
        goto done;
    }
    vouch__buf_init(ctx, out_record, 0);
    vouch__buf_add(out_record, record, len);
    status = vouch__buf_status(ctx, out_record);
    if (status)
        vouch__buf_free(out_record);
done:
    vouch__sql_reset(stmt);
    return status;
}
