/* Explainers of fitted models: both kinds against the definition, through tables, saved and read back. */
#include "applicants.h"
#include "check.h"

#include "explain/shapley.h"
#include "models/card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 500, INPUTS = APPLICANT_COLUMNS };
static const char *const kinds[] = { "scorecard", "gbdt" };
static const char *const settings[] = { "min_iv: 0", "trees: 20" };

typedef struct fixture {
    vouch_ctx *ctx;
    applicants a;
    vouch_model *model;
    vouch__binding binding;
} fixture;

static fixture setup(int kind)
{
    fixture f = { .ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 2 }) };
    f.a = applicants_make(f.ctx, N);
    f.model = applicants_fit(&f.a, kinds[kind], settings[kind]);
    assert_ok(f.ctx, vouch__bind(f.ctx, &f.model->inputs, f.a.table, &f.binding));
    return f;
}

static void teardown(fixture *f)
{
    vouch__binding_clear(&f->binding);
    vouch_model_free(f->model);
    applicants_free(&f->a);
    vouch_ctx_free(f->ctx);
}

static vouch_explainer *explainer_of(fixture *f, size_t n, const uint32_t *row)
{
    vouch_explainer *e = NULL;
    assert_ok(f->ctx, vouch__explainer_make(f->ctx, f->model, &f->binding, n, row, &e));
    return e;
}

static double coalition(const fixture *f, const double *row, size_t m, const double *background, unsigned set)
{
    double sum = 0.0, mixed[INPUTS], raw;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < INPUTS; j++)
            mixed[j] = set >> j & 1 ? row[j] : background[i * INPUTS + j];
        f->model->kind->predict(f->model->state, (vouch__matrix){ mixed, 1, INPUTS }, &raw);
        sum += raw;
    }
    return sum / (double)m;
}

static double by_definition(const fixture *f, const double *row, size_t m, const double *background,
                            unsigned j)
{
    static const double weight[INPUTS] = { 24.0 / 120, 6.0 / 120, 4.0 / 120, 6.0 / 120, 24.0 / 120 };
    double value = 0.0;
    for (unsigned s = 0; s < 1u << INPUTS; s++)
        if (!(s >> j & 1))
            value += weight[__builtin_popcount(s)] *
                     (coalition(f, row, m, background, s | 1u << j) - coalition(f, row, m, background, s));
    return value;
}

static void values_equal_the_definition(void **state)
{
    (void)state;
    enum { M = 30, ROWS = 5 };
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        uint32_t row[M];
        double background[M * INPUTS], x[ROWS * INPUTS], got[ROWS * INPUTS];
        for (size_t i = 0; i < M; i++)
            row[i] = (uint32_t)(i * 7);
        vouch_explainer *e = explainer_of(&f, M, row);
        vouch__bound_rows(&f.binding, 0, M, row, background);
        vouch__bound_rows(&f.binding, 100, ROWS, NULL, x);
        vouch__explainer_block(e, (vouch__matrix){ x, ROWS, INPUTS }, got);
        assert_close(vouch__explainer_base(e), coalition(&f, x, M, background, 0), 1e-12);
        for (size_t i = 0; i < ROWS; i++)
            for (unsigned j = 0; j < INPUTS; j++)
                assert_close(got[i * INPUTS + j], by_definition(&f, x + i * INPUTS, M, background, j), 1e-12);
        vouch_explainer_free(e);
        teardown(&f);
    }
}

static void values_and_base_add_up_to_the_score(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        double *value = malloc(sizeof *value * N * INPUTS), *raw = malloc(sizeof *raw * N), base, mean = 0.0;
        vouch_explainer *e = NULL;
        assert_true(value && raw);
        assert_ok(f.ctx, vouch_explainer_new(f.ctx, f.model, f.a.table, &e));
        assert_ok(f.ctx, vouch_explainer_values(f.ctx, e, f.a.table, value, &base));
        assert_ok(f.ctx, vouch_model_score(f.ctx, f.model, f.a.table, raw, NULL, NULL));
        for (size_t i = 0; i < N; i++) {
            double sum = base;
            for (size_t j = 0; j < INPUTS; j++)
                sum += value[i * INPUTS + j];
            assert_close(sum, raw[i], 1e-9);
            mean += raw[i] / N;
        }
        assert_close(base, mean, 1e-10);
        vouch_explainer_free(e);
        free(value);
        free(raw);
        teardown(&f);
    }
}

