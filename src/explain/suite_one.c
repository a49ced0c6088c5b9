/* One declined applicant in full: from the reference population's mean score to this score, characteristic by
 * characteristic. */
#include "explain/suite_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BARS = 12 }; /* characteristics shown apart; the rest are one bar */

typedef struct one {
    double *x, *value, *sum; /* [inputs] twice; [characteristics] */
    size_t *order;           /* characteristics by falling |sum|, ties by name */
    vouch__reason *reason;
    double raw;
    size_t n_reasons;
} one;

static vouch_status one_take(vouch_ctx *ctx, const vouch__explain_data *data, uint32_t row, one *o)
{
    size_t inputs = data->model->inputs.n, n = data->map->n;
    o->x = vouch__scratch(ctx, inputs, sizeof *o->x);
    o->value = vouch__scratch(ctx, inputs, sizeof *o->value);
    o->sum = vouch__scratch(ctx, n, sizeof *o->sum);
    o->order = vouch__scratch(ctx, n, sizeof *o->order);
    o->reason = vouch__scratch(ctx, data->most, sizeof *o->reason);
    if (!o->x || !o->value || !o->sum || !o->order || !o->reason)
        return vouch__oom(ctx);
    vouch__matrix x = { o->x, 1, inputs };
    vouch__bound_rows(data->binding, 0, 1, &row, o->x);
    data->model->kind->predict(data->model->state, x, &o->raw);
    vouch__explainer_block(data->all, x, o->value);
    o->n_reasons = vouch__reasons_rank(data->map, o->value, data->most, o->reason);
    for (size_t c = 0; c < n; c++) {
        size_t at = c;
        o->sum[c] = vouch__characteristic_sum(data->map, c, o->value);
        for (; at > 0 && fabs(o->sum[o->order[at - 1]]) < fabs(o->sum[c]); at--)
            o->order[at] = o->order[at - 1];
        o->order[at] = c;
    }
    return VOUCH_OK;
}

static void bar(vouch__evidence *list, vouch__json *table, const char *label, double change, double start,
                double end)
{
    vouch__json *row = vouch__evidence_row(list, table);
    vouch__row_text(list, row, label);
    vouch__row_number(list, row, change);
    vouch__row_number(list, row, start);
    vouch__row_number(list, row, end);
}

/* Bars from the base to the score; the last one ends on the score itself. */
static void waterfall(const vouch__explain_data *data, const one *o, vouch__json *entry,
                      vouch__evidence *list)
{
    vouch__json *table = vouch__evidence_table(list, entry, "waterfall", "label,change,start,end");
    double at = vouch__explainer_base(data->all), rest = 0.0;
    bar(list, table, data->reference ? "reference population" : vouch__suite_words(data)->average, NAN, 0.0,
        at);
    for (size_t k = 0; k < data->map->n; k++) {
        double sum = o->sum[o->order[k]];
        if (k >= BARS) {
            rest += sum;
            continue;
        }
        bar(list, table, data->map->at[o->order[k]].name, sum, at, at + sum);
        at += sum;
    }
    if (data->map->n > BARS)
        bar(list, table, "all others", rest, at, at + rest);
    bar(list, table, vouch__suite_words(data)->self, NAN, 0.0, o->raw);
    vouch__evidence_plot(list, entry, "waterfall", "waterfall", "label", "change", "characteristic",
                         data->words ? data->words->raw : "log-odds of bad");
}

static void write_reasons(const vouch__explain_data *data, const one *o, vouch__json *entry,
                          vouch__evidence *list)
{
    vouch__json *table = vouch__evidence_table(list, entry, "reasons",
                                               "rank,characteristic,text,log_odds,share");
    for (size_t r = 0; r < o->n_reasons; r++) {
        const vouch__characteristic *c = &data->map->at[o->reason[r].characteristic];
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_number(list, row, (double)(r + 1));
        vouch__row_text(list, row, c->name);
        vouch__row_text(list, row, c->text);
        vouch__row_number(list, row, o->reason[r].log_odds);
        vouch__row_number(list, row, o->reason[r].share);
    }
}

static vouch__entry entry_of(const vouch__explain_data *data, const one *o)
{
    static const char asked_for[] = "The reasoning shown whole for a single row, the one asked for.";
    if (data->words)
        return VOUCH__ENTRY(.id = "explain.one_row",
                            .title = data->one ? "One row in full" : "The largest prediction in full",
                            .purpose = data->one ? asked_for
                                                 : "The reasoning shown whole for a single row: the one of "
                                                   "the largest prediction.",
                            .convention = data->words->direction);
    return VOUCH__ENTRY(.id = "explain.one_decline",
                        .title = data->one ? "One row in full" : "One declined applicant",
                        .purpose = data->one ? asked_for
                                             : "The reasoning shown whole for a single decision: the first "
                                               "declined row.",
                        .convention = "Log-odds; bars to the right raise the risk. Reasons are the adverse "
                                      "characteristics, largest first.",
                        .source = "12 CFR 1002.9(b)(2) and Supplement I, comment 9(b)(2)-5",
                        .critical = data->cutoff,
                        .note = o->n_reasons ? NULL
                                             : "No characteristic is adverse: the applicant is referred.");
}

static void write_one(const vouch__explain_data *data, const one *o, double probability,
                      vouch__evidence *list)
{
    const vouch__explain_words *w = vouch__suite_words(data);
    char method[256], columns[64];
    (void)snprintf(method, sizeof method,
                   "From the mean raw score of %s, each characteristic's Shapley value, to the raw score of "
                   "%s.",
                   vouch__suite_reference(data), w->self);
    vouch__entry about = entry_of(data, o);
    about.section = "explain";
    about.method = method;
    about.model = vouch_model_name(data->model);
    about.part = data->part;
    about.unit = w->mean_column;
    about.n = 1;
    about.value = probability;
    vouch__json *entry = vouch__evidence_add(list, &about);
    waterfall(data, o, entry, list);
    if (!data->words)
        write_reasons(data, o, entry, list);
    (void)snprintf(columns, sizeof columns, "input,value,%s", w->column);
    vouch__json *inputs = vouch__evidence_table(list, entry, "inputs", columns);
    for (size_t j = 0; j < data->model->inputs.n; j++) {
        vouch__json *row = vouch__evidence_row(list, inputs);
        vouch__row_text(list, row, data->model->inputs.at[j].name);
        vouch__suite_cell(list, row, &data->model->inputs.at[j], o->x[j]);
        vouch__row_number(list, row, o->value[j]);
    }
}

vouch_status vouch__suite_one(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list)
{
    size_t i = 0, mark = vouch__scratch_mark(ctx);
    one o = { .n_reasons = 0 };
    while (i < data->n && !(data->one ? data->row[i] == *data->one : data->probability[i] > data->cutoff))
        i++;
    if (i == data->n) {
        (void)vouch__evidence_add(list,
                                  &VOUCH__ENTRY(.id = "explain.one_decline", .section = "explain",
                                                .title = "One declined applicant",
                                                .model = vouch_model_name(data->model), .part = data->part,
                                                .critical = data->cutoff, .verdict = VOUCH__NOT_APPLICABLE,
                                                .note = "No row is declined at this cut-off."));
        return VOUCH_OK;
    }
    vouch_status status = one_take(ctx, data, data->row[i], &o);
    if (!status)
        write_one(data, &o, data->probability[i], list);
    vouch__scratch_reset(ctx, mark);
    return status;
}
