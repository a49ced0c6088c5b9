/* The report as a whole: the same bytes for the same evidence, whole with anything missing, never markup from
 * the evidence, and every tag closed. */
#include "html.h"
#include "one_ctx.h"

#include "base/file.h"
#include "report/chart.h"
#include "report/html_report.h"
#include "report/text_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vouch__doc *read_text(const char *text)
{
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__json_read(ctx, "test", text, strlen(text), 1 << 24, &doc));
    return doc;
}

static vouch__doc *read_sample(void)
{
    vouch__buf buf;
    vouch__doc *doc = NULL;
    vouch__buf_init(ctx, &buf, 0);
    assert_ok(ctx, vouch__file_read(ctx, VOUCH_TEST_ROOT "/golden/report/sample.json", 1 << 24, &buf));
    assert_ok(ctx, vouch__json_read(ctx, "sample", buf.at, buf.len, 1 << 24, &doc));
    vouch__buf_free(&buf);
    return doc;
}

static vouch__buf html_of(const vouch__json *root, const vouch__json *head)
{
    vouch__buf out;
    vouch__buf_init(ctx, &out, 0);
    assert_ok(ctx, vouch__report_html(ctx, root, head, &out));
    return out;
}

static void the_same_evidence_gives_the_same_bytes(void **state)
{
    (void)state;
    vouch__doc *a = read_sample(), *b = read_sample(), *head = read_text("{\"seq\":12,\"hash\":\"abcdef\"}");
    vouch__buf one = html_of(vouch__doc_root(a), vouch__doc_root(head));
    vouch__buf two = html_of(vouch__doc_root(b), vouch__doc_root(head));
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.at, two.at, one.len);
    vouch__buf_free(&one);
    vouch__buf_free(&two);
    vouch__doc_free(a);
    vouch__doc_free(b);
    vouch__doc_free(head);
}

/* Members in another order, and the canonical form, are the same evidence. */
static void reverse(vouch__json *object)
{
    vouch__json *before = NULL, *at = object->first;
    for (vouch__json *node = at; node; node = node->next)
        reverse(node);
    if (object->type != VOUCH__JSON_OBJECT)
        return;
    object->last = at;
    while (at) {
        vouch__json *next = at->next;
        at->next = before;
        before = at;
        at = next;
    }
    object->first = before;
}

static void the_order_of_members_does_not_show(void **state)
{
    (void)state;
    vouch__doc *doc = read_sample(), *again = NULL;
    vouch__buf one = html_of(vouch__doc_root(doc), NULL), text;
    reverse(vouch__doc_root(doc));
    vouch__buf two = html_of(vouch__doc_root(doc), NULL);
    assert_string_equal(one.at, two.at);
    vouch__buf_init(ctx, &text, 0);
    vouch__json_write(&text, vouch__doc_root(doc));
    assert_ok(ctx, vouch__json_read(ctx, "again", text.at, text.len, 1 << 24, &again));
    vouch__buf three = html_of(vouch__doc_root(again), NULL);
    assert_string_equal(one.at, three.at);
    vouch__buf_free(&one);
    vouch__buf_free(&two);
    vouch__buf_free(&three);
    vouch__buf_free(&text);
    vouch__doc_free(doc);
    vouch__doc_free(again);
}

