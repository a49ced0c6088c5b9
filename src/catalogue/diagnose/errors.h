/* catalogue/diagnose/errors.h: how much larger the error of a case is than its own probability says. */
#ifndef VOUCH_ERRORS_H
#define VOUCH_ERRORS_H

#include "catalogue/diagnose/probe.h"
#include "num/special.h"

/* |y - p| less what it is on average when p is right: 2 p (1 - p). Mean 0 in every part of the cases of a
 * calibrated model, whatever its discrimination. */
static inline double vouch__excess_error(const vouch__probe *probe, size_t i)
{
    double p = probe->p[i];
    return (probe->bad[i] ? 1.0 - p : p) - 2.0 * p * (1.0 - p);
}

/* Sums over some cases. */
typedef struct vouch__error_sums {
    double n, n_bad, expected, error, excess, squares; /* squares of excess */
} vouch__error_sums;

static inline void vouch__error_add(vouch__error_sums *sums, const vouch__probe *probe, size_t i)
{
    double excess = vouch__excess_error(probe, i), p = probe->p[i];
    sums->n += 1.0;
    sums->n_bad += probe->bad[i];
    sums->expected += p;
    sums->error += probe->bad[i] ? 1.0 - p : p;
    sums->excess += excess;
    sums->squares += excess * excess;
}

/* Standard error of the mean excess. */
static inline double vouch__error_se(const vouch__error_sums *s)
{
    double mean = s->excess / s->n;
    return s->n > 1.0 ? sqrt(fmax(s->squares - s->n * mean * mean, 0.0) / (s->n - 1.0) / s->n) : (double)NAN;
}

#endif
