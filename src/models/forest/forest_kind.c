/* The kind forest: tree ensembles of other libraries. Made by import, never fitted here. */
#include "models/forest/forest.h"
#include "models/tree_shap.h"
#include "models/trees_c.h"
#include "models/trees_io.h"

#include <math.h>

static vouch_status fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                        vouch__json *log, void **state)
{
    (void)data, (void)value, (void)doc, (void)log, (void)state;
    return vouch__fail(ctx, VOUCH_E_ARG, "fit: a forest is imported, not fitted; fit a gbdt");
}

static void predict(const void *state, vouch__matrix x, double *raw) { vouch__forest_shown(state, x, raw); }

/* What a single raw value tells of P(bad), or of the mean of another outcome. The share of one class among
 * several needs them all: NaN here. */
static double probability(const void *state, double raw)
{
    const vouch__forest *f = state;
    double both[2] = { raw, 0.0 };
    vouch__forest one = { .transform = f->transform, .slope = f->slope, .n_groups = 1 };
    one.is_averaged = f->is_averaged;
    one.trees.n_trees = f->trees.n_trees / f->n_groups;
    switch (f->transform) {
    case VOUCH__PAIR_SHARE: return isnan(raw) ? raw : fmin(fmax(raw, 0.0), 1.0);
    case VOUCH__AS_IS:
    case VOUCH__NARROWED:
    case VOUCH__EXP:
    case VOUCH__EXP_FLOAT:
    case VOUCH__SQUARE:
    case VOUCH__SOFTPLUS:
    case VOUCH__SIGMOID_FLOAT:
    case VOUCH__SIGMOID:
    case VOUCH__HINGE: vouch__forest_transform(&one, &raw); return raw;
    case VOUCH__SIGMOID_FOLDED: vouch__forest_transform(&one, &raw); return raw;
    case VOUCH__PAIR_SIGMOID: vouch__forest_transform(&one, both); return both[1];
    default: return (double)NAN;
    }
}

static vouch__scale scale(const void *state)
{
    switch (((const vouch__forest *)state)->transform) {
    case VOUCH__EXP:
    case VOUCH__EXP_FLOAT: return VOUCH__SCALE_LOG;
    case VOUCH__AS_IS:
    case VOUCH__NARROWED:
    case VOUCH__SQUARE:
    case VOUCH__SOFTPLUS: return VOUCH__SCALE_MEAN;
    default: return VOUCH__SCALE_SHARE;
    }
}

static void probabilities(const void *state, vouch__matrix x, const double *raw, double *out)
{
    const vouch__forest *f = state;
    double group[VOUCH__GROUPS_MAX];
    bool is_shared = f->transform == VOUCH__SOFTMAX || f->transform == VOUCH__SOFTMAX_FLOAT ||
                     f->transform == VOUCH__SOFTMAX_FOLDED || f->transform == VOUCH__ARGMAX;
    for (size_t i = 0; i < x.rows; i++) {
        if (!is_shared) {
            out[i] = probability(f, raw[i]);
            continue;
        }
        vouch__forest shares = { .transform = f->transform, .n_groups = f->n_groups };
        shares.is_averaged = f->is_averaged;
        shares.trees.n_trees = f->trees.n_trees;
        if (f->transform == VOUCH__ARGMAX) /* the source tells the class only; the shares are softprob's */
            shares.transform = VOUCH__SOFTMAX_FLOAT;
        vouch__forest_raw(f, x.at + i * x.cols, group);
        vouch__forest_transform(&shares, group);
        out[i] = group[f->shown];
    }
}

static vouch_status check(vouch_ctx *ctx, const void *state, const vouch__inputs *inputs, vouch__matrix x,
                          size_t first)
{
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        char text[VOUCH__DOUBLE_MAX];
        size_t j = vouch__forest_refused(state, row);
        if (j == SIZE_MAX)
            continue;
        (void)vouch__double_text(row[j], text);
        return vouch__fail(
            ctx, VOUCH_E_DATA,
            "score: row %zu, input '%s' is %s, which %s leaves undefined; import it lenient to "
            "score it",
            first + i + 1, inputs->at[j].name, text,
            vouch__source_name(((const vouch__forest *)state)->source));
    }
    return VOUCH_OK;
}

