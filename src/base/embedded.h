/* base/embedded.h: the policies, control sets and legal profiles that travel inside the library, by their
 * path in the source tree ("legal/federal-ecoa-2026.yaml"). */
#ifndef VOUCH_EMBEDDED_H
#define VOUCH_EMBEDDED_H

#include <stddef.h>

typedef struct vouch__embedded {
    const char *path, *text;
    size_t len;
} vouch__embedded;

extern const vouch__embedded vouch__embedded_files[]; /* ends with a NULL path */

const vouch__embedded *vouch__embedded_find(const char *path); /* NULL when there is none */

#endif
