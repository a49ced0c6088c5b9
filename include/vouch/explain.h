/* vouch/explain.h: why a model says what it says: exact Shapley values against a reference population, and
 * the reasons a declined applicant is told (12 CFR 1002.9, comment 9(b)(2)-5). SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef VOUCH_EXPLAIN_H
#define VOUCH_EXPLAIN_H

#include "vouch/models.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model prepared for explaining against a stored background: interventional Shapley values in log-odds,
 * exact. */
typedef struct vouch_explainer vouch_explainer;

/* background: the reference population's rows. The explainer keeps the model borrowed.
 * Cost: trees of depth d against m background rows take O(leaves (m + d 2^d)) once; then O(leaves d) a row.
 * Fails  E_DATA (a column missing, no rows), E_LIMIT (a leaf depends on over 16 inputs), E_ARG (a kind
 * without an exact method) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_new(vouch_ctx *ctx, const vouch_model *model,
                                                          const vouch_table *background,
                                                          vouch_explainer **out_explainer);
VOUCH_API void vouch_explainer_free(vouch_explainer *explainer); /* NULL is fine */
/* out [rows x inputs], base [1] = mean raw of the background; sums to raw within 1e-9 relative. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_values(vouch_ctx *ctx, const vouch_explainer *explainer,
                                                             const vouch_table *table, double *out_value,
                                                             double *out_base);

#ifdef __cplusplus
}
#endif
#endif
