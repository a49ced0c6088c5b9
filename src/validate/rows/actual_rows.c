/* What happened over what was expected: in all, and band by band of the prediction. */
#include "validate/rows/row_parts.h"
#include "validate/rows/yard_rows.h"

#include "base/ctx.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { BANDS_MAX = 50 };
#define ALPHA 0.05

static const vouch__param params[] = { VOUCH__PARAM_YARDSTICK };

/* A size counts where it is more than chance. */
static void judge(vouch__entry *entry)
{
    entry->judged = entry->p_value < ALPHA;
    entry->verdict = isnan(entry->p_value) ? VOUCH__INFO : VOUCH__PASS;
    entry->note = entry->judged || isnan(entry->p_value) ? NULL : "Not more than chance.";
}

static vouch_status run_ratio(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__yardstick yard = vouch__call_yardstick(call);
    vouch__actual_sum sum = { .n = 0 };
    double dispersion = NAN;
    vouch_status status = vouch__call_dispersion(ctx, call, &dispersion);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++)
        vouch__actual_add(&sum, yard, s->target[i], s->score[i], vouch__case_weight(s, i));
    vouch__ratio r = vouch__actual_ratio(&sum, dispersion, 0.95);
    if (isnan(r.ratio))
        return vouch__fail(ctx, VOUCH_E_DATA, "the predictions do not add up to more than 0");
    vouch__entry entry = vouch__test_entry(call);
    entry.value = fabs(r.ratio - 1.0);
    entry.statistic = r.z;
    entry.p_value = r.p;
    judge(&entry);
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "sums", "quantity,value");
    vouch__row_quantity(call, table, "weight (exposure)", r.weight);
    vouch__row_quantity(call, table, "actual", r.seen);
    vouch__row_quantity(call, table, "expected", r.expected);
    vouch__row_quantity(call, table, "actual over expected", r.ratio);
    vouch__row_quantity(call, table, "low, 95 %", r.low);
    vouch__row_quantity(call, table, "high, 95 %", r.high);
    return VOUCH_OK;
}

const vouch_test vouch__test_actual_expected = {
    .id = "validate.actual_expected",
    .section = "validate",
    .title = "Actual over expected",
    .purpose = "Did as much happen as the predictions said, in all? A tariff that is off in its level is off "
               "for everyone.",
    .mechanism = "The sum of outcomes over the sum of predictions, each times its weight.",
    .convention = VOUCH__YARD_WEIGHTS VOUCH__YARD_CHANCE
    "The value is the size of the ratio's distance from 1; one that is not more than chance passes.",
    .high_risk = "More than a tenth off, in either direction, beyond what chance gives.",
    .strengths = "The first number an actuary asks for, in the money or claims it is about.",
    .limits = "A level that is right in all may hide one that is wrong everywhere: read it by band and by "
              "feature. A trend between the years of train and test shows here as an error of the model.",
    .source = "M. Goldburd, A. Khare, D. Tevet & D. Guller, Generalized Linear Models for Insurance Rating, "
              "CAS Monograph 5 (2020) 70-80",
    .null_hypothesis = "what happens is what was predicted",
    .unit = "relative error",
    .needs = VOUCH__YARD_NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_ratio,
};

/* ---- by band ---- */

static const vouch__param band_params[] = { VOUCH__PARAM_YARDSTICK, VOUCH__PARAM_WEIGHT_BANDS };

static void band_table(const vouch__test_call *call, vouch__json *object, size_t n,
                       const vouch__actual_sum *sum, double dispersion)
{
    vouch__json *table = vouch__evidence_table(
        call->list, object, "bands",
        "band,n,weight,predicted,actual,actual_low,actual_high,actual_over_expected,p_value");
    for (size_t b = 0; b < n; b++) {
        vouch__ratio r = vouch__actual_ratio(&sum[b], dispersion, 0.95);
        double predicted = r.expected / r.weight;
        vouch__test_row(call, table, "nnnnnnnnn", (double)(b + 1), (double)sum[b].n, r.weight, predicted,
                        r.seen / r.weight, r.low * predicted, r.high * predicted, r.ratio, r.p);
    }
    vouch__evidence_plot(call->list, object, "line", "bands", "band",
                         "actual,actual_low,actual_high,predicted", "band of the prediction, lowest first",
                         "mean outcome");
}

