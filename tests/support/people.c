#include "people.h"

#include "govern/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const person_name[N_PEOPLE] = { "Olga Owner", "Dana Developer", "Victor Validator",
                                            "Anna Approver", "decision server" };
const char *const person_role[N_PEOPLE] = { "owner", "developer", "validator", "approver", "service" };

static vouch_key *keys[N_PEOPLE];

static void free_keys(void)
{
    for (int i = 0; i < N_PEOPLE; i++)
        vouch_key_free(keys[i]);
}

const char *person_key_path(int i)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s.pem", person_role[i]);
    return test_path(name);
}

const vouch_key *person_key(int i)
{
    if (!keys[i]) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        if (!keys[OLGA] && i == OLGA)
            (void)atexit(free_keys);
        else if (!keys[OLGA])
            (void)person_key(OLGA);
        assert_ok(ctx, vouch_key_new(ctx, person_key_path(i), "correct horse"));
        assert_ok(ctx, vouch_key_open(ctx, person_key_path(i), "correct horse", &keys[i]));
        vouch_ctx_free(ctx);
    }
    return keys[i];
}

vouch_store *people_store(vouch_ctx *ctx, const char *path)
{
    vouch_store *store = NULL;
    if (path)
        (void)unlink(path);
    assert_ok(ctx, vouch_store_open(ctx, path ? path : ":memory:", 1, &store));
    assert_ok(ctx, vouch_govern_init(ctx, store, person_key(OLGA), person_name[OLGA]));
    for (int i = DANA; i < N_PEOPLE; i++) {
        (void)person_key(i);
        char pub[300];
        (void)snprintf(pub, sizeof pub, "%s.pub", person_key_path(i));
        assert_ok(
            ctx, vouch_govern_grant(ctx, store, person_key(OLGA), pub, person_name[i], person_role[i], 0, 0));
    }
    return store;
}

int64_t add_run(vouch_ctx *ctx, vouch_store *store, int who, const char *name, unsigned salt,
                char fingerprint[65])
{
    vouch__doc *doc = NULL;
    int64_t seq = 0;
    assert_ok(ctx, vouch__hash_hex(ctx, &salt, sizeof salt, fingerprint));
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *body = vouch__json_object(doc);
    vouch__json *models = vouch__json_set(doc, body, "models", vouch__json_array(doc));
    vouch__json *m = vouch__json_push(doc, models, vouch__json_object(doc));
    (void)vouch__json_set(doc, m, "name", vouch__json_text(doc, name));
    (void)vouch__json_set(doc, m, "kind", vouch__json_text(doc, "scorecard"));
    (void)vouch__json_set(doc, m, "fingerprint", vouch__json_text(doc, fingerprint));
    assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(who), "developer", "run", body, &seq));
    vouch__doc_free(doc);
    return seq;
}

static int64_t told(void *self) { return *(int64_t *)self; }

vouch_ctx *clocked_ctx(int64_t *now)
{
    vouch_ctx_options options = { .clock = told, .self = now, .threads = 1 };
    return vouch_ctx_new(&options);
}
