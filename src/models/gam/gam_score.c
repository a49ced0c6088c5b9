/* Scoring, and what each input contributes.
 *
 * Against a population the interventional Shapley value of an additive term is the term less its mean. A
 * table is a game of two: each input gets half of what it brings alone (its row or column of the table,
 * averaged over the population's other input) and half of what it brings to the other. A population is
 * therefore known by the mean of every shape, and of every table the mean and those of its rows and columns.
 */
#include "models/gam/gam.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

static double log_exposure(const vouch__gam *gam, const double *row)
{
    if (gam->exposure == SIZE_MAX)
        return 0.0;
    double v = row[gam->exposure];
    return v > 0.0 && isfinite(v) ? vouch__log(v) : NAN;
}

double vouch__gam_offset(const vouch__gam *gam, const double *row)
{
    return (gam->offset == SIZE_MAX ? 0.0 : row[gam->offset]) + log_exposure(gam, row);
}

static double shape_at(const vouch__gam_shape *s, double x) { return s->value[vouch__gbdt_bin(&s->bins, x)]; }

void vouch__gam_predict(const void *state, vouch__matrix x, double *raw)
{
    const vouch__gam *gam = state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        double sum = gam->intercept;
        if (gam->offset != SIZE_MAX || gam->exposure != SIZE_MAX)
            sum += vouch__gam_offset(gam, row);
        for (size_t j = 0; j < gam->n_inputs; j++)
            if (gam->shape[j].bins.n_bins)
                sum += shape_at(&gam->shape[j], row[j]);
        for (size_t p = 0; p < gam->n_pairs; p++)
            sum += gam->pair[p].value[vouch__gam_cell(gam, &gam->pair[p], row)];
        raw[i] = sum;
    }
}

vouch_status vouch__gam_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                      double *base)
{
    const vouch__gam *gam = state;
    (void)ctx;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        double *mine = out + i * x.cols;
        for (size_t j = 0; j < gam->n_inputs; j++)
            mine[j] = gam->shape[j].bins.n_bins ? shape_at(&gam->shape[j], row[j]) : 0.0;
        if (gam->offset != SIZE_MAX)
            mine[gam->offset] += row[gam->offset] - gam->offset_mean;
        if (gam->exposure != SIZE_MAX)
            mine[gam->exposure] += log_exposure(gam, row) - gam->exposure_mean;
        for (size_t p = 0; p < gam->n_pairs; p++) {
            double half = 0.5 * gam->pair[p].value[vouch__gam_cell(gam, &gam->pair[p], row)];
            mine[gam->pair[p].a] += half;
            mine[gam->pair[p].b] += half;
        }
    }
    *base = gam->intercept + gam->offset_mean + gam->exposure_mean;
    return VOUCH_OK;
}

/* Sums: one for each input, then for each pair its own, its rows' and its columns'. */
size_t vouch__gam_n_moments(const void *state)
{
    const vouch__gam *gam = state;
    size_t n = gam->n_inputs;
    for (size_t p = 0; p < gam->n_pairs; p++)
        n += 1 + gam->pair[p].n_a + gam->pair[p].n_b;
    return n;
}

static double term_of(const vouch__gam *gam, size_t j, const double *row)
{
    if (gam->shape[j].bins.n_bins)
        return shape_at(&gam->shape[j], row[j]);
    return (j == gam->offset ? row[j] : 0.0) + (j == gam->exposure ? log_exposure(gam, row) : 0.0);
}

void vouch__gam_add_moments(const void *state, vouch__matrix x, double *sums)
{
    const vouch__gam *gam = state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        double *at = sums + gam->n_inputs;
        for (size_t j = 0; j < gam->n_inputs; j++)
            sums[j] += term_of(gam, j, row);
        for (size_t p = 0; p < gam->n_pairs; p++) {
            const vouch__gam_pair *pair = &gam->pair[p];
            size_t cell = vouch__gam_cell(gam, pair, row), a = cell / pair->n_b, b = cell % pair->n_b;
            at[0] += pair->value[cell];
            for (size_t k = 0; k < pair->n_a; k++)
                at[1 + k] += pair->value[k * pair->n_b + b];
            for (size_t k = 0; k < pair->n_b; k++)
                at[1 + pair->n_a + k] += pair->value[a * pair->n_b + k];
            at += 1 + pair->n_a + pair->n_b;
        }
    }
}

static void row_values(const vouch__gam *gam, const double *sums, double n, const double *row, double *out)
{
    const double *at = sums + gam->n_inputs;
    for (size_t j = 0; j < gam->n_inputs; j++)
        out[j] = term_of(gam, j, row) - sums[j] / n;
    for (size_t p = 0; p < gam->n_pairs; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        size_t cell = vouch__gam_cell(gam, pair, row), a = cell / pair->n_b, b = cell % pair->n_b;
        double both = pair->value[cell], none = at[0] / n;
        double with_a = at[1 + a] / n, with_b = at[1 + pair->n_a + b] / n;
        out[pair->a] += 0.5 * ((with_a - none) + (both - with_b));
        out[pair->b] += 0.5 * ((with_b - none) + (both - with_a));
        at += 1 + pair->n_a + pair->n_b;
    }
}

void vouch__gam_moment_values(const void *state, const double *sums, double n, vouch__matrix x, double *out,
                              double *out_base)
{
    const vouch__gam *gam = state;
    const double *at = sums + gam->n_inputs;
    double base = gam->intercept;
    for (size_t j = 0; j < gam->n_inputs; j++)
        base += sums[j] / n;
    for (size_t p = 0; p < gam->n_pairs; p++) {
        base += at[0] / n;
        at += 1 + gam->pair[p].n_a + gam->pair[p].n_b;
    }
    if (out_base)
        *out_base = base;
    for (size_t i = 0; i < x.rows; i++)
        row_values(gam, sums, n, x.at + i * x.cols, out + i * x.cols);
}
