/* What every test of the suite is for, how it is made, by which convention, and where that is written. */
#include "validate/validate_parts.h"

typedef struct words {
    const char *id, *title, *purpose, *method, *convention, *source, *unit;
} words;

#define ORIENTED "A larger score is riskier and bad = 1. "

static const words suite_words[VOUCH__TESTS] = {
    [VOUCH__TEST_AUC] = { .id = "validate.auc",
                          .title = "Area under the ROC curve (AUC)",
                          .purpose = "Does the model rank the cases that went bad above those that did not? "
                                     "AUC is the chance that a "
                                     "bad case drawn at random has a riskier score than a good one; 0.5 is a "
                                     "coin, 1 a perfect order.",
                          .method = "Tie-corrected Mann-Whitney count over all pairs of a bad and a good "
                                    "case, by one pass over the "
                                    "sorted scores; variance by DeLong's placements.",
                          .convention = ORIENTED
                          "Tied scores count one half. The interval is made on the logit scale and carried "
                          "back, so it stays within 0 and 1; below 10 cases of either class none is given.",
                          .source = "Hanley & McNeil, Radiology 143 (1982) 29-36; DeLong, DeLong & "
                                    "Clarke-Pearson, Biometrics 44 "
                                    "(1988) 837-845; Sun & Xu, IEEE Signal Processing Letters 21 (2014) "
                                    "1389-1393" },
    [VOUCH__TEST_GINI] = { .id = "validate.gini",
                           .title = "Gini coefficient (accuracy ratio)",
                           .purpose = "The same ranking power on the scale that credit risk uses: 0 is a "
                                      "coin, 1 a perfect order.",
                           .method = "Gini = 2 AUC - 1, with the AUC's interval carried over.",
                           .convention = ORIENTED
                           "Equal to the accuracy ratio of the cumulative accuracy profile.",
                           .source = "Engelmann, Hayden & Tasche, Risk 16 (2003) 82-86" },
    [VOUCH__TEST_KS] = { .id = "validate.ks",
                         .title = "Kolmogorov-Smirnov distance",
                         .purpose = "How far apart do the score distributions of bads and goods come at the "
                                    "best single cut-off?",
                         .method = "The largest |F_bad(s) - F_good(s)| over the distinct scores s.",
                         .convention = ORIENTED
                         "Tied scores move together, so the order of rows does not matter; a constant score "
                         "has distance 0. The interval adds the Dvoretzky-Kiefer-Wolfowitz bounds of both "
                         "distributions and is therefore wide, but valid for any sample and any ties.",
                         .source = "Kolmogorov (1933), Smirnov (1939); Massart, Annals of Probability 18 "
                                   "(1990) 1269-1283" },
    [VOUCH__TEST_ROC] = { .id = "validate.roc",
                          .title = "ROC curve",
                          .purpose = "What share of the bads is caught for each share of goods that is "
                                     "turned away with them?",
                          .method = "True positive rate against false positive rate at every distinct score, "
                                    "thinned to at most 200 "
                                    "points evenly spaced along the curve.",
                          .convention = ORIENTED
                          "Tied scores are one step; the diagonal is a score that knows nothing.",
                          .source = "Fawcett, Pattern Recognition Letters 27 (2006) 861-874" },
    [VOUCH__TEST_GAP] = { .id = "validate.gap",
                          .title = "AUC lost since training",
                          .purpose = "Did the model learn what carries over, or the particulars of the cases "
                                     "it was fitted on?",
                          .method = "AUC on train minus AUC on this part; the cases are different, so the "
                                    "variances add.",
                          .convention = "Positive means that the model ranks worse here than where it was "
                                        "fitted. Normal interval "
                                        "from both DeLong variances.",
                          .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845" },
    [VOUCH__TEST_GAINS] = { .id = "validate.gains",
                            .title = "Gains and lift",
                            .purpose = "If only the riskiest tenth, two tenths, ... could be reviewed or "
                                       "declined, how many of the bads "
                                       "would be among them?",
                            .method =
                                "Cases from riskiest to safest; at each tenth the share of all bads "
                                "captured, and lift as that "
                                "share over the share of cases. The value is the lift of the riskiest tenth.",
                            .convention = ORIENTED
                            "Where a cut falls inside a group of tied scores the group is taken to be spread "
                            "evenly, so the table does not depend on the order of rows. The interval is "
                            "Jeffreys' "
                            "for the bad rate of the riskiest tenth, over the overall rate.",
                            .source = "Siddiqi, Intelligent Credit Scoring (2nd ed., 2017), ch. 10",
                            .unit = "lift" },
    [VOUCH__TEST_BANDS] = { .id = "validate.bands",
                            .title = "Bad rate by score band",
                            .purpose = "Does the bad rate rise with every step of the score, as a cut-off or "
                                       "a price by band assumes?",
                            .method = "Bands are the tenths of train's score; in each, the bad rate of this "
                                      "part with its interval, the "
                                      "mean predicted probability, and train's bad rate. The value counts "
                                      "steps to a riskier band at "
                                      "which the observed bad rate falls.",
                            .convention = "From safest to riskiest. Edges frozen on train, closed on the "
                                          "side of lower risk, ties never "
                                          "cut; empty bands are passed over. 95 % Jeffreys intervals.",
                            .source =
                                "Brown, Cai & DasGupta, Statistical Science 16 (2001) 101-133 (the interval)",
                            .unit = "falls" },
    [VOUCH__TEST_BASELINE] = { .id = "validate.baseline",
                               .title = "Skill over the naive baseline",
                               .purpose = "Is the model's probability better than telling everyone train's "
                                          "average bad rate? A model that "
                                          "does not beat that has no business deciding.",
                               .method = "Brier skill = 1 - Brier score of the model / Brier score of the "
                                         "constant; in the table also the "
                                         "log-loss.",
                               .convention = "The baseline is train's bad rate, known before this part was "
                                             "seen. Positive is better than "
                                             "naive; 1 is perfect. Interval of the ratio by the delta method "
                                             "over cases.",
                               .source = "Brier, Monthly Weather Review 78 (1950) 1-3; Murphy, Monthly "
                                         "Weather Review 116 (1988) 2417-2424",
                               .unit = "skill" },
    [VOUCH__TEST_LOG_LOSS] = { .id = "validate.log_loss",
                               .title = "Log-loss",
                               .purpose = "How good are the probabilities, with a heavy charge for being "
                                          "sure and wrong?",
                               .method =
                                   "Mean of -log of the probability that the model gave to what happened.",
                               .convention = "Natural logarithm; probabilities clipped to [1e-15, 1 - "
                                             "1e-15]. Smaller is better. Normal "
                                             "interval of a mean over cases.",
                               .source = "Good, Journal of the Royal Statistical Society B 14 (1952) 107-114",
                               .unit = "nats per case" },
    [VOUCH__TEST_BRIER] = { .id = "validate.brier",
                            .title = "Brier score",
                            .purpose = "How far do the probabilities lie from what happened, in ranking and "
                                       "in level together?",
                            .method = "Mean of (p - y)^2. The table splits it into reliability (what "
                                      "recalibration could save), "
                                      "resolution (what the model knows), uncertainty (what the bad rate "
                                      "implies) and what lies within "
                                      "bins; reliability - resolution + uncertainty + within is the score.",
                            .convention = "Smaller is better. Bins hold equal numbers, ties kept together. "
                                          "Normal interval of a mean "
                                          "over cases.",
                            .source =
                                "Brier, Monthly Weather Review 78 (1950) 1-3; Murphy, J. Applied Meteorology "
                                "12 (1973) 595-600; "
                                "Stephenson, Coelho & Jolliffe, Weather and Forecasting 23 (2008) 752-757" },
    [VOUCH__TEST_CALIBRATION] = { .id = "validate.calibration",
                                  .title = "Calibration by tenths of risk",
                                  .purpose = "Among cases told 5 %, do about 5 % go bad? Prices, provisions "
                                             "and cut-offs rest on it.",
                                  .method = "Cases in ten bins of equal numbers by probability; in each, "
                                            "mean probability against observed bad "
                                            "rate with its 95 % Jeffreys interval. The value counts bins "
                                            "whose interval leaves the mean "
                                            "probability out; the statistic is Hosmer and Lemeshow's sum of "
                                            "(O - E)^2 / (n p (1 - p)).",
                                  .convention = "The probabilities were fixed before these cases were seen, "
                                                "so the statistic has one degree of "
                                                "freedom a bin. Ties are never cut. With many cases it "
                                                "rejects differences that do not matter: "
                                                "read it beside the calibration error and the line.",
                                  .source = "Hosmer & Lemeshow, Communications in Statistics A 9 (1980) "
                                            "1043-1069; Brown, Cai & DasGupta, "
                                            "Statistical Science 16 (2001) 101-133",
                                  .unit = "bins" },
    [VOUCH__TEST_ECE] = { .id = "validate.ece",
                          .title = "Expected calibration error (ECE)",
                          .purpose =
                              "By how much is the predicted rate off, on average over the range of risk?",
                          .method = "Sum over the bins of the calibration table of share of cases x |bad "
                                    "rate - mean probability|.",
                          .convention =
                              "Ten bins of equal numbers, ties kept together. Even a perfect model does not "
                              "reach 0 on a "
                              "finite sample; the critical value is what it stays below 95 % of the time.",
                          .source = "Naeini, Cooper & Hauskrecht, AAAI (2015) 2901-2907" },
    [VOUCH__TEST_LINE] = { .id = "validate.calibration_line",
                           .title = "Calibration slope and intercept",
                           .purpose = "Are the probabilities too extreme (slope below 1, the mark of "
                                      "overfitting), too timid (above 1), "
                                      "or off in level (intercept away from 0)?",
                           .method = "Logistic regression of the outcome on the model's own log-odds. The "
                                     "value is the slope; the table "
                                     "adds the intercept, and the intercept with the slope held at 1 "
                                     "(calibration in the large).",
                           .convention = "A perfect model has slope 1 and intercept 0; both are tested "
                                         "together by the likelihood ratio "
                                         "with 2 degrees of freedom. Wald intervals.",
                           .source = "Cox, Biometrika 45 (1958) 562-565; Van Calster et al., J. Clinical "
                                     "Epidemiology 74 (2016) "
                                     "167-176" },
    [VOUCH__TEST_PSI] = { .id = "validate.psi_score",
                          .title = "Population stability index of the score",
                          .purpose =
                              "Do these cases score as the training cases did, or has the population moved?",
                          .method = "PSI = sum over bins of (a - e) ln(a / e), e the share of train and a "
                                    "the share here. Under no "
                                    "change PSI / (1/n + 1/m) is chi-square with one degree of freedom less "
                                    "than bins, from which the "
                                    "critical value at 95 % and the p-value.",
                          .convention = "Edges are train's tenths, frozen, ties merged, closed on the right; "
                                        "a bin of its own for "
                                        "missing; shares smoothed as (c + 1/2) / (N + B/2) on both sides; "
                                        "bins empty on both sides are "
                                        "left out of B. Limits such as 0.10 and 0.25 are custom and ignore "
                                        "the sample sizes.",
                          .source = "Siddiqi, Intelligent Credit Scoring (2nd ed., 2017); Yurdakul & "
                                    "Naranjo, J. Risk Model Validation "
                                    "14 (2020) 89-100" },
    [VOUCH__TEST_DISTRIBUTION] = { .id = "validate.score_distribution",
                                   .title = "Score distribution of goods and bads",
                                   .purpose = "How do the scores of those who paid and of those who did not "
                                              "lie, and how much do they overlap?",
                                   .method = "A histogram of the score for each outcome.",
                                   .convention = "Bins of equal, round width; shares within each outcome add "
                                                 "up to 1. Points where the model "
                                                 "has them, else log-odds.",
                                   .source = "Thomas, Consumer Credit Models (2009), ch. 2" },
};

vouch__entry vouch__suite_entry(const vouch__suite *suite, vouch__test test)
{
    const words *w = &suite_words[test];
    return VOUCH__ENTRY(.id = w->id, .section = "validate", .title = w->title, .purpose = w->purpose,
                        .method = w->method, .convention = w->convention, .source = w->source,
                        .unit = w->unit, .model = suite->scored->model, .part = suite->scored->part,
                        .n = (double)suite->scored->n, .n_bad = (double)suite->n_bad);
}

void vouch__suite_refuse(const vouch__suite *suite, vouch__test test, const char *why)
{
    vouch__entry entry = vouch__suite_entry(suite, test);
    entry.verdict = VOUCH__REFUSED;
    entry.note = why;
    (void)vouch__evidence_add(suite->list, &entry);
}

vouch_status vouch__suite_excuse(const vouch__suite *suite, vouch__test test, vouch_status status)
{
    if (status != VOUCH_E_DATA && status != VOUCH_E_CONVERGE)
        return status;
    vouch__suite_refuse(suite, test, vouch_ctx_error(suite->ctx));
    return VOUCH_OK;
}
