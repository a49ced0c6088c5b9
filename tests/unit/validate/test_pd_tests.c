/* Tests of PDs: identities between them, and the bounds of low-default portfolios. Reference and published
 * values are golden cases of the catalogue. */
#include "check.h"

#include "num/special.h"
#include "validate/pd_tests.h"

#include <math.h>

static vouch_ctx *ctx;

static void the_binomial_tail_is_its_sum(void **state)
{
    (void)state;
    for (double n = 1; n < 40; n += 7)
        for (double d = 0; d <= n; d++)
            for (double pd = 0.01; pd < 1; pd += 0.13) {
                double sum = 0;
                for (double k = d; k <= n; k++)
                    sum += vouch__exp(vouch__binomial_log_pmf(k, n, pd));
                assert_close(vouch__pd_binomial(n, d, pd), sum, 1e-12);
            }
    assert_close(vouch__pd_binomial(10, 0, 0), 1, 0);
    assert_close(vouch__pd_binomial(10, 1, 0), 0, 0);
}

static void jeffreys_lies_between_the_binomial_tails(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        double n = 1 + floor(500 * seeded()), d = floor(n * seeded() * 0.3), pd = 0.001 + 0.2 * seeded();
        double with = vouch__pd_binomial(n, d, pd), without = vouch__pd_binomial(n, d + 1, pd),
               p = vouch__pd_jeffreys(n, d, pd);
        assert_true(p <= with + 1e-12 && p >= without - 1e-12);
    }
}

static void correlation_fades_into_independence_and_into_one_obligor(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        double n = 1 + floor(300 * seeded()), d = ceil(n * seeded()), pd = 0.005 + 0.3 * seeded();
        assert_close(vouch__pd_binomial_correlated(n, d, pd, 1e-9), vouch__pd_binomial(n, d, pd), 1e-4);
        assert_close(vouch__pd_binomial_correlated(1, 1, pd, 0.3), pd,
                     1e-9); /* the factor averages out for one */
        double p = vouch__pd_binomial_correlated(n, d, pd, 0.2);
        assert_true(p >= 0 && p <= 1);
        assert_true(vouch__pd_binomial_correlated(n, d, pd + 0.05, 0.2) >= p - 1e-12);
        if (d < n)
            assert_true(vouch__pd_binomial_correlated(n, d + 1, pd, 0.2) <= p + 1e-12);
    }
}

/* A large pool defaults at the rate its factor gives. */
static void a_large_pool_has_the_limits_rate(void **state)
{
    (void)state;
    for (double rho = 0.05; rho < 0.5; rho += 0.15)
        for (double pd = 0.01; pd < 0.2; pd += 0.06) {
            double rate = vouch__pd_critical_rate(pd, rho, 0.95), n = 1e6;
            assert_close(vouch__pd_binomial_correlated(n, ceil(rate * n), pd, rho), 0.05, 2e-4);
        }
}

static void critical_counts_are_the_first_to_reject(void **state)
{
    (void)state;
    for (int round = 0; round < 16; round++) {
        double n = 5 + floor(200 * seeded()), pd = 0.01 + 0.1 * seeded(), rho = round % 2 ? 0.15 : 0;
        double k = vouch__pd_critical_count(n, pd, rho, 0.95);
        if (k <= n)
            assert_true(vouch__pd_binomial_correlated(n, k, pd, rho) <= 0.05);
        assert_true(vouch__pd_binomial_correlated(n, k - 1, pd, rho) > 0.05);
    }
    /* BCBS Working Paper 14: PD 1 %, 1,000 obligors, 99 %, correlation 0 to 20 % */
    const double published[] = { 19, 35, 49, 63, 77 };
    for (int k = 0; k < 5; k++)
        assert_close(vouch__pd_critical_count(1000, 0.01, 0.05 * k, 0.99), published[k], 0);
    assert_int_equal(vouch__pd_light(0.2, 0.95, 0.999), VOUCH__GREEN);
    assert_int_equal(vouch__pd_light(0.01, 0.95, 0.999), VOUCH__YELLOW);
    assert_int_equal(vouch__pd_light(0.0005, 0.95, 0.999), VOUCH__RED);
    assert_string_equal(vouch__light_name(VOUCH__RED), "red");
}

/* At the bound, as few defaults as were seen have just the chance that is left. */
static void most_prudent_bounds_solve_their_equation_and_never_fall(void **state)
{
    (void)state;
    for (int round = 0; round < 8; round++) {
        double n[4], d[4], bound[4], rho = round % 2 ? 0.12 : 0, level = 0.5 + 0.45 * seeded(), all = 0,
                                     lost = 0;
        for (size_t k = 0; k < 4; k++) {
            n[k] = 20 + floor(200 * seeded());
            d[k] = floor(3 * seeded());
        }
        assert_ok(ctx, vouch__pluto_tasche(ctx, 4, n, d, rho, level, bound));
        for (size_t k = 4; k-- > 0;) {
            all += n[k];
            lost += d[k];
            assert_close(vouch__pd_binomial_correlated(all, lost + 1, bound[k], rho), level, 1e-8);
        }
    }
    const double n[] = { 100, 400, 300 }, none[] = { 0, 0, 0 };
    double bound[3];
    assert_ok(ctx, vouch__pluto_tasche(ctx, 3, n, none, 0, 0.9, bound));
    assert_true(bound[0] < bound[1] && bound[1] < bound[2]);
    assert_close(bound[2], 1 - pow(0.1, 1.0 / 300), 1e-13); /* without defaults: (1 - pd)^n = 1 - level */
}

static void years_are_tested_by_their_own_spread(void **state)
{
    (void)state;
    const double rate[] = { 0.02, 0.03, 0.04 }, pd[] = { 0.01, 0.02, 0.02 }, apart[] = { 0.01, 0.02, 0.03 };
    vouch__normal_test t;
    assert_ok(ctx, vouch__pd_normal_test(ctx, 3, rate, pd, &t));
    assert_close(t.mean, 0.04 / 3, 1e-15);
    assert_close(t.statistic, (0.04 / 3) / (0.01 / 3), 1e-11);
    assert_status(ctx, vouch__pd_normal_test(ctx, 2, rate, pd, &t), VOUCH_E_SHAPE);
    assert_status(ctx, vouch__pd_normal_test(ctx, 3, rate, rate, &t), VOUCH_E_DATA);
    assert_ok(ctx, vouch__pd_normal_test(ctx, 3, pd, apart, &t));
    assert_true(t.p_value > 0.5);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double n[] = { 10, 5 }, d[] = { 1, 6 }, zero[] = { 0, 0 };
    double bound[2];
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, d, 0, 0.9, bound), VOUCH_E_DATA);
    assert_error_has(ctx, "grade 1 has 6 defaults of 5");
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, zero, zero, 0, 0.9, bound), VOUCH_E_DATA);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, zero, 1, 0.9, bound), VOUCH_E_ARG);
    assert_status(ctx, vouch__pluto_tasche(ctx, 0, n, zero, 0, 0.9, bound), VOUCH_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_binomial_tail_is_its_sum),
        cmocka_unit_test(jeffreys_lies_between_the_binomial_tails),
        cmocka_unit_test(correlation_fades_into_independence_and_into_one_obligor),
        cmocka_unit_test(a_large_pool_has_the_limits_rate),
        cmocka_unit_test(critical_counts_are_the_first_to_reject),
        cmocka_unit_test(most_prudent_bounds_solve_their_equation_and_never_fall),
        cmocka_unit_test(years_are_tested_by_their_own_spread),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
