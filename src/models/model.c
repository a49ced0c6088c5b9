/* Models of every kind: fitting, scoring and telling about them, by handing on to the kind.
 *
 * Rows are scored in fixed blocks, each on its own: a row's score depends neither on its neighbours nor on
 * the number of threads. */
#include "base/parallel.h"
#include "models/model_kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SCORE_GRAIN = 1024, CONTRIBUTION_GRAIN = 2048 };

static const vouch__model_kind *const kinds[] = {
#define X(name) &vouch__kind_##name,
    VOUCH__KIND_LIST(X)
#undef X
};
static const size_t n_kinds = sizeof kinds / sizeof kinds[0];

const vouch__model_kind *vouch__kind_find(const char *name)
{
    for (size_t i = 0; i < n_kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

size_t vouch__kind_names(const char *out[], size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < n_kinds; i++) {
        if (kinds[i]->capabilities & VOUCH__IS_IMPORTED)
            continue;
        if (n < max)
            out[n] = kinds[i]->name;
        n++;
    }
    return n;
}

static vouch_status check_kind(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__fit_data *data)
{
    if (kind->capabilities & VOUCH__CAN_RESUME ||
        (!data->group && !data->missing && !data->objective && !data->resume))
        return VOUCH_OK;
    return vouch__fail(ctx, VOUCH_E_ARG,
                       "fit: %s takes no interactions, sides of missing values, objective or model to resume",
                       kind->name);
}

vouch_status vouch__model_fit(vouch_ctx *ctx, const vouch__model_kind *kind, const char *name,
                              vouch__inputs *inputs, const double *value, const vouch__fit_data *data,
                              vouch__doc *doc, vouch__json *log, vouch_model **out_model)
{
    vouch__fit_data named = *data;
    vouch__doc *unread = NULL; /* the log of a caller who wants none */
    vouch_model *model = NULL;
    vouch_status status = check_kind(ctx, kind, data);
    if (status)
        return status;
    if (!doc) {
        status = vouch__doc_new(ctx, &unread);
        if (status)
            return status;
        doc = unread;
        log = vouch__json_object(unread);
    }
    model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model) {
        status = vouch__oom(ctx);
        goto done;
    }
    named.name = name;
    model->kind = kind;
    model->version = kind->version;
    model->alloc = *vouch__allocator(ctx);
    model->name = vouch__strdup(ctx, name);
    model->value = vouch__alloc(ctx, kind->n_params ? kind->n_params : 1, sizeof *model->value);
    if (!model->name || !model->value) {
        status = vouch__oom(ctx);
        goto done;
    }
    for (size_t i = 0; i < kind->n_params; i++)
        model->value[i] = value[i];
    status = kind->fit(ctx, &named, value, doc, log, &model->state);
    if (status)
        goto done;
    model->inputs = *inputs; /* lent: the caller's again if sealing fails */
    status = vouch__model_seal(ctx, model);
    if (status) {
        model->inputs = (vouch__inputs){ .n = 0 };
        goto done;
    }
    *inputs = (vouch__inputs){ .n = 0 };
    *out_model = model;
    model = NULL;
done:
    vouch_model_free(model);
    vouch__doc_free(unread);
    return status;
}

vouch_status vouch__model_make(vouch_ctx *ctx, const vouch__model_kind *kind, const char *name,
                               vouch__inputs *inputs, void *state, vouch_model **out_model)
{
    vouch_status status;
    vouch_model *model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model)
        return vouch__oom(ctx);
    model->kind = kind;
    model->version = kind->version;
    model->alloc = *vouch__allocator(ctx);
    model->name = vouch__strdup(ctx, name);
    model->value = vouch__alloc(ctx, 1, sizeof *model->value);
    model->inputs = *inputs; /* lent, as state is: the caller's again if sealing fails */
    model->state = state;
    status = model->name && model->value ? vouch__model_seal(ctx, model) : vouch__oom(ctx);
    if (status) {
        model->inputs = (vouch__inputs){ .n = 0 };
        model->state = NULL;
        goto done;
    }
    *inputs = (vouch__inputs){ .n = 0 };
    *out_model = model;
    model = NULL;
