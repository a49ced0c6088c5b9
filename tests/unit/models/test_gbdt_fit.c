/* Boosting as a whole: what it learns, what it promises, what it refuses. */
#include "base/parallel.h"
#include "check.h"
#include "fit_kit.h"
#include "models/trees.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { MAX = 3000 };
static double x[MAX * 8], y[MAX], w[MAX], raw[MAX];
static const bool some_text[8] = { false, false, true, true, false, false, false, false };
#define EXACT "row_sample: 1, column_sample: 1, min_child_rows: 1, min_child_weight: 0"

/* One split between 2 and 3; squared loss, rate 1, no shrinkage: each side gets its mean. */
static void one_tree_gives_each_side_its_mean(void **state)
{
    (void)state;
    const double value[] = { 1, 2, 3, 4 }, target[] = { 10, 20, 40, 60 };
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    memcpy(x, value, sizeof value);
    memcpy(y, target, sizeof target);
    vouch_model *model = kit_fitted(
        ctx, 4, 1, x, NULL, y, "{loss: squared, trees: 1, leaves: 2, l2: 0, learning_rate: 1, " EXACT "}",
        &table);
    const vouch__trees *trees = vouch__model_trees(model);
    assert_int_equal(trees->n_trees, 1);
    assert_int_equal(trees->n_nodes, 3);
    assert_close(trees->base, 32.5, 0);
    assert_close(trees->node[0].threshold, 2.5, 0);
    assert_close(trees->node[0].cover, 4, 0);
    assert_close(trees->node[1].cover, 2, 0);
    kit_score(ctx, model, table, raw);
    assert_close(raw[0], 15, 1e-4); /* gradients have 15 bits */
    assert_close(raw[1], 15, 1e-4);
    assert_close(raw[3], 50, 1e-4);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Logistic loss by hand: p = 1/2, left 3 good 1 bad, right 1 good 3 bad: G = +-1, H = 1, l2 = 1. */
static void one_logistic_tree_takes_a_newton_step(void **state)
{
    (void)state;
    const double bad[] = { 0, 0, 0, 1, 0, 1, 1, 1 };
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 8; i++) {
        x[i] = i < 4 ? 0 : 1;
        y[i] = bad[i];
    }
    vouch_model *model = kit_fitted(ctx, 8, 1, x, NULL, y,
                                    "{trees: 1, leaves: 2, l2: 1, learning_rate: 0.5, " EXACT "}", &table);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < 8; i++)
        assert_close(raw[i], i < 4 ? -0.25 : 0.25, 1e-4);
    double p[8];
    assert_ok(ctx, vouch_model_score(ctx, model, table, NULL, p, NULL));
    for (size_t i = 0; i < 8; i++)
        assert_close(p[i], vouch__sigmoid(raw[i]), 0);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void many_trees_recover_a_known_function(void **state)
{
    (void)state;
    enum { N = 2000 };
    vouch_table *table;
    double worst = 0.0, square = 0.0;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < 3; j++)
            x[i * 3 + j] = seeded();
        y[i] = (x[i * 3] > 0.3 ? 2.0 : 0.0) + (x[i * 3 + 1] > 0.6 && x[i * 3] > 0.3 ? 3.0 : 0.0);
    }
    vouch_model *model = kit_fitted(ctx, N, 3, x, NULL, y,
                                    "{loss: squared, trees: 100, learning_rate: 0.3, max_bins: 255}", &table);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < N; i++) {
        worst = fmax(worst, fabs(raw[i] - y[i]));
        square += (raw[i] - y[i]) * (raw[i] - y[i]) / N;
    }
    assert_true(sqrt(square) < 0.15); /* only rows in the bins that the steps cut are off */
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Categories 0, 2, 5 are bad: no order of codes separates them, a set does. */
static void a_set_of_categories_is_one_split(void **state)
{
    (void)state;
    enum { N = 700 };
    static const bool text[] = { true };
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)(i % 7);
        y[i] = x[i] == 0 || x[i] == 2 || x[i] == 5;
    }
    vouch_model *model = kit_fitted(ctx, N, 1, x, text, y, "{trees: 1, leaves: 2}", &table);
    const vouch__trees *trees = vouch__model_trees(model);
    assert_int_equal(trees->n_nodes, 3);
    assert_true(trees->node[0].is_category);
    uint32_t bits = trees->bits[trees->node[0].bits_at];
    assert_true(bits == 0x25 || bits == 0x5a);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < N; i++)
        assert_true((raw[i] > trees->base) == (y[i] > 0.5));
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void more_categories_than_bins_share_the_last(void **state)
{
    (void)state;
    enum { N = 3000 };
    static const bool text[] = { true };
    vouch_table *table;
    size_t right = 0;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < N; i++) {
        x[i] = i < 2000 ? (double)(i % 20) : (double)(i % 600);
        y[i] = ((int)x[i] * 7919) % 3 == 0;
    }
    vouch_model *model = kit_fitted(ctx, N, 1, x, text, y, "{trees: 40, " EXACT "}", &table);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < 2000; i++)
        right += (raw[i] > 0.0) == (y[i] > 0.5);
    assert_true(right > 1900);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void missing_learns_its_own_side(void **state)
{
    (void)state;
    enum { N = 400 };
    for (int bad_when_missing = 0; bad_when_missing < 2; bad_when_missing++) {
        vouch_table *table;
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        for (size_t i = 0; i < N; i++) {
            x[i] = i % 4 == 0 ? NAN : i % 4 == 1 ? 5.0 : 1.0;
            y[i] = isnan(x[i]) ? bad_when_missing : x[i] > 3.0;
        }
        vouch_model *model = kit_fitted(ctx, N, 1, x, NULL, y, "{trees: 1, leaves: 2, learning_rate: 1}",
                                        &table);
        const vouch__node *root = vouch__model_trees(model)->node;
        assert_close(root->threshold, 3.0, 0);
        assert_true(root->default_left == !bad_when_missing);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

static void all_missing_constant_and_single_rows_give_the_base(void **state)
{
    (void)state;
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 100; i++) {
        x[2 * i] = NAN;
        x[2 * i + 1] = 7.0;
        y[i] = i % 4 == 0;
    }
    vouch_model *model = kit_fitted(ctx, 100, 2, x, NULL, y, NULL, &table);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < 100; i++)
        assert_close(raw[i], vouch__logit(0.25), 1e-15);
    vouch_model_free(model);
    vouch_table_unref(table);
    y[0] = 12.5;
    model = kit_fitted(ctx, 1, 2, x, NULL, y, "{loss: squared}", &table);
    kit_score(ctx, model, table, raw);
    assert_close(raw[0], 12.5, 0);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Missing rows against known ones are a split too, even of a constant. */
static void a_constant_with_gaps_can_split(void **state)
{
    (void)state;
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 200; i++) {
        x[i] = i % 2 ? NAN : 3.0;
        y[i] = i % 2 ? i % 8 != 1 : i % 8 == 0;
    }
    vouch_model *model = kit_fitted(ctx, 200, 1, x, NULL, y, "{trees: 1}", &table);
    const vouch__node *root = vouch__model_trees(model)->node;
    assert_true(root->left > 0 && isinf(root->threshold) && !root->default_left);
    kit_score(ctx, model, table, raw);
    assert_true(raw[1] > raw[0]);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void infinities_are_values(void **state)
{
    (void)state;
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 300; i++) {
        x[i] = i % 3 == 0 ? -INFINITY : i % 3 == 1 ? 0.0 : INFINITY;
        y[i] = i % 3 == 1;
    }
    vouch_model *model = kit_fitted(ctx, 300, 1, x, NULL, y, "{trees: 30}", &table);
    kit_score(ctx, model, table, raw);
    for (size_t i = 0; i < 300; i++)
        assert_true((raw[i] > 0.0) == (y[i] > 0.5));
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static vouch_model *weighted(vouch_ctx *ctx, size_t n, const double *weight, const char *params)
{
    vouch_table *table;
    vouch_model *model;
    assert_ok(ctx, kit_table(ctx, n, 3, x, NULL, &table));
    kit_fit spec = { .table = table, .n_train = n, .target = y, .weight = weight, .params = params };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    vouch_table_unref(table);
    return model;
}

/* Weight 2 on every row is every row twice, to the last bit; on some rows, as near as rounding lets it. */
static void a_weight_of_two_is_the_row_twice(void **state)
{
    (void)state;
    enum { N = 400 };
    static const char params[] = "{trees: 20, " EXACT "}";
    double twice[2 * N], mixed_raw[2 * N];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int some = 0; some < 2; some++) {
        size_t n = N;
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < 3; j++)
                x[i * 3 + j] = floor(seeded() * 20);
            y[i] = seeded() < vouch__sigmoid(0.2 * x[i * 3] - 0.1 * x[i * 3 + 1] - 1.0);
            w[i] = !some || i % 3 == 0 ? 2.0 : 1.0;
        }
        vouch_model *a = weighted(ctx, N, w, params);
        for (size_t i = 0; i < N; i++) {
            if (w[i] == 1.0)
                continue;
            memcpy(x + n * 3, x + i * 3, 3 * sizeof *x);
            y[n++] = y[i];
        }
        vouch_model *b = weighted(ctx, n, NULL, params);
        vouch_table *table;
        assert_ok(ctx, kit_table(ctx, N, 3, x, NULL, &table));
        kit_score(ctx, a, table, twice);
        kit_score(ctx, b, table, mixed_raw);
        double apart = 0.0;
        for (size_t i = 0; i < N; i++) {
            if (!some)
                assert_close(twice[i], mixed_raw[i], 1e-12);
            apart += fabs(twice[i] - mixed_raw[i]) / N;
        }
        assert_true(apart < 0.02);
        vouch_table_unref(table);
        vouch_model_free(a);
        vouch_model_free(b);
    }
    vouch_ctx_free(ctx);
}

