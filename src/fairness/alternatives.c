/* Candidates against a baseline. Intervals of both disparities come from the influence that each case has on
 * the figure: summed up squared it is the variance, and the influences of two candidates, subtracted case by
 * case, are those of their difference. */
#include "fairness/alternatives.h"

#include "num/special.h"
#include "num/sum.h"

#include <math.h>
#include <string.h>

typedef struct side { /* one group's cases */
    double n, mean, squares;
} side;

static double value_of(const vouch__disparity *d, const vouch__ruling *r, size_t i)
{
    return d->measure == VOUCH__DISPARITY_AIR ? (double)(r->approve[i] != 0) : r->raw[i];
}

/* work [n] is overwritten. */
static side side_of(const vouch__disparity *d, const vouch__ruling *r, const vouch__groups *g, size_t at,
                    double *work)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (g->of[i] == at)
            work[n++] = value_of(d, r, i);
    double variance = n > 1 ? vouch__variance(n, work, NULL) : 0.0;
    return (side){ (double)n, vouch__mean(n, work, NULL), variance * ((double)n - 1) };
}

static double spread_of(const side *a, const side *b)
{
    return sqrt((a->squares + b->squares) / (a->n + b->n - 2));
}

static double figure_of(const vouch__disparity *d, const side *a, const side *b)
{
    if (d->measure == VOUCH__DISPARITY_AIR)
        return b->mean > 0 ? a->mean / b->mean : (double)NAN;
    double spread = spread_of(a, b);
    return a->n >= 2 && b->n >= 2 && spread > 0 ? (a->mean - b->mean) / spread : (double)NAN;
}

/* Of each case on the logarithm of the ratio, or on the difference of means; added to out, times sign. */
static void influence(const vouch__disparity *d, const vouch__ruling *r, const vouch__gap *gap, double sign,
                      double *work, double *out)
{
    const vouch__groups *g = &d->groups[gap->column];
    side a = side_of(d, r, g, gap->group, work), b = side_of(d, r, g, g->reference, work);
    double spread = spread_of(&a, &b), theta = figure_of(d, &a, &b), all = a.n + b.n;
    for (size_t i = 0; i < r->n; i++) {
        bool is_a = g->of[i] == gap->group;
        if (!is_a && g->of[i] != g->reference)
            continue;
        const side *s = is_a ? &a : &b;
        double x = value_of(d, r, i) - s->mean, to = is_a ? sign : -sign;
        if (d->measure == VOUCH__DISPARITY_AIR)
            out[i] += to * x / (s->mean * s->n);
        else
            out[i] += to * x / (s->n * spread) -
                      sign * theta * (x * x - spread * spread) / (2 * spread * spread * all);
    }
}

/* Of the interval; influence [n] is overwritten. */
static double reach_of(size_t n, double *influence)
{
    for (size_t i = 0; i < n; i++)
        influence[i] *= influence[i];
    return vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL) * sqrt(vouch__sum(n, influence));
}

/* The worst group, without its interval. */
static vouch__gap worst_of(const vouch__disparity *d, const vouch__ruling *rows, double *work)
{
    const vouch__outcomes rule = { .min_group = d->min_group };
    vouch__gap out = { { NAN, NAN, NAN }, SIZE_MAX, SIZE_MAX };
    for (size_t c = 0; c < d->n_columns; c++) {
        const vouch__groups *g = &d->groups[c];
        side reference = side_of(d, rows, g, g->reference, work);
        for (size_t at = 0; at < g->n_groups; at++) {
            if (at == g->missing || !vouch__is_compared(&rule, g, at))
                continue;
            side mine = side_of(d, rows, g, at, work);
            double value = figure_of(d, &mine, &reference), worst = out.figure.value;
            bool is_worse = d->measure == VOUCH__DISPARITY_AIR ? value < worst : value > worst;
            if (!isnan(value) && (out.column == SIZE_MAX || is_worse))
                out = (vouch__gap){ { value, NAN, NAN }, c, at };
        }
    }
    return out;
}

/* Two arrays of n in scratch, the first of zeros. */
static double *influences(vouch_ctx *ctx, size_t n)
{
    double *of = vouch__scratch(ctx, 2 * n + 1, sizeof *of);
    if (of)
        memset(of, 0, n * sizeof *of);
    return of;
}

