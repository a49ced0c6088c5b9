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

enum { STAGE = 96 };

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
    bool has_curve;
    uint32_t *use; /* inputs of the present tree */
    struct keyed {
        uint64_t key;
        uint32_t input;
    } * keyed;
} boost;

/* Preparing. */

static vouch_status outcome_make(vouch_ctx *ctx, boost *b)
{
    const vouch__part_rows *train = &b->data->train;
    vouch__gbdt_outcome *o = &b->outcome;
    *o = (vouch__gbdt_outcome){ .n = train->n,
                                .target = train->target,
                                .loss = b->p->loss,
                                .shape = b->p->shape,
                                .objective = b->data->objective,
                                .kernels = b->p->kernels,
                                .unit = 1.0 };
    o->score = vouch__scratch(ctx, o->n, sizeof *o->score);
    if (!o->score)
        return vouch__oom(ctx);
    vouch_status status = vouch__gbdt_start(ctx, o, train->weight, &b->base);
    if (status)
        return status;
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
    if (o->loss == VOUCH__LOSS_SQUARED && farthest > 0.0)
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
    b->loss_part = vouch__scratch(ctx, vouch__chunks(n_tune, VOUCH__GBDT_TUNE), sizeof *b->loss_part);
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
        if (b->has_curve)
            loss += w * vouch__gbdt_loss_of(&b->outcome, score, y);
    }
    b->loss_part[chunk] = loss;
    return VOUCH_OK;
}

/* The quantile of what is left of each leaf's rows. */
static vouch_status renew_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    boost *b = arg;
    const vouch__part_rows *train = &b->data->train;
    size_t n;
    const vouch__record *record = vouch__gbdt_leaf(b->grower, chunk, &n);
    double *rest = vouch__scratch(worker, n, sizeof *rest), *weight = NULL;
    (void)begin, (void)end;
    if (train->weight)
        weight = vouch__scratch(worker, n, sizeof *weight);
    if (!rest || (train->weight && !weight))
        return vouch__oom(worker);
    for (size_t i = 0; i < n; i++) {
        size_t row = (uint32_t)record[i];
        rest[i] = train->target[row] - b->outcome.score[row];
        if (train->weight)
            weight[i] = train->weight[row];
    }
    vouch_status status = vouch__gbdt_quantile(worker, n, rest, weight, b->p->shape, &b->leaf_value[chunk]);
    b->leaf_value[chunk] *= b->p->rate;
    return status;
}

static vouch_status values_make(vouch_ctx *ctx, boost *b, const vouch__gbdt_scale *scale,
                                const vouch__gbdt_tree *tree)
{
    double unit = b->outcome.unit * (scale->h / scale->g), shrunk = b->p->rate * b->outcome.unit;
    bool is_log = vouch__gbdt_link(b->p->loss) == VOUCH_LINK_LOG;
    if (b->p->loss == VOUCH__LOSS_QUANTILE)
        return vouch__parallel(ctx, tree->n_leaves, 1, renew_chunk, b);
    shrunk *= scale->h / scale->g;
    for (size_t k = 0; k < tree->n_leaves; k++) {
        double value = tree->node[tree->leaf_node[k]].value;
        b->leaf_value[k] = is_log ? b->p->rate * vouch__gbdt_step(b->p->loss, unit * value) : shrunk * value;
    }
    return VOUCH_OK;
}

