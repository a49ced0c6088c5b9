/* monitor/monitor_parts.h: a batch under test: what is measured first, then judged together. */
#ifndef VOUCH_MONITOR_PARTS_H
#define VOUCH_MONITOR_PARTS_H

#include "monitor/drift_tests.h"
#include "monitor/reference.h"

/* One test of the family, as measured; its entry is made when all p-values are known. */
typedef struct vouch__drift {
    const char *id, *title, *purpose, *method, *convention, *source, *null_hypothesis, *subject, *unit,
        *interval;
    double n, n_bad, value, low, high, statistic, p, critical;
    double was, is; /* what the table compares, NaN where there is nothing */
    size_t bins;    /* of PSI tables: label, reference, batch; in scratch */
    const char **label;
    const double *from, *to;
    const char *why_not;   /* not judged, for this reason: the entry is not-applicable or refused */
    vouch__verdict if_not; /* NOT_APPLICABLE or REFUSED, with why_not */
} vouch__drift;

typedef struct vouch__watched {
    vouch_ctx *ctx;
    const vouch_model *model;
    const vouch__json *reference;
    const vouch_table *batch;
    const double *outcome, *weight; /* or NULL */
    bool is_event;
    size_t n;
    double n_reference;
    double *raw, *probability;
    vouch__drift *at; /* room for most */
    size_t n_tests, most;
    /* by band of the score, where outcomes are known */
    size_t n_bands;
    double band_n[VOUCH__MONITOR_BINS + 1], band_weight[VOUCH__MONITOR_BINS + 1]; /* of an event, the same */
    double band_bad[VOUCH__MONITOR_BINS + 1], band_sum[VOUCH__MONITOR_BINS + 1];
} vouch__watched;

/* A number's outcomes and predictions in all. gini NaN: outcomes below 0, or all 0. */
typedef struct vouch__outcome_sums {
    double weight, actual, expected, variance, gini, gini_error;
} vouch__outcome_sums;
vouch_status vouch__outcome_measure(vouch_ctx *ctx, vouch__yardstick yardstick, size_t n,
                                    const double *actual, const double *expected, const double *weight,
                                    vouch__outcome_sums *out);

/* A new test with every number NaN; room was made for all there can be. */
vouch__drift *vouch__drift_add(vouch__watched *watched);
/* The same of n known outcomes; refused below VOUCH__MONITOR_LEAST. */
vouch__drift *vouch__drift_of_outcomes(vouch__watched *watched, size_t n, const char *id, const char *title,
                                       const char *unit);

vouch_status vouch__watch_score(vouch__watched *watched);
vouch_status vouch__watch_inputs(vouch__watched *watched);
vouch_status vouch__watch_outcomes(vouch__watched *watched);
vouch_status vouch__watch_numbers(vouch__watched *watched); /* the same of a number */

/* An array of numbers of the reference: its length in *out_n and, when not longer than most, its values.
 * E_FORMAT when it is none or longer. */
vouch_status vouch__reference_array(vouch_ctx *ctx, const vouch__json *object, const char *key, size_t most,
                                    double *out, size_t *out_n);

#endif
