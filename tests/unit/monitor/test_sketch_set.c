/* Drift on sketches: what is told of cases is told of their sketches, within the error that they state. */
#include "monitor/sketch_set.h"
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const ids[] = { "drift.psi",        "drift.jensen_shannon", "drift.hellinger",
                                   "drift.chi_square", "drift.l_infinity",     "drift.ks",
                                   "drift.wasserstein" };
enum { TESTS = sizeof ids / sizeof *ids, PARTS = 3 };

/* One column of numbers, made in so many parts and merged. */
static vouch__sketch_set *set_of(vouch_ctx *ctx, size_t n, const double *x, size_t parts)
{
    vouch__sketch_set *all = NULL;
    for (size_t p = 0; p < parts; p++) {
        size_t from = n * p / parts, to = n * (p + 1) / parts;
        vouch__sketch_set *set = vouch__alloc(ctx, 1, sizeof *set);
        set->alloc = *vouch__allocator(ctx);
        set->col = vouch__alloc(ctx, 1, sizeof *set->col);
        set->cols = 1;
        set->rows = (double)(to - from);
        set->col->name = vouch__strdup(ctx, "log-odds");
        assert_ok(ctx, vouch__sketch_new(ctx, &set->col->numbers));
        assert_ok(ctx, vouch__sketch_add(ctx, set->col->numbers, to - from, x + from));
        assert_ok(ctx, vouch__sketch_settle(ctx, set->col->numbers));
        if (all) {
            assert_ok(ctx, vouch__sketch_set_merge(ctx, all, set));
            vouch__sketch_set_free(set);
        } else {
            all = set;
        }
    }
    return all;
}

static double member(const vouch__evidence *list, size_t entry, const char *key)
{
    const vouch__json *e = vouch__json_at(list->entries, entry);
    return vouch__json_double(vouch__json_get(e, key), (double)NAN);
}

/* The error that the table of entry k states of its only column. */
static double stated(const vouch__evidence *list, size_t k)
{
    const vouch__json *e = vouch__json_at(list->entries, k);
    const vouch__json *rows = vouch__json_get(vouch__json_get(vouch__json_get(e, "tables"), "columns"),
                                              "rows");
    return vouch__json_double(vouch__json_at(vouch__json_at(rows, 0), 2), (double)NAN);
}

static void fill(size_t n, double *x, int form, double shift)
{
    for (size_t i = 0; i < n; i++) {
        double z = seeded_normal() + shift;
        x[i] = form == 0        ? z
               : form == 1      ? exp(z)
               : form == 2      ? floor(6.0 * z)
               : seeded() < 0.1 ? (double)NAN
                                : z;
    }
}

static void sketches_say_what_cases_say_within_their_error(void **state)
{
    enum { N = 30000, M = 21000 };
    double *now = malloc(N * sizeof *now), *before = malloc(M * sizeof *before);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)state;
    for (int form = 0; form < 4; form++)
        for (int moved = 0; moved < 2; moved++) {
            vouch__evidence list;
            fill(N, now, form, 0.4 * moved);
            fill(M, before, form, 0.0);
            vouch__sketch_set *a = set_of(ctx, N, now, 1), *b = set_of(ctx, M, before, PARTS);
            const vouch__sample cases[] = { { .n = N, .score = now }, { .n = M, .score = before } };
            const vouch__sample sketched[] = { { .n = N, .sketches = a }, { .n = M, .sketches = b } };
            assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
            for (size_t t = 0; t < TESTS; t++) {
                const vouch_test *test = vouch_test_find(ids[t]);
                assert_ok(ctx, trial_run(ctx, test, &cases[0], &cases[1], NULL, &list));
                assert_ok(ctx, trial_run(ctx, test, &sketched[0], &sketched[1], NULL, &list));
                double want = member(&list, 2 * t, "value"), got = member(&list, 2 * t + 1, "value");
                double error = stated(&list, 2 * t + 1);
                if (!(fabs(got - want) <= error + 1e-9) || error > 0.05)
                    fail_msg("%s form %d: %.9g, of cases %.9g, error %.3g", ids[t], form, got, want, error);
                assert_true(form != 2 || error < 1e-9); /* few values: exact */
                assert_true(member(&list, 2 * t + 1, "p_value") >= member(&list, 2 * t, "p_value") - 1e-9);
                assert_true(moved == 0 || member(&list, 2 * t + 1, "p_value") < 1e-6);
            }
            vouch__evidence_free(&list);
            vouch__sketch_set_free(a);
            vouch__sketch_set_free(b);
        }
    vouch_ctx_free(ctx);
    free(now);
    free(before);
}

