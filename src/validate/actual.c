/* Sums of what happened and what was expected, how far chance takes them apart, and in what order. */
#include "validate/actual.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/deviance.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>

static const double tweedie_power = 1.5;

double vouch__yard_deviance(vouch__yardstick yard, double seen, double expected)
{
    switch (yard) {
    case VOUCH__YARD_POISSON: return vouch__poisson_deviance(seen, expected);
    case VOUCH__YARD_GAMMA: return vouch__gamma_deviance(seen, expected);
    case VOUCH__YARD_TWEEDIE: return vouch__tweedie_deviance(seen, expected, tweedie_power);
    case VOUCH__YARD_SHARE: return vouch__share_deviance(seen, expected);
    default: return (seen - expected) * (seen - expected);
    }
}

double vouch__yard_variance(vouch__yardstick yard, double expected)
{
    switch (yard) {
    case VOUCH__YARD_POISSON: return expected;
    case VOUCH__YARD_GAMMA: return expected * expected;
    case VOUCH__YARD_TWEEDIE: return vouch__pow(expected, tweedie_power);
    case VOUCH__YARD_SHARE: return expected * (1.0 - expected);
    default: return 1.0;
    }
}

/* least of an outcome, whether it is in the range itself, the most; predictions lie strictly between. */
static const struct {
    const char *name;
    double least, most;
    bool is_open;
} yards[VOUCH__YARDSTICKS] = {
    [VOUCH__YARD_SQUARED] = { "squared", -INFINITY, INFINITY, true },
    [VOUCH__YARD_POISSON] = { "Poisson", 0, INFINITY, false },
    [VOUCH__YARD_GAMMA] = { "gamma", 0, INFINITY, true },
    [VOUCH__YARD_TWEEDIE] = { "Tweedie", 0, INFINITY, false },
    [VOUCH__YARD_SHARE] = { "share", 0, 1, false },
};

vouch_status vouch__yard_check(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                               const double *expected)
{
    double low = yards[yard].least, high = yards[yard].most;
    char text[VOUCH__DOUBLE_MAX + 1];
    for (size_t i = 0; i < n; i++) {
        bool seen_fits = (yards[yard].is_open ? seen[i] > low : seen[i] >= low) && seen[i] <= high;
        bool fits = expected[i] > low && expected[i] < high;
        if (seen_fits && fits && isfinite(seen[i]))
            continue;
        text[vouch__double_text(fits ? seen[i] : expected[i], text)] = '\0';
        return vouch__fail(ctx, VOUCH_E_DATA, "case %zu has %s of %s, which %s deviance has no number for", i,
                           fits ? "an outcome" : "a prediction", text, yards[yard].name);
    }
    return n ? vouch__poll(ctx) : vouch__fail(ctx, VOUCH_E_SHAPE, "no cases");
}

static double weight_of(const double *weight, size_t i) { return weight ? weight[i] : 1.0; }

static double mean_of(size_t n, const double *x, const double *weight, double *out_weight)
{
    vouch__dd sum = { 0 }, total = { 0 };
    for (size_t i = 0; i < n; i++) {
        vouch__accumulate(&sum, weight_of(weight, i) * x[i]);
        vouch__accumulate(&total, weight_of(weight, i));
    }
    *out_weight = vouch__accumulated(total);
    return vouch__accumulated(sum) / *out_weight;
}

/* The sum of d[i] = weight (deviance of b - deviance of a), b NULL: the mean `null`, and its error. */
typedef struct differing {
    double sum, error, null;
} differing;

static differing differ(vouch__yardstick yard, size_t n, const double *seen, const double *a, const double *b,
                        const double *weight, double mean)
{
    vouch__dd sum = { 0 }, squares = { 0 }, null = { 0 };
    for (size_t i = 0; i < n; i++) {
        double w = weight_of(weight, i), of_mean = vouch__yard_deviance(yard, seen[i], mean);
        double of_b = b ? vouch__yard_deviance(yard, seen[i], b[i]) : of_mean;
        double d = w * (of_b - vouch__yard_deviance(yard, seen[i], a[i]));
        vouch__accumulate(&sum, d);
        vouch__accumulate(&squares, d * d);
        vouch__accumulate(&null, w * of_mean);
    }
    double s = vouch__accumulated(sum), m = (double)n;
    double spread = fmax(0.0, vouch__accumulated(squares) - s * s / m);
    return (differing){ s, n > 1 ? sqrt(spread * m / (m - 1.0)) : (double)NAN, vouch__accumulated(null) };
}

