/* Every golden case of the catalogue: tests/golden/catalogue/<name>.json holds {provenance, cases: [{test,
 * params, model, rival (formula.h), fit, rival_fit: {kind, params, rows}, now, before, expect: {path: number
 * or text}, tolerance}], samples: {name: ..}}. now and before are cases (trial.h) or the name of a sample. A
 * path begins at the test's entries ("0.value", "0.tables.line.rows.0.1"). fit: the model is fitted on all
 * columns of before, or of now, by the first rows or all of them. make_<name>.py beside it makes the file.
 * And every row of the catalogue has a case. */
#include "fit_kit.h"
#include "formula.h"
#include "trial.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 256, TESTS_MAX = 1024, FIELDS = 5 };

/* What an entry tells, and what cases have checked of it. */
static const char *const field[FIELDS] = { "value", "statistic", "p_value", "critical", "interval.low" };
static bool told[TESTS_MAX][FIELDS], checked[TESTS_MAX][FIELDS];
static size_t numbers[TESTS_MAX]; /* that hold, of each row */

static size_t place_of(const char *file, size_t at, const char *id)
{
    for (size_t i = 0; i < vouch_test_count(); i++)
        if (!strcmp(vouch_test_id(vouch_test_at(i)), id))
            return i;
    fail_msg("%s: case %zu: no test '%s'", file, at, id);
    return 0;
}

static vouch_model *fitted(vouch_ctx *ctx, const vouch__json *fit, const vouch__sample *on)
{
    vouch_model *model = NULL;
    const kit_fit spec = { .kind = golden_text(fit, "kind"),
                           .table = on->table,
                           .n_train = (size_t)vouch__json_double(vouch__json_get(fit, "rows"), (double)on->n),
                           .target = on->target,
                           .params = vouch__json_string(vouch__json_get(fit, "params")) };
    assert_ok(ctx, kit_model(ctx, &spec, &model));
    return model;
}

static void note_told(size_t place, const vouch__json *entries)
{
    for (const vouch__json *e = entries->first; e; e = e->next)
        for (size_t f = 0; f < FIELDS; f++) {
            const char *dot = strchr(field[f], '.');
            const vouch__json *at = vouch__json_get(dot ? vouch__json_get(e, "interval") : e,
                                                    dot ? dot + 1 : field[f]);
            told[place][f] = told[place][f] || !isnan(vouch__json_double(at, (double)NAN));
        }
}

static void hold(size_t place, const vouch__json *expect, const vouch__json *entries, double tolerance,
                 const char *name)
{
    for (const vouch__json *e = expect->first; e; e = e->next) {
        char what[256];
        (void)snprintf(what, sizeof what, "%s: %s", name, e->key);
        if (e->type == VOUCH__JSON_STRING && isnan(vouch__json_double(e, (double)NAN))) {
            const char *got = golden_text(entries, e->key);
            if (strcmp(got, e->text) != 0)
                fail_msg("%s is '%s', not '%s'", what, got, e->text);
        } else {
            check_close(golden_number(entries, e->key), vouch__json_double(e, (double)NAN), tolerance, what,
                        __FILE__, __LINE__);
            numbers[place]++;
            for (size_t f = 0; f < FIELDS; f++) /* beyond the number of the entry and a dot */
                checked[place][f] = checked[place][f] ||
                                    !strcmp(e->key + strspn(e->key, "0123456789") + 1, field[f]);
        }
    }
}

static vouch__sample cases_of(const vouch__json *root, const vouch__json *node)
{
    const char *name = vouch__json_string(node);
    return trial_sample(name ? golden_at(golden_at(root, "samples"), name) : node);
}

