/* What a batch is put to is in the catalogue too, and gives the same numbers there: the monitor from stored
 * statistics, the row from the cases themselves. */
#include "applicants.h"
#include "trial.h"

#include "data/table.h"
#include "monitor/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REFERENCE = 1500, BATCH = 700 };

/* One of the monitor's tests and the row that makes the same number. */
static const struct twin {
    const char *monitor, *row;
    bool by_column; /* the row's table "columns" has it, under the subject or, without one, the score */
    bool two_sided; /* the row's p is two-sided, the monitor's is of a fall */
} twins[] = {
    { "monitor.psi_score", "drift.psi", true, false },
    { "monitor.psi_input", "drift.psi", true, false },
    { "monitor.missing", "drift.missing", true, false },
    { "monitor.unseen", "drift.unseen", true, false },
    { "monitor.auc", "validate.auc", false, false },
    { "monitor.auc_fall", "validate.gap", false, true },
    { "monitor.bad_rate", "drift.bad_rate", false, false },
    { "monitor.calibration", "drift.calibration", false, false },
    { "monitor.estimated_auc", "drift.estimated_performance", false, false },
};
enum { TWINS = sizeof twins / sizeof *twins, AUC_ALONE = 4 };

typedef struct cases {
    applicants a;
    double *raw, *probability;
    uint8_t *bad;
    vouch__sample s;
    size_t feature[APPLICANT_COLUMNS];
} cases;

static vouch_ctx *ctx;
static vouch_model *model;

static cases scored(size_t n)
{
    cases c = { .a = applicants_make(ctx, n),
                .raw = calloc(n, sizeof *c.raw),
                .probability = calloc(n, sizeof *c.probability),
                .bad = calloc(n, 1) };
    assert_ok(ctx, vouch_model_score(ctx, model, c.a.table, c.raw, c.probability, NULL));
    c.s = (vouch__sample){ .n = n,
                           .score = c.raw,
                           .probability = c.probability,
                           .target = c.a.bad,
                           .bad = c.bad,
                           .table = c.a.table,
                           .score_name = "log-odds",
                           .id_column = SIZE_MAX,
                           .label_column = SIZE_MAX,
                           .date_column = SIZE_MAX };
    for (size_t i = 0; i < n; i++) {
        c.bad[i] = c.a.bad[i] != 0.0;
        c.s.n_bad += c.bad[i];
    }
    return c;
}

static void features(cases *c)
{
    c->s.feature = c->feature;
    for (size_t i = 0; i < vouch_model_inputs(model); i++)
        c->feature[c->s.n_features++] = vouch_table_find(c->a.table, vouch_model_input_name(model, i));
}

static void forget(cases *c)
{
    applicants_free(&c->a);
    free(c->raw);
    free(c->probability);
    free(c->bad);
}

static double number(const vouch__json *entry, const char *key)
{
    return vouch__json_double(vouch__json_get(entry, key), (double)NAN);
}

/* Value and unadjusted p of a column in the row's table. */
static void of_column(const vouch__json *entry, const char *name, double *value, double *p)
{
    for (const vouch__json *row = golden_at(entry, "tables.columns.rows")->first; row; row = row->next)
        if (!strcmp(vouch__json_string(vouch__json_at(row, 0)), name)) {
            *value = vouch__json_double(vouch__json_at(row, 1), (double)NAN);
            *p = vouch__json_double(vouch__json_at(row, 3), (double)NAN);
            return;
        }
    fail_msg("%s has no column %s", golden_text(entry, "id"), name);
}

static void compare(const struct twin *t, const vouch__json *told, const cases *now, const cases *before)
{
    vouch__evidence list;
    double value = NAN, p = NAN;
    const char *subject = vouch__json_string(vouch__json_at(told, 1));
    if (!strcmp(t->row, "drift.psi") && subject && !strcmp(subject, "delay"))
        return; /* has a special code: a bin of its own in the monitor, a value like others to the row */
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, trial_run(ctx, vouch_test_find(t->row), &now->s, &before->s, NULL, &list));
    if (t->by_column) {
        of_column(list.entries->first, subject ? subject : "log-odds", &value, &p);
    } else {
        value = number(list.entries->first, "value");
        p = number(list.entries->first, "p_value");
        if (t->two_sided && value < 0.0)
            p = 2.0 - p;
        p = t->two_sided ? 0.5 * p : p;
    }
    assert_close(value, vouch__json_double(vouch__json_at(told, 2), (double)NAN), 1e-12);
    if (!isnan(p)) /* an AUC alone is not tested */
        assert_close(p, vouch__json_double(vouch__json_at(told, 3), (double)NAN), 1e-9);
    vouch__evidence_free(&list);
}

static void each_test_of_a_batch_is_a_row_with_the_same_numbers(void **state)
{
    size_t met[TWINS] = { 0 };
    (void)state;
    ctx = vouch_ctx_new(NULL);
    applicants fitted = applicants_make(ctx, 1500);
    model = applicants_fit(&fitted, "scorecard", NULL);
    cases before = scored(REFERENCE), now = scored(BATCH);
    features(&before);
    features(&now);
    vouch__doc *doc = NULL;
    vouch__json *reference = NULL;
    vouch__binding binding;
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_ok(ctx, vouch__bind(ctx, &model->inputs, before.a.table, &binding));
    assert_ok(ctx, vouch__reference_make(ctx, model, &binding, REFERENCE, before.a.row, before.raw,
                                         before.probability, before.bad, doc, &reference));
    vouch__binding_clear(&binding);
    for (int with_outcomes = 0; with_outcomes < 2; with_outcomes++) {
        vouch__evidence list;
        assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
        assert_ok(ctx, vouch__monitor_batch(ctx, model, reference, now.a.table,
                                            with_outcomes ? now.a.bad : NULL, NULL, &list));
        for (const vouch__json *row = golden_at(list.entries, "0.tables.tests.rows")->first; row;
             row = row->next)
            for (size_t k = 0; k < TWINS; k++)
                if (!strcmp(vouch__json_string(vouch__json_at(row, 0)), twins[k].monitor)) {
                    compare(&twins[k], row, &now, &before);
                    met[k]++;
                }
        for (const vouch__json *e = list.entries->first; e; e = e->next) { /* none without a twin */
            bool known = !strcmp(golden_text(e, "id"), "monitor.batch");
            for (size_t k = 0; k < TWINS; k++)
                known = known || !strcmp(golden_text(e, "id"), twins[k].monitor);
            if (!known)
                fail_msg("%s is not in the catalogue", golden_text(e, "id"));
            if (!strcmp(golden_text(e, "id"), "monitor.auc")) { /* shown with its fall, which is tested */
                vouch__evidence own;
                assert_ok(ctx, vouch__evidence_new(ctx, NULL, &own));
                assert_ok(ctx, trial_run(ctx, vouch_test_find("validate.auc"), &now.s, NULL, NULL, &own));
                assert_close(number(e, "value"), number(own.entries->first, "value"), 1e-12);
                assert_close(golden_number(e, "interval.low"), golden_number(own.entries, "0.interval.low"),
                             1e-12);
                met[AUC_ALONE]++;
                vouch__evidence_free(&own);
            }
        }
        vouch__evidence_free(&list);
    }
    for (size_t k = 0; k < TWINS; k++)
        if (!met[k])
            fail_msg("%s was not told", twins[k].monitor);
    vouch__doc_free(doc);
    forget(&before);
    forget(&now);
    applicants_free(&fitted);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_test_of_a_batch_is_a_row_with_the_same_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
