/* Logistic regression by Newton's method.
 *
 * Each pass over the rows sums the log-likelihood, its gradient and its information at one point, in chunks
 * of fixed size that are combined in order. The information is factored by Cholesky; a step that does not
 * raise the penalised log-likelihood is halved. Where regressors separate the classes the likelihood has no
 * maximum: the coefficients grow without end and the information vanishes, which is reported as such. */
#include "models/scorecard/logit.h"

#include "base/parallel.h"
#include "num/linalg.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { GRAIN = 4096, STEPS_MAX = 100, HALVINGS_MAX = 40 };
#define PIVOT_TOLERANCE 1e-12

typedef struct pass {
    const vouch__logit_data *data;
    const double *at; /* [k + 1] coefficients; NULL: moments only */
    double *part;     /* [chunks x size]: log-likelihood, gradient [k + 1], information [k + 1 x k + 1] */
    size_t size;
} pass;

static void row_add(const pass *p, const double *x, size_t i, double *part)
{
    const vouch__logit_data *d = p->data;
    size_t m = d->k + 1;
    double w = d->weight ? d->weight[i] : 1.0, v = w;
    double *gradient = part + 1, *info = gradient + m;
    if (p->at) {
        double eta = p->at[0];
        for (size_t j = 0; j < d->k; j++)
            eta += p->at[j + 1] * x[j];
        double prob = vouch__sigmoid(eta), r = w * (d->y[i] - prob);
        v = w * prob * (1.0 - prob);
        part[0] += w * (d->y[i] * eta - vouch__softplus(eta));
        gradient[0] += r;
        for (size_t j = 0; j < d->k; j++)
            gradient[j + 1] += r * x[j];
    }
    info[0] += v;
    for (size_t j = 0; j < d->k; j++) {
        double vx = v * x[j], *row = info + (j + 1) * m;
        row[0] += vx;
        for (size_t l = 0; l <= j; l++)
            row[l + 1] += vx * x[l];
    }
}

