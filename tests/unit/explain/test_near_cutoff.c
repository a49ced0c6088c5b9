/* The approved nearest to the cut-off: how many, which, and in what order. */
#include "check.h"

#include "explain/near_cutoff.h"

#include <math.h>

static vouch_ctx *ctx;

static size_t near(size_t n, const double *p, double cutoff, uint32_t *out)
{
    size_t found = 99;
    assert_ok(ctx, vouch__near_cutoff(ctx, n, p, cutoff, out, &found));
    return found;
}

static void the_riskiest_approved_by_hand(void **state)
{
    (void)state;
    double p[40];
    uint32_t out[40];
    for (size_t i = 0; i < 40; i++)
        p[i] = (double)(i * 7 % 40) / 100.0;
    assert_int_equal(near(40, p, 0.2, out),
                     2); /* 5 % of 40: those with 0.19 and 0.20, 0.20 is at the cut-off */
    assert_close(fmax(p[out[0]], p[out[1]]), 0.20, 0);
    assert_close(fmin(p[out[0]], p[out[1]]), 0.19, 0);
    assert_true(out[0] < out[1]);
    assert_int_equal(near(40, p, -1.0, out), 0); /* nobody is approved */
    assert_int_equal(near(1, p, 0.5, out), 1);
}

static void nobody_nearer_is_left_out(void **state)
{
    (void)state;
    double p[300];
    uint32_t out[300];
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + seeded_below(300), want = (size_t)ceil(VOUCH__NEAR_SHARE * (double)n), approved = 0;
        double cutoff = seeded(), least = INFINITY;
        bool chosen[300] = { false };
        for (size_t i = 0; i < n; i++) {
            p[i] = seeded_below(10) ? floor(seeded() * 20) / 20 : NAN; /* with ties and missing ones */
            approved += p[i] <= cutoff;
        }
        size_t found = near(n, p, cutoff, out);
        assert_int_equal(found, approved < want ? approved : want);
        for (size_t k = 0; k < found; k++) {
            assert_true(k == 0 || out[k] > out[k - 1]);
            assert_true(p[out[k]] <= cutoff);
            least = fmin(least, p[out[k]]);
            chosen[out[k]] = true;
        }
        for (size_t i = 0; i < n; i++)
            assert_true(chosen[i] || !(p[i] <= cutoff) || p[i] <= least);
    }
}

static vouch_status once(vouch_ctx *c, void *arg)
{
    const double p[] = { 0.1, 0.2, 0.3 };
    uint32_t out[1];
    size_t n = 7;
    (void)arg;
    vouch_status status = vouch__near_cutoff(c, 3, p, 0.25, out, &n);
    assert_int_equal(n, status ? 7 : 1);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_riskiest_approved_by_hand),
        cmocka_unit_test(nobody_nearer_is_left_out),
        cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}
