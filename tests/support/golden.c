/* Reading golden cases through the library's own JSON reader. */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything read hangs from here, so that it is still reachable when the program ends. */
static struct kept {
    void *ptr;
    struct kept *next;
} * kept;

static void *keep(void *ptr)
{
    struct kept *k = malloc(sizeof *k);
    if (!k || !ptr)
        abort();
    *k = (struct kept){ ptr, kept };
    kept = k;
    return ptr;
}

const vouch__json *golden(const char *path)
{
    static vouch_ctx *ctx;
    char full[512];
    (void)snprintf(full, sizeof full, "%s/golden/%s", VOUCH_TEST_ROOT, path);
    FILE *file = fopen(full, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail_msg("golden case %s can't be read", full);
    long size = ftell(file);
    rewind(file);
    char *text = keep(malloc((size_t)size + 1));
    size_t len = fread(text, 1, (size_t)size, file);
    (void)fclose(file);
    if (!ctx)
        ctx = keep(vouch_ctx_new(NULL));
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, path, text, len, (size_t)1 << 30, &doc));
    keep(doc);
    return vouch__doc_root(doc);
}

const vouch__json *golden_at(const vouch__json *node, const char *path)
{
    const char *rest = path;
    while (node && *rest) {
        char name[128];
        size_t len = strcspn(rest, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, rest);
        node = node->type == VOUCH__JSON_ARRAY ? vouch__json_at(node, strtoul(name, NULL, 10))
                                               : vouch__json_get(node, name);
        rest += len + (rest[len] == '.');
    }
    if (!node)
        fail_msg("the golden case has no '%s'", path);
    return node;
}

double golden_number(const vouch__json *node, const char *path)
{
    return vouch__json_double(golden_at(node, path), NAN);
}

const char *golden_text(const vouch__json *node, const char *path)
{
    const char *text = vouch__json_string(golden_at(node, path));
    if (!text)
        fail_msg("'%s' in the golden case is not text", path);
    return text;
}

size_t golden_len(const vouch__json *node, const char *path)
{
    node = golden_at(node, path);
    if (node->type != VOUCH__JSON_ARRAY)
        fail_msg("'%s' in the golden case is not an array", path);
    return node->len;
}

double *golden_array(const vouch__json *node, const char *path, size_t *out_n)
{
    size_t n = golden_len(node, path), i = 0;
    double *out = keep(malloc((n + 1) * sizeof *out));
    for (const vouch__json *at = golden_at(node, path)->first; at; at = at->next)
        out[i++] = vouch__json_double(at, NAN);
    if (out_n)
        *out_n = n;
    return out;
}

uint8_t *golden_flags(const vouch__json *node, const char *path, size_t *out_n)
{
    size_t n;
    double *value = golden_array(node, path, &n);
    uint8_t *out = keep(malloc(n + 1));
    for (size_t i = 0; i < n; i++)
        out[i] = value[i] != 0.0;
    if (out_n)
        *out_n = n;
    return out;
}
