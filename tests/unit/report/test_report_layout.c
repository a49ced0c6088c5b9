/* Tables and figures of the report as they are laid out: what is told once, as rows, folded, or first. */
#include "check.h"
#include "html.h"

#include "report/html_report.h"

#include <string.h>

static vouch_ctx *ctx;

static int begin(void **state)
{
    (void)state;
    ctx = vouch_ctx_new(NULL);
    return ctx == NULL;
}

static int end(void **state)
{
    (void)state;
    vouch_ctx_free(ctx);
    return 0;
}

static vouch__buf page_of(const char *evidence)
{
    vouch__doc *doc = NULL;
    vouch__buf out;
    vouch__buf_init(ctx, &out, 0);
    assert_ok(ctx, vouch__json_read(ctx, "test", evidence, strlen(evidence), 1 << 24, &doc));
    assert_ok(ctx, vouch__report_html(ctx, vouch__doc_root(doc), NULL, &out));
    vouch__doc_free(doc);
    return out;
}

#define AT_LEVEL(model, level)                                                                               \
    "{\"id\":\"v.x\",\"section\":\"validate\",\"verdict\":\"info\",\"model\":\"" model                       \
    "\",\"value\":1,\"interval\":{\"low\":0.5,\"high\":2,\"level\":" level "}}"

static void a_level_is_told_of_intervals_that_share_it(void **state)
{
    (void)state;
    vouch__buf out = page_of("{\"entries\":[" AT_LEVEL("a", "0.9") "," AT_LEVEL("b", "0.9") "]}");
    html_has(&out, ">90% interval</th>");
    vouch__buf_free(&out);
    out = page_of("{\"entries\":[" AT_LEVEL("a", "0.9") "," AT_LEVEL("b", "0.95") "]}");
    html_has(&out, ">Interval</th>");
    assert_null(strstr(out.at, "95% interval"));
    vouch__buf_free(&out);
}

static void many_quantities_of_several_models_become_rows(void **state)
{
    (void)state;
    vouch__buf out = page_of(
        "{\"entries\":["
        "{\"id\":\"v.x\",\"section\":\"validate\",\"verdict\":\"info\",\"model\":\"a\",\"value\":1,"
        "\"tables\":{"
        "\"t\":{\"columns\":[\"quantity\",\"value\"],\"rows\":[[\"first\",0.25],[\"second\",1200],"
        "[\"third\",3],[\"fourth\",4],[\"fifth\",5],[\"sixth\",6],[\"bias\",1e-16]]}}},"
        "{\"id\":\"v.x\",\"section\":\"validate\",\"verdict\":\"info\",\"model\":\"b\",\"value\":2,"
        "\"tables\":{"
        "\"t\":{\"columns\":[\"quantity\",\"value\"],\"rows\":[[\"first\",0.5],[\"second\",1300.5]]}}}]}");
    html_is_balanced(out.at);
    html_has(&out, "<th scope=\"col\">Quantity</th><th scope=\"col\" class=\"num\">a</th>");
    html_has(&out,
             "<tr><th scope=\"row\">first</th><td class=\"num\">0.2500</td><td class=\"num\">0.5000</td>");
    html_has(&out,
             "<tr><th scope=\"row\">second</th><td class=\"num\">1,200</td><td class=\"num\">1,300</td>");
    html_has(&out,
             "<tr><th scope=\"row\">sixth</th><td class=\"num\">6</td><td class=\"num\">\xE2\x80\x93</td>");
    vouch__buf_free(&out);
}

#define TOO_SMALL(model)                                                                                     \
    "{\"id\":\"f.x\",\"section\":\"fairness\",\"verdict\":\"refused\",\"model\":\"" model                    \
    "\",\"part\":\"test\",\"subject\":\"s\",\"n\":9,\"note\":\"Too small.\"},"
#define JUDGED(model, value)                                                                                 \
    "{\"id\":\"f.x\",\"section\":\"fairness\",\"verdict\":\"pass\",\"model\":\"" model                       \
    "\",\"part\":\"test\",\"subject\":\"s\",\"n\":9,\"value\":" value "}"

