/* What other packages get wrong about drift, each as a case in which this one must be right. The same list,
 * with who and where, stands in docs/monitor.md; what is held elsewhere is named there. */
#include "trial.h"

#include "num/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 2000 };

static vouch_ctx *ctx;
static vouch__rng rng;

static double told(const char *id, const vouch__sample *now, const vouch__sample *before, const char *params,
                   const char *what)
{
    vouch__evidence list;
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    if (params)
        assert_ok(ctx, vouch__json_read(ctx, "params", params, strlen(params), 0, &doc));
    assert_ok(ctx,
              trial_run(ctx, vouch_test_find(id), now, before, doc ? vouch__doc_root(doc) : NULL, &list));
    double value = golden_number(list.entries, what);
    vouch__doc_free(doc);
    vouch__evidence_free(&list);
    return value;
}

static double psi(const double *now, const double *before)
{
    const vouch__sample a = { .n = N, .score = now }, b = { .n = N, .score = before };
    return told("drift.psi", &a, &b, NULL, "0.value");
}

/* A column "t" of texts, each so often. */
static vouch__sample texts(const char *letters, const int *count)
{
    char json[8192];
    size_t len = (size_t)sprintf(json, "{'columns':{'t':[");
    for (size_t k = 0, all = 0; letters[k]; k++)
        for (int i = 0; i < count[k]; i++)
            len += (size_t)sprintf(json + len, "%s'%c'", all++ ? "," : "", letters[k]);
    (void)sprintf(json + len, "]}}");
    return trial_read(json);
}

static void rising(double *x)
{
    for (size_t i = 0; i < N; i++)
        x[i] = (double)i / N;
}

/* Sum of (a - e) ln(a / e) of shares smoothed by half a case, written out. */
static double by_hand(size_t bins, const double *from, const double *to)
{
    double n = 0.0, m = 0.0, sum = 0.0;
    for (size_t k = 0; k < bins; k++) {
        n += from[k];
        m += to[k];
    }
    for (size_t k = 0; k < bins; k++) {
        double e = (from[k] + 0.5) / (n + 0.5 * (double)bins), a = (to[k] + 0.5) / (m + 0.5 * (double)bins);
        sum += (a - e) * log(a / e);
    }
    return sum;
}

static void a_bin_that_empties_counts(void **state)
{
    double now[N], before[N], from[10], to[10];
    (void)state;
    rising(before);
    for (size_t i = 0; i < N; i++)
        now[i] = before[i] * 0.89;
    for (size_t k = 0; k < 10; k++) {
        from[k] = N / 10.0;
        to[k] = 0.0;
    }
    for (size_t i = 0; i < N; i++) {
        size_t k = 0;
        while (k < 9 && now[i] > (N - 1.0) * (double)(k + 1) / 10.0 / N)
            k++;
        to[k]++;
    }
    assert_true(to[9] == 0.0);
    assert_close(psi(now, before), by_hand(10, from, to), 1e-12);
    assert_true(psi(now, before) > 0.5);
}

static void the_top_tenth_counts(void **state)
{
    double now[N], before[N];
    (void)state;
    rising(before);
    for (size_t i = 0; i < N; i++)
        now[i] = i % 10 ? before[i] : 0.95; /* one in ten is pushed into the highest tenth */
    assert_true(psi(now, before) > 0.06 && psi(now, before) < 0.075);
}

static void the_number_of_bins_is_heeded(void **state)
{
    double now[N], before[N];
    (void)state;
    for (size_t i = 0; i < N; i++) {
        before[i] = vouch__rng_normal(&rng);
        now[i] = vouch__rng_normal(&rng) + 0.3;
    }
    const vouch__sample a = { .n = N, .score = now }, b = { .n = N, .score = before };
    double critical = 0.0, value = 0.0;
    for (int bins = 2; bins <= 64; bins *= 2) { /* a finer cut sees no less, and needs more to be sure */
        char params[32];
        (void)sprintf(params, "{\"bins\":%d}", bins);
        double v = told("drift.psi", &a, &b, params, "0.value");
        double c = told("drift.psi", &a, &b, params, "0.critical");
        assert_true(v > value * 0.98 && c > critical);
        value = v;
        critical = c;
    }
}

