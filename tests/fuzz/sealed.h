/* sealed.h: a file that ends with the hash of what stands before it. The hash would keep every changed byte
 * from the reader, so bytes are tried twice: as they are, and with the length and the hash that they should
 * have. */
#ifndef SEALED_H
#define SEALED_H

#include "base/hash.h"
#include "require.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The length of what follows the header, as 8 bytes at length_at, is the header's last part. */
static void try_twice(const uint8_t *data, size_t size, size_t length_at,
                      void (*attempt)(const uint8_t *data, size_t size))
{
    size_t header = length_at + 8;
    attempt(data, size);
    if (size < header + VOUCH__HASH || size > 1 << 18)
        return;
    uint8_t *right = malloc(size);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    require(right && ctx);
    memcpy(right, data, size);
    for (int i = 0; i < 8; i++)
        right[length_at + (size_t)i] = (uint8_t)((uint64_t)(size - header - VOUCH__HASH) >> (8 * i));
    require(vouch__hash(ctx, right, size - VOUCH__HASH, right + size - VOUCH__HASH) == VOUCH_OK);
    vouch_ctx_free(ctx);
    attempt(right, size);
    free(right);
}

#endif
