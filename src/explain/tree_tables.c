/* Leaf pattern tables: shape, count, sum, look up.
 *
 * One recursion walks a tree with, for each row, a mask of the slots whose conditions it has failed so far;
 * each node is tested once, and at a leaf the mask's complement is the row's pattern. A slot is an input's
 * place in the order in which the path first meets it, so an input that comes twice keeps one bit: failed
 * once, failed for good. The same walk counts the background and explains a row. */
#include "explain/tree_tables.h"

#include "base/parallel.h"

#include <string.h>

enum {
    VALUES_MAX = 1 << 26,
    BATCH = 64, /* rows that go down a tree together */
    FULL = 8    /* inputs up to which a leaf keeps every input's value: one cache line a row */
};

typedef struct layout {
    vouch__tree_tables *t;
    const vouch__node *node; /* of the tree being laid */
    size_t tree, n_leaves, n_slots, n_patterns, n_values;
    uint32_t path[VOUCH__LEAF_INPUTS];
    bool is_measuring; /* first pass: sizes only */
} layout;

static vouch_status lay_leaf(layout *l, size_t at, unsigned d)
{
    if (!l->is_measuring) {
        l->t->leaf[l->n_leaves] = (vouch__leaf){ .at = l->n_patterns,
                                                 .values = l->n_values,
                                                 .input = l->n_slots,
                                                 .d = d,
                                                 .node = (uint32_t)(l->t->trees->root[l->tree] + at) };
        l->t->leaf_of[l->t->trees->root[l->tree] + at] = (uint32_t)l->n_leaves;
        memcpy(l->t->input + l->n_slots, l->path, d * sizeof l->path[0]);
    }
    l->n_leaves++;
    l->n_slots += d;
    l->n_patterns += (size_t)1 << d;
    l->n_values += (size_t)(d <= FULL ? d : 2) << d;
    return VOUCH_OK;
}

static vouch_status lay(vouch_ctx *ctx, layout *l, size_t at, unsigned d, unsigned depth)
{
    const vouch__node *node = &l->node[at];
    unsigned slot = 0;
    if (node->left < 0)
        return lay_leaf(l, at, d);
    if (depth == VOUCH__LEAF_DEPTH)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: tree %zu is over %d nodes deep", l->tree,
                           VOUCH__LEAF_DEPTH);
    while (slot < d && l->path[slot] != node->input)
        slot++;
    if (slot == VOUCH__LEAF_INPUTS)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: a leaf of tree %zu depends on over %d inputs",
                           l->tree, VOUCH__LEAF_INPUTS);
    if (!l->is_measuring)
        l->t->slot[l->t->trees->root[l->tree] + at] = (uint8_t)slot;
    if (slot == d)
        l->path[d++] = node->input;
    vouch_status status = lay(ctx, l, (size_t)node->left, d, depth + 1);
    if (status)
        return status;
    return lay(ctx, l, (size_t)node->right, d, depth + 1);
}

static vouch_status lay_all(vouch_ctx *ctx, layout *l)
{
    const vouch__trees *trees = l->t->trees;
    for (l->tree = 0; l->tree < trees->n_trees; l->tree++) {
        l->node = trees->node + trees->root[l->tree];
        if (!l->is_measuring)
            l->t->first[l->tree] = l->n_leaves;
        vouch_status status = lay(ctx, l, 0, 0, 0);
        if (status)
            return status;
        if (l->n_values > VALUES_MAX)
            return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: the forest's tables need over %d values",
                               VALUES_MAX);
    }
    if (!l->is_measuring)
        l->t->first[trees->n_trees] = l->n_leaves;
    return VOUCH_OK;
}

static vouch_status take(vouch_ctx *ctx, vouch__tree_tables *t, const layout *size)
{
    t->n_leaves = size->n_leaves;
    t->n_slots = size->n_slots;
    t->n_patterns = size->n_patterns;
    t->n_values = size->n_values;
    t->first = vouch__alloc(ctx, t->trees->n_trees + 1, sizeof *t->first);
    t->leaf_of = vouch__alloc(ctx, t->trees->n_nodes, sizeof *t->leaf_of);
    t->slot = vouch__alloc(ctx, t->trees->n_nodes, sizeof *t->slot);
    t->leaf = vouch__alloc(ctx, t->n_leaves, sizeof *t->leaf);
    t->input = vouch__alloc(ctx, t->n_slots, sizeof *t->input);
    t->count = vouch__alloc(ctx, t->n_patterns, sizeof *t->count);
    t->value = vouch__alloc(ctx, t->n_values, sizeof *t->value);
    bool ok = t->first && t->leaf_of && t->slot && t->leaf && t->input && t->count && t->value;
    return ok ? VOUCH_OK : vouch__oom(ctx);
}

