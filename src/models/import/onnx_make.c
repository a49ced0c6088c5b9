/* The forest of an ONNX tree operator. A leaf may have a weight for each of several outputs: its tree then
 * stands once for every output that it has weights of, as trees here add to one output.
 *
 * Sums are those of the operator: from 0, tree by tree in the order of the file, in float32 (double when the
 * operator's input is), then divided by the number of trees for AVERAGE, then base_values added. */
#include "models/import/onnx.h"

#include <math.h>
#include <string.h>

static size_t most_nodes(const vouch__onnx_nodes *nodes) { return 8 * (nodes->n + nodes->n_weights) + 65536; }

/* What the leaf adds to output g, 0 when nothing. */
static bool weight_of(const vouch__onnx_nodes *nodes, uint32_t leaf, uint32_t g, double *out)
{
    size_t lo = nodes->weight_at[leaf], hi = nodes->weight_at[leaf + 1];
    *out = 0.0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (nodes->weight[mid].output == g) {
            *out = nodes->weight[mid].value;
            return true;
        }
        if (nodes->weight[mid].output < g)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

typedef struct cover { /* of each output: in how many leaves of the tree it has a weight, and whether it has
                          one whatever the row */
    uint32_t leaves[VOUCH__GROUPS_MAX];
    bool is_full[VOUCH__GROUPS_MAX];
} cover;

static void count_outputs(const vouch__onnx_nodes *nodes, const vouch__buf *shape, cover *c)
{
    uint32_t n_leaves = 0;
    memset(c->leaves, 0, sizeof c->leaves);
    for (size_t i = 0; i < VOUCH__LEN(*shape, vouch__node); i++) {
        const vouch__node *node = VOUCH__AT(*shape, vouch__node) + i;
        if (node->left >= 0)
            continue;
        n_leaves++;
        for (uint32_t k = nodes->weight_at[node->input]; k < nodes->weight_at[node->input + 1]; k++)
            c->leaves[nodes->weight[k].output]++;
    }
    for (size_t g = 0; g < VOUCH__GROUPS_MAX; g++)
        c->is_full[g] = c->is_full[g] || c->leaves[g] == n_leaves;
}

/* The tree drawn in shape, once for output g. */
static vouch_status put_tree(vouch__onnx_reading *r, const vouch__onnx_nodes *nodes, const vouch__buf *shape,
                             uint32_t g)
{
    vouch__maker *m = r->m;
    if (VOUCH__LEN(m->node, vouch__node) + VOUCH__LEN(*shape, vouch__node) > most_nodes(nodes))
        return vouch__maker_refuse(m, "its trees would take far more nodes than the file has");
    vouch__buf_add(&m->draft, shape->at, shape->len);
    vouch_status status = vouch__buf_status(m->ctx, &m->draft);
    for (size_t i = 0; !status && i < VOUCH__LEN(m->draft, vouch__node); i++) {
        vouch__node *node = VOUCH__AT(m->draft, vouch__node) + i;
        if (node->left >= 0)
            continue;
        uint32_t leaf = node->input;
        (void)weight_of(nodes, leaf, g, &node->value);
        int64_t id = r->op == VOUCH__ONNX_ENSEMBLE ? (int64_t)(leaf - nodes->n_inner)
                                                   : vouch__onnx_int(r, VOUCH__ONNX_NODE, leaf);
        if (id < 0 || id >= UINT32_MAX)
            return vouch__maker_refuse(m, "nodes_nodeids: %lld, must be from 0 to 4294967294", (long long)id);
        node->input = (uint32_t)id;
    }
    return status ? status : vouch__maker_tree(m, g, true);
}

static vouch_status put_trees(vouch__onnx_reading *r, const vouch__onnx_nodes *nodes, uint32_t n_groups,
                              cover *c)
{
    vouch_ctx *ctx = r->m->ctx;
    vouch__onnx_walk walk = { .seen = vouch__scratch(ctx, nodes->n, 1) };
    vouch__buf shape;
    vouch_status status = VOUCH_OK;
    if (!walk.seen)
        return vouch__oom(ctx);
    memset(walk.seen, 0, nodes->n);
    vouch__buf_init(ctx, &shape, (size_t)1 << 34);
    for (size_t t = 0; !status && t < nodes->n_roots; t++) {
        bool is_put = false;
        status = vouch__onnx_shape(r, nodes, t, &walk, &shape);
        if (!status)
            count_outputs(nodes, &shape, c);
        for (uint32_t g = 0; !status && g < n_groups; g++) {
            if (!c->leaves[g] && !(g + 1 == n_groups && !is_put)) /* a tree without weights stands once */
                continue;
            status = put_tree(r, nodes, &shape, g);
            is_put = true;
        }
        if (!status)
            status = vouch__poll(ctx);
    }
    vouch__buf_free(&shape);
    size_t n_unseen = 0;
    for (size_t i = 0; i < nodes->n_inner; i++)
        n_unseen += !walk.seen[i];
    if (!status && n_unseen && !nodes->has_equality) /* which may leave out what no row reaches */
        status = vouch__maker_refuse(r->m, "%zu nodes are not reached from a root", n_unseen);
    return status;
}

/* How many outputs, and how predictions are made of their sums. */
static vouch_status set_outputs(vouch__onnx_reading *r, vouch__onnx_nodes *nodes)
{
    vouch__forest *f = r->m->forest;
    uint32_t least = UINT32_MAX, most = 0;
    bool is_mixed = false;
    for (size_t i = 0; i < nodes->n_weights; i++) {
        least = nodes->weight[i].output < least ? nodes->weight[i].output : least;
        most = nodes->weight[i].output > most ? nodes->weight[i].output : most;
        is_mixed = is_mixed || nodes->weight[i].value < 0.0;
    }
    bool is_classifier = r->op == VOUCH__ONNX_CLASSIFIER;
    int64_t n = is_classifier ? (int64_t)r->n_labels : r->n_outputs;
    if (!nodes->n_weights)
        return vouch__maker_refuse(r->m, "its leaves have no weights");
    if (n < 1 + is_classifier || n > VOUCH__GROUPS_MAX || most >= n)
        return vouch__maker_refuse(r->m, "%lld %s for weights of outputs up to %u, at most %d are read",
                                   (long long)n, is_classifier ? "classlabels" : "n_targets", most,
                                   VOUCH__GROUPS_MAX);
    bool is_pair = is_classifier && n == 2 && least == most;
    f->n_groups = is_pair ? 1 : (uint32_t)n;
    if (is_pair && (most != 0 || r->post == VOUCH__ONNX_SOFTMAX))
        return vouch__maker_refuse(
            r->m,
            "class_ids: two classes scored as one, %s: ONNX Runtime and the operator's "
            "reference differ there",
            most ? "the second" : "with SOFTMAX");
    if (!is_classifier && r->post != VOUCH__ONNX_NONE)
        return vouch__maker_refuse(r->m, "post_transform: of a regressor only NONE is read");
    if (is_pair)
        f->transform = r->post == VOUCH__ONNX_LOGISTIC ? VOUCH__PAIR_SIGMOID
                       : is_mixed                      ? VOUCH__PAIR_SIGNED
                                                       : VOUCH__PAIR_SHARE;
    else
        f->transform = r->is_exp                         ? VOUCH__EXP_FLOAT
                       : r->post == VOUCH__ONNX_LOGISTIC ? VOUCH__SIGMOID_FOLDED
                       : r->post == VOUCH__ONNX_SOFTMAX  ? VOUCH__SOFTMAX_FOLDED
                       : r->op == VOUCH__ONNX_ENSEMBLE   ? VOUCH__AS_IS
                                                         : VOUCH__NARROWED;
    return VOUCH_OK;
}

static vouch_status set_sums(vouch__onnx_reading *r, const vouch__onnx_nodes *nodes)
{
    static const char *const op[] = { "TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble" };
    vouch__forest *f = r->m->forest;
    size_t n_base = vouch__onnx_len(r, VOUCH__ONNX_BASE);
    f->source = VOUCH__FROM_ONNX;
    f->is_float = !r->is_double;
    f->is_scaled = true;
    f->is_divided = r->is_averaged;
    f->scale = r->is_averaged ? (double)nodes->n_roots : 1.0;
    f->start = vouch__alloc(r->m->ctx, f->n_groups, sizeof *f->start);
    f->bias = vouch__alloc(r->m->ctx, f->n_groups, sizeof *f->bias);
    f->objective = vouch__strdup(r->m->ctx, op[r->op]);
    if (!f->start || !f->bias || !f->objective)
        return vouch__oom(r->m->ctx);
    if (n_base && n_base != f->n_groups)
        return vouch__maker_refuse(r->m, "base_values: %zu values for %u outputs", n_base, f->n_groups);
    for (size_t g = 0; g < n_base; g++) {
        f->bias[g] = vouch__onnx_real(r, VOUCH__ONNX_BASE, g);
        if (!isfinite(f->bias[g]))
            return vouch__maker_refuse(r->m, "base_values: value %zu is not finite", g);
    }
    return VOUCH_OK;
}

/* Where a row may have no score of an output at all, ONNX Runtime drops that output's base value and the
 * operator's reference does not; with two classes it takes the other's score. */
static vouch_status check_cover(vouch__onnx_reading *r, const cover *c)
{
    vouch__forest *f = r->m->forest;
    bool is_binary = r->op == VOUCH__ONNX_CLASSIFIER && r->n_labels == 2 && f->n_groups == 2,
         has_base = vouch__onnx_len(r, VOUCH__ONNX_BASE) > 0;
    if (is_binary && has_base)
        return vouch__maker_refuse(r->m,
                                   "base_values: of two classes scored apart they are not defined alike by "
                                   "ONNX Runtime and the operator's reference");
    if (!is_binary && (!has_base || r->op == VOUCH__ONNX_CLASSIFIER))
        return VOUCH_OK;
    for (uint32_t g = 0; g < f->n_groups; g++)
        if (!c->is_full[g])
            return vouch__maker_refuse(r->m,
                                       "output %u: a row may have no score of it, which ONNX Runtime and the "
                                       "operator's reference take differently",
                                       g);
    return VOUCH_OK;
}

static vouch_status set_inputs(vouch__onnx_reading *r)
{
    int64_t most = -1;
    for (size_t i = 0; i < VOUCH__LEN(r->m->node, vouch__node); i++) {
        const vouch__node *node = VOUCH__AT(r->m->node, vouch__node) + i;
        if (node->left >= 0 && (int64_t)node->input > most)
            most = (int64_t)node->input;
    }
    if (r->width && most >= r->width)
        return vouch__maker_refuse(r->m, "nodes_featureids: feature %lld of %lld", (long long)most,
                                   (long long)r->width);
    return vouch__maker_inputs(r->m, r->width ? (size_t)r->width : (size_t)(most < 0 ? 1 : most + 1), NULL,
                               0);
}

vouch_status vouch__onnx_make(vouch__onnx_reading *r)
{
    size_t mark = vouch__scratch_mark(r->m->ctx);
    vouch__onnx_nodes nodes;
    cover *c = vouch__scratch(r->m->ctx, 1, sizeof *c);
    if (!c)
        return vouch__oom(r->m->ctx);
    memset(c, 0, sizeof *c);
    vouch_status status = vouch__onnx_resolve(r, &nodes);
    if (!status)
        status = set_outputs(r, &nodes);
    if (!status)
        status = set_sums(r, &nodes);
    if (!status)
        status = put_trees(r, &nodes, r->m->forest->n_groups, c);
    if (!status)
        status = check_cover(r, c);
    if (!status)
        status = set_inputs(r);
    if (!status && r->m->options->iterations != VOUCH_ITERATIONS_ALL)
        status = vouch__maker_refuse(r->m,
                                     "an ONNX file does not say where its iterations end: all are kept");
    if (!status)
        r->m->forest->found = (uint32_t)nodes.n_roots;
    vouch__scratch_reset(r->m->ctx, mark);
    return status;
}
