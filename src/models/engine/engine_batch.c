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
    union { /* of a group of columns, column by column */
        _Alignas(64) float narrow[GROUP * ROWS];
        _Alignas(64) double wide[GROUP * ROWS];
    } value;
} block;

/* --- ranks ------------------------------------------------------------------------------------ */

/* Cuts of a column as a heap: h becomes 2 h + (whether cut h is less) once a level, and what remains of h
 * without its top bit is the rank. The upper levels of all 16 rows come out of one register, each level below
 * out of twice as many. */
#define FLOATS(i) _mm512_load_ps(heap + 16 * (i))
#define BOTH_PS(i) _mm512_permutex2var_ps(FLOATS(i), h, FLOATS((i) + 1))
#define BY_PS(bit, low, high) _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(h, _mm512_set1_epi32(bit)), high)

VOUCH__INLINE VOUCH__VBMI __m512 cuts_of_level(const float *heap, __m512i h, int level)
{
    switch (level) {
    case 4: return _mm512_permutexvar_ps(h, FLOATS(1));
    case 5: return BOTH_PS(2);
    case 6: return BY_PS(32, BOTH_PS(4), BOTH_PS(6));
    case 7: return BY_PS(64, BY_PS(32, BOTH_PS(8), BOTH_PS(10)), BY_PS(32, BOTH_PS(12), BOTH_PS(14)));
    default: return _mm512_permutexvar_ps(h, FLOATS(0));
    }
}

#define DOUBLES(i) _mm512_load_pd(heap + 8 * (i))
#define BOTH_PD(i) _mm512_permutex2var_pd(DOUBLES(i), h, DOUBLES((i) + 1))
#define BY_PD(bit, low, high) _mm512_mask_mov_pd(low, _mm512_test_epi64_mask(h, _mm512_set1_epi64(bit)), high)
#define FOUR_PD(i) BY_PD(16, BOTH_PD(i), BOTH_PD((i) + 2))
#define EIGHT_PD(i) BY_PD(32, FOUR_PD(i), FOUR_PD((i) + 4))

VOUCH__INLINE VOUCH__VBMI __m512d wide_cuts_of_level(const double *heap, __m512i h, int level)
{
    switch (level) {
    case 3: return _mm512_permutexvar_pd(h, DOUBLES(1));
    case 4: return BOTH_PD(2);
    case 5: return FOUR_PD(4);
    case 6: return EIGHT_PD(8);
    case 7: return BY_PD(64, EIGHT_PD(16), EIGHT_PD(24));
    default: return _mm512_permutexvar_pd(h, DOUBLES(0));
    }
}

/* Ranks of 64 rows, and a second time with missing as 255. */
VOUCH__INLINE VOUCH__VBMI void rank_floats(const float *heap, int levels, const float *value, uint8_t *first,
                                           uint8_t *second)
{
    const __m512i one = _mm512_set1_epi32(1);
    for (size_t r = 0; r < ROWS; r += 16) {
        __m512 x = _mm512_load_ps(value + r);
        __m512i h = one;
        for (int level = 0; level < levels; level++) {
            __mmask16 is_less = _mm512_cmp_ps_mask(cuts_of_level(heap, h, level), x, _CMP_LT_OQ);
            h = _mm512_add_epi32(h, h);
            h = _mm512_mask_add_epi32(h, is_less, h, one);
        }
        __m128i rank = _mm512_cvtepi32_epi8(_mm512_sub_epi32(h, _mm512_set1_epi32(1 << levels)));
        __mmask16 missing = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
        _mm_store_si128((__m128i *)(void *)(first + r), rank);
        rank = _mm_mask_mov_epi8(rank, missing, _mm_set1_epi8(-1));
        _mm_store_si128((__m128i *)(void *)(second + r), rank);
    }
}

VOUCH__INLINE VOUCH__VBMI void rank_doubles(const double *heap, int levels, const double *value,
                                            uint8_t *first, uint8_t *second)
{
    const __m512i one = _mm512_set1_epi64(1);
    for (size_t r = 0; r < ROWS; r += 8) {
        __m512d x = _mm512_load_pd(value + r);
        __m512i h = one;
        for (int level = 0; level < levels; level++) {
            __mmask8 is_less = _mm512_cmp_pd_mask(wide_cuts_of_level(heap, h, level), x, _CMP_LT_OQ);
            h = _mm512_add_epi64(h, h);
            h = _mm512_mask_add_epi64(h, is_less, h, one);
        }
        __m128i rank = _mm512_cvtepi64_epi8(_mm512_sub_epi64(h, _mm512_set1_epi64(1 << levels)));
        __mmask8 missing = _mm512_cmp_pd_mask(x, x, _CMP_UNORD_Q);
        _mm_storel_epi64((__m128i *)(void *)(first + r), rank);
        rank = _mm_mask_mov_epi8(rank, missing, _mm_set1_epi8(-1));
        _mm_storel_epi64((__m128i *)(void *)(second + r), rank);
    }
}

