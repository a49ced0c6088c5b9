/* Drift by column: size under no drift, what a planted drift shows, and performance without labels against
 * the outcomes that come. */
#include "trial.h"

#include "num/rng.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 160, M = 240, ROUNDS = 400 };

static double p_of(vouch_ctx *ctx, const char *id, const vouch__sample *now, const vouch__sample *before)
{
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, trial_run(ctx, vouch_test_find(id), now, before, NULL, &list));
    double p = vouch__json_double(vouch__json_get(list.entries->first, "p_value"), (double)NAN);
    vouch__evidence_free(&list);
    return p;
}

/* With no drift each test rejects at 5 % about one time in twenty: within four standard errors, or less where
 * its law is conservative. */
static void each_test_has_the_size_it_states(void **state)
{
    static const struct {
        const char *id;
        bool is_conservative;
    } tests[] = { { "drift.psi", true },         { "drift.jensen_shannon", false },
                  { "drift.hellinger", false },  { "drift.chi_square", false },
                  { "drift.l_infinity", true },  { "drift.ks", true },
                  { "drift.wasserstein", false } };
    double now[N], before[M];
    size_t rejected[7] = { 0 };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__rng rng = vouch__rng_make(20261122, 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < N; i++)
            now[i] = vouch__rng_normal(&rng);
        for (size_t i = 0; i < M; i++)
            before[i] = vouch__rng_normal(&rng);
        const vouch__sample a = { .n = N, .score = now };
        const vouch__sample b = { .n = M, .score = before };
        for (size_t t = 0; t < 7; t++)
            rejected[t] += p_of(ctx, tests[t].id, &a, &b) <= 0.05;
    }
    for (size_t t = 0; t < 7; t++) {
        double size = (double)rejected[t] / ROUNDS;
        double error = 4.0 * sqrt(0.05 * 0.95 / ROUNDS);
        print_message("%-24s rejects %.3f of samples without drift\n", tests[t].id, size);
        if (size > 0.05 + error || (!tests[t].is_conservative && size < 0.05 - error))
            fail_msg("%s has size %.3f", tests[t].id, size);
    }
    vouch_ctx_free(ctx);
}

static void a_shift_of_half_a_deviation_is_found_by_all(void **state)
{
    static const char *const ids[] = { "drift.psi",        "drift.jensen_shannon", "drift.hellinger",
                                       "drift.chi_square", "drift.l_infinity",     "drift.ks",
                                       "drift.wasserstein" };
    double now[N], before[M];
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__rng rng = vouch__rng_make(7, 1);
    for (size_t i = 0; i < N; i++)
        now[i] = vouch__rng_normal(&rng) + 0.7;
    for (size_t i = 0; i < M; i++)
        before[i] = vouch__rng_normal(&rng);
    const vouch__sample a = { .n = N, .score = now };
    const vouch__sample b = { .n = M, .score = before };
    for (size_t t = 0; t < sizeof ids / sizeof *ids; t++)
        assert_true(p_of(ctx, ids[t], &a, &b) < 0.01);
    vouch_ctx_free(ctx);
}

/* The regression case of the peers: a bin that empties must count, and so must a jump of missing values. */
static void what_vanishes_and_what_goes_missing_counts(void **state)
{
    double now[1000], before[1000];
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < 1000; i++) {
        before[i] = (double)i / 1000;
        now[i] = (double)i / 1000 * 0.9; /* the top tenth of the range is gone */
    }
    const vouch__sample a = { .n = 1000, .score = now };
    const vouch__sample b = { .n = 1000, .score = before };
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, trial_run(ctx, vouch_test_find("drift.psi"), &a, &b, NULL, &list));
    assert_true(golden_number(list.entries, "0.value") > 0.5);
    for (size_t i = 0; i < 1000; i++)
        now[i] = i % 5 ? before[i] : (double)NAN;
    assert_ok(ctx, trial_run(ctx, vouch_test_find("drift.psi"), &a, &b, NULL, &list));
    assert_true(golden_number(list.entries, "1.value") > 0.5);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

