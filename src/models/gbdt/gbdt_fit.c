/* Boosting: trees are grown one after another on the gradients that the trees before leave, and their leaves,
 * shrunk, are added to every row's score. The loss on tune is watched, and the best prefix of trees is kept.
 *
 * A row's score while fitting is the very sum that scoring it later makes: base, then one leaf a tree. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAGE = 96, TUNE_GRAIN = 4096 };

typedef struct boost {
    const vouch__fit_data *data;
    const vouch__gbdt_params *p;
    vouch__gbdt_bins bins;
    vouch__gbdt_rows train, tune;
    vouch__gbdt_outcome outcome;
    double base, heaviest; /* largest weight */
    double *tune_score, *loss_part, *cover_part;
    vouch__gbdt_grower *grower;
    const vouch__gbdt_tree *tree; /* the present one */
    double *leaf_value;           /* [leaves], shrunk */
    double *curve;                /* [trees] loss on tune */
    double tune_weight;           /* total */
    uint32_t *use;                /* inputs of the present tree */
    struct keyed {
        uint64_t key;
        uint32_t input;
    } * keyed;
} boost;

/* What is asked for, and whether it can be had. */

static vouch_status check_part(vouch_ctx *ctx, const vouch__part_rows *part, const char *name,
                               bool is_squared)
{
    for (size_t i = 0; i < part->n; i++) {
        double y = part->target[i], w = part->weight ? part->weight[i] : 1.0;
        if (!is_squared && y != 0.0 && y != 1.0)
            return vouch__fail(ctx, VOUCH_E_DATA, "fit: a target of %s row %zu is neither 0 nor 1", name, i);
        if (!(fabs(y) < 1e150))
            return vouch__fail(ctx, VOUCH_E_DATA, "fit: a target of %s row %zu is not a number below 1e150",
                               name, i);
        if (!(w > 0.0 && w < 1e150))
            return vouch__fail(ctx, VOUCH_E_DATA, "fit: the weight of %s row %zu must be finite and > 0",
                               name, i);
    }
    return VOUCH_OK;
}

