/* The target of a binning: its kind, its values, the weights. */
#include "bins/bin_outcome.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

enum { CLASSES_MAX = 50 };

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
static vouch_status read_target(vouch_ctx *ctx, vouch__bin_outcome *o, double *y, size_t n)
{
    double value[CLASSES_MAX + 1];
    const char *name = vouch_table_name(o->table, o->target);
    size_t found = distinct(n, y, value), kind = o->rules.kind;
    bool is_text = vouch_table_type(o->table, o->target) == VOUCH_TEXT;
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
    o->worth.target = (vouch__bin_target)kind;
    o->worth.n_classes = kind == VOUCH__BIN_CLASSES ? found : 0;
    o->worth.stride = VOUCH__SUM_CLASS + o->worth.n_classes;
    o->event = value[found - 1];
    return VOUCH_OK;
}

static vouch_status check_weights(vouch_ctx *ctx, const vouch_table *table, size_t weight, size_t n,
                                  const double *w, const uint32_t *row)
{
    for (size_t i = 0; w && i < n; i++)
        if (!(w[i] > 0.0 && isfinite(w[i])))
            return vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' [row %zu] must be finite and above 0",
                               vouch_table_name(table, weight), row ? (size_t)row[i] : i);
    return VOUCH_OK;
}

static vouch_status sum_all(vouch_ctx *ctx, vouch__bin_outcome *o)
{
    size_t mark;
    double *all = vouch__scratch(ctx, o->worth.stride, sizeof *all);
    mark = vouch__scratch_mark(ctx);
    uint16_t *cell = vouch__scratch(ctx, o->n, sizeof *cell);
    if (!all || !cell)
        return vouch__oom(ctx);
    memset(all, 0, o->worth.stride * sizeof *all);
    memset(cell, 0, o->n * sizeof *cell);
    vouch__worth_add(&o->worth, o->n, cell, o->y, o->w, all);
    vouch__scratch_reset(ctx, mark);
    o->worth.all = all;
    o->worth.min_weight = o->rules.min_share * all[VOUCH__SUM_W];
    o->worth.max_weight = o->rules.max_share * all[VOUCH__SUM_W];
    o->worth.min_events = o->rules.min_events;
    return VOUCH_OK;
}

vouch_status vouch__bin_outcome_read(vouch_ctx *ctx, const vouch_table *table, size_t target, size_t weight,
                                     const char *rules, vouch__bin_outcome *out)
{
    size_t rows = vouch_table_rows(table), n = 0;
    *out = (vouch__bin_outcome){ .table = table,
                                 .target = target,
                                 .target_name = vouch_table_name(table, target) };
    vouch_status status = vouch__bin_rules_read(ctx, rules, &out->rules);
    if (status)
        return status;
    double *y = vouch__scratch(ctx, rows + 1, sizeof *y);
    double *w = weight == SIZE_MAX ? NULL : vouch__scratch(ctx, rows + 1, sizeof *w);
    uint32_t *row = vouch__scratch(ctx, rows + 1, sizeof *row);
    if (!y || !row || (weight != SIZE_MAX && !w))
        return vouch__oom(ctx);
    vouch_table_read(table, target, 0, rows, y);
    for (size_t i = 0; i < rows; i++)
        if (!isnan(y[i])) {
            y[n] = y[i];
            row[n++] = (uint32_t)i;
        }
    if (n == 0)
        return bad_target(ctx, vouch_table_name(table, target), "has no values");
    if (w)
        vouch__table_gather(table, weight, n, row, w);
    out->n = n;
    out->left_out = rows - n;
    out->row = n == rows ? NULL : row;
    out->y = y;
    out->w = w;
    status = check_weights(ctx, table, weight, n, w, out->row);
    if (!status)
        status = read_target(ctx, out, y, n);
    if (!status && out->worth.target == VOUCH__BIN_BINARY && vouch_table_type(table, target) == VOUCH_TEXT)
        out->event_name = vouch_table_category(table, target, (size_t)out->event);
    return status ? status : sum_all(ctx, out);
}
