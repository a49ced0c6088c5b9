/* YAML by libyaml's events into the tree of json.h. Only what JSON could say passes: plain scalars become
 * null, booleans, numbers or text; anchors, aliases, tags, merge keys and further documents are refused in
 * place. */
#include "base/json_doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

typedef struct reader {
    vouch_ctx *ctx;
    vouch__doc *doc;
    const char *name, *text;
    size_t len;
    yaml_parser_t parser;
    yaml_event_t event; /* the one being looked at */
    bool has_event;
    vouch_status status;
} reader;

static vouch_status refuse(reader *r, yaml_mark_t at, const char *text)
{
    if (!r->status)
        r->status = vouch__fail_at(r->ctx, VOUCH_E_FORMAT, r->name, (uint32_t)at.line + 1,
                                   (uint32_t)at.column + 1, text);
    return r->status;
}

/* libyaml decodes ahead of what it parses, so a byte it cannot decode is located here. */
static yaml_mark_t place_of(const reader *r, size_t offset)
{
    yaml_mark_t at = { 0 };
    for (size_t i = 0; i < offset && i < r->len; i++) {
        if (r->text[i] == '\n') {
            at.line++;
            at.column = 0;
        } else
            at.column += ((unsigned char)r->text[i] & 0xC0) != 0x80; /* characters, not bytes */
    }
    return at;
}

/* libyaml's own words, as one line of ours. */
static vouch_status refuse_syntax(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    char text[300];
    if (p->error == YAML_MEMORY_ERROR) {
        r->status = vouch__oom(r->ctx);
        return r->status;
    }
    yaml_mark_t at = p->error == YAML_READER_ERROR ? place_of(r, p->problem_offset) : p->problem_mark;
    (void)snprintf(text, sizeof text, "%s%s%s", p->context ? p->context : "", p->context ? ", " : "",
                   p->problem ? p->problem : "not yaml");
    return refuse(r, at, text);
}

static bool next_event(reader *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = false;
    if (r->status)
        return false;
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        (void)refuse_syntax(r);
        return false;
    }
    r->has_event = true;
    return true;
}

static bool is_one_of(const char *text, const char *const *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(text, word[i]))
            return true;
    return false;
}

#define IS_ONE_OF(text, ...)                                                                                 \
    is_one_of((text), (const char *const[]){ __VA_ARGS__ },                                                  \
              sizeof(const char *const[]){ __VA_ARGS__ } / sizeof(char *))

/* [-+]?(digits[.digits*]|.digits)([eE][-+]?digits)? put into JSON's narrower form. */
static bool to_json_number(const char *text, size_t len, char *out, size_t room)
{
    size_t at = 0, i = 0;
    if (len + 3 > room || len == 0)
        return false;
    if (text[i] == '-')
        out[at++] = '-';
    i += text[i] == '-' || text[i] == '+';
    if (i < len && text[i] == '.' && i + 1 < len && text[i + 1] >= '0' && text[i + 1] <= '9')
        out[at++] = '0';
    for (; i < len; i++) {
        bool ends_here = text[i] == '.' && at > 0 && out[at - 1] >= '0' && out[at - 1] <= '9' &&
                         (i + 1 == len || text[i + 1] == 'e' || text[i + 1] == 'E');
        if (!ends_here)
            out[at++] = text[i];
    }
    out[at] = '\0';
    return true;
}

static bool has_leading_zero(const char *text)
{
    text += *text == '-' || *text == '+';
    return text[0] == '0' && text[1] && strspn(text, "0123456789") == strlen(text);
}

static vouch__json *plain_scalar(reader *r, const char *text, size_t len, yaml_mark_t at)
{
    char form[512];
    double value;
    if (strlen(text) != len)
        return vouch__json_bytes(r->doc, text, len);
    if (IS_ONE_OF(text, "", "~", "null", "Null", "NULL"))
        return vouch__json_null(r->doc);
    if (IS_ONE_OF(text, "true", "True", "TRUE"))
        return vouch__json_bool(r->doc, true);
    if (IS_ONE_OF(text, "false", "False", "FALSE"))
        return vouch__json_bool(r->doc, false);
    if (IS_ONE_OF(text, ".nan", ".NaN", ".NAN"))
        return vouch__json_number(r->doc, NAN);
    if (IS_ONE_OF(text, ".inf", "+.inf", ".Inf", "+.Inf", ".INF", "+.INF"))
        return vouch__json_number(r->doc, INFINITY);
    if (IS_ONE_OF(text, "-.inf", "-.Inf", "-.INF"))
        return vouch__json_number(r->doc, -INFINITY);
    if (has_leading_zero(text)) {
        (void)refuse(
            r, at,
            "a whole number with a leading zero may be meant as text: put it in quotes, or drop the zero");
        return NULL;
    }
    bool is_number = strspn(text, "+-.0123456789eE") == len && to_json_number(text, len, form, sizeof form) &&
                     vouch__double_read(form, strlen(form), &value);
    if (!is_number)
        return vouch__json_bytes(r->doc, text, len);
    if (isinf(value)) {
        (void)refuse(r, at, "a number beyond the largest double");
        return NULL;
    }
    return vouch__json_number(r->doc, value);
}

