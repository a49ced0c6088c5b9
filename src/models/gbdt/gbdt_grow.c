/* One tree: leaves are split in order of depth or of gain until there are as many as allowed.
 *
 * Of two new leaves the histogram of the smaller is built from its rows and the other's is the parent's less
 * that; each leaf that may still be split keeps its histogram. Numbers of rows are not in a histogram: a
 * split is found without them, and only when its turn comes are rows counted. Should a child have too few,
 * the leaf is searched again with counts. A gain found without counts is never below the one found with them,
 * so the order in which leaves are taken is the same as if all had been counted. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"

#include <math.h>
#include <string.h>

enum { RMW_A_TASK = 1 << 17, FIND_ALONE = 2048 };

typedef struct leaf {
    size_t begin, n, slot, depth, node;
    unsigned buffer;
    int64_t sum;
    double lo, hi;
    bool can_split, is_counted;
    double gain;
    vouch__gbdt_split best;
} leaf;

struct vouch__gbdt_grower {
    const vouch__gbdt_params *p;
    const vouch__gbdt_bins *bins;
    const vouch__gbdt_rows *rows;
    vouch__record *record[2];
    uint8_t *side;
    size_t *chunk_left;
    int64_t *slots, *private;
    uint32_t *count;
    size_t *free_slot, n_free;
    leaf *leaf;
    size_t n_leaves;
    vouch__gbdt_split *found[2]; /* [inputs] of the leaves being searched; input UINT32_MAX: none */
    vouch__gbdt_tree tree;
    /* of the present tree */
    const uint32_t *use;
    size_t n_use;
    vouch__gbdt_node unit; /* l2, least_h, category_l2, min_rows */
};

vouch_status vouch__gbdt_grower_new(vouch_ctx *ctx, const vouch__gbdt_params *params,
                                    const vouch__gbdt_bins *bins, const vouch__gbdt_rows *rows,
                                    vouch__gbdt_grower **out_grower)
{
    size_t leaves = params->leaves, nodes = 2 * leaves - 1, privates = VOUCH__GBDT_PRIVATE - 1;
    vouch__gbdt_grower *g = vouch__scratch(ctx, 1, sizeof *g);
    if (!g)
        return vouch__oom(ctx);
    *g = (vouch__gbdt_grower){ .p = params, .bins = bins, .rows = rows };
    if (vouch__threads(ctx) == 1)
        privates = 0;
    for (int k = 0; k < 2; k++) {
        g->record[k] = vouch__scratch(ctx, rows->n + VOUCH__GBDT_PAD, sizeof *g->record[k]);
        g->found[k] = vouch__scratch(ctx, bins->n, sizeof *g->found[k]);
        if (!g->record[k] || !g->found[k])
            return vouch__oom(ctx);
        memset(g->record[k], 0, (rows->n + VOUCH__GBDT_PAD) * sizeof *g->record[k]);
    }
    g->side = vouch__scratch(ctx, rows->n, 1);
    g->chunk_left = vouch__scratch(ctx, vouch__gbdt_move_chunks(rows->n), sizeof *g->chunk_left);
    g->slots = vouch__scratch(ctx, bins->hist * (leaves + 1), sizeof *g->slots);
    g->private = vouch__scratch(ctx, bins->hist * privates, sizeof *g->private);
    g->count = vouch__scratch(ctx, bins->hist, sizeof *g->count);
    g->free_slot = vouch__scratch(ctx, leaves + 1, sizeof *g->free_slot);
    g->leaf = vouch__scratch(ctx, leaves, sizeof *g->leaf);
    g->tree.node = vouch__scratch(ctx, nodes, sizeof *g->tree.node);
    g->tree.split = vouch__scratch(ctx, nodes, sizeof *g->tree.split);
    g->tree.set = vouch__scratch(ctx, nodes, sizeof *g->tree.set);
    g->tree.leaf_node = vouch__scratch(ctx, leaves, sizeof *g->tree.leaf_node);
    g->tree.leaf_of = vouch__scratch(ctx, rows->n, sizeof *g->tree.leaf_of);
    if (!g->side || !g->chunk_left || !g->slots || !g->private || !g->count || !g->free_slot || !g->leaf ||
        !g->tree.node || !g->tree.split || !g->tree.set || !g->tree.leaf_node || !g->tree.leaf_of)
        return vouch__oom(ctx);
    *out_grower = g;
    return VOUCH_OK;
}

vouch__record *vouch__gbdt_records(vouch__gbdt_grower *grower) { return grower->record[0]; }

static int64_t *slot_of(const vouch__gbdt_grower *g, size_t slot) { return g->slots + slot * g->bins->hist; }

