/* A group of entries: what was asked, the answers as one table, their plots side by side, and the basis they
 * stand on (method, convention, source) said once. */
#include "report/chart.h"
#include "report/report_page.h"

#include <math.h>
#include <string.h>

/* How much of a group's text is common to all its entries, cut back to a whole word and freed of what joined
 * it to the rest: the titles "Partial dependence of A" and "... of B" share "Partial dependence". */
static size_t common_title(const vouch__page *page, const vouch__entry_group *group)
{
    static const char *const joints[] = { "of", "for", "on", "by", "in", "the", "at" };
    const char *first = vouch__member(vouch__page_entry(page, group, 0), "title");
    if (!first)
        return 0;
    size_t len = strlen(first), whole = len;
    for (size_t i = 1; i < group->n; i++) {
        const char *title = vouch__member(vouch__page_entry(page, group, i), "title");
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
    if (!vouch__has_text(entry, "method") && !vouch__has_text(entry, "convention") &&
        !vouch__has_text(entry, "source") && !null)
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

/* Do the bars of any entry that is about the same subject go down the side? Then all do, so that models'
 * figures are alike. */
static vouch_status bars_lie(vouch__page *page, const vouch__entry_group *group, const vouch__json *of,
                             bool *out_lie)
{
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch_status status = VOUCH_OK;
    const char *subject = vouch__member(of, "subject");
    *out_lie = false;
    for (size_t i = 0; i < group->n && !status && !*out_lie; i++) {
        const vouch__json *entry = vouch__page_entry(page, group, i);
        const char *other = vouch__member(entry, "subject");
        if (!vouch__entry_is(vouch__json_get(entry, "plot"), "type", "bars") || !subject != !other ||
            (subject && strcmp(subject, other) != 0))
            continue;
        vouch__chart chart;
        status = vouch__chart_make(page->ctx, entry, &chart);
        *out_lie = !status && chart.n && vouch__chart_is_sideways(&chart);
        vouch__scratch_reset(page->ctx, mark);
    }
    return status;
}

/* One figure, in the grid it wants. *open: the grid that is open, 0 for none. */
static vouch_status plot(vouch__page *page, const vouch__entry_group *group, const vouch__json *entry,
                         int *open)
{
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__chart chart;
    vouch_status status = vouch__chart_make(page->ctx, entry, &chart);
    if (!status && chart.n && !strcmp(chart.type, "bars"))
        status = bars_lie(page, group, entry, &chart.is_sideways);
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
        plotted += vouch__json_get(vouch__page_entry(page, group, i), "plot") != NULL;
    return (plotted > SEEN || (!plotted && group->n > SEEN)) &&
           !vouch__page_is_rival(page, vouch__page_entry(page, group, 0));
}

static vouch_status plots(vouch__page *page, const vouch__entry_group *group)
{
    bool folds = folds_rivals(page, group);
    size_t n_folded = 0;
    int open = 0;
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < group->n && !status; i++) {
        const vouch__json *entry = vouch__page_entry(page, group, i);
        if (folds && vouch__page_is_rival(page, entry))
            n_folded += vouch__json_get(entry, "plot") != NULL;
        else
            status = plot(page, group, entry, &open);
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
        if (vouch__page_is_rival(page, vouch__page_entry(page, group, i)))
            status = plot(page, group, vouch__page_entry(page, group, i), &open);
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
        if (vouch__json_get(vouch__json_get(vouch__page_entry(page, group, k), "tables"), name))
            return true;
    return false;
}

enum { SHOWN = 15, MOST = 66, FOLDED = 250 }; /* 60 candidates and their baseline are shown whole */

/* Behind a plot a table is folded away, unless it is short and alone; a rival's where there are many. */
static bool is_folded(const vouch__page *page, const vouch__json *entry, const vouch__json *table, bool alone,
                      bool folds)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    return (is_plotted(entry, table->key) && (!alone || (rows && rows->len > SHOWN))) ||
           (folds && vouch__page_is_rival(page, entry));
}

/* One table of one entry. */
static vouch_status table_alone(vouch__page *page, const vouch__json *entry, const vouch__json *table,
                                bool alone, bool folded)
{
    const vouch__json *rows = vouch__json_get(table, "rows");
    size_t n = rows ? rows->len : 0;
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

/* Tables of one name that do not become one: those that are shown, then those that are folded; many of these
 * behind one line. */
static vouch_status tables_apart(vouch__page *page, const vouch__entry_group *group, size_t i,
                                 const char *name)
{
    enum { LINES = 3 };
    bool folds = folds_rivals(page, group);
    size_t n_folded = 0;
    vouch_status status = VOUCH_OK;
    for (int pass = 0; pass < 2; pass++) {
        if (pass && n_folded > LINES) {
            vouch__buf_text(page->out, "<details><summary>");
            vouch__html_label(page->out, name);
            vouch__buf_fmt(page->out, ": %zu tables</summary>\n", n_folded);
        }
        for (size_t k = i; k < group->n && !status; k++) {
            const vouch__json *entry = vouch__page_entry(page, group, k);
            const vouch__json *own = vouch__json_get(vouch__json_get(entry, "tables"), name);
            bool folded = own && is_folded(page, entry, own, false, folds);
            n_folded += folded && !pass;
            if (own && folded == (pass == 1))
                status = table_alone(page, entry, own, false, folded);
        }
    }
    vouch__buf_text(page->out, n_folded > LINES ? "</details>\n" : "");
    return status;
}

/* Tables of one name become one where they can; else each stands by itself. */
static vouch_status table_of_group(vouch__page *page, const vouch__entry_group *group, size_t i,
                                   const vouch__json *table)
{
    const char *name = table->key;
    bool alone = group->n == 1, done = false;
    if (alone)
        return table_alone(page, vouch__page_entry(page, group, 0), table, true,
                           is_folded(page, vouch__page_entry(page, group, 0), table, true, false));
    if (!is_plotted(vouch__page_entry(page, group, i), name)) {
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
    return tables_apart(page, group, i, name);
}

static vouch_status tables(vouch__page *page, const vouch__entry_group *group)
{
    vouch_status status = VOUCH_OK;
    vouch__buf_text(page->out, "<div class=\"tables\">\n");
    for (size_t i = 0; i < group->n && !status; i++) {
        const vouch__json *all = vouch__json_get(vouch__page_entry(page, group, i), "tables");
        page->unit = vouch__member(vouch__page_entry(page, group, i), "unit");
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
    page->unit = NULL;
    vouch__buf_text(page->out, "</div>\n");
    return status;
}

vouch_status vouch__page_group(vouch__page *page, const vouch__entry_group *group)
{
    const vouch__json *first = vouch__page_entry(page, group, 0);
    const char *title = vouch__member(first, "title");
    vouch__buf_text(page->out, "<article class=\"group\" id=\"");
    vouch__page_anchor(page, group->id);
    vouch__buf_text(page->out, "\"><h3>");
    if (title)
        vouch__html_bytes(page->out, title, common_title(page, group));
    else
        vouch__html_text(page->out, group->id);
    vouch__buf_text(page->out, "</h3>\n");
    if (vouch__has_text(first, "purpose")) {
        vouch__buf_text(page->out, "<p class=\"purpose\">");
        vouch__html_text(page->out, vouch__member(first, "purpose"));
        vouch__buf_text(page->out, "</p>\n");
    }
    vouch_status status = vouch__page_results(page, group);
    if (!status)
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
        const vouch__json *entry = vouch__page_entry(page, group, i);
        if (!vouch__entry_is(entry, "verdict", "not-applicable") || vouch__json_get(entry, "tables"))
            return false;
    }
    return group->n > 0;
}

static void absent_row(vouch__page *page, const vouch__entry_group *group)
{
    const vouch__json *first = vouch__page_entry(page, group, 0);
    vouch__buf_text(page->out, "<tr id=\"");
    vouch__page_anchor(page, group->id);
    vouch__buf_text(page->out, "\"><th scope=\"row\">");
    vouch__html_text(page->out, vouch__has_text(first, "title") ? vouch__member(first, "title") : group->id);
    vouch__buf_text(page->out, "</th><td>");
    vouch__html_text(page->out, vouch__has_text(first, "note") ? vouch__member(first, "note") : "");
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
