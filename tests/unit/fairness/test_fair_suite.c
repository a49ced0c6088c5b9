/* The fair-lending suite: it finds what is planted, stays quiet where nothing is, and says what it cannot
 * say. */
#include "check.h"

#include "fairness/groups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 3000, TRAIN_ROWS = 2000, COLS = 8 };
enum { INCOME, DEBT, REGION, CODE, CURVE, SEX, AGE, RACE };

static const char *const names[COLS] = { "income", "debt", "region", "code", "curve", "SEX", "AGE", "race" };
static const vouch_type types[COLS] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_TEXT,    VOUCH_INTEGER,
                                        VOUCH_NUMBER, VOUCH_TEXT,   VOUCH_INTEGER, VOUCH_INTEGER };
static const char *const regions[] = { "north", "south", "east", "west" };
static double value[COLS][ROWS], target[ROWS];
static const char *region[ROWS], *sex[ROWS];
static uint32_t rows_of[2][ROWS];

typedef enum plant { NOTHING, BY_REGION, BY_CURVE, BY_MISSING, BY_INCOME, BY_CODE } plant;

/* SEX, AGE and race are independent of the features unless something is planted for SEX. */
static void simulate(plant what)
{
    for (size_t i = 0; i < ROWS; i++) {
        bool f = seeded() < 0.4;
        double u = seeded();
        sex[i] = f ? "F" : "M";
        value[INCOME][i] = seeded_normal() + (what == BY_INCOME && f ? 1.5 : 0);
        value[DEBT][i] = what == BY_MISSING && seeded() < (f ? 0.6 : 0.02) ? NAN : seeded();
        region[i] = what == BY_REGION && seeded() < 0.8 ? regions[f ? 1 : 3] : regions[seeded_below(4)];
        value[CURVE][i] = what == BY_CURVE && f ? (u < 0.5 ? seeded() * 0.2 : 0.8 + seeded() * 0.2)
                                                : seeded();
        value[CODE][i] = what == BY_CODE ? (f ? 17 : 4) : (double)seeded_below(3);
        value[AGE][i] = 18 + (double)seeded_below(60);
        value[RACE][i] = u < 0.005 ? 3 : (double)(1 + (u < 0.3));
        target[i] = seeded() < 1 / (1 + exp(1 + value[INCOME][i]));
    }
}

/* A table, a split, a scorecard on it, and a list for evidence. */
typedef struct world {
    vouch_ctx *ctx;
    vouch_table *table;
    vouch__split split;
    vouch_model *model;
    vouch__evidence list;
    vouch__policy *policy;
    size_t protected_column[3], feature[COLS];
    vouch__fair_data data;
} world;

static vouch_status make_table(vouch_ctx *ctx, size_t n, vouch_table **out)
{
    const double *number[COLS];
    const char *const *text[COLS] = { NULL };
    vouch__table_builder *builder;
    for (size_t j = 0; j < COLS; j++)
        number[j] = value[j];
    text[REGION] = region;
    text[SEX] = sex;
    vouch_status status = vouch__table_builder_new(ctx, COLS, names, types, &builder);
    if (status)
        return status;
    status = vouch__table_builder_add(ctx, builder, n, number, text);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out);
    vouch__table_builder_free(builder);
    return status;
}

