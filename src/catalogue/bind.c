/* Roles to columns. Everything is copied out of the tables once; tests then see plain arrays. */
#include "catalogue/bind_parts.h"

#include "data/table.h"
#include "fairness/groups.h"
#include "vouch/models.h"

#include <math.h>
#include <string.h>

enum { LEVELS_MAX = 10000, SHOWN = 60 };
static const double day_us = 86400e6;

void *vouch__binder_hold(const vouch__binder *b, size_t count, size_t size)
{
    vouch__bound *bound = b->bound;
    if (bound->n_held == bound->room) {
        size_t room = bound->room ? 2 * bound->room : 32;
        void **more = vouch__resize(&bound->alloc, bound->held, room, sizeof(void *));
        if (!more)
            return NULL;
        bound->held = more;
        bound->room = room;
    }
    void *ptr = vouch__alloc(b->ctx, count ? count : 1, size);
    if (ptr)
        bound->held[bound->n_held++] = ptr;
    return ptr;
}

/* SIZE_MAX where the role is not given, or the reference lacks the column. */
static vouch_status find(const vouch__binder *b, const char *role, const char *name, size_t *out)
{
    *out = name ? vouch_table_find(b->table, name) : SIZE_MAX;
    if (!name || *out != SIZE_MAX || b->is_reference)
        return VOUCH_OK;
    vouch_status status = vouch_table_column(b->ctx, b->table, name, out);
    return vouch__because(b->ctx, status, "%s", role);
}

static vouch_status read_number(const vouch__binder *b, const char *role, const char *name, double scale,
                                const double **out)
{
    size_t col = SIZE_MAX;
    vouch_status status = find(b, role, name, &col);
    if (status || col == SIZE_MAX)
        return status;
    vouch_type type = vouch_table_type(b->table, col);
    if (type != VOUCH_NUMBER && type != VOUCH_INTEGER && type != VOUCH_FLAG)
        return vouch__fail(b->ctx, VOUCH_E_DATA, "%s: column '%.60s' is of type %s, must be numbers", role,
                           name, vouch_type_name(type));
    double *x = vouch__binder_hold(b, b->s->n, sizeof *x);
    if (!x)
        return vouch__oom(b->ctx);
    vouch_table_read(b->table, col, 0, b->s->n, x);
    for (size_t i = 0; scale != 1.0 && i < b->s->n; i++)
        x[i] *= scale;
    *out = x;
    return VOUCH_OK;
}

static vouch_status read_date(const vouch__binder *b)
{
    vouch_status status = find(b, "date", b->column->date, &b->s->date_column);
    size_t col = b->s->date_column;
    if (status || col == SIZE_MAX)
        return status;
    vouch_type type = vouch_table_type(b->table, col);
    if (type != VOUCH_DATE && type != VOUCH_TIME)
        return vouch__fail(b->ctx, VOUCH_E_DATA, "date: column '%.60s' is of type %s, must be dates or times",
                           b->column->date, vouch_type_name(type));
    double *x = vouch__binder_hold(b, b->s->n, sizeof *x);
    if (!x)
        return vouch__oom(b->ctx);
    vouch_table_read(b->table, col, 0, b->s->n, x);
    for (size_t i = 0; type == VOUCH_TIME && i < b->s->n; i++)
        x[i] = floor(x[i] / day_us);
    b->s->date = x;
    return VOUCH_OK;
}

/* The value of the label that means bad, as it reads in the column; NAN where it does not occur. */
static vouch_status bad_value(const vouch__binder *b, size_t col, double *out)
{
    const char *bad = b->column->bad;
    *out = 1.0;
    if (vouch_table_type(b->table, col) == VOUCH_TEXT) {
        *out = NAN;
        if (!bad)
            return vouch__fail(b->ctx, VOUCH_E_DATA,
                               "label: column '%.60s' holds text; say which value means bad",
                               b->column->label);
        for (size_t k = 0; k < vouch_table_categories(b->table, col); k++)
            if (!strcmp(vouch_table_category(b->table, col, k), bad))
                *out = (double)k;
        return VOUCH_OK;
    }
    if (!bad)
        return VOUCH_OK;
    if (!strcmp(bad, "true") || !strcmp(bad, "false"))
        *out = *bad == 't';
    else if (!vouch__double_read(bad, strlen(bad), out))
        return vouch__fail(b->ctx, VOUCH_E_DATA,
                           "label: column '%.60s' holds numbers, so '%.60s' is not in it", b->column->label,
                           bad);
    return VOUCH_OK;
}

