/* vouch_monitor: a new batch against the stored reference of a model, its verdict recorded. */
#include "catalogue/tests.h"
#include "data/calendar.h"
#include "govern/ledger.h"
#include "monitor/cohorts.h"
#include "monitor/reference.h"
#include "report/html_report.h"
#include "report/text_summary.h"
#include "run/job.h"
#include "vouch/run.h"

#include <math.h>
#include <string.h>

typedef struct watch {
    vouch__doc *doc; /* the registry's word on the model, and the run's entry */
    vouch__doc *entry, *reference;
    vouch__json *listed;
    vouch_model *model;
    vouch__project project;
    vouch__policy *policy;
    vouch_table *batch;
    vouch__evidence list;
} watch;

static const char *text_at(const vouch__json *object, const char *key)
{
    const char *text = vouch__json_string(vouch__json_get(object, key));
    return text ? text : "";
}

static vouch_status load_object(vouch_ctx *ctx, vouch_store *store, const char *hash, vouch__buf *text)
{
    vouch__buf_clear(text);
    return vouch__object_get(ctx, store, hash, text);
}

static vouch_status load(vouch_ctx *ctx, vouch_store *store, const char *model, watch *w)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__doc_new(ctx, &w->doc);
    if (!status)
        status = model ? vouch__registry_find(ctx, store, model, w->doc, &w->listed)
                       : vouch__registry_approved(ctx, store, NULL, w->doc, &w->listed);
    if (!status)
        status = load_object(ctx, store, text_at(w->listed, "object"), &text);
    if (!status)
        status = vouch_model_read(ctx, text.at, text.len, &w->model);
    if (!status)
        status = load_object(ctx, store, text_at(w->listed, "reference"), &text);
    if (!status)
        status = vouch__json_read(ctx, "reference", text.at, text.len, text.len + 1, &w->reference);
    if (!status)
        status = vouch__ledger_read(ctx, store, vouch__json_int(vouch__json_get(w->listed, "run_seq"), 0),
                                    &w->entry);
    const vouch__json *body = status ? NULL : vouch__json_get(vouch__doc_root(w->entry), "body");
    if (!status)
        status = load_object(ctx, store, text_at(body, "project_file"), &text);
    if (!status)
        status = vouch__project_parse(ctx, text_at(body, "project_path"), text_at(body, "folder"), text.at,
                                      text.len, &w->project);
    if (!status) {
        vouch__buf_clear(&text);
        status = vouch__project_file(ctx, &w->project, "policy", w->project.policy, &text);
    }
    if (!status)
        status = vouch__policy_read(ctx, w->project.policy, text.at, text.len, &w->policy);
    vouch__buf_free(&text);
    return status;
}

/* ---- outcomes that come late ---- */

/* Days of decision of the batch's rows. */
static vouch_status read_dates(vouch_ctx *ctx, const watch *w, double *date)
{
    size_t n = vouch_table_rows(w->batch);
    const char *name = w->project.time;
    if (!name)
        return vouch__fail(ctx, VOUCH_E_ARG, "monitor: maturity: the project names no decision_time");
    size_t col = vouch_table_find(w->batch, name);
    vouch_type type = col == SIZE_MAX ? VOUCH_TEXT : vouch_table_type(w->batch, col);
    if (type != VOUCH_DATE && type != VOUCH_TIME)
        return vouch__fail(ctx, VOUCH_E_DATA, "monitor: maturity: the batch has no dates in a column '%.60s'",
                           name);
    vouch_table_read(w->batch, col, 0, n, date);
    for (size_t i = 0; type == VOUCH_TIME && i < n; i++)
        date[i] = floor(date[i] / (double)VOUCH__DAY_US);
    return VOUCH_OK;
}

