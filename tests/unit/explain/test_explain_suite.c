/* The explanation evidence of fitted models: every entry is there, and its numbers are those of the parts. */
#include "applicants.h"
#include "check.h"

#include "explain/explain_suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, INPUTS = APPLICANT_COLUMNS };
static const char *const kinds[] = { "scorecard", "gbdt" };
static const char *const settings[] = { "min_iv: 0", "trees: 20" };

typedef struct fixture {
    vouch_ctx *ctx;
    applicants a;
    vouch_model *model;
    vouch__binding binding;
    vouch_explainer *all, *just;
    vouch__reason_map map;
    double probability[N], raw[N];
    vouch__explain_data data;
} fixture;

static void setup(fixture *f, int kind, unsigned threads)
{
    uint32_t near[N];
    size_t n_near = 0;
    *f = (fixture){ .ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = threads }) };
    f->a = applicants_make(f->ctx, N);
    f->model = applicants_fit(&f->a, kinds[kind], settings[kind]);
    assert_ok(f->ctx, vouch__bind(f->ctx, &f->model->inputs, f->a.table, &f->binding));
    assert_ok(f->ctx, vouch_model_score(f->ctx, f->model, f->a.table, f->raw, f->probability, NULL));
    for (uint32_t i = 0; i < N; i++)
        if (f->probability[i] > 0.2 && f->probability[i] <= 0.3)
            near[n_near++] = i;
    assert_ok(f->ctx, vouch__explainer_make(f->ctx, f->model, &f->binding, N, f->a.row, &f->all));
    assert_ok(f->ctx, vouch__explainer_make(f->ctx, f->model, &f->binding, n_near, near, &f->just));
    assert_ok(f->ctx, vouch__reason_map_make(f->ctx, &f->model->inputs, NULL, &f->map));
    f->data = (vouch__explain_data){ .model = f->model,
                                     .binding = &f->binding,
                                     .n = N,
                                     .row = f->a.row,
                                     .part = "test",
                                     .all = f->all,
                                     .just_approved = f->just,
                                     .map = &f->map,
                                     .probability = f->probability,
                                     .cutoff = 0.3,
                                     .most = 4,
                                     .seed = 7 };
}

static void teardown(fixture *f)
{
    vouch__reason_map_clear(&f->map);
    vouch_explainer_free(f->all);
    vouch_explainer_free(f->just);
    vouch__binding_clear(&f->binding);
    vouch_model_free(f->model);
    applicants_free(&f->a);
    vouch_ctx_free(f->ctx);
}

static const vouch__json *entry_of(const vouch__evidence *list, const char *id)
{
    for (const vouch__json *e = list->entries->first; e; e = e->next)
        if (strcmp(vouch__json_string(vouch__json_get(e, "id")), id) == 0)
            return e;
    return NULL;
}

static const vouch__json *rows_of(const vouch__json *entry, const char *table)
{
    return vouch__json_get(vouch__json_get(vouch__json_get(entry, "tables"), table), "rows");
}

static double cell(const vouch__json *rows, size_t row, size_t column)
{
    return vouch__json_double(vouch__json_at(vouch__json_at(rows, row), column), NAN);
}

static const char *verdict(const vouch__json *entry)
{
    return vouch__json_string(vouch__json_get(entry, "verdict"));
}

static void importance_is_the_mean_absolute_value(const fixture *f, const vouch__evidence *list)
{
    const vouch__json *rows = rows_of(entry_of(list, "explain.importance"), "importance");
    double *value = malloc(sizeof *value * N * INPUTS), base, share = 0.0;
    assert_non_null(value);
    assert_int_equal(rows->len, INPUTS);
    assert_ok(f->ctx, vouch_explainer_values(f->ctx, f->all, f->a.table, value, &base));
    for (size_t r = 0; r < INPUTS; r++) {
        const char *name = vouch__json_string(vouch__json_at(vouch__json_at(rows, r), 0));
        double mean = 0.0;
        for (size_t j = 0; j < INPUTS; j++)
            for (size_t i = 0; i < N && strcmp(vouch_model_input_name(f->model, j), name) == 0; i++)
                mean += fabs(value[i * INPUTS + j]) / N;
        assert_close(cell(rows, r, 1), mean, 1e-12);
        assert_true(cell(rows, r, 2) <= mean && mean <= cell(rows, r, 3));
        assert_true(r == 0 || cell(rows, r - 1, 1) >= cell(rows, r, 1));
        share += cell(rows, r, 4);
    }
    assert_close(share, 1.0, 1e-12);
    free(value);
}

static void one_decline_ends_on_its_score(const fixture *f, const vouch__evidence *list)
{
    const vouch__json *entry = entry_of(list, "explain.one_decline"), *rows = rows_of(entry, "waterfall");
    size_t i = 0, last = rows->len - 1;
    while (!(f->probability[i] > 0.3))
        i++;
    assert_close(vouch__json_double(vouch__json_get(entry, "value"), NAN), f->probability[i], 0);
    assert_close(cell(rows, 0, 3), vouch__explainer_base(f->all), 0);
    for (size_t r = 1; r < last; r++)
        assert_close(cell(rows, r, 2), cell(rows, r - 1, 3), 0);
    assert_close(cell(rows, last, 3), f->raw[i], 0);
    assert_close(cell(rows, last - 1, 3), f->raw[i], 1e-9);
    assert_int_equal(rows_of(entry, "inputs")->len, INPUTS);
}

