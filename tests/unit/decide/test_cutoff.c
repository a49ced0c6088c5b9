/* The cut-off: the largest share within the limit, ties together. */
#include "check.h"

#include "decide/policy.h"

#include <math.h>
#include <stdlib.h>

static vouch_ctx *ctx;

static double choose(size_t n, const double *p, const double *weight, double max, double *share)
{
    double cutoff = NAN;
    assert_ok(ctx, vouch__cutoff_choose(ctx, n, p, weight, max, &cutoff, share));
    return cutoff;
}

/* Means of 1, 2, 3, 4 safest: 0.1, 0.15, 0.2, 0.3. */
static void the_largest_share_by_hand(void **state)
{
    (void)state;
    const double p[] = { 0.3, 0.1, 0.6, 0.2 };
    double share;
    assert_close(choose(4, p, NULL, 0.2, &share), 0.3, 0);
    assert_close(share, 0.75, 0);
    assert_close(choose(4, p, NULL, 0.16, &share), 0.2, 0);
    assert_close(share, 0.5, 0);
    assert_close(choose(4, p, NULL, 0.3, &share), 0.6, 0);
    assert_close(share, 1.0, 0);
    assert_close(choose(4, p, NULL, 0.09, &share), -1.0, 0); /* nobody */
    assert_close(share, 0.0, 0);
}

static void ties_are_approved_together_or_not_at_all(void **state)
{
    (void)state;
    const double p[] = { 0.1, 0.3, 0.3, 0.3 };
    double share;
    assert_close(choose(4, p, NULL, 0.2, &share), 0.1, 0); /* one of three would fit */
    assert_close(share, 0.25, 0);
    assert_close(choose(4, p, NULL, 0.25, &share), 0.3, 0);
    assert_close(share, 1.0, 0);
}

static void a_weight_is_that_many_rows(void **state)
{
    (void)state;
    const double p[] = { 0.1, 0.5 }, weight[] = { 3.0, 1.0 }, apart[] = { 0.1, 0.1, 0.1, 0.5 };
    double share, same;
    assert_close(choose(2, p, weight, 0.2, &share), choose(4, apart, NULL, 0.2, &same), 0);
    assert_close(share, same, 1e-15);
    assert_close(share, 1.0, 0);
    assert_close(choose(2, p, weight, 0.19, &share), 0.1, 0);
    assert_close(share, 0.75, 0);
}

static void a_limit_that_everyone_just_meets_is_met(void **state)
{
    (void)state;
    enum { N = 100000 };
    double *p = malloc(sizeof *p * N), share;
    assert_non_null(p);
    for (size_t i = 0; i < N; i++)
        p[i] = 0.1;
    assert_close(choose(N, p, NULL, 0.1, &share), 0.1, 0);
    assert_close(share, 1.0, 0);
    free(p);
}

/* The definition: try every probability as cut-off. And a looser limit never approves fewer. */
static void properties(void **state)
{
    (void)state;
    enum { MOST = 60 };
    for (int round = 0; round < 500; round++) {
        double p[MOST], weight[MOST], before = -1.0;
        size_t n = 1 + seeded_below(MOST);
        for (size_t i = 0; i < n; i++) {
            p[i] = floor(seeded() * 16.0) / 16.0;
            weight[i] = 0.25 + seeded();
        }
        for (int step = 0; step <= 10; step++) {
            double max = step * 0.1, best = 0.0, all = 0.0, share;
            double cutoff = choose(n, p, weight, max, &share);
            for (size_t c = 0; c < n; c++) {
                double bad = 0.0, total = 0.0;
                for (size_t i = 0; i < n; i++) {
                    bad += p[i] <= p[c] ? weight[i] * p[i] : 0.0;
                    total += p[i] <= p[c] ? weight[i] : 0.0;
                }
                best = bad <= max * total * (1.0 + 1e-12) ? fmax(best, total) : best;
                all += weight[c];
            }
            assert_close(share, best / all, 1e-12);
            assert_true(share >= before && cutoff <= 1.0);
            before = share;
        }
        assert_close(before, 1.0, 1e-12); /* a limit of 1 approves all */
    }
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const double p[] = { 0.1, NAN }, big[] = { 1.5 }, zero[] = { 1.0, 0.0 };
    double cutoff, share;
    assert_status(ctx, vouch__cutoff_choose(ctx, 0, p, NULL, 0.1, &cutoff, &share), VOUCH_E_SHAPE);
    assert_status(ctx, vouch__cutoff_choose(ctx, 2, p, NULL, 0.1, &cutoff, &share), VOUCH_E_DATA);
    assert_error_has(ctx, "probability[1]");
    assert_status(ctx, vouch__cutoff_choose(ctx, 1, big, NULL, 0.1, &cutoff, &share), VOUCH_E_DATA);
    assert_status(ctx, vouch__cutoff_choose(ctx, 1, p, zero + 1, 0.1, &cutoff, &share), VOUCH_E_DATA);
    assert_status(ctx, vouch__cutoff_choose(ctx, 1, p, NULL, NAN, &cutoff, &share), VOUCH_E_ARG);
    assert_status(ctx, vouch__cutoff_choose(ctx, 1, p, NULL, 10, &cutoff, &share), VOUCH_E_ARG);
}

static vouch_status choose_some(vouch_ctx *c, void *arg)
{
    const double p[] = { 0.3, 0.1, 0.6, 0.2 };
    double cutoff, share;
    (void)arg;
    return vouch__cutoff_choose(c, 4, p, NULL, 0.2, &cutoff, &share);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(choose_some, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_share_by_hand),
        cmocka_unit_test(ties_are_approved_together_or_not_at_all),
        cmocka_unit_test(a_weight_is_that_many_rows),
        cmocka_unit_test(a_limit_that_everyone_just_meets_is_met),
        cmocka_unit_test(properties),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}
