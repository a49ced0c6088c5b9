/* Cutting cells into bins by dynamic programming. What may follow a bin depends on that bin alone (its level,
 * its size) and, for a peak or a valley, on whether the turn has been taken; so the state is the last run and
 * the phase. */
#include "bins/cut_runs.h"

#include "num/special.h"

#include <math.h>

enum { CELLS_MAX = 1000 };

typedef struct plan {
    const vouch__cut_task *task;
    size_t n, bins, phases;
    int direction[2]; /* of the steps in each phase; 0: either */
    double least_z2;
    double *value;    /* [bins x phases x n x (n + 1)], -INFINITY where impossible */
    uint16_t *before; /* the same: where the run before begins, and its phase in the top bit */
} plan;

static const vouch__run *run_at(const vouch__cut_task *task, size_t i, size_t j)
{
    return &task->run[i * (task->n + 1) + j];
}

static size_t slot(const plan *p, size_t k, size_t phase, size_t i, size_t j)
{
    return (((k - 1) * p->phases + phase) * p->n + i) * (p->n + 1) + j;
}

double vouch__gap_z2(const vouch__run *a, const vouch__run *b)
{
    double gap = b->level - a->level;
    double both = (a->n * a->level + b->n * b->level) / (a->n + b->n);
    double variance = isnan(a->spread) ? both * (1.0 - both) * (1.0 / a->n + 1.0 / b->n)
                                       : a->spread / a->n + b->spread / b->n;
    return gap * gap / variance;
}

bool vouch__may_follow(double min_gap, double least_z2, const vouch__run *a, const vouch__run *b,
                       int direction)
{
    double gap = b->level - a->level;
    if ((direction > 0 && !(gap > 0.0)) || (direction < 0 && !(gap < 0.0)) || fabs(gap) < min_gap)
        return false;
    if (!(least_z2 > 0.0))
        return true;
    return gap != 0.0 && vouch__gap_z2(a, b) >= least_z2;
}

double vouch__least_z2(double max_p)
{
    double z = max_p < 1.0 ? vouch__normal_quantile(1.0 - 0.5 * max_p) : 0.0;
    return z * z;
}

static void extend(const plan *p, size_t k, size_t i, size_t j)
{
    const vouch__run *run = run_at(p->task, i, j);
    for (size_t phase = 0; phase < p->phases; phase++) {
        double best = -INFINITY;
        uint16_t from = 0;
        for (size_t h = k - 2; h < i && run->value > -INFINITY; h++)
            for (size_t was = 0; was <= phase; was++) {
                double before = p->value[slot(p, k - 1, was, h, i)];
                if (before > best && vouch__may_follow(p->task->min_gap, p->least_z2, run_at(p->task, h, i),
                                                       run, p->direction[phase])) {
                    best = before;
                    from = (uint16_t)(h | was << 15);
                }
            }
        p->value[slot(p, k, phase, i, j)] = best + run->value;
        p->before[slot(p, k, phase, i, j)] = from;
    }
}

static vouch_status fill(vouch_ctx *ctx, const plan *p)
{
    for (size_t at = 0; at < p->bins * p->phases * p->n * (p->n + 1); at++)
        p->value[at] = -INFINITY;
    for (size_t j = 1; j <= p->n; j++)
        p->value[slot(p, 1, 0, 0, j)] = run_at(p->task, 0, j)->value;
    for (size_t k = 2; k <= p->bins; k++) {
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
        for (size_t i = k - 1; i < p->n; i++)
            for (size_t j = i + 1; j <= p->n; j++)
                extend(p, k, i, j);
    }
    return VOUCH_OK;
}

static void trace(const plan *p, size_t *out_bins, size_t *out_end, double *out_value)
{
    double best = -INFINITY;
    size_t bins = 0, start = 0, phase = 0;
    for (size_t k = p->task->min_bins > 1 ? p->task->min_bins : 1; k <= p->bins; k++)
        for (size_t i = k - 1; i < p->n; i++)
            for (size_t at = 0; at < p->phases; at++) {
                double v = p->value[slot(p, k, at, i, p->n)];
                if (v > best + (bins && k > bins ? VOUCH__BIN_WORTH : 0.0)) {
                    best = v;
                    bins = k;
                    start = i;
                    phase = at;
                }
            }
    *out_value = bins ? best : NAN;
    *out_bins = bins ? bins : 1;
    out_end[0] = p->n;
    for (size_t k = bins, end = p->n; k > 0; k--) {
        uint16_t before = p->before[slot(p, k, phase, start, end)];
        out_end[k - 1] = end;
        end = start;
        start = before & 0x7fff;
        phase = before >> 15;
    }
}

vouch_status vouch__cut_runs(vouch_ctx *ctx, const vouch__cut_task *task, size_t *out_bins, size_t *out_end,
                             double *out_value)
{
    static const int direction[VOUCH__TRENDS][2] = { [VOUCH__TREND_RISING] = { 1, 0 },
                                                     [VOUCH__TREND_FALLING] = { -1, 0 },
                                                     [VOUCH__TREND_PEAK] = { 1, -1 },
                                                     [VOUCH__TREND_VALLEY] = { -1, 1 } };
    size_t mark = vouch__scratch_mark(ctx), n = task->n;
    if (n == 0 || n > CELLS_MAX)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "binning: %zu cells, must be 1 to %d", n, CELLS_MAX);
    if (task->trend == VOUCH__TREND_CONVEX || task->trend == VOUCH__TREND_CONCAVE)
        return vouch__cut_bent(ctx, task, vouch__least_z2(task->max_p), out_bins, out_end, out_value);
    bool turns = task->trend == VOUCH__TREND_PEAK || task->trend == VOUCH__TREND_VALLEY;
    plan p = { .task = task,
               .n = n,
               .bins = task->max_bins < n ? task->max_bins : n,
               .phases = turns ? 2 : 1,
               .direction = { direction[task->trend][0], direction[task->trend][1] },
               .least_z2 = vouch__least_z2(task->max_p) };
    p.value = vouch__scratch(ctx, p.bins * p.phases * n * (n + 1), sizeof *p.value);
    p.before = vouch__scratch(ctx, p.bins * p.phases * n * (n + 1), sizeof *p.before);
    if (!p.value || !p.before) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch_status status = fill(ctx, &p);
    if (!status)
        trace(&p, out_bins, out_end, out_value);
    vouch__scratch_reset(ctx, mark);
    return status;
}
