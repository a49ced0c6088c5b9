/* AUCs across samples, the exact Kolmogorov-Smirnov test, capacity, and the confusion table. */
#include "check.h"

#include "num/kolmogorov.h"
#include "num/rates.h"
#include "validate/confusion.h"
#include "validate/rank_tests.h"

#include <math.h>

static vouch_ctx *ctx;

static void two_samples_swap_sign_and_keep_p(void **state)
{
    (void)state;
    const vouch_auc a = { .auc = 0.8, .variance = 0.0009 }, b = { .auc = 0.7, .variance = 0.0016 };
    vouch_auc_pair ab = vouch__auc_unpaired(&a, &b, 0.95), ba = vouch__auc_unpaired(&b, &a, 0.95);
    assert_close(ab.z, 2.0, 1e-14);
    assert_close(ab.p_value, 0.045500263896358417, 1e-13);
    assert_true(ab.z == -ba.z && ab.p_value == ba.p_value && ab.low == -ba.high);
    assert_close(vouch__auc_decline(0.86, &a).p_value, 0.022750131948179207, 1e-13);
    const vouch_auc unknown = { .auc = 0.9, .variance = NAN };
    assert_nan(vouch__auc_unpaired(&a, &unknown, 0.95).p_value);
    assert_nan(vouch__auc_decline(0.9, &unknown).p_value);
}

/* One bad of n: every rank of it is equally likely, so p is the share of ranks at least as far out. */
static void the_exact_distance_of_one_bad_case_is_its_rank(void **state)
{
    (void)state;
    for (size_t n = 2; n < 30; n++)
        for (size_t at = 0; at < n; at++) {
            double score[30];
            uint8_t bad[30] = { 0 };
            size_t as_far = 0;
            vouch__ks_test test;
            for (size_t i = 0; i < n; i++)
                score[i] = (double)i;
            bad[at] = 1;
            assert_ok(ctx, vouch__ks_two_sample(ctx, n, score, bad, &test));
            double far = fmax((double)at, (double)(n - 1 - at));
            for (size_t i = 0; i < n; i++)
                as_far += fmax((double)i, (double)(n - 1 - i)) >= far;
            assert_close(test.ks, far / (double)(n - 1), 1e-14);
            assert_close(test.p_value, (double)as_far / (double)n, 1e-12);
            assert_true(test.is_exact);
        }
}

static void a_constant_score_is_no_evidence(void **state)
{
    (void)state;
    const double score[] = { 1, 1, 1, 1 };
    const uint8_t bad[] = { 1, 1, 0, 0 };
    vouch__ks_test test;
    assert_ok(ctx, vouch__ks_two_sample(ctx, 4, score, bad, &test));
    assert_close(test.ks, 0, 0);
    assert_close(test.p_value, 1, 0);
}

static void the_limiting_law_has_its_known_values(void **state)
{
    (void)state;
    assert_close(vouch__kolmogorov_sf(0.5), 0.96394524366487511, 1e-14); /* scipy.special.kolmogorov */
    assert_close(vouch__kolmogorov_sf(0.9999999), 0.26999977887222576, 1e-14);
    assert_close(vouch__kolmogorov_sf(1.0), 0.26999967167735456, 1e-14);
    assert_close(vouch__kolmogorov_sf(3.0) / 3.0459959489425258e-08, 1, 1e-13);
    assert_close(vouch__kolmogorov_sf(0.0), 1, 0);
    assert_nan(vouch__kolmogorov_sf(NAN));
    for (double p = 0.001; p < 1; p += 0.037)
        assert_close(vouch__kolmogorov_sf(vouch__kolmogorov_quantile(p)), p, 1e-12);
}

static void a_desk_for_everyone_finds_everyone(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        double score[80], amount[80];
        uint8_t bad[80];
        size_t n = 2 + seeded_below(78);
        for (size_t i = 0; i < n; i++) {
            score[i] = floor(6 * seeded());
            amount[i] = seeded();
            bad[i] = i == 0 || seeded() < 0.3;
        }
        vouch__capacity c, before = { .hits = 0 };
        for (size_t k = 1; k <= n; k++) {
            assert_ok(ctx, vouch__capacity_measure(ctx, n, score, bad, amount, k, 0.95, &c));
            assert_true(c.hits >= before.hits - 1e-12 && c.value_recall >= before.value_recall - 1e-12);
            assert_true(c.low <= c.precision + 1e-15 && c.precision <= c.high + 1e-15);
            before = c;
        }
        assert_close(c.recall, 1, 1e-13);
        assert_close(c.value_recall, 1, 1e-13);
        assert_close(c.lift, 1, 1e-13);
    }
}

