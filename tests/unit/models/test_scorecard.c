/* The scorecard kind: integer points are the model, in scores, contributions, files and words. */
#include "check.h"

#include "models/card.h"
#include "models/model_kind.h"
#include "models/scorecard/card_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1500, COLS = 5 };

static double column[COLS][ROWS], target[ROWS], weight[ROWS];
static const char *words[ROWS];
static uint32_t row[ROWS];
static const char *const names[COLS] = { "debt", "late", "purpose", "noise", "debt_again" };
static const char *const purposes[] = { "car", "home \"new\"", "it's", "school", "travel", "yacht" };

/* Bads grow with debt and late; late has a special code and missing values; purpose is a category. */
static void simulate(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double late = floor(seeded() * 5), u = seeded(), eta;
        size_t p = seeded_below(5);
        column[0][i] = column[4][i] = 1000 * seeded();
        column[1][i] = u < 0.05 ? NAN : u < 0.15 ? -2 : late;
        words[i] = u > 0.98 ? NULL : p == 4 && i % 9 == 0 ? purposes[5] : purposes[p];
        column[3][i] = seeded();
        eta = -2.2 + column[0][i] / 500 + 0.4 * (u < 0.15 ? 1 : late) + 0.3 * (double)p;
        target[i] = seeded() < 1 / (1 + exp(-eta));
        weight[i] = 0.5 + seeded();
        row[i] = (uint32_t)i;
    }
}

static vouch_status make_table(vouch_ctx *ctx, size_t n, vouch_table **out)
{
    static const vouch_type type[COLS] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_TEXT, VOUCH_NUMBER,
                                           VOUCH_NUMBER };
    const double *value[COLS] = { column[0], column[1], NULL, column[3], column[4] };
    const char *const *text[COLS] = { NULL, NULL, words, NULL, NULL };
    vouch__table_builder *builder;
    vouch_status status = vouch__table_builder_new(ctx, COLS, names, type, &builder);
    if (status)
        return status;
    status = vouch__table_builder_add(ctx, builder, n, value, text);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out);
    vouch__table_builder_free(builder);
    return status;
}

static vouch_status name_inputs(vouch_ctx *ctx, size_t cols, const vouch_table *table, vouch__inputs *inputs)
{
    for (size_t j = 0; j < cols; j++) {
        vouch__input *at = &inputs->at[j];
        at->name = vouch__strdup(ctx, names[j]);
        at->is_category = j == 2;
        at->monotone = j == 0 ? 1 : 0;
        at->category = vouch__alloc(ctx, 8, sizeof *at->category);
        at->special = vouch__alloc(ctx, 1, sizeof *at->special);
        if (!at->name || !at->category || !at->special)
            return vouch__oom(ctx);
        for (size_t k = 0; j == 2 && k < vouch_table_categories(table, 2); k++, at->n_categories++) {
            at->category[k] = vouch__strdup(ctx, vouch_table_category(table, 2, k));
            if (!at->category[k])
                return vouch__oom(ctx);
        }
        at->n_special = j == 1;
        at->special[0] = -2;
    }
    return VOUCH_OK;
}

typedef struct options {
    size_t n, cols;
    bool weighted;
    const vouch__overrides *overrides;
    double value[VOUCH__CARD_PARAMS]; /* parameters that are set, NaN where the default holds */
} options;

static options usual(void)
{
    options o = { .n = ROWS, .cols = 4 };
    for (size_t i = 0; i < VOUCH__CARD_PARAMS; i++)
        o.value[i] = NAN;
    return o;
}

