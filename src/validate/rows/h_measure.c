/* Hand's measure. */
#include "validate/rows/row_parts.h"

#include <math.h>

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__corners c;
    double even = 0.0, by_rate = 0.0;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (!status)
        status = vouch__h_measure(ctx, &c, 2.0, 2.0, &even);
    if (!status)
        status = vouch__h_measure(ctx, &c, NAN, NAN, &by_rate);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = vouch__test_choice(call, "costs", "even") ? even : by_rate;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "measures", "costs,h");
    vouch__test_row(call, table, "tn", "beta(2, 2)", even);
    vouch__test_row(call, table, "tn", "beta(1 + bad rate, 1 + good rate)", by_rate);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "costs", VOUCH__PARAM_CHOICE, 0.0, 0.0, 0.0, "even|bad-rate", "",
      "distribution of costs: beta(2, 2), or beta(1 + bad rate, 1 + good rate)" },
};

const vouch_test vouch__test_h_measure = {
    .id = "validate.h_measure",
    .section = "validate",
    .title = "H measure",
    .purpose = "How much of the loss of a blind rule does the score save, averaged over what the two errors "
               "may cost? The AUC "
               "answers a similar question with a distribution of costs that differs from model to model; H "
               "fixes it.",
    .mechanism = "For each cost c of turning a good away (1 - c of letting a bad pass) the best cut-off is "
                 "taken; its loss is "
                 "averaged over a beta distribution of c, divided by the same for the best rule that ignores "
                 "the score, and "
                 "taken from 1. Cut-offs are corners of the ROC curve's convex hull, and every integral is "
                 "an incomplete "
                 "beta function, so nothing is approximated.",
    .convention = VOUCH__ORIENTED
    "beta(2, 2) is the 2009 paper's; beta(1 + bad rate, 1 + good rate) the 2014 proposal for "
    "unbalanced data. Both are shown. The R and Python packages called hmeasure default to a "
    "third, beta(2, 1 + goods / bads).",
    .high_risk = "Two models whose AUCs and Hs disagree: their ROC curves cross, and which is better depends "
                 "on costs that "
                 "somebody must state.",
    .strengths = "Coherent: the same costs for every model, so the numbers may be compared.",
    .limits = "The distribution of costs is still a choice. Values are lower than Gini's, and unfamiliar.",
    .source = "D. J. Hand, Machine Learning 77 (2009) 103-123; D. J. Hand & C. Anagnostopoulos, Pattern "
              "Recognition Letters "
              "40 (2014) 41-46",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
