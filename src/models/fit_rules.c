/* Groups of inputs that may interact, sides of missing values, directions. */
#include "models/fit_rules.h"

#include <string.h>

enum { MOST_GROUPS = 64 };

typedef struct place { /* of what is read, for messages */
    vouch_ctx *ctx;
    const char *path, *model;
    const vouch__inputs *inputs;
} place;

static vouch_status wrong(const place *at, vouch_status status, const vouch__json *node, const char *what)
{
    return vouch__fail(at->ctx, status, "%s:%u:%u: models.%s.%s", at->path, node->line, node->column,
                       at->model, what);
}

static vouch_status input_find(const place *at, const char *what, const vouch__json *node, const char *name,
                               size_t *out)
{
    vouch_status status = vouch__input_named(at->ctx, at->inputs, name, out);
    return status ? vouch__because(at->ctx, status, "%s:%u:%u: models.%s.%s", at->path, node->line,
                                   node->column, at->model, what)
                  : VOUCH_OK;
}

static vouch_status read_group(const place *at, const vouch__json *list, uint64_t bit, uint64_t *group)
{
    vouch_status status = VOUCH_OK;
    if (list->type != VOUCH__JSON_ARRAY)
        return wrong(at, VOUCH_E_FORMAT, list, "interactions must be a list of lists of inputs");
    for (const vouch__json *node = list->first; node && !status; node = node->next) {
        size_t j = 0;
        if (!vouch__json_string(node))
            return wrong(at, VOUCH_E_FORMAT, node, "interactions must name inputs");
        status = input_find(at, "interactions", node, node->text, &j);
        if (!status)
            group[j] |= bit;
    }
    return status;
}

static vouch_status read_groups(const place *at, const vouch__json *lists, const uint64_t **out)
{
    vouch_status status = VOUCH_OK;
    size_t n = 0;
    if (lists->type != VOUCH__JSON_ARRAY)
        return wrong(at, VOUCH_E_FORMAT, lists, "interactions must be a list of lists of inputs");
    if (lists->len > MOST_GROUPS)
        return wrong(at, VOUCH_E_LIMIT, lists, "interactions may have 64 lists at most");
    uint64_t *group = vouch__scratch(at->ctx, at->inputs->n, sizeof *group);
    if (!group)
        return vouch__oom(at->ctx);
    memset(group, 0, at->inputs->n * sizeof *group);
    for (const vouch__json *list = lists->first; list && !status; list = list->next)
        status = read_group(at, list, (uint64_t)1 << n++, group);
    *out = group;
    return status;
}

static vouch_status read_sides(const place *at, const vouch__json *mapping, const int8_t **out)
{
    vouch_status status = VOUCH_OK;
    if (mapping->type != VOUCH__JSON_OBJECT)
        return wrong(at, VOUCH_E_FORMAT, mapping, "missing must be a mapping of input: low | high");
    int8_t *side = vouch__scratch(at->ctx, at->inputs->n, 1);
    if (!side)
        return vouch__oom(at->ctx);
    memset(side, 0, at->inputs->n);
    for (const vouch__json *node = mapping->first; node && !status; node = node->next) {
        size_t j = 0;
        const char *word = vouch__json_string(node);
        bool is_low = word && strcmp(word, "low") == 0;
        if (!is_low && !(word && strcmp(word, "high") == 0))
            return wrong(at, VOUCH_E_FORMAT, node, "missing must be low or high");
        status = input_find(at, "missing", node, node->key, &j);
        if (!status)
            side[j] = is_low ? 1 : -1;
    }
    *out = side;
    return status;
}

vouch_status vouch__fit_rules_read(vouch_ctx *ctx, const char *path, const char *model,
                                   const vouch__json *mapping, const vouch__inputs *inputs,
                                   vouch__fit_data *data)
{
    const place at = { ctx, path, model, inputs };
    const vouch__json *groups = mapping ? vouch__json_get(mapping, "interactions") : NULL;
    const vouch__json *sides = mapping ? vouch__json_get(mapping, "missing") : NULL;
    vouch_status status = VOUCH_OK;
    if (groups && groups->type != VOUCH__JSON_NULL)
        status = read_groups(&at, groups, &data->group);
    if (!status && sides && sides->type != VOUCH__JSON_NULL)
        status = read_sides(&at, sides, &data->missing);
    return status;
}

vouch_status vouch__fit_monotone_read(vouch_ctx *ctx, const char *path, const char *model,
                                      const vouch__json *monotone, bool may_be_auto, vouch__inputs *inputs)
{
    const place at = { ctx, path, model, inputs };
    const char *all = vouch__json_string(monotone);
    vouch_status status = VOUCH_OK;
    if (!monotone || monotone->type == VOUCH__JSON_NULL || (may_be_auto && all && strcmp(all, "auto") == 0))
        return VOUCH_OK;
    if (monotone->type != VOUCH__JSON_OBJECT)
        return wrong(&at, VOUCH_E_FORMAT, monotone, "monotone must be a mapping of input: up | down");
    for (const vouch__json *node = monotone->first; node && !status; node = node->next) {
        size_t j = 0;
        const char *word = vouch__json_string(node);
        if (!word || (strcmp(word, "up") != 0 && strcmp(word, "down") != 0))
            return wrong(&at, VOUCH_E_FORMAT, node, "monotone must be up or down");
        status = input_find(&at, "monotone", node, node->key, &j);
        if (!status)
            inputs->at[j].monotone = (int8_t)(strcmp(word, "up") == 0 ? 1 : -1);
    }
    return status;
}
