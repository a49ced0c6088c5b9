/* What people do: begin a ledger, grant roles, validate, approve and retire. Each becomes one signed entry;
 * whether it may is decided where entries are made (ledger.c) and by the registry's rules (registry.c). */
#include "vouch/govern.h"

#include "govern/grants.h"
#include "govern/ledger.h"
#include "govern/registry.h"
#include "govern/store.h"

#include <string.h>

vouch_status vouch_govern_init(vouch_ctx *ctx, vouch_store *store, const vouch_key *owner, const char *person)
{
    char hex[2 * VOUCH__KEY_PUBLIC + 1];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__person_check(ctx, person);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__hex(owner->public_key, VOUCH__KEY_PUBLIC, hex);
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "person", vouch__json_text(doc, person));
    (void)vouch__json_set(doc, body, "public_key", vouch__json_text(doc, hex));
    (void)vouch__json_set(doc, body, "version", vouch__json_text(doc, vouch_version()));
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__ledger_append(ctx, store, owner, NULL, "init", body, NULL);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch_govern_grant(vouch_ctx *ctx, vouch_store *store, const vouch_key *owner,
                                const char *public_key_path, const char *person, const char *role,
                                int64_t from, int64_t until)
{
    uint8_t public_key[VOUCH__KEY_PUBLIC];
    char hex[2 * VOUCH__KEY_PUBLIC + 1], id[VOUCH__KEY_ID];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__person_check(ctx, person);
    if (!status)
        status = vouch__key_public(ctx, public_key_path, public_key);
    if (!status)
        status = vouch__key_id(ctx, public_key, id);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__hex(public_key, VOUCH__KEY_PUBLIC, hex);
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "from", vouch__json_number(doc, (double)from));
    (void)vouch__json_set(doc, body, "key", vouch__json_text(doc, id));
    (void)vouch__json_set(doc, body, "person", vouch__json_text(doc, person));
    (void)vouch__json_set(doc, body, "public_key", vouch__json_text(doc, hex));
    (void)vouch__json_set(doc, body, "role", vouch__json_text(doc, role));
    (void)vouch__json_set(doc, body, "until", vouch__json_number(doc, (double)until));
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__ledger_append(ctx, store, owner, "owner", "grant", body, NULL);
    vouch__doc_free(doc);
    return status;
}

/* The model is looked up before the transaction, and judged again inside it. */
static vouch_status act(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *kind,
                        const char *model, const char *note)
{
    vouch__registry registry;
    const vouch__model_item *item = NULL;
    vouch__doc *doc = NULL;
    vouch_status status = vouch__registry_load(ctx, store, &registry);
    if (status)
        return status;
    status = vouch__registry_resolve(ctx, &registry, model, &item);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (status)
        goto done;
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "model", vouch__json_text(doc, item->fingerprint));
    (void)vouch__json_set(doc, body, "name", vouch__json_text(doc, item->name));
    (void)vouch__json_set(doc, body, "note", vouch__json_text(doc, note));
    (void)vouch__json_set(doc, body, "run", vouch__json_number(doc, (double)item->run_seq));
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__ledger_append(ctx, store, key, vouch__ledger_roles(kind), kind, body, NULL);
    if (status == VOUCH_E_DENIED && !strstr(vouch_ctx_error(ctx), item->name))
        (void)vouch__because(ctx, status, "model %s (%.8s)", item->name, item->fingerprint);
done:
    vouch__doc_free(doc);
    vouch__registry_clear(&registry);
    return status;
}

vouch_status vouch_govern_sign(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                               const char *note)
{
    return act(ctx, store, key, "sign", model, note);
}

vouch_status vouch_govern_approve(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                                  const char *note)
{
    return act(ctx, store, key, "approve", model, note);
}

vouch_status vouch_govern_retire(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                                 const char *note)
{
    return act(ctx, store, key, "retire", model, note);
}

vouch_status vouch_govern_head(vouch_ctx *ctx, vouch_store *store, char **out_head)
{
    int64_t seq = 0, time = 0;
    uint8_t hash[VOUCH__HASH];
    char hex[VOUCH__HEX];
    vouch__buf text;
    vouch_status status = vouch__ledger_head(ctx, store, &seq, &time, hash);
    if (status)
        return status;
    if (seq == VOUCH__HEAD_NONE)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "ledger: is empty");
    vouch__hex(hash, VOUCH__HASH, hex);
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_fmt(&text, "{\"hash\":\"%s\",\"seq\":%lld}", hex, (long long)seq);
    status = vouch__buf_status(ctx, &text);
    if (!status)
        *out_head = vouch__buf_take(&text);
    vouch__buf_free(&text);
    return status;
}
