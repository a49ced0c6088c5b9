/* models/trees.h: a forest of binary trees over a row of inputs, as data. What kinds made of trees share with
 * what explains, compiles and imports them.
 *
 * Row x goes left at a numeric node when x[input] <= threshold, at a categorical node when its code's bit is
 * set; a missing value, and a category never seen in training, go to the default side. raw(x) = base + sum of
 * one leaf a tree, added in tree order in double. */
#ifndef VOUCH_TREES_H
#define VOUCH_TREES_H

#include "base/ctx.h"

/* How a node tests x. PLAIN is vouch's own rule, above; the others are those of the libraries that models are
 * imported from, to the last bit (docs/import.md). "Snapped": |x| <= VOUCH__ZERO counts as 0. A category is
 * the whole part of x toward zero; default is the node's default side. */
typedef enum vouch__rule {
    VOUCH__RULE_PLAIN,
    VOUCH__RULE_FLOAT_BELOW,    /* XGBoost: (float)x < threshold is left; NaN: default */
    VOUCH__RULE_FLOAT_UPTO,     /* CatBoost, scikit-learn: (float)x <= threshold is left; NaN: default */
    VOUCH__RULE_SNAP,           /* LightGBM, missing none: snapped, NaN is 0; x <= threshold is left */
    VOUCH__RULE_SNAP_ZERO,      /* LightGBM, missing zero: snapped; 0 and NaN: default */
    VOUCH__RULE_SNAP_NAN,       /* LightGBM, missing NaN: snapped; NaN: default */
    VOUCH__RULE_SET_ELSE_LEFT,  /* XGBoost category of (float)x: bit set is left, outside the bits left, NaN
                                   default */
    VOUCH__RULE_SET_ELSE_RIGHT, /* LightGBM category: bit set is left, outside the bits and NaN right */
    VOUCH__RULES
} vouch__rule;

#define VOUCH__ZERO 1.0000000180025095e-35 /* what LightGBM holds to be zero: (double)1e-35f */

typedef struct vouch__node {
    int32_t left,
        right;      /* node numbers within the tree; left < 0: a leaf. Children come after their parent */
    uint32_t input; /* of a leaf: its number in the library it was imported from, else 0 */
    bool is_category, default_left;
    uint8_t rule;             /* vouch__rule */
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

/* The forest that explains a model made of trees, its leaves as they count in raw; NULL otherwise. Of a
 * float32 model raw differs from it by float rounding. */
struct vouch_model;
const vouch__trees *vouch__model_trees(const struct vouch_model *model);

#endif
