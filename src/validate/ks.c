/* Kolmogorov-Smirnov distance by one walk up the distinct scores: tied cases enter both distributions
 * together, so the order of rows does not matter, and a constant score has distance 0. */
#include "vouch/validate.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "validate/cases.h"

#include <math.h>

static double distance(size_t n, const uint32_t *order, const double *score, const uint8_t *bad,
                       const double *weight, double *out_at)
{
    vouch__dd below[2] = { { 0 } };
    vouch__dd total[2] = { { 0 } };
    double largest = 0.0;
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&total[bad[i]], weight ? weight[i] : 1.0);
    double good = vouch__accumulated(total[0]), lost = vouch__accumulated(total[1]);
    *out_at = score[order[0]];
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && score[order[j]] == score[order[i]]; j++)
            vouch__accumulate(&below[bad[order[j]]], weight ? weight[order[j]] : 1.0);
        double here = fabs(vouch__accumulated(below[1]) / lost - vouch__accumulated(below[0]) / good);
        if (here > largest && j < n) { /* beyond the last score both are 1, but for rounding */
            largest = here;
            *out_at = score[order[i]];
        }
    }
    return fmin(largest, 1.0);
}

vouch_status vouch_validate_ks(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                               const double *weight, double *out_ks, double *out_at)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, "ks", n, score, bad, weight, &n_bad);
    if (!status)
        status = vouch__cases_both(ctx, "ks", n, n_bad);
    if (status)
        return status;

    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, score, order);
    if (!status) {
        double at;
        *out_ks = distance(n, order, score, bad, weight, &at);
        if (out_at)
            *out_at = at;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
