/* Values into cells: equal ones together, adjacent ones as finely as asked, categories in order of level. */
#include "bins/bin_cells.h"

#include "num/rank.h"

#include <math.h>
#include <string.h>

typedef struct maker {
    const vouch__worth *worth;
    const vouch__bin_rows *rows;
    vouch__cells *out;
} maker;

static double *cell(const maker *m, size_t c) { return m->out->sums + c * m->worth->stride; }

static void add(const maker *m, double *sums, size_t row)
{
    vouch__worth_add(m->worth, sums, m->rows->w ? m->rows->w[row] : 1.0, m->rows->y[row]);
}

/* Special codes and missing values go to the tail; the others' rows come back. */
static size_t set_apart(const maker *m, double *tail, uint32_t *row)
{
    const vouch__bin_rows *r = m->rows;
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        size_t at = isnan(r->x[i]) ? r->n_special : SIZE_MAX;
        for (size_t k = 0; k < r->n_special && at == SIZE_MAX; k++)
            if (r->x[i] == r->special[k])
                at = k;
        if (at == SIZE_MAX)
            row[n++] = (uint32_t)i;
        else
            add(m, tail + at * m->worth->stride, i);
    }
    return n;
}

static void close_at_splits(const maker *m, size_t n, const uint32_t *row, const double *split,
                            size_t n_splits)
{
    for (size_t c = 0; c < n_splits; c++)
        m->out->top[c] = split[c];
    m->out->top[n_splits] = INFINITY;
    m->out->n = n_splits + 1;
    for (size_t i = 0; i < n; i++) {
        size_t low = 0, high = n_splits;
        while (low < high) {
            size_t mid = (low + high) / 2;
            if (m->rows->x[row[i]] <= split[mid])
                high = mid;
            else
                low = mid + 1;
        }
        add(m, cell(m, low), row[i]);
    }
}

/* A cell closes where a value ends and its share of the rows has gone by. */
static vouch_status close_by_size(vouch_ctx *ctx, const maker *m, size_t n, const uint32_t *row,
                                  size_t max_cells)
{
    double *x = vouch__scratch(ctx, n + 1, sizeof *x);
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        x[i] = m->rows->x[row[i]];
    vouch_status status = vouch__order(ctx, n, x, order);
    if (status)
        return status;
    size_t distinct = n > 0, cells = 0, cut = 0;
    for (size_t i = 1; i < n && distinct <= max_cells; i++)
        distinct += x[order[i]] != x[order[i - 1]];
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || x[order[i]] != x[order[i - 1]];
        if (is_new && (distinct <= max_cells || i * max_cells >= cut * n)) {
            cells++;
            cut = i * max_cells / n + 1;
        }
        add(m, cell(m, cells - 1), row[order[i]]);
        m->out->top[cells - 1] = x[order[i]];
    }
    m->out->n = cells;
    return VOUCH_OK;
}

/* Level, drawn towards the whole's by one case, so that small cells do not take the ends by chance. */
static double drawn_level(const maker *m, const double *sums)
{
    double mean = vouch__worth_level(m->worth, m->worth->all), w = sums[VOUCH__SUM_W];
    return w > 0.0 ? (vouch__worth_level(m->worth, sums) * w + mean) / (w + 1.0) : mean;
}

static vouch_status order_cells(vouch_ctx *ctx, const maker *m)
{
    size_t n = m->out->n, stride = m->worth->stride;
    double *level = vouch__scratch(ctx, n + 1, sizeof *level);
    double *copy = vouch__scratch(ctx, n * stride + 1, sizeof *copy);
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order),
             *place = vouch__scratch(ctx, n + 1, sizeof *place);
    if (!level || !copy || !order || !place)
        return vouch__oom(ctx);
    memcpy(copy, m->out->sums, n * stride * sizeof *copy);
    for (size_t c = 0; c < n; c++)
        level[c] = drawn_level(m, cell(m, c));
    vouch_status status = vouch__order(ctx, n, level, order);
    for (size_t at = 0; !status && at < n; at++) {
        memcpy(cell(m, at), copy + order[at] * stride, stride * sizeof *copy);
        place[order[at]] = (uint32_t)at;
    }
    for (size_t k = 0; !status && k < m->rows->n_categories; k++)
        m->out->of[k] = place[m->out->of[k]];
    if (!status && m->out->pool != SIZE_MAX)
        m->out->pool = place[m->out->pool];
    return status;
}

/* Categories with too few rows, and all beyond the most that there may be, share a cell. */
static vouch_status gather_categories(vouch_ctx *ctx, const maker *m, size_t n, const uint32_t *row,
                                      size_t max_cells, double least_rows)
{
    size_t cats = m->rows->n_categories, stride = m->worth->stride;
    double *sums = vouch__scratch(ctx, cats * stride + 1, sizeof *sums);
    double *size = vouch__scratch(ctx, cats + 1, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, cats + 1, sizeof *order);
    if (!sums || !size || !order)
        return vouch__oom(ctx);
    memset(sums, 0, cats * stride * sizeof *sums);
    for (size_t i = 0; i < n; i++)
        add(m, sums + (size_t)m->rows->x[row[i]] * stride, row[i]);
    for (size_t k = 0; k < cats; k++)
        size[k] = -sums[k * stride + VOUCH__SUM_ROWS];
    vouch_status status = vouch__order(ctx, cats, size, order);
    for (size_t at = 0; !status && at < cats; at++) {
        size_t k = order[at];
        bool is_common = at + 1 < max_cells && -size[k] >= least_rows;
        if (is_common || m->out->pool == SIZE_MAX) {
            if (!is_common)
                m->out->pool = m->out->n;
            m->out->of[k] = (uint32_t)m->out->n++;
        } else {
            m->out->of[k] = (uint32_t)m->out->pool;
        }
        vouch__worth_join(m->worth, cell(m, m->out->of[k]), sums + k * stride);
    }
    return status;
}

vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               size_t max_cells, const double *split, size_t n_splits, double least_rows,
                               vouch__cells *out)
{
    size_t room = (n_splits > max_cells ? n_splits : max_cells) + 2, tail = rows->n_special + 1;
    maker m = { worth, rows, out };
    *out = (vouch__cells){ .n_tail = tail, .pool = SIZE_MAX };
    out->sums = vouch__scratch(ctx, (room + tail) * worth->stride, sizeof *out->sums);
    out->top = vouch__scratch(ctx, room, sizeof *out->top);
    out->of = vouch__scratch(ctx, rows->n_categories + 1, sizeof *out->of);
    double *apart = vouch__scratch(ctx, tail * worth->stride, sizeof *apart);
    uint32_t *row = vouch__scratch(ctx, rows->n + 1, sizeof *row);
    if (!out->sums || !out->top || !out->of || !apart || !row)
        return vouch__oom(ctx);
    memset(out->sums, 0, (room + tail) * worth->stride * sizeof *out->sums);
    memset(apart, 0, tail * worth->stride * sizeof *apart);
    size_t n = set_apart(&m, apart, row);
    vouch_status status = VOUCH_OK;
    if (rows->n_categories > 0) {
        status = gather_categories(ctx, &m, n, row, max_cells, least_rows);
        if (!status)
            status = order_cells(ctx, &m);
    } else if (n_splits > 0) {
        close_at_splits(&m, n, row, split, n_splits);
    } else {
        status = close_by_size(ctx, &m, n, row, max_cells);
    }
    memcpy(cell(&m, out->n), apart, tail * worth->stride * sizeof *apart);
    return status;
}
