/* The project file: what it says is read, and what is wrong is named with file, line and column. */
#include "check.h"

#include "run/project.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char good[] =
    "project: p\n"
    "data:\n"
    "  source: a.csv\n"
    "  id: ID\n"
    "  target: {column: y, bad: 1}\n"
    "  protected: [SEX]\n"
    "  columns:\n"
    "    PAY: {type: int, min: -2, max: 8, special: [-1, -2]}\n"
    "    EDU: {type: text, allowed: [a, 2]}\n"
    "split: {by: random, test: 0.3, tune: 0.2, seed: 7}\n"
    "models:\n"
    "  card: {kind: scorecard, pdo: 20}\n"
    "  trees: {kind: gbdt, monotone: {PAY: up}}\n"
    "champion: {prefer: card, margin: 0.02}\n"
    "decide: {cutoff: {max_bad_rate: 0.1}, reasons: {method: just-approved, most: 3}}\n"
    "reasons:\n"
    "  PAY: {characteristic: delinquency, text: Late payments}\n"
    "legal: [measure-only]\n";

static vouch_status parse(vouch_ctx *ctx, const char *text, vouch__project *out)
{
    return vouch__project_parse(ctx, "p.yaml", ".", text, strlen(text), out);
}

static void a_good_file_is_read_whole(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__project p;
    assert_ok(ctx, parse(ctx, good, &p));
    assert_string_equal(p.name, "p");
    assert_string_equal(p.id, "ID");
    assert_int_equal(p.n_rules, 2);
    assert_int_equal(p.rule[0].type, VOUCH_INTEGER);
    assert_int_equal(p.rule[0].n_special, 2);
    assert_close(p.rule[0].special[0], -2, 0); /* ascending, whatever the order written */
    assert_string_equal(p.rule[1].allowed[1], "2");
    assert_true(p.seed == 7);
    assert_int_equal(p.n_plans, 2);
    assert_string_equal(p.plan[0].kind->name, "scorecard");
    assert_null(p.plan[0].monotone);
    assert_non_null(p.plan[1].monotone);
    assert_string_equal(p.prefer, "card");
    assert_close(p.margin, 0.02, 0);
    assert_close(p.max_bad_rate, 0.1, 0);
    assert_nan(p.cutoff);
    assert_string_equal(p.method, "just-approved");
    assert_int_equal(p.most, 3);
    assert_string_equal(p.controls, "sr-26-2");
    vouch__project_clear(&p);
    vouch_ctx_free(ctx);
}

static void a_model_may_be_brought_from_another_library(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__project p;
    char text[2048];
    const char *old = "{kind: scorecard, pdo: 20}", *at = strstr(good, old);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good,
                   "{import: m.json, format: xgboost, iterations: best, output: 2, lenient: true}",
                   at + strlen(old));
    assert_ok(ctx, parse(ctx, text, &p));
    assert_string_equal(p.plan[0].kind->name, "forest");
    assert_string_equal(p.plan[0].import, "m.json");
    assert_string_equal(p.plan[0].options.name, "card");
    assert_string_equal(p.plan[0].options.format, "xgboost");
    assert_int_equal(p.plan[0].options.iterations, VOUCH_ITERATIONS_BEST);
    assert_int_equal(p.plan[0].options.output, 2);
    assert_int_equal(p.plan[0].options.lenient, 1);
    assert_null(p.plan[1].import);
    vouch__project_clear(&p);
    vouch_ctx_free(ctx);
}

/* The good file with one text replaced, and what the refusal must say. */
typedef struct fault {
    const char *old, *now, *says[3];
} fault;

