/* The context: scratch that nests and shows misuse, messages, allocation, callbacks, and threads after
 * fork(). */
#include "one_ctx.h"

#include "base/ctx.h"
#include "base/parallel.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#if defined(WITH_TSAN) || defined(WITH_ASAN)
enum {
    FORKS = 0
}; /* their runtimes' own locks do not survive a fork of several threads: the release build tests it */
#else
enum { FORKS = 5 };
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void scratch_is_aligned_and_reset_gives_it_back(void **state)
{
    (void)state;
    size_t mark = vouch__scratch_mark(ctx);
    char *first = vouch__scratch(ctx, 3, 1);
    for (size_t n = 0; n < 200; n++) {
        char *p = vouch__scratch(ctx, n, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        memset(p, (int)n, n);
    }
    vouch__scratch_reset(ctx, mark);
    assert_int_equal(vouch__scratch_mark(ctx), mark);
    assert_ptr_equal(vouch__scratch(ctx, 3, 1), first);
    vouch__scratch_reset(ctx, mark);
}

/* Random takes and resets, with every live piece holding its own pattern. */
static void pieces_keep_their_bytes_until_their_mark_is_reset(void **state)
{
    (void)state;
    enum { MOST = 64 };
    struct {
        unsigned char *at;
        size_t n, mark;
    } piece[MOST];
    size_t live = 0;
    for (int round = 0; round < 5000; round++) {
        if (live == MOST || (live && seeded() < 0.3)) {
            live = seeded_below(live);
            vouch__scratch_reset(ctx, piece[live].mark);
        } else {
            size_t n = seeded() < 0.1 ? seeded_below(300000) : seeded_below(2000);
            piece[live].mark = vouch__scratch_mark(ctx);
            piece[live].n = n;
            piece[live].at = vouch__scratch(ctx, n, 1);
            assert_non_null(piece[live].at);
            memset(piece[live].at, (int)(live + 1), n);
            live++;
        }
        for (size_t i = 0; i < live; i++)
            for (size_t k = 0; k < piece[i].n; k += 1 + piece[i].n / 7)
                assert_int_equal(piece[i].at[k], i + 1);
    }
    if (live)
        vouch__scratch_reset(ctx, piece[0].mark);
}

static void what_is_free_or_between_pieces_is_poisoned(void **state)
{
    (void)state;
#ifdef WITH_ASAN
    size_t mark = vouch__scratch_mark(ctx);
    char *p = vouch__scratch(ctx, 100, 1), *q = vouch__scratch(ctx, 64, 1);
    assert_false(__asan_address_is_poisoned(p + 99));
    assert_true(__asan_address_is_poisoned(p + 104)); /* ASan's grain is 8 bytes */
    assert_false(__asan_address_is_poisoned(q));
    assert_true(__asan_address_is_poisoned(q + 64));
    vouch__scratch_reset(ctx, mark);
    assert_true(__asan_address_is_poisoned(p));
    assert_true(__asan_address_is_poisoned(q));
#else
    skip();
#endif
}

static void sizes_that_overflow_are_out_of_memory(void **state)
{
    (void)state;
    assert_null(vouch__scratch(ctx, SIZE_MAX / 2, 3));
    assert_null(vouch__scratch(ctx, SIZE_MAX, 1));
    assert_null(vouch__alloc(ctx, SIZE_MAX / 2, 3));
    assert_null(vouch__alloc(ctx, SIZE_MAX, 1));
    assert_null(vouch__alloc(ctx, SIZE_MAX - 8, 1));
}

static void heap_blocks_are_zeroed_and_stay_so_when_they_grow(void **state)
{
    (void)state;
    unsigned char *p = vouch__alloc(ctx, 10, 3);
    assert_non_null(p);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(p[i], 0);
    memset(p, 7, 30);
    p = vouch__resize(vouch__allocator(ctx), p, 1000, 1);
    assert_non_null(p);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], i < 30 ? 7 : 0);
    p = vouch__resize(vouch__allocator(ctx), p, 5, 1);
    p = vouch__resize(vouch__allocator(ctx), p, 10, 1);
    assert_int_equal(p[4], 7);
    assert_int_equal(p[5], 0);
    vouch__free(vouch__allocator(ctx), p);
    vouch__free(vouch__allocator(ctx), NULL);
    char *copy = vouch__strdup(ctx, "text");
    assert_string_equal(copy, "text");
    vouch_text_free(ctx, copy);
}

