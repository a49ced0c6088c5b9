/* Sketches and tallies: what they state of their own error holds, whatever is merged in whatever order. */
#include "num/sketch.h"
#include "num/tally.h"

#include "check.h"
#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vouch__sketch *made(vouch_ctx *ctx, size_t n, const double *x)
{
    vouch__sketch *s = NULL;
    assert_ok(ctx, vouch__sketch_new(ctx, &s));
    assert_ok(ctx, vouch__sketch_add(ctx, s, n, x));
    assert_ok(ctx, vouch__sketch_settle(ctx, s));
    return s;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest distance of ranks at every value, both sides of it; and the sum of distances of values. */
static double rank_error(const vouch__sketch_view *v, size_t n, const double *sorted, double *moved)
{
    double most = 0.0, area = 0.0;
    for (size_t i = 0, j = 0, k = 0; i < n || j < v->points; k++) {
        double at = j == v->points || (i < n && sorted[i] <= v->x[j]) ? sorted[i] : v->x[j];
        while (i < n && sorted[i] == at)
            i++;
        while (j < v->points && v->x[j] == at)
            j++;
        double ahead = (j ? v->upto[j - 1] : 0.0) - (double)i, off = fabs(ahead);
        assert_true(ahead <= v->over && -ahead <= v->under);
        double next = i < n ? sorted[i] : (double)INFINITY;
        next = j < v->points ? fmin(next, v->x[j]) : next;
        most = fmax(most, off);
        area += off > 0.0 ? off * (next - at) : 0.0;
    }
    *moved = area;
    return most;
}

static void fill(size_t n, double *x, int form)
{
    for (size_t i = 0; i < n; i++) {
        double z = seeded_normal();
        x[i] = form == 0   ? z
               : form == 1 ? exp(2.0 * z)
               : form == 2 ? floor(20.0 * z)
               : form == 3 ? (double)i /* sorted already */
                           : (seeded() < 0.4 ? 0.0 : (double)(float)z);
    }
}

static void ranks_are_off_by_no_more_than_is_stated(void **state)
{
    enum { MOST = 150000 };
    double *x = malloc(MOST * sizeof *x), moved;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)state;
    for (int form = 0; form < 5; form++)
        for (size_t n = 3000; n <= MOST; n *= 7) {
            vouch__sketch_view v;
            fill(n, x, form);
            vouch__sketch *s = made(ctx, n, x);
            vouch__sketch_view_of(s, &v);
            qsort(x, n, sizeof *x, by_value);
            double error = rank_error(&v, n, x, &moved);
            assert_true(error <= vouch__sketch_error(&v) && moved <= v.moved * (1.0 + 1e-9) + 1e-9);
            assert_true(v.n == (double)n && v.points <= VOUCH__SKETCH_POINTS);
            assert_true(vouch__sketch_error(&v) <=
                        (double)n / 4096.0 * (0.25 * log2((double)n / 4096.0 + 2.0) + 2.0));
            if (form == 2 || n <= 4096)
                assert_true(v.over == 0.0 && v.under == 0.0 && v.moved == 0.0);
            double mean = 0.0, square = 0.0;
            for (size_t i = 0; i < n; i++)
                mean += x[i] / (double)n;
            for (size_t i = 0; i < n; i++)
                square += (x[i] - mean) * (x[i] - mean);
            assert_close(v.mean, mean, 1e-9);
            assert_close(v.square, square, 1e-9);
            vouch__sketch_free(s);
        }
    vouch_ctx_free(ctx);
    free(x);
}

