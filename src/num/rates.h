/* num/rates.h: intervals of a share, from the count x of n > 0 cases; weights may make both fractional. level
 * is the coverage, in (0, 1). */
#ifndef VOUCH_RATES_H
#define VOUCH_RATES_H

/* Wilson's score interval. E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212 */
void vouch__wilson(double x, double n, double level, double *out_low, double *out_high);
/* Jeffreys' equal-tailed interval; at no cases the lower limit is 0, at all the upper is 1. L. D. Brown, T.
 * T. Cai & A. DasGupta, Stat. Science 16 (2001) 101-133 */
void vouch__jeffreys_interval(double x, double n, double level, double *out_low, double *out_high);
/* The exact interval, which never covers less than level. C. J. Clopper & E. S. Pearson, Biometrika 26 (1934)
 * 404-413 */
void vouch__clopper_pearson(double x, double n, double level, double *out_low, double *out_high);

#endif
