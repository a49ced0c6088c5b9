/* Calibration by method. Where a mean has to be met the one free number is found between two that bracket it,
 * by the Illinois form of false position: the mean is then met to rounding. */
#include "strategy/calibrate.h"

#include "num/special.h"
#include "validate/cases.h"
#include "validate/recalibrate.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *words;
} methods[] = {
    [VOUCH__CAL_PLATT] = { "platt",
                           "Log-odds become a + b times themselves, fitted to outcomes (Platt 1999)." },
    [VOUCH__CAL_BETA] = { "beta", "The beta map of Kull, Silva Filho and Flach (2017), fitted to outcomes." },
    [VOUCH__CAL_ISOTONIC] = { "isotonic",
                              "The rising steps closest to the outcomes, straight between blocks." },
    [VOUCH__CAL_SHIFT] = { "shift", "Log-odds are shifted by one number, so that the mean probability is the "
                                    "central tendency; ratios of odds stay." },
    [VOUCH__CAL_SCALE] = { "scale", "Probabilities are multiplied by one number, so that their mean is the "
                                    "central tendency; ratios of probabilities stay." },
    [VOUCH__CAL_PRIOR] = { "prior",
                           "Bayes' rule for another share of bads (Elkan 2001): log-odds move by the "
                           "difference of the log-odds of the two shares." },
    [VOUCH__CAL_PIT] = { "pit",
                         "Vasicek's one-factor model: the probability given the state z of the economy, "
                         "N((N^-1(p) - sqrt(rho) z) / sqrt(1 - rho))." },
    [VOUCH__CAL_TTC] = { "ttc", "Vasicek's one-factor model backwards: the probability over all states, "
                                "N(sqrt(1 - rho) N^-1(p) + sqrt(rho) z)." },
};

const char *vouch__cal_name(vouch__cal_method method) { return methods[method].name; }
const char *vouch__cal_words(vouch__cal_method method) { return methods[method].words; }

vouch__cal_method vouch__cal_find(const char *name)
{
    size_t m = 0;
    while (m < VOUCH__CAL_METHODS && strcmp(methods[m].name, name) != 0)
        m++;
    return (vouch__cal_method)m;
}

/* The map of a method with its free number. */
static vouch__map map_of(const vouch__cal_spec *spec, double free)
{
    double far = sqrt(spec->rho), near = sqrt(1.0 - spec->rho);
    switch (spec->method) {
    case VOUCH__CAL_SCALE: return (vouch__map){ .type = VOUCH__MAP_SCALE, .a = free };
    case VOUCH__CAL_PIT:
        return (vouch__map){ .type = VOUCH__MAP_PROBIT, .a = -far * free / near, .b = 1.0 / near };
    case VOUCH__CAL_TTC: return (vouch__map){ .type = VOUCH__MAP_PROBIT, .a = far * free, .b = near };
    default: return (vouch__map){ .type = VOUCH__MAP_LOGIT, .a = free, .b = 1.0 };
    }
}

static double mean_of(const vouch__cal_spec *spec, const vouch__cal_data *d, double free)
{
    vouch__dd sum = { 0 }, all = { 0 };
    vouch__map map = map_of(spec, free);
    for (size_t i = 0; i < d->n; i++) {
        double w = d->weight ? d->weight[i] : 1.0;
        vouch__accumulate(&sum, w * vouch__map_apply(NULL, &map, d->p[i]));
        vouch__accumulate(&all, w);
    }
    return vouch__accumulated(sum) / vouch__accumulated(all);
}

