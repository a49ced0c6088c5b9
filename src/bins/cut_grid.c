/* Cutting a grid into rectangles. Cells get prices, such that a rectangle's value seldom exceeds those of its
 * cells; then what is left to cover is worth at most its cells' prices and the largest excesses there are.
 * The search always covers the first free cell, so what is covered is a skyline: a height of each column. */
#include "bins/cut_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = VOUCH__GRID_MAX * VOUCH__GRID_MAX, ROUNDS = 3, PRICINGS = 400, PATIENCE = 15, POLL = 1 << 18 };

typedef struct choice { /* a rectangle that may be a bin */
    vouch__rect at;
    const vouch__run *run;
    double excess; /* of its value over its cells' prices */
} choice;

typedef struct level { /* a state of the search */
    uint8_t height[VOUCH__GRID_MAX];
    uint16_t last[VOUCH__GRID_MAX]; /* the choice that reaches that height */
    uint8_t x, y, wide;             /* the first free cell, and how many are free beside it */
    size_t next, placed;            /* the choice to try next; the one that was placed last */
    double value, left;             /* so far; prices of the cells that are free */
} level;

typedef struct search {
    const vouch__grid_task *task;
    double least_z2;
    size_t n, first[CELLS + 1]; /* choices, by their first cells: [first[cell], first[cell + 1]) */
    choice *of;
    double price[CELLS], all;          /* of cells, and their sum */
    double most[VOUCH__GRID_BINS + 1]; /* the sum of the k largest excesses above 0 */
    uint64_t steps;
    level at[VOUCH__GRID_BINS + 1];
    vouch__grid_cut best;
} search;

/* ---- prices ---- */

typedef struct pricing {
    double price[CELLS], sum[(VOUCH__GRID_MAX + 1) * (VOUCH__GRID_MAX + 1)]; /* sum: of all before a corner */
    double all, most[VOUCH__GRID_BINS + 1];
    const choice *chosen[VOUCH__GRID_BINS]; /* with the largest excesses, descending */
    double excess[VOUCH__GRID_BINS];
    size_t n_chosen;
} pricing;

static void sum_prices(const vouch__grid_task *t, pricing *p)
{
    size_t wide = t->nx + 1;
    memset(p->sum, 0, sizeof p->sum);
    for (size_t y = 0; y < t->ny; y++)
        for (size_t x = 0; x < t->nx; x++)
            p->sum[(y + 1) * wide + x + 1] = p->price[y * t->nx + x] + p->sum[y * wide + x + 1] +
                                             p->sum[(y + 1) * wide + x] - p->sum[y * wide + x];
    p->all = p->sum[t->ny * wide + t->nx];
}

static double price_of(const vouch__grid_task *t, const pricing *p, vouch__rect r)
{
    size_t wide = t->nx + 1;
    return p->sum[r.y1 * wide + r.x1] - p->sum[r.y0 * wide + r.x1] - p->sum[r.y1 * wide + r.x0] +
           p->sum[r.y0 * wide + r.x0];
}

/* What no cut can be worth more than at these prices. */
static double bound_of(const search *s, pricing *p)
{
    size_t most = s->task->max_bins;
    sum_prices(s->task, p);
    p->n_chosen = 0;
    for (size_t k = 0; k < s->n; k++) {
        double excess = s->of[k].run->value - price_of(s->task, p, s->of[k].at);
        size_t at = p->n_chosen;
        if (!(excess > 0.0) || (at == most && !(excess > p->excess[at - 1])))
            continue;
        for (at -= at == most; at > 0 && excess > p->excess[at - 1]; at--) {
            p->chosen[at] = p->chosen[at - 1];
            p->excess[at] = p->excess[at - 1];
        }
        p->chosen[at] = &s->of[k];
        p->excess[at] = excess;
        p->n_chosen += p->n_chosen < most;
    }
    p->most[0] = 0.0;
    for (size_t k = 0; k < most; k++)
        p->most[k + 1] = p->most[k] + (k < p->n_chosen ? p->excess[k] : 0.0);
    return p->all + p->most[most];
}

