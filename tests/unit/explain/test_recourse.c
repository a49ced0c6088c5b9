/* Recourse: every answer is approved, keeps the rules, and costs what the cheapest of all rows costs that an
 * exhaustive search of small grids finds, for every way in which a bound is made. */
#include "check.h"
#include "fit_kit.h"

#include "explain/recourse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400, COLS = 4, ANSWERS = 3, TRIED = 18 };

static const bool is_text[COLS] = { false, false, false, true };
static double x[ROWS * COLS], y[ROWS];
static vouch_ctx *ctx;
static vouch_table *table;
static size_t n_found[3]; /* answers with one change, two, more */

static void make_rows(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        double *row = x + i * COLS;
        row[0] = (double)seeded_below(11) / 10.0;
        row[1] = (double)seeded_below(11) / 10.0;
        row[2] = (double)seeded_below(7);
        row[3] = (double)seeded_below(4);
        double raw = 3.0 * row[0] - 2.0 * row[1] + 0.4 * row[2] * (row[3] > 1.0) - 1.0 +
                     2.0 * (row[0] > 0.5 && row[1] < 0.4);
        y[i] = seeded() < 1.0 / (1.0 + exp(-raw));
    }
    assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, is_text, &table));
}

static vouch_model *fitted(const char *kind, const char *params)
{
    vouch_model *model = NULL;
    const kit_fit spec = { .kind = kind, .table = table, .n_train = ROWS, .target = y, .params = params };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

typedef struct allowed { /* what the rules of a try leave of an input */
    int move;            /* 0 free, 1 fixed, 2 up, 3 down */
    double low, high, weight;
} allowed;

static size_t values_of(const allowed *a, size_t j, double own, double *out)
{
    size_t n = 0;
    double step = j < 2 ? 0.1 : 1.0, top = j < 2 ? 1.0 : j == 2 ? 6.0 : 3.0;
    out[n++] = own;
    for (int k = 0; (double)k * step <= top + 1e-9 && a->move != 1; k++) {
        double v = j < 2 ? (double)k / 10.0 : (double)k;
        bool is_kept = is_text[j] || (v >= a->low && v <= a->high && !(a->move == 2 && v < own) &&
                                      !(a->move == 3 && v > own));
        if (v != own && is_kept)
            out[n++] = v;
    }
    return n;
}

typedef struct found {
    double cost;
    bool any;
} found;

/* Every row of the grid; told[n_told x COLS]: changes that may not all be made together. */
static found exhaust(const vouch_recourse *r, const allowed *a, const double *row, size_t most,
                     const bool *told, size_t n_told)
{
    double value[COLS][16];
    size_t n[COLS], at[COLS];
    found best = { INFINITY, false };
    for (size_t j = 0; j < COLS; j++)
        n[j] = values_of(&a[j], j, row[j], value[j]);
    for (at[0] = 0; at[0] < n[0]; at[0]++)
        for (at[1] = 0; at[1] < n[1]; at[1]++)
            for (at[2] = 0; at[2] < n[2]; at[2]++)
                for (at[3] = 0; at[3] < n[3]; at[3]++) {
                    double to[COLS], cost = 0.0, raw, p;
                    size_t changes = 0;
                    bool is_barred = false;
                    for (size_t j = 0; j < COLS; j++) {
                        to[j] = value[j][at[j]];
                        cost += vouch__recourse_cost(r, j, row[j], to[j]);
                        changes += at[j] != 0;
                    }
                    for (size_t k = 0; k < n_told; k++) {
                        bool all = true;
                        for (size_t j = 0; j < COLS; j++)
                            all = all && (!told[k * COLS + j] || at[j] != 0);
                        is_barred = is_barred || all;
                    }
                    if (is_barred || changes > most || !(cost < best.cost))
                        continue;
                    vouch__recourse_score(r, to, &raw, &p);
                    if (p <= r->cutoff)
                        best = (found){ cost, true };
                }
    return best;
}

static void check_answers(const vouch_recourse *r, const allowed *a, const double *row, size_t most)
{
    double out[ANSWERS * COLS], bound;
    vouch_recourse_answer answer[ANSWERS];
    bool told[ANSWERS * COLS] = { false };
    size_t n = 0;
    assert_ok(ctx, vouch_recourse_find(ctx, r, row, out, answer, &n, &bound));
    for (size_t k = 0; k <= n && k < ANSWERS; k++) {
        found best = exhaust(r, a, row, most, told, k);
        assert_int_equal(best.any, k < n);
        if (k == n) {
            assert_true(isinf(bound));
            break;
        }
        double raw, p;
        size_t changes = 0;
        vouch__recourse_score(r, out + k * COLS, &raw, &p);
        assert_true(p <= r->cutoff);
        assert_close(answer[k].probability, p, 0.0);
        assert_close(answer[k].cost, best.cost, 1e-9);
        assert_true(answer[k].is_optimal && answer[k].bound <= answer[k].cost + 1e-12);
        for (size_t j = 0; j < COLS; j++) {
            double from = row[j], to = out[k * COLS + j];
            told[k * COLS + j] = from != to;
            changes += from != to;
            if (from == to)
                continue;
            assert_true(a[j].move != 1 && (is_text[j] || (to >= a[j].low && to <= a[j].high)));
            assert_false((a[j].move == 2 && to < from) || (a[j].move == 3 && to > from));
        }
        assert_true(changes <= most);
        assert_int_equal(changes, answer[k].changes);
        n_found[changes < 2 ? 0 : changes == 2 ? 1 : 2] += changes > 0;
    }
}

static int by_size(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* A cut-off that declines most. */
static double strict_cutoff(const vouch_model *model)
{
    static double p[ROWS];
    assert_ok(ctx, vouch_model_score(ctx, model, table, NULL, p, NULL));
    qsort(p, ROWS, sizeof *p, by_size);
    return p[20 + seeded_below(100)];
}

static void try_model(const vouch_model *model)
{
    memset(n_found, 0, sizeof n_found);
    static const char *const moves[] = { "free", "fixed", "up", "down" };
    for (size_t t = 0; t < TRIED; t++) {
        allowed a[COLS];
        char rules[600];
        size_t at = 0, most = t % 3 == 0 ? COLS : t % 3;
        vouch_recourse *r = NULL;
        for (size_t j = 0; j < COLS; j++) {
            double top = j < 2 ? 10.0 : 6.0, unit = j < 2 ? 10.0 : 1.0;
            a[j] = (allowed){ (int)seeded_below(4), 0.0, top / unit, 0.5 + (double)seeded_below(4) };
            if (t % 2 && j < 3) {
                a[j].low = (double)seeded_below(3) / unit;
                a[j].high = (top - (double)seeded_below(3)) / unit;
            }
            a[j].move = is_text[j] && a[j].move > 1 ? 0 : a[j].move;
            at += (size_t)snprintf(rules + at, sizeof rules - at,
                                   "x%zu: {move: %s, weight: %.1f, low: %.1f, high: %.1f, step: %s}\n", j,
                                   moves[a[j].move], a[j].weight, a[j].low, a[j].high, j < 2 ? "0.1" : "1");
        }
        const vouch_recourse_options o = { .cutoff = strict_cutoff(model),
                                           .rules = rules,
                                           .cost = t % 2 ? "mad" : "quantile",
                                           .per_change = t % 3 == 1 ? 0.1 : 0.0,
                                           .max_changes = t % 3,
                                           .answers = ANSWERS,
                                           .nodes = 1000000 };
        assert_ok(ctx, vouch_recourse_new(ctx, model, table, &o, &r));
        for (size_t i = 0; i < 12; i++)
            check_answers(r, a, x + seeded_below(ROWS) * COLS, most);
        vouch_recourse_free(r);
    }
    assert_true(n_found[0] >= 5 && n_found[1] + n_found[2] >= 2);
}

static void trees_reach_the_cheapest_of_all_rows(void **state)
{
    (void)state;
    vouch_model *model = fitted("gbdt", "{trees: 15, depth: 4, learning_rate: 0.5}");
    try_model(model);
    vouch_model_free(model);
}

static void scorecards_reach_the_cheapest_of_all_rows(void **state)
{
    (void)state;
    vouch_model *model = fitted("scorecard", "{min_iv: 0, max_p: 1}");
    try_model(model);
    vouch_model_free(model);
}

static void sums_reach_the_cheapest_of_all_rows(void **state)
{
    (void)state;
    vouch_model *model = fitted("glm", "{splines: {x0: {type: natural, knots: 4}}}");
    try_model(model);
    vouch_model_free(model);
}

static void any_model_reaches_the_cheapest_of_all_rows(void **state)
{
    (void)state;
    vouch_model *model = fitted("glm", "{interactions: [[x0, x1]]}");
    try_model(model);
    vouch_model_free(model);
}

/* Stopped early, the bound still holds and whatever was found is still an answer. */
static void a_search_cut_short_says_what_it_has_proven(void **state)
{
    (void)state;
    vouch_model *model = fitted("gbdt", "{trees: 40, depth: 4, learning_rate: 0.3}");
    const allowed a[COLS] = { { 0, 0, 1, 1 }, { 0, 0, 1, 1 }, { 0, 0, 6, 1 }, { 0, 0, 3, 1 } };
    size_t n_short = 0;
    double cutoff = strict_cutoff(model);
    for (size_t nodes = 1; nodes < 40; nodes += 4) {
        const vouch_recourse_options o = { .cutoff = cutoff,
                                           .nodes = nodes,
                                           .rules = "{x0: {step: 0.1}, x1: {step: 0.1}}" };
        vouch_recourse *r = NULL;
        assert_ok(ctx, vouch_recourse_new(ctx, model, table, &o, &r));
        for (size_t i = 0; i < 20; i++) {
            double out[COLS], bound;
            vouch_recourse_answer answer;
            size_t n = 0;
            const double *row = x + seeded_below(ROWS) * COLS;
            assert_ok(ctx, vouch_recourse_find(ctx, r, row, out, &answer, &n, &bound));
            double least = exhaust(r, a, row, COLS, NULL, 0).cost;
            assert_true((n ? answer.bound : bound) <= least + 1e-9);
            if (n) {
                assert_true(answer.probability <= cutoff && answer.cost >= least - 1e-9);
                assert_int_equal(answer.is_optimal, answer.cost - answer.bound <= 1e-9 * (1.0 + answer.cost));
            }
            n_short += !n || !answer.is_optimal;
        }
        vouch_recourse_free(r);
    }
    assert_true(n_short > 0);
    vouch_model_free(model);
}

static void costs_by_hand(void **state)
{
    (void)state;
    static const double few[] = { 1, 0, 0, 0, 2, 0, 0, 1, 2, 0, 0, 1, 5, 0, 0, 1 };
    vouch_table *population = NULL;
    vouch_model *model = fitted("glm", NULL);
    vouch_recourse *r = NULL;
    vouch_recourse_options o = { .cutoff = 0.5,
                                 .rules = "{x0: {weight: 2}, x3: {weight: 3}}",
                                 .per_change = 0.25 };
    assert_ok(ctx, kit_table(ctx, 4, COLS, few, is_text, &population));
    assert_ok(ctx, vouch_recourse_new(ctx, model, population, &o, &r));
    /* 1, 2, 2, 5: below 1 an eighth, below 2 a half, below 5 seven eighths; beyond, by the range of 4 */
    assert_close(vouch__recourse_cost(r, 0, 1.0, 2.0), 2.0 * 0.375 + 0.25, 1e-15);
    assert_close(vouch__recourse_cost(r, 0, 3.5, 1.5), 2.0 * (0.6875 - 0.3125) + 0.25, 1e-15);
    assert_close(vouch__recourse_cost(r, 0, 5.0, 7.0), 2.0 * 0.5 + 0.25, 1e-15);
    assert_close(vouch__recourse_cost(r, 3, 0.0, 1.0), 3.25, 1e-15);
    assert_close(vouch__recourse_cost(r, 3, 1.0, 1.0), 0.0, 0.0);
    vouch_recourse_free(r);
    o.cost = "mad";
    assert_ok(ctx, vouch_recourse_new(ctx, model, population, &o, &r));
    assert_close(vouch__recourse_cost(r, 0, 1.0, 2.0), 2.0 / 0.5 + 0.25, 1e-15); /* median of 1, 0, 0, 3 */
    vouch_recourse_free(r);
    vouch_table_unref(population);
    vouch_model_free(model);
}

static void wrong_options_and_rules_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        vouch_recourse_options o;
        vouch_status status;
        const char *words;
    } wrong[] = {
        { { .cutoff = 0 }, VOUCH_E_ARG, "cutoff" },
        { { .cutoff = 0.5, .cost = "gower" }, VOUCH_E_ARG, "cost is 'gower'" },
        { { .cutoff = 0.5, .answers = 17 }, VOUCH_E_ARG, "answers is 17" },
        { { .cutoff = 0.5, .per_change = -1 }, VOUCH_E_ARG, "per_change" },
        { { .cutoff = 0.5, .rules = "x9: up" }, VOUCH_E_FORMAT, "rules:1:1" },
        { { .cutoff = 0.5, .rules = "x0: sideways" }, VOUCH_E_FORMAT, "free, fixed, up or down" },
        { { .cutoff = 0.5, .rules = "x0: {low: 2, high: 1}" }, VOUCH_E_FORMAT, "low is above high" },
        { { .cutoff = 0.5, .rules = "x0: {step: 0}" }, VOUCH_E_FORMAT, "step" },
        { { .cutoff = 0.5, .rules = "x0: {only: [1]}" }, VOUCH_E_FORMAT, "categories" },
        { { .cutoff = 0.5, .rules = "x3: {only: [c9]}" }, VOUCH_E_FORMAT, "'c9' is no category of x3" },
    };
    vouch_model *model = fitted("glm", NULL);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        vouch_recourse *r = NULL;
        assert_status(ctx, vouch_recourse_new(ctx, model, table, &wrong[k].o, &r), wrong[k].status);
        assert_error_has(ctx, wrong[k].words);
        assert_null(r);
    }
    vouch_model_free(model);
}

