/* models/scorecard/card_regress.h: logistic regression on weights of evidence, and which of them stay in it.
 */
#ifndef VOUCH_CARD_REGRESS_H
#define VOUCH_CARD_REGRESS_H

#include "models/glm/glm_columns.h"

typedef struct vouch__card_penalty {
    double l1, l2;  /* -log-likelihood + l1 sum |b| + l2 / 2 sum b^2, the constant free */
    bool is_signed; /* coefficients may not be above 0: safer bins, fewer bads */
} vouch__card_penalty;

typedef struct vouch__card_solution {
    /* [k + 1], the constant first. error: square roots of the inverse information's diagonal, the penalty l2
     * included; NAN under l1, and of what a sign holds at 0 (the others' are of the fit without it). */
    double *coefficient, *error;
    double log_likelihood, null_log_likelihood; /* weighted, without the penalty */
    size_t steps, rows;                         /* rows: those with weight */
} vouch__card_solution;

/* coefficient and error are the caller's. Fails
 *   E_DATA      one class is absent, or a column is a combination of others
 *   E_CONVERGE  no finite solution: the columns separate the classes */
vouch_status vouch__card_solve(vouch_ctx *ctx, const vouch__glm_columns *columns,
                               const vouch__card_penalty *penalty, vouch__card_solution *out);

/* AIC and BIC count the coefficients that are not 0, and the constant; BIC's cases are the rows. */
double vouch__card_criterion(const vouch__card_solution *solution, size_t k, bool is_bic);

/* The strength of a penalty by cross-validation: folds are drawn within each class from the seed, and the
 * strength with the least mean held-out deviance is taken, or with one_se the strongest within one standard
 * error of it. A path of 40 strengths down from the least that lets nothing in (l1), or from the largest
 * curvature (l2). sets l1 or l2 of *penalty.
 *   out_path [40 x 3]: strength, mean held-out deviance of a row, its standard error over the folds */
enum { VOUCH__CARD_PATH = 40 };
typedef struct vouch__card_choice {
    bool is_lasso, one_se;
    size_t folds;
    uint64_t seed;
} vouch__card_choice;
vouch_status vouch__card_choose(vouch_ctx *ctx, const vouch__glm_columns *columns,
                                const vouch__card_choice *choice, vouch__card_penalty *penalty,
                                double *out_path);

/* How much each column's variance of its coefficient is raised by the others: out [k]. */
vouch_status vouch__card_inflation(vouch_ctx *ctx, const vouch__glm_columns *columns, double *out);

#endif
