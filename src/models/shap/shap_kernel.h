/* models/shap/shap_kernel.h: how rows are explained, compiled once for each path. Before including it, a path
 * defines SHAP_NAME(what), SHAP_TARGET, and the inline functions
 *     ranks(s, row, bytes)                  the row's bytes
 *     decide(s, bytes, row, group)          lanes that go right, without categories
 *     pattern_of(decisions, mask)           the decisions at mask, packed in order of lanes
 * All arithmetic is of integers, or of doubles by operations that every path does in the same order. */
#include <string.h>

#define SHAP_INLINE static inline __attribute__((always_inline)) SHAP_TARGET

enum {
    SHAP_AHEAD = 3, /* trees whose lines are asked for before they are needed */
    SHAP_RING = 4,
    SHAP_TREES = 2, /* whose lines a cache of the second level holds */
    SHAP_STAGES = 2 /* in which they are */
};

SHAP_INLINE uint64_t by_definition(const struct vouch__shap *s, const double *row, size_t group)
{
    uint64_t right = 0;
    for (size_t lane = 0; lane < VOUCH__SHAP_LANES; lane++) {
        uint32_t n = s->node_of[group * VOUCH__SHAP_LANES + lane];
        if (n == UINT32_MAX)
            continue;
        const vouch__node *node = &s->trees->node[n];
        right |= (uint64_t)!vouch__node_goes_left(s->trees, node, row[node->input]) << lane;
    }
    return right;
}

SHAP_INLINE uint64_t decisions_of(const struct vouch__shap *s, const double *row, const uint8_t *bytes,
                                  size_t group)
{
    if (!s->is_ranked)
        return by_definition(s, row, group);
    uint64_t right = decide(s, bytes, group);
    for (uint32_t c = s->cat_at[group]; c < s->cat_at[group + 1]; c++)
        right |= (uint64_t)(bytes[s->cat[c].place] != 0) << s->cat[c].lane;
    return right;
}

#ifndef SHAP_HAS_LINES
SHAP_INLINE void lines_of(const struct vouch__shap *s, size_t tree, uint64_t right,
                          uint16_t line[VOUCH__SHAP_UNITS])
{
    const uint64_t *mask = s->mask + tree * VOUCH__SHAP_UNITS;
    const uint16_t *at = s->at + tree * VOUCH__SHAP_UNITS;
    for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++)
        line[j] = (uint16_t)(at[j] + VOUCH__SHAP_LINE * pattern_of(right, mask[j]));
}
#endif

/* What a tree's lines count from. */
SHAP_INLINE const int64_t *table_of(const struct vouch__shap *s, size_t tree)
{
    return s->table + (size_t)s->line[tree] * VOUCH__SHAP_LINE;
}

#define SHAP_I4(at) (*(const vouch__shap_i4 *)(const void *)(at))

/* What a tree's sixteen lines give its nodes. */
SHAP_INLINE void keep_lines(const int64_t *table, const uint16_t *line, vouch__shap_i4 to[VOUCH__SHAP_SLOTS])
{
    enum { UNITS = VOUCH__SHAP_UNITS };
    const vouch__shap_i4 first = { -1 }, last = { 0, 0, 0, -1 };
    for (size_t half = 0; half < 2; half++) {
        vouch__shap_i4 above = { 0 };
        for (size_t j = half * UNITS / 2; j < (half + 1) * UNITS / 2; j += 2) {
            const int64_t *left = table + line[j], *right = table + line[j + 1];
            vouch__shap_i4 own = SHAP_I4(right + VOUCH__SHAP_OWN);
            to[j] = SHAP_I4(left + VOUCH__SHAP_OWN) + (own & last);
            to[j + 1] = own;
            above += SHAP_I4(left) + SHAP_I4(right);
        }
        to[UNITS + half] = above;
    }
    to[UNITS] += to[UNITS + 1] & first;
}

SHAP_INLINE void add_fours(const struct vouch__shap *s, size_t group, const int64_t *kept, uint64_t *sum)
{
    const vouch__shap_four *end = s->four + s->four_at[group + 1];
    for (const vouch__shap_four *four = s->four + s->four_at[group]; four < end; four++) {
        uint64_t at;
        memcpy(&at, four->at, sizeof at);
        uint64_t left = (uint64_t)kept[at & 0xffff] + (uint64_t)kept[at >> 16 & 0xffff];
        sum[four->input] += left + ((uint64_t)kept[at >> 32 & 0xffff] + (uint64_t)kept[at >> 48]);
    }
}

