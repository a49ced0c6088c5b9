/* What people's decisions on bins cost: each beside the automatic bins of its column. */
#include "vouch/bins.h"

#include "bins/bin_override.h"
#include "bins/bin_tell.h"
#include "data/table.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

typedef struct judging {
    vouch__bin_outcome outcome;
    vouch__overrides all;
    vouch__table_builder *builder;
} judging;

typedef struct one { /* override; arrays in scratch */
    const vouch__override *o;
    vouch__bin_job job;
    size_t groups;
    uint16_t *group; /* [rows]; groups: none, for special codes and missing values */
    size_t *place;   /* [automatic bins], of a merge */
    vouch__buf was, now;
} one;

static size_t automatic_bin(const one *j, double x)
{
    size_t b = 0;
    bool is_category = j->job.rows.n_categories > 0;
    while (b + 1 < j->job.n_bins && (is_category ? j->job.cells.of[(size_t)x] >= j->job.end[b]
                                                 : x > j->job.cells.top[j->job.end[b] - 1]))
        b++;
    return b;
}

static bool is_apart(const one *j, double x)
{
    bool apart = isnan(x);
    for (size_t k = 0; k < j->job.rows.n_special; k++)
        apart = apart || x == j->job.rows.special[k];
    return apart;
}

static size_t group_of(const one *j, double x)
{
    size_t at = 0;
    if (is_apart(j, x))
        return j->groups;
    if (j->o->merge)
        return j->place[automatic_bin(j, x)];
    if (j->o->groups)
        return vouch__override_group(j->o,
                                     vouch_table_category(j->job.outcome->table, j->job.column, (size_t)x));
    while (at < j->o->n_splits && x > j->o->split[at])
        at++;
    return at;
}

/* Where each automatic bin goes: those of a group to where its first stood. */
static void find_places(one *j)
{
    j->groups = 0;
    for (size_t b = 0; b < j->job.n_bins; b++) {
        size_t group = vouch__override_merged(j->o, b), before = 0;
        while (before < b && (group == SIZE_MAX || vouch__override_merged(j->o, before) != group))
            before++;
        j->place[b] = before < b ? j->place[before] : j->groups++;
    }
}

static void told_splits(one *j)
{
    for (size_t k = 0; k <= j->o->n_splits; k++) {
        vouch__buf_text(&j->now, k ? " | " : "");
        if (k == 0)
            vouch__buf_text(&j->now, "up to ");
        if (k == j->o->n_splits)
            vouch__buf_text(&j->now, "above ");
        if (k > 0)
            vouch__buf_double(&j->now, j->o->split[k - 1]);
        if (k > 0 && k < j->o->n_splits)
            vouch__buf_text(&j->now, " to ");
        if (k < j->o->n_splits)
            vouch__buf_double(&j->now, j->o->split[k]);
    }
}

static void told_groups(one *j)
{
    for (const vouch__json *g = j->o->groups->first; g; g = g->next) {
        for (const vouch__json *at = g->first; at; at = at->next)
            vouch__buf_fmt(&j->now, "%s%s", at == g->first ? "" : ", ", at->text);
        vouch__buf_text(&j->now, " | ");
    }
    vouch__buf_text(&j->now, "any other");
}

/* The automatic bins in words, and merged ones by the same words. */
static vouch_status tell(vouch_ctx *ctx, one *j)
{
    vouch_table *bins = NULL;
    vouch_status status = vouch__bin_table(ctx, &j->job, &bins);
    if (status)
        return status;
    for (size_t b = 0; b < j->job.n_bins; b++) {
        double code = NAN;
        vouch_table_read(bins, 0, b, b + 1, &code);
        vouch__buf_fmt(&j->was, "%s%s", b ? " | " : "", vouch_table_category(bins, 0, (size_t)code));
    }
    for (size_t g = 0; j->o->merge && g < j->groups; g++)
        for (size_t b = 0, n = 0; b < j->job.n_bins; b++) {
            double code = NAN;
            if (j->place[b] != g)
                continue;
            vouch_table_read(bins, 0, b, b + 1, &code);
            vouch__buf_fmt(&j->now, "%s%s",
                           n++ ? " + "
                           : g ? " | "
                               : "",
                           vouch_table_category(bins, 0, (size_t)code));
        }
    if (j->o->n_splits)
        told_splits(j);
    if (j->o->groups)
        told_groups(j);
    vouch_table_unref(bins);
    status = vouch__buf_status(ctx, &j->was);
    return status ? status : vouch__buf_status(ctx, &j->now);
}