vouch_status vouch__deviance_measure(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                                     const double *expected, const double *weight, vouch__deviance *out)
{
    vouch__deviance d = { .weight = 0 };
    vouch__dd pearson = { 0 };
    vouch_status status = vouch__yard_check(ctx, yard, n, seen, expected);
    if (status)
        return status;
    d.mean = mean_of(n, seen, weight, &d.weight);
    bool has_null = vouch__yard_variance(yard, d.mean) > 0.0; /* all 0, or shares all 0 or 1: there is none */
    differing of = differ(yard, n, seen, expected, has_null ? NULL : expected, weight,
                          has_null ? d.mean : expected[0]);
    for (size_t i = 0; i < n; i++) {
        double e = seen[i] - expected[i];
        vouch__accumulate(&pearson, weight_of(weight, i) * e * e / vouch__yard_variance(yard, expected[i]));
    }
    d.dispersion = vouch__accumulated(pearson) / (double)n;
    if (has_null) {
        d.null = of.null / d.weight;
        d.deviance = d.null - of.sum / d.weight;
    } else {
        vouch__dd sum = { 0 };
        for (size_t i = 0; i < n; i++)
            vouch__accumulate(&sum, weight_of(weight, i) * vouch__yard_deviance(yard, seen[i], expected[i]));
        d.null = 0.0;
        d.deviance = vouch__accumulated(sum) / d.weight;
    }
    d.explained = d.null > 0.0 ? of.sum / of.null : (double)NAN;
    d.error = d.null > 0.0 ? of.error / of.null : (double)NAN;
    *out = d;
    return VOUCH_OK;
}

