/* num/special.h: elementary and special functions with the same bits on every
 * processor, compiler and thread: only +, -, *, /, sqrt and integer operations, in a
 * fixed order. Stated errors hold over the whole domain and are tested. */
#ifndef VOUCH_SPECIAL_H
#define VOUCH_SPECIAL_H

/* Within 1 ulp; NaN in, NaN out; IEEE limits at infinities. */
double vouch__exp(double x);
double vouch__expm1(double x);
double vouch__log(double x);
double vouch__log1p(double x);
double vouch__pow(double x, double y); /* x >= 0; within 2 ulp */
double vouch__sigmoid(double x);       /* 1 / (1 + exp(-x)), in [0, 1], within 1 ulp */
double vouch__logit(double p);         /* log(p / (1 - p)), within 3 ulp */
double vouch__softplus(double x);      /* log(1 + exp(x)) without overflow, within 2 ulp */

/* Relative error below 1e-15 for erf, erfc, lgamma and the normal distribution; below 1e-14 x max(1,
 * |result|) for logarithms of probabilities and lbeta; below 1e-12 for the incomplete gamma and beta and what
 * is made of them, where the result is above 1e-290 and the parameters are between 1e-3 and 1e6. Outside a
 * function's domain the result is NaN. */
double vouch__erf(double x);
double vouch__erfc(double x);
double vouch__lgamma(double x);                       /* x > 0 */
double vouch__lbeta(double a, double b);              /* log B(a, b) */
double vouch__gamma_p(double a, double x);            /* regularised lower incomplete gamma */
double vouch__gamma_q(double a, double x);            /* upper: 1 - P without cancellation */
double vouch__beta_inc(double a, double b, double x); /* regularised I_x(a, b) */

double vouch__normal_cdf(double x);
double vouch__normal_sf(double x);
double vouch__normal_quantile(double p); /* inverse of normal_cdf */
double vouch__chi2_sf(double x, double df);
double vouch__chi2_quantile(double p, double df); /* P(X <= x) = p */
double vouch__t_sf(double t, double df);          /* P(T > t) */
double vouch__f_sf(double f, double df1, double df2);
double vouch__beta_quantile(double p, double a, double b);
double vouch__binomial_cdf(double k, double n, double p); /* P(X <= k) */
double vouch__binomial_log_pmf(double k, double n, double p);
double vouch__hypergeometric_log_pmf(double k, double total, double marked, double drawn);

#endif
