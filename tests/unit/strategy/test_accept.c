/* Cut-off curves, frontiers and swap sets. Reference values are golden cases of the catalogue. */
#include "check.h"

#include "strategy/roll.h"
#include "strategy/swap_set.h"

#include <math.h>
#include <string.h>

enum { MAX = 400, RESAMPLES = 40 };
static vouch_ctx *ctx;
static const vouch__accept_terms terms = { 0.3, 0.8, 0.02, 0.2, 0.6 };

typedef struct book {
    double score[MAX], rival[MAX], outcome[MAX], weight[MAX], amount[MAX];
    vouch__accept_cases cases;
} book;

static void draw(book *b, bool tied)
{
    size_t n = 30 + seeded_below(MAX - 30);
    for (size_t i = 0; i < n; i++) {
        double risk = seeded_normal();
        b->outcome[i] = i < 2 ? (double)i : seeded() < 0.1 ? (double)NAN : seeded() < 0.3 + 0.2 * tanh(risk);
        b->score[i] = tied ? floor(2 * risk) : risk;
        b->rival[i] = risk + seeded_normal();
        b->weight[i] = 0.5 + seeded();
        b->amount[i] = 1 + seeded();
    }
    b->cases = (vouch__accept_cases){ n, b->score, b->outcome, b->weight, b->amount };
}

static void hand_cut_offs_are_counted_by_hand(void **state)
{
    (void)state;
    const double score[] = { 3, 1, 2, 1, 4 }, outcome[] = { 1, 0, NAN, 0, 1 };
    const vouch__accept_cases cases = { 5, score, outcome, NULL, NULL };
    vouch__accept_curve c;
    assert_ok(ctx, vouch__accept_make(ctx, &cases, &terms, &c));
    assert_int_equal(c.n, 5);
    assert_close(c.point[1].approved, 0.4, 1e-15);
    assert_close(c.point[1].profit, 2 * (0.3 - 0.02) / 4, 1e-15);
    assert_close(c.point[2].approved, 0.6, 1e-15);
    assert_close(c.point[2].known, 0.5, 1e-15);
    assert_close(vouch__accept_bad_rate(&c.point[3]), 1.0 / 3, 1e-15);
    assert_int_equal(vouch__accept_pick(&c, VOUCH__ACCEPT_PROFIT, &terms), 1);
    assert_int_equal(vouch__accept_pick(&c, VOUCH__ACCEPT_BAD_RATE, &terms), 2); /* the unknown one is free */
    assert_int_equal(vouch__accept_pick(&c, VOUCH__ACCEPT_APPROVAL, &terms), 2);
    assert_close(vouch__accept_bad_at(&c, 0.625), 0.125, 1e-15); /* half of the case at 3 */
}

static void curves_end_with_everybody_and_picks_keep_their_rules(void **state)
{
    (void)state;
    static book b;
    for (int round = 0; round < 200; round++) {
        size_t mark = vouch__scratch_mark(ctx);
        vouch__accept_curve c;
        draw(&b, round % 2);
        assert_ok(ctx, vouch__accept_make(ctx, &b.cases, &terms, &c));
        const vouch__accept_point *last = &c.point[c.n - 1];
        assert_close(last->approved, 1, 1e-12);
        assert_close(last->known, 1, 1e-12);
        size_t best = vouch__accept_pick(&c, VOUCH__ACCEPT_PROFIT, &terms),
               within = vouch__accept_pick(&c, VOUCH__ACCEPT_BAD_RATE, &terms),
               reached = vouch__accept_pick(&c, VOUCH__ACCEPT_APPROVAL, &terms);
        for (size_t k = 0; k < c.n; k++) {
            assert_true(c.point[k].profit <= c.point[best].profit);
            assert_true(k <= within || c.point[k].bad > terms.max_bad_rate * c.point[k].known);
            assert_true(k >= reached || c.point[k].approved < terms.approval_rate);
        }
        vouch__scratch_reset(ctx, mark);
    }
}

