/* Corners of the ROC curve, and the measures that are sums along them. */
#include "validate/corners.h"

#include "base/ctx.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>

vouch_status vouch__corners_make(vouch_ctx *ctx, const char *what, size_t n, const double *score,
                                 const uint8_t *bad, const double *weight, vouch__corner *room,
                                 vouch__corners *out)
{
    size_t n_bad, used = 1;
    vouch_status status = vouch__cases_check(ctx, what, n, score, bad, weight, &n_bad);
    if (!status)
        status = vouch__cases_both(ctx, what, n, n_bad);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    status = vouch__order(ctx, n, score, order);
    if (!status) {
        vouch__dd passed[2] = { { 0 } };
        room[0] = (vouch__corner){ .score = INFINITY };
        for (size_t left = n, to; left > 0; left = to) {
            double at = score[order[left - 1]];
            for (to = left; to > 0 && score[order[to - 1]] == at; to--)
                vouch__accumulate(&passed[bad[order[to - 1]]], weight ? weight[order[to - 1]] : 1.0);
            room[used++] = (vouch__corner){ at, vouch__accumulated(passed[0]),
                                            vouch__accumulated(passed[1]) };
        }
        *out = (vouch__corners){ .n = used,
                                 .at = room,
                                 .good = room[used - 1].good,
                                 .bad = room[used - 1].bad,
                                 .cases = n,
                                 .bad_cases = n_bad };
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__corners_hull(const vouch__corners *corners, uint32_t *out, size_t *out_n)
{
    size_t n = 0;
    for (size_t i = 0; i < corners->n; i++) {
        const vouch__corner *c = corners->at + i;
        while (n >= 2) { /* the middle one of three goes unless it lies above the line of the others */
            const vouch__corner *a = corners->at + out[n - 2], *b = corners->at + out[n - 1];
            if ((b->bad - a->bad) * (c->good - a->good) > (c->bad - a->bad) * (b->good - a->good))
                break;
            n--;
        }
        out[n++] = (uint32_t)i;
    }
    *out_n = n;
}

/* Area under the line from a to b where x is within [from, to]; x and y are rates. */
static double slab(double ax, double ay, double bx, double by, double from, double to)
{
    double left = fmax(ax, from), right = fmin(bx, to);
    if (!(right > left))
        return 0.0;
    double slope = (by - ay) / (bx - ax);
    return (right - left) * (ay + slope * (0.5 * (left + right) - ax));
}

void vouch__partial_auc(const vouch__corners *corners, double from, double to, double *out_area,
                        double *out_standardised)
{
    vouch__dd area = { 0 };
    for (size_t i = 1; i < corners->n; i++) {
        const vouch__corner *a = corners->at + i - 1, *b = corners->at + i;
        vouch__accumulate(&area, slab(a->good / corners->good, a->bad / corners->bad, b->good / corners->good,
                                      b->bad / corners->bad, from, to));
    }
    double width = to - from, least = 0.5 * (to * to - from * from);
    *out_area = fmin(vouch__accumulated(area), width);
    *out_standardised = 0.5 * (1.0 + (*out_area - least) / (width - least));
}

double vouch__average_precision(const vouch__corners *corners)
{
    vouch__dd sum = { 0 };
    for (size_t i = 1; i < corners->n; i++) {
        const vouch__corner *a = corners->at + i - 1, *b = corners->at + i;
        vouch__accumulate(&sum, (b->bad - a->bad) * (b->bad / (b->bad + b->good)));
    }
    return fmin(1.0, vouch__accumulated(sum) / corners->bad);
}

void vouch__average_precision_interval(double average_precision, double bad_cases, double level,
                                       double *out_low, double *out_high)
{
    *out_low = 0.0;
    *out_high = 1.0;
    if (!(average_precision > 0.0 && average_precision < 1.0))
        return;
    double centre = vouch__logit(average_precision), margin = vouch__cases_margin(level);
    double se = 1.0 / sqrt(bad_cases * average_precision * (1.0 - average_precision));
    *out_low = vouch__sigmoid(centre - margin * se);
    *out_high = vouch__sigmoid(centre + margin * se);
}

double vouch__accuracy_ratio(const vouch__corners *corners)
{
    vouch__dd area = { 0 };
    double all = corners->good + corners->bad, rate = corners->bad / all;
    for (size_t i = 1; i < corners->n; i++) {
        const vouch__corner *a = corners->at + i - 1, *b = corners->at + i;
        double width = ((b->good + b->bad) - (a->good + a->bad)) / all;
        vouch__accumulate(&area, width * (0.5 * (a->bad + b->bad) / corners->bad));
    }
    return (vouch__accumulated(area) - 0.5) / (0.5 - 0.5 * rate);
}

vouch__reviewed vouch__review(const vouch__corners *corners, double share)
{
    double all = corners->good + corners->bad, wanted = share * all;
    size_t low = 1, high = corners->n - 1; /* the first corner with as much weight */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (corners->at[middle].good + corners->at[middle].bad < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    const vouch__corner *a = corners->at + low - 1, *b = corners->at + low;
    double before = a->good + a->bad, after = b->good + b->bad;
    double part = fmin(1.0, (wanted - before) / (after - before));
    vouch__reviewed r = { .cases = wanted, .bad = a->bad + part * (b->bad - a->bad), .score = b->score };
    r.precision = r.bad / r.cases;
    r.lift = r.precision / (corners->bad / all);
    r.recall = r.bad / corners->bad;
    return r;
}

vouch__cutoff vouch__cutoff_youden(const vouch__corners *corners)
{
    vouch__cutoff best = { .score = INFINITY, .value = 0.0 };
    for (size_t i = 1; i < corners->n; i++) {
        const vouch__corner *c = corners->at + i;
        double value = c->bad / corners->bad - c->good / corners->good;
        if (value > best.value)
            best = (vouch__cutoff){ c->score, i, value };
    }
    return best;
}

vouch__cutoff vouch__cutoff_cost(const vouch__corners *corners, double miss_cost, double alarm_cost)
{
    double all = corners->good + corners->bad;
    vouch__cutoff best = { .score = INFINITY, .value = miss_cost * corners->bad / all };
    for (size_t i = 1; i < corners->n; i++) {
        const vouch__corner *c = corners->at + i;
        double value = (miss_cost * (corners->bad - c->bad) + alarm_cost * c->good) / all;
        if (value < best.value)
            best = (vouch__cutoff){ c->score, i, value };
    }
    return best;
}

vouch__cutoff vouch__cutoff_recall(const vouch__corners *corners, double target)
{
    for (size_t i = 1; i < corners->n; i++)
        if (corners->at[i].bad >= target * corners->bad || i + 1 == corners->n)
            return (vouch__cutoff){ corners->at[i].score, i, corners->at[i].bad / corners->bad };
    return (vouch__cutoff){ .score = INFINITY };
}
