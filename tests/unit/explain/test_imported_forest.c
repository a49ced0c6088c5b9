/* Interventional values of imported forests against their definition, every subset of inputs: each library's
 * rules are followed where rows and background are walked. */
#include "check.h"

#include "explain/tree_tables.h"
#include "models/forest/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUTS_MAX = 10, BACKGROUND = 6, ROWS = 3 };

static double raw_of(const vouch__trees *trees, const double *row)
{
    double sum = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++)
        sum += trees->node[trees->root[t] + vouch__tree_leaf(trees, t, row)].value;
    return sum;
}

/* Mean raw with the inputs of `known` from row and the others from each background row. */
static double worth(const vouch__trees *trees, const double *row, const double *background, unsigned known)
{
    double sum = 0.0, mixed[INPUTS_MAX];
    for (size_t b = 0; b < BACKGROUND; b++) {
        for (size_t j = 0; j < trees->n_inputs; j++)
            mixed[j] = known >> j & 1 ? row[j] : background[b * trees->n_inputs + j];
        sum += raw_of(trees, mixed);
    }
    return sum / BACKGROUND;
}

static double factorial(size_t n) { return n < 2 ? 1.0 : (double)n * factorial(n - 1); }

static void values_by_definition(const vouch__trees *trees, const double *row, const double *background,
                                 double *out)
{
    size_t n = trees->n_inputs;
    double *value = calloc((size_t)1 << n, sizeof *value);
    assert_non_null(value);
    for (unsigned set = 0; set < 1u << n; set++)
        value[set] = worth(trees, row, background, set);
    for (size_t i = 0; i < n; i++) {
        out[i] = 0.0;
        for (unsigned set = 0; set < 1u << n; set++) {
            size_t size = (size_t)__builtin_popcount(set);
            if (!(set >> i & 1))
                out[i] += factorial(size) * factorial(n - size - 1) / factorial(n) *
                          (value[set | 1u << i] - value[set]);
        }
    }
    free(value);
}

/* Values at thresholds, zero, missing, categories within and beyond the sets. */
static double draw(void)
{
    static const double odd[] = { 0.0, 1e-36, -1.0, 1.0, 2.0, 3.0, 40.0, 0.5, 1e9 };
    double u = seeded();
    return u < 0.15  ? (double)NAN
           : u < 0.5 ? odd[seeded_below(sizeof odd / sizeof *odd)]
                     : 2.0 * seeded_normal();
}

static void values_of_each_library_equal_the_definition(void **state)
{
    (void)state;
    static const char *const file[] = { "import_xgboost/binary_cat_part.json", "import_xgboost/dart.json",
                                        "import_lightgbm/binary_categorical", "import_lightgbm/zero",
                                        "import_catboost/one_hot.json" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t k = 0; k < sizeof file / sizeof *file; k++) {
        char path[512];
        vouch_model *model = NULL;
        vouch__tree_tables tables;
        double x[ROWS * INPUTS_MAX], background[BACKGROUND * INPUTS_MAX], got[ROWS * INPUTS_MAX],
            want[INPUTS_MAX];
        (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/fuzz/corpus/%s", file[k]);
        assert_ok(ctx, vouch_model_import(ctx, path, NULL, &model));
        const vouch__trees *trees = vouch__model_trees(model);
        assert_non_null(trees);
        assert_true(trees->n_inputs <= INPUTS_MAX);
        for (size_t i = 0; i < ROWS * trees->n_inputs; i++)
            x[i] = draw();
        for (size_t i = 0; i < BACKGROUND * trees->n_inputs; i++)
            background[i] = draw();
        assert_ok(ctx, vouch__tree_tables_shape(ctx, trees, &tables));
        assert_ok(ctx, vouch__tree_tables_count(ctx, &tables, BACKGROUND, background));
        assert_ok(ctx, vouch__tree_tables_sum(ctx, &tables, BACKGROUND));
        for (size_t i = 0; i < ROWS * trees->n_inputs; i++)
            got[i] = 0.0;
        vouch__tree_tables_block(&tables, ROWS, x, got);
        for (size_t i = 0; i < ROWS; i++) {
            values_by_definition(trees, x + i * trees->n_inputs, background, want);
            for (size_t j = 0; j < trees->n_inputs; j++)
                assert_close(got[i * trees->n_inputs + j], want[j], 1e-12);
        }
        vouch__tree_tables_clear(&tables);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(values_of_each_library_equal_the_definition) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
