/* The checks find what is planted, name it, and stay quiet on clean data. */
#include "check.h"
#include "loans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char policy_text[] = "name: test\nversion: \"1\"\nlimits:\n"
                                  "  data.missing: {direction: above, advisory: 0.5, fail: 0.95}\n"
                                  "  data.constant: {direction: above, advisory: 0}\n"
                                  "  data.duplicate_rows: {direction: above, advisory: 0.01, fail: 0.1}\n"
                                  "  data.conflicting_labels: {direction: above, advisory: 0.02, fail: 0.2}\n"
                                  "  data.high_cardinality: {direction: above, advisory: 100}\n"
                                  "  data.class_balance: {direction: below, advisory: 0.01, fail: 0.001}\n"
                                  "  data.overlap: {direction: above, advisory: 0.01, fail: 0.1}\n"
                                  "  data.unseen: {direction: above, advisory: 0.01, fail: 0.1}\n"
                                  "  data.identifier: {direction: above, advisory: 0, fail: 0}\n"
                                  "  data.single_auc: {direction: above, advisory: 0.85, fail: 0.95}\n"
                                  "  data.available_at: {direction: above, advisory: 0, fail: 0}\n";

typedef struct bench { /* what a check needs, made and freed together */
    vouch_ctx *ctx;
    vouch__policy *policy;
    vouch__evidence list;
} bench;

static bench open_bench(void)
{
    bench b = { .ctx = vouch_ctx_new(NULL) };
    assert_ok(b.ctx, vouch__policy_read(b.ctx, "test", policy_text, sizeof policy_text - 1, &b.policy));
    assert_ok(b.ctx, vouch__evidence_new(b.ctx, b.policy, &b.list));
    return b;
}

static void close_bench(bench *b)
{
    vouch__evidence_free(&b->list);
    vouch__policy_free(b->policy);
    vouch_ctx_free(b->ctx);
}

static const vouch__json *entry(const bench *b, const char *id)
{
    const vouch__json *found = NULL;
    for (const vouch__json *e = b->list.entries->first; e; e = e->next)
        if (!strcmp(vouch__json_string(vouch__json_get(e, "id")), id))
            found = e; /* the latest */
    if (!found)
        fail_msg("there is no entry %s", id);
    return found;
}

static double value(const bench *b, const char *id)
{
    return vouch__json_double(vouch__json_get(entry(b, id), "value"), NAN);
}

static const char *verdict(const bench *b, const char *id)
{
    return vouch__json_string(vouch__json_get(entry(b, id), "verdict"));
}

static const vouch__json *cell(const bench *b, const char *id, const char *table, size_t row, size_t col)
{
    const vouch__json *t = vouch__json_get(vouch__json_get(entry(b, id), "tables"), table);
    return vouch__json_at(vouch__json_at(vouch__json_get(t, "rows"), row), col);
}

enum { SMALL = 12 };
/* id, amount, grade (text), flag, y: twelve rows small enough to count by eye. */
static vouch_table *small(vouch_ctx *ctx)
{
    const char *name[] = { "id", "amount", "grade", "flag", "y", "same" };
    const vouch_type type[] = { VOUCH_INTEGER, VOUCH_NUMBER,  VOUCH_TEXT,
                                VOUCH_FLAG,    VOUCH_INTEGER, VOUCH_NUMBER };
    const double id[] = { 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 };
    const double amount[] = { 1.5, NAN, -9, 40, 1.5, 2, 3, 4, 5, NAN, 2, 7 };
    const double flag[] = { 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1 };
    const double y[] = { 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0 };
    const double same[] = { 3, 3, 3, NAN, 3, 3, 3, 3, 3, 3, 3, 3 };
    const char *grade[] = { "A", "B", "A", "C", "A", "B", "D", "A", "B", "B", "B", NULL };
    const double *columns[] = { id, amount, NULL, flag, y, same };
    const char *const *text[] = { NULL, NULL, grade, NULL, NULL, NULL };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 6, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, SMALL, columns, text));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

static const size_t small_feature[] = { 1, 2, 3, 5 };

static vouch__data_spec small_spec(const vouch__column_rule *rule, size_t n_rules)
{
    return (vouch__data_spec){ .rule = rule,
                               .n_rules = n_rules,
                               .feature = small_feature,
                               .n_features = 4,
                               .id = 0,
                               .target = 4,
                               .time = SIZE_MAX,
                               .bad = 1 };
}

#define RULE(...)                                                                                            \
    (vouch__column_rule) { .min = NAN, .max = NAN, __VA_ARGS__ }

