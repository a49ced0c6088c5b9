/* Numbers as text: what is written reads back to the same bits, is shortest, and both ways agree with the C
 * library's own, which is slower but right in the C locale. */
#include "check.h"

#include "base/bigint.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t random_bits(void)
{
    return (uint64_t)(seeded() * 0x1p32) << 32 | (uint64_t)(seeded() * 0x1p32);
}

static void reads_as(const char *text, double want)
{
    double got = -1;
    if (!vouch__double_read(text, strlen(text), &got) || to_bits(got) != to_bits(want))
        fail_msg("'%s' reads as %.17g (%a), want %.17g (%a)", text, got, got, want, want);
}

static void reads_like_strtod(const char *text)
{
    float narrow = -1, want = strtof(text, NULL);
    reads_as(text, strtod(text, NULL));
    if (!vouch__float_read(text, strlen(text), &narrow) || memcmp(&narrow, &want, sizeof want) != 0)
        fail_msg("'%s' reads as float %.9g, want %.9g", text, (double)narrow, (double)want);
}

static size_t n_digits(const char *text)
{
    size_t n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && n == 0))
            continue;
        n++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

static void round_trips(double value)
{
    char text[VOUCH__DOUBLE_MAX], plain[64];
    size_t len = vouch__double_text(value, text);
    assert_int_equal(len, strlen(text));
    assert_true(len < VOUCH__DOUBLE_MAX);
    reads_as(text, value);
    if (to_bits(strtod(text, NULL)) != to_bits(value))
        fail_msg("%a is written as %s", value, text);
    (void)snprintf(plain, sizeof plain, "%.17g", value);
    reads_as(plain, value);
}

/* One digit less must not do: checked against %.{n-1}e, which is the closest with so many digits. */
static void is_shortest(double value)
{
    char text[VOUCH__DOUBLE_MAX], shorter[64];
    (void)vouch__double_text(value, text);
    size_t n = n_digits(text);
    if (n > 1) {
        (void)snprintf(shorter, sizeof shorter, "%.*e", (int)n - 2, value);
        if (strtod(shorter, NULL) == value)
            fail_msg("%a is written as %s, %s is shorter", value, text, shorter);
    }
    (void)snprintf(shorter, sizeof shorter, "%.*e", (int)n - 1, value);
    if (strtod(shorter, NULL) == value && strtod(shorter, NULL) != strtod(text, NULL))
        fail_msg("%a: %s is closer than %s", value, shorter, text);
}

static void a_million_random_doubles_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        double value = from_bits(random_bits());
        if (isfinite(value))
            round_trips(value);
        if (i % 16 == 0 && isfinite(value))
            is_shortest(value);
    }
}

static void powers_of_two_and_ten_and_their_neighbours_round_trip(void **state)
{
    (void)state;
    for (int e = -1074; e < 1024; e++)
        for (int step = -2; step <= 2; step++) {
            double value = from_bits(to_bits(ldexp(1, e)) + (uint64_t)(int64_t)step);
            if (!isfinite(value) || value < 0)
                continue;
            round_trips(value);
            round_trips(-value);
            is_shortest(value);
        }
    for (int e = -400; e <= 400; e++) {
        char text[40];
        for (int digit = 1; digit <= 9; digit++) {
            (void)snprintf(text, sizeof text, "%de%d", digit, e);
            reads_like_strtod(text);
            if (isfinite(strtod(text, NULL)))
                round_trips(strtod(text, NULL));
        }
        (void)snprintf(text, sizeof text, "9007199254740993e%d", e);
        reads_like_strtod(text);
        (void)snprintf(text, sizeof text, "99999999999999999999e%d", e);
        reads_like_strtod(text);
    }
}

static void subnormals_round_trip(void **state)
{
    (void)state;
    for (uint64_t bits = 1; bits < 3000; bits++)
        round_trips(from_bits(bits));
    for (int i = 0; i < 100000; i++) {
        double value = from_bits(random_bits() >> (12 + seeded_below(50)));
        round_trips(value);
        is_shortest(value);
    }
}

