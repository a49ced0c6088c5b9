/* Lines of the quick trees' units. A leaf whose path meets d inputs gives a row that meets X of them, k-th
 * input, y(X) - y(X - k) - z(X - k), where with w(s) = s! (d - 1 - s)! / d!, Q(U) the share of the population
 * that meets all of U, D all inputs and v the leaf's value
 *     z(X) = v sum over S in X, S not D,     of w(|S|) Q(D - S)
 *     y(X) = v sum over S in X, S not empty, of w(|S| - 1) Q(D - S).
 * By covers, Q(U) is the product of what the sides taken hold of their nodes. */
#include "models/shap/shap_form.h"

#include "base/pages.h"
#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum {
    LEVELS = VOUCH__SHAP_DEPTH,
    ABOVE = LEVELS - 2, /* levels above the units */
    PATTERNS = 1 << (LEVELS + 1),
    LEAF_PATTERNS = 1 << LEVELS,
    ROOM = 61,     /* bits of the largest sum; an entry may need one more */
    NODE_ROOM = 50 /* of what a node of an integrated tree gives */
};

/* w(s) for s < d. */
static void shapley_weights(unsigned d, double *w)
{
    if (d == 0)
        return;
    w[0] = 1.0 / d;
    for (unsigned s = 1; s < d; s++)
        w[s] = w[s - 1] * s / (d - s);
}

void vouch__shap_subsets(unsigned d, double scale, const double *q, double *sums)
{
    size_t size = (size_t)1 << d, full = size - 1;
    double w[32] = { 0 };
    shapley_weights(d, w);
    for (size_t s = 0; s < size; s++) {
        unsigned ones = (unsigned)__builtin_popcountll(s);
        sums[2 * s] = s ? w[ones - 1] * q[full ^ s] : 0.0;
        sums[2 * s + 1] = s != full ? w[ones] * q[full ^ s] : 0.0;
    }
    for (size_t bit = 1; bit < size; bit <<= 1)
        for (size_t s = 0; s < size; s++)
            if (s & bit) {
                sums[2 * s] += sums[2 * (s ^ bit)];
                sums[2 * s + 1] += sums[2 * (s ^ bit) + 1];
            }
    for (size_t k = 0; k < 2 * size; k++)
        sums[k] *= scale;
}

typedef struct step { /* of a path */
    size_t h;
    bool right;
    uint32_t input;
    double share;
} step;

typedef struct filling {
    struct vouch__shap *s;
    const vouch__shap_population *population;
    double grid; /* 1 / unit */
} filling;

typedef struct unit {
    const filling *f;
    uint64_t mask;
    double value[PATTERNS][VOUCH__SHAP_LINE];
} unit;

/* The number of heap node h's decision in the unit's pattern. */
static unsigned bit_of(const unit *u, size_t h)
{
    return (unsigned)__builtin_popcountll(u->mask & (((uint64_t)1 << h) - 1));
}

/* One leaf, below the n steps of its path, added to every pattern of its unit. */
static void add_leaf(unit *u, size_t node, const step *path, size_t n)
{
    double q[LEAF_PATTERNS], sums[2 * LEAF_PATTERNS], share[LEVELS];
    unsigned input_of[LEVELS], d = 0;
    size_t first[LEVELS];
    for (size_t i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < d && path[first[k]].input != path[i].input)
            k++;
        if (k == d) {
            first[d] = i;
            share[d++] = 1.0;
        }
        share[k] *= path[i].share;
        input_of[i] = k;
    }
    if (d == 0)
        return;
    if (u->f->population) {
        u->f->population->shares(u->f->population->self, node, d, q);
    } else {
        q[0] = 1.0;
        for (size_t set = 1; set < (size_t)1 << d; set++)
            q[set] = q[set & (set - 1)] * share[__builtin_ctzll(set)];
    }
    vouch__shap_subsets(d, u->f->s->trees->node[node].value, q, sums);
    size_t patterns = (size_t)1 << __builtin_popcountll(u->mask);
    for (size_t p = 0; p < patterns; p++) {
        size_t meets = ((size_t)1 << d) - 1;
        for (size_t i = 0; i < n; i++)
            if ((p >> bit_of(u, path[i].h) & 1) != path[i].right)
                meets &= ~((size_t)1 << input_of[i]);
        for (unsigned k = 0; k < d; k++)
            u->value[p][vouch__shap_place(path[first[k]].h)] += vouch__shap_value(sums, meets, k);
    }
}

/* All leaves below node, which the n steps lead to. */
static void add_leaves(unit *u, size_t root, size_t n_node, size_t h, step *path, size_t n)
{
    const vouch__node *node = &u->f->s->trees->node[n_node];
    if (node->left < 0) {
        add_leaf(u, n_node, path, n);
        return;
    }
    size_t child[2] = { root + (size_t)node->left, root + (size_t)node->right };
    double share[2];
    (void)vouch__shap_shares(&u->f->s->trees->node[child[0]], &u->f->s->trees->node[child[1]], share);
    for (size_t side = 0; side < 2; side++) {
        path[n] = (step){ h, side == 1, node->input, share[side] };
        add_leaves(u, root, child[side], 2 * h + side, path, n + 1);
    }
}

static uint64_t nodes_below(const vouch__trees *trees, size_t root, size_t n_node, size_t h)
{
    const vouch__node *node = &trees->node[n_node];
    if (node->left < 0)
        return 0;
    return (uint64_t)1 << h | nodes_below(trees, root, root + (size_t)node->left, 2 * h) |
           nodes_below(trees, root, root + (size_t)node->right, 2 * h + 1);
}

