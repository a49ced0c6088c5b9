/* models/scorecard/binning.h: supervised monotone bins of one input. */
#ifndef VOUCH_BINNING_H
#define VOUCH_BINNING_H

#include "bins/bin_override.h"
#include "models/card.h"

/* Adjacent values, or categories, taken together before bins are chosen. */
typedef struct vouch__cell {
    double good, bad;     /* weight of each class */
    size_t n_good, n_bad; /* rows of each class */
} vouch__cell;

void vouch__cell_join(vouch__cell *cell, const vouch__cell *other); /* add other to cell */

typedef struct vouch__cut_rule {
    size_t max_bins;
    size_t min_rows, min_events;  /* a bin has at least so many rows, and so many of each class */
    double total_good, total_bad; /* of all rows, also those with missing and special values */
} vouch__cut_rule;

/* Cut cells into at most max_bins runs whose information value is largest, under the rule and with a bad rate
 * that strictly rises (direction +1) or falls (-1) from run to run. Exact, by dynamic programming: O(max_bins
 * n^3). Fewer runs win a tie, then earlier cuts. When no cut keeps the rule there is one run, with iv NaN if
 * it breaks the rule itself. out_end [max_bins]  where each run ends, exclusive; the last is n */
vouch_status vouch__cut_cells(vouch_ctx *ctx, size_t n, const vouch__cell *cell, const vouch__cut_rule *rule,
                              int direction, size_t *out_runs, size_t *out_end, double *out_iv);

typedef struct vouch__bin_rule {
    size_t max_bins, min_events;
    double min_share; /* of the training rows */
} vouch__bin_rule;

/* Bin one input of the training rows: x[n] as vouch__bound_column gives it, bad[n] 0 or 1, weight[n] or NULL.
 * Ranges or sets come first, then each special code, then missing; the last two are always there, so every
 * value has a bin. Fills all of *out but coefficient, error and points; free with vouch__card_input_clear. */
vouch_status vouch__bin_input(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                              size_t n, const double *x, const double *bad, const double *weight,
                              vouch__card_input *out);
/* The same as a person has decided (binning_hand.c), from the automatic bins. Fails also E_FORMAT, at its
 * line of the overrides' file. */
vouch_status vouch__bin_by_hand(vouch_ctx *ctx, const vouch__input *input, const vouch__bin_rule *rule,
                                const vouch__overrides *overrides, const vouch__override *override, size_t n,
                                const double *x, const double *bad, const double *weight,
                                const vouch__card_input *automatic, vouch__card_input *out);
void vouch__card_input_clear(const vouch_alloc *alloc, vouch__card_input *c);

/* Bins that are laid out are counted and weighed: goods, bads, WoE, IV. */
vouch_status vouch__bin_weigh(vouch_ctx *ctx, const vouch__bin_rule *rule, size_t n, const double *x,
                              const double *bad, const double *weight, vouch__card_input *c);
vouch_status vouch__bins_new(vouch_ctx *ctx, size_t n, vouch__card_input *out);
/* Where a category never seen goes when none were pooled: where it says least, WoE nearest 0. */
size_t vouch__neutral_bin(const vouch__card_input *c);
/* The bin of *c that x falls in. */
size_t vouch__card_input_bin(const vouch__card_input *c, double x);

#endif
