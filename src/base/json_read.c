/* A strict reader of RFC 8259, by recursive descent of bounded depth. Every refusal says where. */
#include "base/json_doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    vouch_ctx *ctx;
    vouch__doc *doc;
    const char *name, *p, *end;
    const char *line_start;
    uint32_t line;
    vouch_status status;
} reader;

static vouch_status refuse(reader *r, const char *at, const char *text)
{
    if (!r->status)
        r->status = vouch__fail_at(r->ctx, VOUCH_E_FORMAT, r->name, r->line,
                                   (uint32_t)(at - r->line_start) + 1, text);
    return r->status;
}

static vouch_status refuse_here(reader *r, const char *wanted)
{
    char text[100];
    unsigned char c = r->p < r->end ? (unsigned char)*r->p : 0;
    if (r->p == r->end)
        (void)snprintf(text, sizeof text, "ends where %s must stand", wanted);
    else if (c > 0x20 && c < 0x7F)
        (void)snprintf(text, sizeof text, "'%c' stands where %s must", c, wanted);
    else
        (void)snprintf(text, sizeof text, "byte 0x%02x stands where %s must", c, wanted);
    return refuse(r, r->p, text);
}

static void skip_space(reader *r)
{
    for (; r->p < r->end; r->p++) {
        if (*r->p == '\n') {
            r->line++;
            r->line_start = r->p + 1;
        } else if (*r->p != ' ' && *r->p != '\t' && *r->p != '\r')
            return;
    }
}

