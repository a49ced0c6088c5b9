/* Tests of what a model left behind: residuals that remember, that are not normal, whose spread depends on
 * the inputs. */
#include "validate/regression.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/linalg.h"
#include "num/rank.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

/* Finite, at least `fewest`, and not all alike; the mean goes out. */
static vouch_status check(vouch_ctx *ctx, const char *what, size_t n, const double *e, size_t fewest,
                          double *out_mean)
{
    bool differs = false;
    if (n < fewest)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "%s: %zu residuals, must be %zu or more", what, n, fewest);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(e[i])) {
            char text[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(e[i], text);
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: residual[%zu] is %s, must be finite", what, i, text);
        }
        differs = differs || e[i] != e[0];
    }
    if (!differs)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: every residual is the same", what);
    *out_mean = vouch__mean(n, e, NULL);
    return vouch__poll(ctx);
}

vouch_status vouch__durbin_watson(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out)
{
    double mean;
    vouch_status status = check(ctx, "durbin-watson", n, e, 3, &mean);
    if (status)
        return status;
    vouch__dd steps = { 0 }, squares = { 0 }, centred = { 0 };
    for (size_t i = 0; i < n; i++) {
        vouch__accumulate(&squares, e[i] * e[i]);
        vouch__accumulate(&centred, (e[i] - mean) * (e[i] - mean));
        if (i > 0)
            vouch__accumulate(&steps, (e[i] - e[i - 1]) * (e[i] - e[i - 1]));
    }
    double m = (double)n, c = 1.0 - vouch__accumulated(steps) / (2.0 * vouch__accumulated(centred));
    double z = c * sqrt((m * m - 1.0) / (m - 2.0));
    *out = (vouch__residual_test){ vouch__accumulated(steps) / vouch__accumulated(squares),
                                   fmin(1.0, 2.0 * vouch__normal_sf(fabs(z))), NAN };
    return VOUCH_OK;
}

vouch_status vouch__ljung_box(vouch_ctx *ctx, size_t n, const double *e, size_t lags, size_t fitted,
                              vouch__residual_test *out)
{
    double mean;
    vouch_status status = check(ctx, "ljung-box", n, e, 2, &mean);
    if (!status && (lags == 0 || lags >= n || fitted >= lags))
        status = vouch__fail(ctx, VOUCH_E_ARG,
                             "ljung-box: %zu lags with %zu parameters fitted to %zu residuals", lags, fitted,
                             n);
    if (status)
        return status;
    vouch__dd squares = { 0 }, total = { 0 };
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&squares, (e[i] - mean) * (e[i] - mean));
    for (size_t k = 1; k <= lags && !status; k++) {
        vouch__dd shared = { 0 };
        for (size_t i = k; i < n; i++)
            vouch__accumulate(&shared, (e[i] - mean) * (e[i - k] - mean));
        double r = vouch__accumulated(shared) / vouch__accumulated(squares);
        vouch__accumulate(&total, r * r / (double)(n - k));
        status = vouch__poll(ctx);
    }
    if (status)
        return status;
    vouch__residual_test t = { .statistic = (double)n * ((double)n + 2.0) * vouch__accumulated(total),
                               .df = (double)(lags - fitted) };
    t.p_value = vouch__chi2_sf(t.statistic, t.df);
    *out = t;
    return VOUCH_OK;
}

vouch_status vouch__jarque_bera(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out)
{
    double mean, m = (double)n;
    vouch_status status = check(ctx, "jarque-bera", n, e, 3, &mean);
    if (status)
        return status;
    vouch__dd sum[3] = { { 0 } };
    for (size_t i = 0; i < n; i++) {
        double d = e[i] - mean;
        vouch__accumulate(&sum[0], d * d);
        vouch__accumulate(&sum[1], d * d * d);
        vouch__accumulate(&sum[2], d * d * d * d);
    }
    double variance = vouch__accumulated(sum[0]) / m;
    double skewness = vouch__accumulated(sum[1]) / m / (variance * sqrt(variance));
    double excess = vouch__accumulated(sum[2]) / m / (variance * variance) - 3.0;
    vouch__residual_test t = { .statistic = m / 6.0 * (skewness * skewness + 0.25 * excess * excess),
                               .df = 2.0 };
    t.p_value = vouch__chi2_sf(t.statistic, t.df);
    *out = t;
    return VOUCH_OK;
}

/* clang-format off */
/* P(D* > x) for Stephens' D* = D (sqrt n - 0.01 + 0.85 / sqrt n): 4,000,000 normal samples of 100.
 * Made by tests/golden/validate/lilliefors_table.py. */
static const double lilliefors_table[][2] = {
    { 0.28371, 0.9999 }, { 0.31491, 0.999 }, { 0.36386, 0.99 }, { 0.41753, 0.95 },
    { 0.45141, 0.9 }, { 0.49774, 0.8 }, { 0.53527, 0.7 }, { 0.57030, 0.6 },
    { 0.60559, 0.5 }, { 0.64347, 0.4 }, { 0.68684, 0.3 }, { 0.71216, 0.25 },
    { 0.74138, 0.2 }, { 0.77667, 0.15 }, { 0.80269, 0.12 }, { 0.82314, 0.1 },
    { 0.84745, 0.08 }, { 0.87760, 0.06 }, { 0.89625, 0.05 }, { 0.91837, 0.04 },
    { 0.94590, 0.03 }, { 0.96290, 0.025 }, { 0.98324, 0.02 }, { 1.00894, 0.015 },
    { 1.04402, 0.01 }, { 1.06841, 0.0075 }, { 1.10128, 0.005 }, { 1.15684, 0.0025 },
    { 1.22603, 0.001 }, { 1.27443, 0.0005 }, { 1.32309, 0.00025 }, { 1.38626, 0.0001 },
};
/* clang-format on */