static void what_no_model_can_be_asked_is_said_once(void **state)
{
    (void)state;
    vouch__buf out = page_of(
        "{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}],\"entries\":[" TOO_SMALL("a")
            TOO_SMALL("b") TOO_SMALL("c") JUDGED("a", "1") "]}");
    html_is_balanced(out.at);
    assert_int_equal(html_times(&out, "<td>all models</td>"), 1);
    assert_int_equal(html_times(&out, "Too small."), 1);
    vouch__buf_free(&out);
    out = page_of("{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}],\"entries\":[" TOO_SMALL(
        "a") TOO_SMALL("c") JUDGED("a", "1") "," JUDGED("b", "1") "]}");
    html_has(&out, "<td>a, c</td>");
    assert_int_equal(html_times(&out, "<td>b</td>"), 1); /* judged alike is not refused alike */
    vouch__buf_free(&out);
}

#define BARS(model, name)                                                                                    \
    "{\"id\":\"v.b\",\"section\":\"validate\",\"verdict\":\"info\",\"model\":\"" model                       \
    "\",\"value\":1,\"tables\":{\"t\":{\"columns\":[\"x\",\"auc\"],\"rows\":[[\"" name                       \
    "\",0.625],[\"b\",0.4]]}},\"plot\":{\"type\":\"bars\",\"table\":\"t\",\"x\":\"x\",\"y\":\"auc\"}}"

static void bars_of_one_test_lie_alike_and_begin_where_nothing_is(void **state)
{
    (void)state;
    vouch__buf out = page_of("{\"entries\":[" BARS("m", "a") "," BARS(
        "n", "a name too long to stand under a bar") "," BARS("o", "c") "," BARS("p", "d") "]}");
    html_is_balanced(out.at);
    assert_int_equal(html_times(&out, "class=\"num\" text-anchor=\"start\""),
                     8); /* values stand beside all bars */
    html_has(&out, ">0.50</text>");
    assert_null(strstr(out.at, ">0.0</text>")); /* an AUC of one half is nothing */
    html_has(&out, "<summary>t: 4 tables</summary>");
    vouch__buf_free(&out);
}

static void a_page_of_one_question_begins_with_its_answer(void **state)
{
    (void)state;
    vouch__buf out = page_of(
        "{\"title\":\"Less discriminatory alternatives\",\"entries\":["
        "{\"id\":\"fairness.proxy\",\"section\":\"fairness\",\"title\":\"Proxy\","
        "\"verdict\":\"fail\",\"value\":0.9},"
        "{\"id\":\"fairness.alternatives\",\"section\":\"fairness\",\"verdict\":\"info\","
        "\"value\":0,\"note\":\"None is chosen.\"}]}");
    html_is_balanced(out.at);
    html_has(&out, "<table class=\"findings\">"); /* which a narrow screen stacks */
    html_has(&out, "<h2>Summary</h2>\n<p class=\"verdict\">None is chosen.</p>\n<h3>Findings</h3>");
    html_has(&out,
             ">Test</th><th scope=\"col\" class=\"num\">Value</th>"); /* about nothing: no column of it */
    vouch__buf_free(&out);
    out = page_of(
        "{\"title\":\"Bins\",\"entries\":[{\"id\":\"data.bins\",\"section\":\"data\",\"verdict\":\"info\","
        "\"value\":0.5,\"tables\":{\"columns\":{\"columns\":[\"column\",\"type\",\"minimum\",\"mean\"],"
        "\"rows\":["
        "[\"a\",\"integer\",0,0.25],[\"b\",\"number\",-4.125,3e-17]]}}}]}");
    html_has(&out, "no figure here is held to a limit");
    html_has(&out, "<td class=\"num\">0</td><td class=\"num\">0.2500</td>"); /* each row is of its own size */
    html_has(&out, "<td class=\"num\">\xE2\x88\x92"
                   "4.125</td><td class=\"num\">0</td>");
    vouch__buf_free(&out);
}

