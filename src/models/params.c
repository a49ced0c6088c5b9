/* Parameters from a project file: each key of the mapping is found in the kind's table, its value is of the
 * table's type and within its range, and what is not given is the default. */
#include "models/model_kind.h"

#include <math.h>
#include <string.h>

enum { NAMES = 128, SHOWN = VOUCH__DOUBLE_MAX };

static bool is_skipped(const char *key, const char *const *skip, size_t n_skip)
{
    for (size_t i = 0; i < n_skip; i++)
        if (strcmp(key, skip[i]) == 0)
            return true;
    return false;
}

static vouch_status unknown(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__json *node,
                            const char *const *skip, size_t n_skip)
{
    const char *name[NAMES];
    size_t n = 0;
    for (size_t i = 0; i < kind->n_params && n < NAMES; i++)
        name[n++] = kind->params[i].name;
    for (size_t i = 0; i < n_skip && n < NAMES; i++)
        name[n++] = skip[i];
    const char *nearest = vouch__nearest(node->key, name, n);
    if (nearest)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "line %u, column %u: unknown key '%s' for kind %s, did you mean '%s'?", node->line,
                           node->column, node->key, kind->name, nearest);
    return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: unknown key '%s' for kind %s", node->line,
                       node->column, node->key, kind->name);
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

static vouch_status read_choice(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node,
                                double *out)
{
    const char *word = vouch__json_string(node);
    int index = word ? choice_find(param->choices, word, node->len) : -1;
    if (index < 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s must be one of %s", node->line,
                           node->column, param->name, param->choices);
    *out = index;
    return VOUCH_OK;
}

static vouch_status read_number(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node,
                                double *out)
{
    char got[SHOWN], lo[SHOWN], hi[SHOWN];
    bool is_whole = param->type == VOUCH__PARAM_INTEGER;
    const char *what = is_whole ? "a whole number" : "a number";
    if (node->type != VOUCH__JSON_NUMBER)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s must be %s", node->line, node->column,
                           param->name, what);
    double v = node->number;
    if (v >= param->lo && v <= param->hi && (!is_whole || v == floor(v))) {
        *out = v;
        return VOUCH_OK;
    }
    (void)vouch__double_text(v, got);
    (void)vouch__double_text(param->lo, lo);
    (void)vouch__double_text(param->hi, hi);
    return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s is %s, must be %s from %s to %s",
                       node->line, node->column, param->name, got, what, lo, hi);
}

static vouch_status read_one(vouch_ctx *ctx, const vouch__param *param, const vouch__json *node, double *out)
{
    switch (param->type) {
    case VOUCH__PARAM_CHOICE: return read_choice(ctx, param, node, out);
    case VOUCH__PARAM_FLAG:
        if (node->type != VOUCH__JSON_BOOL)
            return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: %s must be true or false",
                               node->line, node->column, param->name);
        *out = node->flag ? 1.0 : 0.0;
        return VOUCH_OK;
    case VOUCH__PARAM_REAL:
    case VOUCH__PARAM_INTEGER: break;
    }
    return read_number(ctx, param, node, out);
}

vouch_status vouch__params_read(vouch_ctx *ctx, const vouch__model_kind *kind, const vouch__json *mapping,
                                const char *const *skip, size_t n_skip, double *out_value)
{
    for (size_t i = 0; i < kind->n_params; i++)
        out_value[i] = kind->params[i].value;
    if (!mapping || mapping->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (mapping->type != VOUCH__JSON_OBJECT)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "line %u, column %u: parameters of a %s must be a mapping",
                           mapping->line, mapping->column, kind->name);
    for (const vouch__json *node = mapping->first; node; node = node->next) {
        size_t i = 0;
        if (is_skipped(node->key, skip, n_skip))
            continue;
        while (i < kind->n_params && strcmp(kind->params[i].name, node->key) != 0)
            i++;
        if (i == kind->n_params)
            return unknown(ctx, kind, node, skip, n_skip);
        vouch_status status = read_one(ctx, &kind->params[i], node, &out_value[i]);
        if (status)
            return status;
    }
    return VOUCH_OK;
}
