/* One walk over a mapping's members against the table of its keys, and one over the table for what is
 * missing. */
#include "base/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 64 };

vouch_status vouch__schema_fail(vouch_ctx *ctx, const char *file, const vouch__json *at, const char *fmt, ...)
{
    char text[384];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!at || at->line == 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: %s", file, text);
    bool is_member = at->key_line > 0; /* where the key stands says more than where its value begins */
    return vouch__fail(ctx, VOUCH_E_FORMAT, "%s:%u:%u: %s", file, is_member ? at->key_line : at->line,
                       is_member ? at->key_column : at->column, text);
}

static bool in_set(const char *set, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = set; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (!strncmp(at, word, len) && (at[len] == '|' || at[len] == '\0'))
            return true;
    return false;
}

static vouch_status check_value(vouch_ctx *ctx, const char *file, const char *what, const vouch__json *node,
                                const vouch__key *key)
{
    static const char *const wanted[] = { "text", "a number", "a mapping", "a list", "true or false", "" };
    bool fits = key->type == VOUCH__KEY_ANY ||
                (key->type == VOUCH__KEY_TEXT && node->type == VOUCH__JSON_STRING) ||
                (key->type == VOUCH__KEY_NUMBER && node->type == VOUCH__JSON_NUMBER) ||
                (key->type == VOUCH__KEY_MAPPING && node->type == VOUCH__JSON_OBJECT) ||
                (key->type == VOUCH__KEY_LIST && node->type == VOUCH__JSON_ARRAY) ||
                (key->type == VOUCH__KEY_FLAG && node->type == VOUCH__JSON_BOOL);
    if (node->type == VOUCH__JSON_NULL && !key->required)
        return VOUCH_OK;
    if (!fits)
        return vouch__schema_fail(ctx, file, node, "%s.%s must be %s", what, key->name, wanted[key->type]);
    if (key->type == VOUCH__KEY_NUMBER && !(node->number >= key->lo && node->number <= key->hi)) {
        char got[VOUCH__DOUBLE_MAX];
        char lo[VOUCH__DOUBLE_MAX];
        char hi[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(node->number, got);
        (void)vouch__double_text(key->lo, lo);
        (void)vouch__double_text(key->hi, hi);
        return vouch__schema_fail(ctx, file, node, "%s.%s is %s, must be from %s to %s", what, key->name, got,
                                  lo, hi);
    }
    if (key->type == VOUCH__KEY_TEXT && key->set && !in_set(key->set, node->text))
        return vouch__schema_fail(ctx, file, node, "%s.%s is '%s', must be one of %s", what, key->name,
                                  node->text, key->set);
    return VOUCH_OK;
}

vouch_status vouch__schema_check(vouch_ctx *ctx, const char *file, const char *what,
                                 const vouch__json *mapping, const vouch__key *key, size_t n)
{
    const char *name[KEYS_MAX];
    if (!mapping || mapping->type != VOUCH__JSON_OBJECT)
        return vouch__schema_fail(ctx, file, mapping, "%s must be a mapping", what);
    for (size_t i = 0; i < n && i < KEYS_MAX; i++)
        name[i] = key[i].name;
    for (const vouch__json *member = mapping->first; member; member = member->next) {
        size_t i = 0;
        while (i < n && strcmp(key[i].name, member->key) != 0)
            i++;
        if (i == n) {
            const char *near = vouch__nearest(member->key, name, n);
            return vouch__schema_fail(ctx, file, member, "unknown key '%s' in %s%s", member->key, what,
                                      vouch__did_you_mean(near).text);
        }
        vouch_status status = check_value(ctx, file, what, member, &key[i]);
        if (status)
            return status;
    }
    for (size_t i = 0; i < n; i++) {
        const vouch__json *member = vouch__json_get(mapping, key[i].name);
        if (key[i].required && (!member || member->type == VOUCH__JSON_NULL))
            return vouch__schema_fail(ctx, file, mapping, "%s needs '%s'", what, key[i].name);
    }
    return VOUCH_OK;
}
