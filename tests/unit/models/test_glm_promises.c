/* What a generalised linear model promises whatever the data: the same bits everywhere, files that read back,
 * contributions that add up, and a clear word where there is no fit. */
#include "check.h"
#include "fit_kit.h"

#include "models/glm/glm.h"
#include "models/glm/glm_kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 3000, COLS = 4 };

static double x[ROWS * COLS], y[ROWS];
static const bool is_text[COLS] = { false, true, false, true };

static void simulate(void) { kit_mixed(ROWS, COLS, is_text, x, y); }

static vouch_status fit(vouch_ctx *ctx, size_t n, const char *params, vouch_model **out)
{
    vouch_table *table = NULL;
    vouch_status status = kit_table(ctx, n, COLS, x, is_text, &table);
    kit_fit spec = { .kind = "glm", .table = table, .n_train = n, .target = y, .params = params };
    if (!status)
        status = kit_model(ctx, &spec, out);
    vouch_table_unref(table);
    return status;
}

static void a_fit_has_the_same_bytes_on_any_number_of_threads(void **state)
{
    (void)state;
    char first[80] = "";
    simulate();
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_model *model = NULL;
        assert_ok(ctx, fit(ctx, ROWS, "{interactions: [[x0, x1]], covariance: hc3}", &model));
        if (threads == 1)
            (void)snprintf(first, sizeof first, "%s", vouch_model_fingerprint(model));
        assert_string_equal(vouch_model_fingerprint(model), first);
        vouch_model_free(model);
        vouch_ctx_free(ctx);
    }
}

static void every_kind_is_fitted_by_a_program_that_wants_no_log(void **state)
{
    (void)state;
    static const char *const kind[] = { "glm", "scorecard", "gbdt" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    simulate();
    for (int k = 0; k < 3; k++) {
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, is_text, &table));
        vouch_fit_spec spec = { .kind = kind[k], .name = "m", .table = table, .target = y };
        spec.params = k == 2 ? "{trees: 3}" : NULL;
        assert_ok(ctx, vouch_model_fit(ctx, &spec, &model));
        assert_string_equal(vouch_model_kind_name(model), kind[k]);
        vouch_model_free(model);
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

static void every_path_of_the_kernels_gives_the_same_bits(void **state)
{
    enum { B = VOUCH__GLM_BLOCK, K = 8 };
    (void)state;
    static double cols[K * B], eta[B], target[B], weight[B], pull[2][B], grip[2][B], gram[2][K * K],
        dots[2][K];
    for (size_t i = 0; i < K * B; i++)
        cols[i] = seeded_normal();
    for (size_t i = 0; i < B; i++) {
        eta[i] = 3.0 * seeded_normal();
        target[i] = seeded() < 0.5;
        weight[i] = seeded();
    }
    for (int family = 0; family < 4; family++) {
        const vouch__glm_law laws[4] = {
            { .family = VOUCH__GLM_BINOMIAL, .link = VOUCH__GLM_LOGIT },
            { .family = VOUCH__GLM_POISSON, .link = VOUCH__GLM_LOG },
            { .family = VOUCH__GLM_TWEEDIE, .link = VOUCH__GLM_LOG, .power = 1.6 },
            { .family = VOUCH__GLM_GAMMA, .link = VOUCH__GLM_LOG }
        };
        for (int path = VOUCH__GLM_PATHS - 1; path >= 0; path--) {
            const vouch__glm_kernel *kernel = vouch__glm_kernel_of((vouch__glm_path)path);
            int at = path == VOUCH__GLM_PORTABLE ? 0 : 1;
            bool ok = true;
            vouch__glm_rows rows = {
                .eta = eta, .y = target, .weight = weight, .pull = pull[at], .grip = grip[at]
            };
            if (!kernel)
                continue;
            vouch__glm_rows_run(kernel, &laws[family], &rows, &ok);
            assert_true(ok);
            memset(gram[at], 0, sizeof gram[at]);
            kernel->gram(K, cols, cols, gram[at], K);
            kernel->dots(K, cols, pull[at], dots[at]);
            if (at)
                continue;
            assert_memory_equal(pull[0], pull[1], sizeof pull[0]);
            assert_memory_equal(grip[0], grip[1], sizeof grip[0]);
            assert_memory_equal(dots[0], dots[1], sizeof dots[0]);
            for (size_t a = 0; a < K; a++)
                for (size_t b = 0; b <= a; b++)
                    assert_true(gram[0][a * K + b] == gram[1][a * K + b]);
        }
    }
}

static void a_model_reads_back_and_its_contributions_add_up(void **state)
{
    (void)state;
    static double raw[ROWS], again[ROWS], part[ROWS * COLS];
    double base = 0;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL, *loaded = NULL;
    vouch_table *table = NULL;
    simulate();
    assert_ok(ctx,
              fit(ctx, ROWS, "{splines: {x0: [0, 1, 3, 5]}, interactions: [[x0, x1], [x0, x2]]}", &model));
    if (!model) {
        fail_msg("no model");
        return;
    }
    assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len, &loaded));
    assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, is_text, &table));
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
    assert_ok(ctx, vouch_model_score(ctx, loaded, table, again, NULL, NULL));
    assert_memory_equal(raw, again, sizeof raw);
    assert_ok(ctx, vouch_model_contributions(ctx, model, table, part, &base));
    for (size_t i = 0; i < ROWS; i++) {
        double sum = base;
        for (size_t j = 0; j < COLS; j++)
            sum += part[i * COLS + j];
        assert_close(sum, raw[i], 1e-10);
    }
    vouch_table_unref(table);
    vouch_model_free(loaded);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

