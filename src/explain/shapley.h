/* explain/shapley.h: interventional Shapley values for any kind that has them, on encoded rows. */
#ifndef VOUCH_SHAPLEY_H
#define VOUCH_SHAPLEY_H

#include "models/model_kind.h"
#include "vouch/explain.h"

/* As vouch_explainer_new, with the background as rows of a bound table. */
vouch_status vouch__explainer_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                   size_t n, const uint32_t *row, vouch_explainer **out_explainer);
/* Of a scorecard, against one imagined applicant instead of a population: the best points of every
 * characteristic, or its neutral ones (models/card.h). Neither is a method of comment 9(b)(2)-5.
 * Fails  E_ARG  not a scorecard */
typedef enum vouch__points_reference { VOUCH__AGAINST_MOST, VOUCH__AGAINST_NEUTRAL } vouch__points_reference;
vouch_status vouch__explainer_of_points(vouch_ctx *ctx, const vouch_model *model,
                                        vouch__points_reference reference, vouch_explainer **out_explainer);
/* As vouch_explainer_values, on encoded rows; thread-safe. */
void vouch__explainer_block(const vouch_explainer *explainer, vouch__matrix x, double *out_value);
/* The same bits, faster for thousands of rows, with the worker's scratch. */
vouch_status vouch__explainer_rows(vouch_ctx *worker, const vouch_explainer *explainer, vouch__matrix x,
                                   double *out_value);
/* What values add up to: raw, but for a forest imported with float sums, whose leaves are here added in
 * double. raw [x.rows] as the model gives it, or NULL; out [x.rows]. */
void vouch__model_total(const vouch_model *model, vouch__matrix x, const double *raw, double *out);
double vouch__explainer_base(const vouch_explainer *explainer);
/* Saved form: carried beside the model, so that the server gives the reasons that the run gave. */
void vouch__explainer_save(const vouch_explainer *explainer, vouch__buf *out);
vouch_status vouch__explainer_load(vouch_ctx *ctx, const vouch_model *model, const void *bytes, size_t len,
                                   vouch_explainer **out_explainer);

#endif
