/* Leaf pattern tables against the shap package's interventional values. The package weighs coalitions in
 * float32, hence the tolerance; test_tree_tables holds the definition to 1e-12. */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "explain/tree_tables.h"

#include <math.h>
#include <stdlib.h>

typedef struct golden {
    vouch__doc *doc;
    const vouch__json *root;
    vouch__trees trees;
    size_t m, n;
    double *background, *rows, *values;
} golden;

static double *matrix(const vouch__json *list, size_t cols, size_t *out_rows)
{
    double *x = malloc(list->len * cols * sizeof *x), *at = x;
    assert_non_null(x);
    *out_rows = list->len;
    for (const vouch__json *row = list->first; row; row = row->next)
        for (const vouch__json *cell = row->first; cell; cell = cell->next)
            *at++ = vouch__json_double(cell, NAN);
    assert_int_equal(at - x, list->len * cols);
    return x;
}

static void read_tree(const vouch__json *tree, vouch__node *node)
{
    const vouch__json *left = vouch__json_get(tree, "left")->first,
                      *right = vouch__json_get(tree, "right")->first;
    const vouch__json *feature = vouch__json_get(tree, "feature")->first;
    const vouch__json *threshold = vouch__json_get(tree, "threshold")->first;
    const vouch__json *value = vouch__json_get(tree, "value")->first;
    for (; left; left = left->next, right = right->next, feature = feature->next, threshold = threshold->next,
                 value = value->next)
        *node++ = (vouch__node){ .left = (int32_t)vouch__json_int(left, -1),
                                 .right = (int32_t)vouch__json_int(right, -1),
                                 .input = (uint32_t)vouch__json_int(feature, 0),
                                 .threshold = vouch__json_double(threshold, NAN),
                                 .value = vouch__json_double(value, NAN),
                                 .cover = 1.0 };
}

static golden golden_read(vouch_ctx *ctx)
{
    golden g = { .doc = NULL };
    vouch__buf buf;
    size_t n_values;
    assert_ok(ctx,
              vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/explain/interventional.json", 1 << 20, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "golden", buf.at, buf.len, 1 << 20, &g.doc));
    vouch__buf_free(&buf);
    g.root = vouch__doc_root(g.doc);
    const vouch__json *trees = vouch__json_get(g.root, "trees");
    g.trees.n_inputs = (size_t)vouch__json_int(vouch__json_get(g.root, "inputs"), 0);
    g.trees.n_trees = trees->len;
    g.trees.base = vouch__json_double(vouch__json_get(g.root, "base"), NAN);
    g.trees.root = calloc(trees->len + 1, sizeof *g.trees.root);
    assert_non_null(g.trees.root);
    for (const vouch__json *t = trees->first; t; t = t->next)
        g.trees.n_nodes += vouch__json_get(t, "left")->len;
    g.trees.node = calloc(g.trees.n_nodes, sizeof *g.trees.node);
    assert_non_null(g.trees.node);
    uint32_t at = 0, k = 0;
    for (const vouch__json *t = trees->first; t; t = t->next) {
        read_tree(t, g.trees.node + at);
        at += (uint32_t)vouch__json_get(t, "left")->len;
        g.trees.root[++k] = at;
    }
    g.background = matrix(vouch__json_get(g.root, "background"), g.trees.n_inputs, &g.m);
    g.rows = matrix(vouch__json_get(g.root, "rows"), g.trees.n_inputs, &g.n);
    g.values = matrix(vouch__json_get(g.root, "values"), g.trees.n_inputs, &n_values);
    assert_int_equal(n_values, g.n);
    return g;
}

static void golden_free(golden *g)
{
    free(g->trees.root);
    free(g->trees.node);
    free(g->background);
    free(g->rows);
    free(g->values);
    vouch__doc_free(g->doc);
}

static void values_equal_the_shap_package(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    golden g = golden_read(ctx);
    double tolerance = vouch__json_double(vouch__json_get(g.root, "tolerance"), 0.0);
    double *got = malloc(g.n * g.trees.n_inputs * sizeof *got), largest = 0.0;
    vouch__tree_tables t;
    assert_non_null(got);
    assert_ok(ctx, vouch__tree_tables_shape(ctx, &g.trees, &t));
    assert_ok(ctx, vouch__tree_tables_count(ctx, &t, g.m, g.background));
    assert_ok(ctx, vouch__tree_tables_sum(ctx, &t, g.m));
    vouch__tree_tables_block(&t, g.n, g.rows, got);
    assert_close(t.base, vouch__json_double(vouch__json_get(g.root, "expected_value"), NAN), tolerance);
    for (size_t k = 0; k < g.n * g.trees.n_inputs; k++) {
        assert_close(got[k], g.values[k], tolerance);
        largest = fmax(largest, fabs(got[k]));
    }
    assert_true(largest > 0.5); /* the case says something */
    vouch__tree_tables_clear(&t);
    free(got);
    golden_free(&g);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(values_equal_the_shap_package) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
