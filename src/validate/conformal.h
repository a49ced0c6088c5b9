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

/* How often [low, high] held what was seen, with Clopper and Pearson's interval and the exact one-sided p of
 * H0: the coverage is at least level. */
typedef struct vouch__coverage {
    double n, held, rate, rate_low, rate_high, p_value, mean_width;
} vouch__coverage;
vouch_status vouch__coverage_measure(vouch_ctx *ctx, size_t n, const double *seen, const double *low,
                                     const double *high, double level, vouch__coverage *out);

#endif
