/* Brier, log-loss, the reliability table with ECE, and the calibration line. */
#include "golden.h"

#include "num/special.h"
#include "validate/calibration.h"

#include <math.h>

static vouch_ctx *ctx;

static void proper_scores_by_hand(void **state)
{
    (void)state;
    const double p[] = { 0.0, 0.25, 1.0, 0.5 }, weight[] = { 1, 2, 1, 4 };
    const uint8_t bad[] = { 0, 1, 1, 0 };
    double out;
    assert_ok(ctx, vouch_validate_brier(ctx, 4, p, bad, NULL, &out));
    assert_close(out, (0.5625 + 0.25) / 4, 0);
    assert_ok(ctx, vouch_validate_brier(ctx, 4, p, bad, weight, &out));
    assert_close(out, (2 * 0.5625 + 4 * 0.25) / 8, 1e-16);
    assert_ok(ctx, vouch_validate_log_loss(ctx, 4, p, bad, NULL, &out));
    assert_close(out, (log(4) + log(2)) / 4, 1e-14);
    const uint8_t wrong[] = { 1, 0, 0, 1 };
    assert_ok(ctx, vouch_validate_log_loss(ctx, 4, p, wrong, NULL, &out));
    assert_true(out > 17 && out < 18); /* clipped, so finite */
}

static void golden_cases_agree_to_1e_9(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/metrics.json");
    for (const vouch__json *c = golden_at(root, "cases")->first; c; c = c->next) {
        size_t n;
        double *p = golden_array(c, "probability", &n), out;
        uint8_t *bad = golden_flags(c, "bad", NULL);
        vouch__calibration_line line;
        assert_ok(ctx, vouch_validate_brier(ctx, n, p, bad, NULL, &out));
        assert_close(out, golden_number(c, "brier"), 1e-13);
        assert_ok(ctx, vouch_validate_log_loss(ctx, n, p, bad, NULL, &out));
        assert_close(out, golden_number(c, "log_loss"), 1e-13);
        assert_ok(ctx, vouch_validate_ece(ctx, n, p, bad, 10, 1, &out));
        assert_close(out, golden_number(c, "ece_mass"), 1e-13);
        assert_ok(ctx, vouch_validate_ece(ctx, n, p, bad, 15, 0, &out));
        assert_close(out, golden_number(c, "ece_width"), 1e-13);
        assert_ok(ctx, vouch__calibration_line_fit(ctx, n, p, bad, NULL, &line));
        assert_close(line.slope, golden_number(c, "line.slope"), 1e-9);
        assert_close(line.intercept, golden_number(c, "line.intercept"), 1e-9);
        assert_close(line.slope_se, golden_number(c, "line.slope_se"), 1e-9);
        assert_close(line.intercept_se, golden_number(c, "line.intercept_se"), 1e-9);
        assert_close(line.in_the_large, golden_number(c, "line.in_the_large"), 1e-9);
        assert_close(line.in_the_large_se, golden_number(c, "line.in_the_large_se"), 1e-9);
        assert_close(line.statistic, golden_number(c, "line.statistic"), 1e-9);
        assert_close(line.p_value, golden_number(c, "line.p_value"), 1e-9);
        if (!vouch__json_get(c, "weight"))
            continue;
        double *w = golden_array(c, "weight", NULL);
        assert_ok(ctx, vouch_validate_brier(ctx, n, p, bad, w, &out));
        assert_close(out, golden_number(c, "weighted.brier"), 1e-13);
        assert_ok(ctx, vouch_validate_log_loss(ctx, n, p, bad, w, &out));
        assert_close(out, golden_number(c, "weighted.log_loss"), 1e-13);
    }
}

/* Murphy's decomposition with the terms for what lies within bins (Stephenson et al. 2008) closes. */
static void reliability_resolution_and_what_bins_hide_add_up_to_brier(void **state)
{
    (void)state;
    enum { MAX = 400, BINS = 10 };
    double p[MAX], weight[MAX];
    uint8_t bad[MAX];
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + seeded_below(MAX - 1), used;
        int equal_mass = round % 2;
        double total = 0, lost = 0, sum = 0, brier;
        vouch__reliability r[BINS];
        for (size_t i = 0; i < n; i++) {
            p[i] = round % 3 ? seeded() : floor(5 * seeded()) / 5;
            bad[i] = seeded() < p[i];
            weight[i] = 0.5 + seeded();
            total += weight[i];
            lost += weight[i] * bad[i];
        }
        assert_ok(ctx, vouch__reliability_table(ctx, n, p, bad, weight, BINS, equal_mass, r, &used));
        double cases = 0, rate = lost / total;
        for (size_t k = 0; k < used; k++) {
            double mean = r[k].probability / r[k].n, seen = r[k].bad / r[k].n;
            sum += r[k].n * ((mean - seen) * (mean - seen) - (seen - rate) * (seen - rate)) + r[k].within;
            cases += r[k].n;
            assert_true(r[k].low <= mean + 1e-12 && mean <= r[k].high + 1e-12);
            assert_true(k == 0 || r[k - 1].high < r[k].low); /* ties are never cut */
            assert_true(r[k].effective >= 0.999 && r[k].effective <= r[k].n * 2 + 1);
        }
        assert_close(cases, total, 1e-13);
        assert_ok(ctx, vouch_validate_brier(ctx, n, p, bad, weight, &brier));
        assert_close(sum / total + rate * (1 - rate), brier, 1e-13);
    }
}

