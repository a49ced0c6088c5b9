/* A group's answers as one table: a row for each model, part and subject, with a note under it; what several
 * models were refused alike is one row. */
#include "report/report_page.h"

#include <math.h>
#include <string.h>

typedef struct columns { /* which the group's entries need */
    bool model, part, subject, n, n_bad, value, interval, p, limit;
    vouch__number_format value_format, p_format;
    const char *unit;
    double level; /* of the intervals when they agree, else NaN */
} columns;

static vouch_status columns_of(vouch__page *page, const vouch__entry_group *group, columns *out)
{
    columns c = { .level = NAN };
    size_t mark = vouch__scratch_mark(page->ctx), n_values = 0;
    double *values = vouch__scratch(page->ctx, 3 * group->n, sizeof *values);
    if (!values)
        return vouch__oom(page->ctx);
    for (size_t i = 0; i < group->n; i++) {
        const vouch__json *entry = vouch__page_entry(page, group, i),
                          *interval = vouch__json_get(entry, "interval");
        c.model = c.model || vouch__has_text(entry, "model");
        c.part = c.part || vouch__has_text(entry, "part");
        c.subject = c.subject || vouch__has_text(entry, "subject");
        c.n = c.n || vouch__has_number(entry, "n");
        c.n_bad = c.n_bad || vouch__has_number(entry, "n_bad");
        c.value = c.value || vouch__has_number(entry, "value");
        c.p = c.p || vouch__has_number(entry, "p_value");
        c.limit = c.limit || vouch__json_get(vouch__json_get(entry, "policy"), "direction");
        if (vouch__has_number(interval, "low")) {
            double level = vouch__member_number(interval, "level");
            c.level = !c.interval || c.level == level ? level : (double)NAN;
            c.interval = true;
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

/* Columns beside the verdict. More than CLOSER stand closer together. */
enum { CLOSER = 7 };

static int shown(const columns *c)
{
    return c->model + c->part + c->subject + c->n + c->n_bad + c->value + c->interval + c->p + c->limit;
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
        vouch__buf_text(out, "<th scope=\"col\" class=\"num whole\">p-value</th>");
    if (c->limit)
        vouch__buf_text(out, "<th scope=\"col\">Limits</th>");
    vouch__buf_text(out, "</tr></thead>\n");
}

static bool says_nothing(const vouch__json *entry)
{
    return vouch__entry_is(entry, "verdict", "refused") ||
           vouch__entry_is(entry, "verdict", "not-applicable");
}

/* Did nothing come of it, for a reason that has nothing to do with the model? Then rivals say the same. */
static bool says_the_same(const vouch__json *a, const vouch__json *b)
{
    static const char *const key[] = { "verdict", "part", "subject", "note" };
    if (!says_nothing(a) || !vouch__has_text(a, "note") || !vouch__has_text(b, "model"))
        return false;
    for (size_t k = 0; k < sizeof key / sizeof *key; k++) {
        const char *text = vouch__member(a, key[k]);
        if (text ? !vouch__entry_is(b, key[k], text) : vouch__has_text(b, key[k]))
            return false;
    }
    double n = vouch__member_number(a, "n"), m = vouch__member_number(b, "n");
    return vouch__has_text(a, "model") && (n == m || (isnan(n) && isnan(m)));
}

static bool was_said(const vouch__page *page, const vouch__entry_group *group, size_t i)
{
    const vouch__json *entry = vouch__page_entry(page, group, i);
    bool said = false;
    for (size_t k = 0; k < i && !said && says_nothing(entry); k++)
        said = says_the_same(vouch__page_entry(page, group, k), entry);
    return said;
}

/* The models of entry i and of all after it that say the same. */
static void model_cell(vouch__page *page, const vouch__entry_group *group, size_t i)
{
    const vouch__json *entry = vouch__page_entry(page, group, i),
                      *models = vouch__json_get(page->root, "models");
    size_t n = 1;
    for (size_t k = i + 1; k < group->n; k++)
        n += says_the_same(entry, vouch__page_entry(page, group, k));
    bool is_all = n > 1 && models && n == models->len;
    vouch__buf_text(page->out, "<td>");
    vouch__html_text(page->out, is_all ? "all models" : vouch__member(entry, "model"));
    for (size_t k = i + 1; k < group->n && !is_all; k++)
        if (says_the_same(entry, vouch__page_entry(page, group, k))) {
            vouch__buf_text(page->out, ", ");
            vouch__html_text(page->out, vouch__member(vouch__page_entry(page, group, k), "model"));
        }
    vouch__buf_text(page->out, "</td>");
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
    const char *note = vouch__member(vouch__page_entry(page, group, 0), "note");
    for (size_t i = 1; i < group->n && note; i++)
        if (!vouch__entry_is(vouch__page_entry(page, group, i), "note", note))
            note = NULL;
    return group->n > 1 && note && *note ? note : NULL;
}

static void row(vouch__page *page, const vouch__entry_group *group, size_t i, const columns *c, bool is_noted)
{
    static const vouch__number_format count = { VOUCH__STYLE_PLAIN, 0, true };
    vouch__buf *out = page->out;
    const vouch__json *entry = vouch__page_entry(page, group, i);
    const char *note = vouch__member(entry, "note");
    bool noted = is_noted && note && *note;
    int wide = shown(c);

    vouch__buf_text(out, noted ? "<tbody><tr class=\"has-note\"><td>" : "<tbody><tr><td>");
    vouch__html_badge(out, vouch__member(entry, "verdict"));
    vouch__buf_text(out, "</td>");
    if (c->model)
        model_cell(page, group, i);
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

/* Does the group's table of results say more than its plots and tables do? */
static bool has_results(const vouch__page *page, const vouch__entry_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        const vouch__json *entry = vouch__page_entry(page, group, i);
        bool bare = vouch__entry_is(entry, "verdict", "info") && !vouch__has_number(entry, "value") &&
                    !vouch__has_text(entry, "note");
        if (!bare || !vouch__json_get(entry, "tables"))
            return true;
    }
    return false;
}

vouch_status vouch__page_results(vouch__page *page, const vouch__entry_group *group)
{
    columns c = { .level = NAN };
    if (!has_results(page, group))
        return VOUCH_OK;
    vouch_status status = columns_of(page, group, &c);
    if (status)
        return status;
    const char *note = shared_note(page, group);
    vouch__buf_text(page->out, shown(&c) > CLOSER ? "<div class=\"scroll\"><table class=\"results many\">"
                                                  : "<div class=\"scroll\"><table class=\"results\">");
    head(page, &c);
    for (size_t i = 0; i < group->n; i++)
        if (!was_said(page, group, i))
            row(page, group, i, &c, !note);
    vouch__buf_text(page->out, note ? "</table></div>\n<p class=\"fine\">" : "</table></div>\n");
    vouch__html_text(page->out, note);
    vouch__buf_text(page->out, note ? "</p>\n" : "");
    return VOUCH_OK;
}
