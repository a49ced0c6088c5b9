/* Rule lists: the search finds the best list of its pool, as trying every list does; risks fall where they
 * are to; the tree behind the list answers as the list. */
#include "check.h"
#include "fit_kit.h"
#include "models/rules/rules.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

static double entropy(double target, double weight)
{
    double good = weight - target;
    return weight > 0.0 && target > 0.0 && good > 0.0
               ? -target * log(target / weight) - good * log(good / weight)
               : 0.0;
}

/* Every list of up to `most` rules, by trying. */
static double brute(const vouch__rule_search *s, uint64_t rest, size_t depth, double loss, double risk)
{
    double best = INFINITY, weight = 0.0, target = 0.0;
    for (size_t g = 0; g < s->groups; g++)
        if (rest >> g & 1) {
            weight += s->weight[g];
            target += s->target[g];
        }
    if (!(s->is_falling && depth && weight > 0.0 && target / weight > risk))
        best = loss + entropy(target, weight) + s->penalty * (double)depth;
    for (size_t k = 0; k < s->pool && depth < s->most; k++) {
        double in_weight = 0.0, in_target = 0.0;
        for (size_t g = 0; g < s->groups; g++)
            if (rest >> g & s->holds[k] >> g & 1) {
                in_weight += s->weight[g];
                in_target += s->target[g];
            }
        double rate = in_weight > 0.0 ? in_target / in_weight : 0.0;
        if (in_weight < s->least_weight || in_weight <= 0.0 || (s->is_falling && depth && rate > risk))
            continue;
        best = fmin(best,
                    brute(s, rest & ~s->holds[k], depth + 1, loss + entropy(in_target, in_weight), rate));
    }
    return best;
}

static void the_best_list_of_the_pool_is_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t turn = 0; turn < 60; turn++) {
        enum { GROUPS = 14, POOL = 7 };
        uint64_t holds[POOL];
        double weight[GROUPS], target[GROUPS], objective, bound, examined;
        size_t rule[VOUCH__RULES_LIMIT], n;
        for (size_t g = 0; g < GROUPS; g++) {
            weight[g] = (double)(1 + seeded_below(30));
            target[g] = floor(weight[g] * seeded());
        }
        for (size_t k = 0; k < POOL; k++)
            holds[k] = seeded_below((size_t)1 << GROUPS);
        vouch__rule_search s = { .groups = GROUPS,
                                 .words = 1,
                                 .pool = POOL,
                                 .holds = holds,
                                 .weight = weight,
                                 .target = target,
                                 .penalty = 2.0 * seeded(),
                                 .least_weight = 5.0,
                                 .most = 3,
                                 .nodes = 100000,
                                 .is_falling = turn % 2 };
        assert_ok(ctx, vouch__rules_search(ctx, &s, rule, &n, &objective, &bound, &examined));
        assert_close(objective, brute(&s, (1u << GROUPS) - 1, 0, 0.0, INFINITY), 1e-9);
        assert_close(bound, objective, 1e-12); /* and known to be */
        s.nodes = 2;                           /* broken off: the bound is below what is best */
        double early, low;
        assert_ok(ctx, vouch__rules_search(ctx, &s, rule, &n, &early, &low, &examined));
        assert_true(early >= objective - 1e-9 && low <= objective + 1e-9);
    }
    vouch_ctx_free(ctx);
}

enum { N = 1500, COLS = 3 };
static double x[N * COLS], y[N], raw[N];
static const bool some_text[COLS] = { false, false, true };

static void fill(void)
{
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = seeded();
        x[i * COLS + 1] = i % 10 ? seeded() : NAN;
        x[i * COLS + 2] = (double)seeded_below(4);
        double risk = x[i * COLS] > 0.7 ? 0.7 : x[i * COLS + 2] == 2.0 ? 0.4 : 0.05;
        y[i] = seeded() < risk;
    }
}

static vouch_model *fit(vouch_ctx *ctx, const int8_t *monotone, const char *params, vouch_table **table)
{
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, N, COLS, x, some_text, table));
    kit_fit spec = { .kind = "rules",
                     .table = *table,
                     .n_train = 1200,
                     .n_tune = 300,
                     .target = y,
                     .params = params,
                     .monotone = monotone };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static void the_tree_answers_as_the_list(void **state)
{
    (void)state;
    static const int8_t up[COLS] = { 1, 0, 0 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *again = NULL;
    char *told = NULL;
    double row[N * COLS];
    vouch__binding binding;
    fill();
    vouch_model *model = fit(ctx, up, NULL, &table);
    const vouch__rules *r = model->state;
    assert_true(r->n >= 3);
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
    vouch__bound_rows(&binding, 0, N, NULL, row);
    for (size_t i = 0; i < N; i++) {
        size_t k = 0;
        while (k + 1 < r->n &&
               !(vouch__condition_holds(&r->line[k].at[0], row + i * COLS) &&
                 (r->line[k].n < 2 || vouch__condition_holds(&r->line[k].at[1], row + i * COLS))))
            k++;
        assert_close(raw[i], r->line[k].raw, 0.0);
        double two[COLS] = { row[i * COLS] + 0.2 * seeded(), row[i * COLS + 1], row[i * COLS + 2] }, more;
        model->kind->predict(model->state, (vouch__matrix){ two, 1, COLS }, &more);
        assert_true(more >= raw[i]); /* x0 is held to rise */
    }
    for (size_t k = 1; k < r->n; k++)
        assert_true(r->line[k].raw <= r->line[k - 1].raw);
    assert_true(r->bound <= r->objective);
    assert_ok(ctx, vouch_model_describe(ctx, model, &told));
    assert_non_null(strstr(told, "\"if x0 > 0."));
    assert_non_null(strstr(told, "\"else\""));
    assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len, &again));
    assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(model));
    vouch_text_free(ctx, told);
    vouch_model_free(again);
    vouch__binding_clear(&binding);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    const kit_fit spec = {
        .kind = "rules", .n_train = 300, .target = y, .params = "{nodes: 20, cuts: 3, pool: 8}"
    };
    (void)state;
    fill();
    kit_sweep(&spec, COLS, x, some_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_list_of_the_pool_is_found),
        cmocka_unit_test(the_tree_answers_as_the_list),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
