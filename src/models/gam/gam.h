/* models/gam/gam.h: what the parts of the kind gam share: its parameters, and the model itself. Data go one
 * way through the parts:
 *
 *   gam_bins    columns become bins (those of gbdt, with a bin for each special code), rows become bytes
 *   gam_boost   one bag: cyclic boosting of every input's shape, and of the pairs' tables
 *   gam_step    sums by bin become one small step of a shape or of a table
 *   gam_bend    a shape becomes the nearest one that rises, falls or bends one way
 *   gam_pairs   FAST: which pairs of inputs say something together; purification of their tables
 *   gam_fit     bags become one model with standard errors
 *   gam_edit    a person's changes to shapes, and their log
 *
 * A model is raw = intercept + offset + sum of shapes + sum of tables. A shape gives every bin of an input a
 * value; a table gives one to every cell of two inputs' coarse bins. Shapes and the rows and columns of
 * tables have mean 0 over the training rows, so that no part of one could as well be a part of another. */
#ifndef VOUCH_GAM_H
#define VOUCH_GAM_H

#include "models/gbdt/gbdt.h"
#include "models/model_kind.h"

/* The parameters, in the order of the kind's table. */
enum {
    VOUCH__GAM_LOSS,
    VOUCH__GAM_BAGS,
    VOUCH__GAM_BAG_SHARE,
    VOUCH__GAM_ROUNDS,
    VOUCH__GAM_LEARNING_RATE,
    VOUCH__GAM_LEAVES,
    VOUCH__GAM_MAX_BINS,
    VOUCH__GAM_MIN_ROWS,
    VOUCH__GAM_L2,
    VOUCH__GAM_CATEGORY_L2,
    VOUCH__GAM_EARLY_STOP,
    VOUCH__GAM_SMOOTH_ROUNDS,
    VOUCH__GAM_PAIRS,
    VOUCH__GAM_PAIR_BINS,
    VOUCH__GAM_POWER,
    VOUCH__GAM_PARAMS
};

enum {
    VOUCH__GAM_BINS = VOUCH__GBDT_BINS,
    VOUCH__GAM_HIST = VOUCH__GBDT_HIST,
    VOUCH__GAM_SIDE = 64, /* most coarse bins of one input of a pair */
    VOUCH__GAM_PAIRS_MAX = 256,
    VOUCH__GAM_EDITS_MAX = 1000,
    VOUCH__GAM_LOG_MAX = 1 << 25 /* bytes of the log of edits */
};

typedef enum vouch__gam_curve { VOUCH__GAM_FREE, VOUCH__GAM_CONVEX, VOUCH__GAM_CONCAVE } vouch__gam_curve;

/* One input's shape. bins.n_bins is 0 for an input without one: offset and exposure. */
typedef struct vouch__gam_shape {
    vouch__gbdt_input bins; /* cut[256] and bin_of[n_codes] are this struct's own */
    vouch__gam_curve curve;
    double *value, *error; /* [n_bins] error: NaN with one bag */
    double *weight, *at;   /* [n_bins] of training rows, and their mean value (numbers; a point of the bin
                              where there are none) */
    uint8_t *apart;        /* [n_bins] 1: no amount (missing, a special code), so no part of the curve */
    double low, high;      /* of the training rows' amounts; NaN: there are none, or a category */
    double *fitted;        /* [n_bins] as it was before the first edit; NULL: it never was edited */
} vouch__gam_shape;

typedef struct vouch__gam_pair {
    size_t a, b;                    /* inputs, a < b */
    size_t n_a, n_b;                /* coarse bins */
    uint8_t *to_a, *to_b;           /* [bins of a], [bins of b] */
    double *value, *error, *weight; /* [n_a x n_b] */
    double strength;                /* what FAST found */
} vouch__gam_pair;

typedef struct vouch__gam_facts {
    double rows, weight;         /* of training */
    double bags, rounds;         /* rounds: mean over bags, of the shapes */
    double pair_rounds;          /* of the tables */
    double held_rows;            /* that stopped each bag, on average; 0: none */
    double held_mains, held_all; /* their mean loss with shapes alone, and with tables */
    double start_loss;           /* theirs with the intercept alone */
} vouch__gam_facts;

typedef struct vouch__gam {
    vouch__gbdt_loss_id loss;
    double power; /* of Tweedie loss */
    double intercept;
    size_t n_inputs, n_pairs;
    vouch__gam_shape *shape; /* [n_inputs] */
    vouch__gam_pair *pair;
    size_t offset, exposure; /* inputs, or SIZE_MAX */
    double offset_mean, exposure_mean;
    vouch__gam_facts facts;
    vouch__doc *log; /* of edits: a list, oldest first; NULL: none */
    vouch_alloc alloc;
} vouch__gam;

void vouch__gam_free(const vouch_alloc *alloc, void *state);
/* Memory for a shape's bins and values; bins.n_bins, n_codes and is_category are given. */
vouch_status vouch__gam_shape_memory(vouch_ctx *ctx, vouch__gam_shape *shape);
vouch_status vouch__gam_pair_memory(vouch_ctx *ctx, const vouch__gam *gam, vouch__gam_pair *pair);

/* Offset and log exposure of a row. NaN where one is missing or the exposure is not above 0. */
double vouch__gam_offset(const vouch__gam *gam, const double *row);
static inline size_t vouch__gam_cell(const vouch__gam *gam, const vouch__gam_pair *pair, const double *row)
{
    size_t a = pair->to_a[vouch__gbdt_bin(&gam->shape[pair->a].bins, row[pair->a])];
    return a * pair->n_b + pair->to_b[vouch__gbdt_bin(&gam->shape[pair->b].bins, row[pair->b])];
}

/* Scoring and explaining, as the kind's interface has them. */
void vouch__gam_predict(const void *state, vouch__matrix x, double *raw);
vouch_status vouch__gam_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                      double *base);
size_t vouch__gam_n_moments(const void *state);
void vouch__gam_add_moments(const void *state, vouch__matrix x, double *sums);
void vouch__gam_moment_values(const void *state, const double *sums, double n, vouch__matrix x, double *out,
                              double *out_base);
void vouch__gam_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                         vouch__json *object);
void vouch__gam_save(const void *state, vouch__buf *out);
vouch_status vouch__gam_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                             void **state);
vouch_status vouch__gam_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                            vouch__json *log, void **state);
vouch_status vouch__gam_say(struct vouch__speech *speech, struct vouch__say **out_said);
vouch_status vouch__gam_c(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
vouch_status vouch__gam_json(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out);
/* "3 to 7", "missing", a category: what bin b of an input holds. cap bytes at out. */
void vouch__gam_label(const vouch__gam_shape *shape, const vouch__input *input, size_t b, char *out,
                      size_t cap);

#endif