static void the_sample_is_shown_whole(void **state)
{
    (void)state;
    vouch__doc *doc = read_sample();
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    html_is_balanced(out.at);
    static const char *const words[] = { "The champion is <strong>scorecard</strong>",
                                         "0.7741",
                                         "0.7620 to 0.7859",
                                         "Train\xE2\x80\x93test gap",
                                         "advisory &lt; 0.65, fail &lt; 0.6",
                                         "DeLong, on the logit scale",
                                         "class=\"stamp\"",
                                         "22.1%",
                                         "Legal profile federal-ecoa-2026",
                                         "After the run",
                                         "not recorded",
                                         "rowspan=\"6\">PAY_0",
                                         "<svg" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        html_has(&out, words[i]);
    assert_null(strstr(out.at, "http://"));
    assert_null(strstr(out.at, "https://"));
    assert_null(strstr(out.at, "<script"));
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void anything_may_be_missing(void **state)
{
    (void)state;
    static const char *const roots[] = {
        "{}",
        "[]",
        "null",
        "\"text\"",
        "{\"entries\":[{}, 1, null, [], {\"id\":\"x\"}]}",
        "{\"entries\":{}}",
        "{\"models\":[1,{},{\"log\":{\"a\":[1,2,3]}}]}",
        "{\"champion\":{},\"controls\":[],\"legal\":[\"fha\"],\"split\":{\"parts\":[{}]}}"
    };
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        vouch__doc *doc = read_text(roots[i]);
        vouch__buf out = html_of(vouch__doc_root(doc), NULL);
        html_is_balanced(out.at);
        html_has(&out, "</html>");
        vouch__buf_free(&out);
        vouch__doc_free(doc);
    }
}

/* Every text of the sample replaced by one that would break out if it could. */
static void spoil(vouch__json *node, const char *bad)
{
    for (vouch__json *at = node->first; at; at = at->next) {
        if (at->type == VOUCH__JSON_STRING && strcmp(at->key ? at->key : "", "type") != 0) {
            at->text = bad;
            at->len = strlen(bad);
        }
        spoil(at, bad);
    }
}

static void hostile_text_stays_text(void **state)
{
    (void)state;
    vouch__doc *doc = read_sample();
    spoil(vouch__doc_root(doc), "<i onload=x>\"'}*/</style></script>]]>--><svg>&");
    vouch__buf out = html_of(vouch__doc_root(doc), vouch__doc_root(doc));
    assert_null(strstr(out.at, "<i "));
    assert_null(strstr(out.at, "</script"));
    assert_null(strstr(out.at, "\"'"));
    html_is_balanced(out.at);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void the_text_names_champion_figures_and_findings(void **state)
{
    (void)state;
    vouch__doc *doc = read_sample();
    vouch__buf out;
    vouch__buf_init(ctx, &out, 0);
    assert_ok(ctx, vouch__report_text(ctx, vouch__doc_root(doc), &out));
    html_has(&out, "Champion: scorecard\n");
    html_has(&out, "AUC                   0.7741    (0.7620 to 0.7859)      pass\n");
    html_has(&out, "FAIL     Train\xE2\x80\x93test gap, challenger, test: 0.1089 (limit: 0.1)\n");
    html_has(&out, "Approved 69.9% on tune");
    for (const char *line = out.at; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        assert_true(strcspn(line, "\n") <= 140);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void verdicts_are_counted(void **state)
{
    (void)state;
    vouch__doc *doc = read_text(
        "[{\"verdict\":\"pass\"},{\"verdict\":\"fail\"},{\"verdict\":\"pass\"},{},3]");
    vouch__doc *made = NULL;
    assert_ok(ctx, vouch__doc_new(ctx, &made));
    vouch__json *counts = vouch__report_count(made, vouch__doc_root(doc));
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "pass"), -1), 2);
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "fail"), -1), 1);
    assert_int_equal(vouch__json_int(vouch__json_get(counts, "refused"), -1), 0);
    vouch__doc_free(doc);
    vouch__doc_free(made);
}

static vouch_status render(vouch_ctx *worker, void *arg)
{
    static const char text[] =
        "{\"project\":\"p\",\"champion\":{\"name\":\"m\",\"why\":\"w\"},\"entries\":[{\"id\":\"a\",\"title\":"
        "\"t\","
        "\"value\":1,\"tables\":{\"x\":{\"columns\":[\"l\",\"v\",\"w\"],\"rows\":[[\"a\",1,2],[\"b\",2,3]]}},"
        "\"plot\":{\"type\":\"bars\",\"table\":\"x\",\"x\":\"l\",\"y\":\"v,w\"}}]}";
    vouch__doc *doc = NULL;
    vouch__buf out;
    (void)arg;
    vouch_status status = vouch__json_read(worker, "test", text, sizeof text - 1, 1 << 20, &doc);
    vouch__buf_init(worker, &out, 0);
    if (!status)
        status = vouch__report_html(worker, vouch__doc_root(doc), NULL, &out);
    vouch__buf_clear(&out);
    if (!status)
        status = vouch__report_text(worker, vouch__doc_root(doc), &out);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
    return status;
}

static void the_report_survives_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(render, NULL, 0);
}

