/* The error function and the normal distribution.
 *
 * Below 1: erf(x) = x P(x^2). Above: erfc(x) = exp(-x^2) times a slowly varying factor, a Chebyshev series in
 * (x - 4) / (x + 4), which holds to infinity. exp(-x^2) is taken with the square in two parts, or the tail
 * would lose as many digits as the square has. */
#include "num/cheb.h"
#include "num/exp_parts.h"
#include "num/special.h"

#include <math.h>

/* exp(x^2) erfc(x) for x >= 1 */
static double scaled_tail(double x)
{
    return vouch__cheb(25, vouch__erfcx_cheb, ((x - 4.0) / (x + 4.0) - 0.2) / 0.8) / (x + 0.5);
}

double vouch__erf(double x)
{
    if (isnan(x))
        return x;
    if (fabs(x) < 1.0)
        return x * vouch__cheb(14, vouch__erf_cheb, 2.0 * x * x - 1.0);
    double tail = vouch__erfc(fabs(x));
    return x > 0.0 ? 1.0 - tail : tail - 1.0;
}

double vouch__erfc(double x)
{
    if (isnan(x))
        return x;
    if (x < 1.0)
        return x > -1.0 ? 1.0 - vouch__erf(x) : x < -6.0 ? 2.0 : 2.0 - vouch__erfc(-x);
    if (x > 27.3)
        return 0.0;
    vouch__dd square = vouch__two_prod(x, x);
    return vouch__exp_sum(-square.hi, -square.lo) * scaled_tail(x);
}

double vouch__normal_sf(double x)
{
    const double root_half = 0x1.6a09e667f3bcdp-1;
    if (isnan(x))
        return x;
    if (x * root_half < 1.0)
        return 0.5 * vouch__erfc(x * root_half); /* not in the tail: the square is small */
    if (x > 38.6)
        return 0.0;
    vouch__dd square = vouch__two_prod(x, x);
    double density = vouch__exp_sum(-0.5 * square.hi, -0.5 * square.lo);
    return density * (0.5 * scaled_tail(x * root_half));
}

double vouch__normal_cdf(double x) { return vouch__normal_sf(-x); }

static double ratio(const double (*coef)[2], double r) /* seven down to 0: numerator, denominator */
{
    double num = coef[7][0], den = coef[7][1];
    for (int k = 6; k >= 0; k--) {
        num = num * r + coef[k][0];
        den = den * r + coef[k][1];
    }
    return num / den;
}

/* M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484. */
double vouch__normal_quantile(double p)
{
    /* clang-format off */
    static const double middle[8][2] = {
        { 3.3871328727963666080e0, 1.0 },
        { 1.3314166789178437745e2, 4.2313330701600911252e1 },
        { 1.9715909503065514427e3, 6.8718700749205790830e2 },
        { 1.3731693765509461125e4, 5.3941960214247511077e3 },
        { 4.5921953931549871457e4, 2.1213794301586595867e4 },
        { 6.7265770927008700853e4, 3.9307895800092710610e4 },
        { 3.3430575583588128105e4, 2.8729085735721942674e4 },
        { 2.5090809287301226727e3, 5.2264952788528545610e3 } };
    static const double near[8][2] = {
        { 1.42343711074968357734e0, 1.0 },
        { 4.63033784615654529590e0, 2.05319162663775882187e0 },
        { 5.76949722146069140550e0, 1.67638483018380384940e0 },
        { 3.64784832476320460504e0, 6.89767334985100004550e-1 },
        { 1.27045825245236838258e0, 1.48103976427480074590e-1 },
        { 2.41780725177450611770e-1, 1.51986665636164571966e-2 },
        { 2.27238449892691845833e-2, 5.47593808499534494600e-4 },
        { 7.74545014278341407640e-4, 1.05075007164441684324e-9 } };
    static const double far[8][2] = {
        { 6.65790464350110377720e0, 1.0 },
        { 5.46378491116411436990e0, 5.99832206555887937690e-1 },
        { 1.78482653991729133580e0, 1.36929880922735805310e-1 },
        { 2.96560571828504891230e-1, 1.48753612908506148525e-2 },
        { 2.65321895265761230930e-2, 7.86869131145613259100e-4 },
        { 1.24266094738807843860e-3, 1.84631831751005468180e-5 },
        { 2.71155556874348757815e-5, 1.42151175831644588870e-7 },
        { 2.01033439929228813265e-7, 2.04426310338993978564e-15 } };
    /* clang-format on */
    if (!(p >= 0.0 && p <= 1.0))
        return NAN;
    if (p == 0.0 || p == 1.0)
        return p == 0.0 ? -INFINITY : INFINITY;
    double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(middle, 0.180625 - q * q);
    double r = sqrt(-vouch__log(q < 0.0 ? p : 1.0 - p));
    double x = r <= 5.0 ? ratio(near, r - 1.6) : ratio(far, r - 5.0);
    return q < 0.0 ? -x : x;
}
