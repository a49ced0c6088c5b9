/* Candidates against a baseline: figures by hand, intervals by the jackknife, and the rule that chooses. */
#include "check.h"

#include "fairness/alternatives.h"
#include "vouch/fairness.h"

#include <math.h>
#include <string.h>

enum { N = 400, GROUPS = 3 };

typedef struct people { /* of three groups, two of them compared */
    vouch__groups groups;
    uint8_t of[N], bad[N], approve[2][N];
    double raw[2][N];
    size_t count[GROUPS];
    char label[GROUPS][VOUCH__GROUP_LABEL];
} people;

static void make_people(people *p)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < N; i++) {
        p->of[i] = (uint8_t)(i % 8 < 4 ? 0 : i % 8 < 7 ? 1 : 2);
        p->count[p->of[i]]++;
        p->bad[i] = seeded() < 0.3;
        p->raw[0][i] = p->bad[i] + (p->of[i] == 1) * 0.6 + 2 * seeded();
        p->raw[1][i] = p->raw[0][i] - (p->of[i] == 1) * 0.4 + 0.3 * seeded();
        for (size_t m = 0; m < 2; m++)
            p->approve[m][i] = p->raw[m][i] < 1.6;
    }
    p->groups = (vouch__groups){ .column = "g",
                                 .n = N,
                                 .n_groups = GROUPS,
                                 .of = p->of,
                                 .label = p->label,
                                 .count = p->count,
                                 .missing = SIZE_MAX };
}

static vouch__ruling ruling(const people *p, size_t m)
{
    return (vouch__ruling){ N, p->raw[m], p->approve[m], p->bad };
}

static void a_ratios_interval_is_that_of_the_adverse_impact_ratio(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    people p;
    make_people(&p);
    const vouch__disparity d = { VOUCH__DISPARITY_AIR, 1, &p.groups, 60 }; /* the third group is too small */
    const vouch__ruling rows = ruling(&p, 0);
    uint64_t approved[GROUPS] = { 0 };
    vouch__gap gap;
    vouch_air air;
    for (size_t i = 0; i < N; i++)
        approved[p.of[i]] += p.approve[0][i];
    assert_ok(ctx, vouch__gap_find(ctx, &d, &rows, &gap));
    assert_ok(ctx, vouch_fairness_air(ctx, approved[1], p.count[1], approved[0], p.count[0], 0.95, &air));
    assert_int_equal(gap.column, 0);
    assert_int_equal(gap.group, 1);
    assert_close(gap.figure.value, air.ratio, 1e-14);
    assert_close(gap.figure.low, air.low, 1e-12);
    assert_close(gap.figure.high, air.high, 1e-12);
    vouch_ctx_free(ctx);
}

/* The gain without one case, for each: its spread is the jackknife's standard error. */
static double jackknife(vouch_ctx *ctx, const people *p, vouch__disparity_measure measure)
{
    double sum = 0, squares = 0;
    for (size_t left = 0; left < N; left++) {
        people less = *p;
        vouch__gap gap[2];
        vouch__figure gain;
        less.of[left] = 2; /* among those who are not compared */
        less.count[2]++;
        less.count[p->of[left]]--;
        less.groups.of = less.of;
        less.groups.count = less.count;
        const vouch__disparity d = { measure, 1, &less.groups, 60 };
        const vouch__ruling a = ruling(&less, 1), b = ruling(&less, 0);
        assert_ok(ctx, vouch__gap_find(ctx, &d, &a, &gap[1]));
        assert_ok(ctx, vouch__gap_find(ctx, &d, &b, &gap[0]));
        assert_ok(ctx, vouch__gap_gain(ctx, &d, &a, &gap[1], &b, &gap[0], &gain));
        sum += gain.value;
        squares += gain.value * gain.value;
    }
    return sqrt((N - 1.0) / N * (squares - sum * sum / N));
}

