/* Numbers, names and escapes as the report shows them. */
#include "one_ctx.h"

#include "report/markup.h"

#include <math.h>
#include <string.h>

static void shows(double value, vouch__number_format format, const char *want)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__format_number(&buf, value, format);
    assert_string_equal(buf.at, want);
    vouch__buf_free(&buf);
}

static void single(double value, const char *unit, const char *want)
{
    shows(value, vouch__format_for(vouch__style_of(unit), 1, &value), want);
}

static void exact(double value, const char *unit, const char *want)
{
    shows(value, vouch__format_exact(vouch__style_of(unit), value), want);
}

static void a_single_number_has_four_digits(void **state)
{
    (void)state;
    single(0.77412345, "AUC", "0.7741");
    single(12.3456, NULL, "12.35");
    single(999.96, NULL, "1000.0");
    single(1234.5, NULL, "1,234");
    single(30000, NULL, "30,000");
    single(-1234567, NULL, "-1,234,567");
    single(0, NULL, "0");
    single(0.00031, NULL, "0.000310");
    single(6.97e-5, NULL, "0.0000697"); /* written out: powers of ten are for programs */
    single(3.1e-16, NULL, "<1e-9");     /* what rounding leaves */
    single(-3.1e-16, NULL, "<1e-9");
    single(2e18, NULL, "2.00e18");
    single(NAN, NULL, "\xE2\x80\x93");
    single(INFINITY, NULL, "infinite");
}

static void shares_are_percent_and_p_values_have_a_floor(void **state)
{
    (void)state;
    single(0.2212, "bad_rate", "22.1%");
    single(0.0117, "share", "1.17%");
    single(1, "share", "100.0%");
    single(17, "rate", "17"); /* no share of one */
    single(0.05, "learning_rate", "0.0500");
    single(0.00004, "p_value", "<0.0001");
    single(0.041, "p_value", "0.0410");
}

static void an_estimate_is_zero_only_where_it_is(void **state)
{
    (void)state;
    const double column[] = { -3.211, 0.29, -0.000011, 0.0 };
    vouch__number_format format = vouch__format_for(vouch__style_of("estimate"), 4, column);
    shows(column[1], format, "0.290");
    shows(column[2], format, "-0.0000110");
    shows(column[3], format, "0.000");
    shows(column[2], vouch__format_for(VOUCH__STYLE_PLAIN, 4, column), "0.000");
}

static void bounds_are_of_the_kind_that_stands_before_them(void **state)
{
    (void)state;
    const char *kind = NULL;
    assert_int_equal(vouch__column_style("low", &kind), VOUCH__STYLE_PLAIN);
    assert_int_equal(vouch__column_style("estimate", &kind), VOUCH__STYLE_ESTIMATE);
    assert_int_equal(vouch__column_style("standard_error", &kind), VOUCH__STYLE_ESTIMATE);
    assert_int_equal(vouch__column_style("z", &kind), VOUCH__STYLE_PLAIN);
    assert_int_equal(vouch__column_style("p_value", &kind), VOUCH__STYLE_P_VALUE);
    assert_int_equal(vouch__column_style("low", &kind), VOUCH__STYLE_ESTIMATE);
    assert_int_equal(vouch__column_style("bad_rate", &kind), VOUCH__STYLE_PERCENT);
    assert_int_equal(vouch__column_style("high", &kind), VOUCH__STYLE_PERCENT);
    assert_int_equal(vouch__column_style("gap", &kind), VOUCH__STYLE_PERCENT); /* of rates */
    assert_int_equal(vouch__column_style("auc", &kind), VOUCH__STYLE_PLAIN);
    assert_int_equal(vouch__column_style("difference", &kind), VOUCH__STYLE_PLAIN);
}

static void what_people_set_has_no_zeros_at_its_end(void **state)
{
    (void)state;
    exact(0.02, NULL, "0.02");
    exact(0.1, "share", "10%");
    exact(600, NULL, "600");
    exact(1.0 / 3.0, NULL, "0.3333");
}

static void a_column_lines_up(void **state)
{
    (void)state;
    const double v[] = { 123.456, 0.5, NAN, -2 };
    vouch__number_format format = vouch__format_for(VOUCH__STYLE_PLAIN, 4, v);
    shows(v[0], format, "123.5");
    shows(v[1], format, "0.5");
    shows(v[3], format, "-2.0");
    const double tiny[] = { 0.4, -0.00001 };
    shows(tiny[1], vouch__format_for(VOUCH__STYLE_PLAIN, 2, tiny), "0.0000"); /* a rounded zero has no sign */
}

