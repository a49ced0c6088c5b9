/* Escaping. The decoder below is strict, because a browser's is not: what it would repair or reinterpret is
 * replaced before it sees it. */
#include "report/markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* The length of the character at text[0, len), 0 when it is not one; *out_code its number. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *out_code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = text[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xC2 && c < 0xE0 ? 2
               : c >= 0xE0 && c < 0xF0 ? 3
               : c >= 0xF0 && c < 0xF5 ? 4
                                       : 0;
    if (!n || n > len)
        return 0;
    uint32_t code = n == 1 ? c : c & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    *out_code = code;
    return n;
}

/* Control characters, marks that turn the direction of writing, and code points that are no characters. */
static bool is_unwanted(uint32_t code)
{
    return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
           code == 0x200F || code == 0x061C || (code & 0xFFFE) == 0xFFFE || code == 0x2028 || code == 0x2029;
}

static const char *entity(uint32_t code)
{
    switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void cleaned(vouch__buf *out, const char *text, size_t len, bool is_html)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t kept = 0, i = 0; /* [kept, i) goes out as it is */
    while (i < len) {
        uint32_t code = 0;
        size_t n = decode(at + i, len - i, &code);
        const char *instead = !n || is_unwanted(code) ? replacement : is_html ? entity(code) : NULL;
        if (!is_html && n && (code == '\n' || code == '\t'))
            instead = " ";
        if (instead) {
            vouch__buf_add(out, text + kept, i - kept);
            vouch__buf_text(out, instead);
        }
        i += n ? n : 1;
        if (instead)
            kept = i;
    }
    vouch__buf_add(out, text + kept, len - kept);
}

void vouch__html_bytes(vouch__buf *out, const char *text, size_t len)
{
    if (text)
        cleaned(out, text, len, true);
}

void vouch__html_text(vouch__buf *out, const char *text)
{
    if (text)
        cleaned(out, text, strlen(text), true);
}

/* Long names of words joined by underscores may be broken between them, so that they make no table too wide.
 */
void vouch__html_json(vouch__buf *out, const vouch__json *string)
{
    enum { LONG = 24 };
    const char *text = vouch__json_string(string);
    size_t len = text ? string->len : 0;
    if (len > LONG)
        for (const char *at = memchr(text, '_', len); at; at = memchr(text, '_', len)) {
            size_t piece = (size_t)(at - text) + 1;
            cleaned(out, text, piece, true);
            vouch__buf_text(out, "<wbr>");
            text += piece;
            len -= piece;
        }
    if (len)
        cleaned(out, text, len, true);
}

void vouch__plain_bytes(vouch__buf *out, const char *text, size_t len)
{
    if (text)
        cleaned(out, text, len, false);
}

void vouch__css_text(vouch__buf *out, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    const unsigned char *at = (const unsigned char *)text;
    vouch__buf_text(out, "\"");
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t n = decode(at + i, len - i, &code);
        if (!n || is_unwanted(code))
            code = 0xFFFD;
        if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9'))
            vouch__buf_add(out, text + i, 1);
        else
            vouch__buf_fmt(out, "\\%06x", (unsigned)code);
        i += n ? n : 1;
    }
    vouch__buf_text(out, "\"");
}

void vouch__html_slug(vouch__buf *out, const char *text)
{
    for (; text && *text; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        vouch__buf_add(out, fits ? &c : "-", 1);
    }
}

void vouch__html_label(vouch__buf *out, const char *name) { vouch__label(out, name, vouch__html_bytes); }

void vouch__html_number(vouch__buf *out, double value, vouch__number_format format)
{
    size_t from = out->len;
    if (value < 0)
        vouch__buf_text(out, "\xE2\x88\x92");
    size_t at = out->len;
    vouch__format_number(out, value < 0 ? -value : value, format);
    if (value < 0 && !out->status && strspn(out->at + at, "0.,%") == out->len - at) {
        memmove(out->at + from, out->at + at, out->len - at + 1); /* rounds to zero: no sign */
        out->len -= at - from;
    }
    if (!out->status && out->at && out->len > at && out->at[at] == '<') { /* "<0.0001", "<1e-9" */
        char bound[32];
        (void)snprintf(bound, sizeof bound, "%s", out->at + at + 1);
        out->len = from; /* of any sign */
        vouch__buf_fmt(out, "&lt;%s", bound);
    }
}

