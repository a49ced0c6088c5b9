/* The tree, its strict reader and its canonical writer. */
#include "one_ctx.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Canonical text in a static ring, so that two can be compared. */
static const char *canonical(const char *text, size_t len)
{
    static char ring[4][4096];
    static unsigned at;
    char *out = ring[at++ % 4];
    vouch__doc *doc;
    vouch__buf buf;
    assert_ok(ctx, vouch__json_read(ctx, "test", text, len, 0, &doc));
    vouch__buf_init(ctx, &buf, 4000);
    vouch__json_write(&buf, vouch__doc_root(doc));
    assert_ok(ctx, vouch__buf_status(ctx, &buf));
    memcpy(out, buf.at, buf.len + 1);
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
    return out;
}

static void becomes(const char *text, const char *want)
{
    const char *once = canonical(text, strlen(text));
    assert_string_equal(once, want);
    assert_string_equal(canonical(once, strlen(once)), want);
}

static void what_is_read_is_written_in_one_form(void **state)
{
    (void)state;
    becomes("[ ]", "[]");
    becomes(" { \"b\" : 1 ,\n\"a\":[ true,false , null ] } ", "{\"a\":[true,false,null],\"b\":1}");
}

static void refused(const char *text, const char *words)
{
    vouch__doc *doc = NULL;
    assert_status(ctx, vouch__json_read(ctx, "in", text, strlen(text), 0, &doc), VOUCH_E_FORMAT);
    assert_null(doc);
    assert_error_has(ctx, words);
}

static void refusals_say_where_and_what(void **state)
{
    (void)state;
    refused("", "in:1:1: ends where a value must stand");
    refused("{\"a\":1,}", "in:1:8: '}' stands where a key in quotes must");
    refused("{\"a\":1,\n  \"a\":2}", "in:2:3: key 'a' stands twice");
    refused("[1,2", "in:1:5: ends where ',' or ']' must stand");
    refused("[1 2]", "in:1:4: '2' stands where ',' or ']' must");
    refused("{\"a\" 1}", "in:1:6: '1' stands where ':' must");
    refused("{a:1}", "in:1:2: 'a' stands where a key in quotes must");
    refused("1 1", "in:1:3: '1' stands where the end must");
    refused("[01]", "in:1:2: not a number of JSON");
    refused("[1.]", "not a number");
    refused("[-]", "not a number");
    refused("[1e999]", "beyond the largest double");
    refused("[NaN]", "in:1:2: 'N' stands where a value must");
    refused("[nan]", "in:1:2");
    refused("[truely]", "in:1:2");
    refused("\"a", "in:1:1: a string has no closing quote");
    refused("\"a\\", "no closing quote");
    refused("\"\\x\"", "in:1:2: not an escape of JSON");
    refused("\"\\u12\"", "not an escape");
    refused("\"\\ud800\"", "half of a surrogate pair");
    refused("\"\\udc00\"", "half of a surrogate pair");
    refused("\"\\ud800\\u0041\"", "half of a surrogate pair");
    refused("\"a\tb\"", "in:1:3: a control character");
    refused("\"\xC0\xAF\"", "in:1:2: not valid UTF-8");
    refused("\"ab\xED\xA0\x80\"", "in:1:4: not valid UTF-8");
    refused("{\"a\\u0000b\":1}", "in:1:2: a key holds a NUL");
    refused("\xEF\xBB\xBF{}", "byte 0xef stands where a value must");
}

static void depth_is_bounded_at_64(void **state)
{
    (void)state;
    char text[200] = "";
    vouch__doc *doc;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_ok(ctx, vouch__json_read(ctx, "in", text, 128, 0, &doc));
    vouch__doc_free(doc);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refused(text, "in:1:65: nested deeper than 64");
}

static void strings_survive_with_every_escape(void **state)
{
    (void)state;
    becomes("\"\\u0041\\/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\\u007f\"",
            "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7F\"");
    becomes("\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    becomes("\"a\\u0000b\\u000b\"", "\"a\\u0000b\\u000b\"");
}

