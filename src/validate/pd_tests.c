/* Tests of PDs. Given the common factor x, defaults are
 * independent with chance Phi((Phi^-1(pd) + sqrt(rho) x) / sqrt(1 - rho)) (a large x is a bad year), so tails
 * are binomial tails averaged over a normal x: by Gauss-Legendre panels that are laid close where the tail
 * turns from 0 to 1. */
#include "validate/pd_tests.h"

#include "num/special.h"

#include <math.h>

double vouch__pd_binomial(double n, double d, double pd)
{
    return d <= 0.0 ? 1.0 : vouch__beta_inc(d, n - d + 1.0, pd); /* P(D >= d), without taking from 1 */
}

double vouch__pd_jeffreys(double n, double d, double pd) { return vouch__beta_inc(d + 0.5, n - d + 0.5, pd); }

static double chance_given(double threshold, double rho, double x)
{
    return vouch__normal_cdf((threshold + sqrt(rho) * x) / sqrt(1.0 - rho));
}

/* Nodes and weights of 10-point Gauss-Legendre on [-1, 1], the positive half. */
static const double node[] = { 0.14887433898163122, 0.43339539412924721, 0.67940956829902444,
                               0.86506336668898454, 0.97390652851717174 };
static const double node_weight[] = { 0.29552422471475287, 0.26926671930999635, 0.21908636251598204,
                                      0.14945134915058059, 0.06667134430868814 };

typedef struct pool {
    double n, d, threshold, rho;
} pool;

static double weighted_tail(const pool *q, double x)
{
    const double root_two_pi = 0x1.40d931ff62705p+1;
    double density = vouch__exp(-0.5 * x * x) / root_two_pi;
    return density * vouch__pd_binomial(q->n, q->d, chance_given(q->threshold, q->rho, x));
}

static double panel(const pool *q, double from, double to)
{
    double middle = 0.5 * (from + to), half = 0.5 * (to - from), sum = 0.0;
    for (size_t k = 0; k < sizeof node / sizeof *node; k++)
        sum += node_weight[k] *
               (weighted_tail(q, middle - half * node[k]) + weighted_tail(q, middle + half * node[k]));
    return half * sum;
}

double vouch__pd_binomial_correlated(double n, double d, double pd, double rho)
{
    enum { PANELS = 10 };
    const double end = 9.0; /* beyond it the normal has less than 1e-18 */
    if (rho <= 0.0 || d <= 0.0 || pd <= 0.0 || pd >= 1.0)
        return vouch__pd_binomial(n, d, pd);
    pool q = { n, d, vouch__normal_quantile(pd), rho };
    /* Where about half of the paths reach d, and how fast the tail turns there. */
    double share = fmin(fmax(d / n, 0.5 / n), 1.0 - 0.5 / n), z = vouch__normal_quantile(share);
    double turn = (sqrt(1.0 - rho) * z - q.threshold) / sqrt(rho);
    double slope = sqrt(rho / (1.0 - rho)) * vouch__exp(-0.5 * z * z) / 0x1.40d931ff62705p+1;
    double width = fmin(1.0, sqrt(share * (1.0 - share) / n) / slope), left = -end, sum = 0.0;
    turn = fmin(end, fmax(-end, turn));
    double from = fmax(-end, turn - 10.0 * width), to = fmin(end, turn + 10.0 * width);
    const double edge[] = { from, to, end };
    for (size_t part = 0; part < 3; part++) {
        for (int k = 0; k < PANELS && edge[part] > left; k++) {
            double step = (edge[part] - left) / PANELS;
            sum += panel(&q, left + k * step, left + (k + 1) * step);
        }
        left = fmax(left, edge[part]);
    }
    return fmin(1.0, sum);
}

double vouch__pd_critical_rate(double pd, double rho, double level)
{
    return vouch__normal_cdf((sqrt(rho) * vouch__normal_quantile(level) + vouch__normal_quantile(pd)) /
                             sqrt(1.0 - rho));
}

double vouch__pd_critical_count(double n, double pd, double rho, double level)
{
    double low = 0.0, high = n + 1.0; /* not enough; enough */
    while (high - low > 1.0) {
        double middle = floor(0.5 * (low + high));
        if (vouch__pd_binomial_correlated(n, middle, pd, rho) <= 1.0 - level)
            high = middle;
        else
            low = middle;
    }
    return high;
}

vouch__light vouch__pd_light(double p, double low, double high)
{
    return p < 1.0 - high ? VOUCH__RED : p < 1.0 - low ? VOUCH__YELLOW : VOUCH__GREEN;
}

const char *vouch__light_name(vouch__light light)
{
    static const char *const name[] = { "green", "yellow", "red" };
    return name[light];
}

vouch_status vouch__pd_normal_test(vouch_ctx *ctx, size_t years, const double *default_rate, const double *pd,
                                   vouch__normal_test *out)
{
    if (years < 3)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "normal test: %zu years, must be 3 or more", years);
    double sum = 0.0, square = 0.0, t = (double)years;
    for (size_t i = 0; i < years; i++)
        sum += default_rate[i] - pd[i];
    for (size_t i = 0; i < years; i++) {
        double off = default_rate[i] - pd[i] - sum / t;
        square += off * off;
    }
    double se = sqrt(square / (t - 1.0) / t);
    if (!(se > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "normal test: the yearly differences do not vary");
    *out = (vouch__normal_test){ .mean = sum / t, .statistic = sum / t / se };
    out->p_value = vouch__t_sf(out->statistic, t - 1.0);
    return VOUCH_OK;
}
