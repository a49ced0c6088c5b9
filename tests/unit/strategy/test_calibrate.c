/* Calibration: means that are met, maps that undo each other, scales, and models that carry them. Hand and
 * reference values of maps are from their definitions; Platt's, beta and isotonic fits have golden values in
 * validate. */
#include "check.h"
#include "golden.h"

#include "base/file.h"
#include "data/table.h"
#include "models/model_kind.h"
#include "num/rank.h"
#include "num/special.h"
#include "strategy/calibrate.h"

#include <math.h>
#include <string.h>

enum { MAX = 600 };
static vouch_ctx *ctx;

typedef struct book {
    double p[MAX], weight[MAX], after[MAX];
    uint8_t bad[MAX];
    vouch__cal_data data;
} book;

static void draw(book *b, bool weighted)
{
    size_t n = 20 + seeded_below(MAX - 20);
    for (size_t i = 0; i < n; i++) {
        b->p[i] = vouch__sigmoid(-2 + 1.5 * seeded_normal());
        b->bad[i] = i < 2 ? (uint8_t)i : seeded() < b->p[i];
        b->weight[i] = 0.2 + seeded();
    }
    b->data = (vouch__cal_data){ n, b->p, b->bad, weighted ? b->weight : NULL };
}

static double mean(const book *b, const double *x)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < b->data.n; i++) {
        double w = b->data.weight ? b->data.weight[i] : 1;
        sum += w * x[i];
        all += w;
    }
    return sum / all;
}

static vouch__cal_spec spec_of(vouch__cal_method method, double to)
{
    return (vouch__cal_spec){ method, to, NAN, 0.2, NAN, NAN };
}

static void means_are_met_exactly(void **state)
{
    static const vouch__cal_method methods[] = { VOUCH__CAL_SHIFT, VOUCH__CAL_SCALE, VOUCH__CAL_PIT,
                                                 VOUCH__CAL_TTC };
    static book b;
    (void)state;
    for (int round = 0; round < 25; round++)
        for (size_t m = 0; m < 4; m++) {
            size_t mark = vouch__scratch_mark(ctx);
            vouch__cal_spec spec = spec_of(methods[m], 0.005 + 0.5 * seeded());
            vouch__map map;
            double z;
            draw(&b, round % 2);
            assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, &b.data, &map, &z));
            for (size_t i = 0; i < b.data.n; i++)
                b.after[i] = vouch__map_apply(NULL, &map, b.p[i]);
            assert_close(mean(&b, b.after), spec.to, 1e-13);
            assert_true(isnan(z) == (m < 2));
            vouch__scratch_reset(ctx, mark);
        }
}

static void the_cycle_is_undone_by_its_inverse(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        vouch__cal_spec spec = { VOUCH__CAL_PIT, NAN, NAN, 0.05 + 0.5 * seeded(), 2 * seeded_normal(), NAN };
        vouch__map there, back;
        double p = 0.001 + 0.98 * seeded(), z;
        assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, NULL, &there, &z));
        assert_close(z, spec.z, 0);
        double q = vouch__map_apply(NULL, &there, p);
        assert_close(q,
                     vouch__normal_cdf((vouch__normal_quantile(p) - sqrt(spec.rho) * z) / sqrt(1 - spec.rho)),
                     1e-12);
        spec.method = VOUCH__CAL_TTC;
        assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, NULL, &back, &z));
        if (q > 1e-9 && q < 1 - 1e-9)
            assert_close(vouch__map_apply(NULL, &back, q), p, 1e-9);
    }
}

static void another_share_of_bads_is_bayes_rule(void **state)
{
    (void)state;
    vouch__cal_spec spec = { VOUCH__CAL_PRIOR, 0.02, 0.5, 0.2, NAN, NAN };
    vouch__map map;
    double z, p = 0.7;
    assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, NULL, &map, &z));
    double bad = p * 0.02 / 0.5, good = (1 - p) * 0.98 / 0.5;
    assert_close(vouch__map_apply(NULL, &map, p), bad / (bad + good), 1e-14);
    assert_close(vouch__map_apply(NULL, &map, 0.5), 0.02, 1e-14);
}

