/* Two columns binned at once. */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "data/table.h"
#include "vouch/bins.h"

#include <math.h>
#include <string.h>

enum { MOST = 4000, COLS = 5 };
enum { XS, YS, PLACE, BAD, LOSS };

typedef struct rows {
    size_t n;
    double value[COLS][MOST];
    const char *place[MOST];
} rows;

static rows some;

static vouch_table *table_of(vouch_ctx *ctx, const rows *r)
{
    static const char *const name[COLS] = { "x", "y", "place", "bad", "loss" };
    static const vouch_type type[COLS] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_TEXT, VOUCH_INTEGER,
                                           VOUCH_NUMBER };
    const double *column[COLS] = { r->value[XS], r->value[YS], NULL, r->value[BAD], r->value[LOSS] };
    const char *const *text[COLS] = { NULL, NULL, r->place, NULL, NULL };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, COLS, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, r->n, column, text));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

/* Risk rises with x, falls with y, and most where both speak. */
static vouch_table *simulated(vouch_ctx *ctx)
{
    static const char *const place[] = { "north", "south", "east" };
    some.n = MOST;
    for (size_t i = 0; i < MOST; i++) {
        double x = seeded(), y = seeded(), risk = -2 + 2 * x - y + 3 * (x > 0.7 && y < 0.4);
        some.value[XS][i] = seeded() < 0.03 ? NAN : seeded() < 0.03 ? -9 : x;
        some.value[YS][i] = seeded() < 0.03 ? NAN : floor(20 * y);
        some.place[i] = place[seeded_below(3)];
        some.value[BAD][i] = seeded() < 1 / (1 + exp(-risk));
        some.value[LOSS][i] = risk + seeded();
    }
    return table_of(ctx, &some);
}

static vouch__doc *pair(vouch_ctx *ctx, const vouch_table *table, size_t a, size_t b, size_t target,
                        const char *rules)
{
    char *json = NULL;
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch_bin_pair(ctx, table, a, b, target, SIZE_MAX, rules, &json, NULL, NULL));
    assert_ok(ctx, vouch__json_read(ctx, "bins", json, strlen(json), 0, &doc));
    vouch_text_free(ctx, json);
    return doc;
}

static double get(const vouch__json *o, const char *key)
{
    return vouch__json_double(vouch__json_get(o, key), NAN);
}

