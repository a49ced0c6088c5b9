/* Path-dependent Shapley values against their definition: every subset of inputs, one by one. */
#include "check.h"
#include "forest.h"
#include "models/tree_shap.h"

#include <math.h>
#include <stdlib.h>

/* What the subtree is worth when only the inputs of `known` are. */
static double worth(const vouch__trees *trees, const vouch__node *tree, const vouch__node *node,
                    const double *row, unsigned known)
{
    if (node->left < 0)
        return node->value;
    const vouch__node *left = tree + node->left, *right = tree + node->right;
    if (known >> node->input & 1)
        return worth(trees, tree, vouch__node_goes_left(trees, node, row[node->input]) ? left : right, row,
                     known);
    return (left->cover * worth(trees, tree, left, row, known) +
            right->cover * worth(trees, tree, right, row, known)) /
           (left->cover + right->cover);
}

static double forest_worth(const vouch__trees *trees, const double *row, unsigned known)
{
    double sum = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++) {
        const vouch__node *tree = trees->node + trees->root[t];
        sum += worth(trees, tree, tree, row, known);
    }
    return sum;
}

static double factorial(size_t n) { return n < 2 ? 1.0 : (double)n * factorial(n - 1); }

static double by_definition(const vouch__trees *trees, const double *row, size_t i)
{
    size_t n = trees->n_inputs;
    double phi = 0.0;
    for (unsigned set = 0; set < 1u << n; set++) {
        if (set >> i & 1)
            continue;
        size_t size = (size_t)__builtin_popcount(set);
        double weight = factorial(size) * factorial(n - size - 1) / factorial(n);
        phi += weight * (forest_worth(trees, row, set | 1u << i) - forest_worth(trees, row, set));
    }
    return phi;
}

static void values_equal_the_definition(void **state)
{
    (void)state;
    enum { NUMBERS = 4, CATEGORIES = 2, INPUTS = NUMBERS + CATEGORIES, ROWS = 6 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 60; round++) {
        vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 1 + seeded_below(3), 2 + seeded_below(30));
        double x[ROWS * INPUTS], out[ROWS * INPUTS], base;
        forest_rows(&trees, NUMBERS, ROWS, x);
        assert_ok(ctx, vouch__tree_shap(ctx, &trees, (vouch__matrix){ x, ROWS, INPUTS }, out, &base));
        assert_close(base, forest_worth(&trees, x, 0), 1e-12);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < INPUTS; j++)
                assert_close(out[i * INPUTS + j], by_definition(&trees, x + i * INPUTS, j), 1e-12);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

static void values_and_base_add_up_to_raw(void **state)
{
    (void)state;
    enum { NUMBERS = 20, CATEGORIES = 6, INPUTS = NUMBERS + CATEGORIES, ROWS = 20 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 10; round++) {
        vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 20, 60);
        double x[ROWS * INPUTS], out[ROWS * INPUTS], base;
        forest_rows(&trees, NUMBERS, ROWS, x);
        assert_ok(ctx, vouch__tree_shap(ctx, &trees, (vouch__matrix){ x, ROWS, INPUTS }, out, &base));
        for (size_t i = 0; i < ROWS; i++) {
            double sum = base;
            for (size_t j = 0; j < INPUTS; j++)
                sum += out[i * INPUTS + j];
            assert_close(sum, forest_raw(&trees, x + i * INPUTS), 1e-11);
        }
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

/* One split at 0: left 1 with cover 3, right 5 with cover 1. The mean is 2. */
static void one_split_gives_the_step_from_the_mean(void **state)
{
    (void)state;
    vouch__node node[] = { { .left = 1, .right = 2, .input = 1, .default_left = true, .cover = 4 },
                           { .left = -1, .right = -1, .value = 1, .cover = 3 },
                           { .left = -1, .right = -1, .value = 5, .cover = 1 } };
    uint32_t root[] = { 0, 3 };
    vouch__trees trees = {
        .n_inputs = 2, .n_trees = 1, .n_nodes = 3, .root = root, .node = node, .base = 10
    };
    double x[] = { 0, -1, 0, 1, 0, NAN }, out[6], base;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch__tree_shap(ctx, &trees, (vouch__matrix){ x, 3, 2 }, out, &base));
    assert_close(base, 12, 0);
    const double want[] = { 0, -1, 0, 3, 0, -1 };
    for (size_t i = 0; i < 6; i++)
        assert_close(out[i], want[i], 1e-15);
    vouch_ctx_free(ctx);
}

static void points_integrate_every_polynomial_they_should(void **state)
{
    (void)state;
    double point[VOUCH__GAUSS_MAX], weight[VOUCH__GAUSS_MAX];
    for (size_t n = 1; n <= VOUCH__GAUSS_MAX; n++) {
        vouch__gauss_legendre(n, point, weight);
        for (size_t i = 0; i < n; i++) {
            assert_true(point[i] > (i ? point[i - 1] : 0.0) && point[i] < 1.0);
            assert_true(weight[i] > 0.0);
        }
        for (size_t degree = 0; degree < 2 * n; degree++) {
            double sum = 0.0;
            for (size_t i = 0; i < n; i++)
                sum += weight[i] * pow(point[i], (double)degree);
            assert_close(sum * (double)(degree + 1), 1.0, 1e-13);
        }
    }
}

static void a_forest_without_trees_is_its_base(void **state)
{
    (void)state;
    uint32_t root[] = { 0 };
    vouch__trees trees = { .n_inputs = 2, .root = root, .base = -1.5 };
    double x[] = { 1, 2 }, out[2] = { 9, 9 }, base;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch__tree_shap(ctx, &trees, (vouch__matrix){ x, 1, 2 }, out, &base));
    assert_close(base, -1.5, 0);
    assert_close(out[0], 0, 0);
    assert_close(out[1], 0, 0);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_the_definition),
        cmocka_unit_test(values_and_base_add_up_to_raw),
        cmocka_unit_test(one_split_gives_the_step_from_the_mean),
        cmocka_unit_test(points_integrate_every_polynomial_they_should),
        cmocka_unit_test(a_forest_without_trees_is_its_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
