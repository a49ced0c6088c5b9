/* What holds of every test that asks the model itself: the same bits on any number of threads, a clean end
 * when memory is out, and that a fault which was planted is found where it is. */
#include "formula.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CASES = 600 };

static char text[200000];

/* bad follows z, but where x is at least 0.75 it follows nothing. noise is an input without influence. */
static vouch__sample planted(void)
{
    size_t at = 0;
    const char *const name[] = { "'x':[", "],'z':[", "],'t':[", "]},'bad':[" };
    static double value[3][CASES];
    at += (size_t)snprintf(text, sizeof text, "{'columns':{");
    for (size_t i = 0; i < CASES; i++) {
        value[0][i] = seeded();
        value[1][i] = seeded();
        bool is_weak = value[0][i] >= 0.75;
        value[2][i] = seeded() < (is_weak ? 0.5 : value[1][i] > 0.5 ? 0.9 : 0.1);
    }
    for (size_t k = 0; k < 4; k++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", name[k]);
        for (size_t i = 0; i < CASES; i++) {
            const char *comma = i ? "," : "";
            if (k == 2)
                at += (size_t)snprintf(text + at, sizeof text - at, "%s'%c'", comma, "abc"[i % 3]);
            else
                at += (size_t)snprintf(text + at, sizeof text - at, "%s%.6f", comma,
                                       value[k == 3 ? 2 : k][i]);
        }
    }
    (void)snprintf(text + at, sizeof text - at, "]}");
    return trial_read(text);
}

static const vouch_model *model_of(const vouch__sample *s)
{
    static const char json[] = "{\"constant\":-3,\"linear\":{\"x\":0.01,\"z\":6,\"t\":0.05}}";
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, "model", json, strlen(json), 0, &doc));
    const vouch_model *model = formula_model(s->table, vouch__doc_root(doc));
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
    return model;
}

static bool asks_the_model(const vouch_test *test) { return (test->needs & VOUCH__NEEDS_MODEL) != 0; }

static void threads_do_not_matter(void **state)
{
    (void)state;
    vouch__sample s = planted();
    const vouch_model *model = model_of(&s);
    for (size_t t = 0; t < vouch_test_count(); t++) {
        const vouch_test *test = vouch_test_at(t);
        vouch__buf written[2];
        vouch_ctx *ctx[2];
        vouch__evidence list[2];
        if (!asks_the_model(test))
            continue;
        for (int k = 0; k < 2; k++) {
            ctx[k] = vouch_ctx_new(&(vouch_ctx_options){ .threads = k ? 3 : 1 });
            assert_ok(ctx[k], vouch__evidence_new(ctx[k], NULL, &list[k]));
            assert_ok(ctx[k], trial_run_model(ctx[k], test, model, &s, &s, NULL, &list[k]));
            vouch__buf_init(ctx[k], &written[k], 0);
            vouch__json_write(&written[k], list[k].entries);
        }
        assert_string_equal(written[0].at, written[1].at);
        for (int k = 0; k < 2; k++) {
            vouch__buf_free(&written[k]);
            vouch__evidence_free(&list[k]);
            vouch_ctx_free(ctx[k]);
        }
    }
}

static void run_one(const char *id, const vouch__sample *s, vouch_ctx *ctx, vouch__evidence *list)
{
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, list));
    assert_ok(ctx, trial_run_model(ctx, vouch_test_find(id), model_of(s), s, NULL, NULL, list));
}

