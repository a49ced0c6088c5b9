/* The part of the ROC curve in which decisions are taken. */
#include "validate/rows/row_parts.h"

#include <math.h>

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    double from = vouch__test_param(call, "from"), to = vouch__test_param(call, "to"), area, standardised;
    vouch__corners corners;
    if (!(from < to))
        return vouch__fail(ctx, VOUCH_E_ARG, "partial auc: from must be below to");
    vouch_status status = vouch__row_corners(ctx, call, &corners);
    if (status)
        return status;
    vouch__partial_auc(&corners, from, to, &area, &standardised);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = standardised;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "area", "quantity,value");
    vouch__row_quantity(call, table, "area under that part of the curve", area);
    vouch__row_quantity(call, table, "the same for a score that knows nothing",
                        0.5 * (to * to - from * from));
    vouch__row_quantity(call, table, "the same for a perfect score", to - from);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "from", VOUCH__PARAM_REAL, 0.0, 1.0, 0.0, NULL, "", "lowest false positive rate counted" },
    { "to", VOUCH__PARAM_REAL, 0.0, 1.0, 0.1, NULL, "", "highest false positive rate counted" },
};

const vouch_test vouch__test_auc_partial = {
    .id = "validate.auc_partial",
    .section = "validate",
    .title = "Partial AUC",
    .purpose =
        "Does the model rank well where it is used? A fraud desk never works at a false positive rate above "
        "a few "
        "per cent, and the rest of the ROC curve, which fills most of the AUC, is of no interest to it.",
    .mechanism =
        "The area under the ROC curve between two false positive rates, rescaled so that a score that knows "
        "nothing has 0.5 and a perfect one 1 (McClish).",
    .convention = VOUCH__ORIENTED
    "Tied scores are one straight piece of the curve. With from = 0 the number equals "
    "scikit-learn's roc_auc_score(max_fpr=to).",
    .high_risk = "A partial AUC near 0.5 beside a good AUC: the model separates the easy middle of the book "
                 "and is blind "
                 "among the riskiest cases.",
    .strengths = "Judges the model at the working point without fixing one cut-off, and is comparable "
                 "between models on "
                 "the same cases.",
    .limits =
        "The range is a choice and must be stated before the result is seen. A narrow range rests on few "
        "good cases, "
        "so the number is noisier than the AUC; ask for a bootstrap interval before comparing two of them.",
    .source = "D. K. McClish, Medical Decision Making 9 (1989) 190-195",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
