/* Samples from JSON. */
#include "trial.h"

#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kept { /* reachable when the program ends */
    void *ptr;
    struct kept *next;
} * kept;

static void *keep(size_t size)
{
    struct kept *k = malloc(sizeof *k);
    void *ptr = calloc(1, size ? size : 1);
    if (!k || !ptr)
        abort();
    *k = (struct kept){ ptr, kept };
    kept = k;
    return ptr;
}

static vouch_ctx *context(void)
{
    static vouch_ctx *ctx;
    if (!ctx)
        ctx = vouch_ctx_new(NULL);
    return ctx;
}

static double *numbers(const vouch__json *node, const char *key, size_t *n)
{
    const vouch__json *array = vouch__json_get(node, key);
    if (!array)
        return NULL;
    double *out = keep(array->len * sizeof *out);
    *n = array->len;
    size_t i = 0;
    for (const vouch__json *at = array->first; at; at = at->next)
        out[i++] = at->type == VOUCH__JSON_BOOL ? (double)at->flag : vouch__json_double(at, (double)NAN);
    return out;
}

static char *label_of(const vouch__json *at)
{
    char *text = keep(VOUCH__DOUBLE_MAX + 64);
    if (at->type == VOUCH__JSON_NUMBER)
        (void)vouch__double_text(at->number, text);
    else
        (void)snprintf(text, VOUCH__DOUBLE_MAX + 64, "%s", vouch__json_string(at));
    return text;
}

static int by_size(const void *a, const void *b)
{
    const char *x = *(char *const *)a;
    const char *y = *(char *const *)b;
    char *end_x;
    char *end_y;
    double p = strtod(x, &end_x);
    double q = strtod(y, &end_y);
    if (!*end_x && !*end_y)
        return (p > q) - (p < q);
    return strcmp(x, y);
}

static const vouch__factor *factor(const vouch__json *node, const char *key, size_t *n)
{
    const vouch__json *array = vouch__json_get(node, key);
    if (!array)
        return NULL;
    vouch__factor *out = keep(sizeof *out);
    char **level = keep(array->len * sizeof(char *));
    uint32_t *code = keep(array->len * sizeof *code);
    size_t levels = 0;
    *n = array->len;
    for (const vouch__json *at = array->first; at; at = at->next) {
        char *text = at->type == VOUCH__JSON_NULL ? NULL : label_of(at);
        size_t k = 0;
        while (text && k < levels && strcmp(level[k], text) != 0)
            k++;
        if (text && k == levels)
            level[levels++] = text;
    }
    if (levels)
        qsort(level, levels, sizeof *level, by_size);
    size_t i = 0;
    for (const vouch__json *at = array->first; at; at = at->next, i++) {
        char *text = at->type == VOUCH__JSON_NULL ? NULL : label_of(at);
        code[i] = VOUCH__NO_LEVEL;
        for (size_t k = 0; text && k < levels; k++)
            if (!strcmp(level[k], text))
                code[i] = (uint32_t)k;
    }
    *out = (vouch__factor){ key, levels, (const char *const *)level, code };
    return out;
}

static bool is_named(const vouch__json *list, const char *name)
{
    for (const vouch__json *at = list ? list->first : NULL; at; at = at->next)
        if (vouch__json_string(at) && !strcmp(vouch__json_string(at), name))
            return true;
    return false;
}

static bool has_text(const vouch__json *column)
{
    for (const vouch__json *at = column->first; at; at = at->next)
        if (at->type == VOUCH__JSON_STRING && isnan(vouch__json_double(at, (double)NAN)))
            return true;
    return false;
}

static void add_table(const vouch__json *node, vouch__sample *s)
{
    const vouch__json *columns = vouch__json_get(node, "columns");
    if (!columns)
        return;
    size_t cols = columns->len;
    size_t j = 0;
    const char **name = keep(cols * sizeof(char *));
    vouch_type *type = keep(cols * sizeof *type);
    const double **value = keep(cols * sizeof(double *));
    const char *const **text = keep(cols * sizeof(char *const *));
    size_t *feature = keep(cols * sizeof *feature);
    for (const vouch__json *at = columns->first; at; at = at->next, j++) {
        double *x = keep(at->len * sizeof *x);
        const char **t = keep(at->len * sizeof(char *));
        size_t i = 0;
        name[j] = at->key;
        type[j] = is_named(vouch__json_get(node, "dates"), at->key)      ? VOUCH_DATE
                  : is_named(vouch__json_get(node, "integers"), at->key) ? VOUCH_INTEGER
                  : has_text(at)                                         ? VOUCH_TEXT
                                                                         : VOUCH_NUMBER;
        for (const vouch__json *cell = at->first; cell; cell = cell->next, i++) {
            x[i] = vouch__json_double(cell, (double)NAN);
            t[i] = type[j] == VOUCH_TEXT ? vouch__json_string(cell) : NULL;
        }
        s->n = at->len;
        value[j] = x;
        text[j] = type[j] == VOUCH_TEXT ? t : NULL;
        const vouch__json *named = vouch__json_get(node, "features");
        if (named ? is_named(named, at->key)
                  : type[j] != VOUCH_DATE && !is_named(vouch__json_get(node, "not_features"), at->key))
            feature[s->n_features++] = j;
    }
    vouch__table_builder *builder = NULL;
    vouch_table *made = NULL;
    vouch_ctx *ctx = context();
    assert_ok(ctx, vouch__table_builder_new(ctx, cols, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, s->n, value, text));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &made));
    vouch__table_builder_free(builder);
    vouch_table **held = keep(sizeof(vouch_table *));
    *held = made;
    s->table = made;
    s->feature = feature;
    const char *role[] = { "id", "label", "time" };
    size_t *column[] = { &s->id_column, &s->label_column, &s->date_column };
    for (size_t k = 0; k < 3; k++) {
        const char *of = vouch__json_string(vouch__json_get(node, role[k]));
        *column[k] = of ? vouch_table_find(made, of) : SIZE_MAX;
    }
}

