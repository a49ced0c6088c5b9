/* Pairwise summation: blocks of 128 in index order, then halves. The error grows with the logarithm of n, and
 * the order is a function of n alone. */
#include "num/sum.h"

#include <math.h>

enum { BLOCK = 128 };

/* Where a run of n terms is cut: the largest power-of-two multiple of BLOCK below n. */
static size_t half_of(size_t n)
{
    size_t half = BLOCK;
    while (half * 2 < n)
        half *= 2;
    return half;
}

double vouch__sum(size_t n, const double *x)
{
    if (n > BLOCK) {
        size_t half = half_of(n);
        return vouch__sum(half, x) + vouch__sum(n - half, x + half);
    }
    double total = 0.0;
    for (size_t i = 0; i < n; i++)
        total += x[i];
    return total;
}

double vouch__sum_weighted(size_t n, const double *x, const double *weight)
{
    if (!weight)
        return vouch__sum(n, x);
    if (n > BLOCK) {
        size_t half = half_of(n);
        return vouch__sum_weighted(half, x, weight) + vouch__sum_weighted(n - half, x + half, weight + half);
    }
    double total = 0.0;
    for (size_t i = 0; i < n; i++)
        total += x[i] * weight[i];
    return total;
}

double vouch__mean(size_t n, const double *x, const double *weight)
{
    if (n == 0)
        return NAN;
    return vouch__sum_weighted(n, x, weight) / (weight ? vouch__sum(n, weight) : (double)n);
}

static double squares(size_t n, const double *x, const double *weight, double centre)
{
    if (n > BLOCK) {
        size_t half = half_of(n);
        return squares(half, x, weight, centre) +
               squares(n - half, x + half, weight ? weight + half : NULL, centre);
    }
    double total = 0.0;
    for (size_t i = 0; i < n; i++)
        total += (x[i] - centre) * (x[i] - centre) * (weight ? weight[i] : 1.0);
    return total;
}

double vouch__variance(size_t n, const double *x, const double *weight)
{
    if (n == 0 || (!weight && n == 1))
        return NAN;
    double mean = vouch__mean(n, x, weight);
    return squares(n, x, weight, mean) / (weight ? vouch__sum(n, weight) : (double)(n - 1));
}
