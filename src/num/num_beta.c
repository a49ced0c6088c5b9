/* The beta family, and the distributions that are its cases.
 *
 * I_x(a, b) = x^a y^b / B(a, b) times a continued fraction (DLMF 8.17.22), y = 1 - x, on the side where that
 * converges in O(sqrt(a + b)) steps; the front factor in Loader's form. x and y come in two parts each,
 * because with large a and b the front turns on digits that one double does not hold. */
#include "num/gamma_parts.h"

#include "num/exp_parts.h"
#include "num/special.h"

#include <math.h>

/* log of x^a y^b gamma(a + b + 1) / (gamma(a + 1) gamma(b + 1)), less the square-root factor that the caller
 * applies: a, b > 0. */
static vouch__dd log_binomial_core(double a, double b, vouch__dd x, vouch__dd y)
{
    vouch__dd n = vouch__two_sum(a, b);
    double rest = vouch__stirling_error(n.hi) - vouch__stirling_error(a) - vouch__stirling_error(b);
    double da = vouch__deviance(a, vouch__dd_mul(n, x)), db = vouch__deviance(b, vouch__dd_mul(n, y));
    vouch__dd sum = vouch__two_sum(-da, -db);
    return vouch__two_sum(sum.hi, sum.lo + rest);
}

/* x^a y^b / B(a, b) */
static double beta_front(double a, double b, vouch__dd x, vouch__dd y)
{
    const double two_pi = 0x1.921fb54442d18p2;
    if (a < 1e-3 || b < 1e-3) /* Stirling's form would subtract logarithms of tiny numbers */
        return vouch__exp(a * vouch__log(x.hi) + b * vouch__log(y.hi) - vouch__lbeta(a, b));
    vouch__dd log_core = log_binomial_core(a, b, x, y);
    return vouch__exp_sum(log_core.hi, log_core.lo) * sqrt(a / (a + b) * b / two_pi);
}

/* Modified Lentz; good where x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / (fabs(d) < 1e-300 ? 1e-300 : d);
    double h = d;
    for (long k = 1; k < 1000000; k++) {
        double m = (double)k, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 + even * d;
        c = 1.0 + even / c;
        d = 1.0 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        h *= c * d;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 + odd * d;
        c = 1.0 + odd / c;
        d = 1.0 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        double change = c * d;
        h *= change;
        if (fabs(change - 1.0) < 0x1p-53)
            break;
    }
    return h;
}

/* I_x(a, b) with y = 1 - x given, both good to more than a double. */
static double beta_both(double a, double b, vouch__dd x, vouch__dd y)
{
    if (!(a > 0.0 && b > 0.0) || !(x.hi >= 0.0 && y.hi >= 0.0))
        return NAN;
    if (x.hi == 0.0 || y.hi == 0.0)
        return x.hi == 0.0 ? 0.0 : 1.0;
    double front = beta_front(a, b, x, y);
    if (x.hi < (a + 1.0) / (a + b + 2.0))
        return fmin(front * beta_fraction(a, b, x.hi) / a, 1.0);
    return fmax(1.0 - front * beta_fraction(b, a, y.hi) / b, 0.0);
}

static vouch__dd one_less(double x) { return vouch__two_sum(1.0, -x); }

double vouch__beta_inc(double a, double b, double x)
{
    if (!(x >= 0.0 && x <= 1.0))
        return NAN;
    return beta_both(a, b, (vouch__dd){ x, 0.0 }, one_less(x));
}

/* odds / (1 + odds) and 1 / (1 + odds) */
static void shares(double odds, vouch__dd *x, vouch__dd *y)
{
    vouch__dd sum = vouch__two_sum(1.0, odds);
    *x = vouch__dd_div((vouch__dd){ odds, 0.0 }, sum);
    *y = vouch__dd_div((vouch__dd){ 1.0, 0.0 }, sum);
}

