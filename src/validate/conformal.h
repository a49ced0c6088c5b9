/* validate/conformal.h: intervals that hold their promise whatever the model, from residuals of a second
 * sample, and how often intervals held. */
#ifndef VOUCH_CONFORMAL_H
#define VOUCH_CONFORMAL_H

#include "base/ctx.h"

/* Split conformal prediction: the ceil((n + 1) level)-th smallest of |seen - predicted| / scale on
 * calibration cases; INFINITY where n is too small for level. predicted +- scale x reach then covers a new
 * case with chance at least level (and at most level + 1 / (n + 1) without ties), if it comes from where the
 * calibration cases came from. scale  [n]  finite and above 0, the expected size of the error; NULL: one for
 * all Source  V. Vovk, A. Gammerman & G. Shafer, Algorithmic Learning in a Random World (2005); J. Lei et
 * al., JASA 113 (2018) 1094-1111 */
vouch_status vouch__conformal_reach(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                    const double *scale, double level, double *out_reach);

/* The chance that so few of m new cases, or fewer, lie within reach of n calibration cases when all are
 * exchangeable and none are tied: held of them lie below the rank-th of n in order, so of the held + rank
 * smallest of all at least rank are of the n (hypergeometric, the law by which the coverage is
 * beta-binomial). 1 where the reach is infinite. Ties make it larger than it need be. */
double vouch__conformal_p(size_t n, double level, double m, double held);

/* How often [low, high] held what was seen, with Clopper and Pearson's interval. */
typedef struct vouch__coverage {
    double n, held, rate, rate_low, rate_high, mean_width;
} vouch__coverage;
vouch_status vouch__coverage_measure(vouch_ctx *ctx, size_t n, const double *seen, const double *low,
                                     const double *high, vouch__coverage *out);

#endif
