/* Parameters from a mapping: defaults, every type, and every refusal with its place. */
#include "check.h"
#include "models/model_kind.h"

#include <string.h>

static const vouch__param table[] = {
    { "rate", VOUCH__PARAM_REAL, 0.1, 1, 0.5, NULL, "", "" },
    { "trees", VOUCH__PARAM_INTEGER, 1, 1000, 400, NULL, "", "" },
    { "quick", VOUCH__PARAM_FLAG, 0, 1, 1, NULL, "", "" },
    { "grow", VOUCH__PARAM_CHOICE, 0, 1, 0, "depth|leaf", "", "" },
};
static const vouch__model_kind kind = { .name = "toy", .params = table, .n_params = 4 };

static vouch_status read(vouch_ctx *ctx, const char *yaml, double *value)
{
    static const char *const skip[] = { "kind", "monotone" };
    vouch__doc *doc = NULL;
    vouch_status status = vouch__yaml_read(ctx, "p", yaml, strlen(yaml), 4096, &doc);
    assert_int_equal(status, VOUCH_OK);
    status = vouch__params_read(ctx, &kind, vouch__doc_root(doc), skip, 2, value);
    vouch__doc_free(doc);
    return status;
}

static void what_is_not_given_is_the_default(void **state)
{
    (void)state;
    double v[4];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch__params_read(ctx, &kind, NULL, NULL, 0, v));
    assert_close(v[0], 0.5, 0);
    assert_close(v[1], 400, 0);
    assert_close(v[2], 1, 0);
    assert_close(v[3], 0, 0);
    assert_ok(ctx, read(ctx, "kind: toy\nmonotone: {a: up}\ntrees: 7\n", v));
    assert_close(v[0], 0.5, 0);
    assert_close(v[1], 7, 0);
    vouch_ctx_free(ctx);
}

static void every_type_is_read(void **state)
{
    (void)state;
    double v[4];
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, read(ctx, "{rate: 0.25, trees: 1000, quick: false, grow: leaf}", v));
    assert_close(v[0], 0.25, 0);
    assert_close(v[1], 1000, 0);
    assert_close(v[2], 0, 0);
    assert_close(v[3], 1, 0);
    vouch_ctx_free(ctx);
}

static void refused(vouch_ctx *ctx, const char *yaml, const char *words)
{
    double v[4];
    assert_status(ctx, read(ctx, yaml, v), VOUCH_E_FORMAT);
    assert_error_has(ctx, words);
}

static void refusals_name_place_and_nearest_key(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    refused(ctx, "rate: 0.5\ntree: 5\n",
            "line 2, column 7: unknown key 'tree' for kind toy, did you mean 'trees'?");
    refused(ctx, "zzzzzzzz: 5", "unknown key 'zzzzzzzz' for kind toy");
    refused(ctx, "monotne: 5", "did you mean 'monotone'?");
    refused(ctx, "rate: 2", "rate is 2, must be a number from 0.1 to 1");
    refused(ctx, "rate: .nan", "rate ");
    refused(ctx, "rate: fast", "rate is fast, must be a number from 0.1 to 1");
    refused(ctx, "trees: 2.5", "trees is 2.5, must be a whole number from 1 to 1000");
    refused(ctx, "trees: 0", "trees is 0");
    refused(ctx, "trees: many", "trees is many, must be a whole number from 1 to 1000");
    refused(ctx, "trees: [5]", "trees is a list, must be a whole number");
    refused(ctx, "trees: {most: 5}", "trees is a mapping, must be a whole number");
    refused(ctx, "trees: true", "trees is true, must be a whole number");
    refused(ctx, "trees:", "trees is null, must be a whole number");
    refused(ctx, "quick: 1", "quick is 1, must be true or false");
    refused(ctx, "grow: lea", "grow is lea, must be one of depth|leaf");
    refused(ctx, "grow: depth|leaf", "grow is depth|leaf, must be one of depth|leaf");
    refused(ctx, "grow: 1", "grow is 1, must be one of depth|leaf");
    refused(ctx, "- 1", "parameters of toy must be a mapping");
    vouch_ctx_free(ctx);
}

static void every_kind_has_a_sound_table(void **state)
{
    (void)state;
    const char *name[16];
    size_t n = vouch__kind_names(name, 16);
    assert_true(n > 0 && n <= 16);
    for (size_t k = 0; k < n; k++) {
        const vouch__model_kind *found = vouch__kind_find(name[k]);
        assert_non_null(found);
        for (size_t i = 0; i < found->n_params; i++) {
            const vouch__param *p = &found->params[i];
            assert_true(strlen(p->help) > 10 && p->unit);
            assert_true(p->lo <= p->value && p->value <= p->hi);
            assert_true((p->type == VOUCH__PARAM_CHOICE) == (p->choices != NULL));
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(p->name, found->params[j].name);
        }
    }
    assert_null(vouch__kind_find("no such kind"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_is_the_default),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(refusals_name_place_and_nearest_key),
        cmocka_unit_test(every_kind_has_a_sound_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
