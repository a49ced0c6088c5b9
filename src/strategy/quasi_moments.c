/* Quasi-moment matching: D. Tasche, The art of probability-of-default curve calibration, J. Credit Risk 9(4)
 * (2013) 63-103, section 4; Estimating discriminatory power and PD curves when the number of defaults is
 * small (2009). Here the score is the log-odds that the model gives. For each slope the constant that meets
 * the mean is found, and with it the implied AUC rises from 1/2. */
#include "num/rank.h"
#include "num/special.h"
#include "strategy/calibrate.h"
#include "validate/cases.h"

#include <math.h>

#define STEEPEST 8.0 /* logarithm of the slope */

typedef struct curve {
    vouch_ctx *ctx;
    size_t n;
    double *x, *weight, *q; /* [n] by rising x; weight of ones where there are none */
    double to, auc, far;    /* far: the largest |x| */
    double slope, constant;
    vouch_status status;
} curve;

double vouch__implied_auc(size_t n, const double *p, const double *weight)
{
    vouch__dd pairs = { 0 }, bads = { 0 }, goods = { 0 };
    for (size_t i = 0, j; i < n; i = j) {
        double bad = 0.0, good = 0.0;
        for (j = i; j < n && p[j] == p[i]; j++) {
            bad += (weight ? weight[j] : 1.0) * p[j];
            good += (weight ? weight[j] : 1.0) * (1.0 - p[j]);
        }
        vouch__accumulate(&pairs, bad * (vouch__accumulated(goods) + 0.5 * good));
        vouch__accumulate(&bads, bad);
        vouch__accumulate(&goods, good);
    }
    return vouch__accumulated(pairs) / (vouch__accumulated(bads) * vouch__accumulated(goods));
}

static double mean_above(const void *self, double constant)
{
    const curve *c = self;
    vouch__dd sum = { 0 }, all = { 0 };
    for (size_t i = 0; i < c->n; i++) {
        vouch__accumulate(&sum, c->weight[i] * vouch__sigmoid(constant + c->slope * c->x[i]));
        vouch__accumulate(&all, c->weight[i]);
    }
    return vouch__accumulated(sum) / vouch__accumulated(all) - c->to;
}

static double implied(curve *c, double log_slope)
{
    c->slope = vouch__exp(log_slope);
    double reach = 60.0 + c->slope * c->far;
    if (!c->status)
        c->status = vouch__zero_of(c->ctx, mean_above, c, -reach, reach, &c->constant);
    for (size_t i = 0; i < c->n; i++)
        c->q[i] = vouch__sigmoid(c->constant + c->slope * c->x[i]);
    return vouch__implied_auc(c->n, c->q, c->weight);
}

static double auc_above(const void *self, double log_slope)
{
    curve *c = *(curve *const *)self;
    return c->status ? 0.0 : implied(c, log_slope) - c->auc;
}

static vouch_status arrange(vouch_ctx *ctx, const vouch__cal_data *d, curve *c)
{
    uint32_t *order = vouch__scratch(ctx, d->n + 1, sizeof *order);
    c->x = vouch__scratch(ctx, 3 * d->n + 1, sizeof *c->x);
    if (!order || !c->x)
        return vouch__oom(ctx);
    c->n = d->n;
    c->weight = c->x + d->n;
    c->q = c->weight + d->n;
    vouch_status status = vouch__order(ctx, d->n, d->p, order);
    for (size_t k = 0; k < d->n && !status; k++) {
        size_t i = order[k];
        c->x[k] = vouch__logit(fmin(1.0 - 1e-15, fmax(1e-15, d->p[i])));
        c->weight[k] = d->weight ? d->weight[i] : 1.0;
        c->far = fmax(c->far, fabs(c->x[k]));
    }
    return status;
}

vouch_status vouch__quasi_moments(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *d,
                                  vouch__map *out)
{
    curve c = { .ctx = ctx, .to = spec->to, .auc = spec->auc }, *self = &c;
    double log_slope = 0.0;
    vouch_status status = VOUCH_OK;
    if (!(c.auc > 0.5 && c.auc < 1.0))
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "calibrate: method qmm needs an AUC to imply, between 0.5 and 1, or outcomes to take it from");
    status = arrange(ctx, d, &c);
    if (!status)
        status = vouch__zero_of(ctx, auc_above, &self, -STEEPEST, STEEPEST, &log_slope);
    status = c.status ? c.status : status;
    if (status == VOUCH_E_DATA)
        return vouch__fail(
            ctx, status, "calibrate: no map of method qmm has that mean and implies that AUC on these data");
    if (status)
        return status;
    (void)implied(&c, log_slope);
    *out = (vouch__map){ .type = VOUCH__MAP_LOGIT, .a = c.constant, .b = c.slope };
    return c.status;
}
