/* monitor/drift_columns.h: one measure of drift over the score and every input of two samples. */
#ifndef VOUCH_DRIFT_COLUMNS_H
#define VOUCH_DRIFT_COLUMNS_H

#include "evidence/test.h"

/* A column as the reference and the sample have it. Counts are over bins frozen on the reference: quantiles
 * of numbers, each text; missing values and texts that the reference lacks have bins of their own; bins in
 * which fewer than 5 of the sample would be expected are put together. */
typedef struct vouch__drift_column {
    const char *name;
    bool is_text;
    size_t bins;                 /* fewer than 2: there is nothing to compare */
    double *from, *to;           /* [bins] counts of the reference, of the sample */
    double n_from, n_to;         /* their sums */
    size_t m, n;                 /* values that are not missing, or points that stand for them */
    const double *x_from, *x_to; /* [m], [n] ascending; numbers only, and only where VALUES are wanted */
    /* Of sketches; NULL and 0 where every value is known. */
    const double *upto_from, *upto_to; /* [m], [n] values at or below a point */
    double *slack_from, *slack_to;     /* [bins] by how much counts may be off */
    double error_from, error_to;       /* by how much ranks may be off */
    double moved_from, moved_to;       /* how far values were moved, in sum */
    double square_from, finite_from; /* sum of squares of the finite values about their mean; their number */
} vouch__drift_column;

typedef struct vouch__drift_result { /* NAN where the column does not allow it */
    double value, statistic, p_value, critical;
    double error; /* value is not off by more. The p-value is then of the least that value may be */
} vouch__drift_result;

/* How many values the first i points stand for. */
static inline double vouch__drift_upto(const double *upto, size_t i)
{
    return !upto ? (double)i : i ? upto[i - 1] : 0.0;
}

/* level: of the critical value, 0.95. Runs on worker threads. */
typedef vouch_status vouch__drift_fn(vouch_ctx *worker, const vouch__drift_column *column, double level,
                                     vouch__drift_result *out);

enum { VOUCH__DRIFT_COUNTS = 1, VOUCH__DRIFT_VALUES = 2 };

/* Column `before` of one set of sketches against column `now` of another, of one kind; in scratch. Bins are
 * not put together yet. */
struct vouch__sketch_column;
vouch_status vouch__drift_of_sketches(vouch_ctx *ctx, const struct vouch__sketch_column *before,
                                      const struct vouch__sketch_column *now, size_t bins,
                                      vouch__drift_column *out);

/* Measure every column and add one entry: the largest effect that is significant after correction over the
 * columns is judged; without one the test passes. */
vouch_status vouch__drift_columns(vouch_ctx *ctx, const vouch__test_call *call, unsigned wants,
                                  vouch__drift_fn *measure);

/* The parameters that all of them have. */
enum { VOUCH__DRIFT_PARAMS = 4 };
extern const vouch__param vouch__drift_params[VOUCH__DRIFT_PARAMS];
#define VOUCH__DRIFT_ROW                                                                                     \
    .section = "monitor", .needs = VOUCH__NEEDS_REFERENCE,                                                   \
    .uses = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_FEATURES, .params = vouch__drift_params,                       \
    .n_params = VOUCH__DRIFT_PARAMS

#endif