static void what_is_missing_stays_and_only_what_is_allowed_is_answered(void **state)
{
    (void)state;
    vouch_model *model = fitted("gbdt", "{trees: 20, depth: 3, learning_rate: 0.5}");
    vouch_recourse *r = NULL;
    const vouch_recourse_options o = { .cutoff = strict_cutoff(model),
                                       .rules = "{'*': fixed, x1: free, x3: {only: [c0, c1]}}",
                                       .answers = 4 };
    assert_ok(ctx, vouch_recourse_new(ctx, model, table, &o, &r));
    size_t n_all = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double row[COLS], out[4 * COLS], bound;
        vouch_recourse_answer answer[4];
        size_t n = 0;
        memcpy(row, x + i * COLS, sizeof row);
        row[1] = i % 2 ? NAN : row[1];
        assert_ok(ctx, vouch_recourse_find(ctx, r, row, out, answer, &n, &bound));
        for (size_t k = 0; k < n && answer[0].changes; k++) {
            const double *to = out + k * COLS;
            n_all++;
            assert_true(to[0] == row[0] && to[2] == row[2]);
            assert_true(i % 2 ? isnan(to[1]) : isfinite(to[1]));
            assert_true(to[3] == row[3] || to[3] < 2.0);
        }
    }
    assert_true(n_all > 0);
    vouch_recourse_free(r);
    vouch_model_free(model);
}

