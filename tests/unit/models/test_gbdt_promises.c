/* What boosting promises whatever the data: the same bytes, the same way through a tree, rows enough in every
 * leaf, and monotone inputs that are. */
#include "check.h"
#include "fit_kit.h"
#include "models/trees.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { MAX = 3000 };
static double x[MAX * 8], y[MAX], w[MAX];
static const bool some_text[8] = { false, false, true, true, false, false, false, false };

static void bytes_are_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const params[] = {
        "{trees: 12, leaves: 31, depth: 6}", "{trees: 8, grow: leaf, leaves: 40, depth: 30, row_sample: 0.5}",
        "{trees: 8, loss: squared, column_sample: 0.4, min_child_rows: 3}"
    };
    static const unsigned threads[] = { 2, 8 };
    kit_mixed(MAX, 8, some_text, x, y);
    for (size_t i = 0; i < MAX; i++)
        w[i] = 0.5 + seeded();
    for (size_t k = 0; k < 3; k++) {
        kit_fit spec = {
            .n_train = 2500, .n_tune = 500, .target = y, .weight = w, .params = params[k], .seed = 5
        };
        kit_same_on_threads(&spec, 8, x, some_text, 2, threads);
    }
}

/* Long leaves: histograms are built in several parts, searched and divided by several tasks. */
static void bytes_are_the_same_when_work_is_shared_out(void **state)
{
    (void)state;
    enum { N = 70000, COLS = 10 };
    static const unsigned threads[] = { 2, 4 };
    double *big = test_malloc(N * COLS * sizeof *big), *target = test_malloc(N * sizeof *target);
    for (size_t i = 0; i < N; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < COLS; j++) {
            big[i * COLS + j] = seeded_normal();
            sum += big[i * COLS + j] * (double)(j + 1) * 0.1;
        }
        target[i] = seeded() < vouch__sigmoid(sum);
    }
    kit_fit spec = { .n_train = N - 9000, .n_tune = 9000, .target = target, .params = "{trees: 3}" };
    kit_same_on_threads(&spec, COLS, big, NULL, 2, threads);
    test_free(big);
    test_free(target);
}

/* Scoring walks thresholds and sets, fitting walked bins: they must agree on every row, and children's covers
 * must be the rows that scoring sends there. */
