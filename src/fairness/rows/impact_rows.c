/* The rows about rates of approval: the ratio, the odds, every share that could be declined, and groups of
 * two columns at once. */
#include "fairness/rows/fair_rows.h"

#include "num/rank.h"
#include "num/special.h"
#include "vouch/fairness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const vouch__param params[] = { VOUCH__PARAMS_DECISION };
enum { N_PARAMS = sizeof params / sizeof *params };

/* ---- adverse impact ratio ---- */

static vouch_status measure_air(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                const vouch__groups *g)
{
    (void)call;
    return vouch__fair_air(ctx, o, g);
}

static vouch_status run_air(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_air);
}

const vouch_test vouch__test_fair_air = {
    .id = "fairness.air",
    .section = "fairness",
    .title = "Adverse impact ratio",
    .purpose = "Are applicants of every group approved at about the same rate? The ratio of approval rates "
               "is the first number a fair-lending examiner asks for.",
    .mechanism = "Approval rate of each group over that of the largest group (the reference), with Fisher's "
                 "exact test of equal rates.",
    .convention = "Group over reference, so below 1 the group is approved less often. p two-sided, adjusted "
                  "by Holm over the groups. The shortfall is how many more approvals the group would have "
                  "had at the reference's rate." VOUCH__GROUPS_RULE,
    .high_risk = "A ratio below 0.80 that chance does not explain: the four-fifths rule of thumb. Between "
                 "0.80 and 0.90 the shortfall says how many people it is about.",
    .strengths = "Anyone can check it by hand; the exact test holds in small groups, and the shortfall turns "
                 "a ratio into a number of applicants.",
    .limits = "It says nothing of why rates differ: groups may differ in what the lender may lawfully "
              "consider. It hangs on the cut-off, and the complement's ratio, of declines, can be far from "
              "1 where this one is near it. Under Regulation B since July 2026 a difference alone is no "
              "violation; other laws differ.",
    .source = "29 CFR 1607.4(D) (the four-fifths rule, used in lending by analogy); Fisher, J. R. Stat. "
              "Soc. 98 (1935) 39-82; Katz et al., Biometrics 34 (1978) 469-474",
    .null_hypothesis = "the approval rates are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_air,
};

/* ---- odds ratio ---- */

static vouch_status compare_odds(vouch_ctx *ctx, uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                                 vouch__comparison *out)
{
    double half = a == 0 || a == n || b == 0 || b == m ? 0.5 : 0.0;
    double x = (double)a + half, y = (double)(n - a) + half, u = (double)b + half, v = (double)(m - b) + half;
    double error = sqrt(1 / x + 1 / y + 1 / u + 1 / v);
    double reach = vouch__exp(vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL) * error);
    double ratio = x * v / (y * u);
    *out = (vouch__comparison){ true, ratio, ratio / reach, ratio * reach, NAN, NAN };
    return vouch_fairness_fisher(ctx, a, n - a, b, m - b, &out->p);
}

static vouch_status measure_odds(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                 const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = "logit (Woolf)", .judged = true);
    uint64_t approved[VOUCH__GROUPS_MAX];
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    vouch_status status = VOUCH_OK;
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    vouch__count_approved(o, g, approved);
    for (size_t at = 0; at < g->n_groups && !status; at++)
        if (vouch__is_compared(o, g, at))
            status = compare_odds(ctx, approved[at], g->count[at], approved[g->reference],
                                  g->count[g->reference], &c[at]);
    if (!status)
        status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    size_t worst = vouch__worst(g, g->n_groups, c, VOUCH__WORSE_BELOW);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry, "No group with a value is large enough.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], &entry, note, sizeof note);
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA));
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups",
        "group,n,approved,declined,odds_ratio,low,high,p_value,p_holm,decline_ratio");
    double of_reference = 1.0 - (double)approved[g->reference] / (double)g->count[g->reference];
    for (size_t at = 0; at < g->n_groups; at++) {
        double n = (double)g->count[at], a = (double)approved[at];
        bool is_made = c[at].is_made;
        vouch__fair_row(o, table, "tnnnnnnnnn", g->label[at], n, a, n - a,
                        at == g->reference ? 1.0
                        : is_made          ? c[at].value
                                           : (double)NAN,
                        is_made ? c[at].low : NAN, is_made ? c[at].high : NAN, is_made ? c[at].p : NAN,
                        c[at].holm, is_made && of_reference > 0 ? (1.0 - a / n) / of_reference : NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "odds_ratio", g->column,
                         "odds of approval over the reference's");
    vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}

