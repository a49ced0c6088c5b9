/* Decisions from a bundle: the model's own score, the cut-off, and the reasons of the tables; and every way a
 * row or a bundle can be wrong. */
#include "applicants.h"
#include "check.h"

#include "decide/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 400, INPUTS = APPLICANT_COLUMNS, MOST = 3 };
static const char *const kinds[] = { "scorecard", "gbdt" };
static const char *const settings[] = { "min_iv: 0", "trees: 20" };
static const char reasons[] = "income: {text: Income insufficient for amount of credit requested}\n"
                              "delay: {characteristic: delinquency, text: Delinquent obligations}\n"
                              "noise: {characteristic: delinquency}\n";

typedef struct fixture {
    vouch_ctx *ctx;
    applicants a;
    vouch_model *model;
    vouch_explainer *explainer;
    vouch__reason_map map;
    double cutoff;
    vouch__buf bundle;
    vouch__decider *decider;
    vouch__doc *doc; /* of rows and decisions */
} fixture;

static void map_make(fixture *f)
{
    vouch__doc *doc = NULL;
    assert_ok(f->ctx, vouch__yaml_read(f->ctx, "reasons", reasons, strlen(reasons), 4096, &doc));
    assert_ok(f->ctx, vouch__reason_map_make(f->ctx, &f->model->inputs, vouch__doc_root(doc), &f->map));
    vouch__doc_free(doc);
}

static fixture setup(int kind)
{
    fixture f = { .ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 }) };
    double probability[N], share;
    f.a = applicants_make(f.ctx, N);
    f.model = applicants_fit(&f.a, kinds[kind], settings[kind]);
    assert_ok(f.ctx, vouch_explainer_new(f.ctx, f.model, f.a.table, &f.explainer));
    map_make(&f);
    assert_ok(f.ctx, vouch_model_score(f.ctx, f.model, f.a.table, NULL, probability, NULL));
    assert_ok(f.ctx, vouch__cutoff_choose(f.ctx, N, probability, NULL, 0.2, &f.cutoff, &share));
    vouch__buf_init(f.ctx, &f.bundle, 0);
    assert_ok(f.ctx, vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, "average-applicant", MOST,
                                           f.cutoff, &f.bundle));
    assert_ok(f.ctx, vouch__decider_new(f.ctx, f.bundle.at, f.bundle.len, &f.decider));
    assert_ok(f.ctx, vouch__doc_new(f.ctx, &f.doc));
    return f;
}

static void teardown(fixture *f)
{
    vouch__doc_free(f->doc);
    vouch__decider_free(f->decider);
    vouch__buf_free(&f->bundle);
    vouch__reason_map_clear(&f->map);
    vouch_explainer_free(f->explainer);
    vouch_model_free(f->model);
    applicants_free(&f->a);
    vouch_ctx_free(f->ctx);
}

static const vouch__json *decide(fixture *f, const vouch__json *row)
{
    vouch__json *decision = NULL;
    assert_ok(f->ctx, vouch__decide(f->ctx, f->decider, row, f->doc, NULL, &decision));
    return decision;
}

/* A table's row as a client sends it. */
static vouch__json *row_of(fixture *f, size_t i)
{
    vouch__json *row = vouch__json_object(f->doc);
    for (size_t j = 0; j < vouch_table_cols(f->a.table); j++) {
        double x;
        vouch_table_read(f->a.table, j, i, i + 1, &x);
        vouch__json *value = isnan(x) ? vouch__json_null(f->doc)
                             : vouch_table_type(f->a.table, j) == VOUCH_TEXT
                                 ? vouch__json_text(f->doc, vouch_table_category(f->a.table, j, (size_t)x))
                                 : vouch__json_number(f->doc, x);
        (void)vouch__json_set(f->doc, row, vouch_table_name(f->a.table, j), value);
    }
    return row;
}

/* The reasons a table gives for a row, against those of its decision. */
static void compare_reasons(fixture *f, const double *value, const vouch__json *decision)
{
    vouch__reason want[MOST];
    size_t n = vouch__reasons_rank(&f->map, value, MOST, want);
    const vouch__json *list = vouch__json_get(decision, "reasons");
    assert_int_equal(list->len, n);
    for (size_t k = 0; k < n; k++) {
        const vouch__json *got = vouch__json_at(list, k);
        const vouch__characteristic *c = &f->map.at[want[k].characteristic];
        assert_string_equal(vouch__json_string(vouch__json_get(got, "characteristic")), c->name);
        assert_string_equal(vouch__json_string(vouch__json_get(got, "text")), c->text);
        assert_true(vouch__json_double(vouch__json_get(got, "log_odds"), NAN) == want[k].log_odds);
        assert_true(vouch__json_double(vouch__json_get(got, "share"), NAN) == want[k].share);
    }
}

