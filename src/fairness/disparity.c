/* Disparities of decisions: each group of a protected column against the largest; and how well the score
 * tells the groups. */
#include "evidence/test.h"
#include "fairness/comparison.h"
#include "fairness/rows/fair_rows.h"
#include "num/special.h"
#include "vouch/fairness.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FALSE_POSITIVE, FALSE_NEGATIVE, RATES, CLASS_MIN = 10 };

/* ---- adverse impact ratio ---- */

static void air_table(const vouch__outcomes *o, const vouch__groups *g, const uint64_t *approved,
                      const vouch__comparison *c, vouch__json *object)
{
    double rate = (double)approved[g->reference] / (double)g->count[g->reference];
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups", "group,n,approved,approval_rate,ratio,low,high,p_value,p_holm,shortfall");
    for (size_t at = 0; at < g->n_groups; at++) {
        double n = (double)g->count[at], a = (double)approved[at];
        bool is_made = c[at].is_made;
        vouch__fair_row(o, table, "tnnnnnnnnn", g->label[at], n, a, a / n,
                        at == g->reference ? 1.0
                        : is_made          ? c[at].value
                                           : (double)NAN,
                        is_made ? c[at].low : NAN, is_made ? c[at].high : NAN, is_made ? c[at].p : NAN,
                        c[at].holm, is_made ? n * rate - a : NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "ratio", g->column,
                         "approval rate over the reference's");
}

vouch_status vouch__fair_air(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    const vouch_test *words = o->test ? o->test : &vouch__test_fair_air;
    vouch__entry entry = VOUCH__TEST_ENTRY(*words, .interval_method = "log-delta (Katz)", .judged = true);
    uint64_t approved[VOUCH__GROUPS_MAX];
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    vouch__count_approved(o, g, approved);
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch_air air;
        c[at].holm = NAN;
        if (!vouch__is_compared(o, g, at))
            continue;
        vouch_status status = vouch_fairness_air(ctx, approved[at], g->count[at], approved[g->reference],
                                                 g->count[g->reference], VOUCH__FAIR_LEVEL, &air);
        if (status)
            return status;
        c[at] = (vouch__comparison){ true, air.ratio, air.low, air.high, air.p_value, NAN };
    }
    vouch_status status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    size_t worst = vouch__worst(g, g->n_groups, c, VOUCH__WORSE_BELOW);
    if (status)
        return status;
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry,
                           "Nobody of the reference group is approved, or no group with a value is large "
                           "enough.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], &entry, note, sizeof note);
    air_table(o, g, approved, c, vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA)));
    vouch__fair_refuse_small(o, g, &entry);
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

static void error_table(const vouch__outcomes *o, const vouch__groups *g, const error_counts *e,
                        const vouch__comparison *c, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(o->list, object, "groups",
                                               "group,error,cases,wrong,rate,gap,low,high,p_value,p_holm");
    for (size_t kind = 0; kind < RATES; kind++)
        for (size_t at = 0; at < g->n_groups; at++) {
            const vouch__comparison *here = &c[kind * g->n_groups + at];
            double cases = (double)e->all[kind][at], wrong = (double)e->wrong[kind][at];
            vouch__fair_row(o, table, "ttnnnnnnnn", g->label[at],
                            kind == FALSE_POSITIVE ? "good declined" : "bad approved", cases, wrong,
                            wrong / cases,
                            at == g->reference ? 0.0
                            : here->is_made    ? here->value
                                               : (double)NAN,
                            here->is_made ? here->low : NAN, here->is_made ? here->high : NAN,
                            here->is_made ? here->p : NAN, here->holm);
        }
}

vouch_status vouch__fair_errors(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_error_rates, .interval_method = "Newcombe",
                                           .judged = true);
    error_counts e;
    vouch__comparison c[RATES * VOUCH__GROUPS_MAX] = { { 0 } };
    size_t ref = g->reference, n = RATES * g->n_groups;
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    count_errors(o, g, &e);
    for (size_t i = 0; i < n; i++) {
        size_t kind = i / g->n_groups, at = i % g->n_groups;
        if (!vouch__is_compared(o, g, at) || e.all[kind][at] < CLASS_MIN || e.all[kind][ref] < CLASS_MIN)
            continue;
        vouch_status status = vouch__rate_gap(ctx, e.wrong[kind][at], e.all[kind][at], e.wrong[kind][ref],
                                              e.all[kind][ref], &c[i]);
        if (status)
            return status;
    }
    vouch_status status = vouch__comparisons_adjust(ctx, n, c);
    size_t worst = vouch__worst(g, n, c, VOUCH__WORSE_SIZE);
    if (status)
        return status;
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry, "There are not two groups with enough goods or bads to compare.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst % g->n_groups, &c[worst], &entry, note, sizeof note);
    double sign = c[worst].value < 0 ? -1 : 1, low = sign * c[worst].low, high = sign * c[worst].high;
    entry.value = fabs(c[worst].value);
    entry.low = fmin(low, high);
    entry.high = fmax(low, high);
    error_table(o, g, &e, c, vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA)));
    if (o->test)
        vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}

