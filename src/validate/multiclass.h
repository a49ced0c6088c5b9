/* validate/multiclass.h: models with more than two outcomes.
 *
 *   n, k         cases and classes, k at least 2
 *   label        [n]  the outcome, 0 to k - 1
 *   probability  [n x k]  row-major, each in [0, 1], each row adding up to 1 within 1e-6; no NaN */
#ifndef VOUCH_MULTICLASS_H
#define VOUCH_MULTICLASS_H

#include "validate/cases.h"

typedef struct vouch__class {
    double cases, predicted, hits;
    double precision, recall, f1; /* 0 where nothing is predicted, or nothing is there, as scikit-learn */
    double auc;                   /* this class against all others; NaN where it is absent or alone */
} vouch__class;

/* The predicted class is the most probable, the lowest of equals.
 *   macro     plain mean over the classes that have cases;  weighted: by their cases
 *   kappa, mcc  over the whole table; Gorodkin's extension of Matthews' correlation
 *   hand_till   M: the mean over pairs of classes of how well each one's probability separates the two,
 *               without regard to their sizes. 0.5 knows nothing. Each AUC is a mean of placements of its two
 *               classes, so M is a mean of what each case adds in all pairs of its class; classes are drawn
 *               apart, and their variances add, as DeLong's of one AUC do
 *   log_loss    natural logarithm, probabilities clipped to [1e-15, 1]
 * Source  D. J. Hand & R. J. Till, Machine Learning 45 (2001) 171-186; J. Gorodkin, Comp. Biol. Chem. 28
 *         (2004) 367-374; scikit-learn's roc_auc_score(multi_class="ovo" | "ovr"); E. DeLong, D. DeLong &
 *         D. Clarke-Pearson, Biometrics 44 (1988) 837-845, after P. K. Sen, Bull. Calcutta Stat. Assoc. 10
 *         (1960) 1-18 */
typedef struct vouch__multiclass {
    double accuracy, accuracy_low, accuracy_high, balanced_accuracy, macro_f1, weighted_f1, macro_precision,
        macro_recall;
    double macro_auc, weighted_auc, hand_till, log_loss, kappa, mcc;
    double hand_till_variance; /* NaN where a class that occurs has fewer than 10 cases */
    size_t classes_seen;
} vouch__multiclass;

/* out_class [k]; out_table [k x k], row-major: cases of class i predicted as j. level: of the accuracy's
 * interval. Fails  E_SHAPE  n is 0;  E_ARG  k below 2;  E_DATA  a label or probability is not as above, or
 * one class has all cases Cost   O(k^2 n log n) time, 72 n bytes of scratch */
vouch_status vouch__multiclass_measure(vouch_ctx *ctx, size_t n, size_t k, const uint32_t *label,
                                       const double *probability, double level, vouch__class *out_class,
                                       double *out_table, vouch__multiclass *out);

#endif
