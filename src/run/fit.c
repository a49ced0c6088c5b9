/* One model from a recipe: what vouch run does to each of its models, without split, controls or ledger. */
#include "run/fit.h"
#include "base/file.h"
#include "base/schema.h"
#include "models/fit_keep.h"
#include "models/fit_rules.h"
#include "num/rng.h"
#include "report/number_format.h"
#include "report/text_summary.h"
#include "run/overrides.h"

#include <math.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

/* clang-format off */
static const vouch__key keys[] = {
    { "name", VOUCH__KEY_TEXT, false, 0, 0, NULL },     { "target", VOUCH__KEY_ANY, true, 0, 0, NULL },
    { "weight", VOUCH__KEY_TEXT, false, 0, 0, NULL },   { "inputs", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "ignore", VOUCH__KEY_LIST, false, 0, 0, NULL },   { "tune", VOUCH__KEY_NUMBER, false, 0, 0.9, NULL },
    { "seed", VOUCH__KEY_NUMBER, false, 0, 9007199254740991.0, NULL },
    { "model", VOUCH__KEY_MAPPING, true, 0, 0, NULL },
};
static const vouch__key target_keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },    { "bad", VOUCH__KEY_ANY, true, 0, 0, NULL },
};
static const vouch__key exposure_keys[] = {
    { "exposure", VOUCH__KEY_TEXT, true, 0, 0, NULL },  { "drawn", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "limit", VOUCH__KEY_TEXT, true, 0, 0, NULL },     { "form", VOUCH__KEY_TEXT, false, 0, 0, "ccf|leq|eadf|balance" },
    { "outside", VOUCH__KEY_TEXT, false, 0, 0, "hold|keep|refuse" },
    { "least_undrawn", VOUCH__KEY_NUMBER, false, 0, 1, NULL },
};
/* clang-format on */

#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef struct fitting {
    const char *path; /* of the recipe */
    const char *name; /* of the model */
    const char *id;   /* the column that orders the rows, or NULL */
    vouch__doc *doc;
    const vouch__json *root, *spec;
    const vouch__model_kind *kind;
    const vouch_table *table;
    size_t target, weight; /* columns; weight SIZE_MAX: none */
    size_t drawn, limit;   /* columns, where the target is a share of exposures */
    vouch__conversion *conversion;
    double bad; /* the target's value that is the event; NAN: the target is a number */
    vouch__inputs inputs;
    vouch__binding binding;
    double *value;
    vouch__keeper keeper;
    vouch__fit_data data;
} fitting;

static vouch_status column(vouch_ctx *ctx, const fitting *f, const vouch__json *at, size_t *out)
{
    vouch_status status = vouch_table_column(ctx, f->table, at->text, out);
    return status ? vouch__schema_fail(ctx, f->path, at, "%s", vouch_ctx_error(ctx)) : VOUCH_OK;
}

/* A target that is made: {exposure: .., drawn: .., limit: ..}. */
static vouch_status read_exposure(vouch_ctx *ctx, fitting *f, const vouch__json *target)
{
    vouch_status status = vouch__schema_check(ctx, f->path, "target", target, exposure_keys,
                                              N(exposure_keys));
    if (status)
        return status;
    const vouch__json *at[3];
    size_t *col[3] = { &f->target, &f->drawn, &f->limit };
    for (size_t k = 0; k < 3 && !status; k++) {
        at[k] = vouch__json_get(target, exposure_keys[k].name);
        status = column(ctx, f, at[k], col[k]);
        if (!status && vouch_table_type(f->table, *col[k]) == VOUCH_TEXT)
            status = vouch__schema_fail(ctx, f->path, at[k], "must be a column of numbers");
    }
    if (!status)
        status = vouch__conversion_new(ctx, at[0]->text, at[1]->text, at[2]->text, &f->conversion);
    if (status)
        return status;
    const char *form = vouch__json_string(vouch__json_get(target, "form"));
    const char *outside = vouch__json_string(vouch__json_get(target, "outside"));
    f->conversion->form = (uint8_t)vouch__conversion_find(form ? form : "ccf");
    f->conversion->outside = !outside || !strcmp(outside, "hold") ? VOUCH__OUTSIDE_HOLD
                             : !strcmp(outside, "keep")           ? VOUCH__OUTSIDE_KEEP
                                                                  : VOUCH__OUTSIDE_REFUSE;
    f->conversion->least = vouch__json_double(vouch__json_get(target, "least_undrawn"), 0.0);
    return VOUCH_OK;
}

