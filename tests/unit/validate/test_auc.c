/* AUC and DeLong: by hand, against scikit-learn and the definition, and what holds for every sample. */
#include "golden.h"

#include "vouch/validate.h"

#include <math.h>
#include <string.h>

static vouch_ctx *ctx;

static double auc(size_t n, const double *score, const uint8_t *bad, const double *weight)
{
    double out = NAN;
    assert_ok(ctx, vouch_validate_auc(ctx, n, score, bad, weight, &out));
    return out;
}

static void auc_counts_a_tie_as_half(void **state)
{
    (void)state;
    const double score[] = { 0.1, 0.4, 0.4, 0.8 };
    const uint8_t bad[] = { 0, 0, 1, 1 };
    assert_close(auc(4, score, bad, NULL), 0.875, 0);
}

/* The definition, pair by pair: slow, obvious, and independent of the code under test. */
static double auc_by_definition(size_t n, const double *score, const uint8_t *bad, const double *weight)
{
    double won = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (bad[i] && !bad[j]) {
                double w = weight[i] * weight[j];
                won += w * (score[i] > score[j] ? 1.0 : score[i] == score[j] ? 0.5 : 0.0);
                pairs += w;
            }
    return won / pairs;
}

static void auc_is_the_definition_bounded_and_blind_to_monotone_change(void **state)
{
    (void)state;
    enum { MAX = 60 };
    double score[MAX], lifted[MAX], weight[MAX];
    uint8_t bad[MAX], good[MAX];
    for (int round = 0; round < 500; round++) {
        size_t n = 2 + seeded_below(MAX - 2);
        for (size_t i = 0; i < n; i++) {
            score[i] = floor(seeded() * 8); /* few values, many ties */
            lifted[i] = exp(score[i]);
            weight[i] = 0.1 + seeded();
            bad[i] = i == 0 ? 1 : i == 1 ? 0 : seeded() < 0.3;
            good[i] = !bad[i];
        }
        double a = auc(n, score, bad, weight);
        assert_close(a, auc_by_definition(n, score, bad, weight), 1e-13);
        assert_true(a >= 0.0 && a <= 1.0);
        assert_close(auc(n, lifted, bad, weight), a, 0);
        assert_close(auc(n, score, good, weight), 1.0 - a, 1e-14);
    }
}

static void a_weight_of_two_is_the_case_twice(void **state)
{
    (void)state;
    const double score[] = { 3, 1, 2, 2, 5 }, twice[] = { 3, 1, 2, 2, 5, 3, 2 }, weight[] = { 2, 1, 1, 2, 1 };
    const uint8_t bad[] = { 1, 0, 0, 1, 0 }, bads[] = { 1, 0, 0, 1, 0, 1, 1 };
    assert_close(auc(5, score, bad, weight), auc(7, twice, bads, NULL), 1e-15);
}

static void golden_cases_agree_to_1e_9(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/metrics.json");
    for (const vouch__json *c = golden_at(root, "cases")->first; c; c = c->next) {
        size_t n;
        double *p = golden_array(c, "probability", &n), *other = golden_array(c, "other", NULL);
        uint8_t *bad = golden_flags(c, "bad", NULL);
        vouch_auc a;
        vouch_auc_pair pair;
        assert_close(auc(n, p, bad, NULL), golden_number(c, "sklearn_auc"), 1e-12);
        assert_ok(ctx, vouch_validate_auc_delong(ctx, n, p, bad, 0.95, &a));
        assert_close(a.auc, golden_number(c, "delong.auc"), 1e-12);
        assert_close(a.variance / golden_number(c, "delong.variance"), 1.0, 1e-9);
        assert_close(a.low, golden_number(c, "delong.low"), 1e-9);
        assert_close(a.high, golden_number(c, "delong.high"), 1e-9);
        assert_ok(ctx, vouch_validate_auc_paired(ctx, n, p, other, bad, 0.95, &pair));
        assert_close(pair.difference, golden_number(c, "paired.difference"), 1e-12);
        assert_close(pair.variance / golden_number(c, "paired.variance"), 1.0, 1e-9);
        assert_close(pair.z, golden_number(c, "paired.z"), 1e-9);
        assert_close(pair.p_value, golden_number(c, "paired.p_value"), 1e-9);
        assert_close(pair.low, golden_number(c, "paired.low"), 1e-9);
        assert_close(pair.high, golden_number(c, "paired.high"), 1e-9);
        if (vouch__json_get(c, "weight"))
            assert_close(auc(n, p, bad, golden_array(c, "weight", NULL)), golden_number(c, "weighted.auc"),
                         1e-12);
    }
}

