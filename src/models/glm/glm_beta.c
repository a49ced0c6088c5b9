/* Beta regression by maximum likelihood: Fisher scoring of the coefficients of the mean and of the logarithm
 * of the precision at once, with the information that both share. Columns that depend on others are found by
 * the quasi-likelihood fit (binomial, the same link) that also gives the start. */
#include "models/glm/glm_beta.h"

#include "base/parallel.h"
#include "models/glm/glm_columns.h"
#include "models/glm/glm_fit.h"
#include "num/linalg.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, CHUNKS = 64, STEPS_MAX = 200, HALVINGS_MAX = 30, COEFFICIENTS_MAX = 512 };
enum { LOOK, OUTER, SUM_UP }; /* what a reading of the rows is for */
enum { LIKELIHOOD, DEVIANCE, PEARSON, WEIGHT, ETA, LINK, ETA_2, LINK_2, BOTH, SUMS };

typedef struct beta {
    const vouch__glm_fitting *f;
    const vouch__glm_design *d;
    size_t p, q, n; /* coefficients of the mean, of the precision, both */
    size_t *at;     /* [n] columns of the design; at[p] is the constant */
    double *theta, *trial, *move, *score, *info, *factor;
    double log_likelihood;
    int what;
    const double *read_at;
    double *part;
    size_t stride, grain;
    bool is_valid;
} beta;

/* Row i as the two linear predictors and v[n]. */
static void spread(const beta *b, size_t i, double *x, double *v, double *eta, double *zeta)
{
    vouch__glm_row(b->d, i, x);
    *eta = b->d->offset ? b->d->offset[i] : 0.0;
    *zeta = 0.0;
    for (size_t j = 0; j < b->n; j++) {
        v[j] = x[b->at[j]];
        *(j < b->p ? eta : zeta) += v[j] * b->read_at[j];
    }
}

static void add_outer(const beta *b, const vouch__glm_beta_row *r, double w, const double *v, double *part)
{
    double *score = part + 1, *info = score + b->n;
    for (size_t j = 0; j < b->n; j++) {
        double pull = j < b->p ? r->pull_eta : r->pull_zeta, *row = info + j * b->n;
        double near = j < b->p ? r->grip_eta : r->grip_both, far = j < b->p ? r->grip_both : r->grip_zeta;
        if (b->what == OUTER) { /* products of the scores themselves */
            near = w * pull * r->pull_eta;
            far = w * pull * r->pull_zeta;
        }
        score[j] += w * pull * v[j];
        for (size_t k = 0; k <= j; k++)
            row[k] += w * (k < b->p ? near : far) * v[j] * v[k];
    }
}

static void add_sums(const beta *b, double y, double w, double eta, double zeta, double *part)
{
    const vouch__glm_law *law = &b->f->glm->law;
    double mu = vouch__glm_mean(law, eta), phi = vouch__exp(zeta), link = vouch__glm_eta(law, y);
    part[DEVIANCE] += w * vouch__glm_beta_deviance(y, mu, phi);
    part[PEARSON] += w * (y - mu) * (y - mu) * (1.0 + phi) / (mu * (1.0 - mu));
    part[WEIGHT] += w;
    part[ETA] += w * eta;
    part[LINK] += w * link;
    part[ETA_2] += w * eta * eta;
    part[LINK_2] += w * link * link;
    part[BOTH] += w * eta * link;
}

