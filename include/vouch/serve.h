/* vouch/serve.h: decisions over HTTP. Approved models only; a decision is answered only after it is durable.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_SERVE_H
#define VOUCH_SERVE_H

#include "vouch/govern.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vouch_serve_options {
    const char *store;    /* url */
    const char *address;  /* NULL: 127.0.0.1. Anything but loopback is E_DENIED (no TLS yet) */
    uint16_t port;        /* 0: any free one */
    const char *model;    /* name; NULL: the latest approved of any */
    const vouch_key *key; /* a service key that signs decisions */
    size_t max_body;      /* bytes; 0: 1 MiB */
    size_t max_rows;      /* rows a request; 0: 1,000 */
    void (*ready)(void *self, const char *address, uint16_t port); /* called once, when listening */
    void *self;
} vouch_serve_options;

/* Serve until the context is cancelled; requests under way are answered first. E_NOTFOUND when no approved
 * model. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_serve(vouch_ctx *ctx, const vouch_serve_options *options);

#ifdef __cplusplus
}
#endif
#endif
