/* Predicted numbers against numbers seen: errors, and what is left in the residuals. The score is the
 * prediction. */
#include "validate/regression.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"
#include "num/rank.h"

#include <math.h>

#define NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE)

static vouch_status run_errors(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__regression r;
    double pinball, huber, q = vouch__test_param(call, "quantile"), delta = vouch__test_param(call, "delta");
    vouch_status status = vouch__regression_measure(ctx, s->n, s->target, s->score, s->weight, 0.95, &r);
    if (!status)
        status = vouch__quantile_loss(ctx, s->n, s->target, s->score, s->weight, q, &pinball);
    if (!status)
        status = vouch__huber_loss(ctx, s->n, s->target, s->score, s->weight, delta, &huber);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = r.rmse;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "errors", "quantity,value");
    vouch__row_quantity(call, table, "mean absolute error", r.mae);
    vouch__row_quantity(call, table, "root mean squared error", r.rmse);
    vouch__row_quantity(call, table, "mean absolute percentage error", r.mape);
    vouch__row_quantity(call, table, "symmetric percentage error", r.smape);
    vouch__row_quantity(call, table, "median absolute error", r.median_ae);
    vouch__row_quantity(call, table, "largest absolute error", r.max_error);
    vouch__row_quantity(call, table, "R squared", r.r2);
    vouch__row_quantity(call, table, "explained variance", r.explained_variance);
    vouch__row_quantity(call, table, "quantile (pinball) loss", pinball);
    vouch__row_quantity(call, table, "Huber loss", huber);
    vouch__row_quantity(call, table, "cases seen at 0, left out of the percentage error", (double)r.n_zero);
    return VOUCH_OK;
}

static const vouch__param errors_params[] = {
    { "quantile", VOUCH__PARAM_REAL, 0.001, 0.999, 0.5, NULL, "", "quantile of the pinball loss" },
    { "delta", VOUCH__PARAM_REAL, 1e-9, 1e12, 1.0, NULL, "",
      "where Huber's loss turns from squared to absolute" },
};

const vouch_test vouch__test_regression_errors = {
    .id = "validate.regression_errors",
    .section = "validate",
    .title = "Errors of predicted numbers",
    .purpose = "How far are predicted amounts, rates or losses from what was seen?",
    .mechanism = "Means of |error|, of error squared, of |error| over the value seen, and of the quantile "
                 "and Huber losses; R squared is "
                 "one minus squared error over the variance of what was seen.",
    .convention = "error = predicted - seen. The percentage error leaves out cases seen at 0, which "
                  "scikit-learn divides by a tiny number. "
                  "The value is the root mean squared error.",
    .high_risk = "R squared below 0: the plain mean does better. A root mean square far above the mean "
                 "absolute error: a few cases are "
                 "very wrong.",
    .strengths = "Every usual error side by side, weighted where there are weights.",
    .limits = "No error is large or small by itself; compare with a naive prediction, and look at segments.",
    .source = "R. J. Hyndman & A. B. Koehler, International Journal of Forecasting 22 (2006) 679-688; R. "
              "Koenker & G. Bassett, "
              "Econometrica 46 (1978) 33-50; P. J. Huber, Annals of Mathematical Statistics 35 (1964) 73-101",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = errors_params,
    .n_params = sizeof errors_params / sizeof *errors_params,
    .run = run_errors,
};

static vouch_status run_bias(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__regression r;
    vouch_status status = vouch__regression_measure(ctx, s->n, s->target, s->score, s->weight, 0.95, &r);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = r.bias;
    entry.judged = true;
    if (r.bias_se > 0.0) {
        entry.level = 0.95;
        entry.low = r.bias_low;
        entry.high = r.bias_high;
        entry.interval_method = "Student";
        entry.statistic = r.bias_t;
        entry.p_value = r.bias_p;
    } else {
        entry.note = "One case, or errors that do not vary: no test is made.";
    }
    (void)vouch__test_add(call, &entry);
    return VOUCH_OK;
}