/* Estimated measures agree with the mean of what is realised when outcomes are drawn from the probabilities,
 * and the interval holds the realised AUC as often as it says. */
static void estimates_hold_on_outcomes_that_come(void **state)
{
    enum { CASES = 400, DRAWS = 400 };
    double p[CASES];
    uint8_t bad[CASES];
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__rng rng = vouch__rng_make(11, 2);
    for (size_t i = 0; i < CASES; i++) {
        double u = vouch__rng_uniform(&rng);
        p[i] = 0.02 + 0.6 * u * u;
    }
    const vouch__sample s = { .n = CASES, .score = p, .probability = p };
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, trial_run(ctx, vouch_test_find("drift.estimated_performance"), &s, NULL, NULL, &list));
    double auc = golden_number(list.entries, "0.value"), low = golden_number(list.entries, "0.interval.low");
    double high = golden_number(list.entries, "0.interval.high"), sum = 0.0;
    double pairs = 0.0, wins = 0.0;
    for (size_t i = 0; i < CASES; i++)
        for (size_t j = 0; j < CASES; j++) {
            pairs += p[i] * (1.0 - p[j]);
            wins += p[i] * (1.0 - p[j]) * (p[i] > p[j] ? 1.0 : p[i] == p[j] ? 0.5 : 0.0);
        }
    assert_close(auc, wins / pairs, 1e-12);
    size_t held = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        double realised = 0.0;
        for (size_t i = 0; i < CASES; i++)
            bad[i] = vouch__rng_uniform(&rng) < p[i];
        assert_ok(ctx, vouch_validate_auc(ctx, CASES, p, bad, NULL, &realised));
        sum += realised;
        held += realised >= low && realised <= high;
    }
    print_message("interval holds %.3f of realised AUCs\n", (double)held / DRAWS);
    assert_close(sum / DRAWS, auc, 0.005);
    assert_true((double)held > DRAWS * 0.95 - 4 * sqrt(DRAWS * 0.95 * 0.05));
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

/* Two columns whose combination alone has changed: no column drifts, the classifier sees it. */
static void a_change_of_combination_is_seen_by_the_classifier_only(void **state)
{
    enum { ROWS = 600 };
    char *json[2] = { calloc(1, 1 << 16), calloc(1, 1 << 16) };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__rng rng = vouch__rng_make(5, 3);
    vouch__sample s[2];
    for (int k = 0; k < 2; k++) {
        double x[ROWS], y[ROWS];
        size_t at = 0;
        for (size_t i = 0; i < ROWS; i++) {
            double u = vouch__rng_normal(&rng), v = vouch__rng_normal(&rng);
            x[i] = u;
            y[i] = k ? v : 0.8 * u + 0.6 * v; /* normal of variance 1 either way */
        }
        at += (size_t)snprintf(json[k] + at, (1 << 16) - at, "{'columns':{'x':[");
        for (size_t i = 0; i < ROWS; i++)
            at += (size_t)snprintf(json[k] + at, (1 << 16) - at, "%s%.6f", i ? "," : "", x[i]);
        at += (size_t)snprintf(json[k] + at, (1 << 16) - at, "],'y':[");
        for (size_t i = 0; i < ROWS; i++)
            at += (size_t)snprintf(json[k] + at, (1 << 16) - at, "%s%.6f", i ? "," : "", y[i]);
        (void)snprintf(json[k] + at, (1 << 16) - at, "]}}");
        s[k] = trial_read(json[k]);
    }
    assert_true(p_of(ctx, "drift.psi", &s[0], &s[1]) > 0.01);
    assert_true(p_of(ctx, "drift.domain_classifier", &s[0], &s[1]) < 1e-6);
    vouch_ctx_free(ctx);
    free(json[0]);
    free(json[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_test_has_the_size_it_states),
        cmocka_unit_test(a_shift_of_half_a_deviation_is_found_by_all),
        cmocka_unit_test(what_vanishes_and_what_goes_missing_counts),
        cmocka_unit_test(estimates_hold_on_outcomes_that_come),
        cmocka_unit_test(a_change_of_combination_is_seen_by_the_classifier_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
