/* The kind gbdt: gradient boosting of histogram trees. Its saved form is in docs/models.md:
 *   1. loss, u8, as vouch__gbdt_loss_id numbers them; of the caller's own also its link, u8
 *   2. the forest, as trees_io.h writes it
 * Version 1 had two losses, and no parameters after early_stop. */
#include "models/gbdt/gbdt.h"
#include "models/tell.h"
#include "models/tree_shap.h"
#include "models/trees_c.h"
#include "models/trees_io.h"
#include "num/special.h"

#include <math.h>

enum {
    TREES,
    LEARNING_RATE,
    LEAVES,
    DEPTH,
    GROW,
    LOSS,
    L2,
    MIN_CHILD_WEIGHT,
    MIN_CHILD_ROWS,
    ROW_SAMPLE,
    COLUMN_SAMPLE,
    MAX_BINS,
    EARLY_STOP,
    POWER,
    QUANTILE,
    FOCAL,
    BAD_WEIGHT,
    INTERACTIONS,
    MISSING,
    N_PARAMS,
    PARAMS_OF_1 = POWER
};

/* clang-format off */
static const vouch__param params[N_PARAMS] = {
    [TREES] = { "trees", VOUCH__PARAM_INTEGER, 1, 100000, 400, NULL, "trees", "Most trees that are grown." },
    [LEARNING_RATE] = { "learning_rate", VOUCH__PARAM_REAL, 0.001, 1, 0.05, NULL, "",
                        "What share of its best output each leaf adds." },
    [LEAVES] = { "leaves", VOUCH__PARAM_INTEGER, 2, 4096, 31, NULL, "leaves", "Most leaves of a tree." },
    [DEPTH] = { "depth", VOUCH__PARAM_INTEGER, 1, VOUCH__TREE_DEPTH, 5, NULL, "splits",
                "Most splits from the root to a leaf." },
    [GROW] = { "grow", VOUCH__PARAM_CHOICE, 0, 1, 0, "depth|leaf", "",
               "Which leaf is split next: one of the shallowest, or the one that gains most." },
    [LOSS] = { "loss", VOUCH__PARAM_CHOICE, 0, 1, 0, "logistic|squared|poisson|gamma|tweedie|quantile|focal", "",
               "What is made small: log-loss or focal loss of a 0/1 target; squared or pinball (quantile) loss of a "
               "number; deviance of a count (poisson), an amount (gamma) or an amount that may be 0 (tweedie)." },
    [L2] = { "l2", VOUCH__PARAM_REAL, 0, 1e6, 1, NULL, "", "Added to a leaf's curvature; shrinks small leaves." },
    [MIN_CHILD_WEIGHT] = { "min_child_weight", VOUCH__PARAM_REAL, 0, 1e9, 1, NULL, "",
                           "Least curvature (p (1 - p) summed) of a leaf." },
    [MIN_CHILD_ROWS] = { "min_child_rows", VOUCH__PARAM_INTEGER, 1, 1e8, 20, NULL, "rows",
                         "Least number of training rows of a leaf." },
    [ROW_SAMPLE] = { "row_sample", VOUCH__PARAM_REAL, 0.01, 1, 0.8, NULL, "", "Share of rows that grow each tree." },
    [COLUMN_SAMPLE] = { "column_sample", VOUCH__PARAM_REAL, 0.01, 1, 0.7, NULL, "",
                        "Share of inputs that each tree may split on." },
    [MAX_BINS] = { "max_bins", VOUCH__PARAM_INTEGER, 2, 255, 255, NULL, "bins",
                   "Most bins of an input, besides the one for missing." },
    [EARLY_STOP] = { "early_stop", VOUCH__PARAM_INTEGER, 0, 100000, 50, NULL, "trees",
                     "Stop when the loss on tune has not fallen for so many trees, and keep the best; 0: never." },
    [POWER] = { "power", VOUCH__PARAM_REAL, 1.05, 1.95, 1.5, NULL, "",
                "Tweedie loss: the variance grows with the mean to this power." },
    [QUANTILE] = { "quantile", VOUCH__PARAM_REAL, 0.001, 0.999, 0.5, NULL, "", "Quantile loss: which quantile." },
    [FOCAL] = { "focal", VOUCH__PARAM_REAL, 0, 10, 2, NULL, "",
                "Focal loss: how much rows that are already predicted well count less; 0: log-loss." },
    [BAD_WEIGHT] = { "bad_weight", VOUCH__PARAM_REAL, 0, 1e6, 1, NULL, "",
                     "Weight of a bad row beside a good one; 0: what makes both classes weigh the same." },
    [INTERACTIONS] = { "interactions", VOUCH__PARAM_TREE, 0, 1, 0, NULL, "",
                       "Lists of inputs: only inputs that share a list may meet on a way from root to leaf." },
    [MISSING] = { "missing", VOUCH__PARAM_TREE, 0, 1, 0, NULL, "",
                  "Where missing values of a number go, input: low or high; else it is learned." },
};
/* clang-format on */

