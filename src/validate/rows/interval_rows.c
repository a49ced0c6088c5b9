/* Intervals: conformal ones for predicted numbers, resampled ones for ranking. */
#include "validate/bootstrap.h"
#include "validate/conformal.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>

static vouch_status run_conformal(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now, *b = call->before;
    double level = vouch__test_param(call, "level"), reach;
    double *low = vouch__scratch(ctx, s->n, sizeof *low), *high = vouch__scratch(ctx, s->n, sizeof *high);
    vouch__coverage c;
    if (!low || !high)
        return vouch__oom(ctx);
    vouch_status status = vouch__conformal_reach(ctx, b->n, b->target, b->score, NULL, level, &reach);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        low[i] = s->score[i] - reach;
        high[i] = s->score[i] + reach;
    }
    status = vouch__coverage_measure(ctx, s->n, s->target, low, high, &c);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = c.rate;
    entry.judged = true;
    entry.level = 0.95;
    entry.low = c.rate_low;
    entry.high = c.rate_high;
    entry.interval_method = "Clopper-Pearson";
    entry.statistic = c.held;
    entry.p_value = vouch__conformal_p(b->n, level, (double)s->n, c.held);
    if (isinf(reach))
        entry.note =
            "The reference is too small for this level: the only interval with that coverage is everything.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "intervals", "quantity,value");
    vouch__row_quantity(call, table, "half the width of an interval", reach);
    vouch__row_quantity(call, table, "promised coverage", level);
    vouch__row_quantity(call, table, "cases that lay in their interval", c.held);
    return VOUCH_OK;
}

static const vouch__param conformal_params[] = {
    { "level", VOUCH__PARAM_REAL, 0.01, 0.999, 0.9, NULL, "", "promised coverage" },
};

const vouch_test vouch__test_conformal = {
    .id = "validate.conformal",
    .section = "validate",
    .title = "Split conformal intervals and their coverage",
    .purpose = "How wide must an interval around a prediction be to hold the truth as often as promised, and "
               "does it here?",
    .mechanism = "The ceil((n + 1) level)-th smallest absolute error on the reference is added to and taken "
                 "from every prediction; the share of "
                 "cases here that lie within is the coverage.",
    .convention =
        "The score is the prediction. The reference must not have been used to fit the model. p is one-sided "
        "for coverage below the promise, exact where cases are exchangeable without ties: the number "
        "held is beta-binomial, which counts the error of the reference's quantile.",
    .high_risk = "Coverage below the promise: these cases are not like the reference. Intervals so wide that "
                 "no decision would change.",
    .strengths = "Holds for any model and any distribution, in samples of any size, as long as cases are "
                 "exchangeable.",
    .limits =
        "The promise is an average: intervals of one width are too wide for easy cases and too narrow for "
        "hard ones.",
    .source =
        "V. Vovk, A. Gammerman & G. Shafer, Algorithmic Learning in a Random World (2005); J. Lei et "
        "al., JASA 113 (2018) 1094-1111; V. Vovk, ACML, PMLR 25 (2012) 475-490 (the law of the coverage)",
    .null_hypothesis = "the cases are like those of the reference: the coverage is what was promised",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE | VOUCH__NEEDS_REFERENCE,
    .params = conformal_params,
    .n_params = sizeof conformal_params / sizeof *conformal_params,
    .run = run_conformal,
};

static vouch_status run_bootstrap(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    size_t n = (size_t)vouch__test_param(call, "resamples");
    double level = vouch__test_param(call, "level"), auc, ks,
           *replicate = vouch__scratch(ctx, 2 * n, sizeof *replicate);
    vouch__boot_interval of_auc, of_ks;
    if (!replicate)
        return vouch__oom(ctx);
    vouch_status status = vouch_validate_auc(ctx, s->n, s->score, s->bad, NULL, &auc);
    if (!status)
        status = vouch_validate_ks(ctx, s->n, s->score, s->bad, NULL, &ks, NULL);
    if (!status)
        status = vouch__bootstrap(ctx, &(vouch__boot_data){ .n = s->n, .score = s->score, .bad = s->bad }, n,
                                  call->seed, replicate, replicate + n, NULL);
    if (!status)
        status = vouch__boot_summary(ctx, n, replicate, auc, level, &of_auc);
    if (!status)
        status = vouch__boot_summary(ctx, n, replicate + n, ks, level, &of_ks);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = auc;
    entry.judged = true;
    if (isnan(of_auc.low)) {
        entry.note = "More than one resample in twenty lacks one of the outcomes: no interval is given.";
    } else {
        entry.level = level;
        entry.low = of_auc.low;
        entry.high = of_auc.high;
        entry.interval_method = "Poisson bootstrap, percentiles";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "resampled",
                                               "measure,value,low,high,standard_error,bias,used");
    vouch__test_row(call, table, "tnnnnnn", "AUC", auc, of_auc.low, of_auc.high, of_auc.se, of_auc.bias,
                    (double)of_auc.used);
    vouch__test_row(call, table, "tnnnnnn", "KS", ks, of_ks.low, of_ks.high, of_ks.se, of_ks.bias,
                    (double)of_ks.used);
    return VOUCH_OK;
}

static const vouch__param bootstrap_params[] = {
    { "resamples", VOUCH__PARAM_INTEGER, 100.0, 10000.0, 1000.0, NULL, "resamples", "how many" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_bootstrap = {
    .id = "validate.bootstrap",
    .section = "validate",
    .title = "Resampled intervals of AUC and KS",
    .purpose = "How far could these measures have come out otherwise, with other cases of the same kind? For "
               "KS there is no simple formula.",
    .mechanism = "In each resample every case counts a Poisson(1) number of times; AUC and KS are computed "
                 "again, on rows sorted once. Intervals "
                 "are percentiles of the replicates.",
    .convention = VOUCH__ORIENTED "Tied scores count one half and move together. The seed is in the "
                                  "evidence; any number of threads gives the "
                                  "same bits.",
    .high_risk =
        "A KS whose bias is as large as its standard error: the sample is small, and the KS flatters.",
    .strengths = "One method for every measure, and an independent check of DeLong's interval.",
    .limits = "Percentile intervals of KS are shifted upwards by its bias, which is shown. Cases are taken "
              "as independent: for several rows a "
              "person, resample persons instead.",
    .source = "B. Efron & R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; J. A. Hanley & "
              "B. MacGibbon, Computational "
              "Statistics & Data Analysis 51 (2006) 1194-1204",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = bootstrap_params,
    .n_params = sizeof bootstrap_params / sizeof *bootstrap_params,
    .run = run_bootstrap,
};
