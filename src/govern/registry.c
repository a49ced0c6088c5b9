/* The registry: which models there are, and in what state, read from the ledger from its beginning.
 *
 * Every run makes its models candidates anew, also when they are the same bytes as before: what is approved
 * is a model of a run, with that run's cut-off, reasons and evidence. Who developed a fingerprint in any run
 * can neither validate nor approve it in another. */
#include "govern/registry.h"

#include "govern/store.h"

#include <string.h>

const char *vouch__model_state_name(vouch__model_state state)
{
    static const char *const name[] = { "candidate", "validated", "approved", "retired" };
    return name[state];
}

vouch_status vouch__registry_init(vouch_ctx *ctx, vouch__registry *registry)
{
    *registry = (vouch__registry){ .alloc = *vouch__allocator(ctx) };
    return vouch__doc_new(ctx, &registry->doc);
}

void vouch__registry_clear(vouch__registry *registry)
{
    vouch__doc_free(registry->doc);
    vouch__free(&registry->alloc, registry->at);
    *registry = (vouch__registry){ .alloc = registry->alloc };
}

bool vouch__registry_cares(const char *kind)
{
    return strcmp(kind, "run") == 0 || strcmp(kind, "sign") == 0 || strcmp(kind, "approve") == 0 ||
           strcmp(kind, "retire") == 0;
}

/* A copy that lives as long as the registry; NULL when memory ran out, which the doc remembers. */
static const char *keep(vouch__registry *registry, const char *text)
{
    return vouch__json_string(vouch__json_text(registry->doc, text));
}

static bool is_fingerprint(const char *text)
{
    uint8_t bytes[VOUCH__HASH];
    return text && vouch__unhex(text, bytes, VOUCH__HASH);
}

static vouch_status add_item(vouch_ctx *ctx, vouch__registry *registry, const vouch__model_item *item)
{
    if (registry->n == registry->cap) {
        size_t cap = registry->cap ? 2 * registry->cap : 8;
        vouch__model_item *at = vouch__resize(&registry->alloc, registry->at, cap, sizeof *at);
        if (!at)
            return vouch__oom(ctx);
        registry->at = at;
        registry->cap = cap;
    }
    registry->at[registry->n++] = *item;
    return VOUCH_OK;
}

static vouch_status apply_run(vouch_ctx *ctx, vouch__registry *registry, int64_t seq, const char *person,
                              const vouch__json *body)
{
    const vouch__json *models = vouch__json_get(body, "models");
    size_t i = 0;
    if (!models || models->type != VOUCH__JSON_ARRAY)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "run: the body has no list of models");
    for (const vouch__json *m = models->first; m; m = m->next, i++) {
        const char *fingerprint = vouch__json_string(vouch__json_get(m, "fingerprint"));
        const char *name = vouch__json_string(vouch__json_get(m, "name"));
        const char *kind = vouch__json_string(vouch__json_get(m, "kind"));
        if (!is_fingerprint(fingerprint) || !name || !*name || !kind)
            return vouch__fail(ctx, VOUCH_E_FORMAT, "run: models[%zu] lacks a name, kind or fingerprint", i);
        vouch__model_item item = { .fingerprint = keep(registry, fingerprint),
                                   .name = keep(registry, name),
                                   .kind = keep(registry, kind),
                                   .developer = keep(registry, person),
                                   .run_seq = seq,
                                   .model = vouch__json_copy(registry->doc, m) };
        vouch_status status = vouch__doc_status(ctx, registry->doc);
        if (!status)
            status = add_item(ctx, registry, &item);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

/* Did the person develop this fingerprint in any run? */
static bool developed(const vouch__registry *registry, const char *fingerprint, const char *person)
{
    for (size_t i = 0; i < registry->n; i++)
        if (strcmp(registry->at[i].fingerprint, fingerprint) == 0 &&
            strcmp(registry->at[i].developer, person) == 0)
            return true;
    return false;
}

static vouch_status check_independent(vouch_ctx *ctx, const vouch__registry *registry,
                                      const vouch__model_item *item, const char *kind, const char *person)
{
    bool is_sign = strcmp(kind, "sign") == 0;
    vouch__model_state before = is_sign ? VOUCH__CANDIDATE : VOUCH__VALIDATED;
    if (developed(registry, item->fingerprint, person))
        return vouch__fail(ctx, VOUCH_E_DENIED, "%s: %s developed model %s (%.8s) and can't be its %s", kind,
                           person, item->name, item->fingerprint, is_sign ? "validator" : "approver");
    if (!is_sign && item->validator && strcmp(item->validator, person) == 0)
        return vouch__fail(ctx, VOUCH_E_DENIED, "%s: %s validated model %s (%.8s) and can't be its approver",
                           kind, person, item->name, item->fingerprint);
    if (item->state != before)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "%s: model %s (%.8s) is %s, must be %s", kind, item->name,
                           item->fingerprint, vouch__model_state_name(item->state),
                           vouch__model_state_name(before));
    return VOUCH_OK;
}

