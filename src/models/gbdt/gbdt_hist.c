/* Histograms: for every input and bin, the sum of the records whose row is in it.
 *
 * Gradient and curvature are added by one addition to one word, because stores are what limits this loop.
 * Inputs are taken up to BLOCK at a time, so that the part of the histogram in use stays in the first-level
 * cache, over tiles of records. A leaf's rows lie far apart, and an addition whose bin is late holds up all
 * that follow: so a tile's rows are first copied side by side, while those of the tile after it are fetched.
 */
#include "models/gbdt/gbdt.h"

#include <string.h>

enum { TILE = 256, LINE = 64, BLOCK = 16 };

static inline int64_t record_sum(vouch__record q)
{
    return ((int64_t)q >> 48) * 4294967296 + (int64_t)(q >> 32 & 0xffff);
}

typedef struct tile {
    const vouch__record *record;
    size_t n;
    const uint8_t *near; /* bins of row i from near[i * stride] on */
    size_t stride;
    const vouch__record *next; /* n records whose rows are fetched, from far[row * far_stride] on */
    const uint8_t *far;
    size_t far_stride;
} tile;

/* inputs is a constant where this is inlined: the loop over them is unrolled, its places in the histogram are
 * displacements in the instructions. */
static inline __attribute__((always_inline)) void add_rows(const tile *t, const uint8_t *bins,
                                                           const uint8_t *use, size_t inputs, int64_t *hist)
{
    for (size_t i = 0; i < t->n; i++) {
        const uint8_t *b = bins + i * t->stride;
        int64_t sum = record_sum(t->record[i]);
        __builtin_prefetch(t->far + (size_t)(uint32_t)t->next[i] * t->far_stride);
        for (size_t j = 0; j < inputs; j++)
            hist[j * VOUCH__GBDT_HIST + b[use ? use[j] : j]] += sum;
    }
}

static void add_block(const tile *t, const uint8_t *bins, const uint8_t *use, size_t inputs, int64_t *hist)
{
    switch (inputs) {
#define CASE(N)                                                                                              \
    case N:                                                                                                  \
        if (use)                                                                                             \
            add_rows(t, bins, use, N, hist);                                                                 \
        else                                                                                                 \
            add_rows(t, bins, NULL, N, hist);                                                                \
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

static inline __attribute__((always_inline)) void copy_rows(const tile *t, size_t width, uint8_t *near)
{
    for (size_t i = 0; i < t->n; i++)
        memcpy(near + i * width, t->far + (size_t)(uint32_t)t->record[i] * t->far_stride, width);
}

/* A tile's rows side by side: as they lie, where they do. */
static void near_make(tile *t, uint8_t *near)
{
    size_t first = (uint32_t)t->record[0], last = (uint32_t)t->record[t->n - 1];
    t->near = near;
    t->stride = t->far_stride < LINE ? t->far_stride : LINE;
    if (last - first == t->n - 1) {
        t->near = t->far + first * t->far_stride;
        t->stride = t->far_stride;
    } else if (t->stride == LINE) {
        copy_rows(t, LINE, near);
    } else {
        copy_rows(t, t->stride, near);
    }
}

/* Inputs whose bins are in one line of a row: use[n_use] counts from its first. */
static void add_line(const uint8_t *bins, size_t stride, const vouch__record *record, size_t n,
                     const uint8_t *use, size_t n_use, int64_t *hist)
{
    _Alignas(LINE) uint8_t near[TILE * LINE];
    size_t blocks = (n_use + BLOCK - 1) / BLOCK;
    for (size_t at = 0; at < n; at += TILE) {
        tile t = { record + at, n - at < TILE ? n - at : TILE, NULL, 0, NULL, bins, stride };
        t.next = n - at < 2 * TILE ? record + n - t.n : t.record + TILE; /* what is left, or these again */
        near_make(&t, near);
        for (size_t k = 0; k < blocks; k++) { /* as even as can be: a short last block costs the most */
            size_t from = n_use * k / blocks, to = n_use * (k + 1) / blocks;
            add_block(&t, use ? t.near : t.near + from, use ? use + from : NULL, to - from,
                      hist + from * VOUCH__GBDT_HIST);
        }
    }
}

void vouch__gbdt_add(const uint8_t *bins, size_t stride, const vouch__record *record, size_t n,
                     const uint32_t *use, size_t n_use, int64_t *hist)
{
    uint8_t in_line[LINE];
    for (size_t k = 0, m; k < n_use; k += m) {
        size_t line = (use ? use[k] : k) / LINE;
        for (m = 0; k + m < n_use && (use ? use[k + m] : k + m) / LINE == line; m++)
            in_line[m] = (uint8_t)((use ? use[k + m] : k + m) % LINE);
        add_line(bins + line * LINE, stride, record, n, use ? in_line : NULL, m, hist + k * VOUCH__GBDT_HIST);
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
