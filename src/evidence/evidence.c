/* Entries as objects of one shape, in one document. An entry is judged as it is added, so that a verdict can
 * only come from the policy that stands beside it. */
#include "evidence/evidence.h"

#include <string.h>

const char *vouch__verdict_name(vouch__verdict verdict)
{
    switch (verdict) {
    case VOUCH__PASS: return "pass";
    case VOUCH__ADVISORY: return "advisory";
    case VOUCH__FAIL: return "fail";
    case VOUCH__INFO: return "info";
    case VOUCH__NOT_APPLICABLE: return "not-applicable";
    case VOUCH__REFUSED: return "refused";
    }
    return "?";
}

vouch_status vouch__evidence_new(vouch_ctx *ctx, const vouch__policy *policy, vouch__evidence *out_list)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *entries = vouch__json_array(doc);
    status = vouch__doc_status(ctx, doc);
    if (status) {
        vouch__doc_free(doc);
        return status;
    }
    *out_list = (vouch__evidence){ .doc = doc, .entries = entries, .policy = policy, .worst = VOUCH__PASS };
    return VOUCH_OK;
}

void vouch__evidence_free(vouch__evidence *list)
{
    if (!list)
        return;
    vouch__doc_free(list->doc);
    list->doc = NULL;
    list->entries = NULL;
}

static void text_member(vouch__doc *doc, vouch__json *object, const char *key, const char *text)
{
    if (text)
        (void)vouch__json_set(doc, object, key, vouch__json_text(doc, text));
}

static void number_member(vouch__doc *doc, vouch__json *object, const char *key, double number)
{
    if (!isnan(number))
        (void)vouch__json_set(doc, object, key, vouch__json_number(doc, number));
}

/* The key stands second in every entry, so a look through all of them is short. */
static bool is_taken(const vouch__evidence *list, const vouch__json *key)
{
    for (const vouch__json *entry = list->entries->first; entry; entry = entry->next) {
        const vouch__json *other = vouch__json_get(entry, "key");
        if (other && other->len == key->len && !memcmp(other->text, key->text, key->len))
            return true;
    }
    return false;
}

static void key_member(vouch__evidence *list, vouch__json *object, const char *id, const char *model,
                       const char *part, const char *subject)
{
#define PART(text) (text) ? "/" : "", (text) ? (text) : ""
    vouch__json *first = vouch__json_fmt(list->doc, "%s%s%s%s%s%s%s", id, PART(model), PART(part),
                                         PART(subject));
#undef PART
    vouch__json *key = first;
    for (int again = 2; key && is_taken(list, key); again++)
        key = vouch__json_fmt(list->doc, "%s#%d", first->text, again);
    (void)vouch__json_set(list->doc, object, "key", key);
}

static void interval_member(vouch__doc *doc, vouch__json *object, const vouch__entry *e)
{
    if (isnan(e->low) && isnan(e->high))
        return;
    vouch__json *interval = vouch__json_set(doc, object, "interval", vouch__json_object(doc));
    number_member(doc, interval, "level", e->level);
    number_member(doc, interval, "low", e->low);
    number_member(doc, interval, "high", e->high);
    text_member(doc, interval, "method", e->interval_method);
}

static void policy_member(vouch__doc *doc, vouch__json *object, const vouch__policy *policy,
                          const vouch__limit *limit)
{
    vouch__json *judged = vouch__json_set(doc, object, "policy", vouch__json_object(doc));
    text_member(doc, judged, "name", vouch__policy_name(policy));
    text_member(doc, judged, "version", vouch__policy_version(policy));
    text_member(doc, judged, "direction", limit->is_above ? "above" : "below");
    number_member(doc, judged, "advisory", limit->advisory);
    number_member(doc, judged, "fail", limit->fail);
}

