/* Lift at stated shares of the book. */
#include "validate/rows/row_parts.h"

static void row(const vouch__test_call *call, vouch__json *table, const vouch__corners *c, double share)
{
    vouch__reviewed r = vouch__review(c, share);
    vouch__test_row(call, table, "nnnnnnn", share, r.cases, r.bad, r.precision, r.lift, r.recall, r.score);
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const double shares[] = { 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5 };
    vouch__corners c;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (status)
        return status;
    double share = vouch__test_param(call, "share");
    vouch__entry entry = vouch__test_entry(call);
    entry.value = vouch__review(&c, share).lift;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "lift",
                                               "share,cases,bad,bad_rate,lift,recall,score");
    row(call, table, &c, share);
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
        if (shares[k] < share || shares[k] > share) /* that one is told already */
            row(call, table, &c, shares[k]);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "share", VOUCH__PARAM_REAL, 0.0001, 1.0, 0.1, NULL, "",
      "riskiest share of the cases whose lift is the value" },
};

const vouch_test vouch__test_lift = {
    .id = "validate.lift",
    .section = "validate",
    .title = "Lift",
    .purpose =
        "How many times more bad cases lie in the riskiest share of the book than in the book as a whole?",
    .mechanism = "The bad rate among the riskiest share, over the bad rate of all cases; beside the chosen "
                 "share, a table "
                 "from 1 % to 50 %.",
    .convention = VOUCH__ORIENTED
    "Tied scores at the edge count in proportion, which is the average over all ways of "
    "cutting them; a row-wise cut depends on the order of the file.",
    .high_risk =
        "Lift near 1, or lift that rises with the share: the top of the list is no better than its middle.",
    .strengths = "Is what a campaign or a collections team gains by using the score, in their own words.",
    .limits = "Bounded by the inverse of the bad rate and of the share, so figures from books with other bad "
              "rates are not "
              "comparable.",
    .source = "M. J. A. Berry & G. S. Linoff, Data Mining Techniques, 3rd ed. (2011), chapter 5",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
