/* Tables: one number format a column, numbers to the right, text to the left. */
#include "report/report_page.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 24 };

typedef struct column {
    vouch__number_format format;
    vouch__number_style style;
    bool is_number, is_mixed; /* mixed: sizes too far apart for one format */
} column;

static const vouch__json *cell_of(const vouch__json *row, size_t j)
{
    return row && row->type == VOUCH__JSON_ARRAY ? vouch__json_at(row, j) : NULL;
}

static column column_make(const vouch__json *rows, size_t j, const char *name, size_t n, double *v)
{
    column made = { .style = vouch__style_of(name) };
    double largest = 0.0, smallest = INFINITY;
    size_t i = 0, texts = 0;
    for (const vouch__json *row = rows->first; row && i < n; row = row->next, i++) {
        const vouch__json *cell = cell_of(row, j);
        v[i] = vouch__json_double(cell, NAN);
        made.is_number = made.is_number || (cell && cell->type == VOUCH__JSON_NUMBER);
        texts += vouch__json_string(cell) != NULL && isnan(v[i]);
    }
    for (size_t k = 0; k < i; k++)
        if (fabs(v[k]) > 0.0 && fabs(v[k]) < INFINITY) {
            largest = fmax(largest, fabs(v[k]));
            smallest = v[k] == nearbyint(v[k]) ? smallest : fmin(smallest, fabs(v[k]));
        }
    made.is_number = made.is_number && !texts;
    made.is_mixed = made.style == VOUCH__STYLE_PLAIN && largest > 1e3 && smallest < 1e-3 * largest;
    made.format = vouch__format_for(made.style, i, v);
    return made;
}

/* Bounds are numbers of the kind they bound, which stands before them. */
static const char *bounded_name(const char *name, const char *before)
{
    static const char *const bounds[] = { "low", "high", "lower", "upper", "p10", "p90", "p5", "p95" };
    for (size_t i = 0; name && before && i < sizeof bounds / sizeof *bounds; i++)
        if (!strcmp(name, bounds[i]))
            return before;
    return name;
}

static void write_cell(vouch__page *page, const vouch__json *cell, const column *how, const char *name)
{
    double value = vouch__json_double(cell, NAN);
    vouch__buf_text(page->out, how->is_number ? "<td class=\"num\">" : "<td>");
    if (how->is_number)
        vouch__html_number(page->out, value,
                           how->is_mixed ? vouch__format_for(how->style, 1, &value) : how->format);
    else
        vouch__html_value(page->out, name, cell);
    vouch__buf_text(page->out, "</td>");
}

static void write_head(vouch__page *page, const vouch__json *columns, size_t n, const column *how)
{
    size_t j = 0;
    vouch__buf_text(page->out, "<thead><tr>");
    for (const vouch__json *at = columns->first; at && j < n; at = at->next, j++) {
        vouch__buf_text(page->out,
                        how[j].is_number ? "<th scope=\"col\" class=\"num\">" : "<th scope=\"col\">");
        vouch__html_label(page->out, vouch__json_string(at));
        vouch__buf_text(page->out, "</th>");
    }
    vouch__buf_text(page->out, "</tr></thead>\n<tbody>\n");
}

/* How many rows from this one on, within `left`, begin with the same text; 0 when the one before did too. */
static size_t span_of(const vouch__json *row, const char *before, size_t left)
{
    const char *text = vouch__json_string(cell_of(row, 0));
    size_t n = 0;
    if (!text || (before && !strcmp(before, text)))
        return text ? 0 : 1;
    for (; row && n < left; row = row->next, n++) {
        const char *other = vouch__json_string(cell_of(row, 0));
        if (!other || strcmp(other, text) != 0)
            break;
    }
    return n;
}

/* Does a text in the first column stand for several rows? Then it is written once for all of them. */
static bool is_grouped(const vouch__json *rows, const column *first, size_t n_columns)
{
    if (first->is_number || n_columns < 3)
        return false;
    for (const vouch__json *row = rows->first; row && row->next; row = row->next) {
        const char *a = vouch__json_string(cell_of(row, 0)), *b = vouch__json_string(cell_of(row->next, 0));
        if (a && b && !strcmp(a, b))
            return true;
    }
    return false;
}

