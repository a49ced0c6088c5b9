/* Bins and rows. Bins are those of gbdt, cut so that every special code stands alone; training and tuning
 * rows are one set, in the table's order, so that one pass over it serves all bags. */
#include "base/parallel.h"
#include "models/gam/gam_fit.h"

#include <math.h>
#include <string.h>

enum { READ = 4096 };

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The next number below x, which is finite. */
static double below(double x)
{
    uint64_t bits = bits_of(x == 0.0 ? 0.0 : x);
    bits = x == 0.0 ? UINT64_C(0x8000000000000001) : x > 0.0 ? bits - 1 : bits + 1;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static size_t insert(double *cut, size_t n, double at)
{
    size_t k = n;
    for (size_t i = 0; i < n; i++)
        if (cut[i] == at)
            return n;
    for (; k > 0 && cut[k - 1] > at; k--)
        cut[k] = cut[k - 1];
    cut[k] = at;
    return n + 1;
}

/* A bin for each special code: cuts at it and just below it. */
static vouch_status set_apart(vouch_ctx *ctx, const vouch__input *input, vouch__gbdt_input *bins)
{
    size_t n = bins->n_bins - 2;
    if (n + 2 * input->n_special > VOUCH__GAM_BINS - 2)
        return vouch__fail(ctx, VOUCH_E_LIMIT,
                           "fit: input '%s' has %zu special codes beside %zu bins, too many for 255",
                           input->name, input->n_special, bins->n_bins - 1);
    for (size_t k = 0; k < input->n_special; k++)
        if (isfinite(input->special[k])) {
            n = insert(bins->cut, n, below(input->special[k]));
            n = insert(bins->cut, n, input->special[k]);
        }
    for (size_t i = n; i < VOUCH__GAM_BINS; i++)
        bins->cut[i] = INFINITY;
    bins->n_bins = n + 2;
    return VOUCH_OK;
}

static vouch_status shape_make(vouch_ctx *ctx, const vouch__input *input, const vouch__gbdt_input *bins,
                               vouch__gam_shape *shape)
{
    double *cut = shape->bins.cut;
    uint8_t *bin_of = shape->bins.bin_of;
    shape->bins = *bins;
    shape->bins.cut = cut;
    shape->bins.bin_of = bin_of;
    shape->low = shape->high = NAN;
    vouch_status status = vouch__gam_shape_memory(ctx, shape);
    if (status)
        return status;
    memcpy(shape->bins.cut, bins->cut, VOUCH__GAM_BINS * sizeof *bins->cut);
    memcpy(shape->bins.bin_of, bins->bin_of, bins->n_codes);
    shape->apart[0] = 1;
    for (size_t k = 0; !bins->is_category && k < input->n_special; k++)
        shape->apart[vouch__gbdt_bin(&shape->bins, input->special[k])] = 1;
    return VOUCH_OK;
}

/* Rows of both parts, merged. */
static vouch_status rows_merge(vouch_ctx *ctx, vouch__gam_data *d)
{
    const vouch__part_rows *part[2] = { &d->data->train, &d->data->tune };
    size_t at[2] = { 0, 0 };
    bool has_weight = part[0]->weight != NULL;
    d->n = part[0]->n + part[1]->n;
    d->has_tune = part[1]->n > 0;
    d->of = vouch__scratch(ctx, d->n, sizeof *d->of);
    d->is_tune = vouch__scratch(ctx, d->n, 1);
    d->target = vouch__scratch(ctx, d->n, sizeof *d->target);
    d->weight = has_weight ? vouch__scratch(ctx, d->n, sizeof *d->weight) : NULL;
    if (!d->of || !d->is_tune || !d->target || (has_weight && !d->weight))
        return vouch__oom(ctx);
    d->heaviest = has_weight ? 0.0 : 1.0;
    for (size_t p = 0; p < 2 && has_weight; p++)
        for (size_t i = 0; i < part[p]->n; i++)
            d->heaviest = fmax(d->heaviest, part[p]->weight ? part[p]->weight[i] : 1.0);
    for (size_t i = 0; i < d->n; i++) {
        bool tune = at[0] == part[0]->n || (at[1] < part[1]->n && part[1]->row[at[1]] < part[0]->row[at[0]]);
        size_t k = at[tune]++;
        d->of[i] = part[tune]->row[k];
        d->is_tune[i] = tune;
        d->target[i] = part[tune]->target[k];
        if (has_weight)
            d->weight[i] = (float)((part[tune]->weight ? part[tune]->weight[k] : 1.0) / d->heaviest);
    }
    return VOUCH_OK;
}

/* Where no training row says it: a point of the bin that keeps the order. */
static double middle(const vouch__gam_shape *s, size_t b)
{
    double lower = b > 1 ? s->bins.cut[b - 2] : -INFINITY, upper = s->bins.cut[b - 1];
    if (isinf(lower) && isinf(upper))
        return 0.0;
    if (isinf(lower))
        return upper;
    if (isinf(upper))
        return lower + fabs(lower) * 0x1p-20 + 0x1p-1000;
    double mid = 0.5 * lower + 0.5 * upper;
    return mid > lower && mid <= upper ? mid : upper;
}

/* Weights and means of one input's bins, over the training rows. */
static vouch_status tally_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const vouch__gam_data *d = arg;
    vouch__gam_shape *s = &d->gam->shape[begin];
    double *value = vouch__scratch(worker, READ, sizeof *value);
    (void)chunk, (void)end;
    if (!value)
        return vouch__oom(worker);
    if (!s->bins.n_bins)
        return VOUCH_OK;
    for (size_t from = 0; from < d->n; from += READ) {
        size_t m = d->n - from < READ ? d->n - from : READ;
        const uint8_t *bin = d->rows.column + begin * d->n + from;
        vouch__bound_column(d->data->binding, begin, 0, m, d->of + from, value);
        for (size_t i = 0; i < m; i++) {
            double w = d->weight ? (double)d->weight[from + i] * d->heaviest : 1.0;
            if (d->is_tune[from + i])
                continue;
            s->weight[bin[i]] += w;
            if (s->apart[bin[i]] || s->bins.is_category)
                continue;
            s->at[bin[i]] += w * (value[i] - s->at[bin[i]]) / s->weight[bin[i]];
            s->low = isnan(s->low) || value[i] < s->low ? value[i] : s->low;
            s->high = isnan(s->high) || value[i] > s->high ? value[i] : s->high;
        }
    }
    for (size_t b = 1; b < s->bins.n_bins && !s->bins.is_category; b++)
        if (!(s->weight[b] > 0.0) || s->apart[b] || !isfinite(s->at[b]))
            s->at[b] = middle(s, b);
    return VOUCH_OK;
}

