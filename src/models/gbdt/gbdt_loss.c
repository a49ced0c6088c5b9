/* The losses: what a target may be, where scores begin, gradients and curvatures, and the loss itself.
 *
 * With score s, mean m = exp(s) and p = 1 / (1 + exp(-s)):
 *   logistic   g = p - y                         h = p (1 - p)
 *   squared    g = s - y                         h = 1
 *   poisson    g = m - y                         h = m
 *   gamma      g = 1 - y / m                     h = y / m
 *   tweedie    g = m^(2-v) - y m^(1-v)           h = (2-v) m^(2-v) - (1-v) y m^(1-v)        v: power
 *   quantile   g = 1 - a above y, -a below       h = 1                                      a: quantile
 *   focal      g = +-q^f (f p' log p' - q)       h: its derivative, at least q^f p' q       f: focal
 * where p' is the probability of what happened and q = 1 - p' (Lin et al., ICCV 2017; where focal loss is not
 * convex its curvature is replaced). Those with a logarithmic link step carefully: a Newton step w beyond 1
 * in size becomes 1 + log |w|, because exp would overshoot.
 *
 * Logistic and squared loss have kernels of their own; the others are computed in double, a row at a time. */
#include "models/gbdt/gbdt.h"
#include "num/rank.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

enum { FAR = 500 }; /* scores beyond it are held to it where exp would overflow */

static double mean_of(double score) { return vouch__exp(fmin(fmax(score, -FAR), FAR)); }

const char *vouch__gbdt_loss_name(vouch__gbdt_loss_id loss)
{
    static const char *const name[VOUCH__LOSSES] = { "logistic", "squared",  "poisson", "gamma",
                                                     "tweedie",  "quantile", "focal",   "custom" };
    return name[loss];
}

const char *vouch__gbdt_loss_title(vouch__gbdt_loss_id loss)
{
    static const char *const title[VOUCH__LOSSES] = { "log-loss",   "squared error",    "Poisson loss",
                                                      "gamma loss", "Tweedie loss",     "pinball loss",
                                                      "focal loss", "the caller's loss" };
    return title[loss];
}

vouch_link vouch__gbdt_link(vouch__gbdt_loss_id loss)
{
    static const vouch_link link[VOUCH__LOSSES] = { VOUCH_LINK_LOGIT, VOUCH_LINK_IDENTITY,
                                                    VOUCH_LINK_LOG,   VOUCH_LINK_LOG,
                                                    VOUCH_LINK_LOG,   VOUCH_LINK_IDENTITY,
                                                    VOUCH_LINK_LOGIT, VOUCH_LINK_IDENTITY };
    return link[loss];
}

bool vouch__gbdt_is_binary(vouch__gbdt_loss_id loss)
{
    return loss == VOUCH__LOSS_LOGISTIC || loss == VOUCH__LOSS_FOCAL;
}

/* What is wrong with a target, or NULL. */
const char *vouch__gbdt_target_wrong(vouch__gbdt_loss_id loss, double y)
{
    if (vouch__gbdt_is_binary(loss))
        return y == 0.0 || y == 1.0 ? NULL : "neither 0 nor 1";
    if (!(fabs(y) < 1e150))
        return "not a number below 1e150";
    if (loss == VOUCH__LOSS_GAMMA && !(y > 0.0))
        return "not above 0, as gamma loss needs it";
    if ((loss == VOUCH__LOSS_POISSON || loss == VOUCH__LOSS_TWEEDIE) && y < 0.0)
        return "below 0";
    if (vouch__gbdt_link(loss) == VOUCH_LINK_LOG && y > 1e30)
        return "not below 1e30";
    return NULL;
}

/* A focal loss's gradient and curvature in the direction of what happened. */
static void focal(double f, double s, bool is_bad, double *g, double *h)
{
    double z = is_bad ? s : -s, p = vouch__sigmoid(z), q = vouch__sigmoid(-z);
    double log_p = -vouch__softplus(-z), scale = f == 0.0 ? 1.0 : vouch__exp(-f * vouch__softplus(z));
    double inner = f * p * log_p - q;
    double curved = scale * p * (q * (f * log_p + f + 1.0) - f * inner);
    *g = (is_bad ? 1.0 : -1.0) * scale * inner;
    *h = fmax(curved, scale * p * q);
}

