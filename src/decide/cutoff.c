/* The cut-off: rows from the safest on, as many as keep the mean probability within the limit. The mean of an
 * ascending sequence never falls as it grows, so the first group of ties that breaks the limit ends it. */
#include "decide/policy.h"
#include "num/rank.h"

#include <math.h>

/* Room for the rounding of a mean of equal probabilities. */
#define SLACK (1.0 + 1e-12)

/* A sum that carries what each addition lost (Neumaier), so that a million probabilities at the limit stay at
 * the limit. */
typedef struct carried {
    double sum, lost;
} carried;

static void carry(carried *c, double x)
{
    double sum = c->sum + x;
    c->lost += fabs(c->sum) >= fabs(x) ? (c->sum - sum) + x : (x - sum) + c->sum;
    c->sum = sum;
}

static vouch_status check(vouch_ctx *ctx, size_t n, const double *probability, const double *weight,
                          double max_bad_rate)
{
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "cut-off: no rows");
    if (!(max_bad_rate >= 0.0 && max_bad_rate <= 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG, "cut-off: max_bad_rate must be in [0, 1]");
    for (size_t i = 0; i < n; i++) {
        if (!(probability[i] >= 0.0 && probability[i] <= 1.0))
            return vouch__fail(ctx, VOUCH_E_DATA, "cut-off: probability[%zu] must be in [0, 1]", i);
        if (weight && !(weight[i] > 0.0 && weight[i] < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "cut-off: weight[%zu] must be finite and > 0", i);
    }
    return VOUCH_OK;
}

vouch_status vouch__cutoff_choose(vouch_ctx *ctx, size_t n, const double *probability, const double *weight,
                                  double max_bad_rate, double *out_cutoff, double *out_share)
{
    vouch_status status = check(ctx, n, probability, weight, max_bad_rate);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, probability, order);
    if (status)
        goto done;

    carried bad = { 0.0, 0.0 }, all = { 0.0, 0.0 };
    double cutoff = -1.0, approved = 0.0;
    bool is_within = true;
    for (size_t i = 0; i < n;) {
        double p = probability[order[i]];
        for (; i < n && probability[order[i]] == p; i++) {
            double w = weight ? weight[order[i]] : 1.0;
            carry(&bad, w * p);
            carry(&all, w);
        }
        double total = all.sum + all.lost;
        is_within = is_within && bad.sum + bad.lost <= max_bad_rate * total * SLACK;
        if (is_within) {
            cutoff = p;
            approved = total;
        }
    }
    *out_cutoff = cutoff;
    *out_share = approved / (all.sum + all.lost);
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}
