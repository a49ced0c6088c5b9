/* num/special.h against mpmath (tests/golden/num), at its limits, and for the same bits everywhere. */
#include "golden.h"

#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RECORDED_BITS 0xf3966223a5d6287eu

typedef double fn1(double);
typedef double fn2(double, double);
typedef double fn3(double, double, double);
typedef double fn4(double, double, double, double);

/* What special.h says of each, in ulp or relative to max(floor, |value|). */
static const struct entry {
    const char *file, *name;
    fn1 *one;
    fn2 *two;
    fn3 *three;
    fn4 *four;
    double ulp, relative, floor;
} entries[] = {
    { "elementary", "exp", .one = vouch__exp, .ulp = 1 },
    { "elementary", "expm1", .one = vouch__expm1, .ulp = 1 },
    { "elementary", "log", .one = vouch__log, .ulp = 1 },
    { "elementary", "log1p", .one = vouch__log1p, .ulp = 1 },
    { "elementary", "pow", .two = vouch__pow, .ulp = 2 },
    { "elementary", "sigmoid", .one = vouch__sigmoid, .ulp = 1 },
    { "elementary", "logit", .one = vouch__logit, .ulp = 3 },
    { "elementary", "softplus", .one = vouch__softplus, .ulp = 2 },
    { "families", "erf", .one = vouch__erf, .relative = 1e-15 },
    { "families", "erfc", .one = vouch__erfc, .relative = 1e-15 },
    { "families", "normal_cdf", .one = vouch__normal_cdf, .relative = 1e-15 },
    { "families", "normal_sf", .one = vouch__normal_sf, .relative = 1e-15 },
    { "families", "normal_quantile", .one = vouch__normal_quantile, .relative = 1e-15 },
    { "families", "lgamma", .one = vouch__lgamma, .relative = 1e-15 },
    { "families", "lbeta", .two = vouch__lbeta, .relative = 1e-14, .floor = 1 },
    { "families", "gamma_p", .two = vouch__gamma_p, .relative = 1e-12 },
    { "families", "gamma_q", .two = vouch__gamma_q, .relative = 1e-12 },
    { "families", "chi2_sf", .two = vouch__chi2_sf, .relative = 1e-12 },
    { "families", "beta_inc", .three = vouch__beta_inc, .relative = 1e-12 },
    { "families", "t_sf", .two = vouch__t_sf, .relative = 1e-12 },
    { "families", "f_sf", .three = vouch__f_sf, .relative = 1e-12 },
    { "families", "binomial_cdf", .three = vouch__binomial_cdf, .relative = 1e-12 },
    { "families", "binomial_log_pmf", .three = vouch__binomial_log_pmf, .relative = 1e-14, .floor = 1 },
    { "families", "hypergeometric_log_pmf", .four = vouch__hypergeometric_log_pmf, .relative = 1e-14,
      .floor = 1 },
};

static double call(const struct entry *e, const double *x)
{
    return e->one     ? e->one(x[0])
           : e->two   ? e->two(x[0], x[1])
           : e->three ? e->three(x[0], x[1], x[2])
                      : e->four(x[0], x[1], x[2], x[3]);
}

static double ulp_of(double x) { return nextafter(fabs(x), INFINITY) - fabs(x); }

static void every_function_keeps_its_stated_error(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) {
        const struct entry *e = &entries[k];
        char path[64];
        (void)snprintf(path, sizeof path, "num/%s.json", e->file);
        static const vouch__json *root;
        static const char *loaded;
        if (loaded != e->file)
            root = golden(path);
        loaded = e->file;
        (void)snprintf(path, sizeof path, "cases.%s", e->name);
        size_t args = e->one ? 1 : e->two ? 2 : e->three ? 3 : 4, seen = 0;
        double worst = 0;
        for (const vouch__json *row = golden_at(root, path)->first; row; row = row->next, seen++) {
            double x[4] = { 0 };
            for (size_t j = 0; j < args; j++)
                x[j] = vouch__json_double(vouch__json_at(row, j), NAN);
            double want = vouch__json_double(vouch__json_at(row, args), NAN);
            double rest = vouch__json_double(vouch__json_at(row, args + 1), NAN);
            double got = call(e, x), unit = ulp_of(want), error = fabs((got - want) / unit - rest);
            double limit = e->ulp;
            if (e->relative > 0) {
                error = fabs(got - want - rest * unit) / fmax(e->floor, fabs(want));
                limit = e->relative;
                if (fabs(want) < 1e-290)
                    continue;
            }
            worst = fmax(worst, error);
            if (!(error <= limit))
                fail_msg("%s(%.17g, %.17g, %.17g) is %.17g, want %.17g: error %g, at most %g", e->name, x[0],
                         x[1], x[2], got, want, error, limit);
        }
        assert_true(seen >= 80);
        print_message("%-24s %4zu points, worst %.3g of %.3g %s\n", e->name, seen, worst,
                      e->ulp > 0 ? e->ulp : e->relative, e->ulp > 0 ? "ulp" : "relative");
    }
}