vouch_status vouch__deviance_paired(vouch_ctx *ctx, vouch__yardstick yard, size_t n, const double *seen,
                                    const double *a, const double *b, const double *weight,
                                    double *out_difference, double *out_error)
{
    double total;
    vouch_status status = vouch__yard_check(ctx, yard, n, seen, a);
    if (!status)
        status = vouch__yard_check(ctx, yard, n, seen, b);
    if (status)
        return status;
    double mean = mean_of(n, seen, weight, &total);
    if (!(vouch__yard_variance(yard, mean) > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "every outcome is the same: there is nothing to explain");
    differing of = differ(yard, n, seen, a, b, weight, mean);
    if (!(of.null > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "every outcome is the same: there is nothing to explain");
    *out_difference = of.sum / of.null;
    *out_error = of.error / of.null;
    return VOUCH_OK;
}

void vouch__actual_add(vouch__actual_sum *sum, vouch__yardstick yard, double seen, double expected,
                       double weight)
{
    sum->n++;
    vouch__accumulate(&sum->weight, weight);
    vouch__accumulate(&sum->seen, weight * seen);
    vouch__accumulate(&sum->expected, weight * expected);
    vouch__accumulate(&sum->variance, weight * vouch__yard_variance(yard, expected));
}

vouch__ratio vouch__actual_ratio(const vouch__actual_sum *sum, double dispersion, double level)
{
    vouch__ratio r = { vouch__accumulated(sum->weight),
                       vouch__accumulated(sum->seen),
                       vouch__accumulated(sum->expected),
                       NAN,
                       NAN,
                       NAN,
                       NAN,
                       NAN };
    double error = sqrt(dispersion * vouch__accumulated(sum->variance));
    if (error > 0.0) {
        r.z = (r.seen - r.expected) / error;
        r.p = fmin(1.0, 2.0 * vouch__normal_sf(fabs(r.z)));
    }
    if (!(r.expected > 0.0))
        return r;
    r.ratio = r.seen / r.expected;
    if (r.ratio > 0.0) {
        double reach = vouch__exp(vouch__cases_margin(level) * error / r.expected);
        r.low = r.ratio / reach;
        r.high = r.ratio * reach;
    }
    return r;
}

vouch_status vouch__weight_bands(vouch_ctx *ctx, size_t n, const double *key, const double *weight,
                                 size_t bands, uint8_t *of, size_t *out_n)
{
    size_t mark = vouch__scratch_mark(ctx), made = 0, last = SIZE_MAX;
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    double total = 0.0, gone = 0.0;
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, key, order);
    for (size_t i = 0; i < n; i++)
        total += weight_of(weight, i);
    for (size_t i = 0, j; i < n && !status; i = j) {
        double here = 0.0;
        for (j = i; j < n && key[order[j]] == key[order[i]]; j++)
            here += weight_of(weight, order[j]);
        size_t at = (size_t)fmin((double)bands - 1.0, (gone + 0.5 * here) / total * (double)bands);
        made += at != last;
        last = at;
        for (size_t k = i; k < j; k++)
            of[order[k]] = (uint8_t)(made - 1);
        gone += here;
    }
    vouch__scratch_reset(ctx, mark);
    *out_n = made;
    return status;
}

/* Cases of equal prediction, and the sums before them. */
typedef struct tied {
    double weight, seen, weight_below, seen_below;
} tied;

vouch_status vouch__lorenz_measure(vouch_ctx *ctx, size_t n, const double *predicted, const double *seen,
                                   const double *weight, vouch__lorenz *out)
{
    vouch__lorenz l = *out;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    vouch__dd all_weight = { 0 }, all_seen = { 0 }, area = { 0 }, squares = { 0 };
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, predicted, order);
    for (size_t i = 0; i < n && !status; i++) {
        if (!(seen[i] >= 0.0))
            status = vouch__fail(ctx, VOUCH_E_DATA,
                                 "case %zu has an outcome below 0: shares of a sum need 0 or above", i);
        vouch__accumulate(&all_weight, weight_of(weight, i));
        vouch__accumulate(&all_seen, weight_of(weight, i) * seen[i]);
    }
    double w = vouch__accumulated(all_weight), y = vouch__accumulated(all_seen);
    if (!status && !(y > 0.0))
        status = vouch__fail(ctx, VOUCH_E_DATA, "every outcome is 0");
    l.n_points = 0;
    for (int pass = 0; pass < 2 && !status; pass++) { /* the index, then its error */
        tied t = { 0, 0, 0, 0 };
        double gini = vouch__accumulated(area) / (w * y);
        for (size_t i = 0, j; i < n; i = j) {
            t.weight = t.seen = 0.0;
            for (j = i; j < n && predicted[order[j]] == predicted[order[i]]; j++) {
                t.weight += weight_of(weight, order[j]);
                t.seen += weight_of(weight, order[j]) * seen[order[j]];
            }
            double weight_gap = t.weight_below - (w - t.weight_below - t.weight); /* below less above */
            double seen_gap = (y - t.seen_below - t.seen) - t.seen_below;         /* above less below */
            for (size_t k = i; k < j && pass; k++) {
                double e = weight_of(weight, order[k]), s = e * seen[order[k]];
                double influence = (e * seen_gap + s * weight_gap) / (w * y) - gini * (e / w + s / y);
                vouch__accumulate(&squares, influence * influence);
            }
            if (!pass && l.x) {
                l.x[l.n_points] = t.weight_below / w;
                l.y[l.n_points] = t.seen_below / y;
                l.label[l.n_points++] = predicted[order[i]];
            }
            vouch__accumulate(&area, pass ? 0.0 : t.seen * weight_gap);
            t.weight_below += t.weight;
            t.seen_below += t.seen;
        }
        if (!pass && l.x) {
            l.x[l.n_points] = l.y[l.n_points] = 1.0;
            l.label[l.n_points++] = predicted[order[n - 1]];
        }
        status = vouch__poll(ctx);
    }
    l.gini = vouch__accumulated(area) / (w * y);
    l.error = n > 1 ? sqrt(vouch__accumulated(squares) * (double)n / (double)(n - 1)) : (double)NAN;
    vouch__scratch_reset(ctx, mark);
    if (!status)
        *out = l;
    return status;
}