static void numbers_keep_their_bits_and_take_one_form(void **state)
{
    (void)state;
    becomes("[1.0,1e2,-0,-0.0,1E-7,123456789012345678901234567890,5e-324,0.1]",
            "[1,100,-0,-0,1e-7,1.2345678901234568e+29,5e-324,0.1]");
}

static void what_json_cannot_say_is_null_or_text(void **state)
{
    (void)state;
    vouch__doc *doc;
    vouch__buf buf;
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *array = vouch__json_array(doc);
    vouch__json_push(doc, array, vouch__json_number(doc, NAN));
    vouch__json_push(doc, array, vouch__json_number(doc, INFINITY));
    vouch__json_push(doc, array, vouch__json_number(doc, -INFINITY));
    vouch__json_push(doc, array, vouch__json_text(doc, NULL));
    vouch__json_push(doc, array,
                     vouch__json_text(doc, "a\xFF\xFE"
                                           "b\xC3"));
    assert_ptr_equal(vouch__doc_root(doc), array);
    vouch__buf_init(ctx, &buf, 0);
    vouch__json_write(&buf, array);
    assert_string_equal(buf.at, "[null,\"Infinity\",\"-Infinity\",null,\"a\xEF\xBF\xBD\xEF\xBF\xBD"
                                "b\xEF\xBF\xBD\"]");
    becomes(buf.at, buf.at);
    assert_nan(vouch__json_double(vouch__json_at(array, 0), 7));
    assert_true(isinf(vouch__json_double(vouch__json_at(array, 1), 7)));
    vouch__doc *again;
    assert_ok(ctx, vouch__json_read(ctx, "in", buf.at, buf.len, 0, &again));
    assert_nan(vouch__json_double(vouch__json_at(vouch__doc_root(again), 0), 7));
    assert_true(vouch__json_double(vouch__json_at(vouch__doc_root(again), 2), 7) < -1e308);
    vouch__doc_free(again);
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
}

static void set_replaces_in_place_and_get_finds(void **state)
{
    (void)state;
    vouch__doc *doc;
    vouch__buf buf;
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *object = vouch__json_object(doc);
    vouch__json_set(doc, object, "c", vouch__json_number(doc, 3));
    vouch__json_set(doc, object, "a", vouch__json_bool(doc, true));
    vouch__json_set(doc, object, "b", vouch__json_fmt(doc, "%d-%s", 7, "x"));
    vouch__json_set(doc, object, "c", vouch__json_null(doc));
    vouch__json_set(doc, object, "b", vouch__json_text(doc, "last"));
    vouch__json_set(doc, object, "d", vouch__json_array(doc));
    assert_int_equal(object->len, 4);
    assert_string_equal(object->first->key, "c");
    assert_string_equal(vouch__json_string(vouch__json_get(object, "b")), "last");
    assert_null(vouch__json_get(object, "z"));
    assert_null(vouch__json_get(vouch__json_get(object, "z"), "y"));
    assert_null(vouch__json_at(object, 4));
    assert_true(vouch__json_flag(vouch__json_get(object, "a"), false));
    assert_int_equal(vouch__json_int(vouch__json_get(object, "a"), -1), -1);
    vouch__json *copy = vouch__json_copy(doc, object);
    vouch__buf_init(ctx, &buf, 0);
    vouch__json_write(&buf, copy);
    assert_string_equal(buf.at, "{\"a\":true,\"b\":\"last\",\"c\":null,\"d\":[]}");
    vouch__buf_free(&buf);
    vouch__doc_free(doc);
}

