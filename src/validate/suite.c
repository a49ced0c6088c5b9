/* The suite: counts the classes, refuses what a part of one class can't tell, and runs the rest in the order
 * of the report. */
#include "validate/suite.h"

#include "num/special.h"
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

void vouch__jeffreys(double bad, double n, double *out_low, double *out_high)
{
    *out_low = bad > 0.0 ? vouch__beta_quantile(0.025, bad + 0.5, n - bad + 0.5) : 0.0;
    *out_high = bad < n ? vouch__beta_quantile(0.975, bad + 0.5, n - bad + 0.5) : 1.0;
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

/* What needs both outcomes. */
static void refuse_outcomes(const vouch__suite *suite, const char *why)
{
    for (int test = 0; test < VOUCH__TESTS; test++)
        if (test != VOUCH__TEST_PSI && test != VOUCH__TEST_DISTRIBUTION)
            vouch__suite_refuse(suite, (vouch__test)test, why);
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
    vouch__suite suite = { .ctx = ctx, .scored = scored, .train = train, .list = list };
    vouch_status status = check_part(ctx, scored, &suite.n_bad);
    if (!status)
        status = check_part(ctx, train, &suite.train_bad);
    if (status)
        return status;
    if (scored->n == 0) {
        for (int test = 0; test < VOUCH__TESTS; test++)
            vouch__suite_refuse(&suite, (vouch__test)test, "This part has no cases.");
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
