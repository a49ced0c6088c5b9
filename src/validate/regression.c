/* Errors of predicted numbers. */
#include "validate/regression.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/rank.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

static vouch_status check_finite(vouch_ctx *ctx, const char *name, size_t n, const double *x, bool is_weight)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i]) && !(is_weight && !(x[i] > 0.0)))
            continue;
        char text[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(x[i], text);
        return vouch__fail(ctx, VOUCH_E_DATA, "regression: %s[%zu] is %s, must be finite%s", name, i, text,
                           is_weight ? " and above 0" : "");
    }
    return VOUCH_OK;
}

static vouch_status check(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                          const double *weight)
{
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "regression: no cases");
    vouch_status status = check_finite(ctx, "seen", n, seen, false);
    if (!status)
        status = check_finite(ctx, "predicted", n, predicted, false);
    if (!status && weight)
        status = check_finite(ctx, "weight", n, weight, true);
    return status ? status : vouch__poll(ctx);
}

static vouch_status median_of(vouch_ctx *ctx, size_t n, const double *x, double *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, x, order);
    if (!status)
        *out = 0.5 * (x[order[(n - 1) / 2]] + x[order[n / 2]]);
    vouch__scratch_reset(ctx, mark);
    return status;
}

enum { TOTAL, SQUARED_WEIGHT, ABSOLUTE, SQUARED, SIGNED, SEEN, SHARE, NONZERO, SYMMETRIC, SUMS };

static void infer_bias(vouch__regression *r, double effective, double error_variance, double level)
{
    double df = effective - 1.0;
    r->bias_se = df > 0.0 ? sqrt(error_variance / df) : NAN;
    r->bias_t = r->bias_se > 0.0 ? r->bias / r->bias_se : r->bias == 0.0 ? 0.0 : copysign(INFINITY, r->bias);
    r->bias_p = r->bias_se >= 0.0 ? fmin(1.0, 2.0 * vouch__t_sf(fabs(r->bias_t), df)) : NAN;
    /* Student's quantile through the beta distribution of df / (df + t^2). */
    double b = vouch__beta_quantile(1.0 - level, 0.5 * df, 0.5),
           reach = sqrt(df * (1.0 - b) / b) * r->bias_se;
    r->bias_low = r->bias - reach;
    r->bias_high = r->bias + reach;
}

vouch_status vouch__regression_measure(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                       const double *weight, double level, vouch__regression *out)
{
    vouch_status status = vouch__cases_level(ctx, "regression", level);
    if (!status)
        status = check(ctx, n, seen, predicted, weight);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *off = vouch__scratch(ctx, n, sizeof *off);
    if (!off)
        return vouch__oom(ctx);
    vouch__regression r = { .mae = 0.0 };
    vouch__dd sum[SUMS] = { { 0 } }, spread = { 0 }, error_spread = { 0 };
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1.0, e = predicted[i] - seen[i],
               size = fabs(seen[i]) + fabs(predicted[i]);
        off[i] = fabs(e);
        r.max_error = fmax(r.max_error, off[i]);
        vouch__accumulate(&sum[TOTAL], w);
        vouch__accumulate(&sum[SQUARED_WEIGHT], w * w);
        vouch__accumulate(&sum[ABSOLUTE], w * off[i]);
        vouch__accumulate(&sum[SQUARED], w * e * e);
        vouch__accumulate(&sum[SIGNED], w * e);
        vouch__accumulate(&sum[SEEN], w * seen[i]);
        vouch__accumulate(&sum[SYMMETRIC], size > 0.0 ? w * 2.0 * off[i] / size : 0.0);
        r.n_zero += seen[i] == 0.0;
        if (seen[i] == 0.0)
            continue;
        vouch__accumulate(&sum[SHARE], w * (off[i] / fabs(seen[i])));
        vouch__accumulate(&sum[NONZERO], w);
    }
    double total = vouch__accumulated(sum[TOTAL]), mean = vouch__accumulated(sum[SEEN]) / total;
    r.bias = vouch__accumulated(sum[SIGNED]) / total;
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1.0, e = predicted[i] - seen[i] - r.bias;
        vouch__accumulate(&spread, w * (seen[i] - mean) * (seen[i] - mean));
        vouch__accumulate(&error_spread, w * e * e);
    }
    r.mae = vouch__accumulated(sum[ABSOLUTE]) / total;
    r.mse = vouch__accumulated(sum[SQUARED]) / total;
    r.rmse = sqrt(r.mse);
    r.mape = r.n_zero < n ? vouch__accumulated(sum[SHARE]) / vouch__accumulated(sum[NONZERO]) : NAN;
    r.smape = vouch__accumulated(sum[SYMMETRIC]) / total;
    double variance = vouch__accumulated(spread);
    r.r2 = variance > 0.0 ? 1.0 - vouch__accumulated(sum[SQUARED]) / variance : NAN;
    r.explained_variance = variance > 0.0 ? 1.0 - vouch__accumulated(error_spread) / variance : NAN;
    infer_bias(&r, total * total / vouch__accumulated(sum[SQUARED_WEIGHT]),
               vouch__accumulated(error_spread) / total, level);
    status = median_of(ctx, n, off, &r.median_ae);
    if (!status)
        *out = r;
    vouch__scratch_reset(ctx, mark);
    return status;
}

typedef double loss_fn(double error, double parameter);

static double pinball(double error, double q) { return error < 0.0 ? -q * error : (1.0 - q) * error; }

static double huber(double error, double delta)
{
    double size = fabs(error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
}

static double mean_loss(size_t n, const double *seen, const double *predicted, const double *weight,
                        loss_fn *loss, double parameter)
{
    vouch__dd sum = { 0 }, total = { 0 };
    for (size_t i = 0; i < n; i++) {
        double w = weight ? weight[i] : 1.0;
        vouch__accumulate(&sum, w * loss(predicted[i] - seen[i], parameter));
        vouch__accumulate(&total, w);
    }
    return vouch__accumulated(sum) / vouch__accumulated(total);
}

vouch_status vouch__quantile_loss(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                  const double *weight, double q, double *out_loss)
{
    if (!(q > 0.0 && q < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG, "quantile loss: q must be between 0 and 1");
    vouch_status status = check(ctx, n, seen, predicted, weight);
    if (!status)
        *out_loss = mean_loss(n, seen, predicted, weight, pinball, q);
    return status;
}

vouch_status vouch__huber_loss(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                               const double *weight, double delta, double *out_loss)
{
    if (!(delta > 0.0 && delta < INFINITY))
        return vouch__fail(ctx, VOUCH_E_ARG, "huber loss: delta must be above 0");
    vouch_status status = check(ctx, n, seen, predicted, weight);
    if (!status)
        *out_loss = mean_loss(n, seen, predicted, weight, huber, delta);
    return status;
}
