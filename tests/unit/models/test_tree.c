/* One decision tree: splits are those of the Gini index, leaves are the means of their rows, pruning keeps
 * what the tuning rows confirm, and what was promised of inputs holds. */
#include "check.h"
#include "fit_kit.h"
#include "models/tree/tree.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { N = 1200, COLS = 3 };
static double x[N * COLS], y[N], raw[N];
static const bool some_text[COLS] = { false, false, true };

static void fill(void)
{
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = floor(40.0 * seeded());
        x[i * COLS + 1] = i % 11 ? floor(20.0 * seeded()) : NAN;
        x[i * COLS + 2] = (double)seeded_below(5);
        y[i] = seeded() < 0.1 + (x[i * COLS] > 22.0 ? 0.4 : 0.0) + (x[i * COLS + 2] == 3.0 ? 0.3 : 0.0);
    }
}

static vouch_model *fit(vouch_ctx *ctx, const kit_fit *with, vouch_table **out)
{
    kit_fit spec = *with;
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, N, COLS, x, some_text, out));
    spec.kind = "tree";
    spec.table = *out;
    spec.target = y;
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static double gini(double bad, double n) { return n > 0.0 ? bad * (1.0 - bad / n) : 0.0; }

static void the_first_split_is_the_one_of_least_gini(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill();
    vouch_model *model = fit(
        ctx, &(kit_fit){ .n_train = N, .params = "{leaves: 2, min_rows: 20, prune: none}" }, &table);
    const vouch__trees *t = vouch__model_trees(model);
    double best = INFINITY, got = 0.0, bad[2] = { 0.0 }, n[2] = { 0.0 };
    for (size_t j = 0; j < 2; j++) /* the category is weaker */
        for (double cut = 0.5; cut < 40.0; cut++)
            for (int missing = 0; missing < 2; missing++) {
                double b[2] = { 0.0 }, c[2] = { 0.0 };
                for (size_t i = 0; i < N; i++) {
                    double v = x[i * COLS + j];
                    size_t side = isnan(v) ? (size_t)missing : v > cut;
                    b[side] += y[i];
                    c[side] += 1.0;
                }
                if (c[0] >= 20.0 && c[1] >= 20.0)
                    best = fmin(best, gini(b[0], c[0]) + gini(b[1], c[1]));
            }
    assert_int_equal(t->n_nodes, 3);
    assert_int_equal(t->node[0].input, 0);
    for (size_t i = 0; i < N; i++) {
        size_t side = x[i * COLS] > t->node[0].threshold;
        bad[side] += y[i];
        n[side] += 1.0;
    }
    got = gini(bad[0], n[0]) + gini(bad[1], n[1]);
    assert_close(got, best, 1e-12);
    for (size_t side = 0; side < 2; side++)
        assert_close(vouch__sigmoid(t->base + t->node[1 + side].value), bad[side] / n[side], 1e-12);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void leaves_are_the_rates_of_their_rows(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    char *told = NULL;
    fill();
    vouch_model *model = fit(ctx, &(kit_fit){ .n_train = 900, .n_tune = 300, .params = "{min_rows: 30}" },
                             &table);
    const vouch__tree *tree = model->state;
    const vouch__trees *t = vouch__model_trees(model);
    double value[N * COLS], sum[64] = { 0.0 }, rows[64] = { 0.0 };
    vouch__binding binding;
    assert_true(t->n_nodes >= 5 && t->n_nodes < 64); /* both causes are found, and not too much beside */
    assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
    vouch__bound_rows(&binding, 0, N, NULL, value);
    for (size_t i = 0; i < 900; i++) {
        size_t leaf = vouch__tree_leaf(t, 0, value + i * COLS);
        sum[leaf] += y[i];
        rows[leaf] += 1.0;
    }
    for (size_t k = 0; k < t->n_nodes; k++)
        if (t->node[k].left < 0) {
            assert_close(tree->tally[k].rows, rows[k], 0.0);
            assert_true(rows[k] >= 30.0);
            assert_close(vouch__sigmoid(t->base + t->node[k].value),
                         fmin(fmax(sum[k] / rows[k], 0.5 / rows[k]), 1.0 - 0.5 / rows[k]), 1e-12);
        }
    assert_ok(ctx, vouch_model_describe(ctx, model, &told));
    assert_non_null(strstr(told, "x0 <= 22.5"));
    vouch_text_free(ctx, told);
    vouch__binding_clear(&binding);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void pruning_leaves_nothing_of_noise(void **state)
{
    (void)state;
    static const char *const params[] = { "{min_rows: 5, leaves: 60, depth: 12, prune: none}",
                                          "{min_rows: 5, leaves: 60, depth: 12}",
                                          "{min_rows: 5, leaves: 60, depth: 12, prune: one_se}",
                                          "{min_rows: 5, leaves: 60, depth: 12, prune: alpha, alpha: 1}" };
    size_t nodes[4];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    fill();
    for (size_t i = 0; i < N; i++)
        y[i] = seeded() < 0.3;
    for (size_t k = 0; k < 4; k++) {
        vouch_table *table;
        vouch_model *again = NULL;
        vouch_model *model = fit(ctx, &(kit_fit){ .n_train = 800, .n_tune = 400, .params = params[k] },
                                 &table);
        nodes[k] = ((const vouch__tree *)model->state)->n_nodes;
        assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len, &again));
        assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(model));
        assert_ok(ctx, vouch_model_score(ctx, again, table, raw, NULL, NULL));
        vouch_model_free(again);
        vouch_model_free(model);
        vouch_table_unref(table);
    }
    assert_true(nodes[0] > 60);
    assert_true(nodes[1] < nodes[0] / 2);
    assert_true(nodes[2] <= nodes[1]);
    assert_int_equal(nodes[3], 1);
    assert_close(vouch__sigmoid(raw[0]), vouch__sigmoid(raw[N - 1]), 0.0);
    vouch_ctx_free(ctx);
}

static void monotone_inputs_are_monotone_after_pruning(void **state)
{
    (void)state;
    static const int8_t direction[COLS] = { 1, -1, 0 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill();
    vouch_model *model = fit(ctx,
                             &(kit_fit){ .n_train = 900,
                                         .n_tune = 300,
                                         .monotone = direction,
                                         .params = "{min_rows: 8, leaves: 40, depth: 10}" },
                             &table);
    for (size_t i = 0; i < 500; i++) {
        double two[2 * COLS], out[2];
        size_t j = seeded_below(2);
        for (size_t k = 0; k < COLS; k++)
            two[k] = two[COLS + k] = x[seeded_below(N) * COLS + k];
        two[j] = 40.0 * seeded();
        two[COLS + j] = two[j] + 10.0 * seeded();
        model->kind->predict(model->state, (vouch__matrix){ two, 2, COLS }, out);
        assert_true(direction[j] * (out[1] - out[0]) >= 0.0);
    }
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    const kit_fit spec = { .kind = "tree", .n_train = 200, .n_tune = 100, .target = y };
    (void)state;
    fill();
    kit_sweep(&spec, COLS, x, some_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_split_is_the_one_of_least_gini),
        cmocka_unit_test(leaves_are_the_rates_of_their_rows),
        cmocka_unit_test(pruning_leaves_nothing_of_noise),
        cmocka_unit_test(monotone_inputs_are_monotone_after_pruning),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
