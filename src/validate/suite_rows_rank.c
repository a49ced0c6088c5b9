/* The rows of the tests of ranking and of the score's distribution. */
#include "validate/validate_parts.h"

#define ORIENTED "A larger score is riskier and bad = 1. "

static vouch_status run_rank(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_rank);
}

static vouch_status run_gains(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_gains);
}

static vouch_status run_bands(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_bands);
}

static vouch_status run_psi(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_psi);
}

static vouch_status run_distribution(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__suite_call(ctx, call, vouch__suite_distribution);
}

const vouch_test vouch__test_auc = {
    .id = "validate.auc",
    .section = "validate",
    .title = "Area under the ROC curve (AUC)",
    .purpose =
        "Does the model rank the cases that went bad above those that did not? AUC is the chance that a bad "
        "case drawn at random has a riskier score than a good one; 0.5 is a coin, 1 a perfect order.",
    .mechanism = "Tie-corrected Mann-Whitney count over all pairs of a bad and a good case, by one pass over "
                 "the sorted scores; variance by DeLong's placements.",
    .convention = ORIENTED "Tied scores count one half. The interval is made on the logit scale and carried "
                           "back, so it stays within 0 and 1; below 10 cases of either class none is given.",
    .source = "Hanley & McNeil, Radiology 143 (1982) 29-36; DeLong, DeLong & Clarke-Pearson, Biometrics 44 "
              "(1988) 837-845; Sun & Xu, IEEE Signal Processing Letters 21 (2014) 1389-1393",
    .high_risk = "An AUC near 0.5, below the development figure by more than its interval, or above 0.9 in "
                 "credit, which seldom happens without an input that knows the outcome.",
    .strengths = "Does not depend on the bad rate, on a cut-off or on the scale of the score, so samples and "
                 "models can be compared. The interval says how far chance alone could have moved it.",
    .limits = "Weighs every pair alike, also in regions of the score where no decision is ever made, and "
              "says nothing about the level of the probabilities. With few bads the interval is wide and "
              "should be read first.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_rank,
};

const vouch_test vouch__test_gini = {
    .id = "validate.gini",
    .section = "validate",
    .title = "Gini coefficient (accuracy ratio)",
    .purpose = "The same ranking power on the scale that credit risk uses: 0 is a coin, 1 a perfect order.",
    .mechanism = "Gini = 2 AUC - 1, with the AUC's interval carried over.",
    .convention = ORIENTED "Equal to the accuracy ratio of the cumulative accuracy profile.",
    .source = "Engelmann, Hayden & Tasche, Risk 16 (2003) 82-86",
    .high_risk = "The same as for AUC, on twice the scale: below 0.3 the ranking is weak.",
    .strengths = "The figure that rating agencies, supervisors and credit committees quote.",
    .limits = "Not comparable between portfolios whose spread of true risk differs: a homogeneous portfolio "
              "has a low Gini under a perfect model.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_rank,
};

const vouch_test vouch__test_ks = {
    .id = "validate.ks",
    .section = "validate",
    .title = "Kolmogorov-Smirnov distance",
    .purpose = "How far apart do the score distributions of bads and goods come at the best single cut-off?",
    .mechanism = "The largest |F_bad(s) - F_good(s)| over the distinct scores s.",
    .convention = ORIENTED "Tied scores move together, so the order of rows does not matter; a constant "
                           "score has distance 0. The interval adds the Dvoretzky-Kiefer-Wolfowitz bounds of "
                           "both distributions and is therefore wide, but valid for any sample and any ties.",
    .source = "Kolmogorov (1933), Smirnov (1939); Massart, Annals of Probability 18 (1990) 1269-1283",
    .high_risk =
        "A distance far below that of development, or reached at a score where no cut-off would ever lie.",
    .strengths = "One number with a plain meaning: the most that goods and bads can be told apart by a "
                 "single cut-off. It also says where.",
    .limits = "Looks at one point of the score only; two models of equal KS may rank very differently "
              "elsewhere. As a maximum it is biased upwards in small samples.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_rank,
};

const vouch_test vouch__test_roc = {
    .id = "validate.roc",
    .section = "validate",
    .title = "ROC curve",
    .purpose = "What share of the bads is caught for each share of goods that is turned away with them?",
    .mechanism = "True positive rate against false positive rate at every distinct score, thinned to at most "
                 "200 points evenly spaced along the curve.",
    .convention = ORIENTED "Tied scores are one step; the diagonal is a score that knows nothing.",
    .source = "Fawcett, Pattern Recognition Letters 27 (2006) 861-874",
    .high_risk =
        "A curve that bends below the diagonal anywhere, or that runs along it in the region of the cut-off.",
    .strengths =
        "Shows the whole trade between goods turned away and bads caught, for every cut-off at once.",
    .limits = "Does not show where on the curve the present cut-off lies, nor what either error costs; "
              "curves that cross cannot be ranked by their area.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_rank,
};

