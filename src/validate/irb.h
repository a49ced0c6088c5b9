/* validate/irb.h: what the ECB asks of IRB models beside the tests of PDs: concentration, migration, LGD and
 * CCF. Source of all, unless another is named  ECB, Instructions for reporting the validation results of
 * internal models, IRB Pillar I models for credit risk (2019) */
#ifndef VOUCH_IRB_H
#define VOUCH_IRB_H

#include "base/ctx.h"

#include <stdbool.h>

/* Concentration of grades: CV = sqrt(K sum (R - 1/K)^2), HI = 1 + ln((CV^2 + 1) / K) / ln K over all K
 * grades, R their shares; 0 when spread evenly, 1 when all is in one grade. count [grades], finite and >= 0,
 * weights or exposures, sum above 0; K at least 2. */
typedef struct vouch__concentration {
    double herfindahl, variation, plain; /* plain: the sum of R^2 */
} vouch__concentration;
vouch_status vouch__concentration_measure(vouch_ctx *ctx, size_t grades, const double *count,
                                          vouch__concentration *out);
/* H0: the current concentration is not above the initial one: p = 1 - Phi(sqrt(K - 1) (CV - CV0) / sqrt(CV^2
 * (0.5 + CV^2))). NaN when the current CV is 0. */
double vouch__concentration_p(size_t grades, double initial_variation, double current_variation,
                              double *out_z);

/* Migrations: count [k x k] row-major, from the row's grade to the column's, whole numbers; grades from the
 * best. upper, lower   weighted bandwidth of moves to worse and to better grades, 0 to 1: NaN where there is
 * no move z, p           [k x k]: between a cell and its neighbour one step nearer the diagonal, H0: the
 * nearer one is at least as likely. NaN on the diagonal, where a row is empty or lies in one cell, and where
 * both cells are empty */
typedef struct vouch__migration {
    double upper, lower, stay; /* stay: share that kept its grade */
} vouch__migration;
vouch_status vouch__migration_measure(vouch_ctx *ctx, size_t k, const double *count, vouch__migration *out,
                                      double *out_z, double *out_p);

/* One-sided t test of realised losses (or CCFs) above estimates: t = sqrt(n) mean(seen - estimated) / s, n -
 * 1 degrees of freedom; a small p says the estimates are too low. n at least 2; s above 0, else p is 0, 1 or
 * 1/2 by the sign of the mean. */
typedef struct vouch__t_test {
    double mean, sd, statistic, p_value, n;
} vouch__t_test;
vouch_status vouch__lgd_t_test(vouch_ctx *ctx, size_t n, const double *seen, const double *estimated,
                               vouch__t_test *out);

/* In money: shortfall = 1 - sum exposure x estimated / sum exposure x seen, positive when losses exceed
 * estimates; deviation = sum exposure |seen - estimated| / sum exposure. exposure [n], finite and >= 0, sum
 * above 0. shortfall is NaN where nothing was lost. Source  Li, Bhariok, Keenan & Santilli, J. Risk Model
 * Validation 3 (2009) 3-26 */
typedef struct vouch__shortfall {
    double shortfall, deviation, seen, estimated; /* the last two: exposure-weighted means */
} vouch__shortfall;
vouch_status vouch__loss_shortfall(vouch_ctx *ctx, size_t n, const double *seen, const double *estimated,
                                   const double *exposure, vouch__shortfall *out);

/* Does the estimate rank realised values? Somers' D of the realised given the estimated, and gAUC = (D + 1) /
 * 2, from a table of counts [rows x cols]: rows are classes of the estimate, columns of the realised value,
 * both in rising order. variance is Goodman and Kruskal's of D; p is one-sided for H0 D <= 0. Source  R. H.
 * Somers, Am. Sociological Review 27 (1962) 799-811; L. A. Goodman & W. H. Kruskal, JASA 67 (1972) 415-421.
 * Fails   E_DATA  fewer than two rows, or two columns, hold cases */
typedef struct vouch__somers {
    double d, gauc, se, statistic, p_value;
} vouch__somers;
vouch_status vouch__somers_measure(vouch_ctx *ctx, size_t rows, size_t cols, const double *count,
                                   vouch__somers *out);
/* The classes of realised values that the instructions name: 12, from up to 0.05, then steps of 0.1 to 1, and
 * above. */
size_t vouch__lgd_class(double lgd);

/* Default probabilities over time from yearly migration matrices.
 *   p     [years][k x k], rows adding up to 1 within 1e-9; the last state is default and absorbing.
 * n_matrices 1: the same each year out   [years x grades] each, grades = k - 1: cumulative, marginal (within
 * the year, unconditional) and forward (within the year, of those who reached it; NaN where nobody did)
 * Source  R. A. Jarrow, D. Lando & S. M. Turnbull, Review of Financial Studies 10 (1997) 481-523 */
vouch_status vouch__pd_term(vouch_ctx *ctx, size_t k, size_t years, size_t n_matrices, const double *p,
                            double *out_cumulative, double *out_marginal, double *out_forward);

#endif
