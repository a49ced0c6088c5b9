/* Calibrating a model on a file: its probabilities now, one more map, a scale, and what they did. */
#include "data/table.h"
#include "models/model_kind.h"
#include "num/rates.h"
#include "run/told.h"
#include "strategy/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVE = 40 };

typedef struct work {
    vouch_ctx *ctx;
    const vouch_calibrate_options *o;
    vouch_model *model;
    vouch_table *table;
    size_t n;
    double *p, *after, *weight;
    uint8_t *bad;
    vouch__cal_spec spec;
    vouch__calibration *calibration;
    double z;
    vouch__evidence list;
} work;

static vouch_status column(work *w, const char *name, double **out)
{
    size_t col = vouch_table_find(w->table, name);
    if (col == SIZE_MAX)
        return vouch__fail(w->ctx, VOUCH_E_NOTFOUND, "calibrate: %s has no column '%.60s'", w->o->data, name);
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
    const vouch_source source = { .source = w->o->data, .id = w->o->id, .duckdb = w->o->duckdb };
    if (!w->o->data)
        return VOUCH_OK;
    vouch_status status = vouch_table_open(w->ctx, &source, &w->table);
    if (status)
        return status;
    w->n = vouch_table_rows(w->table);
    w->p = vouch__scratch(w->ctx, w->n + 1, sizeof *w->p);
    w->after = vouch__scratch(w->ctx, w->n + 1, sizeof *w->after);
    if (!w->p || !w->after)
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

static vouch_status read_spec(work *w)
{
    const vouch_calibrate_options *o = w->o;
    if (!o->method && !o->grades)
        return vouch__fail(w->ctx, VOUCH_E_ARG, "calibrate: a method or a number of grades must be given");
    w->spec = (vouch__cal_spec){ VOUCH__CAL_METHODS, o->to, o->from, o->rho, o->z };
    if (!o->method)
        return VOUCH_OK;
    w->spec.method = vouch__cal_find(o->method);
    if (w->spec.method == VOUCH__CAL_METHODS)
        return vouch__fail(
            w->ctx, VOUCH_E_ARG,
            "calibrate: method is '%.40s', must be platt, beta, isotonic, shift, scale, prior, "
            "pit or ttc",
            o->method);
    if (isnan(w->spec.rho))
        w->spec.rho = 0.15;
    return VOUCH_OK;
}

static double mean(const work *w, const double *x)
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
static vouch_status tell_step(work *w, const char *step, double before, double after)
{
    vouch__doc *doc = w->list.doc;
    vouch__json *o = vouch__json_object(doc);
    char hash[VOUCH__HEX];
    (void)vouch__json_set(doc, o, "step", vouch__json_text(doc, step));
    number(doc, o, "to", w->spec.to);
    number(doc, o, "from", w->spec.from);
    if (w->spec.method == VOUCH__CAL_PIT || w->spec.method == VOUCH__CAL_TTC) {
        number(doc, o, "rho", w->spec.rho);
        number(doc, o, "z", w->z);
    }
    (void)vouch__json_set(doc, o, "model", vouch__json_text(doc, vouch_model_fingerprint(w->model)));
    if (w->table) {
        vouch_status status = vouch__table_fingerprint(w->ctx, w->table, hash);
        if (status)
            return status;
        (void)vouch__json_set(doc, o, "data", vouch__json_text(doc, hash));
        number(doc, o, "rows", (double)w->n);
        number(doc, o, "mean_before", before);
        number(doc, o, "mean_after", after);
    }
    vouch_status status = vouch__doc_status(w->ctx, doc);
    return status ? status : vouch__calibration_tell(w->ctx, w->calibration, o);
}

static void show_map(work *w, const vouch__map *map, double before, double after)
{
    double observed = NAN, bad = 0.0;
    bool has_line = map->type != VOUCH__MAP_KNOTS;
    char note[160] = "";
    for (size_t i = 0; w->bad && i < w->n; i++)
        bad += w->bad[i];
    if (w->bad)
        observed = bad / (double)w->n;
    if (!isnan(w->z))
        (void)snprintf(note, sizeof note, "The state z is in the table; below 0 is worse than on average.");
    vouch__entry entry = VOUCH__ENTRY(
            .id = "calibrate.map", .section = "fit", .title = "Calibration",
            .model = vouch_model_name(w->model), .subject = vouch__cal_name(w->spec.method),
            .purpose = "What is done to the model's probability, and where its mean comes to lie?",
            .method = vouch__cal_words(w->spec.method),
            .convention =
                "raw, points, contributions and reasons stay the model's own; the order of cases too.",
            .source =
                "C. Elkan, IJCAI (2001) 973-978; O. Vasicek, Risk 15 (2002) 160-162; J. Platt (1999); M. "
                "Kull et al., AISTATS (2017); D. Tasche, Int. J. Forecasting 29 (2013) 496-510",
            .unit = "mean probability", .note = *note ? note : NULL, .n = w->n ? (double)w->n : (double)NAN,
            .n_bad = w->bad ? bad : (double)NAN, .value = w->n ? after : (double)NAN);
    vouch__json *object = vouch__evidence_add(&w->list, &entry);
    vouch__json *table = vouch__evidence_table(&w->list, object, "numbers", "quantity,value");
    const struct {
        const char *name;
        double value;
    } rows[] = { { "mean probability before", w->n ? before : (double)NAN },
                 { "mean probability after", w->n ? after : (double)NAN },
                 { "observed bad rate", observed },
                 { "rate to come to", w->spec.to },
                 { "rate to come from", w->spec.from },
                 { "state z", w->z },
                 { "a", has_line ? map->a : (double)NAN },
                 { "b", has_line && map->type != VOUCH__MAP_SCALE ? map->b : (double)NAN },
                 { "c", map->type == VOUCH__MAP_BETA ? map->c : (double)NAN } };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (!isnan(rows[k].value)) {
            vouch__json *row = vouch__evidence_row(&w->list, table);
            vouch__row_text(&w->list, row, rows[k].name);
            vouch__row_number(&w->list, row, rows[k].value);
        }
    vouch__json *curve = vouch__evidence_table(&w->list, object, "curve",
                                               "before_probability,after_probability");
    double top = w->n ? 0.0 : 0.5;
    for (size_t i = 0; i < w->n; i++)
        top = fmax(top, w->p[i]);
    for (size_t k = 0; k <= CURVE; k++) {
        double p = top * (double)k / CURVE;
        vouch__json *row = vouch__evidence_row(&w->list, curve);
        vouch__row_number(&w->list, row, p);
        vouch__row_number(&w->list, row, vouch__map_apply(w->calibration, map, p));
    }
    vouch__evidence_plot(&w->list, object, "line", "curve", "before_probability", "after_probability",
                         "probability before", "probability after");
}

typedef struct grade {
    double cases, mass, sum, bad;
} grade;

static void show_scale(work *w)
{
    const vouch__calibration *c = w->calibration;
    grade g[VOUCH__GRADES_MAX];
    double whole = 0.0, square = 0.0, last = -1.0;
    size_t falls = 0;
    memset(g, 0, sizeof g);
    for (size_t i = 0; i < w->n; i++) {
        double weight = w->weight ? w->weight[i] : 1.0;
        grade *at = &g[vouch__calibration_grade(c, w->after[i])];
        at->cases++;
        at->mass += weight;
        at->sum += weight * w->after[i];
        at->bad += w->bad ? w->bad[i] : 0;
        whole += weight;
    }
    for (size_t k = 0; k < c->n_grades; k++) {
        double rate = g[k].bad / g[k].cases;
        square += g[k].mass / whole * (g[k].mass / whole);
        falls += w->bad && g[k].cases > 0.0 && rate < last;
        last = w->bad && g[k].cases > 0.0 ? rate : last;
    }
    char note[240];
    (void)snprintf(
        note, sizeof note,
        "The value is Herfindahl's index of the shares of grades: %s%zu where all cases are spread "
        "evenly. Observed bad rates fall from one grade to the next %zu times.",
        "1 / ", c->n_grades, falls);
    vouch__entry entry = VOUCH__ENTRY(
            .id = "calibrate.scale", .section = "fit", .title = "Master scale",
            .model = vouch_model_name(w->model),
            .purpose =
                "Which grade does a probability fall in, how are cases spread over grades, and do grades "
                "keep their order in what happened?",
            .method =
                "PDs in geometric steps; the bound between two grades is the geometric mean of their PDs. "
                "Grades that hold less than the least share are merged with their emptier neighbour.",
            .convention = "A grade holds probabilities above the bound before it up to its own. Jeffreys' "
                          "interval of observed rates, unweighted.",
            .source = "ECB, Instructions for reporting the validation results of internal models (2019)",
            .note = w->n ? note : NULL, .n = w->n ? (double)w->n : (double)NAN,
            .value = w->n ? square : (double)NAN);
    vouch__json *object = vouch__evidence_add(&w->list, &entry);
    vouch__json *table = vouch__evidence_table(
        &w->list, object, "grades", "grade,above,up_to,pd,cases,share,mean_pd,bad,bad_rate,low,high");
    for (size_t k = 0; k < c->n_grades; k++) {
        double low = NAN, high = NAN;
        bool seen = w->bad && g[k].cases > 0.0;
        if (seen)
            vouch__jeffreys_interval(g[k].bad, g[k].cases, 0.95, &low, &high);
        const double cells[] = { (double)(k + 1),
                                 k ? c->bound[k - 1] : 0.0,
                                 k + 1 < c->n_grades ? c->bound[k] : 1.0,
                                 c->pd[k],
                                 w->n ? g[k].cases : (double)NAN,
                                 w->n ? g[k].mass / whole : (double)NAN,
                                 g[k].sum / g[k].mass,
                                 w->bad ? g[k].bad : (double)NAN,
                                 seen ? g[k].bad / g[k].cases : (double)NAN,
                                 low,
                                 high };
        vouch__json *row = vouch__evidence_row(&w->list, table);
        for (size_t j = 0; j < sizeof cells / sizeof *cells; j++)
            vouch__row_number(&w->list, row, cells[j]);
    }
    vouch__evidence_plot(&w->list, object, "bars", "grades", "grade", w->n ? "share" : "pd", "grade",
                         w->n ? "share of cases" : "PD");
}

static vouch_status add_map(work *w, const vouch__cal_data *data)
{
    vouch__map map = { .type = VOUCH__MAP_SCALE, .a = 1.0 };
    vouch_status status = vouch__calibrate_fit(w->ctx, &w->spec, w->n ? data : NULL, &map, &w->z);
    if (!status)
        status = vouch__calibration_add(w->ctx, w->calibration, &map);
    for (size_t i = 0; !status && i < w->n; i++)
        w->after[i] = vouch__map_apply(w->calibration, &map, w->p[i]);
    double before = w->n ? mean(w, w->p) : (double)NAN, after = w->n ? mean(w, w->after) : (double)NAN;
    if (!status)
        show_map(w, &map, before, after);
    return status ? status : tell_step(w, vouch__cal_name(w->spec.method), before, after);
}

static vouch_status add_scale(work *w, vouch__cal_data *data)
{
    const vouch_calibrate_options *o = w->o;
    data->p = w->after;
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < w->calibration->n_maps; k++)
        if (w->calibration->map[k].type == VOUCH__MAP_GRADES)
            return vouch__fail(w->ctx, VOUCH_E_ARG,
                               "calibrate: the model's probabilities are those of grades "
                               "already");
    status = vouch__scale_geometric(w->ctx, o->grades, o->min_pd, o->max_pd, w->calibration);
    if (!status && w->n && o->min_share > 0.0)
        status = vouch__scale_merge(w->ctx, data, o->min_share, w->calibration);
    if (!status)
        show_scale(w);
    if (!status && o->grade_pd)
        status = vouch__calibration_add(w->ctx, w->calibration, &(vouch__map){ .type = VOUCH__MAP_GRADES });
    return status ? status : tell_step(w, o->grade_pd ? "grade PDs" : "master scale", NAN, NAN);
}

