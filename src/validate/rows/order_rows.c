/* How well predictions put cases in order, by the Lorenz curve; and two models where they disagree. */
#include "validate/rows/row_parts.h"
#include "validate/rows/yard_rows.h"

#include "base/ctx.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

static vouch_status run_gini(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__lorenz l = { .x = vouch__scratch(ctx, s->n + 1, sizeof *l.x),
                        .y = vouch__scratch(ctx, s->n + 1, sizeof *l.y),
                        .label = vouch__scratch(ctx, s->n + 1, sizeof *l.label) };
    vouch__lorenz best = { .x = NULL };
    if (!l.x || !l.y || !l.label)
        return vouch__oom(ctx);
    vouch_status status = vouch__lorenz_measure(ctx, s->n, s->score, s->target, s->weight, &l);
    if (!status)
        status = vouch__lorenz_measure(ctx, s->n, s->target, s->target, s->weight, &best);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = l.gini;
    entry.judged = true;
    if (l.error > 0.0) {
        double reach = vouch__cases_margin(0.95) * l.error;
        entry.level = 0.95;
        entry.low = l.gini - reach;
        entry.high = l.gini + reach;
        entry.interval_method = "normal, infinitesimal jackknife";
        entry.statistic = l.gini / l.error;
        entry.p_value = fmin(1.0, 2.0 * vouch__normal_sf(fabs(entry.statistic)));
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "order", "quantity,value");
    vouch__row_quantity(call, table, "Gini of the predictions' order", l.gini);
    vouch__row_quantity(call, table, "Gini of the perfect order", best.gini);
    vouch__row_quantity(call, table, "share of the perfect order",
                        best.gini > 0.0 ? l.gini / best.gini : NAN);
    vouch__json *curve = vouch__evidence_table(call->list, object, "curve",
                                               "share_of_weight,share_of_outcome,prediction");
    vouch__row_curve(call, curve, l.n_points, l.x, l.y, l.label);
    vouch__evidence_plot(call->list, object, "line", "curve", "share_of_weight", "share_of_outcome",
                         "share of weight, lowest predictions first", "share of the outcomes");
    return VOUCH_OK;
}

const vouch_test vouch__test_ordered_gini = {
    .id = "validate.ordered_gini",
    .section = "validate",
    .title = "Gini of predicted against actual (ordered Lorenz curve)",
    .purpose = "Do the predictions put cases in the order of what they cost? An insurer that orders worse "
               "than another keeps what the other does not want.",
    .mechanism = "Cases by rising prediction; the share of the outcomes is drawn against the share of the "
                 "weight. The index is twice the area between that curve and the diagonal.",
    .convention = VOUCH__YARD_WEIGHTS
    "Ties count by their expectation. Not divided by the index of the perfect order, which stands in the "
    "table. For outcomes of 0 and 1 without weights it is (2 AUC - 1) times the share of zeros.",
    .high_risk = "An interval that holds 0: the order may be chance. A fall against the training rows.",
    .strengths = "Looks at order alone, whatever the level; of use for premiums, counts and amounts alike.",
    .limits = "Says nothing of the level: a model twice too high has the same index. One very large amount "
              "can carry it; the interval then shows it.",
    .source = "E. W. Frees, G. Meyers & A. D. Cummings, JASA 106 (2011) 1085-1098, and Journal of Risk and "
              "Insurance 81 (2014) 335-366",
    .null_hypothesis = "the order of the predictions tells nothing of the outcomes",
    .unit = "Gini",
    .needs = VOUCH__YARD_NEEDS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_gini,
};

/* ---- here and in training ---- */

static vouch_status run_gap(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now, *b = call->before;
    vouch__lorenz here = { .x = NULL }, there = { .x = NULL };
    vouch_status status = vouch__lorenz_measure(ctx, s->n, s->score, s->target, s->weight, &here);
    if (!status)
        status = vouch__lorenz_measure(ctx, b->n, b->score, b->target, b->weight, &there);
    if (status)
        return status;
    double error = sqrt(here.error * here.error + there.error * there.error);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = there.gini - here.gini;
    if (error > 0.0) {
        double reach = vouch__cases_margin(0.95) * error;
        entry.level = 0.95;
        entry.low = entry.value - reach;
        entry.high = entry.value + reach;
        entry.interval_method = "normal, infinitesimal jackknife";
        entry.statistic = entry.value / error;
        entry.p_value = vouch__normal_sf(entry.statistic);
    }
    entry.judged = entry.p_value < 0.05;
    entry.verdict = VOUCH__PASS;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "order", "quantity,value");
    vouch__row_quantity(call, table, "Gini of the reference", there.gini);
    vouch__row_quantity(call, table, "Gini of these cases", here.gini);
    return VOUCH_OK;
}

