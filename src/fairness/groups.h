/* fairness/groups.h: the groups that a protected column makes of some rows. */
#ifndef VOUCH_GROUPS_H
#define VOUCH_GROUPS_H

#include "fairness/fair_suite.h"

enum { VOUCH__GROUPS_MAX = 64, VOUCH__GROUP_LABEL = 96 };

typedef struct vouch__groups { /* lives in scratch */
    const char *column;        /* name */
    size_t n, n_groups;        /* rows; groups that any row of the table can be in */
    uint8_t *of;               /* [n] */
    char (*label)[VOUCH__GROUP_LABEL];
    size_t *count;    /* [n_groups] rows of each */
    size_t missing;   /* the group of rows without a value; SIZE_MAX when there is none */
    size_t reference; /* the largest group that is not missing; the first of equals */
} vouch__groups;

/* Groups of row[n]. Texts, flags and numbers with at most 10 values: by value (texts beyond the 20 most
 * frequent share a group). A number whose name has the word "age": under 40, 40 to 61, 62 and over. Other
 * numbers: at the quartiles of the training rows. A missing value makes a group of its own. */
vouch_status vouch__groups_make(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, size_t n,
                                const uint32_t *row, vouch__groups *out);
/* The same as a sentence, for conventions. */
#define VOUCH__GROUPS_RULE                                                                                   \
    " Groups: each value of a text or of a number with few; ages under 40, 40 to 61, and 62 and over (62: "  \
    "elderly under Regulation B; 40: federal employment law); other numbers at the training quartiles. The " \
    "largest is the reference; those under the smallest size are not compared."

/* The groups as a column of categories; the missing ones have no level. level, text [n_groups], code [n]: the
 * caller's, filled. */
struct vouch__factor;
void vouch__groups_factor(const vouch__groups *groups, const char **level, char (*text)[VOUCH__GROUP_LABEL],
                          uint32_t *code, struct vouch__factor *out);

double
vouch__fair_min_group(const vouch__fair_data *data); /* data->min_group, or 30 where that is not above 0 */
/* Is the group large enough to compare? least: the smallest number of cases. */
bool vouch__group_is_fair(double least, const vouch__groups *groups, size_t g);
/* An entry for each group that is too small for test id to compare, refused. */
void vouch__groups_refuse(double least, const vouch__groups *groups, const char *id, const char *title,
                          const char *model, const char *part, vouch__evidence *list);

/* Numbers at the quartiles of the training rows; NaN when every value is missing. */
vouch_status vouch__train_quartiles(vouch_ctx *ctx, const vouch__fair_data *data, size_t column,
                                    double out[3]);

#endif