static void whole_numbers_read_as_integers_only_when_they_are(void **state)
{
    (void)state;
    vouch__doc *doc;
    static const char text[] =
        "[9007199254740992, 1.5, 1e300, -3, \"4\", -9223372036854775808, 9223372036854775808]";
    assert_ok(ctx, vouch__json_read(ctx, "in", text, strlen(text), 0, &doc));
    const vouch__json *array = vouch__doc_root(doc);
    assert_true(vouch__json_int(vouch__json_at(array, 0), 0) == INT64_C(9007199254740992));
    assert_int_equal(vouch__json_int(vouch__json_at(array, 1), 7), 7);
    assert_int_equal(vouch__json_int(vouch__json_at(array, 2), 7), 7);
    assert_int_equal(vouch__json_int(vouch__json_at(array, 3), 7), -3);
    assert_int_equal(vouch__json_int(vouch__json_at(array, 4), 7), 7);
    assert_true(vouch__json_int(vouch__json_at(array, 5), 7) == INT64_MIN);
    assert_int_equal(vouch__json_int(vouch__json_at(array, 6), 7), 7);
    vouch__doc_free(doc);
}

static void nodes_know_their_line_and_column(void **state)
{
    (void)state;
    vouch__doc *doc;
    static const char text[] = "{\n  \"key\":\n    [1, 22]\n}";
    assert_ok(ctx, vouch__json_read(ctx, "in", text, strlen(text), 0, &doc));
    const vouch__json *array = vouch__json_get(vouch__doc_root(doc), "key");
    assert_int_equal(array->line, 3);
    assert_int_equal(array->column, 5);
    assert_int_equal(array->key_line, 2);
    assert_int_equal(array->key_column, 3);
    assert_int_equal(vouch__json_at(array, 1)->column, 9);
    assert_status(ctx, vouch__json_fail(ctx, VOUCH_E_ARG, "in", array, "too %s", "long"), VOUCH_E_ARG);
    assert_string_equal(vouch_ctx_error(ctx), "in:3:5: too long");
    static const char *const known[] = { "kee", "other" };
    assert_status(ctx, vouch__json_known(ctx, "in", vouch__doc_root(doc), known, 2), VOUCH_E_FORMAT);
    assert_string_equal(vouch_ctx_error(ctx), "in:2:3: unknown key 'key', did you mean 'kee'?");
    vouch__doc_free(doc);
}

static void an_object_of_many_members_is_sorted_and_checked(void **state)
{
    (void)state;
    enum { N = 100000 };
    vouch__buf buf, out;
    vouch__doc *doc;
    vouch__buf_init(ctx, &buf, 0);
    vouch__buf_init(ctx, &out, 0);
    vouch__buf_text(&buf, "{");
    for (int i = 0; i < N; i++)
        vouch__buf_fmt(&buf, "%s\"k%d\":%d", i ? "," : "", (int)((i * 7919LL) % N), i);
    vouch__buf_text(&buf, "}");
    assert_ok(ctx, vouch__json_read(ctx, "in", buf.at, buf.len, 0, &doc));
    assert_int_equal(vouch__doc_root(doc)->len, N);
    vouch__json_write(&out, vouch__doc_root(doc));
    assert_memory_equal(out.at, "{\"k0\":0,\"k1\":", 13);
    vouch__doc_free(doc);
    buf.len--;
    vouch__buf_text(&buf, ",\"k5\":1}");
    assert_status(ctx, vouch__json_read(ctx, "in", buf.at, buf.len, 0, &doc), VOUCH_E_FORMAT);
    assert_error_has(ctx, "'k5' stands twice");
    vouch__buf_free(&buf);
    vouch__buf_free(&out);
}

