/* base/parallel.h: fork-join over a range, with results that do not depend on
 * how many threads ran it. */
#ifndef VOUCH_PARALLEL_H
#define VOUCH_PARALLEL_H

#include "base/ctx.h"

/* Do rows [begin, end). worker is a context of the running thread's own: scratch
 * and an error slot. Write only to what belongs to these rows or to this chunk. */
typedef vouch_status vouch__chunk_fn(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg);

/* Cut [0, n) into chunks of exactly grain rows (the last may be short), run them
 * on the context's threads, wait for all. Chunk edges depend on n and grain only,
 * so a caller that keeps one partial result per chunk and combines them in chunk
 * order gets the same bits from 1 thread or 64. Cancellation is polled per chunk.
 * A call made from inside a chunk runs in line. The threads are kept by the context
 * between calls, sleep once idle for some 80 microseconds, and are made again after fork().
 * On failure returns the status and message of the lowest failing chunk. */
vouch_status vouch__parallel(vouch_ctx *ctx, size_t n, size_t grain, vouch__chunk_fn *fn, void *arg);

/* The same, for work that comes back to the same rows again and again: each thread begins with its own run of
 * neighbouring chunks, the same one in every call of as many, and then helps the others. On failure the
 * lowest of the failing chunks that were begun. */
vouch_status vouch__parallel_near(vouch_ctx *ctx, size_t n, size_t grain, vouch__chunk_fn *fn, void *arg);

/* How many chunks vouch__parallel would make. */
static inline size_t vouch__chunks(size_t n, size_t grain) { return n / grain + (n % grain != 0); }

#endif