static vouch__json *read_node(reader *r, int depth);

static vouch__json *read_scalar(reader *r)
{
    const char *text = (const char *)r->event.data.scalar.value;
    size_t len = r->event.data.scalar.length;
    bool is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return is_plain ? plain_scalar(r, text, len, r->event.start_mark) : vouch__json_bytes(r->doc, text, len);
}

static void read_sequence(reader *r, vouch__json *array, int depth)
{
    while (next_event(r) && r->event.type != YAML_SEQUENCE_END_EVENT)
        vouch__doc_append(array, read_node(r, depth + 1));
}

/* The key that the event holds, or NULL when it cannot be one. */
static const char *read_key(reader *r)
{
    const yaml_event_t *event = &r->event;
    if (event->type != YAML_SCALAR_EVENT) {
        (void)refuse(r, event->start_mark, "a key must be plain text");
        return NULL;
    }
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (event->data.scalar.anchor || event->data.scalar.tag)
        (void)refuse(r, event->start_mark, "anchors and tags are not read");
    else if (strlen(text) != len)
        (void)refuse(r, event->start_mark, "a key holds a NUL");
    else if (!strcmp(text, "<<") && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        (void)refuse(r, event->start_mark, "merge keys are not read");
    char *key = r->status ? NULL : vouch__doc_take(r->doc, len + 1);
    if (key)
        memcpy(key, text, len);
    return key;
}

static void read_mapping(reader *r, vouch__json *object, int depth)
{
    while (next_event(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        yaml_mark_t at = r->event.start_mark;
        const char *key = read_key(r);
        if (!key || !next_event(r))
            return;
        vouch__json *value = read_node(r, depth + 1);
        if (!value)
            return;
        value->key = key;
        value->key_line = (uint32_t)at.line + 1;
        value->key_column = (uint32_t)at.column + 1;
        vouch__doc_append(object, value);
    }
    if (r->status)
        return;
    r->status = vouch__json_no_repeats(r->ctx, r->name, object);
}

/* Anchors and tags of whatever kind of node the event begins. */
static bool is_marked(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    default: return true; /* an alias */
    }
}

/* The node that the event at hand begins; its last event is at hand after. */
static vouch__json *read_node(reader *r, int depth)
{
    yaml_mark_t at = r->event.start_mark;
    vouch__json *node = NULL;
    if (is_marked(&r->event)) {
        (void)refuse(r, at, "anchors, aliases and tags are not read");
        return NULL;
    }
    if (r->event.type == YAML_SCALAR_EVENT) {
        node = read_scalar(r);
    } else if (depth >= VOUCH__JSON_DEPTH) {
        (void)refuse(r, at, "nested deeper than 64");
    } else {
        bool is_mapping = r->event.type == YAML_MAPPING_START_EVENT;
        node = vouch__doc_node(r->doc, is_mapping ? VOUCH__JSON_OBJECT : VOUCH__JSON_ARRAY);
        if (node && is_mapping)
            read_mapping(r, node, depth);
        else if (node)
            read_sequence(r, node, depth);
    }
    if (!r->status)
        r->status = vouch__doc_status(r->ctx, r->doc);
    if (r->status || !node)
        return NULL;
    node->line = (uint32_t)at.line + 1;
    node->column = (uint32_t)at.column + 1;
    return node;
}

static void read_stream(reader *r)
{
    bool has_document = false;
    while (next_event(r) && r->event.type != YAML_STREAM_END_EVENT) {
        if (r->event.type == YAML_DOCUMENT_START_EVENT && has_document)
            (void)refuse(r, r->event.start_mark, "a second document");
        else if (r->event.type == YAML_DOCUMENT_START_EVENT) {
            has_document = true;
            if (next_event(r))
                (void)read_node(r, 0);
        }
    }
    if (!r->status && !has_document && !vouch__json_null(r->doc))
        r->status = vouch__doc_status(r->ctx, r->doc);
}

vouch_status vouch__yaml_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                              size_t max_bytes, vouch__doc **out_doc)
{
    reader r = { .ctx = ctx, .name = name, .text = text, .len = len };
    if (max_bytes && len > max_bytes)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "%s: %zu bytes, at most %zu are read", name, len, max_bytes);
    r.status = vouch__doc_new(ctx, &r.doc);
    if (r.status)
        return r.status;
    if (!yaml_parser_initialize(&r.parser)) {
        vouch__doc_free(r.doc);
        return vouch__oom(ctx);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    read_stream(&r);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    if (r.status) {
        vouch__doc_free(r.doc);
        return r.status;
    }
    *out_doc = r.doc;
    return VOUCH_OK;
}
