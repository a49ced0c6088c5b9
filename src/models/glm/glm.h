/* models/glm/glm.h: what the parts of the kind glm share: its parameters, its terms, and the model itself.
 *
 * A model is raw = intercept + offset + sum over terms of basis' coefficients. A *piece* turns one input into
 * a few numbers; a *term* is a piece, or the product of two. */
#ifndef VOUCH_GLM_H
#define VOUCH_GLM_H

#include "models/glm/glm_law.h"
#include "models/model_kind.h"

/* The parameters, in the order of the kind's table. */
enum {
    VOUCH__GLM_FAMILY,
    VOUCH__GLM_LINK,
    VOUCH__GLM_TWEEDIE_POWER,
    VOUCH__GLM_ALPHA,
    VOUCH__GLM_LINK_POWER,
    VOUCH__GLM_INTERCEPT,
    VOUCH__GLM_PENALTY,
    VOUCH__GLM_MIX,
    VOUCH__GLM_STANDARDISE,
    VOUCH__GLM_LAMBDAS,
    VOUCH__GLM_LAMBDA_RATIO,
    VOUCH__GLM_CHOOSE,
    VOUCH__GLM_COVARIANCE,
    VOUCH__GLM_DISPERSION,
    VOUCH__GLM_WEIGHTS,
    VOUCH__GLM_BASE_LEVEL,
    VOUCH__GLM_UNSEEN,
    VOUCH__GLM_MISSING,
    VOUCH__GLM_COLLINEAR,
    VOUCH__GLM_FIRTH,
    VOUCH__GLM_LEVEL,
    VOUCH__GLM_INFLUENCE,
    VOUCH__GLM_SQUEEZE,
    VOUCH__GLM_PARAMS
};

enum {
    VOUCH__GLM_BY_MODEL,
    VOUCH__GLM_HC0,
    VOUCH__GLM_HC1,
    VOUCH__GLM_HC2,
    VOUCH__GLM_HC3,
    VOUCH__GLM_CLUSTER
};
enum { VOUCH__GLM_UNSEEN_BASE, VOUCH__GLM_UNSEEN_AVERAGE, VOUCH__GLM_UNSEEN_REFUSE };
enum { VOUCH__GLM_MISSING_FLAG, VOUCH__GLM_MISSING_MEAN, VOUCH__GLM_MISSING_REFUSE };
enum { VOUCH__GLM_BASIS_MAX = 32, VOUCH__GLM_COLUMNS_MAX = 4000 };

typedef enum vouch__glm_piece_type {
    VOUCH__GLM_LINEAR,  /* the value */
    VOUCH__GLM_NATURAL, /* restricted cubic spline: linear beyond the outer knots */
    VOUCH__GLM_BSPLINE, /* cubic B-splines less the first; values are held between the outer knots */
    VOUCH__GLM_LEVELS,  /* a category: one column a level but the base */
    VOUCH__GLM_FLAGS    /* a number that is none: one column a special code, then one for missing */
} vouch__glm_piece_type;

typedef struct vouch__glm_piece {
    vouch__glm_piece_type type;
    size_t input, n; /* columns */
    double fill;     /* what a value that is missing or special counts as */
    size_t flags;    /* of a number: the piece that says which values are special; or SIZE_MAX */
    size_t n_knots;
    double *knot;    /* ascending: knots, the outer ones included; FLAGS: the special codes */
    size_t n_levels; /* LEVELS: categories and 1 for missing; FLAGS: special codes and 1 */
    uint32_t *level; /* [n_levels] 0: the base, else 1 + column */
    double *mean;    /* [n] of the columns over the training rows, by weight */
    double *tally;   /* [3 x (n_levels + 1)]: rows, weight, weighted target of each level; last: the rest */
} vouch__glm_piece;

typedef struct vouch__glm_term {
    size_t a, b;     /* pieces; b SIZE_MAX: none */
    size_t first, n; /* its coefficients */
} vouch__glm_term;

