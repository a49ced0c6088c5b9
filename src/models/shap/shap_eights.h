/* models/shap/shap_eights.h: eight rows of a tree at once in registers of 256 bits, for the paths that have
 * them. Lines have what one row gets; sums lie row by row, so fours of rows are turned. Wider registers would
 * need as many shuffles, each twice as dear on processors that halve them. */
#include <immintrin.h>

/* Of four integers of four rows: the k-th of each in at[k]. */
SHAP_INLINE void turn(__m256i a, __m256i b, __m256i c, __m256i d, __m256i at[4])
{
    __m256i low = _mm256_unpacklo_epi64(a, b), lower = _mm256_unpacklo_epi64(c, d);
    __m256i high = _mm256_unpackhi_epi64(a, b), higher = _mm256_unpackhi_epi64(c, d);
    at[0] = _mm256_permute2x128_si256(low, lower, 0x20);
    at[1] = _mm256_permute2x128_si256(high, higher, 0x20);
    at[2] = _mm256_permute2x128_si256(low, lower, 0x31);
    at[3] = _mm256_permute2x128_si256(high, higher, 0x31);
}

SHAP_INLINE void add_four(uint64_t *sum, size_t input, __m256i value)
{
    __m256i *at = (__m256i *)(void *)(sum + VOUCH__SHAP_ROWS * input);
    _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), value));
}

#define SHAP_LOAD(r, j, part) _mm256_load_si256((const __m256i *)(const void *)(line[r][j] + (part)))
#define SHAP_BOTH(r, j) _mm256_add_epi64(SHAP_LOAD(r, j, 0), SHAP_LOAD(r, (j) + 1, 0))

/* What unit j gives its own nodes in four rows. */
SHAP_INLINE void add_own(const int64_t *const (*line)[VOUCH__SHAP_UNITS], size_t j, const uint16_t *input,
                         uint64_t live, uint64_t *sum)
{
    enum { OWN = VOUCH__SHAP_OWN };
    __m256i at[4];
    size_t h = VOUCH__SHAP_UNITS + j;
    if (!(live >> h & 1) && !(live >> 2 * h & 3))
        return;
    turn(SHAP_LOAD(0, j, OWN), SHAP_LOAD(1, j, OWN), SHAP_LOAD(2, j, OWN), SHAP_LOAD(3, j, OWN), at);
    if (live >> h & 1)
        add_four(sum, input[h], at[0]);
    if (live >> 2 * h & 1)
        add_four(sum, input[2 * h], at[1]);
    if (live >> (2 * h + 1) & 1)
        add_four(sum, input[2 * h + 1], at[2]);
}

/* A tree, to four rows. */
SHAP_INLINE void add_rows(const int64_t *const (*line)[VOUCH__SHAP_UNITS], const uint16_t *input,
                          uint64_t live, uint64_t *sum)
{
    __m256i level[3];
    for (size_t l = 0; l < 3; l++)
        level[l] = _mm256_setzero_si256();
    for (size_t k = 0; k < VOUCH__SHAP_UNITS / 2; k++) {
        __m256i at[4];
        size_t j = 2 * k;
        add_own(line, j, input, live, sum);
        add_own(line, j + 1, input, live, sum);
        turn(SHAP_BOTH(0, j), SHAP_BOTH(1, j), SHAP_BOTH(2, j), SHAP_BOTH(3, j), at);
        add_four(sum, input[8 + k], at[3]);
        for (size_t l = 0; l < 3; l++) {
            level[l] = _mm256_add_epi64(level[l], at[l]);
            if ((k + 1) % (8u >> l) == 0) { /* the last below its node */
                add_four(sum, input[(8 + k) >> (3 - l)], level[l]);
                level[l] = _mm256_setzero_si256();
            }
        }
    }
}

SHAP_INLINE void ask_for_lines(const int64_t *line[SHAP_BLOCK][VOUCH__SHAP_UNITS], size_t begin, size_t end)
{
    for (size_t r = begin; r < end; r++)
        for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++)
            __builtin_prefetch(line[r][j]);
}

SHAP_INLINE void add_eights(const int64_t *line[SHAP_BLOCK][VOUCH__SHAP_UNITS], size_t eights,
                            const uint16_t *input, uint64_t live, uint64_t *sum, size_t inputs)
{
    enum { FOUR = 4, AHEAD = 4 * FOUR };
    size_t n = VOUCH__SHAP_ROWS * eights;
    ask_for_lines(line, 0, n < AHEAD ? n : AHEAD);
    for (size_t r = 0; r < n; r += FOUR) {
        if (r + AHEAD < n)
            ask_for_lines(line, r + AHEAD, r + AHEAD + FOUR);
        add_rows((const int64_t *const(*)[VOUCH__SHAP_UNITS])(line + r), input, live,
                 sum + r / VOUCH__SHAP_ROWS * VOUCH__SHAP_ROWS * inputs + r % VOUCH__SHAP_ROWS);
    }
}
