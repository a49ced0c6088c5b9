/* num/gamma_parts.h: the two pieces of Loader's form of binomial and Poisson probabilities. */
#ifndef VOUCH_GAMMA_PARTS_H
#define VOUCH_GAMMA_PARTS_H

#include "num/dd.h"

/* log gamma(x + 1) - log(sqrt(2 pi x) (x / e)^x), x > 0. */
double vouch__stirling_error(double x);

/* x log(x / mean) + mean - x, x and mean > 0, without cancellation where they are close. */
double vouch__deviance(double x, vouch__dd mean);

#endif
