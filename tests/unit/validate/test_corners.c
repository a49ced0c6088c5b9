/* The ROC curve's corners and what is read off them: partial AUC, average precision, accuracy ratio, review,
 * cut-offs, H and expected maximum profit. Reference values are golden cases of the catalogue. */
#include "check.h"

#include "base/ctx.h"
#include "num/special.h"
#include "validate/corners.h"

#include <math.h>

enum { MAX = 300 };
static vouch_ctx *ctx;

typedef struct cases {
    size_t n;
    double score[MAX], weight[MAX];
    uint8_t bad[MAX];
    vouch__corner room[MAX + 1];
    vouch__corners corners;
} cases;

static void draw(cases *c, bool tied, bool weighted)
{
    c->n = 4 + seeded_below(MAX - 4);
    for (size_t i = 0; i < c->n; i++) {
        c->bad[i] = i < 2 ? (uint8_t)i : seeded() < 0.3;
        c->score[i] = seeded_normal() + c->bad[i];
        c->score[i] = tied ? floor(2 * c->score[i]) : c->score[i];
        c->weight[i] = 0.2 + seeded();
    }
    assert_ok(ctx, vouch__corners_make(ctx, "trial", c->n, c->score, c->bad, weighted ? c->weight : NULL,
                                       c->room, &c->corners));
}

static void corners_hold_ties_together(void **state)
{
    (void)state;
    const double score[] = { 2, 1, 2, 3, 1 };
    const uint8_t bad[] = { 1, 0, 0, 1, 1 };
    vouch__corner room[6];
    vouch__corners c;
    assert_ok(ctx, vouch__corners_make(ctx, "trial", 5, score, bad, NULL, room, &c));
    assert_int_equal(c.n, 4);
    assert_true(room[0].good == 0 && room[0].bad == 0 && room[0].score == INFINITY);
    assert_true(room[1].score == 3 && room[1].bad == 1 && room[1].good == 0);
    assert_true(room[2].score == 2 && room[2].bad == 2 && room[2].good == 1);
    assert_true(room[3].score == 1 && room[3].bad == 3 && room[3].good == 2);
}

static void the_whole_partial_auc_is_the_auc_and_parts_add_up(void **state)
{
    (void)state;
    static cases c;
    for (int round = 0; round < 200; round++) {
        draw(&c, round % 2, round % 3 == 0);
        double auc, area, left, right, scaled, cut = 0.05 + 0.9 * seeded();
        assert_ok(ctx, vouch_validate_auc(ctx, c.n, c.score, c.bad, round % 3 ? NULL : c.weight, &auc));
        vouch__partial_auc(&c.corners, 0, 1, &area, &scaled);
        assert_close(area, auc, 1e-12);
        assert_close(scaled, auc, 1e-12);
        vouch__partial_auc(&c.corners, 0, cut, &left, &scaled);
        vouch__partial_auc(&c.corners, cut, 1, &right, &scaled);
        assert_close(left + right, auc, 1e-12);
        assert_close(vouch__accuracy_ratio(&c.corners), 2 * auc - 1, 1e-12);
    }
}

static void a_perfect_and_a_constant_score_are_at_the_ends(void **state)
{
    (void)state;
    double score[40], constant[40] = { 0 }, area, scaled, h, profit, share;
    uint8_t bad[40];
    vouch__corner room[41];
    vouch__corners c;
    for (size_t i = 0; i < 40; i++) {
        bad[i] = i < 10;
        score[i] = bad[i] ? 1.0 + (double)i : 0.0;
    }
    assert_ok(ctx, vouch__corners_make(ctx, "trial", 40, score, bad, NULL, room, &c));
    vouch__partial_auc(&c, 0, 0.1, &area, &scaled);
    assert_close(scaled, 1, 1e-14);
    assert_close(vouch__average_precision(&c), 1, 1e-14);
    assert_ok(ctx, vouch__h_measure(ctx, &c, 2, 2, &h));
    assert_close(h, 1, 1e-14);
    assert_ok(ctx,
              vouch__expected_maximum_profit(ctx, &c, (vouch__profit_terms){ 0, 1, 0.5 }, &profit, &share));
    assert_close(profit, 0.25, 1e-14); /* every loss is saved, nothing forgone */
    assert_close(share, 0.25, 1e-14);
    assert_ok(ctx, vouch__corners_make(ctx, "trial", 40, constant, bad, NULL, room, &c));
    vouch__partial_auc(&c, 0, 0.1, &area, &scaled);
    assert_close(scaled, 0.5, 1e-14);
    assert_close(vouch__average_precision(&c), 0.25, 1e-14);
    assert_ok(ctx, vouch__h_measure(ctx, &c, NAN, NAN, &h));
    assert_close(h, 0, 1e-14);
    assert_true(vouch__cutoff_youden(&c).value == 0);
    assert_true(vouch__cutoff_youden(&c).score == INFINITY);
}

/* The hull is above every corner, and its slopes fall. */
static void the_hull_is_concave_and_above(void **state)
{
    (void)state;
    static cases c;
    uint32_t hull[MAX + 1];
    size_t n;
    for (int round = 0; round < 100; round++) {
        draw(&c, round % 2, false);
        vouch__corners_hull(&c.corners, hull, &n);
        assert_true(hull[0] == 0 && hull[n - 1] == c.corners.n - 1);
        for (size_t k = 0; k + 1 < n; k++) {
            const vouch__corner *a = c.room + hull[k], *b = c.room + hull[k + 1];
            for (size_t i = 0; i < c.corners.n; i++) {
                double cross = (b->good - a->good) * (c.room[i].bad - a->bad) -
                               (b->bad - a->bad) * (c.room[i].good - a->good);
                assert_true(cross <= 1e-9);
            }
        }
    }
}

