/* Calibrating a model on a file: its probabilities now, one more map, a scale, and what they did. */
#include "run/calibrating.h"
#include "data/table.h"
#include "models/model_kind.h"
#include "run/told.h"
#include "vouch/validate.h"

#include <math.h>
#include <string.h>

typedef struct work {
    vouch_ctx *ctx;
    const vouch_calibrate_options *o;
    vouch_model *model;
    vouch_table *table;
    size_t n;
    double *p, *weight;
    uint8_t *bad;
    vouch__evidence list;
} work;

static vouch_status column(work *w, const char *name, double **out)
{
    size_t col;
    vouch_status status = vouch_table_column(w->ctx, w->table, name, &col);
    if (status)
        return vouch__because(w->ctx, status, "calibrate: %s", w->o->data);
    *out = vouch__scratch(w->ctx, w->n + 1, sizeof **out);
    if (!*out)
        return vouch__oom(w->ctx);
    vouch_table_read(w->table, col, 0, w->n, *out);
    return VOUCH_OK;
}

static vouch_status bad_value(work *w, double *out)
{
    const char *bad = w->o->bad;
    size_t col = vouch_table_find(w->table, w->o->label);
    *out = 1.0;
    if (vouch_table_type(w->table, col) == VOUCH_TEXT) {
        *out = NAN;
        for (size_t k = 0; bad && k < vouch_table_categories(w->table, col); k++)
            if (!strcmp(vouch_table_category(w->table, col, k), bad))
                *out = (double)k;
    } else if (bad && !vouch__double_read(bad, strlen(bad), out)) {
        *out = NAN;
    }
    return isnan(*out) ? vouch__fail(w->ctx, VOUCH_E_DATA, "calibrate: no label is '%.60s'", bad ? bad : "1")
                       : VOUCH_OK;
}

static vouch_status read_outcomes(work *w)
{
    double *label = NULL, bad;
    vouch_status status = column(w, w->o->label, &label);
    if (!status)
        status = bad_value(w, &bad);
    uint8_t *out = status ? NULL : vouch__scratch(w->ctx, w->n + 1, 1);
    if (status || !out || !label)
        return status ? status : vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) {
        if (isnan(label[i]))
            return vouch__fail(w->ctx, VOUCH_E_DATA, "calibrate: row %zu has no label", i + 1);
        out[i] = label[i] == bad;
    }
    w->bad = out;
    return VOUCH_OK;
}

static vouch_status read_data(work *w)
{
    const vouch_source source = { .source = w->o->data,
                                  .id = w->o->id,
                                  .duckdb = w->o->duckdb,
                                  .is_text = vouch_model_takes_text,
                                  .of = w->model };
    if (!w->o->data)
        return VOUCH_OK;
    vouch_status status = vouch_table_open(w->ctx, &source, &w->table);
    if (status)
        return status;
    w->n = vouch_table_rows(w->table);
    w->p = vouch__scratch(w->ctx, w->n + 1, sizeof *w->p);
    if (!w->p)
        return vouch__oom(w->ctx);
    status = vouch_model_score(w->ctx, w->model, w->table, NULL, w->p, NULL);
    if (!status && w->o->label)
        status = read_outcomes(w);
    if (!status && w->o->weight)
        status = column(w, w->o->weight, &w->weight);
    for (size_t i = 0; !status && w->weight && i < w->n; i++)
        if (!(w->weight[i] > 0.0 && w->weight[i] < INFINITY))
            status = vouch__fail(w->ctx, VOUCH_E_DATA, "calibrate: the weight of row %zu must be above 0",
                                 i + 1);
    return status;
}

/* ---- one model ---- */

vouch_status vouch__calibrate_check(vouch_ctx *ctx, const vouch_calibrate_options *o)
{
    if (!o->method && !o->grades && !o->scale)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "calibrate: a method, a number of grades or a scale must be given");
    if (o->method && vouch__cal_find(o->method) == VOUCH__CAL_METHODS)
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "calibrate: method is '%.40s', must be platt, beta, isotonic, shift, scale, prior, qmm, "
            "pit or ttc",
            o->method);
    if (o->scale && (o->grades || o->optimal))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "calibrate: a scale from a file and grades of its own exclude each other");
    return o->optimal && !o->grades
               ? vouch__fail(ctx, VOUCH_E_ARG,
                             "calibrate: an optimal scale needs the number of grades it may have")
               : VOUCH_OK;
}

static double mean(const vouch__calibrating *w, const double *x)
{
    double sum = 0.0, all = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        double weight = w->weight ? w->weight[i] : 1.0;
        sum += weight * x[i];
        all += weight;
    }
    return sum / all;
}

