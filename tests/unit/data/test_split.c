/* Splits: parts partition the rows, shares are kept in every class, and an id falls the same way whatever
 * else is in the table. */
#include "check.h"

#include "data/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns id, y, group, day; ids are first, first + step, ... */
static vouch_table *make(vouch_ctx *ctx, size_t n, size_t first, size_t step, double bad_rate)
{
    const char *name[] = { "id", "y", "group", "day" };
    const vouch_type type[] = { VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_TEXT, VOUCH_DATE };
    double *x[4];
    char(*word)[12] = malloc(n * sizeof *word);
    const char **text = malloc(n * sizeof *text);
    for (size_t j = 0; j < 4; j++)
        x[j] = malloc(n * sizeof **x);
    for (size_t i = 0; i < n; i++) {
        size_t id = first + i * step;
        x[0][i] = (double)id;
        x[1][i] = fmod((double)id * 0.618033988749895, 1) < bad_rate ? 1 : 0;
        (void)snprintf(word[i], sizeof *word, "g%zu", (id / 7) % 97);
        text[i] = word[i];
        x[3][i] = (double)(id / 50);
    }
    const double *value[] = { x[0], x[1], NULL, x[3] };
    const char *const *texts[] = { NULL, NULL, text, NULL };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 4, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, n, value, texts));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    for (size_t j = 0; j < 4; j++)
        free(x[j]);
    free(word);
    free(text);
    return table;
}

static vouch__split_rule rule(vouch__split_by by)
{
    return (vouch__split_rule){
        .by = by, .test = 0.3, .tune = 0.2, .seed = 7, .id = 0, .target = 1, .group = 2, .time = 3
    };
}

/* part[i] of every row; fails unless each row has exactly one. */
static uint8_t *parts(const vouch_table *table, const vouch__split *split)
{
    size_t n = vouch_table_rows(table), total = 0;
    uint8_t *part = malloc(n);
    memset(part, 99, n);
    for (int p = 0; p < VOUCH__PARTS; p++) {
        for (size_t i = 0; i < split->n[p]; i++) {
            assert_true(i == 0 || split->row[p][i] > split->row[p][i - 1]);
            assert_int_equal(part[split->row[p][i]], 99);
            part[split->row[p][i]] = (uint8_t)p;
        }
        total += split->n[p];
    }
    assert_int_equal(total, n);
    return part;
}