/* Two levels, one without bads. Firth's estimate of a saturated 2 x 2 table adds a half to every cell. */
static void separation_is_said_and_firth_is_finite(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    for (size_t i = 0; i < 40; i++) {
        for (size_t j = 0; j < COLS; j++)
            x[i * COLS + j] = 0.0;
        x[i * COLS + 1] = i < 15 ? 1.0 : 0.0;
        y[i] = i >= 15 && i < 25;
    }
    assert_status(ctx, fit(ctx, 40, "{}", &model), VOUCH_E_CONVERGE);
    assert_error_has(ctx, "x1");
    assert_error_has(ctx, "separates");
    assert_ok(ctx, fit(ctx, 40, "{firth: true}", &model));
    const vouch__glm *glm = model->state;
    assert_close(glm->estimate[0].value, log(10.5 / 15.5), 1e-9);
    assert_close(glm->estimate[2].value, log(0.5 / 15.5) - log(10.5 / 15.5), 1e-9);
    assert_true(glm->estimate[1].is_left_out); /* a constant */
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

static void what_has_no_fit_is_refused_in_words(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    simulate();
    assert_status(ctx, fit(ctx, 5, "{}", &model), VOUCH_E_DATA);
    assert_status(ctx, fit(ctx, 200, "{family: gamma}", &model), VOUCH_E_DATA);
    assert_error_has(ctx, "must be above 0");
    assert_status(ctx, fit(ctx, 200, "{link: inverse}", &model), VOUCH_E_ARG);
    assert_status(ctx, fit(ctx, 200, "{collinear: refuse, base: {x1: nothing}}", &model), VOUCH_E_DATA);
    assert_status(ctx, fit(ctx, 200, "{exposure: x9}", &model), VOUCH_E_FORMAT);
    assert_error_has(ctx, "exposure: 'x9' is not an input, did you mean 'x0'?");
    assert_ok(ctx, fit(ctx, 30, "{penalty: 0.1}", &model));
    vouch_model_free(model);
    vouch_ctx_free(ctx);
}

/* Column k of the model at a row, by the terms that score it. */
static double column_of(const vouch__glm *glm, size_t k, const double *row)
{
    size_t place;
    vouch__glm_value a, b = { .first = 0 };
    const vouch__glm_term *t = vouch__glm_term_of(glm, k, &place);
    size_t nb = t->b == SIZE_MAX ? 1 : glm->piece[t->b].n, at_a = place / nb, at_b = place % nb;
    vouch__glm_piece_value(glm, &glm->piece[t->a], row[glm->piece[t->a].input], &a);
    double va = at_a >= a.first && at_a < a.first + a.n ? a.value[at_a - a.first] : 0.0;
    if (t->b == SIZE_MAX)
        return va;
    vouch__glm_piece_value(glm, &glm->piece[t->b], row[glm->piece[t->b].input], &b);
    return va * (at_b >= b.first && at_b < b.first + b.n ? b.value[at_b - b.first] : 0.0);
}

/* The conditions of a least at the model's own lambda, mix 0.5, from residuals and columns row by row. */
static void check_least(const vouch__glm *glm, size_t n, const double *row, const double *residual,
                        const double *weight)
{
    for (size_t k = 1; k < glm->n_columns; k++) {
        double w = 0.0, mean = 0.0, square = 0.0, pull = 0.0, level = 0.0, b = glm->estimate[k].value;
        for (size_t i = 0; i < n; i++) {
            double c = column_of(glm, k, row + i * COLS), wi = weight ? weight[i] : 1.0;
            w += wi;
            mean += wi * c;
            square += wi * c * c;
            pull += wi * c * residual[i];
            level += wi * residual[i];
        }
        mean /= w;
        double sd = sqrt(fmax(0.0, square / w - mean * mean)), l1 = 0.5 * glm->facts.lambda * sd;
        double g = pull / w - 0.5 * glm->facts.lambda * sd * sd * b;
        assert_close(level / w, 0.0, 1e-9);
        if (b != 0.0)
            assert_close(g, b > 0.0 ? l1 : -l1, 1e-8);
        else
            assert_true(fabs(g) <= l1 + 1e-8);
    }
}

static void a_gaussian_net_is_a_least_whether_the_rows_are_kept_or_summed(void **state)
{
    static double z[ROWS], raw[ROWS], bound[ROWS * COLS], residual[ROWS], weight[ROWS];
    static const char *const params[] = {
        "{family: gaussian, penalty: 0.02}", /* missing numbers: looked at again */
        "{family: gaussian, penalty: 0.02}", /* none missing */
        "{family: gaussian, penalty: 1e-7}", /* hardly a residual: the rows are kept */
        "{family: gaussian, lambdas: 20, choose: tune, offset: x2, interactions: [[x0, x1]]}",
        "{family: gaussian, penalty: 0.01, splines: {x0: 4}, missing: mean}",
    };
    (void)state;
    simulate();
    for (size_t i = 0; i < ROWS; i++)
        weight[i] = i % 7 ? 0.5 + seeded() : 0.0;
    for (size_t c = 0; c < sizeof params / sizeof *params; c++) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        for (size_t i = 0; i < ROWS; i++) {
            double *row = x + i * COLS;
            for (size_t j = 0; c == 1 && j < COLS; j += 2)
                row[j] = isnan(row[j]) ? 1.0 : row[j];
            z[i] = 100.0 + row[0] * 2.0 - row[2] + (c == 2 ? 1e-4 : 1.0) * seeded_normal();
            z[i] = isnan(z[i]) ? 99.0 : z[i];
        }
        assert_ok(ctx, kit_table(ctx, ROWS, COLS, x, is_text, &table));
        kit_fit spec = { .kind = "glm", .table = table, .n_train = ROWS - 500, .n_tune = 500, .target = z };
        spec.params = params[c];
        spec.weight = c % 2 ? weight : NULL;
        assert_ok(ctx, kit_model(ctx, &spec, &model));
        assert_ok(ctx, vouch_model_score(ctx, model, table, raw, NULL, NULL));
        double sum = 0.0;
        for (size_t i = 0; i < ROWS - 500; i++) {
            residual[i] = z[i] - raw[i];
            sum += (spec.weight ? weight[i] : 1.0) * residual[i] * residual[i];
        }
        const vouch__glm *glm = model->state;
        vouch__binding binding;
        assert_ok(ctx, vouch__bind(ctx, &model->inputs, table, &binding));
        vouch__bound_rows(&binding, 0, ROWS, NULL, bound);
        vouch__binding_clear(&binding);
        check_least(glm, ROWS - 500, bound, residual, spec.weight);
        assert_close(glm->facts.deviance / sum, 1.0, 1e-10);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_has_the_same_bytes_on_any_number_of_threads),
        cmocka_unit_test(every_kind_is_fitted_by_a_program_that_wants_no_log),
        cmocka_unit_test(every_path_of_the_kernels_gives_the_same_bits),
        cmocka_unit_test(a_model_reads_back_and_its_contributions_add_up),
        cmocka_unit_test(separation_is_said_and_firth_is_finite),
        cmocka_unit_test(what_has_no_fit_is_refused_in_words),
        cmocka_unit_test(a_gaussian_net_is_a_least_whether_the_rows_are_kept_or_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
