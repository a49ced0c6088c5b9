/* validate/calibration.h: the parts of calibration that the suite shows and validate.h does not export. */
#ifndef VOUCH_CALIBRATION_H
#define VOUCH_CALIBRATION_H

#include "vouch/validate.h"

/* One bin of a reliability table; weights count where there are any. effective is Kish's number of cases. */
typedef struct vouch__reliability {
    double low, high;                      /* of the probabilities in it */
    double n, effective, bad, probability; /* sums */
    double within; /* sum of (p - mean p)^2 - 2 (p - mean p)(y - bad rate): what binning hides of Brier's
                      score */
} vouch__reliability;

/* Bins in ascending order, empty ones left out: out[bins], out_used of them. As vouch_validate_ece. */
vouch_status vouch__reliability_table(vouch_ctx *ctx, size_t n, const double *probability, const uint8_t *bad,
                                      const double *weight, size_t bins, int equal_mass,
                                      vouch__reliability *out, size_t *out_used);

/* Logistic regression of the outcome on the logit of the probability (clipped to [1e-15, 1 - 1e-15]): a
 * perfect model has intercept 0 and slope 1. in_the_large is the intercept with the slope held at 1.
 * statistic is twice the gain in log likelihood over (0, 1), chi-square with 2 degrees of freedom. Fails
 * E_DATA      the probabilities are all alike, or a class is absent E_CONVERGE  the probabilities separate
 * the classes, so that no finite line fits best */
typedef struct vouch__calibration_line {
    double intercept, slope, intercept_se, slope_se, in_the_large, in_the_large_se, statistic, p_value;
} vouch__calibration_line;
vouch_status vouch__calibration_line_fit(vouch_ctx *ctx, size_t n, const double *probability,
                                         const uint8_t *bad, const double *weight,
                                         vouch__calibration_line *out_line);

#endif