static void every_row_has_one_part_and_every_class_its_shares(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t n = 20; n < 20000; n = n * 3 + 1) {
        vouch_table *table = make(ctx, n, 1, 1, 0.25);
        vouch__split_rule r = rule(VOUCH__SPLIT_RANDOM);
        vouch__split split;
        assert_ok(ctx, vouch__split_make(ctx, table, &r, &split));
        uint8_t *part = parts(table, &split);
        double y, all[2] = { 0 }, in[2][VOUCH__PARTS] = { { 0 } };
        for (size_t i = 0; i < n; i++) {
            vouch_table_read(table, 1, i, i + 1, &y);
            all[(int)y]++;
            in[(int)y][part[i]]++;
        }
        for (int c = 0; c < 2; c++) {
            assert_true(fabs(in[c][VOUCH__TEST] - 0.3 * all[c]) <= 1);
            assert_true(fabs(in[c][VOUCH__TUNE] - 0.2 * all[c]) <= 1);
        }
        free(part);
        vouch__split_clear(&split);
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

/* Half of the rows gone: of those that stay, only the ones near a cut may change. */
static void other_rows_move_nothing_but_the_cuts(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *all = make(ctx, 20000, 0, 1, 0.25), *some = make(ctx, 10000, 0, 2, 0.25);
    vouch__split_rule r = rule(VOUCH__SPLIT_RANDOM);
    vouch__split a, b;
    assert_ok(ctx, vouch__split_make(ctx, all, &r, &a));
    assert_ok(ctx, vouch__split_make(ctx, some, &r, &b));
    uint8_t *in_all = parts(all, &a), *in_some = parts(some, &b);
    size_t moved = 0;
    for (size_t i = 0; i < 10000; i++)
        moved += in_all[2 * i] != in_some[i];
    assert_true(moved < 300);
    free(in_all);
    free(in_some);
    vouch__split_clear(&a);
    vouch__split_clear(&b);

    r.seed = 8; /* while another seed is another draw */
    assert_ok(ctx, vouch__split_make(ctx, all, &r, &b));
    r.seed = 7;
    assert_ok(ctx, vouch__split_make(ctx, all, &r, &a));
    in_all = parts(all, &a);
    in_some = parts(all, &b);
    moved = 0;
    for (size_t i = 0; i < 20000; i++)
        moved += in_all[i] != in_some[i];
    assert_true(moved > 10000);
    assert_string_not_equal(a.fingerprint[VOUCH__TEST], b.fingerprint[VOUCH__TEST]);
    free(in_all);
    free(in_some);
    vouch__split_clear(&a);
    vouch__split_clear(&b);
    vouch_table_unref(all);
    vouch_table_unref(some);
    vouch_ctx_free(ctx);
}

static void folds_partition_the_rows(void **state)
{
    (void)state;
    enum { N = 1003 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make(ctx, N, 1, 1, 0.3);
    int times[N] = { 0 };
    vouch__split_rule r = rule(VOUCH__SPLIT_RANDOM);
    r.folds = 10;
    r.tune = 0.15;
    for (r.fold = 0; r.fold < 10; r.fold++) {
        vouch__split split;
        assert_ok(ctx, vouch__split_make(ctx, table, &r, &split));
        uint8_t *part = parts(table, &split);
        for (size_t i = 0; i < N; i++)
            times[i] += part[i] == VOUCH__TEST;
        assert_true(fabs((double)split.n[VOUCH__TEST] - 100.3) <= 2);
        assert_true(fabs((double)split.n[VOUCH__TUNE] - 0.15 * N) <= 2);
        free(part);
        vouch__split_clear(&split);
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(times[i], 1);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void rows_of_a_group_stay_together(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make(ctx, 5000, 1, 1, 0.3);
    vouch__split_rule r = rule(VOUCH__SPLIT_GROUP);
    vouch__split split;
    for (int folds = 0; folds <= 5; folds += 5) {
        int of_group[97];
        r.folds = (size_t)folds;
        r.fold = 2;
        assert_ok(ctx, vouch__split_make(ctx, table, &r, &split));
        uint8_t *part = parts(table, &split);
        for (size_t g = 0; g < 97; g++)
            of_group[g] = -1;
        for (size_t i = 0; i < 5000; i++) {
            double g;
            vouch_table_read(table, 2, i, i + 1, &g);
            if (of_group[(int)g] < 0)
                of_group[(int)g] = part[i];
            assert_int_equal(of_group[(int)g], part[i]);
        }
        assert_true(fabs((double)split.n[VOUCH__TEST] - (folds ? 1000 : 1500)) < 60);
        assert_true(fabs((double)split.n[VOUCH__TUNE] - 1000) < 60);
        free(part);
        vouch__split_clear(&split);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void out_of_time_is_the_latest_and_cut_between_times(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make(ctx, 5000, 1, 1, 0.3);
    vouch__split_rule r = rule(VOUCH__SPLIT_TIME);
    for (r.out_of_time = 0.01; r.out_of_time < 0.45; r.out_of_time += 0.07) {
        double day, latest = -1, earliest = INFINITY;
        vouch__split split;
        assert_ok(ctx, vouch__split_make(ctx, table, &r, &split));
        uint8_t *part = parts(table, &split);
        for (size_t i = 0; i < 5000; i++) {
            vouch_table_read(table, 3, i, i + 1, &day);
            if (part[i] == VOUCH__OOT)
                earliest = fmin(earliest, day);
            else
                latest = fmax(latest, day);
        }
        assert_true(latest < earliest);
        assert_true(fabs((double)split.n[VOUCH__OOT] - 5000 * r.out_of_time) <= 25);
        assert_true(fabs((double)split.n[VOUCH__TEST] - 1500) <= 2);
        assert_true(fabs((double)split.n[VOUCH__TUNE] - 1000) <= 2);
        free(part);
        vouch__split_clear(&split);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void what_cannot_be_split_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = make(ctx, 40, 0, 1, 0.3); /* all on day 0 */
    vouch__split split;
    vouch__split_rule r = rule(VOUCH__SPLIT_TIME);
    r.out_of_time = 0.2;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_DATA);
    assert_error_has(ctx, "same day");
    r = rule(VOUCH__SPLIT_RANDOM);
    r.test = 0.9;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_ARG);
    r.test = NAN;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_ARG);
    r = rule(VOUCH__SPLIT_RANDOM);
    r.out_of_time = 0.1;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_ARG);
    r = rule(VOUCH__SPLIT_RANDOM);
    r.folds = 4;
    r.fold = 4;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_ARG);
    r = rule(VOUCH__SPLIT_RANDOM);
    r.tune = 0.001;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_DATA);
    assert_error_has(ctx, "none falls to tune");
    r = rule(VOUCH__SPLIT_GROUP);
    r.group = SIZE_MAX;
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_ARG);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void a_missing_target_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *name[] = { "id", "y" };
    const vouch_type type[] = { VOUCH_INTEGER, VOUCH_INTEGER };
    const double id[] = { 1, 2, 3 }, y[] = { 0, NAN, 1 };
    const double *value[] = { id, y };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    vouch__split split;
    vouch__split_rule r = rule(VOUCH__SPLIT_RANDOM);
    assert_ok(ctx, vouch__table_builder_new(ctx, 2, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, 3, value, NULL));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    assert_status(ctx, vouch__split_make(ctx, table, &r, &split), VOUCH_E_DATA);
    assert_error_has(ctx, "target y is missing in 1 of 3 rows");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static vouch_status split_once(vouch_ctx *ctx, void *arg)
{
    vouch__split split = { .n = { 0 } };
    vouch__split_rule r = rule(*(vouch__split_by *)arg);
    r.out_of_time = r.by == VOUCH__SPLIT_TIME ? 0.2 : 0;
    vouch_ctx *other = vouch_ctx_new(NULL);
    vouch_table *table = make(other, 300, 0, 1, 0.3);
    vouch_status status = vouch__split_make(ctx, table, &r, &split);
    if (!status)
        vouch__split_clear(&split);
    vouch_table_unref(table);
    vouch_ctx_free(other);
    return status;
}

static void splitting_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int by = VOUCH__SPLIT_RANDOM; by <= VOUCH__SPLIT_GROUP; by++)
        sweep_allocations(split_once, &(vouch__split_by){ (vouch__split_by)by }, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_one_part_and_every_class_its_shares),
        cmocka_unit_test(other_rows_move_nothing_but_the_cuts),
        cmocka_unit_test(folds_partition_the_rows),
        cmocka_unit_test(rows_of_a_group_stay_together),
        cmocka_unit_test(out_of_time_is_the_latest_and_cut_between_times),
        cmocka_unit_test(what_cannot_be_split_is_refused),
        cmocka_unit_test(a_missing_target_is_refused),
        cmocka_unit_test(splitting_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
