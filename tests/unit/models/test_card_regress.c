/* Logistic regression on weights of evidence: statsmodels' and scikit-learn's numbers, the same bits on any
 * number of threads, clear refusals. */
#include "golden.h"

#include "models/scorecard/card_fit.h"

#include <math.h>
#include <string.h>

enum { ROWS = 20000, COLS = 6 };

static double x[ROWS * COLS], y[ROWS], weight[ROWS];

typedef struct dense {
    size_t k;
    const double *x;
} dense;

static void fill(const void *arg, size_t j, size_t begin, size_t n, double *out)
{
    const dense *d = arg;
    for (size_t i = 0; i < n; i++)
        out[i] = d->x[(begin + i) * d->k + j];
}

static void coefficients_and_errors_equal_statsmodels(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *cases = golden_at(golden("models/logit.json"), "cases");
    for (const vouch__json *at = cases->first; at; at = at->next) {
        double got[8] = { 0 }, error[8] = { 0 };
        vouch__card_penalty none = { 0, 0, false };
        vouch__card_solution s = { .coefficient = got, .error = error };
        dense d = { (size_t)golden_number(at, "k"), golden_array(at, "x", NULL) };
        size_t n;
        const double *want = golden_array(at, "coefficient", NULL), *y_at = golden_array(at, "y", &n);
        const double *want_error = golden_array(at, "error", NULL);
        vouch__glm_columns data = { n, d.k, fill, &d, y_at, golden_array(at, "weight", NULL) };
        assert_ok(ctx, vouch__card_solve(ctx, &data, &none, &s));
        for (size_t j = 0; j <= d.k; j++) {
            assert_close(got[j], want[j], 1e-9);
            assert_close(error[j], want_error[j], 1e-9);
        }
        assert_close(s.log_likelihood, golden_number(at, "log_likelihood"), 1e-9);
        assert_close(s.null_log_likelihood, golden_number(at, "null_log_likelihood"), 1e-9);
    }
    vouch_ctx_free(ctx);
}

/* ---- a card's columns: few values each ---- */

enum { CARD_ROWS = 400, CARD_COLS = 6, VALUES = 5 };

static vouch__bin card_bin[CARD_COLS][VALUES];
static vouch__card_input card_input[CARD_COLS];
static uint16_t card_code[CARD_COLS * CARD_ROWS];

/* The golden case as a fit after binning. */
static vouch__card_fitting card_case(const vouch__json *g, vouch__fit_data *data, size_t *kept)
{
    static double weight_at[CARD_ROWS], y_at[CARD_ROWS];
    vouch__card_fitting f = {
        .data = data, .at = card_input, .code = card_code, .n = CARD_COLS, .kept = kept
    };
    memcpy(weight_at, golden_array(g, "weight", NULL), sizeof weight_at);
    memcpy(y_at, golden_array(g, "y", NULL), sizeof y_at);
    data->train = (vouch__part_rows){ CARD_ROWS, NULL, y_at, weight_at };
    for (size_t j = 0; j < CARD_COLS; j++) {
        const vouch__json *woe = vouch__json_at(golden_at(g, "woe"), j),
                          *code = vouch__json_at(golden_at(g, "code"), j);
        size_t i = 0, b = 0;
        for (const vouch__json *v = woe->first; v; v = v->next)
            card_bin[j][b++].woe = v->number;
        for (const vouch__json *v = code->first; v; v = v->next)
            card_code[j * CARD_ROWS + i++] = (uint16_t)v->number;
        card_input[j] = (vouch__card_input){ .input = j, .n_bins = VALUES, .bin = card_bin[j] };
        kept[j] = j;
    }
    return f;
}

static void penalties_signs_and_criteria_equal_the_references(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *g = golden("models/card_regress.json");
    double got[CARD_COLS + 1], error[CARD_COLS + 1], vif[CARD_COLS];
    size_t kept[CARD_COLS];
    vouch__fit_data data = { 0 };
    vouch__card_fitting f = card_case(g, &data, kept);
    vouch__glm_columns columns = vouch__card_columns(&f), unweighted = columns;
    vouch__card_solution s = { .coefficient = got, .error = error };
    vouch__card_penalty none = { 0, 0, false }, held = { 0, 0, true };
    assert_ok(ctx, vouch__card_solve(ctx, &columns, &none, &s));
    for (size_t j = 0; j <= CARD_COLS; j++) {
        assert_close(got[j], golden_array(g, "full.coefficient", NULL)[j], 1e-9);
        assert_close(error[j], golden_array(g, "full.error", NULL)[j], 1e-9);
    }
    assert_close(vouch__card_criterion(&s, CARD_COLS, false), golden_number(g, "full.aic"), 1e-10);
    assert_close(vouch__card_criterion(&s, CARD_COLS, true), golden_number(g, "full.bic"), 1e-10);
    unweighted.weight = NULL;
    assert_ok(ctx, vouch__card_inflation(ctx, &unweighted, vif));
    for (size_t j = 0; j < CARD_COLS; j++)
        assert_close(vif[j], golden_array(g, "vif", NULL)[j], 1e-9);
    assert_ok(ctx, vouch__card_solve(ctx, &columns, &held, &s));
    size_t in = 0, n;
    const double *which = golden_array(g, "signed.columns", &n);
    for (size_t j = 0; j < CARD_COLS; j++) {
        bool is_in = in < n && which[in] == (double)j;
        in += is_in;
        assert_close(got[j + 1], is_in ? golden_array(g, "signed.coefficient", NULL)[in] : 0, 1e-9);
        if (is_in)
            assert_close(error[j + 1], golden_array(g, "signed.error", NULL)[in], 1e-9);
        else
            assert_nan(error[j + 1]);
    }
    assert_close(vouch__card_criterion(&s, CARD_COLS, false), golden_number(g, "signed.aic"), 1e-10);
    for (const vouch__json *at = golden_at(g, "penalised")->first; at; at = at->next) {
        vouch__card_penalty penalty = { golden_number(at, "l1"), golden_number(at, "l2"), false };
        const double *want = golden_array(at, "coefficient", NULL);
        assert_ok(ctx, vouch__card_solve(ctx, &columns, &penalty, &s));
        for (size_t j = 0; j <= CARD_COLS; j++) {
            assert_close(got[j], want[j], 1e-8);
            assert_true(isnan(error[j]) == (penalty.l1 > 0));
        }
    }
    vouch_ctx_free(ctx);
}

