/* Calibration slope and intercept (D. R. Cox, Biometrika 45, 1958): logistic regression of the outcome on the
 * model's own log-odds, by Newton's method. Log-odds are centred on their mean while fitting, which keeps the
 * two parameters nearly independent; the intercept is moved back afterwards. */
#include "validate/calibration.h"

#include "base/ctx.h"
#include "num/special.h"
#include "validate/cases.h"

#include <math.h>

typedef struct problem {
    size_t n;
    const double *x; /* centred log-odds */
    const uint8_t *bad;
    const double *weight;
} problem;

/* Log likelihood with its first and second derivatives at (a, b). */
typedef struct at_point {
    double likelihood, da, db, aa, ab, bb;
} at_point;

static at_point evaluate(const problem *q, double a, double b)
{
    vouch__dd sum[6] = { { 0 } };
    for (size_t i = 0; i < q->n; i++) {
        double w = q->weight ? q->weight[i] : 1.0, x = q->x[i], eta = a + b * x;
        double mu = vouch__sigmoid(eta), rest = vouch__sigmoid(-eta);
        double residual = w * (q->bad[i] ? rest : -mu), curve = w * mu * rest;
        vouch__accumulate(&sum[0], -w * vouch__softplus(q->bad[i] ? -eta : eta));
        vouch__accumulate(&sum[1], residual);
        vouch__accumulate(&sum[2], residual * x);
        vouch__accumulate(&sum[3], curve);
        vouch__accumulate(&sum[4], curve * x);
        vouch__accumulate(&sum[5], curve * x * x);
    }
    return (at_point){ vouch__accumulated(sum[0]), vouch__accumulated(sum[1]), vouch__accumulated(sum[2]),
                       vouch__accumulated(sum[3]), vouch__accumulated(sum[4]), vouch__accumulated(sum[5]) };
}

/* Maximise over a, and over b as well unless it is held. On OK *p is the point's evaluation. */
static vouch_status maximise(vouch_ctx *ctx, const problem *q, bool slope_held, double *a, double *b,
                             at_point *p)
{
    *p = evaluate(q, *a, *b);
    for (int i = 0; i < 100; i++) {
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
        double determinant = slope_held ? p->aa : p->aa * p->bb - p->ab * p->ab;
        if (!(determinant > 0.0 && fabs(*b) < 1e6))
            break;
        double step_a = slope_held ? p->da / p->aa : (p->bb * p->da - p->ab * p->db) / determinant;
        double step_b = slope_held ? 0.0 : (p->aa * p->db - p->ab * p->da) / determinant;
        at_point next = evaluate(q, *a + step_a, *b + step_b);
        for (int halved = 0; halved < 40 && !(next.likelihood >= p->likelihood - 1e-12 * fabs(p->likelihood));
             halved++) {
            step_a *= 0.5;
            step_b *= 0.5;
            next = evaluate(q, *a + step_a, *b + step_b);
        }
        *a += step_a;
        *b += step_b;
        *p = next;
        if (fabs(step_a) <= 1e-11 * (1.0 + fabs(*a)) && fabs(step_b) <= 1e-11 * (1.0 + fabs(*b)))
            return VOUCH_OK;
    }
    return vouch__fail(ctx, VOUCH_E_CONVERGE,
                       "calibration line: no finite line fits best, the probabilities separate the outcomes");
}

static vouch_status fit(vouch_ctx *ctx, const problem *q, double mean, vouch__calibration_line *out)
{
    double a = mean, b = 1.0; /* as it stands: eta = logit p */
    at_point start, p;
    vouch__calibration_line line;
    start = evaluate(q, a, b);
    vouch_status status = maximise(ctx, q, true, &a, &b, &p);
    if (status)
        return status;
    line.in_the_large = a - mean;
    line.in_the_large_se = 1.0 / sqrt(p.aa);
    status = maximise(ctx, q, false, &a, &b, &p);
    if (status)
        return status;
    double determinant = p.aa * p.bb - p.ab * p.ab;
    line.slope = b;
    line.intercept = a - b * mean;
    line.slope_se = sqrt(p.aa / determinant);
    /* var(a - b mean) from the inverse of the information */
    line.intercept_se = sqrt((p.bb + 2.0 * mean * p.ab + mean * mean * p.aa) / determinant);
    line.statistic = fmax(0.0, 2.0 * (p.likelihood - start.likelihood));
    line.p_value = vouch__chi2_sf(line.statistic, 2.0);
    *out = line;
    return VOUCH_OK;
}

vouch_status vouch__calibration_line_fit(vouch_ctx *ctx, size_t n, const double *probability,
                                         const uint8_t *bad, const double *weight,
                                         vouch__calibration_line *out_line)
{
    size_t n_bad;
    vouch_status status = vouch__cases_check(ctx, "calibration line", n, NULL, bad, weight, &n_bad);
    if (!status)
        status = vouch__cases_probability(ctx, "calibration line", n, probability);
    if (!status)
        status = vouch__cases_both(ctx, "calibration line", n, n_bad);
    if (status)
        return status;
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, n, sizeof *x), low = INFINITY, high = -INFINITY;
    if (!x)
        return vouch__oom(ctx);
    vouch__dd sum = { 0 };
    for (size_t i = 0; i < n; i++) {
        x[i] = vouch__logit(fmin(fmax(probability[i], 1e-15), 1.0 - 1e-15));
        vouch__accumulate(&sum, x[i]);
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    double mean = vouch__accumulated(sum) / (double)n;
    if (low == high) {
        status = vouch__fail(ctx, VOUCH_E_DATA, "calibration line: every probability is the same");
    } else {
        for (size_t i = 0; i < n; i++)
            x[i] -= mean;
        status = fit(ctx, &(problem){ n, x, bad, weight }, mean, out_line);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
