/* explain/reasons.h: the principal reasons for an adverse decision. Shapley values in log-odds are summed by
 * characteristic, then ranked; adverse ones only; ties by the characteristic's name. The reference population
 * makes the method: all training applicants (b, "average-applicant") or those at or just above the cut-off
 * (a, "just-approved"): DESIGN of both, comment 9(b)(2)-5 of Supplement I to Part 1002. */
#ifndef VOUCH_REASONS_H
#define VOUCH_REASONS_H

#include "explain/shapley.h"

typedef struct vouch__characteristic {
    char *name, *text; /* the words a customer reads; "{}" never appears */
} vouch__characteristic;

typedef struct vouch__reason_map { /* input -> characteristic */
    size_t n_inputs, n;
    size_t *of;                /* [n_inputs] */
    vouch__characteristic *at; /* [n], sorted by name */
    vouch_alloc alloc;
} vouch__reason_map;

/* From the project's `reasons:` mapping (NULL: each input its own characteristic, named by itself). Every
 * input gets one; an entry that names no input of the model is ignored. */
vouch_status vouch__reason_map_make(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *reasons,
                                    vouch__reason_map *out_map);
void vouch__reason_map_clear(vouch__reason_map *map);

typedef struct vouch__reason {
    size_t characteristic; /* index into the map */
    double log_odds;       /* > 0: how much it raised the risk against the reference population */
    double share;          /* of the sum of all adverse characteristics */
} vouch__reason;

/* Rank one row's Shapley values[n_inputs]; writes at most `most` reasons and returns how many. 0: refer. */
size_t vouch__reasons_rank(const vouch__reason_map *map, const double *value, size_t most,
                           vouch__reason *out);

#endif
