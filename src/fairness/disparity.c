/* Disparities of decisions and scores: each group of a protected column against the largest. */
#include "fairness/outcomes.h"
#include "num/rates.h"
#include "num/special.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEVEL 0.95
#define ALPHA 0.05
enum { FALSE_POSITIVE, FALSE_NEGATIVE, RATES, CLASS_MIN = 10 };

/* A group's comparison with the reference. */
typedef struct comparison {
    bool is_made;
    double value, low, high, p, holm;
} comparison;

static bool compared(const vouch__outcomes *o, const vouch__groups *g, size_t at)
{
    return at != g->reference && vouch__group_is_fair(o->data, g, at) &&
           vouch__group_is_fair(o->data, g, g->reference) && g->reference != g->missing;
}

static size_t n_compared(const vouch__outcomes *o, const vouch__groups *g)
{
    size_t n = 0;
    for (size_t at = 0; at < g->n_groups; at++)
        n += compared(o, g, at);
    return n;
}

static vouch_status adjust(vouch_ctx *ctx, size_t n, comparison *c)
{
    double p[VOUCH__GROUPS_MAX * RATES] = { 0 };
    for (size_t i = 0; i < n; i++)
        p[i] = c[i].is_made ? c[i].p : NAN;
    vouch_status status = vouch__holm(ctx, n, p, p);
    for (size_t i = 0; !status && i < n; i++)
        c[i].holm = p[i];
    return status;
}

static void count_decisions(const vouch__outcomes *o, const vouch__groups *g, uint64_t *approved)
{
    memset(approved, 0, VOUCH__GROUPS_MAX * sizeof *approved);
    for (size_t i = 0; i < o->n; i++)
        approved[g->of[i]] += o->approve[i] != 0;
}

static void complete(vouch__entry *entry, const vouch__outcomes *o, const vouch__groups *g)
{
    entry->section = "fairness";
    entry->model = o->model_name;
    entry->part = o->part_name;
    entry->subject = g->column;
    entry->n = (double)o->n;
    entry->n_bad = o->bad ? 0 : (double)NAN;
    for (size_t i = 0; o->bad && i < o->n; i++)
        entry->n_bad += o->bad[i] != 0;
}

/* Nothing to compare with: refused, in place of the entry. */
static void refuse(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry, const char *why)
{
    entry->verdict = VOUCH__REFUSED;
    entry->judged = false;
    entry->note = why;
    (void)vouch__evidence_add(o->list, entry);
    vouch__groups_refuse(o->data, g, entry->id, entry->title, entry->model, entry->part, o->list);
}

static const char alone[] = "There are not two groups that are large enough to compare.";

/* The group a note speaks of: "SEX = 2 against 1". */
static void name_pair(const vouch__groups *g, size_t at, char *out, size_t cap)
{
    (void)snprintf(out, cap, "Worst for %s = %.60s, against %.60s.", g->column, g->label[at],
                   g->label[g->reference]);
}

/* ---- adverse impact ratio ---- */

