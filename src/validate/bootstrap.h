/* validate/bootstrap.h: AUC, Kolmogorov-Smirnov distance and adverse impact ratio of a thousand resamples at
 * once.
 *
 * Poisson bootstrap: in every resample each row counts a Poisson(1) number of times. It is the limit of
 * drawing n of n rows with replacement, its size varies by sqrt(n), and needs no order of drawing, so a
 * resample is one pass over rows that were sorted once: O(n) a resample. The k-th row of resample r takes the
 * k-th 32-bit word of stream (seed, r), so any thread count and any processor give the same bits. All sums
 * are whole numbers, and exact. Source  J. A. Hanley & B. MacGibbon, Comp. Stat. Data Anal. 51 (2006)
 * 1194-1204; N. Chamandy, O. Muralidharan, A. Najmi & S. Naidu, Google (2012); B. Efron & R. Tibshirani, An
 * Introduction to the Bootstrap (1993), ch. 13 */
#ifndef VOUCH_BOOTSTRAP_H
#define VOUCH_BOOTSTRAP_H

#include "validate/cases.h"

#include <stdbool.h>

/* What is resampled. Either pair may be NULL: then what needs it is not measured. */
typedef struct vouch__boot_data {
    size_t n;                  /* below 2^31 */
    const double *score;       /* [n]  larger = riskier, no NaN */
    const uint8_t *bad;        /* [n]  0 or 1 */
    const uint8_t *group;      /* [n]  0 reference, 1 protected, 2 neither */
    const uint8_t *favourable; /* [n]  1: got the favourable decision */
    bool is_portable;          /* for tests: without AVX2, and without keeping sums */
} vouch__boot_data;

/* Each out_ is [resamples] or NULL. NaN where a resample lacks a class, or a group, or any favourable
 * decision of the reference group. Fails  E_SHAPE  n is 0;  E_DATA  a NaN score, a value that is not as
 * above;  E_ARG  resamples is 0, half a pair;  E_CANCELLED Cost   O(n resamples): about 2 ns a row and
 * resample on one core with AVX2; 14 n bytes of scratch */
vouch_status vouch__bootstrap(vouch_ctx *ctx, const vouch__boot_data *data, size_t resamples, uint64_t seed,
                              double *out_auc, double *out_ks, double *out_air);

/* Percentile interval of replicates; se is their standard deviation, bias their mean less the estimate.
 * Replicates that are NaN are left out, and counted: with more than one in twenty of them, or fewer than 40
 * left, low, high and se are NaN. */
typedef struct vouch__boot_interval {
    double se, bias, low, high;
    size_t used, missing;
} vouch__boot_interval;
vouch_status vouch__boot_summary(vouch_ctx *ctx, size_t n, const double *replicate, double estimate,
                                 double level, vouch__boot_interval *out);

/* How many times rows [first, first + rows) count in resample r: for other measures, and for tests. Cost: a
 * dozen comparisons a row from the first on. */
void vouch__boot_counts(uint64_t seed, uint64_t r, size_t first, size_t rows, uint32_t *out);
#endif
