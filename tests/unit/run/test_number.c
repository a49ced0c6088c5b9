/* Runs whose outcome is a number: counts by exposure, amounts, values and shares go the same way as events,
 * from the table to the evidence, the report and the bundle; and what does not go with them is refused by
 * line. */
#include "check.h"
#include "golden.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "run/law.h"
#include "vouch/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char duckdb[512];

static bool is_ready(void)
{
    (void)snprintf(duckdb, sizeof duckdb, "%s/.cache/duckdb/libduckdb.so", VOUCH_PROJECT_ROOT);
    if (vouch__file_exists(duckdb))
        return true;
    print_message("skipped: no libduckdb at .cache/duckdb; ./dev test puts it there\n");
    return false;
}

/* Policies whose claims rise with bonus and in the north. */
static void write_policies(vouch_ctx *ctx, size_t n)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_text(&text, "id,claims,cost,change,share,years,bonus,area,sex\n");
    for (size_t i = 0; i < n; i++) {
        double years = 0.1 + 0.9 * seeded(), bonus = 50 + floor(seeded() * 60);
        bool north = seeded() < 0.4;
        double mean = 0.6 * years * (1 + (bonus - 50) / 60) * (north ? 1.5 : 1.0), sum = 0;
        int claims = 0;
        for (double p = seeded(); p > exp(-mean); p *= seeded())
            claims++;
        for (int k = 0; k < claims; k++)
            sum -= 900 * log(seeded() + 1e-9) * (north ? 1.2 : 1.0);
        double share = fmin(1, fmax(0, 0.3 + 0.004 * (bonus - 50) + 0.15 * seeded_normal()));
        vouch__buf_fmt(&text, "%zu,%d,", i + 1, claims);
        vouch__buf_double(&text, floor(sum));
        vouch__buf_text(&text, ",");
        vouch__buf_double(&text, floor(100 * (0.02 * bonus + seeded_normal())) / 100);
        vouch__buf_text(&text, ",");
        vouch__buf_double(&text, floor(1000 * share) / 1000);
        vouch__buf_text(&text, ",");
        vouch__buf_double(&text, ceil(1000 * years) / 1000);
        vouch__buf_fmt(&text, ",%d,%s,%s\n", (int)bonus, north ? "north" : "south",
                       seeded() < 0.5 ? "f" : "m");
    }
    assert_ok(ctx, vouch__buf_status(ctx, &text));
    assert_ok(ctx, vouch__file_write(ctx, test_path("policies.csv"), text.at, text.len, 0644));
    vouch__buf_free(&text);
}

static vouch_status run(vouch_ctx *ctx, const char *target, const char *models, const char *more,
                        const char *out, vouch_run_result *result)
{
    char text[1024];
    const char *source = strstr(target, "exposure: claims")
                             ? "SELECT * FROM 'policies.csv' WHERE claims > 0 AND cost > 0"
                             : "policies.csv";
    const char *years = strstr(models, "exposure: years") ? "" : ", years"; /* an input there */
    int len = snprintf(
        text, sizeof text,
        "project: p\ndata:\n  source: %s\n  id: id\n  target: %s\n  protected: [sex]\n"
        "  ignore: [claims, cost, change, share%s]\nsplit: {by: random, test: 0.3, tune: 0.2}\n"
        "models: {%s}\nlegal: [measure-only]\n%s",
        source, target, years, models, more);
    assert_ok(ctx, vouch__file_write(ctx, test_path("p.yaml"), text, (size_t)len, 0644));
    vouch_run_options options = { .project = test_path("p.yaml"), .out = test_path(out), .duckdb = duckdb };
    return vouch_run(ctx, &options, result);
}

static vouch__doc *evidence_of(vouch_ctx *ctx, const char *path)
{
    vouch__buf text;
    vouch__doc *doc = NULL;
    vouch__buf_init(ctx, &text, 0);
    assert_ok(ctx, vouch__file_read(ctx, test_path(path), 1 << 24, &text));
    assert_ok(ctx, vouch__json_read(ctx, "evidence", text.at, text.len, 0, &doc));
    vouch__buf_free(&text);
    return doc;
}

