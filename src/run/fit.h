/* run/fit.h: a recipe for one model, and the table it is about. */
#ifndef VOUCH_RUN_FIT_H
#define VOUCH_RUN_FIT_H

#include "vouch/run.h"

/* yaml[len] as vouch_fit reads a recipe, on a table that is there already; path is for messages.
 * Fails  as vouch_fit */
vouch_status vouch__fit_recipe(vouch_ctx *ctx, const char *path, const char *yaml, size_t len,
                               const vouch_table *table, vouch_model **out_model);

#endif
