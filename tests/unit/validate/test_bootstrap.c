/* Resamples against the slow definition, row by row from the same random words. */
#include "check.h"

#include "base/ctx.h"
#include "validate/bootstrap.h"

#include <math.h>
#include <string.h>

enum { MAX = 700, B = 20 };
static vouch_ctx *ctx;

typedef struct book {
    size_t n;
    double score[MAX];
    uint8_t bad[MAX], group[MAX], favourable[MAX];
} book;

static vouch__boot_data fill(book *b, double ties)
{
    b->n = 20 + seeded_below(MAX - 20);
    for (size_t i = 0; i < b->n; i++) {
        b->bad[i] = i < 2 ? (uint8_t)i : seeded() < 0.25;
        b->score[i] = seeded_normal() + b->bad[i];
        b->score[i] = ties > 0 ? floor(b->score[i] * ties) : b->score[i];
        b->group[i] = (uint8_t)seeded_below(3);
        b->favourable[i] = b->score[i] < 0.5;
    }
    return (vouch__boot_data){
        .n = b->n, .score = b->score, .bad = b->bad, .group = b->group, .favourable = b->favourable
    };
}

/* The order of rows in the counts is that of the library: by score, ties goods first, then by index. */
static void rank_rows(const book *b, size_t *order)
{
    for (size_t i = 0; i < b->n; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            size_t other = order[at - 1];
            bool before = b->score[i] < b->score[other] ||
                          (b->score[i] == b->score[other] && b->bad[i] < b->bad[other]);
            if (!before)
                break;
            order[at] = other;
        }
        order[at] = i;
    }
}

/* Weighted AUC and KS of the library with zero counts left out; AIR by its formula. */
static void by_definition(const book *b, const size_t *order, const uint32_t *count, double *auc, double *ks,
                          double *air)
{
    double score[MAX], weight[MAX], cell[3][2] = { { 0 } };
    uint8_t bad[MAX];
    size_t m = 0, classes[2] = { 0 };
    for (size_t i = 0; i < b->n; i++) {
        size_t row = order[i];
        cell[b->group[row]][b->favourable[row]] += count[i];
        if (!count[i])
            continue;
        score[m] = b->score[row];
        bad[m] = b->bad[row];
        weight[m] = count[i];
        classes[bad[m++]]++;
    }
    *auc = *ks = NAN;
    if (classes[0] && classes[1]) {
        assert_ok(ctx, vouch_validate_auc(ctx, m, score, bad, weight, auc));
        assert_ok(ctx, vouch_validate_ks(ctx, m, score, bad, weight, ks, NULL));
    }
    double reference = cell[0][1] / (cell[0][0] + cell[0][1]);
    *air = reference > 0 ? cell[1][1] / (cell[1][0] + cell[1][1]) / reference : NAN;
}

static void resamples_are_what_their_counts_say(void **state)
{
    (void)state;
    static book b;
    for (int round = 0; round < 12; round++) {
        vouch__boot_data data = fill(&b, round % 3);
        size_t order[MAX];
        uint32_t count[MAX];
        double auc[B], ks[B], air[B], want[3];
        rank_rows(&b, order);
        data.is_portable = round % 2;
        assert_ok(ctx, vouch__bootstrap(ctx, &data, B, 99 + (uint64_t)round, auc, ks, air));
        for (size_t r = 0; r < B; r++) {
            vouch__boot_counts(99 + (uint64_t)round, r, 0, b.n, count);
            by_definition(&b, order, count, &want[0], &want[1], &want[2]);
            assert_close(auc[r], want[0], 1e-13);
            assert_close(ks[r], want[1], 1e-13);
            assert_close(air[r], want[2], 1e-13);
        }
    }
}

static void every_path_and_thread_count_gives_the_same_bits(void **state)
{
    (void)state;
    static book b;
    vouch__boot_data data = fill(&b, 3);
    double one[3][B], many[3][B];
    vouch_ctx *alone = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 });
    vouch_ctx *crowd = vouch_ctx_new(&(vouch_ctx_options){ .threads = 7 });
    assert_ok(alone, vouch__bootstrap(alone, &data, B, 5, one[0], one[1], one[2]));
    data.is_portable = true;
    assert_ok(crowd, vouch__bootstrap(crowd, &data, B, 5, many[0], many[1], many[2]));
    assert_memory_equal(one, many, sizeof one);
    vouch_ctx_free(alone);
    vouch_ctx_free(crowd);
}

