/* What a review desk of limited size finds. */
#include "validate/rank_tests.h"
#include "validate/rows/row_parts.h"

#include <math.h>

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const double times[] = { 0.25, 0.5, 1.0, 2.0, 4.0 };
    const vouch__sample *s = call->now;
    double share = vouch__test_param(call, "share"), wanted = vouch__test_param(call, "cases");
    double capacity = fmin((double)s->n, wanted > 0.0 ? wanted : fmax(1.0, nearbyint(share * (double)s->n)));
    vouch__capacity c;
    vouch_status status = vouch__capacity_measure(ctx, s->n, s->score, s->bad, s->amount, (size_t)capacity,
                                                  0.95, &c);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = c.precision;
    entry.judged = true;
    entry.level = 0.95;
    entry.low = c.low;
    entry.high = c.high;
    entry.interval_method = "Wilson";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "capacity",
        "cases,hits,precision,low,high,recall,lift,alarms_per_hit,value,value_recall,score");
    double shown = 0.0;
    for (size_t k = 0; k < sizeof times / sizeof *times && !status; k++) {
        double cases = fmax(1.0, nearbyint(times[k] * capacity));
        if (cases > (double)s->n)
            break;
        if (cases == shown)
            continue;
        shown = cases;
        status = vouch__capacity_measure(ctx, s->n, s->score, s->bad, s->amount, (size_t)cases, 0.95, &c);
        if (!status)
            vouch__test_row(call, table, "nnnnnnnnnnn", cases, c.hits, c.precision, c.low, c.high, c.recall,
                            c.lift, c.alarms_per_hit, c.value, c.value_recall, c.score);
    }
    return status;
}

static const vouch__param params[] = {
    { "share", VOUCH__PARAM_REAL, 0.0, 1.0, 0.01, NULL, "", "share of the cases that can be reviewed" },
    { "cases", VOUCH__PARAM_INTEGER, 0.0, 1e9, 0.0, NULL, "cases",
      "number that can be reviewed; 0: use share" },
};

const vouch_test vouch__test_capacity = {
    .id = "validate.capacity",
    .section = "validate",
    .title = "Precision at review capacity, and value detected",
    .purpose = "A desk can look at so many cases a day. Of those that the score sends it, how many are bad, "
               "and what share "
               "of all bad cases, and of the money in them, does it catch?",
    .mechanism = "The riskiest cases up to the capacity are taken. Precision (alert yield) is the bad share "
                 "among them; recall "
                 "their share of all bad; value recall (value detection rate) the share of the bad cases' "
                 "amounts. A table "
                 "shows a quarter to four times the capacity.",
    .convention = VOUCH__ORIENTED
    "Tied scores at the edge count in proportion. Without amounts the value columns are empty.",
    .high_risk = "More than 20 false alarms for each hit, by which desks begin to wave alerts through; or a "
                 "value recall well "
                 "below the recall: the model finds the small frauds.",
    .strengths = "Speaks of the work as it is done. Unlike precision at a cut-off it cannot be improved by "
                 "flagging less.",
    .limits = "One capacity is one point of a curve, and cases are judged alone, while a desk that blocks a "
              "card at the first "
              "alert prevents what would follow. The interval takes cases as independent.",
    .source = "C. Whitrow et al., Data Mining and Knowledge Discovery 18 (2009) 30-55; A. Dal Pozzolo et "
              "al., IEEE Trans. "
              "Neural Networks and Learning Systems 29 (2018) 3784-3797",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_AMOUNT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
