/* What goes where: entries by section and id. Sorting is by id with ties by arrival, and groups come out in
 * the order their first entry arrived, so nothing depends on the sort. */
#include "report/report_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const vouch__report_section vouch__report_sections[] = {
    { "summary", "Summary", NULL },
    { "models", "Model cards", "What was built, from what, and what it may be used for." },
    { "data", "Data", "Whether the table is what it was promised to be, is sound, and does not know too much." },
    { "split", "Split", "Which rows train, tune and test. Nothing is chosen on the test rows." },
    { "fit", "Fit", "How the models were fitted." },
    { "validate", "Discrimination and calibration",
      "How well the models rank, and how far what they predict can be taken at its word." },
    { "explain", "Explanations", "What the models do with their inputs." },
    { "reasons", "Reasons",
      "The principal reasons an applicant would be told, by the two methods of 12 CFR 1002.9, comment 9(b)(2)-5." },
    { "fairness", "Fairness",
      "Whether people of different groups are treated alike, under the legal profiles named here." },
    { "compare", "Comparison", "How the champion was chosen, and whom the choice moves." },
    { "decide", "Decision", "The cut-off, and what it does." },
    { "portfolio", "Portfolio", "How the accounts of a book age and move." },
    { "monitor", "Monitoring", "How far a later batch has moved from what the model was made on." },
    { "other", "Other evidence", NULL },
    { "controls", "Controls coverage", "What the control set asks for, and the evidence that answers it." },
    { "limits", "Policy limits", "The limits that judged the numbers above. They are this institution's policy, not law." },
    { "fingerprints", "Fingerprints",
      "What the report stands on: with these, anyone can check that nothing was changed, and make every number again." },
    { NULL, NULL, NULL },
};
/* clang-format on */

const char *vouch__member(const vouch__json *object, const char *key)
{
    return vouch__json_string(vouch__json_get(object, key));
}

double vouch__member_number(const vouch__json *object, const char *key)
{
    return vouch__json_double(vouch__json_get(object, key), NAN);
}

bool vouch__entry_is(const vouch__json *entry, const char *key, const char *value)
{
    const char *text = vouch__member(entry, key);
    return text && value && !strcmp(text, value);
}

const char *vouch__section_of(const vouch__json *entry)
{
    static const char *const of_entries[] = { "data",      "split",    "fit",     "validate",
                                              "explain",   "fairness", "compare", "decide",
                                              "portfolio", "monitor",  "reasons" };
    static const char *const reasons[] = { "explain.reasons", "explain.reason_similarity",
                                           "explain.own_reasons", "explain.one_decline" };
    const char *section = vouch__member(entry, "section"), *id = vouch__member(entry, "id");
    for (size_t i = 0; id && i < sizeof reasons / sizeof *reasons; i++)
        if (!strcmp(id, reasons[i]))
            return "reasons";
    for (size_t i = 0; section && i < sizeof of_entries / sizeof *of_entries; i++)
        if (!strcmp(section, of_entries[i]))
            return of_entries[i];
    return "other";
}

/* The words of lending are for decisions on cases under a law that knows them; a tariff is no loan. */
const char *vouch__page_section_title(const vouch__page *page, const vouch__report_section *section)
{
    const vouch__json *legal = vouch__json_get(page->root, "legal");
    const char *law = vouch__member(vouch__json_get(page->root, "data"), "law");
    bool is_lending = false;
    if (strcmp(section->key, "fairness") != 0)
        return section->title;
    for (const vouch__json *at = legal && legal->type == VOUCH__JSON_ARRAY ? legal->first : NULL; at;
         at = at->next) {
        const char *name = vouch__json_string(at) ? at->text : vouch__member(at, "name");
        is_lending = is_lending || (name && strcmp(name, "measure-only") != 0);
    }
    return is_lending && (!law || !strcmp(law, "event")) ? "Fair lending" : section->title;
}

bool vouch__page_is_rival(const vouch__page *page, const vouch__json *entry)
{
    const char *model = vouch__member(entry, "model");
    return page->champion && model && strcmp(model, page->champion) != 0;
}

typedef struct sortable {
    const vouch__json *entry;
    const char *id, *section;
    bool is_rival;
    size_t at, start; /* arrival; of a group: its first arrival, and its place among the sorted */
} sortable;

