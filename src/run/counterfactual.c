/* What declined rows could change to be approved: files in, sentences, CSV or JSON out. */
#include "base/file.h"
#include "base/parallel.h"
#include "data/table.h"
#include "explain/recourse.h"
#include "run/explaining.h"

#include <math.h>
#include <string.h>

enum { RULES_MAX = 1 << 20, AT_ONCE = 64 };

typedef struct fate { /* of a row */
    size_t n;
    double raw, probability, bound;
} fate;

typedef struct work {
    vouch__explaining e; /* model, table and rows; nothing else of it is used */
    vouch_recourse *recourse;
    size_t answers, first;
    fate *fate;                    /* [e.n] */
    double *row;                   /* [e.n x answers x inputs] */
    vouch_recourse_answer *answer; /* [e.n x answers] */
} work;

static vouch_status open_recourse(vouch_ctx *ctx, const vouch_counterfactual_options *o, work *w)
{
    vouch__buf text;
    vouch__doc *doc = NULL;
    vouch_table *other = NULL;
    vouch__binding binding = { .n = 0 };
    vouch_status status = VOUCH_OK;
    const vouch_source from = {
        .source = o->population, .duckdb = o->duckdb, .is_text = vouch_model_takes_text, .of = w->e.model
    };
    vouch__buf_init(ctx, &text, 0);
    if (o->rules)
        status = vouch__file_read(ctx, o->rules, RULES_MAX, &text);
    if (!status && o->rules)
        status = vouch__yaml_read(ctx, o->rules, text.at, text.len, RULES_MAX, &doc);
    if (!status && o->population)
        status = vouch_table_open(ctx, &from, &other);
    const vouch_table *table = other ? other : w->e.table;
    if (!status)
        status = vouch__bind(ctx, &w->e.model->inputs, table, &binding);
    if (!status)
        status = vouch__recourse_make(ctx, w->e.model, &binding, vouch_table_rows(table), NULL, &o->how,
                                      o->rules ? o->rules : "rules", doc ? vouch__doc_root(doc) : NULL,
                                      &w->recourse);
    vouch__binding_clear(&binding);
    vouch_table_unref(other);
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    return status;
}

