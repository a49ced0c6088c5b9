/* A row's way through a tree. */
#include "models/trees.h"

#include <math.h>

static bool in_set(const vouch__trees *trees, const vouch__node *node, double x)
{
    uint32_t code = (uint32_t)x;
    return trees->bits[node->bits_at + code / 32] >> (code % 32) & 1;
}

/* The rules of other libraries. Comparisons with NaN are false, and are relied on to be. */
static bool imported_goes_left(const vouch__trees *trees, const vouch__node *node, double x)
{
    double snapped = fabs(x) <= VOUCH__ZERO ? 0.0 : x;
    float narrow = (float)x;
    switch ((vouch__rule)node->rule) {
    case VOUCH__RULE_FLOAT_BELOW: return isnan(x) ? node->default_left : narrow < (float)node->threshold;
    case VOUCH__RULE_FLOAT_UPTO: return isnan(x) ? node->default_left : narrow <= (float)node->threshold;
    case VOUCH__RULE_SNAP: return (isnan(x) ? 0.0 : snapped) <= node->threshold;
    case VOUCH__RULE_SNAP_ZERO:
        return isnan(x) || snapped == 0.0 ? node->default_left : snapped <= node->threshold;
    case VOUCH__RULE_SNAP_NAN: return isnan(x) ? node->default_left : snapped <= node->threshold;
    case VOUCH__RULE_SET_ELSE_LEFT:
        if (isnan(x))
            return node->default_left;
        return !(narrow > -1.0F && (double)narrow < (double)node->n_bits) || in_set(trees, node, narrow);
    case VOUCH__RULE_SET_ELSE_RIGHT:
        return snapped > -1.0 && snapped < (double)node->n_bits && in_set(trees, node, snapped);
    default: return false;
    }
}

bool vouch__node_goes_left(const vouch__trees *trees, const vouch__node *node, double x)
{
    if (node->rule != VOUCH__RULE_PLAIN)
        return imported_goes_left(trees, node, x);
    if (isnan(x))
        return node->default_left;
    if (!node->is_category)
        return x <= node->threshold;
    if (!(x >= 0.0 && x < (double)node->n_bits))
        return node->default_left;
    return in_set(trees, node, x);
}

size_t vouch__tree_leaf(const vouch__trees *trees, size_t t, const double *row)
{
    const vouch__node *tree = trees->node + trees->root[t], *node = tree;
    while (node->left >= 0)
        node = tree + (vouch__node_goes_left(trees, node, row[node->input]) ? node->left : node->right);
    return (size_t)(node - tree);
}
