/* A group of entries: what was asked, the answers as one table, their plots side by side, and the basis they
 * stand on (method, convention, source) said once. */
#include "report/chart.h"
#include "report/report_page.h"

#include <math.h>
#include <string.h>

typedef struct columns { /* which the group's entries need */
    bool model, part, subject, n, n_bad, value, interval, p, limit;
    vouch__number_format value_format, p_format;
    const char *unit;
    double level; /* of the intervals when they agree, else NaN */
} columns;

static const vouch__json *entry_at(const vouch__page *page, const vouch__entry_group *group, size_t i)
{
    return page->entry[group->first + i];
}

static bool has_text(const vouch__json *entry, const char *key) { return vouch__member(entry, key) != NULL; }
static bool has_number(const vouch__json *entry, const char *key)
{
    return !isnan(vouch__member_number(entry, key));
}

static vouch_status columns_of(vouch__page *page, const vouch__entry_group *group, columns *out)
{
    columns c = { .level = NAN };
    size_t mark = vouch__scratch_mark(page->ctx), n_values = 0;
    double *values = vouch__scratch(page->ctx, 3 * group->n, sizeof *values);
    if (!values)
        return vouch__oom(page->ctx);
    for (size_t i = 0; i < group->n; i++) {
        const vouch__json *entry = entry_at(page, group, i), *interval = vouch__json_get(entry, "interval");
        c.model = c.model || has_text(entry, "model");
        c.part = c.part || has_text(entry, "part");
        c.subject = c.subject || has_text(entry, "subject");
        c.n = c.n || has_number(entry, "n");
        c.n_bad = c.n_bad || has_number(entry, "n_bad");
        c.value = c.value || has_number(entry, "value");
        c.p = c.p || has_number(entry, "p_value");
        c.limit = c.limit || vouch__json_get(vouch__json_get(entry, "policy"), "direction");
        if (has_number(interval, "low")) {
            c.interval = true;
            c.level = vouch__member_number(interval, "level");
            values[n_values++] = vouch__member_number(interval, "low");
            values[n_values++] = vouch__member_number(interval, "high");
        }
        values[n_values++] = vouch__member_number(entry, "value");
        c.unit = c.unit ? c.unit : vouch__member(entry, "unit");
    }
    c.value_format = vouch__format_for(vouch__style_of(c.unit), n_values, values);
    c.p_format = vouch__format_for(VOUCH__STYLE_P_VALUE, 0, NULL);
    vouch__scratch_reset(page->ctx, mark);
    *out = c;
    return VOUCH_OK;
}

static void level_text(vouch__page *page, double level)
{
    if (isnan(level)) {
        vouch__buf_text(page->out, "Interval");
        return;
    }
    bool whole = fabs(level * 100 - nearbyint(level * 100)) < 1e-9;
    vouch__html_number(page->out, level,
                       (vouch__number_format){ VOUCH__STYLE_PERCENT, whole ? 0 : 1, false });
    vouch__buf_text(page->out, " interval");
}

static void head(vouch__page *page, const columns *c)
{
    vouch__buf *out = page->out;
    vouch__buf_text(out, "<thead><tr><th scope=\"col\">Verdict</th>");
    if (c->model)
        vouch__buf_text(out, "<th scope=\"col\">Model</th>");
    if (c->part)
        vouch__buf_text(out, "<th scope=\"col\">Part</th>");
    if (c->subject)
        vouch__buf_text(out, "<th scope=\"col\">Subject</th>");
    if (c->n)
        vouch__buf_text(out, "<th scope=\"col\" class=\"num\">Cases</th>");
    if (c->n_bad)
        vouch__buf_text(out, "<th scope=\"col\" class=\"num\">Bads</th>");
    if (c->value) {
        vouch__buf_text(out, "<th scope=\"col\" class=\"num\">");
        if (c->unit)
            vouch__html_label(out, c->unit);
        else
            vouch__buf_text(out, "Value");
        vouch__buf_text(out, "</th>");
    }
    if (c->interval) {
        vouch__buf_text(out, "<th scope=\"col\" class=\"num\">");
        level_text(page, c->level);
        vouch__buf_text(out, "</th>");
    }
    if (c->p)
        vouch__buf_text(out, "<th scope=\"col\" class=\"num\">p-value</th>");
    if (c->limit)
        vouch__buf_text(out, "<th scope=\"col\">Limits</th>");
    vouch__buf_text(out, "</tr></thead>\n");
}

