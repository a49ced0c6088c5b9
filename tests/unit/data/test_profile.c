/* The portrait of a source: exact where it says so, near where it samples, the same on any number of threads.
 */
#include "duckdb.h"

#include "data/table.h"
#include "data/value_counts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double number(const vouch_table *profile, const char *column, size_t row)
{
    double x;
    size_t col = vouch_table_find(profile, column);
    assert_true(col != SIZE_MAX);
    vouch_table_read(profile, col, row, row + 1, &x);
    return x;
}

static const char *text(const vouch_table *profile, const char *column, size_t row)
{
    size_t col = vouch_table_find(profile, column);
    double code = number(profile, column, row);
    return isnan(code) ? NULL : vouch_table_category(profile, col, (size_t)code);
}

static vouch_table *profile_of(vouch_ctx *ctx, const char *source, const char *id)
{
    const vouch_source s = { .source = source, .folder = test_folder(), .id = id, .duckdb = DUCKDB };
    vouch_table *profile = NULL;
    assert_ok(ctx, vouch_data_profile(ctx, &s, &profile));
    return profile;
}

static void a_small_source_is_described_exactly(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    FILE *out = fopen(test_path("p.csv"), "w");
    assert_non_null(out);
    (void)fprintf(out,
                  "id,x,t,d,f,none\n1,4,b,2024-02-29,true,\n2,,a,2024-02-29,true,\n3,-2,,2024-03-01,false,\n"
                  "4,4,b,,,\n5,10.5,c,2020-01-01,true,\n");
    (void)fclose(out);
    vouch_table *p = profile_of(ctx, "p.csv", NULL);
    assert_int_equal(vouch_table_rows(p), 6);
    assert_string_equal(text(p, "name", 1), "x");
    assert_string_equal(text(p, "type", 1), "number");
    const struct {
        const char *column;
        double want;
    } x[] = { { "rows", 5 },       { "missing", 1 },
              { "distinct", 3 },   { "minimum", -2 },
              { "p25", 2.5 },      { "median", 4 },
              { "p75", 5.625 },    { "maximum", 10.5 },
              { "mean", 4.125 },   { "sd", sqrt(78.1875 / 3) },
              { "top_share", 0.4 } };
    for (size_t k = 0; k < sizeof x / sizeof *x; k++)
        assert_close(number(p, x[k].column, 1), x[k].want, 1e-15);
    assert_string_equal(text(p, "top", 1), "4");
    assert_string_equal(text(p, "top", 2), "b");
    assert_string_equal(text(p, "top", 3), "2024-02-29");
    assert_string_equal(text(p, "top", 4), "true");
    assert_nan(number(p, "mean", 2));
    assert_close(number(p, "missing", 5), 5, 0);
    assert_close(number(p, "distinct", 5), 0, 0);
    assert_null(text(p, "top", 5));
    vouch_table_unref(p);
    vouch_ctx_free(ctx);
}

/* What is live, and the most there was: on one thread. */
typedef struct tide {
    size_t now, high;
} tide;

static void *tide_resize(void *self, void *ptr, size_t old_size, size_t size)
{
    tide *t = self;
    (void)old_size;
    size_t *block = ptr ? (size_t *)ptr - 2 : NULL;
    t->now -= block ? *block : 0;
    if (size == 0) {
        free(block);
        return NULL;
    }
    size_t *grown = realloc(block, size + 2 * sizeof *grown);
    if (!grown)
        abort();
    *grown = size;
    t->now += size;
    t->high = t->now > t->high ? t->now : t->high;
    return grown + 2;
}