static vouch_status fit(vouch_ctx *ctx, const vouch_table *table, size_t n, size_t n_inputs,
                        const size_t *column, vouch_model **out)
{
    double parameter[64];
    vouch__inputs inputs = { 0 };
    vouch__binding binding = { 0 };
    vouch__doc *doc = NULL;
    vouch_status status = vouch__inputs_new(ctx, n_inputs, &inputs);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    for (size_t j = 0; !status && j < n_inputs; j++) {
        vouch__input *at = &inputs.at[j];
        size_t cats = vouch_table_type(table, column[j]) == VOUCH_TEXT
                          ? vouch_table_categories(table, column[j])
                          : 0;
        at->name = vouch__strdup(ctx, vouch_table_name(table, column[j]));
        at->category = vouch__alloc(ctx, cats + 1, sizeof *at->category);
        at->is_category = cats > 0;
        if (!at->name || !at->category) {
            status = vouch__oom(ctx);
            break;
        }
        for (; !status && at->n_categories < cats; at->n_categories++) {
            at->category[at->n_categories] = vouch__strdup(
                ctx, vouch_table_category(table, column[j], at->n_categories));
            if (!at->category[at->n_categories])
                status = vouch__oom(ctx);
        }
    }
    if (!status)
        status = vouch__bind(ctx, &inputs, table, &binding);
    if (!status) {
        const vouch__model_kind *kind = &vouch__kind_scorecard;
        vouch__fit_data data = { .binding = &binding };
        data.train = (vouch__part_rows){ n, rows_of[0], target, NULL };
        for (size_t i = 0; i < kind->n_params; i++)
            parameter[i] = strcmp(kind->params[i].name, "min_iv") == 0 ? 0 : kind->params[i].value;
        status = vouch__model_fit(ctx, kind, "card", &inputs, parameter, &data, doc, vouch__json_object(doc),
                                  out);
        vouch__binding_clear(&binding);
    }
    vouch__inputs_clear(&inputs);
    vouch__doc_free(doc);
    return status;
}

static const char policy_text[] = "name: test\nversion: '1'\nlimits:\n"
                                  "  fairness.prohibited: {direction: above, fail: 0}\n"
                                  "  fairness.proxy: {direction: above, advisory: 0.6, fail: 0.85}\n"
                                  "  fairness.score_proxy: {direction: above, advisory: 0.6, fail: 0.8}\n"
                                  "  fairness.air: {direction: below, advisory: 0.9, fail: 0.8}\n"
                                  "  fairness.smd: {direction: above, advisory: 0.3, fail: 0.5}\n"
                                  "  fairness.error_rates: {direction: above, advisory: 0.1, fail: 0.2}\n"
                                  "  fairness.flip: {direction: above, fail: 0}\n";

static vouch_status make_world(vouch_ctx *ctx, size_t n, size_t n_train, size_t n_inputs,
                               const size_t *inputs, world *w)
{
    memset(w, 0, sizeof *w);
    w->ctx = ctx;
    for (size_t i = 0; i < n; i++)
        rows_of[i >= n_train][i < n_train ? i : i - n_train] = (uint32_t)i;
    w->split.n[VOUCH__TRAIN] = n_train;
    w->split.n[VOUCH__TEST] = n - n_train;
    w->split.row[VOUCH__TRAIN] = rows_of[0];
    w->split.row[VOUCH__TEST] = rows_of[1];
    for (size_t j = 0; j < COLS; j++)
        w->feature[j] = j;
    for (size_t j = 0; j < 3; j++)
        w->protected_column[j] = SEX + j;
    vouch_status status = vouch__policy_read(ctx, "p", policy_text, sizeof policy_text - 1, &w->policy);
    if (!status)
        status = vouch__evidence_new(ctx, w->policy, &w->list);
    if (!status)
        status = make_table(ctx, n, &w->table);
    if (!status && n_inputs > 0)
        status = fit(ctx, w->table, n_train, n_inputs, inputs, &w->model);
    w->data = (vouch__fair_data){ .table = w->table,
                                  .split = &w->split,
                                  .protected_column = w->protected_column,
                                  .n_protected = 3,
                                  .feature = w->feature,
                                  .n_features = SEX,
                                  .seed = 5 };
    return status;
}

static void clear_world(world *w)
{
    vouch__evidence_free(&w->list);
    vouch__policy_free(w->policy);
    vouch_model_free(w->model);
    vouch_table_unref(w->table);
}

static const vouch__json *entry_of(const world *w, const char *id, const char *subject)
{
    for (const vouch__json *e = w->list.entries->first; e; e = e->next) {
        const char *about = vouch__json_string(vouch__json_get(e, "subject"));
        if (strcmp(vouch__json_string(vouch__json_get(e, "id")), id) == 0 &&
            (!subject || (about && strcmp(about, subject) == 0)))
            return e;
    }
    fail_msg("no entry %s about %s", id, subject ? subject : "anything");
    return NULL;
}

static double number_of(const vouch__json *entry, const char *key)
{
    return vouch__json_double(vouch__json_get(entry, key), NAN);
}

static void assert_verdict(const vouch__json *entry, const char *want)
{
    assert_string_equal(vouch__json_string(vouch__json_get(entry, "verdict")), want);
}

