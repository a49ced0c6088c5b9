/* The nodes of an ONNX tree operator, found by the numbers that the file gives them, and one tree at a time
 * drawn as the forest has it.
 *
 * A test for equality becomes two: x < v, else x <= v. What follows an unequal value then stands in the tree
 * twice; each copy knows between which values x lies there, so that a chain of such tests, as a set of
 * categories is written, grows by its length and not by its square or worse. */
#include "models/import/onnx.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct named { /* a node of the tree at hand, or a tree, by its number in the file */
    int64_t id;
    uint32_t at;
} named;

static int by_id(const void *a, const void *b)
{
    const named *x = a, *y = b;
    return x->id != y->id ? (x->id < y->id ? -1 : 1) : (x->at > y->at) - (x->at < y->at);
}

static int by_leaf(const void *a, const void *b)
{
    const vouch__onnx_weight *x = a, *y = b;
    if (x->leaf != y->leaf)
        return x->leaf < y->leaf ? -1 : 1;
    return (x->output > y->output) - (x->output < y->output);
}

static const named *find(const named *list, size_t n, int64_t id)
{
    named key = { id, 0 };
    if (id >= 0 && (uint64_t)id < n && list[id].id == id) /* numbered as they stand */
        return &list[id];
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (list[mid].id < key.id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && list[lo].id == id ? &list[lo] : NULL;
}

/* Lists of one element a node: n_read of them must be as long as the first. */
static vouch_status check_lengths(vouch__onnx_reading *r, size_t n)
{
    static const vouch__onnx_list all[] = { VOUCH__ONNX_INPUT, VOUCH__ONNX_YES, VOUCH__ONNX_NO,
                                            VOUCH__ONNX_MODE, VOUCH__ONNX_VALUE };
    static const char *const name[] = { "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids",
                                        "nodes_modes", "nodes_values" };
    size_t n_missing = vouch__onnx_len(r, VOUCH__ONNX_MISSING),
           n_weights = vouch__onnx_len(r, VOUCH__ONNX_WEIGHT);
    bool is_ensemble = r->op == VOUCH__ONNX_ENSEMBLE;
    if (n == 0 || n > INT32_MAX || n_weights > INT32_MAX)
        return vouch__maker_refuse(r->m, "the tree ensemble has %zu nodes and %zu leaf weights", n,
                                   n_weights);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (vouch__onnx_len(r, all[i]) != n)
            return vouch__maker_refuse(r->m, "%s: %zu values for %zu nodes", name[i],
                                       vouch__onnx_len(r, all[i]), n);
    if (n_missing && n_missing != n)
        return vouch__maker_refuse(r->m, "nodes_missing_value_tracks_true: %zu values for %zu nodes",
                                   n_missing, n);
    bool is_odd = vouch__onnx_len(r, VOUCH__ONNX_W_OUTPUT) != n_weights;
    if (is_ensemble)
        is_odd = is_odd || vouch__onnx_len(r, VOUCH__ONNX_YES_LEAF) != n ||
                 vouch__onnx_len(r, VOUCH__ONNX_NO_LEAF) != n;
    else
        is_odd = is_odd || vouch__onnx_len(r, VOUCH__ONNX_W_TREE) != n_weights ||
                 vouch__onnx_len(r, VOUCH__ONNX_W_NODE) != n_weights ||
                 vouch__onnx_len(r, VOUCH__ONNX_NODE) != n;
    return is_odd ? vouch__maker_refuse(r->m, "the tree ensemble's lists are of different lengths")
                  : VOUCH_OK;
}

static bool is_leaf(const vouch__onnx_reading *r, const vouch__onnx_nodes *nodes, uint32_t at)
{
    return at >= nodes->n_inner ||
           (r->op != VOUCH__ONNX_ENSEMBLE && vouch__onnx_int(r, VOUCH__ONNX_MODE, at) == VOUCH__ONNX_LEAF);
}

/* Children and root of the nodes [begin, end), which are one tree. */
static vouch_status resolve_tree(vouch__onnx_reading *r, vouch__onnx_nodes *nodes, named *list,
                                 uint8_t *has_parent, size_t begin, size_t end)
{
    size_t n = end - begin, n_roots = 0;
    long long tree = (long long)vouch__onnx_int(r, VOUCH__ONNX_TREE, begin);
    for (size_t i = begin; i < end; i++)
        list[i] = (named){ vouch__onnx_int(r, VOUCH__ONNX_NODE, i), (uint32_t)i };
    qsort(list + begin, n, sizeof *list, by_id);
    for (size_t i = begin + 1; i < end; i++)
        if (list[i].id == list[i - 1].id)
            return vouch__maker_refuse(r->m, "nodes_nodeids: tree %lld has node %lld twice", tree,
                                       (long long)list[i].id);
    for (size_t i = begin; i < end; i++) {
        if (is_leaf(r, nodes, (uint32_t)i)) {
            nodes->yes[i] = nodes->no[i] = UINT32_MAX;
            continue;
        }
        const named *yes = find(list + begin, n, vouch__onnx_int(r, VOUCH__ONNX_YES, i)),
                    *no = find(list + begin, n, vouch__onnx_int(r, VOUCH__ONNX_NO, i));
        if (!yes || !no)
            return vouch__maker_refuse(r->m, "%s: tree %lld, node %lld has a child that is not there",
                                       yes ? "nodes_falsenodeids" : "nodes_truenodeids", tree,
                                       (long long)vouch__onnx_int(r, VOUCH__ONNX_NODE, i));
        nodes->yes[i] = yes->at;
        nodes->no[i] = no->at;
        has_parent[yes->at] = has_parent[no->at] = 1;
    }
    for (size_t i = begin; i < end; i++)
        if (!has_parent[i]) {
            nodes->root[nodes->n_roots] = (uint32_t)i;
            n_roots++;
        }
    nodes->n_roots++;
    if (n_roots != 1)
        return vouch__maker_refuse(r->m, "nodes_nodeids: tree %lld has %zu roots, must have one", tree,
                                   n_roots);
    return VOUCH_OK;
}

static vouch_status resolve_weights(vouch__onnx_reading *r, vouch__onnx_nodes *nodes, const named *list,
                                    const named *trees, const size_t *tree_at)
{
    for (size_t i = 0; i < nodes->n_weights; i++) {
        int64_t id = vouch__onnx_int(r, VOUCH__ONNX_W_TREE, i);
        const named *tree = find(trees, nodes->n_roots, id);
        size_t begin = tree ? tree_at[tree->at] : 0, end = tree ? tree_at[tree->at + 1] : 0;
        const named *leaf = find(list + begin, end - begin, vouch__onnx_int(r, VOUCH__ONNX_W_NODE, i));
        if (!leaf || !is_leaf(r, nodes, leaf->at))
            return vouch__maker_refuse(r->m, "leaf weight %zu is of tree %lld, node %lld, which is no leaf",
                                       i, (long long)id,
                                       (long long)vouch__onnx_int(r, VOUCH__ONNX_W_NODE, i));
        nodes->weight[i].leaf = leaf->at;
    }
    return VOUCH_OK;
}

/* The classifier and the regressor: all by tree and node numbers. Nodes of a tree stand together. */
static vouch_status resolve_numbered(vouch__onnx_reading *r, vouch__onnx_nodes *nodes)
{
    size_t n = nodes->n;
    named *list = vouch__scratch(r->m->ctx, n, sizeof *list),
          *trees = vouch__scratch(r->m->ctx, n, sizeof *trees);
    size_t *tree_at = vouch__scratch(r->m->ctx, n + 1, sizeof *tree_at);
    uint8_t *has_parent = vouch__scratch(r->m->ctx, n, 1);
    vouch_status status = VOUCH_OK;
    if (!list || !trees || !tree_at || !has_parent)
        return vouch__oom(r->m->ctx);
    memset(has_parent, 0, n);
    for (size_t begin = 0, end; !status && begin < n; begin = end) {
        int64_t id = vouch__onnx_int(r, VOUCH__ONNX_TREE, begin);
        for (end = begin + 1; end < n && vouch__onnx_int(r, VOUCH__ONNX_TREE, end) == id;)
            end++;
        trees[nodes->n_roots] = (named){ id, (uint32_t)nodes->n_roots };
        tree_at[nodes->n_roots] = begin;
        tree_at[nodes->n_roots + 1] = end;
        status = resolve_tree(r, nodes, list, has_parent, begin, end);
        if (!status)
            status = vouch__poll(r->m->ctx);
    }
    if (status)
        return status;
    qsort(trees, nodes->n_roots, sizeof *trees, by_id);
    for (size_t t = 1; t < nodes->n_roots; t++)
        if (trees[t].id == trees[t - 1].id)
            return vouch__maker_refuse(r->m, "nodes_treeids: nodes of tree %lld do not stand together",
                                       (long long)trees[t].id);
    return resolve_weights(r, nodes, list, trees, tree_at);
}

/* TreeEnsemble: inner nodes and leaves by their places, the leaves after the inner nodes here. */
static vouch_status resolve_placed(vouch__onnx_reading *r, vouch__onnx_nodes *nodes)
{
    size_t n_leaves = nodes->n_weights;
    for (size_t i = 0; i < nodes->n_inner; i++) {
        for (int side = 0; side < 2; side++) {
            int64_t to = vouch__onnx_int(r, side ? VOUCH__ONNX_NO : VOUCH__ONNX_YES, i);
            bool ends = vouch__onnx_int(r, side ? VOUCH__ONNX_NO_LEAF : VOUCH__ONNX_YES_LEAF, i) != 0;
            if (to < 0 || (uint64_t)to >= (ends ? n_leaves : nodes->n_inner))
                return vouch__maker_refuse(r->m, "%s: node %zu has a child that is not there",
                                           side ? "nodes_falsenodeids" : "nodes_truenodeids", i);
            (side ? nodes->no : nodes->yes)[i] = (uint32_t)to + (ends ? (uint32_t)nodes->n_inner : 0);
        }
    }
    for (size_t i = nodes->n_inner; i < nodes->n; i++) {
        nodes->yes[i] = nodes->no[i] = UINT32_MAX;
        nodes->weight[i - nodes->n_inner].leaf = (uint32_t)i;
    }
    for (size_t t = 0; t < vouch__onnx_len(r, VOUCH__ONNX_ROOT); t++) {
        int64_t root = vouch__onnx_int(r, VOUCH__ONNX_ROOT, t);
        if (root < 0 || (uint64_t)root >= nodes->n_inner)
            return vouch__maker_refuse(r->m, "tree_roots: root %zu is not there", t);
        nodes->root[nodes->n_roots++] = (uint32_t)root;
    }
    return VOUCH_OK;
}

/* Weights by leaf and output, and where each leaf's begin. */
static vouch_status sort_weights(vouch__onnx_reading *r, vouch__onnx_nodes *nodes)
{
    vouch__onnx_weight *w = nodes->weight;
    size_t at = 0;
    if (nodes->n_weights)
        qsort(w, nodes->n_weights, sizeof *w, by_leaf);
    for (size_t i = 1; i < nodes->n_weights; i++)
        if (w[i].leaf == w[i - 1].leaf && w[i].output == w[i - 1].output)
            return vouch__maker_refuse(r->m, "a leaf has two weights of output %u", w[i].output);
    for (size_t i = 0; i <= nodes->n; i++) {
        while (at < nodes->n_weights && w[at].leaf < i)
            at++;
        nodes->weight_at[i] = (uint32_t)at;
    }
    return VOUCH_OK;
}

vouch_status vouch__onnx_resolve(vouch__onnx_reading *r, vouch__onnx_nodes *nodes)
{
    vouch_ctx *ctx = r->m->ctx;
    bool is_ensemble = r->op == VOUCH__ONNX_ENSEMBLE;
    size_t n = vouch__onnx_len(r, is_ensemble ? VOUCH__ONNX_MODE : VOUCH__ONNX_TREE);
    vouch_status status = check_lengths(r, n);
    if (status)
        return status;
    *nodes = (vouch__onnx_nodes){ .n_inner = n, .n_weights = vouch__onnx_len(r, VOUCH__ONNX_WEIGHT) };
    nodes->n = is_ensemble ? n + nodes->n_weights : n;
    size_t n_roots = is_ensemble ? vouch__onnx_len(r, VOUCH__ONNX_ROOT) : n;
    nodes->yes = vouch__scratch(ctx, nodes->n, sizeof *nodes->yes);
    nodes->no = vouch__scratch(ctx, nodes->n, sizeof *nodes->no);
    nodes->root = vouch__scratch(ctx, n_roots + 1, sizeof *nodes->root);
    nodes->weight = vouch__scratch(ctx, nodes->n_weights + 1, sizeof *nodes->weight);
    nodes->weight_at = vouch__scratch(ctx, nodes->n + 1, sizeof *nodes->weight_at);
    if (!nodes->yes || !nodes->no || !nodes->root || !nodes->weight || !nodes->weight_at)
        return vouch__oom(ctx);
    for (size_t i = 0; i < nodes->n_weights; i++) {
        int64_t output = vouch__onnx_int(r, VOUCH__ONNX_W_OUTPUT, i);
        if (output < 0 || output >= VOUCH__GROUPS_MAX)
            return vouch__maker_refuse(r->m, "leaf weight %zu is of output %lld, at most %d are read", i,
                                       (long long)output, VOUCH__GROUPS_MAX);
        nodes->weight[i].output = (uint32_t)output;
        nodes->weight[i].value = vouch__onnx_real(r, VOUCH__ONNX_WEIGHT, i);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t mode = vouch__onnx_int(r, VOUCH__ONNX_MODE, i);
        nodes->has_equality = nodes->has_equality || mode == VOUCH__ONNX_EQ || mode == VOUCH__ONNX_NEQ;
    }
    status = is_ensemble ? resolve_placed(r, nodes) : resolve_numbered(r, nodes);
    return status ? status : sort_weights(r, nodes);
}

/* Drawing a tree. */

typedef struct step { /* a node to be drawn, and what is known of x[input] there */
    uint32_t at, parent;
    bool is_right, is_known, may_miss;
    int64_t input;
    double above, below;
} step;

typedef struct drawing {
    vouch__onnx_reading *r;
    const vouch__onnx_nodes *nodes;
    vouch__onnx_walk *walk;
    size_t most_steps;
    bool may_share; /* sets of categories, written as tests for equality, have one node for what follows them
                     */
    vouch__buf *shape, stack;
} drawing;

static vouch__onnx_mode mode_of(const drawing *d, uint32_t at)
{
    return (vouch__onnx_mode)vouch__onnx_int(d->r, VOUCH__ONNX_MODE, at);
}

/* Whether the test holds for a missing value. NaN is unequal to all there is, whatever the file says: so do
 * ONNX Runtime and the operator's reference. */
static bool tracks(const drawing *d, uint32_t at)
{
    return mode_of(d, at) == VOUCH__ONNX_NEQ || (vouch__onnx_len(d->r, VOUCH__ONNX_MISSING) &&
                                                 vouch__onnx_int(d->r, VOUCH__ONNX_MISSING, at) != 0);
}

/* Appends a node and hangs it on its parent; returns its place. */
static uint32_t draw(drawing *d, const step *s, vouch__node node)
{
    uint32_t place = (uint32_t)VOUCH__LEN(*d->shape, vouch__node);
    vouch__buf_add(d->shape, &node, sizeof node);
    if (d->shape->status || place == 0)
        return place;
    vouch__node *parent = VOUCH__AT(*d->shape, vouch__node) + s->parent;
    *(s->is_right ? &parent->right : &parent->left) = (int32_t)place;
    return place;
}

static void push(drawing *d, step s, uint32_t at, uint32_t parent, bool is_right)
{
    s.at = at;
    s.parent = parent;
    s.is_right = is_right;
    vouch__buf_add(&d->stack, &s, sizeof s);
}

/* x <= value, or x < value, to the left. Of doubles the second is x <= the next double below. */
static vouch__node test(const drawing *d, uint32_t at, bool is_below, bool default_left)
{
    double value = vouch__onnx_real(d->r, VOUCH__ONNX_VALUE, at);
    vouch__node node = { .input = (uint32_t)vouch__onnx_int(d->r, VOUCH__ONNX_INPUT, at),
                         .threshold = value };
    node.default_left = default_left;
    node.rule = d->r->is_double ? VOUCH__RULE_PLAIN
                : is_below      ? VOUCH__RULE_FLOAT_BELOW
                                : VOUCH__RULE_FLOAT_UPTO;
    if (d->r->is_double && is_below)
        node.threshold = nextafter(value, -INFINITY);
    return node;
}

/* Tests for equality whose answer is known are passed over. */
static bool is_settled(const drawing *d, const step *s)
{
    uint32_t at = s->at;
    vouch__onnx_mode mode = mode_of(d, at);
    double value = vouch__onnx_real(d->r, VOUCH__ONNX_VALUE, at);
    if ((mode != VOUCH__ONNX_EQ && mode != VOUCH__ONNX_NEQ) || !s->is_known ||
        s->input != vouch__onnx_int(d->r, VOUCH__ONNX_INPUT, at) || (value > s->above && value < s->below))
        return false;
    /* a missing value must go the way of an unequal one */
    return !s->may_miss || tracks(d, at) == (mode == VOUCH__ONNX_NEQ);
}

static void draw_equality(drawing *d, const step *s)
{
    uint32_t at = s->at;
    bool is_eq = mode_of(d, at) == VOUCH__ONNX_EQ;
    uint32_t same = is_eq ? d->nodes->yes[at] : d->nodes->no[at],
             other = is_eq ? d->nodes->no[at] : d->nodes->yes[at];
    bool missing_is_same = tracks(d, at) == is_eq;
    double value = vouch__onnx_real(d->r, VOUCH__ONNX_VALUE, at);
    int64_t input = vouch__onnx_int(d->r, VOUCH__ONNX_INPUT, at);
    step below = *s, above, on = *s;
    if (!s->is_known || s->input != input)
        below = (step){
            .is_known = true, .may_miss = true, .input = input, .above = -INFINITY, .below = INFINITY
        };
    above = below;
    below.below = value < below.below ? value : below.below;
    above.above = value > above.above ? value : above.above;
    below.may_miss = below.may_miss && !missing_is_same;
    above.may_miss = false;
    uint32_t first = draw(d, s, test(d, at, true, !missing_is_same));
    step hang = { .parent = first, .is_right = true };
    uint32_t second = draw(d, &hang, test(d, at, false, true));
    push(d, above, other, second, true);
    push(d, on, same, second, false);
    push(d, below, other, first, false);
}

static void draw_order(drawing *d, const step *s)
{
    uint32_t at = s->at;
    vouch__onnx_mode mode = mode_of(d, at);
    bool is_below = mode == VOUCH__ONNX_LT || mode == VOUCH__ONNX_GTE;
    bool is_turned = mode == VOUCH__ONNX_GT || mode == VOUCH__ONNX_GTE; /* its yes is our right */
    uint32_t place = draw(d, s, test(d, at, is_below, tracks(d, at) != is_turned));
    push(d, *s, is_turned ? d->nodes->yes[at] : d->nodes->no[at], place, true);
    push(d, *s, is_turned ? d->nodes->no[at] : d->nodes->yes[at], place, false);
}

static const char *check_node(const drawing *d, uint32_t at)
{
    int64_t input = vouch__onnx_int(d->r, VOUCH__ONNX_INPUT, at),
            mode = vouch__onnx_int(d->r, VOUCH__ONNX_MODE, at);
    if (mode < 0 || mode >= VOUCH__ONNX_LEAF)
        return "nodes_modes: a mode of TreeEnsemble that is not read (BRANCH_MEMBER, or none)";
    if (input < 0 || input > INT32_MAX)
        return "nodes_featureids: a feature that is not there";
    double value = vouch__onnx_real(d->r, VOUCH__ONNX_VALUE, at);
    if (isnan(value) || (d->r->is_double && value == -INFINITY))
        return "nodes_values: a value that rows cannot be compared with";
    return NULL;
}

static vouch_status draw_one(drawing *d, step s)
{
    while (!is_leaf(d->r, d->nodes, s.at)) {
        const char *wrong = check_node(d, s.at);
        if (wrong)
            return vouch__maker_refuse(d->r->m, "%s", wrong);
        if (++d->walk->steps > d->most_steps)
            return vouch__maker_refuse(d->r->m,
                                       "its trees run in circles, or tests for equality take far more nodes "
                                       "than the file has");
        if (!is_settled(d, &s))
            break;
        s.at = mode_of(d, s.at) == VOUCH__ONNX_EQ ? d->nodes->no[s.at] : d->nodes->yes[s.at];
    }
    bool ends = is_leaf(d->r, d->nodes, s.at);
    if (!d->may_share && !(ends && d->r->op == VOUCH__ONNX_ENSEMBLE) && d->walk->seen[s.at]++)
        return vouch__maker_refuse(d->r->m, "a node is the child of two, or of itself");
    if (ends)
        (void)draw(d, &s, (vouch__node){ .left = -1, .right = -1, .input = s.at });
    else if (mode_of(d, s.at) >= VOUCH__ONNX_EQ)
        draw_equality(d, &s);
    else
        draw_order(d, &s);
    vouch_status status = vouch__buf_status(d->r->m->ctx, d->shape);
    return status ? status : vouch__buf_status(d->r->m->ctx, &d->stack);
}

vouch_status vouch__onnx_shape(vouch__onnx_reading *r, const vouch__onnx_nodes *nodes, size_t tree,
                               vouch__onnx_walk *walk, vouch__buf *shape)
{
    drawing d = { .r = r, .nodes = nodes, .walk = walk, .shape = shape };
    vouch_status status;
    d.most_steps = 8 * nodes->n + 4096;
    d.may_share = nodes->has_equality;
    vouch__buf_clear(shape);
    vouch__buf_init(r->m->ctx, &d.stack, (size_t)1 << 34);
    push(&d, (step){ .is_known = false }, nodes->root[tree], 0, false);
    status = vouch__buf_status(r->m->ctx, &d.stack);
    while (!status && d.stack.len) {
        d.stack.len -= sizeof(step);
        step s = VOUCH__AT(d.stack, step)[d.stack.len / sizeof(step)];
        status = draw_one(&d, s);
    }
    vouch__buf_free(&d.stack);
    return status;
}
