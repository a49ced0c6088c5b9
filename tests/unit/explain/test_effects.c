/* Partial dependence and directions, on a model whose formula is known: raw = 2 a - b (a missing: 7). */
#include "check.h"

#include "explain/effects.h"

#include <math.h>
#include <string.h>

static double sigmoid(double raw) { return 1.0 / (1.0 + exp(-raw)); }

static void predict(const void *state, vouch__matrix x, double *raw)
{
    (void)state;
    for (size_t i = 0; i < x.rows; i++)
        raw[i] = (isnan(x.at[i * x.cols]) ? 7.0 : 2.0 * x.at[i * x.cols]) - x.at[i * x.cols + 1];
}

static double probability(const void *state, double raw)
{
    (void)state;
    return sigmoid(raw);
}

static const vouch__model_kind kind = { .name = "line", .predict = predict, .probability = probability };
static char name_a[] = "a", name_b[] = "b", yes[] = "yes", no[] = "no";
static char *yes_no[] = { no, yes };
static double code[] = { -2.0 };

static vouch_ctx *ctx;

static void partial_dependence_by_hand(void **state)
{
    (void)state;
    vouch__input input[] = { { .name = name_a }, { .name = name_b } };
    vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
    const double x[] = { 0, 1, 1, 3, 1, 5 };
    vouch__effect e;
    assert_ok(ctx, vouch__effect_make(ctx, &model, (vouch__matrix){ x, 3, 2 }, 0, &e));
    assert_int_equal(e.n, 2);
    assert_close(e.at[0], 0.0, 0);
    assert_close(e.at[1], 1.0, 0);
    assert_close(e.raw[0], -3.0, 1e-15);
    assert_close(e.raw[1], -1.0, 1e-15);
    assert_close(e.probability[0], (sigmoid(-1) + sigmoid(-3) + sigmoid(-5)) / 3.0, 1e-15);
    assert_true(e.low[0] < e.probability[0] && e.probability[0] < e.high[0]);
}

static void special_codes_and_missing_stand_apart(void **state)
{
    (void)state;
    vouch__input input[] = { { .name = name_a, .n_special = 1, .special = code }, { .name = name_b } };
    vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
    const double x[] = { -2, 0, 4, 0, NAN, 0, 1, 0 };
    vouch__effect e;
    assert_ok(ctx, vouch__effect_make(ctx, &model, (vouch__matrix){ x, 4, 2 }, 0, &e));
    assert_int_equal(e.n, 4);
    assert_int_equal(e.n_ordinary, 2);
    assert_close(e.at[0], 1.0, 0);
    assert_close(e.at[1], 4.0, 0);
    assert_int_equal(e.type[2], VOUCH__GRID_SPECIAL);
    assert_close(e.raw[2], -4.0, 0);
    assert_int_equal(e.type[3], VOUCH__GRID_MISSING);
    assert_close(e.raw[3], 7.0, 0);
}

static void categories_are_all_tried(void **state)
{
    (void)state;
    vouch__input input[] = { { .name = name_a, .is_category = true, .n_categories = 2, .category = yes_no },
                             { .name = name_b } };
    vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
    const double x[] = { 1, 0, VOUCH__UNSEEN, 0, 0, 0 };
    vouch__effect e;
    assert_ok(ctx, vouch__effect_make(ctx, &model, (vouch__matrix){ x, 3, 2 }, 0, &e));
    assert_int_equal(e.n, 2);
    assert_close(e.at[0], 0.0, 0);
    assert_close(e.at[1], 1.0, 0);
}

