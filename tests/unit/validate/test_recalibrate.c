/* Platt, beta and isotonic maps, and conformal intervals: what must hold for every fit. Reference values are
 * golden cases of the catalogue. */
#include "check.h"

#include "num/special.h"
#include "validate/conformal.h"
#include "validate/recalibrate.h"

#include <math.h>

enum { MAX = 300 };
static vouch_ctx *ctx;
static double x[MAX], room_x[2 * MAX], room_y[2 * MAX];
static uint8_t bad[MAX];

static size_t draw(bool tied)
{
    size_t n = 30 + seeded_below(MAX - 30);
    for (size_t i = 0; i < n; i++) {
        x[i] = seeded_normal();
        x[i] = tied ? floor(3 * x[i]) / 3 : x[i];
        bad[i] = i < 2 ? (uint8_t)i : seeded() < vouch__sigmoid(1.5 * x[i] - 0.5);
    }
    return n;
}

/* The map is the least-squares one among all that rise: no swap of blocks helps, and the mean is kept. */
static void isotonic_rises_and_keeps_the_mean(void **state)
{
    (void)state;
    for (int round = 0; round < 150; round++) {
        size_t n = draw(round % 2);
        vouch__isotonic map;
        double sum = 0, lost = 0, residual = 0;
        assert_ok(ctx, vouch__isotonic_fit(ctx, n, x, bad, NULL, room_x, room_y, &map));
        for (size_t k = 1; k < map.n; k++)
            assert_true(map.x[k] > map.x[k - 1] && map.y[k] >= map.y[k - 1]);
        for (size_t i = 0; i < n; i++) {
            double y = vouch__isotonic_apply(&map, x[i]);
            sum += y;
            lost += bad[i];
            residual += (bad[i] - y) * y; /* orthogonal to the fit */
        }
        assert_close(sum, lost, 1e-12);
        assert_close(residual, 0, 1e-10);
    }
    const double far[] = { -INFINITY, 0, INFINITY };
    const uint8_t which[] = { 0, 1, 1 };
    vouch__isotonic map;
    assert_ok(ctx, vouch__isotonic_fit(ctx, 3, far, which, NULL, room_x, room_y, &map));
    assert_true(vouch__isotonic_apply(&map, -INFINITY) == 0 && vouch__isotonic_apply(&map, 7) == 1);
    assert_true(vouch__isotonic_apply(&map, -7) == 0);
}

static void platt_undoes_a_stretch(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        size_t n = draw(false);
        vouch__platt a, b;
        double stretched[MAX];
        for (size_t i = 0; i < n; i++)
            stretched[i] = 3 + 0.5 * x[i];
        assert_ok(ctx, vouch__platt_fit(ctx, n, x, bad, NULL, &a));
        assert_ok(ctx, vouch__platt_fit(ctx, n, stretched, bad, NULL, &b));
        assert_close(b.b, 2 * a.b, 1e-8);
        assert_close(vouch__platt_apply(&a, x[0]), vouch__platt_apply(&b, stretched[0]), 1e-9);
    }
}

static void platt_is_finite_where_scores_separate(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        x[i] = i < 10 ? -1 : 1;
        bad[i] = i >= 10;
    }
    vouch__platt map;
    assert_ok(ctx, vouch__platt_fit(ctx, 20, x, bad, NULL, &map));
    assert_close(vouch__platt_apply(&map, 1), 11.0 / 12, 1e-9); /* Platt's target */
    vouch__beta_map beta;
    for (size_t i = 0; i < 20; i++)
        x[i] = i < 10 ? 0.2 : 0.8;
    assert_status(ctx, vouch__beta_map_fit(ctx, 20, x, bad, NULL, &beta), VOUCH_E_CONVERGE);
}

static void a_beta_map_rises_whatever_the_data(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        size_t n = draw(false);
        vouch__beta_map map;
        for (size_t i = 0; i < n; i++) {
            x[i] = vouch__sigmoid(x[i]);
            bad[i] = round % 3 ? bad[i]
                               : (uint8_t)(i < 2 ? i : seeded() < 0.8 - 0.6 * x[i]); /* falling risk too */
        }
        assert_ok(ctx, vouch__beta_map_fit(ctx, n, x, bad, NULL, &map));
        assert_true(map.a >= 0 && map.b >= 0);
        double before = -1;
        for (double p = 0; p <= 1; p += 0.05) {
            double q = vouch__beta_map_apply(&map, p);
            assert_true(q >= before && q >= 0 && q <= 1);
            before = q;
        }
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double same[] = { 1, 1, 1 }, hole[] = { 1, NAN, 2 }, far[] = { 1, INFINITY, 2 };
    const uint8_t mixed[] = { 0, 1, 0 }, one[] = { 1, 1, 1 };
    vouch__platt map;
    vouch__isotonic iso;
    assert_status(ctx, vouch__platt_fit(ctx, 3, same, mixed, NULL, &map), VOUCH_E_DATA);
    assert_status(ctx, vouch__platt_fit(ctx, 3, hole, mixed, NULL, &map), VOUCH_E_DATA);
    assert_status(ctx, vouch__platt_fit(ctx, 3, far, mixed, NULL, &map), VOUCH_E_DATA);
    assert_status(ctx, vouch__platt_fit(ctx, 3, far, one, NULL, &map), VOUCH_E_DATA);
    assert_status(ctx, vouch__isotonic_fit(ctx, 3, hole, mixed, NULL, room_x, room_y, &iso), VOUCH_E_DATA);
}

