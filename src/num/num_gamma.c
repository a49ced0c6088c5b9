/* The gamma family.
 *
 * log gamma: Chebyshev series about its zeros 1 and 2, a product up to 10, Stirling's series beyond.
 * Incomplete gamma: the power series of P below a + 1 and the continued fraction of Q above, each times x^a
 * e^-x / gamma, which is written with the deviance x - a - a log(x/a) (C. Loader, "Fast and accurate
 * computation of binomial probabilities", 2000), so that it keeps its digits where a and x are large and
 * close. */
#include "num/gamma_parts.h"

#include "num/cheb.h"
#include "num/exp_parts.h"
#include "num/special.h"

#include <math.h>

static const double half_log_two_pi = 0x1.d67f1c864beb5p-1;

/* What Stirling's formula for log gamma(x) lacks: 1/(12 x) - 1/(360 x^3) + ..., x >= 10. */
static double stirling_rest(double x)
{
    static const double coef[] = { 1.0 / 12,   -1.0 / 360,        1.0 / 1260, -1.0 / 1680,
                                   1.0 / 1188, -691.0 / 360360.0, 1.0 / 156,  -3617.0 / 122400.0 };
    double square = 1.0 / (x * x), sum = coef[7];
    for (int k = 6; k >= 0; k--)
        sum = sum * square + coef[k];
    return sum / x;
}

/* log gamma(1 + z), |z| <= 1/2, without adding the 1: for tiny z that would lose its digits. */
static double lgamma_one_plus(double z) { return z * vouch__cheb(32, vouch__lgamma1_cheb, 2.0 * z); }

double vouch__lgamma(double x)
{
    if (isnan(x) || x < 0.0)
        return NAN;
    if (x == 0.0 || x == INFINITY)
        return INFINITY;
    if (x < 0.5)
        return lgamma_one_plus(x) - vouch__log(x);
    if (x <= 1.5)
        return lgamma_one_plus(x - 1.0);
    if (x >= 10.0)
        return x > 1e300 ? x * (vouch__log(x) - 1.0)
                         : (x - 0.5) * vouch__log(x) - x + half_log_two_pi + stirling_rest(x);
    double product = 1.0;
    while (x > 2.5) {
        x -= 1.0;
        product *= x;
    }
    double near_two = (x - 2.0) * vouch__cheb(21, vouch__lgamma2_cheb, 2.0 * (x - 2.0));
    return product == 1.0 ? near_two : vouch__log(product) + near_two;
}

double vouch__stirling_error(double x)
{
    if (x >= 10.0)
        return stirling_rest(x);
    return vouch__lgamma(1.0 + x) - (x + 0.5) * vouch__log(x) + x - half_log_two_pi;
}

