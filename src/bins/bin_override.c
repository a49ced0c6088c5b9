/* Reading what people have decided about bins. Everything that is wrong is said with file, line and column.
 */
#include "bins/bin_override.h"

#include "base/schema.h"

#include <math.h>
#include <string.h>

#define N(table) (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
static const vouch__key file_keys[] = {
    { "title", VOUCH__KEY_TEXT, false, 0, 0, NULL },  { "overrides", VOUCH__KEY_LIST, true, 0, 0, NULL },
};
static const vouch__key keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },  { "splits", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "groups", VOUCH__KEY_LIST, false, 0, 0, NULL }, { "merge", VOUCH__KEY_LIST, false, 0, 0, NULL },
    { "by", VOUCH__KEY_TEXT, true, 0, 0, NULL },      { "reason", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "on", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
/* clang-format on */

static vouch_status read_splits(vouch_ctx *ctx, vouch__overrides *all, vouch__override *o,
                                const vouch__json *list)
{
    if (list->len == 0 || list->len > VOUCH__OVERRIDE_SPLITS)
        return vouch__schema_fail(ctx, all->name, list, "splits must hold 1 to %d numbers",
                                  VOUCH__OVERRIDE_SPLITS);
    double *split = vouch__alloc(ctx, list->len, sizeof *split);
    if (!split)
        return vouch__oom(ctx);
    o->split = split;
    for (const vouch__json *at = list->first; at; at = at->next) {
        double x = at->type == VOUCH__JSON_NUMBER ? at->number : NAN;
        if (!isfinite(x) || (o->n_splits > 0 && !(x > split[o->n_splits - 1])))
            return vouch__schema_fail(ctx, all->name, at, "splits must be finite numbers that ascend");
        split[o->n_splits++] = x;
    }
    return VOUCH_OK;
}

/* A list of lists of texts (groups) or of whole numbers from 1 (merge), none named twice. */
static vouch_status check_lists(vouch_ctx *ctx, const char *name, const char *what, const vouch__json *list,
                                vouch__json_type type, size_t least)
{
    for (const vouch__json *group = list->first; group; group = group->next) {
        if (group->type != VOUCH__JSON_ARRAY || group->len < least)
            return vouch__schema_fail(ctx, name, group, "%s must hold lists of %zu or more", what, least);
        for (const vouch__json *at = group->first; at; at = at->next) {
            if (at->type != type ||
                (type == VOUCH__JSON_NUMBER && !(at->number >= 1.0 && at->number == floor(at->number))))
                return vouch__schema_fail(ctx, name, at, "%s must hold lists of %s", what,
                                          type == VOUCH__JSON_NUMBER ? "numbers of bins, from 1"
                                                                     : "categories");
            for (const vouch__json *g = list->first; g != group->next; g = g->next) /* those before it */
                for (const vouch__json *is = g->first; is && is != at; is = is->next)
                    if (type == VOUCH__JSON_NUMBER ? is->number == at->number : !strcmp(is->text, at->text))
                        return vouch__schema_fail(ctx, name, at, "%s names it twice", what);
        }
    }
    return list->len > 0 ? VOUCH_OK : vouch__schema_fail(ctx, name, list, "%s is empty", what);
}

static vouch_status read_one(vouch_ctx *ctx, vouch__overrides *all, const vouch__json *node)
{
    vouch__override *o = &all->at[all->n++];
    const vouch__json *splits = vouch__json_get(node, "splits");
    *o = (vouch__override){ .at = node };
    vouch_status status = vouch__schema_check(ctx, all->name, "an override", node, keys, N(keys));
    if (status)
        return status;
    o->column = vouch__json_string(vouch__json_get(node, "column"));
    o->by = vouch__json_string(vouch__json_get(node, "by"));
    o->reason = vouch__json_string(vouch__json_get(node, "reason"));
    o->on = vouch__json_string(vouch__json_get(node, "on"));
    o->groups = vouch__json_get(node, "groups");
    o->merge = vouch__json_get(node, "merge");
    if ((splits != NULL) + (o->groups != NULL) + (o->merge != NULL) != 1)
        return vouch__schema_fail(ctx, all->name, node, "'%s' needs one of splits, groups and merge",
                                  o->column);
    if (!*o->by || !*o->reason)
        return vouch__schema_fail(ctx, all->name, node, "'%s' must say by whom and for what reason",
                                  o->column);
    for (size_t k = 0; k + 1 < all->n; k++)
        if (!strcmp(all->at[k].column, o->column))
            return vouch__schema_fail(ctx, all->name, node, "'%s' is decided twice, first in line %u",
                                      o->column, all->at[k].at->line);
    if (splits)
        return read_splits(ctx, all, o, splits);
    return o->groups ? check_lists(ctx, all->name, "groups", o->groups, VOUCH__JSON_STRING, 1)
                     : check_lists(ctx, all->name, "merge", o->merge, VOUCH__JSON_NUMBER, 2);
}

vouch_status vouch__overrides_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                                   vouch__overrides *out)
{
    vouch__overrides all = { .name = name, .alloc = *vouch__allocator(ctx) };
    vouch_status status = vouch__hash_hex(ctx, text, len, all.hash);
    if (!status)
        status = vouch__yaml_read(ctx, name, text, len, VOUCH__OVERRIDE_FILE, &all.doc);
    const vouch__json *root = status ? NULL : vouch__doc_root(all.doc);
    if (!status)
        status = vouch__schema_check(ctx, name, "the file", root, file_keys, N(file_keys));
    const vouch__json *list = vouch__json_get(root, "overrides");
    if (!status) {
        all.title = vouch__json_string(vouch__json_get(root, "title"));
        all.at = vouch__alloc(ctx, list->len + 1, sizeof *all.at);
        if (!all.at)
            status = vouch__oom(ctx);
    }
    for (const vouch__json *node = list ? list->first : NULL; !status && node; node = node->next)
        status = read_one(ctx, &all, node);
    if (status)
        vouch__overrides_clear(&all);
    else
        *out = all;
    return status;
}

