/* explain/tree_tables.h: interventional Shapley values of a forest by leaf pattern tables.
 *
 * A leaf with d distinct inputs on its path splits rows into 2^d patterns: bit k is set when the row meets
 * every condition of the path on the leaf's k-th input. What the leaf gives a row against a background
 * depends on the row's pattern alone, so a histogram of the background's patterns, made once, answers every
 * row by look-up. Derivation and formulas: docs/explain.md. */
#ifndef VOUCH_TREE_TABLES_H
#define VOUCH_TREE_TABLES_H

#include "models/trees.h"

enum {
    VOUCH__LEAF_INPUTS = 16, /* distinct inputs one leaf may depend on */
    VOUCH__LEAF_DEPTH = 1000 /* nodes above one leaf */
};

/* With w(s) = s! (d - 1 - s)! / d!, Q(U) = share of background rows that meet all of U, D = all d inputs and
 * v the leaf's value, a pattern X has z(X) = v sum over S in X, S not D,     of w(|S|) Q(D - S) y(X) = v sum
 * over S in X, S not empty, of w(|S| - 1) Q(D - S) and its k-th input gets y(X) - y(X - k) - z(X - k). */
typedef struct vouch__leaf {
    size_t at;     /* its 2^d patterns are count[at .. at + 2^d) */
    size_t values; /* d <= 8: value[values + X d + k] is the k-th input's; else y, z at values + 2 X */
    size_t input;  /* its d inputs, by slot: input[input .. input + d) */
    uint32_t d;
    uint32_t node; /* in the forest's node array */
} vouch__leaf;

typedef struct vouch__tree_tables {
    const vouch__trees *trees; /* borrowed */
    size_t n_leaves, n_slots, n_patterns, n_values;
    size_t *first;     /* [n_trees + 1]: tree t's leaves, left to right */
    uint32_t *leaf_of; /* [n_nodes]: a leaf's number */
    uint8_t *slot;     /* [n_nodes]: the input of an inner node among those of the paths through it */
    vouch__leaf *leaf; /* [n_leaves] */
    uint32_t *input;   /* [n_slots] */
    uint32_t *count;   /* [n_patterns]: background rows */
    double *value;     /* [n_values] */
    double base;       /* mean raw of the background */
    vouch_alloc alloc;
} vouch__tree_tables;

/* The shape, with all counts 0. Fails E_LIMIT: a leaf depends on over 16 inputs, lies under over 1,000 nodes,
 * or all tables together pass 2^26 values. */
vouch_status vouch__tree_tables_shape(vouch_ctx *ctx, const vouch__trees *trees,
                                      vouch__tree_tables *out_tables);
/* Count n background rows, row-major [n x n_inputs]; may be called again for more rows. */
vouch_status vouch__tree_tables_count(vouch_ctx *ctx, vouch__tree_tables *tables, size_t n, const double *x);
/* From counts of m rows to values and base. */
vouch_status vouch__tree_tables_sum(vouch_ctx *ctx, vouch__tree_tables *tables, uint64_t m);
void vouch__tree_tables_clear(vouch__tree_tables *tables);

/* out[n x n_inputs]: Shapley values. Thread-safe, allocates nothing; a row does not depend on its neighbours.
 */
void vouch__tree_tables_block(const vouch__tree_tables *tables, size_t n, const double *x, double *out);

#endif
