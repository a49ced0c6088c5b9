/* Beta regression: the numbers of statsmodels and of the papers, and what must be true of any such fit. */
#include "check.h"
#include "fit_kit.h"
#include "golden.h"

#include "models/glm/glm.h"
#include "models/glm/glm_beta.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64, COLS = 3 };
static const bool is_text[5] = { false, true, false, false, false };

static void check_case(const vouch__glm *glm, const vouch__json *at)
{
    size_t p, q;
    const double *value = golden_array(at, "coefficient", &p), *error = golden_array(at, "error", NULL);
    const double *precision = golden_array(at, "precision", &q);
    const double *precision_error = golden_array(at, "precision_error", NULL);
    print_message("%s\n", golden_text(at, "name"));
    assert_int_equal(glm->n_columns, p);
    assert_int_equal(glm->n_precision, q);
    for (size_t k = 0; k < p; k++) {
        assert_close(glm->estimate[k].value, value[k], 1e-8);
        assert_close(glm->estimate[k].error, error[k], 1e-8);
    }
    for (size_t k = 0; k < q; k++) {
        assert_close(glm->precision[k].value, precision[k], 1e-8);
        assert_close(glm->precision[k].error, precision_error[k], 1e-8);
    }
    assert_close(glm->facts.log_likelihood, golden_number(at, "log_likelihood"), 1e-9);
    assert_close(glm->facts.aic, golden_number(at, "aic"), 1e-9);
    assert_close(glm->facts.deviance, golden_number(at, "deviance"), 1e-8);
    assert_close(glm->facts.null_deviance, golden_number(at, "null_deviance"), 1e-8);
    assert_close(glm->facts.pearson, golden_number(at, "pearson"), 1e-8);
    assert_close(glm->pseudo_r2, golden_number(at, "pseudo_r2"), 1e-8);
}