static vouch__model_item *find_item(const vouch__registry *registry, int64_t run, const char *fingerprint)
{
    for (size_t i = registry->n; i-- > 0;)
        if (registry->at[i].run_seq == run && strcmp(registry->at[i].fingerprint, fingerprint) == 0)
            return &registry->at[i];
    return NULL;
}

/* A retired model is retired in every run that made it. */
static vouch_status retire(vouch_ctx *ctx, vouch__registry *registry, const vouch__model_item *item)
{
    size_t n = 0;
    for (size_t i = 0; i < registry->n; i++) {
        vouch__model_item *other = &registry->at[i];
        if (strcmp(other->fingerprint, item->fingerprint) == 0 && other->state != VOUCH__RETIRED) {
            other->state = VOUCH__RETIRED;
            n++;
        }
    }
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "retire: model %s (%.8s) is retired already", item->name,
                           item->fingerprint);
    return VOUCH_OK;
}

vouch_status vouch__registry_apply(vouch_ctx *ctx, vouch__registry *registry, int64_t seq, const char *kind,
                                   const char *person, const vouch__json *body)
{
    if (strcmp(kind, "run") == 0)
        return apply_run(ctx, registry, seq, person, body);
    const char *fingerprint = vouch__json_string(vouch__json_get(body, "model"));
    int64_t run = vouch__json_int(vouch__json_get(body, "run"), -1);
    vouch__model_item *item = fingerprint ? find_item(registry, run, fingerprint) : NULL;
    if (!item)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "%s: no model %s in run %lld", kind,
                           fingerprint ? fingerprint : "", (long long)run);
    if (strcmp(kind, "retire") == 0)
        return retire(ctx, registry, item);
    vouch_status status = check_independent(ctx, registry, item, kind, person);
    const char *kept = status ? NULL : keep(registry, person);
    if (!status && !kept)
        status = vouch__oom(ctx);
    if (status)
        return status;
    if (item->state == VOUCH__CANDIDATE) {
        item->validator = kept;
        item->state = VOUCH__VALIDATED;
    } else {
        item->approver = kept;
        item->state = VOUCH__APPROVED;
        item->approve_seq = seq;
    }
    return VOUCH_OK;
}

static vouch_status load_row(vouch_ctx *ctx, sqlite3_stmt *stmt, vouch__registry *registry)
{
    vouch__ledger_row row = { .seq = 0 };
    vouch__doc *doc = NULL;
    vouch_status status = vouch__ledger_row_at(ctx, stmt, &row);
    if (!status)
        status = vouch__ledger_row_read(ctx, &row, &doc);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    status = vouch__registry_apply(ctx, registry, row.seq, row.kind,
                                   vouch__json_string(vouch__json_get(entry, "person")),
                                   vouch__json_get(entry, "body"));
    if (status && status != VOUCH_E_NOMEM) { /* it was checked when it was written */
        (void)vouch__because(ctx, VOUCH_E_CORRUPT, "ledger: entry %lld", (long long)row.seq);
        status = VOUCH_E_CORRUPT;
    }
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__registry_load(vouch_ctx *ctx, vouch_store *store, vouch__registry *out_registry)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    vouch_status status = vouch__registry_init(ctx, out_registry);
    if (!status)
        status = vouch__sql(ctx, store, VOUCH__SQL_MODELS, &stmt);
    while (!status) {
        status = vouch__sql_step(ctx, store, stmt, &more);
        if (status || !more)
            break;
        status = load_row(ctx, stmt, out_registry);
    }
    if (stmt)
        vouch__sql_reset(stmt);
    if (status)
        vouch__registry_clear(out_registry);
    return status;
}

