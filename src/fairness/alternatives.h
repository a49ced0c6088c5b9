/* fairness/alternatives.h: less discriminatory alternatives: how a candidate is held against the baseline,
 * which candidates lie on the front, and which one a rule written down before takes. Candidates come scored
 * and decided; how they are made is the caller's.
 * Source  Gillis, Meursault & Ustun, Operationalizing the Search for Less Discriminatory Alternatives in Fair
 * Lending, FAccT '24 (2024) 377-387 */
#ifndef VOUCH_ALTERNATIVES_H
#define VOUCH_ALTERNATIVES_H

#include "fairness/comparison.h"

typedef enum vouch__disparity_measure { VOUCH__DISPARITY_AIR, VOUCH__DISPARITY_SMD } vouch__disparity_measure;

/* What disparities are measured on: one part's groups, by protected column. */
typedef struct vouch__disparity {
    vouch__disparity_measure measure;
    size_t n_columns;
    const vouch__groups *groups; /* [n_columns], of the same rows */
    double min_group;
} vouch__disparity;

/* One candidate's scores and decisions on those rows. */
typedef struct vouch__ruling {
    size_t n;
    const double *raw; /* larger = riskier */
    const uint8_t *approve, *bad;
} vouch__ruling;

typedef struct vouch__figure {
    double value, low, high; /* at VOUCH__FAIR_LEVEL */
} vouch__figure;

/* The worst group of any column: the lowest ratio of approval rates, or the largest standardised difference
 * of mean scores towards decline. column SIZE_MAX: no two groups can be compared. */
typedef struct vouch__gap {
    vouch__figure figure;
    size_t column, group;
} vouch__gap;
vouch_status vouch__gap_find(vouch_ctx *ctx, const vouch__disparity *d, const vouch__ruling *rows,
                             vouch__gap *out);

/* How much less disparity a has than b, each at its worst group: log(ratio a / ratio b), or the difference
 * b - a of the standardised means. Both rule on the same people, so the interval is that of the paired
 * difference, from the influence of each case on either figure. */
vouch_status vouch__gap_gain(vouch_ctx *ctx, const vouch__disparity *d, const vouch__ruling *a,
                             const vouch__gap *gap_a, const vouch__ruling *b, const vouch__gap *gap_b,
                             vouch__figure *out);

/* Money per applicant, gain for an approved good and loss for an approved bad: the mean of a, less that of b
 * case by case where b is not NULL. */
typedef struct vouch__payoff {
    double gain, loss;
} vouch__payoff;
vouch_status vouch__payoff_against(vouch_ctx *ctx, vouch__payoff payoff, const vouch__ruling *a,
                                   const vouch__ruling *b, vouch__figure *out);

typedef enum vouch__fate {
    VOUCH__FATE_BASELINE,
    VOUCH__FATE_CHOSEN,
    VOUCH__FATE_MORE,   /* eligible, but with more disparity than the chosen one */
    VOUCH__FATE_FAILED, /* could not be made */
    VOUCH__FATE_SAME,   /* the figures of an earlier candidate */
    VOUCH__FATE_WEAKER, /* performance is not shown to be within the margin */
    VOUCH__FATE_NO_LESS,
    VOUCH__FATE_CHANCE /* less disparity, but not more than chance makes */
} vouch__fate;

typedef struct vouch__candidate {
    vouch__figure performance, against; /* against the baseline */
    vouch__gap gap;
    vouch__figure gain;
    double approved; /* share */
    size_t other;    /* SAME: which; MORE: the chosen. This and the rest are set by vouch__candidates_judge */
    vouch__fate fate;
    bool on_front, is_failed; /* is_failed: by the caller */
} vouch__candidate;

/* candidate[0] is the baseline. Eligible is who has less disparity than it beyond chance and whose
 * performance is shown not to fall by more than margin; of those the one with the least disparity is chosen,
 * of equals the better performing, then the earlier. Returns it, or SIZE_MAX. on_front: nobody is at least as
 * good on both and better on one. */
size_t vouch__candidates_judge(vouch__disparity_measure measure, double margin, size_t n,
                               vouch__candidate *candidate);

/* The P(bad) up to which about a share is approved: ties together, in or out, whichever is nearer; -1:
 * nobody. sorted: ascending. */
double vouch__approve_cutoff(size_t n, const double *sorted, double share);

/* Weights that make outcome and group independent: the product of the shares of group and outcome over the
 * share of both (Kamiran & Calders, Knowl. Inf. Syst. 33, 2012). Cells that are empty are not asked for. out
 * [n]. */
void vouch__reweigh(const vouch__groups *groups, const uint8_t *bad, double *out);

#endif
