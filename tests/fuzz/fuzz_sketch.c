/* Any bytes where a stored sketch is expected: never a crash, a refusal says why, and what is accepted is
 * written again as the same bytes, and merges with itself. The hash would keep every changed byte from the
 * reader, so the bytes are tried twice: as they are, and with the length and the hash that they should have.
 */
#include "base/hash.h"
#include "monitor/sketch_set.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LENGTH_AT = 8, HEADER = 16 };

static void require(int holds)
{
    if (!holds)
        abort();
}

static void try(const uint8_t *data, size_t size)
{
    vouch__sketch_set *set = NULL, *other = NULL;
    vouch__buf again;
    vouch_ctx_options options = { .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    require(ctx != NULL);
    vouch__buf_init(ctx, &again, 0);
    if (vouch__sketch_set_read(ctx, "file", data, size, &set) == VOUCH_OK) {
        require(vouch__sketch_set_write(ctx, set, &again) == VOUCH_OK);
        require(again.len == size && memcmp(again.at, data, size) == 0);
        require(vouch__sketch_set_read(ctx, "file", data, size, &other) == VOUCH_OK);
        require(vouch__sketch_set_merge(ctx, set, other) == VOUCH_OK);
    } else {
        require(vouch_ctx_error(ctx)[0] != '\0' && !set);
    }
    vouch__buf_free(&again);
    vouch__sketch_set_free(set);
    vouch__sketch_set_free(other);
    vouch_ctx_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *right;
    try(data, size);
    if (size < HEADER + VOUCH__HASH || size > 1 << 18)
        return 0;
    right = malloc(size);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    require(right && ctx);
    memcpy(right, data, size);
    for (int i = 0; i < 8; i++)
        right[LENGTH_AT + i] = (uint8_t)((uint64_t)(size - HEADER - VOUCH__HASH) >> (8 * i));
    require(vouch__hash(ctx, right, size - VOUCH__HASH, right + size - VOUCH__HASH) == VOUCH_OK);
    vouch_ctx_free(ctx);
    try(right, size);
    free(right);
    return 0;
}
