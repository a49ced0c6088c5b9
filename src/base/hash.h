/* base/hash.h: SHA-256 (OpenSSL), whole or in pieces, and its hex form. */
#ifndef VOUCH_HASH_H
#define VOUCH_HASH_H

#include "base/ctx.h"

typedef struct vouch__sha256 {
    void *md; /* EVP_MD_CTX */
} vouch__sha256;

enum { VOUCH__HASH = 32, VOUCH__HEX = 65 };

vouch_status vouch__sha256_init(vouch_ctx *ctx, vouch__sha256 *hash);
void vouch__sha256_add(vouch__sha256 *hash, const void *bytes, size_t len);
void vouch__sha256_end(vouch__sha256 *hash, uint8_t out[VOUCH__HASH]); /* also frees */
void vouch__sha256_drop(vouch__sha256 *hash); /* frees without a result; twice is fine */

vouch_status vouch__hash(vouch_ctx *ctx, const void *bytes, size_t len, uint8_t out[VOUCH__HASH]);
vouch_status vouch__hash_hex(vouch_ctx *ctx, const void *bytes, size_t len, char out[VOUCH__HEX]);
void vouch__hex(const uint8_t *bytes, size_t n, char *out);  /* 2 n + 1 chars, lower case */
bool vouch__unhex(const char *text, uint8_t *out, size_t n); /* exactly 2 n hex digits */

#endif
