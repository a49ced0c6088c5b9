/* Pairs of inputs. FAST (Lou, Caruana, Gehrke & Hooker 2013): after the shapes, rows are added up once for
 * every two inputs, by coarse bins, and each pair is worth what the best cut of both would gain beyond what
 * either gains alone: a score statistic with one degree of freedom. A pair is taken when that is more than
 * the best cut of all pairs would reach by chance once in twenty times.
 *
 * A table and two shapes can say the same thing in many ways. Purification (Lengerich et al. 2020, functional
 * ANOVA) leaves one: every row and column of a table has mean 0 over the training rows, and what it had goes
 * to the shapes. That is weighted least squares of the table on its two margins, solved at once and then
 * swept until nothing is left. */
#include "models/gam/gam_fit.h"

#include "base/parallel.h"
#include "num/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAST_ROWS = 400000, SWEEPS = 64 };

/* Coarse bins: as many rows in each as can be; what is apart stays apart. Categories in the order of their
 * values. Returns how many. */
static size_t coarse(const vouch__gam_shape *s, size_t most, uint8_t *to)
{
    size_t order[VOUCH__GAM_BINS], n = 0, groups = 0;
    double rest = 0.0, held = 0.0; /* of the weight what is not in whole groups; what the present one has */
    bool alone = false;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t b = 0; b < s->bins.n_bins; b++) {
            if (s->apart[b] != (pass == 0))
                continue;
            size_t at = n++;
            for (; s->bins.is_category && at > 0 && !s->apart[order[at - 1]] &&
                   s->value[order[at - 1]] > s->value[b];
                 at--)
                order[at] = order[at - 1];
            order[at] = b;
            rest += s->weight[b];
        }
    for (size_t i = 0; i < n; i++) {
        size_t b = order[i];
        bool is_new = groups == 0 || (s->weight[b] > 0.0 && held > 0.0 &&
                                      (s->apart[b] || alone ||
                                       held + 0.5 * s->weight[b] > rest / (double)(most - groups + 1)));
        if (is_new && groups < most) {
            groups++;
            rest -= held;
            held = 0.0;
            alone = false;
        }
        alone |= s->apart[b] && s->weight[b] > 0.0;
        held += s->weight[b];
        to[b] = (uint8_t)(groups - 1);
    }
    return groups;
}

typedef struct candidate {
    size_t a, b;
    double strength;
} candidate;

typedef struct fast {
    const vouch__gam_data *d;
    size_t n; /* rows, every step-th */
    const float *g, *h;
    uint8_t *to;     /* [inputs x BINS] */
    size_t *groups;  /* [inputs] */
    candidate *pair; /* [candidates] */
} fast;

static vouch_status fast_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const fast *f = arg;
    const vouch__gam_data *d = f->d;
    candidate *c = &f->pair[begin];
    const uint8_t *to_a = f->to + c->a * VOUCH__GAM_BINS, *to_b = f->to + c->b * VOUCH__GAM_BINS;
    size_t n_a = f->groups[c->a], n_b = f->groups[c->b];
    const uint8_t *in_a = d->rows.column + c->a * d->n, *in_b = d->rows.column + c->b * d->n;
    vouch__gam_sum *sum = vouch__scratch(worker, n_a * n_b, sizeof *sum);
    vouch__gam_sum *running = vouch__scratch(worker, (n_a + 1) * (n_b + 1), sizeof *running);
    (void)chunk, (void)end;
    if (!sum || !running)
        return vouch__oom(worker);
    memset(sum, 0, n_a * n_b * sizeof *sum);
    for (size_t k = 0; k < f->n; k++) {
        size_t i = f->n == d->n ? k : k * d->n / f->n;
        vouch__gam_sum *cell = &sum[to_a[in_a[i]] * n_b + to_b[in_b[i]]];
        cell->g += (double)f->g[i];
        cell->h += (double)f->h[i];
        cell->rows += 1.0;
    }
    c->strength = vouch__gam_table_gain(n_a, n_b, sum, running, d->param[VOUCH__GAM_MIN_ROWS]);
    return VOUCH_OK;
}

static int by_strength(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->strength != y->strength)
        return x->strength > y->strength ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

