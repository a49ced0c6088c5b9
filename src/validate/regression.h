/* validate/regression.h: how far numbers predicted are from numbers seen, and what is left in the residuals.
 *
 *   n          cases
 *   seen       [n]  finite, no NaN
 *   predicted  [n]  finite, no NaN
 *   weight     [n]  finite and above 0; NULL: one each
 * Errors are predicted - seen: positive bias is over-prediction. */
#ifndef VOUCH_REGRESSION_H
#define VOUCH_REGRESSION_H

#include "validate/cases.h"

/* mape leaves out cases seen at 0, of which there are n_zero, and is NaN when all are; smape is
 * 2 |error| / (|seen| + |predicted|), 0 where both are 0. r2 is NaN when seen is constant. The interval of
 * the bias is Student's, with Kish's effective n under weights; NaN at n = 1. median_ae ignores weights.
 * Source  scikit-learn's metrics of the same names, but mape, which it divides by a tiny number at 0. */
typedef struct vouch__regression {
    double mae, mse, rmse, mape, smape, median_ae, max_error, r2, explained_variance;
    double bias, bias_se, bias_low, bias_high, bias_t, bias_p; /* p two-sided */
    size_t n_zero;
} vouch__regression;
vouch_status vouch__regression_measure(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                       const double *weight, double level, vouch__regression *out);

/* Mean pinball loss at quantile q in (0, 1), and Huber's loss with delta > 0 (half squared within it).
 * Source  Koenker & Bassett, Econometrica 46 (1978) 33-50; P. J. Huber, Ann. Math. Stat. 35 (1964) 73-101 */
vouch_status vouch__quantile_loss(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                  const double *weight, double q, double *out_loss);
vouch_status vouch__huber_loss(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                               const double *weight, double delta, double *out_loss);

/* A test on residuals. e [n], in the order that matters (time), finite and not all alike. */
typedef struct vouch__residual_test {
    double statistic, p_value, df;
} vouch__residual_test;

/* Durbin-Watson: sum of squared steps over sum of squares; 2 means no first-order correlation, below 2
 * positive. p, two-sided, is of the centred residuals' C = 1 - steps / (2 squares), about normal with
 * variance (n - 2) / (n^2 - 1): exact in mean and variance for independent normal residuals that no
 * regression was fitted to. n at least 3. Source  Durbin & Watson, Biometrika 37 (1950) 409-428; L. C. Young,
 * Ann. Math. Stat. 12 (1941) 293-300 */
vouch_status vouch__durbin_watson(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out);
/* Ljung-Box: n (n + 2) sum over lags of r_k^2 / (n - k), chi-square with lags - fitted degrees of freedom.
 * Source  Ljung & Box, Biometrika 65 (1978) 297-303 */
vouch_status vouch__ljung_box(vouch_ctx *ctx, size_t n, const double *e, size_t lags, size_t fitted,
                              vouch__residual_test *out);
/* Jarque-Bera: n / 6 (skewness^2 + (kurtosis - 3)^2 / 4), chi-square with 2 degrees of freedom; slow to
 * become so. Source  Jarque & Bera, Int. Stat. Review 55 (1987) 163-172 */
vouch_status vouch__jarque_bera(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out);
/* Lilliefors: the Kolmogorov-Smirnov distance from the normal with e's own mean and standard deviation. p
 * from a simulated table of Stephens' modified statistic; its standard error is below 2 % of p. n at least 5.
 * p stays within [0.0001, 1]. Source  H. W. Lilliefors, JASA 62 (1967) 399-402; M. A. Stephens, JASA 69
 * (1974) 730-737 */
vouch_status vouch__lilliefors(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out);
/* Breusch-Pagan in Koenker's studentised form: n R^2 of the squared residuals on x, chi-square with cols
 * degrees of freedom. x [n x cols], row-major, finite, without a column of ones. Source  R. Koenker, J.
 * Econometrics 17 (1981) 107-112. Fails E_DATA also when columns of x are dependent. */
vouch_status vouch__breusch_pagan(vouch_ctx *ctx, size_t n, size_t cols, const double *e, const double *x,
                                  vouch__residual_test *out);

#endif
