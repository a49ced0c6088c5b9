/* fairness/cells.h: a group's cases by outcome and decision, and resamples of them. */
#ifndef VOUCH_FAIR_CELLS_H
#define VOUCH_FAIR_CELLS_H

#include "fairness/comparison.h"

typedef struct vouch__group_cells {
    uint64_t n[2][2]; /* [bad][approved] */
} vouch__group_cells;

void vouch__group_cells_count(const vouch__outcomes *o, const vouch__groups *g,
                              vouch__group_cells out[VOUCH__GROUPS_MAX]);

/* Resample k of a stream: every case counts a Poisson(1) number of times, so a cell of n cases has a
 * Poisson(n) number, and is drawn as such. A function of (seed, stream, k) alone. Cost O(sqrt(n)). */
void vouch__group_cells_resample(const vouch__group_cells *c, uint64_t seed, uint64_t stream, size_t k,
                                 vouch__group_cells *out);
/* The Poisson number of this mean that belongs to u in [0, 1); mean from 0 to 2^53. */
uint64_t vouch__poisson_at(double u, double mean);

#endif
