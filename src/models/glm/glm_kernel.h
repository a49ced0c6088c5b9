/* models/glm/glm_kernel.h: what is done to a block of rows, eight at a time. Every path gives the same bits:
 * lane l of a sum holds rows l, l + 8, ... of the block, and lanes are added in one order. */
#ifndef VOUCH_GLM_KERNEL_H
#define VOUCH_GLM_KERNEL_H

#include "models/glm/glm_law.h"

enum {
    VOUCH__GLM_BLOCK = 512, /* rows; what lies beyond the last row has weight 0 */
    VOUCH__GLM_TILE = 4     /* dense columns are padded to a multiple */
};

/* What a block is told and what it gives: per row and, in sum, of all. */
typedef struct vouch__glm_rows {
    const double *eta, *y, *weight; /* [BLOCK] */
    double *pull;                   /* weight (y - mu) slope / V: the score of eta */
    double *grip;                   /* weight slope^2 / V: its expected information */
    double deviance, pearson;       /* sums; the deviance less what depends on y alone (vouch__glm_rest) */
    bool is_observed;               /* grip is the observed information: - d pull / d eta */
} vouch__glm_rows;

typedef struct vouch__glm_kernel {
    const char *name;
    /* eta[i] += x_j[i] beta[j] over n columns of BLOCK rows, in column order */
    void (*predict)(size_t n, const double *x, const double *beta, double *eta);
    /* out[j] = sum over rows of x_j[i] u[i] */
    void (*dots)(size_t n, const double *x, const double *u, double *out);
    /* out[j] = x_j[i] w[i] */
    void (*scale)(size_t n, const double *x, const double *w, double *out);
    /* gram[j * stride + k] += sum over rows of x_j wx_k, k <= j < n (n a multiple of TILE) */
    void (*gram)(size_t n, const double *x, const double *wx, double *gram, size_t stride);
    void (*logit)(const vouch__glm_law *law, vouch__glm_rows *rows);
    void (*poisson_log)(const vouch__glm_law *law, vouch__glm_rows *rows);
    void (*power_log)(const vouch__glm_law *law, vouch__glm_rows *rows); /* tweedie, inverse gaussian */
    void (*gamma_log)(const vouch__glm_law *law, vouch__glm_rows *rows);
    void (*gaussian)(const vouch__glm_law *law, vouch__glm_rows *rows);
} vouch__glm_kernel;

typedef enum vouch__glm_path {
    VOUCH__GLM_PORTABLE,
    VOUCH__GLM_AVX2,
    VOUCH__GLM_AVX512,
    VOUCH__GLM_PATHS
} vouch__glm_path;

/* The kernel of a path, or NULL where the processor has not what it takes. */
const vouch__glm_kernel *vouch__glm_kernel_of(vouch__glm_path path);
const vouch__glm_kernel *vouch__glm_kernel_best(void);

/* Evaluate a block by the law's own kernel, or case by case by its definition. *out_ok becomes false when an
 * eta is not valid for the law. */
void vouch__glm_rows_run(const vouch__glm_kernel *kernel, const vouch__glm_law *law, vouch__glm_rows *rows,
                         bool *out_ok);
/* What the deviance of a row has that rows_run leaves out: depends on y alone, 0 where rows_run is whole. */
double vouch__glm_rest(const vouch__glm_law *law, double y);

#endif
