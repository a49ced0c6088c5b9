/* Kolmogorov's law by its two theta series: one converges fast for large x, the other for small. */
#include "num/kolmogorov.h"

#include "num/special.h"

#include <math.h>

double vouch__kolmogorov_sf(double x)
{
    const double pi = 0x1.921fb54442d18p+1;
    double sum = 0.0;
    if (!(x > 0.0))
        return isnan(x) ? x : 1.0;
    if (x < 1.0) {
        for (int k = 1; k <= 9; k += 2)
            sum += vouch__exp(-(double)(k * k) * pi * pi / (8.0 * x * x));
        return fmax(0.0, 1.0 - sqrt(2.0 * pi) / x * sum);
    }
    for (int k = 1; k <= 9; k++)
        sum += (k % 2 ? 2.0 : -2.0) * vouch__exp(-2.0 * k * k * x * x);
    return fmin(1.0, sum);
}

double vouch__kolmogorov_quantile(double p)
{
    double low = 0.0, high = 1.0;
    while (vouch__kolmogorov_sf(high) > p)
        high *= 2.0;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        if (vouch__kolmogorov_sf(middle) > p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}
