/* The rows of the tests of probabilities. */
#include "validate/validate_parts.h"

static const vouch__param bins[] = {
    { "bins", VOUCH__PARAM_INTEGER, 2, VOUCH__BINS_MAX, 10, NULL, "",
      "How many bins of equal numbers of cases." },
};

static vouch_status run_scores(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_scores);
}

static vouch_status run_calibration(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_calibration);
}

const vouch_test vouch__test_baseline = {
    .id = "validate.baseline",
    .section = "validate",
    .title = "Skill over the naive baseline",
    .purpose = "Is the model's probability better than telling everyone train's average bad rate? A model "
               "that does not beat that has no business deciding.",
    .mechanism = "Brier skill = 1 - Brier score of the model / Brier score of the constant; in the table "
                 "also the log-loss.",
    .convention = "The baseline is train's bad rate, known before this part was seen. Positive is better "
                  "than naive; 1 is perfect. Interval of the ratio by the delta method over cases.",
    .source =
        "Brier, Monthly Weather Review 78 (1950) 1-3; Murphy, Monthly Weather Review 116 (1988) 2417-2424",
    .unit = "skill",
    .high_risk = "Skill at or below zero: telling everyone the average would have been better.",
    .strengths =
        "An honest zero point: a small Brier score means little when the event is rare, skill always does.",
    .limits = "Rises with how different the cases are from one another, so it cannot be compared across "
              "portfolios. It mixes ranking and level.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_REFERENCE | VOUCH__NEEDS_WEIGHT,
    .run = run_scores,
};

const vouch_test vouch__test_log_loss = {
    .id = "validate.log_loss",
    .section = "validate",
    .title = "Log-loss",
    .purpose = "How good are the probabilities, with a heavy charge for being sure and wrong?",
    .mechanism = "Mean of -log of the probability that the model gave to what happened.",
    .convention = "Natural logarithm; probabilities clipped to [1e-15, 1 - 1e-15]. Smaller is better. Normal "
                  "interval of a mean over cases.",
    .source = "Good, Journal of the Royal Statistical Society B 14 (1952) 107-114",
    .unit = "nats per case",
    .high_risk = "A value above that of the constant baseline, or one that a few sure and wrong cases make.",
    .strengths = "Strictly proper: it is best, on average, only for the true probabilities; it is also what "
                 "most models are fitted to.",
    .limits = "Unbounded: one case told 0 that goes bad can outweigh thousands. Has no scale that people "
              "know; read it against the baseline.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_scores,
};

const vouch_test vouch__test_brier = {
    .id = "validate.brier",
    .section = "validate",
    .title = "Brier score",
    .purpose = "How far do the probabilities lie from what happened, in ranking and in level together?",
    .mechanism = "Mean of (p - y)^2. The table splits it into reliability (what recalibration could save), "
                 "resolution (what the model knows), uncertainty (what the bad rate implies) and what lies "
                 "within bins; reliability - resolution + uncertainty + within is the score.",
    .convention = "Smaller is better. Bins hold equal numbers, ties kept together. Normal interval of a mean "
                  "over cases.",
    .source = "Brier, Monthly Weather Review 78 (1950) 1-3; Murphy, J. Applied Meteorology 12 (1973) "
              "595-600; Stephenson, Coelho & Jolliffe, Weather and Forecasting 23 (2008) 752-757",
    .high_risk = "A reliability term that is not small beside the resolution: recalibration would gain more "
                 "than a better model.",
    .strengths = "Strictly proper, bounded, and it splits exactly into what recalibration could save and "
                 "what the model knows.",
    .limits = "For rare events it is near zero whatever the model does; read the skill against the baseline. "
              "The split depends on the bins.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = bins,
    .n_params = 1,
    .run = run_scores,
};

const vouch_test vouch__test_calibration = {
    .id = "validate.calibration",
    .section = "validate",
    .title = "Calibration by tenths of risk",
    .purpose = "Among cases told 5 %, do about 5 % go bad? Prices, provisions and cut-offs rest on it.",
    .mechanism =
        "Cases in ten bins of equal numbers by probability; in each, mean probability against observed bad "
        "rate with its 95 % Jeffreys interval. The value counts bins whose interval leaves the mean "
        "probability out; the statistic is Hosmer and Lemeshow's sum of (O - E)^2 / (n p (1 - p)).",
    .convention = "The probabilities were fixed before these cases were seen, so the statistic has one "
                  "degree of freedom a bin. Ties are never cut. With many cases it rejects differences that "
                  "do not matter: read it beside the calibration error and the line.",
    .source = "Hosmer & Lemeshow, Communications in Statistics A 9 (1980) 1043-1069; Brown, Cai & DasGupta, "
              "Statistical Science 16 (2001) 101-133",
    .unit = "bins outside",
    .high_risk = "Bins at the risky end with an observed rate above the interval: losses are understated "
                 "where most of them arise.",
    .strengths =
        "Shows where on the scale of risk the probabilities fail, in which direction, and how sure that is.",
    .limits = "Ten bins hide errors that cancel within one; a single test over all of them needs large "
              "samples and then rejects trifles.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = bins,
    .n_params = 1,
    .run = run_calibration,
};

const vouch_test vouch__test_ece = {
    .id = "validate.ece",
    .section = "validate",
    .title = "Expected calibration error (ECE)",
    .purpose = "By how much is the predicted rate off, on average over the range of risk?",
    .mechanism =
        "Sum over the bins of the calibration table of share of cases x |bad rate - mean probability|.",
    .convention = "Ten bins of equal numbers, ties kept together. Even a perfect model does not reach 0 on a "
                  "finite sample; the critical value is what it stays below 95 % of the time.",
    .source = "Naeini, Cooper & Hauskrecht, AAAI (2015) 2901-2907",
    .high_risk = "A value above both the limit and the critical value: the probabilities are off by more "
                 "than chance allows and more than the policy tolerates.",
    .strengths = "On the scale of the probability itself: a value of 0.02 means two points on average.",
    .limits = "Biased upwards in small samples, so it must be read beside the critical value; errors that "
              "cancel within a bin are not seen. It depends on the number and kind of bins.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = bins,
    .n_params = 1,
    .run = run_calibration,
};

const vouch_test vouch__test_calibration_line = {
    .id = "validate.calibration_line",
    .section = "validate",
    .title = "Calibration slope and intercept",
    .purpose = "Are the probabilities too extreme (slope below 1, the mark of overfitting), too timid (above "
               "1), or off in level (intercept away from 0)?",
    .mechanism =
        "Logistic regression of the outcome on the model's own log-odds. The value is the slope; the table "
        "adds the intercept, and the intercept with the slope held at 1 (calibration in the large).",
    .convention = "A perfect model has slope 1 and intercept 0; both are tested together by the likelihood "
                  "ratio with 2 degrees of freedom. Wald intervals.",
    .source =
        "Cox, Biometrika 45 (1958) 562-565; Van Calster et al., J. Clinical Epidemiology 74 (2016) 167-176",
    .high_risk = "A slope well below 1 (predictions too extreme, the mark of overfitting) or an intercept at "
                 "slope 1 away from 0 (the level is off).",
    .strengths = "Two numbers with names for the two ways in which probabilities usually fail, each with an "
                 "error; uses no bins.",
    .limits = "Sees only errors that are linear in the log-odds; a model may be wrong in the middle and at "
              "both ends and still have slope 1.",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_calibration,
};
