/* Are the probabilities right? Bands, errors, and the parts of Brier's score. */
#include "validate/reliability.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>

static int by_mass(const vouch__test_call *call) { return vouch__test_choice(call, "by", "mass"); }

#define BINS                                                                                                 \
    { "bins", VOUCH__PARAM_INTEGER, 2.0, 200.0, 10.0, NULL, "bins", "how many bins" },                       \
    {                                                                                                        \
        "by", VOUCH__PARAM_CHOICE, 0.0, 0.0, 0.0, "mass|width", "",                                          \
            "bins of equal numbers of cases, or of equal width"                                              \
    }

static vouch_status run_bands(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    size_t bins = (size_t)vouch__test_param(call, "bins"), used = 0;
    double outside = 0.0, level = vouch__test_param(call, "level");
    vouch__reliability_band *band = vouch__scratch(ctx, bins, sizeof *band);
    if (!band)
        return vouch__oom(ctx);
    vouch_status status = vouch__reliability_bands(ctx, s->n, s->probability, s->bad, bins, by_mass(call),
                                                   level, band, &used);
    if (status)
        return status;
    for (size_t k = 0; k < used; k++) {
        double rate = band[k].bad / band[k].n;
        outside += rate < band[k].expected_low || rate > band[k].expected_high;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = outside / (double)used;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "reliability",
                                               "rate_from,rate_to,n,n_bad,predicted_rate,bad_rate,rate_low,"
                                               "rate_high,expected_rate_low,expected_rate_high");
    for (size_t k = 0; k < used; k++)
        vouch__test_row(call, table, "nnnnnnnnnn", band[k].from, band[k].to, band[k].n, band[k].bad,
                        band[k].mean_probability, band[k].bad / band[k].n, band[k].low, band[k].high,
                        band[k].expected_low, band[k].expected_high);
    vouch__evidence_plot(call->list, object, "interval", "reliability", "predicted_rate",
                         "bad_rate,rate_low,rate_high", "mean predicted probability", "observed bad rate");
    return VOUCH_OK;
}

static const vouch__param bands_params[] = {
    BINS, { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "chance of the bands" }
};

const vouch_test vouch__test_reliability = {
    .id = "calibration.reliability",
    .section = "validate",
    .title = "Reliability curve with consistency bands",
    .purpose = "Where do the predicted probabilities part from what happened, and by more than chance?",
    .mechanism = "Cases are put in bins of predicted probability. Each bin shows its bad rate with Wilson's "
                 "interval, and the "
                 "range in which a right model's bad rate would lie: quantiles of the number of bads when "
                 "every case goes bad "
                 "with its own probability. The value is the share of bins outside that range.",
    .convention = "Bins hold equal numbers and never split equal probabilities, unless equal widths are "
                  "asked for. The range is "
                  "exact up to 60 expected events, then Cornish and Fisher's expansion.",
    .high_risk = "Bins outside on one side at one end of the curve: the model is too sure of itself, or the "
                 "bad rate has moved. "
                 "With ten bins at 95 %, one outside in two samples is chance.",
    .strengths = "Shows where, not only whether; the consistency band is right in bins with hardly a bad "
                 "case, where an interval "
                 "around the observed rate is not.",
    .limits = "Bins hide what lies within them, and bands are for one bin at a time.",
    .source = "J. Brocker & L. A. Smith, Weather and Forecasting 22 (2007) 651-661",
    .null_hypothesis = "every probability is right",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .params = bands_params,
    .n_params = sizeof bands_params / sizeof *bands_params,
    .run = run_bands,
};

static vouch_status run_errors(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const struct {
        const char *name;
        int equal_mass;
    } by[] = { { "equal mass", 1 }, { "equal width", 0 } };
    const vouch__sample *s = call->now;
    size_t bins = (size_t)vouch__test_param(call, "bins"), used = 0;
    vouch__reliability *r = vouch__scratch(ctx, bins, sizeof *r);
    vouch__calibration_errors e[2];
    if (!r)
        return vouch__oom(ctx);
    for (size_t k = 0; k < 2; k++) {
        vouch_status status = vouch__reliability_table(ctx, s->n, s->probability, s->bad, s->weight, bins,
                                                       by[k].equal_mass, r, &used);
        if (status)
            return status;
        e[k] = vouch__calibration_errors_of(used, r, 0.95);
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = e[0].ece_debiased;
    entry.judged = true;
    entry.critical = e[0].critical;
    entry.statistic = e[0].ece;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "errors",
        "bins,ece,ece_debiased,mce,rms,rms_debiased,expected_if_right,critical_if_right");
    for (size_t k = 0; k < 2; k++)
        vouch__test_row(call, table, "tnnnnnnn", by[k].name, e[k].ece, e[k].ece_debiased, e[k].mce, e[k].rms,
                        e[k].rms_debiased, e[k].expected, e[k].critical);
    return VOUCH_OK;
}

