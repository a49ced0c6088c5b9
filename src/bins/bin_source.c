/* Binning what is too large for memory: the rows are read twice and never kept. The first time every column
 * becomes a sketch, from which its cells are made; the second time the rows of each cell are counted. So the
 * ends of cells have the sketch's error, and everything that is said of cells and bins is exact. A column is
 * always added to by one thread, in order of rows. */
#include "vouch/bins.h"

#include "base/parallel.h"
#include "bins/bin_tell.h"
#include "data/duckdb_scan.h"
#include "num/sketch.h"
#include "num/tally.h"

#include <math.h>
#include <string.h>

typedef struct stream {
    char *name;
    bool is_text;
    vouch__sketch *numbers;
    vouch__tally *texts;
    vouch__tally_view view;
    vouch__bin_job job;
    double *sums; /* of texts: [categories + missing]; in scratch */
} stream;

typedef struct reading {
    vouch_alloc alloc;
    const char *wanted, *target_name, *weight_name; /* wanted NULL: every column */
    vouch__bin_outcome outcome;
    vouch__answers answers;
    size_t cols, target, weight; /* weight SIZE_MAX: none */
    stream *col;
    double *all; /* [stride]; in scratch */
    bool is_second, differs;
    size_t n, left_out; /* rows of this reading */

    const vouch__batch *batch; /* and of it: */
    size_t room, kept;
    uint32_t *at; /* rows that have an outcome */
    double *y, *w;
} reading;

static void clear(reading *r)
{
    for (size_t j = 0; r->col && j < r->cols; j++) {
        vouch__free(&r->alloc, r->col[j].name);
        vouch__sketch_free(r->col[j].numbers);
        vouch__tally_free(r->col[j].texts);
    }
    vouch__free(&r->alloc, r->col);
    r->col = NULL;
    r->cols = 0;
}

static bool is_binned(const reading *r, size_t j)
{
    return j != r->target && j != r->weight && (!r->wanted || !strcmp(r->col[j].name, r->wanted));
}

/* ---- which columns there are ---- */

static vouch_status find(vouch_ctx *ctx, const reading *r, const char *name, size_t *out)
{
    *out = SIZE_MAX;
    for (size_t j = 0; name && j < r->cols; j++)
        if (!strcmp(r->col[j].name, name))
            *out = j;
    return !name || *out != SIZE_MAX
               ? VOUCH_OK
               : vouch__fail(ctx, VOUCH_E_NOTFOUND, "bin: there is no column '%s'", name);
}

static vouch_status begin_first(vouch_ctx *ctx, const vouch__batch *shape, reading *r)
{
    clear(r);
    memset(&r->answers, 0, sizeof r->answers);
    r->col = vouch__alloc(ctx, shape->cols + 1, sizeof *r->col);
    if (!r->col)
        return vouch__oom(ctx);
    r->cols = shape->cols;
    vouch_status status = VOUCH_OK;
    for (size_t j = 0; j < r->cols && !status; j++) {
        stream *c = &r->col[j];
        c->is_text = shape->type[j] == VOUCH_TEXT;
        c->name = vouch__strdup(ctx, shape->name[j]);
        if (!c->name)
            return vouch__oom(ctx);
        status = c->is_text ? vouch__tally_new(ctx, &c->texts) : vouch__sketch_new(ctx, &c->numbers);
    }
    size_t wanted;
    if (!status)
        status = find(ctx, r, r->target_name, &r->target);
    if (!status)
        status = find(ctx, r, r->weight_name, &r->weight);
    if (!status)
        status = find(ctx, r, r->wanted, &wanted);
    if (!status && (r->target == r->weight || (r->wanted && !is_binned(r, wanted))))
        status = vouch__fail(ctx, VOUCH_E_ARG, "bin: no such column, or one column in two roles");
    if (!status && r->weight != SIZE_MAX && r->col[r->weight].is_text)
        status = vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' is text, must be numbers", r->weight_name);
    return status;
}

/* The same columns again; that they are is judged by the last try, at the end. */
static void begin_second(const vouch__batch *shape, reading *r)
{
    size_t stride = r->outcome.worth.stride;
    r->differs = shape->cols != r->cols;
    memset(r->all, 0, stride * sizeof *r->all);
    for (size_t j = 0; j < r->cols && !r->differs; j++) {
        stream *c = &r->col[j];
        r->differs = strcmp(shape->name[j], c->name) != 0 || c->is_text != (shape->type[j] == VOUCH_TEXT);
        if (!is_binned(r, j))
            continue;
        if (c->is_text)
            memset(c->sums, 0, (c->job.rows.n_categories + 1) * stride * sizeof *c->sums);
        else
            memset(c->job.cells.sums, 0,
                   (c->job.cells.n + c->job.cells.n_tail) * stride * sizeof *c->job.cells.sums);
    }
}

