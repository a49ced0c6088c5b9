/* Finding and loading libduckdb. */
#include "data/duckdb_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

static void *open_at(const char *folder, size_t len, const char *rest)
{
    char path[PATH_MAX_BYTES];
    int n = snprintf(path, sizeof path, "%.*s/%s", (int)len, folder, rest);
    return n > 0 && (size_t)n < sizeof path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

static void *find(void)
{
    char program[PATH_MAX_BYTES];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    void *library = NULL;
    if (len > 0) {
        program[len] = '\0';
        const char *slash = strrchr(program, '/');
        size_t folder = slash ? (size_t)(slash - program) : 0;
        library = open_at(program, folder, "libduckdb.so");
        if (!library)
            library = open_at(program, folder, "../lib/libduckdb.so");
    }
    return library ? library : dlopen("libduckdb.so", RTLD_NOW | RTLD_LOCAL);
}

vouch_status vouch__duckdb_load(vouch_ctx *ctx, const char *path, vouch__duckdb *out_api)
{
    static const struct {
        const char *name;
        size_t at;
    } entry[] = {
#define X(name, type, arguments) { "duckdb_" #name, offsetof(vouch__duckdb, name) },
        DUCKDB_API_LIST(X)
#undef X
    };
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : find();
    if (!library && path)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "duckdb: '%s' can't be loaded: %s", path, dlerror());
    if (!library)
        return vouch__fail(
            ctx, VOUCH_E_UNAVAILABLE,
            "duckdb: libduckdb.so is neither beside the program, nor in ../lib, nor on the system's search "
            "path; 'npm pack @duckdb/node-bindings-linux-x64@1.4.4-r.4' holds it (docs/data.md)");
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
        void *symbol = dlsym(library, entry[i].name);
        if (!symbol)
            return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "duckdb: the library lacks %s, 1.4 is wanted",
                               entry[i].name);
        memcpy((char *)out_api + entry[i].at, &symbol, sizeof symbol); /* C has no cast between these */
    }
    return VOUCH_OK;
}
