/* report/report_page.h: the report while it is being written: what is shown where, and the pieces of a page.
 */
#ifndef VOUCH_REPORT_PAGE_H
#define VOUCH_REPORT_PAGE_H

#include "report/markup.h"

/* Entries of one id in one section: told once, shown as rows. */
typedef struct vouch__entry_group {
    const char *id, *section; /* section: one of vouch__report_sections */
    size_t first, n;          /* of page->entry */
} vouch__entry_group;

typedef struct vouch__report_section {
    const char *key, *title, *lead;
} vouch__report_section;
extern const vouch__report_section vouch__report_sections[]; /* in the order of the report; ends with NULL */

typedef struct vouch__page {
    vouch_ctx *ctx;
    vouch__buf *out;
    const vouch__json *root, *head;
    const char *champion; /* NULL when there is none */
    bool is_explanation;  /* of single rows, not a run's report */
    bool is_suite;        /* of tests put to something, with no choice among models */
    size_t n_entries, n_groups;
    const vouch__json **entry; /* by group; within one the rivals' last, else in order of arrival */
    vouch__entry_group *group; /* in order of first arrival */
    const char *unit;          /* of the value of the entries whose tables are being written, or NULL */
    unsigned figures;          /* drawn so far: numbers ids */
} vouch__page;

/* Where an entry belongs: its section, reasons apart from explanations, "other" when unknown. */
const char *vouch__section_of(const vouch__json *entry);
const char *vouch__page_section_title(const vouch__page *page, const vouch__report_section *section);
/* About a model that is not the champion. */
bool vouch__page_is_rival(const vouch__page *page, const vouch__json *entry);
/* Sort the entries into groups. Scratch. */
vouch_status vouch__page_groups(vouch__page *page);
bool vouch__page_has(const vouch__page *page, const char *section);   /* is there anything to show? */
bool vouch__page_tells(const vouch__page *page, const char *section); /* by entries of its own? */

/* An object's members in an order of the report's own: names first, fingerprints last, the rest by key. So a
 * tree just built and the same tree read from its canonical form look alike. Scratch; an array's elements in
 * their order; none when memory is out, which sticks to page->out. */
typedef struct vouch__member_list {
    size_t n;
    const vouch__json **at;
} vouch__member_list;
vouch__member_list vouch__page_sorted(vouch__page *page, const vouch__json *object);
/* Null, or a number that is none. */
bool vouch__is_empty(const vouch__json *value);

/* Text of member key, or NULL. */
const char *vouch__member(const vouch__json *object, const char *key);
double vouch__member_number(const vouch__json *object, const char *key); /* NaN when absent */
bool vouch__entry_is(const vouch__json *entry, const char *key, const char *value);
static inline bool vouch__has_text(const vouch__json *entry, const char *key)
{
    return vouch__member(entry, key) != NULL;
}
static inline bool vouch__has_number(const vouch__json *entry, const char *key)
{
    double value = vouch__member_number(entry, key);
    return value == value;
}
/* Number i of a group. */
static inline const vouch__json *vouch__page_entry(const vouch__page *page, const vouch__entry_group *group,
                                                   size_t i)
{
    return page->entry[group->first + i];
}
/* The champion's entry of an id on a part; NULL when there is none. */
const vouch__json *vouch__page_find(const vouch__page *page, const char *id, const char *part);

/* The pieces, in the order they appear. */
const char *vouch__page_kind(const vouch__page *page); /* what the page says it is */
void vouch__page_title(vouch__page *page);
void vouch__page_contents(vouch__page *page, const char *style);
void vouch__page_summary(vouch__page *page);
vouch_status vouch__page_models(vouch__page *page);
vouch_status vouch__page_group(vouch__page *page, const vouch__entry_group *group);
vouch_status vouch__page_results(vouch__page *page,
                                 const vouch__entry_group *group); /* its table of answers */
/* Every entry of the group is not applicable and has nothing to show: its section ends with a table of these.
 */
bool vouch__page_is_absent(const vouch__page *page, const vouch__entry_group *group);
void vouch__page_absent(vouch__page *page, const char *section);
void vouch__page_controls(vouch__page *page);
void vouch__page_limits(vouch__page *page);
void vouch__page_fingerprints(vouch__page *page);
void vouch__page_facts(vouch__page *page, const char *section); /* data, split, legal, champion, decision */

/* A table {columns, rows}; at most `most` rows, the rest counted. */
vouch_status vouch__page_table(vouch__page *page, const vouch__json *table, size_t most);
/* One table from the tables of one name of n entries, when they have the same columns and no more than `most`
 * rows together; a first column says what each is about. *out_done: it was written. */
vouch_status vouch__page_merged(vouch__page *page, size_t n, const vouch__json *const *entry,
                                const char *name, size_t most, bool *out_done);
/* A list of objects as a table: a column for each member of the first that is not an object. */
void vouch__page_objects(vouch__page *page, const vouch__json *list);
/* What vouch__page_members leaves: members that are tables, lists of objects, or objects; one level down. */
vouch_status vouch__page_deeper(vouch__page *page, const vouch__json *object);
/* Scalars of an object as a list of facts; names in skip[] left out. */
void vouch__page_members(vouch__page *page, const vouch__json *object, const char *const *skip,
                         size_t n_skip);
void vouch__page_fact(vouch__page *page, const char *label, const char *key, const vouch__json *object);
/* "advisory > 0.1, fail > 0.25" of an entry's policy; nothing without one. */
void vouch__page_limit(vouch__page *page, const vouch__json *entry);
/* "scorecard, test, PAY_0": what an entry is about. */
void vouch__page_about(vouch__page *page, const vouch__json *entry);
void vouch__page_anchor(vouch__page *page, const char *id); /* "e-validate-auc" */

#endif