vouch_status vouch__gap_find(vouch_ctx *ctx, const vouch__disparity *d, const vouch__ruling *rows,
                             vouch__gap *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *of = influences(ctx, rows->n);
    if (!of)
        return vouch__oom(ctx);
    *out = worst_of(d, rows, of + rows->n);
    bool is_ratio = d->measure == VOUCH__DISPARITY_AIR;
    double value = out->figure.value;
    if (out->column != SIZE_MAX && (!is_ratio || value > 0)) {
        influence(d, rows, out, 1.0, of + rows->n, of);
        double reach = reach_of(rows->n, of);
        out->figure.low = is_ratio ? value * vouch__exp(-reach) : value - reach;
        out->figure.high = is_ratio ? value * vouch__exp(reach) : value + reach;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__gap_gain(vouch_ctx *ctx, const vouch__disparity *d, const vouch__ruling *a,
                             const vouch__gap *gap_a, const vouch__ruling *b, const vouch__gap *gap_b,
                             vouch__figure *out)
{
    bool is_ratio = d->measure == VOUCH__DISPARITY_AIR;
    size_t mark = vouch__scratch_mark(ctx);
    *out = (vouch__figure){ NAN, NAN, NAN };
    if (gap_a->column == SIZE_MAX || gap_b->column == SIZE_MAX ||
        (is_ratio && !(gap_a->figure.value > 0 && gap_b->figure.value > 0)))
        return VOUCH_OK;
    double *of = influences(ctx, a->n), sign = is_ratio ? 1.0 : -1.0;
    if (!of)
        return vouch__oom(ctx);
    influence(d, a, gap_a, sign, of + a->n, of);
    influence(d, b, gap_b, -sign, of + a->n, of);
    double reach = reach_of(a->n, of);
    out->value = is_ratio ? vouch__log(gap_a->figure.value / gap_b->figure.value)
                          : gap_b->figure.value - gap_a->figure.value;
    out->low = out->value - reach;
    out->high = out->value + reach;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- money ---- */

static double pay(vouch__payoff payoff, const vouch__ruling *r, size_t i)
{
    return !r->approve[i] ? 0.0 : r->bad[i] ? -payoff.loss : payoff.gain;
}

vouch_status vouch__payoff_against(vouch_ctx *ctx, vouch__payoff payoff, const vouch__ruling *a,
                                   const vouch__ruling *b, vouch__figure *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, a->n + 1, sizeof *x), reach = NAN;
    if (!x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < a->n; i++)
        x[i] = pay(payoff, a, i) - (b ? pay(payoff, b, i) : 0.0);
    double mean = vouch__mean(a->n, x, NULL);
    if (a->n > 1)
        reach = vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL) *
                sqrt(vouch__variance(a->n, x, NULL) / (double)a->n);
    *out = (vouch__figure){ mean, mean - reach, mean + reach };
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- who is chosen ---- */

/* Larger is better. */
static double evenness(vouch__disparity_measure measure, const vouch__candidate *c)
{
    return measure == VOUCH__DISPARITY_AIR ? c->gap.figure.value : -c->gap.figure.value;
}

static bool dominates(vouch__disparity_measure measure, const vouch__candidate *a, const vouch__candidate *b)
{
    double p = a->performance.value - b->performance.value;
    double e = evenness(measure, a) - evenness(measure, b);
    return p >= 0 && e >= 0 && (p > 0 || e > 0);
}

static vouch__fate fate_of(double margin, size_t at, vouch__candidate *all)
{
    const vouch__candidate *c = &all[at];
    if (c->is_failed || isnan(c->performance.value) || isnan(c->gap.figure.value))
        return VOUCH__FATE_FAILED;
    for (size_t j = 0; j < at; j++)
        if (!all[j].is_failed && all[j].performance.value == c->performance.value &&
            all[j].gap.figure.value == c->gap.figure.value && all[j].approved == c->approved) {
            all[at].other = all[j].fate == VOUCH__FATE_SAME ? all[j].other : j;
            return VOUCH__FATE_SAME;
        }
    if (!(c->against.low >= -margin))
        return VOUCH__FATE_WEAKER;
    return !(c->gain.value > 0) ? VOUCH__FATE_NO_LESS
           : !(c->gain.low > 0) ? VOUCH__FATE_CHANCE
                                : VOUCH__FATE_MORE;
}

size_t vouch__candidates_judge(vouch__disparity_measure measure, double margin, size_t n,
                               vouch__candidate *candidate)
{
    size_t chosen = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        vouch__candidate *c = &candidate[i];
        c->other = SIZE_MAX;
        c->fate = i == 0 ? VOUCH__FATE_BASELINE : fate_of(margin, i, candidate);
        if (c->fate != VOUCH__FATE_MORE)
            continue;
        if (chosen == SIZE_MAX || c->gain.value > candidate[chosen].gain.value ||
            (c->gain.value == candidate[chosen].gain.value &&
             c->performance.value > candidate[chosen].performance.value))
            chosen = i;
    }
    for (size_t i = 0; i < n; i++) {
        vouch__candidate *c = &candidate[i];
        c->on_front = c->fate != VOUCH__FATE_FAILED && c->fate != VOUCH__FATE_SAME;
        for (size_t j = 0; j < n && c->on_front; j++)
            c->on_front = candidate[j].fate == VOUCH__FATE_FAILED || !dominates(measure, &candidate[j], c);
        if (c->fate == VOUCH__FATE_MORE)
            c->other = chosen;
    }
    if (chosen != SIZE_MAX)
        candidate[chosen].fate = VOUCH__FATE_CHOSEN;
    return chosen;
}

double vouch__approve_cutoff(size_t n, const double *sorted, double share)
{
    double wanted = nearbyint(share * (double)n);
    size_t k = wanted > (double)n ? n : wanted > 0 ? (size_t)wanted : 0, below = k, above = k;
    if (k == 0)
        return -1.0;
    while (below > 0 && sorted[below - 1] == sorted[k - 1])
        below--;
    while (above < n && sorted[above] == sorted[k - 1])
        above++;
    return below > 0 && k - below < above - k ? sorted[below - 1] : sorted[k - 1];
}

void vouch__reweigh(const vouch__groups *g, const uint8_t *bad, double *out)
{
    double cell[VOUCH__GROUPS_MAX][2] = { { 0 } }, of_class[2] = { 0 };
    for (size_t i = 0; i < g->n; i++) {
        cell[g->of[i]][bad[i] != 0] += 1;
        of_class[bad[i] != 0] += 1;
    }
    for (size_t i = 0; i < g->n; i++) {
        const double *c = cell[g->of[i]];
        out[i] = (c[0] + c[1]) * of_class[bad[i] != 0] / ((double)g->n * c[bad[i] != 0]);
    }
}