/* A random tree, written, read and written again, is the same text. */
static vouch__json *random_tree(vouch__doc *doc, int depth)
{
    char key[8];
    switch (seeded_below(depth > 4 ? 4 : 6)) {
    case 0: return vouch__json_null(doc);
    case 1: return vouch__json_bool(doc, seeded() < 0.5);
    case 2: return vouch__json_number(doc, seeded_normal() * pow(10, floor(seeded() * 600) - 300));
    case 3: {
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = (char)seeded_below(256);
        return vouch__json_bytes(doc, key, seeded_below(sizeof key));
    }
    case 4: {
        vouch__json *array = vouch__json_array(doc);
        for (size_t n = seeded_below(5); n > 0; n--)
            vouch__json_push(doc, array, random_tree(doc, depth + 1));
        return array;
    }
    default: {
        vouch__json *object = vouch__json_object(doc);
        for (size_t n = seeded_below(6); n > 0; n--) {
            (void)snprintf(key, sizeof key, "%c%c", (int)('a' + seeded_below(3)),
                           (int)(1 + seeded_below(255)));
            vouch__json_set(doc, object, key, random_tree(doc, depth + 1));
        }
        return object;
    }
    }
}

static void any_tree_survives_write_and_read(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        vouch__doc *doc, *again;
        vouch__buf one, two;
        assert_ok(ctx, vouch__doc_new(ctx, &doc));
        vouch__json *tree = random_tree(doc, 0);
        vouch__buf_init(ctx, &one, 0);
        vouch__buf_init(ctx, &two, 0);
        vouch__json_write(&one, tree);
        assert_ok(ctx, vouch__json_read(ctx, "in", one.at, one.len, 0, &again));
        vouch__json_write(&two, vouch__doc_root(again));
        assert_string_equal(one.at, two.at);
        vouch__buf_free(&one);
        vouch__buf_free(&two);
        vouch__doc_free(doc);
        vouch__doc_free(again);
    }
}

static vouch_status build_and_read(vouch_ctx *c, void *arg)
{
    static const char text[] = "{\"z\":[1,2,3],\"a\":{\"deep\":\"text\"},\"m\":null}";
    vouch__doc *doc = NULL, *made = NULL;
    vouch__buf buf;
    (void)arg;
    vouch__buf_init(c, &buf, 0);
    vouch_status status = vouch__json_read(c, "in", text, strlen(text), 0, &doc);
    if (!status)
        status = vouch__doc_new(c, &made);
    if (!status) {
        vouch__json *object = vouch__json_object(made);
        vouch__json_set(made, object, "z", vouch__json_copy(made, vouch__doc_root(doc)));
        vouch__json_set(made, object, "a", vouch__json_fmt(made, "%d", 5));
        for (int i = 0; i < 100; i++)
            vouch__json_push(made, vouch__json_set(made, object, "list", vouch__json_array(made)),
                             vouch__json_number(made, i));
        status = vouch__doc_status(c, made);
        if (!status) {
            vouch__json_write(&buf, object);
            status = vouch__buf_status(c, &buf);
        }
    }
    vouch__buf_free(&buf);
    vouch__doc_free(made);
    vouch__doc_free(doc);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sweep_allocations(build_and_read, NULL, 0);
}

static void more_than_max_bytes_is_a_limit(void **state)
{
    (void)state;
    vouch__doc *doc = NULL;
    assert_status(ctx, vouch__json_read(ctx, "in", "[1,2]", 5, 4, &doc), VOUCH_E_LIMIT);
    assert_string_equal(vouch_ctx_error(ctx), "in: 5 bytes, at most 4 are read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_in_one_form),
        cmocka_unit_test(refusals_say_where_and_what),
        cmocka_unit_test(depth_is_bounded_at_64),
        cmocka_unit_test(strings_survive_with_every_escape),
        cmocka_unit_test(numbers_keep_their_bits_and_take_one_form),
        cmocka_unit_test(what_json_cannot_say_is_null_or_text),
        cmocka_unit_test(set_replaces_in_place_and_get_finds),
        cmocka_unit_test(whole_numbers_read_as_integers_only_when_they_are),
        cmocka_unit_test(nodes_know_their_line_and_column),
        cmocka_unit_test(an_object_of_many_members_is_sorted_and_checked),
        cmocka_unit_test(any_tree_survives_write_and_read),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(more_than_max_bytes_is_a_limit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
