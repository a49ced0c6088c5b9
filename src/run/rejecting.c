/* Reject inference from a recipe: the model of the accepts, the model of acceptance, one refit a method and
 * one a factor, all on the recipe's kind and inputs; and what each would mean for the same number approved.
 */
#include "run/rejecting.h"

#include "base/file.h"
#include "base/schema.h"
#include "data/table.h"
#include "data/table_stack.h"
#include "num/rank.h"
#include "vouch/validate.h"

#include <math.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, FACTORS = VOUCH__REJECT_FACTORS, FITS = VOUCH__REJECT_FITS };
const double vouch__reject_factors[FACTORS] = { 1, 1.5, 2, 3, 5, 10 };
static const double least = 1e-6; /* of a probability */

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
static const vouch__key reject_keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },    { "accepted", VOUCH__KEY_ANY, true, 0, 0, NULL },
    { "method", VOUCH__KEY_TEXT, false, 0, 0, NULL },   { "factor", VOUCH__KEY_NUMBER, false, 1e-3, 1e3, NULL },
    { "bands", VOUCH__KEY_NUMBER, false, 1, 1000, NULL }, { "floor", VOUCH__KEY_NUMBER, false, 1e-6, 1, NULL },
    { "truth", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
/* clang-format on */
#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef vouch__rejecting work;
typedef vouch__reject_outcome outcome;

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
    *out = at->type == VOUCH__JSON_BOOL ? (double)at->flag : vouch__json_double(at, NAN);
    if (vouch_table_type(w->table, col) == VOUCH_TEXT) {
        *out = NAN;
        for (size_t c = 0; vouch__json_string(at) && c < vouch_table_categories(w->table, col); c++)
            if (!strcmp(vouch_table_category(w->table, col, c), at->text))
                *out = (double)c;
    }
    return isnan(*out) ? vouch__schema_fail(w->ctx, w->o->recipe, at, "no row has this value") : VOUCH_OK;
}

static vouch_status read_inputs(work *w, const size_t *role, size_t n_roles)
{
    const vouch__json *inputs = vouch__json_get(w->root, "inputs"),
                      *ignore = vouch__json_get(w->root, "ignore");
    size_t cols = vouch_table_cols(w->table);
    w->input = vouch__scratch(w->ctx, cols + 1, sizeof(const char *));
    if (!w->input)
        return vouch__oom(w->ctx);
    for (const vouch__json *node = inputs ? inputs->first : NULL; node; node = node->next)
        if (!vouch__json_string(node) || vouch_table_find(w->table, node->text) == SIZE_MAX)
            return vouch__schema_fail(w->ctx, w->o->recipe, node, "no such column in the data");
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
    w->rejects = vouch__json_get(w->root, "rejects");
    status = vouch__schema_check(w->ctx, path, "target", vouch__json_get(w->root, "target"), target_keys,
                                 N(target_keys));
    if (!status)
        status = vouch__schema_check(w->ctx, path, "rejects", w->rejects, reject_keys, N(reject_keys));
    if (status)
        return status;
    const vouch__json *method = vouch__json_get(w->rejects, "method");
    w->method = vouch__json_string(method) ? vouch__reject_find(method->text) : VOUCH__REJECT_FUZZY;
    if (w->method == VOUCH__REJECT_METHODS)
        return vouch__schema_fail(w->ctx, path, method,
                                  "rejects.method must be accepts-only, augmentation, reweighting, "
                                  "hard-cutoff, parcelling or fuzzy");
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
    w->r.factor = vouch__json_double(vouch__json_get(w->rejects, "factor"), 1.0);
    w->r.bands = (size_t)vouch__json_int(vouch__json_get(w->rejects, "bands"), 20);
    w->r.floor = vouch__json_double(vouch__json_get(w->rejects, "floor"), 0.05);
    w->r.seed = (uint64_t)vouch__json_int(vouch__json_get(w->root, "seed"), 1);
    return vouch__buf_status(w->ctx, &w->params);
}