static void one_case(const char *file, size_t at, const vouch__json *root, const vouch__json *c)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    const char *id = golden_text(c, "test");
    size_t place = place_of(file, at, id);
    const vouch__json *other = vouch__json_get(c, "before"), *fit = vouch__json_get(c, "fit");
    vouch__sample now = cases_of(root, golden_at(c, "now"));
    vouch__sample before = other ? cases_of(root, other) : now;
    const vouch_model *model[2] = { NULL, NULL };
    static const char *const role[] = { "model", "rival" };
    char name[192];
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    for (int k = 0; k < 2; k++) {
        const vouch__json *formula = vouch__json_get(c, role[k]);
        model[k] = formula ? formula_model(now.table, formula) : NULL;
    }
    vouch_model *own[2] = { NULL, NULL };
    if (fit)
        model[0] = own[0] = fitted(ctx, fit, &before);
    fit = vouch__json_get(c, "rival_fit");
    if (fit)
        model[1] = own[1] = fitted(ctx, fit, &before);
    assert_ok(ctx, trial_run_models(ctx, vouch_test_at(place), model, &now, other ? &before : NULL,
                                    vouch__json_get(c, "params"), &list));
    (void)snprintf(name, sizeof name, "%s: case %zu: %s", file, at, id);
    note_told(place, list.entries);
    hold(place, golden_at(c, "expect"), list.entries,
         vouch__json_double(vouch__json_get(c, "tolerance"), 1e-10), name);
    vouch__evidence_free(&list);
    vouch_model_free(own[0]);
    vouch_model_free(own[1]);
    vouch_ctx_free(ctx);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Where the numbers come from, and the script that makes them again. */
static void has_provenance(const char *file, const vouch__json *root)
{
    char path[512];
    (void)golden_text(root, "provenance.library");
    (void)golden_text(root, "provenance.date");
    (void)snprintf(path, sizeof path, VOUCH_TEST_ROOT "/golden/catalogue/make_%.*s.py",
                   (int)(strlen(file) - strlen(".json")), file);
    FILE *script = fopen(path, "re");
    if (!script)
        fail_msg("%s: there is no %s that makes it", file, path);
    (void)fclose(script);
}

static void every_golden_case_holds(void **state)
{
    char *name[FILES_MAX];
    char path[512];
    size_t n = 0;
    (void)state;
    assert_true(vouch_test_count() <= TESTS_MAX);
    DIR *folder = opendir(VOUCH_TEST_ROOT "/golden/catalogue");
    assert_non_null(folder);
    for (struct dirent *d = readdir(folder); d && n < FILES_MAX; d = readdir(folder))
        if (strlen(d->d_name) > 5 && !strcmp(d->d_name + strlen(d->d_name) - 5, ".json"))
            name[n++] = strdup(d->d_name);
    (void)closedir(folder);
    assert_true(n > 0);
    qsort(name, n, sizeof *name, by_name);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "catalogue/%s", name[i]);
        const vouch__json *root = golden(path);
        has_provenance(name[i], root);
        for (size_t k = 0; k < golden_len(root, "cases"); k++)
            one_case(name[i], k, root, vouch__json_at(golden_at(root, "cases"), k));
        free(name[i]);
    }
}

/* Runs after the cases: what they have not checked is not checked. Every row has a case, and of every row the
 * value, statistic, p-value, critical value and interval that it tells stand in one. */
static void every_row_and_statistic_has_a_golden_case(void **state)
{
    size_t lacking = 0;
    (void)state;
    for (size_t i = 0; i < vouch_test_count(); i++) {
        const char *id = vouch_test_id(vouch_test_at(i));
        if (!numbers[i])
            print_error("%s has no golden case under tests/golden/catalogue\n", id);
        lacking += !numbers[i];
        for (size_t f = 0; f < FIELDS; f++)
            if (told[i][f] && !checked[i][f]) {
                print_error("%s has no golden %s\n", id, field[f]);
                lacking++;
            }
    }
    assert_int_equal(lacking, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_golden_case_holds),
                                        cmocka_unit_test(every_row_and_statistic_has_a_golden_case) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
