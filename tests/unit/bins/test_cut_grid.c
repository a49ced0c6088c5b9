/* Cuts of a grid into rectangles are the best there are, against trying every one. */
#include "check.h"

#include "bins/cut_grid.h"

#include <math.h>

enum { SIDE = 4 };

typedef struct trial {
    vouch__run run[100]; /* of 4 by 4 cells */
    vouch__grid_task task;
} trial;

/* Cells of counts; a bin's worth is that of its rate against the whole. */
static void make(trial *t, size_t nx, size_t ny)
{
    double n[SIDE][SIDE], y[SIDE][SIDE], all_n = 0, all_y = 0, tilt = seeded();
    for (size_t j = 0; j < ny; j++)
        for (size_t i = 0; i < nx; i++) {
            double rate = 0.1 + 0.8 * (tilt * (double)(i + j) / (SIDE + SIDE) + (1 - tilt) * seeded());
            n[j][i] = 1 + (double)seeded_below(30);
            y[j][i] = floor(n[j][i] * rate);
            all_n += n[j][i];
            all_y += y[j][i];
        }
    for (size_t y0 = 0; y0 < ny; y0++)
        for (size_t x0 = 0; x0 < nx; x0++)
            for (size_t y1 = y0 + 1; y1 <= ny; y1++)
                for (size_t x1 = x0 + 1; x1 <= nx; x1++) {
                    double sn = 0, sy = 0;
                    for (size_t j = y0; j < y1; j++)
                        for (size_t i = x0; i < x1; i++) {
                            sn += n[j][i];
                            sy += y[j][i];
                        }
                    double gap = sy / sn - all_y / all_n;
                    vouch__rect r = vouch__rect_of(x0, x1, y0, y1);
                    t->run[vouch__rect_at(nx, ny, r)] = (vouch__run){ sn < 12 ? -INFINITY : sn * gap * gap,
                                                                      sy / sn, sn, NAN };
                }
    t->task = (vouch__grid_task){ .nx = nx,
                                  .ny = ny,
                                  .run = t->run,
                                  .along_x = (int)seeded_below(3) - 1,
                                  .along_y = (int)seeded_below(3) - 1,
                                  .min_bins = seeded_below(4),
                                  .max_bins = 1 + seeded_below(8),
                                  .min_gap = seeded() < 0.5 ? 0.0 : 0.05 * seeded(),
                                  .max_p = seeded() < 0.5 ? 1.0 : 0.05 + 0.9 * seeded(),
                                  .max_steps = 100000000 };
}

/* Do two bins that touch keep the order? Written from its definition. */
static bool in_order(const trial *t, vouch__rect a, vouch__rect b)
{
    const vouch__grid_task *k = &t->task;
    const vouch__run *p = &t->run[vouch__rect_at(k->nx, k->ny, a)],
                     *q = &t->run[vouch__rect_at(k->nx, k->ny, b)];
    bool beside = a.x1 == b.x0 && a.y0 < b.y1 && b.y0 < a.y1,
         above = a.y1 == b.y0 && a.x0 < b.x1 && b.x0 < a.x1;
    int along = beside ? k->along_x : k->along_y;
    if (!beside && !above)
        return true;
    if ((along && !((q->level - p->level) * along > 0)) || fabs(q->level - p->level) < k->min_gap)
        return false;
    return k->max_p >= 1 || (q->level != p->level && vouch__gap_z2(p, q) >= vouch__least_z2(k->max_p));
}

/* Every cut of the grid: cover the first free cell with each rectangle in turn. */
static void try_all(const trial *t, unsigned covered, vouch__rect *bin, size_t n, double value, double *best)
{
    const vouch__grid_task *k = &t->task;
    size_t cell = 0, x0, y0;
    while (cell < k->nx * k->ny && covered >> cell & 1)
        cell++;
    if (cell == k->nx * k->ny) {
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                if (!in_order(t, bin[a], bin[b]))
                    return;
        if (n >= k->min_bins && value > *best)
            *best = value;
        return;
    }
    x0 = cell % k->nx;
    y0 = cell / k->nx;
    for (size_t y1 = y0 + 1; y1 <= k->ny && n < k->max_bins; y1++)
        for (size_t x1 = x0 + 1; x1 <= k->nx; x1++) {
            unsigned cells = 0;
            for (size_t j = y0; j < y1; j++)
                for (size_t i = x0; i < x1; i++)
                    cells |= 1u << (j * k->nx + i);
            bin[n] = vouch__rect_of(x0, x1, y0, y1);
            double worth = t->run[vouch__rect_at(k->nx, k->ny, bin[n])].value;
            if (!(covered & cells) && worth > -INFINITY)
                try_all(t, covered | cells, bin, n + 1, value + worth, best);
        }
}

