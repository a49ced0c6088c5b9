/* validate/recalibrate.h: maps that make probabilities of scores, fitted on one sample to be used on another.
 *
 *   n     cases, both outcomes among them
 *   x     [n]  Platt: any finite score; isotonic: any score, infinities too; beta: probabilities in [0, 1]
 *   bad   [n]  0 or 1
 *   weight  [n] finite and > 0, or NULL: a weight of 2 is a case twice */
#ifndef VOUCH_RECALIBRATE_H
#define VOUCH_RECALIBRATE_H

#include "base/ctx.h"

/* p = 1 / (1 + exp(-(a + b x))), fitted to targets (n_bad + 1) / (n_bad + 2) and 1 / (n_good + 2), which keep
 * it finite even where x separates the outcomes. Source  J. Platt, Advances in Large Margin Classifiers
 * (1999) 61-74 */
typedef struct vouch__platt {
    double a, b;
} vouch__platt;
vouch_status vouch__platt_fit(vouch_ctx *ctx, size_t n, const double *x, const uint8_t *bad,
                              const double *weight, vouch__platt *out);
double vouch__platt_apply(const vouch__platt *map, double x);

/* logit p' = c + a ln p - b ln(1 - p), a and b not below 0: a parameter that would be is left out and the
 * other fitted alone. p is clipped to [1e-15, 1 - 1e-15]. Fails E_CONVERGE where p separates the outcomes.
 * Source  M. Kull, T. Silva Filho & P. Flach, AISTATS (2017) 623-631 */
typedef struct vouch__beta_map {
    double a, b, c;
} vouch__beta_map;
vouch_status vouch__beta_map_fit(vouch_ctx *ctx, size_t n, const double *p, const uint8_t *bad,
                                 const double *weight, vouch__beta_map *out);
double vouch__beta_map_apply(const vouch__beta_map *map, double p);

/* The rising step function that is closest to the outcomes (pool adjacent violators), equal x pooled first;
 * between blocks straight, beyond them constant, as scikit-learn's IsotonicRegression. knots: x[], y[] of at
 * most 2 * n points in the caller's arrays. Cost O(n). Source  R. E. Barlow et al., Statistical Inference
 * under Order Restrictions (1972) */
typedef struct vouch__isotonic {
    size_t n;
    const double *x, *y; /* [n], x rising, y not falling */
} vouch__isotonic;
vouch_status vouch__isotonic_fit(vouch_ctx *ctx, size_t n, const double *x, const uint8_t *bad,
                                 const double *weight, double *room_x, double *room_y, vouch__isotonic *out);
double vouch__isotonic_apply(const vouch__isotonic *map, double x);

#endif