static vouch__sketch_set *with_texts(vouch_ctx *ctx)
{
    static const char *const word[] = { "rent", "own", NULL, "free", "rent" };
    const double x[] = { 1, 2, 3, NAN, INFINITY };
    vouch__sketch_set *set = set_of(ctx, 5, x, 1);
    set->col = vouch__resize(&set->alloc, set->col, 2, sizeof *set->col);
    set->cols = 2;
    set->col[1].name = vouch__strdup(ctx, "housing");
    set->col[1].type = VOUCH_TEXT;
    assert_ok(ctx, vouch__tally_new(ctx, &set->col[1].texts));
    for (size_t i = 0; i < 5; i++)
        assert_ok(ctx, vouch__tally_add(ctx, set->col[1].texts, word[i], word[i] ? strlen(word[i]) : 0));
    assert_ok(ctx, vouch__tally_settle(ctx, set->col[1].texts));
    return set;
}

static void a_stored_set_comes_back_and_a_changed_one_does_not(void **state)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sketch_set *set = with_texts(ctx), *again = NULL;
    vouch__buf a, b;
    (void)state;
    vouch__buf_init(ctx, &a, 0);
    vouch__buf_init(ctx, &b, 0);
    assert_ok(ctx, vouch__sketch_set_write(ctx, set, &a));
    assert_ok(ctx, vouch__sketch_set_read(ctx, "a.sketch", a.at, a.len, &again));
    assert_ok(ctx, vouch__sketch_set_write(ctx, again, &b));
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.at, b.at, a.len);
    assert_true(again->rows == 5 && again->cols == 2 && vouch__sketch_set_find(again, "housing") == 1);
    vouch__sketch_set_free(again);
    for (size_t i = 0; i < a.len; i++) {
        a.at[i] ^= 1;
        assert_status(ctx, vouch__sketch_set_read(ctx, "a.sketch", a.at, a.len, &again), VOUCH_E_FORMAT);
        a.at[i] ^= 1;
        assert_status(ctx, vouch__sketch_set_read(ctx, "a.sketch", a.at, i, &again), VOUCH_E_FORMAT);
    }
    vouch__sketch_set *other = set_of(ctx, 3, (const double[]){ 1, 2, 3 }, 1);
    assert_status(ctx, vouch__sketch_set_merge(ctx, set, other), VOUCH_E_DATA);
    assert_error_has(ctx, "housing");
    vouch__sketch_set_free(other);
    vouch__sketch_set_free(set);
    vouch__buf_free(&a);
    vouch__buf_free(&b);
    vouch_ctx_free(ctx);
}

static vouch_status read_back(vouch_ctx *ctx, void *arg)
{
    const vouch__buf *bytes = arg;
    vouch__sketch_set *set = NULL;
    vouch__buf again;
    vouch_status status = vouch__sketch_set_read(ctx, "a.sketch", bytes->at, bytes->len, &set);
    if (status)
        return status;
    vouch__buf_init(ctx, &again, 0);
    status = vouch__sketch_set_write(ctx, set, &again);
    vouch__buf_free(&again);
    vouch__sketch_set_free(set);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sketch_set *set = with_texts(ctx);
    vouch__buf bytes;
    (void)state;
    vouch__buf_init(ctx, &bytes, 0);
    assert_ok(ctx, vouch__sketch_set_write(ctx, set, &bytes));
    sweep_allocations(read_back, &bytes, 0);
    vouch__buf_free(&bytes);
    vouch__sketch_set_free(set);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketches_say_what_cases_say_within_their_error),
        cmocka_unit_test(a_stored_set_comes_back_and_a_changed_one_does_not),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
