/* Measures of drift on the values themselves: they need no bins, and know the order of numbers. */
#include "monitor/drift_columns.h"

#include "num/kolmogorov.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>
#include <string.h>

#define JUDGED                                                                                               \
    "Missing values are left aside; texts are not compared. p-values are corrected over the columns; the "   \
    "largest effect that is significant is judged."

/* ---- Kolmogorov-Smirnov ---- */

/* The steps of both distribution functions, in order of values; ties move together. No branch depends on
 * which of the two comes next, which nobody could foresee. */
static double largest_gap(const vouch__drift_column *c, double m, double n)
{
    const double *x = c->x_from, *y = c->x_to;
    double most = 0.0, last = -INFINITY;
    size_t i = 0, j = 0;
    while (i < c->m && j < c->n) {
        double u = x[i], v = y[j], next = u < v ? u : v;
        double gap = fabs(vouch__drift_upto(c->upto_from, i) * n - vouch__drift_upto(c->upto_to, j) * m);
        gap = next > last ? gap : 0.0; /* in the middle of ties: not yet */
        most = gap > most ? gap : most;
        last = next;
        i += u <= v;
        j += v <= u;
    }
    while (i < c->m && x[i] == last)
        i++;
    while (j < c->n && y[j] == last)
        j++;
    most = fmax(most, fabs(vouch__drift_upto(c->upto_from, i) * n - vouch__drift_upto(c->upto_to, j) * m));
    return most / (m * n); /* what is left of one side only closes the gap */
}

vouch_status vouch__measure_ks(vouch_ctx *worker, const vouch__drift_column *c, double level,
                               vouch__drift_result *out)
{
    double n = vouch__drift_upto(c->upto_to, c->n), m = vouch__drift_upto(c->upto_from, c->m);
    double scale = sqrt(n * m / (n + m)), error = c->error_from / m + c->error_to / n;
    double most = largest_gap(c, m, n);
    (void)worker;
    *out = (vouch__drift_result){ most, scale * most, vouch__kolmogorov_sf(scale * (most - error)),
                                  vouch__kolmogorov_quantile(1.0 - level) / scale, error };
    return VOUCH_OK;
}

static vouch_status run_ks(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_KS);
}

const vouch_test vouch__test_drift_ks = {
    .id = "drift.ks",
    .title = "Kolmogorov-Smirnov distance from a reference",
    .purpose = "Have the score and the numbers among the inputs the distributions that the reference had? A "
               "shift of the score moves approval rates and losses before a single outcome is known.",
    .mechanism =
        "The largest distance between the two distribution functions. Without drift, sqrt(n m / (n + "
        "m)) times the distance follows Kolmogorov's law.",
    .convention = "Tied values move together. p-value and critical value are of the limiting law, which is "
                  "conservative where values tie. " JUDGED,
    .high_risk = "A distance beyond the critical value that is also large: with 100,000 cases a distance of "
                 "0.01 is significant and harmless; with 100 one of 0.15 may be chance and matter.",
    .strengths = "Needs no bins, and finds changes of any shape: level, spread or a new mode.",
    .limits = "Weak in the tails, where cut-offs often lie. It says that values moved, not why, and not "
              "whether the ranking suffered.",
    .source = "Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281; Massey, JASA 46 (1951) 68-78",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "distance",
    VOUCH__DRIFT_ROW,
    .run = run_ks,
};

/* ---- Wasserstein ---- */

enum { GRID = VOUCH__DRIFT_GRID };

/* asin on [0, 1], by halving the angle until its series is short. */
static double arc_sine(double x)
{
    double times = 1.0;
    for (int i = 0; i < 4; i++) {
        x /= sqrt(2.0 * (1.0 + sqrt(fmax(0.0, 1.0 - x * x))));
        times *= 2.0;
    }
    double square = x * x, term = x, sum = x;
    for (int k = 1; k < 12; k++) {
        term *= square * (2.0 * k - 1.0) / (2.0 * k);
        sum += term / (2.0 * k + 1.0);
    }
    return times * sum;
}

