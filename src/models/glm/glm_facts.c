/* What a fit is judged by. Likelihoods are whole, with all constants; where a family has a dispersion, AIC
 * and BIC take its maximum-likelihood value as R does and count it as one more coefficient. */
#include "models/glm/glm_fit.h"

#include "base/parallel.h"
#include "num/special.h"

#include <math.h>

enum { B = VOUCH__GLM_BLOCK, GROUP = 8 };
#define LOG_TAU 1.8378770664093454836 /* log(2 pi) */

typedef struct summing {
    const vouch__glm_solver *s;
    double dispersion;
    double *part;
} summing;

/* Weighted sum over the rows of what the likelihood needs of y alone. */
static vouch_status sum_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const summing *j = arg;
    const vouch__glm_design *d = j->s->design;
    double sum = 0.0, last = NAN, value = 0.0;
    (void)worker;
    for (size_t i = begin * B; i < end * B; i++) {
        double w = d->weight[i], y = d->y[i];
        if (w <= 0.0)
            continue;
        if (j->s->law.family == VOUCH__GLM_GAUSSIAN) {
            if (w != last)
                value = 0.5 * vouch__log(w);
            last = w;
            sum += value;
            continue;
        }
        if (y != last)
            value = vouch__glm_saturated(&j->s->law, y);
        last = y;
        sum += w * value;
    }
    j->part[chunk] = sum;
    return VOUCH_OK;
}

static vouch_status tweedie_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const summing *j = arg;
    const vouch__glm_design *d = j->s->design;
    vouch__glm_pass pass = { .design = d, .kernel = j->s->kernel, .law = j->s->law };
    double eta[B], sum = 0.0;
    size_t mark = vouch__scratch_mark(worker);
    double *beta = vouch__scratch(worker, d->p + 1, sizeof *beta);
    if (!beta)
        return vouch__oom(worker);
    for (size_t k = 0; k < d->p; k++)
        beta[k] = j->s->beta[k];
    beta[d->p] = 0.0;
    for (size_t b = begin; b < end; b++) {
        vouch__glm_block_eta(&pass, beta, b, eta);
        for (size_t i = 0; i < B; i++) {
            double w = d->weight[b * B + i];
            if (w > 0.0)
                sum += vouch__glm_tweedie_log_density(d->y[b * B + i], vouch__glm_mean(&j->s->law, eta[i]),
                                                      j->dispersion / w, j->s->law.power);
        }
    }
    j->part[chunk] = sum;
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

static vouch_status total(vouch_ctx *ctx, summing *j, vouch__chunk_fn *fn, double *out)
{
    size_t n = vouch__chunks(j->s->design->blocks, GROUP), mark = vouch__scratch_mark(ctx);
    j->part = vouch__scratch(ctx, n, sizeof *j->part);
    if (!j->part)
        return vouch__oom(ctx);
    vouch_status status = vouch__parallel(ctx, j->s->design->blocks, GROUP, fn, j);
    *out = 0.0;
    for (size_t i = 0; i < n && !status; i++)
        *out += j->part[i];
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__glm_tweedie_likelihood(vouch_ctx *ctx, const vouch__glm_solver *solver, double dispersion,
                                           double *out)
{
    summing j = { solver, dispersion, NULL };
    return total(ctx, &j, tweedie_group, out);
}

static vouch_status likelihood(vouch_ctx *ctx, vouch__glm_fitting *f, double *out)
{
    const vouch__glm_solver *s = &f->solver;
    double n = f->design.rows, weight = f->design.total, deviance = s->deviance, sum = 0.0, k;
    summing j = { s, 1.0, NULL };
    vouch_status status = VOUCH_OK;
    if (s->law.family == VOUCH__GLM_TWEEDIE) {
        *out = NAN;
        return s->law.power < 2.0 && s->law.power > 1.0
                   ? vouch__glm_tweedie_likelihood(ctx, s, f->glm->facts.dispersion, out)
                   : VOUCH_OK;
    }
    status = total(ctx, &j, sum_group, &sum);
    switch (s->law.family) {
    case VOUCH__GLM_GAUSSIAN: *out = sum - 0.5 * n * (LOG_TAU + vouch__log(deviance / n) + 1.0); break;
    case VOUCH__GLM_GAMMA:
        k = weight / deviance;
        *out = -k * (0.5 * deviance + weight) + weight * (k * vouch__log(k) - vouch__lgamma(k)) - sum;
        break;
    case VOUCH__GLM_INVERSE_GAUSSIAN:
        *out = -0.5 * (weight * (vouch__log(deviance / weight) + LOG_TAU + 1.0) + 3.0 * sum);
        break;
    default: *out = sum - 0.5 * deviance; break;
    }
    return status;
}

vouch_status vouch__glm_facts_make(vouch_ctx *ctx, vouch__glm_fitting *f)
{
    vouch__glm_facts *facts = &f->glm->facts;
    const vouch__glm_solver *s = &f->solver;
    bool counts_weight = f->value[VOUCH__GLM_WEIGHTS] != 0.0;
    int how = (int)f->value[VOUCH__GLM_DISPERSION];
    facts->rows = f->design.rows;
    facts->weight = f->design.total;
    facts->used = 0.0;
    for (size_t j = 0; j < f->design.p; j++)
        facts->used += !s->left_out[j] && (!f->glm->is_penalised || s->beta[j] != 0.0);
    facts->degrees = (counts_weight ? facts->weight : facts->rows) - facts->used;
    facts->deviance = s->deviance;
    facts->null_deviance = f->null_deviance;
    facts->pearson = s->pearson;
    facts->dispersion = 1.0;
    if (how == 0)
        how = vouch__glm_is_dispersed(s->law.family) ? 1 : 3;
    if (how < 3)
        facts->dispersion = facts->degrees > 0.0 ? (how == 1 ? s->pearson : s->deviance) / facts->degrees
                                                 : NAN;
    f->glm->uses_t = how < 3;
    vouch_status status = likelihood(ctx, f, &facts->log_likelihood);
    double k = facts->used + (vouch__glm_is_dispersed(s->law.family) ? 1.0 : 0.0) +
               (f->is_tuned_shape ? 1.0 : 0.0);
    facts->aic = 2.0 * k - 2.0 * facts->log_likelihood;
    facts->bic = k * vouch__log(counts_weight ? facts->weight : facts->rows) - 2.0 * facts->log_likelihood;
    return status;
}
