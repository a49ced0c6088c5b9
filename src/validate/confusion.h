/* validate/confusion.h: yes-or-no decisions against outcomes. */
#ifndef VOUCH_CONFUSION_H
#define VOUCH_CONFUSION_H

#include "validate/cases.h"

/* Counts, or weights, of the four ways a decision and an outcome meet. positive = flagged as bad. */
typedef struct vouch__confusion {
    double true_positive, false_positive, false_negative, true_negative;
} vouch__confusion;

/* Cases scored at or above threshold are flagged. The rules are validate.h's. */
vouch_status vouch__confusion_count(vouch_ctx *ctx, size_t n, const double *score, const uint8_t *bad,
                                    const double *weight, double threshold, vouch__confusion *out);

/* A share with Wilson's interval; NaN all three where nothing is counted. */
typedef struct vouch__rate {
    double value, low, high;
} vouch__rate;
typedef struct vouch__confusion_rates {
    vouch__rate recall;      /* sensitivity: flagged among the bad */
    vouch__rate specificity; /* not flagged among the good */
    vouch__rate precision;   /* bad among the flagged */
    vouch__rate negative;    /* negative predictive value: good among the not flagged */
    vouch__rate accuracy;
    double f1;       /* 2 tp / (2 tp + fp + fn); NaN where nothing is bad nor flagged */
    double balanced; /* mean of recall and specificity */
    double youden;   /* recall + specificity - 1 */
    double mcc;      /* Matthews' correlation; 0 where a margin is empty, as scikit-learn */
    double kappa;    /* Cohen's; NaN where chance alone must agree */
    double f1_se;    /* delta method, as a multinomial sample */
} vouch__confusion_rates;
/* Source  E. B. Wilson, JASA 22 (1927); B. W. Matthews, BBA 405 (1975); J. Cohen, Educ. Psych. Meas. 20
 * (1960); K. Takahashi et al., Applied Intelligence 52 (2022) 4961-4972 for the error of F1 */
vouch__confusion_rates vouch__confusion_measure(const vouch__confusion *c, double level);

#endif
