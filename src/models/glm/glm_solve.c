/* Fisher scoring with step halving.
 *
 * Reading the rows for the information costs several times what reading them for the gradient does. So with
 * many rows the start comes from every sixteenth block, and an information is kept for as long as it shrinks
 * the Newton decrement a hundredfold a step; the last one is taken at the solution, for the errors. The
 * scaled information is factored in the order of the columns, and a column whose pivot vanishes depends on
 * those before it: it is left out. */
#include "models/glm/glm_solve.h"

#include "base/parallel.h"
#include "num/linalg.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, STEPS_MAX = 200, HALVINGS_MAX = 30, SAMPLE_STEP = 16, SAMPLED_BLOCKS = 256 };
enum { KEPT_BLOCKS = 40, GROUP = 8, SLOW_STEPS = 10 };
#define PIVOT 1e-11

/* ---- sums over y alone ---- */

typedef struct resting {
    const vouch__glm_design *d;
    const vouch__glm_law *law;
    double *part;
} resting;

static vouch_status rest_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const resting *r = arg;
    double sum = 0.0;
    (void)worker;
    for (size_t i = begin * B; i < end * B; i++)
        if (r->d->weight[i] > 0.0)
            sum += r->d->weight[i] * vouch__glm_rest(r->law, r->d->y[i]);
    r->part[chunk] = sum;
    return VOUCH_OK;
}

vouch_status vouch__glm_solver_law(vouch_ctx *ctx, vouch__glm_solver *s, const vouch__glm_law *law)
{
    size_t mark = vouch__scratch_mark(ctx), n = vouch__chunks(s->design->blocks, GROUP);
    s->law = *law;
    s->rest = 0.0;
    if (law->family == VOUCH__GLM_GAUSSIAN)
        return VOUCH_OK; /* its deviance is whole */
    resting r = { s->design, law, NULL };
    r.part = vouch__scratch(ctx, n, sizeof *r.part);
    if (!r.part)
        return vouch__oom(ctx);
    vouch_status status = vouch__parallel(ctx, s->design->blocks, GROUP, rest_group, &r);
    for (size_t i = 0; i < n && !status; i++)
        s->rest += r.part[i];
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__glm_solver_make(vouch_ctx *ctx, const vouch__glm_design *design,
                                    const vouch__glm_law *law, vouch__glm_solver *out_solver)
{
    size_t p = design->p;
    vouch__glm_solver s = { .design = design, .kernel = vouch__glm_kernel_best(), .name = "glm" };
    double *room = vouch__scratch(ctx, 3 * (p + 1) + 4 * p * p, sizeof *room);
    s.left_out = vouch__scratch(ctx, p + 1, sizeof *s.left_out);
    s.kept = vouch__scratch(ctx, p + 1, sizeof *s.kept);
    if (!room || !s.left_out || !s.kept)
        return vouch__oom(ctx);
    memset(room, 0, 3 * (p + 1) * sizeof *room);
    memset(s.left_out, 0, (p + 1) * sizeof *s.left_out);
    s.beta = room;
    s.score = s.beta + p + 1;
    s.ridge = s.score + p + 1;
    s.info = s.ridge + p + 1;
    s.factor = s.info + p * p;
    s.inverse = s.factor + p * p;
    s.hat = s.inverse + p * p;
    *out_solver = s;
    return vouch__glm_solver_law(ctx, out_solver, law);
}

/* ---- the constant model ---- */

typedef struct null_job {
    const vouch__glm_design *d;
    const vouch__glm_law *law;
    double at;
    double *part; /* [groups x 3]: deviance, score, information */
} null_job;

static vouch_status null_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const null_job *j = arg;
    const vouch__glm_design *d = j->d;
    double *part = j->part + 3 * chunk, eta = j->at, mu = vouch__glm_mean(j->law, eta);
    double slope = vouch__glm_slope(j->law, eta), spread = vouch__glm_variance(j->law, mu);
    double last = NAN, deviance = 0.0;
    (void)worker;
    part[0] = part[1] = part[2] = 0.0;
    for (size_t i = begin * B; i < end * B; i++) {
        double w = d->weight[i], y = d->y[i];
        if (w <= 0.0)
            continue;
        if (d->offset) {
            eta = j->at + d->offset[i];
            mu = vouch__glm_mean(j->law, eta);
            slope = vouch__glm_slope(j->law, eta);
            spread = vouch__glm_variance(j->law, mu);
        }
        if (d->offset || y != last) /* targets repeat: 0, 0, 0, 1, 0 */
            deviance = vouch__glm_is_valid(j->law, eta) ? vouch__glm_deviance(j->law, y, mu) : NAN;
        last = y;
        part[0] += w * deviance;
        part[1] += w * ((y - mu) * (slope / spread));
        part[2] += w * (slope * (slope / spread));
    }
    return VOUCH_OK;
}

