/* validate/actual.h: what happened against what was expected, summed over cases that count by a weight: an
 * exposure, a number of claims, or one each. Outcomes and predictions are per unit of weight.
 *
 *   n        cases
 *   seen     [n] finite, no NaN, in the yardstick's range
 *   expected [n] predictions; the same
 *   weight   [n] finite and above 0; NULL: one each */
#ifndef VOUCH_ACTUAL_H
#define VOUCH_ACTUAL_H

#include "validate/cases.h"

/* How far a prediction is from an outcome, and how far chance takes it: Var(seen) = dispersion V / weight. */
typedef enum vouch__yardstick {
    VOUCH__YARD_SQUARED, /* V 1 */
    VOUCH__YARD_POISSON, /* V mean */
    VOUCH__YARD_GAMMA,   /* V mean^2 */
    VOUCH__YARD_TWEEDIE, /* V mean^1.5 */
    VOUCH__YARD_SHARE,   /* V mean (1 - mean) */
    VOUCH__YARDSTICKS
} vouch__yardstick;
#define VOUCH__YARDSTICK_WORDS "squared|poisson|gamma|tweedie|share"
double vouch__yard_deviance(vouch__yardstick yard, double seen, double expected);
double vouch__yard_variance(vouch__yardstick yard, double expected);
/* Fails E_DATA naming the first case whose outcome or prediction the yardstick has no number for. */
vouch_status vouch__yard_check(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                               const double *expected);

/* Weighted mean deviance, that of the weighted mean outcome, and Pearson's dispersion: the sum of
 * weight (seen - expected)^2 / V over n. explained = 1 - deviance / null, NaN where null is 0; its error is
 * of the cases' differences, the null's sum taken as known. */
typedef struct vouch__deviance {
    double weight, mean, deviance, null, explained, error, dispersion;
} vouch__deviance;
vouch_status vouch__deviance_measure(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                                     const double *expected, const double *weight, vouch__deviance *out);
/* explained of a less that of b over the same cases, with its error; by the differences of the cases. */
vouch_status vouch__deviance_paired(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                                    const double *a, const double *b, const double *weight,
                                    double *out_difference, double *out_error);

/* Sums over some cases, and their ratio. z = (seen - expected) / sqrt(dispersion x variance), two-sided p;
 * the interval is normal on the scale of the logarithm, with that error at the expected; none where either
 * sum is not above 0. */
typedef struct vouch__actual_sum {
    size_t n;
    vouch__dd weight, seen, expected, variance;
} vouch__actual_sum;
void vouch__actual_add(vouch__actual_sum *sum, vouch__yardstick yard, double seen, double expected,
                       double weight);
typedef struct vouch__ratio {
    double weight, seen, expected; /* sums */
    double ratio, low, high, z, p;
} vouch__ratio;
vouch__ratio vouch__actual_ratio(const vouch__actual_sum *sum, double dispersion, double level);

/* Cases in order of key, cut into bands of about equal weight: of[n] from 0, *out_n bands, none empty. Equal
 * keys share a band. */
vouch_status vouch__weight_bands(vouch_ctx *ctx, size_t n, const double *key, const double *weight,
                                 size_t bands, uint8_t *of, size_t *out_n);

/* The Gini index of the ordered Lorenz curve: cases by rising prediction, share of weight against share of
 * weight x seen; twice the area between curve and diagonal. 1 - 2 x the area under the curve; ties by
 * expectation. The error is the infinitesimal jackknife's. seen >= 0 and not all 0. x and y [n + 1]: the
 * curve, NULL or the caller's; label [n + 1] the prediction up to there. Source  Frees, Meyers & Cummings,
 * JASA 106 (2011) 1085-1098 */
typedef struct vouch__lorenz {
    double gini, error;
    size_t n_points;
    double *x, *y, *label;
} vouch__lorenz;
vouch_status vouch__lorenz_measure(vouch_ctx *ctx, size_t n, const double *predicted, const double *seen,
                                   const double *weight, vouch__lorenz *out);

#endif
