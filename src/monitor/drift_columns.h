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
    size_t bins;                     /* fewer than 2: there is nothing to compare */
    double *from, *to;               /* [bins] counts of the reference, of the sample */
    double n_from, n_to;             /* their sums */
    double all_from, all_to;         /* rows */
    double missing_from, missing_to; /* of which have no value */
    double unseen, singles; /* texts: rows with one that the reference lacks; texts that it has just once */
    bool is_exact;          /* every count is: no sketch left anything open */
    size_t m, n;            /* values that are not missing, or points that stand for them */
    const double *x_from, *x_to; /* [m], [n] ascending; numbers only */
    /* Of sketches; NULL and 0 where every value is known. */
    const double *upto_from, *upto_to; /* [m], [n] values at or below a point */
    double *slack_from, *slack_to;     /* [bins] by how much counts may be off */
    double error_from, error_to;       /* by how much ranks may be off */
    double moved_from, moved_to;       /* how far values were moved, in sum */
    const double *bridge;              /* [VOUCH__DRIFT_BRIDGE] */
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

typedef enum vouch__drift_measure { /* KS and WASSERSTEIN are of values, the others of counts */
                                    VOUCH__DRIFT_PSI,
                                    VOUCH__DRIFT_JS,
                                    VOUCH__DRIFT_HELLINGER,
                                    VOUCH__DRIFT_LINF,
                                    VOUCH__DRIFT_CHI2,
                                    VOUCH__DRIFT_KS,
                                    VOUCH__DRIFT_WASSERSTEIN,
                                    VOUCH__DRIFT_MISSING,
                                    VOUCH__DRIFT_UNSEEN,
                                    VOUCH__DRIFT_MEASURES
} vouch__drift_measure;
vouch__drift_fn vouch__measure_psi, vouch__measure_js, vouch__measure_hellinger, vouch__measure_linf,
    vouch__measure_chi2, vouch__measure_ks, vouch__measure_wasserstein, vouch__measure_missing,
    vouch__measure_unseen;

/* Covariances of the absolute Brownian bridge between GRID heights, k <= l, row by row: the same for every
 * column. */
enum { VOUCH__DRIFT_GRID = 128, VOUCH__DRIFT_BRIDGE = VOUCH__DRIFT_GRID * (VOUCH__DRIFT_GRID + 1) / 2 };
void vouch__drift_bridge(double out[VOUCH__DRIFT_BRIDGE]);

/* Column `before` of one set of sketches against column `now` of another, as out->is_text says; in scratch.
 * Bins are not put together yet. */
struct vouch__sketch_column;
vouch_status vouch__drift_of_sketches(vouch_ctx *ctx, const struct vouch__sketch_column *before,
                                      const struct vouch__sketch_column *now, size_t bins,
                                      vouch__drift_column *out);

/* Measure every column and add one entry: the largest effect that is significant after correction over the
 * columns is judged; without one the test passes. Where there is a memo the first call takes every measure of
 * a column while it has it, and the next ones only tell. */
vouch_status vouch__drift_columns(vouch_ctx *ctx, const vouch__test_call *call, vouch__drift_measure measure);

/* What was measured, kept for the next test of the same samples. */
typedef struct vouch__drift_memo {
    vouch_alloc alloc;
    size_t bins, subjects;
    double level;
    size_t n_now, n_before;
    double columns;          /* which: the parameter */
    vouch__drift_result *at; /* [subjects][MEASURES] */
} vouch__drift_memo;
void vouch__drift_memo_free(vouch__drift_memo *memo); /* NULL is fine */

/* The parameters that all of them have. */
enum { VOUCH__DRIFT_PARAMS = 4 };
extern const vouch__param vouch__drift_params[VOUCH__DRIFT_PARAMS];
#define VOUCH__DRIFT_ROW                                                                                     \
    .section = "monitor", .needs = VOUCH__NEEDS_REFERENCE,                                                   \
    .uses = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_FEATURES, .params = vouch__drift_params,                       \
    .n_params = VOUCH__DRIFT_PARAMS

#endif
