/* The bytes of a forest. Reading trusts nothing: a forest that is accepted can be walked, explained and
 * written again without a further check. */
#include "models/trees_io.h"

#include <math.h>
#include <string.h>

/* A split's rule stands above RULE_AT; a leaf with a number has the lowest of those bits. */
enum { LEAF = 1, CATEGORY = 2, DEFAULT_LEFT = 4, NUMBERED = 8, RULE_AT = 3, LEAST_NODE = 17 };

static void put_node(const vouch__trees *trees, const vouch__node *node, vouch__buf *out)
{
    if (node->left < 0) {
        vouch__put_u8(out, node->input ? LEAF | NUMBERED : LEAF);
        vouch__put_f64(out, node->cover);
        vouch__put_f64(out, node->value);
        if (node->input)
            vouch__put_u32(out, node->input);
        return;
    }
    vouch__put_u8(out, (uint8_t)((node->is_category ? CATEGORY : 0) |
                                 (node->default_left ? DEFAULT_LEFT : 0) | node->rule << RULE_AT));
    vouch__put_f64(out, node->cover);
    vouch__put_u32(out, (uint32_t)node->left);
    vouch__put_u32(out, (uint32_t)node->right);
    vouch__put_u32(out, node->input);
    if (!node->is_category) {
        vouch__put_f64(out, node->threshold);
        return;
    }
    vouch__put_u32(out, node->n_bits);
    for (size_t w = 0; w < (node->n_bits + 31) / 32; w++)
        vouch__put_u32(out, trees->bits[node->bits_at + w]);
}

void vouch__trees_put(const vouch__trees *trees, vouch__buf *out)
{
    vouch__put_f64(out, trees->base);
    vouch__put_u32(out, (uint32_t)trees->n_trees);
    for (size_t t = 0; t < trees->n_trees; t++) {
        vouch__put_u32(out, trees->root[t + 1] - trees->root[t]);
        for (size_t i = trees->root[t]; i < trees->root[t + 1]; i++)
            put_node(trees, &trees->node[i], out);
    }
}

void vouch__trees_clear(const vouch_alloc *alloc, vouch__trees *trees)
{
    vouch__free(alloc, trees->root);
    vouch__free(alloc, trees->node);
    vouch__free(alloc, trees->bits);
    *trees = (vouch__trees){ .n_trees = 0 };
}

static vouch_status malformed(vouch_ctx *ctx, size_t t, size_t i, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: node %zu of tree %zu %s", i, t, what);
}

