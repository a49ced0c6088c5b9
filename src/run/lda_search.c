/* The search: the baseline, then every candidate fitted, decided and measured on tune, each kept on disk as
 * it is done, and the choice among them. */
#include "run/lda.h"

#include "base/file.h"
#include "explain/effects.h"
#include "num/rank.h"
#include "num/rng.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPLAINED_MAX = 5000 };

static vouch__fair_data fair_data(const vouch__lda *lda)
{
    const vouch__job *job = lda->job;
    return (vouch__fair_data){ .table = job->table,
                               .split = &job->split,
                               .protected_column = lda->rules.column,
                               .n_protected = lda->rules.n_columns,
                               .feature = job->feature,
                               .n_features = job->spec.n_features,
                               .min_group = lda->rules.min_group,
                               .seed = job->project.seed };
}

static vouch_status make_groups(vouch_ctx *ctx, const vouch__lda *lda, size_t n, const uint32_t *row,
                                vouch__groups **out)
{
    vouch__fair_data data = fair_data(lda);
    vouch_status status = VOUCH_OK;
    *out = vouch__scratch(ctx, lda->rules.n_columns, sizeof **out);
    if (!*out)
        return vouch__oom(ctx);
    for (size_t c = 0; c < lda->rules.n_columns && !status; c++)
        status = vouch__groups_make(ctx, &data, lda->rules.column[c], n, row, &(*out)[c]);
    return status;
}

/* ---- decisions ---- */

static vouch_status cut(vouch_ctx *ctx, const vouch__scored *s, const vouch__groups *g, size_t group,
                        double share, double *out)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    double *x = vouch__scratch(ctx, 2 * s->n + 1, sizeof *x), *sorted = x + s->n;
    uint32_t *order = vouch__scratch(ctx, s->n + 1, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        if (!g || g->of[i] == group)
            x[n++] = s->probability[i];
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0; i < n && !status; i++)
        sorted[i] = x[order[i]];
    *out = vouch__approve_cutoff(n, sorted, share);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__lda_rule(vouch_ctx *ctx, const vouch__lda *lda, const vouch__contender *c,
                             vouch__part part, const vouch__lda_try *by, double cutoff[VOUCH__GROUPS_MAX],
                             vouch__lda_ruled *out)
{
    const vouch__groups *all = part == VOUCH__TUNE ? lda->tune : lda->test;
    const vouch__groups *g = by->by_group == SIZE_MAX ? NULL : &all[by->by_group];
    vouch_status status = vouch__job_scored(ctx, lda->job, c, part, &out->scored);
    const vouch__scored *s = &out->scored;
    uint8_t *approve = vouch__scratch(ctx, s->n + 1, 1);
    double approved = 0, bad = 0;
    if (status || !approve)
        return status ? status : vouch__oom(ctx);
    for (size_t k = 0; k < (g ? g->n_groups : 1) && !status; k++)
        if (isnan(cutoff[k]))
            status = cut(ctx, s, g, k, by->share, &cutoff[k]);
    for (size_t i = 0; i < s->n; i++) {
        approve[i] = s->probability[i] <= cutoff[g ? g->of[i] : 0];
        approved += approve[i];
        bad += approve[i] && s->bad[i];
    }
    out->ruling = (vouch__ruling){ s->n, s->raw, approve, s->bad };
    out->approved = approved / (double)s->n;
    out->bad_rate = approved > 0 ? bad / approved : (double)NAN;
    return status;
}

vouch_status vouch__lda_performance(vouch_ctx *ctx, const vouch__lda *lda, const vouch__ruling *a,
                                    const vouch__ruling *b, vouch__figure *out, vouch__figure *out_against)
{
    if (lda->rules.by_profit) {
        vouch_status status = vouch__payoff_against(ctx, lda->rules.payoff, a, NULL, out);
        return status ? status : vouch__payoff_against(ctx, lda->rules.payoff, a, b, out_against);
    }
    vouch_auc auc;
    vouch_auc_pair pair;
    vouch_status status = vouch_validate_auc_delong(ctx, a->n, a->raw, a->bad, VOUCH__FAIR_LEVEL, &auc);
    if (!status)
        status = vouch_validate_auc_paired(ctx, a->n, a->raw, b->raw, a->bad, VOUCH__FAIR_LEVEL, &pair);
    if (status)
        return status;
    *out = (vouch__figure){ auc.auc, auc.low, auc.high };
    *out_against = (vouch__figure){ pair.difference, pair.low, pair.high };
    return VOUCH_OK;
}