/* An input whose shape is held to a direction or a bend stays out of tables, or they would break it. */
static bool may_pair(const vouch__gam_data *d, size_t j)
{
    const vouch__gam_shape *s = &d->gam->shape[j];
    return s->bins.n_bins > 1 && s->curve == VOUCH__GAM_FREE && !d->data->binding->inputs->at[j].monotone;
}

static vouch_status lay_out(vouch_ctx *ctx, vouch__gam_data *d, const fast *f, size_t n)
{
    vouch__gam *gam = d->gam;
    gam->pair = vouch__alloc(ctx, n, sizeof *gam->pair);
    d->cell = vouch__scratch(ctx, n * d->n, sizeof *d->cell);
    if (!gam->pair || !d->cell)
        return vouch__oom(ctx);
    for (size_t p = 0; p < n; p++) {
        vouch__gam_pair *pair = &gam->pair[gam->n_pairs++];
        const candidate *c = &f->pair[p];
        *pair = (vouch__gam_pair){ .a = c->a, .b = c->b, .n_a = f->groups[c->a], .n_b = f->groups[c->b] };
        pair->strength = c->strength;
        vouch_status status = vouch__gam_pair_memory(ctx, gam, pair);
        if (status)
            return status;
        memcpy(pair->to_a, f->to + c->a * VOUCH__GAM_BINS, gam->shape[c->a].bins.n_bins);
        memcpy(pair->to_b, f->to + c->b * VOUCH__GAM_BINS, gam->shape[c->b].bins.n_bins);
        const uint8_t *in_a = d->rows.column + c->a * d->n, *in_b = d->rows.column + c->b * d->n;
        for (size_t i = 0; i < d->n; i++) {
            size_t cell = pair->to_a[in_a[i]] * pair->n_b + pair->to_b[in_b[i]];
            d->cell[p * d->n + i] = (uint16_t)cell;
            if (!d->is_tune[i])
                pair->weight[cell] += d->weight ? (double)d->weight[i] * d->heaviest : 1.0;
        }
    }
    return VOUCH_OK;
}

/* The place of a named input, or SIZE_MAX and a failure. */
static vouch_status named(vouch_ctx *ctx, const vouch__gam_data *d, const vouch__json *node, size_t *out)
{
    const vouch__inputs *inputs = d->data->binding->inputs;
    *out = SIZE_MAX;
    for (size_t j = 0; vouch__json_string(node) && j < inputs->n; j++)
        if (!strcmp(inputs->at[j].name, node->text))
            *out = j;
    if (*out == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "line %u, column %u: interactions must be a list of pairs of inputs", node->line,
                           node->column);
    if (!may_pair(d, *out))
        return vouch__fail(
            ctx, VOUCH_E_FORMAT,
            "line %u, column %u: '%s' has a direction, a curve or no shape, so it can't interact", node->line,
            node->column, node->text);
    return VOUCH_OK;
}

static vouch_status candidates(vouch_ctx *ctx, const vouch__gam_data *d, fast *f, size_t *out_n)
{
    const vouch__json *list = vouch__json_get(d->data->settings, "interactions");
    size_t n_use = d->n_use, n = 0;
    bool is_named = list && list->type != VOUCH__JSON_NULL;
    if (is_named && (list->type != VOUCH__JSON_ARRAY || list->len > VOUCH__GAM_PAIRS_MAX))
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "line %u, column %u: interactions must be a list of at most %d pairs", list->line,
                           list->column, VOUCH__GAM_PAIRS_MAX);
    f->pair = vouch__scratch(ctx, is_named ? list->len + 1 : n_use * (n_use + 1) / 2 + 1, sizeof *f->pair);
    if (!f->pair)
        return vouch__oom(ctx);
    for (const vouch__json *node = is_named ? list->first : NULL; node; node = node->next) {
        size_t a = 0, b = 0;
        if (node->type != VOUCH__JSON_ARRAY || node->len != 2)
            return vouch__fail(ctx, VOUCH_E_FORMAT,
                               "line %u, column %u: interactions must be a list of pairs of inputs",
                               node->line, node->column);
        vouch_status status = named(ctx, d, vouch__json_at(node, 0), &a);
        if (!status)
            status = named(ctx, d, vouch__json_at(node, 1), &b);
        for (size_t k = 0; !status && k < n; k++)
            if (f->pair[k].a == (a < b ? a : b) && f->pair[k].b == (a < b ? b : a))
                a = b;
        if (!status && a == b)
            status = vouch__fail(
                ctx, VOUCH_E_FORMAT,
                "line %u, column %u: a pair of interactions must be two inputs, and named once", node->line,
                node->column);
        if (status)
            return status;
        f->pair[n++] = (candidate){ a < b ? a : b, a < b ? b : a, 0.0 };
    }
    for (size_t i = 0; i < n_use && !is_named; i++)
        for (size_t k = i + 1; k < n_use; k++)
            if (may_pair(d, d->use[i]) && may_pair(d, d->use[k]))
                f->pair[n++] = (candidate){ d->use[i], d->use[k], 0.0 };
    *out_n = n;
    return VOUCH_OK;
}

