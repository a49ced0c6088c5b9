/* Edits of shapes: they do what they say and nothing else, are kept with who and why, keep what was promised
 * of an input, and name the line of what is wrong. */
#include "check.h"
#include "fit_kit.h"
#include "models/gam/gam_fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 800, COLS = 3 };
static double x[N * COLS], y[N], before[N], after[N];
static const bool some_text[COLS] = { false, false, true };
static const int8_t direction[COLS] = { 0, 1, 0 };

static void fill(void)
{
    for (size_t i = 0; i < N; i++) {
        x[i * COLS] = i % 9 ? seeded() : NAN;
        x[i * COLS + 1] = seeded();
        x[i * COLS + 2] = (double)seeded_below(3);
        y[i] = seeded() < 0.2 + 0.5 * x[i * COLS + 1] + (x[i * COLS + 2] == 1.0 ? 0.2 : 0.0);
    }
}

static vouch_model *fit(vouch_ctx *ctx, const char *params, vouch_table **table)
{
    vouch_model *model = NULL;
    assert_ok(ctx, kit_table(ctx, N, COLS, x, some_text, table));
    kit_fit spec = {
        .kind = "gam", .table = *table, .n_train = N, .target = y, .params = params, .monotone = direction
    };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static const char small[] = "{bags: 2, rounds: 20, max_bins: 20, pairs: 0}";

static void an_edit_changes_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *edited = NULL, *again = NULL;
    char *told = NULL;
    fill();
    vouch_model *model = fit(ctx, small, &table);
    assert_ok(ctx, vouch_model_edit(
                       ctx, model, "edits.yaml",
                       "edits:\n"
                       "- {input: x0, action: set, from: 0.5, to: 2, value: 0.25, by: Ana, why: thin data}\n"
                       "- {input: x2, action: add, levels: [c1], value: -1, by: Ben, why: new law}\n"
                       "- {input: x0, action: set, levels: [missing], value: 2, by: Ben, why: prudence}\n",
                       &edited));
    const vouch__gam *a = model->state, *b = edited->state;
    for (size_t k = 1; k < a->shape[0].bins.n_bins; k++)
        if (a->shape[0].at[k] >= 0.5)
            assert_close(b->shape[0].value[k], 0.25, 0.0);
        else
            assert_close(b->shape[0].value[k], a->shape[0].value[k], 0.0);
    assert_close(b->shape[0].value[0], 2.0, 0.0);
    assert_close(b->shape[2].value[2], a->shape[2].value[2] - 1.0, 0.0);
    assert_memory_equal(b->shape[1].value, a->shape[1].value, a->shape[1].bins.n_bins * sizeof(double));
    assert_memory_equal(b->shape[0].fitted, a->shape[0].value, a->shape[0].bins.n_bins * sizeof(double));
    assert_null(b->shape[1].fitted);
    assert_ok(ctx, vouch_model_score(ctx, model, table, before, NULL, NULL));
    assert_ok(ctx, vouch_model_score(ctx, edited, table, after, NULL, NULL));
    for (size_t i = 0; i < N; i++)
        if (x[i * COLS] < 0.4 && x[i * COLS + 2] != 1.0)
            assert_close(after[i], before[i], 0.0);
    assert_ok(ctx, vouch_model_describe(ctx, edited, &told));
    assert_non_null(strstr(told, "\"thin data\""));
    assert_non_null(strstr(told, "\"from 0.5 to 2\""));
    assert_non_null(strstr(told, "\"Ben\""));
    assert_ok(ctx, vouch_model_read(ctx, edited->file, edited->file_len, &again));
    assert_string_equal(vouch_model_fingerprint(again), vouch_model_fingerprint(edited));
    vouch_model_free(again);
    again = NULL;
    assert_ok(ctx, vouch_model_edit(ctx, edited, "more",
                                    "edits: [{input: x2, action: merge, by: Ana, why: one}]", &again));
    const vouch__gam *c = again->state;
    assert_close(c->shape[2].value[1], c->shape[2].value[3], 0.0);
    assert_int_equal(vouch__doc_root(c->log)->len, 4);
    assert_memory_equal(c->shape[2].fitted, a->shape[2].value,
                        4 * sizeof(double)); /* the first, not the last */
    vouch_text_free(ctx, told);
    vouch_model_free(again);
    vouch_model_free(edited);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void smoothing_keeps_the_mean_and_monotonising_the_order(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    vouch_model *edited = NULL;
    fill();
    vouch_model *model = fit(ctx, small, &table);
    assert_ok(ctx, vouch_model_edit(ctx, model, "e",
                                    "edits: [{input: x0, action: smooth, width: 3, by: a, why: b},"
                                    " {input: x0, action: monotonise, direction: down, by: a, why: b},"
                                    " {input: x0, action: clip, low: -0.01, high: 0.02, by: a, why: b}]",
                                    &edited));
    const vouch__gam_shape *s = &((const vouch__gam *)edited->state)->shape[0];
    for (size_t b = 1; b < s->bins.n_bins; b++) {
        assert_true(s->value[b] >= -0.01 && s->value[b] <= 0.02);
        assert_true(b == 1 || s->value[b] <= s->value[b - 1]);
    }
    vouch_model_free(edited);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* The same list in a project file: the model that is fitted, then edited, so a replay makes it again. */
static void edits_of_a_fit_give_the_edited_model(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table, *other;
    vouch_model *edited = NULL;
    fill();
    vouch_model *model = fit(ctx, small, &table);
    assert_ok(ctx, vouch_model_edit(ctx, model, "e",
                                    "edits: [{input: x0, action: add, value: 1, by: a, why: b}]", &edited));
    vouch_model *fitted = fit(ctx,
                              "{bags: 2, rounds: 20, max_bins: 20, pairs: 0, "
                              "edits: [{input: x0, action: add, value: 1, by: a, why: b}]}",
                              &other);
    assert_string_equal(vouch_model_fingerprint(fitted), vouch_model_fingerprint(edited));
    vouch_model_free(fitted);
    vouch_model_free(edited);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_table_unref(other);
    vouch_ctx_free(ctx);
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "edits:\n- {input: x9, action: merge, by: a, why: b}\n", "e.yaml:2:4: 'x9' is not an input" },
        { "edits:\n- {input: x0, action: merge, why: b}\n", "e.yaml:2:" },
        { "edits:\n- {input: x0, action: melt, by: a, why: b}\n", "action" },
        { "edits:\n- {input: x0, acton: set, by: a, why: b}\n", "did you mean 'action'" },
        { "edits:\n- {input: x0, action: set, by: a, why: b}\n", "this action needs value" },
        { "edits:\n- {input: x0, action: set, value: 1, from: 5, by: a, why: b}\n", "no bin of the shape" },
        { "edits:\n- {input: x0, action: set, value: 1, from: 0.5, to: 0.1, by: a, why: b}\n",
          "from must not be above" },
        { "edits:\n- {input: x2, action: smooth, by: a, why: b}\n", "categories have no order" },
        { "edits:\n- {input: x2, action: set, value: 1, from: 1, by: a, why: b}\n", "not a range" },
        { "edits:\n- {input: x2, action: set, value: 1, levels: [c7], by: a, why: b}\n",
          "e.yaml:2:47: no such level" },
        { "edits:\n- {input: x1, action: set, value: 9, to: 0.3, by: a, why: b}\n", "held to a direction" },
        { "edits:\n- {input: x1, action: set, value: 900, by: a, why: b}\n", "value" },
        { "edits: []\n", "at least one" },
        { "edit: 3\n", "must have a list edits" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill();
    vouch_model *model = fit(ctx, small, &table);
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        vouch_model *edited = NULL;
        assert_status(ctx, vouch_model_edit(ctx, model, "e.yaml", wrong[k].text, &edited), VOUCH_E_FORMAT);
        assert_error_has(ctx, wrong[k].says);
        assert_null(edited);
    }
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static vouch_status edit_small(vouch_ctx *ctx, void *arg)
{
    vouch_model *model = NULL, *edited = NULL;
    char *text = NULL;
    const vouch_model *from = arg;
    vouch_status status = vouch_model_read(ctx, from->file, from->file_len, &model);
    if (!status)
        status = vouch_model_edit(ctx, model, "e",
                                  "edits: [{input: x0, action: add, value: 1, by: a, why: b}]", &edited);
    if (!status)
        status = vouch_model_describe(ctx, edited, &text);
    vouch_text_free(ctx, text);
    vouch_model_free(edited);
    vouch_model_free(model);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    fill();
    vouch_model *model = fit(ctx, "{bags: 1, rounds: 3, max_bins: 4, pairs: 0}", &table);
    sweep_allocations(edit_small, model, 0);
    vouch_model_free(model);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(smoothing_keeps_the_mean_and_monotonising_the_order),
        cmocka_unit_test(edits_of_a_fit_give_the_edited_model),
        cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
