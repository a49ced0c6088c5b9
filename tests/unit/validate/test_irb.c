/* Concentration, migration, losses, Somers' D and PDs over time. Reference and published values are golden
 * cases of the catalogue. */
#include "check.h"

#include "validate/irb.h"

#include <math.h>

static vouch_ctx *ctx;

static void concentration_runs_from_even_to_one(void **state)
{
    (void)state;
    const double even[] = { 5, 5, 5, 5 }, one[] = { 0, 7, 0, 0 }, ecb[] = { 489, 401, 110 };
    vouch__concentration c;
    double z;
    assert_ok(ctx, vouch__concentration_measure(ctx, 4, even, &c));
    assert_close(c.herfindahl, 0, 1e-15);
    assert_close(c.plain, 0.25, 1e-15);
    assert_nan(vouch__concentration_p(4, 0.1, c.variation, &z));
    assert_ok(ctx, vouch__concentration_measure(ctx, 4, one, &c));
    assert_close(c.herfindahl, 1, 1e-14);
    assert_ok(ctx, vouch__concentration_measure(ctx, 3, ecb,
                                                &c)); /* the printed example: not the plain sum of squares */
    assert_close(c.herfindahl, 0.1929104, 5e-8);
    assert_close(vouch__concentration_p(3, c.variation, c.variation, &z), 0.5, 1e-15);
    const double negative[] = { 1, -1 }, nothing[] = { 0, 0 };
    assert_status(ctx, vouch__concentration_measure(ctx, 2, negative, &c), VOUCH_E_DATA);
    assert_status(ctx, vouch__concentration_measure(ctx, 2, nothing, &c), VOUCH_E_DATA);
    assert_status(ctx, vouch__concentration_measure(ctx, 1, ecb, &c), VOUCH_E_SHAPE);
}

/* Turning the order of grades round swaps the triangles. */
static void migration_is_symmetric_in_the_order_of_grades(void **state)
{
    (void)state;
    enum { K = 5 };
    for (int round = 0; round < 50; round++) {
        double a[K * K], b[K * K], za[K * K], zb[K * K], pa[K * K], pb[K * K];
        for (size_t i = 0; i < K * K; i++) {
            a[i] = floor(20 * seeded() * (i % (K + 1) ? 0.3 : 1.0));
            b[K * K - 1 - i] = a[i];
        }
        a[0] = b[K * K - 1] = 1 + a[0];
        vouch__migration ma, mb;
        assert_ok(ctx, vouch__migration_measure(ctx, K, a, &ma, za, pa));
        assert_ok(ctx, vouch__migration_measure(ctx, K, b, &mb, zb, pb));
        if (!isnan(ma.upper))
            assert_close(ma.upper, mb.lower, 1e-14);
        assert_close(ma.stay, mb.stay, 1e-14);
        for (size_t i = 0; i < K * K; i++) {
            assert_true(isnan(za[i]) == isnan(zb[K * K - 1 - i]));
            if (!isnan(za[i]))
                assert_close(pa[i], pb[K * K - 1 - i], 1e-13);
        }
        assert_true(isnan(ma.upper) || (ma.upper >= 0 && ma.upper <= 1));
    }
    const double still[] = { 3, 0, 0, 4 }, rare[] = { 9, 1, 0, 4 };
    double z[4], p[4];
    vouch__migration m;
    assert_ok(ctx, vouch__migration_measure(ctx, 2, still, &m, z, p));
    assert_nan(m.upper);
    assert_close(m.stay, 1, 0);
    assert_nan(p[1]); /* one row, one cell: nothing varies */
    assert_ok(ctx, vouch__migration_measure(ctx, 2, rare, &m, z, p));
    assert_true(p[1] > 0.99 && z[1] > 0); /* staying is likelier than moving */
}

static void losses_by_hand(void **state)
{
    (void)state;
    const double seen[] = { 0.5, 0.7, 0.9 }, said[] = { 0.4, 0.4, 0.4 }, exposure[] = { 1, 1, 2 },
                 none[] = { 0, 0, 0 };
    vouch__t_test t;
    vouch__shortfall f;
    assert_ok(ctx, vouch__lgd_t_test(ctx, 3, seen, said, &t));
    assert_close(t.mean, 0.3, 1e-15);
    assert_close(t.statistic, sqrt(3) * 0.3 / 0.2, 1e-13);
    assert_ok(ctx, vouch__lgd_t_test(ctx, 3, said, none, &t));
    assert_true(t.statistic == INFINITY && t.p_value == 0);
    assert_ok(ctx, vouch__lgd_t_test(ctx, 3, said, said, &t));
    assert_true(t.p_value == 0.5);
    assert_ok(ctx, vouch__loss_shortfall(ctx, 3, seen, said, exposure, &f));
    assert_close(f.shortfall, 1 - 1.6 / 3.0, 1e-15);
    assert_close(f.deviation, 1.4 / 4, 1e-15);
    assert_ok(ctx, vouch__loss_shortfall(ctx, 3, none, said, exposure, &f));
    assert_nan(f.shortfall);
    assert_status(ctx, vouch__loss_shortfall(ctx, 3, seen, said, none, &f), VOUCH_E_DATA);
    assert_status(ctx, vouch__lgd_t_test(ctx, 1, seen, said, &t), VOUCH_E_SHAPE);
    const double hole[] = { 1, NAN, 1 };
    assert_status(ctx, vouch__lgd_t_test(ctx, 3, hole, said, &t), VOUCH_E_DATA);
    assert_int_equal(vouch__lgd_class(0.05), 0);
    assert_int_equal(vouch__lgd_class(0.0501), 1);
    assert_int_equal(vouch__lgd_class(1.0), 10);
    assert_int_equal(vouch__lgd_class(1.2), 11);
}