SHAP_TARGET void SHAP_NAME(vouch__shap_ranks)(const struct vouch__shap *s, const double *row, uint8_t *bytes)
{
    ranks(s, row, bytes);
}

SHAP_TARGET void SHAP_NAME(vouch__shap_quick_row)(const struct vouch__shap *s, const double *row,
                                                  const uint8_t *bytes, uint64_t *sum)
{
    uint16_t line[SHAP_RING][VOUCH__SHAP_UNITS];
    vouch__shap_i4 kept[VOUCH__SHAP_GROUP][VOUCH__SHAP_SLOTS];
    memset(&kept[0][VOUCH__SHAP_SLOTS - 1], 0, sizeof kept[0][0]);
    size_t n = s->n_quick - s->n_cover, first = vouch__shap_groups(s->n_cover);
    for (size_t i = 0; i < n + SHAP_AHEAD; i++) {
        if (i < n) {
            size_t tree = s->n_cover + i;
            lines_of(s, tree, decisions_of(s, row, bytes, tree), line[i % SHAP_RING]);
            for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++)
                __builtin_prefetch(table_of(s, tree) + line[i % SHAP_RING][j]);
        }
        if (i < SHAP_AHEAD)
            continue;
        size_t q = i - SHAP_AHEAD, in_group = q % VOUCH__SHAP_GROUP;
        keep_lines(table_of(s, s->n_cover + q), line[q % SHAP_RING], kept[in_group]);
        if (in_group == VOUCH__SHAP_GROUP - 1 || q + 1 == n)
            add_fours(s, first + q / VOUCH__SHAP_GROUP, (const int64_t *)(const void *)kept, sum);
    }
}

/* n rows of a tree, a multiple of 8: their lines by unit and row, their sums by input, eight by eight. */
typedef struct SHAP_NAME(eights) {
    const int64_t *table;
    const uint16_t (*line)[SHAP_BLOCK];
    size_t n, sums;
    uint64_t *sum;
    const int64_t *next; /* lines of later trees, asked for meanwhile: the nearer caches do not hold all */
    size_t n_next;
} SHAP_NAME(eights);

/* Of those some at a time: more would wait for each other. */
SHAP_INLINE void ask_for_some(const SHAP_NAME(eights) * e, size_t stage)
{
    for (size_t k = stage; k < e->n_next; k += SHAP_STAGES)
        __builtin_prefetch(e->next + k * VOUCH__SHAP_LINE, 0, 2);
}

#ifdef SHAP_REGISTERS
#include "models/shap/shap_eights.h"
#else
SHAP_INLINE void add_eights(const SHAP_NAME(eights) * e, const uint16_t *input, uint64_t live)
{
    (void)live;
    for (size_t stage = 0; stage < SHAP_STAGES; stage++)
        ask_for_some(e, stage);
    for (size_t i = 0; i < e->n; i++) {
        uint64_t *to = e->sum + i / VOUCH__SHAP_ROWS * VOUCH__SHAP_ROWS * e->sums + i % VOUCH__SHAP_ROWS;
        for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++) {
            const int64_t *at = e->table + e->line[j][i];
            size_t unit = VOUCH__SHAP_UNITS + j;
            for (size_t h = unit; h > 0; h /= 2)
                to[VOUCH__SHAP_ROWS * input[h]] += (uint64_t)at[vouch__shap_place(h)];
            for (size_t h = 2 * unit; h < 2 * unit + 2; h++)
                to[VOUCH__SHAP_ROWS * input[h]] += (uint64_t)at[vouch__shap_place(h)];
        }
    }
}
#endif

enum { SHAP_BYTES = SHAP_WIDTH * 8 }; /* in a register */
typedef uint8_t SHAP_NAME(bytes) __attribute__((vector_size(SHAP_BYTES), may_alias));
typedef uint16_t SHAP_NAME(words) __attribute__((vector_size(SHAP_BYTES), may_alias));

