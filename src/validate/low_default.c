/* Bounds of PDs where hardly anybody defaults.
 *
 * Over several years defaults are not independent given one number: each year has its own factor, and these
 * are a chain. Going through the years, what has to be known is the factor of the year and how many have
 * defaulted so far. With f_t(s, j) the chance density of factor s and j defaults after year t,
 *
 *     f_t(s', j') = sum over j of B(j' - j; n - j, G(s')) x integral of f_(t-1)(s, j) k(s, s') ds,
 *
 * where B is the binomial chance, G(s) that of an obligor in a year of factor s, and k the normal density of
 * the next factor. All terms are positive, so nothing cancels; on an even grid the integrals of such smooth
 * functions converge faster than any power of its step. */
#include "validate/low_default.h"

#include "base/text.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/pd_tests.h"

#include <math.h>
#include <string.h>

#define END 8.5 /* beyond it the normal has less than 1e-16 */
#define ROOT_TWO_PI 0x1.40d931ff62705p+1

typedef struct chain {
    vouch_ctx *ctx;
    const vouch__default_law *law;
    double n, d, step; /* d: at least so many; step: of the grid */
    size_t grid, most; /* most: defaults that are told apart, below d */
    double *kernel;    /* [grid x grid] from, to */
    double *now, *before, *chance;
} chain;

/* A count of defaults turns within 1 / (|z| slope sqrt(1 + d)) of the factor, |z| up to 4. */
static double step_of(const vouch__default_law *law, double d)
{
    double slope = sqrt(law->correlation / (1.0 - law->correlation));
    double chain_width = sqrt(1.0 - law->year_correlation * law->year_correlation);
    return fmin(fmin(0.14, chain_width), 0.125 / (slope * sqrt(1.0 + d)));
}

static double at(const chain *c, size_t k) { return -END + c->step * (double)k; }

static vouch_status chain_make(vouch_ctx *ctx, double n, double d, const vouch__default_law *law, chain *out)
{
    chain c = { .ctx = ctx, .law = law, .n = n, .d = d };
    c.grid = (size_t)ceil(2.0 * END / step_of(law, d)) + 1;
    c.step = 2.0 * END / (double)(c.grid - 1);
    c.most = (size_t)d;
    c.kernel = vouch__scratch(ctx, c.grid * c.grid, sizeof *c.kernel);
    c.now = vouch__scratch(ctx, c.grid * (c.most + 1), sizeof *c.now);
    c.before = vouch__scratch(ctx, c.grid * (c.most + 1), sizeof *c.before);
    c.chance = vouch__scratch(ctx, c.most + 1, sizeof *c.chance);
    if (!c.kernel || !c.now || !c.before || !c.chance)
        return vouch__oom(ctx);
    double width = sqrt(1.0 - law->year_correlation * law->year_correlation);
    for (size_t i = 0; i < c.grid; i++)
        for (size_t j = 0; j < c.grid; j++) {
            double z = (at(&c, j) - law->year_correlation * at(&c, i)) / width;
            c.kernel[i * c.grid + j] = vouch__exp(-0.5 * z * z) / ROOT_TWO_PI / width * c.step;
        }
    *out = c;
    return VOUCH_OK;
}

/* chance[i] of i defaults among m, up to the most that matter. */
static void binomial(double m, double p, size_t most, double *chance)
{
    double odds = p / (1.0 - p);
    chance[0] = vouch__exp(m * vouch__log1p(-p));
    for (size_t i = 1; i < most; i++)
        chance[i] = chance[i - 1] * fmax(0.0, m - (double)i + 1.0) / (double)i * odds;
}

/* One year: every state's obligors that are left default or not, by the factor of the year. */
static void live_through(const chain *c, double threshold)
{
    double rho = c->law->correlation;
    for (size_t k = 0; k < c->grid; k++) {
        double g = vouch__normal_cdf((threshold + sqrt(rho) * at(c, k)) / sqrt(1.0 - rho));
        double *state = c->now + k * c->most;
        double *from = c->before + k * c->most;
        memcpy(from, state, c->most * sizeof *from);
        memset(state, 0, c->most * sizeof *state);
        for (size_t j = 0; j < c->most && g < 1.0; j++) {
            if (!(from[j] > 0.0))
                continue;
            binomial(c->n - (double)j, g, c->most - j, c->chance);
            for (size_t i = 0; i + j < c->most; i++)
                state[j + i] += from[j] * c->chance[i];
        }
    }
}

static void next_factor(chain *c)
{
    double *held = c->before;
    c->before = c->now;
    c->now = held;
    memset(c->now, 0, c->grid * c->most * sizeof *c->now);
    for (size_t i = 0; i < c->grid; i++)
        for (size_t k = 0; k < c->grid; k++) {
            double share = c->kernel[i * c->grid + k];
            for (size_t j = 0; j < c->most && share > 1e-20; j++)
                c->now[k * c->most + j] += share * c->before[i * c->most + j];
        }
}

/* P(D >= d) when the yearly PD has this threshold on the normal scale. */
static double chain_tail(chain *c, double threshold)
{
    memset(c->now, 0, c->grid * c->most * sizeof *c->now);
    for (size_t k = 0; k < c->grid; k++)
        c->now[k * c->most] = vouch__exp(-0.5 * at(c, k) * at(c, k)) / ROOT_TWO_PI * c->step;
    for (size_t t = 0; t < c->law->years; t++) {
        if (t > 0)
            next_factor(c);
        live_through(c, threshold);
    }
    return fmin(1.0, fmax(0.0, 1.0 - vouch__sum(c->grid * c->most, c->now)));
}

