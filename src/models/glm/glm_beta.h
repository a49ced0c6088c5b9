/* models/glm/glm_beta.h: one row under beta regression. */
#ifndef VOUCH_GLM_BETA_H
#define VOUCH_GLM_BETA_H

#include "models/glm/glm_law.h"

/* y follows Beta(mu phi, (1 - mu) phi), mu = inverse link(eta), phi = exp(zeta): the log-likelihood, its
 * slopes by eta and zeta and their expected products. Of weight 1. */
typedef struct vouch__glm_beta_row {
    double log_likelihood, pull_eta, pull_zeta, grip_eta, grip_both, grip_zeta;
} vouch__glm_beta_row;
void vouch__glm_beta_at(const vouch__glm_law *law, double y, double eta, double zeta,
                        vouch__glm_beta_row *out);
/* Twice what the log-likelihood of y lacks of its greatest over all mu, at this precision. */
double vouch__glm_beta_deviance(double y, double mu, double phi);

#endif
