/* Measures of outcomes by group: the adverse impact ratio with Fisher's exact test, and the standardised mean
 * difference.
 *
 * Fisher's test needs the probabilities of all 2 x 2 tables with the same margins, relative to each other.
 * They are walked outwards from the likeliest table by the ratio of neighbours, so that each is right to a
 * few units in the last place whatever the counts, and tables too unlikely to matter are never visited. */
#include "vouch/fairness.h"

#include "base/ctx.h"
#include "fairness/comparison.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

#define MOST 9007199254740992.0 /* 2^53: beyond it counts are not exact */
#define TIE (1.0 + 1e-7)        /* tables this close in probability are equally likely but for rounding */

#define LEAST 1e-300 /* below it products stop shrinking: rarer tables count as impossible */

/* Tables with the same margins, by their first cell x in [low, high]. */
typedef struct margins {
    double row, column, total, low, high;
} margins;

/* Probability of x + 1 over that of x. */
static double up(const margins *m, double x)
{
    return (m->row - x) * (m->column - x) / ((x + 1.0) * (m->total - m->row - m->column + x + 1.0));
}

/* Sum of weights of tables on one side of the mode, the mode itself left out; in *out_at the weight of `seen`
 * when it lies on this side. With limit above 0 only weights up to it count. */
static double side(const margins *m, double mode, int step, double limit, double seen, double *out_at)
{
    double sum = 0.0, weight = 1.0;
    for (double x = mode; step > 0 ? x < m->high : x > m->low;) {
        weight = step > 0 ? weight * up(m, x) : weight / up(m, x - 1.0);
        x += step;
        if (weight < LEAST)
            break;
        if (x == seen)
            *out_at = weight;
        if (!(limit > 0.0) || weight <= limit)
            sum += weight;
    }
    return sum;
}

vouch_status vouch_fairness_fisher(vouch_ctx *ctx, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                   double *out_p)
{
    double row = (double)a + (double)b, column = (double)a + (double)c, total = row + (double)c + (double)d;
    if (!(total < MOST))
        return vouch__fail(ctx, VOUCH_E_LIMIT, "fisher: the counts add up to 2^53 or more");
    margins m = { row, column, total, fmax(0.0, row + column - total), fmin(row, column) };
    double mode = floor((row + 1.0) * (column + 1.0) / (total + 2.0));
    mode = fmin(fmax(mode, m.low), m.high);
    double here = mode == (double)a ? 1.0 : 0.0;
    double all = 1.0 + side(&m, mode, 1, 0.0, (double)a, &here) + side(&m, mode, -1, 0.0, (double)a, &here);
    double limit = here * TIE, unused = 0.0;
    double tail = limit >= 1.0 ? 1.0 : 0.0;
    if (limit > 0.0)
        tail += side(&m, mode, 1, limit, -1.0, &unused) + side(&m, mode, -1, limit, -1.0, &unused);
    *out_p = fmin(1.0, tail / all);
    return VOUCH_OK;
}

vouch_status vouch_fairness_air(vouch_ctx *ctx, uint64_t approved_protected, uint64_t n_protected,
                                uint64_t approved_reference, uint64_t n_reference, double level,
                                vouch_air *out_air)
{
    if (n_protected == 0 || n_reference == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "air: the %s group is empty",
                           n_protected == 0 ? "protected" : "reference");
    if (approved_protected > n_protected || approved_reference > n_reference)
        return vouch__fail(ctx, VOUCH_E_ARG, "air: more are approved than there are");
    if (!(level > 0.0 && level < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG, "air: the level must be between 0 and 1");
    double a = (double)approved_protected, n = (double)n_protected, b = (double)approved_reference,
           m = (double)n_reference;
    vouch_air air = {
        .level = level, .low = NAN, .high = NAN, .rate_protected = a / n, .rate_reference = b / m
    };
    vouch_status status = vouch_fairness_fisher(ctx, approved_protected, n_protected - approved_protected,
                                                approved_reference, n_reference - approved_reference,
                                                &air.p_value);
    if (status)
        return status;
    air.ratio = b > 0.0 ? air.rate_protected / air.rate_reference : NAN;
    air.shortfall = n * air.rate_reference - a;
    if (a > 0.0 && b > 0.0) {
        double error = sqrt(fmax(0.0, 1.0 / a - 1.0 / n + 1.0 / b - 1.0 / m));
        double reach = vouch__exp(vouch__normal_quantile(0.5 + 0.5 * level) * error);
        air.low = air.ratio / reach;
        air.high = air.ratio * reach;
    }
    *out_air = air;
    return VOUCH_OK;
}

vouch_status vouch_fairness_smd(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *group,
                                double *out_smd)
{
    size_t mark = vouch__scratch_mark(ctx), count[2] = { 0, 0 };
    double *x = vouch__scratch(ctx, n, sizeof *x), mean[2], variance[2];
    if (!x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        if (group[i] < 2 && !isfinite(score[i])) {
            vouch__scratch_reset(ctx, mark);
            return vouch__fail(ctx, VOUCH_E_DATA, "smd: score[%zu] is missing or infinite", i);
        }
    for (size_t g = 0; g < 2; g++) {
        size_t at = 0;
        for (size_t i = 0; i < n; i++)
            if (group[i] == g)
                x[at++] = score[i];
        count[g] = at;
        mean[g] = vouch__mean(at, x, NULL);
        variance[g] = vouch__variance(at, x, NULL);
    }
    *out_smd = 100.0 * vouch__pooled_gap((double)count[1], mean[1], variance[1], (double)count[0], mean[0],
                                         variance[0]);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