vouch_status vouch__fair_air(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_air, .interval_method = "log-delta (Katz)",
                                           .judged = true);
    uint64_t approved[VOUCH__GROUPS_MAX];
    vouch_air air[VOUCH__GROUPS_MAX];
    comparison c[VOUCH__GROUPS_MAX] = { 0 };
    size_t worst = SIZE_MAX, ref = g->reference;
    char note[400];
    complete(&entry, o, g);
    if (vouch__fair_is_blocked(o, &entry))
        return VOUCH_OK;
    if (n_compared(o, g) == 0) {
        refuse(o, g, &entry, alone);
        return VOUCH_OK;
    }
    count_decisions(o, g, approved);
    for (size_t at = 0; at < g->n_groups; at++) {
        if (!compared(o, g, at))
            continue;
        vouch_status status = vouch_fairness_air(ctx, approved[at], g->count[at], approved[ref],
                                                 g->count[ref], LEVEL, &air[at]);
        if (status)
            return status;
        c[at] = (comparison){ true, air[at].ratio, air[at].low, air[at].high, air[at].p_value, NAN };
        if (!isnan(c[at].value) && at != g->missing && (worst == SIZE_MAX || c[at].value < c[worst].value))
            worst = at;
    }
    vouch_status status = adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    if (worst == SIZE_MAX) {
        refuse(o, g, &entry,
               "Nobody of the reference group is approved, or no group with a value is large enough.");
        return VOUCH_OK;
    }
    name_pair(g, worst, note, sizeof note);
    entry.value = c[worst].value;
    entry.level = LEVEL;
    entry.low = c[worst].low;
    entry.high = c[worst].high;
    entry.p_value = c[worst].holm;
    entry.note = note;
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].holm < ALPHA));
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups", "group,n,approved,approval_rate,ratio,low,high,p_value,p_holm,shortfall");
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch__json *row = vouch__evidence_row(o->list, table);
        vouch__row_text(o->list, row, g->label[at]);
        vouch__row_number(o->list, row, (double)g->count[at]);
        vouch__row_number(o->list, row, (double)approved[at]);
        vouch__row_number(o->list, row, (double)approved[at] / (double)g->count[at]);
        vouch__row_number(o->list, row, at == ref ? 1 : c[at].is_made ? c[at].value : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].low : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].high : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].p : NAN);
        vouch__row_number(o->list, row, c[at].holm);
        vouch__row_number(o->list, row, c[at].is_made ? air[at].shortfall : NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "ratio", g->column,
                         "approval rate over the reference's");
    vouch__groups_refuse(o->data, g, entry.id, entry.title, entry.model, entry.part, o->list);
    return VOUCH_OK;
}

/* ---- standardised mean difference ---- */

vouch_status vouch__fair_smd(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_smd, .interval_method = "normal", .judged = true);
    comparison c[VOUCH__GROUPS_MAX] = { 0 };
    double mean[VOUCH__GROUPS_MAX] = { 0 }, reach = vouch__normal_quantile(0.5 + 0.5 * LEVEL);
    size_t worst = SIZE_MAX, mark = vouch__scratch_mark(ctx);
    char note[400];
    complete(&entry, o, g);
    if (vouch__fair_is_blocked(o, &entry))
        return VOUCH_OK;
    uint8_t *side = vouch__scratch(ctx, o->n, 1);
    if (!side)
        return vouch__oom(ctx);
    for (size_t i = 0; i < o->n; i++)
        mean[g->of[i]] += o->raw[i] / (double)g->count[g->of[i]];
    for (size_t at = 0; at < g->n_groups; at++) {
        double smd, m = (double)g->count[at], r = (double)g->count[g->reference];
        if (!compared(o, g, at))
            continue;
        for (size_t i = 0; i < o->n; i++)
            side[i] = g->of[i] == at ? 1 : g->of[i] == g->reference ? 0 : 2;
        vouch_status status = vouch_fairness_smd(ctx, o->n, o->raw, side, &smd);
        if (status)
            return status;
        double d = smd / 100, error = sqrt((m + r) / (m * r) + d * d / (2 * (m + r)));
        c[at] = (comparison){ !isnan(d), d, d - reach * error, d + reach * error, NAN, NAN };
        if (!isnan(d) && at != g->missing && (worst == SIZE_MAX || d > c[worst].value))
            worst = at;
    }
    vouch__scratch_reset(ctx, mark);
    if (worst == SIZE_MAX) {
        refuse(o, g, &entry, alone);
        return VOUCH_OK;
    }
    name_pair(g, worst, note, sizeof note);
    entry.value = c[worst].value;
    entry.level = LEVEL;
    entry.low = c[worst].low;
    entry.high = c[worst].high;
    entry.note = note;
    vouch__json *object = vouch__fair_add(o, &entry, !(c[worst].low > 0));
    vouch__json *table = vouch__evidence_table(o->list, object, "groups",
                                               "group,n,mean_log_odds,smd,low,high");
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch__json *row = vouch__evidence_row(o->list, table);
        vouch__row_text(o->list, row, g->label[at]);
        vouch__row_number(o->list, row, (double)g->count[at]);
        vouch__row_number(o->list, row, g->count[at] ? mean[at] : NAN);
        vouch__row_number(o->list, row, at == g->reference ? 0 : c[at].is_made ? c[at].value : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].low : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].high : NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "smd", g->column,
                         "standard deviations from the reference");
    return VOUCH_OK;
}

/* ---- error rates ---- */

typedef struct error_counts { /* by group: wrong decisions among the cases of one class */
    uint64_t wrong[RATES][VOUCH__GROUPS_MAX], all[RATES][VOUCH__GROUPS_MAX];
} error_counts;

