/* The report, from top to bottom. Sections that have nothing to show are left out; the rest come in one
 * order, whatever the order of the evidence. */
#include "report/html_report.h"

#include "report/report_css.h"
#include "report/report_page.h"

#include <math.h>
#include <string.h>

/* On paper: what, and where in the ledger, on every page. Project text goes in as escaped CSS strings. */
static void paper(vouch__page *page, const char *stamp)
{
    vouch__buf *out = page->out;
    double seq = vouch__member_number(page->head, "seq");
    const char *hash = vouch__member(page->head, "hash"), *project = vouch__member(page->root, "project");
    vouch__buf_text(
        out, "@page{size:A4;margin:19mm 16mm 18mm;@top-left{font:7.5pt sans-serif;color:#4d5a6b;content:");
    vouch__css_text(out, project ? project : "");
    if (stamp) {
        vouch__buf_text(out,
                        "}@top-center{font:bold 9pt sans-serif;letter-spacing:.3em;color:#9c231b;content:");
        vouch__css_text(out, stamp);
    }
    vouch__buf_text(out, "}@top-right{font:7.5pt sans-serif;color:#4d5a6b;content:");
    vouch__css_text(out, vouch__page_kind(page));
    vouch__buf_text(out, "}@bottom-left{font:7.5pt sans-serif;color:#4d5a6b;content:\"");
    if (!isnan(seq) && hash) {
        vouch__buf_text(out, "Ledger entry ");
        vouch__html_single(out, seq, NULL);
        vouch__buf_text(out, ", \" ");
        char head[13] = "";
        for (size_t i = 0; i + 1 < sizeof head && hash[i]; i++)
            head[i] = hash[i];
        vouch__css_text(out, head);
    } else {
        vouch__buf_text(out, "Not recorded in a ledger\"");
    }
    vouch__buf_text(
        out,
        "}@bottom-right{font:7.5pt sans-serif;color:#4d5a6b;content:counter(page) \" of \" counter(pages)}}\n"
        "@page:first{@top-left{content:none}@top-right{content:none}}\n");
}

/* The ledger head for machines: what `vouch verify --head` takes from a report. */
static void head_member(vouch__page *page)
{
    double seq = vouch__member_number(page->head, "seq");
    const char *hash = vouch__member(page->head, "hash");
    if (!hash || strspn(hash, "0123456789abcdef") != strlen(hash) || !(seq >= 0 && seq < 0x1p53))
        return;
    vouch__buf_fmt(page->out, "<meta name=\"vouch-head\" content='{\"hash\":\"%s\",\"seq\":%lld}'>\n", hash,
                   (long long)seq);
}

static void begin(vouch__page *page, const char *stamp)
{
    vouch__buf *out = page->out;
    const char *project = vouch__member(page->root, "project");
    vouch__buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                         "style-src 'unsafe-inline'\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    vouch__html_text(out, project ? project : "Untitled project");
    vouch__buf_text(out, ": ");
    vouch__html_text(out, vouch__page_kind(page));
    vouch__buf_text(out, "</title>\n<style>\n");
    for (size_t i = 0; vouch__report_css[i]; i++)
        vouch__buf_text(out, vouch__report_css[i]);
    paper(page, stamp);
    vouch__buf_text(out, "</style>\n");
    head_member(page);
    vouch__buf_fmt(out, "</head>\n<body%s>\n", stamp ? " class=\"stamped\"" : "");
    if (stamp) {
        vouch__buf_text(out, "<div class=\"stamp\" role=\"note\">");
        vouch__html_text(out, stamp);
        vouch__buf_text(out, "</div><div class=\"watermark\" aria-hidden=\"true\">");
        vouch__html_text(out, stamp);
        vouch__buf_text(out, "</div>\n");
    }
    vouch__buf_text(out, "<div class=\"layout\">\n");
}

static vouch_status section(vouch__page *page, const vouch__report_section *what)
{
    static const char *const new_page[] = { "controls" };
    vouch_status status = VOUCH_OK;
    bool breaks = false;
    for (size_t i = 0; i < sizeof new_page / sizeof *new_page; i++)
        breaks = breaks || !strcmp(new_page[i], what->key);
    vouch__buf_fmt(page->out, "<section id=\"%s\"%s><h2>%s</h2>\n", what->key,
                   breaks ? " class=\"page\"" : "", vouch__page_section_title(page, what));
    if (what->lead)
        vouch__buf_fmt(page->out, "<p class=\"lead\">%s</p>\n", what->lead);
    if (!strcmp(what->key, "models"))
        status = vouch__page_models(page);
    else if (!strcmp(what->key, "controls"))
        vouch__page_controls(page);
    else if (!strcmp(what->key, "limits"))
        vouch__page_limits(page);
    else if (!strcmp(what->key, "fingerprints"))
        vouch__page_fingerprints(page);
    else
        vouch__page_facts(page, what->key);
    for (size_t g = 0; g < page->n_groups && !status; g++)
        if (!strcmp(page->group[g].section, what->key) && !vouch__page_is_absent(page, &page->group[g]))
            status = vouch__page_group(page, &page->group[g]);
    vouch__page_absent(page, what->key);
    vouch__buf_text(page->out, "</section>\n");
    return status;
}

static vouch_status body(vouch__page *page)
{
    vouch_status status = VOUCH_OK;
    vouch__page_contents(page, "side");
    vouch__buf_text(page->out, "<main>\n");
    vouch__page_title(page);
    vouch__page_summary(page);
    for (const vouch__report_section *what = vouch__report_sections + 1; what->key && !status; what++)
        if (vouch__page_has(page, what->key))
            status = section(page, what);
    vouch__buf_text(
        page->out, page->is_explanation
                       ? "<footer>Numbers are rounded here; csv and json have all their digits. Tables "
                         "behind plots are folded "
                         "away on screen and left out on paper.</footer>\n</main>\n</div>\n</body>\n</html>\n"
                       : "<footer>Every number on these pages is in evidence.json with all its digits; here "
                         "they are only "
                         "rounded. Tables behind plots are folded away on screen and left out on "
                         "paper.</footer>\n</main>\n</div>\n</body>\n</html>\n");
    return status;
}

vouch_status vouch__report_html(vouch_ctx *ctx, const vouch__json *evidence, const vouch__json *head,
                                vouch__buf *out)
{
    vouch__page page = { .ctx = ctx, .out = out, .root = evidence, .head = head };
    const char *stamp = vouch__member(evidence, "stamp");
    size_t mark = vouch__scratch_mark(ctx);

    if (stamp && !*stamp)
        stamp = NULL;
    page.champion = vouch__member(vouch__json_get(evidence, "champion"), "name");
    page.is_suite = vouch__member(evidence, "suite") != NULL;
    page.is_explanation = vouch__member(evidence, "title") && !page.is_suite;
    vouch_status status = vouch__page_groups(&page);
    if (!status) {
        begin(&page, stamp);
        status = body(&page);
    }
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__buf_status(ctx, out);
}

vouch__json *vouch__report_count(vouch__doc *doc, const vouch__json *entries)
{
    static const char *const verdict[] = { "pass", "advisory", "fail", "info", "not-applicable", "refused" };
    vouch__json *counts = vouch__json_object(doc);
    for (size_t k = 0; k < sizeof verdict / sizeof *verdict; k++) {
        double n = 0;
        for (const vouch__json *at = entries && entries->type == VOUCH__JSON_ARRAY ? entries->first : NULL;
             at; at = at->next)
            n += vouch__entry_is(at, "verdict", verdict[k]);
        vouch__json_set(doc, counts, verdict[k], vouch__json_number(doc, n));
    }
    return counts;
}
