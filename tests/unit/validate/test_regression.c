/* Errors of predicted numbers, and the tests of what is left. */
#include "golden.h"

#include "validate/regression.h"

#include <math.h>

static vouch_ctx *ctx;

static void golden_errors_agree(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/errors.json");
    for (const vouch__json *c = golden_at(root, "regression")->first; c; c = c->next) {
        size_t n;
        const double *seen = golden_array(c, "seen", &n), *predicted = golden_array(c, "predicted", NULL);
        const double *w = vouch__json_get(c, "weight") ? golden_array(c, "weight", NULL) : NULL;
        double loss;
        vouch__regression r;
        assert_ok(ctx, vouch__regression_measure(ctx, n, seen, predicted, w, 0.95, &r));
        assert_close(r.mae, golden_number(c, "mae"), 1e-14);
        assert_close(r.mse, golden_number(c, "mse"), 1e-14);
        assert_close(r.mape, golden_number(c, "mape"), 1e-13);
        assert_close(r.r2, golden_number(c, "r2"), 1e-13);
        assert_close(r.explained_variance, golden_number(c, "explained_variance"), 1e-13);
        assert_close(r.median_ae, golden_number(c, "median_ae"), 1e-14);
        assert_close(r.max_error, golden_number(c, "max_error"), 1e-14);
        assert_close(r.bias, golden_number(c, "bias"), 1e-14);
        assert_ok(ctx, vouch__quantile_loss(ctx, n, seen, predicted, w, 0.8, &loss));
        assert_close(loss, golden_number(c, "pinball"), 1e-14);
        assert_ok(ctx, vouch__huber_loss(ctx, n, seen, predicted, w, 0.5, &loss));
        assert_close(loss, golden_number(c, "huber"), 1e-14);
        if (w)
            continue;
        assert_close(r.bias_t, golden_number(c, "bias_t"), 1e-12);
        assert_close(r.bias_p, golden_number(c, "bias_p"), 1e-12);
        assert_close(r.bias_low, golden_number(c, "bias_low"), 1e-11);
    }
}

static void golden_residual_tests_agree(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/errors.json");
    for (const vouch__json *c = golden_at(root, "residuals")->first; c; c = c->next) {
        size_t n;
        const double *e = golden_array(c, "e", &n), *x = golden_array(c, "x", NULL);
        vouch__residual_test t;
        assert_ok(ctx, vouch__durbin_watson(ctx, n, e, &t));
        assert_close(t.statistic, golden_number(c, "durbin_watson"), 1e-13);
        assert_close(t.p_value, golden_number(c, "durbin_watson_p"), 1e-12);
        assert_ok(ctx, vouch__ljung_box(ctx, n, e, 10, 1, &t));
        assert_close(t.statistic, golden_number(c, "ljung_box"), 1e-12);
        assert_close(t.p_value, golden_number(c, "ljung_box_p"), 1e-11);
        assert_ok(ctx, vouch__jarque_bera(ctx, n, e, &t));
        assert_close(t.statistic, golden_number(c, "jarque_bera"), 1e-12);
        assert_close(t.p_value, golden_number(c, "jarque_bera_p"), 1e-12);
        assert_ok(ctx, vouch__breusch_pagan(ctx, n, 3, e, x, &t));
        assert_close(t.statistic, golden_number(c, "breusch_pagan"), 1e-11);
        assert_close(t.p_value, golden_number(c, "breusch_pagan_p"), 1e-11);
        assert_ok(ctx, vouch__lilliefors(ctx, n, e, &t));
        assert_close(t.statistic, golden_number(c, "lilliefors"), 1e-13);
    }
}

/* Lilliefors' critical values of Stephens (1974), table 1.1: 0.775, 0.819, 0.895, 0.995, 1.035. */
static void lilliefors_p_is_that_of_the_published_table(void **state)
{
    (void)state;
    enum { N = 400 };
    double e[N];
    vouch__residual_test t;
    for (size_t i = 0; i < N; i++)
        e[i] = seeded_normal();
    for (int round = 0; round < 40; round++) { /* a growing outlier moves D through the table */
        e[0] = round;
        assert_ok(ctx, vouch__lilliefors(ctx, N, e, &t));
        double modified = t.statistic * (sqrt(N) - 0.01 + 0.85 / sqrt(N));
        double want = modified < 0.775   ? 0.15
                      : modified < 0.819 ? 0.10
                      : modified < 0.895 ? 0.05
                      : modified < 1.035 ? 0.01
                                         : 0;
        assert_true(t.p_value > want - 0.005 && t.p_value <= 1 && t.p_value >= 0.0001);
    }
}