static void equal_width_bins_are_closed_on_the_right(void **state)
{
    (void)state;
    const double p[] = { 0.0, 0.1, 0.2, 0.30000000000000004, 0.7, 1.0 };
    const uint8_t bad[] = { 0, 1, 0, 1, 1, 1 };
    size_t used;
    vouch__reliability r[10];
    assert_ok(ctx, vouch__reliability_table(ctx, 6, p, bad, NULL, 10, 0, r, &used));
    assert_int_equal(used, 5);
    assert_close(r[0].n, 2, 0); /* 0 and 0.1 */
    assert_close(r[1].high, 0.2, 0);
    assert_close(r[2].n, 1, 0);
    assert_close(r[4].low, 1.0, 0);
}

static void calibration_error_is_bounded_and_vanishes_when_rates_are_hit(void **state)
{
    (void)state;
    const double p[] = { 0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75 };
    const uint8_t bad[] = { 0, 0, 0, 1, 1, 1, 1, 0 };
    double out;
    for (int mass = 0; mass <= 1; mass++) {
        assert_ok(ctx, vouch_validate_ece(ctx, 8, p, bad, 4, mass, &out));
        assert_close(out, 0.0, 0);
        assert_ok(ctx, vouch_validate_ece(ctx, 8, p, bad, 1, mass, &out));
        assert_close(out, 0.0, 0);
    }
    const double wrong[] = { 0, 0, 1, 1 };
    const uint8_t other[] = { 1, 1, 0, 0 };
    assert_ok(ctx, vouch_validate_ece(ctx, 4, wrong, other, 5, 0, &out));
    assert_close(out, 1.0, 0);
    assert_status(ctx, vouch_validate_ece(ctx, 4, wrong, other, 0, 0, &out), VOUCH_E_ARG);
    const double beyond[] = { 0.5, 1.5 };
    assert_status(ctx, vouch_validate_ece(ctx, 2, beyond, other, 5, 0, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "probability[1] is 1.5");
}

/* Stretching a model's log-odds by s divides its slope by s, moving them by d takes d off the intercept. */
static void the_line_undoes_a_stretch_and_a_shift(void **state)
{
    (void)state;
    enum { N = 600 };
    double p[N], q[N];
    uint8_t bad[N];
    for (int round = 0; round < 20; round++) {
        vouch__calibration_line a, b;
        double stretch = 0.3 + 2 * seeded(), shift = 2 * seeded() - 1;
        for (size_t i = 0; i < N; i++) {
            double x = -1.5 + seeded_normal();
            p[i] = vouch__sigmoid(x);
            q[i] = vouch__sigmoid(shift + stretch * x);
            bad[i] = i < 2 ? i == 0 : seeded() < p[i];
        }
        assert_ok(ctx, vouch__calibration_line_fit(ctx, N, p, bad, NULL, &a));
        assert_ok(ctx, vouch__calibration_line_fit(ctx, N, q, bad, NULL, &b));
        assert_close(b.slope, a.slope / stretch, 1e-9);
        assert_close(b.intercept, a.intercept - a.slope / stretch * shift, 1e-9);
        assert_close(b.slope_se, a.slope_se / stretch, 1e-9);
        assert_true(a.p_value > 1e-6 && a.p_value <= 1.0);
    }
}

static void a_line_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    double p[40];
    uint8_t bad[40];
    vouch__calibration_line line = { .slope = 7 };
    for (size_t i = 0; i < 40; i++) {
        p[i] = (double)(i + 1) / 50;
        bad[i] = i >= 20;
    }
    assert_status(ctx, vouch__calibration_line_fit(ctx, 40, p, bad, NULL, &line), VOUCH_E_CONVERGE);
    assert_error_has(ctx, "separate");
    for (size_t i = 0; i < 40; i++)
        p[i] = 0.2;
    assert_status(ctx, vouch__calibration_line_fit(ctx, 40, p, bad, NULL, &line), VOUCH_E_DATA);
    assert_true(line.slope == 7);
}

static vouch_status once(vouch_ctx *c, void *arg)
{
    static double p[9000];
    static uint8_t bad[9000];
    double out;
    vouch__calibration_line line;
    (void)arg;
    for (size_t i = 0; i < 9000; i++) {
        p[i] = (double)(i * 7919 % 9000) / 9000;
        bad[i] = i % 3 == 0;
    }
    vouch_status status = vouch_validate_ece(c, 9000, p, bad, 10, 1, &out);
    return status ? status : vouch__calibration_line_fit(c, 9000, p, bad, NULL, &line);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proper_scores_by_hand),
        cmocka_unit_test(golden_cases_agree_to_1e_9),
        cmocka_unit_test(reliability_resolution_and_what_bins_hide_add_up_to_brier),
        cmocka_unit_test(equal_width_bins_are_closed_on_the_right),
        cmocka_unit_test(calibration_error_is_bounded_and_vanishes_when_rates_are_hit),
        cmocka_unit_test(the_line_undoes_a_stretch_and_a_shift),
        cmocka_unit_test(a_line_that_does_not_exist_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
