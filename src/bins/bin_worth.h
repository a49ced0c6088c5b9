/* bins/bin_worth.h: what a bin is worth for a target, from sums over its rows. */
#ifndef VOUCH_BIN_WORTH_H
#define VOUCH_BIN_WORTH_H

#include "bins/cut_runs.h"

typedef enum vouch__bin_target {
    VOUCH__BIN_BINARY,
    VOUCH__BIN_CONTINUOUS,
    VOUCH__BIN_COUNT,
    VOUCH__BIN_CLASSES
} vouch__bin_target;

/* Sums over some rows, as doubles so that they add up by one loop. Of classes, their weights follow Y2. */
enum { VOUCH__SUM_ROWS, VOUCH__SUM_EVENTS, VOUCH__SUM_W, VOUCH__SUM_Y, VOUCH__SUM_Y2, VOUCH__SUM_CLASS };

typedef struct vouch__worth {
    vouch__bin_target target;
    size_t n_classes, stride; /* stride: doubles of one set of sums */
    double min_rows, min_weight, max_weight, min_events;
    const double *all; /* [stride]: of every row with an outcome, also special and missing */
} vouch__worth;

/* Add n rows, row i to the set of sums of cell[i]. y: 0 or 1; a number; a count; the class's number. w NULL:
 * 1 each. */
void vouch__worth_add(const vouch__worth *worth, size_t n, const uint16_t *cell, const double *y,
                      const double *w, double *sums);
void vouch__worth_join(const vouch__worth *worth, double *sums, const double *other);
/* The bin that these rows make: its worth is -INFINITY where the bounds refuse it. */
vouch__run vouch__worth_run(const vouch__worth *worth, const double *sums);
/* The worth alone, whatever the bounds; 0 of no rows. */
double vouch__worth_of(const vouch__worth *worth, const double *sums);
/* What the trend speaks of: bad rate, mean, rate; of classes the share of the last. */
double vouch__worth_level(const vouch__worth *worth, const double *sums);

#endif
