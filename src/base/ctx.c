/* The context: allocator, last error, callbacks, and a scratch arena made of blocks.
 *
 * Scratch positions are one running byte count over all blocks, so a mark is a plain size_t. The first block
 * is kept when reset and reused; freed memory is poisoned, because an arena otherwise hides overruns and
 * stale reads from ASan. */
#include "base/ctx.h"

#include "base/pages.h"
#include "base/pool.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define VOUCH__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VOUCH__ASAN 1
#endif
#endif
#ifdef VOUCH__ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_MIN ((size_t)64 * 1024)
#define ALIGN ((size_t)64) /* one cache line; also the gap ASan watches */
enum { ERROR_MAX = 512 };

typedef struct block {
    struct block *next;
    size_t start; /* position of byte 0 */
    size_t used;
    size_t cap;
    char *bytes;
} block;

struct vouch_ctx {
    vouch_ctx_options options;
    block *first, *last;
    vouch__pool *pool; /* owned by the context that callers made; NULL in workers */
    bool is_worker;
    char error[ERROR_MAX];
};

typedef union header {
    size_t size;
    max_align_t align;
} header;

static void *malloc_resize(void *self, void *ptr, size_t old_size, size_t new_size)
{
    (void)self, (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    void *at = realloc(ptr, new_size);
    if (at && new_size >= VOUCH__PAGE)
        vouch__large_pages(at, new_size, false);
    return at;
}

static int64_t system_clock(void *self)
{
    struct timespec now;
    (void)self;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

vouch_ctx *vouch_ctx_new(const vouch_ctx_options *options)
{
    vouch_ctx_options o = options ? *options : (vouch_ctx_options){ .threads = 0 };
    if (!o.alloc.resize)
        o.alloc = (vouch_alloc){ .resize = malloc_resize };
    if (!o.clock)
        o.clock = system_clock;
    if (o.threads == 0) {
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        o.threads = n > 0 ? (unsigned)n : 1;
    }
    vouch_ctx *ctx = o.alloc.resize(o.alloc.self, NULL, 0, sizeof *ctx);
    if (ctx)
        *ctx = (vouch_ctx){ .options = o };
    return ctx;
}

vouch_ctx *vouch__ctx_worker(const vouch_ctx *owner)
{
    vouch_ctx_options o = owner->options;
    o.threads = 1;
    o.log = NULL; /* workers are silent: the owner's thread speaks */
    o.progress = NULL;
    vouch_ctx *ctx = vouch_ctx_new(&o);
    if (ctx)
        ctx->is_worker = true;
    return ctx;
}

bool vouch__ctx_is_worker(const vouch_ctx *ctx) { return ctx->is_worker; }

vouch__pool **vouch__ctx_pool(vouch_ctx *ctx) { return &ctx->pool; }

void vouch_ctx_free(vouch_ctx *ctx)
{
    if (!ctx)
        return;
    vouch__pool_free(ctx->pool);
    vouch_alloc alloc = ctx->options.alloc;
    for (block *b = ctx->first, *next; b; b = next) {
        next = b->next;
        UNPOISON(b->bytes, b->cap);
        vouch__free(&alloc, b);
    }
    (void)alloc.resize(alloc.self, ctx, sizeof *ctx, 0);
}

const char *vouch_ctx_error(const vouch_ctx *ctx) { return ctx->error; }

const vouch_alloc *vouch__allocator(const vouch_ctx *ctx) { return &ctx->options.alloc; }

/* A message is one line of text, whatever the names in it hold. */
static void say(vouch_ctx *ctx, const char text[ERROR_MAX])
{
    size_t i = 0;
    for (; i < ERROR_MAX - 1 && text[i]; i++)
        ctx->error[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? ' ' : text[i];
    ctx->error[i] = '\0';
}

vouch_status vouch__fail(vouch_ctx *ctx, vouch_status status, const char *fmt, ...)
{
    char text[ERROR_MAX]; /* an argument may be the old message itself */
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    say(ctx, text);
    return status;
}

vouch_status vouch__because(vouch_ctx *ctx, vouch_status status, const char *fmt, ...)
{
    char text[ERROR_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof text)
        (void)snprintf(text + n, sizeof text - (size_t)n, ": %s", ctx->error);
    say(ctx, text);
    return status;
}

vouch_status vouch__oom(vouch_ctx *ctx) { return vouch__fail(ctx, VOUCH_E_NOMEM, "out of memory"); }

void *vouch__resize(const vouch_alloc *alloc, void *ptr, size_t count, size_t size)
{
    size_t bytes;
    header *old = ptr ? (header *)ptr - 1 : NULL;
    size_t old_bytes = old ? old->size : 0;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, sizeof(header), &bytes))
        return NULL;
    bool is_zero = !old && bytes >= VOUCH__PAGE &&
                   alloc->resize == malloc_resize; /* and zeroed by the thread that first touches it */
    header *h = is_zero ? calloc(1, bytes) : alloc->resize(alloc->self, old, old_bytes, bytes);
    if (!h)
        return NULL;
    if (is_zero)
        vouch__large_pages(h, bytes, false);
    size_t kept = old_bytes ? old_bytes : sizeof *h;
    if (bytes > kept && !is_zero)
        memset((char *)h + kept, 0, bytes - kept);
    h->size = bytes;
    return h + 1;
}

void *vouch__alloc(vouch_ctx *ctx, size_t count, size_t size)
{
    return vouch__resize(&ctx->options.alloc, NULL, count, size);
}

void vouch__free(const vouch_alloc *alloc, void *ptr)
{
    if (!ptr)
        return;
    header *h = (header *)ptr - 1;
    (void)alloc->resize(alloc->self, h, h->size, 0);
}

char *vouch__strdup(vouch_ctx *ctx, const char *text)
{
    size_t len = strlen(text);
    char *copy = vouch__alloc(ctx, len + 1, 1);
    if (copy)
        memcpy(copy, text, len + 1);
    return copy;
}

void vouch_text_free(vouch_ctx *ctx, char *text) { vouch__free(&ctx->options.alloc, text); }

size_t vouch__scratch_mark(const vouch_ctx *ctx)
{
    return ctx->last ? ctx->last->start + ctx->last->used : 0;
}

static block *block_add(vouch_ctx *ctx, size_t need)
{
    size_t cap = need > BLOCK_MIN ? need : BLOCK_MIN;
    size_t start = ctx->last ? ctx->last->start + ctx->last->cap : 0;
    vouch_alloc *alloc = &ctx->options.alloc;
    size_t bytes = sizeof(header) + sizeof(block) + ALIGN + cap;
    header *h = alloc->resize(alloc->self, NULL, 0, bytes); /* not zeroed: scratch says so */
    if (!h)
        return NULL;
    h->size = bytes;
    block *b = (block *)(h + 1);
    uintptr_t raw = (uintptr_t)(b + 1);
    char *bytes_at = (char *)b + sizeof *b + ((ALIGN - raw % ALIGN) % ALIGN);
    *b = (block){ .start = start, .cap = cap, .bytes = bytes_at };
    POISON(b->bytes, b->cap);
    if (ctx->last)
        ctx->last->next = b;
    else
        ctx->first = b;
    ctx->last = b;
    return b;
}

void *vouch__scratch(vouch_ctx *ctx, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    size_t step = (bytes + ALIGN) & ~(ALIGN - 1); /* always leaves a gap */
    block *b = ctx->last;
    if (!b || b->cap - b->used < step) {
        b = block_add(ctx, step);
        if (!b)
            return NULL;
    }
    char *p = b->bytes + b->used;
    b->used += step;
    UNPOISON(p, bytes);
    return p;
}

void vouch__scratch_reset(vouch_ctx *ctx, size_t mark)
{
    block *keep = NULL;
    for (block *b = ctx->first, *next; b; b = next) {
        next = b->next;
        if (b->start < mark || b == ctx->first) {
            size_t used = mark > b->start ? mark - b->start : 0;
            if (used < b->used)
                b->used = used;
            POISON(b->bytes + b->used, b->cap - b->used);
            keep = b;
        } else {
            UNPOISON(b->bytes, b->cap);
            vouch__free(&ctx->options.alloc, b);
        }
    }
    if (keep)
        keep->next = NULL;
    ctx->last = keep;
}

int64_t vouch__now(vouch_ctx *ctx) { return ctx->options.clock(ctx->options.self); }

unsigned vouch__threads(const vouch_ctx *ctx) { return ctx->options.threads; }

void vouch__note(vouch_ctx *ctx, vouch_log_level level, const char *fmt, ...)
{
    char text[ERROR_MAX];
    va_list args;
    if (!ctx->options.log)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ctx->options.log(ctx->options.self, level, text);
}

void vouch__progress(vouch_ctx *ctx, const char *stage, uint64_t done, uint64_t total)
{
    if (ctx->options.progress)
        ctx->options.progress(ctx->options.self, stage, done, total);
}

vouch_status vouch__poll(vouch_ctx *ctx)
{
    if (ctx->options.is_cancelled && ctx->options.is_cancelled(ctx->options.self))
        return vouch__fail(ctx, VOUCH_E_CANCELLED, "stopped by the caller");
    return VOUCH_OK;
}

const char *vouch_status_name(vouch_status status)
{
    switch (status) {
#define X(name, http, text)                                                                                  \
    case VOUCH_##name: return #name;
        VOUCH_STATUS_LIST(X)
#undef X
    }
    return "?";
}

int vouch_status_http(vouch_status status)
{
    switch (status) {
#define X(name, http, text)                                                                                  \
    case VOUCH_##name: return http;
        VOUCH_STATUS_LIST(X)
#undef X
    }
    return 500;
}
