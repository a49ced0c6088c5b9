/* One row with AVX2: ranks by comparing with 16 pivots, then with 16 cuts; trees as on the portable path. */
#if defined(__x86_64__)
#include "models/engine/engine_form.h"

#include <immintrin.h>
#include <math.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

#define INLINE_AVX2 static inline __attribute__((always_inline)) AVX2

/* How many bytes of two registers of 16-bit truths are set, which in whatever order is twice the truths. */
INLINE_AVX2 unsigned set_bytes(__m256i words)
{
    return (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(words));
}

/* How many of 16 sorted values, NaN after the last, are less than x. */
INLINE_AVX2 size_t count_less(const double *value, __m256d x)
{
    __m256i less[4];
    for (unsigned i = 0; i < 4; i++)
        less[i] = _mm256_castpd_si256(_mm256_cmp_pd(_mm256_load_pd(value + 4 * i), x, _CMP_LT_OQ));
    __m256i low = _mm256_packs_epi32(less[0], less[1]), high = _mm256_packs_epi32(less[2], less[3]);
    return set_bytes(_mm256_packs_epi16(low, high)) / 2;
}

INLINE_AVX2 size_t count_less_float(const float *value, __m256 x)
{
    __m256i low = _mm256_castps_si256(_mm256_cmp_ps(_mm256_load_ps(value), x, _CMP_LT_OQ));
    __m256i high = _mm256_castps_si256(_mm256_cmp_ps(_mm256_load_ps(value + 8), x, _CMP_LT_OQ));
    return set_bytes(_mm256_packs_epi32(low, high)) / 2;
}

INLINE_AVX2 uint8_t rank_double(const vouch__rank_table *ranks, size_t c, double value)
{
    __m256d x = _mm256_set1_pd(value);
    size_t rank = VOUCH__RANK_BLOCK * count_less(ranks->pivot + VOUCH__RANK_BLOCK * c, x);
    return (uint8_t)(rank + count_less(ranks->cut + ranks->column[c].cut_at + rank, x));
}

/* value is a float already. */
INLINE_AVX2 uint8_t rank_float(const vouch__rank_table *ranks, size_t c, double value)
{
    __m256 x = _mm256_set1_ps((float)value);
    size_t rank = VOUCH__RANK_BLOCK * count_less_float(ranks->pivot_float + VOUCH__RANK_BLOCK * c, x);
    return (uint8_t)(rank + count_less_float(ranks->cut_float + ranks->column[c].cut_at + rank, x));
}

AVX2 void vouch__engine_row_avx2(const struct vouch__engine *e, const double *row, double *raw)
{
    double values[VOUCH__RANK_COLUMNS];
    uint32_t code[VOUCH__RANK_CATS];
    uint8_t bytes[VOUCH__BYTES];
    const vouch__rank_table *ranks = &e->ranks;
    bytes[0] = 0; /* leaves look at it */
    vouch__rank_values(ranks, row, values);
    for (size_t c = 0; c < ranks->n_columns; c++) {
        bytes[c] = ranks->is_float ? rank_float(ranks, c, values[c]) : rank_double(ranks, c, values[c]);
        bytes[ranks->stride + c] = isnan(values[c]) ? UINT8_MAX : bytes[c];
    }
    vouch__rank_codes(ranks, row, code);
    vouch__rank_sets(ranks, code, bytes + 2 * ranks->stride);
    for (size_t r = 0; r < e->n_runs; r++)
        vouch__engine_walk(e, bytes, &e->run[r], raw);
}
#else
typedef int vouch__engine_avx2_is_empty;
#endif
