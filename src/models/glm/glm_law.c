/* Families and links, one case at a time. What is hot has a form of its own in glm_kernel.c; these are the
 * definitions, and serve every combination of the two. */
#include "models/glm/glm_law.h"

#include "num/deviance.h"
#include "num/special.h"

#include <math.h>

#define LEAST 1e-300
#define ROOT_TAU 2.5066282746310005024 /* sqrt(2 pi) */

static const char *const families[VOUCH__GLM_FAMILIES] = {
    "gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "tweedie", "negative_binomial", "beta"
};
static const char *const links[VOUCH__GLM_LINKS] = { "identity", "log",     "inverse",         "logit",
                                                     "probit",   "cloglog", "inverse_squared", "power" };

const char *vouch__glm_family_name(vouch__glm_family family) { return families[family]; }
const char *vouch__glm_link_name(vouch__glm_link link) { return links[link]; }

vouch__glm_link vouch__glm_usual_link(vouch__glm_family family)
{
    switch (family) {
    case VOUCH__GLM_GAUSSIAN: return VOUCH__GLM_IDENTITY;
    case VOUCH__GLM_BETA:
    case VOUCH__GLM_BINOMIAL: return VOUCH__GLM_LOGIT;
    default: return VOUCH__GLM_LOG;
    }
}

static bool is_share(vouch__glm_link link)
{
    return link == VOUCH__GLM_LOGIT || link == VOUCH__GLM_PROBIT || link == VOUCH__GLM_CLOGLOG;
}

static bool has_share_mean(vouch__glm_family family)
{
    return family == VOUCH__GLM_BINOMIAL || family == VOUCH__GLM_BETA;
}

bool vouch__glm_link_suits(vouch__glm_family family, vouch__glm_link link)
{
    if (has_share_mean(family))
        return is_share(link) || link == VOUCH__GLM_IDENTITY || link == VOUCH__GLM_LOG;
    return !is_share(link);
}

bool vouch__glm_is_dispersed(vouch__glm_family family)
{
    return family != VOUCH__GLM_BINOMIAL && family != VOUCH__GLM_POISSON &&
           family != VOUCH__GLM_NEGATIVE_BINOMIAL;
}

/* ---- links ---- */

double vouch__glm_eta(const vouch__glm_law *law, double mu)
{
    switch (law->link) {
    case VOUCH__GLM_IDENTITY: return mu;
    case VOUCH__GLM_LOG: return vouch__log(mu);
    case VOUCH__GLM_INVERSE: return 1.0 / mu;
    case VOUCH__GLM_LOGIT: return vouch__logit(mu);
    case VOUCH__GLM_PROBIT: return vouch__normal_quantile(mu);
    case VOUCH__GLM_CLOGLOG: return vouch__log(-vouch__log1p(-mu));
    case VOUCH__GLM_INVERSE_SQUARED: return 1.0 / (mu * mu);
    case VOUCH__GLM_POWER: return vouch__pow(mu, law->exponent);
    default: return NAN;
    }
}

static double unbounded_mean(const vouch__glm_law *law, double eta)
{
    switch (law->link) {
    case VOUCH__GLM_IDENTITY: return eta;
    case VOUCH__GLM_LOG: return vouch__exp(eta);
    case VOUCH__GLM_INVERSE: return 1.0 / eta;
    case VOUCH__GLM_LOGIT: return vouch__sigmoid(eta);
    case VOUCH__GLM_PROBIT: return vouch__normal_cdf(eta);
    case VOUCH__GLM_CLOGLOG: return -vouch__expm1(-vouch__exp(eta));
    case VOUCH__GLM_INVERSE_SQUARED: return 1.0 / sqrt(eta);
    case VOUCH__GLM_POWER: return vouch__pow(eta, 1.0 / law->exponent);
    default: return NAN;
    }
}

double vouch__glm_mean(const vouch__glm_law *law, double eta)
{
    double mu = unbounded_mean(law, eta);
    if (law->family == VOUCH__GLM_GAUSSIAN)
        return mu;
    if (mu < LEAST)
        return LEAST;
    return has_share_mean(law->family) && mu > 1.0 - 0x1p-53 ? 1.0 - 0x1p-53 : mu;
}

