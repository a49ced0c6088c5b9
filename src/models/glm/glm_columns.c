/* A design of numbers alone, block by block from what a caller fills in. */
#include "models/glm/glm_columns.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, GROUP = 8 };

typedef struct making {
    const vouch__glm_columns *from;
    vouch__glm_design *d;
    double *part; /* [groups x 2 p]: weighted sums of x and x^2, less their shift */
} making;

static size_t rows_of(const making *m, size_t block)
{
    return m->from->n - block * B < B ? m->from->n - block * B : B;
}

static void fill_block(const making *m, size_t block)
{
    const vouch__glm_columns *from = m->from;
    vouch__glm_design *d = m->d;
    size_t n = rows_of(m, block);
    double *x = d->x + block * d->padded * B;
    for (size_t i = 0; i < n; i++) {
        x[i] = 1.0;
        d->y[block * B + i] = from->y[block * B + i];
        d->weight[block * B + i] = from->weight ? from->weight[block * B + i] : 1.0;
    }
    for (size_t j = 1; j < d->p; j++) {
        from->fill(from->arg, j - 1, block * B, n, x + j * B);
        for (size_t i = 0; i < n; i++)
            x[j * B + i] -= d->shift[j];
    }
}

static vouch_status fill_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const making *m = arg;
    const vouch__glm_design *d = m->d;
    double *sum = m->part + 2 * d->p * chunk, *square = sum + d->p;
    (void)worker;
    memset(sum, 0, 2 * d->p * sizeof *sum);
    for (size_t b = begin; b < end; b++) {
        const double *x = d->x + b * d->padded * B, *w = d->weight + b * B;
        fill_block(m, b);
        for (size_t j = 0; j < d->p; j++)
            for (size_t i = 0; i < B; i++) {
                sum[j] += w[i] * x[j * B + i];
                square[j] += w[i] * x[j * B + i] * x[j * B + i];
            }
    }
    return VOUCH_OK;
}

/* Total weight, rows that have one, and the mean of y. */
static void count_rows(vouch__glm_design *d)
{
    double y = 0.0;
    d->total = d->rows = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        d->total += d->weight[i];
        d->rows += d->weight[i] > 0.0;
        y += d->weight[i] * d->y[i];
    }
    d->target = y / d->total;
}

static void keep_moments(const making *m, size_t groups)
{
    vouch__glm_design *d = m->d;
    double *sum = m->part;
    for (size_t g = 1; g < groups; g++)
        for (size_t s = 0; s < 2 * d->p; s++)
            sum[s] += m->part[g * 2 * d->p + s];
    for (size_t j = 0; j < d->p; j++) {
        double mean = sum[j] / d->total, square = sum[d->p + j] / d->total;
        d->mean[j] = mean + d->shift[j];
        d->sd[j] = square - mean * mean > 1e-13 * square ? sqrt(square - mean * mean) : 0.0;
    }
}

static vouch_status room(vouch_ctx *ctx, vouch__glm_design *d)
{
    size_t rows = d->blocks * B;
    d->x = vouch__alloc(ctx, rows * d->padded, sizeof *d->x);
    d->y = vouch__alloc(ctx, rows, sizeof *d->y);
    d->weight = vouch__alloc(ctx, rows, sizeof *d->weight);
    d->coefficient = vouch__alloc(ctx, d->p, sizeof *d->coefficient);
    d->shift = vouch__alloc(ctx, 3 * d->p, sizeof *d->shift);
    if (!d->x || !d->y || !d->weight || !d->coefficient || !d->shift)
        return vouch__oom(ctx);
    d->mean = d->shift + d->p;
    d->sd = d->mean + d->p;
    for (size_t j = 0; j < d->p; j++)
        d->coefficient[j] = j;
    return VOUCH_OK;
}

static vouch_status make_rows(vouch_ctx *ctx, making *m)
{
    vouch__glm_design *d = m->d;
    size_t groups = vouch__chunks(d->blocks, GROUP), mark = vouch__scratch_mark(ctx);
    m->part = vouch__scratch(ctx, groups * 2 * d->p, sizeof *m->part);
    if (!m->part)
        return vouch__oom(ctx);
    fill_block(m, 0); /* a column is read by its mean over the first block, so that none is far from 0 */
    for (size_t j = 1; j < d->p; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < rows_of(m, 0); i++)
            sum += d->x[j * B + i];
        d->shift[j] = sum / (double)rows_of(m, 0);
    }
    vouch_status status = vouch__parallel(ctx, d->blocks, GROUP, fill_group, m);
    if (!status) {
        count_rows(d);
        if (d->total > 0.0)
            keep_moments(m, groups);
        else
            status = vouch__fail(ctx, VOUCH_E_DATA, "regression: no row has a weight above 0");
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__glm_design_columns(vouch_ctx *ctx, const vouch__glm_columns *columns,
                                       vouch__glm_design *out_design)
{
    vouch__glm_design d = { .n = columns->n, .p = columns->k + 1, .has_intercept = true };
    making m = { .from = columns, .d = &d };
    d.blocks = vouch__chunks(d.n, B);
    d.dense = d.p;
    d.padded = (d.dense + VOUCH__GLM_TILE - 1) / VOUCH__GLM_TILE * VOUCH__GLM_TILE;
    d.alloc = *vouch__allocator(ctx);
    if (d.n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "regression: there are no rows");
    vouch_status status = room(ctx, &d);
    if (!status)
        status = make_rows(ctx, &m);
    if (status)
        vouch__glm_design_clear(&d);
    else
        *out_design = d;
    return status;
}

vouch__glm_design vouch__glm_design_reweighted(const vouch__glm_design *design, const double *weight)
{
    vouch__glm_design d = *design;
    d.weight = (double *)weight; /* a design that is solved is only read */
    count_rows(&d);
    return d;
}

vouch_status vouch__glm_design_covariance(vouch_ctx *ctx, const vouch__glm_design *d, double *out)
{
    size_t p = d->p, mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, p + p * p, sizeof *sums);
    vouch__glm_pass pass = {
        .design = d, .kernel = vouch__glm_kernel_best(), .step = 1, .weight = d->weight
    };
    if (!sums)
        return vouch__oom(ctx);
    vouch__glm_sums read = { .score = sums, .info = sums + p };
    vouch_status status = vouch__glm_pass_run(ctx, &pass, &read);
    for (size_t a = 1; !status && a < p; a++)
        for (size_t b = 1; b < p; b++)
            out[(a - 1) * (p - 1) + b - 1] = read.info[a * p + b] / d->total -
                                             read.info[a] / d->total * (read.info[b] / d->total);
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__glm_constant(const vouch__glm_design *d, const double *beta, const double *covariance,
                         double *out_value, double *out_variance)
{
    double value = beta[0], variance = covariance ? covariance[0] : NAN;
    for (size_t j = 1; j < d->dense; j++) {
        double row = 0.0;
        value -= d->shift[j] * beta[j];
        for (size_t k = 1; covariance && k < d->dense; k++)
            row += covariance[j * d->p + k] * d->shift[k];
        variance += covariance ? d->shift[j] * (row - 2.0 * covariance[j * d->p]) : 0.0;
    }
    *out_value = value;
    *out_variance = variance;
}