static void the_frontier_lies_below_both_curves_and_is_convex(void **state)
{
    (void)state;
    static book b;
    static vouch__accept_corner corner[2 * MAX + 2];
    for (int round = 0; round < 100; round++) {
        size_t mark = vouch__scratch_mark(ctx), n;
        vouch__accept_curve c[2];
        draw(&b, round % 2);
        vouch__accept_cases other = b.cases;
        other.score = b.rival;
        assert_ok(ctx, vouch__accept_make(ctx, &b.cases, &terms, &c[0]));
        assert_ok(ctx, vouch__accept_make(ctx, &other, &terms, &c[1]));
        vouch__accept_frontier(&c[0], &c[1], corner, &n);
        double before = -1;
        for (size_t k = 1; k < n; k++) {
            double slope = (corner[k].bad - corner[k - 1].bad) / (corner[k].share - corner[k - 1].share);
            assert_true(slope > before);
            before = slope;
        }
        for (int k = 1; k <= 20; k++)
            for (int which = 0; which < 2; which++)
                assert_true(vouch__accept_frontier_at(corner, n, k / 20.0) <=
                            vouch__accept_bad_at(&c[which], k / 20.0) + 1e-12);
        vouch__scratch_reset(ctx, mark);
    }
}

static vouch_status resample(vouch_ctx *on, book *b, double *out)
{
    static const double share[] = { 0.25, 0.5, 1 };
    size_t mark = vouch__scratch_mark(on);
    vouch__accept_curve c[2];
    vouch__accept_cases other = b->cases;
    other.score = b->rival;
    vouch__accept_boot boot = { .resamples = RESAMPLES, .n_shares = 3, .seed = 5, .share = share };
    vouch_status status = vouch__accept_make(on, &b->cases, &terms, &c[0]);
    if (!status)
        status = vouch__accept_make(on, &other, &terms, &c[1]);
    for (size_t r = 0; !status && r < VOUCH__ACCEPT_RULES; r++)
        boot.pick[r] = vouch__accept_pick(&c[0], (vouch__accept_rule)r, &terms);
    if (!status)
        status = vouch__accept_resample(on, &b->cases, &c[0], &other, &c[1], &terms, &boot);
    for (size_t i = 0; !status && i < RESAMPLES; i++) {
        out[i] = boot.gain[VOUCH__ACCEPT_PROFIT][i];
        out[RESAMPLES + i] = boot.difference[i];
        out[2 * RESAMPLES + i] = boot.difference[2 * RESAMPLES + i];
    }
    vouch__scratch_reset(on, mark);
    return status;
}

static void resamples_flatter_the_chosen_and_agree_on_any_threads(void **state)
{
    (void)state;
    static book b;
    double one[3 * RESAMPLES], four[3 * RESAMPLES];
    draw(&b, true);
    const vouch_ctx_options options = { .threads = 4 };
    vouch_ctx *wide = vouch_ctx_new(&options);
    assert_ok(ctx, resample(ctx, &b, one));
    assert_ok(wide, resample(wide, &b, four));
    assert_memory_equal(one, four, sizeof one);
    for (size_t i = 0; i < RESAMPLES; i++) {
        assert_true(one[i] >= -1e-12);
        assert_close(one[2 * RESAMPLES + i], 0, 1e-12); /* everybody approved: no difference */
    }
    vouch_ctx_free(wide);
}

static vouch_status resample_once(vouch_ctx *on, void *arg)
{
    double out[3 * RESAMPLES];
    return resample(on, arg, out);
}

static void running_out_of_memory_is_reported(void **state)
{
    (void)state;
    static book b;
    draw(&b, false);
    sweep_allocations(resample_once, &b, 0);
}

