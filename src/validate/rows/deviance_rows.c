/* How much of what happened a prediction explains, in the deviance of what the outcome is; and the residuals
 * of that deviance. */
#include "validate/rows/row_parts.h"
#include "validate/rows/yard_rows.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>

static const vouch__param params[] = { VOUCH__PARAM_YARDSTICK };

static vouch_status run_deviance(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__deviance d;
    vouch_status status = vouch__deviance_measure(ctx, vouch__call_yardstick(call), s->n, s->target, s->score,
                                                  s->weight, &d);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = d.explained;
    entry.judged = !isnan(d.explained);
    if (!isnan(d.error)) {
        double reach = vouch__cases_margin(0.95) * d.error;
        entry.level = 0.95;
        entry.low = d.explained - reach;
        entry.high = d.explained + reach;
        entry.interval_method = "normal, by the cases' differences";
    } else if (isnan(d.explained)) {
        entry.note = "Every outcome is the same: there is nothing to explain.";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "deviance", "quantity,value");
    vouch__row_quantity(call, table, "weight (exposure)", d.weight);
    vouch__row_quantity(call, table, "mean outcome", d.mean);
    vouch__row_quantity(call, table, "mean deviance by weight", d.deviance);
    vouch__row_quantity(call, table, "of the mean outcome alone", d.null);
    vouch__row_quantity(call, table, "mean deviance by case", d.deviance * d.weight / (double)s->n);
    vouch__row_quantity(call, table, "of the mean outcome alone, by case", d.null * d.weight / (double)s->n);
    vouch__row_quantity(call, table, "Pearson dispersion", d.dispersion);
    return VOUCH_OK;
}

const vouch_test vouch__test_deviance = {
    .id = "validate.deviance",
    .section = "validate",
    .title = "Deviance explained",
    .purpose = "How much of what happened do the predictions explain, beside telling everyone the mean? The "
               "deviance measures it as the outcome wants: counts as counts, amounts in proportion.",
    .mechanism = "One less the deviance of the predictions over that of the mean outcome of the same cases. "
                 "The deviance is twice the log-likelihood that a prediction loses against the outcome.",
    .convention = VOUCH__YARD_WEIGHTS
    "With squared deviance the value is R squared. The interval is of the cases' differences of "
    "deviance, the mean's own taken as known.",
    .high_risk = "A value below 0: the mean alone does better. In motor frequency a few percent are usual, "
                 "because chance is most of what happens; a value far above what was seen elsewhere says "
                 "that an input knows the outcome. A Pearson dispersion far from 1, of a count: the spread "
                 "is not that of the family.",
    .strengths = "A proper score: the true mean has the largest value. Comparable between models of the same "
                 "cases, whatever they were fitted by.",
    .limits = "Not comparable between portfolios. Large amounts decide it with squared deviance. Tweedie "
              "deviance is that of power 1.5.",
    .source = "McCullagh & Nelder, Generalized Linear Models (1989) 33-36; T. Gneiting, JASA 106 (2011) "
              "746-762; Hastie, Tibshirani & Wainwright, Statistical Learning with Sparsity (2015) 33",
    .unit = "share of deviance",
    .needs = VOUCH__YARD_NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_deviance,
};

/* ---- residuals ---- */

static const vouch__param residual_params[] = { VOUCH__PARAM_YARDSTICK, VOUCH__PARAM_WEIGHT_BANDS };

static void residual_row(const vouch__test_call *call, vouch__json *table, size_t band, double predicted,
                         size_t n, const double *sorted, double sum)
{
    static const double at[] = { 0.05, 0.25, 0.5, 0.75, 0.95 };
    double q[5];
    for (size_t k = 0; k < 5; k++)
        q[k] = vouch__quantile_sorted(n, sorted, at[k]);
    vouch__test_row(call, table, "nnnnnnnnn", (double)(band + 1), (double)n, predicted, sum / (double)n, q[0],
                    q[1], q[2], q[3], q[4]);
}

