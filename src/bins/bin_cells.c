/* Values into cells: equal ones together, adjacent ones as finely as asked, categories in order of level.
 * Cells are found from the values alone; then all rows are counted in their own order, in one pass. */
#include "bins/bin_cells.h"

#include "num/rank.h"

#include <math.h>
#include <string.h>

typedef struct maker {
    const vouch__worth *worth;
    const vouch__bin_rows *rows;
    const vouch__cell_rule *rule;
    vouch__cells *out;
} maker;

/* Where x stands among special codes and missing; SIZE_MAX when it is neither. */
static size_t tail_of(const vouch__bin_rows *r, double x)
{
    if (isnan(x))
        return r->n_special;
    for (size_t k = 0; k < r->n_special; k++)
        if (x == r->special[k])
            return k;
    return SIZE_MAX;
}

/* ---- numbers ---- */

/* A cell closes where a value ends and its share of the rows has gone by. */
static size_t close_cells(size_t n, const double *sorted, size_t max_cells, double *top)
{
    size_t distinct = n > 0, cells = 0, cut = 0;
    for (size_t i = 1; i < n && distinct <= max_cells; i++)
        distinct += sorted[i] != sorted[i - 1];
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || sorted[i] != sorted[i - 1];
        if (is_new && (distinct <= max_cells || i * max_cells >= cut * n)) {
            cells++;
            cut = i * max_cells / n + 1;
        }
        top[cells - 1] = sorted[i];
    }
    return cells;
}

static vouch_status find_tops(vouch_ctx *ctx, const maker *m)
{
    size_t n = 0, mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, m->rows->n + 1, sizeof *x);
    double *sorted = vouch__scratch(ctx, m->rows->n + 1, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, m->rows->n + 1, sizeof *order);
    if (!x || !sorted || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < m->rows->n; i++)
        if (tail_of(m->rows, m->rows->x[i]) == SIZE_MAX)
            x[n++] = m->rows->x[i];
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0; !status && i < n; i++)
        sorted[i] = x[order[i]];
    if (!status)
        m->out->n = close_cells(n, sorted, m->rule->max_cells, m->out->top);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void tops_from_splits(const maker *m)
{
    memcpy(m->out->top, m->rule->split, m->rule->n_splits * sizeof *m->out->top);
    m->out->top[m->rule->n_splits] = INFINITY;
    m->out->n = m->rule->n_splits + 1;
}

/* How many tops but the last are below x: the same steps whatever the values, so nothing is mispredicted. */
static size_t cell_of(const double *top, size_t n, double x)
{
    const double *at = top;
    for (size_t left = n - 1; left > 0;) {
        size_t half = (left + 1) / 2;
        at += half * (size_t)(at[half - 1] < x);
        left -= half;
    }
    return (size_t)(at - top);
}

static vouch_status count_numbers(vouch_ctx *ctx, const maker *m)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint16_t *cell = vouch__scratch(ctx, m->rows->n + 1, sizeof *cell);
    if (!cell)
        return vouch__oom(ctx);
    for (size_t i = 0; i < m->rows->n; i++) {
        size_t tail = tail_of(m->rows, m->rows->x[i]);
        cell[i] = (uint16_t)(tail == SIZE_MAX ? cell_of(m->out->top, m->out->n, m->rows->x[i])
                                              : m->out->n + tail);
    }
    vouch__worth_add(m->worth, m->rows->n, cell, m->rows->y, m->rows->w, m->out->sums);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- categories ---- */

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
        level[c] = drawn_level(m, copy + c * stride);
    vouch_status status = vouch__order(ctx, n, level, order);
    for (size_t at = 0; !status && at < n; at++) {
        memcpy(m->out->sums + at * stride, copy + order[at] * stride, stride * sizeof *copy);
        place[order[at]] = (uint32_t)at;
    }
    for (size_t k = 0; !status && k < m->rows->n_categories; k++)
        m->out->of[k] = place[m->out->of[k]];
    if (!status && m->out->pool != SIZE_MAX)
        m->out->pool = place[m->out->pool];
    return status;
}

/* Sums of each category, and of missing behind them. */
static vouch_status count_categories(vouch_ctx *ctx, const maker *m, double *sums)
{
    size_t mark = vouch__scratch_mark(ctx), cats = m->rows->n_categories;
    uint16_t *cell = vouch__scratch(ctx, m->rows->n + 1, sizeof *cell);
    if (!cell)
        return vouch__oom(ctx);
    if (cats >= UINT16_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "bin: %zu categories, must be under %d", cats, UINT16_MAX);
    for (size_t i = 0; i < m->rows->n; i++)
        cell[i] = (uint16_t)(isnan(m->rows->x[i]) ? cats : (size_t)m->rows->x[i]);
    memset(sums, 0, (cats + 1) * m->worth->stride * sizeof *sums);
    vouch__worth_add(m->worth, m->rows->n, cell, m->rows->y, m->rows->w, sums);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* Categories with too few rows, and all beyond the most that there may be, share a cell. */
static vouch_status gather_categories(vouch_ctx *ctx, const maker *m)
{
    size_t cats = m->rows->n_categories, stride = m->worth->stride;
    double *sums = vouch__scratch(ctx, (cats + 1) * stride, sizeof *sums);
    double *size = vouch__scratch(ctx, cats, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, cats, sizeof *order);
    if (!sums || !size || !order)
        return vouch__oom(ctx);
    vouch_status status = count_categories(ctx, m, sums);
    for (size_t k = 0; !status && k < cats; k++)
        size[k] = -sums[k * stride + VOUCH__SUM_ROWS];
    if (!status)
        status = vouch__order(ctx, cats, size, order);
    for (size_t at = 0; !status && at < cats; at++) {
        size_t k = order[at];
        bool is_common = at + 1 < m->rule->max_cells && -size[k] >= m->rule->least_rows;
        if (is_common || m->out->pool == SIZE_MAX) {
            if (!is_common)
                m->out->pool = m->out->n;
            m->out->of[k] = (uint32_t)m->out->n++;
        } else {
            m->out->of[k] = (uint32_t)m->out->pool;
        }
        vouch__worth_join(m->worth, m->out->sums + m->out->of[k] * stride, sums + k * stride);
    }
    if (!status)
        vouch__worth_join(m->worth, m->out->sums + m->out->n * stride, sums + cats * stride);
    return status ? status : order_cells(ctx, m);
}

vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               const vouch__cell_rule *rule, vouch__cells *out)
{
    size_t room = (rule->n_splits > rule->max_cells ? rule->n_splits : rule->max_cells) + 2;
    size_t tail = rows->n_special + 1;
    maker m = { worth, rows, rule, out };
    *out = (vouch__cells){ .n_tail = tail, .pool = SIZE_MAX };
    out->sums = vouch__scratch(ctx, (room + tail) * worth->stride, sizeof *out->sums);
    out->top = vouch__scratch(ctx, room, sizeof *out->top);
    out->of = vouch__scratch(ctx, rows->n_categories + 1, sizeof *out->of);
    if (!out->sums || !out->top || !out->of)
        return vouch__oom(ctx);
    memset(out->sums, 0, (room + tail) * worth->stride * sizeof *out->sums);
    if (rows->n_categories > 0)
        return gather_categories(ctx, &m);
    vouch_status status = VOUCH_OK;
    if (rule->n_splits > 0)
        tops_from_splits(&m);
    else
        status = find_tops(ctx, &m);
    return status ? status : count_numbers(ctx, &m);
}
