/* Additive boosting: it finds a known truth, its shapes keep directions and bends for every pair of rows, its
 * tables are purified, and it says the same in every form and at any number of threads. */
#include "check.h"
#include "fit_kit.h"
#include "models/gam/gam_fit.h"
#include "num/special.h"
#include "vouch/explain.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3000, COLS = 4 };
static double x[N * COLS], y[N], raw[N];
static const bool some_text[COLS] = { false, false, false, true };

static const vouch__gam *gam_of(const vouch_model *model) { return model->state; }

static double truth(const double *row)
{
    double first = isnan(row[0]) ? 0.7 : row[0] * row[0];
    return first + 0.8 * sin(3.0 * row[1]) + (row[3] == 1.0 ? 1.0 : 0.0) +
           1.2 * (row[1] > 0 ? 1.0 : -1.0) * row[2];
}

/* Additive in three inputs and a pair; missing values in the first. */
static void fill(double noise)
{
    for (size_t i = 0; i < N; i++) {
        double *row = x + i * COLS;
        for (size_t j = 0; j < 3; j++)
            row[j] = 2.0 * seeded() - 1.0;
        row[3] = (double)seeded_below(4);
        if (seeded() < 0.1)
            row[0] = NAN;
        y[i] = truth(row) + noise * seeded_normal();
    }
}

