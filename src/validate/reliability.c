/* Reliability with bands, calibration errors, the parts of Brier's score, and the tests of Hosmer and
 * Lemeshow and of Spiegelhalter. */
#include "validate/reliability.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/rates.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>
#include <string.h>

/* --- the number of bads when case i goes bad with chance p[i] --------------------------------------------
 */

enum { EXACT_EVENTS = 60, COUNTS = 256 };
#define ROOT_2PI 2.50662827463100050242

typedef struct moments {
    double mean, variance, third;
} moments;

static moments moments_of(size_t n, const double *p)
{
    vouch__dd sum[3] = { { 0 } };
    for (size_t i = 0; i < n; i++) {
        double v = p[i] * (1.0 - p[i]);
        vouch__accumulate(&sum[0], p[i]);
        vouch__accumulate(&sum[1], v);
        vouch__accumulate(&sum[2], v * (1.0 - 2.0 * p[i]));
    }
    return (moments){ vouch__accumulated(sum[0]), vouch__accumulated(sum[1]), vouch__accumulated(sum[2]) };
}

/* Chances of 0 to COUNTS - 1 events, case by case. turned: of the goods instead of the bads. */
static void event_chances(size_t n, const double *p, bool turned, double chance[COUNTS])
{
    size_t top = 0;
    memset(chance, 0, COUNTS * sizeof *chance);
    chance[0] = 1.0;
    for (size_t i = 0; i < n; i++) {
        double q = turned ? 1.0 - p[i] : p[i];
        top = top + 1 < COUNTS ? top + 1 : COUNTS - 1;
        for (size_t k = top; k > 0; k--)
            chance[k] += q * (chance[k - 1] - chance[k]);
        chance[0] -= q * chance[0];
    }
}

/* The least count whose distribution function reaches each tail. */
static void exact_limits(size_t n, const double *p, bool turned, double tail, double *out_low,
                         double *out_high)
{
    double chance[COUNTS], below = 0.0;
    event_chances(n, p, turned, chance);
    *out_low = *out_high = NAN;
    for (size_t k = 0; k < COUNTS && isnan(*out_high); k++) {
        below += chance[k];
        if (isnan(*out_low) && below >= tail)
            *out_low = (double)k;
        if (below >= 1.0 - tail || k + 1 == COUNTS)
            *out_high = (double)k;
    }
}

static double expanded(const moments *m, double p)
{
    double z = vouch__normal_quantile(p), skewness = m->third / (m->variance * sqrt(m->variance));
    return m->mean + sqrt(m->variance) * (z + skewness * (z * z - 1.0) / 6.0);
}

static void count_limits(size_t n, const double *p, double level, double *out_low, double *out_high)
{
    moments m = moments_of(n, p);
    double tail = 0.5 - 0.5 * level, all = (double)n, low, high;
    if (m.mean <= EXACT_EVENTS) {
        exact_limits(n, p, false, tail, &low, &high);
    } else if (all - m.mean <= EXACT_EVENTS) {
        double few, many;
        exact_limits(n, p, true, tail, &few, &many);
        low = all - many;
        high = all - few;
    } else {
        low = expanded(&m, tail);
        high = expanded(&m, 1.0 - tail);
    }
    *out_low = fmax(0.0, low);
    *out_high = fmin(all, high);
}

double vouch__poisson_binomial_cdf(size_t n, const double *p, double k)
{
    double chance[COUNTS], at_most = 0.0, all = (double)n;
    bool turned = all - k <= COUNTS; /* fewer than n - k of the others: all but the events above k */
    double count = turned ? all - k - 1.0 : k;
    if (k < 0.0 || k >= all)
        return k < 0.0 ? 0.0 : 1.0;
    if (count < COUNTS) {
        event_chances(n, p, turned, chance);
        for (size_t i = 0; (double)i <= count; i++)
            at_most += chance[i];
        return fmin(1.0, fmax(0.0, turned ? 1.0 - at_most : at_most));
    }
    moments m = moments_of(n, p);
    double sd = sqrt(m.variance), z = (k + 0.5 - m.mean) / sd;
    double bend = m.third / (6.0 * m.variance * sd) * (1.0 - z * z) * vouch__exp(-0.5 * z * z) / ROOT_2PI;
    return fmin(1.0, fmax(0.0, vouch__normal_cdf(z) + bend));
}

