/* duckdb.h: tests that read sources need libduckdb in .cache/; without it they say so and skip. */
#ifndef TEST_DUCKDB_H
#define TEST_DUCKDB_H

#include "check.h"

#include <stdbool.h>
#include <unistd.h>

#define DUCKDB VOUCH_PROJECT_ROOT "/.cache/duckdb/libduckdb.so"

static inline bool duckdb_is_absent(void)
{
    if (access(DUCKDB, R_OK) == 0)
        return false;
    print_message("skipped: no DuckDB at .cache/duckdb/libduckdb.so\n");
    return true;
}

#define NEEDS_DUCKDB()                                                                                       \
    if (duckdb_is_absent())                                                                                  \
    skip()

#endif