/* The square of a standardised contrast that the best of all cuts passes by chance once in twenty times at
 * most, in units of the loss: times the dispersion. */
static double by_chance(const vouch__gam_data *d, const fast *f, size_t n)
{
    double cuts = 0.0, squares = 0.0, curves = 0.0;
    for (size_t k = 0; k < n; k++)
        cuts += (double)(f->groups[f->pair[k].a] - 1) * (double)(f->groups[f->pair[k].b] - 1);
    for (size_t i = 0; i < d->n; i++) {
        double w = d->weight ? (double)d->weight[i] : 1.0;
        squares += (double)f->g[i] * (double)f->g[i] / w;
        curves += (double)f->h[i];
    }
    return vouch__chi2_quantile(1.0 - 0.05 / fmax(cuts, 1.0), 1.0) * squares / curves;
}

vouch_status vouch__gam_find_pairs(vouch_ctx *ctx, vouch__gam_data *d, double *score)
{
    size_t inputs = d->gam->n_inputs, n = 0, most = (size_t)d->param[VOUCH__GAM_PAIRS];
    const vouch__json *list = vouch__json_get(d->data->settings, "interactions");
    fast f = { .d = d, .n = d->n < FAST_ROWS ? d->n : FAST_ROWS };
    bool is_named = list && list->type != VOUCH__JSON_NULL;
    if (is_named)
        most = VOUCH__GAM_PAIRS_MAX;
    if (!most)
        return VOUCH_OK;
    float *g = vouch__scratch(ctx, d->n, sizeof *g), *h = vouch__scratch(ctx, d->n, sizeof *h);
    f.to = vouch__scratch(ctx, inputs * VOUCH__GAM_BINS, 1);
    f.groups = vouch__scratch(ctx, inputs, sizeof *f.groups);
    if (!g || !h || !f.to || !f.groups)
        return vouch__oom(ctx);
    f.g = g;
    f.h = h;
    vouch_status status = candidates(ctx, d, &f, &n);
    for (size_t k = 0; k < d->n_use && !status; k++)
        f.groups[d->use[k]] = coarse(&d->gam->shape[d->use[k]], (size_t)d->param[VOUCH__GAM_PAIR_BINS],
                                     f.to + d->use[k] * VOUCH__GAM_BINS);
    if (!status)
        status = vouch__gam_slopes(ctx, d, score, g, h);
    for (size_t i = 0; i < d->n && !status; i++)
        if (d->is_tune[i])
            g[i] = h[i] = 0.0f;
    if (!status && n)
        status = vouch__parallel(ctx, n, 1, fast_chunk, &f);
    if (status || !n)
        return status;
    qsort(f.pair, n, sizeof *f.pair, by_strength);
    double least = by_chance(d, &f, n);
    n = n < most ? n : most;
    while (n && !is_named && !(f.pair[n - 1].strength > least))
        n--;
    return n ? lay_out(ctx, d, &f, n) : VOUCH_OK;
}

/* ---- purification ---- */

/* margin[n_a + n_b]: the margins of the table by weighted least squares, as far as one elimination finds
 * them: columns without a pivot of their own (an empty one, the last of a connected part) get 0. */