static void a_broken_promise_is_named_with_rows_id_and_value(void **state)
{
    (void)state;
    static const double special[] = { -9 };
    static const char *const grades[] = { "A", "B", "C" }, *const flags[] = { "true" },
                             *const same[] = { "3" };
    const struct {
        vouch__column_rule rule;
        const char *words; /* NULL: kept */
    } cases[] = {
        { RULE(.name = "amount", .min = 0, .max = 30),
          "'amount' breaks its range in 2 rows, first at id 12: value is -9, must be 0 to 30" },
        { RULE(.name = "amount", .min = 0, .max = 30, .special = special, .n_special = 1),
          "'amount' breaks its range in 1 row, first at id 13: value is 40" },
        { RULE(.name = "amount", .min = -9), NULL },
        { RULE(.name = "amount", .max = 39), "must be at most 39" },
        { RULE(.name = "amount", .required = true),
          "'amount' breaks its required in 2 rows, first at id 11: value is missing, must be present" },
        { RULE(.name = "id", .required = true), NULL },
        { RULE(.name = "grade", .allowed = grades, .n_allowed = 3),
          "'grade' breaks its allowed in 1 row, first at id 16: value is D, must be one of A, B, C" },
        { RULE(.name = "flag", .allowed = flags, .n_allowed = 1),
          "in 5 rows, first at id 10: value is false" },
        { RULE(.name = "same", .allowed = same, .n_allowed = 1), NULL },
        { RULE(.name = "grade", .has_type = true, .type = VOUCH_NUMBER),
          "column 'grade' is text, must be number" },
        { RULE(.name = "amount", .has_type = true, .type = VOUCH_INTEGER),
          "'amount' breaks its type in 2 rows, first at id 10: value is 1.5, must be integer" },
        { RULE(.name = "same", .has_type = true, .type = VOUCH_INTEGER), NULL },
        { RULE(.name = "id", .has_type = true, .type = VOUCH_NUMBER), NULL },
        { RULE(.name = "Amount"),
          "column 'Amount' is not in the data, must be a column of the data, as 'amount' is" },
        { RULE(.name = "amount", .available_at = "grade"), "must be a date or time column" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b = open_bench();
        vouch_table *table = small(b.ctx);
        vouch__data_spec spec = small_spec(&cases[i].rule, 1);
        vouch_status status = vouch__check_contract(b.ctx, table, &spec, &b.list);
        assert_status(b.ctx, status, cases[i].words ? VOUCH_E_CONTROL : VOUCH_OK);
        assert_string_equal(verdict(&b, "data.contract"), cases[i].words ? "fail" : "pass");
        if (cases[i].words)
            assert_error_has(b.ctx, cases[i].words);
        vouch_table_unref(table);
        close_bench(&b);
    }
}

static void every_breach_is_in_the_evidence(void **state)
{
    (void)state;
    const vouch__column_rule rules[] = { RULE(.name = "amount", .required = true, .max = 30),
                                         RULE(.name = "none") };
    bench b = open_bench();
    vouch_table *table = small(b.ctx);
    vouch__data_spec spec = small_spec(rules, 2);
    assert_status(b.ctx, vouch__check_contract(b.ctx, table, &spec, &b.list), VOUCH_E_CONTROL);
    assert_error_has(b.ctx, "2 more promises are broken");
    assert_close(value(&b, "data.contract"), 3, 0);
    assert_string_equal(vouch__json_string(cell(&b, "data.contract", "breaches", 1, 1)), "range");
    assert_string_equal(vouch__json_string(cell(&b, "data.contract", "breaches", 2, 0)), "none");
    vouch_table_unref(table);
    close_bench(&b);
}

static void what_is_missing_by_design_is_shown_and_not_judged(void **state)
{
    (void)state;
    const vouch__column_rule rule = RULE(.name = "amount", .missing_expected = true);
    bench b = open_bench();
    vouch_table *table = small(b.ctx);
    vouch__data_spec spec = small_spec(&rule, 1);
    assert_ok(b.ctx, vouch__check_quality(b.ctx, table, &spec, &b.list));
    assert_true(value(&b, "data.missing") < 2.0 / 12);
    assert_close(vouch__json_double(cell(&b, "data.missing", "columns", 0, 2), NAN), 2.0 / 12, 1e-15);
    assert_string_equal(vouch__json_string(cell(&b, "data.missing", "columns", 0, 5)), "missing is expected");
    vouch_table_unref(table);
    close_bench(&b);
}

static void quality_counts_what_can_be_counted_by_eye(void **state)
{
    (void)state;
    static const double special[] = { -9 };
    const vouch__column_rule rule = RULE(.name = "amount", .special = special, .n_special = 1);
    bench b = open_bench();
    vouch_table *table = small(b.ctx);
    vouch__data_spec spec = small_spec(&rule, 1);
    assert_ok(b.ctx, vouch__check_quality(b.ctx, table, &spec, &b.list));
    assert_close(value(&b, "data.missing"), 2.0 / 12, 1e-15);
    assert_close(vouch__json_double(cell(&b, "data.missing", "columns", 0, 3), NAN), 0, 0);
    assert_close(vouch__json_double(cell(&b, "data.missing", "columns", 0, 4), NAN), 0.3, 1e-15);
    assert_close(value(&b, "data.constant"), 1, 0);
    assert_string_equal(vouch__json_string(cell(&b, "data.constant", "columns", 0, 0)), "same");
    assert_close(value(&b, "data.duplicate_rows"), 1.0 / 12, 1e-15); /* 20 repeats 15 in all but the id */
    assert_string_equal(vouch__json_string(cell(&b, "data.duplicate_rows", "first", 0, 0)), "20");
    assert_close(value(&b, "data.conflicting_labels"), 2.0 / 12, 1e-15); /* 10 and 14 */
    assert_close(value(&b, "data.high_cardinality"), 4, 0);
    assert_close(value(&b, "data.class_balance"), 0.25, 1e-15);
    assert_close(vouch__json_double(cell(&b, "data.special", "codes", 0, 2), NAN), 1, 0);
    assert_close(vouch__json_double(cell(&b, "data.special", "codes", 0, 4), NAN), 1, 0);
    /* profile of amount: -9 1.5 1.5 2 2 3 4 5 7 40 */
    const double want[] = { 2, 8, -9, 1.625, 2.5, 4.75, 40 };
    for (size_t k = 0; k < 7; k++)
        assert_close(vouch__json_double(cell(&b, "data.profile", "columns", 1, 2 + k), NAN), want[k], 1e-14);
    assert_close(vouch__json_double(cell(&b, "data.profile", "columns", 1, 9), NAN), 5.7, 1e-14);
    assert_string_equal(vouch__json_string(cell(&b, "data.profile", "columns", 1, 11)), "1.5");
    vouch_table_unref(table);
    close_bench(&b);
}

typedef struct finding {
    bool single, available;
    double auc;
} finding;

static finding look(size_t rows, uint64_t seed, const char *fault)
{
    bench b = open_bench();
    vouch_table *table = simulated_loans(b.ctx, rows, seed, fault);
    assert_non_null(table);
    vouch__data_spec spec = simulated_spec(table, seed);
    const vouch__split_rule rule = { .by = VOUCH__SPLIT_RANDOM,
                                     .test = 0.3,
                                     .tune = 0.2,
                                     .seed = seed,
                                     .id = spec.id,
                                     .target = spec.target,
                                     .group = SIZE_MAX,
                                     .time = spec.time };
    vouch__split split;
    assert_ok(b.ctx, vouch__split_make(b.ctx, table, &rule, &split));
    assert_ok(b.ctx, vouch__check_contract(b.ctx, table, &spec, &b.list));
    assert_ok(b.ctx, vouch__check_leakage(b.ctx, table, &spec, &split, &b.list));
    assert_string_equal(verdict(&b, "data.identifier"), "pass");
    assert_string_equal(verdict(&b, "data.overlap"), "pass");
    assert_string_equal(verdict(&b, "data.unseen"), "pass");
    finding f = { .single = strcmp(verdict(&b, "data.single_auc"), "pass") != 0,
                  .available = strcmp(verdict(&b, "data.available_at"), "pass") != 0,
                  .auc = value(&b, "data.single_auc") };
    if (f.single)
        assert_string_equal(vouch__json_string(cell(&b, "data.single_auc", "inputs", 0, 0)), "service_calls");
    vouch__split_clear(&split);
    vouch_table_unref(table);
    close_bench(&b);
    return f;
}

static void a_planted_leak_is_found_and_clean_loans_are_quiet(void **state)
{
    (void)state;
    size_t seeds = getenv("VOUCH_ALL_SEEDS") ? 200 : 20, found = 0, false_alarms = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        finding clean = look(3000, seed, "none"), leak = look(3000, seed, "leak");
        found += leak.single && leak.available;
        false_alarms += clean.single || clean.available;
        assert_true(clean.auc < 0.8 && leak.auc > 0.95);
    }
    print_message("leaks found %zu, false alarms %zu, of %zu seeds\n", found, false_alarms, seeds);
    assert_int_equal(found, seeds);
    assert_int_equal(false_alarms, 0);
}

