/* From exact points to integers that lose least.
 *
 * Only differences within a characteristic and the base matter to a total, so a characteristic's points may
 * be moved together before they are rounded; and each may be rounded up or down. From the nearest integers
 * one characteristic at a time is given the best of its movements (tenths of a point) and then of its
 * roundings, judged by the loss over the training rows, until a whole sweep finds none better: a local
 * optimum, and never worse than the nearest. The rows of a characteristic are read once a sweep, into a
 * histogram of the other characteristics' total for each of its bins; every candidate is then a shift of
 * histograms. */
#include "models/scorecard/card_fit.h"

#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS_MAX = 20, TENTHS = 10, RANGE_MAX = 20000, BINS_AT_ONCE = 64, ROOM_MAX = 1 << 23 };
#define GAIN 1e-12

typedef struct rounding {
    const vouch__card_fitting *f;
    vouch__card *card;
    const vouch__card_input *c; /* the one that is being moved */
    const uint16_t *code;
    int32_t *total; /* [rows] */
    int32_t low;    /* total of the histogram's first place */
    size_t range;
    double *good, *bad; /* [range] of all rows under a candidate */
    double *part;       /* [bins x 2 x range] of each bin of c, at the others' total */
    size_t most_bins;
    double exact_mean; /* of all rows, in points */
    double *exact;     /* [most_bins] of c */
    int how;
} rounding;

static double weight_of(const rounding *r, size_t i)
{
    const double *w = r->f->data->train.weight;
    return w ? w[i] : 1.0;
}

static double auc_of(const rounding *r)
{
    double goods = 0.0, bads = 0.0, sum = 0.0;
    for (size_t t = 0; t < r->range; t++) {
        sum += r->good[t] * (bads + 0.5 * r->bad[t]);
        goods += r->good[t];
        bads += r->bad[t];
    }
    return sum / (goods * bads);
}

static double base_of(const rounding *r)
{
    double n = 0.0, sum = 0.0;
    for (size_t t = 0; t < r->range; t++) {
        n += r->good[t] + r->bad[t];
        sum += (r->good[t] + r->bad[t]) * (double)t;
    }
    return nearbyint(r->exact_mean - (sum / n + (double)r->low));
}

static double log_loss_of(const rounding *r)
{
    double n = 0.0, sum = 0.0, base = base_of(r);
    for (size_t t = 0; t < r->range; t++) {
        if (r->good[t] + r->bad[t] == 0.0)
            continue;
        double raw = (r->card->offset - base - (double)r->low - (double)t) / r->card->factor;
        sum += r->good[t] * vouch__softplus(raw) + r->bad[t] * vouch__softplus(-raw);
        n += r->good[t] + r->bad[t];
    }
    return sum / n;
}

static double loss_of(const rounding *r)
{
    return r->how == VOUCH__CARD_ROUND_AUC ? -auc_of(r) : log_loss_of(r);
}

/* All rows under points[] of c. */
static double judge(const rounding *r, const int32_t *points)
{
    memset(r->good, 0, 2 * r->range * sizeof *r->good);
    for (size_t b = 0; b < r->c->n_bins; b++) {
        const double *good = r->part + 2 * b * r->range, *bad = good + r->range;
        ptrdiff_t by = points[b];
        size_t from = by < 0 ? (size_t)-by : 0, to = by > 0 ? r->range - (size_t)by : r->range;
        for (size_t t = from; t < to; t++) {
            r->good[(size_t)((ptrdiff_t)t + by)] += good[t];
            r->bad[(size_t)((ptrdiff_t)t + by)] += bad[t];
        }
    }
    return loss_of(r);
}

/* Points keep the order of the weights of evidence and stay within one of the exact ones, moved by `by`. */
static bool is_allowed(const rounding *r, const int32_t *points, size_t b, double by)
{
    const vouch__bin *bin = r->c->bin;
    if (!(fabs((double)points[b] - r->exact[b] - by) < 1.0) || abs(points[b]) > VOUCH__CARD_POINTS_MAX)
        return false;
    for (size_t k = 0; k < r->c->n_bins; k++)
        if ((bin[k].woe > bin[b].woe && points[k] < points[b]) ||
            (bin[k].woe < bin[b].woe && points[k] > points[b]) ||
            (bin[k].woe == bin[b].woe && k != b && points[k] != points[b]))
            return false;
    return true;
}

static bool try_bins(const rounding *r, int32_t *points, double by, double *loss)
{
    bool moved = false;
    for (size_t b = 0; b < r->c->n_bins; b++)
        for (int32_t step = -1; step <= 1; step += 2) {
            points[b] += step;
            double next = is_allowed(r, points, b, by) ? judge(r, points) : INFINITY;
            if (next < *loss - GAIN) {
                *loss = next;
                moved = true;
            } else {
                points[b] -= step;
            }
        }
    return moved;
}