/* The covariance of |B(u)| and |B(v)| of a Brownian bridge, u <= v: two half-normals of correlation rho. */
static double bridge_covariance(double u, double v)
{
    const double two_over_pi = 0x1.45f306dc9c883p-1;
    double su = sqrt(u * (1.0 - u)), sv = sqrt(v * (1.0 - v));
    double rho = fmin(1.0, u * (1.0 - v) / (su * sv));
    return two_over_pi * su * sv * (sqrt(fmax(0.0, 1.0 - rho * rho)) + rho * arc_sine(rho) - 1.0);
}

/* Values that are finite: [*first, *first + result). */
static size_t finite_part(size_t n, const double *x, size_t *first)
{
    size_t from = 0, to = n;
    while (from < to && isinf(x[from]))
        from++;
    while (to > from && isinf(x[to - 1]))
        to--;
    *first = from;
    return to - from;
}

/* Finite values of one side: points, and how many values they stand for. */
typedef struct side {
    const double *x, *upto; /* upto as in a drift column, of the whole column */
    size_t first, points;
    double before, n; /* values below the first point; values of these points */
} side;

static side finite_side(size_t n, const double *x, const double *upto)
{
    side s = { .x = x, .upto = upto };
    s.points = finite_part(n, x, &s.first);
    s.before = vouch__drift_upto(upto, s.first);
    s.n = vouch__drift_upto(upto, s.first + s.points) - s.before;
    s.x += s.first;
    return s;
}

/* Values that the first i of its points stand for. */
static double values(const side *s, size_t i) { return vouch__drift_upto(s->upto, s->first + i) - s->before; }

void vouch__drift_bridge(double out[VOUCH__DRIFT_BRIDGE])
{
    for (size_t k = 0, at = 0; k < GRID; k++)
        for (size_t l = k; l < GRID; l++)
            out[at++] = bridge_covariance(((double)k + 1.0) / (GRID + 1.0), ((double)l + 1.0) / (GRID + 1.0));
}

/* Mean and variance, without drift, of sqrt(n m / (n + m)) times the distance: of the integral of |B(F(x))|.
 */
static void null_moments(const double width[GRID], const double *bridge, double *mean, double *variance)
{
    const double root = 0x1.9884533d43651p-1; /* sqrt(2 / pi) */
    *mean = *variance = 0.0;
    for (size_t k = 0; k < GRID; bridge += GRID - k, k++) {
        double u = ((double)k + 1.0) / (GRID + 1.0), sum = 0.5 * width[k] * bridge[0];
        if (!(width[k] > 0.0))
            continue;
        *mean += root * sqrt(u * (1.0 - u)) * width[k];
        for (size_t l = k + 1; l < GRID; l++)
            sum += width[l] * bridge[l - k];
        *variance += 2.0 * width[k] * sum;
    }
}

/* A sum of many small parts: those of a run are added plainly, runs by Kahan's method. */
typedef struct sum {
    double run, value, lost;
} sum;

static void close_run(sum *s)
{
    double part = s->run - s->lost, next = s->value + part;
    s->lost = (next - s->value) - part;
    s->value = next;
    s->run = 0.0;
}

/* The area between the distribution functions; and the widths of the pooled sample between the middles of
 * GRID equal steps of probability: how much of the axis lies at each height of the pooled function. In the
 * first and the last step the height falls to nothing, so their widths are those that make the integral of
 * sqrt(F (1 - F)) right. */
