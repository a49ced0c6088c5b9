/* Legal profiles: the shipped ones are sound, dates hold, contradictions stop a run and name both sides. */
#include "check.h"

#include "base/embedded.h"
#include "fairness/fair_suite.h"

#include <stdio.h>
#include <string.h>

enum { JULY_20_2026 = 20654, JULY_21_2026 = 20655 };

static vouch__legal *read_text(vouch_ctx *ctx, const char *text)
{
    vouch__legal *legal = NULL;
    assert_ok(ctx, vouch__legal_read(ctx, "profile", text, strlen(text), &legal));
    return legal;
}

static vouch__legal *shipped(vouch_ctx *ctx, const char *name)
{
    char path[64];
    vouch__legal *legal = NULL;
    (void)snprintf(path, sizeof path, "legal/%s.yaml", name);
    const vouch__embedded *file = vouch__embedded_find(path);
    assert_non_null(file);
    assert_ok(ctx, vouch__legal_read(ctx, name, file->text, file->len, &legal));
    return legal;
}

static void every_shipped_profile_is_read(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    size_t n = 0;
    for (const vouch__embedded *file = vouch__embedded_files; file->path; file++) {
        vouch__legal *legal = NULL;
        if (strncmp(file->path, "legal/", 6) != 0)
            continue;
        assert_ok(ctx, vouch__legal_read(ctx, file->path, file->text, file->len, &legal));
        vouch__legal_free(legal);
        n++;
    }
    assert_true(n >= 6);
    vouch_ctx_free(ctx);
}

static void regulation_b_changes_on_21_july_2026(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *by;
    vouch__legal *now = shipped(ctx, "federal-ecoa-2026"), *before = shipped(ctx, "federal-ecoa-pre-2026");
    assert_ok(ctx, vouch__legal_check(ctx, 1, &now, JULY_21_2026));
    assert_ok(ctx, vouch__legal_check(ctx, 1, &before, JULY_20_2026));
    assert_status(ctx, vouch__legal_check(ctx, 1, &now, JULY_20_2026), VOUCH_E_ARG);
    assert_error_has(ctx, "'federal-ecoa-2026' is in force from 2026-07-21, not on 2026-07-20");
    assert_status(ctx, vouch__legal_check(ctx, 1, &before, JULY_21_2026), VOUCH_E_ARG);
    assert_error_has(ctx, "until 2026-07-20");
    assert_int_equal(vouch__legal_of(1, &now, "fairness.air", &by), VOUCH__LEGAL_ADVISORY);
    assert_int_equal(vouch__legal_of(1, &before, "fairness.air", &by), VOUCH__LEGAL_RUN);
    assert_int_equal(vouch__legal_of(1, &now, "fairness.alternatives", &by), VOUCH__LEGAL_BLOCKED);
    vouch__legal_free(now);
    vouch__legal_free(before);
    vouch_ctx_free(ctx);
}

static void shipped_profiles_of_one_day_go_together(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *by = NULL;
    vouch__legal *all[] = { shipped(ctx, "federal-ecoa-2026"), shipped(ctx, "fha"), shipped(ctx, "state-nj"),
                            shipped(ctx, "eu"), shipped(ctx, "measure-only") };
    assert_ok(ctx, vouch__legal_check(ctx, 5, all, JULY_21_2026));
    assert_int_equal(vouch__legal_of(5, all, "fairness.air", &by), VOUCH__LEGAL_RUN);
    assert_string_equal(by, "fha"); /* the first that asks for most */
    assert_int_equal(vouch__legal_of(0, NULL, "fairness.air", &by), VOUCH__LEGAL_ADVISORY);
    for (size_t i = 0; i < 5; i++)
        vouch__legal_free(all[i]);
    vouch_ctx_free(ctx);
}

