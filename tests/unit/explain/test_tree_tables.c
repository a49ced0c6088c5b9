/* Leaf pattern tables against the definition: every subset, every background row. */
#include "check.h"
#include "forest.h"

#include "explain/tree_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMERIC = 4, CATEGORY = 2, INPUTS = NUMERIC + CATEGORY };

static vouch_ctx *ctx_with(unsigned threads)
{
    vouch_ctx_options options = { .threads = threads };
    return vouch_ctx_new(&options);
}

static vouch_status make(vouch_ctx *ctx, const vouch__trees *trees, size_t m, const double *background,
                         vouch__tree_tables *out)
{
    vouch__tree_tables t;
    vouch_status status = vouch__tree_tables_shape(ctx, trees, &t);
    if (status)
        return status;
    status = vouch__tree_tables_count(ctx, &t, m, background);
    if (!status)
        status = vouch__tree_tables_sum(ctx, &t, m);
    if (status)
        vouch__tree_tables_clear(&t);
    else
        *out = t;
    return status;
}

/* v(S): the mean score with the inputs of S from the row and the others from each background row. */
static double coalition(const vouch__trees *trees, const double *row, size_t m, const double *background,
                        unsigned set)
{
    double sum = 0.0, mixed[INPUTS];
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            mixed[j] = set >> j & 1 ? row[j] : background[i * INPUTS + j];
        sum += forest_raw(trees, mixed);
    }
    return sum / (double)m;
}

static double factorial(int n) { return n < 2 ? 1.0 : n * factorial(n - 1); }

/* Shapley's formula over all subsets of all inputs: slow, obvious, and independent of the code under test. */
static void shapley_by_definition(const vouch__trees *trees, const double *row, size_t m,
                                  const double *background, double *out)
{
    double v[1 << INPUTS];
    for (unsigned s = 0; s < 1u << INPUTS; s++)
        v[s] = coalition(trees, row, m, background, s);
    for (unsigned j = 0; j < INPUTS; j++) {
        out[j] = 0.0;
        for (unsigned s = 0; s < 1u << INPUTS; s++) {
            int size = __builtin_popcount(s);
            if (!(s >> j & 1))
                out[j] += factorial(size) * factorial(INPUTS - 1 - size) / factorial(INPUTS) *
                          (v[s | 1u << j] - v[s]);
        }
    }
}

