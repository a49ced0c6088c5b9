/* What tests ask of a page. */
#include "html.h"

#include "check.h"

#include <string.h>

void html_has(const vouch__buf *out, const char *text)
{
    if (!strstr(out->at, text))
        fail_msg("the report lacks: %s", text);
}

size_t html_times(const vouch__buf *out, const char *text)
{
    size_t n = 0;
    for (const char *at = strstr(out->at, text); at; at = strstr(at + 1, text))
        n++;
    return n;
}

void html_is_balanced(const char *html)
{
    static const char *const empty[] = { "meta", "br", "wbr", "!DOCTYPE" };
    char open[64][16];
    size_t depth = 0;
    for (const char *at = strchr(html, '<'); at; at = strchr(at + 1, '<')) {
        char name[16] = "";
        bool closes = at[1] == '/';
        size_t len = strcspn(at + 1 + closes, " >/\n");
        const char *stop = strchr(at, '>');
        assert_non_null(stop);
        assert_true(len < sizeof name);
        memcpy(name, at + 1 + closes, len);
        bool skipped = stop[-1] == '/';
        for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
            skipped = skipped || !strcmp(name, empty[i]);
        if (skipped)
            continue;
        if (closes) {
            assert_true(depth > 0);
            if (strcmp(open[--depth], name) != 0)
                fail_msg("<%s> is closed by </%s> near: %.60s", open[depth], name, at);
        } else {
            assert_true(depth < 64);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    assert_int_equal(depth, 0);
}
