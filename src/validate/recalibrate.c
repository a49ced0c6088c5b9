/* Platt's sigmoid, the beta map and isotonic regression. The first two are logistic regressions on one or two
 * columns, by Newton's method on standardised columns with step halving. */
#include "validate/recalibrate.h"

#include "num/linalg.h"
#include "num/rank.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>
#include <string.h>

enum { MOST = 3 }; /* parameters */

typedef struct problem {
    size_t n, cols;        /* columns without the constant */
    const double *x[MOST]; /* [n] each, standardised */
    const double *target;  /* [n] in [0, 1] */
    const double *weight;  /* [n], or NULL */
} problem;

static double weight_at(const double *weight, size_t i) { return weight ? weight[i] : 1.0; }

static double linear(const problem *q, size_t i, const double *beta)
{
    double eta = beta[0];
    for (size_t c = 0; c < q->cols; c++)
        eta += beta[c + 1] * q->x[c][i];
    return eta;
}

static double likelihood(const problem *q, const double *beta)
{
    vouch__dd sum = { 0 };
    for (size_t i = 0; i < q->n; i++) {
        double eta = linear(q, i, beta);
        vouch__accumulate(&sum, weight_at(q->weight, i) * (q->target[i] * eta - vouch__softplus(eta)));
    }
    return vouch__accumulated(sum);
}

static void slopes(const problem *q, const double *beta, double *gradient, double *information)
{
    size_t k = q->cols + 1;
    vouch__dd g[MOST] = { { 0 } }, h[MOST][MOST] = { { { 0 } } };
    for (size_t i = 0; i < q->n; i++) {
        double eta = linear(q, i, beta), mu = vouch__sigmoid(eta), of = weight_at(q->weight, i),
               w = of * mu * vouch__sigmoid(-eta), row[MOST] = { 1.0 };
        for (size_t c = 0; c < q->cols; c++)
            row[c + 1] = q->x[c][i];
        for (size_t a = 0; a < k; a++) {
            vouch__accumulate(&g[a], of * row[a] * (q->target[i] - mu));
            for (size_t b = 0; b <= a; b++)
                vouch__accumulate(&h[a][b], row[a] * row[b] * w);
        }
    }
    for (size_t a = 0; a < k; a++) {
        gradient[a] = vouch__accumulated(g[a]);
        for (size_t b = 0; b <= a; b++)
            information[a * k + b] = information[b * k + a] = vouch__accumulated(h[a][b]);
    }
}

static vouch_status maximise(vouch_ctx *ctx, const problem *q, const char *what, double *beta)
{
    size_t k = q->cols + 1;
    double now = likelihood(q, beta), step[MOST], information[MOST * MOST];
    for (int i = 0; i < 100; i++) {
        double trial[MOST], next = -INFINITY, size = 0.0, scale = 1.0;
        vouch_status status = vouch__poll(ctx);
        slopes(q, beta, step, information);
        if (!status && vouch__cholesky(ctx, k, information, 1e-12))
            break;
        if (status)
            return status;
        vouch__cholesky_solve(k, information, step);
        for (int halved = 0; halved < 40 && !(next >= now - 1e-12 * fabs(now)); halved++, scale *= 0.5) {
            size = 0.0;
            for (size_t a = 0; a < k; a++) {
                trial[a] = beta[a] + scale * step[a];
                size = fmax(size, fabs(scale * step[a]) / (1.0 + fabs(trial[a])));
            }
            next = likelihood(q, trial);
        }
        memcpy(beta, trial, k * sizeof *beta);
        now = next;
        if (size <= 1e-11)
            return VOUCH_OK;
        if (fabs(beta[k - 1]) > 1e6)
            break;
    }
    return vouch__fail(ctx, VOUCH_E_CONVERGE, "%s: no finite map fits best, the scores separate the outcomes",
                       what);
}

