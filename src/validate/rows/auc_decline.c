/* The ECB's test of lost discrimination. */
#include "validate/rank_tests.h"
#include "validate/rows/row_parts.h"

#include <math.h>

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now, *b = call->before;
    vouch_auc now;
    double initial;
    vouch_status status = vouch_validate_auc_delong(ctx, s->n, s->score, s->bad, 0.95, &now);
    if (!status)
        status = vouch_validate_auc(ctx, b->n, b->score, b->bad, NULL, &initial);
    if (status)
        return status;
    vouch__decline d = vouch__auc_decline(initial, &now);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = d.initial - d.current;
    entry.judged = true;
    entry.statistic = d.statistic;
    entry.p_value = d.p_value;
    if (isnan(d.statistic))
        entry.note = "Fewer than 10 cases of one outcome, or no error at all: no test is made.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "auc", "quantity,value");
    vouch__row_quantity(call, table, "AUC at the initial validation", d.initial);
    vouch__row_quantity(call, table, "current AUC", d.current);
    vouch__row_quantity(call, table, "standard error of the current AUC", sqrt(now.variance));
    return VOUCH_OK;
}

const vouch_test vouch__test_auc_decline = {
    .id = "irb.auc_decline",
    .section = "validate",
    .title = "AUC against the initial validation (ECB)",
    .purpose = "Has discrimination fallen since the model was first validated? Supervisors ask every IRB "
               "bank to answer "
               "this each year for each PD model, with the reference sample of the initial validation.",
    .mechanism = "S = (initial AUC - current AUC) / s, where s is the error of the current AUC from DeLong's "
                 "placements; p "
                 "is the upper tail of the normal distribution at S.",
    .convention = VOUCH__ORIENTED
    "The initial AUC counts as known, so only the current sample's error enters; for a test in "
    "which both are estimates see validate.auc_unpaired. One-sided.",
    .high_risk =
        "A small p, or a fall of several points whatever its p in a small portfolio. Read it with the "
        "concentration of grades: a book that has become alike ranks worse under an unchanged model.",
    .strengths = "Prescribed, and therefore comparable between banks and years.",
    .limits = "Treating the initial AUC as known makes the test reject too often when the initial sample was "
              "small. It is "
              "blind to a model that was poor from the start.",
    .source = "ECB, Instructions for reporting the validation results of internal models, IRB Pillar I "
              "models for credit "
              "risk (2019), section 2.5.4.1",
    .null_hypothesis = "the current AUC is not below the initial one",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_REFERENCE,
    .run = run,
};
