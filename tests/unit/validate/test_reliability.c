/* Reliability bands, calibration errors, Brier's parts, Hosmer-Lemeshow and Spiegelhalter. Reference values
 * are golden cases of the catalogue. */
#include "check.h"

#include "base/ctx.h"
#include "num/special.h"
#include "validate/reliability.h"

#include <math.h>

enum { MAX = 400 };
static vouch_ctx *ctx;
static double p[MAX], weight[MAX];
static uint8_t bad[MAX];

static size_t draw(int round)
{
    size_t n = 20 + seeded_below(MAX - 20);
    for (size_t i = 0; i < n; i++) {
        p[i] = round % 3 ? seeded() : floor(6 * seeded()) / 6;
        bad[i] = seeded() < p[i];
        weight[i] = 0.5 + seeded();
    }
    return n;
}

static void the_parts_of_brier_close(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t n = draw(round);
        vouch__brier_parts b;
        assert_ok(ctx, vouch__brier_decompose(ctx, n, p, bad, round % 2 ? weight : NULL, 2 + seeded_below(12),
                                              round % 4 < 2, &b));
        assert_close(b.reliability - b.resolution + b.uncertainty + b.within_variance - b.within_covariance,
                     b.score, 1e-13);
        assert_true(b.reliability >= 0 && b.resolution >= 0 && b.within_variance >= 0);
    }
}

/* Probabilities of few values need no within-bin terms. */
static void probabilities_of_few_values_have_nothing_within_bins(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        p[i] = i % 2 ? 0.2 : 0.7;
        bad[i] = i % 3 == 0;
    }
    vouch__brier_parts b;
    assert_ok(ctx, vouch__brier_decompose(ctx, 100, p, bad, NULL, 10, 0, &b));
    assert_close(b.within_variance, 0, 1e-15);
    assert_close(b.within_covariance, 0, 1e-15);
}

/* Equal coins are binomial; unequal ones as all their outcomes counted one by one; both sides of the exact
 * part and the expansion between agree. */
static void counts_of_unequal_coins_follow_their_law(void **state)
{
    static double coin[6000];
    (void)state;
    for (size_t i = 0; i < 6000; i++)
        coin[i] = 0.1;
    for (double k = 520; k <= 680; k += 20)
        assert_close(vouch__poisson_binomial_cdf(6000, coin, k), vouch__binomial_cdf(k, 6000, 0.1), 2e-4);
    for (double k = -1; k <= 40; k++)
        assert_close(vouch__poisson_binomial_cdf(40, coin, k), vouch__binomial_cdf(k, 40, 0.1), 1e-13);
    for (double k = 0; k < 600; k += 30)
        assert_close(vouch__poisson_binomial_cdf(600, coin, k), vouch__binomial_cdf(k, 600, 0.1), 1e-12);
    for (size_t i = 0; i < 10; i++)
        coin[i] = seeded();
    double want = 0;
    for (unsigned set = 0; set < 1024; set++) {
        double chance = 1;
        int heads = 0;
        for (unsigned i = 0; i < 10; i++) {
            bool is_head = set >> i & 1U;
            heads += is_head;
            chance *= is_head ? coin[i] : 1 - coin[i];
        }
        want += heads <= 4 ? chance : 0;
    }
    assert_close(vouch__poisson_binomial_cdf(10, coin, 4), want, 1e-13);
}

/* Bands hold the rate of a right model about as often as they say: at least, as counts are whole. */
static void a_right_model_stays_within_its_bands(void **state)
{
    (void)state;
    double inside = 0, all = 0;
    for (int round = 0; round < 150; round++) {
        vouch__reliability_band band[10];
        size_t n = draw(1), used;
        assert_ok(ctx, vouch__reliability_bands(ctx, n, p, bad, 10, 1, 0.9, band, &used));
        for (size_t k = 0; k < used; k++) {
            double rate = band[k].bad / band[k].n;
            assert_true(band[k].low <= rate && rate <= band[k].high &&
                        band[k].expected_low <= band[k].expected_high);
            inside += rate >= band[k].expected_low - 1e-12 && rate <= band[k].expected_high + 1e-12;
            all++;
        }
    }
    assert_true(inside / all > 0.89 && inside / all < 0.97);
}