static vouch_status check(vouch_ctx *ctx, const vouch__fit_data *data, bool is_squared)
{
    const vouch__inputs *inputs = data->binding->inputs;
    size_t bad = 0;
    if (inputs->n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: there are no inputs");
    if (data->train.n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: there are no training rows");
    if (data->train.n > 100000000)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "fit: %zu training rows, at most 100000000", data->train.n);
    for (size_t j = 0; j < inputs->n; j++)
        if (inputs->at[j].is_category && inputs->at[j].monotone)
            return vouch__fail(ctx, VOUCH_E_ARG, "fit: input '%s' is a category, it cannot be monotone",
                               inputs->at[j].name);
    vouch_status status = check_part(ctx, &data->train, "training", is_squared);
    if (!status)
        status = check_part(ctx, &data->tune, "tuning", is_squared);
    if (status || is_squared)
        return status;
    for (size_t i = 0; i < data->train.n; i++)
        bad += data->train.target[i] > 0.5;
    if (bad == 0 || bad == data->train.n)
        return vouch__fail(ctx, VOUCH_E_DATA, "fit: every training row has the same outcome");
    return VOUCH_OK;
}

/* Preparing. */

static vouch_status outcome_make(vouch_ctx *ctx, boost *b)
{
    const vouch__part_rows *train = &b->data->train;
    vouch__gbdt_outcome *o = &b->outcome;
    double mean = vouch__mean(train->n, train->target, train->weight);
    *o = (vouch__gbdt_outcome){ .n = train->n,
                                .target = train->target,
                                .is_squared = b->p->is_squared,
                                .kernels = b->p->kernels,
                                .unit = 1.0 };
    o->score = vouch__scratch(ctx, o->n, sizeof *o->score);
    if (!o->score)
        return vouch__oom(ctx);
    b->base = o->is_squared ? mean : vouch__logit(mean);
    b->heaviest = 1.0;
    if (train->weight) {
        float *weight = vouch__scratch(ctx, o->n, sizeof *weight);
        if (!weight)
            return vouch__oom(ctx);
        b->heaviest = 0.0;
        for (size_t i = 0; i < o->n; i++)
            b->heaviest = fmax(b->heaviest, train->weight[i]);
        for (size_t i = 0; i < o->n; i++)
            weight[i] = (float)(train->weight[i] / b->heaviest);
        o->weight = weight;
    }
    double farthest = 0.0;
    for (size_t i = 0; i < o->n; i++) {
        o->score[i] = b->base;
        farthest = fmax(farthest, fabs(train->target[i] - b->base));
    }
    if (o->is_squared && farthest > 0.0)
        o->unit = farthest;
    return VOUCH_OK;
}

static vouch_status prepare(vouch_ctx *ctx, boost *b)
{
    const vouch__fit_data *data = b->data;
    size_t n_tune = data->tune.n, leaves = b->p->leaves;
    char stage[STAGE];
    (void)snprintf(stage, sizeof stage, "fit %s: bins", data->name ? data->name : "gbdt");
    vouch__progress(ctx, stage, 0, 1);
    vouch_status status = vouch__gbdt_bins_make(ctx, data, b->p->max_bins, &b->bins);
    if (!status)
        status = vouch__gbdt_rows_make(ctx, &b->bins, data->binding, &data->train, true, &b->train);
    if (!status && n_tune)
        status = vouch__gbdt_rows_make(ctx, &b->bins, data->binding, &data->tune, false, &b->tune);
    if (!status)
        vouch__progress(ctx, stage, 1, 1);
    if (!status)
        status = outcome_make(ctx, b);
    if (!status)
        status = vouch__gbdt_grower_new(ctx, b->p, &b->bins, &b->train, &b->grower);
    if (status)
        return status;
    b->tune_score = vouch__scratch(ctx, n_tune, sizeof *b->tune_score);
    b->loss_part = vouch__scratch(ctx, vouch__chunks(n_tune, TUNE_GRAIN), sizeof *b->loss_part);
    b->cover_part = vouch__scratch(ctx, vouch__chunks(data->train.n, VOUCH__GBDT_TILE) * leaves,
                                   sizeof *b->cover_part);
    b->leaf_value = vouch__scratch(ctx, leaves, sizeof *b->leaf_value);
    b->curve = vouch__scratch(ctx, b->p->trees, sizeof *b->curve);
    b->use = vouch__scratch(ctx, b->bins.n, sizeof *b->use);
    b->keyed = vouch__scratch(ctx, b->bins.n, sizeof *b->keyed);
    if (!b->tune_score || !b->loss_part || !b->cover_part || !b->leaf_value || !b->curve || !b->use ||
        !b->keyed)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n_tune; i++) {
        b->tune_score[i] = b->base;
        b->tune_weight += data->tune.weight ? data->tune.weight[i] : 1.0;
    }
    return VOUCH_OK;
}

/* One tree's inputs. */

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? 1 : -1;
    return (x->input > y->input) - (x->input < y->input);
}

static int by_input(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t use_make(boost *b, uint64_t seed)
{
    size_t n = b->bins.n, n_use = (size_t)ceil(b->p->column_sample * (double)n);
    for (size_t j = 0; j < n; j++)
        b->keyed[j] = (struct keyed){ vouch__mix(seed, j), (uint32_t)j };
    if (n_use < n)
        qsort(b->keyed, n, sizeof b->keyed[0], by_key);
    for (size_t j = 0; j < n_use; j++)
        b->use[j] = b->keyed[j].input;
    qsort(b->use, n_use, sizeof b->use[0], by_input);
    return n_use;
}

/* What a tree does to scores. */

static vouch_status apply_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    boost *b = arg;
    (void)worker;
    vouch__gbdt_apply(b->grower, begin, end, b->leaf_value, b->data->train.weight, b->outcome.score,
                      b->cover_part + chunk * b->tree->n_leaves);
    return VOUCH_OK;
}

static vouch_status tune_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    boost *b = arg;
    const vouch__part_rows *tune = &b->data->tune;
    double loss = 0.0;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        double score = b->tune_score[i] + b->leaf_value[vouch__gbdt_walk(b->tree, &b->tune, i)];
        double y = tune->target[i], w = tune->weight ? tune->weight[i] : 1.0;
        b->tune_score[i] = score;
        if (b->p->is_squared)
            loss += w * (score - y) * (score - y);
        else
            loss += w * vouch__softplus(y > 0.5 ? -score : score);
    }
    b->loss_part[chunk] = loss;
    return VOUCH_OK;
}

