/* Refits, reasons drawn anew and versions compared, on models that are fitted here. */
#include "fit_kit.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 500, COLS = 4 };

static double x[ROWS * COLS], y[ROWS];
static uint8_t bad[ROWS];
static const size_t column[COLS] = { 0, 1, 2, 3 };
static vouch_ctx *ctx;
static vouch_table *table;

static vouch__sample cases(void)
{
    vouch__sample s = { .n = ROWS, .bad = bad, .table = table, .feature = column, .n_features = COLS };
    for (size_t i = 0; i < ROWS; i++)
        s.n_bad += bad[i];
    return s;
}

static void make_rows(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++)
            x[i * COLS + j] = seeded_normal();
        double raw = -1.0 + 1.5 * x[i * COLS] - x[i * COLS + 1] + 0.5 * x[i * COLS + 2];
        bad[i] = seeded() < 1.0 / (1.0 + exp(-raw));
        y[i] = bad[i];
    }
    assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, NULL, &table));
}

static vouch_model *fitted(const char *kind, const char *params, size_t n)
{
    vouch_model *model = NULL;
    const kit_fit spec = { .kind = kind, .table = table, .n_train = n, .target = y, .params = params };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static vouch__evidence put(const char *id, const vouch_model *model, const vouch_model *rival)
{
    vouch__evidence list;
    double value[VOUCH__PARAMS_MAX];
    const vouch_test *test = vouch_test_find(id);
    const vouch__param_table params = { "test", test->id, test->params, test->n_params };
    vouch__sample s = cases();
    assert_ok(ctx, vouch__param_read(ctx, &params, NULL, NULL, 0, value));
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    const vouch__test_call call = { .test = test,
                                    .now = &s,
                                    .before = &s,
                                    .model = model,
                                    .rival_model = rival,
                                    .model_name = "m",
                                    .param = value,
                                    .seed = 3,
                                    .list = &list };
    assert_ok(ctx, vouch__test_perform(ctx, &call));
    return list;
}

static void a_model_agrees_with_itself(void **state)
{
    (void)state;
    vouch_model *model = fitted("gbdt", "{trees: 30, depth: 3}", ROWS);
    vouch__evidence list = put("explain.version_agreement", model, model);
    assert_close(golden_number(list.entries, "0.value"), 1.0, 0.0);
    for (int k = 0; k < 4; k++) {
        char path[64];
        (void)snprintf(path, sizeof path, "0.tables.agreement.rows.%d.1", k);
        assert_close(golden_number(list.entries, path), 1.0, 1e-12);
    }
    assert_close(golden_number(list.entries, "0.tables.agreement.rows.4.1"), 0.0, 0.0);
    vouch__evidence_free(&list);
    vouch_model_free(model);
}

static void two_versions_agree_in_part(void **state)
{
    (void)state;
    vouch_model *a = fitted("gbdt", "{trees: 40, depth: 3}", ROWS);
    vouch_model *b = fitted("glm", NULL, ROWS / 2);
    vouch__evidence list = put("explain.version_agreement", a, b),
                    back = put("explain.version_agreement", b, a);
    double shared = golden_number(list.entries, "0.value");
    assert_true(shared > 0.3 && shared < 1.0);
    assert_close(golden_number(back.entries, "0.value"), shared, 1e-12);
    assert_true(golden_number(list.entries, "0.tables.agreement.rows.4.1") > 0.0);
    vouch__evidence_free(&list);
    vouch__evidence_free(&back);
    vouch_model_free(a);
    vouch_model_free(b);
}

static void reasons_drawn_anew_are_mostly_the_same(void **state)
{
    (void)state;
    static const char *const kinds[] = { "glm", "scorecard", "gbdt" };
    for (size_t k = 0; k < 3; k++) {
        vouch_model *model = fitted(kinds[k], NULL, ROWS);
        vouch__evidence list = put("explain.reason_stability", model, NULL);
        double value = golden_number(list.entries, "0.value");
        assert_true(value > 0.6 && value <= 1.0);
        assert_true(golden_number(list.entries, "0.interval.low") <= value);
        assert_true(golden_number(list.entries, "0.tables.inputs.rows.0.2") > 0.0);
        vouch__evidence_free(&list);
        vouch_model_free(model);
    }
}

static void refits_differ_little_and_more_when_they_learn_less(void **state)
{
    (void)state;
    vouch_model *line = fitted("glm", NULL, ROWS);
    vouch_model *trees = fitted("gbdt", "{trees: 60, depth: 6, learning_rate: 0.3, min_child_rows: 1}", ROWS);
    vouch__evidence a = put("diagnose.seed_stability", line, NULL),
                    b = put("diagnose.seed_stability", trees, NULL);
    double calm = golden_number(a.entries, "0.value"), wild = golden_number(b.entries, "0.value");
    assert_true(calm > 0.0 && calm < 0.1);
    assert_true(wild > calm);
    assert_true(golden_number(a.entries, "0.tables.pairs.rows.3.1") > 0.95);
    vouch__evidence_free(&a);
    vouch__evidence_free(&b);
    vouch_model_free(line);
    vouch_model_free(trees);
}

static void what_cannot_be_fitted_again_says_so(void **state)
{
    (void)state;
    vouch_model *model = fitted("glm", "{splines: {x0: 4}}", ROWS);
    vouch__evidence list = put("diagnose.seed_stability", model, NULL);
    assert_string_equal(golden_text(list.entries, "0.verdict"), "not-applicable");
    assert_non_null(strstr(golden_text(list.entries, "0.note"), "splines"));
    vouch__evidence_free(&list);
    list = put("explain.version_agreement", model, NULL);
    assert_non_null(strstr(golden_text(list.entries, "0.note"), "rival model"));
    vouch__evidence_free(&list);
    vouch_model_free(model);
}

static vouch_status sweep(vouch_ctx *own, void *arg)
{
    vouch__evidence list;
    double value[VOUCH__PARAMS_MAX];
    vouch__sample s = cases();
    const vouch_test *test = vouch_test_find("explain.version_agreement");
    const vouch__param_table params = { "test", test->id, test->params, test->n_params };
    vouch_status status = vouch__param_read(own, &params, NULL, NULL, 0, value);
    if (!status)
        status = vouch__evidence_new(own, NULL, &list);
    if (status)
        return status;
    const vouch__test_call call = {
        .test = test, .now = &s, .model = arg, .rival_model = arg, .param = value, .seed = 3, .list = &list
    };
    status = vouch__test_perform(own, &call);
    if (!status)
        status = vouch__doc_status(own, list.doc);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch_model *model = fitted("glm", NULL, ROWS);
    sweep_allocations(sweep, model, 0);
    vouch_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_agrees_with_itself),
        cmocka_unit_test(two_versions_agree_in_part),
        cmocka_unit_test(reasons_drawn_anew_are_mostly_the_same),
        cmocka_unit_test(refits_differ_little_and_more_when_they_learn_less),
        cmocka_unit_test(what_cannot_be_fitted_again_says_so),
        cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = vouch_ctx_new(NULL);
    make_rows();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    return failed;
}
