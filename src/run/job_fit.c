/* Inputs from the training rows, a model for every plan of the project, and what each model says of every
 * row. */
#include "run/calibrating.h"
#include "run/job.h"
#include "run/overrides.h"

#include "base/file.h"
#include "models/fit_rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows of a part with what a fit needs of them, in scratch. */
static vouch_status part_rows(vouch_ctx *ctx, const vouch__job *job, vouch__part part, const double *of,
                              vouch__part_rows *out)
{
    size_t n = job->split.n[part];
    const uint32_t *row = job->split.row[part];
    double *target = vouch__scratch(ctx, n + 1, sizeof *target);
    double *weight = of ? vouch__scratch(ctx, n + 1, sizeof *weight) : NULL;
    if (!target || (of && !weight))
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        target[i] = job->target[row[i]];
        if (weight)
            weight[i] = of[row[i]];
    }
    *out = (vouch__part_rows){ .n = n, .row = row, .target = target, .weight = weight };
    return VOUCH_OK;
}

static vouch_status read_special(vouch_ctx *ctx, const vouch__job *job, vouch__input *input)
{
    for (size_t i = 0; i < job->project.n_rules; i++) {
        const vouch__column_rule *rule = &job->project.rule[i];
        if (strcmp(rule->name, input->name) != 0 || rule->n_special == 0 || !rule->special)
            continue;
        input->special = vouch__alloc(ctx, rule->n_special, sizeof *input->special);
        if (!input->special)
            return vouch__oom(ctx);
        memcpy(input->special, rule->special, rule->n_special * sizeof *input->special);
        input->n_special = rule->n_special;
    }
    return VOUCH_OK;
}

static vouch_status make_inputs(vouch_ctx *ctx, const vouch__job *job, const vouch__model_plan *plan,
                                const vouch__variation *v, vouch__inputs *out_inputs)
{
    vouch_status status = vouch__inputs_new(ctx, v->n_features, out_inputs);
    for (size_t i = 0; i < v->n_features && !status; i++) {
        size_t col = v->feature[i];
        vouch__input *input = &out_inputs->at[i];
        input->name = vouch__strdup(ctx, vouch_table_name(job->table, col));
        if (!input->name)
            return vouch__oom(ctx);
        if (vouch_table_type(job->table, col) == VOUCH_TEXT)
            status = v->table
                         ? vouch__input_categories(ctx, v->table, vouch_table_find(v->table, input->name),
                                                   v->train.n, v->train.row, input)
                         : vouch__input_categories(ctx, job->table, col, job->split.n[VOUCH__TRAIN],
                                                   job->split.row[VOUCH__TRAIN], input);
        if (!status)
            status = read_special(ctx, job, input);
    }
    if (!status)
        status = vouch__fit_monotone_read(ctx, job->project.path, plan->name, v->monotone, false, out_inputs);
    return status;
}

static vouch_status score_rows(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    size_t n = vouch_table_rows(job->table);
    bool has_points = (c->model->kind->capabilities & VOUCH__CAN_POINTS) != 0;
    c->raw = vouch__alloc(ctx, n + 1, sizeof *c->raw);
    c->probability = vouch__alloc(ctx, n + 1, sizeof *c->probability);
    c->points = has_points ? vouch__alloc(ctx, n + 1, sizeof *c->points) : NULL;
    if (!c->raw || !c->probability || (has_points && !c->points))
        return vouch__oom(ctx);
    return vouch_model_score(ctx, c->model, job->table, c->raw, c->probability, c->points);
}

/* What is judged as a probability, or as the mean of a count or an amount, has to be one. */
static vouch_status check_predictions(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c)
{
    const vouch__law *law = job->law;
    size_t n = vouch_table_rows(job->table);
    char text[VOUCH__DOUBLE_MAX + 1];
    if (c->plan->import)
        for (size_t i = 0; i < c->model->inputs.n; i++)
            if (!strcmp(c->model->inputs.at[i].name, job->project.target))
                return vouch__fail(ctx, VOUCH_E_DATA, "%s: its input '%s' is the target", c->plan->import,
                                   job->project.target);
    for (size_t i = 0; i < n; i++) {
        double p = c->probability[i];
        if (law->is_event ? p >= 0 && p <= 1 : isfinite(p) && (p > 0 || law->least < 0 || law->most <= 1))
            continue;
        text[vouch__double_text(p, text)] = '\0';
        return vouch__fail(ctx, VOUCH_E_DATA, "%s gives %s for row %zu, which is no %s",
                           c->plan->import ? c->plan->import : "it", text, i + 1,
                           law->is_event
                               ? "probability: a binary outcome needs one"
                               : "mean above 0: such a target wants a loss or family with a log link");
    }
    return VOUCH_OK;
}

