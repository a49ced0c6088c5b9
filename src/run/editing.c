/* What people change in a model is kept on record: both files, the edits, and who signs for them. */
#include "govern/ledger.h"
#include "models/model_kind.h"
#include "vouch/run.h"

#include <string.h>

vouch_status vouch_model_edit_record(vouch_ctx *ctx, vouch_store *store, const vouch_key *key,
                                     const vouch_model *before, const vouch_model *after, const char *edits,
                                     int64_t *out_seq)
{
    vouch__ledger_draft d;
    vouch_status status = vouch__ledger_open(ctx, store, &d);
    if (status)
        return status;
    vouch__ledger_text(&d, d.body, "model", after->name);
    vouch__ledger_text(&d, d.body, "build", vouch_build_id());
    vouch__ledger_object(&d, d.body, "from", before->file, before->file_len);
    vouch__ledger_object(&d, d.body, "fingerprint", after->file, after->file_len);
    vouch__ledger_object(&d, d.body, "edits", edits, strlen(edits));
    (void)vouch__json_set(d.doc, d.body, "summary",
                          vouch__json_fmt(d.doc, "%s, %.8s is now %.8s", after->name,
                                          vouch_model_fingerprint(before), vouch_model_fingerprint(after)));
    return vouch__ledger_close(&d, key, "developer", "edit", out_seq);
}
