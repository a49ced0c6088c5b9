/* One row of beta regression (Ferrari & Cribari-Neto, J. Applied Statistics 31 (2004) 799-815; with a
 * precision of its own for every row: Simas, Barreto-Souza & Rocha, CSDA 54 (2010) 348-366). */
#include "models/glm/glm_beta.h"

#include "num/special.h"

#include <math.h>

/* What the log-likelihood has of mu: y* a - log Gamma(a) - log Gamma(phi - a), concave in a = mu phi. */
static double of_mean(double logit, double mu, double phi)
{
    return mu * phi * logit - vouch__lgamma(mu * phi) - vouch__lgamma((1.0 - mu) * phi);
}

void vouch__glm_beta_at(const vouch__glm_law *law, double y, double eta, double zeta,
                        vouch__glm_beta_row *out)
{
    double mu = vouch__glm_mean(law, eta), slope = vouch__glm_slope(law, eta), phi = vouch__exp(zeta);
    double a = mu * phi, b = (1.0 - mu) * phi, log_rest = vouch__log1p(-y), logit = vouch__log(y) - log_rest;
    double at_b = vouch__digamma(b), gap = logit - (vouch__digamma(a) - at_b);
    double bend_a = vouch__trigamma(a), bend_b = vouch__trigamma(b);
    out->log_likelihood = vouch__lgamma(phi) + of_mean(logit, mu, phi) + (phi - 1.0) * log_rest -
                          vouch__log(y);
    out->pull_eta = phi * gap * slope;
    out->pull_zeta = phi * (mu * gap + log_rest - at_b + vouch__digamma(phi));
    out->grip_eta = phi * slope * phi * slope * (bend_a + bend_b);
    out->grip_both = phi * phi * slope * (mu * bend_a - (1.0 - mu) * bend_b);
    out->grip_zeta = phi * phi * (mu * mu * bend_a + (1.0 - mu) * (1.0 - mu) * bend_b - vouch__trigamma(phi));
}

double vouch__glm_beta_deviance(double y, double mu, double phi)
{
    enum { MOST = 60 };
    double logit = vouch__logit(y), t = logit, best = y;
    for (int n = 0; n < MOST; n++) { /* Newton on the log-odds of the mean that y makes likeliest */
        best = fmin(1.0 - 0x1p-53, fmax(1e-300, vouch__sigmoid(t)));
        double a = best * phi, b = (1.0 - best) * phi;
        double bend = phi * best * (1.0 - best) * (vouch__trigamma(a) + vouch__trigamma(b));
        double step = (logit - vouch__digamma(a) + vouch__digamma(b)) / bend;
        t += fmin(2.0, fmax(-2.0, step));
        if (!(fabs(step) > 1e-12))
            break;
    }
    return fmax(0.0, 2.0 * (of_mean(logit, best, phi) - of_mean(logit, mu, phi)));
}