static void early_stopping_keeps_the_best_prefix(void **state)
{
    (void)state;
    enum { N = 900, TUNE = 300 };
    vouch_table *table;
    vouch_model *stopped, *longer;
    double best = INFINITY, loss_stopped = 0.0;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    kit_mixed(N, 8, some_text, x, y);
    assert_ok(ctx, kit_table(ctx, N, 8, x, some_text, &table));
    kit_fit spec = { .table = table,
                     .n_train = N - TUNE,
                     .n_tune = TUNE,
                     .target = y,
                     .params = "{trees: 300, early_stop: 20, learning_rate: 0.2}" };
    assert_ok(ctx, kit_model(ctx, &spec, &stopped));
    spec.params = "{trees: 300, early_stop: 0, learning_rate: 0.2}";
    assert_ok(ctx, kit_model(ctx, &spec, &longer));
    const vouch__trees *few = vouch__model_trees(stopped), *many = vouch__model_trees(longer);
    assert_true(few->n_trees < 200);
    assert_int_equal(many->n_trees, 300);
    for (size_t i = 0; i < few->n_nodes; i++)
        assert_close(few->node[i].value, many->node[i].value, 0);
    vouch__binding binding;
    assert_ok(ctx, vouch__bind(ctx, &longer->inputs, table, &binding));
    double row[8], sum[TUNE];
    for (size_t i = 0; i < TUNE; i++)
        sum[i] = many->base;
    for (size_t t = 0; t < few->n_trees + 20; t++) { /* the tune loss, tree by tree, from the longer model */
        double loss = 0.0;
        for (size_t i = 0; i < TUNE; i++) {
            vouch__bound_rows(&binding, N - TUNE + i, 1, NULL, row);
            sum[i] += many->node[many->root[t] + vouch__tree_leaf(many, t, row)].value;
            loss += vouch__softplus(y[N - TUNE + i] > 0.5 ? -sum[i] : sum[i]);
        }
        best = fmin(best, loss);
        if (t + 1 == few->n_trees)
            loss_stopped = loss;
    }
    assert_close(loss_stopped, best, 1e-12);
    vouch__binding_clear(&binding);
    vouch_model_free(stopped);
    vouch_model_free(longer);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void refused(vouch_ctx *ctx, size_t n, const double *weight, const char *words)
{
    vouch_table *table;
    vouch_model *model;
    assert_ok(ctx, kit_table(ctx, n, 1, x, NULL, &table));
    kit_fit spec = { .table = table, .n_train = n, .target = y, .weight = weight };
    assert_status(ctx, kit_model(ctx, &spec, &model), VOUCH_E_DATA);
    assert_error_has(ctx, words);
    vouch_table_unref(table);
}

static void impossible_data_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 10; i++) {
        x[i] = (double)i;
        y[i] = 1.0;
        w[i] = 1.0;
    }
    refused(ctx, 10, NULL, "every training row has the same outcome");
    refused(ctx, 0, NULL, "there are no training rows");
    y[4] = 0.5;
    refused(ctx, 10, NULL, "neither 0 nor 1");
    y[4] = NAN;
    refused(ctx, 10, NULL, "neither 0 nor 1");
    y[4] = 0.0;
    w[3] = 0.0;
    refused(ctx, 10, w, "weight of training row 3");
    w[3] = NAN;
    refused(ctx, 10, w, "weight of training row 3");
    vouch_ctx_free(ctx);
}