static void a_column_that_numbers_the_rows_is_named(void **state)
{
    (void)state;
    bench b = open_bench();
    vouch_table *table = simulated_loans(b.ctx, 2000, 1, "none");
    vouch__data_spec spec = simulated_spec(table, 1);
    const size_t feature[] = { spec.id, spec.feature[0], spec.feature[3] };
    const vouch__split_rule rule = { .by = VOUCH__SPLIT_RANDOM,
                                     .test = 0.3,
                                     .tune = 0.2,
                                     .seed = 1,
                                     .id = spec.id,
                                     .target = spec.target,
                                     .group = SIZE_MAX,
                                     .time = spec.time };
    vouch__split split;
    spec.feature = feature;
    spec.n_features = 3;
    assert_ok(b.ctx, vouch__split_make(b.ctx, table, &rule, &split));
    assert_ok(b.ctx, vouch__check_leakage(b.ctx, table, &spec, &split, &b.list));
    assert_close(value(&b, "data.identifier"), 1, 0);
    assert_string_equal(verdict(&b, "data.identifier"), "fail");
    assert_string_equal(vouch__json_string(cell(&b, "data.identifier", "columns", 0, 0)), "id");
    vouch__split_clear(&split);
    vouch_table_unref(table);
    close_bench(&b);
}

