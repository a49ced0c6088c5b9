/* How strong a penalty is to be, by cross-validation. A fold is the same rows under other weights: those held
 * out have none while fitting, and only they have one while judging. */
#include "models/scorecard/card_regress.h"

#include "models/glm/glm_net.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { N = VOUCH__CARD_PATH };
#define WEAKEST 1e-4 /* of the path's first */

static const vouch__glm_law law = { .family = VOUCH__GLM_BINOMIAL, .link = VOUCH__GLM_LOGIT };

typedef struct crossing {
    const vouch__glm_columns *columns;
    const vouch__card_choice *choice;
    const vouch__card_penalty *penalty; /* what else holds */
    vouch__glm_design all;
    uint16_t *fold;   /* [rows] */
    double *in, *out; /* [blocks x BLOCK] weights */
    double *strength; /* [N] descending */
    double *held;     /* [folds x N] held-out deviance of a unit of weight */
    double *share;    /* [folds] weight held out */
} crossing;

/* Rows of each class in the order of their random numbers are dealt out in turn. */
static vouch_status deal(vouch_ctx *ctx, crossing *c)
{
    size_t n = c->columns->n, mark = vouch__scratch_mark(ctx), dealt[2] = { 0, 0 };
    double *key = vouch__scratch(ctx, n, sizeof *key);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!key || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        key[i] = (double)(vouch__mix(c->choice->seed, i) >> 11);
    vouch_status status = vouch__order(ctx, n, key, order);
    for (size_t i = 0; !status && i < n; i++)
        c->fold[order[i]] = (uint16_t)(dealt[c->columns->y[order[i]] > 0.5]++ % c->choice->folds);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch__card_penalty at_strength(const crossing *c, double strength)
{
    vouch__card_penalty p = *c->penalty;
    if (c->choice->is_lasso)
        p.l1 = strength;
    else
        p.l2 = strength;
    return p;
}

/* From what lets nothing in, or draws every coefficient almost to 0, down to almost nothing. */
static vouch_status make_path(vouch_ctx *ctx, crossing *c)
{
    size_t mark = vouch__scratch_mark(ctx), p = c->all.p;
    double constant = 0.0, deviance, top = 0.0;
    vouch__glm_solver s;
    vouch_status status = vouch__glm_solver_make(ctx, &c->all, &law, &s);
    if (!status)
        status = vouch__glm_null(ctx, &s, &constant, &deviance);
    if (status)
        return status;
    s.beta[0] = constant;
    vouch__glm_sums sums = { .score = s.score, .info = s.info };
    vouch__glm_pass pass = { .design = &c->all, .kernel = s.kernel, .law = s.law, .beta = s.beta, .step = 1 };
    status = vouch__glm_pass_run(ctx, &pass, &sums);
    for (size_t j = 1; !status && j < p; j++)
        top = fmax(top, c->choice->is_lasso ? fabs(s.score[j]) : 10.0 * s.info[j * p + j]);
    for (size_t k = 0; k < N; k++)
        c->strength[k] = top * vouch__exp(vouch__log(WEAKEST) * (double)k / (N - 1));
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void split(const crossing *c, size_t fold)
{
    size_t rows = c->all.blocks * VOUCH__GLM_BLOCK;
    for (size_t i = 0; i < rows; i++) {
        bool is_out = i < c->columns->n && c->fold[i] == fold;
        c->in[i] = is_out ? 0.0 : c->all.weight[i];
        c->out[i] = is_out ? c->all.weight[i] : 0.0;
    }
}

/* Down the path on the rows that are in, judged on those that are out. */
static vouch_status walk(vouch_ctx *ctx, crossing *c, size_t fold, vouch__glm_solver *s,
                         const vouch__glm_design *out)
{
    size_t p = c->all.p;
    double constant = 0.0, deviance;
    vouch__glm_net net;
    int8_t *sign = vouch__scratch(ctx, p + 1, sizeof *sign);
    double *score = vouch__scratch(ctx, p + 1, sizeof *score);
    if (!sign || !score)
        return vouch__oom(ctx);
    vouch_status status = vouch__glm_null(ctx, s, &constant, &deviance);
    if (status)
        return status;
    for (size_t j = 0; j <= p; j++)
        sign[j] = c->penalty->is_signed && j > 0 ? -1 : 0;
    s->beta[0] = constant;
    status = vouch__glm_net_start(ctx, s, sign, &net);
    for (size_t k = 0; !status && k < N; k++) {
        vouch__card_penalty penalty = at_strength(c, c->strength[k]);
        vouch__glm_sums sums = { .score = score };
        vouch__glm_pass pass = { .design = out, .kernel = s->kernel, .law = law, .beta = s->beta, .step = 1 };
        for (size_t j = 1; j < p; j++) {
            net.l1[j] = penalty.l1;
            net.l2[j] = penalty.l2;
        }
        status = vouch__glm_net_solve(ctx, &net, 1e-7 * c->strength[0]);
        if (!status)
            status = vouch__glm_pass_run(ctx, &pass, &sums);
        c->held[fold * N + k] = sums.deviance / out->total;
    }
    return status;
}

static vouch_status hold_out(vouch_ctx *ctx, crossing *c, size_t fold)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm_solver s;
    split(c, fold);
    vouch__glm_design in = vouch__glm_design_reweighted(&c->all, c->in);
    vouch__glm_design out = vouch__glm_design_reweighted(&c->all, c->out);
    c->share[fold] = out.total;
    if (!(in.target > 0.0 && in.target < 1.0 && out.total > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "cross-validation: fold %zu leaves one outcome only, folds must be fewer", fold);
    vouch_status status = vouch__glm_solver_make(ctx, &in, &law, &s);
    if (!status)
        status = walk(ctx, c, fold, &s, &out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void choose(const crossing *c, vouch__card_penalty *penalty, double *path)
{
    size_t folds = c->choice->folds, best = 0, at;
    for (size_t k = 0; k < N; k++) {
        double mean = 0.0, all = 0.0, spread = 0.0;
        for (size_t f = 0; f < folds; f++) {
            mean += c->share[f] * c->held[f * N + k];
            all += c->share[f];
        }
        mean /= all;
        for (size_t f = 0; f < folds; f++)
            spread += (c->held[f * N + k] - mean) * (c->held[f * N + k] - mean);
        path[3 * k] = c->strength[k];
        path[3 * k + 1] = mean;
        path[3 * k + 2] = sqrt(spread / (double)(folds - 1) / (double)folds);
        if (mean < path[3 * best + 1])
            best = k;
    }
    for (at = best; c->choice->one_se && at > 0;) { /* the strongest that is as good but for chance */
        if (path[3 * (at - 1) + 1] > path[3 * best + 1] + path[3 * best + 2])
            break;
        at--;
    }
    *penalty = at_strength(c, c->strength[at]);
}

static vouch_status cross(vouch_ctx *ctx, crossing *c, vouch__card_penalty *penalty, double *out_path)
{
    size_t rows, folds = c->choice->folds;
    vouch_status status = vouch__glm_design_columns(ctx, c->columns, &c->all);
    if (status)
        return status;
    rows = c->all.blocks * VOUCH__GLM_BLOCK;
    c->fold = vouch__scratch(ctx, c->columns->n, sizeof *c->fold);
    c->in = vouch__scratch(ctx, 2 * rows, sizeof *c->in);
    c->strength = vouch__scratch(ctx, N + folds * (N + 1), sizeof *c->strength);
    if (!c->fold || !c->in || !c->strength)
        return vouch__oom(ctx);
    c->out = c->in + rows;
    c->held = c->strength + N;
    c->share = c->held + folds * N;
    status = deal(ctx, c);
    if (!status)
        status = make_path(ctx, c);
    for (size_t f = 0; !status && f < folds; f++) {
        vouch__progress(ctx, "cross-validation", f, folds);
        status = hold_out(ctx, c, f);
    }
    if (!status)
        choose(c, penalty, out_path);
    return status;
}

vouch_status vouch__card_choose(vouch_ctx *ctx, const vouch__glm_columns *columns,
                                const vouch__card_choice *choice, vouch__card_penalty *penalty,
                                double *out_path)
{
    size_t mark = vouch__scratch_mark(ctx);
    crossing c = { .columns = columns, .choice = choice, .penalty = penalty };
    vouch_status status = cross(ctx, &c, penalty, out_path);
    vouch__glm_design_clear(&c.all);
    vouch__scratch_reset(ctx, mark);
    return status;
}
