/* Differences of mean scores, and of mean errors of probabilities, in standard deviations. */
#include "fairness/rows/fair_rows.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

typedef struct moments {
    double mean[VOUCH__GROUPS_MAX], variance[VOUCH__GROUPS_MAX], all, label; /* all, label: variances */
} moments;

static vouch_status take_moments(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g,
                                 const double *x, moments *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *of = vouch__scratch(ctx, o->n, sizeof *of);
    if (!of)
        return vouch__oom(ctx);
    for (size_t at = 0; at < g->n_groups; at++) {
        size_t n = 0;
        for (size_t i = 0; i < o->n; i++)
            if (g->of[i] == at)
                of[n++] = x[i];
        out->mean[at] = vouch__mean(n, of, NULL);
        out->variance[at] = vouch__variance(n, of, NULL);
    }
    for (size_t i = 0; o->bad && i < o->n; i++)
        of[i] = o->bad[i];
    out->all = vouch__variance(o->n, x, NULL);
    out->label = o->bad ? vouch__variance(o->n, of, NULL) : (double)NAN;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static vouch__comparison gap(const vouch__outcomes *o, const vouch__groups *g, const moments *m, size_t at)
{
    double n = (double)g->count[at], r = (double)g->count[g->reference];
    double reach = vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL);
    double mean = m->mean[at], of_reference = m->mean[g->reference], d, error;
    if (o->spread == VOUCH__SPREAD_POOLED) {
        d = vouch__pooled_gap(n, mean, m->variance[at], r, of_reference, m->variance[g->reference]);
        error = sqrt((n + r) / (n * r) + d * d / (2 * (n + r)));
    } else { /* what is divided by is taken as known */
        double spread = sqrt(o->spread == VOUCH__SPREAD_REFERENCE ? m->variance[g->reference]
                             : o->spread == VOUCH__SPREAD_ALL     ? m->all
                                                                  : m->label);
        d = spread > 0 ? (mean - of_reference) / spread : (double)NAN;
        error = sqrt(m->variance[at] / n + m->variance[g->reference] / r) / spread;
    }
    double p = o->test && error > 0 ? fmin(1, 2 * vouch__normal_sf(fabs(d) / error)) : (double)NAN;
    return (vouch__comparison){ !isnan(d), d, d - reach * error, d + reach * error, p, NAN };
}

vouch_status vouch__fair_mean_gap(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g,
                                  const double *x, const char *columns, vouch__entry *entry)
{
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    moments m = { { 0 }, { 0 }, 0, 0 };
    char note[400];
    if (!vouch__fair_begin(o, g, entry))
        return VOUCH_OK;
    vouch_status status = take_moments(ctx, o, g, x, &m);
    if (status)
        return status;
    for (size_t at = 0; at < g->n_groups; at++)
        if (vouch__is_compared(o, g, at))
            c[at] = gap(o, g, &m, at);
    status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    size_t worst = vouch__worst(g, g->n_groups, c, VOUCH__WORSE_ABOVE);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, entry,
                           "The values do not differ, or no group with a value is large enough.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], entry, note, sizeof note);
    bool is_chance = o->test ? !(c[worst].holm < VOUCH__FAIR_ALPHA) : !(c[worst].low > 0);
    vouch__json *object = vouch__fair_add(o, entry, is_chance);
    vouch__json *table = vouch__evidence_table(o->list, object, "groups", columns);
    for (size_t at = 0; at < g->n_groups; at++) {
        bool is_made = c[at].is_made;
        vouch__fair_row(o, table, "tnnnnn", g->label[at], (double)g->count[at],
                        g->count[at] ? m.mean[at] : NAN,
                        at == g->reference ? 0.0
                        : is_made          ? c[at].value
                                           : (double)NAN,
                        is_made ? c[at].low : NAN, is_made ? c[at].high : NAN);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "smd", g->column,
                         "standard deviations from the reference");
    if (o->test)
        vouch__fair_refuse_small(o, g, entry);
    return VOUCH_OK;
}

vouch_status vouch__fair_smd(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_smd, .interval_method = "normal", .judged = true);
    return vouch__fair_mean_gap(
        ctx, o, g, o->raw, o->test ? "group,n,mean_score,smd,low,high" : "group,n,mean_log_odds,smd,low,high",
        &entry);
}