/* Shrink the leaves, add them to scores, and put covers to the nodes. */
static vouch_status apply(vouch_ctx *ctx, boost *b, const vouch__gbdt_scale *scale, vouch__gbdt_tree *tree,
                          double *out_loss)
{
    double unit = b->p->rate * b->outcome.unit * (scale->h / scale->g), loss = 0.0;
    size_t n = b->data->train.n, n_tune = b->data->tune.n;
    b->tree = tree;
    for (size_t k = 0; k < tree->n_leaves; k++)
        b->leaf_value[k] = unit * tree->node[tree->leaf_node[k]].value;
    vouch_status status = vouch__parallel_near(ctx, n, VOUCH__GBDT_TILE, apply_chunk, b);
    if (!status && n_tune)
        status = vouch__parallel_near(ctx, n_tune, TUNE_GRAIN, tune_chunk, b);
    if (status)
        return status;
    for (size_t c = 0; n_tune && c < vouch__chunks(n_tune, TUNE_GRAIN); c++)
        loss += b->loss_part[c];
    for (size_t k = 0; k < tree->n_leaves; k++) {
        vouch__node *node = &tree->node[tree->leaf_node[k]];
        node->value = b->leaf_value[k];
        node->bits_at = 0;
        for (size_t c = 0; c < vouch__chunks(n, VOUCH__GBDT_TILE); c++)
            node->cover += b->cover_part[c * tree->n_leaves + k];
    }
    for (size_t at = tree->n_nodes; at-- > 0;) { /* children come after their parent */
        vouch__node *node = &tree->node[at];
        if (node->left >= 0)
            node->cover = tree->node[node->left].cover + tree->node[node->right].cover;
    }
    *out_loss = n_tune ? loss / b->tune_weight : 0.0;
    return VOUCH_OK;
}

/* The forest. */

static vouch_status bits_append(vouch_ctx *ctx, const boost *b, const vouch__gbdt_tree *tree, size_t at,
                                vouch__trees *trees, vouch__node *node)
{
    const vouch__gbdt_input *input = &b->bins.input[node->input];
    size_t words = (input->n_codes + 31) / 32;
    uint32_t *bits = vouch__resize(vouch__allocator(ctx), trees->bits, trees->n_bits + words, sizeof *bits);
    if (!bits)
        return vouch__oom(ctx);
    trees->bits = bits;
    node->bits_at = (uint32_t)trees->n_bits;
    node->n_bits = (uint32_t)input->n_codes;
    for (size_t code = 0; code < input->n_codes; code++) {
        size_t bin = input->bin_of[code];
        if (tree->set[at][bin / 32] >> (bin % 32) & 1)
            bits[trees->n_bits + code / 32] |= 1u << (code % 32);
    }
    trees->n_bits += words;
    return VOUCH_OK;
}

static vouch_status append(vouch_ctx *ctx, const boost *b, const vouch__gbdt_tree *tree, vouch__trees *trees)
{
    const vouch_alloc *alloc = vouch__allocator(ctx);
    uint32_t *root = vouch__resize(alloc, trees->root, trees->n_trees + 2, sizeof *root);
    if (!root)
        return vouch__oom(ctx);
    trees->root = root;
    vouch__node *node = vouch__resize(alloc, trees->node, trees->n_nodes + tree->n_nodes, sizeof *node);
    if (!node)
        return vouch__oom(ctx);
    trees->node = node;
    for (size_t at = 0; at < tree->n_nodes; at++) {
        vouch__node *to = &node[trees->n_nodes + at];
        *to = tree->node[at];
        if (to->left >= 0 && to->is_category) {
            vouch_status status = bits_append(ctx, b, tree, at, trees, to);
            if (status)
                return status;
        }
    }
    trees->n_nodes += tree->n_nodes;
    trees->root[++trees->n_trees] = (uint32_t)trees->n_nodes;
    return VOUCH_OK;
}

/* Keep the first n trees. */
static void cut_back(vouch__trees *trees, size_t n)
{
    size_t bits = 0;
    trees->n_trees = n;
    trees->n_nodes = trees->root[n];
    for (size_t i = 0; i < trees->n_nodes; i++)
        bits += (trees->node[i].n_bits + 31) / 32;
    trees->n_bits = bits;
}