static const vouch__record *records_of(const vouch__gbdt_grower *g, const leaf *l)
{
    return g->record[l->buffer] + l->begin;
}

/* Histograms. */

typedef struct add_job {
    const vouch__gbdt_grower *g;
    const leaf *l;
} add_job;

/* The first task builds in the leaf's own slot, each other in a histogram of its own. */
static vouch_status add_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const add_job *job = arg;
    const vouch__gbdt_grower *g = job->g;
    size_t len = g->bins->hist;
    int64_t *hist = chunk == 0 ? slot_of(g, job->l->slot) : g->private + (chunk - 1) * len;
    (void)worker;
    memset(hist, 0, len * sizeof *hist);
    vouch__gbdt_add(g->bins, g->rows, records_of(g, job->l) + begin, end - begin, hist);
    return VOUCH_OK;
}

static vouch_status build(vouch_ctx *ctx, const vouch__gbdt_grower *g, const leaf *l, size_t *out_tasks)
{
    add_job job = { g, l };
    size_t tasks = 1;
    if (vouch__threads(ctx) > 1) {
        tasks = l->n * g->bins->n / RMW_A_TASK;
        tasks = tasks < 1 ? 1 : tasks > VOUCH__GBDT_PRIVATE ? VOUCH__GBDT_PRIVATE : tasks;
    }
    size_t grain = vouch__chunks(l->n, tasks);
    *out_tasks = vouch__chunks(l->n, grain);
    return vouch__parallel(ctx, l->n, grain, add_chunk, &job);
}

/* Searching. */

typedef struct find_job {
    const vouch__gbdt_grower *g;
    const leaf *small,
        *large; /* small: its histogram is in `tasks` parts; large: it has the parent's, or NULL */
    size_t tasks;
    const uint32_t *count; /* of small, or NULL */
    vouch__gbdt_node node[2];
} find_job;

static vouch__gbdt_node node_of(const vouch__gbdt_grower *g, const leaf *l)
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

static void find_one(const vouch__gbdt_input *input, const vouch__gbdt_node *node, uint32_t j,
                     const int64_t *hist, const uint32_t *count, vouch__gbdt_split *out)
{
    bool is_found = input->is_category ? vouch__gbdt_find_category(input, node, hist, count, out)
                                       : vouch__gbdt_find_number(input, node, hist, count, out);
    out->input = is_found ? j : UINT32_MAX;
}

static vouch_status find_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const find_job *job = arg;
    const vouch__gbdt_grower *g = job->g;
    (void)worker, (void)chunk;
    for (size_t k = begin; k < end; k++) {
        uint32_t j = g->use[k];
        const vouch__gbdt_input *input = &g->bins->input[j];
        int64_t *small = slot_of(g, job->small->slot) + input->offset;
        for (size_t t = 1; t < job->tasks; t++) {
            const int64_t *part = g->private + (t - 1) * g->bins->hist + input->offset;
            for (size_t b = 0; b < input->n_bins; b++)
                small[b] += part[b];
        }
        if (job->small->can_split)
            find_one(input, &job->node[0], j, small, job->count ? job->count + input->offset : NULL,
                     &g->found[0][k]);
        if (!job->large)
            continue;
        int64_t *large = slot_of(g, job->large->slot) + input->offset;
        for (size_t b = 0; b < input->n_bins; b++)
            large[b] -= small[b];
        if (job->large->can_split)
            find_one(input, &job->node[1], j, large, NULL, &g->found[1][k]);
    }
    return VOUCH_OK;
}

/* The best over inputs; of equals the first input. */
static void take(const vouch__gbdt_grower *g, const vouch__gbdt_split *found, double parent, leaf *l)
{
    const vouch__gbdt_split *best = NULL;
    for (size_t k = 0; k < g->n_use; k++)
        if (found[k].input != UINT32_MAX && (!best || found[k].score > best->score))
            best = &found[k];
    l->can_split = best != NULL;
    if (best) {
        l->best = *best;
        l->gain = best->score - parent;
    }
}

static vouch_status search(vouch_ctx *ctx, vouch__gbdt_grower *g, leaf *small, leaf *large, size_t tasks,
                           const uint32_t *count)
{
    find_job job = { .g = g, .small = small, .large = large, .tasks = tasks, .count = count };
    size_t grain = g->n_use;
    job.node[0] = node_of(g, small);
    if (large)
        job.node[1] = node_of(g, large);
    if (g->bins->hist >= FIND_ALONE)
        grain = vouch__chunks(g->n_use, 8);
    vouch_status status = vouch__parallel(ctx, g->n_use, grain, find_chunk, &job);
    if (status)
        return status;
    if (small->can_split)
        take(g, g->found[0], job.node[0].parent, small);
    if (large && large->can_split)
        take(g, g->found[1], job.node[1].parent, large);
    return VOUCH_OK;
}