static vouch_status fit_on(vouch_ctx *ctx, const vouch_table *table, const options *o, vouch__doc *doc,
                           vouch__json *log, vouch_model **out)
{
    const vouch__model_kind *kind = &vouch__kind_scorecard;
    double value[VOUCH__CARD_PARAMS];
    vouch__inputs inputs = { 0 };
    vouch__binding binding = { 0 };
    vouch_status status = vouch__inputs_new(ctx, o->cols, &inputs);
    if (status)
        return status;
    status = name_inputs(ctx, o->cols, table, &inputs);
    if (!status)
        status = vouch__bind(ctx, &inputs, table, &binding);
    if (!status) {
        vouch__fit_data data = { .binding = &binding, .seed = 1, .overrides = o->overrides };
        data.train = (vouch__part_rows){ o->n, row, target, o->weighted ? weight : NULL };
        for (size_t i = 0; i < kind->n_params; i++)
            value[i] = isnan(o->value[i]) ? kind->params[i].value : o->value[i];
        status = vouch__model_fit(ctx, kind, "card", &inputs, value, &data, doc, log, out);
        vouch__binding_clear(&binding);
    }
    vouch__inputs_clear(&inputs);
    return status;
}

/* Everything a test needs, made and freed together. */
typedef struct bench {
    vouch_ctx *ctx;
    vouch_table *table;
    vouch__doc *doc;
    vouch__json *log;
    vouch_model *model;
    const vouch__card *card;
} bench;

static bench make(const options *o, unsigned threads)
{
    vouch_ctx_options with = { .threads = threads };
    bench b = { .ctx = vouch_ctx_new(&with) };
    assert_ok(b.ctx, make_table(b.ctx, o->n, &b.table));
    assert_ok(b.ctx, vouch__doc_new(b.ctx, &b.doc));
    b.log = vouch__json_object(b.doc);
    assert_ok(b.ctx, fit_on(b.ctx, b.table, o, b.doc, b.log, &b.model));
    b.card = vouch__model_card(b.model);
    assert_non_null(b.card);
    return b;
}

static void unmake(bench *b)
{
    vouch_model_free(b->model);
    vouch__doc_free(b->doc);
    vouch_table_unref(b->table);
    vouch_ctx_free(b->ctx);
}

static void every_number_is_derived_from_integer_points(void **state)
{
    (void)state;
    static double raw[ROWS], p[ROWS];
    static int32_t points[ROWS];
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    assert_ok(b.ctx, vouch_model_score(b.ctx, b.model, b.table, raw, p, points));
    double factor = 20 / log(2), offset = 600 - factor * log(50), lowest = 1e9, highest = -1e9;
    for (size_t i = 0; i < ROWS; i++) {
        assert_close(raw[i], (offset - points[i]) / factor, 1e-13);
        assert_close(p[i], 1 / (1 + exp(-raw[i])), 1e-14);
        lowest = fmin(lowest, points[i]);
        highest = fmax(highest, points[i]);
    }
    assert_true(highest - lowest > 60);
    /* 600 points are odds of 50 to 1, and 20 points more double them */
    assert_close((offset - 600) / factor, -log(50), 1e-14);
    unmake(&b);
}

static void points_are_close_to_the_regression_before_rounding(void **state)
{
    (void)state;
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    const vouch__json *effect = vouch__json_get(b.log, "rounding");
    double largest = vouch__json_double(vouch__json_get(effect, "largest_points"), NAN);
    double exact = vouch__json_double(vouch__json_get(effect, "auc_exact"), NAN);
    double whole = vouch__json_double(vouch__json_get(effect, "auc_points"), NAN);
    assert_true(largest > 0 && largest <= 1.5 * (double)b.card->n + 0.5);
    assert_true(exact > 0.7 && exact < 0.95);
    assert_close(whole, exact, 0.01);
    for (size_t c = 0; c < b.card->n; c++) /* points follow WoE: more points, safer */
        for (size_t i = 0; i < b.card->at[c].n_bins; i++)
            for (size_t j = 0; j < b.card->at[c].n_bins; j++)
                if (b.card->at[c].bin[i].woe > b.card->at[c].bin[j].woe)
                    assert_true(b.card->at[c].bin[i].points >= b.card->at[c].bin[j].points);
    unmake(&b);
}

/* A card's points changed by hand, judged naively. */
enum { FEW = 600 };