done:
    vouch_model_free(model);
    return status;
}

void vouch_model_free(vouch_model *model)
{
    if (!model)
        return;
    vouch_alloc alloc = model->alloc;
    if (model->state)
        model->kind->free(&alloc, model->state);
    vouch__inputs_clear(&model->inputs);
    vouch__calibration_free(model->calibration);
    vouch__conversion_free(model->conversion);
    vouch__free(&alloc, model->file);
    vouch__free(&alloc, model->value);
    vouch__free(&alloc, model->name);
    vouch__free(&alloc, model);
}

const char *vouch_model_kind_name(const vouch_model *model) { return model->kind->name; }
const char *vouch_model_name(const vouch_model *model) { return model->name; }
const char *vouch_model_fingerprint(const vouch_model *model) { return model->fingerprint; }
size_t vouch_model_inputs(const vouch_model *model) { return model->inputs.n; }

const char *vouch_model_input_name(const vouch_model *model, size_t input)
{
    return model->inputs.at[input].name;
}

int vouch_model_takes_text(const void *model, const char *column)
{
    const vouch__inputs *inputs = &((const vouch_model *)model)->inputs;
    for (size_t j = 0; j < inputs->n; j++)
        if (inputs->at[j].is_category && !strcmp(inputs->at[j].name, column))
            return 1;
    return 0;
}

size_t vouch_model_grades(const vouch_model *model)
{
    return model->calibration ? model->calibration->n_grades : 0;
}

size_t vouch_model_grade(const vouch_model *model, double probability)
{
    if (vouch_model_grades(model) == 0 || isnan(probability))
        return 0;
    return vouch__calibration_grade(model->calibration, probability) + 1;
}

int vouch_model_has_points(const vouch_model *model)
{
    return (model->kind->capabilities & VOUCH__CAN_POINTS) != 0;
}

double vouch__model_probability(const vouch_model *model, double raw)
{
    return vouch__calibration_apply(model->calibration, model->kind->probability(model->state, raw));
}

vouch__scale vouch__link_scale(vouch_link link)
{
    return link == VOUCH_LINK_LOGIT ? VOUCH__SCALE_SHARE
           : link == VOUCH_LINK_LOG ? VOUCH__SCALE_LOG
                                    : VOUCH__SCALE_MEAN;
}

vouch__scale vouch__model_scale(const vouch_model *model)
{
    bool is_share = model->calibration || !model->kind->scale; /* no map leaves 0 to 1 */
    return is_share ? VOUCH__SCALE_SHARE : model->kind->scale(model->state);
}

void vouch__model_probabilities(const vouch_model *model, vouch__matrix x, const double *raw, double *out)
{
    const vouch__model_kind *kind = model->kind;
    if (kind->probabilities)
        kind->probabilities(model->state, x, raw, out);
    for (size_t i = 0; i < x.rows; i++)
        out[i] = kind->probabilities ? vouch__calibration_apply(model->calibration, out[i])
                                     : vouch__model_probability(model, raw[i]);
}

typedef struct score_job {
    const vouch_model *model;
    const vouch__binding *binding;
    size_t begin;
    const uint32_t *row;
    double *raw, *probability;
    int32_t *points;
} score_job;

static vouch_status score_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const score_job *job = arg;
    const vouch__model_kind *kind = job->model->kind;
    size_t n = end - begin, width = job->model->inputs.n;
    double *x = vouch__scratch(worker, n * (width + 1), sizeof *x);
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    double *raw = job->raw ? job->raw + begin : x + n * width;
    vouch__bound_rows(job->binding, job->begin + begin, n, job->row ? job->row + begin : NULL, x);
    vouch__matrix rows = { x, n, width };
    if (kind->check) {
        vouch_status status = kind->check(worker, job->model->state, &job->model->inputs, rows,
                                          job->begin + begin);
        if (status)
            return status;
    }
    kind->predict(job->model->state, rows, raw);
    if (job->probability)
        vouch__model_probabilities(job->model, rows, raw, job->probability + begin);
    for (size_t i = 0; job->points && i < n; i++)
        job->points[begin + i] = kind->points(job->model->state, x + i * width);
    return VOUCH_OK;
}

