/* Doing recorded work again and comparing bytes. A run is computed anew from the project file in the store
 * and the data where they were; a decision from its own record and the bundle it names. */
#include "base/file.h"
#include "govern/ledger.h"
#include "run/job.h"
#include "vouch/run.h"

#include <string.h>

typedef struct replay { /* a recorded run, and the same computed again */
    vouch__doc *entry;
    const vouch__json *body;
    vouch__job job;
} replay;

static vouch_status say(vouch_ctx *ctx, char **out_message, const char *fmt, const char *a, const char *b)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_fmt(&text, fmt, a, b);
    vouch_status status = vouch__buf_status(ctx, &text);
    if (!status)
        *out_message = vouch__buf_take(&text);
    vouch__buf_free(&text);
    return status;
}

static const char *body_text(const vouch__json *body, const char *key)
{
    const char *text = vouch__json_string(vouch__json_get(body, key));
    return text ? text : "";
}

static vouch_status compute_again(vouch_ctx *ctx, vouch_store *store, const char *duckdb, int64_t seq,
                                  replay *r)
{
    vouch__project project = { .doc = NULL };
    vouch__buf file;
    vouch__buf_init(ctx, &file, 0);
    vouch_status status = vouch__ledger_read(ctx, store, seq, &r->entry);
    if (!status)
        r->body = vouch__json_get(vouch__doc_root(r->entry), "body");
    if (!status)
        status = vouch__object_get(ctx, store, body_text(r->body, "project_file"), &file);
    if (!status)
        status = vouch__project_parse(ctx, body_text(r->body, "project_path"), body_text(r->body, "folder"),
                                      file.at, file.len, &project);
    vouch__buf_free(&file);
    if (status)
        return status;
    project.seed = (uint64_t)vouch__json_int(vouch__json_get(r->body, "seed"), (int64_t)project.seed);
    const char *stamp = vouch__json_string(vouch__json_get(r->body, "stamp"));
    status = vouch__job_run(ctx, &project, duckdb, stamp, &r->job);
    vouch__project_clear(&project);
    return status ? vouch__because(ctx, status, "replay of run %lld", (long long)seq) : VOUCH_OK;
}

/* What went in must be what went in then; only then is a different result vouch's own fault. */
static vouch_status same_inputs(vouch_ctx *ctx, const replay *r)
{
    if (strcmp(r->job.data, body_text(r->body, "data")) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "replay: the data have changed: %s was %.16s, is %.16s",
                           r->job.project.source, body_text(r->body, "data"), r->job.data);
    return VOUCH_OK;
}

static const char *same_code(const replay *r)
{
    return strcmp(body_text(r->body, "build"), vouch_build_id()) == 0 ? "same code"
                                                                      : "another build of vouch";
}

static vouch_status replay_model(vouch_ctx *ctx, vouch_store *store, const char *duckdb,
                                 const char *fingerprint, int64_t seq, char **out_message)
{
    replay r = { .entry = NULL };
    vouch_status status = compute_again(ctx, store, duckdb, seq, &r);
    const vouch__contender *found = NULL;
    if (!status)
        status = same_inputs(ctx, &r);
    for (size_t i = 0; !status && i < r.job.n_contenders; i++)
        if (!strcmp(vouch_model_fingerprint(r.job.contender[i].model), fingerprint))
            found = &r.job.contender[i];
    if (!status && !found)
        status = vouch__fail(ctx, VOUCH_E_CORRUPT,
                             "replay: no model fitted again has the bytes of %.16s (%s, same data)",
                             fingerprint, same_code(&r));
    if (!status)
        status = say(
            ctx, out_message,
            "model %.16s: fitted again from the recorded project and data, byte for byte the same (%s)",
            fingerprint, same_code(&r));
    vouch__job_clear(&r.job);
    vouch__doc_free(r.entry);
    return status;
}

static const vouch__json *entry_of(const vouch__json *entries, const char *key)
{
    for (const vouch__json *entry = entries ? entries->first : NULL; entry; entry = entry->next) {
        const char *name = vouch__json_string(vouch__json_get(entry, "key"));
        if (name && !strcmp(name, key))
            return entry;
    }
    return NULL;
}