static double auc_by_pairs(const int32_t *points)
{
    double pairs = 0, right = 0;
    for (size_t i = 0; i < FEW; i++)
        for (size_t j = 0; j < FEW; j++)
            if (target[i] > 0.5 && target[j] < 0.5) {
                pairs += 1;
                right += points[j] > points[i] ? 1 : points[j] == points[i] ? 0.5 : 0;
            }
    return right / pairs;
}

static void searched_rounding_loses_less_than_the_nearest(void **state)
{
    (void)state;
    static int32_t points[ROWS], moved[ROWS];
    simulate(ROWS);
    options o = usual(), nearest = usual();
    o.n = nearest.n = FEW;
    o.value[VOUCH__CARD_PDO] = nearest.value[VOUCH__CARD_PDO] = 4; /* coarse, so that rounding costs */
    o.value[VOUCH__CARD_BASE_SCORE] = nearest.value[VOUCH__CARD_BASE_SCORE] = 100;
    nearest.value[VOUCH__CARD_ROUNDING] = VOUCH__CARD_ROUND_NEAREST;
    bench b = make(&o, 0), plain = make(&nearest, 0);
    const vouch__json *effect = vouch__json_get(b.log, "rounding");
    double want = vouch__json_double(vouch__json_get(effect, "auc_points"), NAN);
    assert_ok(b.ctx, vouch_model_score(b.ctx, b.model, b.table, NULL, NULL, points));
    assert_close(auc_by_pairs(points), want, 1e-12);
    assert_ok(plain.ctx, vouch_model_score(plain.ctx, plain.model, plain.table, NULL, NULL, moved));
    double plain_auc = auc_by_pairs(moved);
    assert_close(vouch__json_double(vouch__json_get(effect, "auc_nearest"), NAN), plain_auc, 1e-12);
    assert_true(want > plain_auc);
    unmake(&b);
    unmake(&plain);
}

static void a_fit_by_other_rules_tells_so_and_holds_its_signs(void **state)
{
    (void)state;
    static const double rule[][6] = { /* penalty, choose, signs, stepwise, criterion, rounding */
                                      { VOUCH__CARD_LASSO, 1, VOUCH__CARD_SIGNS_DROP, 0, 0, 0 },
                                      { VOUCH__CARD_RIDGE, 0, VOUCH__CARD_SIGNS_HELD, 0, 0, 1 },
                                      { VOUCH__CARD_GIVEN, 0, VOUCH__CARD_SIGNS_HELD, 3, 1, 1 },
                                      { VOUCH__CARD_GIVEN, 0, VOUCH__CARD_SIGNS_FREE, 2, 0, 2 }
    };
    simulate(ROWS);
    for (size_t r = 0; r < 4; r++) {
        options o = usual();
        o.cols = COLS;
        for (size_t k = 0; k < 6; k++)
            o.value[k < 1 ? VOUCH__CARD_PENALTY : VOUCH__CARD_CHOOSE + k - 1] = rule[r][k];
        o.value[VOUCH__CARD_MIN_IV] = 0;
        bench b = make(&o, 0);
        assert_true(b.card->n >= 2);
        for (size_t c = 0; c < b.card->n; c++) {
            assert_true(r == 3 || b.card->at[c].coefficient < 0);
            assert_true(b.card->at[c].vif >= 1 - 1e-12 && b.card->at[c].vif < 1000);
            assert_true(isnan(b.card->at[c].error) == (r == 0));
        }
        assert_true((vouch__json_get(b.log, "penalty_path") != NULL) == (r < 2));
        assert_true((vouch__json_get(b.log, "stepwise") != NULL) == (r >= 2));
        double ll = vouch__json_double(vouch__json_get(b.log, "log_likelihood"), NAN);
        assert_close(vouch__json_double(vouch__json_get(b.log, "aic"), NAN),
                     2 * (double)(b.card->n + 1) - 2 * ll, 1e-12);
        unmake(&b);
    }
}

