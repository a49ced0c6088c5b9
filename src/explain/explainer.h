/* explain/explainer.h: what an explainer is, for the two files that make one: from rows, and from bytes. */
#ifndef VOUCH_EXPLAINER_H
#define VOUCH_EXPLAINER_H

#include "explain/shapley.h"
#include "explain/tree_tables.h"
#include "models/card.h"

struct vouch_explainer { /* immutable once made */
    const vouch_model *model;
    uint64_t n; /* background rows */
    double base;
    vouch__tree_tables tables; /* a forest against a background; trees NULL otherwise */
    vouch__shap *by_cover;     /* a forest without one; NULL otherwise */
    const vouch__card *card;   /* a scorecard; NULL otherwise */
    int64_t *sum;              /* [card->n] points of the background, by characteristic */
    double *moment;            /* of kinds that know a population by sums: [n_moments]; NULL otherwise */
    vouch_alloc alloc;
};

/* An explainer of the right shape with nothing counted. Fails E_ARG for a kind without an exact method, and
 * as vouch__tree_tables_shape. */
vouch_status vouch__explainer_shape(vouch_ctx *ctx, const vouch_model *model,
                                    vouch_explainer **out_explainer);
/* Counts are complete: n rows. */
vouch_status vouch__explainer_finish(vouch_ctx *ctx, vouch_explainer *explainer, uint64_t n);

#endif
