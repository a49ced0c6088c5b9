/* models/glm/glm_columns.h: the solvers of the glm for columns that are no inputs of a table: weights of
 * evidence, scores. */
#ifndef VOUCH_GLM_COLUMNS_H
#define VOUCH_GLM_COLUMNS_H

#include "models/glm/glm_solve.h"

typedef struct vouch__glm_columns {
    size_t n, k; /* rows; columns, without the constant */
    /* out[n]: column j of rows [begin, begin + n). Called from several threads at once. */
    void (*fill)(const void *arg, size_t j, size_t begin, size_t n, double *out);
    const void *arg;
    const double *y, *weight; /* [n]; weight NULL: 1 each; rows of weight 0 do not count */
} vouch__glm_columns;

/* The columns behind a constant; free with vouch__glm_design_clear. Fails E_DATA where no weight is above 0.
 */
vouch_status vouch__glm_design_columns(vouch_ctx *ctx, const vouch__glm_columns *columns,
                                       vouch__glm_design *out_design);
/* The same rows under other weights, [blocks x BLOCK] and borrowed: not to be cleared. */
vouch__glm_design vouch__glm_design_reweighted(const vouch__glm_design *design, const double *weight);
/* Weighted covariances of the columns: out [k x k]. */
vouch_status vouch__glm_design_covariance(vouch_ctx *ctx, const vouch__glm_design *design, double *out);
/* What was taken off the dense columns is put back into the constant: its value and variance.
 * covariance [p x p], or NULL: then *out_variance is NAN. */
void vouch__glm_constant(const vouch__glm_design *design, const double *beta, const double *covariance,
                         double *out_value, double *out_variance);

#endif
