/* bins/cut_runs.h: the best way to cut a row of cells into bins. Exact, for any target whose objective
 * is a sum over bins. */
#ifndef VOUCH_CUT_RUNS_H
#define VOUCH_CUT_RUNS_H

#include "base/ctx.h"

typedef enum vouch__trend {
    VOUCH__TREND_ANY,
    VOUCH__TREND_RISING,  /* levels strictly rise from bin to bin */
    VOUCH__TREND_FALLING, /* strictly fall */
    VOUCH__TREND_PEAK,    /* rise, then fall; one of the two may be absent */
    VOUCH__TREND_VALLEY,  /* fall, then rise; one of the two may be absent */
    VOUCH__TREND_CONVEX,  /* steps from bin to bin never shrink */
    VOUCH__TREND_CONCAVE, /* steps from bin to bin never grow */
    VOUCH__TRENDS
} vouch__trend;

enum { VOUCH__BENT_MAX = 100 }; /* cells, for convex and concave */

/* A run of cells as a bin. */
typedef struct vouch__run {
    double value;  /* what it adds to the objective; -INFINITY where it can't be a bin */
    double level;  /* what the trend speaks of: a bad rate, a mean */
    double n;      /* cases behind the level, and their variance about it: for max_p */
    double spread; /* NAN for a rate: the variance is that of the two bins taken together */
} vouch__run;

typedef struct vouch__cut_task {
    size_t n;              /* cells */
    const vouch__run *run; /* [n x (n + 1)]: cells i to j - 1 at i (n + 1) + j, for i < j */
    vouch__trend trend;
    size_t min_bins, max_bins;
    double min_gap; /* least difference of neighbours' levels */
    double max_p;   /* greatest two-sided p-value of that difference (normal); 1: any */
} vouch__cut_task;

/* The cut with the largest sum of values under the task's constraints: dynamic programming over the last run,
 * O(max_bins n^3), and over the last two for convex and concave, O(max_bins n^4). Fewer bins win a tie, then
 * earlier cuts. out_end [max_bins]: where each bin ends, exclusive; the last is n. When no cut is allowed
 * *out_value is NAN and there is one bin.    Fails E_SHAPE (n is 0 or above
 * 1000; convex and concave: 100), E_NOMEM, E_CANCELLED */
vouch_status vouch__cut_runs(vouch_ctx *ctx, const vouch__cut_task *task, size_t *out_bins, size_t *out_end,
                             double *out_value);

/* How many standard errors two levels lie apart, squared: pooled for rates, Welch for means. NAN of two that
 * do not vary and are equal. */
double vouch__gap_z2(const vouch__run *a, const vouch__run *b);
/* May b follow a, its level on the side of direction (0: either)? least_z2: vouch__least_z2(max_p) */
bool vouch__may_follow(double min_gap, double least_z2, const vouch__run *a, const vouch__run *b,
                       int direction);
/* How many standard errors neighbours must lie apart, squared, for a p-value of at most max_p; 0: any. */
double vouch__least_z2(double max_p);
#define VOUCH__BIN_WORTH 1e-12 /* a further bin must earn more than rounding */

/* vouch__cut_runs for convex and concave. */
vouch_status vouch__cut_bent(vouch_ctx *ctx, const vouch__cut_task *task, double least_z2, size_t *out_bins,
                             size_t *out_end, double *out_value);

#endif
