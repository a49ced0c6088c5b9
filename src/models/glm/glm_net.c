/* Proximal Newton with cyclic coordinate descent (Friedman, Hastie & Tibshirani, J. Statistical Software 33
 * (2010); Lee, Sun & Saunders, SIAM J. Optimization 24 (2014)). A quadratic model costs a reading of the rows
 * for its curvature; a gradient alone costs a fraction of that. So the curvature is kept until it no longer
 * brings the violation down fivefold a step. */
#include "models/glm/glm_net.h"

#include <math.h>
#include <string.h>

enum { OUTER_MAX = 200, SWEEPS_MAX = 20000, HALVINGS_MAX = 30 };

static vouch_status look(vouch_ctx *ctx, vouch__glm_net *net, const double *beta, double *score, double *info,
                         vouch__glm_sums *sums)
{
    const vouch__glm_solver *s = net->s;
    vouch__glm_pass pass = {
        .design = s->design, .kernel = s->kernel, .law = s->law, .beta = beta, .step = 1
    };
    *sums = (vouch__glm_sums){ .is_valid = false };
    sums->score = score;
    sums->info = info;
    net->readings++;
    return vouch__glm_pass_run(ctx, &pass, sums);
}

vouch_status vouch__glm_net_start(vouch_ctx *ctx, vouch__glm_solver *s, const int8_t *sign,
                                  vouch__glm_net *out_net)
{
    size_t p = s->design->p;
    vouch__glm_net net = { .s = s, .sign = sign };
    vouch__glm_sums sums;
    double *room = vouch__scratch(ctx, 5 * (p + 1) + p * p, sizeof *room);
    if (!room)
        return vouch__oom(ctx);
    memset(room, 0, 5 * (p + 1) * sizeof *room);
    net.l1 = room;
    net.l2 = net.l1 + p + 1;
    net.rest = net.l2 + p + 1;
    net.trial = net.rest + p + 1;
    net.trial_score = net.trial + p + 1;
    net.trial_info = net.trial_score + p + 1;
    net.is_quadratic = s->law.family == VOUCH__GLM_GAUSSIAN && s->law.link == VOUCH__GLM_IDENTITY;
    net.is_info_fresh = true;
    vouch_status status = look(ctx, &net, s->beta, s->score, s->info, &sums);
    if (!status && !sums.is_valid)
        status = vouch__fail(ctx, VOUCH_E_CONVERGE,
                             "glm: the starting point gives a mean the family can't have");
    net.deviance = sums.deviance;
    s->pearson = sums.pearson;
    *out_net = net;
    return status;
}

/* How far the gradient at b, score - l2 b, is from one that allows b. */
static double violation_of(const vouch__glm_net *net, size_t j, double b, double score)
{
    double g = score - net->l2[j] * b, l1 = net->l1[j];
    if (b != 0.0)
        return fabs(g - (b > 0.0 ? l1 : -l1));
    double over = fabs(g) - l1;
    if (over <= 0.0 || (net->sign[j] > 0 && g < 0.0) || (net->sign[j] < 0 && g > 0.0))
        return 0.0;
    return over;
}

double vouch__glm_net_violation(const vouch__glm_net *net)
{
    const vouch__glm_solver *s = net->s;
    double most = 0.0;
    for (size_t j = 0; j < s->design->p; j++)
        if (s->info[j * s->design->p + j] > 0.0)
            most = fmax(most, violation_of(net, j, s->beta[j], s->score[j]));
    return most;
}

/* The best b_j with the others fixed; keeps rest true. Returns curvature times the move, a gradient. */
static double update(vouch__glm_net *net, size_t j)
{
    size_t p = net->s->design->p;
    const double *column = net->s->info + j * p;
    double h = column[j], old = net->trial[j], pull = net->rest[j] + h * old, new = 0.0;
    if (!(h > 0.0))
        return 0.0;
    if (fabs(pull) > net->l1[j])
        new = (pull - (pull > 0.0 ? net->l1[j] : -net->l1[j])) / (h + net->l2[j]);
    if ((net->sign[j] > 0 && new < 0.0) || (net->sign[j] < 0 && new > 0.0))
        new = 0.0;
    double move = new - old;
    if (move == 0.0)
        return 0.0;
    net->trial[j] = new;
    for (size_t k = 0; k < p; k++)
        net->rest[k] -= move * column[k];
    return fabs(move) * h;
}