static const fault faults[] = {
    { "models:", "modles:", { "p.yaml:11:", "modles", "did you mean 'models'" } },
    { "source: a.csv", "sauce: a.csv", { "p.yaml:3:", "sauce", "did you mean 'source'" } },
    { "kind: gbdt", "kind: gbtd", { "p.yaml:13:", "gbtd", "did you mean 'gbdt'" } },
    { "pdo: 20", "pdo: x", { "p.yaml: models.card: line 12", "pdo", "" } },
    { "pdo: 20", "pdoo: 20", { "p.yaml: models.card: line 12", "pdoo", "pdo" } },
    { "tune: 0.2", "tune: 2", { "p.yaml:10:", "split.tune is 2", "from 0 to 0.9" } },
    { "tune: 0.2", "tune: 0.8", { "p.yaml:10:", "leave no rows", "" } },
    { "by: random", "by: luck", { "p.yaml:10:", "luck", "random|time|group" } },
    { "by: random", "by: time", { "p.yaml:10:", "decision_time", "" } },
    { "prefer: card", "prefer: cart", { "p.yaml:14:", "cart", "did you mean 'card'?" } },
    { "most: 3", "most: 9", { "p.yaml:15:", "most", "from 1 to 4" } },
    { "max_bad_rate: 0.1", "max_bad_rate: 10", { "p.yaml:15:", "max_bad_rate", "" } },
    { "[-1, -2]", "[-1, x]", { "p.yaml:8:", "special", "" } },
    { "max: 8,", "max: 8, required: 1,", { "p.yaml:8:", "PAY.required must be true or false", "" } },
    { "{kind: scorecard, pdo: 20}",
      "{import: a.json, lenient: 1}",
      { "p.yaml:12:", "lenient must be true or false", "" } },
    { "PAY: up", "PAY: sideways", { "p.yaml:13:", "monotone.PAY", "up or down" } },
    { "protected: [SEX]", "protected: [7]", { "p.yaml:6:", "protected", "" } },
    { "{kind: scorecard, pdo: 20}", "{import: 7}", { "p.yaml:12:", "models.card.import", "text" } },
    { "{kind: scorecard, pdo: 20}",
      "{import: a.json, iterations: 0}",
      { "p.yaml:12:", "iterations", "best" } },
    { "{kind: scorecard, pdo: 20}",
      "{import: a.json, lenieent: true}",
      { "p.yaml:12:", "lenieent", "lenient" } },
    { "{kind: scorecard, pdo: 20}", "{trees: 7}", { "p.yaml:12:", "needs 'kind', or 'import'", "" } },
    { "{kind: scorecard, pdo: 20}", "{knid: scorecard}", { "p.yaml:12:", "knid", "did you mean 'kind'?" } },
    { "min: -2", "min: 9", { "p.yaml:8:", "PAY.min must not be above max", "" } },
    { "project: p\n", "", { "p.yaml:", "needs 'project'", "" } },
};

static void what_is_wrong_is_named_with_line_and_column(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[2048];
        vouch__project p;
        const char *at = strstr(good, faults[i].old);
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, faults[i].now,
                       at + strlen(faults[i].old));
        assert_status(ctx, parse(ctx, text, &p), VOUCH_E_FORMAT);
        for (int k = 0; k < 3; k++)
            assert_error_has(ctx, faults[i].says[k]);
        assert_null(strchr(vouch_ctx_error(ctx), '\n'));
    }
    vouch_ctx_free(ctx);
}

static vouch_status parse_and_clear(vouch_ctx *ctx, void *arg)
{
    vouch__project p;
    (void)arg;
    vouch_status status = parse(ctx, good, &p);
    if (!status)
        vouch__project_clear(&p);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(parse_and_clear, NULL, 0);
}

static void a_profile_is_found_built_in_or_not_at_all(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__project p;
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    assert_ok(ctx, parse(ctx, good, &p));
    assert_ok(ctx, vouch__project_file(ctx, &p, "policy", "default", &text));
    assert_true(text.len > 100);
    assert_ok(ctx, vouch__project_file(ctx, &p, "policy", "policy/default.yaml", &text));
    assert_status(ctx, vouch__project_file(ctx, &p, "policy", "nowhere", &text), VOUCH_E_NOTFOUND);
    assert_error_has(ctx, "nowhere");
    vouch__buf_free(&text);
    vouch__project_clear(&p);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read_whole),
        cmocka_unit_test(a_model_may_be_brought_from_another_library),
        cmocka_unit_test(what_is_wrong_is_named_with_line_and_column),
        cmocka_unit_test(reading_survives_every_allocation_failure),
        cmocka_unit_test(a_profile_is_found_built_in_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
