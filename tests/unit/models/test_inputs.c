/* Inputs: found by name, categories translated, missing kept. */
#include "check.h"
#include "fit_kit.h"

#include <math.h>

static vouch_status inputs_make(vouch_ctx *ctx, vouch__inputs *inputs)
{
    vouch_status status = vouch__inputs_new(ctx, 2, inputs);
    if (status)
        return status;
    inputs->at[0].name = vouch__strdup(ctx, "x2");
    inputs->at[1].name = vouch__strdup(ctx, "x0");
    inputs->at[1].is_category = true;
    inputs->at[1].category = vouch__alloc(ctx, 2, sizeof(char *));
    if (!inputs->at[0].name || !inputs->at[1].name || !inputs->at[1].category)
        return vouch__oom(ctx);
    inputs->at[1].n_categories = 2;
    inputs->at[1].category[0] = vouch__strdup(ctx, "c1");
    inputs->at[1].category[1] = vouch__strdup(ctx, "c3");
    return inputs->at[1].category[0] && inputs->at[1].category[1] ? VOUCH_OK : vouch__oom(ctx);
}

static const double x[] = { 3, 0, 10, 1, 0, 20, 2, 0, NAN, NAN, 0, 40 }; /* x0 text, x2 number */
static const bool is_text[] = { true, false, false };

static void rows_come_by_name_with_the_models_codes(void **state)
{
    (void)state;
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_table *table;
    double out[8], column[2];
    const uint32_t row[] = { 1, 3 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, inputs_make(ctx, &inputs));
    assert_ok(ctx, kit_table(ctx, 4, 3, x, is_text, &table));
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__bound_rows(&binding, 0, 4, NULL, out);
    assert_close(out[0], 10, 0);
    assert_close(out[1], 1, 0); /* "c3" is the model's second */
    assert_close(out[2], 20, 0);
    assert_close(out[3], 0, 0);
    assert_nan(out[4]);
    assert_close(out[5], VOUCH__UNSEEN, 0); /* "c2" is not one of the model's */
    assert_close(out[6], 40, 0);
    assert_nan(out[7]);
    vouch__bound_column(&binding, 1, 0, 2, row, column);
    assert_close(column[0], 0, 0);
    assert_nan(column[1]);
    vouch__bound_column(&binding, 0, 2, 2, NULL, column);
    assert_nan(column[0]);
    assert_close(column[1], 40, 0);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void long_tables_are_read_like_short_ones(void **state)
{
    (void)state;
    enum { N = 1000 };
    double *big = test_malloc(N * sizeof *big), *out = test_malloc(N * sizeof *out);
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_table *table;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < N; i++)
        big[i] = (double)i + 0.5;
    assert_ok(ctx, kit_table(ctx, N, 1, big, NULL, &table));
    assert_ok(ctx, vouch__inputs_new(ctx, 1, &inputs));
    inputs.at[0].name = vouch__strdup(ctx, "x0");
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__bound_rows(&binding, 3, N - 3, NULL, out);
    for (size_t i = 0; i < N - 3; i++)
        assert_close(out[i], big[i + 3], 0);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    test_free(big);
    test_free(out);
}

static void absent_and_wrong_columns_are_named(void **state)
{
    (void)state;
    static const bool swapped[] = { false, false, true };
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_table *narrow, *wrong;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, inputs_make(ctx, &inputs));
    assert_ok(ctx, kit_table(ctx, 2, 2, x, is_text, &narrow));
    assert_status(ctx, vouch__bind(ctx, &inputs, narrow, &binding), VOUCH_E_DATA);
    assert_error_has(ctx, "column 'x2' is not in the data, which have 'x0'");
    assert_ok(ctx, kit_table(ctx, 4, 3, x, NULL, &wrong));
    assert_status(ctx, vouch__bind(ctx, &inputs, wrong, &binding), VOUCH_E_DATA);
    assert_error_has(ctx, "column 'x0' is of type");
    vouch_table_unref(wrong);
    assert_ok(ctx, kit_table(ctx, 4, 3, x, swapped, &wrong));
    assert_status(ctx, vouch__bind(ctx, &inputs, wrong, &binding), VOUCH_E_DATA);
    assert_error_has(ctx, "column 'x2' is of type text");
    vouch_table_unref(narrow);
    vouch_table_unref(wrong);
    vouch__inputs_clear(&inputs);
    vouch__inputs_clear(&inputs); /* twice is fine */
    vouch_ctx_free(ctx);
}

static void a_text_column_without_values_is_a_missing_number(void **state)
{
    (void)state;
    const double none[] = { NAN, NAN };
    static const bool text[] = { true };
    vouch__inputs inputs;
    vouch__binding binding;
    vouch_table *table;
    double out[2];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, kit_table(ctx, 2, 1, none, text, &table));
    assert_ok(ctx, vouch__inputs_new(ctx, 1, &inputs));
    inputs.at[0].name = vouch__strdup(ctx, "x0");
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__bound_rows(&binding, 0, 2, NULL, out);
    assert_nan(out[0]);
    assert_nan(out[1]);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static vouch_status bind_once(vouch_ctx *ctx, void *arg)
{
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding;
    vouch_table *table = NULL;
    (void)arg;
    vouch_status status = kit_table(ctx, 4, 3, x, is_text, &table);
    if (!status)
        status = inputs_make(ctx, &inputs);
    if (!status) {
        status = vouch__bind(ctx, &inputs, table, &binding);
        if (!status)
            vouch__binding_clear(&binding);
    }
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
    return status;
}

static void binding_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(bind_once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_by_name_with_the_models_codes),
        cmocka_unit_test(long_tables_are_read_like_short_ones),
        cmocka_unit_test(absent_and_wrong_columns_are_named),
        cmocka_unit_test(a_text_column_without_values_is_a_missing_number),
        cmocka_unit_test(binding_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