static void groups_are_made_as_declared(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    world w;
    vouch__groups g;
    simulate(NOTHING);
    value[RACE][7] = NAN;
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 0, NULL, &w));
    size_t mark = vouch__scratch_mark(ctx);
    assert_ok(ctx, vouch__groups_make(ctx, &w.data, AGE, ROWS - TRAIN_ROWS, rows_of[1], &g));
    assert_int_equal(g.n_groups, 3);
    assert_string_equal(g.label[0], "under 40");
    assert_string_equal(g.label[2], "62 and over");
    for (size_t i = 0; i < g.n; i++) {
        double age = value[AGE][TRAIN_ROWS + i];
        assert_int_equal(g.of[i], age < 40 ? 0 : age < 62 ? 1 : 2);
    }
    assert_ok(ctx, vouch__groups_make(ctx, &w.data, SEX, TRAIN_ROWS, rows_of[0], &g));
    assert_int_equal(g.n_groups, 2);
    assert_string_equal(g.label[g.reference], "M"); /* the largest */
    assert_ok(ctx, vouch__groups_make(ctx, &w.data, RACE, TRAIN_ROWS, rows_of[0], &g));
    assert_int_equal(g.n_groups, 4);
    assert_string_equal(g.label[1], "2");
    assert_string_equal(g.label[g.missing], "missing");
    assert_int_equal(g.count[g.missing], 1);
    assert_ok(ctx, vouch__groups_make(ctx, &w.data, INCOME, TRAIN_ROWS, rows_of[0], &g));
    assert_int_equal(g.n_groups, 4);
    assert_int_equal(g.count[0], 500); /* quartiles of the training rows */
    assert_non_null(strstr(g.label[1], "< income <="));
    vouch__scratch_reset(ctx, mark);
    clear_world(&w);
    vouch_ctx_free(ctx);
}

static void unrelated_features_show_nothing(void **state)
{
    (void)state;
    size_t findings = 0, significant = 0;
    enum { ROUNDS = 40 };
    for (int round = 0; round < ROUNDS; round++) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        world w;
        bool any = false;
        simulate(NOTHING);
        assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 0, NULL, &w));
        w.data.seed = (uint64_t)round;
        assert_ok(ctx, vouch__fair_proxy(ctx, &w.data, &w.list));
        for (size_t j = 0; j < 3; j++) {
            const vouch__json *e = entry_of(&w, "fairness.proxy", names[SEX + j]);
            findings += strcmp(vouch__json_string(vouch__json_get(e, "verdict")), "pass") != 0;
            any = any || number_of(e, "p_value") < 0.05;
            assert_true(number_of(e, "value") < 0.6);
        }
        significant += any;
        clear_world(&w);
        vouch_ctx_free(ctx);
    }
    assert_int_equal(findings, 0);
    assert_true(significant <= 7); /* 5 % of 40 is 2; more than 7 has a chance of one in a thousand */
}

static void what_is_planted_is_found_in_any_shape(void **state)
{
    (void)state;
    static const struct {
        plant what;
        const char *feature;
    } cases[] = {
        { BY_REGION, "region" }, { BY_CURVE, "curve" }, { BY_MISSING, "debt" }, { BY_INCOME, "income" }
    };
    for (int round = 0; round < 40; round++) {
        vouch_ctx *ctx = vouch_ctx_new(NULL);
        world w;
        simulate(cases[round % 4].what);
        assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 0, NULL, &w));
        assert_ok(ctx, vouch__fair_proxy(ctx, &w.data, &w.list));
        const vouch__json *e = entry_of(&w, "fairness.proxy", "SEX");
        assert_true(number_of(e, "value") > 0.7 && number_of(e, "p_value") < 1e-6);
        assert_true(strcmp(vouch__json_string(vouch__json_get(e, "verdict")), "pass") != 0);
        assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), cases[round % 4].feature));
        const vouch__json *row = vouch__json_get(vouch__json_get(vouch__json_get(e, "tables"), "features"),
                                                 "rows");
        assert_string_equal(vouch__json_string(row->first->first), cases[round % 4].feature);
        assert_verdict(entry_of(&w, "fairness.proxy", "AGE"), "pass");
        clear_world(&w);
        vouch_ctx_free(ctx);
    }
}

