/* Explanations and reasons of a model file through the public interface: that they add up, that every form
 * says the same, what is refused, that threads change nothing, and that memory may run out anywhere. */
#include "check.h"

#include "base/file.h"
#include "base/json.h"
#include "vouch/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char duckdb[512];
static vouch_ctx *ctx;

static const char *model(void) { return VOUCH_TEST_ROOT "/golden/models/gbdt_1.vouch"; }

static const char *data(void)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s", test_path("rows.csv"));
    return path;
}

static vouch_explain_options options_of(const char *output)
{
    return (vouch_explain_options){
        .model = model(), .data = data(), .id = "key", .output = output, .duckdb = duckdb, .seed = 1
    };
}

static int prepare(void **state)
{
    (void)state;
    vouch__buf text;
    ctx = vouch_ctx_new(NULL);
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_text(&text, "key,x0,x1,x2\n");
    for (int i = 0; i < 60; i++)
        vouch__buf_fmt(&text, "k%02d,%d,c%d,%d\n", i, i - 30, i % 6, i * 7 % 60 - 30); /* c5 is unseen */
    assert_ok(ctx, vouch__buf_status(ctx, &text));
    assert_ok(ctx, vouch__file_write(ctx, data(), text.at, text.len, 0644));
    vouch__buf_free(&text);
    (void)snprintf(duckdb, sizeof duckdb, "%s/.cache/duckdb/libduckdb.so", VOUCH_PROJECT_ROOT);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    vouch_ctx_free(ctx);
    return 0;
}

static vouch__doc *as_json(char *text)
{
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, "test", text, strlen(text), strlen(text) + 1, &doc));
    vouch_text_free(ctx, text);
    return doc;
}

static void contributions_add_up_by_either_method(void **state)
{
    (void)state;
    static const char *const method[] = { "interventional", "path" };
    for (int m = 0; m < 2; m++) {
        vouch_explain_options o = options_of("json");
        char *text = NULL;
        o.method = method[m];
        assert_ok(ctx, vouch_explain(ctx, &o, &text));
        vouch__doc *doc = as_json(text);
        const vouch__json *root = vouch__doc_root(doc);
        const vouch__json *rows = vouch__json_get(root, "rows");
        double base = vouch__json_double(vouch__json_get(root, "base"), NAN);
        assert_string_equal(vouch__json_string(vouch__json_get(root, "definition")), method[m]);
        assert_true(!vouch__json_get(root, "reference") == (m == 1));
        assert_int_equal(rows->len, 60);
        for (const vouch__json *row = rows->first; row; row = row->next) {
            double sum = base;
            const vouch__json *values = vouch__json_get(row, "contributions");
            for (const vouch__json *v = values->first; v; v = v->next)
                sum += v->number;
            assert_close(sum, vouch__json_double(vouch__json_get(row, "raw"), NAN), 1e-12);
            assert_close(vouch__json_double(vouch__json_get(row, "residual"), NAN), 0, 1e-12);
            assert_close(vouch__json_double(vouch__json_get(row, "source_gap"), NAN), 0, 0);
        }
        vouch__doc_free(doc);
    }
}

static void reasons_are_adverse_ranked_grouped_and_coded(void **state)
{
    (void)state;
    static const char yaml[] =
        "x0: {characteristic: both, text: Words, code: R1}\nx2: {characteristic: both}\n";
    vouch_explain_options o = options_of("json");
    char *text = NULL;
    assert_ok(ctx, vouch__file_write(ctx, test_path("g.yaml"), yaml, sizeof yaml - 1, 0644));
    o.groups = test_path("g.yaml");
    o.top = 2;
    assert_ok(ctx, vouch_reasons(ctx, &o, &text));
    vouch__doc *doc = as_json(text);
    size_t coded = 0;
    for (const vouch__json *row = vouch__json_get(vouch__doc_root(doc), "rows")->first; row;
         row = row->next) {
        const vouch__json *reasons = vouch__json_get(row, "reasons");
        assert_true(reasons->len <= 2);
        for (const vouch__json *r = reasons->first; r; r = r->next) {
            assert_true(vouch__json_double(vouch__json_get(r, "log_odds"), NAN) > 0);
            if (strcmp(vouch__json_string(vouch__json_get(r, "characteristic")), "both") != 0)
                continue;
            assert_string_equal(vouch__json_string(vouch__json_get(r, "code")), "R1");
            assert_string_equal(vouch__json_string(vouch__json_get(r, "text")), "Words");
            coded++;
        }
    }
    assert_true(coded > 0);
    vouch__doc_free(doc);
}

