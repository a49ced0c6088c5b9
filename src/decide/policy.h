/* decide/policy.h: from a model's score to a decision with reasons. A decision policy is one canonical JSON
 * object, so that it can be signed, stored and replayed: cut-off, reasons, texts. */
#ifndef VOUCH_POLICY_H
#define VOUCH_POLICY_H

#include "explain/reasons.h"

/* The largest share that can be approved while the mean probability of the approved stays within
 * max_bad_rate: rows in order of raw, ties together. out_cutoff: approve when probability <= cutoff (-1 when
 * no row can be). */
vouch_status vouch__cutoff_choose(vouch_ctx *ctx, size_t n, const double *probability, const double *weight,
                                  double max_bad_rate, double *out_cutoff, double *out_share);

/* Everything a decision needs, prepared once and immutable: model, explainer, cut-off, reasons. */
typedef struct vouch__decider vouch__decider;

/* bundle: the bytes vouch__decider_bundle made. */
vouch_status vouch__decider_new(vouch_ctx *ctx, const void *bundle, size_t len, vouch__decider **out_decider);
void vouch__decider_free(vouch__decider *decider);
/* cutoff NAN: a number is predicted, and nothing is decided on it. */
vouch_status vouch__decider_bundle(vouch_ctx *ctx, const vouch_model *model, const vouch_explainer *explainer,
                                   const vouch__reason_map *map, const char *method, size_t most,
                                   double cutoff, vouch__buf *out_bundle);
const vouch_model *vouch__decider_model(const vouch__decider *decider);
const char *vouch__decider_fingerprint(const vouch__decider *decider); /* of the bundle */

/* Where the time of decisions goes, in microseconds of the context's clock; added to, so that rows sum up. */
typedef struct vouch__decide_times {
    int64_t score, explain,
        reasons; /* encoding the row and its score; Shapley values; ranking and writing them */
} vouch__decide_times;

/* Decide one applicant. row: an object of column name -> value (number, text, null). A column that is absent,
 * of the wrong type, or an infinite number is E_DATA naming it; null is missing; extra columns are ignored.
 * Makes the object {decision: approve|decline|refer, probability, raw, points|null, cutoff, reasons:
 * [{characteristic, text, log_odds, share}], residual|null, source_gap|null (vouch_explanation; null where
 * nothing was explained), model: fingerprint, method} decline carries reasons; a decline
 * without an adverse characteristic is "refer". Where the bundle has no cut-off: {decision: score,
 * prediction, raw, base, contributions: [{characteristic, contribution}] to raw, largest in size first,
 * residual, source_gap, model, method}. times: NULL, or added to. Thread-safe. */
vouch_status vouch__decide(vouch_ctx *ctx, const vouch__decider *decider, const vouch__json *row,
                           vouch__doc *doc, vouch__decide_times *times, vouch__json **out_decision);

#endif
