/* The best cuts of a row of cells by information value, with a bad rate that goes one way. */
#include "bins/cut_runs.h"
#include "models/scorecard/binning.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

void vouch__cell_join(vouch__cell *cell, const vouch__cell *other)
{
    cell->good += other->good;
    cell->bad += other->bad;
    cell->n_good += other->n_good;
    cell->n_bad += other->n_bad;
}

/* What a run adds to the information value; -INFINITY where it breaks the rule. */
static double run_value(const vouch__cell *run, const vouch__cut_rule *rule)
{
    if (run->n_good + run->n_bad < rule->min_rows || run->n_good < rule->min_events ||
        run->n_bad < rule->min_events || !(run->good > 0.0) || !(run->bad > 0.0))
        return -INFINITY;
    double g = run->good / rule->total_good, b = run->bad / rule->total_bad;
    return (g - b) * vouch__log(g / b);
}

vouch_status vouch__cut_cells(vouch_ctx *ctx, size_t n, const vouch__cell *cell, const vouch__cut_rule *rule,
                              int direction, size_t *out_runs, size_t *out_end, double *out_iv)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__run *run = vouch__scratch(ctx, n * (n + 1), sizeof *run);
    if (!run)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        vouch__cell sum = { 0 };
        for (size_t j = i + 1; j <= n; j++) {
            vouch__cell_join(&sum, &cell[j - 1]);
            double all = sum.good + sum.bad;
            run[i * (n + 1) + j] = (vouch__run){ run_value(&sum, rule), sum.bad / all, all, NAN };
        }
    }
    vouch__cut_task task = { .n = n,
                             .run = run,
                             .trend = direction > 0 ? VOUCH__TREND_RISING : VOUCH__TREND_FALLING,
                             .max_bins = rule->max_bins,
                             .max_p = 1.0 };
    vouch_status status = vouch__cut_runs(ctx, &task, out_runs, out_end, out_iv);
    vouch__scratch_reset(ctx, mark);
    return status;
}