/* The bins cover each cell once, keep the order, and are worth what is said. */
static void check_cut(const trial *t, const vouch__grid_cut *cut)
{
    double worth = 0;
    size_t cells = 0;
    for (size_t a = 0; a < cut->n; a++) {
        vouch__rect r = cut->bin[a];
        worth += t->run[vouch__rect_at(t->task.nx, t->task.ny, r)].value;
        cells += (size_t)(r.x1 - r.x0) * (size_t)(r.y1 - r.y0);
        for (size_t b = 0; b < cut->n; b++) {
            vouch__rect o = cut->bin[b];
            assert_true(a == b || r.x1 <= o.x0 || o.x1 <= r.x0 || r.y1 <= o.y0 || o.y1 <= r.y0);
            assert_true(in_order(t, r, o));
        }
    }
    assert_int_equal(cells, t->task.nx * t->task.ny);
    assert_true(cut->n <= t->task.max_bins && cut->n >= t->task.min_bins);
    assert_close(worth, cut->value, 1e-9);
}

static void every_order_and_constraint_gives_the_best_cut_there_is(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    size_t found = 0, none = 0;
    for (int round = 0; round < 300; round++) {
        static trial t;
        vouch__rect bin[16];
        vouch__grid_cut cut;
        double best = -INFINITY;
        make(&t, 1 + seeded_below(round % 10 ? 3 : SIDE), 1 + seeded_below(SIDE));
        try_all(&t, 0, bin, 0, 0, &best);
        assert_ok(ctx, vouch__cut_grid(ctx, &t.task, &cut));
        assert_true(cut.is_best);
        if (best == -INFINITY) {
            assert_nan(cut.value);
            assert_int_equal(cut.n, 1);
            none++;
            continue;
        }
        assert_close(cut.value, best, 1e-9);
        check_cut(&t, &cut);
        found += cut.n > 2;
    }
    assert_true(found > 60 && none > 10); /* the trials do try something */
    vouch_ctx_free(ctx);
}

/* Five bins around one in the middle: no straight cut goes through, so no tree of cuts finds it. */
static void bins_that_no_straight_cut_makes_are_found(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static const vouch__rect wheel[] = {
        { 0, 2, 0, 1 }, { 2, 3, 0, 2 }, { 0, 1, 1, 3 }, { 1, 2, 1, 2 }, { 1, 3, 2, 3 }
    };
    vouch__run run[36];
    vouch__grid_cut cut;
    for (size_t k = 0; k < 36; k++)
        run[k] = (vouch__run){ 0.0, (double)k, 10, NAN };
    for (size_t k = 0; k < 5; k++)
        run[vouch__rect_at(3, 3, wheel[k])].value = 1.0;
    vouch__grid_task task = { .nx = 3, .ny = 3, .run = run, .max_bins = 9, .max_p = 1, .max_steps = 1000000 };
    assert_ok(ctx, vouch__cut_grid(ctx, &task, &cut));
    assert_true(cut.is_best);
    assert_close(cut.value, 5, 1e-12);
    assert_int_equal(cut.n, 5);
    for (size_t k = 0; k < 5; k++)
        assert_memory_equal(&cut.bin[k], &wheel[k], sizeof wheel[k]);
    vouch_ctx_free(ctx);
}

static void a_search_that_is_given_up_says_so_and_holds_a_bound(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 20; round++) {
        static trial t;
        vouch__grid_cut few, all;
        make(&t, SIDE, SIDE);
        t.task.min_bins = 1;
        assert_ok(ctx, vouch__cut_grid(ctx, &t.task, &all));
        t.task.max_steps = 5;
        assert_ok(ctx, vouch__cut_grid(ctx, &t.task, &few));
        if (isnan(all.value))
            continue;
        assert_true(few.bound >= all.value - 1e-9);
        assert_true(!(few.value > all.value + 1e-9));
        if (!isnan(few.value))
            check_cut(&t, &few);
    }
    vouch_ctx_free(ctx);
}

static void grids_that_are_too_large_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__grid_cut cut;
    vouch__grid_task task = { .nx = 0, .ny = 3, .max_bins = 3, .max_p = 1 };
    assert_status(ctx, vouch__cut_grid(ctx, &task, &cut), VOUCH_E_SHAPE);
    task.nx = VOUCH__GRID_MAX + 1;
    assert_status(ctx, vouch__cut_grid(ctx, &task, &cut), VOUCH_E_SHAPE);
    task.nx = 3;
    task.max_bins = VOUCH__GRID_BINS + 1;
    assert_status(ctx, vouch__cut_grid(ctx, &task, &cut), VOUCH_E_SHAPE);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_and_constraint_gives_the_best_cut_there_is),
        cmocka_unit_test(bins_that_no_straight_cut_makes_are_found),
        cmocka_unit_test(a_search_that_is_given_up_says_so_and_holds_a_bound),
        cmocka_unit_test(grids_that_are_too_large_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
