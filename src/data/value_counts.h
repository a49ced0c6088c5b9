/* data/value_counts.h: how many distinct values a column has and which is the most frequent, in bounded
 * memory. Exact up to 12,000 distinct values; beyond, the number is estimated from the 10,000 smallest hashes
 * (Bar-Yossef et al., RANDOM 2002; standard error 1 %), and the most frequent value is sought among those and
 * the 1,000 that led when the bound was first reached, whose counts stay exact. */
#ifndef VOUCH_VALUE_COUNTS_H
#define VOUCH_VALUE_COUNTS_H

#include "base/ctx.h"

typedef struct vouch__value_counts vouch__value_counts;

vouch_status vouch__value_counts_new(vouch_ctx *ctx, vouch__value_counts **out_counts);
void vouch__value_counts_free(vouch__value_counts *counts); /* NULL is fine */

/* Count a number that is not missing, or a text (of which 200 bytes are kept for showing). */
vouch_status vouch__value_counts_number(vouch_ctx *ctx, vouch__value_counts *counts, double value);
vouch_status vouch__value_counts_text(vouch_ctx *ctx, vouch__value_counts *counts, const char *text,
                                      size_t len);

typedef struct vouch__value_top {
    double distinct, count; /* count 0: nothing was counted */
    double value;
    const char *text; /* when texts were counted; lives as long as counts */
} vouch__value_top;
vouch_status vouch__value_counts_top(vouch_ctx *ctx, const vouch__value_counts *counts,
                                     vouch__value_top *out_top);

#endif
