/* The target of a binning: its kind, its values, the weights. */
#include "bins/bin_outcome.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

void vouch__answers_add(vouch__answers *a, size_t n, const double *y)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        a->has_infinite = a->has_infinite || isinf(y[i]);
        a->has_negative = a->has_negative || y[i] < 0.0;
        if (isnan(y[i]) || a->n > VOUCH__CLASSES_MAX)
            continue;
        while (at < a->n && a->value[at] < y[i])
            at++;
        if (at < a->n && a->value[at] == y[i])
            continue;
        if (a->n < VOUCH__CLASSES_MAX) {
            memmove(a->value + at + 1, a->value + at, (a->n - at) * sizeof *a->value);
            a->value[at] = y[i];
        }
        a->n++;
    }
}

static vouch_status bad_target(vouch_ctx *ctx, const char *name, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_DATA, "bin: target '%s' %s", name, what);
}

static bool is_named(const vouch__answers *a, size_t k, const char *name)
{
    double x;
    if (a->is_text)
        return !strcmp(a->text[k], name);
    return vouch__double_read(name, strlen(name), &x) && x == a->value[k];
}

/* Weights of evidence change their sign with the event, so of two texts it is not guessed. */
static vouch_status choose_event(vouch_ctx *ctx, const vouch__answers *a, vouch__bin_outcome *o)
{
    const char *name = o->rules.event;
    size_t k = 1;
    if (o->worth.target != VOUCH__BIN_BINARY)
        return name ? bad_target(ctx, o->target_name, "is not binary, so it has no event") : VOUCH_OK;
    if (name && is_named(a, 0, name))
        k = 0;
    else if (name && !is_named(a, 1, name))
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "bin: no value of target '%s' is '%.60s', the event of the rules", o->target_name,
                           name);
    else if (!name && a->is_text)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "bin: target '%s' is '%.60s' or '%.60s': the rules must say which is the event, "
                           "{event: %.60s}",
                           o->target_name, a->text[0], a->text[1], a->text[0]);
    o->event = a->value[k];
    o->event_name = a->is_text ? a->text[k] : NULL;
    return VOUCH_OK;
}

vouch_status vouch__answers_judge(vouch_ctx *ctx, const vouch__answers *a, vouch__bin_outcome *o)
{
    const char *name = o->target_name;
    size_t kind = o->rules.kind;
    if (kind == VOUCH__AUTO_KIND)
        kind = a->n == 2 ? VOUCH__BIN_BINARY : a->is_text ? VOUCH__BIN_CLASSES : VOUCH__BIN_CONTINUOUS;
    if (a->n == 0)
        return bad_target(ctx, name, "has no values");
    if (a->n < 2)
        return bad_target(ctx, name, "has one value only: there is nothing to tell apart");
    if (kind == VOUCH__BIN_BINARY && a->n != 2)
        return bad_target(ctx, name, "has more than two values, so it is not binary");
    if (kind == VOUCH__BIN_CLASSES && a->n > VOUCH__CLASSES_MAX)
        return bad_target(ctx, name, "has more than 50 classes");
    if (a->is_text && kind != VOUCH__BIN_BINARY && kind != VOUCH__BIN_CLASSES)
        return bad_target(ctx, name, "is text: it has no mean and no count");
    if (a->has_infinite)
        return bad_target(ctx, name, "has an infinite value");
    if (kind == VOUCH__BIN_COUNT && a->has_negative)
        return bad_target(ctx, name, "has a negative count");
    o->worth.target = (vouch__bin_target)kind;
    o->worth.n_classes = kind == VOUCH__BIN_CLASSES ? a->n : 0;
    o->worth.stride = VOUCH__SUM_CLASS + o->worth.n_classes;
    return choose_event(ctx, a, o);
}

void vouch__answers_map(const vouch__answers *a, const vouch__bin_outcome *o, size_t n, double *y)
{
    for (size_t i = 0; i < n; i++) {
        if (o->worth.target == VOUCH__BIN_BINARY)
            y[i] = y[i] == o->event;
        for (size_t k = 0; o->worth.target == VOUCH__BIN_CLASSES && k < a->n; k++)
            if (y[i] == a->value[k]) {
                y[i] = (double)k;
                break;
            }
    }
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

void vouch__bin_outcome_bound(vouch__bin_outcome *o, const double *all)
{
    o->worth.all = all;
    o->worth.min_weight = o->rules.min_share * all[VOUCH__SUM_W];
    o->worth.max_weight = o->rules.max_share * all[VOUCH__SUM_W];
    o->worth.min_events = o->rules.min_events;
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
    vouch__bin_outcome_bound(o, all);
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
    if (w)
        vouch__table_gather(table, weight, n, row, w);
    out->n = n;
    out->left_out = rows - n;
    out->row = n == rows ? NULL : row;
    out->y = y;
    out->w = w;
    status = check_weights(ctx, table, weight, n, w, out->row);
    vouch__answers answers = { .is_text = vouch_table_type(table, target) == VOUCH_TEXT };
    if (!status) {
        vouch__answers_add(&answers, n, y);
        for (size_t k = 0; answers.is_text && k < 2 && k < answers.n; k++)
            answers.text[k] = vouch_table_category(table, target, (size_t)answers.value[k]);
        status = vouch__answers_judge(ctx, &answers, out);
    }
    if (status)
        return status;
    vouch__answers_map(&answers, out, n, y);
    return sum_all(ctx, out);
}
