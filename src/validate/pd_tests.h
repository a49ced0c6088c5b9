/* validate/pd_tests.h: are the PDs of rating grades high enough? All p-values are one-sided: H0 says that the
 * PD applied is not below the true one, and a small p that it is too low. n obligors, d of them defaulted (0
 * <= d <= n, whole numbers), pd in [0, 1], rho the asset correlation in [0, 1). */
#ifndef VOUCH_PD_TESTS_H
#define VOUCH_PD_TESTS_H

#include "base/ctx.h"

/* P(D >= d) with independent defaults. Source  BCBS, Working Paper 14 (2005), p. 47 */
double vouch__pd_binomial(double n, double d, double pd);
/* Beta(d + 1/2, n - d + 1/2) distribution function at pd. Defined for d = 0 too. Source  ECB, Instructions
 * for reporting the validation results of internal models (2019), section 2.5.3.1 */
double vouch__pd_jeffreys(double n, double d, double pd);
/* P(D >= d) when defaults share one normal factor with correlation rho (Vasicek): the binomial tail averaged
 * over the factor. rho = 0 is the binomial test. Absolute error below 1e-9. Source  O. Vasicek, KMV (1987);
 * D. Tasche, A traffic lights approach to PD validation (2003) */
double vouch__pd_binomial_correlated(double n, double d, double pd, double rho);
/* The default rate that an infinitely large pool exceeds with chance 1 - level: Phi((sqrt(rho) Phi^-1(level)
 * + Phi^-1(pd)) / sqrt(1 - rho)). */
double vouch__pd_critical_rate(double pd, double rho, double level);
/* The smallest number of defaults whose correlated p is at most 1 - level; n + 1 when there is none. */
double vouch__pd_critical_count(double n, double pd, double rho, double level);

/* Tasche's traffic light from a p-value: yellow below 1 - low, red below 1 - high; low < high, as 0.95 and
 * 0.999. */
typedef enum vouch__light { VOUCH__GREEN, VOUCH__YELLOW, VOUCH__RED } vouch__light;
vouch__light vouch__pd_light(double p, double low, double high);
const char *vouch__light_name(vouch__light light);

/* Several years: the mean of (default rate - pd) over its standard error, which the years' own spread gives,
 * so correlation within a year need not be known. Normal for many years; Student's t with T - 1 degrees of
 * freedom is used, which is exact when yearly differences are normal. T at least 3. Source  D. Tasche, in
 * BCBS Working Paper 14 (2005), p. 52 (normal test) */
typedef struct vouch__normal_test {
    double mean, statistic, p_value;
} vouch__normal_test;
vouch_status vouch__pd_normal_test(vouch_ctx *ctx, size_t years, const double *default_rate, const double *pd,
                                   vouch__normal_test *out);

#endif
