/* Simulated loans: the truth holds, the faults change what they are about and nothing else, and the same
 * arguments give the same bytes. */
#include "check.h"

#include "data/simulate.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20000 };

static vouch__loan *loans(uint64_t seed, vouch__fault fault)
{
    vouch__loan *loan = malloc(N * sizeof *loan);
    for (size_t i = 0; i < N; i++)
        vouch__loan_make(seed, i, N, fault, &loan[i]);
    return loan;
}

static int by_pd(const void *a, const void *b)
{
    const vouch__loan *x = a, *y = b;
    return (x->true_pd > y->true_pd) - (x->true_pd < y->true_pd);
}

static void the_true_probability_is_calibrated_and_ranks_as_documented(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        vouch__loan *loan = loans(seed, VOUCH__CLEAN);
        double bad = 0, expected = 0, variance = 0, won = 0, goods = 0;
        qsort(loan, N, sizeof *loan, by_pd);
        for (size_t i = 0; i < N; i++) {
            bad += loan[i].defaulted ? 1 : 0;
            expected += loan[i].true_pd;
            variance += loan[i].true_pd * (1 - loan[i].true_pd);
            goods += loan[i].defaulted ? 0 : 1;
            won += loan[i].defaulted ? goods : 0;
        }
        double auc = won / (bad * goods);
        assert_true(fabs(bad - expected) < 4 * sqrt(variance));
        assert_true(auc > 0.75 && auc < 0.80);
        assert_true(bad / N > 0.08 && bad / N < 0.12);
        free(loan);
    }
}

/* Share of bads among loans with at least three calls: ordinary when clean, nearly all with the leak. */
static double bads_among_called(const vouch__loan *loan)
{
    double called = 0, bad = 0;
    for (size_t i = 0; i < N; i++) {
        called += loan[i].service_calls >= 3 ? 1 : 0;
        bad += loan[i].service_calls >= 3 && loan[i].defaulted ? 1 : 0;
    }
    return bad / called;
}

static void a_leak_changes_the_calls_only(void **state)
{
    (void)state;
    vouch__loan *clean = loans(7, VOUCH__CLEAN), *leak = loans(7, VOUCH__LEAK);
    for (size_t i = 0; i < N; i++) {
        assert_true(clean[i].service_calls_day < clean[i].date);
        assert_true(leak[i].service_calls_day > leak[i].date);
        leak[i].service_calls = clean[i].service_calls;
        leak[i].service_calls_day = clean[i].service_calls_day;
        assert_true(clean[i].true_pd == leak[i].true_pd && clean[i].defaulted == leak[i].defaulted);
        assert_true(clean[i].loan_amount == leak[i].loan_amount && clean[i].sex == leak[i].sex);
    }
    free(leak);
    leak = loans(7, VOUCH__LEAK);
    assert_true(bads_among_called(clean) < 0.2);
    assert_true(bads_among_called(leak) > 0.6);
    free(clean);
    free(leak);
}

/* Largest |share of group A in an area - share of group A|. */
static double segregation(const vouch__loan *loan)
{
    double in[25] = { 0 }, group[25] = { 0 }, all = 0, worst = 0;
    for (size_t i = 0; i < N; i++) {
        in[loan[i].postal_area]++;
        group[loan[i].postal_area] += *loan[i].ethnicity == 'A' ? 1 : 0;
        all += *loan[i].ethnicity == 'A' ? 1.0 / N : 0;
    }
    for (int area = 1; area <= 24; area++)
        worst = fmax(worst, fabs(group[area] / in[area] - all));
    return worst;
}

static void a_proxy_ties_the_area_to_ethnicity(void **state)
{
    (void)state;
    vouch__loan *clean = loans(7, VOUCH__CLEAN), *proxy = loans(7, VOUCH__PROXY);
    assert_true(segregation(clean) < 0.08);
    assert_true(segregation(proxy) > 0.3);
    for (size_t i = 0; i < N; i++)
        assert_true(clean[i].ethnicity == proxy[i].ethnicity && clean[i].savings == proxy[i].savings);
    free(clean);
    free(proxy);
}

static void drift_begins_with_the_last_quarter(void **state)
{
    (void)state;
    vouch__loan *clean = loans(7, VOUCH__CLEAN), *drift = loans(7, VOUCH__DRIFT);
    double early = 0, late = 0;
    for (size_t i = 0; i < N; i++) {
        if (i < 3 * N / 4)
            early += fabs(drift[i].utilisation - clean[i].utilisation);
        else
            late += (drift[i].utilisation - clean[i].utilisation) / (N / 4);
    }
    assert_true(early == 0);
    assert_true(late > 0.1);
    free(clean);
    free(drift);
}

static void the_same_arguments_give_the_same_bytes(void **state)
{
    (void)state;
    char want[65] = "", got[65];
    uint64_t size;
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        const vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        const char *path = test_path("loans.csv");
        assert_ok(ctx, vouch_simulate_credit(ctx, 10000, 5, "leak", path));
        assert_ok(ctx, vouch__file_hash(ctx, path, got, &size));
        if (threads == 1)
            memcpy(want, got, sizeof want);
        assert_string_equal(got, want);
        vouch_ctx_free(ctx);
    }
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch_simulate_credit(ctx, 10000, 6, "leak", test_path("other.csv")));
    assert_ok(ctx, vouch__file_hash(ctx, test_path("other.csv"), got, &size));
    assert_string_not_equal(got, want);
    vouch_ctx_free(ctx);
}

static void what_cannot_be_simulated_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_status(ctx, vouch_simulate_credit(ctx, 10, 1, "flood", test_path("x.csv")), VOUCH_E_ARG);
    assert_error_has(ctx, "flood");
    assert_status(ctx, vouch_simulate_credit(ctx, 0, 1, NULL, test_path("x.csv")), VOUCH_E_ARG);
    assert_status(ctx, vouch_simulate_credit(ctx, 10, 1, NULL, "/nowhere/x.csv"), VOUCH_E_NOTFOUND);
    assert_error_has(ctx, "/nowhere/x.csv");
    assert_false(vouch__file_exists(test_path("x.csv")));
    vouch_ctx_free(ctx);
}

static vouch_status simulate_few(vouch_ctx *ctx, void *arg)
{
    return vouch_simulate_credit(ctx, 20, 1, NULL, arg);
}

static void simulating_survives_every_allocation_failure(void **state)
{
    (void)state;
    char path[256];
    (void)snprintf(path, sizeof path, "%s", test_path("few.csv"));
    sweep_allocations(simulate_few, path, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_true_probability_is_calibrated_and_ranks_as_documented),
        cmocka_unit_test(a_leak_changes_the_calls_only),
        cmocka_unit_test(a_proxy_ties_the_area_to_ethnicity),
        cmocka_unit_test(drift_begins_with_the_last_quarter),
        cmocka_unit_test(the_same_arguments_give_the_same_bytes),
        cmocka_unit_test(what_cannot_be_simulated_is_refused),
        cmocka_unit_test(simulating_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
