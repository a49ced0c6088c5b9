/* models/engine/engine_avx512.h: what the paths with 512-bit registers share. The functions are inline
 * because the registers must not cross a call. */
#ifndef VOUCH_ENGINE_AVX512_H
#define VOUCH_ENGINE_AVX512_H

#include "models/engine/engine_form.h"

#include <immintrin.h>

#define VOUCH__BW __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,lzcnt,popcnt")))
#define VOUCH__VBMI                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2,lzcnt,popcnt")))
#define VOUCH__INLINE static inline __attribute__((always_inline))

/* Decisions are stored, and loaded two packs later: sooner, the load would wait for eight stores to drain. */
enum { VOUCH__RING = 8, VOUCH__LAG = 2 };

typedef struct vouch__ring {
    _Alignas(64) uint64_t right[VOUCH__RING][VOUCH__PACK]; /* lanes that go right */
    _Alignas(64) uint8_t cell[VOUCH__RING][VOUCH__PACK];
} vouch__ring;

VOUCH__INLINE VOUCH__BW size_t vouch__rank512(const vouch__rank_table *ranks, size_t c, double value)
{
    const double *pivot = ranks->pivot + c * VOUCH__RANK_BLOCK;
    __m512d x = _mm512_set1_pd(value);
    unsigned low = _mm512_cmp_pd_mask(_mm512_load_pd(pivot), x, _CMP_LT_OQ);
    unsigned high = _mm512_cmp_pd_mask(_mm512_load_pd(pivot + 8), x, _CMP_LT_OQ);
    size_t block = (size_t)__builtin_popcount(low | high << 8) * VOUCH__RANK_BLOCK;
    const double *cut = ranks->cut + ranks->column[c].cut_at + block;
    low = _mm512_cmp_pd_mask(_mm512_load_pd(cut), x, _CMP_LT_OQ);
    high = _mm512_cmp_pd_mask(_mm512_load_pd(cut + 8), x, _CMP_LT_OQ);
    return block + (size_t)__builtin_popcount(low | high << 8);
}

/* Both copies of the ranks, with zeros in what pads them. */
VOUCH__INLINE VOUCH__BW void vouch__ranks512(const vouch__rank_table *ranks, const double *row,
                                             uint8_t *bytes)
{
    double values[VOUCH__RANK_COLUMNS];
    const double *x = ranks->is_identity ? row : values;
    size_t n = ranks->n_columns;
    _mm512_storeu_si512(bytes + ranks->stride - VOUCH__RANK_PAD, _mm512_setzero_si512());
    if (!ranks->is_identity)
        vouch__rank_values(ranks, row, values);
    for (size_t c = 0; c < n; c++)
        bytes[c] = (uint8_t)vouch__rank512(ranks, c, x[c]);
    for (size_t c = 0; c < ranks->stride; c += VOUCH__RANK_PAD) {
        uint64_t missing = 0;
        for (size_t i = 0; i < VOUCH__RANK_PAD && c + i < n; i += 8) {
            size_t left = n - c - i;
            __mmask8 there = (__mmask8)(left < 8 ? (1u << left) - 1 : 255u);
            __m512d v = _mm512_maskz_loadu_pd(there, x + c + i);
            missing |= (uint64_t)_mm512_cmp_pd_mask(v, v, _CMP_UNORD_Q) << i;
        }
        __m512i rank = _mm512_loadu_si512(bytes + c);
        rank = _mm512_mask_mov_epi8(rank, missing, _mm512_set1_epi8(-1));
        _mm512_storeu_si512(bytes + ranks->stride + c, rank);
    }
}

/* What category columns decide, added to what ranks decided. */
VOUCH__INLINE VOUCH__BW void vouch__add_cats512(const struct vouch__engine *e, size_t pack,
                                                const uint32_t *code, uint64_t *right)
{
    uint32_t first = e->pack_cat_at[pack], last = e->pack_cat_at[pack + 1];
    if (first == last)
        return;
    __m512i all = _mm512_load_si512(right);
    for (uint32_t i = first; i < last; i++) {
        const vouch__pack_cat *use = &e->pack_cat[i];
        const uint64_t *mask = e->cat_mask + use->mask_at + VOUCH__PACK * (size_t)code[use->cat];
        all = _mm512_or_si512(all, _mm512_load_si512(mask));
    }
    _mm512_store_si512(right, all);
}

/* Eight complete trees at once, from the root six levels down: h becomes 2 h + (bit h of the decisions). */
VOUCH__INLINE VOUCH__BW void vouch__descend512(const uint64_t *right, uint8_t *cell)
{
    const __m512i one = _mm512_set1_epi64(1);
    __m512i decided = _mm512_load_si512(right), h = one;
    for (int level = 0; level < VOUCH__COMPLETE_DEPTH; level++) {
        __m512i bit = _mm512_srlv_epi64(decided, h);
        h = _mm512_ternarylogic_epi64(_mm512_add_epi64(h, h), bit, one, 0xf8); /* a | (b & c) */
    }
    h = _mm512_sub_epi64(h, _mm512_set1_epi64(VOUCH__LANES));
    _mm_storel_epi64((__m128i *)(void *)cell, _mm512_cvtepi64_epi8(h));
}

/* Leaves of a pack in tree order; cells of its trees are `apart`. */
VOUCH__INLINE VOUCH__BW double vouch__sum_pack512(const struct vouch__engine *e, size_t pack,
                                                  const uint8_t *at, size_t apart, double sum, double *raw)
{
    size_t t = VOUCH__PACK * pack, left = e->n_trees - t;
    const double *cell = e->cell + e->cell_at[t];
    if (!e->group && !e->is_float && left >= VOUCH__PACK) {
        for (size_t j = 0; j < VOUCH__PACK; j++)
            sum += cell[apart * j + at[j]];
        return sum;
    }
    raw[0] = sum;
    for (size_t j = 0; j < VOUCH__PACK && j < left; j++)
        vouch__engine_add(e, t + j, cell[apart * j + at[j]], raw);
    return raw[0];
}

#endif