static vouch_status null_at(vouch_ctx *ctx, null_job *j, double at, double out[3])
{
    size_t n = vouch__chunks(j->d->blocks, GROUP);
    j->at = at;
    out[0] = out[1] = out[2] = 0.0;
    vouch_status status = vouch__parallel(ctx, j->d->blocks, GROUP, null_group, j);
    for (size_t g = 0; g < n && !status; g++)
        for (int s = 0; s < 3; s++)
            out[s] += j->part[3 * g + (size_t)s];
    return status;
}

/* Where the offset is there, the score equation is solved by scoring, from the mean without it. */
static vouch_status null_solve(vouch_ctx *ctx, null_job *j, double *at, double sum[3])
{
    enum { MOST = 100 };
    double trial[3];
    vouch_status status = null_at(ctx, j, *at, sum);
    for (int n = 0; n < MOST && !status && j->d->has_intercept && j->d->offset; n++) {
        double step = sum[1] / sum[2];
        if (!(fabs(step) > 1e-14 * fmax(1.0, fabs(*at))))
            break;
        for (int h = 0; h < HALVINGS_MAX && !status; h++, step *= 0.5) {
            status = null_at(ctx, j, *at + step, trial);
            if (trial[0] <= sum[0] + 1e-13 * fabs(sum[0]))
                break;
        }
        *at += step;
        memcpy(sum, trial, sizeof trial);
    }
    return status;
}

vouch_status vouch__glm_null(vouch_ctx *ctx, const vouch__glm_solver *s, double *out_start,
                             double *out_deviance)
{
    const vouch__glm_design *d = s->design;
    size_t mark = vouch__scratch_mark(ctx);
    null_job j = { .d = d, .law = &s->law };
    double sum[3], at = 0.0, mean = d->target;
    if (d->is_summed) {
        *out_start = d->origin + d->score[0] / d->info[0];
        *out_deviance = fmax(0.0, d->deviance - d->score[0] * (d->score[0] / d->info[0]));
        return VOUCH_OK;
    }
    j.part = vouch__scratch(ctx, 3 * vouch__chunks(d->blocks, GROUP), sizeof *j.part);
    if (!j.part)
        return vouch__oom(ctx);
    if (s->law.family != VOUCH__GLM_GAUSSIAN)
        mean = fmax(mean, 1e-10);
    if (s->law.family == VOUCH__GLM_BINOMIAL)
        mean = fmin(mean, 1.0 - 1e-10);
    if (d->has_intercept)
        at = vouch__glm_eta(&s->law, mean);
    if (d->has_intercept && d->offset && s->law.link == VOUCH__GLM_LOG) {
        double offset = 0.0;
        for (size_t i = 0; i < d->blocks * B; i++)
            offset += d->weight[i] * vouch__exp(d->offset[i]);
        at -= vouch__log(offset / d->total);
    }
    vouch_status status = null_solve(ctx, &j, &at, sum);
    vouch__scratch_reset(ctx, mark);
    if (status)
        return status;
    *out_start = at;
    *out_deviance = sum[0];
    return VOUCH_OK;
}

/* ---- linear algebra on the kept columns ---- */