static vouch_status import_one(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    char *path = vouch__path_join(ctx, job->project.folder, c->plan->import);
    vouch_status status = path ? vouch_model_import(ctx, path, &c->plan->options, &c->model)
                               : vouch__oom(ctx);
    vouch__free(vouch__allocator(ctx), path);
    if (!status)
        status = vouch__bind(ctx, &c->model->inputs, job->table, &c->binding);
    if (!status)
        status = score_rows(ctx, job, c);
    if (!status)
        status = check_predictions(ctx, job, c);
    return status ? vouch__because(ctx, status, "models.%s", c->plan->name) : VOUCH_OK;
}

/* What is not varied is as the project has it. */
static vouch__variation complete(const vouch__job *job, const vouch__model_plan *plan,
                                 const vouch__variation *varied)
{
    vouch__variation v = varied ? *varied : (vouch__variation){ .feature = NULL };
    if (!v.feature) {
        v.feature = job->feature;
        v.n_features = job->spec.n_features;
    }
    if (!v.mapping) {
        v.mapping = plan->mapping;
        v.monotone = plan->monotone;
    }
    v.value = v.value ? v.value : plan->value;
    v.weight = v.weight ? v.weight : job->weight;
    v.seed = v.has_seed ? v.seed : job->project.seed;
    return v;
}

vouch_status vouch__plan_fit(vouch_ctx *ctx, const vouch__job *job, const vouch__model_plan *plan,
                             const vouch__variation *varied, vouch__json *log, vouch_model **out_model)
{
    const vouch__variation all = complete(job, plan, varied), *v = &all;
    vouch__inputs inputs = { .n = 0 };
    vouch__binding binding = { .column = NULL };
    vouch__override_file decided = { .is_there = false };
    vouch__fit_data data = { .binding = &binding, .seed = v->seed, .is_event = job->law->is_event };
    data.settings = v->mapping;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = make_inputs(ctx, job, plan, v, &inputs);
    if (!status)
        status = vouch__bind(ctx, &inputs, v->table ? v->table : job->table, &binding);
    if (!status &&
        (plan->kind->capabilities & VOUCH__CAN_RESUME)) /* to others these words mean something else */
        status = vouch__fit_rules_read(ctx, job->project.path, plan->name, v->mapping, &inputs, &data);
    data.train = v->train;
    data.tune = v->tune;
    if (!status && !v->table)
        status = part_rows(ctx, job, VOUCH__TRAIN, v->weight, &data.train);
    if (!status && !v->table)
        status = part_rows(ctx, job, VOUCH__TUNE, job->weight, &data.tune);
    if (!status)
        status = vouch__override_file_read(ctx, job->project.path, job->project.folder, plan->mapping,
                                           &decided);
    data.overrides = decided.is_there ? &decided.overrides : NULL;
    if (!status)
        status = vouch__model_fit(ctx, plan->kind, plan->name, &inputs, v->value, &data,
                                  log ? job->list.doc : NULL, log, out_model);
    vouch__override_file_clear(&decided);
    vouch__scratch_reset(ctx, mark);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    return status ? vouch__because(ctx, status, "models.%s", plan->name) : VOUCH_OK;
}

static vouch_status use_model(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    vouch_status status = vouch__bind(ctx, &c->model->inputs, job->table, &c->binding);
    if (!status)
        status = score_rows(ctx, job, c);
    if (status)
        return status;
    status = check_predictions(ctx, job, c);
    return status ? vouch__because(ctx, status, "models.%s", c->plan->name) : VOUCH_OK;
}

static void begin_contender(vouch_ctx *ctx, const vouch__model_plan *plan, vouch__json *log,
                            vouch__contender *out)
{
    *out = (vouch__contender){ .plan = plan, .log = log };
    vouch__buf_init(ctx, &out->bundle, 0);
    vouch__buf_init(ctx, &out->reference, 0);
}

