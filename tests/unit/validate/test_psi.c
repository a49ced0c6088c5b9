/* PSI: by its formula, with the bins frozen on the reference, and where other packages go wrong. */
#include "golden.h"

#include "validate/suite.h"

#include <math.h>

static vouch_ctx *ctx;

static vouch_psi psi(size_t bins, const double *reference, const double *current)
{
    vouch_psi out = { .psi = NAN };
    assert_ok(ctx, vouch_validate_psi(ctx, bins, reference, current, 0.95, &out));
    return out;
}

static void golden_cases_agree_to_1e_9(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/metrics.json");
    for (const vouch__json *c = golden_at(root, "psi")->first; c; c = c->next) {
        size_t bins, n, m, n_want, n_edges;
        double *reference = golden_array(c, "reference", NULL), *current = golden_array(c, "current", NULL);
        (void)golden_array(c, "reference", &n);
        bins = n;
        if (vouch__json_get(c, "x")) { /* the counts are ours too */
            double *x = golden_array(c, "x", &n), *y = golden_array(c, "y", &m), edge[9], counted[11];
            double *want = golden_array(c, "edges", &n_want);
            assert_ok(ctx, vouch__psi_edges(ctx, n, x, 10, edge, &n_edges));
            assert_int_equal(n_edges, n_want);
            for (size_t k = 0; k < n_edges; k++)
                assert_close(edge[k], want[k], 1e-14);
            vouch__psi_count(n, x, n_edges, edge, counted);
            for (size_t k = 0; k < bins; k++)
                assert_close(counted[k], reference[k], 0);
            vouch__psi_count(m, y, n_edges, edge, counted);
            for (size_t k = 0; k < bins; k++)
                assert_close(counted[k], current[k], 0);
        }
        vouch_psi got = psi(bins, reference, current);
        assert_close(got.psi, golden_number(c, "psi"), 1e-12);
        assert_close(got.critical, golden_number(c, "critical"), 1e-12);
        assert_close(got.p_value, golden_number(c, "p_value"), 1e-12);
        assert_close((double)got.bins, golden_number(c, "bins"), 0);
    }
}

/* Packages that join on the bins seen on both sides drop exactly the bin that tells. */
static void a_segment_that_vanishes_counts_most(void **state)
{
    (void)state;
    const double reference[] = { 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 };
    const double current[] = { 100, 100, 100, 100, 100, 100, 100, 100, 100, 0 };
    const double even[] = { 90, 90, 90, 90, 90, 90, 90, 90, 90, 90 };
    vouch_psi gone = psi(10, reference, current), same = psi(10, reference, even);
    assert_true(gone.psi > 0.5 && isfinite(gone.psi) && gone.p_value < 1e-10);
    assert_true(same.psi < 1e-6 && same.p_value > 0.999);
}

/* Bins that leave out what is beyond the last decile see a tenth of the records move and call it nothing. */
static void records_pushed_into_the_top_decile_are_seen(void **state)
{
    (void)state;
    enum { N = 20000, M = 5000 };
    static double x[N], y[M];
    double edge[9], a[11], b[11];
    size_t n_edges;
    for (size_t i = 0; i < N; i++)
        x[i] = seeded_normal();
    for (size_t i = 0; i < M; i++)
        y[i] = seeded() < 0.1 ? 3.0 : seeded_normal();
    assert_ok(ctx, vouch__psi_edges(ctx, N, x, 10, edge, &n_edges));
    assert_int_equal(n_edges, 9);
    vouch__psi_count(N, x, n_edges, edge, a);
    vouch__psi_count(M, y, n_edges, edge, b);
    assert_close(a[9], 2000, 0.001);
    assert_close(psi(11, a, b).psi, 0.0643, 0.02);
}

static void missing_values_have_a_bin_of_their_own(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 3, 4, NAN }, edge[] = { 2, 3 };
    double count[4];
    vouch__psi_count(5, x, 2, edge, count);
    assert_close(count[0], 2, 0); /* an edge belongs to the bin below it */
    assert_close(count[1], 1, 0);
    assert_close(count[2], 1, 0);
    assert_close(count[3], 1, 0);
}