/* Outcomes of 0 and 1 are labels; of more values they are a target only, unless one of them is said to be the
 * bad one. */
static vouch_status read_label(const vouch__binder *b)
{
    vouch__sample *s = b->s;
    vouch_status status = find(b, "label", b->column->label, &s->label_column);
    if (status || s->label_column == SIZE_MAX)
        return status;
    double *x = vouch__binder_hold(b, s->n, sizeof *x);
    uint8_t *bad = vouch__binder_hold(b, s->n, sizeof *bad);
    if (!x || !bad)
        return vouch__oom(b->ctx);
    status = bad_value(b, s->label_column, &s->bad_value);
    if (status)
        return status;
    vouch_table_read(b->table, s->label_column, 0, s->n, x);
    bool is_binary = b->column->bad || vouch_table_type(b->table, s->label_column) == VOUCH_FLAG;
    bool only_two = true;
    for (size_t i = 0; i < s->n; i++)
        only_two = only_two && (isnan(x[i]) || x[i] == 0.0 || x[i] == 1.0);
    s->target = x;
    if (!is_binary && !only_two)
        return VOUCH_OK;
    for (size_t i = 0; i < s->n; i++) {
        bad[i] = x[i] == s->bad_value;
        s->n_bad += bad[i];
        x[i] = isnan(x[i]) ? (double)NAN : (double)bad[i];
    }
    s->bad = bad;
    return VOUCH_OK;
}

/* ---- factors ---- */

/* The names of a column's values as texts, in order: categories, or distinct numbers ascending. */
typedef struct levels {
    size_t n;
    const char **name;
    double *value; /* numbers; NULL for texts */
} levels;

static vouch_status add_number(const vouch__binder *b, levels *l, double x)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (l->value[mid] < x)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < l->n && l->value[low] == x)
        return VOUCH_OK;
    if (l->n == LEVELS_MAX)
        return vouch__fail(b->ctx, VOUCH_E_LIMIT, "a column of categories has over %d values", LEVELS_MAX);
    memmove(l->value + low + 1, l->value + low, (l->n - low) * sizeof *l->value);
    l->value[low] = x;
    l->n++;
    return VOUCH_OK;
}

static vouch_status add_text(const vouch__binder *b, levels *l, const char *text)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (strcmp(l->name[mid], text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < l->n && !strcmp(l->name[low], text))
        return VOUCH_OK;
    if (l->n == LEVELS_MAX)
        return vouch__fail(b->ctx, VOUCH_E_LIMIT, "a column of categories has over %d values", LEVELS_MAX);
    memmove(l->name + low + 1, l->name + low, (l->n - low) * sizeof *l->name);
    l->name[low] = text;
    l->n++;
    return VOUCH_OK;
}

static vouch_status collect(const vouch__binder *b, const vouch_table *table, size_t col, bool is_text,
                            levels *l)
{
    double x[1024];
    enum { PIECE = sizeof x / sizeof *x };
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; is_text && k < vouch_table_categories(table, col) && !status; k++)
        status = add_text(b, l, vouch_table_category(table, col, k));
    for (size_t begin = 0; !is_text && begin < vouch_table_rows(table) && !status; begin += PIECE) {
        size_t end = vouch_table_rows(table) - begin < PIECE ? vouch_table_rows(table) : begin + PIECE;
        vouch_table_read(table, col, begin, end, x);
        for (size_t i = 0; i < end - begin && !status; i++)
            if (!isnan(x[i]))
                status = add_number(b, l, x[i]);
    }
    return status;
}

/* Name the numbers. */
static vouch_status name_levels(const vouch__binder *b, vouch_type type, levels *l)
{
    vouch__buf text;
    vouch_status status = VOUCH_OK;
    vouch__buf_init(b->ctx, &text, 0);
    for (size_t k = 0; k < l->n && !status; k++) {
        vouch__buf_clear(&text);
        vouch__value_text(type, l->value[k], &text);
        status = vouch__buf_status(b->ctx, &text);
        char *name = status ? NULL : vouch__binder_hold(b, text.len + 1, 1);
        if (name)
            memcpy(name, text.at, text.len + 1);
        else if (!status)
            status = vouch__oom(b->ctx);
        l->name[k] = name;
    }
    vouch__buf_free(&text);
    return status;
}

