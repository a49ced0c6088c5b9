/* models/fit_rules.h: what a project file or a caller's text says of single inputs: which may interact, and
 * where missing values go. */
#ifndef VOUCH_FIT_RULES_H
#define VOUCH_FIT_RULES_H

#include "models/model_kind.h"

/* "interactions: [[a, b], [c, d]]" and "missing: {a: low, b: high}" of a model's mapping (NULL: neither), as
 * vouch__fit_data wants them, in scratch. An input in no group stands alone. Errors name path, line, column
 * and model. Fails E_FORMAT (not such lists), E_DATA (a name that is no input), E_LIMIT (more than 64 groups)
 */
vouch_status vouch__fit_rules_read(vouch_ctx *ctx, const char *path, const char *model,
                                   const vouch__json *mapping, const vouch__inputs *inputs,
                                   vouch__fit_data *data);
/* "monotone: {a: up, b: down}" (NULL: nothing). To kinds that choose directions themselves "auto" says
 * nothing. */
vouch_status vouch__fit_monotone_read(vouch_ctx *ctx, const char *path, const char *model,
                                      const vouch__json *monotone, bool may_be_auto, vouch__inputs *inputs);

#endif
