/* Ranking: AUC and Gini, KS, the ROC curve, and what was lost since training. */
#include "validate/validate_parts.h"

#include "num/rank.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

enum { ROC_POINTS = 200 };

static const double level = 0.95;
static const char weighted_note[] =
    "Case weights are applied; the interval, which is for cases that count alike, is left out.";
static const char few_note[] = "Fewer than 10 cases of one outcome: no interval is given.";

/* AUC with its interval where that is known: unweighted, and enough cases. */
static vouch_status measure(vouch_ctx *ctx, const vouch__scored *scored, vouch_auc *out)
{
    if (!scored->weight)
        return vouch_validate_auc_delong(ctx, scored->n, scored->raw, scored->bad, level, out);
    *out = (vouch_auc){ .variance = NAN, .level = level, .low = NAN, .high = NAN, .n = scored->n };
    return vouch_validate_auc(ctx, scored->n, scored->raw, scored->bad, scored->weight, &out->auc);
}

static void auc_and_gini(const vouch__suite *suite, const vouch_auc *a)
{
    for (int gini = 0; gini <= 1; gini++) {
        if (!vouch__suite_wants(suite, gini ? &vouch__test_gini : &vouch__test_auc))
            continue;
        vouch__entry entry = vouch__suite_entry(suite, gini ? &vouch__test_gini : &vouch__test_auc);
        entry.value = gini ? 2.0 * a->auc - 1.0 : a->auc;
        entry.judged = true;
        if (!isnan(a->variance)) {
            entry.level = a->level;
            entry.low = gini ? 2.0 * a->low - 1.0 : a->low;
            entry.high = gini ? 2.0 * a->high - 1.0 : a->high;
            entry.interval_method = a->auc <= 0.0 || a->auc >= 1.0 ? "exact binomial over disjoint pairs"
                                                                   : "DeLong, logit scale";
        }
        entry.note = suite->scored->weight ? weighted_note : isnan(a->variance) ? few_note : NULL;
        (void)vouch__evidence_add(suite->list, &entry);
    }
}

/* Massart's bound for each distribution at half the error each. */
static double dkw(size_t n) { return sqrt(vouch__log(4.0 / (1.0 - level)) / (2.0 * (double)n)); }

static vouch_status ks(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    double value, at;
    vouch_status status = vouch_validate_ks(suite->ctx, s->n, s->raw, s->bad, s->weight, &value, &at);
    if (status)
        return status;
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_ks);
    entry.value = value;
    entry.judged = true;
    if (s->weight) {
        entry.note = weighted_note;
    } else {
        double margin = dkw(suite->n_bad) + dkw(s->n - suite->n_bad);
        entry.level = level;
        entry.low = fmax(0.0, value - margin);
        entry.high = fmin(1.0, value + margin);
        entry.interval_method = "Dvoretzky-Kiefer-Wolfowitz-Massart, both samples";
    }
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "cutoff", "quantity,value");
    if (s->score_name) {
        vouch__suite_quantity(suite, table, "score where the distance is reached", at);
    } else {
        vouch__suite_quantity(suite, table, "log-odds where the distance is reached", at);
        vouch__suite_quantity(suite, table, "the same as a probability", vouch__sigmoid(at));
    }
    for (size_t i = 0; s->points && i < s->n; i++)
        if (s->raw[i] == at) {
            vouch__suite_quantity(suite, table, "the same in points", s->points[i]);
            break;
        }
    return VOUCH_OK;
}

static void roc_row(const vouch__suite *suite, vouch__json *table, double fpr, double tpr, double threshold)
{
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_number(suite->list, row, fpr);
    vouch__row_number(suite->list, row, tpr);
    vouch__row_number(suite->list, row, threshold);
}

/* Down the scores; a point is kept when the curve has gone on by 1 / 198 of its length, which is 2 when
 * measured along the axes. */
