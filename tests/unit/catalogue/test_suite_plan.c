/* Reading suites, and putting columns to roles. */
#include "trial.h"

#include "catalogue/bind.h"
#include "catalogue/suite_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void refused(vouch_ctx *ctx, const char *yaml, const char *words)
{
    vouch__plan plan = { .doc = NULL };
    assert_status(ctx, vouch__plan_parse(ctx, "s.yaml", yaml, strlen(yaml), &plan), VOUCH_E_FORMAT);
    assert_error_has(ctx, words);
    vouch__plan_clear(&plan);
}

static void a_suite_says_where_it_is_wrong(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    refused(ctx, "suite: a\ntests:\n  - validate.acu\n",
            "s.yaml:3:5: no test 'validate.acu', did you mean 'validate.auc'?");
    refused(ctx, "suite: a\ntest: []\n", "unknown key 'test', did you mean 'tests'?");
    refused(ctx, "suite: a\n", "tests must be a list");
    refused(ctx, "tests:\n  - validate.ece: {binz: 3}\n",
            "line 2, column 26: unknown key 'binz' for test validate.ece");
    refused(ctx, "tests:\n  - validate.ece: {bins: 1}\n", "bins is 1, must be a whole number from 2 to 100");
    refused(ctx, "tests:\n  - {validate.ece: {}, validate.auc: {}}\n", "a test is its id");
    refused(ctx, "tests: []\ncolumns: {scores: pd}\n", "unknown key 'scores', did you mean 'score'?");
    refused(ctx, "tests: []\ncolumns: {score_is_safe: 1}\n", "score_is_safe must be true or false");
    refused(ctx, "tests: []\ndata: [1]\n", "data must be text");
    vouch_ctx_free(ctx);
}

static void options_come_before_the_file(void **state)
{
    static const char *const set[] = { "validate.ece.bins=20" };
    static const char *const tests[] = { "validate.ece", "validate.auc" };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__plan plan;
    vouch_suite_options o = { .tests = tests, .n_tests = 2, .set = set, .n_set = 1 };
    assert_ok(ctx, vouch__plan_make(ctx, &o, &plan));
    assert_int_equal(plan.n, 2);
    assert_close(plan.item[0].value[0], 20, 0);
    vouch__plan_clear(&plan);
    static const char *const wrong[] = { "validate.ece.bins=2000", "validate.ks.bins=3", "validate.ece",
                                         "nodot=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        o.set = &wrong[i];
        assert_true(vouch__plan_make(ctx, &o, &plan) != VOUCH_OK);
        assert_error_has(ctx, wrong[i]);
    }
    o = (vouch_suite_options){ .suite = "clasifier" };
    assert_status(ctx, vouch__plan_make(ctx, &o, &plan), VOUCH_E_NOTFOUND);
    assert_error_has(ctx, "did you mean 'classifier'?");
    o = (vouch_suite_options){ .suite = NULL };
    assert_status(ctx, vouch__plan_make(ctx, &o, &plan), VOUCH_E_ARG);
    vouch_ctx_free(ctx);
}

static vouch_status make_plan(vouch_ctx *ctx, void *arg)
{
    static const char *const set[] = { "validate.ece.bins=20" };
    const vouch_suite_options o = { .suite = "classifier", .set = set, .n_set = 1 };
    vouch__plan plan = { .doc = NULL };
    (void)arg;
    vouch_status status = vouch__plan_make(ctx, &o, &plan);
    if (!status)
        vouch__plan_clear(&plan);
    return status;
}

static const char table[] =
    "{'columns':{'id':[1,2,3,4,5,6],'pd':[0.1,0.2,0.3,0.4,0.5,null],'points':[600,550,500,450,400,390],"
    "'y':[0,0,1,null,1,1],'who':['a','b','a','b','a','b'],'grade':['C','A','B','A','B','C'],"
    "'age':[25,35,45,55,65,75],'day':[1,2,3,4,5,6],'x':[1,2,3,4,5,6]},'dates':['day']}";

