/* base/pool.h: the threads a context keeps between calls of vouch__parallel. */
#ifndef VOUCH_POOL_H
#define VOUCH_POOL_H

#include "base/parallel.h"

typedef struct vouch__pool vouch__pool;

void vouch__pool_free(vouch__pool *pool); /* waits for its threads; NULL is fine */

/* What the pool needs of a context. A worker's context has its own scratch and error, one thread, and no log.
 */
vouch_ctx *vouch__ctx_worker(const vouch_ctx *owner);
bool vouch__ctx_is_worker(const vouch_ctx *ctx);
vouch__pool **vouch__ctx_pool(vouch_ctx *ctx);

#endif