/* One coefficient as it is told. */
typedef struct vouch__glm_estimate {
    double value, error; /* error NaN where there is none: penalised, left out, or no degree of freedom */
    double mean;         /* of the column (of a product: of the product) over the training rows */
    bool is_left_out;    /* depends on the columns before it: its coefficient is 0 */
} vouch__glm_estimate;

/* A coefficient of the logarithm of beta regression's precision. */
typedef struct vouch__glm_precision {
    size_t column; /* the model's; 0: the constant */
    double value, error;
} vouch__glm_precision;

typedef struct vouch__glm_facts {
    double rows, weight, used; /* rows with weight; their weight; coefficients not left out */
    double degrees;            /* of freedom left */
    double deviance, null_deviance, pearson, log_likelihood, dispersion, aic, bic;
    double lambda;    /* penalty as used; 0: none */
    double objective; /* mean half deviance and penalty, as docs/glm.md says */
} vouch__glm_facts;

typedef struct vouch__glm {
    vouch__glm_law law;
    bool has_intercept, is_penalised, is_firth, uses_t; /* t: the dispersion is estimated */
    uint8_t covariance, unseen, missing;
    double level;                      /* of intervals */
    size_t offset, exposure;           /* inputs, or SIZE_MAX */
    double offset_mean, exposure_mean; /* of offset and log exposure over the training rows, by weight */
    size_t n_inputs, n_pieces, n_terms, n_columns; /* columns: 0 is the intercept, kept at 0 without one */
    vouch__glm_piece *piece;
    vouch__glm_term *term;
    vouch__glm_estimate *estimate; /* [n_columns] */
    size_t n_precision;            /* of family beta from 1, else 0 */
    vouch__glm_precision *precision;
    double pseudo_r2; /* of family beta: the squared correlation of eta and the link of the target */
    vouch__glm_facts facts;
    vouch_alloc alloc;
} vouch__glm;

/* A piece's columns for one value: value[0 .. n) stand at column first; the others are 0. */
typedef struct vouch__glm_value {
    size_t first, n;
    const double *value;
    double own[VOUCH__GLM_BASIS_MAX];
} vouch__glm_value;

void vouch__glm_piece_value(const vouch__glm *glm, const vouch__glm_piece *piece, double x,
                            vouch__glm_value *out);
/* The level of a LEVELS or FLAGS piece that x has: its place in level[], or n_levels for none of them. */
size_t vouch__glm_level_of(const vouch__glm_piece *piece, double x);
/* The columns of a spline or linear piece at x, which is a number. out [n] */
void vouch__glm_basis(const vouch__glm_piece *piece, double x, double *out);

/* Read offset, exposure, splines, base levels and interactions from the settings and lay out pieces and terms
 * over the training rows; sets everything of glm but law, estimates and facts. settings may be NULL.
 * is_trusting: inputs without special codes are taken to be finite numbers and left unread; their mean, NaN
 * till then, is found when the design is made, and the caller sees there whether they are. */
vouch_status vouch__glm_terms_make(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                                   bool is_trusting, vouch__glm *glm);
void vouch__glm_terms_clear(vouch__glm *glm);
void vouch__glm_free(const vouch_alloc *alloc, void *state);

/* Offset and log exposure of a row. NaN where one is missing or the exposure is not above 0. */
double vouch__glm_offset(const vouch__glm *glm, const double *row);
double vouch__glm_raw(const vouch__glm *glm, const double *row);
/* The name of a column: "(intercept)", "age", "region = R24", "age x region = R24"; cut to cap. */
enum { VOUCH__GLM_LABEL = 256 };
void vouch__glm_label(const vouch__glm *glm, const vouch__inputs *inputs, size_t column, char *out,
                      size_t cap);
/* The term a column belongs to, and its place there. The column is not the intercept. */
const vouch__glm_term *vouch__glm_term_of(const vouch__glm *glm, size_t column, size_t *out_place);

#endif
