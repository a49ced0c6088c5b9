/* Tables: one number format a column, numbers to the right, text to the left. Tables of one name that several
 * entries carry become one, so that what is to be compared stands together. */
#include "report/report_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 24, MANY = 9 }; /* more than MANY stand closer together */

typedef struct column {
    const char *name;
    vouch__number_format format;
    vouch__number_style style;
    bool is_number, is_mixed; /* mixed: sizes too far apart for one format, or a quantity a row */
    bool is_of_row;           /* of the quantity that the row names */
    bool is_low;              /* the next column is its other end: one cell, "low to high" */
    bool is_bare;             /* nothing in any row: not shown */
} column;

/* What is written: rows of one shape, each with the entry it is of where they come from several. */
typedef struct sheet {
    size_t n_columns, n_rows, in_all;
    column how[COLUMNS];
    const vouch__json **row, **owner; /* owner: NULL when all are of one entry */
} sheet;

#define NOTHING 1e-12 /* what rounding leaves of a sum, as the mean of a standardised column */

static const vouch__json *cell_of(const vouch__json *row, size_t j)
{
    return row && row->type == VOUCH__JSON_ARRAY ? vouch__json_at(row, j) : NULL;
}

static void column_make(const sheet *s, size_t j, double *v, column *out)
{
    double largest = 0.0, smallest = INFINITY;
    size_t texts = 0, told = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        const vouch__json *cell = cell_of(s->row[i], j);
        v[i] = vouch__json_double(cell, NAN);
        told += !vouch__is_empty(cell);
        out->is_number = out->is_number ||
                         (cell && cell->type == VOUCH__JSON_NUMBER && !vouch__is_empty(cell));
        texts += vouch__json_string(cell) && isnan(v[i]) ? 1 : 0;
        if (fabs(v[i]) > 0.0 && fabs(v[i]) < INFINITY) {
            largest = fmax(largest, fabs(v[i]));
            smallest = v[i] == nearbyint(v[i]) ? smallest : fmin(smallest, fabs(v[i]));
        }
    }
    out->is_number = out->is_number && !texts;
    out->is_bare = !told;
    out->is_mixed = out->style == VOUCH__STYLE_PLAIN && largest > 1e3 && smallest < 1e-3 * largest;
    out->format = vouch__format_for(out->style, s->n_rows, v);
}

/* Is this the lower end of an interval whose upper end is the next column? */
static bool begins_interval(const char *low, const char *high)
{
    static const char *const ends[][2] = {
        { "low", "high" }, { "lower", "upper" }, { "p10", "p90" }, { "p5", "p95" }
    };
    size_t n = low ? strlen(low) : 0, m = high ? strlen(high) : 0;
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        size_t a = strlen(ends[k][0]), b = strlen(ends[k][1]);
        if (n >= a && m >= b && n - a == m - b && !strcmp(low + n - a, ends[k][0]) &&
            !strcmp(high + m - b, ends[k][1]) && !memcmp(low, high, n - a) &&
            (n == a || low[n - a - 1] == '_'))
            return true;
    }
    return false;
}

/* A test's value, its error and its critical value for each column or group are of the test's unit. */
static void take_unit(const vouch__page *page, sheet *s)
{
    static const char *const of_test[] = { "value", "error", "critical" };
    bool has_value = false;
    for (size_t j = 0; j < s->n_columns; j++) {
        has_value = has_value || (s->how[j].name && !strcmp(s->how[j].name, "value"));
        if (s->how[j].name && !strcmp(s->how[j].name, "quantity"))
            return;
    }
    for (size_t j = 0; has_value && j < s->n_columns; j++)
        for (size_t k = 0; k < sizeof of_test / sizeof *of_test; k++)
            if (s->how[j].name && !strcmp(s->how[j].name, of_test[k]))
                s->how[j].style = vouch__style_of(page->unit);
}

