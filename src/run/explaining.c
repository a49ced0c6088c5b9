/* From options to values: the model, the rows, whom they are compared with, and one pass over them. */
#include "run/explaining.h"

#include "base/file.h"
#include "base/parallel.h"
#include "data/table.h"
#include "explain/near_cutoff.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 2048, GROUPS_MAX = 1 << 20, TOP = 4, TOP_MAX = 100 };

static bool is_word(const char *text, const char *word) { return text && strcmp(text, word) == 0; }

static vouch_status check_options(vouch_ctx *ctx, const vouch_explain_options *o, bool is_reasons)
{
    bool is_path = is_word(o->method, "path");
    if (o->method && !is_path && !is_word(o->method, "interventional"))
        return vouch__fail(ctx, VOUCH_E_ARG, "explain: method is '%s', must be interventional or path",
                           o->method);
    if (o->output && !is_word(o->output, "csv") && !is_word(o->output, "json") && !is_word(o->output, "html"))
        return vouch__fail(ctx, VOUCH_E_ARG, "explain: output is '%s', must be csv, json or html", o->output);
    if (!(o->cutoff >= 0 && o->cutoff <= 1))
        return vouch__fail(ctx, VOUCH_E_ARG, "explain: cutoff must be a probability from 0 to 1");
    if (is_word(o->reference, "near-cutoff") && !(o->cutoff > 0))
        return vouch__fail(ctx, VOUCH_E_ARG, "explain: reference near-cutoff needs a cutoff");
    if (is_path && is_reasons)
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "reasons: path-dependent values compare with no named population, so no reasons are "
            "told from them");
    if (is_path && (o->reference || o->population))
        return vouch__fail(ctx, VOUCH_E_ARG, "explain: method path has no reference");
    if (is_path && is_word(o->output, "html"))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "explain: the page is of interventional values; path gives csv and json");
    if (o->top > TOP_MAX)
        return vouch__fail(ctx, VOUCH_E_ARG, "reasons: top is %zu, must be from 1 to %d", o->top, TOP_MAX);
    return VOUCH_OK;
}

static vouch_status open_table(vouch_ctx *ctx, const vouch__explaining *e, const char *source, bool has_id,
                               vouch_table **out_table)
{
    const vouch_source from = { .source = source,
                                .id = has_id ? e->options->id : NULL,
                                .duckdb = e->options->duckdb,
                                .is_text = vouch_model_takes_text,
                                .of = e->model };
    vouch_status status = vouch_table_open(ctx, &from, out_table);
    if (!status && vouch_table_rows(*out_table) == 0) {
        vouch_table_unref(*out_table);
        *out_table = NULL;
        status = vouch__fail(ctx, VOUCH_E_DATA, "explain: %s has no rows", source);
    }
    return status;
}

/* The row whose id reads as text; without an id column, the row of that number. */
static vouch_status find_row(vouch_ctx *ctx, const vouch__explaining *e, const char *text, size_t *out)
{
    int64_t number = 0;
    size_t n = vouch_table_rows(e->table);
    vouch__buf cell;
    if (e->id == SIZE_MAX) {
        if (!vouch__int_read(text, strlen(text), &number) || number < 1 || (uint64_t)number > n)
            return vouch__fail(ctx, VOUCH_E_NOTFOUND,
                               "explain: row is '%s', must be a number from 1 to %zu: no id column is named",
                               text, n);
        *out = (size_t)number - 1;
        return VOUCH_OK;
    }
    vouch__buf_init(ctx, &cell, 0);
    for (size_t i = 0; i < n && !cell.status; i++) {
        vouch__buf_clear(&cell);
        vouch__table_cell(e->table, e->id, i, &cell);
        if (cell.len == strlen(text) && memcmp(cell.at, text, cell.len) == 0) {
            vouch__buf_free(&cell);
            *out = i;
            return VOUCH_OK;
        }
    }
    vouch_status status = vouch__buf_status(ctx, &cell);
    vouch__buf_free(&cell);
    return status ? status
                  : vouch__fail(ctx, VOUCH_E_NOTFOUND, "explain: no row of %s has %s '%s'", e->options->data,
                                e->options->id, text);
}

static vouch_status choose_rows(vouch_ctx *ctx, vouch__explaining *e)
{
    const vouch_explain_options *o = e->options;
    bool is_page = is_word(o->output, "html");
    vouch_status status = VOUCH_OK;
    size_t n = vouch_table_rows(e->table);
    e->id = o->id ? vouch_table_find(e->table, o->id) : SIZE_MAX;
    e->one = SIZE_MAX;
    if (o->row)
        status = find_row(ctx, e, o->row, &e->one);
    if (status)
        return status;
    n = o->rows && o->rows < n ? o->rows : n;
    n = o->row && !is_page ? 1 : n;
    e->row = vouch__alloc(ctx, n + 1, sizeof *e->row);
    if (!e->row)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        e->row[i] = (uint32_t)(o->row && !is_page ? e->one : i);
    if (is_page && o->row && e->one >= n) /* beyond the first rows: it takes the last one's place */
        e->row[n - 1] = (uint32_t)e->one;
    e->n = n;
    return VOUCH_OK;
}

