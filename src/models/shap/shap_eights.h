/* models/shap/shap_eights.h: many rows of a tree in registers of 256 bits, for the paths that have them.
 * Lines have what one row gets; sums lie row by row, so fours of rows are turned. Wider registers would need
 * as many shuffles, each twice as dear on processors that halve them. What bounds all this is how much is
 * read and written, so a few units at a time go through all rows: where they add stays in registers, and no
 * sum is met again before it is written. */
#include <immintrin.h>

enum { SHAP_FOUR = 4, SHAP_PAIR = 7 };

/* Of four integers of four rows: the k-th of each in row[k]. */
SHAP_INLINE void turn(__m256i row[SHAP_FOUR])
{
    __m256i low = _mm256_unpacklo_epi64(row[0], row[1]), lower = _mm256_unpacklo_epi64(row[2], row[3]);
    __m256i high = _mm256_unpackhi_epi64(row[0], row[1]), higher = _mm256_unpackhi_epi64(row[2], row[3]);
    row[0] = _mm256_permute2x128_si256(low, lower, 0x20);
    row[1] = _mm256_permute2x128_si256(high, higher, 0x20);
    row[2] = _mm256_permute2x128_si256(low, lower, 0x31);
    row[3] = _mm256_permute2x128_si256(high, higher, 0x31);
}

SHAP_INLINE void add_four(uint64_t *sum, __m256i value)
{
    __m256i *at = (__m256i *)(void *)sum;
    _mm256_store_si256(at, _mm256_add_epi64(_mm256_load_si256(at), value));
}

/* Sums of the first input in four rows. */
SHAP_INLINE uint64_t *sums_of(const SHAP_NAME(eights) * e, size_t row)
{
    size_t r = row % VOUCH__SHAP_ROWS;
    return e->sum + (row - r) * e->sums + r;
}

SHAP_INLINE __m256i part_of(const SHAP_NAME(eights) * e, size_t line, size_t part)
{
    return _mm256_load_si256((const __m256i *)(const void *)(e->table + line + part));
}

/* What units j and j + 1 give their own nodes and the one above both: to[k] from the first sum on. */
SHAP_INLINE void add_pair(const SHAP_NAME(eights) * e, size_t j, const size_t to[SHAP_PAIR])
{
    for (size_t r = 0; r < e->n; r += SHAP_FOUR) {
        uint64_t *sum = sums_of(e, r);
        __m256i left[SHAP_FOUR], right[SHAP_FOUR];
        for (size_t k = 0; k < SHAP_FOUR; k++) {
            left[k] = part_of(e, e->line[j][r + k], VOUCH__SHAP_OWN);
            right[k] = part_of(e, e->line[j + 1][r + k], VOUCH__SHAP_OWN);
        }
        turn(left);
        turn(right);
        for (size_t k = 0; k < 3; k++) {
            add_four(sum + to[k], left[k]);
            add_four(sum + to[3 + k], right[k]);
        }
        add_four(sum + to[6], _mm256_add_epi64(left[3], right[3]));
    }
}

/* What half a tree's units, from j on, give the nodes on levels 0 to 2. */
SHAP_INLINE void add_above(const SHAP_NAME(eights) * e, size_t j, const size_t to[SHAP_FOUR])
{
    for (size_t r = 0; r < e->n; r += SHAP_FOUR) {
        uint64_t *sum = sums_of(e, r);
        __m256i row[SHAP_FOUR];
        for (size_t unit = 0; unit < VOUCH__SHAP_UNITS / 2; unit++) {
            uint64_t line; /* of four rows */
            memcpy(&line, &e->line[j + unit][r], sizeof line);
            for (size_t k = 0; k < SHAP_FOUR; k++) {
                __m256i part = part_of(e, (uint16_t)(line >> 16 * k), 0);
                row[k] = unit ? _mm256_add_epi64(row[k], part) : part;
            }
        }
        turn(row);
        for (size_t k = 0; k < SHAP_FOUR; k++)
            add_four(sum + to[k], row[k]);
    }
}

SHAP_INLINE void add_eights(const SHAP_NAME(eights) * e, const uint16_t *input, uint64_t live)
{
    size_t to[VOUCH__SHAP_LANES];
    for (size_t h = 0; h < VOUCH__SHAP_LANES; h++)
        to[h] = (size_t)input[h] * VOUCH__SHAP_ROWS;
    for (size_t half = 0; half < 2; half++) {
        size_t first = half * VOUCH__SHAP_UNITS / 2;
        const size_t above[SHAP_FOUR] = { to[1], to[2 + half], to[4 + 2 * half], to[5 + 2 * half] };
        ask_for_some(e, half);
        add_above(e, first, above);
        for (size_t j = first; j < first + VOUCH__SHAP_UNITS / 2; j += 2) {
            size_t h = VOUCH__SHAP_UNITS + j;
            const size_t own[SHAP_PAIR] = { to[h],         to[2 * h],     to[2 * h + 1], to[h + 1],
                                            to[2 * h + 2], to[2 * h + 3], to[h / 2] };
            if (live >> h / 2 & 1 || live >> h & 3 || live >> 2 * h & 15) /* else it would add 0 */
                add_pair(e, j, own);
        }
    }
}
