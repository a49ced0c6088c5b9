/* Cuts of cells into bins are the best there are: every trend and constraint against trying every cut. */
#include "check.h"

#include "bins/cut_runs.h"

#include <math.h>

enum { CELLS = 9 };

typedef struct trial {
    vouch__run run[CELLS * (CELLS + 1)];
    vouch__cut_task task;
} trial;

/* Cells of counts; a bin's worth is the information value of its rate against the whole. */
static void make(trial *t, bool is_rate)
{
    double n[CELLS], y[CELLS], square[CELLS], all_n = 0, all_y = 0;
    size_t cells = 1 + seeded_below(CELLS);
    for (size_t i = 0; i < cells; i++) {
        n[i] = 1 + (double)seeded_below(30);
        y[i] = is_rate ? (double)seeded_below((uint32_t)n[i] + 1) : floor(seeded() * 20) / 4 * n[i];
        square[i] = y[i] * y[i] / n[i] + n[i] * seeded();
        all_n += n[i];
        all_y += y[i];
    }
    for (size_t i = 0; i < cells; i++) {
        double sn = 0, sy = 0, ss = 0;
        for (size_t j = i + 1; j <= cells; j++) {
            sn += n[j - 1];
            sy += y[j - 1];
            ss += square[j - 1];
            double gap = sy / sn - all_y / all_n;
            t->run[i * (cells + 1) + j] = (vouch__run){ sn < 12 ? -INFINITY : sn * gap * gap, sy / sn, sn,
                                                        is_rate ? NAN : ss / sn - sy / sn * sy / sn };
        }
    }
    t->task = (vouch__cut_task){ .n = cells,
                                 .run = t->run,
                                 .trend = (vouch__trend)seeded_below(VOUCH__TRENDS),
                                 .min_bins = seeded_below(4),
                                 .max_bins = 1 + seeded_below(6),
                                 .min_gap = seeded() < 0.5 ? 0.0 : 0.05 * seeded(),
                                 .max_p = seeded() < 0.5 ? 1.0 : 0.05 + 0.5 * seeded() };
}

static const vouch__run *at(const trial *t, size_t i, size_t j) { return &t->run[i * (t->task.n + 1) + j]; }

/* Two-sided p of the difference of two levels. */
static double p_of(const vouch__run *a, const vouch__run *b)
{
    double both = (a->n * a->level + b->n * b->level) / (a->n + b->n);
    double variance = isnan(a->spread) ? both * (1 - both) * (1 / a->n + 1 / b->n)
                                       : a->spread / a->n + b->spread / b->n;
    double gap = fabs(a->level - b->level);
    return gap == 0 ? 1 : erfc(gap / sqrt(2 * variance));
}

static bool trend_holds(const trial *t, size_t bins, const size_t *end)
{
    double level[CELLS];
    size_t turn = 0;
    for (size_t b = 0; b < bins; b++)
        level[b] = at(t, b ? end[b - 1] : 0, end[b])->level;
    switch (t->task.trend) {
    case VOUCH__TREND_RISING:
    case VOUCH__TREND_FALLING:
        for (size_t b = 1; b < bins; b++)
            if (!((level[b] - level[b - 1]) * (t->task.trend == VOUCH__TREND_RISING ? 1 : -1) > 0))
                return false;
        return true;
    case VOUCH__TREND_PEAK:
    case VOUCH__TREND_VALLEY: {
        double sign = t->task.trend == VOUCH__TREND_PEAK ? 1 : -1;
        for (turn = 0; turn < bins; turn++) { /* is there a bin to turn at? */
            bool fine = true;
            for (size_t b = 1; b < bins; b++)
                fine = fine && sign * (level[b] - level[b - 1]) * (b <= turn ? 1 : -1) > 0;
            if (fine)
                return true;
        }
        return false;
    }
    case VOUCH__TREND_CONVEX:
    case VOUCH__TREND_CONCAVE:
        for (size_t b = 2; b < bins; b++)
            if ((level[b] - level[b - 1] - (level[b - 1] - level[b - 2])) *
                    (t->task.trend == VOUCH__TREND_CONVEX ? 1 : -1) <
                -1e-12)
                return false;
        return true;
    default: return true;
    }
}

