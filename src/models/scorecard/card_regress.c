/* The glm's solvers put to weights of evidence. Where a sign binds or l1 is at work it is coordinate descent;
 * else Fisher scoring, which also gives the standard errors of what the signs leave in. */
#include "models/scorecard/card_regress.h"

#include "models/glm/glm_net.h"
#include "num/linalg.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

static const vouch__glm_law law = { .family = VOUCH__GLM_BINOMIAL, .link = VOUCH__GLM_LOGIT };

static vouch_status explain(vouch_ctx *ctx, vouch_status status, size_t at)
{
    if (status == VOUCH_E_DATA && at != SIZE_MAX)
        return vouch__fail(ctx, status, "logistic regression: regressor %zu depends on those before it", at);
    if (status == VOUCH_E_CONVERGE)
        return vouch__fail(ctx, status,
                           "logistic regression: no finite solution, the regressors separate the two "
                           "classes; l2 above 0 gives one");
    return status;
}

static vouch_status both_classes(vouch_ctx *ctx, const vouch__glm_design *d)
{
    return d->target > 0.0 && d->target < 1.0
               ? VOUCH_OK
               : vouch__fail(ctx, VOUCH_E_DATA, "logistic regression: every row has the same outcome");
}

/* The solver at the constant model. */
static vouch_status begin(vouch_ctx *ctx, const vouch__glm_design *d, vouch__glm_solver *s)
{
    double at = 0.0, deviance = 0.0;
    vouch_status status = both_classes(ctx, d);
    if (!status)
        status = vouch__glm_solver_make(ctx, d, &law, s);
    if (!status)
        status = vouch__glm_null(ctx, s, &at, &deviance);
    if (!status)
        s->beta[0] = at;
    return status;
}

static double greatest_score(const vouch__glm_solver *s)
{
    double most = 0.0;
    for (size_t j = 1; j < s->design->p; j++)
        most = fmax(most, fabs(s->score[j]));
    return most;
}

static void set_penalty(vouch__glm_net *net, const vouch__card_penalty *penalty)
{
    for (size_t j = 1; j < net->s->design->p; j++) {
        net->l1[j] = penalty->l1;
        net->l2[j] = penalty->l2;
    }
}

/* Every coefficient but the constant is held at or below 0 where the penalty says so. [p] in scratch. */
static int8_t *signs(vouch_ctx *ctx, size_t p, const vouch__card_penalty *penalty)
{
    int8_t *sign = vouch__scratch(ctx, p + 1, sizeof *sign);
    for (size_t j = 0; sign && j <= p; j++)
        sign[j] = penalty->is_signed && j > 0 ? -1 : 0;
    return sign;
}

static vouch_status solve_net(vouch_ctx *ctx, vouch__glm_solver *s, const vouch__card_penalty *penalty)
{
    vouch__glm_net net;
    int8_t *sign = signs(ctx, s->design->p, penalty);
    if (!sign)
        return vouch__oom(ctx);
    vouch_status status = vouch__glm_net_start(ctx, s, sign, &net);
    if (status)
        return status;
    double tolerance = 1e-10 * greatest_score(s) + 1e-13 * s->design->total;
    set_penalty(&net, penalty);
    status = vouch__glm_net_solve(ctx, &net, tolerance);
    s->deviance = net.deviance + s->rest;
    s->steps = net.readings;
    return status;
}

static void hand_over(const vouch__glm_solver *s, bool has_errors, vouch__card_solution *out)
{
    size_t p = s->design->p;
    double variance;
    vouch__glm_constant(s->design, s->beta, has_errors ? s->inverse : NULL, &out->coefficient[0], &variance);
    out->error[0] = sqrt(variance);
    for (size_t j = 1; j < p; j++) {
        out->coefficient[j] = s->beta[j];
        out->error[j] = has_errors ? sqrt(s->inverse[j * p + j]) : NAN;
    }
    out->log_likelihood = -0.5 * s->deviance;
    out->steps = s->steps;
    out->rows = (size_t)s->design->rows;
}

/* The columns that a fit has left in. */
typedef struct picked {
    const vouch__glm_columns *from;
    const size_t *at;
} picked;

static void fill_picked(const void *arg, size_t j, size_t begin_row, size_t n, double *out)
{
    const picked *p = arg;
    p->from->fill(p->from->arg, p->at[j], begin_row, n, out);
}

