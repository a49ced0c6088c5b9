/* The suite: counts the classes, refuses what a part of one class can't tell, and runs the rest in the order
 * of the report. */
#include "validate/suite.h"

#include "validate/cases.h"
#include "validate/validate_parts.h"

#include <math.h>
#include <stdio.h>

void vouch__suite_quantity(const vouch__suite *suite, vouch__json *table, const char *name, double value)
{
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_text(suite->list, row, name);
    vouch__row_number(suite->list, row, value);
}

vouch__entry vouch__suite_entry(const vouch__suite *suite, const vouch_test *test)
{
    return VOUCH__ENTRY(.id = test->id, .section = test->section, .title = test->title,
                        .purpose = test->purpose, .method = test->mechanism, .convention = test->convention,
                        .source = test->source, .unit = test->unit, .model = suite->scored->model,
                        .part = suite->scored->part, .n = (double)suite->scored->n,
                        .n_bad = suite->scored->bad ? (double)suite->n_bad : (double)NAN);
}

void vouch__suite_refuse(const vouch__suite *suite, const vouch_test *test, const char *why)
{
    vouch__entry entry = vouch__suite_entry(suite, test);
    entry.verdict = VOUCH__REFUSED;
    entry.note = why;
    (void)vouch__evidence_add(suite->list, &entry);
}

vouch_status vouch__suite_excuse(const vouch__suite *suite, const vouch_test *test, vouch_status status)
{
    if (status != VOUCH_E_DATA && status != VOUCH_E_CONVERGE)
        return status;
    vouch__suite_refuse(suite, test, vouch_ctx_error(suite->ctx));
    return VOUCH_OK;
}

static double bad_rate(const vouch__scored *scored)
{
    vouch__dd bad = { 0 }, all = { 0 };
    for (size_t i = 0; i < scored->n; i++) {
        double w = vouch__suite_weight(scored, i);
        vouch__accumulate(&bad, w * scored->bad[i]);
        vouch__accumulate(&all, w);
    }
    return vouch__accumulated(bad) / vouch__accumulated(all);
}

/* In the order of the report. */
static const vouch_test *const tests[] = {
    &vouch__test_auc,
    &vouch__test_gini,
    &vouch__test_ks,
    &vouch__test_roc,
    &vouch__test_gap,
    &vouch__test_gains,
    &vouch__test_bands,
    &vouch__test_baseline,
    &vouch__test_log_loss,
    &vouch__test_brier,
    &vouch__test_calibration,
    &vouch__test_ece,
    &vouch__test_calibration_line,
    &vouch__test_psi_score,
    &vouch__test_score_distribution,
};
enum { TESTS = sizeof tests / sizeof *tests };

/* What needs both outcomes. */
static void refuse_outcomes(const vouch__suite *suite, const char *why)
{
    for (size_t i = 0; i < TESTS; i++)
        if (tests[i]->needs & VOUCH__NEEDS_BOTH)
            vouch__suite_refuse(suite, tests[i], why);
}

static vouch_status check_part(vouch_ctx *ctx, const vouch__scored *scored, size_t *n_bad)
{
    char what[160];
    (void)snprintf(what, sizeof what, "validate: %s on %s", scored->model ? scored->model : "the model",
                   scored->part ? scored->part : "its part");
    *n_bad = 0;
    if (scored->n == 0)
        return VOUCH_OK;
    vouch_status status = vouch__cases_check(ctx, what, scored->n, scored->raw, scored->bad, scored->weight,
                                             n_bad);
    return status ? status : vouch__cases_probability(ctx, what, scored->n, scored->probability);
}

static vouch_status with_outcomes(const vouch__suite *suite)
{
    vouch_status (*const run[])(const vouch__suite *) = {
        vouch__suite_rank,   vouch__suite_gains,       vouch__suite_bands,
        vouch__suite_scores, vouch__suite_calibration,
    };
    for (size_t i = 0; i < sizeof run / sizeof *run; i++) {
        vouch_status status = run[i](suite);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

vouch_status vouch__validate_suite(vouch_ctx *ctx, const vouch__scored *scored, const vouch__scored *train,
                                   vouch__evidence *list)
{
    vouch__suite suite = { .ctx = ctx, .scored = scored, .train = train, .list = list, .bins = VOUCH__BANDS };
    vouch_status status = check_part(ctx, scored, &suite.n_bad);
    if (!status)
        status = check_part(ctx, train, &suite.train_bad);
    if (status)
        return status;
    if (scored->n == 0) {
        for (size_t i = 0; i < TESTS; i++)
            vouch__suite_refuse(&suite, tests[i], "This part has no cases.");
        return vouch__doc_status(ctx, list->doc);
    }
    suite.rate = bad_rate(scored);
    suite.train_rate = train->n ? bad_rate(train) : suite.rate;
    if (suite.n_bad > 0 && suite.n_bad < scored->n)
        status = with_outcomes(&suite);
    else
        refuse_outcomes(&suite, suite.n_bad ? "Every case of this part is bad: the test needs both outcomes."
                                            : "No case of this part is bad: the test needs both outcomes.");
    if (!status)
        status = vouch__suite_psi(&suite);
    if (!status)
        status = vouch__suite_distribution(&suite);
    return status ? status : vouch__doc_status(ctx, list->doc);
}

static vouch__scored scored_of(const vouch__test_call *call, const vouch__sample *s)
{
    return (vouch__scored){ .model = call->model_name,
                            .part = s->part,
                            .n = s->n,
                            .raw = s->score,
                            .probability = s->probability,
                            .points = s->points,
                            .bad = s->bad,
                            .weight = s->weight,
                            .score_name = s->score_name };
}

vouch_status vouch__suite_call(vouch_ctx *ctx, const vouch__test_call *call,
                               vouch_status (*part)(const vouch__suite *suite))
{
    double bins = vouch__test_param(call, "bins");
    const vouch__scored scored = scored_of(call, call->now);
    const vouch__scored train = scored_of(call, call->before ? call->before : call->now);
    vouch__suite suite = { .ctx = ctx, .scored = &scored, .train = &train, .list = call->list };
    suite.only = call->test;
    suite.bins = bins > 0.0 ? (size_t)bins : VOUCH__BANDS;
    suite.n_bad = call->now->n_bad;
    suite.train_bad = call->before ? call->before->n_bad : suite.n_bad;
    suite.rate = scored.bad ? bad_rate(&scored) : (double)NAN;
    suite.train_rate = train.bad ? bad_rate(&train) : suite.rate;
    return part(&suite);
}