vouch__json *vouch__evidence_add(vouch__evidence *list, const vouch__entry *e)
{
    vouch__doc *doc = list->doc;
    vouch__json *object = vouch__json_object(doc);
    const vouch__limit *limit = e->judged ? vouch__policy_limit(list->policy, e->id) : NULL;
    vouch__verdict verdict = !e->judged ? e->verdict
                             : limit    ? vouch__limit_judge(limit, e->value)
                                        : VOUCH__INFO;
    if (!object)
        return NULL;

    text_member(doc, object, "id", e->id);
    key_member(list, object, e->id, e->model, e->part, e->subject);
    const struct {
        const char *key, *text;
    } text[] = {
        { "section", e->section ? e->section : "" },
        { "title", e->title },
        { "purpose", e->purpose },
        { "method", e->method },
        { "convention", e->convention },
        { "source", e->source },
        { "model", e->model },
        { "part", e->part },
        { "subject", e->subject },
        { "unit", e->unit },
        { "null", e->null_hypothesis },
        { "note", e->note },
        { "verdict", vouch__verdict_name(verdict) },
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        text_member(doc, object, text[i].key, text[i].text);
    const struct {
        const char *key;
        double number;
    } number[] = {
        { "n", e->n },
        { "n_bad", e->n_bad },
        { "value", e->value },
        { "statistic", e->statistic },
        { "p_value", e->p_value },
        { "critical", e->critical },
    };
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        number_member(doc, object, number[i].key, number[i].number);
    interval_member(doc, object, e);
    if (limit)
        policy_member(doc, object, list->policy, limit);

    (void)vouch__json_push(doc, list->entries, object);
    if (verdict <= VOUCH__FAIL && verdict > list->worst)
        list->worst = verdict;
    return object;
}

vouch__json *vouch__evidence_take(vouch__evidence *list, const vouch__json *entry)
{
    vouch__json *object = vouch__json_copy(list->doc, entry);
    const char *verdict = vouch__json_string(vouch__json_get(entry, "verdict"));
    const char *id = vouch__json_string(vouch__json_get(entry, "id"));
    key_member(list, object, id ? id : "?", vouch__json_string(vouch__json_get(entry, "model")),
               vouch__json_string(vouch__json_get(entry, "part")),
               vouch__json_string(vouch__json_get(entry, "subject")));
    (void)vouch__json_push(list->doc, list->entries, object);
    for (int v = VOUCH__PASS; verdict && v <= VOUCH__FAIL; v++)
        if (!strcmp(verdict, vouch__verdict_name((vouch__verdict)v)) && (vouch__verdict)v > list->worst)
            list->worst = (vouch__verdict)v;
    return object;
}

/* An array of the names between the commas. */
static vouch__json *name_list(vouch__doc *doc, const char *names)
{
    vouch__json *array = vouch__json_array(doc);
    while (*names) {
        size_t len = strcspn(names, ",");
        (void)vouch__json_push(doc, array, vouch__json_bytes(doc, names, len));
        names += len + (names[len] == ',');
    }
    return array;
}

vouch__json *vouch__evidence_table(vouch__evidence *list, vouch__json *entry, const char *name,
                                   const char *columns)
{
    vouch__doc *doc = list->doc;
    vouch__json *tables = entry ? entry->first : NULL; /* makers need a node that is not const */
    while (tables && strcmp(tables->key, "tables") != 0)
        tables = tables->next;
    if (entry && !tables)
        tables = vouch__json_set(doc, entry, "tables", vouch__json_object(doc));
    vouch__json *table = vouch__json_set(doc, tables, name, vouch__json_object(doc));
    (void)vouch__json_set(doc, table, "columns", name_list(doc, columns));
    (void)vouch__json_set(doc, table, "rows", vouch__json_array(doc));
    return table;
}

vouch__json *vouch__evidence_row(vouch__evidence *list, vouch__json *table)
{
    vouch__json *rows = table ? table->last : NULL; /* columns, rows */
    return rows ? vouch__json_push(list->doc, rows, vouch__json_array(list->doc)) : NULL;
}

void vouch__row_number(vouch__evidence *list, vouch__json *row, double value)
{
    (void)vouch__json_push(list->doc, row, vouch__json_number(list->doc, value));
}

void vouch__row_text(vouch__evidence *list, vouch__json *row, const char *text)
{
    (void)vouch__json_push(list->doc, row, vouch__json_text(list->doc, text));
}

void vouch__evidence_plot(vouch__evidence *list, vouch__json *entry, const char *type, const char *table,
                          const char *x, const char *y, const char *x_label, const char *y_label)
{
    vouch__doc *doc = list->doc;
    vouch__json *plot = vouch__json_set(doc, entry, "plot", vouch__json_object(doc));
    text_member(doc, plot, "type", type);
    text_member(doc, plot, "table", table);
    text_member(doc, plot, "x", x);
    text_member(doc, plot, "y", y);
    text_member(doc, plot, "x_label", x_label);
    text_member(doc, plot, "y_label", y_label);
}