static int stops_late(void *self)
{
    int *left = self;
    return __atomic_sub_fetch(left, 1, __ATOMIC_RELAXED) < 0;
}

static void a_fit_stops_when_asked(void **state)
{
    (void)state;
    enum { N = 500 };
    kit_mixed(N, 8, some_text, x, y);
    for (int polls = 0; polls < 400; polls += 23) {
        int left = polls;
        vouch_ctx_options options = { .threads = 2 };
        vouch_ctx *quiet = vouch_ctx_new(&options);
        options.is_cancelled = stops_late;
        options.self = &left;
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_table *table;
        vouch_model *model = NULL;
        assert_ok(quiet, kit_table(quiet, N, 8, x, some_text, &table));
        kit_fit spec = { .table = table, .n_train = N, .target = y };
        assert_status(ctx, kit_model(ctx, &spec, &model), VOUCH_E_CANCELLED);
        assert_null(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
        vouch_ctx_free(quiet);
    }
}

static vouch_status fit_once(vouch_ctx *ctx, void *arg)
{
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    (void)arg;
    vouch_status status = kit_table(ctx, 60, 4, x, some_text, &table);
    kit_fit spec = {
        .table = table, .n_train = 45, .n_tune = 15, .target = y, .params = "{trees: 3, min_child_rows: 5}"
    };
    if (!status)
        status = kit_model(ctx, &spec, &model);
    vouch_model_free(model);
    vouch_table_unref(table);
    return status;
}

static void a_fit_survives_every_allocation_failure(void **state)
{
    (void)state;
    kit_mixed(60, 4, some_text, x, y);
    sweep_allocations(fit_once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tree_gives_each_side_its_mean),
        cmocka_unit_test(one_logistic_tree_takes_a_newton_step),
        cmocka_unit_test(many_trees_recover_a_known_function),
        cmocka_unit_test(a_set_of_categories_is_one_split),
        cmocka_unit_test(more_categories_than_bins_share_the_last),
        cmocka_unit_test(missing_learns_its_own_side),
        cmocka_unit_test(all_missing_constant_and_single_rows_give_the_base),
        cmocka_unit_test(a_constant_with_gaps_can_split),
        cmocka_unit_test(infinities_are_values),
        cmocka_unit_test(a_weight_of_two_is_the_row_twice),
        cmocka_unit_test(early_stopping_keeps_the_best_prefix),
        cmocka_unit_test(impossible_data_is_refused),
        cmocka_unit_test(a_fit_stops_when_asked),
        cmocka_unit_test(a_fit_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