/* Shrink the leaves, add them to scores, and put covers to the nodes. */
static vouch_status apply(vouch_ctx *ctx, boost *b, const vouch__gbdt_scale *scale, vouch__gbdt_tree *tree,
                          double *out_loss)
{
    double loss = 0.0;
    size_t n = b->data->train.n, n_tune = b->data->tune.n;
    b->tree = tree;
    vouch_status status = values_make(ctx, b, scale, tree);
    if (!status)
        status = vouch__parallel_near(ctx, n, VOUCH__GBDT_TILE, apply_chunk, b);
    if (!status && n_tune)
        status = vouch__parallel_near(ctx, n_tune, VOUCH__GBDT_TUNE, tune_chunk, b);
    if (status)
        return status;
    for (size_t c = 0; n_tune && c < vouch__chunks(n_tune, VOUCH__GBDT_TUNE); c++)
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

static size_t best_of(const boost *b, size_t n)
{
    size_t best = 0;
    for (size_t t = 1; t < n; t++)
        if (!b->has_curve || b->curve[t] < b->curve[best])
            best = t;
    return best;
}

/* Scores and losses are what they were when the model was left. */
static vouch_status take_up(vouch_ctx *ctx, boost *b, vouch__gbdt *model)
{
    const vouch__fit_data *data = b->data;
    const vouch__gbdt *old = data->resume->state;
    if (data->resume->kind != &vouch__kind_gbdt)
        return vouch__fail(ctx, VOUCH_E_ARG, "resume: the model is no gbdt");
    vouch_status status = vouch__gbdt_resume_check(ctx, data, old, b->p->loss, b->base);
    if (!status && old->trees.n_trees > b->p->trees)
        status = vouch__fail(ctx, VOUCH_E_ARG,
                             "resume: the model has %zu trees already, more than trees: %zu",
                             old->trees.n_trees, b->p->trees);
    if (!status)
        status = vouch__gbdt_copy_trees(ctx, &old->trees, &model->trees);
    if (!status)
        status = vouch__gbdt_again(ctx, &model->trees, data->binding, &data->train, &b->outcome,
                                   b->outcome.score, NULL, 1.0);
    if (!status && data->tune.n)
        status = vouch__gbdt_again(ctx, &model->trees, data->binding, &data->tune, &b->outcome, b->tune_score,
                                   b->has_curve ? b->curve : NULL, b->tune_weight);
    return status;
}

/* One tree, or none when no split is worth making. */
static vouch_status grow_one(vouch_ctx *ctx, boost *b, uint64_t turn, vouch__gbdt_scale *scale,
                             vouch__gbdt_tree **out_tree)
{
    uint64_t seed = vouch__mix(b->data->seed, turn);
    vouch__gbdt_sample sample = { b->p->row_sample, vouch__mix(seed, 0), b->data->train.row };
    vouch__gbdt_tree *tree = NULL;
    size_t n = 0;
    *out_tree = NULL;
    vouch_status status = vouch__poll(ctx);
    if (!status)
        status = vouch__gbdt_gradients(ctx, &b->outcome, &sample, vouch__gbdt_records(b->grower), &n, scale);
    if (status || n == 0)
        return status;
    size_t n_use = use_make(b, vouch__mix(seed, 1));
    status = vouch__gbdt_grow(ctx, b->grower, n, b->use, n_use, scale, b->heaviest, &tree);
    if (!status && tree->n_leaves > 1)
        *out_tree = tree;
    return status;
}

/* Stopped: the trees since the last checkpoint are kept first, for whoever wants to go on from them. */
static vouch_status stopped(vouch_ctx *ctx, const boost *b, const vouch__gbdt *model, size_t kept,
                            vouch_status why)
{
    size_t trees = model->trees.n_trees;
    if (why != VOUCH_E_CANCELLED || !b->data->keep || trees == 0)
        return why;
    vouch_status status = trees > kept ? b->data->keep(ctx, b->data->keep_self, model) : VOUCH_OK;
    return status ? status
                  : vouch__fail(ctx, VOUCH_E_CANCELLED,
                                "fit: stopped by the caller after %zu trees, which are kept", trees);
}

/* A tree's seed is told by the trees before it and the attempts since the last of them that found no split:
 * so growing goes on from any number of trees as if it had not been broken off. */
static vouch_status boost_trees(vouch_ctx *ctx, boost *b, vouch__gbdt *model)
{
    const vouch__gbdt_params *p = b->p;
    vouch__trees *trees = &model->trees;
    char stage[STAGE];
    size_t best = best_of(b, trees->n_trees), misses = 0, kept = trees->n_trees;
    bool is_whole = p->row_sample == 1.0 && p->column_sample == 1.0;
    (void)snprintf(stage, sizeof stage, "fit %s", b->data->name ? b->data->name : "gbdt");
    while (trees->n_trees + misses < p->trees) {
        size_t at = trees->n_trees;
        vouch__gbdt_scale scale;
        vouch__gbdt_tree *tree;
        if (b->has_curve && p->early_stop && at && at - 1 - best >= p->early_stop)
            break;
        vouch_status status = grow_one(ctx, b, at + ((uint64_t)misses << 32), &scale, &tree);
        if (status)
            return stopped(ctx, b, model, kept, status);
        if (!tree && is_whole)
            break; /* nor would any later tree find a split */
        misses = tree ? 0 : misses + 1;
        if (!tree)
            continue;
        status = apply(ctx, b, &scale, tree, &b->curve[at]);
        if (!status)
            status = vouch__gbdt_append(ctx, &b->bins, tree, trees);
        if (!status && b->data->keep && trees->n_trees % b->data->keep_every == 0) {
            status = b->data->keep(ctx, b->data->keep_self, model);
            kept = trees->n_trees;
        }
        if (status)
            return stopped(ctx, b, model, kept, status);
        if (!b->has_curve || b->curve[at] < b->curve[best])
            best = at;
        vouch__progress(ctx, stage, trees->n_trees, p->trees);
    }
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
    if (!b->has_curve)
        return;
    const char *loss = vouch__gbdt_loss_title(b->p->loss);
    vouch__json_set(doc, log, "tune_loss_name", vouch__json_text(doc, loss));
    vouch__json *curve = vouch__json_set(doc, log, "tune_loss", vouch__json_array(doc));
    for (size_t t = 0; t < grown; t++)
        vouch__json_push(doc, curve, vouch__json_number(doc, b->curve[t]));
}

/* Everything but the trees. */
static vouch_status begin(vouch_ctx *ctx, boost *b, vouch__gbdt *model)
{
    model->loss = b->p->loss;
    model->link = b->data->objective ? b->data->objective->link : vouch__gbdt_link(b->p->loss);
    vouch_status status = prepare(ctx, b);
    if (status)
        return status;
    model->trees.n_inputs = b->bins.n;
    model->trees.base = b->base;
    return b->data->resume ? take_up(ctx, b, model) : VOUCH_OK;
}

vouch_status vouch__gbdt_fit(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt_params *params,
                             vouch__doc *doc, vouch__json *log, vouch__gbdt **out_model)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__fit_data weighed = *data;
    boost b = { .data = &weighed, .p = params };
    vouch__gbdt *model = NULL;
    vouch_status status = vouch__gbdt_check(ctx, data, params);
    if (status)
        return status;
    b.has_curve = data->tune.n && (params->loss != VOUCH__LOSS_CUSTOM || data->objective->loss);
    model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model)
        return vouch__oom(ctx);
    model->trees.root = vouch__alloc(ctx, 1, sizeof *model->trees.root);
    if (!model->trees.root) {
        vouch__kind_gbdt.free(vouch__allocator(ctx), model);
        return vouch__oom(ctx);
    }
    status = vouch__gbdt_weigh(ctx, params, &weighed);
    if (!status)
        status = begin(ctx, &b, model);
    if (!status)
        status = boost_trees(ctx, &b, model);
    if (!status) {
        size_t grown = model->trees.n_trees;
        if (grown && b.has_curve && params->early_stop)
            vouch__gbdt_cut_back(&model->trees, best_of(&b, grown) + 1);
        note(&b, &model->trees, grown, doc, log);
        *out_model = model;
        model = NULL;
    }
    if (model)
        vouch__kind_gbdt.free(vouch__allocator(ctx), model);
    vouch__scratch_reset(ctx, mark);
    return status;
}
