/* serve/committer.h: one thread that makes decisions durable. All that wait when it looks go into one
 * transaction, so the more arrive the cheaper each is. */
#ifndef VOUCH_COMMITTER_H
#define VOUCH_COMMITTER_H

#include "serve/service.h"

typedef struct vouch__committer vouch__committer;

/* url: the store, opened anew by the committer's own thread's context. max_waiting: requests. */
vouch_status vouch__committer_start(vouch_ctx *ctx, const char *url, const vouch_key *key, size_t max_waiting,
                                    vouch__committer **out_committer);
/* Commit what waits and end the thread; what is done can still be taken. */
void vouch__committer_end(vouch__committer *committer);
/* Ends it too, and frees what was not taken. NULL is fine. */
void vouch__committer_free(vouch__committer *committer);
/* Readable when something is done. */
int vouch__committer_fd(const vouch__committer *committer);
/* False when as many wait as may; pending is then still the caller's. */
bool vouch__committer_push(vouch__committer *committer, vouch__pending *pending);
/* All that is done since, oldest first, linked by next; NULL when nothing. */
vouch__pending *vouch__committer_take(vouch__committer *committer);

#endif