static double worth(const trial *t, size_t bins, const size_t *end)
{
    double sum = 0;
    if (bins > t->task.max_bins || bins < t->task.min_bins || !trend_holds(t, bins, end))
        return -INFINITY;
    for (size_t b = 0, i = 0; b < bins; i = end[b++]) {
        sum += at(t, i, end[b])->value;
        if (b == 0)
            continue;
        const vouch__run *last = at(t, b > 1 ? end[b - 2] : 0, i), *run = at(t, i, end[b]);
        if (fabs(run->level - last->level) < t->task.min_gap ||
            (t->task.max_p < 1 && p_of(last, run) > t->task.max_p))
            return -INFINITY;
    }
    return sum;
}

static double best_by_trying(const trial *t)
{
    double best = -INFINITY;
    for (size_t cuts = 0; cuts < (size_t)1 << (t->task.n - 1); cuts++) {
        size_t end[CELLS], bins = 0;
        for (size_t i = 0; i < t->task.n; i++)
            if (i + 1 == t->task.n || cuts >> i & 1)
                end[bins++] = i + 1;
        best = fmax(best, worth(t, bins, end));
    }
    return best;
}

static void every_trend_and_constraint_gives_the_best_cut_there_is(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    size_t found[VOUCH__TRENDS] = { 0 }, none = 0;
    for (int round = 0; round < 3000; round++) {
        static trial t;
        size_t bins, end[CELLS];
        double value;
        make(&t, round % 2);
        double best = best_by_trying(&t);
        assert_ok(ctx, vouch__cut_runs(ctx, &t.task, &bins, end, &value));
        assert_int_equal(end[bins - 1], t.task.n);
        if (best == -INFINITY) {
            assert_nan(value);
            assert_int_equal(bins, 1);
            none++;
            continue;
        }
        assert_close(value, best, 1e-9);
        assert_close(worth(&t, bins, end), best, 1e-9);
        found[t.task.trend] += bins > 1;
    }
    for (size_t trend = 0; trend < VOUCH__TRENDS; trend++)
        assert_true(found[trend] > 20); /* the trials do try something */
    assert_true(none > 20);
    vouch_ctx_free(ctx);
}

static void fewer_bins_win_a_tie(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__run run[4 * 5];
    size_t bins, end[4];
    double value;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = i + 1; j <= 4; j++) /* worth nothing to cut anywhere but in the middle */
            run[i * 5 + j] = (vouch__run){ (i < 2 && j > 2) ? 0.0 : 0.5 * (double)(j - i), (double)j, 10,
                                           NAN };
    vouch__cut_task task = { .n = 4, .run = run, .max_bins = 4, .max_p = 1 };
    assert_ok(ctx, vouch__cut_runs(ctx, &task, &bins, end, &value));
    assert_int_equal(bins, 2);
    assert_int_equal(end[0], 2);
    vouch_ctx_free(ctx);
}

static void too_many_cells_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__cut_task task = { .n = 0, .max_bins = 4, .max_p = 1 };
    size_t bins, end[4];
    double value;
    assert_status(ctx, vouch__cut_runs(ctx, &task, &bins, end, &value), VOUCH_E_SHAPE);
    task.n = 1001;
    assert_status(ctx, vouch__cut_runs(ctx, &task, &bins, end, &value), VOUCH_E_SHAPE);
    task.n = 101;
    task.trend = VOUCH__TREND_CONVEX;
    assert_status(ctx, vouch__cut_runs(ctx, &task, &bins, end, &value), VOUCH_E_SHAPE);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_trend_and_constraint_gives_the_best_cut_there_is),
        cmocka_unit_test(fewer_bins_win_a_tie), cmocka_unit_test(too_many_cells_are_refused)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