static void roles_become_cases(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sample t = trial_read(table);
    vouch__bound b;
    const vouch_test_input in = { .data = t.table,
                                  .reference = t.table,
                                  .column = { .score = "pd",
                                              .label = "y",
                                              .groups = "who, age",
                                              .grade = "grade",
                                              .date = "day",
                                              .id = "id" } };
    assert_ok(ctx, vouch__bind_samples(ctx, &in, &b));
    const vouch__sample *s = &b.now;
    assert_int_equal(s->n, 6);
    assert_int_equal(s->n_bad, 3);
    assert_ptr_equal(s->probability, s->score); /* all in [0, 1] */
    assert_nan(s->target[3]);
    assert_close(s->date[2], 3, 0);
    assert_int_equal(s->n_groups, 2);
    assert_string_equal(s->group[0].level[1], "b");
    assert_int_equal(s->group[1].n_levels, 6); /* few values: each its own */
    assert_string_equal(s->grade->level[0], "A");
    assert_int_equal(s->grade->code[0], 2);
    assert_int_equal(s->n_features, 2); /* points and x: the rest have roles */
    vouch__bound_clear(&b);
    const vouch_test_input safe = {
        .data = t.table, .column = { .score = "points", .score_is_safe = 1, .label = "who", .bad = "b" }
    };
    assert_ok(ctx, vouch__bind_samples(ctx, &safe, &b));
    assert_close(b.now.score[0], -600, 0);
    assert_null(b.now.probability);
    assert_int_equal(b.now.bad[1], 1);
    assert_false(b.has_before);
    vouch__bound_clear(&b);
    vouch_ctx_free(ctx);
}

static void a_role_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sample t = trial_read(table);
    vouch__bound b;
    const struct {
        vouch_test_columns column;
        vouch_status status;
        const char *words;
    } wrong[] = {
        { { .score = "pdd" }, VOUCH_E_NOTFOUND, "score: no column 'pdd', did you mean 'pd'?" },
        { { .score = "who" }, VOUCH_E_DATA, "score: column 'who' is of type text, must be numbers" },
        { { .date = "pd" }, VOUCH_E_DATA, "date: column 'pd' is of type number" },
        { { .label = "who" }, VOUCH_E_DATA, "say which value means bad" },
        { { .label = "y", .bad = "yes" }, VOUCH_E_DATA, "holds numbers, so 'yes' is not in it" },
        { { .groups = "who,whom" }, VOUCH_E_NOTFOUND, "groups: no column 'whom', did you mean 'who'?" },
        { { .features = "xx" }, VOUCH_E_NOTFOUND, "features: no column 'xx'" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const vouch_test_input in = { .data = t.table, .column = wrong[i].column };
        assert_status(ctx, vouch__bind_samples(ctx, &in, &b), wrong[i].status);
        assert_error_has(ctx, wrong[i].words);
    }
    vouch_ctx_free(ctx);
}

static vouch_status run_one(vouch_ctx *ctx, void *arg)
{
    const vouch__sample *t = arg;
    const vouch_test_input in = { .data = t->table,
                                  .reference = t->table,
                                  .seed = 1,
                                  .column = {
                                      .score = "pd", .label = "y", .groups = "who", .grade = "grade" } };
    char *json = NULL;
    vouch_status status = vouch_test_run(ctx, vouch_test_find("drift.psi"), &in, "{bins: 4}", &json);
    vouch_text_free(ctx, json);
    return status;
}

static void one_test_runs_on_tables(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sample t = trial_read(table);
    const vouch_test_input in = { .data = t.table, .column = { .score = "pd", .label = "y" } };
    char *json = NULL;
    assert_ok(ctx, vouch_test_run(ctx, vouch_test_find("validate.ks"), &in, NULL, &json));
    assert_non_null(strstr(json, "\"fingerprints\":{\"code\":"));
    assert_non_null(strstr(json, "Cases left out, as they lack something the test needs: 2."));
    vouch_text_free(ctx, json);
    assert_status(ctx, vouch_test_run(ctx, vouch_test_find("validate.ece"), &in, "{bins: 0}", &json),
                  VOUCH_E_FORMAT);
    vouch_ctx_free(ctx);
    sweep_allocations(run_one, &t, 0);
    sweep_allocations(make_plan, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suite_says_where_it_is_wrong),
        cmocka_unit_test(options_come_before_the_file),
        cmocka_unit_test(roles_become_cases),
        cmocka_unit_test(a_role_that_does_not_fit_is_refused),
        cmocka_unit_test(one_test_runs_on_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