static void count_errors(const vouch__outcomes *o, const vouch__groups *g, error_counts *e)
{
    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < o->n; i++) {
        size_t kind = o->bad[i] ? FALSE_NEGATIVE : FALSE_POSITIVE;
        e->all[kind][g->of[i]]++;
        e->wrong[kind][g->of[i]] += o->bad[i] ? o->approve[i] != 0 : o->approve[i] == 0;
    }
}

/* Newcombe's interval of a difference of rates (his method 10). */
static vouch_status compare_rates(vouch_ctx *ctx, uint64_t x, uint64_t n, uint64_t y, uint64_t m,
                                  comparison *c)
{
    double p = (double)x / (double)n, q = (double)y / (double)m;
    double p_low, p_high, q_low, q_high;
    vouch__wilson((double)x, (double)n, LEVEL, &p_low, &p_high);
    vouch__wilson((double)y, (double)m, LEVEL, &q_low, &q_high);
    double d = p - q, down = sqrt((p - p_low) * (p - p_low) + (q_high - q) * (q_high - q));
    double up = sqrt((p_high - p) * (p_high - p) + (q - q_low) * (q - q_low));
    *c = (comparison){ true, d, d - down, d + up, NAN, NAN };
    return vouch_fairness_fisher(ctx, x, n - x, y, m - y, &c->p);
}

static void error_table(const vouch__outcomes *o, const vouch__groups *g, const error_counts *e,
                        const comparison *c, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(o->list, object, "groups",
                                               "group,error,cases,wrong,rate,gap,low,high,p_value,p_holm");
    for (size_t kind = 0; kind < RATES; kind++)
        for (size_t at = 0; at < g->n_groups; at++) {
            const comparison *here = &c[kind * g->n_groups + at];
            vouch__json *row = vouch__evidence_row(o->list, table);
            vouch__row_text(o->list, row, g->label[at]);
            vouch__row_text(o->list, row, kind == FALSE_POSITIVE ? "good declined" : "bad approved");
            vouch__row_number(o->list, row, (double)e->all[kind][at]);
            vouch__row_number(o->list, row, (double)e->wrong[kind][at]);
            vouch__row_number(o->list, row, (double)e->wrong[kind][at] / (double)e->all[kind][at]);
            vouch__row_number(o->list, row, at == g->reference ? 0 : here->is_made ? here->value : NAN);
            vouch__row_number(o->list, row, here->is_made ? here->low : NAN);
            vouch__row_number(o->list, row, here->is_made ? here->high : NAN);
            vouch__row_number(o->list, row, here->is_made ? here->p : NAN);
            vouch__row_number(o->list, row, here->holm);
        }
}

vouch_status vouch__fair_errors(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_error_rates, .interval_method = "Newcombe",
                                           .judged = true);
    error_counts e;
    comparison c[RATES * VOUCH__GROUPS_MAX] = { 0 };
    size_t worst = SIZE_MAX, ref = g->reference, n = RATES * g->n_groups;
    char note[400];
    complete(&entry, o, g);
    if (vouch__fair_is_blocked(o, &entry))
        return VOUCH_OK;
    count_errors(o, g, &e);
    for (size_t i = 0; i < n; i++) {
        size_t kind = i / g->n_groups, at = i % g->n_groups;
        if (!compared(o, g, at) || e.all[kind][at] < CLASS_MIN || e.all[kind][ref] < CLASS_MIN)
            continue;
        vouch_status status = compare_rates(ctx, e.wrong[kind][at], e.all[kind][at], e.wrong[kind][ref],
                                            e.all[kind][ref], &c[i]);
        if (status)
            return status;
        if (at != g->missing && (worst == SIZE_MAX || fabs(c[i].value) > fabs(c[worst].value)))
            worst = i;
    }
    vouch_status status = adjust(ctx, n, c);
    if (status)
        return status;
    if (worst == SIZE_MAX) {
        refuse(o, g, &entry, "There are not two groups with enough goods or bads to compare.");
        return VOUCH_OK;
    }
    double sign = c[worst].value < 0 ? -1 : 1, low = sign * c[worst].low, high = sign * c[worst].high;
    name_pair(g, worst % g->n_groups, note, sizeof note);
    entry.value = fabs(c[worst].value);
    entry.level = LEVEL;
    entry.low = fmin(low, high);
    entry.high = fmax(low, high);
    entry.p_value = c[worst].holm;
    entry.note = note;
    error_table(o, g, &e, c, vouch__fair_add(o, &entry, !(c[worst].holm < ALPHA)));
    return VOUCH_OK;
}

