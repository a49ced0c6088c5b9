/* Bounds of low-default portfolios: the equation they solve, and the cases where it is known. Published and
 * reference values are golden cases of the catalogue. */
#include "check.h"

#include "validate/low_default.h"
#include "validate/pd_tests.h"

#include <math.h>

static vouch_ctx *ctx;
static const vouch__default_law apart = { 0, 0.3, 1 }, one_year = { 0.12, 0.3, 1 }, five = { 0.12, 0.3, 5 };

static double tail(double n, double d, double pd, const vouch__default_law *law)
{
    double p = NAN;
    assert_ok(ctx, vouch__default_tail(ctx, n, d, pd, law, &p));
    return p;
}

static void bounds_solve_their_equation_and_never_fall(void **state)
{
    (void)state;
    const vouch__default_law *laws[] = { &apart, &one_year, &five };
    for (int round = 0; round < 6; round++) {
        const vouch__default_law *law = laws[round % 3];
        double n[4], d[4], bound[4], level = 0.5 + 0.45 * seeded(), all = 0, lost = 0;
        for (size_t k = 0; k < 4; k++) {
            n[k] = 20 + floor(200 * seeded());
            d[k] = floor(2 * seeded());
        }
        assert_ok(ctx, vouch__pluto_tasche(ctx, 4, n, d, law, level, bound));
        for (size_t k = 4; k-- > 0;) {
            all += n[k];
            lost += d[k];
            assert_close(tail(all, lost + 1, bound[k], law), level, 1e-8);
        }
    }
    const double n[] = { 100, 400, 300 }, none[] = { 0, 0, 0 };
    double bound[3];
    assert_ok(ctx, vouch__pluto_tasche(ctx, 3, n, none, &apart, 0.9, bound));
    assert_true(bound[0] < bound[1] && bound[1] < bound[2]);
    assert_close(bound[2], 1 - pow(0.1, 1.0 / 300), 1e-13); /* without defaults: (1 - pd)^n = 1 - level */
    const vouch__default_law years = { 0, 0.3, 4 };
    assert_ok(ctx, vouch__pluto_tasche(ctx, 3, n, none, &years, 0.9, bound));
    assert_close(bound[2], 1 - pow(0.1, 1.0 / 1200), 1e-13);
}

/* Years that have nothing to do with each other: none defaults in T of them with the T-th power of the chance
 * in one. */
static void unrelated_years_without_defaults_multiply(void **state)
{
    (void)state;
    for (size_t years = 2; years <= 8; years += 3)
        for (int k = 1; k < 12; k += 4) {
            double rho = 0.05 * k;
            const vouch__default_law law = { rho, 0, years }, year = { rho, 0, 1 };
            double once = 1 - tail(500, 1, 0.002, &year);
            assert_close(1 - tail(500, 1, 0.002, &law), pow(once, (double)years), 1e-9);
        }
}

/* With hardly any correlation the years add up; with years that are nearly one, the factor is shared. */
static void the_chain_meets_its_limits(void **state)
{
    (void)state;
    const vouch__default_law faint = { 1e-7, 0.5, 3 };
    for (int d = 1; d < 12; d += 5) {
        double pd = 0.01, all = 1 - pow(1 - pd, 3);
        assert_close(tail(300, d, pd, &faint), vouch__pd_binomial(300, d, all), 1e-5);
    }
    double last = 0;
    for (int k = 0; k < 5; k++) { /* years that go together leave more room for a PD */
        const vouch__default_law law = { 0.2, 0.24 * k, 5 };
        double n = 400, none = 0, bound;
        assert_ok(ctx, vouch__pluto_tasche(ctx, 1, &n, &none, &law, 0.9, &bound));
        assert_true(bound > last);
        last = bound;
    }
    for (size_t years = 1; years < 8; years += 2) { /* and more years without defaults less */
        const vouch__default_law law = { 0.2, 0.3, years };
        double n = 400, none = 0, bound;
        assert_ok(ctx, vouch__pluto_tasche(ctx, 1, &n, &none, &law, 0.9, &bound));
        assert_true(years == 1 || bound < last);
        last = bound;
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double n[] = { 10, 5 }, d[] = { 1, 6 }, zero[] = { 0, 0 }, many[] = { 9000, 0 },
                 lost[] = { 501, 0 };
    const vouch__default_law whole = { 1, 0, 1 }, never = { 0, 0, 0 }, related = { 0.1, 1, 2 };
    double bound[2];
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, d, &apart, 0.9, bound), VOUCH_E_DATA);
    assert_error_has(ctx, "grade 1 has 6 defaults of 5");
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, zero, zero, &apart, 0.9, bound), VOUCH_E_DATA);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, zero, &whole, 0.9, bound), VOUCH_E_ARG);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, zero, &never, 0.9, bound), VOUCH_E_ARG);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, zero, &related, 0.9, bound), VOUCH_E_ARG);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, n, zero, &apart, 1, bound), VOUCH_E_ARG);
    assert_status(ctx, vouch__pluto_tasche(ctx, 0, n, zero, &apart, 0.9, bound), VOUCH_E_SHAPE);
    assert_status(ctx, vouch__pluto_tasche(ctx, 2, many, lost, &five, 0.9, bound), VOUCH_E_DATA);
    assert_error_has(ctx, "over 500 defaults");
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double n = 50, none = 0;
    double bound;
    (void)arg;
    return vouch__pluto_tasche(mine, 1, &n, &none, &five, 0.5, &bound);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_solve_their_equation_and_never_fall),
        cmocka_unit_test(unrelated_years_without_defaults_multiply),
        cmocka_unit_test(the_chain_meets_its_limits),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
