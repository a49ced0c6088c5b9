/* num/sum.h: sums whose error does not grow with n and whose bits do not depend on
 * threads. Pairwise over blocks of 128, in index order. */
#ifndef VOUCH_SUM_H
#define VOUCH_SUM_H

#include <stddef.h>

double vouch__sum(size_t n, const double *x);
double vouch__sum_weighted(size_t n, const double *x, const double *weight); /* weight NULL: ones */
double vouch__mean(size_t n, const double *x, const double *weight);         /* NaN when n is 0 */
/* Around the mean, divided by n - 1 (weight NULL) or by total weight. NaN when undefined. */
double vouch__variance(size_t n, const double *x, const double *weight);

#endif