static void text_cell(vouch__page *page, const vouch__json *entry, const char *key)
{
    vouch__buf_text(page->out, "<td>");
    vouch__html_text(page->out, vouch__member(entry, key));
    vouch__buf_text(page->out, "</td>");
}

static void number_cell(vouch__page *page, double value, vouch__number_format format, const char *style)
{
    vouch__buf_fmt(page->out, "<td class=\"num%s\">", style);
    if (!isnan(value))
        vouch__html_number(page->out, value, format);
    vouch__buf_text(page->out, "</td>");
}

static void interval_cell(vouch__page *page, const vouch__json *interval, vouch__number_format format)
{
    double low = vouch__member_number(interval, "low"), high = vouch__member_number(interval, "high");
    vouch__buf_text(page->out, "<td class=\"num\">");
    if (!isnan(low) || !isnan(high)) {
        vouch__html_number(page->out, low, format);
        vouch__buf_text(page->out, " to ");
        vouch__html_number(page->out, high, format);
    }
    vouch__buf_text(page->out, "</td>");
}

/* The note that every entry of the group has, where there are several: said once. NULL otherwise. */
static const char *shared_note(const vouch__page *page, const vouch__entry_group *group)
{
    const char *note = vouch__member(entry_at(page, group, 0), "note");
    for (size_t i = 1; i < group->n && note; i++)
        if (!vouch__entry_is(entry_at(page, group, i), "note", note))
            note = NULL;
    return group->n > 1 && note && *note ? note : NULL;
}

static void row(vouch__page *page, const vouch__json *entry, const columns *c, bool is_noted)
{
    static const vouch__number_format count = { VOUCH__STYLE_PLAIN, 0, true };
    vouch__buf *out = page->out;
    const char *note = vouch__member(entry, "note");
    bool noted = is_noted && note && *note;
    int wide = c->model + c->part + c->subject + c->n + c->n_bad + c->value + c->interval + c->p + c->limit;

    vouch__buf_text(out, noted ? "<tbody><tr class=\"has-note\"><td>" : "<tbody><tr><td>");
    vouch__html_badge(out, vouch__member(entry, "verdict"));
    vouch__buf_text(out, "</td>");
    if (c->model)
        text_cell(page, entry, "model");
    if (c->part)
        text_cell(page, entry, "part");
    if (c->subject)
        text_cell(page, entry, "subject");
    if (c->n)
        number_cell(page, vouch__member_number(entry, "n"), count, "");
    if (c->n_bad)
        number_cell(page, vouch__member_number(entry, "n_bad"), count, "");
    if (c->value)
        number_cell(page, vouch__member_number(entry, "value"), c->value_format, " val");
    if (c->interval)
        interval_cell(page, vouch__json_get(entry, "interval"), c->value_format);
    if (c->p)
        number_cell(page, vouch__member_number(entry, "p_value"), c->p_format, "");
    if (c->limit) {
        vouch__buf_text(out, "<td class=\"limit\">");
        vouch__page_limit(page, entry);
        vouch__buf_text(out, "</td>");
    }
    vouch__buf_text(out, "</tr>\n");
    if (noted && !wide) {
        vouch__buf_text(out, "<tr class=\"note\"><td>");
        vouch__html_text(out, note);
        vouch__buf_text(out, "</td></tr>\n");
    } else if (noted) {
        vouch__buf_fmt(out, "<tr class=\"note\"><td></td><td colspan=\"%d\">", wide);
        vouch__html_text(out, note);
        vouch__buf_text(out, "</td></tr>\n");
    }
    vouch__buf_text(out, "</tbody>\n");
}

/* How much of a group's text is common to all its entries, cut back to a whole word and freed of what joined
 * it to the rest: the titles "Partial dependence of A" and "... of B" share "Partial dependence". */
static size_t common_title(const vouch__page *page, const vouch__entry_group *group)
{
    static const char *const joints[] = { "of", "for", "on", "by", "in", "the", "at" };
    const char *first = vouch__member(entry_at(page, group, 0), "title");
    if (!first)
        return 0;
    size_t len = strlen(first), whole = len;
    for (size_t i = 1; i < group->n; i++) {
        const char *title = vouch__member(entry_at(page, group, i), "title");
        size_t same = 0;
        while (title && same < len && title[same] == first[same])
            same++;
        len = title && same == len && title[same] && len == whole ? same - 1 : same < len ? same : len;
    }
    if (len == whole)
        return whole;
    while (len && first[len - 1] != ' ')
        len--;
    for (bool again = true; again && len;) {
        again = false;
        while (len && strchr(" :,;-", first[len - 1])) {
            len--;
            again = true;
        }
        for (size_t k = 0; k < sizeof joints / sizeof *joints; k++) {
            size_t n = strlen(joints[k]);
            if (len > n && first[len - n - 1] == ' ' && !memcmp(first + len - n, joints[k], n)) {
                len -= n;
                again = true;
            }
        }
    }
    return len >= 4 ? len : whole;
}

