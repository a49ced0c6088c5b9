/* exp and log as glibc evaluates them: the argument is reduced to a table entry and a short polynomial of the
 * published form (Nagy, ARM optimized routines, MIT licence), in double, with the multiplications and
 * additions fused that its compiler fuses. fma is exact by its definition, so the bits are the same where the
 * processor lacks the instruction. tests/unit/models/test_source_math.c compares with the C library in use.
 */
#include "models/forest/source_math.h"

#include "num/num_tables.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* exp(x) = 2^(k / 32) 2^(r / 32), k whole; the table of exp.h has 2^(j / 128). */
float vouch__source_expf(float x)
{
    static const double shift = 0x1.8p52, scale = 0x1.71547652b82fep0 * 32;
    static const double c0 = 0x1.c6af84b912394p-5 / 32 / 32 / 32, c1 = 0x1.ebfce50fac4f3p-3 / 32 / 32,
                        c2 = 0x1.62e42ff0c52d6p-1 / 32;
    if (isnan(x))
        return x;
    if (x > 0x1.62e42ep6F)
        return INFINITY;
    if (x < -0x1.9fe368p6F)
        return 0.0F;
    double wide = x, shifted = fma(scale, wide, shift);
    uint64_t k = bits_of(shifted);
    double r = fma(scale, wide, -(shifted - shift));
    double table = vouch__exp_table[4 * (k % 32)][0];
    double s = double_of(bits_of(table) + ((k - k % 32) << 47));
    double y = fma(fma(c0, r, c1), r * r, fma(c2, r, 1.0));
    return (float)(y * s);
}

float vouch__source_logf(float x)
{
    static const double table[16][2] = {
        { 0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2 }, { 0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2 },
        { 0x1.49539f0f010bp+0, -0x1.01eae7f513a67p-2 },  { 0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3 },
        { 0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3 }, { 0x1.25e227b0b8eap+0, -0x1.1aa2bc79c81p-3 },
        { 0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4 }, { 0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4 },
        { 0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5 }, { 0x1p+0, 0x0p+0 },
        { 0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5 },  { 0x1.ca4b31f026aap-1, 0x1.c5e53aa362eb4p-4 },
        { 0x1.b2036576afce6p-1, 0x1.526e57720db08p-3 },  { 0x1.9c2d163a1aa2dp-1, 0x1.bc2860d22477p-3 },
        { 0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2 },  { 0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2 },
    };
    static const double a0 = -0x1.00ea348b88334p-2, a1 = 0x1.5575b0be00b6ap-2, a2 = -0x1.ffffef20a4123p-2;
    uint32_t bits;
    if (isnan(x) || x < 0.0F)
        return NAN;
    if (x == 0.0F)
        return -INFINITY;
    if (isinf(x) || x == 1.0F)
        return x == 1.0F ? 0.0F : x;
    int32_t exponent = 0;
    if (x < 0x1p-126F) {
        x *= 0x1p23F;
        exponent = -23;
    }
    memcpy(&bits, &x, sizeof bits);
    uint32_t tmp = bits - 0x3f330000, top = tmp & 0xff800000;
    int32_t k = (int32_t)(top >> 23) - (top >> 31 ? 512 : 0) + exponent;
    const double *entry = table[tmp >> 19 & 15];
    uint32_t small = bits - top;
    float z;
    memcpy(&z, &small, sizeof z);
    double r = fma((double)z, entry[0], -1.0), y0 = fma((double)k, 0x1.62e42fefa39efp-1, entry[1]),
           r2 = r * r;
    double y = fma(a1, r, a2);
    y = fma(a0, r2, y);
    y = fma(y, r2, y0 + r);
    return (float)y;
}

