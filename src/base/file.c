/* Files through plain system calls, so that every failure is seen and named. A write goes to a temporary in
 * the same folder, is flushed, renamed over the old file, and the folder is flushed: at any moment, and after
 * a power cut, the name holds the old bytes or the new. */
#include "base/file.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

/* errno as a status and a message in English whatever the locale. */
static vouch_status refused(vouch_ctx *ctx, const char *doing, const char *path, int error)
{
    const char *why = strerrordesc_np(error);
    return vouch__fail(ctx, error == ENOENT ? VOUCH_E_NOTFOUND : VOUCH_E_IO, "%s %s: %s", doing, path,
                       why ? why : "unknown error");
}

static ssize_t read_some(int fd, void *bytes, size_t len)
{
    ssize_t n;
    do
        n = read(fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n;
}

vouch_status vouch__file_read(vouch_ctx *ctx, const char *path, size_t max, vouch__buf *out_buf)
{
    vouch_status status = VOUCH_OK;
    size_t mark = vouch__scratch_mark(ctx);
    vouch__buf_init(ctx, out_buf, max);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refused(ctx, "read", path, errno);
    char *piece = vouch__scratch(ctx, PIECE, 1);
    if (!piece)
        status = vouch__oom(ctx);
    while (!status) {
        ssize_t n = read_some(fd, piece, PIECE);
        if (n == 0)
            break;
        if (n < 0)
            status = refused(ctx, "read", path, errno);
        else
            vouch__buf_add(out_buf, piece, (size_t)n);
        if (out_buf->status == VOUCH_E_LIMIT)
            status = vouch__fail(ctx, VOUCH_E_LIMIT, "read %s: longer than %zu bytes", path, out_buf->max);
        else if (out_buf->status)
            status = vouch__buf_status(ctx, out_buf);
    }
    (void)close(fd);                /* only read from */
    vouch__buf_add(out_buf, "", 0); /* an empty file, too, is text that ends in a NUL */
    if (!status)
        status = vouch__buf_status(ctx, out_buf);
    if (status)
        vouch__buf_free(out_buf);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__file_write_in(vouch_ctx *ctx, const char *folder, const char *name, const void *bytes,
                                  size_t len, char **out_path)
{
    char *path = vouch__path_join(ctx, folder, name);
    vouch_status status = path ? vouch__file_write(ctx, path, bytes, len, 0644) : vouch__oom(ctx);
    if (!status && out_path)
        *out_path = path;
    else
        vouch__free(vouch__allocator(ctx), path);
    return status;
}

vouch_status vouch__file_hash(vouch_ctx *ctx, const char *path, char out_hex[65], uint64_t *out_size)
{
    vouch__sha256 hash = { .md = NULL };
    uint8_t digest[VOUCH__HASH];
    uint64_t size = 0;
    size_t mark = vouch__scratch_mark(ctx);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refused(ctx, "read", path, errno);
    char *piece = vouch__scratch(ctx, PIECE, 1);
    vouch_status status = piece ? vouch__sha256_init(ctx, &hash) : vouch__oom(ctx);
    while (!status) {
        ssize_t n = read_some(fd, piece, PIECE);
        if (n < 0) {
            status = refused(ctx, "read", path, errno);
            break;
        }
        if (n == 0)
            break;
        vouch__sha256_add(&hash, piece, (size_t)n);
        size += (uint64_t)n;
        status = vouch__poll(ctx);
    }
    (void)close(fd);
    if (!status) {
        vouch__sha256_end(&hash, digest);
        vouch__hex(digest, VOUCH__HASH, out_hex);
        if (out_size)
            *out_size = size;
    }
    vouch__sha256_drop(&hash);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return ENOSPC;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Fill, flush and close the temporary; returns an errno. */
static int fill(int fd, const void *bytes, size_t len, unsigned mode)
{
    int error = write_all(fd, bytes, len);
    if (!error && fchmod(fd, (mode_t)mode))
        error = errno;
    if (!error && fsync(fd))
        error = errno;
    if (close(fd) && !error)
        error = errno;
    return error;
}

static int flush_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = fsync(fd) ? errno : 0;
    (void)close(fd);
    return error == EINVAL ? 0 : error; /* some file systems cannot, and need not */
}

vouch_status vouch__file_write(vouch_ctx *ctx, const char *path, const void *bytes, size_t len, unsigned mode)
{
    static const char ending[] = ".XXXXXX.tmp";
    vouch_status status = VOUCH_E_NOMEM;
    size_t mark = vouch__scratch_mark(ctx), n = strlen(path);
    char *folder = vouch__path_folder(ctx, path);
    char *temporary = vouch__scratch(ctx, n + sizeof ending, 1);
    if (!folder || !temporary) {
        status = vouch__oom(ctx);
        goto done;
    }
    memcpy(temporary, path, n);
    memcpy(temporary + n, ending, sizeof ending);
    int fd = mkostemps(temporary, 4, O_CLOEXEC);
    int error = fd < 0 ? errno : fill(fd, bytes, len, mode);
    if (!error && rename(temporary, path))
        error = errno;
    if (error && fd >= 0)
        (void)unlink(temporary); /* the failure that is reported came before */
    if (!error)
        error = flush_folder(folder);
    status = error ? refused(ctx, "write", path, error) : VOUCH_OK;
done:
    vouch__free(vouch__allocator(ctx), folder);
    vouch__scratch_reset(ctx, mark);
    return status;
}

bool vouch__file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

vouch_status vouch__folder_make(vouch_ctx *ctx, const char *path)
{
    char *part = vouch__strdup(ctx, path);
    vouch_status status = VOUCH_OK;
    if (!part)
        return vouch__oom(ctx);
    for (char *p = part + (*part == '/');; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(part, 0777) && !(errno == EEXIST && is_folder(part)) && *part) {
            status = refused(ctx, "make folder", part, errno);
            break;
        }
        *p = end;
        if (!end)
            break;
    }
    vouch__free(vouch__allocator(ctx), part);
    return status;
}

char *vouch__path_join(vouch_ctx *ctx, const char *folder, const char *name)
{
    if (*name == '/' || *folder == '\0')
        return vouch__strdup(ctx, name);
    vouch__buf path;
    vouch__buf_init(ctx, &path, 0);
    vouch__buf_text(&path, folder);
    if (folder[strlen(folder) - 1] != '/')
        vouch__buf_text(&path, "/");
    vouch__buf_text(&path, name);
    char *taken = vouch__buf_take(&path);
    vouch__buf_free(&path);
    return taken;
}

char *vouch__path_folder(vouch_ctx *ctx, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = vouch__strdup(ctx, slash ? path : ".");
    if (folder && slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}
