/* vouch_monitor: a new batch against the stored reference of a model, its verdict recorded. */
#include "govern/ledger.h"
#include "monitor/reference.h"
#include "report/html_report.h"
#include "report/text_summary.h"
#include "run/job.h"
#include "vouch/run.h"

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

static vouch_status compare(vouch_ctx *ctx, const char *batch, const char *duckdb, watch *w)
{
    vouch_source source = { .source = batch, .id = w->project.id, .duckdb = duckdb };
    size_t mark = vouch__scratch_mark(ctx);
    double *bad = NULL;
    vouch_status status = vouch_table_open(ctx, &source, &w->batch);
    if (!status && vouch_table_find(w->batch, w->project.target) != SIZE_MAX) {
        bad = vouch__scratch(ctx, vouch_table_rows(w->batch) + 1, sizeof *bad);
        status = bad ? vouch__target_read(ctx, w->batch, &w->project, bad) : vouch__oom(ctx);
    }
    if (!status)
        status = vouch__evidence_new(ctx, w->policy, &w->list);
    if (!status)
        status = vouch__monitor_batch(ctx, w->model, vouch__doc_root(w->reference), w->batch, bad, &w->list);
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
    vouch__doc *doc = NULL;
    char data[VOUCH__HEX];
    char evidence[VOUCH__HEX];
    int64_t seq;
    vouch_status status = vouch__table_fingerprint(ctx, w->batch, data);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = vouch__store_begin(ctx, store);
    if (status) {
        vouch__doc_free(doc);
        return status;
    }
    status = vouch__object_put(ctx, store, text->at, text->len, evidence);
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "model", vouch__json_text(doc, vouch_model_fingerprint(w->model)));
    (void)vouch__json_set(doc, body, "data", vouch__json_text(doc, data));
    (void)vouch__json_set(doc, body, "rows", vouch__json_number(doc, (double)vouch_table_rows(w->batch)));
    (void)vouch__json_set(doc, body, "verdict", vouch__json_text(doc, vouch__verdict_name(w->list.worst)));
    if (!status) {
        (void)vouch__json_set(doc, body, "evidence", vouch__json_text(doc, evidence));
        status = vouch__doc_status(ctx, doc);
    }
    if (!status)
        status = vouch__ledger_append(ctx, store, key, "developer|validator|approver|service|owner",
                                      "monitor", body, &seq);
    if (!status)
        status = vouch__store_commit(ctx, store);
    if (status)
        vouch__store_rollback(store);
    vouch__doc_free(doc);
    return status;
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

vouch_status vouch_monitor(vouch_ctx *ctx, vouch_store *store, const vouch_key *key, const char *model,
                           const char *batch, const char *duckdb, char **out_summary, char **out_evidence,
                           int *out_verdict)
{
    watch w = { .doc = NULL };
    vouch__buf text;
    vouch__buf evidence;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_init(ctx, &evidence, 0);
    vouch_status status = load(ctx, store, model, &w);
    if (!status)
        status = compare(ctx, batch, duckdb, &w);
    if (!status) {
        vouch__json *root = root_of(&w, batch);
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