static void steps_are_those_of_fitting_every_candidate(void **state)
{
    (void)state;
    static const char *const way[] = { "none", "forward", "backward", "both" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *g = golden("models/card_regress.json");
    char name[CARD_COLS][2] = { "0", "1", "2", "3", "4", "5" };
    vouch__input input[CARD_COLS] = { 0 };
    vouch__inputs inputs = { .n = CARD_COLS, .at = input };
    for (size_t j = 0; j < CARD_COLS; j++)
        input[j].name = name[j];
    for (const vouch__json *at = golden_at(g, "steps")->first; at; at = at->next) {
        double value[VOUCH__CARD_PARAMS] = { 0 }, got[CARD_COLS + 1], error[CARD_COLS + 1];
        const char *why[CARD_COLS] = { 0 };
        size_t kept[CARD_COLS];
        vouch__fit_data data = { 0 };
        vouch__card_fitting f = card_case(g, &data, kept);
        assert_ok(ctx, vouch__doc_new(ctx, &f.doc));
        f.log = vouch__json_object(f.doc);
        f.inputs = &inputs;
        f.value = value;
        f.why = why;
        f.solution = (vouch__card_solution){ .coefficient = got, .error = error };
        value[VOUCH__CARD_SIGNS] = VOUCH__CARD_SIGNS_FREE;
        value[VOUCH__CARD_CRITERION] = strcmp(golden_text(at, "criterion"), "bic") == 0;
        while (strcmp(golden_text(at, "way"), way[(size_t)value[VOUCH__CARD_STEPWISE]]) != 0)
            value[VOUCH__CARD_STEPWISE]++;
        assert_ok(ctx, vouch__card_step(ctx, &f));
        const vouch__json *told = golden_at(f.log, "stepwise")->first->next; /* behind the start */
        for (const vouch__json *want = golden_at(at, "steps")->first; want;
             want = want->next, told = told->next) {
            assert_non_null(told);
            assert_string_equal(golden_text(told, "action"), golden_text(want, "action"));
            assert_true((double)(golden_text(told, "input")[0] - '0') == golden_number(want, "column"));
            assert_close(golden_number(told, "aic"), golden_number(want, "aic"), 1e-10);
            assert_close(golden_number(told, "bic"), golden_number(want, "bic"), 1e-10);
        }
        assert_null(told);
        vouch__doc_free(f.doc);
    }
    vouch_ctx_free(ctx);
}

static void the_chosen_strength_is_the_best_of_a_naive_cross_validation(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__json *g = golden("models/card_regress.json");
    size_t kept[CARD_COLS];
    vouch__fit_data data = { 0 };
    vouch__card_fitting f = card_case(g, &data, kept);
    vouch__glm_columns columns = vouch__card_columns(&f);
    for (int round = 0; round < 4; round++) {
        double path[3 * VOUCH__CARD_PATH], again[3 * VOUCH__CARD_PATH], least = INFINITY;
        vouch__card_penalty penalty = { 0 }, same = { 0 };
        vouch__card_choice choice = { round & 1, round & 2, 5, 7 };
        assert_ok(ctx, vouch__card_choose(ctx, &columns, &choice, &penalty, path));
        assert_ok(ctx, vouch__card_choose(ctx, &columns, &choice, &same, again));
        assert_memory_equal(path, again, sizeof path);
        double taken = choice.is_lasso ? penalty.l1 : penalty.l2, at_least = 0, spread = 0;
        assert_true(taken > 0 && (choice.is_lasso ? penalty.l2 : penalty.l1) == 0);
        for (size_t k = 0; k < VOUCH__CARD_PATH; k++) {
            assert_true(k == 0 || path[3 * k] < path[3 * k - 3]);
            if (path[3 * k + 1] < least) {
                least = path[3 * k + 1];
                at_least = path[3 * k];
                spread = path[3 * k + 2];
            }
        }
        for (size_t k = 0; k < VOUCH__CARD_PATH; k++)
            if (path[3 * k] == taken)
                assert_true(choice.one_se ? path[3 * k + 1] <= least + spread : taken == at_least);
        assert_true(taken >= at_least);
    }
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
    vouch__card_penalty penalty = { 0, 0.5, false };
    vouch__glm_columns data = { ROWS, COLS, fill, &d, y, weight };
    simulate();
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        double got[COLS + 1], error[COLS + 1];
        vouch__card_solution s = { .coefficient = got, .error = error };
        assert_ok(ctx, vouch__card_solve(ctx, &data, &penalty, &s));
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
        vouch__card_solution s = { .coefficient = got, .error = error };
        dense d = { K, x };
        vouch__card_penalty penalty = { 0, round % 3, false };
        vouch__glm_columns data = { N, K, fill, &d, y, round % 2 ? weight : NULL };
        for (size_t i = 0; i < N; i++) {
            for (size_t j = 0; j < K; j++)
                x[i * K + j] = seeded_normal();
            y[i] = i < 2 ? (double)i : seeded() < 0.3;
            weight[i] = 0.1 + seeded();
        }
        assert_ok(ctx, vouch__card_solve(ctx, &data, &penalty, &s));
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
            assert_close(gradient[j] - penalty.l2 * got[j], 0, 1e-9);
        assert_true(s.log_likelihood >= s.null_log_likelihood - 1e-9);
    }
    vouch_ctx_free(ctx);
}