/* The same bytes, and the same bits of every value; any other length, magic, version or model is refused. */
static void against_points_a_row_is_told_what_it_lacks_of_them(void **state)
{
    (void)state;
    fixture f = setup(0);
    const vouch__card *card = vouch__model_card(f.model);
    double x[N * INPUTS], value[N * INPUTS], raw[N];
    vouch__bound_rows(&f.binding, 0, N, NULL, x);
    f.model->kind->predict(f.model->state, (vouch__matrix){ x, N, INPUTS }, raw);
    for (int which = 0; which < 2; which++) {
        vouch_explainer *e = NULL, *again = NULL;
        vouch__buf saved;
        vouch__buf_init(f.ctx, &saved, 0);
        assert_ok(f.ctx, vouch__explainer_of_points(
                             f.ctx, f.model, which ? VOUCH__AGAINST_NEUTRAL : VOUCH__AGAINST_MOST, &e));
        vouch__explainer_block(e, (vouch__matrix){ x, N, INPUTS }, value);
        double base = vouch__explainer_base(e), total = card->base_points;
        for (size_t c = 0; c < card->n; c++) {
            vouch__points_range r = vouch__card_range(card, c);
            assert_true(r.least <= r.neutral && r.neutral <= r.most && r.least <= r.mean && r.mean <= r.most);
            total += which ? r.neutral : r.most;
        }
        assert_close(base, (card->offset - total) / card->factor, 1e-12);
        for (size_t i = 0; i < N; i++) {
            double sum = base;
            for (size_t j = 0; j < INPUTS; j++) {
                sum += value[i * INPUTS + j];
                assert_true(which || value[i * INPUTS + j] >= 0); /* nobody has more than the most */
            }
            assert_close(sum, raw[i], 1e-12);
        }
        vouch__explainer_save(e, &saved);
        assert_ok(f.ctx, vouch__explainer_load(f.ctx, f.model, saved.at, saved.len, &again));
        assert_close(vouch__explainer_base(again), base, 0);
        vouch_explainer_free(again);
        vouch_explainer_free(e);
        vouch__buf_free(&saved);
    }
    teardown(&f);
    f = setup(1);
    vouch_explainer *e = NULL;
    assert_status(f.ctx, vouch__explainer_of_points(f.ctx, f.model, VOUCH__AGAINST_MOST, &e), VOUCH_E_ARG);
    teardown(&f);
}

static void an_explainer_reads_back_as_it_was_saved(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        vouch_explainer *e = explainer_of(&f, N, f.a.row), *back = NULL, *none = NULL;
        vouch__buf saved, again;
        double x[20 * INPUTS], want[20 * INPUTS], got[20 * INPUTS];
        vouch__buf_init(f.ctx, &saved, 0);
        vouch__buf_init(f.ctx, &again, 0);
        vouch__explainer_save(e, &saved);
        assert_ok(f.ctx, vouch__buf_status(f.ctx, &saved));
        assert_ok(f.ctx, vouch__explainer_load(f.ctx, f.model, saved.at, saved.len, &back));
        vouch__explainer_save(back, &again);
        assert_int_equal(saved.len, again.len);
        assert_memory_equal(saved.at, again.at, saved.len);
        vouch__bound_rows(&f.binding, 0, 20, NULL, x);
        vouch__explainer_block(e, (vouch__matrix){ x, 20, INPUTS }, want);
        vouch__explainer_block(back, (vouch__matrix){ x, 20, INPUTS }, got);
        assert_memory_equal(want, got, sizeof want);
        for (size_t len = 0; len < saved.len; len += 1 + saved.len / 200)
            assert_status(f.ctx, vouch__explainer_load(f.ctx, f.model, saved.at, len, &none), VOUCH_E_FORMAT);
        vouch__buf_add(&saved, "x", 1);
        assert_status(f.ctx, vouch__explainer_load(f.ctx, f.model, saved.at, saved.len, &none),
                      VOUCH_E_FORMAT);
        saved.at[8] ^= 1; /* the fingerprint */
        assert_status(f.ctx, vouch__explainer_load(f.ctx, f.model, saved.at, saved.len - 1, &none),
                      VOUCH_E_FORMAT);
        assert_error_has(f.ctx, "another model");
        vouch__buf_free(&saved);
        vouch__buf_free(&again);
        vouch_explainer_free(e);
        vouch_explainer_free(back);
        teardown(&f);
    }
}