static void what_a_method_lacks_is_named(void **state)
{
    static book b;
    vouch__map map;
    double z;
    (void)state;
    draw(&b, false);
    const vouch__cal_spec none = spec_of(VOUCH__CAL_SHIFT, NAN), prior = spec_of(VOUCH__CAL_PRIOR, 0.1),
                          platt = spec_of(VOUCH__CAL_PLATT, NAN), shift = spec_of(VOUCH__CAL_SHIFT, 0.1);
    assert_status(ctx, vouch__calibrate_fit(ctx, &none, &b.data, &map, &z), VOUCH_E_ARG);
    assert_status(ctx, vouch__calibrate_fit(ctx, &prior, &b.data, &map, &z), VOUCH_E_ARG);
    assert_status(ctx, vouch__calibrate_fit(ctx, &shift, NULL, &map, &z), VOUCH_E_ARG);
    b.data.bad = NULL;
    assert_status(ctx, vouch__calibrate_fit(ctx, &platt, &b.data, &map, &z), VOUCH_E_ARG);
    b.p[3] = NAN;
    assert_status(ctx, vouch__calibrate_fit(ctx, &shift, &b.data, &map, &z), VOUCH_E_DATA);
    for (size_t i = 0; i < b.data.n; i++)
        b.p[i] = 0;
    assert_status(ctx, vouch__calibrate_fit(ctx, &shift, &b.data, &map, &z), VOUCH_E_DATA);
}

static void scales_rise_and_merged_grades_hold_their_share(void **state)
{
    static book b;
    (void)state;
    for (int round = 0; round < 50; round++) {
        vouch__calibration *c = NULL;
        double mass[VOUCH__GRADES_MAX] = { 0 }, whole = 0;
        draw(&b, round % 2);
        assert_ok(ctx, vouch__calibration_copy(ctx, NULL, &c));
        assert_ok(ctx, vouch__scale_geometric(ctx, 12, 0.001, 0.6, c));
        assert_close(c->pd[1] / c->pd[0], c->pd[11] / c->pd[10], 1e-12);
        assert_ok(ctx, vouch__scale_merge(ctx, &b.data, 0.05, c));
        for (size_t i = 0; i < b.data.n; i++) {
            size_t g = vouch__calibration_grade(c, b.p[i]);
            double w = b.data.weight ? b.weight[i] : 1;
            assert_true((g == 0 || b.p[i] > c->bound[g - 1]) &&
                        (g + 1 == c->n_grades || b.p[i] <= c->bound[g]));
            mass[g] += w;
            whole += w;
        }
        for (size_t g = 0; g < c->n_grades; g++) {
            assert_true(mass[g] >= 0.05 * whole * (1 - 1e-12) || c->n_grades == 2);
            assert_true(g == 0 || c->pd[g] > c->pd[g - 1]);
            assert_true(g == 0 || g + 1 == c->n_grades || (c->bound[g] > c->bound[g - 1]));
        }
        vouch__calibration_free(c);
    }
}

/* ---- quasi-moment matching and optimal scales ---- */

static void quasi_moments_equal_scipys_solution(void **state)
{
    (void)state;
    for (const vouch__json *at = vouch__json_get(golden("strategy/quasi_moments.json"), "cases")->first; at;
         at = at->next) {
        vouch__cal_data d = { .bad = NULL };
        vouch__cal_spec spec = spec_of(VOUCH__CAL_QMM, golden_number(at, "to"));
        vouch__map map;
        double z;
        size_t mark = vouch__scratch_mark(ctx);
        d.p = golden_array(at, "p", &d.n);
        d.weight = golden_array(at, "weight", NULL);
        spec.auc = golden_number(at, "auc");
        assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, &d, &map, &z));
        assert_close(map.a, golden_number(at, "a"), 1e-8);
        assert_close(map.b, golden_number(at, "b"), 1e-8);
        vouch__scratch_reset(ctx, mark);
    }
}

static void quasi_moments_meet_mean_and_auc(void **state)
{
    static book b;
    (void)state;
    for (int round = 0; round < 4; round++) {
        size_t mark = vouch__scratch_mark(ctx);
        vouch__cal_spec spec = spec_of(VOUCH__CAL_QMM, 0.01 + 0.3 * seeded());
        vouch__map map;
        double z, sorted[MAX], weight[MAX];
        uint32_t order[MAX];
        draw(&b, round % 2);
        spec.auc = 0.55 + 0.3 * seeded();
        assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, &b.data, &map, &z));
        for (size_t i = 0; i < b.data.n; i++)
            b.after[i] = vouch__map_apply(NULL, &map, b.p[i]);
        assert_close(mean(&b, b.after), spec.to, 1e-12);
        assert_ok(ctx, vouch__order(ctx, b.data.n, b.after, order));
        for (size_t i = 0; i < b.data.n; i++) {
            sorted[i] = b.after[order[i]];
            weight[i] = b.data.weight ? b.weight[order[i]] : 1.0;
        }
        assert_close(vouch__implied_auc(b.data.n, sorted, weight), spec.auc, 1e-11);
        spec.auc = NAN;
        assert_status(ctx, vouch__calibrate_fit(ctx, &spec, &b.data, &map, &z), VOUCH_E_ARG);
        spec.auc = 0.6;
        for (size_t i = 0; i < b.data.n;
             i++) /* one probability for all implies an AUC of 1/2, whatever the map */
            b.p[i] = 0.1;
        assert_status(ctx, vouch__calibrate_fit(ctx, &spec, &b.data, &map, &z), VOUCH_E_DATA);
        vouch__scratch_reset(ctx, mark);
    }
}

