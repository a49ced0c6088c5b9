/* serve/service.h: what answers requests: the model that serves, the store, the counters. */
#ifndef VOUCH_SERVICE_H
#define VOUCH_SERVICE_H

#include "decide/policy.h"
#include "serve/metrics.h"
#include "serve/route.h"

enum { VOUCH__DECISION_ID = 33 };

/* A model ready to decide, replaced whole when another is approved. The functions are vouch__decide's and
 * vouch__decider_free's; tests put their own. */
typedef struct vouch__serving {
    void *decider;
    vouch_status (*decide)(vouch_ctx *ctx, const void *decider, const vouch__json *row, vouch__doc *doc,
                           vouch__decide_times *times, vouch__json **out_decision);
    void (*free)(void *decider);
    vouch__doc *doc;                                /* owns the texts below */
    const vouch__json *about;                       /* what GET /v1/model says */
    const char *name, *kind, *fingerprint, *bundle; /* fingerprint NULL: nothing serves */
    const vouch__json *inputs;                      /* list of {name, ...} within about */
} vouch__serving;

struct vouch__service {
    vouch_alloc alloc;
    vouch_store *store;   /* borrowed */
    const vouch_key *key; /* borrowed */
    char *model;          /* the name asked for; NULL: any */
    size_t max_body, max_rows;
    vouch__serving serving;
    int64_t stamp; /* of the registry when serving was chosen */
    bool is_stopping;
    uint32_t counter; /* of decision ids */
    vouch__metrics metrics;
};

/* max_body, max_rows 0: the documented defaults. Nothing serves yet. */
vouch_status vouch__service_new(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                                size_t max_body, size_t max_rows, vouch__service **out_service);
void vouch__service_free(vouch__service *service); /* NULL is fine */
/* Serve the latest approved model, if it is not the one that serves already. Cheap when nothing was approved
 * or retired since. E_NOTFOUND when none is approved: nothing serves then. */
vouch_status vouch__service_refresh(vouch_ctx *ctx, vouch__service *service);
void vouch__serving_clear(vouch__serving *serving);

/* A decision's id: 8 hex digits that rise, so that new rows are stored side by side, and 24 random ones, so
 * that none is guessed. */
vouch_status vouch__decision_id(vouch_ctx *ctx, vouch__service *service, char out[VOUCH__DECISION_ID]);

/* Decisions made and not yet durable. The committer reads the batch and sets status and message. */
struct vouch__pending {
    vouch_alloc alloc;
    vouch__decision_batch batch;
    char *key, request_hash[VOUCH__HEX];
    vouch__buf response, records; /* records: each followed by a NUL */
    char (*id)[VOUCH__DECISION_ID];
    const char **ids, **record; /* [batch.n] into the two above */
    uint64_t outcomes[VOUCH__OUTCOMES];
    int64_t decided; /* when */
    size_t route;
    vouch_status status;
    char message[256];
    struct vouch__pending *next; /* in a queue */
    void *owner;                 /* the front end's */
};
void vouch__pending_free(vouch__pending *pending); /* NULL is fine */

/* The handlers of decisions (decisions_route.c). */
vouch_status vouch__decisions_post(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                                   const char *rest, vouch__response *response, vouch__pending **out_pending);
vouch_status vouch__decisions_get(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                                  const char *rest, vouch__response *response, vouch__pending **out_pending);
/* The status, and the context's message, as a response. */
void vouch__serve_refuse(vouch_ctx *ctx, vouch_status status, vouch__response *response);
/* The answer to what the committer has done with it. */
vouch_status vouch__decisions_answer(vouch_ctx *ctx, vouch__service *service, const vouch__pending *pending,
                                     vouch__response *response);

#endif
