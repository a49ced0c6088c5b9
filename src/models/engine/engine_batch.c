/* Many rows of a complete forest with AVX-512 VBMI: a lane is a row, 64 at a time.
 *
 * Ranks are kept column by column, so that one register holds what 64 rows have of a column. On each level of
 * a tree the bytes of all its nodes are blended by the decisions above, which leaves every row the byte of
 * its own node; the node's rank comes from a shuffle by its number. Each lane adds its leaves in tree order:
 * the bits are those of a single row. */
#if defined(__x86_64__)
#include "models/engine/engine_avx512.h"

enum { ROWS = 64, GROUP = 8, COLUMNS = 256 };

typedef struct block { /* 64 rows */
    _Alignas(64) uint8_t byte[2 * COLUMNS * ROWS];
    _Alignas(64) double value[ROWS * GROUP];
} block;

VOUCH__INLINE VOUCH__BW void rank_column(const vouch__rank_table *ranks, size_t c, const double *value,
                                         uint8_t *out)
{
    const double *cuts = ranks->cut + ranks->column[c].cut_at;
    __m512d low = _mm512_load_pd(ranks->pivot + c * VOUCH__RANK_BLOCK);
    __m512d high = _mm512_load_pd(ranks->pivot + c * VOUCH__RANK_BLOCK + 8);
    for (size_t r = 0; r < ROWS; r++) {
        __m512d x = _mm512_set1_pd(value[r * GROUP]);
        unsigned less = _mm512_cmp_pd_mask(low, x, _CMP_LT_OQ);
        less |= (unsigned)_mm512_cmp_pd_mask(high, x, _CMP_LT_OQ) << 8;
        unsigned at = VOUCH__RANK_BLOCK * (unsigned)__builtin_popcount(less);
        out[r] = (uint8_t)(at + vouch__less512(cuts + at, x));
    }
}

VOUCH__INLINE VOUCH__BW void rank_column_float(const vouch__rank_table *ranks, size_t c, const double *value,
                                               uint8_t *out)
{
    const float *cuts = ranks->cut_float + ranks->column[c].cut_at;
    __m512 pivot = _mm512_load_ps(ranks->pivot_float + c * VOUCH__RANK_BLOCK);
    for (size_t r = 0; r < ROWS; r++) {
        __m512 x = _mm512_set1_ps((float)value[r * GROUP]);
        unsigned less = _mm512_cmp_ps_mask(pivot, x, _CMP_LT_OQ);
        unsigned at = VOUCH__RANK_BLOCK * (unsigned)__builtin_popcount(less);
        less = _mm512_cmp_ps_mask(_mm512_load_ps(cuts + at), x, _CMP_LT_OQ);
        out[r] = (uint8_t)(at + (unsigned)__builtin_popcount(less));
    }
}

VOUCH__BW static void rank_block(const struct vouch__engine *e, const double *rows, block *b)
{
    const vouch__rank_table *ranks = &e->ranks;
    for (size_t first = 0; first < ranks->n_columns; first += GROUP) {
        size_t n = ranks->n_columns - first < GROUP ? ranks->n_columns - first : GROUP;
        uint64_t missing[GROUP] = { 0 };
        for (size_t r = 0; r < ROWS; r++) {
            __m512d v = vouch__values512(ranks, rows + r * e->trees->n_inputs, first);
            unsigned none = _mm512_cmp_pd_mask(v, v, _CMP_UNORD_Q);
            _mm512_store_pd(b->value + r * GROUP, v);
            for (; none; none &= none - 1)
                missing[__builtin_ctz(none)] |= (uint64_t)1 << r;
        }
        for (size_t j = 0; j < n; j++) {
            uint8_t *out = b->byte + (first + j) * ROWS;
            if (ranks->is_float)
                rank_column_float(ranks, first + j, b->value + j, out);
            else
                rank_column(ranks, first + j, b->value + j, out);
            __m512i rank = _mm512_load_si512(out);
            rank = _mm512_mask_mov_epi8(rank, missing[j], _mm512_set1_epi8(-1));
            _mm512_store_si512(out + ranks->stride * ROWS, rank);
        }
    }
}

/* PICK<d>(h, l): what each row finds d levels below node h, which is on level l. */
#define AT(h) _mm512_load_si512(byte + ROWS * (size_t)index[h])
#define PICK1(h, l) _mm512_mask_mov_epi8(AT(2 * (h)), right[l], AT(2 * (h) + 1))
#define PICK2(h, l) _mm512_mask_mov_epi8(PICK1(2 * (h), (l) + 1), right[l], PICK1(2 * (h) + 1, (l) + 1))
#define PICK3(h, l) _mm512_mask_mov_epi8(PICK2(2 * (h), (l) + 1), right[l], PICK2(2 * (h) + 1, (l) + 1))
#define PICK4(h, l) _mm512_mask_mov_epi8(PICK3(2 * (h), (l) + 1), right[l], PICK3(2 * (h) + 1, (l) + 1))
#define PICK5(h, l) _mm512_mask_mov_epi8(PICK4(2 * (h), (l) + 1), right[l], PICK4(2 * (h) + 1, (l) + 1))
#define DECIDE(l, found)                                                                                     \
    right[l] = _mm512_cmpge_epu8_mask(found, _mm512_permutexvar_epi8(node, rank));                           \
    node = _mm512_add_epi8(node, node);                                                                      \
    node = _mm512_mask_add_epi8(node, right[l], node, one)

