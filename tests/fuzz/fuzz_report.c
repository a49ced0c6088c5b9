/* Any JSON as evidence: a page, a text and control coverage come out, and nothing of the input is markup.
 * What the input calls MARK would show as a raw "<" beside it if it ever came through unescaped. */
#include "report/controls.h"
#include "report/html_report.h"
#include "report/text_summary.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_html(const vouch__buf *out)
{
    static const char *const known[] = {
        "!DOCTYPE", "html", "head", "meta",   "title",   "style",   "body",   "div",        "nav",
        "ol",       "li",   "a",    "span",   "main",    "header",  "p",      "h1",         "h2",
        "h3",       "h4",   "dl",   "dt",     "dd",      "section", "strong", "table",      "thead",
        "tbody",    "tr",   "th",   "td",     "ul",      "article", "figure", "figcaption", "b",
        "br",       "wbr",  "em",   "code",   "details", "summary", "footer", "svg",        "desc",
        "line",     "text", "rect", "circle", "path",    "g"
    };
    for (const char *at = memchr(out->at, '<', out->len); at; at = strchr(at + 1, '<')) {
        const char *name = at + 1 + (at[1] == '/');
        size_t len = strcspn(name, " >/\n"), i = 0;
        while (i < sizeof known / sizeof *known &&
               (strlen(known[i]) != len || memcmp(known[i], name, len) != 0))
            i++;
        if (i == sizeof known / sizeof *known)
            abort();
    }
    if (strlen(out->at) != out->len || !vouch__utf8_valid(out->at, out->len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = NULL, *made = NULL;
    vouch__buf html, text;
    if (!ctx)
        return 0;
    vouch__buf_init(ctx, &html, 0);
    vouch__buf_init(ctx, &text, 0);
    if (vouch__json_read(ctx, "fuzz", (const char *)data, size, 1 << 20, &doc) == VOUCH_OK) {
        const vouch__json *root = vouch__doc_root(doc);
        if (vouch__report_html(ctx, root, vouch__json_get(root, "head"), &html) != VOUCH_OK ||
            vouch__report_text(ctx, root, &text) != VOUCH_OK)
            abort();
        check_html(&html);
        for (size_t i = 0; i < text.len; i++)
            if ((unsigned char)text.at[i] < 0x20 && text.at[i] != '\n')
                abort();
    }
    vouch__json *controls = NULL;
    if (vouch__doc_new(ctx, &made) == VOUCH_OK &&
        vouch__controls_apply(ctx, "fuzz", (const char *)data, size,
                              doc ? vouch__json_get(vouch__doc_root(doc), "entries") : NULL, NULL, made,
                              &controls) != VOUCH_OK &&
        *vouch_ctx_error(ctx) == '\0')
        abort();
    vouch__doc_free(made);
    vouch__doc_free(doc);
    vouch__buf_free(&html);
    vouch__buf_free(&text);
    vouch_ctx_free(ctx);
    return 0;
}