static void memory_is_bounded_by_values_not_by_columns(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    enum { COLS = 1000 };
    tide t = { 0, 0 };
    char *sql = malloc(COLS * 32);
    size_t at = 0;
    assert_non_null(sql);
    for (int j = 0; j < COLS; j++)
        at += (size_t)snprintf(sql + at, 32, "%s range + %d AS c%d", j ? "," : "SELECT", j, j);
    (void)snprintf(sql + at, 32, " FROM range(9)");
    const vouch_ctx_options options = { .alloc = { tide_resize, &t }, .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_table *p = profile_of(ctx, sql, "c0");
    assert_int_equal(vouch_table_rows(p), COLS);
    assert_close(number(p, "median", 999), 1003, 0);
    assert_true(t.high <
                (size_t)256 << 20); /* a gigabyte when every column has room for the largest sample */
    vouch_table_unref(p);
    vouch_ctx_free(ctx);
    free(sql);
}

#define QUERY                                                                                                \
    "SELECT range AS id, range * 7 % 300007 AS wide, CASE WHEN range % 3 = 0 THEN 5 ELSE range END AS "      \
    "half, "                                                                                                 \
    "'t' || (range * 31 % 40009) AS words, (range % 1000) / 8.0 AS few FROM range(300000)"

static void a_large_source_is_estimated_within_its_error(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *p = profile_of(ctx, QUERY, "id");
    assert_close(number(p, "distinct", 1), 300000, 0.05);
    assert_close(number(p, "distinct", 2), 200001, 0.05);
    assert_close(number(p, "distinct", 3), 40009, 0.05);
    assert_close(number(p, "distinct", 4), 1000, 0);
    assert_string_equal(text(p, "top", 2), "5");
    assert_close(number(p, "top_share", 2), 1.0 / 3, 1e-5);
    assert_close(number(p, "median", 4), 62.4375, 0.01);
    assert_close(number(p, "p99", 4), 123.6, 0.01);
    assert_close(number(p, "mean", 4), 62.4375, 1e-14);
    assert_close(number(p, "sd", 4), sqrt((1e6 - 1) / 12 * 300000 / 299999) / 8, 1e-14);
    vouch_table_unref(p);
    vouch_ctx_free(ctx);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    char want[VOUCH__HEX] = "", got[VOUCH__HEX];
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        const vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_table *p = profile_of(ctx, QUERY, "id");
        assert_ok(ctx, vouch__table_fingerprint(ctx, p, got));
        if (threads == 1)
            memcpy(want, got, sizeof want);
        assert_string_equal(got, want);
        vouch_table_unref(p);
        vouch_ctx_free(ctx);
    }
}

static void a_query_without_an_id_has_no_portrait(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch_source s = { .source = "SELECT 1 AS x", .duckdb = DUCKDB };
    vouch_table *profile = NULL;
    assert_status(ctx, vouch_data_profile(ctx, &s, &profile), VOUCH_E_ARG);
    assert_error_has(ctx, "name an id column");
    vouch_ctx_free(ctx);
}

static void counts_agree_with_a_plain_count(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t range = 1; range < 2000000; range *= 7) {
        vouch__value_counts *counts = NULL;
        vouch__value_top top;
        uint8_t *seen = calloc(range, 1);
        double distinct = 0;
        assert_ok(ctx, vouch__value_counts_new(ctx, &counts));
        for (size_t i = 0; i < 100000; i++) {
            size_t v = seeded() < 0.05 ? range / 2 : seeded_below(range); /* one value leads */
            distinct += !seen[v];
            seen[v] = 1;
            assert_ok(ctx, vouch__value_counts_number(ctx, counts, (double)v));
        }
        assert_ok(ctx, vouch__value_counts_top(ctx, counts, &top));
        assert_close(top.distinct, distinct, distinct <= 12000 ? 0 : 0.05);
        assert_close(top.value, (double)(range / 2), 0);
        vouch__value_counts_free(counts);
        free(seen);
    }
    vouch_ctx_free(ctx);
}

static vouch_status count_texts(vouch_ctx *ctx, void *arg)
{
    vouch__value_counts *counts = NULL;
    vouch__value_top top;
    (void)arg;
    vouch_status status = vouch__value_counts_new(ctx, &counts);
    for (int i = 0; i < 16000 && !status; i++) {
        char word[300];
        int len = snprintf(word, sizeof word, "%d%*s", i, i == 7 ? 280 : 1, "");
        status = vouch__value_counts_text(ctx, counts, word, (size_t)len);
    }
    if (!status)
        status = vouch__value_counts_top(ctx, counts, &top);
    vouch__value_counts_free(counts);
    return status;
}

static void counting_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(count_texts, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_source_is_described_exactly),
        cmocka_unit_test(memory_is_bounded_by_values_not_by_columns),
        cmocka_unit_test(a_large_source_is_estimated_within_its_error),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(a_query_without_an_id_has_no_portrait),
        cmocka_unit_test(counts_agree_with_a_plain_count),
        cmocka_unit_test(counting_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
