/* Which characteristic each input belongs to, and which of them weigh most against an applicant. Sums run in
 * input order and equal sums rank by name, so the same values always give the same reasons in the same order.
 */
#include "explain/reasons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1000 }; /* bytes of a name or a text */

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* A member that must be text when it is there. */
static vouch_status words(vouch_ctx *ctx, const vouch__json *entry, const char *key, const char **out)
{
    const vouch__json *node = vouch__json_get(entry, key);
    const char *text = vouch__json_string(node);
    *out = NULL;
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (!text || !*text || strlen(text) != node->len || node->len > WORDS_MAX)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "reasons: line %u, column %u: '%s' must be text of 1 to %d bytes", node->line,
                           node->column, key, WORDS_MAX);
    *out = text;
    return VOUCH_OK;
}

typedef struct entries { /* of every input; text and code may be NULL */
    const char **name, **text, **code;
} entries;

static vouch_status read_entries(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *reasons,
                                 entries *e)
{
    if (reasons && reasons->type != VOUCH__JSON_OBJECT && reasons->type != VOUCH__JSON_NULL)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "reasons: line %u, column %u: must be a mapping of columns",
                           reasons->line, reasons->column);
    for (size_t j = 0; j < inputs->n; j++) {
        const vouch__json *entry = vouch__json_get(reasons, inputs->at[j].name);
        e->name[j] = inputs->at[j].name;
        e->text[j] = e->code[j] = NULL;
        if (!entry || entry->type == VOUCH__JSON_NULL)
            continue;
        if (entry->type != VOUCH__JSON_OBJECT)
            return vouch__fail(
                ctx, VOUCH_E_FORMAT,
                "reasons: line %u, column %u: '%s' must be a mapping of characteristic and text", entry->line,
                entry->column, inputs->at[j].name);
        const char *given;
        vouch_status status = words(ctx, entry, "characteristic", &given);
        if (status)
            return status;
        if (given)
            e->name[j] = given;
        status = words(ctx, entry, "text", &e->text[j]);
        if (!status)
            status = words(ctx, entry, "code", &e->code[j]);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status map_take(vouch_ctx *ctx, size_t n_inputs, size_t n, vouch__reason_map *map)
{
    *map = (vouch__reason_map){ .n_inputs = n_inputs, .n = n, .alloc = *vouch__allocator(ctx) };
    map->of = vouch__alloc(ctx, n_inputs, sizeof *map->of);
    map->at = vouch__alloc(ctx, n, sizeof *map->at);
    map->begin = vouch__alloc(ctx, n + 1, sizeof *map->begin);
    map->member = vouch__alloc(ctx, n_inputs, sizeof *map->member);
    return map->of && map->at && map->begin && map->member ? VOUCH_OK : vouch__oom(ctx);
}

/* Group inputs by characteristic, from of[]. */
static void map_group(vouch__reason_map *map)
{
    size_t at = 0;
    for (size_t c = 0; c < map->n; c++) {
        map->begin[c] = at;
        for (size_t j = 0; j < map->n_inputs; j++)
            if (map->of[j] == c)
                map->member[at++] = j;
    }
    map->begin[map->n] = at;
}

static vouch_status characteristic_set(vouch_ctx *ctx, vouch__characteristic *c, const char *name,
                                       const char *text, const char *code)
{
    c->name = vouch__strdup(ctx, name);
    c->text = vouch__strdup(ctx, text ? text : name);
    c->code = code ? vouch__strdup(ctx, code) : NULL;
    return c->name && c->text && (c->code || !code) ? VOUCH_OK : vouch__oom(ctx);
}

static const char *first_text(const char *name, size_t n, const char *const *names, const char *const *texts)
{
    for (size_t j = 0; j < n; j++)
        if (texts[j] && strcmp(names[j], name) == 0)
            return texts[j];
    return NULL;
}

/* sorted[] is name[] in order; both hold repeats. */
static vouch_status map_fill(vouch_ctx *ctx, vouch__reason_map *map, const char *const *sorted,
                             const entries *e)
{
    const char *const *name = e->name;
    size_t c = 0;
    for (size_t s = 0; s < map->n_inputs; s++) {
        if (s > 0 && strcmp(sorted[s], sorted[s - 1]) == 0)
            continue;
        vouch_status status = characteristic_set(ctx, &map->at[c], sorted[s],
                                                 first_text(sorted[s], map->n_inputs, name, e->text),
                                                 first_text(sorted[s], map->n_inputs, name, e->code));
        if (status)
            return status;
        for (size_t j = 0; j < map->n_inputs; j++)
            if (strcmp(name[j], sorted[s]) == 0)
                map->of[j] = c;
        c++;
    }
    map_group(map);
    return VOUCH_OK;
}

vouch_status vouch__reason_map_make(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *reasons,
                                    vouch__reason_map *out_map)
{
    vouch__reason_map map = { .n = 0 };
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    entries e = { .name = vouch__scratch(ctx, inputs->n, sizeof *e.name) };
    const char **sorted = vouch__scratch(ctx, inputs->n, sizeof *sorted);
    e.text = vouch__scratch(ctx, inputs->n, sizeof *e.text);
    e.code = vouch__scratch(ctx, inputs->n, sizeof *e.code);
    if (!e.name || !e.text || !e.code || !sorted) {
        vouch__scratch_reset(ctx, mark);
        return vouch__oom(ctx);
    }
    vouch_status status = read_entries(ctx, inputs, reasons, &e);
    if (status)
        goto done;
    for (size_t j = 0; j < inputs->n; j++)
        sorted[j] = e.name[j];
    qsort(sorted, inputs->n, sizeof *sorted, by_text); /* equal texts are equal: any order of them will do */
    for (size_t s = 0; s < inputs->n; s++)
        n += s == 0 || strcmp(sorted[s], sorted[s - 1]) != 0;
    status = map_take(ctx, inputs->n, n, &map);
    if (status)
        goto done;
    status = map_fill(ctx, &map, sorted, &e);
    if (status)
        goto done;
    *out_map = map;
    map = (vouch__reason_map){ .n = 0 };
done:
    vouch__reason_map_clear(&map);
    vouch__scratch_reset(ctx, mark);
    return status;
}

void vouch__reason_map_clear(vouch__reason_map *map)
{
    vouch_alloc alloc = map->alloc;
    for (size_t c = 0; map->at && c < map->n; c++) {
        vouch__free(&alloc, map->at[c].name);
        vouch__free(&alloc, map->at[c].text);
        vouch__free(&alloc, map->at[c].code);
    }
    vouch__free(&alloc, map->of);
    vouch__free(&alloc, map->at);
    vouch__free(&alloc, map->begin);
    vouch__free(&alloc, map->member);
    *map = (vouch__reason_map){ .n = 0 };
}

vouch__json *vouch__reason_map_save(const vouch__reason_map *map, vouch__doc *doc)
{
    vouch__json *saved = vouch__json_object(doc);
    vouch__json *of = vouch__json_set(doc, saved, "of", vouch__json_array(doc));
    vouch__json *list = vouch__json_set(doc, saved, "characteristics", vouch__json_array(doc));
    for (size_t j = 0; j < map->n_inputs; j++)
        (void)vouch__json_push(doc, of, vouch__json_number(doc, (double)map->of[j]));
    for (size_t c = 0; c < map->n; c++) {
        vouch__json *at = vouch__json_push(doc, list, vouch__json_object(doc));
        (void)vouch__json_set(doc, at, "name", vouch__json_text(doc, map->at[c].name));
        (void)vouch__json_set(doc, at, "text", vouch__json_text(doc, map->at[c].text));
        if (map->at[c].code)
            (void)vouch__json_set(doc, at, "code", vouch__json_text(doc, map->at[c].code));
    }
    return saved;
}

static vouch_status load_characteristics(vouch_ctx *ctx, const vouch__json *list, vouch__reason_map *map)
{
    size_t c = 0;
    for (const vouch__json *node = list->first; node; node = node->next, c++) {
        const char *name, *text, *code;
        vouch_status status = words(ctx, node, "name", &name);
        if (status)
            return status;
        status = words(ctx, node, "text", &text);
        if (!status)
            status = words(ctx, node, "code", &code);
        if (status)
            return status;
        if (!name || !text || (c > 0 && strcmp(map->at[c - 1].name, name) >= 0))
            return vouch__fail(
                ctx, VOUCH_E_FORMAT,
                "reasons: characteristic %zu must have a text, and a name after the one before", c);
        status = characteristic_set(ctx, &map->at[c], name, text, code);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

vouch_status vouch__reason_map_load(vouch_ctx *ctx, size_t n_inputs, const vouch__json *saved,
                                    vouch__reason_map *out_map)
{
    const vouch__json *of = vouch__json_get(saved, "of"), *list = vouch__json_get(saved, "characteristics");
    vouch__reason_map map = { .n = 0 };
    if (!of || of->type != VOUCH__JSON_ARRAY || of->len != n_inputs || !list ||
        list->type != VOUCH__JSON_ARRAY || list->len > n_inputs)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "reasons: the characteristics do not fit the model's %zu inputs", n_inputs);
    vouch_status status = map_take(ctx, n_inputs, list->len, &map);
    if (status)
        goto done;
    status = load_characteristics(ctx, list, &map);
    if (status)
        goto done;
    size_t j = 0;
    for (const vouch__json *node = of->first; node; node = node->next, j++) {
        int64_t c = vouch__json_int(node, -1);
        if (c < 0 || (uint64_t)c >= map.n) {
            status = vouch__fail(ctx, VOUCH_E_FORMAT, "reasons: input %zu has no characteristic", j);
            goto done;
        }
        map.of[j] = (size_t)c;
    }
    map_group(&map);
    *out_map = map;
    map = (vouch__reason_map){ .n = 0 };
done:
    vouch__reason_map_clear(&map);
    return status;
}

double vouch__characteristic_sum(const vouch__reason_map *map, size_t characteristic, const double *value)
{
    double sum = 0.0;
    for (size_t k = map->begin[characteristic]; k < map->begin[characteristic + 1]; k++)
        sum += value[map->member[k]];
    return sum;
}

size_t vouch__reasons_rank(const vouch__reason_map *map, const double *value, size_t most, vouch__reason *out)
{
    double total = 0.0;
    size_t n = 0;
    for (size_t c = 0; c < map->n; c++) {
        double sum = vouch__characteristic_sum(map, c, value);
        if (!(sum > VOUCH__ADVERSE_MIN))
            continue;
        total += sum;
        size_t at = n;
        while (at > 0 && out[at - 1].log_odds < sum) /* an equal one stays before: its name is less */
            at--;
        if (at == most)
            continue;
        n += n < most;
        for (size_t k = n - 1; k > at; k--)
            out[k] = out[k - 1];
        out[at] = (vouch__reason){ .characteristic = c, .log_odds = sum };
    }
    for (size_t k = 0; k < n; k++)
        out[k].share = out[k].log_odds / total;
    return n;
}
