/* The suite: every test of it is there, agrees with the metric behind it, and refuses what it can't tell. */
#include "golden.h"

#include "num/special.h"
#include "validate/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN = 3000, PART = 1500 };

typedef struct sample {
    double raw[TRAIN], probability[TRAIN], weight[TRAIN];
    int32_t points[TRAIN];
    uint8_t bad[TRAIN];
} sample;

static const char *const ids[] = { "validate.auc",
                                   "validate.gini",
                                   "validate.ks",
                                   "validate.roc",
                                   "validate.gap",
                                   "validate.gains",
                                   "validate.bands",
                                   "validate.baseline",
                                   "validate.log_loss",
                                   "validate.brier",
                                   "validate.calibration",
                                   "validate.ece",
                                   "validate.calibration_line",
                                   "validate.psi_score",
                                   "validate.score_distribution" };
enum { IDS = sizeof ids / sizeof *ids };

static sample train, part;

/* A model that is right, with its log-odds moved by shift. */
static void draw(sample *s, size_t n, double shift)
{
    for (size_t i = 0; i < n; i++) {
        s->raw[i] = -1.6 + shift + seeded_normal();
        s->probability[i] = vouch__sigmoid(s->raw[i]);
        s->bad[i] = seeded() < s->probability[i];
        s->points[i] = (int32_t)nearbyint(500 - 30 * s->raw[i]);
        s->weight[i] = 0.5 + seeded();
    }
}

static vouch__scored scored(const sample *s, size_t n, const char *name)
{
    return (vouch__scored){
        .model = "card", .part = name, .n = n, .raw = s->raw, .probability = s->probability, .bad = s->bad
    };
}

static const vouch__json *entry_of(const vouch__evidence *list, const char *id)
{
    const vouch__json *found = NULL;
    for (const vouch__json *e = list->entries->first; e; e = e->next)
        if (!strcmp(golden_text(e, "id"), id)) {
            assert_null(found); /* once only */
            found = e;
        }
    assert_non_null(found);
    return found;
}

static vouch__evidence run(vouch_ctx *ctx, const vouch__scored *here, const vouch__scored *reference)
{
    vouch__evidence list;
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_ok(ctx, vouch__validate_suite(ctx, here, reference, &list));
    return list;
}

/* Rows are as long as columns, and a plot names columns that are there. */
static void check_tables(const vouch__json *e)
{
    const vouch__json *tables = vouch__json_get(e, "tables"), *plot = vouch__json_get(e, "plot");
    for (const vouch__json *t = tables ? tables->first : NULL; t; t = t->next) {
        size_t columns = golden_len(t, "columns");
        assert_true(golden_len(t, "rows") > 0);
        for (const vouch__json *row = golden_at(t, "rows")->first; row; row = row->next)
            assert_int_equal(row->len, columns);
    }
    if (!plot)
        return;
    const vouch__json *t = golden_at(tables, golden_text(plot, "table"));
    char names[256];
    (void)snprintf(names, sizeof names, "%s,%s", golden_text(plot, "x"), golden_text(plot, "y"));
    for (char *name = names, *end; name; name = end) {
        bool found = false;
        end = strchr(name, ',');
        if (end)
            *end++ = '\0';
        for (const vouch__json *c = golden_at(t, "columns")->first; c; c = c->next)
            found |= !strcmp(vouch__json_string(c), name);
        assert_true(found);
    }
}