/* ---- the score as a proxy ---- */

vouch_status vouch__fair_score_proxy(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_score_proxy, .interval_method = "DeLong");
    comparison c[VOUCH__GROUPS_MAX] = { 0 };
    size_t worst = SIZE_MAX, mark = vouch__scratch_mark(ctx);
    char note[400];
    complete(&entry, o, g);
    if (vouch__fair_is_blocked(o, &entry))
        return VOUCH_OK;
    uint8_t *in = vouch__scratch(ctx, o->n, 1);
    double *raw = vouch__scratch(ctx, o->n, sizeof *raw);
    if (!in || !raw)
        return vouch__oom(ctx);
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch_auc auc;
        size_t n = 0;
        if (!vouch__group_is_fair(o->data, g, at) || at == g->missing)
            continue;
        for (size_t i = 0; i < o->n; i++)
            if (g->of[i] != g->missing) {
                raw[n] = o->raw[i];
                in[n++] = g->of[i] == at;
            }
        if (n == g->count[at])
            continue;
        vouch_status status = vouch_validate_auc_delong(ctx, n, raw, in, LEVEL, &auc);
        if (status)
            return status;
        bool turned = auc.auc < 0.5;
        double p = 2 * vouch__normal_sf(fabs(auc.auc - 0.5) / sqrt(auc.variance));
        c[at] = (comparison){ auc.variance > 0,
                              turned ? 1 - auc.auc : auc.auc,
                              turned ? 1 - auc.high : auc.low,
                              turned ? 1 - auc.low : auc.high,
                              fmin(1, p),
                              NAN };
        if (!c[at].is_made)
            c[at].p = NAN;
    }
    vouch__scratch_reset(ctx, mark);
    vouch_status status = adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    for (int pass = 0; pass < 2 && worst == SIZE_MAX; pass++) /* significant ones first */
        for (size_t at = 0; at < g->n_groups; at++)
            if (c[at].is_made && (pass == 1 || c[at].holm < ALPHA) &&
                (worst == SIZE_MAX || c[at].value > c[worst].value))
                worst = at;
    if (worst == SIZE_MAX) {
        refuse(o, g, &entry, alone);
        return VOUCH_OK;
    }
    bool found = c[worst].holm < ALPHA;
    (void)snprintf(note, sizeof note, "%s %s = %.60s.",
                   found ? "Strongest for" : "None is significant; largest for", g->column, g->label[worst]);
    entry.value = c[worst].value;
    entry.level = LEVEL;
    entry.low = c[worst].low;
    entry.high = c[worst].high;
    entry.p_value = c[worst].holm;
    entry.judged = found;
    entry.verdict = vouch__policy_limit(o->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    entry.note = note;
    vouch__json *object = vouch__fair_add(o, &entry, false);
    vouch__json *table = vouch__evidence_table(o->list, object, "groups",
                                               "group,n,auc,low,high,p_value,p_holm");
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch__json *row = vouch__evidence_row(o->list, table);
        vouch__row_text(o->list, row, g->label[at]);
        vouch__row_number(o->list, row, (double)g->count[at]);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].value : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].low : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].high : NAN);
        vouch__row_number(o->list, row, c[at].is_made ? c[at].p : NAN);
        vouch__row_number(o->list, row, c[at].holm);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "auc", g->column,
                         "AUC for the group");
    return VOUCH_OK;
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
    .high_risk = "Approval of a group below four fifths of the reference's, with a test that excludes "
                 "chance; or a shortfall of many applicants even where the ratio is near 1.",
    .strengths = "The measure that examiners and courts know, with its uncertainty and with the number of "
                 "people behind it.",
    .limits =
        "Says nothing of whether the groups' risk differs, nor of why. A group that is too small is not "
        "compared. Under Regulation B since July 2026 a difference alone is no violation; other laws differ.",
    .source = "29 CFR 1607.4(D) (the four-fifths rule, used in lending by analogy); Fisher, J. R. Stat. "
              "Soc. 98 (1935) 39-82; Katz et al., Biometrics 34 (1978) 469-474",
    .null_hypothesis = "the approval rates are equal",
    .unit = "ratio",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = vouch__fair_params,
    .n_params = VOUCH__FAIR_PARAMS,
    .run = vouch__fair_run,
};