static vouch_status roc(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    size_t mark = vouch__scratch_mark(suite->ctx);
    uint32_t *order = vouch__scratch(suite->ctx, s->n, sizeof *order);
    if (!order)
        return vouch__oom(suite->ctx);
    vouch_status status = vouch__order(suite->ctx, s->n, s->raw, order);
    if (!status) {
        vouch__dd count[2] = { { 0 } }, total[2] = { { 0 } };
        for (size_t i = 0; i < s->n; i++)
            vouch__accumulate(&total[s->bad[i]], vouch__suite_weight(s, i));
        double good = vouch__accumulated(total[0]), lost = vouch__accumulated(total[1]), kept = 0.0;
        vouch__entry entry = vouch__suite_entry(suite, &vouch__test_roc);
        vouch__json *object = vouch__evidence_add(suite->list, &entry);
        vouch__json *table = vouch__evidence_table(suite->list, object, "roc",
                                                   "false_positive_rate,true_positive_rate,log_odds");
        roc_row(suite, table, 0.0, 0.0, NAN);
        for (size_t left = s->n, to; left > 0; left = to) {
            double at = s->raw[order[left - 1]];
            for (to = left; to > 0 && s->raw[order[to - 1]] == at; to--)
                vouch__accumulate(&count[s->bad[order[to - 1]]], vouch__suite_weight(s, order[to - 1]));
            double fpr = fmin(1.0, vouch__accumulated(count[0]) / good);
            double tpr = fmin(1.0, vouch__accumulated(count[1]) / lost);
            if (to > 0 && fpr + tpr < kept + 2.0 / (ROC_POINTS - 2))
                continue;
            kept = fpr + tpr;
            roc_row(suite, table, to ? fpr : 1.0, to ? tpr : 1.0, at);
        }
        vouch__evidence_plot(suite->list, object, "line", "roc", "false_positive_rate", "true_positive_rate",
                             "goods turned away (false positive rate)", "bads caught (true positive rate)");
    }
    vouch__scratch_reset(suite->ctx, mark);
    return status;
}

static vouch_status gap(const vouch__suite *suite, const vouch_auc *here)
{
    vouch_auc train;
    if (suite->train_bad == 0 || suite->train_bad == suite->train->n) {
        vouch__suite_refuse(suite, &vouch__test_gap, "Train holds one outcome only, so it has no AUC.");
        return VOUCH_OK;
    }
    vouch_status status = measure(suite->ctx, suite->train, &train);
    if (status)
        return status;
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_gap);
    entry.value = train.auc - here->auc;
    entry.judged = true;
    entry.null_hypothesis = "The model ranks this part as well as it ranks train.";
    double variance = train.variance + here->variance;
    if (!isnan(variance)) {
        double se = sqrt(variance), margin = vouch__cases_margin(level) * se;
        entry.level = level;
        entry.low = fmax(-1.0, entry.value - margin);
        entry.high = fmin(1.0, entry.value + margin);
        entry.interval_method = "normal, DeLong variances added";
        if (se > 0.0) {
            entry.statistic = entry.value / se;
            entry.p_value = fmin(1.0, 2.0 * vouch__normal_sf(fabs(entry.statistic)));
        }
    }
    entry.note = suite->scored->weight || suite->train->weight ? weighted_note
                 : isnan(variance)                             ? few_note
                                                               : NULL;
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(suite->list, object, "auc", "part,n,n_bad,auc,low,high");
    for (int k = 0; k <= 1; k++) {
        const vouch_auc *a = k ? here : &train;
        const vouch__scored *s = k ? suite->scored : suite->train;
        vouch__json *row = vouch__evidence_row(suite->list, table);
        vouch__row_text(suite->list, row, s->part);
        vouch__row_number(suite->list, row, (double)s->n);
        vouch__row_number(suite->list, row, (double)(k ? suite->n_bad : suite->train_bad));
        vouch__row_number(suite->list, row, a->auc);
        vouch__row_number(suite->list, row, isnan(a->variance) ? NAN : a->low);
        vouch__row_number(suite->list, row, isnan(a->variance) ? NAN : a->high);
    }
    return VOUCH_OK;
}

vouch_status vouch__suite_rank(const vouch__suite *suite)
{
    vouch_auc here = { .auc = NAN };
    vouch_status status = VOUCH_OK;
    bool wants_gap = vouch__suite_wants(suite, &vouch__test_gap);
    bool wants_auc = vouch__suite_wants(suite, &vouch__test_auc) ||
                     vouch__suite_wants(suite, &vouch__test_gini);
    if (wants_auc || wants_gap)
        status = measure(suite->ctx, suite->scored, &here);
    if (!status && wants_auc)
        auc_and_gini(suite, &here);
    if (!status && vouch__suite_wants(suite, &vouch__test_ks))
        status = ks(suite);
    if (!status && vouch__suite_wants(suite, &vouch__test_roc))
        status = roc(suite);
    return status || !wants_gap ? status : gap(suite, &here);
}