#ifndef SHAP_HAS_BIT
SHAP_INLINE void add_bit(const SHAP_NAME(bytes) * byte, uint8_t least, uint8_t bit, SHAP_NAME(bytes) * to)
{
    *to |= (SHAP_NAME(bytes))(*byte >= least) & bit;
}
#endif

/* Adds a bit to what has it not, where rows go right at node h. */
SHAP_INLINE void add_right(const struct vouch__shap *s, size_t tree, const uint8_t *column, size_t h,
                           unsigned bit, SHAP_NAME(bytes) * to)
{
    size_t at = tree * VOUCH__SHAP_LANES + h;
    column += (size_t)s->place[at] * SHAP_BLOCK;
    const SHAP_NAME(bytes) *byte = (const SHAP_NAME(bytes) *)(const void *)column;
    add_bit(byte, s->rank[at], (uint8_t)(1U << bit), to);
}

/* Lines of as many rows as a register has bytes, node by node: those from `first` on, and as many from half a
 * block after it, which lie between them in columns. */
SHAP_INLINE void lines_of_bytes(const struct vouch__shap *s, size_t tree, const uint8_t *column,
                                uint16_t (*line)[SHAP_BLOCK], size_t first)
{
    enum { UNITS = VOUCH__SHAP_UNITS, LEVELS = VOUCH__SHAP_DEPTH - 2 };
    const uint64_t *mask = s->mask + tree * UNITS;
    const uint16_t *at = s->at + tree * UNITS;
    SHAP_NAME(bytes) above[UNITS] = { { 0 } };
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t k = (size_t)1 << level; k-- > 0;) {
            SHAP_NAME(bytes) to = above[k];
            add_right(s, tree, column, ((size_t)1 << level) + k, level, &to);
            above[2 * k] = above[2 * k + 1] = to;
        }
    for (size_t j = 0; j < UNITS; j++) {
        size_t h = UNITS + j;
        SHAP_NAME(bytes) to = above[j];
        add_right(s, tree, column, h, LEVELS, &to);
        add_right(s, tree, column, 2 * h, LEVELS + 1, &to);
        add_right(s, tree, column, 2 * h + 1, LEVELS + 1 + (mask[j] >> 2 * h & 1), &to);
        /* a unit that is not there has line 0 */
        uint16_t whole = at[j] ? VOUCH__SHAP_LINE * ((2 << VOUCH__SHAP_DEPTH) - 1) : 0;
        SHAP_NAME(words) both = (SHAP_NAME(words))to, *out = (SHAP_NAME(words) *)(void *)(line[j] + first);
        out[0] = ((both << 3) & whole) + at[j];
        out[SHAP_BLOCK / SHAP_BYTES] = ((both >> 5) & whole) + at[j];
    }
}

/* Rows from the i-th on, at most SHAP_BLOCK, of tree q. When all rows have been through trees `begin` to end,
 * the lines of as many later ones have been asked for. */
SHAP_INLINE void quick_block(const struct vouch__shap *s, size_t q, const vouch__shap_batch *b, size_t i,
                             size_t begin, size_t end)
{
    _Alignas(64) uint16_t line[VOUCH__SHAP_UNITS][SHAP_BLOCK], one[VOUCH__SHAP_UNITS];
    size_t n = b->n - i < SHAP_BLOCK ? b->n - i : SHAP_BLOCK, inputs = s->trees->n_inputs;
    size_t blocks = (b->n + SHAP_BLOCK - 1) / SHAP_BLOCK, last = 2 * end - begin;
    size_t first = s->line[end], all = s->line[last < s->n_quick ? last : s->n_quick] - first;
    all = blocks > 1 ? all : 0; /* a few rows meet few of them */
    size_t step = i / SHAP_BLOCK * (end - begin) + q - begin, steps = blocks * (end - begin);
    if (b->columns)
        for (size_t r = 0; r < SHAP_BLOCK; r += SHAP_BYTES)
            lines_of_bytes(s, q, b->columns + i * b->apart + r, line, r / 2);
    for (size_t r = 0; r < n && !b->columns; r++) {
        lines_of(s, q, decisions_of(s, b->rows + (i + r) * inputs, b->bytes + (i + r) * b->apart, q), one);
        for (size_t j = 0; j < VOUCH__SHAP_UNITS; j++)
            line[j][r] = one[j];
    }
    const SHAP_NAME(eights) e = { .table = table_of(s, q),
                                  .line = (const uint16_t(*)[SHAP_BLOCK])line,
                                  .n = n,
                                  .sums = b->sums,
                                  .sum = b->sum + i * b->sums,
                                  .next = s->table + (first + all * step / steps) * VOUCH__SHAP_LINE,
                                  .n_next = all * (step + 1) / steps - all * step / steps };
    add_eights(&e, s->input_of + q * VOUCH__SHAP_LANES, s->live[q]);
}

