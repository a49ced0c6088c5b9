/* Prepared forests: every path, a row alone and in a batch give the same bits; values keep Shapley's axioms.
 */
#include "check.h"
#include "forest.h"
#include "models/shap/shap.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 12, CATEGORIES = 3, INPUTS = NUMBERS + CATEGORIES, ROWS = 77 };

static vouch__shap *prepare(vouch_ctx *ctx, const vouch__trees *trees)
{
    vouch__shap *shap = NULL;
    assert_ok(ctx, vouch__shap_new(ctx, trees, NULL, &shap));
    return shap;
}

static void assert_same_bits(const double *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(&got[i], &want[i], sizeof *got);
}

/* Trees of all shapes: stumps, quick ones, deep ones, and some with more nodes than a group has lanes. */
static void every_path_gives_the_same_bits_alone_and_in_batches(void **state)
{
    static const size_t leaves[] = { 1, 2, 7, 20, 64, 100, 400 };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t k = 0; k < sizeof leaves / sizeof *leaves; k++) {
        vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 12, leaves[k]);
        double *x = calloc(ROWS * INPUTS, sizeof *x), *want = calloc(ROWS * INPUTS, sizeof *want);
        double *got = calloc(ROWS * INPUTS, sizeof *got);
        assert_true(x && want && got);
        forest_rows(&trees, NUMBERS, ROWS, x);
        vouch__shap *shap = prepare(ctx, &trees);
        assert_true(vouch__shap_use(shap, VOUCH__SHAP_PORTABLE));
        for (size_t i = 0; i < ROWS; i++)
            vouch__shap_row(shap, x + i * INPUTS, want + i * INPUTS);
        for (size_t path = 0; path < VOUCH__SHAP_PATHS; path++) {
            if (!vouch__shap_use(shap, (vouch__shap_path)path)) {
                print_message("skipped: no %s here\n", vouch__shap_path_name((vouch__shap_path)path));
                continue;
            }
            assert_ok(ctx, vouch__shap_rows(ctx, shap, ROWS, x, got));
            assert_same_bits(got, want, (size_t)ROWS * INPUTS);
            for (size_t i = 0; i < ROWS; i++)
                vouch__shap_row(shap, x + i * INPUTS, got + i * INPUTS);
            assert_same_bits(got, want, (size_t)ROWS * INPUTS);
        }
        vouch__shap_free(vouch__allocator(ctx), shap);
        forest_free(&trees);
        free(x);
        free(want);
        free(got);
    }
    vouch_ctx_free(ctx);
}

/* Over 64, 128 and 256 columns of ranks, and more inputs than sums have room for on the stack. */
static void any_number_of_columns_adds_up(void **state)
{
    static const size_t inputs[] = { 63, 64, 65, 128, 129, 256, 257, 300 };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t k = 0; k < sizeof inputs / sizeof *inputs; k++) {
        size_t n = inputs[k];
        vouch__trees trees = forest_random(n, 0, 60, 40);
        double *x = calloc(20 * n, sizeof *x), *want = calloc(n, sizeof *want),
               *got = calloc(20 * n, sizeof *got);
        assert_true(x && want && got);
        forest_rows(&trees, n, 20, x);
        vouch__shap *shap = prepare(ctx, &trees);
        for (size_t path = 0; path < VOUCH__SHAP_PATHS; path++) {
            if (!vouch__shap_use(shap, (vouch__shap_path)path))
                continue;
            assert_ok(ctx, vouch__shap_rows(ctx, shap, 20, x, got));
            for (size_t i = 0; i < 20; i++) {
                double sum = vouch__shap_base(shap);
                vouch__shap_row(shap, x + i * n, want);
                assert_same_bits(got + i * n, want, n);
                for (size_t j = 0; j < n; j++)
                    sum += want[j];
                assert_close(sum, forest_raw(&trees, x + i * n), 1e-11);
                assert_close(vouch__shap_sum(shap, x + i * n), forest_raw(&trees, x + i * n), 0);
            }
        }
        vouch__shap_free(vouch__allocator(ctx), shap);
        forest_free(&trees);
        free(x);
        free(want);
        free(got);
    }
    vouch_ctx_free(ctx);
}

