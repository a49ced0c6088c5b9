/* Evidence on effects: partial dependence of the inputs that matter most, and whether every declared
 * direction holds for every row tried. */
#include "explain/suite_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 6 };

#define SOURCE                                                                                               \
    "Friedman, Annals of Statistics 29 (2001) 1189-1232; Goldstein et al., J. Comput. Graph. Stat. 24 "      \
    "(2015) 44-65 (individual curves)"

static const char *type_name(vouch__grid_type type)
{
    return type == VOUCH__GRID_VALUE ? "value" : type == VOUCH__GRID_SPECIAL ? "special" : "missing";
}

static void point(const vouch__input *input, const vouch__effect *e, size_t g, vouch__json *table,
                  vouch__evidence *list)
{
    vouch__json *row = vouch__evidence_row(list, table);
    if (input->is_category || e->type[g] != VOUCH__GRID_VALUE)
        vouch__suite_cell(list, row, input, e->at[g]);
    else
        vouch__row_number(list, row, e->at[g]);
    if (e->type[g] != VOUCH__GRID_VALUE || input->is_category)
        vouch__row_text(list, row, type_name(e->type[g]));
    vouch__row_number(list, row, e->probability[g]);
    vouch__row_number(list, row, e->low[g]);
    vouch__row_number(list, row, e->high[g]);
    vouch__row_number(list, row, e->raw[g]);
}

static void partial_dependence(const vouch__explain_data *data, size_t rows, const vouch__effect *e,
                               vouch__evidence *list)
{
    const vouch__input *input = &data->model->inputs.at[e->input];
    const vouch__explain_words *w = vouch__suite_words(data);
    char columns[96], y[96];
    vouch__json *entry = vouch__evidence_add(
        list, &VOUCH__ENTRY(.id = "explain.pdp", .section = "explain", .title = "Partial dependence",
                            .purpose = "What the model predicts as one input moves and the rest stay.",
                            .method = "Mean prediction of a random sample of rows with the input set to each "
                                      "of at most 20 sample quantiles (or each category); p10 and p90 are of "
                                      "the rows' own curves.",
                            .convention = "Other inputs stay as they are, so unlikely combinations of values "
                                          "count too. Special codes and missing are apart from amounts.",
                            .source = SOURCE, .model = vouch_model_name(data->model), .part = data->part,
                            .subject = input->name, .unit = w->mean_column, .n = (double)rows));
    (void)snprintf(columns, sizeof columns, "%s,%s,p10,p90,%s",
                   input->is_category ? "category,type" : "value", w->mean_column, w->column);
    vouch__json *table = vouch__evidence_table(list, entry, "pdp", columns);
    size_t n = input->is_category ? e->n : e->n_ordinary;
    for (size_t g = 0; g < n; g++)
        point(input, e, g, table, list);
    if (e->n > n) {
        (void)snprintf(columns, sizeof columns, "value,type,%s,p10,p90,%s", w->mean_column, w->column);
        vouch__json *codes = vouch__evidence_table(list, entry, "codes", columns);
        for (size_t g = n; g < e->n; g++)
            point(input, e, g, codes, list);
    }
    (void)snprintf(y, sizeof y, input->is_category ? "%s" : "%s,p10,p90", w->mean_column);
    vouch__evidence_plot(list, entry, input->is_category ? "bars" : "line", "pdp",
                         input->is_category ? "category" : "value", y, input->name, w->mean);
}

typedef struct directions {
    double declared, pairs, violations;
} directions;

static void direction_row(const vouch__input *input, const vouch__effect *e, vouch__json *table,
                          vouch__evidence *list)
{
    vouch__json *row = vouch__evidence_row(list, table);
    vouch__row_text(list, row, input->name);
    vouch__row_text(list, row, input->monotone > 0 ? "up" : "down");
    vouch__row_number(list, row, (double)e->pairs);
    vouch__row_number(list, row, (double)e->violations);
    vouch__row_number(list, row, e->worst);
}