static vouch_status meet(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *d, double *out)
{
    double low = spec->method == VOUCH__CAL_SCALE ? 0.0 : -60.0, high = 60.0, sign = 1.0;
    if (spec->method == VOUCH__CAL_SCALE)
        high = 1e9;
    if (spec->method == VOUCH__CAL_PIT) /* falls with z */
        sign = -1.0;
    double at_low = sign * (mean_of(spec, d, low) - spec->to),
           at_high = sign * (mean_of(spec, d, high) - spec->to);
    if (!(at_low < 0.0 && at_high > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "calibrate: no map of method %s has that mean on these data",
                           vouch__cal_name(spec->method));
    double free = low;
    int side = 0;
    for (int i = 0; i < 200; i++) {
        double cut = (low * at_high - high * at_low) / (at_high - at_low);
        free = i % 3 == 2 || !(cut > low && cut < high) ? 0.5 * (low + high)
                                                        : cut; /* never far from halving */
        double at = sign * (mean_of(spec, d, free) - spec->to);
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
        if (fabs(at) <= 1e-16 || high - low <= 1e-15 * fmax(1.0, fabs(free)))
            break;
        if (at > 0.0) {
            high = free;
            at_high = at;
            at_low *= side > 0 ? 0.5 : 1.0;
            side = 1;
        } else {
            low = free;
            at_low = at;
            at_high *= side < 0 ? 0.5 : 1.0;
            side = -1;
        }
    }
    *out = free;
    return VOUCH_OK;
}

static vouch_status fit_platt(vouch_ctx *ctx, const vouch__cal_data *d, vouch__map *out)
{
    vouch__platt line = { 0, 1 };
    double *x = vouch__scratch(ctx, d->n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < d->n; i++)
        x[i] = vouch__logit(fmin(1.0 - 1e-15, fmax(1e-15, d->p[i])));
    vouch_status status = vouch__platt_fit(ctx, d->n, x, d->bad, &line);
    if (!status && !(line.b > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "calibrate: outcomes fall with the probability, so no line rises");
    *out = (vouch__map){ .type = VOUCH__MAP_LOGIT, .a = line.a, .b = line.b };
    return status;
}

static vouch_status fit_outcomes(vouch_ctx *ctx, vouch__cal_method method, const vouch__cal_data *d,
                                 vouch__map *out)
{
    if (!d->bad)
        return vouch__fail(ctx, VOUCH_E_ARG, "calibrate: method %s needs outcomes", vouch__cal_name(method));
    if (d->weight)
        return vouch__fail(ctx, VOUCH_E_ARG, "calibrate: method %s takes no weights",
                           vouch__cal_name(method));
    if (method == VOUCH__CAL_PLATT)
        return fit_platt(ctx, d, out);
    if (method == VOUCH__CAL_BETA) {
        vouch__beta_map map = { 1, 1, 0 };
        vouch_status status = vouch__beta_map_fit(ctx, d->n, d->p, d->bad, &map);
        *out = (vouch__map){ .type = VOUCH__MAP_BETA, .a = map.a, .b = map.b, .c = map.c };
        return status;
    }
    vouch__isotonic steps = { .n = 0 };
    double *x = vouch__scratch(ctx, 2 * d->n + 1, sizeof *x),
           *y = vouch__scratch(ctx, 2 * d->n + 1, sizeof *y);
    if (!x || !y)
        return vouch__oom(ctx);
    vouch_status status = vouch__isotonic_fit(ctx, d->n, d->p, d->bad, x, y, &steps);
    *out = (vouch__map){ .type = VOUCH__MAP_KNOTS, .n = steps.n, .x = x, .y = y };
    return status;
}

static vouch_status check(vouch_ctx *ctx, const vouch__cal_spec *s, const vouch__cal_data *d)
{
    bool to_outcomes = s->method <= VOUCH__CAL_ISOTONIC, is_state = s->method >= VOUCH__CAL_PIT;
    const char *name = vouch__cal_name(s->method);
    if (!to_outcomes && !(is_state && !isnan(s->z)) && !(s->to > 0.0 && s->to < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "calibrate: method %s needs the rate to come to, between 0 and 1", name);
    if (s->method == VOUCH__CAL_PRIOR && !(s->from > 0.0 && s->from < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "calibrate: method prior needs the bad rate that the model was "
                           "fitted with, between 0 and 1");
    if (is_state && !(s->rho > 0.0 && s->rho < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG, "calibrate: method %s needs a correlation between 0 and 1",
                           name);
    if (s->method == VOUCH__CAL_PRIOR || (is_state && !isnan(s->z)))
        return VOUCH_OK;
    if (!d || d->n == 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "calibrate: method %s needs data", name);
    for (size_t i = 0; i < d->n; i++)
        if (!(d->p[i] >= 0.0 && d->p[i] <= 1.0))
            return vouch__fail(ctx, VOUCH_E_DATA, "calibrate: row %zu has no probability", i + 1);
    return VOUCH_OK;
}

vouch_status vouch__calibrate_fit(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *data,
                                  vouch__map *out, double *out_z)
{
    double free = spec->z;
    vouch_status status = check(ctx, spec, data);
    *out_z = NAN;
    if (status)
        return status;
    if (spec->method <= VOUCH__CAL_ISOTONIC)
        return fit_outcomes(ctx, spec->method, data, out);
    if (spec->method == VOUCH__CAL_PRIOR)
        free = vouch__logit(spec->to) - vouch__logit(spec->from);
    else if (spec->method < VOUCH__CAL_PIT || isnan(spec->z))
        status = meet(ctx, spec, data, &free);
    if (status)
        return status;
    *out = map_of(spec, free);
    *out_z = spec->method >= VOUCH__CAL_PIT ? free : (double)NAN;
    return VOUCH_OK;
}

vouch_status vouch__scale_geometric(vouch_ctx *ctx, size_t grades, double least, double most,
                                    vouch__calibration *out)
{
    if (grades < 2 || grades > VOUCH__GRADES_MAX || !(least > 0.0 && least < most && most < 1.0))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "scale: there must be 2 to %d grades, with PDs from above 0 to "
                           "below 1",
                           VOUCH__GRADES_MAX);
    double step = vouch__log(most / least) / (double)(grades - 1);
    out->n_grades = grades;
    for (size_t g = 0; g < grades; g++)
        out->pd[g] = g + 1 < grades ? least * vouch__exp(step * (double)g) : most;
    for (size_t g = 0; g + 1 < grades; g++)
        out->bound[g] = sqrt(out->pd[g] * out->pd[g + 1]);
    return VOUCH_OK;
}

vouch_status vouch__scale_merge(vouch_ctx *ctx, const vouch__cal_data *d, double min_share,
                                vouch__calibration *s)
{
    double mass[VOUCH__GRADES_MAX] = { 0 }, whole = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        double w = d->weight ? d->weight[i] : 1.0;
        if (isnan(d->p[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "scale: row %zu has no probability", i + 1);
        mass[vouch__calibration_grade(s, d->p[i])] += w;
        whole += w;
    }
    while (s->n_grades > 2) {
        size_t g = 0, n = s->n_grades;
        for (size_t k = 1; k < n; k++)
            g = mass[k] < mass[g] ? k : g;
        if (mass[g] >= min_share * whole)
            break;
        size_t a = g == 0 || (g + 1 < n && mass[g + 1] < mass[g - 1]) ? g : g - 1; /* with a + 1 */
        double both = mass[a] + mass[a + 1];
        s->pd[a] = both > 0.0 ? (mass[a] * s->pd[a] + mass[a + 1] * s->pd[a + 1]) / both
                              : sqrt(s->pd[a] * s->pd[a + 1]);
        mass[a] = both;
        for (size_t k = a + 1; k + 1 < n; k++) {
            mass[k] = mass[k + 1];
            s->pd[k] = s->pd[k + 1];
        }
        for (size_t k = a; k + 2 < n; k++)
            s->bound[k] = s->bound[k + 1];
        s->n_grades--;
    }
    return VOUCH_OK;
}
