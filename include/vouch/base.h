/* vouch/base.h: the ground every other header stands on: status codes, and the
 * context a caller passes to each operation. Includes nothing of ours.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_BASE_H
#define VOUCH_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VOUCH_API __attribute__((visibility("default")))
#define VOUCH_MUST_USE __attribute__((warn_unused_result))

/* One list; the enum, the names and the HTTP codes are all made from it. */
/* clang-format off */
#define VOUCH_STATUS_LIST(X)                                                    \
    X(OK,            200, "success")                                            \
    X(E_ARG,         400, "an argument breaks the documented contract")         \
    X(E_SHAPE,       422, "lengths or dimensions disagree")                     \
    X(E_DATA,        422, "the values do not allow the computation")            \
    X(E_FORMAT,      400, "malformed input")                                    \
    X(E_NOTFOUND,    404, "no such object")                                     \
    X(E_DENIED,      403, "not allowed")                                        \
    X(E_CONFLICT,    409, "it contradicts what is already recorded")            \
    X(E_LIMIT,       413, "a configured limit was reached")                     \
    X(E_CONTROL,     422, "a control failed")                                   \
    X(E_CONVERGE,    500, "the iteration did not converge")                     \
    X(E_CANCELLED,   499, "stopped by the caller")                              \
    X(E_CORRUPT,     500, "what is stored is not what was written")             \
    X(E_UNAVAILABLE, 503, "something this operation needs is not installed or not running") \
    X(E_IO,          500, "the operating system refused")                       \
    X(E_NOMEM,       500, "out of memory")
/* clang-format on */

typedef enum vouch_status {
#define X(name, http, text) VOUCH_##name,
    VOUCH_STATUS_LIST(X)
#undef X
} vouch_status;

VOUCH_API const char *vouch_status_name(vouch_status status); /* "E_DATA"; "?" if unknown */
VOUCH_API int vouch_status_http(vouch_status status);

/* "0.1.0", and the SHA-256 (hex) of the sources this library was built from:
 * the code fingerprint that every piece of evidence carries. */
VOUCH_API const char *vouch_version(void);
VOUCH_API const char *vouch_build_id(void);

/* What an operation may use: memory, threads, a clock, cancellation, and a place
 * for the last error. A context belongs to one thread at a time. Nothing in the
 * library reads the clock, the environment, the locale or a random device except
 * through it. */
typedef struct vouch_ctx vouch_ctx;

/* Where memory comes from. Called from worker threads too, so it must be safe to call from several at once.
 */
typedef struct vouch_alloc {
    void *(*resize)(void *self, void *ptr, size_t old_size, size_t new_size); /* new_size 0 frees */
    void *self;
} vouch_alloc;

typedef enum vouch_log_level { VOUCH_LOG_INFO, VOUCH_LOG_WARNING } vouch_log_level;

/* Every member may be 0. The callbacks get self; log and progress are called on
 * the thread that owns the context, is_cancelled also on worker threads. */
typedef struct vouch_ctx_options {
    vouch_alloc alloc; /* resize NULL: malloc and free */
    unsigned threads;  /* 0: one per processor */
    void *self;
    int64_t (*clock)(void *self);                                     /* microseconds since 1970, UTC */
    void (*log)(void *self, vouch_log_level level, const char *text); /* one line, no newline */
    void (*progress)(void *self, const char *stage, uint64_t done, uint64_t total); /* total 0: unknown */
    int (*is_cancelled)(void *self); /* polled at least once per chunk */
} vouch_ctx_options;

/* options NULL: all defaults. Returns NULL only when out of memory. */
VOUCH_API vouch_ctx *vouch_ctx_new(const vouch_ctx_options *options);
VOUCH_API void vouch_ctx_free(vouch_ctx *ctx); /* NULL is fine */

/* The message for the last operation on ctx that failed; "" if none has.
 * One line. Valid until the next operation on ctx. Never NULL. */
VOUCH_API const char *vouch_ctx_error(const vouch_ctx *ctx);

/* The shortest decimal that reads back to the same bits, whatever the locale; returns its length. */
VOUCH_API size_t vouch_number_text(double value, char out[32]);

/* Text that the library made and the caller owns. */
VOUCH_API void vouch_text_free(vouch_ctx *ctx, char *text); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
