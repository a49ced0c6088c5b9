/* Values into cells: equal ones together, adjacent ones as finely as asked, categories in order of level.
 * Cells are found from the values alone; then all rows are counted in their own order, in one pass. */
#include "bins/bin_cells.h"

#include "base/text.h"
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

static vouch_status make_room(vouch_ctx *ctx, const maker *m)
{
    size_t most = m->rule->n_splits > m->rule->max_cells ? m->rule->n_splits : m->rule->max_cells;
    size_t room = most + m->rule->n_fixed + 2, tail = m->rows->n_special + 1;
    vouch__cells *out = m->out;
    *out = (vouch__cells){ .n_tail = tail, .pool = SIZE_MAX };
    out->sums = vouch__scratch(ctx, (room + tail) * m->worth->stride, sizeof *out->sums);
    out->top = vouch__scratch(ctx, room, sizeof *out->top);
    out->of = vouch__scratch(ctx, m->rows->n_categories + 1, sizeof *out->of);
    if (!out->sums || !out->top || !out->of)
        return vouch__oom(ctx);
    memset(out->sums, 0, (room + tail) * m->worth->stride * sizeof *out->sums);
    return VOUCH_OK;
}

/* ---- numbers ---- */

/* A cell closes where a value ends and its share of the rows has gone by. */
static void close_cells(const maker *m, size_t points, const double *x, const double *upto)
{
    uint64_t n = points ? (uint64_t)upto[points - 1] : 0, max_cells = m->rule->max_cells, before = 0, cut = 0;
    size_t cells = 0;
    for (size_t i = 0; i < points; i++) {
        if (i == 0 || points <= max_cells || before * max_cells >= cut * n) {
            if (cells > 0)
                m->out->top[cells - 1] = vouch__shortest_between(x[i - 1], x[i]);
            m->out->top[cells++] = INFINITY;
            cut = before * max_cells / n + 1;
        }
        before = (uint64_t)upto[i];
    }
    m->out->n = cells;
}