double vouch__glm_slope(const vouch__glm_law *law, double eta)
{
    switch (law->link) {
    case VOUCH__GLM_IDENTITY: return 1.0;
    case VOUCH__GLM_LOG: return vouch__exp(eta);
    case VOUCH__GLM_INVERSE: return -1.0 / (eta * eta);
    case VOUCH__GLM_LOGIT: return vouch__sigmoid(eta) * vouch__sigmoid(-eta);
    case VOUCH__GLM_PROBIT: return vouch__exp(-0.5 * eta * eta) / ROOT_TAU;
    case VOUCH__GLM_CLOGLOG: return vouch__exp(eta - vouch__exp(eta));
    case VOUCH__GLM_INVERSE_SQUARED: return -0.5 / (eta * sqrt(eta));
    case VOUCH__GLM_POWER: return vouch__pow(eta, 1.0 / law->exponent) / (law->exponent * eta);
    default: return NAN;
    }
}

bool vouch__glm_is_valid(const vouch__glm_law *law, double eta)
{
    if (!(fabs(eta) < INFINITY))
        return false;
    if (has_share_mean(law->family))
        return is_share(law->link) || (law->link == VOUCH__GLM_LOG ? eta < 0.0 : eta > 0.0 && eta < 1.0);
    switch (law->link) {
    case VOUCH__GLM_IDENTITY: return law->family == VOUCH__GLM_GAUSSIAN || eta > 0.0;
    case VOUCH__GLM_LOG: return eta < 700.0;
    case VOUCH__GLM_INVERSE: return law->family == VOUCH__GLM_GAUSSIAN ? eta != 0.0 : eta > 0.0;
    case VOUCH__GLM_INVERSE_SQUARED:
    case VOUCH__GLM_POWER: return eta > 0.0;
    default: return true;
    }
}

/* ---- families ---- */

double vouch__glm_variance(const vouch__glm_law *law, double mu)
{
    switch (law->family) {
    case VOUCH__GLM_BETA:
    case VOUCH__GLM_BINOMIAL: return mu * (1.0 - mu);
    case VOUCH__GLM_POISSON: return mu;
    case VOUCH__GLM_GAMMA: return mu * mu;
    case VOUCH__GLM_INVERSE_GAUSSIAN: return mu * mu * mu;
    case VOUCH__GLM_TWEEDIE: return vouch__pow(mu, law->power);
    case VOUCH__GLM_NEGATIVE_BINOMIAL: return mu * (1.0 + law->alpha * mu);
    default: return 1.0;
    }
}

double vouch__glm_deviance(const vouch__glm_law *law, double y, double mu)
{
    double a = law->alpha;
    switch (law->family) {
    case VOUCH__GLM_GAUSSIAN: return (y - mu) * (y - mu);
    case VOUCH__GLM_BINOMIAL: return vouch__share_deviance(y, mu);
    case VOUCH__GLM_POISSON: return vouch__poisson_deviance(y, mu);
    case VOUCH__GLM_GAMMA: return vouch__gamma_deviance(y, mu);
    case VOUCH__GLM_INVERSE_GAUSSIAN: return (y - mu) * (y - mu) / (y * mu * mu);
    case VOUCH__GLM_TWEEDIE: return vouch__tweedie_deviance(y, mu, law->power);
    case VOUCH__GLM_NEGATIVE_BINOMIAL:
        return fmax(
            0.0, 2.0 * (vouch__entropy(y, mu) - (y + 1.0 / a) * vouch__log1p(a * (y - mu) / (1.0 + a * mu))));
    default: return NAN;
    }
}

const char *vouch__glm_refuses(const vouch__glm_law *law, double y)
{
    if (!(fabs(y) < INFINITY))
        return "must be a finite number";
    switch (law->family) {
    case VOUCH__GLM_BINOMIAL: return y >= 0.0 && y <= 1.0 ? NULL : "must be from 0 to 1";
    case VOUCH__GLM_BETA:
        return y > 0.0 && y < 1.0 ? NULL
                                  : "must be above 0 and below 1: squeeze: true moves it inside, and family "
                                    "binomial with covariance hc0 takes 0 and 1";
    case VOUCH__GLM_POISSON: return y >= 0.0 ? NULL : "must be 0 or above";
    case VOUCH__GLM_NEGATIVE_BINOMIAL:
        return y >= 0.0 && y == floor(y) ? NULL : "must be a whole number, 0 or above";
    case VOUCH__GLM_TWEEDIE:
        if (law->power < 2.0)
            return y >= 0.0 ? NULL : "must be 0 or above";
        return y > 0.0 ? NULL : "must be above 0";
    case VOUCH__GLM_GAMMA:
    case VOUCH__GLM_INVERSE_GAUSSIAN: return y > 0.0 ? NULL : "must be above 0";
    default: return NULL;
    }
}

