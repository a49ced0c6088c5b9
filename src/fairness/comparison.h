/* fairness/comparison.h: a group held against the reference, and what measures of all groups share. */
#ifndef VOUCH_COMPARISON_H
#define VOUCH_COMPARISON_H

#include "fairness/outcomes.h"

#define VOUCH__FAIR_LEVEL 0.95 /* of every interval */
#define VOUCH__FAIR_ALPHA 0.05 /* of every test, after correction */

typedef struct vouch__comparison {
    bool is_made;
    double value, low, high, p, holm;
} vouch__comparison;

/* Both the group and the reference are large enough, and are two. */
bool vouch__is_compared(const vouch__outcomes *o, const vouch__groups *g, size_t at);
size_t vouch__count_compared(const vouch__outcomes *o, const vouch__groups *g);

/* p to holm, over all that are made; n is at most 2 VOUCH__GROUPS_MAX. */
vouch_status vouch__comparisons_adjust(vouch_ctx *ctx, size_t n, vouch__comparison *c);

/* x of n against y of m: the difference of the rates, Newcombe's interval (method 10) and Fisher's p. */
vouch_status vouch__rate_gap(vouch_ctx *ctx, uint64_t x, uint64_t n, uint64_t y, uint64_t m,
                             vouch__comparison *out);

/* Difference of means over the pooled standard deviation within the groups; NaN where it is 0 or a group has
 * under 2 cases. */
double vouch__pooled_gap(double n_p, double mean_p, double variance_p, double n_r, double mean_r,
                         double variance_r);

/* The comparison that is worst and not that of the missing; SIZE_MAX where none is made. c[i] is of group
 * i % n_groups. */
typedef enum vouch__worse { VOUCH__WORSE_BELOW, VOUCH__WORSE_ABOVE, VOUCH__WORSE_SIZE } vouch__worse;
size_t vouch__worst(const vouch__groups *g, size_t n, const vouch__comparison *c, vouch__worse worse);

/* Fill in what an entry is about. False: it is blocked by a profile; then an entry that says so has been
 * added and nothing is left to do. begin: false also where there are not two groups that can be compared. */
bool vouch__fair_open(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry);
bool vouch__fair_begin(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry);
/* In place of an entry and for the groups that are too small. */
void vouch__fair_refuse(const vouch__outcomes *o, const vouch__groups *g, vouch__entry *entry,
                        const char *why);
void vouch__fair_refuse_small(const vouch__outcomes *o, const vouch__groups *g, const vouch__entry *entry);
/* The number of the worst comparison, its interval and adjusted p; note [cap] names the pair. */
void vouch__fair_tell(const vouch__groups *g, size_t at, const vouch__comparison *worst, vouch__entry *entry,
                      char *note, size_t cap);
/* Differences of the means of x [n] in standard deviations, of o->spread; six columns, the group first, and
 * "smd" among them. */
vouch_status vouch__fair_mean_gap(vouch_ctx *ctx, const vouch__outcomes *o, const vouch__groups *g,
                                  const double *x, const char *columns, vouch__entry *entry);
/* How many are approved, by group. */
void vouch__count_approved(const vouch__outcomes *o, const vouch__groups *g, uint64_t out[VOUCH__GROUPS_MAX]);
/* Cells of a table's row, as vouch__test_row has them. */
void vouch__fair_row(const vouch__outcomes *o, vouch__json *table, const char *cells, ...);

#endif