static void swap_sets_approve_alike_and_add_up(void **state)
{
    (void)state;
    static book b;
    for (int round = 0; round < 100; round++) {
        vouch__swapped c[VOUCH__SWAP_CELLS];
        double edge[2], all = 0, known = 0, rate = 0.05 + 0.9 * seeded(), whole = 0;
        draw(&b, round % 2);
        assert_ok(ctx, vouch__swap_set(ctx, &b.cases, b.rival, rate, c, edge));
        for (size_t i = 0; i < b.cases.n; i++)
            whole += b.weight[i];
        for (size_t k = 0; k < VOUCH__SWAP_CELLS; k++) {
            all += c[k].cases;
            known += c[k].known;
        }
        assert_close(all, whole, 1e-12);
        assert_true(known <= all);
        assert_close(c[VOUCH__SWAP_BOTH].cases + c[VOUCH__SWAP_IN].cases, rate * whole, 1e-9);
        assert_close(c[VOUCH__SWAP_IN].cases, c[VOUCH__SWAP_OUT].cases, 1e-9);
        if (round % 2 == 0) { /* against itself, without ties but at the edge, next to nobody moves */
            assert_ok(ctx, vouch__swap_set(ctx, &b.cases, b.score, rate, c, edge));
            assert_true(c[VOUCH__SWAP_IN].cases < 0.5);
            assert_true(edge[0] == edge[1]);
        }
    }
    vouch__swapped none[VOUCH__SWAP_CELLS];
    double edge[2];
    assert_status(ctx, vouch__swap_set(ctx, &b.cases, b.rival, 1.0, none, edge), VOUCH_E_DATA);
}

/* A first published case of Newcombe's: 56/70 less 48/80, method 10: 0.0524 to 0.3339. */
static void newcombes_interval_is_his(void **state)
{
    (void)state;
    double value, low, high;
    vouch__share_difference(56, 70, 48, 80, 0.95, &value, &low, &high);
    assert_close(value, 0.2, 1e-15);
    assert_close(low, 0.0524, 5e-5);
    assert_close(high, 0.3339, 5e-5);
    vouch__share_difference(1, 2, 0, 0, 0.95, &value, &low, &high);
    assert_nan(value);
}

static void the_chain_takes_cures_in(void **state)
{
    (void)state;
    /* current, 1, bad */
    const double count[] = { 90, 10, 0, 50, 0, 50, 0, 0, 7 };
    double p[9], room[6], reach[3];
    for (size_t i = 0; i < 3; i++)
        vouch__rolls_shares(3, count + 3 * i, p + 3 * i);
    vouch__rolls_reach(3, p, 2, 1, room, reach);
    assert_close(reach[0], 0, 1e-15);
    assert_close(reach[1], 0.5, 1e-15);
    vouch__rolls_reach(3, p, 2, 3, room, reach);
    assert_close(reach[0], 0.05 + 0.9 * 0.05, 1e-15); /* rolls in months 1 and 2, or waits a month */
    assert_close(reach[1], 0.5 + 0.5 * 0.05, 1e-15);
    assert_close(reach[2], 1, 0);
    vouch__rolls_shares(3, (const double[]){ 0, 0, 0 }, p);
    assert_nan(p[0]);
}

static void panels_are_put_in_order(void **state)
{
    (void)state;
    uint32_t account[] = { 0, 0, 0, 1, 1 };
    int32_t month[] = { 5, 6, 8, 5, 6 };
    double status[] = { 0, 1, 2, -1, NAN };
    int32_t opened[] = { 5, 5 };
    const vouch__panel panel = { .n = 5,
                                 .n_accounts = 2,
                                 .account = account,
                                 .month = month,
                                 .status = status,
                                 .opened = opened,
                                 .first = 5,
                                 .last = 8 };
    vouch__rolls r;
    assert_ok(ctx, vouch__rolls_count(ctx, &panel, 3, &r));
    assert_true(r.all[0 * 3 + 1] == 1 && r.gaps == 1 && r.missing == 1 && r.months == 3);
    status[1] = NAN;
    assert_status(ctx, vouch__rolls_count(ctx, &panel, 3, &r), VOUCH_E_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_cut_offs_are_counted_by_hand),
        cmocka_unit_test(curves_end_with_everybody_and_picks_keep_their_rules),
        cmocka_unit_test(the_frontier_lies_below_both_curves_and_is_convex),
        cmocka_unit_test(resamples_flatter_the_chosen_and_agree_on_any_threads),
        cmocka_unit_test(running_out_of_memory_is_reported),
        cmocka_unit_test(swap_sets_approve_alike_and_add_up),
        cmocka_unit_test(newcombes_interval_is_his),
        cmocka_unit_test(the_chain_takes_cures_in),
        cmocka_unit_test(panels_are_put_in_order),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}
