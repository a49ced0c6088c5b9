/* Applicants whom the past declined: kept apart from all parts, since nobody knows what became of them, and
 * brought into the fits by reject inference. */
#include "run/job.h"

#include "base/schema.h"
#include "data/table_stack.h"
#include "num/rng.h"
#include "run/rejecting.h"

#include <math.h>
#include <string.h>

static vouch_status column(vouch_ctx *ctx, const vouch__job *job, const vouch_table *table, const char *key,
                           size_t *out)
{
    const vouch__json *at = vouch__json_get(job->project.rejects, key);
    *out = SIZE_MAX;
    if (!vouch__json_string(at))
        return VOUCH_OK;
    vouch_status status = vouch_table_column(ctx, table, at->text, out);
    return status
               ? vouch__schema_fail(ctx, job->project.path, at, "rejects.%s: %s", key, vouch_ctx_error(ctx))
               : VOUCH_OK;
}

vouch_status vouch__job_part_rejects(vouch_ctx *ctx, vouch__job *job, const vouch_table *all)
{
    const char *path = job->project.path;
    const vouch__json *rejects = job->project.rejects;
    size_t n = vouch_table_rows(all), mark = vouch__scratch_mark(ctx), count[2] = { 0, 0 }, flag, truth;
    double accepted = NAN, *value = vouch__scratch(ctx, n + 1, sizeof *value);
    uint32_t *row = vouch__scratch(ctx, 2 * n + 1, sizeof *row);
    vouch_table *made[2] = { NULL, NULL };
    if (!value || !row)
        return vouch__oom(ctx);
    vouch_status status = column(ctx, job, all, "column", &flag);
    if (!status)
        status = column(ctx, job, all, "truth", &truth);
    if (!status)
        status = vouch__rejecting_value(ctx, path, all, flag, vouch__json_get(rejects, "accepted"),
                                        &accepted);
    if (!status)
        vouch_table_read(all, flag, 0, n, value);
    for (size_t i = 0; i < n && !status; i++) {
        size_t side = value[i] != accepted;
        row[side * n + count[side]++] = (uint32_t)i;
    }
    if (!status && (count[0] == 0 || count[1] == 0))
        status = vouch__schema_fail(ctx, path, rejects,
                                    "rejects: %s applicant was accepted; there must be accepted and "
                                    "rejected ones",
                                    count[0] ? "every" : "no");
    for (size_t side = 0; side < 2 && !status; side++) {
        const vouch__stack_part part = { all, row + side * n, count[side] };
        status = vouch__table_stack(ctx, 1, &part, &made[side]);
    }
    vouch__scratch_reset(ctx, mark);
    if (status) {
        vouch_table_unref(made[0]);
        return status;
    }
    job->table = made[0];
    job->rejected = made[1];
    return VOUCH_OK;
}

/* ---- fitting ---- */

typedef struct refitting {
    vouch__job *job;
    const vouch__model_plan *plan;
    vouch__json *log;      /* of the method that is kept */
    vouch__part_rows tune; /* rows of work->twice */
} refitting;

static vouch_status refit(vouch__rejecting *w, bool is_chosen, vouch_model **out_model)
{
    const refitting *r = w->refit_self;
    size_t mark = vouch__scratch_mark(w->ctx), n = 0;
    uint32_t *row = vouch__scratch(w->ctx, 2 * w->n + 1, sizeof *row);
    double *target = vouch__scratch(w->ctx, 4 * w->n + 1, sizeof *target), *weight = target + 2 * w->n;
    if (!row || !target)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < 2 * w->n; i++) {
        if (w->part[i] != VOUCH_PART_TRAIN)
            continue;
        row[n] = (uint32_t)i;
        target[n] = w->row_target[i];
        weight[n++] = w->row_weight[i];
    }
    vouch__variation v = { .table = w->twice, .tune = r->tune };
    v.train = (vouch__part_rows){ n, row, target, weight };
    vouch_status status = vouch__plan_fit(w->ctx, r->job, r->plan, &v, is_chosen ? r->log : NULL, out_model);
    vouch__scratch_reset(w->ctx, mark);
    return status;
}

/* As large a share of the rejected as train is of the accepted, by a hash of seed and row: train's applicants
 * then are what applicants are. */
static vouch_status choose_rejected(vouch_ctx *ctx, const vouch__job *job, vouch__stack_part *out)
{
    size_t n = vouch_table_rows(job->rejected);
    double share = (double)job->split.n[VOUCH__TRAIN] / (double)vouch_table_rows(job->table);
    uint32_t *row = vouch__scratch(ctx, n + 1, sizeof *row);
    if (!row)
        return vouch__oom(ctx);
    *out = (vouch__stack_part){ job->rejected, row, 0 };
    for (size_t i = 0; i < n; i++)
        if ((double)(vouch__mix(job->project.seed, i) >> 11) * 0x1p-53 < share)
            row[out->n++] = (uint32_t)i;
    return VOUCH_OK;
}

