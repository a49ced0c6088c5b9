/* monitor/cohorts.h: cases by the period of their decision, and which periods are old enough for their
 * outcomes to be final. */
#ifndef VOUCH_COHORTS_H
#define VOUCH_COHORTS_H

#include "base/ctx.h"

typedef struct vouch__cohorts {
    int32_t first;   /* number of the first period: months since year 0 over the months of a period */
    int months;      /* of a period */
    int32_t as_of;   /* the month at whose end outcomes were read, as months since year 0 */
    size_t n;        /* periods from the first to the last with a case */
    size_t mature;   /* of these, the first so many */
    size_t *begin;   /* [n + 1] */
    uint32_t *order; /* [cases] by period, then by index */
} vouch__cohorts;

/* A period is mature when `maturity` months have passed since its last by the end of as_of, which is a year
 * and month as 202609, or 0: the month of the latest date. date [n]: days since 1970. In scratch.
 * Fails  E_DATA  a date beyond years 1 to 9999, or over 1,200 periods;  E_ARG  as_of is no month */
vouch_status vouch__cohorts_make(vouch_ctx *ctx, size_t n, const double *date, int months, int maturity,
                                 double as_of, vouch__cohorts *out);

#endif