/* The row of the catalogue, put to every outcome that is known. */
static vouch_status tell_delayed(vouch_ctx *ctx, const vouch_monitor_options *o, watch *w,
                                 const double *outcome, const double *date)
{
    const vouch_test *test = vouch_test_find("drift.delayed_labels");
    size_t n = vouch_table_rows(w->batch);
    double *raw = vouch__scratch(ctx, n + 1, sizeof *raw), *p = vouch__scratch(ctx, n + 1, sizeof *p);
    double value[VOUCH__PARAMS_MAX];
    bool is_event = w->project.law->is_event;
    uint8_t *is_bad = is_event ? vouch__scratch(ctx, n + 1, 1) : NULL;
    if (!raw || !p || (is_event && !is_bad))
        return vouch__oom(ctx);
    for (size_t i = 0; is_event && i < n; i++)
        is_bad[i] = outcome[i] == 1.0;
    vouch_status status = vouch_model_score(ctx, w->model, w->batch, raw, p, NULL);
    const vouch__sample sample = { .part = "batch",
                                   .n = n,
                                   .score = raw,
                                   .probability = p,
                                   .target = outcome,
                                   .bad = is_bad,
                                   .date = date };
    const vouch__param_table table = { "test", test->id, test->params, test->n_params };
    for (size_t i = 0; i < test->n_params; i++)
        value[i] = test->params[i].value;
    value[vouch__param_find(&table, "maturity")] = o->maturity;
    value[vouch__param_find(&table, "as_of")] = o->as_of;
    const vouch__test_call call = { .test = test,
                                    .now = &sample,
                                    .model_name = vouch_model_name(w->model),
                                    .param = value,
                                    .list = &w->list };
    return status ? status : vouch__test_perform(ctx, &call);
}

/* Outcomes of rows that are too young, or have no date, are as if not known. */
static vouch_status leave_young(vouch_ctx *ctx, const vouch_monitor_options *o, size_t n, const double *date,
                                double *outcome)
{
    double *known = vouch__scratch(ctx, n + 1, sizeof *known);
    uint32_t *at = vouch__scratch(ctx, n + 1, sizeof *at);
    vouch__cohorts c;
    size_t m = 0;
    if (!known || !at)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        if (isnan(date[i]))
            outcome[i] = NAN;
        else
            at[m++] = (uint32_t)i;
    }
    for (size_t k = 0; k < m; k++)
        known[k] = date[at[k]];
    vouch_status status = vouch__cohorts_make(ctx, m, known, 1, o->maturity, o->as_of, &c);
    for (size_t k = status ? m : c.begin[c.mature]; k < m; k++)
        outcome[at[c.order[k]]] = NAN;
    return status ? vouch__because(ctx, status, "monitor: maturity") : VOUCH_OK;
}

static vouch_status heed_maturity(vouch_ctx *ctx, const vouch_monitor_options *o, watch *w, double *outcome)
{
    size_t n = vouch_table_rows(w->batch);
    double *date = vouch__scratch(ctx, n + 1, sizeof *date);
    if (!date)
        return vouch__oom(ctx);
    vouch_status status = read_dates(ctx, w, date);
    if (!status)
        status = tell_delayed(ctx, o, w, outcome, date);
    return status ? status : leave_young(ctx, o, n, date, outcome);
}