static void what_people_decide_holds_and_its_record_is_in_the_file(void **state)
{
    (void)state;
    static const char text[] =
        "title: board\n"
        "overrides:\n"
        "  - {column: debt, splits: [250, 500], by: Jane, reason: round sums, on: today}\n"
        "  - {column: purpose, groups: [[car, school], [travel, yacht]], by: Rui, reason: alike}\n"
        "  - {column: late, merge: [[1, 2]], by: Rui, reason: few}\n";
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__overrides decided;
    simulate(ROWS);
    assert_ok(ctx, vouch__overrides_read(ctx, "d.yaml", text, strlen(text), &decided));
    decided.signer = "Board";
    options o = usual(), plain = usual();
    o.overrides = &decided;
    bench b = make(&o, 0), was = make(&plain, 0);
    const vouch__card_input *debt = &b.card->at[0], *purpose = &b.card->at[2];
    assert_int_equal(debt->n_bins, 4); /* and missing */
    assert_true(debt->bin[0].high == 250 && debt->bin[1].high == 500 && isinf(debt->bin[2].high));
    assert_true(debt->iv < was.card->at[0].iv);
    assert_int_equal(b.card->at[1].n_bins + 1, was.card->at[1].n_bins);
    assert_int_equal(purpose->otherwise, 2);
    char *json, *again_json;
    vouch_model *again = NULL, *none = NULL;
    assert_ok(b.ctx, vouch_model_describe(b.ctx, b.model, &json));
    assert_non_null(strstr(json, "\"signed_by\":\"Board\""));
    assert_non_null(strstr(json, "[\"debt\",\"Jane\",\"today\",\"round sums\",\"debt <= "));
    assert_ok(b.ctx, vouch_model_read(b.ctx, b.model->file, b.model->file_len, &again));
    assert_ok(b.ctx, vouch_model_describe(b.ctx, again, &again_json));
    assert_string_equal(json, again_json);
    vouch_text_free(b.ctx, json);
    vouch_text_free(b.ctx, again_json);
    vouch_model_free(again);
    unmake(&was);
    static const char other[] = "overrides: [{column: dept, splits: [1], by: J, reason: r}]";
    vouch__overrides_clear(&decided);
    assert_ok(ctx, vouch__overrides_read(ctx, "d.yaml", other, strlen(other), &decided));
    assert_status(b.ctx, fit_on(b.ctx, b.table, &o, b.doc, vouch__json_object(b.doc), &none), VOUCH_E_FORMAT);
    assert_error_has(b.ctx, "d.yaml:1:13: 'dept' is no input of the model");
    vouch__overrides_clear(&decided);
    unmake(&b);
    vouch_ctx_free(ctx);
}

static void noise_and_copies_are_left_out_and_the_log_says_why(void **state)
{
    (void)state;
    simulate(ROWS);
    options o = usual();
    o.cols = COLS;
    bench b = make(&o, 0);
    bool copy = false, noise = false;
    const vouch__json *left_out = vouch__json_get(b.log, "left_out");
    for (const vouch__json *v = left_out->first; v; v = v->next) {
        const char *name = vouch__json_string(vouch__json_get(v, "input"));
        const char *why = vouch__json_string(vouch__json_get(v, "why"));
        copy = copy || (strcmp(name, "debt_again") == 0 && strstr(why, "collinear"));
        noise = noise || (strcmp(name, "noise") == 0 && strstr(why, "information"));
    }
    assert_true(noise);
    assert_true(copy);
    for (size_t c = 0; c < b.card->n; c++) {
        assert_true(b.card->at[c].coefficient < 0 && b.card->at[c].error > 0 && b.card->at[c].iv >= 0.02);
        assert_true(-b.card->at[c].coefficient / b.card->at[c].error > 1.6448); /* p at most 0.1 */
    }
    unmake(&b);
}

