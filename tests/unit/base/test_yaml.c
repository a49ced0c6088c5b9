/* YAML into the same tree, and only what JSON could say. */
#include "one_ctx.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

static void becomes(const char *yaml, const char *json)
{
    vouch__doc *doc = NULL;
    vouch__buf buf;
    assert_ok(ctx, vouch__yaml_read(ctx, "in", yaml, strlen(yaml), 0, &doc));
    vouch__buf_init(ctx, &buf, 0);
    vouch__json_write(&buf, vouch__doc_root(doc));
    assert_string_equal(buf.at, json);
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
}

static void refused(const char *yaml, const char *words)
{
    vouch__doc *doc = NULL;
    assert_status(ctx, vouch__yaml_read(ctx, "in", yaml, strlen(yaml), 0, &doc), VOUCH_E_FORMAT);
    assert_null(doc);
    assert_error_has(ctx, words);
}

static void a_project_becomes_a_tree(void **state)
{
    (void)state;
    becomes("# comment\nproject: cards\ndata:\n  source: data/cards.csv # trailing\n  target: {column: "
            "DEFAULT, bad: 1}\n"
            "  weight: null\n  protected: [SEX, AGE]\nreasons:\n  PAY_0: {text: Past due, with others}\n",
            "{\"data\":{\"protected\":[\"SEX\",\"AGE\"],\"source\":\"data/cards.csv\",\"target\":{\"bad\":1,"
            "\"column\":\"DEFAULT\"},\"weight\":null},\"project\":\"cards\",\"reasons\":{\"PAY_0\":{\"text\":"
            "\"Past due\","
            "\"with others\":null}}}");
}

static void plain_scalars_are_typed_and_quoted_ones_are_text(void **state)
{
    (void)state;
    becomes("[null, ~, '', true, False, 1, -2.5, +3, .5, 5., -.25e2, 1e3, .inf, -.inf, .nan]",
            "[null,null,\"\",true,false,1,-2.5,3,0.5,5,-25,1000,\"Infinity\",\"-Infinity\",null]");
    becomes("['1', \"true\", yes, NO, on, 2024-01-31, 1_000, 0x1F, '007', e5, ., '-', +, 1.2.3, nan]",
            "[\"1\",\"true\",\"yes\",\"NO\",\"on\",\"2024-01-31\",\"1_000\",\"0x1F\",\"007\",\"e5\",\".\",\"-"
            "\",\"+\","
            "\"1.2.3\",\"nan\"]");
    becomes("text: |\n  one\n  two\nfolded: >\n  three\n  four\n",
            "{\"folded\":\"three four\\n\",\"text\":\"one\\ntwo\\n\"}");
    becomes("1: x\ntrue: y", "{\"1\":\"x\",\"true\":\"y\"}");
    becomes("", "null");
    becomes("# only a comment\n", "null");
    becomes("--- 5\n...\n", "5");
}

static void what_json_could_not_say_is_refused_in_place(void **state)
{
    (void)state;
    refused("a: &x 1\nb: *x", "in:1:4: anchors, aliases and tags are not read");
    refused("a: 1\nb: *x", "in:2:4");
    refused("a: !!str 1", "in:1:4: anchors, aliases and tags");
    refused("&k a: 1", "in:1:1: anchors and tags");
    refused("a: 1\n<<: {b: 2}", "in:2:1: merge keys are not read");
    refused("a: 1\n---\nb: 2", "in:2:1: a second document");
    refused("? [1, 2]\n: 3", "a key must be plain text");
    refused("a: 1\nb: 2\na: 3", "in:3:1: key 'a' stands twice");
    refused("zip: 01234", "in:1:6: a whole number with a leading zero");
    refused("x: 1e999", "in:1:4: a number beyond the largest double");
    refused("a: [1, 2", "in:");
    refused("a:\n\t- 1", "in:2:1");
    refused("a: \"\\u0000", "in:1:");
    refused("a: \xFF", "in:1:4: invalid leading UTF-8 octet");
}

static void depth_is_bounded_at_64(void **state)
{
    (void)state;
    char text[200] = "";
    vouch__doc *doc = NULL;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_ok(ctx, vouch__yaml_read(ctx, "in", text, 128, 0, &doc));
    vouch__doc_free(doc);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refused(text, "in:1:65: nested deeper than 64");
}

static void nodes_know_their_line_and_column(void **state)
{
    (void)state;
    static const char text[] = "models:\n  card: {kind: scorecard}\n  \xC3\xA9t\xC3\xA9: [1, 2]\n";
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch__yaml_read(ctx, "in", text, strlen(text), 0, &doc));
    const vouch__json *models = vouch__json_get(vouch__doc_root(doc), "models");
    const vouch__json *list = vouch__json_get(models, "\xC3\xA9t\xC3\xA9");
    assert_int_equal(list->line, 3);
    assert_int_equal(list->column, 8); /* characters, not bytes */
    assert_int_equal(list->key_column, 3);
    assert_int_equal(vouch__json_get(vouch__json_get(models, "card"), "kind")->key_column, 10);
    vouch__doc_free(doc);
}

static vouch_status read_one(vouch_ctx *c, void *arg)
{
    static const char text[] = "a: {b: [1, two, null]}\nc: text\n";
    vouch__doc *doc = NULL;
    (void)arg;
    vouch_status status = vouch__yaml_read(c, "in", text, strlen(text), 0, &doc);
    vouch__doc_free(status ? NULL : doc);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(read_one, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_project_becomes_a_tree),
        cmocka_unit_test(plain_scalars_are_typed_and_quoted_ones_are_text),
        cmocka_unit_test(what_json_could_not_say_is_refused_in_place),
        cmocka_unit_test(depth_is_bounded_at_64),
        cmocka_unit_test(nodes_know_their_line_and_column),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
