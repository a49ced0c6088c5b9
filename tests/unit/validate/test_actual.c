/* Actual against expected: by hand, by definition and by what must hold for every sample. */
#include "check.h"

#include "validate/actual.h"

#include <math.h>

enum { MAX = 60 };

typedef struct drawn {
    size_t n;
    double seen[MAX], expected[MAX], weight[MAX];
} drawn;

static drawn draw(void)
{
    drawn d = { .n = 3 + seeded_below(MAX - 3) };
    for (size_t i = 0; i < d.n; i++) {
        d.expected[i] = 0.2 + floor(8 * seeded()) / 4; /* few values, many ties */
        d.seen[i] = 0.05 + 3 * seeded();
        d.weight[i] = 0.1 + seeded();
    }
    return d;
}

/* Over all pairs: twice the area between curve and diagonal. */
static double gini_by_definition(const drawn *d, const double *weight)
{
    double sum = 0, all = 0, outcomes = 0;
    for (size_t i = 0; i < d->n; i++) {
        all += weight[i];
        outcomes += weight[i] * d->seen[i];
        for (size_t j = 0; j < d->n; j++) {
            double gap = d->expected[i] - d->expected[j];
            sum += weight[i] * d->seen[i] * weight[j] * (double)((gap > 0) - (gap < 0));
        }
    }
    return sum / (all * outcomes);
}

static void a_ratio_by_hand(void **state)
{
    (void)state;
    vouch__actual_sum sum = { .n = 0 };
    vouch__actual_add(&sum, VOUCH__YARD_POISSON, 3, 2, 10); /* 30 seen, 20 expected, variance 20 */
    vouch__actual_add(&sum, VOUCH__YARD_POISSON, 0, 1, 5);  /* and 0 and 5 and 5 */
    vouch__ratio r = vouch__actual_ratio(&sum, 4, 0.95);
    assert_close(r.weight, 15, 0);
    assert_close(r.ratio, 30.0 / 25, 1e-15);
    assert_close(r.z, 5 / sqrt(4.0 * 25), 1e-15);
    assert_close(r.low * r.high, r.ratio * r.ratio, 1e-12);
    assert_close(log(r.high / r.ratio), 1.959963984540054 * 10 / 25, 1e-12);
    sum = (vouch__actual_sum){ .n = 0 };
    vouch__actual_add(&sum, VOUCH__YARD_SQUARED, 1, 0, 1);
    assert_nan(vouch__actual_ratio(&sum, 1, 0.95).ratio); /* nothing is expected */
}

static void bands_hold_about_the_same_weight_and_ties_together(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const double key[] = { 1, 2, 2, 2, 5, 9 }, weight[] = { 1, 1, 1, 1, 1, 1 };
    uint8_t of[6];
    size_t n;
    assert_ok(ctx, vouch__weight_bands(ctx, 6, key, weight, 3, of, &n));
    assert_int_equal(n, 3);
    const uint8_t want[] = { 0, 1, 1, 1, 2, 2 };
    assert_memory_equal(of, want, 6);
    assert_ok(ctx, vouch__weight_bands(ctx, 6, weight, NULL, 3, of, &n)); /* all alike */
    assert_int_equal(n, 1);
    vouch_ctx_free(ctx);
}

