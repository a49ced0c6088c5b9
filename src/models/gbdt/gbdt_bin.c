/* Bins: the training rows' quantiles cut each input, once, and every value becomes one byte.
 *
 * An input with no more distinct values than bins gets a bin for each; otherwise bins are filled greedily to
 * equal numbers of rows, a value as heavy as a bin alone. Cuts lie midway between neighbouring values. Of
 * more than 200,000 rows an even sample of that size is taken, by position. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

enum { SAMPLE = 200000, READ = 4096, BLOCK = 65536, SQUARE = 64 };

/* Midway, or the lower where they are neighbours or one is infinite: lower <= cut < upper always. */
static double between(double lower, double upper)
{
    double mid = 0.5 * lower + 0.5 * upper;
    return mid >= lower && mid < upper ? mid : lower;
}

/* Cuts of n sorted values into at most max_bins; returns how many cuts. */
static size_t cuts_make(size_t n, const double *sorted, size_t max_bins, double *cut)
{
    size_t distinct = n > 0, cuts = 0, held = 0, bins_left = max_bins;
    for (size_t i = 1; i < n; i++)
        distinct += sorted[i] != sorted[i - 1];
    double rest = (double)n;
    for (size_t i = 0, j; i < n && bins_left > 1; i = j) {
        for (j = i + 1; j < n && sorted[j] == sorted[i]; j++)
            ;
        held += j - i;
        if (j == n)
            break;
        bool is_full = distinct <= max_bins;
        if (!is_full) { /* full, or fuller than it would be short of, with the next value */
            size_t next = j + 1;
            double want = rest / (double)bins_left;
            while (next < n && sorted[next] == sorted[j])
                next++;
            is_full = (double)held >= want || (double)held + 0.5 * (double)(next - j) > want;
        }
        if (is_full) {
            cut[cuts++] = between(sorted[j - 1], sorted[j]);
            rest -= (double)held;
            held = 0;
            bins_left--;
        }
    }
    return cuts;
}

typedef struct bins_job {
    const vouch__binding *binding;
    const uint32_t *row;
    size_t n, max_bins;
    vouch__gbdt_bins *bins;
} bins_job;

static vouch_status bin_number(vouch_ctx *worker, const bins_job *job, size_t j, const double *value)
{
    vouch__gbdt_input *input = &job->bins->input[j];
    size_t n = 0;
    double *known = vouch__scratch(worker, job->n, sizeof *known);
    double *sorted = vouch__scratch(worker, job->n, sizeof *sorted);
    uint32_t *order = vouch__scratch(worker, job->n, sizeof *order);
    if (!known || !sorted || !order)
        return vouch__oom(worker);
    for (size_t i = 0; i < job->n; i++)
        if (!isnan(value[i]))
            known[n++] = value[i] + 0.0; /* -0 becomes 0 */
    vouch_status status = n ? vouch__order(worker, n, known, order) : VOUCH_OK;
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        sorted[i] = known[order[i]];
    size_t cuts = cuts_make(n, sorted, job->max_bins, input->cut);
    for (size_t i = cuts; i < VOUCH__GBDT_BINS; i++)
        input->cut[i] = INFINITY;
    input->n_bins = cuts + 2;
    return VOUCH_OK;
}

/* Up to max_bins categories have bins of their own; of more, the most frequent have, and the rest share the
 * last bin. */
static vouch_status bin_category(vouch_ctx *worker, const bins_job *job, size_t j, const double *value)
{
    vouch__gbdt_input *input = &job->bins->input[j];
    size_t n = input->n_codes;
    if (n <= job->max_bins) {
        for (size_t code = 0; code < n; code++)
            input->bin_of[code] = (uint8_t)(code + 1);
        input->n_bins = n + 1;
        return VOUCH_OK;
    }
    double *rarity = vouch__scratch(worker, n, sizeof *rarity);
    uint32_t *order = vouch__scratch(worker, n, sizeof *order);
    if (!rarity || !order)
        return vouch__oom(worker);
    for (size_t code = 0; code < n; code++)
        rarity[code] = 0.0;
    for (size_t i = 0; i < job->n; i++)
        if (value[i] >= 0.0)
            rarity[(size_t)value[i]] -= 1.0;
    vouch_status status = vouch__order(worker, n, rarity, order); /* ties by code */
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        input->bin_of[order[i]] = (uint8_t)(i < job->max_bins - 1 ? i + 1 : job->max_bins);
    input->n_bins = job->max_bins + 1;
    return VOUCH_OK;
}

static vouch_status bins_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const bins_job *job = arg;
    (void)chunk, (void)end; /* one input a chunk */
    double *value = vouch__scratch(worker, job->n, sizeof *value);
    if (!value)
        return vouch__oom(worker);
    vouch__bound_column(job->binding, begin, 0, job->n, job->row, value);
    if (job->bins->input[begin].is_category)
        return bin_category(worker, job, begin, value);
    return bin_number(worker, job, begin, value);
}