/* Online equals offline, to the last bit. */
static void a_decision_is_the_tables_score_and_reasons(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        double raw[N], probability[N], *value = malloc(sizeof *value * N * INPUTS), base;
        int32_t points[N];
        size_t declined = 0;
        bool has_points = vouch_model_has_points(f.model) != 0;
        assert_non_null(value);
        assert_ok(f.ctx,
                  vouch_model_score(f.ctx, f.model, f.a.table, raw, probability, has_points ? points : NULL));
        assert_ok(f.ctx, vouch_explainer_values(f.ctx, f.explainer, f.a.table, value, &base));
        for (size_t i = 0; i < N; i++) {
            const vouch__json *d = decide(&f, row_of(&f, i));
            const char *decision = vouch__json_string(vouch__json_get(d, "decision"));
            assert_true(vouch__json_double(vouch__json_get(d, "raw"), NAN) == raw[i]);
            assert_true(vouch__json_double(vouch__json_get(d, "probability"), NAN) == probability[i]);
            assert_true(vouch__json_double(vouch__json_get(d, "cutoff"), NAN) == f.cutoff);
            if (has_points)
                assert_int_equal(vouch__json_int(vouch__json_get(d, "points"), -1), points[i]);
            else
                assert_int_equal(vouch__json_get(d, "points")->type, VOUCH__JSON_NULL);
            assert_string_equal(vouch__json_string(vouch__json_get(d, "model")),
                                vouch_model_fingerprint(f.model));
            assert_string_equal(vouch__json_string(vouch__json_get(d, "method")), "average-applicant");
            const vouch__json *residual = vouch__json_get(d, "residual"),
                              *gap = vouch__json_get(d, "source_gap");
            if (strcmp(vouch__json_string(vouch__json_get(d, "decision")), "approve") == 0) {
                assert_true(residual->type == VOUCH__JSON_NULL && gap->type == VOUCH__JSON_NULL);
            } else {
                assert_close(vouch__json_double(residual, NAN), 0.0, 1e-9);
                assert_close(vouch__json_double(gap, NAN), 0.0, 0);
            }
            if (probability[i] <= f.cutoff) {
                assert_string_equal(decision, "approve");
                assert_int_equal(vouch__json_get(d, "reasons")->len, 0);
                continue;
            }
            declined++;
            compare_reasons(&f, value + i * INPUTS, d);
            assert_string_equal(decision, vouch__json_get(d, "reasons")->len ? "decline" : "refer");
        }
        assert_true(declined > N / 20 && declined < N);
        free(value);
        teardown(&f);
    }
}

/* Every row declined: one that is safer than average in everything has no adverse reason. */
static void a_decline_without_a_reason_is_referred(void **state)
{
    (void)state;
    fixture f = setup(0);
    vouch__buf all;
    vouch__decider *strict = NULL;
    vouch__json *d = NULL, *row = vouch__json_object(f.doc);
    size_t referred = 0;
    vouch__buf_init(f.ctx, &all, 0);
    assert_ok(f.ctx,
              vouch__decider_bundle(f.ctx, f.model, f.explainer, &f.map, "just-approved", MOST, -1.0, &all));
    assert_ok(f.ctx, vouch__decider_new(f.ctx, all.at, all.len, &strict));
    for (size_t i = 0; i < N; i++) {
        row = row_of(&f, i);
        assert_ok(f.ctx, vouch__decide(f.ctx, strict, row, f.doc, NULL, &d));
        const char *decision = vouch__json_string(vouch__json_get(d, "decision"));
        assert_string_not_equal(decision, "approve");
        assert_int_equal(strcmp(decision, "refer") == 0, vouch__json_get(d, "reasons")->len == 0);
        referred += strcmp(decision, "refer") == 0;
    }
    assert_true(referred > 0 && referred < N);
    vouch__decider_free(strict);
    vouch__buf_free(&all);
    teardown(&f);
}

static vouch_status try_text(fixture *f, const char *json)
{
    vouch__doc *row = NULL;
    vouch__json *decision = NULL;
    assert_ok(f->ctx, vouch__json_read(f->ctx, "row", json, strlen(json), 4096, &row));
    vouch_status status = vouch__decide(f->ctx, f->decider, vouch__doc_root(row), f->doc, NULL, &decision);
    assert_true(status != VOUCH_OK || decision != NULL);
    vouch__doc_free(row);
    return status;
}

#define ROW(income, delay, region, owner, noise)                                                             \
    "{\"income\":" income ",\"delay\":" delay ",\"region\":" region ",\"owner\":" owner ",\"noise\":" noise  \
    "}"