/* Factor the scaled information; finds the kept columns when `chooses`, else must find it positive. */
static bool factor(vouch__glm_solver *s, bool chooses)
{
    size_t p = s->design->p;
    if (chooses)
        s->n_kept = 0;
    for (size_t j = 0, k = 0; j < p; j++) {
        double top = s->info[j * p + j] + s->ridge[j];
        if (!chooses && s->left_out[j])
            continue;
        double *row = s->factor + k * p, pivot = 1.0;
        bool is_empty = !(top > 0.0) || (s->design->sd[j] == 0.0 && !(j == 0 && s->design->has_intercept) &&
                                         s->design->has_intercept);
        for (size_t i = 0; i < k && !is_empty; i++) {
            size_t at = s->kept[i];
            double sum = s->info[j * p + at] / sqrt(top * (s->info[at * p + at] + s->ridge[at]));
            for (size_t l = 0; l < i; l++)
                sum -= row[l] * s->factor[i * p + l];
            row[i] = sum / s->factor[i * p + i];
            pivot -= row[i] * row[i];
        }
        if (is_empty || !(pivot > PIVOT)) {
            if (!chooses)
                return false;
            s->left_out[j] = true;
            continue;
        }
        row[k] = sqrt(pivot);
        s->left_out[j] = false;
        s->kept[k++] = j;
        s->n_kept = k;
    }
    return true;
}

/* out = (info + ridge)^-1 in, 0 where left out. in may be out. */
static void solve(const vouch__glm_solver *s, const double *in, double *out, double *room)
{
    size_t p = s->design->p, m = s->n_kept;
    for (size_t i = 0; i < m; i++) {
        size_t at = s->kept[i];
        double sum = in[at] / sqrt(s->info[at * p + at] + s->ridge[at]);
        for (size_t l = 0; l < i; l++)
            sum -= s->factor[i * p + l] * room[l];
        room[i] = sum / s->factor[i * p + i];
    }
    for (size_t i = m; i-- > 0;) {
        double sum = room[i];
        for (size_t l = i + 1; l < m; l++)
            sum -= s->factor[l * p + i] * room[l];
        room[i] = sum / s->factor[i * p + i];
    }
    memset(out, 0, p * sizeof *out);
    for (size_t i = 0; i < m; i++) {
        size_t at = s->kept[i];
        out[at] = room[i] / sqrt(s->info[at * p + at] + s->ridge[at]);
    }
}

static vouch_status invert(vouch_ctx *ctx, vouch__glm_solver *s)
{
    size_t p = s->design->p, m = s->n_kept, mark = vouch__scratch_mark(ctx);
    double *l = vouch__scratch(ctx, 2 * m * m + 1, sizeof *l), *out = l + m * m;
    if (!l)
        return vouch__oom(ctx);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < m; k++)
            l[i * m + k] = k <= i ? s->factor[i * p + k] : 0.0;
    vouch__cholesky_inverse(m, l, out);
    memset(s->inverse, 0, p * p * sizeof *s->inverse);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < m; k++) {
            size_t a = s->kept[i], b = s->kept[k];
            s->inverse[a * p + b] = out[i * m + k] / sqrt((s->info[a * p + a] + s->ridge[a]) *
                                                          (s->info[b * p + b] + s->ridge[b]));
        }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- scoring ---- */

typedef struct scoring {
    vouch__glm_solver *s;
    size_t step;      /* of blocks */
    bool keeps;       /* an information for several steps */
    bool trusts;      /* the start is near: the first information may be kept */
    bool is_constant; /* the information does not depend on beta */
    bool observes;    /* the curvature itself is taken, not its expectation: scoring was slow */
    bool is_fresh;    /* the information is that at beta */
    double tolerance; /* of the decrement, relative to the deviance */
    double objective, decrement, last;
    double *move, *trial, *trial_score, *trial_info, *room;
} scoring;

static double penalty(const vouch__glm_solver *s, const double *beta)
{
    double sum = 0.0;
    for (size_t j = 0; j < s->design->p; j++)
        sum += s->ridge[j] * beta[j] * beta[j];
    return 0.5 * sum;
}

