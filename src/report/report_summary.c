/* The first page: what it is, what was found, and where to look. */
#include "report/report_page.h"

#include <math.h>
#include <string.h>

void vouch__page_title(vouch__page *page)
{
    vouch__buf *out = page->out;
    const vouch__json *root = page->root, *data = vouch__json_get(root, "data"),
                      *code = vouch__json_get(root, "code");
    const char *project = vouch__member(root, "project");

    vouch__buf_text(out, "<header class=\"title\"><p class=\"kicker\">");
    vouch__html_text(out, vouch__page_kind(page));
    vouch__buf_text(out, "</p>\n<h1>");
    vouch__html_text(out, project ? project : "Untitled project");
    vouch__buf_text(out, "</h1>\n<dl class=\"facts\">\n");
    vouch__page_fact(page, "Champion", "name", vouch__json_get(root, "champion"));
    vouch__page_fact(page, "Data", "source", data);
    vouch__page_fact(page, "Rows", "rows", data);
    vouch__page_fact(page, "Target", "target", data);
    vouch__page_fact(page, "Control set", "title", vouch__json_get(root, "controls"));
    vouch__page_fact(page, "Policy", "name", vouch__json_get(root, "policy"));
    vouch__page_fact(page, "Made by vouch", "version", code);
    if (page->is_explanation || page->is_suite) {
        vouch__buf_text(out, "</dl></header>\n");
        return;
    }
    vouch__buf_text(out, "<div><dt>Ledger</dt><dd>");
    double seq = vouch__member_number(page->head, "seq");
    const char *hash = vouch__member(page->head, "hash");
    if (isnan(seq) || !hash) {
        vouch__buf_text(out, "not recorded");
    } else {
        vouch__buf_text(out, "entry ");
        vouch__html_single(out, seq, NULL);
        vouch__buf_text(out, ", <span class=\"hash\">");
        vouch__html_bytes(out, hash, strlen(hash) < 16 ? strlen(hash) : 16);
        vouch__buf_text(out, "\xE2\x80\xA6</span>");
    }
    vouch__buf_text(out, "</dd></div>\n</dl></header>\n");
}

enum { PASS, ADVISORY, FAIL, OTHER, VERDICTS };

static int verdict_of(const vouch__json *entry)
{
    const char *verdict = vouch__member(entry, "verdict");
    if (!verdict)
        return OTHER;
    return !strcmp(verdict, "pass")       ? PASS
           : !strcmp(verdict, "advisory") ? ADVISORY
           : !strcmp(verdict, "fail")     ? FAIL
                                          : OTHER;
}

static void count(const vouch__page *page, const char *section, size_t out[VERDICTS])
{
    memset(out, 0, VERDICTS * sizeof *out);
    for (size_t g = 0; g < page->n_groups; g++) {
        const vouch__entry_group *group = &page->group[g];
        if (!strcmp(group->section, section))
            for (size_t i = group->first; i < group->first + group->n; i++)
                out[verdict_of(page->entry[i])]++;
    }
}

void vouch__page_contents(vouch__page *page, const char *style)
{
    vouch__buf_fmt(page->out, "<nav class=\"%s\" aria-label=\"Contents\">", style);
    if (!strcmp(style, "side")) {
        vouch__buf_text(page->out, "<div class=\"mark\">");
        vouch__html_text(page->out, vouch__member(page->root, "project"));
        vouch__buf_text(page->out, "</div>");
    } else {
        vouch__buf_text(page->out, "<h3>Contents</h3>");
    }
    vouch__buf_text(page->out, "<ol>\n");
    for (const vouch__report_section *section = vouch__report_sections; section->key; section++) {
        size_t n[VERDICTS];
        if (!vouch__page_has(page, section->key))
            continue;
        count(page, section->key, n);
        vouch__buf_fmt(page->out, "<li><a href=\"#%s\">%s", section->key,
                       vouch__page_section_title(page, section));
        size_t found = n[FAIL] + n[ADVISORY];
        if (found)
            vouch__buf_fmt(page->out,
                           "<span class=\"count%s\">%zu<span class=\"printed\">&nbsp;finding%s</span></span>",
                           n[FAIL] ? " flag" : "", found, found == 1 ? "" : "s");
        vouch__buf_text(page->out, "</a></li>\n");
    }
    vouch__buf_text(page->out, "</ol></nav>\n");
}

