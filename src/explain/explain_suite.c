/* The explanation suite: one pass for the sums, then one file each for what is global, for effects, and for
 * reasons. */
#include "explain/suite_parts.h"

#include <math.h>

void vouch__suite_cell(vouch__evidence *list, vouch__json *row, const vouch__input *input, double x)
{
    char text[VOUCH__DOUBLE_MAX + 1];
    if (isnan(x)) {
        vouch__row_text(list, row, "missing");
    } else if (!input->is_category) {
        text[vouch__double_text(x, text)] = '\0';
        vouch__row_text(list, row, text);
    } else if (x >= 0.0 && x < (double)input->n_categories) {
        vouch__row_text(list, row, input->category[(size_t)x]);
    } else {
        vouch__row_text(list, row, "unseen");
    }
}

const char *vouch__suite_reference(const vouch__explain_data *data)
{
    return data->reference ? data->reference : vouch__suite_words(data)->all;
}

const vouch__explain_words vouch__explain_event = {
    .raw = "log-odds",
    .column = "log_odds",
    .direction = "Log-odds of the bad event; positive raises the risk.",
    .mean = "P(bad)",
    .mean_column = "probability",
    .all = "all training applicants",
    .average = "average applicant",
    .self = "this applicant"
};
const vouch__explain_words vouch__explain_log = {
    .raw = "log of the mean",
    .column = "log_mean",
    .direction = "Logarithm of the mean outcome; a value of 0.1 raises the mean by a factor of 1.105.",
    .mean = "mean outcome",
    .mean_column = "prediction",
    .all = "all training rows",
    .average = "average row",
    .self = "this row"
};
const vouch__explain_words vouch__explain_mean = {
    .raw = "raw score",
    .column = "raw",
    .direction = "On the scale of the model's raw score; positive raises it.",
    .mean = "mean outcome",
    .mean_column = "prediction",
    .all = "all training rows",
    .average = "average row",
    .self = "this row"
};

const vouch__explain_words *vouch__suite_words(const vouch__explain_data *data)
{
    return data->words ? data->words : &vouch__explain_event;
}

const vouch__explain_words *vouch__explain_words_of(const vouch_model *model)
{
    return vouch__model_scale(model) == VOUCH__SCALE_LOG ? &vouch__explain_log : &vouch__explain_mean;
}

vouch_status vouch__explain_brief(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__tally tally = { .n = 0 };
    if (data->n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "explain: no rows in %s", data->part);
    vouch_status status = vouch__tally_make(ctx, data, &tally);
    if (!status)
        status = vouch__suite_global(ctx, data, &tally, list);
    if (!status)
        status = vouch__suite_one(ctx, data, list);
    if (!status)
        status = vouch__doc_status(ctx, list->doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__explain_number(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx), top = 0;
    vouch__explain_data with = *data;
    vouch__tally tally = { .n = 0 };
    if (data->n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "explain: no rows in %s", data->part);
    for (size_t i = 1; i < data->n; i++)
        if (data->probability[i] > data->probability[top])
            top = i;
    with.one = &data->row[top];
    vouch_status status = vouch__tally_make(ctx, data, &tally);
    if (!status)
        status = vouch__suite_global(ctx, data, &tally, list);
    if (!status)
        status = vouch__suite_effects(ctx, data, &tally, list);
    if (!status)
        status = vouch__suite_one(ctx, &with, list);
    if (!status)
        status = vouch__doc_status(ctx, list->doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__explain_suite(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__tally tally = { .n = 0 };
    if (data->n == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "explain: no rows in %s", data->part);
    vouch_status status = vouch__tally_make(ctx, data, &tally);
    if (!status)
        status = vouch__suite_global(ctx, data, &tally, list);
    if (!status)
        status = vouch__suite_effects(ctx, data, &tally, list);
    if (!status)
        status = vouch__suite_reasons(ctx, data, &tally, list);
    if (!status && data->own)
        status = vouch__suite_own(ctx, data, list);
    if (!status)
        status = vouch__suite_one(ctx, data, list);
    if (!status)
        status = vouch__doc_status(ctx, list->doc);
    vouch__scratch_reset(ctx, mark);
    return status;
}
