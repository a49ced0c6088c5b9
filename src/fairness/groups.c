/* Groups of a protected column. What the groups are depends on the whole table and the training rows, never
 * on the part that is measured, so that parts and models can be compared. */
#include "fairness/groups.h"

#include "evidence/test.h"

#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096, VALUES_MAX = 10, TEXTS_MAX = 20 };

/* A word of its own in the name, whatever its case: AGE, age_in_years, customer-age. */
static bool has_age(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool begins = at == name || !(((at[-1] | 32) >= 'a' && (at[-1] | 32) <= 'z'));
        if (begins && (at[0] | 32) == 'a' && (at[1] | 32) == 'g' && (at[2] | 32) == 'e' &&
            !((at[3] | 32) >= 'a' && (at[3] | 32) <= 'z'))
            return true;
    }
    return false;
}

/* What turns a value into a group. */
typedef struct rule {
    bool is_text, has_missing;
    size_t n; /* groups without the missing one */
    double value[VALUES_MAX + 1];
    double edge[3]; /* by range: value <= edge[k], or < for ages */
    bool is_range, is_age;
    uint8_t *of_code; /* text: code -> group */
    size_t pool;      /* the group of texts that have none of their own; SIZE_MAX when all have */
} rule;

static size_t group_of(const rule *r, double x)
{
    size_t g = 0;
    if (isnan(x))
        return r->n;
    if (r->is_text)
        return r->of_code[(size_t)x];
    if (!r->is_range) {
        while (g + 1 < r->n && x != r->value[g])
            g++;
        return g;
    }
    while (g + 1 < r->n && (r->is_age ? x >= r->edge[g] : x > r->edge[g]))
        g++;
    return g;
}

/* Distinct values of the whole table, ascending, while there are at most VALUES_MAX. */
static vouch_status scan_values(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, rule *r)
{
    double x[BLOCK];
    size_t rows = vouch_table_rows(data->table);
    for (size_t begin = 0; begin < rows; begin += BLOCK) {
        size_t end = begin + BLOCK < rows ? begin + BLOCK : rows;
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
        vouch_table_read(data->table, column, begin, end, x);
        for (size_t i = 0; i < end - begin; i++) {
            size_t at = 0;
            if (isnan(x[i])) {
                r->has_missing = true;
                continue;
            }
            while (at < r->n && r->value[at] < x[i])
                at++;
            if (r->n > VALUES_MAX || (at < r->n && r->value[at] == x[i]))
                continue;
            if (r->n < VALUES_MAX) {
                memmove(r->value + at + 1, r->value + at, (r->n - at) * sizeof *r->value);
                r->value[at] = x[i];
            }
            r->n++; /* VALUES_MAX + 1: too many */
        }
    }
    return VOUCH_OK;
}