static void measures_stay_in_bounds_and_ignore_monotone_transforms(void **state)
{
    (void)state;
    static cases c, lifted;
    for (int round = 0; round < 100; round++) {
        double h[2], profit[2], share[2];
        vouch__profit_terms terms = { 0.55, 0.1, 0.2644 };
        draw(&c, round % 2, false);
        lifted = c;
        for (size_t i = 0; i < c.n; i++)
            lifted.score[i] = exp(c.score[i]);
        assert_ok(ctx, vouch__corners_make(ctx, "trial", c.n, lifted.score, c.bad, NULL, lifted.room,
                                           &lifted.corners));
        for (int k = 0; k < 2; k++) {
            const vouch__corners *corners = k ? &lifted.corners : &c.corners;
            assert_ok(ctx, vouch__h_measure(ctx, corners, 2, 2, &h[k]));
            assert_ok(ctx, vouch__expected_maximum_profit(ctx, corners, terms, &profit[k], &share[k]));
        }
        assert_true(h[0] == h[1] && profit[0] == profit[1] && share[0] == share[1]);
        assert_true(h[0] >= 0 && h[0] <= 1 && profit[0] >= 0 && share[0] >= 0 && share[0] <= 1);
        assert_true(profit[0] <= 0.45 * c.corners.bad / (double)c.n);
        double average = vouch__average_precision(&c.corners);
        assert_true(average > 0 && average <= 1);
    }
}

static void a_review_of_everything_finds_everything(void **state)
{
    (void)state;
    static cases c;
    for (int round = 0; round < 100; round++) {
        draw(&c, round % 2, round % 3 == 0);
        vouch__reviewed all = vouch__review(&c.corners, 1);
        assert_close(all.recall, 1, 1e-13);
        assert_close(all.lift, 1, 1e-13);
        double before = 0;
        for (double share = 0.01; share < 1; share += 0.07) {
            vouch__reviewed r = vouch__review(&c.corners, share);
            assert_true(r.recall >= before - 1e-14 && r.precision <= 1 + 1e-14);
            before = r.recall;
        }
    }
}

static void cutoffs_are_the_best_of_all_corners(void **state)
{
    (void)state;
    static cases c;
    for (int round = 0; round < 100; round++) {
        double youden = 0, cost = INFINITY, ks;
        draw(&c, round % 2, false);
        for (size_t i = 0; i < c.corners.n; i++) {
            const vouch__corner *at = c.room + i;
            youden = fmax(youden, at->bad / c.corners.bad - at->good / c.corners.good);
            cost = fmin(cost, (3 * (c.corners.bad - at->bad) + at->good) / (double)c.n);
        }
        assert_close(vouch__cutoff_youden(&c.corners).value, youden, 0);
        assert_close(vouch__cutoff_cost(&c.corners, 3, 1).value, cost, 1e-15);
        assert_ok(ctx, vouch_validate_ks(ctx, c.n, c.score, c.bad, NULL, &ks, NULL));
        assert_true(youden <= ks + 1e-15);
        vouch__cutoff all = vouch__cutoff_recall(&c.corners, 1), some = vouch__cutoff_recall(&c.corners, 0.3);
        assert_true(all.value == 1 && some.value >= 0.3 && some.score >= all.score);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static cases c;
    double h = 7, share;
    draw(&c, false, false);
    assert_status(ctx, vouch__h_measure(ctx, &c.corners, -1, 2, &h), VOUCH_E_ARG);
    assert_status(
        ctx,
        vouch__expected_maximum_profit(ctx, &c.corners, (vouch__profit_terms){ 0.6, 0.6, 1 }, &h, &share),
        VOUCH_E_ARG);
    assert_true(h == 7);
    uint8_t none[3] = { 0 };
    vouch__corners out;
    assert_status(ctx, vouch__corners_make(ctx, "trial", 3, c.score, none, NULL, c.room, &out), VOUCH_E_DATA);
    assert_status(ctx, vouch__corners_make(ctx, "trial", 0, c.score, none, NULL, c.room, &out),
                  VOUCH_E_SHAPE);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double score[] = { 1, 2, 3, 4 };
    const uint8_t bad[] = { 0, 1, 0, 1 };
    vouch__corner room[5];
    vouch__corners c;
    double out, share;
    (void)arg;
    vouch_status status = vouch__corners_make(mine, "trial", 4, score, bad, NULL, room, &c);
    if (!status)
        status = vouch__h_measure(mine, &c, 2, 2, &out);
    return status ? status
                  : vouch__expected_maximum_profit(mine, &c, (vouch__profit_terms){ 0.5, 0.1, 0.2 }, &out,
                                                   &share);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corners_hold_ties_together),
        cmocka_unit_test(the_whole_partial_auc_is_the_auc_and_parts_add_up),
        cmocka_unit_test(a_perfect_and_a_constant_score_are_at_the_ends),
        cmocka_unit_test(the_hull_is_concave_and_above),
        cmocka_unit_test(measures_stay_in_bounds_and_ignore_monotone_transforms),
        cmocka_unit_test(a_review_of_everything_finds_everything),
        cmocka_unit_test(cutoffs_are_the_best_of_all_corners),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
