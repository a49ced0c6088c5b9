/* Unit deviances, written so that nothing cancels where y is near mu. */
#include "num/deviance.h"

#include "num/special.h"

#include <math.h>

/* The quotient's distance from 1 is taken first, so that nothing is lost near it. */
double vouch__entropy(double y, double mu)
{
    return y > 0.0 ? y * (fabs(y - mu) < 0.5 * mu ? vouch__log1p((y - mu) / mu) : vouch__log(y / mu)) : 0.0;
}

double vouch__share_deviance(double y, double mu)
{
    return fmax(0.0, 2.0 * (vouch__entropy(y, mu) + vouch__entropy(1.0 - y, 1.0 - mu)));
}

/* y log(y / mu) - (y - mu): of two nearly equal numbers the difference cancels, and the series does not. */
double vouch__poisson_deviance(double y, double mu)
{
    double d = (y - mu) / mu;
    if (fabs(d) < 1e-3) /* mu (d^2/2 - d^3/6 + d^4/12 - d^5/20) */
        return 2.0 * mu * d * d * (0.5 + d * (-1.0 / 6 + d * (1.0 / 12 + d * (-1.0 / 20 + d / 30))));
    return 2.0 * (vouch__entropy(y, mu) - (y - mu));
}

double vouch__gamma_deviance(double y, double mu) { return vouch__poisson_deviance(1.0, y / mu); }

double vouch__tweedie_deviance(double y, double mu, double p)
{
    if (fabs(p - 1.0) < 1e-12)
        return vouch__poisson_deviance(y, mu);
    if (fabs(p - 2.0) < 1e-12)
        return vouch__gamma_deviance(y, mu);
    double a = y > 0.0 ? vouch__pow(y, 2.0 - p) / ((1.0 - p) * (2.0 - p)) : 0.0;
    return fmax(0.0,
                2.0 * (a - y * vouch__pow(mu, 1.0 - p) / (1.0 - p) + vouch__pow(mu, 2.0 - p) / (2.0 - p)));
}
