/* Binning for programs: one column in full, or all of them ranked. */
#include "vouch/bins.h"

#include "base/parallel.h"
#include "bins/bin_tell.h"
#include "data/table.h"
#include "num/rank.h"

#include <math.h>

static vouch_status check(vouch_ctx *ctx, const vouch_table *table, size_t target, size_t weight)
{
    size_t cols = vouch_table_cols(table);
    if (target >= cols || (weight >= cols && weight != SIZE_MAX) || target == weight)
        return vouch__fail(ctx, VOUCH_E_ARG, "bin: no such column, or one column in two roles");
    return VOUCH_OK;
}

vouch_status vouch_bin(vouch_ctx *ctx, const vouch_table *table, size_t column, size_t target, size_t weight,
                       const char *rules, char **out_json, vouch_table **out_bins)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__bin_outcome outcome;
    vouch__bin_job job = { .outcome = &outcome, .column = column };
    vouch_status status = check(ctx, table, target, weight);
    if (!status && (column >= vouch_table_cols(table) || column == target || column == weight))
        status = vouch__fail(ctx, VOUCH_E_ARG, "bin: no such column, or one column in two roles");
    if (!status)
        status = vouch__bin_outcome_read(ctx, table, target, weight, rules, &outcome);
    if (!status)
        status = vouch__bin_do(ctx, &job);
    char *json = NULL;
    if (!status && out_json)
        status = vouch__bin_json(ctx, &job, &json);
    if (!status && out_bins)
        status = vouch__bin_table(ctx, &job, out_bins);
    if (status)
        vouch_text_free(ctx, json);
    else if (out_json)
        *out_json = json;
    vouch__scratch_reset(ctx, mark);
    return status;
}

typedef struct ranking {
    vouch__bin_outcome outcome;
    size_t weight;
    vouch__rank_row *row; /* [columns] */
} ranking;

vouch__rank_row vouch__bin_rank_row(vouch_ctx *ctx, const vouch__bin_job *job)
{
    const vouch__worth *worth = &job->outcome->worth;
    const double *missing = job->cells.sums + (job->cells.n + job->cells.n_tail - 1) * worth->stride;
    return (vouch__rank_row){ .name = job->name,
                              .value = job->value,
                              .quality = vouch__bin_quality(ctx, job),
                              .bins = (double)job->n_bins,
                              .missing = missing[VOUCH__SUM_W] / worth->all[VOUCH__SUM_W],
                              .trend = job->n_bins > 1 ? vouch__trend_name(job->trend) : "none" };
}

static vouch_status rank_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const ranking *r = arg;
    (void)chunk;
    for (size_t column = begin; column < end; column++) {
        size_t mark = vouch__scratch_mark(worker);
        vouch__bin_job job = { .outcome = &r->outcome, .column = column };
        if (column == r->outcome.target || column == r->weight)
            continue;
        vouch_status status = vouch__bin_do(worker, &job);
        if (status)
            return vouch__because(worker, status, "column '%s'", vouch_table_name(r->outcome.table, column));
        r->row[column] = vouch__bin_rank_row(worker, &job);
        vouch__scratch_reset(worker, mark);
    }
    return VOUCH_OK;
}

vouch_status vouch__bin_rank_table(vouch_ctx *ctx, size_t n, const vouch__rank_row *row, vouch_table **out)
{
    static const char *const name[] = { "column", "value", "trend", "bins", "missing", "quality" };
    static const vouch_type type[] = { VOUCH_TEXT,    VOUCH_NUMBER, VOUCH_TEXT,
                                       VOUCH_INTEGER, VOUCH_NUMBER, VOUCH_NUMBER };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__table_builder *builder = NULL;
    double *key = vouch__scratch(ctx, n, sizeof *key);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!key || !order)
        return vouch__oom(ctx);
    for (size_t c = 0; c < n; c++)
        key[c] = -row[c].value;
    vouch_status status = vouch__order(ctx, n, key, order);
    if (!status)
        status = vouch__table_builder_new(ctx, 6, name, type, &builder);
    for (size_t at = 0; !status && at < n; at++) {
        const vouch__rank_row *r = &row[order[at]];
        const double *value[6] = { NULL, &r->value, NULL, &r->bins, &r->missing, &r->quality };
        const char *const *text[6] = { &r->name, NULL, &r->trend, NULL, NULL, NULL };
        if (r->name)
            status = vouch__table_builder_add(ctx, builder, 1, value, text);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out);
    vouch__table_builder_free(builder);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_bin_rank(vouch_ctx *ctx, const vouch_table *table, size_t target, size_t weight,
                            const char *rules, vouch_table **out_ranking)
{
    size_t cols = vouch_table_cols(table), mark = vouch__scratch_mark(ctx);
    ranking r = { .weight = weight };
    vouch_status status = check(ctx, table, target, weight);
    if (status)
        return status;
    r.row = vouch__scratch(ctx, cols, sizeof *r.row);
    if (!r.row)
        return vouch__oom(ctx);
    for (size_t c = 0; c < cols; c++)
        r.row[c] = (vouch__rank_row){ .value = NAN };
    vouch__progress(ctx, "bin: columns", 0, cols);
    status = vouch__bin_outcome_read(ctx, table, target, weight, rules, &r.outcome);
    if (!status)
        status = vouch__parallel(ctx, cols, 1, rank_chunk, &r);
    if (!status)
        status = vouch__bin_rank_table(ctx, cols, r.row, out_ranking);
    vouch__progress(ctx, "bin: columns", cols, cols);
    vouch__scratch_reset(ctx, mark);
    return status;
}
