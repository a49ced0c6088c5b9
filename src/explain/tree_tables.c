/* Leaf pattern tables: shape, count, sum, look up.
 *
 * One recursion walks a tree with, for each row, a mask of the slots whose conditions it has failed so far;
 * each node is tested once, and at a leaf the mask's complement is the row's pattern. A slot is an input's
 * place in the order in which the path first meets it, so an input that comes twice keeps one bit: failed
 * once, failed for good. The same walk counts the background and explains a row. */
#include "explain/tree_tables.h"

#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 64,     /* rows that go down a tree together */
    SEEN_FIRST = 16 /* patterns that a leaf of many inputs has room for at first */
};

typedef struct layout {
    vouch__tree_tables *t;
    const vouch__node *node; /* of the tree being laid */
    size_t tree, n_leaves, n_slots, n_patterns, n_seen;
    uint32_t path[VOUCH__LEAF_INPUTS];
    bool is_measuring; /* first pass: sizes only */
} layout;

static vouch_status lay_leaf(layout *l, size_t at, unsigned d)
{
    bool is_dense = d <= VOUCH__LEAF_DENSE;
    if (!l->is_measuring) {
        l->t->leaf[l->n_leaves] = (vouch__leaf){ .at = is_dense ? l->n_patterns : l->n_seen,
                                                 .input = l->n_slots,
                                                 .d = d,
                                                 .node = (uint32_t)(l->t->trees->root[l->tree] + at) };
        l->t->leaf_of[l->t->trees->root[l->tree] + at] = (uint32_t)l->n_leaves;
        memcpy(l->t->input + l->n_slots, l->path, d * sizeof l->path[0]);
    }
    l->n_leaves++;
    l->n_slots += d;
    l->n_patterns += is_dense ? (size_t)1 << d : 0;
    l->n_seen += !is_dense;
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
        if (l->n_patterns > VOUCH__PATTERNS_MAX)
            return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: the forest's leaves have over %d patterns",
                               VOUCH__PATTERNS_MAX);
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
    t->n_seen = size->n_seen;
    t->first = vouch__alloc(ctx, t->trees->n_trees + 1, sizeof *t->first);
    t->leaf_of = vouch__alloc(ctx, t->trees->n_nodes, sizeof *t->leaf_of);
    t->slot = vouch__alloc(ctx, t->trees->n_nodes, sizeof *t->slot);
    t->leaf = vouch__alloc(ctx, t->n_leaves, sizeof *t->leaf);
    t->input = vouch__alloc(ctx, t->n_slots, sizeof *t->input);
    t->count = vouch__alloc(ctx, t->n_patterns, sizeof *t->count);
    t->seen = vouch__alloc(ctx, t->n_seen + 1, sizeof *t->seen);
    bool ok = t->first && t->leaf_of && t->slot && t->leaf && t->input && t->count && t->seen;
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
    for (size_t k = 0; tables->seen && k < tables->n_seen; k++) {
        vouch__free(&alloc, tables->seen[k].table);
        vouch__free(&alloc, tables->seen[k].sorted);
    }
    vouch__free(&alloc, tables->seen);
    vouch__shap_free(&alloc, tables->shap);
    vouch__free(&alloc, tables->weight);
    vouch__free(&alloc, tables->first);
    vouch__free(&alloc, tables->leaf_of);
    vouch__free(&alloc, tables->slot);
    vouch__free(&alloc, tables->leaf);
    vouch__free(&alloc, tables->input);
    vouch__free(&alloc, tables->count);
    vouch__free(&alloc, tables->value);
    *tables = (vouch__tree_tables){ .trees = NULL };
}

/* Where a pattern is, or could be, in a table that has room. */
static vouch__pattern *find_seen(const vouch__seen *seen, uint64_t met)
{
    size_t at = (size_t)(met * 0x9e3779b97f4a7c15u >> 20) & (seen->room - 1);
    while (seen->table[at].rows && seen->table[at].met != met)
        at = (at + 1) & (seen->room - 1);
    return &seen->table[at];
}

/* Twice the room; false: out of memory. */
static bool grow_seen(const vouch_alloc *alloc, vouch__seen *seen)
{
    vouch__seen more = *seen;
    more.room = seen->room ? 2 * seen->room : SEEN_FIRST;
    more.table = vouch__resize(alloc, NULL, more.room, sizeof *more.table);
    if (!more.table)
        return false;
    for (size_t k = 0; k < seen->room; k++)
        if (seen->table[k].rows)
            *find_seen(&more, seen->table[k].met) = seen->table[k];
    vouch__free(alloc, seen->table);
    *seen = more;
    return true;
}