static void the_interval_of_a_gain_is_about_the_jackknifes(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    people p;
    make_people(&p);
    for (int k = 0; k < 2; k++) {
        const vouch__disparity d = { (vouch__disparity_measure)k, 1, &p.groups, 60 };
        const vouch__ruling a = ruling(&p, 1), b = ruling(&p, 0);
        vouch__gap gap[2];
        vouch__figure gain, back, self;
        assert_ok(ctx, vouch__gap_find(ctx, &d, &a, &gap[1]));
        assert_ok(ctx, vouch__gap_find(ctx, &d, &b, &gap[0]));
        assert_ok(ctx, vouch__gap_gain(ctx, &d, &a, &gap[1], &b, &gap[0], &gain));
        assert_ok(ctx, vouch__gap_gain(ctx, &d, &b, &gap[0], &a, &gap[1], &back));
        assert_ok(ctx, vouch__gap_gain(ctx, &d, &a, &gap[1], &a, &gap[1], &self));
        assert_close(gain.value, -back.value, 1e-14);
        assert_close(gain.low, -back.high, 1e-12);
        assert_close(self.high - self.low, 0, 1e-14);
        double error = (gain.high - gain.low) / (2 * 1.959963984540054);
        assert_close(error / jackknife(ctx, &p, (vouch__disparity_measure)k), 1, 0.03);
    }
    vouch_ctx_free(ctx);
}

static void money_is_counted_by_applicant(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const uint8_t bad[] = { 0, 0, 1, 1 }, all[] = { 1, 1, 1, 1 }, some[] = { 1, 0, 1, 0 };
    const vouch__ruling a = { 4, NULL, some, bad }, b = { 4, NULL, all, bad };
    const vouch__payoff pay = { 2, 5 };
    vouch__figure of, against;
    assert_ok(ctx, vouch__payoff_against(ctx, pay, &a, NULL, &of));
    assert_ok(ctx, vouch__payoff_against(ctx, pay, &a, &b, &against));
    assert_close(of.value, (2 - 5) / 4.0, 1e-15);
    assert_close(against.value, (2 - 5 - (2 + 2 - 5 - 5)) / 4.0, 1e-15);
    /* differences 0, -2, 0, 5: mean 0.75, sum of squares about it 26.75 */
    assert_close(against.high - against.value, 1.959963984540054 * sqrt(26.75 / 3 / 4), 1e-12);
    vouch_ctx_free(ctx);
}

static vouch__candidate candidate(double performance, double low, double ratio, double less, double less_low)
{
    return (vouch__candidate){ .performance = { performance, 0, 1 },
                               .against = { performance - 0.8, low, 1 },
                               .gap = { { ratio, 0, 1 }, 0, 1 },
                               .gain = { less, less_low, 1 },
                               .approved = performance };
}

static void the_rule_takes_the_least_disparity_that_is_shown(void **state)
{
    (void)state;
    vouch__candidate c[] = {
        candidate(0.80, 0, 0.70, 0, 0),              /* the baseline */
        candidate(0.79, -0.02, 0.95, 0.3, 0.2),      /* too weak */
        candidate(0.81, 0.00, 0.70, 0.0, -0.1),      /* no less */
        candidate(0.795, -0.009, 0.72, 0.03, -0.01), /* chance */
        candidate(0.799, -0.005, 0.80, 0.13, 0.05),  /* eligible */
        candidate(0.798, -0.006, 0.85, 0.19, 0.05),  /* the least that is shown */
        candidate(0.798, -0.006, 0.85, 0.19, 0.05),  /* the same again */
        { .is_failed = true },
        candidate(0.797, -0.007, 0.84, 0.18, 0.05), /* eligible, but 5 is better on both */
    };
    const vouch__fate fate[] = { VOUCH__FATE_BASELINE, VOUCH__FATE_WEAKER, VOUCH__FATE_NO_LESS,
                                 VOUCH__FATE_CHANCE,   VOUCH__FATE_MORE,   VOUCH__FATE_CHOSEN,
                                 VOUCH__FATE_SAME,     VOUCH__FATE_FAILED, VOUCH__FATE_MORE };
    const bool front[] = { false, true, true, false, true, true, false, false, false };
    enum { ALL = sizeof c / sizeof *c };
    assert_int_equal(vouch__candidates_judge(VOUCH__DISPARITY_AIR, 0.01, ALL, c), 5);
    for (size_t i = 0; i < ALL; i++) {
        assert_int_equal(c[i].fate, fate[i]);
        assert_int_equal(c[i].on_front, front[i]);
    }
    assert_int_equal(c[4].other, 5);
    assert_int_equal(c[6].other, 5);
    /* nothing is chosen where nothing is shown */
    assert_true(vouch__candidates_judge(VOUCH__DISPARITY_AIR, 0.01, 4, c) == SIZE_MAX);
    assert_true(vouch__candidates_judge(VOUCH__DISPARITY_AIR, 0.03, 4, c) == 1);
}