vouch_status vouch__model_score_bound(vouch_ctx *ctx, const vouch_model *model, const vouch__binding *binding,
                                      size_t begin, size_t n, const uint32_t *row, double *out_raw,
                                      double *out_probability, int32_t *out_points)
{
    score_job job = { .model = model, .binding = binding, .begin = begin, .row = row };
    job.raw = out_raw;
    job.probability = out_probability;
    job.points = out_points;
    if (out_points && !model->kind->points)
        return vouch__fail(ctx, VOUCH_E_ARG, "score: a %s has no points", model->kind->name);
    return vouch__parallel(ctx, n, SCORE_GRAIN, score_chunk, &job);
}

vouch_status vouch_model_score(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table,
                               double *out_raw, double *out_probability, int32_t *out_points)
{
    vouch__binding binding;
    vouch_status status = vouch__bind(ctx, &model->inputs, table, &binding);
    if (status)
        return vouch__because(ctx, status, "score");
    status = vouch__model_score_bound(ctx, model, &binding, 0, vouch_table_rows(table), NULL, out_raw,
                                      out_probability, out_points);
    vouch__binding_clear(&binding);
    return status;
}

typedef struct contribution_job {
    const vouch_model *model;
    const vouch__binding *binding;
    const vouch__shap *shap; /* of trees */
    double *out;
} contribution_job;

static vouch_status contribution_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const contribution_job *job = arg;
    const vouch__model_kind *kind = job->model->kind;
    size_t n = end - begin, width = job->model->inputs.n, mark = vouch__scratch_mark(worker);
    double base, *x = vouch__scratch(worker, n * width, sizeof *x), *out = job->out + begin * width;
    vouch_status status = VOUCH_OK;
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    vouch__bound_rows(job->binding, begin, n, NULL, x);
    vouch__matrix rows = { x, n, width };
    if (kind->check)
        status = kind->check(worker, job->model->state, &job->model->inputs, rows, begin);
    if (!status)
        status = job->shap ? vouch__shap_rows(worker, job->shap, n, x, out)
                           : kind->contributions(worker, job->model->state, rows, out, &base);
    vouch__scratch_reset(worker, mark);
    return status;
}

vouch_status vouch_model_contributions(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table,
                                       double *out_contribution, double *out_base)
{
    vouch__binding binding;
    vouch__shap *shap = NULL;
    double base = 0.0;
    if (!model->kind->contributions)
        return vouch__fail(ctx, VOUCH_E_ARG, "contributions: a %s has none", model->kind->name);
    vouch_status status = vouch__bind(ctx, &model->inputs, table, &binding);
    if (status)
        return vouch__because(ctx, status, "contributions");
    vouch__matrix none = { NULL, 0, model->inputs.n }; /* a table without rows has a base too */
    status = model->kind->shap ? model->kind->shap(ctx, model->state, &shap)
                               : model->kind->contributions(ctx, model->state, none, NULL, &base);
    if (shap)
        base = vouch__shap_base(shap);
    contribution_job job = { .model = model, .binding = &binding, .shap = shap };
    job.out = out_contribution;
    if (!status)
        status = vouch__parallel(ctx, vouch_table_rows(table), CONTRIBUTION_GRAIN, contribution_chunk, &job);
    vouch__shap_free(vouch__allocator(ctx), shap);
    vouch__binding_clear(&binding);
    if (!status)
        *out_base = base;
    return status;
}