vouch_status vouch__tree_tables_shape(vouch_ctx *ctx, const vouch__trees *trees,
                                      vouch__tree_tables *out_tables)
{
    vouch__tree_tables t = { .trees = trees, .base = trees->base, .alloc = *vouch__allocator(ctx) };
    layout measure = { .t = &t, .is_measuring = true }, fill = { .t = &t };
    vouch_status status = lay_all(ctx, &measure);
    if (status)
        return status;
    status = take(ctx, &t, &measure);
    if (status)
        goto done;
    status = lay_all(ctx, &fill);
    if (status)
        goto done;
    *out_tables = t;
    return VOUCH_OK;
done:
    vouch__tree_tables_clear(&t);
    return status;
}

void vouch__tree_tables_clear(vouch__tree_tables *tables)
{
    if (!tables->trees)
        return;
    vouch_alloc alloc = tables->alloc;
    vouch__free(&alloc, tables->first);
    vouch__free(&alloc, tables->leaf_of);
    vouch__free(&alloc, tables->slot);
    vouch__free(&alloc, tables->leaf);
    vouch__free(&alloc, tables->input);
    vouch__free(&alloc, tables->count);
    vouch__free(&alloc, tables->value);
    *tables = (vouch__tree_tables){ .trees = NULL };
}

/* A batch of rows goes down a tree together: failed[i] has the slots whose conditions row i has failed. */
typedef struct walk {
    const vouch__tree_tables *t;
    const vouch__node *node; /* of the tree */
    size_t root, n;
    const double *x; /* [n x n_inputs] */
    uint32_t *count; /* counting, or */
    double *out;     /* explaining */
} walk;

/* From sums y(X), z(X) at 2 X and 2 X + 1. An input that the row fails gets -z(X), which is the same
 * expression, since X - k is then X: no branch. */
static double value_of(const double *sums, size_t pattern, uint32_t k)
{
    size_t without = pattern & ~((size_t)1 << k);
    return sums[2 * pattern] - sums[2 * without] - sums[2 * without + 1];
}

static void count_at_leaf(const walk *w, const vouch__leaf *leaf, const uint16_t failed[BATCH])
{
    uint32_t all = ((uint32_t)1 << leaf->d) - 1;
    for (size_t i = 0; i < w->n; i++)
        w->count[leaf->at + (all & ~(uint32_t)failed[i])]++;
}

static void explain_at_leaf(const walk *w, const vouch__leaf *leaf, const uint16_t failed[BATCH])
{
    const double *value = w->t->value + leaf->values;
    const uint32_t *input = w->t->input + leaf->input;
    uint32_t all = ((uint32_t)1 << leaf->d) - 1;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t pattern = all & ~(uint32_t)failed[i];
        double *out = w->out + i * w->t->trees->n_inputs;
        if (leaf->d <= FULL) {
            for (uint32_t k = 0; k < leaf->d; k++)
                out[input[k]] += value[(size_t)pattern * leaf->d + k];
        } else {
            for (uint32_t k = 0; k < leaf->d; k++)
                out[input[k]] += value_of(value, pattern, k);
        }
    }
}

/* vouch__node_goes_left for every row; plain thresholds in line and without branches. */
static void go(const walk *w, const vouch__node *node, uint8_t left[BATCH])
{
    const vouch__trees *trees = w->t->trees;
    const double *x = w->x + node->input;
    double threshold = node->threshold;
    if (node->is_category || node->rule != VOUCH__RULE_PLAIN) {
        for (size_t i = 0; i < w->n; i++)
            left[i] = vouch__node_goes_left(trees, node, x[i * trees->n_inputs]);
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        double v = x[i * trees->n_inputs];
        left[i] = (uint8_t)((v <= threshold) | (node->default_left & (v != v)));
    }
}

static void walk_node(const walk *w, size_t at, const uint16_t failed[BATCH])
{
    const vouch__node *node = &w->node[at];
    uint16_t next[BATCH];
    uint8_t left[BATCH];
    if (node->left < 0) {
        const vouch__leaf *leaf = &w->t->leaf[w->t->leaf_of[w->root + at]];
        if (w->count)
            count_at_leaf(w, leaf, failed);
        else
            explain_at_leaf(w, leaf, failed);
        return;
    }
    unsigned slot = w->t->slot[w->root + at];
    go(w, node, left);
    for (size_t i = 0; i < w->n; i++)
        next[i] = (uint16_t)(failed[i] | (unsigned)(left[i] ^ 1) << slot);
    walk_node(w, (size_t)node->left, next);
    for (size_t i = 0; i < w->n; i++)
        next[i] = (uint16_t)(failed[i] | (unsigned)left[i] << slot);
    walk_node(w, (size_t)node->right, next);
}