void vouch__html_single(vouch__buf *out, double value, const char *unit)
{
    vouch__html_number(out, value, vouch__format_for(vouch__style_of(unit), 1, &value));
}

static void list_value(vouch__buf *out, const char *name, const vouch__json *list)
{
    enum { SHOWN = 40 };
    size_t shown = 0;
    for (const vouch__json *item = list->first; item && shown < SHOWN; item = item->next, shown++) {
        if (shown)
            vouch__buf_text(out, ", ");
        if (item->type == VOUCH__JSON_ARRAY || item->type == VOUCH__JSON_OBJECT)
            vouch__buf_fmt(out, "[%zu]", item->len);
        else
            vouch__html_value(out, name, item);
    }
    if (list->len > SHOWN)
        vouch__buf_fmt(out, " \xE2\x80\xA6 (%zu in all)", list->len);
    if (!list->len)
        vouch__buf_text(out, "none");
}

/* An input's value is told as text where others of its column are words: 0.24439439525512602. */
static bool is_long_fraction(const char *text, size_t len, double *out)
{
    enum { READABLE = 8 };
    return len > READABLE && strchr(text, '.') && vouch__double_read(text, len, out) && isfinite(*out);
}

void vouch__html_value(vouch__buf *out, const char *name, const vouch__json *value)
{
    const char *text = vouch__json_string(value);
    double number;
    if (!value || value->type == VOUCH__JSON_NULL)
        vouch__buf_text(out, "\xE2\x80\x93");
    else if (value->type == VOUCH__JSON_BOOL)
        vouch__buf_text(out, value->flag ? "yes" : "no");
    else if (value->type == VOUCH__JSON_NUMBER)
        vouch__html_number(out, value->number, vouch__format_exact(vouch__style_of(name), value->number));
    else if (text &&
             (!strcmp(text, "Infinity") || !strcmp(text, "-Infinity"))) /* as the canonical form has it */
        vouch__html_value(
            out, name,
            &(vouch__json){ .type = VOUCH__JSON_NUMBER, .number = vouch__json_double(value, NAN) });
    else if (text && is_long_fraction(text, value->len, &number))
        vouch__html_number(out, number, vouch__format_exact(VOUCH__STYLE_PLAIN, number));
    else if (text)
        vouch__html_json(out, value);
    else if (value->type == VOUCH__JSON_ARRAY)
        list_value(out, name, value);
    else
        vouch__buf_fmt(out, "[%zu]", value->len);
}

void vouch__html_badge(vouch__buf *out, const char *status)
{
    static const struct {
        const char *status, *style, *shape, *word;
    } known[] = {
        { "pass", "ok", "\xE2\x97\x8F", "Pass" },
        { "covered", "ok", "\xE2\x97\x8F", "Covered" },
        { "advisory", "warn", "\xE2\x96\xB2", "Advisory" },
        { "fail", "bad", "\xE2\x96\xA0", "Fail" },
        { "failed", "bad", "\xE2\x96\xA0", "Failed" },
        { "missing", "bad", "\xE2\x96\xA1", "Missing" },
        { "info", "info", "\xE2\x97\x8B", "For information" },
        { "not-applicable", "na", "\xE2\x80\x93", "Not applicable" },
        { "refused", "na", "\xC3\x97", "Refused" },
        { "pending", "info", "\xE2\x97\x8B", "After the run" },
    };
    for (size_t i = 0; status && i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].status, status)) {
            vouch__buf_fmt(out, "<span class=\"badge %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
                           known[i].style, known[i].shape, known[i].word);
            return;
        }
    vouch__buf_text(out, "<span class=\"badge na\">");
    vouch__html_text(out, status ? status : "\xE2\x80\x93");
    vouch__buf_text(out, "</span>");
}

void vouch__plain_wrapped(vouch__buf *out, const char *text, size_t indent, size_t column)
{
    while (text && *text) {
        size_t len = strcspn(text, " \n\t\r");
        if (len && column > indent && column + 1 + len > VOUCH__PLAIN_WIDTH) {
            vouch__buf_fmt(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (len && column > indent) {
            vouch__buf_text(out, " ");
            column++;
        }
        vouch__plain_bytes(out, text, len);
        column += len;
        text += len + (text[len] != '\0');
    }
}