static void decades_are_exact_at_powers_of_ten(void **state)
{
    (void)state;
    for (int e = -22; e <= 22; e++) {
        double power = vouch__power_of_ten(e);
        assert_int_equal(vouch__decade(power), e);
        assert_int_equal(vouch__decade(nextafter(power, 0)), e - 1);
    }
    assert_int_equal(vouch__decade(5e-324), -307); /* the lowest it tells */
    assert_int_equal(vouch__decade(1.7e308), 308);
}

static void names_become_words(void **state)
{
    (void)state;
    static const char *const pair[][2] = { { "bad_rate", "Bad rate" },
                                           { "auc_low", "AUC low" },
                                           { "p_value", "p-value" },
                                           { "n", "Cases" },
                                           { "group_n", "Group cases" },
                                           { "hard_cutoff", "Hard cut-off" },
                                           { "test_auc", "Test AUC" },
                                           { "2023_Q1", "2023 Q1" },
                                           { "fuzzy_x1.5", "Fuzzy x1.5" },
                                           { "p_adjusted", "Adjusted p" },
                                           { "", "" },
                                           { "PAY_0", "PAY_0" }, /* a column's own name */
                                           { "fairness.air", "fairness.air" },
                                           { "cooks_distance", "Cook\xE2\x80\x99s distance" },
                                           { "<b>", "&lt;b&gt;" } };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        vouch__buf buf;
        vouch__buf_init(ctx, &buf, 0);
        vouch__html_label(&buf, pair[i][0]);
        assert_string_equal(buf.at ? buf.at : "", pair[i][1]);
        vouch__buf_free(&buf);
    }
}

static void what_rounding_leaves_is_told_in_html_too(void **state)
{
    (void)state;
    static const double value[] = { 3.1e-16, -3.1e-16, 0.00001 };
    static const char *const unit[] = { NULL, NULL, "p_value" }, *const want[] = { "&lt;1e-9", "&lt;1e-9",
                                                                                   "&lt;0.0001" };
    for (size_t i = 0; i < 3; i++) {
        vouch__buf buf;
        vouch__buf_init(ctx, &buf, 0);
        vouch__html_single(&buf, value[i], unit[i]);
        assert_string_equal(buf.at, want[i]);
        vouch__buf_free(&buf);
    }
}

static void escaped(const char *text, size_t len, const char *want)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__html_bytes(&buf, text, len);
    assert_string_equal(buf.at ? buf.at : "", want);
    vouch__buf_free(&buf);
}

static void markup_of_the_evidence_is_text(void **state)
{
    (void)state;
    escaped("<script>\"a\" & 'b'", 17, "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
    escaped("gr\xC3\xB6\xC3\x9F"
            "er",
            8,
            "gr\xC3\xB6\xC3\x9F"
            "er");
    escaped("a\0b\x1B", 4,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
    escaped("\xC0\xAF\xED\xA0\x80", 5, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    escaped("\xE2\x80\xAE", 3, "\xEF\xBF\xBD"); /* right-to-left override */
    escaped("\xE2\x82", 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void a_css_string_cannot_be_left(void **state)
{
    (void)state;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__css_text(&buf, "a\"}</style>\\");
    assert_string_equal(buf.at, "\"a\\000022\\00007d\\00003c\\00002fstyle\\00003e\\00005c\"");
    vouch__buf_free(&buf);
}

/* What every text must come out as: no sign of markup, and plain ASCII unchanged. */
static void escaping_properties(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        char text[40];
        size_t len = seeded_below(sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = (char)seeded_below(256);
        vouch__buf buf, again;
        vouch__buf_init(ctx, &buf, 0);
        vouch__buf_init(ctx, &again, 0);
        vouch__html_bytes(&buf, text, len);
        assert_true(!buf.len || vouch__utf8_valid(buf.at, buf.len));
        assert_true(!buf.len || strcspn(buf.at, "<>\"'\x01\x7F") == buf.len);
        vouch__plain_bytes(&again, text, len);
        for (size_t i = 0; i < again.len; i++)
            assert_true((unsigned char)again.at[i] >= 0x20);
        vouch__buf_free(&buf);
        vouch__buf_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_number_has_four_digits),
        cmocka_unit_test(shares_are_percent_and_p_values_have_a_floor),
        cmocka_unit_test(an_estimate_is_zero_only_where_it_is),
        cmocka_unit_test(bounds_are_of_the_kind_that_stands_before_them),
        cmocka_unit_test(what_people_set_has_no_zeros_at_its_end),
        cmocka_unit_test(a_column_lines_up),
        cmocka_unit_test(decades_are_exact_at_powers_of_ten),
        cmocka_unit_test(names_become_words),
        cmocka_unit_test(what_rounding_leaves_is_told_in_html_too),
        cmocka_unit_test(markup_of_the_evidence_is_text),
        cmocka_unit_test(a_css_string_cannot_be_left),
        cmocka_unit_test(escaping_properties),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