static vouch_status carry(work *w, vouch_model **out_model, vouch_told *out)
{
    vouch_status status = read_spec(w);
    if (!status)
        status = vouch_model_load(w->ctx, w->o->model, &w->model);
    if (!status)
        status = read_data(w);
    if (!status)
        status = vouch__calibration_copy(w->ctx, w->model->calibration, &w->calibration);
    if (!status)
        status = vouch__evidence_new(w->ctx, NULL, &w->list);
    if (status)
        return status;
    vouch__cal_data data = { w->n, w->p, w->bad, w->weight };
    if (w->n)
        memcpy(w->after, w->p, w->n * sizeof *w->after);
    if (w->o->method)
        status = add_map(w, &data);
    if (!status && w->o->grades)
        status = add_scale(w, &data);
    vouch__json *root, *about;
    if (!status)
        status = vouch__told_root(w->ctx, &w->list, vouch_model_name(w->model), "Calibration", NAN,
                                  w->o->data, w->table, &root, &about);
    if (!status)
        status = vouch__told_write(w->ctx, &w->list, root, out);
    if (!status)
        status = vouch__model_calibrated(w->ctx, w->model, w->calibration, out_model);
    if (!status)
        w->calibration = NULL;
    return status;
}

vouch_status vouch_calibrate(vouch_ctx *ctx, const vouch_calibrate_options *options, vouch_model **out_model,
                             vouch_told *out_told)
{
    work w = { .ctx = ctx, .o = options, .z = NAN };
    vouch_told told = { .summary = NULL };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = carry(&w, out_model, &told);
    if (status)
        vouch_told_clear(ctx, &told);
    else
        *out_told = told;
    vouch__calibration_free(w.calibration);
    vouch__evidence_free(&w.list);
    vouch_table_unref(w.table);
    vouch_model_free(w.model);
    vouch__scratch_reset(ctx, mark);
    return status;
}
