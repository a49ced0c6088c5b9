/* vouch__parallel: every row once, the same bits at any number of threads, the lowest failure's message. */
#include "check.h"

#include "base/parallel.h"

#include <stdatomic.h>
#include <string.h>

typedef struct task {
    const double *x;
    double partial[64];
    size_t fail_from;
} task;

static vouch_ctx *ctx_with(unsigned threads)
{
    vouch_ctx_options options = { .threads = threads };
    return vouch_ctx_new(&options);
}

static vouch_status add(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    task *t = arg;
    if (chunk >= t->fail_from)
        return vouch__fail(worker, VOUCH_E_DATA, "chunk %zu", chunk);
    for (size_t i = begin; i < end; i++)
        t->partial[chunk] += t->x[i];
    return VOUCH_OK;
}

static void sums_have_the_same_bits_at_any_number_of_threads(void **state)
{
    (void)state;
    double x[1000], want[64];
    for (size_t i = 0; i < 1000; i++)
        x[i] = seeded() * 1e6;
    for (unsigned threads = 1; threads <= 16; threads++) {
        vouch_ctx *ctx = ctx_with(threads);
        for (int again = 0; again < 20; again++) {
            task t = { .x = x, .fail_from = SIZE_MAX };
            assert_ok(ctx, vouch__parallel(ctx, 1000, 17, add, &t));
            if (threads == 1 && again == 0)
                memcpy(want, t.partial, sizeof want);
            assert_memory_equal(want, t.partial, sizeof want);
        }
        vouch_ctx_free(ctx);
    }
}

static void the_lowest_failing_chunk_is_the_one_reported(void **state)
{
    (void)state;
    double x[1000] = { 0 };
    vouch_ctx *ctx = ctx_with(8);
    for (int round = 0; round < 50; round++) {
        task t = { .x = x, .fail_from = 7 };
        assert_status(ctx, vouch__parallel(ctx, 1000, 17, add, &t), VOUCH_E_DATA);
        assert_string_equal(vouch_ctx_error(ctx), "chunk 7");
    }
    vouch_ctx_free(ctx);
}

static vouch_status nest(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    double x[100] = { 0 };
    task t = { .x = x, .fail_from = SIZE_MAX };
    (void)chunk, (void)begin, (void)end;
    atomic_fetch_add((atomic_int *)arg, 1);
    return vouch__parallel(worker, 100, 10, add, &t);
}

static void a_call_from_inside_a_chunk_runs_in_line(void **state)
{
    (void)state;
    atomic_int count = 0;
    vouch_ctx *ctx = ctx_with(4);
    assert_ok(ctx, vouch__parallel(ctx, 40, 1, nest, &count));
    assert_int_equal(count, 40);
    vouch_ctx_free(ctx);
}

static int always(void *self)
{
    (void)self;
    return 1;
}

static void cancelling_stops_before_the_first_chunk(void **state)
{
    (void)state;
    atomic_int count = 0;
    vouch_ctx_options options = { .threads = 2, .is_cancelled = always };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    assert_status(ctx, vouch__parallel(ctx, 40, 1, nest, &count), VOUCH_E_CANCELLED);
    assert_int_equal(count, 0);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_the_same_bits_at_any_number_of_threads),
        cmocka_unit_test(the_lowest_failing_chunk_is_the_one_reported),
        cmocka_unit_test(a_call_from_inside_a_chunk_runs_in_line),
        cmocka_unit_test(cancelling_stops_before_the_first_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
