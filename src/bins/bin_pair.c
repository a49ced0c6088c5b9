/* Two columns at once: the cells of both make a grid, bins are rectangles of it. */
#include "vouch/bins.h"

#include "bins/bin_tell.h"
#include "bins/cut_grid.h"
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { X, Y, BOTH, ORDERS = 3, TAIL = 2, STEPS = 20000000, NAME = 60 };

typedef struct pair {
    vouch__bin_outcome outcome[BOTH]; /* the same but for their rules */
    vouch__bin_job job[BOTH];
    size_t nx, ny;
    double *sums; /* [(ny x nx + TAIL) x stride]: cells by row, then special codes, then missing */
    vouch__run *run;
    vouch__grid_cut cut;
    int along[BOTH];              /* of the cut */
    double price[ORDERS][ORDERS]; /* falling, any, rising of the first, of the second; NAN */
    bool is_proved[ORDERS][ORDERS];
} pair;

static const char *const order_name[ORDERS] = { "falling", "any", "rising" };

static vouch_status count(vouch_ctx *ctx, pair *p)
{
    const vouch__bin_job *x = &p->job[X], *y = &p->job[Y];
    size_t n = x->rows.n, cells = p->nx * p->ny, stride = x->outcome->worth.stride;
    p->sums = vouch__scratch(ctx, (cells + TAIL) * stride, sizeof *p->sums);
    size_t mark = vouch__scratch_mark(ctx);
    uint16_t *at = vouch__scratch(ctx, n, sizeof *at), *other = vouch__scratch(ctx, n, sizeof *other);
    if (!p->sums || !at || !other)
        return vouch__oom(ctx);
    vouch__cells_find(&x->cells, &x->rows, at);
    vouch__cells_find(&y->cells, &y->rows, other);
    for (size_t i = 0; i < n; i++) {
        bool is_missing = at[i] == p->nx + x->cells.n_tail - 1 || other[i] == p->ny + y->cells.n_tail - 1;
        bool is_apart = at[i] >= p->nx || other[i] >= p->ny;
        at[i] = (uint16_t)(is_missing ? cells + 1 : is_apart ? cells : other[i] * p->nx + at[i]);
    }
    memset(p->sums, 0, (cells + TAIL) * stride * sizeof *p->sums);
    vouch__worth_add(&x->outcome->worth, n, at, x->rows.y, x->rows.w, p->sums);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static void join(const pair *p, vouch__rect r, double *out)
{
    const vouch__worth *worth = &p->outcome[X].worth;
    memset(out, 0, worth->stride * sizeof *out);
    for (size_t j = r.y0; j < r.y1; j++)
        for (size_t i = r.x0; i < r.x1; i++)
            vouch__worth_join(worth, out, p->sums + (j * p->nx + i) * worth->stride);
}

/* Do cells begin to end - 1 go beyond a place where a range must end? */
static bool spans(const vouch__bin_job *job, size_t begin, size_t end)
{
    const vouch__bin_rules *r = &job->outcome->rules;
    for (size_t c = begin; c + 1 < end && job->rows.n_categories == 0; c++)
        if (vouch__cell_is_fixed(&job->cells, c, r->fixed, r->n_fixed))
            return true;
    return false;
}

static vouch_status find_runs(vouch_ctx *ctx, pair *p)
{
    double *sums = vouch__scratch(ctx, p->outcome[X].worth.stride, sizeof *sums);
    p->run = vouch__scratch(ctx, vouch__rects(p->nx, p->ny), sizeof *p->run);
    if (!sums || !p->run)
        return vouch__oom(ctx);
    for (size_t x0 = 0; x0 < p->nx; x0++)
        for (size_t x1 = x0 + 1; x1 <= p->nx; x1++)
            for (size_t y0 = 0; y0 < p->ny; y0++)
                for (size_t y1 = y0 + 1; y1 <= p->ny; y1++) {
                    vouch__rect r = vouch__rect_of(x0, x1, y0, y1);
                    vouch__run *run = &p->run[vouch__rect_at(p->nx, p->ny, r)];
                    join(p, r, sums);
                    *run = vouch__worth_run(&p->outcome[X].worth, sums);
                    if (spans(&p->job[X], x0, x1) || spans(&p->job[Y], y0, y1))
                        run->value = -INFINITY;
                }
    return VOUCH_OK;
}

/* Is an order of a column's levels one of those to choose from? Categories stand in no order of their own. */
static bool is_wanted(const vouch__bin_job *job, int along)
{
    size_t trend = job->outcome->rules.trend;
    if (job->rows.n_categories > 0)
        return along == 0;
    return trend == VOUCH__AUTO_TREND      ? along != 0
           : trend == VOUCH__TREND_RISING  ? along > 0
           : trend == VOUCH__TREND_FALLING ? along < 0
                                           : along == 0;
}

static vouch_status cut(vouch_ctx *ctx, pair *p)
{
    const vouch__bin_rules *r = &p->outcome[X].rules;
    double best = -INFINITY;
    vouch_status status = VOUCH_OK;
    for (int a = 1; a >= -1; a--)
        for (int b = 1; b >= -1 && !status; b--) {
            vouch__grid_cut cut;
            vouch__grid_task task = { p->nx,       p->ny,       p->run,     a,        b,
                                      r->min_bins, r->max_bins, r->min_gap, r->max_p, STEPS };
            bool wanted = is_wanted(&p->job[X], a) && is_wanted(&p->job[Y], b);
            p->price[a + 1][b + 1] = NAN;
            if ((p->job[X].rows.n_categories > 0 && a) || (p->job[Y].rows.n_categories > 0 && b))
                continue;
            status = vouch__cut_grid(ctx, &task, &cut);
            if (status)
                break;
            p->price[a + 1][b + 1] = cut.value;
            p->is_proved[a + 1][b + 1] = cut.is_best;
            double value = isnan(cut.value) ? -INFINITY : cut.value;
            if (!wanted || (p->cut.n > 0 && !(value > best)))
                continue;
            best = value;
            p->cut = cut;
            p->along[X] = a;
            p->along[Y] = b;
        }
    return status;
}

/* A column's cells, and what it is worth alone. */
static vouch_status prepare(vouch_ctx *ctx, pair *p, size_t k)
{
    vouch__bin_job *job = &p->job[k];
    vouch_status status = vouch__bin_cells(ctx, job->outcome->rules.grid, job);
    if (status)
        return status;
    if (job->outcome->rules.trend > VOUCH__TREND_FALLING && job->outcome->rules.trend != VOUCH__AUTO_TREND)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "rules: trend %s is of one variable: of two, rising, falling, any and auto are",
                           vouch__trend_name((vouch__trend)job->outcome->rules.trend));
    if (job->cells.n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' has no values to bin", job->name);
    if (job->cells.n > VOUCH__GRID_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' makes %zu cells, must be at most %d", job->name,
                           job->cells.n, VOUCH__GRID_MAX);
    return vouch__bin_cut(ctx, job);
}

/* ---- telling ---- */

static void tell_bins(const pair *p, vouch__doc *doc, vouch__json *root, double *sums)
{
    static const char *const key[BOTH] = { "x", "with" }, *const type[TAIL] = { "special", "missing" };
    static const char *const apart[TAIL] = { "a special code", "missing" };
    vouch__json *list = vouch__json_set(doc, root, "bins", vouch__json_array(doc));
    int short_x = vouch__bin_fit(p->job[X].name, NAME), short_y = vouch__bin_fit(p->job[Y].name, NAME);
    char label[512];
    for (size_t b = 0; b < p->cut.n; b++) {
        vouch__rect r = p->cut.bin[b];
        const size_t ends[BOTH][2] = { { r.x0, r.x1 }, { r.y0, r.y1 } };
        vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc)), *of[BOTH];
        for (size_t k = 0; k < BOTH; k++) {
            of[k] = vouch__json_object(doc);
            vouch__bin_tell_extent(doc, &p->job[k], ends[k][0], ends[k][1], of[k]);
        }
        (void)snprintf(label, sizeof label, "%.*s %s; %.*s %s", short_x, p->job[X].name,
                       vouch__json_string(vouch__json_get(of[X], "label")), short_y, p->job[Y].name,
                       vouch__json_string(vouch__json_get(of[Y], "label")));
        (void)vouch__json_set(doc, o, "type", vouch__json_text(doc, "rectangle"));
        (void)vouch__json_set(doc, o, "label", vouch__json_text(doc, label));
        for (size_t k = 0; k < BOTH; k++)
            (void)vouch__json_set(doc, o, key[k], of[k]);
        join(p, r, sums);
        vouch__bin_tell_figures(doc, &p->outcome[X], sums, o);
    }
    bool has_codes = p->job[X].rows.n_special + p->job[Y].rows.n_special > 0;
    for (size_t t = has_codes ? 0 : 1; t < TAIL; t++) {
        vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
        (void)snprintf(label, sizeof label, "%.*s or %.*s %s", short_x, p->job[X].name, short_y,
                       p->job[Y].name, apart[t]);
        (void)vouch__json_set(doc, o, "type", vouch__json_text(doc, type[t]));
        (void)vouch__json_set(doc, o, "label", vouch__json_text(doc, label));
        vouch__bin_tell_figures(doc, &p->outcome[X],
                                p->sums + (p->nx * p->ny + t) * p->outcome[X].worth.stride, o);
    }
}

