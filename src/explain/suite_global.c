/* Global evidence: which inputs move the score, how each value moves it, and that the values add up. */
#include "explain/suite_parts.h"

#include "num/rank.h"
#include "num/rng.h"

#include <math.h>
#include <stdio.h>

#define SOURCE                                                                                               \
    "Lundberg et al., Nature Machine Intelligence 2 (2020) 56-67; Janzing, Minorics & Bloebaum, AISTATS "    \
    "(2020) 2907-2916 (interventional definition)"
#define CONVENTION_MAX 512
#define ADDS_UP 1e-9

static const char *convention(const vouch__explain_data *data, char text[CONVENTION_MAX])
{
    (void)snprintf(
        text, CONVENTION_MAX,
        "%s Interventional (marginal) Shapley values against %s: absent inputs are drawn from that "
        "population, not conditionally.",
        vouch__suite_words(data)->direction, vouch__suite_reference(data));
    return text;
}

static const char *sampled_note(const vouch__explain_data *data, const vouch__tally *tally, size_t len,
                                char *text)
{
    if (tally->n == data->n)
        return NULL;
    (void)snprintf(text, len, "A random %zu of the %zu rows of %s, drawn by the run's seed.", tally->n,
                   data->n, data->part);
    return text;
}

static void importance(const vouch__explain_data *data, const vouch__tally *tally, const size_t *order,
                       vouch__evidence *list)
{
    char note[128], words[CONVENTION_MAX], label[80];
    double n = (double)tally->n, total = 0.0;
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(.id = "explain.importance", .section = "explain", .title = "Importance of inputs",
                      .purpose = "Which inputs move the score, and by how much.",
                      .method =
                          "Mean absolute Shapley value of each input, with its 95 % normal interval over "
                          "rows.",
                      .convention = convention(data, words), .source = SOURCE,
                      .model = vouch_model_name(data->model), .part = data->part,
                      .unit = vouch__suite_words(data)->raw, .n = n,
                      .note = sampled_note(data, tally, sizeof note, note)));
    vouch__json *table = vouch__evidence_table(list, entry, "importance", "input,mean_abs,low,high,share");
    for (size_t j = 0; j < tally->n_inputs; j++)
        total += tally->abs[j];
    for (size_t k = 0; k < tally->n_inputs; k++) {
        size_t j = order[k];
        double mean = tally->abs[j] / n;
        double variance = n > 1 ? fmax(0.0, (tally->square[j] - n * mean * mean) / (n - 1)) : NAN;
        double margin = 1.959963984540054 * sqrt(variance / n);
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, data->model->inputs.at[j].name);
        vouch__row_number(list, row, mean);
        vouch__row_number(list, row, fmax(0.0, mean - margin));
        vouch__row_number(list, row, mean + margin);
        vouch__row_number(list, row, total > 0.0 ? tally->abs[j] / total : 0.0);
    }
    (void)snprintf(label, sizeof label, "mean |Shapley value|, %s", vouch__suite_words(data)->raw);
    vouch__evidence_plot(list, entry, "bars", "importance", "input", "mean_abs", "input", label);
}

static void additivity(const vouch__explain_data *data, const vouch__tally *tally, vouch__evidence *list)
{
    char words[CONVENTION_MAX];
    vouch__json *entry = vouch__evidence_add(
        list, &VOUCH__ENTRY(.id = "explain.additivity", .section = "explain",
                            .title = "Explanations add up to the score",
                            .purpose = "An explanation that does not add up explains something else.",
                            .method = "Largest |base + sum of Shapley values - raw score| over the rows, "
                                      "relative to max(1, |raw score|); it must not exceed 1e-9. Where a "
                                      "model's own score is summed in float, the same leaves are added in "
                                      "double, and the largest gap between the two is told apart.",
                            .convention = convention(data, words), .source = SOURCE,
                            .model = vouch_model_name(data->model), .part = data->part, .unit = "relative",
                            .n = (double)tally->n, .value = tally->relative, .critical = ADDS_UP,
                            .verdict = tally->relative <= ADDS_UP ? VOUCH__PASS : VOUCH__FAIL));
    vouch__json *table = vouch__evidence_table(list, entry, "additivity", "quantity,value");
    const char *raw = vouch__suite_words(data)->raw;
    const char *const name[] = { "largest residual", "largest relative residual",
                                 "largest gap to the model's own score" };
    const double value[] = { tally->residual, tally->relative, tally->gap };
    for (size_t k = 0; k < 3; k++) {
        vouch__json *row = vouch__evidence_row(list, table);
        (void)vouch__json_push(list->doc, row,
                               k == 1 ? vouch__json_text(list->doc, name[k])
                                      : vouch__json_fmt(list->doc, "%s, %s", name[k], raw));
        vouch__row_number(list, row, value[k]);
    }
    table = vouch__evidence_table(list, entry, "base", "quantity,value");
    vouch__json *row = vouch__evidence_row(list, table);
    vouch__row_text(list, row, "mean raw score of the reference population");
    vouch__row_number(list, row, vouch__explainer_base(data->all));
}

