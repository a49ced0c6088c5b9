/* The elastic net at one penalty or along a path of them, each started from the one before.
 *
 * Objective, as in glmnet, glum and scikit-learn: deviance / (2 W) + lambda (mix sum s_j |b_j| + (1 - mix) /
 * 2 sum s_j^2 b_j^2), W the total weight, s_j the column's standard deviation (1 without standardise). The
 * path falls geometrically from the least lambda at which only the constant is left. */
#include "models/glm/glm_fit.h"
#include "models/glm/glm_net.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

typedef struct walking {
    vouch__glm_fitting *f;
    vouch__glm_net net;
    vouch__glm_design tune;
    bool has_tune;
    size_t n;                                  /* penalties */
    double *lambda;                            /* [n] descending */
    double *beta;                              /* [n x p] */
    double *deviance, *tuned, *used, *pearson; /* [n] */
    double tolerance;
} walking;

static double unit(const walking *w, size_t j)
{
    const vouch__glm_design *d = &w->f->design;
    if (j == 0 && d->has_intercept)
        return 0.0;
    return w->f->value[VOUCH__GLM_STANDARDISE] != 0.0 ? d->sd[j] : 1.0;
}

static void set_penalty(walking *w, double lambda)
{
    double mix = w->f->value[VOUCH__GLM_MIX], total = w->f->design.total;
    for (size_t j = 0; j < w->f->design.p; j++) {
        double u = unit(w, j);
        w->net.l1[j] = lambda * mix * total * u;
        w->net.l2[j] = lambda * (1.0 - mix) * total * u * u;
    }
}

/* The least penalty at which no column but the constant is kept. */
static double largest(const walking *w)
{
    const vouch__glm_solver *s = &w->f->solver;
    double most = 0.0, mix = fmax(w->f->value[VOUCH__GLM_MIX], 1e-3);
    for (size_t j = 0; j < w->f->design.p; j++)
        if (unit(w, j) > 0.0)
            most = fmax(most, fabs(s->score[j]) / (mix * w->f->design.total * unit(w, j)));
    return most;
}

static void make_lambdas(walking *w)
{
    double top = largest(w), ratio = w->f->value[VOUCH__GLM_LAMBDA_RATIO];
    if (w->f->value[VOUCH__GLM_LAMBDAS] == 0.0) {
        w->lambda[0] = w->f->value[VOUCH__GLM_PENALTY];
        return;
    }
    if (w->f->value[VOUCH__GLM_PENALTY] > 0.0) /* the path ends there */
        ratio = w->f->value[VOUCH__GLM_PENALTY] / top;
    double fall = w->n > 1 ? vouch__log(ratio) / (double)(w->n - 1) : 0.0;
    for (size_t k = 0; k < w->n; k++)
        w->lambda[k] = top * vouch__exp(fall * (double)k);
}

static vouch_status tune_deviance(vouch_ctx *ctx, walking *w, double *out)
{
    vouch__glm_solver *s = &w->f->solver;
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm_pass pass = {
        .design = &w->tune, .kernel = s->kernel, .law = s->law, .beta = s->beta, .step = 1
    };
    vouch__glm_sums sums = { .score = vouch__scratch(ctx, s->design->p + 1, sizeof(double)) };
    if (!sums.score)
        return vouch__oom(ctx);
    vouch_status status = vouch__glm_pass_run(ctx, &pass, &sums);
    *out = sums.is_valid ? sums.deviance : INFINITY;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status walk(vouch_ctx *ctx, walking *w)
{
    vouch__glm_solver *s = &w->f->solver;
    size_t p = w->f->design.p;
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < w->n && !status; k++) {
        vouch__progress(ctx, s->name, k, w->n);
        set_penalty(w, w->lambda[k]);
        status = vouch__glm_net_solve(ctx, &w->net, w->tolerance);
        if (!status && w->has_tune)
            status = tune_deviance(ctx, w, &w->tuned[k]);
        memcpy(w->beta + k * p, s->beta, p * sizeof *s->beta);
        w->deviance[k] = w->net.deviance + s->rest;
        w->pearson[k] = s->pearson;
        w->used[k] = 0.0;
        for (size_t j = 0; j < p; j++)
            w->used[k] += s->beta[j] != 0.0;
    }
    return status;
}

