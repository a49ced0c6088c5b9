/* Bins as a page. */
#include "check.h"

#include "data/table.h"
#include "vouch/bins.h"
#include "vouch/run.h"

#include <math.h>
#include <string.h>

enum { ROWS = 2000 };

static vouch_table *simulated(vouch_ctx *ctx)
{
    static const char *const name[] = { "age", "income", "bad" };
    static const vouch_type type[] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_INTEGER };
    static double value[3][ROWS];
    const double *const column[] = { value[0], value[1], value[2] };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        value[0][i] = floor(20 + 50 * seeded());
        value[1][i] = 1 + floor(5000 * seeded());
        value[2][i] = seeded() < 0.5 - value[0][i] / 200 - value[1][i] / 20000;
    }
    assert_ok(ctx, vouch__table_builder_new(ctx, 3, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, ROWS, column, NULL));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

static void a_page_shows_bins_their_plot_and_prices(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx), *grid = NULL;
    char *json = NULL, *html = NULL;
    assert_ok(ctx, vouch_bin(ctx, table, 0, 2, SIZE_MAX, NULL, &json, NULL));
    assert_ok(ctx, vouch_bin_page(ctx, table, "loans.csv", json, NULL, &html));
    assert_non_null(strstr(html, "Bins of age for bad"));
    assert_non_null(strstr(html, "<svg"));
    assert_non_null(strstr(html, "Price of trends"));
    vouch_text_free(ctx, json);
    vouch_text_free(ctx, html);
    assert_ok(ctx, vouch_bin_pair(ctx, table, 0, 1, 2, SIZE_MAX, NULL, &json, NULL, &grid));
    assert_ok(ctx, vouch_bin_page(ctx, table, "loans.csv", json, grid, &html));
    assert_non_null(strstr(html, "Bins of age and income for bad"));
    assert_non_null(strstr(html, "age across, income down"));
    assert_non_null(strstr(html, "Proved the best"));
    assert_non_null(strstr(html, "<svg"));
    vouch_text_free(ctx, json);
    vouch_text_free(ctx, html);
    vouch_table_unref(grid);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void a_page_of_counts_speaks_of_a_frequency(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    char *json = NULL, *html = NULL;
    assert_ok(ctx, vouch_bin(ctx, table, 0, 2, SIZE_MAX, "{kind: count}", &json, NULL));
    assert_ok(ctx, vouch_bin_page(ctx, table, "claims.csv", json, NULL, &html));
    assert_non_null(strstr(html, "frequency: events per row"));
    assert_non_null(strstr(html, ">Frequency</th>"));
    assert_non_null(strstr(html, ">Deviance explained</th>"));
    assert_null(strstr(strstr(html, "<svg"), "%</text>")); /* it is no share of anything */
    vouch_text_free(ctx, json);
    vouch_text_free(ctx, html);
    assert_ok(ctx, vouch_bin(ctx, table, 0, 2, 1, "{kind: count}", &json, NULL));
    assert_ok(ctx, vouch_bin_page(ctx, table, "claims.csv", json, NULL, &html));
    assert_non_null(strstr(html, "frequency: events per unit of exposure"));
    vouch_text_free(ctx, json);
    vouch_text_free(ctx, html);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void what_is_no_binning_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = simulated(ctx);
    static const char *const wrong[] = {
        "", "[", "3", "{}", "{\"bins\":[]}", "{\"bins\":{\"a\":1}}", "{\"bins\":[1]}"
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char *html = NULL;
        assert_status(ctx, vouch_bin_page(ctx, table, "loans.csv", wrong[k], NULL, &html), VOUCH_E_FORMAT);
        assert_null(html);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

typedef struct page {
    vouch_table *table, *grid;
    char *json;
} page;

static vouch_status make_page(vouch_ctx *ctx, void *arg)
{
    const page *p = arg;
    char *html = NULL;
    vouch_status status = vouch_bin_page(ctx, p->table, "loans.csv", p->json, p->grid, &html);
    vouch_text_free(ctx, html);
    return status;
}

static void a_page_survives_every_failed_allocation(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    page p = { .table = simulated(ctx) };
    assert_ok(ctx, vouch_bin_pair(ctx, p.table, 0, 1, 2, SIZE_MAX, NULL, &p.json, NULL, &p.grid));
    sweep_allocations(make_page, &p, 0);
    vouch_text_free(ctx, p.json);
    vouch_table_unref(p.grid);
    vouch_table_unref(p.table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_shows_bins_their_plot_and_prices),
        cmocka_unit_test(a_page_of_counts_speaks_of_a_frequency),
        cmocka_unit_test(what_is_no_binning_is_refused),
        cmocka_unit_test(a_page_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
