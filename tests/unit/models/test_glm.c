/* Generalised linear models: the numbers of statsmodels, R, scikit-learn and glum, and R's published ones. */
#include "check.h"
#include "fit_kit.h"
#include "golden.h"

#include "models/glm/glm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 5 };

static const bool are_texts[COLS] = { false, true, false, false, false };

static void check_coefficients(const vouch__glm *glm, const vouch__json *at, double tolerance)
{
    size_t n, first = glm->has_intercept ? 0 : 1;
    const double *want = golden_array(at, "coefficient", &n);
    assert_int_equal(n, glm->n_columns - first);
    for (size_t k = 0; k < n; k++)
        assert_close(glm->estimate[first + k].value, want[k], tolerance);
}

static void coefficients_errors_and_deviances_equal_statsmodels(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = golden("models/glm.json");
    vouch_table *table = kit_golden(ctx, root, COLS, are_texts);
    for (const vouch__json *at = vouch__json_get(root, "cases")->first; at; at = at->next) {
        vouch_model *model = kit_glm(ctx, table, at);
        const vouch__glm *glm = model->state;
        const double *error = golden_array(at, "error", NULL);
        size_t first = glm->has_intercept ? 0 : 1;
        print_message("%s\n", golden_text(at, "name"));
        check_coefficients(glm, at, 1e-8);
        for (size_t k = first; k < glm->n_columns; k++)
            assert_close(glm->estimate[k].error, error[k - first], 1e-8);
        assert_close(glm->facts.deviance, golden_number(at, "deviance"), 1e-9);
        assert_close(glm->facts.pearson, golden_number(at, "pearson"), 1e-8);
        if (glm->has_intercept)
            assert_close(glm->facts.null_deviance, golden_number(at, "null_deviance"), 1e-8);
        if (vouch__json_get(at, "log_likelihood")) {
            assert_close(glm->facts.log_likelihood, golden_number(at, "log_likelihood"), 1e-9);
            assert_close(glm->facts.aic, golden_number(at, "aic"), 1e-9);
        }
        vouch_model_free(model);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void an_estimated_alpha_is_that_of_the_joint_maximum(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = golden("models/glm.json");
    vouch_table *table = kit_golden(ctx, root, COLS, are_texts);
    const vouch__json *at = vouch__json_get(root, "shape");
    vouch_model *model = kit_glm(ctx, table, at);
    const vouch__glm *glm = model->state;
    check_coefficients(glm, at, 1e-6);
    assert_close(glm->law.alpha, golden_number(at, "alpha"), 1e-6);
    assert_close(glm->facts.log_likelihood, golden_number(at, "log_likelihood"), 1e-9);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void elastic_nets_equal_scikit_learn_and_glum(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = golden("models/glm.json");
    vouch_table *table = kit_golden(ctx, root, COLS, are_texts);
    for (const vouch__json *at = vouch__json_get(root, "nets")->first; at; at = at->next) {
        vouch_model *model = kit_glm(ctx, table, at);
        print_message("%s\n", golden_text(at, "params"));
        check_coefficients(model->state, at, 1e-7);
        vouch_model_free(model);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static const vouch__json *named(const vouch__json *root, const char *name)
{
    const vouch__json *at = vouch__json_get(root, "cases")->first;
    while (at && strcmp(golden_text(at, "name"), name) != 0)
        at = at->next;
    return at ? at : vouch__json_get(root, name);
}

/* The data of glm.json again, by R's glm and MASS::glm.nb. */
static void the_same_cases_equal_r(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *data = golden("models/glm.json"), *by_r = golden("models/glm_r.json");
    vouch_table *table = kit_golden(ctx, data, COLS, are_texts);
    const vouch__json *shape = vouch__json_get(by_r, "shape");
    for (const vouch__json *at = vouch__json_get(by_r, "cases")->first; at;
         at = at->next ? at->next : shape) {
        vouch_model *model = kit_glm(ctx, table, named(data, golden_text(at, "name")));
        const vouch__glm *glm = model->state;
        const double *error = golden_array(at, "error", NULL);
        size_t first = glm->has_intercept ? 0 : 1;
        print_message("%s\n", golden_text(at, "name"));
        check_coefficients(glm, at, 1e-8);
        for (size_t k = first; k < glm->n_columns; k++)
            assert_close(glm->estimate[k].error, error[k - first], 1e-8);
        assert_close(glm->facts.deviance, golden_number(at, "deviance"), 1e-8);
        if (glm->has_intercept)
            assert_close(glm->facts.null_deviance, golden_number(at, "null_deviance"), 1e-8);
        if (at == shape)
            assert_close(glm->law.alpha, golden_number(at, "alpha"), 1e-8);
        vouch_model_free(model);
        if (at == shape)
            break;
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* ---- published numbers ---- */

typedef struct frame { /* a small table by columns, and how to fit it */
    size_t n, cols;
    const double *x; /* [n x cols] */
    const bool *is_text;
    const double *y, *weight;
    const char *params;
} frame;

static vouch_model *fit_frame(vouch_ctx *ctx, const frame *f)
{
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, f->n, f->cols, f->x, f->is_text, &table));
    kit_fit spec = { .kind = "glm",
                     .table = table,
                     .n_train = f->n,
                     .target = f->y,
                     .weight = f->weight,
                     .params = f->params };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    vouch_table_unref(table);
    return model;
}

static void check_values(const vouch_model *model, size_t n, const double *value, const double *error,
                         double tolerance)
{
    const vouch__glm *glm = model->state;
    assert_int_equal(glm->n_columns, n);
    for (size_t k = 0; k < n; k++) {
        assert_close(glm->estimate[k].value / value[k], 1.0, tolerance);
        if (error)
            assert_close(glm->estimate[k].error / error[k], 1.0, tolerance);
    }
}

/* R's ?glm: clotting times by plasma concentration (McCullagh & Nelder 1989, p. 300). */
static void clotting_times_equal_r(void **state)
{
    (void)state;
    const double u[] = { 5, 10, 15, 20, 30, 40, 60, 80, 100 };
    const double lot[] = { 118, 58, 42, 35, 27, 25, 21, 19, 18 };
    double x[9];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int i = 0; i < 9; i++)
        x[i] = log(u[i]);
    frame f = { 9, 1, x, NULL, lot, NULL, "{family: gamma, link: inverse}" };
    vouch_model *model = fit_frame(ctx, &f);
    const vouch__glm *glm = model->state;
    check_values(model, 2, (const double[]){ -0.0165543817278, 0.0153431149107 },
                 (const double[]){ 0.000927546606726, 0.000414959642560 },
                 1e-5); /* R's weights are a step behind */
    assert_close(glm->facts.deviance, 0.0167297151785, 1e-12);
    assert_close(glm->facts.dispersion, 0.0024460593335, 1e-7);
    assert_close(glm->facts.aic, 37.9899239495549, 1e-10);
    vouch_model_free(model);
    f.params = "{family: gamma}";
    model = fit_frame(ctx, &f);
    check_values(model, 2, (const double[]){ 5.50322528458, -0.60191617826 }, NULL, 1e-5);
    assert_close(((const vouch__glm *)model->state)->facts.deviance, 0.162608294517, 1e-9);
    vouch_model_free(model);
    f.params = "{family: inverse_gaussian}";
    model = fit_frame(ctx, &f);
    check_values(model, 2, (const double[]){ 5.290383959588, -0.541629488856 }, NULL, 2e-5);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

/* R's ?glm: Dobson's randomised trial, a Poisson model of a 3 x 3 table. */
static void dobsons_counts_equal_r(void **state)
{
    (void)state;
    const double y[] = { 18, 17, 15, 20, 10, 20, 25, 13, 12 };
    double x[18];
    const bool is_text[] = { true, true };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int i = 0; i < 9; i++) {
        x[2 * i] = i % 3;
        int treatment = i / 3;
        x[2 * i + 1] = treatment;
    }
    frame f = { 9, 2, x, is_text, y, NULL, "{family: poisson, base_level: first}" };
    vouch_model *model = fit_frame(ctx, &f);
    const vouch__glm *glm = model->state;
    const double value[] = { 3.04452243772, -0.454255272278, -0.292987124681, 0, 0 };
    const double error[] = { 0.170898651504, 0.202170756683, 0.192742343532, 0.2, 0.2 };
    for (size_t k = 0; k < 5; k++) {
        assert_close(glm->estimate[k].value, value[k], 1e-11);
        assert_close(glm->estimate[k].error, error[k], 1e-8);
    }
    assert_close(glm->facts.deviance, 5.129141077, 1e-9);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_errors_and_deviances_equal_statsmodels),
        cmocka_unit_test(an_estimated_alpha_is_that_of_the_joint_maximum),
        cmocka_unit_test(the_same_cases_equal_r),
        cmocka_unit_test(elastic_nets_equal_scikit_learn_and_glum),
        cmocka_unit_test(clotting_times_equal_r),
        cmocka_unit_test(dobsons_counts_equal_r),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
