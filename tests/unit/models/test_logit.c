/* Logistic regression: statsmodels' numbers, the same bits on any number of threads, clear refusals. */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "models/scorecard/logit.h"

#include <math.h>
#include <string.h>

enum { ROWS = 20000, COLS = 6 };

static double x[ROWS * COLS], y[ROWS], weight[ROWS];

typedef struct dense {
    size_t k;
    const double *x;
} dense;

static void rows(const void *arg, size_t begin, size_t end, double *out)
{
    const dense *d = arg;
    memcpy(out, d->x + begin * d->k, (end - begin) * d->k * sizeof *out);
}

static size_t numbers(const vouch__json *array, double *out)
{
    size_t n = 0;
    for (const vouch__json *v = array->first; v; v = v->next)
        out[n++] = v->number;
    return n;
}

static void coefficients_and_errors_equal_statsmodels(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf buf;
    vouch__doc *doc;
    vouch__buf_init(ctx, &buf, 0);
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/models/logit.json", 1 << 20, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "logit.json", buf.at, buf.len, 1 << 20, &doc));
    const vouch__json *cases = vouch__json_get(vouch__doc_root(doc), "cases");
    for (const vouch__json *at = cases->first; at; at = at->next) {
        double want[8] = { 0 }, want_error[8] = { 0 }, got[8] = { 0 }, error[8] = { 0 };
        vouch__logit_facts facts;
        dense d = { (size_t)vouch__json_int(vouch__json_get(at, "k"), 0), x };
        numbers(vouch__json_get(at, "x"), x);
        numbers(vouch__json_get(at, "weight"), weight);
        numbers(vouch__json_get(at, "error"), want_error);
        numbers(vouch__json_get(at, "coefficient"), want);
        size_t n = numbers(vouch__json_get(at, "y"), y);
        vouch__logit_data data = { n, d.k, rows, &d, y, weight, 0 };
        assert_ok(ctx, vouch__logit_fit(ctx, &data, got, error, &facts));
        for (size_t j = 0; j <= d.k; j++) {
            assert_close(got[j], want[j], 1e-9);
            assert_close(error[j], want_error[j], 1e-9);
        }
        assert_close(facts.log_likelihood, vouch__json_double(vouch__json_get(at, "log_likelihood"), NAN),
                     1e-9);
        assert_close(facts.null_log_likelihood,
                     vouch__json_double(vouch__json_get(at, "null_log_likelihood"), NAN), 1e-9);
    }
    vouch__doc_free(doc);
    vouch__buf_free(&buf);
    vouch_ctx_free(ctx);
}

static void simulate(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        double eta = -1.5;
        for (size_t j = 0; j < COLS; j++) {
            x[i * COLS + j] = seeded_normal();
            eta += 0.2 * (double)j * x[i * COLS + j];
        }
        y[i] = seeded() < 1 / (1 + exp(-eta));
        weight[i] = 0.5 + seeded();
    }
}

static void a_known_truth_is_recovered_with_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    double first[COLS + 1], first_error[COLS + 1];
    dense d = { COLS, x };
    vouch__logit_data data = { ROWS, COLS, rows, &d, y, weight, 0.5 };
    simulate();
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        double got[COLS + 1], error[COLS + 1];
        vouch__logit_facts facts;
        assert_ok(ctx, vouch__logit_fit(ctx, &data, got, error, &facts));
        if (threads == 1) {
            memcpy(first, got, sizeof got);
            memcpy(first_error, error, sizeof error);
        }
        assert_memory_equal(got, first, sizeof got);
        assert_memory_equal(error, first_error, sizeof error);
        vouch_ctx_free(ctx);
    }
    for (size_t j = 0; j < COLS; j++)
        assert_true(fabs(first[j + 1] - 0.2 * (double)j) < 5 * first_error[j + 1]);
}

