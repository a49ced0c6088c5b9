/* models/glm/glm_design.h: the training rows as a fit reads them, in blocks: dense columns as numbers, the
 * columns of categories as one code a row, never spelled out. */
#ifndef VOUCH_GLM_DESIGN_H
#define VOUCH_GLM_DESIGN_H

#include "models/glm/glm.h"
#include "models/glm/glm_kernel.h"

typedef struct vouch__glm_factor {
    size_t first, n; /* its columns of the design */
    size_t times;    /* what its ones are multiplied by: which of the multipliers, or SIZE_MAX for 1 */
} vouch__glm_factor;

/* Columns in the order of the design: `dense` of numbers (the first is the constant, where there is one),
 * then those of the factors. */
typedef struct vouch__glm_design {
    size_t n, blocks;        /* rows; blocks of VOUCH__GLM_BLOCK, the last filled up with weight 0 */
    size_t p, dense, padded; /* columns; dense ones; the same, up to a multiple of VOUCH__GLM_TILE */
    size_t n_factors, n_times;
    bool has_intercept;
    double *x;                   /* [blocks x padded x BLOCK] values less shift */
    uint16_t *code;              /* [blocks x n_factors x BLOCK] the column that is 1; p: none */
    double *times;               /* [blocks x n_times x BLOCK] */
    double *y, *weight, *offset; /* [blocks x BLOCK]; offset NULL: none */
    vouch__glm_factor *factor;
    size_t *coefficient; /* [p] which coefficient of the model each column is */
    double *shift;       /* [p] 0 for factors */
    double *mean, *sd;   /* [p] of the columns as they are (without the shift), by weight */
    double total, rows;  /* weight; rows with weight */
    double target;       /* weighted mean of y */
    /* Summed: a linear mean of least deviance needs nothing of the rows but these. There are no x, code and
     * times then; has_intercept is true, and beta was origin, 0, 0, ... where the sums were taken. */
    bool is_summed;
    double origin, deviance;
    double *score, *info; /* [p], [p x p] */
    vouch_alloc alloc;
} vouch__glm_design;

/* Also fills the means of glm's pieces and estimates, and of its offsets. Fails E_DATA where the target or
 * the offset is impossible, naming the row. */
vouch_status vouch__glm_design_make(vouch_ctx *ctx, const vouch__fit_data *data, vouch__glm *glm,
                                    bool is_summed, vouch__glm_design *out_design);
/* Other rows as the columns of `like`, summed where it is: what they say of the means is not kept. */
vouch_status vouch__glm_design_like(vouch_ctx *ctx, const vouch__fit_data *data, vouch__glm *glm,
                                    const vouch__glm_design *like, vouch__glm_design *out_design);
/* Small least squares, which vouch__glm_exact solves: its columns are stored without a shift. */
bool vouch__glm_is_exact(const vouch__glm *glm, size_t n, size_t p);
/* The columns of row i: out [p + 1], of which the last is not used. */
void vouch__glm_row(const vouch__glm_design *design, size_t i, double *out);
void vouch__glm_design_clear(vouch__glm_design *design);

#endif