static void a_crossing_that_no_column_alone_shows_is_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    some.n = 800; /* bad where x and y differ: 10 and 30 of 100 in each of the 8 corners' halves */
    for (size_t i = 0; i < some.n; i++) {
        size_t x = i % 2, y = i / 2 % 2;
        some.value[XS][i] = (double)x;
        some.value[YS][i] = (double)y;
        some.value[BAD][i] = i / 4 % 10 < (x == y ? 1 : 3);
        some.value[LOSS][i] = 0;
        some.place[i] = "a";
    }
    vouch_table *table = table_of(ctx, &some);
    vouch__doc *doc = pair(ctx, table, XS, YS, BAD, "{trend: any, with: {trend: any}}");
    const vouch__json *root = vouch__doc_root(doc), *bins = vouch__json_get(root, "bins");
    /* 2 x (180 goods, 20 bads) and 2 x (140 goods, 60 bads), of 640 and 160 */
    double want = 2 * ((180.0 / 640 - 20.0 / 160) * log((180.0 / 640) / (20.0 / 160)) +
                       (140.0 / 640 - 60.0 / 160) * log((140.0 / 640) / (60.0 / 160)));
    assert_close(get(root, "value"), want, 1e-12);
    assert_close(get(vouch__json_get(root, "alone"), "column"), 0, 1e-12);
    assert_close(get(vouch__json_get(root, "alone"), "with"), 0, 1e-12);
    assert_int_equal(bins->len, 5); /* with missing */
    assert_close(get(bins->first, "woe"), log((180.0 / 640) / (20.0 / 160)), 1e-12);
    vouch__doc_free(doc);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_row_is_in_one_bin_and_worths_add_up(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    static const struct {
        size_t a, b, target;
        const char *rules;
    } cases[] = { { XS, YS, BAD, "{special: [-9]}" },
                  { YS, XS, BAD,
                    "{trend: falling, grid: 5, with: {trend: rising, special: [-9], fixed: [0.5]}}" },
                  { XS, PLACE, LOSS, "{special: [-9], max_bins: 5}" },
                  { PLACE, YS, BAD, "{with: {splits: [3, 8, 14]}}" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch__doc *doc = pair(ctx, table, cases[i].a, cases[i].b, cases[i].target, cases[i].rules);
        const vouch__json *root = vouch__doc_root(doc), *alone = vouch__json_get(root, "alone");
        double n = 0, share = 0, worth = 0, special = 0;
        for (const vouch__json *o = vouch__json_get(root, "bins")->first; o; o = o->next) {
            const char *type = vouch__json_string(vouch__json_get(o, "type"));
            n += get(o, "rows");
            share += get(o, "share");
            worth += strcmp(type, "rectangle") == 0 ? get(o, "worth") : 0;
            special += strcmp(type, "special") == 0 ? get(o, "rows") : 0;
        }
        assert_close(n, MOST, 0);
        assert_close(share, 1, 1e-12);
        assert_close(worth, get(root, "value"), 1e-12);
        assert_true(get(root, "bound") >= get(root, "value"));
        assert_true(special > 50 || i == 3);
        assert_true(get(alone, "column") > 0 && get(alone, "with") > -1);
        const vouch__json *price = vouch__json_get(root, "price");
        double any = get(vouch__json_at(price, price->len / 2), "value"); /* no trend stands in the middle */
        for (const vouch__json *o = price->first; o; o = o->next)
            assert_true(!(get(o, "value") > any + 1e-12));
        vouch__doc_free(doc);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void columns_may_change_places(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    vouch__doc *one = pair(ctx, table, XS, YS, BAD, "{special: [-9], trend: rising, with: {trend: falling}}");
    vouch__doc *two = pair(ctx, table, YS, XS, BAD, "{trend: falling, with: {special: [-9], trend: rising}}");
    assert_close(get(vouch__doc_root(one), "value"), get(vouch__doc_root(two), "value"), 1e-12);
    vouch__doc_free(one);
    vouch__doc_free(two);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void the_optimum_equals_optbinnings(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = NULL;
    vouch__buf buf;
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/bins/pairs.json", 1 << 20, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "pairs.json", buf.at, buf.len, 1 << 20, &doc));
    vouch__buf_free(&buf);
    double tolerance = get(vouch__doc_root(doc), "tolerance");
    for (const vouch__json *c = vouch__json_get(vouch__doc_root(doc), "cases")->first; c; c = c->next) {
        const vouch__json *n = vouch__json_get(c, "rows"), *events = vouch__json_get(c, "events");
        size_t nx = (size_t)get(c, "nx"), ny = (size_t)get(c, "ny");
        some.n = 0;
        for (size_t at = 0; at < nx * ny; at++)
            for (size_t k = 0; k < (size_t)vouch__json_at(n, at)->number; k++, some.n++) {
                some.value[XS][some.n] = (double)(at % nx);
                some.value[YS][some.n] = floor((double)at / (double)nx);
                some.value[BAD][some.n] = (double)k < vouch__json_at(events, at)->number;
                some.value[LOSS][some.n] = 0;
                some.place[some.n] = "a";
            }
        assert_true(some.n <= MOST);
        vouch__buf rules;
        vouch__buf_init(ctx, &rules, 0);
        vouch__json_write(&rules, vouch__json_get(c, "rules"));
        vouch_table *table = table_of(ctx, &some);
        vouch__doc *got = pair(ctx, table, XS, YS, BAD, rules.at);
        assert_true(vouch__json_flag(vouch__json_get(vouch__doc_root(got), "is_best"), false));
        assert_close(get(vouch__doc_root(got), "value"), get(c, "iv"), tolerance);
        vouch__doc_free(got);
        vouch_table_unref(table);
        vouch__buf_free(&rules);
    }
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static void the_map_shows_each_bins_level(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx), *bins = NULL, *grid = NULL;
    assert_ok(ctx,
              vouch_bin_pair(ctx, table, XS, YS, BAD, SIZE_MAX,
                             "{special: [-9], trend: rising, with: {trend: falling}}", NULL, &bins, &grid));
    assert_true(vouch_table_rows(bins) > 4 && vouch_table_cols(bins) == 6);
    assert_string_equal(vouch_table_name(grid, 0), "y \\ x");
    for (size_t y = 0; y < vouch_table_rows(grid); y++)
        for (size_t x = 1; x < vouch_table_cols(grid); x++) {
            double here, next;
            vouch_table_read(grid, x, y, y + 1, &here);
            assert_true(here > 0 && here < 1);
            if (x + 1 < vouch_table_cols(grid)) { /* rises along x */
                vouch_table_read(grid, x + 1, y, y + 1, &next);
                assert_true(next >= here);
            }
            if (y + 1 < vouch_table_rows(grid)) { /* rows stand from the highest y down */
                vouch_table_read(grid, x, y + 1, y + 2, &next);
                assert_true(next >= here);
            }
        }
    vouch_table_unref(bins);
    vouch_table_unref(grid);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void long_names_are_cut_to_whole_characters(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static const char *const name[] = {
        "x\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
        "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
        "\u00e9\u00e9\u00e9\u00e9",
        "y", "bad"
    };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_INTEGER };
    const double *column[] = { some.value[XS], some.value[YS], some.value[BAD] };
    vouch__table_builder *builder = NULL;
    vouch_table *table = simulated(ctx), *bins = NULL, *grid = NULL;
    vouch_table_unref(table);
    assert_ok(ctx, vouch__table_builder_new(ctx, 3, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, some.n, column, NULL));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    assert_ok(ctx, vouch_bin_pair(ctx, table, 0, 1, 2, SIZE_MAX, NULL, NULL, &bins, &grid));
    const char *label = vouch_table_category(bins, 0, 0), *corner = vouch_table_name(grid, 0);
    assert_true(vouch__utf8_valid(label, strlen(label)));
    assert_true(vouch__utf8_valid(corner, strlen(corner)));
    vouch_table_unref(bins);
    vouch_table_unref(grid);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void what_cannot_be_binned_is_refused_with_its_reason(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    static const struct {
        size_t a, b, target;
        const char *rules, *words;
        vouch_status status;
    } cases[] = { { XS, XS, BAD, NULL, "two roles", VOUCH_E_ARG },
                  { XS, BAD, BAD, NULL, "two roles", VOUCH_E_ARG },
                  { XS, COLS, BAD, NULL, "no such column", VOUCH_E_ARG },
                  { XS, YS, BAD, "{trend: peak}", "trend peak is of one variable", VOUCH_E_FORMAT },
                  { XS, YS, BAD, "{grid: 13}", "grid is 13, must be", VOUCH_E_FORMAT },
                  { XS, YS, BAD, "{with: {max_bins: 3}}", "max_bins", VOUCH_E_FORMAT },
                  { XS, YS, BAD, "{splits: [.1,.2,.3,.4,.5,.6,.7,.8,.9,1.1,1.2,1.3]}", "13 cells",
                    VOUCH_E_DATA } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *json = NULL;
        assert_status(ctx,
                      vouch_bin_pair(ctx, table, cases[i].a, cases[i].b, cases[i].target, SIZE_MAX,
                                     cases[i].rules, &json, NULL, NULL),
                      cases[i].status);
        if (!strstr(vouch_ctx_error(ctx), cases[i].words))
            fail_msg("'%s' does not say '%s'", vouch_ctx_error(ctx), cases[i].words);
        assert_null(json);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static vouch_status bin_all_ways(vouch_ctx *ctx, void *arg)
{
    char *json = NULL;
    vouch_table *bins = NULL, *grid = NULL;
    vouch_status status = vouch_bin_pair(ctx, arg, XS, PLACE, BAD, SIZE_MAX,
                                         "{grid: 3, special: [-9], max_bins: 3}", &json, &bins, &grid);
    vouch_text_free(ctx, json);
    vouch_table_unref(bins);
    vouch_table_unref(grid);
    return status;
}

static void binning_survives_every_failed_allocation(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    sweep_allocations(bin_all_ways, table, 0);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crossing_that_no_column_alone_shows_is_found),
        cmocka_unit_test(every_row_is_in_one_bin_and_worths_add_up),
        cmocka_unit_test(columns_may_change_places),
        cmocka_unit_test(the_optimum_equals_optbinnings),
        cmocka_unit_test(the_map_shows_each_bins_level),
        cmocka_unit_test(long_names_are_cut_to_whole_characters),
        cmocka_unit_test(what_cannot_be_binned_is_refused_with_its_reason),
        cmocka_unit_test(binning_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
