/* Growing and pruning (Breiman et al. 1984). The first tree that boosting grows is CART's: with one gradient
 * and one curvature for all rows of an outcome, the gain of a split is the fall of the Gini index, or of
 * squared error. Leaves then get the mean of their rows, and weakest links are cut: of all subtrees of the
 * sequence the one with the least loss on the tuning rows is kept, or the smallest within one standard error
 * of it. */
#include "models/tree/tree.h"

#include "num/special.h"
#include "num/sum.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024 };

double vouch__tree_raw(vouch__gbdt_loss_id loss, double mean)
{
    return loss == VOUCH__LOSS_LOGISTIC  ? vouch__logit(mean)
           : loss == VOUCH__LOSS_POISSON ? vouch__log(mean)
                                         : mean;
}

typedef struct growing {
    vouch__gbdt *forest;
    vouch__trees *trees;
    vouch__node *node; /* of the only tree */
    size_t n;
    const vouch__fit_data *data;
    vouch__gbdt_outcome outcome; /* for losses */
    bool is_monotone;
    double least; /* rows of a leaf */
    vouch__tree_tally *tally;
    double *mean;               /* [n] what a leaf there would give */
    double *own, *tune;         /* [n] loss on training and on tuning rows, were it a leaf */
    bool *is_leaf;              /* [n] */
    double *below, *tune_below; /* [n] losses of the subtree's leaves */
    size_t *leaves;
} growing;

