/* Ranking of LGD, CCF and exposure beside the generalised AUC: who is in the right class, where the money is,
 * and whether the ranking is as good as it was; the score is the estimate. */
#include "num/rank.h"
#include "num/special.h"
#include "validate/irb.h"
#include "validate/rows/row_parts.h"

#include <math.h>
#include <string.h>

enum { CLASSES = 12 };
#define NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE)
#define ECB "ECB, Instructions for reporting the validation results of internal models (2019), section 2.6"

/* ---- the cumulative accuracy ratio ---- */

typedef struct ordered { /* cases from the highest estimate to the lowest */
    size_t n;
    const uint32_t *at;
    const double *said;
    uint8_t *class_of; /* [n], of what was realised, by case */
} ordered;

/* Cases among the first `wanted` whose realised class is `least` or above; of cases tied at the border the
 * share that is expected. */
static double right_among(const ordered *o, size_t wanted, size_t least)
{
    double right = 0;
    for (size_t i = 0, j; i < wanted; i = j) {
        double here = 0;
        for (j = i; j < o->n && o->said[o->at[j]] == o->said[o->at[i]]; j++)
            here += o->class_of[o->at[j]] >= least;
        right += j <= wanted ? here : here * (double)(wanted - i) / (double)(j - i);
    }
    return right;
}

static void tell_classes(const vouch__test_call *call, vouch__json *table, const ordered *o,
                         double *out_ratio, double *out_chance)
{
    double x = 0, y = 0, last_x = 0, last_y = 0, last_square = 0;
    size_t above = 0;
    *out_ratio = *out_chance = 0;
    for (size_t k = CLASSES; k-- > 0;) {
        size_t here = 0;
        for (size_t i = 0; i < o->n; i++)
            here += o->class_of[i] == k;
        above += here;
        if (here == 0)
            continue;
        x = (double)above / (double)o->n;
        y = right_among(o, above, k) / (double)o->n;
        *out_ratio += (x - last_x) * (y + last_y);
        *out_chance += (x - last_x) * (x * x + last_square);
        if (table)
            vouch__test_row(call, table, "nnnn", (double)k + 1, (double)here, x, y);
        last_x = x;
        last_y = y;
        last_square = x * x;
    }
}

/* By exposure: the share of losses caught in order of the estimate, against that in order of what came; NaN
 * where they can't be told apart. */
static vouch_status capture(vouch_ctx *ctx, const vouch__sample *s, const ordered *o, double *out)
{
    double area[2] = { 0 }, all = 0, lost = 0;
    double *minus = vouch__scratch(ctx, s->n + 1, sizeof *minus);
    uint32_t *best = vouch__scratch(ctx, s->n + 1, sizeof *best);
    if (!minus || !best)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++) {
        double exposure = s->amount ? s->amount[i] : 1.0;
        minus[i] = -s->target[i];
        all += exposure;
        lost += exposure * s->target[i];
    }
    vouch_status status = vouch__order(ctx, s->n, minus, best);
    for (int k = 0; k < 2 && !status; k++) {
        const uint32_t *at = k ? best : o->at;
        const double *by = k ? minus : o->said;
        double y = 0;
        for (size_t i = 0, j; i < s->n; i = j) { /* ties rise in a straight line */
            double dx = 0, dy = 0;
            for (j = i; j < s->n && by[at[j]] == by[at[i]]; j++) {
                double exposure = s->amount ? s->amount[at[j]] : 1.0;
                dx += exposure;
                dy += exposure * s->target[at[j]];
            }
            area[k] += dx / all * (2 * y + dy) / (2 * lost);
            y += dy;
        }
    }
    *out = all > 0 && lost > 0 && area[1] > 0.5 ? (area[0] - 0.5) / (area[1] - 0.5) : (double)NAN;
    return status;
}

static vouch_status run_clar(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    double *minus = vouch__scratch(ctx, s->n + 1, sizeof *minus), ratio, chance, captured = NAN;
    uint32_t *at = vouch__scratch(ctx, s->n + 1, sizeof *at);
    ordered o = { s->n, at, s->score, vouch__scratch(ctx, s->n + 1, 1) };
    if (!minus || !at || !o.class_of)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++) {
        minus[i] = -s->score[i];
        o.class_of[i] = (uint8_t)vouch__lgd_class(s->target[i]);
    }
    vouch_status status = vouch__order(ctx, s->n, minus, at);
    if (!status)
        status = capture(ctx, s, &o, &captured);
    if (status)
        return status;
    tell_classes(call, NULL, &o, &ratio, &chance);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = ratio;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ratio", "quantity,value");
    vouch__row_quantity(call, table, "cumulative LGD accuracy ratio", ratio);
    vouch__row_quantity(call, table, "the same of an order that knows nothing", chance);
    vouch__row_quantity(call, table, s->amount ? "loss capture ratio, by exposure" : "loss capture ratio",
                        captured);
    table = vouch__evidence_table(call->list, object, "classes", "class,cases,share_taken,share_right");
    tell_classes(call, table, &o, &ratio, &chance);
    vouch__evidence_plot(call->list, object, "line", "classes", "share_taken", "share_right",
                         "share of cases, highest estimates first", "share in the right class or above");
    return VOUCH_OK;
}