static vouch_status begin(vouch_ctx *ctx, const vouch__batch *shape, void *arg)
{
    reading *r = arg;
    r->n = r->left_out = 0;
    if (!r->is_second)
        return begin_first(ctx, shape, r);
    begin_second(shape, r);
    return VOUCH_OK;
}

/* ---- the outcome of a batch ---- */

static vouch_status make_room(vouch_ctx *ctx, reading *r, size_t n)
{
    if (n <= r->room)
        return VOUCH_OK;
    vouch__free(&r->alloc, r->at);
    vouch__free(&r->alloc, r->y);
    vouch__free(&r->alloc, r->w);
    r->room = 0;
    r->at = vouch__alloc(ctx, n, sizeof *r->at);
    r->y = vouch__alloc(ctx, n, sizeof *r->y);
    r->w = vouch__alloc(ctx, n, sizeof *r->w);
    if (!r->at || !r->y || !r->w)
        return vouch__oom(ctx);
    r->room = n;
    return VOUCH_OK;
}

/* A target of text by the number of the text; while they are not known yet, 0. */
static double outcome_at(const reading *r, size_t i)
{
    const vouch__batch *b = r->batch;
    if (!r->col[r->target].is_text)
        return b->value[r->target][i];
    const vouch__span *text = &b->text[r->target][i];
    if (!text->at)
        return NAN;
    return r->is_second ? (double)vouch__tally_find(&r->col[r->target].view, text->at, text->len) : 0.0;
}

static vouch_status take_outcome(vouch_ctx *ctx, reading *r)
{
    const vouch__batch *b = r->batch;
    vouch_status status = make_room(ctx, r, b->n);
    r->kept = 0;
    for (size_t i = 0; i < b->n && !status; i++) {
        double y = outcome_at(r, i), w = r->weight == SIZE_MAX ? 1.0 : b->value[r->weight][i];
        if (isnan(y))
            continue;
        if (!(w > 0.0 && isfinite(w)))
            return vouch__fail(ctx, VOUCH_E_DATA, "bin: '%s' [row %zu] must be finite and above 0",
                               r->weight_name, r->n + r->left_out + i);
        r->at[r->kept] = (uint32_t)i;
        r->y[r->kept] = y;
        r->w[r->kept++] = w;
    }
    return status;
}

/* ---- a column of a batch ---- */

static vouch_status add_texts(vouch_ctx *worker, const reading *r, stream *c, const vouch__span *text)
{
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < r->batch->n && !status; i++) /* also without an outcome: as a table lists them */
        status = vouch__tally_add(worker, c->texts, text[i].at, text[i].len);
    return status;
}

static bool is_special(const vouch__bin_rules *rules, double x)
{
    for (size_t k = 0; k < rules->n_special; k++)
        if (x == rules->special[k])
            return true;
    return false;
}

static void gather(const reading *r, const stream *c, size_t j, double *x)
{
    const vouch__batch *b = r->batch;
    for (size_t k = 0; k < r->kept; k++) {
        const vouch__span *text = c->is_text ? &b->text[j][r->at[k]] : NULL;
        size_t rest = c->job.rows.n_categories - 1;
        size_t found = text && text->at ? vouch__tally_find(&c->view, text->at, text->len) : 0;
        x[k] = !text ? b->value[j][r->at[k]] : !text->at ? NAN : (double)(found == SIZE_MAX ? rest : found);
    }
}

/* A text in a cell of its own, before they are put together. */
static void find_texts(const vouch__bin_rows *rows, uint16_t *cell)
{
    for (size_t k = 0; k < rows->n; k++)
        cell[k] = (uint16_t)(isnan(rows->x[k]) ? rows->n_categories : (size_t)rows->x[k]);
}