/* Splitting. */

static bool may_split(const vouch__gbdt_grower *g, const leaf *l)
{
    return l->depth < g->p->depth && l->n >= 2 * g->p->min_rows &&
           vouch__sum_h(l->sum) >= 2.0 * g->unit.least_h;
}

static void release(vouch__gbdt_grower *g, size_t slot) { g->free_slot[g->n_free++] = slot; }

/* The set of bins that go left, one form for numbers and categories; bin 0 is missing. */
static void set_make(const vouch__gbdt_grower *g, const vouch__gbdt_split *split,
                     uint32_t set[VOUCH__GBDT_WORDS])
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

static void children_make(vouch__gbdt_grower *g, const leaf *parent, size_t n_left, leaf *left, leaf *right)
{
    const vouch__gbdt_split *split = &parent->best;
    int monotone = g->bins->input[split->input].monotone;
    bool is_apart = !g->bins->input[split->input].is_category &&
                    split->bin < g->bins->input[split->input].n_bins - 1; /* not values against missing */
    leaf base = { .depth = parent->depth + 1, .buffer = !parent->buffer, .lo = parent->lo, .hi = parent->hi };
    *left = *right = base;
    left->begin = parent->begin;
    left->n = n_left;
    left->sum = split->left;
    right->begin = parent->begin + n_left;
    right->n = parent->n - n_left;
    right->sum = parent->sum - split->left;
    if (monotone && is_apart) {
        vouch__gbdt_node node = node_of(g, parent);
        double middle = 0.5 * (vouch__gbdt_output(&node, left->sum) + vouch__gbdt_output(&node, right->sum));
        *(monotone > 0 ? &left->hi : &left->lo) = middle;
        *(monotone > 0 ? &right->lo : &right->hi) = middle;
    }
    left->node = g->tree.n_nodes;
    right->node = left->node + 1;
    g->tree.n_nodes += 2;
    left->can_split = may_split(g, left);
    right->can_split = may_split(g, right);
}

static void node_split(vouch__gbdt_grower *g, const leaf *parent, const leaf *left)
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

/* Search a leaf again, now with the number of rows of each bin. */
static vouch_status recount(vouch_ctx *ctx, vouch__gbdt_grower *g, leaf *l)
{
    memset(g->count, 0, g->bins->hist * sizeof *g->count);
    vouch__gbdt_count(g->bins, g->rows, records_of(g, l), l->n, g->count);
    l->is_counted = true;
    vouch_status status = search(ctx, g, l, NULL, 1, g->count);
    if (!status && !l->can_split)
        release(g, l->slot);
    return status;
}

/* Give the children histograms and best splits; the parent's slot goes to the larger. */
static vouch_status children_search(vouch_ctx *ctx, vouch__gbdt_grower *g, size_t slot, leaf *left,
                                    leaf *right)
{
    leaf *small = left->n <= right->n ? left : right, *large = small == left ? right : left;
    bool is_full = g->n_leaves == g->p->leaves;
    size_t tasks;
    left->can_split = left->can_split && !is_full;
    right->can_split = right->can_split && !is_full;
    large->slot = slot;
    if (!left->can_split && !right->can_split) {
        release(g, slot);
        return VOUCH_OK;
    }
    small->slot = g->free_slot[--g->n_free];
    vouch_status status = build(ctx, g, small, &tasks);
    if (!status)
        status = search(ctx, g, small, large, tasks, NULL);
    if (!status && !small->can_split)
        release(g, small->slot);
    if (!status && !large->can_split)
        release(g, large->slot);
    return status;
}

static vouch_status split_leaf(vouch_ctx *ctx, vouch__gbdt_grower *g, leaf *l)
{
    uint8_t goes_left[VOUCH__GBDT_BINS];
    uint32_t *set = g->tree.set[l->node];
    size_t n_left = 0;
    leaf left, right;
    set_make(g, &l->best, set);
    for (size_t b = 0; b < VOUCH__GBDT_BINS; b++)
        goes_left[b] = (uint8_t)(set[b / 32] >> (b % 32) & 1);
    vouch_status status = vouch__gbdt_sides(ctx, g->rows->column + l->best.input * g->rows->n, goes_left,
                                            records_of(g, l), l->n, g->side, g->chunk_left, &n_left);
    if (status)
        return status;
    if (!l->is_counted && (n_left < g->p->min_rows || l->n - n_left < g->p->min_rows))
        return recount(ctx, g, l);
    status = vouch__gbdt_move(ctx, records_of(g, l), l->n, g->side, g->chunk_left, n_left,
                              g->record[!l->buffer] + l->begin);
    if (status)
        return status;
    children_make(g, l, n_left, &left, &right);
    node_split(g, l, &left);
    size_t slot = l->slot;
    *l = left; /* the leaf's place is its left child's */
    leaf *added = &g->leaf[g->n_leaves++];
    *added = right;
    return children_search(ctx, g, slot, l, added);
}

