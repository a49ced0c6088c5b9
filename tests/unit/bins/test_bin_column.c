/* A column's best bins, for every kind of target. */
#include "check.h"

#include "base/json.h"
#include "data/table.h"
#include "vouch/bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3000 };

typedef struct bench {
    vouch_ctx *ctx;
    vouch_table *table;
} bench;

enum { AGE, INCOME, REGION, BAD, LOSS, CLAIMS, CLASS, EXPOSURE, COLS };

static bench make(void)
{
    static const char *const name[COLS] = { "age",  "income", "region", "bad",
                                            "loss", "claims", "class",  "exposure" };
    static const vouch_type type[COLS] = { VOUCH_NUMBER, VOUCH_NUMBER,  VOUCH_TEXT, VOUCH_INTEGER,
                                           VOUCH_NUMBER, VOUCH_INTEGER, VOUCH_TEXT, VOUCH_NUMBER };
    static const char *const regions[] = { "north", "south", "east", "west", "rare" };
    static const char *const classes[] = { "a", "b", "c" };
    static double value[COLS][ROWS];
    static const char *text[COLS][ROWS];
    const double *columns[COLS];
    const char *const *texts[COLS] = { 0 };
    vouch__table_builder *builder = NULL;
    bench b = { .ctx = vouch_ctx_new(NULL) };
    for (size_t i = 0; i < ROWS; i++) {
        double age = 18 + floor(seeded() * 60), income = 500 + 4000 * seeded() * seeded();
        size_t region = seeded() < 0.01 ? 4 : seeded_below(4);
        double risk = -2 + 0.002 * (age - 45) * (age - 45) - 0.0004 * income + 0.3 * (double)region;
        value[AGE][i] = age;
        value[INCOME][i] = seeded() < 0.05 ? NAN : seeded() < 0.05 ? -1 : income;
        text[REGION][i] = seeded() < 0.03 ? NULL : regions[region];
        value[BAD][i] = seeded() < 1 / (1 + exp(-risk));
        value[LOSS][i] = risk + seeded() - 0.5;
        value[EXPOSURE][i] = 0.1 + seeded();
        value[CLAIMS][i] = seeded() < value[EXPOSURE][i] * 0.3 * exp(risk / 2) ? 1 + (double)seeded_below(2)
                                                                               : 0;
        text[CLASS][i] = classes[risk + seeded() > 1 ? 2 : risk + seeded() > -0.5];
    }
    for (size_t j = 0; j < COLS; j++) {
        columns[j] = value[j];
        texts[j] = type[j] == VOUCH_TEXT ? text[j] : NULL;
    }
    assert_ok(b.ctx, vouch__table_builder_new(b.ctx, COLS, name, type, &builder));
    assert_ok(b.ctx, vouch__table_builder_add(b.ctx, builder, ROWS, columns, texts));
    assert_ok(b.ctx, vouch__table_builder_end(b.ctx, builder, &b.table));
    vouch__table_builder_free(builder);
    return b;
}

static void unmake(bench *b)
{
    vouch_table_unref(b->table);
    vouch_ctx_free(b->ctx);
}

/* The result as a tree. */
static vouch__doc *bin(bench *b, size_t column, size_t target, size_t weight, const char *rules)
{
    char *json = NULL;
    vouch__doc *doc = NULL;
    assert_ok(b->ctx, vouch_bin(b->ctx, b->table, column, target, weight, rules, &json, NULL));
    assert_ok(b->ctx, vouch__json_read(b->ctx, "bins", json, strlen(json), 0, &doc));
    vouch_text_free(b->ctx, json);
    return doc;
}

static double get(const vouch__doc *doc, const char *key)
{
    return vouch__json_double(vouch__json_get(vouch__doc_root(doc), key), NAN);
}

static const vouch__json *bins_of(const vouch__doc *doc)
{
    return vouch__json_get(vouch__doc_root(doc), "bins");
}

static double price(const vouch__doc *doc, const char *trend)
{
    return vouch__json_double(vouch__json_get(vouch__json_get(vouch__doc_root(doc), "price"), trend), NAN);
}

