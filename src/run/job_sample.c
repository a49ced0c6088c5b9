/* Tests of the catalogue on a run's own scores. */
#include "run/job.h"

#include "catalogue/tests.h"

#include <math.h>

vouch_status vouch__job_sample(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                               vouch__part part, vouch__sample *out)
{
    vouch__scored scored;
    size_t n = job->split.n[part];
    const uint32_t *row = job->split.row[part];
    double *target = vouch__scratch(ctx, n + 1, sizeof *target);
    if (!target)
        return vouch__oom(ctx);
    vouch_status status = vouch__job_scored(ctx, job, c, part, &scored);
    if (status)
        return status;
    *out = (vouch__sample){ .part = vouch__part_name(part),
                            .n = n,
                            .score = scored.probability,
                            .target = target,
                            .bad = scored.bad,
                            .weight = scored.weight,
                            .table = job->table,
                            .row = row,
                            .feature = job->feature,
                            .n_features = job->spec.n_features,
                            .id_column = SIZE_MAX,
                            .label_column = SIZE_MAX,
                            .date_column = SIZE_MAX,
                            .score_name = job->law->stages->prediction };
    for (size_t i = 0; i < n; i++) {
        target[i] = job->target[row[i]];
        out->n_bad += scored.bad ? scored.bad[i] : 0;
    }
    return VOUCH_OK;
}

vouch_status vouch__job_put(vouch_ctx *ctx, vouch__job *job, const char *id, const vouch__putting *how)
{
    const vouch_test *test = vouch_test_find(id);
    const vouch__param_table table = { "test", test->id, test->params, test->n_params };
    double param[VOUCH__PARAMS_MAX];
    vouch__test_call call = { .test = test,
                              .now = how->now,
                              .before = how->before,
                              .model = how->of->model,
                              .model_name = how->of->plan->name,
                              .param = param,
                              .seed = job->project.seed,
                              .legal = job->legal,
                              .n_legal = job->n_legal,
                              .list = &job->list };
    for (size_t i = 0; i < test->n_params; i++)
        param[i] = test->params[i].value;
    for (size_t i = 0; i < how->n; i++) {
        size_t at = vouch__param_find(&table, how->values[i].param);
        if (at != SIZE_MAX && !isnan(how->values[i].value))
            param[at] = how->values[i].value;
    }
    return vouch__test_perform(ctx, &call);
}
