/* Signing a file by a key, and checking who did. */
#include "govern/file_signature.h"

#include "base/file.h"
#include "govern/grants.h"
#include "vouch/govern.h"

#include <string.h>

enum { FILE_MAX = 1 << 24, SIGNATURE_MAX = 1 << 16 };

static const char *const members[] = { "file", "key", "on", "person", "public_key" };
enum { MEMBERS = 5 };

/* The SHA-256 of what is signed. */
static vouch_status digest(vouch_ctx *ctx, const char *const *value, uint8_t out[VOUCH__HASH],
                           vouch__buf *told)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc);
    for (size_t k = 0; k < MEMBERS; k++)
        vouch__json_set(doc, root, members[k], vouch__json_text(doc, value[k]));
    status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(told, root);
        status = vouch__buf_status(ctx, told);
    }
    if (!status)
        status = vouch__hash(ctx, told->at, told->len, out);
    vouch__doc_free(doc);
    return status;
}

static vouch_status signature_path(vouch_ctx *ctx, const char *path, vouch__buf *out)
{
    vouch__buf_init(ctx, out, 0);
    vouch__buf_fmt(out, "%s.sig", path);
    return vouch__buf_status(ctx, out);
}

vouch_status vouch_file_sign(vouch_ctx *ctx, const vouch_key *key, const char *path, const char *person,
                             const char *on)
{
    char hash[VOUCH__HEX], public_hex[2 * VOUCH__KEY_PUBLIC + 1], signature_hex[2 * VOUCH__SIGNATURE + 1];
    uint8_t what[VOUCH__HASH], signature[VOUCH__SIGNATURE];
    vouch__buf bytes, told, sig;
    vouch__buf_init(ctx, &bytes, FILE_MAX);
    vouch__buf_init(ctx, &told, 0);
    vouch__hex(key->public_key, VOUCH__KEY_PUBLIC, public_hex);
    const char *const value[MEMBERS] = { hash, key->id, on, person, public_hex };
    vouch_status status = signature_path(ctx, path, &sig);
    if (!status)
        status = vouch__file_read(ctx, path, FILE_MAX, &bytes);
    if (!status)
        status = vouch__hash_hex(ctx, bytes.at ? bytes.at : "", bytes.len, hash);
    if (!status)
        status = digest(ctx, value, what, &told);
    if (!status)
        status = vouch__key_sign(ctx, key, what, signature);
    if (!status) { /* canonical: signature is the last of its keys */
        vouch__hex(signature, VOUCH__SIGNATURE, signature_hex);
        vouch__buf_clear(&bytes);
        vouch__buf_add(&bytes, told.at, told.len - 1);
        vouch__buf_fmt(&bytes, ",\"signature\":\"%s\"}\n", signature_hex);
        status = vouch__buf_status(ctx, &bytes);
    }
    if (!status)
        status = vouch__file_write(ctx, sig.at, bytes.at, bytes.len, 0644);
    vouch__buf_free(&sig);
    vouch__buf_free(&told);
    vouch__buf_free(&bytes);
    return status;
}

static vouch_status check(vouch_ctx *ctx, const char *name, const vouch__json *root, const char *hash)
{
    const char *value[MEMBERS], *signature_hex = vouch__json_string(vouch__json_get(root, "signature"));
    uint8_t what[VOUCH__HASH], public_key[VOUCH__KEY_PUBLIC], signature[VOUCH__SIGNATURE];
    char id[VOUCH__KEY_ID];
    bool is_whole = signature_hex && vouch__unhex(signature_hex, signature, VOUCH__SIGNATURE),
         is_good = false;
    vouch__buf told;
    for (size_t k = 0; k < MEMBERS; k++) {
        value[k] = vouch__json_string(vouch__json_get(root, members[k]));
        is_whole = is_whole && value[k];
    }
    if (!is_whole || !vouch__unhex(value[4], public_key, VOUCH__KEY_PUBLIC))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: is not the signature of a file", name);
    if (strcmp(value[0], hash) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "%s: is of another content: the file was changed after %s signed it", name,
                           value[3]);
    vouch__buf_init(ctx, &told, 0);
    vouch_status status = digest(ctx, value, what, &told);
    vouch__buf_free(&told);
    if (!status)
        status = vouch__key_id(ctx, public_key, id);
    if (!status)
        status = vouch__key_check(ctx, public_key, what, signature, &is_good);
    if (!status && (!is_good || strcmp(id, value[1]) != 0))
        status = vouch__fail(ctx, VOUCH_E_CORRUPT, "%s: the signature is not good", name);
    return status;
}

vouch_status vouch__file_signature(vouch_ctx *ctx, const char *path, const void *bytes, size_t len,
                                   vouch__doc **out_doc)
{
    char hash[VOUCH__HEX];
    vouch__buf text, sig;
    vouch__doc *doc = NULL;
    *out_doc = NULL;
    vouch__buf_init(ctx, &text, SIGNATURE_MAX);
    vouch_status status = signature_path(ctx, path, &sig);
    if (!status && !vouch__file_exists(sig.at)) {
        vouch__buf_free(&sig);
        return VOUCH_OK;
    }
    if (!status)
        status = vouch__hash_hex(ctx, bytes, len, hash);
    if (!status)
        status = vouch__file_read(ctx, sig.at, SIGNATURE_MAX, &text);
    if (!status)
        status = vouch__json_read(ctx, sig.at, text.at ? text.at : "", text.len, SIGNATURE_MAX, &doc);
    if (!status)
        status = check(ctx, sig.at, vouch__doc_root(doc), hash);
    if (status)
        vouch__doc_free(doc);
    else
        *out_doc = doc;
    vouch__buf_free(&text);
    vouch__buf_free(&sig);
    return status;
}
