/* CatBoost's models and XGBoost's with text categories: raw equal in every bit, and its contributions
 * add up. */
#include "check.h"
#include "golden.h"

#include "models/forest/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double value_of(const vouch__input *input, const vouch__json *value)
{
    const char *text = vouch__json_string(value);
    if (!text)
        return vouch__json_double(value, NAN);
    for (size_t k = 0; k < input->n_categories; k++)
        if (strcmp(input->category[k], text) == 0)
            return (double)k;
    return VOUCH__UNSEEN;
}

static double *rows_of(const vouch_model *model, const vouch__json *list, size_t *out_n)
{
    size_t width = model->inputs.n;
    double *x = calloc(list->len * width, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < list->len; i++)
        for (size_t j = 0; j < width; j++)
            x[i * width + j] = value_of(&model->inputs.at[j], vouch__json_at(vouch__json_at(list, i), j));
    *out_n = list->len;
    return x;
}

static vouch_model *model_of(vouch_ctx *ctx, const vouch__json *one)
{
    char path[512];
    vouch_model *model = NULL;
    (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/golden/trees/%s", golden_text(one, "model"));
    assert_ok(ctx, vouch_model_import(ctx, path, NULL, &model));
    return model;
}

static void raw_is_equal_in_every_bit(void **state)
{
    (void)state;
    const vouch__json *cases = golden_at(golden("trees/import.json"), "cases");
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (const vouch__json *one = cases->first; one; one = one->next) {
        vouch_model *model = model_of(ctx, one);
        size_t n, bad = 0;
        double *x = rows_of(model, golden_at(one, "rows"), &n), *raw = calloc(n, sizeof *raw);
        double *want = golden_array(one, "raw", NULL);
        assert_non_null(raw);
        model->kind->predict(model->state, (vouch__matrix){ x, n, model->inputs.n }, raw);
        for (size_t i = 0; i < n; i++)
            bad += memcmp(&raw[i], &want[i], sizeof raw[i]) != 0;
        if (bad)
            print_error("%s: %zu of %zu rows differ\n", golden_text(one, "model"), bad, n);
        assert_int_equal(bad, 0);
        free(x);
        free(raw);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

static void contributions_add_up_to_raw(void **state)
{
    (void)state;
    const vouch__json *cases = golden_at(golden("trees/import.json"), "cases");
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (const vouch__json *one = cases->first; one; one = one->next) {
        vouch_model *model = model_of(ctx, one);
        bool is_float = ((const vouch__forest *)model->state)->is_float;
        size_t n, width = model->inputs.n;
        double *x = rows_of(model, golden_at(one, "rows"), &n), *raw = calloc(n, sizeof *raw);
        double *part = calloc(n * width, sizeof *part), base;
        vouch__matrix rows = { x, n, width };
        assert_true(raw && part);
        model->kind->predict(model->state, rows, raw);
        assert_ok(ctx, model->kind->contributions(ctx, model->state, rows, part, &base));
        for (size_t i = 0; i < n; i++) {
            double sum = base;
            for (size_t j = 0; j < width; j++)
                sum += part[i * width + j];
            assert_close(sum, raw[i], is_float ? 1e-5 : 1e-9);
        }
        free(x);
        free(raw);
        free(part);
        vouch_model_free(model);
    }
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_is_equal_in_every_bit),
        cmocka_unit_test(contributions_add_up_to_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