static void proxies_have_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    char first[VOUCH__HEX] = "", hex[VOUCH__HEX];
    simulate(BY_REGION);
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        world w;
        vouch__buf text;
        vouch__buf_init(ctx, &text, 0);
        assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 0, NULL, &w));
        assert_ok(ctx, vouch__fair_proxy(ctx, &w.data, &w.list));
        vouch__json_write(&text, w.list.entries);
        assert_ok(ctx, vouch__hash_hex(ctx, text.at, text.len, hex));
        if (threads == 1)
            memcpy(first, hex, sizeof hex);
        assert_string_equal(hex, first);
        vouch__buf_free(&text);
        clear_world(&w);
        vouch_ctx_free(ctx);
    }
}

static void a_protected_column_is_found_under_any_coding(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t clean[] = { INCOME, DEBT, REGION, CODE }, itself[] = { INCOME, SEX },
                 banded[] = { INCOME, CURVE };
    world w;
    simulate(NOTHING);
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 4, clean, &w));
    assert_ok(ctx, vouch__fair_scan(ctx, &w.data, w.model, &w.list));
    assert_verdict(entry_of(&w, "fairness.prohibited", NULL), "pass");
    clear_world(&w);

    simulate(BY_CODE); /* 17 is F, 4 is M */
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 4, clean, &w));
    assert_ok(ctx, vouch__fair_scan(ctx, &w.data, w.model, &w.list));
    const vouch__json *e = entry_of(&w, "fairness.prohibited", NULL);
    assert_verdict(e, "fail");
    assert_close(number_of(e, "value"), 1, 0);
    const vouch__json *row = vouch__json_get(vouch__json_get(vouch__json_get(e, "tables"), "found"), "rows");
    assert_string_equal(vouch__json_string(vouch__json_at(row->first, 0)), "code");
    assert_string_equal(vouch__json_string(vouch__json_at(row->first, 1)), "SEX");
    assert_string_equal(vouch__json_string(vouch__json_at(row->first, 2)), "equals it under another coding");
    clear_world(&w);

    simulate(NOTHING);
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 2, itself, &w));
    assert_ok(ctx, vouch__fair_scan(ctx, &w.data, w.model, &w.list));
    assert_verdict(entry_of(&w, "fairness.prohibited", NULL), "fail");
    clear_world(&w);

    for (size_t i = 0; i < ROWS; i++) /* a flag for the old follows from age */
        value[CURVE][i] = value[AGE][i] >= 65;
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 2, banded, &w));
    assert_ok(ctx, vouch__fair_scan(ctx, &w.data, w.model, &w.list));
    e = entry_of(&w, "fairness.prohibited", NULL);
    row = vouch__json_get(vouch__json_get(vouch__json_get(e, "tables"), "found"), "rows");
    assert_string_equal(vouch__json_string(vouch__json_at(row->first, 2)), "a coarser coding of it");
    clear_world(&w);
    vouch_ctx_free(ctx);
}

/* Decisions by the score, with a penalty on one group's score so that the disparity is known. */
static void decide(world *w, double shift, double *raw, uint8_t *approve, uint8_t *bad)
{
    static double all[ROWS];
    assert_ok(w->ctx, vouch_model_score(w->ctx, w->model, w->table, all, NULL, NULL));
    for (size_t i = 0; i < ROWS - TRAIN_ROWS; i++) {
        size_t at = TRAIN_ROWS + i;
        raw[i] = all[at] + (sex[at][0] == 'F' ? shift : 0);
        approve[i] = raw[i] <= -0.8;
        bad[i] = target[at] > 0.5;
    }
}