static vouch_status explainable(vouch_ctx *ctx, const vouch__forest *f)
{
    if (f->n_lines)
        return vouch__fail(ctx, VOUCH_E_ARG, "contributions: linear trees have no exact ones");
    if (!f->explained.root)
        return vouch__fail(ctx, VOUCH_E_LIMIT,
                           "contributions: a tree is %zu splits deep, at most %d are explained", f->deepest,
                           VOUCH__TREE_DEPTH);
    if (!f->has_cover)
        return vouch__fail(ctx, VOUCH_E_ARG, "contributions: the %s file has no covers to average by",
                           vouch__source_name(f->source));
    return VOUCH_OK;
}

static vouch_status contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                  double *base)
{
    const vouch__forest *f = state;
    vouch_status status = explainable(ctx, f);
    return status ? status : vouch__tree_shap(ctx, &f->explained, x, out, base);
}

static vouch_status shap(vouch_ctx *ctx, const void *state, vouch__shap **out_shap)
{
    const vouch__forest *f = state;
    vouch_status status = explainable(ctx, f);
    return status ? status : vouch__shap_new(ctx, &f->explained, NULL, out_shap);
}

static void describe_sums(const vouch__forest *f, vouch__doc *doc, vouch__json *o)
{
    vouch__json_set(doc, o, "arithmetic", vouch__json_text(doc, f->is_float ? "float32" : "double"));
    vouch__json_set(doc, o, "transform", vouch__json_text(doc, vouch__transform_name(f->transform)));
    vouch__json_set(doc, o, "outputs", vouch__json_number(doc, f->n_groups));
    vouch__json_set(doc, o, "shown_output", vouch__json_number(doc, f->shown));
    vouch__json *start = vouch__json_set(doc, o, "start", vouch__json_array(doc));
    for (uint32_t g = 0; g < f->n_groups; g++)
        vouch__json_push(doc, start, vouch__json_number(doc, f->start[g]));
    if (f->is_scaled) {
        vouch__json *bias = vouch__json_set(doc, o, "bias", vouch__json_array(doc));
        for (uint32_t g = 0; g < f->n_groups; g++)
            vouch__json_push(doc, bias, vouch__json_number(doc, f->bias[g]));
        vouch__json_set(doc, o, f->is_divided ? "divided_by" : "scale", vouch__json_number(doc, f->scale));
    }
}

/* What was found in the file and is kept, in words. */
static void describe_semantics(const vouch__forest *f, vouch__doc *doc, vouch__json *list)
{
    static const char *const rule[VOUCH__RULES] = {
        [VOUCH__RULE_PLAIN] = "x <= threshold in double, or a category among those listed, goes left",
        [VOUCH__RULE_FLOAT_BELOW] = "x as float32 < threshold goes left, missing to the node's side",
        [VOUCH__RULE_FLOAT_UPTO] = "x as float32 <= threshold goes left, missing to the node's side",
        [VOUCH__RULE_SNAP] = "x <= threshold in double goes left, missing counts as 0",
        [VOUCH__RULE_SNAP_ZERO] = "x <= threshold in double goes left, 0 and missing to the node's side",
        [VOUCH__RULE_SNAP_NAN] = "x <= threshold in double goes left, missing to the node's side",
        [VOUCH__RULE_SET_ELSE_LEFT] =
            "listed categories go right, all others left, missing to the node's side",
        [VOUCH__RULE_SET_ELSE_RIGHT] = "listed categories go left, all others and missing right",
    };
    bool met[VOUCH__RULES] = { false }, is_infinite = false, is_bare = !f->has_cover;
    for (size_t i = 0; i < f->trees.n_nodes; i++) {
        const vouch__node *node = &f->trees.node[i];
        if (node->left >= 0) {
            met[node->rule] = true;
            is_infinite = is_infinite || isinf(node->threshold);
        }
        is_bare = is_bare || node->cover == 0.0;
    }
    for (size_t r = 0; r < VOUCH__RULES; r++)
        if (met[r])
            vouch__json_push(doc, list, vouch__json_text(doc, rule[r]));
    if (f->source == VOUCH__FROM_LIGHTGBM)
        vouch__json_push(doc, list,
                         vouch__json_text(doc, "values up to 1.0000000180025095e-35 in size count as 0"));
    if (is_infinite)
        vouch__json_push(doc, list,
                         vouch__json_text(doc, "an infinite threshold parts missing values from the rest"));
    if (f->weight)
        vouch__json_push(
            doc, list,
            vouch__json_text(doc, "each leaf times its tree's weight, rounded before it is added"));
    if (f->is_averaged)
        vouch__json_push(
            doc, list, vouch__json_text(doc, "raw is a sum of trees; a prediction is made from their mean"));
    if (f->n_lines)
        vouch__json_push(
            doc, list,
            vouch__json_text(doc, "leaves are linear in their inputs, plain where one is missing"));
    if (is_bare)
        vouch__json_push(doc, list,
                         vouch__json_text(doc, f->has_cover
                                                   ? "some covers are 0: such a split is averaged by halves"
                                                   : "no covers: no path-dependent contributions"));
    vouch__json_push(
        doc, list,
        vouch__json_text(
            doc, f->is_lenient ? "lenient: input that the source leaves undefined is scored as it scores it"
                               : "strict: input that the source leaves undefined is refused"));
}