static void number(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    if (!isnan(value))
        (void)vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

/* The line of the model's own record. */
static vouch_status tell_step(vouch__calibrating *w, const char *step, double before, double after)
{
    vouch__doc *doc = w->list->doc;
    vouch__json *o = vouch__json_object(doc);
    (void)vouch__json_set(doc, o, "step", vouch__json_text(doc, step));
    number(doc, o, "to", w->spec.to);
    number(doc, o, "from", w->spec.from);
    number(doc, o, "auc", w->spec.auc);
    if (w->spec.method == VOUCH__CAL_PIT || w->spec.method == VOUCH__CAL_TTC) {
        number(doc, o, "rho", w->spec.rho);
        number(doc, o, "z", w->z);
    }
    (void)vouch__json_set(doc, o, "model", vouch__json_text(doc, vouch_model_fingerprint(w->model)));
    if (w->n) {
        (void)vouch__json_set(doc, o, "data", vouch__json_text(doc, w->data));
        if (w->part)
            (void)vouch__json_set(doc, o, "part", vouch__json_text(doc, w->part));
        number(doc, o, "rows", (double)w->n);
        number(doc, o, "mean_before", before);
        number(doc, o, "mean_after", after);
    }
    vouch_status status = vouch__doc_status(w->ctx, doc);
    return status ? status : vouch__calibration_tell(w->ctx, w->calibration, o);
}

static vouch_status add_map(vouch__calibrating *w, const vouch__cal_data *data)
{
    vouch__map map = { .type = VOUCH__MAP_SCALE, .a = 1.0 };
    vouch_status status = VOUCH_OK;
    if (w->spec.method == VOUCH__CAL_QMM && isnan(w->spec.auc) && w->bad)
        status = vouch_validate_auc(w->ctx, w->n, w->p, w->bad, w->weight, &w->spec.auc);
    if (!status)
        status = vouch__calibrate_fit(w->ctx, &w->spec, w->n ? data : NULL, &map, &w->z);
    if (!status)
        status = vouch__calibration_add(w->ctx, w->calibration, &map);
    for (size_t i = 0; !status && i < w->n; i++)
        w->after[i] = vouch__map_apply(w->calibration, &map, w->p[i]);
    double before = w->n ? mean(w, w->p) : (double)NAN, after = w->n ? mean(w, w->after) : (double)NAN;
    if (!status)
        vouch__calibrate_show_map(w, &map, before, after);
    return status ? status : tell_step(w, vouch__cal_name(w->spec.method), before, after);
}

static vouch_status add_scale(vouch__calibrating *w, vouch__cal_data *data)
{
    data->p = w->after;
    for (size_t k = 0; k < w->calibration->n_maps; k++)
        if (w->calibration->map[k].type == VOUCH__MAP_GRADES)
            return vouch__fail(w->ctx, VOUCH_E_ARG,
                               "calibrate: the model's probabilities are those of grades "
                               "already");
    vouch_status status = vouch__calibrate_scale(w, data);
    if (!status)
        vouch__calibrate_show_scale(w);
    if (!status && w->o->grade_pd)
        status = vouch__calibration_add(w->ctx, w->calibration, &(vouch__map){ .type = VOUCH__MAP_GRADES });
    return status ? status : tell_step(w, w->o->grade_pd ? "grade PDs" : "master scale", NAN, NAN);
}

static vouch_status make(vouch__calibrating *w, vouch_model **out_model)
{
    const vouch_calibrate_options *o = w->o;
    vouch__cal_data data = { w->n, w->p, w->bad, w->weight };
    vouch_status status = vouch__calibration_copy(w->ctx, w->model->calibration, &w->calibration);
    w->spec = (vouch__cal_spec){
        VOUCH__CAL_METHODS, o->to, o->from, isnan(o->rho) ? 0.15 : o->rho, o->z, o->auc
    };
    if (o->method)
        w->spec.method = vouch__cal_find(o->method);
    if (w->n)
        memcpy(w->after, w->p, w->n * sizeof *w->after);
    if (!status && o->method)
        status = add_map(w, &data);
    if (!status && (o->grades || o->scale))
        status = add_scale(w, &data);
    return status ? status : vouch__model_calibrated(w->ctx, w->model, w->calibration, out_model);
}

vouch_status vouch__calibrate_model(vouch__calibrating *w, vouch_model **out_model)
{
    size_t mark = vouch__scratch_mark(w->ctx);
    vouch_status status = vouch__calibrate_check(w->ctx, w->o);
    if (status)
        return status;
    w->z = NAN;
    w->calibration = NULL;
    w->after = vouch__scratch(w->ctx, w->n + 1, sizeof *w->after);
    status = w->after ? make(w, out_model) : vouch__oom(w->ctx);
    if (status)
        vouch__calibration_free(w->calibration);
    w->calibration = NULL; /* the model's */
    vouch__scratch_reset(w->ctx, mark);
    return status;
}

/* ---- the command ---- */

static vouch_status carry(work *w, vouch_model **out_model, vouch_told *out)
{
    char hash[VOUCH__HEX] = "";
    vouch__json *root, *about;
    vouch_model *made = NULL;
    vouch_status status = vouch__calibrate_check(w->ctx, w->o);
    if (!status)
        status = vouch_model_load(w->ctx, w->o->model, &w->model);
    if (!status)
        status = read_data(w);
    if (!status && w->table)
        status = vouch__table_fingerprint(w->ctx, w->table, hash);
    if (!status)
        status = vouch__evidence_new(w->ctx, NULL, &w->list);
    if (status)
        return status;
    vouch__calibrating one = {
        .ctx = w->ctx, .o = w->o, .model = w->model, .n = w->n, .p = w->p, .bad = w->bad
    };
    one.weight = w->weight;
    one.data = hash;
    one.list = &w->list;
    status = vouch__calibrate_model(&one, &made);
    if (!status)
        status = vouch__told_root(w->ctx, &w->list, vouch_model_name(w->model), "Calibration", NAN,
                                  w->o->data, w->table, &root, &about);
    if (!status)
        status = vouch__told_write(w->ctx, &w->list, root, out);
    if (status)
        vouch_model_free(made);
    else
        *out_model = made;
    return status;
}

vouch_status vouch_calibrate(vouch_ctx *ctx, const vouch_calibrate_options *options, vouch_model **out_model,
                             vouch_told *out_told)
{
    work w = { .ctx = ctx, .o = options };
    vouch_told told = { .summary = NULL };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = carry(&w, out_model, &told);
    if (status)
        vouch_told_clear(ctx, &told);
    else
        *out_told = told;
    vouch__evidence_free(&w.list);
    vouch_table_unref(w.table);
    vouch_model_free(w.model);
    vouch__scratch_reset(ctx, mark);
    return status;
}