static vouch_status monotonicity(vouch_ctx *ctx, const vouch__explain_data *data, vouch__matrix x,
                                 vouch__evidence *list)
{
    const vouch__inputs *inputs = &data->model->inputs;
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    directions d = { 0, 0, 0 };
    vouch_status status = VOUCH_OK;
    vouch__effect *effect = vouch__scratch(ctx, inputs->n, sizeof *effect);
    if (!effect)
        return vouch__oom(ctx);
    for (size_t j = 0; j < inputs->n && !status; j++) {
        if (inputs->at[j].is_category || !inputs->at[j].monotone)
            continue;
        status = vouch__effect_make(ctx, data->model, x, j, &effect[n]);
        if (status)
            break;
        d.declared += 1.0;
        d.pairs += (double)effect[n].pairs;
        d.violations += (double)effect[n].violations;
        n++;
    }
    if (!status) {
        bool none = d.declared == 0.0;
        vouch__json *entry = vouch__evidence_add(
            list,
            &VOUCH__ENTRY(
                    .id = "explain.monotonicity", .section = "explain", .title = "Declared directions hold",
                    .purpose = "Where the prediction may only rise, or only fall, with an input, it does "
                               "so for every row.",
                    .method = "Each sampled row is scored at neighbouring values of the input, all else "
                              "equal; a step of the raw score against the declared direction, however "
                              "small, is a violation.",
                    .convention = "No tolerance. Special codes and missing values have no order.",
                    .source = SOURCE, .model = vouch_model_name(data->model), .part = data->part,
                    .unit = "violations", .n = (double)x.rows, .value = none ? NAN : d.violations,
                    .critical = none ? NAN : 0.0,
                    .verdict = none               ? VOUCH__NOT_APPLICABLE
                               : d.violations > 0 ? VOUCH__FAIL
                                                  : VOUCH__PASS,
                    .note = none ? "No direction is declared for any numeric input." : NULL));
        if (!none) {
            vouch__json *table = vouch__evidence_table(list, entry, "directions",
                                                       "input,direction,pairs,violations,largest_violation");
            for (size_t k = 0; k < n; k++)
                direction_row(&inputs->at[effect[k].input], &effect[k], table, list);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* A sample of the part's rows, encoded. */
static vouch_status sample_take(vouch_ctx *ctx, const vouch__explain_data *data, vouch__matrix *out)
{
    size_t n = data->n < VOUCH__EFFECT_ROWS ? data->n : VOUCH__EFFECT_ROWS, cols = data->model->inputs.n;
    uint32_t *pick = vouch__scratch(ctx, n, sizeof *pick);
    double *x = vouch__scratch(ctx, n * cols, sizeof *x);
    if (!pick || !x)
        return vouch__oom(ctx);
    vouch__choose(data->seed + 2, data->n, n, pick);
    for (size_t i = 0; i < n; i++)
        pick[i] = data->row[pick[i]];
    vouch__bound_rows(data->binding, 0, n, pick, x);
    *out = (vouch__matrix){ x, n, cols };
    return VOUCH_OK;
}

vouch_status vouch__suite_effects(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                  vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx), shown = tally->n_inputs < SHOWN ? tally->n_inputs : SHOWN;
    vouch__matrix x = { NULL, 0, 0 };
    vouch__effect e;
    size_t *order = vouch__scratch(ctx, tally->n_inputs, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch__tally_order(tally, order);
    vouch_status status = sample_take(ctx, data, &x);
    for (size_t k = 0; k < shown && !status; k++) {
        vouch__progress(ctx, "partial dependence", k, shown);
        if (!(tally->abs[order[k]] > 0.0))
            break; /* the model does not use it */
        status = vouch__effect_make(ctx, data->model, x, order[k], &e);
        if (!status)
            partial_dependence(data, x.rows, &e, list);
    }
    if (!status)
        status = monotonicity(ctx, data, x, list);
    vouch__scratch_reset(ctx, mark);
    return status;
}