/* With two columns D is 2 AUC - 1 of the rows as scores, but with pairs that differ in the row as the base.
 */
static void somers_is_bounded_and_turns_with_the_rows(void **state)
{
    (void)state;
    enum { R = 4, C = 3 };
    for (int round = 0; round < 50; round++) {
        double a[R * C], b[R * C];
        for (size_t i = 0; i < R; i++)
            for (size_t j = 0; j < C; j++)
                a[i * C + j] = b[(R - 1 - i) * C + j] = 1 + floor(9 * seeded());
        vouch__somers x, y;
        assert_ok(ctx, vouch__somers_measure(ctx, R, C, a, &x));
        assert_ok(ctx, vouch__somers_measure(ctx, R, C, b, &y));
        assert_close(x.d, -y.d, 1e-14);
        assert_close(x.se, y.se, 1e-14);
        assert_close(x.gauc, 0.5 + 0.5 * x.d, 1e-15);
        assert_true(fabs(x.d) <= 1 && x.p_value >= 0 && x.p_value <= 1);
    }
    const double perfect[] = { 4, 0, 0, 5 };
    vouch__somers s;
    assert_ok(ctx, vouch__somers_measure(ctx, 2, 2, perfect, &s));
    assert_close(s.d, 1, 1e-15);
    const double one[] = { 4, 0, 5, 0 };
    assert_status(ctx, vouch__somers_measure(ctx, 2, 2, one, &s), VOUCH_E_DATA);
}

static void default_adds_up_over_time(void **state)
{
    (void)state;
    enum { K = 4, YEARS = 6, G = K - 1 };
    for (int round = 0; round < 30; round++) {
        double p[YEARS * K * K], cumulative[YEARS * G], marginal[YEARS * G], forward[YEARS * G], alive[G];
        for (size_t i = 0; i < YEARS * K; i++) {
            double sum = 0;
            for (size_t j = 0; j < K; j++)
                sum += p[i * K + j] = i % K == K - 1 ? (double)(j == K - 1) : seeded();
            for (size_t j = 0; j < K; j++)
                p[i * K + j] /= sum;
        }
        assert_ok(ctx,
                  vouch__pd_term(ctx, K, YEARS, round % 2 ? YEARS : 1, p, cumulative, marginal, forward));
        for (size_t g = 0; g < G; g++) {
            double sum = 0;
            alive[g] = 1;
            for (size_t t = 0; t < YEARS; t++) {
                sum += marginal[t * G + g];
                alive[g] *= 1 - forward[t * G + g];
                assert_close(cumulative[t * G + g], sum, 1e-14);
                assert_close(1 - cumulative[t * G + g], alive[g], 1e-13);
            }
            assert_close(marginal[g], p[g * K + K - 1], 1e-15);
        }
    }
    const double leaky[] = { 0.9, 0.1, 0.5, 0.5 }, lost[] = { 0.9, 0.2, 0, 1 };
    double out[3];
    assert_status(ctx, vouch__pd_term(ctx, 2, 1, 1, leaky, out, out + 1, out + 2), VOUCH_E_DATA);
    assert_status(ctx, vouch__pd_term(ctx, 2, 1, 1, lost, out, out + 1, out + 2), VOUCH_E_DATA);
    assert_status(ctx, vouch__pd_term(ctx, 2, 3, 2, lost, out, out + 1, out + 2), VOUCH_E_SHAPE);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double p[] = { 0.9, 0.1, 0, 1 };
    double out[6];
    (void)arg;
    return vouch__pd_term(mine, 2, 2, 1, p, out, out + 2, out + 4);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concentration_runs_from_even_to_one),
        cmocka_unit_test(migration_is_symmetric_in_the_order_of_grades),
        cmocka_unit_test(losses_by_hand),
        cmocka_unit_test(somers_is_bounded_and_turns_with_the_rows),
        cmocka_unit_test(default_adds_up_over_time),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