static void coefficients_are_drawn_with_their_intervals(void **state)
{
    vouch__doc *doc = read_text(
        "{\"models\":[{\"name\":\"m\",\"kind\":\"glm\",\"model\":{\"coefficients\":{\"columns\":["
        "\"coefficient\","
        "\"estimate\",\"low\",\"high\"],\"rows\":[[\"(intercept)\",7,6,8],[\"age\",0.5,0.25,0.75],"
        "[\"a name that is far too long to be drawn = west\",-0.5,-1,null],[\"gone\",null,null,null],"
        "[\"pay\",1e-6,0,2e-6]]}}}]}");
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    (void)state;
    html_has(&out, "Coefficients and their intervals");
    html_has(&out, "\xe2\x80\xa6 = west</text>");
    const char *first = strstr(out.at, "<svg"), *second = first ? strstr(first + 1, "<svg") : NULL;
    if (!first || !second) { /* money has a scale of its own */
        fail_msg("not two figures");
        return;
    }
    assert_true(strstr(first, ">age</text>") < second);
    assert_true(strstr(first, ">pay</text>") > second);
    assert_null(strstr(second + 1, "<svg"));
    assert_null(strstr(first, ">gone</text>"));
    assert_null(strstr(first, ">(intercept)</text>"));
    html_is_balanced(out.at);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void shapes_tables_and_relativities_are_drawn(void **state)
{
    (void)state;
    vouch__doc *doc = read_text(
        "{\"models\":[{\"name\":\"m\",\"kind\":\"gam\",\"model\":{\"link\":\"logit\",\"shapes\":["
        "{\"input\":\"small\",\"importance\":0.1,\"bins\":{\"columns\":[\"bin\",\"from\",\"to\",\"weight\","
        "\"value\","
        "\"low\",\"high\"],\"rows\":[[\"red\",null,null,3,0.2,0.1,0.3],[\"blue\",null,null,0,9,8,9]]}},"
        "{\"input\":\"large\",\"importance\":0.5,\"monotone\":1,\"curve\":\"convex\",\"bins\":{\"columns\":["
        "\"bin\","
        "\"from\",\"to\",\"weight\",\"value\",\"low\",\"high\",\"fitted\"],\"rows\":[[\"missing\",null,null,"
        "1,0.4,null,null,0.4],"
        "[\"a\",0,1,5,-1,-2,0,-1],[\"b\",1,2,4,1,0,2,0.5],[\"far\",1e300,1e308,1,1,0,2,1]]}}],"
        "\"pairs\":[{\"a\":\"small\",\"b\":\"large\",\"importance\":0.2,\"cells\":{\"bins_a\":[\"red\","
        "\"blue\"],"
        "\"bins_b\":[\"low\",\"high\"],\"value\":[[1,-1],[0]],\"weight\":[[2,3],[4]]}}],"
        "\"relativities\":{\"columns\":[\"input\",\"level\",\"weight\",\"relativity\",\"low\",\"high\"],"
        "\"rows\":["
        "[\"age\",\"one "
        "more\",9,1.1,1,1.2],[\"use\",\"home\",5,1,null,null],[\"use\",\"work\",4,2,1.5,2.6]]},"
        "\"tree\":{\"nodes\":{\"columns\":[\"node\",\"left\",\"right\",\"test\",\"rows\",\"risk\",\"low\","
        "\"high\"],\"rows\":["
        "[0,1,2,\"age <= "
        "30\",9,0.4,0.2,0.6],[1,null,null,\"\",4,0.5,0.2,0.8],[2,null,null,\"\",5,0.25,0.1,0.7]]}},"
        "\"splines\":[{\"input\":\"years\",\"type\":\"natural cubic\",\"knots\":[1,2,3]},{\"input\":\"days\","
        "\"type\":\"natural "
        "cubic\",\"knots\":[1,5,9],\"curve\":{\"columns\":[\"value\",\"relativity\"],\"rows\":["
        "[1,0.9],[5,1.1],[9,1.4]]}}]}}]}");
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    const char *large = strstr(out.at, "<figcaption><b>large</b>, held to rise, held convex");
    assert_non_null(large);
    assert_non_null(strstr(large, "<figcaption><b>small</b>")); /* by importance */
    html_has(&out, "<b>small</b> with <b>large</b>");
    html_has(&out, "<h4>Relativities</h4>");
    html_has(&out, "<figcaption><b>use</b>");
    html_has(&out, ">edited</text>");
    html_has(&out, "<h4>Splines</h4>");
    html_has(&out, "<figcaption><b>days</b> \xc2\xb7 natural cubic, knots 1, 5, 9</figcaption>");
    assert_null(strstr(out.at, "<b>years</b>")); /* in a product only: it has no curve of its own */
    html_has(&out, ">age</text>");
    html_has(&out, ">&lt;= 30</text>");
    html_has(&out, ", n = 5</text>");
    assert_null(strstr(out.at, ">blue</text>\n")); /* nobody is blue */
    html_is_balanced(out.at);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static const char rivals[] =
    "{\"champion\":{\"name\":\"b\",\"why\":\"w\"},\"models\":[{\"name\":\"b\",\"kind\":\"tree\"}],"
    "\"entries\":["
    "{\"id\":\"v.x\",\"section\":\"validate\",\"title\":\"X\",\"verdict\":\"fail\",\"model\":\"a\",\"value\":"
    "1,"
    "\"note\":\"said of both\",\"tables\":{\"t\":{\"columns\":[\"quantity\",\"value\"],"
    "\"rows\":[[\"alpha\",0.25],[\"beta\",1200]]}}},"
    "{\"id\":\"v.x\",\"section\":\"validate\",\"title\":\"X\",\"verdict\":\"advisory\",\"model\":\"b\","
    "\"value\":2,"
    "\"note\":\"said of both\",\"tables\":{\"t\":{\"columns\":[\"quantity\",\"value\"],"
    "\"rows\":[[\"alpha\",0.75],[\"gamma\",3]]}}}]}";

/* Whoever reads the first page asks of the model that decides first, even when it was fitted last. */
static void lending_is_spoken_of_where_a_lending_law_is_named(void **state)
{
    static const struct {
        const char *legal, *law, *title;
    } one[] = { { "federal-ecoa-2026", "event", "<h2>Fair lending</h2>" },
                { "measure-only", "event", "<h2>Fairness</h2>" },
                { "eu", "count", "<h2>Fairness</h2>" } };
    (void)state;
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "{\"legal\":[{\"name\":\"%s\"}],\"data\":{\"law\":\"%s\"}}",
                       one[i].legal, one[i].law);
        vouch__doc *doc = read_text(text);
        vouch__buf out = html_of(vouch__doc_root(doc), NULL);
        html_has(&out, one[i].title);
        vouch__buf_free(&out);
        vouch__doc_free(doc);
    }
}

