/* Proper scores (Brier, log-loss) and the reliability table that expected calibration error sums up. */
#include "validate/calibration.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

static vouch_status check(vouch_ctx *ctx, const char *what, size_t n, const double *probability,
                          const uint8_t *bad, const double *weight)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, what, n, NULL, bad, weight, &n_bad);
    return status ? status : vouch__cases_probability(ctx, what, n, probability);
}

typedef double loss_fn(double probability, uint8_t bad);

static double brier_loss(double p, uint8_t bad) { return (p - bad) * (p - bad); }

static double log_loss(double p, uint8_t bad)
{
    p = fmin(fmax(p, 1e-15), 1.0 - 1e-15);
    return bad ? -vouch__log(p) : -vouch__log1p(-p);
}

static double mean_loss(size_t n, const double *probability, const uint8_t *bad, const double *weight,
                        loss_fn *loss)
{
    vouch__dd sum = { 0 }, total = { 0 };
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1.0;
        vouch__accumulate(&sum, w * loss(probability[i], bad[i]));
        vouch__accumulate(&total, w);
    }
    return vouch__accumulated(sum) / vouch__accumulated(total);
}

vouch_status vouch_validate_brier(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                  const double *weight, double *out_brier)
{
    vouch_status status = check(ctx, "brier", n, probability, bad, weight);
    if (!status)
        *out_brier = mean_loss(n, probability, bad, weight, brier_loss);
    return status;
}

vouch_status vouch_validate_log_loss(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                     const double *weight, double *out_log_loss)
{
    vouch_status status = check(ctx, "log loss", n, probability, bad, weight);
    if (!status)
        *out_log_loss = mean_loss(n, probability, bad, weight, log_loss);
    return status;
}

/* Bin k of B holds (k / B, (k + 1) / B]; 0 goes to the first. */
static size_t width_bin(double p, size_t bins)
{
    size_t k = (size_t)(p * (double)bins);
    if (k >= bins)
        k = bins - 1;
    while (k > 0 && p <= (double)k / (double)bins)
        k--;
    while (k + 1 < bins && p > (double)(k + 1) / (double)bins)
        k++;
    return k;
}

/* Cases in ascending order of probability: a group of ties lies wholly in the bin where its first case falls.
 */
static void assign_bins(size_t n, const uint32_t *order, const double *probability, size_t bins,
                        int equal_mass, uint32_t *out_bin)
{
    for (size_t i = 0, j; i < n; i = j) {
        double p = probability[order[i]];
        size_t bin = equal_mass ? (size_t)((double)i * (double)bins / (double)n) : width_bin(p, bins);
        if (bin >= bins)
            bin = bins - 1;
        for (j = i; j < n && probability[order[j]] == p; j++)
            out_bin[j] = (uint32_t)bin;
    }
}

typedef struct sums {
    vouch__dd w, square, bad, probability, within;
} sums;

/* Positions [begin, end) of the order, which are one bin. */
static vouch__reliability summed(size_t begin, size_t end, const uint32_t *order, const double *probability,
                                 const uint8_t *bad, const double *weight)
{
    sums s = { .w = { .hi = 0.0 } };
    for (size_t i = begin; i < end; i++) {
        double w = weight ? weight[order[i]] : 1.0;
        vouch__accumulate(&s.w, w);
        vouch__accumulate(&s.square, w * w);
        vouch__accumulate(&s.bad, w * bad[order[i]]);
        vouch__accumulate(&s.probability, w * probability[order[i]]);
    }
    vouch__reliability r = { .low = probability[order[begin]],
                             .high = probability[order[end - 1]],
                             .n = vouch__accumulated(s.w),
                             .bad = vouch__accumulated(s.bad),
                             .probability = vouch__accumulated(s.probability) };
    r.effective = r.n * r.n / vouch__accumulated(s.square);
    for (size_t i = begin; i < end; i++) {
        double dp = probability[order[i]] - r.probability / r.n, dy = bad[order[i]] - r.bad / r.n;
        vouch__accumulate(&s.within, (weight ? weight[order[i]] : 1.0) * dp * (dp - 2.0 * dy));
    }
    r.within = vouch__accumulated(s.within);
    return r;
}

vouch_status vouch__reliability_table(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                      const double *weight, size_t bins, int equal_mass,
                                      vouch__reliability *out, size_t *out_used)
{
    vouch_status status = check(ctx, "calibration", n, probability, bad, weight);
    if (!status && (bins == 0 || bins > UINT32_MAX))
        status = vouch__fail(ctx, VOUCH_E_ARG, "calibration: bins is %zu, must be 1 or more", bins);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx), used = 0;
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order), *bin = vouch__scratch(ctx, n, sizeof *bin);
    if (!order || !bin) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = vouch__order(ctx, n, probability, order);
    if (!status) {
        assign_bins(n, order, probability, bins, equal_mass, bin);
        for (size_t i = 0, j; i < n; i = j) {
            for (j = i + 1; j < n && bin[j] == bin[i];)
                j++;
            out[used++] = summed(i, j, order, probability, bad, weight);
        }
        *out_used = used;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_validate_ece(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                size_t bins, int equal_mass, double *out_ece)
{
    size_t mark = vouch__scratch_mark(ctx), used = 0;
    vouch__reliability *r = vouch__scratch(ctx, bins, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    vouch_status status = vouch__reliability_table(ctx, n, probability, bad, NULL, bins, equal_mass, r,
                                                   &used);
    if (!status) {
        vouch__dd gap = { 0 };
        for (size_t k = 0; k < used; k++)
            vouch__accumulate(&gap, fabs(r[k].bad - r[k].probability));
        *out_ece = vouch__accumulated(gap) / (double)n;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