/* Sums of a part's rows at every node on their way. */
static vouch_status tally_rows(vouch_ctx *ctx, growing *g, const vouch__part_rows *part, bool is_tune)
{
    size_t cols = g->trees->n_inputs, mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, BLOCK * cols, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t at = 0; at < part->n; at += BLOCK) {
        size_t m = part->n - at < BLOCK ? part->n - at : BLOCK;
        vouch__bound_rows(g->data->binding, 0, m, part->row + at, x);
        for (size_t i = 0; i < m; i++) {
            double w = part->weight ? part->weight[at + i] : 1.0;
            for (size_t k = 0;;) {
                vouch__tree_tally *t = &g->tally[k];
                *(is_tune ? &t->tune_rows : &t->rows) += 1.0;
                *(is_tune ? &t->tune_weight : &t->weight) += w;
                *(is_tune ? &t->tune_target : &t->target) += w * part->target[at + i];
                if (g->n < 2 || g->node[k].left < 0)
                    break;
                bool left = vouch__node_goes_left(g->trees, &g->node[k], x[i * cols + g->node[k].input]);
                k = (size_t)(left ? g->node[k].left : g->node[k].right);
            }
        }
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* A leaf's mean as the grower bounded it under monotone inputs, out of its Newton step from one mean for all.
 */
static double bounded(const growing *g, double value)
{
    double base = g->trees->base;
    if (g->forest->loss == VOUCH__LOSS_SQUARED)
        return base + value;
    if (g->forest->loss == VOUCH__LOSS_LOGISTIC) {
        double p = vouch__sigmoid(base);
        return p + value * (p * vouch__sigmoid(-base));
    }
    return vouch__exp(base) * (1.0 + (value > 1.0 ? vouch__exp(value - 1.0) : value));
}

/* Means of all nodes, kept off the ends of their range. What lies between the bounds of a node's leaves lies
 * between its own, so under monotone inputs a node that becomes a leaf keeps the order too. */
static void means_make(growing *g)
{
    double all = g->tally[0].target / g->tally[0].weight;
    for (size_t k = g->n; k-- > 0;) {
        const vouch__tree_tally *t = &g->tally[k];
        double mean = t->weight > 0.0 ? t->target / t->weight : all;
        double edge = 0.5 / (g->is_monotone ? fmax(g->least, 1.0) : fmax(t->rows, 1.0));
        if (g->is_monotone && g->n > 1) {
            const vouch__node *node = &g->node[k];
            if (node->left >= 0) {
                const vouch__node *l = &g->node[node->left], *r = &g->node[node->right];
                mean = (l->cover * g->mean[node->left] + r->cover * g->mean[node->right]) /
                       (l->cover + r->cover);
            } else {
                mean = bounded(g, node->value);
            }
        }
        if (g->forest->loss == VOUCH__LOSS_LOGISTIC)
            mean = fmin(fmax(mean, edge), 1.0 - edge);
        else if (g->forest->loss == VOUCH__LOSS_POISSON)
            mean = fmax(mean, edge * all);
        g->mean[k] = mean;
    }
}

/* Loss of rows with these sums, predicted as mean; squared loss up to what no prediction changes. */
static double loss_of(const growing *g, double weight, double target, double mean)
{
    switch (g->forest->loss) {
    case VOUCH__LOSS_LOGISTIC: return -target * vouch__log(mean) - (weight - target) * vouch__log1p(-mean);
    case VOUCH__LOSS_POISSON: return weight * mean - target * vouch__log(mean);
    default: return weight * mean * mean - 2.0 * mean * target;
    }
}

/* Children before parents: they come after them. */
static void losses_below(growing *g)
{
    for (size_t k = g->n; k-- > 0;) {
        if (g->is_leaf[k]) {
            g->below[k] = g->own[k];
            g->tune_below[k] = g->tune[k];
            g->leaves[k] = 1;
            continue;
        }
        size_t l = (size_t)g->node[k].left, r = (size_t)g->node[k].right;
        g->below[k] = g->below[l] + g->below[r];
        g->tune_below[k] = g->tune_below[l] + g->tune_below[r];
        g->leaves[k] = g->leaves[l] + g->leaves[r];
    }
}

/* The reachable inner node whose leaves gain least for their number; SIZE_MAX at the root alone. */
static size_t weakest(const growing *g, double *out_gain)
{
    size_t best = SIZE_MAX, stack[2 * VOUCH__GBDT_BINS], n = 1;
    stack[0] = 0;
    *out_gain = INFINITY;
    while (n) {
        size_t k = stack[--n];
        if (g->is_leaf[k])
            continue;
        double gain = (g->own[k] - g->below[k]) / (double)(g->leaves[k] - 1);
        if (gain < *out_gain || (gain <= *out_gain && k < best)) {
            *out_gain = gain;
            best = k;
        }
        stack[n++] = (size_t)g->node[k].left;
        stack[n++] = (size_t)g->node[k].right;
    }
    return best;
}

/* Standard error of the total loss over the tuning rows of the present tree: of log-loss a leaf has two
 * values. */
static double error_of(const growing *g)
{
    double sum = 0.0, squares = 0.0, weight = 0.0, rows = 0.0;
    size_t stack[2 * VOUCH__GBDT_BINS], n = 1;
    stack[0] = 0;
    while (n && g->forest->loss == VOUCH__LOSS_LOGISTIC) {
        size_t k = stack[--n];
        if (!g->is_leaf[k]) {
            stack[n++] = (size_t)g->node[k].left;
            stack[n++] = (size_t)g->node[k].right;
            continue;
        }
        double good = -vouch__log1p(-g->mean[k]), bad = -vouch__log(g->mean[k]);
        double bads = g->tally[k].tune_target, goods = g->tally[k].tune_weight - bads;
        sum += good * goods + bad * bads;
        squares += good * good * goods + bad * bad * bads;
        weight += goods + bads;
        rows += g->tally[k].tune_rows;
    }
    double mean = sum / weight;
    return weight > 0.0 ? sqrt(fmax(squares / weight - mean * mean, 0.0) / rows) * weight : 0.0;
}

static void cut(growing *g, size_t k)
{
    g->is_leaf[k] = true;
    for (size_t i = k + 1; i < g->n; i++) /* what lies under it is no part of the tree any more */
        for (size_t p = k; p < i; p++)
            if (g->is_leaf[p] && g->node[p].left >= 0 &&
                ((size_t)g->node[p].left == i || (size_t)g->node[p].right == i))
                g->is_leaf[i] = true;
}

/* How many weakest links to cut; each pass from the whole tree, whose leaves are whole[]. */
static size_t links_to_cut(growing *g, const bool *whole, int prune, double alpha)
{
    size_t best = 0, links = 0;
    double least = INFINITY, error = 0.0, gain;
    for (int pass = 0; pass < (prune == VOUCH__PRUNE_ONE_SE ? 2 : 1); pass++) {
        memcpy(g->is_leaf, whole, g->n * sizeof *whole);
        for (links = 0;; links++) {
            losses_below(g);
            size_t k = weakest(g, &gain);
            if (prune == VOUCH__PRUNE_ALPHA) {
                if (k == SIZE_MAX || gain > alpha * g->tally[0].weight)
                    return links;
            } else if (pass == 1 ? g->tune_below[0] <= least + error : g->tune_below[0] <= least) {
                best = links; /* of equal ones the smallest */
                if (pass == 0) {
                    least = g->tune_below[0];
                    error = prune == VOUCH__PRUNE_ONE_SE ? error_of(g) : 0.0;
                }
            }
            if (k == SIZE_MAX)
                break;
            cut(g, k);
        }
    }
    return best;
}

static vouch_status prune(vouch_ctx *ctx, growing *g, int how, double alpha)
{
    bool *whole = vouch__scratch(ctx, g->n, sizeof *whole);
    double gain;
    if (!whole)
        return vouch__oom(ctx);
    if (!g->data->tune.n && (how == VOUCH__PRUNE_BEST || how == VOUCH__PRUNE_ONE_SE))
        how = VOUCH__PRUNE_ALPHA;
    if (how == VOUCH__PRUNE_NONE)
        return VOUCH_OK;
    memcpy(whole, g->is_leaf, g->n * sizeof *whole);
    size_t links = links_to_cut(g, whole, how, alpha);
    memcpy(g->is_leaf, whole, g->n * sizeof *whole);
    for (size_t i = 0; i < links; i++) {
        losses_below(g);
        cut(g, weakest(g, &gain));
    }
    return VOUCH_OK;
}

/* The tree again without what was cut, in the same order. */
static vouch_status rebuild(vouch_ctx *ctx, growing *g, vouch__tree *tree)
{
    vouch__trees *t = g->trees;
    size_t n = 0, bits = 0, *place = vouch__scratch(ctx, g->n, sizeof *place);
    uint8_t *is_in = vouch__scratch(ctx, g->n, 1);
    if (!place || !is_in)
        return vouch__oom(ctx);
    memset(is_in, 0, g->n);
    is_in[0] = 1;
    for (size_t k = 0; k < g->n; k++) {
        if (!is_in[k])
            continue;
        place[k] = n++;
        if (!g->is_leaf[k])
            is_in[g->node[k].left] = is_in[g->node[k].right] = 1;
    }
    for (size_t k = 0; k < g->n; k++) {
        vouch__node one = g->node[k];
        if (!is_in[k])
            continue;
        if (g->is_leaf[k]) {
            one = (vouch__node){ .left = -1, .right = -1, .cover = one.cover };
            one.value = vouch__tree_raw(g->forest->loss, g->mean[k]) - t->base;
        } else {
            size_t words = (one.n_bits + 31) / 32;
            one.left = (int32_t)place[one.left];
            one.right = (int32_t)place[one.right];
            if (one.is_category && words) {
                memmove(t->bits + bits, t->bits + one.bits_at, words * sizeof *t->bits);
                one.bits_at = (uint32_t)bits;
                bits += words;
            }
        }
        tree->tally[place[k]] = g->tally[k];
        g->node[place[k]] = one;
    }
    t->n_bits = bits;
    t->n_nodes = n;
    t->root[1] = (uint32_t)n;
    tree->n_nodes = n;
    if (n == 1) { /* nobody is told apart */
        t->base = vouch__tree_raw(g->forest->loss, g->mean[0]);
        t->n_trees = t->n_nodes = 0;
        t->n_bits = 0;
    }
    return VOUCH_OK;
}

static vouch_status arrays(vouch_ctx *ctx, growing *g)
{
    size_t n = g->n;
    g->tally = vouch__scratch(ctx, n, sizeof *g->tally);
    g->mean = vouch__scratch(ctx, 5 * n, sizeof *g->mean);
    g->is_leaf = vouch__scratch(ctx, n, sizeof *g->is_leaf);
    g->leaves = vouch__scratch(ctx, n, sizeof *g->leaves);
    if (!g->tally || !g->mean || !g->is_leaf || !g->leaves)
        return vouch__oom(ctx);
    memset(g->tally, 0, n * sizeof *g->tally);
    g->own = g->mean + n;
    g->tune = g->own + n;
    g->below = g->tune + n;
    g->tune_below = g->below + n;
    return VOUCH_OK;
}

static vouch_status settle(vouch_ctx *ctx, growing *g, const double *value, vouch__tree *tree)
{
    vouch_status status = arrays(ctx, g);
    if (!status)
        status = tally_rows(ctx, g, &g->data->train, false);
    if (!status)
        status = tally_rows(ctx, g, &g->data->tune, true);
    if (status || !g->own || !g->tune)
        return status;
    means_make(g);
    for (size_t k = 0; k < g->n; k++) {
        const vouch__tree_tally *t = &g->tally[k];
        g->own[k] = loss_of(g, t->weight, t->target, g->mean[k]);
        g->tune[k] = loss_of(g, t->tune_weight, t->tune_target, g->mean[k]);
        g->is_leaf[k] = g->n < 2 || g->node[k].left < 0;
    }
    tree->tally = vouch__alloc(ctx, g->n, sizeof *tree->tally);
    if (!tree->tally)
        return vouch__oom(ctx);
    tree->tally[0] = g->tally[0];
    tree->n_nodes = 1;
    if (g->n < 2) {
        g->trees->base = vouch__tree_raw(g->forest->loss, g->mean[0]);
        return VOUCH_OK;
    }
    status = prune(ctx, g, (int)value[VOUCH__TREE_PRUNE], value[VOUCH__TREE_ALPHA]);
    return status ? status : rebuild(ctx, g, tree);
}

static vouch_status grow(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__gbdt **out)
{
    static const vouch__gbdt_loss_id loss[] = { VOUCH__LOSS_LOGISTIC, VOUCH__LOSS_SQUARED,
                                                VOUCH__LOSS_POISSON };
    vouch__fit_data alone = *data;
    vouch__gbdt_params p = { .trees = 1,
                             .leaves = (size_t)value[VOUCH__TREE_LEAVES],
                             .depth = (size_t)value[VOUCH__TREE_DEPTH_MOST],
                             .max_bins = (size_t)value[VOUCH__TREE_MAX_BINS],
                             .min_rows = (size_t)value[VOUCH__TREE_MIN_ROWS],
                             .rate = 1.0,
                             .row_sample = 1.0,
                             .column_sample = 1.0,
                             .is_leaf_wise = true,
                             .loss = loss[(size_t)value[VOUCH__TREE_LOSS]],
                             .shape = 1.5,
                             .bad_weight = 1.0,
                             .kernels = vouch__gbdt_kernels_best() };
    alone.tune.n = 0;
    return vouch__gbdt_fit(ctx, &alone, &p, NULL, NULL, out);
}

vouch_status vouch__tree_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                             vouch__doc *doc, vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__tree *tree = vouch__alloc(ctx, 1, sizeof *tree);
    growing g = { .data = data, .least = value[VOUCH__TREE_MIN_ROWS] };
    if (!tree)
        return vouch__oom(ctx);
    for (size_t j = 0; j < data->binding->inputs->n; j++)
        g.is_monotone |= data->binding->inputs->at[j].monotone != 0;
    vouch_status status = grow(ctx, data, value, &tree->forest);
    if (!status) {
        g.forest = tree->forest;
        g.trees = &tree->forest->trees;
        g.n = g.trees->n_trees ? g.trees->n_nodes : 1;
        g.node = g.trees->node;
        status = settle(ctx, &g, value, tree);
    }
    if (!status)
        status = vouch__gbdt_compile(ctx, tree->forest);
    if (!status && doc && log) {
        vouch__json_set(doc, log, "leaves_grown", vouch__json_number(doc, (double)(g.n + 1) / 2.0));
        vouch__json_set(doc, log, "leaves", vouch__json_number(doc, (double)(tree->n_nodes + 1) / 2.0));
    }
    if (status)
        vouch__tree_free(vouch__allocator(ctx), tree);
    else
        *state = tree;
    vouch__scratch_reset(ctx, mark);
    return status;
}
