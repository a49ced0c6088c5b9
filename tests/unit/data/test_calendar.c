/* Days and dates: known ones, and there and back over eight centuries. */
#include "check.h"

#include "data/calendar.h"

static void known_days_have_their_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t year;
        int month, day;
        int64_t number;
        const char *text;
    } known[] = {
        { 1970, 1, 1, 0, "1970-01-01" },         { 1969, 12, 31, -1, "1969-12-31" },
        { 2000, 2, 29, 11016, "2000-02-29" },    { 2021, 1, 1, 18628, "2021-01-01" },
        { 1900, 3, 1, -25508, "1900-03-01" },    { 9999, 12, 31, 2932896, "9999-12-31" },
        { 1582, 10, 15, -141427, "1582-10-15" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        vouch__buf text;
        vouch__buf_init(ctx, &text, 0);
        vouch__day_text(&text, known[i].number);
        assert_string_equal(text.at, known[i].text);
        assert_int_equal(vouch__day_from_civil(known[i].year, known[i].month, known[i].day), known[i].number);
        vouch__buf_free(&text);
    }
    vouch_ctx_free(ctx);
}

static void every_day_comes_back_and_follows_the_one_before(void **state)
{
    (void)state;
    int64_t year, last_year = 0;
    int month, day, last_day = 0;
    for (int64_t n = -150000; n < 150000; n++) {
        vouch__civil_from_day(n, &year, &month, &day);
        assert_int_equal(vouch__day_from_civil(year, month, day), n);
        assert_true(n == -150000 || day == last_day + 1 || day == 1);
        assert_true(n == -150000 || year == last_year || (year == last_year + 1 && month == 1 && day == 1));
        last_year = year;
        last_day = day;
    }
}

static void times_before_1970_round_down(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__time_text(&text, -1);
    vouch__buf_text(&text, " ");
    vouch__time_text(&text, -VOUCH__DAY_US);
    assert_string_equal(text.at, "1969-12-31T23:59:59.999999Z 1969-12-31T00:00:00Z");
    vouch__buf_free(&text);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_days_have_their_dates),
        cmocka_unit_test(every_day_comes_back_and_follows_the_one_before),
        cmocka_unit_test(times_before_1970_round_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