static void one_endless_whisker_does_not_press_the_others(void **state)
{
    static const char *const far[] = { "3", "900" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        (void)snprintf(
            text, sizeof text,
            "{\"entries\":[{\"id\":\"x\",\"section\":\"validate\",\"title\":\"X\",\"tables\":{\"t\":{"
            "\"columns\":[\"level\",\"v\",\"v_low\",\"v_high\"],\"rows\":[[\"a\",1,0.5,2],[\"b\",2,1,3],"
            "[\"c\",2,1,%s]]}},\"plot\":{\"type\":\"interval\",\"table\":\"t\",\"x\":\"level\","
            "\"y\":\"v,v_low,v_high\"}}]}",
            far[i]);
        vouch__doc *doc = read_text(text);
        vouch__buf out = html_of(vouch__doc_root(doc), NULL);
        html_has(&out, "<svg");
        assert_int_equal(strstr(out.at, "go on beyond the edge") != NULL, i == 1);
        assert_null(strstr(out.at, ">800</text>"));
        vouch__buf_free(&out);
        vouch__doc_free(doc);
    }
}

static void the_champion_comes_before_its_rivals(void **state)
{
    (void)state;
    vouch__doc *doc = read_text(rivals);
    vouch__buf out = html_of(vouch__doc_root(doc), NULL), text;
    const char *own = strstr(out.at, "Findings on the champion"),
               *others = strstr(out.at, "Findings on the other");
    assert_true(own && others && own < others);
    assert_true(strstr(own, "Advisory") < others && strstr(others, "Fail"));
    const char *results = strstr(out.at, "class=\"results\"");
    assert_true(results && strstr(results, "<td>b</td>") < strstr(results, "<td>a</td>"));
    vouch__buf_init(ctx, &text, 0);
    assert_ok(ctx, vouch__report_text(ctx, vouch__doc_root(doc), &text));
    assert_true(strstr(text.at, "advisory X, b") < strstr(text.at, "FAIL     X, a"));
    vouch__buf_free(&text);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void quantities_of_several_models_become_columns(void **state)
{
    (void)state;
    vouch__doc *doc = read_text(rivals);
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    html_has(&out, "<th scope=\"col\" class=\"num\">Alpha</th>");
    html_has(&out,
             "<td class=\"num\">0.7500</td><td class=\"num\">3</td><td class=\"num\">\xE2\x80\x93</td>");
    html_has(&out,
             "<td class=\"num\">0.2500</td><td class=\"num\">\xE2\x80\x93</td><td class=\"num\">1,200</td>");
    const char *results = strstr(out.at, "class=\"results\"");
    assert_non_null(results);
    assert_null(
        strstr(results, "<tr class=\"note\"")); /* one note of both entries: said once, under the table */
    assert_int_equal(html_times(&out, "<p class=\"fine\">said of both</p>"), 1);
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void bounds_share_a_cell_and_what_is_empty_is_not_shown(void **state)
{
    (void)state;
    vouch__doc *doc = read_text(
        "{\"models\":[{\"name\":\"m\",\"kind\":\"tree\",\"parameters\":{\"depth\":3},"
        "\"log\":{\"depth\":3,\"aic\":13131.60035},\"model\":{\"left_blank\":{\"table\":{}},"
        "\"rules\":{\"columns\":[\"rule\",\"risk\",\"low\",\"high\",\"standard_error\",\"gain_low\",\"gain_"
        "high\"],"
        "\"rows\":[[\"if x_is_a_rather_long_name_of_a_column\",0.25,0.2,0.305,null,2,4],"
        "[\"else\",0.1,0.05,0.2,null,1,9]]}}}]}");
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    html_is_balanced(out.at);
    html_has(
        &out,
        "<td class=\"num\">25.0%</td><td class=\"num\">20.0% to 30.5%</td><td class=\"num\">2 to 4</td>");
    assert_null(strstr(out.at, "Standard error"));
    assert_null(strstr(out.at, "Left blank"));
    assert_int_equal(html_times(&out, "<dt>Depth</dt>"), 1);
    html_has(&out, "13,131.6<");
    html_has(&out, "Risk by rule");
    html_has(&out, ">Interval</th>");
    html_has(&out, ">Gain interval</th>");
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

static void long_fractions_told_as_text_are_rounded(void **state)
{
    (void)state;
    vouch__doc *doc = read_text("{\"models\":[{\"name\":\"m\",\"kind\":\"tree\",\"model\":{\"inputs\":{"
                                "\"columns\":[\"input\",\"value\"],"
                                "\"rows\":[[\"ratio\",\"-0.8661722371310849\"],[\"sort\",\"1.2.345678901\"],"
                                "[\"id\",\"123456789012345678\"],[\"short\",\"0.244390\"]]}}}]}");
    vouch__buf out = html_of(vouch__doc_root(doc), NULL);
    html_has(&out, "<td>\xe2\x88\x92"
                   "0.8662</td>");
    html_has(&out, "<td>1.2.345678901</td>");
    html_has(&out, "<td>123456789012345678</td>");
    html_has(&out, "<td>0.244390</td>");
    vouch__buf_free(&out);
    vouch__doc_free(doc);
}

/* Few points of a curve get dots; its bounds are a band or whiskers, never both. */
static void bounds_of_a_curve_are_drawn_once(void **state)
{
    (void)state;
    double x[] = { 0, 1, 2 }, y[] = { 1, 2, 3 }, low[] = { 0, 1, 2 }, high[] = { 2, 3, 4 };
    static const char *const types[] = { "line", "points" };
    for (int k = 0; k < 2; k++) {
        vouch__chart chart = { .type = types[k],
                               .title = "t",
                               .source = "s",
                               .x_label = "x",
                               .y_label = "y",
                               .n = 3,
                               .x = x,
                               .n_series = 1,
                               .name = { "y" },
                               .y = { y },
                               .low = low,
                               .high = high };
        vouch__buf out;
        vouch__buf_init(ctx, &out, 0);
        vouch__draw_curves(&out, &chart, 1);
        assert_int_equal(html_times(&out, "class=\"band\""), k == 0);
        assert_int_equal(html_times(&out, "class=\"wh\""), k == 0 ? 0 : 9);
        assert_int_equal(html_times(&out, "<circle"), 3);
        vouch__buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_evidence_gives_the_same_bytes),
        cmocka_unit_test(the_order_of_members_does_not_show),
        cmocka_unit_test(the_sample_is_shown_whole),
        cmocka_unit_test(anything_may_be_missing),
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(the_text_names_champion_figures_and_findings),
        cmocka_unit_test(verdicts_are_counted),
        cmocka_unit_test(the_report_survives_every_allocation_failure),
        cmocka_unit_test(coefficients_are_drawn_with_their_intervals),
        cmocka_unit_test(shapes_tables_and_relativities_are_drawn),
        cmocka_unit_test(lending_is_spoken_of_where_a_lending_law_is_named),
        cmocka_unit_test(one_endless_whisker_does_not_press_the_others),
        cmocka_unit_test(the_champion_comes_before_its_rivals),
        cmocka_unit_test(quantities_of_several_models_become_columns),
        cmocka_unit_test(bounds_share_a_cell_and_what_is_empty_is_not_shown),
        cmocka_unit_test(long_fractions_told_as_text_are_rounded),
        cmocka_unit_test(bounds_of_a_curve_are_drawn_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
