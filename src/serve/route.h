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
    vouch__buf body;
    bool is_replay; /* answered from the store */
} vouch__response;

typedef struct vouch__service vouch__service; /* a decider, a store, counters */

/* Never fails: a failed handler becomes its status's HTTP code and {"error":{"status","message"}}. */
void vouch__serve_request(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                          vouch__response *out_response);

#endif
