/* Counting moves between buckets, and the chain they make. */
#include "strategy/roll.h"

#include <math.h>
#include <string.h>

static size_t bucket_of(double status, size_t buckets)
{
    return status >= 1.0 ? (status < (double)buckets ? (size_t)status : buckets - 1) : 0;
}

vouch_status vouch__rolls_count(vouch_ctx *ctx, const vouch__panel *p, size_t buckets, vouch__rolls *out)
{
    size_t cells = buckets * buckets;
    *out = (vouch__rolls){ .buckets = buckets, .months = (size_t)(p->last - p->first), .first = p->first };
    if (out->months == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "roll rates: all rows are of one month");
    if (out->months > 2400)
        return vouch__fail(ctx, VOUCH_E_DATA, "roll rates: the table spans over 200 years");
    out->all = vouch__scratch(ctx, cells * (out->months + 1), sizeof *out->all);
    if (!out->all)
        return vouch__oom(ctx);
    memset(out->all, 0, cells * (out->months + 1) * sizeof *out->all);
    out->at = out->all + cells;
    for (size_t k = 0; k < p->n; k++) {
        bool has_next = k + 1 < p->n && p->account[k + 1] == p->account[k];
        if (isnan(p->status[k])) {
            out->missing++;
        } else if (!has_next) {
            out->ends += p->month[k] < p->last;
        } else if (p->month[k + 1] != p->month[k] + 1) {
            out->gaps++;
        } else if (!isnan(p->status[k + 1])) {
            size_t cell = bucket_of(p->status[k], buckets) * buckets + bucket_of(p->status[k + 1], buckets);
            out->all[cell]++;
            out->at[(size_t)(p->month[k] - p->first) * cells + cell]++;
        }
    }
    double moves = 0.0;
    for (size_t c = 0; c < cells; c++)
        moves += out->all[c];
    return moves > 0.0 ? vouch__poll(ctx)
                       : vouch__fail(ctx, VOUCH_E_DATA,
                                     "roll rates: no account has a status in two neighbouring months");
}

void vouch__rolls_shares(size_t n, const double *count, double *out)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
        sum += count[j];
    for (size_t j = 0; j < n; j++)
        out[j] = sum > 0.0 ? count[j] / sum : (double)NAN;
}

void vouch__rolls_reach(size_t n, const double *p, size_t bad, size_t steps, double *room, double *out)
{
    double *now = room, *next = room + n;
    for (size_t i = 0; i < n; i++)
        now[i] = i >= bad ? 1.0 : 0.0;
    for (size_t s = 0; s < steps; s++) {
        for (size_t i = 0; i < n; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < n; j++)
                sum += p[i * n + j] * now[j];
            next[i] = i >= bad ? 1.0 : isnan(sum) ? now[i] : sum;
        }
        double *other = now;
        now = next;
        next = other;
    }
    memcpy(out, now, n * sizeof *out);
}