static void a_failure_keeps_status_and_message(void **state)
{
    (void)state;
    vouch_ctx *fresh = vouch_ctx_new(NULL);
    assert_string_equal(vouch_ctx_error(fresh), "");
    assert_int_equal(vouch__fail(fresh, VOUCH_E_DATA, "x[%d] is %s", 3, "odd"), VOUCH_E_DATA);
    assert_string_equal(vouch_ctx_error(fresh), "x[3] is odd");
    assert_int_equal(vouch__because(fresh, VOUCH_E_DATA, "read %s", "a.csv"), VOUCH_E_DATA);
    assert_string_equal(vouch_ctx_error(fresh), "read a.csv: x[3] is odd");
    assert_int_equal(vouch__fail(fresh, VOUCH_E_IO, "again: %s", vouch_ctx_error(fresh)), VOUCH_E_IO);
    assert_string_equal(vouch_ctx_error(fresh), "again: read a.csv: x[3] is odd");
    assert_int_equal(vouch__oom(fresh), VOUCH_E_NOMEM);
    assert_string_equal(vouch_ctx_error(fresh), "out of memory");
    assert_int_equal(vouch__fail(fresh, VOUCH_E_DATA, "no column '%s'", "a\nb\x1b[1m"), VOUCH_E_DATA);
    assert_string_equal(vouch_ctx_error(fresh), "no column 'a b [1m'");
    assert_int_equal(vouch__because(fresh, VOUCH_E_DATA, "a\tb"), VOUCH_E_DATA);
    assert_string_equal(vouch_ctx_error(fresh), "a b: no column 'a b [1m'");
    vouch_ctx_free(fresh);
}

static void long_messages_are_cut_and_never_overrun(void **state)
{
    (void)state;
    char longest[2000];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    (void)vouch__fail(ctx, VOUCH_E_DATA, "%s", longest);
    size_t n = strlen(vouch_ctx_error(ctx));
    assert_true(n > 200 && n < 1000);
    for (int i = 0; i < 10; i++)
        (void)vouch__because(ctx, VOUCH_E_DATA, "%.100s", longest);
    assert_int_equal(strlen(vouch_ctx_error(ctx)), n);
    (void)vouch__because(ctx, VOUCH_E_DATA, "%s", longest);
    assert_int_equal(strlen(vouch_ctx_error(ctx)), n);
}

typedef struct heard {
    char log[100], stage[100];
    uint64_t done, total;
    int cancel;
} heard;

static int64_t fixed_clock(void *self)
{
    (void)self;
    return 1700000000000000;
}

static void hear_log(void *self, vouch_log_level level, const char *text)
{
    (void)snprintf(((heard *)self)->log, 100, "%d %s", (int)level, text);
}

static void hear_progress(void *self, const char *stage, uint64_t done, uint64_t total)
{
    heard *h = self;
    (void)snprintf(h->stage, sizeof h->stage, "%s", stage);
    h->done = done;
    h->total = total;
}

static int hear_cancel(void *self) { return ((heard *)self)->cancel; }

static void the_callbacks_are_what_the_library_hears_and_says(void **state)
{
    (void)state;
    heard h = { .cancel = 0 };
    vouch_ctx_options options = { .threads = 3,
                                  .self = &h,
                                  .clock = fixed_clock,
                                  .log = hear_log,
                                  .progress = hear_progress,
                                  .is_cancelled = hear_cancel };
    vouch_ctx *c = vouch_ctx_new(&options);
    assert_int_equal(vouch__threads(c), 3);
    assert_true(vouch__now(c) == 1700000000000000);
    vouch__note(c, VOUCH_LOG_WARNING, "n is %d", 5);
    assert_string_equal(h.log, "1 n is 5");
    vouch__progress(c, "fit", 3, 10);
    assert_string_equal(h.stage, "fit");
    assert_int_equal(h.done, 3);
    assert_int_equal(h.total, 10);
    assert_ok(c, vouch__poll(c));
    h.cancel = 1;
    assert_status(c, vouch__poll(c), VOUCH_E_CANCELLED);
    assert_string_equal(vouch_ctx_error(c), "stopped by the caller");
    vouch_ctx_free(c);
    vouch_ctx_free(NULL);
}

