/* explain/effects.h: what a model does as one input moves and the rest stay: individual curves (ICE) and
 * their mean, partial dependence (Friedman, Annals of Statistics 29 (2001) 1189-1232), on a sample of rows.
 */
#ifndef VOUCH_EFFECTS_H
#define VOUCH_EFFECTS_H

#include "models/model_kind.h"

enum { VOUCH__GRID = 20, VOUCH__GRID_MAX = 64 };

typedef enum vouch__grid_type {
    VOUCH__GRID_VALUE,
    VOUCH__GRID_SPECIAL,
    VOUCH__GRID_MISSING
} vouch__grid_type;

/* One input at n values, in this order: ordinary ones, ascending (numbers: at most 20 quantiles of the
 * sample, so that every step is one that applicants take; categories: all that the sample holds, by code, the
 * first 60); special codes; missing, where the sample has any. */
typedef struct vouch__effect {
    size_t input, n, n_ordinary;
    vouch__grid_type type[VOUCH__GRID_MAX];
    double at[VOUCH__GRID_MAX];
    double raw[VOUCH__GRID_MAX], probability[VOUCH__GRID_MAX]; /* means over the sample */
    double low[VOUCH__GRID_MAX], high[VOUCH__GRID_MAX];        /* 10 % and 90 % of the rows' probabilities */
    size_t pairs,
        violations; /* neighbouring ordinary values of one row; those against the declared direction */
    double worst;   /* the largest step the wrong way, in raw */
} vouch__effect;

/* Which k of n: every set of k equally likely, the same for the same seed; ascending. k <= n. */
void vouch__choose(uint64_t seed, size_t n, size_t k, uint32_t *out);

/* x: the sample, encoded. Costs n model evaluations of the sample. */
vouch_status vouch__effect_make(vouch_ctx *ctx, const vouch_model *model, vouch__matrix x, size_t input,
                                vouch__effect *out_effect);

#endif
