/* Look-up among the embedded files; their table is made at build time by cmake/embed.cmake. */
#include "base/embedded.h"

#include <string.h>

const vouch__embedded *vouch__embedded_find(const char *path)
{
    for (const vouch__embedded *file = vouch__embedded_files; file->path; file++)
        if (!strcmp(file->path, path))
            return file;
    return NULL;
}
