/* One pass over the rows explained: Shapley values by both references, summed as they come. Each chunk of
 * rows has its own sums, combined in chunk order. */
#include "explain/suite_parts.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 2048 };

/* One chunk's sums lie in one run of doubles: per input |value| and its square; per characteristic first and
 * any by each method; then the scalars. */
enum { RESIDUAL, RELATIVE, GAP, DECLINED, UNEXPLAINED_B, UNEXPLAINED_A, BOTH, SAME_FIRST, SAME_SET, SCALARS };

typedef struct pass {
    const vouch__explain_data *data;
    size_t n;
    const uint32_t *at;
    size_t inputs, characteristics, width;
    double *sums; /* [chunks x width] */
} pass;

typedef struct room { /* one chunk's working space */
    uint32_t *row;
    double *x, *raw, *total, *all, *just;
    vouch__reason *reason[2];
} room;

static vouch_status room_take(vouch_ctx *worker, const pass *p, size_t rows, room *r)
{
    size_t most = p->data->most;
    r->row = vouch__scratch(worker, rows, sizeof *r->row);
    r->x = vouch__scratch(worker, rows * p->inputs, sizeof *r->x);
    r->raw = vouch__scratch(worker, rows, sizeof *r->raw);
    r->total = vouch__scratch(worker, rows, sizeof *r->total);
    r->all = vouch__scratch(worker, rows * p->inputs, sizeof *r->all);
    r->just = vouch__scratch(worker, rows * p->inputs, sizeof *r->just);
    r->reason[0] = vouch__scratch(worker, most, sizeof *r->reason[0]);
    r->reason[1] = vouch__scratch(worker, most, sizeof *r->reason[1]);
    bool ok = r->row && r->x && r->raw && r->total && r->all && r->just && r->reason[0] && r->reason[1];
    return ok ? VOUCH_OK : vouch__oom(worker);
}

static void add_values(const pass *p, const double *value, double raw, double total, double *sums)
{
    double sum = vouch__explainer_base(p->data->all);
    for (size_t j = 0; j < p->inputs; j++) {
        sums[j] += fabs(value[j]);
        sums[p->inputs + j] += value[j] * value[j];
        sum += value[j];
    }
    double residual = fabs(sum - total), *scalar = sums + p->width - SCALARS;
    scalar[RESIDUAL] = fmax(scalar[RESIDUAL], residual);
    scalar[RELATIVE] = fmax(scalar[RELATIVE], residual / fmax(1.0, fabs(total)));
    scalar[GAP] = fmax(scalar[GAP], fabs(total - raw));
}

static bool same_set(const vouch__reason *a, size_t n_a, const vouch__reason *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++) {
        size_t k = 0;
        while (k < n_b && b[k].characteristic != a[i].characteristic)
            k++;
        if (k == n_b)
            return false;
    }
    return n_a == n_b;
}

static size_t add_reasons(const pass *p, int method, const double *value, vouch__reason *reason, double *sums)
{
    double *first = sums + 2 * p->inputs + 2 * (size_t)method * p->characteristics;
    double *any = first + p->characteristics, *scalar = sums + p->width - SCALARS;
    size_t n = vouch__reasons_rank(p->data->map, value, p->data->most, reason);
    if (n == 0)
        scalar[UNEXPLAINED_B + method] += 1.0;
    else
        first[reason[0].characteristic] += 1.0;
    for (size_t k = 0; k < n; k++)
        any[reason[k].characteristic] += 1.0;
    return n;
}

static void add_declined(const pass *p, const double *all, const double *just, room *r, double *sums)
{
    double *scalar = sums + p->width - SCALARS;
    size_t n[2];
    scalar[DECLINED] += 1.0;
    n[0] = add_reasons(p, 0, all, r->reason[0], sums);
    if (!p->data->just_approved)
        return;
    n[1] = add_reasons(p, 1, just, r->reason[1], sums);
    if (n[0] == 0 || n[1] == 0)
        return;
    scalar[BOTH] += 1.0;
    scalar[SAME_FIRST] += r->reason[0][0].characteristic == r->reason[1][0].characteristic;
    scalar[SAME_SET] += same_set(r->reason[0], n[0], r->reason[1], n[1]);
}