static void rows_on_both_sides_and_new_categories_are_counted(void **state)
{
    (void)state;
    bench b = open_bench();
    vouch_table *table = small(b.ctx);
    vouch__data_spec spec = small_spec(NULL, 0);
    uint32_t train[] = { 0, 1, 5, 8, 9 },
             test[] = { 3, 4, 10 }; /* 4 has 0's inputs, 10 has 5's; 3 is the only C */
    const vouch__split split = { .n = { 5, 0, 3, 0 }, .row = { train, NULL, test, NULL } };
    assert_ok(b.ctx, vouch__check_leakage(b.ctx, table, &spec, &split, &b.list));
    assert_close(value(&b, "data.overlap"), 2.0 / 3, 1e-15);
    assert_close(value(&b, "data.unseen"), 1.0 / 3, 1e-15);
    assert_string_equal(verdict(&b, "data.overlap"), "fail");
    assert_string_equal(verdict(&b, "data.single_auc"), "refused");
    assert_string_equal(verdict(&b, "data.available_at"), "not-applicable");
    assert_string_equal(verdict(&b, "data.identifier"), "not-applicable");
    vouch_table_unref(table);
    close_bench(&b);
}

static vouch_status check_all(vouch_ctx *ctx, void *arg)
{
    const vouch_table *table = arg;
    vouch__evidence list;
    vouch__split split = { .n = { 0 } };
    vouch__data_spec spec = simulated_spec(table, 1);
    const vouch__split_rule rule = { .by = VOUCH__SPLIT_RANDOM,
                                     .test = 0.3,
                                     .tune = 0.2,
                                     .seed = 1,
                                     .id = spec.id,
                                     .target = spec.target,
                                     .group = SIZE_MAX,
                                     .time = spec.time };
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (status)
        return status;
    status = vouch__split_make(ctx, table, &rule, &split);
    if (!status)
        status = vouch__check_contract(ctx, table, &spec, &list);
    if (!status)
        status = vouch__check_quality(ctx, table, &spec, &list);
    if (!status)
        status = vouch__check_leakage(ctx, table, &spec, &split, &list);
    if (split.alloc.resize)
        vouch__split_clear(&split);
    vouch__evidence_free(&list);
    return status;
}

static void checking_survives_every_allocation_failure(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated_loans(ctx, 400, 1, "leak");
    sweep_allocations(check_all, table, 0);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_promise_is_named_with_rows_id_and_value),
        cmocka_unit_test(every_breach_is_in_the_evidence),
        cmocka_unit_test(what_is_missing_by_design_is_shown_and_not_judged),
        cmocka_unit_test(quality_counts_what_can_be_counted_by_eye),
        cmocka_unit_test(a_planted_leak_is_found_and_clean_loans_are_quiet),
        cmocka_unit_test(a_column_that_numbers_the_rows_is_named),
        cmocka_unit_test(rows_on_both_sides_and_new_categories_are_counted),
        cmocka_unit_test(checking_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