static void what_a_row_may_hold(void **state)
{
    (void)state;
    fixture f = setup(1);
    assert_ok(f.ctx, try_text(&f, ROW("50", "1", "\"north\"", "1", "0.5")));
    assert_ok(f.ctx, try_text(&f, ROW("null", "null", "null", "null", "null")));
    assert_ok(f.ctx, try_text(&f, ROW("50", "1", "\"nowhere\"", "true", "0.5")));
    assert_ok(f.ctx, try_text(&f, ROW("50", "1", "\"north\"", "1", "0.5, \"extra\": [1, {}]")));
    assert_ok(f.ctx, try_text(&f, "{\"noise\":1,\"owner\":0,\"region\":\"west\",\"delay\":2,\"income\":3}"));
    teardown(&f);
}

static void a_wrong_value_is_refused_by_name(void **state)
{
    (void)state;
    fixture f = setup(1);
    static const struct {
        const char *row, *names;
    } cases[] = {
        { "{\"income\":1,\"delay\":1,\"region\":null,\"noise\":1}", "column 'owner' is absent" },
        { "{}", "column 'income' is absent" },
        { "{\"Income\":1,\"delay\":1,\"region\":null,\"owner\":1,\"noise\":1}", "column 'income' is absent" },
        { ROW("\"50\"", "1", "null", "1", "1"), "column 'income' must be a finite number" },
        { ROW("\"Infinity\"", "1", "null", "1", "1"), "column 'income' must be a finite number" },
        { ROW("\"NaN\"", "1", "null", "1", "1"), "column 'income' must be a finite number" },
        { ROW("1", "[1]", "null", "1", "1"), "column 'delay' must be a finite number" },
        { ROW("1", "1", "{}", "1", "1"), "column 'region' must be text" },
        { ROW("1", "1", "7", "1", "1"), "column 'region' must be text" },
        { ROW("1", "1", "true", "1", "1"), "column 'region' must be text" },
        { ROW("1", "1", "\"no\\u0000rth\"", "1", "1"), "column 'region' must be text" },
        { "[1,2,3]", "a row must be an object" },
        { "null", "a row must be an object" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_status(f.ctx, try_text(&f, cases[k].row), VOUCH_E_DATA);
        assert_error_has(f.ctx, cases[k].names);
    }
    teardown(&f);
}

/* Numbers that no text can hold, made in memory: the reader of JSON is not the only guard. */
static void a_number_that_is_not_finite_is_refused(void **state)
{
    (void)state;
    fixture f = setup(1);
    const double bad[] = { NAN, INFINITY, -INFINITY };
    for (size_t k = 0; k < 3; k++) {
        vouch__json *d = NULL, *row = row_of(&f, 0);
        (void)vouch__json_set(f.doc, row, "noise", vouch__json_number(f.doc, bad[k]));
        assert_status(f.ctx, vouch__decide(f.ctx, f.decider, row, f.doc, NULL, &d), VOUCH_E_DATA);
        assert_error_has(f.ctx, "noise");
    }
    teardown(&f);
}

static vouch_status decide_once(vouch_ctx *ctx, void *arg)
{
    fixture *f = arg;
    vouch__decider *d = NULL;
    vouch__doc *doc = NULL;
    vouch__json *decision = NULL;
    vouch_status status = vouch__decider_new(ctx, f->bundle.at, f->bundle.len, &d);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    for (size_t i = 0; i < 3 && !status; i++)
        status = vouch__decide(ctx, d, row_of(f, i), doc, NULL, &decision);
    vouch__doc_free(doc);
    vouch__decider_free(d);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        fixture f = setup(kind);
        sweep_allocations(decide_once, &f, 0);
        teardown(&f);
    }
}

/* A clock that moves by 10 us each time it is read. */
static int64_t ticking(void *self)
{
    int64_t *at = self;
    return *at += 10;
}

static void stages_are_timed_only_when_asked(void **state)
{
    (void)state;
    int64_t at = 0;
    const vouch_ctx_options options = { .self = &at, .clock = ticking };
    fixture f = setup(1);
    vouch_ctx *timed = vouch_ctx_new(&options);
    vouch__decide_times times = { .score = 0 };
    vouch__json *d = NULL;
    assert_ok(timed, vouch__decide(timed, f.decider, row_of(&f, 0), f.doc, NULL, &d));
    assert_int_equal(at, 0);
    assert_ok(timed, vouch__decide(timed, f.decider, row_of(&f, 0), f.doc, &times, &d));
    assert_true(times.score > 0 && times.reasons > 0);
    assert_int_equal(times.score + times.explain + times.reasons, at - 10); /* all of it, and nothing twice */
    vouch_ctx_free(timed);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_is_the_tables_score_and_reasons),
        cmocka_unit_test(a_decline_without_a_reason_is_referred),
        cmocka_unit_test(what_a_row_may_hold),
        cmocka_unit_test(a_wrong_value_is_refused_by_name),
        cmocka_unit_test(a_number_that_is_not_finite_is_refused),
        cmocka_unit_test(stages_are_timed_only_when_asked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
