/* The parameter of a family itself, by maximum likelihood.
 *
 * Negative binomial: alpha and the coefficients in turn, alpha = 1 / theta by Newton steps on the likelihood
 * at the fitted means (Lawless, Canadian J. Statistics 15 (1987) 209-225). Tweedie: the power that makes the
 * profile likelihood greatest over (1.01, 1.99), the dispersion at its own maximum for each power (Dunn &
 * Smyth 2005), both by golden section. */
#include "models/glm/glm_fit.h"

#include "base/parallel.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, GROUP = 8 };
#define GOLDEN 0.6180339887498949

/* ---- negative binomial ---- */

typedef struct shaping {
    const vouch__glm_solver *s;
    const double *beta;
    double theta;
    double *part; /* [groups x 2] */
} shaping;

static vouch_status theta_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const shaping *j = arg;
    const vouch__glm_design *d = j->s->design;
    vouch__glm_pass pass = { .design = d, .kernel = j->s->kernel, .law = j->s->law };
    double eta[B], t = j->theta, first = vouch__digamma(t), second = vouch__trigamma(t), score = 0.0,
                   info = 0.0;
    (void)worker;
    for (size_t b = begin; b < end; b++) {
        vouch__glm_block_eta(&pass, j->beta, b, eta);
        for (size_t i = 0; i < B; i++) {
            double w = d->weight[b * B + i], y = d->y[b * B + i];
            if (w <= 0.0)
                continue;
            double mu = vouch__glm_mean(&j->s->law, eta[i]), sum = mu + t;
            double low = y > 0.0 ? vouch__digamma(t + y) - first : 0.0;
            double low2 = y > 0.0 ? second - vouch__trigamma(t + y) : 0.0;
            score += w * (low + vouch__log(t / sum) + 1.0 - (y + t) / sum);
            info += w * (low2 - 1.0 / t + 2.0 / sum - (y + t) / (sum * sum));
        }
    }
    j->part[2 * chunk] = score;
    j->part[2 * chunk + 1] = info;
    return VOUCH_OK;
}

