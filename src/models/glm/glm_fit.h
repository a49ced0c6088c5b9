/* models/glm/glm_fit.h: the stages of a fit, each in a file of its own. */
#ifndef VOUCH_GLM_FIT_H
#define VOUCH_GLM_FIT_H

#include "models/glm/glm_solve.h"

typedef struct vouch__glm_fitting {
    const vouch__fit_data *data;
    const double *value; /* the parameters */
    vouch__glm *glm;
    vouch__glm_design design;
    vouch__glm_solver solver;
    vouch__doc *doc;
    vouch__json *log;
    double *covariance; /* [p x p] of the design's columns, in scratch */
    double null_deviance;
    bool is_trusting, is_deceived; /* lines are taken to have a number in every row; they have not */
    bool is_tuned_shape;           /* the family's own parameter is estimated */
} vouch__glm_fitting;

vouch_status vouch__glm_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                            vouch__json *log, void **state);

/* glm_beta.c: family beta whole: estimates, facts and errors. *out_at as vouch__glm_solve has it. */
vouch_status vouch__glm_beta(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at);
/* glm_errors.c: covariance as asked for, into f->covariance; leverage and residuals into the log. */
vouch_status vouch__glm_errors(vouch_ctx *ctx, vouch__glm_fitting *f);
/* out [n x n] = factor A meat A; room [n x n] */
void vouch__glm_sandwich(size_t n, const double *a, const double *meat, double factor, double *room,
                         double *out);
/* Sum over clusters of the products of their scores: meat [n x n]; score gives those of a row. *out_factor
 * G / (G - 1) (rows - 1) / (rows - n). */
typedef void vouch__glm_score(const void *arg, size_t row, double *out);
vouch_status vouch__glm_cluster_meat(vouch_ctx *ctx, vouch__glm_fitting *f, size_t n, vouch__glm_score *score,
                                     const void *arg, double *meat, double *out_factor);
/* glm_firth.c: coefficients by Firth's penalised likelihood. */
vouch_status vouch__glm_firth(vouch_ctx *ctx, vouch__glm_fitting *f);
/* glm_exact.c: least squares in twice the precision, where vouch__glm_is_exact: beta, inverse, deviance. */
vouch_status vouch__glm_exact(vouch_ctx *ctx, vouch__glm_solver *solver);
/* glm_shape.c: the power of a tweedie, the alpha of a negative binomial, with the fit at it. */
vouch_status vouch__glm_shape(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at);
vouch_status vouch__glm_tweedie_likelihood(vouch_ctx *ctx, const vouch__glm_solver *solver, double dispersion,
                                           double *out);
/* glm_path.c: elastic net at one penalty, or along a path of them. */
vouch_status vouch__glm_penalised(vouch_ctx *ctx, vouch__glm_fitting *f);
/* glm_facts.c: dispersion, likelihood, criteria. */
vouch_status vouch__glm_facts_make(vouch_ctx *ctx, vouch__glm_fitting *f);

/* glm_io.c, glm_tell.c, glm_say.c */
vouch_status vouch__glm_say(struct vouch__speech *speech, struct vouch__say **out_said);
void vouch__glm_save(const void *state, vouch__buf *out);
vouch_status vouch__glm_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                             void **state);
void vouch__glm_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                         vouch__json *object);

#endif