static void contributions_add_up_to_raw_and_average_to_nothing(void **state)
{
    (void)state;
    static double raw[ROWS], part[ROWS * COLS];
    double base, mean[COLS] = { 0 };
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    assert_ok(b.ctx, vouch_model_score(b.ctx, b.model, b.table, raw, NULL, NULL));
    assert_ok(b.ctx, vouch_model_contributions(b.ctx, b.model, b.table, part, &base));
    for (size_t i = 0; i < ROWS; i++) {
        double sum = base;
        for (size_t j = 0; j < 4; j++) {
            sum += part[4 * i + j];
            mean[j] += part[4 * i + j] / ROWS;
        }
        assert_close(sum, raw[i], 1e-12);
    }
    for (size_t j = 0; j < 4; j++)
        assert_close(mean[j], 0, 1e-12);
    unmake(&b);
}

static void the_file_is_the_same_on_any_number_of_threads_and_reads_back(void **state)
{
    (void)state;
    static double want[ROWS], got[ROWS];
    char first[VOUCH__HEX] = "";
    simulate(ROWS);
    options o = usual();
    o.weighted = true;
    for (unsigned threads = 1; threads <= 8; threads = threads == 2 ? 8 : threads + 1) {
        vouch_model *again = NULL;
        bench b = make(&o, threads);
        if (threads == 1)
            memcpy(first, vouch_model_fingerprint(b.model), sizeof first);
        assert_string_equal(vouch_model_fingerprint(b.model), first);
        assert_ok(b.ctx, vouch_model_read(b.ctx, b.model->file, b.model->file_len, &again));
        assert_string_equal(vouch_model_fingerprint(again), first);
        assert_ok(b.ctx, vouch_model_score(b.ctx, b.model, b.table, want, NULL, NULL));
        assert_ok(b.ctx, vouch_model_score(b.ctx, again, b.table, got, NULL, NULL));
        assert_memory_equal(got, want, sizeof want);
        vouch_model_free(again);
        unmake(&b);
    }
}

static void a_declared_direction_holds_in_points(void **state)
{
    (void)state;
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    double one[4] = { 0, 1, 0, 0.5 };
    int32_t last = INT32_MAX;
    for (int v = 0; v <= 1000; v++) {
        one[0] = v;
        int32_t points = b.model->kind->points(b.model->state, one);
        assert_true(points <= last);
        last = points;
    }
    one[0] = NAN; /* missing in no training row: WoE 0, so the neutral share of points */
    assert_close(b.card->at[0].bin[vouch__card_bin(b.card, 0, NAN)].woe, 0, 0);
    one[2] = VOUCH__UNSEEN;
    assert_true(b.model->kind->points(b.model->state, one) > 0);
    unmake(&b);
}

static void bins_are_told_in_words(void **state)
{
    (void)state;
    char label[VOUCH__CARD_LABEL], *json;
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    const vouch__card_input *late = &b.card->at[1], *purpose = &b.card->at[2];
    vouch__card_label(&b.model->inputs, late, 0, label, sizeof label);
    assert_non_null(strstr(label, "late <= "));
    vouch__card_label(&b.model->inputs, late, late->n_bins - 3, label, sizeof label);
    assert_non_null(strstr(label, "late > "));
    vouch__card_label(&b.model->inputs, late, late->n_bins - 2, label, sizeof label);
    assert_string_equal(label, "late = -2 (special code)");
    vouch__card_label(&b.model->inputs, late, late->n_bins - 1, label, sizeof label);
    assert_string_equal(label, "missing");
    vouch__card_label(&b.model->inputs, purpose, purpose->otherwise, label, sizeof label);
    assert_non_null(strstr(label, "yacht"));
    assert_non_null(strstr(label, "} or any other"));
    assert_ok(b.ctx, vouch_model_describe(b.ctx, b.model, &json));
    assert_non_null(strstr(json, "\"points_table\":{\"columns\":[\"characteristic\",\"bin\",\"n\",\"share\","
                                 "\"bad_rate\",\"woe\",\"iv\",\"points\"]"));
    assert_non_null(strstr(json, "\"standard_error\""));
    vouch_text_free(b.ctx, json);
    unmake(&b);
}

