/* run/told.h: entries as the three texts that commands hand out. */
#ifndef VOUCH_TOLD_H
#define VOUCH_TOLD_H

#include "evidence/evidence.h"
#include "vouch/run.h"

/* The root of a page: project, title, code, seed (NAN: none), data {source, rows, fingerprint}; *out_data is
 * the data's object, for more. Entries are the list's. */
vouch_status vouch__told_root(vouch_ctx *ctx, vouch__evidence *list, const char *project, const char *title,
                              double seed, const char *source, const vouch_table *table,
                              vouch__json **out_root, vouch__json **out_data);
vouch_status vouch__told_write(vouch_ctx *ctx, const vouch__evidence *list, const vouch__json *root,
                               vouch_told *out);

#endif
