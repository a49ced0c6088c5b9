/* num/exp_parts.h: the pieces of exp, for functions that need more than a rounded result. */
#ifndef VOUCH_EXP_PARTS_H
#define VOUCH_EXP_PARTS_H

#include "num/dd.h"
#include "num/num_tables.h"

#include <stdint.h>

/* exp(x + x_lo) = 2^m (hi + lo) exp(r + r_lo), |r| < 0.0028. */
typedef struct vouch__exp_reduced {
    double hi, lo, r, r_lo;
    int64_t m;
} vouch__exp_reduced;

/* |x| < 760; |x_lo| below an ulp or so of x. */
static inline vouch__exp_reduced vouch__exp_reduce(double x, double x_lo)
{
    double shifted = x * 0x1.71547652b82fep7 + 0x1.8p52; /* to the nearest integer */
    double k = shifted - 0x1.8p52;
    int64_t whole = (int64_t)k;
    unsigned j = (unsigned)(whole & 127);
    double far = x - k * vouch__exp_step[0], near = x_lo - k * vouch__exp_step[1];
    double r = far + near;
    return (vouch__exp_reduced){ .hi = vouch__exp_table[j][0],
                                 .lo = vouch__exp_table[j][1],
                                 .r = r,
                                 .r_lo = near - (r - far),
                                 .m = (whole - (int64_t)j) / 128 };
}

/* exp(r) - 1 - r for |r| < 0.0028, to 2^-60 of r. */
static inline double vouch__exp_tail(double r)
{
    return r * r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720)))));
}

/* exp(x + x_lo) = 2^m (hi + lo), hi in [1, 2), good to about 2^-61. */
static inline vouch__dd vouch__exp_parts(double x, double x_lo, int64_t *m)
{
    vouch__exp_reduced e = vouch__exp_reduce(x, x_lo);
    *m = e.m;
    return (vouch__dd){ e.hi, e.lo + e.hi * (e.r + (e.r_lo + vouch__exp_tail(e.r))) };
}

/* exp(x + x_lo), within 1 ulp. */
double vouch__exp_sum(double x, double x_lo);

#endif
