/* H-measure and expected maximum profit: averages, over what errors may cost, of what the best cut-off
 * yields. For any costs the best cut-off is a corner of the ROC curve's convex hull, and each corner is best
 * over one interval of costs, whose ends follow from the slopes of the two edges that meet in it. So both
 * averages are finite sums of integrals that are known in closed form. */
#include "validate/corners.h"

#include "base/ctx.h"
#include "num/special.h"

#include <math.h>

/* Integrals over [from, to] of c and of 1 - c times the beta(a, b) density. */
static double mean_cost(double a, double b, double from, double to)
{
    return a / (a + b) * (vouch__beta_inc(a + 1.0, b, to) - vouch__beta_inc(a + 1.0, b, from));
}

static double mean_rest(double a, double b, double from, double to)
{
    return b / (a + b) * (vouch__beta_inc(a, b + 1.0, to) - vouch__beta_inc(a, b + 1.0, from));
}

/* The cost at which the ends of a hull edge do equally well: turning away the goods of the edge costs c each,
 * letting its bads pass 1 - c each. */
static double even_cost(const vouch__corner *a, const vouch__corner *b)
{
    double good = b->good - a->good, bad = b->bad - a->bad;
    return bad / (good + bad);
}

vouch_status vouch__h_measure(vouch_ctx *ctx, const vouch__corners *corners, double a, double b,
                              double *out_h)
{
    double all = corners->good + corners->bad, rate = corners->bad / all;
    if (isnan(a)) {
        a = 1.0 + rate;
        b = 2.0 - rate;
    }
    if (!(a > 0.0 && b > 0.0 && a < INFINITY && b < INFINITY))
        return vouch__fail(ctx, VOUCH_E_ARG, "h-measure: the cost distribution needs a and b above 0");
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    uint32_t *hull = vouch__scratch(ctx, corners->n, sizeof *hull);
    if (!hull)
        return vouch__oom(ctx);
    vouch__corners_hull(corners, hull, &n);
    vouch__dd loss = { 0 };
    double high = 1.0; /* corners come from the left, where turning a good away is dearest */
    for (size_t k = 0; k < n; k++) {
        const vouch__corner *c = corners->at + hull[k];
        double low = k + 1 < n ? even_cost(c, corners->at + hull[k + 1]) : 0.0;
        if (low < high) {
            vouch__accumulate(&loss, c->good / all * mean_cost(a, b, low, high));
            vouch__accumulate(&loss, (corners->bad - c->bad) / all * mean_rest(a, b, low, high));
        }
        high = fmin(high, low);
    }
    double blind = (1.0 - rate) * mean_cost(a, b, 0.0, rate) + rate * mean_rest(a, b, rate, 1.0);
    *out_h = fmin(1.0, fmax(0.0, 1.0 - vouch__accumulated(loss) / blind));
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* The loss share at which both ends of an edge earn the same; above it the later corner is better. */
static double even_loss(const vouch__corner *a, const vouch__corner *b, double return_on_loan)
{
    double good = b->good - a->good, bad = b->bad - a->bad;
    return bad > 0.0 ? return_on_loan * good / bad : INFINITY;
}

vouch_status vouch__expected_maximum_profit(vouch_ctx *ctx, const vouch__corners *corners,
                                            vouch__profit_terms terms, double *out_profit, double *out_share)
{
    if (!(terms.none >= 0.0 && terms.all >= 0.0 && terms.none + terms.all <= 1.0 &&
          terms.return_on_loan > 0.0 && terms.return_on_loan < INFINITY))
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "expected maximum profit: the chances of losing nothing and all must be in [0, 1] and "
            "add up to at most 1, the return be above 0");
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    uint32_t *hull = vouch__scratch(ctx, corners->n, sizeof *hull);
    if (!hull)
        return vouch__oom(ctx);
    vouch__corners_hull(corners, hull, &n);
    double all = corners->good + corners->bad, between = 1.0 - terms.none - terms.all, low = 0.0;
    vouch__dd profit = { 0 }, share = { 0 };
    for (size_t k = 0; k < n; k++) {
        const vouch__corner *c = corners->at + hull[k];
        double next = k + 1 < n ? even_loss(c, corners->at + hull[k + 1], terms.return_on_loan) : INFINITY;
        double high = fmin(1.0, fmax(next, low)), caught = c->bad / all, lost = c->good / all;
        double chance = between * (high - low);
        vouch__accumulate(&profit, chance * (caught * 0.5 * (low + high) - terms.return_on_loan * lost));
        bool is_last = next >= 1.0 || k + 1 == n;
        if (is_last) {
            chance += terms.all;
            vouch__accumulate(&profit, terms.all * (caught - terms.return_on_loan * lost));
        }
        vouch__accumulate(&share, chance * (caught + lost));
        if (is_last)
            break;
        low = high;
    }
    *out_profit = vouch__accumulated(profit);
    *out_share = fmin(1.0, vouch__accumulated(share));
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
