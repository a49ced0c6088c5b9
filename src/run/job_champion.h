/* run/job_champion.h: which contender serves, by the rule that the project wrote down. */
#ifndef VOUCH_JOB_CHAMPION_H
#define VOUCH_JOB_CHAMPION_H

#include "run/job.h"

typedef struct vouch__rival {     /* one contender against another on one part, the first less the second */
    double difference, low, high; /* with an interval at 95 % */
    double statistic, p;          /* NaN: none */
    double one, other;            /* what the difference is of; NaN: only the difference is known */
    bool beats;                   /* set by vouch__job_choose */
} vouch__rival;
typedef vouch_status vouch__compare(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *one,
                                    const vouch__contender *other, vouch__part part, vouch__rival *out);

/* What contenders are compared in, and how that is said. */
typedef struct vouch__contest {
    vouch__compare *compare;
    const char *leads;   /* "RIVAL: .. PREFERRED" */
    const char *no_lead; /* "PREFERRED: .. by more than the margin" */
    double digits;       /* 1e4: four decimals, in the sentence; the table holds numbers whole */
    const char *method, *convention, *source, *null_hypothesis, *interval, *unit;
    const char *columns; /* of the table of rivals: with one and other, or without */
    bool has_both;
} vouch__contest;

/* The preferred contender serves, unless rivals lead on tune by more than the margin with a lower bound above
 * 0: then the one that leads most. Sets champion and why, and adds compare.champion. */
vouch_status vouch__job_choose(vouch_ctx *ctx, vouch__job *job, const vouch__contest *contest);

#endif
