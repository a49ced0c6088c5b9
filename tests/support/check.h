/* check.h: what cmocka lacks for numeric code. A NaN never passes for a number; failures print %.17g. Include
 * it instead of cmocka.h. */
#ifndef CHECK_H
#define CHECK_H

#include "vouch/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* |got - want| <= tol * max(1, |want|); equal infinities pass; a NaN on either side fails. */
#define assert_close(got, want, tol) check_close((got), (want), (tol), #got, __FILE__, __LINE__)
#define assert_nan(got) check_nan((got), #got, __FILE__, __LINE__)
#define assert_ok(ctx, expr) check_status((ctx), (expr), VOUCH_OK, #expr, __FILE__, __LINE__)
#define assert_status(ctx, expr, want) check_status((ctx), (expr), (want), #expr, __FILE__, __LINE__)
/* The context's message contains every word given. */
#define assert_error_has(ctx, words) check_error_has((ctx), (words), __FILE__, __LINE__)

void check_close(double got, double want, double tol, const char *what, const char *file, int line);
void check_nan(double got, const char *what, const char *file, int line);
void check_status(vouch_ctx *ctx, vouch_status got, vouch_status want, const char *what, const char *file,
                  int line);
void check_error_has(vouch_ctx *ctx, const char *words, const char *file, int line);

/* Random numbers for property tests, from a seed that is printed when a check fails; VOUCH_TEST_SEED replays
 * it. */
double seeded(void);           /* uniform in [0, 1) */
size_t seeded_below(size_t n); /* in [0, n) */
double seeded_normal(void);

/* An allocator that refuses request number fail_at, counting from 0 (SIZE_MAX: never), and counts live
 * blocks. Safe from several threads. */
typedef struct counting_alloc {
    size_t calls, fail_at;
    size_t live;
} counting_alloc;
vouch_alloc counting_allocator(counting_alloc *mem);

/* Run op with allocation k failing, for k = 0, 1, 2 ... until it succeeds: each failure must be E_NOMEM and
 * leave nothing live. op makes and frees everything it uses except the context, on one thread. max_k bounds
 * the sweep (0: no bound). */
typedef vouch_status sweep_fn(vouch_ctx *ctx, void *arg);
void sweep_allocations(sweep_fn *op, void *arg, size_t max_k);

/* A new folder under the system's temporary place; the same for one test program. Freed at exit. */
const char *test_folder(void);
/* "<folder>/<name>" in a static ring of 8. */
const char *test_path(const char *name);
/* The folder of development data, or NULL when absent; prints the skip. Use: if (!shared_data("x")) skip();
 */
const char *shared_data(const char *name);

#endif
