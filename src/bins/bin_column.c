/* Binning one column: its values, the cells, the cut. */
#include "bins/bin_tell.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

static vouch_status read_column(vouch_ctx *ctx, vouch__bin_job *job)
{
    const vouch__bin_outcome *o = job->outcome;
    size_t cats = vouch_table_type(o->table, job->column) == VOUCH_TEXT
                      ? vouch_table_categories(o->table, job->column)
                      : 0;
    const char **category = vouch__scratch(ctx, cats + 1, sizeof *category);
    double *x = vouch__scratch(ctx, o->n + 1, sizeof *x);
    if (!x || !category)
        return vouch__oom(ctx);
    job->name = vouch_table_name(o->table, job->column);
    job->category = category;
    for (size_t k = 0; k < cats; k++)
        category[k] = vouch_table_category(o->table, job->column, k);
    if (o->row)
        vouch__table_gather(o->table, job->column, o->n, o->row, x);
    else
        vouch_table_read(o->table, job->column, 0, o->n, x);
    job->rows = (vouch__bin_rows){ .n = o->n,
                                   .n_categories = cats,
                                   .x = x,
                                   .y = o->y,
                                   .w = o->w,
                                   .special = o->rules.special,
                                   .n_special = cats ? 0 : o->rules.n_special };
    return VOUCH_OK;
}

/* Every trend is tried, so that what another would cost can be told; the one asked for is kept. */
vouch_status vouch__bin_cut(vouch_ctx *ctx, vouch__bin_job *job)
{
    const vouch__bin_rules *r = &job->outcome->rules;
    size_t n = job->cells.n, bins;
    vouch__run *run = vouch__scratch(ctx, n * (n + 1) + 1, sizeof *run);
    size_t *end = vouch__scratch(ctx, r->max_bins + 1, sizeof *end);
    job->end = vouch__scratch(ctx, r->max_bins + 1, sizeof *job->end);
    if (!run || !end || !job->end)
        return vouch__oom(ctx);
    job->value = NAN;
    vouch_status status = vouch__cells_runs(ctx, &job->outcome->worth, &job->cells, r->fixed,
                                            job->rows.n_categories > 0 ? 0 : r->n_fixed, run);
    for (size_t t = 0; !status && n && t < VOUCH__TRENDS; t++) {
        vouch__cut_task task = { n, run, (vouch__trend)t, r->min_bins, r->max_bins, r->min_gap, r->max_p };
        bool is_bent = t == VOUCH__TREND_CONVEX || t == VOUCH__TREND_CONCAVE;
        bool is_wanted = r->trend == t || (r->trend == VOUCH__AUTO_TREND &&
                                           (t == VOUCH__TREND_RISING || t == VOUCH__TREND_FALLING));
        if (job->rows.n_categories > 0)
            is_wanted = t == VOUCH__TREND_RISING; /* categories stand in order of their level */
        job->price[t] = NAN;
        if ((is_bent && n > VOUCH__BENT_MAX && !is_wanted) || (job->rows.n_categories > 0 && !is_wanted))
            continue;
        status = vouch__cut_runs(ctx, &task, &bins, end, &job->price[t]);
        if (status || !is_wanted || !(isnan(job->value) || job->price[t] > job->value))
            continue;
        job->value = job->price[t];
        job->trend = (vouch__trend)t;
        job->n_bins = bins;
        memcpy(job->end, end, bins * sizeof *end);
    }
    if (!status && n && isnan(job->value)) { /* nothing keeps the rules: one bin, and no value */
        job->n_bins = 1;
        job->end[0] = n;
    }
    return status;
}

vouch__cell_rule vouch__bin_cell_rule(const vouch__bin_outcome *outcome, size_t max_cells)
{
    const vouch__bin_rules *r = &outcome->rules;
    return (vouch__cell_rule){ .max_cells = max_cells,
                               .least_rows = r->min_share * (double)outcome->n,
                               .split = r->split,
                               .n_splits = r->n_splits,
                               .fixed = r->fixed,
                               .n_fixed = r->n_fixed };
}

vouch_status vouch__bin_cells(vouch_ctx *ctx, size_t max_cells, vouch__bin_job *job)
{
    const vouch__cell_rule rule = vouch__bin_cell_rule(job->outcome, max_cells);
    vouch_status status = read_column(ctx, job);
    return status ? status : vouch__cells_make(ctx, &job->outcome->worth, &job->rows, &rule, &job->cells);
}

vouch_status vouch__bin_do(vouch_ctx *ctx, vouch__bin_job *job)
{
    vouch_status status = vouch__bin_cells(ctx, job->outcome->rules.max_cells, job);
    return status ? status : vouch__bin_cut(ctx, job);
}