/* All n rows through one tree, in batches. */
static void walk_tree(const vouch__tree_tables *t, size_t tree, size_t n, const double *x, uint32_t *count,
                      double *out)
{
    static const uint16_t none[BATCH] = { 0 };
    size_t cols = t->trees->n_inputs, root = t->trees->root[tree];
    for (size_t i = 0; i < n; i += BATCH) {
        walk w = { .t = t, .node = t->trees->node + root, .root = root, .x = x + i * cols };
        w.count = count;
        w.n = n - i < BATCH ? n - i : BATCH;
        w.out = out ? out + i * cols : NULL;
        walk_node(&w, 0, none);
    }
}

typedef struct counting {
    vouch__tree_tables *t;
    size_t n;
    const double *x;
} counting;

static vouch_status count_trees(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    counting *c = arg;
    (void)worker, (void)chunk;
    for (size_t tree = begin; tree < end; tree++)
        walk_tree(c->t, tree, c->n, c->x, c->t->count, NULL);
    return VOUCH_OK;
}

vouch_status vouch__tree_tables_count(vouch_ctx *ctx, vouch__tree_tables *tables, size_t n, const double *x)
{
    counting c = { .t = tables, .n = n, .x = x };
    return vouch__parallel(ctx, tables->trees->n_trees, 4, count_trees, &c);
}

/* w(s) = s! (d - 1 - s)! / d! for s < d. */
static void shapley_weights(unsigned d, double w[VOUCH__LEAF_INPUTS])
{
    if (d == 0)
        return;
    w[0] = 1.0 / d;
    for (unsigned s = 1; s < d; s++)
        w[s] = w[s - 1] * s / (d - s);
}

/* y and z of every pattern, from q(U) = rows that meet all of U. */
static void sum_subsets(unsigned d, double scale, const double *q, double *sums)
{
    size_t size = (size_t)1 << d, full = size - 1;
    double w[VOUCH__LEAF_INPUTS] = { 0 };
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

/* work[3 x 2^d] */
static void fill_leaf(const vouch__tree_tables *t, const vouch__leaf *leaf, double scale, double *work)
{
    size_t size = (size_t)1 << leaf->d;
    double *value = t->value + leaf->values, *q = work, *sums = leaf->d <= FULL ? work + size : value;
    for (size_t u = 0; u < size; u++)
        q[u] = t->count[leaf->at + u];
    for (size_t bit = 1; bit < size; bit <<= 1)
        for (size_t u = 0; u < size; u++)
            if (!(u & bit))
                q[u] += q[u | bit]; /* counts: exact */
    sum_subsets(leaf->d, scale, q, sums);
    for (size_t x = 0; leaf->d <= FULL && x < size; x++)
        for (uint32_t k = 0; k < leaf->d; k++)
            value[x * leaf->d + k] = value_of(sums, x, k);
}

typedef struct summing {
    const vouch__tree_tables *t;
    double m;
} summing;

static vouch_status sum_trees(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const summing *s = arg;
    const vouch__tree_tables *t = s->t;
    uint32_t d = 0;
    (void)chunk;
    for (size_t l = t->first[begin]; l < t->first[end]; l++)
        d = t->leaf[l].d > d ? t->leaf[l].d : d;
    size_t mark = vouch__scratch_mark(worker);
    double *work = vouch__scratch(worker, (size_t)3 << d, sizeof *work);
    if (!work)
        return vouch__oom(worker);
    for (size_t l = t->first[begin]; l < t->first[end]; l++)
        fill_leaf(t, &t->leaf[l], t->trees->node[t->leaf[l].node].value / s->m, work);
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

vouch_status vouch__tree_tables_sum(vouch_ctx *ctx, vouch__tree_tables *tables, uint64_t m)
{
    summing s = { .t = tables, .m = (double)m };
    vouch_status status = vouch__parallel(ctx, tables->trees->n_trees, 4, sum_trees, &s);
    if (status)
        return status;
    double base = tables->trees->base;
    for (size_t l = 0; l < tables->n_leaves; l++) {
        const vouch__leaf *leaf = &tables->leaf[l];
        double met = tables->count[leaf->at + ((size_t)1 << leaf->d) - 1];
        base += tables->trees->node[leaf->node].value * (met / s.m);
    }
    tables->base = base;
    return VOUCH_OK;
}

void vouch__tree_tables_block(const vouch__tree_tables *tables, size_t n, const double *x, double *out)
{
    memset(out, 0, n * tables->trees->n_inputs * sizeof *out);
    for (size_t tree = 0; tree < tables->trees->n_trees; tree++) /* outside: a tree's tables stay in cache */
        walk_tree(tables, tree, n, x, NULL, out);
}
