/* The service: which model serves, and how it is replaced while serving. The registry is asked again only
 * when the ledger has an approval or a retirement that it had not before. */
#include "serve/service.h"

#include "govern/registry.h"
#include "models/model_kind.h"

#include <openssl/rand.h>
#include <string.h>

enum { DEFAULT_BODY = 1 << 20, DEFAULT_ROWS = 1000 };

static vouch_status decide_with(vouch_ctx *ctx, const void *decider, const vouch__json *row, vouch__doc *doc,
                                vouch__decide_times *times, vouch__json **out_decision)
{
    return vouch__decide(ctx, decider, row, doc, times, out_decision);
}

static void free_decider(void *decider) { vouch__decider_free(decider); }

void vouch__serving_clear(vouch__serving *serving)
{
    if (serving->free)
        serving->free(serving->decider);
    vouch__doc_free(serving->doc);
    *serving = (vouch__serving){ .decider = NULL };
}

vouch_status vouch__service_new(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                                size_t max_body, size_t max_rows, vouch__service **out_service)
{
    vouch__service *service = vouch__alloc(ctx, 1, sizeof *service);
    if (!service)
        return vouch__oom(ctx);
    service->alloc = *vouch__allocator(ctx);
    service->store = store;
    service->key = key;
    service->max_body = max_body ? max_body : DEFAULT_BODY;
    service->max_rows = max_rows ? max_rows : DEFAULT_ROWS;
    service->stamp = -1;
    service->model = model ? vouch__strdup(ctx, model) : NULL;
    if (model && !service->model) {
        vouch__service_free(service);
        return vouch__oom(ctx);
    }
    *out_service = service;
    return VOUCH_OK;
}

void vouch__service_free(vouch__service *service)
{
    if (!service)
        return;
    vouch_alloc alloc = service->alloc;
    vouch__serving_clear(&service->serving);
    vouch__free(&alloc, service->model);
    vouch__free(&alloc, service);
}

static const char *text_of(const vouch__json *node, const char *key)
{
    return vouch__json_string(vouch__json_get(node, key));
}

static void copy_member(vouch__doc *doc, vouch__json *to, const vouch__json *from, const char *key)
{
    (void)vouch__json_set(doc, to, key, vouch__json_copy(doc, vouch__json_get(from, key)));
}

/* What the world may know of the model: not its objects' hashes. */
static vouch_status describe(vouch_ctx *ctx, const vouch__json *model, vouch__serving *s)
{
    static const char *const members[] = { "name",      "kind",      "fingerprint", "state",
                                           "developer", "validator", "approver",    "run_seq" };
    const vouch_model *m = vouch__decider_model(s->decider);
    vouch__json *about = vouch__json_object(s->doc);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        copy_member(s->doc, about, model, members[i]);
    (void)vouch__json_set(s->doc, about, "bundle",
                          vouch__json_text(s->doc, vouch__decider_fingerprint(s->decider)));
    vouch__json *inputs = vouch__json_set(s->doc, about, "inputs", vouch__json_array(s->doc));
    for (size_t i = 0; i < m->inputs.n; i++) {
        vouch__json *input = vouch__json_push(s->doc, inputs, vouch__json_object(s->doc));
        (void)vouch__json_set(s->doc, input, "name", vouch__json_text(s->doc, m->inputs.at[i].name));
        (void)vouch__json_set(s->doc, input, "type",
                              vouch__json_text(s->doc, m->inputs.at[i].is_category ? "text" : "number"));
    }
    s->about = about;
    s->inputs = inputs;
    s->name = text_of(about, "name");
    s->kind = text_of(about, "kind");
    s->fingerprint = text_of(about, "fingerprint");
    s->bundle = text_of(about, "bundle");
    return vouch__doc_status(ctx, s->doc);
}

static vouch_status load_bundle(vouch_ctx *ctx, vouch_store *store, const vouch__json *model,
                                vouch__serving *s)
{
    vouch__buf bytes;
    vouch__decider *decider = NULL;
    const char *bundle = text_of(model, "bundle");
    if (!bundle)
        return vouch__fail(
            ctx, VOUCH_E_DATA, "serve: model %s of run %lld was recorded without a decision bundle",
            text_of(model, "name"), (long long)vouch__json_int(vouch__json_get(model, "run_seq"), 0));
    vouch_status status = vouch__object_get(ctx, store, bundle, &bytes);
    if (status)
        return status;
    status = vouch__decider_new(ctx, bytes.at, bytes.len, &decider);
    vouch__buf_free(&bytes);
    if (status)
        return status;
    s->decider = decider;
    s->decide = decide_with;
    s->free = free_decider;
    /* What was approved is this fingerprint; a bundle with another model in it must not serve. */
    if (strcmp(vouch_model_fingerprint(vouch__decider_model(decider)), text_of(model, "fingerprint")) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "serve: the decision bundle of model %s holds another model",
                           text_of(model, "name"));
    return VOUCH_OK;
}

vouch_status vouch__service_refresh(vouch_ctx *ctx, vouch__service *service)
{
    int64_t stamp = 0;
    vouch__serving next = { .decider = NULL };
    vouch__doc *doc = NULL;
    vouch__json *model = NULL;
    vouch_status status = vouch__registry_stamp(ctx, service->store, &stamp);
    if (status || stamp == service->stamp)
        return status;
    status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = vouch__registry_approved(ctx, service->store, service->model, doc, &model);
    if (status == VOUCH_E_NOTFOUND) { /* the last one was retired */
        vouch__serving_clear(&service->serving);
        service->stamp = stamp;
    }
    if (!status)
        status = vouch__doc_new(ctx, &next.doc);
    if (!status)
        status = load_bundle(ctx, service->store, model, &next);
    if (!status)
        status = describe(ctx, model, &next);
    if (!status) {
        vouch__serving_clear(&service->serving);
        service->serving = next;
        service->stamp = stamp;
        next = (vouch__serving){ .decider = NULL };
    }
    vouch__serving_clear(&next);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__decision_id(vouch_ctx *ctx, vouch__service *service, char out[VOUCH__DECISION_ID])
{
    uint8_t bytes[(VOUCH__DECISION_ID - 1) / 2];
    uint32_t count = service->counter++;
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(count >> (24 - 8 * i));
    if (RAND_bytes(bytes + 4, sizeof bytes - 4) != 1)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "decide: OpenSSL has no random numbers");
    vouch__hex(bytes, sizeof bytes, out);
    return VOUCH_OK;
}

void vouch__pending_free(vouch__pending *pending)
{
    if (!pending)
        return;
    vouch_alloc alloc = pending->alloc;
    vouch__buf_free(&pending->response);
    vouch__buf_free(&pending->records);
    vouch__free(&alloc, pending->key);
    vouch__free(&alloc, pending->id);
    vouch__free(&alloc, pending->ids);
    vouch__free(&alloc, pending->record);
    vouch__free(&alloc, pending);
}
