/* Temporary beside the goal, flush, rename, flush the folder. */
#include "data/long_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static vouch_status refused(vouch_ctx *ctx, const char *path, int error)
{
    const char *why = strerrordesc_np(error);
    return vouch__fail(ctx, error == ENOENT ? VOUCH_E_NOTFOUND : VOUCH_E_IO, "write %s: %s", path,
                       why ? why : "unknown error");
}

vouch_status vouch__long_file_open(vouch_ctx *ctx, const char *path, vouch__long_file *out_file)
{
    size_t room = strlen(path) + sizeof ".XXXXXX";
    vouch__long_file file = { .fd = -1, .path = path, .alloc = *vouch__allocator(ctx) };
    file.temporary = vouch__alloc(ctx, room, 1);
    if (!file.temporary)
        return vouch__oom(ctx);
    (void)snprintf(file.temporary, room, "%s.XXXXXX", path);
    file.fd = mkostemp(file.temporary, O_CLOEXEC);
    if (file.fd < 0) {
        vouch_status status = refused(ctx, path, errno);
        vouch__free(&file.alloc, file.temporary);
        return status;
    }
    *out_file = file;
    return VOUCH_OK;
}

vouch_status vouch__long_file_add(vouch_ctx *ctx, vouch__long_file *file, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(file->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refused(ctx, file->path, errno);
        bytes += n;
        len -= (size_t)n;
    }
    return VOUCH_OK;
}

static vouch_status flush_folder(vouch_ctx *ctx, const char *path)
{
    char *folder = vouch__path_folder(ctx, path);
    if (!folder)
        return vouch__oom(ctx);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    vouch_status status = fd < 0 || fsync(fd) ? refused(ctx, folder, errno) : VOUCH_OK;
    if (fd >= 0)
        (void)close(fd); /* only flushed through */
    vouch__free(vouch__allocator(ctx), folder);
    return status;
}

vouch_status vouch__long_file_end(vouch_ctx *ctx, vouch__long_file *file)
{
    vouch_status status = VOUCH_OK;
    if (fchmod(file->fd, 0644) || fsync(file->fd))
        status = refused(ctx, file->path, errno);
    if (close(file->fd) && !status)
        status = refused(ctx, file->path, errno);
    file->fd = -1;
    if (!status && rename(file->temporary, file->path))
        status = refused(ctx, file->path, errno);
    if (status)
        (void)unlink(file->temporary); /* the failure is already being told */
    vouch__free(&file->alloc, file->temporary);
    file->temporary = NULL;
    return status ? status : flush_folder(ctx, file->path);
}

void vouch__long_file_drop(vouch__long_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* what was written is thrown away */
    if (file->temporary)
        (void)unlink(file->temporary);
    vouch__free(&file->alloc, file->temporary);
    file->temporary = NULL;
    file->fd = -1;
}
