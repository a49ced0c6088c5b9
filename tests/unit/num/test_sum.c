/* num/sum.h against sums in extended precision, and by hand. */
#include "check.h"

#include "num/sum.h"

#include <math.h>

enum { MAX = 5000 };

static void a_sum_is_close_to_the_one_in_extended_precision(void **state)
{
    (void)state;
    double x[MAX], w[MAX];
    for (int round = 0; round < 100; round++) {
        size_t n = seeded_below(MAX);
        long double sum = 0, weighted = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = exp(seeded_normal() * 5);
            w[i] = 0.5 + seeded();
            sum += x[i];
            weighted += (long double)x[i] * w[i];
        }
        assert_close(vouch__sum(n, x) / (double)(n ? sum : 1), n ? 1.0 : 0.0, 1e-14);
        assert_close(vouch__sum_weighted(n, x, w) / (double)(n ? weighted : 1), n ? 1.0 : 0.0, 1e-14);
        assert_close(vouch__sum_weighted(n, x, NULL), vouch__sum(n, x), 0);
    }
}

static void a_million_tenths_lose_nothing_visible(void **state)
{
    (void)state;
    static double x[1000000];
    for (size_t i = 0; i < 1000000; i++)
        x[i] = 0.1;
    assert_close(vouch__sum(1000000, x), 100000.0, 5e-15); /* one by one: 1.3e-11 */
    assert_close(vouch__mean(1000000, x, NULL), 0.1, 1e-15);
    assert_close(vouch__variance(1000000, x, NULL), 0.0, 1e-28);
}

static void means_and_variances_are_those_of_the_definition(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 4, 9 }, w[] = { 1, 1, 2, 4 };
    assert_close(vouch__mean(4, x, NULL), 4.0, 0);
    assert_close(vouch__variance(4, x, NULL), 38.0 / 3.0, 1e-15);
    assert_close(vouch__mean(4, x, w), 47.0 / 8.0, 1e-15);
    assert_close(vouch__variance(4, x, w), 361.0 / 8.0 - 47.0 * 47.0 / 64.0, 1e-14);
    assert_nan(vouch__mean(0, x, NULL));
    assert_nan(vouch__variance(1, x, NULL));
    assert_close(vouch__variance(1, x, w), 0.0, 0);
}

static void a_variance_does_not_feel_a_shift(void **state)
{
    (void)state;
    double x[1000], moved[1000];
    for (int i = 0; i < 1000; i++) {
        x[i] = floor(seeded() * 1000);
        moved[i] = x[i] + 1e9;
    }
    assert_close(vouch__variance(1000, moved, NULL), vouch__variance(1000, x, NULL), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_close_to_the_one_in_extended_precision),
        cmocka_unit_test(a_million_tenths_lose_nothing_visible),
        cmocka_unit_test(means_and_variances_are_those_of_the_definition),
        cmocka_unit_test(a_variance_does_not_feel_a_shift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
