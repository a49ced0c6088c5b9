/* Holm's adjustment against hand values and its definition. */
#include "one_ctx.h"

#include "evidence/evidence.h"

#include <string.h>

static void three_by_hand(void **state)
{
    (void)state;
    /* R: p.adjust(c(0.01, 0.04, 0.03), "holm") is 0.03 0.06 0.06 */
    double p[] = { 0.01, 0.04, 0.03 };
    assert_ok(ctx, vouch__holm(ctx, 3, p, p));
    assert_close(p[0], 0.03, 1e-15);
    assert_close(p[1], 0.06, 1e-15);
    assert_close(p[2], 0.06, 1e-15);
}

static void false_discoveries_by_hand(void **state)
{
    (void)state;
    /* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "BH") is 0.02 0.04 0.04 0.02 */
    double p[] = { 0.01, 0.04, 0.03, 0.005, NAN };
    assert_ok(ctx, vouch__benjamini_hochberg(ctx, 5, p, p));
    assert_close(p[0], 0.02, 1e-15);
    assert_close(p[1], 0.04, 1e-15);
    assert_close(p[2], 0.04, 1e-15);
    assert_close(p[3], 0.02, 1e-15);
    assert_nan(p[4]);
    double wrong[] = { 2.0 };
    assert_status(ctx, vouch__benjamini_hochberg(ctx, 1, wrong, wrong), VOUCH_E_DATA);
}

/* Step-up is never stricter than step-down, and both keep the order. */
static void false_discoveries_are_controlled_less_strictly(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        double p[20], holm[20], bh[20];
        size_t n = 1 + seeded_below(20);
        for (size_t i = 0; i < n; i++)
            p[i] = seeded() * seeded();
        assert_ok(ctx, vouch__holm(ctx, n, p, holm));
        assert_ok(ctx, vouch__benjamini_hochberg(ctx, n, p, bh));
        for (size_t i = 0; i < n; i++) {
            assert_true(bh[i] <= holm[i] * (1 + 1e-15) && bh[i] >= p[i]);
            for (size_t k = 0; k < n; k++)
                assert_true(p[i] > p[k] || bh[i] <= bh[k]);
        }
    }
}

static void missing_ones_do_not_count(void **state)
{
    (void)state;
    const double p[] = { NAN, 0.02, NAN, 0.5 };
    double out[4];
    assert_ok(ctx, vouch__holm(ctx, 4, p, out));
    assert_nan(out[0]);
    assert_close(out[1], 0.04, 0);
    assert_nan(out[2]);
    assert_close(out[3], 0.5, 0);
    assert_ok(ctx, vouch__holm(ctx, 0, NULL, NULL));
}

static void outside_0_to_1_is_refused(void **state)
{
    (void)state;
    double p[] = { 0.5, 1.5 };
    assert_status(ctx, vouch__holm(ctx, 2, p, p), VOUCH_E_DATA);
    assert_string_equal(vouch_ctx_error(ctx), "holm: p[1] is not between 0 and 1");
    assert_close(p[0], 0.5, 0);
}

/* Adjusted p is the largest, over all q <= p, of q times how many are >= q in rank; bounded by 1 and by
 * Bonferroni; it keeps the order; and the order of arrival does not matter. */
static void properties(void **state)
{
    (void)state;
    enum { MAX = 40 };
    for (int round = 0; round < 500; round++) {
        double p[MAX], out[MAX], turned[MAX], out_turned[MAX];
        size_t n = 1 + seeded_below(MAX - 1);
        for (size_t i = 0; i < n; i++)
            p[i] = seeded() < 0.2 ? 0.01 * (double)seeded_below(5) : seeded() * seeded();
        for (size_t i = 0; i < n; i++)
            turned[i] = p[n - 1 - i];
        assert_ok(ctx, vouch__holm(ctx, n, p, out));
        assert_ok(ctx, vouch__holm(ctx, n, turned, out_turned));
        for (size_t i = 0; i < n; i++) {
            double want = 0;
            for (size_t k = 0; k < n; k++) {
                if (p[k] > p[i])
                    continue;
                size_t smaller = 0;
                for (size_t j = 0; j < n; j++)
                    smaller += p[j] < p[k];
                want = fmax(want, fmin(1, p[k] * (double)(n - smaller)));
            }
            assert_close(out[i], want, 1e-15);
            assert_true(out[i] >= p[i] && out[i] <= fmin(1, p[i] * (double)n) + 1e-15);
            assert_close(out_turned[n - 1 - i], out[i], 0);
            for (size_t k = 0; k < n; k++)
                assert_false(p[k] < p[i] && out[k] > out[i]);
        }
    }
}

static vouch_status adjust(vouch_ctx *c, void *arg)
{
    const double p[] = { 0.1, 0.2 };
    double out[2];
    (void)arg;
    return vouch__holm(c, 2, p, out);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(adjust, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_by_hand),
        cmocka_unit_test(false_discoveries_by_hand),
        cmocka_unit_test(false_discoveries_are_controlled_less_strictly),
        cmocka_unit_test(missing_ones_do_not_count),
        cmocka_unit_test(outside_0_to_1_is_refused),
        cmocka_unit_test(properties),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
