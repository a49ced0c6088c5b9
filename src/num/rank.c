/* Order by radix: a double's bits, with the sign bit turned and negatives inverted, sort as integers.
 *
 * The upper half of a key tells most values apart. So pairs of that half and the place are sorted first, 8
 * bytes each and in three passes; what is equal in it stands in runs, which are then sorted by the lower half
 * the same way. A digit that is the same in every key is skipped, each pass is stable, and ties therefore
 * keep index order. */
#include "num/rank.h"

#include <math.h>
#include <string.h>

enum { DIGIT = 11, PASSES = 3, WHOLE_PASSES = 6, BUCKETS = 1 << DIGIT, SHORT = 24 };

typedef struct keyed { /* half a key, and where the value stands */
    uint32_t key, at;
} keyed;

static uint64_t key_of(double x)
{
    uint64_t bits;
    if (isnan(x))
        return UINT64_MAX;
    x += 0.0; /* makes -0 into 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void pass(size_t n, const keyed *from, keyed *to, uint32_t *count, unsigned shift)
{
    uint32_t start = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        uint32_t here = count[b];
        count[b] = start;
        start += here;
    }
    for (size_t i = 0; i < n; i++)
        to[count[from[i].key >> shift & (BUCKETS - 1)]++] = from[i];
}

/* Few: each goes down to its place, past what is larger. */
static void sort_few(size_t n, keyed *a)
{
    for (size_t i = 1; i < n; i++) {
        keyed here = a[i];
        size_t at = i;
        for (; at > 0 && a[at - 1].key > here.key; at--)
            a[at] = a[at - 1];
        a[at] = here;
    }
}

/* a by key, stable; b and count are working space. */
static void sort_keyed(size_t n, keyed *a, keyed *b, uint32_t (*count)[BUCKETS])
{
    keyed *from = a, *to = b;
    if (n <= SHORT) {
        sort_few(n, a);
        return;
    }
    memset(count, 0, PASSES * sizeof *count);
    for (size_t i = 0; i < n; i++)
        for (unsigned p = 0; p < PASSES; p++)
            count[p][a[i].key >> (p * DIGIT) & (BUCKETS - 1)]++;
    for (unsigned p = 0; p < PASSES; p++) {
        if (count[p][a[0].key >> (p * DIGIT) & (BUCKETS - 1)] == n)
            continue;
        pass(n, from, to, count[p], p * DIGIT);
        keyed *t = from;
        from = to;
        to = t;
    }
    if (from != a)
        memcpy(a, from, n * sizeof *a);
}

/* Runs of equal upper halves, by their lower halves. */
static void sort_runs(size_t n, const double *x, keyed *a, keyed *b, uint32_t (*count)[BUCKETS])
{
    for (size_t i = 0, j; i < n; i = j) {
        bool differ = false;
        uint32_t upper = a[i].key;
        for (j = i + 1; j < n && a[j].key == upper; j++)
            ;
        if (j == i + 1)
            continue;
        for (size_t k = i; k < j; k++) {
            a[k].key = (uint32_t)key_of(x[a[k].at]);
            differ = differ || a[k].key != a[i].key;
        }
        if (differ)
            sort_keyed(j - i, a + i, b, count);
    }
}

vouch_status vouch__order(vouch_ctx *ctx, size_t n, const double *x, uint32_t *out)
{
    if (n >= UINT32_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "order: %zu values, at most 4294967294", n);
    vouch_status status = vouch__poll(ctx);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    keyed *a = vouch__scratch(ctx, n, sizeof *a), *b = vouch__scratch(ctx, n, sizeof *b);
    uint32_t(*count)[BUCKETS] = vouch__scratch(ctx, PASSES, sizeof *count);
    if (!a || !b || !count) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    for (size_t i = 0; i < n; i++)
        a[i] = (keyed){ (uint32_t)(key_of(x[i]) >> 32), (uint32_t)i };
    sort_keyed(n, a, b, count);
    sort_runs(n, x, a, b, count);
    for (size_t i = 0; i < n; i++)
        out[i] = a[i].at;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static double value_of(uint64_t key)
{
    double x;
    uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Whole keys, 11 bits a pass; the low digits of numbers that were floats are all the same and skipped. */
static uint64_t *sort_keys(size_t n, uint64_t *a, uint64_t *b, uint32_t (*count)[BUCKETS])
{
    memset(count, 0, WHOLE_PASSES * sizeof *count);
    for (size_t i = 0; i < n; i++)
        for (unsigned p = 0; p < WHOLE_PASSES; p++)
            count[p][a[i] >> (p * DIGIT) & (BUCKETS - 1)]++;
    for (unsigned p = 0; p < WHOLE_PASSES; p++) {
        uint32_t start = 0;
        if (count[p][a[0] >> (p * DIGIT) & (BUCKETS - 1)] == n)
            continue;
        for (size_t k = 0; k < BUCKETS; k++) {
            uint32_t here = count[p][k];
            count[p][k] = start;
            start += here;
        }
        for (size_t i = 0; i < n; i++)
            b[count[p][a[i] >> (p * DIGIT) & (BUCKETS - 1)]++] = a[i];
        uint64_t *t = a;
        a = b;
        b = t;
    }
    return a;
}

vouch_status vouch__sort(vouch_ctx *ctx, size_t n, double *x, size_t *out_known)
{
    if (n >= UINT32_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "sort: %zu values, at most 4294967294", n);
    vouch_status status = vouch__poll(ctx);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx), known = 0;
    uint64_t *a = vouch__scratch(ctx, n + 1, sizeof *a), *b = vouch__scratch(ctx, n + 1, sizeof *b);
    uint32_t(*count)[BUCKETS] = vouch__scratch(ctx, WHOLE_PASSES, sizeof *count);
    if (!a || !b || !count) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            a[known++] = key_of(x[i]);
    const uint64_t *in_order = known ? sort_keys(known, a, b, count) : a;
    for (size_t i = 0; i < known; i++)
        x[i] = value_of(in_order[i]);
    for (size_t i = known; i < n; i++)
        x[i] = NAN;
    *out_known = known;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__midranks(vouch_ctx *ctx, size_t n, const double *x, double *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0, j; !status && i < n; i = j) {
        for (j = i + 1; j < n && x[order[j]] == x[order[i]];)
            j++;
        for (size_t k = i; k < j; k++)
            out[order[k]] = 0.5 * (double)(i + 1 + j);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__quantile_sorted(size_t n, const double *sorted, double p)
{
    double at = (double)(n - 1) * p;
    size_t below = (size_t)at;
    if (below >= n - 1)
        return sorted[n - 1];
    double low = sorted[below], high = sorted[below + 1], share = at - (double)below;
    return share == 0.0 || low == high ? low : low + share * (high - low); /* infinities may be neighbours */
}
