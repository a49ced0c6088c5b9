/* The kernels with AVX-512: sixteen records or eight bins at a time. */
#if defined(__x86_64__)
#include "models/gbdt/gbdt_kernels.h"

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

/* Bins are gathered as the low byte of four: columns are readable a little past their end. */
static AVX512 size_t sides(const uint8_t *column, const uint32_t set[VOUCH__GBDT_WORDS],
                           const vouch__record *record, size_t n, uint16_t *side)
{
    const __m512i words = _mm512_broadcast_i32x8(_mm256_loadu_si256((const __m256i *)(const void *)set));
    const __m512i low = _mm512_set1_epi32(255), one = _mm512_set1_epi32(1);
    size_t left = 0;
    for (size_t at = 0; at < n; at += 16) {
        __mmask16 there = (__mmask16)(n - at < 16 ? (1u << (n - at)) - 1 : 0xffff);
        __m256i a = _mm512_cvtepi64_epi32(_mm512_loadu_si512(record + at));
        __m256i b = _mm512_cvtepi64_epi32(_mm512_loadu_si512(record + at + 8));
        __m512i row = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
        __m512i bin = _mm512_and_si512(_mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there, row,
                                                                   (const int *)(const void *)column, 1),
                                       low);
        __m512i word = _mm512_permutexvar_epi32(_mm512_srli_epi32(bin, 5), words);
        __m512i bit = _mm512_srlv_epi32(word, _mm512_and_si512(bin, _mm512_set1_epi32(31)));
        __mmask16 goes = _mm512_mask_test_epi32_mask(there, bit, one);
        side[at / 16] = goes;
        left += (size_t)__builtin_popcount(goes);
    }
    return left;
}

static AVX512 void move(const vouch__record *record, size_t n, const uint16_t *side, vouch__record *out,
                        size_t right)
{
    vouch__record *to_left = out, *to_right = out + right;
    for (size_t at = 0; at < n; at += 8) {
        unsigned there = n - at < 8 ? (1u << (n - at)) - 1 : 0xff;
        unsigned l = (unsigned)side[at / 16] >> (at % 16) & there, r = there & ~l;
        unsigned n_l = (unsigned)__builtin_popcount(l), n_r = (unsigned)__builtin_popcount(r);
        __m512i q = _mm512_loadu_si512(record + at);
        _mm512_mask_storeu_epi64(to_left, (__mmask8)((1u << n_l) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)l, q));
        _mm512_mask_storeu_epi64(to_right, (__mmask8)((1u << n_r) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)r, q));
        to_left += n_l;
        to_right += n_r;
    }
}

static AVX512 void running(int64_t *hist, const int64_t *small, size_t n, int64_t *sum)
{
    const __m512i zero = _mm512_setzero_si512(), seven = _mm512_set1_epi64(7);
    __m512i at = zero;
    for (size_t b = 0; b < n; b += 8) {
        __m512i x = _mm512_loadu_si512(hist + b);
        if (small) {
            x = _mm512_sub_epi64(x, _mm512_loadu_si512(small + b));
            _mm512_storeu_si512(hist + b, x);
        }
        x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 7));
        x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 6));
        x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 4));
        x = _mm512_add_epi64(x, at);
        _mm512_storeu_si512(sum + b, x);
        at = _mm512_permutexvar_epi64(seven, x);
    }
}

static AVX512 size_t next(const vouch__gbdt_screen *s, const int64_t *sum, size_t from, size_t last)
{
    const __m512i less = _mm512_set1_epi64(s->less);
    const __m512d g = _mm512_set1_pd(s->g), h = _mm512_set1_pd(s->h), l2 = _mm512_set1_pd(s->l2);
    const __m512d least = _mm512_set1_pd(s->least_h), bar = _mm512_set1_pd(s->bar);
    for (size_t b = from & ~(size_t)7; b <= last; b += 8) {
        __m512i left = _mm512_sub_epi64(_mm512_loadu_si512(sum + b), less);
        __m512d gl = _mm512_cvtepi32_pd(_mm512_cvtepi64_epi32(_mm512_srli_epi64(left, 32)));
        __m512d hl = _mm512_cvtepu32_pd(_mm512_cvtepi64_epi32(left));
        __m512d gr = _mm512_sub_pd(g, gl), hr = _mm512_sub_pd(h, hl);
        __m512d a = _mm512_add_pd(hl, l2), c = _mm512_add_pd(hr, l2);
        __m512d gain = _mm512_add_pd(_mm512_mul_pd(_mm512_mul_pd(gl, gl), c),
                                     _mm512_mul_pd(_mm512_mul_pd(gr, gr), a));
        __mmask8 wins = _mm512_cmp_pd_mask(gain, _mm512_mul_pd(bar, _mm512_mul_pd(a, c)), _CMP_GT_OQ);
        if (!wins)
            continue;
        wins = _mm512_mask_cmp_pd_mask(wins, hl, least, _CMP_GE_OQ);
        wins = _mm512_mask_cmp_pd_mask(wins, hr, least, _CMP_GE_OQ);
        unsigned at = wins;
        if (b < from)
            at &= 0xffu << (from - b);
        if (at) {
            size_t found = b + (size_t)__builtin_ctz(at);
            return found <= last ? found : last + 1;
        }
    }
    return last + 1;
}

static AVX512 void logistic(size_t n, const double *score, const double *target, float *g, float *h)
{
    vouch__gbdt_logistic(n, score, target, g, h);
}

static AVX512 int64_t records(size_t n, size_t row, const float *g, const float *h, float scale_g,
                              float scale_h, vouch__record *record)
{
    return vouch__gbdt_records_of(n, row, g, h, scale_g, scale_h, record);
}

const vouch__gbdt_kernels vouch__gbdt_kernels_avx512 = { sides, move, running, next, logistic, records };
#else
typedef int vouch__gbdt_avx512_is_empty;
#endif
