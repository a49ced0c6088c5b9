/* Master scales: geometric ones with their thin grades merged, and the one that tells most under a rule. */
#include "bins/cut_runs.h"
#include "num/rank.h"
#include "num/special.h"
#include "strategy/calibrate.h"

#include <math.h>
#include <string.h>

vouch_status vouch__scale_geometric(vouch_ctx *ctx, size_t grades, double least, double most,
                                    vouch__calibration *out)
{
    if (grades < 2 || grades > VOUCH__GRADES_MAX || !(least > 0.0 && least < most && most < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "scale: there must be 2 to %d grades, with PDs from above 0 to "
                           "below 1",
                           VOUCH__GRADES_MAX);
    double step = vouch__log(most / least) / (double)(grades - 1);
    out->n_grades = grades;
    for (size_t g = 0; g < grades; g++)
        out->pd[g] = g + 1 < grades ? least * vouch__exp(step * (double)g) : most;
    for (size_t g = 0; g + 1 < grades; g++)
        out->bound[g] = sqrt(out->pd[g] * out->pd[g + 1]);
    return VOUCH_OK;
}

vouch_status vouch__scale_merge(vouch_ctx *ctx, const vouch__cal_data *d, double min_share,
                                vouch__calibration *s)
{
    double mass[VOUCH__GRADES_MAX] = { 0 }, whole = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        double w = d->weight ? d->weight[i] : 1.0;
        if (isnan(d->p[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "scale: row %zu has no probability", i + 1);
        mass[vouch__calibration_grade(s, d->p[i])] += w;
        whole += w;
    }
    while (s->n_grades > 2) {
        size_t g = 0, n = s->n_grades;
        for (size_t k = 1; k < n; k++)
            g = mass[k] < mass[g] ? k : g;
        if (mass[g] >= min_share * whole)
            break;
        size_t a = g == 0 || (g + 1 < n && mass[g + 1] < mass[g - 1]) ? g : g - 1; /* with a + 1 */
        double both = mass[a] + mass[a + 1];
        s->pd[a] = both > 0.0 ? (mass[a] * s->pd[a] + mass[a + 1] * s->pd[a + 1]) / both
                              : sqrt(s->pd[a] * s->pd[a + 1]);
        mass[a] = both;
        for (size_t k = a + 1; k + 1 < n; k++) {
            mass[k] = mass[k + 1];
            s->pd[k] = s->pd[k + 1];
        }
        for (size_t k = a; k + 2 < n; k++)
            s->bound[k] = s->bound[k + 1];
        s->n_grades--;
    }
    return VOUCH_OK;
}

/* ---- the optimal one ---- */

enum { CELLS = 100, PRICES = 40 };

typedef struct cell {
    double weight, square, bad, p, low, high; /* sums of w, w^2, w bad, w p; least and greatest p */
} cell;

typedef struct cutting {
    const vouch__scale_rule *rule;
    bool has_outcomes;
    size_t n;
    cell at[CELLS];
    double whole; /* weight */
    vouch__run *run;
    size_t end[VOUCH__GRADES_MAX], grades;
    double value, herfindahl;
} cutting;

/* Cells of even weight; equal probabilities stay together. */
static vouch_status make_cells(vouch_ctx *ctx, const vouch__cal_data *d, cutting *c)
{
    uint32_t *order = vouch__scratch(ctx, d->n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, d->n, d->p, order);
    double so_far = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        if (isnan(d->p[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "scale: row %zu has no probability", i + 1);
        c->whole += d->weight ? d->weight[i] : 1.0;
    }
    for (size_t k = 0; k < d->n && !status; k++) {
        size_t i = order[k];
        double w = d->weight ? d->weight[i] : 1.0;
        bool begins = k == 0 || (d->p[i] > d->p[order[k - 1]] && c->n < CELLS &&
                                 so_far >= c->whole * (double)c->n / CELLS);
        if (begins)
            c->at[c->n++] = (cell){ .low = d->p[i] };
        cell *at = &c->at[c->n - 1];
        at->weight += w;
        at->square += w * w;
        at->bad += d->bad ? w * d->bad[i] : 0.0;
        at->p += w * d->p[i];
        at->high = d->p[i];
        so_far += w;
    }
    return status;
}

/* p ln p + (1 - p) ln(1 - p) */
static double certainty(double p)
{
    return (p > 0.0 ? p * vouch__log(p) : 0.0) + (p < 1.0 ? (1.0 - p) * vouch__log1p(-p) : 0.0);
}

static void make_runs(cutting *c, double price)
{
    for (size_t i = 0; i < c->n; i++) {
        cell sum = { 0 };
        for (size_t j = i + 1; j <= c->n; j++) {
            const cell *at = &c->at[j - 1];
            sum.weight += at->weight;
            sum.square += at->square;
            sum.bad += at->bad;
            sum.p += at->p;
            double share = sum.weight / c->whole, rate = (c->has_outcomes ? sum.bad : sum.p) / sum.weight;
            bool fits = share >= c->rule->min_share && !(share > c->rule->max_share);
            c->run[i * (c->n + 1) + j] = (vouch__run){
                .value = fits ? share * certainty(fmin(1.0, rate)) - price * share * share : -INFINITY,
                .level = rate,
                .n = sum.weight * sum.weight / sum.square,
                .spread = NAN
            };
        }
    }
}

static vouch_status cut_at(vouch_ctx *ctx, cutting *c, double price, double *out_value)
{
    vouch__cut_task task = { .n = c->n,
                             .run = c->run,
                             .trend = VOUCH__TREND_RISING,
                             .min_bins = 2,
                             .max_bins = c->rule->grades,
                             .max_p = isnan(c->rule->max_p) ? 1.0 : c->rule->max_p };
    make_runs(c, price);
    vouch_status status = vouch__cut_runs(ctx, &task, &c->grades, c->end, out_value);
    c->herfindahl = 0.0;
    for (size_t g = 0; g < c->grades && !status; g++) {
        double weight = 0.0;
        for (size_t k = g ? c->end[g - 1] : 0; k < c->end[g]; k++)
            weight += c->at[k].weight;
        c->herfindahl += weight / c->whole * (weight / c->whole);
    }
    c->value = *out_value + price * c->herfindahl;
    return status;
}

/* The least price on concentration that brings it down to the bound: *out_bound the least of the dual. */
static vouch_status pay(vouch_ctx *ctx, cutting *c, double *out_bound)
{
    double low = 0.0, high = NAN, price = 1e-4, value, limit = c->rule->max_herfindahl, least = INFINITY;
    cutting *best = vouch__scratch(ctx, 1, sizeof *best);
    bool is_found = false;
    if (!best)
        return vouch__oom(ctx);
    for (int k = 0; k < PRICES; k++) {
        vouch_status status = cut_at(ctx, c, price, &value);
        if (status)
            return status;
        *out_bound = fmin(*out_bound, value + price * limit);
        least = fmin(least, c->herfindahl);
        bool is_kept = c->herfindahl <= limit;
        if (is_kept && (!is_found || c->value > best->value)) {
            *best = *c;
            is_found = true;
        }
        *(is_kept ? &high : &low) = price;
        price = isnan(high) ? 4.0 * price : 0.5 * (low + high);
    }
    if (!is_found) {
        char text[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(nearbyint(least * 1e4) / 1e4, text);
        return vouch__fail(
            ctx, VOUCH_E_DATA,
            "scale: no scale of at most %zu grades keeps to the bound on Herfindahl's index; the least "
            "found is %s",
            c->rule->grades, text);
    }
    *c = *best;
    return VOUCH_OK;
}

static vouch_status check_rule(vouch_ctx *ctx, const vouch__scale_rule *r, size_t n)
{
    if (r->grades < 2 || r->grades > VOUCH__GRADES_MAX)
        return vouch__fail(ctx, VOUCH_E_ARG, "scale: there must be 2 to %d grades", VOUCH__GRADES_MAX);
    if (!(r->min_share >= 0.0 && r->min_share <= 0.5) || r->max_share <= 0.0 || r->max_herfindahl <= 0.0 ||
        r->max_p <= 0.0)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "scale: the least share must be 0 to 0.5; the greatest share, Herfindahl's index "
                           "and p-value above 0");
    return n ? VOUCH_OK : vouch__fail(ctx, VOUCH_E_ARG, "scale: an optimal scale needs data");
}

static vouch_status no_scale(vouch_ctx *ctx, const cutting *c)
{
    char text[VOUCH__DOUBLE_MAX];
    double most = 0.0;
    for (size_t k = 0; k < c->n; k++)
        most = fmax(most, c->at[k].weight / c->whole);
    (void)vouch__double_text(nearbyint(most * 1e4) / 1e4, text);
    if (most > c->rule->max_share)
        return vouch__fail(
            ctx, VOUCH_E_DATA,
            "scale: cases of one probability alone have a share of %s, above the greatest of a grade", text);
    return vouch__fail(ctx, VOUCH_E_DATA,
                       "scale: no two grades keep to the rule: shares, or observed rates that rise");
}

vouch_status vouch__scale_optimal(vouch_ctx *ctx, const vouch__cal_data *d, const vouch__scale_rule *rule,
                                  vouch__calibration *out, vouch__scale_found *found)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = check_rule(ctx, rule, d ? d->n : 0);
    cutting *c = status ? NULL : vouch__scratch(ctx, 1, sizeof *c);
    if (status || !d || !c)
        return status ? status : vouch__oom(ctx);
    *c = (cutting){ .rule = rule, .has_outcomes = d->bad != NULL };
    status = make_cells(ctx, d, c);
    c->run = vouch__scratch(ctx, (size_t)CELLS * (CELLS + 1), sizeof *c->run);
    if (!status && !c->run)
        status = vouch__oom(ctx);
    double value = NAN, bound, all = 0.0;
    if (!status)
        status = cut_at(ctx, c, 0.0, &value);
    if (!status && isnan(value))
        status = no_scale(ctx, c);
    bound = value;
    if (!status && c->herfindahl > rule->max_herfindahl)
        status = pay(ctx, c, &bound);
    for (size_t k = 0; k < c->n && !status; k++)
        all += c->has_outcomes ? c->at[k].bad : c->at[k].p;
    if (!status) {
        double none = certainty(fmin(1.0, all / c->whole));
        *found = (vouch__scale_found){ c->value - none, bound - none, c->herfindahl };
        out->n_grades = c->grades;
    }
    for (size_t g = 0; g < c->grades && !status; g++) {
        double weight = 0.0, p = 0.0;
        for (size_t k = g ? c->end[g - 1] : 0; k < c->end[g]; k++) {
            weight += c->at[k].weight;
            p += c->at[k].p;
        }
        out->pd[g] = fmin(1.0, p / weight);
        if (g + 1 < c->grades)
            out->bound[g] = 0.5 * (c->at[c->end[g] - 1].high + c->at[c->end[g]].low);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
