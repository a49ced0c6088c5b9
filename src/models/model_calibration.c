/* Maps of probabilities and their bytes. A map is checked when it is added and again when it is read, so
 * that applying one needs no doubt. */
#include "models/model_calibration.h"

#include "models/model_kind.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { TOLD_MAX = 1 << 20 };
static const char *const types[] = { "logit", "scale", "probit", "beta", "knots", "grades" };

static double on_knots(const vouch__map *m, double p)
{
    size_t low = 0, high = m->n - 1;
    if (p <= m->x[0])
        return m->y[0];
    if (p >= m->x[high])
        return m->y[high];
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (m->x[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    double part = (p - m->x[low]) / (m->x[high] - m->x[low]);
    return fmin(m->y[high], m->y[low] + part * (m->y[high] - m->y[low]));
}

double vouch__map_apply(const vouch__calibration *c, const vouch__map *m, double p)
{
    if (isnan(p))
        return p;
    switch (m->type) {
    case VOUCH__MAP_LOGIT: return vouch__sigmoid(m->a + m->b * vouch__logit(p));
    case VOUCH__MAP_SCALE: return fmin(1.0, m->a * p);
    case VOUCH__MAP_PROBIT:
        return p > 0.0 && p < 1.0 ? vouch__normal_cdf(m->a + m->b * vouch__normal_quantile(p)) : p;
    case VOUCH__MAP_BETA: {
        double q = fmin(1.0 - 1e-15, fmax(1e-15, p)); /* as it was fitted */
        return vouch__sigmoid(m->c + m->a * vouch__log(q) - m->b * vouch__log1p(-q));
    }
    case VOUCH__MAP_GRADES: return c->pd[vouch__calibration_grade(c, p)];
    default: return on_knots(m, p);
    }
}

double vouch__calibration_apply(const vouch__calibration *c, double p)
{
    for (size_t k = 0; c && k < c->n_maps; k++)
        p = vouch__map_apply(c, &c->map[k], p);
    return p;
}

size_t vouch__calibration_grade(const vouch__calibration *c, double p)
{
    size_t low = 0, high = c->n_grades - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p <= c->bound[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool is_finite(double x) { return fabs(x) < INFINITY; }

/* NULL when the map is one that rises. */
static const char *fault_of(const vouch__calibration *c, const vouch__map *m)
{
    if (m->type >= VOUCH__MAP_TYPES || !is_finite(m->a) || !is_finite(m->b) || !is_finite(m->c))
        return "a map is of no known type, or not finite";
    bool rises = m->type == VOUCH__MAP_SCALE                                   ? m->a > 0.0
                 : m->type == VOUCH__MAP_LOGIT || m->type == VOUCH__MAP_PROBIT ? m->b > 0.0
                 : m->type == VOUCH__MAP_BETA ? m->a >= 0.0 && m->b >= 0.0 && m->a + m->b > 0.0
                                              : true;
    if (!rises || (m->type == VOUCH__MAP_GRADES && c->n_grades == 0) ||
        (m->type == VOUCH__MAP_KNOTS) != (m->n > 0))
        return "a map does not rise with the probability";
    for (size_t i = 0; i < m->n; i++)
        if (!(m->x[i] >= 0.0 && m->x[i] <= 1.0 && m->y[i] >= 0.0 && m->y[i] <= 1.0) ||
            (i && !(m->x[i] > m->x[i - 1] && m->y[i] >= m->y[i - 1])))
            return "the points of a map do not rise";
    return NULL;
}

static const char *fault_of_scale(const vouch__calibration *c)
{
    if (c->n_grades == 1 || c->n_grades > VOUCH__GRADES_MAX)
        return "a scale must have 2 to 100 grades";
    for (size_t g = 0; g < c->n_grades; g++)
        if (!(c->pd[g] >= 0.0 && c->pd[g] <= 1.0) || (g && !(c->pd[g] > c->pd[g - 1])))
            return "the PDs of grades must rise";
    for (size_t g = 0; g + 1 < c->n_grades; g++)
        if (!(c->bound[g] > 0.0 && c->bound[g] < 1.0) || (g && !(c->bound[g] > c->bound[g - 1])))
            return "the bounds of grades must rise";
    return NULL;
}

void vouch__calibration_free(vouch__calibration *c)
{
    if (!c)
        return;
    vouch_alloc alloc = c->alloc;
    for (size_t k = 0; k < c->n_maps; k++)
        vouch__free(&alloc, c->map[k].x);
    vouch__free(&alloc, c->told);
    vouch__free(&alloc, c);
}

vouch_status vouch__calibration_add(vouch_ctx *ctx, vouch__calibration *c, const vouch__map *map)
{
    const char *fault = fault_of(c, map);
    vouch__map *to = &c->map[c->n_maps];
    fault = fault ? fault : fault_of_scale(c);
    if (fault)
        return vouch__fail(ctx, VOUCH_E_ARG, "calibration: %s", fault);
    if (c->n_maps == VOUCH__MAPS_MAX)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "calibration: a model can have %d maps", VOUCH__MAPS_MAX);
    *to = *map;
    to->x = vouch__alloc(ctx, 2 * map->n + 1, sizeof *to->x);
    if (!to->x)
        return vouch__oom(ctx);
    to->y = to->x + map->n;
    if (map->n) {
        memcpy(to->x, map->x, map->n * sizeof *to->x);
        memcpy(to->y, map->y, map->n * sizeof *to->y);
    }
    c->n_maps++;
    return VOUCH_OK;
}

vouch_status vouch__calibration_copy(vouch_ctx *ctx, const vouch__calibration *from, vouch__calibration **out)
{
    vouch__calibration *c = vouch__alloc(ctx, 1, sizeof *c);
    vouch_status status = VOUCH_OK;
    if (!c)
        return vouch__oom(ctx);
    c->alloc = *vouch__allocator(ctx);
    c->n_grades = from ? from->n_grades : 0;
    if (from) {
        memcpy(c->bound, from->bound, sizeof c->bound);
        memcpy(c->pd, from->pd, sizeof c->pd);
    }
    c->told = vouch__strdup(ctx, from ? from->told : "[]");
    if (!c->told)
        status = vouch__oom(ctx);
    for (size_t k = 0; from && k < from->n_maps && !status; k++)
        status = vouch__calibration_add(ctx, c, &from->map[k]);
    if (status)
        vouch__calibration_free(c);
    else
        *out = c;
    return status;
}

/* told as a tree; the caller frees it. */
static vouch_status read_told(vouch_ctx *ctx, const char *text, vouch__doc **out)
{
    vouch_status status = vouch__json_read(ctx, "calibration", text, strlen(text), TOLD_MAX, out);
    if (!status && vouch__doc_root(*out)->type != VOUCH__JSON_ARRAY) {
        vouch__doc_free(*out);
        *out = NULL;
        status = vouch__fail(ctx, VOUCH_E_FORMAT,
                             "model file: what a calibration tells of itself is no list");
    }
    return status;
}

vouch_status vouch__calibration_tell(vouch_ctx *ctx, vouch__calibration *c, const vouch__json *step)
{
    vouch__doc *doc = NULL;
    vouch__buf text;
    vouch_status status = read_told(ctx, c->told, &doc);
    if (status)
        return status;
    (void)vouch__json_push(doc, vouch__doc_root(doc), vouch__json_copy(doc, step));
    status = vouch__doc_status(ctx, doc);
    vouch__buf_init(ctx, &text, TOLD_MAX);
    if (!status) {
        vouch__json_write(&text, vouch__doc_root(doc));
        status = vouch__buf_status(ctx, &text);
    }
    if (!status) {
        vouch__free(&c->alloc, c->told);
        c->told = vouch__buf_take(&text);
    }
    vouch__buf_free(&text);
    vouch__doc_free(doc);
    return status;
}

void vouch__calibration_describe(const vouch__calibration *c, vouch__doc *doc, vouch__json *object)
{
    vouch__json *maps = vouch__json_set(doc, object, "maps", vouch__json_array(doc));
    for (size_t k = 0; k < c->n_maps; k++) {
        const vouch__map *m = &c->map[k];
        vouch__json *o = vouch__json_push(doc, maps, vouch__json_object(doc));
        vouch__json_set(doc, o, "type", vouch__json_text(doc, types[m->type]));
        vouch__json_set(doc, o, "a", vouch__json_number(doc, m->a));
        vouch__json_set(doc, o, "b", vouch__json_number(doc, m->b));
        vouch__json_set(doc, o, "c", vouch__json_number(doc, m->c));
        vouch__json_set(doc, o, "points", vouch__json_number(doc, (double)m->n));
    }
    vouch__json *grades = c->n_grades ? vouch__json_set(doc, object, "grades", vouch__json_array(doc)) : NULL;
    for (size_t g = 0; g < c->n_grades; g++) {
        vouch__json *o = vouch__json_push(doc, grades, vouch__json_object(doc));
        vouch__json_set(doc, o, "grade", vouch__json_number(doc, (double)(g + 1)));
        vouch__json_set(doc, o, "up_to", vouch__json_number(doc, g + 1 < c->n_grades ? c->bound[g] : 1.0));
        vouch__json_set(doc, o, "pd", vouch__json_number(doc, c->pd[g]));
    }
    vouch__json_set(doc, object, "told", vouch__json_text(doc, c->told));
}

void vouch__calibration_save(const vouch__calibration *c, vouch__buf *out)
{
    vouch__put_u32(out, (uint32_t)c->n_grades);
    for (size_t g = 0; g + 1 < c->n_grades; g++)
        vouch__put_f64(out, c->bound[g]);
    for (size_t g = 0; g < c->n_grades; g++)
        vouch__put_f64(out, c->pd[g]);
    vouch__put_u32(out, (uint32_t)c->n_maps);
    for (size_t k = 0; k < c->n_maps; k++) {
        const vouch__map *m = &c->map[k];
        vouch__put_u8(out, m->type);
        vouch__put_f64(out, m->a);
        vouch__put_f64(out, m->b);
        vouch__put_f64(out, m->c);
        vouch__put_u32(out, (uint32_t)m->n);
        for (size_t i = 0; i < 2 * m->n; i++)
            vouch__put_f64(out, m->x[i]);
    }
    vouch__put_text(out, c->told);
}

static vouch_status damaged(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: %s", what);
}

static vouch_status load_map(vouch_ctx *ctx, vouch__wire *in, vouch__calibration *c)
{
    vouch__map m = { .type = vouch__get_u8(in) };
    m.a = vouch__get_f64(in);
    m.b = vouch__get_f64(in);
    m.c = vouch__get_f64(in);
    m.n = vouch__get_count(in, 16);
    if (in->is_short)
        return damaged(ctx, "it ends inside a calibration");
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, 2 * m.n + 1, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t i = 0; i < 2 * m.n; i++)
        x[i] = vouch__get_f64(in);
    m.x = x;
    m.y = x + m.n;
    const char *fault = fault_of(c, &m);
    vouch_status status = fault ? damaged(ctx, fault) : vouch__calibration_add(ctx, c, &m);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status load_told(vouch_ctx *ctx, vouch__wire *in, vouch__calibration *c)
{
    vouch__doc *doc = NULL;
    char *told = NULL;
    vouch_status status = vouch__get_text(ctx, in, &told);
    if (status)
        return status;
    vouch__free(&c->alloc, c->told);
    c->told = told;
    status = read_told(ctx, told, &doc);
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__calibration_load(vouch_ctx *ctx, vouch__wire *in, vouch__calibration **out)
{
    vouch__calibration *c = NULL;
    vouch_status status = vouch__calibration_copy(ctx, NULL, &c);
    if (status || !c)
        return status;
    size_t grades = vouch__get_count(in, 8);
    if (in->is_short || grades > VOUCH__GRADES_MAX) {
        status = damaged(ctx, "a calibration has over 100 grades");
        goto done;
    }
    c->n_grades = grades;
    for (size_t g = 0; g + 1 < c->n_grades; g++)
        c->bound[g] = vouch__get_f64(in);
    for (size_t g = 0; g < c->n_grades; g++)
        c->pd[g] = vouch__get_f64(in);
    const char *fault = fault_of_scale(c);
    size_t maps = vouch__get_count(in, 29);
    if (fault || in->is_short || maps > VOUCH__MAPS_MAX) {
        status = damaged(ctx, fault ? fault : "a calibration has too many maps");
        goto done;
    }
    for (size_t k = 0; k < maps && !status; k++)
        status = load_map(ctx, in, c);
    if (!status)
        status = load_told(ctx, in, c);
    if (!status) {
        *out = c;
        c = NULL;
    }
done:
    vouch__calibration_free(c);
    return status;
}

vouch_status vouch__model_calibrated(vouch_ctx *ctx, const vouch_model *model,
                                     vouch__calibration *calibration, vouch_model **out_model)
{
    vouch_model *copy = NULL;
    vouch_status status = vouch_model_read(ctx, model->file, model->file_len, &copy);
    if (status)
        return status;
    vouch__calibration *before = copy->calibration;
    copy->calibration = calibration;
    status = vouch__model_seal(ctx, copy);
    if (status) {
        copy->calibration = before; /* lent: the caller's again */
        vouch_model_free(copy);
        return status;
    }
    vouch__calibration_free(before);
    *out_model = copy;
    return VOUCH_OK;
}
