/* The contract's language: what a file may say of a column. */
#include "base/schema.h"
#include "data/checks.h"

#include <math.h>
#include <string.h>

/* clang-format off */
static const vouch__key column_keys[] = {
    { "type", VOUCH__KEY_TEXT, false, 0, 0, "number|integer|int|flag|text|date|time" },
    { "min", VOUCH__KEY_NUMBER, false, -INFINITY, INFINITY, NULL },
    { "max", VOUCH__KEY_NUMBER, false, -INFINITY, INFINITY, NULL },
    { "special", VOUCH__KEY_LIST, false, 0, 0, NULL },      { "allowed", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "missing", VOUCH__KEY_TEXT, false, 0, 0, "expected" },
    { "required", VOUCH__KEY_FLAG, false, 0, 0, NULL },      { "available_at", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
/* clang-format on */

static vouch_status read_numbers(vouch_ctx *ctx, const char *file, const char *what, const vouch__json *list,
                                 const double **out, size_t *out_n)
{
    double *value = list ? vouch__alloc(ctx, list->len + 1, sizeof *value) : NULL;
    size_t n = 0;
    if (!list)
        return VOUCH_OK;
    if (!value)
        return vouch__oom(ctx);
    *out = value; /* owned by the rule from here */
    for (const vouch__json *item = list->first; item; item = item->next) {
        if (item->type != VOUCH__JSON_NUMBER)
            return vouch__schema_fail(ctx, file, item, "%s.special must hold numbers", what);
        size_t at = n++;
        for (; at > 0 && value[at - 1] > item->number; at--)
            value[at] = value[at - 1];
        value[at] = item->number;
    }
    *out_n = n;
    return VOUCH_OK;
}

static vouch_status read_allowed(vouch_ctx *ctx, const char *file, const char *what, const vouch__json *list,
                                 vouch__doc *doc, vouch__column_rule *rule)
{
    if (!list)
        return VOUCH_OK;
    const char **allowed = vouch__alloc(ctx, list->len + 1, sizeof *allowed);
    if (!allowed)
        return vouch__oom(ctx);
    rule->allowed = allowed;
    for (const vouch__json *item = list->first; item; item = item->next) {
        const vouch__json *text = item;
        if (item->type == VOUCH__JSON_NUMBER) {
            char digits[VOUCH__DOUBLE_MAX];
            (void)vouch__double_text(item->number, digits);
            text = vouch__json_text(doc, digits);
        }
        if (!text || text->type != VOUCH__JSON_STRING)
            return vouch__schema_fail(ctx, file, item, "%s.allowed must hold texts or numbers", what);
        allowed[rule->n_allowed++] = text->text;
    }
    return VOUCH_OK;
}

static vouch_status read_column(vouch_ctx *ctx, const char *file, const vouch__json *node, vouch__doc *doc,
                                vouch__column_rule *rule)
{
    static const struct {
        const char *name;
        vouch_type type;
    } types[] = { { "number", VOUCH_NUMBER }, { "integer", VOUCH_INTEGER }, { "int", VOUCH_INTEGER },
                  { "flag", VOUCH_FLAG },     { "text", VOUCH_TEXT },       { "date", VOUCH_DATE },
                  { "time", VOUCH_TIME } };
    const char *type = vouch__json_string(vouch__json_get(node, "type"));
    vouch_status status = vouch__schema_check(ctx, file, node->key, node, column_keys,
                                              sizeof column_keys / sizeof *column_keys);
    if (status)
        return status;
    *rule = (vouch__column_rule){ .name = node->key, .line = node->line, .column = node->column };
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, type)) {
            rule->type = types[i].type;
            rule->has_type = true;
        }
    rule->min = vouch__json_double(vouch__json_get(node, "min"), NAN);
    rule->max = vouch__json_double(vouch__json_get(node, "max"), NAN);
    if (rule->min > rule->max)
        return vouch__schema_fail(ctx, file, vouch__json_get(node, "min"), "%s.min must not be above max",
                                  node->key);
    rule->required = vouch__json_flag(vouch__json_get(node, "required"), false);
    rule->missing_expected = vouch__json_string(vouch__json_get(node, "missing")) != NULL;
    rule->available_at = vouch__json_string(vouch__json_get(node, "available_at"));
    status = read_numbers(ctx, file, node->key, vouch__json_get(node, "special"), &rule->special,
                          &rule->n_special);
    return status ? status : read_allowed(ctx, file, node->key, vouch__json_get(node, "allowed"), doc, rule);
}

vouch_status vouch__rules_read(vouch_ctx *ctx, const char *file, const vouch__json *columns, vouch__doc *doc,
                               vouch__column_rule **out_rule, size_t *out_n)
{
    vouch_status status = VOUCH_OK;
    *out_n = 0;
    *out_rule = vouch__alloc(ctx, columns->len + 1, sizeof **out_rule);
    if (!*out_rule)
        return vouch__oom(ctx);
    for (const vouch__json *node = columns->first; node && !status; node = node->next)
        status = read_column(ctx, file, node, doc, &(*out_rule)[(*out_n)++]);
    return status;
}

void vouch__rules_free(const vouch_alloc *alloc, vouch__column_rule *rule, size_t n)
{
    for (size_t i = 0; rule && i < n; i++) {
        vouch__free(alloc, (void *)rule[i].special);
        vouch__free(alloc, (void *)rule[i].allowed);
    }
    vouch__free(alloc, rule);
}
