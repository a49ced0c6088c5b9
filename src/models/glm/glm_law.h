/* models/glm/glm_law.h: what a response is assumed to follow, and how its mean hangs on the linear predictor.
 *
 * Var(y) = dispersion V(mu) / weight, mu = inverse link(eta).
 *   gaussian 1 · binomial mu (1 - mu) · poisson mu · gamma mu^2 · inverse_gaussian mu^3 · tweedie mu^power
 *   negative_binomial mu + alpha mu^2
 *   beta mu (1 - mu), with dispersion 1 / (1 + precision) */
#ifndef VOUCH_GLM_LAW_H
#define VOUCH_GLM_LAW_H

#include "base/ctx.h"

typedef enum vouch__glm_family {
    VOUCH__GLM_GAUSSIAN,
    VOUCH__GLM_BINOMIAL,
    VOUCH__GLM_POISSON,
    VOUCH__GLM_GAMMA,
    VOUCH__GLM_INVERSE_GAUSSIAN,
    VOUCH__GLM_TWEEDIE,
    VOUCH__GLM_NEGATIVE_BINOMIAL,
    VOUCH__GLM_BETA,
    VOUCH__GLM_FAMILIES
} vouch__glm_family;

typedef enum vouch__glm_link {
    VOUCH__GLM_IDENTITY,
    VOUCH__GLM_LOG,
    VOUCH__GLM_INVERSE,
    VOUCH__GLM_LOGIT,
    VOUCH__GLM_PROBIT,
    VOUCH__GLM_CLOGLOG,
    VOUCH__GLM_INVERSE_SQUARED,
    VOUCH__GLM_POWER,
    VOUCH__GLM_LINKS
} vouch__glm_link;

typedef struct vouch__glm_law {
    vouch__glm_family family;
    vouch__glm_link link;
    double power;    /* tweedie: variance power, in (1, 2) or from 2; else unused */
    double alpha;    /* negative binomial, above 0 */
    double exponent; /* power link: eta = mu^exponent */
} vouch__glm_law;

const char *vouch__glm_family_name(vouch__glm_family family);
const char *vouch__glm_link_name(vouch__glm_link link);
vouch__glm_link vouch__glm_usual_link(vouch__glm_family family); /* what `link: auto` means */
bool vouch__glm_link_suits(vouch__glm_family family, vouch__glm_link link);
/* Whether the family has a dispersion to estimate. */
bool vouch__glm_is_dispersed(vouch__glm_family family);

double vouch__glm_eta(const vouch__glm_law *law, double mu); /* the link */
double vouch__glm_mean(const vouch__glm_law *law,
                       double eta); /* its inverse, held inside the family's range */
double vouch__glm_slope(const vouch__glm_law *law, double eta); /* d mu / d eta */
double vouch__glm_variance(const vouch__glm_law *law, double mu);
/* The unit deviance, 0 where y = mu; accurate near there. */
double vouch__glm_deviance(const vouch__glm_law *law, double y, double mu);
/* Whether eta is one that gives a mean the family can have (identity or inverse links can leave it). */
bool vouch__glm_is_valid(const vouch__glm_law *law, double eta);
/* Where y can't be: "must be 0 or above" and the like; NULL when y is possible. */
const char *vouch__glm_refuses(const vouch__glm_law *law, double y);
/* A mean to start from. */
double vouch__glm_first_mean(const vouch__glm_law *law, double y, double mean);

/* Log-likelihood at mu = y (at dispersion 1, families without one) and what log-likelihoods need of y alone;
 * the log-likelihood of a family without dispersion is this less half the deviance. */
double vouch__glm_saturated(const vouch__glm_law *law, double y);

/* log of the Tweedie density, 1 < power < 2, y >= 0: Dunn & Smyth, Statistics and Computing 15 (2005)
 * 267-280, the series summed until its terms vanish. */
double vouch__glm_tweedie_log_density(double y, double mu, double dispersion, double power);

double vouch__digamma(double x);  /* x > 0 */
double vouch__trigamma(double x); /* x > 0 */

#endif
