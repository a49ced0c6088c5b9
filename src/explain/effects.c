/* Partial dependence and individual curves: the sample is scored once for each grid value, with one column
 * replaced. Grid values are scored in parallel and reduced in order. */
#include "explain/effects.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/sum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_STREAM = 0x5A };

void vouch__choose(uint64_t seed, size_t n, size_t k, uint32_t *out)
{
    vouch__rng rng = vouch__rng_make(seed, SAMPLE_STREAM);
    size_t taken = 0;
    for (size_t i = 0; i < n && taken < k; i++) /* Knuth's algorithm S */
        if (vouch__rng_below(&rng, n - i) < k - taken)
            out[taken++] = (uint32_t)i;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool is_special(const vouch__input *input, double x)
{
    for (size_t k = 0; k < input->n_special; k++)
        if (input->special[k] == x)
            return true;
    return false;
}

static void grid_add(vouch__effect *e, vouch__grid_type type, double at)
{
    if (e->n == VOUCH__GRID_MAX)
        return;
    e->type[e->n] = type;
    e->at[e->n++] = at;
}

/* value[n]: the ordinary values of the sample, sorted. */
static void grid_ordinary(vouch__effect *e, bool is_category, size_t n, const double *value)
{
    size_t most = is_category ? 60 : VOUCH__GRID;
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || value[i] != value[i - 1];
    bool all = is_category || distinct <= most;
    size_t steps = all ? n : most;
    for (size_t k = 0; k < steps && e->n < most; k++) {
        double at = all ? value[k] : value[(n - 1) * k / (most - 1)]; /* a value that a row has */
        if (e->n == 0 || at != e->at[e->n - 1])
            grid_add(e, VOUCH__GRID_VALUE, at);
    }
    e->n_ordinary = e->n;
}

static vouch_status grid_make(vouch_ctx *ctx, const vouch__input *input, vouch__matrix x, vouch__effect *e)
{
    size_t n = 0, missing = 0, mark = vouch__scratch_mark(ctx);
    double *value = vouch__scratch(ctx, x.rows, sizeof *value);
    if (!value)
        return vouch__oom(ctx);
    for (size_t i = 0; i < x.rows; i++) {
        double v = x.at[i * x.cols + e->input];
        missing += isnan(v) ? 1 : 0;
        if (!isnan(v) && !is_special(input, v) && !(input->is_category && v == VOUCH__UNSEEN))
            value[n++] = v;
    }
    qsort(value, n, sizeof *value, by_value); /* equal values are equal: any order of them will do */
    grid_ordinary(e, input->is_category, n, value);
    for (size_t k = 0; k < input->n_special; k++)
        for (size_t i = 0; i < x.rows; i++)
            if (x.at[i * x.cols + e->input] == input->special[k]) {
                grid_add(e, VOUCH__GRID_SPECIAL, input->special[k]);
                break;
            }
    if (missing)
        grid_add(e, VOUCH__GRID_MISSING, NAN);
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

typedef struct sweep {
    const vouch_model *model;
    vouch__matrix x;
    const vouch__effect *e;
    double *raw; /* [grid x rows] */
} sweep;

static vouch_status score_grid(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const sweep *s = arg;
    size_t mark = vouch__scratch_mark(worker), cells = s->x.rows * s->x.cols;
    (void)chunk;
    double *moved = vouch__scratch(worker, cells, sizeof *moved);
    if (!moved)
        return vouch__oom(worker);
    memcpy(moved, s->x.at, cells * sizeof *moved);
    for (size_t g = begin; g < end; g++) {
        for (size_t i = 0; i < s->x.rows; i++)
            moved[i * s->x.cols + s->e->input] = s->e->at[g];
        s->model->kind->predict(s->model->state, (vouch__matrix){ moved, s->x.rows, s->x.cols },
                                s->raw + g * s->x.rows);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

static void reduce(const sweep *s, vouch__effect *e, double *probability)
{
    size_t n = s->x.rows;
    for (size_t g = 0; g < e->n; g++) {
        const double *raw = s->raw + g * n;
        for (size_t i = 0; i < n; i++)
            probability[i] = vouch__model_probability(s->model, raw[i]);
        e->raw[g] = vouch__mean(n, raw, NULL);
        e->probability[g] = vouch__mean(n, probability, NULL);
        qsort(probability, n, sizeof *probability, by_value);
        e->low[g] = vouch__quantile_sorted(n, probability, 0.1);
        e->high[g] = vouch__quantile_sorted(n, probability, 0.9);
    }
}

/* Against the declared direction, row by row; rounding is monotone, so there is no tolerance. */
static void count_violations(const sweep *s, int monotone, vouch__effect *e)
{
    size_t n = s->x.rows;
    for (size_t g = 1; monotone && g < e->n_ordinary; g++)
        for (size_t i = 0; i < n; i++) {
            double step = monotone * (s->raw[g * n + i] - s->raw[(g - 1) * n + i]);
            e->pairs++;
            e->violations += step < 0.0;
            e->worst = fmax(e->worst, -step);
        }
}

vouch_status vouch__effect_make(vouch_ctx *ctx, const vouch_model *model, vouch__matrix x, size_t input,
                                vouch__effect *out_effect)
{
    const vouch__input *column = &model->inputs.at[input];
    vouch__effect e = { .input = input };
    size_t mark = vouch__scratch_mark(ctx);
    if (x.rows == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "effects: no rows");
    vouch_status status = grid_make(ctx, column, x, &e);
    if (status)
        return status;
    double *raw = vouch__scratch(ctx, e.n * x.rows, sizeof *raw);
    double *probability = vouch__scratch(ctx, x.rows, sizeof *probability);
    if (!raw || !probability) {
        status = vouch__oom(ctx);
        goto done;
    }
    sweep s = { model, x, &e, raw };
    status = vouch__parallel(ctx, e.n, 1, score_grid, &s);
    if (status)
        goto done;
    reduce(&s, &e, probability);
    count_violations(&s, column->is_category ? 0 : column->monotone, &e);
    *out_effect = e;
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}
