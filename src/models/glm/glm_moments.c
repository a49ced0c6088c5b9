/* Values of inputs against a population, from the means of its columns. */
#include "models/glm/glm_moments.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

size_t vouch__glm_n_moments(const void *state) { return ((const vouch__glm *)state)->n_columns + 1; }

static double log_exposure(const vouch__glm *glm, const double *row)
{
    vouch__glm only = { .offset = SIZE_MAX, .exposure = glm->exposure };
    return vouch__glm_offset(&only, row);
}

static void add_term(const vouch__glm *glm, const vouch__glm_term *t, const double *row, double *sums)
{
    vouch__glm_value a, b;
    vouch__glm_piece_value(glm, &glm->piece[t->a], row[glm->piece[t->a].input], &a);
    if (t->b == SIZE_MAX) {
        for (size_t i = 0; i < a.n; i++)
            sums[t->first + a.first + i] += a.value[i];
        return;
    }
    vouch__glm_piece_value(glm, &glm->piece[t->b], row[glm->piece[t->b].input], &b);
    for (size_t i = 0; i < a.n; i++)
        for (size_t j = 0; j < b.n; j++)
            sums[t->first + (a.first + i) * glm->piece[t->b].n + b.first + j] += a.value[i] * b.value[j];
}

void vouch__glm_add_moments(const void *state, vouch__matrix x, double *sums)
{
    const vouch__glm *glm = state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        sums[0] += glm->offset == SIZE_MAX ? 0.0 : row[glm->offset];
        sums[glm->n_columns] += log_exposure(glm, row);
        for (size_t t = 0; t < glm->n_terms; t++)
            add_term(glm, &glm->term[t], row, sums);
    }
}

/* The main effect of a piece stands where its columns' means do. */
static const vouch__glm_term *main_of(const vouch__glm *glm, size_t piece)
{
    for (size_t t = 0; t < glm->n_terms; t++)
        if (glm->term[t].a == piece && glm->term[t].b == SIZE_MAX)
            return &glm->term[t];
    return NULL;
}

/* sum over both of beta a b for sparse a and b. */
static double bilinear(const vouch__glm_estimate *beta, size_t nb, const vouch__glm_value *a,
                       const vouch__glm_value *b)
{
    double sum = 0.0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            sum += beta[(a->first + i) * nb + b->first + j].value * (a->value[i] * b->value[j]);
    return sum;
}

/* What a term says on average; means are sums / n. */
static double mean_of(const vouch__glm *glm, const vouch__glm_term *t, const double *sums, double n)
{
    double sum = 0.0;
    for (size_t k = 0; k < t->n; k++)
        sum += glm->estimate[t->first + k].value * (sums[t->first + k] / n);
    return sum;
}

/* sum over k, l of beta a_k mean(b_l) (or the other way round): the means are read from sums. */
static double against_mean(const vouch__glm *glm, const vouch__glm_term *t, const double *sums, double n,
                           const vouch__glm_value *v, bool mean_is_b)
{
    size_t nb = glm->piece[t->b].n;
    const vouch__glm_term *other = main_of(glm, mean_is_b ? t->b : t->a);
    double sum = 0.0;
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < other->n; k++) {
            size_t at = mean_is_b ? (v->first + i) * nb + k : k * nb + v->first + i;
            sum += glm->estimate[t->first + at].value * (v->value[i] * (sums[other->first + k] / n));
        }
    return sum;
}

static void row_values(const vouch__glm *glm, const double *sums, double n, const double *mean,
                       const double *row, double *out)
{
    if (glm->offset != SIZE_MAX)
        out[glm->offset] += row[glm->offset] - sums[0] / n;
    if (glm->exposure != SIZE_MAX)
        out[glm->exposure] += log_exposure(glm, row) - sums[glm->n_columns] / n;
    for (size_t t = 0; t < glm->n_terms; t++) {
        const vouch__glm_term *term = &glm->term[t];
        const vouch__glm_piece *pa = &glm->piece[term->a];
        vouch__glm_value a, b;
        double average = mean ? mean[t] : mean_of(glm, term, sums, n);
        vouch__glm_piece_value(glm, pa, row[pa->input], &a);
        if (term->b == SIZE_MAX) {
            double sum = 0.0;
            for (size_t i = 0; i < a.n; i++)
                sum += glm->estimate[term->first + a.first + i].value * a.value[i];
            out[pa->input] += sum - average;
            continue;
        }
        const vouch__glm_piece *pb = &glm->piece[term->b];
        vouch__glm_piece_value(glm, pb, row[pb->input], &b);
        double both = bilinear(glm->estimate + term->first, pb->n, &a, &b);
        double alone_a = against_mean(glm, term, sums, n, &a, true);
        double alone_b = against_mean(glm, term, sums, n, &b, false);
        out[pa->input] += 0.5 * ((both - alone_b) + (alone_a - average));
        out[pb->input] += 0.5 * ((both - alone_a) + (alone_b - average));
    }
}

void vouch__glm_moment_values(const void *state, const double *sums, double n, vouch__matrix x, double *out,
                              double *out_base)
{
    enum { KEPT = 256 };
    const vouch__glm *glm = state;
    double mean[KEPT], base = glm->estimate[0].value + (sums[0] + sums[glm->n_columns]) / n;
    for (size_t t = 0; t < glm->n_terms; t++) {
        double average = mean_of(glm, &glm->term[t], sums, n);
        base += average;
        if (t < KEPT)
            mean[t] = average;
    }
    if (out_base)
        *out_base = base;
    if (x.rows)
        memset(out, 0, x.rows * x.cols * sizeof *out);
    for (size_t i = 0; i < x.rows; i++)
        row_values(glm, sums, n, glm->n_terms <= KEPT ? mean : NULL, x.at + i * x.cols, out + i * x.cols);
}

vouch_status vouch__glm_contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                      double *base)
{
    const vouch__glm *glm = state;
    size_t mark = vouch__scratch_mark(ctx);
    double *mean = vouch__scratch(ctx, glm->n_columns + 1, sizeof *mean);
    if (!mean)
        return vouch__oom(ctx);
    for (size_t k = 0; k < glm->n_columns; k++)
        mean[k] = glm->estimate[k].mean;
    mean[0] = glm->offset_mean;
    mean[glm->n_columns] = glm->exposure_mean;
    vouch__glm_moment_values(state, mean, 1.0, x, out, base);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