/* More rows than a tree is opened for at once; once with columns, and once without: some nodes round their
 * input, so that nothing is ranked. */
static void hundreds_of_rows_together_get_what_each_gets_alone(void **state)
{
    enum { MANY = 603, WIDE = 40 };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t ranked = 0; ranked < 2; ranked++) {
        vouch__trees trees = forest_random(WIDE, 0, 30, 12);
        double *x = calloc((size_t)MANY * WIDE, sizeof *x), *got = calloc((size_t)MANY * WIDE, sizeof *got);
        assert_true(x && got);
        forest_rows(&trees, WIDE, MANY, x);
        for (size_t i = 0; i < trees.n_nodes && !ranked; i += 2)
            trees.node[i].rule = VOUCH__RULE_FLOAT_UPTO;
        vouch__shap *shap = prepare(ctx, &trees);
        assert_ok(ctx, vouch__shap_rows(ctx, shap, MANY, x, got));
        for (size_t i = 0; i < MANY; i++) {
            double want[WIDE];
            vouch__shap_row(shap, x + i * WIDE, want);
            assert_same_bits(got + i * WIDE, want, WIDE);
        }
        vouch__shap_free(vouch__allocator(ctx), shap);
        forest_free(&trees);
        free(x);
        free(got);
    }
    vouch_ctx_free(ctx);
}

/* An input that no tree splits on gets exactly nothing; the values of two forests' trees together are the sum
 * of theirs. */
static void unused_inputs_get_nothing_and_trees_add(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (int round = 0; round < 10; round++) {
        vouch__trees trees = forest_random(NUMBERS, 0, 8, 2 + seeded_below(60));
        double x[INPUTS], all[INPUTS], part[INPUTS], sum[INPUTS] = { 0 };
        trees.n_inputs = INPUTS; /* the last three are in no tree */
        forest_rows(&trees, NUMBERS, 1, x);
        vouch__shap *shap = prepare(ctx, &trees);
        vouch__shap_row(shap, x, all);
        vouch__shap_free(vouch__allocator(ctx), shap);
        for (size_t t = 0; t < trees.n_trees; t++) {
            uint32_t root[2] = { 0, trees.root[t + 1] - trees.root[t] };
            vouch__trees one = trees;
            one.root = root;
            one.n_trees = 1;
            one.n_nodes = root[1];
            one.node = trees.node + trees.root[t];
            shap = prepare(ctx, &one);
            vouch__shap_row(shap, x, part);
            vouch__shap_free(vouch__allocator(ctx), shap);
            for (size_t j = 0; j < INPUTS; j++)
                sum[j] += part[j];
        }
        for (size_t j = 0; j < INPUTS; j++)
            assert_close(all[j], j < NUMBERS ? sum[j] : 0.0, j < NUMBERS ? 1e-13 : 0.0);
        forest_free(&trees);
    }
    vouch_ctx_free(ctx);
}

/* Where both children hold nothing, they share by halves, and it is told. */
static void splits_without_cover_are_halves_and_counted(void **state)
{
    (void)state;
    vouch__node node[] = { { .left = 1, .right = 2, .cover = 0 },
                           { .left = -1, .right = -1, .value = 1, .cover = 0 },
                           { .left = -1, .right = -1, .value = 5, .cover = 0 } };
    uint32_t root[] = { 0, 3 };
    vouch__trees trees = { .n_inputs = 1, .n_trees = 1, .n_nodes = 3, .root = root, .node = node };
    double x = 1, out;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__shap *shap = prepare(ctx, &trees);
    vouch__shap_row(shap, &x, &out);
    assert_close(vouch__shap_base(shap), 3, 0);
    assert_close(out, 2, 1e-15);
    assert_int_equal(vouch__shap_uncovered(shap), 1);
    vouch__shap_free(vouch__allocator(ctx), shap);
    vouch_ctx_free(ctx);
}