const vouch_test vouch__test_regression_bias = {
    .id = "validate.regression_bias",
    .section = "validate",
    .title = "Bias of predicted numbers",
    .purpose = "Is the prediction too high or too low on average?",
    .mechanism = "The mean error with Student's interval and test.",
    .convention = "error = predicted - seen, so a positive bias is over-prediction. Under weights the number "
                  "of cases is Kish's effective "
                  "one. Two-sided.",
    .high_risk =
        "An interval that leaves 0 out on the side that costs: too low for losses, too high for recoveries.",
    .strengths = "Simple, and the first thing a supervisor asks of an LGD or cash-flow model.",
    .limits = "A bias of 0 may hide opposite biases by segment. Heavy tails make Student's interval too "
              "short in small samples.",
    .source = "Student, Biometrika 6 (1908) 1-25",
    .null_hypothesis = "the mean error is 0",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_bias,
};

/* Residuals seen - predicted; in order of date where there are dates. */
static vouch_status residuals(vouch_ctx *ctx, const vouch__test_call *call, bool by_date, double **out)
{
    const vouch__sample *s = call->now;
    double *e = vouch__scratch(ctx, s->n, sizeof *e);
    uint32_t *order = vouch__scratch(ctx, s->n, sizeof *order);
    if (!e || !order)
        return vouch__oom(ctx);
    bool dated = by_date && s->date;
    vouch_status status = dated ? vouch__order(ctx, s->n, s->date, order) : VOUCH_OK;
    for (size_t i = 0; i < s->n && !status; i++) {
        size_t at = dated ? order[i] : i;
        e[i] = s->target[at] - s->score[at];
    }
    *out = e;
    return status;
}

static vouch_status run_memory(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__residual_test dw, box;
    double *e = NULL;
    size_t lags = (size_t)vouch__test_param(call, "lags");
    vouch_status status = residuals(ctx, call, true, &e);
    if (!status)
        status = vouch__durbin_watson(ctx, s->n, e, &dw);
    if (!status)
        status = vouch__ljung_box(ctx, s->n, e, lags < s->n ? lags : s->n - 1, 0, &box);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = dw.statistic;
    entry.judged = true;
    entry.statistic = box.statistic;
    entry.p_value = box.p_value;
    entry.note = s->date ? "In order of date." : "In the order of the rows: no dates were given.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "tests",
                                               "test,statistic,degrees_of_freedom,p_value");
    vouch__test_row(call, table, "tnnn", "Durbin-Watson", dw.statistic, dw.df, dw.p_value);
    vouch__test_row(call, table, "tnnn", "Ljung-Box", box.statistic, box.df, box.p_value);
    return VOUCH_OK;
}

static const vouch__param memory_params[] = {
    { "lags", VOUCH__PARAM_INTEGER, 1.0, 1000.0, 10.0, NULL, "cases", "lags of the Ljung-Box statistic" },
};

const vouch_test vouch__test_residual_memory = {
    .id = "validate.residual_memory",
    .section = "validate",
    .title = "Residuals that remember: Durbin-Watson and Ljung-Box",
    .purpose = "Does an error say something about the next? In a macro-economic or cash-flow model it must "
               "not: intervals would be too "
               "short, and a driver is missing.",
    .mechanism =
        "Durbin-Watson is the sum of squared steps of the residuals over their sum of squares, 2 when "
        "neighbours are "
        "uncorrelated. Ljung-Box sums squared autocorrelations up to a lag and compares with chi-square.",
    .convention = "Residuals are seen - predicted, by date where dates are given. The value is "
                  "Durbin-Watson's, statistic and p are "
                  "Ljung-Box's. Durbin-Watson's own p (in the table) is normal with von Neumann's variance "
                  "on centred residuals; it is "
                  "not that of a regression's residuals, for which the design would be needed.",
    .high_risk = "Durbin-Watson below 1.5, or a small Ljung-Box p.",
    .strengths = "Finds memory at the first lag and at any up to the last.",
    .limits = "Needs residuals in time order, one a period. With few periods it has little power. If "
              "parameters were fitted to this very "
              "series the degrees of freedom should be fewer.",
    .source = "J. Durbin & G. S. Watson, Biometrika 37 (1950) 409-428; G. M. Ljung & G. E. P. Box, "
              "Biometrika 65 (1978) 297-303",
    .null_hypothesis = "residuals are uncorrelated",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_DATE,
    .params = memory_params,
    .n_params = sizeof memory_params / sizeof *memory_params,
    .run = run_memory,
};

