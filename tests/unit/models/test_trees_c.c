/* Models of trees written as C and compiled here give the bits of the model, row by row: XGBoost, LightGBM,
 * CatBoost and our own, with missing values, categories, and values that are odd in every way. */
#include "check.h"
#include "fit_kit.h"
#include "golden.h"

#include "models/forest/forest.h"
#include "models/model_kind.h"

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1500 };

typedef double raw_fn(const double *row);

static bool have_compiler(void)
{
    if (system("cc --version >/dev/null 2>&1") == 0)
        return true;
    print_message("skipped: there is no C compiler called cc\n");
    return false;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_c(vouch_ctx *ctx, const vouch_model *model, const char *path)
{
    char *text = NULL;
    assert_ok(ctx, vouch_model_export(ctx, model, "c", &text));
    write_text(path, text);
    vouch_text_free(ctx, text);
}

/* Values near thresholds, codes, and those that libraries treat in ways of their own. */
static double odd_value(const vouch__trees *trees, const vouch__input *input)
{
    static const double odd[] = { 0.0,       -0.0, 1e-35,    -1e-35, 1e-36, 1e300,        -1e300, INFINITY,
                                  -INFINITY, -0.5, -1.0,     -7.0,   0.5,   2147483648.0, 1e10,   3.5e38,
                                  1e-42,     1.5,  16777217, 63.0,   64.0,  DBL_MIN / 2 };
    const vouch__node *node = &trees->node[seeded_below(trees->n_nodes)];
    double u = seeded();
    if (u < 0.1)
        return (double)NAN;
    if (u < 0.25)
        return odd[seeded_below(sizeof odd / sizeof *odd)];
    if (input->is_category || u < 0.4)
        return (double)seeded_below(input->n_categories + 12);
    return node->left < 0 ? seeded_normal()
           : u < 0.7      ? node->threshold
                          : nextafter(node->threshold, INFINITY);
}

static bool same(double got, double want)
{
    uint64_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &want, sizeof b);
    return isnan(want) ? isnan(got) != 0 : a == b;
}

static void check_rows(vouch_ctx *ctx, const vouch_model *model, raw_fn *raw)
{
    vouch_scorer *scorer = NULL;
    const vouch__trees *trees = vouch__model_trees(model);
    size_t width = model->inputs.n, bad = 0, finite = 0;
    double *row = calloc(width + 1, sizeof *row);
    assert_true(row && trees);
    assert_ok(ctx, vouch_scorer_new(ctx, model, &scorer));
    for (size_t i = 0; i < ROWS; i++) {
        double want;
        for (size_t j = 0; j < width; j++)
            row[j] = seeded() < 0.7 ? (double)seeded_below(40) / 4.0 - 2.0
                                    : odd_value(trees, &model->inputs.at[j]);
        if (i % 2) /* rows that no strict model refuses */
            for (size_t j = 0; j < width; j++)
                row[j] = fabs(row[j]) > 1e9 ? 3.0 : row[j];
        double got = raw(row);
        vouch_scorer_row(scorer, row, &want);
        bad += !same(got, want);
        if (!isnan(want))
            finite++;
    }
    if (bad || finite < ROWS / 2)
        print_error("%s: %zu of %d rows differ, %zu are numbers\n", model->name, bad, ROWS, finite);
    assert_int_equal(bad, 0);
    assert_true(finite >= ROWS / 2);
    vouch_scorer_free(scorer);
    free(row);
}

static vouch_model *own(vouch_ctx *ctx)
{
    enum { N = 600, COLS = 4 };
    static const bool is_text[COLS] = { false, true, false, false };
    static double x[N * COLS], y[N];
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < COLS; j++)
            x[i * COLS + j] = seeded() < 0.05 ? (double)NAN : (double)seeded_below(j == 1 ? 9 : 40) / 4.0;
        y[i] = seeded() < 0.2 + 0.06 * (isnan(x[i * COLS]) ? 9.0 : x[i * COLS]);
    }
    assert_ok(ctx, kit_table(ctx, N, COLS, x, is_text, &table));
    kit_fit spec = { .table = table, .n_train = N, .target = y, .params = "{trees: 30, min_child_rows: 5}" };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    vouch_table_unref(table);
    return model;
}

