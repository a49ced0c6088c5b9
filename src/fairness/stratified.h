/* fairness/stratified.h: 2 x 2 tables of many strata taken together.
 *
 * Each is group and reference by approved and declined. Strata in which there is nothing to compare (a side
 * is empty, or all are decided alike) add nothing. */
#ifndef VOUCH_STRATIFIED_H
#define VOUCH_STRATIFIED_H

#include <stddef.h>

typedef struct vouch__stratum {
    double approved_p, declined_p, approved_r, declined_r;
} vouch__stratum;

/* ratio: Mantel and Haenszel's of the approval rates, with the interval of Greenland and Robins; odds: that
 * of the odds, with the interval of Robins, Breslow and Greenland; chi2, p: Cochran, Mantel and Haenszel's
 * test, without correction for continuity; even, even_p: Breslow and Day's test that the odds ratios are
 * equal, with Tarone's correction, on used - 1 degrees of freedom. NaN where there is none. */
typedef struct vouch__stratified {
    double ratio, ratio_low, ratio_high, odds, odds_low, odds_high, chi2, p, even, even_p;
    size_t used; /* strata that tell something */
} vouch__stratified;
vouch__stratified vouch__stratify(size_t n, const vouch__stratum *stratum, double level);

#endif
