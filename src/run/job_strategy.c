/* What other cut-offs of the champion would do on test, and whom it would move at one approval rate: tests of
 * the catalogue on the run's own scores. */
#include "run/job.h"

#include "catalogue/tests.h"
#include "data/table.h"

#include <math.h>
#include <string.h>

/* Put a test to the champion's scores; its parameters are the row's but for those that value[] names. */
typedef struct given {
    const char *param;
    double value;
} given;

static vouch_status put(vouch_ctx *ctx, vouch__job *job, const char *id, const vouch__sample *sample,
                        const vouch__contender *c, size_t n, const given *values)
{
    const vouch_test *test = vouch_test_find(id);
    const vouch__param_table table = { "test", test->id, test->params, test->n_params };
    double param[VOUCH__PARAMS_MAX];
    vouch__test_call call = { .test = test,
                              .now = sample,
                              .model_name = c->plan->name,
                              .param = param,
                              .seed = job->project.seed,
                              .list = &job->list };
    for (size_t i = 0; i < test->n_params; i++)
        param[i] = test->params[i].value;
    for (size_t i = 0; i < n; i++) {
        size_t at = vouch__param_find(&table, values[i].param);
        if (at != SIZE_MAX && !isnan(values[i].value))
            param[at] = values[i].value;
    }
    return vouch__test_perform(ctx, &call);
}

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

static vouch_status sample_of(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                              vouch__sample *out)
{
    vouch__scored scored;
    double *target = vouch__scratch(ctx, job->split.n[VOUCH__TEST] + 1, sizeof *target);
    if (!target)
        return vouch__oom(ctx);
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TEST, &scored);
    if (status)
        return status;
    *out = (vouch__sample){ .part = "test",
                            .n = scored.n,
                            .score = scored.probability,
                            .target = target,
                            .bad = scored.bad,
                            .weight = scored.weight,
                            .id_column = SIZE_MAX,
                            .label_column = SIZE_MAX,
                            .date_column = SIZE_MAX,
                            .score_name = "probability" };
    for (size_t i = 0; i < scored.n; i++) {
        target[i] = scored.bad[i];
        out->n_bad += scored.bad[i];
    }
    return VOUCH_OK;
}

vouch_status vouch__job_strategy(vouch_ctx *ctx, vouch__job *job)
{
    const vouch__contender *c = &job->contender[job->champion];
    const vouch__project *p = &job->project;
    const given terms[] = { { "margin", p->profit[0] },
                            { "lgd", p->profit[1] },
                            { "cost", p->profit[2] },
                            { "max_bad_rate", p->max_bad_rate } };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__sample sample;
    vouch_status status = sample_of(ctx, job, c, &sample);
    if (!status)
        status = amounts(ctx, job, &sample.amount);
    if (!status)
        status = put(ctx, job, "strategy.cutoff", &sample, c, sizeof terms / sizeof *terms, terms);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        vouch__sample other;
        const given rate = { "approval_rate", c->share > 0.001 && c->share < 0.999 ? c->share : (double)NAN };
        if (i == job->champion)
            continue;
        status = sample_of(ctx, job, &job->contender[i], &other);
        sample.rival = other.score;
        sample.rival_name = job->contender[i].plan->name;
        if (!status)
            status = put(ctx, job, "strategy.frontier", &sample, c, 0, NULL);
        if (!status)
            status = put(ctx, job, "strategy.swap_set", &sample, c, 1, &rate);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
