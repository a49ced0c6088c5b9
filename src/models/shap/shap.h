/* models/shap/shap.h: exact Shapley values of a forest, prepared once.
 *
 * Trees of depth at most 6 (quick trees) are answered from tables: what a few neighbouring leaves give a row
 * depends only on the decisions at the nodes above them. By cover, those on whose paths no input is met twice
 * are integrated instead, where they are many. Either way what is added up are integers on one grid for the
 * whole forest, so sums have one value in whatever order they are made: a row alone, in a batch, on any
 * processor. Deeper trees are integrated in double, by operations of one fixed order. docs/explain.md has the
 * derivations.
 */
#ifndef VOUCH_SHAP_H
#define VOUCH_SHAP_H

#include "models/trees.h"

typedef struct vouch__shap vouch__shap;

/* From the slowest to the fastest; all give the same bits. */
typedef enum vouch__shap_path {
    VOUCH__SHAP_PORTABLE,
    VOUCH__SHAP_AVX2,
    VOUCH__SHAP_AVX512,
    VOUCH__SHAP_PATHS
} vouch__shap_path;

enum { VOUCH__SHAP_DEPTH = 6, VOUCH__SHAP_LEAF_INPUTS = 6 };

/* The share of a population that meets all of U, for every set U of a leaf's d inputs: out[2^d]. Inputs are
 * numbered in the order in which the path from the root first meets them; node counts in the forest's node
 * array. Called from several threads. */
typedef struct vouch__shap_population {
    void (*shares)(const void *self, size_t node, unsigned d, double *out);
    const void *self;
} vouch__shap_population;

/* trees is borrowed. population NULL: path-dependent values, by the covers, of all trees. Otherwise
 * interventional values of the quick trees only; the others are the caller's. */
vouch_status vouch__shap_new(vouch_ctx *ctx, const vouch__trees *trees,
                             const vouch__shap_population *population, vouch__shap **out_shap);
void vouch__shap_free(const vouch_alloc *alloc, vouch__shap *shap); /* NULL is fine */

/* Whether tree t is quick. */
bool vouch__shap_is_quick(const vouch__shap *shap, size_t t);
/* Path-dependent: raw averaged over the leaves by cover. */
double vouch__shap_base(const vouch__shap *shap);
/* Splits under which no training weight was left, which are shared half and half. */
size_t vouch__shap_uncovered(const vouch__shap *shap);

/* out[n_inputs] of one row: allocates nothing, takes no lock. */
void vouch__shap_row(const vouch__shap *shap, const double *row, double *out);
/* out[n x n_inputs]: the same bits, faster for thousands of rows. Uses the worker's scratch. */
vouch_status vouch__shap_rows(vouch_ctx *worker, const vouch__shap *shap, size_t n, const double *rows,
                              double *out);
/* The double-precision sum of base and the leaves that row reaches, in tree order. */
double vouch__shap_sum(const vouch__shap *shap, const double *row);

/* y and z of every pattern of d inputs at 2 X and 2 X + 1, from shares q[2^d], times scale. */
void vouch__shap_subsets(unsigned d, double scale, const double *q, double *sums);
/* From those, the k-th input's value. One that the row fails gets -z(X), which is the same expression. */
static inline double vouch__shap_value(const double *sums, size_t pattern, unsigned k)
{
    size_t without = pattern & ~((size_t)1 << k);
    return sums[2 * pattern] - sums[2 * without] - sums[2 * without + 1];
}

/* For tests and measurements, before it is shared: false when the processor has not what it takes. */
bool vouch__shap_use(vouch__shap *shap, vouch__shap_path path);
const char *vouch__shap_path_name(vouch__shap_path path);

#endif
