/* Whether a folder's owner lives is asked of a lock on a file within it, not of a process number, which may
 * have been given to another. A folder without that file is somebody's who is just making it: it is left
 * alone. */
#include "data/spill.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "vouch-spill-"
#define LOCK "lock"

/* Unlink every file of the folder; DuckDB makes no folders in it. */
static void empty(int folder)
{
    int again = dup(folder);
    DIR *all = again < 0 ? NULL : fdopendir(again);
    if (!all) {
        if (again >= 0)
            (void)close(again);
        return;
    }
    for (const struct dirent *at = readdir(all); at; at = readdir(all))
        (void)unlinkat(folder, at->d_name, 0); /* of "." and "..", and of what is not ours, it fails */
    (void)closedir(all);
}

static void remove_if_dead(int where, const char *name)
{
    struct stat about;
    int folder = openat(where, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int lock = folder < 0 ? -1 : openat(folder, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (lock >= 0 && fstat(folder, &about) == 0 && about.st_uid == geteuid() &&
        flock(lock, LOCK_EX | LOCK_NB) == 0) {
        empty(folder);
        (void)unlinkat(where, name, AT_REMOVEDIR);
    }
    if (lock >= 0)
        (void)close(lock);
    if (folder >= 0)
        (void)close(folder);
}

static void sweep(const char *path)
{
    DIR *all = opendir(path);
    if (!all)
        return;
    for (const struct dirent *at = readdir(all); at; at = readdir(all))
        if (!strncmp(at->d_name, PREFIX, strlen(PREFIX)))
            remove_if_dead(dirfd(all), at->d_name);
    (void)closedir(all);
}

void vouch__spill_make(const char *where, vouch__spill *out)
{
    char lock[VOUCH__SPILL_PATH + sizeof LOCK + 1];
    *out = (vouch__spill){ .lock = -1 };
    sweep(where);
    int len = snprintf(out->path, sizeof out->path, "%s/" PREFIX "XXXXXX", where);
    if (len < 0 || (size_t)len >= sizeof out->path || !mkdtemp(out->path)) {
        out->path[0] = '\0';
        return;
    }
    (void)snprintf(lock, sizeof lock, "%s/" LOCK, out->path);
    out->lock = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out->lock >= 0)
        (void)flock(out->lock, LOCK_EX | LOCK_NB);
}

void vouch__spill_remove(vouch__spill *spill)
{
    if (spill->path[0]) {
        int folder = open(spill->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0) {
            empty(folder);
            (void)close(folder);
        }
        (void)rmdir(spill->path); /* a stray folder is no reason to fail */
    }
    if (spill->lock >= 0)
        (void)close(spill->lock);
    *spill = (vouch__spill){ .lock = -1 };
}