/* Raise what is covered too often, lower what is not: Polyak's steps towards the best value known. */
static vouch_status improve(vouch_ctx *ctx, search *s)
{
    size_t cells = s->task->nx * s->task->ny, since = 0;
    double pace = 1.0, goal = s->best.n ? s->best.value : 0.0;
    pricing *p = vouch__scratch(ctx, 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    memcpy(p->price, s->price, sizeof p->price);
    for (size_t i = 0; i < PRICINGS && pace > 1e-3; i++, since++) {
        double bound = bound_of(s, p), slope[CELLS], steep = 0.0;
        if (bound < s->best.bound) {
            since = bound < s->best.bound - 1e-4 * (s->best.bound - goal) ? 0 : since;
            s->best.bound = bound;
            memcpy(s->price, p->price, sizeof p->price);
            memcpy(s->most, p->most, sizeof p->most);
        }
        if (since == PATIENCE) { /* back to the best prices, in smaller steps */
            pace *= 0.5;
            since = 0;
            memcpy(p->price, s->price, sizeof p->price);
            (void)bound_of(s, p);
        }
        for (size_t c = 0; c < cells; c++)
            slope[c] = 1.0;
        for (size_t k = 0; k < p->n_chosen; k++)
            for (size_t y = p->chosen[k]->at.y0; y < p->chosen[k]->at.y1; y++)
                for (size_t x = p->chosen[k]->at.x0; x < p->chosen[k]->at.x1; x++)
                    slope[y * s->task->nx + x] -= 1.0;
        for (size_t c = 0; c < cells; c++)
            steep += slope[c] * slope[c];
        if (steep == 0.0)
            break; /* covered, each cell once: nothing is better */
        for (size_t c = 0; c < cells; c++)
            p->price[c] -= pace * fmax(bound - goal, 1e-9) / steep * slope[c];
    }
    memcpy(p->price, s->price, sizeof p->price);
    sum_prices(s->task, p);
    s->all = p->all;
    for (size_t k = 0; k < s->n; k++)
        s->of[k].excess = s->of[k].run->value - price_of(s->task, p, s->of[k].at);
    return vouch__poll(ctx);
}

/* ---- the search ---- */

static int by_excess(const void *a, const void *b)
{
    const choice *p = a, *q = b;
    if (p->excess != q->excess)
        return p->excess > q->excess ? -1 : 1;
    return p->run < q->run ? -1 : p->run > q->run;
}

/* A bin keeps the order with those that it touches: beside it, and before it. */
static bool fits(const search *s, const level *l, const choice *c)
{
    const vouch__grid_task *t = s->task;
    size_t left = c->at.x0, right = c->at.x1;
    if (left > 0 && l->height[left - 1] > l->y &&
        !vouch__may_follow(t->min_gap, s->least_z2, s->of[l->last[left - 1]].run, c->run, t->along_x))
        return false;
    if (right < t->nx && l->height[right] > l->y &&
        !vouch__may_follow(t->min_gap, s->least_z2, c->run, s->of[l->last[right]].run, t->along_x))
        return false;
    for (size_t x = left; l->y > 0 && x < right; x++)
        if (!vouch__may_follow(t->min_gap, s->least_z2, s->of[l->last[x]].run, c->run, t->along_y))
            return false;
    return true;
}

/* The first free cell; false: there is none. */
static bool find_free(const search *s, level *l)
{
    const vouch__grid_task *t = s->task;
    size_t x = 0, wide = 1;
    for (size_t k = 1; k < t->nx; k++)
        if (l->height[k] < l->height[x])
            x = k;
    while (x + wide < t->nx && l->height[x + wide] == l->height[x])
        wide++;
    l->x = (uint8_t)x;
    l->y = l->height[x];
    l->wide = (uint8_t)wide;
    l->next = s->first[l->y * t->nx + x];
    return l->y < t->ny;
}

static void keep(search *s, const level *last, size_t n)
{
    s->best.value = last->value;
    s->best.n = n;
    for (size_t k = 0; k < n; k++)
        s->best.bin[k] = s->of[k + 1 < n ? s->at[k + 1].placed : last->placed].at;
}

/* Place a choice on the n bins that stand; true: cells are left, and the next level goes on from there. */
static bool place(search *s, size_t n, size_t at)
{
    const choice *c = &s->of[at];
    level *to = &s->at[n + 1];
    *to = s->at[n];
    to->placed = at;
    to->value += c->run->value;
    to->left -= c->run->value - c->excess;
    for (size_t x = c->at.x0; x < c->at.x1; x++) {
        to->height[x] = c->at.y1;
        to->last[x] = (uint16_t)at;
    }
    if (!find_free(s, to)) {
        if (n + 1 >= s->task->min_bins && to->value > s->best.value + VOUCH__BIN_WORTH)
            keep(s, to, n + 1);
        return false;
    }
    return n + 1 < s->task->max_bins;
}

/* Depth first, the largest excess first; what can't pass the best is left. */
static vouch_status look(vouch_ctx *ctx, search *s, uint64_t limit)
{
    size_t n = 0, most = s->task->max_bins;
    memset(&s->at[0], 0, sizeof s->at[0]);
    s->at[0].left = s->all;
    (void)find_free(s, &s->at[0]);
    for (s->steps = 0; s->steps < limit; s->steps++) {
        level *l = &s->at[n];
        size_t at = l->next++, end = s->first[l->y * s->task->nx + l->x + 1];
        const choice *c = &s->of[at];
        vouch_status status = s->steps % POLL ? VOUCH_OK : vouch__poll(ctx);
        if (status)
            return status;
        if (at == end ||
            l->value + l->left + c->excess + s->most[most - n - 1] <= s->best.value + VOUCH__BIN_WORTH) {
            if (n == 0) {
                s->best.is_best = true;
                return VOUCH_OK;
            }
            n--;
            continue;
        }
        n += c->at.x1 - c->at.x0 <= l->wide && fits(s, l, c) && place(s, n, at);
    }
    return VOUCH_OK;
}

/* Every rectangle that may be a bin, by its first cell. */
static vouch_status list_choices(vouch_ctx *ctx, search *s)
{
    const vouch__grid_task *t = s->task;
    s->of = vouch__scratch(ctx, vouch__rects(t->nx, t->ny) + 1, sizeof *s->of);
    if (!s->of)
        return vouch__oom(ctx);
    for (size_t y0 = 0; y0 < t->ny; y0++)
        for (size_t x0 = 0; x0 < t->nx; x0++) {
            s->first[y0 * t->nx + x0] = s->n;
            for (size_t y1 = y0 + 1; y1 <= t->ny; y1++)
                for (size_t x1 = x0 + 1; x1 <= t->nx; x1++) {
                    vouch__rect r = vouch__rect_of(x0, x1, y0, y1);
                    const vouch__run *run = &t->run[vouch__rect_at(t->nx, t->ny, r)];
                    if (run->value > -INFINITY)
                        s->of[s->n++] = (choice){ .at = r, .run = run };
                }
        }
    s->first[t->nx * t->ny] = s->n;
    return VOUCH_OK;
}

/* Start from the best strips along one way: they touch no others across it. */
static vouch_status try_strips(vouch_ctx *ctx, search *s, bool is_x)
{
    const vouch__grid_task *t = s->task;
    vouch__run run[VOUCH__GRID_MAX * (VOUCH__GRID_MAX + 1)];
    size_t n = is_x ? t->nx : t->ny, bins, end[VOUCH__GRID_BINS];
    int along = is_x ? t->along_x : t->along_y;
    double value;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j <= n; j++) {
            size_t at = is_x ? vouch__span_at(n, i, j) * vouch__spans(t->ny) + vouch__span_at(t->ny, 0, t->ny)
                             : vouch__span_at(t->nx, 0, t->nx) * vouch__spans(n) + vouch__span_at(n, i, j);
            run[i * (n + 1) + j] = t->run[at];
        }
    const vouch__cut_task task = { .n = n,
                                   .run = run,
                                   .trend = along > 0   ? VOUCH__TREND_RISING
                                            : along < 0 ? VOUCH__TREND_FALLING
                                                        : VOUCH__TREND_ANY,
                                   .min_bins = t->min_bins,
                                   .max_bins = t->max_bins,
                                   .min_gap = t->min_gap,
                                   .max_p = t->max_p };
    vouch_status status = vouch__cut_runs(ctx, &task, &bins, end, &value);
    if (status || !(value > s->best.value))
        return status;
    s->best.value = value;
    s->best.n = bins;
    for (size_t b = 0; b < bins; b++) {
        size_t from = b ? end[b - 1] : 0;
        s->best.bin[b] = is_x ? vouch__rect_of(from, end[b], 0, t->ny)
                              : vouch__rect_of(0, t->nx, from, end[b]);
    }
    return VOUCH_OK;
}