const vouch_test vouch__test_gini_gap = {
    .id = "validate.gini_gap",
    .section = "validate",
    .title = "Fall of the Gini against the training rows",
    .purpose =
        "Does what was learnt carry over? A model that orders its own rows much better than others has "
        "learnt them by heart.",
    .mechanism = "The Gini index of the ordered Lorenz curve of the reference less that of these cases.",
    .convention = VOUCH__YARD_WEIGHTS
    "One-sided: above 0 the reference is ordered better. The errors of both are the infinitesimal "
    "jackknife's, and add up as of two samples; a fall that is not more than chance passes.",
    .high_risk = "A fall of more than 0.05 beyond chance; in models of many trees look at early stopping.",
    .strengths = "Order alone, so a change of level between the two samples does not count.",
    .limits = "The portfolio's own spread enters the index: a more uniform sample has a smaller one without "
              "any overfitting.",
    .source = "E. W. Frees, G. Meyers & A. D. Cummings, JASA 106 (2011) 1085-1098",
    .null_hypothesis = "the index is not smaller than the reference's",
    .unit = "Gini",
    .needs = VOUCH__YARD_NEEDS | VOUCH__NEEDS_REFERENCE,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_gap,
};

/* ---- two models ---- */

static const vouch__param params[] = { VOUCH__PARAM_WEIGHT_BANDS };

typedef struct band { /* sums over a band of what the two disagree on */
    size_t n;
    double weight, seen, ours, theirs, ratio;
} band;

static double off_by(const band *b, bool is_ours) { return fabs(b->seen - (is_ours ? b->ours : b->theirs)); }

static vouch_status run_double_lift(vouch_ctx *ctx, const vouch__test_call *call)
{
    enum { BANDS_MAX = 50 };
    const vouch__sample *s = call->now;
    band sum[BANDS_MAX], all = { .n = 0 };
    size_t n_bands = 0;
    double off[2] = { 0.0, 0.0 };
    uint8_t *of = vouch__scratch(ctx, s->n + 1, 1);
    double *ratio = vouch__scratch(ctx, s->n + 1, sizeof *ratio);
    memset(sum, 0, sizeof sum);
    if (!of || !ratio)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++) {
        if (!(s->score[i] > 0.0) || !(s->rival[i] > 0.0))
            return vouch__fail(ctx, VOUCH_E_DATA, "case %zu has a prediction that is not above 0: no ratio",
                               i);
        ratio[i] = s->score[i] / s->rival[i];
    }
    vouch_status status = vouch__weight_bands(ctx, s->n, ratio, s->weight,
                                              (size_t)vouch__test_param(call, "bands"), of, &n_bands);
    if (status)
        return status;
    for (size_t i = 0; i < s->n; i++) {
        double w = vouch__case_weight(s, i);
        band *to[] = { &sum[of[i]], &all };
        for (int k = 0; k < 2; k++) {
            to[k]->n++;
            to[k]->weight += w;
            to[k]->seen += w * s->target[i];
            to[k]->ours += w * s->score[i];
            to[k]->theirs += w * s->rival[i];
        }
    }
    for (size_t b = 0; b < n_bands; b++)
        for (int k = 0; k < 2; k++)
            off[k] += off_by(&sum[b], k == 0) / (k ? all.theirs : all.ours);
    vouch__entry entry = vouch__test_entry(call);
    entry.subject = s->rival_name;
    entry.value = off[0] - off[1];
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "bands",
                                               "band,n,weight,ratio,actual,this_model,rival");
    for (size_t b = 0; b < n_bands; b++)
        vouch__test_row(call, table, "nnnnnnn", (double)(b + 1), (double)sum[b].n, sum[b].weight,
                        sum[b].ours / sum[b].theirs, sum[b].seen / sum[b].weight, sum[b].ours / sum[b].weight,
                        sum[b].theirs / sum[b].weight);
    vouch__evidence_plot(call->list, object, "line", "bands", "band", "actual,this_model,rival",
                         "band of this model over the rival, lowest first", "mean outcome");
    return VOUCH_OK;
}

const vouch_test vouch__test_double_lift = {
    .id = "validate.double_lift",
    .section = "compare",
    .title = "Double lift: two models where they disagree",
    .purpose = "Where two models say different things of a case, which one does the outcome follow?",
    .mechanism = "Cases are ordered by the ratio of the two predictions and cut into bands of about equal "
                 "weight; in each the mean outcome stands beside both predictions.",
    .convention = VOUCH__YARD_WEIGHTS
    "The value is the error of this model less that of the rival: actual less predicted in size, summed "
    "over the bands, over what the model predicts in all. Below 0 this model is nearer. Bands: those "
    "where this model says less than the rival come first.",
    .high_risk = "A value above 0, and outcomes that follow the rival's line in the outer bands.",
    .strengths =
        "Looks only where the choice of the model matters; needs no knowledge of how either was made.",
    .limits = "Both models' levels count: a rival whose level is off is punished for that too. The bands are "
              "chosen by the two predictions, so noise in either draws its own line away from the outcomes.",
    .source = "M. Goldburd, A. Khare, D. Tevet & D. Guller, Generalized Linear Models for Insurance Rating, "
              "CAS Monograph 5 (2020) 74-77",
    .unit = "relative error",
    .needs = VOUCH__YARD_NEEDS | VOUCH__NEEDS_RIVAL,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run_double_lift,
};