static void nan_goes_through_and_limits_are_those_of_ieee(void **state)
{
    (void)state;
    fn1 *const each[] = { vouch__exp,
                          vouch__expm1,
                          vouch__log,
                          vouch__log1p,
                          vouch__sigmoid,
                          vouch__logit,
                          vouch__erf,
                          vouch__erfc,
                          vouch__softplus,
                          vouch__lgamma,
                          vouch__normal_cdf,
                          vouch__normal_sf,
                          vouch__normal_quantile };
    for (size_t k = 0; k < sizeof each / sizeof *each; k++)
        assert_nan(each[k](NAN));
    assert_close(vouch__exp(INFINITY), INFINITY, 0);
    assert_close(vouch__exp(-INFINITY), 0, 0);
    assert_close(vouch__exp(709.79), INFINITY, 0);
    assert_close(vouch__exp(-746.0), 0, 0);
    assert_close(vouch__expm1(-INFINITY), -1, 0);
    assert_true(signbit(vouch__expm1(-0.0)) && signbit(vouch__log1p(-0.0)));
    assert_close(vouch__log(0.0), -INFINITY, 0);
    assert_close(vouch__log(INFINITY), INFINITY, 0);
    assert_nan(vouch__log(-1.0));
    assert_close(vouch__log1p(-1.0), -INFINITY, 0);
    assert_nan(vouch__log1p(-1.1));
    assert_close(vouch__sigmoid(INFINITY), 1, 0);
    assert_close(vouch__sigmoid(-INFINITY), 0, 0);
    assert_close(vouch__sigmoid(0.0), 0.5, 0);
    assert_close(vouch__logit(0.0), -INFINITY, 0);
    assert_close(vouch__logit(1.0), INFINITY, 0);
    assert_nan(vouch__logit(1.5));
    assert_close(vouch__softplus(INFINITY), INFINITY, 0);
    assert_close(vouch__pow(0.0, 0.0), 1, 0);
    assert_close(vouch__pow(0.0, -1.0), INFINITY, 0);
    assert_close(vouch__pow(INFINITY, -1.0), 0, 0);
    assert_close(vouch__pow(0.5, INFINITY), 0, 0);
    assert_close(vouch__pow(2.0, 1e300), INFINITY, 0);
    assert_nan(vouch__pow(-1.0, 0.5));
    assert_close(vouch__pow(10.0, 22.0), 1e22, 0);
    assert_close(vouch__erf(INFINITY), 1, 0);
    assert_close(vouch__erfc(-INFINITY), 2, 0);
    assert_close(vouch__erfc(30.0), 0, 0);
    assert_close(vouch__normal_quantile(0.0), -INFINITY, 0);
    assert_close(vouch__normal_quantile(1.0), INFINITY, 0);
    assert_close(vouch__lgamma(0.0), INFINITY, 0);
    assert_close(vouch__lgamma(1.0), 0, 0);
    assert_close(vouch__lgamma(2.0), 0, 0);
    assert_nan(vouch__lgamma(-0.5));
}

static void degenerate_cases_of_the_distributions(void **state)
{
    (void)state;
    assert_close(vouch__gamma_p(2.0, 0.0), 0, 0);
    assert_close(vouch__gamma_q(2.0, INFINITY), 0, 0);
    assert_nan(vouch__gamma_p(-1.0, 1.0));
    assert_nan(vouch__gamma_q(1.0, -1.0));
    assert_close(vouch__beta_inc(2.0, 3.0, 0.0), 0, 0);
    assert_close(vouch__beta_inc(2.0, 3.0, 1.0), 1, 0);
    assert_nan(vouch__beta_inc(0.0, 3.0, 0.5));
    assert_close(vouch__chi2_sf(0.0, 3.0), 1, 0);
    assert_close(vouch__t_sf(0.0, 5.0), 0.5, 0);
    assert_close(vouch__t_sf(INFINITY, 5.0), 0, 0);
    assert_close(vouch__t_sf(-INFINITY, 5.0), 1, 0);
    assert_close(vouch__t_sf(1.5, INFINITY), vouch__normal_sf(1.5), 0);
    assert_close(vouch__f_sf(0.0, 3.0, 4.0), 1, 0);
    assert_close(vouch__binomial_cdf(-1, 10, 0.5), 0, 0);
    assert_close(vouch__binomial_cdf(10, 10, 0.5), 1, 0);
    assert_close(vouch__binomial_log_pmf(0, 10, 0.0), 0, 0);
    assert_close(vouch__binomial_log_pmf(11, 10, 0.5), -INFINITY, 0);
    assert_close(vouch__hypergeometric_log_pmf(3, 10, 2, 5), -INFINITY, 0);
    assert_close(vouch__beta_quantile(0.0, 2, 3), 0, 0);
    assert_close(vouch__beta_quantile(1.0, 2, 3), 1, 0);
    /* Jeffreys' p-value of a PD given N loans with D defaults, the first of them as printed to four digits at
     * training.deepcreditrisk.com */
    static const double jeffreys[][4] = {
        { 6, 2, 0.0367, 0.0043804813 },    { 1000, 0, 0.001, 0.8428564766 },
        { 1000, 1, 0.001, 0.4276971222 },  { 1000, 20, 0.015, 0.1005894551 },
        { 5000, 100, 0.02, 0.4935446460 }, { 100000, 2100, 0.02, 0.0124068778 }
    };
    for (size_t k = 0; k < sizeof jeffreys / sizeof *jeffreys; k++) {
        const double *v = jeffreys[k];
        assert_close(vouch__beta_inc(v[1] + 0.5, v[0] - v[1] + 0.5, v[2]), v[3], 6e-11);
    }
    for (double df = 0.5; df < 300; df *= 1.7)
        for (double p = 1e-6; p < 1; p = p < 0.1 ? 10 * p : p + 0.089)
            assert_close(vouch__chi2_sf(vouch__chi2_quantile(p, df), df), 1 - p, 1e-13);
    assert_close(vouch__chi2_quantile(0.95, 9), 16.918977604620448, 1e-13);
}

