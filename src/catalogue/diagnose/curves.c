/* Curves of one input: their mean over cases (partial dependence), and how far single cases' curves (ICE)
 * are from having its shape. */
#include "catalogue/diagnose/slices.h"

#include "explain/effects.h"
#include "num/sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct grid { /* row g x n + i: case i with the input at grid value g */
    const vouch__probe *probe;
    const vouch__effect *e;
} grid;

static void fill_grid(const void *self, size_t i, double *row)
{
    const grid *s = self;
    const vouch__probe *p = s->probe;
    memcpy(row, p->x + i % p->n * p->cols, p->cols * sizeof *row);
    row[s->e->input] = s->e->at[i / p->n];
}

static void value_text(const vouch__probe *p, const vouch__effect *e, size_t g, size_t size, char *out)
{
    const vouch__input *in = &p->model->inputs.at[e->input];
    char text[VOUCH__DOUBLE_MAX + 1];
    if (e->type[g] == VOUCH__GRID_MISSING) {
        (void)snprintf(out, size, "missing");
    } else if (in->is_category) {
        bool is_known = e->at[g] >= 0.0 && e->at[g] < (double)in->n_categories;
        (void)snprintf(out, size, "%.80s", is_known ? in->category[(size_t)e->at[g]] : "never seen");
    } else {
        text[vouch__double_text(e->at[g], text)] = '\0';
        (void)snprintf(out, size, "%s", text);
    }
}

static void tell_curve(const vouch__test_call *call, const vouch__probe *p, const vouch__effect *e)
{
    bool is_category = vouch__probe_is_category(p, e->input);
    double least = INFINITY, most = -INFINITY;
    char text[96];
    for (size_t g = 0; g < e->n; g++) {
        least = fmin(least, e->probability[g]);
        most = fmax(most, e->probability[g]);
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.subject = vouch__probe_name(p, e->input);
    entry.value = most - least;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "pdp",
                                               is_category ? "category,probability,p10,p90,log_odds"
                                                           : "value,probability,p10,p90,log_odds");
    size_t n = is_category ? e->n : e->n_ordinary;
    for (size_t g = 0; g < n && !is_category; g++)
        vouch__test_row(call, table, "nnnnn", e->at[g], e->probability[g], e->low[g], e->high[g], e->raw[g]);
    if (!is_category && e->n > n)
        vouch__evidence_plot(call->list, object, "line", "pdp", "value", "probability,p10,p90",
                             vouch__probe_name(p, e->input), "P(bad)");
    if (!is_category && e->n > n)
        table = vouch__evidence_table(call->list, object, "codes", "value,probability,p10,p90,log_odds");
    else
        vouch__evidence_plot(
            call->list, object, is_category ? "bars" : "line", "pdp", is_category ? "category" : "value",
            is_category ? "probability" : "probability,p10,p90", vouch__probe_name(p, e->input), "P(bad)");
    for (size_t g = is_category ? 0 : n; g < e->n; g++) {
        value_text(p, e, g, sizeof text, text);
        vouch__test_row(call, table, "tnnnn", text, e->probability[g], e->low[g], e->high[g], e->raw[g]);
    }
}

static vouch_status run_pdp(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    vouch__effect e;
    size_t *input = NULL, n = 0;
    vouch_status status = vouch__probe_strongest(ctx, call, &p, &input, &n);
    for (size_t k = 0; k < n && !status; k++) {
        vouch__progress(ctx, "partial dependence", k, n);
        status = vouch__effect_make(ctx, p.model, (vouch__matrix){ p.x, p.n, p.cols }, input[k], &e);
        if (!status)
            tell_curve(call, &p, &e);
    }
    if (!status && n == 0)
        vouch__test_refuse(call, "The model has no inputs.");
    return status;
}

