/* models/glm/glm_moments.h: what each input says against a population, exactly. A population is known by the
 * sums of the columns over its rows: [columns + 1], the intercept's place holding the offset, the last log
 * exposure.
 *
 * A main effect counts as the distance from its mean. The product of two pieces is shared as Shapley values
 * of two players share it: each gets half of what it adds alone (the other drawn from the population) and
 * half of what it adds to the other. They end in raw: base + sum of values = raw, base the population's mean
 * raw. */
#ifndef VOUCH_GLM_MOMENTS_H
#define VOUCH_GLM_MOMENTS_H

#include "models/glm/glm.h"

size_t vouch__glm_n_moments(const void *state);
void vouch__glm_add_moments(const void *state, vouch__matrix x, double *sums);
void vouch__glm_moment_values(const void *state, const double *sums, double n, vouch__matrix x, double *out,
                              double *out_base);
/* The same against the training rows. */
vouch_status vouch__glm_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                      double *base);

#endif
