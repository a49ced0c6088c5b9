/* serve/route.h: a request in, a response out, no sockets. The HTTP front end ends here, and so do tests and
 * fuzzers. */
#ifndef VOUCH_ROUTE_H
#define VOUCH_ROUTE_H

#include "decide/policy.h"
#include "govern/ledger.h"

typedef struct vouch__request {
    const char *method, *path;
    const char *idempotency_key; /* NULL: none; at most 200 visible ASCII characters */
    const char *body;
    size_t len;
} vouch__request;

typedef struct vouch__response {
    int code;
    const char *content_type;
    const char *allow; /* 405: the methods this path has; else NULL */
    vouch__buf body;   /* the caller frees it */
    bool is_replay;    /* answered from the store */
} vouch__response;

typedef struct vouch__service vouch__service; /* a decider, a store, counters */

/* Never fails: a failed handler becomes its status's HTTP code and {"error":{"status","message"}}. Decisions
 * are durable when it returns. */
void vouch__serve_request(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                          vouch__response *out_response);

/* The same in two steps, for a front end that answers others while a commit is under way. Begin either fills
 * the response or, for decisions that must be stored first, sets *out_pending; finish then makes the response
 * of what became of them, and frees pending. */
typedef struct vouch__pending vouch__pending;
void vouch__serve_begin(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                        vouch__response *out_response, vouch__pending **out_pending);
void vouch__serve_finish(vouch_ctx *ctx, vouch__service *service, vouch__pending *pending,
                         vouch__response *out_response);

#endif
