/* monitor/reference.h: what the world looked like when the model was made, as statistics and not rows, and
 * how far a new batch has moved from it. */
#ifndef VOUCH_REFERENCE_H
#define VOUCH_REFERENCE_H

#include "evidence/evidence.h"
#include "models/model_kind.h"
#include "validate/actual.h"

/* What a batch is compared with, made from n rows (ascending) of a bound table. Best are rows the model was
 * not fitted on: scores and AUC of its own training rows flatter it, and an honest batch then looks worse.
 *   {version 1, model (fingerprint), rows, n_bad, probability_sum, probability_variance, auc,
 *    auc_variance,
 *    score {edges, counts}: quantile bins of raw, counts with one more for missing,
 *    bands [{n, n_bad, probability_sum}]: by bin of the score,
 *    inputs [{name, type number, edges, counts, missing, special [{code, count}], minimum, maximum} |
 *            {name, type category, counts by code of the model's list, missing, unseen}]}
 * bad [n] are the outcomes. auc and its variance are null with fewer than 10 cases of a class. Holds no row.
 * Of a number, in place of all from n_bad to auc_variance: yardstick (its place), weight, actual, expected,
 * variance (of actual, by the yardstick and Pearson's dispersion), gini, gini_error (null: none); and bands
 * [{n, weight, actual, expected}].
 */
typedef struct vouch__reference_rows {
    size_t n;
    const uint32_t *row;            /* [n] ascending */
    const double *raw, *prediction; /* [n] */
    const uint8_t *bad;             /* [n]; NULL: a number, which is */
    const double *target, *weight;  /* [n] by unit of weight; weight NULL: one each */
    vouch__yardstick yardstick;
} vouch__reference_rows;
vouch_status vouch__reference_of(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                 const vouch__reference_rows *rows, vouch__doc *doc,
                                 vouch__json **out_reference);
/* Of an event. */
vouch_status vouch__reference_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                   size_t n, const uint32_t *row, const double *raw,
                                   const double *probability, const uint8_t *bad, vouch__doc *doc,
                                   vouch__json **out_reference);

/* monitor.batch (every test of the family), .psi_score, .psi_input, .missing and .unseen (each input), and
 * where an outcome of an event is not known yet .estimated_auc, and
 * where outcome is not NULL (NaN = not yet known) .auc, .auc_fall, .bad_rate, .calibration. All p-values of a
 * batch are one family, Holm-adjusted; the policy's limit judges an effect only when its adjusted p-value is
 * at most 5 %, else it passes. A batch of fewer than 50 rows is refused: nothing is judged. Fails  E_DATA an
 * input column is absent or of the wrong type E_CONFLICT  the reference is of another model;  E_FORMAT  it is
 * none. Of a number outcome is it by unit of weight (NULL: one each), and .gini, .gini_fall, .outcome and
 * .calibration take the place of .auc, .auc_fall, .bad_rate and .calibration. */
vouch_status vouch__monitor_batch(vouch_ctx *ctx, const vouch_model *model, const vouch__json *reference,
                                  const vouch_table *batch, const double *outcome, const double *weight,
                                  vouch__evidence *list);

#endif