static void basis_line(vouch__page *page, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    vouch__buf_fmt(page->out, "<dt>%s</dt><dd>", label);
    vouch__html_text(page->out, text);
    vouch__buf_text(page->out, "</dd>\n");
}

static void basis(vouch__page *page, const vouch__json *entry)
{
    const char *null = vouch__json_string(vouch__json_get(entry, "null"));
    const char *interval = vouch__member(vouch__json_get(entry, "interval"), "method");
    const char *id = vouch__member(entry, "id");
    const vouch__json *told = id ? vouch__json_get(vouch__json_get(page->root, "tests"), id) : NULL;
    if (!has_text(entry, "method") && !has_text(entry, "convention") && !has_text(entry, "source") && !null)
        return;
    vouch__buf_text(page->out, "<dl class=\"basis\">\n");
    basis_line(page, "Method", vouch__member(entry, "method"));
    basis_line(page, "Convention", vouch__member(entry, "convention"));
    basis_line(page, "Null hypothesis", null);
    basis_line(page, "Interval", interval);
    basis_line(page, "Signs of high risk", vouch__member(told, "high_risk"));
    basis_line(page, "Strengths", vouch__member(told, "strengths"));
    basis_line(page, "Limits", vouch__member(told, "limits"));
    basis_line(page, "Source", vouch__member(entry, "source"));
    vouch__buf_text(page->out, "</dl>\n");
}

/* What an entry is about, and how many cases. */
static void about(vouch__page *page, const vouch__json *entry, const char *before)
{
    double n = vouch__member_number(entry, "n");
    vouch__buf_text(page->out, before);
    vouch__page_about(page, entry);
    if (isnan(n))
        return;
    vouch__buf_text(page->out, " <span class=\"fine\">");
    vouch__html_number(page->out, n, (vouch__number_format){ VOUCH__STYLE_PLAIN, 0, true });
    vouch__buf_text(page->out, n == 1.0 ? " case</span>" : " cases</span>");
}

static void caption(vouch__page *page, const vouch__json *entry, const vouch__chart *chart)
{
    vouch__buf_text(page->out, "<figcaption><b>");
    about(page, entry, "");
    vouch__buf_text(page->out, "</b>");
    if (chart->diagonal)
        vouch__buf_text(page->out, strcmp(chart->type, "points") != 0 && strcmp(chart->type, "interval") != 0
                                       ? " \xC2\xB7 dashed: no power to rank"
                                       : " \xC2\xB7 dashed: perfect agreement");
    if (chart->band)
        vouch__buf_fmt(page->out, " \xC2\xB7 shaded: %s", chart->band);
    vouch__buf_text(page->out, "</figcaption>");
}

enum { SIDE_BY_SIDE = 1, WIDE };

/* One figure, in the grid it wants. *open: the grid that is open, 0 for none. */
static vouch_status plot(vouch__page *page, const vouch__json *entry, int *open)
{
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__chart chart;
    vouch_status status = vouch__chart_make(page->ctx, entry, &chart);
    if (status)
        return status;
    if (chart.n) {
        int wants = vouch__chart_is_wide(&chart) ? WIDE : SIDE_BY_SIDE;
        if (*open && *open != wants)
            vouch__buf_text(page->out, "</div>\n");
        if (*open != wants)
            vouch__buf_text(page->out,
                            wants == WIDE ? "<div class=\"plots wide\">\n" : "<div class=\"plots\">\n");
        *open = wants;
        vouch__buf_text(page->out, "<figure>");
        caption(page, entry, &chart);
        vouch__chart_draw(page->out, &chart, ++page->figures);
        vouch__buf_text(page->out, "</figure>\n");
    }
    vouch__scratch_reset(page->ctx, mark);
    return VOUCH_OK;
}

/* Many pictures of many models hide the one that decides: the rivals' are folded away when there are more
 * than a page can show beside the champion's. */
