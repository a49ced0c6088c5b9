/* Every golden case of the catalogue: tests/golden/catalogue/<name>.json holds {provenance, cases: [{test,
 * params, model (formula.h), now, before, expect: {path: number}, tolerance}]}. A path begins at the test's
 * entries
 * ("0.value", "0.tables.line.rows.0.1"). */
#include "formula.h"
#include "trial.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void one_case(const char *file, size_t at, const vouch__json *c)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    const char *id = golden_text(c, "test");
    const vouch_test *test = vouch_test_find(id);
    if (!test)
        fail_msg("%s: case %zu: no test '%s'", file, at, id);
    const vouch__json *other = vouch__json_get(c, "before");
    vouch__sample now = trial_sample(golden_at(c, "now"));
    vouch__sample before = other ? trial_sample(other) : now;
    double tolerance = vouch__json_double(vouch__json_get(c, "tolerance"), 1e-10);
    assert_ok(ctx, vouch__evidence_new(ctx, NULL, &list));
    const vouch__json *formula = vouch__json_get(c, "model");
    const vouch_model *model = formula ? formula_model(now.table, formula) : NULL;
    assert_ok(ctx, trial_run_model(ctx, test, model, &now, other ? &before : NULL,
                                   vouch__json_get(c, "params"), &list));
    const vouch__json *expect = golden_at(c, "expect");
    for (const vouch__json *e = expect->first; e; e = e->next) {
        char what[256];
        (void)snprintf(what, sizeof what, "%s: case %zu: %s: %s", file, at, id, e->key);
        if (e->type == VOUCH__JSON_STRING && isnan(vouch__json_double(e, (double)NAN))) {
            const char *got = golden_text(list.entries, e->key);
            if (strcmp(got, e->text) != 0)
                fail_msg("%s is '%s', not '%s'", what, got, e->text);
        } else {
            check_close(golden_number(list.entries, e->key), vouch__json_double(e, (double)NAN), tolerance,
                        what, __FILE__, __LINE__);
        }
    }
    vouch__evidence_free(&list);
    vouch_ctx_free(ctx);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void every_golden_case_holds(void **state)
{
    char *name[256];
    char path[512];
    size_t n = 0;
    (void)state;
    DIR *folder = opendir(VOUCH_TEST_ROOT "/golden/catalogue");
    assert_non_null(folder);
    for (struct dirent *d = readdir(folder); d && n < 256; d = readdir(folder))
        if (strlen(d->d_name) > 5 && !strcmp(d->d_name + strlen(d->d_name) - 5, ".json"))
            name[n++] = strdup(d->d_name);
    (void)closedir(folder);
    assert_true(n > 0);
    qsort(name, n, sizeof *name, by_name);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "catalogue/%s", name[i]);
        const vouch__json *root = golden(path);
        (void)golden_text(root, "provenance.library");
        for (size_t k = 0; k < golden_len(root, "cases"); k++)
            one_case(name[i], k, vouch__json_at(golden_at(root, "cases"), k));
        free(name[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_golden_case_holds) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
