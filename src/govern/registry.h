/* govern/registry.h: models and their states, as a fold over the ledger. The rules of who may do what to
 * which model live in vouch__registry_apply alone: appending, listing and verifying all go through it. */
#ifndef VOUCH_REGISTRY_H
#define VOUCH_REGISTRY_H

#include "govern/ledger.h"

typedef enum vouch__model_state {
    VOUCH__CANDIDATE,
    VOUCH__VALIDATED,
    VOUCH__APPROVED,
    VOUCH__RETIRED
} vouch__model_state;

typedef struct vouch__model_item { /* a model of one run; texts live in the registry's doc */
    const char *fingerprint, *name, *kind, *developer, *validator, *approver;
    vouch__model_state state;
    int64_t run_seq, approve_seq;
    const vouch__json *model; /* as in the run entry */
} vouch__model_item;

typedef struct vouch__registry {
    vouch_alloc alloc;
    vouch__doc *doc;
    size_t n, cap;
    vouch__model_item *at; /* in ledger order */
} vouch__registry;

vouch_status vouch__registry_init(vouch_ctx *ctx, vouch__registry *registry);
void vouch__registry_clear(vouch__registry *registry);
bool vouch__registry_cares(const char *kind); /* run, sign, approve, retire */
/* Take an entry by person. E_DENIED when the person may not, E_CONFLICT when the model is in another state,
 * E_NOTFOUND or E_FORMAT when the body names no model. */
vouch_status vouch__registry_apply(vouch_ctx *ctx, vouch__registry *registry, int64_t seq, const char *kind,
                                   const char *person, const vouch__json *body);
/* All of the ledger so far. */
vouch_status vouch__registry_load(vouch_ctx *ctx, vouch_store *store, vouch__registry *out_registry);
/* The item a person means: a name's latest, or a unique prefix of a fingerprint's latest. */
vouch_status vouch__registry_resolve(vouch_ctx *ctx, const vouch__registry *registry, const char *model,
                                     const vouch__model_item **out_item);
const char *vouch__model_state_name(vouch__model_state state);
/* Changes whenever an approval or a retirement is recorded; 0: none yet. Cheap. */
vouch_status vouch__registry_stamp(vouch_ctx *ctx, vouch_store *store, int64_t *out_stamp);

#endif