/* Read the rows into the histograms of c. */
static void open_characteristic(rounding *r, size_t c)
{
    const vouch__part_rows *train = &r->f->data->train;
    r->c = &r->card->at[c];
    r->code = r->f->code + r->c->input * train->n;
    memset(r->part, 0, 2 * r->c->n_bins * r->range * sizeof *r->part);
    for (size_t i = 0; i < train->n; i++) {
        size_t b = r->code[i], at = (size_t)(r->total[i] - r->c->bin[b].points - r->low);
        r->part[(2 * b + (train->target[i] > 0.5)) * r->range + at] += weight_of(r, i);
    }
    for (size_t b = 0; b < r->c->n_bins; b++)
        r->exact[b] = vouch__card_exact_points(r->card, r->c, b);
}

static void close_characteristic(rounding *r, const int32_t *points)
{
    vouch__card_input *c = &r->card->at[r->c - r->card->at];
    for (size_t i = 0; i < r->f->data->train.n; i++)
        r->total[i] += points[r->code[i]] - c->bin[r->code[i]].points;
    for (size_t b = 0; b < c->n_bins; b++)
        c->bin[b].points = points[b];
}

/* The best points found for one characteristic. */
static bool improve(rounding *r, size_t c, double *by, int32_t *points, double *loss)
{
    bool moved = false;
    open_characteristic(r, c);
    int32_t *best = points + r->most_bins;
    for (size_t b = 0; b < r->c->n_bins; b++)
        best[b] = r->c->bin[b].points;
    for (int k = -TENTHS / 2; k < TENTHS / 2; k++) {
        for (size_t b = 0; b < r->c->n_bins; b++)
            points[b] = (int32_t)nearbyint(r->exact[b] + k / (double)TENTHS);
        double next = judge(r, points);
        if (next < *loss - GAIN) {
            *loss = next;
            *by = k / (double)TENTHS;
            memcpy(best, points, r->c->n_bins * sizeof *best);
            moved = true;
        }
    }
    memcpy(points, best, r->c->n_bins * sizeof *best);
    if (r->c->n_bins <= BINS_AT_ONCE)
        moved |= try_bins(r, points, *by, loss);
    close_characteristic(r, points);
    return moved;
}

static vouch_status search(vouch_ctx *ctx, rounding *r, size_t *out_sweeps)
{
    double *by = vouch__scratch(ctx, r->card->n, sizeof *by);
    int32_t *points = vouch__scratch(ctx, 2 * r->most_bins, sizeof *points);
    if (!by || !points)
        return vouch__oom(ctx);
    memset(by, 0, r->card->n * sizeof *by);
    double loss = INFINITY;
    bool moved = r->how != VOUCH__CARD_ROUND_NEAREST;
    for (*out_sweeps = 0; moved && *out_sweeps < SWEEPS_MAX; ++*out_sweeps) {
        moved = false;
        for (size_t c = 0; c < r->card->n; c++) {
            vouch_status status = vouch__poll(ctx);
            if (status)
                return status;
            if (loss == INFINITY) { /* where it starts */
                open_characteristic(r, c);
                for (size_t b = 0; b < r->c->n_bins; b++)
                    points[b] = r->c->bin[b].points;
                loss = judge(r, points);
            }
            moved |= improve(r, c, &by[c], points, &loss);
        }
    }
    return VOUCH_OK;
}

/* Room for any total the search may reach. */
static vouch_status room(vouch_ctx *ctx, rounding *r)
{
    size_t n = r->f->data->train.n;
    double low = -4.0, high = 4.0;
    for (size_t c = 0; c < r->card->n; c++) {
        const vouch__card_input *at = &r->card->at[c];
        int32_t least = at->bin[0].points, most = least;
        for (size_t b = 1; b < at->n_bins; b++) {
            least = at->bin[b].points < least ? at->bin[b].points : least;
            most = at->bin[b].points > most ? at->bin[b].points : most;
        }
        low += least < 0 ? 2.0 * least - 4.0 : -4.0; /* also with one characteristic taken off */
        low -= most > 0 ? most : 0.0;
        high += (most > 0 ? 2.0 * most : 0.0) + (least < 0 ? -least : 0.0) + 4.0;
        r->most_bins = at->n_bins > r->most_bins ? at->n_bins : r->most_bins;
    }
    bool is_fine = high - low > RANGE_MAX || (high - low) * (double)r->most_bins > ROOM_MAX;
    if (is_fine) /* so fine a scale has little to lose */
        r->how = VOUCH__CARD_ROUND_NEAREST;
    r->low = (int32_t)low;
    r->range = is_fine ? 1 : (size_t)(high - low) + 1;
    r->total = vouch__scratch(ctx, n, sizeof *r->total);
    r->good = vouch__scratch(ctx, 2 * r->range, sizeof *r->good);
    r->part = vouch__scratch(ctx, 2 * r->most_bins * r->range, sizeof *r->part);
    r->exact = vouch__scratch(ctx, r->most_bins, sizeof *r->exact);
    if (!r->total || !r->good || !r->part || !r->exact)
        return vouch__oom(ctx);
    r->bad = r->good + r->range;
    memset(r->total, 0, n * sizeof *r->total);
    for (size_t c = 0; c < r->card->n; c++)
        for (size_t i = 0; i < n; i++)
            r->total[i] += r->card->at[c].bin[r->f->code[r->card->at[c].input * n + i]].points;
    return VOUCH_OK;
}