double vouch__t_sf(double t, double df)
{
    vouch__dd x, y;
    if (isnan(t) || !(df > 0.0))
        return NAN;
    if (df == INFINITY)
        return vouch__normal_sf(t);
    double odds = t / df * t;
    if (odds > 1e100) /* the power law of the tail, beyond what the two-part sums hold */
        return t < 0.0 ? 1.0
                       : 0.5 *
                             vouch__exp(-0.5 * df * (2.0 * vouch__log(t) - vouch__log(df)) -
                                        vouch__lbeta(0.5 * df, 0.5)) /
                             (0.5 * df);
    if (odds < 1e-100)
        return 0.5;
    shares(odds, &y, &x);
    double tail = 0.5 * beta_both(0.5 * df, 0.5, x, y);
    return t > 0.0 ? tail : 1.0 - tail;
}

double vouch__f_sf(double f, double df1, double df2)
{
    vouch__dd x, y;
    if (isnan(f) || !(df1 > 0.0 && df2 > 0.0))
        return NAN;
    double odds = df1 * f / df2;
    if (!(odds > 1e-100))
        return 1.0;
    if (odds > 1e100)
        return 0.0;
    shares(odds, &y, &x);
    return beta_both(0.5 * df2, 0.5 * df1, x, y);
}

/* Newton's steps within a bracket that every step narrows; where a step would leave it, halving instead. The
 * start is exact for small p (I_x(a, b) ~ x^a / (a B)), else the mean. */
double vouch__beta_quantile(double p, double a, double b)
{
    if (!(p >= 0.0 && p <= 1.0) || !(a > 0.0 && b > 0.0))
        return NAN;
    if (p == 0.0 || p == 1.0)
        return p;
    double log_beta = vouch__lbeta(a, b), low = 0.0, high = 1.0;
    double x = vouch__exp((vouch__log(p) + vouch__log(a) + log_beta) / a);
    if (!(x < a / (a + b)))
        x = a / (a + b);
    for (int i = 0; i < 2000 && x > 0.0 && x < 1.0; i++) {
        double error = vouch__beta_inc(a, b, x) - p;
        if (error > 0.0)
            high = x;
        else
            low = x;
        double slope = beta_front(a, b, (vouch__dd){ x, 0.0 }, one_less(x)) / (x * (1.0 - x));
        double step = error / slope, next = x - step;
        if (fabs(step) <= 0x1p-52 * x)
            break;
        if (!(next > low && next < high))
            next = low + 0.5 * (high - low);
        if (next == low || next == high)
            break;
        x = next;
    }
    return x;
}

double vouch__binomial_cdf(double k, double n, double p)
{
    if (!(p >= 0.0 && p <= 1.0) || !(n >= 0.0) || isnan(k))
        return NAN;
    k = floor(k);
    if (k < 0.0 || k >= n)
        return k < 0.0 ? 0.0 : 1.0;
    return beta_both(n - k, k + 1.0, one_less(p), (vouch__dd){ p, 0.0 });
}

double vouch__binomial_log_pmf(double k, double n, double p)
{
    const double two_pi = 0x1.921fb54442d18p2;
    if (!(p >= 0.0 && p <= 1.0) || !(n >= 0.0) || isnan(k))
        return NAN;
    if (k < 0.0 || k > n || k != floor(k) || (p == 0.0 && k > 0.0) || (p == 1.0 && k < n))
        return -INFINITY;
    if (p == 0.0 || p == 1.0)
        return 0.0;
    if (k == 0.0)
        return n * vouch__log1p(-p);
    if (k == n)
        return n * vouch__log(p);
    vouch__dd log_core = log_binomial_core(k, n - k, (vouch__dd){ p, 0.0 }, one_less(p));
    return log_core.hi + (log_core.lo - 0.5 * vouch__log(two_pi * k * ((n - k) / n)));
}

/* As a ratio of three binomials at the same p, which cancels (Loader). */
double vouch__hypergeometric_log_pmf(double k, double total, double marked, double drawn)
{
    if (!(total >= 0.0 && marked >= 0.0 && drawn >= 0.0 && marked <= total && drawn <= total) || isnan(k))
        return NAN;
    if (k < 0.0 || k != floor(k) || k > marked || k > drawn || drawn - k > total - marked)
        return -INFINITY;
    double p = drawn / total;
    if (drawn == 0.0 || drawn == total)
        return 0.0;
    return vouch__binomial_log_pmf(k, marked, p) + vouch__binomial_log_pmf(drawn - k, total - marked, p) -
           vouch__binomial_log_pmf(drawn, total, p);
}
