/* Columns of drift from sketches: the same bins and values as of cases, with what the sketches leave open. */
#include "monitor/drift_columns.h"
#include "monitor/sketch_set.h"

#include <math.h>

static vouch_status room(vouch_ctx *ctx, size_t bins, vouch__drift_column *c)
{
    c->bins = bins;
    c->from = vouch__scratch(ctx, bins, sizeof *c->from);
    c->to = vouch__scratch(ctx, bins, sizeof *c->to);
    c->slack_from = vouch__scratch(ctx, bins, sizeof *c->slack_from);
    c->slack_to = vouch__scratch(ctx, bins, sizeof *c->slack_to);
    return c->from && c->to && c->slack_from && c->slack_to ? VOUCH_OK : vouch__oom(ctx);
}

/* As vouch__psi_edges makes them of cases; the same where the sketch is exact. */
static size_t quantiles(const vouch__sketch_view *v, size_t bins, double *edge)
{
    size_t n = 0;
    for (size_t k = 1; k < bins && v->points; k++) {
        double at = (v->n - 1.0) * ((double)k / (double)bins), below = floor(at), part = at - below;
        double low = vouch__sketch_at(v, below), high = vouch__sketch_at(v, below + 1.0);
        double x = part == 0.0 || low == high ? low : low + part * (high - low);
        if ((n == 0 || x > edge[n - 1]) && x < v->x[v->points - 1])
            edge[n++] = x;
    }
    return n;
}

static void count(const vouch__sketch_view *v, size_t n_edges, const double *edge, double *out, double *slack)
{
    double before = 0.0;
    for (size_t k = 0; k <= n_edges; k++) {
        double upto = k < n_edges ? vouch__sketch_upto(v, edge[k]) : v->n;
        out[k] = upto - before;
        slack[k] = k > 0 && k < n_edges ? v->over + v->under : n_edges ? vouch__sketch_error(v) : 0.0;
        before = upto;
    }
    out[n_edges + 1] = v->missing;
    slack[n_edges + 1] = 0.0;
}

/* A column without any value is of either kind. */
static vouch__sketch_view numbers_of(const vouch__sketch_column *column)
{
    vouch__sketch_view v = { .n = 0 };
    vouch__tally_view t;
    if (column->numbers) {
        vouch__sketch_view_of(column->numbers, &v);
    } else {
        vouch__tally_view_of(column->texts, &t);
        v.missing = t.missing;
    }
    return v;
}

static vouch__tally_view texts_of(const vouch__sketch_column *column)
{
    vouch__tally_view t = { .n = 0 };
    vouch__sketch_view v;
    if (column->texts) {
        vouch__tally_view_of(column->texts, &t);
    } else {
        vouch__sketch_view_of(column->numbers, &v);
        t.missing = v.missing;
    }
    return t;
}

static vouch_status numbers(vouch_ctx *ctx, const vouch__sketch_view *a, const vouch__sketch_view *b,
                            size_t bins, vouch__drift_column *c)
{
    double *edge = vouch__scratch(ctx, bins, sizeof *edge);
    if (!edge)
        return vouch__oom(ctx);
    size_t n_edges = quantiles(a, bins, edge);
    vouch_status status = room(ctx, n_edges + 2, c);
    if (status)
        return status;
    count(a, n_edges, edge, c->from, c->slack_from);
    count(b, n_edges, edge, c->to, c->slack_to);
    c->m = a->points;
    c->n = b->points;
    c->x_from = a->x;
    c->x_to = b->x;
    c->upto_from = a->upto;
    c->upto_to = b->upto;
    c->error_from = vouch__sketch_error(a);
    c->error_to = vouch__sketch_error(b);
    c->moved_from = a->moved;
    c->moved_to = b->moved;
    c->square_from = a->square;
    c->finite_from = a->finite;
    return VOUCH_OK;
}

/* A bin for each text that the reference tells, for all others, for missing ones. What a tally does not tell
 * may be of any bin, each of which lacks at most its error. */
static vouch_status texts(vouch_ctx *ctx, const vouch__tally_view *a, const vouch__tally_view *b,
                          vouch__drift_column *c)
{
    vouch_status status = room(ctx, a->texts + 2, c);
    double told = 0.0, shared = 0.0;
    if (status)
        return status;
    for (size_t k = 0; k < a->texts; k++) {
        c->from[k] = a->at[k].count;
        c->to[k] = vouch__tally_count(b, a->at[k].text, a->at[k].len);
        c->slack_from[k] = a->error;
        c->slack_to[k] = b->error;
        told += c->from[k];
        shared += c->to[k];
    }
    c->from[a->texts] = a->n - told;
    c->to[a->texts] = b->n - shared;
    c->slack_from[a->texts] = fmin(a->n - told, a->error * (double)a->texts);
    c->slack_to[a->texts] = fmin(b->n - shared, b->error * (double)a->texts);
    c->from[a->texts + 1] = a->missing;
    c->to[a->texts + 1] = b->missing;
    c->slack_from[a->texts + 1] = c->slack_to[a->texts + 1] = 0.0;
    return VOUCH_OK;
}

vouch_status vouch__drift_of_sketches(vouch_ctx *ctx, const vouch__sketch_column *before,
                                      const vouch__sketch_column *now, size_t bins, vouch__drift_column *out)
{
    if (out->is_text) {
        const vouch__tally_view a = texts_of(before), b = texts_of(now);
        return texts(ctx, &a, &b, out);
    }
    const vouch__sketch_view a = numbers_of(before), b = numbers_of(now);
    return numbers(ctx, &a, &b, bins, out);
}
