/* Rows explained with AVX-512 VBMI: one shuffle brings all lanes of a group their bytes, one compare decides
 * them. */
#if defined(__x86_64__)
#include "models/shap/shap_form.h"

#include "models/engine/engine_avx512.h"

#define SHAP_NAME(what) what##_avx512
#define SHAP_TARGET                                                                                          \
    __attribute__((                                                                                          \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512bitalg,bmi,bmi2,lzcnt,popcnt")))
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

SHAP_HERE uint64_t decide(const struct vouch__shap *s, const uint8_t *bytes, size_t group)
{
    const uint8_t *second = bytes + s->ranks.stride;
    __m512i index = _mm512_load_si512(s->index + group * VOUCH__SHAP_LANES), byte;
    __m512i rank = _mm512_load_si512(s->rank + group * VOUCH__SHAP_LANES);
    switch (s->lookup) {
    case VOUCH__SHAP_COPIES_64:
        byte = _mm512_permutex2var_epi8(_mm512_loadu_si512(bytes), index, _mm512_loadu_si512(second));
        return _mm512_cmpge_epu8_mask(byte, rank);
    case VOUCH__SHAP_COPIES_128: return _mm512_cmpge_epu8_mask(look_up(index, bytes, second), rank);
    case VOUCH__SHAP_ONE_COPY:
        byte = look_up(index, second, second + 128);
        return _mm512_cmpge_epu8_mask(byte, rank) &
               ~_mm512_mask_cmpeq_epu8_mask(s->default_left[group], byte, _mm512_set1_epi8(-1));
    default: return one_by_one(s, bytes, group);
    }
}

/* Eight bits of the decisions for each unit, at once. */
#define SHAP_HAS_LINES
SHAP_HERE void lines_of(const struct vouch__shap *s, size_t tree, uint64_t right, const int64_t **line)
{
    const uint8_t *bit = s->bit + tree * VOUCH__SHAP_UNITS * VOUCH__SHAP_LINE;
    const int64_t *const *first = s->first + tree * VOUCH__SHAP_UNITS;
    __m512i decided = _mm512_set1_epi64((int64_t)right);
    for (size_t half = 0; half < 2; half++) {
        uint64_t pattern = _mm512_bitshuffle_epi64_mask(decided, _mm512_load_si512(bit + 64 * half));
        __m512i at = _mm512_cvtepu8_epi64(_mm_cvtsi64_si128((int64_t)pattern));
        at = _mm512_add_epi64(_mm512_slli_epi64(at, 6), _mm512_load_si512(first + 8 * half));
        _mm512_storeu_si512(line + 8 * half, at);
    }
}

#define LOAD(r, part) _mm256_load_si256((const __m256i *)(const void *)(line[r][j] + (part)))
#define TWO(r, part) _mm512_inserti64x4(_mm512_castsi256_si512(LOAD(r, part)), LOAD((r) + 2, part), 1)

/* Of four integers of rows 0 and 2, 1 and 3, 4 and 6, 5 and 7: the k-th of rows 0 to 7, in at[k]. */
SHAP_HERE void turn(__m512i a, __m512i b, __m512i c, __m512i d, __m512i at[4])
{
    __m512i low = _mm512_unpacklo_epi64(a, b), lower = _mm512_unpacklo_epi64(c, d);
    __m512i high = _mm512_unpackhi_epi64(a, b), higher = _mm512_unpackhi_epi64(c, d);
    at[0] = _mm512_shuffle_i64x2(low, lower, 0x88);
    at[1] = _mm512_shuffle_i64x2(high, higher, 0x88);
    at[2] = _mm512_shuffle_i64x2(low, lower, 0xdd);
    at[3] = _mm512_shuffle_i64x2(high, higher, 0xdd);
}

SHAP_HERE void add_to(uint64_t *sum, uint16_t input, __m512i value)
{
    uint64_t *at = sum + VOUCH__SHAP_ROWS * (size_t)input;
    _mm512_storeu_si512(at, _mm512_add_epi64(_mm512_loadu_si512(at), value));
}

/* What the units give their own nodes. */
SHAP_HERE void add_own(const int64_t *line[VOUCH__SHAP_ROWS][VOUCH__SHAP_UNITS], const uint16_t *input,
                       uint64_t live, uint64_t *sum)
{
    for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++) {
        __m512i at[4];
        size_t h = VOUCH__SHAP_UNITS + j;
        if (!(live >> h & 1) && !(live >> 2 * h & 3))
            continue;
        turn(TWO(0, VOUCH__SHAP_OWN), TWO(1, VOUCH__SHAP_OWN), TWO(4, VOUCH__SHAP_OWN),
             TWO(5, VOUCH__SHAP_OWN), at);
        if (live >> h & 1)
            add_to(sum, input[h], at[0]);
        if (live >> 2 * h & 1)
            add_to(sum, input[2 * h], at[1]);
        if (live >> (2 * h + 1) & 1)
            add_to(sum, input[2 * h + 1], at[2]);
    }
}

/* And those above them, two units at a time. */
#define BOTH(r)                                                                                              \
    _mm512_add_epi64(_mm512_inserti64x4(_mm512_castsi256_si512(first[r]), first[(r) + 2], 1),                \
                     _mm512_inserti64x4(_mm512_castsi256_si512(second[r]), second[(r) + 2], 1))
SHAP_HERE void add_above(const int64_t *line[VOUCH__SHAP_ROWS][VOUCH__SHAP_UNITS], const uint16_t *input,
                         uint64_t live, uint64_t *sum)
{
    const __m512i none = _mm512_setzero_si512();
    __m512i root = none, level1[2] = { none, none }, level2[4] = { none, none, none, none };
    for (size_t k = 0; k < VOUCH__SHAP_UNITS / 2; k++) {
        __m512i at[4];
        __m256i first[VOUCH__SHAP_ROWS], second[VOUCH__SHAP_ROWS];
        for (size_t r = 0; r < VOUCH__SHAP_ROWS; r++) {
            size_t j = 2 * k;
            first[r] = LOAD(r, 0);
            j++;
            second[r] = LOAD(r, 0);
        }
        turn(BOTH(0), BOTH(1), BOTH(4), BOTH(5), at);
        root = _mm512_add_epi64(root, at[0]);
        level1[k / 4] = _mm512_add_epi64(level1[k / 4], at[1]);
        level2[k / 2] = _mm512_add_epi64(level2[k / 2], at[2]);
        if (live >> (VOUCH__SHAP_UNITS / 2 + k) & 1)
            add_to(sum, input[VOUCH__SHAP_UNITS / 2 + k], at[3]);
    }
    for (size_t k = 0; k < 4; k++)
        add_to(sum, input[4 + k], level2[k]);
    add_to(sum, input[2], level1[0]);
    add_to(sum, input[3], level1[1]);
    add_to(sum, input[1], root);
}

#define SHAP_HAS_EIGHT
SHAP_HERE void add_eight(const int64_t *line[VOUCH__SHAP_ROWS][VOUCH__SHAP_UNITS], const uint16_t *input,
                         uint64_t live, uint64_t *sum)
{
    add_own(line, input, live, sum);
    add_above(line, input, live, sum);
}

#include "models/shap/shap_kernel.h"
#else
typedef int vouch__shap_avx512_is_empty;
#endif
