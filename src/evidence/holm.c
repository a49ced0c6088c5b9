/* Adjusting p-values for their number. Holm steps down: the i-th smallest of m times m - i + 1, never less
 * than the one before it. Benjamini and Hochberg step up: the i-th smallest times m / i, never more than the
 * one after it. Neither is ever more than 1. */
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

/* Those that are not NaN, in order; out is NaN for the others. NULL after a failure. */
static ranked *sort(vouch_ctx *ctx, const char *what, size_t n, const double *p, double *out, size_t *out_m,
                    vouch_status *status)
{
    size_t m = 0;
    *status = VOUCH_OK;
    for (size_t i = 0; i < n && !*status; i++)
        if (!isnan(p[i]) && !(p[i] >= 0 && p[i] <= 1))
            *status = vouch__fail(ctx, VOUCH_E_DATA, "%s: p[%zu] is not between 0 and 1", what, i);
    ranked *r = *status ? NULL : vouch__scratch(ctx, n, sizeof *r);
    if (!r) {
        *status = *status ? *status : vouch__oom(ctx);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            r[m++] = (ranked){ p[i], i };
        else
            out[i] = NAN;
    qsort(r, m, sizeof *r, by_p);
    *out_m = m;
    return r;
}

vouch_status vouch__holm(vouch_ctx *ctx, size_t n, const double *p, double *out)
{
    size_t mark = vouch__scratch_mark(ctx), m = 0;
    vouch_status status;
    const ranked *r = sort(ctx, "holm", n, p, out, &m, &status);
    double least = 0;
    for (size_t i = 0; r && i < m; i++) {
        least = fmax(least, fmin(1, r[i].p * (double)(m - i)));
        out[r[i].at] = least;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__benjamini_hochberg(vouch_ctx *ctx, size_t n, const double *p, double *out)
{
    size_t mark = vouch__scratch_mark(ctx), m = 0;
    vouch_status status;
    const ranked *r = sort(ctx, "benjamini-hochberg", n, p, out, &m, &status);
    double most = 1;
    for (size_t i = m; r && i > 0; i--) {
        most = fmin(most, r[i - 1].p * ((double)m / (double)i));
        out[r[i - 1].at] = most;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