static void optimal_scales_equal_those_of_an_exhaustive_search(void **state)
{
    (void)state;
    for (const vouch__json *at = vouch__json_get(golden("strategy/quasi_moments.json"), "scales")->first; at;
         at = at->next) {
        vouch__cal_data d = { .bad = NULL };
        uint8_t outcome[64];
        size_t n_end, mark = vouch__scratch_mark(ctx);
        double whole = 0.0, bads = 0.0;
        vouch__calibration *c = NULL;
        vouch__scale_found found;
        const double *bad = golden_array(at, "bad", &d.n), *end = golden_array(at, "end", &n_end);
        vouch__scale_rule rule = { (size_t)golden_number(at, "grades"), golden_number(at, "min_share"),
                                   golden_number(at, "max_share"),
                                   vouch__json_double(vouch__json_get(at, "max_herfindahl"), NAN), NAN };
        d.p = golden_array(at, "p", NULL);
        d.weight = golden_array(at, "weight", NULL);
        for (size_t i = 0; i < d.n; i++) {
            outcome[i] = bad[i] == 1.0;
            whole += d.weight[i];
            bads += d.weight[i] * bad[i];
        }
        d.bad = outcome;
        assert_ok(ctx, vouch__calibration_copy(ctx, NULL, &c));
        assert_ok(ctx, vouch__scale_optimal(ctx, &d, &rule, c, &found));
        double rate = bads / whole, none = rate * log(rate) + (1 - rate) * log1p(-rate);
        double best = golden_number(at, "value") - none;
        assert_true(found.information <= best + 1e-10 && found.bound >= best - 1e-10);
        assert_true(isnan(rule.max_herfindahl) || found.herfindahl <= rule.max_herfindahl + 1e-12);
        if (isnan(rule.max_herfindahl)) {
            assert_close(found.information, best, 1e-10);
            assert_int_equal(c->n_grades, n_end);
            for (size_t g = 0; g + 1 < n_end; g++)
                assert_true(c->bound[g] > d.p[(size_t)end[g] - 1] && c->bound[g] < d.p[(size_t)end[g]]);
        }
        vouch__calibration_free(c);
        vouch__scratch_reset(ctx, mark);
    }
}

static void optimal_scales_keep_their_rule_or_say_why(void **state)
{
    static book b;
    (void)state;
    for (int round = 0; round < 5; round++) {
        vouch__calibration *c = NULL;
        vouch__scale_found found, less;
        vouch__scale_rule rule = { 8, 0.05, 0.5, NAN, NAN };
        double mass[VOUCH__GRADES_MAX] = { 0 }, bads[VOUCH__GRADES_MAX] = { 0 }, whole = 0;
        size_t mark = vouch__scratch_mark(ctx);
        draw(&b, round % 2);
        assert_ok(ctx, vouch__calibration_copy(ctx, NULL, &c));
        if (vouch__scale_optimal(ctx, &b.data, &rule, c, &found) == VOUCH_OK) {
            for (size_t i = 0; i < b.data.n; i++) {
                size_t g = vouch__calibration_grade(c, b.p[i]);
                double w = b.data.weight ? b.weight[i] : 1;
                mass[g] += w;
                bads[g] += w * b.bad[i];
                whole += w;
            }
            for (size_t g = 0; g < c->n_grades; g++) {
                assert_true(mass[g] >= 0.05 * whole * (1 - 1e-12) && mass[g] <= 0.5 * whole * (1 + 1e-12));
                assert_true(g == 0 ||
                            (c->pd[g] > c->pd[g - 1] && bads[g] / mass[g] > bads[g - 1] / mass[g - 1]));
            }
            rule.grades = 4;
            if (vouch__scale_optimal(ctx, &b.data, &rule, c, &less) == VOUCH_OK)
                assert_true(less.information <= found.information + 1e-12); /* fewer grades tell no more */
            rule.grades = 8;
        }
        b.data.bad = NULL; /* then the probabilities themselves */
        rule.max_share = 1;
        assert_ok(ctx, vouch__scale_optimal(ctx, &b.data, &rule, c, &found));
        rule.max_herfindahl = 0.01;
        assert_status(ctx, vouch__scale_optimal(ctx, &b.data, &rule, c, &found), VOUCH_E_DATA);
        rule.grades = 1;
        assert_status(ctx, vouch__scale_optimal(ctx, &b.data, &rule, c, &found), VOUCH_E_ARG);
        vouch__calibration_free(c);
        vouch__scratch_reset(ctx, mark);
    }
}

