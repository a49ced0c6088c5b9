/* The precision-recall curve and its step-wise area. */
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>

static vouch_status curve(vouch_ctx *ctx, const vouch__test_call *call, const vouch__corners *c,
                          vouch__json *object)
{
    double *recall = vouch__scratch(ctx, c->n, sizeof *recall),
           *precision = vouch__scratch(ctx, c->n, sizeof *precision);
    double *score = vouch__scratch(ctx, c->n, sizeof *score);
    if (!recall || !precision || !score)
        return vouch__oom(ctx);
    for (size_t i = 1; i < c->n; i++) {
        recall[i - 1] = c->at[i].bad / c->bad;
        precision[i - 1] = c->at[i].bad / (c->at[i].bad + c->at[i].good);
        score[i - 1] = c->at[i].score;
    }
    vouch__json *table = vouch__evidence_table(call->list, object, "curve", "recall,precision,score");
    vouch__row_curve(call, table, c->n - 1, recall, precision, score);
    vouch__evidence_plot(call->list, object, "line", "curve", "recall", "precision",
                         "share of the bad found (recall)", "bad among those flagged (precision)");
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__corners c;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (status)
        return status;
    bool weighted = call->now->weight != NULL;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = vouch__average_precision(&c);
    entry.judged = true;
    if (!weighted) {
        entry.level = 0.95;
        vouch__average_precision_interval(entry.value, (double)c.bad_cases, entry.level, &entry.low,
                                          &entry.high);
        entry.interval_method = "logit scale (Boyd, Eng & Page)";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "average", "quantity,value");
    vouch__row_quantity(call, table, "average precision", entry.value);
    vouch__row_quantity(call, table, "bad rate: what a score that knows nothing has",
                        c.bad / (c.bad + c.good));
    vouch__row_quantity(call, table, "times that", entry.value / (c.bad / (c.bad + c.good)));
    return curve(ctx, call, &c, object);
}

const vouch_test vouch__test_average_precision = {
    .id = "validate.average_precision",
    .section = "validate",
    .title = "Average precision and the precision-recall curve",
    .purpose = "When bad cases are rare, how clean are the alerts? The ROC curve hides this: at one bad in a "
               "thousand a "
               "false positive rate of 1 % still buries each hit under ten false alarms.",
    .mechanism = "Down the scores, the precision at each distinct score weighted by the recall gained there, "
                 "and summed.",
    .convention = VOUCH__ORIENTED
    "Step-wise, as scikit-learn's average_precision_score: points are not joined by straight "
    "lines, which would overstate the area. Tied scores are one step.",
    .high_risk = "A value near the bad rate: alerts are hardly better than a draw. Compare models only on "
                 "samples of the "
                 "same bad rate, because the measure moves with it.",
    .strengths = "Looks where rare-event models are used, at the top of the list; insensitive to the mass of "
                 "easy goods.",
    .limits =
        "Depends on the bad rate, so a resampled training set flatters it. The interval counts bad cases as "
        "independent trials, and is approximate below about 50 of them.",
    .source = "J. Davis & M. Goadrich, ICML (2006) 233-240; K. Boyd, K. H. Eng & C. D. Page, ECML PKDD "
              "(2013) 451-466",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run,
};
