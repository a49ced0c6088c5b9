/* explain/recourse.h: what the parts of recourse share: the rules and scales of all rows, the candidates of
 * one row, and the bound of a box of them.
 *
 * A row's *dimensions* are the inputs that may change. A dimension has candidates: numbers ascending, among
 * them the row's own value; categories in any order, at most 64. For trees and scorecards one candidate
 * stands for each cell between thresholds, the cheapest in it, and no more are needed: within a cell the
 * model says the same. A *box* is a range of numbers or a set of categories for every dimension. */
#ifndef VOUCH_RECOURSE_H
#define VOUCH_RECOURSE_H

#include "models/card.h"
#include "models/model_kind.h"
#include "models/trees.h"
#include "vouch/explain.h"

enum { VOUCH__RECOURSE_ANSWERS = 16, VOUCH__RECOURSE_CATEGORIES = 64 };

typedef enum vouch__move {
    VOUCH__MOVE_FREE,
    VOUCH__MOVE_FIXED,
    VOUCH__MOVE_UP,
    VOUCH__MOVE_DOWN
} vouch__move;

typedef struct vouch__recourse_input {
    vouch__move move;
    bool is_category;
    double low, high, weight;
    double step, per_unit; /* value k is k step, or k / per_unit where that is not 0 */
    size_t n_knots;
    double *at, *share;   /* knots of the population's distribution */
    double mad;           /* 0: there is none */
    bool zero_is_missing; /* the model takes 0 for missing */
    size_t n_edges;
    int64_t *edge;     /* ascending: value k - 1 and value k are in different cells of the model */
    uint32_t *allowed; /* [n_allowed] categories, the most frequent first */
    size_t n_allowed;
} vouch__recourse_input;

typedef enum vouch__recourse_form { /* what a bound is made of */
                                    VOUCH__RECOURSE_TREES,
                                    VOUCH__RECOURSE_SUM, /* raw adds over inputs */
                                    VOUCH__RECOURSE_ASK  /* any model: costs alone */
} vouch__recourse_form;

struct vouch_recourse { /* immutable once made */
    const vouch_model *model;
    vouch__recourse_form form;
    const vouch__trees *trees; /* TREES */
    const vouch__card *card;   /* SUM: of a scorecard; NULL otherwise */
    bool by_mad;
    double cutoff, per_change, seconds, gap;
    size_t max_changes, answers, nodes;
    double target;             /* the largest raw that is approved; not for ASK */
    vouch__recourse_input *in; /* [inputs] */
    vouch_alloc alloc;
};

/* The same as vouch_recourse_new with rules that were read already (or NULL), on some rows of a table (row
 * NULL: all n). name is the rules' in messages. */
vouch_status vouch__recourse_make(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *population,
                                  size_t n, const uint32_t *row, const vouch_recourse_options *options,
                                  const char *name, const vouch__json *rules, vouch_recourse **out_recourse);
/* Find the cells of every input, where the model has any. */
vouch_status vouch__recourse_edges(vouch_ctx *ctx, vouch_recourse *recourse);
double vouch__recourse_cost(const vouch_recourse *recourse, size_t input, double from, double to);
/* raw and P(bad) of one row; NaN where the model gives none. */
void vouch__recourse_score(const vouch_recourse *recourse, const double *row, double *out_raw,
                           double *out_probability);

/* ---- the candidates of one row ---- */

typedef union vouch__range {
    struct {
        uint32_t lo, hi; /* numbers: candidates lo .. hi */
    } of;
    uint64_t set; /* categories */
} vouch__range;

typedef struct vouch__dimension {
    size_t input, n, own; /* candidates; which is the row's own value */
    bool is_category;
    double *value, *cost; /* [n] cost is 0 at own, and rises with the distance from it */
    double *sum;          /* [n] SUM: what raw gains */
} vouch__dimension;

typedef struct vouch__recourse_node { /* of a tree, inputs that stay as they are walked already */
    int32_t left, right, parent;      /* left < 0: a leaf */
    uint32_t dim, cut;                /* candidates below cut go left */
    uint64_t set;                     /* categories that go left */
    double value;                     /* leaf */
    double part;                      /* of the dimension's cost that this tree bears */
} vouch__recourse_node;

typedef struct vouch__space { /* all from scratch */
    const vouch_recourse *recourse;
    const double *row; /* [inputs] */
    size_t n_dims, n_trees, n_nodes;
    vouch__dimension *dim;
    uint32_t *root;             /* [n_trees]: a node each */
    vouch__recourse_node *node; /* [n_nodes] */
    double constant;            /* raw is constant + trees' leaves, or + what candidates gain */
    double enough;              /* a raw above this is surely not approved */
} vouch__space;

vouch_status vouch__space_make(vouch_ctx *ctx, const vouch_recourse *recourse, const double *row,
                               vouch__space *out);

/* ---- bounds ---- */

typedef struct vouch__cheapest {
    double cost;
    uint32_t at; /* candidate */
} vouch__cheapest;
/* The cheapest candidate in a range that has one. */
vouch__cheapest vouch__range_cheapest(const vouch__dimension *dim, vouch__range range);
static inline bool vouch__range_has_own(const vouch__dimension *dim, vouch__range range)
{
    return dim->is_category ? (range.set >> dim->own & 1) != 0
                            : range.of.lo <= dim->own && dim->own <= range.of.hi;
}
static inline size_t vouch__range_count(const vouch__dimension *dim, vouch__range range)
{
    return dim->is_category ? (size_t)__builtin_popcountll(range.set) : (size_t)range.of.hi - range.of.lo + 1;
}

/* What a box says. try: positions, one a dimension, that are worth scoring. Where the box should be split:
 * dim (SIZE_MAX: it holds one row only) into `below` and the rest of it. */
typedef struct vouch__box_view {
    double bound; /* INFINITY: nothing in the box is approved, or too much would change */
    size_t dim;
    vouch__range below, above;
    uint32_t *try[2]; /* [n_dims] */
    size_t n_try;
} vouch__box_view;

/* Room for looking at boxes of one space. */
typedef struct vouch__bounder vouch__bounder;
vouch_status vouch__bounder_make(vouch_ctx *ctx, const vouch__space *space, vouch__bounder **out);
/* box [n_dims], which is narrowed where no more may change. out->try must have room. */
void vouch__bounder_look(vouch__bounder *bounder, vouch__range *box, vouch__box_view *out);

#endif
