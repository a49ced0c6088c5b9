/* The approved nearest to the cut-off. */
#include "explain/near_cutoff.h"

#include "num/rank.h"

#include <math.h>
#include <stdlib.h>

static int by_place(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

vouch_status vouch__near_cutoff(vouch_ctx *ctx, size_t n, const double *probability, double cutoff,
                                uint32_t *out, size_t *out_n)
{
    size_t want = (size_t)ceil(VOUCH__NEAR_SHARE * (double)n), mark = vouch__scratch_mark(ctx), found = 0;
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, probability, order);
    for (size_t i = n; i-- > 0 && found < want && !status;)
        if (probability[order[i]] <= cutoff)
            out[found++] = order[i];
    qsort(out, found, sizeof *out, by_place);
    vouch__scratch_reset(ctx, mark);
    if (!status)
        *out_n = found;
    return status;
}
