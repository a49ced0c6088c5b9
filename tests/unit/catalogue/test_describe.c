/* What is said of tests: docs/tests.md is what the rows say, lists filter, descriptions read. */
#include "check.h"

#include "vouch/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    if (text && fread(text, 1, (size_t)size, file) != (size_t)size)
        text[0] = '\0';
    (void)fclose(file);
    return text;
}

static void the_document_is_what_the_rows_say(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char *text = NULL;
    char *file = slurp(VOUCH_PROJECT_ROOT "/docs/tests.md");
    assert_ok(ctx, vouch_test_list(ctx, NULL, NULL, NULL, "markdown", &text));
    if (!file || strcmp(file, text) != 0)
        fail_msg("docs/tests.md is stale: vouch test list --markdown > docs/tests.md");
    for (size_t i = 0; i < vouch_test_count(); i++) {
        char id[96];
        (void)snprintf(id, sizeof id, "`%s`", vouch_test_id(vouch_test_at(i)));
        if (!strstr(text, id))
            fail_msg("the area of %s is none", id);
    }
    free(file);
    vouch_text_free(ctx, text);
    vouch_ctx_free(ctx);
}

/* docs/coverage.md: each name of a test that it holds is one, or evidence that runs alone make, and each test
 * stands on it. */
static void the_page_of_coverage_knows_every_test(void **state)
{
    (void)state;
    static const char *const of_runs[] = { "explain.additivity", "explain.importance", "explain.monotonicity",
                                           "explain.reasons", "explain.reason_similarity" };
    char *page = slurp(VOUCH_PROJECT_ROOT "/docs/coverage.md");
    bool named[1024] = { false };
    assert_non_null(page);
    assert_true(vouch_test_count() <= sizeof named / sizeof *named);
    for (const char *at = page; *at;) {
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_."), area = strcspn(at, ".");
        char word[96];
        while (len > 0 && at[len - 1] == '.') /* of a sentence */
            len--;
        bool is_area = false, is_test = false;
        (void)snprintf(word, sizeof word, "%.*s", (int)len, at);
        for (size_t i = 0; i < vouch_test_count() && len > 0 && area < len; i++) {
            const char *id = vouch_test_id(vouch_test_at(i));
            is_area = is_area || !strncmp(id, at, area + 1);
            named[i] = named[i] || !strcmp(id, word);
            is_test = is_test || !strcmp(id, word);
        }
        for (size_t i = 0; i < sizeof of_runs / sizeof *of_runs; i++)
            is_test = is_test || !strcmp(of_runs[i], word);
        if (is_area && !is_test && strcmp(word + area, ".md") != 0)
            fail_msg("docs/coverage.md: there is no test %s", word);
        at += len ? len : strcspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_") + (*at == '.');
    }
    for (size_t i = 0; i < vouch_test_count(); i++)
        if (!named[i])
            fail_msg("docs/coverage.md does not name %s", vouch_test_id(vouch_test_at(i)));
    free(page);
}

static void lists_filter_by_area_and_by_what_is_there(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char *text = NULL;
    assert_ok(ctx, vouch_test_list(ctx, "drift", NULL, NULL, "text", &text));
    assert_non_null(strstr(text, "drift.ks"));
    assert_null(strstr(text, "validate.auc"));
    vouch_text_free(ctx, text);
    assert_ok(ctx, vouch_test_list(ctx, NULL, "reference", NULL, "text", &text));
    assert_non_null(strstr(text, "drift.ks"));
    assert_null(strstr(text, "validate.auc "));
    vouch_text_free(ctx, text);
    assert_ok(ctx, vouch_test_list(ctx, NULL, NULL, "score,labels", "text", &text));
    assert_non_null(strstr(text, "validate.auc "));
    assert_null(strstr(text, "drift.ks"));
    assert_null(strstr(text, "validate.ece"));
    vouch_text_free(ctx, text);
    assert_status(ctx, vouch_test_list(ctx, "drfit", NULL, NULL, "text", &text), VOUCH_E_ARG);
    assert_error_has(ctx, "did you mean 'drift'?");
    assert_status(ctx, vouch_test_list(ctx, NULL, "lables", NULL, "text", &text), VOUCH_E_ARG);
    assert_error_has(ctx, "these are: score, probability, labels");
    assert_status(ctx, vouch_test_list(ctx, NULL, NULL, NULL, "html", &text), VOUCH_E_ARG);
    vouch_ctx_free(ctx);
}

/* Every test in every form, and lines that fit a terminal. */
static void descriptions_read(void **state)
{
    static const char *const forms[] = { "text", "markdown", "json" };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < vouch_test_count(); i++)
        for (size_t f = 0; f < 3; f++) {
            char *text = NULL;
            const vouch_test *test = vouch_test_at(i);
            assert_ok(ctx, vouch_test_describe(ctx, test, forms[f], &text));
            assert_non_null(strstr(text, vouch_test_id(test)));
            assert_non_null(strstr(text, vouch_test_title(test)));
            for (const char *line = text; f == 0 && *line; line += strcspn(line, "\n") + 1) {
                size_t len = strcspn(line, "\n");
                if (len > 100 && strncmp(line, "  vouch test run", 16) != 0 && !strchr("v", line[0]) &&
                    line[4] == ' ')
                    fail_msg("%s: a line of %zu bytes", vouch_test_id(test), len);
            }
            vouch_text_free(ctx, text);
        }
    assert_null(vouch_test_find("validate.nothing"));
    assert_null(vouch_test_at(vouch_test_count()));
    vouch_ctx_free(ctx);
}

/* A suite names tests that there are, and is read as the user's own would be. */
static void built_in_suites_are_sound(void **state)
{
    static const char *const suites[] = { "classifier", "data",        "drift",       "ecb-irb",
                                          "regression", "scores-only", "diagnostics", "fairness" };
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    char *text = NULL;
    assert_ok(ctx, vouch_suite_list(ctx, &text));
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        assert_non_null(strstr(text, suites[i]));
    vouch_text_free(ctx, text);
    vouch_ctx_free(ctx);
}

static vouch_status say(vouch_ctx *ctx, void *arg)
{
    char *text = NULL;
    (void)arg;
    vouch_status status = vouch_test_describe(ctx, vouch_test_find("validate.ece"), "text", &text);
    vouch_text_free(ctx, text);
    text = NULL;
    if (!status)
        status = vouch_test_list(ctx, "drift", NULL, NULL, "json", &text);
    vouch_text_free(ctx, text);
    return status;
}

static void describing_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(say, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_what_the_rows_say),
        cmocka_unit_test(the_page_of_coverage_knows_every_test),
        cmocka_unit_test(lists_filter_by_area_and_by_what_is_there),
        cmocka_unit_test(descriptions_read),
        cmocka_unit_test(built_in_suites_are_sound),
        cmocka_unit_test(describing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
