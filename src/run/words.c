/* One row told: a declined applicant as the notice would tell it, or what a prediction is made of. */
#include "run/words.h"

#include <math.h>
#include <string.h>

vouch_status vouch__words_row(vouch_ctx *ctx, const vouch_table *table, const vouch_model *model, size_t row,
                              vouch__doc *doc, vouch__json **out_row)
{
    vouch__json *object = vouch__json_object(doc);
    for (size_t i = 0; i < vouch_model_inputs(model); i++) {
        const char *name = vouch_model_input_name(model, i);
        size_t col = vouch_table_find(table, name);
        double value;
        if (col == SIZE_MAX)
            return vouch__fail(ctx, VOUCH_E_DATA, "no column '%s'", name);
        vouch_table_read(table, col, row, row + 1, &value);
        vouch__json *node = isnan(value) ? vouch__json_null(doc)
                            : vouch_table_type(table, col) == VOUCH_TEXT
                                ? vouch__json_text(doc, vouch_table_category(table, col, (size_t)value))
                                : vouch__json_number(doc, value);
        (void)vouch__json_set(doc, object, name, node);
    }
    *out_row = object;
    return VOUCH_OK;
}

static void tell_decision(const vouch__job *job, size_t row, const vouch__json *decision, vouch__buf *text)
{
    const vouch__json *points = vouch__json_get(decision, "points");
    int number = 0;
    vouch__buf_text(text, "applicant ");
    if (job->spec.id != SIZE_MAX)
        vouch__table_cell(job->table, job->spec.id, row, text);
    else
        vouch__buf_int(text, (int64_t)row + 1);
    vouch__buf_fmt(text, ": %s, P(bad) ", vouch__json_string(vouch__json_get(decision, "decision")));
    vouch__buf_fixed(text, vouch__json_double(vouch__json_get(decision, "probability"), NAN), 3);
    vouch__buf_text(text, ", cut-off ");
    vouch__buf_fixed(text, vouch__json_double(vouch__json_get(decision, "cutoff"), NAN), 3);
    if (points && points->type == VOUCH__JSON_NUMBER) {
        vouch__buf_text(text, ", points ");
        vouch__buf_double(text, points->number);
    }
    vouch__buf_text(text, "\n");
    const vouch__json *reasons = vouch__json_get(decision, "reasons");
    for (const vouch__json *reason = reasons ? reasons->first : NULL; reason; reason = reason->next) {
        vouch__buf_fmt(text, "  %d. %s  [%s, +", ++number,
                       vouch__json_string(vouch__json_get(reason, "text")),
                       vouch__json_string(vouch__json_get(reason, "characteristic")));
        vouch__buf_fixed(text, vouch__json_double(vouch__json_get(reason, "log_odds"), NAN), 2);
        vouch__buf_text(text, " log-odds]\n");
    }
}

typedef struct found {
    vouch__json *row, *decision; /* decision NULL: nobody is declined, and row is the first */
    size_t at;
} found;

static vouch_status find_declined(vouch_ctx *ctx, const vouch__job *job, const vouch__decider *decider,
                                  vouch__doc *doc, found *out)
{
    const vouch__contender *c = &job->contender[job->champion];
    vouch_status status = vouch__words_row(ctx, job->table, c->model, job->split.row[VOUCH__TEST][0], doc,
                                           &out->row);
    for (size_t i = 0; i < job->split.n[VOUCH__TEST] && !status; i++) {
        uint32_t row = job->split.row[VOUCH__TEST][i];
        vouch__json *request = NULL;
        vouch__json *decision = NULL;
        if (c->probability[row] <= c->cutoff)
            continue;
        status = vouch__words_row(ctx, job->table, c->model, row, doc, &request);
        if (!status)
            status = vouch__decide(ctx, decider, request, doc, NULL, &decision);
        if (status)
            break;
        if (vouch__json_double(vouch__json_get(decision, "raw"), NAN) != c->raw[row])
            return vouch__fail(ctx, VOUCH_E_CORRUPT,
                               "the decision bundle scores row %u differently from the run", row + 1);
        if (!strcmp(vouch__json_string(vouch__json_get(decision, "decision")), "decline")) {
            *out = (found){ request, decision, row };
            break;
        }
    }
    return status;
}