static void edges_of_few_values_are_merged_and_leave_no_bin_empty(void **state)
{
    (void)state;
    enum { MAX = 300 };
    double x[MAX], edge[19], count[21];
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + seeded_below(MAX - 1), n_edges, values = 1 + seeded_below(8);
        for (size_t i = 0; i < n; i++)
            x[i] = seeded() < 0.1 ? NAN : floor((double)values * seeded());
        assert_ok(ctx, vouch__psi_edges(ctx, n, x, 20, edge, &n_edges));
        vouch__psi_count(n, x, n_edges, edge, count);
        double total = 0;
        for (size_t k = 0; k < n_edges + 2; k++)
            total += count[k];
        assert_close(total, (double)n, 0);
        for (size_t k = 0; k < n_edges; k++)
            assert_true((k == 0 || edge[k] > edge[k - 1]) && (count[k] > 0 || k > 0));
        assert_true(n_edges == 0 || (count[0] > 0 && count[n_edges] > 0));
    }
    size_t n_edges = 7;
    double none[] = { NAN, NAN };
    assert_ok(ctx, vouch__psi_edges(ctx, 2, none, 10, edge, &n_edges));
    assert_int_equal(n_edges, 0);
}

static void psi_is_symmetric_never_negative_and_nothing_for_the_same_counts(void **state)
{
    (void)state;
    double a[12], b[12];
    for (int round = 0; round < 300; round++) {
        size_t bins = 1 + seeded_below(12);
        for (size_t k = 0; k < bins; k++) {
            a[k] = floor(50 * seeded()) + (k == 0);
            b[k] = floor(80 * seeded()) + (k == 0);
        }
        vouch_psi there = psi(bins, a, b), back = psi(bins, b, a);
        assert_close(there.psi, back.psi, 1e-13);
        assert_close(there.p_value, back.p_value, 1e-12);
        assert_true(there.psi >= -1e-16);
        assert_close(psi(bins, a, a).psi, 0.0, 1e-16);
    }
    assert_true(psi(1, a, b).p_value == 1.0);
}

/* Under no change the p-value is uniform, so that about a twentieth of samples pass the critical value. */
static void the_critical_value_is_passed_as_often_as_it_says(void **state)
{
    (void)state;
    int beyond = 0;
    for (int round = 0; round < 1000; round++) {
        double a[10] = { 0 }, b[10] = { 0 };
        for (int i = 0; i < 2000; i++)
            a[seeded_below(10)]++;
        for (int i = 0; i < 500; i++)
            b[seeded_below(10)]++;
        vouch_psi p = psi(10, a, b);
        assert_true((p.psi > p.critical) == (p.p_value < 0.05));
        beyond += p.psi > p.critical;
    }
    assert_true(beyond >= 25 && beyond <= 80);
}

static void counts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    const double fine[] = { 1, 2 }, negative[] = { 1, -2 }, none[] = { 0, 0 }, missing[] = { NAN, 1 };
    vouch_psi out = { .psi = 7 };
    assert_status(ctx, vouch_validate_psi(ctx, 0, fine, fine, 0.95, &out), VOUCH_E_SHAPE);
    assert_status(ctx, vouch_validate_psi(ctx, 2, fine, negative, 0.95, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "current[1] is -2");
    assert_status(ctx, vouch_validate_psi(ctx, 2, missing, fine, 0.95, &out), VOUCH_E_DATA);
    assert_status(ctx, vouch_validate_psi(ctx, 2, none, fine, 0.95, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "reference sample is empty");
    assert_status(ctx, vouch_validate_psi(ctx, 2, fine, fine, NAN, &out), VOUCH_E_ARG);
    assert_true(out.psi == 7);
}

static vouch_status once(vouch_ctx *c, void *arg)
{
    static double x[9000];
    double edge[9];
    size_t n_edges;
    (void)arg;
    for (size_t i = 0; i < 9000; i++)
        x[i] = (double)(i * 7919 % 9000);
    return vouch__psi_edges(c, 9000, x, 10, edge, &n_edges);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_agree_to_1e_9),
        cmocka_unit_test(a_segment_that_vanishes_counts_most),
        cmocka_unit_test(records_pushed_into_the_top_decile_are_seen),
        cmocka_unit_test(missing_values_have_a_bin_of_their_own),
        cmocka_unit_test(edges_of_few_values_are_merged_and_leave_no_bin_empty),
        cmocka_unit_test(psi_is_symmetric_never_negative_and_nothing_for_the_same_counts),
        cmocka_unit_test(the_critical_value_is_passed_as_often_as_it_says),
        cmocka_unit_test(counts_that_make_no_sense_are_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
