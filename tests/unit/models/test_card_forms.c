/* A scorecard in the forms that other systems run gives the same integer points as the model, row by row: as
 * SQL in DuckDB, as C compiled here. The other systems are asked in ./dev conformance exports. */
#include "check.h"
#include "odd_rows.h"

#include "models/model_kind.h"
#include "models/scorecard/scorecard.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4000, COLS = ODD_COLS };

/* A fitted card and rows of which some are unlike any it was fitted on. */
typedef struct bench {
    vouch_ctx *ctx;
    vouch_table *table;
    vouch_model *model;
    const char *path;
    int32_t points[ROWS];
} bench;

static bool make(bench *b)
{
    enum { SEEN = 3000 };
    static double bad[ROWS];
    b->ctx = vouch_ctx_new(NULL);
    b->path = test_path("rows.csv");
    vouch_source source = { .source = b->path, .duckdb = VOUCH_BIN "/libduckdb.so" };
    odd_csv(b->path, ROWS, SEEN, bad);
    vouch_status status = vouch_table_open(b->ctx, &source, &b->table);
    if (status == VOUCH_E_UNAVAILABLE) {
        print_message("skipped: %s\n", vouch_ctx_error(b->ctx));
        vouch_ctx_free(b->ctx);
        return false;
    }
    assert_int_equal(status, VOUCH_OK);
    b->model = odd_fit(b->ctx, b->table, SEEN, bad, "scorecard", "{}");
    assert_ok(b->ctx, vouch_model_score(b->ctx, b->model, b->table, NULL, NULL, b->points));
    bool differs = false;
    for (size_t i = 0; i < ROWS; i++)
        differs = differs || b->points[i] != b->points[0];
    assert_true(differs);
    return true;
}

static void unmake(bench *b)
{
    vouch_model_free(b->model);
    vouch_table_unref(b->table);
    vouch_ctx_free(b->ctx);
}

static void sql_and_model_give_the_same_points_in_every_row(void **state)
{
    (void)state;
    static double in_sql[ROWS];
    static bench b;
    vouch_table *scored = NULL;
    char *sql = NULL;
    if (!make(&b))
        skip();
    assert_ok(b.ctx, vouch_model_export(b.ctx, b.model, "sql-duckdb", &sql));
    size_t room = strlen(sql) + strlen(b.path) + 200;
    char *query = malloc(room);
    (void)snprintf(query, room,
                   "SELECT rid, %s AS points FROM (SELECT row_number() OVER () AS rid, * FROM '%s')", sql,
                   b.path);
    vouch_source source = { .source = query, .duckdb = VOUCH_BIN "/libduckdb.so", .id = "rid" };
    assert_ok(b.ctx, vouch_table_open(b.ctx, &source, &scored));
    assert_int_equal(vouch_table_rows(scored), ROWS);
    vouch_table_read(scored, vouch_table_find(scored, "points"), 0, ROWS, in_sql);
    for (size_t i = 0; i < ROWS; i++)
        assert_close(in_sql[i], b.points[i], 0);
    free(query);
    vouch_text_free(b.ctx, sql);
    vouch_table_unref(scored);
    unmake(&b);
}

/* What the C file gives for a row of the table. */
typedef struct card_library {
    int (*points)(const double *x);
    double (*code)(unsigned input, const char *text);
} card_library;

static int points_in_c(const card_library *card, const vouch_table *table, size_t row)
{
    double x[COLS];
    for (size_t j = 0; j < COLS; j++) {
        vouch_table_read(table, j, row, row + 1, &x[j]);
        if (j == 3 && !isnan(x[j]))
            x[j] = card->code(3, vouch_table_category(table, 3, (size_t)x[j]));
    }
    return card->points(x);
}

static void c_and_model_give_the_same_points_in_every_row(void **state)
{
    (void)state;
    static bench b;
    char *text = NULL, command[512], library[256];
    card_library card;
    if (system("cc --version >/dev/null 2>&1") != 0) {
        print_message("skipped: there is no C compiler called cc\n");
        skip();
    }
    if (!make(&b))
        skip();
    assert_ok(b.ctx, vouch_model_export(b.ctx, b.model, "c", &text));
    const char *source = test_path("card.c");
    FILE *file = fopen(source, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    (void)snprintf(library, sizeof library, "%s", test_path("card.so"));
    (void)snprintf(command, sizeof command,
                   "cc -std=c11 -Wall -Wextra -Werror -O1 -shared -fPIC -o '%s' '%s'", library,
                   test_path("card.c"));
    assert_int_equal(system(command), 0);
    void *opened = dlopen(library, RTLD_NOW);
    assert_non_null(opened);
    *(void **)&card.points = dlsym(opened, "card_points");
    *(void **)&card.code = dlsym(opened, "card_code");
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(points_in_c(&card, b.table, i), b.points[i]);
    (void)dlclose(opened);
    vouch_text_free(b.ctx, text);
    unmake(&b);
}

static void each_form_is_whole_or_refused(void **state)
{
    (void)state;
    static const char *const form[] = { "c", "json", "pmml", "sql-duckdb", "sql-postgresql", "sql-spark" };
    static bench b;
    char *text;
    if (!make(&b))
        skip();
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        assert_ok(b.ctx, vouch_model_export(b.ctx, b.model, form[i], &text));
        assert_true(strlen(text) > 500);
        vouch_text_free(b.ctx, text);
    }
    assert_status(b.ctx, vouch_model_export(b.ctx, b.model, "cobol", &text), VOUCH_E_ARG);
    assert_non_null(strstr(vouch_ctx_error(b.ctx), "must be one of c, json, pmml, sql-duckdb"));
    unmake(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sql_and_model_give_the_same_points_in_every_row),
                                        cmocka_unit_test(c_and_model_give_the_same_points_in_every_row),
                                        cmocka_unit_test(each_form_is_whole_or_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
