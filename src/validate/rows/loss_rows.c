/* Estimates of LGD, CCF and exposure against what was realised; the score is the estimate. */
#include "validate/irb.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

#define NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE)

/* Cases of one level of the segments, side by side. */
static size_t gather(const vouch__sample *s, const vouch__factor *f, uint32_t level, double *seen,
                     double *said)
{
    size_t m = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!f || f->code[i] == level) {
            seen[m] = s->target[i];
            said[m++] = s->score[i];
        }
    return m;
}

/* The whole sample first, then each segment that has two cases, with p adjusted over segments. */
static vouch_status run_t(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    const vouch__factor *f = s->segment ? s->segment : s->grade;
    size_t levels = f ? f->n_levels : 0, tested = 0;
    double *seen = vouch__scratch(ctx, s->n, sizeof *seen), *said = vouch__scratch(ctx, s->n, sizeof *said),
           least;
    double *p = vouch__scratch(ctx, 2 * levels + 2, sizeof *p), *adjusted = p ? p + levels + 1 : NULL;
    vouch__t_test all, *t = vouch__scratch(ctx, levels + 1, sizeof *t);
    uint32_t *of = vouch__scratch(ctx, levels + 1, sizeof *of);
    if (!seen || !said || !p || !t || !of)
        return vouch__oom(ctx);
    vouch_status status = vouch__lgd_t_test(ctx, s->n, s->target, s->score, &all);
    for (uint32_t k = 0; k < levels && !status; k++) {
        size_t m = gather(s, f, k, seen, said);
        if (m < 2)
            continue;
        status = vouch__lgd_t_test(ctx, m, seen, said, &t[tested]);
        of[tested] = k;
        if (!status)
            p[tested] = t[tested].p_value;
        tested++;
    }
    if (!status)
        status = vouch__row_holm(ctx, tested, p, adjusted, &least);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = all.mean;
    entry.judged = true;
    entry.statistic = all.statistic;
    entry.p_value = all.p_value;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "segments",
                                               "segment,n,mean_difference,sd,t,p_value,p_holm");
    vouch__test_row(call, table, "tnnnnnn", "portfolio", all.n, all.mean, all.sd, all.statistic, all.p_value,
                    (double)NAN);
    for (size_t k = 0; k < tested; k++)
        vouch__test_row(call, table, "tnnnnnn", f->level[of[k]], t[k].n, t[k].mean, t[k].sd, t[k].statistic,
                        t[k].p_value, adjusted[k]);
    return VOUCH_OK;
}

const vouch_test vouch__test_lgd_bias = {
    .id = "irb.lgd_bias",
    .section = "validate",
    .title = "t test of LGD, CCF or exposure (ECB)",
    .purpose = "Are realised losses (or conversion factors, or exposures) above their estimates by more than "
               "chance, in "
               "the portfolio and in each segment?",
    .mechanism = "The mean of realised less estimated over its standard error is compared with Student's "
                 "distribution with n - 1 degrees of "
                 "freedom.",
    .convention = "One-sided: a small p says the estimates are too low. Segments (or else grades) with two "
                  "cases or more are tested beside the "
                  "portfolio, their p-values adjusted for their number (Holm). Facilities count once each.",
    .high_risk =
        "A mean difference above 0 with a small p; for a downturn LGD any difference above 0 in a calm year.",
    .strengths = "Prescribed, and simple enough to be checked by hand.",
    .limits = "Losses are bimodal, so in small segments Student's distribution is rough; docs/test_sizes.md "
              "has the size at 30 cases. Recoveries "
              "that are still under way must be left out or completed first.",
    .source = "ECB, Instructions for reporting the validation results of internal models (2019), sections "
              "2.6 and 2.9",
    .null_hypothesis = "the estimates are not below the realised values on average",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_SEGMENT | VOUCH__NEEDS_GRADE,
    .run = run_t,
};