static void labels_of_many_categories_are_cut_at_a_name(void **state)
{
    (void)state;
    enum { N = 90 };
    char *category[N], text[N][16], label[VOUCH__CARD_LABEL], name[] = "c";
    uint32_t bits[3] = { UINT32_MAX, UINT32_MAX, (1u << 26) - 1 };
    vouch__bin bin = { .type = VOUCH__BIN_SET, .high = 3, .bits = bits };
    vouch__card_input c = { .n_bins = 1, .bin = &bin, .otherwise = 1 };
    for (size_t k = 0; k < N; k++) {
        (void)snprintf(text[k], sizeof text[k], "category %02zu", k);
        category[k] = text[k];
    }
    vouch__input input = { .name = name, .is_category = true, .n_categories = N, .category = category };
    vouch__inputs inputs = { .n = 1, .at = &input };
    vouch__card_label(&inputs, &c, 0, label, sizeof label);
    assert_true(strncmp(label, "{category 00, category 01, ", 26) == 0);
    assert_non_null(strstr(label, " more}"));
    char *longest = malloc(400);
    memset(longest, 'x', 399);
    longest[399] = '\0';
    category[0] = longest;
    vouch__card_label(&inputs, &c, 0, label, sizeof label);
    assert_string_equal(label, "{90 more}");
    free(longest);
}

static void sql_says_the_same_and_quotes_what_it_must(void **state)
{
    (void)state;
    char *sql;
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    assert_ok(b.ctx, vouch_model_export(b.ctx, b.model, "sql-duckdb", &sql));
    assert_non_null(strstr(sql, "CASE WHEN \"late\" IS NULL OR isnan(CAST(\"late\" AS DOUBLE)) THEN "));
    assert_non_null(strstr(sql, " WHEN CAST(\"late\" AS DOUBLE) = CAST('-2' AS DOUBLE) THEN "));
    assert_true(strstr(sql, "'it''s'") || strstr(sql, "home \"new\""));
    vouch_text_free(b.ctx, sql);
    assert_status(b.ctx, vouch_model_export(b.ctx, b.model, "cobol", &sql), VOUCH_E_ARG);
    unmake(&b);
}