static vouch_status make_room(work *w)
{
    size_t n = w->n = vouch_table_rows(w->table);
    double **out[] = { &w->target, &w->row_target, &w->row_weight, &w->implied, &w->p };
    for (size_t k = 0; k < N(out); k++) {
        *out[k] = vouch__scratch(w->ctx, 2 * n + 1, sizeof(double));
        if (!*out[k])
            return vouch__oom(w->ctx);
    }
    w->accepted = vouch__scratch(w->ctx, n + 1, 1);
    w->bad = vouch__scratch(w->ctx, n + 1, 1);
    w->part = vouch__scratch(w->ctx, 2 * n + 1, 1);
    return w->accepted && w->bad && w->part ? VOUCH_OK : vouch__oom(w->ctx);
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
        status = make_room(w);
    if (!status)
        status = read_rows(w, role[0], bad, role[1], accepted);
    if (!status)
        status = read_extra(w, role[2], true, bad, &w->weight_of);
    if (!status)
        status = read_extra(w, role[3], false, bad, &w->truth);
    return status ? status : read_inputs(w, role, N(role));
}

/* Fit the rows as they stand and score every applicant: p[n]. */
static vouch_status fit(work *w, const char *kind, const char *params, vouch_model **out)
{
    const vouch_fit_spec spec = { .kind = kind,
                                  .name = w->name,
                                  .table = w->twice,
                                  .inputs = w->input,
                                  .n_inputs = w->n_inputs,
                                  .target = w->row_target,
                                  .weight = w->row_weight,
                                  .part = w->part,
                                  .params = params,
                                  .seed = w->r.seed };
    vouch_status status = vouch_model_fit(w->ctx, &spec, out);
    if (!status)
        status = vouch_model_score(w->ctx, *out, w->table, NULL, w->p, NULL);
    for (size_t i = 0; !status && i < w->n; i++)
        w->p[i] = fmin(1.0 - least, fmax(least, w->p[i]));
    return status;
}

/* The chance of having been accepted, by a logistic regression on the same inputs. */
static vouch_status fit_chance(work *w, double *chance)
{
    vouch_model *model = NULL;
    for (size_t i = 0; i < w->n; i++) {
        w->row_target[i] = w->accepted[i];
        w->row_weight[i] = w->weight_of ? w->weight_of[i] : 1.0;
        w->part[i] = VOUCH_PART_TRAIN;
        w->part[w->n + i] = VOUCH_PART_NEITHER;
    }
    vouch_status status = fit(w, "glm", "{influence: false}", &model);
    if (!status)
        memcpy(chance, w->p, w->n * sizeof *chance);
    vouch_model_free(model);
    return status ? vouch__because(w->ctx, status, "the model of acceptance") : VOUCH_OK;
}

static double weight_at(const work *w, size_t i) { return w->weight_of ? w->weight_of[i] : 1.0; }

static vouch_status auc_of(const work *w, const double *truth, bool accepts, double *out)
{
    size_t n = 0, mark = vouch__scratch_mark(w->ctx), bads = 0;
    double *score = vouch__scratch(w->ctx, w->n + 1, sizeof *score),
           *weight = vouch__scratch(w->ctx, w->n + 1, sizeof *weight);
    uint8_t *bad = vouch__scratch(w->ctx, w->n + 1, 1);
    *out = NAN;
    if (!score || !weight || !bad)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) {
        if (accepts ? !w->accepted[i] : isnan(truth[i]))
            continue;
        score[n] = w->p[i];
        weight[n] = weight_at(w, i);
        bad[n] = accepts ? w->bad[i] : truth[i] == 1.0;
        bads += bad[n++];
    }
    vouch_status status = bads == 0 || bads == n ? VOUCH_OK
                                                 : vouch_validate_auc(w->ctx, n, score, bad, weight, out);
    vouch__scratch_reset(w->ctx, mark);
    return status;
}