static void tell_price(const pair *p, vouch__doc *doc, vouch__json *root)
{
    vouch__json *list = vouch__json_set(doc, root, "price", vouch__json_array(doc));
    for (size_t a = 0; a < ORDERS; a++)
        for (size_t b = 0; b < ORDERS; b++) {
            if ((p->job[X].rows.n_categories > 0 && a != 1) || (p->job[Y].rows.n_categories > 0 && b != 1))
                continue;
            vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
            (void)vouch__json_set(doc, o, "trend", vouch__json_text(doc, order_name[a]));
            (void)vouch__json_set(doc, o, "with_trend", vouch__json_text(doc, order_name[b]));
            (void)vouch__json_set(doc, o, "value", vouch__json_number(doc, p->price[a][b]));
            (void)vouch__json_set(doc, o, "is_best", vouch__json_bool(doc, p->is_proved[a][b]));
        }
}

static vouch_status build(vouch_ctx *ctx, const pair *p, vouch__doc **out_doc)
{
    vouch__doc *doc = NULL;
    size_t mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, p->outcome[X].worth.stride, sizeof *sums);
    vouch_status status = sums ? vouch__doc_new(ctx, &doc) : vouch__oom(ctx);
    if (status)
        return status;
    vouch__json *root = vouch__json_object(doc), *alone = vouch__json_object(doc);
    (void)vouch__json_set(doc, root, "column", vouch__json_text(doc, p->job[X].name));
    (void)vouch__json_set(doc, root, "with", vouch__json_text(doc, p->job[Y].name));
    vouch__bin_tell_outcome(doc, &p->outcome[X], root);
    (void)vouch__json_set(doc, root, "value", vouch__json_number(doc, p->cut.value));
    (void)vouch__json_set(doc, root, "is_best", vouch__json_bool(doc, p->cut.is_best));
    (void)vouch__json_set(doc, root, "bound", vouch__json_number(doc, p->cut.bound));
    (void)vouch__json_set(doc, root, "trend", vouch__json_text(doc, order_name[p->along[X] + 1]));
    (void)vouch__json_set(doc, root, "with_trend", vouch__json_text(doc, order_name[p->along[Y] + 1]));
    (void)vouch__json_set(doc, root, "alone", alone);
    (void)vouch__json_set(doc, alone, "column", vouch__json_number(doc, p->job[X].value));
    (void)vouch__json_set(doc, alone, "with", vouch__json_number(doc, p->job[Y].value));
    tell_bins(p, doc, root, sums);
    tell_price(p, doc, root);
    vouch__scratch_reset(ctx, mark);
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__bin_tell_sql(ctx, doc, p->job, BOTH, root);
    if (!status)
        status = vouch__doc_status(ctx, doc);
    if (status)
        vouch__doc_free(doc);
    else
        *out_doc = doc;
    return status;
}