static vouch_status read_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const beta *b = arg;
    size_t mark = vouch__scratch_mark(worker);
    double *part = b->part + chunk * b->stride, eta, zeta;
    double *x = vouch__scratch(worker, b->d->p + 1 + b->n, sizeof *x);
    if (!x)
        return vouch__oom(worker);
    double *v = x + b->d->p + 1;
    memset(part, 0, b->stride * sizeof *part);
    for (size_t i = begin * B; i < end * B; i++) {
        vouch__glm_beta_row row;
        double w = b->d->weight[i], y = b->d->y[i];
        if (w <= 0.0)
            continue;
        spread(b, i, x, v, &eta, &zeta);
        if (!vouch__glm_is_valid(&b->f->glm->law, eta) || !(fabs(zeta) < 300.0)) {
            part[0] = NAN;
            break;
        }
        vouch__glm_beta_at(&b->f->glm->law, y, eta, zeta, &row);
        part[0] += w * row.log_likelihood;
        if (b->what == SUM_UP)
            add_sums(b, y, w, eta, zeta, part);
        else
            add_outer(b, &row, w, v, part);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* Read the rows at theta; what is found stands in b->part's first stretch, info as a whole matrix. */
static vouch_status look(vouch_ctx *ctx, beta *b, int what, const double *theta)
{
    b->what = what;
    b->read_at = theta;
    vouch_status status = vouch__poll(ctx);
    if (!status)
        status = vouch__parallel(ctx, b->d->blocks, b->grain, read_rows, b);
    for (size_t c = 1; c < vouch__chunks(b->d->blocks, b->grain) && !status; c++)
        for (size_t k = 0; k < b->stride; k++)
            b->part[k] += b->part[c * b->stride + k];
    double *info = b->part + 1 + b->n;
    for (size_t j = 0; j < b->n && what != SUM_UP; j++)
        for (size_t k = 0; k < j; k++)
            info[k * b->n + j] = info[j * b->n + k];
    return status;
}

static void keep_look(beta *b, const double *theta)
{
    if (theta != b->theta)
        memcpy(b->theta, theta, b->n * sizeof *b->theta);
    b->log_likelihood = b->part[0];
    memcpy(b->score, b->part + 1, b->n * sizeof *b->score);
    memcpy(b->info, b->part + 1 + b->n, b->n * b->n * sizeof *b->info);
}

/* The step, and what it gains to second order, twice. */
static vouch_status aim(vouch_ctx *ctx, beta *b, double *out_gain)
{
    memcpy(b->factor, b->info, b->n * b->n * sizeof *b->factor);
    memcpy(b->move, b->score, b->n * sizeof *b->move);
    vouch_status status = vouch__cholesky(ctx, b->n, b->factor, 1e-13);
    if (status == VOUCH_E_DATA)
        return vouch__fail(ctx, VOUCH_E_CONVERGE,
                           "glm: the information of the mean and the precision vanishes: a column of "
                           "precision says nothing, or the targets lie on the fit");
    if (status)
        return status;
    vouch__cholesky_solve(b->n, b->factor, b->move);
    *out_gain = 0.0;
    for (size_t j = 0; j < b->n; j++)
        *out_gain += b->move[j] * b->score[j];
    return VOUCH_OK;
}

/* One step, halved until the likelihood does not fall. */
static vouch_status advance(vouch_ctx *ctx, beta *b, bool *out_done)
{
    double share = 1.0;
    for (int h = 0; h <= HALVINGS_MAX; h++, share *= 0.5) {
        for (size_t j = 0; j < b->n; j++)
            b->trial[j] = b->theta[j] + share * b->move[j];
        vouch_status status = look(ctx, b, LOOK, b->trial);
        if (status)
            return status;
        if (b->part[0] >= b->log_likelihood - 1e-12 * (1.0 + fabs(b->log_likelihood))) {
            keep_look(b, b->trial);
            return VOUCH_OK;
        }
    }
    *out_done = true;
    return VOUCH_OK;
}

static vouch_status climb(vouch_ctx *ctx, beta *b, size_t *out_steps)
{
    double gain = INFINITY, before;
    bool done = false;
    vouch_status status = look(ctx, b, LOOK, b->theta);
    keep_look(b, b->theta);
    if (!status && isnan(b->log_likelihood))
        return vouch__fail(ctx, VOUCH_E_CONVERGE,
                           "glm: the starting point gives a mean the family can't have");
    for (*out_steps = 0; !status && !done; (*out_steps)++) {
        vouch__progress(ctx, b->f->solver.name, *out_steps, *out_steps + 4);
        if (*out_steps == STEPS_MAX)
            return vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: no convergence in %d steps", STEPS_MAX);
        before = gain;
        status = aim(ctx, b, &gain);
        double scale = 1.0 + fabs(b->log_likelihood);
        done = gain <= 1e-24 * scale || (gain <= 1e-13 * scale && gain >= before);
        if (!status)
            status = advance(ctx, b, &done);
    }
    return status ? status : aim(ctx, b, &gain); /* its factor is that at theta */
}

static vouch_status make(vouch_ctx *ctx, const vouch__glm_fitting *f, size_t p, size_t q, const size_t *at,
                         beta *b)
{
    size_t n = p + q, square = n * n;
    *b = (beta){ .f = f, .d = &f->design, .p = p, .q = q, .n = n };
    if (n > COEFFICIENTS_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "glm: more than %d coefficients with family beta",
                           COEFFICIENTS_MAX);
    b->grain = b->d->blocks / CHUNKS + 1;
    b->stride = 1 + n + square > SUMS ? 1 + n + square : SUMS;
    b->at = vouch__scratch(ctx, n, sizeof *b->at);
    b->theta = vouch__scratch(ctx, 4 * n + 2 * square, sizeof *b->theta);
    b->part = vouch__scratch(ctx, vouch__chunks(b->d->blocks, b->grain) * b->stride, sizeof *b->part);
    if (!b->at || !b->theta || !b->part)
        return vouch__oom(ctx);
    memset(b->theta, 0, (4 * n + 2 * square) * sizeof *b->theta);
    b->trial = b->theta + n;
    b->move = b->trial + n;
    b->score = b->move + n;
    b->info = b->score + n;
    b->factor = b->info + square;
    memcpy(b->at, at, n * sizeof *at);
    return VOUCH_OK;
}

/* ---- which columns ---- */

/* Columns of the mean, then the constant and those of the inputs that `precision` lists: at[2 p]. */
static void choose(const vouch__glm_fitting *f, size_t *at, size_t *out_p, size_t *out_q)
{
    const vouch__json *list = vouch__json_get(f->data->settings, "precision");
    const vouch__glm_design *d = &f->design;
    size_t n = 0, place;
    for (size_t j = 0; j < d->p; j++)
        if (!f->solver.left_out[j])
            at[n++] = j;
    *out_p = n;
    at[n++] = 0;
    for (size_t j = 1; j < d->p; j++) {
        const vouch__glm_term *term = vouch__glm_term_of(f->glm, d->coefficient[j], &place);
        const char *name = f->data->binding->inputs->at[f->glm->piece[term->a].input].name;
        if (!f->solver.left_out[j] && term->b == SIZE_MAX && vouch__json_holds(list, name))
            at[n++] = j;
    }
    *out_q = n - *out_p;
}

/* The quasi-likelihood fit, and the precision that its residuals show. */
static vouch_status start(vouch_ctx *ctx, vouch__glm_fitting *f, double *out_precision, size_t *out_at)
{
    vouch__glm_law law = f->glm->law;
    law.family = VOUCH__GLM_BINOMIAL;
    vouch_status status = vouch__glm_solver_law(ctx, &f->solver, &law);
    if (!status)
        status = vouch__glm_solve(ctx, &f->solver, false, out_at);
    *out_precision = fmax(0.5, f->design.total / f->solver.pearson - 1.0);
    f->solver.law = f->glm->law;
    return status;
}

/* ---- what is kept ---- */

static void row_score(const void *arg, size_t i, double *out)
{
    const beta *b = arg;
    double eta, zeta, *x = b->part, *v = x + b->d->p + 1;
    vouch__glm_beta_row row;
    spread(b, i, x, v, &eta, &zeta);
    vouch__glm_beta_at(&b->f->glm->law, b->d->y[i], eta, zeta, &row);
    for (size_t j = 0; j < b->n; j++)
        out[j] = b->d->weight[i] * (j < b->p ? row.pull_eta : row.pull_zeta) * v[j];
}

/* Covariance of theta as asked for, into cov [n x n]. */
static vouch_status covariance(vouch_ctx *ctx, vouch__glm_fitting *f, beta *b, double *cov)
{
    int how = f->glm->covariance;
    double factor = 1.0, *meat = b->part + 1 + b->n;
    double *room = vouch__scratch(ctx, 2 * b->n * b->n + b->d->p + 1 + b->n, sizeof *room);
    vouch_status status = VOUCH_OK;
    if (!room)
        return vouch__oom(ctx);
    vouch__cholesky_inverse(b->n, b->factor, cov);
    if (how == VOUCH__GLM_BY_MODEL)
        return VOUCH_OK;
    if (how == VOUCH__GLM_CLUSTER) {
        b->read_at = b->theta;
        b->part = room + 2 * b->n * b->n; /* room for one row */
        meat = room + b->n * b->n;
        status = vouch__glm_cluster_meat(ctx, f, b->n, row_score, b, meat, &factor);
    } else {
        status = look(ctx, b, OUTER, b->theta);
        if (how == VOUCH__GLM_HC1)
            factor = b->d->rows / (b->d->rows - (double)b->n);
    }
    if (!status) {
        memcpy(room, cov, b->n * b->n * sizeof *room);
        double *product = vouch__scratch(ctx, b->n * b->n, sizeof *product);
        if (!product)
            return vouch__oom(ctx);
        vouch__glm_sandwich(b->n, room, meat, factor, product, cov);
    }
    return status;
}

static vouch_status keep_precision(vouch_ctx *ctx, vouch__glm_fitting *f, const beta *b, const double *cov)
{
    const vouch__glm_design *d = b->d;
    vouch__glm *glm = f->glm;
    double *value = vouch__scratch(ctx, d->p + d->p * d->p, sizeof *value), *spread_out = value + d->p;
    glm->precision = vouch__alloc(ctx, b->q, sizeof *glm->precision);
    if (!value || !glm->precision)
        return vouch__oom(ctx);
    memset(value, 0, (d->p + d->p * d->p) * sizeof *value);
    for (size_t j = 0; j < b->q; j++) {
        size_t row = b->p + j, at = b->at[row];
        value[at] = b->theta[row];
        for (size_t k = 0; k < b->q; k++)
            spread_out[at * d->p + b->at[b->p + k]] = cov[row * b->n + b->p + k];
        glm->precision[j] = (vouch__glm_precision){ d->coefficient[at], b->theta[row],
                                                    sqrt(fmax(0.0, cov[row * b->n + row])) };
    }
    double constant, variance;
    vouch__glm_constant(d, value, spread_out, &constant, &variance);
    glm->precision[0].value = constant;
    glm->precision[0].error = sqrt(fmax(0.0, variance));
    return VOUCH_OK;
}

static void keep_facts(vouch__glm_fitting *f, const beta *b, const double *sums, double null_likelihood)
{
    vouch__glm_facts *facts = &f->glm->facts;
    double n = (double)b->n, rows = f->value[VOUCH__GLM_WEIGHTS] != 0.0 ? f->design.total : f->design.rows;
    double w = sums[WEIGHT], cross = sums[BOTH] - sums[ETA] * sums[LINK] / w;
    facts->rows = f->design.rows;
    facts->weight = f->design.total;
    facts->used = (double)b->p;
    f->glm->n_precision = b->q;
    facts->degrees = rows - n;
    facts->deviance = sums[DEVIANCE];
    facts->pearson = sums[PEARSON];
    facts->null_deviance = sums[DEVIANCE] + 2.0 * (b->log_likelihood - null_likelihood);
    facts->dispersion = b->q == 1 ? 1.0 / (1.0 + vouch__exp(b->theta[b->p])) : (double)NAN;
    facts->log_likelihood = b->log_likelihood;
    facts->aic = 2.0 * n - 2.0 * b->log_likelihood;
    facts->bic = n * vouch__log(rows) - 2.0 * b->log_likelihood;
    f->glm->pseudo_r2 = cross * cross /
                        ((sums[ETA_2] - sums[ETA] * sums[ETA] / w) *
                         (sums[LINK_2] - sums[LINK] * sums[LINK] / w));
}

/* A direction that was promised is one that the coefficient must have found by itself. */
static vouch_status check_directions(vouch_ctx *ctx, const vouch__glm_fitting *f, const beta *b)
{
    for (size_t j = 1; j < b->p; j++) {
        size_t place, column = b->d->coefficient[b->at[j]];
        const vouch__glm_term *term = vouch__glm_term_of(f->glm, column, &place);
        const vouch__glm_piece *piece = &f->glm->piece[term->a];
        const vouch__input *input = &f->data->binding->inputs->at[piece->input];
        if (input->monotone == 0 || piece->type == VOUCH__GLM_FLAGS)
            continue;
        if (piece->type != VOUCH__GLM_LINEAR || term->b != SIZE_MAX || b->theta[j] * input->monotone < 0.0)
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "glm: '%s' does not go the way that monotone promises, and family beta bounds "
                               "no coefficient: leave the input out, or use family binomial",
                               input->name);
    }
    return VOUCH_OK;
}

