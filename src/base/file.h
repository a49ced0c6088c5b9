/* base/file.h: files read whole within a bound, and written so that a reader sees
 * the old file or the new one, never half: temporary, fsync, rename, fsync of the folder. */
#ifndef VOUCH_FILE_H
#define VOUCH_FILE_H

#include "base/text.h"

/* All fail with E_NOTFOUND or E_IO and a message "read <path>: <what the system said>", in English. */

/* out_buf is made here; after a failure it is empty, and freeing it is fine. Fails E_LIMIT: longer than max
 * (0: 1 GiB). */
vouch_status vouch__file_read(vouch_ctx *ctx, const char *path, size_t max, vouch__buf *out_buf);
/* On failure the old file stands and the temporary is gone; only a failing flush of the folder, the last
 * step, is reported with the new file in place. A process killed half way leaves "<path>.??????.tmp". */
vouch_status vouch__file_write(vouch_ctx *ctx, const char *path, const void *bytes, size_t len,
                               unsigned mode); /* mode as in chmod, e.g. 0644 */
/* The same for folder/name, readable by all. out_path, to be freed, may be NULL. */
vouch_status vouch__file_write_in(vouch_ctx *ctx, const char *folder, const char *name, const void *bytes,
                                  size_t len, char **out_path);
vouch_status vouch__file_hash(vouch_ctx *ctx, const char *path, char out_hex[65],
                              uint64_t *out_size); /* out_size may be NULL */
bool vouch__file_exists(const char *path);
vouch_status vouch__folder_make(vouch_ctx *ctx, const char *path); /* with parents; fine if there */

/* Join folder and name into a vouch__alloc'ed path; an absolute name stands alone. */
char *vouch__path_join(vouch_ctx *ctx, const char *folder, const char *name) VOUCH_MUST_USE;
char *vouch__path_folder(vouch_ctx *ctx, const char *path) VOUCH_MUST_USE; /* "." when none */

#endif