static uint32_t code_of(const levels *l, const vouch_table *table, size_t col, double x)
{
    size_t low = 0, high = l->n;
    if (isnan(x))
        return VOUCH__NO_LEVEL;
    const char *text = l->value ? NULL : vouch_table_category(table, col, (size_t)x);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (text ? strcmp(l->name[mid], text) < 0 : l->value[mid] < x)
            low = mid + 1;
        else
            high = mid;
    }
    return (uint32_t)low;
}

/* The column of both tables with one list of levels: that of data's type. */
vouch_status vouch__binder_factor(const vouch__binder *b, const char *role, const char *name,
                                  const vouch__factor **out)
{
    size_t col = SIZE_MAX;
    const vouch_table *tables[] = { b->in->data, b->in->reference };
    vouch_status status = find(b, role, name, &col);
    if (status || col == SIZE_MAX)
        return status;
    vouch_type type = vouch_table_type(b->table, col);
    bool is_text = type == VOUCH_TEXT;
    levels l = { .name = vouch__binder_hold(b, LEVELS_MAX + 1, sizeof(const char *)) };
    l.value = is_text ? NULL : vouch__binder_hold(b, LEVELS_MAX + 1, sizeof *l.value);
    vouch__factor *f = vouch__binder_hold(b, 1, sizeof *f);
    uint32_t *code = vouch__binder_hold(b, b->s->n, sizeof *code);
    double *x = vouch__binder_hold(b, b->s->n, sizeof *x);
    if (!l.name || (!is_text && !l.value) || !f || !code || !x)
        return vouch__oom(b->ctx);
    for (size_t t = 0; t < 2 && !status; t++) {
        size_t at = tables[t] ? vouch_table_find(tables[t], name) : SIZE_MAX;
        if (at != SIZE_MAX && (vouch_table_type(tables[t], at) == VOUCH_TEXT) != is_text)
            status = vouch__fail(b->ctx, VOUCH_E_DATA,
                                 "%s: column '%.60s' is text in one file and numbers in the other", role,
                                 name);
        else if (at != SIZE_MAX)
            status = collect(b, tables[t], at, is_text, &l);
    }
    if (!status && !is_text)
        status = name_levels(b, type, &l);
    if (status)
        return status;
    vouch_table_read(b->table, col, 0, b->s->n, x);
    for (size_t i = 0; i < b->s->n; i++)
        code[i] = code_of(&l, b->table, col, x[i]);
    *f = (vouch__factor){ vouch_table_name(b->table, col), l.n, l.name, code };
    *out = f;
    return VOUCH_OK;
}

/* ---- lists of columns ---- */

/* Columns named between commas, blanks around them ignored. */
vouch_status vouch__binder_columns(const vouch__binder *b, const char *role, const char *names, size_t *out,
                                   size_t *n)
{
    vouch__buf one;
    vouch_status status = VOUCH_OK;
    vouch__buf_init(b->ctx, &one, 0);
    *n = 0;
    for (const char *at = names; *at && !status;) {
        size_t len = strcspn(at, ","), from = strspn(at, " "), to = len;
        while (to > from && at[to - 1] == ' ')
            to--;
        vouch__buf_clear(&one);
        vouch__buf_add(&one, at + from, to > from ? to - from : 0);
        status = vouch__buf_status(b->ctx, &one);
        if (!status && one.len > 0) {
            status = find(b, role, one.at, &out[*n]);
            *n += !status && out[*n] != SIZE_MAX;
        }
        at += len + (at[len] == ',');
    }
    vouch__buf_free(&one);
    return status;
}

size_t vouch__binder_commas(const char *text)
{
    size_t n = 1;
    for (; *text; text++)
        n += *text == ',';
    return n;
}

static bool is_listed(const char *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = names; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t from = strspn(at, " "), to = strcspn(at, ",");
        while (to > from && at[to - 1] == ' ')
            to--;
        if (to - from == len && !memcmp(at + from, name, len))
            return true;
    }
    return false;
}

