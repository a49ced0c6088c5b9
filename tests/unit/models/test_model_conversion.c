/* Exposures at default as shares of balances and limits, there and back, and in the model's file. */
#include "check.h"
#include "fit_kit.h"

#include <math.h>
#include <string.h>

enum { N = 60, COLS = 4 };

static vouch__conversion made(vouch__conversion_form form, vouch__conversion_outside outside)
{
    static char name[3][8] = { "x3", "x1", "x2" };
    return (vouch__conversion){ .form = (uint8_t)form,
                                .outside = (uint8_t)outside,
                                .exposure = name[0],
                                .drawn = name[1],
                                .limit = name[2] };
}

static void shares_are_those_of_the_formulas(void **state)
{
    (void)state;
    vouch__conversion c = made(VOUCH__FORM_CCF, VOUCH__OUTSIDE_KEEP);
    assert_close(vouch__conversion_share(&c, 70, 40, 100), 0.5, 1e-15);
    assert_close(vouch__conversion_share(&c, 30, 40, 90), -0.2, 1e-15);
    assert_true(isnan(vouch__conversion_share(&c, 70, 100, 100)));
    assert_true(isnan(vouch__conversion_share(&c, 70, 110, 100)));
    assert_close(vouch__conversion_back(&c, 0.5, 40, 100), 70, 1e-15);
    assert_close(vouch__conversion_back(&c, -0.5, 40, 100), 40, 0);
    assert_close(vouch__conversion_back(&c, 0.5, 110, 100), 110, 0);
    c.form = VOUCH__FORM_EADF;
    assert_close(vouch__conversion_share(&c, 70, 40, 100), 0.7, 1e-15);
    assert_close(vouch__conversion_back(&c, 0.3, 40, 100), 40, 0);
    assert_true(isnan(vouch__conversion_share(&c, 70, 40, 0)));
    c.form = VOUCH__FORM_BALANCE;
    assert_close(vouch__conversion_share(&c, 70, 40, 100), 1.75, 1e-15);
    assert_close(vouch__conversion_back(&c, 1.75, 40, 100), 70, 1e-15);
    assert_true(isnan(vouch__conversion_share(&c, 70, 0, 100)));
    assert_int_equal(vouch__conversion_find("leq"), VOUCH__FORM_CCF);
    assert_int_equal(vouch__conversion_find("lgd"), VOUCH__FORMS);
}

/* There and back, never below what is drawn, never less for a larger share. */
static void a_share_and_back_is_the_exposure(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        vouch__conversion c = made((vouch__conversion_form)seeded_below(VOUCH__FORMS), VOUCH__OUTSIDE_KEEP);
        double limit = 1.0 + 1e4 * seeded(), drawn = limit * seeded() * 0.99 + 1e-3;
        double exposure = drawn + (limit - drawn) * 1.3 * seeded();
        double share = vouch__conversion_share(&c, exposure, drawn, limit), other = 2.0 * seeded() - 0.5;
        assert_close(vouch__conversion_back(&c, share, drawn, limit) / exposure, 1.0, 1e-12);
        assert_true(vouch__conversion_back(&c, other, drawn, limit) >= drawn);
        assert_true(vouch__conversion_back(&c, other + 0.1, drawn, limit) >=
                    vouch__conversion_back(&c, other, drawn, limit));
    }
}