static bool add_seen(const vouch_alloc *alloc, vouch__seen *seen, uint64_t met, uint32_t rows)
{
    if (2 * seen->n >= seen->room && !grow_seen(alloc, seen))
        return false;
    vouch__pattern *at = find_seen(seen, met);
    seen->n += at->rows == 0;
    at->met = met;
    at->rows += rows;
    return true;
}

vouch_status vouch__tree_tables_add(vouch_ctx *ctx, vouch__tree_tables *tables, const vouch__leaf *leaf,
                                    uint64_t pattern, uint32_t rows)
{
    if (leaf->d <= VOUCH__LEAF_DENSE)
        tables->count[leaf->at + pattern] += rows;
    else if (!add_seen(&tables->alloc, &tables->seen[leaf->at], pattern, rows))
        return vouch__oom(ctx);
    return VOUCH_OK;
}

/* A batch of rows goes down a tree together: failed[i] has the slots whose conditions row i has failed. */
typedef struct walk {
    const vouch__tree_tables *t;
    const vouch__node *node; /* of the tree */
    size_t root, n;
    const double *x;           /* [n x n_inputs] */
    bool is_counting, is_full; /* is_full: no memory for a pattern */
    double *out;               /* explaining */
} walk;

static uint64_t all_of(const vouch__leaf *leaf)
{
    return leaf->d < 64 ? ((uint64_t)1 << leaf->d) - 1 : ~(uint64_t)0;
}

static void count_at_leaf(walk *w, const vouch__leaf *leaf, const uint64_t failed[BATCH])
{
    uint64_t all = all_of(leaf);
    if (leaf->d > VOUCH__LEAF_DENSE) {
        for (size_t i = 0; i < w->n; i++)
            w->is_full |= !add_seen(&w->t->alloc, &w->t->seen[leaf->at], all & ~failed[i], 1);
        return;
    }
    for (size_t i = 0; i < w->n; i++)
        w->t->count[leaf->at + (all & ~failed[i])]++;
}

/* A row that fails b inputs of a leaf of many, against every pattern that meets those. The p inputs that the
 * pattern fails gain (p - 1)! b! / (p + b)! each, those that the row fails lose p! (b - 1)! / (p + b)!. */
static void explain_many(const walk *w, const vouch__leaf *leaf, uint64_t failed, double *out)
{
    const vouch__tree_tables *t = w->t;
    const vouch__seen *seen = &t->seen[leaf->at];
    const uint32_t *input = t->input + leaf->input;
    double scale = t->trees->node[leaf->node].value / t->m, lost = 0.0, gain[VOUCH__LEAF_INPUTS] = { 0 };
    uint64_t all = all_of(leaf);
    unsigned b = (unsigned)__builtin_popcountll(failed);
    for (size_t s = 0; s < seen->n; s++) {
        uint64_t fails = all & ~seen->sorted[s].met;
        if (fails & failed)
            continue;
        unsigned p = (unsigned)__builtin_popcountll(fails);
        double rows = seen->sorted[s].rows;
        if (b)
            lost += rows * t->weight[p][b - 1];
        for (double each = p ? rows * t->weight[p - 1][b] : 0.0; fails; fails &= fails - 1)
            gain[__builtin_ctzll(fails)] += each;
    }
    for (uint32_t k = 0; k < leaf->d; k++)
        out[input[k]] += scale * (failed >> k & 1 ? -lost : gain[k]);
}