static void describe_inputs(const vouch__inputs *inputs, vouch__doc *doc, vouch__json *list)
{
    for (size_t j = 0; j < inputs->n; j++) {
        const vouch__input *input = &inputs->at[j];
        vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
        vouch__json_set(doc, o, "name", vouch__json_text(doc, input->name));
        vouch__json_set(doc, o, "type", vouch__json_text(doc, input->is_category ? "category" : "number"));
        vouch__json_set(doc, o, "monotone", vouch__json_number(doc, input->monotone));
        if (input->is_category) {
            vouch__json *names = vouch__json_set(doc, o, "categories", vouch__json_array(doc));
            for (size_t k = 0; k < input->n_categories; k++)
                vouch__json_push(doc, names, vouch__json_text(doc, input->category[k]));
        }
        vouch__json *special = vouch__json_set(doc, o, "special", vouch__json_array(doc));
        for (size_t k = 0; k < input->n_special; k++)
            vouch__json_push(doc, special, vouch__json_number(doc, input->special[k]));
    }
}

static void describe(const vouch_model *model, vouch__doc *doc)
{
    const vouch__model_kind *kind = model->kind;
    vouch__json *root = vouch__json_object(doc);
    vouch__json_set(doc, root, "name", vouch__json_text(doc, model->name));
    vouch__json_set(doc, root, "kind", vouch__json_text(doc, kind->name));
    vouch__json_set(doc, root, "title", vouch__json_text(doc, kind->title));
    vouch__json_set(doc, root, "kind_version", vouch__json_number(doc, kind->version));
    vouch__json_set(doc, root, "fingerprint", vouch__json_text(doc, model->fingerprint));
    vouch__json *params = vouch__json_set(doc, root, "parameters", vouch__json_object(doc));
    for (size_t i = 0; i < kind->n_params; i++)
        vouch__json_set(doc, params, kind->params[i].name,
                        vouch__param_json(doc, &kind->params[i], model->value[i]));
    describe_inputs(&model->inputs, doc, vouch__json_set(doc, root, "inputs", vouch__json_array(doc)));
    vouch__json *own = vouch__json_set(doc, root, "model", vouch__json_object(doc));
    if (kind->describe)
        kind->describe(model->state, &model->inputs, doc, own);
    if (model->conversion)
        vouch__conversion_describe(model->conversion, doc,
                                   vouch__json_set(doc, root, "conversion", vouch__json_object(doc)));
    if (model->calibration)
        vouch__calibration_describe(model->calibration, doc,
                                    vouch__json_set(doc, root, "calibration", vouch__json_object(doc)));
}

vouch_status vouch__model_doc(vouch_ctx *ctx, const vouch_model *model, vouch__doc **out_doc)
{
    vouch__doc *doc;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    describe(model, doc);
    status = vouch__doc_status(ctx, doc);
    if (status)
        vouch__doc_free(doc);
    else
        *out_doc = doc;
    return status;
}

vouch_status vouch_model_describe(vouch_ctx *ctx, const vouch_model *model, char **out_json)
{
    vouch__doc *doc;
    vouch__buf buf;
    vouch_status status = vouch__model_doc(ctx, model, &doc);
    if (status)
        return status;
    vouch__buf_init(ctx, &buf, 0);
    vouch__json_write(&buf, vouch__doc_root(doc));
    status = vouch__buf_status(ctx, &buf);
    if (!status)
        *out_json = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
    return status;
}

static vouch_status no_form(vouch_ctx *ctx, const vouch_model *model, const char *name)
{
    char known[256] = "";
    size_t used = 0;
    if (model->kind->n_forms == 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "export: a %s can't be written for other systems",
                           model->kind->name);
    for (size_t i = 0; i < model->kind->n_forms && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 model->kind->form[i].name);
    return vouch__fail(ctx, VOUCH_E_ARG, "export: no form '%s' of a %s, must be one of %s", name,
                       model->kind->name, known);
}

vouch_status vouch_model_export(vouch_ctx *ctx, const vouch_model *model, const char *form, char **out_text)
{
    const vouch__form *found = NULL;
    vouch__buf buf;
    for (size_t i = 0; i < model->kind->n_forms; i++)
        if (!strcmp(model->kind->form[i].name, form))
            found = &model->kind->form[i];
    if (!found)
        return no_form(ctx, model, form);
    vouch__buf_init(ctx, &buf, 0);
    vouch_status status = found->write(ctx, model, &buf);
    if (!status)
        status = vouch__buf_status(ctx, &buf);
    if (!status)
        *out_text = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    return status;
}
