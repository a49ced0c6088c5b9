/* What other cut-offs of the champion would do on test, and whom it would move at one approval rate: tests of
 * the catalogue on the run's own scores. */
#include "run/job.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

/* Amounts of the rows of test, NULL where the project names no column. */
static vouch_status amounts(vouch_ctx *ctx, const vouch__job *job, const double **out)
{
    const char *name = job->project.amount;
    size_t n = job->split.n[VOUCH__TEST], col = name ? vouch_table_find(job->table, name) : SIZE_MAX;
    *out = NULL;
    if (!name)
        return VOUCH_OK;
    if (col == SIZE_MAX || vouch_table_type(job->table, col) == VOUCH_TEXT)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: decide.profit.amount is '%s', must be a column of numbers",
                           job->project.path, name);
    double *x = vouch__scratch(ctx, n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    vouch__table_gather(job->table, col, n, job->split.row[VOUCH__TEST], x);
    *out = x;
    return VOUCH_OK;
}

vouch_status vouch__job_strategy(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__contender *c = &job->contender[job->champion];
    const vouch__project *p = &job->project;
    const vouch__given terms[] = { { "margin", p->profit[0] },
                                   { "lgd", p->profit[1] },
                                   { "cost", p->profit[2] },
                                   { "max_bad_rate", p->max_bad_rate } };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__sample sample;
    vouch__putting how = { .now = &sample, .of = c, .n = sizeof terms / sizeof *terms, .values = terms };
    vouch_status status = vouch__job_sample(ctx, job, c, VOUCH__TEST, &sample);
    if (!status)
        status = amounts(ctx, job, &sample.amount);
    if (!status)
        status = vouch__job_put(ctx, job, "strategy.cutoff", &how);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        vouch__sample other;
        const vouch__given rate = { "approval_rate",
                                    c->share > 0.001 && c->share < 0.999 ? c->share : (double)NAN };
        if (i == job->champion)
            continue;
        status = vouch__job_sample(ctx, job, &job->contender[i], VOUCH__TEST, &other);
        sample.rival = other.score;
        sample.rival_name = job->contender[i].plan->name;
        how = (vouch__putting){ .now = &sample, .of = c };
        if (!status)
            status = vouch__job_put(ctx, job, "strategy.frontier", &how);
        how.values = &rate;
        how.n = 1;
        if (!status)
            status = vouch__job_put(ctx, job, "strategy.swap_set", &how);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