vouch_status vouch__reliability_bands(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                      size_t bins, int equal_mass, double level, vouch__reliability_band *out,
                                      size_t *out_used)
{
    size_t used = 0, mark = vouch__scratch_mark(ctx), at = 0;
    vouch_status status = vouch__cases_level(ctx, "calibration", level);
    if (status)
        return status;
    vouch__reliability *r = vouch__scratch(ctx, bins, sizeof *r);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    double *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    if (!r || !order || !sorted) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = vouch__reliability_table(ctx, n, probability, bad, NULL, bins, equal_mass, r, &used);
    if (!status)
        status = vouch__order(ctx, n, probability, order);
    for (size_t i = 0; i < n && !status; i++)
        sorted[i] = probability[order[i]];
    for (size_t k = 0; k < used && !status; k++) {
        double low, high;
        size_t m = (size_t)r[k].n;
        out[k] = (vouch__reliability_band){ .from = r[k].low,
                                            .to = r[k].high,
                                            .n = r[k].n,
                                            .bad = r[k].bad,
                                            .mean_probability = r[k].probability / r[k].n };
        vouch__wilson(r[k].bad, r[k].n, level, &out[k].low, &out[k].high);
        count_limits(m, sorted + at, level, &low, &high);
        out[k].expected_low = low / r[k].n;
        out[k].expected_high = high / r[k].n;
        at += m;
        status = vouch__poll(ctx);
    }
    if (!status)
        *out_used = used;
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* --- calibration errors ------------------------------------------------------------------------------------
 */

/* Mean of |x| where x is normal around gap. */
static double folded(double gap, double sd)
{
    const double root_two_over_pi = 0x1.9884533d43651p-1;
    if (!(sd > 0.0))
        return fabs(gap);
    double z = gap / sd;
    return sd * root_two_over_pi * vouch__exp(-0.5 * z * z) + gap * (1.0 - 2.0 * vouch__normal_cdf(-z));
}

vouch__calibration_errors vouch__calibration_errors_of(size_t bins, const vouch__reliability *r, double level)
{
    const double two_over_pi = 0x1.45f306dc9c883p-1;
    vouch__calibration_errors e = { .ece = 0.0 };
    double all = 0.0, bias = 0.0, square = 0.0, noise = 0.0, variance = 0.0;
    for (size_t k = 0; k < bins; k++)
        all += r[k].n;
    for (size_t k = 0; k < bins; k++) {
        double share = r[k].n / all, rate = r[k].bad / r[k].n, p = r[k].probability / r[k].n, gap = rate - p;
        double sd = sqrt(rate * (1.0 - rate) / r[k].effective),
               sd_if_right = sqrt(p * (1.0 - p) / r[k].effective);
        e.ece += share * fabs(gap);
        e.mce = fmax(e.mce, fabs(gap));
        bias += share * (folded(gap, sd) - fabs(gap));
        square += share * gap * gap;
        noise += r[k].effective > 1.0 ? share * rate * (1.0 - rate) / (r[k].effective - 1.0) : 0.0;
        e.expected += share * sd_if_right * sqrt(two_over_pi);
        variance += share * sd_if_right * (share * sd_if_right) * (1.0 - two_over_pi);
    }
    e.ece_debiased = fmax(0.0, e.ece - bias);
    e.rms = sqrt(square);
    e.rms_debiased = sqrt(fmax(0.0, square - noise));
    e.critical = e.expected + vouch__normal_quantile(level) * sqrt(variance);
    return e;
}

/* --- Brier's parts
 * ------------------------------------------------------------------------------------------- */

static size_t bin_of(double p, size_t used, const vouch__reliability *r)
{
    size_t low = 0, high = used - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r[middle].high < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

vouch_status vouch__brier_decompose(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                    const double *weight, size_t bins, int equal_mass,
                                    vouch__brier_parts *out)
{
    vouch__brier_parts b = { .reliability = 0.0 };
    size_t used = 0, mark = vouch__scratch_mark(ctx);
    vouch__reliability *r = vouch__scratch(ctx, bins, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    vouch_status status = vouch__reliability_table(ctx, n, probability, bad, weight, bins, equal_mass, r,
                                                   &used);
    if (!status)
        status = vouch_validate_brier(ctx, n, probability, bad, weight, &b.score);
    if (!status) {
        double all = 0.0, lost = 0.0;
        vouch__dd variance = { 0 }, covariance = { 0 };
        for (size_t k = 0; k < used; k++) {
            all += r[k].n;
            lost += r[k].bad;
        }
        double rate = lost / all;
        for (size_t k = 0; k < used; k++) {
            double seen = r[k].bad / r[k].n, said = r[k].probability / r[k].n, share = r[k].n / all;
            b.reliability += share * (seen - said) * (seen - said);
            b.resolution += share * (seen - rate) * (seen - rate);
        }
        for (size_t i = 0; i < n; i++) {
            const vouch__reliability *k = r + bin_of(probability[i], used, r);
            double w = weight ? weight[i] : 1.0, dp = probability[i] - k->probability / k->n;
            vouch__accumulate(&variance, w * dp * dp);
            vouch__accumulate(&covariance, 2.0 * w * dp * (bad[i] - k->bad / k->n));
        }
        b.uncertainty = rate * (1.0 - rate);
        b.within_variance = vouch__accumulated(variance) / all;
        b.within_covariance = vouch__accumulated(covariance) / all;
        b.skill = b.uncertainty > 0.0 ? 1.0 - b.score / b.uncertainty : NAN;
        *out = b;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* --- tests
 * --------------------------------------------------------------------------------------------------- */

vouch_status vouch__hosmer_lemeshow(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                    size_t groups, int is_fitted, vouch__calibration_test *out)
{
    size_t used = 0, mark = vouch__scratch_mark(ctx);
    vouch__reliability *r = vouch__scratch(ctx, groups, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    vouch_status status = vouch__reliability_table(ctx, n, probability, bad, NULL, groups, 1, r, &used);
    if (!status && is_fitted && used < 3)
        status = vouch__fail(ctx, VOUCH_E_DATA,
                             "hosmer-lemeshow: %zu groups, must be 3 or more on a development sample", used);
    if (!status) {
        vouch__calibration_test t = { .groups = used, .df = (double)used - (is_fitted ? 2.0 : 0.0) };
        for (size_t k = 0; k < used; k++) {
            double p = r[k].probability / r[k].n, gap = r[k].bad - r[k].probability,
                   variance = r[k].n * p * (1.0 - p);
            t.statistic += gap == 0.0 ? 0.0 : variance > 0.0 ? gap * gap / variance : INFINITY;
        }
        t.p_value = vouch__chi2_sf(t.statistic, t.df);
        *out = t;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__spiegelhalter(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                  vouch__calibration_test *out)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, "spiegelhalter", n, NULL, bad, NULL, &n_bad);
    if (!status)
        status = vouch__cases_probability(ctx, "spiegelhalter", n, probability);
    if (status)
        return status;
    vouch__dd sum = { 0 }, square = { 0 };
    for (size_t i = 0; i < n; i++) {
        double p = probability[i], tilt = 1.0 - 2.0 * p;
        vouch__accumulate(&sum, (bad[i] - p) * tilt);
        vouch__accumulate(&square, tilt * tilt * p * (1.0 - p));
    }
    double variance = vouch__accumulated(square);
    if (!(variance > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "spiegelhalter: every probability is 0, 1/2 or 1, so its variance is 0");
    double z = vouch__accumulated(sum) / sqrt(variance);
    *out = (vouch__calibration_test){ z, NAN, fmin(1.0, 2.0 * vouch__normal_sf(fabs(z))), 0 };
    return VOUCH_OK;
}
