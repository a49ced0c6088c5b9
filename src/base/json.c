/* The tree: nodes and strings in blocks that the document owns and frees together. A maker that finds no
 * memory leaves that in the document and returns NULL, which every maker accepts, so a tree is built without
 * looking and asked about once. */
#include "base/json.h"

#include "base/json_doc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_FIRST = 1024, BLOCK_LARGEST = 256 * 1024, ALIGN = 8 };

struct vouch__doc_block {
    vouch__doc_block *next;
    size_t used, cap;
    _Alignas(ALIGN) char bytes[];
};

vouch_status vouch__doc_new(vouch_ctx *ctx, vouch__doc **out_doc)
{
    vouch__doc *doc = vouch__alloc(ctx, 1, sizeof *doc);
    if (!doc)
        return vouch__oom(ctx);
    doc->alloc = *vouch__allocator(ctx);
    *out_doc = doc;
    return VOUCH_OK;
}

void vouch__doc_free(vouch__doc *doc)
{
    if (!doc)
        return;
    vouch_alloc alloc = doc->alloc;
    for (vouch__doc_block *block = doc->blocks, *next; block; block = next) {
        next = block->next;
        vouch__free(&alloc, block);
    }
    vouch__free(&alloc, doc);
}

vouch_status vouch__doc_status(vouch_ctx *ctx, const vouch__doc *doc)
{
    if (doc->status == VOUCH_E_NOMEM)
        return vouch__oom(ctx);
    return doc->status ? vouch__fail(ctx, doc->status, "json: a text could not be formatted") : VOUCH_OK;
}

vouch__json *vouch__doc_root(const vouch__doc *doc) { return doc->root; }

/* Zeroed bytes that live as long as the document. */
void *vouch__doc_take(vouch__doc *doc, size_t bytes)
{
    if (doc->status)
        return NULL;
    vouch__doc_block *block = doc->blocks;
    size_t need = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (need < bytes || need > SIZE_MAX / 2) {
        doc->status = VOUCH_E_NOMEM;
        return NULL;
    }
    if (!block || block->cap - block->used < need) {
        size_t cap = block ? block->cap * 2 : BLOCK_FIRST;
        cap = cap > BLOCK_LARGEST ? BLOCK_LARGEST : cap;
        cap = cap < need ? need : cap;
        block = vouch__resize(&doc->alloc, NULL, 1, sizeof *block + cap);
        if (!block) {
            doc->status = VOUCH_E_NOMEM;
            return NULL;
        }
        block->cap = cap;
        block->next = doc->blocks;
        doc->blocks = block;
    }
    void *p = block->bytes + block->used;
    block->used += need;
    return p;
}

vouch__json *vouch__doc_node(vouch__doc *doc, vouch__json_type type)
{
    vouch__json *node = vouch__doc_take(doc, sizeof *node);
    if (!node)
        return NULL;
    node->type = type;
    if (!doc->root)
        doc->root = node;
    return node;
}

static const char replacement[3] = { '\xEF', '\xBF', '\xBD' };

/* A copy with a NUL behind it, each byte that is not part of a UTF-8 character replaced. */
static char *copy_text(vouch__doc *doc, const char *text, size_t len, size_t *out_len)
{
    size_t good = vouch__utf8_prefix(text, len), bad = 0;
    for (size_t at = good; at < len; at += 1 + vouch__utf8_prefix(text + at + 1, len - at - 1))
        bad++;
    char *copy = vouch__doc_take(doc, len + 2 * bad + 1);
    if (!copy)
        return NULL;
    char *p = copy;
    for (size_t at = 0; at < len; at++) {
        size_t n = vouch__utf8_prefix(text + at, len - at);
        memcpy(p, text + at, n);
        p += n;
        at += n;
        if (at < len) {
            memcpy(p, replacement, 3);
            p += 3;
        }
    }
    *out_len = (size_t)(p - copy);
    return copy;
}

