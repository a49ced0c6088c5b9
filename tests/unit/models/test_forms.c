/* Models in the forms that other systems run give the model's own raw score, row by row: as SQL in DuckDB, as
 * JSON by an evaluator of a few lines, as C compiled here. The other systems are asked in ./dev conformance
 * exports. */
#include "check.h"
#include "odd_rows.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 700, SEEN = 550 };

static const struct {
    const char *kind, *params;
    double tolerance; /* 0: the same bits */
} cases[] = {
    { "tree", "{leaves: 12, min_rows: 20}", 0 },
    { "tree", "{leaves: 2, min_rows: 500}", 0 }, /* no split */
    { "rules", "{min_rows: 30}", 0 },
    { "gbdt", "{trees: 8, leaves: 6, min_child_rows: 10}", 0 },
    { "gam",
      "{bags: 2, rounds: 40, max_bins: 24, interactions: [[plain, purpose], [plain, \"it's a code\"]]}", 0 },
    { "gam", "{loss: poisson, bags: 1, rounds: 20, pairs: 0, max_bins: 8, offset: 'with \"quotes\"'}", 0 },
    { "glm", "{}", 1e-13 },
    { "glm", "{link: cloglog, unseen: average, splines: {plain: 4}, interactions: [[purpose, plain]]}",
      1e-10 },
    { "glm",
      "{penalty: 0.001, splines: {plain: {type: bspline, knots: 5}}, interactions: [[\"it's a code\", "
      "plain], "
      "[purpose, \"it's a code\"]]}",
      1e-10 },
};
enum { CASES = sizeof cases / sizeof *cases };

static struct bench {
    vouch_ctx *ctx;
    vouch_table *table;
    char path[512];
    double bad[ROWS], raw[ROWS];
} b;

static bool make(void)
{
    b.ctx = vouch_ctx_new(NULL);
    (void)snprintf(b.path, sizeof b.path, "%s", test_path("rows.csv"));
    vouch_source source = { .source = b.path, .duckdb = VOUCH_BIN "/libduckdb.so" };
    odd_csv(b.path, ROWS, SEEN, b.bad);
    vouch_status status = vouch_table_open(b.ctx, &source, &b.table);
    if (status == VOUCH_OK)
        return true;
    assert_int_equal(status, VOUCH_E_UNAVAILABLE);
    print_message("skipped: %s\n", vouch_ctx_error(b.ctx));
    vouch_ctx_free(b.ctx);
    return false;
}

static void unmake(void)
{
    vouch_table_unref(b.table);
    vouch_ctx_free(b.ctx);
}

static vouch_model *fit(size_t c)
{
    vouch_model *model = odd_fit(b.ctx, b.table, SEEN, b.bad, cases[c].kind, cases[c].params);
    assert_ok(b.ctx, vouch_model_score(b.ctx, model, b.table, b.raw, NULL, NULL));
    bool differs = false;
    for (size_t i = 0; i < ROWS; i++)
        differs = differs || b.raw[i] != b.raw[0];
    assert_true(differs || c == 1);
    print_message("%s %s\n", cases[c].kind, cases[c].params);
    return model;
}

static void is_raw(size_t c, size_t row, double got)
{
    if (isnan(b.raw[row]))
        assert_true(isnan(got));
    else
        assert_close(got, b.raw[row], cases[c].tolerance * fmax(1.0, fabs(b.raw[row])));
}

static void sql_gives_the_raw_score_in_every_row(void **state)
{
    static double in_sql[ROWS];
    (void)state;
    if (!make())
        skip();
    for (size_t c = 0; c < CASES; c++) {
        vouch_model *model = fit(c);
        vouch_table *scored = NULL;
        char *sql = NULL;
        assert_ok(b.ctx, vouch_model_export(b.ctx, model, "sql-duckdb", &sql));
        size_t room = strlen(sql) + strlen(b.path) + 200;
        char *query = malloc(room);
        (void)snprintf(query, room,
                       "SELECT rid, %s AS raw FROM (SELECT row_number() OVER () AS rid, * FROM '%s')", sql,
                       b.path);
        vouch_source source = { .source = query, .duckdb = VOUCH_BIN "/libduckdb.so", .id = "rid" };
        assert_ok(b.ctx, vouch_table_open(b.ctx, &source, &scored));
        vouch_table_read(scored, vouch_table_find(scored, "raw"), 0, ROWS, in_sql);
        for (size_t i = 0; i < ROWS; i++)
            is_raw(c, i, in_sql[i]);
        free(query);
        vouch_text_free(b.ctx, sql);
        vouch_table_unref(scored);
        vouch_model_free(model);
    }
    unmake();
}

/* ---- JSON ---- */

/* The number or, into *out_text, the text of an input; NAN and NULL where it is missing. */
static double value_of(const vouch__json *name, size_t row, const char **out_text)
{
    size_t col = vouch_table_find(b.table, name->text);
    double x;
    vouch_table_read(b.table, col, row, row + 1, &x);
    *out_text = NULL;
    if (vouch_table_type(b.table, col) == VOUCH_TEXT && !isnan(x))
        *out_text = vouch_table_category(b.table, col, (size_t)x);
    return x;
}