static void what_one_requires_and_another_blocks_stops_and_names_both(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__legal *both[] = { read_text(ctx, "name: one\ntests: {fairness.alternatives: run}\n"),
                             read_text(ctx, "name: two\ntests: {fairness.alternatives: blocked}\n") };
    assert_status(ctx, vouch__legal_check(ctx, 2, both, 0), VOUCH_E_CONFLICT);
    assert_error_has(ctx, "fairness.alternatives is required by 'one' and blocked by 'two'");
    assert_ok(ctx, vouch__legal_check(ctx, 1, both, 0));
    vouch__legal_free(both[0]);
    vouch__legal_free(both[1]);
    vouch_ctx_free(ctx);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const struct {
        const char *text, *words;
    } cases[] = {
        { "nmae: x\ntests: {}\n", "unknown key 'nmae', did you mean 'name'?" },
        { "name: x\ntests: {fairness.aire: run}\n", "did you mean 'fairness.air'?" },
        { "name: x\ntests: {fairness.air: maybe}\n", "fairness.air must be run, advisory or blocked" },
        { "name: x\nfrom: \"2026-02-30\"\ntests: {}\n", "from must be a date" },
        { "name: x\nfrom: 7\ntests: {}\n", "from must be a date" },
        { "name: x\n", "tests must map" },
        { "[1, 2]", "must be a mapping" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch__legal *legal = NULL;
        assert_status(ctx, vouch__legal_read(ctx, "p", cases[i].text, strlen(cases[i].text), &legal),
                      VOUCH_E_FORMAT);
        assert_error_has(ctx, cases[i].words);
        assert_null(legal);
    }
    vouch_ctx_free(ctx);
}

static vouch_status read_and_check(vouch_ctx *ctx, void *arg)
{
    static const char text[] = "name: x\nfrom: \"2026-01-31\"\nuntil: null\ntests: {fairness.air: run}\n";
    vouch__legal *legal = NULL;
    (void)arg;
    vouch_status status = vouch__legal_read(ctx, "p", text, sizeof text - 1, &legal);
    if (!status && vouch__legal_check(ctx, 1, &legal, 0) == VOUCH_E_NOMEM)
        status = VOUCH_E_NOMEM;
    vouch__legal_free(legal);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(read_and_check, NULL, 0);
}

static void a_name_speaks_of_a_ground_word_by_word(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__legal *ecoa = shipped(ctx, "federal-ecoa-2026"), *fha = shipped(ctx, "fha");
    static const struct {
        const char *column, *ground;
    } name[] = {
        { "SEX", "sex" },
        { "applicantSex", "sex" },
        { "marital_status", "marital status" },
        { "MaritalStatus", "marital status" },
        { "AGE", "age" },
        { "age_in_years", "age" },
        { "birthdate", "age" },
        { "race2", "race" },
        { "mortgage", NULL },
        { "account_age", NULL },
        { "age_of_oldest", "age" },
        { "essex_branch", NULL },
        { "stage", NULL },
        { "utilisation", NULL },
        { "", NULL },
        { "co-applicant gender", "sex" },
    };
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        const char *ground = vouch__legal_ground(ecoa, name[i].column);
        assert_int_equal(ground != NULL, name[i].ground != NULL);
        if (ground)
            assert_string_equal(ground, name[i].ground);
    }
    vouch__legal *both[] = { ecoa, fha };
    assert_true(vouch__legal_covers(2, both, "age"));  /* of the first */
    assert_false(vouch__legal_covers(1, &fha, "age")); /* no ground of the Fair Housing Act */
    assert_false(vouch__legal_covers(2, both, "region"));
    assert_true(vouch__legal_covers(0, NULL, "region"));
    vouch__legal_free(ecoa);
    vouch__legal_free(fha);
    vouch_ctx_free(ctx);
}

static void two_of_a_columns_texts_speak_of_a_ground(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__legal *fha = shipped(ctx, "fha");
    const char *const salutation[] = { "FEMALE", "Male", "unknown" }, *const sizes[] = { "L", "M", "S" };
    assert_string_equal(vouch__legal_value_ground(fha, 3, salutation), "sex");
    assert_null(vouch__legal_value_ground(fha, 3, sizes)); /* one of them alone says nothing */
    assert_null(vouch__legal_value_ground(fha, 0, NULL));
    vouch__legal_free(fha);
    vouch_ctx_free(ctx);
}

static void grounds_that_are_none_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__legal *legal = NULL;
    const char *const text[] = {
        "tests: {}\ngrounds: [sex]\n",
        "tests: {}\ngrounds: {sex: {values: [m]}}\n",
        "tests: {}\ngrounds: {sex: {columns: sex}}\n",
        "tests: {}\ngrounds: {sex: {columns: [sex], vales: [m]}}\n",
        "tests: {}\ngrounds: {sex: {columns: [7]}}\n",
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        assert_status(ctx, vouch__legal_read(ctx, "p", text[i], strlen(text[i]), &legal), VOUCH_E_FORMAT);
        assert_error_has(ctx, "p:2:");
    }
    vouch_ctx_free(ctx);
}

/* What the catalogue adds is judged as the test of a profile that it belongs to. */
static void tests_of_a_family_follow_its_first(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const char *by;
    vouch__legal *legal = read_text(ctx, "name: n\ntests: {fairness.air: blocked, fairness.proxy: run}\n");
    assert_int_equal(vouch__legal_of(1, &legal, "fairness.odds_ratio", &by), VOUCH__LEGAL_BLOCKED);
    assert_int_equal(vouch__legal_of(1, &legal, "fairness.proxy_set", &by), VOUCH__LEGAL_RUN);
    assert_int_equal(vouch__legal_of(1, &legal, "fairness.equalised_odds", &by), VOUCH__LEGAL_ADVISORY);
    vouch__legal_free(legal);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_profile_is_read),
        cmocka_unit_test(a_name_speaks_of_a_ground_word_by_word),
        cmocka_unit_test(two_of_a_columns_texts_speak_of_a_ground),
        cmocka_unit_test(grounds_that_are_none_are_refused),
        cmocka_unit_test(tests_of_a_family_follow_its_first),
        cmocka_unit_test(regulation_b_changes_on_21_july_2026),
        cmocka_unit_test(shipped_profiles_of_one_day_go_together),
        cmocka_unit_test(what_one_requires_and_another_blocks_stops_and_names_both),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
