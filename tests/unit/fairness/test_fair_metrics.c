/* Measures by group: the reference packages' numbers, published values, and what must hold for every table.
 */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "vouch/fairness.h"

#include <math.h>

static vouch__doc *golden(vouch_ctx *ctx)
{
    vouch__buf buf;
    vouch__doc *doc = NULL;
    vouch__buf_init(ctx, &buf, 0);
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/fairness/fairness.json", 1 << 20, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "fairness.json", buf.at, buf.len, 1 << 20, &doc));
    vouch__buf_free(&buf);
    return doc;
}

static size_t numbers(const vouch__json *array, double *out)
{
    size_t n = 0;
    for (const vouch__json *v = array->first; v; v = v->next)
        out[n++] = v->number;
    return n;
}

static void fishers_p_equals_scipys(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = golden(ctx);
    const vouch__json *rows = vouch__json_get(vouch__doc_root(doc), "fisher");
    for (const vouch__json *at = rows->first; at; at = at->next) {
        double t[5] = { 0 }, p = NAN;
        numbers(at, t);
        assert_ok(ctx, vouch_fairness_fisher(ctx, (uint64_t)t[0], (uint64_t)t[1], (uint64_t)t[2],
                                             (uint64_t)t[3], &p));
        if (t[4] > 0)
            assert_close(p / t[4], 1, 1e-9); /* relative: small p-values are compared too */
    }
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static void the_ratio_and_its_interval_equal_fairlearns_and_scipys(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = golden(ctx);
    const vouch__json *rows = vouch__json_get(vouch__doc_root(doc), "air");
    for (const vouch__json *at = rows->first; at; at = at->next) {
        double t[8] = { 0 };
        vouch_air air = { 0 };
        numbers(at, t);
        assert_ok(ctx, vouch_fairness_air(ctx, (uint64_t)t[0], (uint64_t)t[1], (uint64_t)t[2], (uint64_t)t[3],
                                          0.95, &air));
        assert_close(air.ratio, t[4], 1e-12);
        assert_close(air.low, t[5], 1e-9);
        assert_close(air.high, t[6], 1e-9);
        assert_close(air.p_value / t[7], 1, 1e-9);
    }
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

/* Boston HMDA, 2,380 applications: 90.74 % of 2,041 and 71.68 % of 339 approved; fails four fifths. */
static void boston_hmda_has_a_ratio_of_0_790(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_air air = { 0 };
    assert_ok(ctx, vouch_fairness_air(ctx, 243, 339, 1852, 2041, 0.95, &air));
    assert_close(air.rate_reference, 0.9074, 5e-5);
    assert_close(air.rate_protected, 0.7168, 5e-5);
    assert_close(air.ratio, 0.790, 5e-4);
    assert_close(air.shortfall, 339 * 1852.0 / 2041 - 243, 1e-12);
    assert_true(air.p_value < 1e-15 && air.low < air.ratio && air.ratio < air.high && air.high < 0.86);
    vouch_ctx_free(ctx);
}

static double factorial_log(double n) { return lgamma(n + 1); }

/* The definition: sum over all tables with these margins that are no likelier than this one. */
static double fisher_by_definition(double a, double b, double c, double d)
{
    double row = a + b, column = a + c, n = a + b + c + d, sum = 0, seen = NAN;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k <= (int)fmin(row, column); k++) {
            double x = k;
            if (x < row + column - n)
                continue;

            double p = exp(factorial_log(row) + factorial_log(n - row) + factorial_log(column) +
                           factorial_log(n - column) - factorial_log(n) - factorial_log(x) -
                           factorial_log(row - x) - factorial_log(column - x) -
                           factorial_log(n - row - column + x));
            if (pass == 0 && x == a)
                seen = p;
            if (pass == 1 && p <= seen * (1 + 1e-7))
                sum += p;
        }
    return fmin(1, sum);
}

static void fishers_p_has_the_definition_and_the_symmetries(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 500; round++) {
        uint64_t a = seeded_below(30), b = seeded_below(30), c = seeded_below(30), d = seeded_below(30);
        double p = NAN, turned = NAN, swapped = NAN;
        assert_ok(ctx, vouch_fairness_fisher(ctx, a, b, c, d, &p));
        assert_ok(ctx, vouch_fairness_fisher(ctx, a, c, b, d, &turned));
        assert_ok(ctx, vouch_fairness_fisher(ctx, c, d, a, b, &swapped));
        assert_close(p, fisher_by_definition((double)a, (double)b, (double)c, (double)d), 1e-11);
        assert_close(turned, p, 1e-12);
        assert_close(swapped, p, 1e-12);
        assert_true(p > 0 && p <= 1);
    }
    vouch_ctx_free(ctx);
}