vouch__json *vouch__json_null(vouch__doc *doc) { return vouch__doc_node(doc, VOUCH__JSON_NULL); }

vouch__json *vouch__json_bool(vouch__doc *doc, bool flag)
{
    vouch__json *node = vouch__doc_node(doc, VOUCH__JSON_BOOL);
    if (node)
        node->flag = flag;
    return node;
}

vouch__json *vouch__json_number(vouch__doc *doc, double number)
{
    vouch__json *node = vouch__doc_node(doc, VOUCH__JSON_NUMBER);
    if (node)
        node->number = number;
    return node;
}

vouch__json *vouch__json_bytes(vouch__doc *doc, const char *text, size_t len)
{
    vouch__json *node = vouch__doc_node(doc, VOUCH__JSON_STRING);
    char *copy = node ? copy_text(doc, text, len, &node->len) : NULL;
    if (!copy)
        return NULL;
    node->text = copy;
    return node;
}

vouch__json *vouch__json_text(vouch__doc *doc, const char *text)
{
    return text ? vouch__json_bytes(doc, text, strlen(text)) : vouch__json_null(doc);
}

vouch__json *vouch__json_fmt(vouch__doc *doc, const char *fmt, ...)
{
    vouch__buf buf = { .alloc = doc->alloc, .max = SIZE_MAX / 4 };
    vouch__json *node = NULL;
    va_list args;
    va_start(args, fmt);
    vouch__buf_vfmt(&buf, fmt, args);
    va_end(args);
    if (!buf.status)
        node = vouch__json_bytes(doc, buf.at, buf.len);
    else if (!doc->status)
        doc->status = buf.status;
    vouch__buf_free(&buf);
    return node;
}

vouch__json *vouch__json_array(vouch__doc *doc) { return vouch__doc_node(doc, VOUCH__JSON_ARRAY); }

vouch__json *vouch__json_object(vouch__doc *doc) { return vouch__doc_node(doc, VOUCH__JSON_OBJECT); }

vouch__json *vouch__json_copy(vouch__doc *doc, const vouch__json *node)
{
    vouch__json *copy = NULL;
    if (!node)
        return NULL;
    switch (node->type) {
    case VOUCH__JSON_NULL: copy = vouch__json_null(doc); break;
    case VOUCH__JSON_BOOL: copy = vouch__json_bool(doc, node->flag); break;
    case VOUCH__JSON_NUMBER: copy = vouch__json_number(doc, node->number); break;
    case VOUCH__JSON_STRING: copy = vouch__json_bytes(doc, node->text, node->len); break;
    case VOUCH__JSON_ARRAY:
    case VOUCH__JSON_OBJECT: copy = vouch__doc_node(doc, node->type);
    }
    if (copy) {
        copy->line = node->line;
        copy->column = node->column;
        copy->key_line = node->key_line;
        copy->key_column = node->key_column;
    }
    for (const vouch__json *child = node->first; child && copy; child = child->next) {
        vouch__json *made = vouch__json_copy(doc, child);
        size_t len;
        if (made && child->key)
            made->key = copy_text(doc, child->key, strlen(child->key), &len);
        vouch__doc_append(copy, made);
    }
    return doc->status ? NULL : copy;
}

void vouch__doc_append(vouch__json *parent, vouch__json *child)
{
    if (!child)
        return;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->len++;
}

/* Put value where old stands among parent's children. */
static void replace(vouch__json *parent, vouch__json *before, vouch__json *old, vouch__json *value)
{
    value->next = old->next;
    if (before)
        before->next = value;
    else
        parent->first = value;
    if (parent->last == old)
        parent->last = value;
}

vouch__json *vouch__json_set(vouch__doc *doc, vouch__json *object, const char *key, vouch__json *value)
{
    size_t len;
    if (!object || !value || object->type != VOUCH__JSON_OBJECT)
        return value;
    char *copy = copy_text(doc, key, strlen(key), &len);
    if (!copy)
        return NULL;
    value->key = copy;
    for (vouch__json *child = object->first, *before = NULL; child; before = child, child = child->next)
        if (!strcmp(child->key, copy)) {
            replace(object, before, child, value);
            return value;
        }
    vouch__doc_append(object, value);
    return value;
}