/* The decimal expansion of the point half way above a double has up to 767 digits and ends in 5. */
static void half_way_text(uint64_t bits, char *out, size_t room, const char *tail)
{
    vouch__bigint big;
    uint64_t whole = bits & (((uint64_t)1 << 52) - 1);
    int e = (int)(bits >> 52);
    whole |= e ? (uint64_t)1 << 52 : 0;
    e = (e ? e : 1) - 1075;
    vouch__bigint_set(&big, 2 * whole + 1);
    e--;
    if (e >= 0)
        vouch__bigint_shift(&big, (unsigned)e);
    else
        vouch__bigint_pow5(&big, (unsigned)-e);
    char digits[1200];
    size_t n = sizeof digits;
    digits[--n] = '\0';
    while (big.n)
        digits[--n] = (char)('0' + vouch__bigint_divide(&big, 10));
    (void)snprintf(out, room, "%s%se%d", digits + n, tail, (e < 0 ? e : 0) - (int)strlen(tail));
}

static void half_way_cases_go_to_even_and_any_excess_goes_up(void **state)
{
    (void)state;
    char text[1400];
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = i < 40 ? (uint64_t)i : random_bits() & INT64_MAX;
        if (i % 4 == 3)
            bits >>= 12;
        double low = from_bits(bits), high = from_bits(bits + 1);
        if (!isfinite(high))
            continue;
        half_way_text(bits, text, sizeof text, "");
        reads_as(text, bits & 1 ? high : low);
        half_way_text(bits, text, sizeof text, "0000000000000000000000001");
        reads_as(text, high);
        reads_like_strtod(text);
    }
}

static void half_way_between_floats_goes_to_even(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint32_t word = (uint32_t)(seeded() * 0x7F7FFFFF);
        float low, high, got;
        char text[200];
        memcpy(&low, &word, sizeof low);
        word++;
        memcpy(&high, &word, sizeof high);
        (void)snprintf(text, sizeof text, "%.160e", ((double)low + (double)high) / 2);
        assert_true(vouch__float_read(text, strlen(text), &got));
        float want = strtof(text, NULL);
        if (memcmp(&got, &want, sizeof want) != 0)
            fail_msg("%s reads as %.9g, want %.9g", text, (double)got, (double)want);
        (void)snprintf(text, sizeof text, "%.*g", 1 + (int)seeded_below(12), (double)low);
        reads_like_strtod(text);
    }
}

static void random_decimals_read_like_strtod(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[64];
        size_t n = 1 + seeded_below(30), at = 0;
        text[at++] = (char)('1' + seeded_below(9));
        for (size_t k = 1; k < n; k++) {
            if (k == n / 2)
                text[at++] = '.';
            text[at++] = (char)('0' + seeded_below(10));
        }
        (void)snprintf(text + at, sizeof text - at, "e%d", (int)seeded_below(700) - 350);
        reads_like_strtod(text);
    }
}

static void known_hard_cases_are_right(void **state)
{
    (void)state;
    static const char *const hard[] = {
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "2.2250738585072012e-308",
        "4.9e-324",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740992.999999999999",
        "6.631236846766476e-316",
        "3.2378839133029012895883524125015321748630094837200e-319",
        "5.3169120368556e-314",
        "1448997445238699",
        "0.1",
        "123456789012345678901234567890",
        "1e23",
        "9e22",
        "8.5e22",
        "8.41e21",
        "9.5367431640625e-7",
        "0.000000000000000000000000000000000000011754943508222875",
        "1.00000017881393421514957253748434595763683319091796875001",
        "340282356779733661637539395458142568447",
        "7.038531e-26",
        "1."
        "1754941406275178592461758986628081843312458647327962400313859427181746759860647699724722770042717456"
        "817626953125e-38",
        "0e999999999999999999999",
        "1e-999999999999999999999",
        "1e999999999999999999999",
        "-0",
        "0.0",
        "-0.0e5",
    };
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
        reads_like_strtod(hard[i]);
    char many[5000];
    for (size_t zeros = 0; zeros < 4000; zeros += 371) { /* 0.000...01e+n, and 1000...0e-n */
        (void)snprintf(many, sizeof many, "0.%0*d7e%zu", (int)zeros + 1, 0, zeros);
        reads_like_strtod(many);
        (void)snprintf(many, sizeof many, "3%0*de-%zu", (int)zeros + 1, 0, zeros);
        reads_like_strtod(many);
    }
}