static vouch_status tally_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const pass *p = arg;
    const vouch__explain_data *data = p->data;
    size_t rows = end - begin, mark = vouch__scratch_mark(worker);
    double *sums = p->sums + chunk * p->width;
    room r;
    vouch_status status = room_take(worker, p, rows, &r);
    if (status)
        return status;
    for (size_t i = 0; i < rows; i++)
        r.row[i] = data->row[p->at[begin + i]];
    vouch__bound_rows(data->binding, 0, rows, r.row, r.x);
    vouch__matrix x = { r.x, rows, p->inputs };
    data->model->kind->predict(data->model->state, x, r.raw);
    vouch__model_total(data->model, x, r.raw, r.total);
    status = vouch__explainer_rows(worker, data->all, x, r.all);
    if (!status && data->just_approved)
        status = vouch__explainer_rows(worker, data->just_approved, x, r.just);
    if (status)
        return status;
    for (size_t i = 0; i < rows; i++) {
        add_values(p, r.all + i * p->inputs, r.raw[i], r.total[i], sums);
        if (data->probability[p->at[begin + i]] > data->cutoff)
            add_declined(p, r.all + i * p->inputs, r.just + i * p->inputs, &r, sums);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* Add every chunk into the first: sums, but for the largest residuals and gap. */
static void combine(const pass *p)
{
    for (size_t chunk = 1; chunk < vouch__chunks(p->n, CHUNK); chunk++) {
        const double *from = p->sums + chunk * p->width;
        for (size_t k = 0; k < p->width; k++) {
            bool is_largest = k >= p->width - SCALARS && k <= p->width - SCALARS + GAP;
            p->sums[k] = is_largest ? fmax(p->sums[k], from[k]) : p->sums[k] + from[k];
        }
    }
}

static void unpack(const pass *p, vouch__tally *t)
{
    double *at = p->sums, *scalar = p->sums + p->width - SCALARS;
    t->n = p->n;
    t->at = p->at;
    t->n_inputs = p->inputs;
    t->n_characteristics = p->characteristics;
    t->abs = at;
    t->square = at + p->inputs;
    at += 2 * p->inputs;
    for (int method = 0; method < 2; method++) {
        t->first[method] = at;
        t->any[method] = at + p->characteristics;
        at += 2 * p->characteristics;
        t->unexplained[method] = scalar[UNEXPLAINED_B + method];
    }
    t->residual = scalar[RESIDUAL];
    t->relative = scalar[RELATIVE];
    t->gap = scalar[GAP];
    t->declined = scalar[DECLINED];
    t->both = scalar[BOTH];
    t->same_first = scalar[SAME_FIRST];
    t->same_set = scalar[SAME_SET];
}

vouch_status vouch__tally_make(vouch_ctx *ctx, const vouch__explain_data *data, vouch__tally *out_tally)
{
    size_t n = data->n < VOUCH__EXPLAIN_ROWS ? data->n : VOUCH__EXPLAIN_ROWS;
    pass p = { .data = data, .n = n, .inputs = data->model->inputs.n, .characteristics = data->map->n };
    p.width = 2 * p.inputs + 4 * p.characteristics + SCALARS;
    uint32_t *at = vouch__scratch(ctx, n, sizeof *at);
    size_t cells = vouch__chunks(n, CHUNK) * p.width;
    p.sums = vouch__scratch(ctx, cells, sizeof *p.sums);
    if (!at || !p.sums)
        return vouch__oom(ctx);
    memset(p.sums, 0, cells * sizeof *p.sums);
    vouch__choose(data->seed, data->n, n, at);
    p.at = at;
    vouch__progress(ctx, "explain", 0, n);
    vouch_status status = vouch__parallel(ctx, n, CHUNK, tally_rows, &p);
    if (status)
        return status;
    vouch__progress(ctx, "explain", n, n);
    combine(&p);
    unpack(&p, out_tally);
    return VOUCH_OK;
}

void vouch__tally_order(const vouch__tally *tally, size_t *out)
{
    for (size_t j = 0; j < tally->n_inputs; j++) {
        size_t at = j;
        for (; at > 0 && tally->abs[out[at - 1]] < tally->abs[j]; at--)
            out[at] = out[at - 1];
        out[at] = j;
    }
}
