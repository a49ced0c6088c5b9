/* Entries of one shape, keys that are unique, verdicts that only the policy gives. */
#include "one_ctx.h"

#include "evidence/evidence.h"

#include <string.h>

static const char policy_text[] = "name: mine\nversion: '3'\nlimits:\n"
                                  "  t.high: {direction: above, advisory: 0.1, fail: 0.25}\n"
                                  "  t.low: {direction: below, advisory: 0.9, fail: 0.8}\n"
                                  "  t.soft: {direction: above, advisory: 2}\n";

static const char *text_of(const vouch__json *node)
{
    static char text[4096];
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, sizeof text - 1);
    vouch__json_write(&buf, node);
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    memcpy(text, buf.at, buf.len + 1);
    vouch__buf_free(&buf);
    return text;
}

static void an_entry_has_what_was_given_and_nothing_else(void **state)
{
    (void)state;
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    vouch__json *entry = vouch__evidence_add(&list, &VOUCH__ENTRY(.id = "x.y", .section = "validate"));
    assert_string_equal(text_of(entry),
                        "{\"id\":\"x.y\",\"key\":\"x.y\",\"section\":\"validate\",\"verdict\":\"info\"}");
    entry = vouch__evidence_add(
        &list,
        &VOUCH__ENTRY(.id = "x.y", .section = "s", .title = "t", .purpose = "p", .method = "m",
                      .convention = "c", .source = "o", .model = "card", .part = "test", .subject = "AGE",
                      .unit = "share", .note = "n", .null_hypothesis = "none", .interval_method = "delong",
                      .n = 10, .n_bad = 3, .value = 0.5, .level = 0.95, .low = 0.25, .high = INFINITY,
                      .statistic = 1.5, .p_value = 0.125, .critical = 2, .verdict = VOUCH__PASS));
    assert_string_equal(
        text_of(entry),
        "{\"convention\":\"c\",\"critical\":2,\"id\":\"x.y\",\"interval\":{\"high\":\"Infinity\","
        "\"level\":0.95,\"low\":0.25,\"method\":\"delong\"},\"key\":\"x.y/card/test/AGE\",\"method\":"
        "\"m\",\"model\":\"card\",\"n\":10,\"n_bad\":3,\"note\":\"n\",\"null\":\"none\",\"p_value\":"
        "0.125,\"part\":\"test\",\"purpose\":\"p\",\"section\":\"s\",\"source\":\"o\",\"statistic\":1.5,"
        "\"subject\":\"AGE\",\"title\":\"t\",\"unit\":\"share\",\"value\":0.5,\"verdict\":\"pass\"}");
    assert_ok(ctx, vouch__doc_status(ctx, list.doc));
    vouch__evidence_free(&list);
}

static void keys_are_unique(void **state)
{
    (void)state;
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    static const char *const want[] = { "x.y/m", "x.y/m#2", "x.y/m#3", "x.y/m/p" };
    for (int i = 0; i < 4; i++) {
        vouch__json *entry = vouch__evidence_add(
            &list, &VOUCH__ENTRY(.id = "x.y", .section = "s", .model = "m", .part = i == 3 ? "p" : NULL));
        assert_string_equal(vouch__json_string(vouch__json_get(entry, "key")), want[i]);
    }
    vouch__evidence_free(&list);
}

static void tables_and_plots_have_the_shape_that_views_read(void **state)
{
    (void)state;
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    vouch__json *entry = vouch__evidence_add(&list, &VOUCH__ENTRY(.id = "x.y", .section = "s"));
    vouch__json *table = vouch__evidence_table(&list, entry, "curve", "name,fpr,tpr");
    vouch__json *row = vouch__evidence_row(&list, table);
    vouch__row_text(&list, row, "first");
    vouch__row_number(&list, row, 0.5);
    vouch__row_number(&list, row, NAN);
    (void)vouch__evidence_row(&list, table);
    (void)vouch__evidence_table(&list, entry, "empty", "a");
    vouch__evidence_plot(&list, entry, "line", "curve", "fpr", "tpr,name", "false", NULL);
    assert_string_equal(
        text_of(vouch__json_get(entry, "tables")),
        "{\"curve\":{\"columns\":[\"name\",\"fpr\",\"tpr\"],\"rows\":[[\"first\",0.5,null],[]]},"
        "\"empty\":{\"columns\":[\"a\"],\"rows\":[]}}");
    assert_string_equal(
        text_of(vouch__json_get(entry, "plot")),
        "{\"table\":\"curve\",\"type\":\"line\",\"x\":\"fpr\",\"x_label\":\"false\",\"y\":\"tpr,name\"}");
    vouch__evidence_free(&list);
}