static vouch_status run_odds(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_odds);
}

const vouch_test vouch__test_fair_odds = {
    .id = "fairness.odds_ratio",
    .section = "fairness",
    .title = "Odds ratio of approval",
    .purpose = "How do the odds of approval of each group compare with the reference's? The odds ratio reads "
               "the same for approvals and for declines, which the ratio of rates does not.",
    .mechanism = "Approved over declined in the group, divided by the same in the reference; Fisher's exact "
                 "test. The table has the ratio of decline rates beside it.",
    .convention = "Group over reference, below 1 the group fares worse. Woolf's interval on the logarithm; "
                  "where a cell is empty one half is added to all four (Haldane, "
                  "Anscombe). " VOUCH__GROUP_OVER_REFERENCE VOUCH__DECISION_RULE,
    .high_risk = "An interval that lies wholly below 1, above all where the ratio of rates is near 1 because "
                 "nearly everybody is approved.",
    .strengths = "Symmetric in approval and decline, not bounded by the reference's rate, and the scale on "
                 "which strata are put together and logistic regressions speak.",
    .limits = "Odds are not chances: at an approval rate of one half an odds ratio of 0.67 is a ratio of "
              "rates of 0.80. The four-fifths rule does not apply to it, so the default policy has no limit.",
    .source = "B. Woolf, Annals of Human Genetics 19 (1955) 251-253; F. J. Anscombe, Biometrika 43 (1956) "
              "461-464",
    .null_hypothesis = "the odds of approval are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_odds,
};

/* ---- every share that could be declined ---- */

enum { STEPS_MAX = 50 };

typedef struct sweep {
    double share[STEPS_MAX], cutoff[STEPS_MAX], low[STEPS_MAX * VOUCH__GROUPS_MAX],
        high[STEPS_MAX * VOUCH__GROUPS_MAX], ratio[STEPS_MAX * VOUCH__GROUPS_MAX],
        p[STEPS_MAX * VOUCH__GROUPS_MAX], holm[STEPS_MAX * VOUCH__GROUPS_MAX];
    uint64_t approved[STEPS_MAX][VOUCH__GROUPS_MAX];
    size_t steps;
} sweep;

