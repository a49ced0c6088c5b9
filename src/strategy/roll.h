/* strategy/roll.h: how accounts move between buckets of delinquency from month to month. */
#ifndef VOUCH_ROLL_H
#define VOUCH_ROLL_H

#include "strategy/panel.h"

enum { VOUCH__BUCKETS_MAX = 32 };

/* Counts of accounts in bucket i one month and j the next, of all months and of each. A status is rounded
 * down and held between 0, current, and the last bucket. */
typedef struct vouch__rolls {
    size_t buckets, months; /* months: pairs of neighbouring months, the first of them `first` */
    int32_t first;
    double *all;                /* [buckets x buckets] */
    double *at;                 /* [months x buckets x buckets] */
    double gaps, ends, missing; /* pairs not a month apart; last rows before the table ends; no status */
} vouch__rolls;

/* In scratch.    Fails  E_DATA  there are no two neighbouring months;  E_NOMEM */
vouch_status vouch__rolls_count(vouch_ctx *ctx, const vouch__panel *panel, size_t buckets, vouch__rolls *out);

/* count[j] of a row of n buckets as shares of its sum; NaN throughout where that is 0. */
void vouch__rolls_shares(size_t n, const double *count, double *out);

/* Chance of having been in bucket `bad` or worse within `steps` months from each bucket, by the Markov chain
 * of the shares p [n x n] in which bad absorbs; 1 from bad on. Rows of NaN are taken to stay where they are.
 * out [n], room [2 n]. */
void vouch__rolls_reach(size_t n, const double *p, size_t bad, size_t steps, double *room, double *out);

#endif