/* The cells that 64 rows reach in a tree. */
VOUCH__INLINE VOUCH__VBMI __m512i descend(const uint8_t *byte, const uint16_t *index, __m512i rank)
{
    const __m512i one = _mm512_set1_epi8(1);
    __m512i node = one;
    __mmask64 right[VOUCH__COMPLETE_DEPTH];
    DECIDE(0, AT(1));
    DECIDE(1, PICK1(1, 0));
    DECIDE(2, PICK2(1, 0));
    DECIDE(3, PICK3(1, 0));
    DECIDE(4, PICK4(1, 0));
    DECIDE(5, PICK5(1, 0));
    return _mm512_sub_epi8(node, _mm512_set1_epi8(VOUCH__LANES));
}

VOUCH__INLINE VOUCH__VBMI void add_float(const float *cell, const uint8_t *at, __m512 *sum)
{
    __m512 a = _mm512_load_ps(cell), b = _mm512_load_ps(cell + 16);
    __m512 c = _mm512_load_ps(cell + 32), d = _mm512_load_ps(cell + 48);
    for (size_t i = 0; i < 4; i++) {
        __m512i k = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)(at + 16 * i)));
        __mmask16 upper = _mm512_test_epi32_mask(k, _mm512_set1_epi32(32));
        __m512 leaf = _mm512_mask_mov_ps(_mm512_permutex2var_ps(a, k, b), upper,
                                         _mm512_permutex2var_ps(c, k, d));
        sum[i] = _mm512_add_ps(sum[i], leaf);
    }
}

VOUCH__INLINE VOUCH__VBMI void add_double(const double *cell, const uint8_t *at, __m512d *sum)
{
    __m512d c[8];
    for (size_t i = 0; i < 8; i++)
        c[i] = _mm512_load_pd(cell + 8 * i);
    for (size_t i = 0; i < 8; i++) {
        __m512i k = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(const void *)(at + 8 * i)));
        __mmask8 odd = _mm512_test_epi64_mask(k, _mm512_set1_epi64(16));
        __mmask8 upper = _mm512_test_epi64_mask(k, _mm512_set1_epi64(32));
        __m512d low = _mm512_mask_mov_pd(_mm512_permutex2var_pd(c[0], k, c[1]), odd,
                                         _mm512_permutex2var_pd(c[2], k, c[3]));
        __m512d high = _mm512_mask_mov_pd(_mm512_permutex2var_pd(c[4], k, c[5]), odd,
                                          _mm512_permutex2var_pd(c[6], k, c[7]));
        sum[i] = _mm512_add_pd(sum[i], _mm512_mask_mov_pd(low, upper, high));
    }
}

VOUCH__VBMI static void score_float(const struct vouch__engine *e, const block *b, double *raw)
{
    _Alignas(64) uint8_t at[ROWS];
    __m512 sum[4];
    for (size_t i = 0; i < 4; i++)
        sum[i] = _mm512_set1_ps((float)e->start[0]);
    for (size_t t = 0; t < e->n_trees; t++) {
        __m512i rank = _mm512_load_si512(e->rank + t * VOUCH__LANES);
        _mm512_store_si512(at, descend(b->byte, e->wide_index + t * VOUCH__LANES, rank));
        add_float(e->cell_float + t * VOUCH__COMPLETE_CELLS, at, sum);
    }
    for (size_t i = 0; i < 4; i++) {
        _mm512_storeu_pd(raw + 16 * i, _mm512_cvtps_pd(_mm512_castps512_ps256(sum[i])));
        _mm512_storeu_pd(raw + 16 * i + 8, _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum[i], 1)));
    }
}

VOUCH__VBMI static void score_double(const struct vouch__engine *e, const block *b, double *raw)
{
    _Alignas(64) uint8_t at[ROWS];
    __m512d sum[8];
    for (size_t i = 0; i < 8; i++)
        sum[i] = _mm512_set1_pd(e->start[0]);
    for (size_t t = 0; t < e->n_trees; t++) {
        __m512i rank = _mm512_load_si512(e->rank + t * VOUCH__LANES);
        _mm512_store_si512(at, descend(b->byte, e->wide_index + t * VOUCH__LANES, rank));
        add_double(e->cell + t * VOUCH__COMPLETE_CELLS, at, sum);
    }
    for (size_t i = 0; i < 8; i++)
        _mm512_storeu_pd(raw + 8 * i, sum[i]);
}

size_t vouch__engine_batch(const struct vouch__engine *e, size_t n, const double *rows, double *raw)
{
    block b;
    size_t done = 0;
    if (!e->wide_index)
        return 0;
    for (; done + ROWS <= n; done += ROWS) {
        rank_block(e, rows + done * e->trees->n_inputs, &b);
        if (e->is_float)
            score_float(e, &b, raw + done);
        else
            score_double(e, &b, raw + done);
    }
    return done;
}
#else
typedef int vouch__engine_batch_is_empty;
#endif
