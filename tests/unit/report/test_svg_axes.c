/* Ticks are round, lie within their range, and are as many as asked for, more or less. */
#include "check.h"

#include "report/svg_axes.h"

#include <math.h>

static void ticks_of_one_are_fifths(void **state)
{
    (void)state;
    vouch__ticks ticks = vouch__ticks_make(0, 1, 5);
    assert_close(ticks.step, 0.2, 0);
    assert_close(ticks.first, 0, 0);
    assert_close(ticks.last, 5, 0);
    assert_int_equal(ticks.decimals, 1);
}

static void ticks_of_known_ranges(void **state)
{
    (void)state;
    static const struct {
        double low, high, step;
        int decimals;
    } known[] = { { 0, 100, 20, 0 },         { -3, 3, 2, 0 },   { 0, 0.013, 0.005, 3 },
                  { 10000, 510000, 1e5, 0 }, { 0, 12, 2.5, 1 }, { -1e-9, 1e-9, 5e-10, 10 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        vouch__ticks ticks = vouch__ticks_make(known[i].low, known[i].high, 5);
        assert_close(ticks.step, known[i].step, 1e-15);
        assert_int_equal(ticks.decimals, known[i].decimals);
    }
}

static void tick_properties(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double size = vouch__power_of_ten((int)seeded_below(200) - 100);
        double low = seeded_normal() * size, high = low + (seeded() + 1e-3) * size;
        vouch__ticks ticks = vouch__ticks_make(low, high, 5);
        double n = ticks.last - ticks.first + 1;
        assert_true(n >= 2 && n <= 7);
        assert_true(ticks.first * ticks.step >= low - 1e-6 * ticks.step);
        assert_true(ticks.last * ticks.step <= high + 1e-6 * ticks.step);
        double digit = ticks.step / vouch__power_of_ten(vouch__decade(ticks.step * (1 + 1e-9)));
        assert_true(fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 || fabs(digit - 2.5) < 1e-6 ||
                    fabs(digit - 5) < 1e-6);
    }
}

static void an_empty_range_opens(void **state)
{
    (void)state;
    static const double same[] = { 0, 1, -7, 1e150, 1e-150 };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        for (int rounded = 0; rounded < 2; rounded++) {
            double low = same[i], high = same[i];
            vouch__range_open(&low, &high, rounded);
            assert_true(low < high && low <= same[i] && high >= same[i]);
        }
    double low = INFINITY, high = -INFINITY; /* of no numbers */
    vouch__range_open(&low, &high, true);
    assert_true(low == 0 && high == 1);
}

static void a_scale_puts_its_ends_at_its_ends(void **state)
{
    (void)state;
    vouch__scale scale = { .low = 2, .high = 6, .from = 300, .to = 100 };
    assert_close(vouch__scale_at(&scale, 2), 300, 0);
    assert_close(vouch__scale_at(&scale, 6), 100, 0);
    assert_close(vouch__scale_at(&scale, 3), 250, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_of_one_are_fifths),
        cmocka_unit_test(ticks_of_known_ranges),
        cmocka_unit_test(tick_properties),
        cmocka_unit_test(an_empty_range_opens),
        cmocka_unit_test(a_scale_puts_its_ends_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
