/* Tables: what goes in comes out, in any block; text codes depend on content only; forms are narrow. */
#include "check.h"

#include "data/table_form.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vouch_table *one_column(vouch_ctx *ctx, vouch_type type, size_t n, const double *x, const char **text)
{
    const char *name[] = { "x" };
    vouch_table *table = NULL;
    vouch__table_builder *builder = NULL;
    const char *const *texts[] = { text };
    assert_ok(ctx, vouch__table_builder_new(ctx, 1, name, &type, &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, n, &x, text ? texts : NULL));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void every_value_comes_back_exactly_in_the_narrowest_form(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const struct {
        double x[4];
        vouch__form form;
    } cases[] = {
        { { 7, 7, 7, 7 }, VOUCH__CONSTANT },
        { { NAN, NAN, NAN, NAN }, VOUCH__CONSTANT },
        { { INFINITY, INFINITY, INFINITY, INFINITY }, VOUCH__CONSTANT },
        { { 0, -127, 127, NAN }, VOUCH__INT8 },
        { { 0, -128, 1, NAN }, VOUCH__INT16 },
        { { 32767, -32767, 0, NAN }, VOUCH__INT16 },
        { { 32768, 0, 0, NAN }, VOUCH__INT32 },
        { { 2147483647, -2147483647, 0, NAN }, VOUCH__INT32 },
        { { -2147483648.0, 0, 0, NAN }, VOUCH__FLOAT },
        { { 0.5, -0.25, 3, NAN }, VOUCH__FLOAT },
        { { INFINITY, -INFINITY, 3, NAN }, VOUCH__FLOAT },
        { { 0.1, 2, 3, NAN }, VOUCH__DOUBLE },
        { { 1e300, 2, 3, NAN }, VOUCH__DOUBLE },
        { { 0x1p53, 0x1p53 - 1, 3, NAN }, VOUCH__DOUBLE },
        { { 4.9e-324, 2, 3, NAN }, VOUCH__DOUBLE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got[4];
        vouch_table *table = one_column(ctx, VOUCH_NUMBER, 4, cases[i].x, NULL);
        assert_int_equal(table->col[0].block[0].form, cases[i].form);
        vouch_table_read(table, 0, 0, 4, got);
        for (size_t k = 0; k < 4; k++)
            assert_true(same(got[k], cases[i].x[k]));
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

static void minus_zero_is_stored_as_zero(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const double sets[3][2] = { { -0.0, -0.0 }, { -0.0, 0.5 }, { -0.0, 0.1 } };
    for (size_t i = 0; i < 3; i++) {
        double got[2];
        vouch_table *table = one_column(ctx, VOUCH_NUMBER, 2, sets[i], NULL);
        vouch_table_read(table, 0, 0, 2, got);
        assert_true(got[0] == 0 && !signbit(got[0]));
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

/* Adding in pieces of any size, reading and gathering across blocks. */
static void reading_and_gathering_agree_with_what_was_added(void **state)
{
    (void)state;
    enum { N = 3 * VOUCH__BLOCK + 1234 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *name[] = { "small", "real", "mixed" };
    const vouch_type type[] = { VOUCH_INTEGER, VOUCH_NUMBER, VOUCH_NUMBER };
    double *x[3], *got = malloc(N * sizeof *got);
    uint32_t *row = malloc(N * sizeof *row);
    for (size_t j = 0; j < 3; j++)
        x[j] = malloc(N * sizeof **x);
    for (size_t i = 0; i < N; i++) {
        x[0][i] = seeded() < 0.1 ? NAN : floor(seeded() * 200 - 100);
        x[1][i] = seeded() < 0.1 ? NAN : seeded_normal();
        x[2][i] = i < VOUCH__BLOCK ? 4 : i < 2 * VOUCH__BLOCK ? floor(seeded() * 1e5) : seeded() * 1e9;
    }
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 3, name, type, &builder));
    for (size_t at = 0, step; at < N; at += step) {
        step = seeded_below(100000) % (N - at) + 1;
        const double *value[] = { x[0] + at, x[1] + at, x[2] + at };
        assert_ok(ctx, vouch__table_builder_add(ctx, builder, step, value, NULL));
    }
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    assert_int_equal(vouch_table_rows(table), N);
    for (size_t j = 0; j < 3; j++) {
        size_t n = 0, begin = seeded_below(N), end = begin + seeded_below(N - begin + 1);
        vouch_table_read(table, j, begin, end, got);
        for (size_t i = begin; i < end; i++)
            assert_true(same(got[i - begin], x[j][i]));
        for (size_t i = 0; i < N; i++)
            if (seeded() < 0.3)
                row[n++] = (uint32_t)i;
        vouch__table_gather(table, j, n, row, got);
        for (size_t i = 0; i < n; i++)
            assert_true(same(got[i], x[j][row[i]]));
    }
    assert_int_equal(table->col[0].block[0].form, VOUCH__INT8);
    vouch_table_unref(table);
    for (size_t j = 0; j < 3; j++)
        free(x[j]);
    free(got);
    free(row);
    vouch_ctx_free(ctx);
}

static void text_codes_are_ranks_among_the_sorted_texts(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *text[] = { "pear", NULL, "apple", "\xc3\xa9t\xc3\xa9", "", "pear", "Zebra", "app" };
    const double want[] = { 4, NAN, 3, 5, 0, 4, 1, 2 };
    double got[8];
    vouch_table *table = one_column(ctx, VOUCH_TEXT, 8, NULL, text);
    assert_int_equal(vouch_table_categories(table, 0), 6);
    for (size_t k = 1; k < 6; k++)
        assert_true(strcmp(vouch_table_category(table, 0, k - 1), vouch_table_category(table, 0, k)) < 0);
    vouch_table_read(table, 0, 0, 8, got);
    for (size_t i = 0; i < 8; i++)
        assert_true(same(got[i], want[i]));
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void many_texts_survive_across_blocks(void **state)
{
    (void)state;
    enum { N = VOUCH__BLOCK + 5000, WORDS = 30011 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char(*word)[16] = malloc(WORDS * sizeof *word);
    const char **text = malloc(N * sizeof *text);
    for (size_t k = 0; k < WORDS; k++)
        (void)snprintf(word[k], sizeof *word, "w%zu", (k * 7919) % WORDS);
    for (size_t i = 0; i < N; i++)
        text[i] = word[seeded_below(WORDS)];
    vouch_table *table = one_column(ctx, VOUCH_TEXT, N, NULL, text);
    for (size_t i = 0; i < N; i++) {
        double code;
        vouch_table_read(table, 0, i, i + 1, &code);
        assert_string_equal(vouch_table_category(table, 0, (size_t)code), text[i]);
    }
    vouch_table_unref(table);
    free(word);
    free(text);
    vouch_ctx_free(ctx);
}

static void columns_are_found_by_their_exact_name(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *name[] = { "b", "a", "B", "", "ab" };
    const vouch_type type[5] = { VOUCH_NUMBER };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 5, name, type, &builder));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    for (size_t j = 0; j < 5; j++)
        assert_int_equal(vouch_table_find(table, name[j]), j);
    assert_true(vouch_table_find(table, "A") == SIZE_MAX);
    assert_int_equal(vouch_table_rows(table), 0);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void what_a_type_cannot_hold_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const struct {
        vouch_type type;
        double x;
        const char *words;
    } cases[] = {
        { VOUCH_INTEGER, 0.5, "integer column 'x'" },
        { VOUCH_INTEGER, 0x1p54, "2^53" },
        { VOUCH_INTEGER, INFINITY, "2^53" },
        { VOUCH_FLAG, 2, "flag column 'x'" },
        { VOUCH_DATE, 2147483648.0, "date column 'x'" },
        { VOUCH_TIME, 0.5, "time column 'x'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name[] = { "x" };
        const double *value[] = { &cases[i].x };
        vouch__table_builder *builder = NULL;
        assert_ok(ctx, vouch__table_builder_new(ctx, 1, name, &cases[i].type, &builder));
        assert_status(ctx, vouch__table_builder_add(ctx, builder, 1, value, NULL), VOUCH_E_DATA);
        assert_error_has(ctx, cases[i].words);
        vouch__table_builder_free(builder);
    }
    vouch_ctx_free(ctx);
}

static void two_columns_of_one_name_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *name[] = { "x", "y", "x" };
    const vouch_type type[3] = { VOUCH_NUMBER };
    vouch__table_builder *builder = NULL;
    assert_status(ctx, vouch__table_builder_new(ctx, 3, name, type, &builder), VOUCH_E_DATA);
    assert_error_has(ctx, "two columns are called 'x'");
    assert_null(builder);
    vouch_ctx_free(ctx);
}

static void a_text_with_a_nul_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *name[] = { "x" };
    const vouch_type type = VOUCH_TEXT;
    double code;
    vouch__table_builder *builder = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 1, name, &type, &builder));
    assert_ok(ctx, vouch__table_intern(ctx, builder, 0, "ab", 2, &code));
    assert_status(ctx, vouch__table_intern(ctx, builder, 0, "ab\0cd", 5, &code), VOUCH_E_FORMAT);
    vouch__table_builder_free(builder);
    vouch_ctx_free(ctx);
}

static vouch_status build_small(vouch_ctx *ctx, void *arg)
{
    const char *name[] = { "t", "x" };
    const vouch_type type[] = { VOUCH_TEXT, VOUCH_NUMBER };
    const char *text[] = { "b", "a", NULL };
    const char *const *texts[] = { text, NULL };
    const double x[] = { 1, 2, 0.1 };
    const double *value[] = { NULL, x };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    (void)arg;
    vouch_status status = vouch__table_builder_new(ctx, 2, name, type, &builder);
    if (!status)
        status = vouch__table_builder_add(ctx, builder, 3, value, texts);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, &table);
    vouch__table_builder_free(builder);
    vouch_table_unref(table);
    return status;
}

static void building_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(build_small, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_comes_back_exactly_in_the_narrowest_form),
        cmocka_unit_test(minus_zero_is_stored_as_zero),
        cmocka_unit_test(reading_and_gathering_agree_with_what_was_added),
        cmocka_unit_test(text_codes_are_ranks_among_the_sorted_texts),
        cmocka_unit_test(many_texts_survive_across_blocks),
        cmocka_unit_test(columns_are_found_by_their_exact_name),
        cmocka_unit_test(what_a_type_cannot_hold_is_refused),
        cmocka_unit_test(two_columns_of_one_name_are_refused),
        cmocka_unit_test(a_text_with_a_nul_is_refused),
        cmocka_unit_test(building_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
