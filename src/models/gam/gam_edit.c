/* A person's changes to shapes. Each names who makes it and why, and is kept in the model with the values
 * before and after: an edited model can say what was fitted and what was decided. Edits are applied in order;
 * nothing else of the model changes, and shapes are not centred again, so what was not edited adds what it
 * added before. A shape that is held to a direction or a curve stays so, or the edit is refused. */
#include "models/gam/gam_edit.h"

#include "base/schema.h"
#include "models/gam/gam_fit.h"
#include "models/tell.h"

#include <math.h>
#include <string.h>

/* clang-format off */
static const vouch__key keys[] = {
    { "input", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "action", VOUCH__KEY_TEXT, true, 0, 0, "set|add|clip|smooth|monotonise|merge" },
    { "by", VOUCH__KEY_TEXT, true, 0, 0, NULL },       { "why", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "from", VOUCH__KEY_NUMBER, false, -1e300, 1e300, NULL }, { "to", VOUCH__KEY_NUMBER, false, -1e300, 1e300, NULL },
    { "levels", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "value", VOUCH__KEY_NUMBER, false, -100, 100, NULL },
    { "low", VOUCH__KEY_NUMBER, false, -100, 100, NULL }, { "high", VOUCH__KEY_NUMBER, false, -100, 100, NULL },
    { "width", VOUCH__KEY_NUMBER, false, 1, 100, NULL },
    { "direction", VOUCH__KEY_TEXT, false, 0, 0, "up|down" },
};
/* clang-format on */
#define N(table) (sizeof(table) / sizeof((table)[0]))

typedef struct editing {
    vouch_ctx *ctx;
    const char *file;
    const vouch__inputs *inputs;
    const vouch__json *edit;
    vouch__gam_shape *shape;
    const vouch__input *input;
    bool in[VOUCH__GAM_BINS]; /* bins that are edited */
    size_t n_in;
} editing;

static vouch_status wrong(const editing *e, const char *key, const char *what)
{
    const vouch__json *at = key ? vouch__json_get(e->edit, key) : NULL;
    return vouch__schema_fail(e->ctx, e->file, at ? at : e->edit, "%s", what);
}

static vouch_status find_shape(editing *e, vouch__gam *gam)
{
    const vouch__json *name = vouch__json_get(e->edit, "input");
    for (size_t j = 0; j < e->inputs->n; j++)
        if (!strcmp(e->inputs->at[j].name, name->text) && gam->shape[j].bins.n_bins) {
            e->shape = &gam->shape[j];
            e->input = &e->inputs->at[j];
            return VOUCH_OK;
        }
    return vouch__schema_fail(e->ctx, e->file, name, "'%s' is not an input with a shape", name->text);
}

/* The bin of a level: a category, a special code, or "missing". */
static vouch_status find_level(editing *e, const vouch__json *node)
{
    size_t bin = SIZE_MAX;
    const char *text = vouch__json_string(node);
    if (text && !strcmp(text, "missing"))
        bin = 0;
    for (size_t k = 0; text && e->input->is_category && k < e->input->n_categories; k++)
        if (!strcmp(e->input->category[k], text))
            bin = e->shape->bins.bin_of[k];
    for (size_t k = 0; node->type == VOUCH__JSON_NUMBER && !e->input->is_category && k < e->input->n_special;
         k++)
        if (e->input->special[k] == node->number)
            bin = vouch__gbdt_bin(&e->shape->bins, node->number);
    if (bin == SIZE_MAX)
        return vouch__schema_fail(e->ctx, e->file, node,
                                  "no such level: a category, a special code or missing");
    e->n_in += !e->in[bin];
    e->in[bin] = true;
    return VOUCH_OK;
}

/* Bins whose mean lies between from and to; without either, or levels, the whole curve or every category. */
static vouch_status find_bins(editing *e)
{
    const vouch__json *levels = vouch__json_get(e->edit, "levels");
    const vouch__json *from = vouch__json_get(e->edit, "from"), *to = vouch__json_get(e->edit, "to");
    double low = vouch__json_double(from, -INFINITY), high = vouch__json_double(to, INFINITY);
    vouch_status status = VOUCH_OK;
    if (levels && (from || to))
        return wrong(e, "levels", "an edit takes either levels or from and to");
    if (e->input->is_category && (from || to))
        return wrong(e, from ? "from" : "to", "a category has levels, not a range");
    if (low > high)
        return wrong(e, "from", "from must not be above to");
    for (const vouch__json *node = levels ? levels->first : NULL; node && !status; node = node->next)
        status = find_level(e, node);
    for (size_t b = 0; !levels && b < e->shape->bins.n_bins; b++) {
        e->in[b] = !e->shape->apart[b] &&
                   (e->input->is_category || (e->shape->at[b] >= low && e->shape->at[b] <= high));
        e->n_in += e->in[b];
    }
    if (!status && !e->n_in)
        status = wrong(e, from ? "from" : "input", "no bin of the shape lies there");
    return status;
}