static void separated_classes_are_said_to_be_so_and_a_penalty_helps(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double got[2], error[2];
    vouch__card_solution s = { .coefficient = got, .error = error };
    dense d = { 1, x };
    vouch__card_penalty penalty = { 0, 0, false };
    vouch__glm_columns data = { 40, 1, fill, &d, y, NULL };
    for (size_t i = 0; i < 40; i++) {
        x[i] = (double)i;
        y[i] = i >= 20;
    }
    assert_status(ctx, vouch__card_solve(ctx, &data, &penalty, &s), VOUCH_E_CONVERGE);
    assert_error_has(ctx, "separate");
    for (size_t i = 0; i < 40; i++) { /* quasi-separation: the dummy is 1 for bads only */
        x[i] = i >= 30;
        y[i] = i >= 20 || i % 2;
    }
    assert_status(ctx, vouch__card_solve(ctx, &data, &penalty, &s), VOUCH_E_CONVERGE);
    penalty.l2 = 1;
    assert_ok(ctx, vouch__card_solve(ctx, &data, &penalty, &s));
    assert_true(got[1] > 0 && got[1] < 10);
    vouch_ctx_free(ctx);
}

static void collinear_regressors_and_one_class_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    double got[3], error[3];
    vouch__card_solution s = { .coefficient = got, .error = error };
    dense d = { 2, x };
    vouch__card_penalty penalty = { 0, 0, false };
    vouch__glm_columns data = { 50, 2, fill, &d, y, NULL };
    for (size_t i = 0; i < 50; i++) {
        x[2 * i] = seeded_normal();
        x[2 * i + 1] = 3 - 2 * x[2 * i];
        y[i] = (double)(i % 2);
    }
    assert_status(ctx, vouch__card_solve(ctx, &data, &penalty, &s), VOUCH_E_DATA);
    memset(y, 0, 50 * sizeof *y);
    assert_status(ctx, vouch__card_solve(ctx, &data, &penalty, &s), VOUCH_E_DATA);
    assert_error_has(ctx, "same outcome");
    vouch_ctx_free(ctx);
}

static vouch_status small_fit(vouch_ctx *ctx, void *arg)
{
    double got[2], error[2];
    vouch__card_solution s = { .coefficient = got, .error = error };
    dense d = { 1, x };
    vouch__card_penalty penalty = { 0, 0, arg != NULL };
    vouch__glm_columns data = { 30, 1, fill, &d, y, NULL };
    return vouch__card_solve(ctx, &data, &penalty, &s);
}

static void the_fit_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < 30; i++) {
        x[i] = (double)(i % 7);
        y[i] = i % 3 == 0;
    }
    sweep_allocations(small_fit, NULL, 0);
    sweep_allocations(small_fit, x, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_and_errors_equal_statsmodels),
        cmocka_unit_test(penalties_signs_and_criteria_equal_the_references),
        cmocka_unit_test(steps_are_those_of_fitting_every_candidate),
        cmocka_unit_test(the_chosen_strength_is_the_best_of_a_naive_cross_validation),
        cmocka_unit_test(a_known_truth_is_recovered_with_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(the_solution_is_a_stationary_point),
        cmocka_unit_test(separated_classes_are_said_to_be_so_and_a_penalty_helps),
        cmocka_unit_test(collinear_regressors_and_one_class_are_refused),
        cmocka_unit_test(the_fit_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