static void estimates_errors_and_likelihoods_equal_statsmodels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t cols;
    } set[] = { { "gasoline", 2 }, { "food", 2 }, { "simulated", 5 } };
    static const bool none[2] = { false, false };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t s = 0; s < sizeof set / sizeof *set; s++) {
        const vouch__json *root = vouch__json_get(golden("models/glm_beta.json"), set[s].name);
        vouch_table *table = kit_golden(ctx, root, set[s].cols, s == 1 ? none : is_text);
        for (const vouch__json *at = vouch__json_get(root, "cases")->first; at; at = at->next) {
            vouch_model *model = kit_glm(ctx, table, at);
            check_case(model->state, at);
            vouch_model_free(model);
        }
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

/* Ferrari & Cribari-Neto (2004), tables 1 and 2; Cribari-Neto & Zeileis (2010), sections 4.1 and 4.2, whose
 * batches stand in another order of columns: the numbers printed there. */
static void the_papers_examples_have_their_published_numbers(void **state)
{
    (void)state;
    static const double value[] = { -6.159571, 0.010967, 1.727729, 1.322597, 1.572310, 1.059714,
                                    1.133752,  1.040162, 0.543692, 0.495901, 0.385793 };
    static const double error[] = { 0.182325, 0.000413, 0.101229, 0.117902, 0.116105, 0.102360,
                                    0.103523, 0.106036, 0.109127, 0.108926, 0.118593 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = vouch__json_get(golden("models/glm_beta.json"), "gasoline");
    const vouch__json *first = vouch__json_get(root, "cases")->first;
    vouch_table *table = kit_golden(ctx, root, 2, is_text);
    vouch_model *model = kit_glm(ctx, table, first);
    const vouch__glm *glm = model->state;
    for (size_t k = 0; k < 11; k++) {
        assert_true(fabs(glm->estimate[k].value - value[k]) < 5.1e-7);
        assert_true(fabs(glm->estimate[k].error - error[k]) < 5.1e-7);
    }
    double phi = vouch__exp(glm->precision[0].value);
    assert_true(fabs(phi - 440.3) < 0.05);
    assert_true(fabs(phi * glm->precision[0].error - 110.0) < 0.05);
    assert_true(fabs(glm->facts.log_likelihood - 84.80) < 0.005);
    assert_true(fabs(glm->pseudo_r2 - 0.9617) < 5e-5);
    vouch_model_free(model);
    model = kit_glm(ctx, table, first->next);
    glm = model->state;
    assert_true(fabs(glm->precision[0].value - 1.364089) < 5.1e-7);
    assert_true(fabs(glm->precision[1].value - 0.014570) < 5.1e-7);
    assert_true(fabs(glm->precision[1].error - 0.003618) < 5.1e-7);
    assert_true(fabs(glm->facts.log_likelihood - 86.98) < 0.005);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* ---- what must be true ---- */

typedef struct sample {
    double x[2 * ROWS * COLS], y[2 * ROWS], weight[2 * ROWS];
} sample;

static void draw(sample *s)
{
    for (size_t i = 0; i < ROWS; i++) {
        double a = (double)(i * 37 % 61) / 10.0, noise = (double)(i * 53 % 97) / 97.0;
        s->x[i * COLS] = a;
        s->x[i * COLS + 1] = (double)(i % 3);
        s->x[i * COLS + 2] = (double)(i * 11 % 17);
        s->y[i] = vouch__sigmoid(0.3 * a - 1.2 + 0.4 * (double)(i % 3) + 2.0 * (noise - 0.5));
        s->weight[i] = 1.0;
    }
}

static vouch_status fit(vouch_ctx *ctx, const sample *s, size_t n, const char *params, vouch_model **out)
{
    vouch_table *table = NULL;
    assert_ok(ctx, kit_table(ctx, n, COLS, s->x, is_text, &table));
    kit_fit spec = { .kind = "glm", .table = table, .n_train = n, .target = s->y, .params = params };
    spec.weight = s->weight;
    vouch_status status = kit_model(ctx, &spec, out);
    vouch_table_unref(table);
    return status;
}

static void the_other_share_has_the_other_signs(void **state)
{
    (void)state;
    sample s;
    vouch_model *a = NULL, *b = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, precision: [x0]}", &a));
    for (size_t i = 0; i < ROWS; i++)
        s.y[i] = 1.0 - s.y[i];
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, precision: [x0]}", &b));
    const vouch__glm *one = a->state, *other = b->state;
    for (size_t k = 0; k < one->n_columns; k++) {
        assert_close(one->estimate[k].value, -other->estimate[k].value, 1e-9);
        assert_close(one->estimate[k].error, other->estimate[k].error, 1e-9);
    }
    assert_close(one->precision[1].value, other->precision[1].value, 1e-9);
    assert_close(one->facts.log_likelihood, other->facts.log_likelihood, 1e-10);
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

static void a_weight_of_two_is_a_row_twice(void **state)
{
    (void)state;
    sample s;
    size_t n = ROWS;
    vouch_model *a = NULL, *b = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    for (size_t i = 0; i < ROWS; i += 3)
        s.weight[i] = 2.0;
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, precision: [x1]}", &a));
    for (size_t i = 0; i < ROWS; i++)
        if (s.weight[i] == 2.0) {
            memcpy(s.x + n * COLS, s.x + i * COLS, COLS * sizeof *s.x);
            s.y[n] = s.y[i];
            s.weight[n++] = s.weight[i] = 1.0;
        }
    assert_ok(ctx, fit(ctx, &s, n, "{family: beta, precision: [x1]}", &b));
    const vouch__glm *one = a->state, *other = b->state;
    for (size_t k = 0; k < one->n_columns; k++)
        assert_close(one->estimate[k].value, other->estimate[k].value, 1e-9);
    for (size_t k = 0; k < one->n_precision; k++)
        assert_close(one->precision[k].error, other->precision[k].error, 1e-9);
    assert_close(one->facts.deviance, other->facts.deviance, 1e-9);
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

static void squeezing_is_the_formula_of_smithson_and_verkuilen(void **state)
{
    (void)state;
    sample s;
    vouch_model *a = NULL, *b = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    s.y[3] = 0.0;
    s.y[9] = 1.0;
    assert_status(ctx, fit(ctx, &s, ROWS, "{family: beta}", &a), VOUCH_E_DATA);
    assert_error_has(ctx, "squeeze: true");
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, squeeze: true}", &a));
    for (size_t i = 0; i < ROWS; i++)
        s.y[i] = (s.y[i] * (ROWS - 1.0) + 0.5) / ROWS;
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta}", &b));
    const vouch__glm *one = a->state, *other = b->state;
    for (size_t k = 0; k < one->n_columns; k++)
        assert_close(one->estimate[k].value, other->estimate[k].value, 0);
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

static void a_column_that_depends_on_others_is_left_out_of_mean_and_precision(void **state)
{
    (void)state;
    sample s;
    vouch_model *model = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    for (size_t i = 0; i < ROWS; i++)
        s.x[i * COLS + 2] = 3.0 * s.x[i * COLS] - 1.0;
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, precision: [x0, x2]}", &model));
    const vouch__glm *glm = model->state;
    assert_true(glm->estimate[glm->n_columns - 1].is_left_out);
    assert_int_equal(glm->n_precision, 2);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

static void the_deviance_is_zero_at_the_likeliest_mean_only(void **state)
{
    (void)state;
    double phi = 0.2;
    for (int k = 0; k < 14; k++)
        for (int l = 0; l < 6; l++) {
            double least = INFINITY, at = 0.0, y = 0.01 + 0.07 * k;
            phi = l == 0 ? 0.2 : 7.0 * phi;
            for (int m = 1; m < 500; m++) {
                double deviance = vouch__glm_beta_deviance(y, 0.002 * m, phi);
                assert_true(deviance >= 0.0);
                if (deviance < least) {
                    least = deviance;
                    at = 0.002 * m;
                }
            }
            assert_true(least < 0.05 || at < 0.003 || at > 0.997 || phi > 1000.0);
            assert_true(phi < 50.0 || fabs(at - y) < 0.03);
        }
}

static void what_it_cannot_do_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *params, *words;
        vouch_status status;
    } bad[] = {
        { "{family: beta, penalty: 0.1}", "no penalty", VOUCH_E_ARG },
        { "{family: beta, intercept: false}", "needs the intercept", VOUCH_E_ARG },
        { "{family: beta, covariance: hc3}", "hc0, hc1 or cluster", VOUCH_E_ARG },
        { "{family: beta, link: inverse}", "has no link", VOUCH_E_ARG },
        { "{family: beta, precision: [x9]}", "x9", VOUCH_E_FORMAT },
        { "{family: beta, precision: x0}", "list of inputs", VOUCH_E_FORMAT },
        { "{family: beta, firth: true}", "firth", VOUCH_E_ARG },
        { "{family: gaussian, squeeze: true}", "family beta", VOUCH_E_ARG },
        { "{family: gaussian, precision: [x0]}", "family beta", VOUCH_E_ARG },
    };
    sample s;
    vouch_model *model = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_status(ctx, fit(ctx, &s, ROWS, bad[k].params, &model), bad[k].status);
        assert_error_has(ctx, bad[k].words);
        assert_null(model);
    }
    vouch_ctx_free(ctx);
}