static void approved_rows_are_left_out_unless_asked_for(void **state)
{
    (void)state;
    vouch_explain_options o = options_of("csv");
    char *text = NULL;
    o.cutoff = 1; /* everybody is approved */
    assert_ok(ctx, vouch_reasons(ctx, &o, &text));
    assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
    vouch_text_free(ctx, text);
    o.row = "k07";
    assert_ok(ctx, vouch_reasons(ctx, &o, &text));
    assert_non_null(strstr(text, "\n\"k07\",approve,"));
    vouch_text_free(ctx, text);
}

static void the_page_shows_the_row_and_the_model(void **state)
{
    (void)state;
    vouch_explain_options o = options_of("html");
    char *text = NULL;
    o.reference = "near-cutoff";
    o.cutoff = 0.5;
    o.rows = 20;
    o.row = "k59"; /* beyond the first rows */
    assert_ok(ctx, vouch_explain(ctx, &o, &text));
    assert_non_null(strstr(text, "Explanation of a model and of one row"));
    assert_non_null(strstr(text, "this applicant"));
    assert_non_null(strstr(text, "just approved at the cut-off of 0.5"));
    assert_null(strstr(text, "champion was chosen"));
    vouch_text_free(ctx, text);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static const char *const forms[] = { "csv", "json", "html" };
    for (int f = 0; f < 3; f++) {
        char *first = NULL;
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            const vouch_ctx_options c = { .threads = threads };
            vouch_ctx *own = vouch_ctx_new(&c);
            const vouch_explain_options o = options_of(forms[f]);
            char *text = NULL;
            assert_ok(own, vouch_explain(own, &o, &text));
            if (first)
                assert_string_equal(first, text);
            vouch_text_free(own, first);
            first = text;
            if (threads == 4)
                vouch_text_free(own, first);
            vouch_ctx_free(own);
        }
    }
}

typedef struct refusal {
    vouch_explain_options o;
    vouch_status status;
    const char *says;
} refusal;

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    const refusal cases[] = {
        { { .output = "pdf" }, VOUCH_E_ARG, "pdf" },
        { { .method = "guess" }, VOUCH_E_ARG, "guess" },
        { { .cutoff = 2 }, VOUCH_E_ARG, "cutoff" },
        { { .reference = "near-cutoff" }, VOUCH_E_ARG, "near-cutoff" },
        { { .reference = "near-cutoff", .cutoff = 1e-9 }, VOUCH_E_DATA, "approved" },
        { { .method = "path", .reference = "all" }, VOUCH_E_ARG, "path" },
        { { .method = "path", .output = "html" }, VOUCH_E_ARG, "csv and json" },
        { { .row = "nobody" }, VOUCH_E_NOTFOUND, "nobody" },
        { { .top = 101 }, VOUCH_E_ARG, "101" },
        { { .groups = "/nowhere/g.yaml" }, VOUCH_E_NOTFOUND, "/nowhere/g.yaml" },
        { { .reference = "/nowhere/r.csv" }, VOUCH_E_NOTFOUND, "/nowhere/r.csv" },
        { { .model = "/nowhere/m.vouch" }, VOUCH_E_NOTFOUND, "/nowhere/m.vouch" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vouch_explain_options o = cases[i].o, usual = options_of(cases[i].o.output);
        char *text = NULL;
        o.model = o.model ? o.model : usual.model;
        o.data = usual.data;
        o.id = usual.id;
        o.duckdb = usual.duckdb;
        assert_status(ctx, vouch_explain(ctx, &o, &text), cases[i].status);
        assert_error_has(ctx, cases[i].says);
        assert_null(text);
    }
    vouch_explain_options o = options_of("csv");
    char *text = NULL;
    o.method = "path";
    assert_status(ctx, vouch_reasons(ctx, &o, &text), VOUCH_E_ARG);
}

static vouch_status explain_once(vouch_ctx *c, void *arg)
{
    vouch_explain_options o = options_of(arg);
    char *text = NULL;
    o.rows = 3;
    vouch_status status = vouch_reasons(c, &o, &text);
    assert_true(!text == (status != VOUCH_OK));
    vouch_text_free(c, text);
    return status;
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    if (getenv("VOUCH_TEST_ALL")) /* each try opens a database */
        sweep_allocations(explain_once, "json", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contributions_add_up_by_either_method),
        cmocka_unit_test(reasons_are_adverse_ranked_grouped_and_coded),
        cmocka_unit_test(approved_rows_are_left_out_unless_asked_for),
        cmocka_unit_test(the_page_shows_the_row_and_the_model),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    (void)snprintf(duckdb, sizeof duckdb, "%s/.cache/duckdb/libduckdb.so", VOUCH_PROJECT_ROOT);
    if (!vouch__file_exists(duckdb)) {
        print_message("skipped: no libduckdb at .cache/duckdb; ./dev test puts it there\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, prepare, clear);
}