double vouch__source_exp(double x)
{
    static const double shift = 0x1.8p52, scale = 0x1.71547652b82fep0 * 128;
    static const double hi = -0x1.62e42fefa0000p-8, lo = -0x1.cf79abc9e3b39p-47;
    static const double c2 = 0x1.ffffffffffdbdp-2, c3 = 0x1.555555555543cp-3, c4 = 0x1.55555cf172b91p-5,
                        c5 = 0x1.1111167a4d017p-7;
    if (isnan(x))
        return x;
    if (x >= 1024.0 || x <= -1075.0)
        return x > 0.0 ? INFINITY : 0.0;
    if (fabs(x) < 0x1p-54)
        return 1.0 + x;
    double shifted = fma(scale, x, shift);
    uint64_t k = bits_of(shifted);
    double kd = shifted - shift, r = fma(kd, lo, fma(kd, hi, x));
    const double *entry = vouch__exp_table[k % 128];
    double tail = entry[1] / entry[0], r2 = r * r;
    double rest = fma(r2 * r2, fma(r, c5, c4), fma(r2, fma(r, c3, c2), tail + r));
    uint64_t bits = bits_of(entry[0]) + ((k - k % 128) << 45);
    if (fabs(x) < 512.0)
        return fma(double_of(bits), rest, double_of(bits));
    if (x > 0.0) {
        double s = double_of(bits - (1009ULL << 52));
        return 0x1p1009 * fma(s, rest, s);
    }
    double s = double_of(bits + (1022ULL << 52)), step = s * rest, y = s + step; /* not fused: step is kept */
    if (y < 1.0) { /* the result is subnormal: rounded once, at its own last place */
        double top = 1.0 + y, low = s - y + step;
        low += 1.0 - top + y;
        y = top + low - 1.0;
    }
    return 0x1p-1022 * y;
}

/* log1p: 1 + x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2), and with s = f / (2 + f) log(1 + f) = f - f^2 / 2
 * + s (f^2 / 2 + R(s^2)), corrected for what 1 + x lost (Tang 1990, and Ng's polynomial, as in most C
 * libraries). Fused as glibc's is. */
double vouch__source_log1p(double x)
{
    static const double hi = 0x1.62e42feep-1, lo = 0x1.a39ef35793c76p-33;
    static const double c1 = 0x1.5555555555593p-1, c2 = 0x1.999999997fa04p-2, c3 = 0x1.2492494229359p-2,
                        c4 = 0x1.c71c51d8e78afp-3, c5 = 0x1.7466496cb03dep-3, c6 = 0x1.39a09d078c69fp-3,
                        c7 = 0x1.2f112df3e5244p-3;
    if (!(x > -1.0))
        return x == -1.0 ? -INFINITY : NAN;
    if (isinf(x) || fabs(x) < 0x1p-54)
        return x;
    if (fabs(x) < 0x1p-29)
        return x - x * x * 0.5;
    int32_t k = 0;
    double f = x, rest = 0.0;
    if (!(x > -0x1.2bec4p-2 && x < 0x1.a827ap-2)) { /* not within sqrt(1/2) - 1 to sqrt(2) - 1 */
        double u = x < 0x1p53 ? 1.0 + x : x;
        uint64_t bits = bits_of(u), fraction = bits & 0xfffff00000000ULL;
        k = (int32_t)(bits >> 52) - 1023;
        if (x < 0x1p53)
            rest = (k > 0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
        bits &= 0xfffffffffffffULL;
        if (fraction < 0x6a09e00000000ULL) {
            u = double_of(bits | 0x3ff0000000000000ULL);
        } else {
            k++;
            u = double_of(bits | 0x3fe0000000000000ULL);
        }
        f = u - 1.0;
    }
    double s = f / (2.0 + f), z = s * s, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
    double r = fma(z6, fma(z, c7, c6), fma(z4, fma(z, c5, c4), fma(z, c1, z2 * fma(z, c3, c2))));
    double half = 0.5 * f * f, part = s * (half + r);
    if (k == 0)
        return f - (half - part);
    return fma(k, hi, -(half - (fma(k, lo, rest) + part) - f));
}