static void writes_as(double value, const char *want)
{
    char text[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(value, text);
    assert_string_equal(text, want);
}

static void the_layout_is_that_of_ecmascript(void **state)
{
    (void)state;
    writes_as(0, "0");
    writes_as(-0.0, "-0");
    writes_as(1, "1");
    writes_as(-17, "-17");
    writes_as(0.1, "0.1");
    writes_as(0.30000000000000004, "0.30000000000000004");
    writes_as(123456.789, "123456.789");
    writes_as(9007199254740991, "9007199254740991");
    writes_as(0x1p53, "9007199254740992");
    writes_as(1e20, "100000000000000000000");
    writes_as(123456789012345680000.0, "123456789012345680000");
    writes_as(1e21, "1e+21");
    writes_as(1.5e300, "1.5e+300");
    writes_as(0.000001, "0.000001");
    writes_as(1e-7, "1e-7");
    writes_as(1.25e-7, "1.25e-7");
    writes_as(DBL_MAX, "1.7976931348623157e+308");
    writes_as(DBL_MIN, "2.2250738585072014e-308");
    writes_as(from_bits(1), "5e-324");
    writes_as(NAN, "nan");
    writes_as(INFINITY, "inf");
    writes_as(-INFINITY, "-inf");
}

static void malformed_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",    "-",     "+1",    "01",   "-01",  ".5",  "5.",  "1e",
                                         "1e+", "1.e3",  "1 ",    " 1",   "1,5",  "0x1", "NaN", "Inf",
                                         "--1", "1e5.5", "1_000", "inf ", "1e5x", "-nan" };
    double d;
    float f;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(vouch__double_read(wrong[i], strlen(wrong[i]), &d));
        assert_false(vouch__float_read(wrong[i], strlen(wrong[i]), &f));
    }
    assert_true(vouch__double_read("12345", 2, &d)); /* no NUL is needed */
    assert_close(d, 12, 0);
    assert_true(vouch__double_read("-inf", 4, &d) && isinf(d) && d < 0);
    assert_true(vouch__double_read("nan", 3, &d) && isnan(d));
    assert_true(vouch__float_read("nan", 3, &f) && isnan(f));
}

static void integers_read_and_overflow_is_refused(void **state)
{
    (void)state;
    int64_t value = 5;
    assert_true(vouch__int_read("9223372036854775807", 19, &value) && value == INT64_MAX);
    assert_true(vouch__int_read("-9223372036854775808", 20, &value) && value == INT64_MIN);
    assert_true(vouch__int_read("0", 1, &value) && value == 0);
    static const char *const wrong[] = {
        "",    "-",  "9223372036854775808",  "-9223372036854775809", "1.0", "01", "-00",
        "1e3", " 1", "111111111111111111111"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(vouch__int_read(wrong[i], strlen(wrong[i]), &value));
}

static void the_number_between_has_the_fewest_digits_there_can_be(void **state)
{
    (void)state;
    static const double cases[][3] = { { 37, 38, 37 },
                                       { 37, 45, 40 },
                                       { 0.1, 0.2, 0.1 },
                                       { -3, 5, 0 },
                                       { 1234.567890123, 1234.9, 1234.7 },
                                       { -0.75, -0.25, -0.5 },
                                       { 10, 20, 10 },
                                       { 99, 101, 100 },
                                       { 0.30000000000000004, 0.4, 0.35 },
                                       { 1e-30, 2e-30, 1e-30 },
                                       { 2, 2, 2 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_close(vouch__shortest_between(cases[i][0], cases[i][1]), cases[i][2], 0);
    assert_close(vouch__shortest_between(1, INFINITY), 1, 0);
    assert_true(isinf(vouch__shortest_between(-INFINITY, 1)));
    for (int round = 0; round < 20000; round++) {
        double low = (seeded() - 0.5) * exp(40 * (seeded() - 0.5)), high = low + exp(60 * (seeded() - 0.7));
        double x = vouch__shortest_between(low, high);
        char text[VOUCH__DOUBLE_MAX], ends[VOUCH__DOUBLE_MAX];
        if (!(low < high))
            continue;
        assert_true(x >= low && x < high);
        assert_true(vouch__double_text(x, text) <= vouch__double_text(low, ends) + (size_t)1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_between_has_the_fewest_digits_there_can_be),
        cmocka_unit_test(a_million_random_doubles_round_trip),
        cmocka_unit_test(powers_of_two_and_ten_and_their_neighbours_round_trip),
        cmocka_unit_test(subnormals_round_trip),
        cmocka_unit_test(half_way_cases_go_to_even_and_any_excess_goes_up),
        cmocka_unit_test(half_way_between_floats_goes_to_even),
        cmocka_unit_test(random_decimals_read_like_strtod),
        cmocka_unit_test(known_hard_cases_are_right),
        cmocka_unit_test(the_layout_is_that_of_ecmascript),
        cmocka_unit_test(malformed_numbers_are_refused),
        cmocka_unit_test(integers_read_and_overflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
