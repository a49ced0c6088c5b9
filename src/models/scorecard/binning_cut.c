/* The best cuts of a row of cells, by dynamic programming.
 *
 * value(k, i, j) is the largest information value of cutting cells [0, j) into k runs of which the last is
 * [i, j) while every run keeps the rule and bad rates move in one direction. It is the last run's own share
 * plus the best value(k - 1, h, i) whose last run [h, i) lies on the right side of it; so every admissible
 * cut is considered and the result is exact. */
#include "models/scorecard/binning.h"

#include "num/special.h"

#include <math.h>

void vouch__cell_join(vouch__cell *cell, const vouch__cell *other)
{
    cell->good += other->good;
    cell->bad += other->bad;
    cell->n_good += other->n_good;
    cell->n_bad += other->n_bad;
}

/* Best value of cutting cells [0, j) into k runs of which the last is [i, j), and where the run before began.
 */
typedef struct plan {
    size_t n, runs;
    vouch__cell *sum; /* [n + 1] running totals */
    double *value;    /* [runs x n x (n + 1)], -inf where impossible */
    uint16_t *before;
} plan;

static size_t slot(const plan *p, size_t k, size_t i, size_t j)
{
    return ((k - 1) * p->n + i) * (p->n + 1) + j;
}

static vouch__cell run_of(const plan *p, size_t i, size_t j)
{
    const vouch__cell *a = &p->sum[i], *b = &p->sum[j];
    return (vouch__cell){ b->good - a->good, b->bad - a->bad, b->n_good - a->n_good, b->n_bad - a->n_bad };
}

static double run_value(const vouch__cell *run, const vouch__cut_rule *rule)
{
    if (run->n_good + run->n_bad < rule->min_rows || run->n_good < rule->min_events ||
        run->n_bad < rule->min_events || !(run->good > 0.0) || !(run->bad > 0.0))
        return -INFINITY;
    double g = run->good / rule->total_good, b = run->bad / rule->total_bad;
    return (g - b) * vouch__log(g / b);
}

/* Is b's bad rate strictly above a's? By cross-multiplication, so that equal rates compare equal. */
static bool riskier(const vouch__cell *a, const vouch__cell *b)
{
    return b->bad * a->good > a->bad * b->good;
}

static void extend(const plan *p, const vouch__cut_rule *rule, int direction, size_t k, size_t i, size_t j)
{
    vouch__cell run = run_of(p, i, j);
    double own = run_value(&run, rule), best = -INFINITY;
    size_t from = 0;
    for (size_t h = k - 2; h < i && own > -INFINITY; h++) {
        double before = p->value[slot(p, k - 1, h, i)];
        if (!(before > best))
            continue;
        vouch__cell last = run_of(p, h, i);
        if (direction > 0 ? riskier(&last, &run) : riskier(&run, &last)) {
            best = before;
            from = h;
        }
    }
    p->value[slot(p, k, i, j)] = best + own;
    p->before[slot(p, k, i, j)] = (uint16_t)from;
}

static void fill(const plan *p, const vouch__cut_rule *rule, int direction)
{
    for (size_t at = 0; at < p->runs * p->n * (p->n + 1); at++)
        p->value[at] = -INFINITY;
    for (size_t j = 1; j <= p->n; j++) {
        vouch__cell run = run_of(p, 0, j);
        p->value[slot(p, 1, 0, j)] = run_value(&run, rule);
    }
    for (size_t k = 2; k <= p->runs; k++)
        for (size_t i = k - 1; i < p->n; i++)
            for (size_t j = i + 1; j <= p->n; j++)
                extend(p, rule, direction, k, i, j);
}

static double trace(const plan *p, size_t *out_runs, size_t *out_end)
{
    double best = -INFINITY;
    size_t runs = 1, start = 0;
    for (size_t k = 1; k <= p->runs; k++)
        for (size_t i = k - 1; i < p->n; i++) {
            double v = p->value[slot(p, k, i, p->n)];
            if (v > best + (k > runs ? 1e-12 : 0.0)) { /* another run must earn more than rounding */
                best = v;
                runs = k;
                start = i;
            }
        }
    *out_runs = runs;
    for (size_t k = runs, end = p->n; k > 0; k--) {
        size_t before = k > 1 ? p->before[slot(p, k, start, end)] : 0;
        out_end[k - 1] = end;
        end = start;
        start = before;
    }
    return best > -INFINITY ? best : NAN;
}

vouch_status vouch__cut_cells(vouch_ctx *ctx, size_t n, const vouch__cell *cell, const vouch__cut_rule *rule,
                              int direction, size_t *out_runs, size_t *out_end, double *out_iv)
{
    size_t mark = vouch__scratch_mark(ctx);
    size_t runs = rule->max_bins < n ? rule->max_bins : n;
    if (n == 0 || n > UINT16_MAX)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "binning: %zu cells, must be 1 to %d", n, UINT16_MAX);
    plan p = { .n = n, .runs = runs };
    p.sum = vouch__scratch(ctx, n + 1, sizeof *p.sum);
    p.value = vouch__scratch(ctx, runs * n * (n + 1), sizeof *p.value);
    p.before = vouch__scratch(ctx, runs * n * (n + 1), sizeof *p.before);
    if (!p.sum || !p.value || !p.before) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    p.sum[0] = (vouch__cell){ 0 };
    for (size_t i = 0; i < n; i++) {
        p.sum[i + 1] = p.sum[i];
        vouch__cell_join(&p.sum[i + 1], &cell[i]);
    }
    fill(&p, rule, direction);
    *out_iv = trace(&p, out_runs, out_end);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
