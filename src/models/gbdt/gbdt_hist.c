/* Histograms: for every input and bin, the sum of the records whose row is in it.
 *
 * Gradient and curvature are added by one addition to one word, because stores are what limits this loop.
 * Inputs are taken up to BLOCK at a time, so that the part of the histogram in use stays in the first-level
 * cache, over tiles of records that stay in the second. Rows a little ahead are prefetched: deep in a tree
 * they lie far apart. */
#include "models/gbdt/gbdt.h"

enum { TILE = 1024, AHEAD = 32, BLOCK = 16 };

static inline int64_t record_sum(vouch__record q)
{
    return ((int64_t)q >> 48) * 4294967296 + (int64_t)(q >> 32 & 0xffff);
}

/* inputs is a constant where this is inlined: the loop over them is unrolled, its places in the histogram are
 * displacements in the instructions. */
static inline __attribute__((always_inline)) void add_rows(const vouch__record *record, size_t n,
                                                           const uint8_t *bins, size_t stride,
                                                           const uint32_t *use, size_t inputs, int64_t *hist)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *b = bins + (size_t)(uint32_t)record[i] * stride;
        int64_t sum = record_sum(record[i]);
        __builtin_prefetch(bins + (size_t)(uint32_t)record[i + AHEAD] * stride);
        for (size_t j = 0; j < inputs; j++)
            hist[j * VOUCH__GBDT_HIST + b[use ? use[j] : j]] += sum;
    }
}

static void add_block(const vouch__record *record, size_t n, const uint8_t *bins, size_t stride,
                      const uint32_t *use, size_t inputs, int64_t *hist)
{
    switch (inputs) {
#define CASE(N)                                                                                              \
    case N:                                                                                                  \
        if (use)                                                                                             \
            add_rows(record, n, bins, stride, use, N, hist);                                                 \
        else                                                                                                 \
            add_rows(record, n, bins, stride, NULL, N, hist);                                                \
        break;
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
        CASE(13)
        CASE(14)
        CASE(15)
        CASE(16)
#undef CASE
    default: break;
    }
}

void vouch__gbdt_add(const uint8_t *bins, size_t stride, const vouch__record *record, size_t n,
                     const uint32_t *use, size_t n_use, int64_t *hist)
{
    size_t blocks = (n_use + BLOCK - 1) / BLOCK;
    for (size_t at = 0; at < n; at += TILE) {
        size_t m = n - at < TILE ? n - at : TILE;
        for (size_t k = 0; k < blocks; k++) { /* as even as can be: a short last block costs the most */
            size_t from = n_use * k / blocks, to = n_use * (k + 1) / blocks;
            add_block(record + at, m, use ? bins : bins + from, stride, use ? use + from : NULL, to - from,
                      hist + from * VOUCH__GBDT_HIST);
        }
    }
}

void vouch__gbdt_count(const vouch__gbdt_rows *rows, const vouch__record *record, size_t n,
                       const uint32_t *use, size_t n_use, uint32_t *count)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *b = rows->row + (size_t)(uint32_t)record[i] * rows->stride;
        for (size_t k = 0; k < n_use; k++)
            count[k * VOUCH__GBDT_HIST + b[use[k]]]++;
    }
}