static double area(const side *a, const side *b, double width[GRID])
{
    enum { RUN = 256 };
    double at[GRID + 1], last = fmin(a->x[0], b->x[0]), all = a->n + b->n;
    double step = all / (GRID + 1.0), until = floor(1.5 * step);
    size_t i = 0, j = 0, k = 1;
    double tail[2] = { 0.0, 0.0 };
    sum total = { 0 };
    at[0] = last;
    for (size_t turn = 1; i < a->points || j < b->points; turn++) {
        double u = i < a->points ? a->x[i] : (double)INFINITY, v = j < b->points ? b->x[j] : (double)INFINITY;
        double next = u < v ? u : v, from = values(a, i), to = values(b, j);
        for (; k < GRID && from + to >= until; until = floor(((double)++k + 0.5) * step))
            at[k] = last;
        if (k == 1 || k == GRID)
            tail[k == GRID] += sqrt((from + to) * (all - from - to)) * (next - last);
        total.run += fabs(from * b->n - to * a->n) * (next - last);
        if (turn % RUN == 0)
            close_run(&total);
        last = next;
        i += u <= v;
        j += v <= u;
    }
    close_run(&total);
    for (; k <= GRID; k++)
        at[k] = last;
    for (k = 0; k < GRID; k++)
        width[k] = at[k + 1] - at[k];
    width[0] = tail[0] / step / sqrt(GRID); /* sqrt(u (1 - u)) at 1 / (GRID + 1), times all */
    width[GRID - 1] = tail[1] / step / sqrt(GRID);
    return total.value / (a->n * b->n);
}

vouch_status vouch__measure_wasserstein(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                        vouch__drift_result *out)
{
    const side a = finite_side(c->m, c->x_from, c->upto_from), b = finite_side(c->n, c->x_to, c->upto_to);
    double width[GRID], mean, variance;
    (void)worker;
    if (a.n < 2.0 || b.n < 2.0)
        return VOUCH_OK;
    double sd = sqrt(c->upto_from ? c->square_from / (c->finite_from - 1.0)
                                  : vouch__variance(a.points, a.x, NULL));
    double distance = area(&a, &b, width), scale = sqrt(a.n * b.n / (a.n + b.n));
    double error = c->moved_from / a.n + c->moved_to / b.n;
    if (!(sd > 0.0) || isinf(sd) || !isfinite(distance))
        return VOUCH_OK; /* the reference does not vary: there is no unit to measure in */
    null_moments(width, c->bridge, &mean, &variance);
    out->value = distance / sd;
    out->error = error / sd;
    out->statistic = scale * distance;
    if (!(mean > 0.0) || !(variance > 0.0) || isinf(variance))
        return VOUCH_OK;
    double shape = mean * mean / variance, unit = variance / mean;
    out->p_value = vouch__gamma_q(shape, scale * fmax(0.0, distance - error) / unit);
    out->critical = 0.5 * vouch__chi2_quantile(level, 2.0 * shape) * unit / scale / sd;
    return VOUCH_OK;
}

static vouch_status run_wasserstein(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_WASSERSTEIN);
}

const vouch_test vouch__test_drift_wasserstein = {
    .id = "drift.wasserstein",
    .title = "Wasserstein distance, in standard deviations",
    .purpose =
        "How far would the values have to be moved, on average, to turn one distribution into the other? "
        "It is on the scale of the column, so a shift of a tenth of a standard deviation reads 0.1.",
    .mechanism =
        "The area between the two distribution functions, over the reference's standard deviation. "
        "Without drift sqrt(n m / (n + m)) times the area is the integral of |B(F(x))|, B a Brownian "
        "bridge and F the pooled distribution; its mean and variance are computed and a gamma law "
        "with them gives p-value and critical value.",
    .convention =
        "Distance of order 1. Infinite values at the ends are left aside. A column that does not vary "
        "in the reference is not measured. " JUDGED,
    .high_risk =
        "A distance above 0.1 that is also above its critical value: the column has moved by a tenth "
        "of its spread.",
    .strengths =
        "Knows the order of values and how far they moved; does not depend on bins; small changes give "
        "small distances.",
    .limits = "A few far values can make all of it. The gamma law is an approximation; docs/test_sizes.md "
              "has its size.",
    .source = "Vallender, Theory of Probability and its Applications 18 (1974) 784-786; del Barrio, Gine & "
              "Matran, Annals of Probability 27 (1999) 1009-1071",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "standard deviations",
    VOUCH__DRIFT_ROW,
    .run = run_wasserstein,
};