static int by_id(const void *a, const void *b)
{
    const sortable *x = a, *y = b;
    int order = strcmp(x->section, y->section);
    if (!order)
        order = strcmp(x->id, y->id);
    if (!order)
        order = x->is_rival - y->is_rival;
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_arrival(const void *a, const void *b)
{
    const sortable *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static bool same_group(const sortable *a, const sortable *b)
{
    return !strcmp(a->id, b->id) && !strcmp(a->section, b->section);
}

static vouch_status cut_groups(vouch__page *page, const sortable *sorted, size_t n)
{
    size_t room = n ? n : 1, filled = 0;
    sortable *head = vouch__scratch(page->ctx, room, sizeof *head); /* the first of each group */
    page->group = vouch__scratch(page->ctx, room, sizeof *page->group);
    page->entry = vouch__scratch(page->ctx, room, sizeof(const vouch__json *));
    if (!head || !page->group || !page->entry)
        return vouch__oom(page->ctx);
    for (size_t i = 0; i < n; i++)
        if (!i || !same_group(&sorted[i], &sorted[i - 1])) {
            head[page->n_groups] = sorted[i];
            head[page->n_groups++].start = i;
        } else if (sorted[i].at < head[page->n_groups - 1].at) {
            head[page->n_groups - 1].at = sorted[i].at;
        }
    qsort(head, page->n_groups, sizeof *head, by_arrival);
    for (size_t g = 0; g < page->n_groups; g++) {
        page->group[g] = (vouch__entry_group){ head[g].id, head[g].section, filled, 0 };
        for (size_t i = head[g].start; i < n && same_group(&sorted[i], &head[g]); i++)
            page->entry[filled++] = sorted[i].entry;
        page->group[g].n = filled - page->group[g].first;
    }
    page->n_entries = n;
    return VOUCH_OK;
}

vouch_status vouch__page_groups(vouch__page *page)
{
    const vouch__json *entries = vouch__json_get(page->root, "entries");
    size_t n = 0;
    if (!entries || entries->type != VOUCH__JSON_ARRAY)
        return VOUCH_OK;
    sortable *sorted = vouch__scratch(page->ctx, entries->len ? entries->len : 1, sizeof *sorted);
    if (!sorted)
        return vouch__oom(page->ctx);
    for (const vouch__json *entry = entries->first; entry; entry = entry->next) {
        if (entry->type != VOUCH__JSON_OBJECT)
            continue;
        const char *id = vouch__member(entry, "id");
        sorted[n] = (sortable){
            entry, id ? id : "", vouch__section_of(entry), vouch__page_is_rival(page, entry), n, 0
        };
        n++;
    }
    qsort(sorted, n, sizeof *sorted, by_id);
    return cut_groups(page, sorted, n);
}

static bool is_filled(const vouch__json *node)
{
    return node && (node->type == VOUCH__JSON_OBJECT || node->type == VOUCH__JSON_ARRAY) && node->len;
}

bool vouch__page_tells(const vouch__page *page, const char *section)
{
    for (size_t g = 0; g < page->n_groups; g++)
        if (!strcmp(page->group[g].section, section))
            return true;
    return false;
}

bool vouch__page_has(const vouch__page *page, const char *section)
{
    static const struct {
        const char *section, *member;
    } facts[] = { { "models", "models" },    { "data", "data" },        { "split", "split" },
                  { "fairness", "legal" },   { "compare", "champion" }, { "decide", "decision" },
                  { "controls", "controls" } };
    if (!strcmp(section, "summary") || !strcmp(section, "fingerprints"))
        return true;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!strcmp(facts[i].section, section) && is_filled(vouch__json_get(page->root, facts[i].member)))
            return true;
    bool limits = !strcmp(section, "limits");
    for (size_t i = 0; limits && i < page->n_entries; i++)
        if (is_filled(vouch__json_get(page->entry[i], "policy")))
            return true;
    return vouch__page_tells(page, section);
}

const vouch__json *vouch__page_find(const vouch__page *page, const char *id, const char *part)
{
    for (size_t g = 0; g < page->n_groups; g++) {
        const vouch__entry_group *group = &page->group[g];
        for (size_t i = group->first; !strcmp(group->id, id) && i < group->first + group->n; i++) {
            const vouch__json *entry = page->entry[i];
            if ((!page->champion || vouch__entry_is(entry, "model", page->champion)) &&
                (!part || vouch__entry_is(entry, "part", part)))
                return entry;
        }
    }
    return NULL;
}

bool vouch__is_empty(const vouch__json *value)
{
    return !value || value->type == VOUCH__JSON_NULL ||
           (value->type == VOUCH__JSON_NUMBER && isnan(value->number));
}

static int place_of(const char *key)
{
    static const char *const first[] = { "id",    "name",    "title",  "part",
                                         "input", "feature", "column", "characteristic" };
    enum { REST = 100, LAST = 200 };
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (!strcmp(key, first[i]))
            return (int)i;
    return strcmp(key, "fingerprint") != 0 ? REST : LAST;
}

static int by_key(const void *a, const void *b)
{
    const vouch__json *const *x = a, *const *y = b;
    int p = place_of((*x)->key), q = place_of((*y)->key);
    return p != q ? p - q : strcmp((*x)->key, (*y)->key);
}

vouch__member_list vouch__page_sorted(vouch__page *page, const vouch__json *object)
{
    vouch__member_list list = { 0, NULL };
    if (!object || (object->type != VOUCH__JSON_OBJECT && object->type != VOUCH__JSON_ARRAY))
        return list;
    list.at = vouch__scratch(page->ctx, object->len + 1, sizeof(const vouch__json *));
    if (!list.at) {
        page->out->status = VOUCH_E_NOMEM;
        return list;
    }
    for (const vouch__json *at = object->first; at; at = at->next)
        list.at[list.n++] = at;
    if (object->type == VOUCH__JSON_OBJECT)
        qsort(list.at, list.n, sizeof *list.at, by_key);
    return list;
}

void vouch__page_anchor(vouch__page *page, const char *id)
{
    vouch__buf_text(page->out, "e-");
    vouch__html_slug(page->out, id);
}

void vouch__page_about(vouch__page *page, const vouch__json *entry)
{
    static const char *const key[] = { "model", "part", "subject" };
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        const vouch__json *word = vouch__json_get(entry, key[i]);
        if (!vouch__json_string(word))
            continue;
        if (any)
            vouch__buf_text(page->out, ", ");
        vouch__html_json(page->out, word);
        any = true;
    }
}