static vouch_status run_bands(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__yardstick yard = vouch__call_yardstick(call);
    vouch__actual_sum sum[BANDS_MAX], all = { .n = 0 };
    double dispersion = NAN, off = 0.0, squares = 0.0;
    size_t n_bands = 0;
    uint8_t *of = vouch__scratch(ctx, s->n + 1, 1);
    memset(sum, 0, sizeof sum);
    if (!of)
        return vouch__oom(ctx);
    vouch_status status = vouch__call_dispersion(ctx, call, &dispersion);
    if (!status)
        status = vouch__weight_bands(ctx, s->n, s->score, s->weight, (size_t)vouch__test_param(call, "bands"),
                                     of, &n_bands);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        vouch__actual_add(&sum[of[i]], yard, s->target[i], s->score[i], vouch__case_weight(s, i));
        vouch__actual_add(&all, yard, s->target[i], s->score[i], vouch__case_weight(s, i));
    }
    vouch__ratio whole = vouch__actual_ratio(&all, dispersion, 0.95);
    for (size_t b = 0; b < n_bands; b++) {
        vouch__ratio r = vouch__actual_ratio(&sum[b], dispersion, 0.95);
        off += fabs(r.seen - r.expected);
        squares += r.z * r.z;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = whole.expected > 0.0 ? off / whole.expected : (double)NAN;
    entry.statistic = squares;
    entry.p_value = vouch__chi2_sf(squares, (double)n_bands);
    judge(&entry);
    if (isnan(entry.value))
        entry.note = "The predictions do not add up to more than 0, so there is no relative error.";
    else if (isinf(entry.value))
        return vouch__fail(ctx, VOUCH_E_DATA, "bands: outcomes are too large to be added up");
    vouch__json *object = vouch__test_add(call, &entry);
    band_table(call, object, n_bands, sum, dispersion);
    return VOUCH_OK;
}

const vouch_test vouch__test_actual_bands = {
    .id = "validate.actual_bands",
    .section = "validate",
    .title = "Lift chart: actual and predicted by band",
    .purpose =
        "Do the cases that are predicted to be cheap turn out cheap, and the dear ones dear, by as much "
        "as was said?",
    .mechanism =
        "Cases in order of the prediction are cut into bands of about equal weight; in each the mean "
        "outcome stands beside the mean prediction.",
    .convention = VOUCH__YARD_WEIGHTS VOUCH__YARD_CHANCE
    "The value is the calibration error: the sizes of actual less expected, summed over bands, over the "
    "expected in all; the statistic is the sum of the bands' squared z, chi-square with a degree for each. A "
    "size "
    "that is not more than chance passes.",
    .high_risk = "Actual outcomes that do not rise from band to band; the last band far from its prediction.",
    .strengths = "Shows order, level and spread of the predictions in one picture that anyone can read.",
    .limits = "Errors of opposite sign within a band cancel. With few events the bands' own chance is wide: "
              "see the intervals.",
    .source = "M. Goldburd, A. Khare, D. Tevet & D. Guller, Generalized Linear Models for Insurance Rating, "
              "CAS Monograph 5 (2020) 70-80; T. Fissler, C. Lorentzen & M. Mayer, Model comparison and "
              "calibration assessment (2022), arXiv 2202.12780",
    .null_hypothesis = "in every band what happens is what was predicted",
    .unit = "relative error",
    .needs = VOUCH__YARD_NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = band_params,
    .n_params = sizeof band_params / sizeof *band_params,
    .run = run_bands,
};
