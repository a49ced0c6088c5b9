/* data/spill.h: a folder of our own for what does not fit in memory. A process that is killed leaves its
 * folder behind; the next one that makes a folder removes it. */
#ifndef VOUCH_SPILL_H
#define VOUCH_SPILL_H

#include <stddef.h>

enum { VOUCH__SPILL_PATH = 256 };

typedef struct vouch__spill {
    char path[VOUCH__SPILL_PATH]; /* "" when there is none */
    int lock; /* held as long as the folder is in use; the system lets go of it with the process */
} vouch__spill;

/* Remove what dead processes of this user have left in `where`, then make a folder there. Without one path is
 * "". */
void vouch__spill_make(const char *where, vouch__spill *out);
void vouch__spill_remove(vouch__spill *spill); /* twice is fine */

#endif
