/* num/linalg.h: the factors multiply back, and solutions satisfy what defines them. */
#include "check.h"

#include "num/linalg.h"

#include <math.h>
#include <string.h>

enum { MAX = 12 };

static vouch_ctx *ctx;

/* b'b + a little on the diagonal */
static void random_definite(size_t n, double *a)
{
    double b[MAX * MAX];
    for (size_t i = 0; i < n * n; i++)
        b[i] = seeded_normal();
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            a[i * n + j] = i == j ? 0.1 : 0.0;
            for (size_t k = 0; k < n; k++)
                a[i * n + j] += b[k * n + i] * b[k * n + j];
        }
}

static void cholesky_factors_solve_and_invert(void **state)
{
    (void)state;
    double a[MAX * MAX], l[MAX * MAX], inverse[MAX * MAX], b[MAX], x[MAX];
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + seeded_below(MAX);
        random_definite(n, a);
        memcpy(l, a, sizeof l);
        assert_ok(ctx, vouch__cholesky(ctx, n, l, 1e-13));
        for (size_t i = 0; i < n; i++)
            b[i] = x[i] = seeded_normal();
        vouch__cholesky_solve(n, l, x);
        vouch__cholesky_inverse(n, l, inverse);
        for (size_t i = 0; i < n; i++) {
            double ax = 0;
            for (size_t j = 0; j < n; j++) {
                double ll = 0, product = 0;
                for (size_t k = 0; k < n; k++) {
                    ll += l[i * n + k] * l[j * n + k];
                    product += a[i * n + k] * inverse[k * n + j];
                }
                assert_close(ll, a[i * n + j], 1e-12);
                assert_close(product, i == j ? 1.0 : 0.0, 1e-9);
                assert_close(inverse[i * n + j], inverse[j * n + i], 0);
                assert_true(j <= i || l[i * n + j] == 0.0);
                ax += a[i * n + j] * x[j];
            }
            assert_close(ax, b[i], 1e-9);
        }
    }
}

static void cholesky_names_the_row_that_is_not_definite(void **state)
{
    (void)state;
    double singular[] = { 1, 2, 3, 2, 4, 6, 3, 6, 10 }, bad[] = { 1, NAN, NAN, 1 };
    assert_status(ctx, vouch__cholesky(ctx, 3, singular, 1e-12), VOUCH_E_DATA);
    assert_error_has(ctx, "row 1");
    assert_status(ctx, vouch__cholesky(ctx, 2, bad, 1e-12), VOUCH_E_DATA);
}

static void least_squares_leave_a_residual_at_right_angles(void **state)
{
    (void)state;
    enum { ROWS = 40 };
    double a[ROWS * MAX], copy[ROWS * MAX], b[ROWS], target[ROWS], x[MAX];
    for (int round = 0; round < 200; round++) {
        size_t cols = 1 + seeded_below(MAX), rows = cols + seeded_below(ROWS - cols);
        for (size_t i = 0; i < rows * cols; i++)
            a[i] = copy[i] = seeded_normal();
        for (size_t i = 0; i < rows; i++)
            b[i] = target[i] = seeded_normal();
        assert_ok(ctx, vouch__least_squares(ctx, rows, cols, a, b, 1e-12, x));
        for (size_t j = 0; j < cols; j++) {
            double dot = 0;
            for (size_t i = 0; i < rows; i++) {
                double fit = 0;
                for (size_t k = 0; k < cols; k++)
                    fit += copy[i * cols + k] * x[k];
                dot += (target[i] - fit) * copy[i * cols + j];
            }
            assert_close(dot, 0.0, 1e-9);
        }
    }
}