/* First pass: how much there is, so that memory is taken once and in proportion to the bytes. */
static vouch_status measure(vouch_ctx *ctx, vouch__wire in, vouch__trees *trees)
{
    size_t n_trees = vouch__get_count(&in, 4 + LEAST_NODE);
    for (size_t t = 0; t < n_trees && !in.is_short; t++) {
        size_t nodes = vouch__get_count(&in, LEAST_NODE);
        for (size_t i = 0; i < nodes && !in.is_short; i++) {
            uint8_t flags = vouch__get_u8(&in);
            (void)vouch__get_bytes(&in, flags == LEAF ? 16 : 20);
            if (flags & LEAF)
                continue;
            if (flags & CATEGORY) {
                size_t words = ((size_t)vouch__get_u32(&in) + 31) / 32;
                (void)vouch__get_bytes(&in, 4 * words);
                trees->n_bits += words;
            } else {
                (void)vouch__get_bytes(&in, 8);
            }
        }
        trees->n_nodes += nodes;
    }
    trees->n_trees = n_trees;
    if (in.is_short || trees->n_nodes > UINT32_MAX / 2 || trees->n_bits > UINT32_MAX)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: it ends inside the trees");
    if (in.left > 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: %zu bytes follow the trees", in.left);
    return VOUCH_OK;
}

typedef struct reading {
    const vouch__inputs *inputs;
    bool is_imported;
    uint16_t *depth; /* of each node of the tree being read */
} reading;

static const char *get_bits(vouch__wire *in, const vouch__input *input, vouch__trees *trees,
                            vouch__node *node)
{
    bool is_plain = node->rule == VOUCH__RULE_PLAIN;
    node->n_bits = vouch__get_u32(in);
    node->bits_at = (uint32_t)trees->n_bits;
    if (input->is_category != is_plain || (is_plain && node->n_bits != input->n_categories))
        return "splits on categories that its input has not";
    for (size_t w = 0; w < ((size_t)node->n_bits + 31) / 32; w++)
        trees->bits[trees->n_bits++] = vouch__get_u32(in);
    if (node->n_bits % 32 && trees->bits[trees->n_bits - 1] >> (node->n_bits % 32))
        return "has categories past the last";
    return NULL;
}

static const char *get_leaf(vouch__wire *in, uint8_t flags, vouch__node *node)
{
    node->value = vouch__get_f64(in);
    if (!isfinite(node->value))
        return "has no finite value";
    if (flags == LEAF)
        return NULL;
    node->input = vouch__get_u32(in);
    return node->input ? NULL : "has no number";
}

/* What is wrong with the node, or NULL. */
static const char *get_node(vouch__wire *in, const reading *r, vouch__trees *trees, size_t nodes, size_t i,
                            vouch__node *node)
{
    uint8_t flags = vouch__get_u8(in);
    node->left = node->right = -1;
    node->cover = vouch__get_f64(in);
    if (!(node->cover >= 0.0 && node->cover < INFINITY) || (node->cover == 0.0 && !r->is_imported))
        return "has no cover";
    if (flags == LEAF || (r->is_imported && flags == (LEAF | NUMBERED)))
        return get_leaf(in, flags, node);
    node->rule = (uint8_t)(flags >> RULE_AT);
    if (flags & LEAF || node->rule >= (r->is_imported ? VOUCH__RULES : VOUCH__RULE_PLAIN + 1))
        return "is of no known type";
    uint32_t left = vouch__get_u32(in), right = vouch__get_u32(in);
    node->input = vouch__get_u32(in);
    node->default_left = (flags & DEFAULT_LEFT) != 0;
    node->is_category = (flags & CATEGORY) != 0;
    if (node->rule != VOUCH__RULE_PLAIN && node->is_category != (node->rule >= VOUCH__RULE_SET_ELSE_LEFT))
        return "is of no known type";
    if (left <= i || right <= i || left >= nodes || right >= nodes || left == right)
        return "has no place for its children";
    if (node->input >= r->inputs->n)
        return "splits on an input that is not there";
    node->left = (int32_t)left;
    node->right = (int32_t)right;
    if (node->is_category)
        return get_bits(in, &r->inputs->at[node->input], trees, node);
    node->threshold = vouch__get_f64(in);
    if (r->inputs->at[node->input].is_category)
        return "compares a category with a number";
    return isnan(node->threshold) ? "has no threshold" : NULL;
}

size_t vouch__tree_check(const vouch__node *tree, size_t nodes, uint16_t *depth, size_t *out_node,
                         const char **out_wrong)
{
    size_t deepest = 0;
    memset(depth, UINT8_MAX, nodes * sizeof *depth);
    depth[0] = 0;
    for (size_t i = 0; i < nodes; i++) {
        *out_node = i;
        *out_wrong = "has no parent";
        if (depth[i] == UINT16_MAX)
            return SIZE_MAX;
        *out_wrong = "is too deep";
        if (depth[i] > VOUCH__IMPORTED_DEPTH)
            return SIZE_MAX;
        deepest = depth[i] > deepest ? depth[i] : deepest;
        if (tree[i].left < 0)
            continue;
        *out_wrong = "shares a child";
        if (depth[tree[i].left] != UINT16_MAX || depth[tree[i].right] != UINT16_MAX)
            return SIZE_MAX;
        depth[tree[i].left] = depth[tree[i].right] = (uint16_t)(depth[i] + 1);
    }
    *out_wrong = NULL;
    return deepest;
}

static vouch_status check_tree(vouch_ctx *ctx, const reading *r, size_t t, const vouch__node *tree,
                               size_t nodes)
{
    size_t i = 0;
    const char *wrong = NULL;
    size_t deepest = vouch__tree_check(tree, nodes, r->depth, &i, &wrong);
    if (wrong)
        return malformed(ctx, t, i, wrong);
    for (i = 0; deepest > VOUCH__TREE_DEPTH && !r->is_imported && i < nodes; i++)
        if (r->depth[i] > VOUCH__TREE_DEPTH)
            return malformed(ctx, t, i, "is too deep");
    return VOUCH_OK;
}

static vouch_status get_trees(vouch_ctx *ctx, reading r, vouch__wire *in, vouch__trees *trees)
{
    size_t mark = vouch__scratch_mark(ctx), n_nodes = 0;
    vouch_status status = VOUCH_OK;
    r.depth = vouch__scratch(ctx, trees->n_nodes, sizeof *r.depth);
    if (!r.depth)
        return vouch__oom(ctx);
    trees->n_bits = 0;
    (void)vouch__get_u32(in);
    for (size_t t = 0; !status && t < trees->n_trees; t++) {
        size_t nodes = vouch__get_u32(in);
        vouch__node *tree = trees->node + n_nodes;
        for (size_t i = 0; !status && i < nodes; i++) {
            const char *wrong = get_node(in, &r, trees, nodes, i, &tree[i]);
            if (wrong)
                status = malformed(ctx, t, i, wrong);
        }
        if (!status)
            status = nodes ? check_tree(ctx, &r, t, tree, nodes) : malformed(ctx, t, 0, "is missing");
        n_nodes += nodes;
        trees->root[t + 1] = (uint32_t)n_nodes;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status get_forest(vouch_ctx *ctx, reading r, vouch__wire *in, vouch__trees *out_trees)
{
    vouch__trees trees = { .n_inputs = r.inputs->n, .base = vouch__get_f64(in) };
    vouch_status status = VOUCH_OK;
    if (in->is_short || !isfinite(trees.base))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: the forest has no base");
    status = measure(ctx, *in, &trees);
    if (status)
        return status;
    trees.root = vouch__alloc(ctx, trees.n_trees + 1, sizeof *trees.root);
    trees.node = vouch__alloc(ctx, trees.n_nodes ? trees.n_nodes : 1, sizeof *trees.node);
    trees.bits = vouch__alloc(ctx, trees.n_bits ? trees.n_bits : 1, sizeof *trees.bits);
    if (!trees.root || !trees.node || !trees.bits)
        status = vouch__oom(ctx);
    else
        status = get_trees(ctx, r, in, &trees);
    if (status)
        vouch__trees_clear(vouch__allocator(ctx), &trees);
    else
        *out_trees = trees;
    return status;
}

vouch_status vouch__trees_get(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                              vouch__trees *out_trees)
{
    return get_forest(ctx, (reading){ .inputs = inputs }, in, out_trees);
}

vouch_status vouch__trees_get_imported(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                                       vouch__trees *out_trees)
{
    return get_forest(ctx, (reading){ .inputs = inputs, .is_imported = true }, in, out_trees);
}