static void counts_are_poisson_with_mean_one(void **state)
{
    (void)state;
    enum { N = 4096, R = 50 };
    uint32_t count[N];
    double sum = 0, square = 0, none = 0;
    for (uint64_t r = 0; r < R; r++) {
        vouch__boot_counts(3, r, 0, N, count);
        for (size_t i = 0; i < N; i++) {
            sum += count[i];
            square += (double)count[i] * count[i];
            none += count[i] == 0;
        }
    }
    double n = (double)N * R;
    assert_close(sum / n, 1, 5 / sqrt(n));
    assert_close(square / n, 2, 5 * sqrt(11 / n)); /* Var(K^2) = 15 - 4 */
    assert_close(none / n, exp(-1), 5 * sqrt(0.24 / n));
}

/* The spread of replicates is DeLong's, whose theory it must agree with. */
static void the_spread_is_delongs(void **state)
{
    (void)state;
    enum { N = 600, R = 2000 };
    static double score[N], auc[R];
    static uint8_t bad[N];
    vouch_auc exact;
    vouch__boot_interval out;
    for (size_t i = 0; i < N; i++) {
        bad[i] = i < 150;
        score[i] = seeded_normal() + bad[i];
    }
    const vouch__boot_data data = { .n = N, .score = score, .bad = bad };
    assert_ok(ctx, vouch__bootstrap(ctx, &data, R, 17, auc, NULL, NULL));
    assert_ok(ctx, vouch_validate_auc_delong(ctx, N, score, bad, 0.95, &exact));
    assert_ok(ctx, vouch__boot_summary(ctx, R, auc, exact.auc, 0.95, &out));
    assert_close(out.se / sqrt(exact.variance), 1, 0.08);
    assert_true(fabs(out.low - exact.low) < 0.2 * (exact.high - exact.low));
    assert_true(fabs(out.high - exact.high) < 0.2 * (exact.high - exact.low));
    assert_true(fabs(out.bias) < 0.2 * out.se);
}

static void too_many_undefined_replicates_give_no_interval(void **state)
{
    (void)state;
    double replicate[100];
    vouch__boot_interval out;
    for (size_t i = 0; i < 100; i++)
        replicate[i] = i < 6 ? NAN : (double)i;
    assert_ok(ctx, vouch__boot_summary(ctx, 100, replicate, 50, 0.9, &out));
    assert_nan(out.low);
    assert_int_equal(out.missing, 6);
    replicate[0] = 0;
    assert_ok(ctx, vouch__boot_summary(ctx, 100, replicate, 50, 0.9, &out));
    assert_true(out.low < out.high && out.used == 95);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    const double score[] = { 1, NAN };
    const uint8_t bad[] = { 0, 1 }, three[] = { 3, 0 };
    double auc[4];
    vouch__boot_data data = { .n = 2, .score = score, .bad = bad };
    assert_status(ctx, vouch__bootstrap(ctx, &data, 4, 1, auc, NULL, NULL), VOUCH_E_DATA);
    assert_status(ctx, vouch__bootstrap(ctx, &data, 0, 1, auc, NULL, NULL), VOUCH_E_ARG);
    data = (vouch__boot_data){ .n = 2, .group = three, .favourable = bad };
    assert_status(ctx, vouch__bootstrap(ctx, &data, 4, 1, NULL, NULL, auc), VOUCH_E_DATA);
    data.n = 0;
    assert_status(ctx, vouch__bootstrap(ctx, &data, 4, 1, NULL, NULL, auc), VOUCH_E_SHAPE);
}

static vouch_status once(vouch_ctx *mine, void *arg)
{
    const double score[] = { 1, 2, 3 };
    const uint8_t bad[] = { 0, 1, 0 };
    double auc[50];
    vouch__boot_interval out;
    const vouch__boot_data data = { .n = 3, .score = score, .bad = bad };
    (void)arg;
    vouch_status status = vouch__bootstrap(mine, &data, 50, 1, auc, NULL, NULL);
    return status ? status : vouch__boot_summary(mine, 50, auc, 0.5, 0.95, &out);
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resamples_are_what_their_counts_say),
        cmocka_unit_test(every_path_and_thread_count_gives_the_same_bits),
        cmocka_unit_test(counts_are_poisson_with_mean_one),
        cmocka_unit_test(the_spread_is_delongs),
        cmocka_unit_test(too_many_undefined_replicates_give_no_interval),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    ctx = vouch_ctx_new(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failures;
}
