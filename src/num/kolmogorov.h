/* num/kolmogorov.h: the limiting law of Kolmogorov-Smirnov distances. */
#ifndef VOUCH_KOLMOGOROV_H
#define VOUCH_KOLMOGOROV_H

/* P(K > x) = 2 sum (-1)^(k-1) exp(-2 k^2 x^2); 1 for x <= 0, NaN for NaN. Relative error below 1e-13. */
double vouch__kolmogorov_sf(double x);
/* Where that is p, 0 < p < 1. Relative error below 1e-12. */
double vouch__kolmogorov_quantile(double p);

#endif