vouch_status vouch__gbdt_bins_make(vouch_ctx *ctx, const vouch__fit_data *data, size_t max_bins,
                                   vouch__gbdt_bins *out_bins)
{
    const vouch__inputs *inputs = data->binding->inputs;
    vouch__gbdt_bins bins = { .n = inputs->n };
    bins_job job = { data->binding, data->train.row, data->train.n, max_bins, &bins };
    bins.input = vouch__scratch(ctx, inputs->n, sizeof *bins.input);
    if (!bins.input)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n; j++) {
        vouch__gbdt_input *input = &bins.input[j];
        *input = (vouch__gbdt_input){ .is_category = inputs->at[j].is_category,
                                      .monotone = inputs->at[j].monotone,
                                      .missing = data->missing ? data->missing[j] : 0,
                                      .groups = data->group ? data->group[j] : 1,
                                      .n_codes = inputs->at[j].n_categories };
        input->cut = vouch__scratch(ctx, VOUCH__GBDT_BINS, sizeof *input->cut);
        input->bin_of = vouch__scratch(ctx, input->n_codes, sizeof *input->bin_of);
        if (!input->cut || !input->bin_of)
            return vouch__oom(ctx);
    }
    if (job.n > SAMPLE) {
        uint32_t *sample = vouch__scratch(ctx, SAMPLE, sizeof *sample);
        if (!sample)
            return vouch__oom(ctx);
        for (size_t i = 0; i < SAMPLE; i++)
            sample[i] = data->train.row[i * job.n / SAMPLE];
        job.row = sample;
        job.n = SAMPLE;
    }
    vouch_status status = vouch__parallel(ctx, inputs->n, 1, bins_chunk, &job);
    if (status)
        return status;
    *out_bins = bins;
    return VOUCH_OK;
}

size_t vouch__gbdt_bin(const vouch__gbdt_input *input, double x)
{
    if (isnan(x))
        return 0;
    if (input->is_category)
        return x >= 0.0 && x < (double)input->n_codes ? input->bin_of[(size_t)x] : 0;
    size_t at = 0; /* how many cuts lie below x; the 256th is infinite, so eight steps do */
    for (size_t step = VOUCH__GBDT_BINS / 2; step; step /= 2)
        at += step *
              (size_t)(input->cut[at + step - 1] < x); /* a product, because no branch would be foreseen */
    return at + 1;
}

/* vouch__gbdt_bin of n values. Numbers are searched ABREAST at a time: their steps wait for memory together.
 */
static void bin_values(const vouch__gbdt_input *input, size_t n, const double *x, uint8_t *out)
{
    enum { ABREAST = 8 };
    size_t i = 0;
    for (; !input->is_category && i + ABREAST <= n; i += ABREAST) {
        size_t at[ABREAST] = { 0 };
        for (size_t step = VOUCH__GBDT_BINS / 2; step; step /= 2)
            for (size_t k = 0; k < ABREAST; k++)
                at[k] += step * (size_t)(input->cut[at[k] + step - 1] < x[i + k]);
        for (size_t k = 0; k < ABREAST; k++)
            out[i + k] = (uint8_t)(isnan(x[i + k]) ? 0 : at[k] + 1);
    }
    for (; i < n; i++)
        out[i] = (uint8_t)vouch__gbdt_bin(input, x[i]);
}

typedef struct rows_job {
    const vouch__gbdt_bins *bins;
    const vouch__binding *binding;
    const vouch__part_rows *part;
    const vouch__gbdt_rows *rows;
    size_t blocks; /* of one column */
} rows_job;

static vouch_status column_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const rows_job *job = arg;
    size_t j = chunk / job->blocks, n = job->part->n, from = chunk % job->blocks * BLOCK;
    size_t to = from + BLOCK < n ? from + BLOCK : n;
    double *value = vouch__scratch(worker, READ, sizeof *value);
    (void)begin, (void)end;
    if (!value)
        return vouch__oom(worker);
    for (size_t at = from; at < to; at += READ) {
        size_t m = to - at < READ ? to - at : READ;
        uint8_t *out = job->rows->column + j * n + at;
        vouch__bound_column(job->binding, j, 0, m, job->part->row + at, value);
        bin_values(&job->bins->input[j], m, value, out);
    }
    return VOUCH_OK;
}

static vouch_status turn_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const rows_job *job = arg;
    const vouch__gbdt_rows *rows = job->rows;
    (void)worker, (void)chunk;
    for (size_t at = begin; at < end; at += SQUARE) {
        size_t to = at + SQUARE < end ? at + SQUARE : end;
        for (size_t j = 0; j < job->bins->n; j++)
            for (size_t i = at; i < to; i++)
                rows->row[i * rows->stride + j] = rows->column[j * rows->n + i];
    }
    return VOUCH_OK;
}

vouch_status vouch__gbdt_rows_make(vouch_ctx *ctx, const vouch__gbdt_bins *bins,
                                   const vouch__binding *binding, const vouch__part_rows *part, bool by_row,
                                   vouch__gbdt_rows *out_rows)
{
    vouch__gbdt_rows rows = { .n = part->n };
    rows.stride = bins->n <= 8 ? 8 : bins->n <= 16 ? 16 : bins->n <= 32 ? 32 : (bins->n + 63) / 64 * 64;
    rows.column = vouch__scratch(ctx, part->n * bins->n + VOUCH__GBDT_PAD, 1);
    rows.row = by_row ? vouch__scratch(ctx, part->n * rows.stride + VOUCH__GBDT_PAD, 1) : NULL;
    if (!rows.column || (by_row && !rows.row))
        return vouch__oom(ctx);
    rows_job job = { bins, binding, part, &rows, vouch__chunks(part->n, BLOCK) };
    vouch_status status = vouch__parallel(ctx, bins->n * job.blocks, 1, column_chunk, &job);
    if (!status && by_row)
        status = vouch__parallel(ctx, part->n, VOUCH__GBDT_TILE, turn_chunk, &job);
    if (!status)
        *out_rows = rows;
    return status;
}