static void functions_agree_with_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double x = 20 * seeded() - 10, a = 0.05 + 30 * seeded(), b = 0.05 + 30 * seeded(), u = seeded();
        assert_close(vouch__log(vouch__exp(x)), x, 1e-15);
        assert_close(vouch__sigmoid(x) + vouch__sigmoid(-x), 1.0, 3e-16);
        assert_close(vouch__sigmoid(vouch__logit(u)), u, 1e-15);
        assert_close(vouch__normal_cdf(vouch__normal_quantile(u)), u, 1e-15);
        assert_close(vouch__gamma_p(a, fabs(x)) + vouch__gamma_q(a, fabs(x)), 1.0, 1e-14);
        assert_close(vouch__beta_inc(a, b, u), 1.0 - vouch__beta_inc(b, a, 1.0 - u), 1e-13);
        assert_close(vouch__t_sf(x, a), 1.0 - vouch__t_sf(-x, a), 1e-15);
        assert_close(vouch__f_sf(x * x, 1.0, a), 2 * vouch__t_sf(fabs(x), a), 1e-13);
        a += 0.5, b += 0.5;
        double q = vouch__beta_quantile(u, a, b); /* back to u as far as one ulp of q moves it */
        assert_true(q >= 0.0 && q <= 1.0);
        if (q > 0.0 && q < 1.0)
            assert_true(vouch__beta_inc(a, b, nextafter(q, 0) - 1e-15 * q) <= u + 1e-12 &&
                        vouch__beta_inc(a, b, nextafter(q, 1) + 1e-15 * q) >= u - 1e-12);
    }
}

static void exp_and_log_rise(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double x = 1400 * seeded() - 700, y = nextafter(x, INFINITY), v = vouch__exp(x / 2);
        assert_true(vouch__exp(x) <= vouch__exp(y));
        assert_true(vouch__log(v) <= vouch__log(nextafter(v, INFINITY)));
        assert_true(vouch__sigmoid(x / 20) <= vouch__sigmoid(nextafter(x / 20, INFINITY)));
    }
}

/* The bits of a hundred thousand results, mixed: the same with every compiler, option and processor. */
static void the_bits_are_those_recorded(void **state)
{
    (void)state;
    uint64_t mixed = 0;
    vouch__rng rng = vouch__rng_make(1, 1);
    for (int i = 0; i < 20000; i++) {
        double z = vouch__rng_normal(&rng) * 20, u = vouch__rng_uniform(&rng), a = 0.1 + 40 * u;
        double value[] = { vouch__exp(z),
                           vouch__expm1(z),
                           vouch__log(a),
                           vouch__log1p(u),
                           vouch__pow(a, z),
                           vouch__sigmoid(z),
                           vouch__softplus(z),
                           vouch__erfc(z / 10),
                           vouch__lgamma(a),
                           vouch__gamma_q(a, fabs(z)),
                           vouch__beta_inc(a, 2.5, u),
                           vouch__normal_cdf(z / 3) };
        for (size_t j = 0; j < sizeof value / sizeof *value; j++) {
            uint64_t bits;
            memcpy(&bits, &value[j], sizeof bits);
            mixed = vouch__mix(mixed, bits);
        }
    }
    print_message("mixed bits 0x%016llx\n", (unsigned long long)mixed);
    assert_true(mixed == RECORDED_BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_keeps_its_stated_error),
        cmocka_unit_test(nan_goes_through_and_limits_are_those_of_ieee),
        cmocka_unit_test(degenerate_cases_of_the_distributions),
        cmocka_unit_test(functions_agree_with_each_other),
        cmocka_unit_test(exp_and_log_rise),
        cmocka_unit_test(the_bits_are_those_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
