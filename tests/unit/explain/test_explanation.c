/* Explainers through the public header: one row and a table, three populations, both kinds, kept in files. */
#include "applicants.h"
#include "check.h"

#include "explain/shapley.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, INPUTS = APPLICANT_COLUMNS };
static const char *const kinds[] = { "scorecard", "gbdt" };
static const char *const settings[] = { "min_iv: 0", "trees: 30" };
enum { ALL, JUST_APPROVED, BY_COVER, POPULATIONS };

typedef struct fixture {
    vouch_ctx *ctx;
    counting_alloc mem;
    applicants a;
    vouch_model *model;
    double x[N * INPUTS]; /* as a scorer takes them */
} fixture;

static fixture *setup(int kind)
{
    fixture *f = calloc(1, sizeof *f);
    vouch__binding binding;
    assert_non_null(f);
    f->mem.fail_at = SIZE_MAX;
    vouch_ctx_options options = { .threads = 2, .alloc = counting_allocator(&f->mem) };
    f->ctx = vouch_ctx_new(&options);
    f->a = applicants_make(f->ctx, N);
    f->model = applicants_fit(&f->a, kinds[kind], settings[kind]);
    assert_ok(f->ctx, vouch__bind(f->ctx, &f->model->inputs, f->a.table, &binding));
    vouch__bound_rows(&binding, 0, N, NULL, f->x);
    vouch__binding_clear(&binding);
    return f;
}

static void teardown(fixture *f)
{
    vouch_model_free(f->model);
    applicants_free(&f->a);
    vouch_ctx_free(f->ctx);
    free(f);
}

/* NULL: a scorecard has no covers. */
static vouch_explainer *explainer_of(fixture *f, int population)
{
    vouch_explainer *e = NULL;
    bool has_covers = strcmp(vouch_model_kind_name(f->model), "gbdt") == 0;
    if (population == ALL)
        assert_ok(f->ctx, vouch_explainer_new(f->ctx, f->model, f->a.table, &e));
    else if (population == JUST_APPROVED)
        assert_ok(f->ctx, vouch_explainer_new_just_approved(f->ctx, f->model, f->a.table, 0.5, &e));
    else
        assert_status(f->ctx, vouch_explainer_new_by_cover(f->ctx, f->model, &e),
                      has_covers ? VOUCH_OK : VOUCH_E_ARG);
    return e;
}

static void each_row_adds_up_and_says_so(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        fixture *f = setup(k);
        for (int population = 0; population < POPULATIONS; population++) {
            static double table[N * INPUTS], value[N * INPUTS], raw[N];
            static vouch_explanation all[N];
            vouch_explainer *e = explainer_of(f, population);
            double base;
            if (!e)
                continue;
            assert_ok(f->ctx, vouch_explainer_values(f->ctx, e, f->a.table, table, &base));
            assert_ok(f->ctx, vouch_explainer_explain(f->ctx, e, f->a.table, value, all));
            assert_memory_equal(table, value, sizeof table);
            assert_ok(f->ctx, vouch_model_score(f->ctx, f->model, f->a.table, raw, NULL, NULL));
            size_t calls = f->mem.calls;
            for (size_t i = 0; i < N; i++) {
                double row[INPUTS], sum = base;
                vouch_explanation one;
                vouch_explainer_row(e, f->x + i * INPUTS, row, &one);
                assert_memory_equal(row, table + i * INPUTS, sizeof row);
                assert_memory_equal(&one, &all[i], sizeof one);
                for (size_t j = 0; j < INPUTS; j++)
                    sum += row[j];
                assert_close(one.base, base, 0);
                assert_close(one.sum, raw[i], 0);
                assert_close(one.residual, sum - raw[i], 0);
                assert_close(one.residual, 0.0, 1e-12);
                assert_close(one.source_gap, 0.0, 0);
            }
            assert_int_equal(f->mem.calls, calls); /* nothing was allocated */
            vouch_explainer_free(e);
        }
        teardown(f);
    }
}

static void by_cover_values_are_the_models_contributions(void **state)
{
    static double table[N * INPUTS], value[N * INPUTS];
    double base, want;
    (void)state;
    fixture *f = setup(1);
    vouch_explainer *e = explainer_of(f, BY_COVER);
    assert_ok(f->ctx, vouch_explainer_values(f->ctx, e, f->a.table, table, &base));
    assert_ok(f->ctx, vouch_model_contributions(f->ctx, f->model, f->a.table, value, &want));
    assert_memory_equal(table, value, sizeof table);
    assert_close(base, want, 0);
    assert_int_equal(vouch_explainer_uncovered(e), 0);
    assert_int_equal(vouch_explainer_rows(e), 0);
    vouch_explainer_free(e);
    teardown(f);
}