static vouch_status residual_bands(vouch_ctx *ctx, const vouch__test_call *call, size_t n_bands,
                                   const uint8_t *of, const double *e, vouch__json *table)
{
    const vouch__sample *s = call->now;
    double *here = vouch__scratch(ctx, s->n + 1, sizeof *here);
    vouch_status status = VOUCH_OK;
    if (!here)
        return vouch__oom(ctx);
    for (size_t b = 0; b < n_bands && !status; b++) {
        vouch__dd sum = { 0 }, weight = { 0 }, predicted = { 0 };
        size_t n = 0, known;
        for (size_t i = 0; i < s->n; i++) {
            if (of[i] != b)
                continue;
            here[n++] = e[i];
            vouch__accumulate(&sum, e[i]);
            vouch__accumulate(&weight, vouch__case_weight(s, i));
            vouch__accumulate(&predicted, vouch__case_weight(s, i) * s->score[i]);
        }
        status = vouch__sort(ctx, n, here, &known);
        if (!status)
            residual_row(call, table, b, vouch__accumulated(predicted) / vouch__accumulated(weight), n, here,
                         vouch__accumulated(sum));
    }
    return status;
}

/* The deviance residuals' own quantiles beside those of a normal. */
static vouch_status normal_quantiles(vouch_ctx *ctx, const vouch__test_call *call, double *e,
                                     vouch__json *object)
{
    static const double at[] = { 0.01, 0.02, 0.05, 0.1, 0.2,  0.3,  0.4, 0.5,
                                 0.6,  0.7,  0.8,  0.9, 0.95, 0.98, 0.99 };
    size_t n = call->now->n, known;
    vouch_status status = vouch__sort(ctx, n, e, &known);
    vouch__json *table = vouch__evidence_table(call->list, object, "quantiles",
                                               "share_below,normal,residual");
    for (size_t k = 0; k < sizeof at / sizeof *at && !status; k++)
        vouch__test_row(call, table, "nnn", at[k], vouch__normal_quantile(at[k]),
                        vouch__quantile_sorted(n, e, at[k]));
    return status;
}

static vouch_status run_residuals(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__yardstick yard = vouch__call_yardstick(call);
    double *e = vouch__scratch(ctx, s->n + 1, sizeof *e), dispersion = NAN;
    uint8_t *of = vouch__scratch(ctx, s->n + 1, 1);
    size_t n_bands = 0;
    vouch__dd squares = { 0 };
    if (!e || !of)
        return vouch__oom(ctx);
    vouch_status status = vouch__call_dispersion(ctx, call, &dispersion);
    if (!status)
        status = vouch__weight_bands(ctx, s->n, s->score, s->weight, (size_t)vouch__test_param(call, "bands"),
                                     of, &n_bands);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        double d = vouch__case_weight(s, i) * vouch__yard_deviance(yard, s->target[i], s->score[i]);
        e[i] = s->target[i] < s->score[i] ? -sqrt(d) : sqrt(d);
        vouch__accumulate(&squares, d);
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = vouch__accumulated(squares) / (double)s->n;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "bands",
                                               "band,n,mean_prediction,mean,p5,p25,median,p75,p95");
    status = residual_bands(ctx, call, n_bands, of, e, table);
    if (!status)
        status = normal_quantiles(ctx, call, e, object);
    vouch__evidence_plot(call->list, object, "line", "bands", "mean_prediction", "median,p5,p95,mean",
                         "mean prediction of the band", "deviance residual");
    return status;
}

const vouch_test vouch__test_deviance_residuals = {
    .id = "validate.deviance_residuals",
    .section = "validate",
    .title = "Deviance residuals by prediction",
    .purpose = "Is anything left in the residuals: a curve along the prediction, a spread that grows, a tail "
               "that is too long?",
    .mechanism = "Each case's signed root of its weighted deviance, in bands of the prediction: mean, median "
                 "and outer quantiles. A second table sets the quantiles of all residuals beside those of a "
                 "normal distribution.",
    .convention = VOUCH__YARD_WEIGHTS
    "Above 0 more happened than was predicted. The value is the mean square, near the dispersion where "
    "residuals are about normal. Bands have about equal weight; equal predictions share one.",
    .high_risk = "A mean that leaves 0 in one direction along the prediction: the shape is wrong. Quantiles "
                 "that fan out more than the family says: the variance is.",
    .strengths = "Of all simple residuals these are the nearest to normal, so the eye is not misled by "
                 "skewness that belongs to the outcome.",
    .limits = "Counts that are mostly 0 have residuals in two clouds whatever the model: read the mean, and "
              "the bands of actual against expected. No verdict is given.",
    .source = "D. A. Pierce & D. W. Schafer, JASA 81 (1986) 977-986; McCullagh & Nelder, Generalized Linear "
              "Models (1989) 396-400",
    .unit = "mean square",
    .needs = VOUCH__YARD_NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = residual_params,
    .n_params = sizeof residual_params / sizeof *residual_params,
    .run = run_residuals,
};
