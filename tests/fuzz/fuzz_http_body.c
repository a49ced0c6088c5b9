/* Any request: a code from the list, one line of JSON for a failure, and after an answer of 200 to a decision
 * the decision is in the store and the same key gives the same bytes. Input: method, path, key and body,
 * separated by newlines; the body is what is left. */
#include "../support/fake_service.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    vouch_ctx *ctx;
    vouch_store *store;
    vouch_key *key;
    vouch__service *service;
} world;

static void must(int ok)
{
    if (!ok)
        abort();
}

static void close_world(void)
{
    vouch__service_free(world.service);
    vouch_store_close(world.store);
    vouch_key_free(world.key);
    vouch_ctx_free(world.ctx);
}

static void open_world(void)
{
    char folder[] = "/tmp/vouch-fuzz-XXXXXX", path[64], pub[64];
    must(mkdtemp(folder) != NULL);
    strcpy(path, folder);
    strcat(path, "/k");
    strcpy(pub, path);
    strcat(pub, ".pub");
    world.ctx = vouch_ctx_new(NULL);
    must(!vouch_key_new(world.ctx, path, "x") && !vouch_key_open(world.ctx, path, "x", &world.key));
    must(!vouch_store_open(world.ctx, ":memory:", 1, &world.store));
    must(!vouch_govern_init(world.ctx, world.store, world.key, "Olga"));
    must(!vouch_govern_grant(world.ctx, world.store, world.key, pub, "Olga", "service", 0, 0));
    must(!fake_service(world.ctx, world.store, world.key, 4096, 8, &world.service));
    must(!unlink(path) && !unlink(pub) && !rmdir(folder));
    must(!atexit(close_world));
}

/* The text up to the next newline, as a string; *data and *size move behind it. */
static char *word(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;
    char *text = malloc(len + 1);
    must(text != NULL);
    if (len)
        memcpy(text, *data, len);
    text[len] = '\0';
    *data += end ? len + 1 : len;
    *size -= end ? len + 1 : len;
    return text;
}

static void check(const vouch__response *r)
{
    static const int codes[] = { 200, 400, 404, 405, 409, 413, 422 };
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && codes[i] != r->code)
        i++;
    must(i < sizeof codes / sizeof *codes);
    if (r->code != 200) {
        vouch__doc *doc = NULL;
        must(!memchr(r->body.at, '\n', r->body.len));
        must(!vouch__json_read(world.ctx, "response", r->body.at, r->body.len, 1 << 20, &doc));
        must(vouch__json_string(vouch__json_get(vouch__json_get(vouch__doc_root(doc), "error"), "message")) !=
             NULL);
        vouch__doc_free(doc);
    }
    must((r->allow != NULL) == (r->code == 405));
}

static void check_stored(const vouch__response *r)
{
    vouch__doc *doc = NULL;
    vouch__buf record;
    must(!vouch__json_read(world.ctx, "response", r->body.at, r->body.len, 1 << 20, &doc));
    const vouch__json *list = vouch__json_get(vouch__doc_root(doc), "decisions");
    must(list && list->len > 0);
    for (const vouch__json *d = list->first; d; d = d->next) {
        must(!vouch__decision_get(world.ctx, world.store, vouch__json_string(vouch__json_get(d, "id")),
                                  &record));
        vouch__buf_free(&record);
    }
    vouch__doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch__response r, again;
    if (!world.ctx)
        open_world();
    char *method = word(&data, &size), *path = word(&data, &size), *key = word(&data, &size);
    char *body = malloc(size + 1); /* of its own, so that ASan sees an overrun */
    must(body != NULL);
    if (size)
        memcpy(body, data, size);
    const vouch__request request = {
        .method = method, .path = path, .idempotency_key = *key ? key : NULL, .body = body, .len = size
    };
    vouch__serve_request(world.ctx, world.service, &request, &r);
    check(&r);
    if (r.code == 200 && strcmp(method, "POST") == 0) {
        check_stored(&r);
        if (*key) {
            vouch__serve_request(world.ctx, world.service, &request, &again);
            must(again.is_replay && again.body.len == r.body.len &&
                 memcmp(again.body.at, r.body.at, r.body.len) == 0);
            vouch__buf_free(&again.body);
        }
    }
    vouch__buf_free(&r.body);
    free(body);
    free(key);
    free(path);
    free(method);
    return 0;
}
