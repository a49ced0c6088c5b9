/* validate/placements.h: what a measure of ranking is made of, case by case. */
#ifndef VOUCH_PLACEMENTS_H
#define VOUCH_PLACEMENTS_H

#include "base/ctx.h"

enum { VOUCH__FEWEST = 10 }; /* cases of a class below which a variance from placements is not trusted */

/* out_v [n]: of a bad the share of goods it outscores, of a good the share of bads that outscore it, a tie
 * one half; *out_auc their mean, of either class. bad[n] is 1 for n_bad of them; both classes occur. Cost: a
 * sort. */
vouch_status vouch__placements(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                               size_t n_bad, double *out_v, double *out_auc);

/* Limits of a share between 0 and 1, made on the logit scale and carried back. */
void vouch__logit_limits(double share, double variance, double level, double *out_low, double *out_high);

#endif