/* Read the rows at beta: score (penalised), and info into info unless NULL. */
static vouch_status look(vouch_ctx *ctx, const scoring *g, const double *beta, double *score, double *info,
                         vouch__glm_sums *sums)
{
    const vouch__glm_solver *s = g->s;
    vouch__glm_pass pass = {
        .design = s->design, .kernel = s->kernel, .law = s->law, .beta = beta, .step = g->step
    };
    pass.is_observed = g->observes;
    *sums = (vouch__glm_sums){ .is_valid = false };
    sums->score = score;
    sums->info = info;
    vouch_status status = vouch__glm_pass_run(ctx, &pass, sums);
    for (size_t j = 0; j < s->design->p; j++)
        score[j] -= s->ridge[j] * beta[j];
    return status;
}

/* One step. *out_done when no share of it helps. */
static vouch_status advance(vouch_ctx *ctx, scoring *g, bool *out_done)
{
    vouch__glm_solver *s = g->s;
    size_t p = s->design->p;
    bool wants_info = !g->is_constant && (!g->keeps || g->observes || !(g->decrement < 0.01 * g->last));
    double share = 1.0, objective = 0.0, scale = fabs(s->rest) + fabs(s->deviance);
    vouch__glm_sums sums = { .is_valid = false };
    for (int h = 0;; h++, share *= 0.5) {
        for (size_t j = 0; j < p; j++)
            g->trial[j] = s->beta[j] + share * g->move[j];
        vouch_status status = look(ctx, g, g->trial, g->trial_score, wants_info ? g->trial_info : NULL,
                                   &sums);
        if (status)
            return status;
        objective = 0.5 * sums.deviance + penalty(s, g->trial);
        if (sums.is_valid && objective <= g->objective + 1e-13 * scale)
            break;
        if (h == HALVINGS_MAX) {
            *out_done = true; /* no better point along the step: beta stands */
            return VOUCH_OK;
        }
    }
    memcpy(s->beta, g->trial, p * sizeof *s->beta);
    memcpy(s->score, g->trial_score, p * sizeof *s->score);
    if (wants_info)
        memcpy(s->info, g->trial_info, p * p * sizeof *s->info);
    g->is_fresh = wants_info || g->is_constant;
    g->objective = objective;
    s->deviance = sums.deviance;
    s->pearson = sums.pearson;
    s->steps++;
    return VOUCH_OK;
}

/* How far a column's coefficient moves the linear predictor. */
static double reach(const vouch__glm_solver *s, size_t j, double coefficient)
{
    bool is_number = j < s->design->dense && !(j == 0 && s->design->has_intercept);
    return fabs(coefficient) * (is_number ? s->design->sd[j] : 1.0);
}

static double farthest(const vouch__glm_solver *s, const double *coefficient, size_t *out_at)
{
    double most = 0.0;
    *out_at = SIZE_MAX;
    for (size_t j = 0; j < s->design->p; j++)
        if (reach(s, j, coefficient[j]) > most) {
            most = reach(s, j, coefficient[j]);
            *out_at = j;
        }
    return most;
}

/* Nothing is left to gain: the step is as small as one may be, or rounding alone is left. */
static bool is_done(const scoring *g, double before)
{
    const vouch__glm_solver *s = g->s;
    double deviance = fabs(s->deviance + (g->step == 1 ? s->rest : 0.0));
    size_t at;
    if (g->decrement <= g->tolerance * deviance || (before <= 1e-10 * deviance && g->decrement >= before))
        return true;
    if (s->law.family == VOUCH__GLM_BINOMIAL && g->step == 1 && deviance <= 1e-10 * s->design->total)
        return true; /* every case is told: separated */
    return farthest(s, g->move, &at) <= 1e-15 * farthest(s, s->beta, &at);
}

static void aim(scoring *g)
{
    vouch__glm_solver *s = g->s;
    solve(s, s->score, g->move, g->room);
    g->last = g->decrement;
    g->decrement = 0.0;
    for (size_t j = 0; j < s->design->p; j++)
        g->decrement += g->move[j] * s->score[j];
}

/* Read the rows at beta once more, for the curvature itself or for its expectation, which is never negative.
 */