static vouch_model *fit(vouch_ctx *ctx, const kit_fit *with, const bool *text, size_t cols, vouch_table **out)
{
    kit_fit spec = *with;
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, spec.n_train + spec.n_tune, cols, x, text, out));
    spec.kind = "gam";
    spec.table = *out;
    spec.target = y;
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static void a_known_truth_is_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill(0.1);
    vouch_model *model = fit(ctx, &(kit_fit){ .n_train = N, .params = "{loss: squared, bags: 2, pairs: 1}" },
                             some_text, COLS, &table);
    const vouch__gam *gam = gam_of(model);
    double error = 0.0;
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    for (size_t i = 0; i < N; i++)
        error += (raw[i] - truth(x + i * COLS)) * (raw[i] - truth(x + i * COLS)) / N;
    assert_true(error < 0.02);
    assert_int_equal(gam->n_pairs, 1);
    assert_int_equal(gam->pair[0].a, 1); /* the pair that is there, of six */
    assert_int_equal(gam->pair[0].b, 2);
    /* a step between categories, and missing values, stand where they should beside each other */
    const vouch__gam_shape *s = &gam->shape[3];
    assert_close(s->value[2] - s->value[1], 1.0, 0.1);
    assert_true(gam->facts.held_all < gam->facts.held_mains && gam->facts.held_mains < gam->facts.start_loss);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void shapes_and_tables_have_mean_0(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill(0.3);
    vouch_model *model = fit(ctx,
                             &(kit_fit){ .n_train = 2400,
                                         .n_tune = 600,
                                         .params = "{loss: squared, bags: 3, rounds: 60, pair_bins: 9, "
                                                   "interactions: [[x0, x1], [x0, x2], [x3, x0], "
                                                   "[x1, x2], [x1, x3], [x2, x3]]}" },
                             some_text, COLS, &table);
    const vouch__gam *gam = gam_of(model);
    assert_int_equal(gam->n_pairs, 6);
    for (size_t j = 0; j < COLS; j++) {
        double sum = 0.0;
        for (size_t b = 0; b < gam->shape[j].bins.n_bins; b++)
            sum += gam->shape[j].weight[b] * gam->shape[j].value[b];
        assert_close(sum / 2400.0, 0.0, 1e-12);
    }
    for (size_t p = 0; p < 6; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        for (size_t a = 0; a < pair->n_a; a++) {
            double sum = 0.0;
            for (size_t b = 0; b < pair->n_b; b++)
                sum += pair->weight[a * pair->n_b + b] * pair->value[a * pair->n_b + b];
            assert_close(sum / 2400.0, 0.0, 1e-12);
        }
        for (size_t b = 0; b < pair->n_b; b++) {
            double sum = 0.0;
            for (size_t a = 0; a < pair->n_a; a++)
                sum += pair->weight[a * pair->n_b + b] * pair->value[a * pair->n_b + b];
            assert_close(sum / 2400.0, 0.0, 1e-12);
        }
    }
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* Whatever the other inputs are, row by row and not only on average. */
static void monotone_inputs_are_monotone_for_every_pair_of_rows(void **state)
{
    (void)state;
    static const int8_t direction[COLS] = { 1, -1, 0, 0 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill(0.5);
    vouch_model *model = fit(ctx,
                             &(kit_fit){ .n_train = N,
                                         .monotone = direction,
                                         .params = "{loss: squared, bags: 3, rounds: 80, pairs: 3}" },
                             some_text, COLS, &table);
    for (size_t i = 0; i < 200; i++) {
        double two[2 * COLS], out[2];
        for (size_t j = 0; j < COLS; j++)
            two[j] = two[COLS + j] = x[seeded_below(N) * COLS + j];
        size_t j = seeded_below(2);
        two[j] = 3.0 * seeded() - 1.5;
        two[COLS + j] = two[j] + seeded() * seeded();
        vouch__gam_predict(model->state, (vouch__matrix){ two, 2, COLS }, out);
        assert_true(direction[j] * (out[1] - out[0]) >= 0.0);
    }
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void curves_bend_one_way(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill(0.5);
    for (size_t i = 0; i < N; i++) {
        y[i] = x[i * COLS] * x[i * COLS] - exp(x[i * COLS + 1]) + 0.5 * seeded_normal();
        y[i] = isnan(y[i]) ? 0.0 : y[i];
    }
    static const int8_t falls[COLS] = { 0, -1, 0, 0 };
    vouch_model *model = fit(
        ctx,
        &(kit_fit){ .n_train = N,
                    .monotone = falls,
                    .params = "{loss: squared, bags: 2, rounds: 60, pairs: 0, max_bins: 40, "
                              "curve: {x0: convex, x1: concave}}" },
        some_text, COLS, &table);
    for (size_t j = 0; j < 2; j++) {
        const vouch__gam_shape *s = &gam_of(model)->shape[j];
        double sign = j ? -1.0 : 1.0;
        for (size_t b = 2; b + 1 < s->bins.n_bins; b++) {
            double before = (s->value[b] - s->value[b - 1]) / (s->at[b] - s->at[b - 1]);
            double after = (s->value[b + 1] - s->value[b]) / (s->at[b + 1] - s->at[b]);
            assert_true(sign * (after - before) >= -1e-9);
            if (j == 1)
                assert_true(s->value[b + 1] <= s->value[b]);
        }
        assert_true(s->value[j ? 1 : s->bins.n_bins - 1] - s->value[s->bins.n_bins / 2] > 0.5);
    }
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* The nearest convex values satisfy what Karush, Kuhn and Tucker ask: no feasible neighbour is nearer. */
static void no_convex_neighbour_is_nearer(void **state)
{
    (void)state;
    enum { M = 24 };
    for (size_t turn = 0; turn < 60; turn++) {
        double at[M], v[M], start[M], w[M], work[VOUCH__GAM_BINS * 48], move[M];
        uint8_t active[M] = { 0 };
        vouch__gam_curve curve = turn % 2 ? VOUCH__GAM_CONVEX : VOUCH__GAM_CONCAVE;
        int direction = (int)(turn % 3) - 1;
        double sign = turn % 2 ? 1.0 : -1.0, best = 0.0, last = -3.0;
        for (size_t i = 0; i < M; i++) {
            at[i] = last += 0.01 + seeded();
            start[i] = v[i] = sign * 0.3 * at[i] * at[i] + seeded_normal();
            w[i] = 0.1 + seeded();
        }
        vouch__gam_bend(M, at, v, w, curve, direction, active, work);
        vouch__gam_bend(M, at, v, w, curve, direction, active, work); /* what is convex stays as it is */
        for (size_t i = 0; i < M; i++)
            best += w[i] * (v[i] - start[i]) * (v[i] - start[i]);
        for (size_t i = 1; i + 1 < M; i++)
            assert_true(
                sign * ((v[i + 1] - v[i]) / (at[i + 1] - at[i]) - (v[i] - v[i - 1]) / (at[i] - at[i - 1])) >=
                -1e-9);
        for (size_t i = 0; i + 1 < M; i++)
            assert_true(direction * (v[i + 1] - v[i]) >= 0.0);
        for (size_t k = 0; k < 200; k++) { /* towards some other feasible line: a hinge, or a straight one */
            double knot = at[seeded_below(M)], up = seeded() < 0.5 ? 1.0 : -1.0, far = 0.0;
            double slope = (direction ? direction : up) * seeded(), step = 1e-4;
            bool is_hinge = direction == 0 || up * sign * direction > 0;
            for (size_t i = 0; i < M; i++) {
                double hinge = is_hinge ? sign * fmax(up * (at[i] - knot), 0.0) : 0.0;
                move[i] = slope * at[i] + hinge;
                far += w[i] * (v[i] + step * (move[i] - v[i]) - start[i]) *
                       (v[i] + step * (move[i] - v[i]) - start[i]);
            }
            assert_true(far >= best - 1e-9 * fmax(1.0, best));
        }
    }
}

static void isotonic_values_are_the_minimax_means(void **state)
{
    (void)state;
    enum { M = 12 };
    for (size_t turn = 0; turn < 100; turn++) {
        double v[M], start[M], w[M], work[3 * M];
        for (size_t i = 0; i < M; i++) {
            start[i] = v[i] = seeded_normal() + 0.1 * (double)i;
            w[i] = 0.1 + seeded();
        }
        vouch__gam_isotonic(M, v, w, 1, work);
        for (size_t i = 0; i < M; i++) { /* max over from of min over to of the mean of from .. to */
            double most = -INFINITY;
            for (size_t from = 0; from <= i; from++) {
                double least = INFINITY;
                for (size_t to = i; to < M; to++) {
                    double sum = 0.0, mass = 0.0;
                    for (size_t k = from; k <= to; k++) {
                        sum += w[k] * start[k];
                        mass += w[k];
                    }
                    least = fmin(least, sum / mass);
                }
                most = fmax(most, least);
            }
            assert_close(v[i], most, 1e-12);
        }
    }
}

static void bytes_are_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const params[] = { "{bags: 3, rounds: 20, pairs: 2}",
                                          "{bags: 1, rounds: 12, pairs: 2}",
                                          "{bags: 1, rounds: 10, loss: poisson, curve: {x1: convex}}" };
    double w[N];
    fill(0.0);
    for (size_t i = 0; i < N; i++) {
        y[i] = seeded() < vouch__sigmoid(y[i]);
        w[i] = 0.5 + seeded();
    }
    for (size_t k = 0; k < 3; k++) {
        char first[VOUCH__HEX] = "";
        for (unsigned threads = 1; threads <= 4; threads += threads) {
            vouch_ctx_options options = { .threads = threads };
            vouch_ctx *ctx = vouch_ctx_new(&options);
            vouch_table *table;
            vouch_model *model = fit(ctx,
                                     &(kit_fit){ .n_train = 2500,
                                                 .n_tune = k == 2 ? 0 : 500,
                                                 .weight = w,
                                                 .params = params[k],
                                                 .seed = 3 },
                                     some_text, COLS, &table);
            if (threads == 1)
                memcpy(first, vouch_model_fingerprint(model), sizeof first);
            assert_string_equal(vouch_model_fingerprint(model), first);
            vouch_model_free(model);
            vouch_table_unref(table);
            vouch_ctx_free(ctx);
        }
    }
}

/* By definition: the mean over coalitions of what an input adds, the others coming from the background. */
static void values_are_shapley_values_against_a_population(void **state)
{
    (void)state;
    enum { BACK = 40, SETS = 1 << COLS };
    static const double share[COLS] = { 1.0 / 4, 1.0 / 12, 1.0 / 12, 1.0 / 4 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table, *back;
    vouch_explainer *explainer = NULL;
    fill(0.1);
    vouch_model *model = fit(ctx,
                             &(kit_fit){ .n_train = N,
                                         .params = "{loss: squared, bags: 1, rounds: 40, pair_bins: 16, "
                                                   "interactions: [[x0, x3], [x1, x2], [x2, x3]]}" },
                             some_text, COLS, &table);
    double value[N * COLS], base = 0.0, *contribution = test_malloc(N * COLS * sizeof *contribution);
    assert_ok(ctx, kit_table(ctx, BACK, COLS, x, some_text, &back));
    assert_ok(ctx, vouch_explainer_new(ctx, model, back, &explainer));
    vouch__binding binding;
    assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
    vouch__bound_rows(&binding, 0, N, NULL, value); /* as codes */
    for (size_t i = 100; i < 106; i++) {
        double worth[SETS] = { 0.0 }, want[COLS] = { 0.0 }, got[COLS];
        for (size_t set = 0; set < SETS; set++)
            for (size_t r = 0; r < BACK; r++) {
                double mixed[COLS], one;
                for (size_t j = 0; j < COLS; j++)
                    mixed[j] = value[(set >> j & 1 ? i : r) * COLS + j];
                vouch__gam_predict(model->state, (vouch__matrix){ mixed, 1, COLS }, &one);
                worth[set] += one / BACK;
            }
        for (size_t set = 0; set < SETS; set++)
            for (size_t j = 0; j < COLS; j++)
                if (!(set >> j & 1))
                    want[j] += share[__builtin_popcountll(set)] * (worth[set | (size_t)1 << j] - worth[set]);
        double sums[1 + COLS * 200] = { 0.0 };
        assert_true(vouch__gam_n_moments(model->state) <= sizeof sums / sizeof *sums);
        vouch__gam_add_moments(model->state, (vouch__matrix){ value, BACK, COLS }, sums);
        vouch__gam_moment_values(model->state, sums, BACK, (vouch__matrix){ value + i * COLS, 1, COLS }, got,
                                 &base);
        assert_close(base, worth[0], 1e-12);
        for (size_t j = 0; j < COLS; j++)
            assert_close(got[j], want[j], 1e-12);
    }
    assert_ok(ctx, vouch_model_contributions(ctx, model, table, contribution, &base));
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    for (size_t i = 0; i < N; i++) {
        double sum = base;
        for (size_t j = 0; j < COLS; j++)
            sum += contribution[i * COLS + j];
        assert_close(sum, raw[i], 1e-12);
    }
    vouch__binding_clear(&binding);
    vouch_explainer_free(explainer);
    test_free(contribution);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_table_unref(back);
    vouch_ctx_free(ctx);
}

static void a_file_and_its_c_give_the_same_bits(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *again = NULL;
    char *text = NULL, command[512];
    fill(0.2);
    vouch_model *model = fit(
        ctx,
        &(kit_fit){ .n_train = N,
                    .params = "{loss: squared, bags: 2, rounds: 30, interactions: [[x0, x3], [x1, x2]]}" },
        some_text, COLS, &table);
    double other[N];
    assert_ok(ctx, vouch_model_save(ctx, model, test_path("gam.vouch")));
    assert_ok(ctx, vouch_model_load(ctx, test_path("gam.vouch"), &again));
    assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(model));
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    assert_ok(ctx, vouch_model_score(ctx, again, table, other, NULL, NULL));
    assert_memory_equal(raw, other, sizeof raw);
    assert_ok(ctx, vouch_model_export(ctx, model, "json", &text));
    assert_non_null(strstr(text, "\"form\":\"vouch-gam-1\""));
    vouch_text_free(ctx, text);
    assert_ok(ctx, vouch_model_export(ctx, model, "c", &text));
    FILE *file = fopen(test_path("gam.c"), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    vouch_text_free(ctx, text);
    (void)snprintf(command, sizeof command,
                   "cc -std=c11 -Wall -Werror -O1 -ffp-contract=off -shared -fPIC -o %s %s",
                   test_path("gam.so"), test_path("gam.c"));
    if (system(command) == 0) {
        void *library = dlopen(test_path("gam.so"), RTLD_NOW);
        double (*gam_raw)(const double *);
        vouch__binding binding;
        assert_non_null(library);
        *(void **)&gam_raw = dlsym(library, "gam_raw");
        assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
        for (size_t i = 0; i < N; i++) {
            double row[COLS];
            vouch__bound_rows(&binding, i, 1, NULL, row);
            assert_close(gam_raw(row), raw[i], 0.0);
        }
        vouch__binding_clear(&binding);
        (void)dlclose(library);
    } else {
        print_message("skipped: no C compiler called cc\n");
    }
    vouch_model_free(again);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void counts_take_exposure_and_weights_count(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    double w[N], rate = 0.0, claims = 0.0;
    for (size_t i = 0; i < N; i++) {
        double *row = x + i * COLS, mean, left = 1.0;
        row[0] = 2.0 * seeded() - 1.0;
        row[1] = 0.1 + 2.0 * seeded(); /* exposure */
        row[2] = seeded();
        row[3] = (double)seeded_below(2);
        mean = row[1] * exp(-0.5 + row[0] + (row[3] == 1.0 ? 0.7 : 0.0));
        for (y[i] = -1.0; left > exp(-mean); left *= seeded())
            y[i] += 1.0;
        w[i] = 1.0 + (double)(i % 2);
    }
    vouch_model *model = fit(
        ctx,
        &(kit_fit){ .n_train = N, .weight = w, .params = "{loss: poisson, exposure: x1, bags: 2, pairs: 0}" },
        some_text, COLS, &table);
    const vouch__gam *gam = gam_of(model);
    double mean[N];
    assert_close(gam->shape[3].value[2] - gam->shape[3].value[1], 0.7, 0.1);
    assert_int_equal(gam->shape[1].bins.n_bins, 0);
    assert_ok(ctx, vouch_model_score(ctx, model, table, NULL, mean, NULL));
    for (size_t i = 0; i < N; i++) {
        rate += w[i] * mean[i];
        claims += w[i] * y[i];
    }
    assert_close(rate / claims, 1.0, 0.02);
    double row[COLS] = { 0.0, NAN, 0.5, 0.0 };
    assert_status(ctx, vouch__kind_gam.check(ctx, gam, &model->inputs, (vouch__matrix){ row, 1, COLS }, 7),
                  VOUCH_E_DATA);
    assert_error_has(ctx, "row 7");
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void what_cannot_be_fitted_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *params, *says;
    } wrong[] = {
        { "{curve: {x9: convex}}", "'x9' is not an input, did you mean 'x0'?" },
        { "{curve: {x3: convex}}", "a category has no curve" },
        { "{curve: {x0: straight}}", "line 1, column 14: curve must be convex or concave" },
        { "{interactions: [[x0, x0]]}", "must be two inputs" },
        { "{interactions: [[x0]]}", "list of pairs" },
        { "{curve: {x0: convex}, interactions: [[x0, x1]]}", "'x0' has a direction" },
        { "{exposure: x1}", "logarithmic link" },
        { "{loss: poisson, offset: x3}", "must be numbers" },
        { "{pears: 3}", "pairs" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill(0.0);
    for (size_t i = 0; i < N; i++)
        y[i] = (double)(i % 2);
    assert_ok(ctx, kit_table(ctx, 200, COLS, x, some_text, &table));
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        vouch_model *model = NULL;
        vouch_fit_spec spec = {
            .kind = "gam", .name = "m", .table = table, .target = y, .params = wrong[k].params
        };
        assert_int_not_equal(vouch_model_fit(ctx, &spec, &model), VOUCH_OK);
        assert_error_has(ctx, wrong[k].says);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    const kit_fit spec = {
        .kind = "gam",
        .n_train = 120,
        .target = y,
        .params = "{loss: squared, bags: 2, rounds: 3, interactions: [[x0, x3]], curve: {x1: convex}}"
    };
    (void)state;
    fill(0.1);
    kit_sweep(&spec, COLS, x, some_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_truth_is_found),
        cmocka_unit_test(shapes_and_tables_have_mean_0),
        cmocka_unit_test(monotone_inputs_are_monotone_for_every_pair_of_rows),
        cmocka_unit_test(curves_bend_one_way),
        cmocka_unit_test(no_convex_neighbour_is_nearer),
        cmocka_unit_test(isotonic_values_are_the_minimax_means),
        cmocka_unit_test(bytes_are_the_same_on_any_number_of_threads),
        cmocka_unit_test(values_are_shapley_values_against_a_population),
        cmocka_unit_test(a_file_and_its_c_give_the_same_bits),
        cmocka_unit_test(counts_take_exposure_and_weights_count),
        cmocka_unit_test(what_cannot_be_fitted_is_refused_with_its_line),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
