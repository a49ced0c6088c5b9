/* bins/bin_tell.h: a column's binning, from its rows to what is told of it. */
#ifndef VOUCH_BIN_TELL_H
#define VOUCH_BIN_TELL_H

#include "base/json.h"
#include "bins/bin_outcome.h"

typedef struct vouch__bin_job { /* arrays in scratch */
    const vouch__bin_outcome *outcome;
    size_t column;
    const char *name, *const *category; /* category [rows.n_categories] */
    vouch__bin_rows rows;
    vouch__cells cells;
    vouch__trend trend;
    size_t n_bins, *end; /* cells: where each bin ends */
    double value, price[VOUCH__TRENDS];
    bool is_sketched; /* cells are of a sketch, */
    double error;     /* whose ranks (of texts, counts) are off by no more than this share of the rows */
} vouch__bin_job;

/* Fill a job of which outcome and column are set: values and cells, of at most max_cells, then the cut. */
vouch__cell_rule vouch__bin_cell_rule(const vouch__bin_outcome *outcome, size_t max_cells);
vouch_status vouch__bin_cells(vouch_ctx *ctx, size_t max_cells, vouch__bin_job *job);
vouch_status vouch__bin_cut(vouch_ctx *ctx, vouch__bin_job *job);
vouch_status vouch__bin_do(vouch_ctx *ctx, vouch__bin_job *job); /* both */

/* As JSON and as a table; vouch/bins.h says what is in them. */
vouch_status vouch__bin_json(vouch_ctx *ctx, const vouch__bin_job *job, char **out_json);
vouch_status vouch__bin_table(vouch_ctx *ctx, const vouch__bin_job *job, vouch_table **out_bins);
/* NAN unless the target is binary: optbinning's quality score. */
double vouch__bin_quality(vouch_ctx *ctx, const vouch__bin_job *job);

/* A column among others. */
typedef struct vouch__rank_row {
    const char *name; /* NULL: not ranked */
    const char *trend;
    double value, quality, bins, missing;
} vouch__rank_row;
vouch__rank_row vouch__bin_rank_row(vouch_ctx *ctx, const vouch__bin_job *job);
vouch_status vouch__bin_rank_table(vouch_ctx *ctx, size_t n, const vouch__rank_row *row, vouch_table **out);

/* How much of a text goes into `most` bytes in whole characters, for "%.*s". */
int vouch__bin_fit(const char *text, size_t most);

/* What they are made of. Cells begin to end - 1 in the column's own terms: type, label, above, up_to or in.
 */
void vouch__bin_tell_extent(vouch__doc *doc, const vouch__bin_job *job, size_t begin, size_t end,
                            vouch__json *o);
/* Rows, level and worth of a bin, from its sums. */
void vouch__bin_tell_figures(vouch__doc *doc, const vouch__bin_outcome *outcome, const double *sums,
                             vouch__json *o);
/* What is told of a binning before its bins. */
void vouch__bin_tell_outcome(vouch__doc *doc, const vouch__bin_outcome *outcome, vouch__json *root);
/* The bins of root as a table. */
vouch_status vouch__bin_tell_table(vouch_ctx *ctx, const vouch__bin_outcome *outcome, const vouch__json *root,
                                   vouch_table **out_bins);
/* root's bins, of n columns, as a DuckDB expression `sql`. */
vouch_status vouch__bin_tell_sql(vouch_ctx *ctx, vouch__doc *doc, const vouch__bin_job *job, size_t n,
                                 vouch__json *root);
/* A document's text, for vouch_text_free. */
vouch_status vouch__bin_tell_text(vouch_ctx *ctx, const vouch__doc *doc, char **out_json);

#endif
