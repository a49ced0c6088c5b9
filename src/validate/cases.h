/* validate/cases.h: what the metrics share: the check of their input, and a sum that keeps its digits. */
#ifndef VOUCH_CASES_H
#define VOUCH_CASES_H

#include "num/dd.h"
#include "vouch/validate.h"

/* The rules of validate.h: n > 0, no NaN among the scores, outcomes 0 or 1, weights finite and > 0. what
 * names the operation in messages; score may be NULL. */
vouch_status vouch__cases_check(vouch_ctx *ctx, const char *what, size_t n, const double *score,
                                const uint8_t *bad, const double *weight, size_t *out_n_bad);

/* Every probability is in [0, 1]. */
vouch_status vouch__cases_probability(vouch_ctx *ctx, const char *what, size_t n, const double *probability);

vouch_status vouch__cases_level(vouch_ctx *ctx, const char *what, double level);

/* E_DATA when a class is absent. */
vouch_status vouch__cases_both(vouch_ctx *ctx, const char *what, size_t n, size_t n_bad);

/* Half the width of a normal interval in standard errors: 1.96 for 0.95. */
double vouch__cases_margin(double level);

/* A running sum in index order whose error does not grow with its length. */
static inline void vouch__accumulate(vouch__dd *sum, double value)
{
    vouch__dd s = vouch__two_sum(sum->hi, value);
    *sum = (vouch__dd){ s.hi, sum->lo + s.lo };
}

static inline double vouch__accumulated(vouch__dd sum) { return sum.hi + sum.lo; }

#endif
