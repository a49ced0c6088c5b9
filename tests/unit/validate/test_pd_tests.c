/* Tests of PDs: identities between them. Reference and published
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_binomial_tail_is_its_sum),
        cmocka_unit_test(jeffreys_lies_between_the_binomial_tails),
        cmocka_unit_test(correlation_fades_into_independence_and_into_one_obligor),
        cmocka_unit_test(a_large_pool_has_the_limits_rate),
        cmocka_unit_test(critical_counts_are_the_first_to_reject),
        cmocka_unit_test(years_are_tested_by_their_own_spread),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
