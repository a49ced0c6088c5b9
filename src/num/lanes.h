/* num/lanes.h: eight doubles at once, as the vector extension that gcc and clang share. Every operation is
 * one IEEE operation a lane, so the bits are those of eight scalar computations whatever instructions the
 * compiler chooses: a function inlined here gives the same result compiled for AVX-512, for AVX2 or for
 * neither. Vectors go by pointer, because how they are passed by value depends on the target. */
#ifndef VOUCH_LANES_H
#define VOUCH_LANES_H

#include <stdint.h>

enum { VOUCH__LANES = 8 };

typedef double vouch__v8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef uint64_t vouch__u8x __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t vouch__i8x __attribute__((vector_size(64), aligned(8), may_alias));

#define VOUCH__LANE static inline __attribute__((always_inline))

#define VOUCH__AT(p) (*(vouch__v8 *)(p))             /* eight doubles at p */
#define VOUCH__AT_CONST(p) (*(const vouch__v8 *)(p)) /* the same, to be read */
#define VOUCH__ALL(x) ((vouch__v8){ 0 } + (x))       /* the same number in every lane */

/* mask (all ones or all zeros a lane, as comparisons give it) ? a : b */
#define VOUCH__SELECT(mask, a, b)                                                                            \
    ((vouch__v8)(((vouch__u8x)(mask) & (vouch__u8x)(a)) | (~(vouch__u8x)(mask) & (vouch__u8x)(b))))

/* The sum of the lanes, in one order: (0+4)+(2+6) + ((1+5)+(3+7)). */
VOUCH__LANE double vouch__lane_sum(const vouch__v8 *v)
{
    const vouch__v8 x = *v;
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

/* exp of each lane, within 1.5 ulp; arguments are held to [-708, 709]. NaN gives a number of no meaning. */
VOUCH__LANE void vouch__lane_exp(const vouch__v8 *in, vouch__v8 *out)
{
    const double shifter = 0x1.8p52;
    vouch__v8 x = *in;
    x = VOUCH__SELECT(x > 709.0, VOUCH__ALL(709.0), x);
    x = VOUCH__SELECT(x < -708.0, VOUCH__ALL(-708.0), x);
    vouch__v8 t = x * 0x1.71547652b82fep0 + shifter, k = t - shifter;
    vouch__v8 r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
    vouch__v8 s = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
    s = s * r + 1.0 / 39916800.0;
    s = s * r + 1.0 / 3628800.0;
    s = s * r + 1.0 / 362880.0;
    s = s * r + 1.0 / 40320.0;
    s = s * r + 1.0 / 5040.0;
    s = s * r + 1.0 / 720.0;
    s = s * r + 1.0 / 120.0;
    s = s * r + 1.0 / 24.0;
    s = s * r + 1.0 / 6.0;
    s = s * r + 0.5;
    s = r * r * s + r + 1.0;
    vouch__u8x scale = ((vouch__u8x)t << 52) + 0x3ff0000000000000u;
    *out = s * (vouch__v8)scale;
}

/* log of each lane, within 1 ulp; lanes must be positive, normal and finite. */
VOUCH__LANE void vouch__lane_log(const vouch__v8 *in, vouch__v8 *out)
{
    vouch__u8x bits = (vouch__u8x)*in, e = (bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
    vouch__v8 z = (vouch__v8)(bits - (e << 52) + 0x3ff0000000000000u);
    vouch__v8 power = (vouch__v8)(e | 0x4330000000000000u) - (0x1p52 + 1023.0);
    vouch__v8 f = z - 1.0, s = f / (f + 2.0), q = s * s;
    vouch__v8 p = q * (2.0 / 23) + 2.0 / 21;
    p = p * q + 2.0 / 19;
    p = p * q + 2.0 / 17;
    p = p * q + 2.0 / 15;
    p = p * q + 2.0 / 13;
    p = p * q + 2.0 / 11;
    p = p * q + 2.0 / 9;
    p = p * q + 2.0 / 7;
    p = p * q + 2.0 / 5;
    p = p * q + 2.0 / 3;
    /* log(1 + f) = f - s (f - 2/3 s^2 - 2/5 s^4 - ...) */
    *out = power * 0x1.62e42fee00000p-1 + (f - (s * (f - q * p) - power * 0x1.a39ef35793c76p-33));
}

#endif
