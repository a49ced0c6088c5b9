/* base/pages.h: memory that is read all over the place. */
#ifndef VOUCH_PAGES_H
#define VOUCH_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { VOUCH__PAGE = 2 << 20 }; /* bytes of a large page where there are any */

/* Ask the system to back what lies between two multiples of VOUCH__PAGE by large pages: as it comes to be
 * written, or at once where it has been. It may not; nothing but speed depends on it. */
void vouch__large_pages(void *at, size_t len, bool is_written);

#endif