static void bad_input_is_refused_with_reasons(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = NULL;
    vouch__doc *doc = NULL, *params = NULL;
    vouch_model *model = NULL;
    double value[VOUCH__CARD_PARAMS];
    simulate(ROWS);
    options o = usual();
    assert_ok(ctx, make_table(ctx, ROWS, &table));
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    o.value[6] = 9; /* min_iv */
    assert_status(ctx, fit_on(ctx, table, &o, doc, vouch__json_object(doc), &model), VOUCH_E_DATA);
    assert_error_has(ctx, "min_iv 9 (the largest is ");
    memset(target, 0, sizeof target);
    assert_status(ctx, fit_on(ctx, table, &o, doc, vouch__json_object(doc), &model), VOUCH_E_DATA);
    assert_error_has(ctx, "both classes");
    const char *text = "base_odds: 0.02";
    assert_ok(ctx, vouch__yaml_read(ctx, "p", text, strlen(text), 1000, &params));
    assert_status(ctx,
                  vouch__params_read(ctx, &vouch__kind_scorecard, vouch__doc_root(params), NULL, 0, value),
                  VOUCH_E_FORMAT);
    assert_error_has(ctx, "base_odds is 0.02, must be a number from 1");
    vouch__doc_free(params);
    vouch__doc_free(doc);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* No byte of the kind's own part can be changed into something that breaks a promise of card.h. */
static void a_changed_file_is_refused_or_still_whole(void **state)
{
    (void)state;
    simulate(ROWS);
    options o = usual();
    bench b = make(&o, 0);
    vouch__buf saved, again;
    vouch__buf_init(b.ctx, &saved, 0);
    vouch__buf_init(b.ctx, &again, 0);
    b.model->kind->save(b.model->state, &saved);
    size_t refused = 0;
    for (size_t at = 0; at < saved.len; at++) {
        void *changed = NULL;
        char old = saved.at[at];
        saved.at[at] = (char)(old ^ (1 << seeded_below(8)));
        if (b.model->kind->load(b.ctx, &b.model->inputs, saved.at, saved.len, &changed) == VOUCH_OK) {
            double raw, one[4] = { 1e300, -2, 3, NAN };
            b.model->kind->predict(changed, (vouch__matrix){ one, 1, 4 }, &raw);
            assert_true(isfinite(raw));
            vouch__buf_clear(&again);
            b.model->kind->save(changed, &again);
            assert_int_equal(again.len, saved.len);
            assert_memory_equal(again.at, saved.at, saved.len);
            b.model->kind->free(vouch__allocator(b.ctx), changed);
        } else {
            assert_true(*vouch_ctx_error(b.ctx) != '\0');
            refused++;
        }
        saved.at[at] = old;
    }
    assert_true(refused > saved.len / 8);
    size_t of_1 = saved.len - 8 * b.card->n - 4; /* what is cut there is a whole file of version 1 */
    for (size_t len = 0; len < saved.len; len++) {
        void *cut = NULL;
        if (len == of_1) {
            assert_ok(b.ctx, b.model->kind->load(b.ctx, &b.model->inputs, saved.at, len, &cut));
            b.model->kind->free(vouch__allocator(b.ctx), cut);
            continue;
        }
        assert_status(b.ctx, b.model->kind->load(b.ctx, &b.model->inputs, saved.at, len, &cut),
                      VOUCH_E_FORMAT);
    }
    vouch__buf_free(&saved);
    vouch__buf_free(&again);
    unmake(&b);
}

static vouch_status whole_life(vouch_ctx *ctx, void *arg)
{
    vouch_table *table = NULL;
    vouch__doc *doc = NULL;
    vouch_model *model = NULL, *again = NULL;
    char *text = NULL;
    vouch_status status = make_table(ctx, 200, &table);
    if (!status)
        status = vouch__doc_new(ctx, &doc);
    if (!status)
        status = fit_on(ctx, table, arg, doc, vouch__json_object(doc), &model);
    if (!status)
        status = vouch__doc_status(ctx, doc);
    if (!status)
        status = vouch_model_read(ctx, model->file, model->file_len, &again);
    if (!status)
        status = vouch_model_export(ctx, again, "sql-duckdb", &text);
    vouch_text_free(ctx, text);
    vouch_model_free(again);
    vouch_model_free(model);
    vouch__doc_free(doc);
    vouch_table_unref(table);
    return status;
}

static void a_whole_life_survives_every_allocation_failure(void **state)
{
    (void)state;
    options o = usual();
    simulate(200);
    o.n = 200;
    o.cols = 3;
    sweep_allocations(whole_life, &o, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_derived_from_integer_points),
        cmocka_unit_test(points_are_close_to_the_regression_before_rounding),
        cmocka_unit_test(searched_rounding_loses_less_than_the_nearest),
        cmocka_unit_test(a_fit_by_other_rules_tells_so_and_holds_its_signs),
        cmocka_unit_test(noise_and_copies_are_left_out_and_the_log_says_why),
        cmocka_unit_test(contributions_add_up_to_raw_and_average_to_nothing),
        cmocka_unit_test(the_file_is_the_same_on_any_number_of_threads_and_reads_back),
        cmocka_unit_test(a_declared_direction_holds_in_points),
        cmocka_unit_test(bins_are_told_in_words),
        cmocka_unit_test(labels_of_many_categories_are_cut_at_a_name),
        cmocka_unit_test(sql_says_the_same_and_quotes_what_it_must),
        cmocka_unit_test(bad_input_is_refused_with_reasons),
        cmocka_unit_test(a_changed_file_is_refused_or_still_whole),
        cmocka_unit_test(what_people_decide_holds_and_its_record_is_in_the_file),
        cmocka_unit_test(a_whole_life_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