static const char *verdict_of(vouch__evidence *list, const char *id, double value)
{
    vouch__json *entry = vouch__evidence_add(
        list, &VOUCH__ENTRY(.id = id, .section = "s", .value = value, .judged = true));
    return vouch__json_string(vouch__json_get(entry, "verdict"));
}

static void the_policy_judges_and_a_value_at_a_limit_is_within_it(void **state)
{
    (void)state;
    vouch__policy *policy;
    vouch__evidence list;
    assert_ok(ctx, vouch__policy_read(ctx, "p.yaml", policy_text, strlen(policy_text), &policy));
    assert_string_equal(vouch__policy_name(policy), "mine");
    assert_string_equal(vouch__policy_version(policy), "3");
    assert_ok(ctx, vouch__evidence_new(ctx, policy, &list));
    assert_string_equal(verdict_of(&list, "t.high", 0.1), "pass");
    assert_string_equal(verdict_of(&list, "t.none", 1e9), "info");
    assert_string_equal(verdict_of(&list, "t.high", NAN), "refused");
    assert_int_equal(list.worst, VOUCH__PASS);
    assert_string_equal(verdict_of(&list, "t.high", 0.11), "advisory");
    assert_string_equal(verdict_of(&list, "t.high", 0.25), "advisory");
    assert_int_equal(list.worst, VOUCH__ADVISORY);
    assert_string_equal(verdict_of(&list, "t.high", 0.2500001), "fail");
    assert_string_equal(verdict_of(&list, "t.high", INFINITY), "fail");
    assert_string_equal(verdict_of(&list, "t.low", 0.9), "pass");
    assert_string_equal(verdict_of(&list, "t.low", 0.8), "advisory");
    assert_string_equal(verdict_of(&list, "t.low", 0.79), "fail");
    assert_string_equal(verdict_of(&list, "t.soft", 1e300), "advisory");
    assert_int_equal(list.worst, VOUCH__FAIL);
    assert_string_equal(text_of(vouch__json_get(list.entries->last, "policy")),
                        "{\"advisory\":2,\"direction\":\"above\",\"name\":\"mine\",\"version\":\"3\"}");
    vouch__evidence_free(&list);
    vouch__policy_free(policy);
}

static vouch_status build(vouch_ctx *c, void *arg)
{
    vouch__policy *policy = NULL;
    vouch__evidence list = { .doc = NULL };
    (void)arg;
    vouch_status status = vouch__policy_read(c, "p", policy_text, strlen(policy_text), &policy);
    if (!status)
        status = vouch__evidence_new(c, policy, &list);
    for (int i = 0; i < 20 && !status; i++) {
        vouch__json *entry = vouch__evidence_add(
            &list,
            &VOUCH__ENTRY(.id = "t.low", .section = "s", .value = i, .low = 0, .high = 1, .judged = true));
        vouch__json *table = vouch__evidence_table(&list, entry, "t", "a,b");
        for (int k = 0; k < 5; k++)
            vouch__row_number(&list, vouch__evidence_row(&list, table), k);
        vouch__evidence_plot(&list, entry, "line", "t", "a", "b", "x", "y");
    }
    if (!status)
        status = vouch__doc_status(c, list.doc);
    vouch__evidence_free(&list);
    vouch__policy_free(policy);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(build, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_has_what_was_given_and_nothing_else),
        cmocka_unit_test(keys_are_unique),
        cmocka_unit_test(tables_and_plots_have_the_shape_that_views_read),
        cmocka_unit_test(the_policy_judges_and_a_value_at_a_limit_is_within_it),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