static bool is_chain(const vouch__default_law *law) { return law->years > 1 && law->correlation > 0.0; }

/* Of a year, from that of all years; defaults are independent. */
static double yearly(double pd, size_t years) { return -vouch__expm1(vouch__log1p(-pd) / (double)years); }
static double over_years(double pd, size_t years) { return -vouch__expm1(vouch__log1p(-pd) * (double)years); }

vouch_status vouch__default_tail(vouch_ctx *ctx, double n, double d, double pd, const vouch__default_law *law,
                                 double *out_p)
{
    size_t mark = vouch__scratch_mark(ctx);
    chain c;
    if (d <= 0.0 || pd <= 0.0 || pd >= 1.0 || !is_chain(law)) {
        *out_p = law->correlation > 0.0 && law->years < 2
                     ? vouch__pd_binomial_correlated(n, d, pd, law->correlation)
                     : vouch__pd_binomial(n, d, pd < 1.0 ? over_years(pd, law->years) : 1.0);
        return VOUCH_OK;
    }
    vouch_status status = chain_make(ctx, n, d, law, &c);
    if (!status)
        *out_p = chain_tail(&c, vouch__normal_quantile(pd));
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The pd at which d defaults or fewer among n have chance 1 - level. */
static vouch_status largest_pd(vouch_ctx *ctx, double n, double d, const vouch__default_law *law,
                               double level, double *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    bool in_years = is_chain(law);
    chain c = { .n = n, .d = d + 1.0, .law = law };
    vouch_status status = VOUCH_OK;
    *out = 1.0;
    if (d >= n)
        return VOUCH_OK;
    if (law->correlation <= 0.0) {
        *out = yearly(vouch__beta_quantile(level, d + 1.0, n - d), law->years);
        return VOUCH_OK;
    }
    if (in_years)
        status = chain_make(ctx, n, d + 1.0, law, &c);
    /* False position, Illinois form, on the normal scale of pd, where the tail is a smooth rise from 0 to 1.
     */
    double low = -9.0, high = 9.0, below = -level, above = 1.0 - level;
    int side = 0; /* which end moved last */
    for (int i = 0; i < 100 && high - low > 1e-14 * (1.0 + fabs(low)) && !status; i++) {
        double middle = i % 8 == 7 ? 0.5 * (low + high) : low - below * (high - low) / (above - below);
        double f = in_years ? chain_tail(&c, middle)
                            : vouch__pd_binomial_correlated(n, d + 1.0, vouch__normal_cdf(middle),
                                                            law->correlation);
        f -= level;
        if (f == 0.0) {
            low = high = middle;
        } else if (f < 0.0) {
            low = middle;
            below = f;
            above *= side < 0 ? 0.5 : 1.0; /* the other end has stayed twice */
            side = -1;
        } else {
            high = middle;
            above = f;
            below *= side > 0 ? 0.5 : 1.0;
            side = 1;
        }
        status = in_years ? vouch__poll(ctx) : VOUCH_OK;
    }
    *out = vouch__normal_cdf(0.5 * (low + high));
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status check(vouch_ctx *ctx, size_t grades, const double *n, const double *d,
                          const vouch__default_law *law, double level)
{
    double in_unit[] = { law->correlation, law->year_correlation };
    if (grades == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "low-default portfolio: no grades");
    for (size_t i = 0; i < 2; i++)
        if (!(in_unit[i] >= 0.0 && in_unit[i] < 1.0))
            return vouch__fail(ctx, VOUCH_E_ARG, "low-default portfolio: correlations must be in [0, 1)");
    if (!(level > 0.0 && level < 1.0) || law->years < 1 || law->years > VOUCH__LOW_DEFAULT_YEARS)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "low-default portfolio: level must be between 0 and 1, years from 1 to %d",
                           VOUCH__LOW_DEFAULT_YEARS);
    for (size_t k = 0; k < grades; k++)
        if (!(n[k] >= 0.0 && n[k] < INFINITY && d[k] >= 0.0 && d[k] <= n[k])) {
            char a[VOUCH__DOUBLE_MAX], b[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(d[k], a);
            (void)vouch__double_text(n[k], b);
            return vouch__fail(ctx, VOUCH_E_DATA, "low-default portfolio: grade %zu has %s defaults of %s", k,
                               a, b);
        }
    if (!(vouch__sum(grades, n) > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "low-default portfolio: no obligors");
    if (is_chain(law) && vouch__sum(grades, d) > VOUCH__LOW_DEFAULTS)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "low-default portfolio: over %d defaults in several years: it is none",
                           VOUCH__LOW_DEFAULTS);
    return VOUCH_OK;
}

vouch_status vouch__pluto_tasche(vouch_ctx *ctx, size_t grades, const double *n, const double *d,
                                 const vouch__default_law *law, double level, double *out_pd)
{
    double obligors = 0.0, defaults = 0.0;
    vouch_status status = check(ctx, grades, n, d, law, level);
    for (size_t k = grades; k-- > 0 && !status;) {
        obligors += n[k];
        defaults += d[k];
        out_pd[k] = 1.0;
        if (obligors > 0.0)
            status = largest_pd(ctx, obligors, defaults, law, level, &out_pd[k]);
        if (!status)
            status = vouch__poll(ctx);
    }
    return status;
}