static const vouch__param errors_params[] = { { "bins", VOUCH__PARAM_INTEGER, 2.0, 200.0, 10.0, NULL, "bins",
                                                "how many bins" } };

const vouch_test vouch__test_calibration_errors = {
    .id = "calibration.errors",
    .section = "validate",
    .title = "Calibration errors with their bias taken off",
    .purpose = "By how much is a predicted probability wrong on average, and at worst?",
    .mechanism = "Over bins of predicted probability: the mean |bad rate - mean probability| (ECE), its "
                 "largest (MCE), and the root "
                 "mean square. Sampling alone makes all of them positive; the debiased figures take off what "
                 "it adds, from the "
                 "folded normal distribution for the mean and the variance of each bad rate for the square.",
    .convention = "The value is the debiased ECE of bins of equal mass; equal widths stand beside it. "
                  "statistic is the plain ECE, and "
                  "critical what a right model's stays below 95 % of the time.",
    .high_risk = "A plain ECE above the critical value: the error is real. A debiased ECE of 2 % in a book "
                 "with 3 % bad is most of "
                 "the price.",
    .strengths = "Comparable across sample sizes, which the plain ECE is not: at 500 cases a right model "
                 "shows several per cent.",
    .limits = "Depends on the number of bins. The folded-normal correction is crude in bins with fewer than "
              "about five bads.",
    .source = "A. Kumar, P. Liang & T. Ma, NeurIPS (2019) 3787-3798; M. P. Naeini, G. F. Cooper & M. "
              "Hauskrecht, AAAI (2015)",
    .null_hypothesis = "every probability is right",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = errors_params,
    .n_params = sizeof errors_params / sizeof *errors_params,
    .run = run_errors,
};

static vouch_status run_brier(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__brier_parts b;
    vouch_status status = vouch__brier_decompose(ctx, s->n, s->probability, s->bad, s->weight,
                                                 (size_t)vouch__test_param(call, "bins"), by_mass(call), &b);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = b.reliability;
    entry.judged = true;
    entry.statistic = b.score;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "parts", "part,value");
    vouch__row_quantity(call, table, "Brier score", b.score);
    vouch__row_quantity(call, table, "reliability: distance of rates from probabilities (+)", b.reliability);
    vouch__row_quantity(call, table, "resolution: how far rates differ between bins (-)", b.resolution);
    vouch__row_quantity(call, table, "uncertainty: the score of the bad rate alone (+)", b.uncertainty);
    vouch__row_quantity(call, table, "variance of probabilities within bins (+)", b.within_variance);
    vouch__row_quantity(call, table, "twice their covariance with outcomes (-)", b.within_covariance);
    vouch__row_quantity(call, table, "skill against the bad rate", b.skill);
    return VOUCH_OK;
}

static const vouch__param brier_params[] = { BINS };

const vouch_test vouch__test_brier_parts = {
    .id = "calibration.brier_parts",
    .section = "validate",
    .title = "Brier score in its parts",
    .purpose =
        "Is the score lost to wrong levels, which can be repaired, or to weak separation, which cannot?",
    .mechanism = "The mean squared error is reliability - resolution + uncertainty over bins of predicted "
                 "probability, plus the "
                 "variance of the probabilities within bins, less twice their covariance with the outcomes.",
    .convention = "With the two within-bin terms the parts add up to the score to rounding; without them, as "
                  "often printed, they do "
                  "only when all probabilities in a bin are equal. The value is reliability.",
    .high_risk = "Reliability that is a large part of the score: recalibrate before anything else is judged. "
                 "Resolution near 0: the "
                 "model does not separate.",
    .strengths = "A proper score, so it cannot be improved by saying what one does not believe, taken apart "
                 "into what to do.",
    .limits = "In a book with 1 % bad all numbers are tiny and uncertainty dominates; read the skill.",
    .source = "A. H. Murphy, Journal of Applied Meteorology 12 (1973) 595-600; D. B. Stephenson, C. A. S. "
              "Coelho & I. T. Jolliffe, "
              "Weather and Forecasting 23 (2008) 752-757",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = brier_params,
    .n_params = sizeof brier_params / sizeof *brier_params,
    .run = run_brier,
};