/* Every key is an input. */
static vouch_status check_groups(vouch_ctx *ctx, const vouch__explaining *e, const vouch__json *root)
{
    size_t n = e->model->inputs.n, mark = vouch__scratch_mark(ctx);
    const char **name = vouch__scratch(ctx, n + 1, sizeof *name);
    vouch_status status = VOUCH_OK;
    if (!name)
        return vouch__oom(ctx);
    for (size_t j = 0; j < n; j++)
        name[j] = e->model->inputs.at[j].name;
    for (const vouch__json *at = root ? root->first : NULL; at && !status; at = at->next) {
        const char *key = at->key ? at->key : "";
        size_t j = 0;
        while (j < n && strcmp(name[j], key) != 0)
            j++;
        const char *near = j == n ? vouch__nearest(key, name, n) : NULL;
        if (j == n)
            status = vouch__fail(ctx, VOUCH_E_FORMAT, "%s:%u:%u: '%s' is no input of the model%s",
                                 e->options->groups, at->key_line, at->key_column, key,
                                 vouch__did_you_mean(near).text);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status read_groups(vouch_ctx *ctx, vouch__explaining *e)
{
    const char *path = e->options->groups;
    vouch__buf text;
    vouch__doc *doc = NULL;
    if (!path)
        return vouch__reason_map_make(ctx, &e->model->inputs, NULL, &e->map);
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__file_read(ctx, path, GROUPS_MAX, &text);
    if (!status)
        status = vouch__yaml_read(ctx, path, text.at, text.len, GROUPS_MAX, &doc);
    const vouch__json *root = doc ? vouch__doc_root(doc) : NULL;
    if (!status)
        status = check_groups(ctx, e, root);
    if (!status) {
        status = vouch__reason_map_make(ctx, &e->model->inputs, root, &e->map);
        if (status)
            status = vouch__because(ctx, status, "%s", path);
    }
    vouch__doc_free(doc);
    vouch__buf_free(&text);
    return status;
}

/* Rows of the population that stand at or just above the cut-off: approved, with the highest probability. */
static vouch_status near_cutoff(vouch_ctx *ctx, vouch__explaining *e, const vouch_table *population,
                                const vouch__binding *binding)
{
    size_t n = vouch_table_rows(population), mark = vouch__scratch_mark(ctx);
    double *probability = vouch__scratch(ctx, n + 1, sizeof *probability);
    uint32_t *chosen = vouch__scratch(ctx, n + 1, sizeof *chosen);
    if (!probability || !chosen)
        return vouch__oom(ctx);
    vouch_status status = vouch__model_score_bound(ctx, e->model, binding, 0, n, NULL, NULL, probability,
                                                   NULL);
    if (!status)
        status = vouch__near_cutoff(ctx, n, probability, e->cutoff, chosen, &e->n_reference);
    if (!status && e->n_reference == 0)
        status = vouch__fail(ctx, VOUCH_E_DATA,
                             "explain: no row of the population is approved at this cutoff");
    if (!status)
        status = vouch__explainer_make(ctx, e->model, binding, e->n_reference, chosen, &e->explainer);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status make_reference(vouch_ctx *ctx, vouch__explaining *e)
{
    const vouch_explain_options *o = e->options;
    bool is_near = is_word(o->reference, "near-cutoff");
    bool is_named = o->reference && !is_near && !is_word(o->reference, "all");
    const char *source = is_named ? o->reference : o->population ? o->population : o->data;
    vouch_table *other = NULL;
    vouch__binding binding = { .inputs = NULL };
    char cutoff[VOUCH__DOUBLE_MAX + 1] = "";
    vouch_status status = is_named || o->population ? open_table(ctx, e, source, false, &other) : VOUCH_OK;
    const vouch_table *table = other ? other : e->table;
    if (!status)
        status = vouch__bind(ctx, &e->model->inputs, table, &binding);
    if (!status)
        status = vouch__table_fingerprint(ctx, table, e->reference_hash);
    if (!status && is_near)
        status = near_cutoff(ctx, e, table, &binding);
    else if (!status) {
        e->n_reference = vouch_table_rows(table);
        status = vouch__explainer_make(ctx, e->model, &binding, e->n_reference, NULL, &e->explainer);
    }
    if (!status) {
        cutoff[vouch__double_text(o->cutoff, cutoff)] = '\0';
        (void)snprintf(e->reference, sizeof e->reference, "%s %zu rows of %.400s%s%s",
                       is_near ? "the" : "all", e->n_reference, source,
                       is_near ? " just approved at the cut-off of " : "", is_near ? cutoff : "");
        e->base = vouch__explainer_base(e->explainer);
    }
    vouch__binding_clear(&binding);
    vouch_table_unref(other);
    return status ? vouch__because(ctx, status, "reference %s", source) : VOUCH_OK;
}

static vouch_status explain_block(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    vouch__explaining *e = arg;
    size_t cols = e->model->inputs.n, n = end - begin, mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, n * cols, sizeof *x), base = 0;
    vouch_status status = VOUCH_OK;
    if (!x)
        return vouch__oom(worker);
    vouch__bound_rows(&e->binding, 0, n, e->row + begin, x);
    vouch__matrix block = { x, n, cols };
    vouch__model_total(e->model, block, e->raw + begin, e->total + begin);
    if (e->explainer) {
        status = vouch__explainer_rows(worker, e->explainer, block, e->value + begin * cols);
    } else {
        status = e->model->kind->contributions(worker, e->model->state, block, e->value + begin * cols,
                                               &base);
        if (chunk == 0)
            e->base = base;
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

/* Without a row asked for: the first declined, else the riskiest. */
static void choose_one(vouch__explaining *e)
{
    size_t best = 0;
    if (e->one != SIZE_MAX)
        return;
    for (size_t i = 0; i < e->n; i++) {
        if (e->probability[i] > e->cutoff) {
            best = i;
            break;
        }
        best = e->raw[i] > e->raw[best] ? i : best;
    }
    e->one = e->row[best];
}

static vouch_status compute(vouch_ctx *ctx, vouch__explaining *e)
{
    size_t cols = e->model->inputs.n;
    e->raw = vouch__alloc(ctx, e->n, sizeof *e->raw);
    e->probability = vouch__alloc(ctx, e->n, sizeof *e->probability);
    e->total = vouch__alloc(ctx, e->n, sizeof *e->total);
    e->value = vouch__alloc(ctx, e->n * cols, sizeof *e->value);
    if (!e->raw || !e->probability || !e->total || !e->value)
        return vouch__oom(ctx);
    vouch_status status = vouch__model_score_bound(ctx, e->model, &e->binding, 0, e->n, e->row, e->raw,
                                                   e->probability, NULL);
    if (!status)
        status = vouch__parallel(ctx, e->n, BLOCK, explain_block, e);
    if (!status)
        choose_one(e);
    return status;
}

vouch_status vouch__explaining_open(vouch_ctx *ctx, const vouch_explain_options *options,
                                    vouch__explaining *out)
{
    *out = (vouch__explaining){ .options = options,
                                .cutoff = options->cutoff > 0 ? options->cutoff : INFINITY,
                                .top = options->top ? options->top : TOP,
                                .alloc = *vouch__allocator(ctx) };
    vouch_status status = vouch_model_load(ctx, options->model, &out->model);
    if (!status)
        status = read_groups(ctx, out);
    if (!status)
        status = open_table(ctx, out, options->data, true, &out->table);
    if (!status)
        status = choose_rows(ctx, out);
    if (!status) {
        status = vouch__bind(ctx, &out->model->inputs, out->table, &out->binding);
        if (status)
            status = vouch__because(ctx, status, "%s", options->data);
    }
    if (status)
        vouch__explaining_clear(out);
    return status;
}

vouch_status vouch__explaining_make(vouch_ctx *ctx, const vouch_explain_options *options, bool is_reasons,
                                    vouch__explaining *out)
{
    vouch_status status = check_options(ctx, options, is_reasons);
    if (!status)
        status = vouch__explaining_open(ctx, options, out);
    if (status)
        return status;
    if (!is_word(options->method, "path"))
        status = make_reference(ctx, out);
    if (!status)
        status = compute(ctx, out);
    if (status)
        vouch__explaining_clear(out);
    return status;
}

void vouch__explaining_clear(vouch__explaining *e)
{
    vouch_explainer_free(e->explainer);
    vouch__reason_map_clear(&e->map);
    vouch__binding_clear(&e->binding);
    vouch__free(&e->alloc, e->row);
    vouch__free(&e->alloc, e->raw);
    vouch__free(&e->alloc, e->probability);
    vouch__free(&e->alloc, e->total);
    vouch__free(&e->alloc, e->value);
    vouch_table_unref(e->table);
    vouch_model_free(e->model);
    *e = (vouch__explaining){ .options = NULL };
}
