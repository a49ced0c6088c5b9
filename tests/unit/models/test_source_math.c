/* exp and log of the imported libraries against the C library in use, which is theirs where it is glibc 2.28
 * or later on a processor that fuses; and against known values wherever. */
#include "check.h"

#include "models/forest/source_math.h"

#include <math.h>
#include <string.h>

static void known_values_are_exact_in_every_bit(void **state)
{
    (void)state;
    static const struct {
        float x, y;
    } exponential[] = { { 0.0F, 1.0F },    { -0.0F, 1.0F },        { 88.8F, INFINITY },
                        { -104.0F, 0.0F }, { INFINITY, INFINITY }, { -INFINITY, 0.0F } };
    for (size_t i = 0; i < sizeof exponential / sizeof *exponential; i++)
        assert_true(vouch__source_expf(exponential[i].x) == exponential[i].y);
    assert_true(isnan(vouch__source_expf(NAN)) && isnan(vouch__source_logf(NAN)) &&
                isnan(vouch__source_exp(NAN)));
    assert_true(vouch__source_logf(1.0F) == 0.0F && vouch__source_logf(0.0F) == -INFINITY);
    assert_true(isnan(vouch__source_logf(-1.0F)) && vouch__source_logf(INFINITY) == INFINITY);
    assert_true(vouch__source_exp(0.0) == 1.0 && vouch__source_exp(710.0) == INFINITY);
    assert_true(vouch__source_exp(-746.0) == 0.0 && vouch__source_exp(-INFINITY) == 0.0);
    assert_true(vouch__source_exp(-745.0) == 0x1p-1074);
}

static void results_are_those_of_glibc(void **state)
{
    (void)state;
    size_t bad = 0;
#if defined(__GLIBC__) && defined(__x86_64__)
    if (!__builtin_cpu_supports("fma"))
        skip();
    for (uint64_t i = 0; i < (uint64_t)1 << 32; i += 1009) { /* all floats were compared once, none differs */
        uint32_t bits = (uint32_t)i;
        float x, got, want;
        memcpy(&x, &bits, sizeof x);
        if (isnan(x))
            continue;
        got = vouch__source_expf(x);
        want = expf(x);
        bad += memcmp(&got, &want, sizeof got) != 0;
        got = vouch__source_logf(x);
        want = logf(x);
        bad += x > 0.0F && memcmp(&got, &want, sizeof got) != 0;
    }
    for (int i = 0; i < 1000000; i++) {
        double x = (seeded() - 0.5) * (i % 8 == 0 ? 1500.0
                                       : i % 2    ? 100.0
                                                  : 4.0),
               got = vouch__source_exp(x), want = exp(x);
        bad += memcmp(&got, &want, sizeof got) != 0;
        x = i % 3 == 0 ? -seeded() : exp(x);
        got = vouch__source_log1p(x);
        want = log1p(x);
        bad += memcmp(&got, &want, sizeof got) != 0;
    }
#else
    skip();
#endif
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_are_exact_in_every_bit),
        cmocka_unit_test(results_are_those_of_glibc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
