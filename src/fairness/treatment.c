/* Disparate treatment: does a protected column enter the model, under its own name or another, and does its
 * value change a decision? */
#include "base/parallel.h"
#include "evidence/test.h"
#include "fairness/outcomes.h"
#include "fairness/rows/fair_rows.h"
#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the scan ---- */

const char *vouch__coding_words(vouch__coding coding)
{
    static const char *const words[] = { "", "equals it under another coding", "a finer coding of it",
                                         "a coarser coding of it" };
    return words[coding];
}

static bool same_value(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* Does x fix y, with a tenth as many values as rows at most? x in ascending order; NaN is a value like any
 * other. By chance one fixes the other when its values are seen hardly twice. */
static bool determines(size_t n, const double *x, const double *y, const uint32_t *order)
{
    size_t values = n > 0;
    for (size_t i = 1; i < n; i++) {
        bool same = same_value(x[order[i - 1]], x[order[i]]);
        values += !same;
        if (10 * values > n || (same && !same_value(y[order[i - 1]], y[order[i]])))
            return false;
    }
    return values > 1 && 10 * values <= n;
}

/* Rows without the most frequent value. */
static size_t minority(size_t n, const double *x, const uint32_t *order)
{
    size_t most = 0;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && (x[order[j]] == x[order[i]] || (isnan(x[order[j]]) && isnan(x[order[i]])));
             j++)
            ;
        most = j - i > most ? j - i : most;
    }
    return n - most;
}

/* One column can be read off another, and at least min_group rows lie outside the largest value of what is
 * read. */
static vouch__coding relate(size_t n, const double *x, const double *y, const uint32_t *by_x,
                            const uint32_t *by_y, double least)
{
    bool to = determines(n, x, y, by_x) && (double)minority(n, y, by_y) >= least;
    bool back = determines(n, y, x, by_y) && (double)minority(n, x, by_x) >= least;
    return to && back ? VOUCH__CODING_EQUAL
           : to       ? VOUCH__CODING_FINER
           : back     ? VOUCH__CODING_COARSER
                      : VOUCH__CODING_NONE;
}

typedef struct scan {
    const vouch__fair_data *data;
    const vouch_model *model;
    size_t found;
    vouch__json *table;
    vouch__evidence *list;
    char note[512];
} scan;

static void report(scan *s, const char *input, const char *column, const char *what)
{
    vouch__json *row = vouch__evidence_row(s->list, s->table);
    vouch__row_text(s->list, row, input);
    vouch__row_text(s->list, row, column);
    vouch__row_text(s->list, row, what);
    s->found++;
}

static vouch_status sorted_column(vouch_ctx *ctx, const vouch__fair_data *data, size_t column, double *x,
                                  uint32_t *order)
{
    vouch__table_gather(data->table, column, data->split->n[VOUCH__TRAIN], data->split->row[VOUCH__TRAIN], x);
    return vouch__order(ctx, data->split->n[VOUCH__TRAIN], x, order);
}

typedef struct scanning { /* what all inputs are compared with, and what is found of each */
    const vouch__fair_data *data;
    const size_t *column; /* of each input; SIZE_MAX: the table lacks it */
    double **value;       /* [protected][n], and their order */
    uint32_t **order;
    vouch__coding *found; /* [inputs x protected] */
} scanning;

