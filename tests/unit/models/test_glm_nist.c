/* NIST's certified linear regressions (StRD), to the digits that a table of doubles allows: all but rounding,
 * and for Filip's polynomial, whose powers lose theirs before any solver sees them, seven. Skipped where the
 * data are absent. */
#include "check.h"
#include "fit_kit.h"

#include "models/glm/glm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 128, COLS = 12 };

typedef struct set {
    const char *name;
    int power; /* highest power of x; 0: the columns of the file (longley's first is the constant) */
    bool has_constant;
    double tolerance;
} set;

static size_t read_set(const char *folder, const set *s, double *x, size_t *out_cols, double *y)
{
    char path[1024], line[512];
    (void)snprintf(path, sizeof path, "%s/linear/%s.csv", folder, s->name);
    FILE *file = fopen(path, "r");
    size_t n = 0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    *out_cols = s->power ? (size_t)s->power : 6;
    while (n < MOST && fgets(line, sizeof line, file)) {
        char *at = line;
        y[n] = strtod(at, &at);
        double v = strtod(at + 1, &at);
        for (int k = 0; k < s->power; k++)
            x[n * *out_cols + (size_t)k] = k ? x[n * *out_cols + (size_t)k - 1] * v : v;
        for (size_t k = 0; s->power == 0 && k < 6; k++)
            x[n * 6 + k] = strtod(at + 1, &at);
        n++;
    }
    (void)fclose(file);
    return n;
}

static void check_certified(const char *folder, const set *s, const vouch__glm *glm)
{
    char path[1024], line[512], name[64];
    (void)snprintf(path, sizeof path, "%s/linear/certified.csv", folder);
    FILE *file = fopen(path, "r");
    size_t found = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        size_t len = strcspn(line, ",");
        char *at = line + len + 2;
        (void)snprintf(name, sizeof name, "%.*s", (int)len, line);
        if (strcmp(name, s->name) != 0)
            continue;
        size_t k = (size_t)strtol(at, &at, 10);
        double value = strtod(at + 1, &at), error = strtod(at + 1, &at), rest = strtod(at + 1, &at);
        print_message("%s b%zu: %.2e %.2e\n", s->name, k, glm->estimate[k].value / value - 1,
                      glm->estimate[k].error / error - 1);
        assert_close(glm->estimate[k].value / value, 1.0, s->tolerance);
        assert_close(glm->estimate[k].error / error, 1.0, s->tolerance);
        assert_close(glm->facts.deviance / rest, 1.0, s->tolerance);
        found++;
    }
    (void)fclose(file);
    assert_true(found > 0);
}

static void linear_sets_are_certified(void **state)
{
    (void)state;
    static const set sets[] = { { "norris", 1, true, 1e-12 },  { "pontius", 2, true, 1e-12 },
                                { "noint1", 1, false, 1e-13 }, { "noint2", 1, false, 1e-13 },
                                { "longley", 0, true, 1e-12 }, { "filip", 10, true, 2e-7 } };
    const char *folder = shared_data("nist_strd");
    if (!folder)
        skip();
    static double x[MOST * COLS], y[MOST];
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        size_t cols, n = read_set(folder, &sets[i], x, &cols, y);
        assert_ok(ctx, kit_table(ctx, n, cols, x, NULL, &table));
        kit_fit spec = { .kind = "glm", .table = table, .n_train = n, .target = y };
        spec.params = sets[i].has_constant ? "{family: gaussian}" : "{family: gaussian, intercept: false}";
        assert_ok(ctx, kit_model(ctx, &spec, &model));
        check_certified(folder, &sets[i], model->state);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

/* Wampler's five sets as they are published: a polynomial of degree 5 at 0 .. 20, and from the third on the
 * same noise times 1, 100 and 10,000, which is orthogonal to it. Residual sums of squares and errors are
 * certified. */
static void wamplers_polynomials_are_certified(void **state)
{
    enum { N = 21, DEGREE = 5 };
    static const double noise[N] = { 759,   -2048, 2048,  -2048, 2523,  -2048, 2048,
                                     -2048, 1838,  -2048, 2048,  -2048, 1838,  -2048,
                                     2048,  -2048, 2523,  -2048, 2048,  -2048, 759 };
    static const double error[DEGREE + 1] = { 2152.32624678170, 2363.55173469681, 779.343524331583,
                                              101.475507550350, 5.64566512170752, 0.112324854679312 };
    static const double times[] = { 0, 0, 1, 100, 10000 };
    (void)state;
    for (size_t w = 0; w < 5; w++) {
        double x[N * DEGREE], y[N], base = w == 1 ? 0.1 : 1.0;
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        vouch_table *table = NULL;
        vouch_model *model = NULL;
        for (size_t i = 0; i < N; i++) {
            double power = 1.0, sum = 1.0, tenth = 1.0;
            for (size_t k = 0; k < DEGREE; k++) {
                power *= (double)i;
                tenth *= 10.0;
                x[i * DEGREE + k] = power;
                sum += w == 1 ? power / tenth : power;
            }
            y[i] = sum + times[w] * noise[i];
        }
        assert_ok(ctx, kit_table(ctx, N, DEGREE, x, NULL, &table));
        kit_fit spec = {
            .kind = "glm", .table = table, .n_train = N, .target = y, .params = "{family: gaussian}"
        };
        assert_ok(ctx, kit_model(ctx, &spec, &model));
        const vouch__glm *glm = model->state;
        double want = 1.0;
        for (size_t k = 0; k <= DEGREE; k++, want *= base) {
            print_message("wampler%zu b%zu: %.2e\n", w + 1, k, glm->estimate[k].value / want - 1);
            assert_close(glm->estimate[k].value / want, 1.0, 1e-12);
            if (w > 1)
                assert_close(glm->estimate[k].error / times[w] / error[k], 1.0, 1e-12);
        }
        if (w > 1)
            assert_close(glm->facts.deviance / (times[w] * times[w]) / 83554268.0, 1.0, 1e-12);
        vouch_model_free(model);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_sets_are_certified),
        cmocka_unit_test(wamplers_polynomials_are_certified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
