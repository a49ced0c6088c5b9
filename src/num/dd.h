/* num/dd.h: numbers as unevaluated sums hi + lo, for what must not be rounded in between. The identities hold
 * without a fused multiply-add, for values whose products neither overflow nor underflow (sizes between about
 * 1e-140 and 1e290). T. J. Dekker, Numer. Math. 18 (1971) 224-242; Knuth, TAOCP 2, 4.2.2. */
#ifndef VOUCH_DD_H
#define VOUCH_DD_H

typedef struct vouch__dd {
    double hi, lo;
} vouch__dd;

/* a + b exactly. */
static inline vouch__dd vouch__two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (vouch__dd){ s, (a - (s - t)) + (b - t) };
}

/* a + b exactly, where |a| >= |b| or a is 0. */
static inline vouch__dd vouch__fast_sum(double a, double b)
{
    double s = a + b;
    return (vouch__dd){ s, b - (s - a) };
}

/* The upper 26 bits of a. */
static inline double vouch__upper(double a)
{
    double c = a * 0x1.0000002p27;
    return c - (c - a);
}

/* a * b exactly. */
static inline vouch__dd vouch__two_prod(double a, double b)
{
    double p = a * b, ah = vouch__upper(a), bh = vouch__upper(b), al = a - ah, bl = b - bh;
    return (vouch__dd){ p, ((ah * bh - p) + ah * bl + al * bh) + al * bl };
}

static inline vouch__dd vouch__dd_add(vouch__dd a, vouch__dd b)
{
    vouch__dd s = vouch__two_sum(a.hi, b.hi);
    return vouch__fast_sum(s.hi, s.lo + (a.lo + b.lo));
}

static inline vouch__dd vouch__dd_mul(vouch__dd a, vouch__dd b)
{
    vouch__dd p = vouch__two_prod(a.hi, b.hi);
    return vouch__fast_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline vouch__dd vouch__dd_div(vouch__dd a, vouch__dd b)
{
    double q = a.hi / b.hi;
    vouch__dd p = vouch__two_prod(q, b.hi);
    return vouch__fast_sum(q, (((a.hi - p.hi) - p.lo) + (a.lo - q * b.lo)) / b.hi);
}

static inline vouch__dd vouch__dd_neg(vouch__dd a) { return (vouch__dd){ -a.hi, -a.lo }; }

#endif