static vouch_status scan_input(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const scanning *g = arg;
    const vouch__fair_data *data = g->data;
    size_t n = data->split->n[VOUCH__TRAIN], mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, n, sizeof *x);
    uint32_t *by_x = vouch__scratch(worker, n, sizeof *by_x);
    vouch_status status = VOUCH_OK;
    (void)chunk;
    if (!x || !by_x)
        return vouch__oom(worker);
    for (size_t j = begin; j < end && !status; j++) {
        size_t column = g->column[j];
        if (column == SIZE_MAX)
            continue;
        status = sorted_column(worker, data, column, x, by_x);
        for (size_t p = 0; !status && p < data->n_protected; p++)
            if (column != data->protected_column[p])
                g->found[j * data->n_protected + p] = relate(n, x, g->value[p], by_x, g->order[p],
                                                             vouch__fair_min_group(data));
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

vouch_status vouch__fair_codings(vouch_ctx *ctx, const vouch__fair_data *data, size_t inputs,
                                 const size_t *column, vouch__coding *out)
{
    size_t n = data->split->n[VOUCH__TRAIN], columns = data->n_protected;
    scanning g = { .data = data, .column = column, .found = out };
    g.value = vouch__scratch(ctx, columns + 1, sizeof *g.value);
    g.order = vouch__scratch(ctx, columns + 1, sizeof *g.order);
    vouch_status status = VOUCH_OK;
    if (!g.value || !g.order)
        return vouch__oom(ctx);
    for (size_t k = 0; k < inputs * columns; k++)
        out[k] = VOUCH__CODING_NONE;
    for (size_t p = 0; !status && p < columns; p++) {
        g.value[p] = vouch__scratch(ctx, n, sizeof *g.value[p]);
        g.order[p] = vouch__scratch(ctx, n, sizeof *g.order[p]);
        if (!g.value[p] || !g.order[p])
            return vouch__oom(ctx);
        status = sorted_column(ctx, data, data->protected_column[p], g.value[p], g.order[p]);
    }
    return status ? status : vouch__parallel(ctx, inputs, 1, scan_input, &g);
}

static void report_input(scan *s, size_t input, const vouch__coding *found)
{
    const char *name = vouch_model_input_name(s->model, input);
    size_t column = vouch_table_find(s->data->table, name);
    for (size_t p = 0; p < s->data->n_protected && column != SIZE_MAX; p++) {
        const char *protected_name = vouch_table_name(s->data->table, s->data->protected_column[p]);
        if (column == s->data->protected_column[p])
            report(s, name, protected_name, "it is the protected column");
        else if (found[p] != VOUCH__CODING_NONE)
            report(s, name, protected_name, vouch__coding_words(found[p]));
    }
}

static vouch_status scan_model(vouch_ctx *ctx, scan *s)
{
    size_t columns = s->data->n_protected, inputs = vouch_model_inputs(s->model);
    size_t *column = vouch__scratch(ctx, inputs + 1, sizeof *column);
    vouch__coding *found = vouch__scratch(ctx, inputs * columns + 1, sizeof *found);
    if (!column || !found)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs; j++)
        column[j] = vouch_table_find(s->data->table, vouch_model_input_name(s->model, j));
    vouch_status status = vouch__fair_codings(ctx, s->data, inputs, column, found);
    for (size_t j = 0; !status && j < inputs; j++)
        report_input(s, j, found + j * columns);
    return status;
}

vouch_status vouch__fair_scan(vouch_ctx *ctx, const vouch__fair_data *data, const vouch_model *model,
                              vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    char note[160];
    scan s = { .data = data, .model = model, .list = list };
    /* rows are gathered in a table that hangs on nothing until the number found is known */
    vouch__json *holder = vouch__json_object(list->doc);
    s.table = vouch__evidence_table(list, holder, "found", "input,protected_column,how");
    vouch_status status = scan_model(ctx, &s);
    vouch__scratch_reset(ctx, mark);
    if (status)
        return status;
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_prohibited, .model = vouch_model_name(model),
                                           .part = "train", .n = (double)vouch_model_inputs(model),
                                           .value = (double)s.found, .judged = true);
    (void)snprintf(note, sizeof note, "%zu input%s, %zu protected column%s.", vouch_model_inputs(model),
                   vouch_model_inputs(model) == 1 ? "" : "s", data->n_protected,
                   data->n_protected == 1 ? "" : "s");
    entry.note = note;
    if (!vouch__policy_limit(list->policy, entry.id)) { /* this one is judged with or without a policy */
        entry.judged = false;
        entry.verdict = s.found ? VOUCH__FAIL : VOUCH__PASS;
    }
    vouch__json *object = vouch__evidence_add(list, &entry);
    if (s.found && holder)
        (void)vouch__json_set(list->doc, object, "tables", vouch__json_copy(list->doc, holder->first));
    return vouch__doc_status(ctx, list->doc);
}

/* ---- the flip test ---- */

enum { FLIP_BLOCK = 512, FLIP_VALUES = 24 };

typedef struct flip {
    const vouch__outcomes *o;
    size_t input, n_values;
    double value[FLIP_VALUES];                           /* as the model sees them */
    double limit;                                        /* approve when raw <= limit */
    size_t changed;                                      /* rows whose decision some value changes */
    size_t approved[FLIP_VALUES], declined[FLIP_VALUES]; /* decisions a value turns */
    double moved[FLIP_VALUES];                           /* sum of |change of log-odds| */
} flip;

/* Decisions must follow from the score by one cut-off; *out lies between the riskiest approved and the safest
 * declined. */
static bool find_limit(const vouch__outcomes *o, double *out)
{
    double approved = -INFINITY, declined = INFINITY;
    for (size_t i = 0; i < o->n; i++)
        if (o->approve[i])
            approved = fmax(approved, o->raw[i]);
        else
            declined = fmin(declined, o->raw[i]);
    if (!(approved < declined))
        return false;
    *out = isinf(approved) ? nextafter(declined, -INFINITY) : approved;
    return true;
}

/* The values to try: all categories, or the distinct numbers of the part when few, else its training
 * quartiles. */