static void random_case(size_t n, double *a, double *b, uint8_t *bad)
{
    for (size_t i = 0; i < n; i++) {
        bad[i] = i < 12 ? 1 : i < 24 ? 0 : seeded() < 0.3;
        a[i] = floor(6 * (seeded() + 0.5 * bad[i]));
        b[i] = seeded_normal() + 0.4 * bad[i];
    }
}

static void the_paired_test_is_symmetric_and_blind_to_the_order_of_rows(void **state)
{
    (void)state;
    enum { MAX = 200 };
    double a[MAX], b[MAX], ra[MAX], rb[MAX];
    uint8_t bad[MAX], rbad[MAX];
    for (int round = 0; round < 200; round++) {
        size_t n = 30 + seeded_below(MAX - 30);
        vouch_auc_pair x, y, z;
        vouch_auc one;
        random_case(n, a, b, bad);
        for (size_t i = 0; i < n; i++) {
            ra[i] = a[n - 1 - i];
            rb[i] = b[n - 1 - i];
            rbad[i] = bad[n - 1 - i];
        }
        assert_ok(ctx, vouch_validate_auc_paired(ctx, n, a, b, bad, 0.9, &x));
        assert_ok(ctx, vouch_validate_auc_paired(ctx, n, b, a, bad, 0.9, &y));
        assert_ok(ctx, vouch_validate_auc_paired(ctx, n, ra, rb, rbad, 0.9, &z));
        assert_close(x.difference, -y.difference, 0);
        assert_close(x.low, -y.high, 1e-15);
        assert_close(x.p_value, y.p_value, 1e-13);
        assert_close(x.variance, z.variance, 1e-15);
        assert_true(x.low <= x.difference && x.difference <= x.high);
        assert_ok(ctx, vouch_validate_auc_paired(ctx, n, a, a, bad, 0.9, &x));
        assert_true(x.difference == 0.0 && x.variance == 0.0 && x.z == 0.0 && x.p_value == 1.0);
        assert_ok(ctx, vouch_validate_auc_delong(ctx, n, a, bad, 0.9, &one));
        assert_close(one.auc, auc(n, a, bad, NULL), 1e-15);
        assert_true(one.low <= one.auc && one.auc <= one.high && one.low >= 0.0 && one.high <= 1.0);
    }
}

/* 400 samples with a known AUC: the 95 % interval should hold it in about 380, and surely in 360. */
static void the_interval_covers_the_truth_as_often_as_it_says(void **state)
{
    (void)state;
    enum { N = 300 };
    double score[N];
    uint8_t bad[N];
    const double truth = 0.760249938906523; /* Phi(1 / sqrt 2) */
    int held = 0;
    for (int round = 0; round < 400; round++) {
        vouch_auc a;
        for (size_t i = 0; i < N; i++) {
            bad[i] = i < 60;
            score[i] = seeded_normal() + bad[i];
        }
        assert_ok(ctx, vouch_validate_auc_delong(ctx, N, score, bad, 0.95, &a));
        held += a.low <= truth && truth <= a.high;
    }
    assert_true(held >= 360 && held <= 398);
}

static void perfect_ranking_keeps_a_lower_limit_below_1(void **state)
{
    (void)state;
    double score[40], reversed[40], constant[40] = { 0 };
    uint8_t bad[40];
    vouch_auc a;
    for (size_t i = 0; i < 40; i++) {
        score[i] = (double)i;
        reversed[i] = -(double)i;
        bad[i] = i >= 20;
    }
    assert_ok(ctx, vouch_validate_auc_delong(ctx, 40, score, bad, 0.95, &a));
    assert_true(a.auc == 1.0 && a.variance == 0.0 && a.high == 1.0);
    assert_close(a.low, pow(0.025, 1.0 / 20), 1e-14); /* Clopper-Pearson, 20 of 20 */
    assert_ok(ctx, vouch_validate_auc_delong(ctx, 40, reversed, bad, 0.95, &a));
    assert_true(a.auc == 0.0 && a.low == 0.0);
    assert_close(a.high, 1 - pow(0.025, 1.0 / 20), 1e-14);
    assert_ok(ctx, vouch_validate_auc_delong(ctx, 40, constant, bad, 0.95, &a));
    assert_true(a.auc == 0.5 && a.low == 0.5 && a.high == 0.5);
}

