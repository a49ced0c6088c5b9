/* POST /v1/decisions and GET /v1/decisions/{id}.
 *
 * A request is read and decided at once; its answer is written then, but sent only when the decisions and the
 * answer's hash are durable. Of a row only the model's inputs are kept. */
#include "serve/service.h"

#include <string.h>

static vouch_status check_key(vouch_ctx *ctx, const char *key)
{
    size_t len = strlen(key);
    if (len == 0 || len > 200)
        return vouch__fail(ctx, VOUCH_E_ARG, "idempotency key: must be of 1 to 200 visible ASCII characters");
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            return vouch__fail(ctx, VOUCH_E_ARG, "idempotency key: byte %zu is not a visible ASCII character",
                               i);
    return VOUCH_OK;
}

/* {"row": {...}} or {"rows": [{...}, ...]}; *out_rows is the row or the first of the rows. */
static vouch_status find_rows(vouch_ctx *ctx, const vouch__service *service, const vouch__json *root,
                              const vouch__json **out_row, size_t *out_n)
{
    const vouch__json *row = vouch__json_get(root, "row"), *rows = vouch__json_get(root, "rows");
    if (!root || root->type != VOUCH__JSON_OBJECT || root->len != 1 || (!row && !rows))
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "request body: must be {\"row\": {...}} or {\"rows\": [{...}, ...]}");
    *out_row = row;
    *out_n = 1;
    if (row)
        return VOUCH_OK;
    if (rows->type != VOUCH__JSON_ARRAY)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "request body: rows must be a list");
    if (rows->len == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "request body: rows is empty");
    if (rows->len > service->max_rows)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "request body: %zu rows, at most %zu are taken at once",
                           rows->len, service->max_rows);
    *out_row = rows->first;
    *out_n = rows->len;
    return VOUCH_OK;
}

static vouch_status pending_new(vouch_ctx *ctx, const char *key, size_t n, vouch__pending **out_pending)
{
    vouch__pending *p = vouch__alloc(ctx, 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    p->alloc = *vouch__allocator(ctx);
    vouch__buf_init(ctx, &p->response, 0);
    vouch__buf_init(ctx, &p->records, 0);
    p->id = vouch__alloc(ctx, n, sizeof *p->id);
    p->ids = vouch__alloc(ctx, n, sizeof *p->ids);
    p->record = vouch__alloc(ctx, n, sizeof *p->record);
    p->key = key ? vouch__strdup(ctx, key) : NULL;
    if (!p->id || !p->ids || !p->record || (key && !p->key)) {
        vouch__pending_free(p);
        return vouch__oom(ctx);
    }
    p->batch.n = n;
    *out_pending = p;
    return VOUCH_OK;
}

static void count_outcome(vouch__pending *p, const vouch__json *decision)
{
    const char *word = vouch__json_string(vouch__json_get(decision, "decision"));
    if (word && strcmp(word, "approve") == 0)
        p->outcomes[VOUCH__APPROVE]++;
    else if (word && strcmp(word, "decline") == 0)
        p->outcomes[VOUCH__DECLINE]++;
    else if (word && strcmp(word, "score") == 0)
        p->outcomes[VOUCH__SCORE]++;
    else
        p->outcomes[VOUCH__REFER]++;
}

/* The record {bundle, decision, id, row}, with the model's inputs alone of the row. */
static void write_record(const vouch__service *service, vouch__doc *doc, const char *id,
                         const vouch__json *row, const vouch__json *decision, vouch__buf *out)
{
    vouch__json *record = vouch__json_object(doc);
    (void)vouch__json_set(doc, record, "bundle", vouch__json_text(doc, service->serving.bundle));
    (void)vouch__json_set(doc, record, "decision", vouch__json_copy(doc, decision));
    (void)vouch__json_set(doc, record, "id", vouch__json_text(doc, id));
    vouch__json *kept = vouch__json_set(doc, record, "row", vouch__json_object(doc));
    for (const vouch__json *i = service->serving.inputs ? service->serving.inputs->first : NULL; i;
         i = i->next) {
        const char *name = vouch__json_string(vouch__json_get(i, "name"));
        const vouch__json *value = vouch__json_get(row, name);
        if (value)
            (void)vouch__json_set(doc, kept, name, vouch__json_copy(doc, value));
    }
    if (record)
        vouch__json_write(out, record);
    vouch__buf_add(out, "", 1); /* the NUL between records */
}

static vouch_status decide_row(vouch_ctx *ctx, vouch__service *service, const vouch__json *row,
                               vouch__pending *p, size_t i, vouch__decide_times *times)
{
    vouch__doc *doc = NULL;
    vouch__json *decision = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = vouch__decision_id(ctx, service, p->id[i]);
    if (!status)
        status = service->serving.decide(ctx, service->serving.decider, row, doc, times, &decision);
    if (!status) {
        count_outcome(p, decision);
        write_record(service, doc, p->id[i], row, decision, &p->records);
        (void)vouch__json_set(doc, decision, "id", vouch__json_text(doc, p->id[i]));
        vouch__buf_text(&p->response, i ? "," : "");
        vouch__json_write(&p->response, decision);
        status = vouch__doc_status(ctx, doc);
    }
    if (!status)
        status = vouch__buf_status(ctx, &p->records);
    vouch__doc_free(doc);
    return status;
}

static vouch_status decide_all(vouch_ctx *ctx, vouch__service *service, const vouch__json *row, bool is_list,
                               vouch__pending *p, vouch__decide_times *times)
{
    vouch__buf_text(&p->response, "{\"decisions\":[");
    for (size_t i = 0; i < p->batch.n; i++, row = row->next) {
        vouch_status status = decide_row(ctx, service, row, p, i, times);
        if (status)
            return is_list ? vouch__because(ctx, status, "rows[%zu]", i) : status;
    }
    vouch__buf_text(&p->response, "]}");
    const char *at = p->records.at; /* stands still now */
    for (size_t i = 0; i < p->batch.n && at; i++) {
        p->record[i] = at;
        p->ids[i] = p->id[i];
        at += strlen(at) + 1;
    }
    p->batch.id = p->ids;
    p->batch.record = p->record;
    p->batch.idempotency_key = p->key;
    p->batch.request_hash = p->request_hash;
    p->batch.response = p->response.at;
    p->batch.response_len = p->response.len;
    return vouch__buf_status(ctx, &p->response);
}

/* Of the canonical form: the same request with other spaces is the same request. */
static vouch_status hash_request(vouch_ctx *ctx, const vouch__json *root, char out[VOUCH__HEX])
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__json_write(&text, root);
    vouch_status status = vouch__buf_status(ctx, &text);
    if (text.at && !status)
        status = vouch__hash_hex(ctx, text.at, text.len, out);
    vouch__buf_free(&text);
    return status;
}