/* Nobody on the front is beaten, and whoever is not on it is: by brute force. */
static void the_front_is_who_nobody_beats(void **state)
{
    (void)state;
    enum { ALL = 40 };
    vouch__candidate c[ALL];
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < ALL; i++) {
            c[i] = candidate(floor(seeded() * 20), 0, floor(seeded() * 20), 1, 1);
            c[i].approved = (double)i; /* nobody is the same */
        }
        (void)vouch__candidates_judge((vouch__disparity_measure)k, 0.01, ALL, c);
        for (size_t i = 0; i < ALL; i++) {
            bool beaten = false;
            for (size_t j = 0; j < ALL; j++) {
                double p = c[j].performance.value - c[i].performance.value;
                double e = (k ? -1 : 1) * (c[j].gap.figure.value - c[i].gap.figure.value);
                beaten = beaten || (p >= 0 && e >= 0 && p + e > 0);
            }
            assert_int_equal(c[i].on_front, !beaten);
        }
    }
}

static void ties_at_a_cutoff_fall_on_the_nearer_side(void **state)
{
    (void)state;
    const double sorted[] = { 0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7 };
    assert_close(vouch__approve_cutoff(10, sorted, 0.2), 0.1, 0); /* 1 is nearer to 2 than 5 */
    assert_close(vouch__approve_cutoff(10, sorted, 0.4), 0.2, 0);
    assert_close(vouch__approve_cutoff(10, sorted, 0.6), 0.3, 0);
    assert_close(vouch__approve_cutoff(10, sorted, 1.0), 0.7, 0);
    assert_close(vouch__approve_cutoff(10, sorted, 0.0), -1, 0);
    assert_close(vouch__approve_cutoff(0, sorted, 0.5), -1, 0);
}

static void reweighed_cases_have_outcomes_that_tell_no_group(void **state)
{
    (void)state;
    people p;
    double weight[N], bad[GROUPS] = { 0 }, all[GROUPS] = { 0 }, total = 0, all_bad = 0;
    make_people(&p);
    vouch__reweigh(&p.groups, p.bad, weight);
    for (size_t i = 0; i < N; i++) {
        all[p.of[i]] += weight[i];
        bad[p.of[i]] += weight[i] * p.bad[i];
        total += weight[i];
        all_bad += p.bad[i];
    }
    assert_close(total, N, 1e-10);
    for (size_t g = 0; g < GROUPS; g++) {
        assert_close(bad[g] / all[g], all_bad / N, 1e-12);
        assert_close(all[g], (double)p.count[g], 1e-10);
    }
}

static vouch_status figures(vouch_ctx *ctx, void *arg)
{
    const people *p = arg;
    const vouch__disparity d = { VOUCH__DISPARITY_SMD, 1, &p->groups, 60 };
    const vouch__ruling a = ruling(p, 1), b = ruling(p, 0);
    vouch__gap gap[2];
    vouch__figure gain;
    vouch_status status = vouch__gap_find(ctx, &d, &a, &gap[1]);
    if (!status)
        status = vouch__gap_find(ctx, &d, &b, &gap[0]);
    if (!status)
        status = vouch__gap_gain(ctx, &d, &a, &gap[1], &b, &gap[0], &gain);
    return status ? status : vouch__payoff_against(ctx, (vouch__payoff){ 1, 5 }, &a, &b, &gain);
}

static void figures_survive_every_allocation_failure(void **state)
{
    (void)state;
    people p;
    make_people(&p);
    sweep_allocations(figures, &p, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratios_interval_is_that_of_the_adverse_impact_ratio),
        cmocka_unit_test(the_interval_of_a_gain_is_about_the_jackknifes),
        cmocka_unit_test(money_is_counted_by_applicant),
        cmocka_unit_test(the_rule_takes_the_least_disparity_that_is_shown),
        cmocka_unit_test(the_front_is_who_nobody_beats),
        cmocka_unit_test(ties_at_a_cutoff_fall_on_the_nearer_side),
        cmocka_unit_test(reweighed_cases_have_outcomes_that_tell_no_group),
        cmocka_unit_test(figures_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