/* ---- the score as a proxy ---- */

/* AUC of the score for each group against the rest, with p-values adjusted over the groups. */
static vouch_status proxy_aucs(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g,
                               vouch__comparison *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = VOUCH_OK;
    uint8_t *in = vouch__scratch(ctx, o->n, 1);
    double *raw = vouch__scratch(ctx, o->n, sizeof *raw);
    if (!in || !raw)
        return vouch__oom(ctx);
    for (size_t at = 0; at < g->n_groups; at++) {
        vouch_auc auc;
        size_t n = 0;
        if (!vouch__group_is_fair(o->min_group, g, at) || at == g->missing)
            continue;
        for (size_t i = 0; i < o->n; i++)
            if (g->of[i] != g->missing) {
                raw[n] = o->raw[i];
                in[n++] = g->of[i] == at;
            }
        if (n == g->count[at])
            continue;
        status = vouch_validate_auc_delong(ctx, n, raw, in, VOUCH__FAIR_LEVEL, &auc);
        if (status)
            break;
        bool turned = auc.auc < 0.5;
        double p = 2 * vouch__normal_sf(fabs(auc.auc - 0.5) / sqrt(auc.variance));
        c[at] = (vouch__comparison){ auc.variance > 0,
                                     turned ? 1 - auc.auc : auc.auc,
                                     turned ? 1 - auc.high : auc.low,
                                     turned ? 1 - auc.low : auc.high,
                                     auc.variance > 0 ? fmin(1, p) : (double)NAN,
                                     NAN };
    }
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__comparisons_adjust(ctx, g->n_groups, c);
}

/* The strongest, significant ones first; SIZE_MAX: none was made. */
static size_t strongest(const vouch__comparison *c, size_t n)
{
    size_t worst = SIZE_MAX;
    for (int pass = 0; pass < 2 && worst == SIZE_MAX; pass++)
        for (size_t at = 0; at < n; at++)
            if (c[at].is_made && (pass == 1 || c[at].holm < VOUCH__FAIR_ALPHA) &&
                (worst == SIZE_MAX || c[at].value > c[worst].value))
                worst = at;
    return worst;
}

vouch_status vouch__fair_score_proxy(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_score_proxy, .interval_method = "DeLong");
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    char note[400];
    if (!vouch__fair_open(o, g, &entry))
        return VOUCH_OK;
    vouch_status status = proxy_aucs(ctx, o, g, c);
    if (status)
        return status;
    size_t worst = strongest(c, g->n_groups);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry, "There are not two groups that are large enough to compare.");
        return VOUCH_OK;
    }
    bool found = c[worst].holm < VOUCH__FAIR_ALPHA;
    (void)snprintf(note, sizeof note, "%s %s = %.60s.",
                   found ? "Strongest for" : "None is significant; largest for", g->column, g->label[worst]);
    entry.value = c[worst].value;
    entry.level = VOUCH__FAIR_LEVEL;
    entry.low = c[worst].low;
    entry.high = c[worst].high;
    entry.p_value = c[worst].holm;
    entry.judged = found;
    entry.verdict = vouch__policy_limit(o->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    entry.note = note;
    vouch__json *object = vouch__fair_add(o, &entry, false);
    vouch__json *table = vouch__evidence_table(o->list, object, "groups",
                                               "group,n,auc,low,high,p_value,p_holm");
    for (size_t at = 0; at < g->n_groups; at++)
        vouch__fair_row(o, table, "tnnnnnn", g->label[at], (double)g->count[at],
                        c[at].is_made ? c[at].value : NAN, c[at].is_made ? c[at].low : NAN,
                        c[at].is_made ? c[at].high : NAN, c[at].is_made ? c[at].p : NAN, c[at].holm);
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "auc", g->column,
                         "AUC for the group");
    if (o->test)
        vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}