static bool holds(const vouch__json *when, size_t row)
{
    const char *text;
    double x = value_of(vouch__json_get(when, "input"), row, &text);
    const vouch__json *up_to = vouch__json_get(when, "up_to"), *equals = vouch__json_get(when, "equals");
    const vouch__json *in = vouch__json_get(when, "in");
    if (isnan(x))
        return vouch__json_get(when, "missing") != NULL;
    for (const vouch__json *one = in ? in->first : NULL; one; one = one->next)
        if (text && strcmp(one->text, text) == 0)
            return true;
    return (up_to && x <= vouch__json_double(up_to, NAN)) || (equals && x == vouch__json_double(equals, NAN));
}

static double value(const vouch__json *e, size_t row)
{
    const char *text;
    const vouch__json *list;
    double result = NAN;
    if (e->type != VOUCH__JSON_OBJECT)
        return vouch__json_double(e, NAN);
    if ((list = vouch__json_get(e, "choose")) != NULL) {
        for (const vouch__json *part = list->first; part; part = part->next)
            if (!vouch__json_get(part, "when") || holds(vouch__json_get(part, "when"), row))
                return value(vouch__json_get(part, "then"), row);
        return NAN;
    }
    if (vouch__json_get(e, "input"))
        return value_of(vouch__json_get(e, "input"), row, &text);
    list = vouch__json_get(e, "add");
    bool adds = list != NULL;
    list = adds ? list : vouch__json_get(e, "multiply");
    for (const vouch__json *part = list->first; part; part = part->next)
        result = part == list->first ? value(part, row)
                 : adds              ? result + value(part, row)
                                     : result * value(part, row);
    return result;
}

static void json_gives_the_raw_score_in_every_row(void **state)
{
    (void)state;
    if (!make())
        skip();
    for (size_t c = 0; c < CASES; c++) {
        vouch_model *model = fit(c);
        vouch__doc *doc = NULL;
        char *text = NULL;
        assert_ok(b.ctx, vouch_model_export(b.ctx, model, "json", &text));
        assert_ok(b.ctx, vouch__json_read(b.ctx, "form", text, strlen(text), strlen(text) + 1, &doc));
        const vouch__json *raw = vouch__json_get(vouch__doc_root(doc), "raw");
        for (size_t i = 0; raw && i < ROWS; i++) /* a gam has a form of its own */
            is_raw(c, i, value(raw, i));
        assert_true(raw || !strcmp(cases[c].kind, "gam"));
        vouch__doc_free(doc);
        vouch_text_free(b.ctx, text);
        vouch_model_free(model);
    }
    unmake();
}

static void c_gives_the_raw_score_of_a_glm_in_every_row(void **state)
{
    (void)state;
    if (system("cc --version >/dev/null 2>&1") != 0 || !make())
        skip();
    for (size_t c = CASES - 3; c < CASES; c++) {
        char name[32], source[600], command[2000], *text = NULL;
        vouch_model *model = fit(c);
        vouch__binding binding;
        double (*odd_raw)(const double *), row[ODD_COLS];
        assert_ok(b.ctx, vouch_model_export(b.ctx, model, "c", &text));
        (void)snprintf(name, sizeof name, "glm%zu.c", c);
        (void)snprintf(source, sizeof source, "%s", test_path(name));
        FILE *file = fopen(source, "w");
        assert_non_null(file);
        (void)fputs(text, file);
        (void)fclose(file);
        (void)snprintf(command, sizeof command,
                       "cc -std=c11 -Wall -Wextra -Werror -O1 -shared -fPIC -o '%s.so' '%s' -lm", source,
                       source);
        assert_int_equal(system(command), 0);
        (void)snprintf(command, sizeof command, "%s.so", source);
        void *opened = dlopen(command, RTLD_NOW);
        assert_non_null(opened);
        *(void **)&odd_raw = dlsym(opened, "odd_raw");
        assert_ok(b.ctx, vouch__bind(b.ctx, &model->inputs, b.table, &binding));
        for (size_t i = 0; i < ROWS; i++) {
            vouch__bound_rows(&binding, i, 1, NULL, row);
            is_raw(c, i, odd_raw(row));
        }
        vouch__binding_clear(&binding);
        (void)dlclose(opened);
        vouch_text_free(b.ctx, text);
        vouch_model_free(model);
    }
    unmake();
}

static vouch_status write_all(vouch_ctx *ctx, void *arg)
{
    static const char *const form[] = { "json", "pmml", "sql-postgresql", "sql-spark" };
    for (size_t k = 0; k < sizeof form / sizeof *form; k++) {
        char *text = NULL;
        vouch_status status = vouch_model_export(ctx, arg, form[k], &text);
        vouch_text_free(ctx, text);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static void every_form_is_whole_or_not_there(void **state)
{
    (void)state;
    if (!make())
        skip();
    for (size_t c = 0; c < CASES; c += 6) { /* a tree and a glm */
        vouch_model *model = fit(c);
        char *text = NULL;
        sweep_allocations(write_all, model, 0);
        assert_status(b.ctx, vouch_model_export(b.ctx, model, "cobol", &text), VOUCH_E_ARG);
        assert_error_has(b.ctx, "must be one of c, json, pmml, sql-duckdb");
        vouch_model_free(model);
    }
    unmake();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_gives_the_raw_score_in_every_row),
        cmocka_unit_test(json_gives_the_raw_score_in_every_row),
        cmocka_unit_test(c_gives_the_raw_score_of_a_glm_in_every_row),
        cmocka_unit_test(every_form_is_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