/* Fit on raw columns; beta comes back on their scale. columns are overwritten. */
static vouch_status fit(vouch_ctx *ctx, const char *what, size_t n, size_t cols, double *const *column,
                        const double *target, const double *weight, double *beta)
{
    double mean[MOST], sd[MOST];
    problem q = { .n = n, .cols = cols, .target = target, .weight = weight };
    for (size_t c = 0; c < cols; c++) {
        vouch__dd sum = { 0 }, square = { 0 };
        for (size_t i = 0; i < n; i++)
            vouch__accumulate(&sum, column[c][i]);
        mean[c] = vouch__accumulated(sum) / (double)n;
        for (size_t i = 0; i < n; i++)
            vouch__accumulate(&square, (column[c][i] - mean[c]) * (column[c][i] - mean[c]));
        sd[c] = sqrt(vouch__accumulated(square) / (double)n);
        if (!(sd[c] > 1e-13 * fabs(mean[c])))
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: every score is the same", what);
        for (size_t i = 0; i < n; i++)
            column[c][i] = (column[c][i] - mean[c]) / sd[c];
        q.x[c] = column[c];
    }
    vouch__dd rate = { 0 };
    for (size_t i = 0; i < n; i++)
        vouch__accumulate(&rate, target[i]);
    memset(beta, 0, (cols + 1) * sizeof *beta);
    beta[0] = vouch__logit(vouch__accumulated(rate) / (double)n);
    vouch_status status = maximise(ctx, &q, what, beta);
    for (size_t c = 0; c < cols && !status; c++) {
        beta[c + 1] /= sd[c];
        beta[0] -= beta[c + 1] * mean[c];
    }
    return status;
}

static vouch_status check(vouch_ctx *ctx, const char *what, size_t n, const double *x, const uint8_t *bad,
                          const double *weight, size_t *out_bad)
{
    vouch_status status = vouch__cases_check(ctx, what, n, x, bad, weight, out_bad);
    return status ? status : vouch__cases_both(ctx, what, n, *out_bad);
}