static void write_rows(vouch__page *page, const vouch__json *rows, size_t shown, size_t n, const column *how,
                       const char *const *name)
{
    bool grouped = is_grouped(rows, &how[0], n);
    const char *before = NULL;
    size_t i = 0;
    for (const vouch__json *row = rows->first; row && i < shown; row = row->next, i++) {
        size_t span = grouped ? span_of(row, before, shown - i) : 0;
        vouch__buf_text(page->out, span ? "<tr class=\"first\">" : "<tr>");
        if (span) {
            vouch__buf_fmt(page->out, "<th scope=\"rowgroup\" rowspan=\"%zu\">", span);
            vouch__html_value(page->out, name[0], cell_of(row, 0));
            vouch__buf_text(page->out, "</th>");
        }
        for (size_t j = grouped; j < n; j++)
            write_cell(page, cell_of(row, j), &how[j], name[j]);
        vouch__buf_text(page->out, "</tr>\n");
        before = vouch__json_string(cell_of(row, 0));
    }
}

vouch_status vouch__page_table(vouch__page *page, const char *caption, const vouch__json *table, size_t most)
{
    const vouch__json *columns = vouch__json_get(table, "columns"), *rows = vouch__json_get(table, "rows");
    const char *name[COLUMNS] = { 0 }, *kind = NULL;
    column how[COLUMNS] = { 0 };
    if (!columns || columns->type != VOUCH__JSON_ARRAY || !rows || rows->type != VOUCH__JSON_ARRAY ||
        !columns->len)
        return VOUCH_OK;

    size_t n = columns->len < COLUMNS ? columns->len : COLUMNS, shown = rows->len < most ? rows->len : most,
           j = 0;
    size_t mark = vouch__scratch_mark(page->ctx);
    double *v = vouch__scratch(page->ctx, shown ? shown : 1, sizeof *v);
    if (!v)
        return vouch__oom(page->ctx);
    for (const vouch__json *at = columns->first; at && j < n; at = at->next, j++) {
        name[j] = vouch__json_string(at);
        kind = bounded_name(name[j], kind);
        how[j] = column_make(rows, j, kind, shown, v);
    }
    vouch__scratch_reset(page->ctx, mark);

    vouch__buf_fmt(page->out, "<div class=\"scroll\"><table%s>", n <= 4 ? " class=\"fit\"" : "");
    if (caption) {
        vouch__buf_text(page->out, "<caption>");
        vouch__html_text(page->out, caption);
        vouch__buf_text(page->out, "</caption>");
    }
    write_head(page, columns, n, how);
    write_rows(page, rows, shown, n, how, name);
    if (!rows->len)
        vouch__buf_fmt(page->out, "<tr><td colspan=\"%zu\">none</td></tr>\n", n);
    vouch__buf_text(page->out, "</tbody></table></div>\n");
    if (rows->len > shown)
        vouch__buf_fmt(page->out, "<p class=\"fine\">%zu more rows are in the evidence.</p>\n",
                       rows->len - shown);
    return VOUCH_OK;
}

/* An array of objects as a table: a column for each member of the first one that is not an object. */
void vouch__page_objects(vouch__page *page, const vouch__json *list)
{
    const char *key[COLUMNS] = { 0 };
    bool is_number[COLUMNS] = { 0 };
    size_t n = 0;
    if (!list || list->type != VOUCH__JSON_ARRAY || !list->first || list->first->type != VOUCH__JSON_OBJECT)
        return;
    for (const vouch__json *at = list->first->first; at && n < COLUMNS; at = at->next)
        if (at->type != VOUCH__JSON_OBJECT) {
            is_number[n] = at->type == VOUCH__JSON_NUMBER;
            key[n++] = at->key;
        }
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

/* Members that are more than a value: tables, lists of objects, objects. */
vouch_status vouch__page_deeper(vouch__page *page, const vouch__json *object)
{
    enum { MOST = 400 };
    vouch_status status = VOUCH_OK;
    if (!object || object->type != VOUCH__JSON_OBJECT)
        return VOUCH_OK;
    for (const vouch__json *at = object->first; at && !status; at = at->next) {
        bool is_table = vouch__json_get(at, "columns") && vouch__json_get(at, "rows");
        bool is_list = at->type == VOUCH__JSON_ARRAY && at->first && at->first->type == VOUCH__JSON_OBJECT;
        if (!at->len || (at->type != VOUCH__JSON_OBJECT && !is_list))
            continue;
        vouch__buf_text(page->out, "<h4>");
        vouch__html_label(page->out, at->key);
        vouch__buf_text(page->out, "</h4>\n");
        if (is_table)
            status = vouch__page_table(page, NULL, at, MOST);
        else if (is_list)
            vouch__page_objects(page, at);
        else
            vouch__page_members(page, at, NULL, 0);
    }
    return status;
}