static vouch_status value_of(vouch_ctx *ctx, const one *j, double *out)
{
    const vouch__worth *worth = &j->job.outcome->worth;
    size_t size = (j->groups + 1) * worth->stride;
    double *sums = vouch__scratch(ctx, size, sizeof *sums);
    if (!sums)
        return vouch__oom(ctx);
    memset(sums, 0, size * sizeof *sums);
    for (size_t i = 0; i < j->job.rows.n; i++)
        j->group[i] = (uint16_t)group_of(j, j->job.rows.x[i]);
    vouch__worth_add(worth, j->job.rows.n, j->group, j->job.rows.y, j->job.rows.w, sums);
    *out = 0.0;
    for (size_t g = 0; g < j->groups; g++)
        *out += vouch__worth_of(worth, sums + g * worth->stride);
    return VOUCH_OK;
}

static vouch_status check(vouch_ctx *ctx, const judging *all, const one *j)
{
    const vouch_table *table = all->outcome.table;
    size_t n = vouch_table_type(table, j->job.column) == VOUCH_TEXT
                   ? vouch_table_categories(table, j->job.column)
                   : 0;
    const char **category = vouch__scratch(ctx, n + 1, sizeof *category);
    if (!category)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n; k++)
        category[k] = vouch_table_category(table, j->job.column, k);
    return vouch__override_check(ctx, &all->all, j->o, j->job.n_bins, n == 0, category, n);
}

static vouch_status judge(vouch_ctx *ctx, judging *all, one *j)
{
    double value = NAN, was, cost;
    vouch_status status = vouch__bin_do(ctx, &j->job);
    if (!status)
        status = check(ctx, all, j);
    if (status)
        return status;
    j->group = vouch__scratch(ctx, j->job.rows.n + 1, sizeof *j->group);
    j->place = vouch__scratch(ctx, j->job.n_bins + 1, sizeof *j->place);
    if (!j->group || !j->place)
        return vouch__oom(ctx);
    if (j->o->merge)
        find_places(j);
    else
        j->groups = j->o->groups ? j->o->groups->len + 1 : j->o->n_splits + 1;
    status = tell(ctx, j);
    if (!status)
        status = value_of(ctx, j, &value);
    if (status)
        return status;
    was = j->job.value;
    cost = was - value;
    const double *number[] = { NULL, NULL, NULL, NULL, &was, NULL, &value, &cost };
    const char *const *text[] = { &j->o->column, &j->o->by,
                                  &j->o->reason, (const char *const *)&j->was.at,
                                  NULL,          (const char *const *)&j->now.at,
                                  NULL,          NULL };
    return vouch__table_builder_add(ctx, all->builder, 1, number, text);
}

static vouch_status judge_all(vouch_ctx *ctx, judging *all, const vouch_table *table)
{
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < all->all.n && !status; k++) {
        size_t mark = vouch__scratch_mark(ctx), column = vouch_table_find(table, all->all.at[k].column);
        one j = { .o = &all->all.at[k], .job = { .outcome = &all->outcome, .column = column } };
        if (column == SIZE_MAX || column == all->outcome.target)
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, all->all.name, all->all.at[k].at,
                                    "the data have no such column to bin: '%s'", all->all.at[k].column);
        vouch__buf_init(ctx, &j.was, 0);
        vouch__buf_init(ctx, &j.now, 0);
        status = judge(ctx, all, &j);
        vouch__buf_free(&j.was);
        vouch__buf_free(&j.now);
        vouch__scratch_reset(ctx, mark);
    }
    return status;
}

vouch_status vouch_bin_overrides(vouch_ctx *ctx, const vouch_table *table, size_t target, size_t weight,
                                 const char *rules, const char *name, const char *overrides,
                                 vouch_table **out_decisions)
{
    static const char *const column[] = { "column",          "by",   "reason", "automatic",
                                          "automatic_value", "bins", "value",  "cost" };
    static const vouch_type type[] = { VOUCH_TEXT,   VOUCH_TEXT, VOUCH_TEXT,   VOUCH_TEXT,
                                       VOUCH_NUMBER, VOUCH_TEXT, VOUCH_NUMBER, VOUCH_NUMBER };
    size_t mark = vouch__scratch_mark(ctx), cols = vouch_table_cols(table);
    judging all = { .builder = NULL };
    if (target >= cols || (weight >= cols && weight != SIZE_MAX) || target == weight)
        return vouch__fail(ctx, VOUCH_E_ARG, "bin: no such column, or one column in two roles");
    vouch_status status = vouch__overrides_read(ctx, name, overrides, strlen(overrides), &all.all);
    if (!status)
        status = vouch__bin_outcome_read(ctx, table, target, weight, rules, &all.outcome);
    if (!status)
        status = vouch__table_builder_new(ctx, 8, column, type, &all.builder);
    if (!status)
        status = judge_all(ctx, &all, table);
    if (!status)
        status = vouch__table_builder_end(ctx, all.builder, out_decisions);
    vouch__table_builder_free(all.builder);
    vouch__overrides_clear(&all.all);
    vouch__scratch_reset(ctx, mark);
    return status;
}
