/* strategy/swap_set.h: whom a change of model swaps in and out at one approval rate, and how they turn out.
 */
#ifndef VOUCH_SWAP_SET_H
#define VOUCH_SWAP_SET_H

#include "strategy/accept.h"

typedef enum vouch__swap_cell {
    VOUCH__SWAP_BOTH, /* approved by both */
    VOUCH__SWAP_IN,   /* approved by the new score only */
    VOUCH__SWAP_OUT,  /* approved by the old score only */
    VOUCH__SWAP_NONE, /* declined by both */
    VOUCH__SWAP_CELLS
} vouch__swap_cell;

/* Sums of weights; fractional where a tie lies on the edge. */
typedef struct vouch__swapped {
    double cases, known, bad, square; /* square: of the weights of the known, for Kish's number */
} vouch__swapped;

/* Both scores approve exactly `rate` of the cases, the safest first; the cases tied at the edge are approved
 * in proportion, by independent lots of the two scores where both have ties. cases->outcome may be NaN.
 * out_edge: the two cut-offs.    Fails  E_NOMEM;  E_DATA  rate is not between 0 and 1 */
vouch_status vouch__swap_set(vouch_ctx *ctx, const vouch__accept_cases *cases, const double *new_score,
                             double rate, vouch__swapped out[VOUCH__SWAP_CELLS], double out_edge[2]);

/* Difference x1/n1 - x2/n2 of two shares with Newcombe's hybrid score interval. NaN where an n is 0. Source
 * R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10 */
void vouch__share_difference(double x1, double n1, double x2, double n2, double level, double *out_value,
                             double *out_low, double *out_high);

#endif