static void weights_count_as_cases(void **state)
{
    static book b, twice;
    static const vouch__cal_method methods[] = { VOUCH__CAL_PLATT, VOUCH__CAL_BETA, VOUCH__CAL_ISOTONIC };
    (void)state;
    for (int round = 0; round < 10; round++) {
        size_t mark = vouch__scratch_mark(ctx), n = 0;
        draw(&b, true);
        b.data.n = b.data.n > MAX / 2 ? MAX / 2 : b.data.n;
        for (size_t i = 0; i < b.data.n; i++) {
            b.weight[i] = 1 + (double)(i % 2);
            for (size_t k = 0; k < 1 + i % 2; k++, n++) {
                twice.p[n] = b.p[i];
                twice.bad[n] = b.bad[i];
            }
        }
        twice.data = (vouch__cal_data){ n, twice.p, twice.bad, NULL };
        for (size_t m = 0; m < 3; m++) {
            vouch__cal_spec spec = spec_of(methods[m], NAN);
            vouch__map one, other;
            double z;
            assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, &b.data, &one, &z));
            assert_ok(ctx, vouch__calibrate_fit(ctx, &spec, &twice.data, &other, &z));
            for (int k = 1; k < 50; k++)
                assert_close(vouch__map_apply(NULL, &one, 0.02 * k), vouch__map_apply(NULL, &other, 0.02 * k),
                             1e-7);
        }
        vouch__scratch_reset(ctx, mark);
    }
}

/* A small logistic model of one input. */
static vouch_model *small_model(vouch_ctx *on, vouch_table **out_table)
{
    enum { ROWS = 40 };
    double x[ROWS], y[ROWS];
    const char *name[] = { "x" };
    const vouch_type type[] = { VOUCH_NUMBER };
    const double *value[] = { x };
    const char *const *text[] = { NULL };
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (double)i / ROWS;
        y[i] = i % 3 == 0 || i > 30;
    }
    vouch__table_builder *builder = NULL;
    vouch_model *model = NULL;
    assert_ok(on, vouch__table_builder_new(on, 1, name, type, &builder));
    assert_ok(on, vouch__table_builder_add(on, builder, ROWS, value, text));
    assert_ok(on, vouch__table_builder_end(on, builder, out_table));
    vouch__table_builder_free(builder);
    const vouch_fit_spec spec = { .kind = "glm", .name = "small", .table = *out_table, .target = y };
    assert_ok(on, vouch_model_fit(on, &spec, &model));
    return model;
}

static vouch_status calibrate_once(vouch_ctx *on, void *arg)
{
    const vouch_model *model = arg;
    vouch__calibration *c = NULL;
    vouch_model *out = NULL;
    double x[] = { 0.1, 0.4, 0.9 }, y[] = { 0.05, 0.05, 0.8 };
    const vouch__map maps[] = { { .type = VOUCH__MAP_LOGIT, .a = -1, .b = 0.5 },
                                { .type = VOUCH__MAP_KNOTS, .n = 3, .x = x, .y = y },
                                { .type = VOUCH__MAP_BETA, .a = 1, .b = 0.5, .c = 0.1 },
                                { .type = VOUCH__MAP_GRADES } };
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(on, &doc);
    if (!status)
        status = vouch__calibration_copy(on, model->calibration, &c);
    if (!status)
        status = vouch__scale_geometric(on, 4, 0.01, 0.5, c);
    for (size_t k = 0; k < 4 && !status; k++)
        status = vouch__calibration_add(on, c, &maps[k]);
    if (!status)
        status = vouch__calibration_tell(on, c, vouch__json_text(doc, "made for a test"));
    if (!status)
        status = vouch__model_calibrated(on, model, c, &out);
    if (!status)
        c = NULL;
    vouch__calibration_free(c);
    vouch_model_free(out);
    vouch__doc_free(doc);
    return status;
}