/* What choose makes least. */
static size_t choose(const walking *w)
{
    int how = (int)w->f->value[VOUCH__GLM_CHOOSE];
    double n = w->f->design.rows, best = INFINITY, phi = 1.0;
    vouch__glm_family family = w->f->solver.law.family;
    size_t at = w->n - 1;
    if (how == 0 && !w->has_tune)
        how = 2;
    if (how == 3)
        return at;
    if (vouch__glm_is_dispersed(family) && family != VOUCH__GLM_GAUSSIAN)
        phi = w->pearson[at] / fmax(1.0, n - w->used[at]);
    for (size_t k = 0; k < w->n; k++) {
        double fit = family == VOUCH__GLM_GAUSSIAN ? n * vouch__log(w->deviance[k] / n)
                                                   : w->deviance[k] / phi;
        double what = how == 0 ? w->tuned[k] : fit + w->used[k] * (how == 1 ? 2.0 : vouch__log(n));
        if (what < best) {
            best = what;
            at = k;
        }
    }
    return at;
}

static void tell(const walking *w, size_t chosen)
{
    static const char *const column[] = { "lambda", "coefficients", "deviance_explained", "tune_deviance" };
    vouch__doc *doc = w->f->doc;
    double null = w->deviance[0];
    vouch__json *table = vouch__json_set(doc, w->f->log, "path", vouch__json_object(doc));
    vouch__json *names = vouch__json_set(doc, table, "columns", vouch__json_array(doc));
    vouch__json *rows = vouch__json_set(doc, table, "rows", vouch__json_array(doc));
    for (size_t c = 0; c < (w->has_tune ? 4u : 3u); c++)
        vouch__json_push(doc, names, vouch__json_text(doc, column[c]));
    for (size_t k = 0; k < w->n; k++) {
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_number(doc, w->lambda[k]));
        vouch__json_push(doc, row,
                         vouch__json_number(doc, w->used[k] - (w->f->design.has_intercept ? 1.0 : 0.0)));
        vouch__json_push(doc, row, vouch__json_number(doc, 1.0 - w->deviance[k] / null));
        if (w->has_tune)
            vouch__json_push(doc, row, vouch__json_number(doc, w->tuned[k]));
    }
    vouch__json_set(doc, w->f->log, "lambda_chosen", vouch__json_number(doc, w->lambda[chosen]));
}

/* The chosen point once more, as far as double precision goes, and the deviance there by the rows. */
static vouch_status finish(vouch_ctx *ctx, walking *w, size_t chosen)
{
    vouch__glm_solver *s = &w->f->solver;
    size_t p = w->f->design.p;
    memcpy(s->beta, w->beta + chosen * p, p * sizeof *s->beta);
    vouch_status status = vouch__glm_net_start(ctx, s, w->net.sign, &w->net);
    set_penalty(w, w->lambda[chosen]);
    if (!status)
        status = vouch__glm_net_solve(ctx, &w->net, 1e-4 * w->tolerance);
    if (status)
        return status;
    vouch__glm_sums sums = { .score = s->score };
    vouch__glm_pass pass = {
        .design = s->design, .kernel = s->kernel, .law = s->law, .beta = s->beta, .step = 1
    };
    status = vouch__glm_pass_run(ctx, &pass, &sums);
    s->deviance = sums.deviance + s->rest;
    s->pearson = sums.pearson;
    memset(s->inverse, 0, p * p * sizeof *s->inverse);
    w->f->glm->facts.lambda = w->lambda[chosen];
    w->f->glm->facts.objective = (0.5 * s->deviance + vouch__glm_net_penalty(&w->net, s->beta)) /
                                 w->f->design.total;
    return status;
}