/* What the signs leave in is at its own optimum: solved again without them it has standard errors too. */
static vouch_status solve_free(vouch_ctx *ctx, const vouch__glm_columns *columns,
                               const vouch__card_penalty *penalty, vouch__card_solution *out)
{
    size_t k = 0;
    vouch__card_penalty free_one = { 0.0, penalty->l2, false };
    size_t *at = vouch__scratch(ctx, columns->k + 1, sizeof *at);
    double *room = vouch__scratch(ctx, 2 * (columns->k + 1), sizeof *room);
    if (!at || !room)
        return vouch__oom(ctx);
    for (size_t j = 0; j < columns->k; j++)
        if (out->coefficient[j + 1] != 0.0)
            at[k++] = j;
    picked p = { columns, at };
    vouch__glm_columns some = { columns->n, k, fill_picked, &p, columns->y, columns->weight };
    vouch__card_solution inner = { .coefficient = room, .error = room + columns->k + 1 };
    vouch_status status = vouch__card_solve(ctx, &some, &free_one, &inner);
    if (status)
        return status;
    out->coefficient[0] = inner.coefficient[0];
    out->error[0] = inner.error[0];
    out->log_likelihood = inner.log_likelihood;
    for (size_t j = 0; j < k; j++) {
        out->coefficient[at[j] + 1] = inner.coefficient[j + 1];
        out->error[at[j] + 1] = inner.error[j + 1];
    }
    return VOUCH_OK;
}

static vouch_status solve(vouch_ctx *ctx, const vouch__glm_columns *columns,
                          const vouch__card_penalty *penalty, vouch__glm_design *design,
                          vouch__card_solution *out)
{
    bool uses_net = columns->k > 0 && (penalty->is_signed || penalty->l1 > 0.0);
    size_t at = SIZE_MAX;
    double constant, deviance = 0.0;
    vouch__glm_solver s;
    vouch_status status = vouch__glm_design_columns(ctx, columns, design);
    if (!status)
        status = begin(ctx, design, &s);
    if (status)
        return status;
    s.refuses_collinear = true;
    for (size_t j = 1; j < design->p; j++)
        s.ridge[j] = penalty->l2;
    status = uses_net ? solve_net(ctx, &s, penalty) : vouch__glm_solve(ctx, &s, false, &at);
    if (!status)
        status = vouch__glm_null(ctx, &s, &constant, &deviance);
    if (status)
        return uses_net ? status : explain(ctx, status, at);
    hand_over(&s, !uses_net, out);
    out->null_log_likelihood = -0.5 * deviance;
    return uses_net && !(penalty->l1 > 0.0) ? solve_free(ctx, columns, penalty, out) : VOUCH_OK;
}

vouch_status vouch__card_solve(vouch_ctx *ctx, const vouch__glm_columns *columns,
                               const vouch__card_penalty *penalty, vouch__card_solution *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm_design design = { .n = 0 };
    vouch_status status = solve(ctx, columns, penalty, &design, out);
    vouch__glm_design_clear(&design);
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__card_criterion(const vouch__card_solution *s, size_t k, bool is_bic)
{
    double used = 1.0;
    for (size_t j = 1; j <= k; j++)
        used += s->coefficient[j] != 0.0;
    return used * (is_bic ? vouch__log((double)s->rows) : 2.0) - 2.0 * s->log_likelihood;
}

vouch_status vouch__card_inflation(vouch_ctx *ctx, const vouch__glm_columns *columns, double *out)
{
    size_t k = columns->k, mark = vouch__scratch_mark(ctx);
    double *own = vouch__scratch(ctx, 2 * k * k + k + 1, sizeof *own), *inverse = own + k * k,
           *sd = inverse + k * k;
    vouch__glm_design design = { .n = 0 };
    if (!own)
        return vouch__oom(ctx);
    vouch_status status = vouch__glm_design_columns(ctx, columns, &design);
    if (!status)
        status = vouch__glm_design_covariance(ctx, &design, own);
    for (size_t a = 0; !status && a < k; a++)
        sd[a] = sqrt(own[a * k + a]);
    for (size_t a = 0; !status && a < k; a++)
        for (size_t b = 0; b < k; b++)
            own[a * k + b] = a == b ? 1.0 : own[a * k + b] / (sd[a] * sd[b]);
    if (!status)
        status = vouch__cholesky(ctx, k, own, 1e-12);
    if (!status)
        vouch__cholesky_inverse(k, own, inverse);
    for (size_t a = 0; !status && a < k; a++)
        out[a] = inverse[a * k + a];
    vouch__glm_design_clear(&design);
    vouch__scratch_reset(ctx, mark);
    return status;
}
