/* fairness/outcomes.h: what the parts of vouch__fair_outcomes share. */
#ifndef VOUCH_OUTCOMES_H
#define VOUCH_OUTCOMES_H

#include "fairness/groups.h"

struct vouch_test;

/* What a difference of means is divided by: the pooled standard deviation within the two groups, that of the
 * reference, of all cases, or of the outcomes. */
typedef enum vouch__spread {
    VOUCH__SPREAD_POOLED,
    VOUCH__SPREAD_REFERENCE,
    VOUCH__SPREAD_ALL,
    VOUCH__SPREAD_LABEL
} vouch__spread;

/* Some rows, scored and decided, and what judges them. */
typedef struct vouch__outcomes {
    const vouch__fair_data *data; /* of a project, with model, part and row; elsewhere NULL */
    const vouch_model *model;
    const uint32_t *row;
    vouch__part part;
    const struct vouch_test *test; /* whose words an entry has; NULL: the measure's own */
    const char *model_name, *part_name,
        *rule; /* rule: how cases were decided, a sentence; each may be NULL */
    double min_group;
    vouch__spread spread;
    size_t n;
    const double *raw;            /* larger = riskier; NULL where only decisions are there */
    const uint8_t *approve, *bad; /* either may be NULL where a measure does without */
    bool has_profiles;            /* judged under the profiles below; else by the policy alone */
    vouch__legal *const *legal;
    size_t n_legal;
    vouch__evidence *list;
} vouch__outcomes;

/* Each adds its entries for one protected column. */
vouch_status vouch__fair_air(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_smd(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_errors(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_score_proxy(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *groups);
vouch_status vouch__fair_flip(vouch_ctx *ctx, const vouch__outcomes *o, size_t column);

/* How each of some columns and each protected one follow from each other by their values, on TRAIN. out
 * [inputs x n_protected]. column SIZE_MAX: not in the table. */
typedef enum vouch__coding {
    VOUCH__CODING_NONE,
    VOUCH__CODING_EQUAL,
    VOUCH__CODING_FINER,
    VOUCH__CODING_COARSER
} vouch__coding;
vouch_status vouch__fair_codings(vouch_ctx *ctx, const vouch__fair_data *data, size_t inputs,
                                 const size_t *column, vouch__coding *out);
const char *vouch__coding_words(vouch__coding coding);

/* Is test blocked by a profile? Then an entry that says so is added. */
bool vouch__fair_is_blocked(const vouch__outcomes *o, const vouch__entry *entry);
/* Add an entry as the profiles want it. What is beyond a limit is judged one step milder where is_chance: the
 * test of the difference cannot tell it from none; and, under profiles, a failure is an advice where the test
 * is only advisory. The note says which, and the rule of the decisions. */
vouch__json *vouch__fair_add(const vouch__outcomes *o, const vouch__entry *entry, bool is_chance);

#endif
