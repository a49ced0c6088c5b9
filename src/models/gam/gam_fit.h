/* models/gam/gam_fit.h: what the parts of fitting share. Working memory is scratch of the context. */
#ifndef VOUCH_GAM_FIT_H
#define VOUCH_GAM_FIT_H

#include "models/gam/gam.h"

/* One row set for all bags: the training rows and the tuning rows, in the table's order. */
typedef struct vouch__gam_data {
    const vouch__fit_data *data;
    const double *param; /* as the kind's table orders them */
    vouch__gam *gam;     /* bins, curves, pairs: what does not change while boosting */
    vouch__gbdt_bins bins;
    vouch__gbdt_rows rows;
    size_t n, n_use;
    uint32_t *use;    /* [n_use] inputs with a shape */
    uint32_t *of;     /* [n] rows of the table */
    uint8_t *is_tune; /* [n] */
    double *target;   /* [n] */
    float *weight;    /* [n] relative to the heaviest, or NULL */
    double heaviest;
    double *offset;     /* [n], or NULL */
    double start, unit; /* the intercept before any step; what gradients are measured in */
    uint16_t *cell;     /* [pairs x n] once there are pairs */
    bool has_tune;
} vouch__gam_data;

/* What one bag makes. */
typedef struct vouch__gam_bag {
    double *shape; /* [inputs x VOUCH__GAM_BINS] */
    double *table; /* [all cells of all pairs, one pair after the other] */
    double intercept;
    size_t rounds, pair_rounds;
    double held, start_loss, held_mains, held_all; /* weight of the held rows; their mean losses */
} vouch__gam_bag;

vouch_status vouch__gam_bins_make(vouch_ctx *ctx, vouch__gam_data *d);
/* Boost the shapes of bag number `bag`, or with is_pairs its tables upon its shapes. */
vouch_status vouch__gam_boost(vouch_ctx *ctx, const vouch__gam_data *d, size_t bag, bool is_pairs,
                              vouch__gam_bag *out);
/* Gradient and curvature of all rows at given scores, for FAST. */
vouch_status vouch__gam_slopes(vouch_ctx *ctx, const vouch__gam_data *d, double *score, float *g, float *h);

/* Sums over the rows of a bin or a cell, in units of the loss. */
typedef struct vouch__gam_sum {
    double g, h, rows;
} vouch__gam_sum;

typedef struct vouch__gam_rule { /* how a step is made */
    vouch__gbdt_loss_id loss;
    double rate, unit, l2, category_l2, least_rows;
    size_t leaves;
    bool is_random; /* cuts are drawn, not searched */
    uint64_t seed;
} vouch__gam_rule;

/* A step of a shape: out[n_bins]. shape is as it is. */
void vouch__gam_step(const vouch__gam_rule *rule, const vouch__gam_shape *input, const vouch__gam_sum *sum,
                     const double *shape, double *out);
/* A step of a table of n_a x n_b cells; running [(n_a + 1) x (n_b + 1)] is working memory. */
void vouch__gam_table_step(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *sum,
                           vouch__gam_sum *running, double *out);
/* How much the best cut of both inputs gains over the best step of each alone. */
double vouch__gam_table_gain(size_t n_a, size_t n_b, const vouch__gam_sum *sum, vouch__gam_sum *running,
                             double least_rows);

/* The weighted nearest values that do not fall (direction +1) or do not rise (-1), exactly in order. */
enum { VOUCH__GAM_BEND_WORK = 32 };
void vouch__gam_isotonic(size_t n, double *value, const double *weight, int direction, double *work);
/* The weighted nearest values that lie on a convex or concave line over at (ascending), with a direction or
 * 0; up to rounding of the slopes. work [VOUCH__GAM_BEND_WORK x n]. active [n], 0 before the first call:
 * where the line may bend, kept for the next, which is then quick. */
void vouch__gam_bend(size_t n, const double *at, double *value, const double *weight, vouch__gam_curve curve,
                     int direction, uint8_t *active, double *work);
/* Project the curve of a whole shape; NULL active: from nothing. work [(VOUCH__GAM_BEND_WORK + 4) x BINS] */
void vouch__gam_project(const vouch__gam_shape *shape, int direction, double *value, uint8_t *active,
                        double *work);

/* Choose pairs and lay them out in gam; score: of every row by shapes alone. */
vouch_status vouch__gam_find_pairs(vouch_ctx *ctx, vouch__gam_data *d, double *score);
/* Take the means of every row and column out of a table into two shapes and of those into intercept. */
vouch_status vouch__gam_purify(vouch_ctx *ctx, const vouch__gam *gam, const vouch__gam_pair *pair,
                               double *table, double *shape_a, double *shape_b);
/* Take a shape's mean over the training rows out of it. What nobody has and stands alone, such as a missing
 * value where none was missing, says nothing: 0. */
double vouch__gam_centre(const vouch__gam_shape *shape, double *value);

#endif
