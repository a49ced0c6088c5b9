/* Which columns are compared, and that what could not be is never a pass: from tables and from sketches. */
#include "trial.h"

#include "base/embedded.h"
#include "monitor/drift_pairs.h"
#include "monitor/sketch_set.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* 40 rows: x rises, t is a text, d a day, e has no value. */
static vouch__sample sample_of(const char *columns, const char *more)
{
    static char json[4][1 << 14];
    static size_t turn;
    char *out = json[turn++ % 4];
    size_t len = (size_t)sprintf(out, "{%s'columns':{", more);
    for (const char *c = columns; *c; c++) {
        len += (size_t)sprintf(out + len, "%s'%c':[", c == columns ? "" : ",", *c == 'T' ? 'x' : *c);
        for (int i = 0; i < 40; i++) {
            const char *comma = i ? "," : "";
            if (*c == 'e')
                len += (size_t)sprintf(out + len, "%snull", comma);
            else if (*c == 't' || *c == 'T')
                len += (size_t)sprintf(out + len, "%s'%c'", comma, 'a' + i % 3);
            else
                len += (size_t)sprintf(out + len, "%s%d", comma, i + 18000);
        }
        len += (size_t)sprintf(out + len, "]");
    }
    (void)sprintf(out + len, "}}");
    return trial_read(out);
}

static vouch__drift_pairs pairs_of(vouch_ctx *ctx, const vouch__sample *now, const vouch__sample *before)
{
    vouch__drift_pairs out;
    assert_ok(ctx, vouch__drift_pair_up(ctx, now, before, false, &out));
    return out;
}

static void columns_meet_by_name_and_kind(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sample now = sample_of("xtz", ""), before = sample_of("yxt", "");
    vouch__drift_pairs p = pairs_of(ctx, &now, &before);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.at[0].name, "x");
    assert_true(!p.at[0].is_text && p.at[1].is_text);
    assert_int_equal(p.lost, 1);
    assert_string_equal(p.note, "Of 3 columns 1 could not be compared: y (not in the data). "
                                "Not in the reference, so not compared: z.");
    now.features_chosen = true; /* then z was asked for */
    p = pairs_of(ctx, &now, &before);
    assert_int_equal(p.lost, 2);
    assert_non_null(strstr(p.note, "z (not in the reference)"));
    now = sample_of("Tt", "");
    p = pairs_of(ctx, &now, &before);
    assert_non_null(strstr(p.note, "y (not in the data), x (text, was "));
    assert_int_equal(p.n, 1);
    vouch_ctx_free(ctx);
}

static void a_column_without_values_is_of_either_kind(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__sample now = sample_of("e", "");
    vouch__sample before = sample_of("e", "");
    vouch__drift_pairs p = pairs_of(ctx, &now, &before);
    assert_int_equal(p.lost, 0);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.note, "");
    vouch_ctx_free(ctx);
}

/* Names are cut and counted, so any number of them fits. */
static void many_lost_columns_are_counted(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch__sample now = sample_of("x", ""), before = sample_of("abcfghijklxt", "");
    vouch__drift_pairs p = pairs_of(ctx, &now, &before);
    assert_int_equal(p.lost, 11);
    assert_non_null(strstr(p.note,
                           "Of 12 columns 11 could not be compared: a (not in the data), b (not in the "
                           "data), c (not in the data), f (not in the data) and 7 more."));
    vouch_ctx_free(ctx);
}

static const char *verdict_of(const vouch__evidence *list)
{
    return vouch__json_string(vouch__json_get(list->entries->last, "verdict"));
}

