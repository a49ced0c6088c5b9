/* Binning a source that is read twice and not kept. Needs libduckdb in .cache/; without it the tests say so
 * and skip. */
#include "duckdb.h"

#include "base/file.h"
#include "base/json.h"
#include "data/table.h"
#include "vouch/bins.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 5000 };

/* id, few and many distinct values, texts, and targets of every kind, of which some are missing. */
static vouch_source simulated(vouch_ctx *ctx)
{
    static const char *const place[] = { "north", "south", "east", "west" };
    vouch__buf csv;
    vouch__buf_init(ctx, &csv, 0);
    vouch__buf_text(&csv, "id,age,amount,place,bad,answer,loss,claims,exposure\n");
    for (int i = 0; i < ROWS; i++) {
        double age = floor(18 + 60 * seeded()), amount = 1e5 * seeded() * seeded(),
               risk = age / 80 - amount / 1e5;
        vouch__buf_fmt(&csv, "%d,", i);
        if (seeded() > 0.03)
            vouch__buf_double(&csv, seeded() < 0.02 ? -1 : age);
        vouch__buf_text(&csv, ",");
        vouch__buf_double(&csv, amount);
        vouch__buf_fmt(&csv, ",%s,",
                       seeded() < 0.02   ? ""
                       : seeded() < 0.01 ? "rare"
                                         : place[seeded_below(4)]);
        bool bad = seeded() < 0.2 + 0.3 * risk;
        vouch__buf_fmt(&csv, "%s,%s,",
                       seeded() < 0.01 ? ""
                       : bad           ? "1"
                                       : "0",
                       seeded() < 0.01  ? ""
                       : bad            ? "yes"
                       : seeded() < 0.5 ? "no"
                                        : "perhaps");
        vouch__buf_double(&csv, risk + seeded());
        vouch__buf_fmt(&csv, ",%d,", (int)seeded_below(1 + (uint32_t)(3 * (risk + 1))));
        vouch__buf_double(&csv, 0.1 + seeded());
        vouch__buf_text(&csv, "\n");
    }
    assert_ok(ctx, vouch__file_write(ctx, test_path("rows.csv"), csv.at, csv.len, 0644));
    vouch__buf_free(&csv);
    return (vouch_source){ .source = "rows.csv", .folder = test_folder(), .id = "id", .duckdb = DUCKDB };
}

static vouch__doc *parse(vouch_ctx *ctx, char *json)
{
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, "bins", json, strlen(json), 0, &doc));
    vouch_text_free(ctx, json);
    return doc;
}

static const struct {
    const char *column, *target, *weight, *rules;
} cases[] = { { "age", "bad", NULL, "{special: [-1]}" },
              { "age", "loss", NULL, "{trend: any, fixed: [40.5], special: [-1]}" },
              { "age", "claims", "exposure", "{kind: count, special: [-1]}" },
              { "age", "answer", "exposure", "{special: [-1]}" },
              { "place", "bad", NULL, "{min_share: 0.02}" },
              { "place", "answer", NULL, NULL },
              { "amount", "bad", "exposure", "{splits: [100, 2000, 9000, 30000, 60000]}" } };

