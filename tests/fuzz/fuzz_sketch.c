/* Any bytes where a stored sketch is expected: never a crash, a refusal says why, and what is accepted is
 * written again as the same bytes, and merges with itself. */
#include "sealed.h"

#include "monitor/sketch_set.h"

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
    enum { LENGTH_AT = 8 };
    try_twice(data, size, LENGTH_AT, try);
    return 0;
}
