/* data/long_file.h: a file written piece by piece that appears whole or not at all: for what is too long to
 * be held in memory before writing. */
#ifndef VOUCH_LONG_FILE_H
#define VOUCH_LONG_FILE_H

#include "base/ctx.h"

typedef struct vouch__long_file {
    int fd; /* -1 when closed */
    const char *path;
    char *temporary;
    vouch_alloc alloc;
} vouch__long_file;

/* path is borrowed until the end. */
vouch_status vouch__long_file_open(vouch_ctx *ctx, const char *path, vouch__long_file *out_file);
vouch_status vouch__long_file_add(vouch_ctx *ctx, vouch__long_file *file, const char *bytes, size_t len);
vouch_status vouch__long_file_end(vouch_ctx *ctx, vouch__long_file *file);
void vouch__long_file_drop(vouch__long_file *file); /* removes what has been written; nothing after an end */

#endif