enum { TABLE = sizeof lilliefors_table / sizeof *lilliefors_table };

/* Straight between the table's rows in the logarithm of p. */
static double lilliefors_p(double x)
{
    if (x <= lilliefors_table[0][0])
        return 1.0;
    for (size_t i = 1; i < TABLE; i++) {
        const double *a = lilliefors_table[i - 1], *b = lilliefors_table[i];
        if (x > b[0])
            continue;
        double share = (x - a[0]) / (b[0] - a[0]);
        return vouch__exp((1.0 - share) * vouch__log(a[1]) + share * vouch__log(b[1]));
    }
    return lilliefors_table[TABLE - 1][1];
}

vouch_status vouch__lilliefors(vouch_ctx *ctx, size_t n, const double *e, vouch__residual_test *out)
{
    double mean, distance = 0.0, root = sqrt((double)n);
    vouch_status status = check(ctx, "lilliefors", n, e, 5, &mean);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, e, order);
    if (!status) {
        double sd = sqrt(vouch__variance(n, e, NULL));
        for (size_t i = 0; i < n; i++) {
            double f = vouch__normal_cdf((e[order[i]] - mean) / sd);
            distance = fmax(distance, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
        }
        *out = (vouch__residual_test){ distance, lilliefors_p(distance * (root - 0.01 + 0.85 / root)), NAN };
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Of the standardised columns and of y: their products, and y's with them. */
static void products(size_t n, size_t cols, const double *x, const double *y, const double *mean,
                     const double *sd, double *out_xx, double *out_xy)
{
    for (size_t a = 0; a < cols; a++) {
        for (size_t b = 0; b <= a; b++) {
            vouch__dd sum = { 0 };
            for (size_t i = 0; i < n; i++)
                vouch__accumulate(&sum, (x[i * cols + a] - mean[a]) / sd[a] *
                                            ((x[i * cols + b] - mean[b]) / sd[b]));
            out_xx[a * cols + b] = out_xx[b * cols + a] = vouch__accumulated(sum);
        }
        vouch__dd sum = { 0 };
        for (size_t i = 0; i < n; i++)
            vouch__accumulate(&sum, (x[i * cols + a] - mean[a]) / sd[a] * y[i]);
        out_xy[a] = vouch__accumulated(sum);
    }
}

static vouch_status check_columns(vouch_ctx *ctx, size_t n, size_t cols, const double *x, double *mean,
                                  double *sd)
{
    for (size_t a = 0; a < cols; a++) {
        vouch__dd sum = { 0 }, squares = { 0 };
        for (size_t i = 0; i < n; i++) {
            if (!isfinite(x[i * cols + a]))
                return vouch__fail(ctx, VOUCH_E_DATA, "breusch-pagan: x[%zu, %zu] must be finite", i, a);
            vouch__accumulate(&sum, x[i * cols + a]);
        }
        mean[a] = vouch__accumulated(sum) / (double)n;
        for (size_t i = 0; i < n; i++)
            vouch__accumulate(&squares, (x[i * cols + a] - mean[a]) * (x[i * cols + a] - mean[a]));
        sd[a] = sqrt(vouch__accumulated(squares) / (double)n);
        if (!(sd[a] > 1e-12 * fabs(mean[a])))
            return vouch__fail(ctx, VOUCH_E_DATA, "breusch-pagan: column %zu of x is constant", a);
    }
    return vouch__poll(ctx);
}

vouch_status vouch__breusch_pagan(vouch_ctx *ctx, size_t n, size_t cols, const double *e, const double *x,
                                  vouch__residual_test *out)
{
    double unused;
    vouch_status status = check(ctx, "breusch-pagan", n, e, cols + 2, &unused);
    if (!status && cols == 0)
        status = vouch__fail(ctx, VOUCH_E_ARG, "breusch-pagan: no columns");
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *mean = vouch__scratch(ctx, cols, sizeof *mean), *sd = vouch__scratch(ctx, cols, sizeof *sd);
    double *xx = vouch__scratch(ctx, cols * cols, sizeof *xx), *xy = vouch__scratch(ctx, cols, sizeof *xy);
    double *slope = vouch__scratch(ctx, cols, sizeof *slope), *y = vouch__scratch(ctx, n, sizeof *y);
    if (!mean || !sd || !xx || !xy || !slope || !y) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = check_columns(ctx, n, cols, x, mean, sd);
    if (!status) {
        for (size_t i = 0; i < n; i++)
            y[i] = e[i] * e[i];
        double centre = vouch__mean(n, y, NULL);
        for (size_t i = 0; i < n; i++)
            y[i] -= centre;
        products(n, cols, x, y, mean, sd, xx, xy);
        status = vouch__cholesky(ctx, cols, xx, 1e-10);
    }
    if (!status) {
        double total = vouch__variance(n, y, NULL) * (double)(n - 1), explained = 0.0;
        for (size_t a = 0; a < cols; a++)
            slope[a] = xy[a];
        vouch__cholesky_solve(cols, xx, slope);
        for (size_t a = 0; a < cols; a++)
            explained += slope[a] * xy[a];
        double r2 = total > 0.0 ? fmin(1.0, fmax(0.0, explained / total)) : 0.0;
        *out = (vouch__residual_test){ (double)n * r2, vouch__chi2_sf((double)n * r2, (double)cols),
                                       (double)cols };
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