static void drop(const vouch_alloc *alloc, void *state)
{
    vouch__gbdt *model = state;
    if (!model)
        return;
    vouch__engine_free(alloc, model->engine);
    vouch__trees_clear(alloc, &model->trees);
    vouch__free(alloc, model);
}

vouch_status vouch__gbdt_compile(vouch_ctx *ctx, vouch__gbdt *model)
{
    vouch__engine_sum sum = { .n_outputs = 1, .start = &model->trees.base };
    return vouch__engine_new(ctx, &model->trees, &sum, &model->engine);
}

/* The model with its engine, or nothing. */
static vouch_status compile(vouch_ctx *ctx, vouch__gbdt *model, void **state)
{
    vouch_status status = vouch__gbdt_compile(ctx, model);
    if (status)
        drop(vouch__allocator(ctx), model);
    else
        *state = model;
    return status;
}

static vouch_status fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                        vouch__json *log, void **state)
{
    vouch__gbdt *model = NULL;
    vouch__gbdt_params p = {
        .trees = (size_t)value[TREES],
        .leaves = (size_t)value[LEAVES],
        .depth = (size_t)value[DEPTH],
        .max_bins = (size_t)value[MAX_BINS],
        .min_rows = (size_t)value[MIN_CHILD_ROWS],
        .early_stop = (size_t)value[EARLY_STOP],
        .rate = value[LEARNING_RATE],
        .l2 = value[L2],
        .min_weight = value[MIN_CHILD_WEIGHT],
        .row_sample = value[ROW_SAMPLE],
        .column_sample = value[COLUMN_SAMPLE],
        .is_leaf_wise = value[GROW] != 0.0,
        .loss = data->objective ? VOUCH__LOSS_CUSTOM : (vouch__gbdt_loss_id)value[LOSS],
        .bad_weight = value[BAD_WEIGHT],
        .kernels = vouch__gbdt_kernels_best(),
    };
    p.shape = value[p.loss == VOUCH__LOSS_QUANTILE ? QUANTILE : p.loss == VOUCH__LOSS_FOCAL ? FOCAL : POWER];
    if (p.depth < 13 && p.leaves > (size_t)1 << p.depth)
        p.leaves = (size_t)1 << p.depth; /* more cannot be, and each costs memory */
    vouch_status status = vouch__gbdt_fit(ctx, data, &p, doc, log, &model);
    return status ? status : compile(ctx, model, state);
}

static void predict(const void *state, vouch__matrix x, double *raw)
{
    vouch__engine_rows(((const vouch__gbdt *)state)->engine, x.rows, x.at, raw);
}

static double probability(const void *state, double raw)
{
    const vouch__gbdt *model = state;
    double mean = model->link == VOUCH_LINK_LOGIT ? vouch__sigmoid(raw)
                  : model->link == VOUCH_LINK_LOG ? vouch__exp(raw)
                                                  : raw;
    return model->loss == VOUCH__LOSS_CUSTOM ? fmin(fmax(mean, 0.0), 1.0) : mean;
}

static vouch__scale scale(const void *state)
{
    const vouch__gbdt *model = state;
    return model->loss == VOUCH__LOSS_CUSTOM ? VOUCH__SCALE_SHARE : vouch__link_scale(model->link);
}

