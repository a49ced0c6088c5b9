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
    [VOUCH__CAL_QMM] = { "qmm", "Quasi-moment matching (Tasche 2013): log-odds become a + b times "
                                "themselves, so that the mean "
                                "probability is the central tendency and the AUC that the probabilities "
                                "themselves imply is the "
                                "one asked for." },
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

typedef struct meeting {
    const vouch__cal_spec *spec;
    const vouch__cal_data *d;
} meeting;

/* How far the mean lies above the one asked for; signed so that it rises with the free number. */
static double above(const void *self, double free)
{
    const meeting *m = self;
    vouch__dd sum = { 0 }, all = { 0 };
    vouch__map map = map_of(m->spec, free);
    for (size_t i = 0; i < m->d->n; i++) {
        double w = m->d->weight ? m->d->weight[i] : 1.0;
        vouch__accumulate(&sum, w * vouch__map_apply(NULL, &map, m->d->p[i]));
        vouch__accumulate(&all, w);
    }
    double gap = vouch__accumulated(sum) / vouch__accumulated(all) - m->spec->to;
    return m->spec->method == VOUCH__CAL_PIT ? -gap : gap; /* falls with z */
}

vouch_status vouch__zero_of(vouch_ctx *ctx, vouch__rising *f, const void *self, double low, double high,
                            double *out)
{
    double at_low = f(self, low), at_high = f(self, high), free = low;
    int side = 0;
    if (!(at_low < 0.0 && at_high > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "calibrate: no such map");
    for (int i = 0; i < 200; i++) {
        double cut = (low * at_high - high * at_low) / (at_high - at_low);
        free = i % 3 == 2 || !(cut > low && cut < high) ? 0.5 * (low + high) : cut;
        double at = f(self, free);
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

static vouch_status meet(vouch_ctx *ctx, const vouch__cal_spec *spec, const vouch__cal_data *d, double *out)
{
    const meeting m = { spec, d };
    bool scales = spec->method == VOUCH__CAL_SCALE;
    vouch_status status = vouch__zero_of(ctx, above, &m, scales ? 0.0 : -60.0, scales ? 1e9 : 60.0, out);
    return status == VOUCH_E_DATA
               ? vouch__fail(ctx, status, "calibrate: no map of method %s has that mean on these data",
                             vouch__cal_name(spec->method))
               : status;
}

static vouch_status fit_platt(vouch_ctx *ctx, const vouch__cal_data *d, vouch__map *out)
{
    vouch__platt line = { 0, 1 };
    double *x = vouch__scratch(ctx, d->n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < d->n; i++)
        x[i] = vouch__logit(fmin(1.0 - 1e-15, fmax(1e-15, d->p[i])));
    vouch_status status = vouch__platt_fit(ctx, d->n, x, d->bad, d->weight, &line);
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
    if (method == VOUCH__CAL_PLATT)
        return fit_platt(ctx, d, out);
    if (method == VOUCH__CAL_BETA) {
        vouch__beta_map map = { 1, 1, 0 };
        vouch_status status = vouch__beta_map_fit(ctx, d->n, d->p, d->bad, d->weight, &map);
        *out = (vouch__map){ .type = VOUCH__MAP_BETA, .a = map.a, .b = map.b, .c = map.c };
        return status;
    }
    vouch__isotonic steps = { .n = 0 };
    double *x = vouch__scratch(ctx, 2 * d->n + 1, sizeof *x),
           *y = vouch__scratch(ctx, 2 * d->n + 1, sizeof *y);
    if (!x || !y)
        return vouch__oom(ctx);
    vouch_status status = vouch__isotonic_fit(ctx, d->n, d->p, d->bad, d->weight, x, y, &steps);
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
    if (spec->method == VOUCH__CAL_QMM)
        return vouch__quasi_moments(ctx, spec, data, out);
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
