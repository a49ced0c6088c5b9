/* models/fit_keep.h: checkpoints: what a fit has so far, as a model file. */
#ifndef VOUCH_FIT_KEEP_H
#define VOUCH_FIT_KEEP_H

#include "models/model_kind.h"

/* What a checkpoint's file is made of; the state is lent for each. */
typedef struct vouch__keeper {
    const char *path, *name;
    const vouch__model_kind *kind;
    const vouch__inputs *inputs;
    double *value;
} vouch__keeper;

/* Have data keep its state in keeper->path every so many trees (0: 1), and when it is cancelled.
 * Fails  E_ARG  a kind that keeps none */
vouch_status vouch__fit_keep(vouch_ctx *ctx, vouch__keeper *keeper, size_t every, vouch__fit_data *data);

#endif
