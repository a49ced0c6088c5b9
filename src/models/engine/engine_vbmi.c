/* One row with AVX-512 VBMI: one shuffle brings every lane of a tree its byte, one compare decides all of
 * them.
 *
 * COMPLETE packs go down by adding bits. In a JUMP tree every node is mapped to where it leads, all at once;
 * that map applied to itself goes two nodes down, then four, eight and so on, until every node is mapped to
 * its leaf. Nothing branches on the data. */
#if defined(__x86_64__)
#include "models/engine/engine_avx512.h"

static const _Alignas(64) uint8_t leaves_lead_to_themselves[VOUCH__LANES] = {
    64,  65,  66,  67,  68,  69,  70,  71,  72,  73,  74,  75,  76,  77,  78,  79,
    80,  81,  82,  83,  84,  85,  86,  87,  88,  89,  90,  91,  92,  93,  94,  95,
    96,  97,  98,  99,  100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127
};

typedef struct tables { /* up to 256 bytes of a row */
    __m512i part[4];
} tables;

VOUCH__INLINE VOUCH__VBMI __m512i look_up(const tables *table, vouch__lookup lookup, __m512i index)
{
    __m512i low = _mm512_permutex2var_epi8(table->part[0], index, table->part[1]);
    if (lookup == VOUCH__LOOKUP_64)
        return low;
    __m512i high = _mm512_permutex2var_epi8(table->part[2], index, table->part[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(index), high);
}

/* Lanes of a tree that go right. With one copy missing is 255: adding 1 to what lanes of default side left
 * compare makes it 0. */
VOUCH__INLINE VOUCH__VBMI __mmask64 decide_tree(const struct vouch__engine *e, const tables *table,
                                                vouch__lookup lookup, size_t t)
{
    size_t at = t * VOUCH__LANES;
    __m512i byte = look_up(table, lookup, _mm512_load_si512(e->index + at));
    if (lookup != VOUCH__LOOKUP_ONE_COPY)
        return _mm512_cmpge_epu8_mask(byte, _mm512_load_si512(e->rank + at));
    byte = _mm512_mask_add_epi8(byte, e->default_left[t], byte, _mm512_set1_epi8(1));
    return _mm512_cmpge_epu8_mask(byte, _mm512_load_si512(e->rank_one + at));
}

VOUCH__INLINE VOUCH__VBMI void decide(const struct vouch__engine *e, const tables *table,
                                      vouch__lookup lookup, size_t pack, const uint32_t *code,
                                      uint64_t *right)
{
    for (size_t j = 0; j < VOUCH__PACK; j++)
        right[j] = decide_tree(e, table, lookup, VOUCH__PACK * pack + j);
    vouch__add_cats512(e, pack, code, right);
}

/* Where a tree of JUMP leads: the map from each node to the next one, doubled until it maps nodes to leaves.
 */
VOUCH__INLINE VOUCH__VBMI uint8_t jump(const struct vouch__engine *e, size_t t, uint64_t goes, int jumps)
{
    const __m512i leaf = _mm512_load_si512(leaves_lead_to_themselves);
    __m512i to = _mm512_load_si512(e->left + t * VOUCH__LANES);
    to = _mm512_mask_loadu_epi8(to, goes, e->right + t * VOUCH__LANES);
    for (int i = 0; i < jumps; i++)
        to = _mm512_permutex2var_epi8(to, to, leaf);
    return (uint8_t)(_mm_cvtsi128_si32(_mm512_castsi512_si128(to)) & (VOUCH__CELLS - 1));
}

VOUCH__INLINE VOUCH__VBMI void jump_run(const struct vouch__engine *e, const tables *table,
                                        vouch__lookup lookup, const vouch__run *run, const uint32_t *code,
                                        vouch__sum *sum, double *raw)
{
    _Alignas(64) uint64_t more[VOUCH__PACK];
    uint8_t cell[VOUCH__PACK];
    for (size_t k = run->first; k < (size_t)run->first + run->n; k++) {
        bool has_cats = e->pack_cat_at[k] < e->pack_cat_at[k + 1];
        if (has_cats) {
            _mm512_store_si512(more, _mm512_setzero_si512());
            vouch__add_cats512(e, k, code, more);
        }
#define JUMP(n)                                                                                              \
    for (size_t j = 0; j < VOUCH__PACK; j++) {                                                               \
        size_t t = VOUCH__PACK * k + j;                                                                      \
        __mmask64 goes = decide_tree(e, table, lookup, t);                                                   \
        cell[j] = jump(e, t, has_cats ? goes | more[j] : goes, n);                                           \
    }
        switch (e->jumps[k]) { /* the same for nearly all packs of a forest */
        case 3: JUMP(3) break;
        case 4: JUMP(4) break;
        default: JUMP(6)
        }
#undef JUMP
        vouch__sum_pack512(e, k, cell, sum, raw);
    }
}

VOUCH__INLINE VOUCH__VBMI void complete_run(const struct vouch__engine *e, const tables *table,
                                            vouch__lookup lookup, const vouch__run *run, const uint32_t *code,
                                            vouch__sum *sum, double *raw)
{
    vouch__ring ring;
    for (size_t i = 0; i < (size_t)run->n + 2 * VOUCH__LAG; i++) {
        size_t k = run->first + i;
        if (i < run->n)
            decide(e, table, lookup, k, code, ring.right[i % VOUCH__RING]);
        if (i >= VOUCH__LAG && i - VOUCH__LAG < run->n) {
            size_t at = (i - VOUCH__LAG) % VOUCH__RING;
            vouch__descend512(ring.right[at], ring.cell[at]);
        }
        if (i >= 2 * VOUCH__LAG)
            vouch__sum_pack512(e, k - 2 * VOUCH__LAG, ring.cell[(i - 2 * VOUCH__LAG) % VOUCH__RING], sum,
                               raw);
    }
}

VOUCH__INLINE VOUCH__VBMI void score(const struct vouch__engine *e, const uint8_t *bytes,
                                     const uint32_t *code, vouch__lookup lookup, double *raw)
{
    const vouch__rank_table *ranks = &e->ranks;
    tables table;
    const uint8_t *second = bytes + ranks->stride;
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *from = lookup == VOUCH__LOOKUP_64    ? (i % 2 ? second : bytes)
                              : lookup == VOUCH__LOOKUP_128 ? (i < 2 ? bytes : second) + 64 * (i % 2)
                                                            : second + 64 * i;
        table.part[i] = _mm512_loadu_si512(from);
    }
    for (size_t r = 0; r < e->n_runs; r++) {
        const vouch__run *run = &e->run[r];
        vouch__sum sum = { raw[0], (float)raw[0] };
        if (run->form == VOUCH__FORM_WALK) {
            vouch__engine_walk(e, bytes, run, raw);
            continue;
        }
        if (run->form == VOUCH__FORM_JUMP)
            jump_run(e, &table, lookup, run, code, &sum, raw);
        else
            complete_run(e, &table, lookup, run, code, &sum, raw);
        if (!e->group)
            raw[0] = e->is_float ? (double)sum.narrow : sum.wide;
    }
}

VOUCH__VBMI void vouch__engine_row_avx512vbmi(const struct vouch__engine *e, const double *row, double *raw)
{
    uint8_t bytes[VOUCH__BYTES + 4 * VOUCH__RANK_PAD]; /* whole tables are loaded */
    uint32_t code[VOUCH__RANK_CATS];
    bytes[0] = 0;
    vouch__ranks512(&e->ranks, row, bytes);
    if (e->ranks.n_cats) {
        vouch__rank_codes(&e->ranks, row, code);
        vouch__rank_sets(&e->ranks, code, bytes + 2 * e->ranks.stride);
    }
    switch (e->lookup) {
    case VOUCH__LOOKUP_64: score(e, bytes, code, VOUCH__LOOKUP_64, raw); return;
    case VOUCH__LOOKUP_128: score(e, bytes, code, VOUCH__LOOKUP_128, raw); return;
    case VOUCH__LOOKUP_ONE_COPY: score(e, bytes, code, VOUCH__LOOKUP_ONE_COPY, raw); return;
    default:
        for (size_t r = 0; r < e->n_runs; r++)
            vouch__engine_walk(e, bytes, &e->run[r], raw);
    }
}
#else
typedef int vouch__engine_vbmi_is_empty;
#endif
