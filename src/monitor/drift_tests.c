/* Tests on counts. Exact where the law is: hypergeometric for two rates, exchangeability for values beyond a
 * range; PSI has its chi-square law only where bins are full enough, so thin ones are put together first. */
#include "monitor/drift_tests.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>

enum { EXPECTED = 5 };

vouch_status vouch__drift_merge(vouch_ctx *ctx, size_t bins, const double *reference, const double *batch,
                                double *from, double *to, size_t *group, size_t *out_n)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    uint32_t *order = vouch__scratch(ctx, bins, sizeof *order);
    double *negated = vouch__scratch(ctx, bins, sizeof *negated);
    if (!order || !negated)
        return vouch__oom(ctx);
    double total_from = vouch__sum(bins, reference), total_to = vouch__sum(bins, batch);
    for (size_t i = 0; i < bins; i++)
        negated[i] = -reference[i];
    vouch_status status = vouch__order(ctx, bins, negated, order);
    if (status)
        return status;
    double expected = 0.0;
    bool open = false; /* from[n], to[n] are still being filled */
    for (size_t i = 0; i < bins; i++) {
        from[n] = (open ? from[n] : 0.0) + reference[order[i]];
        to[n] = (open ? to[n] : 0.0) + batch[order[i]];
        expected = from[n] * total_to / total_from;
        if (group)
            group[order[i]] = n;
        open = !(expected >= EXPECTED);
        n += !open;
    }
    if (open && (to[n] > 0.0 || expected >= 1.0)) /* a thin rest counts when something fell into it */
        n++;
    *out_n = n;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__drift_psi(vouch_ctx *ctx, size_t bins, const double *reference, const double *batch,
                              vouch_psi *out_psi)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    double *from = vouch__scratch(ctx, bins, sizeof *from), *to = vouch__scratch(ctx, bins, sizeof *to);
    if (!from || !to)
        return vouch__oom(ctx);
    vouch_status status = vouch__drift_merge(ctx, bins, reference, batch, from, to, NULL, &n);
    if (status)
        return status;
    *out_psi = (vouch_psi){ .psi = NAN,
                            .critical = NAN,
                            .p_value = NAN,
                            .n_reference = vouch__sum(bins, reference),
                            .n_current = vouch__sum(bins, batch) };
    if (n >= 2)
        status = vouch_validate_psi(ctx, n, from, to, 0.95, out_psi);
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__drift_rates(double k_reference, double n_reference, double k_batch, double n_batch)
{
    double total = n_reference + n_batch, marked = k_reference + k_batch;
    if (!(n_reference > 0.0) || !(n_batch > 0.0))
        return NAN;
    double least = fmax(0.0, n_batch + marked - total), most = fmin(marked, n_batch), sum = 0.0;
    double step = k_batch * total < n_batch * marked ? -1.0 : 1.0; /* away from the mean: terms only fall */
    for (double k = k_batch; k >= least && k <= most; k += step) {
        double next = sum + vouch__exp(vouch__hypergeometric_log_pmf(k, total, marked, n_batch));
        if (next == sum)
            break;
        sum = next;
    }
    return fmin(1.0, 2.0 * sum);
}

static double beyond(double n_reference, double n_batch, double k)
{
    double p = 1.0;
    for (double i = 0.0; i < k && p > 0.0; i++)
        p *= (n_batch - i) / (n_reference + n_batch - i);
    return p;
}

double vouch__drift_beyond(double n_reference, double n_batch, double below, double above)
{
    double least = fmin(beyond(n_reference, n_batch, below), beyond(n_reference, n_batch, above));
    return fmin(1.0, 2.0 * least);
}

double vouch__drift_unseen(double singles, double n_reference, double k, double n_batch)
{
    double rate = fmin(1.0, (singles + 1.0) / (n_reference + 1.0));
    return k > 0.0 ? vouch__beta_inc(k, n_batch - k + 1.0, rate) : 1.0;
}

double vouch__drift_ratio(const vouch__drift_odds *reference, const vouch__drift_odds *batch, double *out_p)
{
    double ratio = (reference->bad + batch->bad) / (reference->sum + batch->sum), variance = 0.0;
    const vouch__drift_odds *const side[] = { reference, batch };
    for (int k = 0; k < 2; k++)
        variance += fmax(0.0, ratio * side[k]->sum - ratio * ratio * side[k]->square) / side[k]->sum /
                    side[k]->sum;
    double change = batch->bad / batch->sum - reference->bad / reference->sum;
    double z = variance > 0.0 ? change / sqrt(variance) : (double)NAN;
    *out_p = fmin(1.0, 2.0 * vouch__normal_sf(fabs(z)));
    return z;
}
