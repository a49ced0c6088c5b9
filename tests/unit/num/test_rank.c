/* num/rank.h against the definitions, written naively. */
#include "check.h"

#include "num/rank.h"

#include <math.h>
#include <stdlib.h>

enum { MAX = 3000 };

static double strange(void)
{
    static const double value[] = { 0.0, -0.0, INFINITY, -INFINITY, NAN, 1e-310, -1e-310, 1e308, 1.0, -1.0 };
    double u = seeded();
    if (u < 0.3)
        return value[seeded_below(sizeof value / sizeof *value)];
    if (u < 0.5) /* alike in the upper half of their bits */
        return 1.0 + floor(seeded() * 1e4) * 0x1p-50;
    return u < 0.7 ? floor(seeded() * 10) - 5 : seeded_normal() * exp(50 * seeded_normal());
}

static void order_is_ascending_and_ties_go_by_index(void **state)
{
    (void)state;
    static double x[MAX];
    static uint32_t at[MAX];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 200; round++) {
        size_t n = seeded_below(round < 100 ? 20 : MAX);
        static unsigned char seen[MAX];
        for (size_t i = 0; i < n; i++) {
            x[i] = strange();
            seen[i] = 0;
        }
        assert_ok(ctx, vouch__order(ctx, n, x, at));
        static double y[MAX];
        size_t known = 0, numbers = 0;
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i];
            numbers += isnan(x[i]) ? 0 : 1;
        }
        assert_ok(ctx, vouch__sort(ctx, n, y, &known));
        assert_int_equal(known, numbers);
        for (size_t i = 0; i < n; i++) /* the same values in the same order, without their places */
            assert_true(i < known ? y[i] == x[at[i]] : isnan(y[i]));
        for (size_t i = 0; i < n; i++) {
            assert_true(at[i] < n && !seen[at[i]]++);
            if (i == 0)
                continue;
            double a = x[at[i - 1]], b = x[at[i]];
            bool tie = a == b || (isnan(a) && isnan(b));
            assert_true(tie ? at[i - 1] < at[i] : isnan(b) || a < b);
        }
    }
    vouch_ctx_free(ctx);
}

static void midranks_count_who_is_below_and_half_of_who_is_level(void **state)
{
    (void)state;
    enum { N = 200 };
    double x[N], rank[N];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 50; round++) {
        size_t n = seeded_below(N);
        double total = 0;
        for (size_t i = 0; i < n; i++)
            x[i] = round % 2 ? floor(seeded() * 6) : seeded_normal();
        assert_ok(ctx, vouch__midranks(ctx, n, x, rank));
        for (size_t i = 0; i < n; i++) {
            double below = 0, level = 0;
            for (size_t j = 0; j < n; j++) {
                below += x[j] < x[i];
                level += x[j] == x[i];
            }
            assert_close(rank[i], below + 0.5 * (level + 1), 0);
            total += rank[i];
        }
        assert_close(total, (double)n * ((double)n + 1) / 2, 0);
    }
    vouch_ctx_free(ctx);
}

static void a_quantile_is_interpolated_as_type_7(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 4, 8, 16 }, edge[] = { -INFINITY, -INFINITY, 0, INFINITY, INFINITY };
    assert_close(vouch__quantile_sorted(5, x, 0.0), 1, 0);
    assert_close(vouch__quantile_sorted(5, x, 1.0), 16, 0);
    assert_close(vouch__quantile_sorted(5, x, 0.5), 4, 0);
    assert_close(vouch__quantile_sorted(5, x, 0.1), 1.4, 1e-15);
    assert_close(vouch__quantile_sorted(5, x, 0.9), 12.8, 1e-15);
    assert_close(vouch__quantile_sorted(1, x, 0.3), 1, 0);
    assert_close(vouch__quantile_sorted(5, edge, 0.1), -INFINITY, 0);
    assert_close(vouch__quantile_sorted(5, edge, 0.9), INFINITY, 0);
}

static vouch_status rank_once(vouch_ctx *ctx, void *arg)
{
    double x[4096], out[4096];
    (void)arg;
    for (int i = 0; i < 4096; i++)
        x[i] = (double)(i * 37 % 4096);
    return vouch__midranks(ctx, 4096, x, out);
}

static void ranking_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(rank_once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_ascending_and_ties_go_by_index),
        cmocka_unit_test(midranks_count_who_is_below_and_half_of_who_is_level),
        cmocka_unit_test(a_quantile_is_interpolated_as_type_7),
        cmocka_unit_test(ranking_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
