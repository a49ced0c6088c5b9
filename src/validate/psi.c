/* Population stability index: Jeffreys' divergence between two sets of shares, smoothed by half a case a bin
 * so that a segment that vanishes counts, finitely, where it is most telling. Bins empty on both sides say
 * nothing and are left out of B. */
#include "vouch/validate.h"

#include "base/ctx.h"
#include "base/text.h"
#include "num/rank.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"
#include "validate/suite.h"

#include <math.h>

static vouch_status check_counts(vouch_ctx *ctx, size_t bins, const double *reference, const double *current)
{
    if (bins == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "psi: no bins");
    for (size_t i = 0; i < 2 * bins; i++) {
        double count = i < bins ? reference[i] : current[i - bins];
        if (count >= 0.0 && count < INFINITY)
            continue;
        char text[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(count, text);
        return vouch__fail(ctx, VOUCH_E_DATA, "psi: %s[%zu] is %s, must be finite and not below 0",
                           i < bins ? "reference" : "current", i % bins, text);
    }
    return VOUCH_OK;
}

double vouch__psi_part(double reference, double current, double n_reference, double n_current, size_t used)
{
    if (reference == 0.0 && current == 0.0)
        return 0.0;
    double half = 0.5 * (double)used;
    double e = (reference + 0.5) / (n_reference + half), a = (current + 0.5) / (n_current + half);
    return (a - e) * vouch__log(a / e);
}

vouch_status vouch_validate_psi(vouch_ctx *ctx, size_t bins, const double *reference, const double *current,
                                double level, vouch_psi *out_psi)
{
    vouch_psi p = { .psi = 0.0 };
    vouch_status status = vouch__cases_level(ctx, "psi", level);
    if (!status)
        status = check_counts(ctx, bins, reference, current);
    if (status)
        return status;
    p.n_reference = vouch__sum(bins, reference);
    p.n_current = vouch__sum(bins, current);
    if (!(p.n_reference > 0.0 && p.n_current > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "psi: the %s sample is empty",
                           p.n_reference > 0.0 ? "current" : "reference");
    for (size_t i = 0; i < bins; i++)
        p.bins += reference[i] > 0.0 || current[i] > 0.0;
    for (size_t i = 0; i < bins; i++)
        p.psi += vouch__psi_part(reference[i], current[i], p.n_reference, p.n_current, p.bins);
    double df = (double)p.bins - 1.0, scale = 1.0 / p.n_reference + 1.0 / p.n_current;
    p.critical = p.bins > 1 ? scale * vouch__chi2_quantile(level, df) : 0.0;
    p.p_value = p.bins > 1 ? vouch__chi2_sf(p.psi / scale, df) : 1.0;
    *out_psi = p;
    return VOUCH_OK;
}

size_t vouch__psi_edges_sorted(size_t n, const double *sorted, size_t bins, double *out_edge)
{
    size_t n_edges = 0;
    for (size_t k = 1; k < bins && n > 0; k++) {
        double edge = vouch__quantile_sorted(n, sorted, (double)k / (double)bins);
        bool is_new = n_edges == 0 || edge > out_edge[n_edges - 1];
        if (is_new && edge < sorted[n - 1]) /* at the largest value nothing is above it */
            out_edge[n_edges++] = edge;
    }
    return n_edges;
}

vouch_status vouch__psi_edges(vouch_ctx *ctx, size_t n, const double *reference, size_t bins,
                              double *out_edge, size_t *out_n_edges)
{
    size_t mark = vouch__scratch_mark(ctx), present = 0;
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    double *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    if (!order || !sorted) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch_status status = vouch__order(ctx, n, reference, order);
    if (!status) {
        for (size_t i = 0; i < n && !isnan(reference[order[i]]); i++)
            sorted[present++] = reference[order[i]];
        *out_n_edges = vouch__psi_edges_sorted(present, sorted, bins, out_edge);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

size_t vouch__psi_bin(size_t n_edges, const double *edge, double x)
{
    if (isnan(x))
        return n_edges + 1;
    size_t low = 0, high = n_edges; /* the first edge that is not below x */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (edge[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void vouch__psi_count(size_t n, const double *x, size_t n_edges, const double *edge, double *out_count)
{
    for (size_t k = 0; k < n_edges + 2; k++)
        out_count[k] = 0.0;
    for (size_t i = 0; i < n; i++)
        out_count[vouch__psi_bin(n_edges, edge, x[i])] += 1.0;
}
