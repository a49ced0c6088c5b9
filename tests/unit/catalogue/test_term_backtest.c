/* Backtests of PD term structures: open cohorts and copies of rows change nothing, and what is misspelt is
 * named. */
#include "one_ctx.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 120, JANUARY_2018 = 17532 };

static const char usual[] = "{'pd':{'12':'one','24':'two'},'default':'bad','obligor':'who','as_of':202012}";

/* Yearly cohorts from 2018, of 40 obligors each; every fifth defaults after 300, 600 or 900 days. Each row
 * `times` times; only the first `cohorts`. */
static vouch__sample book(size_t cohorts, int times)
{
    static char text[32][8 * ROWS * 64];
    static size_t ring;
    char *at = text[ring++ % 32], part[5][8 * ROWS * 8] = { "" };
    size_t len[5] = { 0 };
    for (size_t i = 0; i < 40 * cohorts; i++)
        for (int t = 0; t < times; t++) {
            size_t year = i / 40;
            double date = JANUARY_2018 + 365.0 * (double)year + (double)(i % 40);
            char bad[32] = "null";
            if (i % 5 == 0)
                (void)snprintf(bad, sizeof bad, "%.0f", date + 300.0 * (double)(1 + i / 5 % 3));
            const char *comma = len[0] ? "," : "";
            len[0] += (size_t)snprintf(part[0] + len[0], sizeof part[0] - len[0], "%s%.0f", comma, date);
            len[1] += (size_t)snprintf(part[1] + len[1], sizeof part[1] - len[1], "%s%s", comma, bad);
            len[2] += (size_t)snprintf(part[2] + len[2], sizeof part[2] - len[2], "%s%zu", comma, i);
            len[3] += (size_t)snprintf(part[3] + len[3], sizeof part[3] - len[3], "%s0.05", comma);
            len[4] += (size_t)snprintf(part[4] + len[4], sizeof part[4] - len[4], "%s0.1", comma);
        }
    (void)snprintf(
        at, sizeof text[0],
        "{'date':[%s],'columns':{'bad':[%s],'who':[%s],'one':[%s],'two':[%s]},'dates':['bad'],'features':[]}",
        part[0], part[1], part[2], part[3], part[4]);
    return trial_read(at);
}

static vouch_status put(vouch_ctx *mine, const vouch__sample *s, const char *params, vouch__evidence *list)
{
    char text[256];
    size_t n = strlen(params);
    vouch__doc *doc = NULL;
    for (size_t i = 0; i <= n; i++)
        text[i] = (char)(params[i] == '\'' ? '"' : params[i]);
    vouch_status status = vouch__evidence_new(mine, NULL, list);
    if (!status)
        status = vouch__json_read(mine, "params", text, n, 0, &doc);
    if (!status)
        status = trial_run(mine, vouch_test_find("irb.pd_backtest"), s, NULL, vouch__doc_root(doc), list);
    vouch__doc_free(doc);
    return status;
}

static double figure(const vouch__sample *s, const char *params, const char *path)
{
    vouch__evidence list = { .doc = NULL };
    assert_ok(ctx, put(ctx, s, params, &list));
    double out = vouch__json_double(golden_at(list.entries, path), (double)NAN);
    vouch__evidence_free(&list);
    return out;
}

static void counts_are_of_matured_cohorts(void **state)
{
    (void)state;
    vouch__sample s = book(3, 1);
    assert_close(figure(&s, usual, "0.tables.horizons.rows.0.2"), 80, 0); /* 2018 and 2019 at a year */
    assert_close(figure(&s, usual, "0.tables.horizons.rows.0.3"), 40, 0);
    assert_close(figure(&s, usual, "0.tables.horizons.rows.1.2"), 40, 0); /* 2018 at two */
    assert_close(figure(&s, usual, "0.tables.horizons.rows.1.5"), 6,
                 0); /* after 300 and 600 days, of its eight */
}

/* A cohort that is too young says nothing of survival; a case said twice is one case. */
static void open_cohorts_and_copies_change_nothing(void **state)
{
    (void)state;
    vouch__sample all = book(3, 1), fewer = book(2, 1), twice = book(3, 2);
    double p = figure(&all, usual, "0.p_value");
    assert_true(p > 0.0 && p < 1.0);
    assert_close(figure(&fewer, usual, "0.p_value"), p, 0);
    assert_close(figure(&twice, usual, "0.tables.horizons.rows.0.11"), 2, 1e-12);
    assert_close(figure(&twice, usual, "0.p_value"), p, 1e-12);
    assert_close(figure(&twice, usual, "0.tables.horizons.rows.0.9"),
                 figure(&all, usual, "0.tables.horizons.rows.0.9"), 1e-12);
}

/* Where nobody leaves and every cohort is matured, both ways see the same defaults and the same rates. */
static void nobody_left_is_nobody_censored(void **state)
{
    (void)state;
    static const char censored[] =
        "{'pd':{'12':'one','24':'two'},'default':'bad','obligor':'who','as_of':202312,'leavers':'censored'}";
    static const char stay[] =
        "{'pd':{'12':'one','24':'two'},'default':'bad','obligor':'who','as_of':202312}";
    vouch__sample s = book(3, 1);
    for (int row = 0; row < 2; row++)
        for (int column = 5; column <= 8; column += 3) {
            char path[64];
            (void)snprintf(path, sizeof path, "0.tables.horizons.rows.%d.%d", row, column);
            assert_close(figure(&s, censored, path), figure(&s, stay, path), 1e-12);
        }
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *params, *verdict, *words;
    } wrong[] = {
        { "{'pd':{'12':'one'}}", "not-applicable", "default" },
        { "{'pd':{'12':'won'},'default':'bad'}", "refused", "'won'" },
        { "{'pd':{'24':'two','12':'one'},'default':'bad'}", "refused", "rising" },
        { "{'pd':{'12':'two','24':'one'},'default':'bad'}", "refused", "falls" },
        { "{'pd':{'12':'one'},'default':'who'}", "refused", "must be dates" },
        { "{'pd':{'12':'one'},'default':'bad','as_of':201801}", "refused", "old enough" },
    };
    vouch__sample s = book(3, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vouch__evidence list = { .doc = NULL };
        assert_ok(ctx, put(ctx, &s, wrong[i].params, &list));
        assert_string_equal(golden_text(list.entries, "0.verdict"), wrong[i].verdict);
        assert_non_null(strstr(golden_text(list.entries, "0.note"), wrong[i].words));
        vouch__evidence_free(&list);
    }
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    vouch__evidence list = { .doc = NULL };
    vouch_status status = put(mine, arg, usual, &list);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    vouch__sample s = book(2, 2);
    sweep_allocations(once, &s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_of_matured_cohorts),
        cmocka_unit_test(open_cohorts_and_copies_change_nothing),
        cmocka_unit_test(nobody_left_is_nobody_censored),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
