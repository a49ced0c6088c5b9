/* Reject inference from a recipe: who was accepted, what became of them, and the inputs of the model. */
#include "run/rejecting.h"

#include "base/file.h"
#include "base/schema.h"
#include "data/table.h"
#include "data/table_stack.h"

#include <math.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, FITS = VOUCH__REJECT_FITS };

/* clang-format off */
static const vouch__key keys[] = {
    { "name", VOUCH__KEY_TEXT, false, 0, 0, NULL },     { "target", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
    { "weight", VOUCH__KEY_TEXT, false, 0, 0, NULL },   { "inputs", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "ignore", VOUCH__KEY_LIST, false, 0, 0, NULL },   { "rejects", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
    { "seed", VOUCH__KEY_NUMBER, false, 0, 9007199254740991.0, NULL },
    { "model", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
};
static const vouch__key target_keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },    { "bad", VOUCH__KEY_ANY, true, 0, 0, NULL },
};
/* clang-format on */
#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef vouch__rejecting work;

static vouch_status column(work *w, const vouch__json *mapping, const char *key, size_t *out)
{
    const vouch__json *at = mapping ? vouch__json_get(mapping, key) : NULL;
    *out = SIZE_MAX;
    if (!at || at->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    *out = vouch__json_string(at) ? vouch_table_find(w->table, at->text) : SIZE_MAX;
    return *out != SIZE_MAX ? VOUCH_OK
                            : vouch__schema_fail(w->ctx, w->o->recipe, at, "no such column in the data");
}

/* The value of a column that a key of the recipe names, as the column holds it. */
static vouch_status value_of(work *w, size_t col, const vouch__json *at, double *out)
{
    return vouch__rejecting_value(w->ctx, w->o->recipe, w->table, col, at, out);
}

static vouch_status read_inputs(work *w, const size_t *role, size_t n_roles)
{
    const vouch__json *inputs = vouch__json_get(w->root, "inputs"),
                      *ignore = vouch__json_get(w->root, "ignore");
    size_t cols = vouch_table_cols(w->table), col;
    w->input = vouch__scratch(w->ctx, cols + 1, sizeof(const char *));
    if (!w->input)
        return vouch__oom(w->ctx);
    for (int list = 0; list < 2; list++) /* one misspelt in ignore would be an input after all */
        for (const vouch__json *node = list ? (ignore ? ignore->first : NULL)
                                            : (inputs ? inputs->first : NULL);
             node; node = node->next)
            if (!vouch__json_string(node) || vouch_table_column(w->ctx, w->table, node->text, &col))
                return vouch__schema_fail(w->ctx, w->o->recipe, node, "%s",
                                          vouch__json_string(node) ? vouch_ctx_error(w->ctx)
                                                                   : "must be a column of the data");
    for (size_t j = 0; j < cols; j++) {
        vouch_type type = vouch_table_type(w->table, j);
        const char *name = vouch_table_name(w->table, j);
        bool is_role = type == VOUCH_DATE || type == VOUCH_TIME || (w->o->id && !strcmp(w->o->id, name));
        for (size_t k = 0; k < n_roles; k++)
            is_role = is_role || role[k] == j;
        if (!is_role && (inputs ? vouch__json_holds(inputs, name) : !vouch__json_holds(ignore, name)))
            w->input[w->n_inputs++] = name;
    }
    return w->n_inputs ? VOUCH_OK
                       : vouch__fail(w->ctx, VOUCH_E_DATA, "%s: no column is left as input", w->o->recipe);
}

static vouch_status read_recipe(work *w)
{
    const char *path = w->o->recipe;
    vouch_status status = vouch__schema_check(w->ctx, path, "the recipe", w->root, keys, N(keys));
    if (status)
        return status;
    const vouch__json *model = vouch__json_get(w->root, "model"), *kind = vouch__json_get(model, "kind");
    status = vouch__schema_check(w->ctx, path, "target", vouch__json_get(w->root, "target"), target_keys,
                                 N(target_keys));
    if (!status)
        status = vouch__rejecting_plan(w, path, vouch__json_get(w->root, "rejects"));
    if (status)
        return status;
    if (!vouch__json_string(kind))
        return vouch__schema_fail(w->ctx, path, model, "model.kind must be named");
    w->kind = kind->text;
    w->name = vouch__json_string(vouch__json_get(w->root, "name"));
    w->name = w->name ? w->name : w->kind;
    vouch__json *settings = vouch__json_object(w->doc);
    for (const vouch__json *at = model->first; at; at = at->next)
        if (strcmp(at->key, "kind") != 0)
            (void)vouch__json_set(w->doc, settings, at->key, vouch__json_copy(w->doc, at));
    vouch__json_write(&w->params, settings);
    w->r.seed = (uint64_t)vouch__json_int(vouch__json_get(w->root, "seed"), 1);
    return vouch__buf_status(w->ctx, &w->params);
}

static vouch_status read_rows(work *w, size_t target, double bad, size_t flag, double accepted)
{
    vouch_table_read(w->table, flag, 0, w->n, w->p);
    for (size_t i = 0; i < w->n; i++) {
        w->accepted[i] = w->p[i] == accepted;
        w->n_accepted += w->accepted[i];
    }
    vouch_table_read(w->table, target, 0, w->n, w->target);
    for (size_t i = 0; i < w->n; i++) {
        if (w->accepted[i] && isnan(w->target[i]))
            return vouch__fail(w->ctx, VOUCH_E_DATA, "%s: row %zu is accepted and has no outcome",
                               w->o->recipe, i + 1);
        w->bad[i] = w->accepted[i] && w->target[i] == bad;
    }
    return VOUCH_OK;
}

static vouch_status read_extra(work *w, size_t col, bool is_weight, double bad, double **out)
{
    double *x = col == SIZE_MAX ? NULL : vouch__scratch(w->ctx, w->n + 1, sizeof *x);
    if (col == SIZE_MAX)
        return VOUCH_OK;
    if (!x)
        return vouch__oom(w->ctx);
    vouch_table_read(w->table, col, 0, w->n, x);
    for (size_t i = 0; i < w->n; i++) {
        if (is_weight && !(x[i] > 0.0 && x[i] < INFINITY))
            return vouch__fail(w->ctx, VOUCH_E_DATA, "%s: the weight of row %zu must be above 0",
                               w->o->recipe, i + 1);
        x[i] = is_weight || isnan(x[i]) ? x[i] : x[i] == bad;
    }
    *out = x;
    return VOUCH_OK;
}

static vouch_status read_data(work *w)
{
    const vouch__json *target = vouch__json_get(w->root, "target");
    size_t role[4];
    double bad, accepted;
    const vouch_source source = { .source = w->o->data, .id = w->o->id, .duckdb = w->o->duckdb };
    vouch_status status = vouch_table_open(w->ctx, &source, &w->table);
    if (!status)
        status = column(w, target, "column", &role[0]);
    if (!status)
        status = column(w, w->rejects, "column", &role[1]);
    if (!status)
        status = column(w, w->root, "weight", &role[2]);
    if (!status)
        status = column(w, w->rejects, "truth", &role[3]);
    if (!status)
        status = value_of(w, role[0], vouch__json_get(target, "bad"), &bad);
    if (!status)
        status = value_of(w, role[1], vouch__json_get(w->rejects, "accepted"), &accepted);
    if (!status)
        status = vouch__rejecting_room(w, vouch_table_rows(w->table), 0);
    if (!status)
        status = read_rows(w, role[0], bad, role[1], accepted);
    if (!status)
        status = read_extra(w, role[2], true, bad, &w->weight_of);
    if (!status)
        status = read_extra(w, role[3], false, bad, &w->truth);
    return status ? status : read_inputs(w, role, N(role));
}

static vouch_status carry(work *w, vouch_told *out)
{
    vouch__buf recipe;
    vouch_status status = vouch__file_read(w->ctx, w->o->recipe, FILE_MAX, &recipe);
    if (!status)
        status = vouch__yaml_read(w->ctx, w->o->recipe, recipe.at ? recipe.at : "", recipe.len, FILE_MAX,
                                  &w->doc);
    vouch__buf_free(&recipe);
    w->root = w->doc ? vouch__doc_root(w->doc) : NULL;
    if (!status)
        status = read_recipe(w);
    if (!status)
        status = read_data(w);
    if (!status) {
        const size_t n = vouch_table_rows(w->table);
        const vouch__stack_part part[] = { { w->table, NULL, n }, { w->table, NULL, n } };
        status = vouch__table_stack(w->ctx, 2, part, &w->twice);
    }
    if (!status)
        status = vouch__rejecting_fits(w);
    if (!status)
        status = vouch__evidence_new(w->ctx, NULL, w->list);
    return status ? status : vouch__rejecting_tell(w, out);
}

vouch_status vouch_reject(vouch_ctx *ctx, const vouch_reject_options *options, vouch_model **out_model,
                          vouch_told *out_result)
{
    vouch__evidence list = { .doc = NULL };
    work w = { .ctx = ctx, .o = options, .list = &list };
    vouch_told result = { .summary = NULL };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__buf_init(ctx, &w.params, FILE_MAX);
    vouch_status status = carry(&w, &result);
    if (!status && out_model) {
        *out_model = w.fitted[w.method];
        w.fitted[w.method] = NULL;
    }
    if (!status)
        *out_result = result;
    for (size_t k = 0; k < FITS; k++)
        vouch_model_free(w.fitted[k]);
    vouch__evidence_free(&list);
    vouch_table_unref(w.twice);
    vouch_table_unref(w.table);
    vouch__buf_free(&w.params);
    vouch__doc_free(w.doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}