/* Beyond 60 expected events the band is an expansion, and must go on from the exact one. */
static void the_expansion_joins_the_exact_band(void **state)
{
    (void)state;
    enum { N = 4000 };
    static double q[N];
    static uint8_t none[N];
    vouch__reliability_band exact, expanded;
    size_t used;
    none[0] = 1;
    for (size_t i = 0; i < N; i++)
        q[i] = 0.0149;
    assert_ok(ctx, vouch__reliability_bands(ctx, N, q, none, 1, 1, 0.95, &exact, &used));
    for (size_t i = 0; i < N; i++)
        q[i] = 0.0151;
    assert_ok(ctx, vouch__reliability_bands(ctx, N, q, none, 1, 1, 0.95, &expanded, &used));
    assert_close(exact.expected_low, expanded.expected_low, 1.2 / N);
    assert_close(exact.expected_high, expanded.expected_high, 1.2 / N);
    for (size_t i = 0; i < N; i++) /* turned round: goods are as rare */
        q[i] = 1 - 0.0149;
    assert_ok(ctx, vouch__reliability_bands(ctx, N, q, none, 1, 1, 0.95, &expanded, &used));
    assert_close(1 - expanded.expected_high, exact.expected_low, 1.2 / N);
}

static void debiased_errors_are_smaller_and_near_zero_when_right(void **state)
{
    (void)state;
    double plain = 0, debiased = 0;
    for (int round = 0; round < 100; round++) {
        vouch__reliability r[10];
        size_t n = draw(1), used;
        assert_ok(ctx, vouch__reliability_table(ctx, n, p, bad, NULL, 10, 1, r, &used));
        vouch__calibration_errors e = vouch__calibration_errors_of(used, r, 0.95);
        assert_true(e.ece_debiased <= e.ece + 1e-15 && e.rms_debiased <= e.rms + 1e-15 &&
                    e.ece <= e.mce + 1e-15);
        assert_true(e.rms >= e.ece - 1e-15 && e.expected < e.critical);
        plain += e.ece / 100;
        debiased += e.ece_debiased / 100;
    }
    assert_true(debiased <
                0.85 * plain); /* the gap seen stands for the true one, so part of the bias stays */
}

static void tests_by_hand_and_their_refusals(void **state)
{
    (void)state;
    const double q[] = { 0.2, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.8 };
    const uint8_t right[] = { 1, 0, 0, 0, 0, 1, 1, 1, 1, 0 }, wrong[] = { 1, 1, 0, 0, 0, 1, 1, 1, 1, 0 };
    vouch__calibration_test t;
    assert_ok(ctx, vouch__hosmer_lemeshow(ctx, 10, q, right, 10, 0, &t));
    assert_close(t.statistic, 0, 1e-28);
    assert_int_equal(t.groups, 2); /* ties are never cut */
    assert_ok(ctx, vouch__hosmer_lemeshow(ctx, 10, q, wrong, 10, 0, &t));
    assert_close(t.statistic, 1 / 0.8, 1e-14);
    assert_close(t.df, 2, 0);
    assert_status(ctx, vouch__hosmer_lemeshow(ctx, 10, q, wrong, 10, 1, &t), VOUCH_E_DATA);
    assert_ok(ctx, vouch__spiegelhalter(ctx, 10, q, wrong, &t));
    assert_close(t.statistic, 1 * 0.6 / sqrt(10 * 0.36 * 0.16), 1e-14);
    const double sure[] = { 0, 1, 0.5 };
    assert_status(ctx, vouch__spiegelhalter(ctx, 3, sure, wrong, &t), VOUCH_E_DATA);
    const double off[] = { 0.5, 1.5 };
    assert_status(ctx, vouch__spiegelhalter(ctx, 2, off, wrong, &t), VOUCH_E_DATA);
    const double certain[] = { 0, 0, 1, 1 };
    const uint8_t lie[] = { 0, 1, 1, 1 };
    assert_ok(ctx, vouch__hosmer_lemeshow(ctx, 4, certain, lie, 2, 0, &t));
    assert_true(t.statistic == INFINITY && t.p_value == 0);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    vouch__reliability_band band[3];
    vouch__brier_parts b;
    vouch__calibration_test t;
    size_t used;
    (void)arg;
    vouch_status status = vouch__reliability_bands(mine, 9, p, bad, 3, 1, 0.9, band, &used);
    if (!status)
        status = vouch__brier_decompose(mine, 9, p, bad, NULL, 3, 1, &b);
    return status ? status : vouch__hosmer_lemeshow(mine, 9, p, bad, 3, 0, &t);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    (void)draw(1);
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_brier_close),
        cmocka_unit_test(probabilities_of_few_values_have_nothing_within_bins),
        cmocka_unit_test(counts_of_unequal_coins_follow_their_law),
        cmocka_unit_test(a_right_model_stays_within_its_bands),
        cmocka_unit_test(the_expansion_joins_the_exact_band),
        cmocka_unit_test(debiased_errors_are_smaller_and_near_zero_when_right),
        cmocka_unit_test(tests_by_hand_and_their_refusals),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
