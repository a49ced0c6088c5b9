/* Binning one column of a table: rows and target, the cut, and what is told of it. */
#include "bins/bin_rules.h"

#include "data/table.h"
#include "bins/bin_tell.h"

#include <math.h>
#include <string.h>

enum { CLASSES_MAX = 50 };

/* ---- the target ---- */

/* Distinct values, ascending; n is CLASSES_MAX + 1 when there are more. */
static size_t distinct(size_t n, const double *y, double *value)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < found && value[at] < y[i])
            at++;
        if (isnan(y[i]) || (at < found && value[at] == y[i]))
            continue;
        if (found == CLASSES_MAX)
            return CLASSES_MAX + 1;
        memmove(value + at + 1, value + at, (found - at) * sizeof *value);
        value[at] = y[i];
        found++;
    }
    return found;
}

static vouch_status bad_target(vouch_ctx *ctx, const char *name, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_DATA, "bin: target '%s' %s", name, what);
}

/* What the target is, and its values as bin_worth wants them. */
static vouch_status read_target(vouch_ctx *ctx, vouch__bin_job *job, double *y, size_t n)
{
    double value[CLASSES_MAX + 1];
    const char *name = vouch_table_name(job->table, job->target);
    size_t found = distinct(n, y, value), kind = job->rules.kind;
    bool is_text = vouch_table_type(job->table, job->target) == VOUCH_TEXT;
    if (kind == VOUCH__AUTO_KIND)
        kind = found == 2 ? VOUCH__BIN_BINARY : is_text ? VOUCH__BIN_CLASSES : VOUCH__BIN_CONTINUOUS;
    if (found < 2)
        return bad_target(ctx, name, "has one value only: there is nothing to tell apart");
    if (kind == VOUCH__BIN_BINARY && found != 2)
        return bad_target(ctx, name, "has more than two values, so it is not binary");
    if (kind == VOUCH__BIN_CLASSES && found > CLASSES_MAX)
        return bad_target(ctx, name, "has more than 50 classes");
    if (is_text && kind != VOUCH__BIN_BINARY && kind != VOUCH__BIN_CLASSES)
        return bad_target(ctx, name, "is text: it has no mean and no count");
    for (size_t i = 0; i < n; i++) {
        if (isinf(y[i]) || (kind == VOUCH__BIN_COUNT && y[i] < 0.0))
            return bad_target(ctx, name, isinf(y[i]) ? "has an infinite value" : "has a negative count");
        if (kind == VOUCH__BIN_BINARY)
            y[i] = y[i] == value[1];
        for (size_t k = 0; kind == VOUCH__BIN_CLASSES && k < found; k++)
            if (y[i] == value[k]) {
                y[i] = (double)k;
                break;
            }
    }
    job->worth.target = (vouch__bin_target)kind;
    job->worth.n_classes = kind == VOUCH__BIN_CLASSES ? found : 0;
    job->worth.stride = VOUCH__SUM_CLASS + job->worth.n_classes;
    job->event = value[found - 1];
    return VOUCH_OK;
}

/* ---- rows ---- */

