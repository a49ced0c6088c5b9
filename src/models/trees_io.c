/* The bytes of a forest. Reading trusts nothing: a forest that is accepted can be walked, explained and
 * written again without a further check. */
#include "models/trees_io.h"

#include <math.h>

enum { LEAF = 1, CATEGORY = 2, DEFAULT_LEFT = 4, LEAST_NODE = 17 };

static void put_node(const vouch__trees *trees, const vouch__node *node, vouch__buf *out)
{
    if (node->left < 0) {
        vouch__put_u8(out, LEAF);
        vouch__put_f64(out, node->cover);
        vouch__put_f64(out, node->value);
        return;
    }
    vouch__put_u8(out,
                  (uint8_t)((node->is_category ? CATEGORY : 0) | (node->default_left ? DEFAULT_LEFT : 0)));
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
            if (flags == LEAF)
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

static const char *get_bits(vouch__wire *in, const vouch__input *input, vouch__trees *trees,
                            vouch__node *node)
{
    node->n_bits = vouch__get_u32(in);
    node->bits_at = (uint32_t)trees->n_bits;
    if (!input->is_category || node->n_bits != input->n_categories)
        return "splits on categories that its input has not";
    for (size_t w = 0; w < ((size_t)node->n_bits + 31) / 32; w++)
        trees->bits[trees->n_bits++] = vouch__get_u32(in);
    if (node->n_bits % 32 && trees->bits[trees->n_bits - 1] >> (node->n_bits % 32))
        return "has categories past the last";
    return NULL;
}

/* What is wrong with the node, or NULL. */
static const char *get_node(vouch__wire *in, const vouch__inputs *inputs, vouch__trees *trees, size_t nodes,
                            size_t i, vouch__node *node)
{
    uint8_t flags = vouch__get_u8(in);
    node->left = node->right = -1;
    node->cover = vouch__get_f64(in);
    if (!(node->cover > 0.0 && node->cover < INFINITY))
        return "has no cover";
    if (flags == LEAF) {
        node->value = vouch__get_f64(in);
        return isfinite(node->value) ? NULL : "has no finite value";
    }
    if (flags & ~(CATEGORY | DEFAULT_LEFT))
        return "is of no known type";
    uint32_t left = vouch__get_u32(in), right = vouch__get_u32(in);
    node->input = vouch__get_u32(in);
    node->default_left = (flags & DEFAULT_LEFT) != 0;
    node->is_category = (flags & CATEGORY) != 0;
    if (left <= i || right <= i || left >= nodes || right >= nodes || left == right)
        return "has no place for its children";
    if (node->input >= inputs->n)
        return "splits on an input that is not there";
    node->left = (int32_t)left;
    node->right = (int32_t)right;
    if (node->is_category)
        return get_bits(in, &inputs->at[node->input], trees, node);
    node->threshold = vouch__get_f64(in);
    if (inputs->at[node->input].is_category)
        return "compares a category with a number";
    return isnan(node->threshold) ? "has no threshold" : NULL;
}

/* Every node but the root is the child of exactly one node, and none is too deep. depth[nodes] is scratch. */
static vouch_status check_tree(vouch_ctx *ctx, size_t t, const vouch__node *tree, size_t nodes,
                               uint8_t *depth)
{
    memset(depth, UINT8_MAX, nodes);
    depth[0] = 0;
    for (size_t i = 0; i < nodes; i++) {
        if (depth[i] == UINT8_MAX)
            return malformed(ctx, t, i, "has no parent");
        if (depth[i] > VOUCH__TREE_DEPTH)
            return malformed(ctx, t, i, "is too deep");
        if (tree[i].left < 0)
            continue;
        if (depth[tree[i].left] != UINT8_MAX || depth[tree[i].right] != UINT8_MAX)
            return malformed(ctx, t, i, "shares a child");
        depth[tree[i].left] = depth[tree[i].right] = (uint8_t)(depth[i] + 1);
    }
    return VOUCH_OK;
}

static vouch_status get_trees(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                              vouch__trees *trees)
{
    size_t mark = vouch__scratch_mark(ctx), n_nodes = 0;
    uint8_t *depth = vouch__scratch(ctx, trees->n_nodes, 1);
    vouch_status status = VOUCH_OK;
    if (!depth)
        return vouch__oom(ctx);
    trees->n_bits = 0;
    (void)vouch__get_u32(in);
    for (size_t t = 0; !status && t < trees->n_trees; t++) {
        size_t nodes = vouch__get_u32(in);
        vouch__node *tree = trees->node + n_nodes;
        for (size_t i = 0; !status && i < nodes; i++) {
            const char *wrong = get_node(in, inputs, trees, nodes, i, &tree[i]);
            if (wrong)
                status = malformed(ctx, t, i, wrong);
        }
        if (!status)
            status = nodes ? check_tree(ctx, t, tree, nodes, depth) : malformed(ctx, t, 0, "is missing");
        n_nodes += nodes;
        trees->root[t + 1] = (uint32_t)n_nodes;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__trees_get(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                              vouch__trees *out_trees)
{
    vouch__trees trees = { .n_inputs = inputs->n, .base = vouch__get_f64(in) };
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
        status = get_trees(ctx, inputs, in, &trees);
    if (status)
        vouch__trees_clear(vouch__allocator(ctx), &trees);
    else
        *out_trees = trees;
    return status;
}