const vouch_test vouch__test_lgd_clar = {
    .id = "irb.lgd_clar",
    .section = "validate",
    .title = "Cumulative LGD accuracy ratio (CLAR) and loss capture",
    .purpose =
        "Are the facilities that lost most those for which most was expected, class by class and in money?",
    .mechanism =
        "Realised values are put in classes. From the highest class down, as many facilities are taken in "
        "order of the estimate as realised that class or a higher one, and those counted that did. CLAR is "
        "twice the area under the share that is right over the share that is taken: 1 when every facility is "
        "in its class. The loss capture ratio is the area between the curve of losses caught and the "
        "diagonal, over that of the perfect order.",
    .convention =
        "The 12 classes are those of the generalised AUC. Estimates that are tied share a border by "
        "expectation, and rise in a straight line in the loss capture curve, which is weighted by exposure "
        "where amounts are given. An order that knows nothing has a CLAR well above 0 (two thirds for many "
        "even classes): it is told beside.",
    .high_risk =
        "A CLAR near that of no knowledge, or a loss capture ratio near 0: estimates do not order losses.",
    .strengths = "Uses the classes in which LGD is managed; loss capture speaks of money.",
    .limits =
        "No interval in common use: resample where one is needed. Depends on the classes, so only equal ones "
        "compare. It says nothing of the level of estimates: see irb.lgd_bias.",
    .source = "D. Li, R. Bhariok, S. Keenan & S. Santilli, Journal of Risk Model Validation 3 (2009) 3-26",
    .unit = "ratio",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_AMOUNT,
    .run = run_clar,
};

/* ---- decline since the initial validation ---- */

static vouch_status gauc_of(vouch_ctx *ctx, const vouch__sample *s, vouch__somers *out)
{
    double count[CLASSES * CLASSES] = { 0 };
    for (size_t i = 0; i < s->n; i++)
        count[vouch__lgd_class(s->score[i]) * CLASSES + vouch__lgd_class(s->target[i])] += 1.0;
    return vouch__somers_measure(ctx, CLASSES, CLASSES, count, out);
}

static vouch_status run_decline(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__somers now, before;
    vouch_status status = gauc_of(ctx, call->before, &before);
    if (!status)
        status = gauc_of(ctx, call->now, &now);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = before.gauc - now.gauc;
    if (now.se > 0) {
        entry.statistic = entry.value / (0.5 * now.se);
        entry.p_value = vouch__normal_sf(entry.statistic);
    }
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ranking", "sample,n,gauc,se");
    vouch__test_row(call, table, "tnnn", "initial validation", (double)call->before->n, before.gauc,
                    0.5 * before.se);
    vouch__test_row(call, table, "tnnn", "now", (double)call->now->n, now.gauc, 0.5 * now.se);
    return VOUCH_OK;
}

const vouch_test vouch__test_gauc_decline = {
    .id = "irb.gauc_decline",
    .section = "validate",
    .title = "Decline of the generalised AUC (ECB)",
    .purpose =
        "Do estimates of LGD (or CCF) rank realised values as well as they did at the initial validation?",
    .mechanism =
        "The generalised AUC at the initial validation (the reference) less today's, over the standard error "
        "of today's, compared with the normal distribution.",
    .convention =
        "As the instructions have it the initial value is taken as known, so where the reference is as small "
        "as the sample a true null is rejected more often than the level says. One-sided: a small p says "
        "that ranking got worse. Classes as for irb.lgd_ranking.",
    .high_risk = "A decline above 0 with a p-value below 0.05; below 0.01 the ranking has to be looked into.",
    .strengths = "Prescribed; comparable from year to year.",
    .limits = "Few defaults a year leave little power; a change of the mix of segments changes the figure "
              "without any "
              "change of the model.",
    .source = ECB,
    .null_hypothesis = "the generalised AUC has not fallen",
    .unit = "generalised AUC",
    .needs = NEEDS | VOUCH__NEEDS_REFERENCE,
    .run = run_decline,
};
