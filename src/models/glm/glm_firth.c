/* Firth's logistic regression: the likelihood times the root of the information's determinant (Jeffreys'
 * prior), whose maximum is finite even where the classes are separated. The score of row i becomes w (y - mu
 * + h (1/2 - mu) / w), h its leverage. Heinze & Schemper, Statistics in Medicine 21 (2002) 2409-2419. */
#include "models/glm/glm_fit.h"

#include "num/linalg.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, STEPS_MAX = 200, HALVINGS_MAX = 20 };

typedef struct firth {
    vouch__glm_solver *s;
    size_t *kept, m;
    double *root;  /* [m x m] the factor of the information of the kept columns */
    double *score; /* [p] */
    double *x;     /* [p + 1] */
    double objective;
} firth;

/* h of a row: grip x' (L L')^-1 x = grip |L^-1 x|^2 */
static double leverage(const firth *g, const double *x, double grip, double *room)
{
    double sum = 0.0;
    for (size_t i = 0; i < g->m; i++) {
        double v = x[g->kept[i]];
        for (size_t l = 0; l < i; l++)
            v -= g->root[i * g->m + l] * room[l];
        room[i] = v / g->root[i * g->m + i];
        sum += room[i] * room[i];
    }
    return grip * sum;
}

/* The information and its factor at beta, the penalised log-likelihood, the modified score. */
static vouch_status look(vouch_ctx *ctx, firth *g, const double *beta)
{
    const vouch__glm_design *d = g->s->design;
    vouch__glm_pass pass = { .design = d, .kernel = g->s->kernel, .law = g->s->law, .beta = beta, .step = 1 };
    vouch__glm_sums sums = { .score = g->score, .info = g->s->info };
    vouch_status status = vouch__glm_pass_run(ctx, &pass, &sums);
    double eta[B], *room = g->x + d->p + 1;
    if (status)
        return status;
    for (size_t i = 0; i < g->m; i++)
        for (size_t k = 0; k < g->m; k++)
            g->root[i * g->m + k] = g->s->info[g->kept[i] * d->p + g->kept[k]];
    status = vouch__cholesky(ctx, g->m, g->root, 1e-14);
    if (status)
        return status;
    g->objective = -0.5 * sums.deviance;
    for (size_t i = 0; i < g->m; i++)
        g->objective += vouch__log(g->root[i * g->m + i]);
    for (size_t i = 0; i < d->n; i++) {
        if (i % B == 0) {
            status = vouch__poll(ctx);
            if (status)
                return status;
            vouch__glm_block_eta(&pass, beta, i / B, eta);
        }
        double w = d->weight[i], mu = vouch__sigmoid(eta[i % B]), rest = vouch__sigmoid(-eta[i % B]);
        if (w <= 0.0)
            continue;
        vouch__glm_row(d, i, g->x);
        double extra = leverage(g, g->x, w * mu * rest, room) * (0.5 - mu);
        for (size_t j = 0; j < d->p; j++)
            g->score[j] += extra * g->x[j];
    }
    g->s->deviance = sums.deviance + g->s->rest;
    g->s->pearson = sums.pearson;
    return VOUCH_OK;
}

static vouch_status climb(vouch_ctx *ctx, firth *g, double *step, double *trial, double *packed)
{
    const vouch__glm_design *d = g->s->design;
    double *beta = g->s->beta;
    beta[d->p] = trial[d->p] = 0.0; /* what the base level of a category adds */
    vouch_status status = look(ctx, g, beta);
    for (int n = 0; !status; n++) {
        double before = g->objective, decrement = 0.0, most = 0.0, share = 1.0;
        for (size_t i = 0; i < g->m; i++)
            packed[i] = g->score[g->kept[i]];
        vouch__cholesky_solve(g->m, g->root, packed);
        memset(step, 0, d->p * sizeof *step);
        for (size_t i = 0; i < g->m; i++) {
            step[g->kept[i]] = packed[i];
            decrement += packed[i] * g->score[g->kept[i]];
            most = fmax(most, fabs(packed[i]) / sqrt(1.0 / g->s->info[g->kept[i] * (d->p + 1)]));
        }
        if (n == STEPS_MAX)
            return vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: firth did not converge in %d steps", STEPS_MAX);
        if (most > 2.0) /* far steps overshoot where the information is thin */
            share = 2.0 / most;
        for (int h = 0; h <= HALVINGS_MAX && !status; h++, share *= 0.5) {
            for (size_t j = 0; j < d->p; j++)
                trial[j] = beta[j] + share * step[j];
            status = look(ctx, g, trial);
            if (g->objective >= before - 1e-12 * fabs(before))
                break;
        }
        memcpy(beta, trial, d->p * sizeof *beta);
        g->s->steps++;
        if (decrement <= 1e-20 * fmax(1.0, fabs(before)) || most <= 1e-11)
            break;
    }
    return status;
}

vouch_status vouch__glm_firth(vouch_ctx *ctx, vouch__glm_fitting *f)
{
    vouch__glm_solver *s = &f->solver;
    size_t p = f->design.p, mark = vouch__scratch_mark(ctx), at;
    double constant, deviance, *room = vouch__scratch(ctx, 6 * (p + 1) + 2 * p * p, sizeof *room);
    firth g = { .s = s, .kept = s->kept };
    if (!room)
        return vouch__oom(ctx);
    vouch_status status = VOUCH_OK;
    /* the columns to keep are those of the model without information from the outcome: a least-squares fit */
    vouch__glm_law law = s->law, plain = { .family = VOUCH__GLM_GAUSSIAN, .link = VOUCH__GLM_IDENTITY };
    status = vouch__glm_solver_law(ctx, s, &plain);
    if (!status)
        status = vouch__glm_solve(ctx, s, false, &at);
    if (!status)
        status = vouch__glm_solver_law(ctx, s, &law);
    memset(s->beta, 0, p * sizeof *s->beta);
    if (!status && f->design.has_intercept) {
        status = vouch__glm_null(ctx, s, &constant, &deviance);
        s->beta[0] = constant;
    }
    s->steps = 0;
    g.m = s->n_kept;
    g.score = room;
    g.x = g.score + p + 1; /* and p + 1 more beside it */
    g.root = g.x + 2 * (p + 1);
    if (!status)
        status = climb(ctx, &g, g.root + p * p, g.root + p * p + p + 1, g.root + p * p + 2 * (p + 1));
    if (!status) {
        double *out = s->hat;
        vouch__cholesky_inverse(g.m, g.root, out);
        memset(s->inverse, 0, p * p * sizeof *s->inverse);
        for (size_t i = 0; i < g.m; i++)
            for (size_t k = 0; k < g.m; k++)
                s->inverse[g.kept[i] * p + g.kept[k]] = out[i * g.m + k];
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
