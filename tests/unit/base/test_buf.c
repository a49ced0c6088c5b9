/* Bytes that grow: what is added is there, the maximum holds, the first failure sticks; fixed decimals. */
#include "one_ctx.h"

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void what_is_added_is_there_with_a_nul_behind(void **state)
{
    (void)state;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__buf_text(&buf, "a");
    vouch__buf_add(&buf, "b\0c", 3);
    vouch__buf_fmt(&buf, "-%s-%d", "x", 7);
    vouch__buf_int(&buf, INT64_MIN);
    vouch__buf_int(&buf, 0);
    vouch__buf_double(&buf, 0.5);
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    static const char want[] = "ab\0c-x-7-922337203685477580800.5";
    assert_int_equal(buf.len, sizeof want - 1);
    assert_memory_equal(buf.at, want, sizeof want);
    vouch__buf_clear(&buf);
    assert_string_equal(buf.at, "");
    char *taken = vouch__buf_take(&buf);
    assert_string_equal(taken, "");
    vouch__free(vouch__allocator(ctx), taken);
    vouch__buf_free(&buf);
}

static void an_unused_buffer_gives_empty_text(void **state)
{
    (void)state;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    char *taken = vouch__buf_take(&buf);
    assert_string_equal(taken, "");
    vouch__free(vouch__allocator(ctx), taken);
}

static void the_maximum_holds_and_failure_sticks(void **state)
{
    (void)state;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 5);
    vouch__buf_text(&buf, "12345");
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    vouch__buf_text(&buf, "6");
    assert_status(ctx, vouch__buf_status(ctx, &buf), VOUCH_E_LIMIT);
    assert_string_equal(vouch_ctx_error(ctx), "text: over its limit of 5 bytes");
    vouch__buf_text(&buf, "");
    vouch__buf_fmt(&buf, "x");
    assert_string_equal(buf.at, "12345");
    assert_null(vouch__buf_take(&buf));
    vouch__buf_clear(&buf);
    vouch__buf_text(&buf, "again");
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    vouch__buf_free(&buf);
    vouch__buf_free(&buf);
}

static void fixed_is(double value, int decimals, const char *want)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__buf_fixed(&buf, value, decimals);
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    assert_string_equal(buf.at, want);
    vouch__buf_free(&buf);
}

static void fixed_decimals_are_rounded_half_to_even(void **state)
{
    (void)state;
    fixed_is(0, 2, "0.00");
    fixed_is(0.5, 0, "0");
    fixed_is(1.5, 0, "2");
    fixed_is(2.5, 0, "2");
    fixed_is(0.125, 2, "0.12");
    fixed_is(0.375, 2, "0.38");
    fixed_is(0.285, 2, "0.28"); /* the double is 0.284999... */
    fixed_is(9.995, 2, "9.99");
    fixed_is(9.9999, 2, "10.00");
    fixed_is(-3.14159, 3, "-3.142");
    fixed_is(-0.001, 2, "0.00"); /* nothing is left that could be negative */
    fixed_is(1e-300, 17, "0.00000000000000000");
    fixed_is(0.1, 17, "0.10000000000000001");
    fixed_is(1234567, 0, "1234567");
    fixed_is(1e22, 1, "10000000000000000000000.0");
    fixed_is(NAN, 2, "nan");
    fixed_is(-INFINITY, 2, "-inf");
}

static void fixed_decimals_agree_with_printf(void **state)
{
    (void)state;
    char want[400];
    for (int i = 0; i < 200000; i++) {
        double value = ldexp(seeded() - 0.5, (int)seeded_below(i % 10 ? 80 : 2000) - (i % 10 ? 40 : 1000));
        if (i % 5 == 0)
            value = nearbyint(value * 64) / 64;
        int decimals = (int)seeded_below(18);
        (void)snprintf(want, sizeof want, "%.*f", decimals, value);
        bool is_zero = strspn(want, "-0.") == strlen(want);
        fixed_is(value, decimals, is_zero && want[0] == '-' ? want + 1 : want);
    }
    (void)snprintf(want, sizeof want, "%.3f", DBL_MAX);
    fixed_is(DBL_MAX, 3, want);
}

static vouch_status grow(vouch_ctx *c, void *arg)
{
    vouch__buf buf;
    (void)arg;
    vouch__buf_init(c, &buf, 0);
    for (int i = 0; i < 100; i++)
        vouch__buf_fmt(&buf, "%d,", i);
    vouch__buf_fixed(&buf, 1e300, 3);
    vouch_status status = vouch__buf_status(c, &buf);
    vouch__buf_free(&buf);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(grow, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_there_with_a_nul_behind),
        cmocka_unit_test(an_unused_buffer_gives_empty_text),
        cmocka_unit_test(the_maximum_holds_and_failure_sticks),
        cmocka_unit_test(fixed_decimals_are_rounded_half_to_even),
        cmocka_unit_test(fixed_decimals_agree_with_printf),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
