/* The main job through the public interface: what it leaves behind, that threads change nothing, that it can
 * be stopped, and that it survives being out of memory anywhere. */
#include "check.h"

#include "base/file.h"
#include "vouch/data.h"
#include "vouch/run.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const char project[] = "project: p\n"
                              "data:\n"
                              "  source: loans.csv\n"
                              "  id: id\n"
                              "  target: {column: defaulted, bad: 1}\n"
                              "  decision_time: application_date\n"
                              "  protected: [sex]\n"
                              "  ignore: [true_pd, ethnicity, postal_area]\n"
                              "split: {by: time, test: 0.3, tune: 0.2, out_of_time: 0.1, seed: 3}\n"
                              "models:\n"
                              "  card: {kind: scorecard}\n"
                              "  trees: {kind: gbdt, trees: 20, depth: 3}\n"
                              "decide: {cutoff: {max_bad_rate: 0.06}}\n"
                              "legal: [measure-only]\n";

static char duckdb[512];

static bool is_ready(void)
{
    (void)snprintf(duckdb, sizeof duckdb, "%s/.cache/duckdb/libduckdb.so", VOUCH_PROJECT_ROOT);
    if (vouch__file_exists(duckdb))
        return true;
    print_message("skipped: no libduckdb at .cache/duckdb; ./dev test puts it there\n");
    return false;
}

static void write_project(vouch_ctx *ctx)
{
    assert_ok(ctx, vouch__file_write(ctx, test_path("p.yaml"), project, sizeof project - 1, 0644));
    assert_ok(ctx, vouch_simulate_credit(ctx, 900, 5, NULL, test_path("loans.csv")));
}

static vouch_status run(vouch_ctx *ctx, const char *out, vouch_run_result *result)
{
    vouch_run_options options = { .project = test_path("p.yaml"), .out = out, .duckdb = duckdb };
    return vouch_run(ctx, &options, result);
}

static void assert_same_file(vouch_ctx *ctx, const char *a, const char *b)
{
    char x[65];
    char y[65];
    uint64_t size;
    assert_ok(ctx, vouch__file_hash(ctx, test_path(a), x, &size));
    assert_ok(ctx, vouch__file_hash(ctx, test_path(b), y, &size));
    assert_string_equal(x, y);
}

static void a_run_leaves_the_same_files_at_any_number_of_threads(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    static const char *const folder[] = { "one", "four" };
    for (int i = 0; i < 2; i++) {
        vouch_ctx_options options = { .threads = i ? 4 : 1 };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_run_result result;
        write_project(ctx);
        assert_ok(ctx, run(ctx, test_path(folder[i]), &result));
        assert_non_null(strstr(result.summary, "Champion"));
        assert_non_null(result.declined);
        assert_true(result.seq == -1);
        vouch_run_result_clear(ctx, &result);
        vouch_ctx_free(ctx);
    }
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_same_file(ctx, "one/evidence.json", "four/evidence.json");
    assert_same_file(ctx, "one/report.html", "four/report.html");
    assert_same_file(ctx, "one/models/card.vouch", "four/models/card.vouch");
    assert_same_file(ctx, "one/models/trees.vouch", "four/models/trees.vouch");
    vouch_ctx_free(ctx);
}

typedef struct stopper {
    atomic_int polls, stop_at;
} stopper;

static int is_stopped(void *self)
{
    stopper *s = self;
    return atomic_fetch_add(&s->polls, 1) >= s->stop_at;
}

static void a_run_can_be_stopped_at_any_poll(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    stopper s = { .stop_at = 1 << 30 };
    vouch_ctx_options options = { .self = &s, .is_cancelled = is_stopped, .threads = 2 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_run_result result;
    write_project(ctx);
    s.polls = 0;
    assert_ok(ctx, run(ctx, test_path("whole"), &result));
    vouch_run_result_clear(ctx, &result);
    int polls = s.polls;
    assert_true(polls > 20);
    for (int i = 0; i < 6; i++) {
        s.polls = 0;
        s.stop_at = (int)seeded_below((size_t)polls * 3 / 4);
        vouch_status status = run(ctx, test_path("stopped"), &result);
        if (status == VOUCH_OK)
            vouch_run_result_clear(ctx, &result);
        else
            assert_status(ctx, status, VOUCH_E_CANCELLED);
    }
    vouch_ctx_free(ctx);
}

static void a_run_survives_being_out_of_memory_anywhere(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    counting_alloc all = { .fail_at = SIZE_MAX };
    for (int i = 0; i <= 12; i++) {
        counting_alloc mem = { .fail_at = i ? seeded_below(all.calls) : SIZE_MAX };
        vouch_ctx_options options = { .alloc = counting_allocator(&mem), .threads = 1 };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        if (!ctx)
            continue;
        vouch_run_result result;
        if (i == 0)
            write_project(ctx);
        vouch_status status = run(ctx, test_path("memory"), &result);
        if (status == VOUCH_OK)
            vouch_run_result_clear(ctx, &result);
        else
            assert_status(ctx, status, VOUCH_E_NOMEM);
        vouch_ctx_free(ctx);
        assert_int_equal(mem.live, 0);
        if (i == 0)
            all.calls = mem.calls;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_leaves_the_same_files_at_any_number_of_threads),
        cmocka_unit_test(a_run_can_be_stopped_at_any_poll),
        cmocka_unit_test(a_run_survives_being_out_of_memory_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
