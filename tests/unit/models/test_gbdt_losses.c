/* The losses of boosting: slopes against differences, leaves by hand, deviances against another library's. */
#include "base/file.h"
#include "check.h"
#include "fit_kit.h"
#include "models/gbdt/gbdt.h"
#include "models/trees.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 4000 };
static double x[MAX * 4], y[MAX], w[MAX], raw[MAX];

static const double shapes[VOUCH__LOSSES] = { 0, 0, 0, 0, 1.4, 0.3, 2.5, 0 };

static double some_target(vouch__gbdt_loss_id loss)
{
    if (vouch__gbdt_is_binary(loss))
        return (double)seeded_below(2);
    if (loss == VOUCH__LOSS_POISSON)
        return (double)seeded_below(6);
    return loss == VOUCH__LOSS_TWEEDIE && seeded() < 0.5 ? 0.0 : 0.1 + 4.0 * seeded();
}

static void a_gradient_is_the_slope_of_the_loss(void **state)
{
    (void)state;
    for (vouch__gbdt_loss_id loss = VOUCH__LOSS_LOGISTIC; loss < VOUCH__LOSS_CUSTOM; loss++) {
        vouch__gbdt_outcome o = { .loss = loss, .shape = shapes[loss] };
        for (int round = 0; round < 400; round++) {
            double s = 3.0 * seeded_normal(), target = some_target(loss), e = 1e-5, g, h, before, after, none;
            double half = loss == VOUCH__LOSS_SQUARED ? 0.5 : 1.0; /* its loss is the square itself */
            if (fabs(s - target) < 1e-3 && loss == VOUCH__LOSS_QUANTILE)
                continue;
            vouch__gbdt_slopes(&o, s, target, &g, &h);
            vouch__gbdt_slopes(&o, s - e, target, &before, &none);
            vouch__gbdt_slopes(&o, s + e, target, &after, &none);
            double up = vouch__gbdt_loss_of(&o, s + e, target), down = vouch__gbdt_loss_of(&o, s - e, target);
            double size = 1.0 + fabs(up) + fabs(g);
            assert_close(g / size, half * (up - down) / (2.0 * e) / size, 1e-7);
            assert_true(h >= 0.0);
            double curved = (after - before) / (2.0 * e);
            bool is_own = loss != VOUCH__LOSS_QUANTILE && (loss != VOUCH__LOSS_FOCAL || curved > h);
            if (is_own)
                assert_close(h / size, curved / size, 1e-6);
        }
    }
}

static void focal_loss_without_focus_is_log_loss(void **state)
{
    (void)state;
    vouch__gbdt_outcome focal = { .loss = VOUCH__LOSS_FOCAL }, plain = { .loss = VOUCH__LOSS_LOGISTIC };
    for (int round = 0; round < 200; round++) {
        double s = 4.0 * seeded_normal(), target = (double)seeded_below(2), g[2], h[2];
        vouch__gbdt_slopes(&focal, s, target, &g[0], &h[0]);
        vouch__gbdt_slopes(&plain, s, target, &g[1], &h[1]);
        assert_close(g[0], g[1], 1e-14);
        assert_close(h[0], h[1], 1e-14);
        assert_close(vouch__gbdt_loss_of(&focal, s, target), vouch__gbdt_loss_of(&plain, s, target), 1e-14);
    }
}

static void large_steps_of_a_log_link_are_held_back_in_order(void **state)
{
    (void)state;
    double last = -INFINITY;
    for (double step = -50.0; step < 50.0; step += 0.25) {
        double held = vouch__gbdt_step(VOUCH__LOSS_POISSON, step);
        assert_true(held > last && fabs(held) <= fabs(step));
        assert_true(fabs(step) > 1.0 || held == step);
        assert_close(vouch__gbdt_step(VOUCH__LOSS_QUANTILE, step), step, 0);
        last = held;
    }
}

static vouch_model *fit(vouch_ctx *ctx, size_t n, size_t cols, const double *weight, const char *params)
{
    vouch_table *table;
    vouch_model *model;
    assert_ok(ctx, kit_table(ctx, n, cols, x, NULL, &table));
    vouch_fit_spec spec = { .name = "test", .table = table, .target = y, .weight = weight, .params = params };
    assert_ok(ctx, vouch_model_fit(ctx, &spec, &model));
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    vouch_table_unref(table);
    return model;
}

#define ONE_LEAF_EACH                                                                                        \
    "trees: 1, leaves: 2, learning_rate: 1, l2: 0, min_child_rows: 1, min_child_weight: 0, row_sample: 1, "  \
    "column_sample: 1"

