/* Split conformal intervals and their coverage. */
#include "validate/conformal.h"

#include "num/rank.h"
#include "num/rates.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

/* Which of n in order bounds the error; above n: none does. */
static double rank_of(double n, double level)
{
    double wanted = (n + 1.0) * level;
    return ceil(wanted - 1e-9 * wanted); /* 0.9 x 10 is 9, whatever its last bit */
}

double vouch__conformal_p(size_t n, double level, double m, double held)
{
    double rank = rank_of((double)n, level), total = (double)n + m, drawn = held + rank, sum = 0.0;
    double middle = drawn * (double)n / total;
    if (rank > (double)n)
        return 1.0;
    bool is_upper = rank > middle; /* the shorter tail is summed, away from the middle: terms only fall */
    for (double k = is_upper ? rank : rank - 1.0; k >= fmax(0.0, drawn - m) && k <= fmin((double)n, drawn);
         k += is_upper ? 1.0 : -1.0) {
        double next = sum + vouch__exp(vouch__hypergeometric_log_pmf(k, total, (double)n, drawn));
        if (next == sum)
            break;
        sum = next;
    }
    return fmin(1.0, is_upper ? sum : 1.0 - sum);
}

vouch_status vouch__conformal_reach(vouch_ctx *ctx, size_t n, const double *seen, const double *predicted,
                                    const double *scale, double level, double *out_reach)
{
    vouch_status status = vouch__cases_level(ctx, "conformal", level);
    if (!status && n == 0)
        status = vouch__fail(ctx, VOUCH_E_SHAPE, "conformal: no calibration cases");
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *size = vouch__scratch(ctx, n, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!size || !order) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    for (size_t i = 0; i < n && !status; i++) {
        size[i] = fabs(seen[i] - predicted[i]) / (scale ? scale[i] : 1.0);
        if (!isfinite(size[i]) || (scale && !(scale[i] > 0.0)))
            status = vouch__fail(ctx, VOUCH_E_DATA,
                                 "conformal: case %zu is not finite, or its scale not above 0", i);
    }
    if (!status)
        status = vouch__order(ctx, n, size, order);
    if (!status) {
        double rank = rank_of((double)n, level);
        *out_reach = rank <= (double)n ? size[order[(size_t)rank - 1]] : INFINITY;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__coverage_measure(vouch_ctx *ctx, size_t n, const double *seen, const double *low,
                                     const double *high, vouch__coverage *out)
{
    if (n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "coverage: no cases");
    vouch__coverage c = { .n = (double)n };
    vouch__dd width = { 0 };
    bool is_bounded = true;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(seen[i]) || !(low[i] <= high[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "coverage: case %zu has no value or no interval", i);
        c.held += seen[i] >= low[i] && seen[i] <= high[i];
        if (high[i] - low[i] < INFINITY)
            vouch__accumulate(&width, high[i] - low[i]);
        else
            is_bounded = false;
    }
    c.rate = c.held / c.n;
    vouch__clopper_pearson(c.held, c.n, 0.95, &c.rate_low, &c.rate_high);
    c.mean_width = is_bounded ? vouch__accumulated(width) / c.n : INFINITY;
    *out = c;
    return VOUCH_OK;
}
