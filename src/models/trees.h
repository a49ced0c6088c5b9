/* models/trees.h: a forest of binary trees over a row of inputs, as data. What kinds made of trees share with
 * what explains, compiles and imports them.
 *
 * Row x goes left at a numeric node when x[input] <= threshold, at a categorical node when its code's bit is
 * set; a missing value, and a category never seen in training, go to the default side. raw(x) = base + sum of
 * one leaf a tree, added in tree order in double. */
#ifndef VOUCH_TREES_H
#define VOUCH_TREES_H

#include "base/ctx.h"

typedef struct vouch__node {
    int32_t left,
        right; /* node numbers within the tree; left < 0: a leaf. Children come after their parent */
    uint32_t input;
    bool is_category, default_left;
    uint32_t bits_at, n_bits; /* categorical: 32-bit words [bits_at, + ceil(n_bits / 32)) of bits; codes >=
                                 n_bits: default side */
    double threshold;
    double value; /* leaf */
    double cover; /* sum of training weights that came here, > 0 */
} vouch__node;

typedef struct vouch__trees {
    size_t n_inputs, n_trees, n_nodes, n_bits;
    uint32_t *root;    /* [n_trees + 1]: tree t's nodes are node[root[t] .. root[t + 1]) */
    vouch__node *node; /* [n_nodes]; numbers inside a tree start at 0 */
    uint32_t *bits;    /* [n_bits] words */
    double base;
} vouch__trees;

/* The leaf that row reaches in tree t, as a node number within the tree. */
size_t vouch__tree_leaf(const vouch__trees *trees, size_t t, const double *row);
bool vouch__node_goes_left(const vouch__trees *trees, const vouch__node *node, double x);

/* The forest of a model whose kind CAN_TREES; NULL otherwise. Declared here, defined beside the kind. */
struct vouch_model;
const vouch__trees *vouch__model_trees(const struct vouch_model *model);

#endif