vouch_status vouch__contender_fit(vouch_ctx *ctx, const vouch__job *job, const vouch__model_plan *plan,
                                  const vouch__variation *varied, vouch__json *log, vouch__contender *out)
{
    begin_contender(ctx, plan, log, out);
    if (plan->import)
        return import_one(ctx, job, out);
    vouch_status status = vouch__plan_fit(ctx, job, plan, varied, log, &out->model);
    return status ? status : use_model(ctx, job, out);
}

vouch_status vouch__contender_calibrate(vouch_ctx *ctx, const vouch__job *job, vouch__evidence *list,
                                        vouch__contender *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored tune;
    vouch_model *made = NULL;
    vouch__evidence unread = { .doc = NULL };
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TUNE, &tune);
    if (!status && !list)
        status = vouch__evidence_new(ctx, NULL, &unread);
    if (!status) {
        vouch__calibrating w = { .ctx = ctx,
                                 .o = &job->project.calibrate,
                                 .folder = job->project.folder,
                                 .model = c->model,
                                 .n = tune.n,
                                 .p = tune.probability,
                                 .bad = tune.bad,
                                 .weight = tune.weight,
                                 .data = job->data,
                                 .part = "tune",
                                 .list = list ? list : &unread };
        status = vouch__calibrate_model(&w, &made);
    }
    vouch__evidence_free(&unread);
    vouch__scratch_reset(ctx, mark);
    if (status || !made)
        return vouch__because(ctx, status, "models.%s", c->plan->name);
    for (size_t i = 0; i < vouch_table_rows(job->table); i++)
        c->probability[i] = vouch__calibration_apply(made->calibration, c->probability[i]);
    vouch__binding_clear(&c->binding); /* it leans on the inputs of the model that goes */
    vouch_model_free(c->model);
    c->model = made;
    return vouch__bind(ctx, &made->inputs, job->table, &c->binding);
}

vouch_status vouch__job_fit(vouch_ctx *ctx, vouch__job *job)
{
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < job->project.n_plans && !status; i++) {
        vouch__contender *c = &job->contender[job->n_contenders++];
        const vouch__model_plan *plan = &job->project.plan[i];
        vouch__json *log = vouch__json_object(job->list.doc);
        if (job->rejected && !plan->import) {
            begin_contender(ctx, plan, log, c);
            status = vouch__job_fit_rejects(ctx, job, plan, log, &c->model);
            if (!status)
                status = use_model(ctx, job, c);
        } else {
            status = vouch__contender_fit(ctx, job, plan, NULL, log, c);
        }
        if (!status && job->project.calibrates)
            status = vouch__contender_calibrate(ctx, job, &job->list, c);
    }
    return status;
}

vouch_status vouch__job_scored(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                               vouch__part part, vouch__scored *out_scored)
{
    size_t n = job->split.n[part];
    const uint32_t *row = job->split.row[part];
    double *raw = vouch__scratch(ctx, n + 1, sizeof *raw);
    double *probability = vouch__scratch(ctx, n + 1, sizeof *probability);
    int32_t *points = c->points ? vouch__scratch(ctx, n + 1, sizeof *points) : NULL;
    uint8_t *bad = job->bad ? vouch__scratch(ctx, n + 1, sizeof *bad) : NULL;
    double *weight = job->weight ? vouch__scratch(ctx, n + 1, sizeof *weight) : NULL;
    if (!raw || !probability || (job->bad && !bad) || (c->points && !points) || (job->weight && !weight))
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        raw[i] = c->raw[row[i]];
        probability[i] = c->probability[row[i]];
        if (bad)
            bad[i] = job->bad[row[i]];
        if (points)
            points[i] = c->points[row[i]];
        if (weight)
            weight[i] = job->weight[row[i]];
    }
    *out_scored = (vouch__scored){ .model = c->plan->name,
                                   .part = vouch__part_name(part),
                                   .n = n,
                                   .raw = raw,
                                   .probability = probability,
                                   .points = points,
                                   .bad = bad,
                                   .weight = weight };
    return VOUCH_OK;
}
