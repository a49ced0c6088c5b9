/* require.h: what must hold for any bytes. */
#ifndef REQUIRE_H
#define REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

#endif