static bool is_role(const vouch__binder *b, const char *name)
{
    const vouch_test_columns *c = b->column;
    const char *const role[] = { c->id,     c->score, c->probability, c->rival, c->label,        c->weight,
                                 c->amount, c->date,  c->segment,     c->grade, c->grade_before, c->outcome };
    if (c->class_probabilities && is_listed(c->class_probabilities, name))
        return true;
    for (size_t i = 0; i < sizeof role / sizeof *role; i++)
        if (role[i] && !strcmp(role[i], name))
            return true;
    return false;
}

static vouch_status read_features(const vouch__binder *b)
{
    vouch__sample *s = b->s;
    size_t cols = vouch_table_cols(b->table), room = cols;
    if (b->column->features && vouch__binder_commas(b->column->features) > room)
        room = vouch__binder_commas(b->column->features);
    size_t *feature = vouch__binder_hold(b, room, sizeof *feature);
    if (!feature)
        return vouch__oom(b->ctx);
    s->feature = feature;
    s->features_chosen = b->column->features || b->in->model;
    if (b->column->features)
        return vouch__binder_columns(b, "features", b->column->features, feature, &s->n_features);
    for (size_t i = 0; b->in->model && i < vouch_model_inputs(b->in->model); i++) {
        size_t col = vouch_table_find(b->table, vouch_model_input_name(b->in->model, i));
        if (col != SIZE_MAX && s->n_features < room)
            feature[s->n_features++] = col;
    }
    for (size_t j = 0; !b->in->model && j < cols; j++) {
        bool is_group = false;
        for (size_t g = 0; g < s->n_groups; g++)
            is_group = is_group || s->group_column[g] == j;
        if (!is_group && !is_role(b, vouch_table_name(b->table, j)))
            feature[s->n_features++] = j;
    }
    return VOUCH_OK;
}

/* A protected column's groups are those of the fair-lending tests. */
static vouch_status read_group(const vouch__binder *b, size_t col, vouch__factor *out)
{
    vouch__sample *s = b->s;
    size_t mark = vouch__scratch_mark(b->ctx);
    uint32_t *row = vouch__scratch(b->ctx, s->n + 1, sizeof *row);
    uint32_t *code = vouch__binder_hold(b, s->n, sizeof *code);
    if (!row || !code)
        return vouch__oom(b->ctx);
    for (size_t i = 0; i < s->n; i++)
        row[i] = (uint32_t)i;
    vouch__split all = { .n = { s->n }, .row = { row } };
    vouch__fair_data data = { .table = b->table, .split = &all };
    vouch__groups groups;
    vouch_status status = vouch__groups_make(b->ctx, &data, col, s->n, row, &groups);
    if (status)
        return status;
    const char **level = vouch__binder_hold(b, groups.n_groups, sizeof *level);
    char(*text)[VOUCH__GROUP_LABEL] = vouch__binder_hold(b, groups.n_groups, sizeof *text);
    if (!level || !text)
        return vouch__oom(b->ctx);
    vouch__groups_factor(&groups, level, text, code, out);
    vouch__scratch_reset(b->ctx, mark);
    return VOUCH_OK;
}

static vouch_status read_groups(const vouch__binder *b)
{
    vouch__sample *s = b->s;
    const char *names = b->column->groups;
    if (!names)
        return VOUCH_OK;
    size_t *col = vouch__binder_hold(b, vouch__binder_commas(names), sizeof *col);
    vouch__factor *group = vouch__binder_hold(b, vouch__binder_commas(names), sizeof *group);
    if (!col || !group)
        return vouch__oom(b->ctx);
    vouch_status status = vouch__binder_columns(b, "groups", names, col, &s->n_groups);
    s->group_column = col;
    s->group = group;
    for (size_t g = 0; g < s->n_groups && s->n > 0 && !status; g++)
        status = read_group(b, col[g], &group[g]);
    return status;
}

/* ---- scores ---- */

