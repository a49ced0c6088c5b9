/* validate/reliability.h: are probabilities what they say? Bands, errors with their bias taken off, Brier's
 * parts, and two tests. Cases are unweighted: n, probability [n] in [0, 1], bad [n] as in validate.h. Bins as
 * in vouch_validate_ece. */
#ifndef VOUCH_RELIABILITY_H
#define VOUCH_RELIABILITY_H

#include "validate/calibration.h"

/* One bin with what was seen in it and what a right model would have shown.
 *   low, high                          Wilson's interval of the bad rate at level
 *   expected_low, expected_high        the bad rates that a right model keeps within with chance level
 * (consistency band): quantiles of the number of bads when each case goes bad with its own probability. Exact
 * up to about 60 expected events of the rarer kind, then Cornish and Fisher's expansion with the
 * distribution's skewness. Source  J. Brocker & L. A. Smith, Weather and Forecasting 22 (2007) 651-661 Cost
 * O(n log n + n x 150) time, 12 n bytes of scratch */
typedef struct vouch__reliability_band {
    double from, to; /* of the probabilities in it */
    double n, bad, mean_probability;
    double low, high, expected_low, expected_high;
} vouch__reliability_band;
vouch_status vouch__reliability_bands(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                      size_t bins, int equal_mass, double level, vouch__reliability_band *out,
                                      size_t *out_used);

/* P(X <= k) where X counts events and event i happens with chance p[i] (Poisson binomial). Exact, case by
 * case, for k up to 255 events or n - 256 and above; between them the normal law with the third moment and a
 * correction for continuity. Source  Y. Hong, Computational Statistics & Data Analysis 59 (2013) 41-51. Cost
 * O(n x 256) */
double vouch__poisson_binomial_cdf(size_t n, const double *p, double k);

/* Calibration errors over a table of bins, gap = bad rate - mean probability, share = n / all.
 *   ece            sum of share x |gap|: positive on average even for a right model
 *   ece_debiased   less what sampling alone adds to each |gap|, as if rates were normal around the gap seen;
 * not below 0 mce            the largest |gap| rms, rms_debiased  root of the sum of share x gap^2; the
 * latter with the sampling variance taken off, 0 if negative expected, critical  what ece is on average, and
 * stays below with chance level, when every probability is right Source  A. Kumar, P. Liang & T. Ma, NeurIPS
 * (2019); J. Brocker, Climate Dynamics 39 (2012) 655-667 */
typedef struct vouch__calibration_errors {
    double ece, ece_debiased, mce, rms, rms_debiased, expected, critical;
} vouch__calibration_errors;
vouch__calibration_errors vouch__calibration_errors_of(size_t bins, const vouch__reliability *r,
                                                       double level);

/* Brier's score = reliability - resolution + uncertainty + within_variance - within_covariance, which closes
 * to rounding. within_*   what binning hides: spread of the probabilities in bins, and twice their covariance
 * with the outcome skill      1 - score / uncertainty; NaN when every outcome is alike Source  A. H. Murphy,
 * J. Applied Meteorology 12 (1973) 595-600; D. B. Stephenson, C. A. S. Coelho & I. T. Jolliffe, Weather and
 * Forecasting 23 (2008) 752-757 */
typedef struct vouch__brier_parts {
    double score, reliability, resolution, uncertainty, within_variance, within_covariance, skill;
} vouch__brier_parts;
vouch_status vouch__brier_decompose(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                    const double *weight, size_t bins, int equal_mass,
                                    vouch__brier_parts *out);

typedef struct vouch__calibration_test {
    double statistic, df, p_value; /* df NaN where the statistic is normal */
    size_t groups;
} vouch__calibration_test;

/* Hosmer-Lemeshow: sum over groups of (bads - expected)^2 / (n p (1 - p)), p the mean probability; groups of
 * equal size that never split a tie. Degrees of freedom: groups - 2 on the sample the model was fitted to,
 * groups where the probabilities were fixed beforehand. A group whose probabilities are all 0 or all 1 adds
 * nothing when right, INFINITY when not. Source  D. W. Hosmer & S. Lemeshow, Comm. Statistics A9 (1980)
 * 1043-1069. Fails E_DATA with fewer than 3 groups if fitted */
vouch_status vouch__hosmer_lemeshow(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                    size_t groups, int is_fitted, vouch__calibration_test *out);

/* Spiegelhalter's z = sum (y - p)(1 - 2 p) / sqrt(sum (1 - 2 p)^2 p (1 - p)), normal when every probability
 * is right; two-sided p. Fails E_DATA when every probability is 0, 1/2 or 1. Source  D. J. Spiegelhalter,
 * Statistics in Medicine 5 (1986) 421-433 */
vouch_status vouch__spiegelhalter(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                  vouch__calibration_test *out);

#endif
