/* Delayed labels: bounds that hold whatever open cases turn out to be, are met by some outcome, and close as
 * outcomes come; young cases that change nothing. */
#include "trial.h"

#include "monitor/cohorts.h"
#include "num/rng.h"
#include "vouch/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40, OPEN = 8 };

typedef struct world {
    double score[N], probability[N], target[N], date[N];
    uint8_t bad[N];
    size_t open[OPEN];
} world;

static vouch_ctx *ctx;
static vouch__rng rng;

static void close_case(world *w, size_t i, int bad)
{
    w->target[i] = bad;
    w->bad[i] = bad != 0;
}

static void open_case(world *w, size_t i)
{
    w->target[i] = NAN;
    w->bad[i] = 0;
}

static vouch__sample sample_of(const world *w)
{
    return (vouch__sample){ .n = N,
                            .score = w->score,
                            .probability = w->probability,
                            .target = w->target,
                            .bad = w->bad,
                            .date = w->date };
}

/* Old cases, of which the first OPEN have no outcome; ties among the scores. */
static world make(void)
{
    world w;
    for (size_t i = 0; i < N; i++) {
        w.score[i] = floor(8.0 * vouch__rng_uniform(&rng));
        w.probability[i] = 0.1 + 0.1 * w.score[i];
        w.date[i] = 19000.0 + floor(20.0 * vouch__rng_uniform(&rng));
        close_case(&w, i, vouch__rng_uniform(&rng) < w.probability[i]);
        if (i < OPEN) {
            w.open[i] = i;
            open_case(&w, i);
        }
    }
    close_case(&w, N - 1, 1);
    close_case(&w, N - 2, 0);
    return w;
}

static vouch__evidence run(const world *w, const char *params)
{
    vouch__evidence list;
    vouch__doc *doc = NULL;
    vouch__sample s = sample_of(w);
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, vouch__json_read(ctx, "params", params, strlen(params), 0, &doc));
    assert_ok(ctx,
              trial_run(ctx, vouch_test_find("drift.delayed_labels"), &s, NULL, vouch__doc_root(doc), &list));
    vouch__doc_free(doc);
    return list;
}

enum { VALUE, LEAST = 3, MOST };
static double figure(const vouch__evidence *list, int row, int column)
{
    const vouch__json *table = golden_at(list->entries, "0.tables.measures.rows");
    return vouch__json_double(vouch__json_at(vouch__json_at(table, (size_t)row), (size_t)column + 1),
                              (double)NAN);
}

static const char mature[] = "{\"maturity\":0,\"period\":\"month\"}";

/* Every outcome of the open cases is within the bounds, and some outcome is at each. */
static void bounds_are_met_and_never_broken(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        world w = make(), all = w;
        vouch__evidence list = run(&w, mature);
        double low[4], high[4], seen_low[4], seen_high[4];
        for (int k = 0; k < 4; k++) {
            low[k] = figure(&list, k, LEAST);
            high[k] = figure(&list, k, MOST);
            seen_low[k] = INFINITY;
            seen_high[k] = -INFINITY;
        }
        vouch__evidence_free(&list);
        for (unsigned bits = 0; bits < 1U << OPEN; bits++) {
            double sum = 0.0, expected = 0.0, is[4];
            for (size_t i = 0; i < OPEN; i++)
                close_case(&all, w.open[i], bits >> i & 1);
            assert_ok(ctx, vouch_validate_auc(ctx, N, all.score, all.bad, NULL, &is[0]));
            assert_ok(ctx, vouch_validate_brier(ctx, N, all.probability, all.bad, NULL, &is[3]));
            for (size_t i = 0; i < N; i++) {
                sum += all.bad[i];
                expected += all.probability[i];
            }
            is[1] = sum / N;
            is[2] = sum / expected;
            for (int k = 0; k < 4; k++) {
                assert_true(is[k] >= low[k] - 1e-12 && is[k] <= high[k] + 1e-12);
                seen_low[k] = fmin(seen_low[k], is[k]);
                seen_high[k] = fmax(seen_high[k], is[k]);
            }
        }
        for (int k = 0; k < 4; k++) {
            assert_close(seen_low[k], low[k], 1e-12);
            assert_close(seen_high[k], high[k], 1e-12);
        }
    }
}

/* As outcomes come the bounds only tighten; with all there they are the value. */
static void bounds_close_as_outcomes_come(void **state)
{
    (void)state;
    world w = make();
    double low = 0.0, high = 1.0;
    for (size_t i = 0; i <= OPEN; i++) {
        vouch__evidence list = run(&w, mature);
        assert_true(figure(&list, 0, LEAST) >= low && figure(&list, 0, MOST) <= high);
        low = figure(&list, 0, LEAST);
        high = figure(&list, 0, MOST);
        if (i == OPEN)
            for (int k = 0; k < 4; k++) {
                assert_close(figure(&list, k, LEAST), figure(&list, k, VALUE), 1e-12);
                assert_close(figure(&list, k, MOST), figure(&list, k, VALUE), 1e-12);
            }
        else
            close_case(&w, w.open[i], vouch__rng_uniform(&rng) < 0.4);
        vouch__evidence_free(&list);
    }
}