/* The next leaf to split: the shallowest first where trees grow by depth; then the largest gain; then the
 * oldest place. */
static leaf *next(const vouch__gbdt_grower *g)
{
    leaf *best = NULL;
    for (size_t i = 0; i < g->n_leaves; i++) {
        leaf *l = &g->leaf[i];
        if (!l->can_split)
            continue;
        bool is_shallower = best && !g->p->is_leaf_wise && l->depth < best->depth;
        bool is_deeper = best && !g->p->is_leaf_wise && l->depth > best->depth;
        if (!best || is_shallower || (!is_deeper && l->gain > best->gain))
            best = l;
    }
    return best;
}

/* Ending. */

static vouch_status leaf_of_sampled(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    vouch__gbdt_grower *g = arg;
    (void)worker, (void)chunk;
    for (size_t k = begin; k < end; k++) {
        const vouch__record *record = records_of(g, &g->leaf[k]);
        for (size_t i = 0; i < g->leaf[k].n; i++)
            g->tree.leaf_of[(uint32_t)record[i]] = (uint16_t)k;
    }
    return VOUCH_OK;
}

static vouch_status leaf_of_all(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    vouch__gbdt_grower *g = arg;
    (void)worker, (void)chunk;
    for (size_t i = begin; i < end; i++)
        g->tree.leaf_of[i] = (uint16_t)vouch__gbdt_walk(&g->tree, g->rows, i);
    return VOUCH_OK;
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

static void leaves_end(vouch__gbdt_grower *g)
{
    for (size_t k = 0; k < g->n_leaves; k++) {
        const leaf *l = &g->leaf[k];
        vouch__gbdt_node node = node_of(g, l);
        g->tree.node[l->node] = (vouch__node){
            .left = -1, .right = -1, .bits_at = (uint32_t)k, .value = vouch__gbdt_output(&node, l->sum)
        };
        g->tree.leaf_node[k] = (uint32_t)l->node;
    }
    g->tree.n_leaves = g->n_leaves;
}

vouch_status vouch__gbdt_grow(vouch_ctx *ctx, vouch__gbdt_grower *g, size_t n, const uint32_t *use,
                              size_t n_use, const vouch__gbdt_scale *scale, double weight_unit,
                              vouch__gbdt_tree **out_tree)
{
    double per_weight = scale->h / weight_unit; /* units of one unit of true curvature */
    size_t tasks;
    vouch_status status = VOUCH_OK;
    g->use = use;
    g->n_use = n_use;
    g->unit = (vouch__gbdt_node){ .l2 = g->p->l2 * per_weight, .min_rows = g->p->min_rows };
    g->unit.category_l2 = 10.0 * per_weight;
    g->unit.least_h = fmax(1.0, fmax(g->p->min_weight * per_weight, scale->least_h * (double)g->p->min_rows));
    g->n_free = 0;
    for (size_t slot = g->p->leaves + 1; slot-- > 1;)
        release(g, slot);
    g->n_leaves = 1;
    g->tree.n_nodes = 1;
    g->leaf[0] = (leaf){ .n = n, .sum = scale->sum, .lo = -INFINITY, .hi = INFINITY };
    g->leaf[0].can_split = g->p->leaves > 1 && may_split(g, &g->leaf[0]);
    if (g->leaf[0].can_split) {
        status = build(ctx, g, &g->leaf[0], &tasks);
        if (!status)
            status = search(ctx, g, &g->leaf[0], NULL, tasks, NULL);
    }
    for (leaf *l = next(g); !status && l && g->n_leaves < g->p->leaves; l = next(g))
        status = split_leaf(ctx, g, l);
    if (status)
        return status;
    leaves_end(g);
    if (n == g->rows->n)
        status = vouch__parallel(ctx, g->n_leaves, 4, leaf_of_sampled, g);
    else
        status = vouch__parallel(ctx, g->rows->n, VOUCH__GBDT_TILE, leaf_of_all, g);
    *out_tree = &g->tree;
    return status;
}