/* Everything about one try that is told, on tune. */
static vouch_status measure(vouch_ctx *ctx, const vouch__lda *lda, const vouch__contender *c,
                            vouch__lda_try *t)
{
    const vouch__lda_rules *r = &lda->rules;
    vouch__disparity d = { r->measure, r->n_columns, lda->tune, r->min_group };
    const vouch__ruling base = { lda->on_tune.n, lda->on_tune.raw, lda->approve, lda->on_tune.bad };
    double cutoff[VOUCH__GROUPS_MAX];
    vouch__lda_ruled mine;
    vouch__gap gap;
    size_t mark = vouch__scratch_mark(ctx);
    for (size_t k = 0; k < VOUCH__GROUPS_MAX; k++)
        cutoff[k] = NAN;
    if (t->fit == 0 && t->by_group == SIZE_MAX && t->share == lda->attempt[0].share)
        cutoff[0] = c->cutoff; /* the baseline as the project decides */
    vouch_status status = vouch__lda_rule(ctx, lda, c, VOUCH__TUNE, t, cutoff, &mine);
    t->cutoff = t->by_group == SIZE_MAX ? cutoff[0] : (double)NAN;
    t->bad_rate = mine.bad_rate;
    t->c.approved = mine.approved;
    if (!status)
        status = vouch__lda_performance(ctx, lda, &mine.ruling, &base, &t->c.performance, &t->c.against);
    if (!status)
        status = vouch_validate_auc(ctx, base.n, mine.ruling.raw, base.bad, NULL, &t->auc);
    if (!status)
        status = vouch__gap_find(ctx, &d, &mine.ruling, &t->c.gap);
    if (!status)
        status = vouch__gap_gain(ctx, &d, &mine.ruling, &t->c.gap, &base, &lda->attempt[0].c.gap, &t->c.gain);
    for (int k = 0; k < 2 && !status; k++) {
        d.measure = (vouch__disparity_measure)k;
        status = vouch__gap_find(ctx, &d, &mine.ruling, &gap);
        *(k ? &t->difference : &t->ratio) = gap.figure.value;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- the baseline ---- */

static vouch_status open_baseline(vouch_ctx *ctx, vouch__lda *lda)
{
    vouch__job *job = lda->job;
    vouch__contender *c = &job->contender[job->n_contenders++];
    vouch_status status = vouch__contender_fit(ctx, job, lda->rules.plan, NULL,
                                               vouch__json_object(job->list.doc), c);
    if (!status && job->project.calibrates)
        status = vouch__contender_calibrate(ctx, job, &job->list, c);
    if (!status)
        status = vouch__contender_cutoff(ctx, job, c);
    if (!status)
        status = make_groups(ctx, lda, job->split.n[VOUCH__TUNE], job->split.row[VOUCH__TUNE], &lda->tune);
    if (!status)
        status = make_groups(ctx, lda, job->split.n[VOUCH__TEST], job->split.row[VOUCH__TEST], &lda->test);
    if (!status)
        status = vouch__job_scored(ctx, job, c, VOUCH__TUNE, &lda->on_tune);
    lda->approve = vouch__scratch(ctx, lda->on_tune.n + 1, 1);
    lda->attempt = vouch__scratch(ctx, 1, sizeof *lda->attempt);
    if (status || !lda->approve || !lda->attempt)
        return status ? status : vouch__oom(ctx);
    for (size_t i = 0; i < lda->on_tune.n; i++)
        lda->approve[i] = lda->on_tune.probability[i] <= c->cutoff;
    *lda->attempt = (vouch__lda_try){ .way = "baseline",
                                      .what = lda->rules.plan->name,
                                      .feature = job->feature,
                                      .n_features = job->spec.n_features,
                                      .value = lda->rules.plan->value,
                                      .mapping = lda->rules.plan->mapping,
                                      .monotone = lda->rules.plan->monotone,
                                      .seed = job->project.seed,
                                      .share = c->share,
                                      .reweighed = SIZE_MAX,
                                      .by_group = SIZE_MAX };
    lda->n = 1;
    const vouch__disparity d = { lda->rules.measure, lda->rules.n_columns, lda->tune, lda->rules.min_group };
    const vouch__ruling base = { lda->on_tune.n, lda->on_tune.raw, lda->approve, lda->on_tune.bad };
    status = vouch__gap_find(ctx, &d, &base, &lda->attempt->c.gap);
    if (!status)
        status = measure(ctx, lda, c, lda->attempt);
    if (!status && lda->attempt->c.gap.column == SIZE_MAX)
        status = vouch__fail(
            ctx, VOUCH_E_DATA,
            "lda: no two groups of tune have %.0f cases or more, or nobody of the largest is "
            "approved",
            lda->rules.min_group);
    if (!status && isnan(lda->rules.margin)) /* of money: a fiftieth of what the baseline earns */
        lda->rules.margin = 0.02 * fabs(lda->attempt->c.performance.value);
    return status;
}

static int by_part(const void *a, const void *b)
{
    const vouch__lda_input *x = a, *y = b;
    return x->part != y->part ? (x->part < y->part ? 1 : -1)
                              : (x->column > y->column) - (x->column < y->column);
}

static vouch_status explain(vouch_ctx *ctx, const vouch__lda *lda, size_t n, const uint32_t *row,
                            double **out_value)
{
    const vouch__job *job = lda->job;
    const vouch__contender *c = &job->contender[0];
    size_t inputs = c->model->inputs.n;
    vouch_explainer *explainer = NULL;
    double *x = vouch__scratch(ctx, 2 * n * inputs + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    vouch_status status = vouch__explainer_make(ctx, c->model, &c->binding, job->split.n[VOUCH__TRAIN],
                                                job->split.row[VOUCH__TRAIN], &explainer);
    vouch__bound_rows(&c->binding, 0, n, row, x);
    *out_value = x + n * inputs;
    if (!status)
        status = vouch__explainer_rows(ctx, explainer, (vouch__matrix){ x, n, inputs }, *out_value);
    vouch_explainer_free(explainer);
    return status;
}

/* The parts of one gap, largest first. */
static void split_gap(const vouch__lda *lda, const vouch__groups *g, size_t group, const double *value)
{
    const vouch__inputs *inputs = &lda->job->contender[0].model->inputs;
    double count[2] = { 0 };
    for (size_t i = 0; i < g->n; i++) {
        count[0] += g->of[i] == group;
        count[1] += g->of[i] == g->reference;
    }
    for (size_t j = 0; j < inputs->n; j++) {
        double sum[2] = { 0 };
        for (size_t i = 0; i < g->n; i++)
            if (g->of[i] == group || g->of[i] == g->reference)
                sum[g->of[i] == g->reference] += value[i * inputs->n + j];
        lda->input[j] = (vouch__lda_input){ vouch_table_find(lda->job->table, inputs->at[j].name),
                                            count[0] > 0 && count[1] > 0
                                                ? sum[0] / count[0] - sum[1] / count[1]
                                                : 0.0 };
    }
    qsort(lda->input, inputs->n, sizeof *lda->input, by_part);
}

/* Of the worst group; where none of its inputs widens the gap of means, of the group with the widest. */
static vouch_status split_worst(vouch_ctx *ctx, vouch__lda *lda, const vouch__groups *groups,
                                const double *value)
{
    vouch__gap gap = lda->attempt[0].c.gap, widest;
    const vouch__disparity d = { VOUCH__DISPARITY_SMD, lda->rules.n_columns, lda->tune,
                                 lda->rules.min_group };
    const vouch__ruling base = { lda->on_tune.n, lda->on_tune.raw, lda->approve, lda->on_tune.bad };
    vouch_status status = vouch__gap_find(ctx, &d, &base, &widest);
    split_gap(lda, &groups[gap.column], gap.group, value);
    if (!status && !(lda->input[0].part > 0) && widest.column != SIZE_MAX) {
        gap = widest;
        split_gap(lda, &groups[gap.column], gap.group, value);
    }
    const vouch__groups *g = &groups[gap.column];
    const vouch__json *text = vouch__json_fmt(lda->job->list.doc, "%s = %s, against %s", g->column,
                                              g->label[gap.group], g->label[g->reference]);
    lda->worst = text ? text->text : "";
    return status;
}

vouch_status vouch__lda_attribute(vouch_ctx *ctx, vouch__lda *lda)
{
    const vouch__job *job = lda->job;
    const vouch__inputs *inputs = &job->contender[0].model->inputs;
    size_t all = job->split.n[VOUCH__TRAIN], n = all < EXPLAINED_MAX ? all : EXPLAINED_MAX;
    lda->input = vouch__scratch(ctx, inputs->n + 1, sizeof *lda->input);
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *row = vouch__scratch(ctx, n + 1, sizeof *row);
    vouch__groups *groups = NULL;
    double *value = NULL;
    if (!lda->input || !row)
        return vouch__oom(ctx);
    vouch__choose(job->project.seed, all, n, row);
    for (size_t i = 0; i < n; i++)
        row[i] = job->split.row[VOUCH__TRAIN][row[i]];
    vouch_status status = make_groups(ctx, lda, n, row, &groups);
    if (!status)
        status = explain(ctx, lda, n, row, &value);
    if (status)
        return status;
    lda->n_inputs = inputs->n;
    status = split_worst(ctx, lda, groups, value);
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__doc_status(ctx, job->list.doc);
}

/* ---- the candidates ---- */

/* Weights of the training rows, by row of the table. */
static vouch_status reweigh(vouch_ctx *ctx, const vouch__lda *lda, size_t column, const double **out)
{
    const vouch__job *job = lda->job;
    size_t n = job->split.n[VOUCH__TRAIN];
    const uint32_t *row = job->split.row[VOUCH__TRAIN];
    vouch__groups *groups = NULL;
    double *weight = vouch__scratch(ctx, vouch_table_rows(job->table), sizeof *weight);
    double *of = vouch__scratch(ctx, n + 1, sizeof *of);
    uint8_t *bad = vouch__scratch(ctx, n + 1, 1);
    if (!weight || !of || !bad)
        return vouch__oom(ctx);
    vouch_status status = make_groups(ctx, lda, n, row, &groups);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        bad[i] = job->bad[row[i]];
    vouch__reweigh(&groups[column], bad, of);
    for (size_t i = 0; i < n; i++)
        weight[row[i]] = of[i] * (job->weight ? job->weight[row[i]] : 1.0);
    *out = weight;
    return VOUCH_OK;
}

static vouch_status fit(vouch_ctx *ctx, const vouch__lda *lda, const vouch__lda_try *t, vouch__json *log,
                        const vouch__model_plan *plan, vouch__contender *out)
{
    const vouch__job *job = lda->job;
    vouch__variation v = { .feature = t->feature,
                           .n_features = t->n_features,
                           .value = t->value,
                           .mapping = t->mapping,
                           .monotone = t->monotone,
                           .has_seed = true,
                           .seed = t->seed };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = VOUCH_OK;
    *out = (vouch__contender){ .plan = NULL };
    if (t->reweighed != SIZE_MAX)
        status = reweigh(ctx, lda, t->reweighed, &v.weight);
    if (!status)
        status = vouch__contender_fit(ctx, job, plan, &v, log, out);
    if (!status && job->project.calibrates)
        status = vouch__contender_calibrate(ctx, job, NULL, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* A model that the data do not allow is a candidate that failed. */
static vouch_status excuse(vouch_ctx *ctx, vouch__lda *lda, vouch__lda_try *t, vouch_status status)
{
    if (status != VOUCH_E_DATA && status != VOUCH_E_CONVERGE && status != VOUCH_E_ARG &&
        status != VOUCH_E_SHAPE && status != VOUCH_E_FORMAT)
        return status;
    const vouch__json *why = vouch__json_text(lda->job->list.doc, vouch_ctx_error(ctx));
    t->error = why ? why->text : "";
    t->c.is_failed = true;
    return VOUCH_OK;
}

/* The tries of one model. fitted: it, once one of them needs it. */
static vouch_status one_try(vouch_ctx *ctx, vouch__lda *lda, vouch__lda_try *t, vouch__contender *fitted)
{
    vouch__lda_kept kept = { .path = NULL };
    bool found = false;
    const vouch__contender *c = t->fit ? fitted : &lda->job->contender[0];
    vouch_status status = lda->out ? vouch__lda_kept_find(ctx, lda, t, &kept, &found) : VOUCH_OK;
    lda->reused += found;
    if (!status && !found) {
        if (t->fit && !fitted->model)
            status = fit(ctx, lda, t, NULL, lda->rules.plan, fitted);
        if (!status)
            status = measure(ctx, lda, c, t);
        status = excuse(ctx, lda, t, status);
        if (!status && kept.path)
            status = vouch__lda_keep(ctx, &kept, t);
    }
    vouch__free(vouch__allocator(ctx), kept.path);
    return status;
}

static vouch_status try_all(vouch_ctx *ctx, vouch__lda *lda)
{
    size_t fits = 0, done = 0;
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < lda->n; i++)
        fits = lda->attempt[i].fit >= fits ? lda->attempt[i].fit + 1 : fits;
    for (size_t f = 0; f < fits && !status; f++) {
        vouch__contender fitted = { .plan = NULL };
        for (size_t i = 1; i < lda->n && !status; i++) {
            if (lda->attempt[i].fit != f)
                continue;
            vouch__progress(ctx, "alternatives", done++, lda->n - 1);
            status = vouch__poll(ctx);
            if (!status)
                status = one_try(ctx, lda, &lda->attempt[i], &fitted);
        }
        vouch__contender_clear(&lda->job->alloc, &fitted);
    }
    if (!status)
        vouch__progress(ctx, "alternatives", lda->n - 1, lda->n - 1);
    return status;
}

static vouch_status choose(vouch_ctx *ctx, vouch__lda *lda)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__candidate *c = vouch__scratch(ctx, lda->n, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    for (size_t i = 0; i < lda->n; i++)
        c[i] = lda->attempt[i].c;
    lda->chosen = vouch__candidates_judge(lda->rules.measure, lda->rules.margin, lda->n, c);
    for (size_t i = 0; i < lda->n; i++)
        lda->attempt[i].c = c[i];
    vouch__scratch_reset(ctx, mark);
    if (lda->chosen == SIZE_MAX)
        return VOUCH_OK;
    vouch__job *job = lda->job;
    const vouch__lda_try *t = &lda->attempt[lda->chosen];
    const vouch__json *name = vouch__json_fmt(job->list.doc, "%s-alternative", lda->rules.plan->name);
    if (!name)
        return vouch__doc_status(ctx, job->list.doc);
    lda->plan = *lda->rules.plan;
    lda->plan.name = name->text;
    vouch__contender *out = &job->contender[job->n_contenders++];
    vouch_status status = fit(ctx, lda, t, vouch__json_object(job->list.doc), &lda->plan, out);
    out->cutoff = t->cutoff;
    out->share = t->c.approved;
    job->champion = 1;
    return status;
}

vouch_status vouch__lda_search(vouch_ctx *ctx, vouch__lda *lda)
{
    vouch_status status = VOUCH_OK;
    lda->chosen = SIZE_MAX;
    if (lda->out) {
        char *folder = vouch__path_join(ctx, lda->out, "candidates");
        status = folder ? vouch__folder_make(ctx, folder) : vouch__oom(ctx);
        vouch__free(vouch__allocator(ctx), folder);
    }
    if (!status)
        status = open_baseline(ctx, lda);
    if (!status)
        status = vouch__lda_attribute(ctx, lda);
    if (!status)
        status = vouch__lda_plan(ctx, lda);
    if (!status)
        status = try_all(ctx, lda);
    return status ? status : choose(ctx, lda);
}
