/* Two AUCs: of the same cases by two models, and of cases that have nothing in common. */
#include "validate/rank_tests.h"
#include "validate/rows/row_parts.h"

#include <math.h>

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *a = call->now, *b = call->before;
    vouch_auc now, before;
    vouch_status status = vouch_validate_auc_delong(ctx, a->n, a->score, a->bad, 0.95, &now);
    if (!status)
        status = vouch_validate_auc_delong(ctx, b->n, b->score, b->bad, 0.95, &before);
    if (status)
        return status;
    vouch_auc_pair pair = vouch__auc_unpaired(&now, &before, 0.95);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = pair.difference;
    entry.judged = true;
    entry.statistic = pair.z;
    entry.p_value = pair.p_value;
    if (isnan(pair.z)) {
        entry.note = "Fewer than 10 cases of one outcome, or no error at all: no test is made.";
    } else {
        entry.level = pair.level;
        entry.low = pair.low;
        entry.high = pair.high;
        entry.interval_method = "DeLong, independent samples";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "samples",
                                               "sample,n,n_bad,auc,standard_error");
    vouch__test_row(call, table, "tnnnn", "these cases", (double)now.n, (double)now.n_bad, now.auc,
                    sqrt(now.variance));
    vouch__test_row(call, table, "tnnnn", "reference", (double)before.n, (double)before.n_bad, before.auc,
                    sqrt(before.variance));
    return VOUCH_OK;
}

const vouch_test vouch__test_auc_unpaired = {
    .id = "validate.auc_unpaired",
    .section = "validate",
    .title = "Difference of the AUC from a reference sample",
    .purpose = "Is the model's ranking as good on these cases as on the reference, or has it moved by more "
               "than chance "
               "explains? Used between train and test, between portfolios, and from one quarter to the next.",
    .mechanism = "The AUC here minus the AUC there. As no case is in both samples, the variances that "
                 "DeLong's placements "
                 "give add up; the difference over its error is compared with the normal distribution.",
    .convention = VOUCH__ORIENTED
    "Tied scores count one half. Two-sided p. Below 10 cases of either outcome in either "
    "sample the test is not made.",
    .high_risk = "An interval wholly below 0. A drop from train to test is a sign of over-fitting; one from "
                 "quarter to "
                 "quarter says that the population or the meaning of the inputs has changed.",
    .strengths = "Needs nothing but scores and outcomes, and states the error of both sides: a validator who "
                 "treats the "
                 "development AUC as known, as the ECB's test does, is stricter than the data allow.",
    .limits = "Samples that share cases, as a bank's book in two years does, are positively dependent, and "
              "the test is then "
              "conservative. A different mix of cases changes the AUC without any change of the model.",
    .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845; Hanley & McNeil, Radiology 143 "
              "(1982) 29-36",
    .null_hypothesis = "both samples have the same AUC",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_REFERENCE,
    .run = run,
};

static vouch_status run_paired(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch_auc_pair pair;
    vouch_status status = vouch_validate_auc_paired(ctx, s->n, s->score, s->rival, s->bad, 0.95, &pair);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = pair.difference;
    entry.judged = true;
    entry.statistic = pair.z;
    entry.p_value = pair.p_value;
    if (isnan(pair.z)) {
        entry.note = "Fewer than 10 cases of one outcome: no test is made.";
    } else {
        entry.level = pair.level;
        entry.low = pair.low;
        entry.high = pair.high;
        entry.interval_method = "DeLong, paired";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "auc", "score,auc");
    vouch__test_row(call, table, "tn", "this model", pair.auc_a);
    vouch__test_row(call, table, "tn", "rival", pair.auc_b);
    return VOUCH_OK;
}

const vouch_test vouch__test_auc_paired = {
    .id = "validate.auc_paired",
    .section = "compare",
    .title = "AUC against a rival's on the same cases",
    .purpose =
        "Does this model rank better than the rival, or is the difference what chance gives on these cases?",
    .mechanism = "The difference of the two AUCs. As both scores are of the same cases, their errors go "
                 "together; the variance is that of "
                 "the differences of each case's placements, which takes care of it.",
    .convention = VOUCH__ORIENTED "Tied scores count one half. Two-sided p. Positive: this model ranks "
                                  "better. Below 10 cases of either outcome "
                                  "the test is not made.",
    .high_risk = "An interval wholly below 0: the rival is better. An interval around 0 in a large sample: "
                 "take the simpler model.",
    .strengths = "Far more powerful than comparing two intervals, because what is hard for one model is hard "
                 "for the other.",
    .limits = "For a model nested in its rival and fitted to these very cases the distribution is not "
              "normal. A significant difference of 0.002 "
              "is still 0.002.",
    .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845; Sun & Xu, IEEE Signal "
              "Processing Letters 21 (2014) 1389-1393",
    .null_hypothesis = "both scores have the same AUC",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_RIVAL,
    .run = run_paired,
};
