/* The kernels with AVX2: eight records or four bins at a time. */
#if defined(__x86_64__)
#include "models/gbdt/gbdt_kernels.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

/* The even 32-bit halves of eight words, in order: row numbers of records, curvatures of sums. */
static inline __attribute__((always_inline)) AVX2 __m256i low_halves(const void *words)
{
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    const __m256i *at = words;
    __m256i a = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(at), even);
    __m256i b = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(at + 1), even);
    return _mm256_blend_epi32(a, b, 0xf0);
}

static inline __attribute__((always_inline)) AVX2 unsigned
sides_of_eight(const uint8_t *column, __m256i words, const vouch__record *record)
{
    __m256i row = low_halves(record);
    __m256i bin = _mm256_and_si256(_mm256_i32gather_epi32((const int *)(const void *)column, row, 1),
                                   _mm256_set1_epi32(255));
    __m256i word = _mm256_permutevar8x32_epi32(words, _mm256_srli_epi32(bin, 5));
    __m256i up = _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_and_si256(bin, _mm256_set1_epi32(31)));
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(word, up)));
}

/* Records past the last are readable and name rows that exist: their bits are masked away. */
static AVX2 size_t sides(const uint8_t *column, const uint32_t set[VOUCH__GBDT_WORDS],
                         const vouch__record *record, size_t n, uint16_t *side)
{
    const __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)set);
    size_t left = 0;
    for (size_t at = 0; at < n; at += 16) {
        unsigned there = n - at < 16 ? (1u << (n - at)) - 1 : 0xffff;
        unsigned bits = sides_of_eight(column, words, record + at);
        bits |= sides_of_eight(column, words, record + at + 8) << 8;
        bits &= there;
        side[at / 16] = (uint16_t)bits;
        left += (size_t)__builtin_popcount(bits);
    }
    return left;
}

static AVX2 void move(const vouch__record *record, size_t n, const uint16_t *side, vouch__record *out,
                      size_t right)
{
    vouch__gbdt_move_plain(record, n, side, out, right);
}

static AVX2 void running(int64_t *hist, const int64_t *small, size_t n, int64_t *sum)
{
    int64_t at = 0;
    for (size_t b = 0; small && b < n; b++)
        hist[b] -= small[b];
    for (size_t b = 0; b < n; b++)
        sum[b] = at += hist[b];
}

static AVX2 size_t next(const vouch__gbdt_screen *s, const int64_t *sum, size_t from, size_t last)
{
    const __m256i less = _mm256_set1_epi64x(s->less), odd = _mm256_setr_epi32(1, 3, 5, 7, 1, 3, 5, 7);
    const __m256d g = _mm256_set1_pd(s->g), h = _mm256_set1_pd(s->h), l2 = _mm256_set1_pd(s->l2);
    const __m256d least = _mm256_set1_pd(s->least_h), bar = _mm256_set1_pd(s->bar);
    const __m256i whole = _mm256_set1_epi64x(0x4330000000000000); /* 2^52, under which 32 bits are a number */
    for (size_t b = from & ~(size_t)3; b <= last; b += 4) {
        __m256i left = _mm256_sub_epi64(_mm256_loadu_si256((const __m256i *)(const void *)(sum + b)), less);
        __m256d gl = _mm256_cvtepi32_pd(_mm256_castsi256_si128(_mm256_permutevar8x32_epi32(left, odd)));
        __m256d hl = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_blend_epi32(left, whole, 0xaa)),
                                   _mm256_castsi256_pd(whole));
        __m256d gr = _mm256_sub_pd(g, gl), hr = _mm256_sub_pd(h, hl);
        __m256d a = _mm256_add_pd(hl, l2), c = _mm256_add_pd(hr, l2);
        __m256d gain = _mm256_add_pd(_mm256_mul_pd(_mm256_mul_pd(gl, gl), c),
                                     _mm256_mul_pd(_mm256_mul_pd(gr, gr), a));
        __m256d wins = _mm256_cmp_pd(gain, _mm256_mul_pd(bar, _mm256_mul_pd(a, c)), _CMP_GT_OQ);
        if (!_mm256_movemask_pd(wins))
            continue;
        wins = _mm256_and_pd(wins, _mm256_cmp_pd(hl, least, _CMP_GE_OQ));
        wins = _mm256_and_pd(wins, _mm256_cmp_pd(hr, least, _CMP_GE_OQ));
        unsigned at = (unsigned)_mm256_movemask_pd(wins);
        if (b < from)
            at &= 0xfu << (from - b);
        if (at) {
            size_t found = b + (size_t)__builtin_ctz(at);
            return found <= last ? found : last + 1;
        }
    }
    return last + 1;
}

static AVX2 void logistic(size_t n, const double *score, const double *target, float *g, float *h)
{
    vouch__gbdt_logistic(n, score, target, g, h);
}

static AVX2 int64_t records(size_t n, size_t row, const float *g, const float *h, float scale_g,
                            float scale_h, vouch__record *record)
{
    return vouch__gbdt_records_of(n, row, g, h, scale_g, scale_h, record);
}

const vouch__gbdt_kernels vouch__gbdt_kernels_avx2 = { sides, move, running, next, logistic, records };
#else
typedef int vouch__gbdt_avx2_is_empty;
#endif