static void actual_properties(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 200; round++) {
        drawn d = draw();
        vouch__lorenz l = { .x = NULL }, twice = { .x = NULL };
        vouch__deviance a, b;
        double difference, error, doubled[MAX], lifted[MAX];
        for (size_t i = 0; i < d.n; i++) {
            doubled[i] = 2 * d.weight[i];
            lifted[i] = exp(d.expected[i]);
        }
        assert_ok(ctx, vouch__lorenz_measure(ctx, d.n, d.expected, d.seen, d.weight, &l));
        assert_close(l.gini, gini_by_definition(&d, d.weight), 1e-12);
        assert_true(fabs(l.gini) < 1 && l.error >= 0);
        assert_ok(ctx, vouch__lorenz_measure(ctx, d.n, lifted, d.seen, doubled, &twice)); /* order alone */
        assert_close(twice.gini, l.gini, 1e-12);
        assert_close(twice.error, l.error, 1e-10);
        for (vouch__yardstick y = 0; y < VOUCH__YARD_SHARE; y++) {
            assert_ok(ctx, vouch__deviance_measure(ctx, y, d.n, d.seen, d.expected, d.weight, &a));
            assert_ok(ctx, vouch__deviance_measure(ctx, y, d.n, d.seen, d.expected, doubled, &b));
            assert_close(a.explained, b.explained, 1e-10); /* the unit of weight is no matter */
            assert_close(2 * a.dispersion, b.dispersion, 1e-10);
            assert_close(a.explained, 1 - a.deviance / a.null, 1e-9);
            double mean[MAX];
            for (size_t i = 0; i < d.n; i++)
                mean[i] = a.mean;
            assert_ok(ctx, vouch__deviance_paired(ctx, y, d.n, d.seen, d.expected, mean, d.weight,
                                                  &difference, &error));
            assert_close(difference, a.explained, 1e-10);
            assert_close(error, a.error, 1e-10);
            assert_ok(ctx, vouch__deviance_measure(ctx, y, d.n, d.seen, d.seen, d.weight, &b));
            assert_close(b.explained, 1, 1e-9);
        }
    }
    vouch_ctx_free(ctx);
}

static void what_a_yardstick_cannot_measure_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const double y[] = { 0, 1, 0.5 }, m[] = { 0.2, 0.5, 0.9 }, none[] = { 0, 0, 0 }, out[] = { 0.2, 0.5, -1 };
    vouch__deviance d;
    vouch__lorenz l = { .x = NULL };
    assert_status(ctx, vouch__deviance_measure(ctx, VOUCH__YARD_GAMMA, 3, y, m, NULL, &d), VOUCH_E_DATA);
    assert_error_has(ctx, "case 0 has an outcome of 0");
    assert_status(ctx, vouch__deviance_measure(ctx, VOUCH__YARD_POISSON, 3, y, out, NULL, &d), VOUCH_E_DATA);
    assert_error_has(ctx, "case 2 has a prediction of -1");
    assert_status(ctx, vouch__deviance_measure(ctx, VOUCH__YARD_SQUARED, 0, y, m, NULL, &d), VOUCH_E_SHAPE);
    assert_ok(ctx, vouch__deviance_measure(ctx, VOUCH__YARD_POISSON, 3, none, m, NULL, &d));
    assert_nan(d.explained);
    assert_close(d.deviance, 2 * (0.2 + 0.5 + 0.9) / 3, 1e-15);
    assert_status(ctx, vouch__lorenz_measure(ctx, 3, m, none, NULL, &l), VOUCH_E_DATA);
    assert_status(ctx, vouch__lorenz_measure(ctx, 3, m, out, NULL, &l), VOUCH_E_DATA);
    vouch_ctx_free(ctx);
}

static vouch_status measure_all(vouch_ctx *ctx, void *arg)
{
    const drawn *d = arg;
    uint8_t of[MAX];
    size_t n;
    vouch__lorenz l = { .x = NULL };
    vouch_status status = vouch__lorenz_measure(ctx, d->n, d->expected, d->seen, d->weight, &l);
    return status ? status : vouch__weight_bands(ctx, d->n, d->expected, d->weight, 5, of, &n);
}

static void measures_survive_every_allocation_failure(void **state)
{
    (void)state;
    drawn d = draw();
    sweep_allocations(measure_all, &d, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ratio_by_hand),
        cmocka_unit_test(bands_hold_about_the_same_weight_and_ties_together),
        cmocka_unit_test(actual_properties),
        cmocka_unit_test(what_a_yardstick_cannot_measure_is_refused),
        cmocka_unit_test(measures_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