static vouch_model *imported(vouch_ctx *ctx, const char *file, int output, const char *name)
{
    char path[512];
    vouch_model *model = NULL;
    vouch_import_options options = { .output = output, .name = name };
    (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/golden/trees/%s", file);
    assert_ok(ctx, vouch_model_import(ctx, path, &options, &model));
    return model;
}

static void c_and_model_give_the_same_bits(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int output;
    } from[] = {
        { "xgb_binary_cat_part.model.json", -1 },
        { "xgb_dart.model.json", -1 },
        { "xgb_softprob3.model.ubj", 1 },
        { "xgb_text_categories.json", -1 },
        { "lgb_binary_categorical.model.txt", -1 },
        { "lgb_binary_zero_as_missing.model.txt", -1 },
        { "lgb_rf.model.txt", -1 },
        { "cb_logloss.json", -1 },
        { "cb_one_hot.json", -1 },
    };
    enum { MODELS = sizeof from / sizeof *from + 1 };
    vouch_model *model[MODELS];
    char command[4096], function[64];
    if (!have_compiler())
        skip();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    int used = snprintf(command, sizeof command,
                        "cc -std=c11 -Wall -Wextra -Werror -O1 -shared -fPIC -o '%s'", test_path("trees.so"));
    for (size_t m = 0; m < MODELS; m++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%zu model", m);
        model[m] = m + 1 < MODELS ? imported(ctx, from[m].file, from[m].output, name) : own(ctx);
        (void)snprintf(name, sizeof name, "trees_%zu.c", m);
        write_c(ctx, model[m], test_path(name));
        used += snprintf(command + used, sizeof command - (size_t)used, " '%s'", test_path(name));
    }
    assert_int_equal(system(command), 0);
    void *library = dlopen(test_path("trees.so"), RTLD_NOW);
    assert_non_null(library);
    for (size_t m = 0; m < MODELS; m++) {
        raw_fn *raw;
        if (m + 1 < MODELS)
            (void)snprintf(function, sizeof function, "_%zu_model_raw", m);
        else
            (void)snprintf(function, sizeof function, "%s_raw", model[m]->name);
        *(void **)&raw = dlsym(library, function);
        assert_non_null(raw);
        check_rows(ctx, model[m], raw);
        vouch_model_free(model[m]);
    }
    (void)dlclose(library);
    vouch_ctx_free(ctx);
}

/* Rows with text, with a missing value, and what each scores; one of them wrong when asked. */
static void write_list(const vouch_model *model, const vouch_scorer *scorer, const char *path, bool is_wrong)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < 50; i++) {
        const vouch__input *text = &model->inputs.at[1];
        const char *word = i % 7 == 0 ? NULL : text->category[i % text->n_categories];
        double row[4] = { (double)i / 4.0, vouch_scorer_code(scorer, 1, word), (double)NAN, 2.0 }, raw;
        vouch_scorer_row(scorer, row, &raw);
        if (is_wrong && i == 30)
            raw = nextafter(raw, INFINITY);
        (void)fprintf(file, "%.17g,%s,,2,%.17g\n", row[0], word ? word : "", raw);
    }
    assert_int_equal(fclose(file), 0);
}

static void the_file_checks_itself_against_a_list(void **state)
{
    (void)state;
    char command[1024];
    if (!have_compiler())
        skip();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = own(ctx);
    vouch_scorer *scorer = NULL;
    assert_ok(ctx, vouch_scorer_new(ctx, model, &scorer));
    write_c(ctx, model, test_path("own.c"));
    (void)snprintf(command, sizeof command, "cc -std=c11 -Wall -Wextra -Werror -DVOUCH_CHECK -o '%s' '%s'",
                   test_path("own"), test_path("own.c"));
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command, "'%s' < '%s' >/dev/null", test_path("own"),
                   test_path("rows.csv"));
    write_list(model, scorer, test_path("rows.csv"), false);
    assert_int_equal(system(command), 0);
    write_list(model, scorer, test_path("rows.csv"), true);
    assert_int_not_equal(system(command), 0);
    vouch_scorer_free(scorer);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

static void what_has_no_such_form_is_refused(void **state)
{
    (void)state;
    char *text = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *linear = imported(ctx, "lgb_linear_tree.model.txt", -1, "linear");
    assert_status(ctx, vouch_model_export(ctx, linear, "c", &text), VOUCH_E_ARG);
    assert_error_has(ctx, "linear leaves");
    assert_status(ctx, vouch_model_export(ctx, linear, "pmml", &text), VOUCH_E_ARG);
    assert_error_has(ctx, "must be one of c");
    vouch_model_free(linear);
    vouch_ctx_free(ctx);
}

typedef struct written {
    const vouch_model *model;
} written;

static vouch_status export_it(vouch_ctx *ctx, void *arg)
{
    char *text = NULL;
    vouch_status status = vouch_model_export(ctx, ((written *)arg)->model, "c", &text);
    vouch_text_free(ctx, text);
    return status;
}

static void writing_survives_every_allocation_failure(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    written w = { own(ctx) };
    sweep_allocations(export_it, &w, 0);
    vouch_model_free((vouch_model *)w.model);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_and_model_give_the_same_bits),
        cmocka_unit_test(the_file_checks_itself_against_a_list),
        cmocka_unit_test(what_has_no_such_form_is_refused),
        cmocka_unit_test(writing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