static vouch_status contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                  double *base)
{
    return vouch__tree_shap(ctx, &((const vouch__gbdt *)state)->trees, x, out, base);
}

static vouch_status shap(vouch_ctx *ctx, const void *state, vouch__shap **out_shap)
{
    return vouch__shap_new(ctx, &((const vouch__gbdt *)state)->trees, NULL, out_shap);
}

static size_t depth_of(const vouch__node *tree, const vouch__node *node)
{
    if (node->left < 0)
        return 0;
    size_t left = depth_of(tree, tree + node->left), right = depth_of(tree, tree + node->right);
    return 1 + (left > right ? left : right);
}

static void describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    const vouch__gbdt *model = state;
    const vouch__trees *trees = &model->trees;
    size_t deepest = 0, leaves = 0;
    for (size_t t = 0; t < trees->n_trees; t++) {
        const vouch__node *tree = trees->node + trees->root[t];
        size_t depth = depth_of(tree, tree);
        deepest = depth > deepest ? depth : deepest;
    }
    for (size_t i = 0; i < trees->n_nodes; i++)
        leaves += trees->node[i].left < 0;
    vouch__json_set(doc, object, "loss", vouch__json_text(doc, vouch__gbdt_loss_name(model->loss)));
    vouch__json_set(doc, object, "base", vouch__json_number(doc, trees->base));
    vouch__json_set(doc, object, "trees", vouch__json_number(doc, (double)trees->n_trees));
    vouch__json_set(doc, object, "leaves", vouch__json_number(doc, (double)leaves));
    vouch__json_set(doc, object, "deepest", vouch__json_number(doc, (double)deepest));
    static const char *const column[] = { "input", "splits" };
    vouch__json *splits = vouch__tell_table(doc, object, "splits", column, sizeof column / sizeof column[0]);
    for (size_t j = 0; j < inputs->n; j++) {
        size_t n = 0;
        for (size_t i = 0; i < trees->n_nodes; i++)
            n += trees->node[i].left >= 0 && trees->node[i].input == j;
        vouch__json *row = vouch__json_push(doc, splits, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_text(doc, inputs->at[j].name));
        vouch__tell_push(doc, row, (double)n);
    }
}

static void save(const void *state, vouch__buf *out)
{
    const vouch__gbdt *model = state;
    vouch__put_u8(out, (uint8_t)model->loss);
    if (model->loss == VOUCH__LOSS_CUSTOM)
        vouch__put_u8(out, (uint8_t)model->link);
    vouch__trees_put(&model->trees, out);
}

static vouch_status load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                         void **state)
{
    vouch__wire in = { bytes, len, false };
    uint8_t loss = vouch__get_u8(&in), link = loss == VOUCH__LOSS_CUSTOM ? vouch__get_u8(&in) : 0;
    if (in.is_short || loss >= VOUCH__LOSSES || link > VOUCH_LINK_LOG)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: the loss is of no known kind");
    vouch__gbdt *model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model)
        return vouch__oom(ctx);
    model->loss = (vouch__gbdt_loss_id)loss;
    model->link = loss == VOUCH__LOSS_CUSTOM ? (vouch_link)link : vouch__gbdt_link(model->loss);
    vouch_status status = vouch__trees_get(ctx, inputs, &in, &model->trees);
    if (!status)
        return compile(ctx, model, state);
    drop(vouch__allocator(ctx), model);
    return status;
}

const vouch__model_kind vouch__kind_gbdt = {
    .name = "gbdt",
    .title = "Gradient-boosted trees",
    .version = 2,
    .params_of_1 = PARAMS_OF_1,
    .capabilities = VOUCH__CAN_TREES | VOUCH__CAN_CALIBRATED | VOUCH__CAN_RESUME,
    .params = params,
    .n_params = N_PARAMS,
    .fit = fit,
    .predict = predict,
    .probability = probability,
    .scale = scale,
    .contributions = contributions,
    .shap = shap,
    .describe = describe,
    .save = save,
    .load = load,
    .say = vouch__trees_say,
    .form = vouch__trees_forms,
    .n_forms = VOUCH__TREES_FORMS,
    .free = drop,
};