static void a_lost_column_is_no_pass(void **state)
{
    static const char *const ids[] = { "drift.psi",         "drift.jensen_shannon",   "drift.hellinger",
                                       "drift.l_infinity",  "drift.chi_square",       "drift.ks",
                                       "drift.wasserstein", "drift.domain_classifier" };
    vouch__policy *policy = NULL;
    const vouch__embedded *file = vouch__embedded_find("policy/default.yaml");
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_ok(ctx, vouch__policy_read(ctx, "default", file->text, file->len, &policy));
    const vouch__sample whole = sample_of("xt", ""), part = sample_of("t", ""), texts = sample_of("Tt", "");
    const vouch__sample number = sample_of("x", ""), none = sample_of("t", "");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        vouch__evidence list;
        const vouch_test *test = vouch_test_find(ids[i]);
        bool of_values = !strcmp(ids[i], "drift.ks") || !strcmp(ids[i], "drift.wasserstein");
        assert_ok(ctx, vouch__evidence_new(ctx, policy, &list));
        assert_ok(ctx, trial_run(ctx, test, &whole, &whole, NULL, &list));
        assert_string_equal(verdict_of(&list), "pass");
        assert_ok(ctx, trial_run(ctx, test, &part, &whole, NULL, &list));
        assert_string_equal(verdict_of(&list), of_values ? "refused" : "advisory");
        assert_ok(ctx, trial_run(ctx, test, &texts, &whole, NULL, &list));
        assert_string_equal(verdict_of(&list), of_values ? "refused" : "advisory");
        assert_ok(ctx, trial_run(ctx, test, &whole, &number, NULL, &list)); /* a new column is no drift */
        assert_string_equal(verdict_of(&list), "pass");
        assert_ok(ctx, trial_run(ctx, test, &number, &none, NULL, &list));
        assert_string_equal(verdict_of(&list), "refused");
        vouch__evidence_free(&list);
    }
    vouch__policy_free(policy);
    vouch_ctx_free(ctx);
}

static vouch__sketch_set *set_of(vouch_ctx *ctx, const char *name, vouch_type type, bool is_empty)
{
    vouch__sketch_set *set = vouch__alloc(ctx, 1, sizeof *set);
    double x[] = { 1, 2, 3 };
    set->alloc = *vouch__allocator(ctx);
    set->col = vouch__alloc(ctx, 1, sizeof *set->col);
    set->cols = 1;
    set->rows = 3;
    set->col->name = vouch__strdup(ctx, name);
    set->col->type = type;
    for (int i = 0; is_empty && i < 3; i++)
        x[i] = NAN;
    if (type == VOUCH_TEXT) {
        assert_ok(ctx, vouch__tally_new(ctx, &set->col->texts));
        for (int i = 0; i < 3; i++)
            assert_ok(ctx, vouch__tally_add(ctx, set->col->texts, is_empty ? NULL : "a", is_empty ? 0 : 1));
        assert_ok(ctx, vouch__tally_settle(ctx, set->col->texts));
    } else {
        assert_ok(ctx, vouch__sketch_new(ctx, &set->col->numbers));
        assert_ok(ctx, vouch__sketch_add(ctx, set->col->numbers, 3, x));
        assert_ok(ctx, vouch__sketch_settle(ctx, set->col->numbers));
    }
    return set;
}

static void sketches_that_lack_a_column_are_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    static const struct {
        const char *name;
        vouch_type type;
        bool is_empty;
        const char *says; /* against a reference of whole numbers "x" */
    } cases[] = {
        { "x", VOUCH_NUMBER, false, NULL },
        { "x", VOUCH_FLAG, false, NULL },
        { "x", VOUCH_TEXT, true, NULL },
        { "y", VOUCH_INTEGER, false, "column 'x' of the reference is not in the current data; leave it out" },
        { "x", VOUCH_TEXT, false, "'x' is of type integer in the reference and of type text in the current" },
        { "x", VOUCH_DATE, false, "'x' is of type integer in the reference and of type date in the current" },
    };
    vouch__sketch_set *before = set_of(ctx, "x", VOUCH_INTEGER, false);
    const vouch__sample was = { .n = 3, .sketches = before };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch__sketch_set *now = set_of(ctx, cases[i].name, cases[i].type, cases[i].is_empty);
        const vouch__sample is = { .n = 3, .sketches = now };
        if (cases[i].says) {
            assert_status(ctx, vouch__drift_check(ctx, &is, &was), VOUCH_E_DATA);
            assert_error_has(ctx, cases[i].says);
        } else {
            assert_ok(ctx, vouch__drift_check(ctx, &is, &was));
        }
        vouch__sketch_set_free(now);
    }
    vouch__sketch_set_free(before);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_meet_by_name_and_kind),
        cmocka_unit_test(a_column_without_values_is_of_either_kind),
        cmocka_unit_test(many_lost_columns_are_counted),
        cmocka_unit_test(a_lost_column_is_no_pass),
        cmocka_unit_test(sketches_that_lack_a_column_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