/* At the solution the gradient of the penalised likelihood is zero: the definition, naively. */
static void the_solution_is_a_stationary_point(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 30; round++) {
        enum { N = 200, K = 3 };
        double got[K + 1], error[K + 1], gradient[K + 1] = { 0 };
        vouch__logit_facts facts;
        dense d = { K, x };
        vouch__logit_data data = { N, K, rows, &d, y, round % 2 ? weight : NULL, round % 3 };
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < K; j++)
                x[i * K + j] = seeded_normal();
            y[i] = i < 2 ? (double)i : seeded() < 0.3;
            weight[i] = 0.1 + seeded();
        }
        assert_ok(ctx, vouch__logit_fit(ctx, &data, got, error, &facts));
        for (size_t i = 0; i < N; i++) {
            double eta = got[0];
            for (size_t j = 0; j < K; j++)
                eta += got[j + 1] * x[i * K + j];
            double r = (y[i] - 1 / (1 + exp(-eta))) * (data.weight ? weight[i] : 1);
            gradient[0] += r;
            for (size_t j = 0; j < K; j++)
                gradient[j + 1] += r * x[i * K + j];
        }
        assert_close(gradient[0], 0, 1e-9);
        for (size_t j = 1; j <= K; j++)
            assert_close(gradient[j] - data.l2 * got[j], 0, 1e-9);
        assert_true(facts.log_likelihood >= facts.null_log_likelihood - 1e-9);
    }
    vouch_ctx_free(ctx);
}

static void separated_classes_are_said_to_be_so_and_a_penalty_helps(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double got[2], error[2];
    vouch__logit_facts facts;
    dense d = { 1, x };
    vouch__logit_data data = { 40, 1, rows, &d, y, NULL, 0 };
    for (size_t i = 0; i < 40; i++) {
        x[i] = (double)i;
        y[i] = i >= 20;
    }
    assert_status(ctx, vouch__logit_fit(ctx, &data, got, error, &facts), VOUCH_E_CONVERGE);
    assert_error_has(ctx, "separate");
    for (size_t i = 0; i < 40; i++) { /* quasi-separation: the dummy is 1 for bads only */
        x[i] = i >= 30;
        y[i] = i >= 20 || i % 2;
    }
    assert_status(ctx, vouch__logit_fit(ctx, &data, got, error, &facts), VOUCH_E_CONVERGE);
    data.l2 = 1;
    assert_ok(ctx, vouch__logit_fit(ctx, &data, got, error, &facts));
    assert_true(got[1] > 0 && got[1] < 10);
    vouch_ctx_free(ctx);
}

static void collinear_regressors_and_one_class_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double got[3], error[3];
    vouch__logit_facts facts;
    dense d = { 2, x };
    vouch__logit_data data = { 50, 2, rows, &d, y, NULL, 0 };
    for (size_t i = 0; i < 50; i++) {
        x[2 * i] = seeded_normal();
        x[2 * i + 1] = 3 - 2 * x[2 * i];
        y[i] = (double)(i % 2);
    }
    assert_status(ctx, vouch__logit_fit(ctx, &data, got, error, &facts), VOUCH_E_DATA);
    memset(y, 0, 50 * sizeof *y);
    assert_status(ctx, vouch__logit_fit(ctx, &data, got, error, &facts), VOUCH_E_DATA);
    assert_error_has(ctx, "same outcome");
    vouch_ctx_free(ctx);
}

static vouch_status small_fit(vouch_ctx *ctx, void *arg)
{
    double got[2], error[2];
    vouch__logit_facts facts;
    dense d = { 1, x };
    vouch__logit_data data = { 30, 1, rows, &d, y, NULL, 0 };
    (void)arg;
    return vouch__logit_fit(ctx, &data, got, error, &facts);
}

static void the_fit_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < 30; i++) {
        x[i] = (double)(i % 7);
        y[i] = i % 3 == 0;
    }
    sweep_allocations(small_fit, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_and_errors_equal_statsmodels),
        cmocka_unit_test(a_known_truth_is_recovered_with_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(the_solution_is_a_stationary_point),
        cmocka_unit_test(separated_classes_are_said_to_be_so_and_a_penalty_helps),
        cmocka_unit_test(collinear_regressors_and_one_class_are_refused),
        cmocka_unit_test(the_fit_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