/* Three parts, joined either way round or both: within the stated bound of all, and a + b is b + a. */
static void merging_keeps_the_bound_in_any_order(void **state)
{
    enum { EACH = 30000, PARTS = 3, ALL = EACH * PARTS };
    double *x = malloc(ALL * sizeof *x), moved;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)state;
    for (int form = 0; form < 5; form++) {
        vouch__sketch *part[PARTS], *left, *right, *other;
        vouch__sketch_view v, w;
        fill(ALL, x, form);
        for (size_t k = 0; k < PARTS; k++)
            part[k] = made(ctx, EACH, x + k * EACH);
        left = made(ctx, EACH, x);
        right = made(ctx, EACH, x + 2 * EACH);
        other = made(ctx, EACH, x + EACH);
        assert_ok(ctx, vouch__sketch_merge(ctx, left, part[1]));
        assert_ok(ctx, vouch__sketch_merge(ctx, other, part[0]));
        vouch__sketch_view_of(left, &v);
        vouch__sketch_view_of(other, &w);
        assert_int_equal(v.points, w.points);
        assert_memory_equal(v.x, w.x, v.points * sizeof *v.x);
        assert_memory_equal(v.upto, w.upto, v.points * sizeof *v.x);
        assert_true(v.over == w.over && v.under == w.under && v.mean == w.mean && v.square == w.square);
        assert_ok(ctx, vouch__sketch_merge(ctx, left, part[2])); /* (a + b) + c */
        assert_ok(ctx, vouch__sketch_merge(ctx, right, other));  /* c + (b + a) */
        qsort(x, ALL, sizeof *x, by_value);
        vouch__sketch_view_of(left, &v);
        vouch__sketch_view_of(right, &w);
        assert_true(rank_error(&v, ALL, x, &moved) <= vouch__sketch_error(&v) &&
                    moved <= v.moved * (1 + 1e-9) + 1e-9);
        assert_true(rank_error(&w, ALL, x, &moved) <= vouch__sketch_error(&w) && v.n == ALL && w.n == ALL);
        for (size_t k = 0; k < PARTS; k++)
            vouch__sketch_free(part[k]);
        vouch__sketch_free(left);
        vouch__sketch_free(right);
        vouch__sketch_free(other);
    }
    vouch_ctx_free(ctx);
    free(x);
}

static void odd_values_are_counted_apart(void **state)
{
    const double x[] = { NAN, INFINITY, 3.0, -INFINITY, -0.0, 0.0, INFINITY, 3.0 };
    vouch__sketch_view v;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sketch *s = made(ctx, 8, x), *empty = made(ctx, 0, NULL), *again = NULL;
    vouch__sketch_view_of(s, &v);
    assert_int_equal(v.points, 4);
    assert_true(v.x[0] == -INFINITY && v.x[1] == 0.0 && v.x[2] == 3.0 && v.x[3] == INFINITY);
    assert_true(v.upto[0] == 1 && v.upto[1] == 3 && v.upto[2] == 5 && v.upto[3] == 7);
    assert_true(v.n == 7 && v.missing == 1 && v.finite == 4 && v.mean == 1.5 && v.square == 9.0);
    assert_true(vouch__sketch_upto(&v, -1.0) == 1 && vouch__sketch_upto(&v, 3.0) == 5);
    assert_true(vouch__sketch_at(&v, 0) == -INFINITY && vouch__sketch_at(&v, 2) == 0.0);
    assert_ok(ctx, vouch__sketch_merge(ctx, empty, s));
    vouch__sketch_view_of(empty, &v);
    assert_true(v.n == 7 && v.missing == 1 && v.points == 4);
    assert_ok(ctx, vouch__sketch_from(ctx, &v, &again));
    vouch__sketch_free(again);
    v.n = 8;
    assert_status(ctx, vouch__sketch_from(ctx, &v, &again), VOUCH_E_FORMAT);
    vouch__sketch_free(s);
    vouch__sketch_free(empty);
    vouch_ctx_free(ctx);
}

/* ---- texts ---- */

static void add_word(vouch_ctx *ctx, vouch__tally *t, size_t k)
{
    char text[16];
    int len = snprintf(text, sizeof text, "w%zu", k);
    assert_ok(ctx, vouch__tally_add(ctx, t, text, (size_t)len));
}

/* Few words often and many seldom: counts fall short by no more than is stated, in one tally and in a merged
 * one. */
