/* models/tree_shap.h: exact path-dependent Shapley values of a forest. */
#ifndef VOUCH_TREE_SHAP_H
#define VOUCH_TREE_SHAP_H

#include "models/model_kind.h"
#include "models/trees.h"

/* out[x.rows x x.cols], base[1]: contributions of each input to raw, and what raw is on average over the
 * covers of the leaves. They add up to raw. An input that is absent is averaged over by sending the row both
 * ways in proportion to the covers. O(rows x leaves x depth^2). */
vouch_status vouch__tree_shap(vouch_ctx *ctx, const vouch__trees *trees, vouch__matrix x, double *out,
                              double *base);

/* The n points in (0, 1), ascending, and weights that integrate every polynomial of degree below 2 n over
 * [0, 1] exactly (Gauss-Legendre); 0 < n <= 32. */
enum { VOUCH__GAUSS_MAX = 32 };
void vouch__gauss_legendre(size_t n, double *point, double *weight);

#endif
