/* Large pages, where the system has them for the asking. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { COLLAPSE = 25 }; /* MADV_COLLAPSE, which older headers do not have and older kernels refuse */

void vouch__large_pages(void *at, size_t len, bool is_written)
{
#ifdef MADV_HUGEPAGE
    uintptr_t begin = ((uintptr_t)at + VOUCH__PAGE - 1) & ~((uintptr_t)VOUCH__PAGE - 1);
    uintptr_t end = ((uintptr_t)at + len) & ~((uintptr_t)VOUCH__PAGE - 1);
    if (begin >= end)
        return;
    void *from = (uint8_t *)at + (begin - (uintptr_t)at);
    (void)madvise(from, end - begin, MADV_HUGEPAGE);
    if (is_written)
        (void)madvise(from, end - begin, COLLAPSE);
#else
    (void)at, (void)len, (void)is_written;
#endif
}