static void interval_of(vouch__page *page, const vouch__json *entry)
{
    const vouch__json *interval = vouch__json_get(entry, "interval");
    double low = vouch__member_number(interval, "low"), high = vouch__member_number(interval, "high");
    double both[] = { low, high, vouch__member_number(entry, "value") };
    if (isnan(low) || isnan(high))
        return;
    vouch__number_format format = vouch__format_for(vouch__style_of(vouch__member(entry, "unit")), 3, both);
    vouch__buf_text(page->out, "<div class=\"range\">");
    vouch__html_number(page->out, low, format);
    vouch__buf_text(page->out, " to ");
    vouch__html_number(page->out, high, format);
    vouch__buf_text(page->out, "</div>");
}

/* One entry of the champion as a tile. */
static void figure(vouch__page *page, const vouch__json *entry, const char *name)
{
    double value = vouch__member_number(entry, "value");
    if (isnan(value))
        return;
    vouch__buf_fmt(page->out, "<div><div class=\"name\">%s</div><div class=\"big\">", name);
    vouch__html_single(page->out, value, vouch__member(entry, "unit"));
    vouch__buf_text(page->out, "</div>");
    interval_of(page, entry);
    const char *verdict = vouch__member(entry, "verdict");
    if (verdict && strcmp(verdict, "info") != 0)
        vouch__html_badge(page->out, verdict);
    vouch__buf_text(page->out, "</div>\n");
}

/* A rate of the decision, said of whom; at_most: where the line lies, NaN to leave it out. */
static void plain_figure(vouch__page *page, const vouch__json *object, const char *key, const char *name,
                         const char *under, double at_most)
{
    double value = vouch__member_number(object, key);
    if (isnan(value))
        return;
    vouch__buf_fmt(page->out, "<div><div class=\"name\">%s</div><div class=\"big\">", name);
    vouch__html_single(page->out, value, "rate");
    vouch__buf_fmt(page->out, "</div><div class=\"range\">%s", under);
    if (!isnan(at_most)) {
        vouch__buf_text(page->out, ": P(bad) at most ");
        vouch__html_single(page->out, at_most, "rate");
    }
    vouch__buf_text(page->out, "</div></div>\n");
}

const char *vouch__page_kind(const vouch__page *page)
{
    const char *title = vouch__member(page->root, "title");
    return title ? title : "Model development and validation report";
}

static void champion_words(vouch__page *page)
{
    const vouch__json *champion = vouch__json_get(page->root, "champion");
    if (!page->champion) {
        vouch__buf_text(page->out, "<p class=\"verdict\">No champion was chosen.</p>\n");
        return;
    }
    const vouch__json *models = vouch__json_get(page->root, "models");
    const char *kind = NULL;
    for (const vouch__json *at = models && models->type == VOUCH__JSON_ARRAY ? models->first : NULL; at;
         at = at->next)
        if (vouch__entry_is(at, "name", page->champion))
            kind = vouch__member(at, "title") && !vouch__entry_is(at, "kind", page->champion)
                       ? vouch__member(at, "title")
                       : NULL;
    vouch__buf_text(page->out, "<p class=\"verdict\">The champion is <strong>");
    vouch__html_text(page->out, page->champion);
    vouch__buf_text(page->out, kind ? "</strong> (" : "</strong>");
    vouch__html_text(page->out, kind);
    vouch__buf_text(page->out, kind ? ").</p>\n<p>" : ".</p>\n<p>");
    vouch__html_text(page->out, vouch__member(champion, "why"));
    vouch__buf_text(page->out, "</p>\n");
}

