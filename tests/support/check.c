/* The assertions, the seeded generator (splitmix64) and the failing allocator. */
#include "check.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "suppressions=" VOUCH_TEST_ROOT "/tsan.supp"; }
#endif
#endif

static uint64_t seed_used, state;

static void seed_once(void)
{
    if (state)
        return;
    const char *given = getenv("VOUCH_TEST_SEED");
    seed_used = given ? strtoull(given, NULL, 10) : 20261122;
    state = seed_used | 1;
}

static void failed(const char *file, int line)
{
    if (state)
        print_error("replay with VOUCH_TEST_SEED=%llu\n", (unsigned long long)seed_used);
    _fail(file, line);
}

void check_close(double got, double want, double tol, const char *what, const char *file, int line)
{
    if (got == want || fabs(got - want) <= tol * fmax(1.0, fabs(want)))
        return;
    print_error("%s is %.17g, want %.17g within %g\n", what, got, want, tol);
    failed(file, line);
}

void check_nan(double got, const char *what, const char *file, int line)
{
    if (isnan(got))
        return;
    print_error("%s is %.17g, want NaN\n", what, got);
    failed(file, line);
}

void check_status(vouch_ctx *ctx, vouch_status got, vouch_status want, const char *what, const char *file,
                  int line)
{
    if (got == want)
        return;
    print_error("%s gave %s (%s), want %s\n", what, vouch_status_name(got), ctx ? vouch_ctx_error(ctx) : "",
                vouch_status_name(want));
    failed(file, line);
}

void check_error_has(vouch_ctx *ctx, const char *words, const char *file, int line)
{
    if (strstr(vouch_ctx_error(ctx), words))
        return;
    print_error("the message is '%s', which lacks '%s'\n", vouch_ctx_error(ctx), words);
    failed(file, line);
}

double seeded(void)
{
    seed_once();
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

size_t seeded_below(size_t n) { return (size_t)(seeded() * (double)n); }

double seeded_normal(void) { return sqrt(-2.0 * log(1.0 - seeded())) * cos(6.283185307179586 * seeded()); }

static void *counted_resize(void *self, void *ptr, size_t old_size, size_t new_size)
{
    counting_alloc *mem = self;
    (void)old_size;
    if (new_size == 0) {
        if (ptr)
            __atomic_sub_fetch(&mem->live, 1, __ATOMIC_RELAXED);
        free(ptr);
        return NULL;
    }
    if (__atomic_fetch_add(&mem->calls, 1, __ATOMIC_RELAXED) == mem->fail_at)
        return NULL;
    void *p = realloc(ptr, new_size);
    if (p && !ptr)
        __atomic_add_fetch(&mem->live, 1, __ATOMIC_RELAXED);
    return p;
}

vouch_alloc counting_allocator(counting_alloc *mem)
{
    return (vouch_alloc){ .resize = counted_resize, .self = mem };
}

void sweep_allocations(sweep_fn *op, void *arg, size_t max_k)
{
    for (size_t k = 0; max_k == 0 || k < max_k; k++) {
        counting_alloc mem = { .fail_at = k };
        vouch_ctx_options options = { .alloc = counting_allocator(&mem), .threads = 1 };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_status status = ctx ? op(ctx, arg) : VOUCH_E_NOMEM;
        if (status != VOUCH_OK && status != VOUCH_E_NOMEM) {
            print_error("with allocation %zu failing: %s (%s)\n", k, vouch_status_name(status),
                        vouch_ctx_error(ctx));
            failed(__FILE__, __LINE__);
        }
        vouch_ctx_free(ctx);
        if (mem.live != 0) {
            print_error("with allocation %zu failing, %zu blocks are left\n", k, mem.live);
            failed(__FILE__, __LINE__);
        }
        if (status == VOUCH_OK && mem.calls <= k)
            return;
    }
}

static char folder[64];

static void remove_folder(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        (void)fprintf(stderr, "could not remove %s\n", folder);
}

const char *test_folder(void)
{
    if (!folder[0]) {
        (void)snprintf(folder, sizeof folder, "/tmp/vouch-test-XXXXXX");
        if (!mkdtemp(folder))
            abort();
        (void)atexit(remove_folder);
    }
    return folder;
}

const char *test_path(const char *name)
{
    static char ring[8][256];
    static unsigned at;
    char *path = ring[at++ % 8];
    (void)snprintf(path, sizeof ring[0], "%s/%s", test_folder(), name);
    return path;
}

const char *shared_data(const char *name)
{
    static char path[512];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/../shared/data/%s", VOUCH_PROJECT_ROOT, name);
    if (stat(path, &st) == 0)
        return path;
    print_message("skipped: no development data at ../shared/data/%s\n", name);
    return NULL;
}