static void counts_fall_short_by_no_more_than_is_stated(void **state)
{
    enum { N = 60000, WORDS = 40000 };
    static double true_count[WORDS];
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__tally *whole = NULL, *a = NULL, *b = NULL;
    assert_ok(ctx, vouch__tally_new(ctx, &whole));
    assert_ok(ctx, vouch__tally_new(ctx, &a));
    assert_ok(ctx, vouch__tally_new(ctx, &b));
    for (size_t i = 0; i < N; i++) {
        double u = seeded();
        size_t k = (size_t)(WORDS * u * u * u * u);
        true_count[k]++;
        add_word(ctx, whole, k);
        add_word(ctx, i % 3 ? a : b, k);
    }
    assert_ok(ctx, vouch__tally_settle(ctx, whole));
    assert_ok(ctx, vouch__tally_settle(ctx, b));
    assert_ok(ctx, vouch__tally_merge(ctx, a, b));
    for (int merged = 0; merged < 2; merged++) {
        vouch__tally_view v;
        vouch__tally_view_of(merged ? a : whole, &v);
        assert_true(v.n == N && v.texts <= VOUCH__TALLY_TEXTS && v.error <= (double)N / VOUCH__TALLY_TEXTS);
        assert_true(v.error > 0.0);
        for (size_t k = 0; k < WORDS; k++) {
            char text[16];
            int len = snprintf(text, sizeof text, "w%zu", k);
            double got = vouch__tally_count(&v, text, (size_t)len);
            assert_true(got <= true_count[k] && got >= true_count[k] - v.error);
        }
    }
    vouch__tally_free(whole);
    vouch__tally_free(a);
    vouch__tally_free(b);
    vouch_ctx_free(ctx);
}

static void few_texts_are_counted_exactly(void **state)
{
    char length[600];
    vouch__tally_view v;
    vouch__tally *t = NULL, *again = NULL;
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    memset(length, 'x', sizeof length);
    assert_ok(ctx, vouch__tally_new(ctx, &t));
    for (size_t i = 0; i < 5000; i++)
        add_word(ctx, t, i % 10);
    assert_ok(ctx, vouch__tally_add(ctx, t, "", 0));
    assert_ok(ctx, vouch__tally_add(ctx, t, NULL, 0));
    assert_ok(ctx, vouch__tally_add(ctx, t, length, 600)); /* known by their hashes */
    assert_ok(ctx, vouch__tally_add(ctx, t, length, 599));
    assert_ok(ctx, vouch__tally_settle(ctx, t));
    vouch__tally_view_of(t, &v);
    assert_true(v.texts == 13 && v.n == 5003 && v.missing == 1 && v.error == 0);
    assert_true(v.at[0].len == 0 && v.at[1].count == 500 && !strcmp(v.at[1].text, "w0"));
    assert_true(vouch__tally_count(&v, length, 600) == 1 && vouch__tally_count(&v, length, 598) == 0);
    assert_ok(ctx, vouch__tally_from(ctx, &v, &again));
    vouch__tally_free(again);
    v.n = 4;
    assert_status(ctx, vouch__tally_from(ctx, &v, &again), VOUCH_E_FORMAT);
    vouch__tally_free(t);
    vouch_ctx_free(ctx);
}

static vouch_status sketch_and_merge(vouch_ctx *ctx, void *arg)
{
    const double *x = arg;
    vouch__sketch *a = NULL, *b = NULL;
    vouch__tally *t = NULL, *u = NULL;
    vouch_status status = vouch__sketch_new(ctx, &a);
    if (!status)
        status = vouch__sketch_new(ctx, &b);
    for (int part = 0; part < 2 && !status; part++) {
        status = vouch__sketch_add(ctx, part ? b : a, 20000, x);
        if (!status)
            status = vouch__sketch_settle(ctx, part ? b : a);
    }
    if (!status)
        status = vouch__sketch_merge(ctx, a, b);
    if (!status)
        status = vouch__tally_new(ctx, &t);
    if (!status)
        status = vouch__tally_new(ctx, &u);
    if (!status)
        status = vouch__tally_add(ctx, t, "a", 1);
    if (!status)
        status = vouch__tally_settle(ctx, t);
    if (!status)
        status = vouch__tally_merge(ctx, u, t);
    vouch__sketch_free(a);
    vouch__sketch_free(b);
    vouch__tally_free(t);
    vouch__tally_free(u);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    double *x = malloc(20000 * sizeof *x);
    (void)state;
    fill(20000, x, 0);
    sweep_allocations(sketch_and_merge, x, 0);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_off_by_no_more_than_is_stated),
        cmocka_unit_test(merging_keeps_the_bound_in_any_order),
        cmocka_unit_test(odd_values_are_counted_apart),
        cmocka_unit_test(counts_fall_short_by_no_more_than_is_stated),
        cmocka_unit_test(few_texts_are_counted_exactly),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
