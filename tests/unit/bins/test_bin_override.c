/* What people decide on bins: read with every mistake named, and judged beside the automatic bins. */
#include "check.h"

#include "bins/bin_override.h"
#include "data/table.h"
#include "vouch/bins.h"

#include <math.h>
#include <string.h>

enum { N = 600 };
static double x[N], bad[N];
static const char *word[N];
static const char *const words[] = { "a", "b", "c", "d" };

static vouch_table *make_table(vouch_ctx *ctx)
{
    static const char *const name[] = { "amount", "kind", "bad" };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_TEXT, VOUCH_INTEGER };
    const double *value[] = { x, NULL, bad };
    const char *const *text[] = { NULL, word, NULL };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    for (size_t i = 0; i < N; i++) {
        size_t k = seeded_below(4);
        x[i] = i % 20 == 7 ? NAN : floor(100 * seeded());
        word[i] = words[k];
        bad[i] = seeded() < 0.1 + 0.004 * (isnan(x[i]) ? 50 : x[i]) + 0.05 * (double)k;
    }
    assert_ok(ctx, vouch__table_builder_new(ctx, 3, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, N, value, text));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

static double information(double good, double n_bad, double all_good, double all_bad)
{
    double g = good / all_good, b = n_bad / all_bad;
    return g > 0 && b > 0 ? (g - b) * log(g / b) : 0;
}

static void a_decision_is_worth_what_counting_says(void **state)
{
    (void)state;
    static const char text[] = "overrides:\n"
                               "  - {column: amount, splits: [20, 70], by: Jane, reason: told so}\n"
                               "  - {column: kind, groups: [[b, c]], by: Jane, reason: alike}\n"
                               "  - {column: bad2, merge: [[1, 2]], by: Rui, reason: few}\n";
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make_table(ctx), *told = NULL;
    char two[sizeof text];
    double got[2], was[2], cost[2], good[2][3] = { 0 }, n_bad[2][3] = { 0 }, all_good = 0, all_bad = 0;
    memcpy(two, text, sizeof text);
    *strstr(two, "  - {column: bad2") = '\0';
    assert_status(ctx, vouch_bin_overrides(ctx, table, 2, SIZE_MAX, NULL, "d.yaml", text, &told),
                  VOUCH_E_FORMAT);
    assert_error_has(ctx, "d.yaml:4:5: the data have no such column to bin: 'bad2'");
    assert_ok(ctx, vouch_bin_overrides(ctx, table, 2, SIZE_MAX, NULL, "d.yaml", two, &told));
    vouch_table_read(told, 4, 0, 2, was);
    vouch_table_read(told, 6, 0, 2, got);
    vouch_table_read(told, 7, 0, 2, cost);
    for (size_t i = 0; i < N; i++) {
        size_t by_x = x[i] <= 20   ? 0
                      : x[i] <= 70 ? 1
                                   : 2,
               by_word = word[i][0] == 'b' || word[i][0] == 'c' ? 0 : 1;
        (bad[i] > 0.5 ? &all_bad : &all_good)[0] += 1;
        if (!isnan(x[i]))
            (bad[i] > 0.5 ? n_bad : good)[0][by_x] += 1;
        (bad[i] > 0.5 ? n_bad : good)[1][by_word] += 1;
    }
    for (size_t d = 0; d < 2; d++) {
        double want = 0;
        for (size_t b = 0; b < 3; b++)
            want += information(good[d][b], n_bad[d][b], all_good, all_bad);
        assert_close(got[d], want, 1e-12);
        assert_close(cost[d], was[d] - want, 1e-12);
    }
    assert_string_equal(vouch_table_category(told, 5, 1), "up to 20 | 20 to 70 | above 70");
    vouch_table_unref(told);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void merged_automatic_bins_lose_what_they_told_apart(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make_table(ctx), *told = NULL;
    double was, now;
    const char *merge = "overrides: [{column: amount, merge: [[1, 2]], by: Jane, reason: alike}]";
    assert_ok(ctx, vouch_bin_overrides(ctx, table, 2, SIZE_MAX, NULL, "d", merge, &told));
    vouch_table_read(told, 4, 0, 1, &was);
    vouch_table_read(told, 6, 0, 1, &now);
    assert_true(now <= was + 1e-12 && now > 0);
    assert_non_null(strstr(vouch_table_category(told, 5, 0), " + "));
    vouch_table_unref(told);
    static const char *const wrong[][2] = {
        { "overrides: [{column: amount, merge: [[1, 3]], by: J, reason: r}]", "neighbours" },
        { "overrides: [{column: amount, merge: [[98, 99]], by: J, reason: r}]", "automatic bins only" },
        { "overrides: [{column: amount, groups: [[a]], by: J, reason: r}]", "give splits" },
        { "overrides: [{column: kind, splits: [1], by: J, reason: r}]", "give groups" },
        { "overrides: [{column: kind, groups: [[z]], by: J, reason: r}]", "no category 'z'" }
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_status(ctx, vouch_bin_overrides(ctx, table, 2, SIZE_MAX, NULL, "d.yaml", wrong[k][0], &told),
                      VOUCH_E_FORMAT);
        assert_error_has(ctx, wrong[k][1]);
        assert_error_has(ctx, "d.yaml:1:");
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_mistake_is_named_with_its_line(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "overrides:\n  - {column: a, splits: [2, 1], by: J, reason: r}",
          "f:2:29: splits must be finite numbers that ascend" },
        { "overrides:\n  - {column: a, by: J, reason: r}", "f:2:5: 'a' needs one of" },
        { "overrides:\n  - {column: a, splits: [1], merge: [[1, 2]], by: J, reason: r}", "needs one of" },
        { "overrides:\n  - {column: a, splits: [], by: J, reason: r}", "1 to 200" },
        { "overrides:\n  - {column: a, splits: [1], by: J}", "reason" },
        { "overrides:\n  - {column: a, splits: [1], by: J, reason: \"\"}", "for what reason" },
        { "overrides:\n  - {column: a, merge: [[2]], by: J, reason: r}", "lists of 2 or more" },
        { "overrides:\n  - {column: a, merge: [[1, 2], [2, 3]], by: J, reason: r}", "names it twice" },
        { "overrides:\n  - {column: a, merge: [[0, 1]], by: J, reason: r}", "from 1" },
        { "overrides:\n  - {column: a, groups: [[1]], by: J, reason: r}", "categories" },
        { "overrides:\n  - {column: a, splits: [1], by: J, reason: r}\n  - {column: a, splits: [2], by: J, "
          "reason: r}",
          "f:3:5: 'a' is decided twice, first in line 2" },
        { "overides: []", "did you mean 'overrides'" }
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        vouch__overrides o;
        assert_status(ctx, vouch__overrides_read(ctx, "f", wrong[k][0], strlen(wrong[k][0]), &o),
                      VOUCH_E_FORMAT);
        assert_error_has(ctx, wrong[k][1]);
    }
    vouch_ctx_free(ctx);
}

static vouch_status read_some(vouch_ctx *ctx, void *arg)
{
    static const char text[] = "overrides: [{column: a, splits: [1, 2], by: J, reason: r}]";
    vouch__overrides o;
    (void)arg;
    vouch_status status = vouch__overrides_read(ctx, "f", text, strlen(text), &o);
    if (!status)
        vouch__overrides_clear(&o);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(read_some, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_is_worth_what_counting_says),
        cmocka_unit_test(merged_automatic_bins_lose_what_they_told_apart),
        cmocka_unit_test(every_mistake_is_named_with_its_line),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
