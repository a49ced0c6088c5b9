/* Binning one column: its values, the cells, the cut. */
#include "bins/bin_tell.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

static vouch_status read_column(vouch_ctx *ctx, vouch__bin_job *job)
{
    const vouch__bin_outcome *o = job->outcome;
    bool is_text = vouch_table_type(o->table, job->column) == VOUCH_TEXT;
    double *x = vouch__scratch(ctx, o->n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    if (o->row)
        vouch__table_gather(o->table, job->column, o->n, o->row, x);
    else
        vouch_table_read(o->table, job->column, 0, o->n, x);
    job->rows = (vouch__bin_rows){ .n = o->n,
                                   .n_categories = is_text ? vouch_table_categories(o->table, job->column)
                                                           : 0,
                                   .x = x,
                                   .y = o->y,
                                   .w = o->w,
                                   .special = o->rules.special,
                                   .n_special = is_text ? 0 : o->rules.n_special };
    return VOUCH_OK;
}

/* Cells by size that also end wherever a range must. */
static vouch_status add_fixed(vouch_ctx *ctx, vouch__bin_job *job, const vouch__cell_rule *rule)
{
    const vouch__bin_rules *r = &job->outcome->rules;
    double *split = vouch__scratch(ctx, job->cells.n + r->n_fixed + 1, sizeof *split);
    size_t n = 0, f = 0;
    if (!split)
        return vouch__oom(ctx);
    for (size_t c = 0; c + 1 < job->cells.n || f < r->n_fixed;) {
        double top = c + 1 < job->cells.n ? job->cells.top[c] : INFINITY;
        double next = f < r->n_fixed ? r->fixed[f] : INFINITY;
        split[n++] = fmin(top, next);
        c += top <= next && c + 1 < job->cells.n;
        f += next <= top && f < r->n_fixed;
    }
    vouch__cell_rule both = { rule->max_cells, rule->least_rows, split, n };
    return vouch__cells_make(ctx, &job->outcome->worth, &job->rows, &both, &job->cells);
}

static bool must_end(const vouch__bin_job *job, size_t c)
{
    for (size_t f = 0; f < job->outcome->rules.n_fixed && job->rows.n_categories == 0; f++)
        if (job->cells.top[c] == job->outcome->rules.fixed[f])
            return true;
    return false;
}

static vouch_status runs_of_cells(vouch_ctx *ctx, const vouch__bin_job *job, vouch__run *run)
{
    size_t n = job->cells.n, stride = job->outcome->worth.stride, mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, stride, sizeof *sums);
    if (!sums)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        bool spans = false; /* a place where a range must end */
        memset(sums, 0, stride * sizeof *sums);
        for (size_t j = i + 1; j <= n; j++) {
            vouch__worth_join(&job->outcome->worth, sums, job->cells.sums + (j - 1) * stride);
            run[i * (n + 1) + j] = vouch__worth_run(&job->outcome->worth, sums);
            if (spans)
                run[i * (n + 1) + j].value = -INFINITY;
            spans = spans || must_end(job, j - 1);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* Every trend is tried, so that what another would cost can be told; the one asked for is kept. */
static vouch_status cut(vouch_ctx *ctx, vouch__bin_job *job)
{
    const vouch__bin_rules *r = &job->outcome->rules;
    size_t n = job->cells.n, bins;
    vouch__run *run = vouch__scratch(ctx, n * (n + 1) + 1, sizeof *run);
    size_t *end = vouch__scratch(ctx, r->max_bins + 1, sizeof *end);
    job->end = vouch__scratch(ctx, r->max_bins + 1, sizeof *job->end);
    if (!run || !end || !job->end)
        return vouch__oom(ctx);
    job->value = NAN;
    vouch_status status = n ? runs_of_cells(ctx, job, run) : VOUCH_OK;
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

vouch_status vouch__bin_do(vouch_ctx *ctx, vouch__bin_job *job)
{
    const vouch__bin_rules *r = &job->outcome->rules;
    vouch__cell_rule rule = { r->max_cells, r->min_share * (double)job->outcome->n, r->split, r->n_splits };
    vouch_status status = read_column(ctx, job);
    if (!status)
        status = vouch__cells_make(ctx, &job->outcome->worth, &job->rows, &rule, &job->cells);
    if (!status && r->n_fixed > 0 && r->n_splits == 0 && job->rows.n_categories == 0)
        status = add_fixed(ctx, job, &rule);
    return status ? status : cut(ctx, job);
}