static void margins(size_t n_a, size_t n_b, const double *table, const double *weight, double *margin,
                    double *s)
{
    double *u = margin, *v = margin + n_a, *mass = s + n_b * n_b;
    memset(margin, 0, (n_a + n_b) * sizeof *margin);
    memset(s, 0, n_b * n_b * sizeof *s);
    for (size_t i = 0; i < n_a; i++) {
        mass[i] = 0.0;
        for (size_t j = 0; j < n_b; j++)
            mass[i] += weight[i * n_b + j];
        for (size_t j = 0; j < n_b; j++)
            u[i] += mass[i] > 0.0 ? weight[i * n_b + j] * table[i * n_b + j] / mass[i] : 0.0;
        for (size_t j = 0; j < n_b; j++) {
            double w = weight[i * n_b + j];
            s[j * n_b + j] += w;
            v[j] += w * (table[i * n_b + j] - u[i]);
            for (size_t k = 0; k < n_b && w > 0.0; k++)
                s[j * n_b + k] -= w * weight[i * n_b + k] / mass[i];
        }
    }
    for (size_t j = 0; j < n_b; j++) { /* elimination without exchange: s is positive semidefinite */
        double pivot = s[j * n_b + j], own = 0.0;
        for (size_t i = 0; i < n_a; i++)
            own += weight[i * n_b + j];
        bool is_free = !(pivot > 1e-9 * own);
        for (size_t k = j + 1; k < n_b && !is_free; k++) {
            double ratio = s[k * n_b + j] / pivot;
            for (size_t l = j; l < n_b; l++)
                s[k * n_b + l] -= ratio * s[j * n_b + l];
            v[k] -= ratio * v[j];
        }
        if (is_free)
            s[j * n_b + j] = 0.0;
    }
    for (size_t j = n_b; j-- > 0;) {
        for (size_t k = j + 1; k < n_b; k++)
            v[j] -= s[j * n_b + k] * v[k];
        v[j] = s[j * n_b + j] > 0.0 ? v[j] / s[j * n_b + j] : 0.0;
    }
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++)
            u[i] -= mass[i] > 0.0 ? weight[i * n_b + j] * v[j] / mass[i] : 0.0;
}

/* Take the mean of each row (stride 1) or column out, into margin; the largest that was there. */
static double sweep(size_t n, size_t m, size_t step_n, size_t step_m, double *table, const double *weight,
                    double *margin)
{
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0, mass = 0.0;
        for (size_t j = 0; j < m; j++) {
            sum += weight[i * step_n + j * step_m] * table[i * step_n + j * step_m];
            mass += weight[i * step_n + j * step_m];
        }
        double mean = mass > 0.0 ? sum / mass : 0.0;
        for (size_t j = 0; j < m; j++)
            table[i * step_n + j * step_m] -= mean;
        margin[i] += mean;
        largest = fmax(largest, fabs(mean));
    }
    return largest;
}

vouch_status vouch__gam_purify(vouch_ctx *ctx, const vouch__gam *gam, const vouch__gam_pair *pair,
                               double *table, double *shape_a, double *shape_b)
{
    size_t mark = vouch__scratch_mark(ctx), n_a = pair->n_a, n_b = pair->n_b;
    double *margin = vouch__scratch(ctx, n_a + n_b, sizeof *margin), size = 0.0;
    double *s = vouch__scratch(ctx, n_b * n_b + n_a, sizeof *s);
    if (!margin || !s)
        return vouch__oom(ctx);
    margins(n_a, n_b, table, pair->weight, margin, s);
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            size = fmax(size, fabs(table[i * n_b + j]));
            table[i * n_b + j] -= margin[i] + margin[n_a + j];
        }
    for (size_t turn = 0; turn < SWEEPS; turn++) {
        double left = sweep(n_a, n_b, n_b, 1, table, pair->weight, margin);
        left = fmax(left, sweep(n_b, n_a, 1, n_b, table, pair->weight, margin + n_a));
        if (left <= 1e-15 * size)
            break;
    }
    for (size_t b = 0; b < gam->shape[pair->a].bins.n_bins; b++)
        shape_a[b] += margin[pair->to_a[b]];
    for (size_t b = 0; b < gam->shape[pair->b].bins.n_bins; b++)
        shape_b[b] += margin[n_a + pair->to_b[b]];
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

double vouch__gam_centre(const vouch__gam_shape *shape, double *value)
{
    double sum = 0.0, mass = 0.0;
    for (size_t b = 0; b < shape->bins.n_bins; b++) {
        sum += shape->weight[b] * value[b];
        mass += shape->weight[b];
    }
    double mean = mass > 0.0 ? sum / mass : 0.0;
    for (size_t b = 0; b < shape->bins.n_bins; b++)
        value[b] = shape->weight[b] > 0.0 || !(shape->apart[b] || shape->bins.is_category) ? value[b] - mean
                                                                                           : 0.0;
    return mean;
}