static void values_equal_the_definition(void **state)
{
    (void)state;
    enum { ROWS = 4, MOST = 12 };
    vouch_ctx *ctx = ctx_with(2);
    for (int round = 0; round < 60; round++) {
        size_t m = 1 + seeded_below(MOST);
        double x[ROWS * INPUTS], background[MOST * INPUTS], got[ROWS * INPUTS], want[INPUTS];
        vouch__trees trees = forest_random(NUMERIC, CATEGORY, 1 + seeded_below(5), 1 + seeded_below(24));
        vouch__tree_tables t;
        forest_rows(&trees, NUMERIC, m, background);
        forest_rows(&trees, NUMERIC, ROWS, x);
        assert_ok(ctx, make(ctx, &trees, m, background, &t));
        vouch__tree_tables_block(&t, ROWS, x, got);
        assert_close(t.base, coalition(&trees, x, m, background, 0), 1e-12);
        for (size_t i = 0; i < ROWS; i++) {
            double sum = t.base;
            shapley_by_definition(&trees, x + i * INPUTS, m, background, want);
            for (size_t j = 0; j < INPUTS; j++) {
                assert_close(got[i * INPUTS + j], want[j], 1e-12);
                sum += got[i * INPUTS + j];
            }
            assert_close(sum, forest_raw(&trees, x + i * INPUTS), 1e-12);
        }
        vouch__tree_tables_clear(&t);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

/* One split, x <= 0.5, leaves 10 and 20. Background 0, 0, 1: base (10 + 10 + 20) / 3; a row of 1 gets the
 * rest. */
static void one_split_by_hand(void **state)
{
    (void)state;
    uint32_t root[] = { 0, 3 };
    vouch__node node[] = { { .left = 1, .right = 2, .threshold = 0.5 },
                           { .left = -1, .value = 10.0, .cover = 2 },
                           { .left = -1, .value = 20.0, .cover = 1 } };
    vouch__trees trees = {
        .n_inputs = 1, .n_trees = 1, .n_nodes = 3, .root = root, .node = node, .base = 1.0
    };
    const double background[] = { 0, 0, 1 }, x[] = { 1, 0, NAN };
    double got[3];
    vouch__tree_tables t;
    vouch_ctx *ctx = ctx_with(1);
    assert_ok(ctx, make(ctx, &trees, 3, background, &t));
    vouch__tree_tables_block(&t, 3, x, got);
    assert_close(t.base, 1.0 + 40.0 / 3.0, 1e-15);
    assert_close(got[0], 20.0 / 3.0, 1e-15);
    assert_close(got[1], -10.0 / 3.0, 1e-15);
    assert_close(got[2], 20.0 / 3.0, 1e-15); /* missing goes right: default_left is false */
    vouch__tree_tables_clear(&t);
    vouch_ctx_free(ctx);
}

/* An input that no split uses has no value; the row that is the whole background has none anywhere. */
static void a_row_against_itself_has_no_values(void **state)
{
    (void)state;
    vouch_ctx *ctx = ctx_with(1);
    for (int round = 0; round < 50; round++) {
        double x[INPUTS], got[INPUTS];
        vouch__trees trees = forest_random(NUMERIC, CATEGORY, 4, 20);
        vouch__tree_tables t;
        forest_rows(&trees, NUMERIC, 1, x);
        assert_ok(ctx, make(ctx, &trees, 1, x, &t));
        vouch__tree_tables_block(&t, 1, x, got);
        for (size_t j = 0; j < INPUTS; j++)
            assert_close(got[j], 0.0, 1e-14);
        vouch__tree_tables_clear(&t);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

/* Twice the background, row by row, is the same population. */
static void repeating_the_background_changes_nothing(void **state)
{
    (void)state;
    enum { M = 40, ROWS = 20 };
    vouch_ctx *ctx = ctx_with(2);
    double background[M * INPUTS], x[ROWS * INPUTS], once[ROWS * INPUTS], twice[ROWS * INPUTS];
    vouch__trees trees = forest_random(NUMERIC, CATEGORY, 10, 30);
    vouch__tree_tables t;
    forest_rows(&trees, NUMERIC, M, background);
    forest_rows(&trees, NUMERIC, ROWS, x);
    assert_ok(ctx, make(ctx, &trees, M, background, &t));
    vouch__tree_tables_block(&t, ROWS, x, once);
    assert_ok(ctx, vouch__tree_tables_count(ctx, &t, M, background));
    assert_ok(ctx, vouch__tree_tables_sum(ctx, &t, 2 * M));
    vouch__tree_tables_block(&t, ROWS, x, twice);
    for (size_t k = 0; k < ROWS * INPUTS; k++)
        assert_close(twice[k], once[k], 1e-13);
    vouch__tree_tables_clear(&t);
    forest_free(&trees);
    vouch_ctx_free(ctx);
}

static void the_same_bits_at_any_number_of_threads(void **state)
{
    (void)state;
    enum { M = 300, ROWS = 50 };
    double *background = malloc(sizeof *background * M * INPUTS);
    double x[ROWS * INPUTS], want[ROWS * INPUTS], got[ROWS * INPUTS], base = 0.0;
    vouch__trees trees = forest_random(NUMERIC, CATEGORY, 50, 31);
    assert_non_null(background);
    forest_rows(&trees, NUMERIC, M, background);
    forest_rows(&trees, NUMERIC, ROWS, x);
    for (unsigned threads = 1; threads <= 8; threads++) {
        vouch__tree_tables t;
        vouch_ctx *ctx = ctx_with(threads);
        assert_ok(ctx, make(ctx, &trees, M, background, &t));
        vouch__tree_tables_block(&t, ROWS, x, threads == 1 ? want : got);
        if (threads == 1)
            base = t.base;
        else
            assert_memory_equal(want, got, sizeof want);
        assert_memory_equal(&base, &t.base, sizeof base);
        vouch__tree_tables_clear(&t);
        vouch_ctx_free(ctx);
    }
    free(background);
    forest_free(&trees);
}

/* A chain of n splits, each on an input of its own (or all on one). */
static vouch__trees chain(size_t n, bool is_one_input, uint32_t root[2])
{
    vouch__trees trees = { .n_inputs = n, .n_trees = 1, .n_nodes = 2 * n + 1, .root = root };
    trees.node = calloc(trees.n_nodes, sizeof *trees.node);
    assert_non_null(trees.node);
    for (size_t k = 0; k < n; k++) {
        trees.node[2 * k] = (vouch__node){ .left = (int32_t)(2 * k + 1),
                                           .right = (int32_t)(2 * k + 2),
                                           .input = is_one_input ? 0 : (uint32_t)k,
                                           .threshold = (double)k };
        trees.node[2 * k + 1] = (vouch__node){ .left = -1, .value = (double)k, .cover = 1 };
    }
    trees.node[2 * n] = (vouch__node){ .left = -1, .value = 1.0, .cover = 1 };
    root[1] = (uint32_t)trees.n_nodes;
    return trees;
}

static void sixty_four_inputs_to_a_leaf_and_no_more(void **state)
{
    (void)state;
    vouch_ctx *ctx = ctx_with(1);
    for (size_t n = 9; n <= 65; n++) { /* past where tables of all patterns end */
        uint32_t root[2] = { 0, 0 };
        double x[65] = { 0 }, background[130] = { 0 }, got[65], sum = 0.0;
        vouch__trees trees = chain(n, false, root);
        vouch__tree_tables t;
        for (size_t j = 0; j < 130; j++)
            background[j] = seeded() * 70.0;
        for (size_t j = 0; j < 65; j++)
            x[j] = 70.0;
        if (n > 64) {
            assert_status(ctx, make(ctx, &trees, 2, background, &t), VOUCH_E_LIMIT);
            assert_error_has(ctx, "depends on over 64 inputs");
        } else {
            assert_ok(ctx, make(ctx, &trees, 2, background, &t));
            vouch__tree_tables_block(&t, 1, x, got);
            for (size_t j = 0; j < n; j++)
                sum += got[j];
            assert_close(t.base + sum, 1.0, 1e-12);
            vouch__tree_tables_clear(&t);
        }
        free(trees.node);
    }
    vouch_ctx_free(ctx);
}

static void a_path_of_one_input_may_be_a_thousand_long(void **state)
{
    (void)state;
    vouch_ctx *ctx = ctx_with(1);
    for (size_t n = 1000; n <= 1001; n++) {
        uint32_t root[2] = { 0, 0 };
        double x[1001] = { 500.5 }, background[1001] = { 3.0 }, got[1001];
        vouch__trees trees = chain(n, true, root);
        vouch__tree_tables t;
        if (n > 1000) {
            assert_status(ctx, make(ctx, &trees, 1, background, &t), VOUCH_E_LIMIT);
        } else {
            assert_ok(ctx, make(ctx, &trees, 1, background, &t));
            vouch__tree_tables_block(&t, 1, x, got);
            assert_close(t.base, 3.0, 1e-12);
            assert_close(got[0], 501.0 - 3.0, 1e-12);
            vouch__tree_tables_clear(&t);
        }
        free(trees.node);
    }
    vouch_ctx_free(ctx);
}

static vouch_status make_and_clear(vouch_ctx *ctx, void *arg)
{
    double x[8 * INPUTS] = { 0 };
    vouch__tree_tables t;
    vouch_status status = make(ctx, arg, 8, x, &t);
    if (!status)
        vouch__tree_tables_clear(&t);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch__trees trees = forest_random(NUMERIC, CATEGORY, 6, 20);
    sweep_allocations(make_and_clear, &trees, 0);
    forest_free(&trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_the_definition),
        cmocka_unit_test(one_split_by_hand),
        cmocka_unit_test(a_row_against_itself_has_no_values),
        cmocka_unit_test(repeating_the_background_changes_nothing),
        cmocka_unit_test(the_same_bits_at_any_number_of_threads),
        cmocka_unit_test(sixty_four_inputs_to_a_leaf_and_no_more),
        cmocka_unit_test(a_path_of_one_input_may_be_a_thousand_long),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