static bool next_is(reader *r, char c)
{
    skip_space(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* r->p stands behind the backslash; returns where the next byte goes. */
static char *read_escape(reader *r, const char *end, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = r->p - 1, *found = *r->p ? strchr(from, *r->p) : NULL;
    if (found) {
        r->p++;
        *out++ = to[found - from];
        return out;
    }
    int32_t high = *r->p == 'u' && end - r->p > 4 ? vouch__hex4(r->p + 1) : -1;
    if (high < 0) {
        (void)refuse(r, at, "not an escape of JSON");
        return out;
    }
    uint32_t c = (uint32_t)high;
    r->p += 5;
    if (c >= 0xD800 && c < 0xE000) {
        int32_t low = c < 0xDC00 && end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u'
                          ? vouch__hex4(r->p + 2)
                          : -1;
        if (low < 0xDC00 || low > 0xDFFF) {
            (void)refuse(r, at, "half of a surrogate pair");
            return out;
        }
        c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        r->p += 6;
    }
    return out + vouch__utf8_put(c, out);
}

/* The closing quote's place; control characters are refused on the way. */
static const char *string_end(reader *r)
{
    const char *q = r->p;
    for (; q < r->end && *q != '"'; q++) {
        if ((unsigned char)*q < 0x20) {
            (void)refuse(r, q, "a control character stands in a string, write it as an escape");
            return NULL;
        }
        if (*q == '\\' && ++q == r->end)
            break;
    }
    if (q < r->end)
        return q;
    (void)refuse(r, r->p - 1, "a string has no closing quote");
    return NULL;
}

/* r->p stands behind the opening quote. */
static char *read_string(reader *r, size_t *out_len)
{
    const char *end = string_end(r);
    if (!end)
        return NULL;
    size_t len = (size_t)(end - r->p), good = vouch__utf8_prefix(r->p, len);
    if (good < len) {
        (void)refuse(r, r->p + good, "not valid UTF-8");
        return NULL;
    }
    char *text = vouch__doc_take(r->doc, len + 1), *out = text;
    if (!text)
        return NULL;
    while (r->p < end && !r->status) {
        if (*r->p == '\\') {
            r->p++;
            out = read_escape(r, end, out);
        } else
            *out++ = *r->p++;
    }
    *out = '\0'; /* what escapes saved is zero already */
    *out_len = (size_t)(out - text);
    r->p = end + 1;
    return r->status ? NULL : text;
}

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static vouch__json *read_number(reader *r)
{
    const char *from = r->p;
    double value;
    while (r->p < r->end && in_number(*r->p))
        r->p++;
    if (!vouch__double_read(from, (size_t)(r->p - from), &value) || isnan(value)) {
        (void)refuse(r, from, "not a number of JSON");
        return NULL;
    }
    if (isinf(value)) {
        (void)refuse(r, from, "a number beyond the largest double");
        return NULL;
    }
    return vouch__json_number(r->doc, value);
}

static vouch__json *read_word(reader *r)
{
    static const char *const word[] = { "null", "true", "false" };
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(word[i]);
        if ((size_t)(r->end - r->p) < n || memcmp(r->p, word[i], n) != 0)
            continue;
        if (r->p + n < r->end && in_number(r->p[n]))
            break;
        r->p += n;
        return i == 0 ? vouch__json_null(r->doc) : vouch__json_bool(r->doc, i == 1);
    }
    (void)refuse_here(r, "a value");
    return NULL;
}

static vouch__json *read_value(reader *r, int depth);

static void read_array(reader *r, vouch__json *array, int depth)
{
    if (next_is(r, ']'))
        return;
    do
        vouch__doc_append(array, read_value(r, depth + 1));
    while (!r->status && next_is(r, ','));
    if (!r->status && !next_is(r, ']'))
        (void)refuse_here(r, "',' or ']'");
}

static void read_member(reader *r, vouch__json *object, int depth)
{
    size_t len = 0;
    if (!next_is(r, '"')) {
        (void)refuse_here(r, "a key in quotes");
        return;
    }
    const char *at = r->p - 1;
    uint32_t line = r->line, column = (uint32_t)(at - r->line_start) + 1;
    const char *key = read_string(r, &len);
    if (!key)
        return;
    if (strlen(key) != len) {
        (void)refuse(r, at, "a key holds a NUL");
        return;
    }
    if (!next_is(r, ':')) {
        (void)refuse_here(r, "':'");
        return;
    }
    vouch__json *value = read_value(r, depth + 1);
    if (!value)
        return;
    value->key = key;
    value->key_line = line;
    value->key_column = column;
    vouch__doc_append(object, value);
}

static void read_object(reader *r, vouch__json *object, int depth)
{
    if (next_is(r, '}'))
        return;
    do
        read_member(r, object, depth);
    while (!r->status && !r->doc->status && next_is(r, ','));
    if (r->status || r->doc->status)
        return;
    if (!next_is(r, '}')) {
        (void)refuse_here(r, "',' or '}'");
        return;
    }
    r->status = vouch__json_no_repeats(r->ctx, r->name, object);
}

static vouch__json *read_value(reader *r, int depth)
{
    skip_space(r);
    const char *at = r->p;
    uint32_t line = r->line, column = (uint32_t)(at - r->line_start) + 1;
    char c = r->p < r->end ? *r->p : '\0';
    vouch__json *node = NULL;
    if ((c == '{' || c == '[') && depth >= VOUCH__JSON_DEPTH) {
        (void)refuse(r, at, "nested deeper than 64");
    } else if (c == '{' || c == '[') {
        node = vouch__doc_node(r->doc, c == '{' ? VOUCH__JSON_OBJECT : VOUCH__JSON_ARRAY);
        r->p++;
        if (node && c == '{')
            read_object(r, node, depth);
        else if (node)
            read_array(r, node, depth);
    } else if (c == '"') {
        node = vouch__doc_node(r->doc, VOUCH__JSON_STRING);
        r->p++;
        if (node)
            node->text = read_string(r, &node->len);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        node = read_number(r);
    } else {
        node = read_word(r);
    }
    if (!r->status)
        r->status = vouch__doc_status(r->ctx, r->doc);
    if (r->status || !node)
        return NULL;
    node->line = line;
    node->column = column;
    return node;
}

vouch_status vouch__json_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                              size_t max_bytes, vouch__doc **out_doc)
{
    vouch__doc *doc = NULL;
    if (max_bytes && len > max_bytes)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "%s: %zu bytes, at most %zu are read", name, len, max_bytes);
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    reader r = { ctx, doc, name, text, text + len, text, 1, VOUCH_OK };
    (void)read_value(&r, 0); /* what it made is the document's root */
    skip_space(&r);
    if (!r.status && r.p < r.end)
        (void)refuse_here(&r, "the end");
    if (!r.status)
        r.status = vouch__doc_status(ctx, doc);
    if (r.status) {
        vouch__doc_free(doc);
        return r.status;
    }
    *out_doc = doc;
    return VOUCH_OK;
}