static void figures(vouch__page *page)
{
    static const char *const key[][2] = { { "validate.auc", "AUC" },
                                          { "validate.ks", "KS distance" },
                                          { "validate.brier", "Brier score" },
                                          { "validate.ece", "Calibration error" },
                                          { "validate.deviance", "Deviance explained" },
                                          { "validate.ordered_gini", "Gini" },
                                          { "validate.actual_expected", "Error of the level" },
                                          { "validate.actual_bands", "Error by band" },
                                          { "validate.psi_score", "PSI of the score" } };
    const char *part = page->is_suite ? NULL : "test";
    const vouch__json *decision = vouch__json_get(page->root, "decision"),
                      *auc = vouch__page_find(page, key[0][0], part);
    size_t start = page->out->len;
    vouch__buf_text(page->out, "<div class=\"figures\">\n");
    size_t before = page->out->len;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        figure(page, vouch__page_find(page, key[i][0], part), key[i][1]);
    plain_figure(page, decision, "approval_rate", "Approved", "on tune",
                 vouch__member_number(decision, "cutoff"));
    plain_figure(page, decision, "expected_bad_rate", "Expected bad rate", "of the approved, on tune", NAN);
    plain_figure(page, vouch__json_get(decision, "test"), "bad_rate", "Bad rate seen",
                 "of the approved, on test", NAN);
    if (page->out->len == before && page->is_suite && !page->out->status) {
        page->out->at[page->out->len = start] = '\0'; /* tests of data or drift have other figures */
        return;
    }
    if (page->out->len == before)
        vouch__buf_text(page->out, "<div><div class=\"name\">No figures of a champion</div></div>");
    vouch__buf_text(page->out, "</div>\n");
    double n = vouch__member_number(auc, "n"), n_bad = vouch__member_number(auc, "n_bad");
    if (isnan(n) || isnan(n_bad))
        return;
    vouch__buf_text(page->out, page->is_suite
                                   ? "<p class=\"fine\">"
                                   : "<p class=\"fine\">Statistics of the champion on the test part: ");
    vouch__html_single(page->out, n, NULL);
    vouch__buf_text(page->out, " cases, ");
    vouch__html_single(page->out, n_bad, NULL);
    vouch__buf_text(page->out,
                    " of them bad. Ranges are intervals; their level and method stand with each test.</p>\n");
}

static void number_or_dash(vouch__page *page, size_t n)
{
    if (n)
        vouch__buf_fmt(page->out, "<td class=\"num\">%zu</td>", n);
    else
        vouch__buf_text(page->out, "<td class=\"num\">\xC2\xB7</td>");
}

static bool is_judged(const vouch__page *page)
{
    for (size_t i = 0; i < page->n_entries; i++)
        if (verdict_of(page->entry[i]) != OTHER)
            return true;
    return false;
}

static void verdicts(vouch__page *page)
{
    size_t total[VERDICTS] = { 0 }, n[VERDICTS];
    if (!is_judged(page)) {
        vouch__buf_text(page->out, "<h3>Verdicts</h3>\n<p>None: no figure here is held to a limit.</p>\n");
        return;
    }
    vouch__buf_text(page->out,
                    "<h3>Verdicts</h3>\n<div class=\"scroll\"><table class=\"fit\"><thead><tr>"
                    "<th scope=\"col\">Section</th><th scope=\"col\" class=\"num\">Pass</th>"
                    "<th scope=\"col\" class=\"num\">Advisory</th><th scope=\"col\" class=\"num\">Fail</th>"
                    "<th scope=\"col\" class=\"num\">Not judged</th></tr></thead>\n<tbody>\n");
    for (const vouch__report_section *section = vouch__report_sections; section->key; section++) {
        count(page, section->key, n);
        if (!(n[PASS] + n[ADVISORY] + n[FAIL] + n[OTHER]))
            continue;
        vouch__buf_fmt(page->out, "<tr><th scope=\"row\"><a href=\"#%s\">%s</a></th>", section->key,
                       vouch__page_section_title(page, section));
        for (int i = 0; i < VERDICTS; i++) {
            total[i] += n[i];
            number_or_dash(page, n[i]);
        }
        vouch__buf_text(page->out, "</tr>\n");
    }
    vouch__buf_text(page->out, "<tr class=\"total\"><th scope=\"row\">All</th>");
    for (int i = 0; i < VERDICTS; i++)
        number_or_dash(page, total[i]);
    vouch__buf_text(page->out, "</tr></tbody></table></div>\n");
}

