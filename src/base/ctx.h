/* base/ctx.h: what the context gives the rest of the library and does not export:
 * raising an error, memory, the clock, progress and cancellation. */
#ifndef VOUCH_CTX_H
#define VOUCH_CTX_H

#include "vouch/base.h"

#include <stdbool.h>

/* Record a message and return status, so that raising is one line:
 *     return vouch__fail(ctx, VOUCH_E_SHAPE, "auc: %zu scores, %zu labels", n, m); */
vouch_status vouch__fail(vouch_ctx *ctx, vouch_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
vouch_status vouch__oom(vouch_ctx *ctx);

/* Put words before the message of a failure that is being passed on, where they
 * change what the reader would do; returns status. */
vouch_status vouch__because(vouch_ctx *ctx, vouch_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Heap, through the caller's allocator. Zeroed; NULL when out of memory. */
void *vouch__alloc(vouch_ctx *ctx, size_t count, size_t size) VOUCH_MUST_USE;
/* Grow or shrink a block from vouch__alloc; new bytes are zero. ptr may be NULL.
 * On NULL the old block stands. */
void *vouch__resize(const vouch_alloc *alloc, void *ptr, size_t count, size_t size) VOUCH_MUST_USE;
void vouch__free(const vouch_alloc *alloc, void *ptr); /* NULL is fine */
const vouch_alloc *vouch__allocator(const vouch_ctx *ctx);
char *vouch__strdup(vouch_ctx *ctx, const char *text) VOUCH_MUST_USE; /* vouch__alloc'ed */

/* Scratch: memory that dies with the function that took it. Not zeroed, aligned to 64.
 *     size_t mark = vouch__scratch_mark(ctx);
 *     double *rank = vouch__scratch(ctx, n, sizeof *rank);
 *     ...
 *     vouch__scratch_reset(ctx, mark);                                          */
size_t vouch__scratch_mark(const vouch_ctx *ctx);
void *vouch__scratch(vouch_ctx *ctx, size_t count, size_t size) VOUCH_MUST_USE;
void vouch__scratch_reset(vouch_ctx *ctx, size_t mark);

int64_t vouch__now(vouch_ctx *ctx); /* microseconds since 1970, UTC */
unsigned vouch__threads(const vouch_ctx *ctx);
void vouch__note(vouch_ctx *ctx, vouch_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void vouch__progress(vouch_ctx *ctx, const char *stage, uint64_t done, uint64_t total);
/* VOUCH_E_CANCELLED with a message when the caller has asked to stop, else VOUCH_OK. */
vouch_status vouch__poll(vouch_ctx *ctx);

#endif
