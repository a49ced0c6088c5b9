/* log and what is made of it.
 *
 * x = 2^e z with z in [sqrt(1/2), sqrt(2)); v = 1/c to 9 bits for the nearest c = i/128; r = z v - 1 is held
 * exactly in two parts, and log x = e ln2 - log v + log(1 + r). The first two are multiples of 2^-42, so
 * their sum is exact; near 1, v is 1 and both are 0, so the result keeps its relative accuracy there. */
#include "num/exp_parts.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

/* x = 2^e z. x is positive and finite. */
static double reduce(double x, double *e)
{
    const uint64_t half_root = 0x3fe6a09e667f3bcd; /* the bits of sqrt(1/2) */
    uint64_t bits;
    double shift = 0.0, z;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = -54.0;
    }
    memcpy(&bits, &x, sizeof bits);
    int64_t at = (int64_t)(bits - half_root);
    int64_t power = (at - (at & 0xfffffffffffff)) / 0x10000000000000;
    bits -= (uint64_t)power << 52;
    memcpy(&z, &bits, sizeof z);
    *e = (double)power + shift;
    return z;
}

/* e ln2 - log v, and log's argument r there. */
typedef struct split {
    double whole, whole_lo, r, r_lo;
} split;

/* log(2^e (z + z_lo)) */
static split split_at(double e, double z, double z_lo)
{
    const double *row = vouch__log_table[(int)(z * 128.0 + 0.5) - 90];
    double zh = z + 0x1.8p21; /* to a multiple of 2^-31, so that its product with v is exact */
    zh -= 0x1.8p21;
    vouch__dd r = vouch__two_sum(zh * row[0] - 1.0, (z - zh) * row[0]);
    r = vouch__fast_sum(r.hi, r.lo + z_lo * row[0]);
    if (z_lo != 0.0 && fabs(z_lo * row[0]) > fabs(r.hi)) /* 1 + x with a tiny x: all of it is in z_lo */
        r = (vouch__dd){ z_lo * row[0], 0.0 };
    return (split){ .whole = e * vouch__log_ln2[0] + row[1],
                    .whole_lo = e * vouch__log_ln2[1] + row[2],
                    .r = r.hi,
                    .r_lo = r.lo };
}

/* log(1 + r) - r + r^2 / 2 for |r| < 0.0066, to 2^-60 of r. */
static double cubic_tail(double r)
{
    return r * r * r *
           (1.0 / 3 +
            r * (-1.0 / 4 + r * (1.0 / 5 + r * (-1.0 / 6 + r * (1.0 / 7 + r * (-1.0 / 8 + r / 9))))));
}

static double joined(split s)
{
    vouch__dd sum = vouch__two_sum(s.whole, s.r);
    return sum.hi + (sum.lo + (s.whole_lo + s.r_lo * (1.0 - s.r) + (cubic_tail(s.r) - 0.5 * s.r * s.r)));
}

double vouch__log(double x)
{
    double e;
    if (isnan(x) || x == INFINITY)
        return x;
    if (x <= 0.0)
        return x == 0.0 ? -INFINITY : NAN;
    double z = reduce(x, &e);
    return joined(split_at(e, z, 0.0));
}

double vouch__log1p(double x)
{
    double e;
    if (isnan(x) || x == INFINITY || x == 0.0)
        return x;
    if (x <= -1.0)
        return x == -1.0 ? -INFINITY : NAN;
    if (fabs(x) < 0x1p-60)
        return x;
    vouch__dd u = vouch__two_sum(1.0, x);
    double z = reduce(u.hi, &e);
    return joined(split_at(e, z, u.lo * (z / u.hi))); /* z / u.hi is a power of two */
}

/* As joined(), with the square held exactly: 2^-67 of the result. */
static vouch__dd log_parts(double x)
{
    double e, z = reduce(x, &e);
    split s = split_at(e, z, 0.0);
    vouch__dd square = vouch__two_prod(s.r, s.r);
    vouch__dd a = vouch__two_sum(s.whole, s.r);
    vouch__dd b = vouch__two_sum(a.hi, -0.5 * square.hi);
    double rest = s.whole_lo + (s.r_lo * (1.0 - s.r) + (cubic_tail(s.r) - 0.5 * square.lo));
    return vouch__fast_sum(b.hi, b.lo + (a.lo + rest));
}

double vouch__pow(double x, double y)
{
    if (y == 0.0 || x == 1.0)
        return 1.0;
    if (isnan(x) || isnan(y) || x < 0.0)
        return NAN;
    if (x == 0.0 || x == INFINITY)
        return (x == 0.0) == (y > 0.0) ? 0.0 : INFINITY;
    if (fabs(y) == INFINITY)
        return (x > 1.0) == (y > 0.0) ? INFINITY : 0.0;
    if (y == 1.0)
        return x;
    vouch__dd log_x = log_parts(x);
    double size = y * log_x.hi;
    if (fabs(size) > 750.0)
        return size > 0.0 ? INFINITY : 0.0;
    if (fabs(size) < 0x1p-60)
        return 1.0;
    vouch__dd power = vouch__two_prod(y, log_x.hi);
    return vouch__exp_sum(power.hi, power.lo + y * log_x.lo);
}

double vouch__logit(double p)
{
    if (!(p >= 0.0 && p <= 1.0))
        return NAN;
    if (p >= 0.25 && p <= 0.75) /* 2 p - 1 is exact, and the logarithm's argument is near 1 */
        return vouch__log1p((2.0 * p - 1.0) / (1.0 - p));
    return vouch__log(p) - vouch__log1p(-p);
}