static vouch_status offsets_make(vouch_ctx *ctx, vouch__gam_data *d)
{
    vouch__gam *gam = d->gam;
    size_t input[2] = { gam->offset, gam->exposure };
    double sum[2] = { 0.0, 0.0 }, weight = 0.0;
    if (gam->offset == SIZE_MAX && gam->exposure == SIZE_MAX)
        return VOUCH_OK;
    d->offset = vouch__scratch(ctx, d->n, sizeof *d->offset);
    double *row = vouch__scratch(ctx, gam->n_inputs, sizeof *row);
    if (!d->offset || !row)
        return vouch__oom(ctx);
    for (size_t i = 0; i < d->n; i++) {
        double w = d->weight ? (double)d->weight[i] : 1.0;
        for (size_t k = 0; k < 2; k++)
            if (input[k] != SIZE_MAX)
                vouch__bound_column(d->data->binding, input[k], 0, 1, d->of + i, &row[input[k]]);
        d->offset[i] = vouch__gam_offset(gam, row);
        if (!isfinite(d->offset[i]))
            return vouch__fail(
                ctx, VOUCH_E_DATA,
                "fit: row %u has no offset: it must not be missing, and an exposure must be above 0",
                d->of[i]);
        if (d->is_tune[i])
            continue;
        double first = gam->offset == SIZE_MAX ? 0.0 : row[gam->offset];
        weight += w;
        sum[0] += w * first;
        sum[1] += w * (d->offset[i] - first);
    }
    gam->offset_mean = sum[0] / weight;
    gam->exposure_mean = sum[1] / weight;
    return VOUCH_OK;
}

vouch_status vouch__gam_bins_make(vouch_ctx *ctx, vouch__gam_data *d)
{
    const vouch__inputs *inputs = d->data->binding->inputs;
    vouch__gam *gam = d->gam;
    size_t max_bins = (size_t)d->param[VOUCH__GAM_MAX_BINS], specials = 0;
    for (size_t j = 0; j < inputs->n; j++)
        specials = inputs->at[j].n_special > specials ? inputs->at[j].n_special : specials;
    if (max_bins + 2 * specials > 253)
        max_bins = 2 * specials < 250 ? 253 - 2 * specials : 2;
    vouch_status status = vouch__gbdt_bins_make(ctx, d->data, max_bins, &d->bins);
    for (size_t j = 0; j < inputs->n && !status; j++) {
        bool is_shape = j != gam->offset && j != gam->exposure;
        if (!inputs->at[j].is_category)
            status = set_apart(ctx, &inputs->at[j], &d->bins.input[j]);
        if (!status && is_shape)
            status = shape_make(ctx, &inputs->at[j], &d->bins.input[j], &gam->shape[j]);
    }
    if (!status)
        status = rows_merge(ctx, d);
    if (status)
        return status;
    vouch__part_rows all = { .n = d->n, .row = d->of };
    status = vouch__gbdt_rows_make(ctx, &d->bins, d->data->binding, &all, true, &d->rows);
    if (!status)
        status = vouch__parallel(ctx, inputs->n, 1, tally_chunk, d);
    if (!status)
        status = offsets_make(ctx, d);
    if (status)
        return status;
    d->use = vouch__scratch(ctx, inputs->n + 1, sizeof *d->use);
    if (!d->use)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n; j++)
        if (gam->shape[j].bins.n_bins)
            d->use[d->n_use++] = (uint32_t)j;
    return VOUCH_OK;
}
