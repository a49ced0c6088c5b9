/* num/deviance.h: unit deviances: twice the log-likelihood that a mean mu loses against the mean y itself, at
 * dispersion 1. 0 where y = mu, accurate near there. mu > 0 (of a share: in [0, 1]); y in the family's range.
 * Source  McCullagh & Nelder, Generalized Linear Models (1989) 33-36; B. Jorgensen, J. R. Stat. Soc. B 49
 * (1987) 127-162 */
#ifndef VOUCH_DEVIANCE_H
#define VOUCH_DEVIANCE_H

double vouch__share_deviance(double y, double mu); /* binomial; y in [0, 1] */
double vouch__poisson_deviance(double y, double mu);
double vouch__gamma_deviance(double y, double mu);
double vouch__tweedie_deviance(double y, double mu, double power); /* power 1: poisson; 2: gamma */

/* y log(y / mu), 0 at y = 0. */
double vouch__entropy(double y, double mu);

#endif
