/* What people change in a model is kept on record: both files, the edits, and who signs for them. */
#include "govern/ledger.h"
#include "models/model_kind.h"
#include "vouch/run.h"

#include <string.h>

vouch_status vouch_model_edit_record(vouch_ctx *ctx, vouch_store *store, const vouch_key *key,
                                     const vouch_model *before, const vouch_model *after, const char *edits,
                                     int64_t *out_seq)
{
    char from[VOUCH__HEX], to[VOUCH__HEX], text[VOUCH__HEX];
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = vouch__store_begin(ctx, store);
    if (status) {
        vouch__doc_free(doc);
        return status;
    }
    status = vouch__object_put(ctx, store, before->file, before->file_len, from);
    if (!status)
        status = vouch__object_put(ctx, store, after->file, after->file_len, to);
    if (!status)
        status = vouch__object_put(ctx, store, edits, strlen(edits), text);
    if (!status) {
        vouch__json *body = vouch__json_object(doc);
        const char *const member[][2] = { { "model", after->name },
                                          { "fingerprint", to },
                                          { "from", from },
                                          { "edits", text },
                                          { "build", vouch_build_id() } };
        for (size_t i = 0; i < sizeof member / sizeof *member; i++)
            (void)vouch__json_set(doc, body, member[i][0], vouch__json_text(doc, member[i][1]));
        (void)vouch__json_set(doc, body, "summary",
                              vouch__json_fmt(doc, "%s, %.8s is now %.8s", after->name, from, to));
        status = vouch__doc_status(ctx, doc);
        if (!status)
            status = vouch__ledger_append(ctx, store, key, "developer", "edit", body, out_seq);
    }
    if (!status)
        status = vouch__store_commit(ctx, store);
    if (status)
        vouch__store_rollback(store);
    vouch__doc_free(doc);
    return status;
}
