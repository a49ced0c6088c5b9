/* AUC by one pass over the cases in score order.
 *
 * Walking up the scores, each group of tied scores adds
 *     bad weight here x (good weight strictly below + half the good weight here),
 * which is the tie-corrected Mann-Whitney count; dividing by the product of the class totals makes it a
 * probability. Without weights the count is a whole number of halves, and exact. */
#include "vouch/validate.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "validate/cases.h"

#include <math.h>

static double concordance(size_t n, const uint32_t *order, const double *score, const uint8_t *bad,
                          const double *weight)
{
    vouch__dd won = { 0 };
    vouch__dd total[2] = { { 0 } }; /* good, bad, strictly below */
    for (size_t i = 0, j; i < n; i = j) {
        vouch__dd here[2] = { { 0 } };
        for (j = i; j < n && score[order[j]] == score[order[i]]; j++)
            vouch__accumulate(&here[bad[order[j]]], weight ? weight[order[j]] : 1.0);
        double good = vouch__accumulated(here[0]), lost = vouch__accumulated(here[1]);
        vouch__accumulate(&won, lost * (vouch__accumulated(total[0]) + 0.5 * good));
        vouch__accumulate(&total[0], good);
        vouch__accumulate(&total[1], lost);
    }
    return vouch__accumulated(won) / (vouch__accumulated(total[0]) * vouch__accumulated(total[1]));
}

vouch_status vouch_validate_auc(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                const double *weight, double *out_auc)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, "auc", n, score, bad, weight, &n_bad);
    if (!status)
        status = vouch__cases_both(ctx, "auc", n, n_bad);
    if (status)
        return status;

    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, score, order);
    if (!status)
        *out_auc = fmin(concordance(n, order, score, bad, weight), 1.0); /* rounding may pass 1 by an ulp */
    vouch__scratch_reset(ctx, mark);
    return status;
}
