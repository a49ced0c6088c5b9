/* The tests of a batch, on counts: hand values, scipy's, and what holds always. */
#include "golden.h"
#include "one_ctx.h"

#include "monitor/drift_tests.h"

#include <math.h>

static void rates_by_hand(void **state)
{
    (void)state;
    /* hypergeometric, 20 with 10 marked, 10 drawn: P(X >= 9) = (100 + 1) / 184756 */
    assert_close(vouch__drift_rates(1, 10, 9, 10), 2 * 101 / 184756.0, 1e-14);
    assert_close(vouch__drift_rates(9, 10, 1, 10), 2 * 101 / 184756.0, 1e-14);
    assert_close(vouch__drift_rates(5, 10, 5, 10), 1, 0);
    assert_close(vouch__drift_rates(0, 10, 0, 10), 1, 1e-14);
    assert_nan(vouch__drift_rates(0, 0, 1, 10));
    /* the worked example of docs/monitor.md; by scipy.stats.hypergeom */
    assert_close(vouch__drift_rates(10, 100, 25, 100), 0.008503571478623954, 1e-12);
    assert_close(vouch__drift_rates(100, 1000, 250, 1000) * 1e18, 0.6376478777183406, 1e-9);
}

static void values_beyond_a_range_by_hand(void **state)
{
    (void)state;
    assert_close(vouch__drift_beyond(99, 1, 0, 1), 2 / 100.0, 1e-15);
    assert_close(vouch__drift_beyond(7, 3, 2, 0), 2 * 3 / 10.0 * 2 / 9.0, 1e-15);
    assert_close(vouch__drift_beyond(100, 50, 0, 0), 1, 0);
    assert_close(vouch__drift_unseen(0, 99, 0, 10), 1, 0);
    assert_close(vouch__drift_unseen(0, 99, 1, 10), 1 - pow(0.99, 10), 1e-14);
}

static void golden_values_of_scipy(void **state)
{
    (void)state;
    const vouch__json *g = golden("monitor/drift.json");
    double tol = golden_number(g, "tolerance");
    for (size_t i = 0; i < golden_len(g, "rates"); i++) {
        const vouch__json *c = vouch__json_at(golden_at(g, "rates"), i);
        double p = vouch__drift_rates(golden_number(c, "k_reference"), golden_number(c, "n_reference"),
                                      golden_number(c, "k_batch"), golden_number(c, "n_batch"));
        assert_close(p, golden_number(c, "p"), tol);
    }
    for (size_t i = 0; i < golden_len(g, "unseen"); i++) {
        const vouch__json *c = vouch__json_at(golden_at(g, "unseen"), i);
        double p = vouch__drift_unseen(golden_number(c, "singles"), golden_number(c, "n_reference"),
                                       golden_number(c, "k"), golden_number(c, "n_batch"));
        assert_close(p, golden_number(c, "p"), tol);
    }
    for (size_t i = 0; i < golden_len(g, "psi"); i++) {
        const vouch__json *c = vouch__json_at(golden_at(g, "psi"), i);
        size_t n;
        double *reference = golden_array(c, "reference", &n), *batch = golden_array(c, "batch", NULL);
        vouch_psi psi;
        assert_ok(ctx, vouch__drift_psi(ctx, n, reference, batch, &psi));
        assert_close(psi.psi, golden_number(c, "psi"), tol);
        assert_close(psi.p_value, golden_number(c, "p"), tol);
    }
}

static void thin_bins_are_put_together(void **state)
{
    (void)state;
    vouch_psi thin, merged;
    const double reference[] = { 3, 90, 4, 3, 0 }, batch[] = { 1, 43, 2, 4, 0 };
    const double wide_reference[] = { 90, 10 }, wide_batch[] = { 43, 7 };
    assert_ok(ctx, vouch__drift_psi(ctx, 5, reference, batch, &thin)); /* 50 rows: 1.5, 45, 2, 1.5 expected */
    assert_ok(ctx, vouch__drift_psi(ctx, 2, wide_reference, wide_batch, &merged));
    assert_int_equal(thin.bins, 2);
    assert_close(thin.psi, merged.psi, 0);
    const double one[] = { 100, 0 };
    assert_ok(ctx, vouch__drift_psi(ctx, 2, one, one, &thin));
    assert_int_equal(thin.bins, 0);
    assert_nan(thin.p_value);
}

static void what_the_reference_lacks_is_not_overlooked(void **state)
{
    (void)state;
    vouch_psi psi;
    const double reference[] = { 5000, 5000, 0 }, batch[] = { 230, 230, 40 };
    assert_ok(ctx, vouch__drift_psi(ctx, 3, reference, batch, &psi));
    assert_int_equal(psi.bins, 3);
    assert_true(psi.psi > 0.25 && psi.p_value < 1e-9);
}

/* p-values lie in [0, 1], fall as the change grows, and don't depend on what is called good. */
static void rate_properties(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        double n = (double)(1 + seeded_below(2000)), m = (double)(1 + seeded_below(2000));
        double k = (double)seeded_below((size_t)n + 1), j = (double)seeded_below((size_t)m + 1);
        double p = vouch__drift_rates(k, n, j, m);
        assert_true(p >= 0 && p <= 1);
        assert_close(vouch__drift_rates(n - k, n, m - j, m), p, 1e-9);
        assert_close(vouch__drift_rates(j, m, k, n), p, 1e-9);
        if (j < m && j * n > k * m)
            assert_true(vouch__drift_rates(k, n, j + 1, m) <= p * (1 + 1e-12));
    }
}

static vouch_status once(vouch_ctx *worker, void *arg)
{
    const double reference[] = { 50, 40, 10 }, batch[] = { 30, 20, 10 };
    vouch_psi psi;
    (void)arg;
    return vouch__drift_psi(worker, 3, reference, batch, &psi);
}

static void psi_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_by_hand),
        cmocka_unit_test(values_beyond_a_range_by_hand),
        cmocka_unit_test(golden_values_of_scipy),
        cmocka_unit_test(thin_bins_are_put_together),
        cmocka_unit_test(what_the_reference_lacks_is_not_overlooked),
        cmocka_unit_test(rate_properties),
        cmocka_unit_test(psi_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
