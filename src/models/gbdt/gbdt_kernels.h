/* models/gbdt/gbdt_kernels.h: what the forms of the kernels share. The functions here are compiled once for
 * every set of instructions; their operations are written out, so the bits are the same in each. */
#ifndef VOUCH_GBDT_KERNELS_H
#define VOUCH_GBDT_KERNELS_H

#include "models/gbdt/gbdt.h"

#include <string.h>

extern const vouch__gbdt_kernels vouch__gbdt_kernels_avx2, vouch__gbdt_kernels_avx512;

#define VOUCH__GBDT_INLINE static inline __attribute__((always_inline))

VOUCH__GBDT_INLINE uint32_t vouch__bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

VOUCH__GBDT_INLINE float vouch__float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a where mask is all ones, b where it is 0. */
VOUCH__GBDT_INLINE float vouch__choose(uint32_t mask, float a, float b)
{
    return vouch__float_of((vouch__bits_of(a) & mask) | (vouch__bits_of(b) & ~mask));
}

/* exp(-x) for 0 <= x <= 87, within 2 units of the last place. */
VOUCH__GBDT_INLINE float vouch__exp_minus(float x)
{
    const float shift = 12582912.0f; /* 1.5 x 2^23: adding it rounds to a whole number */
    float rounded = -x * 1.44269504f + shift;
    float k = rounded - shift;
    float r = (-x - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * vouch__float_of((vouch__bits_of(rounded) - 0x4B400000u + 127u) << 23); /* x 2^k */
}

/* Choices are made by masks, not branches, so that several rows are done at once. */
VOUCH__GBDT_INLINE void vouch__gbdt_logistic(size_t n, const double *score, const double *target, float *g,
                                             float *h)
{
    const int32_t most = 0x42AE0000; /* 87: positive floats are in the order of their bits */
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = vouch__bits_of((float)score[i]);
        uint32_t is_minus = 0u - (bits >> 31), is_bad = 0u - (uint32_t)(int32_t)target[i];
        int32_t size = (int32_t)(bits & 0x7fffffffu);
        size = size < most ? size : most;
        float e = vouch__exp_minus(vouch__float_of((uint32_t)size)), s = 1.0f / (1.0f + e), q = e * s;
        float p = vouch__choose(is_minus, q, s), not_p = vouch__choose(is_minus, s, q);
        g[i] = vouch__choose(is_bad, -not_p, p);
        h[i] = q * s;
    }
}

/* Nearest whole number, ties to even, of a value below 2^22 in size. */
VOUCH__GBDT_INLINE int32_t vouch__whole(float x)
{
    return (int32_t)vouch__bits_of(x + 12582912.0f) - 0x4B400000;
}

VOUCH__GBDT_INLINE int64_t vouch__gbdt_records_of(size_t n, size_t row, const float *g, const float *h,
                                                  float scale_g, float scale_h, vouch__record *record)
{
    int64_t sum_g = 0, sum_h = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t units_g = vouch__whole(g[i] * scale_g), units_h = vouch__whole(h[i] * scale_h);
        units_h = units_h < 1 ? 1 : units_h;
        sum_g += units_g;
        sum_h += units_h;
        uint32_t high = (uint32_t)units_g << 16 | (uint32_t)units_h, low = (uint32_t)row + (uint32_t)i;
        record[i] = (uint64_t)high << 32 | low;
    }
    return sum_g * 4294967296 + sum_h;
}

/* Without a branch, which could not be foreseen. */
VOUCH__GBDT_INLINE void vouch__gbdt_move_plain(const vouch__record *record, size_t n, const uint16_t *side,
                                               vouch__record *out, size_t right)
{
    size_t left = 0;
    for (size_t at = 0; at < n; at += 16) {
        size_t m = n - at < 16 ? n - at : 16, bits = side[at / 16];
        for (size_t i = 0; i < m; i++, bits >>= 1) {
            size_t is_left = bits & 1, to = right ^ ((left ^ right) & (0 - is_left));
            out[to] = record[at + i];
            left += is_left;
            right += 1 - is_left;
        }
    }
}

#endif
