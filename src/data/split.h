/* data/split.h: which rows train, tune, test and lie out of time. Nothing is chosen on test. */
#ifndef VOUCH_SPLIT_H
#define VOUCH_SPLIT_H

#include "data/table.h"

typedef enum vouch__part { VOUCH__TRAIN, VOUCH__TUNE, VOUCH__TEST, VOUCH__OOT, VOUCH__PARTS } vouch__part;
const char *vouch__part_name(vouch__part part); /* "train", "tune", "test", "out-of-time" */

typedef enum vouch__split_by { VOUCH__SPLIT_RANDOM, VOUCH__SPLIT_TIME, VOUCH__SPLIT_GROUP } vouch__split_by;

typedef struct vouch__split_rule {
    vouch__split_by by;
    double test, tune;  /* shares of all rows */
    double out_of_time; /* by time: share of the latest rows, cut between distinct times; else 0 */
    uint64_t seed;
    size_t folds, fold; /* folds > 0: test is fold number `fold` of `folds`; tune is cut from the rest */
    size_t id, time, group, target; /* columns; SIZE_MAX where there is none */
} vouch__split_rule;

typedef struct vouch__split {
    size_t n[VOUCH__PARTS];
    uint32_t *row[VOUCH__PARTS];                /* ascending */
    char fingerprint[VOUCH__PARTS][VOUCH__HEX]; /* of the ids of each part, in row order */
    vouch_alloc alloc;
} vouch__split;

/* Random: within each class of target, rows are ordered by hash(seed, id) and cut, so the same id falls the
 * same way whatever else is in the table, up to rounding of the cuts. Group: all rows of a group go together.
 * Time: out-of-time is the latest rows; the rest is cut at random as above. Rows with a missing target are
 * refused. */
vouch_status vouch__split_make(vouch_ctx *ctx, const vouch_table *table, const vouch__split_rule *rule,
                               vouch__split *out_split);
void vouch__split_clear(vouch__split *split);

#endif