/* The theta that the fitted means leave most likely. */
static vouch_status find_theta(vouch_ctx *ctx, const vouch__glm_solver *s, double *theta)
{
    enum { MOST = 60 };
    size_t mark = vouch__scratch_mark(ctx), n = vouch__chunks(s->design->blocks, GROUP), p = s->design->p;
    double *beta = vouch__scratch(ctx, p + 1, sizeof *beta);
    shaping j = { .s = s, .theta = *theta };
    vouch_status status = VOUCH_OK;
    j.part = vouch__scratch(ctx, 2 * n, sizeof *j.part);
    if (!beta || !j.part)
        return vouch__oom(ctx);
    memcpy(beta, s->beta, p * sizeof *beta);
    beta[p] = 0.0;
    j.beta = beta;
    for (int it = 0; it < MOST && !status; it++) {
        double score = 0.0, info = 0.0;
        status = vouch__parallel(ctx, s->design->blocks, GROUP, theta_group, &j);
        for (size_t g = 0; g < n && !status; g++) {
            score += j.part[2 * g];
            info += j.part[2 * g + 1];
        }
        /* on the scale of log theta, where steps can't leave the range */
        double slope = score * j.theta, bend = info * j.theta * j.theta - slope;
        double step = bend > 0.0 ? slope / bend : slope > 0.0 ? 1.0 : -1.0;
        step = fmin(fmax(step, -2.0), 2.0);
        j.theta *= vouch__exp(step);
        if (fabs(step) < 1e-11 || j.theta > 1e8)
            break;
    }
    *theta = j.theta;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status fit_binomial(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at)
{
    enum { ROUNDS = 50 };
    vouch__glm_solver *s = &f->solver;
    vouch__glm_law law = f->glm->law;
    vouch_status status = vouch__glm_solve(ctx, s, false, out_at);
    double theta = 1.0 / law.alpha;
    for (int round = 0; round < ROUNDS && !status; round++) {
        double before = theta;
        status = find_theta(ctx, s, &theta);
        law.alpha = 1.0 / theta;
        if (!status && theta > 1e7)
            return vouch__fail(ctx, VOUCH_E_CONVERGE,
                               "glm: the counts vary no more than a poisson's: alpha would be 0; use family "
                               "poisson");
        if (!status)
            status = vouch__glm_solver_law(ctx, s, &law);
        if (!status)
            status = vouch__glm_solve(ctx, s, true, out_at);
        if (fabs(theta - before) <= 1e-10 * theta)
            break;
    }
    return status;
}

/* ---- tweedie ---- */

typedef struct profile {
    vouch__glm_fitting *f;
    size_t *out_at;
    double dispersion; /* at the power last looked at */
    vouch_status status;
} profile;

static double likelihood_at(vouch_ctx *ctx, profile *p, double log_phi)
{
    double out = NAN;
    if (!p->status)
        p->status = vouch__glm_tweedie_likelihood(ctx, &p->f->solver, vouch__exp(log_phi), &out);
    return out;
}

/* The greatest likelihood over the dispersion, at the fit that stands. */
static double over_dispersion(vouch_ctx *ctx, profile *p)
{
    const vouch__glm_solver *s = &p->f->solver;
    double centre = vouch__log(s->pearson / (s->design->rows - (double)s->n_kept));
    double lo = centre - 1.0, hi = centre + 1.0, a = hi - GOLDEN * (hi - lo), b = lo + GOLDEN * (hi - lo);
    double at_a = likelihood_at(ctx, p, a), at_b = likelihood_at(ctx, p, b);
    while (hi - lo > 1e-4 && !p->status) {
        if (at_a > at_b) {
            hi = b, b = a, at_b = at_a;
            a = hi - GOLDEN * (hi - lo);
            at_a = likelihood_at(ctx, p, a);
        } else {
            lo = a, a = b, at_a = at_b;
            b = lo + GOLDEN * (hi - lo);
            at_b = likelihood_at(ctx, p, b);
        }
    }
    p->dispersion = vouch__exp(0.5 * (lo + hi));
    return fmax(at_a, at_b);
}

static double at_power(vouch_ctx *ctx, profile *p, double power, bool is_first)
{
    vouch__glm_law law = p->f->glm->law;
    law.power = power;
    if (!p->status)
        p->status = vouch__glm_solver_law(ctx, &p->f->solver, &law);
    if (!p->status)
        p->status = vouch__glm_solve(ctx, &p->f->solver, !is_first, p->out_at);
    return p->status ? NAN : over_dispersion(ctx, p);
}

static vouch_status fit_tweedie(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at)
{
    profile p = { .f = f };
    p.out_at = out_at;
    double lo = 1.01, hi = 1.99, a = hi - GOLDEN * (hi - lo), b = lo + GOLDEN * (hi - lo);
    double at_a = at_power(ctx, &p, a, true), at_b = at_power(ctx, &p, b, false);
    while (hi - lo > 1e-5 && !p.status) {
        if (at_a > at_b) {
            hi = b, b = a, at_b = at_a;
            a = hi - GOLDEN * (hi - lo);
            at_a = at_power(ctx, &p, a, false);
        } else {
            lo = a, a = b, at_a = at_b;
            b = lo + GOLDEN * (hi - lo);
            at_b = at_power(ctx, &p, b, false);
        }
    }
    double best = at_power(ctx, &p, 0.5 * (lo + hi), false);
    vouch__json_set(f->doc, f->log, "profile_log_likelihood", vouch__json_number(f->doc, best));
    vouch__json_set(f->doc, f->log, "dispersion_by_likelihood", vouch__json_number(f->doc, p.dispersion));
    return p.status;
}

vouch_status vouch__glm_shape(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at)
{
    return f->glm->law.family == VOUCH__GLM_TWEEDIE ? fit_tweedie(ctx, f, out_at)
                                                    : fit_binomial(ctx, f, out_at);
}
