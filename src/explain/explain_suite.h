/* explain/explain_suite.h: what a model does with its inputs, as evidence. */
#ifndef VOUCH_EXPLAIN_SUITE_H
#define VOUCH_EXPLAIN_SUITE_H

#include "evidence/evidence.h"
#include "explain/reasons.h"

/* What is explained, in words: the log-odds of an event, the logarithm of a mean, or a mean itself. */
typedef struct vouch__explain_words {
    const char *raw, *column; /* "log-odds", "log_odds": the scale of the raw score and of Shapley values */
    const char *direction;    /* what positive values do, a sentence */
    const char *mean, *mean_column;   /* "P(bad)", "probability" */
    const char *all, *average, *self; /* "all training applicants", "average applicant", "this applicant" */
} vouch__explain_words;
extern const vouch__explain_words vouch__explain_event, vouch__explain_log, vouch__explain_mean;
/* Of a model of numbers: one of the two that are not of an event. */
const vouch__explain_words *vouch__explain_words_of(const vouch_model *model);

typedef struct vouch__explain_data {
    const vouch__explain_words *words; /* NULL: of an event */
    const vouch_model *model;
    const vouch__binding *binding;
    size_t n; /* rows explained (of test), and which */
    const uint32_t *row;
    const char *part;
    const vouch_explainer *all, *just_approved; /* the two official references; the second may be NULL */
    const vouch_explainer *own; /* the one that reasons are given by, where it is neither; or NULL */
    const char *own_method;
    const vouch__reason_map *map;
    const double *probability; /* [n] */
    double cutoff;             /* decline above; NAN: nobody is */
    size_t most;
    uint64_t seed;
    const char *reference; /* whose rows `all` holds, in words; NULL: the words' all */
    const uint32_t *one;   /* the row of .one_decline; NULL: the first declined of row[n] */
} vouch__explain_data;

/* explain.importance (mean |Shapley value| by input, table and bars), .additivity (largest residual, and the
 * largest gap to a score that is summed in float), .beeswarm (a sample for the plot: input, value rank,
 * Shapley value; at most 200 rows an input, 12 inputs), .pdp (partial dependence of the six most important
 * inputs on at most 500 rows, one entry each), .monotonicity (declared directions hold on PDP and, for trees,
 * on every pair tried), .reasons (how often each characteristic is a principal reason among the declined, by
 * both methods), .own_reasons (with own: what it tells
 * the declined, and how often as method b does), .reason_similarity (share of declined whose first reason,
 * and whose set of reasons, agree between the two methods), .one_decline (the first declined row: waterfall).
 */
vouch_status vouch__explain_suite(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);
/* Of a number, where nothing is decided: .importance, .additivity, .beeswarm, .pdp, .monotonicity and
 * .one_row, the waterfall of the row with the largest prediction. */
vouch_status vouch__explain_number(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);
/* Of these only .importance, .additivity, .beeswarm and, when a row is to be shown, .one_decline. */
vouch_status vouch__explain_brief(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);

#endif
