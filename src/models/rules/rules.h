/* models/rules/rules.h: the kind rules: a list of rules read from the top; the first that holds gives the
 * risk. A rule is one condition or two. The list is kept as the decision tree that gives the same answers, so
 * it is scored, explained and exported as a tree is. */
#ifndef VOUCH_RULES_H
#define VOUCH_RULES_H

#include "models/tree/tree.h"

enum {
    VOUCH__RULES_MOST,
    VOUCH__RULES_PENALTY,
    VOUCH__RULES_MIN_ROWS,
    VOUCH__RULES_CUTS,
    VOUCH__RULES_POOL,
    VOUCH__RULES_CONDITIONS,
    VOUCH__RULES_FALLING,
    VOUCH__RULES_NODES,
    VOUCH__RULES_PARAMS
};
enum { VOUCH__RULES_LIMIT = 8, VOUCH__RULES_POOL_MAX = 200 };

typedef enum vouch__rule_op {
    VOUCH__UP_TO,
    VOUCH__ABOVE,
    VOUCH__IS,
    VOUCH__IS_MISSING,
    VOUCH__RULE_OPS
} vouch__rule_op;

typedef struct vouch__condition {
    vouch__rule_op op;
    size_t input;
    double value; /* a bound; of IS a category's code; of IS_MISSING 0 */
} vouch__condition;

typedef struct vouch__rule_line { /* n_conditions 0: everybody else, the last */
    size_t n;
    vouch__condition at[2];
    vouch__tree_tally tally;
    double raw;
} vouch__rule_line;

typedef struct vouch__rules {
    vouch__tree tree; /* first: what is done with a tree is done with this. It has no tallies */
    size_t n;         /* lines, with the last */
    vouch__rule_line line[VOUCH__RULES_LIMIT + 1];
    double objective, bound; /* of training: mean loss and penalty; below which no list of the pool falls */
    double examined;         /* lists */
    bool is_falling;
} vouch__rules;

bool vouch__condition_holds(const vouch__condition *c, const double *row);
/* The tree that answers as the list does; cover of its nodes: 1 each where rows is NULL. */
vouch_status vouch__rules_tree(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__rules *rules,
                               size_t n_rows, const double *row, const double *weight, vouch__trees *out);
vouch_status vouch__rules_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                              vouch__doc *doc, vouch__json *log, void **state);

/* The search, on rows compressed to those alike in every condition of the pool. */
typedef struct vouch__rule_search {
    size_t groups, words, pool;    /* words of a set of groups */
    const uint64_t *holds;         /* [pool x words] */
    const double *weight, *target; /* [groups] */
    double penalty, least_weight;  /* in units of total loss; of what a rule takes */
    size_t most, nodes;
    bool is_falling;
} vouch__rule_search;
/* out_rule[most]: places in the pool. */
vouch_status vouch__rules_search(vouch_ctx *ctx, const vouch__rule_search *s, size_t *out_rule, size_t *out_n,
                                 double *out_objective, double *out_bound, double *out_examined);

#endif