static vouch_status run_shortfall(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__shortfall f;
    vouch_status status = vouch__loss_shortfall(ctx, s->n, s->target, s->score, s->amount, &f);
    if (status)
        return status;
    if (isnan(f.shortfall)) {
        vouch__test_refuse(call, "Nothing was lost, so the shortfall is 0 / 0.");
        return VOUCH_OK;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = f.shortfall;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "loss", "quantity,value");
    vouch__row_quantity(call, table, "loss shortfall", f.shortfall);
    vouch__row_quantity(call, table, "mean absolute deviation, by exposure", f.deviation);
    vouch__row_quantity(call, table, "realised loss rate, by exposure", f.seen);
    vouch__row_quantity(call, table, "estimated loss rate, by exposure", f.estimated);
    return VOUCH_OK;
}

const vouch_test vouch__test_loss_shortfall = {
    .id = "irb.loss_shortfall",
    .section = "validate",
    .title = "Loss shortfall",
    .purpose =
        "In money, by how much did losses exceed what was estimated? A test that counts every facility "
        "once can pass while a few large ones lose far more than was set aside for them.",
    .mechanism =
        "One less the estimated over the realised loss, each summed over facilities by exposure: at 0.1 "
        "the estimates covered nine tenths of what was lost. Beside it stands the mean absolute deviation "
        "of the rates, by exposure, which errors of both signs can't cancel in.",
    .convention =
        "Amounts are exposures at default. Positive: losses were larger than estimated. The realised loss "
        "is what is divided by, so a shortfall may lie far below 0 where little was lost.",
    .high_risk = "Above 0.1. Far from the unweighted t test: the error sits in a few large exposures.",
    .strengths = "Speaks of money; a large exposure counts as it should.",
    .limits = "One large exposure can decide it, and no interval is given for that reason: look at the "
              "largest cases.",
    .source = "D. Li, R. Bhariok, S. Keenan & S. Santilli, Journal of Risk Model Validation 3 (2009) 3-26",
    .needs = NEEDS | VOUCH__NEEDS_AMOUNT,
    .run = run_shortfall,
};

enum { CLASSES = 12 };

static vouch_status run_ranking(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    double count[CLASSES * CLASSES] = { 0 };
    vouch__somers d;
    for (size_t i = 0; i < s->n; i++)
        count[vouch__lgd_class(s->score[i]) * CLASSES + vouch__lgd_class(s->target[i])] += 1.0;
    vouch_status status = vouch__somers_measure(ctx, CLASSES, CLASSES, count, &d);
    if (status)
        return status;
    double margin = vouch__cases_margin(0.95) * d.se;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = d.gauc;
    entry.judged = true;
    entry.statistic = d.statistic;
    entry.p_value = d.p_value;
    entry.level = 0.95;
    entry.low = fmax(0.0, d.gauc - 0.5 * margin);
    entry.high = fmin(1.0, d.gauc + 0.5 * margin);
    entry.interval_method = "Goodman-Kruskal";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ranking", "quantity,value");
    vouch__row_quantity(call, table, "generalised AUC", d.gauc);
    vouch__row_quantity(call, table, "Somers' D", d.d);
    vouch__row_quantity(call, table, "standard error of D", d.se);
    return VOUCH_OK;
}

const vouch_test vouch__test_lgd_ranking = {
    .id = "irb.lgd_ranking",
    .section = "validate",
    .title = "Generalised AUC of LGD (ECB)",
    .purpose = "Do facilities with higher estimated LGD lose more?",
    .mechanism =
        "Estimates and realised values are put in 12 classes. Somers' D is the surplus of concordant over "
        "discordant pairs among those "
        "whose estimates differ; the generalised AUC is (D + 1) / 2. Its variance is Goodman and Kruskal's.",
    .convention = "Classes: up to 5 %, to 10 %, then steps of 10 points to 100 %, and above. p is one-sided "
                  "for D above 0.",
    .high_risk = "An interval that reaches 0.5, or a value well below that of the initial validation.",
    .strengths = "Prescribed; for two classes it is the AUC.",
    .limits =
        "Classes lose what happens inside them; with two or three pools of estimates the figure says little.",
    .source = "ECB, Instructions for reporting the validation results of internal models (2019), section "
              "2.6; R. H. Somers, American "
              "Sociological Review 27 (1962) 799-811; L. A. Goodman & W. H. Kruskal, JASA 67 (1972) 415-421",
    .null_hypothesis = "estimates do not rank realised values",
    .needs = NEEDS,
    .run = run_ranking,
};