static vouch_status look_again(vouch_ctx *ctx, scoring *g, bool observes)
{
    vouch__glm_solver *s = g->s;
    vouch__glm_sums sums;
    g->observes = observes;
    vouch_status status = look(ctx, g, s->beta, s->score, s->info, &sums);
    if (!status && !factor(s, false))
        status = observes ? look_again(ctx, g, false)
                          : vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: the information vanishes");
    g->is_fresh = true;
    return status;
}

static vouch_status run(vouch_ctx *ctx, scoring *g)
{
    vouch__glm_solver *s = g->s;
    vouch__glm_sums sums;
    bool done = false;
    vouch_status status = look(ctx, g, s->beta, s->score, s->info, &sums);
    if (status)
        return status;
    if (!sums.is_valid)
        return vouch__fail(ctx, VOUCH_E_CONVERGE,
                           "glm: the starting point gives a mean the family can't have");
    g->objective = 0.5 * sums.deviance + penalty(s, s->beta);
    s->deviance = sums.deviance;
    s->pearson = sums.pearson;
    g->is_fresh = true;
    g->decrement = g->trusts ? INFINITY : 0.0;
    (void)factor(s, true);
    aim(g);
    for (size_t n = 0; !done; n++) {
        vouch__progress(ctx, s->name, n, n + 4);
        if (n == STEPS_MAX)
            return vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: no convergence in %d steps", STEPS_MAX);
        status = advance(ctx, g, &done);
        if (status || done)
            return status;
        double before = g->decrement;
        if (g->is_fresh && !factor(s, false))
            status = look_again(ctx, g, false);
        if (!status)
            aim(g);
        done = is_done(g, before);
        if (!status && !done && !g->observes && n >= SLOW_STEPS && g->decrement > 0.1 * before) {
            status = look_again(ctx, g, true);
            aim(g);
        }
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status sample_start(vouch_ctx *ctx, scoring *g)
{
    vouch__glm_solver *s = g->s;
    size_t p = s->design->p, mark = vouch__scratch_mark(ctx);
    double *ridge = vouch__scratch(ctx, p + 1, sizeof *ridge), *own = s->ridge;
    vouch__glm_sums sums;
    if (!ridge)
        return vouch__oom(ctx);
    g->step = SAMPLE_STEP;
    vouch_status status = look(ctx, g, s->beta, s->score, s->info, &sums);
    for (size_t j = 0; j < p; j++) /* so that a level that the sample has not does no harm */
        ridge[j] = 1e-4 * s->info[j * p + j] + 1e-8 + own[j] / SAMPLE_STEP;
    s->ridge = ridge;
    g->tolerance = 1e-9;
    if (!status)
        status = run(ctx, g);
    s->ridge = own;
    if (status == VOUCH_E_CONVERGE) { /* then without it */
        for (size_t j = s->design->has_intercept ? 1 : 0; j < p; j++)
            s->beta[j] = 0.0;
        status = VOUCH_OK;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Without an intercept 0 may be far from anything: weighted least squares on the link of first means. */
static vouch_status first_fit(vouch_ctx *ctx, scoring *g)
{
    vouch__glm_solver *s = g->s;
    const vouch__glm_design *d = s->design;
    size_t rows = d->blocks * B, mark = vouch__scratch_mark(ctx);
    double *w = vouch__scratch(ctx, 2 * rows, sizeof *w), *wz = w + rows;
    vouch__glm_pass pass = { .design = d, .kernel = s->kernel, .law = s->law, .step = 1 };
    vouch__glm_sums sums = { .score = s->score, .info = s->info };
    if (!w)
        return vouch__oom(ctx);
    for (size_t i = 0; i < rows; i++) {
        w[i] = wz[i] = 0.0;
        if (d->weight[i] <= 0.0)
            continue;
        double mu = vouch__glm_first_mean(&s->law, d->y[i], d->target), eta = vouch__glm_eta(&s->law, mu);
        double slope = vouch__glm_slope(&s->law, eta);
        w[i] = d->weight[i] * slope * slope / vouch__glm_variance(&s->law, mu);
        wz[i] = w[i] * (eta - (d->offset ? d->offset[i] : 0.0));
    }
    pass.weight = w;
    vouch_status status = vouch__glm_pass_run(ctx, &pass, &sums);
    if (!status) {
        (void)factor(s, true);
        sums.info = NULL;
        pass.weight = wz;
        status = vouch__glm_pass_run(ctx, &pass, &sums);
    }
    if (!status)
        solve(s, s->score, s->beta, g->room);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status start(vouch_ctx *ctx, scoring *g)
{
    vouch__glm_solver *s = g->s;
    const vouch__glm_design *d = s->design;
    double at = 0.0, deviance = 0.0;
    memset(s->beta, 0, d->p * sizeof *s->beta);
    if (!d->has_intercept)
        return first_fit(ctx, g);
    vouch_status status = vouch__glm_null(ctx, s, &at, &deviance);
    s->beta[0] = at;
    if (!status && d->blocks >= SAMPLED_BLOCKS &&
        !(s->law.family == VOUCH__GLM_GAUSSIAN && s->law.link == VOUCH__GLM_IDENTITY))
        status = sample_start(ctx, g);
    g->trusts = g->step > 1;
    g->step = 1;
    return status;
}

static vouch_status check_found(vouch_ctx *ctx, const scoring *g, vouch_status status, size_t *out_at)
{
    const vouch__glm_solver *s = g->s;
    bool can_run_away = s->law.family == VOUCH__GLM_BINOMIAL || s->law.link == VOUCH__GLM_LOG;
    size_t at;
    *out_at = SIZE_MAX;
    if (status && status != VOUCH_E_CONVERGE)
        return status;
    /* a maximum at infinity: the deviance stands still while the coefficients still move */
    if (can_run_away && farthest(s, g->move, &at) > 1e-4) {
        *out_at = at;
        return vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: no finite solution");
    }
    return status;
}

vouch_status vouch__glm_solve(vouch_ctx *ctx, vouch__glm_solver *s, bool is_warm, size_t *out_at)
{
    size_t p = s->design->p, mark = vouch__scratch_mark(ctx);
    scoring g = { .s = s, .step = 1, .tolerance = 1e-20, .keeps = s->design->blocks > KEPT_BLOCKS && p > 4 };
    double *room = vouch__scratch(ctx, 4 * (p + 1) + p * p, sizeof *room);
    *out_at = SIZE_MAX;
    if (!room)
        return vouch__oom(ctx);
    g.move = room;
    g.trial = g.move + p + 1;
    g.trial_score = g.trial + p + 1;
    g.room = g.trial_score + p + 1;
    g.trial_info = g.room + p + 1;
    memset(g.move, 0, (p + 1) * sizeof *g.move);
    s->steps = 0;
    g.is_constant = s->law.family == VOUCH__GLM_GAUSSIAN && s->law.link == VOUCH__GLM_IDENTITY;
    g.trusts = is_warm;
    vouch_status status = is_warm ? VOUCH_OK : start(ctx, &g);
    g.tolerance = 1e-20;
    if (!status)
        status = run(ctx, &g);
    status = check_found(ctx, &g, status, out_at);
    for (size_t j = 0; j < p && !status && s->refuses_collinear; j++)
        if (s->left_out[j]) {
            *out_at = j;
            status = vouch__fail(ctx, VOUCH_E_DATA, "glm: a column depends on others");
        }
    if (!status && (!g.is_fresh || g.observes)) {
        vouch__glm_sums sums;
        g.observes = false;
        status = look(ctx, &g, s->beta, s->score, s->info, &sums);
        if (!status && !factor(s, false))
            status = vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: the information vanishes");
        s->pearson = sums.pearson;
        s->deviance = sums.deviance;
    }
    if (!status) { /* one more step, by the information at hand: it costs nothing */
        solve(s, s->score, g.move, g.room);
        for (size_t j = 0; j < p; j++)
            s->beta[j] += g.move[j];
        s->deviance += s->rest;
        status = invert(ctx, s);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
