/* Counts with AVX2: eight resamples are two registers of four 64-bit lanes, whose low halves hold Philox'
 * words. The upper halves hold rubbish that no step reads: multiplication takes the low halves only. */
#if defined(__x86_64__)
#include "validate/bootstrap_draw.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

typedef struct state {
    __m256i c0, c1, c2, c3;
} state;

static inline __attribute__((always_inline)) AVX2 void turn(state *s, __m256i k0, __m256i k1)
{
    __m256i a = _mm256_mul_epu32(s->c0, _mm256_set1_epi64x(0xD2511F53));
    __m256i b = _mm256_mul_epu32(s->c2, _mm256_set1_epi64x(0xCD9E8D57));
    s->c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(b, 32), s->c1), k0);
    s->c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(a, 32), s->c3), k1);
    s->c1 = b;
    s->c3 = a;
}

enum { COMMON = 6 };

/* k plus how many of the steps [from, to) are not above each word. Comparing is signed, so words and steps
 * are moved by 2^31. */
static inline __attribute__((always_inline)) AVX2 __m256i above(__m256i words, int from, int to, __m256i k)
{
    for (int j = from; j < to; j++) {
        __m256i step = _mm256_set1_epi32((int)((vouch__boot_step[j] - 1u) ^ 0x80000000u));
        k = _mm256_sub_epi32(k, _mm256_cmpgt_epi32(words, step));
    }
    return k;
}

/* The words of lanes 0-3 and 4-7, in order, as counts. */
static inline __attribute__((always_inline)) AVX2 void put(__m256i low, __m256i high, uint32_t *out)
{
    const __m256i pick = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    const __m256i middle = _mm256_set1_epi32(INT32_MIN);
    __m256i words = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(low, pick),
                                       _mm256_permutevar8x32_epi32(high, pick), 0xF0);
    __m256i k = _mm256_setzero_si256();
    words = _mm256_xor_si256(words, middle);
    k = above(words, 0, COMMON, k);
    /* One word in twelve thousand counts more than COMMON times. */
    __m256i last = _mm256_set1_epi32((int)((vouch__boot_step[COMMON] - 1u) ^ 0x80000000u));
    if (!_mm256_testz_si256(_mm256_cmpgt_epi32(words, last), _mm256_set1_epi32(-1)))
        k = above(words, COMMON, VOUCH__BOOT_STEPS, k);
    _mm256_storeu_si256((__m256i *)(void *)out, k);
}

AVX2 void vouch__boot_draw_avx2(uint64_t seed, uint64_t first, uint64_t block, uint64_t rows,
                                uint32_t out[VOUCH__BOOT_BLOCK][VOUCH__BOOT_LANES])
{
    long long lane = (long long)first;
    const __m256i stream[2] = { _mm256_setr_epi64x(lane, lane + 1, lane + 2, lane + 3),
                                _mm256_setr_epi64x(lane + 4, lane + 5, lane + 6, lane + 7) };
    for (uint64_t i = 0; 4 * i < rows; i++) {
        uint64_t at = block * (VOUCH__BOOT_BLOCK / 4) + i;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        state s[2];
        for (int h = 0; h < 2; h++)
            s[h] = (state){ _mm256_set1_epi64x((long long)(at & 0xFFFFFFFFu)),
                            _mm256_set1_epi64x((long long)(at >> 32)), stream[h],
                            _mm256_srli_epi64(stream[h], 32) };
        for (int round = 0; round < 10; round++) {
            __m256i key0 = _mm256_set1_epi64x(k0), key1 = _mm256_set1_epi64x(k1);
            turn(&s[0], key0, key1);
            turn(&s[1], key0, key1);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        put(s[0].c0, s[1].c0, out[4 * i]);
        put(s[0].c1, s[1].c1, out[4 * i + 1]);
        put(s[0].c2, s[1].c2, out[4 * i + 2]);
        put(s[0].c3, s[1].c3, out[4 * i + 3]);
    }
}
#else
typedef int vouch__no_bootstrap_avx2; /* a file must not be empty */
#endif