static vouch_status score_model(const vouch__binder *b)
{
    vouch__sample *s = b->s;
    const vouch_model *model = b->in->model;
    double *raw = vouch__binder_hold(b, s->n, sizeof *raw),
           *probability = vouch__binder_hold(b, s->n, sizeof *probability);
    bool has_points = vouch_model_has_points(model);
    int32_t *points = has_points ? vouch__binder_hold(b, s->n, sizeof *points) : NULL;
    if (!raw || !probability || (has_points && !points))
        return vouch__oom(b->ctx);
    vouch_status status = vouch_model_score(b->ctx, model, b->table, raw, probability, points);
    s->score = raw;
    s->probability = probability;
    s->points = points;
    return status;
}

static bool in_unit_interval(const vouch__sample *s)
{
    bool any = false;
    for (size_t i = 0; i < s->n; i++) {
        if (s->score[i] < 0.0 || s->score[i] > 1.0)
            return false;
        any = any || !isnan(s->score[i]);
    }
    return any;
}

/* Scores of the file come before those of the model. A score that lies within [0, 1] throughout is taken to
 * be the probability too, unless larger is safer. */
static vouch_status read_scores(const vouch__binder *b)
{
    vouch__sample *s = b->s;
    const vouch_test_columns *c = b->column;
    double sign = c->score_is_safe ? -1.0 : 1.0;
    vouch_status status = read_number(b, "score", c->score, sign, &s->score);
    if (!status)
        status = read_number(b, "probability", c->probability, 1.0, &s->probability);
    if (!status)
        status = read_number(b, "rival", c->rival, sign, &s->rival);
    if (status)
        return status;
    if (!s->score && !s->probability && b->in->model)
        return score_model(b);
    s->score_name = "score";
    if (!s->score)
        s->score = s->probability;
    else if (!s->probability && !c->score_is_safe && in_unit_interval(s))
        s->probability = s->score;
    return VOUCH_OK;
}

/* Of an outcome that is a number the score of a model is its mean, and not what a link makes of it. */
static void predict_number(vouch__sample *s)
{
    if (!s->target || s->bad || s->score_name)
        return;
    s->score = s->probability;
    s->probability = NULL;
    s->score_name = "prediction";
}

static vouch_status bind_one(vouch__binder *b)
{
    const vouch_test_columns *c = b->column;
    vouch__sample *s = b->s;
    *s = (vouch__sample){ .part = b->is_reference ? "reference" : NULL,
                          .n = vouch_table_rows(b->table),
                          .table = b->table,
                          .id_column = SIZE_MAX,
                          .label_column = SIZE_MAX,
                          .date_column = SIZE_MAX };
    vouch_status status = find(b, "id", c->id, &s->id_column);
    if (!status)
        status = read_scores(b);
    if (!status)
        status = read_label(b);
    if (!status)
        predict_number(s);
    if (!status)
        status = read_number(b, "weight", c->weight, 1.0, &s->weight);
    if (!status)
        status = read_number(b, "amount", c->amount, 1.0, &s->amount);
    if (!status)
        status = read_date(b);
    if (!status)
        status = vouch__binder_factor(b, "segment", c->segment, &s->segment);
    if (!status)
        status = vouch__binder_factor(b, "grade", c->grade, &s->grade);
    if (!status)
        status = vouch__binder_factor(b, "grade-before", c->grade_before, &s->grade_before);
    if (!status)
        status = vouch__binder_classes(b);
    if (!status)
        status = read_groups(b);
    return status ? status : read_features(b);
}

vouch_status vouch__bind_samples(vouch_ctx *ctx, const vouch_test_input *input, vouch__bound *out)
{
    *out = (vouch__bound){ .alloc = *vouch__allocator(ctx), .has_before = input->reference != NULL };
    vouch__binder b = { .ctx = ctx, .in = input, .column = &input->column, .bound = out };
    vouch_status status = VOUCH_OK;
    for (int k = 0; k < 2 && !status; k++) {
        b.is_reference = k == 1;
        b.table = k ? input->reference : input->data;
        b.s = k ? &out->before : &out->now;
        if (b.table)
            status = bind_one(&b);
    }
    if (status)
        vouch__bound_clear(out);
    return status;
}

void vouch__bound_clear(vouch__bound *bound)
{
    for (size_t i = 0; i < bound->n_held; i++)
        vouch__free(&bound->alloc, bound->held[i]);
    vouch__free(&bound->alloc, bound->held);
    bound->held = NULL;
    bound->n_held = bound->room = 0;
}
