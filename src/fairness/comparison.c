/* What measures of groups against a reference share. */
#include "fairness/comparison.h"

#include "num/rates.h"
#include "vouch/fairness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool vouch__is_compared(const vouch__outcomes *o, const vouch__groups *g, size_t at)
{
    return at != g->reference && vouch__group_is_fair(o->min_group, g, at) && g->count[at] > 0 &&
           vouch__group_is_fair(o->min_group, g, g->reference) && g->reference != g->missing;
}

size_t vouch__count_compared(const vouch__outcomes *o, const vouch__groups *g)
{
    size_t n = 0;
    for (size_t at = 0; at < g->n_groups; at++)
        n += vouch__is_compared(o, g, at);
    return n;
}

vouch_status vouch__comparisons_adjust(vouch_ctx *ctx, size_t n, vouch__comparison *c)
{
    double p[VOUCH__GROUPS_MAX * 2] = { 0 };
    for (size_t i = 0; i < n; i++)
        p[i] = c[i].is_made ? c[i].p : (double)NAN;
    vouch_status status = vouch__holm(ctx, n, p, p);
    for (size_t i = 0; !status && i < n; i++)
        c[i].holm = p[i];
    return status;
}

vouch_status vouch__rate_gap(vouch_ctx *ctx, uint64_t x, uint64_t n, uint64_t y, uint64_t m,
                             vouch__comparison *out)
{
    double p = (double)x / (double)n, q = (double)y / (double)m;
    double p_low, p_high, q_low, q_high;
    vouch__wilson((double)x, (double)n, VOUCH__FAIR_LEVEL, &p_low, &p_high);
    vouch__wilson((double)y, (double)m, VOUCH__FAIR_LEVEL, &q_low, &q_high);
    double d = p - q, down = sqrt((p - p_low) * (p - p_low) + (q_high - q) * (q_high - q));
    double up = sqrt((p_high - p) * (p_high - p) + (q - q_low) * (q - q_low));
    *out = (vouch__comparison){ true, d, d - down, d + up, NAN, NAN };
    return vouch_fairness_fisher(ctx, x, n - x, y, m - y, &out->p);
}

double vouch__pooled_gap(double n_p, double mean_p, double variance_p, double n_r, double mean_r,
                         double variance_r)
{
    if (n_p < 2 || n_r < 2)
        return NAN;
    double spread = sqrt(((n_p - 1) * variance_p + (n_r - 1) * variance_r) / (n_p + n_r - 2));
    return spread > 0 ? (mean_p - mean_r) / spread : (double)NAN;
}

size_t vouch__worst(const vouch__groups *g, size_t n, const vouch__comparison *c, vouch__worse worse)
{
    size_t worst = SIZE_MAX;
    double most = NAN;
    for (size_t i = 0; i < n; i++) {
        double x = c[i].value;
        if (!c[i].is_made || isnan(x) || i % g->n_groups == g->missing)
            continue;
        x = worse == VOUCH__WORSE_BELOW ? -x : worse == VOUCH__WORSE_SIZE ? fabs(x) : x;
        if (worst == SIZE_MAX || x > most) {
            worst = i;
            most = x;
        }
    }
    return worst;
}

bool vouch__fair_open(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry)
{
    entry->section = "fairness";
    entry->model = o->model_name;
    entry->part = o->part_name;
    entry->subject = g->column;
    entry->n = (double)o->n;
    entry->n_bad = o->bad ? 0 : (double)NAN;
    for (size_t i = 0; o->bad && i < o->n; i++)
        entry->n_bad += o->bad[i] != 0;
    return !vouch__fair_is_blocked(o, entry);
}

bool vouch__fair_begin(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry)
{
    if (!vouch__fair_open(o, g, entry))
        return false;
    if (vouch__count_compared(o, g) > 0)
        return true;
    vouch__fair_refuse(o, g, entry, "There are not two groups that are large enough to compare.");
    return false;
}

void vouch__fair_refuse_small(const vouch__outcomes *o, const vouch__groups *g, const vouch__entry *entry)
{
    vouch__groups_refuse(o->min_group, g, entry->id, entry->title, entry->model, entry->part, o->list);
}

void vouch__fair_refuse(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry,
                        const char *why)
{
    entry->verdict = VOUCH__REFUSED;
    entry->judged = false;
    entry->note = why;
    (void)vouch__evidence_add(o->list, entry);
    vouch__fair_refuse_small(o, g, entry);
}

void vouch__fair_tell(const vouch__groups *g, size_t at, const vouch__comparison *worst, vouch__entry *entry,
                      char *note, size_t cap)
{
    (void)snprintf(note, cap, "Worst for %s = %.60s, against %.60s.", g->column, g->label[at],
                   g->label[g->reference]);
    entry->value = worst->value;
    if (!isnan(worst->low)) {
        entry->level = VOUCH__FAIR_LEVEL;
        entry->low = worst->low;
        entry->high = worst->high;
    }
    entry->p_value = worst->holm;
    entry->note = note;
}

void vouch__count_approved(const vouch__outcomes *o, const vouch__groups *g, uint64_t out[VOUCH__GROUPS_MAX])
{
    memset(out, 0, VOUCH__GROUPS_MAX * sizeof *out);
    for (size_t i = 0; i < o->n; i++)
        out[g->of[i]] += o->approve[i] != 0;
}

void vouch__fair_row(const vouch__outcomes *o, vouch__json *table, const char *cells, ...)
{
    vouch__json *row = vouch__evidence_row(o->list, table);
    va_list args;
    va_start(args, cells);
    for (; *cells; cells++)
        if (*cells == 't')
            vouch__row_text(o->list, row, va_arg(args, const char *));
        else
            vouch__row_number(o->list, row, va_arg(args, double));
    va_end(args);
}