void vouch__page_limit(vouch__page *page, const vouch__json *entry)
{
    const vouch__json *policy = vouch__json_get(entry, "policy");
    static const char *const key[] = { "advisory", "fail" };
    const char *sign = vouch__entry_is(policy, "direction", "below") ? "&lt;" : "&gt;";
    const char *unit = vouch__member(entry, "unit");
    const double fail = vouch__member_number(policy, key[1]);
    bool any = false;
    for (size_t i = 0; i < 2; i++) {
        double limit = vouch__member_number(policy, key[i]);
        if (isnan(limit) || (i == 0 && limit == fail)) /* what is beyond both is a failure */
            continue;
        vouch__buf_fmt(page->out, "%s%s %s ", any ? ", " : "", key[i], sign);
        vouch__html_number(page->out, limit, vouch__format_exact(vouch__style_of(unit), limit));
        any = true;
    }
}

void vouch__page_fact(vouch__page *page, const char *label, const char *key, const vouch__json *object)
{
    const vouch__json *value = vouch__json_get(object, key);
    if (vouch__is_empty(value))
        return;
    enum { PROSE = 40, HASH = 64 };
    bool is_text = vouch__json_string(value) != NULL,
         is_hash = is_text && value->len == HASH && !strchr(value->text, ' ');
    bool is_wide = is_text && value->len > PROSE;
    vouch__buf_text(page->out, is_wide && !is_hash ? "<div class=\"whole\"><dt>"
                               : is_wide           ? "<div class=\"wide\"><dt>"
                                                   : "<div><dt>");
    if (label)
        vouch__html_text(page->out, label);
    else
        vouch__html_label(page->out, key);
    vouch__buf_text(page->out, is_hash ? "</dt><dd class=\"hash\">" : "</dt><dd>");
    vouch__html_value(page->out, key, value);
    vouch__buf_text(page->out, "</dd></div>\n");
}

static bool is_flat(const vouch__json *array)
{
    for (const vouch__json *at = array->first; at; at = at->next)
        if (at->type == VOUCH__JSON_ARRAY || at->type == VOUCH__JSON_OBJECT)
            return false;
    return true;
}

void vouch__page_members(vouch__page *page, const vouch__json *object, const char *const *skip, size_t n_skip)
{
    enum { LONGEST = 24 }; /* longer lists are tables, or plots */
    if (!object || object->type != VOUCH__JSON_OBJECT)
        return;
    bool open = false;
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__member_list list = vouch__page_sorted(page, object);
    for (size_t k = 0; k < list.n; k++) {
        const vouch__json *member = list.at[k];
        bool skipped = member->type == VOUCH__JSON_OBJECT || vouch__is_empty(member) ||
                       (member->type == VOUCH__JSON_ARRAY && (!is_flat(member) || member->len > LONGEST));
        for (size_t i = 0; i < n_skip; i++)
            skipped = skipped || !strcmp(skip[i], member->key);
        if (skipped)
            continue;
        if (!open)
            vouch__buf_text(page->out, "<dl class=\"facts\">\n");
        open = true;
        vouch__page_fact(page, NULL, member->key, object);
    }
    if (open)
        vouch__buf_text(page->out, "</dl>\n");
    vouch__scratch_reset(page->ctx, mark);
}
