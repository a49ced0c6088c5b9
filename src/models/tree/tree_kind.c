/* The kind tree: its parameters, its file, and what it is to the rest of vouch. Its saved form:
 *   1. nodes: count, at least 1 (1 also of a model without a split), then for each 6 x f64: its tally
 *   2. the part of kind gbdt, as docs/models.md has it */
#include "models/tree/tree.h"

#include "models/trees_c.h"
#include "models/wire.h"

#include <math.h>

/* clang-format off */
static const vouch__param params[VOUCH__TREE_PARAMS] = {
    [VOUCH__TREE_LOSS] = { "loss", VOUCH__PARAM_CHOICE, 0, 2, 0, "logistic|squared|poisson", "",
        "What a split makes small: the Gini index of a 0/1 target, squared error of a number, the deviance of a count." },
    [VOUCH__TREE_LEAVES] = { "leaves", VOUCH__PARAM_INTEGER, 2, 128, 16, NULL, "leaves", "Most leaves, before pruning." },
    [VOUCH__TREE_DEPTH_MOST] = { "depth", VOUCH__PARAM_INTEGER, 1, 32, 6, NULL, "splits", "Most splits from the root to a leaf." },
    [VOUCH__TREE_MIN_ROWS] = { "min_rows", VOUCH__PARAM_INTEGER, 1, 1e8, 50, NULL, "rows", "Least number of training rows of a leaf." },
    [VOUCH__TREE_PRUNE] = { "prune", VOUCH__PARAM_CHOICE, 0, 3, 0, "best|one_se|alpha|none", "",
        "Which tree of the cost-complexity sequence is kept: of least loss on the tuning rows, the smallest within a "
        "standard error of it, the one of alpha (also where there are no tuning rows), or the whole." },
    [VOUCH__TREE_ALPHA] = { "alpha", VOUCH__PARAM_REAL, 0, 1e9, 0, NULL, "", "What a leaf must gain, as loss by row." },
    [VOUCH__TREE_MAX_BINS] = { "max_bins", VOUCH__PARAM_INTEGER, 2, 255, 255, NULL, "bins",
        "Most values of an input between which it may be split." },
};
/* clang-format on */

static const vouch__gbdt *forest_of(const void *state) { return ((const vouch__tree *)state)->forest; }

void vouch__tree_predict(const void *state, vouch__matrix x, double *raw)
{
    vouch__kind_gbdt.predict(forest_of(state), x, raw);
}

double vouch__tree_probability(const void *state, double raw)
{
    return vouch__kind_gbdt.probability(forest_of(state), raw);
}

vouch__scale vouch__tree_scale(const void *state) { return vouch__kind_gbdt.scale(forest_of(state)); }

vouch_status vouch__tree_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                       double *base)
{
    return vouch__kind_gbdt.contributions(ctx, forest_of(state), x, out, base);
}

vouch_status vouch__tree_shap_of(vouch_ctx *ctx, const void *state, vouch__shap **out_shap)
{
    return vouch__kind_gbdt.shap(ctx, forest_of(state), out_shap);
}

void vouch__tree_free(const vouch_alloc *alloc, void *state)
{
    vouch__tree *tree = state;
    if (!tree)
        return;
    vouch__kind_gbdt.free(alloc, tree->forest);
    vouch__free(alloc, tree->tally);
    vouch__free(alloc, tree);
}

void vouch__tree_put_tally(const vouch__tree_tally *t, vouch__buf *out)
{
    const double number[] = { t->rows, t->weight, t->target, t->tune_rows, t->tune_weight, t->tune_target };
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        vouch__put_f64(out, number[i]);
}

bool vouch__tree_get_tally(vouch__wire *in, vouch__tree_tally *t)
{
    double *const number[] = { &t->rows,      &t->weight,      &t->target,
                               &t->tune_rows, &t->tune_weight, &t->tune_target };
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        *number[i] = vouch__get_f64(in);
        bool is_sum_of_targets = i % 3 == 2;
        if (!isfinite(*number[i]) || (!is_sum_of_targets && !(*number[i] >= 0.0 && *number[i] < 1e15)))
            return false;
    }
    return true;
}

static void save(const void *state, vouch__buf *out)
{
    const vouch__tree *tree = state;
    vouch__put_u32(out, (uint32_t)tree->n_nodes);
    for (size_t k = 0; k < tree->n_nodes; k++) {
        vouch__tree_put_tally(&tree->tally[k], out);
    }
    vouch__kind_gbdt.save(tree->forest, out);
}

static vouch_status load_tally(vouch_ctx *ctx, vouch__wire *in, vouch__tree *tree)
{
    enum { BYTES = 48 };
    tree->n_nodes = vouch__get_count(in, BYTES);
    if (in->is_short || !tree->n_nodes)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: a tree's tallies are cut short");
    tree->tally = vouch__alloc(ctx, tree->n_nodes, sizeof *tree->tally);
    if (!tree->tally)
        return vouch__oom(ctx);
    for (size_t k = 0; k < tree->n_nodes; k++) {
        if (!vouch__tree_get_tally(in, &tree->tally[k]))
            return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: a tree's tallies are out of range");
    }
    return VOUCH_OK;
}

static vouch_status load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                         void **state)
{
    vouch__wire in = { bytes, len, false };
    void *forest = NULL;
    vouch__tree *tree = vouch__alloc(ctx, 1, sizeof *tree);
    if (!tree)
        return vouch__oom(ctx);
    vouch_status status = load_tally(ctx, &in, tree);
    if (!status)
        status = vouch__kind_gbdt.load(ctx, inputs, in.at, in.left, &forest);
    tree->forest = forest;
    if (!status) {
        const vouch__trees *t = &tree->forest->trees;
        if (t->n_trees > 1 || tree->n_nodes != (t->n_trees ? t->n_nodes : 1) ||
            (tree->forest->loss != VOUCH__LOSS_LOGISTIC && tree->forest->loss != VOUCH__LOSS_SQUARED &&
             tree->forest->loss != VOUCH__LOSS_POISSON))
            status = vouch__fail(ctx, VOUCH_E_FORMAT, "model file: a tree is not one tree of its kind");
    }
    if (status)
        vouch__tree_free(vouch__allocator(ctx), tree);
    else
        *state = tree;
    return status;
}

const vouch__model_kind vouch__kind_tree = {
    .name = "tree",
    .title = "Decision tree",
    .version = 1,
    .capabilities = VOUCH__CAN_TREES | VOUCH__CAN_CALIBRATED,
    .params = params,
    .n_params = VOUCH__TREE_PARAMS,
    .fit = vouch__tree_fit,
    .predict = vouch__tree_predict,
    .probability = vouch__tree_probability,
    .scale = vouch__tree_scale,
    .contributions = vouch__tree_contributions,
    .shap = vouch__tree_shap_of,
    .describe = vouch__tree_describe,
    .save = save,
    .load = load,
    .say = vouch__trees_say,
    .form = vouch__trees_forms,
    .n_forms = VOUCH__TREES_FORMS,
    .free = vouch__tree_free,
};