static vouch_status boost_trees(vouch_ctx *ctx, boost *b, vouch__trees *trees, size_t *out_best)
{
    const vouch__gbdt_params *p = b->p;
    char stage[STAGE];
    size_t best = 0;
    bool is_whole = p->row_sample == 1.0 && p->column_sample == 1.0;
    (void)snprintf(stage, sizeof stage, "fit %s", b->data->name ? b->data->name : "gbdt");
    for (size_t t = 0; t < p->trees; t++) {
        uint64_t seed = vouch__mix(b->data->seed, t);
        vouch__gbdt_sample sample = { p->row_sample, vouch__mix(seed, 0), b->data->train.row };
        vouch__gbdt_scale scale;
        vouch__gbdt_tree *tree = NULL;
        size_t n = 0;
        vouch_status status = vouch__poll(ctx);
        if (!status)
            status = vouch__gbdt_gradients(ctx, &b->outcome, &sample, vouch__gbdt_records(b->grower), &n,
                                           &scale);
        if (status)
            return status;
        if (n > 0) {
            size_t n_use = use_make(b, vouch__mix(seed, 1));
            status = vouch__gbdt_grow(ctx, b->grower, n, b->use, n_use, &scale, b->heaviest, &tree);
            if (status)
                return status;
        }
        if (n == 0 || tree->n_leaves == 1) {
            if (is_whole)
                break; /* nor would any later tree find a split */
            continue;
        }
        size_t at = trees->n_trees;
        status = apply(ctx, b, &scale, tree, &b->curve[at]);
        if (!status)
            status = append(ctx, b, tree, trees);
        if (status)
            return status;
        if (b->data->tune.n == 0 || at == 0 || b->curve[at] < b->curve[best])
            best = at;
        vouch__progress(ctx, stage, t + 1, p->trees);
        if (b->data->tune.n && p->early_stop && at - best >= p->early_stop)
            break;
    }
    *out_best = best;
    return VOUCH_OK;
}

static void note(const boost *b, const vouch__trees *trees, size_t grown, vouch__doc *doc, vouch__json *log)
{
    if (!doc || !log)
        return;
    vouch__json_set(doc, log, "base", vouch__json_number(doc, trees->base));
    vouch__json_set(doc, log, "trees", vouch__json_number(doc, (double)trees->n_trees));
    vouch__json_set(doc, log, "trees_grown", vouch__json_number(doc, (double)grown));
    vouch__json_set(doc, log, "nodes", vouch__json_number(doc, (double)trees->n_nodes));
    if (b->data->tune.n == 0)
        return;
    const char *loss = b->p->is_squared ? "squared error" : "log-loss";
    vouch__json_set(doc, log, "tune_loss_name", vouch__json_text(doc, loss));
    vouch__json *curve = vouch__json_set(doc, log, "tune_loss", vouch__json_array(doc));
    for (size_t t = 0; t < grown; t++)
        vouch__json_push(doc, curve, vouch__json_number(doc, b->curve[t]));
}

vouch_status vouch__gbdt_fit(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt_params *params,
                             vouch__doc *doc, vouch__json *log, vouch__gbdt **out_model)
{
    size_t mark = vouch__scratch_mark(ctx), best = 0;
    boost b = { .data = data, .p = params };
    vouch__gbdt *model = NULL;
    vouch_status status = check(ctx, data, params->is_squared);
    if (status)
        return status;
    model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model)
        return vouch__oom(ctx);
    model->is_squared = params->is_squared;
    model->trees.root = vouch__alloc(ctx, 1, sizeof *model->trees.root);
    if (!model->trees.root) {
        status = vouch__oom(ctx);
        goto done;
    }
    status = prepare(ctx, &b);
    if (status)
        goto done;
    model->trees.n_inputs = b.bins.n;
    model->trees.base = b.base;
    status = boost_trees(ctx, &b, &model->trees, &best);
    if (status)
        goto done;
    size_t grown = model->trees.n_trees;
    if (grown && data->tune.n && params->early_stop)
        cut_back(&model->trees, best + 1);
    note(&b, &model->trees, grown, doc, log);
    *out_model = model;
    model = NULL;
done:
    if (model)
        vouch__kind_gbdt.free(vouch__allocator(ctx), model);
    vouch__scratch_reset(ctx, mark);
    return status;
}