/* A few trees, whose lines stay in cache, go through all rows, a few rows through these trees. */
SHAP_TARGET void SHAP_NAME(vouch__shap_quick_rows)(const struct vouch__shap *s, const vouch__shap_batch *b)
{
    for (size_t begin = s->n_cover; begin < s->n_quick; begin += SHAP_TREES) {
        size_t end = s->n_quick - begin < SHAP_TREES ? s->n_quick : begin + SHAP_TREES;
        for (size_t i = 0; i < b->n; i += SHAP_BLOCK)
            for (size_t q = begin; q < end; q++)
                quick_block(s, q, b, i, begin, end);
    }
}

#include "models/shap/shap_cover.h"

typedef struct SHAP_NAME(deep_work) {
    vouch__shap_v8
        worth[2 * VOUCH__SHAP_NODES + VOUCH__SHAP_WIDTH]; /* S, then C, of inner nodes and leaves */
    vouch__shap_v8 sum[VOUCH__SHAP_INPUTS];
    double f[VOUCH__SHAP_NODES];
} SHAP_NAME(deep_work);

enum { SHAP_WORDS = VOUCH__SHAP_NODES / VOUCH__SHAP_LANES };

#ifndef SHAP_HAS_FACTORS
/* What f is at 64 nodes, by bits: whether the row goes right, and whether it is undecided yet. */
SHAP_INLINE void factors(size_t n, const double *low, const double *rise, uint64_t right, uint64_t open,
                         double *f)
{
    for (size_t i = 0; i < n; i++, right >>= 1, open >>= 1) {
        double gone = low[i] + rise[i];
        double here = right & 1 ? gone : low[i];
        f[i] = open & 1 ? here : 0.0;
    }
}
#endif

/* f of each inner node. Where the row failed a split above on the same input that is 0. */
SHAP_INLINE void factors_of(const struct vouch__shap *s, const vouch__shap_deep *d, const double *row,
                            const uint8_t *bytes, double *f)
{
    const vouch__shap_again *again = s->again + d->again;
    uint64_t right[SHAP_WORDS], open[SHAP_WORDS];
    size_t n = d->n;
    for (size_t g = 0; g * VOUCH__SHAP_LANES < n; g++) {
        right[g] = decisions_of(s, row, bytes, d->group + g);
        open[g] = UINT64_MAX;
    }
    for (size_t i = 0; i < d->n_again; i++) { /* nodes above come first */
        size_t at = again[i].before / VOUCH__SHAP_LANES, bit = again[i].before % VOUCH__SHAP_LANES;
        uint64_t failed = ~open[at] | (right[at] ^ (0 - (uint64_t)again[i].side));
        open[again[i].node / VOUCH__SHAP_LANES] &= ~((failed >> bit & 1)
                                                     << again[i].node % VOUCH__SHAP_LANES);
    }
    for (size_t g = 0; g * VOUCH__SHAP_LANES < n; g++) {
        size_t at = g * VOUCH__SHAP_LANES, here = n - at < VOUCH__SHAP_LANES ? n - at : VOUCH__SHAP_LANES;
        factors(here, s->low + d->value + at, s->rise + d->value + at, right[g], open[g], f + at);
    }
}

#define SHAP_V8(from, bytes) ((vouch__shap_v8 *)(void *)((uint8_t *)(from) + (bytes)))

