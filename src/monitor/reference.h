/* monitor/reference.h: what the world looked like when the model was made, as statistics and not rows, and
 * how far a new batch has moved from it. */
#ifndef VOUCH_REFERENCE_H
#define VOUCH_REFERENCE_H

#include "evidence/evidence.h"
#include "models/model_kind.h"

/* Edges and counts of every input and of the score on train; bad rate by score band; missing rates. Canonical
 * JSON. */
vouch_status vouch__reference_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                   size_t n, const uint32_t *row, const double *raw,
                                   const double *probability, const uint8_t *bad, vouch__doc *doc,
                                   vouch__json **out_reference);

/* monitor.psi_score, .psi_input (each input, p-values Holm-adjusted; a finding needs significance and psi
 * above the limit), .missing, .unseen; where bad is not NULL (NaN = not yet known) .auc, .bad_rate,
 * .calibration. */
vouch_status vouch__monitor_batch(vouch_ctx *ctx, const vouch_model *model, const vouch__json *reference,
                                  const vouch_table *batch, const double *bad, vouch__evidence *list);

#endif