static vouch_status needs(const editing *e, const char *key, double *out)
{
    const vouch__json *node = vouch__json_get(e->edit, key);
    *out = vouch__json_double(node, NAN);
    return isnan(*out) ? vouch__schema_fail(e->ctx, e->file, e->edit, "this action needs %s", key) : VOUCH_OK;
}

static double weight_of(const vouch__gam_shape *s, size_t b) { return fmax(s->weight[b], 1e-9); }

/* The mean over a bin and width neighbours to either side, within the range, by weight. */
static void smooth(const editing *e, size_t width, double *value)
{
    double old[VOUCH__GAM_BINS];
    size_t bin[VOUCH__GAM_BINS], n = 0;
    for (size_t b = 0; b < e->shape->bins.n_bins; b++)
        if (e->in[b]) {
            old[n] = value[b];
            bin[n++] = b;
        }
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0, mass = 0.0;
        for (size_t k = i < width ? 0 : i - width; k < n && k <= i + width; k++) {
            sum += weight_of(e->shape, bin[k]) * old[k];
            mass += weight_of(e->shape, bin[k]);
        }
        value[bin[i]] = sum / mass;
    }
}

static void monotonise(const editing *e, int direction, double *value)
{
    double y[VOUCH__GAM_BINS], w[VOUCH__GAM_BINS], work[3 * VOUCH__GAM_BINS];
    size_t n = 0;
    for (size_t b = 0; b < e->shape->bins.n_bins; b++)
        if (e->in[b]) {
            y[n] = value[b];
            w[n++] = weight_of(e->shape, b);
        }
    vouch__gam_isotonic(n, y, w, direction, work);
    n = 0;
    for (size_t b = 0; b < e->shape->bins.n_bins; b++)
        if (e->in[b])
            value[b] = y[n++];
}

/* merge: one value, the mean by weight. */
static double mean_of(const editing *e, const double *value)
{
    double sum = 0.0, mass = 0.0;
    for (size_t b = 0; b < e->shape->bins.n_bins; b++)
        if (e->in[b]) {
            sum += weight_of(e->shape, b) * value[b];
            mass += weight_of(e->shape, b);
        }
    return sum / mass;
}

static vouch_status act(const editing *e, double *value)
{
    const char *action = vouch__json_string(vouch__json_get(e->edit, "action"));
    const char *direction = vouch__json_string(vouch__json_get(e->edit, "direction"));
    double given = NAN, low = vouch__json_double(vouch__json_get(e->edit, "low"), -INFINITY);
    double high = vouch__json_double(vouch__json_get(e->edit, "high"), INFINITY);
    bool is_set = !strcmp(action, "set"), is_add = !strcmp(action, "add"),
         is_merge = !strcmp(action, "merge");
    vouch_status status = VOUCH_OK;
    if (!action)
        return wrong(e, NULL, "an edit needs an action");
    if (e->input->is_category && (!strcmp(action, "smooth") || !strcmp(action, "monotonise")))
        return wrong(e, "action", "categories have no order, so they can't be smoothed or monotonised");
    if (is_set || is_add)
        status = needs(e, "value", &given);
    if (!strcmp(action, "clip") && (isinf(low) && isinf(high)))
        status = wrong(e, NULL, "clip needs low, high or both");
    if (!status && low > high)
        status = wrong(e, "low", "low must not be above high");
    if (status)
        return status;
    if (!strcmp(action, "monotonise")) {
        if (!direction)
            return wrong(e, NULL, "monotonise needs direction");
        monotonise(e, strcmp(direction, "up") ? -1 : 1, value);
    }
    if (is_merge) {
        given = mean_of(e, value);
        is_set = true;
    }
    if (!strcmp(action, "smooth"))
        smooth(e, (size_t)vouch__json_double(vouch__json_get(e->edit, "width"), 1.0), value);
    for (size_t b = 0; b < e->shape->bins.n_bins; b++)
        if (e->in[b])
            value[b] = is_set ? given : is_add ? value[b] + given : fmin(fmax(value[b], low), high);
    return VOUCH_OK;
}

/* What the model promised of the input still holds. */
static vouch_status check_promises(const editing *e, const double *value)
{
    const vouch__gam_shape *s = e->shape;
    double size = 0.0, sign = s->curve == VOUCH__GAM_CONCAVE ? -1.0 : 1.0, before = NAN;
    size_t last = 0;
    for (size_t b = 1; b < s->bins.n_bins; b++)
        size = fmax(size, fabs(value[b]));
    for (size_t b = 1; b < s->bins.n_bins && !s->bins.is_category; b++) {
        if (s->apart[b])
            continue;
        double slope = last ? (value[b] - value[last]) / (s->at[b] - s->at[last]) : NAN;
        if (last && e->input->monotone * (value[b] - value[last]) < 0.0)
            return wrong(e, "action", "the input is held to a direction, which this edit would break");
        if (s->curve != VOUCH__GAM_FREE && sign * (slope - before) < -1e-9 * fmax(size, 1.0))
            return wrong(e, "action", "the input is held to a curve, which this edit would break");
        before = slope;
        last = b;
    }
    return VOUCH_OK;
}

