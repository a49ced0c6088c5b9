/* What a glm finds beside its coefficients, the power of a tweedie and the knots of a spline, against their
 * definitions; and that every allocation of a fit may fail. */
#include "check.h"
#include "fit_kit.h"
#include "golden.h"

#include "models/glm/glm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 5 };

static const bool is_text[COLS] = { false, true, false, false, false };

static void check_coefficients(const vouch__glm *glm, const vouch__json *at, double tolerance)
{
    size_t n;
    const double *want = golden_array(at, "coefficient", &n);
    assert_int_equal(n, glm->n_columns);
    for (size_t k = 0; k < n; k++)
        assert_close(glm->estimate[k].value, want[k], tolerance);
}

static void the_power_of_a_tweedie_has_the_greatest_profile_likelihood(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = golden("models/glm_shape.json"), *at = vouch__json_get(root, "tweedie");
    vouch_table *table = kit_golden(ctx, root, COLS, is_text);
    vouch_model *model = kit_glm(ctx, table, at);
    const vouch__glm *glm = model->state;
    assert_close(glm->law.power, golden_number(at, "power"), 1e-4);
    check_coefficients(glm, at, 1e-5);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void knots_stand_at_quantiles_and_their_splines_equal_statsmodels(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *root = golden("models/glm_shape.json");
    vouch_table *table = kit_golden(ctx, root, COLS, is_text);
    for (const vouch__json *at = vouch__json_get(root, "splines")->first; at; at = at->next) {
        size_t n, found = 0;
        const double *knot = golden_array(at, "knots", &n);
        vouch_model *model = kit_glm(ctx, table, at);
        const vouch__glm *glm = model->state;
        for (size_t p = 0; p < glm->n_pieces; p++) {
            const vouch__glm_piece *piece = &glm->piece[p];
            if (piece->type != VOUCH__GLM_NATURAL && piece->type != VOUCH__GLM_BSPLINE)
                continue;
            found++;
            assert_int_equal(piece->n_knots, n);
            for (size_t k = 0; k < n; k++)
                assert_close(piece->knot[k], knot[k], 1e-14);
        }
        assert_int_equal(found, 1);
        check_coefficients(glm, at, 1e-7);
        assert_close(glm->facts.deviance, golden_number(at, "deviance"), 1e-10);
        vouch_model_free(model);
    }
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* ---- allocations ---- */

enum { FEW = 60, FEW_COLS = 3 };

static double few[FEW * FEW_COLS], target[FEW];

typedef struct life {
    const char *params;
} life;

static vouch_status whole_life(vouch_ctx *ctx, void *arg)
{
    const life *l = arg;
    static const bool few_text[FEW_COLS] = { false, true, false };
    const char *path = test_path("swept.vouch");
    vouch_table *table = NULL;
    vouch_model *model = NULL, *loaded = NULL;
    char *told = NULL;
    double raw[FEW], part[FEW * FEW_COLS], base;
    vouch_status status = kit_table(ctx, FEW, FEW_COLS, few, few_text, &table);
    kit_fit spec = { .kind = "glm", .table = table, .n_train = FEW, .target = target, .params = l->params };
    if (!status)
        status = kit_model(ctx, &spec, &model);
    if (!status)
        status = vouch_model_save(ctx, model, path);
    if (!status)
        status = vouch_model_load(ctx, path, &loaded);
    if (!status)
        status = vouch_model_describe(ctx, loaded, &told);
    if (!status)
        status = vouch_model_score(ctx, loaded, table, raw, NULL, NULL);
    if (!status)
        status = vouch_model_contributions(ctx, loaded, table, part, &base);
    vouch_text_free(ctx, told);
    vouch_model_free(loaded);
    vouch_model_free(model);
    vouch_table_unref(table);
    return status;
}

static void fill_few(void)
{
    for (size_t i = 0; i < FEW; i++) {
        few[i * FEW_COLS] = (double)(i * 37 % 61) / 10.0;
        few[i * FEW_COLS + 1] = (double)(i % 3);
        few[i * FEW_COLS + 2] = 0.5 + (double)(i % 7);
        target[i] = (double)(i * 29 % 11 < 4 ? 0 : i * 31 % 13 * (1 + i % 3) / 3);
    }
}

/* Two rows that differ in the input alone differ by the ratio of its factors. */
static void a_splines_curve_is_what_the_model_says(void **state)
{
    (void)state;
    enum { POINTS = 17 };
    static const bool few_text[FEW_COLS] = { false, true, false };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = NULL, *along = NULL;
    vouch_model *model = NULL;
    vouch__doc *doc = NULL;
    char *told = NULL;
    double rows[POINTS * FEW_COLS] = { 0 }, raw[POINTS], factor[POINTS] = { 0 };
    fill_few();
    kit_fit spec = { .kind = "glm", .n_train = FEW, .target = target };
    spec.params = "{family: poisson, splines: {x0: [1, 2.5, 5]}}";
    assert_ok(ctx, kit_table(ctx, FEW, FEW_COLS, few, few_text, &table));
    spec.table = table;
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    assert_ok(ctx, vouch_model_describe(ctx, model, &told));
    assert_ok(ctx, vouch__json_read(ctx, "told", told, strlen(told), 1 << 24, &doc));
    const vouch__json *own = vouch__json_get(vouch__doc_root(doc), "model");
    const vouch__json *splines = vouch__json_get(own ? own : vouch__doc_root(doc), "splines");
    const vouch__json *curve = vouch__json_get(splines->first, "curve"), *at = vouch__json_get(curve, "rows");
    assert_int_equal(at->len, POINTS);
    size_t i = 0;
    for (at = at->first; at; at = at->next, i++) {
        memcpy(rows + i * FEW_COLS, few, FEW_COLS * sizeof *few);
        rows[i * FEW_COLS] = vouch__json_double(vouch__json_at(at, 0), 0);
        factor[i] = vouch__json_double(vouch__json_at(at, 1), 0);
    }
    assert_close(rows[0], 1.0, 0);
    assert_close(rows[(POINTS - 1) * FEW_COLS], 5.0, 0);
    assert_ok(ctx, kit_table(ctx, POINTS, FEW_COLS, rows, few_text, &along));
    assert_ok(ctx, vouch_model_score(ctx, model, along, raw, NULL, NULL));
    for (i = 1; i < POINTS; i++)
        assert_close(log(factor[i] / factor[0]), raw[i] - raw[0], 1e-12);
    vouch__doc_free(doc);
    vouch_text_free(ctx, told);
    vouch_model_free(model);
    vouch_table_unref(along);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_allocation_of_a_life_may_fail(void **state)
{
    static const char *const params[] = {
        "{family: poisson, splines: {x0: 3}, interactions: [[x0, x1]], covariance: hc3}",
        "{family: gaussian, penalty: 0.01, lambdas: 3}",
        "{family: negative_binomial, leave_out: [x2]}",
        "{family: tweedie, exposure: x2}",
    };
    (void)state;
    fill_few();
    size_t n = getenv("VOUCH_TEST_ALL") ? sizeof params / sizeof *params : 2; /* the estimated are slow */
    for (size_t k = 0; k < n; k++) {
        life l = { params[k] };
        sweep_allocations(whole_life, &l, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_power_of_a_tweedie_has_the_greatest_profile_likelihood),
        cmocka_unit_test(a_splines_curve_is_what_the_model_says),
        cmocka_unit_test(knots_stand_at_quantiles_and_their_splines_equal_statsmodels),
        cmocka_unit_test(every_allocation_of_a_life_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