/* A table of columns: each row is another quantity, of another size. */
static void take_rows_apart(sheet *s)
{
    if (s->n_columns < 3 || !s->how[0].name || strcmp(s->how[0].name, "column") != 0 || !s->how[1].name ||
        strcmp(s->how[1].name, "type") != 0)
        return;
    for (size_t j = 2; j < s->n_columns; j++)
        s->how[j].is_mixed = s->how[j].style == VOUCH__STYLE_PLAIN;
}

/* Both ends in the finer of their two formats; in percent as what they are of, which they stand beside. */
static void join_bounds(sheet *s)
{
    for (size_t j = 0; j + 1 < s->n_columns; j++) {
        column *low = &s->how[j], *high = &s->how[j + 1];
        low->is_low = low->is_number && high->is_number && begins_interval(low->name, high->name);
        if (low->is_low && low->format.decimals > high->format.decimals)
            high->format = low->format;
        else if (low->is_low)
            low->format = high->format;
        if (low->is_low && j && low->format.style == VOUCH__STYLE_PERCENT &&
            s->how[j - 1].format.style == VOUCH__STYLE_PERCENT)
            low->format = high->format = s->how[j - 1].format;
    }
    if (s->n_columns == 2 && s->how[0].name && !strcmp(s->how[0].name, "quantity"))
        s->how[1].is_of_row = s->how[1].style == VOUCH__STYLE_PLAIN;
}

static vouch_status sheet_columns(vouch__page *page, const vouch__json *columns, sheet *s)
{
    const char *kind = NULL;
    size_t mark = vouch__scratch_mark(page->ctx);
    double *v = vouch__scratch(page->ctx, s->n_rows + 1, sizeof *v);
    if (!v)
        return vouch__oom(page->ctx);
    for (const vouch__json *at = columns->first; at && s->n_columns < COLUMNS; at = at->next) {
        column *how = &s->how[s->n_columns];
        how->name = vouch__json_string(at);
        how->style = vouch__column_style(how->name, &kind);
        s->n_columns++;
    }
    take_unit(page, s);
    for (size_t j = 0; j < s->n_columns; j++)
        column_make(s, j, v, &s->how[j]);
    vouch__scratch_reset(page->ctx, mark);
    take_rows_apart(s);
    join_bounds(s);
    return VOUCH_OK;
}

static void write_number(vouch__page *page, double value, const column *how)
{
    if (how->is_mixed && fabs(value) < NOTHING)
        value = 0.0;
    vouch__html_number(page->out, value,
                       how->is_mixed ? vouch__format_for(how->style, 1, &value) : how->format);
}

static void write_cell(vouch__page *page, const vouch__json *row, size_t j, const column *how)
{
    const vouch__json *cell = cell_of(row, j);
    double value = vouch__json_double(cell, NAN);
    vouch__buf_text(page->out, how->is_number ? "<td class=\"num\">" : "<td>");
    if (how->is_low) {
        double other = vouch__json_double(cell_of(row, j + 1), NAN);
        write_number(page, value, how);
        if (!isnan(value) || !isnan(other)) {
            vouch__buf_text(page->out, " to ");
            write_number(page, other, how);
        }
    } else if (how->is_number && how->is_of_row) {
        const char *quantity = vouch__json_string(cell_of(row, 0));
        vouch__html_single(page->out, fabs(value) < NOTHING ? 0.0 : value, quantity);
    } else if (how->is_number) {
        write_number(page, value, how);
    } else {
        vouch__html_value(page->out, how->name, cell);
    }
    vouch__buf_text(page->out, "</td>");
}

