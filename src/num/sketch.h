/* num/sketch.h: the distribution of any number of values in bounded memory, to be merged and stored.
 *
 * Up to VOUCH__SKETCH_POINTS distinct values are counted exactly. Beyond, sorted blocks of as many values are
 * put together in pairs, of which every other value is kept with twice the weight (Munro & Paterson,
 * Theoretical Computer Science 12 (1980); Agarwal et al., ACM TODS 38 (2013), section 3). Which ones is not
 * left to chance, so the same values in the same order give the same bits. Each halving moves a rank by at
 * most the weight of one value: the sketch adds these up, and so knows a bound on its own error, which holds
 * whatever the data; the two sides take turns, so that for n values it is about n log2(n / 4096) / 16384, or
 * 0.06 % of three million. */
#ifndef VOUCH_SKETCH_H
#define VOUCH_SKETCH_H

#include "base/ctx.h"

enum { VOUCH__SKETCH_POINTS = 4096 };

typedef struct vouch__sketch vouch__sketch;

vouch_status vouch__sketch_new(vouch_ctx *ctx, vouch__sketch **out_sketch);
void vouch__sketch_free(vouch__sketch *sketch); /* NULL is fine */

/* Count n values in order; NaN is missing, infinities are values. Amortised some 15 ns each. */
vouch_status vouch__sketch_add(vouch_ctx *ctx, vouch__sketch *sketch, size_t n, const double *x);

/* Bring everything into one list of at most VOUCH__SKETCH_POINTS points. What was counted exactly stays so;
 * else both errors grow by at most n / 4096. More may be added or merged after. */
vouch_status vouch__sketch_settle(vouch_ctx *ctx, vouch__sketch *sketch);

/* Add all that `from` has seen; `from` is settled, `into` is afterwards. Bounds add up. a into b and b into a
 * give the same bits. */
vouch_status vouch__sketch_merge(vouch_ctx *ctx, vouch__sketch *into, const vouch__sketch *from);

/* What a settled sketch knows. */
typedef struct vouch__sketch_view {
    size_t points;
    const double *x;     /* ascending, all different; infinities may stand at the ends */
    const double *upto;  /* values at or below x[i]; rises; the last is n */
    double n, missing;   /* values there, and not */
    double over, under;  /* no upto is too large, too small by more values, at any x; 0, 0: exact */
    double moved;        /* values were moved by no more than this in sum, infinities not at all */
    double mean, square; /* of the finite values, and the sum of squares about it; as exact as doubles */
    double finite;       /* how many there are */
} vouch__sketch_view;
void vouch__sketch_view_of(const vouch__sketch *sketch, vouch__sketch_view *out_view);

/* A sketch from what view says, copied. Fails  E_FORMAT  it can't be one of a settled sketch */
vouch_status vouch__sketch_from(vouch_ctx *ctx, const vouch__sketch_view *view, vouch__sketch **out_sketch);

/* No rank is off by more values than this; 0: exact. No number of values in between two by more than over +
 * under. */
static inline double vouch__sketch_error(const vouch__sketch_view *view)
{
    return view->over > view->under ? view->over : view->under;
}

/* Values at or below x. */
double vouch__sketch_upto(const vouch__sketch_view *view, double x);
/* The k-th smallest value, k from 0. Exact where the sketch is. n > 0. */
double vouch__sketch_at(const vouch__sketch_view *view, double k);

#endif
