/* Explanations and reasons as CSV and JSON. Every line of CSV names the definition and the reference, so that
 * it can be read by itself. */
#include "run/explaining.h"

#include "data/table.h"
#include "data/table_write.h"

#include <math.h>
#include <string.h>

void vouch__csv_quoted(vouch__buf *out, const char *text)
{
    vouch__buf_text(out, "\"");
    for (const char *at = text; *at; at++)
        vouch__buf_add(out, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
    vouch__buf_text(out, "\"");
}

void vouch__explaining_id(const vouch__explaining *e, size_t i, vouch__buf *out)
{
    if (e->id == SIZE_MAX)
        vouch__buf_int(out, (int64_t)e->row[i] + 1);
    else
        vouch__csv_cell(e->table, e->id, e->row[i], out);
}

static const char *definition(const vouch__explaining *e) { return e->explainer ? "interventional" : "path"; }

static const char *reference(const vouch__explaining *e) { return e->explainer ? e->reference : ""; }

/* base + values less what they add up to, and the model's own raw less that. */
static double residual(const vouch__explaining *e, size_t i)
{
    size_t cols = e->model->inputs.n;
    double sum = e->base;
    for (size_t j = 0; j < cols; j++)
        sum += e->value[i * cols + j];
    return sum - e->total[i];
}

vouch_status vouch__explaining_csv(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out)
{
    size_t cols = e->model->inputs.n;
    vouch__buf_text(out, "id");
    for (size_t j = 0; j < cols; j++) {
        vouch__buf_text(out, ",");
        vouch__csv_quoted(out, e->model->inputs.at[j].name);
    }
    vouch__buf_text(out, ",base,raw,residual,source_gap,definition,reference\n");
    for (size_t i = 0; i < e->n; i++) {
        const double more[] = { e->base, e->raw[i], residual(e, i), e->raw[i] - e->total[i] };
        vouch__explaining_id(e, i, out);
        for (size_t j = 0; j < cols + 4; j++) {
            vouch__buf_text(out, ",");
            vouch__buf_double(out, j < cols ? e->value[i * cols + j] : more[j - cols]);
        }
        vouch__buf_fmt(out, ",%s,", definition(e));
        vouch__csv_quoted(out, reference(e));
        vouch__buf_text(out, "\n");
    }
    return vouch__buf_status(ctx, out);
}

static void put_text(vouch__doc *doc, vouch__json *object, const char *key, const char *text)
{
    (void)vouch__json_set(doc, object, key, vouch__json_text(doc, text));
}

static void put_number(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

/* What all rows share. */
static vouch__json *head(vouch__doc *doc, const vouch__explaining *e)
{
    vouch__json *root = vouch__json_object(doc);
    vouch__json *model = vouch__json_set(doc, root, "model", vouch__json_object(doc));
    put_text(doc, model, "name", vouch_model_name(e->model));
    put_text(doc, model, "kind", vouch_model_kind_name(e->model));
    put_text(doc, model, "fingerprint", vouch_model_fingerprint(e->model));
    put_text(doc, root, "definition", definition(e));
    put_text(doc, root, "unit", "log-odds of bad");
    put_number(doc, root, "base", e->base);
    if (isfinite(e->cutoff))
        put_number(doc, root, "cutoff", e->cutoff);
    if (!e->explainer)
        return root;
    vouch__json *about = vouch__json_set(doc, root, "reference", vouch__json_object(doc));
    put_text(doc, about, "population", e->reference);
    put_number(doc, about, "rows", (double)e->n_reference);
    put_text(doc, about, "table", e->reference_hash);
    return root;
}

static vouch__json *row_head(vouch__doc *doc, const vouch__explaining *e, size_t i, vouch__json *rows,
                             vouch__buf *id)
{
    vouch__json *row = vouch__json_push(doc, rows, vouch__json_object(doc));
    vouch__buf_clear(id);
    if (e->id == SIZE_MAX)
        vouch__buf_int(id, (int64_t)e->row[i] + 1);
    else
        vouch__table_cell(e->table, e->id, e->row[i], id);
    vouch__buf_add(id, "", 1);
    put_text(doc, row, "id", id->at ? id->at : "");
    put_number(doc, row, "raw", e->raw[i]);
    if (isfinite(e->probability[i]))
        put_number(doc, row, "probability", e->probability[i]);
    return row;
}

static vouch_status write_doc(vouch_ctx *ctx, vouch__doc *doc, const vouch__json *root, vouch__buf *id,
                              vouch__buf *out)
{
    vouch_status status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch__buf_status(ctx, id);
    if (!status) {
        vouch__json_write(out, root);
        vouch__buf_text(out, "\n");
        status = vouch__buf_status(ctx, out);
    }
    vouch__buf_free(id);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__explaining_json(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out)
{
    size_t cols = e->model->inputs.n;
    vouch__doc *doc = NULL;
    vouch__buf id;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__buf_init(ctx, &id, 0);
    vouch__json *root = head(doc, e);
    vouch__json *rows = vouch__json_set(doc, root, "rows", vouch__json_array(doc));
    for (size_t i = 0; i < e->n; i++) {
        vouch__json *row = row_head(doc, e, i, rows, &id);
        vouch__json *values = vouch__json_set(doc, row, "contributions", vouch__json_object(doc));
        for (size_t j = 0; j < cols; j++)
            put_number(doc, values, e->model->inputs.at[j].name, e->value[i * cols + j]);
        put_number(doc, row, "residual", residual(e, i));
        put_number(doc, row, "source_gap", e->raw[i] - e->total[i]);
    }
    return write_doc(ctx, doc, root, &id, out);
}

/* The reasons of row i; "" as decision when no cut-off decides. */
static const char *judge(const vouch__explaining *e, size_t i, vouch__reason *reason, size_t *out_n)
{
    *out_n = vouch__reasons_rank(&e->map, e->value + i * e->model->inputs.n, e->top, reason);
    if (!isfinite(e->cutoff))
        return "";
    if (!(e->probability[i] > e->cutoff)) {
        *out_n = 0;
        return "approve";
    }
    return *out_n ? "decline" : "refer";
}

/* Approved rows have no reasons: they are told of only when asked for by id. */
static bool is_told(const vouch__explaining *e, const char *decision)
{
    return e->options->row || strcmp(decision, "approve") != 0;
}

static void reason_cells(const vouch__explaining *e, size_t rank, const vouch__reason *reason,
                         vouch__buf *out)
{
    if (!reason) {
        vouch__buf_text(out, ",,,,,,");
        return;
    }
    const vouch__characteristic *c = &e->map.at[reason->characteristic];
    vouch__buf_fmt(out, ",%zu,", rank);
    vouch__csv_quoted(out, c->name);
    vouch__buf_text(out, ",");
    vouch__csv_quoted(out, c->code ? c->code : "");
    vouch__buf_text(out, ",");
    vouch__csv_quoted(out, c->text);
    vouch__buf_text(out, ",");
    vouch__buf_double(out, reason->log_odds);
    vouch__buf_text(out, ",");
    vouch__buf_double(out, reason->share);
}

vouch_status vouch__reasons_csv(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    vouch__reason *reason = vouch__scratch(ctx, e->top, sizeof *reason);
    if (!reason)
        return vouch__oom(ctx);
    vouch__buf_text(
        out, "id,decision,probability,rank,characteristic,code,text,log_odds,share,definition,reference\n");
    for (size_t i = 0; i < e->n; i++) {
        const char *decision = judge(e, i, reason, &n);
        for (size_t r = 0; (r < n || r == 0) && is_told(e, decision); r++) {
            vouch__explaining_id(e, i, out);
            vouch__buf_fmt(out, ",%s,", decision);
            vouch__buf_double(out, e->probability[i]);
            reason_cells(e, r + 1, n ? &reason[r] : NULL, out);
            vouch__buf_fmt(out, ",%s,", definition(e));
            vouch__csv_quoted(out, reference(e));
            vouch__buf_text(out, "\n");
        }
    }
    vouch__scratch_reset(ctx, mark);
    return vouch__buf_status(ctx, out);
}

vouch_status vouch__reasons_json(vouch_ctx *ctx, const vouch__explaining *e, vouch__buf *out)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    vouch__reason *reason = vouch__scratch(ctx, e->top, sizeof *reason);
    vouch__doc *doc = NULL;
    vouch__buf id;
    if (!reason)
        return vouch__oom(ctx);
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__buf_init(ctx, &id, 0);
    vouch__json *root = head(doc, e);
    put_text(doc, root, "ties", "by the characteristic's name");
    put_number(doc, root, "top", (double)e->top);
    vouch__json *rows = vouch__json_set(doc, root, "rows", vouch__json_array(doc));
    for (size_t i = 0; i < e->n; i++) {
        const char *decision = judge(e, i, reason, &n);
        if (!is_told(e, decision))
            continue;
        vouch__json *row = row_head(doc, e, i, rows, &id);
        if (*decision)
            put_text(doc, row, "decision", decision);
        put_number(doc, row, "residual", residual(e, i));
        vouch__json *list = vouch__json_set(doc, row, "reasons", vouch__json_array(doc));
        for (size_t r = 0; r < n; r++) {
            const vouch__characteristic *c = &e->map.at[reason[r].characteristic];
            vouch__json *at = vouch__json_push(doc, list, vouch__json_object(doc));
            put_text(doc, at, "characteristic", c->name);
            if (c->code)
                put_text(doc, at, "code", c->code);
            put_text(doc, at, "text", c->text);
            put_number(doc, at, "log_odds", reason[r].log_odds);
            put_number(doc, at, "share", reason[r].share);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return write_doc(ctx, doc, root, &id, out);
}
