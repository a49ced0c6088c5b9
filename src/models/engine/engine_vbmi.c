/* One row with AVX-512 VBMI: one shuffle brings every lane of a tree its byte, one compare decides all of
 * them.
 *
 * COMPLETE packs go down by adding bits. In a REACH tree the way down is found without walking: a lane is
 * reached when the decision at its parent leads to it and its parent is reached. Looking at the parent, then
 * at the parent's parent, then four up and so on, a few shuffles tell of every lane whether it is reached;
 * the last one that is, in preorder, is the one above the leaf. Nothing branches on the data. */
#if defined(__x86_64__)
#include "models/engine/engine_avx512.h"

typedef struct tables { /* up to 256 bytes of a row */
    __m512i part[4];
    __m512i missing;
} tables;

VOUCH__INLINE VOUCH__VBMI __m512i look_up(const tables *table, vouch__lookup lookup, __m512i index)
{
    __m512i low = _mm512_permutex2var_epi8(table->part[0], index, table->part[1]);
    if (lookup == VOUCH__LOOKUP_64)
        return low;
    __m512i high = _mm512_permutex2var_epi8(table->part[2], index, table->part[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(index), high);
}

VOUCH__INLINE VOUCH__VBMI void decide(const struct vouch__engine *e, const tables *table,
                                      vouch__lookup lookup, size_t pack, const uint32_t *code,
                                      uint64_t *right)
{
    for (size_t j = 0; j < VOUCH__PACK; j++) {
        size_t t = VOUCH__PACK * pack + j, at = t * VOUCH__LANES;
        __m512i byte = look_up(table, lookup, _mm512_load_si512(e->index + at));
        uint64_t goes = _mm512_cmpge_epu8_mask(byte, _mm512_load_si512(e->rank + at));
        if (lookup == VOUCH__LOOKUP_ONE_COPY)
            goes &= ~_mm512_mask_cmpeq_epu8_mask(e->default_left[t], byte, table->missing);
        right[j] = goes;
    }
    vouch__add_cats512(e, pack, code, right);
}

VOUCH__INLINE VOUCH__VBMI uint8_t reach(uint64_t right, const uint8_t *up_at, int doublings)
{
    __m512i goes = _mm512_movm_epi8(right), stays = _mm512_movm_epi8(~right);
    __m512i up = _mm512_load_si512(up_at);
    __m512i reached = _mm512_permutex2var_epi8(stays, up,
                                               goes); /* bit 6 of up: which of the two leads here */
    for (int i = 0; i < doublings; i++) {
        reached = _mm512_and_si512(reached, _mm512_permutexvar_epi8(up, reached));
        up = _mm512_permutexvar_epi8(up, up);
    }
    unsigned lane = 63u - (unsigned)_lzcnt_u64(_mm512_movepi8_mask(reached) | 1);
    return (uint8_t)(2 * lane + (right >> lane & 1));
}

VOUCH__INLINE VOUCH__VBMI void reach_pack(const struct vouch__engine *e, size_t pack, const uint64_t *right,
                                          uint8_t *cell)
{
    const uint8_t *up = e->up + VOUCH__PACK * VOUCH__LANES * pack;
#define REACH(n)                                                                                             \
    for (size_t j = 0; j < VOUCH__PACK; j++)                                                                 \
    cell[j] = reach(right[j], up + VOUCH__LANES * j, n)
    switch (e->doublings[pack]) { /* the same for nearly all packs of a forest */
    case 3: REACH(3); break;
    case 4: REACH(4); break;
    default: REACH(6);
    }
#undef REACH
}

VOUCH__INLINE VOUCH__VBMI void score_run(const struct vouch__engine *e, const tables *table,
                                         vouch__lookup lookup, const vouch__run *run, const uint32_t *code,
                                         vouch__sum *sum, double *raw)
{
    vouch__ring ring;
    bool is_reach = run->form == VOUCH__FORM_REACH;
    size_t apart = is_reach ? VOUCH__REACH_CELLS : VOUCH__COMPLETE_CELLS;
    for (size_t i = 0; i < (size_t)run->n + 2 * VOUCH__LAG; i++) {
        size_t k = run->first + i;
        if (i < run->n)
            decide(e, table, lookup, k, code, ring.right[i % VOUCH__RING]);
        if (i >= VOUCH__LAG && i - VOUCH__LAG < run->n) {
            size_t at = (i - VOUCH__LAG) % VOUCH__RING;
            if (is_reach)
                reach_pack(e, k - VOUCH__LAG, ring.right[at], ring.cell[at]);
            else
                vouch__descend512(ring.right[at], ring.cell[at]);
        }
        if (i >= 2 * VOUCH__LAG)
            vouch__sum_pack512(e, k - 2 * VOUCH__LAG, ring.cell[(i - 2 * VOUCH__LAG) % VOUCH__RING], apart,
                               sum, raw);
    }
}

VOUCH__INLINE VOUCH__VBMI void score(const struct vouch__engine *e, const uint8_t *bytes,
                                     const uint32_t *code, vouch__lookup lookup, double *raw)
{
    const vouch__rank_table *ranks = &e->ranks;
    tables table = { .missing = _mm512_set1_epi8(-1) };
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
            vouch__engine_walk(e, bytes, run->first, run->n, raw);
            continue;
        }
        score_run(e, &table, lookup, run, code, &sum, raw);
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
    default: vouch__engine_walk(e, bytes, 0, e->n_packs, raw);
    }
}
#else
typedef int vouch__engine_vbmi_is_empty;
#endif