static vouch_status compare(vouch_ctx *ctx, const vouch_monitor_options *o, watch *w)
{
    const vouch_source source = { .source = o->batch,
                                  .id = w->project.id,
                                  .duckdb = o->duckdb,
                                  .is_text = vouch_model_takes_text,
                                  .of = w->model };
    size_t mark = vouch__scratch_mark(ctx);
    double *outcome = NULL, *weight = NULL;
    vouch_status status = vouch_table_open(ctx, &source, &w->batch);
    if (!status && vouch_table_find(w->batch, w->project.target) != SIZE_MAX) {
        outcome = vouch__scratch(ctx, vouch_table_rows(w->batch) + 1, sizeof *outcome);
        if (!w->project.law->is_event && (w->project.weight || w->project.exposure))
            weight = vouch__scratch(ctx, vouch_table_rows(w->batch) + 1, sizeof *weight);
        status = outcome ? vouch__outcome_read(ctx, w->batch, &w->project, outcome, weight) : vouch__oom(ctx);
    }
    if (!status)
        status = vouch__evidence_new(ctx, w->policy, &w->list);
    if (!status && outcome && o->maturity > 0)
        status = heed_maturity(ctx, o, w, outcome);
    if (!status)
        status = vouch__monitor_batch(ctx, w->model, vouch__doc_root(w->reference), w->batch, outcome, weight,
                                      &w->list);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch__json *root_of(watch *w, const char *batch)
{
    vouch__doc *doc = w->list.doc;
    vouch__json *root = vouch__json_object(doc);
    vouch__json *data = vouch__json_set(doc, root, "data", vouch__json_object(doc));
    (void)vouch__json_set(doc, root, "project", vouch__json_text(doc, w->project.name));
    (void)vouch__json_set(doc, data, "source", vouch__json_text(doc, batch));
    (void)vouch__json_set(doc, data, "rows", vouch__json_number(doc, (double)vouch_table_rows(w->batch)));
    (void)vouch__json_set(doc, root, "verdicts", vouch__report_count(doc, w->list.entries));
    (void)vouch__json_set(doc, root, "entries", w->list.entries);
    return root;
}

static vouch_status record(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const watch *w,
                           const vouch__buf *text)
{
    vouch__ledger_draft d;
    char data[VOUCH__HEX];
    vouch_status status = vouch__table_fingerprint(ctx, w->batch, data);
    if (!status)
        status = vouch__ledger_open(ctx, store, &d);
    if (status)
        return status;
    vouch__ledger_text(&d, d.body, "model", vouch_model_fingerprint(w->model));
    vouch__ledger_text(&d, d.body, "data", data);
    vouch__ledger_number(&d, d.body, "rows", (double)vouch_table_rows(w->batch));
    vouch__ledger_text(&d, d.body, "verdict", vouch__verdict_name(w->list.worst));
    vouch__ledger_object(&d, d.body, "evidence", text->at, text->len);
    return vouch__ledger_close(&d, key, "developer|validator|approver|service|owner", "monitor", NULL);
}

static void clear(watch *w)
{
    vouch__evidence_free(&w->list);
    vouch_table_unref(w->batch);
    vouch__policy_free(w->policy);
    vouch__project_clear(&w->project);
    vouch_model_free(w->model);
    vouch__doc_free(w->reference);
    vouch__doc_free(w->entry);
    vouch__doc_free(w->doc);
}

vouch_status vouch_monitor(vouch_ctx *ctx, vouch_store *store, const vouch_key *key,
                           const vouch_monitor_options *options, char **out_summary, char **out_evidence,
                           int *out_verdict)
{
    watch w = { .doc = NULL };
    vouch__buf text;
    vouch__buf evidence;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_init(ctx, &evidence, 0);
    vouch_status status = load(ctx, store, options->model, &w);
    if (!status)
        status = compare(ctx, options, &w);
    if (!status) {
        vouch__json *root = root_of(&w, options->batch);
        status = vouch__doc_status(ctx, w.list.doc);
        vouch__json_write(&evidence, root);
        if (!status)
            status = vouch__report_text(ctx, root, &text);
    }
    if (!status)
        status = vouch__buf_status(ctx, &text);
    if (!status)
        status = vouch__buf_status(ctx, &evidence);
    if (!status && key)
        status = record(ctx, store, key, &w, &evidence);
    if (!status) {
        *out_summary = vouch__buf_take(&text);
        *out_evidence = vouch__buf_take(&evidence);
        *out_verdict = w.list.worst == VOUCH__FAIL ? 2 : w.list.worst == VOUCH__ADVISORY ? 1 : 0;
    }
    vouch__buf_free(&text);
    vouch__buf_free(&evidence);
    clear(&w);
    return status;
}