static void capacity_refuses_what_it_cannot_read(void **state)
{
    (void)state;
    const double score[] = { 1, 2 }, amount[] = { 1, -1 };
    const uint8_t bad[] = { 0, 1 }, good[] = { 0, 0 };
    vouch__capacity c;
    assert_status(ctx, vouch__capacity_measure(ctx, 2, score, bad, NULL, 0, 0.95, &c), VOUCH_E_ARG);
    assert_status(ctx, vouch__capacity_measure(ctx, 2, score, bad, NULL, 3, 0.95, &c), VOUCH_E_ARG);
    assert_status(ctx, vouch__capacity_measure(ctx, 2, score, bad, amount, 1, 0.95, &c), VOUCH_E_DATA);
    assert_error_has(ctx, "amount[1] is -1");
    assert_status(ctx, vouch__capacity_measure(ctx, 2, score, good, NULL, 1, 0.95, &c), VOUCH_E_DATA);
    assert_status(ctx, vouch__capacity_measure(ctx, 2, score, bad, NULL, 1, 1.0, &c), VOUCH_E_ARG);
}

static void a_confusion_table_by_hand(void **state)
{
    (void)state;
    const vouch__confusion c = {
        .true_positive = 6, .false_positive = 2, .false_negative = 3, .true_negative = 9
    };
    vouch__confusion_rates r = vouch__confusion_measure(&c, 0.95);
    assert_close(r.recall.value, 6.0 / 9, 1e-15);
    assert_close(r.specificity.value, 9.0 / 11, 1e-15);
    assert_close(r.f1, 12.0 / 17, 1e-15);
    assert_close(r.mcc, (6 * 9 - 2 * 3) / sqrt(8.0 * 9 * 11 * 12), 1e-14);
    assert_close(r.kappa, (0.75 - 0.51) / (1 - 0.51), 1e-14);
    const vouch__confusion nobody = { .false_negative = 3, .true_negative = 9 };
    r = vouch__confusion_measure(&nobody, 0.95);
    assert_nan(r.precision.value);
    assert_true(r.mcc == 0 && r.f1 == 0 && r.kappa == 0 && r.recall.low == 0);
}

static void turning_a_confusion_table_round_turns_its_rates(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        double x[4];
        for (size_t k = 0; k < 4; k++)
            x[k] = 1 + floor(50 * seeded());
        const vouch__confusion c = { x[0], x[1], x[2], x[3] }, turned = { x[3], x[2], x[1], x[0] };
        vouch__confusion_rates a = vouch__confusion_measure(&c, 0.9),
                               b = vouch__confusion_measure(&turned, 0.9);
        assert_close(a.recall.value, b.specificity.value, 0);
        assert_close(a.precision.value, b.negative.value, 0);
        assert_close(a.mcc, b.mcc, 1e-14);
        assert_close(a.kappa, b.kappa, 1e-13);
        assert_true(a.accuracy.low <= a.accuracy.value && a.accuracy.value <= a.accuracy.high);
    }
}

static void intervals_of_a_share_agree_with_their_definitions(void **state)
{
    (void)state;
    double low, high;
    vouch__wilson(3, 10, 0.95, &low, &high); /* statsmodels proportion_confint: wilson, jeffreys, beta */
    assert_close(low, 0.10779126740630098, 1e-13);
    assert_close(high, 0.6032218525388546, 1e-13);
    vouch__jeffreys_interval(3, 10, 0.95, &low, &high);
    assert_close(low, 0.09269459393815317, 1e-11);
    assert_close(high, 0.6058183181486713, 1e-11);
    vouch__clopper_pearson(3, 10, 0.95, &low, &high);
    assert_close(low, 0.06673951117773447, 1e-11);
    assert_close(high, 0.6524528500599973, 1e-11);
    vouch__wilson(0, 5, 0.95, &low, &high);
    assert_true(low == 0 && high < 1);
    vouch__clopper_pearson(5, 5, 0.95, &low, &high);
    assert_true(high == 1);
    assert_close(low, pow(0.025, 0.2), 1e-12);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double score[] = { 1, 2, 3, 4, 4 };
    const uint8_t bad[] = { 0, 1, 0, 1, 1 };
    vouch__ks_test test;
    vouch__capacity c;
    (void)arg;
    vouch_status status = vouch__ks_two_sample(mine, 5, score, bad, &test);
    return status ? status : vouch__capacity_measure(mine, 5, score, bad, NULL, 2, 0.95, &c);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_samples_swap_sign_and_keep_p),
        cmocka_unit_test(the_exact_distance_of_one_bad_case_is_its_rank),
        cmocka_unit_test(a_constant_score_is_no_evidence),
        cmocka_unit_test(the_limiting_law_has_its_known_values),
        cmocka_unit_test(a_desk_for_everyone_finds_everyone),
        cmocka_unit_test(capacity_refuses_what_it_cannot_read),
        cmocka_unit_test(a_confusion_table_by_hand),
        cmocka_unit_test(turning_a_confusion_table_round_turns_its_rates),
        cmocka_unit_test(intervals_of_a_share_agree_with_their_definitions),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