static void reasons_are_counted(const fixture *f, const vouch__evidence *list)
{
    const vouch__json *entry = entry_of(list, "explain.reasons"), *rows = rows_of(entry, "reasons");
    double declined = 0.0, first[2] = { 0, 0 };
    for (size_t i = 0; i < N; i++)
        declined += f->probability[i] > 0.3;
    assert_true(declined > 10);
    assert_close(vouch__json_double(vouch__json_get(entry, "value"), NAN), declined, 0);
    for (size_t r = 0; r < rows->len; r++) {
        first[0] += cell(rows, r, 2);
        first[1] += cell(rows, r, 4);
        assert_true(cell(rows, r, 2) <= cell(rows, r, 3) && cell(rows, r, 3) <= 1.0);
        assert_true(r == 0 || cell(rows, r - 1, 3) >= cell(rows, r, 3));
    }
    assert_close(first[0], 1.0, 0.05); /* a few may be referred */
    assert_close(first[1], 1.0, 0.05);
    const vouch__json *same = entry_of(list, "explain.reason_similarity");
    double value = vouch__json_double(vouch__json_get(same, "value"), NAN);
    assert_true(value >= 0.0 && value <= 1.0);
    assert_close(cell(rows_of(same, "agreement"), 0, 1), value, 0);
    assert_true(cell(rows_of(same, "agreement"), 1, 1) <= 1.0);
}

static void every_entry_is_there_and_right(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f;
        vouch__evidence list;
        setup(&f, kind, 2);
        assert_ok(f.ctx, vouch__evidence_new(f.ctx, NULL, &list));
        assert_ok(f.ctx, vouch__explain_suite(f.ctx, &f.data, &list));
        importance_is_the_mean_absolute_value(&f, &list);
        one_decline_ends_on_its_score(&f, &list);
        reasons_are_counted(&f, &list);
        assert_string_equal(verdict(entry_of(&list, "explain.additivity")), "pass");
        assert_string_equal(verdict(entry_of(&list, "explain.monotonicity")), "pass");
        assert_int_equal(rows_of(entry_of(&list, "explain.monotonicity"), "directions")->len, 2);
        const vouch__json *swarm = rows_of(entry_of(&list, "explain.beeswarm"), "beeswarm");
        assert_int_equal(swarm->len, 200 * INPUTS);
        for (size_t r = 0; r < swarm->len; r++)
            assert_true(!(cell(swarm, r, 1) < 0.0) && !(cell(swarm, r, 1) > 1.0));
        assert_non_null(entry_of(&list, "explain.pdp"));
        vouch__evidence_free(&list);
        teardown(&f);
    }
}

static void the_same_bytes_at_any_number_of_threads(void **state)
{
    (void)state;
    vouch__buf want = { .at = NULL };
    vouch_ctx *keep = vouch_ctx_new(NULL);
    vouch__buf_init(keep, &want, 0);
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        fixture f;
        vouch__evidence list;
        vouch__buf got;
        setup(&f, 1, threads);
        /* The draw of applicants goes on between fixtures, so each compares with itself on one thread. */
        vouch_ctx *one = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 });
        assert_ok(one, vouch__evidence_new(one, NULL, &list));
        assert_ok(one, vouch__explain_suite(one, &f.data, &list));
        vouch__buf_clear(&want);
        vouch__json_write(&want, list.entries);
        vouch__evidence_free(&list);
        assert_ok(f.ctx, vouch__evidence_new(f.ctx, NULL, &list));
        assert_ok(f.ctx, vouch__explain_suite(f.ctx, &f.data, &list));
        vouch__buf_init(f.ctx, &got, 0);
        vouch__json_write(&got, list.entries);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.at, want.at, want.len);
        vouch__buf_free(&got);
        vouch__evidence_free(&list);
        vouch_ctx_free(one);
        teardown(&f);
    }
    vouch__buf_free(&want);
    vouch_ctx_free(keep);
}

static void without_a_second_population_or_a_decline_it_says_so(void **state)
{
    (void)state;
    fixture f;
    vouch__evidence list;
    setup(&f, 0, 1);
    f.data.just_approved = NULL;
    f.data.cutoff = 1.0;
    assert_ok(f.ctx, vouch__evidence_new(f.ctx, NULL, &list));
    assert_ok(f.ctx, vouch__explain_suite(f.ctx, &f.data, &list));
    assert_string_equal(verdict(entry_of(&list, "explain.reason_similarity")), "not-applicable");
    assert_string_equal(verdict(entry_of(&list, "explain.one_decline")), "not-applicable");
    assert_close(vouch__json_double(vouch__json_get(entry_of(&list, "explain.reasons"), "value"), NAN), 0, 0);
    vouch__evidence_free(&list);
    teardown(&f);
}

static vouch_status suite_once(vouch_ctx *ctx, void *arg)
{
    fixture *f = arg;
    vouch__evidence list;
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (status)
        return status;
    status = vouch__explain_suite(ctx, &f->data, &list);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f;
    setup(&f, 1, 1);
    f.data.n = 40;
    sweep_allocations(suite_once, &f, 0);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_there_and_right),
        cmocka_unit_test(the_same_bytes_at_any_number_of_threads),
        cmocka_unit_test(without_a_second_population_or_a_decline_it_says_so),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