/* The applicants: train's accepted ones and the rejected chosen; those twice, then tune. */
static vouch_status make_tables(vouch__rejecting *w, const vouch__job *job)
{
    const vouch__split *s = &job->split;
    vouch_table *both = NULL;
    vouch__stack_part once[] = { { job->table, s->row[VOUCH__TRAIN], s->n[VOUCH__TRAIN] },
                                 { NULL, NULL, 0 } };
    vouch_status status = choose_rejected(w->ctx, job, &once[1]);
    size_t n = once[0].n + once[1].n;
    if (!status)
        status = vouch__table_stack(w->ctx, 2, once, &w->table);
    if (!status) {
        const vouch__stack_part copies[] = { { w->table, NULL, n }, { w->table, NULL, n } };
        status = vouch__table_stack(w->ctx, 2, copies, &both);
    }
    if (!status) {
        const vouch__stack_part all[] = { { both, NULL, 2 * n },
                                          { job->table, s->row[VOUCH__TUNE], s->n[VOUCH__TUNE] } };
        status = vouch__table_stack(w->ctx, 2, all, &w->twice);
    }
    vouch_table_unref(both);
    w->n_accepted = s->n[VOUCH__TRAIN];
    return status ? status : vouch__rejecting_room(w, n, s->n[VOUCH__TUNE]);
}

static vouch_status read_weights(vouch__rejecting *w, const vouch__job *job)
{
    size_t col = job->project.weight ? vouch_table_find(w->table, job->project.weight) : SIZE_MAX;
    if (col == SIZE_MAX)
        return VOUCH_OK;
    w->weight_of = vouch__scratch(w->ctx, w->n + 1, sizeof *w->weight_of);
    if (!w->weight_of)
        return vouch__oom(w->ctx);
    vouch_table_read(w->table, col, 0, w->n, w->weight_of);
    for (size_t i = 0; i < w->n; i++)
        if (!(w->weight_of[i] > 0.0 && w->weight_of[i] < INFINITY))
            return vouch__fail(w->ctx, VOUCH_E_DATA,
                               "%s: the weight of a rejected applicant must be finite and > 0",
                               job->project.path);
    return VOUCH_OK;
}

static vouch_status read_truth(vouch__rejecting *w, const vouch__job *job)
{
    size_t col;
    vouch_status status = column(w->ctx, job, w->table, "truth", &col);
    if (status || col == SIZE_MAX)
        return status;
    w->truth = vouch__scratch(w->ctx, w->n + 1, sizeof *w->truth);
    if (!w->truth)
        return vouch__oom(w->ctx);
    vouch_table_read(w->table, col, 0, w->n, w->truth);
    for (size_t i = 0; i < w->n; i++)
        if (!isnan(w->truth[i]))
            w->truth[i] = w->truth[i] == job->spec.bad;
    return VOUCH_OK;
}

static vouch_status read_rows(vouch__rejecting *w, vouch__job *job, vouch__part_rows *tune)
{
    const vouch__split *s = &job->split;
    size_t n = s->n[VOUCH__TUNE];
    uint32_t *row = vouch__scratch(w->ctx, n + 1, sizeof *row);
    double *target = vouch__scratch(w->ctx, 2 * n + 1, sizeof *target), *weight = target + n;
    w->input = vouch__scratch(w->ctx, job->spec.n_features + 1, sizeof(const char *));
    if (!row || !target || !w->input)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < n; i++) {
        row[i] = (uint32_t)(2 * w->n + i);
        target[i] = job->bad[s->row[VOUCH__TUNE][i]];
        weight[i] = job->weight ? job->weight[s->row[VOUCH__TUNE][i]] : 1.0;
    }
    *tune = (vouch__part_rows){ n, row, target, job->weight ? weight : NULL };
    for (size_t i = 0; i < w->n; i++) {
        w->accepted[i] = i < w->n_accepted;
        w->bad[i] = w->accepted[i] && job->bad[s->row[VOUCH__TRAIN][i]];
    }
    for (size_t j = 0; j < job->spec.n_features; j++)
        w->input[w->n_inputs++] = vouch_table_name(job->table, job->feature[j]);
    vouch_status status = read_weights(w, job);
    return status ? status : read_truth(w, job);
}

vouch_status vouch__job_fit_rejects(vouch_ctx *ctx, vouch__job *job, const vouch__model_plan *plan,
                                    vouch__json *log, vouch_model **out_model)
{
    refitting r = { .job = job, .plan = plan, .log = log };
    vouch__rejecting w = { .ctx = ctx, .refit = refit, .list = &job->list };
    size_t mark = vouch__scratch_mark(ctx);
    w.refit_self = &r;
    w.name = plan->name;
    w.kind = plan->kind->name;
    w.run_part = "train";
    vouch_status status = vouch__rejecting_plan(&w, job->project.path, job->project.rejects);
    w.r.seed = job->project.seed;
    if (!status)
        status = make_tables(&w, job);
    if (!status)
        status = read_rows(&w, job, &r.tune);
    if (!status)
        status = vouch__rejecting_fits(&w);
    if (!status)
        status = vouch__rejecting_entries(&w);
    if (!status) {
        *out_model = w.fitted[w.method];
        w.fitted[w.method] = NULL;
    }
    for (size_t k = 0; k < VOUCH__REJECT_FITS; k++)
        vouch_model_free(w.fitted[k]);
    vouch_table_unref(w.twice);
    vouch_table_unref(w.table);
    vouch__scratch_reset(ctx, mark);
    return status ? vouch__because(ctx, status, "models.%s", plan->name) : VOUCH_OK;
}