/* Longley (1967) as certified by NIST StRD, without the intercept's column changed: condition about 5e9. */
static void least_squares_reach_the_certified_longley_values(void **state)
{
    (void)state;
    static const double data[16][7] = { { 60323, 83.0, 234289, 2356, 1590, 107608, 1947 },
                                        { 61122, 88.5, 259426, 2325, 1456, 108632, 1948 },
                                        { 60171, 88.2, 258054, 3682, 1616, 109773, 1949 },
                                        { 61187, 89.5, 284599, 3351, 1650, 110929, 1950 },
                                        { 63221, 96.2, 328975, 2099, 3099, 112075, 1951 },
                                        { 63639, 98.1, 346999, 1932, 3594, 113270, 1952 },
                                        { 64989, 99.0, 365385, 1870, 3547, 115094, 1953 },
                                        { 63761, 100.0, 363112, 3578, 3350, 116219, 1954 },
                                        { 66019, 101.2, 397469, 2904, 3048, 117388, 1955 },
                                        { 67857, 104.6, 419180, 2822, 2857, 118734, 1956 },
                                        { 68169, 108.4, 442769, 2936, 2798, 120445, 1957 },
                                        { 66513, 110.8, 444546, 4681, 2637, 121950, 1958 },
                                        { 68655, 112.6, 482704, 3813, 2552, 123366, 1959 },
                                        { 69564, 114.2, 502601, 3931, 2514, 125368, 1960 },
                                        { 69331, 115.7, 518173, 4806, 2572, 127852, 1961 },
                                        { 70551, 116.9, 554894, 4007, 2827, 130081, 1962 } };
    static const double certified[7] = { -3482258.63459582, 15.0618722713733,  -0.358191792925910E-01,
                                         -2.02022980381683, -1.03322686717359, -0.511041056535807E-01,
                                         1829.15146461355 };
    double a[16 * 7], b[16], x[7];
    for (size_t i = 0; i < 16; i++) {
        b[i] = data[i][0];
        a[i * 7] = 1.0;
        for (size_t j = 1; j < 7; j++)
            a[i * 7 + j] = data[i][j];
    }
    assert_ok(ctx, vouch__least_squares(ctx, 16, 7, a, b, 1e-15, x));
    for (size_t j = 0; j < 7; j++)
        assert_close(x[j] / certified[j], 1.0, 1e-8);
}

static void least_squares_name_a_dependent_column(void **state)
{
    (void)state;
    double a[] = { 1, 2, 2, 1, 3, 3, 1, 5, 5, 1, 7, 7 }, b[] = { 1, 2, 3, 4 }, x[3];
    assert_status(ctx, vouch__least_squares(ctx, 4, 3, a, b, 1e-10, x), VOUCH_E_DATA);
    assert_error_has(ctx, "column 2");
    assert_status(ctx, vouch__least_squares(ctx, 2, 3, a, b, 1e-10, x), VOUCH_E_SHAPE);
}

static void eigenvectors_are_orthonormal_and_rebuild_the_matrix(void **state)
{
    (void)state;
    double a[MAX * MAX], copy[MAX * MAX], value[MAX], v[MAX * MAX];
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + seeded_below(MAX);
        random_definite(n, a);
        for (size_t i = 0; i < n; i++)
            a[i * n + i] -= 3.0; /* some negative */
        memcpy(copy, a, sizeof copy);
        assert_ok(ctx, vouch__eigen_symmetric(ctx, n, a, value, v));
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || value[i - 1] <= value[i]);
            for (size_t j = 0; j < n; j++) {
                double dot = 0, back = 0;
                for (size_t k = 0; k < n; k++) {
                    dot += v[k * n + i] * v[k * n + j];
                    back += v[i * n + k] * value[k] * v[j * n + k];
                }
                assert_close(dot, i == j ? 1.0 : 0.0, 1e-13);
                assert_close(back, copy[i * n + j], 1e-12);
            }
        }
    }
    double two[] = { 2, 1, 1, 2 };
    assert_ok(ctx, vouch__eigen_symmetric(ctx, 2, two, value, v));
    assert_close(value[0], 1.0, 1e-15);
    assert_close(value[1], 3.0, 1e-15);
    assert_close(v[1], sqrt(0.5), 1e-15);
    assert_close(v[3], sqrt(0.5), 1e-15);
    double infinite[] = { 1, INFINITY, INFINITY, 1 };
    assert_status(ctx, vouch__eigen_symmetric(ctx, 2, infinite, value, v), VOUCH_E_DATA);
}

static vouch_status solve_once(vouch_ctx *c, void *arg)
{
    double a[] = { 1, 0, 0, 1, 1, 1 }, b[] = { 1, 2, 3 }, x[2];
    (void)arg;
    return vouch__least_squares(c, 3, 2, a, b, 1e-12, x);
}

static void solving_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(solve_once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cholesky_factors_solve_and_invert),
        cmocka_unit_test(cholesky_names_the_row_that_is_not_definite),
        cmocka_unit_test(least_squares_leave_a_residual_at_right_angles),
        cmocka_unit_test(least_squares_reach_the_certified_longley_values),
        cmocka_unit_test(least_squares_name_a_dependent_column),
        cmocka_unit_test(eigenvectors_are_orthonormal_and_rebuild_the_matrix),
        cmocka_unit_test(solving_survives_every_allocation_failure),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