static void every_test_is_there_once_with_its_words(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    vouch__evidence list = run(ctx, &b, &a);
    assert_int_equal(list.entries->len, IDS);
    for (size_t i = 0; i < IDS; i++) {
        const vouch__json *e = entry_of(&list, ids[i]);
        const char *const words[] = { "title", "purpose", "method", "convention", "source" };
        for (size_t k = 0; k < 5; k++)
            assert_true(strlen(golden_text(e, words[k])) > 3);
        assert_string_equal(golden_text(e, "model"), "card");
        assert_string_equal(golden_text(e, "part"), "test");
        assert_string_equal(golden_text(e, "section"), "validate");
        assert_string_equal(golden_text(e, "verdict"), "info"); /* no policy judges */
        assert_close(golden_number(e, "n"), PART, 0);
        check_tables(e);
    }
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void numbers_are_those_of_the_metrics(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    vouch__evidence list = run(ctx, &b, &a);
    vouch_auc here, there;
    double value;
    assert_ok(ctx, vouch_validate_auc_delong(ctx, PART, b.raw, b.bad, 0.95, &here));
    assert_ok(ctx, vouch_validate_auc_delong(ctx, TRAIN, a.raw, a.bad, 0.95, &there));
    const vouch__json *e = entry_of(&list, "validate.auc");
    assert_close(golden_number(e, "value"), here.auc, 0);
    assert_close(golden_number(e, "interval.low"), here.low, 0);
    assert_close(golden_number(e, "n_bad"), (double)here.n_bad, 0);
    e = entry_of(&list, "validate.gini");
    assert_close(golden_number(e, "value"), 2 * here.auc - 1, 1e-15);
    assert_close(golden_number(e, "interval.high"), 2 * here.high - 1, 1e-15);
    e = entry_of(&list, "validate.gap");
    assert_close(golden_number(e, "value"), there.auc - here.auc, 1e-15);
    double se = sqrt(there.variance + here.variance);
    assert_close(golden_number(e, "interval.high"), there.auc - here.auc + 1.959963984540054 * se, 1e-14);
    assert_ok(ctx, vouch_validate_ks(ctx, PART, b.raw, b.bad, NULL, &value, NULL));
    e = entry_of(&list, "validate.ks");
    assert_close(golden_number(e, "value"), value, 0);
    assert_true(golden_number(e, "interval.low") < value && value < golden_number(e, "interval.high"));
    assert_ok(ctx, vouch_validate_brier(ctx, PART, b.probability, b.bad, NULL, &value));
    e = entry_of(&list, "validate.brier");
    assert_close(golden_number(e, "value"), value, 1e-15);
    double parts = 0;
    for (int k = 0; k < 4; k++) {
        char path[64];
        (void)snprintf(path, sizeof path, "tables.decomposition.rows.%d.1", k);
        parts += (k == 1 ? -1 : 1) * golden_number(e, path);
    }
    assert_close(parts, value, 1e-14);
    assert_ok(ctx, vouch_validate_log_loss(ctx, PART, b.probability, b.bad, NULL, &value));
    assert_close(golden_number(entry_of(&list, "validate.log_loss"), "value"), value, 1e-15);
    assert_ok(ctx, vouch_validate_ece(ctx, PART, b.probability, b.bad, 10, 1, &value));
    assert_close(golden_number(entry_of(&list, "validate.ece"), "value"), value, 1e-15);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void the_baseline_is_trains_bad_rate(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    vouch__evidence list = run(ctx, &b, &a);
    double constant[PART], rate = 0, base, brier;
    for (size_t i = 0; i < TRAIN; i++)
        rate += a.bad[i] / (double)TRAIN;
    for (size_t i = 0; i < PART; i++)
        constant[i] = rate;
    assert_ok(ctx, vouch_validate_brier(ctx, PART, constant, b.bad, NULL, &base));
    assert_ok(ctx, vouch_validate_brier(ctx, PART, b.probability, b.bad, NULL, &brier));
    const vouch__json *e = entry_of(&list, "validate.baseline");
    assert_close(golden_number(e, "value"), 1 - brier / base, 1e-13);
    assert_true(golden_number(e, "interval.low") > 0); /* the model knows something */
    vouch__evidence_free(&list);

    b.probability = constant; /* and the baseline itself has no skill */
    list = run(ctx, &b, &a);
    e = entry_of(&list, "validate.baseline");
    assert_close(golden_number(e, "value"), 0.0, 1e-12);
    assert_string_equal(golden_text(entry_of(&list, "validate.calibration_line"), "verdict"), "refused");
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void a_right_model_is_found_calibrated_and_a_shifted_one_not(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    int rejected = 0;
    for (int round = 0; round < 60; round++) {
        draw(&part, PART, 0);
        vouch__evidence list = run(ctx, &b, &a);
        rejected += golden_number(entry_of(&list, "validate.calibration"), "p_value") < 0.05;
        rejected += golden_number(entry_of(&list, "validate.calibration_line"), "p_value") < 0.05;
        rejected += golden_number(entry_of(&list, "validate.psi_score"), "p_value") < 0.05;
        const vouch__json *ece = entry_of(&list, "validate.ece");
        rejected += golden_number(ece, "value") > golden_number(ece, "critical");
        vouch__evidence_free(&list);
    }
    assert_true(rejected >= 2 && rejected <= 28); /* of 240 at 5 % each: 12 expected */
    for (size_t i = 0; i < PART; i++) {
        part.raw[i] += 0.8;
        part.probability[i] = vouch__sigmoid(part.raw[i]);
    }
    vouch__evidence list = run(ctx, &b, &a);
    assert_true(golden_number(entry_of(&list, "validate.calibration"), "p_value") < 1e-6);
    assert_true(golden_number(entry_of(&list, "validate.psi_score"), "p_value") < 1e-6);
    const vouch__json *line = entry_of(&list, "validate.calibration_line");
    assert_close(golden_number(line, "tables.line.rows.2.1"), -0.8, 0.2);
    const vouch__json *ece = entry_of(&list, "validate.ece");
    assert_true(golden_number(ece, "value") > golden_number(ece, "critical"));
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
    draw(&part, PART, 0);
}

static void gains_end_at_everything_and_do_not_depend_on_the_order_of_rows(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static sample few, turned;
    draw(&few, PART, 0);
    for (size_t i = 0; i < PART; i++) {
        few.raw[i] = nearbyint(few.raw[i]); /* a handful of scores */
        few.probability[i] = vouch__sigmoid(few.raw[i]);
    }
    for (size_t i = 0; i < PART; i++) {
        turned.raw[i] = few.raw[PART - 1 - i];
        turned.probability[i] = few.probability[PART - 1 - i];
        turned.bad[i] = few.bad[PART - 1 - i];
    }
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&few, PART, "test"),
                  c = scored(&turned, PART, "test");
    vouch__evidence one = run(ctx, &b, &a), two = run(ctx, &c, &a);
    const vouch__json *rows = golden_at(entry_of(&one, "validate.gains"), "tables.gains.rows");
    assert_int_equal(rows->len, 11);
    double last = 0;
    for (const vouch__json *row = rows->first; row; row = row->next) {
        double captured = golden_number(row, "3");
        assert_true(captured >= last && captured <= golden_number(row, "5") + 1e-15);
        last = captured;
    }
    assert_close(last, 1.0, 1e-15);
    for (size_t i = 0; i < IDS; i++) {
        const vouch__json *x = vouch__json_get(entry_of(&one, ids[i]), "value");
        if (x)
            assert_close(golden_number(entry_of(&two, ids[i]), "value"), golden_number(x, ""), 1e-13);
    }
    const vouch__json *roc = golden_at(entry_of(&one, "validate.roc"), "tables.roc.rows");
    assert_true(roc->len < 20); /* one point a distinct score */
    vouch__evidence_free(&one);
    vouch__evidence_free(&two);
    vouch_ctx_free(ctx);
}

static void the_roc_curve_is_short_rising_and_holds_the_auc(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    vouch__evidence list = run(ctx, &b, &a);
    const vouch__json *rows = golden_at(entry_of(&list, "validate.roc"), "tables.roc.rows");
    double area = 0, x = 0, y = 0;
    assert_true(rows->len > 100 && rows->len <= 200);
    for (const vouch__json *row = rows->first; row; row = row->next) {
        double fpr = golden_number(row, "0"), tpr = golden_number(row, "1");
        assert_true(fpr >= x && tpr >= y);
        area += (fpr - x) * 0.5 * (tpr + y);
        x = fpr;
        y = tpr;
    }
    assert_true(x == 1.0 && y == 1.0);
    assert_close(area, golden_number(entry_of(&list, "validate.auc"), "value"), 2e-3);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void bands_say_whether_the_bad_rate_rises(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static sample s;
    for (size_t i = 0; i < 1000; i++) { /* ten bands of a hundred, k * 5 bads in band k */
        s.raw[i] = (double)(i / 100);
        s.probability[i] = 0.5;
        s.bad[i] = i % 100 < i / 100 * 5;
    }
    vouch__scored all = scored(&s, 1000, "test");
    vouch__evidence list = run(ctx, &all, &all);
    const vouch__json *e = entry_of(&list, "validate.bands");
    assert_close(golden_number(e, "value"), 0, 0);
    assert_non_null(strstr(golden_text(e, "note"), "Monotone"));
    assert_close(golden_number(e, "tables.bands.rows.9.5"), 0.45, 1e-15);
    assert_close(golden_number(entry_of(&list, "validate.psi_score"), "value"), 0, 1e-16);
    vouch__evidence_free(&list);
    for (size_t i = 900; i < 1000; i++)
        s.bad[i] = i % 100 < 10;
    list = run(ctx, &all, &all);
    e = entry_of(&list, "validate.bands");
    assert_close(golden_number(e, "value"), 1, 0);
    assert_non_null(strstr(golden_text(e, "note"), "entering band 10"));
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void the_histogram_has_round_bins_and_whole_shares(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    for (int points = 0; points <= 1; points++) {
        b.points = points ? part.points : NULL;
        vouch__evidence list = run(ctx, &b, &a);
        const vouch__json *e = entry_of(&list, "validate.score_distribution");
        const vouch__json *rows = golden_at(e, "tables.distribution.rows");
        double good = 0, bad = 0, cases = 0;
        assert_true(rows->len >= 8 && rows->len <= 27);
        for (const vouch__json *row = rows->first; row; row = row->next) {
            cases += golden_number(row, "2") + golden_number(row, "3");
            good += golden_number(row, "4");
            bad += golden_number(row, "5");
            assert_true(!row->next || golden_number(row, "1") == golden_number(row->next, "0"));
        }
        assert_close(cases, PART, 0);
        assert_close(good, 1, 1e-14);
        assert_close(bad, 1, 1e-14);
        assert_string_equal(golden_text(e, "unit"), points ? "points" : "log-odds");
        vouch__evidence_free(&list);
    }
    vouch_ctx_free(ctx);
}

static void one_class_and_no_cases_are_refused_without_a_number(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static sample s;
    draw(&s, PART, 0);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&s, PART, "oot");
    for (int bad = 0; bad <= 1; bad++) {
        memset(s.bad, bad, sizeof s.bad);
        vouch__evidence list = run(ctx, &b, &a);
        assert_int_equal(list.entries->len, IDS);
        for (size_t i = 0; i < IDS; i++) {
            const vouch__json *e = entry_of(&list, ids[i]);
            bool open = !strcmp(ids[i], "validate.psi_score") ||
                        !strcmp(ids[i], "validate.score_distribution");
            assert_string_equal(golden_text(e, "verdict"), open ? "info" : "refused");
            if (!open) {
                assert_null(vouch__json_get(e, "value"));
                assert_non_null(strstr(golden_text(e, "note"), bad ? "is bad" : "No case"));
            }
        }
        vouch__evidence_free(&list);
    }
    b.n = 0;
    vouch__evidence list = run(ctx, &b, &a);
    assert_int_equal(list.entries->len, IDS);
    for (size_t i = 0; i < IDS; i++)
        assert_string_equal(golden_text(entry_of(&list, ids[i]), "verdict"), "refused");
    vouch__evidence_free(&list);
    b = scored(&part, PART, "test");
    a.n = 0; /* nothing to compare with */
    list = run(ctx, &b, &a);
    assert_string_equal(golden_text(entry_of(&list, "validate.gap"), "verdict"), "refused");
    assert_string_equal(golden_text(entry_of(&list, "validate.psi_score"), "verdict"), "refused");
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

/* Ten cases, two bads, or a part of one case: every number that is written is a number. */
static void small_and_degenerate_parts_never_give_nan(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static sample s;
    vouch__scored a = scored(&train, TRAIN, "train");
    for (size_t n = 1; n <= 40; n++)
        for (int kind = 0; kind < 4; kind++) {
            draw(&s, n, 0);
            for (size_t i = 0; i < n; i++) {
                if (kind == 1) /* constant */
                    s.raw[i] = 0.25, s.probability[i] = 0.25;
                if (kind == 2) /* certain, and wrong now and then */
                    s.probability[i] = s.raw[i] > 0 ? 1 : 0, s.raw[i] = s.raw[i] > 0 ? INFINITY : -INFINITY;
                if (kind == 3) /* perfect */
                    s.raw[i] = s.bad[i] ? 2.0 : -2.0;
                s.bad[i] = i < 2 ? (uint8_t)i : s.bad[i];
            }
            vouch__scored b = scored(&s, n, "test");
            vouch__evidence list = run(ctx, &b, &a);
            vouch__buf text;
            vouch__buf_init(ctx, &text, 0);
            vouch__json_write(&text, list.entries);
            assert_ok(ctx, vouch__buf_status(ctx, &text));
            assert_null(strstr(text.at, "nan"));
            for (const vouch__json *e = list.entries->first; e; e = e->next) {
                const vouch__json *value = vouch__json_get(e, "value");
                assert_true(!value || !isnan(value->number));
                check_tables(e);
            }
            vouch__buf_free(&text);
            vouch__evidence_free(&list);
        }
    vouch_ctx_free(ctx);
}

static void weights_are_used_and_said(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    b.weight = part.weight;
    vouch__evidence list = run(ctx, &b, &a);
    double auc;
    assert_ok(ctx, vouch_validate_auc(ctx, PART, b.raw, b.bad, b.weight, &auc));
    const vouch__json *e = entry_of(&list, "validate.auc");
    assert_close(golden_number(e, "value"), auc, 0);
    assert_null(vouch__json_get(e, "interval"));
    assert_non_null(strstr(golden_text(e, "note"), "weights"));
    vouch__evidence_free(&list);
    for (size_t i = 0; i < PART; i++)
        part.weight[i] = 1.0; /* weights of one change no number */
    vouch__evidence ones = run(ctx, &b, &a);
    b.weight = NULL;
    list = run(ctx, &b, &a);
    for (size_t i = 0; i < IDS; i++)
        if (vouch__json_get(entry_of(&list, ids[i]), "value"))
            assert_close(golden_number(entry_of(&ones, ids[i]), "value"),
                         golden_number(entry_of(&list, ids[i]), "value"), 1e-13);
    vouch__evidence_free(&ones);
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void a_missing_score_fails_and_is_named(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static sample s;
    vouch__evidence list;
    draw(&s, 50, 0);
    s.raw[17] = NAN;
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&s, 50, "test");
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    assert_status(ctx, vouch__validate_suite(ctx, &b, &a, &list), VOUCH_E_DATA);
    assert_error_has(ctx, "card on test: score[17]");
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static void the_bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    vouch__scored a = scored(&train, TRAIN, "train"), b = scored(&part, PART, "test");
    char *first = NULL;
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx *ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = threads });
        vouch__evidence list = run(ctx, &b, &a);
        vouch__buf text;
        vouch__buf_init(ctx, &text, 0);
        vouch__json_write(&text, list.entries);
        assert_ok(ctx, vouch__buf_status(ctx, &text));
        if (!first)
            first = strdup(text.at);
        assert_string_equal(first, text.at);
        vouch__buf_free(&text);
        vouch__evidence_free(&list);
        vouch_ctx_free(ctx);
    }
    free(first);
}

static vouch_status once(vouch_ctx *ctx, void *arg)
{
    vouch__evidence list;
    vouch__scored a = scored(&train, 400, "train"), b = scored(&part, 300, "test");
    (void)arg;
    vouch_status status = vouch__evidence_new(ctx, NULL, &list);
    if (status)
        return status;
    status = vouch__validate_suite(ctx, &b, &a, &list);
    vouch__evidence_free(&list);
    return status;
}

static void every_allocation_failure_is_survived(void **state)
{
    (void)state;
    sweep_allocations(once, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_test_is_there_once_with_its_words),
        cmocka_unit_test(numbers_are_those_of_the_metrics),
        cmocka_unit_test(the_baseline_is_trains_bad_rate),
        cmocka_unit_test(a_right_model_is_found_calibrated_and_a_shifted_one_not),
        cmocka_unit_test(gains_end_at_everything_and_do_not_depend_on_the_order_of_rows),
        cmocka_unit_test(the_roc_curve_is_short_rising_and_holds_the_auc),
        cmocka_unit_test(bands_say_whether_the_bad_rate_rises),
        cmocka_unit_test(the_histogram_has_round_bins_and_whole_shares),
        cmocka_unit_test(one_class_and_no_cases_are_refused_without_a_number),
        cmocka_unit_test(small_and_degenerate_parts_never_give_nan),
        cmocka_unit_test(weights_are_used_and_said),
        cmocka_unit_test(a_missing_score_fails_and_is_named),
        cmocka_unit_test(the_bytes_do_not_depend_on_threads),
        cmocka_unit_test(every_allocation_failure_is_survived),
    };
    draw(&train, TRAIN, 0);
    draw(&part, PART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
