/* Objectives that are sums over bins. */
#include "bins/bin_worth.h"

#include "num/special.h"

#include <math.h>

static void add_classes(const vouch__worth *worth, size_t n, const uint16_t *cell, const double *y,
                        const double *w, double *sums)
{
    for (size_t i = 0; i < n; i++) {
        double *s = sums + cell[i] * worth->stride, weight = w ? w[i] : 1.0;
        s[VOUCH__SUM_ROWS] += 1.0;
        s[VOUCH__SUM_W] += weight;
        s[VOUCH__SUM_CLASS + (size_t)y[i]] += weight;
    }
}

void vouch__worth_add(const vouch__worth *worth, size_t n, const uint16_t *cell, const double *y,
                      const double *w, double *sums)
{
    bool is_count = worth->target == VOUCH__BIN_COUNT; /* is of its exposure, not weighted by it */
    if (worth->target == VOUCH__BIN_CLASSES) {
        add_classes(worth, n, cell, y, w, sums);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double *s = sums + cell[i] * worth->stride, weight = w ? w[i] : 1.0,
               wy = is_count ? y[i] : weight * y[i];
        s[VOUCH__SUM_ROWS] += 1.0;
        s[VOUCH__SUM_EVENTS] += is_count ? y[i] : y[i] > 0.5;
        s[VOUCH__SUM_W] += weight;
        s[VOUCH__SUM_Y] += wy;
        s[VOUCH__SUM_Y2] += wy * y[i];
    }
}

void vouch__worth_join(const vouch__worth *worth, double *sums, const double *other)
{
    for (size_t k = 0; k < worth->stride; k++)
        sums[k] += other[k];
}

static double information(const double *all, const double *s)
{
    double good = (s[VOUCH__SUM_W] - s[VOUCH__SUM_Y]) / (all[VOUCH__SUM_W] - all[VOUCH__SUM_Y]);
    double bad = s[VOUCH__SUM_Y] / all[VOUCH__SUM_Y];
    return good > 0.0 && bad > 0.0 ? (good - bad) * vouch__log(good / bad) : 0.0;
}

static double explained_variance(const double *all, const double *s)
{
    double mean = all[VOUCH__SUM_Y] / all[VOUCH__SUM_W], gap = s[VOUCH__SUM_Y] / s[VOUCH__SUM_W] - mean;
    double total = all[VOUCH__SUM_Y2] - mean * all[VOUCH__SUM_Y];
    return total > 0.0 ? s[VOUCH__SUM_W] * gap * gap / total : 0.0;
}

static double explained_deviance(const double *all, const double *s)
{
    double expected = all[VOUCH__SUM_Y] / all[VOUCH__SUM_W] * s[VOUCH__SUM_W], y = s[VOUCH__SUM_Y];
    return 2.0 * ((y > 0.0 ? y * vouch__log(y / expected) : 0.0) - (y - expected));
}

static double mutual_information(const vouch__worth *worth, const double *s)
{
    double sum = 0.0, all_w = worth->all[VOUCH__SUM_W];
    for (size_t k = 0; k < worth->n_classes; k++) {
        double c = s[VOUCH__SUM_CLASS + k], share = worth->all[VOUCH__SUM_CLASS + k] / all_w;
        if (c > 0.0)
            sum += c / all_w * vouch__log(c / s[VOUCH__SUM_W] / share);
    }
    return sum;
}

double vouch__worth_of(const vouch__worth *worth, const double *s)
{
    if (!(s[VOUCH__SUM_W] > 0.0))
        return 0.0;
    switch (worth->target) {
    case VOUCH__BIN_BINARY: return information(worth->all, s);
    case VOUCH__BIN_CONTINUOUS: return explained_variance(worth->all, s);
    case VOUCH__BIN_COUNT: return explained_deviance(worth->all, s);
    case VOUCH__BIN_CLASSES: return mutual_information(worth, s);
    }
    return 0.0;
}

double vouch__worth_level(const vouch__worth *worth, const double *s)
{
    size_t of = worth->target == VOUCH__BIN_CLASSES ? VOUCH__SUM_CLASS + worth->n_classes - 1 : VOUCH__SUM_Y;
    return s[of] / s[VOUCH__SUM_W];
}

static bool is_allowed(const vouch__worth *worth, const double *s)
{
    double events = s[VOUCH__SUM_EVENTS];
    if (s[VOUCH__SUM_ROWS] < fmax(1.0, worth->min_rows) || s[VOUCH__SUM_W] < worth->min_weight ||
        s[VOUCH__SUM_W] > worth->max_weight)
        return false;
    if (worth->target == VOUCH__BIN_BINARY) /* pure bins have no weight of evidence */
        return events >= fmax(1.0, worth->min_events) &&
               s[VOUCH__SUM_ROWS] - events >= fmax(1.0, worth->min_events);
    return worth->target != VOUCH__BIN_COUNT || events >= worth->min_events;
}

vouch__run vouch__worth_run(const vouch__worth *worth, const double *s)
{
    double level = vouch__worth_level(worth, s), w = s[VOUCH__SUM_W];
    double spread = worth->target == VOUCH__BIN_CONTINUOUS ? s[VOUCH__SUM_Y2] / w - level * level
                    : worth->target == VOUCH__BIN_COUNT    ? level
                                                           : NAN;
    /* a mean's or a share's error goes by rows, a rate's by exposure */
    double n = worth->target == VOUCH__BIN_COUNT ? w : s[VOUCH__SUM_ROWS];
    return (vouch__run){ is_allowed(worth, s) ? vouch__worth_of(worth, s) : -INFINITY, level, n, spread };
}
