/* models/gam/gam_edit.h: changes that a person makes to shapes. */
#ifndef VOUCH_GAM_EDIT_H
#define VOUCH_GAM_EDIT_H

#include "models/gam/gam.h"

/* Apply a list of edits, each a mapping as docs/gam.md has it, and add them to the model's log. On failure
 * the model is half edited, to be thrown away. Fails E_FORMAT, naming file, line and column */
vouch_status vouch__gam_edit(vouch_ctx *ctx, const char *file, const vouch__json *edits,
                             const vouch__inputs *inputs, vouch__gam *gam);

#endif
