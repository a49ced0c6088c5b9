/* Cut-offs by three rules. */
#include "validate/confusion.h"
#include "validate/rows/row_parts.h"

static void show(const vouch__test_call *call, vouch__json *table, const char *rule, const vouch__corners *c,
                 const vouch__cutoff *cut)
{
    const vouch__corner *at = c->at + cut->corner;
    vouch__confusion counts = { at->bad, at->good, c->bad - at->bad, c->good - at->good };
    vouch__confusion_rates r = vouch__confusion_measure(&counts, 0.95);
    vouch__test_row(call, table, "tnnnnnnn", rule, cut->score, cut->value,
                    (at->bad + at->good) / (c->bad + c->good), r.recall.value, r.specificity.value,
                    r.precision.value, r.f1);
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__corners c;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (status)
        return status;
    double miss = vouch__test_param(call, "miss_cost"), alarm = vouch__test_param(call, "alarm_cost");
    vouch__cutoff youden = vouch__cutoff_youden(&c), cost = vouch__cutoff_cost(&c, miss, alarm);
    vouch__cutoff recall = vouch__cutoff_recall(&c, vouch__test_param(call, "recall"));
    vouch__entry entry = vouch__test_entry(call);
    entry.value = youden.value;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "cutoffs",
                                               "rule,score,reached,flagged,recall,specificity,precision,f1");
    show(call, table, "largest Youden index", &c, &youden);
    show(call, table, "least cost", &c, &cost);
    show(call, table, "target recall", &c, &recall);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "miss_cost", VOUCH__PARAM_REAL, 0.0, 1e9, 5.0, NULL, "", "cost of letting a bad case pass" },
    { "alarm_cost", VOUCH__PARAM_REAL, 0.0, 1e9, 1.0, NULL, "", "cost of turning a good case away" },
    { "recall", VOUCH__PARAM_REAL, 0.0, 1.0, 0.8, NULL, "", "share of the bad that must be caught" },
};

const vouch_test vouch__test_cutoffs = {
    .id = "validate.cutoffs",
    .section = "validate",
    .title = "Cut-offs by Youden, by cost, and by target recall",
    .purpose = "Where would the cut-off lie if it were chosen on these cases, and what would it do? A "
               "cut-off in use that is "
               "far from all three deserves a question.",
    .mechanism = "At every distinct score the rates of a cut-off there are known. Youden's takes the largest "
                 "true positive rate "
                 "minus false positive rate; the cost rule the least miss cost times bads passed plus alarm "
                 "cost times goods "
                 "turned away; the recall rule the highest score that catches the target share of the bad.",
    .convention = VOUCH__ORIENTED
    "Cases at or above the cut-off are turned away; among equals the rule turns away least. "
    "The value is Youden's index, which equals the signed KS distance.",
    .high_risk = "Cut-offs that move when the sample is split in two; a cost rule that turns nobody away at "
                 "the costs in use.",
    .strengths = "Puts the three usual rules side by side with what each does.",
    .limits = "A cut-off chosen and reported on the same cases looks better than it is: choose on tune, "
              "report on test. "
              "Youden's index takes both errors as equally dear at equal class sizes, which they never are.",
    .source = "W. J. Youden, Cancer 3 (1950) 32-35; C. Elkan, IJCAI (2001) 973-978",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