/* Young cases with their early, bad outcomes move no figure; they are counted, and told as young. */
static void young_cases_change_nothing(void **state)
{
    (void)state;
    world w = make(), young = w;
    const char *const params = "{\"period\":\"month\",\"maturity\":12,\"as_of\":202402}";
    for (size_t i = 10; i < 20; i++) { /* half of what is of 2022-01 is now of 2023-06 and all bad */
        open_case(&w, i);
        w.date[i] = young.date[i] = 19510.0;
        close_case(&young, i, 1);
    }
    vouch__evidence a = run(&w, params), b = run(&young, params);
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 7; c++) {
            double x = figure(&a, k, c), y = figure(&b, k, c);
            assert_true(x == y && !isnan(x));
        }
    assert_string_equal(golden_text(b.entries, "0.tables.cohorts.rows.1.1"), "too young");
    assert_close(golden_number(a.entries, "0.tables.cohorts.rows.1.4"), 1.0, 0.0);
    assert_close(golden_number(b.entries, "0.tables.cohorts.rows.1.4"), 0.0, 0.0);
    vouch__evidence_free(&a);
    vouch__evidence_free(&b);
}

/* The order of cases, and a monotone change of the scores, do not matter. */
static void order_and_scale_do_not_matter(void **state)
{
    (void)state;
    world w = make(), turned = w;
    for (size_t i = 0; i < N; i++) {
        size_t j = N - 1 - i;
        turned.score[i] = 3.0 * w.score[j] - 100.0;
        turned.probability[i] = w.probability[j];
        turned.target[i] = w.target[j];
        turned.bad[i] = w.bad[j];
        turned.date[i] = w.date[j];
    }
    vouch__evidence a = run(&w, mature), b = run(&turned, mature);
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 7; c++) {
            double x = figure(&a, k, c), y = figure(&b, k, c);
            assert_close(x, y, 1e-12);
        }
    vouch__evidence_free(&a);
    vouch__evidence_free(&b);
}

static void what_cannot_be_said_is_refused(void **state)
{
    (void)state;
    world w = make();
    static const struct {
        const char *params, *says;
    } cases[] = {
        { "{\"maturity\":12}", "No case is matured: outcomes were read at the end of 2022-01." },
        { "{\"as_of\":202113}", "as_of is 202113, must be a year and a month, as 202609" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch__evidence list = run(&w, cases[i].params);
        assert_string_equal(golden_text(list.entries, "0.verdict"), "refused");
        assert_non_null(strstr(golden_text(list.entries, "0.note"), cases[i].says));
        vouch__evidence_free(&list);
    }
    for (size_t i = 0; i < N; i++)
        open_case(&w, i);
    vouch__evidence list = run(&w, mature);
    assert_non_null(
        strstr(golden_text(list.entries, "0.note"), "None of the 40 matured cases has an outcome"));
    vouch__evidence_free(&list);
    w.date[3] = 1e9;
    list = run(&w, mature);
    assert_non_null(strstr(golden_text(list.entries, "0.note"), "case 3 has a date"));
    vouch__evidence_free(&list);
}

/* Cases of each period stand together in their own order, and none is lost. */
static void cohorts_hold_every_case_once(void **state)
{
    (void)state;
    static const int months[] = { 1, 3, 6, 12 };
    double date[300];
    for (int round = 0; round < 20; round++) {
        vouch__cohorts c;
        bool seen[300] = { false };
        size_t mark = vouch__scratch_mark(ctx);
        for (size_t i = 0; i < 300; i++)
            date[i] = floor(-4000.0 + 9000.0 * vouch__rng_uniform(&rng));
        assert_ok(ctx, vouch__cohorts_make(ctx, 300, date, months[round % 4], 12, 0, &c));
        assert_int_equal(c.begin[0], 0);
        assert_int_equal(c.begin[c.n], 300);
        for (size_t k = 0; k < c.n; k++)
            for (size_t i = c.begin[k]; i < c.begin[k + 1]; i++) {
                assert_true(!seen[c.order[i]] && (i == c.begin[k] || c.order[i - 1] < c.order[i]));
                seen[c.order[i]] = true;
                assert_true(k == 0 || date[c.order[i]] > date[c.order[c.begin[k] - 1]]);
            }
        vouch__scratch_reset(ctx, mark);
    }
}

static vouch_status whole(vouch_ctx *worker, void *arg)
{
    vouch__evidence list;
    vouch__sample s = sample_of(arg);
    vouch_status status = vouch__evidence_new(worker, NULL, &list);
    if (status)
        return status;
    status = trial_run(worker, vouch_test_find("drift.delayed_labels"), &s, NULL, NULL, &list);
    vouch__evidence_free(&list);
    return status;
}

static void it_survives_every_allocation_failure(void **state)
{
    (void)state;
    world w = make();
    for (size_t i = N / 2; i < N; i++)
        w.date[i] += 800.0;
    sweep_allocations(whole, &w, 0);
}

static int begin(void **state)
{
    (void)state;
    ctx = vouch_ctx_new(NULL);
    rng = vouch__rng_make(20261122, 5);
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
        cmocka_unit_test(bounds_are_met_and_never_broken),
        cmocka_unit_test(bounds_close_as_outcomes_come),
        cmocka_unit_test(young_cases_change_nothing),
        cmocka_unit_test(order_and_scale_do_not_matter),
        cmocka_unit_test(what_cannot_be_said_is_refused),
        cmocka_unit_test(cohorts_hold_every_case_once),
        cmocka_unit_test(it_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