vouch_status vouch__platt_fit(vouch_ctx *ctx, size_t n, const double *x, const uint8_t *bad,
                              const double *weight, vouch__platt *out)
{
    size_t n_bad;
    double bads = 0.0, goods = 0.0;
    vouch_status status = check(ctx, "platt", n, x, bad, weight, &n_bad);
    for (size_t i = 0; i < n && !status; i++)
        if (isinf(x[i]))
            status = vouch__fail(ctx, VOUCH_E_DATA, "platt: score[%zu] is infinite", i);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *column = vouch__scratch(ctx, n, sizeof *column), *target = vouch__scratch(ctx, n, sizeof *target);
    double beta[MOST] = { 0 };
    if (!column || !target) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    for (size_t i = 0; i < n; i++)
        *(bad[i] ? &bads : &goods) += weight_at(weight, i);
    for (size_t i = 0; i < n; i++) {
        column[i] = x[i];
        target[i] = bad[i] ? (bads + 1.0) / (bads + 2.0) : 1.0 / (goods + 2.0);
    }
    status = fit(ctx, "platt", n, 1, &column, target, weight, beta);
    if (!status)
        *out = (vouch__platt){ beta[0], beta[1] };
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__platt_apply(const vouch__platt *map, double x) { return vouch__sigmoid(map->a + map->b * x); }

static double clipped(double p) { return fmin(fmax(p, 1e-15), 1.0 - 1e-15); }

/* which: bit 0 for ln p, bit 1 for -ln(1 - p). */
static vouch_status fit_beta(vouch_ctx *ctx, size_t n, const double *p, const double *target,
                             const double *weight, unsigned which, double *const *column,
                             vouch__beta_map *out)
{
    size_t cols = 0;
    double beta[MOST];
    for (unsigned c = 0; c < 2; c++) {
        if (!(which >> c & 1))
            continue;
        for (size_t i = 0; i < n; i++)
            column[cols][i] = c ? -vouch__log1p(-clipped(p[i])) : vouch__log(clipped(p[i]));
        cols++;
    }
    vouch_status status = fit(ctx, "beta calibration", n, cols, column, target, weight, beta);
    if (!status)
        *out = (vouch__beta_map){ which & 1 ? beta[1] : 0.0, which & 2 ? beta[cols] : 0.0, beta[0] };
    return status;
}

vouch_status vouch__beta_map_fit(vouch_ctx *ctx, size_t n, const double *p, const uint8_t *bad,
                                 const double *weight, vouch__beta_map *out)
{
    size_t n_bad;
    vouch_status status = check(ctx, "beta calibration", n, p, bad, weight, &n_bad);
    if (!status)
        status = vouch__cases_probability(ctx, "beta calibration", n, p);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *target = vouch__scratch(ctx, n, sizeof *target);
    double *column[2] = { vouch__scratch(ctx, n, sizeof(double)), vouch__scratch(ctx, n, sizeof(double)) };
    if (!target || !column[0] || !column[1]) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    for (size_t i = 0; i < n; i++)
        target[i] = bad[i];
    vouch__beta_map map;
    status = fit_beta(ctx, n, p, target, weight, 3, column, &map);
    if (!status && (map.a < 0.0 || map.b < 0.0))
        status = fit_beta(ctx, n, p, target, weight, map.a < 0.0 ? 2 : 1, column, &map);
    if (!status) {
        map.a = fmax(map.a, 0.0);
        map.b = fmax(map.b, 0.0);
        *out = map;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__beta_map_apply(const vouch__beta_map *map, double p)
{
    p = clipped(p);
    return vouch__sigmoid(map->c + map->a * vouch__log(p) - map->b * vouch__log1p(-p));
}

typedef struct block {
    double bad, n;
    size_t first, last; /* distinct scores, by place */
} block;

vouch_status vouch__isotonic_fit(vouch_ctx *ctx, size_t n, const double *x, const uint8_t *bad,
                                 const double *weight, double *room_x, double *room_y, vouch__isotonic *out)
{
    size_t n_bad, blocks = 0, places = 0, knots = 0;
    vouch_status status = vouch__cases_check(ctx, "isotonic", n, x, bad, weight, &n_bad);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    block *stack = vouch__scratch(ctx, n, sizeof *stack);
    double *place = vouch__scratch(ctx, n, sizeof *place);
    if (!order || !stack || !place) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    status = vouch__order(ctx, n, x, order);
    for (size_t i = 0, j; i < n && !status; i = j) {
        block here = { 0.0, 0.0, places, places };
        for (j = i; j < n && x[order[j]] == x[order[i]]; j++) {
            here.bad += bad[order[j]] * weight_at(weight, order[j]);
            here.n += weight_at(weight, order[j]);
        }
        place[places++] = x[order[i]];
        /* counts without weights are whole numbers, so that equal rates compare as equal */
        while (blocks > 0 && stack[blocks - 1].bad * here.n >= here.bad * stack[blocks - 1].n) {
            here.bad += stack[blocks - 1].bad;
            here.n += stack[blocks - 1].n;
            here.first = stack[--blocks].first;
        }
        stack[blocks++] = here;
    }
    for (size_t k = 0; k < blocks && !status; k++)
        for (size_t end = 0; end < (stack[k].last > stack[k].first ? 2u : 1u); end++) {
            room_x[knots] = place[end ? stack[k].last : stack[k].first];
            room_y[knots++] = stack[k].bad / stack[k].n;
        }
    if (!status)
        *out = (vouch__isotonic){ knots, room_x, room_y };
    vouch__scratch_reset(ctx, mark);
    return status;
}

double vouch__isotonic_apply(const vouch__isotonic *map, double x)
{
    size_t low = 0, high = map->n - 1; /* the first knot not below x */
    if (x <= map->x[0])
        return map->y[0];
    if (x >= map->x[high])
        return map->y[high];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->x[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    double x0 = map->x[low - 1], y0 = map->y[low - 1], y1 = map->y[low];
    if (y0 == y1 || map->x[low] == x)
        return y1;
    return isinf(x0) || isinf(map->x[low]) ? y0 : y0 + (y1 - y0) * ((x - x0) / (map->x[low] - x0));
}