/* raw rises by 2 a step of a: right when declared up, wrong on every pair when declared down. */
static void a_broken_direction_is_counted(void **state)
{
    (void)state;
    const double x[] = { 0, 1, 1, 3, 2, 5 };
    for (int monotone = -1; monotone <= 1; monotone++) {
        vouch__input input[] = { { .name = name_a, .monotone = (int8_t)monotone }, { .name = name_b } };
        vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
        vouch__effect e;
        assert_ok(ctx, vouch__effect_make(ctx, &model, (vouch__matrix){ x, 3, 2 }, 0, &e));
        assert_int_equal(e.pairs, monotone ? 6 : 0);
        assert_int_equal(e.violations, monotone < 0 ? 6 : 0);
        assert_close(e.worst, monotone < 0 ? 2.0 : 0.0, 0);
    }
}

/* At most 20 points, each one a row's own value, from the least to the greatest. */
static void the_grid_is_made_of_values_that_occur(void **state)
{
    (void)state;
    enum { N = 300 };
    vouch__input input[] = { { .name = name_a }, { .name = name_b } };
    vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
    for (int round = 0; round < 30; round++) {
        double x[2 * N], low = INFINITY, high = -INFINITY;
        size_t n = 1 + seeded_below(N);
        vouch__effect e;
        for (size_t i = 0; i < n; i++) {
            x[2 * i] = round % 2 ? seeded() : floor(seeded() * 25.0);
            x[2 * i + 1] = 0.0;
            low = fmin(low, x[2 * i]);
            high = fmax(high, x[2 * i]);
        }
        assert_ok(ctx, vouch__effect_make(ctx, &model, (vouch__matrix){ x, n, 2 }, 0, &e));
        assert_true(e.n >= 1 && e.n <= 20);
        assert_close(e.at[0], low, 0);
        assert_close(e.at[e.n - 1], high, 0);
        for (size_t g = 0; g < e.n; g++) {
            bool occurs = false;
            for (size_t i = 0; i < n; i++)
                occurs = occurs || x[2 * i] == e.at[g];
            assert_true(occurs);
            assert_true(g == 0 || e.at[g] > e.at[g - 1]);
            assert_close(e.raw[g], 2.0 * e.at[g], 1e-12);
        }
    }
}

static void a_sample_is_drawn_by_its_seed(void **state)
{
    (void)state;
    uint32_t one[50], two[50], three[50];
    size_t hits[10] = { 0 };
    vouch__choose(7, 1000, 50, one);
    vouch__choose(7, 1000, 50, two);
    vouch__choose(8, 1000, 50, three);
    assert_memory_equal(one, two, sizeof one);
    assert_true(memcmp(one, three, sizeof one) != 0);
    for (size_t k = 1; k < 50; k++)
        assert_true(one[k] > one[k - 1] && one[k] < 1000);
    vouch__choose(1, 5, 5, one);
    for (uint32_t k = 0; k < 5; k++)
        assert_int_equal(one[k], k); /* all of them */
    for (uint64_t seed = 0; seed < 2000; seed++) {
        vouch__choose(seed, 10, 3, one);
        for (size_t k = 0; k < 3; k++)
            hits[one[k]]++;
    }
    for (size_t k = 0; k < 10; k++) /* 600 expected, standard deviation 20 */
        assert_true(hits[k] > 500 && hits[k] < 700);
}

static vouch_status make_effect(vouch_ctx *c, void *arg)
{
    const double x[] = { 0, 1, 1, 3, 2, 5 };
    vouch__effect e;
    return vouch__effect_make(c, arg, (vouch__matrix){ x, 3, 2 }, 0, &e);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch__input input[] = { { .name = name_a }, { .name = name_b } };
    vouch_model model = { .kind = &kind, .inputs = { .n = 2, .at = input } };
    sweep_allocations(make_effect, &model, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partial_dependence_by_hand),
        cmocka_unit_test(special_codes_and_missing_stand_apart),
        cmocka_unit_test(categories_are_all_tried),
        cmocka_unit_test(a_broken_direction_is_counted),
        cmocka_unit_test(the_grid_is_made_of_values_that_occur),
        cmocka_unit_test(a_sample_is_drawn_by_its_seed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}
