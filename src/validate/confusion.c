/* The confusion table of one cut-off and the rates made of it. */
#include "validate/confusion.h"

#include "base/ctx.h"
#include "num/rates.h"

#include <math.h>

vouch_status vouch__confusion_count(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                    const double *weight, double threshold, vouch__confusion *out)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, "confusion", n, score, bad, weight, &n_bad);
    if (!status && isnan(threshold))
        status = vouch__fail(ctx, VOUCH_E_ARG, "confusion: the threshold is missing");
    if (status)
        return status;
    vouch__dd cell[2][2] = { { { 0 } } };
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&cell[bad[i]][score[i] >= threshold], weight ? weight[i] : 1.0);
    *out = (vouch__confusion){ vouch__accumulated(cell[1][1]), vouch__accumulated(cell[0][1]),
                               vouch__accumulated(cell[1][0]), vouch__accumulated(cell[0][0]) };
    return VOUCH_OK;
}

static vouch__rate rate(double x, double n, double level)
{
    vouch__rate r = { NAN, NAN, NAN };
    if (n > 0.0) {
        r.value = x / n;
        vouch__wilson(x, n, level, &r.low, &r.high);
    }
    return r;
}

static double matthews(const vouch__confusion *c, double flagged, double passed, double bad, double good)
{
    if (!(flagged > 0.0 && passed > 0.0 && bad > 0.0 && good > 0.0))
        return 0.0;
    double shared = c->true_positive * c->true_negative - c->false_positive * c->false_negative;
    return shared / (sqrt(flagged) * sqrt(passed) * sqrt(bad) * sqrt(good));
}

vouch__confusion_rates vouch__confusion_measure(const vouch__confusion *c, double level)
{
    double tp = c->true_positive, fp = c->false_positive, fn = c->false_negative, tn = c->true_negative;
    double bad = tp + fn, good = fp + tn, flagged = tp + fp, passed = fn + tn, n = bad + good;
    vouch__confusion_rates r = { .recall = rate(tp, bad, level),
                                 .specificity = rate(tn, good, level),
                                 .precision = rate(tp, flagged, level),
                                 .negative = rate(tn, passed, level),
                                 .accuracy = rate(tp + tn, n, level) };
    r.balanced = 0.5 * (r.recall.value + r.specificity.value);
    r.youden = r.recall.value + r.specificity.value - 1.0;
    r.f1 = 2.0 * tp / (bad + flagged); /* 0 / 0 is NaN, as it should be */
    r.f1_se = sqrt(r.f1 * (1.0 - r.f1) * (2.0 - r.f1) / (bad + flagged));
    r.mcc = matthews(c, flagged, passed, bad, good);
    double by_chance = bad / n * (flagged / n) + good / n * (passed / n);
    r.kappa = by_chance < 1.0 ? ((tp + tn) / n - by_chance) / (1.0 - by_chance) : NAN;
    return r;
}
