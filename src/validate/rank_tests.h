/* validate/rank_tests.h: tests on ranking that need more than one curve: other samples, other days, a
 * distribution. */
#ifndef VOUCH_RANK_TESTS_H
#define VOUCH_RANK_TESTS_H

#include "validate/cases.h"

#include <stdbool.h>

/* AUCs of two samples that share no case: a - b, its variance (the sum), z, two-sided p and interval. NaN p
 * and
 * [-1, 1] where either variance is NaN. Source  DeLong et al. 1988 for each variance; independence for the
 * sum. */
vouch_auc_pair vouch__auc_unpaired(const vouch_auc *a, const vouch_auc *b, double level);

/* Has discrimination fallen since the initial validation? H0: the current AUC is not below the initial one,
 * which counts as known. statistic = (initial - current) / s, s DeLong's error of the current AUC; p = 1 -
 * Phi. Source  ECB, Instructions for reporting the validation results of internal models (2019),
 * section 2.5.4.1 */
typedef struct vouch__decline {
    double initial, current, statistic, p_value;
} vouch__decline;
vouch__decline vouch__auc_decline(double initial, const vouch_auc *current);

/* Two-sample Kolmogorov-Smirnov distance of bads and goods with its p-value. Ties are part of the null
 * distribution: given the pooled scores, every choice of which are bad is equally likely. is_exact   true: by
 * counting paths, where n_bad x n_good is at most 4,000,000; else Kolmogorov's limit, which is conservative
 * under ties Source  G. Schroer & D. Trenkler, Comput. Stat. Data Anal. 20 (1995) 185-202; Hodges, Arkiv for
 * Matematik 3 (1958) Cost    O(n log n) or O(n_bad n_good) time */
typedef struct vouch__ks_test {
    double ks, p_value;
    bool is_exact;
} vouch__ks_test;
vouch_status vouch__ks_two_sample(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                  vouch__ks_test *out);

/* What a desk that can look at `capacity` cases finds when it takes the riskiest. Ties at the edge count in
 * proportion. amount  [n]  money at stake, finite and not below 0; NULL: value_* are NaN recall, value_recall
 * share of the bad cases, and of the bad cases' money (value detection rate), found alarms_per_hit good cases
 * looked at for each bad one; INFINITY where none is found low, high              Wilson's interval of
 * precision (alert yield) Fails  E_ARG  capacity is 0 or above n; as validate.h otherwise Source  C. Whitrow
 * et al., Data Min. Knowl. Discov. 18 (2009) 30-55; A. Dal Pozzolo et al., IEEE TNNLS 29 (2018) */
typedef struct vouch__capacity {
    double hits, precision, low, high, recall, lift, alarms_per_hit;
    double value, value_recall, score;
} vouch__capacity;
vouch_status vouch__capacity_measure(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                     const double *amount, size_t capacity, double level,
                                     vouch__capacity *out);

#endif