static vouch_status read_rows(vouch_ctx *ctx, vouch__bin_job *job, size_t weight)
{
    size_t rows = vouch_table_rows(job->table), n = 0;
    double *x = vouch__scratch(ctx, rows + 1, sizeof *x), *y = vouch__scratch(ctx, rows + 1, sizeof *y);
    double *w = weight == SIZE_MAX ? NULL : vouch__scratch(ctx, rows + 1, sizeof *w);
    if (!x || !y || (weight != SIZE_MAX && !w))
        return vouch__oom(ctx);
    vouch_table_read(job->table, job->column, 0, rows, x);
    vouch_table_read(job->table, job->target, 0, rows, y);
    if (w)
        vouch_table_read(job->table, weight, 0, rows, w);
    for (size_t i = 0; i < rows; i++) {
        if (isnan(y[i]))
            continue;
        if (w && !(w[i] > 0.0 && isfinite(w[i])))
            return vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' [row %zu] must be finite and above 0",
                               vouch_table_name(job->table, weight), i);
        x[n] = x[i];
        y[n] = y[i];
        if (w)
            w[n] = w[i];
        n++;
    }
    bool is_text = vouch_table_type(job->table, job->column) == VOUCH_TEXT;
    job->rows = (vouch__bin_rows){ .n = n,
                                   .n_categories = is_text ? vouch_table_categories(job->table, job->column)
                                                           : 0,
                                   .x = x,
                                   .y = y,
                                   .w = w,
                                   .special = job->rules.special,
                                   .n_special = is_text ? 0 : job->rules.n_special };
    job->left_out = rows - n;
    return n ? read_target(ctx, job, y, n)
             : bad_target(ctx, vouch_table_name(job->table, job->target), "has no values");
}

static vouch_status sum_all(vouch_ctx *ctx, vouch__bin_job *job)
{
    double *all = vouch__scratch(ctx, job->worth.stride, sizeof *all);
    if (!all)
        return vouch__oom(ctx);
    memset(all, 0, job->worth.stride * sizeof *all);
    for (size_t i = 0; i < job->rows.n; i++)
        vouch__worth_add(&job->worth, all, job->rows.w ? job->rows.w[i] : 1.0, job->rows.y[i]);
    job->worth.all = all;
    job->worth.min_weight = job->rules.min_share * all[VOUCH__SUM_W];
    job->worth.max_weight = job->rules.max_share * all[VOUCH__SUM_W];
    job->worth.min_events = job->rules.min_events;
    return VOUCH_OK;
}

/* ---- the cut ---- */

/* Cells by size that also end wherever a range must. */
static vouch_status add_fixed(vouch_ctx *ctx, vouch__bin_job *job, double least_rows)
{
    const vouch__bin_rules *r = &job->rules;
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
    return vouch__cells_make(ctx, &job->worth, &job->rows, r->max_cells, split, n, least_rows, &job->cells);
}

static bool must_end(const vouch__bin_job *job, size_t c)
{
    for (size_t f = 0; f < job->rules.n_fixed && job->rows.n_categories == 0; f++)
        if (job->cells.top[c] == job->rules.fixed[f])
            return true;
    return false;
}

static vouch_status runs_of_cells(vouch_ctx *ctx, const vouch__bin_job *job, vouch__run *run)
{
    size_t n = job->cells.n, stride = job->worth.stride, mark = vouch__scratch_mark(ctx);
    double *sums = vouch__scratch(ctx, stride, sizeof *sums);
    if (!sums)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        bool spans = false; /* a place where a range must end */
        memset(sums, 0, stride * sizeof *sums);
        for (size_t j = i + 1; j <= n; j++) {
            vouch__worth_join(&job->worth, sums, job->cells.sums + (j - 1) * stride);
            run[i * (n + 1) + j] = vouch__worth_run(&job->worth, sums);
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
    const vouch__bin_rules *r = &job->rules;
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

vouch_status vouch__bin_do(vouch_ctx *ctx, vouch__bin_job *job, size_t weight, const char *rules)
{
    vouch_status status = vouch__bin_rules_read(ctx, rules, &job->rules);
    if (!status)
        status = read_rows(ctx, job, weight);
    if (!status)
        status = sum_all(ctx, job);
    double least_rows = job->rules.min_share * (double)job->rows.n;
    if (!status)
        status = vouch__cells_make(ctx, &job->worth, &job->rows, job->rules.max_cells, job->rules.split,
                                   job->rules.n_splits, least_rows, &job->cells);
    if (!status && job->rules.n_fixed > 0 && job->rules.n_splits == 0 && job->rows.n_categories == 0)
        status = add_fixed(ctx, job, least_rows);
    return status ? status : cut(ctx, job);
}