/* What the model in p[] would do: as many are approved as were accepted, the safest first. */
static vouch_status measure(work *w, outcome *o)
{
    size_t mark = vouch__scratch_mark(w->ctx);
    uint32_t *order = vouch__scratch(w->ctx, w->n + 1, sizeof *order);
    double room = 0.0, all = 0.0, bad = 0.0, out = 0.0, out_bad = 0.0, taken = 0.0, taken_bad = 0.0,
           truly = 0.0, newly = 0.0;
    if (!order)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__order(w->ctx, w->n, w->p, order);
    for (size_t i = 0; i < w->n; i++) {
        double x = weight_at(w, i), p = isnan(w->implied[i]) ? w->p[i] : w->implied[i];
        room += w->accepted[i] ? x : 0.0;
        all += x;
        bad += x * p;
        out += w->accepted[i] ? 0.0 : x;
        out_bad += w->accepted[i] ? 0.0 : x * p;
    }
    for (size_t k = 0; !status && k < w->n && taken < room; k++) {
        size_t i = order[k];
        double x = weight_at(w, i);
        taken += x;
        taken_bad += x * (isnan(w->implied[i]) ? w->p[i] : w->implied[i]);
        truly += w->truth ? x * w->truth[i] : (double)NAN;
        newly += w->accepted[i] ? 0.0 : x;
    }
    o->rejects_bad = out_bad / out;
    o->all_bad = bad / all;
    o->approved_bad = taken_bad / taken;
    o->approved_true = truly / taken;
    o->newly = newly / taken;
    vouch__scratch_reset(w->ctx, mark);
    if (!status)
        status = auc_of(w, NULL, true, &o->auc);
    o->auc_true = NAN;
    return status || !w->truth ? status : auc_of(w, w->truth, false, &o->auc_true);
}

static vouch_status one_fit(work *w, size_t at, vouch__reject_method method, double factor)
{
    size_t held = 0;
    vouch__rejects r = w->r;
    r.factor = factor;
    vouch_status status = vouch__reject_rows(w->ctx, &r, method, w->row_target, w->row_weight, w->part,
                                             w->implied, &held);
    if (!status)
        status = fit(w, w->kind, w->params.at, &w->fitted[at]);
    if (!status)
        status = measure(w, &w->result[at]);
    w->result[at].held = (double)held;
    return status ? vouch__because(w->ctx, status, "%s", vouch__reject_name(method)) : VOUCH_OK;
}

static vouch_status fit_all(work *w)
{
    double *pd = vouch__scratch(w->ctx, w->n + 1, sizeof *pd),
           *chance = vouch__scratch(w->ctx, w->n + 1, sizeof *chance);
    if (!pd || !chance)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) { /* until they are known */
        pd[i] = 0.5;
        chance[i] = 0.5;
    }
    w->r.n = w->n;
    w->r.accepted = w->accepted;
    w->r.bad = w->bad;
    w->r.weight = w->weight_of;
    w->r.pd = pd;
    w->r.chance = chance;
    vouch_status status = one_fit(w, VOUCH__REJECT_ACCEPTS, VOUCH__REJECT_ACCEPTS, 1.0);
    if (!status)
        memcpy(pd, w->p, w->n * sizeof *pd);
    if (!status)
        status = fit_chance(w, chance);
    for (size_t m = 1; m < VOUCH__REJECT_METHODS && !status; m++) {
        vouch__progress(w->ctx, "reject inference", m, FITS);
        status = one_fit(w, m, (vouch__reject_method)m, w->r.factor);
    }
    for (size_t k = 0; k < FACTORS && !status; k++) {
        vouch__progress(w->ctx, "reject inference", VOUCH__REJECT_METHODS + k, FITS);
        status = one_fit(w, VOUCH__REJECT_METHODS + k, VOUCH__REJECT_FUZZY, vouch__reject_factors[k]);
    }
    vouch__progress(w->ctx, "reject inference", FITS, FITS);
    return status;
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
        status = fit_all(w);
    if (!status)
        status = vouch__evidence_new(w->ctx, NULL, &w->list);
    return status ? status : vouch__rejecting_tell(w, out);
}

vouch_status vouch_reject(vouch_ctx *ctx, const vouch_reject_options *options, vouch_model **out_model,
                          vouch_told *out_result)
{
    work w = { .ctx = ctx, .o = options };
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
    vouch__evidence_free(&w.list);
    vouch_table_unref(w.twice);
    vouch_table_unref(w.table);
    vouch__buf_free(&w.params);
    vouch__doc_free(w.doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}
