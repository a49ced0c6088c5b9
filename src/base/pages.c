/* Large pages, where the system has them for the asking. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void vouch__large_pages(void *at, size_t len)
{
#ifdef MADV_HUGEPAGE
    uintptr_t begin = ((uintptr_t)at + VOUCH__PAGE - 1) & ~((uintptr_t)VOUCH__PAGE - 1);
    uintptr_t end = ((uintptr_t)at + len) & ~((uintptr_t)VOUCH__PAGE - 1);
    if (begin >= end)
        return;
    void *from = (uint8_t *)at + (begin - (uintptr_t)at);
    (void)madvise(from, end - begin, MADV_HUGEPAGE);
#ifdef MADV_COLLAPSE
    (void)madvise(from, end - begin, MADV_COLLAPSE); /* what has been written already */
#else
    (void)madvise(from, end - begin, 25);
#endif
#else
    (void)at, (void)len;
#endif
}
