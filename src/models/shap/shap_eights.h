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

/* Of a tree's nodes: bytes from the first input's sums to theirs; which units have live nodes of their own.
 */
typedef struct SHAP_NAME(targets) {
    uint32_t to[VOUCH__SHAP_LANES];
    bool is_live[VOUCH__SHAP_UNITS];
} SHAP_NAME(targets);

typedef const int64_t *const (*SHAP_NAME(rows))[VOUCH__SHAP_UNITS]; /* lines of rows */

SHAP_INLINE void add_four(uint64_t *sum, uint32_t to, __m256i value)
{
    __m256i *at = (__m256i *)(void *)((uint8_t *)sum + to);
    _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), value));
}

#define SHAP_LOAD(r, j, part) _mm256_load_si256((const __m256i *)(const void *)(line[r][j] + (part)))
#define SHAP_BOTH(r, j) _mm256_add_epi64(SHAP_LOAD(r, j, 0), SHAP_LOAD(r, (j) + 1, 0))

/* What unit j gives its own nodes in four rows. */
SHAP_INLINE void add_own(SHAP_NAME(rows) line, size_t j, const SHAP_NAME(targets) * t, uint64_t *sum)
{
    enum { OWN = VOUCH__SHAP_OWN };
    __m256i at[4];
    size_t h = VOUCH__SHAP_UNITS + j;
    if (!t->is_live[j])
        return; /* a single node that is not live adds 0: cheaper than asking */
    turn(SHAP_LOAD(0, j, OWN), SHAP_LOAD(1, j, OWN), SHAP_LOAD(2, j, OWN), SHAP_LOAD(3, j, OWN), at);
    add_four(sum, t->to[h], at[0]);
    add_four(sum, t->to[2 * h], at[1]);
    add_four(sum, t->to[2 * h + 1], at[2]);
}

/* The last integers of four rows. */
SHAP_INLINE __m256i last_of(const __m256i row[4])
{
    return _mm256_permute2x128_si256(_mm256_unpackhi_epi64(row[0], row[1]),
                                     _mm256_unpackhi_epi64(row[2], row[3]), 0x31);
}

/* What units j to j + 3 give four rows. Lines are added up before they are turned. */
SHAP_INLINE void add_units(SHAP_NAME(rows) line, size_t j, const SHAP_NAME(targets) * t, uint64_t *sum)
{
    __m256i left[4], right[4], at[4];
    size_t h = VOUCH__SHAP_UNITS + j;
    for (size_t r = 0; r < 4; r++)
        left[r] = SHAP_BOTH(r, j);
    add_four(sum, t->to[h / 2], last_of(left));
    add_own(line, j, t, sum);
    add_own(line, j + 1, t, sum);
    for (size_t r = 0; r < 4; r++)
        right[r] = SHAP_BOTH(r, j + 2);
    add_four(sum, t->to[h / 2 + 1], last_of(right));
    add_own(line, j + 2, t, sum);
    add_own(line, j + 3, t, sum);
    for (size_t r = 0; r < 4; r++)
        left[r] = _mm256_add_epi64(left[r], right[r]);
    turn(left[0], left[1], left[2], left[3], at);
    for (size_t level = 0; level < 3; level++)
        add_four(sum, t->to[h >> (4 - level)], at[level]);
}

/* Four units after four: their lines stay in the nearest cache. */
SHAP_INLINE void add_eights(const int64_t *line[SHAP_BLOCK][VOUCH__SHAP_UNITS], size_t eights,
                            const uint16_t *input, uint64_t live, uint64_t *sum, size_t sums)
{
    enum { FOUR = 4 };
    SHAP_NAME(targets) t;
    for (size_t h = 0; h < VOUCH__SHAP_LANES; h++)
        t.to[h] = (uint32_t)(input[h] * VOUCH__SHAP_ROWS * sizeof *sum);
    for (size_t h = VOUCH__SHAP_UNITS; h < 2 * VOUCH__SHAP_UNITS; h++)
        t.is_live[h - VOUCH__SHAP_UNITS] = (live >> h & 1) || (live >> 2 * h & 3);
    for (size_t j = 0; j < VOUCH__SHAP_UNITS; j += FOUR)
        for (size_t r = 0; r < VOUCH__SHAP_ROWS * eights; r += FOUR)
            add_units((SHAP_NAME(rows))(line + r), j, &t,
                      sum + r / VOUCH__SHAP_ROWS * VOUCH__SHAP_ROWS * sums + r % VOUCH__SHAP_ROWS);
}