double vouch__glm_first_mean(const vouch__glm_law *law, double y, double mean)
{
    switch (law->family) {
    case VOUCH__GLM_BINOMIAL: return 0.25 + 0.5 * y;
    case VOUCH__GLM_GAUSSIAN: return law->link == VOUCH__GLM_IDENTITY ? y : fmax(y, 1e-3 * fabs(mean));
    default: return 0.5 * (y + mean);
    }
}

double vouch__glm_saturated(const vouch__glm_law *law, double y)
{
    double theta = 1.0 / law->alpha;
    switch (law->family) {
    case VOUCH__GLM_BINOMIAL: /* a share counts as its own entropy: 0 for 0 and 1 */
        return (y > 0.0 ? y * vouch__log(y) : 0.0) + (y < 1.0 ? (1.0 - y) * vouch__log1p(-y) : 0.0);
    case VOUCH__GLM_POISSON: return y > 0.0 ? y * vouch__log(y) - y - vouch__lgamma(y + 1.0) : 0.0;
    case VOUCH__GLM_GAMMA:
    case VOUCH__GLM_INVERSE_GAUSSIAN: return vouch__log(y);
    case VOUCH__GLM_NEGATIVE_BINOMIAL:
        return y > 0.0 ? vouch__lgamma(y + theta) - vouch__lgamma(theta) - vouch__lgamma(y + 1.0) +
                             theta * -vouch__log1p(y * law->alpha) + y * vouch__log(y / (y + theta))
                       : 0.0;
    default: return 0.0;
    }
}

double vouch__glm_tweedie_log_density(double y, double mu, double phi, double p)
{
    enum { TERMS_MAX = 100000 };
    double cumulant = vouch__pow(mu, 2.0 - p) / (2.0 - p);
    if (y <= 0.0)
        return -cumulant / phi;
    double a = (2.0 - p) / (1.0 - p); /* below 0 */
    double log_z = -a * vouch__log(y) + a * vouch__log(p - 1.0) - (1.0 - a) * vouch__log(phi) -
                   vouch__log(2.0 - p);
    double peak = fmax(1.0, floor(vouch__pow(y, 2.0 - p) / (phi * (2.0 - p)) + 0.5)), sum = 0.0;
    double top = peak * log_z - vouch__lgamma(1.0 + peak) - vouch__lgamma(-a * peak);
    for (int step = 1; step >= -1; step -= 2) { /* up from the largest term, then down */
        double j = step > 0 ? peak : peak - 1.0;
        for (int n = 0; j >= 1.0 && n < TERMS_MAX; j += step, n++) {
            double term = j * log_z - vouch__lgamma(1.0 + j) - vouch__lgamma(-a * j) - top;
            sum += vouch__exp(term);
            if (term < -37.0)
                break;
        }
    }
    return top + vouch__log(sum) - vouch__log(y) + (y * vouch__pow(mu, 1.0 - p) / (1.0 - p) - cumulant) / phi;
}

/* Recurrence up to 12, then Stirling's series: Abramowitz & Stegun 6.3.18, 6.4.11. */
double vouch__digamma(double x)
{
    double sum = 0.0;
    while (x < 12.0) {
        sum -= 1.0 / x;
        x += 1.0;
    }
    double q = 1.0 / (x * x);
    return sum + vouch__log(x) - 0.5 / x -
           q * (1.0 / 12 - q * (1.0 / 120 - q * (1.0 / 252 - q * (1.0 / 240 - q * (1.0 / 132)))));
}

double vouch__trigamma(double x)
{
    double sum = 0.0;
    while (x < 12.0) {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    double q = 1.0 / (x * x);
    return sum + 1.0 / x + 0.5 * q +
           q / x * (1.0 / 6 - q * (1.0 / 30 - q * (1.0 / 42 - q * (1.0 / 30 - q * (5.0 / 66)))));
}
