/* One tree: leaves are split in order of depth or of gain until there are as many as allowed.
 *
 * Of two new leaves the histogram of the smaller is built from its rows and the other's is the parent's less
 * that; each leaf that may still be split keeps its histogram. Numbers of rows are not in a histogram: a
 * split is found without them, and only when its turn comes are rows counted. Should a child have too few,
 * the leaf is searched again with counts. A gain found without counts is never below the one found with them,
 * so the order in which leaves are taken is the same as if all had been counted.
 *
 * A tree that grows by depth splits all leaves of a depth together, one that grows by gain one at a time. */
#include "models/gbdt/gbdt_grow.h"
#include "base/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct vouch__gbdt_grower grower;

vouch_status vouch__gbdt_grower_new(vouch_ctx *ctx, const vouch__gbdt_params *params,
                                    const vouch__gbdt_bins *bins, const vouch__gbdt_rows *rows,
                                    grower **out_grower)
{
    size_t leaves = params->leaves, nodes = 2 * leaves - 1;
    grower *g = vouch__scratch(ctx, 1, sizeof *g);
    if (!g)
        return vouch__oom(ctx);
    *g = (grower){ .p = params, .bins = bins, .rows = rows };
    for (int k = 0; k < 2; k++) {
        g->record[k] = vouch__scratch(ctx, rows->n + VOUCH__GBDT_PAD, sizeof *g->record[k]);
        if (!g->record[k])
            return vouch__oom(ctx);
        memset(g->record[k], 0, (rows->n + VOUCH__GBDT_PAD) * sizeof *g->record[k]);
    }
    g->free_slot = vouch__scratch(ctx, leaves + 1, sizeof *g->free_slot);
    g->leaf = vouch__scratch(ctx, leaves, sizeof *g->leaf);
    g->batch = vouch__scratch(ctx, leaves, sizeof *g->batch);
    g->near = vouch__scratch(ctx, leaves, sizeof *g->near);
    g->tree.node = vouch__scratch(ctx, nodes, sizeof *g->tree.node);
    g->tree.split = vouch__scratch(ctx, nodes, sizeof *g->tree.split);
    g->tree.set = vouch__scratch(ctx, nodes, sizeof *g->tree.set);
    g->tree.leaf_node = vouch__scratch(ctx, leaves, sizeof *g->tree.leaf_node);
    if (!g->free_slot || !g->leaf || !g->batch || !g->near || !g->tree.node || !g->tree.split ||
        !g->tree.set || !g->tree.leaf_node)
        return vouch__oom(ctx);
    *out_grower = g;
    return vouch__step_memory(ctx, g);
}

vouch__record *vouch__gbdt_records(grower *g) { return g->record[0]; }

static vouch__gbdt_node node_of(const grower *g, const vouch__leaf *l)
{
    vouch__gbdt_node node = g->unit;
    node.sum = l->sum;
    node.n = l->n;
    node.lo = l->lo;
    node.hi = l->hi;
    node.category_mass = 10.0 * vouch__sum_h(l->sum) / (double)l->n;
    node.parent = vouch__gbdt_score(&node, l->sum, node.l2);
    node.parent += fabs(node.parent) * 1e-12; /* less than rounding is no gain */
    return node;
}

static bool may_split(const grower *g, const vouch__leaf *l)
{
    return l->depth < g->p->depth && l->n >= 2 * g->p->min_rows &&
           vouch__sum_h(l->sum) >= 2.0 * g->unit.least_h;
}

static void release(grower *g, size_t slot) { g->free_slot[g->n_free++] = slot; }

/* The set of bins that go left, one form for numbers and categories; bin 0 is missing. */
static void set_make(const grower *g, const vouch__gbdt_split *split, uint32_t set[VOUCH__GBDT_WORDS])
{
    if (g->bins->input[split->input].is_category) {
        memcpy(set, split->set, sizeof split->set);
        return;
    }
    memset(set, 0, VOUCH__GBDT_WORDS * sizeof *set);
    for (uint32_t b = 1; b <= split->bin; b++)
        set[b / 32] |= 1u << (b % 32);
    set[0] |= split->default_left;
}