static void finding(vouch__page *page, const vouch__json *entry, const char *id, bool has_about)
{
    vouch__buf *out = page->out;
    double value = vouch__member_number(entry, "value");
    const char *title = vouch__member(entry, "title"), *note = vouch__member(entry, "note");
    bool noted = note && *note;
    vouch__buf_text(out, noted ? "<tbody><tr class=\"has-note\"><td>" : "<tbody><tr><td>");
    vouch__html_badge(out, vouch__member(entry, "verdict"));
    vouch__buf_text(out, "</td><td><a href=\"#");
    vouch__page_anchor(page, id);
    vouch__buf_text(out, "\">");
    vouch__html_text(out, title ? title : id);
    vouch__buf_text(out, has_about ? "</a></td><td>" : "</a></td>");
    if (has_about)
        vouch__page_about(page, entry);
    vouch__buf_text(out, has_about ? "</td><td class=\"num\">" : "<td class=\"num\">");
    if (!isnan(value))
        vouch__html_single(out, value, vouch__member(entry, "unit"));
    vouch__buf_text(out, "</td><td class=\"limit\">");
    vouch__page_limit(page, entry);
    vouch__buf_text(out, "</td></tr>\n");
    if (noted) {
        vouch__buf_text(out, has_about ? "<tr class=\"note\"><td></td><td colspan=\"4\">"
                                       : "<tr class=\"note\"><td></td><td colspan=\"3\">");
        vouch__html_text(out, note);
        vouch__buf_text(out, "</td></tr>\n");
    }
    vouch__buf_text(out, "</tbody>\n");
}

/* Is any entry about something that has a name? */
static bool names_anything(const vouch__page *page)
{
    for (size_t i = 0; i < page->n_entries; i++)
        if (vouch__has_text(page->entry[i], "model") || vouch__has_text(page->entry[i], "part") ||
            vouch__has_text(page->entry[i], "subject"))
            return true;
    return false;
}

/* Failures, then advice, of the champion and the data or of its rivals. Returns how many there are. */
static size_t findings_of(vouch__page *page, bool rivals, const char *heading)
{
    enum { SHOWN = 30 };
    size_t n = 0;
    bool has_about = names_anything(page);
    for (int pass = 0; pass < 2; pass++)
        for (size_t g = 0; g < page->n_groups; g++)
            for (size_t i = 0; i < page->group[g].n; i++) {
                const vouch__json *entry = page->entry[page->group[g].first + i];
                if (verdict_of(entry) != (pass ? ADVISORY : FAIL) ||
                    vouch__page_is_rival(page, entry) != rivals)
                    continue;
                if (!n)
                    vouch__buf_fmt(page->out,
                                   "<h3>%s</h3>\n<div class=\"scroll\"><table "
                                   "class=\"findings\"><thead><tr><th scope=\"col\">Verdict</th>"
                                   "<th scope=\"col\">Test</th>%s<th scope=\"col\" class=\"num\">Value</th>"
                                   "<th scope=\"col\">Limits</th></tr></thead>\n",
                                   heading, has_about ? "<th scope=\"col\">About</th>" : "");
                if (n++ < SHOWN)
                    finding(page, entry, page->group[g].id, has_about);
            }
    if (n)
        vouch__buf_text(page->out, "</table></div>\n");
    if (n > SHOWN)
        vouch__buf_fmt(page->out, "<p>%zu more stand in the sections below.</p>\n", n - SHOWN);
    return n;
}