static vouch_status choose_values(vouch_ctx *ctx, flip *f, size_t column)
{
    const vouch__input *input = &f->o->model->inputs.at[f->input];
    size_t n = f->o->n, distinct = 0;
    if (input->is_category) {
        for (; f->n_values < input->n_categories && f->n_values < FLIP_VALUES; f->n_values++)
            f->value[f->n_values] = (double)f->n_values;
        return VOUCH_OK;
    }
    double *x = vouch__scratch(ctx, n, sizeof *x);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    vouch__table_gather(f->o->data->table, column, n, f->o->row, x);
    vouch_status status = vouch__order(ctx, n, x, order);
    for (size_t i = 0; !status && i < n && !isnan(x[order[i]]); i++)
        if (i == 0 || x[order[i]] != x[order[i - 1]]) {
            if (distinct < FLIP_VALUES)
                f->value[distinct] = x[order[i]];
            distinct++;
        }
    f->n_values = distinct;
    if (status || distinct <= 10)
        return status;
    f->n_values = 3;
    return vouch__train_quartiles(ctx, f->o->data, column, f->value);
}

static void flip_block(flip *f, double *x, double *raw, size_t begin, size_t n)
{
    const vouch_model *model = f->o->model;
    size_t cols = model->inputs.n;
    bool changed[FLIP_BLOCK] = { false };
    for (size_t v = 0; v < f->n_values; v++) {
        for (size_t i = 0; i < n; i++)
            x[i * cols + f->input] = f->value[v];
        model->kind->predict(model->state, (vouch__matrix){ x, n, cols }, raw);
        for (size_t i = 0; i < n; i++) {
            bool was = f->o->approve[begin + i] != 0, is = raw[i] <= f->limit;
            f->moved[v] += fabs(raw[i] - f->o->raw[begin + i]);
            f->approved[v] += is && !was;
            f->declined[v] += was && !is;
            changed[i] = changed[i] || is != was;
        }
    }
    for (size_t i = 0; i < n; i++)
        f->changed += changed[i];
}

static vouch_status flip_rows(vouch_ctx *ctx, flip *f)
{
    size_t cols = f->o->model->inputs.n;
    vouch__binding binding;
    double *x = vouch__scratch(ctx, FLIP_BLOCK * (cols + 1), sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    vouch_status status = vouch__bind(ctx, &f->o->model->inputs, f->o->data->table, &binding);
    if (status)
        return status;
    for (size_t begin = 0; !status && begin < f->o->n; begin += FLIP_BLOCK) {
        size_t n = f->o->n - begin < FLIP_BLOCK ? f->o->n - begin : FLIP_BLOCK;
        vouch__bound_rows(&binding, 0, n, f->o->row + begin, x);
        flip_block(f, x, x + FLIP_BLOCK * cols, begin, n);
        status = vouch__poll(ctx);
    }
    vouch__binding_clear(&binding);
    return status;
}

static void flip_table(const flip *f, vouch__json *object)
{
    const vouch__input *input = &f->o->model->inputs.at[f->input];
    vouch__evidence *list = f->o->list;
    vouch__json *table = vouch__evidence_table(list, object, "values",
                                               "value,newly_approved,newly_declined,mean_change_of_log_odds");
    for (size_t v = 0; v < f->n_values; v++) {
        vouch__json *row = vouch__evidence_row(list, table);
        if (input->is_category)
            vouch__row_text(list, row, input->category[v]);
        else
            vouch__row_number(list, row, f->value[v]);
        vouch__row_number(list, row, (double)f->approved[v]);
        vouch__row_number(list, row, (double)f->declined[v]);
        vouch__row_number(list, row, f->moved[v] / (double)f->o->n);
    }
}

vouch_status vouch__fair_flip(vouch_ctx *ctx, const vouch__outcomes *o, size_t column)
{
    const char *name = vouch_table_name(o->data->table, column);
    char note[320];
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_fair_flip, .model = vouch_model_name(o->model),
                                           .part = o->part_name, .subject = name, .n = (double)o->n,
                                           .judged = true);
    flip f = { .o = o, .input = 0 };
    if (vouch__fair_is_blocked(o, &entry))
        return VOUCH_OK;
    while (f.input < o->model->inputs.n && strcmp(o->model->inputs.at[f.input].name, name) != 0)
        f.input++;
    if (f.input == o->model->inputs.n) {
        (void)snprintf(
            note, sizeof note,
            "%.60s is not an input of the model, so there is nothing to flip. This is no evidence of equal "
            "treatment: stand-ins for it are looked for by the proxy tests.",
            name);
        entry.judged = false;
        entry.verdict = VOUCH__NOT_APPLICABLE;
        entry.note = note;
        (void)vouch__evidence_add(o->list, &entry);
        return VOUCH_OK;
    }
    if (o->n == 0 || !find_limit(o, &f.limit)) {
        entry.judged = false;
        entry.verdict = VOUCH__REFUSED;
        entry.note =
            "The decisions do not follow from the score by one cut-off, so they cannot be made again.";
        (void)vouch__evidence_add(o->list, &entry);
        return VOUCH_OK;
    }
    vouch_status status = choose_values(ctx, &f, column);
    if (!status)
        status = flip_rows(ctx, &f);
    if (status)
        return status;
    entry.value = (double)f.changed / (double)o->n;
    flip_table(&f, vouch__fair_add(o, &entry, false));
    return VOUCH_OK;
}
