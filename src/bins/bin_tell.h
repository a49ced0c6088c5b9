/* bins/bin_tell.h: a column's binning, from its rows to what is told of it. */
#ifndef VOUCH_BIN_TELL_H
#define VOUCH_BIN_TELL_H

#include "bins/bin_outcome.h"

typedef struct vouch__bin_job { /* arrays in scratch */
    const vouch__bin_outcome *outcome;
    size_t column;
    vouch__bin_rows rows;
    vouch__cells cells;
    vouch__trend trend;
    size_t n_bins, *end; /* cells: where each bin ends */
    double value, price[VOUCH__TRENDS];
} vouch__bin_job;

/* Fill a job of which outcome and column are set. */
vouch_status vouch__bin_do(vouch_ctx *ctx, vouch__bin_job *job);
/* As JSON and as a table; vouch/bins.h says what is in them. */
vouch_status vouch__bin_json(vouch_ctx *ctx, const vouch__bin_job *job, char **out_json);
vouch_status vouch__bin_table(vouch_ctx *ctx, const vouch__bin_job *job, vouch_table **out_bins);
/* NAN unless the target is binary: optbinning's quality score. */
double vouch__bin_quality(vouch_ctx *ctx, const vouch__bin_job *job);

#endif
