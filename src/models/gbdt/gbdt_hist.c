/* Histograms: for every input and bin, the sum of the records whose row is in it.
 *
 * Gradient and curvature are added by one addition to one word, because stores are what limits this loop.
 * Inputs are taken eight at a time, so that the part of the histogram in use stays in the first-level cache,
 * over tiles of records that stay in the second. Rows a little ahead are prefetched: deep in a tree they lie
 * far apart. */
#include "models/gbdt/gbdt.h"

enum { TILE = 1024, AHEAD = 24, GROUP = 8 };

static inline int64_t record_sum(vouch__record q)
{
    return ((int64_t)q >> 48) * 4294967296 + (int64_t)(q >> 32 & 0xffff);
}

static void add_eight(const vouch__record *record, size_t n, const uint8_t *bins, size_t stride,
                      int64_t *const hist[GROUP])
{
    int64_t *const h0 = hist[0], *const h1 = hist[1], *const h2 = hist[2], *const h3 = hist[3];
    int64_t *const h4 = hist[4], *const h5 = hist[5], *const h6 = hist[6], *const h7 = hist[7];
    for (size_t i = 0; i < n; i++) {
        const uint8_t *b = bins + (size_t)(uint32_t)record[i] * stride;
        int64_t sum = record_sum(record[i]);
        __builtin_prefetch(bins + (size_t)(uint32_t)record[i + AHEAD] * stride);
        h0[b[0]] += sum;
        h1[b[1]] += sum;
        h2[b[2]] += sum;
        h3[b[3]] += sum;
        h4[b[4]] += sum;
        h5[b[5]] += sum;
        h6[b[6]] += sum;
        h7[b[7]] += sum;
    }
}

static void add_few(const vouch__record *record, size_t n, const uint8_t *bins, size_t stride, size_t inputs,
                    int64_t *const *hist)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *b = bins + (size_t)(uint32_t)record[i] * stride;
        int64_t sum = record_sum(record[i]);
        for (size_t j = 0; j < inputs; j++)
            hist[j][b[j]] += sum;
    }
}

void vouch__gbdt_add(const vouch__gbdt_bins *bins, const vouch__gbdt_rows *rows, const vouch__record *record,
                     size_t n, int64_t *hist)
{
    for (size_t at = 0; at < n; at += TILE) {
        size_t m = n - at < TILE ? n - at : TILE;
        for (size_t j = 0; j < bins->n; j += GROUP) {
            size_t inputs = bins->n - j < GROUP ? bins->n - j : GROUP;
            int64_t *of[GROUP] = { NULL }; /* gcc cannot see that all eight are set */
            for (size_t k = 0; k < inputs; k++)
                of[k] = hist + bins->input[j + k].offset;
            if (inputs == GROUP)
                add_eight(record + at, m, rows->row + j, rows->stride, of);
            else
                add_few(record + at, m, rows->row + j, rows->stride, inputs, of);
        }
    }
}

void vouch__gbdt_count(const vouch__gbdt_bins *bins, const vouch__gbdt_rows *rows,
                       const vouch__record *record, size_t n, uint32_t *count)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *b = rows->row + (size_t)(uint32_t)record[i] * rows->stride;
        for (size_t j = 0; j < bins->n; j++)
            count[bins->input[j].offset + b[j]]++;
    }
}