#define BY_LEVELS(rank, heap, value)                                                                         \
    switch (e->heap_levels[c]) {                                                                             \
    case 8: rank(heap, 8, value, first, second); break;                                                      \
    case 7: rank(heap, 7, value, first, second); break;                                                      \
    case 6: rank(heap, 6, value, first, second); break;                                                      \
    case 5: rank(heap, 5, value, first, second); break;                                                      \
    default: rank(heap, 4, value, first, second);                                                            \
    }

VOUCH__VBMI static void rank_column(const struct vouch__engine *e, size_t c, block *b)
{
    uint8_t *first = b->byte + c * ROWS, *second = first + e->ranks.stride * ROWS;
    if (e->ranks.is_float) {
        BY_LEVELS(rank_floats, e->heap_float + e->heap_at[c], b->value.narrow + c % GROUP * ROWS)
    } else {
        BY_LEVELS(rank_doubles, e->heap + e->heap_at[c], b->value.wide + c % GROUP * ROWS)
    }
}

/* --- values, turned from rows to columns ------------------------------------------------------- */

/* Eight registers of eight numbers, row by row, become eight of a column each: in three rounds pairs of
 * registers exchange halves, quarters and single numbers. */
VOUCH__INLINE VOUCH__VBMI void turn_doubles(__m512d v[GROUP])
{
    __m512d a[GROUP], b[GROUP];
    for (int i = 0; i < GROUP; i += 2) {
        a[i] = _mm512_unpacklo_pd(v[i], v[i + 1]);
        a[i + 1] = _mm512_unpackhi_pd(v[i], v[i + 1]);
    }
    for (int i = 0; i < GROUP; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        v[j] = _mm512_shuffle_f64x2(b[j], b[j + 4], 0x88);
        v[j + 4] = _mm512_shuffle_f64x2(b[j], b[j + 4], 0xdd);
    }
}

/* Of eight rows at a time: columns [first, first + 8) of 64 rows, as their rules see them. What comes next in
 * the rows is fetched meanwhile: rows are too far apart for the processor to see it coming. */
VOUCH__VBMI static void turn_group(const struct vouch__engine *e, const double *rows, size_t first, block *b)
{
    const vouch__rank_table *ranks = &e->ranks;
    size_t width = e->trees->n_inputs;
    for (size_t r = 0; r < ROWS; r += GROUP) {
        __m512d v[GROUP];
        for (size_t i = 0; i < GROUP; i++) {
            const double *row = rows + (r + i) * width;
            v[i] = vouch__values512(ranks, row, first);
            if (ranks->is_identity && first + 2 * GROUP < width)
                _mm_prefetch((const char *)(row + first + 2 * GROUP), _MM_HINT_T0);
        }
        turn_doubles(v);
        for (size_t i = 0; i < GROUP; i++)
            if (ranks->is_float)
                _mm256_store_ps(b->value.narrow + i * ROWS + r, _mm512_cvtpd_ps(v[i]));
            else
                _mm512_store_pd(b->value.wide + i * ROWS + r, v[i]);
    }
}

VOUCH__VBMI static void rank_block(const struct vouch__engine *e, const double *rows, block *b)
{
    size_t n = e->ranks.n_columns;
    for (size_t c = 0; c < n; c++) {
        if (c % GROUP == 0)
            turn_group(e, rows, c, b);
        rank_column(e, c, b);
    }
}

/* --- trees ------------------------------------------------------------------------------------ */

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
        add_float(e->cell_float + t * VOUCH__CELLS, at, sum);
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
        add_double(e->cell + t * VOUCH__CELLS, at, sum);
    }
    for (size_t i = 0; i < 8; i++)
        _mm512_storeu_pd(raw + 8 * i, sum[i]);
}

size_t vouch__engine_batch(const struct vouch__engine *e, size_t n, const double *rows, double *raw)
{
    block b;
    size_t done = 0;
    if (!e->can_batch)
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
