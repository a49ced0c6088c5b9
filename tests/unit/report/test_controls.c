/* A control is as well covered as the worst of its evidence; a pattern that nothing answers leaves it
 * missing. */
#include "check.h"

#include "base/embedded.h"
#include "report/controls.h"

#include <stdio.h>
#include <string.h>

static const char entries_text[] =
    "[{\"id\":\"validate.auc\",\"model\":\"card\",\"verdict\":\"pass\"},"
    "{\"id\":\"validate.auc\",\"model\":\"rival\",\"verdict\":\"fail\"},"
    "{\"id\":\"validate.ece\",\"model\":\"card\",\"verdict\":\"advisory\"},"
    "{\"id\":\"data.missing\",\"verdict\":\"info\"},"
    "{\"id\":\"fairness.air\",\"model\":\"card\",\"verdict\":\"refused\"},"
    "{\"id\":\"fairness.flip\",\"model\":\"card\",\"verdict\":\"not-applicable\"}, 7]";

static const char set_text[] =
    "title: T\n"
    "controls:\n"
    "  - {id: covered, title: a, text: b, evidence: [validate.auc, data.missing]}\n"
    "  - {id: worst, title: a, evidence: ['validate.*']}\n"
    "  - {id: missing, title: a, evidence: [validate.auc, explain.pdp]}\n"
    "  - {id: refused, title: a, evidence: [fairness.air]}\n"
    "  - {id: none, title: a, evidence: [fairness.flip]}\n"
    "  - {id: later, title: a, when: later}\n"
    "  - {id: later2, title: a, when: later, evidence: [monitor.psi]}\n";

static vouch_ctx *ctx;
static vouch__doc *entries, *made;

static int begin(void **state)
{
    (void)state;
    ctx = vouch_ctx_new(NULL);
    return !ctx || vouch__json_read(ctx, "e", entries_text, strlen(entries_text), 1 << 20, &entries) ||
           vouch__doc_new(ctx, &made);
}

static int end(void **state)
{
    (void)state;
    vouch__doc_free(entries);
    vouch__doc_free(made);
    vouch_ctx_free(ctx);
    return 0;
}

static const vouch__json *item(const vouch__json *set, const char *id)
{
    const vouch__json *items = vouch__json_get(set, "items");
    for (const vouch__json *at = items->first; at; at = at->next)
        if (!strcmp(vouch__json_string(vouch__json_get(at, "id")), id))
            return at;
    fail_msg("no control %s", id);
    return NULL;
}

static void has_status(const vouch__json *set, const char *id, const char *status)
{
    assert_string_equal(vouch__json_string(vouch__json_get(item(set, id), "status")), status);
}

static void a_control_is_as_good_as_its_worst_evidence(void **state)
{
    (void)state;
    vouch__json *set = NULL;
    assert_ok(ctx, vouch__controls_apply(ctx, "test", set_text, strlen(set_text), vouch__doc_root(entries),
                                         "card", made, &set));
    has_status(set, "covered", "covered");
    has_status(set, "worst", "advisory"); /* the rival's failure is not the champion's */
    has_status(set, "missing", "missing");
    has_status(set, "refused", "missing");
    has_status(set, "none", "not-applicable");
    has_status(set, "later", "pending");
    has_status(set, "later2", "pending");
    assert_string_equal(vouch__json_string(vouch__json_get(item(set, "missing"), "note")),
                        "No evidence of explain.pdp.");
    assert_int_equal(vouch__json_int(vouch__json_get(item(set, "worst"), "matched"), 0), 2);
    const vouch__json *counts = vouch__json_get(set, "counts");
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "missing"), 0), 2);
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "pending"), 0), 2);
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "failed"), 9), 0);
}

static void without_a_model_every_entry_counts(void **state)
{
    (void)state;
    vouch__json *set = NULL;
    assert_ok(ctx, vouch__controls_apply(ctx, "test", set_text, strlen(set_text), vouch__doc_root(entries),
                                         NULL, made, &set));
    has_status(set, "covered", "failed");
}

static void a_set_that_is_none_is_refused_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = { { "a: 1\n", "no list of controls" },
                { "controls:\n  - {id: a, title: b}\n", "line 2" },
                { "controls:\n  - {id: a, title: b, evidence: x}\n", "list of patterns" },
                { "controls:\n  - {id: a, evidence: [x]}\n", "title" },
                { "controls: [", "test" } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vouch__json *set = NULL;
        assert_status(
            ctx, vouch__controls_apply(ctx, "test", bad[i].text, strlen(bad[i].text), NULL, NULL, made, &set),
            VOUCH_E_FORMAT);
        assert_error_has(ctx, bad[i].says);
        assert_null(set);
    }
}

static void the_sets_that_ship_can_be_read(void **state)
{
    (void)state;
    static const char *const name[] = { "sr-26-2", "sr-11-7", "ss1-23" };
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        vouch__json *set = NULL;
        (void)snprintf(path, sizeof path, "controls/%s.yaml", name[i]);
        const vouch__embedded *file = vouch__embedded_find(path);
        assert_non_null(file);
        assert_ok(ctx, vouch__controls_apply(ctx, name[i], file->text, file->len, vouch__doc_root(entries),
                                             "card", made, &set));
        assert_true(vouch__json_get(set, "items")->len >= 10);
        assert_non_null(vouch__json_string(vouch__json_get(set, "title")));
        assert_non_null(vouch__json_string(vouch__json_get(set, "source")));
    }
}

static vouch_status apply(vouch_ctx *worker, void *arg)
{
    vouch__doc *doc = NULL;
    vouch__json *set = NULL;
    (void)arg;
    vouch_status status = vouch__doc_new(worker, &doc);
    if (!status)
        status = vouch__controls_apply(worker, "test", set_text, strlen(set_text), vouch__doc_root(entries),
                                       NULL, doc, &set);
    vouch__doc_free(doc);
    return status;
}

static void coverage_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(apply, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_control_is_as_good_as_its_worst_evidence),
        cmocka_unit_test(without_a_model_every_entry_counts),
        cmocka_unit_test(a_set_that_is_none_is_refused_by_place),
        cmocka_unit_test(the_sets_that_ship_can_be_read),
        cmocka_unit_test(coverage_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