/* Approvals of each group at each cut-off: one pass over the scores in order. */
static vouch_status count_sweep(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g, sweep *w)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *sorted = vouch__scratch(ctx, o->n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, o->n, sizeof *order);
    uint64_t passed[VOUCH__GROUPS_MAX] = { 0 };
    if (!sorted || !order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, o->n, o->raw, order);
    for (size_t i = 0; !status && i < o->n; i++)
        sorted[i] = o->raw[order[i]];
    size_t i = 0;
    for (size_t k = w->steps; !status && k-- > 0;) { /* from the largest share declined to the smallest */
        w->share[k] = (double)(k + 1) / (double)(w->steps + 1);
        w->cutoff[k] = vouch__share_cutoff(o->n, sorted, w->share[k]);
        for (; i < o->n && !(sorted[i] >= w->cutoff[k]); i++)
            passed[g->of[order[i]]]++;
        memcpy(w->approved[k], passed, sizeof passed);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status compare_sweep(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g, sweep *w)
{
    for (size_t i = 0; i < w->steps * g->n_groups; i++) {
        size_t k = i / g->n_groups, at = i % g->n_groups;
        vouch_air air;
        w->ratio[i] = w->low[i] = w->high[i] = w->p[i] = NAN;
        if (!vouch__is_compared(o, g, at))
            continue;
        vouch_status status = vouch_fairness_air(ctx, w->approved[k][at], g->count[at],
                                                 w->approved[k][g->reference], g->count[g->reference],
                                                 VOUCH__FAIR_LEVEL, &air);
        if (status)
            return status;
        w->ratio[i] = air.ratio;
        w->low[i] = air.low;
        w->high[i] = air.high;
        w->p[i] = air.p_value;
    }
    return vouch__holm(ctx, w->steps * g->n_groups, w->p, w->holm);
}

static void add_sweep(const vouch__outcomes *o, const vouch__groups *g, const sweep *w, size_t worst,
                      vouch__entry *entry)
{
    char note[400], share[VOUCH__DOUBLE_MAX];
    const vouch__comparison c = { true,           w->ratio[worst], w->low[worst],
                                  w->high[worst], w->p[worst],     w->holm[worst] };
    size_t at = worst % g->n_groups;
    (void)vouch__double_text(w->share[worst / g->n_groups], share);
    vouch__fair_tell(g, at, &c, entry, note, sizeof note);
    (void)snprintf(note, sizeof note, "Lowest for %s = %.60s, against %.60s, with a share of %.6s declined.",
                   g->column, g->label[at], g->label[g->reference], share);
    vouch__json *object = vouch__fair_add(o, entry, !(c.holm < VOUCH__FAIR_ALPHA));
    vouch__json *table = vouch__evidence_table(
        o->list, object, "shares",
        "group,declined,cutoff,approval_rate,reference_rate,ratio,low,high,p_holm");
    for (size_t here = 0; here < g->n_groups; here++)
        for (size_t k = 0; k < w->steps; k++) {
            size_t i = k * g->n_groups + here;
            if (!vouch__is_compared(o, g, here))
                continue;
            vouch__fair_row(o, table, "tnnnnnnnn", g->label[here], w->share[k], w->cutoff[k],
                            (double)w->approved[k][here] / (double)g->count[here],
                            (double)w->approved[k][g->reference] / (double)g->count[g->reference],
                            w->ratio[i], w->low[i], w->high[i], w->holm[i]);
        }
    vouch__evidence_plot(o->list, object, "points", "shares", "declined", "ratio", "share declined",
                         "approval rate over the reference's");
    vouch__fair_refuse_small(o, g, entry);
}

static vouch_status measure_sweep(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                  const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = "log-delta (Katz)",
                                           .judged = true);
    size_t worst = SIZE_MAX;
    sweep *w = vouch__scratch(ctx, 1, sizeof *w);
    if (!w)
        return vouch__oom(ctx);
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    w->steps = (size_t)vouch__test_param(call, "steps") - 1;
    vouch_status status = count_sweep(ctx, o, g, w);
    if (!status)
        status = compare_sweep(ctx, o, g, w);
    if (status)
        return status;
    for (size_t i = 0; i < w->steps * g->n_groups; i++)
        if (!isnan(w->ratio[i]) && i % g->n_groups != g->missing &&
            (worst == SIZE_MAX || w->ratio[i] < w->ratio[worst]))
            worst = i;
    if (worst == SIZE_MAX)
        vouch__fair_refuse(o, g, &entry, "At no share is anybody of the reference group approved.");
    else
        add_sweep(o, g, w, worst, &entry);
    return VOUCH_OK;
}

static vouch_status run_sweep(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure_sweep);
}

static const vouch__param sweep_params[] = {
    { "steps", VOUCH__PARAM_INTEGER, 2.0, STEPS_MAX, 10.0, NULL, "",
      "parts the scores are cut into; the shares declined lie between them" },
    VOUCH__PARAM_MIN_GROUP,
};

const vouch_test vouch__test_fair_quantiles = {
    .id = "fairness.air_by_quantile",
    .section = "fairness",
    .title = "Adverse impact ratio at every cut-off",
    .purpose = "Where would the cut-off have to lie for the ratio of approval rates to be low? A model may "
               "pass at today's cut-off and fail at the one that a tighter year will bring.",
    .mechanism = "The cut-off is put at each tenth of the score in turn (or as many parts as are asked for), "
                 "and the adverse impact ratio is taken there with its interval and Fisher's test. The value "
                 "is the lowest.",
    .convention = "The share declined counts from the riskiest; tied scores are approved together. Group "
                  "over reference, the largest group. p corrected by Holm over groups and shares together.",
    .high_risk = "A ratio that falls below 0.80 near the cut-off in use, or a curve that falls steeply as "
                 "more are declined.",
    .strengths = "Does not hang on one cut-off; shows whether a group is concentrated at the risky end or "
                 "shifted as a whole.",
    .limits = "The ratio falls by itself as fewer are approved: two normal scores a third of a standard "
              "deviation apart give 0.87 at 20 % declined and 0.53 at 90 %. So the lowest is for reading and "
              "has no limit in the default policy; fairness.smd judges the shift.",
    .source = "29 CFR 1607.4(D); Katz et al., Biometrics 34 (1978) 469-474; Holm, Scand. J. Stat. 6 (1979) "
              "65-70",
    .null_hypothesis = "the approval rates are equal at every share",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = sweep_params,
    .n_params = sizeof sweep_params / sizeof *sweep_params,
    .run = run_sweep,
};

