/* DeLong's variance through placements.
 *
 * The placement of a bad is the share of goods it outscores, of a good the share of bads that outscore it,
 * ties counted half; AUC is the mean of either. Its variance is var(bads' placements) / bads + var(goods'
 * placements) / goods (DeLong et al. 1988). One walk up the sorted scores gives every placement (Sun & Xu,
 * IEEE Signal Processing Letters 21, 2014), so the cost is that of the sort. The difference of two AUCs on
 * the same cases is the mean of the differences of placements, whose variance needs no covariance matrix. */
#include "validate/placements.h"
#include "vouch/validate.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

/* Placements in out[n]; returns the AUC, exact but for one rounding. */
static double walk(size_t n, const uint32_t *order, const double *score, const uint8_t *bad, size_t n_bad,
                   double *out)
{
    double total[2] = { (double)(n - n_bad), (double)n_bad };
    uint64_t twice_won = 0, below[2] = { 0, 0 };
    for (size_t i = 0, j; i < n; i = j) {
        uint64_t here[2] = { 0, 0 };
        double at = score[order[i]];
        for (j = i; j < n && score[order[j]] == at; j++)
            here[bad[order[j]]]++;
        double of_bad = ((double)below[0] + 0.5 * (double)here[0]) / total[0];
        double of_good = ((double)(n_bad - below[1] - here[1]) + 0.5 * (double)here[1]) / total[1];
        for (size_t k = i; k < j; k++)
            out[order[k]] = bad[order[k]] ? of_bad : of_good;
        twice_won += here[1] * (2 * below[0] + here[0]);
        below[0] += here[0];
        below[1] += here[1];
    }
    return (double)twice_won / (2.0 * total[0] * total[1]);
}

/* Variance of the mean of v, taken within each class and added. */
static double variance_of_mean(size_t n, const double *v, const uint8_t *bad, size_t n_bad, double mean)
{
    vouch__dd sum[2] = { { 0 } };
    double total[2] = { (double)(n - n_bad), (double)n_bad };
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&sum[bad[i]], (v[i] - mean) * (v[i] - mean));
    return vouch__accumulated(sum[0]) / ((total[0] - 1.0) * total[0]) +
           vouch__accumulated(sum[1]) / ((total[1] - 1.0) * total[1]);
}

static bool too_few(size_t n, size_t n_bad) { return n_bad < VOUCH__FEWEST || n - n_bad < VOUCH__FEWEST; }

void vouch__logit_limits(double share, double variance, double level, double *out_low, double *out_high)
{
    double centre = vouch__logit(share), se = sqrt(variance) / (share * (1.0 - share));
    double margin = vouch__cases_margin(level);
    *out_low = vouch__sigmoid(centre - margin * se);
    *out_high = vouch__sigmoid(centre + margin * se);
}

/* At 0 and 1 the variance is 0 whatever n is, and the logit infinite. There, the cases make min(goods, bads)
 * pairs that share nothing, so that the exact binomial limit for none of them in k lost holds. */
static void interval(vouch_auc *a)
{
    if (isnan(a->variance)) {
        a->low = 0.0;
        a->high = 1.0;
    } else if (a->auc <= 0.0 || a->auc >= 1.0) {
        double pairs = (double)(a->n_bad < a->n - a->n_bad ? a->n_bad : a->n - a->n_bad);
        double limit = vouch__pow(0.5 - 0.5 * a->level, 1.0 / pairs);
        a->low = a->auc >= 1.0 ? limit : 0.0;
        a->high = a->auc >= 1.0 ? 1.0 : 1.0 - limit;
    } else {
        vouch__logit_limits(a->auc, a->variance, a->level, &a->low, &a->high);
    }
}

vouch_status vouch__placements(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                               size_t n_bad, double *out_v, double *out_auc)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, score, order);
    if (!status)
        *out_auc = walk(n, order, score, bad, n_bad, out_v);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_validate_auc_delong(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                       double level, vouch_auc *out_auc)
{
    vouch_auc a = { .level = level, .n = n, .variance = NAN };
    vouch_status status = vouch__cases_level(ctx, "auc", level);
    if (!status)
        status = vouch__cases_check(ctx, "auc", n, score, bad, NULL, &a.n_bad);
    if (!status)
        status = vouch__cases_both(ctx, "auc", n, a.n_bad);
    if (status)
        return status;

    size_t mark = vouch__scratch_mark(ctx);
    double *v = vouch__scratch(ctx, n, sizeof *v);
    if (!v)
        return vouch__oom(ctx);
    status = vouch__placements(ctx, n, score, bad, a.n_bad, v, &a.auc);
    if (!status) {
        if (!too_few(n, a.n_bad))
            a.variance = variance_of_mean(n, v, bad, a.n_bad, a.auc);
        interval(&a);
        *out_auc = a;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* z, p and interval from the difference and its variance. */
static void judge(vouch_auc_pair *pair)
{
    if (isnan(pair->variance)) {
        pair->z = pair->p_value = NAN;
        pair->low = -1.0;
        pair->high = 1.0;
        return;
    }
    double se = sqrt(pair->variance), margin = vouch__cases_margin(pair->level);
    pair->z = se > 0.0                  ? pair->difference / se
              : pair->difference == 0.0 ? 0.0
                                        : copysign(INFINITY, pair->difference);
    pair->p_value = fmin(1.0, 2.0 * vouch__normal_sf(fabs(pair->z)));
    pair->low = fmax(-1.0, pair->difference - margin * se);
    pair->high = fmin(1.0, pair->difference + margin * se);
}

vouch_status vouch_validate_auc_paired(vouch_ctx *ctx, size_t n, const double *score_a, const double *score_b,
                                       const uint8_t *bad, double level, vouch_auc_pair *out_pair)
{
    size_t n_bad;
    vouch_auc_pair pair = { .level = level, .variance = NAN };
    vouch_status status = vouch__cases_level(ctx, "auc comparison", level);
    if (!status)
        status = vouch__cases_check(ctx, "auc comparison", n, score_a, bad, NULL, &n_bad);
    if (!status)
        status = vouch__cases_check(ctx, "auc comparison", n, score_b, bad, NULL, &n_bad);
    if (!status)
        status = vouch__cases_both(ctx, "auc comparison", n, n_bad);
    if (status)
        return status;

    size_t mark = vouch__scratch_mark(ctx);
    double *a = vouch__scratch(ctx, n, sizeof *a), *b = vouch__scratch(ctx, n, sizeof *b);
    if (!a || !b) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = vouch__placements(ctx, n, score_a, bad, n_bad, a, &pair.auc_a);
    if (!status)
        status = vouch__placements(ctx, n, score_b, bad, n_bad, b, &pair.auc_b);
    if (!status) {
        for (size_t i = 0; i < n; i++)
            a[i] -= b[i];
        pair.difference = pair.auc_a - pair.auc_b;
        if (!too_few(n, n_bad))
            pair.variance = variance_of_mean(n, a, bad, n_bad, pair.difference);
        judge(&pair);
        *out_pair = pair;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
