/* Interactions against their definition: every subset of inputs, and every background row. */
#include "check.h"
#include "explain/interactions.h"
#include "forest.h"

#include <math.h>
#include <string.h>

enum { NUMBERS = 4, CATEGORIES = 2, INPUTS = NUMBERS + CATEGORIES, MOST = 12 };

/* What the subtree is worth by cover when only the inputs of `known` are. */
static double by_cover(const vouch__trees *trees, const vouch__node *tree, const vouch__node *node,
                       const double *row, unsigned known)
{
    if (node->left < 0)
        return node->value;
    const vouch__node *left = tree + node->left, *right = tree + node->right;
    if (known >> node->input & 1)
        return by_cover(trees, tree, vouch__node_goes_left(trees, node, row[node->input]) ? left : right, row,
                        known);
    return (left->cover * by_cover(trees, tree, left, row, known) +
            right->cover * by_cover(trees, tree, right, row, known)) /
           (left->cover + right->cover);
}

/* v(S), by cover where there is no background. */
static double coalition(const vouch__trees *trees, const double *row, size_t m, const double *background,
                        unsigned set)
{
    double sum = m ? 0.0 : trees->base, mixed[INPUTS];
    for (size_t t = 0; m == 0 && t < trees->n_trees; t++) {
        const vouch__node *tree = trees->node + trees->root[t];
        sum += by_cover(trees, tree, tree, row, set);
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            mixed[j] = set >> j & 1 ? row[j] : background[i * INPUTS + j];
        sum += forest_raw(trees, mixed) / (double)m;
    }
    return sum;
}

static double factorial(int n) { return n < 2 ? 1.0 : n * factorial(n - 1); }

/* Half the index, off the diagonal. */
static void by_definition(const double *v, double *out)
{
    memset(out, 0, sizeof *out * INPUTS * INPUTS);
    for (unsigned i = 0; i < INPUTS; i++)
        for (unsigned j = 0; j < INPUTS; j++)
            for (unsigned s = 0; i != j && s < 1u << INPUTS; s++) {
                int size = __builtin_popcount(s);
                if (s >> i & 1 || s >> j & 1)
                    continue;
                out[i * INPUTS + j] += 0.5 * factorial(size) * factorial(INPUTS - 2 - size) /
                                       factorial(INPUTS - 1) *
                                       (v[s | 1u << i | 1u << j] - v[s | 1u << i] - v[s | 1u << j] + v[s]);
            }
}

static void check(const vouch__trees *trees, const double *row, size_t m, const double *background,
                  const double *got)
{
    double v[1 << INPUTS], want[INPUTS * INPUTS];
    for (unsigned s = 0; s < 1u << INPUTS; s++)
        v[s] = coalition(trees, row, m, background, s);
    by_definition(v, want);
    for (size_t k = 0; k < (size_t)INPUTS * INPUTS; k++)
        assert_close(got[k], want[k], 1e-12);
}

static void both_definitions_equal_brute_force(void **state)
{
    static vouch__gauss gauss;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__gauss_fill(&gauss);
    for (int round = 0; round < 40; round++) {
        size_t m = 1 + seeded_below(MOST);
        double x[INPUTS], background[MOST * INPUTS], got[INPUTS * INPUTS] = { 0 };
        vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 1 + seeded_below(5), 1 + seeded_below(24));
        vouch__tree_tables t;
        forest_rows(&trees, NUMBERS, m, background);
        forest_rows(&trees, NUMBERS, 1, x);
        vouch__interact_by_cover(&trees, &gauss, x, got);
        check(&trees, x, 0, NULL, got);
        memset(got, 0, sizeof got);
        assert_ok(ctx, vouch__tree_tables_shape(ctx, &trees, &t));
        assert_ok(ctx, vouch__tree_tables_count(ctx, &t, m, background));
        assert_ok(ctx, vouch__tree_tables_sum(ctx, &t, m));
        vouch__interact_against(&t, x, got);
        check(&trees, x, m, background, got);
        vouch__tree_tables_clear(&t);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

/* 1 when both inputs are above 0.5, else 0; background all zero: the pair makes the whole value. */
static void two_inputs_that_only_work_together(void **state)
{
    (void)state;
    uint32_t root[] = { 0, 5 };
    vouch__node node[] = { { .left = 1, .right = 2, .threshold = 0.5, .cover = 4 },
                           { .left = -1, .cover = 2 },
                           { .left = 3, .right = 4, .input = 1, .threshold = 0.5, .cover = 2 },
                           { .left = -1, .cover = 1 },
                           { .left = -1, .value = 1.0, .cover = 1 } };
    vouch__trees trees = { .n_inputs = 2, .n_trees = 1, .n_nodes = 5, .root = root, .node = node };
    const double background[] = { 0, 0 }, x[] = { 1, 1 };
    double got[4] = { 0 };
    vouch__tree_tables t;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch__tree_tables_shape(ctx, &trees, &t));
    assert_ok(ctx, vouch__tree_tables_count(ctx, &t, 1, background));
    assert_ok(ctx, vouch__tree_tables_sum(ctx, &t, 1));
    vouch__interact_against(&t, x, got);
    assert_close(got[1], 0.5, 1e-15);
    assert_close(got[2], 0.5, 1e-15);
    assert_close(got[0], 0.0, 0);
    vouch__tree_tables_clear(&t);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_definitions_equal_brute_force),
        cmocka_unit_test(two_inputs_that_only_work_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
