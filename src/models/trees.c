/* A row's way through a tree. */
#include "models/trees.h"

#include <math.h>

bool vouch__node_goes_left(const vouch__trees *trees, const vouch__node *node, double x)
{
    if (isnan(x))
        return node->default_left;
    if (!node->is_category)
        return x <= node->threshold;
    if (!(x >= 0.0 && x < (double)node->n_bits))
        return node->default_left;
    uint32_t code = (uint32_t)x;
    return trees->bits[node->bits_at + code / 32] >> (code % 32) & 1;
}

size_t vouch__tree_leaf(const vouch__trees *trees, size_t t, const double *row)
{
    const vouch__node *tree = trees->node + trees->root[t], *node = tree;
    while (node->left >= 0)
        node = tree + (vouch__node_goes_left(trees, node, row[node->input]) ? node->left : node->right);
    return (size_t)(node - tree);
}