static const vouch__json *entry(const vouch__doc *doc, const char *key)
{
    const vouch__json *list = vouch__json_get(vouch__doc_root(doc), "entries");
    for (const vouch__json *e = list->first; e; e = e->next)
        if (!strcmp(golden_text(e, "key"), key))
            return e;
    fail_msg("no evidence %s", key);
    return NULL;
}

static void a_count_with_an_exposure_goes_from_table_to_report(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    char hash[2][65];
    for (int i = 0; i < 2; i++) {
        vouch_ctx_options options = { .threads = i ? 4 : 1 };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_run_result r;
        uint64_t size;
        if (i == 0)
            write_policies(ctx, 1500);
        assert_ok(ctx,
                  run(ctx, "{column: claims, law: count, exposure: years}",
                      "tariff: {kind: glm}, trees: {kind: gbdt, trees: 20, depth: 3}, "
                      "shapes: {kind: gam, rounds: 40, bags: 2, pairs: 0}",
                      "champion: {metric: deviance, prefer: trees, margin: 0.5}\n", i ? "four" : "one", &r));
        assert_string_equal(r.champion, "trees");
        assert_non_null(strstr(r.summary, "Deviance explained"));
        assert_non_null(strstr(r.declined, "prediction"));
        vouch_run_result_clear(ctx, &r);
        assert_ok(ctx, vouch__file_hash(ctx, test_path(i ? "four/evidence.json" : "one/evidence.json"),
                                        hash[i], &size));
        vouch_ctx_free(ctx);
    }
    assert_string_equal(hash[0], hash[1]);
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = evidence_of(ctx, "one/evidence.json");
    assert_true(golden_number(entry(doc, "validate.deviance/tariff/test"), "value") > 0.0);
    assert_true(golden_number(entry(doc, "validate.ordered_gini/shapes/test"), "value") > 0.05);
    assert_non_null(entry(doc, "validate.actual_levels/tariff/test/area"));
    assert_non_null(entry(doc, "fairness.actual_expected/trees/test/sex"));
    assert_non_null(entry(doc, "explain.pdp/trees/test/bonus"));
    assert_non_null(entry(doc, "validate.double_lift/trees/test/tariff"));
    assert_string_equal(golden_text(entry(doc, "decide.cutoff"), "verdict"), "not-applicable");
    const vouch__json *root = vouch__doc_root(doc);
    assert_string_equal(golden_text(root, "data.law"), "count");
    assert_string_equal(golden_text(root, "data.exposure"), "years");
    assert_string_equal(golden_text(root, "champion.metric"), "Deviance explained");
    assert_true(golden_number(root, "controls.counts.missing") == 0.0);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
}

/* The rate of a Poisson glm by exposure is that of an offset: the same coefficients as the count with one. */
static void a_rate_by_exposure_is_a_count_with_an_offset(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_run_result r;
    double estimate[2][3];
    for (int i = 0; i < 2; i++) {
        assert_ok(ctx,
                  run(ctx,
                      i ? "{column: claims, law: count}" : "{column: claims, law: count, exposure: years}",
                      i ? "m: {kind: glm, exposure: years}" : "m: {kind: glm}", "", "rate", &r));
        vouch_run_result_clear(ctx, &r);
        vouch__doc *doc = evidence_of(ctx, "rate/evidence.json");
        const vouch__json *model = vouch__json_at(vouch__json_get(vouch__doc_root(doc), "models"), 0);
        for (int k = 0; k < 3; k++) {
            char path[80];
            (void)snprintf(path, sizeof path, "model.coefficients.rows.%d.1", k);
            estimate[i][k] = golden_number(model, path);
        }
        vouch__doc_free(doc);
    }
    for (int k = 0; k < 3; k++)
        assert_close(estimate[0][k], estimate[1][k], 1e-8);
    vouch_ctx_free(ctx);
}