/* Cells that are there also end wherever they must. */
static vouch_status add_ends(vouch_ctx *ctx, const maker *m, const double *end, size_t n_ends)
{
    size_t mark = vouch__scratch_mark(ctx), was = m->out->n, n = 0, e = 0;
    double *top = vouch__scratch(ctx, was + 1, sizeof *top);
    if (!top)
        return vouch__oom(ctx);
    memcpy(top, m->out->top, was * sizeof *top);
    for (size_t c = 0; c + 1 < was || e < n_ends;) {
        double mine = c + 1 < was ? top[c] : INFINITY, other = e < n_ends ? end[e] : INFINITY;
        m->out->top[n++] = fmin(mine, other);
        c += c + 1 < was && mine <= other;
        e += e < n_ends && other <= mine;
    }
    m->out->top[n++] = INFINITY;
    m->out->n = n;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static vouch_status place_ends(vouch_ctx *ctx, const maker *m, size_t points, const double *x,
                               const double *upto)
{
    if (m->rule->n_splits > 0)
        return add_ends(ctx, m, m->rule->split, m->rule->n_splits);
    close_cells(m, points, x, upto);
    return m->rule->n_fixed > 0 ? add_ends(ctx, m, m->rule->fixed, m->rule->n_fixed) : VOUCH_OK;
}

vouch_status vouch__cells_of_values(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                                    const vouch__cell_rule *rule, size_t points, const double *x,
                                    const double *upto, vouch__cells *out)
{
    maker m = { worth, rows, rule, out };
    vouch_status status = make_room(ctx, &m);
    return status ? status : place_ends(ctx, &m, points, x, upto);
}

/* The distinct values of rows in memory, and how many are at or below each. */
static vouch_status find_points(vouch_ctx *ctx, const vouch__bin_rows *rows, double *x, double *upto,
                                size_t *out_points)
{
    size_t n = 0, points = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (tail_of(rows, rows->x[i]) == SIZE_MAX)
            x[n++] = rows->x[i];
    vouch_status status = vouch__sort(ctx, n, x, &n);
    for (size_t i = 0; !status && i < n; i++) {
        points += i == 0 || x[i] != x[points - 1];
        x[points - 1] = x[i];
        upto[points - 1] = (double)(i + 1);
    }
    *out_points = points;
    return status;
}

static vouch_status find_ends(vouch_ctx *ctx, const maker *m)
{
    size_t mark = vouch__scratch_mark(ctx), points;
    double *x = vouch__scratch(ctx, m->rows->n + 1, sizeof *x);
    double *upto = vouch__scratch(ctx, m->rows->n + 1, sizeof *upto);
    if (!x || !upto)
        return vouch__oom(ctx);
    vouch_status status = find_points(ctx, m->rows, x, upto, &points);
    if (!status)
        status = place_ends(ctx, m, points, x, upto);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* How many tops but the last are below x: the same steps whatever the values, so nothing is mispredicted. */
static size_t cell_of(const double *top, size_t n, double x)
{
    const double *at = top;
    for (size_t left = n > 0 ? n - 1 : 0; left > 0;) {
        size_t half = (left + 1) / 2;
        at += half * (size_t)(at[half - 1] < x);
        left -= half;
    }
    return (size_t)(at - top);
}

void vouch__cells_find(const vouch__cells *cells, const vouch__bin_rows *rows, uint16_t *out_cell)
{
    double categories = (double)rows->n_categories;
    for (size_t i = 0; i < rows->n && rows->n_categories > 0; i++) {
        double x = rows->x[i]; /* what is none of them counts as missing */
        out_cell[i] = (uint16_t)(x >= 0.0 && x < categories ? cells->of[(size_t)x] : cells->n);
    }
    for (size_t i = 0; i < rows->n && rows->n_categories == 0; i++) {
        size_t tail = tail_of(rows, rows->x[i]);
        out_cell[i] = (uint16_t)(tail == SIZE_MAX ? cell_of(cells->top, cells->n, rows->x[i])
                                                  : cells->n + tail);
    }
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

/* Categories with too few rows, and all beyond the most that there may be, share a cell. */
static vouch_status gather(vouch_ctx *ctx, const maker *m, const double *sums)
{
    size_t cats = m->rows->n_categories, stride = m->worth->stride, mark = vouch__scratch_mark(ctx);
    double *size = vouch__scratch(ctx, cats + 1, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, cats + 1, sizeof *order);
    if (!size || !order)
        return vouch__oom(ctx);
    for (size_t k = 0; k < cats; k++)
        size[k] = -sums[k * stride + VOUCH__SUM_ROWS];
    vouch_status status = vouch__order(ctx, cats, size, order);
    for (size_t at = 0; !status && at < cats; at++) {
        size_t k = order[at];
        bool is_common = at + 1 < m->rule->max_cells && -size[k] >= m->rule->least_rows &&
                         !(m->rule->has_rest && k + 1 == cats);
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
    if (!status)
        status = order_cells(ctx, m);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__cells_of_categories(vouch_ctx *ctx, const vouch__worth *worth,
                                        const vouch__bin_rows *rows, const vouch__cell_rule *rule,
                                        const double *sums, vouch__cells *out)
{
    maker m = { worth, rows, rule, out };
    vouch_status status = make_room(ctx, &m);
    return status ? status : gather(ctx, &m, sums);
}

/* ---- rows in memory ---- */

static vouch_status count(vouch_ctx *ctx, const maker *m, const vouch__cells *cells, double *sums)
{
    size_t mark = vouch__scratch_mark(ctx);
    uint16_t *cell = vouch__scratch(ctx, m->rows->n + 1, sizeof *cell);
    if (!cell)
        return vouch__oom(ctx);
    vouch__cells_find(cells, m->rows, cell);
    vouch__worth_add(m->worth, m->rows->n, cell, m->rows->y, m->rows->w, sums);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static vouch_status cells_of_texts(vouch_ctx *ctx, const maker *m)
{
    size_t cats = m->rows->n_categories, mark = vouch__scratch_mark(ctx);
    if (cats >= UINT16_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "bin: %zu categories, must be under %d", cats, UINT16_MAX);
    double *sums = vouch__scratch(ctx, (cats + 1) * m->worth->stride, sizeof *sums);
    vouch__cells each = { .n = cats, .of = vouch__scratch(ctx, cats, sizeof *each.of) };
    if (!sums || !each.of)
        return vouch__oom(ctx);
    memset(sums, 0, (cats + 1) * m->worth->stride * sizeof *sums);
    for (size_t k = 0; k < cats; k++)
        each.of[k] = (uint32_t)k;
    vouch_status status = count(ctx, m, &each, sums);
    if (!status)
        status = gather(ctx, m, sums);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__cells_make(vouch_ctx *ctx, const vouch__worth *worth, const vouch__bin_rows *rows,
                               const vouch__cell_rule *rule, vouch__cells *out)
{
    maker m = { worth, rows, rule, out };
    vouch_status status = make_room(ctx, &m);
    if (status)
        return status;
    if (rows->n_categories > 0)
        return cells_of_texts(ctx, &m);
    status = rule->n_splits > 0 ? place_ends(ctx, &m, 0, NULL, NULL) : find_ends(ctx, &m);
    return status ? status : count(ctx, &m, out, out->sums);
}

/* ---- runs of cells ---- */

bool vouch__cell_is_fixed(const vouch__cells *cells, size_t c, const double *fixed, size_t n_fixed)
{
    for (size_t f = 0; f < n_fixed; f++)
        if (cells->top[c] == fixed[f])
            return true;
    return false;
}

vouch_status vouch__cells_runs(vouch_ctx *ctx, const vouch__worth *worth, const vouch__cells *cells,
                               const double *fixed, size_t n_fixed, vouch__run *run)
{
    size_t n = cells->n, stride = worth->stride, mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, stride, sizeof *sums);
    if (!sums)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        bool spans = false; /* a place where a range must end */
        memset(sums, 0, stride * sizeof *sums);
        for (size_t j = i + 1; j <= n; j++) {
            vouch__worth_join(worth, sums, cells->sums + (j - 1) * stride);
            run[i * (n + 1) + j] = vouch__worth_run(worth, sums);
            if (spans)
                run[i * (n + 1) + j].value = -INFINITY;
            spans = spans || vouch__cell_is_fixed(cells, j - 1, fixed, n_fixed);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
