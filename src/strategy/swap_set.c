/* Swap sets: each case has a chance of approval under either score, 0 or 1 but for ties at the edge. */
#include "strategy/swap_set.h"

#include "num/rank.h"
#include "num/rates.h"

#include <math.h>
#include <string.h>

/* chance[n] of approval when the safest `rate` of the weight is approved. */
static vouch_status chances(vouch_ctx *ctx, const vouch__accept_cases *c, const double *score, double rate,
                            double *chance, double *out_edge)
{
    uint32_t *order = vouch__scratch(ctx, c->n + 1, sizeof *order);
    double whole = 0.0, passed = 0.0;
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, c->n, score, order);
    if (status)
        return status;
    for (size_t i = 0; i < c->n; i++)
        whole += c->weight ? c->weight[i] : 1.0;
    *out_edge = -INFINITY;
    for (size_t k = 0, end; k < c->n; k = end) {
        double tied = 0.0;
        for (end = k; end < c->n && score[order[end]] == score[order[k]]; end++)
            tied += c->weight ? c->weight[order[end]] : 1.0;
        double part = fmin(1.0, fmax(0.0, (rate * whole - passed) / tied));
        for (size_t m = k; m < end; m++)
            chance[order[m]] = part;
        if (part > 0.0)
            *out_edge = score[order[k]];
        passed += tied;
    }
    return VOUCH_OK;
}

vouch_status vouch__swap_set(vouch_ctx *ctx, const vouch__accept_cases *cases, const double *new_score,
                             double rate, vouch__swapped out[VOUCH__SWAP_CELLS], double out_edge[2])
{
    size_t mark = vouch__scratch_mark(ctx);
    double *old = vouch__scratch(ctx, cases->n + 1, sizeof *old),
           *new = vouch__scratch(ctx, cases->n + 1, sizeof *new);
    vouch__swapped cell[VOUCH__SWAP_CELLS];
    if (!(rate > 0.0 && rate < 1.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "swap set: the approval rate must lie between 0 and 1");
    if (!old || !new)
        return vouch__oom(ctx);
    vouch_status status = chances(ctx, cases, cases->score, rate, old, &out_edge[0]);
    if (!status)
        status = chances(ctx, cases, new_score, rate, new, &out_edge[1]);
    memset(cell, 0, sizeof cell);
    for (size_t i = 0; !status && i < cases->n; i++) {
        double w = cases->weight ? cases->weight[i] : 1.0, a = old[i], b = new[i];
        const double part[] = { [VOUCH__SWAP_BOTH] = a * b,
                                [VOUCH__SWAP_IN] = (1.0 - a) * b,
                                [VOUCH__SWAP_OUT] = a * (1.0 - b),
                                [VOUCH__SWAP_NONE] = (1.0 - a) * (1.0 - b) };
        bool is_known = !isnan(cases->outcome[i]);
        for (size_t k = 0; k < VOUCH__SWAP_CELLS; k++) {
            double mass = w * part[k];
            cell[k].cases += mass;
            cell[k].known += is_known ? mass : 0.0;
            cell[k].bad += is_known ? mass * cases->outcome[i] : 0.0;
            cell[k].square += is_known ? w * mass : 0.0;
        }
    }
    if (!status)
        memcpy(out, cell, sizeof cell);
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__share_difference(double x1, double n1, double x2, double n2, double level, double *out_value,
                             double *out_low, double *out_high)
{
    double low1, high1, low2, high2;
    *out_value = *out_low = *out_high = NAN;
    if (!(n1 > 0.0 && n2 > 0.0))
        return;
    double p1 = x1 / n1, p2 = x2 / n2, d = p1 - p2;
    vouch__wilson(x1, n1, level, &low1, &high1);
    vouch__wilson(x2, n2, level, &low2, &high2);
    *out_value = d;
    *out_low = d - sqrt((p1 - low1) * (p1 - low1) + (high2 - p2) * (high2 - p2));
    *out_high = d + sqrt((high1 - p1) * (high1 - p1) + (p2 - low2) * (p2 - low2));
}