static vouch_status replay(vouch_ctx *ctx, vouch__service *service, const char *key, const char *hash,
                           vouch__response *response)
{
    vouch__buf body;
    vouch_status status = vouch__decisions_replay(ctx, service->store, key, hash, &body);
    if (status)
        return status;
    vouch__buf_free(&response->body);
    response->body = body;
    response->is_replay = true;
    service->metrics.replays++;
    return VOUCH_OK;
}

/* What decide_all spent that the decisions themselves did not is ids, records and the answer. */
static void count_stages(vouch__metrics *metrics, int64_t parse, int64_t decide, const vouch__decide_times *t)
{
    vouch__metrics_time(&metrics->stage[VOUCH__STAGE_PARSE], parse);
    vouch__metrics_time(&metrics->stage[VOUCH__STAGE_SCORE], t->score);
    vouch__metrics_time(&metrics->stage[VOUCH__STAGE_EXPLAIN], t->explain);
    vouch__metrics_time(&metrics->stage[VOUCH__STAGE_REASONS], t->reasons);
    vouch__metrics_time(&metrics->stage[VOUCH__STAGE_SERIALIZE], decide - t->score - t->explain - t->reasons);
}

/* begun: when the request was taken up. */
static vouch_status post(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                         int64_t begun, const vouch__json *root, vouch__response *response,
                         vouch__pending **out_pending)
{
    vouch__decide_times times = { .score = 0 };
    size_t n = 0;
    const vouch__json *row = NULL;
    char hash[VOUCH__HEX];
    vouch__pending *p = NULL;
    vouch_status status = find_rows(ctx, service, root, &row, &n);
    if (!status)
        status = hash_request(ctx, root, hash);
    if (status)
        return status;
    if (request->idempotency_key) {
        status = replay(ctx, service, request->idempotency_key, hash, response);
        if (status != VOUCH_E_NOTFOUND)
            return status;
    }
    if (!service->serving.fingerprint)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "decide: no approved model serves");
    status = pending_new(ctx, request->idempotency_key, n, &p);
    if (!p)
        return status;
    memcpy(p->request_hash, hash, sizeof hash);
    int64_t parsed = vouch__now(ctx);
    status = decide_all(ctx, service, row, vouch__json_get(root, "rows") != NULL, p, &times);
    if (status) {
        vouch__pending_free(p);
        return status;
    }
    p->decided = vouch__now(ctx);
    vouch__metrics_time(&service->metrics.scoring, p->decided - begun);
    count_stages(&service->metrics, parsed - begun, p->decided - parsed, &times);
    *out_pending = p;
    return VOUCH_OK;
}

vouch_status vouch__decisions_post(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                                   const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    vouch__doc *doc = NULL;
    vouch_status status = VOUCH_OK;
    int64_t begun = vouch__now(ctx);
    (void)rest;
    if (request->idempotency_key)
        status = check_key(ctx, request->idempotency_key);
    if (!status)
        status = vouch__json_read(ctx, "request body", request->body, request->len, service->max_body, &doc);
    if (status)
        return status;
    status = post(ctx, service, request, begun, vouch__doc_root(doc), response, out_pending);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__decisions_get(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                                  const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    vouch__buf record;
    (void)request, (void)out_pending;
    if (strlen(rest) != VOUCH__DECISION_ID - 1 || strspn(rest, "0123456789abcdef") != VOUCH__DECISION_ID - 1)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "decision: an id has %d hex digits",
                           VOUCH__DECISION_ID - 1);
    vouch_status status = vouch__decision_get(ctx, service->store, rest, &record);
    if (status)
        return status;
    vouch__buf_free(&response->body);
    response->body = record;
    return VOUCH_OK;
}

vouch_status vouch__decisions_answer(vouch_ctx *ctx, vouch__service *service, const vouch__pending *p,
                                     vouch__response *response)
{
    if (p->status == VOUCH_E_CONFLICT && p->key) /* another request with the key was faster */
        return replay(ctx, service, p->key, p->request_hash, response);
    if (p->status)
        return vouch__fail(ctx, p->status, "%s", p->message);
    for (int i = 0; i < VOUCH__OUTCOMES; i++)
        service->metrics.decisions[i] += p->outcomes[i];
    vouch__metrics_time(&service->metrics.commit, vouch__now(ctx) - p->decided);
    vouch__buf_add(&response->body, p->response.at, p->response.len);
    return vouch__buf_status(ctx, &response->body);
}
