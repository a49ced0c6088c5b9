/* report/controls.h: which evidence satisfies which control of a control set (controls/<name>.yaml), so that
 * coverage can be shown. Control sets are data: what guidance asks, in our own words, mapped to evidence ids.
 *
 *   name, title, source, note    text
 *   controls:
 *     - id, title, text
 *       evidence: [patterns]     "validate.auc", or "validate.*": an entry is needed for each of them
 *       when: run | later        later: recorded after the run (sign-off, approval, monitoring); default run
 */
#ifndef VOUCH_CONTROLS_H
#define VOUCH_CONTROLS_H

#include "base/json.h"

/* Judge a set against the entries about `model` (the champion; NULL: about any) or about no model. Makes
 *   {name, title, source, note, items [{id, title, text, evidence [patterns], matched (how many entries),
 *    status, note}], counts {status: how many}}
 * status  covered          each pattern has evidence, none of it is beyond a limit
 *         advisory         the worst of it is beyond the advisory limit
 *         failed           the worst of it failed
 *         missing          a pattern has no evidence, or only refusals (the note says which)
 *         not-applicable   all of it says it does not apply
 *         pending          comes after the run
 * Fails  E_FORMAT with the line and column in the file; E_NOMEM */
vouch_status vouch__controls_apply(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                                   const vouch__json *entries, const char *model, vouch__doc *doc,
                                   vouch__json **out_controls);

#endif
