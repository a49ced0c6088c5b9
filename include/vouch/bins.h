/* vouch/bins.h: the best bins of one column for a target: exact, under the trend and bounds asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_BINS_H
#define VOUCH_BINS_H

#include "vouch/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bin a column of a table for a target column.
 *   target   two values for binary; numbers for continuous; counts >= 0 for count; text or few numbers for
 *            classes. Rows without it are left out and counted
 *   weight   a column of case weights, of exposures for count; SIZE_MAX: 1 each. Must be finite and > 0
 *   rules    a YAML or JSON mapping, NULL for defaults:
 *     kind        auto | binary | continuous | count | classes
 *     event       of two values the one that is the event; of numbers the larger where it is not said, of
 *                 texts it must be
 *     trend       auto | any | rising | falling | peak | valley | convex | concave; auto: the better of
 *                 rising and falling
 *     max_bins 8, min_bins 1, max_cells 50 (how finely values are told apart before bins are chosen)
 *     min_share 0.05, max_share 1 (of the weight, in a bin), min_events 5 (rows of each class; of events)
 *     min_gap 0 (between neighbours' levels), max_p 1 (of the test that they differ)
 *     splits      [..] ascending: the only places where a range may end
 *     fixed       [..] places where a range must end
 *     special     [..] values that are codes, not amounts: a bin each
 * Text columns, and flags, are binned as sets of categories in order of their level; categories under
 * min_share are pooled, and a category never seen goes with them.
 *   out_json  the bins with counts, level and what each adds to the objective, the trend chosen, and `price`:
 *             what the objective would be under every trend. NaN is null. The caller frees it with
 *             vouch_text_free
 *   out_bins  a row a bin: bin, rows, share, the level, worth and, of a binary target, woe = ln(share of
 *             non-events / share of events), positive is safer. Either may be NULL
 * The objective is the information value (binary), the share of variance explained (continuous), the Poisson
 * deviance explained (count), or the mutual information in nats (classes); the bins are the best of all that
 * end where a cell ends: dynamic programming, O(max_bins max_cells^3). value is NaN where no bins keep the
 * rules.
 * Fails  E_DATA (nothing to tell apart, no such event, a negative count or weight), E_FORMAT (rules, naming
 * line and column), E_ARG (a column that is not there, or is in two roles) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin(vouch_ctx *ctx, const vouch_table *table, size_t column,
                                                size_t target, size_t weight, const char *rules,
                                                char **out_json, vouch_table **out_bins);

/* Bin two columns at once for a target: bins are rectangles of a grid of their cells.
 *   rules    as above, of the first column and of the bins, and
 *     grid        6: cells of each column, at most 12
 *     with        {trend, splits, fixed, special, grid} of the second column
 *   trend is auto, any, rising or falling: of two bins that touch, the one further along the column has the
 * higher (lower) level; auto: the best of rising and falling. Categories stand in order of their level, and
 * under no trend. min_gap and max_p are of bins that touch. Rows with a special code or a missing value in
 * either column are apart.
 * out_json  as above, with the extent of each bin in `x` and `with`, what each column's best bins are worth
 *           `alone` on the same cells, and `price` under every pair of trends. The bins are the best of all
 *           cuts of the grid into rectangles: proved by branch and bound where is_best is true, else the best
 *           found in 20 million steps, with nothing above `bound`.
 * out_bins  as above. out_grid  the level of the bin where a range of the second column (a row, the highest
 *           first) meets one of the first (a column). Any of the three may be NULL.
 * Fails as vouch_bin; E_FORMAT also for another trend, E_DATA also for more than 12 cells of a column */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin_pair(vouch_ctx *ctx, const vouch_table *table, size_t column,
                                                     size_t with, size_t target, size_t weight,
                                                     const char *rules, char **out_json,
                                                     vouch_table **out_bins, vouch_table **out_grid);

/* What people have decided on bins (docs/binning.md: the file of overrides), each beside the automatic bins
 * of its column under the rules: a table of column, by, reason, automatic, automatic_value, bins, value and
 * cost, what the decision costs of the objective. name: of the file, for messages; overrides: its text.
 * Fails as vouch_bin; E_FORMAT "name:line:column: ..." for a decision that can't be */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin_overrides(vouch_ctx *ctx, const vouch_table *table,
                                                          size_t target, size_t weight, const char *rules,
                                                          const char *name, const char *overrides,
                                                          vouch_table **out_decisions);

/* Every other column by the same rules, the largest value first: a table of column, value, trend, bins,
 * missing (share of the weight) and quality: optbinning's score of a binary binning, (v e^((1 - v^2) / 2))
 * prod(1 - p) (1 - H), v = value / 0.3957, p of neighbours being alike, H the normalised concentration of
 * rows. Columns are shared among the context's threads; results do not depend on how many. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin_rank(vouch_ctx *ctx, const vouch_table *table, size_t target,
                                                     size_t weight, const char *rules,
                                                     vouch_table **out_ranking);

/* vouch_bin, or with column NULL vouch_bin_rank, of a source that need not fit into memory: it is read twice,
 * its rows are not kept. Files are read in their own order, queries in order of id. The first time each
 * column becomes a sketch of at most 4096 points (num/sketch.h), from which cells are made; the second time
 * rows are counted exactly. So bins are the best on their cells, and everything told of them is exact; only
 * where a cell ends may differ from what vouch_bin chooses, by `rank_error` in the JSON: no end's rank is off
 * by more than this share of the rows; of texts, no count of one that is not listed is larger. 0 up to 4096
 * distinct values: then the bins are vouch_bin's. The same bins on any number of threads. out_json NULL or
 * for one column. Fails as vouch_table_open and vouch_bin;  E_ARG  a query without an id;  E_DATA  the source
 * changed */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin_source(vouch_ctx *ctx, const vouch_source *source,
                                                       const char *column, const char *target,
                                                       const char *weight, const char *rules, char **out_json,
                                                       vouch_table **out_table);

#ifdef __cplusplus
}
#endif
#endif
