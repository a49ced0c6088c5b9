/* Rows explained with AVX-512 VBMI: one shuffle brings all lanes of a group their bytes, one compare decides
 * them. */
#if defined(__x86_64__)
#include "models/shap/shap_form.h"

#include "models/engine/engine_avx512.h"

#include <string.h>

#define SHAP_NAME(what) what##_avx512
#define SHAP_TARGET                                                                                          \
    __attribute__((                                                                                          \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512bitalg,gfni,bmi,bmi2,lzcnt,popcnt")))
#define SHAP_HERE VOUCH__INLINE SHAP_TARGET

SHAP_TARGET static void ranks(const struct vouch__shap *s, const double *row, uint8_t *bytes)
{
    uint32_t code[VOUCH__RANK_CATS];
    vouch__ranks512(&s->ranks, row, bytes);
    if (s->ranks.n_cats) {
        vouch__rank_codes(&s->ranks, row, code);
        vouch__rank_sets(&s->ranks, code, bytes + 2 * s->ranks.stride);
    }
}

SHAP_HERE __m512i look_up(__m512i index, const uint8_t *low, const uint8_t *high)
{
    __m512i a = _mm512_permutex2var_epi8(_mm512_loadu_si512(low), index, _mm512_loadu_si512(low + 64));
    __m512i b = _mm512_permutex2var_epi8(_mm512_loadu_si512(high), index, _mm512_loadu_si512(high + 64));
    return _mm512_mask_mov_epi8(a, _mm512_movepi8_mask(index), b);
}

SHAP_HERE uint64_t one_by_one(const struct vouch__shap *s, const uint8_t *bytes, size_t group)
{
    _Alignas(64) uint8_t found[VOUCH__SHAP_LANES];
    const uint16_t *place = s->place + group * VOUCH__SHAP_LANES;
    for (size_t lane = 0; lane < VOUCH__SHAP_LANES; lane++)
        found[lane] = bytes[place[lane]];
    return _mm512_cmpge_epu8_mask(_mm512_load_si512(found),
                                  _mm512_load_si512(s->rank + group * VOUCH__SHAP_LANES));
}

/* By registers of bytes; default_left is looked at when missing is told apart afterwards. */
SHAP_HERE uint64_t decide_by(vouch__shap_lookup lookup, const uint8_t *bytes, const uint8_t *second,
                             __m512i index, __m512i rank, uint64_t default_left)
{
    __m512i byte;
    switch (lookup) {
    case VOUCH__SHAP_COPIES_64:
        byte = _mm512_permutex2var_epi8(_mm512_loadu_si512(bytes), index, _mm512_loadu_si512(second));
        return _mm512_cmpge_epu8_mask(byte, rank);
    case VOUCH__SHAP_COPIES_128: return _mm512_cmpge_epu8_mask(look_up(index, bytes, second), rank);
    default:
        byte = look_up(index, second, second + 128);
        return _mm512_cmpge_epu8_mask(byte, rank) &
               ~_mm512_mask_cmpeq_epu8_mask(default_left, byte, _mm512_set1_epi8(-1));
    }
}

SHAP_HERE uint64_t decide(const struct vouch__shap *s, const uint8_t *bytes, size_t group)
{
    if (s->lookup == VOUCH__SHAP_ONE_BY_ONE)
        return one_by_one(s, bytes, group);
    return decide_by(s->lookup, bytes, bytes + s->ranks.stride,
                     _mm512_load_si512(s->index + group * VOUCH__SHAP_LANES),
                     _mm512_load_si512(s->rank + group * VOUCH__SHAP_LANES), s->default_left[group]);
}

/* Eight bits of the decisions for each unit, at once. */
#define SHAP_HAS_LINES
SHAP_HERE __m256i lines_by(uint64_t right, __m512i low, __m512i high, __m256i at)
{
    __m512i decided = _mm512_set1_epi64((int64_t)right);
    uint64_t pattern = _mm512_bitshuffle_epi64_mask(decided, low);
    uint64_t other = _mm512_bitshuffle_epi64_mask(decided, high);
    __m256i lines = _mm256_cvtepu8_epi16(_mm_set_epi64x((int64_t)other, (int64_t)pattern));
    return _mm256_add_epi16(_mm256_slli_epi16(lines, 3), at);
}

SHAP_HERE void lines_of(const struct vouch__shap *s, size_t tree, uint64_t right, uint16_t *line)
{
    const uint8_t *bit = s->bit + tree * VOUCH__SHAP_UNITS * VOUCH__SHAP_LINE;
    __m256i at = _mm256_load_si256((const __m256i *)(const void *)(s->at + tree * VOUCH__SHAP_UNITS));
    _mm256_storeu_si256((__m256i *)(void *)line,
                        lines_by(right, _mm512_load_si512(bit), _mm512_load_si512(bit + 64), at));
}

#define SHAP_HAS_FACTORS
SHAP_HERE void factors(size_t n, const double *low, const double *rise, uint64_t right, uint64_t open,
                       double *f)
{
    for (size_t i = 0; i < n; i += 8) {
        __m512d here = _mm512_loadu_pd(low + i);
        here = _mm512_mask_add_pd(here, (__mmask8)(right >> i), here, _mm512_loadu_pd(rise + i));
        _mm512_storeu_pd(f + i, _mm512_maskz_mov_pd((__mmask8)(open >> i), here));
    }
}

#define SHAP_WIDTH 8
#define SHAP_V __m512d

SHAP_HERE __m512d choose(unsigned lanes, __m512d is_set, __m512d is_not)
{
    return _mm512_mask_mov_pd(is_not, (__mmask8)lanes, is_set);
}

#define SHAP_HAS_BIT
SHAP_HERE void add_bit(const void *byte, uint8_t least, uint8_t bit, void *to)
{
    __m512i old = _mm512_load_si512(to);
    __mmask64 right = _mm512_cmpge_epu8_mask(_mm512_load_si512(byte), _mm512_set1_epi8((char)least));
    _mm512_store_si512(to, _mm512_mask_add_epi8(old, right, old, _mm512_set1_epi8((char)bit)));
}

/* Byte r of word g is byte g of the last word but r; then each word's bits are turned. */
#define SHAP_HAS_TURN
SHAP_HERE void turn_bits(const uint64_t word[VOUCH__SHAP_PACK], uint8_t out[VOUCH__SHAP_LANES])
{
    const __m512i step = _mm512_set1_epi64(0x0008101820283038);
    const __m512i byte = _mm512_set_epi64(0x0707070707070707, 0x0606060606060606, 0x0505050505050505,
                                          0x0404040404040404, 0x0303030303030303, 0x0202020202020202,
                                          0x0101010101010101, 0);
    __m512i turned = _mm512_permutexvar_epi8(_mm512_add_epi8(step, byte), _mm512_loadu_si512(word));
    turned = _mm512_gf2p8affine_epi64_epi8(_mm512_set1_epi64((int64_t)0x8040201008040201), turned, 0);
    _mm512_storeu_si512(out, turned);
}

#define SHAP_REGISTERS
#include "models/shap/shap_kernel.h"

#include "models/shap/shap_cover512.h"
#else
typedef int vouch__shap_avx512_is_empty;
#endif