void vouch__gbdt_slopes(const vouch__gbdt_outcome *o, double s, double y, double *g, double *h)
{
    double m = 0.0;
    *h = 1.0;
    switch (o->loss) {
    case VOUCH__LOSS_POISSON:
        m = mean_of(s);
        *g = m - y;
        *h = m;
        return;
    case VOUCH__LOSS_GAMMA:
        m = y * mean_of(-s);
        *g = 1.0 - m;
        *h = m;
        return;
    case VOUCH__LOSS_TWEEDIE: {
        double a = y * mean_of((1.0 - o->shape) * s), b = mean_of((2.0 - o->shape) * s);
        *g = b - a;
        *h = (2.0 - o->shape) * b - (1.0 - o->shape) * a;
        return;
    }
    case VOUCH__LOSS_QUANTILE: *g = s >= y ? 1.0 - o->shape : -o->shape; return;
    case VOUCH__LOSS_FOCAL: focal(o->shape, s, y > 0.5, g, h); return;
    case VOUCH__LOSS_LOGISTIC:
        *g = vouch__sigmoid(s) - y;
        *h = vouch__sigmoid(s) * vouch__sigmoid(-s);
        return;
    default: *g = s - y; return;
    }
}

double vouch__gbdt_loss_of(const vouch__gbdt_outcome *o, double s, double y)
{
    double v = o->shape;
    switch (o->loss) {
    case VOUCH__LOSS_LOGISTIC: return vouch__softplus(y > 0.5 ? -s : s);
    case VOUCH__LOSS_POISSON: return mean_of(s) - y * s;
    case VOUCH__LOSS_GAMMA: return s + y * mean_of(-s);
    case VOUCH__LOSS_TWEEDIE:
        return mean_of((2.0 - v) * s) / (2.0 - v) - y * mean_of((1.0 - v) * s) / (1.0 - v);
    case VOUCH__LOSS_QUANTILE: return s >= y ? (1.0 - v) * (s - y) : v * (y - s);
    case VOUCH__LOSS_FOCAL: {
        double z = y > 0.5 ? s : -s;
        return vouch__softplus(-z) * (v == 0.0 ? 1.0 : vouch__exp(-v * vouch__softplus(z)));
    }
    case VOUCH__LOSS_CUSTOM: return o->objective->loss(o->objective->self, s, y);
    default: return (s - y) * (s - y);
    }
}

double vouch__gbdt_step(vouch__gbdt_loss_id loss, double w)
{
    if (vouch__gbdt_link(loss) != VOUCH_LINK_LOG || fabs(w) <= 1.0)
        return w;
    return w > 0.0 ? 1.0 + vouch__log(w) : -1.0 - vouch__log(-w);
}

vouch_status vouch__gbdt_start(vouch_ctx *ctx, const vouch__gbdt_outcome *o, const double *weight,
                               double *out_start)
{
    double mean = vouch__mean(o->n, o->target, weight);
    vouch_link link = vouch__gbdt_link(o->loss);
    *out_start = mean;
    if (o->loss == VOUCH__LOSS_CUSTOM)
        *out_start = o->objective->start;
    else if (link == VOUCH_LINK_LOGIT)
        *out_start = vouch__logit(mean);
    else if (link == VOUCH_LINK_LOG)
        *out_start = vouch__log(mean);
    else if (o->loss == VOUCH__LOSS_QUANTILE)
        return vouch__gbdt_quantile(ctx, o->n, o->target, weight, o->shape, out_start);
    return VOUCH_OK;
}

/* The smallest value with a share p of the weight at or below it. */
vouch_status vouch__gbdt_quantile(vouch_ctx *ctx, size_t n, const double *value, const double *weight,
                                  double p, double *out)
{
    size_t mark = vouch__scratch_mark(ctx), at = 0;
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, value, order);
    if (!status) {
        double total = 0.0, below = 0.0;
        for (size_t i = 0; i < n; i++)
            total += weight ? weight[i] : 1.0;
        for (at = 0; at + 1 < n; at++) {
            below += weight ? weight[order[at]] : 1.0;
            if (below >= p * total)
                break;
        }
        *out = value[order[at]];
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