static void without_callbacks_the_clock_runs_and_nothing_is_said(void **state)
{
    (void)state;
    int64_t now = vouch__now(ctx);
    assert_true(now > INT64_C(1700000000000000));
    assert_true(vouch__now(ctx) >= now);
    vouch__note(ctx, VOUCH_LOG_INFO, "nobody hears");
    vouch__progress(ctx, "x", 1, 2);
    assert_ok(ctx, vouch__poll(ctx));
    assert_true(vouch__threads(ctx) >= 1);
}

static void every_status_has_a_name_and_a_code(void **state)
{
    (void)state;
    assert_string_equal(vouch_status_name(VOUCH_OK), "OK");
    assert_string_equal(vouch_status_name(VOUCH_E_NOMEM), "E_NOMEM");
    assert_string_equal(vouch_status_name((vouch_status)999), "?");
    assert_int_equal(vouch_status_http(VOUCH_OK), 200);
    assert_int_equal(vouch_status_http(VOUCH_E_DENIED), 403);
    assert_int_equal(vouch_status_http((vouch_status)999), 500);
    for (int i = VOUCH_OK; i <= VOUCH_E_NOMEM; i++)
        assert_true(vouch_status_http((vouch_status)i) >= 200 &&
                    strcmp(vouch_status_name((vouch_status)i), "?") != 0);
    assert_int_equal(strlen(vouch_build_id()), 64);
    assert_non_null(strchr(vouch_version(), '.'));
}

static vouch_status count_rows(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    (void)worker, (void)chunk;
    atomic_fetch_add((atomic_size_t *)arg, end - begin);
    return VOUCH_OK;
}

static void a_child_after_fork_has_working_threads(void **state)
{
    (void)state;
    vouch_ctx_options options = { .threads = 4 };
    vouch_ctx *c = vouch_ctx_new(&options);
    atomic_size_t rows = 0;
    assert_ok(c, vouch__parallel(c, 1000, 10, count_rows, &rows));
    assert_int_equal(rows, 1000);
    for (int round = 0; round < FORKS; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            atomic_size_t mine = 0;
            vouch_status status = vouch__parallel(c, 1000, 10, count_rows, &mine);
            vouch_ctx_free(c);
            _exit(status == VOUCH_OK && mine == 1000 ? 0 : 1);
        }
        int ended = -1;
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
        assert_ok(c, vouch__parallel(c, 1000, 10, count_rows, &rows));
    }
    assert_int_equal(rows, 1000 + 1000 * FORKS);
    vouch_ctx_free(c);
}

static vouch_status use_everything(vouch_ctx *c, void *arg)
{
    (void)arg;
    size_t mark = vouch__scratch_mark(c);
    vouch_status status = VOUCH_OK;
    for (size_t n = 1; n < 1000000 && !status; n *= 10)
        if (!vouch__scratch(c, n, 1))
            status = vouch__oom(c);
    char *text = status ? NULL : vouch__strdup(c, "text");
    if (!status && !text)
        status = vouch__oom(c);
    vouch_text_free(c, text);
    vouch__scratch_reset(c, mark);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(use_everything, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scratch_is_aligned_and_reset_gives_it_back),
        cmocka_unit_test(pieces_keep_their_bytes_until_their_mark_is_reset),
        cmocka_unit_test(what_is_free_or_between_pieces_is_poisoned),
        cmocka_unit_test(sizes_that_overflow_are_out_of_memory),
        cmocka_unit_test(heap_blocks_are_zeroed_and_stay_so_when_they_grow),
        cmocka_unit_test(a_failure_keeps_status_and_message),
        cmocka_unit_test(long_messages_are_cut_and_never_overrun),
        cmocka_unit_test(the_callbacks_are_what_the_library_hears_and_says),
        cmocka_unit_test(without_callbacks_the_clock_runs_and_nothing_is_said),
        cmocka_unit_test(every_status_has_a_name_and_a_code),
        cmocka_unit_test(a_child_after_fork_has_working_threads),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