static void findings(vouch__page *page)
{
    if (!findings_of(page, false, page->champion ? "Findings on the champion and the data" : "Findings"))
        vouch__buf_text(
            page->out, page->champion
                           ? "<h3>Findings on the champion and the data</h3>\n<p>None: no number is beyond a "
                             "policy limit.</p>\n"
                           : "<h3>Findings</h3>\n<p>None: no number is beyond a policy limit.</p>\n");
    (void)findings_of(page, true, "Findings on the other models");
}

static void coverage(vouch__page *page)
{
    const vouch__json *counts = vouch__json_get(vouch__json_get(page->root, "controls"), "counts");
    if (!counts || counts->type != VOUCH__JSON_OBJECT || !counts->len)
        return;
    vouch__buf_text(page->out, "<h3>Controls</h3>\n<p>");
    vouch__html_text(page->out, vouch__member(vouch__json_get(page->root, "controls"), "title"));
    vouch__buf_text(page->out, "</p>\n<table class=\"tally\"><tbody>\n");
    static const char *const status[] = { "covered", "advisory", "failed",
                                          "missing", "pending",  "not-applicable" };
    for (size_t k = 0; k < sizeof status / sizeof *status; k++) {
        double n = vouch__member_number(counts, status[k]);
        if (!(n > 0.0))
            continue;
        vouch__buf_text(page->out, "<tr><td>");
        vouch__html_badge(page->out, status[k]);
        vouch__buf_text(page->out, "</td><td class=\"num\">");
        vouch__html_single(page->out, n, NULL);
        vouch__buf_text(page->out, "</td></tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table>\n");
}

static void cannot_say(vouch__page *page)
{
    const vouch__json *limits = vouch__json_get(page->root, "limits");
    if (!limits || limits->type != VOUCH__JSON_ARRAY || !limits->len)
        return;
    vouch__buf_text(page->out, "<h3>What this report cannot say</h3>\n<ul class=\"plain\">\n");
    for (const vouch__json *at = limits->first; at; at = at->next) {
        vouch__buf_text(page->out, "<li>");
        vouch__html_value(page->out, NULL, at);
        vouch__buf_text(page->out, "</li>\n");
    }
    vouch__buf_text(page->out, "</ul>\n");
}

/* What a page that asks one question answers. */
static void answer(vouch__page *page)
{
    for (size_t i = 0; i < page->n_entries; i++)
        if (vouch__entry_is(page->entry[i], "id", "fairness.alternatives") &&
            vouch__has_text(page->entry[i], "note")) {
            vouch__buf_text(page->out, "<p class=\"verdict\">");
            vouch__html_text(page->out, vouch__member(page->entry[i], "note"));
            vouch__buf_text(page->out, "</p>\n");
        }
}

void vouch__page_summary(vouch__page *page)
{
    vouch__buf_text(page->out, "<section id=\"summary\"><h2>Summary</h2>\n");
    if (!page->is_explanation) {
        if (!page->is_suite)
            champion_words(page);
        figures(page);
        findings(page);
    } else {
        answer(page);
        (void)findings_of(page, false, "Findings");
    }
    vouch__buf_text(page->out, "<div class=\"halves\"><div>\n");
    verdicts(page);
    vouch__buf_text(page->out, "</div><div>\n");
    coverage(page);
    cannot_say(page);
    vouch__buf_text(page->out, "</div></div>\n");
    vouch__page_contents(page, "onpaper");
    vouch__buf_text(page->out, "</section>\n");
}