/* Leaves of every size have a grid that fits. */
static void values_scale_with_the_leaves(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 5, 30);
    double x[INPUTS], want[INPUTS], got[INPUTS];
    forest_rows(&trees, NUMBERS, 1, x);
    vouch__shap *shap = prepare(ctx, &trees);
    vouch__shap_row(shap, x, want);
    vouch__shap_free(vouch__allocator(ctx), shap);
    for (int power = -850; power <= 900; power += 175) {
        for (size_t i = 0; i < trees.n_nodes; i++)
            trees.node[i].value = ldexp(trees.node[i].value, power);
        shap = prepare(ctx, &trees);
        vouch__shap_row(shap, x, got);
        for (size_t j = 0; j < INPUTS; j++)
            assert_close(ldexp(got[j], -power), want[j], 1e-12);
        vouch__shap_free(vouch__allocator(ctx), shap);
        for (size_t i = 0; i < trees.n_nodes; i++)
            trees.node[i].value = ldexp(trees.node[i].value, -power);
    }
    forest_free(&trees);
    vouch_ctx_free(ctx);
}

typedef struct sharing {
    const vouch__shap *shap;
    const double *x, *want;
    bool is_same;
} sharing;

static void *explain_again(void *arg)
{
    sharing *s = arg;
    double got[INPUTS];
    s->is_same = true;
    for (size_t i = 0; i < ROWS; i++) {
        vouch__shap_row(s->shap, s->x + i * INPUTS, got);
        const void *same = got, *as = s->want + i * INPUTS;
        s->is_same &= memcmp(same, as, sizeof got) == 0;
    }
    return NULL;
}

static void sixteen_threads_share_one_and_nothing_is_allocated(void **state)
{
    enum { THREADS = 16 };
    static double x[ROWS * INPUTS], want[ROWS * INPUTS];
    counting_alloc mem = { .fail_at = SIZE_MAX };
    vouch_alloc alloc = counting_allocator(&mem);
    vouch_ctx_options options = { .alloc = alloc };
    pthread_t thread[THREADS];
    sharing s[THREADS];
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 20, 70);
    forest_rows(&trees, NUMBERS, ROWS, x);
    vouch__shap *shap = prepare(ctx, &trees);
    size_t calls = mem.calls;
    for (size_t i = 0; i < ROWS; i++)
        vouch__shap_row(shap, x + i * INPUTS, want + i * INPUTS);
    for (size_t t = 0; t < THREADS; t++) {
        s[t] = (sharing){ shap, x, want, false };
        assert_int_equal(pthread_create(&thread[t], NULL, explain_again, &s[t]), 0);
    }
    for (size_t t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(thread[t], NULL), 0);
        assert_true(s[t].is_same);
    }
    assert_int_equal(mem.calls, calls);
    vouch__shap_free(vouch__allocator(ctx), shap);
    forest_free(&trees);
    vouch_ctx_free(ctx);
}

static vouch_status make_and_free(vouch_ctx *ctx, void *arg)
{
    double x[INPUTS] = { 0 }, out[INPUTS];
    vouch__shap *shap = NULL;
    vouch_status status = vouch__shap_new(ctx, arg, NULL, &shap);
    if (!status)
        status = vouch__shap_rows(ctx, shap, 1, x, out);
    vouch__shap_free(vouch__allocator(ctx), shap);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    vouch__trees trees = forest_random(NUMBERS, CATEGORIES, 4, 40);
    sweep_allocations(make_and_free, &trees, 0);
    forest_free(&trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_gives_the_same_bits_alone_and_in_batches),
        cmocka_unit_test(any_number_of_columns_adds_up),
        cmocka_unit_test(hundreds_of_rows_together_get_what_each_gets_alone),
        cmocka_unit_test(unused_inputs_get_nothing_and_trees_add),
        cmocka_unit_test(splits_without_cover_are_halves_and_counted),
        cmocka_unit_test(values_scale_with_the_leaves),
        cmocka_unit_test(sixteen_threads_share_one_and_nothing_is_allocated),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
