/* models/glm/glm_pass.h: one reading of the rows: the deviance, its gradient, and the information, at given
 * coefficients. */
#ifndef VOUCH_GLM_PASS_H
#define VOUCH_GLM_PASS_H

#include "models/glm/glm_design.h"

typedef struct vouch__glm_sums {
    double deviance, pearson; /* deviance without vouch__glm_rest */
    double *score;            /* [p] of the log-likelihood at dispersion 1 */
    double *info;             /* [p x p], or NULL: not asked for */
    bool is_valid;            /* false: a row's mean is not one the family can have */
} vouch__glm_sums;

typedef struct vouch__glm_pass {
    const vouch__glm_design *design;
    const vouch__glm_kernel *kernel;
    vouch__glm_law law;
    const double *beta; /* [p] of the design's columns (less their shift) */
    bool is_observed;   /* info is the curvature of the deviance itself, not its expectation */
    size_t step;        /* every step-th block only; 1: all */
    /* Instead of score and information at beta: sums of weight[i] x x' and weight[i] x. [blocks x BLOCK] */
    const double *weight;
} vouch__glm_pass;

/* sums->score, and info if wanted, are the caller's. Of a summed design, whose law can only be gaussian with
 * link identity, no row is read. */
vouch_status vouch__glm_pass_run(vouch_ctx *ctx, const vouch__glm_pass *pass, vouch__glm_sums *sums);

/* The same in parts, by blocks: numbers of a part; what one block adds to it, with vouch__glm_room numbers of
 * room and beta [p + 1]; and what all parts, zeroed before, one after the other, say. */
size_t vouch__glm_part(const vouch__glm_design *design, bool has_info);
size_t vouch__glm_room(const vouch__glm_design *design);
void vouch__glm_part_add(const vouch__glm_pass *pass, const double *beta, bool has_info, size_t block,
                         double *room, double *part);
void vouch__glm_parts_end(const vouch__glm_design *design, size_t n, double *part, vouch__glm_sums *sums);
/* Blocks of a part: no more parts than memory has room for. */
size_t vouch__glm_part_blocks(size_t blocks, size_t part);

/* eta of a block's rows, offset included: out [BLOCK]. beta [p + 1], the last 0. */
void vouch__glm_block_eta(const vouch__glm_pass *pass, const double *beta, size_t block, double *out);

#endif
