/* Unit deviances: values by hand, 0 at the mean and above it elsewhere, accurate near the mean, and one
 * family where families meet. */
#include "check.h"

#include "num/deviance.h"
#include "num/special.h"

#include <math.h>

static void deviances_by_hand(void **state)
{
    (void)state;
    assert_close(vouch__poisson_deviance(0, 2), 4, 0);                  /* 2 mu */
    assert_close(vouch__poisson_deviance(3, 1), 6 * log(3) - 4, 1e-15); /* 2 (y log y/mu - (y - mu)) */
    assert_close(vouch__gamma_deviance(2, 1), 2 * (1 - log(2)), 1e-15); /* 2 ((y - mu)/mu - log y/mu) */
    assert_close(vouch__share_deviance(1, 0.25), 2 * log(4), 1e-15);
    assert_close(vouch__share_deviance(0, 0.25), -2 * log(0.75), 1e-15);
    assert_close(vouch__tweedie_deviance(0, 4, 1.5), 2 * 2 / 0.5, 1e-15); /* 2 mu^(2-p) / (2-p) */
    assert_close(vouch__entropy(0, 3), 0, 0);
}

/* The cubic series of each family about the mean: (y - mu)^2 / V less what the skewness takes. */
static void deviances_keep_their_digits_near_the_mean(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        double mu = 0.01 + 10 * seeded(), d = mu * 1e-7 * (seeded() - 0.5);
        assert_close(vouch__poisson_deviance(mu + d, mu) / (d * d / mu), 1, 1e-6);
        assert_close(vouch__gamma_deviance(mu + d, mu) / (d * d / (mu * mu)), 1, 1e-6);
    }
}

static void deviance_properties(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        double y = 0.05 + 5 * seeded(), mu = 0.05 + 5 * seeded(), c = 0.5 + seeded(),
               p = 1.05 + 0.9 * seeded();
        assert_true(vouch__poisson_deviance(y, mu) >= 0 && vouch__gamma_deviance(y, mu) >= 0);
        assert_true(vouch__tweedie_deviance(y, mu, p) >= 0);
        assert_close(vouch__tweedie_deviance(y, y, p), 0, 1e-12);
        assert_close(vouch__tweedie_deviance(y, mu, 1), vouch__poisson_deviance(y, mu), 0);
        assert_close(vouch__tweedie_deviance(y, mu, 2), vouch__gamma_deviance(y, mu), 0);
        /* how each grows with the unit: to the power 2 - p */
        assert_close(vouch__tweedie_deviance(c * y, c * mu, p),
                     vouch__pow(c, 2 - p) * vouch__tweedie_deviance(y, mu, p), 1e-11);
        assert_close(vouch__gamma_deviance(c * y, c * mu), vouch__gamma_deviance(y, mu), 1e-12);
        double a = seeded(), b = 0.01 + 0.98 * seeded();
        assert_close(vouch__share_deviance(a, b), vouch__share_deviance(1 - a, 1 - b), 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviances_by_hand),
        cmocka_unit_test(deviances_keep_their_digits_near_the_mean),
        cmocka_unit_test(deviance_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
