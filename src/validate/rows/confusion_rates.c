/* Decisions at one cut-off against outcomes. */
#include "validate/confusion.h"
#include "validate/rows/row_parts.h"

#include <math.h>

static void show(const vouch__test_call *call, vouch__json *table, const char *name, vouch__rate r)
{
    vouch__test_row(call, table, "tnnn", name, r.value, r.low, r.high);
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__confusion c;
    double threshold = vouch__test_param(call, "threshold");
    vouch_status status = vouch__confusion_count(ctx, s->n, s->probability, s->bad, s->weight, threshold, &c);
    if (status)
        return status;
    vouch__confusion_rates r = vouch__confusion_measure(&c, 0.95);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = isnan(r.f1) ? 0.0 : r.f1;
    entry.judged = true;
    if (!s->weight && r.f1_se > 0.0) {
        double margin = vouch__cases_margin(0.95) * r.f1_se;
        entry.level = 0.95;
        entry.low = fmax(0.0, r.f1 - margin);
        entry.high = fmin(1.0, r.f1 + margin);
        entry.interval_method = "delta method";
    }
    if (isnan(r.f1))
        entry.note = "No case is bad or flagged, so F1 is 0 / 0; it is given as 0.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "counts", "decision,good,bad");
    vouch__test_row(call, table, "tnn", "passed", c.true_negative, c.false_negative);
    vouch__test_row(call, table, "tnn", "flagged", c.false_positive, c.true_positive);
    table = vouch__evidence_table(call->list, object, "rates", "rate,value,low,high");
    show(call, table, "recall (sensitivity)", r.recall);
    show(call, table, "specificity", r.specificity);
    show(call, table, "precision", r.precision);
    show(call, table, "negative predictive value", r.negative);
    show(call, table, "accuracy", r.accuracy);
    table = vouch__evidence_table(call->list, object, "summaries", "quantity,value");
    vouch__row_quantity(call, table, "F1", r.f1);
    vouch__row_quantity(call, table, "balanced accuracy", r.balanced);
    vouch__row_quantity(call, table, "Youden's index", r.youden);
    vouch__row_quantity(call, table, "Matthews' correlation", r.mcc);
    vouch__row_quantity(call, table, "Cohen's kappa", r.kappa);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "threshold", VOUCH__PARAM_REAL, 0.0, 1.0, 0.5, NULL, "", "probability from which a case is flagged" },
};

const vouch_test vouch__test_confusion_rates = {
    .id = "validate.confusion",
    .section = "validate",
    .title = "Confusion table and its rates",
    .purpose =
        "At the cut-off in use, how often is the decision right, and in which of the two ways is it wrong?",
    .mechanism = "Cases with a probability at or above the threshold are flagged. Each rate is a share of "
                 "one margin of the "
                 "table, with Wilson's interval; F1, balanced accuracy, Matthews' correlation and Cohen's "
                 "kappa summarise it.",
    .convention =
        "bad = 1 is the positive class. The value is F1. Matthews' correlation is 0 where a margin is empty; "
        "rates of "
        "an empty margin are left out. Under weights the intervals take the weight as a number of cases.",
    .high_risk = "Accuracy near the share of goods: the model flags nobody. Precision and recall far apart "
                 "say that the "
                 "threshold, not the model, is the question.",
    .strengths = "Counts that anyone can check by hand, each with its error.",
    .limits = "All of it hangs on one threshold and on the bad rate of these cases; ranking and calibration "
              "are judged "
              "elsewhere. F1 ignores the cases that are rightly passed.",
    .source = "E. B. Wilson, JASA 22 (1927) 209-212; B. W. Matthews, Biochimica et Biophysica Acta 405 "
              "(1975) 442-451; J. "
              "Cohen, Educational and Psychological Measurement 20 (1960) 37-46; K. Takahashi et al., "
              "Applied Intelligence 52 "
              "(2022) 4961-4972",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
