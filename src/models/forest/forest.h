/* models/forest/forest.h: the kind forest: a tree ensemble imported from another library, kept so that it
 * gives that library's scores to the last bit.
 *
 * What a row scores, in group g (an output: one, or one a class), in the forest's own arithmetic:
 *     sum = start[g]; for each tree t of group g, in order: sum += leaf * weight[t]
 *     is_scaled: sum = scale * sum + bias[g], or with is_divided sum / scale + bias[g]
 * With is_averaged (LightGBM rf) raw is the sum still, as there; its transform divides it by the trees of a
 * group. With is_float leaf, product and sum are float, each rounded by itself (XGBoost, ONNX); else all is
 * double. Which leaf a row reaches is trees.h's, by each node's rule. A leaf of a linear tree is worth
 * constant + the sum of its terms in order, or, when an input of a term is missing, its plain value.
 *
 * The walk here is the definition. Whatever is compiled from a forest must give the same bits. */
#ifndef VOUCH_FOREST_H
#define VOUCH_FOREST_H

#include "base/hash.h"
#include "models/engine/engine.h"
#include "models/model_kind.h"
#include "models/trees.h"

typedef enum vouch__forest_source {
    VOUCH__FROM_XGBOOST,
    VOUCH__FROM_LIGHTGBM,
    VOUCH__FROM_CATBOOST,
    VOUCH__FROM_ONNX,
    VOUCH__SOURCES
} vouch__forest_source;

/* How raw becomes the source's own prediction. FLOAT: in float, as XGBoost does. */
typedef enum vouch__transform {
    VOUCH__AS_IS,
    VOUCH__SIGMOID_FLOAT,
    VOUCH__EXP_FLOAT,
    VOUCH__SOFTMAX_FLOAT,
    VOUCH__ARGMAX,  /* the class of the largest raw, the first of equals */
    VOUCH__HINGE,   /* 1 when raw > 0, else 0 */
    VOUCH__SIGMOID, /* 1 / (1 + exp(-slope raw)) */
    VOUCH__EXP,
    VOUCH__SOFTMAX,
    VOUCH__SQUARE,   /* sign(raw) raw^2: LightGBM's reg_sqrt */
    VOUCH__SOFTPLUS, /* log1p(exp(raw)): cross_entropy_lambda */
    /* of ONNX, in float. PAIR: two outputs of one raw, of both classes */
    VOUCH__NARROWED,       /* as float */
    VOUCH__SIGMOID_FOLDED, /* 1 / (1 + exp(-|raw|)), from 1 where raw < 0 */
    VOUCH__SOFTMAX_FOLDED, /* the sum is float too */
    VOUCH__PAIR_SHARE,     /* 1 - raw, raw */
    VOUCH__PAIR_SIGNED,    /* -raw, raw */
    VOUCH__PAIR_SIGMOID,   /* folded of -raw, of raw */
    VOUCH__TRANSFORMS
} vouch__transform;

typedef struct vouch__leaf_line { /* of a linear tree */
    double constant;
    uint32_t first, n; /* term[first .. first + n) */
} vouch__leaf_line;

typedef struct vouch__term {
    uint32_t input;
    double coefficient;
} vouch__term;

enum { VOUCH__GROUPS_MAX = 1024 };

typedef struct vouch__forest {
    vouch__trees trees; /* base 0; leaves as the source has them */
    vouch__forest_source source;
    bool is_float, is_averaged, is_scaled, is_divided, has_cover;
    bool is_lenient; /* score what the source leaves undefined as the source happens to; else it scores NaN */
    vouch__transform transform;
    double slope, scale;
    uint32_t n_groups, shown;  /* the group that raw, probability and contributions are of */
    double *start, *bias;      /* [n_groups]; bias NULL unless is_scaled */
    uint32_t *group;           /* [n_trees] */
    float *weight;             /* [n_trees], or NULL for one each */
    uint32_t n_lines, n_terms; /* both 0 unless trees are linear */
    uint32_t *line_of;         /* [n_nodes] line of a leaf, or UINT32_MAX; NULL without lines */
    vouch__leaf_line *line;
    vouch__term *term;

    /* where it came from */
    char *objective, *version;    /* the source's words */
    char source_hash[VOUCH__HEX]; /* SHA-256 of the file imported */
    uint32_t found, best;         /* iterations in the file; its best iteration + 1, 0 when it names none */

    /* made on loading */
    size_t deepest;
    vouch__trees
        explained;         /* of the shown group, leaves as they count in raw; n_trees 0 when there is none */
    vouch__engine *engine; /* trees compiled; NULL when they are linear */
    uint8_t *refuses;      /* [n_inputs]: VOUCH__NO_... , all 0 when lenient */
    double suspect;        /* a value as large as this may be refused */
} vouch__forest;

enum { VOUCH__NO_INFINITY = 1, VOUCH__NO_WIDE_CATEGORY = 2 };

vouch_status vouch__forest_finish(vouch_ctx *ctx, vouch__forest *forest); /* makes what is made on loading */
void vouch__forest_free(const vouch_alloc *alloc, vouch__forest *forest); /* NULL is fine */

/* raw [n_groups] of one row: bit for bit the source's. NaN in all when the row is refused. The second is the
 * definition, which the engine agrees with. */
void vouch__forest_raw(const vouch__forest *forest, const double *row, double *raw);
void vouch__forest_raw_defined(const vouch__forest *forest, const double *row, double *raw);
/* raw of the shown group of every row: raw [x.rows]. */
void vouch__forest_shown(const vouch__forest *forest, vouch__matrix x, double *raw);
/* The source's prediction from raw [n_groups], in place. ARGMAX leaves its one number in raw[0]. */
void vouch__forest_transform(const vouch__forest *forest, double *raw);
size_t vouch__forest_outputs(const vouch__forest *forest); /* numbers of a prediction */
/* The source's number of the leaf that row reaches in tree t. */
uint32_t vouch__forest_leaf(const vouch__forest *forest, size_t t, const double *row);
/* The first input of row that a strict forest refuses, or SIZE_MAX. */
size_t vouch__forest_refused(const vouch__forest *forest, const double *row);

void vouch__forest_put(const vouch__forest *forest, vouch__buf *out);
vouch_status vouch__forest_get(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                               vouch__forest **out_forest);
/* SHA-256 of inputs, rules, trees and sums: what decides the scores, and nothing of where they came from. */
vouch_status vouch__forest_digest(vouch_ctx *ctx, const vouch__forest *forest, const vouch__inputs *inputs,
                                  char out_hex[VOUCH__HEX]);
const char *vouch__source_name(vouch__forest_source source);
const char *vouch__transform_name(vouch__transform transform);

#endif
