/* The certificate: what was checked, and the self-test on given rows. */
#include "check.h"
#include "fit_kit.h"
#include "golden.h"

#include "models/forest/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 60, COLS = 6 };

/* The rows of an imported model's inputs f0 .. f3, with raw in c4 and probability in c5. */
typedef struct given {
    vouch_ctx *ctx;
    vouch_model *model;
    vouch_table *rows;
} given;

static given start(double off)
{
    given g = { .ctx = vouch_ctx_new(NULL) };
    static const bool is_text[COLS] = { false };
    double x[ROWS * COLS], raw, probability;
    assert_ok(g.ctx,
              vouch_model_import(g.ctx, VOUCH_TEST_ROOT "/golden/trees/onnx_boosting.onnx", NULL, &g.model));
    for (size_t i = 0; i < ROWS; i++) {
        double *row = x + i * COLS;
        for (size_t j = 0; j < 4; j++)
            row[j] = seeded() < 0.1 ? (double)NAN : (double)(float)seeded_normal();
        vouch__matrix one = { row, 1, 4 };
        g.model->kind->predict(g.model->state, one, &raw);
        probability = g.model->kind->probability(g.model->state, raw);
        row[4] = raw;
        row[5] = probability + (i == 7 ? off : 0.0);
    }
    assert_ok(g.ctx, kit_table(g.ctx, ROWS, COLS, x, is_text, &g.rows));
    for (size_t j = 0; j < 4; j++) { /* the kit names columns its own way */
        vouch__free(vouch__allocator(g.ctx), g.model->inputs.at[j].name);
        g.model->inputs.at[j].name = vouch__strdup(g.ctx, vouch_table_name(g.rows, j));
    }
    return g;
}

static void stop(given *g)
{
    vouch_model_free(g->model);
    vouch_table_unref(g->rows);
    vouch_ctx_free(g->ctx);
}

static void equal_scores_pass_on_every_path(void **state)
{
    (void)state;
    given g = start(0.0);
    char *text = NULL;
    int passed = 0;
    vouch_self_test expected = { .raw = vouch_table_name(g.rows, 4),
                                 .probability = vouch_table_name(g.rows, 5) };
    assert_ok(g.ctx, vouch_model_certify(g.ctx, g.model, g.rows, &expected, &passed, &text));
    assert_int_equal(passed, 1);
    assert_non_null(strstr(text, "\"portable\":0"));
    assert_non_null(strstr(text, "\"passed\":true"));
    assert_non_null(strstr(text, "every tree is one tree"));
    vouch_text_free(g.ctx, text);
    stop(&g);
}

static void a_difference_is_told_with_its_row_and_size(void **state)
{
    (void)state;
    given g = start(0x1p-10);
    char *text = NULL;
    int passed = 1;
    vouch_self_test expected = { .probability = vouch_table_name(g.rows, 5) };
    assert_ok(g.ctx, vouch_model_certify(g.ctx, g.model, g.rows, &expected, &passed, &text));
    assert_int_equal(passed, 0);
    assert_non_null(strstr(text, "\"first_row\":8"));
    assert_non_null(strstr(text, "\"rows_that_differ\":1"));
    assert_non_null(strstr(text, "\"largest_difference\":0.0009765625"));
    vouch_text_free(g.ctx, text);
    expected.within = 0x1p-9;
    assert_ok(g.ctx, vouch_model_certify(g.ctx, g.model, g.rows, &expected, &passed, &text));
    assert_int_equal(passed, 1);
    vouch_text_free(g.ctx, text);
    stop(&g);
}

static void without_rows_there_is_no_self_test(void **state)
{
    (void)state;
    given g = start(0.0);
    char *text = NULL;
    int passed = 0;
    assert_ok(g.ctx, vouch_model_certify(g.ctx, g.model, NULL, NULL, &passed, &text));
    assert_non_null(strstr(text, "\"self_test\":null"));
    vouch_text_free(g.ctx, text);
    vouch_self_test expected = { .raw = "nowhere" };
    assert_status(g.ctx, vouch_model_certify(g.ctx, g.model, g.rows, &expected, &passed, &text),
                  VOUCH_E_DATA);
    assert_error_has(g.ctx, "'nowhere' is no column of numbers");
    stop(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scores_pass_on_every_path),
        cmocka_unit_test(a_difference_is_told_with_its_row_and_size),
        cmocka_unit_test(without_rows_there_is_no_self_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
