/* models/glm/glm_net.h: the elastic net at one penalty: least of
 *     deviance / 2 + sum l1_j |b_j| + sum l2_j b_j^2 / 2,   b_j of the sign that sign_j allows
 * by coordinate descent on a quadratic model whose gradient is exact and whose curvature may be an older one.
 */
#ifndef VOUCH_GLM_NET_H
#define VOUCH_GLM_NET_H

#include "models/glm/glm_solve.h"

typedef struct vouch__glm_net {
    vouch__glm_solver *s; /* beta, score and info are at beta (info maybe of an earlier one) */
    const int8_t *sign;   /* [p] +1: not below 0, -1: not above, 0: free */
    double *l1, *l2;      /* [p] */
    double *rest;         /* [p] score less curvature times the step: room of descent */
    double *trial, *trial_score, *trial_info;
    bool is_quadratic; /* the deviance is: one reading of the rows is enough for any penalty */
    bool is_info_fresh;
    double deviance; /* as summed at beta, without the solver's rest */
    size_t readings;
} vouch__glm_net;

/* Room in scratch; reads the rows at s->beta. */
vouch_status vouch__glm_net_start(vouch_ctx *ctx, vouch__glm_solver *s, const int8_t *sign,
                                  vouch__glm_net *out_net);
/* Move s->beta to the least at l1, l2, until no condition is violated by more than tolerance. */
vouch_status vouch__glm_net_solve(vouch_ctx *ctx, vouch__glm_net *net, double tolerance);
/* What the penalties take at b, a [p] of coefficients. */
double vouch__glm_net_penalty(const vouch__glm_net *net, const double *b);
/* The largest violation of the conditions for a least at beta. */
double vouch__glm_net_violation(const vouch__glm_net *net);

#endif