/* Which cells of a column a bin ends at. */
static size_t find_breaks(const pair *p, size_t k, size_t out[VOUCH__GRID_MAX + 1])
{
    bool is_end[VOUCH__GRID_MAX + 1] = { false };
    size_t n = 0;
    for (size_t b = 0; b < p->cut.n; b++)
        is_end[k == X ? p->cut.bin[b].x1 : p->cut.bin[b].y1] = true;
    for (size_t at = 1; at <= p->job[k].cells.n; at++)
        if (is_end[at])
            out[n++] = at;
    return n;
}

static size_t bin_at(const pair *p, size_t x, size_t y)
{
    size_t b = 0;
    while (x < p->cut.bin[b].x0 || x >= p->cut.bin[b].x1 || y < p->cut.bin[b].y0 || y >= p->cut.bin[b].y1)
        b++;
    return b;
}

/* The level of the bin at each crossing of ranges: a row a range of the second column, the highest first, as
 * on a map; a column a range of the first. */
static vouch_status tell_grid(vouch_ctx *ctx, const pair *p, vouch_table **out_grid)
{
    enum { COLS = VOUCH__GRID_MAX + 1 };
    size_t xs[COLS], ys[COLS], nx = find_breaks(p, X, xs), ny = find_breaks(p, Y, ys);
    const char *name[COLS], *label[COLS];
    vouch_type type[COLS] = { VOUCH_TEXT };
    char corner[140];
    vouch__doc *doc = NULL;
    vouch__table_builder *builder = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    (void)snprintf(corner, sizeof corner, "%.*s \\ %.*s", vouch__bin_fit(p->job[Y].name, NAME),
                   p->job[Y].name, vouch__bin_fit(p->job[X].name, NAME), p->job[X].name);
    name[0] = corner;
    for (size_t k = 0; k < BOTH && !status; k++)
        for (size_t at = 0; at < (k == X ? nx : ny); at++) {
            const size_t *ends = k == X ? xs : ys;
            vouch__json *o = vouch__json_object(doc);
            vouch__bin_tell_extent(doc, &p->job[k], at ? ends[at - 1] : 0, ends[at], o);
            *(k == X ? &name[at + 1] : &label[at]) = vouch__json_string(vouch__json_get(o, "label"));
            type[k == X ? at + 1 : 0] = k == X ? VOUCH_NUMBER : VOUCH_TEXT;
        }
    if (!status)
        status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__table_builder_new(ctx, nx + 1, name, type, &builder);
    for (size_t y = ny; y-- > 0 && !status;) {
        double level[COLS];
        const double *value[COLS] = { 0 };
        const char *const *text[COLS] = { &label[y] };
        for (size_t x = 0; x < nx; x++) {
            vouch__rect r = p->cut.bin[bin_at(p, xs[x] - 1, ys[y] - 1)];
            level[x] = p->run[vouch__rect_at(p->nx, p->ny, r)].level;
            value[x + 1] = &level[x];
        }
        status = vouch__table_builder_add(ctx, builder, 1, value, text);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_grid);
    vouch__table_builder_free(builder);
    vouch__doc_free(doc);
    return status;
}