static void models_carry_their_calibration_in_their_file(void **state)
{
    (void)state;
    vouch_table *table = NULL;
    vouch_model *model = small_model(ctx, &table), *copy = NULL, *read = NULL;
    vouch__calibration *c = NULL;
    double raw[40], before[40], after[40], again[40], raw_after[40];
    assert_ok(ctx, vouch__calibration_copy(ctx, NULL, &c));
    assert_ok(ctx, vouch__scale_geometric(ctx, 5, 0.01, 0.5, c));
    assert_ok(ctx,
              vouch__calibration_add(ctx, c, &(vouch__map){ .type = VOUCH__MAP_LOGIT, .a = -1, .b = 1 }));
    assert_ok(ctx, vouch__model_calibrated(ctx, model, c, &copy));
    assert_ok(ctx, vouch_model_score(ctx, model, table, raw, before, NULL));
    assert_ok(ctx, vouch_model_score(ctx, copy, table, raw_after, after, NULL));
    assert_ok(ctx, vouch_model_read(ctx, copy->file, copy->file_len, &read));
    assert_ok(ctx, vouch_model_score(ctx, read, table, NULL, again, NULL));
    assert_memory_equal(after, again, sizeof after);
    assert_memory_equal(raw, raw_after, sizeof raw);
    assert_string_equal(vouch_model_fingerprint(copy), vouch_model_fingerprint(read));
    assert_true(strcmp(vouch_model_fingerprint(copy), vouch_model_fingerprint(model)) != 0);
    for (size_t i = 0; i < 40; i++)
        assert_close(after[i], vouch__sigmoid(vouch__logit(before[i]) - 1), 1e-13);
    vouch_scorer *scorer = NULL;
    assert_ok(ctx, vouch_scorer_new(ctx, copy, &scorer));
    assert_true(vouch_scorer_probability(scorer, raw[7]) == after[7]);
    assert_int_equal(vouch_model_grades(copy), 5);
    assert_int_equal(vouch_model_grades(model), 0);
    assert_int_equal(vouch_model_grade(copy, 0.0001), 1);
    assert_int_equal(vouch_model_grade(copy, 0.99), 5);
    assert_int_equal(vouch_model_grade(copy, NAN), 0);
    sweep_allocations(calibrate_once, copy, 0);
    vouch_scorer_free(scorer);
    vouch_model_free(read);
    vouch_model_free(copy);
    vouch_model_free(model);
    vouch_table_unref(table);
}

static void maps_that_fall_are_refused(void **state)
{
    double x[] = { 0.1, 0.4 }, falling[] = { 0.5, 0.2 };
    const vouch__map wrong[] = { { .type = VOUCH__MAP_LOGIT, .a = 0, .b = -1 },
                                 { .type = VOUCH__MAP_SCALE, .a = 0 },
                                 { .type = VOUCH__MAP_PROBIT, .a = NAN, .b = 1 },
                                 { .type = VOUCH__MAP_BETA, .a = -1, .b = 1 },
                                 { .type = VOUCH__MAP_KNOTS },
                                 { .type = VOUCH__MAP_KNOTS, .n = 2, .x = x, .y = falling },
                                 { .type = VOUCH__MAP_GRADES } };
    vouch__calibration *c = NULL;
    (void)state;
    assert_ok(ctx, vouch__calibration_copy(ctx, NULL, &c));
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        assert_status(ctx, vouch__calibration_add(ctx, c, &wrong[k]), VOUCH_E_ARG);
    const vouch__map fine = { .type = VOUCH__MAP_SCALE, .a = 2 };
    for (size_t k = 0; k < VOUCH__MAPS_MAX; k++)
        assert_ok(ctx, vouch__calibration_add(ctx, c, &fine));
    assert_status(ctx, vouch__calibration_add(ctx, c, &fine), VOUCH_E_LIMIT);
    assert_close(vouch__calibration_apply(c, 0.001), 0.256, 1e-15);
    assert_close(vouch__calibration_apply(c, 0.3), 1, 0);
    assert_nan(vouch__calibration_apply(c, NAN));
    vouch__calibration_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_met_exactly),
        cmocka_unit_test(the_cycle_is_undone_by_its_inverse),
        cmocka_unit_test(another_share_of_bads_is_bayes_rule),
        cmocka_unit_test(what_a_method_lacks_is_named),
        cmocka_unit_test(scales_rise_and_merged_grades_hold_their_share),
        cmocka_unit_test(quasi_moments_equal_scipys_solution),
        cmocka_unit_test(quasi_moments_meet_mean_and_auc),
        cmocka_unit_test(optimal_scales_equal_those_of_an_exhaustive_search),
        cmocka_unit_test(optimal_scales_keep_their_rule_or_say_why),
        cmocka_unit_test(weights_count_as_cases),
        cmocka_unit_test(models_carry_their_calibration_in_their_file),
        cmocka_unit_test(maps_that_fall_are_refused),
    };
    ctx = vouch_ctx_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vouch_ctx_free(ctx);
    return failed;
}