static vouch_status ambiguous(vouch_ctx *ctx, const char *model, const vouch__model_item *a,
                              const vouch__model_item *b)
{
    return vouch__fail(ctx, VOUCH_E_CONFLICT, "model '%s': may be %s (%.16s) or %s (%.16s)", model, a->name,
                       a->fingerprint, b->name, b->fingerprint);
}

vouch_status vouch__registry_resolve(vouch_ctx *ctx, const vouch__registry *registry, const char *model,
                                     const vouch__model_item **out_item)
{
    const vouch__model_item *named = NULL, *prefixed = NULL;
    size_t len = strlen(model);
    for (size_t i = registry->n; i-- > 0;) {
        const vouch__model_item *item = &registry->at[i];
        if (!named && strcmp(item->name, model) == 0)
            named = item;
        if (len == 0 || strncmp(item->fingerprint, model, len) != 0)
            continue;
        if (prefixed && strcmp(prefixed->fingerprint, item->fingerprint) != 0)
            return ambiguous(ctx, model, prefixed, item);
        if (!prefixed)
            prefixed = item;
    }
    if (named && prefixed && strcmp(named->fingerprint, prefixed->fingerprint) != 0)
        return ambiguous(ctx, model, named, prefixed);
    *out_item = named ? named : prefixed;
    return *out_item ? VOUCH_OK : vouch__fail(ctx, VOUCH_E_NOTFOUND, "model '%s': no such model", model);
}

/* The run's own words about the model, and what the ledger has decided about it since. */
static vouch_status copy_item(vouch_ctx *ctx, const vouch__model_item *item, vouch__doc *doc,
                              vouch__json **out_model)
{
    vouch__json *m = vouch__json_copy(doc, item->model);
    (void)vouch__json_set(doc, m, "state", vouch__json_text(doc, vouch__model_state_name(item->state)));
    (void)vouch__json_set(doc, m, "developer", vouch__json_text(doc, item->developer));
    (void)vouch__json_set(doc, m, "validator", vouch__json_text(doc, item->validator));
    (void)vouch__json_set(doc, m, "approver", vouch__json_text(doc, item->approver));
    (void)vouch__json_set(doc, m, "run_seq", vouch__json_number(doc, (double)item->run_seq));
    vouch_status status = vouch__doc_status(ctx, doc);
    if (!status)
        *out_model = m;
    return status;
}

vouch_status vouch__registry_find(vouch_ctx *ctx, vouch_store *store, const char *model, vouch__doc *doc,
                                  vouch__json **out_model)
{
    vouch__registry registry;
    const vouch__model_item *item = NULL;
    vouch_status status = vouch__registry_load(ctx, store, &registry);
    if (status)
        return status;
    status = vouch__registry_resolve(ctx, &registry, model, &item);
    if (item)
        status = copy_item(ctx, item, doc, out_model);
    vouch__registry_clear(&registry);
    return status;
}

vouch_status vouch__registry_approved(vouch_ctx *ctx, vouch_store *store, const char *name, vouch__doc *doc,
                                      vouch__json **out_model)
{
    vouch__registry registry;
    const vouch__model_item *item = NULL;
    vouch_status status = vouch__registry_load(ctx, store, &registry);
    if (status)
        return status;
    for (size_t i = 0; i < registry.n; i++) {
        const vouch__model_item *m = &registry.at[i];
        if (m->state == VOUCH__APPROVED && (!name || strcmp(m->name, name) == 0) &&
            (!item || m->approve_seq > item->approve_seq))
            item = m;
    }
    if (!item)
        status = name ? vouch__fail(ctx, VOUCH_E_NOTFOUND, "model '%s': none of that name is approved", name)
                      : vouch__fail(ctx, VOUCH_E_NOTFOUND, "model: none is approved");
    else
        status = copy_item(ctx, item, doc, out_model);
    vouch__registry_clear(&registry);
    return status;
}

vouch_status vouch__registry_stamp(vouch_ctx *ctx, vouch_store *store, int64_t *out_stamp)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_MODELS_LAST, &stmt);
    if (!status)
        status = vouch__sql_step(ctx, store, stmt, &row);
    if (status)
        return status;
    *out_stamp = row ? sqlite3_column_int64(stmt, 0) : 0;
    vouch__sql_reset(stmt);
    return VOUCH_OK;
}
