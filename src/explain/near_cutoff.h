/* explain/near_cutoff.h: whom method (a) of comment 9(b)(2)-5 compares a declined applicant with. */
#ifndef VOUCH_NEAR_CUTOFF_H
#define VOUCH_NEAR_CUTOFF_H

#include "base/ctx.h"

#define VOUCH__NEAR_SHARE 0.05

/* Of n applicants the ceil(5 % of n) who are approved (probability <= cutoff) with the highest probability,
 * ties by place; fewer when fewer are approved. out [ceil(0.05 n)]: their places, ascending. */
vouch_status vouch__near_cutoff(vouch_ctx *ctx, size_t n, const double *probability, double cutoff,
                                uint32_t *out, size_t *out_n);

#endif