void vouch__overrides_clear(vouch__overrides *overrides)
{
    for (size_t k = 0; k < overrides->n; k++)
        vouch__free(&overrides->alloc, (double *)overrides->at[k].split);
    if (overrides->alloc.resize)
        vouch__free(&overrides->alloc, overrides->at);
    vouch__doc_free(overrides->doc);
    *overrides = (vouch__overrides){ .n = 0 };
}

const vouch__override *vouch__override_of(const vouch__overrides *overrides, const char *column)
{
    for (size_t k = 0; overrides && k < overrides->n; k++)
        if (!strcmp(overrides->at[k].column, column))
            return &overrides->at[k];
    return NULL;
}

size_t vouch__override_merged(const vouch__override *o, size_t bin)
{
    size_t at = 0;
    for (const vouch__json *group = o->merge->first; group; group = group->next, at++)
        for (const vouch__json *is = group->first; is; is = is->next)
            if (is->number == (double)bin + 1.0)
                return at;
    return SIZE_MAX;
}

size_t vouch__override_group(const vouch__override *o, const char *category)
{
    size_t at = 0;
    for (const vouch__json *group = o->groups->first; group; group = group->next, at++)
        for (const vouch__json *is = group->first; is; is = is->next)
            if (!strcmp(is->text, category))
                return at;
    return at;
}

static bool is_known(const char *const *category, size_t n, const char *text)
{
    for (size_t k = 0; k < n; k++)
        if (!strcmp(category[k], text))
            return true;
    return false;
}

vouch_status vouch__override_check(vouch_ctx *ctx, const vouch__overrides *overrides,
                                   const vouch__override *o, size_t n_bins, bool is_range,
                                   const char *const *category, size_t n_categories)
{
    if (is_range ? o->groups != NULL : o->n_splits > 0)
        return vouch__schema_fail(ctx, overrides->name, o->at, "'%s' holds %s", o->column,
                                  is_range ? "numbers: give splits, not groups"
                                           : "categories: give groups, not splits");
    for (const vouch__json *g = o->groups ? o->groups->first : NULL; g; g = g->next)
        for (const vouch__json *at = g->first; at; at = at->next)
            if (!is_known(category, n_categories, at->text))
                return vouch__schema_fail(ctx, overrides->name, at, "'%s' has no category '%s'", o->column,
                                          at->text);
    for (const vouch__json *g = o->merge ? o->merge->first : NULL; g; g = g->next)
        for (const vouch__json *at = g->first; at; at = at->next) {
            if (at->number > (double)n_bins)
                return vouch__schema_fail(ctx, overrides->name, at, "'%s' has %zu automatic bins only",
                                          o->column, n_bins);
            if (is_range && at->next && at->next->number != at->number + 1.0)
                return vouch__schema_fail(ctx, overrides->name, at->next,
                                          "ranges that are merged must be neighbours, in order");
        }
    return VOUCH_OK;
}
