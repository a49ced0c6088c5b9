/* Intervals of a share by the three methods that this library quotes. */
#include "num/rates.h"

#include "num/special.h"

#include <math.h>

void vouch__wilson(double x, double n, double level, double *out_low, double *out_high)
{
    double z = vouch__normal_quantile(0.5 + 0.5 * level), p = x / n;
    double middle = p + z * z / (2.0 * n), reach = z * sqrt((p * (1.0 - p) + z * z / (4.0 * n)) / n);
    *out_low = x > 0.0 ? fmax(0.0, (middle - reach) / (1.0 + z * z / n)) : 0.0;
    *out_high = x < n ? fmin(1.0, (middle + reach) / (1.0 + z * z / n)) : 1.0;
}

void vouch__jeffreys_interval(double x, double n, double level, double *out_low, double *out_high)
{
    double tail = 0.5 - 0.5 * level;
    *out_low = x > 0.0 ? vouch__beta_quantile(tail, x + 0.5, n - x + 0.5) : 0.0;
    *out_high = x < n ? vouch__beta_quantile(1.0 - tail, x + 0.5, n - x + 0.5) : 1.0;
}

void vouch__clopper_pearson(double x, double n, double level, double *out_low, double *out_high)
{
    double tail = 0.5 - 0.5 * level;
    *out_low = x > 0.0 ? vouch__beta_quantile(tail, x, n - x + 1.0) : 0.0;
    *out_high = x < n ? vouch__beta_quantile(1.0 - tail, x + 1.0, n - x) : 1.0;
}