SHAP_INLINE void deep_tree(const struct vouch__shap *s, const vouch__shap_deep *d, SHAP_NAME(deep_work) * w,
                           size_t width)
{
    const vouch__shap_node *node = s->node + d->node;
    const double *leaf = s->leaf + d->leaf, *low = s->low + d->value;
    vouch__shap_v8 *taus = s->tau;
    size_t n_upper = d->n_upper, n_inner = d->n;
    for (size_t l = 0; l < d->n_leaves; l++)
        for (size_t k = 0; k < width; k++)
            w->worth[(n_inner + l) * width + k] = leaf[l] - (vouch__shap_v8){ 0 };
    leaf += d->n_leaves;
    for (size_t n = n_upper; n < n_inner; n++) {
        const vouch__shap_v8 *tau = SHAP_V8(taus, node[n].tau);
        for (size_t k = 0; k < width; k++)
            w->worth[n * width + k] = leaf[n - n_upper] + tau[k] * w->f[n];
    }
    for (size_t n = n_upper; n-- > 0;) {
        const vouch__shap_v8 *left = SHAP_V8(w->worth, node[n].child[0]), *tau = SHAP_V8(taus, node[n].tau);
        const vouch__shap_v8 *right = SHAP_V8(w->worth, node[n].child[1]);
        for (size_t k = 0; k < width; k++) {
            vouch__shap_v8 share = tau[k] * w->f[n] - low[n];
            w->worth[n * width + k] = left[k] + share * (right[k] - left[k]);
        }
    }
    for (size_t k = 0; k < width; k++)
        w->worth[k] = s->weight[d->points * VOUCH__SHAP_WIDTH + k];
    for (size_t n = 0; n < n_upper; n++) {
        vouch__shap_v8 *left = SHAP_V8(w->worth, node[n].child[0]),
                       *right = SHAP_V8(w->worth, node[n].child[1]);
        const vouch__shap_v8 *tau = SHAP_V8(taus, node[n].tau);
        vouch__shap_v8 *sum = SHAP_V8(w->sum, node[n].input);
        for (size_t k = 0; k < width; k++) {
            vouch__shap_v8 share = tau[k] * w->f[n] - low[n], own = w->worth[n * width + k], to = own * share;
            *sum += own * (right[k] - left[k]) * (tau[width + k] * w->f[n]);
            right[k] = to;
            left[k] = own - to;
        }
    }
    for (size_t n = n_upper; n < n_inner; n++) {
        const vouch__shap_v8 *tau = SHAP_V8(taus, node[n].tau);
        vouch__shap_v8 *sum = SHAP_V8(w->sum, node[n].input);
        for (size_t k = 0; k < width; k++)
            *sum += w->worth[n * width + k] * (tau[width + k] * w->f[n]);
    }
}

/* A whole model is more than a processor's nearest memory holds. */
SHAP_INLINE void ask_for(const struct vouch__shap *s, const vouch__shap_deep *d)
{
    for (size_t n = 0; n < d->n; n += 64 / sizeof *s->low) {
        __builtin_prefetch(&s->node[d->node + n]);
        __builtin_prefetch(&s->low[d->value + n]);
        __builtin_prefetch(&s->rise[d->value + n]);
        __builtin_prefetch(&s->leaf[d->leaf + n]);
    }
}

SHAP_TARGET void SHAP_NAME(vouch__shap_deep_row)(const struct vouch__shap *s, const double *row,
                                                 const uint8_t *bytes, double *out)
{
    SHAP_NAME(deep_work) w;
    size_t inputs = s->n_inputs <= VOUCH__SHAP_INPUTS ? s->n_inputs : 0;
    memset(w.sum, 0, inputs * sizeof *w.sum);
    for (size_t i = 0; i < s->n_deep; i++) {
        const vouch__shap_deep *d = &s->deep[i];
        if (!d->width) {
            vouch__shap_plain(s, d->tree, row, out);
            continue;
        }
        if (i + 1 < s->n_deep)
            ask_for(s, d + 1);
        factors_of(s, d, row, bytes, w.f);
        switch (d->width) {
        case 1: deep_tree(s, d, &w, 1); break;
        case 2: deep_tree(s, d, &w, 2); break;
        case 3: deep_tree(s, d, &w, 3); break;
        default: deep_tree(s, d, &w, 4);
        }
    }
    for (size_t j = 0; j < inputs; j++) {
        const double *v = (const double *)(const void *)&w.sum[j];
        out[s->input[j]] += ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
    }
}
