/* vouch/validate.h: how well a model ranks, calibrates and holds up.
 *
 * Shared by every function here
 *   n        number of cases
 *   score    [n]  larger = riskier; must be finite or infinite, never NaN
 *   bad      [n]  outcome: 1 = the event happened (default, fraud), 0 = not
 *   weight   [n]  case weights, finite and > 0; NULL for one each
 * Nothing is written to out_* unless the call returns VOUCH_OK.
 * Results do not depend on the number of threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_VALIDATE_H
#define VOUCH_VALIDATE_H

#include "vouch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Area under the ROC curve: the chance that a random bad outscores a random good, a tie counting one half.
 *   out_auc  in [0, 1]; 0.5 = no ranking power. Gini = 2 auc - 1.
 * Fails   E_SHAPE  n is 0;  E_DATA  a score is NaN, a weight is not as above, or one class is absent
 * Cost    O(n log n);  Source  Hanley & McNeil, Radiology 143 (1982) 29-36 */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_auc(vouch_ctx *ctx, size_t n, const double *score,
                                                         const uint8_t *bad, const double *weight,
                                                         double *out_auc);

/* AUC with DeLong's variance (unweighted; midrank algorithm, Sun & Xu 2014) and its interval, made on the
 * logit scale. Below 10 cases of either class the variance is NaN and the interval [0, 1]. At an AUC of 0 or
 * 1, where the variance is 0 whatever n is, the interval is the exact binomial one for min(goods, bads) pairs
 * that share no case. Source  DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845 */
typedef struct vouch_auc {
    double auc, variance, level, low, high;
    size_t n, n_bad;
} vouch_auc;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_auc_delong(vouch_ctx *ctx, size_t n, const double *score,
                                                                const uint8_t *bad, double level,
                                                                vouch_auc *out_auc);

/* Two scores of the same cases: difference a - b, its DeLong variance, z, two-sided p, and interval. Below 10
 * cases of either class variance, z and p are NaN and the interval [-1, 1]. */
typedef struct vouch_auc_pair {
    double auc_a, auc_b, difference, variance, z, p_value, level, low, high;
} vouch_auc_pair;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_auc_paired(vouch_ctx *ctx, size_t n,
                                                                const double *score_a, const double *score_b,
                                                                const uint8_t *bad, double level,
                                                                vouch_auc_pair *out_pair);

/* Kolmogorov-Smirnov distance between bads and goods: the largest |F_bad - F_good| over distinct scores, so
 * tied scores move together. out_at (may be NULL): the score where it is reached (the lowest, on ties). */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_ks(vouch_ctx *ctx, size_t n, const double *score,
                                                        const uint8_t *bad, const double *weight,
                                                        double *out_ks, double *out_at);

/* Mean of (p - y)^2, and mean of -log likelihood with p clipped to [1e-15, 1 - 1e-15]. p in [0, 1]. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_brier(vouch_ctx *ctx, size_t n,
                                                           const double *probability, const uint8_t *bad,
                                                           const double *weight, double *out_brier);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_log_loss(vouch_ctx *ctx, size_t n,
                                                              const double *probability, const uint8_t *bad,
                                                              const double *weight, double *out_log_loss);

/* Expected calibration error: sum over bins of share x |bad rate - mean p|.
 *   equal_mass  1: bins hold equal numbers, ties kept together; 0: equal width on [0, 1] */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_ece(vouch_ctx *ctx, size_t n, const double *probability,
                                                         const uint8_t *bad, size_t bins, int equal_mass,
                                                         double *out_ece);

/* Population stability index between reference and current counts of the same bins:
 * sum (a - e) ln(a / e), shares smoothed as (c + 1/2) / (N + B/2), B the bins that are not empty on both
 * sides; only those are summed over and reported as `bins`. Under no change psi / (1/n + 1/m) is chi-square
 * with B - 1 degrees of freedom, from which the critical value and p-value. Source  Yurdakul & Naranjo, J.
 * Risk Model Validation 14 (2020) */
typedef struct vouch_psi {
    double psi, critical, p_value; /* critical at `level` */
    size_t bins;
    double n_reference, n_current;
} vouch_psi;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_validate_psi(vouch_ctx *ctx, size_t bins, const double *reference,
                                                         const double *current, double level,
                                                         vouch_psi *out_psi);

#ifdef __cplusplus
}
#endif
#endif
