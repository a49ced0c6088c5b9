/* strategy/accept.h: what the cut-offs of a score do: whom they approve, how those turn out, what they earn.
 *
 * Cases are approved from the safest up: those whose score is at or below the cut-off, ties together. A case
 * whose outcome is not known counts as approved and in no rate. Profit is a mean over all cases with a known
 * outcome, 0 for those turned away:
 *   of a good case that is approved  margin x amount - cost
 *   of a bad one                     - lgd x amount - cost */
#ifndef VOUCH_ACCEPT_H
#define VOUCH_ACCEPT_H

#include "base/ctx.h"

#include <stdbool.h>

typedef struct vouch__accept_cases {
    size_t n;
    const double *score;   /* [n] larger = riskier, no NaN */
    const double *outcome; /* [n] 1 bad, 0 good, NaN not known */
    const double *weight;  /* [n] finite and > 0; NULL: ones */
    const double *amount;  /* [n] finite and >= 0; NULL: ones */
} vouch__accept_cases;

typedef struct vouch__accept_terms {
    double margin, lgd, cost; /* finite */
    double max_bad_rate;      /* rule BAD_RATE: approve as many as keep it */
    double approval_rate;     /* rule APPROVAL: approve at least this share */
} vouch__accept_terms;

typedef enum vouch__accept_rule {
    VOUCH__ACCEPT_PROFIT,   /* the largest profit; among equals the fewest approved */
    VOUCH__ACCEPT_BAD_RATE, /* the largest share whose bad rate is within the limit */
    VOUCH__ACCEPT_APPROVAL, /* the smallest share that is not below the one asked for */
    VOUCH__ACCEPT_RULES
} vouch__accept_rule;

/* One cut-off. Rates of what is not there are NaN. */
typedef struct vouch__accept_point {
    double score;      /* of the riskiest approved; -INFINITY: nobody is */
    double approved;   /* share of all cases */
    double known, bad; /* approved with a known outcome, and the bad of them, as shares of all known */
    double effective;  /* cases behind the bad rate (Kish) */
    double profit, profit_sse; /* mean, and its standard error squared */
} vouch__accept_point;

/* A score's cut-offs: point[0] approves nobody, each later one a distinct score more, the last all. */
typedef struct vouch__accept_curve {
    size_t n;
    vouch__accept_point *point;
    uint32_t *order;        /* [cases] from the safest up */
    double cases_effective; /* Kish's number of all cases */
} vouch__accept_curve;

static inline double vouch__accept_bad_rate(const vouch__accept_point *p)
{
    return p->bad / p->known; /* NaN where nothing is known */
}

/* In scratch.  Fails  E_DATA  no case has a known outcome, an amount is negative or not finite;  E_NOMEM
 * Cost  O(n) after a radix sort */
vouch_status vouch__accept_make(vouch_ctx *ctx, const vouch__accept_cases *cases,
                                const vouch__accept_terms *terms, vouch__accept_curve *out);

/* Which point a rule takes; 0, nobody, where no other keeps it. */
size_t vouch__accept_pick(const vouch__accept_curve *curve, vouch__accept_rule rule,
                          const vouch__accept_terms *terms);

/* The bad of the safest `share` of the cases with a known outcome, as a share of all of them; tied scores in
 * proportion, so that two scores can be compared at exactly one share. */
double vouch__accept_bad_at(const vouch__accept_curve *curve, double share);

/* The least bad that can be had at each share with two scores, choosing between them and, between two of
 * their cut-offs, by lot: the lower convex hull of both curves. out holds x and y of its corners, from (0, 0)
 * to (1, all bad), and which score a corner is of; room for a->n + b->n of them. */
typedef struct vouch__accept_corner {
    double share, bad;
    bool is_second;
} vouch__accept_corner;
void vouch__accept_frontier(const vouch__accept_curve *a, const vouch__accept_curve *b,
                            vouch__accept_corner *out, size_t *out_n);
double vouch__accept_frontier_at(const vouch__accept_corner *corner, size_t n, double share);

/* Poisson resamples of the cases (validate/bootstrap.h). For each rule what it would have chosen in a
 * resample: approved[], bad_rate[], profit[] and score[] there, and gain[]: by how much more its choice beats
 * pick[rule], what it chose on the cases, there than on the cases themselves. The mean of gain is the
 * optimism of a profit that is chosen and reported on the same cases (never below 0 for the rule of profit).
 * difference (or NULL): first score's bad rate less the second's at share[k].
 * All arrays [resamples], or [n_shares x resamples]. Same bits on any number of threads. */
typedef struct vouch__accept_boot {
    size_t resamples, n_shares;
    uint64_t seed;
    const double *share;
    size_t pick[VOUCH__ACCEPT_RULES];
    double *approved[VOUCH__ACCEPT_RULES], *bad_rate[VOUCH__ACCEPT_RULES], *profit[VOUCH__ACCEPT_RULES],
        *score[VOUCH__ACCEPT_RULES], *gain[VOUCH__ACCEPT_RULES];
    double *difference;
} vouch__accept_boot;
/* In scratch; second, its curve, and difference are NULL without a second score. */
vouch_status vouch__accept_resample(vouch_ctx *ctx, const vouch__accept_cases *cases,
                                    const vouch__accept_curve *curve, const vouch__accept_cases *second,
                                    const vouch__accept_curve *second_curve, const vouch__accept_terms *terms,
                                    vouch__accept_boot *boot);

#endif