static void interactions_add_up_to_values(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        fixture *f = setup(k);
        for (int population = 0; population < POPULATIONS; population++) {
            static double pair[N * INPUTS * INPUTS], value[N * INPUTS];
            vouch_explainer *e = explainer_of(f, population);
            double base, apart = 0.0;
            if (!e)
                continue;
            assert_ok(f->ctx, vouch_explainer_values(f->ctx, e, f->a.table, value, &base));
            assert_ok(f->ctx, vouch_explainer_interactions(f->ctx, e, f->a.table, pair));
            for (size_t i = 0; i < N; i++)
                for (size_t j = 0; j < INPUTS; j++) {
                    double sum = 0.0;
                    const double *at = pair + i * INPUTS * INPUTS;
                    for (size_t m = 0; m < INPUTS; m++) {
                        sum += at[j * INPUTS + m];
                        assert_close(at[j * INPUTS + m], at[m * INPUTS + j], 0);
                        apart += j == m ? 0.0 : fabs(at[j * INPUTS + m]);
                    }
                    assert_close(sum, value[i * INPUTS + j], 1e-12);
                }
            assert_true(k == 0 ? apart == 0.0 : apart > 0.0); /* a scorecard is a sum */
            vouch_explainer_free(e);
        }
        teardown(f);
    }
}

static void a_background_is_kept_in_a_file(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        static double want[N * INPUTS], got[N * INPUTS];
        fixture *f = setup(k);
        vouch_explainer *e = explainer_of(f, JUST_APPROVED), *back = NULL;
        double base, again;
        assert_int_equal(vouch_explainer_rows(e), N / 20);
        assert_ok(f->ctx, vouch_explainer_save(f->ctx, e, test_path("background")));
        assert_ok(f->ctx, vouch_explainer_load(f->ctx, f->model, test_path("background"), &back));
        assert_ok(f->ctx, vouch_explainer_values(f->ctx, e, f->a.table, want, &base));
        assert_ok(f->ctx, vouch_explainer_values(f->ctx, back, f->a.table, got, &again));
        assert_memory_equal(got, want, sizeof want);
        assert_close(again, base, 0);
        vouch_explainer_free(e);
        vouch_explainer_free(back);
        e = explainer_of(f, BY_COVER);
        if (e)
            assert_status(f->ctx, vouch_explainer_save(f->ctx, e, test_path("none")), VOUCH_E_ARG);
        vouch_explainer_free(e);
        teardown(f);
    }
}

static void nobody_approved_is_no_population(void **state)
{
    (void)state;
    fixture *f = setup(1);
    vouch_explainer *e = NULL;
    assert_status(f->ctx, vouch_explainer_new_just_approved(f->ctx, f->model, f->a.table, -1.0, &e),
                  VOUCH_E_DATA);
    teardown(f);
}

static vouch_status by_cover_and_pairs(vouch_ctx *ctx, void *arg)
{
    static double pair[N * INPUTS * INPUTS], value[N * INPUTS];
    static vouch_explanation all[N];
    const fixture *f = arg;
    vouch_explainer *e = NULL;
    vouch_status status = vouch_explainer_new_by_cover(ctx, f->model, &e);
    if (!status)
        status = vouch_explainer_explain(ctx, e, f->a.table, value, all);
    if (!status)
        status = vouch_explainer_interactions(ctx, e, f->a.table, pair);
    vouch_explainer_free(e);
    return status;
}

static vouch_status kept(vouch_ctx *ctx, void *arg)
{
    const fixture *f = arg;
    vouch_explainer *e = NULL, *back = NULL;
    vouch_status status = vouch_explainer_new_just_approved(ctx, f->model, f->a.table, 0.5, &e);
    if (!status)
        status = vouch_explainer_save(ctx, e, test_path("sweep"));
    if (!status)
        status = vouch_explainer_load(ctx, f->model, test_path("sweep"), &back);
    vouch_explainer_free(e);
    vouch_explainer_free(back);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture *f = setup(1);
    sweep_allocations(by_cover_and_pairs, f, 0);
    sweep_allocations(kept, f, 0);
    teardown(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_adds_up_and_says_so),
        cmocka_unit_test(by_cover_values_are_the_models_contributions),
        cmocka_unit_test(interactions_add_up_to_values),
        cmocka_unit_test(a_background_is_kept_in_a_file),
        cmocka_unit_test(nobody_approved_is_no_population),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
