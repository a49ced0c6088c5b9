/* Holm's step-down adjustment: the i-th smallest of m p-values times m - i + 1, never less than the one
 * before it, never more than 1. */
#include "evidence/evidence.h"

#include <stdlib.h>

typedef struct ranked {
    double p;
    size_t at;
} ranked;

static int by_p(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->p != y->p)
        return x->p > y->p ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

vouch_status vouch__holm(vouch_ctx *ctx, size_t n, const double *p, double *out)
{
    size_t mark = vouch__scratch_mark(ctx), m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]) && !(p[i] >= 0 && p[i] <= 1))
            return vouch__fail(ctx, VOUCH_E_DATA, "holm: p[%zu] is not between 0 and 1", i);
    ranked *r = vouch__scratch(ctx, n, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            r[m++] = (ranked){ p[i], i };
        else
            out[i] = NAN;
    qsort(r, m, sizeof *r, by_p);
    double least = 0;
    for (size_t i = 0; i < m; i++) {
        least = fmax(least, fmin(1, r[i].p * (double)(m - i)));
        out[r[i].at] = least;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