static vouch_status find_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    work *w = arg;
    size_t cols = w->e.model->inputs.n, mark = vouch__scratch_mark(worker);
    double *row = vouch__scratch(worker, cols, sizeof *row);
    vouch_status status = VOUCH_OK;
    (void)chunk;
    if (!row)
        return vouch__oom(worker);
    for (size_t i = w->first + begin; i < w->first + end && !status; i++) {
        fate *f = &w->fate[i];
        vouch__bound_rows(&w->e.binding, 0, 1, w->e.row + i, row);
        vouch__recourse_score(w->recourse, row, &f->raw, &f->probability);
        status = vouch_recourse_find(worker, w->recourse, row, w->row + i * w->answers * cols,
                                     w->answer + i * w->answers, &f->n, &f->bound);
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

static vouch_status compute(vouch_ctx *ctx, work *w)
{
    size_t n = w->e.n, cols = w->e.model->inputs.n;
    vouch_status status = VOUCH_OK;
    w->answers = vouch_recourse_answers(w->recourse);
    w->fate = vouch__alloc(ctx, n, sizeof *w->fate);
    w->row = vouch__alloc(ctx, n * w->answers * cols, sizeof *w->row);
    w->answer = vouch__alloc(ctx, n * w->answers, sizeof *w->answer);
    if (!w->fate || !w->row || !w->answer)
        return vouch__oom(ctx);
    for (w->first = 0; w->first < n && !status; w->first += AT_ONCE) {
        vouch__progress(ctx, "counterfactuals", w->first, n);
        status = vouch__parallel(ctx, n - w->first < AT_ONCE ? n - w->first : AT_ONCE, 1, find_rows, w);
    }
    return status;
}

/* ---- text ---- */

static bool is_approved(const work *w, size_t i) { return w->fate[i].probability <= w->recourse->cutoff; }

static void id_text(const work *w, size_t i, vouch__buf *out)
{
    if (w->e.id == SIZE_MAX)
        vouch__buf_int(out, (int64_t)w->e.row[i] + 1);
    else
        vouch__table_cell(w->e.table, w->e.id, w->e.row[i], out);
}

static void value_text(const work *w, size_t input, double x, vouch__buf *out)
{
    const vouch__input *in = &w->e.model->inputs.at[input];
    if (in->is_category)
        vouch__buf_text(out, x >= 0.0 && x < (double)in->n_categories ? in->category[(size_t)x] : "");
    else
        vouch__value_text(vouch_table_type(w->e.table, w->e.binding.column[input]), x, out);
}

static void answer_text(const work *w, size_t i, size_t k, const double *from, vouch__buf *out)
{
    size_t cols = w->e.model->inputs.n, told = 0;
    const vouch_recourse_answer *a = &w->answer[i * w->answers + k];
    const double *to = w->row + (i * w->answers + k) * cols;
    vouch__buf_fmt(out, "  %zu. If ", k + 1);
    for (size_t j = 0; j < cols; j++) {
        if (from[j] == to[j] || isnan(to[j]))
            continue;
        vouch__buf_fmt(out, "%s%s were ", told++ ? " and " : "", w->e.model->inputs.at[j].name);
        value_text(w, j, to[j], out);
        vouch__buf_text(out, " instead of ");
        value_text(w, j, from[j], out);
    }
    vouch__buf_text(out, ": approved, P(bad) ");
    vouch__buf_fixed(out, a->probability, 4);
    vouch__buf_text(out, "; cost ");
    vouch__buf_fixed(out, a->cost, 4);
    if (a->is_optimal)
        vouch__buf_text(out, k ? ", the least possible that is different" : ", the least possible");
    else {
        vouch__buf_text(out, ", no answer costs less than ");
        vouch__buf_fixed(out, a->bound, 4);
    }
    vouch__buf_text(out, "\n");
}

static vouch_status write_text(vouch_ctx *ctx, const work *w, vouch__buf *out)
{
    size_t cols = w->e.model->inputs.n, mark = vouch__scratch_mark(ctx);
    double *from = vouch__scratch(ctx, cols, sizeof *from);
    if (!from)
        return vouch__oom(ctx);
    for (size_t i = 0; i < w->e.n; i++) {
        const fate *f = &w->fate[i];
        if (is_approved(w, i) && !w->e.options->row)
            continue;
        vouch__bound_rows(&w->e.binding, 0, 1, w->e.row + i, from);
        id_text(w, i, out);
        vouch__buf_fmt(out, ": %s, P(bad) ", is_approved(w, i) ? "approved" : "declined");
        vouch__buf_fixed(out, f->probability, 4);
        vouch__buf_text(out, "\n");
        for (size_t k = 0; k < f->n && !is_approved(w, i); k++)
            answer_text(w, i, k, from, out);
        if (f->n == 0 && isinf(f->bound))
            vouch__buf_text(out, "  Nothing that the rules allow is approved; this is proven.\n");
        else if (f->n == 0) {
            vouch__buf_text(out, "  The search found nothing; no answer costs less than ");
            vouch__buf_fixed(out, f->bound, 4);
            vouch__buf_text(out, ".\n");
        }
    }
    vouch__scratch_reset(ctx, mark);
    return vouch__buf_status(ctx, out);
}

static void cell(const work *w, size_t input, double x, vouch__buf *out)
{
    const vouch__input *in = &w->e.model->inputs.at[input];
    vouch__buf_text(out, ",");
    if (in->is_category)
        vouch__csv_quoted(out, x >= 0.0 && x < (double)in->n_categories ? in->category[(size_t)x] : "");
    else
        value_text(w, input, x, out);
}

static vouch_status write_csv(vouch_ctx *ctx, const work *w, vouch__buf *out)
{
    size_t cols = w->e.model->inputs.n, mark = vouch__scratch_mark(ctx);
    double *from = vouch__scratch(ctx, cols, sizeof *from);
    if (!from)
        return vouch__oom(ctx);
    vouch__buf_text(out, "id,answer,input,from,to,probability_before,probability,cost,bound,is_optimal\n");
    for (size_t i = 0; i < w->e.n; i++) {
        vouch__bound_rows(&w->e.binding, 0, 1, w->e.row + i, from);
        for (size_t k = 0; k < w->fate[i].n && !is_approved(w, i); k++) {
            const vouch_recourse_answer *a = &w->answer[i * w->answers + k];
            const double *to = w->row + (i * w->answers + k) * cols;
            for (size_t j = 0; j < cols; j++) {
                const double number[] = { w->fate[i].probability, a->probability, a->cost, a->bound };
                if (from[j] == to[j] || isnan(to[j]))
                    continue;
                vouch__explaining_id(&w->e, i, out);
                vouch__buf_fmt(out, ",%zu,", k + 1);
                vouch__csv_quoted(out, w->e.model->inputs.at[j].name);
                cell(w, j, from[j], out);
                cell(w, j, to[j], out);
                for (size_t c = 0; c < 4; c++) {
                    vouch__buf_text(out, ",");
                    vouch__buf_double(out, number[c]);
                }
                vouch__buf_fmt(out, ",%d\n", a->is_optimal);
            }
        }
    }
    vouch__scratch_reset(ctx, mark);
    return vouch__buf_status(ctx, out);
}

/* ---- JSON ---- */

static void put(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

static vouch__json *value_json(const work *w, vouch__doc *doc, size_t input, double x)
{
    const vouch__input *in = &w->e.model->inputs.at[input];
    if (!in->is_category)
        return vouch__json_number(doc, x);
    return vouch__json_text(doc, x >= 0.0 && x < (double)in->n_categories ? in->category[(size_t)x] : NULL);
}

static void answer_json(const work *w, vouch__doc *doc, vouch__json *list, size_t i, size_t k,
                        const double *from)
{
    size_t cols = w->e.model->inputs.n;
    const vouch_recourse_answer *a = &w->answer[i * w->answers + k];
    const double *to = w->row + (i * w->answers + k) * cols;
    vouch__json *object = vouch__json_push(doc, list, vouch__json_object(doc));
    vouch__json *changes = vouch__json_set(doc, object, "changes", vouch__json_array(doc));
    for (size_t j = 0; j < cols; j++) {
        if (from[j] == to[j] || isnan(to[j]))
            continue;
        vouch__json *change = vouch__json_push(doc, changes, vouch__json_object(doc));
        (void)vouch__json_set(doc, change, "input", vouch__json_text(doc, w->e.model->inputs.at[j].name));
        (void)vouch__json_set(doc, change, "from", value_json(w, doc, j, from[j]));
        (void)vouch__json_set(doc, change, "to", value_json(w, doc, j, to[j]));
        put(doc, change, "cost", vouch__recourse_cost(w->recourse, j, from[j], to[j]));
    }
    put(doc, object, "cost", a->cost);
    put(doc, object, "bound", a->bound);
    put(doc, object, "raw", a->raw);
    put(doc, object, "probability", a->probability);
    (void)vouch__json_set(doc, object, "is_optimal", vouch__json_bool(doc, a->is_optimal != 0));
}

static void row_json(const work *w, vouch__doc *doc, vouch__json *rows, size_t i, const double *from,
                     vouch__buf *id)
{
    const fate *f = &w->fate[i];
    vouch__json *row = vouch__json_push(doc, rows, vouch__json_object(doc));
    vouch__buf_clear(id);
    id_text(w, i, id);
    vouch__buf_add(id, "", 1);
    (void)vouch__json_set(doc, row, "id", vouch__json_text(doc, id->at ? id->at : ""));
    (void)vouch__json_set(doc, row, "decision",
                          vouch__json_text(doc, is_approved(w, i) ? "approve" : "decline"));
    put(doc, row, "raw", f->raw);
    put(doc, row, "probability", f->probability);
    if (is_approved(w, i))
        return;
    put(doc, row, "next_costs_at_least", f->bound);
    vouch__json *list = vouch__json_set(doc, row, "answers", vouch__json_array(doc));
    for (size_t k = 0; k < f->n; k++)
        answer_json(w, doc, list, i, k, from);
}

static vouch_status write_json(vouch_ctx *ctx, const work *w, vouch__buf *out)
{
    vouch__doc *doc = NULL;
    vouch__buf id;
    size_t mark = vouch__scratch_mark(ctx);
    double *from = vouch__scratch(ctx, w->e.model->inputs.n, sizeof *from);
    if (!from)
        return vouch__oom(ctx);
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__buf_init(ctx, &id, 0);
    vouch__json *root = vouch__json_object(doc);
    vouch__json *model = vouch__json_set(doc, root, "model", vouch__json_object(doc));
    (void)vouch__json_set(doc, model, "name", vouch__json_text(doc, vouch_model_name(w->e.model)));
    (void)vouch__json_set(doc, model, "kind", vouch__json_text(doc, vouch_model_kind_name(w->e.model)));
    (void)vouch__json_set(doc, model, "fingerprint",
                          vouch__json_text(doc, vouch_model_fingerprint(w->e.model)));
    put(doc, root, "cutoff", w->recourse->cutoff);
    (void)vouch__json_set(doc, root, "cost", vouch__json_text(doc, w->recourse->by_mad ? "mad" : "quantile"));
    vouch__json *rows = vouch__json_set(doc, root, "rows", vouch__json_array(doc));
    for (size_t i = 0; i < w->e.n; i++) {
        if (is_approved(w, i) && !w->e.options->row)
            continue;
        vouch__bound_rows(&w->e.binding, 0, 1, w->e.row + i, from);
        row_json(w, doc, rows, i, from, &id);
    }
    status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__buf_status(ctx, &id);
    if (!status) {
        vouch__json_write(out, root);
        vouch__buf_text(out, "\n");
        status = vouch__buf_status(ctx, out);
    }
    vouch__buf_free(&id);
    vouch__doc_free(doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

typedef vouch_status writer(vouch_ctx *ctx, const work *w, vouch__buf *out);

vouch_status vouch_counterfactual(vouch_ctx *ctx, const vouch_counterfactual_options *o, char **out_text)
{
    static const struct {
        const char *name;
        writer *write;
    } form[] = { { "text", write_text }, { "csv", write_csv }, { "json", write_json } };
    const vouch_explain_options rows = { .model = o->model,
                                         .data = o->data,
                                         .id = o->id,
                                         .row = o->row,
                                         .rows = o->rows,
                                         .output = "csv",
                                         .duckdb = o->duckdb };
    work w = { .recourse = NULL };
    vouch__buf text;
    writer *write = NULL;
    for (size_t k = 0; k < sizeof form / sizeof *form; k++)
        if (!strcmp(o->output ? o->output : "text", form[k].name))
            write = form[k].write;
    if (!write)
        return vouch__fail(ctx, VOUCH_E_ARG, "counterfactual: output is '%s', must be text, csv or json",
                           o->output);
    vouch_status status = vouch__explaining_open(ctx, &rows, &w.e);
    if (status)
        return status;
    vouch__buf_init(ctx, &text, 0);
    status = open_recourse(ctx, o, &w);
    if (!status)
        status = compute(ctx, &w);
    if (!status)
        status = write(ctx, &w, &text);
    if (!status) {
        *out_text = vouch__buf_take(&text);
        status = *out_text ? VOUCH_OK : vouch__oom(ctx);
    }
    vouch__buf_free(&text);
    vouch_recourse_free(w.recourse);
    vouch__free(&w.e.alloc, w.fate);
    vouch__free(&w.e.alloc, w.row);
    vouch__free(&w.e.alloc, w.answer);
    vouch__explaining_clear(&w.e);
    return status;
}
