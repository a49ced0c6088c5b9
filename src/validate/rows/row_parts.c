/* Small things that many rows of the catalogue do. */
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>

enum { POINTS = 200 };

vouch_status vouch__row_corners(vouch_ctx *ctx, const vouch__test_call *call, vouch__corners *out)
{
    const vouch__sample *s = call->now;
    vouch__corner *room = vouch__scratch(ctx, s->n + 1, sizeof *room);
    if (!room)
        return vouch__oom(ctx);
    bool weighted = (call->test->uses & VOUCH__NEEDS_WEIGHT) || (call->test->needs & VOUCH__NEEDS_WEIGHT);
    return vouch__corners_make(ctx, call->test->id, s->n, s->score, s->bad, weighted ? s->weight : NULL, room,
                               out);
}

void vouch__row_quantity(const vouch__test_call *call, vouch__json *table, const char *name, double value)
{
    vouch__test_row(call, table, "tn", name, value);
}

void vouch__row_curve(const vouch__test_call *call, vouch__json *table, size_t n, const double *x,
                      const double *y, const double *label)
{
    double kept = 0.0, wide = x[n - 1] > 0.0 ? x[n - 1] : 1.0, high = y[n - 1] > 0.0 ? y[n - 1] : 1.0;
    for (size_t i = 0; i < n; i++) {
        double gone = x[i] / wide + fabs(y[i]) / high;
        if (i > 0 && i + 1 < n && fabs(gone - kept) < 2.0 / (POINTS - 2))
            continue;
        kept = gone;
        vouch__test_row(call, table, "nnn", x[i], y[i], label[i]);
    }
}

vouch_status vouch__row_holm(vouch_ctx *ctx, size_t n, const double *p, double *out, double *out_least)
{
    vouch_status status = vouch__holm(ctx, n, p, out);
    *out_least = NAN;
    for (size_t i = 0; !status && i < n; i++)
        *out_least = fmin(*out_least, out[i]); /* fmin passes over NaN */
    return status;
}
