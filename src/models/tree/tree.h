/* models/tree/tree.h: the kind tree: one decision tree, small enough to be read and argued about. It is the
 * forest of kind gbdt with one tree, so it is scored, explained and exported as those are, and knows besides
 * which cases every leaf rests on. */
#ifndef VOUCH_TREE_H
#define VOUCH_TREE_H

#include "models/gbdt/gbdt.h"
#include "models/wire.h"

enum {
    VOUCH__TREE_LOSS,
    VOUCH__TREE_LEAVES,
    VOUCH__TREE_DEPTH_MOST,
    VOUCH__TREE_MIN_ROWS,
    VOUCH__TREE_PRUNE,
    VOUCH__TREE_ALPHA,
    VOUCH__TREE_MAX_BINS,
    VOUCH__TREE_PARAMS
};
enum { VOUCH__PRUNE_BEST, VOUCH__PRUNE_ONE_SE, VOUCH__PRUNE_ALPHA, VOUCH__PRUNE_NONE };

typedef struct vouch__tree_tally {              /* of one node; sums over rows, with their weights */
    double rows, weight, target;                /* of training */
    double tune_rows, tune_weight, tune_target; /* of the rows it was pruned by */
} vouch__tree_tally;

typedef struct vouch__tree {
    vouch__gbdt *forest;      /* of at most one tree */
    vouch__tree_tally *tally; /* [nodes]; of a forest without a tree [1]: everybody */
    size_t n_nodes;
} vouch__tree;

vouch_status vouch__tree_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                             vouch__doc *doc, vouch__json *log, void **state);
void vouch__tree_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                          vouch__json *object);
/* What a kind that is one tree underneath takes over; state begins with a vouch__tree. */
void vouch__tree_predict(const void *state, vouch__matrix x, double *raw);
double vouch__tree_probability(const void *state, double raw);
vouch__scale vouch__tree_scale(const void *state);
vouch_status vouch__tree_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                       double *base);
vouch_status vouch__tree_shap_of(vouch_ctx *ctx, const void *state, vouch__shap **out_shap);
void vouch__tree_put_tally(const vouch__tree_tally *tally, vouch__buf *out);
bool vouch__tree_get_tally(vouch__wire *in, vouch__tree_tally *out_tally); /* false: out of range */
/* Rows, risk, its 95 % interval (of a share), rows and risk of tuning: six numbers. */
void vouch__tree_push_rates(const vouch__tree_tally *tally, bool is_share, vouch__doc *doc, vouch__json *row);
void vouch__tree_free(const vouch_alloc *alloc, void *state);
/* Mean, and what raw a leaf with that mean has. */
double vouch__tree_raw(vouch__gbdt_loss_id loss, double mean);

#endif