/* An interval is of the column before it, unless its name says of what else. */
static void write_interval_name(vouch__page *page, const char *low, const char *before)
{
    char name[80];
    const char *end = strrchr(low, '_');
    size_t stem = end ? (size_t)(end - low) : 0, n = before ? strlen(before) : 0;
    if (stem == 0 || stem > 60 || (n >= stem && !strncmp(before + n - stem, low, stem))) {
        vouch__buf_text(page->out, "Interval");
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s_interval", (int)stem, low);
    vouch__html_label(page->out, name);
}

static void write_name(vouch__page *page, const column *how, const char *before)
{
    vouch__buf_text(page->out, how->style == VOUCH__STYLE_P_VALUE ? "<th scope=\"col\" class=\"num whole\">"
                               : how->is_number                   ? "<th scope=\"col\" class=\"num\">"
                                                                  : "<th scope=\"col\">");
    if (!how->is_low)
        vouch__html_label(page->out, how->name);
    else if (!strcmp(how->name, "p10") || !strcmp(how->name, "p5"))
        vouch__buf_text(page->out,
                        how->name[1] == '1' ? "10th to 90th percentile" : "5th to 95th percentile");
    else
        write_interval_name(page, how->name, before);
    vouch__buf_text(page->out, "</th>");
}

/* Do rows a and b begin with the same thing? Then it is written once for both. */
static bool same_start(const sheet *s, size_t a, size_t b)
{
    if (s->owner)
        return s->owner[a] == s->owner[b];
    const char *x = vouch__json_string(cell_of(s->row[a], 0)), *y = vouch__json_string(cell_of(s->row[b], 0));
    return x && y && !strcmp(x, y);
}

static bool is_grouped(const sheet *s)
{
    if (s->owner)
        return true;
    if (s->how[0].is_number || s->n_columns < 3)
        return false;
    for (size_t i = 1; i < s->n_rows; i++)
        if (same_start(s, i - 1, i))
            return true;
    return false;
}

static void write_start(vouch__page *page, const sheet *s, size_t i)
{
    size_t span = 1;
    while (i + span < s->n_rows && same_start(s, i, i + span))
        span++;
    vouch__buf_fmt(page->out, "<th scope=\"rowgroup\" rowspan=\"%zu\">", span);
    if (s->owner)
        vouch__page_about(page, s->owner[i]);
    else
        vouch__html_value(page->out, s->how[0].name, cell_of(s->row[i], 0));
    vouch__buf_text(page->out, "</th>");
}

static void sheet_write(vouch__page *page, const sheet *s)
{
    bool grouped = is_grouped(s);
    if (!s->n_rows) {
        vouch__buf_text(page->out, "<p class=\"fine\">none</p>\n");
        return;
    }
    size_t from = grouped && !s->owner, n_shown = s->owner != NULL;
    for (size_t j = 0; j < s->n_columns; j += 1 + s->how[j].is_low)
        n_shown += !s->how[j].is_bare;
    vouch__buf_text(page->out, n_shown > MANY ? "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                                                "aria-label=\"wide table\"><table class=\"many\"><thead><tr>"
                                              : "<div class=\"scroll\"><table><thead><tr>");
    if (s->owner)
        vouch__buf_text(page->out, "<th scope=\"col\">About</th>");
    for (size_t j = 0; j < s->n_columns; j += 1 + s->how[j].is_low)
        if (!s->how[j].is_bare)
            write_name(page, &s->how[j], j ? s->how[j - 1].name : NULL);
    vouch__buf_text(page->out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < s->n_rows; i++) {
        bool starts = grouped && (i == 0 || !same_start(s, i - 1, i));
        vouch__buf_text(page->out, starts ? "<tr class=\"first\">" : "<tr>");
        if (starts)
            write_start(page, s, i);
        for (size_t j = from; j < s->n_columns; j += 1 + s->how[j].is_low)
            if (!s->how[j].is_bare)
                write_cell(page, s->row[i], j, &s->how[j]);
        vouch__buf_text(page->out, "</tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
    if (s->in_all > s->n_rows)
        vouch__buf_fmt(page->out, "<p class=\"fine\">%zu more row%s in the evidence.</p>\n",
                       s->in_all - s->n_rows, s->in_all - s->n_rows == 1 ? " is" : "s are");
}

/* ---- entries that tell the same quantities of themselves: one column a quantity, or an entry ---- */

enum { QUANTITIES = 40, ACROSS = 6 };

typedef struct pivot {
    size_t n, n_owners;
    const char *name[QUANTITIES];
    const vouch__json *owner[ACROSS];
} pivot;

static size_t quantity_of(const pivot *p, const char *name)
{
    size_t k = 0;
    while (k < p->n && strcmp(p->name[k], name) != 0)
        k++;
    return k;
}

/* Rows of a text and a number, of several entries, with no text twice in one; few texts, or few entries. */
static bool pivot_make(const sheet *s, pivot *out)
{
    bool seen[QUANTITIES] = { false };
    *out = (pivot){ 0 };
    if (!s->owner || s->n_columns != 2 || s->how[0].is_number || !s->how[1].is_number ||
        s->in_all > s->n_rows)
        return false;
    for (size_t i = 0; i < s->n_rows; i++) {
        const char *name = vouch__json_string(cell_of(s->row[i], 0));
        if (!name)
            return false;
        if (!i || s->owner[i] != s->owner[i - 1]) {
            memset(seen, 0, sizeof seen);
            if (out->n_owners < ACROSS)
                out->owner[out->n_owners] = s->owner[i];
            out->n_owners++;
        }
        size_t k = quantity_of(out, name);
        if (k == QUANTITIES || seen[k])
            return false;
        if (k == out->n)
            out->name[out->n++] = name;
        seen[k] = true;
    }
    return s->n_rows > 0 && (out->n <= ACROSS || out->n_owners <= ACROSS);
}

/* The number an entry tells of a quantity; NaN where it tells none. */
static double told_of(const sheet *s, const vouch__json *owner, const char *name)
{
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->owner[i] == owner && !strcmp(cell_of(s->row[i], 0)->text, name))
            return vouch__json_double(cell_of(s->row[i], 1), NAN);
    return NAN;
}

/* Many quantities: a row each, and a column an entry. */
static void pivot_write_rows(vouch__page *page, const sheet *s, const pivot *p)
{
    vouch__buf_text(page->out, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">");
    vouch__html_label(page->out, s->how[0].name);
    vouch__buf_text(page->out, "</th>");
    for (size_t k = 0; k < p->n_owners; k++) {
        vouch__buf_text(page->out, "<th scope=\"col\" class=\"num\">");
        vouch__page_about(page, p->owner[k]);
        vouch__buf_text(page->out, "</th>");
    }
    vouch__buf_text(page->out, "</tr></thead>\n<tbody>\n");
    for (size_t q = 0; q < p->n; q++) {
        double told[ACROSS];
        column how = { .style = s->how[1].style == VOUCH__STYLE_PLAIN ? vouch__style_of(p->name[q])
                                                                      : s->how[1].style };
        for (size_t k = 0; k < p->n_owners; k++)
            told[k] = told_of(s, p->owner[k], p->name[q]);
        how.format = vouch__format_for(how.style, p->n_owners, told);
        vouch__buf_text(page->out, "<tr><th scope=\"row\">");
        vouch__html_text(page->out, p->name[q]);
        vouch__buf_text(page->out, "</th>");
        for (size_t k = 0; k < p->n_owners; k++) {
            vouch__buf_text(page->out, "<td class=\"num\">");
            write_number(page, told[k], &how);
            vouch__buf_text(page->out, "</td>");
        }
        vouch__buf_text(page->out, "</tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
}

static vouch_status pivot_write(vouch__page *page, const sheet *s, const pivot *p)
{
    column how[ACROSS] = { { 0 } };
    const vouch__json *const *owner = s->owner;
    if (!owner)
        return VOUCH_OK;
    double *v = vouch__scratch(page->ctx, s->n_rows + 1, sizeof *v);
    if (!v)
        return vouch__oom(page->ctx);
    if (p->n > ACROSS) {
        pivot_write_rows(page, s, p);
        return VOUCH_OK;
    }
    vouch__buf_text(page->out, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">About</th>");
    for (size_t k = 0; k < p->n; k++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n_rows; i++)
            if (!strcmp(cell_of(s->row[i], 0)->text, p->name[k]))
                v[n++] = vouch__json_double(cell_of(s->row[i], 1), NAN);
        how[k].style = s->how[1].style == VOUCH__STYLE_PLAIN ? vouch__style_of(p->name[k]) : s->how[1].style;
        how[k].format = vouch__format_for(how[k].style, n, v);
        vouch__buf_text(page->out, "<th scope=\"col\" class=\"num\">");
        vouch__html_label(page->out, p->name[k]);
        vouch__buf_text(page->out, "</th>");
    }
    vouch__buf_text(page->out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0, end; i < s->n_rows; i = end) {
        double told[ACROSS] = { NAN, NAN, NAN, NAN, NAN, NAN };
        for (end = i; end < s->n_rows && owner[end] == owner[i]; end++)
            told[quantity_of(p, cell_of(s->row[end], 0)->text)] = vouch__json_double(cell_of(s->row[end], 1),
                                                                                     NAN);
        vouch__buf_text(page->out, "<tr><th scope=\"row\">");
        vouch__page_about(page, owner[i]);
        vouch__buf_text(page->out, "</th>");
        for (size_t k = 0; k < p->n; k++) {
            vouch__buf_text(page->out, "<td class=\"num\">");
            write_number(page, told[k], &how[k]);
            vouch__buf_text(page->out, "</td>");
        }
        vouch__buf_text(page->out, "</tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
    return VOUCH_OK;
}

static const vouch__json *rows_of(const vouch__json *table)
{
    const vouch__json *columns = vouch__json_get(table, "columns"), *rows = vouch__json_get(table, "rows");
    bool whole = columns && rows && columns->type == VOUCH__JSON_ARRAY && rows->type == VOUCH__JSON_ARRAY &&
                 columns->len;
    return whole ? rows : NULL;
}

static vouch_status write_all(vouch__page *page, size_t n, const vouch__json *const *table,
                              const vouch__json *const *owner, size_t most)
{
    sheet s = { 0 };
    size_t mark = vouch__scratch_mark(page->ctx);
    for (size_t k = 0; k < n; k++)
        s.in_all += rows_of(table[k])->len;
    size_t room = (s.in_all < most ? s.in_all : most) + 1;
    s.row = vouch__scratch(page->ctx, room, sizeof(const vouch__json *));
    s.owner = owner ? vouch__scratch(page->ctx, room, sizeof(const vouch__json *)) : NULL;
    if (!s.row || (owner && !s.owner))
        return vouch__oom(page->ctx);
    for (size_t k = 0; k < n; k++)
        for (const vouch__json *row = rows_of(table[k])->first; row && s.n_rows < most; row = row->next) {
            if (owner)
                s.owner[s.n_rows] = owner[k];
            s.row[s.n_rows++] = row;
        }
    vouch_status status = sheet_columns(page, vouch__json_get(table[0], "columns"), &s);
    pivot p;
    if (!status && pivot_make(&s, &p))
        status = pivot_write(page, &s, &p);
    else if (!status)
        sheet_write(page, &s);
    vouch__scratch_reset(page->ctx, mark);
    return status;
}

vouch_status vouch__page_table(vouch__page *page, const vouch__json *table, size_t most)
{
    return rows_of(table) ? write_all(page, 1, &table, NULL, most) : VOUCH_OK;
}

static bool same_columns(const vouch__json *a, const vouch__json *b)
{
    const vouch__json *x = vouch__json_get(a, "columns")->first, *y = vouch__json_get(b, "columns")->first;
    while (x && y && vouch__json_string(x) && vouch__json_string(y) && !strcmp(x->text, y->text)) {
        x = x->next;
        y = y->next;
    }
    return !x && !y;
}

vouch_status vouch__page_merged(vouch__page *page, size_t n, const vouch__json *const *entry,
                                const char *name, size_t most, bool *out_done)
{
    size_t mark = vouch__scratch_mark(page->ctx), found = 0, rows = 0;
    const vouch__json **table = vouch__scratch(page->ctx, n + 1, sizeof(const vouch__json *));
    const vouch__json **owner = vouch__scratch(page->ctx, n + 1, sizeof(const vouch__json *));
    bool fits = true;
    if (!table || !owner)
        return vouch__oom(page->ctx);
    for (size_t k = 0; k < n; k++) {
        const vouch__json *at = vouch__json_get(vouch__json_get(entry[k], "tables"), name);
        if (!rows_of(at))
            continue;
        fits = fits && (!found || same_columns(table[0], at));
        rows += rows_of(at)->len;
        owner[found] = entry[k];
        table[found++] = at;
    }
    *out_done = fits && found > 1 && rows <= most;
    vouch_status status = *out_done ? write_all(page, found, table, owner, most) : VOUCH_OK;
    vouch__scratch_reset(page->ctx, mark);
    return status;
}

/* An array of objects as a table: a column for each member of the first one that is not an object. */
void vouch__page_objects(vouch__page *page, const vouch__json *list)
{
    const char *key[COLUMNS] = { 0 };
    bool is_number[COLUMNS] = { 0 };
    size_t n = 0;
    if (!list || list->type != VOUCH__JSON_ARRAY || !list->first || list->first->type != VOUCH__JSON_OBJECT)
        return;
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__member_list members = vouch__page_sorted(page, list->first);
    for (size_t k = 0; k < members.n && n < COLUMNS; k++)
        if (members.at[k]->type != VOUCH__JSON_OBJECT) {
            is_number[n] = members.at[k]->type == VOUCH__JSON_NUMBER && !vouch__is_empty(members.at[k]);
            key[n++] = members.at[k]->key;
        }
    vouch__scratch_reset(page->ctx, mark);
    vouch__buf_text(page->out, "<div class=\"scroll\"><table><thead><tr>");
    for (size_t j = 0; j < n; j++) {
        vouch__buf_text(page->out, is_number[j] ? "<th scope=\"col\" class=\"num\">" : "<th scope=\"col\">");
        vouch__html_label(page->out, key[j]);
        vouch__buf_text(page->out, "</th>");
    }
    vouch__buf_text(page->out, "</tr></thead>\n<tbody>\n");
    for (const vouch__json *row = list->first; row; row = row->next) {
        vouch__buf_text(page->out, "<tr>");
        for (size_t j = 0; j < n; j++) {
            const vouch__json *value = vouch__json_get(row, key[j]);
            bool is_hash = vouch__json_string(value) && value->len == 64;
            vouch__buf_text(page->out, is_number[j] ? "<td class=\"num\">"
                                       : is_hash    ? "<td class=\"hash\">"
                                                    : "<td>");
            vouch__html_value(page->out, key[j], value);
            vouch__buf_text(page->out, "</td>");
        }
        vouch__buf_text(page->out, "</tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
}

static bool has_objects(const vouch__json *object)
{
    for (const vouch__json *at = object->first; at; at = at->next)
        if (at->type == VOUCH__JSON_OBJECT)
            return true;
    return false;
}

/* Members that are more than a value: tables, lists of objects, objects. */
vouch_status vouch__page_deeper(vouch__page *page, const vouch__json *object)
{
    enum { MOST = 400 };
    vouch_status status = VOUCH_OK;
    if (!object || object->type != VOUCH__JSON_OBJECT)
        return VOUCH_OK;
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__member_list members = vouch__page_sorted(page, object);
    for (size_t k = 0; k < members.n && !status; k++) {
        const vouch__json *at = members.at[k];
        bool is_table = vouch__json_get(at, "columns") && vouch__json_get(at, "rows");
        bool is_list = at->type == VOUCH__JSON_ARRAY && at->first && at->first->type == VOUCH__JSON_OBJECT &&
                       !has_objects(at->first); /* those are drawn */
        if (!at->len || (at->type != VOUCH__JSON_OBJECT && !is_list))
            continue;
        size_t before = page->out->len;
        vouch__buf_text(page->out, "<h4>");
        vouch__html_label(page->out, at->key);
        vouch__buf_text(page->out, "</h4>\n");
        size_t told = page->out->len;
        if (is_table)
            status = vouch__page_table(page, at, MOST);
        else if (is_list)
            vouch__page_objects(page, at);
        else
            vouch__page_members(page, at, NULL, 0);
        if (page->out->len == told &&
            !page->out->status) /* what a figure has shown: no heading over nothing */
            page->out->at[page->out->len = before] = '\0';
    }
    vouch__scratch_reset(page->ctx, mark);
    return status;
}