static void disparities_are_measured_and_judged(void **state)
{
    (void)state;
    static double raw[ROWS];
    static uint8_t approve[ROWS], bad[ROWS], side[ROWS];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t inputs[] = { INCOME, DEBT, REGION };
    world w;
    uint64_t n[2] = { 0 }, yes[2] = { 0 };
    vouch_air air = { 0 };
    double smd = NAN;
    vouch__legal *fha = NULL;
    const char text[] =
        "name: strict\ntests: {fairness.air: run, fairness.smd: run, fairness.error_rates: run}\n";
    simulate(NOTHING);
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 3, inputs, &w));
    assert_ok(ctx, vouch__legal_read(ctx, "strict", text, sizeof text - 1, &fha));
    decide(&w, 1.0, raw, approve, bad);
    assert_ok(ctx,
              vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, &fha, 1, &w.list));
    for (size_t i = 0; i < ROWS - TRAIN_ROWS; i++) {
        side[i] = sex[TRAIN_ROWS + i][0] == 'F';
        n[side[i]]++;
        yes[side[i]] += approve[i];
    }
    assert_ok(ctx, vouch_fairness_air(ctx, yes[1], n[1], yes[0], n[0], 0.95, &air));
    assert_ok(ctx, vouch_fairness_smd(ctx, ROWS - TRAIN_ROWS, raw, side, &smd));
    const vouch__json *e = entry_of(&w, "fairness.air", "SEX");
    assert_close(number_of(e, "value"), air.ratio, 1e-15);
    assert_close(number_of(vouch__json_get(e, "interval"), "low"), air.low, 1e-15);
    assert_close(number_of(e, "p_value"), air.p_value, 1e-15);
    assert_true(air.ratio < 0.8);
    assert_verdict(e, "fail");
    e = entry_of(&w, "fairness.smd", "SEX");
    assert_close(number_of(e, "value"), smd / 100, 1e-14);
    assert_true(smd > 50); /* towards decline */
    assert_verdict(e, "fail");
    assert_verdict(entry_of(&w, "fairness.error_rates", "SEX"), "fail");
    assert_true(number_of(entry_of(&w, "fairness.score_proxy", "SEX"), "value") > 0.6);
    e = entry_of(&w, "fairness.flip", "SEX");
    assert_verdict(e, "not-applicable");
    assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), "not an input"));
    e = entry_of(&w, "fairness.air", "race: 3"); /* some five cases */
    assert_verdict(e, "refused");
    assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), "Too small"));
    assert_int_equal(w.list.worst, VOUCH__FAIL);
    vouch__legal_free(fha);
    clear_world(&w);
    vouch_ctx_free(ctx);
}

static void profiles_soften_and_block(void **state)
{
    (void)state;
    static double raw[ROWS];
    static uint8_t approve[ROWS], bad[ROWS];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t inputs[] = { INCOME, DEBT, REGION };
    world w;
    vouch__legal *legal = NULL;
    const char text[] = "name: mild\ntests: {fairness.air: advisory, fairness.smd: blocked}\n";
    simulate(NOTHING);
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 3, inputs, &w));
    assert_ok(ctx, vouch__legal_read(ctx, "mild", text, sizeof text - 1, &legal));
    decide(&w, 1.0, raw, approve, bad);
    assert_ok(
        ctx, vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, &legal, 1, &w.list));
    const vouch__json *e = entry_of(&w, "fairness.air", "SEX");
    assert_verdict(e, "advisory");
    assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), "'mild'"));
    e = entry_of(&w, "fairness.smd", "SEX");
    assert_verdict(e, "not-applicable");
    assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), "'mild' blocks"));
    assert_nan(number_of(e, "value"));
    assert_int_equal(w.list.worst, VOUCH__ADVISORY);
    vouch__legal_free(legal);
    clear_world(&w);
    vouch_ctx_free(ctx);
}

static void a_flip_that_changes_decisions_fails(void **state)
{
    (void)state;
    static double raw[ROWS], all[ROWS];
    static uint8_t approve[ROWS], bad[ROWS];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t inputs[] = { INCOME, SEX };
    world w;
    vouch__legal *legal = NULL;
    const char text[] = "name: strict\ntests: {fairness.flip: run}\n";
    simulate(NOTHING);
    for (size_t i = 0; i < ROWS; i++) /* the outcome depends on SEX, so the model uses it */
        target[i] = seeded() < (sex[i][0] == 'F' ? 0.7 : 0.3);
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 2, inputs, &w));
    assert_ok(ctx, vouch__legal_read(ctx, "strict", text, sizeof text - 1, &legal));
    assert_ok(ctx, vouch_model_score(ctx, w.model, w.table, all, NULL, NULL));
    for (size_t i = 0; i < ROWS - TRAIN_ROWS; i++) {
        raw[i] = all[TRAIN_ROWS + i];
        approve[i] = raw[i] <= 0;
        bad[i] = target[TRAIN_ROWS + i] > 0.5;
    }
    assert_ok(
        ctx, vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, &legal, 1, &w.list));
    const vouch__json *e = entry_of(&w, "fairness.flip", "SEX");
    assert_verdict(e, "fail");
    assert_true(number_of(e, "value") > 0.9);
    assert_verdict(entry_of(&w, "fairness.flip", "AGE"), "not-applicable");
    vouch__legal_free(legal);
    clear_world(&w);

    approve[0] = !approve[0]; /* a decision against the score */
    assert_ok(ctx, make_world(ctx, ROWS, TRAIN_ROWS, 2, inputs, &w));
    assert_ok(ctx,
              vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, NULL, 0, &w.list));
    assert_verdict(entry_of(&w, "fairness.flip", "SEX"), "refused");
    clear_world(&w);
    vouch_ctx_free(ctx);
}