/* Exchangeable cases: coverage is rank / (n + 1), so on average level or a little more. */
static void conformal_intervals_cover_as_promised(void **state)
{
    (void)state;
    enum { N = 60, ROUNDS = 3000 };
    double seen[N], zero[N] = { 0 }, held = 0, reach;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < N; i++)
            seen[i] = seeded_normal() * seeded_normal();
        assert_ok(ctx, vouch__conformal_reach(ctx, N, seen, zero, NULL, 0.8, &reach));
        held += fabs(seeded_normal() * seeded_normal()) <= reach;
    }
    assert_close(held / ROUNDS, 49.0 / 61, 4 * sqrt(0.16 / ROUNDS)); /* ceil(61 x 0.8) = 49 */
    for (size_t i = 0; i < 9; i++)
        seen[i] = (double)i;
    assert_ok(ctx, vouch__conformal_reach(ctx, 9, seen, zero, NULL, 0.9, &reach));
    assert_close(reach, 8, 0); /* 0.9 x 10 = 9, the largest */
    assert_ok(ctx, vouch__conformal_reach(ctx, 9, seen, zero, NULL, 0.95, &reach));
    assert_true(reach == INFINITY);
}

/* The reach is itself one of the cases: of ten in order two lie above the eighth of nine. */
static void a_shortfall_is_held_to_the_law_of_the_reach(void **state)
{
    (void)state;
    assert_close(vouch__conformal_p(9, 0.8, 1, 0), 0.2, 1e-14);
    assert_close(vouch__conformal_p(9, 0.8, 1, 1), 1, 1e-14);
    assert_close(vouch__conformal_p(9, 0.8, 2, 0), 0.2 * 3 / 11, 1e-14); /* once above, thrice of eleven */
    assert_close(vouch__conformal_p(4, 0.9, 3, 3), 1, 0);
    assert_close(vouch__conformal_p(400000, 0.9, 50, 41), vouch__binomial_cdf(41, 50, 0.9), 1e-4);
    double before = 0;
    for (int held = 0; held <= 60; held++) {
        double p = vouch__conformal_p(120, 0.9, 60, held);
        assert_true(p >= before && p <= 1);
        before = p;
    }
    assert_close(before, 1, 1e-12);
    assert_true(vouch__conformal_p(120, 0.9, 60, 48) > vouch__binomial_cdf(48, 60, 0.9));
}

static void coverage_counts_and_refuses(void **state)
{
    (void)state;
    const double seen[] = { 0, 1, 2, 3 }, low[] = { 0, 0, 3, -INFINITY }, high[] = { 0, 2, 4, INFINITY };
    vouch__coverage c;
    assert_ok(ctx, vouch__coverage_measure(ctx, 4, seen, low, high, &c));
    assert_close(c.rate, 0.75, 0);
    assert_true(c.mean_width == INFINITY);
    assert_status(ctx, vouch__coverage_measure(ctx, 4, seen, high, low, &c), VOUCH_E_DATA);
    assert_status(ctx, vouch__coverage_measure(ctx, 0, seen, low, high, &c), VOUCH_E_SHAPE);
    double reach;
    assert_status(ctx, vouch__conformal_reach(ctx, 4, seen, low, NULL, 0.9, &reach), VOUCH_E_DATA);
    assert_status(ctx, vouch__conformal_reach(ctx, 0, seen, low, NULL, 0.9, &reach), VOUCH_E_SHAPE);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double p[] = { 0.1, 0.4, 0.5, 0.35, 0.8, 0.2 };
    const uint8_t which[] = { 0, 1, 0, 1, 1, 0 };
    vouch__platt platt;
    vouch__beta_map beta;
    vouch__isotonic iso;
    double reach;
    (void)arg;
    vouch_status status = vouch__platt_fit(mine, 6, p, which, NULL, &platt);
    if (!status)
        status = vouch__beta_map_fit(mine, 6, p, which, NULL, &beta);
    if (!status)
        status = vouch__isotonic_fit(mine, 6, p, which, NULL, room_x, room_y, &iso);
    return status ? status : vouch__conformal_reach(mine, 6, p, p, NULL, 0.5, &reach);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isotonic_rises_and_keeps_the_mean),
        cmocka_unit_test(platt_undoes_a_stretch),
        cmocka_unit_test(platt_is_finite_where_scores_separate),
        cmocka_unit_test(a_beta_map_rises_whatever_the_data),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(conformal_intervals_cover_as_promised),
        cmocka_unit_test(a_shortfall_is_held_to_the_law_of_the_reach),
        cmocka_unit_test(coverage_counts_and_refuses),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
