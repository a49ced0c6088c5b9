/* validate/corners.h: the ROC curve as its corners, from which the measures of ranking follow.
 *
 * Walking down the scores from the riskiest, every distinct score is one corner: what has been passed of each
 * class, ties together. Corner 0 is the start, where nothing has been passed; the last holds everything. With
 * x = good / all good (false positive rate) and y = bad / all bad (true positive rate) they are the ROC
 * curve. */
#ifndef VOUCH_CORNERS_H
#define VOUCH_CORNERS_H

#include "validate/cases.h"

typedef struct vouch__corner {
    double score;     /* of the cases just passed; corner 0 has INFINITY */
    double good, bad; /* weight passed, these included */
} vouch__corner;

typedef struct vouch__corners {
    size_t n; /* corners, 2 or more */
    const vouch__corner *at;
    double good, bad; /* weight of each class, above 0 */
    size_t cases, bad_cases;
} vouch__corners;

/* Into the caller's room[n + 1]. The rules are validate.h's: what names the operation in messages.
 * Fails  E_SHAPE  n is 0;  E_DATA  a score is NaN, a weight is not finite and above 0, or one class is absent
 * Cost   O(n), 36 n bytes of scratch */
vouch_status vouch__corners_make(vouch_ctx *ctx, const char *what, size_t n, const double *score,
                                 const uint8_t *bad, const double *weight, vouch__corner *room,
                                 vouch__corners *out);

/* The corners on the upper convex hull, by index, from the first to the last: out[corners->n], *out_n of
 * them. */
void vouch__corners_hull(const vouch__corners *corners, uint32_t *out, size_t *out_n);

/* Area under the part of the curve with false positive rate in [from, to], 0 <= from < to <= 1, between
 * straight lines. standardised is McClish's: 0.5 for a score that knows nothing, 1 for a perfect one. Source
 * D. K. McClish, Medical Decision Making 9 (1989) 190-195; scikit-learn's max_fpr with from = 0 */
void vouch__partial_auc(const vouch__corners *corners, double from, double to, double *out_area,
                        double *out_standardised);

/* Average precision, the sum over corners of the recall gained times the precision there: the step-wise area
 * under the precision-recall curve, without interpolation. A score that knows nothing has about the bad rate.
 * Source  scikit-learn average_precision_score; J. Davis & M. Goadrich, ICML 2006, on why not to interpolate.
 */
double vouch__average_precision(const vouch__corners *corners);
/* Its interval on the logit scale, with min(bads) as the effective number: Boyd, Eng & Page, ECML PKDD 2013.
 * At 0 and 1 it is [0, 1]. */
void vouch__average_precision_interval(double average_precision, double bad_cases, double level,
                                       double *out_low, double *out_high);

/* Area between the cumulative accuracy profile (bads caught against cases reviewed) and the diagonal, over
 * the same for a perfect score: the accuracy ratio, which equals 2 AUC - 1. */
double vouch__accuracy_ratio(const vouch__corners *corners);

/* What a review of the riskiest `share` of the cases catches; ties at the edge count in proportion, which is
 * the average over the ways of cutting them. 0 < share <= 1. */
typedef struct vouch__reviewed {
    double cases, bad;      /* weight reviewed, and the bad among it */
    double precision, lift; /* bad / cases; over the bad rate */
    double recall;          /* of the bad */
    double score;           /* of the last cases reviewed */
} vouch__reviewed;
vouch__reviewed vouch__review(const vouch__corners *corners, double share);

/* Hand's H: one minus the loss of the best cut-off for each cost, averaged over a beta(a, b) distribution of
 * costs, relative to the loss of the best rule that ignores the score. 0 for a score that knows nothing, 1
 * for a perfect one. The cost c is what turning a good away costs as a share of both costs; beta(2, 2) is
 * Hand's of 2009, which weighs both errors alike; beta(1 + bad rate, 1 + good rate) is Hand and
 * Anagnostopoulos' of 2014 (ask for it with a = NAN). Exact: the optimal cut-offs are the corners of the
 * convex hull, and each cost integral an incomplete beta function. Source  D. J. Hand, Machine Learning 77
 * (2009) 103-123; Hand & Anagnostopoulos, Pattern Recognition Letters 40 (2014) 41-46 Cost    O(n), 4 n bytes
 * of scratch */
vouch_status vouch__h_measure(vouch_ctx *ctx, const vouch__corners *corners, double a, double b,
                              double *out_h);

/* Expected maximum profit of a credit score, per applicant and as a share of the loan. A bad that is turned
 * away saves lambda, a good that is turned away forgoes return_on_loan; lambda, the share lost at default, is
 * 0 with chance none, 1 with chance all, and uniform between. For each lambda the cut-off is the best one;
 * where nothing is lost at default, nobody is turned away. none, all >= 0, none + all <= 1; return_on_loan >
 * 0. The paper's values for consumer credit: 0.55, 0.1, 0.2644. out_share  of the applicants turned away at
 * those cut-offs Source  T. Verbraken, C. Bravo, R. Weber & B. Baesens, Eur. J. Operational Research 238
 * (2014) 505-513 */
typedef struct vouch__profit_terms {
    double none, all, return_on_loan;
} vouch__profit_terms;
vouch_status vouch__expected_maximum_profit(vouch_ctx *ctx, const vouch__corners *corners,
                                            vouch__profit_terms terms, double *out_profit, double *out_share);

/* Cut-offs, as scores: cases at or above are turned away. Each is a corner; on ties the one that turns away
 * least. youden   the largest true positive rate - false positive rate cost     the least miss_cost x bads
 * passed + alarm_cost x goods turned away; INFINITY: turn nobody away recall   the first that catches
 * `target` of the bad */
typedef struct vouch__cutoff {
    double score;
    size_t corner; /* its index */
    double value;  /* Youden's index; cost per case; recall reached */
} vouch__cutoff;
vouch__cutoff vouch__cutoff_youden(const vouch__corners *corners);
vouch__cutoff vouch__cutoff_cost(const vouch__corners *corners, double miss_cost, double alarm_cost);
vouch__cutoff vouch__cutoff_recall(const vouch__corners *corners, double target);

#endif
