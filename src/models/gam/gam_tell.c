/* An additive model in tables: its terms by importance, every shape by bin with its band and the population
 * under it, every pair's table. */
#include "models/gam/gam.h"
#include "models/tell.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>

/* How many errors a 95 % band reaches to either side: Student's t, a degree of freedom less than bags. */
static double reach(const vouch__gam *gam)
{
    double degrees = gam->facts.bags - 1.0;
    if (!(degrees > 0.0))
        return NAN;
    double x = vouch__beta_quantile(0.95, 0.5, 0.5 * degrees);
    return sqrt(degrees * x / (1.0 - x));
}

static void category_label(const vouch__gam_shape *s, const vouch__input *input, size_t b, char *out,
                           size_t cap)
{
    size_t n = 0, first = 0;
    for (size_t code = s->bins.n_codes; code-- > 0;)
        if (s->bins.bin_of[code] == b) {
            n++;
            first = code;
        }
    if (n == 0)
        (void)snprintf(out, cap, "none");
    else if (n == 1)
        (void)snprintf(out, cap, "%s", input->category[first]);
    else
        (void)snprintf(out, cap, "%s and %zu rarer ones", input->category[first], n - 1);
}

void vouch__gam_label(const vouch__gam_shape *s, const vouch__input *input, size_t b, char *out, size_t cap)
{
    char low[VOUCH__DOUBLE_MAX], high[VOUCH__DOUBLE_MAX];
    if (b == 0) {
        (void)snprintf(out, cap, input->is_category ? "missing or unseen" : "missing");
        return;
    }
    if (input->is_category) {
        category_label(s, input, b, out, cap);
        return;
    }
    bool is_first = b == 1, is_last = b + 1 == s->bins.n_bins;
    (void)vouch__double_text(is_first ? 0.0 : s->bins.cut[b - 2], low);
    (void)vouch__double_text(is_last ? 0.0 : s->bins.cut[b - 1], high);
    if (s->apart[b])
        (void)snprintf(out, cap, "= %s", high);
    else if (is_first && is_last)
        (void)snprintf(out, cap, "any value");
    else if (is_first)
        (void)snprintf(out, cap, "up to %s", high);
    else if (is_last)
        (void)snprintf(out, cap, "above %s", low);
    else
        (void)snprintf(out, cap, "%s to %s", low, high);
}

static double importance(size_t n, const double *value, const double *weight)
{
    double sum = 0.0, mass = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += weight[k] * fabs(value[k]);
        mass += weight[k];
    }
    return mass > 0.0 ? sum / mass : 0.0;
}

static const char *curve_name(vouch__gam_curve curve)
{
    return curve == VOUCH__GAM_CONVEX ? "convex" : curve == VOUCH__GAM_CONCAVE ? "concave" : "free";
}

/* Edges of a plot's step: a bin's own, held to what training saw. NaN for what is no amount. */
static void edges(const vouch__gam_shape *s, size_t b, double *from, double *to)
{
    *from = *to = NAN;
    if (s->apart[b] || s->bins.is_category)
        return;
    *from = b > 1 ? fmax(s->bins.cut[b - 2], s->low) : s->low;
    *to = b + 1 < s->bins.n_bins ? fmin(s->bins.cut[b - 1], s->high) : s->high;
}

static void tell_shape(const vouch__gam *gam, size_t j, const vouch__inputs *inputs, vouch__doc *doc,
                       vouch__json *list)
{
    static const char *const column[] = { "bin",   "from", "to",   "weight", "value",
                                          "error", "low",  "high", "fitted" };
    const vouch__gam_shape *s = &gam->shape[j];
    const vouch__input *input = &inputs->at[j];
    vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
    double far = reach(gam);
    vouch__tell_text(doc, o, "input", input->name);
    vouch__tell_text(doc, o, "curve", curve_name(s->curve));
    vouch__tell_number(doc, o, "monotone", input->monotone);
    vouch__tell_number(doc, o, "importance", importance(s->bins.n_bins, s->value, s->weight));
    vouch__json *rows = vouch__tell_table(doc, o, "bins", column, s->fitted ? 9 : 8);
    for (size_t b = 0; b < s->bins.n_bins; b++) {
        char label[128];
        double from, to;
        if (!(s->weight[b] > 0.0) && s->value[b] == 0.0) /* nobody, and nothing said */
            continue;
        vouch__gam_label(s, input, b, label, sizeof label);
        edges(s, b, &from, &to);
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_text(doc, label));
        vouch__tell_push(doc, row, from);
        vouch__tell_push(doc, row, to);
        vouch__tell_push(doc, row, s->weight[b]);
        vouch__tell_push(doc, row, s->value[b]);
        vouch__tell_push(doc, row, s->error[b]);
        vouch__tell_push(doc, row, s->value[b] - far * s->error[b]);
        vouch__tell_push(doc, row, s->value[b] + far * s->error[b]);
        if (s->fitted)
            vouch__tell_push(doc, row, s->fitted[b]);
    }
}