static void explain_at_leaf(const walk *w, const vouch__leaf *leaf, const uint64_t failed[BATCH])
{
    const double *value = w->t->value + leaf->values;
    const uint32_t *input = w->t->input + leaf->input;
    uint64_t all = all_of(leaf);
    for (size_t i = 0; i < w->n; i++) {
        double *out = w->out + i * w->t->trees->n_inputs;
        if (leaf->d > VOUCH__LEAF_DENSE) {
            explain_many(w, leaf, failed[i], out);
            continue;
        }
        for (uint32_t k = 0; k < leaf->d; k++)
            out[input[k]] += vouch__shap_value(value, all & ~failed[i], k);
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

static void walk_node(walk *w, size_t at, const uint64_t failed[BATCH])
{
    const vouch__node *node = &w->node[at];
    uint64_t next[BATCH] = { 0 };
    uint8_t left[BATCH];
    size_t n = w->n;
    if (node->left < 0) {
        const vouch__leaf *leaf = &w->t->leaf[w->t->leaf_of[w->root + at]];
        if (w->is_counting)
            count_at_leaf(w, leaf, failed);
        else
            explain_at_leaf(w, leaf, failed);
        return;
    }
    unsigned slot = w->t->slot[w->root + at];
    go(w, node, left);
    for (size_t i = 0; i < n; i++)
        next[i] = failed[i] | (uint64_t)(left[i] ^ 1) << slot;
    walk_node(w, (size_t)node->left, next);
    for (size_t i = 0; i < n; i++)
        next[i] = failed[i] | (uint64_t)left[i] << slot;
    walk_node(w, (size_t)node->right, next);
}

/* All n rows through one tree, in batches: counting them, or adding to out. false: out of memory. */
static bool walk_tree(const vouch__tree_tables *t, size_t tree, size_t n, const double *x, double *out)
{
    static const uint64_t none[BATCH] = { 0 };
    size_t cols = t->trees->n_inputs, root = t->trees->root[tree];
    walk w = { .t = t, .node = t->trees->node + root, .root = root, .is_counting = !out };
    for (size_t i = 0; i < n && !w.is_full; i += BATCH) {
        w.x = x + i * cols;
        w.n = n - i < BATCH ? n - i : BATCH;
        w.out = out ? out + i * cols : NULL;
        walk_node(&w, 0, none);
    }
    return !w.is_full;
}

typedef struct counting {
    vouch__tree_tables *t;
    size_t n;
    const double *x;
} counting;

static vouch_status count_trees(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    counting *c = arg;
    (void)chunk;
    for (size_t tree = begin; tree < end; tree++)
        if (!walk_tree(c->t, tree, c->n, c->x, NULL))
            return vouch__oom(worker);
    return VOUCH_OK;
}

vouch_status vouch__tree_tables_count(vouch_ctx *ctx, vouch__tree_tables *tables, size_t n, const double *x)
{
    counting c = { .t = tables, .n = n, .x = x };
    vouch_status status = vouch__parallel(ctx, tables->trees->n_trees, 4, count_trees, &c);
    size_t seen = 0;
    for (size_t k = 0; k < tables->n_seen; k++)
        seen += tables->seen[k].n;
    if (!status && seen > VOUCH__PATTERNS_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "explainer: the background has over %d patterns",
                           VOUCH__PATTERNS_MAX);
    return status;
}

static int by_pattern(const void *a, const void *b)
{
    const vouch__pattern *x = a, *y = b;
    return (x->met > y->met) - (x->met < y->met);
}

static vouch_status sort_seen(vouch_ctx *ctx, const vouch_alloc *alloc, vouch__seen *seen)
{
    size_t n = 0;
    vouch__free(alloc, seen->sorted);
    seen->sorted = vouch__resize(alloc, NULL, seen->n + 1, sizeof *seen->sorted);
    if (!seen->sorted)
        return vouch__oom(ctx);
    for (size_t k = 0; k < seen->room; k++)
        if (seen->table[k].rows)
            seen->sorted[n++] = seen->table[k];
    qsort(seen->sorted, n, sizeof *seen->sorted, by_pattern);
    return VOUCH_OK;
}

bool vouch__leaf_next(const vouch__tree_tables *tables, const vouch__leaf *leaf, size_t *at,
                      uint64_t *out_pattern, uint32_t *out_rows)
{
    if (leaf->d > VOUCH__LEAF_DENSE) {
        const vouch__seen *seen = &tables->seen[leaf->at];
        if (*at == seen->n)
            return false;
        *out_pattern = seen->sorted[*at].met;
        *out_rows = seen->sorted[(*at)++].rows;
        return true;
    }
    while (*at < (size_t)1 << leaf->d && !tables->count[leaf->at + *at])
        ++*at;
    if (*at == (size_t)1 << leaf->d)
        return false;
    *out_pattern = *at;
    *out_rows = tables->count[leaf->at + (*at)++];
    return true;
}

/* Rows that meet all of U, for every set U of a leaf's inputs. */
static void rows_of(const vouch__tree_tables *t, const vouch__leaf *leaf, double *out)
{
    size_t size = (size_t)1 << leaf->d;
    for (size_t u = 0; u < size; u++)
        out[u] = t->count[leaf->at + u];
    for (size_t bit = 1; bit < size; bit <<= 1)
        for (size_t u = 0; u < size; u++)
            if (!(u & bit))
                out[u] += out[u | bit]; /* counts: exact */
}

static void shares(const void *self, size_t node, unsigned d, double *out)
{
    const vouch__tree_tables *t = self;
    rows_of(t, &t->leaf[t->leaf_of[node]], out);
    for (size_t u = 0; u < (size_t)1 << d; u++)
        out[u] /= t->m;
}

typedef struct summing {
    const vouch__tree_tables *t;
} summing;

static vouch_status sum_trees(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const vouch__tree_tables *t = ((const summing *)arg)->t;
    size_t mark = vouch__scratch_mark(worker);
    double *q = vouch__scratch(worker, (size_t)1 << VOUCH__LEAF_DENSE, sizeof *q);
    (void)chunk;
    if (!q)
        return vouch__oom(worker);
    for (size_t tree = begin; tree < end; tree++)
        for (size_t l = t->first[tree]; !vouch__shap_is_quick(t->shap, tree) && l < t->first[tree + 1]; l++) {
            const vouch__leaf *leaf = &t->leaf[l];
            if (leaf->d > VOUCH__LEAF_DENSE)
                continue;
            rows_of(t, leaf, q);
            vouch__shap_subsets(leaf->d, t->trees->node[leaf->node].value / t->m, q, t->value + leaf->values);
        }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

static double met_by_all(const vouch__tree_tables *t, const vouch__leaf *leaf)
{
    uint64_t all = all_of(leaf);
    if (leaf->d <= VOUCH__LEAF_DENSE)
        return t->count[leaf->at + all];
    const vouch__seen *seen = &t->seen[leaf->at]; /* the largest pattern there can be */
    return seen->n && seen->sorted[seen->n - 1].met == all ? seen->sorted[seen->n - 1].rows : 0.0;
}

/* Room for the values of trees that are not quick. */
static vouch_status take_values(vouch_ctx *ctx, vouch__tree_tables *t)
{
    vouch__free(&t->alloc, t->value);
    t->value = NULL;
    t->n_values = 0;
    for (size_t tree = 0; tree < t->trees->n_trees; tree++)
        for (size_t l = t->first[tree]; !vouch__shap_is_quick(t->shap, tree) && l < t->first[tree + 1]; l++) {
            t->leaf[l].values = t->n_values;
            t->n_values += t->leaf[l].d <= VOUCH__LEAF_DENSE ? (size_t)2 << t->leaf[l].d : 0;
        }
    t->value = vouch__alloc(ctx, t->n_values + 1, sizeof *t->value);
    return t->value ? VOUCH_OK : vouch__oom(ctx);
}

static vouch_status take_weights(vouch_ctx *ctx, vouch__tree_tables *t)
{
    if (t->weight)
        return VOUCH_OK;
    t->weight = vouch__alloc(ctx, VOUCH__LEAF_INPUTS + 1, sizeof *t->weight);
    if (!t->weight)
        return vouch__oom(ctx);
    for (size_t p = 0; p <= VOUCH__LEAF_INPUTS; p++) {
        t->weight[p][0] = 1.0 / (double)(p + 1);
        for (size_t n = 1; n <= VOUCH__LEAF_INPUTS; n++)
            t->weight[p][n] = t->weight[p][n - 1] * (double)n / (double)(p + n + 1);
    }
    return VOUCH_OK;
}

vouch_status vouch__tree_tables_sum(vouch_ctx *ctx, vouch__tree_tables *t, uint64_t m)
{
    summing s = { t };
    vouch__shap_population population = { shares, t };
    vouch_status status = take_weights(ctx, t);
    t->m = (double)m;
    vouch__shap_free(&t->alloc, t->shap);
    t->shap = NULL;
    for (size_t k = 0; k < t->n_seen && !status; k++)
        status = sort_seen(ctx, &t->alloc, &t->seen[k]);
    if (!status)
        status = vouch__shap_new(ctx, t->trees, &population, &t->shap);
    if (!status)
        status = take_values(ctx, t);
    if (!status)
        status = vouch__parallel(ctx, t->trees->n_trees, 4, sum_trees, &s);
    if (status)
        return status;
    t->base = t->trees->base;
    for (size_t l = 0; l < t->n_leaves; l++)
        t->base += t->trees->node[t->leaf[l].node].value * (met_by_all(t, &t->leaf[l]) / t->m);
    return VOUCH_OK;
}

static void add_others(const vouch__tree_tables *t, size_t n, const double *x, double *out)
{
    for (size_t tree = 0; tree < t->trees->n_trees; tree++) /* outside: a tree's tables stay in cache */
        if (!vouch__shap_is_quick(t->shap, tree))
            (void)walk_tree(t, tree, n, x, out); /* takes memory only when it counts */
}

void vouch__tree_tables_block(const vouch__tree_tables *tables, size_t n, const double *x, double *out)
{
    size_t cols = tables->trees->n_inputs;
    for (size_t i = 0; i < n; i++)
        vouch__shap_row(tables->shap, x + i * cols, out + i * cols);
    add_others(tables, n, x, out);
}

vouch_status vouch__tree_tables_rows(vouch_ctx *worker, const vouch__tree_tables *tables, size_t n,
                                     const double *x, double *out)
{
    vouch_status status = vouch__shap_rows(worker, tables->shap, n, x, out);
    if (!status)
        add_others(tables, n, x, out);
    return status;
}