/* On the grid; a heap node whose integers are not all 0 is live. */
static void write_lines(const unit *u, size_t q, int64_t *out, size_t patterns)
{
    bool is_live[VOUCH__SHAP_LINE] = { false };
    for (size_t p = 0; p < patterns; p++)
        for (size_t k = 0; k < VOUCH__SHAP_LINE; k++) {
            int64_t value = (int64_t)nearbyint(u->value[p][k] * u->f->grid);
            out[p * VOUCH__SHAP_LINE + k] = value;
            is_live[k] |= value != 0;
        }
    for (uint64_t left = u->mask; left; left &= left - 1)
        if (is_live[vouch__shap_place((size_t)__builtin_ctzll(left))])
            u->f->s->live[q] |= left & (~left + 1);
}

/* Units in order of their place; lines follow from *line on. */
static void fill_units(const filling *f, unit *u, size_t q, size_t n_node, size_t h, step *path, size_t n,
                       uint32_t *line)
{
    struct vouch__shap *s = f->s;
    const vouch__trees *trees = s->trees;
    const vouch__node *node = &trees->node[n_node];
    size_t root = trees->root[s->quick[q]];
    if (n < ABOVE && node->left >= 0) {
        size_t child[2] = { root + (size_t)node->left, root + (size_t)node->right };
        double share[2];
        (void)vouch__shap_shares(&trees->node[child[0]], &trees->node[child[1]], share);
        for (size_t side = 0; side < 2; side++) {
            path[n] = (step){ h, side == 1, node->input, share[side] };
            fill_units(f, u, q, child[side], 2 * h + side, path, n + 1, line);
        }
        return;
    }
    size_t at = q * VOUCH__SHAP_UNITS + (h << (ABOVE - n)) - VOUCH__SHAP_UNITS;
    memset(u->value, 0, sizeof u->value);
    u->f = f;
    u->mask = nodes_below(trees, root, n_node, h);
    for (size_t i = 0; i < n; i++)
        u->mask |= (uint64_t)1 << path[i].h;
    add_leaves(u, root, n_node, h, path, n);
    size_t patterns = (size_t)1 << __builtin_popcountll(u->mask);
    s->mask[at] = u->mask;
    s->at[at] = (uint16_t)((*line - s->line[q]) * VOUCH__SHAP_LINE);
    write_lines(u, q, s->table + (size_t)*line * VOUCH__SHAP_LINE, patterns);
    for (uint64_t left = u->mask, k = 0; left; left &= left - 1)
        s->bit[at * VOUCH__SHAP_LINE + k++] = (uint8_t)__builtin_ctzll(left);
    *line += (uint32_t)patterns;
}

static vouch_status fill_trees(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const filling *f = arg;
    size_t mark = vouch__scratch_mark(worker);
    unit *u = vouch__scratch(worker, 1, sizeof *u);
    (void)chunk;
    if (!u)
        return vouch__oom(worker);
    for (size_t q = f->s->n_cover + begin; q < f->s->n_cover + end; q++) {
        step path[LEVELS];
        uint32_t line = f->s->line[q] + 1;
        fill_units(f, u, q, f->s->trees->root[f->s->quick[q]], 1, path, 0, &line);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* The grid on which no sum of all trees can overflow: an input's value lies within the range of the leaves.
 * What an integrated tree's node gives is rounded as a double is. */
static double grid_of(const struct vouch__shap *s)
{
    double sum = 0.0, range = 0.0;
    int exponent = 0, of_node = 0;
    for (size_t q = 0; q < s->n_quick; q++) {
        size_t t = s->quick[q];
        double most = 0.0;
        for (size_t i = s->trees->root[t]; i < s->trees->root[t + 1]; i++)
            most = s->trees->node[i].left < 0 ? fmax(most, fabs(s->trees->node[i].value)) : most;
        sum += 2.0 * most;
        range = q < s->n_cover ? fmax(range, 2.0 * most) : range;
    }
    (void)frexp(sum, &exponent); /* sum < 2^exponent */
    (void)frexp(range, &of_node);
    if (s->n_cover && of_node + ROOM - NODE_ROOM > exponent)
        exponent = of_node + ROOM - NODE_ROOM;
    exponent = exponent < -900 ? -900 : exponent;
    return ldexp(1.0, ROOM - exponent);
}

vouch_status vouch__shap_make_tables(vouch_ctx *ctx, struct vouch__shap *s,
                                     const vouch__shap_population *population)
{
    filling f = { .s = s, .population = population, .grid = grid_of(s) };
    size_t line = 0;
    s->unit = 1.0 / f.grid;
    size_t bytes = s->n_lines * VOUCH__SHAP_LINE * sizeof *s->table;
    size_t edge = bytes < VOUCH__PAGE ? 64 : VOUCH__PAGE; /* lines are met at random: large pages help */
    s->tables = vouch__alloc(ctx, bytes + edge, 1);
    if (!s->tables)
        return vouch__oom(ctx);
    s->table = (int64_t *)(void *)((uint8_t *)s->tables + (edge - (uintptr_t)s->tables % edge));
    vouch__large_pages(s->table, bytes, true);
    for (size_t q = s->n_cover; q < s->n_quick; q++) {
        size_t root = s->trees->root[s->quick[q]];
        s->line[q] = (uint32_t)line;
        line += 1 + vouch__shap_lines(s->trees->node + root, s->trees->node + root, 0);
    }
    s->line[s->n_quick] = (uint32_t)line;
    return vouch__parallel(ctx, s->n_quick - s->n_cover, 8, fill_trees, &f);
}
