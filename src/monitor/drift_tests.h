/* monitor/drift_tests.h: the tests a batch is put to, on counts alone. Each p-value is of "nothing changed".
 */
#ifndef VOUCH_DRIFT_TESTS_H
#define VOUCH_DRIFT_TESTS_H

#include "vouch/validate.h"

enum { VOUCH__MONITOR_BINS = 10, VOUCH__MONITOR_LEAST = 50 };

/* Put bins together in which the batch would be expected to hold fewer than 5 (largest first, ties by index),
 * as chi-square laws need. from, to [bins]; *out_n of them are left. group (may be NULL) [bins]: into which
 * of them each bin went; *out_n or more: into none. */
vouch_status vouch__drift_merge(vouch_ctx *ctx, size_t bins, const double *reference, const double *batch,
                                double *from, double *to, size_t *group, size_t *out_n);

/* PSI of two sets of counts over the same bins, thin bins put together first. bins is 0 in the result, and
 * the numbers NaN, when fewer than two remain. */
vouch_status vouch__drift_psi(vouch_ctx *ctx, size_t bins, const double *reference, const double *batch,
                              vouch_psi *out_psi);

/* Fisher's exact test that two rates are equal, two-sided: twice the tail of the hypergeometric law from the
 * batch's count away from its mean, at most 1. NaN without cases on either side. */
double vouch__drift_rates(double k_reference, double n_reference, double k_batch, double n_batch);

/* The chance that so many of n_batch values lie beyond all of n_reference, when all are exchangeable: on one
 * side, product of (n_batch - i) / (n_reference + n_batch - i); both sides by twice the smaller. */
double vouch__drift_beyond(double n_reference, double n_batch, double below, double above);

/* The chance of k or more cases in categories that the reference lacks, given how many it has exactly once
 * (Good-Turing: the share of the unseen is about singles / n). */
double vouch__drift_unseen(double singles, double n_reference, double k, double n_batch);

/* Bads, and the sums of p and of p squared over the cases of a sample. */
typedef struct vouch__drift_odds {
    double bad, sum, square;
} vouch__drift_odds;

/* Is observed over expected, bad / sum, the same in both? The difference over its error at the ratio of both
 * together, where each outcome is a coin of that ratio times its p. Its two-sided p-value in *out_p; both NaN
 * without a bad case or an expectation. */
double vouch__drift_ratio(const vouch__drift_odds *reference, const vouch__drift_odds *batch, double *out_p);

/* The AUC to expect of n cases whose outcomes are coins of bias p, and the variance of what will be realised.
 * NaN where every p is 0, or 1. */
vouch_status vouch__expected_auc(vouch_ctx *ctx, size_t n, const double *score, const double *p,
                                 double *out_auc, double *out_variance);

#endif