static char *request_of(vouch_ctx *ctx, const vouch__json *row)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_text(&text, "{\"row\":");
    vouch__json_write(&text, row);
    vouch__buf_text(&text, "}\n");
    char *request = vouch__buf_status(ctx, &text) ? NULL : vouch__buf_take(&text);
    vouch__buf_free(&text);
    return request;
}

static void tell_score(const vouch__job *job, size_t row, const vouch__json *scored, vouch__buf *text)
{
    enum { SHOWN = 4 };
    const vouch__json *list = vouch__json_get(scored, "contributions");
    int number = 0;
    vouch__buf_text(text, "row ");
    if (job->spec.id != SIZE_MAX)
        vouch__table_cell(job->table, job->spec.id, row, text);
    else
        vouch__buf_int(text, (int64_t)row + 1);
    vouch__buf_text(text, ": prediction ");
    vouch__buf_fixed(text, vouch__json_double(vouch__json_get(scored, "prediction"), NAN), 4);
    vouch__buf_fmt(text, "%s\n", job->project.exposure ? " by unit of exposure" : "");
    for (const vouch__json *at = list ? list->first : NULL; at && number < SHOWN; at = at->next) {
        double value = vouch__json_double(vouch__json_get(at, "contribution"), NAN);
        vouch__buf_fmt(text, "  %d. %s  [%s", ++number,
                       vouch__json_string(vouch__json_get(at, "characteristic")), value >= 0 ? "+" : "");
        vouch__buf_fixed(text, value, 3);
        vouch__buf_text(text, "]\n");
    }
}

/* Find one row by `find`, and tell it. */
typedef vouch_status finder(vouch_ctx *ctx, const vouch__job *job, const vouch__decider *decider,
                            vouch__doc *doc, found *out);

static vouch_status find_first(vouch_ctx *ctx, const vouch__job *job, const vouch__decider *decider,
                               vouch__doc *doc, found *out)
{
    const vouch__contender *c = &job->contender[job->champion];
    out->at = job->split.row[VOUCH__TEST][0];
    vouch_status status = vouch__words_row(ctx, job->table, c->model, out->at, doc, &out->row);
    if (!status)
        status = vouch__decide(ctx, decider, out->row, doc, NULL, &out->decision);
    if (!status && vouch__json_double(vouch__json_get(out->decision, "raw"), NAN) != c->raw[out->at])
        return vouch__fail(ctx, VOUCH_E_CORRUPT,
                           "the decision bundle scores row %zu differently from the run", out->at + 1);
    return status;
}

static vouch_status tell_row(vouch_ctx *ctx, const vouch__job *job, finder *find,
                             void (*tell)(const vouch__job *job, size_t row, const vouch__json *decision,
                                          vouch__buf *text),
                             char **out_text, char **out_request)
{
    const vouch__contender *c = &job->contender[job->champion];
    vouch__decider *decider = NULL;
    vouch__doc *doc = NULL;
    vouch__buf text;
    found f = { .row = NULL };
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__decider_new(ctx, c->bundle.at, c->bundle.len, &decider);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = find(ctx, job, decider, doc, &f);
    if (!status)
        status = vouch__doc_status(ctx, doc);
    char *request = status ? NULL : request_of(ctx, f.row);
    if (!status && !request)
        status = vouch__oom(ctx);
    if (!status && f.decision)
        tell(job, f.at, f.decision, &text);
    if (!status)
        status = vouch__buf_status(ctx, &text);
    if (status) {
        vouch__free(vouch__allocator(ctx), request);
    } else {
        *out_text = text.len > 0 ? vouch__buf_take(&text) : NULL;
        *out_request = request;
    }
    vouch__buf_free(&text);
    vouch__doc_free(doc);
    vouch__decider_free(decider);
    return status;
}

vouch_status vouch__words_declined(vouch_ctx *ctx, const vouch__job *job, char **out_text, char **out_request)
{
    return tell_row(ctx, job, find_declined, tell_decision, out_text, out_request);
}

vouch_status vouch__words_scored(vouch_ctx *ctx, const vouch__job *job, char **out_text, char **out_request)
{
    return tell_row(ctx, job, find_first, tell_score, out_text, out_request);
}
