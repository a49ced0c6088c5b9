/* Expected maximum profit. */
#include "validate/rows/row_parts.h"

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__corners c;
    double profit, share;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (!status)
        status = vouch__expected_maximum_profit(
            ctx, &c,
            (vouch__profit_terms){ vouch__test_param(call, "no_loss"), vouch__test_param(call, "total_loss"),
                                   vouch__test_param(call, "return_on_loan") },
            &profit, &share);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = profit;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "profit", "quantity,value");
    vouch__row_quantity(call, table, "expected maximum profit, share of the loan per applicant", profit);
    vouch__row_quantity(call, table, "share of applicants turned away to earn it", share);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "no_loss", VOUCH__PARAM_REAL, 0.0, 1.0, 0.55, NULL, "", "chance that a default costs nothing" },
    { "total_loss", VOUCH__PARAM_REAL, 0.0, 1.0, 0.1, NULL, "",
      "chance that a default costs the whole loan" },
    { "return_on_loan", VOUCH__PARAM_REAL, 1e-6, 100.0, 0.2644, NULL, "",
      "profit of a good loan as a share of it" },
};

const vouch_test vouch__test_maximum_profit = {
    .id = "validate.maximum_profit",
    .section = "validate",
    .title = "Expected maximum profit",
    .purpose = "What is the score worth? Each cut-off trades losses avoided for good business forgone; this "
               "is the profit per "
               "applicant of the best cut-off, averaged over how much a default may cost.",
    .mechanism = "Turning a bad away saves the share lambda of the loan, turning a good away forgoes the "
                 "return. lambda is 0 "
                 "with one chance, 1 with another, and uniform between. For every lambda the best cut-off is "
                 "a corner of the "
                 "ROC curve's convex hull, so the average is a finite sum.",
    .convention = VOUCH__ORIENTED
    "Profit is measured against accepting everybody. The defaults are the paper's for consumer "
    "credit. Where nothing is lost at default, nobody is turned away.",
    .high_risk = "A challenger with the better AUC and the lower profit: it ranks better where no cut-off "
                 "will be set.",
    .strengths =
        "One number in money for which the cut-off need not be fixed, and the best rejection rate with it.",
    .limits = "Every loan is of one size and one return; put your own numbers in before using it to choose a "
              "model.",
    .source = "T. Verbraken, C. Bravo, R. Weber & B. Baesens, European Journal of Operational Research 238 "
              "(2014) 505-513",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
