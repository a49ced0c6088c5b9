/* Shares of exposures: made for a fit, turned back for use, kept in the model's file. */
#include "models/model_conversion.h"

#include "models/model_kind.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *words;
} forms[VOUCH__FORMS] = {
    [VOUCH__FORM_CCF] = { "ccf",
                          "(exposure - drawn) / (limit - drawn): the share of what was undrawn that is drawn "
                          "by default; exposure = drawn + ccf (limit - drawn)" },
    [VOUCH__FORM_EADF] = { "eadf", "exposure / limit; exposure = eadf limit, at least what is drawn" },
    [VOUCH__FORM_BALANCE] = { "balance",
                              "exposure / drawn; exposure = balance drawn, at least what is drawn" },
};
static const char *const outsides[VOUCH__OUTSIDES] = { "hold", "keep", "refuse" };

const char *vouch__conversion_name(vouch__conversion_form form) { return forms[form].name; }

vouch__conversion_form vouch__conversion_find(const char *name)
{
    size_t f = 0;
    if (!strcmp(name, "leq")) /* loan equivalent: what Moral (2006) calls the CCF of the CRR */
        return VOUCH__FORM_CCF;
    while (f < VOUCH__FORMS && strcmp(forms[f].name, name) != 0)
        f++;
    return (vouch__conversion_form)f;
}

void vouch__conversion_free(vouch__conversion *c)
{
    if (!c)
        return;
    vouch_alloc alloc = c->alloc;
    vouch__free(&alloc, c->exposure);
    vouch__free(&alloc, c->drawn);
    vouch__free(&alloc, c->limit);
    vouch__free(&alloc, c);
}

