/* exp and what is made of it.
 *
 * x = k ln2 / 128 + r with |r| < ln2 / 256, k = 128 m + j; exp(x) = 2^m T[j] exp(r), T[j] = 2^(j/128) from a
 * table of two-part values and exp(r) - 1 by its Taylor series to r^6. The table value carries nearly all of
 * the result, so what is rounded on the way is below a hundredth of an ulp before the last addition. */
#include "num/exp_parts.h"
#include "num/special.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static double power_of_two(int64_t m) /* -1022 <= m <= 1023 */
{
    uint64_t bits = (uint64_t)(m + 1023) << 52;
    double out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* hi + lo, times 2^m, rounded once (twice where the result is subnormal). */
static double scaled(double value, int64_t m)
{
    if (m >= -1022 && m <= 1023)
        return value * power_of_two(m);
    if (m > 1023)
        return value * power_of_two(m - 1) * 2.0;
    return value * power_of_two(m + 100) * 0x1p-100;
}

double vouch__exp_sum(double x, double x_lo)
{
    if (isnan(x))
        return x;
    if (x > 709.8)
        return INFINITY;
    if (x < -745.2)
        return 0.0;
    int64_t m;
    vouch__dd e = vouch__exp_parts(x, x_lo, &m);
    return scaled(e.hi + e.lo, m);
}

double vouch__exp(double x) { return vouch__exp_sum(x, 0.0); }

/* exp(x) - 1 = (2^m T - 1) + 2^m T r + 2^m T (exp(r) - 1 - r): the first two are held and added exactly. */
double vouch__expm1(double x)
{
    if (isnan(x) || x == 0.0)
        return x;
    if (x > 50.0)
        return vouch__exp(x);
    if (x < -50.0)
        return -1.0;
    vouch__exp_reduced e = vouch__exp_reduce(x, 0.0);
    double two_m = power_of_two(e.m), tail = vouch__exp_tail(e.r);
    vouch__dd a = vouch__two_sum(two_m * e.hi, -1.0), step = vouch__two_prod(e.hi, e.r);
    vouch__dd b = vouch__two_sum(a.hi, two_m * step.hi);
    double rest = step.lo + e.hi * (tail + e.r_lo) + (e.lo + e.lo * e.r);
    return b.hi + (b.lo + (a.lo + two_m * rest));
}

/* exp(-|x|) in two parts; |x| is at most 745.2. */
static vouch__dd small_exp(double x)
{
    int64_t m;
    vouch__dd e = vouch__exp_parts(-fabs(x), 0.0, &m);
    e = vouch__fast_sum(e.hi, e.lo);
    return (vouch__dd){ scaled(e.hi, m), scaled(e.lo, m) };
}

double vouch__sigmoid(double x)
{
    if (isnan(x))
        return x;
    if (x > 40.0) /* exp(-x) is below a quarter of an ulp of 1 */
        return 1.0;
    if (x < -40.0) /* 1 + exp(x) rounds to 1, and the square of exp(x) is below an ulp of it */
        return vouch__exp(x);
    /* a two-part quotient: what is left of the division is added back, so that the result is the nearest
     * double but for a few hundredths of an ulp, and rises with x */
    vouch__dd e = small_exp(x), top = x >= 0.0 ? (vouch__dd){ 1.0, 0.0 } : e;
    vouch__dd bottom = vouch__fast_sum(1.0, e.hi);
    return vouch__dd_div(top, (vouch__dd){ bottom.hi, bottom.lo + e.lo }).hi;
}

double vouch__softplus(double x)
{
    if (isnan(x))
        return x;
    if (x < -745.2)
        return 0.0;
    double tail = x < -40.0 ? vouch__exp(x) : vouch__log1p(vouch__exp(-fabs(x)));
    return x > 0.0 ? x + tail : tail;
}
