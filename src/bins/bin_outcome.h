/* bins/bin_outcome.h: what bins are to tell apart: the target and weights of the rows that have an outcome.
 */
#ifndef VOUCH_BIN_OUTCOME_H
#define VOUCH_BIN_OUTCOME_H

#include "bins/bin_rules.h"
#include "vouch/data.h"

typedef struct vouch__bin_outcome {       /* read once for any number of columns; arrays in scratch */
    const vouch_table *table;             /* NULL: the rows came and went */
    const char *target_name, *event_name; /* event_name: of two texts the one that is the event; else NULL */
    size_t target, n, left_out;
    const uint32_t *row; /* [n] rows of the table; NULL: all of them */
    const double *y, *w; /* [n], as bin_worth wants them; w NULL: 1 each */
    double event;        /* the value that is the event, of two */
    vouch__bin_rules rules;
    vouch__worth worth;
} vouch__bin_outcome;

/* What values a target has, as far as it matters. Begins zeroed. */
enum { VOUCH__CLASSES_MAX = 50 };
typedef struct vouch__answers {
    double value[VOUCH__CLASSES_MAX + 1]; /* distinct, ascending; a code of a text */
    size_t n;                             /* one more than VOUCH__CLASSES_MAX: too many to list */
    bool has_infinite, has_negative;
    bool is_text;
    const char *text[2]; /* of a text, what the first two values stand for */
} vouch__answers;
void vouch__answers_add(vouch__answers *answers, size_t n, const double *y); /* NaN is left out */
/* Set the kind of target, and the event of two values. Fails E_DATA */
vouch_status vouch__answers_judge(vouch_ctx *ctx, const vouch__answers *answers, vouch__bin_outcome *outcome);
/* Values as bin_worth wants them. */
void vouch__answers_map(const vouch__answers *answers, const vouch__bin_outcome *outcome, size_t n,
                        double *y);
/* Bounds of bins, from the sums over all rows; all stays with its owner. */
void vouch__bin_outcome_bound(vouch__bin_outcome *outcome, const double *all);

/* weight: a column, or SIZE_MAX. Fails as vouch_bin. */
vouch_status vouch__bin_outcome_read(vouch_ctx *ctx, const vouch_table *table, size_t target, size_t weight,
                                     const char *rules, vouch__bin_outcome *out);

#endif