static void both_sides_are_smoothed_alike(void **state)
{
    (void)state;
    const int some[] = { 300, 200, 100 }, others[] = { 150, 350, 100 }, gone[] = { 300, 300, 0 };
    const vouch__sample a = texts("abc", some), b = texts("abc", others), c = texts("abc", gone);
    assert_close(told("drift.psi", &a, &b, NULL, "0.value"), told("drift.psi", &b, &a, NULL, "0.value"),
                 1e-12);
    const double from[] = { 300, 200, 100 }, to[] = { 300, 300, 0 };
    assert_close(told("drift.psi", &c, &a, NULL, "0.value"), by_hand(3, from, to), 1e-12);
}

static void an_extreme_value_moves_no_edge(void **state)
{
    double now[N], before[N];
    (void)state;
    rising(before);
    for (size_t i = 0; i < N; i++)
        now[i] = 0.1 + 0.9 * before[i];
    double plain = psi(now, before);
    now[N - 1] = 1e9;
    assert_close(psi(now, before), plain, 0.0);
    now[N - 1] = INFINITY; /* and an infinity is a value */
    assert_close(psi(now, before), plain, 0.0);
}

static void what_is_missing_or_infinite_is_not_dropped(void **state)
{
    double now[N], before[N];
    (void)state;
    rising(before);
    for (int kind = 0; kind < 3; kind++) {
        const double odd = kind == 0 ? (double)NAN : kind == 1 ? (double)INFINITY : -(double)INFINITY;
        for (size_t i = 0; i < N; i++)
            now[i] = i % 5 ? before[i] : odd;
        assert_true(psi(now, before) > 0.15);
    }
    for (size_t i = 0; i < N; i++)
        now[i] = NAN;
    assert_true(isfinite(psi(now, before)) && psi(now, before) > 1.0);
}

static void a_text_on_one_side_only_counts_and_stays_finite(void **state)
{
    (void)state;
    const int two[] = { 400, 200 }, three[] = { 400, 100, 100 }, none[] = { 0, 600 };
    const vouch__sample a = texts("ab", two), b = texts("abc", three), c = texts("ab", none);
    const char *const ids[] = { "drift.psi", "drift.jensen_shannon", "drift.hellinger", "drift.l_infinity",
                                "drift.chi_square" };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        double come = told(ids[i], &b, &a, NULL, "0.value"), gone = told(ids[i], &a, &b, NULL, "0.value");
        double swapped = told(ids[i], &c, &a, NULL, "0.value");
        assert_true(come > 0.05 && gone > 0.05 && isfinite(come) && isfinite(gone));
        assert_true(swapped > come && isfinite(swapped));
        assert_true(told(ids[i], &b, &a, NULL, "0.p_value") < 1e-6);
    }
}

/* Without drift PSI is (bins - 1) (1/n + 1/m) on average, 0.036 with 500 cases on each side: not a finding.
 */
static void small_samples_have_their_own_critical_value(void **state)
{
    enum { SMALL = 500, ROUNDS = 200 };
    double sum = 0.0, above = 0.0, critical = 0.0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        double now[SMALL], before[SMALL];
        for (size_t i = 0; i < SMALL; i++) {
            now[i] = vouch__rng_normal(&rng);
            before[i] = vouch__rng_normal(&rng);
        }
        const vouch__sample a = { .n = SMALL, .score = now }, b = { .n = SMALL, .score = before };
        double value = told("drift.psi", &a, &b, NULL, "0.value");
        critical = told("drift.psi", &a, &b, NULL, "0.critical");
        sum += value;
        above += value > critical;
    }
    assert_close(sum / ROUNDS, 9.0 * 2.0 / SMALL, 0.1);
    assert_close(critical, 16.918977604620451 * 2.0 / SMALL, 1e-9);
    assert_true(above / ROUNDS < 0.05 + 4.0 * sqrt(0.05 * 0.95 / ROUNDS));
}

static int begin(void **state)
{
    (void)state;
    ctx = vouch_ctx_new(NULL);
    rng = vouch__rng_make(20261122, 6);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vouch_ctx_free(ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bin_that_empties_counts),
        cmocka_unit_test(the_top_tenth_counts),
        cmocka_unit_test(the_number_of_bins_is_heeded),
        cmocka_unit_test(both_sides_are_smoothed_alike),
        cmocka_unit_test(an_extreme_value_moves_no_edge),
        cmocka_unit_test(what_is_missing_or_infinite_is_not_dropped),
        cmocka_unit_test(a_text_on_one_side_only_counts_and_stays_finite),
        cmocka_unit_test(small_samples_have_their_own_critical_value),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
