/* Evidence on reasons: what the declined are told, whether the two official methods tell them the same, and
 * one applicant in full. */
#include "explain/suite_parts.h"

#include "num/rates.h"

#include <math.h>

#define SOURCE                                                                                               \
    "12 CFR 1002.9(b)(2) and Supplement I, comment 9(b)(2)-5: (a) the average of applicants at or slightly " \
    "above the passing score, (b) the average of all applicants"
#define CONVENTION                                                                                           \
    "Interventional Shapley values in log-odds, summed by characteristic, then ranked; adverse ones only; "  \
    "ties by name. Where nothing is adverse the applicant is referred, not declined."

/* Characteristics by how many of the declined are told of them, most first, ties by name. */
static void by_frequency(const vouch__tally *t, size_t *order)
{
    for (size_t c = 0; c < t->n_characteristics; c++) {
        size_t at = c;
        for (; at > 0 && t->any[0][order[at - 1]] < t->any[0][c]; at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
}

static void reasons(const vouch__explain_data *data, const vouch__tally *t, const size_t *order,
                    vouch__evidence *list)
{
    double told = t->declined - t->unexplained[0];
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(
                .id = "explain.reasons", .section = "explain", .title = "Principal reasons for declines",
                .purpose = "What declined applicants are told, and how often.",
                .method = "Share of the declined with each characteristic as first reason, and as any of "
                          "the reasons given, by both official methods.",
                .convention = CONVENTION, .source = SOURCE, .model = vouch_model_name(data->model),
                .part = data->part, .unit = "declined", .n = (double)t->n, .value = t->declined,
                .note = t->declined > 0.0 ? NULL : "No row is declined at this cut-off."));
    vouch__json *table = vouch__evidence_table(
        list, entry, "reasons",
        "characteristic,text,average_first,average_any,just_approved_first,just_approved_any");
    double n[2] = { t->declined, data->just_approved ? t->declined : NAN };
    for (size_t k = 0; k < t->n_characteristics && t->declined > 0.0; k++) {
        size_t c = order[k];
        if (t->any[0][c] + t->any[1][c] == 0.0)
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, data->map->at[c].name);
        vouch__row_text(list, row, data->map->at[c].text);
        for (int method = 0; method < 2; method++) {
            vouch__row_number(list, row, t->first[method][c] / n[method]);
            vouch__row_number(list, row, t->any[method][c] / n[method]);
        }
    }
    vouch__json *counts = vouch__evidence_table(list, entry, "counts", "quantity,value");
    const char *const name[] = { "declined", "with reasons (average-applicant)",
                                 "without an adverse characteristic: referred (average-applicant)" };
    const double value[] = { t->declined, told, t->unexplained[0] };
    for (size_t k = 0; k < 3; k++) {
        vouch__json *row = vouch__evidence_row(list, counts);
        vouch__row_text(list, row, name[k]);
        vouch__row_number(list, row, value[k]);
    }
    vouch__evidence_plot(list, entry, "bars", "reasons", "characteristic", "average_any,just_approved_any",
                         "characteristic", "share of declined told so");
}

static void similarity(const vouch__explain_data *data, const vouch__tally *t, vouch__evidence *list)
{
    bool can = data->just_approved && t->both > 0.0;
    double low = NAN, high = NAN, low_set = NAN, high_set = NAN;
    if (can) {
        vouch__jeffreys_interval(t->same_first, t->both, 0.95, &low, &high);
        vouch__jeffreys_interval(t->same_set, t->both, 0.95, &low_set, &high_set);
    }
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(
                .id = "explain.reason_similarity", .section = "explain",
                .title = "The two official methods agree",
                .purpose = "Whether the reasons given depend on which of the two official methods is used.",
                .method = "Share of declined applicants whose first reason is the same by both methods; "
                          "the table also has the whole set of reasons.",
                .convention = CONVENTION, .source = SOURCE, .model = vouch_model_name(data->model),
                .part = data->part, .unit = "share", .n = t->both,
                .value = can ? t->same_first / t->both : NAN, .level = can ? 0.95 : NAN, .low = low,
                .high = high, .interval_method = can ? "Jeffreys" : NULL, .judged = can,
                .verdict = VOUCH__NOT_APPLICABLE,
                .note = can                   ? NULL
                        : data->just_approved ? "No declined row has reasons by both methods."
                                              : "There is no just-approved reference population."));
    if (!can)
        return;
    vouch__json *table = vouch__evidence_table(list, entry, "agreement", "what,share,low,high");
    const char *const name[] = { "same first reason", "same set of reasons" };
    const double value[][3] = { { t->same_first / t->both, low, high },
                                { t->same_set / t->both, low_set, high_set } };
    for (size_t k = 0; k < 2; k++) {
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, name[k]);
        for (size_t v = 0; v < 3; v++)
            vouch__row_number(list, row, value[k][v]);
    }
}

vouch_status vouch__suite_reasons(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                  vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    size_t *order = vouch__scratch(ctx, tally->n_characteristics, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    by_frequency(tally, order);
    reasons(data, tally, order, list);
    similarity(data, tally, list);
    vouch__scratch_reset(ctx, mark);
    return vouch__poll(ctx);
}

/* A method of the institution's own, beside method b: it takes the place of method a in the tally. */
vouch_status vouch__suite_own(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__explain_data with = *data;
    vouch__tally t = { .n = 0 };
    with.just_approved = data->own;
    vouch_status status = vouch__tally_make(ctx, &with, &t);
    size_t *order = vouch__scratch(ctx, t.n_characteristics + 1, sizeof *order);
    if (status || !order) {
        vouch__scratch_reset(ctx, mark);
        return status ? status : vouch__oom(ctx);
    }
    double low = NAN, high = NAN;
    bool can = t.both > 0.0;
    if (can)
        vouch__jeffreys_interval(t.same_first, t.both, 0.95, &low, &high);
    vouch__json *entry = vouch__evidence_add(
        list,
        &VOUCH__ENTRY(.id = "explain.own_reasons", .section = "explain",
                      .title = "Reasons as they are given, beside the average-applicant method",
                      .purpose = "Decisions give reasons by a method that is neither of the two that comment "
                                 "9(b)(2)-5 describes; this is how often it tells the declined the same.",
                      .method = "Share of declined applicants whose first reason is the same; the table has "
                                "what each method tells.",
                      .convention = data->own_method, .source = SOURCE,
                      .model = vouch_model_name(data->model), .part = data->part, .unit = "share",
                      .n = t.both, .value = can ? t.same_first / t.both : NAN, .level = can ? 0.95 : NAN,
                      .low = low, .high = high, .interval_method = can ? "Jeffreys" : NULL, .judged = can,
                      .verdict = VOUCH__NOT_APPLICABLE,
                      .note = can ? NULL : "No declined row has reasons by both methods."));
    by_frequency(&t, order);
    vouch__json *table = vouch__evidence_table(
        list, entry, "reasons", "characteristic,average_first,average_any,given_first,given_any");
    for (size_t k = 0; can && k < t.n_characteristics; k++) {
        size_t c = order[k];
        if (t.any[0][c] + t.any[1][c] == 0.0)
            continue;
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, data->map->at[c].name);
        for (int method = 0; method < 2; method++) {
            vouch__row_number(list, row, t.first[method][c] / t.declined);
            vouch__row_number(list, row, t.any[method][c] / t.declined);
        }
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
