/* Least squares in twice the precision: Householder reflections on numbers of 106 bits, so that a table of
 * doubles is solved to the last digit that its own rounding leaves. For small cases, whose design is stored
 * as it is: n p^2 double-double multiplications. Columns are scaled to unit length by powers of two. */
#include "models/glm/glm_fit.h"

#include "num/dd.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK };
#define WORK_MAX 4e6 /* n p^2 */
#define RANK 0x1p-80 /* of a column's length: what is left of a column that depends on others */

typedef vouch__dd dd;

typedef struct qr {
    size_t n, p, kept;
    dd *a;        /* [p x n] columns, then reflectors below and R on and above the diagonal */
    dd *b;        /* [n] */
    dd *diagonal; /* [p] of R */
    size_t *at;   /* [p] the column behind each kept one */
    double *unit; /* [p] power of two that scales a column */
} qr;

static dd dd_dot(size_t n, const dd *x, const dd *y)
{
    dd sum = { 0 };
    for (size_t i = 0; i < n; i++)
        sum = vouch__dd_add(sum, vouch__dd_mul(x[i], y[i]));
    return sum;
}

static dd dd_root(dd a)
{
    if (!(a.hi > 0.0))
        return (dd){ 0 };
    double x = 1.0 / sqrt(a.hi), ax = a.hi * x;
    dd rest = vouch__dd_add(a, vouch__dd_neg(vouch__two_prod(ax, ax)));
    return vouch__two_sum(ax, rest.hi * (x * 0.5));
}

/* y -= v (v'y) / half, v'v = 2 half */
static void reflect(size_t n, const dd *v, dd half, dd *y)
{
    dd share = vouch__dd_neg(vouch__dd_div(dd_dot(n, v, y), half));
    for (size_t i = 0; i < n; i++)
        y[i] = vouch__dd_add(y[i], vouch__dd_mul(share, v[i]));
}

static void decompose(qr *q, bool *left_out)
{
    for (size_t j = 0; j < q->p; j++) {
        size_t k = q->kept;
        dd *column = q->a + j * q->n, *v = column + k;
        double whole = dd_dot(q->n, column, column).hi;
        dd norm = k < q->n ? dd_root(dd_dot(q->n - k, v, v)) : (dd){ 0 };
        left_out[j] = !(norm.hi > RANK * sqrt(whole));
        if (left_out[j])
            continue;
        dd top = v[0], minus = top.hi > 0.0 ? vouch__dd_neg(norm) : norm;
        v[0] = vouch__dd_add(top, vouch__dd_neg(minus));
        dd half = vouch__dd_mul(vouch__dd_neg(minus), v[0]);
        for (size_t l = j + 1; l < q->p; l++)
            reflect(q->n - k, v, half, q->a + l * q->n + k);
        reflect(q->n - k, v, half, q->b + k);
        q->diagonal[k] = minus;
        q->at[k] = j;
        q->kept++;
    }
}

/* R of kept columns i <= k */
static dd entry(const qr *q, size_t i, size_t k)
{
    return i == k ? q->diagonal[k] : q->a[q->at[k] * q->n + i];
}

static void back_substitute(const qr *q, const dd *in, dd *out)
{
    for (size_t i = q->kept; i-- > 0;) {
        dd sum = in[i];
        for (size_t k = i + 1; k < q->kept; k++)
            sum = vouch__dd_add(sum, vouch__dd_neg(vouch__dd_mul(entry(q, i, k), out[k])));
        out[i] = vouch__dd_div(sum, entry(q, i, i));
    }
}

static void load(const vouch__glm_design *d, qr *q)
{
    size_t at = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t block = i / B, in = i % B;
        double w = d->weight[i];
        if (w <= 0.0)
            continue;
        dd root = dd_root((dd){ w, 0.0 });
        for (size_t j = 0; j < d->dense; j++)
            q->a[j * q->n + at] = vouch__dd_mul(root, (dd){ d->x[(block * d->padded + j) * B + in], 0.0 });
        for (size_t f = 0; f < d->n_factors; f++) {
            size_t column = d->code[(block * d->n_factors + f) * B + in], times = d->factor[f].times;
            double v = times == SIZE_MAX ? 1.0 : d->times[(block * d->n_times + times) * B + in];
            if (column < d->p)
                q->a[column * q->n + at] = vouch__dd_mul(root, (dd){ v, 0.0 });
        }
        q->b[at++] = vouch__dd_mul(root, vouch__two_sum(d->y[i], d->offset ? -d->offset[i] : 0.0));
    }
    for (size_t j = 0; j < q->p; j++) {
        int exponent = 0;
        double norm = sqrt(dd_dot(q->n, q->a + j * q->n, q->a + j * q->n).hi);
        (void)frexp(norm, &exponent);
        q->unit[j] = norm > 0.0 ? ldexp(1.0, -exponent) : 1.0;
        for (size_t i = 0; i < q->n; i++) {
            q->a[j * q->n + i].hi *= q->unit[j];
            q->a[j * q->n + i].lo *= q->unit[j];
        }
    }
}

static void keep(const qr *q, vouch__glm_solver *s, dd *room)
{
    size_t p = q->p;
    dd *beta = room, *unit = room + p, *solved = unit + p;
    back_substitute(q, q->b, beta);
    memset(s->beta, 0, p * sizeof *s->beta);
    memset(s->inverse, 0, p * p * sizeof *s->inverse);
    for (size_t k = 0; k < q->kept; k++)
        s->beta[q->at[k]] = (beta[k].hi + beta[k].lo) * q->unit[q->at[k]];
    for (size_t c = 0; c < q->kept; c++) { /* inverse = R^-1 R^-T, by columns of R^-1 */
        memset(unit, 0, p * sizeof *unit);
        unit[c] = (dd){ 1.0, 0.0 };
        back_substitute(q, unit, solved);
        for (size_t i = 0; i < q->kept; i++)
            for (size_t k = 0; k < q->kept; k++)
                s->inverse[q->at[i] * p + q->at[k]] += (solved[i].hi * q->unit[q->at[i]]) *
                                                       (solved[k].hi * q->unit[q->at[k]]);
    }
}

bool vouch__glm_is_exact(const vouch__glm *glm, size_t n, size_t p)
{
    return glm->law.family == VOUCH__GLM_GAUSSIAN && glm->law.link == VOUCH__GLM_IDENTITY &&
           !glm->is_penalised && n >= p && (double)n * (double)p * (double)p <= WORK_MAX;
}

vouch_status vouch__glm_exact(vouch_ctx *ctx, vouch__glm_solver *s)
{
    const vouch__glm_design *d = s->design;
    size_t p = d->p, n = (size_t)d->rows, mark = vouch__scratch_mark(ctx);
    qr q = { .n = n, .p = p };
    q.a = vouch__scratch(ctx, n * p + n + 4 * p + 1, sizeof *q.a);
    q.at = vouch__scratch(ctx, p, sizeof *q.at);
    q.unit = vouch__scratch(ctx, p, sizeof *q.unit);
    if (!q.a || !q.at || !q.unit)
        return vouch__oom(ctx);
    memset(q.a, 0, n * p * sizeof *q.a);
    q.b = q.a + n * p;
    q.diagonal = q.b + n;
    load(d, &q);
    decompose(&q, s->left_out);
    s->deviance = s->pearson = dd_dot(n - q.kept, q.b + q.kept, q.b + q.kept).hi;
    s->n_kept = q.kept;
    s->steps = 1;
    keep(&q, s, q.diagonal + p);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