static vouch_status sweep(vouch_ctx *own, void *arg)
{
    vouch_recourse *r = NULL;
    const vouch_recourse_options o = {
        .cutoff = 0.3, .rules = "{x0: {weight: 2}}", .answers = 2, .nodes = 300
    };
    double out[2 * COLS], bound;
    vouch_recourse_answer answer[2];
    size_t n;
    vouch_status status = vouch_recourse_new(own, arg, table, &o, &r);
    for (size_t i = 0; i < 3 && !status; i++)
        status = vouch_recourse_find(own, r, x + i * COLS, out, answer, &n, &bound);
    vouch_recourse_free(r);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch_model *model = fitted("gbdt", "{trees: 10, depth: 3, learning_rate: 0.5}");
    sweep_allocations(sweep, model, 0);
    vouch_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_reach_the_cheapest_of_all_rows),
        cmocka_unit_test(scorecards_reach_the_cheapest_of_all_rows),
        cmocka_unit_test(sums_reach_the_cheapest_of_all_rows),
        cmocka_unit_test(any_model_reaches_the_cheapest_of_all_rows),
        cmocka_unit_test(a_search_cut_short_says_what_it_has_proven),
        cmocka_unit_test(costs_by_hand),
        cmocka_unit_test(wrong_options_and_rules_are_refused_by_name),
        cmocka_unit_test(what_is_missing_stays_and_only_what_is_allowed_is_answered),
        cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = vouch_ctx_new(NULL);
    make_rows();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    return failed;
}