static void what_a_sketch_holds_exactly_is_binned_as_in_memory(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_source source = simulated(ctx);
    vouch_table *table = NULL;
    assert_ok(ctx, vouch_table_open(ctx, &source, &table));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *kept = NULL, *streamed = NULL;
        size_t weight = cases[i].weight ? vouch_table_find(table, cases[i].weight) : SIZE_MAX;
        assert_ok(ctx,
                  vouch_bin(ctx, table, vouch_table_find(table, cases[i].column),
                            vouch_table_find(table, cases[i].target), weight, cases[i].rules, &kept, NULL));
        assert_ok(ctx, vouch_bin_source(ctx, &source, cases[i].column, cases[i].target, cases[i].weight,
                                        cases[i].rules, &streamed, NULL));
        const char *told = "\"rank_error\":0,"; /* the one thing that is told besides */
        char *at = strstr(streamed, told);
        assert_non_null(at);
        memmove(at, at + strlen(told), strlen(at + strlen(told)) + 1);
        assert_string_equal(kept, streamed);
        vouch_text_free(ctx, kept);
        vouch_text_free(ctx, streamed);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* How many rows the expression puts in each bin, in DuckDB, beside what is told. */
static void check_sql(vouch_ctx *ctx, const char *target, char *json)
{
    vouch__doc *doc = parse(ctx, json);
    const vouch__json *root = vouch__doc_root(doc);
    size_t at = 0;
    double apart = 0, told_apart = 0;
    vouch_table *table = NULL;
    vouch__buf sql;
    vouch__buf_init(ctx, &sql, 0);
    vouch__buf_fmt(&sql, "SELECT id, %s AS bin FROM '%s' WHERE %s IS NOT NULL",
                   vouch__json_string(vouch__json_get(root, "sql")), test_path("rows.csv"), target);
    const vouch_source query = { .source = sql.at, .id = "id", .duckdb = DUCKDB };
    assert_ok(ctx, vouch_table_open(ctx, &query, &table));
    double *code = malloc(vouch_table_rows(table) * sizeof *code);
    vouch_table_read(table, 1, 0, vouch_table_rows(table), code);
    for (const vouch__json *o = vouch__json_get(root, "bins")->first; o; o = o->next) {
        const char *type = vouch__json_string(vouch__json_get(o, "type"));
        double n = 0, rows = vouch__json_double(vouch__json_get(o, "rows"), NAN);
        char label[16];
        bool is_apart = strcmp(type, "missing") == 0 || strcmp(type, "special") == 0;
        (void)snprintf(label, sizeof label, "%zu: ", ++at);
        told_apart += is_apart ? rows : 0;
        for (size_t i = 0; i < vouch_table_rows(table); i++)
            n += strncmp(vouch_table_category(table, 1, (size_t)code[i]), label, strlen(label)) == 0;
        if (!is_apart)
            assert_close(n, rows, 0);
        apart += is_apart ? 0 : n;
    }
    assert_close((double)vouch_table_rows(table) - apart, told_apart, 0);
    free(code);
    vouch__buf_free(&sql);
    vouch_table_unref(table);
    vouch__doc_free(doc);
}

static void the_expression_puts_rows_where_the_bins_do(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_source source = simulated(ctx);
    vouch_table *table = NULL;
    char *json = NULL;
    for (size_t i = 0; i < 5; i += 2) {
        assert_ok(ctx, vouch_bin_source(ctx, &source, cases[i].column, cases[i].target, cases[i].weight,
                                        cases[i].rules, &json, NULL));
        check_sql(ctx, cases[i].target, json);
    }
    assert_ok(ctx, vouch_table_open(ctx, &source, &table));
    assert_ok(ctx,
              vouch_bin_pair(ctx, table, vouch_table_find(table, "age"), vouch_table_find(table, "place"),
                             vouch_table_find(table, "bad"), SIZE_MAX, "{special: [-1]}", &json, NULL, NULL));
    check_sql(ctx, "bad", json);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* 5,000 different amounts: each end's rank is within the error of the rank that its cell was to have. */
static void ends_are_within_the_error_that_is_told(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_source source = simulated(ctx);
    char *json = NULL;
    /* bins of one cell each: nothing else is allowed */
    assert_ok(ctx, vouch_bin_source(ctx, &source, "amount", "loss", NULL,
                                    "{trend: any, max_cells: 20, min_bins: 20, max_bins: 20, min_share: 0}",
                                    &json, NULL));
    vouch__doc *doc = parse(ctx, json);
    double error = vouch__json_double(vouch__json_get(vouch__doc_root(doc), "rank_error"), NAN), upto = 0;
    assert_true(error > 0 && error < 0.01);
    size_t at = 0;
    for (const vouch__json *o = vouch__json_get(vouch__doc_root(doc), "bins")->first; o && at < 20;
         o = o->next) {
        upto += vouch__json_double(vouch__json_get(o, "share"), NAN);
        assert_close(upto, (double)++at / 20, error + 1.0 / 4096); /* a point of the sketch holds so many */
    }
    assert_close(upto, 1, 1e-12);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static void bins_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    char hash[2][VOUCH__HEX];
    vouch_source source;
    for (unsigned k = 0; k < 2; k++) {
        vouch_ctx *ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 + 3 * k });
        vouch_table *ranking = NULL;
        if (k == 0)
            source = simulated(ctx);
        assert_ok(ctx, vouch_bin_source(ctx, &source, NULL, "bad", "exposure", NULL, NULL, &ranking));
        assert_int_equal(vouch_table_rows(ranking), 7);
        assert_ok(ctx, vouch__table_fingerprint(ctx, ranking, hash[k]));
        vouch_table_unref(ranking);
        vouch_ctx_free(ctx);
    }
    assert_string_equal(hash[0], hash[1]);
}

