/* Binning decisions as a model's recipe names them. */
#include "run/overrides.h"

#include "base/file.h"
#include "base/schema.h"
#include "govern/file_signature.h"

static vouch_status read_file(vouch_ctx *ctx, vouch__override_file *f, const char *name)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, VOUCH__OVERRIDE_FILE);
    vouch_status status = vouch__file_read(ctx, f->path, VOUCH__OVERRIDE_FILE, &text);
    if (!status)
        status = vouch__overrides_read(ctx, name, text.at ? text.at : "", text.len, &f->overrides);
    if (!status)
        status = vouch__file_signature(ctx, f->path, text.at ? text.at : "", text.len, &f->signature);
    if (!status && f->signature) {
        const vouch__json *root = vouch__doc_root(f->signature);
        f->overrides.signer = vouch__json_string(vouch__json_get(root, "person"));
        f->overrides.signed_on = vouch__json_string(vouch__json_get(root, "on"));
        f->overrides.key = vouch__json_string(vouch__json_get(root, "key"));
    }
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__override_file_read(vouch_ctx *ctx, const char *recipe, const char *folder,
                                       const vouch__json *mapping, vouch__override_file *out)
{
    const vouch__json *node = vouch__json_get(mapping, "overrides");
    const char *name = vouch__json_string(node);
    *out = (vouch__override_file){ .alloc = *vouch__allocator(ctx) };
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (!name)
        return vouch__schema_fail(ctx, recipe, node, "overrides must name a file");
    out->path = vouch__path_join(ctx, folder, name);
    vouch_status status = out->path ? read_file(ctx, out, name) : vouch__oom(ctx);
    if (status)
        vouch__override_file_clear(out);
    out->is_there = !status;
    return status;
}

vouch_status vouch__override_signers(vouch_ctx *ctx, const vouch__project *project, vouch_store *store)
{
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < project->n_plans && !status; i++) {
        const vouch__model_plan *plan = &project->plan[i];
        vouch__override_file file = { .is_there = false };
        const char *person = NULL;
        status = vouch__override_file_read(ctx, project->path, project->folder, plan->mapping, &file);
        if (!status && file.signature)
            status = vouch__ledger_holder(ctx, store, file.overrides.key, NULL, &person);
        if (status == VOUCH_E_DENIED)
            status = vouch__because(ctx, status, "%s: models.%s: the signature on %s", project->path,
                                    plan->name, file.path);
        vouch__override_file_clear(&file);
    }
    return status;
}

void vouch__override_file_clear(vouch__override_file *file)
{
    vouch__overrides_clear(&file->overrides);
    vouch__doc_free(file->signature);
    if (file->alloc.resize)
        vouch__free(&file->alloc, file->path);
    *file = (vouch__override_file){ .is_there = false };
}
