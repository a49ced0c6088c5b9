/* vouch/fairness.h: are people of different groups treated alike? Measures of outcomes by group.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_FAIRNESS_H
#define VOUCH_FAIRNESS_H

#include "vouch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adverse impact ratio: (approved_p / n_p) / (approved_r / n_r), protected over reference, by counts.
 * p_value: Fisher's exact test, two-sided (sum of tables no likelier than this one). Interval: log-delta
 * (Katz et al. 1978) at level. shortfall: n_p rate_r - approved_p. Fails E_SHAPE (n_p or n_r is 0), E_ARG
 * (counts disagree), E_LIMIT (2^53 cases). A zero rate of the reference gives ratio NaN; a zero rate of
 * either group leaves the interval NaN. Source: UGESP four-fifths rule, 29 CFR 1607.4(D). */
typedef struct vouch_air {
    double ratio, low, high, level, p_value, shortfall, rate_protected, rate_reference;
} vouch_air;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_fairness_air(vouch_ctx *ctx, uint64_t approved_protected,
                                                         uint64_t n_protected, uint64_t approved_reference,
                                                         uint64_t n_reference, double level,
                                                         vouch_air *out_air);

/* Fisher's exact test of a 2 x 2 table [[a, b], [c, d]]: two-sided p, to 1e-12 relative whatever the counts;
 * 0 where it is below 1e-300. Cost O(sqrt(a + b + c + d)). Fails E_LIMIT (2^53 cases). */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_fairness_fisher(vouch_ctx *ctx, uint64_t a, uint64_t b,
                                                            uint64_t c, uint64_t d, double *out_p);

/* Standardised mean difference, 100 (mean_p - mean_r) / s with s the pooled within-group standard deviation.
 * group [n]: 0 reference, 1 protected, 2 neither. NaN when a group has under 2 cases or s is 0.
 * Fails E_DATA (a score of either group is missing or infinite). */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_fairness_smd(vouch_ctx *ctx, size_t n, const double *score,
                                                         const uint8_t *group, double *out_smd);

#ifdef __cplusplus
}
#endif
#endif
