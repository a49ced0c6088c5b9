/* One row with AVX-512BW but without VBMI: bytes are shuffled as halves of words, for up to 64 columns; what
 * does not fit, and trees that are not complete, are walked. */
#if defined(__x86_64__)
#include "models/engine/engine_avx512.h"

/* The bytes that lanes ask for: lanes of even and odd number in turn, each from the word that holds its byte.
 */
VOUCH__INLINE VOUCH__BW __m512i look_up(__m512i table_left, __m512i table_right, __m512i index)
{
    const __m512i low = _mm512_set1_epi16(0xff), one = _mm512_set1_epi16(1);
    __m512i even = _mm512_and_si512(index, low), odd = _mm512_srli_epi16(index, 8);
    __m512i from_even = _mm512_permutex2var_epi16(table_left, _mm512_srli_epi16(even, 1), table_right);
    __m512i from_odd = _mm512_permutex2var_epi16(table_left, _mm512_srli_epi16(odd, 1), table_right);
    __m512i even_half = _mm512_slli_epi16(_mm512_and_si512(even, one), 3);
    __m512i odd_half = _mm512_slli_epi16(_mm512_andnot_si512(odd, one), 3);
    even = _mm512_and_si512(_mm512_srlv_epi16(from_even, even_half), low);
    odd = _mm512_andnot_si512(low, _mm512_sllv_epi16(from_odd, odd_half));
    return _mm512_or_si512(even, odd);
}

VOUCH__INLINE VOUCH__BW void score_run(const struct vouch__engine *e, __m512i left, __m512i right,
                                       const vouch__run *run, const uint32_t *code, vouch__sum *sum,
                                       double *raw)
{
    vouch__ring ring;
    for (size_t i = 0; i < (size_t)run->n + VOUCH__LAG; i++) {
        size_t k = run->first + i, last = i - VOUCH__LAG;
        uint64_t *decided = ring.right[i % VOUCH__RING];
        for (size_t j = 0; i < run->n && j < VOUCH__PACK; j++) {
            size_t at = (VOUCH__PACK * k + j) * VOUCH__LANES;
            __m512i byte = look_up(left, right, _mm512_load_si512(e->index + at));
            decided[j] = _mm512_cmpge_epu8_mask(byte, _mm512_load_si512(e->rank + at));
        }
        if (i < run->n)
            vouch__add_cats512(e, k, code, decided);
        if (i < VOUCH__LAG)
            continue;
        vouch__descend512(ring.right[last % VOUCH__RING], ring.cell[0]);
        vouch__sum_pack512(e, k - VOUCH__LAG, ring.cell[0], sum, raw);
    }
}

VOUCH__BW void vouch__engine_row_avx512bw(const struct vouch__engine *e, const double *row, double *raw)
{
    uint8_t bytes[VOUCH__BYTES];
    uint32_t code[VOUCH__RANK_CATS];
    bytes[0] = 0;
    vouch__ranks512(&e->ranks, row, bytes);
    if (e->ranks.n_cats) {
        vouch__rank_codes(&e->ranks, row, code);
        vouch__rank_sets(&e->ranks, code, bytes + 2 * e->ranks.stride);
    }
    __m512i left = _mm512_loadu_si512(bytes), right = _mm512_loadu_si512(bytes + e->ranks.stride);
    for (size_t r = 0; r < e->n_runs; r++) {
        const vouch__run *run = &e->run[r];
        vouch__sum sum = { raw[0], (float)raw[0] };
        if (run->form != VOUCH__FORM_COMPLETE || e->lookup != VOUCH__LOOKUP_64) {
            vouch__engine_walk(e, bytes, run, raw);
            continue;
        }
        score_run(e, left, right, run, code, &sum, raw);
        if (!e->group)
            raw[0] = e->is_float ? (double)sum.narrow : sum.wide;
    }
}
#else
typedef int vouch__engine_avx512bw_is_empty;
#endif