/* Names of coarse bins: from the first fine bin's name to the last's. */
static void side_labels(const vouch__gam_shape *s, const vouch__input *input, size_t n, const uint8_t *to,
                        vouch__doc *doc, vouch__json *list)
{
    for (size_t k = 0; k < n; k++) {
        char label[160], first[64];
        size_t count = 0, at = 0, last = 0;
        while (at + 1 < s->bins.n_bins && to[at] != k)
            at++; /* of an empty one the first */
        for (size_t b = 0; b < s->bins.n_bins; b++)
            if (to[b] == k && s->weight[b] > 0.0) {
                at = count++ ? at : b;
                last = b;
            }
        vouch__gam_label(s, input, at, first, sizeof first);
        if (count > 1 && input->is_category)
            (void)snprintf(label, sizeof label, "%s and %zu more", first, count - 1);
        else if (count > 1 && !s->apart[at]) {
            char low[VOUCH__DOUBLE_MAX], high[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(at > 1 ? s->bins.cut[at - 2] : s->low, low);
            (void)vouch__double_text(last + 1 < s->bins.n_bins ? s->bins.cut[last - 1] : s->high, high);
            (void)snprintf(label, sizeof label, "%s to %s", low, high);
        } else
            (void)snprintf(label, sizeof label, "%s", first);
        vouch__json_push(doc, list, vouch__json_text(doc, label));
    }
}

static void matrix(vouch__doc *doc, vouch__json *o, const char *key, const vouch__gam_pair *p,
                   const double *at)
{
    vouch__json *rows = vouch__json_set(doc, o, key, vouch__json_array(doc));
    for (size_t a = 0; a < p->n_a; a++) {
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        for (size_t b = 0; b < p->n_b; b++)
            vouch__tell_push(doc, row, at[a * p->n_b + b]);
    }
}

static void tell_pair(const vouch__gam *gam, const vouch__gam_pair *p, const vouch__inputs *inputs,
                      vouch__doc *doc, vouch__json *list)
{
    vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
    vouch__tell_text(doc, o, "a", inputs->at[p->a].name);
    vouch__tell_text(doc, o, "b", inputs->at[p->b].name);
    vouch__tell_number(doc, o, "importance", importance(p->n_a * p->n_b, p->value, p->weight));
    vouch__tell_number(doc, o, "strength", p->strength);
    vouch__json *cells = vouch__json_set(doc, o, "cells", vouch__json_object(doc));
    side_labels(&gam->shape[p->a], &inputs->at[p->a], p->n_a, p->to_a, doc,
                vouch__json_set(doc, cells, "bins_a", vouch__json_array(doc)));
    side_labels(&gam->shape[p->b], &inputs->at[p->b], p->n_b, p->to_b, doc,
                vouch__json_set(doc, cells, "bins_b", vouch__json_array(doc)));
    matrix(doc, cells, "value", p, p->value);
    matrix(doc, cells, "error", p, p->error);
    matrix(doc, cells, "weight", p, p->weight);
}

static void terms(const vouch__gam *gam, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    static const char *const column[] = { "term", "importance", "bins" };
    vouch__json *rows = vouch__tell_table(doc, object, "terms", column, sizeof column / sizeof column[0]);
    for (size_t j = 0; j < gam->n_inputs + gam->n_pairs; j++) {
        const vouch__gam_shape *s = j < gam->n_inputs ? &gam->shape[j] : NULL;
        const vouch__gam_pair *p = s ? NULL : &gam->pair[j - gam->n_inputs];
        if (s && !s->bins.n_bins)
            continue;
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row,
                         s ? vouch__json_text(doc, inputs->at[j].name)
                           : vouch__json_fmt(doc, "%s x %s", inputs->at[p->a].name, inputs->at[p->b].name));
        vouch__tell_push(doc, row,
                         s ? importance(s->bins.n_bins, s->value, s->weight)
                           : importance(p->n_a * p->n_b, p->value, p->weight));
        vouch__tell_push(doc, row, (double)(s ? s->bins.n_bins : p->n_a * p->n_b));
    }
}

static void facts(const vouch__gam *gam, vouch__doc *doc, vouch__json *object)
{
    const vouch__gam_facts *f = &gam->facts;
    vouch__json *fit = vouch__json_set(doc, object, "fit", vouch__json_object(doc));
    vouch__tell_number(doc, fit, "rows", f->rows);
    vouch__tell_number(doc, fit, "weight", f->weight);
    vouch__tell_number(doc, fit, "bags", f->bags);
    vouch__tell_number(doc, fit, "rounds", f->rounds);
    vouch__tell_number(doc, fit, "pair_rounds", f->pair_rounds);
    vouch__tell_number(doc, fit, "held_weight", f->held_rows);
    vouch__tell_number(doc, fit, "held_loss_intercept", f->start_loss);
    vouch__tell_number(doc, fit, "held_loss_shapes", f->held_mains);
    vouch__tell_number(doc, fit, "held_loss", f->held_all);
}