static void small_differences_that_chance_explains_only_advise(void **state)
{
    (void)state;
    enum { N = 81, MEN = 41 };
    double raw[N];
    uint8_t approve[N], bad[N];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t inputs[] = { INCOME };
    world w;
    vouch__legal *legal = NULL;
    const char text[] = "name: strict\ntests: {fairness.air: run}\n";
    simulate(NOTHING);
    for (size_t i = 0; i < N; i++) { /* 29 of 41 men approved, 22 of 40 women: ratio 0.778 */
        sex[TRAIN_ROWS + i] = i < MEN ? "M" : "F";
        approve[i] = i < MEN ? i < 29 : i - MEN < 22;
        raw[i] = approve[i] ? -1 : 1;
        bad[i] = i % 2;
    }
    assert_ok(ctx, make_world(ctx, TRAIN_ROWS + N, TRAIN_ROWS, 1, inputs, &w));
    assert_ok(ctx, vouch__legal_read(ctx, "strict", text, sizeof text - 1, &legal));
    assert_ok(
        ctx, vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, &legal, 1, &w.list));
    const vouch__json *e = entry_of(&w, "fairness.air", "SEX");
    assert_close(number_of(e, "value"), (22.0 / 40) / (29.0 / 41), 1e-15);
    assert_verdict(e, "advisory"); /* below 0.8, but one step milder */
    assert_non_null(strstr(vouch__json_string(vouch__json_get(e, "note")), "chance"));
    vouch__legal_free(legal);
    clear_world(&w);
    vouch_ctx_free(ctx);
}

static vouch_status whole_suite(vouch_ctx *ctx, void *arg)
{
    enum { N = 300, T = 200 };
    static double raw[N];
    static uint8_t approve[N], bad[N];
    const size_t inputs[] = { INCOME, SEX };
    world w;
    (void)arg;
    for (size_t i = 0; i < N - T; i++) {
        raw[i] = value[INCOME][T + i];
        approve[i] = raw[i] <= 0;
        bad[i] = i % 3 == 0;
    }
    vouch_status status = make_world(ctx, N, T, 2, inputs, &w);
    if (!status)
        status = vouch__fair_scan(ctx, &w.data, w.model, &w.list);
    if (!status)
        status = vouch__fair_proxy(ctx, &w.data, &w.list);
    if (!status)
        status = vouch__fair_outcomes(ctx, &w.data, w.model, VOUCH__TEST, raw, approve, bad, NULL, 0,
                                      &w.list);
    clear_world(&w);
    return status;
}

static void the_suite_survives_every_allocation_failure(void **state)
{
    (void)state;
    simulate(BY_INCOME);
    for (size_t i = 0; i < ROWS; i++)
        target[i] = seeded() < (sex[i][0] == 'F' ? 0.7 : 0.3);
    sweep_allocations(whole_suite, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_made_as_declared),
        cmocka_unit_test(unrelated_features_show_nothing),
        cmocka_unit_test(what_is_planted_is_found_in_any_shape),
        cmocka_unit_test(proxies_have_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(a_protected_column_is_found_under_any_coding),
        cmocka_unit_test(disparities_are_measured_and_judged),
        cmocka_unit_test(profiles_soften_and_block),
        cmocka_unit_test(a_flip_that_changes_decisions_fails),
        cmocka_unit_test(small_differences_that_chance_explains_only_advise),
        cmocka_unit_test(the_suite_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