static void a_promised_direction_is_kept_or_refused(void **state)
{
    (void)state;
    sample s;
    static const int8_t up[COLS] = { 1, 0, 0 }, down[COLS] = { -1, 0, 0 };
    vouch_table *table = NULL;
    vouch_model *model = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    assert_ok(ctx, kit_table(ctx, ROWS, COLS, s.x, is_text, &table));
    kit_fit spec = { .kind = "glm", .table = table, .n_train = ROWS, .target = s.y, .monotone = up };
    spec.params = "{family: beta}";
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    vouch_model_free(model);
    spec.monotone = down;
    assert_status(ctx, kit_model(ctx, &spec, &model), VOUCH_E_DATA);
    assert_error_has(ctx, "'x0'");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void threads_change_no_byte_and_every_allocation_may_fail(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static const unsigned threads[] = { 2, 3 };
    static double x[MANY * COLS], y[MANY];
    sample s;
    draw(&s);
    for (size_t i = 0; i < MANY; i++) {
        memcpy(x + i * COLS, s.x + i % ROWS * COLS, sizeof(double[COLS]));
        y[i] = 0.05 + 0.9 * fabs(s.y[(i * 7 + i / ROWS) % ROWS] - 0.1);
    }
    kit_fit spec = {
        .kind = "glm", .n_train = MANY, .target = y, .params = "{family: beta, precision: [x0, x1]}"
    };
    kit_same_on_threads(&spec, COLS, x, is_text, 2, threads);
    spec.n_train = ROWS;
    spec.target = s.y;
    spec.params = "{family: beta, precision: [x1], covariance: hc0, squeeze: true}";
    kit_sweep(&spec, COLS, s.x, is_text);
}

static void a_file_gives_back_the_same_model(void **state)
{
    (void)state;
    sample s;
    vouch_model *model = NULL, *again = NULL;
    char *told[2];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    draw(&s);
    assert_ok(ctx, fit(ctx, &s, ROWS, "{family: beta, precision: [x0, x1]}", &model));
    assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len, &again));
    assert_ok(ctx, vouch_model_describe(ctx, model, &told[0]));
    assert_ok(ctx, vouch_model_describe(ctx, again, &told[1]));
    assert_string_equal(told[0], told[1]);
    assert_non_null(strstr(told[0], "\"precision\":{\"columns\""));
    assert_non_null(strstr(told[0], "\"relativities\""));
    vouch_text_free(ctx, told[0]);
    vouch_text_free(ctx, told[1]);
    vouch_model_free(again);
    vouch_model_free(model);
    /* and a file of version 1, which knew neither beta nor squeeze, is read still */
    assert_ok(ctx, vouch_model_load(ctx, VOUCH_TEST_ROOT "/golden/models/glm_1.vouch", &model));
    assert_int_equal(model->version, 1);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_errors_and_likelihoods_equal_statsmodels),
        cmocka_unit_test(the_papers_examples_have_their_published_numbers),
        cmocka_unit_test(the_other_share_has_the_other_signs),
        cmocka_unit_test(a_weight_of_two_is_a_row_twice),
        cmocka_unit_test(squeezing_is_the_formula_of_smithson_and_verkuilen),
        cmocka_unit_test(a_column_that_depends_on_others_is_left_out_of_mean_and_precision),
        cmocka_unit_test(the_deviance_is_zero_at_the_likeliest_mean_only),
        cmocka_unit_test(what_it_cannot_do_is_said),
        cmocka_unit_test(a_promised_direction_is_kept_or_refused),
        cmocka_unit_test(threads_change_no_byte_and_every_allocation_may_fail),
        cmocka_unit_test(a_file_gives_back_the_same_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
