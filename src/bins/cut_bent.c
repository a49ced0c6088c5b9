/* Cutting cells into bins whose levels bend one way only. Whether a bin may follow depends on the two before
 * it, so the state is the last two runs. */
#include "bins/cut_runs.h"

#include <math.h>

#define STRAIGHT 1e-12 /* of the levels: a bend that small is rounding */

typedef struct plan {
    const vouch__cut_task *task;
    size_t n, bins;
    double sign, least_z2;
    double *value;    /* [bins - 1 x n x n x (n + 1)]: the last two runs are h to i and i to j */
    uint16_t *before; /* the same: where the run before h begins */
} plan;

static const vouch__run *run_at(const plan *p, size_t i, size_t j)
{
    return &p->task->run[i * (p->n + 1) + j];
}

static size_t slot(const plan *p, size_t k, size_t h, size_t i, size_t j)
{
    return (((k - 2) * p->n + h) * p->n + i) * (p->n + 1) + j;
}

static void first_two(const plan *p)
{
    for (size_t i = 1; i < p->n; i++)
        for (size_t j = i + 1; j <= p->n; j++) {
            const vouch__run *a = run_at(p, 0, i), *b = run_at(p, i, j);
            if (vouch__may_follow(p->task->min_gap, p->least_z2, a, b, 0))
                p->value[slot(p, 2, 0, i, j)] = a->value + b->value;
        }
}

static void extend(const plan *p, size_t k, size_t h, size_t i, size_t j)
{
    const vouch__run *a = run_at(p, h, i), *b = run_at(p, i, j);
    double best = -INFINITY;
    size_t from = 0;
    if (!(a->value > -INFINITY && b->value > -INFINITY) ||
        !vouch__may_follow(p->task->min_gap, p->least_z2, a, b, 0))
        return;
    for (size_t g = k - 3; g < h; g++) {
        double before = p->value[slot(p, k - 1, g, h, i)];
        double c = run_at(p, g, h)->level, bend = (b->level - a->level) - (a->level - c);
        double rounding = STRAIGHT * (fabs(b->level) + fabs(a->level) + fabs(c));
        if (before > best && p->sign * bend >= -rounding) {
            best = before;
            from = g;
        }
    }
    p->value[slot(p, k, h, i, j)] = best + b->value;
    p->before[slot(p, k, h, i, j)] = (uint16_t)from;
}

static vouch_status fill(vouch_ctx *ctx, const plan *p)
{
    for (size_t at = 0; at < (p->bins - 1) * p->n * p->n * (p->n + 1); at++)
        p->value[at] = -INFINITY;
    first_two(p);
    for (size_t k = 3; k <= p->bins; k++)
        for (size_t h = k - 2; h < p->n; h++) {
            vouch_status status = vouch__poll(ctx);
            if (status)
                return status;
            for (size_t i = h + 1; i < p->n; i++)
                for (size_t j = i + 1; j <= p->n; j++)
                    extend(p, k, h, i, j);
        }
    return VOUCH_OK;
}

static void trace(const plan *p, size_t *out_bins, size_t *out_end, double *out_value)
{
    double best = p->task->min_bins <= 1 ? run_at(p, 0, p->n)->value : -INFINITY;
    size_t bins = best > -INFINITY, h = 0, i = 0, n = p->n;
    for (size_t k = p->task->min_bins > 2 ? p->task->min_bins : 2; k <= p->bins; k++)
        for (size_t a = k - 2; a < n; a++)
            for (size_t b = a + 1; b < n; b++) {
                double v = p->value[slot(p, k, a, b, n)];
                if (v > best + (bins && k > bins ? VOUCH__BIN_WORTH : 0.0)) {
                    best = v;
                    bins = k;
                    h = a;
                    i = b;
                }
            }
    *out_value = bins ? best : NAN;
    *out_bins = bins ? bins : 1;
    out_end[0] = n;
    for (size_t k = bins, end = n; k > 1; k--) {
        size_t before = k > 2 ? p->before[slot(p, k, h, i, end)] : 0;
        out_end[k - 1] = end;
        out_end[k - 2] = i;
        end = i;
        i = h;
        h = before;
    }
}

vouch_status vouch__cut_bent(vouch_ctx *ctx, const vouch__cut_task *task, double least_z2, size_t *out_bins,
                             size_t *out_end, double *out_value)
{
    size_t mark = vouch__scratch_mark(ctx), n = task->n, states;
    if (n > VOUCH__BENT_MAX)
        return vouch__fail(ctx, VOUCH_E_SHAPE,
                           "binning: %zu cells, must be at most %d for a convex or concave trend", n,
                           VOUCH__BENT_MAX);
    plan p = { .task = task,
               .n = n,
               .bins = task->max_bins < n ? task->max_bins : n,
               .sign = task->trend == VOUCH__TREND_CONVEX ? 1.0 : -1.0,
               .least_z2 = least_z2 };
    states = p.bins > 1 ? (p.bins - 1) * n * n * (n + 1) : 1;
    p.value = vouch__scratch(ctx, states, sizeof *p.value);
    p.before = vouch__scratch(ctx, states, sizeof *p.before);
    if (!p.value || !p.before) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch_status status = p.bins > 1 ? fill(ctx, &p) : VOUCH_OK;
    if (!status)
        trace(&p, out_bins, out_end, out_value);
    vouch__scratch_reset(ctx, mark);
    return status;
}
