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

VOUCH__INLINE VOUCH__BW unsigned vouch__less512(const double *value, __m512d x)
{
    unsigned low = _mm512_cmp_pd_mask(_mm512_load_pd(value), x, _CMP_LT_OQ);
    unsigned high = _mm512_cmp_pd_mask(_mm512_load_pd(value + 8), x, _CMP_LT_OQ);
    return (unsigned)__builtin_popcount(low | high << 8);
}

VOUCH__INLINE VOUCH__BW uint8_t vouch__rank512(const vouch__rank_table *ranks, size_t c, double value)
{
    __m512d x = _mm512_set1_pd(value);
    unsigned block = VOUCH__RANK_BLOCK * vouch__less512(ranks->pivot + c * VOUCH__RANK_BLOCK, x);
    return (uint8_t)(block + vouch__less512(ranks->cut + ranks->column[c].cut_at + block, x));
}

VOUCH__INLINE VOUCH__BW uint8_t vouch__rank_float512(const vouch__rank_table *ranks, size_t c, float value)
{
    __m512 x = _mm512_set1_ps(value), pivot = _mm512_load_ps(ranks->pivot_float + c * VOUCH__RANK_BLOCK);
    unsigned block = VOUCH__RANK_BLOCK *
                     (unsigned)__builtin_popcount(_mm512_cmp_ps_mask(pivot, x, _CMP_LT_OQ));
    __m512 cut = _mm512_load_ps(ranks->cut_float + ranks->column[c].cut_at + block);
    return (uint8_t)(block + (unsigned)__builtin_popcount(_mm512_cmp_ps_mask(cut, x, _CMP_LT_OQ)));
}

/* Values of columns [c, c + 8) as their rules see them, missing as NaN; zero past the last column. */
VOUCH__INLINE VOUCH__BW __m512d vouch__values512(const vouch__rank_table *ranks, const double *row, size_t c)
{
    size_t left = ranks->n_columns - c;
    __mmask8 there = (__mmask8)(left < 8 ? (1u << left) - 1 : 255u);
    __m512d x = _mm512_setzero_pd();
    if (ranks->is_identity) {
        x = _mm512_maskz_loadu_pd(there, row + c);
    } else {
        __m256i at = _mm256_load_si256((const __m256i *)(const void *)(ranks->input + c));
        x = _mm512_mask_i32gather_pd(x, there, at, row, sizeof *row);
    }
    if (!ranks->snaps)
        return x;
    const __m512d zero = _mm512_setzero_pd();
    __mmask8 small = _mm512_mask_cmp_pd_mask(ranks->snap[c / 8], _mm512_abs_pd(x),
                                             _mm512_set1_pd(VOUCH__ZERO), _CMP_LE_OQ);
    __mmask8 nan = _mm512_mask_cmp_pd_mask(ranks->nan_is_zero[c / 8], x, x, _CMP_UNORD_Q);
    x = _mm512_mask_mov_pd(x, (__mmask8)(small | nan), zero);
    __mmask8 none = _mm512_mask_cmp_pd_mask(ranks->zero_is_nan[c / 8], x, zero, _CMP_EQ_OQ);
    return _mm512_mask_mov_pd(x, none, _mm512_set1_pd(__builtin_nan("")));
}

/* The second copy of 64 ranks, from the first. */
VOUCH__INLINE VOUCH__BW void vouch__second512(const vouch__rank_table *ranks, size_t c, uint64_t missing,
                                              uint8_t *bytes)
{
    __m512i rank = _mm512_loadu_si512(bytes + c);
    rank = _mm512_mask_mov_epi8(rank, missing, _mm512_set1_epi8(-1));
    _mm512_storeu_si512(bytes + ranks->stride + c, rank);
}

/* Both copies of the ranks, with zeros in what pads them. */
VOUCH__INLINE VOUCH__BW void vouch__ranks512(const vouch__rank_table *ranks, const double *row,
                                             uint8_t *bytes)
{
    _Alignas(64) double x[VOUCH__RANK_PAD];
    _Alignas(64) float narrow[VOUCH__RANK_PAD];
    for (size_t first = 0; first < ranks->stride; first += VOUCH__RANK_PAD) {
        size_t n = ranks->n_columns - first < VOUCH__RANK_PAD ? ranks->n_columns - first : VOUCH__RANK_PAD;
        uint64_t missing = 0;
        _mm512_storeu_si512(bytes + first, _mm512_setzero_si512());
        for (size_t i = 0; i < n; i += 8) {
            __m512d v = vouch__values512(ranks, row, first + i);
            missing |= (uint64_t)_mm512_cmp_pd_mask(v, v, _CMP_UNORD_Q) << i;
            if (ranks->is_float)
                _mm256_store_ps(narrow + i, _mm512_cvtpd_ps(v));
            else
                _mm512_store_pd(x + i, v);
        }
        for (size_t i = 0; ranks->is_float && i < n; i++)
            bytes[first + i] = vouch__rank_float512(ranks, first + i, narrow[i]);
        for (size_t i = 0; !ranks->is_float && i < n; i++)
            bytes[first + i] = vouch__rank512(ranks, first + i, x[i]);
        vouch__second512(ranks, first, missing, bytes);
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

/* Add the leaves of a pack in tree order. */
VOUCH__INLINE VOUCH__BW void vouch__sum_pack512(const struct vouch__engine *e, size_t pack, const uint8_t *at,
                                                vouch__sum *sum, double *raw)
{
    size_t t = VOUCH__PACK * pack, left = e->n_trees - t, n = left < VOUCH__PACK ? left : VOUCH__PACK;
    const double *cell = e->is_float ? NULL : e->cell + VOUCH__CELLS * t;
    const float *narrow = e->is_float ? e->cell_float + VOUCH__CELLS * t : NULL;
    if (e->group) {
        for (size_t j = 0; j < n; j++)
            vouch__engine_add(
                e, t + j,
                e->is_float ? (double)narrow[VOUCH__CELLS * j + at[j]] : cell[VOUCH__CELLS * j + at[j]], raw);
    } else if (n < VOUCH__PACK) {
        for (size_t j = 0; j < n && e->is_float; j++)
            sum->narrow += narrow[VOUCH__CELLS * j + at[j]];
        for (size_t j = 0; j < n && !e->is_float; j++)
            sum->wide += cell[VOUCH__CELLS * j + at[j]];
    } else if (e->is_float) {
        for (size_t j = 0; j < VOUCH__PACK; j++)
            sum->narrow += narrow[VOUCH__CELLS * j + at[j]];
    } else {
        for (size_t j = 0; j < VOUCH__PACK; j++)
            sum->wide += cell[VOUCH__CELLS * j + at[j]];
    }
}

#endif
