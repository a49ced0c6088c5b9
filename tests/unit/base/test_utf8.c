/* UTF-8 as Unicode's table of well-formed sequences has it, and the word that was probably meant. */
#include "check.h"

#include "base/text.h"

#include <string.h>

/* The definition: decode, then ask whether the shortest form of that code point is these bytes. */
static bool is_one_character(const unsigned char *p, size_t n)
{
    uint32_t c;
    if (n == 1)
        return p[0] < 0x80;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 }, mask[] = { 0, 0, 0xE0, 0xF0, 0xF8 };
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (n > 4 || (p[0] & mask[n]) != lead[n])
        return false;
    c = p[0] & (unsigned char)~mask[n];
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return false;
        c = c << 6 | (p[i] & 0x3F);
    }
    return c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

static void every_sequence_of_one_to_three_bytes_is_judged_as_defined(void **state)
{
    (void)state;
    for (uint32_t word = 0; word < 1U << 24; word++) {
        unsigned char p[3] = { (unsigned char)(word >> 16), (unsigned char)(word >> 8), (unsigned char)word };
        size_t n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : 3;
        if (n == 1 && (word & 0xFFFF))
            continue;
        if (n == 2 && (word & 0xFF))
            continue;
        if (vouch__utf8_valid((const char *)p, n) != is_one_character(p, n))
            fail_msg("%02x %02x %02x", p[0], p[1], p[2]);
    }
}

static void four_bytes_are_judged_as_defined(void **state)
{
    (void)state;
    for (unsigned a = 0xF0; a < 0x100; a++)
        for (unsigned b = 0; b < 0x100; b++)
            for (unsigned c = 0x7E; c < 0xC2; c++) {
                unsigned char p[4] = { (unsigned char)a, (unsigned char)b, (unsigned char)c, 0x80 };
                if (vouch__utf8_valid((const char *)p, 4) != is_one_character(p, 4))
                    fail_msg("%02x %02x %02x 80", p[0], p[1], p[2]);
            }
}

static void a_cut_character_is_not_one(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
    for (size_t n = 0; n <= 10; n++) {
        assert_int_equal(vouch__utf8_prefix(text, n), whole[n]);
        assert_int_equal(vouch__utf8_valid(text, n), whole[n] == n);
    }
    assert_true(vouch__utf8_valid("a\0b", 3));
}

static void the_nearest_word_is_suggested_when_one_is_near(void **state)
{
    (void)state;
    static const char *const key[] = { "models", "data", "split", "champion", "reasons", "decide" };
    const size_t n = sizeof key / sizeof *key;
    assert_string_equal(vouch__nearest("modles", key, n), "models");
    assert_string_equal(vouch__nearest("model", key, n), "models");
    assert_string_equal(vouch__nearest("dta", key, n), "data");
    assert_string_equal(vouch__nearest("chmpoin", key, n), "champion");
    assert_string_equal(vouch__nearest("reason", key, n), "reasons");
    assert_string_equal(vouch__nearest("MODELS", key, n), "models");
    assert_null(vouch__nearest("xyzzy", key, n));
    assert_null(vouch__nearest("", key, n));
    assert_null(vouch__nearest("a", key, n));
    assert_null(vouch__nearest("models", key, 0));
    char longest[200];
    memset(longest, 'm', 199);
    longest[199] = '\0';
    assert_null(vouch__nearest(longest, key, n));
    assert_string_equal(vouch__did_you_mean("models").text, ", did you mean 'models'?");
    assert_string_equal(vouch__did_you_mean(NULL).text, "");
    longest[140] = '\xC3'; /* a character is not cut in two */
    longest[141] = '\xA9';
    assert_int_equal(strlen(vouch__did_you_mean(longest).text), 140 + strlen(", did you mean ''?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_one_to_three_bytes_is_judged_as_defined),
        cmocka_unit_test(four_bytes_are_judged_as_defined),
        cmocka_unit_test(a_cut_character_is_not_one),
        cmocka_unit_test(the_nearest_word_is_suggested_when_one_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