static void log_edit(const editing *e, const double *before, vouch__doc *doc, vouch__json *log)
{
    vouch__json *entry = vouch__json_push(doc, log, vouch__json_copy(doc, e->edit));
    static const char *const column[] = { "bin", "before", "after" };
    vouch__json *rows = vouch__tell_table(doc, entry, "changed", column, N(column));
    for (size_t b = 0; b < e->shape->bins.n_bins; b++) {
        char label[128];
        if (before[b] == e->shape->value[b])
            continue;
        vouch__gam_label(e->shape, e->input, b, label, sizeof label);
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_text(doc, label));
        vouch__tell_push(doc, row, before[b]);
        vouch__tell_push(doc, row, e->shape->value[b]);
    }
}

static vouch_status apply(editing *e, vouch__gam *gam, vouch__doc *doc, vouch__json *log)
{
    double value[VOUCH__GAM_BINS], before[VOUCH__GAM_BINS];
    vouch_status status = vouch__schema_check(e->ctx, e->file, "an edit", e->edit, keys, N(keys));
    if (!status)
        status = find_shape(e, gam);
    if (status || !e->shape || !e->input)
        return status;
    status = find_bins(e);
    if (status)
        return status;
    size_t n = e->shape->bins.n_bins;
    memcpy(value, e->shape->value, n * sizeof *value);
    memcpy(before, value, sizeof *before * n);
    status = act(e, value);
    if (!status)
        status = check_promises(e, value);
    if (status)
        return status;
    if (!e->shape->fitted) {
        e->shape->fitted = vouch__alloc(e->ctx, n, sizeof *e->shape->fitted);
        if (!e->shape->fitted)
            return vouch__oom(e->ctx);
        memcpy(e->shape->fitted, before, n * sizeof *before);
    }
    memcpy(e->shape->value, value, n * sizeof *value);
    log_edit(e, before, doc, log);
    return VOUCH_OK;
}

vouch_status vouch__gam_edit(vouch_ctx *ctx, const char *file, const vouch__json *edits,
                             const vouch__inputs *inputs, vouch__gam *gam)
{
    size_t n = 0;
    vouch__doc *doc = NULL;
    if (!edits || edits->type != VOUCH__JSON_ARRAY || !edits->len)
        return vouch__schema_fail(ctx, file, edits, "edits must be a list of at least one");
    for (const vouch__json *old = gam->log ? vouch__doc_root(gam->log)->first : NULL; old; old = old->next)
        n++;
    if (n + edits->len > VOUCH__GAM_EDITS_MAX)
        return vouch__schema_fail(ctx, file, edits, "a model may have at most %d edits",
                                  VOUCH__GAM_EDITS_MAX);
    vouch_status status = VOUCH_OK;
    if (!gam->log) {
        status = vouch__doc_new(ctx, &doc);
        if (status)
            return status;
        (void)vouch__json_array(doc);
        gam->log = doc;
    }
    for (const vouch__json *node = edits->first; node && !status; node = node->next) {
        editing e = { .ctx = ctx, .file = file, .inputs = inputs, .edit = node };
        status = vouch__doc_status(ctx, gam->log);
        if (!status)
            status = apply(&e, gam, gam->log, vouch__doc_root(gam->log));
    }
    return status ? status : vouch__doc_status(ctx, gam->log);
}

vouch_status vouch_model_edit(vouch_ctx *ctx, const vouch_model *model, const char *file, const char *text,
                              vouch_model **out_model)
{
    vouch_model *edited = NULL;
    vouch__doc *doc = NULL;
    const vouch__json *edits = NULL;
    if (model->kind != &vouch__kind_gam)
        return vouch__fail(ctx, VOUCH_E_ARG, "edit: a %s has no shapes to edit", model->kind->name);
    vouch_status status = vouch__yaml_read(ctx, file, text, strlen(text), VOUCH__GAM_LOG_MAX, &doc);
    if (!status) {
        edits = vouch__json_get(vouch__doc_root(doc), "edits");
        if (!edits)
            status = vouch__schema_fail(ctx, file, vouch__doc_root(doc), "must have a list edits");
    }
    if (!status)
        status = vouch_model_read(ctx, model->file, model->file_len, &edited);
    if (!status)
        status = vouch__gam_edit(ctx, file, edits, &edited->inputs, edited->state);
    if (!status)
        status = vouch__model_seal(ctx, edited);
    if (!status) {
        *out_model = edited;
        edited = NULL;
    }
    vouch_model_free(edited);
    vouch__doc_free(doc);
    return status;
}
