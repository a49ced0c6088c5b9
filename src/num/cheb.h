/* num/cheb.h: Chebyshev series. */
#ifndef VOUCH_CHEB_H
#define VOUCH_CHEB_H

#include <stddef.h>

/* The sum of coef[k] T_k(t), by Clenshaw's recurrence, for t in [-1, 1]. */
static inline double vouch__cheb(size_t n, const double *coef, double t)
{
    double b1 = 0.0, b2 = 0.0;
    for (size_t k = n; k-- > 1;) {
        double b0 = coef[k] + (2.0 * t * b1 - b2);
        b2 = b1;
        b1 = b0;
    }
    return coef[0] + (t * b1 - b2);
}

#endif