/* ---- two columns at once ---- */

/* The groups that two factors make together: those that occur, in order. */
static vouch_status cross(vouch_ctx *ctx, const vouch__sample *s, size_t first, size_t second,
                          vouch__factor *out)
{
    const vouch__factor *f = &s->group[first], *h = &s->group[second];
    size_t all = f->n_levels * h->n_levels;
    char *name = vouch__scratch(ctx, 200, 1);
    char(*label)[VOUCH__GROUP_LABEL] = vouch__scratch(ctx, all + 1, sizeof *label);
    const char **level = vouch__scratch(ctx, all + 1, sizeof *level);
    uint32_t *code = vouch__scratch(ctx, s->n + 1, sizeof *code);
    uint32_t *number = vouch__scratch(ctx, all + 1, sizeof *number);
    if (!name || !label || !level || !code || !number)
        return vouch__oom(ctx);
    memset(number, 0, (all + 1) * sizeof *number);
    for (size_t i = 0; i < s->n; i++) {
        bool is_missing = f->code[i] == VOUCH__NO_LEVEL || h->code[i] == VOUCH__NO_LEVEL;
        code[i] = is_missing ? VOUCH__NO_LEVEL : (uint32_t)(f->code[i] * h->n_levels + h->code[i]);
        if (!is_missing)
            number[code[i]] = 1;
    }
    *out = (vouch__factor){ name, 0, level, code };
    (void)snprintf(name, 200, "%.90s x %.90s", f->name, h->name);
    for (size_t k = 0; k < all; k++) {
        if (!number[k])
            continue;
        (void)snprintf(label[out->n_levels], VOUCH__GROUP_LABEL, "%.44s, %.44s", f->level[k / h->n_levels],
                       h->level[k % h->n_levels]);
        level[out->n_levels] = label[out->n_levels];
        number[k] = (uint32_t)out->n_levels++;
    }
    for (size_t i = 0; i < s->n; i++)
        if (code[i] != VOUCH__NO_LEVEL)
            code[i] = number[code[i]];
    return VOUCH_OK;
}

static vouch_status run_crossed(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__decided decided;
    if (s->n_groups < 2) {
        vouch__test_skip(call, "Intersections need two protected columns, and one was given.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__call_decide(ctx, call, &decided);
    vouch__outcomes o = vouch__call_outcomes(call, &decided);
    for (size_t a = 0; a < s->n_groups; a++)
        for (size_t b = a + 1; b < s->n_groups && !status; b++) {
            size_t mark = vouch__scratch_mark(ctx);
            vouch__factor both;
            vouch__groups groups;
            status = cross(ctx, s, a, b, &both);
            if (!status)
                status = vouch__factor_groups(ctx, &both, s->n, &groups);
            if (!status)
                status = vouch__fair_air(ctx, &o, &groups);
            vouch__scratch_reset(ctx, mark);
        }
    return status;
}

const vouch_test vouch__test_fair_intersections = {
    .id = "fairness.intersections",
    .section = "fairness",
    .title = "Adverse impact on intersections of groups",
    .purpose = "Do people who belong to two groups at once fare worse than either group by itself shows? A "
               "model can treat women and men alike, young and old alike, and older women badly.",
    .mechanism = "Every pair of protected columns makes groups by both values together; each is held against "
                 "the largest of them as for the adverse impact ratio.",
    .convention = "Combinations that do not occur are no groups; cases that lack either value are a group of "
                  "their own. " VOUCH__GROUP_OVER_REFERENCE VOUCH__DECISION_RULE,
    .high_risk = "A combination with a ratio well below those of both its groups, where the interval keeps "
                 "clear of them.",
    .strengths = "Finds what margins hide. Small combinations are refused and said to be too small, rather "
                 "than judged on four people.",
    .limits = "Groups shrink fast and Holm's correction grows with their number, so only large gaps are "
              "found; three columns at once are not looked at.",
    .source = "K. Crenshaw, University of Chicago Legal Forum (1989) 139-167; M. Kearns, S. Neel, A. Roth & "
              "Z. S. Wu, ICML 35 (2018) 2564-2572",
    .null_hypothesis = "the approval rates are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_crossed,
};