static void scoring_goes_the_way_that_fitting_went(void **state)
{
    (void)state;
    enum { N = 1500 };
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    kit_mixed(N, 8, some_text, x, y);
    vouch_model *model = kit_fitted(ctx, N, 8, x, some_text, y,
                                    "{trees: 20, row_sample: 0.7, grow: leaf, depth: 12}", &table);
    const vouch__trees *trees = vouch__model_trees(model);
    vouch__binding binding;
    assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
    double *row = test_malloc(N * 8 * sizeof *row);
    double *came = test_malloc(trees->n_nodes * sizeof *came);
    memset(came, 0, trees->n_nodes * sizeof *came);
    vouch__bound_rows(&binding, 0, N, NULL, row);
    for (size_t t = 0; t < trees->n_trees; t++)
        for (size_t i = 0; i < N; i++)
            came[trees->root[t] + vouch__tree_leaf(trees, t, row + i * 8)] += 1.0;
    for (size_t t = 0; t < trees->n_trees; t++)
        for (size_t i = trees->root[t]; i < trees->root[t + 1]; i++)
            if (trees->node[i].left < 0)
                assert_close(trees->node[i].cover, came[i], 0);
    assert_true(trees->n_trees == 20);
    test_free(came);
    test_free(row);
    vouch__binding_clear(&binding);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void no_leaf_has_too_few_rows_or_too_much_depth(void **state)
{
    (void)state;
    enum { N = 800 };
    static const char *const params[] = {
        "{trees: 15, min_child_rows: 37, row_sample: 1, depth: 4}",
        "{trees: 15, min_child_rows: 61, row_sample: 1, grow: leaf, depth: 7}"
    };
    static const double least[] = { 37, 61 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int k = 0; k < 2; k++) {
        vouch_table *table;
        kit_mixed(N, 8, some_text, x, y);
        vouch_model *model = kit_fitted(ctx, N, 8, x, some_text, y, params[k], &table);
        const vouch__trees *trees = vouch__model_trees(model);
        size_t splits = 0;
        for (size_t i = 0; i < trees->n_nodes; i++) {
            if (trees->node[i].left < 0)
                assert_true(trees->node[i].cover >= least[k]);
            else
                splits++;
        }
        assert_true(splits > 15);
        vouch_model_free(model);
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

/* Random pairs of rows that differ in the monotone inputs only: risk never moves the wrong way. */
static void monotone_inputs_are_monotone_everywhere(void **state)
{
    (void)state;
    enum { N = 1200, COLS = 4, PAIRS = 4000 };
    static const int8_t monotone[COLS] = { 1, -1, 0, 0 };
    static const char *const params[] = {
        "{trees: 60, min_child_rows: 2, learning_rate: 0.3, l2: 0.01}",
        "{trees: 60, grow: leaf, depth: 20, min_child_rows: 2, row_sample: 0.6}",
        "{trees: 40, loss: squared, min_child_rows: 2, l2: 0, learning_rate: 0.5}"
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int k = 0; k < 3; k++) {
        vouch_table *table, *pairs;
        vouch_model *model;
        for (size_t i = 0; i < N; i++) {
            double *r = x + i * COLS;
            for (size_t j = 0; j < COLS; j++)
                r[j] = seeded() < 0.1 ? NAN : floor(seeded() * 12);
            double wave = isnan(r[0]) || isnan(r[2]) ? 0.0
                                                     : sin(r[0] * 1.3 + r[2]); /* anything but monotone */
            y[i] = seeded() < vouch__sigmoid(2.0 * wave + (isnan(r[1]) ? 1.0 : 0.2 * r[1] - 1.0));
        }
        assert_ok(ctx, kit_table(ctx, N, COLS, x, NULL, &table));
        kit_fit spec = {
            .table = table, .n_train = N, .target = y, .monotone = monotone, .params = params[k]
        };
        assert_ok(ctx, kit_model(ctx, &spec, &model));
        double *pair = test_malloc(2 * PAIRS * COLS * sizeof *pair),
               *got = test_malloc(2 * PAIRS * sizeof *got);
        for (size_t i = 0; i < PAIRS; i++) {
            double *a = pair + 2 * i * COLS, *b = a + COLS;
            for (size_t j = 0; j < COLS; j++)
                a[j] = b[j] = seeded() < 0.1 && j > 1 ? NAN : seeded() * 13 - 0.5;
            b[0] = a[0] + seeded() * 6; /* riskier */
            b[1] = a[1] - seeded() * 6; /* riskier */
        }
        assert_ok(ctx, kit_table(ctx, 2 * PAIRS, COLS, pair, NULL, &pairs));
        kit_score(ctx, model, pairs, got);
        size_t differ = 0;
        for (size_t i = 0; i < PAIRS; i++) {
            assert_true(got[2 * i] <= got[2 * i + 1]);
            differ += got[2 * i] < got[2 * i + 1];
        }
        assert_true(differ > PAIRS / 10); /* the inputs are used at all */
        test_free(pair);
        test_free(got);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_table_unref(pairs);
    }
    vouch_ctx_free(ctx);
}

static void a_category_cannot_be_monotone(void **state)
{
    (void)state;
    static const bool text[] = { true };
    static const int8_t monotone[] = { 1 };
    vouch_table *table;
    vouch_model *model;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 10; i++)
        x[i] = y[i] = (double)(i % 2);
    assert_ok(ctx, kit_table(ctx, 10, 1, x, text, &table));
    kit_fit spec = { .table = table, .n_train = 10, .target = y, .monotone = monotone };
    assert_status(ctx, kit_model(ctx, &spec, &model), VOUCH_E_ARG);
    assert_error_has(ctx, "'x0' is a category");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_the_same_on_any_number_of_threads),
        cmocka_unit_test(bytes_are_the_same_when_work_is_shared_out),
        cmocka_unit_test(scoring_goes_the_way_that_fitting_went),
        cmocka_unit_test(no_leaf_has_too_few_rows_or_too_much_depth),
        cmocka_unit_test(monotone_inputs_are_monotone_everywhere),
        cmocka_unit_test(a_category_cannot_be_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
