/* run/overrides.h: the file of binning decisions that a model names, read, and its signature checked. */
#ifndef VOUCH_RUN_OVERRIDES_H
#define VOUCH_RUN_OVERRIDES_H

#include "bins/bin_override.h"
#include "govern/ledger.h"
#include "run/project.h"

typedef struct vouch__override_file { /* a zeroed one is fine to clear */
    vouch__overrides overrides;
    vouch__doc *signature;
    char *path;
    bool is_there;
    vouch_alloc alloc;
} vouch__override_file;

/* `overrides: FILE` of a model's mapping, from folder; nothing without it. recipe: for messages.
 * Fails E_NOTFOUND, E_FORMAT, E_CORRUPT (signed, and changed since) */
vouch_status vouch__override_file_read(vouch_ctx *ctx, const char *recipe, const char *folder,
                                       const vouch__json *mapping, vouch__override_file *out);
/* Every signature on a project's binning decisions is by a key of the store's ring with a grant in force:
 * whose, the ring says. Where there is no store a signature proves key and content, and no more.
 *
 * Fails E_DENIED, and as reading does */
vouch_status vouch__override_signers(vouch_ctx *ctx, const vouch__project *project, vouch_store *store);
void vouch__override_file_clear(vouch__override_file *file);

#endif
