/* run/words.h: results of a run as text for people. */
#ifndef VOUCH_WORDS_H
#define VOUCH_WORDS_H

#include "run/job.h"

/* The first declined row of test, decided by the bundle that the server would load. *out_text: the decision
 * and its reasons as a notice would tell them, NULL when no row of test is declined. *out_request: the row as
 * a request that the server would take (the first row of test when none is declined). */
vouch_status vouch__words_declined(vouch_ctx *ctx, const vouch__job *job, char **out_text,
                                   char **out_request);

/* The first row of test, scored by the bundle that the server would load, told and as a request. */
vouch_status vouch__words_scored(vouch_ctx *ctx, const vouch__job *job, char **out_text, char **out_request);

/* A row of a table as the JSON object that a decision request would hold. */
vouch_status vouch__words_row(vouch_ctx *ctx, const vouch_table *table, const vouch_model *model, size_t row,
                              vouch__doc *doc, vouch__json **out_row);

#endif