static void errors_follow_scale_and_sign(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        double seen[60], predicted[60], back[60], far[60];
        size_t n = 2 + seeded_below(58);
        for (size_t i = 0; i < n; i++) {
            seen[i] = seeded_normal();
            predicted[i] = seen[i] + seeded_normal();
            back[i] = -predicted[i];
            far[i] = -seen[i];
        }
        vouch__regression a, b;
        double low, high;
        assert_ok(ctx, vouch__regression_measure(ctx, n, seen, predicted, NULL, 0.9, &a));
        assert_ok(ctx, vouch__regression_measure(ctx, n, far, back, NULL, 0.9, &b));
        assert_close(a.mae, b.mae, 1e-14);
        assert_close(a.bias, -b.bias, 1e-14);
        assert_close(a.r2, b.r2, 1e-13);
        assert_true(a.rmse >= a.mae - 1e-15 && a.max_error >= a.rmse - 1e-15);
        assert_true(a.bias_low <= a.bias && a.bias <= a.bias_high);
        assert_ok(ctx, vouch__quantile_loss(ctx, n, seen, predicted, NULL, 0.5, &low));
        assert_close(low, 0.5 * a.mae, 1e-14);
        assert_ok(ctx, vouch__huber_loss(ctx, n, seen, predicted, NULL, 1e6, &high));
        assert_close(high, 0.5 * a.mse, 1e-14);
    }
}

static void tests_ignore_scale(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        double e[80], scaled[80], x[160], stretched[160];
        size_t n = 20 + seeded_below(60);
        for (size_t i = 0; i < n; i++) {
            e[i] = seeded_normal();
            scaled[i] = 1000 * e[i];
            x[2 * i] = seeded();
            x[2 * i + 1] = seeded_normal();
            stretched[2 * i] = 7 + 3 * x[2 * i];
            stretched[2 * i + 1] = x[2 * i] - x[2 * i + 1];
        }
        vouch__residual_test a, b;
        assert_ok(ctx, vouch__durbin_watson(ctx, n, e, &a));
        assert_ok(ctx, vouch__durbin_watson(ctx, n, scaled, &b));
        assert_close(a.statistic, b.statistic, 1e-12);
        assert_true(a.statistic >= 0 && a.statistic <= 4);
        assert_ok(ctx, vouch__jarque_bera(ctx, n, e, &a));
        assert_ok(ctx, vouch__jarque_bera(ctx, n, scaled, &b));
        assert_close(a.statistic, b.statistic, 1e-9);
        assert_ok(ctx, vouch__breusch_pagan(ctx, n, 2, e, x, &a)); /* the columns span the same space */
        assert_ok(ctx, vouch__breusch_pagan(ctx, n, 2, scaled, stretched, &b));
        assert_close(a.statistic, b.statistic, 1e-8);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double e[] = { 1, 2, 3, 4, 5, 7 }, same[] = { 2, 2, 2, 2, 2, 2 }, hole[] = { 1, NAN, 3, 4, 5, 6 };
    vouch__residual_test t;
    vouch__regression r;
    assert_status(ctx, vouch__durbin_watson(ctx, 6, same, &t), VOUCH_E_DATA);
    assert_status(ctx, vouch__durbin_watson(ctx, 2, e, &t), VOUCH_E_SHAPE);
    assert_status(ctx, vouch__ljung_box(ctx, 6, e, 6, 0, &t), VOUCH_E_ARG);
    assert_status(ctx, vouch__lilliefors(ctx, 6, hole, &t), VOUCH_E_DATA);
    assert_error_has(ctx, "residual[1] is nan");
    assert_status(ctx, vouch__breusch_pagan(ctx, 6, 1, e, same, &t), VOUCH_E_DATA);
    assert_status(ctx, vouch__regression_measure(ctx, 6, hole, e, NULL, 0.95, &r), VOUCH_E_DATA);
    assert_status(ctx, vouch__regression_measure(ctx, 0, e, e, NULL, 0.95, &r), VOUCH_E_SHAPE);
    assert_ok(ctx, vouch__regression_measure(ctx, 1, e, e, NULL, 0.95, &r));
    assert_nan(r.r2);
    assert_nan(r.bias_se);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double e[] = { 1, 2, 3, 4, 5, 7 }, x[] = { 1, 0, 2, 5, 1, 1 };
    vouch__residual_test t;
    vouch__regression r;
    (void)arg;
    vouch_status status = vouch__regression_measure(mine, 6, e, x, NULL, 0.95, &r);
    if (!status)
        status = vouch__lilliefors(mine, 6, e, &t);
    return status ? status : vouch__breusch_pagan(mine, 6, 1, e, x, &t);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_errors_agree),
        cmocka_unit_test(golden_residual_tests_agree),
        cmocka_unit_test(lilliefors_p_is_that_of_the_published_table),
        cmocka_unit_test(errors_follow_scale_and_sign),
        cmocka_unit_test(tests_ignore_scale),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
