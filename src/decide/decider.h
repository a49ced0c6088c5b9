/* decide/decider.h: what a decider holds, for the file that makes it and the file that decides. */
#ifndef VOUCH_DECIDER_H
#define VOUCH_DECIDER_H

#include "decide/policy.h"

struct vouch__decider {
    vouch_model *model;
    vouch_explainer *explainer;
    vouch__reason_map map;
    char *method;
    size_t most;
    double cutoff;
    char fingerprint[VOUCH__HEX];
    vouch_alloc alloc;
};

/* Column names and values to the model's inputs, out[inputs->n]: null is missing; true and false are 1 and 0;
 * a category is text, or a number that spells one where all categories are numbers; a text that is no
 * category is VOUCH__UNSEEN. Other columns are ignored. Fails E_DATA, naming the column. */
vouch_status vouch__row_encode(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *row,
                               double *out);

#endif
