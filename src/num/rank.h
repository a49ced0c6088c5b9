/* num/rank.h: order and ranks. Every order is total: ties go by index, so the
 * result never depends on the sort. */
#ifndef VOUCH_RANK_H
#define VOUCH_RANK_H

#include "base/ctx.h"

/* out[n] = the indices of x in ascending order, -0 equal to 0, NaN last. Radix sort: O(n). */
vouch_status vouch__order(vouch_ctx *ctx, size_t n, const double *x, uint32_t *out);
/* x in ascending order, in place: -0 becomes 0, NaN stand last. *out_known: how many are numbers. O(n). */
vouch_status vouch__sort(vouch_ctx *ctx, size_t n, double *x, size_t *out_known);
/* Midranks from 1, ties share their mean rank. x has no NaN. */
vouch_status vouch__midranks(vouch_ctx *ctx, size_t n, const double *x, double *out);
/* The quantile of sorted x by linear interpolation at (n - 1) p (Hyndman & Fan type 7). n > 0. */
double vouch__quantile_sorted(size_t n, const double *sorted, double p);

#endif
