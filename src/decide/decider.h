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

#endif