static vouch_status solve(vouch_ctx *ctx, search *s)
{
    static const uint64_t limit[ROUNDS - 1] = { 20000, 500000 };
    const vouch__grid_task *t = s->task;
    s->best = (vouch__grid_cut){ .value = -INFINITY, .bound = INFINITY };
    vouch_status status = list_choices(ctx, s);
    for (int way = 0; way < 2 && !status; way++)
        status = try_strips(ctx, s, way == 0);
    for (size_t round = 0; round < ROUNDS && !status && !s->best.is_best; round++) {
        uint64_t steps = round < ROUNDS - 1 && limit[round] < t->max_steps ? limit[round] : t->max_steps;
        status = improve(ctx, s);
        for (size_t cell = 0; cell < t->nx * t->ny && !status; cell++)
            qsort(s->of + s->first[cell], s->first[cell + 1] - s->first[cell], sizeof *s->of, by_excess);
        if (!status)
            status = look(ctx, s, steps);
    }
    return status;
}

vouch_status vouch__cut_grid(vouch_ctx *ctx, const vouch__grid_task *task, vouch__grid_cut *out_cut)
{
    size_t mark = vouch__scratch_mark(ctx);
    if (task->nx == 0 || task->ny == 0 || task->nx > VOUCH__GRID_MAX || task->ny > VOUCH__GRID_MAX ||
        task->max_bins == 0 || task->max_bins > VOUCH__GRID_BINS)
        return vouch__fail(
            ctx, VOUCH_E_SHAPE,
            "binning: a grid of %zu by %zu cells and %zu bins, must be at most %d by %d and %d", task->nx,
            task->ny, task->max_bins, VOUCH__GRID_MAX, VOUCH__GRID_MAX, VOUCH__GRID_BINS);
    search *s = vouch__scratch(ctx, 1, sizeof *s);
    if (!s)
        return vouch__oom(ctx);
    memset(s, 0, sizeof *s);
    s->task = task;
    s->least_z2 = vouch__least_z2(task->max_p);
    vouch_status status = solve(ctx, s);
    if (!status) {
        if (s->best.n == 0)
            s->best = (vouch__grid_cut){ .n = 1,
                                         .bin = { vouch__rect_of(0, task->nx, 0, task->ny) },
                                         .value = NAN,
                                         .bound = s->best.bound,
                                         .is_best = s->best.is_best };
        if (s->best.is_best)
            s->best.bound = s->best.value;
        *out_cut = s->best;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