static void every_row_is_in_one_bin_and_worths_add_up(void **state)
{
    (void)state;
    bench b = make();
    const struct {
        size_t column, target, weight;
        const char *rules;
    } cases[] = { { AGE, BAD, SIZE_MAX, NULL },
                  { INCOME, BAD, SIZE_MAX, "{special: [-1], max_bins: 5}" },
                  { REGION, BAD, SIZE_MAX, "{min_share: 0.02}" },
                  { INCOME, LOSS, SIZE_MAX, "{special: [-1]}" },
                  { AGE, CLAIMS, EXPOSURE, "{kind: count, trend: any}" },
                  { REGION, CLASS, SIZE_MAX, NULL },
                  { AGE, CLASS, SIZE_MAX, "{kind: classes, trend: valley}" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch__doc *doc = bin(&b, cases[i].column, cases[i].target, cases[i].weight, cases[i].rules);
        double rows = 0, share = 0, worth = 0;
        for (const vouch__json *o = bins_of(doc)->first; o; o = o->next) {
            const char *type = vouch__json_string(vouch__json_get(o, "type"));
            rows += vouch__json_double(vouch__json_get(o, "rows"), NAN);
            share += vouch__json_double(vouch__json_get(o, "share"), NAN);
            if (strcmp(type, "range") == 0 || strcmp(type, "set") == 0)
                worth += vouch__json_double(vouch__json_get(o, "worth"), NAN);
        }
        assert_close(rows, ROWS, 0);
        assert_close(share, 1, 1e-12);
        assert_close(worth, get(doc, "value"), 1e-12);
        assert_true(get(doc, "value") > 0);
        vouch__doc_free(doc);
    }
    unmake(&b);
}

static void a_trend_less_bound_is_never_worth_less(void **state)
{
    (void)state;
    bench b = make();
    vouch__doc *doc = bin(&b, AGE, BAD, SIZE_MAX, NULL);
    static const char *const trend[] = { "rising", "falling", "peak", "valley", "convex", "concave" };
    for (size_t k = 0; k < sizeof trend / sizeof *trend; k++)
        assert_true(price(doc, "any") >= price(doc, trend[k]));
    assert_true(price(doc, "valley") >= fmax(price(doc, "rising"), price(doc, "falling")));
    assert_true(price(doc, "valley") > 1.5 * price(doc, "rising")); /* the truth is a parabola */
    assert_close(get(doc, "value"), fmax(price(doc, "rising"), price(doc, "falling")), 0);
    vouch__doc_free(doc);
    unmake(&b);
}

static void ranges_end_where_they_must_and_only_where_they_may(void **state)
{
    (void)state;
    bench b = make();
    size_t found = 0;
    vouch__doc *doc = bin(&b, AGE, BAD, SIZE_MAX, "{trend: any, splits: [25, 30, 44, 60, 70], fixed: [44]}");
    for (const vouch__json *o = bins_of(doc)->first; o; o = o->next) {
        double end = vouch__json_double(vouch__json_get(o, "up_to"), NAN);
        assert_true(isnan(end) || end == 25 || end == 30 || end == 44 || end == 60 || end == 70);
        found += end == 44;
    }
    assert_int_equal(found, 1);
    vouch__doc_free(doc);
    found = 0;
    doc = bin(&b, AGE, BAD, SIZE_MAX, "{trend: any, fixed: [37.5]}");
    for (const vouch__json *o = bins_of(doc)->first; o; o = o->next)
        found += vouch__json_double(vouch__json_get(o, "up_to"), NAN) == 37.5;
    assert_int_equal(found, 1);
    vouch__doc_free(doc);
    unmake(&b);
}

static void bounds_hold(void **state)
{
    (void)state;
    bench b = make();
    vouch__doc *doc = bin(
        &b, AGE, LOSS, SIZE_MAX,
        "{trend: any, min_bins: 4, max_bins: 6, min_share: 0.1, max_share: 0.3, min_gap: 0.05}");
    size_t n = 0;
    double last = NAN;
    for (const vouch__json *o = bins_of(doc)->first; o; o = o->next) {
        double share = vouch__json_double(vouch__json_get(o, "share"), NAN);
        double mean = vouch__json_double(vouch__json_get(o, "mean"), NAN);
        if (strcmp(vouch__json_string(vouch__json_get(o, "type")), "range") != 0)
            continue;
        assert_true(share >= 0.1 && share <= 0.3);
        assert_true(n == 0 || fabs(mean - last) >= 0.05);
        last = mean;
        n++;
    }
    assert_true(n >= 4 && n <= 6);
    vouch__doc_free(doc);
    doc = bin(&b, AGE, BAD, SIZE_MAX, "{min_share: 0.9, min_bins: 2}");
    assert_nan(get(doc, "value")); /* nothing keeps both */
    vouch__doc_free(doc);
    unmake(&b);
}

static double first_woe(const vouch__doc *doc)
{
    return vouch__json_double(vouch__json_get(vouch__json_at(bins_of(doc), 0), "woe"), NAN);
}

static void weights_of_evidence_turn_with_the_event(void **state)
{
    (void)state;
    bench b = make();
    vouch__doc *one = bin(&b, AGE, BAD, SIZE_MAX, "{trend: any}");
    vouch__doc *same = bin(&b, AGE, BAD, SIZE_MAX, "{trend: any, event: 1}");
    vouch__doc *other = bin(&b, AGE, BAD, SIZE_MAX, "{trend: any, event: \"0\"}");
    assert_close(first_woe(same), first_woe(one), 0);
    assert_close(first_woe(other), -first_woe(one), 1e-12);
    assert_close(get(other, "value"), get(one, "value"), 1e-12);
    assert_close(get(other, "event"), 0, 0);
    vouch__doc_free(one);
    vouch__doc_free(same);
    vouch__doc_free(other);
    unmake(&b);
}

static void of_two_texts_the_event_must_be_said(void **state)
{
    (void)state;
    static const char *const name[] = { "x", "answer" };
    static const char *const answer[] = { "good", "bad", "good", "bad", NULL, "bad" };
    const double x[] = { 1, 2, 1, 2, 1, 1 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL, *bins = NULL;
    assert_ok(ctx, vouch__table_builder_new(ctx, 2, name, (const vouch_type[]){ VOUCH_NUMBER, VOUCH_TEXT },
                                            &builder));
    assert_ok(ctx, vouch__table_builder_add(ctx, builder, 6, (const double *const[]){ x, NULL },
                                            (const char *const *const[]){ NULL, answer }));
    assert_ok(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    assert_status(ctx, vouch_bin(ctx, table, 0, 1, SIZE_MAX, NULL, NULL, &bins), VOUCH_E_DATA);
    assert_non_null(strstr(vouch_ctx_error(ctx), "must say which is the event"));
    assert_status(ctx, vouch_bin(ctx, table, 0, 1, SIZE_MAX, "{event: evil}", NULL, &bins), VOUCH_E_DATA);
    assert_non_null(strstr(vouch_ctx_error(ctx), "no value of target 'answer' is 'evil'"));
    assert_ok(ctx, vouch_bin(ctx, table, 0, 1, SIZE_MAX, "{event: bad, min_events: 0}", NULL, &bins));
    double rate;
    vouch_table_read(bins, vouch_table_find(bins, "event_rate"), 0, 1, &rate);
    assert_close(rate, 0.6, 1e-12);
    vouch_table_unref(bins);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void columns_are_ranked_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    bench b = make();
    vouch_table *one = NULL, *three = NULL;
    vouch_ctx *single = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 });
    vouch_ctx *triple = vouch_ctx_new(&(vouch_ctx_options){ .threads = 3 });
    assert_ok(single, vouch_bin_rank(single, b.table, BAD, SIZE_MAX, NULL, &one));
    assert_ok(triple, vouch_bin_rank(triple, b.table, BAD, SIZE_MAX, NULL, &three));
    char a[VOUCH__HEX], c[VOUCH__HEX];
    assert_ok(b.ctx, vouch__table_fingerprint(b.ctx, one, a));
    assert_ok(b.ctx, vouch__table_fingerprint(b.ctx, three, c));
    assert_string_equal(a, c);
    assert_int_equal(vouch_table_rows(one), COLS - 1);
    vouch_table_unref(one);
    vouch_table_unref(three);
    vouch_ctx_free(single);
    vouch_ctx_free(triple);
    unmake(&b);
}

static void what_cannot_be_binned_is_refused_with_its_reason(void **state)
{
    (void)state;
    bench b = make();
    const struct {
        size_t column, target, weight;
        const char *rules, *words;
        vouch_status status;
    } cases[] = { { AGE, AGE, SIZE_MAX, NULL, "two roles", VOUCH_E_ARG },
                  { COLS, BAD, SIZE_MAX, NULL, "no such column", VOUCH_E_ARG },
                  { AGE, LOSS, SIZE_MAX, "{kind: binary}", "not binary", VOUCH_E_DATA },
                  { AGE, REGION, SIZE_MAX, "{kind: continuous}", "is text", VOUCH_E_DATA },
                  { AGE, LOSS, SIZE_MAX, "{kind: count}", "negative count", VOUCH_E_DATA },
                  { AGE, LOSS, SIZE_MAX, "{event: 1}", "has no event", VOUCH_E_DATA },
                  { AGE, BAD, SIZE_MAX, "{event: 2}", "no value of target 'bad' is '2'", VOUCH_E_DATA },
                  { AGE, BAD, SIZE_MAX, "{event: [1]}", "must be a value of the target", VOUCH_E_FORMAT },
                  { AGE, BAD, INCOME, NULL, "'income' [row", VOUCH_E_DATA },
                  { AGE, BAD, SIZE_MAX, "{trend: up}", "line 1, column 9: trend is up, must be",
                    VOUCH_E_FORMAT },
                  { AGE, BAD, SIZE_MAX, "{trends: any}", "did you mean 'trend'", VOUCH_E_FORMAT },
                  { AGE, BAD, SIZE_MAX, "{splits: [3, 2]}", "must ascend", VOUCH_E_FORMAT },
                  { AGE, BAD, SIZE_MAX, "{splits: [3], fixed: [4]}", "one of splits", VOUCH_E_FORMAT },
                  { AGE, BAD, SIZE_MAX, "{min_bins: 9}", "above max_bins", VOUCH_E_FORMAT } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *json = NULL;
        assert_status(b.ctx,
                      vouch_bin(b.ctx, b.table, cases[i].column, cases[i].target, cases[i].weight,
                                cases[i].rules, &json, NULL),
                      cases[i].status);
        if (!strstr(vouch_ctx_error(b.ctx), cases[i].words))
            fail_msg("'%s' does not say '%s'", vouch_ctx_error(b.ctx), cases[i].words);
        assert_null(json);
    }
    unmake(&b);
}

static vouch_status bin_all_ways(vouch_ctx *ctx, void *arg)
{
    bench *b = arg;
    char *json = NULL;
    vouch_table *bins = NULL;
    vouch_status status = vouch_bin(ctx, b->table, INCOME, BAD, EXPOSURE, "{special: [-1], fixed: [900]}",
                                    &json, &bins);
    vouch_text_free(ctx, json);
    vouch_table_unref(bins);
    return status;
}

static void binning_survives_every_failed_allocation(void **state)
{
    (void)state;
    bench b = make();
    sweep_allocations(bin_all_ways, &b, 0);
    unmake(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_in_one_bin_and_worths_add_up),
        cmocka_unit_test(a_trend_less_bound_is_never_worth_less),
        cmocka_unit_test(ranges_end_where_they_must_and_only_where_they_may),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(weights_of_evidence_turn_with_the_event),
        cmocka_unit_test(of_two_texts_the_event_must_be_said),
        cmocka_unit_test(columns_are_ranked_the_same_on_any_number_of_threads),
        cmocka_unit_test(what_cannot_be_binned_is_refused_with_its_reason),
        cmocka_unit_test(binning_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
