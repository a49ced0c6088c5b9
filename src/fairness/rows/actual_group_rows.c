/* What happened over what was expected in each group: whether a group pays for more than it costs. */
#include "fairness/rows/fair_rows.h"
#include "num/special.h"
#include "validate/rows/yard_rows.h"

#include <math.h>
#include <string.h>

/* A group's ratio over the reference's, as a comparison: the logarithms' difference is about normal. */
static vouch__comparison compare(const vouch__actual_sum *group, const vouch__actual_sum *reference,
                                 double dispersion)
{
    double level = VOUCH__FAIR_LEVEL, reach = vouch__normal_quantile(0.5 + 0.5 * level);
    vouch__ratio a = vouch__actual_ratio(group, dispersion, level);
    vouch__ratio b = vouch__actual_ratio(reference, dispersion, level);
    double of_a = dispersion * vouch__accumulated(group->variance) / (a.expected * a.expected);
    double of_b = dispersion * vouch__accumulated(reference->variance) / (b.expected * b.expected);
    double error = sqrt(of_a + of_b);
    double d = vouch__log(b.ratio / a.ratio);
    if (!(a.ratio > 0.0 && b.ratio > 0.0 && error > 0.0))
        return (vouch__comparison){ false, NAN, NAN, NAN, NAN, NAN };
    return (vouch__comparison){ true,
                                vouch__exp(d),
                                vouch__exp(d - reach * error),
                                vouch__exp(d + reach * error),
                                fmin(1.0, 2.0 * vouch__normal_sf(fabs(d) / error)),
                                NAN };
}

static void table_of(const vouch__outcomes *o, const vouch__groups *g, const vouch__actual_sum *sum,
                     const vouch__comparison *c, double dispersion, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups",
        "group,n,weight,actual,predicted,actual_over_expected,overcharge,low,high,p_holm");
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch__ratio r = vouch__actual_ratio(&sum[at], dispersion, VOUCH__FAIR_LEVEL);
        double none = at == g->reference ? 1.0 : (double)NAN;
        vouch__fair_row(o, table, "tnnnnnnnnn", g->label[at], (double)g->count[at], r.weight,
                        r.seen / r.weight, r.expected / r.weight, r.ratio, c[at].is_made ? c[at].value : none,
                        c[at].is_made ? c[at].low : (double)NAN, c[at].is_made ? c[at].high : (double)NAN,
                        c[at].is_made ? c[at].holm : (double)NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "overcharge", g->column,
                         "charged over cost, against the reference");
}

static vouch_status measure(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                            const vouch__groups *g)
{
    const vouch__sample *s = call->now;
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = "normal, of the logarithm",
                                           .judged = true);
    vouch__actual_sum sum[VOUCH__GROUPS_MAX];
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    double dispersion = NAN;
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    memset(sum, 0, sizeof sum);
    vouch_status status = vouch__call_dispersion(ctx, call, &dispersion);
    for (size_t i = 0; i < s->n && !status; i++)
        vouch__actual_add(&sum[g->of[i]], vouch__call_yardstick(call), s->target[i], s->score[i],
                          vouch__case_weight(s, i));
    for (size_t at = 0; at < g->n_groups && !status; at++)
        if (vouch__is_compared(o, g, at))
            c[at] = compare(&sum[at], &sum[g->reference], dispersion);
    if (!status)
        status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    size_t worst = vouch__worst(g, g->n_groups, c, VOUCH__WORSE_ABOVE);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry, "No group is large enough, or nothing happened in one.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], &entry, note, sizeof note);
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA));
    table_of(o, g, sum, c, dispersion, object);
    vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure);
}

static const vouch__param params[] = { VOUCH__PARAM_YARDSTICK, VOUCH__PARAM_MIN_GROUP };

const vouch_test vouch__test_fair_actual = {
    .id = "fairness.actual_expected",
    .section = "fairness",
    .title = "What a group is charged for what it costs",
    .purpose = "Groups may differ in what they cost, and a price may say so. What it may not do is to charge "
               "one group more for the same cost than another.",
    .mechanism =
        "In each group the sum of predictions is divided by the sum of outcomes, and that by the same "
        "of the reference group.",
    .convention = VOUCH__YARD_WEIGHTS
    "Above 1 the group is charged more for what it costs than the reference. Chance is what the "
    "deviance's variance gives at the prediction, times Pearson's dispersion. " VOUCH__GROUP_OVER_REFERENCE,
    .high_risk = "A ratio whose interval lies above 1: the group pays for cost that it does not have.",
    .strengths = "Works where there is no decision to compare, only a price; takes account of what happened, "
                 "so a true difference of cost does not count against the model.",
    .limits =
        "Outcomes are of those who bought. A ratio of 1 in all can hide opposite errors within a group. "
        "Whether a column may be used at all, as sex in the European Union may not, is another "
        "question: fairness.prohibited.",
    .source =
        "Council Directive 2004/113/EC and Case C-236/09 (Test-Achats); Colorado SB 21-169; E. W. Frees & "
        "F. Huang, North American Actuarial Journal 27 (2023) 3-24",
    .null_hypothesis = "every group is charged alike for what it costs",
    .unit = "ratio",
    .needs = VOUCH__YARD_NEEDS | VOUCH__NEEDS_GROUPS,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