static vouch_status pass_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const pass *p = arg;
    size_t k = p->data->k, mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, (end - begin) * (k ? k : 1), sizeof *x);
    if (!x)
        return vouch__oom(worker);
    if (k)
        p->data->rows(p->data->arg, begin, end, x);
    double *part = p->part + chunk * p->size;
    memset(part, 0, p->size * sizeof *part);
    for (size_t i = begin; i < end; i++)
        row_add(p, x + (i - begin) * k, i, part);
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* out[size]: the sums over all rows, the information in full. */
static vouch_status pass_run(vouch_ctx *ctx, const vouch__logit_data *data, const double *at, double *out)
{
    size_t m = data->k + 1, size = 1 + m + m * m, chunks = vouch__chunks(data->n, GRAIN);
    size_t mark = vouch__scratch_mark(ctx);
    pass p = { data, at, vouch__scratch(ctx, chunks * size, sizeof *p.part), size };
    memset(out, 0, size * sizeof *out);
    if (!p.part)
        return vouch__oom(ctx);
    vouch_status status = vouch__parallel(ctx, data->n, GRAIN, pass_chunk, &p);
    for (size_t c = 0; !status && c < chunks; c++)
        for (size_t s = 0; s < size; s++)
            out[s] += p.part[c * size + s];
    double *info = out + 1 + m;
    for (size_t j = 0; j < m; j++)
        for (size_t l = 0; l < j; l++)
            info[l * m + j] = info[j * m + l];
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__logit_moments(vouch_ctx *ctx, const vouch__logit_data *data, double *out)
{
    size_t m = data->k + 1, size = 1 + m + m * m, mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, size, sizeof *sums);
    if (!sums)
        return vouch__oom(ctx);
    vouch_status status = pass_run(ctx, data, NULL, sums);
    if (!status)
        memcpy(out, sums + 1 + m, m * m * sizeof *out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void penalise(const vouch__logit_data *data, const double *at, double *sums)
{
    size_t m = data->k + 1;
    double *gradient = sums + 1, *info = gradient + m;
    for (size_t j = 1; j < m; j++) {
        sums[0] -= 0.5 * data->l2 * at[j] * at[j];
        gradient[j] -= data->l2 * at[j];
        info[j * m + j] += data->l2;
    }
}

static double penalty(const vouch__logit_data *data, const double *at)
{
    double sum = 0.0;
    for (size_t j = 1; j <= data->k; j++)
        sum += at[j] * at[j];
    return 0.5 * data->l2 * sum;
}

typedef struct newton {
    size_t m;
    double *at, *sums, *step, *trial, *trial_sums, *factor;
} newton;

static vouch_status evaluate(vouch_ctx *ctx, const vouch__logit_data *data, const double *at, double *sums)
{
    vouch_status status = pass_run(ctx, data, at, sums);
    if (!status)
        penalise(data, at, sums);
    return status;
}

static vouch_status separated(vouch_ctx *ctx)
{
    return vouch__fail(ctx, VOUCH_E_CONVERGE,
                       "logistic regression: no finite solution, the regressors separate the two classes; l2 "
                       "above 0 gives one");
}

/* Cholesky of the information. At the start a failure is collinearity; later it is separation. */
static vouch_status factor(vouch_ctx *ctx, newton *nt, bool is_first)
{
    memcpy(nt->factor, nt->sums + 1 + nt->m, nt->m * nt->m * sizeof *nt->factor);
    vouch_status status = vouch__cholesky(ctx, nt->m, nt->factor, PIVOT_TOLERANCE);
    if (status != VOUCH_E_DATA)
        return status;
    return is_first
               ? vouch__because(ctx, status, "logistic regression: a regressor depends on those before it")
               : separated(ctx);
}

/* One Newton step. *out_done when nothing is left to gain. */
static vouch_status advance(vouch_ctx *ctx, const vouch__logit_data *data, newton *nt, bool *out_done)
{
    size_t m = nt->m;
    double decrement = 0.0, moved = 0.0, share = 1.0;
    memcpy(nt->step, nt->sums + 1, m * sizeof *nt->step);
    vouch__cholesky_solve(m, nt->factor, nt->step);
    for (size_t j = 0; j < m; j++)
        decrement += nt->step[j] * nt->sums[1 + j];
    for (size_t h = 0;; h++, share *= 0.5) {
        moved = 0.0;
        for (size_t j = 0; j < m; j++) {
            nt->trial[j] = nt->at[j] + share * nt->step[j];
            moved = fmax(moved, fabs(share * nt->step[j]) / fmax(1.0, fabs(nt->trial[j])));
        }
        vouch_status status = evaluate(ctx, data, nt->trial, nt->trial_sums);
        if (status)
            return status;
        /* near the top the gain drowns in rounding: any point as good will do */
        if (nt->trial_sums[0] >= nt->sums[0] - 1e-13 * fabs(nt->sums[0]) || h == HALVINGS_MAX)
            break;
    }
    double *swap = nt->at, *swap_sums = nt->sums;
    nt->at = nt->trial;
    nt->trial = swap;
    nt->sums = nt->trial_sums;
    nt->trial_sums = swap_sums;
    *out_done = (decrement <= 1e-20 * fabs(nt->sums[0]) && moved <= 1e-6) || moved <= 1e-12;
    return VOUCH_OK;
}

static vouch_status newton_run(vouch_ctx *ctx, const vouch__logit_data *data, newton *nt, size_t *out_steps)
{
    bool done = false;
    vouch_status status = evaluate(ctx, data, nt->at, nt->sums);
    for (size_t s = 0; !status && !done; s++) {
        if (s == STEPS_MAX || fabs(nt->at[0]) > 1e6)
            return separated(ctx);
        status = factor(ctx, nt, s == 0);
        if (!status)
            status = advance(ctx, data, nt, &done);
        *out_steps = s + 1;
    }
    return status ? status : factor(ctx, nt, false);
}

static vouch_status rates(vouch_ctx *ctx, const vouch__logit_data *data, double *out_one, double *out_all)
{
    double one = 0.0, all = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double w = data->weight ? data->weight[i] : 1.0;
        all += w;
        one += w * data->y[i];
    }
    if (!(one > 0.0 && one < all))
        return vouch__fail(ctx, VOUCH_E_DATA, "logistic regression: every row has the same outcome");
    *out_one = one;
    *out_all = all;
    return VOUCH_OK;
}

vouch_status vouch__logit_fit(vouch_ctx *ctx, const vouch__logit_data *data, double *out_coefficient,
                              double *out_error, vouch__logit_facts *out_facts)
{
    size_t m = data->k + 1, size = 1 + m + m * m, mark = vouch__scratch_mark(ctx), steps = 0;
    double one = 0.0, all = 1.0;
    vouch_status status = rates(ctx, data, &one, &all);
    if (status)
        return status;
    newton nt = { .m = m,
                  .at = vouch__scratch(ctx, m, sizeof(double)),
                  .sums = vouch__scratch(ctx, size, sizeof(double)),
                  .step = vouch__scratch(ctx, m, sizeof(double)),
                  .trial = vouch__scratch(ctx, m, sizeof(double)),
                  .trial_sums = vouch__scratch(ctx, size, sizeof(double)),
                  .factor = vouch__scratch(ctx, m * m, sizeof(double)) };
    double *inverse = vouch__scratch(ctx, m * m, sizeof *inverse);
    if (!nt.at || !nt.sums || !nt.step || !nt.trial || !nt.trial_sums || !nt.factor || !inverse) {
        status = vouch__oom(ctx);
        goto done;
    }
    memset(nt.at, 0, m * sizeof *nt.at);
    nt.at[0] = vouch__logit(one / all);
    status = newton_run(ctx, data, &nt, &steps);
    if (status)
        goto done;
    vouch__cholesky_inverse(m, nt.factor, inverse);
    for (size_t j = 0; j < m; j++) {
        out_coefficient[j] = nt.at[j];
        out_error[j] = sqrt(inverse[j * m + j]);
    }
    *out_facts = (vouch__logit_facts){ steps, nt.sums[0] + penalty(data, nt.at),
                                       one * vouch__log(one / all) + (all - one) * vouch__log1p(-one / all) };
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}
