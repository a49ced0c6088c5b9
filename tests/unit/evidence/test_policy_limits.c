/* The policy reader refuses what it does not know, in place, and the policy that travels inside is readable.
 */
#include "one_ctx.h"

#include "base/embedded.h"
#include "evidence/evidence.h"

#include <stdio.h>
#include <string.h>

static void refused(const char *limits, const char *words)
{
    char text[600];
    vouch__policy *policy = NULL;
    (void)snprintf(text, sizeof text, "name: a\nversion: b\nlimits:\n%s", limits);
    assert_status(ctx, vouch__policy_read(ctx, "p.yaml", text, strlen(text), &policy), VOUCH_E_FORMAT);
    assert_null(policy);
    assert_error_has(ctx, words);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    refused("  x.y: {direction: above, advisry: 1}\n",
            "p.yaml:4:27: unknown key 'advisry', did you mean 'advisory'?");
    refused("  x.y: {direction: abov, advisory: 1}\n",
            "p.yaml:4:20: direction is 'abov', must be above or below, did you mean 'above'?");
    refused("  x.y: {direction: sideways, advisory: 1}\n", "must be above or below");
    refused("  x.y: {advisory: 1}\n", "p.yaml:4:8: 'direction' is missing");
    refused("  x.y: {direction: above}\n", "a limit needs advisory, fail, or both");
    refused("  x.y: {direction: above, fail: high}\n", "p.yaml:4:33: fail must be a number");
    refused("  x.y: {direction: above, fail: .inf}\n", "fail must be a number");
    refused("  x.y: {direction: above, advisory: 2, fail: 1}\n",
            "the advisory limit lies beyond the fail limit");
    refused("  x.y: {direction: below, advisory: 1, fail: 2}\n",
            "the advisory limit lies beyond the fail limit");
    refused("  x.y: 5\n", "p.yaml:4:8: must be keys with values");
    refused("  - x\n", "limits must be ids with their limits");
    refused("  x.y: {direction: above, fail: 1}\n  x.y: {direction: above, fail: 2}\n",
            "p.yaml:5:3: key 'x.y' stands twice");
    refused("limit: 5\n", "p.yaml:4:1: unknown key 'limit', did you mean 'limits'?");
}

static void name_version_and_limits_are_required(void **state)
{
    (void)state;
    static const char *const text[] = { "version: a\nlimits: {}",
                                        "name: a\nlimits: {}",
                                        "name: a\nversion: b",
                                        "name: 5\nversion: b\nlimits: {}",
                                        "",
                                        "[]" };
    static const char *const words[] = { "'name' is missing",        "'version' is missing",
                                         "'limits' is missing",      "p:1:7: name must be text",
                                         "must be keys with values", "must be keys with values" };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        vouch__policy *policy = NULL;
        assert_status(ctx, vouch__policy_read(ctx, "p", text[i], strlen(text[i]), &policy), VOUCH_E_FORMAT);
        assert_error_has(ctx, words[i]);
    }
}

static void no_policy_judges_nothing(void **state)
{
    (void)state;
    vouch__policy *policy;
    assert_null(vouch__policy_limit(NULL, "x"));
    assert_null(vouch__policy_name(NULL));
    assert_ok(ctx, vouch__policy_read(ctx, "p", "name: a\nversion: b\nlimits: {}", 29, &policy));
    assert_null(vouch__policy_limit(policy, "x"));
    vouch__policy_free(policy);
}

static void the_default_policy_is_embedded_and_holds_the_usual_limits(void **state)
{
    (void)state;
    const vouch__embedded *file = vouch__embedded_find("policy/default.yaml");
    vouch__policy *policy;
    assert_non_null(file);
    assert_ok(ctx, vouch__policy_read(ctx, file->path, file->text, file->len, &policy));
    assert_string_equal(vouch__policy_name(policy), "default");
    const struct {
        const char *id;
        bool is_above;
        double advisory, fail;
    } want[] = {
        { "validate.psi_score", true, 0.10, 0.25 }, { "validate.auc", false, 0.65, 0.60 },
        { "fairness.air", false, 0.90, 0.80 },      { "data.single_auc", true, 0.85, 0.95 },
        { "monitor.psi_input", true, 0.10, 0.25 },
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const vouch__limit *limit = vouch__policy_limit(policy, want[i].id);
        assert_non_null(limit);
        assert_int_equal(limit->is_above, want[i].is_above);
        assert_close(limit->advisory, want[i].advisory, 0);
        assert_close(limit->fail, want[i].fail, 0);
    }
    vouch__policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(name_version_and_limits_are_required),
        cmocka_unit_test(no_policy_judges_nothing),
        cmocka_unit_test(the_default_policy_is_embedded_and_holds_the_usual_limits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