/* Values 1..4 left, 10..40 right of the split: each side's quartile, by rows and by weight. */
static void a_quantile_leaf_is_the_quantile_of_its_rows(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 8; i++) {
        x[i] = i < 4 ? 0 : 1;
        y[i] = i < 4 ? 1.0 + (double)i : 10.0 * ((double)i - 3.0);
        w[i] = 1.0 + 5.0 * (double)(i == 3 || i == 7);
    }
    vouch_model *model = fit(ctx, 8, 1, NULL, "{loss: quantile, quantile: 0.25, " ONE_LEAF_EACH "}");
    assert_close(raw[0], 1.0, 1e-12);
    assert_close(raw[7], 10.0, 1e-12);
    vouch_model_free(model);
    model = fit(ctx, 8, 1, w, "{loss: quantile, quantile: 0.5, " ONE_LEAF_EACH "}");
    assert_close(raw[0], 4.0, 1e-12);
    assert_close(raw[7], 40.0, 1e-12);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

/* Poisson, one step from the mean 3: left mean 2, right mean 4: w = -G / H = (2 - 3) / 3. */
static void a_poisson_leaf_is_a_newton_step(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 8; i++) {
        x[i] = i < 4 ? 0 : 1;
        y[i] = (i < 4 ? 2.0 : 4.0) + (i % 2 ? 1.0 : -1.0);
    }
    vouch_model *model = fit(ctx, 8, 1, NULL, "{loss: poisson, " ONE_LEAF_EACH "}");
    assert_close(raw[0], vouch__log(3.0) - 1.0 / 3.0, 1e-4);
    assert_close(raw[7], vouch__log(3.0) + 1.0 / 3.0, 1e-4);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

/* bad_weight w is weight w on every bad row; 0 makes the weights of both classes the same. */
static void a_class_weight_is_a_weight_on_its_rows(void **state)
{
    (void)state;
    enum { N = 600 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double want[N], bad = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < 3; j++)
            x[i * 3 + j] = seeded_normal();
        y[i] = seeded() < vouch__sigmoid(x[i * 3] - 2.0);
        bad += y[i];
    }
    for (int balanced = 0; balanced < 2; balanced++) {
        for (size_t i = 0; i < N; i++)
            w[i] = y[i] > 0.5 ? (balanced ? (N - bad) / bad : 4.0) : 1.0;
        vouch_model *model = fit(ctx, N, 3, w, "{trees: 10}");
        memcpy(want, raw, sizeof want);
        vouch_model_free(model);
        model = fit(ctx, N, 3, NULL, balanced ? "{trees: 10, bad_weight: 0}" : "{trees: 10, bad_weight: 4}");
        for (size_t i = 0; i < N; i++)
            assert_close(raw[i], want[i], 0);
        assert_true(!balanced || fabs(vouch__model_trees(model)->base) < 1e-12);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void squared_slopes(void *self, size_t n, const double *score, const double *target, double *g,
                           double *h)
{
    (void)self;
    for (size_t i = 0; i < n; i++) {
        g[i] = score[i] - target[i];
        h[i] = 1.0;
    }
}

static double squared_loss(void *self, double score, double target)
{
    (void)self;
    return (score - target) * (score - target);
}

static void a_loss_of_the_caller_s_grows_the_same_trees(void **state)
{
    (void)state;
    enum { N = 800 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *own, *named, *again;
    double theirs[N], p[N];
    uint8_t part[N];
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < 3; j++)
            x[i * 3 + j] = seeded_normal();
        y[i] = x[i * 3] + (x[i * 3 + 1] > 0.0 ? 1.0 : 0.0) + 0.1 * seeded_normal();
        part[i] = i % 4 == 0 ? VOUCH_PART_TUNE : VOUCH_PART_TRAIN;
    }
    assert_ok(ctx, kit_table(ctx, N, 3, x, NULL, &table));
    vouch_objective objective = { .start = 0.25, .slopes = squared_slopes, .loss = squared_loss };
    vouch_fit_spec spec = {
        .name = "own", .table = table, .target = y, .part = part, .params = "{trees: 60, loss: squared}"
    };
    assert_ok(ctx, vouch_model_fit(ctx, &spec, &named));
    assert_ok(ctx, vouch_model_score(ctx, named, table, raw, NULL, NULL));
    spec.objective = &objective;
    assert_ok(ctx, vouch_model_fit(ctx, &spec, &own));
    assert_ok(ctx, vouch_model_score(ctx, own, table, theirs, p, NULL));
    double apart = 0.0;
    for (size_t i = 0; i < N; i++) {
        apart += fabs(theirs[i] - raw[i]) / N;
        assert_close(p[i], fmin(fmax(theirs[i], 0.0), 1.0), 0);
    }
    assert_true(apart < 0.05); /* the start differs, and so does rounding */
    assert_close(vouch__model_trees(own)->base, 0.25, 0);
    assert_ok(ctx, vouch_model_read(ctx, own->file, own->file_len, &again));
    assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(own));
    vouch_model_free(again);
    vouch_model_free(own);
    vouch_model_free(named);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void bad_slopes(void *self, size_t n, const double *score, const double *target, double *g, double *h)
{
    squared_slopes(self, n, score, target, g, h);
    h[n / 2] = -1.0;
}