static vouch_status add_column(vouch_ctx *worker, const reading *r, size_t j)
{
    stream *c = &r->col[j];
    size_t mark = vouch__scratch_mark(worker), n = 0;
    double *x = vouch__scratch(worker, r->kept + 1, sizeof *x);
    uint16_t *cell = vouch__scratch(worker, r->kept + 1, sizeof *cell);
    vouch_status status = VOUCH_OK;
    if (!x || !cell)
        return vouch__oom(worker);
    if (!r->is_second && c->is_text) {
        status = add_texts(worker, r, c, r->batch->text[j]);
    } else if (!r->is_second) {
        for (size_t k = 0; k < r->kept; k++) {
            double value = r->batch->value[j][r->at[k]];
            if (!isnan(value) && !is_special(&r->outcome.rules, value))
                x[n++] = value;
        }
        status = vouch__sketch_add(worker, c->numbers, n, x);
    } else {
        gather(r, c, j, x);
        vouch__bin_rows rows = c->job.rows;
        rows.n = r->kept;
        rows.x = x;
        if (c->is_text)
            find_texts(&rows, cell);
        else
            vouch__cells_find(&c->job.cells, &rows, cell);
        vouch__worth_add(&r->outcome.worth, r->kept, cell, r->y, r->w,
                         c->is_text ? c->sums : c->job.cells.sums);
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

static vouch_status add_columns(vouch_ctx *worker, size_t chunk, size_t from, size_t to, void *arg)
{
    const reading *r = arg;
    vouch_status status = VOUCH_OK;
    (void)chunk;
    for (size_t j = from; j < to && !status; j++)
        if (is_binned(r, j))
            status = add_column(worker, r, j);
    return status;
}

static vouch_status rows(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    reading *r = arg;
    if (r->differs)
        return VOUCH_OK;
    r->batch = batch;
    vouch_status status = take_outcome(ctx, r);
    if (status)
        return status;
    if (!r->is_second && r->col[r->target].is_text)
        status = add_texts(ctx, r, &r->col[r->target], batch->text[r->target]);
    else if (!r->is_second)
        vouch__answers_add(&r->answers, r->kept, r->y);
    if (r->is_second) {
        size_t mark = vouch__scratch_mark(ctx);
        uint16_t *cell = vouch__scratch(ctx, r->kept + 1, sizeof *cell);
        if (!cell)
            return vouch__oom(ctx);
        vouch__answers_map(&r->answers, &r->outcome, r->kept, r->y);
        memset(cell, 0, r->kept * sizeof *cell);
        vouch__worth_add(&r->outcome.worth, r->kept, cell, r->y, r->w, r->all);
        vouch__scratch_reset(ctx, mark);
    }
    if (!status)
        status = vouch__parallel(ctx, r->cols, 1, add_columns, r);
    r->n += r->kept;
    r->left_out += batch->n - r->kept;
    return status;
}

/* ---- between the readings ---- */

static vouch_status judge_target(vouch_ctx *ctx, reading *r)
{
    stream *c = &r->col[r->target];
    vouch__bin_outcome *o = &r->outcome;
    o->target_name = c->name;
    o->n = r->n;
    o->left_out = r->left_out;
    vouch_status status = c->is_text ? vouch__tally_settle(ctx, c->texts) : VOUCH_OK;
    if (status)
        return status;
    if (c->is_text) {
        vouch__tally_view_of(c->texts, &c->view);
        size_t n = c->view.error > 0.0 ? VOUCH__CLASSES_MAX + 1 : c->view.texts;
        for (size_t k = 0; k < n && k <= VOUCH__CLASSES_MAX; k++)
            vouch__answers_add(&r->answers, 1, &(double){ (double)k });
        for (size_t k = 0; k < 2 && k < c->view.texts; k++)
            r->answers.text[k] = c->view.at[k].text;
        r->answers.is_text = true;
    }
    return vouch__answers_judge(ctx, &r->answers, o);
}

static vouch_status list_texts(vouch_ctx *ctx, stream *c, size_t n_rows)
{
    vouch_status status = vouch__tally_settle(ctx, c->texts);
    if (status)
        return status;
    vouch__tally_view_of(c->texts, &c->view);
    size_t rest = c->view.error > 0.0, cats = c->view.texts + rest;
    const char **category = vouch__scratch(ctx, cats + 1, sizeof *category);
    c->sums = vouch__scratch(ctx, (cats + 1) * c->job.outcome->worth.stride, sizeof *c->sums);
    if (!category || !c->sums)
        return vouch__oom(ctx);
    for (size_t k = 0; k < c->view.texts; k++)
        category[k] = c->view.at[k].text;
    if (rest)
        category[cats - 1] = "(texts that are not listed)";
    c->job.category = category;
    c->job.rows.n_categories = cats;
    c->job.error = c->view.error / fmax((double)n_rows, 1.0);
    return VOUCH_OK;
}

static vouch__cell_rule rule_of(const reading *r, const stream *c)
{
    vouch__cell_rule rule = vouch__bin_cell_rule(&r->outcome, r->outcome.rules.max_cells);
    rule.has_rest = c->is_text && c->view.error > 0.0;
    return rule;
}

static vouch_status plan_column(vouch_ctx *ctx, reading *r, stream *c)
{
    c->job = (vouch__bin_job){ .outcome = &r->outcome, .name = c->name, .is_sketched = true };
    if (c->is_text)
        return list_texts(ctx, c, r->n + r->left_out);
    const vouch__bin_rules *rules = &r->outcome.rules;
    vouch__sketch_view view;
    vouch_status status = vouch__sketch_settle(ctx, c->numbers);
    if (status)
        return status;
    vouch__sketch_view_of(c->numbers, &view);
    c->job.rows.special = rules->special;
    c->job.rows.n_special = rules->n_special;
    c->job.error = rules->n_splits ? 0.0 : vouch__sketch_error(&view) / fmax((double)r->n, 1.0);
    const vouch__cell_rule rule = rule_of(r, c);
    return vouch__cells_of_values(ctx, &r->outcome.worth, &c->job.rows, &rule, view.points, view.x, view.upto,
                                  &c->job.cells);
}

/* ---- all of it ---- */

static vouch_status read_twice(vouch_ctx *ctx, const vouch_source *source, const vouch__place *place,
                               reading *r)
{
    const char *name[3] = { r->wanted, r->target_name, r->weight_name };
    vouch__scan_options options = { .stage = "bin", .part = 0, .parts = 2 };
    const vouch__sink sink = { .begin = begin, .rows = rows, .arg = r };
    if (r->wanted) {
        options.wanted.column = name;
        options.wanted.columns = r->weight_name ? 3 : 2;
    }
    if (place->form == VOUCH__QUERY) {
        options.wanted.order_by = source->id; /* files have an order of their own */
        if (!source->id)
            return vouch__fail(ctx, VOUCH_E_ARG,
                               "bin: a query gives rows in no fixed order: name an id column");
    }
    vouch_status status = vouch__scan(ctx, source, place, &options, &sink);
    if (!status)
        status = judge_target(ctx, r);
    for (size_t j = 0; j < r->cols && !status; j++)
        if (is_binned(r, j))
            status = plan_column(ctx, r, &r->col[j]);
    if (status)
        return status;
    r->all = vouch__scratch(ctx, r->outcome.worth.stride, sizeof *r->all);
    if (!r->all)
        return vouch__oom(ctx);
    r->is_second = true;
    options.part = 1;
    status = vouch__scan(ctx, source, place, &options, &sink);
    if (!status && (r->differs || r->n != r->outcome.n || r->left_out != r->outcome.left_out))
        status = vouch__fail(ctx, VOUCH_E_DATA, "bin: %s changed while it was read", place->name);
    vouch__bin_outcome_bound(&r->outcome, r->all);
    return status;
}

static vouch_status finish_column(vouch_ctx *ctx, reading *r, stream *c)
{
    const vouch__cell_rule rule = rule_of(r, c);
    vouch_status status = VOUCH_OK;
    c->job.rows.n = r->outcome.n;
    if (c->is_text)
        status = vouch__cells_of_categories(ctx, &r->outcome.worth, &c->job.rows, &rule, c->sums,
                                            &c->job.cells);
    return status ? status : vouch__bin_cut(ctx, &c->job);
}

static vouch_status tell(vouch_ctx *ctx, reading *r, char **out_json, vouch_table **out_table)
{
    vouch__rank_row *row = vouch__scratch(ctx, r->cols + 1, sizeof *row);
    vouch_status status = VOUCH_OK;
    char *json = NULL;
    if (!row)
        return vouch__oom(ctx);
    for (size_t j = 0; j < r->cols && !status; j++) {
        row[j] = (vouch__rank_row){ .value = NAN };
        if (!is_binned(r, j))
            continue;
        status = finish_column(ctx, r, &r->col[j]);
        if (!status)
            row[j] = vouch__bin_rank_row(ctx, &r->col[j].job);
        if (!status && r->wanted && out_json)
            status = vouch__bin_json(ctx, &r->col[j].job, &json);
        if (!status && r->wanted && out_table)
            status = vouch__bin_table(ctx, &r->col[j].job, out_table);
    }
    if (!status && !r->wanted)
        status = vouch__bin_rank_table(ctx, r->cols, row, out_table);
    if (status)
        vouch_text_free(ctx, json);
    else if (json)
        *out_json = json;
    return status;
}

vouch_status vouch_bin_source(vouch_ctx *ctx, const vouch_source *source, const char *column,
                              const char *target, const char *weight, const char *rules, char **out_json,
                              vouch_table **out_table)
{
    size_t mark = vouch__scratch_mark(ctx);
    reading r = {
        .alloc = *vouch__allocator(ctx), .wanted = column, .target_name = target, .weight_name = weight
    };
    vouch__place place;
    vouch_status status = vouch__place_make(ctx, source, &place);
    if (status)
        return status;
    status = vouch__bin_rules_read(ctx, rules, &r.outcome.rules);
    if (!status)
        status = read_twice(ctx, source, &place, &r);
    if (!status)
        status = tell(ctx, &r, out_json, out_table);
    clear(&r);
    vouch__free(&r.alloc, r.at);
    vouch__free(&r.alloc, r.y);
    vouch__free(&r.alloc, r.w);
    vouch__place_clear(ctx, &place);
    vouch__scratch_reset(ctx, mark);
    return status;
}