static vouch_status bin_pair(vouch_ctx *ctx, pair *p)
{
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < BOTH && !status; k++)
        status = prepare(ctx, p, k);
    if (status)
        return status;
    p->nx = p->job[X].cells.n;
    p->ny = p->job[Y].cells.n;
    status = count(ctx, p);
    if (!status)
        status = find_runs(ctx, p);
    return status ? status : cut(ctx, p);
}

vouch_status vouch_bin_pair(vouch_ctx *ctx, const vouch_table *table, size_t column, size_t with,
                            size_t target, size_t weight, const char *rules, char **out_json,
                            vouch_table **out_bins, vouch_table **out_grid)
{
    const size_t role[] = { column, with, target, weight };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__doc *doc = NULL;
    vouch_table *bins = NULL, *grid = NULL;
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b <= a; b++)
            if (b < a ? role[a] == role[b]
                      : role[a] >= vouch_table_cols(table) && (a < 3 || weight != SIZE_MAX))
                return vouch__fail(ctx, VOUCH_E_ARG, "bin: no such column, or one column in two roles");
    pair *p = vouch__scratch(ctx, 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    memset(p, 0, sizeof *p);
    vouch_status status = vouch__bin_outcome_read(ctx, table, target, weight, rules, &p->outcome[X]);
    if (!status) {
        p->outcome[Y] = p->outcome[X];
        p->outcome[Y].rules = *p->outcome[X].rules.with;
        p->job[X] = (vouch__bin_job){ .outcome = &p->outcome[X], .column = column };
        p->job[Y] = (vouch__bin_job){ .outcome = &p->outcome[Y], .column = with };
        status = bin_pair(ctx, p);
    }
    if (!status)
        status = build(ctx, p, &doc);
    if (!status && out_bins)
        status = vouch__bin_tell_table(ctx, &p->outcome[X], vouch__doc_root(doc), &bins);
    if (!status && out_grid)
        status = tell_grid(ctx, p, &grid);
    if (!status && out_json)
        status = vouch__bin_tell_text(ctx, doc, out_json);
    vouch__doc_free(doc);
    if (status) {
        vouch_table_unref(bins);
        vouch_table_unref(grid);
    } else {
        if (out_bins)
            *out_bins = bins;
        if (out_grid)
            *out_grid = grid;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