static void a_planted_weak_spot_is_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    run_one("diagnose.weak_spots", &s, ctx, &list);
    const char *worst = golden_text(list.entries, "0.tables.slices.rows.0.0");
    assert_non_null(strstr(worst, "x >= 0.")); /* the last fifth */
    assert_true(golden_number(list.entries, "0.tables.slices.rows.0.10") <= 0.05);
    assert_true(golden_number(list.entries, "0.value") > 0.2);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void a_model_on_its_own_training_cases_overfits_nowhere(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, trial_run_model(ctx, vouch_test_find("diagnose.overfit_slices"), model_of(&s), &s, &s,
                                   NULL, &list));
    assert_close(golden_number(list.entries, "0.value"), 0.0, 0.0);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void noise_costs_more_the_larger_it_is(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    run_one("diagnose.noise", &s, ctx, &list);
    double before = 0.0;
    for (int k = 0; k < 5; k++) {
        char path[64];
        (void)snprintf(path, sizeof path, "0.tables.sizes.rows.%d.7", k);
        double change = golden_number(list.entries, path);
        assert_true(change > before);
        before = change;
    }
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void coverage_is_short_where_the_model_fails(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    run_one("diagnose.prediction_sets", &s, ctx, &list);
    assert_non_null(strstr(golden_text(list.entries, "0.tables.coverage.rows.1.0"), "x >= 0."));
    assert_true(golden_number(list.entries, "0.value") > 0.05);
    assert_true(golden_number(list.entries, "0.p_value") <= 0.05);
    assert_true(golden_number(list.entries, "0.tables.coverage.rows.0.4") > 0.9); /* all cases: held */
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void a_tree_of_errors_finds_where_they_are(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    vouch__doc *doc = NULL;
    static const char few[] = "{\"least\": 30}";
    assert_ok(ctx, vouch__json_read(ctx, "params", few, strlen(few), 0, &doc));
    assert_ok(ctx, trial_run_model(ctx, vouch_test_find("diagnose.error_tree"), model_of(&s), &s, NULL,
                                   vouch__doc_root(doc), &list));
    assert_non_null(strstr(golden_text(list.entries, "0.note"), "x >= 0."));
    assert_true(golden_number(list.entries, "0.p_value") <= 0.05);
    assert_true(golden_number(list.entries, "0.value") > 0.1);
    assert_true(golden_number(list.entries, "0.tables.tree.rows.1.1") > 0.0);
    vouch__doc_free(doc);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void curves_of_a_model_that_adds_are_alike(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    vouch__sample s = planted();
    run_one("explain.ice", &s, ctx, &list);
    for (size_t k = 0; k < golden_len(list.entries, "0.tables.inputs.rows"); k++) {
        char path[64];
        (void)snprintf(path, sizeof path, "0.tables.inputs.rows.%zu.1", k);
        assert_close(golden_number(list.entries, path), 0.0, 1e-12);
    }
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static vouch_status sweep_one(vouch_ctx *ctx, void *arg)
{
    const vouch_test *const *test = arg;
    static vouch__sample s;
    static const vouch_model *model;
    if (!model) {
        s = trial_read("{'columns':{'x':[1,2,3,4,5,6],'z':[2,1,0,3,1,1],'t':['a','b','a','a','b','a']},"
                       "'bad':[0,1,0,1,0,1]}");
        model = formula_of_features(s.table, s.n_features, s.feature);
    }
    vouch__evidence list;
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (status)
        return status;
    status = trial_run_model(ctx, *test, model, &s, &s, NULL, &list);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t t = 0; t < vouch_test_count(); t++) {
        const vouch_test *test = vouch_test_at(t);
        if (asks_the_model(test))
            sweep_allocations(sweep_one, &test, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(threads_do_not_matter),
                                        cmocka_unit_test(a_planted_weak_spot_is_found),
                                        cmocka_unit_test(a_model_on_its_own_training_cases_overfits_nowhere),
                                        cmocka_unit_test(noise_costs_more_the_larger_it_is),
                                        cmocka_unit_test(coverage_is_short_where_the_model_fails),
                                        cmocka_unit_test(a_tree_of_errors_finds_where_they_are),
                                        cmocka_unit_test(curves_of_a_model_that_adds_are_alike),
                                        cmocka_unit_test(every_allocation_may_fail) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