const vouch_test vouch__test_gap = {
    .id = "validate.gap",
    .section = "validate",
    .title = "AUC lost since training",
    .purpose = "Did the model learn what carries over, or the particulars of the cases it was fitted on?",
    .mechanism = "AUC on train minus AUC on this part; the cases are different, so the variances add.",
    .convention = "Positive means that the model ranks worse here than where it was fitted. Normal interval "
                  "from both DeLong variances.",
    .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845",
    .high_risk = "A gap whose interval lies above zero by more than a few points: part of what was learnt "
                 "was noise, or the population moved.",
    .strengths = "Separates overfitting from a hard problem: a model may rank poorly and honestly, or well "
                 "and only at home.",
    .limits = "Trees always rank their own training rows better, so a gap alone is no fault. A part from "
              "another time mixes overfitting with drift.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_REFERENCE,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_rank,
};

const vouch_test vouch__test_gains = {
    .id = "validate.gains",
    .section = "validate",
    .title = "Gains and lift",
    .purpose = "If only the riskiest tenth, two tenths, ... could be reviewed or declined, how many of the "
               "bads would be among them?",
    .mechanism = "Cases from riskiest to safest; at each tenth the share of all bads captured, and lift as "
                 "that share over the share of cases. The value is the lift of the riskiest tenth.",
    .convention = ORIENTED "Where a cut falls inside a group of tied scores the group is taken to be spread "
                           "evenly, so the table does not depend on the order of rows. The interval is "
                           "Jeffreys' for the bad rate of the riskiest tenth, over the overall rate.",
    .source = "Siddiqi, Intelligent Credit Scoring (2nd ed., 2017), ch. 10",
    .unit = "lift",
    .high_risk = "A first tenth with a lift not much above the rest, or a curve that is steep only where "
                 "nobody is reviewed.",
    .strengths =
        "Speaks the language of capacity: how many cases can be looked at, and what is found among them.",
    .limits = "Lift depends on the bad rate: at a bad rate of one half it cannot exceed two, so it cannot be "
              "compared across portfolios.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_gains,
};

const vouch_test vouch__test_bands = {
    .id = "validate.bands",
    .section = "validate",
    .title = "Bad rate by score band",
    .purpose =
        "Does the bad rate rise with every step of the score, as a cut-off or a price by band assumes?",
    .mechanism = "Bands are the tenths of train's score; in each, the bad rate of this part with its "
                 "interval, the mean predicted probability, and train's bad rate. The value counts steps to "
                 "a riskier band at which the observed bad rate falls.",
    .convention = "From safest to riskiest. Edges frozen on train, closed on the side of lower risk, ties "
                  "never cut; empty bands are passed over. 95 % Jeffreys intervals.",
    .source = "Brown, Cai & DasGupta, Statistical Science 16 (2001) 101-133 (the interval)",
    .unit = "falls",
    .high_risk = "Bands whose order is reversed beyond their intervals, or a band whose bad rate is outside "
                 "what pricing assumed.",
    .strengths = "Tests what a cut-off or a price by band relies on, band by band, on edges that were frozen "
                 "beforehand.",
    .limits = "With few bads per band a reversal is often chance: look at the intervals. It does not test "
              "the probabilities' level.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_REFERENCE | VOUCH__NEEDS_WEIGHT | VOUCH__NEEDS_PROBABILITY,
    .run = run_bands,
};

const vouch_test vouch__test_psi_score = {
    .id = "validate.psi_score",
    .section = "validate",
    .title = "Population stability index of the score",
    .purpose = "Do these cases score as the training cases did, or has the population moved?",
    .mechanism = "PSI = sum over bins of (a - e) ln(a / e), e the share of train and a the share here. Under "
                 "no change PSI / (1/n + 1/m) is chi-square with one degree of freedom less than bins, from "
                 "which the critical value at 95 % and the p-value.",
    .convention = "Edges are train's tenths, frozen, ties merged, closed on the right; a bin of its own for "
                  "missing; shares smoothed as (c + 1/2) / (N + B/2) on both sides; bins empty on both sides "
                  "are left out of B. Limits such as 0.10 and 0.25 are custom and ignore the sample sizes.",
    .source = "Siddiqi, Intelligent Credit Scoring (2nd ed., 2017); Yurdakul & Naranjo, J. Risk Model "
              "Validation 14 (2020) 89-100",
    .high_risk =
        "A value above 0.25, or above the critical value with a contribution that one or two bands make.",
    .strengths = "Known to every credit committee; it shows which bands gained and lost cases.",
    .limits = "The usual limits ignore the sample sizes: with 500 cases and ten bins, 0.04 is what no change "
              "at all gives on average. It says nothing about performance.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_REFERENCE,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_psi,
};

const vouch_test vouch__test_score_distribution = {
    .id = "validate.score_distribution",
    .section = "validate",
    .title = "Score distribution of goods and bads",
    .purpose =
        "How do the scores of those who paid and of those who did not lie, and how much do they overlap?",
    .mechanism = "A histogram of the score for each outcome.",
    .convention = "Bins of equal, round width; shares within each outcome add up to 1. Points where the "
                  "model has them, else log-odds.",
    .source = "Thomas, Consumer Credit Models (2009), ch. 2",
    .high_risk = "Two humps in one outcome, a spike at a single score, or goods and bads that lie on top of "
                 "each other.",
    .strengths = "Shows at a glance what every summary of ranking condenses to one number.",
    .limits = "A picture, not a test; with few bads their histogram is mostly noise.",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_distribution,
};