static void texts_beyond_the_tally_are_pooled(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf csv;
    char *json = NULL;
    vouch__buf_init(ctx, &csv, 0);
    vouch__buf_text(&csv, "shop,bad\n");
    for (unsigned i = 0; i < 30000; i++) /* two large ones, and 12,000 with a row or two */
        vouch__buf_fmt(&csv, "%s%u,%u\n", i % 5 < 3 ? "large" : "s", i % 5 < 3 ? i % 2 : i,
                       i % 7 < 1 + i % 2);
    assert_ok(ctx, vouch__file_write(ctx, test_path("shops.csv"), csv.at, csv.len, 0644));
    vouch__buf_free(&csv);
    const vouch_source source = { .source = "shops.csv", .folder = test_folder(), .duckdb = DUCKDB };
    assert_ok(ctx, vouch_bin_source(ctx, &source, "shop", "bad", NULL, "{trend: any}", &json, NULL));
    vouch__doc *doc = parse(ctx, json);
    const vouch__json *bins = vouch__json_get(vouch__doc_root(doc), "bins");
    double rows = 0, pooled = 0;
    for (const vouch__json *o = bins->first; o; o = o->next) {
        double n = vouch__json_double(vouch__json_get(o, "rows"), NAN);
        rows += n;
        pooled += vouch__json_flag(vouch__json_get(o, "and_any_other"), false) ? n : 0;
    }
    assert_true(vouch__json_double(vouch__json_get(vouch__doc_root(doc), "rank_error"), NAN) > 0);
    assert_close(rows, 30000, 0);
    assert_true(pooled >= 12000);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static void what_cannot_be_binned_is_refused_with_its_reason(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_source source = simulated(ctx);
    static const struct {
        const char *column, *target, *weight, *rules, *words;
        vouch_status status;
    } wrong[] = { { "age", "age", NULL, NULL, "two roles", VOUCH_E_ARG },
                  { NULL, "nothing", NULL, NULL, "no column 'nothing'", VOUCH_E_NOTFOUND },
                  { NULL, "bad", "age", NULL, "'age' [row", VOUCH_E_DATA },
                  { NULL, "bad", "place", NULL, "is text", VOUCH_E_DATA },
                  { "age", "loss", NULL, "{kind: binary}", "not binary", VOUCH_E_DATA },
                  { "age", "bad", NULL, "{trend: up}", "trend is up, must be", VOUCH_E_FORMAT } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vouch_table *out = NULL;
        assert_status(ctx,
                      vouch_bin_source(ctx, &source, wrong[i].column, wrong[i].target, wrong[i].weight,
                                       wrong[i].rules, NULL, &out),
                      wrong[i].status);
        if (!strstr(vouch_ctx_error(ctx), wrong[i].words))
            fail_msg("'%s' does not say '%s'", vouch_ctx_error(ctx), wrong[i].words);
        assert_null(out);
    }
    const vouch_source query = { .source = "SELECT 1 AS x, 2 AS y", .duckdb = DUCKDB };
    vouch_table *out = NULL;
    assert_status(ctx, vouch_bin_source(ctx, &query, NULL, "y", NULL, NULL, NULL, &out), VOUCH_E_ARG);
    vouch_ctx_free(ctx);
}

static vouch_status bin_both_ways(vouch_ctx *ctx, void *arg)
{
    char *json = NULL;
    vouch_table *ranking = NULL;
    vouch_status status = vouch_bin_source(ctx, arg, "place", "answer", "w", NULL, &json, NULL);
    vouch_text_free(ctx, json);
    if (!status)
        status = vouch_bin_source(ctx, arg, NULL, "answer", NULL, "{max_cells: 5}", NULL, &ranking);
    vouch_table_unref(ranking);
    return status;
}

static void binning_survives_every_failed_allocation(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static const char csv[] = "x,place,answer,w\n1,a,yes,1\n2,b,no,1\n3,a,no,1\n4,b,yes,2\n5,a,no,1\n";
    assert_ok(ctx, vouch__file_write(ctx, test_path("few.csv"), csv, strlen(csv), 0644));
    vouch_source source = { .source = "few.csv", .folder = test_folder(), .duckdb = DUCKDB };
    sweep_allocations(bin_both_ways, &source, getenv("VOUCH_TEST_ALL") ? 0 : 4); /* each opens a database */
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_sketch_holds_exactly_is_binned_as_in_memory),
        cmocka_unit_test(the_expression_puts_rows_where_the_bins_do),
        cmocka_unit_test(ends_are_within_the_error_that_is_told),
        cmocka_unit_test(bins_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(texts_beyond_the_tally_are_pooled),
        cmocka_unit_test(what_cannot_be_binned_is_refused_with_its_reason),
        cmocka_unit_test(binning_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