double vouch__deviance(double x, vouch__dd mean)
{
    double d = (x - mean.hi) - mean.lo;
    if (fabs(d) >= 0.4 * (x + mean.hi))
        return x * vouch__log(x / mean.hi) - d - mean.lo * (x / mean.hi);
    double v = d / (x + mean.hi), square = v * v, term = 2.0 * x * v, sum = d * v;
    for (int j = 1; j < 60; j++) {
        term *= square;
        double next = sum + term / (2 * j + 1);
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

/* x^a e^-x / gamma(a + 1) */
static double gamma_front(double a, double x)
{
    const double root_two_pi = 0x1.40d931ff62706p1;
    if (a < 1.0)
        return vouch__exp(a * vouch__log(x) - x - vouch__lgamma(1.0 + a));
    double deviance = vouch__deviance(a, (vouch__dd){ x, 0.0 });
    vouch__dd sum = vouch__two_sum(-deviance, -vouch__stirling_error(a));
    return vouch__exp_sum(sum.hi, sum.lo) / (root_two_pi * sqrt(a));
}

/* P / front = 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...: about 6 sqrt(a) terms where x is near a. */
static double lower_series(double a, double x)
{
    double sum = 1.0, term = 1.0;
    for (long k = 1; k < 2000000; k++) {
        term *= x / (a + (double)k);
        sum += term;
        if (term < 0x1p-56 * sum)
            break;
    }
    return sum;
}

/* Q / (front a) by Lentz's method on DLMF 8.9.2. */
static double upper_fraction(double a, double x)
{
    double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, h = d;
    for (long k = 1; k < 2000000; k++) {
        double n = -(double)k * ((double)k - a);
        b += 2.0;
        d = n * d + b;
        c = b + n / c;
        d = 1.0 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        double change = c * d;
        h *= change;
        if (fabs(change - 1.0) < 0x1p-53)
            break;
    }
    return h;
}

/* Q for small a and x, where 1 - P would cancel: 1 - u and -u a sum of (-x)^k / (k! (a + k)), u = x^a /
 * gamma(a
 * + 1), each without cancellation. */
static double upper_small(double a, double x)
{
    double log_gamma = a <= 0.5 ? lgamma_one_plus(a) : vouch__lgamma(1.0 + a);
    double log_u = a * vouch__log(x) - log_gamma, sum = 0.0, term = 1.0;
    for (int k = 1; k < 60; k++) {
        term *= -x / k;
        sum += term / (a + k);
    }
    return -vouch__expm1(log_u) - vouch__exp(log_u) * a * sum;
}

static double gamma_either(double a, double x, int upper)
{
    if (!(a > 0.0) || !(x >= 0.0) || a == INFINITY)
        return NAN;
    if (x == 0.0 || x == INFINITY)
        return (x == 0.0) == (upper != 0) ? 1.0 : 0.0;
    if (a < 1.0 && x < 1.1 && upper)
        return upper_small(a, x);
    if (x < a + 1.0) {
        double p = fmin(gamma_front(a, x) * lower_series(a, x), 1.0);
        return upper ? 1.0 - p : p;
    }
    double q = fmin(gamma_front(a, x) * a * upper_fraction(a, x), 1.0);
    return upper ? q : 1.0 - q;
}

double vouch__gamma_p(double a, double x) { return gamma_either(a, x, 0); }

double vouch__gamma_q(double a, double x) { return gamma_either(a, x, 1); }

double vouch__chi2_sf(double x, double df)
{
    return x <= 0.0 && df > 0.0 ? 1.0 : vouch__gamma_q(0.5 * df, 0.5 * x);
}

/* Newton's steps within a bracket, as for the beta quantile; from Wilson and Hilferty's cube, or from x^a /
 * gamma(a
 * + 1), which is exact for small p. */
double vouch__chi2_quantile(double p, double df)
{
    if (!(p >= 0.0 && p <= 1.0) || !(df > 0.0))
        return NAN;
    if (p == 0.0 || p == 1.0)
        return p == 0.0 ? 0.0 : INFINITY;
    double a = 0.5 * df, low = 0.0, high = INFINITY, c = 2.0 / (9.0 * df);
    double cube = 1.0 - c + vouch__normal_quantile(p) * sqrt(c);
    double x = cube > 0.1 ? a * cube * cube * cube : vouch__exp((vouch__log(p) + vouch__lgamma(a + 1.0)) / a);
    for (int i = 0; i < 2000 && x > 0.0; i++) {
        /* whichever tail is the smaller holds the more digits */
        double error = p < 0.5 ? vouch__gamma_p(a, x) - p : (1.0 - p) - vouch__gamma_q(a, x);
        if (error > 0.0)
            high = x;
        else
            low = x;
        double step = error * x / (gamma_front(a, x) * a), next = x - step;
        if (fabs(step) <= 0x1p-52 * x)
            break;
        if (!(next > low && next < high))
            next = high < INFINITY ? low + 0.5 * (high - low) : 2.0 * x;
        if (next == low || next == high)
            break;
        x = next;
    }
    return 2.0 * x;
}

double vouch__lbeta(double a, double b)
{
    double p = fmin(a, b), q = fmax(a, b);
    if (isnan(a) || isnan(b) || p < 0.0)
        return NAN;
    if (p == 0.0)
        return INFINITY;
    if (q == INFINITY)
        return -INFINITY;
    double share = p / (p + q);
    if (p >= 10.0) {
        double rest = stirling_rest(p) + stirling_rest(q) - stirling_rest(p + q);
        return -0.5 * vouch__log(q) + half_log_two_pi + rest + (p - 0.5) * vouch__log(share) +
               q * vouch__log1p(-share);
    }
    if (q >= 10.0) {
        double rest = stirling_rest(q) - stirling_rest(p + q);
        return vouch__lgamma(p) + rest + p - p * vouch__log(p + q) + (q - 0.5) * vouch__log1p(-share);
    }
    return vouch__lgamma(p) + (vouch__lgamma(q) - vouch__lgamma(p + q));
}