static void amounts_values_and_shares_are_run(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    static const struct {
        const char *target, *models, *family;
    } cases[] = {
        { "{column: cost, law: amount, exposure: claims}", "m: {kind: glm}", "gamma" },
        { "{column: cost, law: amount, exposure: years}", "m: {kind: glm, tweedie_power: 1.5}", "tweedie" },
        { "{column: change, law: value}", "m: {kind: glm}", "gaussian" },
        { "{column: share, law: share}", "m: {kind: glm}", "binomial" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch_run_result r;
        assert_ok(ctx, run(ctx, cases[i].target, cases[i].models, "", "number", &r));
        vouch_run_result_clear(ctx, &r);
        vouch__doc *doc = evidence_of(ctx, "number/evidence.json");
        const vouch__json *model = vouch__json_at(vouch__json_get(vouch__doc_root(doc), "models"), 0);
        assert_string_equal(golden_text(model, "model.family"), cases[i].family);
        assert_non_null(entry(doc, "validate.actual_bands/m/test"));
        vouch__doc_free(doc);
    }
    vouch_ctx_free(ctx);
}

static void what_does_not_go_with_a_number_is_refused(void **state)
{
    (void)state;
    if (!is_ready())
        skip();
    static const struct {
        const char *target, *models, *more, *says;
        vouch_status status;
    } cases[] = {
        { "{column: claims, law: count, bad: 1}", "m: {kind: glm}", "", "data.target.bad does not go with",
          VOUCH_E_FORMAT },
        { "{column: claims}", "m: {kind: glm}", "", "data.target needs 'bad'", VOUCH_E_FORMAT },
        { "{column: claims, law: counts}", "m: {kind: glm}", "", "law", VOUCH_E_FORMAT },
        { "{column: share, law: share, exposure: years}", "m: {kind: glm}", "", "exposure does not go",
          VOUCH_E_FORMAT },
        { "{column: claims, law: count}", "m: {kind: glm}", "decide: {cutoff: 0.5}\n",
          "decide.cutoff does not go", VOUCH_E_FORMAT },
        { "{column: claims, law: count}", "m: {kind: glm}", "champion: {metric: auc}\n",
          "metric must be deviance", VOUCH_E_FORMAT },
        { "{column: claims, law: count}", "m: {kind: scorecard}", "", "events only", VOUCH_E_DATA },
        { "{column: cost, law: share}", "m: {kind: glm}", "", "which is not a share", VOUCH_E_DATA },
        { "{column: area, law: value}", "m: {kind: glm}", "", "is text, must be numbers", VOUCH_E_DATA },
        { "{column: claims, law: count}", "m: {kind: gbdt, loss: quantile, quantile: 0.05, trees: 3}", "",
          "mean above 0", VOUCH_E_DATA },
        { "{column: claims, law: count, exposure: gone}", "m: {kind: glm}", "",
          "data.target.exposure: no column 'gone'", VOUCH_E_DATA },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch_run_result r;
        assert_status(ctx, run(ctx, cases[i].target, cases[i].models, cases[i].more, "refused", &r),
                      cases[i].status);
        assert_error_has(ctx, cases[i].says);
    }
    vouch_lda_options lda = { .project = test_path("p.yaml"), .out = test_path("lda"), .duckdb = duckdb };
    vouch_lda_result found;
    assert_status(ctx, vouch_lda(ctx, &lda, &found), VOUCH_E_CONTROL);
    assert_error_has(ctx, "nothing is decided");
    vouch_ctx_free(ctx);
}

static void an_amount_is_settled_by_its_zeros(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__law *law = NULL;
    const double y[] = { 3, 0, 2, -1 };
    assert_ok(ctx, vouch__law_settle(ctx, vouch__law_find("amount"), "y", 1, y, &law));
    assert_string_equal(law->loss, "gamma");
    assert_ok(ctx, vouch__law_settle(ctx, vouch__law_find("amount"), "y", 3, y, &law));
    assert_string_equal(law->loss, "tweedie");
    assert_status(ctx, vouch__law_settle(ctx, vouch__law_find("amount"), "y", 4, y, &law), VOUCH_E_DATA);
    assert_error_has(ctx, "y is -1 in row 4, which is not an amount");
    assert_ok(ctx, vouch__law_settle(ctx, vouch__law_find("value"), "y", 4, y, &law));
    assert_true(vouch__law_find(NULL)->is_event);
    assert_null(vouch__law_find("sum"));
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_with_an_exposure_goes_from_table_to_report),
        cmocka_unit_test(a_rate_by_exposure_is_a_count_with_an_offset),
        cmocka_unit_test(amounts_values_and_shares_are_run),
        cmocka_unit_test(what_does_not_go_with_a_number_is_refused),
        cmocka_unit_test(an_amount_is_settled_by_its_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