static vouch_status read_target(vouch_ctx *ctx, fitting *f)
{
    const vouch__json *target = vouch__json_get(f->root, "target"), *bad = vouch__json_get(target, "bad");
    const vouch__json *weight = vouch__json_get(f->root, "weight");
    vouch_status status = VOUCH_OK;
    f->bad = NAN;
    if (vouch__json_get(target, "exposure")) {
        status = read_exposure(ctx, f, target);
        if (!status && weight && weight->type != VOUCH__JSON_NULL)
            status = column(ctx, f, weight, &f->weight);
        return status;
    }
    if (!vouch__json_string(target)) {
        status = vouch__schema_check(ctx, f->path, "target", target, target_keys, N(target_keys));
        if (status)
            return status;
        target = vouch__json_get(target, "column");
    }
    status = column(ctx, f, target, &f->target);
    if (!status && weight && weight->type != VOUCH__JSON_NULL)
        status = column(ctx, f, weight, &f->weight);
    if (status)
        return status;
    bool is_text = vouch_table_type(f->table, f->target) == VOUCH_TEXT;
    if (!bad)
        return is_text
                   ? vouch__schema_fail(ctx, f->path, target, "a target of text needs {column: .., bad: ..}")
                   : VOUCH_OK;
    if (is_text && !vouch__json_string(bad))
        return vouch__schema_fail(ctx, f->path, bad, "the target is text, so bad must be a text");
    f->bad = bad->type == VOUCH__JSON_BOOL ? (double)bad->flag : vouch__json_double(bad, NAN);
    for (size_t c = 0; is_text && c < vouch_table_categories(f->table, f->target); c++)
        if (!strcmp(vouch_table_category(f->table, f->target, c), bad->text))
            f->bad = (double)c;
    return isnan(f->bad) ? vouch__schema_fail(ctx, f->path, bad, "no row has this value: %.60s",
                                              bad->text ? bad->text : "..")
                         : VOUCH_OK;
}

static bool is_input(const fitting *f, size_t col)
{
    const vouch__json *inputs = vouch__json_get(f->root, "inputs");
    const char *name = vouch_table_name(f->table, col);
    vouch_type type = vouch_table_type(f->table, col);
    const char *cluster = vouch__json_string(vouch__json_get(f->spec, "cluster"));
    if (col == f->target || col == f->weight || (f->id && !strcmp(f->id, name)) || type == VOUCH_DATE ||
        type == VOUCH_TIME)
        return false;
    if (inputs && inputs->type == VOUCH__JSON_ARRAY) {
        const char *offset = vouch__json_string(vouch__json_get(f->spec, "offset"));
        const char *exposure = vouch__json_string(vouch__json_get(f->spec, "exposure"));
        return vouch__json_holds(inputs, name) || (offset && !strcmp(offset, name)) ||
               (exposure && !strcmp(exposure, name));
    }
    return !vouch__json_holds(vouch__json_get(f->root, "ignore"), name) &&
           !(cluster && !strcmp(cluster, name));
}