vouch_status vouch__train_quartiles(vouch_ctx *ctx, const vouch__fair_data *data, size_t column,
                                    double out[3])
{
    size_t n = data->split->n[VOUCH__TRAIN], mark = vouch__scratch_mark(ctx), kept = 0;
    double *x = vouch__scratch(ctx, n, sizeof *x), *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!x || !sorted || !order) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch__table_gather(data->table, column, n, data->split->row[VOUCH__TRAIN], x);
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0; !status && i < n && !isnan(x[order[i]]); i++)
        sorted[kept++] = x[order[i]];
    for (size_t q = 0; q < 3; q++)
        out[q] = kept ? vouch__quantile_sorted(kept, sorted, 0.25 * (double)(q + 1)) : NAN;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status text_rule(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, rule *r)
{
    size_t cats = vouch_table_categories(data->table, column), rows = vouch_table_rows(data->table);
    double x[BLOCK], *size = vouch__scratch(ctx, cats + 1, sizeof *size);
    uint32_t *order = vouch__scratch(ctx, cats + 1, sizeof *order);
    r->is_text = true;
    r->of_code = vouch__scratch(ctx, cats + 1, sizeof *r->of_code);
    if (!size || !order || !r->of_code)
        return vouch__oom(ctx);
    memset(size, 0, (cats + 1) * sizeof *size);
    for (size_t begin = 0; begin < rows; begin += BLOCK) {
        size_t end = begin + BLOCK < rows ? begin + BLOCK : rows;
        vouch_table_read(data->table, column, begin, end, x);
        for (size_t i = 0; i < end - begin; i++)
            if (isnan(x[i]))
                r->has_missing = true;
            else
                size[(size_t)x[i]] -= 1.0;
    }
    vouch_status status = vouch__order(ctx, cats, size, order);
    if (status)
        return status;
    for (size_t at = 0; at < cats; at++) /* the rank decides who is kept, the alphabet their order */
        r->of_code[order[at]] = at < TEXTS_MAX || cats == TEXTS_MAX + 1;
    for (size_t code = 0; code < cats; code++)
        r->of_code[code] = r->of_code[code] ? (uint8_t)r->n++ : UINT8_MAX;
    r->pool = r->n < cats ? r->n++ : SIZE_MAX;
    for (size_t code = 0; code < cats; code++)
        if (r->of_code[code] == UINT8_MAX)
            r->of_code[code] = (uint8_t)r->pool;
    return VOUCH_OK;
}

static vouch_status number_rule(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, rule *r)
{
    vouch_status status = scan_values(ctx, data, column, r);
    r->is_age = has_age(vouch_table_name(data->table, column));
    r->is_range = r->n > VALUES_MAX;
    r->is_age = r->is_age && r->is_range;
    if (status || !r->is_range)
        return status;
    r->n = r->is_age ? 3 : 4;
    r->edge[0] = 40.0;
    r->edge[1] = 62.0;
    if (r->is_age)
        return VOUCH_OK;
    status = vouch__train_quartiles(ctx, data, column, r->edge);
    for (size_t k = 1; !status && k < r->n - 1;) { /* quartiles that coincide make no group between them */
        if (r->edge[k] > r->edge[k - 1]) {
            k++;
            continue;
        }
        memmove(r->edge + k, r->edge + k + 1, (r->n - 2 - k) * sizeof *r->edge);
        r->n--;
    }
    return status;
}

static void range_label(const rule *r, const char *name, size_t g, char *out)
{
    static const char *const ages[] = { "under 40", "40 to 61", "62 and over" };
    char low[VOUCH__DOUBLE_MAX] = "", high[VOUCH__DOUBLE_MAX] = "";
    if (r->is_age) {
        (void)snprintf(out, VOUCH__GROUP_LABEL, "%s", ages[g]);
        return;
    }
    if (g > 0)
        vouch__double_text(r->edge[g - 1], low);
    if (g + 1 < r->n)
        vouch__double_text(r->edge[g], high);
    if (g == 0)
        (void)snprintf(out, VOUCH__GROUP_LABEL, "%.40s <= %s", name, high);
    else if (g + 1 == r->n)
        (void)snprintf(out, VOUCH__GROUP_LABEL, "%.40s > %s", name, low);
    else
        (void)snprintf(out, VOUCH__GROUP_LABEL, "%s < %.32s <= %s", low, name, high);
}

static void labels(const vouch__fair_data *data, size_t column, const rule *r, vouch__groups *out)
{
    const char *name = vouch_table_name(data->table, column);
    bool is_flag = vouch_table_type(data->table, column) == VOUCH_FLAG;
    for (size_t g = 0; g < r->n; g++) {
        char number[VOUCH__DOUBLE_MAX] = "";
        if (r->is_range) {
            range_label(r, name, g, out->label[g]);
        } else if (r->is_text) {
            (void)snprintf(out->label[g], VOUCH__GROUP_LABEL, "any other");
        } else {
            vouch__double_text(r->value[g], number);
            (void)snprintf(out->label[g], VOUCH__GROUP_LABEL, "%s",
                           !is_flag             ? number
                           : r->value[g] != 0.0 ? "true"
                                                : "false");
        }
    }
    for (size_t code = 0; r->is_text && code < vouch_table_categories(data->table, column); code++)
        if (r->of_code[code] != r->pool)
            (void)snprintf(out->label[r->of_code[code]], VOUCH__GROUP_LABEL, "%.90s",
                           vouch_table_category(data->table, column, code));
    if (r->has_missing)
        (void)snprintf(out->label[r->n], VOUCH__GROUP_LABEL, "missing");
}

