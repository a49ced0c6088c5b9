/* models/scorecard/logit.h: logistic regression with standard errors. */
#ifndef VOUCH_LOGIT_H
#define VOUCH_LOGIT_H

#include "base/ctx.h"

/* Fill out[(end - begin) x k] with the regressors of rows [begin, end). Called from several threads at once.
 */
typedef void vouch__logit_rows(const void *arg, size_t begin, size_t end, double *out);

typedef struct vouch__logit_data {
    size_t n, k; /* rows; regressors, without the intercept */
    vouch__logit_rows *rows;
    const void *arg;
    const double *y;      /* [n] 0 or 1 */
    const double *weight; /* [n] > 0, or NULL */
    double l2; /* the log-likelihood less l2 / 2 x the sum of squared coefficients, intercept free */
} vouch__logit_data;

typedef struct vouch__logit_facts {
    size_t iterations;
    double log_likelihood, null_log_likelihood; /* without the penalty; null: intercept only */
} vouch__logit_facts;

/* Maximum likelihood by Newton's method with step halving, until the expected gain of a step is below 1e-20
 * of the log-likelihood, or the step below 1e-12 of the coefficients.
 *   out_coefficient [k + 1]  intercept first, in log-odds of y = 1
 *   out_error [k + 1]  square roots of the diagonal of the inverse information at the solution; with l2 > 0
 *                      the information includes the penalty
 * Fails  E_DATA      one class is absent, or a regressor is a combination of others
 *        E_CONVERGE  no solution within 100 steps: the regressors separate the classes
 * The same bits on any number of threads. Cost  O(n k^2) a step. */
vouch_status vouch__logit_fit(vouch_ctx *ctx, const vouch__logit_data *data, double *out_coefficient,
                              double *out_error, vouch__logit_facts *out_facts);

/* Weighted sums of products of (1, regressors): out[(k + 1) x (k + 1)], symmetric. */
vouch_status vouch__logit_moments(vouch_ctx *ctx, const vouch__logit_data *data, double *out);

#endif