static void few_cases_give_no_variance(void **state)
{
    (void)state;
    double score[40];
    uint8_t bad[40];
    vouch_auc a;
    vouch_auc_pair pair;
    for (size_t i = 0; i < 40; i++) {
        score[i] = (double)(i * 7 % 40);
        bad[i] = i < 9;
    }
    assert_ok(ctx, vouch_validate_auc_delong(ctx, 40, score, bad, 0.95, &a));
    assert_nan(a.variance);
    assert_true(a.low == 0.0 && a.high == 1.0 && a.n == 40 && a.n_bad == 9);
    assert_ok(ctx, vouch_validate_auc_paired(ctx, 40, score, score, bad, 0.95, &pair));
    assert_nan(pair.p_value);
    assert_true(pair.low == -1.0 && pair.high == 1.0);
    bad[9] = 1;
    assert_ok(ctx, vouch_validate_auc_delong(ctx, 40, score, bad, 0.95, &a));
    assert_true(a.variance > 0.0);
}

static void input_that_breaks_the_rules_is_refused_by_name(void **state)
{
    (void)state;
    const double score[] = { 0.1, NAN, 0.3 }, fine[] = { 0.1, 0.2, 0.3 }, weight[] = { 1, 1, 0 };
    const uint8_t bad[] = { 0, 1, 1 }, ones[] = { 1, 1, 1 }, two[] = { 0, 1, 2 };
    double out = 7;
    vouch_auc a = { .auc = 7 };
    assert_status(ctx, vouch_validate_auc(ctx, 0, fine, bad, NULL, &out), VOUCH_E_SHAPE);
    assert_status(ctx, vouch_validate_auc(ctx, 3, score, bad, NULL, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "score[1] is missing");
    assert_status(ctx, vouch_validate_auc(ctx, 3, fine, bad, weight, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "weight[2] is 0");
    assert_status(ctx, vouch_validate_auc(ctx, 3, fine, ones, NULL, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "every case is bad");
    assert_status(ctx, vouch_validate_auc(ctx, 3, fine, two, NULL, &out), VOUCH_E_DATA);
    assert_error_has(ctx, "bad[2] is 2");
    assert_status(ctx, vouch_validate_auc_delong(ctx, 3, fine, bad, 1.0, &a), VOUCH_E_ARG);
    assert_true(out == 7 && a.auc == 7);
}

static void infinite_scores_rank_at_the_ends(void **state)
{
    (void)state;
    const double score[] = { -INFINITY, 0, INFINITY, INFINITY };
    const uint8_t bad[] = { 0, 1, 1, 0 };
    assert_close(auc(4, score, bad, NULL), 0.625, 0);
}

static vouch_status both_once(vouch_ctx *c, void *arg)
{
    static double a[30000], b[30000];
    static uint8_t bad[30000];
    double out;
    vouch_auc one;
    vouch_auc_pair pair;
    (void)arg;
    for (size_t i = 0; i < 30000; i++) {
        a[i] = (double)(i * 7919 % 30000);
        b[i] = (double)(i * 104729 % 30000);
        bad[i] = i % 3 == 0;
    }
    vouch_status status = vouch_validate_auc(c, 30000, a, bad, NULL, &out);
    if (!status)
        status = vouch_validate_auc_delong(c, 30000, a, bad, 0.95, &one);
    return status ? status : vouch_validate_auc_paired(c, 30000, a, b, bad, 0.95, &pair);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(both_once, NULL, 0);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double a[N], b[N];
    static uint8_t bad[N];
    vouch_auc_pair first, pair;
    random_case(N, a, b, bad);
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx *c = vouch_ctx_new(&(vouch_ctx_options){ .threads = threads });
        memset(&pair, 0, sizeof pair);
        assert_ok(c, vouch_validate_auc_paired(c, N, a, b, bad, 0.95, &pair));
        if (threads == 1)
            first = pair;
        assert_memory_equal(&first, &pair, sizeof pair);
        vouch_ctx_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_counts_a_tie_as_half),
        cmocka_unit_test(auc_is_the_definition_bounded_and_blind_to_monotone_change),
        cmocka_unit_test(a_weight_of_two_is_the_case_twice),
        cmocka_unit_test(golden_cases_agree_to_1e_9),
        cmocka_unit_test(the_paired_test_is_symmetric_and_blind_to_the_order_of_rows),
        cmocka_unit_test(the_interval_covers_the_truth_as_often_as_it_says),
        cmocka_unit_test(perfect_ranking_keeps_a_lower_limit_below_1),
        cmocka_unit_test(few_cases_give_no_variance),
        cmocka_unit_test(input_that_breaks_the_rules_is_refused_by_name),
        cmocka_unit_test(infinite_scores_rank_at_the_ends),
        cmocka_unit_test(every_allocation_failure_is_survived),
        cmocka_unit_test(threads_do_not_change_a_bit),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