static void add_groups(const vouch__json *node, vouch__sample *s)
{
    const vouch__json *several = vouch__json_get(node, "groups");
    size_t n = several ? several->len : 1, found = 0, k = 0;
    vouch__factor *group = keep(n * sizeof *group);
    size_t *column = keep(n * sizeof *column);
    const vouch__factor *one = several ? NULL : factor(node, "group", &s->n);
    if (!several && !one)
        return;
    if (one)
        group[0] = *one;
    for (const vouch__json *at = several ? several->first : NULL; at; at = at->next)
        group[k++] = *factor(several, at->key, &s->n);
    for (k = 0; k < n && s->table; k++) {
        column[k] = vouch_table_find(s->table, several ? group[k].name : "region");
        found += column[k] != SIZE_MAX;
    }
    s->group = group;
    s->n_groups = n;
    s->group_column = found == n ? column : NULL;
}

vouch__sample trial_sample(const vouch__json *node)
{
    vouch__sample s = { .part = vouch__json_string(vouch__json_get(node, "part")),
                        .id_column = SIZE_MAX,
                        .label_column = SIZE_MAX,
                        .date_column = SIZE_MAX,
                        .bad_value = 1.0,
                        .score_name = "score" };
    add_table(node, &s);
    s.score = numbers(node, "score", &s.n);
    s.probability = numbers(node, "probability", &s.n);
    s.rival = numbers(node, "rival", &s.n);
    s.weight = numbers(node, "weight", &s.n);
    s.date = numbers(node, "date", &s.n);
    s.amount = numbers(node, "amount", &s.n);
    s.target = numbers(node, "target", &s.n);
    const double *bad = numbers(node, "bad", &s.n);
    if (bad) {
        uint8_t *flags = keep(s.n);
        for (size_t i = 0; i < s.n; i++) {
            flags[i] = bad[i] == 1.0;
            s.n_bad += flags[i];
        }
        s.bad = flags;
        s.target = s.target ? s.target : bad;
    }
    const double *points = numbers(node, "points", &s.n);
    if (points) {
        int32_t *whole = keep(s.n * sizeof *whole);
        for (size_t i = 0; i < s.n; i++)
            whole[i] = (int32_t)points[i];
        s.points = whole;
    }
    add_groups(node, &s);
    s.segment = factor(node, "segment", &s.n);
    s.grade = factor(node, "grade", &s.n);
    s.grade_before = factor(node, "grade_before", &s.n);
    s.outcome = factor(node, "class", &s.n);
    const vouch__json *rows = vouch__json_get(node, "class_probability");
    if (rows && s.outcome) {
        size_t k = s.outcome->n_levels, i = 0;
        double *p = keep((s.n * k + 1) * sizeof *p);
        for (const vouch__json *row = rows->first; row; row = row->next)
            for (size_t c = 0; c < k; c++)
                p[i++] = vouch__json_double(vouch__json_at(row, c), (double)NAN);
        s.class_probability = p;
    }
    return s;
}

vouch__sample trial_read(const char *json)
{
    size_t len = strlen(json);
    char *text = keep(len + 1);
    vouch__doc *doc = NULL;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(json[i] == '\'' ? '"' : json[i]);
    assert_ok(context(), vouch__json_read(context(), "trial", text, len, 0, &doc));
    vouch__doc **held = keep(sizeof(vouch__doc *));
    *held = doc;
    return trial_sample(vouch__doc_root(doc));
}

vouch_status trial_run_models(vouch_ctx *ctx, const vouch_test *test,
                              const struct vouch_model *const model[2], const vouch__sample *now,
                              const vouch__sample *before, const vouch__json *params, vouch__evidence *list)
{
    double value[64];
    const vouch__param_table table = { "test", test->id, test->params, test->n_params };
    vouch_status status = vouch__param_read(ctx, &table, params, NULL, 0, value);
    vouch__test_call call = { .test = test,
                              .now = now,
                              .before = before,
                              .model = model[0],
                              .rival_model = model[1],
                              .param = value,
                              .given = params,
                              .seed = 7,
                              .list = list };
    return status ? status : vouch__test_perform(ctx, &call);
}

vouch_status trial_run_model(vouch_ctx *ctx, const vouch_test *test, const struct vouch_model *model,
                             const vouch__sample *now, const vouch__sample *before, const vouch__json *params,
                             vouch__evidence *list)
{
    return trial_run_models(ctx, test, (const struct vouch_model *const[]){ model, model }, now, before,
                            params, list);
}

vouch_status trial_run(vouch_ctx *ctx, const vouch_test *test, const vouch__sample *now,
                       const vouch__sample *before, const vouch__json *params, vouch__evidence *list)
{
    return trial_run_model(ctx, test, NULL, now, before, params, list);
}
