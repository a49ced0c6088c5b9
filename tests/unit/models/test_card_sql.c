/* A scorecard as SQL gives the same integer points as the model, row by row, in DuckDB. */
#include "check.h"

#include "models/model_kind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4000, COLS = 4 };

static const char *const names[COLS] = { "plain", "with \"quotes\"", "it's a code", "purpose" };
static const char *const purposes[] = { "car", "it's \"new\"", "home, garden", "\xc3\xa9tudes", "unseen" };

/* Rows from `split` on have categories and missing values that the fit has not seen. */
static void write_csv(const char *path, size_t split, double *bad)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "plain,\"with \"\"quotes\"\"\",it's a code,purpose\n");
    for (size_t i = 0; i < ROWS; i++) {
        bool fresh = i >= split;
        double plain = seeded() * 3 - 1, quoted = floor(seeded() * 40) / 10, u = seeded();
        int code = u < 0.1 ? -2 : (int)seeded_below(6);
        size_t purpose = seeded_below(fresh ? 5 : 4);
        bad[i] = seeded() < 1 / (1 + exp(2.5 - plain - 0.3 * quoted - 0.2 * code - 0.4 * (double)purpose));
        if (fresh && u > 0.9)
            (void)fprintf(file, ",");
        else
            (void)fprintf(file, "%.17g,", plain);
        (void)fprintf(file, "%g,", quoted);
        if (u > 0.5 && u < 0.55)
            (void)fprintf(file, ",");
        else
            (void)fprintf(file, "%d,", code);
        if (strcmp(purposes[purpose], "it's \"new\"") == 0)
            (void)fprintf(file, "\"it's \"\"new\"\"\"\n");
        else
            (void)fprintf(file, "\"%s\"\n", purposes[purpose]);
    }
    (void)fclose(file);
}

static void name_inputs(vouch_ctx *ctx, const vouch_table *table, vouch__inputs *inputs)
{
    for (size_t j = 0; j < COLS; j++) {
        vouch__input *at = &inputs->at[j];
        at->name = vouch__strdup(ctx, names[j]);
        at->category = vouch__alloc(ctx, 8, sizeof *at->category);
        at->special = vouch__alloc(ctx, 1, sizeof *at->special);
        at->is_category = j == 3;
        at->n_special = j == 2;
        at->special[0] = -2;
        for (size_t k = 0; j == 3 && k < vouch_table_categories(table, 3); k++)
            if (strcmp(vouch_table_category(table, 3, k), "unseen") != 0)
                at->category[at->n_categories++] = vouch__strdup(ctx, vouch_table_category(table, 3, k));
    }
}

static vouch_model *fit(vouch_ctx *ctx, const vouch_table *table, size_t n, const double *bad)
{
    static uint32_t row[ROWS];
    double value[16];
    const vouch__model_kind *kind = &vouch__kind_scorecard;
    vouch_model *model = NULL;
    vouch__inputs inputs;
    vouch__binding binding;
    vouch__doc *doc = NULL;
    for (size_t i = 0; i < n; i++)
        row[i] = (uint32_t)i;
    for (size_t i = 0; i < kind->n_params; i++)
        value[i] = kind->params[i].value;
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_ok(ctx, vouch__inputs_new(ctx, COLS, &inputs));
    name_inputs(ctx, table, &inputs);
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { n, row, bad, NULL } };
    assert_ok(ctx, vouch__model_fit(ctx, kind, "card", &inputs, value, &data, doc, vouch__json_object(doc),
                                    &model));
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__doc_free(doc);
    return model;
}

static void sql_and_model_give_the_same_points_in_every_row(void **state)
{
    (void)state;
    static double bad[ROWS], in_sql[ROWS];
    static int32_t in_c[ROWS];
    enum { SEEN = 3000 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *path = test_path("rows.csv");
    vouch_table *table = NULL, *scored = NULL;
    vouch_source source = { .source = path, .duckdb = VOUCH_BIN "/libduckdb.so" };
    char *sql = NULL, *query;
    write_csv(path, SEEN, bad);
    vouch_status status = vouch_table_open(ctx, &source, &table);
    if (status == VOUCH_E_UNAVAILABLE) {
        print_message("skipped: %s\n", vouch_ctx_error(ctx));
        vouch_ctx_free(ctx);
        skip();
    }
    assert_int_equal(status, VOUCH_OK);
    vouch_model *model = fit(ctx, table, SEEN, bad);
    assert_ok(ctx, vouch_model_score(ctx, model, table, NULL, NULL, in_c));
    assert_ok(ctx, vouch_model_sql(ctx, model, "duckdb", &sql));
    size_t room = strlen(sql) + strlen(path) + 200;
    query = malloc(room);
    (void)snprintf(query, room,
                   "SELECT rid, %s AS points FROM (SELECT row_number() OVER () AS rid, * FROM '%s')", sql,
                   path);
    source.source = query;
    source.id = "rid";
    assert_ok(ctx, vouch_table_open(ctx, &source, &scored));
    assert_int_equal(vouch_table_rows(scored), ROWS);
    vouch_table_read(scored, vouch_table_find(scored, "points"), 0, ROWS, in_sql);
    bool differs = false;
    for (size_t i = 0; i < ROWS; i++) {
        assert_close(in_sql[i], in_c[i], 0);
        differs = differs || in_c[i] != in_c[0];
    }
    assert_true(differs);
    free(query);
    vouch_text_free(ctx, sql);
    vouch_model_free(model);
    vouch_table_unref(scored);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sql_and_model_give_the_same_points_in_every_row) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
