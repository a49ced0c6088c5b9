/* The approval of a search: an entry of the ledger by an approver's key, bound to the project file as it
 * stands (so to the candidate's recipe, its data and its limits), to the model and to the text of every legal
 * profile. The search asks for it, and for the role to be in force still. */
#include "govern/ledger.h"
#include "run/lda.h"

#include <string.h>

static const char kind[] = "permit";

static const char *model_named(const vouch__project *p, const char *model)
{
    const char *named = vouch__json_string(vouch__json_get(p->alternatives, "model"));
    return model ? model : named ? named : p->prefer;
}

/* What is approved, as canonical JSON, and its SHA-256. */
static vouch_status subject(vouch_ctx *ctx, const vouch__job *job, const char *model, vouch__doc *doc,
                            vouch__json **out_body)
{
    char hash[VOUCH__HEX] = "";
    vouch__buf text;
    vouch__json *what = vouch__json_object(doc);
    vouch__buf_init(ctx, &text, 0);
    vouch__json_set(doc, what, "project", vouch__json_text(doc, job->project.fingerprint));
    vouch__json_set(doc, what, "model", vouch__json_text(doc, model_named(&job->project, model)));
    vouch__json *legal = vouch__json_set(doc, what, "legal", vouch__json_array(doc));
    for (size_t i = 0; i < job->n_legal; i++)
        vouch__json_push(doc, legal, vouch__json_copy(doc, vouch__legal_root(job->legal[i])));
    vouch__json_write(&text, what);
    vouch_status status = vouch__buf_status(ctx, &text);
    if (!status)
        status = vouch__hash_hex(ctx, text.at, text.len, hash);
    if (!status) {
        vouch__json *body = vouch__json_object(doc);
        vouch__json_set(doc, body, "what", what);
        vouch__json_set(doc, body, "digest", vouch__json_text(doc, hash));
        vouch__json_set(doc, body, "project", vouch__json_text(doc, job->project.name));
        vouch__json_set(doc, body, "summary",
                        vouch__json_fmt(doc, "alternatives of %s of project %s",
                                        vouch__json_get(what, "model")->text, job->project.name));
        *out_body = body;
        status = vouch__doc_status(ctx, doc);
    }
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__lda_approve(vouch_ctx *ctx, const vouch__job *job, const char *model, vouch_store *store,
                                const vouch_key *key, int64_t *out_seq)
{
    vouch__json *body = NULL;
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = subject(ctx, job, model, doc, &body);
    if (!status)
        status = vouch__ledger_append(ctx, store, key, NULL, kind, body, out_seq);
    vouch__doc_free(doc);
    return status;
}

static vouch_status nobody(vouch_ctx *ctx, const vouch__job *job, vouch_store *store)
{
    int64_t seq;
    const char *path = job->project.path;
    vouch_status status = vouch__ledger_find(ctx, store, kind, "project", job->project.name, &seq);
    if (status && status != VOUCH_E_NOTFOUND)
        return status;
    if (!status)
        return vouch__fail(
            ctx, VOUCH_E_CONTROL,
            "%s: the search was approved (ledger entry %lld) before the project, the model or a "
            "legal profile was changed: an approver's 'vouch lda --approve --key KEY' approves "
            "it as it stands",
            path, (long long)seq);
    return vouch__fail(ctx, VOUCH_E_CONTROL,
                       "%s: the search compares models by their effect on groups, and no approver has "
                       "approved it: 'vouch lda --approve --key KEY' records that in the ledger",
                       path);
}

vouch_status vouch__lda_approved(vouch_ctx *ctx, vouch__job *job, const char *model, vouch_store *store,
                                 const vouch_key *developer, vouch__lda_rules *rules)
{
    const char *by = NULL, *person = NULL;
    vouch__doc *doc = NULL, *entry = NULL;
    vouch__json *body = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = subject(ctx, job, model, doc, &body);
    if (!status)
        status = vouch__ledger_standing(ctx, store, kind, "digest", vouch__json_get(body, "digest")->text,
                                        &entry);
    if (status == VOUCH_E_NOTFOUND)
        status = nobody(ctx, job, store);
    if (!status)
        by = vouch__json_string(vouch__json_get(vouch__doc_root(entry), "person"));
    if (!status && developer)
        status = vouch__ledger_holder(ctx, store, vouch_key_id(developer), "developer", &person);
    if (!status && person && !strcmp(by, person))
        status = vouch__fail(ctx, VOUCH_E_CONTROL,
                             "%s: %s approved the search and may not run it: persons are compared, not keys",
                             job->project.path, by);
    if (!status) { /* kept by the evidence, which outlives the entry that was read */
        const vouch__json *told = vouch__json_fmt(
            job->list.doc, "%s (key %s)", by,
            vouch__json_string(vouch__json_get(vouch__doc_root(entry), "key")));
        status = vouch__doc_status(ctx, job->list.doc);
        rules->approver = status ? NULL : told->text;
    }
    vouch__doc_free(entry);
    vouch__doc_free(doc);
    return status;
}