const vouch_test vouch__test_fair_smd = {
    .id = "fairness.smd",
    .section = "fairness",
    .title = "Difference of mean scores",
    .purpose = "How far do the scores of groups lie apart, whatever the cut-off?",
    .mechanism = "Difference of each group's mean log-odds of bad from the reference group's, in standard "
                 "deviations.",
    .convention = "Group less reference, over the pooled within-group standard deviation; above 0 the group "
                  "scores riskier, towards decline. The number in percent is the SMD of the field's "
                  "software. Interval by the large-sample normal approximation. Groups as for the adverse "
                  "impact ratio.",
    .high_risk = "A difference above 0.3 standard deviations towards decline, when the cut-off lies where "
                 "the groups differ most.",
    .strengths =
        "Uses the whole score and no cut-off, so it finds a shift that today's cut-off happens not to show.",
    .limits = "A mean hides what happens in the tails, where decisions are made; outcomes may differ by "
              "group as the score does.",
    .source = "Cohen, Statistical Power Analysis (1988) 66-67; Hedges & Olkin, Statistical Methods for "
              "Meta-Analysis (1985) 86",
    .unit = "standard deviations",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = vouch__fair_params,
    .n_params = VOUCH__FAIR_PARAMS,
    .run = vouch__fair_run,
};

const vouch_test vouch__test_fair_error_rates = {
    .id = "fairness.error_rates",
    .section = "fairness",
    .title = "Gaps in error rates",
    .purpose = "Is a group declined more often although it would have paid, or approved more often although "
               "it would not?",
    .mechanism = "Share of goods declined (false positives) and of bads approved (false negatives) in each "
                 "group, less the reference group's; Fisher's exact test. The gap of largest size is judged.",
    .convention = "Group less reference, signed in the table; the size is judged. Classes with fewer than 10 "
                  "cases are not compared. p adjusted by Holm over groups and both errors. Groups as for the "
                  "adverse impact ratio.",
    .high_risk = "A group whose good cases are told bad more often than the reference's: its members are "
                 "turned away without cause.",
    .strengths = "Compares like with like: good cases with good cases, bad with bad, so a difference in risk "
                 "is no excuse.",
    .limits = "Needs outcomes of everybody, while outcomes of the declined are not known. When risk differs "
              "not every kind of equality can hold at once.",
    .source = "Hardt, Price & Srebro, NeurIPS 29 (2016); Newcombe, Stat. Med. 17 (1998) 873-890, method 10",
    .null_hypothesis = "the rates are equal",
    .unit = "difference of rates",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS | VOUCH__NEEDS_LABELS,
    .params = vouch__fair_params,
    .n_params = VOUCH__FAIR_PARAMS,
    .run = vouch__fair_run,
};

const vouch_test vouch__test_fair_score_proxy = {
    .id = "fairness.score_proxy",
    .section = "fairness",
    .title = "How well the score tells a group",
    .purpose = "Features that are harmless alone may add up to a stand-in for a group. The score is what "
               "they add up to.",
    .mechanism = "AUC of the model's log-odds for each group against everybody else. The largest that is "
                 "significant is judged.",
    .convention =
        "AUC below 0.5 is turned round: it is as telling. p two-sided from DeLong's variance, "
        "adjusted by Holm over the groups; significant below 0.05. Groups as for the adverse impact "
        "ratio.",
    .high_risk = "An AUC above 0.65 for a group: the score is nearly as good at telling the group as it is "
                 "at telling risk.",
    .strengths = "Adds up what harmless inputs make together; needs the score alone, so that a vendor's can "
                 "be tested.",
    .limits = "Where risk itself differs by group an honest score tells the group as well. It does not say "
              "which input does it.",
    .source = "DeLong et al., Biometrics 44 (1988) 837-845",
    .null_hypothesis = "the score is independent of the group",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = vouch__fair_params,
    .n_params = VOUCH__FAIR_PARAMS,
    .run = vouch__fair_run,
};