static void millions_of_cases_take_no_time(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double p = NAN;
    assert_ok(ctx, vouch_fairness_fisher(ctx, 500000000000, 500000000000, 500000000000, 500000000000, &p));
    assert_close(p, 1, 1e-9);
    assert_ok(ctx, vouch_fairness_fisher(ctx, 900000000, 100000000, 100000000, 900000000, &p));
    assert_close(p, 0, 0); /* less than a double can say */
    assert_status(ctx, vouch_fairness_fisher(ctx, UINT64_MAX, 1, 1, 1, &p), VOUCH_E_LIMIT);
    vouch_ctx_free(ctx);
}

static void degenerate_groups_are_named(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_air air = { 0 };
    assert_status(ctx, vouch_fairness_air(ctx, 0, 0, 1, 2, 0.95, &air), VOUCH_E_SHAPE);
    assert_error_has(ctx, "protected");
    assert_status(ctx, vouch_fairness_air(ctx, 1, 2, 0, 0, 0.95, &air), VOUCH_E_SHAPE);
    assert_error_has(ctx, "reference");
    assert_status(ctx, vouch_fairness_air(ctx, 3, 2, 1, 2, 0.95, &air), VOUCH_E_ARG);
    assert_ok(ctx, vouch_fairness_air(ctx, 1, 2, 0, 2, 0.95, &air));
    assert_nan(air.ratio);
    assert_nan(air.low);
    assert_ok(ctx, vouch_fairness_air(ctx, 0, 2, 1, 2, 0.95, &air));
    assert_close(air.ratio, 0, 0);
    assert_nan(air.high);
    vouch_ctx_free(ctx);
}

/* Means 2 and 5, both variances 1 (n - 1): 100 x 3 / 1. */
static void the_mean_difference_is_in_pooled_deviations(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const double score[] = { 1, 2, 3, 4, 5, 6, 1000 };
    const uint8_t group[] = { 0, 0, 0, 1, 1, 1, 2 };
    double smd = 0, x[64], y[64];
    uint8_t g[64];
    assert_ok(ctx, vouch_fairness_smd(ctx, 7, score, group, &smd));
    assert_close(smd, 300, 1e-12);
    assert_ok(ctx, vouch_fairness_smd(ctx, 4, score, group, &smd));
    assert_nan(smd); /* one protected case */
    for (int round = 0; round < 100; round++) {
        double turned = 0, moved = 0;
        for (size_t i = 0; i < 64; i++) {
            x[i] = seeded_normal();
            g[i] = (uint8_t)(i < 4 ? i % 2 : seeded_below(3));
            y[i] = 3 * x[i] - 7;
        }
        assert_ok(ctx, vouch_fairness_smd(ctx, 64, x, g, &smd));
        assert_ok(ctx, vouch_fairness_smd(ctx, 64, y, g, &moved));
        for (size_t i = 0; i < 64; i++)
            g[i] = (uint8_t)(g[i] == 2 ? 2 : 1 - g[i]);
        assert_ok(ctx, vouch_fairness_smd(ctx, 64, x, g, &turned));
        assert_close(turned, -smd, 1e-10); /* antisymmetric */
        assert_close(moved, smd, 1e-10);   /* scale and origin do not matter */
    }
    vouch_ctx_free(ctx);
}

static void the_mean_difference_equals_numpys(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = golden(ctx);
    const vouch__json *smd = vouch__json_get(vouch__doc_root(doc), "smd");
    double score[64], code[64] = { 0 }, got = NAN;
    uint8_t group[64];
    size_t n = numbers(vouch__json_get(smd, "score"), score);
    numbers(vouch__json_get(smd, "group"), code);
    for (size_t i = 0; i < n; i++)
        group[i] = (uint8_t)code[i];
    assert_ok(ctx, vouch_fairness_smd(ctx, n, score, group, &got));
    assert_close(got, vouch__json_double(vouch__json_get(smd, "value"), NAN), 1e-9);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static vouch_status all_measures(vouch_ctx *ctx, void *arg)
{
    const double score[] = { 1, 2, 3, 4 };
    const uint8_t group[] = { 0, 0, 1, 1 };
    double smd;
    vouch_air air;
    (void)arg;
    vouch_status status = vouch_fairness_air(ctx, 1, 2, 2, 3, 0.9, &air);
    return status ? status : vouch_fairness_smd(ctx, 4, score, group, &smd);
}

static void measures_survive_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(all_measures, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fishers_p_equals_scipys),
        cmocka_unit_test(the_ratio_and_its_interval_equal_fairlearns_and_scipys),
        cmocka_unit_test(boston_hmda_has_a_ratio_of_0_790),
        cmocka_unit_test(fishers_p_has_the_definition_and_the_symmetries),
        cmocka_unit_test(millions_of_cases_take_no_time),
        cmocka_unit_test(degenerate_groups_are_named),
        cmocka_unit_test(the_mean_difference_is_in_pooled_deviations),
        cmocka_unit_test(the_mean_difference_equals_numpys),
        cmocka_unit_test(measures_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