static bool folds_rivals(const vouch__page *page, const vouch__entry_group *group)
{
    enum { SEEN = 4 };
    size_t plotted = 0;
    for (size_t i = 0; i < group->n; i++)
        plotted += vouch__json_get(entry_at(page, group, i), "plot") != NULL;
    return (plotted > SEEN || (!plotted && group->n > SEEN)) &&
           !vouch__page_is_rival(page, entry_at(page, group, 0));
}

static vouch_status plots(vouch__page *page, const vouch__entry_group *group)
{
    bool folds = folds_rivals(page, group);
    size_t n_folded = 0;
    int open = 0;
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < group->n && !status; i++) {
        const vouch__json *entry = entry_at(page, group, i);
        if (folds && vouch__page_is_rival(page, entry))
            n_folded += vouch__json_get(entry, "plot") != NULL;
        else
            status = plot(page, entry, &open);
    }
    vouch__buf_text(page->out, open ? "</div>\n" : "");
    if (!n_folded || status)
        return status;
    open = 0;
    vouch__buf_fmt(page->out,
                   "<p class=\"printed fine\">Of the other models %zu plots are in the file, on screen.</p>\n"
                   "<details><summary>Plots of the other models: %zu</summary>\n",
                   n_folded, n_folded);
    for (size_t i = 0; i < group->n && !status; i++)
        if (vouch__page_is_rival(page, entry_at(page, group, i)))
            status = plot(page, entry_at(page, group, i), &open);
    vouch__buf_text(page->out, open ? "</div>\n</details>\n" : "</details>\n");
    return status;
}

static bool is_plotted(const vouch__json *entry, const char *name)
{
    const char *table = vouch__member(vouch__json_get(entry, "plot"), "table");
    return table && !strcmp(table, name);
}

/* Did an entry before number i of the group bring a table of this name? Then it has been dealt with. */
static bool came_before(const vouch__page *page, const vouch__entry_group *group, size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++)
        if (vouch__json_get(vouch__json_get(entry_at(page, group, k), "tables"), name))
            return true;
    return false;
}

enum { SHOWN = 15, MOST = 60, FOLDED = 250 };

/* One table of one entry. Behind a plot it is folded away, unless it is short and alone. */
static vouch_status table_alone(vouch__page *page, const vouch__json *entry, const vouch__json *table,
                                bool alone, bool folds)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t n = rows ? rows->len : 0;
    bool folded = (is_plotted(entry, table->key) && (n > SHOWN || !alone)) ||
                  (folds && vouch__page_is_rival(page, entry));
    vouch__buf_text(page->out, folded ? "<details><summary>" : "<div><h4>");
    vouch__html_label(page->out, table->key);
    if (!alone)
        about(page, entry, " \xC2\xB7 ");
    if (folded)
        vouch__buf_fmt(page->out, ": %zu rows</summary>\n", n);
    else
        vouch__buf_text(page->out, "</h4>\n");
    vouch_status status = vouch__page_table(page, table, folded ? FOLDED : MOST);
    vouch__buf_text(page->out, folded ? "</details>\n" : "</div>\n");
    return status;
}

/* Tables of one name become one where they can; else each stands by itself. */
static vouch_status table_of_group(vouch__page *page, const vouch__entry_group *group, size_t i,
                                   const vouch__json *table)
{
    const char *name = table->key;
    bool alone = group->n == 1, done = false;
    if (alone)
        return table_alone(page, entry_at(page, group, 0), table, true, false);
    if (!is_plotted(entry_at(page, group, i), name)) {
        size_t before = page->out->len;
        vouch__buf_text(page->out, "<div><h4>");
        vouch__html_label(page->out, name);
        vouch__buf_text(page->out, "</h4>\n");
        vouch_status status = vouch__page_merged(page, group->n, &page->entry[group->first], name, MOST,
                                                 &done);
        if (done)
            vouch__buf_text(page->out, "</div>\n");
        else if (!page->out->status)
            page->out->at[page->out->len = before] = '\0';
        if (status || done)
            return status;
    }
    vouch_status status = VOUCH_OK;
    for (size_t k = i; k < group->n && !status; k++) {
        const vouch__json *entry = entry_at(page, group, k);
        const vouch__json *own = vouch__json_get(vouch__json_get(entry, "tables"), name);
        if (own)
            status = table_alone(page, entry, own, false, folds_rivals(page, group));
    }
    return status;
}