vouch__json *vouch__json_push(vouch__doc *doc, vouch__json *array, vouch__json *value)
{
    (void)doc; /* kept in the signature so that a push may one day need memory */
    if (array && array->type == VOUCH__JSON_ARRAY)
        vouch__doc_append(array, value);
    return value;
}

const vouch__json *vouch__json_get(const vouch__json *node, const char *key)
{
    if (!node || node->type != VOUCH__JSON_OBJECT)
        return NULL;
    const vouch__json *child = node->first;
    while (child && strcmp(child->key, key) != 0)
        child = child->next;
    return child;
}

const vouch__json *vouch__json_at(const vouch__json *node, size_t i)
{
    if (!node || (node->type != VOUCH__JSON_ARRAY && node->type != VOUCH__JSON_OBJECT) || i >= node->len)
        return NULL;
    const vouch__json *child = node->first;
    while (i-- > 0)
        child = child->next;
    return child;
}

bool vouch__json_holds(const vouch__json *array, const char *text)
{
    for (const vouch__json *node = array ? array->first : NULL; node; node = node->next)
        if (array->type == VOUCH__JSON_ARRAY && vouch__json_string(node) && !strcmp(node->text, text))
            return true;
    return false;
}

const char *vouch__json_string(const vouch__json *node)
{
    return node && node->type == VOUCH__JSON_STRING ? node->text : NULL;
}

double vouch__json_double(const vouch__json *node, double otherwise)
{
    if (node && node->type == VOUCH__JSON_NUMBER)
        return node->number;
    if (node && node->type == VOUCH__JSON_NULL)
        return NAN;
    const char *text = vouch__json_string(node);
    if (text && !strcmp(text, "Infinity"))
        return INFINITY;
    if (text && !strcmp(text, "-Infinity"))
        return -INFINITY;
    return otherwise;
}

int64_t vouch__json_int(const vouch__json *node, int64_t otherwise)
{
    if (!node || node->type != VOUCH__JSON_NUMBER)
        return otherwise;
    double x = node->number;
    return x >= -0x1p63 && x < 0x1p63 && x == floor(x) ? (int64_t)x : otherwise;
}

bool vouch__json_flag(const vouch__json *node, bool otherwise)
{
    return node && node->type == VOUCH__JSON_BOOL ? node->flag : otherwise;
}

vouch_status vouch__json_fail(vouch_ctx *ctx, vouch_status status, const char *name, const vouch__json *node,
                              const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return node ? vouch__fail_at(ctx, status, name, node->line, node->column, text)
                : vouch__fail_at(ctx, status, name, 0, 0, text);
}

vouch_status vouch__fail_at(vouch_ctx *ctx, vouch_status status, const char *name, uint32_t line,
                            uint32_t column, const char *text)
{
    return line ? vouch__fail(ctx, status, "%s:%u:%u: %s", name, line, column, text)
                : vouch__fail(ctx, status, "%s: %s", name, text);
}

vouch_status vouch__json_known(vouch_ctx *ctx, const char *name, const vouch__json *object,
                               const char *const *known, size_t n)
{
    char text[400];
    if (!object || object->type != VOUCH__JSON_OBJECT)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, name, object, "must be keys with values");
    for (const vouch__json *child = object->first; child; child = child->next) {
        size_t i = 0;
        while (i < n && strcmp(known[i], child->key) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = vouch__nearest(child->key, known, n);
        (void)snprintf(text, sizeof text, "unknown key '%.100s'%s", child->key,
                       vouch__did_you_mean(near).text);
        return vouch__fail_at(ctx, VOUCH_E_FORMAT, name, child->key_line, child->key_column, text);
    }
    return VOUCH_OK;
}