static void evidence_of_controls_and_profiles_is_named_and_linked(void **state)
{
    (void)state;
    vouch__buf out = page_of(
        "{\"controls\":{\"title\":\"T\",\"items\":[{\"id\":\"c\",\"title\":\"C\",\"status\":\"covered\","
        "\"matched\":1,"
        "\"evidence\":[\"v.x|v.y\",\"fairness.*\",\"v.none|v.no\"]}]},"
        "\"legal\":[{\"name\":\"p\",\"title\":\"P\",\"tests\":{\"v.x\":\"run\",\"v.z\":\"blocked\"}}],"
        "\"entries\":["
        "{\"id\":\"v.x\",\"section\":\"fairness\",\"title\":\"Ratio\",\"verdict\":\"info\",\"value\":1}]}");
    html_is_balanced(out.at);
    html_has(&out, "<td><a href=\"#e-v-x\">Ratio</a><br>any of <a href=\"#fairness\">");
    html_has(&out, "<br>v.none or v.no</td>");
    html_has(&out, "<dt>Ratio</dt><dd>run</dd>");
    html_has(&out, "<dt>v.z</dt><dd>blocked</dd>");
    vouch__buf_free(&out);
}

static void numbers_are_of_what_their_row_or_column_says(void **state)
{
    (void)state;
    vouch__buf out = page_of("{\"entries\":[{\"id\":\"v.q\",\"section\":\"fit\",\"verdict\":\"info\","
                             "\"value\":1,\"unit\":\"share\",\"tables\":{"
                             "\"numbers\":{\"columns\":[\"quantity\",\"value\"],\"rows\":[[\"observed bad "
                             "rate\",0.25],[\"a\",-0.6029],"
                             "[\"rest\",1e-17]]},"
                             "\"columns\":{\"columns\":[\"name\",\"value\",\"critical\",\"z\"],\"rows\":[["
                             "\"x\",0.125,0.0625,0.5]]},"
                             "\"grades\":{\"columns\":[\"grade\",\"pd\",\"low\",\"high\",\"adjusted\"],"
                             "\"rows\":[[1,0.125,0.1,0.15,1e-12]]}}}]}");
    html_is_balanced(out.at);
    html_has(&out, "<td>observed bad rate</td><td class=\"num\">25.0%</td>");
    html_has(&out, "<td>rest</td><td class=\"num\">0</td>");
    html_has(&out, "<td class=\"num\">12.5%</td><td class=\"num\">6.25%</td><td class=\"num\">0.5000</td>");
    html_has(&out, ">z</th>");
    html_has(
        &out,
        "<td class=\"num\">12.5%</td><td class=\"num\">10.0% to 15.0%</td><td class=\"num\">&lt;0.0001</td>");
    vouch__buf_free(&out);
}

static void dots_of_one_shade_are_one_path(void **state)
{
    (void)state;
    vouch__buf out = page_of("{\"entries\":[{\"id\":\"e.b\",\"section\":\"explain\",\"verdict\":\"info\","
                             "\"tables\":{\"t\":{\"columns\":[\"x\","
                             "\"input\",\"value_rank\"],\"rows\":[[0.5,\"a\",1],[0.75,\"a\",1],[-0.5,\"a\",0]"
                             ",[0.25,\"a\",null]]}},"
                             "\"plot\":{\"type\":\"points\",\"table\":\"t\",\"x\":\"x\",\"y\":\"input\"}}]}");
    html_is_balanced(out.at);
    assert_int_equal(html_times(&out, "<path class=\"dots\""), 3);
    const char *high = strstr(out.at, "<path class=\"dots\" stroke=\"#b5443a\"");
    assert_non_null(high);
    assert_int_equal(html_times(&out, "h0"), 4);
    vouch__buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_told_of_intervals_that_share_it),
        cmocka_unit_test(many_quantities_of_several_models_become_rows),
        cmocka_unit_test(what_no_model_can_be_asked_is_said_once),
        cmocka_unit_test(bars_of_one_test_lie_alike_and_begin_where_nothing_is),
        cmocka_unit_test(a_page_of_one_question_begins_with_its_answer),
        cmocka_unit_test(evidence_of_controls_and_profiles_is_named_and_linked),
        cmocka_unit_test(numbers_are_of_what_their_row_or_column_says),
        cmocka_unit_test(dots_of_one_shade_are_one_path),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
