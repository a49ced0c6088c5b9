/* Rows explained with AVX2: ranks by comparing with 16 pivots, then with 16 cuts. */
#if defined(__x86_64__)
#include "models/shap/shap_form.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define SHAP_NAME(what) what##_avx2
#define SHAP_TARGET __attribute__((target("avx2,popcnt,bmi,bmi2")))
#define SHAP_HERE static inline __attribute__((always_inline)) SHAP_TARGET

/* How many of 16 sorted values, NaN after the last, are less than x. */
SHAP_HERE size_t count_less(const double *value, __m256d x)
{
    unsigned less = 0;
    for (unsigned i = 0; i < 4; i++) {
        __m256d is_less = _mm256_cmp_pd(_mm256_load_pd(value + 4 * i), x, _CMP_LT_OQ);
        less |= (unsigned)_mm256_movemask_pd(is_less) << (4 * i);
    }
    return (size_t)__builtin_popcount(less);
}

SHAP_TARGET static void ranks(const struct vouch__shap *s, const double *row, uint8_t *bytes)
{
    double values[VOUCH__RANK_COLUMNS];
    uint32_t code[VOUCH__RANK_CATS];
    const vouch__rank_table *table = &s->ranks;
    vouch__rank_values(table, row, values);
    for (size_t c = 0; c < table->n_columns; c++) {
        __m256d x = _mm256_set1_pd(values[c]);
        size_t rank = VOUCH__RANK_BLOCK * count_less(table->pivot + VOUCH__RANK_BLOCK * c, x);
        rank += count_less(table->cut + table->column[c].cut_at + rank, x);
        bytes[c] = (uint8_t)rank;
        bytes[table->stride + c] = isnan(values[c]) ? UINT8_MAX : (uint8_t)rank;
    }
    vouch__rank_codes(table, row, code);
    vouch__rank_sets(table, code, bytes + 2 * table->stride);
}

SHAP_HERE uint64_t half(const uint8_t *bytes, const uint16_t *place, const uint8_t *rank)
{
    _Alignas(32) uint8_t found[32];
    for (size_t lane = 0; lane < 32; lane++)
        found[lane] = bytes[place[lane]];
    __m256i byte = _mm256_load_si256((const __m256i *)(const void *)found);
    __m256i least = _mm256_load_si256((const __m256i *)(const void *)rank);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(byte, least), byte));
}

SHAP_HERE uint64_t decide(const struct vouch__shap *s, const uint8_t *bytes, size_t group)
{
    const uint16_t *place = s->place + group * VOUCH__SHAP_LANES;
    const uint8_t *rank = s->rank + group * VOUCH__SHAP_LANES;
    return half(bytes, place, rank) | half(bytes, place + 32, rank + 32) << 32;
}

SHAP_HERE uint64_t pattern_of(uint64_t right, uint64_t mask) { return _pext_u64(right, mask); }

#define SHAP_WIDTH 4
#define SHAP_V __m256d

SHAP_HERE __m256d choose(unsigned lanes, __m256d is_set, __m256d is_not)
{
    const __m256i bit = _mm256_set_epi64x(8, 4, 2, 1);
    __m256i mask = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(lanes), bit), bit);
    return _mm256_blendv_pd(is_not, is_set, _mm256_castsi256_pd(mask));
}

#define SHAP_REGISTERS
#include "models/shap/shap_kernel.h"
#else
typedef int vouch__shap_avx2_is_empty;
#endif