/* Coordinate descent on the quadratic model from beta into trial. */
static vouch_status descend(vouch_ctx *ctx, vouch__glm_net *net, double tolerance)
{
    const vouch__glm_solver *s = net->s;
    size_t p = s->design->p;
    memcpy(net->trial, s->beta, p * sizeof *s->beta);
    memcpy(net->rest, s->score, p * sizeof *s->score);
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double most = 0.0;
        for (size_t j = 0; j < p; j++)
            most = fmax(most, update(net, j));
        if (most <= tolerance)
            return VOUCH_OK;
        for (int inner = 0; inner < SWEEPS_MAX && most > tolerance; inner++) { /* those that are not 0 */
            most = 0.0;
            for (size_t j = 0; j < p; j++)
                if (net->trial[j] != 0.0)
                    most = fmax(most, update(net, j));
        }
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
    }
    return VOUCH_OK; /* as near as rounding lets it come; the caller judges the violation */
}

double vouch__glm_net_penalty(const vouch__glm_net *net, const double *b)
{
    double sum = 0.0;
    for (size_t j = 0; j < net->s->design->p; j++)
        sum += net->l1[j] * fabs(b[j]) + 0.5 * net->l2[j] * b[j] * b[j];
    return sum;
}

/* A quadratic deviance at trial, from what is known at beta. */
static void step_quadratic(vouch__glm_net *net)
{
    vouch__glm_solver *s = net->s;
    size_t p = s->design->p;
    double change = 0.0;
    for (size_t j = 0; j < p; j++) /* deviance / 2 falls by (score + rest)' step / 2 */
        change += (s->score[j] + net->rest[j]) * (net->trial[j] - s->beta[j]);
    net->deviance -= change;
    memcpy(s->beta, net->trial, p * sizeof *s->beta);
    memcpy(s->score, net->rest, p * sizeof *s->score);
}

static vouch_status step_general(vouch_ctx *ctx, vouch__glm_net *net, bool wants_info, bool *out_moved)
{
    vouch__glm_solver *s = net->s;
    size_t p = s->design->p;
    double before = 0.5 * net->deviance + vouch__glm_net_penalty(net, s->beta),
           scale = fabs(s->rest) + fabs(net->deviance);
    vouch__glm_sums sums;
    *out_moved = false;
    for (int h = 0; h <= HALVINGS_MAX; h++) {
        vouch_status status = look(ctx, net, net->trial, net->trial_score,
                                   wants_info ? net->trial_info : NULL, &sums);
        if (status)
            return status;
        if (sums.is_valid &&
            0.5 * sums.deviance + vouch__glm_net_penalty(net, net->trial) <= before + 1e-13 * scale) {
            *out_moved = true;
            break;
        }
        for (size_t j = 0; j < p; j++)
            net->trial[j] = s->beta[j] + 0.5 * (net->trial[j] - s->beta[j]);
    }
    if (!*out_moved)
        return VOUCH_OK;
    net->deviance = sums.deviance;
    s->pearson = sums.pearson;
    memcpy(s->beta, net->trial, p * sizeof *s->beta);
    memcpy(s->score, net->trial_score, p * sizeof *s->score);
    if (wants_info)
        memcpy(s->info, net->trial_info, p * p * sizeof *s->info);
    net->is_info_fresh = wants_info;
    return VOUCH_OK;
}

vouch_status vouch__glm_net_solve(vouch_ctx *ctx, vouch__glm_net *net, double tolerance)
{
    double last = INFINITY;
    for (int outer = 0; outer < OUTER_MAX; outer++) {
        double violation = vouch__glm_net_violation(net);
        bool moved = true;
        if (violation <= tolerance)
            return VOUCH_OK;
        vouch_status status = descend(ctx, net, 0.1 * fmin(tolerance, 0.1 * violation));
        if (status)
            return status;
        if (net->is_quadratic)
            step_quadratic(net);
        else
            status = step_general(ctx, net, violation > 0.2 * last, &moved);
        if (status)
            return status;
        if (!moved && net->is_info_fresh)
            return VOUCH_OK; /* no better point in double precision */
        if (!moved) {        /* an old curvature may mislead: take a new one here */
            vouch__glm_sums sums;
            status = look(ctx, net, net->s->beta, net->s->score, net->s->info, &sums);
            if (status)
                return status;
            net->is_info_fresh = true;
        }
        last = violation;
    }
    return vouch__fail(ctx, VOUCH_E_CONVERGE, "glm: the elastic net did not converge in %d rounds",
                       OUTER_MAX);
}
