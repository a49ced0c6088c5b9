/* KS: tied scores move together. Against scipy, scikit-learn, the definition, and what other packages get
 * wrong. */
#include "golden.h"

#include "vouch/validate.h"

#include <math.h>

static vouch_ctx *ctx;

static double ks(size_t n, const double *score, const uint8_t *bad, const double *weight, double *at)
{
    double out = NAN;
    assert_ok(ctx, vouch_validate_ks(ctx, n, score, bad, weight, &out, at));
    return out;
}

/* Cumulating row by row gives 1 when the bads come first. */
static void a_constant_score_has_distance_0(void **state)
{
    (void)state;
    double score[50], at = 7;
    uint8_t bad[50];
    for (size_t i = 0; i < 50; i++) {
        score[i] = 0.25;
        bad[i] = i < 10;
    }
    assert_close(ks(50, score, bad, NULL, &at), 0.0, 0);
    assert_close(at, 0.25, 0);
}

/* Counting the population from 0 gives 0.95. */
static void twenty_and_twenty_apart_have_distance_1(void **state)
{
    (void)state;
    double score[40], at = NAN;
    uint8_t bad[40];
    for (size_t i = 0; i < 40; i++) {
        score[i] = (double)i;
        bad[i] = i >= 20;
    }
    assert_close(ks(40, score, bad, NULL, &at), 1.0, 0);
    assert_close(at, 19.0, 0);
}

/* A twelve-point card on 5,000 rows: the same distance in whatever order the rows come. */
static void the_order_of_rows_does_not_matter_on_a_card_with_few_points(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double score[N], sorted[N];
    static uint8_t bad[N], sorted_bad[N];
    size_t k = 0;
    for (size_t i = 0; i < N; i++) {
        bad[i] = seeded() < 0.2;
        score[i] = floor(12 * fmin(0.999, fmax(0, 0.5 + 0.2 * seeded_normal() + 0.1 * bad[i])));
    }
    for (int pass = 1; pass >= 0; pass--) /* bads first: the order that hurts most */
        for (size_t i = 0; i < N; i++)
            if (bad[i] == pass) {
                sorted[k] = score[i];
                sorted_bad[k++] = bad[i];
            }
    assert_close(ks(N, score, bad, NULL, NULL), ks(N, sorted, sorted_bad, NULL, NULL), 0);
}

static void distance_is_the_definition_bounded_and_symmetric(void **state)
{
    (void)state;
    enum { MAX = 50 };
    double score[MAX], weight[MAX], shifted[MAX];
    uint8_t bad[MAX], good[MAX];
    for (int round = 0; round < 300; round++) {
        size_t n = 2 + seeded_below(MAX - 2);
        double want = 0, total[2] = { 0, 0 };
        for (size_t i = 0; i < n; i++) {
            score[i] = floor(9 * seeded());
            shifted[i] = 3 * score[i] - 20;
            weight[i] = 0.5 + seeded();
            bad[i] = i == 0 ? 1 : i == 1 ? 0 : seeded() < 0.4;
            good[i] = !bad[i];
            total[bad[i]] += weight[i];
        }
        for (double t = 0; t < 9; t++) {
            double below[2] = { 0, 0 };
            for (size_t i = 0; i < n; i++)
                if (score[i] <= t)
                    below[bad[i]] += weight[i];
            want = fmax(want, fabs(below[1] / total[1] - below[0] / total[0]));
        }
        double got = ks(n, score, bad, weight, NULL);
        assert_close(got, want, 1e-14);
        assert_true(got >= 0.0 && got <= 1.0);
        assert_close(ks(n, score, good, weight, NULL), got, 1e-15);
        assert_close(ks(n, shifted, bad, weight, NULL), got, 0);
    }
}

static void golden_cases_agree_to_1e_9(void **state)
{
    (void)state;
    const vouch__json *root = golden("validate/metrics.json");
    for (const vouch__json *c = golden_at(root, "cases")->first; c; c = c->next) {
        size_t n;
        double *p = golden_array(c, "probability", &n);
        uint8_t *bad = golden_flags(c, "bad", NULL);
        assert_close(ks(n, p, bad, NULL, NULL), golden_number(c, "ks"), 1e-12);
        if (vouch__json_get(c, "weight"))
            assert_close(ks(n, p, bad, golden_array(c, "weight", NULL), NULL),
                         golden_number(c, "weighted.ks"), 1e-12);
    }
}

static void a_missing_class_is_refused(void **state)
{
    (void)state;
    const double score[] = { 1, 2 };
    const uint8_t none[] = { 0, 0 };
    double out = 7;
    assert_status(ctx, vouch_validate_ks(ctx, 2, score, none, NULL, &out, NULL), VOUCH_E_DATA);
    assert_error_has(ctx, "every case is good");
    assert_status(ctx, vouch_validate_ks(ctx, 0, score, none, NULL, &out, NULL), VOUCH_E_SHAPE);
    assert_true(out == 7);
}

static vouch_status once(vouch_ctx *c, void *arg)
{
    static double score[9000];
    static uint8_t bad[9000];
    double out;
    (void)arg;
    for (size_t i = 0; i < 9000; i++) {
        score[i] = (double)(i * 7919 % 9000);
        bad[i] = i % 5 == 0;
    }
    return vouch_validate_ks(c, 9000, score, bad, NULL, &out, NULL);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_score_has_distance_0),
        cmocka_unit_test(twenty_and_twenty_apart_have_distance_1),
        cmocka_unit_test(the_order_of_rows_does_not_matter_on_a_card_with_few_points),
        cmocka_unit_test(distance_is_the_definition_bounded_and_symmetric),
        cmocka_unit_test(golden_cases_agree_to_1e_9),
        cmocka_unit_test(a_missing_class_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
