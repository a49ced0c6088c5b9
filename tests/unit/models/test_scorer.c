/* Rows scored without a table score as the table's rows do. */
#include "check.h"
#include "fit_kit.h"
#include "models/model_kind.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400, COLS = 4 };
static double x[ROWS * COLS], y[ROWS], want[ROWS], values[ROWS * COLS];
static const bool is_text[COLS] = { false, true, false, false };

typedef struct fitted {
    vouch_table *table;
    vouch_model *model;
    vouch_scorer *scorer;
} fitted;

static fitted fit(vouch_ctx *ctx)
{
    fitted f = { NULL, NULL, NULL };
    vouch__binding binding;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++)
            x[i * COLS + j] = seeded() < 0.05 ? (double)NAN : (double)seeded_below(j == 1 ? 6 : 30);
        y[i] = seeded() < 0.2 + 0.02 * (isnan(x[i * COLS]) ? 9.0 : x[i * COLS]);
    }
    assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, is_text, &f.table));
    kit_fit spec = {
        .table = f.table, .n_train = ROWS, .target = y, .params = "{trees: 40, min_child_rows: 5}"
    };
    assert_ok(ctx, kit_model(ctx, &spec, &f.model));
    assert_ok(ctx, vouch_model_score(ctx, f.model, f.table, want, NULL, NULL));
    assert_ok(ctx, vouch_scorer_new(ctx, f.model, &f.scorer));
    assert_ok(ctx, vouch__bind(ctx, &f.model->inputs, f.table, &binding));
    vouch__bound_rows(&binding, 0, ROWS, NULL, values);
    vouch__binding_clear(&binding);
    return f;
}

static void drop(fitted *f)
{
    vouch_scorer_free(f->scorer);
    vouch_model_free(f->model);
    vouch_table_unref(f->table);
}

static void rows_score_as_the_table_does(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fitted f = fit(ctx);
    double many[ROWS], one;
    vouch_scorer_rows(f.scorer, ROWS, values, many);
    assert_memory_equal(many, want, sizeof many);
    for (size_t i = 0; i < ROWS; i++) {
        vouch_scorer_row(f.scorer, values + i * COLS, &one);
        assert_memory_equal(&one, &want[i], sizeof one);
        assert_close(vouch_scorer_probability(f.scorer, one), 1.0 / (1.0 + exp(-one)), 1e-14);
    }
    drop(&f);
    vouch_ctx_free(ctx);
}

static void categories_are_found_by_name(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fitted f = fit(ctx);
    const vouch__input *input = &f.model->inputs.at[1];
    assert_true(input->is_category);
    for (size_t k = 0; k < input->n_categories; k++)
        assert_close(vouch_scorer_code(f.scorer, 1, input->category[k]), (double)k, 0);
    assert_close(vouch_scorer_code(f.scorer, 1, "never seen"), -1, 0);
    assert_close(vouch_scorer_code(f.scorer, 1, ""), -1, 0);
    assert_nan(vouch_scorer_code(f.scorer, 1, NULL));
    assert_nan(vouch_scorer_code(f.scorer, 0, "1"));
    drop(&f);
    vouch_ctx_free(ctx);
}

static void *score(void *arg)
{
    const vouch_scorer *scorer = arg;
    size_t wrong = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double raw;
        vouch_scorer_row(scorer, values + i * COLS, &raw);
        wrong += memcmp(&raw, &want[i], sizeof raw) != 0;
    }
    return (void *)(uintptr_t)wrong;
}

static void threads_share_a_scorer_that_allocates_nothing(void **state)
{
    (void)state;
    enum { THREADS = 16 };
    counting_alloc mem = { .fail_at = SIZE_MAX };
    vouch_ctx_options options = { .alloc = counting_allocator(&mem), .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    fitted f = fit(ctx);
    pthread_t thread[THREADS];
    size_t calls = mem.calls;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, score, f.scorer), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(thread[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(mem.calls, calls);
    drop(&f);
    vouch_ctx_free(ctx);
    assert_int_equal(mem.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_score_as_the_table_does),
        cmocka_unit_test(categories_are_found_by_name),
        cmocka_unit_test(threads_share_a_scorer_that_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