static const vouch__param pdp_params[] = {
    { "inputs", VOUCH__PARAM_INTEGER, 1, 10000, 10, NULL, "inputs",
      "How many inputs, those by which the score differs most." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 500, NULL, "cases", "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_pdp = {
    .id = "explain.pdp",
    .section = "explain",
    .title = "Partial dependence",
    .purpose = "What does the model predict, on average over the cases, when one input is set to each of its "
               "values in turn? The curve is what a document should show beside what the business expects.",
    .mechanism =
        "Every case of a sample is scored with the input at each of at most 20 quantiles of the sample (or "
        "each category, special code and missing value that it holds), everything else as it is. The curve "
        "is the mean probability; p10 and p90 are of the cases' own. The value is highest less lowest.",
    .convention = "Probabilities are averaged after the link, and log-odds before it, which are different "
                  "curves. Grid values are values that cases have. Special codes and missing values stand "
                  "apart from amounts. The sample's distribution weighs the other inputs.",
    .high_risk =
        "A direction against what is known of the input, a jump at a value that means nothing in the world, "
        "or p10 and p90 that run apart from the mean: the average then speaks for nobody.",
    .strengths = "Works for every model, and is the best known of all such curves.",
    .limits = "Setting one of several correlated inputs alone makes cases that cannot exist, in whose region "
              "the model was never fitted; explain.ale does not. Effects that differ between cases cancel; "
              "explain.ice tells.",
    .source = "J. Friedman, Annals of Statistics 29 (2001) 1189-1232, section 8.2",
    .unit = "probability",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = pdp_params,
    .n_params = sizeof pdp_params / sizeof *pdp_params,
    .run = run_pdp,
};

/* ---- single cases ---- */

typedef struct shape { /* of one input's curves */
    size_t input;
    double apart, size, against; /* share of movement that is not the mean's; root mean square; opposite */
} shape;

/* raw [grid x n] becomes each case's curve around its own mean. */
static void centre(const vouch__effect *e, size_t n, double *raw)
{
    for (size_t i = 0; i < n; i++) {
        double mean = 0.0;
        for (size_t g = 0; g < e->n_ordinary; g++)
            mean += raw[g * n + i] / (double)e->n_ordinary;
        for (size_t g = 0; g < e->n_ordinary; g++)
            raw[g * n + i] -= mean;
    }
}

static void weigh(const vouch__effect *e, size_t n, const double *raw, shape *out)
{
    double whole = 0.0, apart = 0.0, along[2] = { 0.0, 0.0 };
    double mean[VOUCH__GRID_MAX];
    for (size_t g = 0; g < e->n_ordinary; g++)
        mean[g] = vouch__mean(n, raw + g * n, NULL);
    for (size_t i = 0; i < n; i++) {
        double together = 0.0;
        for (size_t g = 0; g < e->n_ordinary; g++) {
            double at = raw[g * n + i], off = at - mean[g];
            whole += at * at;
            apart += off * off;
            together += at * mean[g];
        }
        along[together < 0.0] += together != 0.0;
    }
    double cells = (double)(n * e->n_ordinary);
    out->input = e->input;
    out->size = sqrt(whole / cells);
    out->apart = whole > 1e-20 * cells ? apart / whole : 0.0; /* below: rounding */
    out->against = along[0] + along[1] > 0.0 && out->apart > 0.0 ? along[1] / (along[0] + along[1]) : 0.0;
}

static int by_apart(const void *a, const void *b)
{
    const shape *x = a, *y = b;
    double p = x->apart * x->size, q = y->apart * y->size;
    if (p != q)
        return p < q ? 1 : -1;
    return (x->input > y->input) - (x->input < y->input);
}

static void tell_shapes(const vouch__test_call *call, const vouch__probe *p, size_t n, shape *s)
{
    char note[160];
    qsort(s, n, sizeof *s, by_apart);
    (void)snprintf(note, sizeof note, "The value is that of %.100s.", vouch__probe_name(p, s[0].input));
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.note = note;
    entry.value = s[0].apart;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "inputs", "input,apart,size,opposite");
    for (size_t k = 0; k < n; k++)
        vouch__test_row(call, table, "tnnn", vouch__probe_name(p, s[k].input), s[k].apart, s[k].size,
                        s[k].against);
}

static vouch_status shape_of(vouch_ctx *ctx, const vouch__probe *p, size_t input, shape *out, bool *out_is)
{
    vouch__effect e;
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__effect_make(ctx, p->model, (vouch__matrix){ p->x, p->n, p->cols }, input,
                                             &e);
    *out_is = !status && e.n_ordinary > 1;
    if (!*out_is)
        return status;
    double *raw = vouch__scratch(ctx, e.n_ordinary * p->n, sizeof *raw);
    grid s = { p, &e };
    if (!raw)
        return vouch__oom(ctx);
    status = vouch__probe_score(ctx, p, e.n_ordinary * p->n, fill_grid, &s, raw, NULL);
    if (!status) {
        centre(&e, p->n, raw);
        weigh(&e, p->n, raw, out);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status run_ice(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    size_t *input = NULL, n = 0, told = 0;
    vouch_status status = vouch__probe_strongest(ctx, call, &p, &input, &n);
    if (status)
        return status;
    shape *s = vouch__scratch(ctx, n + 1, sizeof *s);
    if (!s)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n && !status; k++) {
        bool is_curve = false;
        vouch__progress(ctx, "individual curves", k, n);
        status = shape_of(ctx, &p, input[k], &s[told], &is_curve);
        told += is_curve;
    }
    if (status)
        return status;
    if (told == 0)
        vouch__test_refuse(call, "No input that was looked at takes two values.");
    else
        tell_shapes(call, &p, told, s);
    return VOUCH_OK;
}

const vouch_test vouch__test_ice = {
    .id = "explain.ice",
    .section = "explain",
    .title = "Do single cases follow the average curve? (ICE)",
    .purpose =
        "A partial dependence curve is an average. Where it is shown, does each case's own curve have its "
        "shape, or does an input raise the risk of some and lower that of others?",
    .mechanism =
        "Each case's log-odds are traced along the grid of the input, everything else as it is, and every "
        "curve is centred on its own mean, so that only its shape is left. The share of the curves' mean "
        "square that their average does not explain is how far they are apart; it is 0 when the input only "
        "adds to the others. The value is that of the input whose curves differ by most log-odds.",
    .convention =
        "Curves are centred on their mean over the grid, not pinned at its left end, where one value would "
        "decide all. Grid values count alike. 'opposite' is the share of cases whose curve runs against "
        "the average (a negative inner product). Missing values and special codes are not on the grid.",
    .high_risk =
        "A share above one half for an input whose curve is in the documents, or a tenth of the cases "
        "moving against it.",
    .strengths = "One number for a plot of hundreds of lines; needs no pairs, as Friedman's H does, and says "
                 "how many people the average misdescribes.",
    .limits =
        "Curves cross regions in which there are no cases when inputs are correlated, and may differ only "
        "there. It says that an input interacts, not with which.",
    .source = "A. Goldstein, A. Kapelner, J. Bleich & E. Pitkin, J. Comput. Graph. Stat. 24 (2015) 44-65",
    .unit = "share of the curves' movement",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = pdp_params,
    .n_params = sizeof pdp_params / sizeof *pdp_params,
    .run = run_ice,
};