static void what_a_loss_cannot_take_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *params, *words;
        double target;
    } cases[] = { { "{loss: gamma}", "not above 0", 0.0 },
                  { "{loss: poisson}", "below 0", -1.0 },
                  { "{loss: tweedie}", "below 0", -1.0 },
                  { "{loss: focal}", "neither 0 nor 1", 2.0 },
                  { "{loss: quantile}", "not a number below 1e150", NAN } };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *model;
    vouch_objective objective = { .slopes = bad_slopes };
    for (size_t i = 0; i < 10; i++) {
        x[i] = (double)i;
        y[i] = (double)(i % 2);
    }
    assert_ok(ctx, kit_table(ctx, 10, 1, x, NULL, &table));
    vouch_fit_spec spec = { .name = "test", .table = table, .target = y };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        y[4] = cases[k].target;
        spec.params = cases[k].params;
        assert_status(ctx, vouch_model_fit(ctx, &spec, &model), VOUCH_E_DATA);
        assert_error_has(ctx, cases[k].words);
    }
    y[4] = 0.0;
    spec.params = "{loss: quantile, monotone: {x0: up}}";
    assert_status(ctx, vouch_model_fit(ctx, &spec, &model), VOUCH_E_ARG);
    spec.params = "{loss: squared, bad_weight: 2}";
    assert_status(ctx, vouch_model_fit(ctx, &spec, &model), VOUCH_E_ARG);
    spec.params = NULL;
    spec.objective = &objective;
    assert_status(ctx, vouch_model_fit(ctx, &spec, &model), VOUCH_E_DATA);
    assert_error_has(ctx, "training row 5");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Mean loss on rows that trained, beside LightGBM's with equal settings on the same rows. */
static void deviances_are_those_of_another_library(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf text;
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/models/gbdt_losses.json", 1 << 22, &text));
    assert_ok(ctx, vouch__json_read(ctx, "gbdt_losses", text.at, text.len, 1 << 22, &doc));
    const vouch__json *golden = vouch__doc_root(doc), *rows = vouch__json_get(golden, "x");
    size_t n = rows->len;
    assert_true(n > 0 && n <= MAX);
    for (const vouch__json *one = vouch__json_get(golden, "losses")->first; one; one = one->next) {
        vouch__gbdt_outcome o = { .shape = vouch__json_double(vouch__json_get(one, "shape"), 0.0) };
        const char *name = vouch__json_string(vouch__json_get(one, "loss"));
        const vouch__json *target = vouch__json_get(one, "y");
        double loss = 0.0, want = vouch__json_double(vouch__json_get(one, "mean_loss"), NAN);
        for (size_t i = 0; i < n; i++) {
            y[i] = vouch__json_double(vouch__json_at(target, i), NAN);
            for (size_t j = 0; j < 3; j++)
                x[i * 3 + j] = vouch__json_double(vouch__json_at(vouch__json_at(rows, i), j), NAN);
        }
        while (strcmp(vouch__gbdt_loss_name(o.loss), name) != 0)
            o.loss++;
        vouch_model *model = fit(ctx, n, 3, NULL, vouch__json_string(vouch__json_get(one, "params")));
        for (size_t i = 0; i < n; i++)
            loss += vouch__gbdt_loss_of(&o, raw[i], y[i]) / (double)n;
        assert_close(loss, want, vouch__json_double(vouch__json_get(one, "tolerance"), 0.0));
        vouch_model_free(model);
    }
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gradient_is_the_slope_of_the_loss),
        cmocka_unit_test(focal_loss_without_focus_is_log_loss),
        cmocka_unit_test(large_steps_of_a_log_link_are_held_back_in_order),
        cmocka_unit_test(a_quantile_leaf_is_the_quantile_of_its_rows),
        cmocka_unit_test(a_poisson_leaf_is_a_newton_step),
        cmocka_unit_test(a_class_weight_is_a_weight_on_its_rows),
        cmocka_unit_test(a_loss_of_the_caller_s_grows_the_same_trees),
        cmocka_unit_test(what_a_loss_cannot_take_is_refused),
        cmocka_unit_test(deviances_are_those_of_another_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
