/* validate/low_default.h: most prudent PDs of portfolios that hardly default. */
#ifndef VOUCH_LOW_DEFAULT_H
#define VOUCH_LOW_DEFAULT_H

#include "base/ctx.h"

enum { VOUCH__LOW_DEFAULT_YEARS = 30, VOUCH__LOW_DEFAULTS = 500 };

/* How defaults hang together: a year's share one normal factor with correlation `correlation`, in [0, 1); the
 * factors of years s and t have correlation year_correlation^|s - t|, in [0, 1). */
typedef struct vouch__default_law {
    double correlation, year_correlation;
    size_t years; /* that the counts are of, 1 to VOUCH__LOW_DEFAULT_YEARS */
} vouch__default_law;

/* Grade by grade from the best: each grade's PD may not exceed that of worse ones, so all obligors from it on
 * bound it.
 *   n, d    [grades]  from the best grade to the worst: obligors at the start of the first year, and those of
 *           them that defaulted in any of the years; each n finite and >= 0, 0 <= d <= n, the sum of n above
 *           0
 *   out_pd  [grades]  the largest common yearly PD of grades k and worse that is not refuted at level
 * Independent defaults and one year are in closed form by the beta distribution; one year by the binomial
 * tail averaged over the factor; several by going through the years on a grid of the factor, with the number
 * of defaults so far as the state: absolute error of a tail below 1e-8.
 * Source  K. Pluto & D. Tasche, Estimating probabilities of default for low default portfolios (2005),
 *         sections 3 to 6
 * Cost    of several years: years x grid^2 x (defaults + 1) for each of some 15 PDs that are tried a grade,
 *         with a grid of 120 to some hundred values
 * Fails   E_SHAPE  no grades;  E_DATA  a count is not as above, or over VOUCH__LOW_DEFAULTS defaults in
 *         several years;  E_ARG  level or law */
vouch_status vouch__pluto_tasche(vouch_ctx *ctx, size_t grades, const double *n, const double *d,
                                 const vouch__default_law *law, double level, double *out_pd);

/* P(defaults >= d) of n obligors over the law's years when their yearly PD is pd. What the bounds solve;
 * d <= n, at most VOUCH__LOW_DEFAULTS + 1. */
vouch_status vouch__default_tail(vouch_ctx *ctx, double n, double d, double pd, const vouch__default_law *law,
                                 double *out_p);

#endif