static vouch_status null_fit(vouch_ctx *ctx, const vouch__glm_fitting *f, double precision, double *out)
{
    const size_t at[2] = { 0, 0 };
    size_t mark = vouch__scratch_mark(ctx), steps;
    beta b;
    vouch_status status = make(ctx, f, 1, 1, at, &b);
    if (!status && b.theta) {
        b.theta[0] = vouch__glm_eta(&f->glm->law, f->design.target);
        b.theta[1] = vouch__log(precision);
        status = climb(ctx, &b, &steps);
        *out = b.log_likelihood;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status check(vouch_ctx *ctx, const vouch__glm_fitting *f)
{
    if (!f->glm->has_intercept)
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: family beta needs the intercept");
    if (f->glm->is_penalised)
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: family beta takes no penalty; family binomial does");
    if (f->glm->covariance == VOUCH__GLM_HC2 || f->glm->covariance == VOUCH__GLM_HC3)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "glm: covariance must be model, hc0, hc1 or cluster with family beta");
    return VOUCH_OK;
}

vouch_status vouch__glm_beta(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at)
{
    size_t p = f->design.p, mean, q, *at = vouch__scratch(ctx, 2 * p + 1, sizeof *at);
    double precision = 1.0, null_likelihood = NAN, *cov;
    beta b;
    vouch_status status = check(ctx, f);
    if (status || !at)
        return status ? status : vouch__oom(ctx);
    status = start(ctx, f, &precision, out_at);
    if (status)
        return status;
    choose(f, at, &mean, &q);
    status = null_fit(ctx, f, precision, &null_likelihood);
    if (!status)
        status = make(ctx, f, mean, q, at, &b);
    if (status || !b.theta)
        return status;
    cov = vouch__scratch(ctx, b.n * b.n, sizeof *cov);
    if (!cov)
        return vouch__oom(ctx);
    for (size_t j = 0; j < mean; j++)
        b.theta[j] = f->solver.beta[at[j]];
    b.theta[mean] = vouch__log(precision);
    status = climb(ctx, &b, &f->solver.steps);
    if (!status)
        status = check_directions(ctx, f, &b);
    if (!status)
        status = look(ctx, &b, SUM_UP, b.theta);
    if (status)
        return status;
    keep_facts(f, &b, b.part, null_likelihood);
    status = covariance(ctx, f, &b, cov);
    for (size_t j = 0; j < mean && !status; j++) {
        f->solver.beta[at[j]] = b.theta[j];
        for (size_t k = 0; k < mean; k++)
            f->covariance[at[j] * p + at[k]] = cov[j * b.n + k];
    }
    return status ? status : keep_precision(ctx, f, &b, cov);
}
