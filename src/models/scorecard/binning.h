/* models/scorecard/binning.h: supervised monotone bins of one input. */
#ifndef VOUCH_BINNING_H
#define VOUCH_BINNING_H

#include "bins/bin_override.h"
#include "models/card.h"

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
