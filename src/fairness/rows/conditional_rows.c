/* The row about approval rates within segments. */
#include "fairness/rows/fair_rows.h"

#include "fairness/stratified.h"
#include "vouch/fairness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Strata are segments, and one of cases that have none. */
typedef struct strata {
    size_t n;
    uint64_t (*count)[VOUCH__GROUPS_MAX][2]; /* [stratum][group][approved] */
    vouch__stratum *of;                      /* [n], of the group at hand */
} strata;

static vouch_status count_strata(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                 const vouch__groups *g, strata *out)
{
    const vouch__factor *f = call->now->segment;
    out->n = f->n_levels + 1;
    out->count = vouch__scratch(ctx, out->n, sizeof *out->count);
    out->of = vouch__scratch(ctx, out->n, sizeof *out->of);
    if (!out->count || !out->of)
        return vouch__oom(ctx);
    memset(out->count, 0, out->n * sizeof *out->count);
    for (size_t i = 0; i < o->n; i++) {
        size_t stratum = f->code[i] == VOUCH__NO_LEVEL ? f->n_levels : f->code[i];
        out->count[stratum][g->of[i]][o->approve[i] != 0]++;
    }
    return VOUCH_OK;
}

static vouch__stratified of_group(const vouch__groups *g, const strata *s, size_t at)
{
    for (size_t k = 0; k < s->n; k++) {
        const uint64_t *p = s->count[k][at], *r = s->count[k][g->reference];
        s->of[k] = (vouch__stratum){ (double)p[1], (double)p[0], (double)r[1], (double)r[0] };
    }
    return vouch__stratify(s->n, s->of, VOUCH__FAIR_LEVEL);
}

static vouch_status segment_table(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                  const vouch__groups *g, const strata *s, vouch__json *object)
{
    const vouch__factor *f = call->now->segment;
    vouch__json *table = vouch__evidence_table(
        o->list, object, "segments",
        "segment,group,n,approval_rate,reference_n,reference_rate,ratio,p_value");
    for (size_t k = 0; k < s->n; k++)
        for (size_t at = 0; at < g->n_groups; at++) {
            const uint64_t *p = s->count[k][at], *r = s->count[k][g->reference];
            vouch_air air;
            if (!vouch__is_compared(o, g, at) || p[0] + p[1] == 0 || r[0] + r[1] == 0)
                continue;
            vouch_status status = vouch_fairness_air(ctx, p[1], p[0] + p[1], r[1], r[0] + r[1],
                                                     VOUCH__FAIR_LEVEL, &air);
            if (status)
                return status;
            vouch__fair_row(o, table, "ttnnnnnn", k < f->n_levels ? f->level[k] : "missing", g->label[at],
                            (double)(p[0] + p[1]), air.rate_protected, (double)(r[0] + r[1]),
                            air.rate_reference, air.ratio, air.p_value);
        }
    return VOUCH_OK;
}

static vouch_status conditional_tables(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                       const vouch__groups *g, const strata *s, const vouch__comparison *c,
                                       vouch__json *object)
{
    uint64_t approved[VOUCH__GROUPS_MAX];
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups",
        "group,n,segments,ratio,low,high,chi2,p_value,p_holm,odds_ratio,"
        "odds_low,odds_high,evenness_chi2,evenness_p,overall_ratio");
    vouch__count_approved(o, g, approved);
    double rate = (double)approved[g->reference] / (double)g->count[g->reference];
    for (size_t at = 0; at < g->n_groups; at++) {
        if (!c[at].is_made)
            continue;
        vouch__stratified m = of_group(g, s, at);
        vouch__fair_row(o, table, "tnnnnnnnnnnnnnn", g->label[at], (double)g->count[at], (double)m.used,
                        m.ratio, m.ratio_low, m.ratio_high, m.chi2, m.p, c[at].holm, m.odds, m.odds_low,
                        m.odds_high, m.even, m.even_p,
                        rate > 0 ? (double)approved[at] / (double)g->count[at] / rate : (double)NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "ratio", g->column,
                         "approval rate over the reference's, within segments");
    return segment_table(ctx, call, o, g, s, object);
}

static vouch_status measure(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                            const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = "Greenland and Robins",
                                           .judged = true);
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    strata s = { 0, NULL, NULL };
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    vouch_status status = count_strata(ctx, call, o, g, &s);
    if (status || !s.count)
        return status;
    for (size_t at = 0; at < g->n_groups && !status; at++)
        if (vouch__is_compared(o, g, at)) {
            vouch__stratified m = of_group(g, &s, at);
            c[at] = (vouch__comparison){ !isnan(m.ratio), m.ratio, m.ratio_low, m.ratio_high, m.p, NAN };
        }
    if (!status)
        status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    size_t worst = vouch__worst(g, g->n_groups, c, VOUCH__WORSE_BELOW);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry,
                           "No segment holds both a group and the reference, with somebody approved.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], &entry, note, sizeof note);
    entry.statistic = of_group(g, &s, worst).chi2;
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA));
    status = conditional_tables(ctx, call, o, g, &s, c, object);
    vouch__fair_refuse_small(o, g, &entry);
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure);
}

static const vouch__param params[] = { VOUCH__PARAMS_DECISION };

const vouch_test vouch__test_fair_conditional = {
    .id = "fairness.conditional_parity",
    .section = "fairness",
    .title = "Adverse impact within segments (Cochran-Mantel-Haenszel)",
    .purpose = "Are groups approved alike where applicants are alike in what may lawfully matter: the "
               "product, the region, the band of income? A gap that vanishes within segments comes from who "
               "applies where; one that appears there was hidden by the mix.",
    .mechanism = "In each segment the group's approvals are held against the reference's. Mantel and "
                 "Haenszel's ratio of approval rates puts the segments together, each by how much it can "
                 "tell; Cochran, Mantel and Haenszel's test asks whether there is any difference, Breslow "
                 "and Day's, with Tarone's correction, whether the odds ratio is the same in all.",
    .convention = "The value is a ratio of rates, so it reads as the adverse impact ratio does. The test has "
                  "no correction for continuity. The common odds ratio stands beside it with the interval of "
                  "Robins, Breslow and Greenland. Cases without a segment are a segment; the smallest size "
                  "holds for a group as a whole. " VOUCH__GROUP_OVER_REFERENCE VOUCH__DECISION_RULE,
    .high_risk =
        "A ratio within segments below 0.80 beyond chance: the mix does not explain it. A small "
        "p-value of evenness says that segments differ, and that one number for all of them misleads.",
    .strengths = "Holds with many thin segments, where tests one by one find nothing; the comparison is "
                 "between people in the same segment only.",
    .limits =
        "A segment that itself stands in for the group explains the gap away: choose segments that "
        "credit policy can defend. Gaps of opposite sign cancel: read evenness and the table by segment.",
    .source = "W. G. Cochran, Biometrics 10 (1954) 417-451; Mantel & Haenszel, J. Natl. Cancer Inst. 22 "
              "(1959) 719-748; Robins, Breslow & Greenland, Biometrics 42 (1986) 311-323; Greenland & "
              "Robins, Biometrics 41 (1985) 55-68; Tarone, Biometrika 72 (1985) 91-95",
    .null_hypothesis = "within every segment the approval rates are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS | VOUCH__NEEDS_SEGMENT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