/* The rows in two parts by a hash of their number. */
static vouch_status read_rows(vouch_ctx *ctx, fitting *f)
{
    size_t n = vouch_table_rows(f->table), part_n[2] = { 0, 0 };
    double share = vouch__json_double(vouch__json_get(f->root, "tune"), 0.0);
    uint64_t seed = (uint64_t)vouch__json_int(vouch__json_get(f->root, "seed"), 1);
    double *y = vouch__scratch(ctx, 2 * n + 1, sizeof *y), *w = vouch__scratch(ctx, 2 * n + 1, sizeof *w);
    uint32_t *row = vouch__scratch(ctx, 2 * n + 1, sizeof *row);
    double *from = vouch__scratch(ctx, 2 * n + 1, sizeof *from), *weight = from + n;
    if (!y || !w || !row || !from)
        return vouch__oom(ctx);
    vouch_table_read(f->table, f->target, 0, n, from);
    if (f->conversion) {
        vouch_table_read(f->table, f->drawn, 0, n, y);
        vouch_table_read(f->table, f->limit, 0, n, w);
        vouch_status status = vouch__conversion_targets(ctx, f->conversion, n, from, y, w, from);
        if (status)
            return vouch__because(ctx, status, "%s", f->path);
    }
    if (f->weight != SIZE_MAX)
        vouch_table_read(f->table, f->weight, 0, n, weight);
    for (size_t i = 0; i < n; i++) {
        if (isnan(from[i]) && f->conversion)
            continue; /* it has no share: counted */
        size_t part = (double)(vouch__mix(seed, i) >> 11) * 0x1p-53 < share, at = part * n + part_n[part]++;
        if (isnan(from[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: target is missing in row %zu", f->path, i + 1);
        y[at] = isnan(f->bad) ? from[i] : from[i] == f->bad;
        row[at] = (uint32_t)i;
        if (f->weight == SIZE_MAX)
            continue;
        w[at] = weight[i];
        if (!(w[at] >= 0.0 && w[at] < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "%s: weight in row %zu must be 0 or above", f->path, i + 1);
    }
    f->data.train = (vouch__part_rows){ part_n[0], row, y, f->weight == SIZE_MAX ? NULL : w };
    f->data.tune = (vouch__part_rows){ part_n[1], row + n, y + n, f->weight == SIZE_MAX ? NULL : w + n };
    f->data.seed = seed;
    return VOUCH_OK;
}

static vouch_status make_inputs(vouch_ctx *ctx, fitting *f)
{
    const vouch__json *inputs = vouch__json_get(f->root, "inputs"),
                      *ignore = vouch__json_get(f->root, "ignore");
    size_t cols = vouch_table_cols(f->table), n = 0, named;
    vouch_status status = VOUCH_OK;
    for (const vouch__json *node = inputs ? inputs->first : NULL; node && !status; node = node->next)
        if (!vouch__json_string(node))
            status = vouch__schema_fail(ctx, f->path, node, "inputs must be columns of the data");
        else
            status = column(ctx, f, node, &named);
    for (const vouch__json *node = ignore ? ignore->first : NULL; node && !status; node = node->next)
        if (!vouch__json_string(node)) /* one misspelt would be an input after all */
            status = vouch__schema_fail(ctx, f->path, node, "ignore must be columns of the data");
        else
            status = column(ctx, f, node, &named);
    for (size_t col = 0; col < cols; col++)
        n += is_input(f, col);
    if (!status)
        status = vouch__inputs_new(ctx, n, &f->inputs);
    for (size_t col = 0, j = 0; col < cols && !status; col++) {
        if (!is_input(f, col))
            continue;
        vouch__input *input = &f->inputs.at[j++];
        const char *name = vouch_table_name(f->table, col);
        input->name = vouch__strdup(ctx, name);
        status = input->name ? VOUCH_OK : vouch__oom(ctx);
        if (!status && vouch_table_type(f->table, col) == VOUCH_TEXT)
            status = vouch__input_categories(ctx, f->table, col, f->data.train.n, f->data.train.row, input);
    }
    return status;
}

/* What the recipe says of single inputs. */
static vouch_status read_rules(vouch_ctx *ctx, fitting *f)
{
    const vouch__json *monotone = vouch__json_get(f->spec, "monotone");
    bool may_be_auto = (f->kind->capabilities & VOUCH__CAN_POINTS) != 0;
    vouch_status status = vouch__fit_monotone_read(ctx, f->path, f->name, monotone, may_be_auto, &f->inputs);
    if (!status &&
        (f->kind->capabilities & VOUCH__CAN_RESUME)) /* to others these words mean something else */
        status = vouch__fit_rules_read(ctx, f->path, f->name, f->spec, &f->inputs, &f->data);
    return status;
}

static vouch_status read_recipe(vouch_ctx *ctx, fitting *f)
{
    static const char *const skip[] = { "kind", "monotone" };
    const vouch__json *kind;
    f->root = vouch__doc_root(f->doc);
    vouch_status status = vouch__schema_check(ctx, f->path, "the recipe", f->root, keys, N(keys));
    if (status)
        return status;
    f->spec = vouch__json_get(f->root, "model");
    kind = vouch__json_get(f->spec, "kind");
    const char *named = vouch__json_string(kind);
    f->kind = named ? vouch__kind_find(named) : NULL;
    if (!f->kind || (f->kind->capabilities & VOUCH__IS_IMPORTED))
        return vouch__schema_fail(ctx, f->path, kind ? kind : f->spec,
                                  "model.kind is %.40s, must be gbdt, scorecard, glm, gam, tree or rules",
                                  named ? named : "missing");
    f->name = vouch__json_string(vouch__json_get(f->root, "name"));
    if (!f->name)
        f->name = f->kind->name;
    f->value = vouch__scratch(ctx, f->kind->n_params + 1, sizeof *f->value);
    if (!f->value)
        return vouch__oom(ctx);
    status = vouch__params_read(ctx, f->kind, f->spec, skip, 2, f->value);
    return status ? vouch__because(ctx, status, "%s: model", f->path) : VOUCH_OK;
}

/* ---- what it says ---- */

static void facts(const vouch__json *object, vouch__buf *out)
{
    for (const vouch__json *at = object ? object->first : NULL; at; at = at->next) {
        bool is_number = at->type == VOUCH__JSON_NUMBER;
        if (!is_number && (!vouch__json_string(at) || !strcmp(at->key, "convention")))
            continue;
        vouch__buf_fmt(out, "%-24s ", at->key);
        if (is_number)
            vouch__format_number(out, at->number, vouch__format_exact(VOUCH__STYLE_PLAIN, at->number));
        else
            vouch__buf_text(out, at->text);
        vouch__buf_text(out, "\n");
    }
}

/* The facts of a model, and the tables that say what it is; more is in its description. */
static vouch_status summarise(vouch_ctx *ctx, const vouch_model *model, char **out)
{
    static const char *const shown[] = { "coefficients", "precision", "points_table", "terms", "rules" };
    enum { ROWS_TOLD = 400 };
    vouch__doc *doc = NULL;
    vouch__buf buf;
    char *text = NULL;
    vouch_status status = vouch_model_describe(ctx, model, &text);
    vouch__buf_init(ctx, &buf, 0);
    if (!status)
        status = vouch__json_read(ctx, "model", text, strlen(text), 0, &doc);
    if (!status) {
        const vouch__json *own = vouch__json_get(vouch__doc_root(doc), "model");
        vouch__buf_fmt(&buf, "%s (%s)\n", vouch_model_name(model), vouch_model_kind_name(model));
        facts(vouch__json_get(vouch__doc_root(doc), "conversion"), &buf);
        facts(own, &buf);
        facts(vouch__json_get(own, "fit"), &buf);
        for (size_t t = 0; t < sizeof shown / sizeof *shown && !status; t++)
            if (vouch__json_get(own, shown[t])) {
                vouch__buf_text(&buf, "\n");
                status = vouch__report_table(ctx, vouch__json_get(own, shown[t]), ROWS_TOLD, &buf);
            }
    }
    if (!status)
        status = vouch__buf_status(ctx, &buf);
    if (!status)
        *out = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
    vouch_text_free(ctx, text);
    return status;
}

static vouch_status fit_model(vouch_ctx *ctx, fitting *f, vouch__doc *log, vouch_model **out_model)
{
    vouch_model *model = NULL;
    vouch_status status = vouch__model_fit(ctx, f->kind, f->name, &f->inputs, f->value, &f->data, log,
                                           vouch__json_object(log), &model);
    if (status == VOUCH_E_FORMAT) /* a setting of the kind: it knows the line, not the file */
        return vouch__because(ctx, status, "%s: model", f->path);
    if (!status && f->conversion)
        status = vouch__model_convert(ctx, model, f->conversion);
    if (status) {
        vouch_model_free(model);
        return status;
    }
    f->conversion = NULL; /* the model's */
    *out_model = model;
    return VOUCH_OK;
}

static vouch_status fit_table(vouch_ctx *ctx, fitting *f, const char *checkpoint, size_t every,
                              vouch_model **out_model)
{
    vouch__doc *log = NULL;
    vouch_status status = read_target(ctx, f);
    if (!status)
        status = read_rows(ctx, f);
    if (!status)
        status = make_inputs(ctx, f);
    if (!status)
        status = read_rules(ctx, f);
    if (!status)
        status = vouch__bind(ctx, &f->inputs, f->table, &f->binding);
    if (!status)
        status = vouch__doc_new(ctx, &log);
    char *folder = vouch__path_folder(ctx, f->path);
    vouch__override_file decided = { .is_there = false };
    if (!status)
        status = folder ? vouch__override_file_read(ctx, f->path, folder, f->spec, &decided)
                        : vouch__oom(ctx);
    vouch__free(vouch__allocator(ctx), folder);
    f->data.overrides = decided.is_there ? &decided.overrides : NULL;
    f->data.binding = &f->binding;
    f->data.settings = f->spec;
    f->keeper = (vouch__keeper){ checkpoint, f->name, f->kind, &f->inputs, f->value };
    if (!status && checkpoint)
        status = vouch__fit_keep(ctx, &f->keeper, every, &f->data);
    if (!status)
        status = fit_model(ctx, f, log, out_model);
    vouch__override_file_clear(&decided);
    vouch__conversion_free(f->conversion);
    vouch__doc_free(log);
    vouch__binding_clear(&f->binding);
    vouch__inputs_clear(&f->inputs);
    return status;
}

/* The text of a recipe, read; f->doc is to be freed whatever comes of it. */
static vouch_status read_text(vouch_ctx *ctx, fitting *f, const char *path, const char *yaml, size_t len)
{
    *f = (fitting){ .path = path, .weight = SIZE_MAX };
    vouch_status status = vouch__yaml_read(ctx, path, yaml, len, FILE_MAX, &f->doc);
    return status ? status : read_recipe(ctx, f);
}

vouch_status vouch__fit_recipe(vouch_ctx *ctx, const char *path, const char *yaml, size_t len,
                               const vouch_table *table, vouch_model **out_model)
{
    size_t mark = vouch__scratch_mark(ctx);
    fitting f;
    vouch_status status = read_text(ctx, &f, path, yaml, len);
    f.table = table;
    if (!status)
        status = fit_table(ctx, &f, NULL, 0, out_model);
    vouch__doc_free(f.doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch_fit(vouch_ctx *ctx, const vouch_fit_options *options, vouch_model **out_model,
                       char **out_summary)
{
    fitting f = { .doc = NULL };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_source source = { .source = options->data, .id = options->id, .duckdb = options->duckdb };
    vouch_table *table = NULL;
    vouch_model *model = NULL, *resume = NULL;
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, FILE_MAX);
    vouch_status status = vouch__file_read(ctx, options->recipe, FILE_MAX, &buf);
    if (!status)
        status = read_text(ctx, &f, options->recipe, buf.at ? buf.at : "", buf.len);
    if (!status && options->resume)
        status = vouch_model_load(ctx, options->resume, &resume);
    if (!status)
        status = vouch_table_open(ctx, &source, &table);
    f.table = table;
    f.id = options->id;
    f.data.resume = resume;
    if (!status)
        status = fit_table(ctx, &f, options->checkpoint, options->checkpoint_every, &model);
    if (!status && out_summary)
        status = summarise(ctx, model, out_summary);
    if (!status && out_model) {
        *out_model = model;
        model = NULL;
    }
    vouch_model_free(model);
    vouch_model_free(resume);
    vouch_table_unref(table);
    vouch__doc_free(f.doc);
    vouch__buf_free(&buf);
    vouch__scratch_reset(ctx, mark);
    return status;
}
