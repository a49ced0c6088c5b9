/* One row with AVX2: ranks by comparing with 16 pivots, then with 16 cuts; trees are walked. */
#if defined(__x86_64__)
#include "models/engine/engine_form.h"

#include <immintrin.h>
#include <math.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

/* How many of 16 sorted values, NaN after the last, are less than x. */
static inline __attribute__((always_inline)) AVX2 size_t count_less(const double *value, __m256d x)
{
    unsigned less = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m256d is_less = _mm256_cmp_pd(_mm256_load_pd(value + 4 * i), x, _CMP_LT_OQ);
        less |= (unsigned)_mm256_movemask_pd(is_less) << (4 * i);
    }
    return (size_t)__builtin_popcount(less);
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
        __m256d x = _mm256_set1_pd(values[c]);
        size_t rank = VOUCH__RANK_BLOCK * count_less(ranks->pivot + VOUCH__RANK_BLOCK * c, x);
        rank += count_less(ranks->cut + ranks->column[c].cut_at + rank, x);
        bytes[c] = (uint8_t)rank;
        bytes[ranks->stride + c] = isnan(values[c]) ? UINT8_MAX : (uint8_t)rank;
    }
    vouch__rank_codes(ranks, row, code);
    vouch__rank_sets(ranks, code, bytes + 2 * ranks->stride);
    for (size_t r = 0; r < e->n_runs; r++)
        vouch__engine_walk(e, bytes, &e->run[r], raw);
}
#else
typedef int vouch__engine_avx2_is_empty;
#endif