vouch_status vouch__conversion_new(vouch_ctx *ctx, const char *exposure, const char *drawn, const char *limit,
                                   vouch__conversion **out)
{
    vouch__conversion *c = vouch__alloc(ctx, 1, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    c->alloc = *vouch__allocator(ctx);
    c->exposure = vouch__strdup(ctx, exposure);
    c->drawn = vouch__strdup(ctx, drawn);
    c->limit = vouch__strdup(ctx, limit);
    if (!c->exposure || !c->drawn || !c->limit) {
        vouch__conversion_free(c);
        return vouch__oom(ctx);
    }
    *out = c;
    return VOUCH_OK;
}

double vouch__conversion_share(const vouch__conversion *c, double exposure, double drawn, double limit)
{
    double of = c->form == VOUCH__FORM_CCF ? limit - drawn : c->form == VOUCH__FORM_EADF ? limit : drawn;
    if (!(of > 0.0))
        return NAN;
    return (c->form == VOUCH__FORM_CCF ? exposure - drawn : exposure) / of;
}

double vouch__conversion_back(const vouch__conversion *c, double share, double drawn, double limit)
{
    if (isnan(share) || isnan(drawn) || isnan(limit))
        return NAN;
    if (c->form == VOUCH__FORM_CCF)
        return drawn + fmax(0.0, share) * fmax(0.0, limit - drawn);
    return fmax(drawn, share * (c->form == VOUCH__FORM_EADF ? limit : drawn));
}

vouch_status vouch__conversion_targets(vouch_ctx *ctx, vouch__conversion *c, size_t n, const double *exposure,
                                       const double *drawn, const double *limit, double *out_share)
{
    double top = c->form == VOUCH__FORM_BALANCE ? INFINITY : 1.0;
    c->rows = (double)n;
    c->left_out = c->below = c->above = 0.0;
    for (size_t i = 0; i < n; i++) {
        const char *missing = isnan(exposure[i]) ? c->exposure
                              : isnan(drawn[i])  ? c->drawn
                              : isnan(limit[i])  ? c->limit
                                                 : NULL;
        if (missing)
            return vouch__fail(ctx, VOUCH_E_DATA, "target: '%s' is missing in row %zu", missing, i + 1);
        double share = vouch__conversion_share(c, exposure[i], drawn[i], limit[i]);
        if (c->form == VOUCH__FORM_CCF && !(limit[i] - drawn[i] >= c->least * limit[i]))
            share = NAN;
        bool is_outside = share < 0.0 || share > top;
        if (is_outside && c->outside == VOUCH__OUTSIDE_REFUSE)
            return vouch__fail(ctx, VOUCH_E_DATA, "target: the %s of row %zu is outside 0 to 1",
                               forms[c->form].name, i + 1);
        c->left_out += isnan(share);
        c->below += share < 0.0;
        c->above += share > top;
        out_share[i] = c->outside == VOUCH__OUTSIDE_HOLD && is_outside ? (share < 0.0 ? 0.0 : top) : share;
    }
    return c->left_out < c->rows ? VOUCH_OK
                                 : vouch__fail(ctx, VOUCH_E_DATA, "target: the %s is undefined in every row",
                                               forms[c->form].name);
}

static void text(vouch__doc *doc, vouch__json *object, const char *key, const char *value)
{
    (void)vouch__json_set(doc, object, key, vouch__json_text(doc, value));
}

void vouch__conversion_describe(const vouch__conversion *c, vouch__doc *doc, vouch__json *object)
{
    const struct {
        const char *key;
        double value;
    } number[] = { { "rows", c->rows },
                   { "rows_without_share", c->left_out },
                   { "rows_below_0", c->below },
                   { "rows_above_1", c->above },
                   { "least_undrawn", c->least } };
    text(doc, object, "form", forms[c->form].name);
    text(doc, object, "share", forms[c->form].words);
    text(doc, object, "exposure", c->exposure);
    text(doc, object, "drawn", c->drawn);
    text(doc, object, "limit", c->limit);
    text(doc, object, "outside", outsides[c->outside]);
    for (size_t k = 0; k < sizeof number / sizeof *number; k++)
        (void)vouch__json_set(doc, object, number[k].key, vouch__json_number(doc, number[k].value));
}

void vouch__conversion_save(const vouch__conversion *c, vouch__buf *out)
{
    vouch__put_u8(out, c->form);
    vouch__put_u8(out, c->outside);
    vouch__put_f64(out, c->least);
    vouch__put_f64(out, c->rows);
    vouch__put_f64(out, c->left_out);
    vouch__put_f64(out, c->below);
    vouch__put_f64(out, c->above);
    vouch__put_text(out, c->exposure);
    vouch__put_text(out, c->drawn);
    vouch__put_text(out, c->limit);
}

static vouch_status load(vouch_ctx *ctx, vouch__wire *in, vouch__conversion *c)
{
    c->form = vouch__get_u8(in);
    c->outside = vouch__get_u8(in);
    double *number[] = { &c->least, &c->rows, &c->left_out, &c->below, &c->above };
    bool is_sound = c->form < VOUCH__FORMS && c->outside < VOUCH__OUTSIDES;
    for (size_t k = 0; k < sizeof number / sizeof *number; k++) {
        *number[k] = vouch__get_f64(in);
        is_sound = is_sound && *number[k] >= 0.0 && *number[k] < INFINITY;
    }
    if (in->is_short || !is_sound)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: a conversion is cut short or out of range");
    vouch_status status = vouch__get_text(ctx, in, &c->exposure);
    if (!status)
        status = vouch__get_text(ctx, in, &c->drawn);
    return status ? status : vouch__get_text(ctx, in, &c->limit);
}

vouch_status vouch__conversion_load(vouch_ctx *ctx, vouch__wire *in, vouch__conversion **out)
{
    vouch__conversion *c = vouch__alloc(ctx, 1, sizeof *c);
    if (!c)
        return vouch__oom(ctx);
    c->alloc = *vouch__allocator(ctx);
    vouch_status status = load(ctx, in, c);
    if (status)
        vouch__conversion_free(c);
    else
        *out = c;
    return status;
}

vouch_status vouch__model_convert(vouch_ctx *ctx, vouch_model *model, vouch__conversion *c)
{
    vouch__conversion *before = model->conversion;
    model->conversion = c;
    vouch_status status = vouch__model_seal(ctx, model);
    if (status)
        model->conversion = before; /* lent: the caller's again */
    else
        vouch__conversion_free(before);
    return status;
}

/* ---- in use ---- */

int vouch_model_has_exposure(const vouch_model *model) { return model->conversion != NULL; }

static vouch_status column(vouch_ctx *ctx, const vouch_table *table, const char *name, double *out)
{
    size_t col = vouch_table_find(table, name);
    if (col == SIZE_MAX || vouch_table_type(table, col) == VOUCH_TEXT)
        return vouch__fail(ctx, VOUCH_E_DATA, "score: no column of numbers '%s', which exposures are made of",
                           name);
    vouch_table_read(table, col, 0, vouch_table_rows(table), out);
    return VOUCH_OK;
}

static vouch_status expose(vouch_ctx *ctx, const vouch__conversion *c, const vouch_table *table,
                           double *out_share, double *out_exposure, double *out_realised)
{
    size_t n = vouch_table_rows(table);
    double *drawn = vouch__scratch(ctx, 2 * n + 1, sizeof *drawn), *limit = drawn + n;
    if (!drawn)
        return vouch__oom(ctx);
    vouch_status status = column(ctx, table, c->drawn, drawn);
    if (!status)
        status = column(ctx, table, c->limit, limit);
    if (!status && out_realised)
        status = column(ctx, table, c->exposure, out_realised);
    for (size_t i = 0; i < n && !status; i++) {
        if (isnan(drawn[i]) || isnan(limit[i]))
            status = vouch__fail(ctx, VOUCH_E_DATA, "score: '%s' is missing in row %zu",
                                 isnan(drawn[i]) ? c->drawn : c->limit, i + 1);
        if (out_exposure)
            out_exposure[i] = vouch__conversion_back(c, out_share[i], drawn[i], limit[i]);
        if (out_realised)
            out_realised[i] = vouch__conversion_share(c, out_realised[i], drawn[i], limit[i]);
    }
    return status;
}

vouch_status vouch_model_exposure(vouch_ctx *ctx, const vouch_model *model, const vouch_table *table,
                                  double *out_share, double *out_exposure, double *out_realised)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *share = out_share;
    if (!model->conversion)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "score: the model is not one of exposures; see target in a recipe");
    if (!share)
        share = vouch__scratch(ctx, vouch_table_rows(table) + 1, sizeof *share);
    if (!share)
        return vouch__oom(ctx);
    vouch_status status = vouch_model_score(ctx, model, table, NULL, share, NULL);
    if (!status)
        status = expose(ctx, model->conversion, table, share, out_exposure, out_realised);
    vouch__scratch_reset(ctx, mark);
    return status;
}