static vouch_status tables(vouch__page *page, const vouch__entry_group *group)
{
    vouch_status status = VOUCH_OK;
    vouch__buf_text(page->out, "<div class=\"tables\">\n");
    for (size_t i = 0; i < group->n && !status; i++) {
        const vouch__json *all = vouch__json_get(entry_at(page, group, i), "tables");
        size_t mark = vouch__scratch_mark(page->ctx);
        status = vouch__poll(page->ctx);
        vouch__member_list list = { 0, NULL };
        if (all && all->type == VOUCH__JSON_OBJECT)
            list = vouch__page_sorted(page, all);
        for (size_t k = 0; k < list.n && !status; k++)
            if (!came_before(page, group, i, list.at[k]->key))
                status = table_of_group(page, group, i, list.at[k]);
        vouch__scratch_reset(page->ctx, mark);
    }
    vouch__buf_text(page->out, "</div>\n");
    return status;
}

/* Does the group's table of results say more than its plots and tables do? */
static bool has_results(const vouch__page *page, const vouch__entry_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const vouch__json *entry = entry_at(page, group, i);
        bool bare = vouch__entry_is(entry, "verdict", "info") && !has_number(entry, "value") &&
                    !has_text(entry, "note");
        if (!bare || !vouch__json_get(entry, "tables"))
            return true;
    }
    return false;
}

vouch_status vouch__page_group(vouch__page *page, const vouch__entry_group *group)
{
    const vouch__json *first = entry_at(page, group, 0);
    const char *title = vouch__member(first, "title");
    columns c = { .level = NAN };
    vouch_status status = columns_of(page, group, &c);
    if (status)
        return status;

    vouch__buf_text(page->out, "<article class=\"group\" id=\"");
    vouch__page_anchor(page, group->id);
    vouch__buf_text(page->out, "\"><h3>");
    if (title)
        vouch__html_bytes(page->out, title, common_title(page, group));
    else
        vouch__html_text(page->out, group->id);
    vouch__buf_text(page->out, "</h3>\n");
    if (has_text(first, "purpose")) {
        vouch__buf_text(page->out, "<p class=\"purpose\">");
        vouch__html_text(page->out, vouch__member(first, "purpose"));
        vouch__buf_text(page->out, "</p>\n");
    }
    if (has_results(page, group)) {
        vouch__buf_text(page->out, "<div class=\"scroll\"><table class=\"results\">");
        head(page, &c);
        const char *note = shared_note(page, group);
        for (size_t i = 0; i < group->n; i++)
            row(page, entry_at(page, group, i), &c, !note);
        vouch__buf_text(page->out, note ? "</table></div>\n<p class=\"fine\">" : "</table></div>\n");
        vouch__html_text(page->out, note);
        vouch__buf_text(page->out, note ? "</p>\n" : "");
    }
    status = plots(page, group);
    if (!status)
        status = tables(page, group);
    if (!status)
        basis(page, first);
    vouch__buf_text(page->out, "</article>\n");
    return status;
}

/* ---- tests that could not say anything ---- */

bool vouch__page_is_absent(const vouch__page *page, const vouch__entry_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const vouch__json *entry = entry_at(page, group, i);
        if (!vouch__entry_is(entry, "verdict", "not-applicable") || vouch__json_get(entry, "tables"))
            return false;
    }
    return group->n > 0;
}

static void absent_row(vouch__page *page, const vouch__entry_group *group)
{
    const vouch__json *first = entry_at(page, group, 0);
    vouch__buf_text(page->out, "<tr id=\"");
    vouch__page_anchor(page, group->id);
    vouch__buf_text(page->out, "\"><th scope=\"row\">");
    vouch__html_text(page->out, has_text(first, "title") ? vouch__member(first, "title") : group->id);
    vouch__buf_text(page->out, "</th><td>");
    vouch__html_text(page->out, has_text(first, "note") ? vouch__member(first, "note") : "");
    vouch__buf_text(page->out, "</td></tr>\n");
}

void vouch__page_absent(vouch__page *page, const char *section)
{
    bool is_open = false;
    for (size_t g = 0; g < page->n_groups; g++) {
        const vouch__entry_group *group = &page->group[g];
        if (strcmp(group->section, section) != 0 || !vouch__page_is_absent(page, group))
            continue;
        if (!is_open)
            vouch__buf_text(
                page->out,
                "<article class=\"group\"><h3>Not applicable here</h3>\n<p class=\"purpose\">What was "
                "asked for and these data cannot answer.</p>\n<div class=\"scroll\"><table><thead>"
                "<tr><th scope=\"col\">Test</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
        is_open = true;
        absent_row(page, group);
    }
    if (is_open)
        vouch__buf_text(page->out, "</tbody></table></div></article>\n");
}
