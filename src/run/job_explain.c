/* Why each model says what it says, whom it treats how, and the bytes that the server and monitoring need. */
#include "run/job.h"

#include "explain/explain_suite.h"
#include "explain/near_cutoff.h"
#include "num/rng.h"

#include <math.h>
#include <string.h>

enum { EXPLAINED_MAX = 20000 }; /* rows of test that are explained one by one */

/* Method a's population: the 5 % of training applicants who are approved with the highest probability. */
static vouch_status just_approved(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    size_t n = job->split.n[VOUCH__TRAIN];
    const uint32_t *row = job->split.row[VOUCH__TRAIN];
    size_t n_chosen = 0;
    size_t mark = vouch__scratch_mark(ctx);
    double *probability = vouch__scratch(ctx, n + 1, sizeof *probability);
    uint32_t *chosen = vouch__scratch(ctx, n + 1, sizeof *chosen);
    if (!probability || !chosen)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        probability[i] = c->probability[row[i]];
    vouch_status status = vouch__near_cutoff(ctx, n, probability, c->cutoff, chosen, &n_chosen);
    for (size_t i = 0; i < n_chosen && !status; i++)
        chosen[i] = row[chosen[i]];
    if (!status && n_chosen > 0)
        status = vouch__explainer_make(ctx, c->model, &c->binding, n_chosen, chosen, &c->just_approved);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* By points, where the project wants that and the model has points. */
static bool is_by_points(const vouch__job *job, const vouch__contender *c)
{
    const char *method = job->project.method;
    return (c->model->kind->capabilities & VOUCH__CAN_POINTS) &&
           (!strcmp(method, "most-points") || !strcmp(method, "neutral-points"));
}

static vouch_status prepare(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    vouch_status status = vouch__explainer_make(ctx, c->model, &c->binding, job->split.n[VOUCH__TRAIN],
                                                job->split.row[VOUCH__TRAIN], &c->all);
    if (!status && !isnan(c->cutoff))
        status = just_approved(ctx, job, c);
    if (!status && is_by_points(job, c))
        status = vouch__explainer_of_points(
            ctx, c->model,
            !strcmp(job->project.method, "most-points") ? VOUCH__AGAINST_MOST : VOUCH__AGAINST_NEUTRAL,
            &c->own);
    if (!status)
        status = vouch__reason_map_make(ctx, &c->model->inputs, job->project.reasons, &c->map);
    return status;
}

/* At most EXPLAINED_MAX rows of test, by a hash of their place, in order. */
static vouch_status sample_rows(vouch_ctx *ctx, const vouch__job *job, size_t *out_n, uint32_t **out_row)
{
    size_t n = job->split.n[VOUCH__TEST];
    const uint32_t *row = job->split.row[VOUCH__TEST];
    uint32_t *kept = vouch__scratch(ctx, n + 1, sizeof *kept);
    double share = n > EXPLAINED_MAX ? (double)EXPLAINED_MAX / (double)n : 1.0;
    if (!kept)
        return vouch__oom(ctx);
    *out_n = 0;
    for (size_t i = 0; i < n; i++)
        if (share >= 1.0 || (double)(vouch__mix(job->project.seed, row[i]) >> 11) * 0x1p-53 < share)
            kept[(*out_n)++] = row[i];
    *out_row = kept;
    return VOUCH_OK;
}

static vouch_status explain_one(vouch_ctx *ctx, vouch__job *job, vouch__contender *c, size_t n,
                                const uint32_t *row)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *probability = vouch__scratch(ctx, n + 1, sizeof *probability);
    if (!probability)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        probability[i] = c->probability[row[i]];
    const vouch__stages *stages = job->law->stages;
    vouch__explain_data data = { .words = job->law->is_event ? NULL : vouch__explain_words_of(c->model),
                                 .model = c->model,
                                 .binding = &c->binding,
                                 .n = n,
                                 .row = row,
                                 .part = "test",
                                 .all = c->all,
                                 .just_approved = c->just_approved,
                                 .own = c->own,
                                 .own_method = job->project.method,
                                 .map = &c->map,
                                 .probability = probability,
                                 .cutoff = c->cutoff,
                                 .most = job->project.most,
                                 .seed = job->project.seed };
    vouch_status status = stages->explain(ctx, &data, &job->list);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status seal(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    const vouch_explainer *by = c->own ? c->own : c->all;
    const char *method = c->own ? job->project.method : "average-applicant";
    if (!strcmp(job->project.method, "just-approved") && c->just_approved) {
        by = c->just_approved;
        method = job->project.method;
    }
    vouch__doc *doc = NULL;
    vouch__json *reference = NULL;
    if (strcmp(method, job->project.method) != 0)
        vouch__note(
            ctx, VOUCH_LOG_WARNING, "models.%s %s, so its reasons are by average-applicant", c->plan->name,
            !strcmp(job->project.method, "just-approved") ? "approves no training row" : "has no points");
    vouch_status status = vouch__decider_bundle(ctx, c->model, by, &c->map, method, job->project.most,
                                                c->cutoff, &c->bundle);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = job->law->stages->reference(ctx, job, c, doc, &reference);
    if (!status)
        status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(&c->reference, reference);
        status = vouch__buf_status(ctx, &c->reference);
    }
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__job_explain(vouch_ctx *ctx, vouch__job *job)
{
    vouch__fair_data fair = { .table = job->table,
                              .split = &job->split,
                              .protected_column = job->protected_column,
                              .n_protected = job->n_protected,
                              .feature = job->feature,
                              .n_features = job->spec.n_features,
                              .min_group = 30,
                              .seed = job->project.seed };
    size_t mark = vouch__scratch_mark(ctx);
    size_t n = 0;
    uint32_t *row = NULL;
    vouch_status status = sample_rows(ctx, job, &n, &row);
    if (!status && job->n_protected)
        status = vouch__fair_proxy(ctx, &fair, &job->list);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        vouch__contender *c = &job->contender[i];
        vouch__progress(ctx, "explain", i, job->n_contenders);
        status = prepare(ctx, job, c);
        if (!status)
            status = explain_one(ctx, job, c, n, row);
        if (!status && job->n_protected)
            status = vouch__fair_scan(ctx, &fair, c->model, &job->list);
        if (!status && job->n_protected)
            status = job->law->stages->judge_fairness(ctx, job, &fair, c);
        if (!status)
            status = seal(ctx, job, c);
        if (status)
            (void)vouch__because(ctx, status, "models.%s", c->plan->name);
    }
    if (!status)
        vouch__progress(ctx, "explain", job->n_contenders, job->n_contenders);
    vouch__scratch_reset(ctx, mark);
    return status;
}