/* Search again, now with the number of rows of each bin. */
static vouch_status recount(vouch_ctx *ctx, grower *g, vouch__leaf *l)
{
    size_t mark = vouch__scratch_mark(ctx), words = g->n_use * VOUCH__GBDT_HIST;
    uint32_t *count = vouch__scratch(ctx, words, sizeof *count);
    if (!count)
        return vouch__oom(ctx);
    memset(count, 0, words * sizeof *count);
    vouch__gbdt_count(g->rows, vouch__leaf_records(g, l), l->n, g->use, g->n_use, count);
    l->is_counted = true;
    l->has_sides = false;
    g->n_pairs = 1;
    g->pair[0] = (vouch__pair){ .small = l };
    g->pair[0].node[0] = node_of(g, l);
    vouch_status status = vouch__step_search(ctx, g, count);
    if (!status && !l->can_split)
        release(g, l->slot);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The next leaves to split. */

static int by_gain(const void *a, const void *b)
{
    const vouch__leaf *x = *(vouch__leaf *const *)a, *y = *(vouch__leaf *const *)b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    return (x > y) - (x < y); /* the oldest place */
}

/* The shallowest leaves where the tree grows by depth, largest gain first, as many as there is room for; else
 * the one that gains most. */
static void choose(grower *g)
{
    size_t room = g->p->is_leaf_wise ? 1 : g->p->leaves - g->n_leaves, depth = SIZE_MAX;
    for (size_t k = 0; k < g->n_leaves; k++)
        if (g->leaf[k].can_split && g->leaf[k].depth < depth)
            depth = g->leaf[k].depth;
    g->n_batch = 0;
    for (size_t k = 0; k < g->n_leaves && g->n_leaves < g->p->leaves; k++) {
        vouch__leaf *l = &g->leaf[k];
        if (l->can_split && (g->p->is_leaf_wise || l->depth == depth))
            g->batch[g->n_batch++] = l;
    }
    qsort(g->batch, g->n_batch, sizeof g->batch[0], by_gain);
    g->n_batch = g->n_batch < room ? g->n_batch : room;
}

static bool is_short(const grower *g, const vouch__leaf *l)
{
    return !l->is_counted && (l->n_left < g->p->min_rows || l->n - l->n_left < g->p->min_rows);
}

/* Choose, divide and count until every chosen leaf's children have rows enough. */
static vouch_status batch_make(vouch_ctx *ctx, grower *g)
{
    vouch_status status = VOUCH_OK;
    g->side_used = 0;
    for (size_t k = 0; k < g->n_leaves; k++) {
        g->leaf[k].side_at = SIZE_MAX;
        g->leaf[k].has_sides = false;
    }
    for (bool is_settled = false; !status && !is_settled;) {
        is_settled = true;
        choose(g);
        for (size_t k = 0; k < g->n_batch; k++)
            set_make(g, &g->batch[k]->best, g->tree.set[g->batch[k]->node]);
        status = vouch__step_sides(ctx, g);
        for (size_t k = 0; !status && k < g->n_batch; k++) {
            if (!is_short(g, g->batch[k]))
                continue;
            is_settled = false;
            status = recount(ctx, g, g->batch[k]);
        }
    }
    return status;
}

/* Splitting. */

static void child_limits(const grower *g, const vouch__leaf *parent, vouch__leaf *left, vouch__leaf *right)
{
    const vouch__gbdt_split *split = &parent->best;
    const vouch__gbdt_input *input = &g->bins->input[split->input];
    bool is_apart = !input->is_category && split->bin < input->n_bins - 1; /* not values against missing */
    if (input->monotone && is_apart) {
        vouch__gbdt_node node = node_of(g, parent);
        double middle = 0.5 * (vouch__gbdt_output(&node, left->sum) + vouch__gbdt_output(&node, right->sum));
        *(input->monotone > 0 ? &left->hi : &left->lo) = middle;
        *(input->monotone > 0 ? &right->lo : &right->hi) = middle;
    }
    left->groups = right->groups = parent->groups & input->groups;
    left->alone = right->alone = input->groups ? UINT32_MAX : split->input;
}

static void children_make(grower *g, const vouch__leaf *parent, vouch__leaf *left, vouch__leaf *right)
{
    const vouch__gbdt_split *split = &parent->best;
    *left = *right = (vouch__leaf){
        .depth = parent->depth + 1, .buffer = !parent->buffer, .lo = parent->lo, .hi = parent->hi
    };
    left->begin = parent->begin;
    left->n = parent->n_left;
    left->sum = split->left;
    right->begin = parent->begin + left->n;
    right->n = parent->n - left->n;
    right->sum = parent->sum - split->left;
    child_limits(g, parent, left, right);
    left->node = g->tree.n_nodes;
    right->node = left->node + 1;
    g->tree.n_nodes += 2;
    left->can_split = may_split(g, left);
    right->can_split = may_split(g, right);
}

static void node_split(grower *g, const vouch__leaf *parent, const vouch__leaf *left)
{
    const vouch__gbdt_split *split = &parent->best;
    const vouch__gbdt_input *input = &g->bins->input[split->input];
    size_t values = input->n_bins - 1;
    g->tree.split[parent->node] = *split;
    g->tree.node[parent->node] = (vouch__node){ .left = (int32_t)left->node,
                                                .right = (int32_t)left->node + 1,
                                                .input = split->input,
                                                .is_category = input->is_category,
                                                .default_left = split->default_left,
                                                .threshold = input->is_category ? 0.0
                                                             : split->bin < values
                                                                 ? input->cut[split->bin - 1]
                                                                 : INFINITY };
}

/* Children take their histograms; the parent's slot goes to the larger. */
static void pair_make(grower *g, size_t slot, vouch__leaf *left, vouch__leaf *right)
{
    vouch__leaf *small = left->n <= right->n ? left : right, *large = small == left ? right : left;
    if (!left->can_split && !right->can_split) {
        release(g, slot);
        return;
    }
    large->slot = slot;
    small->slot = g->free_slot[--g->n_free];
    g->pair[g->n_pairs++] = (vouch__pair){ .small = small,
                                           .large = large,
                                           .node = { node_of(g, small), node_of(g, large) } };
}

/* Neighbouring rows are neighbouring work, and stay with one thread. */
static int by_place(const void *a, const void *b)
{
    const vouch__pair *x = a, *y = b;
    return (x->small->begin > y->small->begin) - (x->small->begin < y->small->begin);
}

static vouch_status batch_split(vouch_ctx *ctx, grower *g)
{
    bool is_last = g->n_leaves + g->n_batch == g->p->leaves;
    vouch_status status = vouch__step_move(ctx, g);
    if (status)
        return status;
    g->n_pairs = 0;
    for (size_t k = 0; k < g->n_batch; k++) {
        vouch__leaf left, right, *l = g->batch[k], *added = &g->leaf[g->n_leaves++];
        size_t slot = l->slot;
        children_make(g, l, &left, &right);
        node_split(g, l, &left);
        *l = left; /* the leaf's place is its left child's */
        *added = right;
        l->can_split = l->can_split && !is_last;
        added->can_split = added->can_split && !is_last;
        pair_make(g, slot, l, added);
    }
    qsort(g->pair, g->n_pairs, sizeof g->pair[0], by_place);
    status = vouch__step_search(ctx, g, NULL);
    for (size_t k = 0; !status && k < g->n_pairs; k++) {
        if (!g->pair[k].small->can_split)
            release(g, g->pair[k].small->slot);
        if (!g->pair[k].large->can_split)
            release(g, g->pair[k].large->slot);
    }
    return status;
}

/* Ending. */

/* The first of n records whose row is not below row. */
static size_t first_from(const vouch__record *record, size_t n, size_t row)
{
    size_t from = 0;
    while (n > 0) {
        size_t half = n / 2;
        bool is_below = (uint32_t)record[from + half] < row;
        from = is_below ? from + half + 1 : from;
        n = is_below ? n - half - 1 : half;
    }
    return from;
}

void vouch__gbdt_apply(const grower *g, size_t begin, size_t end, const double *leaf_value,
                       const double *weight, double *score, double *cover)
{
    uint64_t seen[VOUCH__GBDT_TILE / 64] = { 0 };
    bool is_whole = g->n == g->rows->n;
    for (size_t k = 0; k < g->n_leaves; k++) {
        const vouch__leaf *l = &g->leaf[k];
        const vouch__record *record = vouch__leaf_records(g, l);
        size_t from = first_from(record, l->n, begin), n = l->n - from;
        size_t to = from + first_from(record + from, n < end - begin ? n : end - begin, end);
        cover[k] = weight ? 0.0 : (double)(to - from);
        for (size_t i = from; i < to; i++) {
            size_t row = (uint32_t)record[i];
            score[row] += leaf_value[k];
            if (weight)
                cover[k] += weight[row];
            if (!is_whole)
                seen[(row - begin) / 64] |= (uint64_t)1 << (row - begin) % 64;
        }
    }
    for (size_t row = begin; !is_whole && row < end; row++) {
        if (seen[(row - begin) / 64] >> (row - begin) % 64 & 1)
            continue;
        size_t k = vouch__gbdt_walk(&g->tree, g->rows, row);
        score[row] += leaf_value[k];
        cover[k] += weight ? weight[row] : 1.0;
    }
}

size_t vouch__gbdt_walk(const vouch__gbdt_tree *tree, const vouch__gbdt_rows *rows, size_t i)
{
    size_t at = 0;
    while (tree->node[at].left >= 0) {
        size_t bin = rows->column[tree->node[at].input * rows->n + i];
        bool is_left = tree->set[at][bin / 32] >> (bin % 32) & 1;
        at = (size_t)(is_left ? tree->node[at].left : tree->node[at].right);
    }
    return tree->node[at].bits_at; /* a leaf keeps its number there while it grows */
}

const vouch__record *vouch__gbdt_leaf(const grower *g, size_t k, size_t *out_n)
{
    *out_n = g->leaf[k].n;
    return vouch__leaf_records(g, &g->leaf[k]);
}

static void leaves_end(grower *g)
{
    for (size_t k = 0; k < g->n_leaves; k++) {
        const vouch__leaf *l = &g->leaf[k];
        vouch__gbdt_node node = node_of(g, l);
        g->tree.node[l->node] = (vouch__node){
            .left = -1, .right = -1, .bits_at = (uint32_t)k, .value = vouch__gbdt_output(&node, l->sum)
        };
        g->tree.leaf_node[k] = (uint32_t)l->node;
    }
    g->tree.n_leaves = g->n_leaves;
}

vouch_status vouch__gbdt_grow(vouch_ctx *ctx, grower *g, size_t n, const uint32_t *use, size_t n_use,
                              const vouch__gbdt_scale *scale, double weight_unit, vouch__gbdt_tree **out_tree)
{
    double per_weight = scale->h / weight_unit; /* units of one unit of true curvature */
    vouch_status status = VOUCH_OK;
    g->use = use;
    g->n_use = n_use;
    g->n = n;
    g->unit = (vouch__gbdt_node){ .l2 = g->p->l2 * per_weight, .min_rows = g->p->min_rows };
    g->unit.category_l2 = 10.0 * per_weight;
    g->unit.least_h = fmax(1.0, fmax(g->p->min_weight * per_weight, scale->least_h * (double)g->p->min_rows));
    g->n_free = 0;
    for (size_t slot = g->p->leaves + 1; slot-- > 1;)
        release(g, slot);
    g->n_leaves = 1;
    g->tree.n_nodes = 1;
    g->leaf[0] = (vouch__leaf){ .n = n, .sum = scale->sum, .lo = -INFINITY, .hi = INFINITY };
    g->leaf[0].groups = UINT64_MAX;
    g->leaf[0].can_split = g->p->leaves > 1 && may_split(g, &g->leaf[0]);
    g->n_batch = 0;
    if (g->leaf[0].can_split) {
        g->n_pairs = 1;
        g->pair[0] = (vouch__pair){ .small = &g->leaf[0] };
        g->pair[0].node[0] = node_of(g, &g->leaf[0]);
        status = vouch__step_search(ctx, g, NULL);
    }
    if (!status)
        status = batch_make(ctx, g);
    while (!status && g->n_batch) {
        status = batch_split(ctx, g);
        if (!status)
            status = batch_make(ctx, g);
    }
    if (status)
        return status;
    leaves_end(g);
    *out_tree = &g->tree;
    return status;
}
