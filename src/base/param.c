/* Parameters from a mapping: each key is found in the table, its value is of the table's type and within its
 * range, and what is not given is the default. */
#include "base/param.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAMES = 128, SHOWN = VOUCH__DOUBLE_MAX };

/* E_FORMAT, with the place a node was read from where it was read. */
__attribute__((format(printf, 3, 4))) static vouch_status refuse(vouch_ctx *ctx, const vouch__json *node,
                                                                 const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return node->line
               ? vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s", node->line, node->column, text)
               : vouch__fail(ctx, VOUCH_E_FORMAT, "%s", text);
}

static bool is_skipped(const char *key, const char *const *skip, size_t n_skip)
{
    for (size_t i = 0; i < n_skip; i++)
        if (strcmp(key, skip[i]) == 0)
            return true;
    return false;
}

static vouch_status unknown(vouch_ctx *ctx, const vouch__param_table *table, const vouch__json *node,
                            const char *const *skip, size_t n_skip)
{
    const char *name[NAMES];
    size_t n = 0;
    for (size_t i = 0; i < table->n && n < NAMES; i++)
        name[n++] = table->at[i].name;
    for (size_t i = 0; i < n_skip && n < NAMES; i++)
        name[n++] = skip[i];
    const char *nearest = vouch__nearest(node->key, name, n);
    return refuse(ctx, node, "unknown key '%s' for %s %s%s", node->key, table->what, table->name,
                  vouch__did_you_mean(nearest).text);
}

/* The index of word among "a|b|c", or -1. */
static int choice_find(const char *choices, const char *word, size_t len)
{
    int index = 0;
    for (const char *p = choices;; p++, index++) {
        size_t n = strcspn(p, "|");
        if (n == len && memcmp(p, word, len) == 0)
            return index;
        p += n;
        if (*p == '\0')
            return -1;
    }
}

/* What was given in place of what is wanted, as text; a list or a mapping by its name. */
static const char *given(const vouch__json *node, char text[SHOWN])
{
    switch (node->type) {
    case VOUCH__JSON_STRING: return vouch__json_string(node);
    case VOUCH__JSON_BOOL: return node->flag ? "true" : "false";
    case VOUCH__JSON_NULL: return "null";
    case VOUCH__JSON_ARRAY: return "a list";
    case VOUCH__JSON_OBJECT: return "a mapping";
    case VOUCH__JSON_NUMBER: break;
    }
    (void)vouch__double_text(node->number, text);
    return text;
}

static vouch_status read_choice(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node,
                                double *out)
{
    const char *word = vouch__json_string(node);
    int index = word ? choice_find(param->choices, word, node->len) : -1;
    char text[SHOWN];
    if (index < 0)
        return refuse(ctx, node, "%s is %.60s, must be one of %s", param->name, given(node, text),
                      param->choices);
    *out = index;
    return VOUCH_OK;
}

static vouch_status read_number(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node,
                                double *out)
{
    char got[SHOWN], lo[SHOWN], hi[SHOWN];
    bool is_whole = param->type == VOUCH__PARAM_INTEGER;
    const char *what = is_whole ? "a whole number" : "a number";
    bool is_number = node->type == VOUCH__JSON_NUMBER;
    double v = is_number ? node->number : (double)NAN;
    if (v >= param->lo && v <= param->hi && (!is_whole || v == floor(v))) {
        *out = v;
        return VOUCH_OK;
    }
    (void)vouch__double_text(param->lo, lo);
    (void)vouch__double_text(param->hi, hi);
    return refuse(ctx, node, "%s is %.60s, must be %s from %s to %s", param->name, given(node, got), what, lo,
                  hi);
}

static vouch_status read_one(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node, double *out)
{
    char text[SHOWN];
    switch (param->type) {
    case VOUCH__PARAM_TREE: *out = 1.0; return VOUCH_OK;
    case VOUCH__PARAM_CHOICE: return read_choice(ctx, param, node, out);
    case VOUCH__PARAM_FLAG:
        if (node->type != VOUCH__JSON_BOOL)
            return refuse(ctx, node, "%s is %.60s, must be true or false", param->name, given(node, text));
        *out = node->flag ? 1.0 : 0.0;
        return VOUCH_OK;
    case VOUCH__PARAM_REAL:
    case VOUCH__PARAM_INTEGER: break;
    }
    return read_number(ctx, param, node, out);
}

size_t vouch__param_find(const vouch__param_table *table, const char *name)
{
    for (size_t i = 0; i < table->n; i++)
        if (strcmp(table->at[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

vouch_status vouch__param_read(vouch_ctx *ctx, const vouch__param_table *table, const vouch__json *mapping,
                               const char *const *skip, size_t n_skip, double *out_value)
{
    for (size_t i = 0; i < table->n; i++)
        out_value[i] = table->at[i].value;
    if (!mapping || mapping->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (mapping->type != VOUCH__JSON_OBJECT)
        return refuse(ctx, mapping, "parameters of %s must be a mapping", table->name);
    for (const vouch__json *node = mapping->first; node; node = node->next) {
        if (is_skipped(node->key, skip, n_skip))
            continue;
        size_t i = vouch__param_find(table, node->key);
        if (i == SIZE_MAX)
            return unknown(ctx, table, node, skip, n_skip);
        vouch_status status = read_one(ctx, &table->at[i], node, &out_value[i]);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

vouch__json *vouch__param_json(vouch__doc *doc, const vouch__param *param, double value)
{
    if (param->type == VOUCH__PARAM_TREE)
        return vouch__json_null(doc);
    if (param->type == VOUCH__PARAM_FLAG)
        return vouch__json_bool(doc, value != 0.0);
    if (param->type != VOUCH__PARAM_CHOICE)
        return vouch__json_number(doc, value);
    const char *word = param->choices;
    for (int i = 0; i < (int)value; i++)
        word += strcspn(word, "|") + 1;
    return vouch__json_bytes(doc, word, strcspn(word, "|"));
}