static void rows_without_a_share_are_counted_and_left_out(void **state)
{
    (void)state;
    const double drawn[] = { 40, 100, 40, 40, 98 }, limit[] = { 100, 100, 90, 100, 100 };
    double exposure[] = { 70, 100, 30, 130, 99 }, share[5];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__conversion c = made(VOUCH__FORM_CCF, VOUCH__OUTSIDE_HOLD);
    c.least = 0.05;
    assert_ok(ctx, vouch__conversion_targets(ctx, &c, 5, exposure, drawn, limit, share));
    assert_true(share[0] == 0.5 && isnan(share[1]) && share[2] == 0.0 && share[3] == 1.0 && isnan(share[4]));
    assert_true(c.rows == 5 && c.left_out == 2 && c.below == 1 && c.above == 1);
    c.outside = VOUCH__OUTSIDE_KEEP;
    assert_ok(ctx, vouch__conversion_targets(ctx, &c, 5, exposure, drawn, limit, share));
    assert_close(share[2], -0.2, 1e-15);
    assert_close(share[3], 1.5, 1e-15);
    c.outside = VOUCH__OUTSIDE_REFUSE;
    assert_status(ctx, vouch__conversion_targets(ctx, &c, 5, exposure, drawn, limit, share), VOUCH_E_DATA);
    assert_error_has(ctx, "row 3");
    exposure[1] = NAN;
    assert_status(ctx, vouch__conversion_targets(ctx, &c, 5, exposure, drawn, limit, share), VOUCH_E_DATA);
    assert_error_has(ctx, "'x3' is missing in row 2");
    assert_status(ctx, vouch__conversion_targets(ctx, &c, 1, limit, limit, limit, share), VOUCH_E_DATA);
    assert_error_has(ctx, "undefined in every row");
    vouch_ctx_free(ctx);
}

static vouch_status life(vouch_ctx *ctx, void *arg)
{
    const double *x = arg;
    double target[N], share[N], exposure[N];
    vouch_table *table = NULL;
    vouch_model *model = NULL, *again = NULL;
    vouch__conversion *c = NULL;
    char *told = NULL;
    for (size_t i = 0; i < N; i++)
        target[i] = (double)(i * 7 % 11) / 10.0;
    vouch_status status = kit_table(ctx, N, COLS, x, NULL, &table);
    kit_fit spec = { .kind = "glm", .table = table, .n_train = N, .target = target };
    spec.params = "{leave_out: [x1, x2, x3], influence: false}";
    if (!status)
        status = kit_model(ctx, &spec, &model);
    if (!status)
        status = vouch__conversion_new(ctx, "x3", "x1", "x2", &c);
    if (!status) {
        status = vouch__model_convert(ctx, model, c);
        if (status)
            vouch__conversion_free(c);
    }
    if (!status)
        status = vouch_model_read(ctx, model->file, model->file_len, &again);
    if (!status)
        status = vouch_model_describe(ctx, again, &told);
    if (!status)
        status = vouch_model_exposure(ctx, again, table, share, exposure, NULL);
    if (!status) {
        assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(model));
        assert_non_null(strstr(told, "\"form\":\"ccf\""));
        for (size_t i = 0; i < N; i++)
            assert_close(exposure[i], x[i * COLS + 1] + share[i] * (x[i * COLS + 2] - x[i * COLS + 1]), 1e-9);
    }
    vouch_text_free(ctx, told);
    vouch_model_free(again);
    vouch_model_free(model);
    vouch_table_unref(table);
    return status;
}

static void a_file_keeps_its_conversion_and_every_allocation_may_fail(void **state)
{
    (void)state;
    static double x[N * COLS];
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = (double)(i * 37 % 61);
        x[i * COLS + 1] = (double)(i * 13 % 50);
        x[i * COLS + 2] = x[i * COLS + 1] + (double)(i % 7);
        x[i * COLS + 3] = x[i * COLS + 1];
    }
    sweep_allocations(life, x, 0);
}

static void other_models_have_no_exposure(void **state)
{
    (void)state;
    double x[N * COLS] = { 0 }, y[N], out[N];
    vouch_table *table = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = (double)(i % 9);
        y[i] = i % 3 == 0;
    }
    vouch_model *model = kit_fitted(ctx, N, COLS, x, NULL, y, NULL, &table);
    assert_int_equal(vouch_model_has_exposure(model), 0);
    assert_status(ctx, vouch_model_exposure(ctx, model, table, NULL, out, NULL), VOUCH_E_ARG);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_those_of_the_formulas),
        cmocka_unit_test(a_share_and_back_is_the_exposure),
        cmocka_unit_test(rows_without_a_share_are_counted_and_left_out),
        cmocka_unit_test(a_file_keeps_its_conversion_and_every_allocation_may_fail),
        cmocka_unit_test(other_models_have_no_exposure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