typedef struct swarm {
    size_t n;
    double *x, *value, *column, *rank; /* [n x inputs] twice; [n] twice */
} swarm;

/* The rows drawn: a sample of those explained, encoded and explained again. */
static vouch_status swarm_take(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                               swarm *s)
{
    size_t inputs = tally->n_inputs;
    s->n = tally->n < VOUCH__SWARM_ROWS ? tally->n : VOUCH__SWARM_ROWS;
    uint32_t *pick = vouch__scratch(ctx, s->n, sizeof *pick);
    s->x = vouch__scratch(ctx, s->n * inputs, sizeof *s->x);
    s->value = vouch__scratch(ctx, s->n * inputs, sizeof *s->value);
    s->column = vouch__scratch(ctx, s->n, sizeof *s->column);
    s->rank = vouch__scratch(ctx, s->n, sizeof *s->rank);
    if (!pick || !s->x || !s->value || !s->column || !s->rank)
        return vouch__oom(ctx);
    vouch__choose(data->seed + 1, tally->n, s->n, pick);
    for (size_t i = 0; i < s->n; i++)
        pick[i] = data->row[tally->at[pick[i]]];
    vouch__bound_rows(data->binding, 0, s->n, pick, s->x);
    vouch__explainer_block(data->all, (vouch__matrix){ s->x, s->n, inputs }, s->value);
    return VOUCH_OK;
}

/* Value ranks within the sample, from 0 to 1; missing stays NaN. */
static vouch_status swarm_rank(vouch_ctx *ctx, const swarm *s, size_t inputs, size_t j)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->x[i * inputs + j]))
            s->column[n++] = s->x[i * inputs + j];
    vouch_status status = vouch__midranks(ctx, n, s->column, s->rank);
    if (status)
        return status;
    for (size_t k = 0; k < n; k++)
        s->rank[k] = n > 1 ? (s->rank[k] - 1.0) / (double)(n - 1) : 0.5;
    for (size_t i = s->n; i-- > 0;) /* spread the ranks over the rows, from the back */
        if (isnan(s->x[i * inputs + j]))
            s->column[i] = NAN;
        else
            s->column[i] = s->rank[--n];
    return VOUCH_OK;
}

static vouch_status beeswarm(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                             const size_t *order, vouch__evidence *list)
{
    swarm s;
    char words[CONVENTION_MAX], label[80];
    const vouch__explain_words *w = vouch__suite_words(data);
    size_t inputs = tally->n_inputs, shown = inputs < VOUCH__SWARM_INPUTS ? inputs : VOUCH__SWARM_INPUTS;
    vouch_status status = swarm_take(ctx, data, tally, &s);
    if (status)
        return status;
    vouch__json *entry = vouch__evidence_add(
        list, &VOUCH__ENTRY(.id = "explain.beeswarm", .section = "explain",
                            .title = "How values of inputs move the score",
                            .purpose = "Whether high and low values of an input act as one would expect.",
                            .method = "Shapley values of a random sample of rows, for the most important "
                                      "inputs; value_rank is the value's rank within the sample, 0 lowest, 1 "
                                      "highest.",
                            .convention = convention(data, words), .source = SOURCE,
                            .model = vouch_model_name(data->model), .part = data->part,
                            .unit = vouch__suite_words(data)->raw, .n = (double)s.n));
    (void)snprintf(label, sizeof label, "input,value_rank,%s", w->column);
    vouch__json *table = vouch__evidence_table(list, entry, "beeswarm", label);
    for (size_t k = 0; k < shown; k++) {
        size_t j = order[k];
        status = swarm_rank(ctx, &s, inputs, j);
        if (status)
            return status;
        for (size_t i = 0; i < s.n; i++) {
            vouch__json *row = vouch__evidence_row(list, table);
            vouch__row_text(list, row, data->model->inputs.at[j].name);
            vouch__row_number(list, row, s.column[i]);
            vouch__row_number(list, row, s.value[i * inputs + j]);
        }
    }
    (void)snprintf(label, sizeof label, "Shapley value, %s", w->raw);
    vouch__evidence_plot(list, entry, "points", "beeswarm", w->column, "input", label, "input");
    return VOUCH_OK;
}

vouch_status vouch__suite_global(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                 vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    size_t *order = vouch__scratch(ctx, tally->n_inputs, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch__tally_order(tally, order);
    importance(data, tally, order, list);
    additivity(data, tally, list);
    vouch_status status = beeswarm(ctx, data, tally, order, list);
    vouch__scratch_reset(ctx, mark);
    return status;
}