/* What totals say of the training rows: weighted AUC and log-loss. */
static vouch_status measure(vouch_ctx *ctx, const rounding *r, const double *score, double *out_auc,
                            double *out_log_loss)
{
    const vouch__part_rows *train = &r->f->data->train;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, train->n, sizeof *order);
    double goods = 0.0, bads = 0.0, sum = 0.0, loss = 0.0;
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, train->n, score, order);
    for (size_t i = 0, end; !status && i < train->n; i = end) {
        double g = 0.0, b = 0.0, raw = (r->card->offset - score[order[i]]) / r->card->factor;
        for (end = i; end < train->n && score[order[end]] == score[order[i]]; end++)
            *(train->target[order[end]] > 0.5 ? &b : &g) += weight_of(r, order[end]);
        sum += g * (bads + 0.5 * b);
        goods += g;
        bads += b;
        loss += g * vouch__softplus(raw) + b * vouch__softplus(-raw);
    }
    *out_auc = sum / (goods * bads);
    *out_log_loss = loss / (goods + bads);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The base takes up what rounding moved on average; whole points of it go to the first characteristics, so
 * that it is usually 0. */
static void settle_base(rounding *r, const double *exact, double *whole, double *out_largest)
{
    const vouch__part_rows *train = &r->f->data->train;
    double moved = 0.0, n = 0.0;
    *out_largest = 0.0;
    for (size_t i = 0; i < train->n; i++) {
        moved += weight_of(r, i) * (exact[i] - (double)r->total[i]);
        n += weight_of(r, i);
    }
    double base = nearbyint(moved / n);
    for (size_t i = 0; i < train->n; i++) {
        whole[i] = (double)r->total[i] + base;
        *out_largest = fmax(*out_largest, fabs(exact[i] - whole[i]));
    }
    for (size_t c = 0; c < r->card->n && base != 0.0; c++) {
        int32_t by = base > 0.0 ? 1 : -1;
        for (size_t b = 0; b < r->card->at[c].n_bins; b++)
            r->card->at[c].bin[b].points += by;
        base -= by;
    }
    r->card->base_points = (int32_t)base;
}

static vouch_status round_all(vouch_ctx *ctx, rounding *r, vouch__card_rounding *out)
{
    size_t n = r->f->data->train.n;
    double *exact = vouch__scratch(ctx, 2 * n, sizeof *exact), *whole = exact + n, base = 0.0, all = 0.0;
    if (!exact)
        return vouch__oom(ctx);
    vouch_status status = room(ctx, r);
    if (status)
        return status;
    memset(exact, 0, n * sizeof *exact);
    for (size_t c = 0; c < r->card->n; c++)
        for (size_t i = 0; i < n; i++)
            exact[i] += vouch__card_exact_points(r->card, &r->card->at[c],
                                                 r->f->code[r->card->at[c].input * n + i]);
    for (size_t i = 0; i < n; i++) {
        r->exact_mean += weight_of(r, i) * exact[i];
        base += weight_of(r, i) * (exact[i] - (double)r->total[i]);
        all += weight_of(r, i);
    }
    r->exact_mean /= all;
    for (size_t i = 0; i < n; i++)
        whole[i] = (double)r->total[i] + nearbyint(base / all);
    status = measure(ctx, r, exact, &out->auc[0], &out->log_loss[0]);
    if (!status)
        status = measure(ctx, r, whole, &out->auc[1], &out->log_loss[1]);
    if (!status)
        status = search(ctx, r, &out->sweeps);
    if (status)
        return status;
    settle_base(r, exact, whole, &out->largest);
    return measure(ctx, r, whole, &out->auc[2], &out->log_loss[2]);
}

vouch_status vouch__card_round(vouch_ctx *ctx, const vouch__card_fitting *f, vouch__card *card,
                               vouch__card_rounding *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    rounding r = { .f = f, .card = card, .how = (int)f->value[VOUCH__CARD_ROUNDING] };
    vouch_status status = vouch__card_scale(ctx, card);
    *out = (vouch__card_rounding){ .largest = 0.0 };
    if (!status)
        status = round_all(ctx, &r, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}