/* Any one changed byte: refused, or an explainer that still adds up; never a crash. */
static void a_changed_byte_does_no_harm(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        vouch_explainer *e = explainer_of(&f, N, f.a.row);
        vouch__buf saved;
        vouch__buf_init(f.ctx, &saved, 0);
        vouch__explainer_save(e, &saved);
        assert_ok(f.ctx, vouch__buf_status(f.ctx, &saved));
        for (int round = 0; round < 400; round++) {
            size_t at = seeded_below(saved.len);
            char kept = saved.at[at];
            vouch_explainer *changed = NULL;
            saved.at[at] = (char)seeded_below(256);
            vouch_status status = vouch__explainer_load(f.ctx, f.model, saved.at, saved.len, &changed);
            assert_true(status == VOUCH_OK || status == VOUCH_E_FORMAT);
            if (changed) {
                double x[INPUTS], value[INPUTS], sum = vouch__explainer_base(changed), raw;
                vouch__bound_rows(&f.binding, 3, 1, NULL, x);
                vouch__explainer_block(changed, (vouch__matrix){ x, 1, INPUTS }, value);
                f.model->kind->predict(f.model->state, (vouch__matrix){ x, 1, INPUTS }, &raw);
                for (size_t j = 0; j < INPUTS; j++)
                    sum += value[j];
                assert_close(sum, raw, 1e-9);
            }
            vouch_explainer_free(changed);
            saved.at[at] = kept;
        }
        vouch__buf_free(&saved);
        vouch_explainer_free(e);
        teardown(&f);
    }
}

static void no_reference_rows_is_refused(void **state)
{
    (void)state;
    fixture f = setup(0);
    vouch_explainer *e = NULL;
    assert_status(f.ctx, vouch__explainer_make(f.ctx, f.model, &f.binding, 0, f.a.row, &e), VOUCH_E_DATA);
    assert_null(e);
    teardown(&f);
}

static vouch_status make_save_load(vouch_ctx *ctx, void *arg)
{
    fixture *f = arg;
    vouch_explainer *e = NULL, *back = NULL;
    vouch__buf saved;
    vouch__buf_init(ctx, &saved, 0);
    vouch_status status = vouch__explainer_make(ctx, f->model, &f->binding, 20, f->a.row, &e);
    if (!status) {
        vouch__explainer_save(e, &saved);
        status = vouch__buf_status(ctx, &saved);
    }
    if (!status)
        status = vouch__explainer_load(ctx, f->model, saved.at, saved.len, &back);
    vouch__buf_free(&saved);
    vouch_explainer_free(e);
    vouch_explainer_free(back);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        sweep_allocations(make_save_load, &f, 0);
        teardown(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_the_definition),
        cmocka_unit_test(values_and_base_add_up_to_the_score),
        cmocka_unit_test(against_points_a_row_is_told_what_it_lacks_of_them),
        cmocka_unit_test(an_explainer_reads_back_as_it_was_saved),
        cmocka_unit_test(a_changed_byte_does_no_harm),
        cmocka_unit_test(no_reference_rows_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