vouch_status vouch__groups_make(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, size_t n,
                                const uint32_t *row, vouch__groups *out)
{
    rule r = { .n = 0 };
    vouch_status status = vouch_table_type(data->table, column) == VOUCH_TEXT
                              ? text_rule(ctx, data, column, &r)
                              : number_rule(ctx, data, column, &r);
    if (status)
        return status;
    size_t groups = r.n + r.has_missing;
    double *x = vouch__scratch(ctx, n, sizeof *x);
    *out = (vouch__groups){ .column = vouch_table_name(data->table, column),
                            .n = n,
                            .n_groups = groups,
                            .of = vouch__scratch(ctx, n, sizeof *out->of),
                            .label = vouch__scratch(ctx, groups + 1, sizeof *out->label),
                            .count = vouch__scratch(ctx, groups + 1, sizeof *out->count),
                            .missing = r.has_missing ? r.n : SIZE_MAX };
    if (!x || !out->of || !out->label || !out->count)
        return vouch__oom(ctx);
    memset(out->count, 0, (groups + 1) * sizeof *out->count);
    labels(data, column, &r, out);
    vouch__table_gather(data->table, column, n, row, x);
    for (size_t i = 0; i < n; i++) {
        out->of[i] = (uint8_t)group_of(&r, x[i]);
        out->count[out->of[i]]++;
    }
    for (size_t g = 1; g < r.n; g++)
        if (out->count[g] > out->count[out->reference])
            out->reference = g;
    return VOUCH_OK;
}

double vouch__fair_min_group(const vouch__fair_data *data)
{
    return data->min_group > 0.0 ? data->min_group : 30.0;
}

bool vouch__group_is_fair(double least, const vouch__groups *groups, size_t g)
{
    return (double)groups->count[g] >= least;
}

void vouch__groups_refuse(double least, const vouch__groups *groups, const char *id, const char *title,
                          const char *model, const char *part, vouch__evidence *list)
{
    for (size_t g = 0; g < groups->n_groups; g++) {
        char subject[VOUCH__GROUP_LABEL + 64], note[160], needed[VOUCH__DOUBLE_MAX];
        if (vouch__group_is_fair(least, groups, g) || groups->count[g] == 0)
            continue;
        vouch__double_text(least, needed);
        (void)snprintf(subject, sizeof subject, "%.60s: %s", groups->column, groups->label[g]);
        (void)snprintf(note, sizeof note,
                       "Too small to compare: %zu cases, at least %s are needed. No conclusion is drawn.",
                       groups->count[g], needed);
        vouch__entry entry = VOUCH__ENTRY(.id = id, .section = "fairness", .title = title, .model = model,
                                          .part = part, .subject = subject, .n = (double)groups->count[g],
                                          .verdict = VOUCH__REFUSED, .note = note);
        (void)vouch__evidence_add(list, &entry);
    }
}

void vouch__groups_factor(const vouch__groups *g, const char **level, char (*text)[VOUCH__GROUP_LABEL],
                          uint32_t *code, vouch__factor *out)
{
    size_t n = 0;
    for (size_t at = 0; at < g->n_groups; at++) {
        if (at == g->missing)
            continue;
        memcpy(text[at], g->label[at], sizeof text[at]);
        level[n++] = text[at];
    }
    for (size_t i = 0; i < g->n; i++) {
        size_t at = g->of[i];
        code[i] = at == g->missing ? VOUCH__NO_LEVEL : (uint32_t)(at - (at > g->missing));
    }
    *out = (vouch__factor){ g->column, n, level, code };
}