static vouch_status same_entry(vouch_ctx *ctx, const vouch__json *then, const vouch__json *now,
                               const char *key)
{
    vouch__buf a;
    vouch__buf b;
    vouch__buf_init(ctx, &a, 0);
    vouch__buf_init(ctx, &b, 0);
    vouch__json_write(&a, then);
    vouch__json_write(&b, now);
    vouch_status status = vouch__buf_status(ctx, &a);
    if (!status)
        status = vouch__buf_status(ctx, &b);
    if (!status && (a.len != b.len || memcmp(a.at, b.at, a.len) != 0))
        status = vouch__fail(ctx, VOUCH_E_CORRUPT, "replay: evidence %s differs from what was recorded", key);
    vouch__buf_free(&a);
    vouch__buf_free(&b);
    return status;
}

static vouch_status replay_evidence(vouch_ctx *ctx, vouch_store *store, const char *duckdb, const char *key,
                                    char **out_message)
{
    replay r = { .entry = NULL };
    vouch__doc *recorded = NULL;
    vouch__buf text;
    int64_t seq = 0;
    vouch__buf_init(ctx, &text, 0);
    vouch_status status = vouch__ledger_find(ctx, store, "run", "", NULL, &seq);
    if (!status)
        status = compute_again(ctx, store, duckdb, seq, &r);
    if (!status)
        status = same_inputs(ctx, &r);
    if (!status)
        status = vouch__object_get(ctx, store, body_text(r.body, "evidence"), &text);
    if (!status)
        status = vouch__json_read(ctx, "recorded evidence", text.at, text.len, text.len + 1, &recorded);
    const vouch__json *then = status ? NULL
                                     : entry_of(vouch__json_get(vouch__doc_root(recorded), "entries"), key);
    const vouch__json *now = status ? NULL : entry_of(vouch__json_get(r.job.root, "entries"), key);
    if (!status && (!then || !now))
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "replay: the latest run has no evidence '%s'", key);
    if (!status)
        status = same_entry(ctx, then, now, key);
    if (!status)
        status = say(ctx, out_message, "evidence %s: computed again, byte for byte the same (%s)", key,
                     same_code(&r));
    vouch__doc_free(recorded);
    vouch__buf_free(&text);
    vouch__job_clear(&r.job);
    vouch__doc_free(r.entry);
    return status;
}

static vouch_status replay_decision(vouch_ctx *ctx, vouch_store *store, const char *id, char **out_message)
{
    vouch__doc *record = NULL;
    vouch__doc *again = NULL;
    vouch__decider *decider = NULL;
    vouch__json *decision = NULL;
    vouch__buf text;
    vouch__buf bundle;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_init(ctx, &bundle, 0);
    vouch_status status = vouch__decision_get(ctx, store, id, &text);
    if (!status)
        status = vouch__json_read(ctx, "decision record", text.at, text.len, text.len + 1, &record);
    const vouch__json *root = record ? vouch__doc_root(record) : NULL;
    if (!status)
        status = vouch__object_get(ctx, store, body_text(root, "bundle"), &bundle);
    if (!status)
        status = vouch__decider_new(ctx, bundle.at, bundle.len, &decider);
    if (!status)
        status = vouch__doc_new(ctx, &again);
    if (!status)
        status = vouch__decide(ctx, decider, vouch__json_get(root, "row"), again, NULL, &decision);
    if (!status)
        status = same_entry(ctx, vouch__json_get(root, "decision"), decision, id);
    if (!status)
        status = say(ctx, out_message, "decision %s: decided again from its record, byte for byte the same%s",
                     id, "");
    vouch__decider_free(decider);
    vouch__doc_free(again);
    vouch__doc_free(record);
    vouch__buf_free(&text);
    vouch__buf_free(&bundle);
    return status;
}

vouch_status vouch_replay(vouch_ctx *ctx, vouch_store *store, const char *what, const char *duckdb,
                          char **out_message)
{
    vouch__doc *doc = NULL;
    vouch__json *model = NULL;
    vouch__buf record;
    if (!strncmp(what, "evidence:", 9))
        return replay_evidence(ctx, store, duckdb, what + 9, out_message);
    vouch__buf_init(ctx, &record, 0);
    vouch_status status = vouch__decision_get(ctx, store, what, &record);
    vouch__buf_free(&record);
    if (status != VOUCH_E_NOTFOUND)
        return status ? status : replay_decision(ctx, store, what, out_message);
    status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = vouch__registry_find(ctx, store, what, doc, &model);
    if (status == VOUCH_E_NOTFOUND)
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND,
                             "replay: '%s' is no model, no decision, and not evidence:KEY", what);
    if (!status)
        status = replay_model(ctx, store, duckdb, body_text(model, "fingerprint"),
                              vouch__json_int(vouch__json_get(model, "run_seq"), 0), out_message);
    vouch__doc_free(doc);
    return status;
}
