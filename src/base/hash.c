/* SHA-256 by OpenSSL's EVP interface. Only init can fail for want of memory; a hash that never began adds
 * nothing and ends as zeros. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <string.h>

vouch_status vouch__sha256_init(vouch_ctx *ctx, vouch__sha256 *hash)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    hash->md = NULL;
    if (!md)
        return vouch__oom(ctx);
    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(md);
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "hash: openssl offers no sha-256");
    }
    hash->md = md;
    return VOUCH_OK;
}

void vouch__sha256_add(vouch__sha256 *hash, const void *bytes, size_t len)
{
    if (hash->md && len)
        (void)EVP_DigestUpdate(hash->md, bytes, len); /* cannot fail for a digest in memory */
}

void vouch__sha256_end(vouch__sha256 *hash, uint8_t out[VOUCH__HASH])
{
    memset(out, 0, VOUCH__HASH);
    if (hash->md)
        (void)EVP_DigestFinal_ex(hash->md, out, NULL); /* likewise */
    vouch__sha256_drop(hash);
}

void vouch__sha256_drop(vouch__sha256 *hash)
{
    EVP_MD_CTX_free(hash->md);
    hash->md = NULL;
}

vouch_status vouch__hash(vouch_ctx *ctx, const void *bytes, size_t len, uint8_t out[VOUCH__HASH])
{
    vouch__sha256 hash;
    vouch_status status = vouch__sha256_init(ctx, &hash);
    if (status)
        return status;
    vouch__sha256_add(&hash, bytes, len);
    vouch__sha256_end(&hash, out);
    return VOUCH_OK;
}

vouch_status vouch__hash_hex(vouch_ctx *ctx, const void *bytes, size_t len, char out[VOUCH__HEX])
{
    uint8_t hash[VOUCH__HASH];
    vouch_status status = vouch__hash(ctx, bytes, len, hash);
    if (status)
        return status;
    vouch__hex(hash, VOUCH__HASH, out);
    return VOUCH_OK;
}

void vouch__hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[bytes[i] >> 4];
        out[2 * i + 1] = digit[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool vouch__unhex(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = nibble(text[2 * i]);
        int low = high < 0 ? -1 : nibble(text[2 * i + 1]); /* a short text ends at its NUL */
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * n] == '\0';
}