static void push_member(vouch__doc *doc, vouch__json *row, const vouch__json *edit, const char *key)
{
    const vouch__json *node = vouch__json_get(edit, key);
    vouch__json_push(doc, row, node ? vouch__json_copy(doc, node) : vouch__json_null(doc));
}

/* Where an edit holds, in words. */
static void push_where(vouch__doc *doc, vouch__json *row, const vouch__json *edit)
{
    const vouch__json *levels = vouch__json_get(edit, "levels");
    double from = vouch__json_double(vouch__json_get(edit, "from"), NAN);
    double to = vouch__json_double(vouch__json_get(edit, "to"), NAN);
    char low[VOUCH__DOUBLE_MAX], high[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(from, low);
    (void)vouch__double_text(to, high);
    if (levels)
        vouch__json_push(doc, row, vouch__json_fmt(doc, "%zu named", levels->len));
    else if (isnan(from) && isnan(to))
        vouch__json_push(doc, row, vouch__json_text(doc, "everywhere"));
    else
        vouch__json_push(doc, row,
                         vouch__json_fmt(doc, "%s%s%s%s", isnan(from) ? "" : "from ", isnan(from) ? "" : low,
                                         isnan(to)     ? ""
                                         : isnan(from) ? "to "
                                                       : " to ",
                                         isnan(to) ? "" : high));
}

/* The log: an edit a row, and every value it changed. */
static void tell_edits(const vouch__json *log, vouch__doc *doc, vouch__json *object)
{
    static const char *const column[] = { "edit", "input", "action", "where", "by", "why", "bins_changed" };
    static const char *const changed[] = { "edit", "input", "bin", "before", "after" };
    static const char *const copied[] = { "by", "why" };
    vouch__json *rows = vouch__tell_table(doc, object, "edits", column, sizeof column / sizeof column[0]);
    vouch__json *bins = vouch__tell_table(doc, object, "edited_values", changed,
                                          sizeof changed / sizeof changed[0]);
    double number = 1.0;
    for (const vouch__json *edit = log->first; edit; edit = edit->next, number++) {
        const vouch__json *values = vouch__json_get(vouch__json_get(edit, "changed"), "rows");
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__tell_push(doc, row, number);
        push_member(doc, row, edit, "input");
        push_member(doc, row, edit, "action");
        push_where(doc, row, edit);
        for (size_t k = 0; k < 2; k++)
            push_member(doc, row, edit, copied[k]);
        vouch__tell_push(doc, row, values ? (double)values->len : 0.0);
        for (const vouch__json *v = values ? values->first : NULL; v; v = v->next) {
            vouch__json *one = vouch__json_push(doc, bins, vouch__json_array(doc));
            vouch__tell_push(doc, one, number);
            push_member(doc, one, edit, "input");
            for (const vouch__json *cell = v->first; cell; cell = cell->next)
                vouch__json_push(doc, one, vouch__json_copy(doc, cell));
        }
    }
}

void vouch__gam_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    static const char *const link[] = { "identity", "logit", "log" };
    const vouch__gam *gam = state;
    vouch__tell_text(doc, object, "loss", vouch__gbdt_loss_name(gam->loss));
    vouch__tell_text(doc, object, "link", link[vouch__gbdt_link(gam->loss)]);
    vouch__tell_text(
        doc, object, "convention",
        "raw is the intercept and one value of every shape and table; each has mean 0 over the training "
        "rows, tables by row and column, so a value is a difference from the average case.");
    vouch__tell_number(doc, object, "intercept", gam->intercept);
    if (gam->offset != SIZE_MAX)
        vouch__tell_text(doc, object, "offset", inputs->at[gam->offset].name);
    if (gam->exposure != SIZE_MAX)
        vouch__tell_text(doc, object, "exposure", inputs->at[gam->exposure].name);
    facts(gam, doc, object);
    terms(gam, inputs, doc, object);
    vouch__json *shapes = vouch__json_set(doc, object, "shapes", vouch__json_array(doc));
    for (size_t j = 0; j < gam->n_inputs; j++)
        if (gam->shape[j].bins.n_bins)
            tell_shape(gam, j, inputs, doc, shapes);
    vouch__json *pairs = vouch__json_set(doc, object, "pairs", vouch__json_array(doc));
    for (size_t p = 0; p < gam->n_pairs; p++)
        tell_pair(gam, &gam->pair[p], inputs, doc, pairs);
    if (gam->log)
        tell_edits(vouch__doc_root(gam->log), doc, object);
}