static vouch_status run_normality(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__residual_test jb, lilliefors;
    double *e = NULL;
    vouch_status status = residuals(ctx, call, false, &e);
    if (!status)
        status = vouch__jarque_bera(ctx, s->n, e, &jb);
    if (!status)
        status = vouch__lilliefors(ctx, s->n, e, &lilliefors);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = lilliefors.statistic;
    entry.judged = true;
    entry.statistic = lilliefors.statistic;
    entry.p_value = lilliefors.p_value;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "tests", "test,statistic,p_value");
    vouch__test_row(call, table, "tnn", "Lilliefors", lilliefors.statistic, lilliefors.p_value);
    vouch__test_row(call, table, "tnn", "Jarque-Bera", jb.statistic, jb.p_value);
    return VOUCH_OK;
}

const vouch_test vouch__test_residual_normality = {
    .id = "validate.residual_normality",
    .section = "validate",
    .title = "Normality of residuals: Lilliefors and Jarque-Bera",
    .purpose = "May intervals and tests that assume normal errors be believed?",
    .mechanism =
        "Lilliefors is the largest distance of the residuals' distribution from the normal with their own "
        "mean and spread; its "
        "p-value comes from a simulated table. Jarque-Bera adds squared skewness and excess kurtosis.",
    .convention = "The value is Lilliefors' distance. Its p is that of estimated parameters; a plain "
                  "Kolmogorov-Smirnov p would be far too "
                  "large. p is kept within 0.0001 and 1.",
    .high_risk = "A small p together with a distance that is visible, in a model whose intervals are used.",
    .strengths =
        "The two see different things: Lilliefors the middle of the distribution, Jarque-Bera the tails.",
    .limits = "Large samples reject for departures that do not matter. Jarque-Bera holds its size badly "
              "below some hundred cases; "
              "docs/test_sizes.md has the figures.",
    .source = "H. W. Lilliefors, JASA 62 (1967) 399-402; M. A. Stephens, JASA 69 (1974) 730-737; C. M. "
              "Jarque & A. K. Bera, "
              "International Statistical Review 55 (1987) 163-172",
    .null_hypothesis = "residuals are normal",
    .needs = NEEDS,
    .run = run_normality,
};

static vouch_status run_spread(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__residual_test t;
    double *e = NULL;
    vouch_status status = residuals(ctx, call, false, &e);
    if (!status)
        status = vouch__breusch_pagan(ctx, s->n, 1, e, s->score, &t);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = entry.statistic = t.statistic;
    entry.judged = true;
    entry.p_value = t.p_value;
    (void)vouch__test_add(call, &entry);
    return VOUCH_OK;
}

const vouch_test vouch__test_residual_spread = {
    .id = "validate.residual_spread",
    .section = "validate",
    .title = "Spread of residuals by prediction: Breusch-Pagan",
    .purpose =
        "Are errors larger where the prediction is larger? Then one width of interval is wrong everywhere.",
    .mechanism = "Squared residuals are regressed on the prediction; n R squared is compared with chi-square "
                 "of one degree of freedom.",
    .convention = "Koenker's studentised form, which does not assume normal errors. The only regressor is "
                  "the prediction.",
    .high_risk = "A small p; look whether the spread grows in proportion to the prediction, and use "
                 "intervals that scale.",
    .strengths = "Needs neither the model nor its inputs.",
    .limits = "Sees spread that is linear in the prediction only.",
    .source = "T. S. Breusch & A. R. Pagan, Econometrica 47 (1979) 1287-1294; R. Koenker, Journal of "
              "Econometrics 17 (1981) 107-112",
    .null_hypothesis = "the spread of residuals does not depend on the prediction",
    .needs = NEEDS,
    .run = run_spread,
};
