/* explain/interactions.h: what two inputs do together: Shapley interaction values of a forest.
 *
 * With D(S) the change that input i makes to the change that input j makes when S is present, the index is
 * the sum over S without i and j of |S|! (n - 2 - |S|)! / (n - 1)! D(S) (Grabisch & Roubens, 1999). Each of
 * the two places (i, j) and (j, i) gets half of it; the diagonal gets what is left of the input's own value,
 * so that rows add up to the values, and all of it to raw less the base. */
#ifndef VOUCH_INTERACTIONS_H
#define VOUCH_INTERACTIONS_H

#include "explain/tree_tables.h"
#include "models/tree_shap.h"

typedef struct vouch__gauss { /* Gauss-Legendre points and weights by number of points */
    double point[VOUCH__GAUSS_MAX + 1][VOUCH__GAUSS_MAX], weight[VOUCH__GAUSS_MAX + 1][VOUCH__GAUSS_MAX];
} vouch__gauss;
void vouch__gauss_fill(vouch__gauss *gauss);

/* Off the diagonal of out[n_inputs x n_inputs], added to. By the covers, of trees of at most 64 nodes' depth;
 * or against a background, after its tables were summed. Allocate nothing. */
void vouch__interact_by_cover(const vouch__trees *trees, const vouch__gauss *gauss, const double *row,
                              double *out);
void vouch__interact_against(const vouch__tree_tables *tables, const double *row, double *out);

#endif
