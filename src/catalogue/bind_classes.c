/* An outcome of several classes: which column of probabilities is of which class. */
#include "catalogue/bind_parts.h"

#include "data/table.h"

#include <string.h>

/* Which column is of which level: the level that a column is named as, or ends in after a sign that is no
 * letter; else in order, where there are as many. A column of a class that never occurs is a level of its
 * own. */
static size_t level_of(const vouch__factor *f, const char *column)
{
    size_t len = strlen(column), best = SIZE_MAX, longest = 0;
    for (size_t k = 0; k < f->n_levels; k++) {
        size_t size = strlen(f->level[k]);
        bool ends = size && size <= len && !strcmp(column + len - size, f->level[k]) &&
                    (size == len || strchr("_. -:=", column[len - size - 1]));
        if (ends && size > longest) {
            best = k;
            longest = size;
        }
    }
    return best;
}

static vouch_status match_classes(const vouch__binder *b, const vouch__factor *seen, size_t k,
                                  const size_t *col, vouch__factor *out)
{
    uint32_t *to = vouch__scratch(b->ctx, seen->n_levels + 1, sizeof *to);
    uint32_t *code = vouch__binder_hold(b, b->s->n, sizeof *code);
    const char **name = vouch__binder_hold(b, k, sizeof *name);
    size_t matched = 0;
    if (!to || !code || !name)
        return vouch__oom(b->ctx);
    for (size_t at = 0; at < seen->n_levels; at++)
        to[at] = VOUCH__NO_LEVEL;
    for (size_t c = 0; c < k; c++) {
        size_t at = level_of(seen, vouch_table_name(b->table, col[c]));
        name[c] = at == SIZE_MAX ? vouch_table_name(b->table, col[c]) : seen->level[at];
        if (at != SIZE_MAX && to[at] == VOUCH__NO_LEVEL) {
            to[at] = (uint32_t)c;
            matched++;
        }
    }
    for (size_t at = 0; matched == 0 && k == seen->n_levels && at < k; at++) {
        to[at] = (uint32_t)at;
        name[at] = seen->level[at];
    }
    for (size_t at = 0; at < seen->n_levels; at++)
        if (to[at] == VOUCH__NO_LEVEL)
            return vouch__fail(b->ctx, VOUCH_E_DATA,
                               "class-probability: no column for class '%.60s' of %.60s", seen->level[at],
                               seen->name);
    for (size_t i = 0; i < b->s->n; i++)
        code[i] = seen->code[i] == VOUCH__NO_LEVEL ? VOUCH__NO_LEVEL : to[seen->code[i]];
    *out = (vouch__factor){ seen->name, k, name, code };
    return VOUCH_OK;
}

vouch_status vouch__binder_classes(const vouch__binder *b)
{
    const char *names = b->column->class_probabilities;
    vouch__sample *s = b->s;
    const vouch__factor *seen = NULL;
    vouch_status status = vouch__binder_factor(b, "class", b->column->outcome, &seen);
    if (status || !seen || !names)
        return status;
    size_t k = 0, mark = vouch__scratch_mark(b->ctx),
           *col = vouch__scratch(b->ctx, vouch__binder_commas(names), sizeof *col);
    if (!col)
        return vouch__oom(b->ctx);
    status = vouch__binder_columns(b, "class-probability", names, col, &k);
    double *x = vouch__binder_hold(b, s->n * k, sizeof *x),
           *one = vouch__scratch(b->ctx, s->n + 1, sizeof *one);
    vouch__factor *factor = vouch__binder_hold(b, 1, sizeof *factor);
    if (!x || !one || !factor)
        return vouch__oom(b->ctx);
    for (size_t c = 0; c < k && !status; c++) {
        if (vouch_table_type(b->table, col[c]) == VOUCH_TEXT)
            return vouch__fail(b->ctx, VOUCH_E_DATA, "class-probability: column '%.60s' holds text",
                               vouch_table_name(b->table, col[c]));
        vouch_table_read(b->table, col[c], 0, s->n, one);
        for (size_t i = 0; i < s->n; i++)
            x[i * k + c] = one[i];
    }
    if (!status && k)
        status = match_classes(b, seen, k, col, factor);
    if (!status && k) {
        s->outcome = factor;
        s->class_probability = x;
    }
    vouch__scratch_reset(b->ctx, mark);
    return status;
}
