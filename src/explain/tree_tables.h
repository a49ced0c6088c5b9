/* explain/tree_tables.h: interventional Shapley values of a forest by leaf pattern tables.
 *
 * A leaf with d distinct inputs on its path splits rows into 2^d patterns: bit k is set when the row meets
 * every condition of the path on the leaf's k-th input. What the leaf gives a row against a background
 * depends on the row's pattern alone, so a histogram of the background's patterns, made once, answers every
 * row. Quick trees (models/shap/shap.h) have their histograms made into lines there; leaves of other trees
 * are looked up one by one, or, with many inputs, compared with the patterns that the background has.
 * Derivation and formulas: docs/explain.md. */
#ifndef VOUCH_TREE_TABLES_H
#define VOUCH_TREE_TABLES_H

#include "models/shap/shap.h"

enum {
    VOUCH__LEAF_INPUTS = 64,  /* distinct inputs one leaf may depend on */
    VOUCH__LEAF_DENSE = 10,   /* up to which every pattern has a count */
    VOUCH__LEAF_DEPTH = 1000, /* nodes above one leaf */
    VOUCH__PATTERNS_MAX = 1 << 26
};

typedef struct vouch__leaf {
    size_t at;     /* d <= 10: its 2^d patterns are count[at .. at + 2^d); else its patterns are seen[at] */
    size_t values; /* d <= 10, not of a quick tree: y, z of pattern X at value[values + 2 X] */
    size_t input;  /* its d inputs, by slot: input[input .. input + d) */
    uint32_t d;
    uint32_t node; /* in the forest's node array */
} vouch__leaf;

typedef struct vouch__pattern {
    uint64_t met;  /* inputs whose conditions hold */
    uint32_t rows; /* 0: no pattern here */
} vouch__pattern;

/* The patterns that a background has in a leaf of many inputs: for counting, by hash, with room for a power
 * of two; for sums, ascending, so that these do not depend on the order in which they came. */
typedef struct vouch__seen {
    vouch__pattern *table, *sorted;
    size_t n, room;
} vouch__seen;

typedef struct vouch__tree_tables {
    const vouch__trees *trees; /* borrowed */
    size_t n_leaves, n_slots, n_patterns, n_seen, n_values;
    size_t *first;     /* [n_trees + 1]: tree t's leaves, left to right */
    uint32_t *leaf_of; /* [n_nodes]: a leaf's number */
    uint8_t *slot;     /* [n_nodes]: the input of an inner node among those of the paths through it */
    vouch__leaf *leaf; /* [n_leaves] */
    uint32_t *input;   /* [n_slots] */
    uint32_t *count;   /* [n_patterns]: background rows */
    vouch__seen *seen; /* [n_seen] */
    vouch__shap *shap; /* quick trees */
    double *value;     /* [n_values] */
    double (*weight)[VOUCH__LEAF_INPUTS + 1]; /* [65 x 65] p! n! / (p + n + 1)! */
    double m, base;                           /* background rows, and their mean raw */
    vouch_alloc alloc;
} vouch__tree_tables;

/* The shape, with all counts 0. Fails E_LIMIT: a leaf depends on over 64 inputs, lies under over 1,000 nodes,
 * or there are over 2^26 patterns. */
vouch_status vouch__tree_tables_shape(vouch_ctx *ctx, const vouch__trees *trees,
                                      vouch__tree_tables *out_tables);
/* Count n background rows, row-major [n x n_inputs]; may be called again for more rows. Fails E_LIMIT. */
vouch_status vouch__tree_tables_count(vouch_ctx *ctx, vouch__tree_tables *tables, size_t n, const double *x);
/* Add rows of one pattern to a leaf: for reading what was saved. */
vouch_status vouch__tree_tables_add(vouch_ctx *ctx, vouch__tree_tables *tables, const vouch__leaf *leaf,
                                    uint64_t pattern, uint32_t rows);
/* From counts of m rows to values and base. */
vouch_status vouch__tree_tables_sum(vouch_ctx *ctx, vouch__tree_tables *tables, uint64_t m);
void vouch__tree_tables_clear(vouch__tree_tables *tables);

/* out[n x n_inputs]: Shapley values. Thread-safe, allocates nothing; a row does not depend on its neighbours.
 */
void vouch__tree_tables_block(const vouch__tree_tables *tables, size_t n, const double *x, double *out);
/* The same bits, faster for thousands of rows, with the worker's scratch. */
vouch_status vouch__tree_tables_rows(vouch_ctx *worker, const vouch__tree_tables *tables, size_t n,
                                     const double *x, double *out);

/* The next pattern that a leaf has rows of, from *at on, and how many; false when there is none. *at is 0
 * before the first. Only after the sum. */
bool vouch__leaf_next(const vouch__tree_tables *tables, const vouch__leaf *leaf, size_t *at,
                      uint64_t *out_pattern, uint32_t *out_rows);

#endif
