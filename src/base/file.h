/* base/file.h: files read whole within a bound, and written so that a reader sees
 * the old file or the new one, never half: temporary, fsync, rename, fsync of the folder. */
#ifndef VOUCH_FILE_H
#define VOUCH_FILE_H

#include "base/text.h"

/* Fails  E_NOTFOUND, E_IO, E_LIMIT (longer than max); the message names the path. */
vouch_status vouch__file_read(vouch_ctx *ctx, const char *path, size_t max, vouch__buf *out_buf);
vouch_status vouch__file_write(vouch_ctx *ctx, const char *path, const void *bytes, size_t len,
                               unsigned mode); /* mode as in chmod, e.g. 0644 */
vouch_status vouch__file_hash(vouch_ctx *ctx, const char *path, char out_hex[65], uint64_t *out_size);
bool vouch__file_exists(const char *path);
vouch_status vouch__folder_make(vouch_ctx *ctx, const char *path); /* with parents; fine if there */

/* Join folder and name into a vouch__alloc'ed path; an absolute name stands alone. */
char *vouch__path_join(vouch_ctx *ctx, const char *folder, const char *name) VOUCH_MUST_USE;
char *vouch__path_folder(vouch_ctx *ctx, const char *path) VOUCH_MUST_USE; /* "." when none */

#endif