static vouch_status digest_of(const vouch__forest *f, const vouch__inputs *inputs, char out_hex[VOUCH__HEX])
{
    vouch_ctx_options options = { .alloc = inputs->alloc, .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_status status = ctx ? vouch__forest_digest(ctx, f, inputs, out_hex) : VOUCH_E_NOMEM;
    vouch_ctx_free(ctx);
    return status;
}

static void describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    const vouch__forest *f = state;
    char digest[VOUCH__HEX];
    size_t leaves = 0;
    for (size_t i = 0; i < f->trees.n_nodes; i++)
        leaves += f->trees.node[i].left < 0;
    vouch__json_set(doc, object, "source", vouch__json_text(doc, vouch__source_name(f->source)));
    vouch__json_set(doc, object, "source_version", vouch__json_text(doc, f->version));
    vouch__json_set(doc, object, "objective", vouch__json_text(doc, f->objective));
    vouch__json_set(doc, object, "source_sha256", vouch__json_text(doc, f->source_hash));
    vouch__json_set(doc, object, "canonical_sha256",
                    digest_of(f, inputs, digest) ? vouch__json_null(doc) : vouch__json_text(doc, digest));
    vouch__json_set(doc, object, "trees", vouch__json_number(doc, (double)f->trees.n_trees));
    vouch__json_set(doc, object, "leaves", vouch__json_number(doc, (double)leaves));
    vouch__json_set(doc, object, "deepest", vouch__json_number(doc, (double)f->deepest));
    vouch__json_set(doc, object, "iterations_found", vouch__json_number(doc, f->found));
    vouch__json_set(doc, object, "best_iteration",
                    f->best ? vouch__json_number(doc, f->best - 1.0) : vouch__json_null(doc));
    describe_sums(f, doc, object);
    describe_semantics(f, doc, vouch__json_set(doc, object, "semantics", vouch__json_array(doc)));
    vouch__json *splits = vouch__json_set(doc, object, "splits", vouch__json_object(doc));
    for (size_t j = 0; j < inputs->n; j++) {
        size_t n = 0;
        for (size_t i = 0; i < f->trees.n_nodes; i++)
            n += f->trees.node[i].left >= 0 && f->trees.node[i].input == j;
        vouch__json_set(doc, splits, inputs->at[j].name, vouch__json_number(doc, (double)n));
    }
}

static void save(const void *state, vouch__buf *out) { vouch__forest_put(state, out); }

static void drop(const vouch_alloc *alloc, void *state) { vouch__forest_free(alloc, state); }

static vouch_status load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                         void **state)
{
    vouch__forest *f = NULL;
    vouch_status status = vouch__forest_get(ctx, inputs, bytes, len, &f);
    if (!status)
        *state = f;
    return status;
}

const vouch__model_kind vouch__kind_forest = {
    .name = "forest",
    .title = "Imported trees",
    .version = 1,
    .capabilities = VOUCH__CAN_TREES | VOUCH__IS_IMPORTED,
    .fit = fit,
    .predict = predict,
    .probability = probability,
    .scale = scale,
    .probabilities = probabilities,
    .check = check,
    .contributions = contributions,
    .shap = shap,
    .describe = describe,
    .save = save,
    .load = load,
    .form = vouch__forest_forms,
    .n_forms = VOUCH__FOREST_FORMS,
    .free = drop,
};