/* Directions that the project asks for: only a line has one. */
static vouch_status read_signs(vouch_ctx *ctx, const vouch__glm_fitting *f, int8_t *sign)
{
    const vouch__glm *glm = f->glm;
    memset(sign, 0, f->design.p + 1);
    for (size_t j = 0; j < f->design.p; j++) {
        size_t place, k = f->design.coefficient[j];
        if (k == 0)
            continue;
        const vouch__glm_term *t = vouch__glm_term_of(glm, k, &place);
        const vouch__input *input = &f->data->binding->inputs->at[glm->piece[t->a].input];
        if (input->monotone == 0 || glm->piece[t->a].type == VOUCH__GLM_FLAGS)
            continue;
        if (t->b != SIZE_MAX || glm->piece[t->a].type != VOUCH__GLM_LINEAR)
            return vouch__fail(ctx, VOUCH_E_ARG, "glm: '%s' is not a line: monotone can't be promised of it",
                               input->name);
        sign[j] = input->monotone;
    }
    return VOUCH_OK;
}

static vouch_status room(vouch_ctx *ctx, walking *w)
{
    size_t p = w->f->design.p;
    w->n = w->f->value[VOUCH__GLM_LAMBDAS] > 0.0 ? (size_t)w->f->value[VOUCH__GLM_LAMBDAS] : 1;
    w->lambda = vouch__scratch(ctx, 5 * w->n, sizeof *w->lambda);
    w->beta = vouch__scratch(ctx, w->n * p + 1, sizeof *w->beta);
    if (!w->lambda || !w->beta)
        return vouch__oom(ctx);
    w->deviance = w->lambda + w->n;
    w->tuned = w->deviance + w->n;
    w->used = w->tuned + w->n;
    w->pearson = w->used + w->n;
    return VOUCH_OK;
}

static vouch_status walk_all(vouch_ctx *ctx, walking *w)
{
    vouch__glm_solver *s = &w->f->solver;
    double constant = 0.0, deviance;
    int8_t *sign = vouch__scratch(ctx, w->f->design.p + 1, 1);
    vouch_status status = sign ? read_signs(ctx, w->f, sign) : vouch__oom(ctx);
    if (!status)
        status = room(ctx, w);
    if (!status)
        status = vouch__glm_null(ctx, s, &constant, &deviance);
    if (status)
        return status;
    if (w->f->design.has_intercept)
        s->beta[0] = constant;
    status = vouch__glm_net_start(ctx, s, sign, &w->net);
    if (status)
        return status;
    w->tolerance = 1e-6 * largest(w) * fmax(w->f->value[VOUCH__GLM_MIX], 1e-3) * w->f->design.total;
    make_lambdas(w);
    status = walk(ctx, w);
    if (status)
        return status;
    size_t chosen = choose(w);
    if (w->n > 1)
        tell(w, chosen);
    vouch__json_set(w->f->doc, w->f->log, "readings_of_the_rows",
                    vouch__json_number(w->f->doc, (double)w->net.readings));
    return finish(ctx, w, chosen);
}

vouch_status vouch__glm_penalised(vouch_ctx *ctx, vouch__glm_fitting *f)
{
    walking w = { .f = f };
    vouch__fit_data tune = *f->data;
    vouch_status status = VOUCH_OK;
    tune.train = f->data->tune;
    w.has_tune = f->value[VOUCH__GLM_LAMBDAS] > 0.0 && f->data->tune.n > 0;
    if (w.has_tune)
        status = vouch__glm_design_like(ctx, &tune, f->glm, &f->design, &w.tune);
    if (!status)
        status = walk_all(ctx, &w);
    vouch__glm_design_clear(&w.tune);
    return status;
}
