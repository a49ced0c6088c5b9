/* models/glm/glm_solve.h: the coefficients that make the deviance least, with or without a ridge. */
#ifndef VOUCH_GLM_SOLVE_H
#define VOUCH_GLM_SOLVE_H

#include "models/glm/glm_pass.h"

typedef struct vouch__glm_solver {
    const vouch__glm_design *design;
    const vouch__glm_kernel *kernel;
    vouch__glm_law law;
    const char *name; /* of the model, for progress */
    double rest;      /* what the deviance has beside the sums: weighted vouch__glm_rest */
    double *ridge;    /* [p] added to the information's diagonal; 0: none */
    bool refuses_collinear, is_firth;

    /* What is found; [p] and [p x p] of the design's columns. */
    double *beta, *score, *info;
    double *factor;  /* Cholesky factor of the scaled information of the kept columns */
    double *inverse; /* of the information; rows and columns of left-out columns are 0 */
    double *hat;     /* [p x p] room */
    bool *left_out;
    size_t *kept, n_kept;
    double deviance, pearson; /* whole */
    size_t steps;
} vouch__glm_solver;

/* Room for everything, in scratch; beta is 0. Fills rest. */
vouch_status vouch__glm_solver_make(vouch_ctx *ctx, const vouch__glm_design *design,
                                    const vouch__glm_law *law, vouch__glm_solver *out_solver);
/* Forget what a former law said: rest is computed again for this one. */
vouch_status vouch__glm_solver_law(vouch_ctx *ctx, vouch__glm_solver *solver, const vouch__glm_law *law);

/* From beta as it stands if is_warm, else from the constant model. Fills all that is found.
 * Fails  E_DATA      a column depends on others and refuses_collinear
 *        E_CONVERGE  separated: no finite coefficients; or no convergence
 * *out_at is then the column (of the design) that runs away, or SIZE_MAX. */
vouch_status vouch__glm_solve(vouch_ctx *ctx, vouch__glm_solver *solver, bool is_warm, size_t *out_at);

/* The deviance at beta = constant (or nothing, without intercept), offset kept; *out_start the constant. */
vouch_status vouch__glm_null(vouch_ctx *ctx, const vouch__glm_solver *solver, double *out_start,
                             double *out_deviance);

#endif
