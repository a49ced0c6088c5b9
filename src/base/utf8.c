/* Is it UTF-8, and which known word was meant? */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How many bytes the character at p takes, 0 when it is not one: Unicode 15, table 3-7. */
static size_t char_len(const unsigned char *p, size_t left)
{
    unsigned char a = p[0];
    if (a < 0x80)
        return 1;
    size_t n = a >= 0xC2 && a < 0xE0 ? 2 : a >= 0xE0 && a < 0xF0 ? 3 : a >= 0xF0 && a < 0xF5 ? 4 : 0;
    if (n == 0 || left < n)
        return 0;
    unsigned char lo = a == 0xE0 ? 0xA0 : a == 0xF0 ? 0x90 : 0x80; /* no overlong forms */
    unsigned char hi = a == 0xED ? 0x9F : a == 0xF4 ? 0x8F : 0xBF; /* no surrogates, none past U+10FFFF */
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

size_t vouch__utf8_prefix(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i < len) {
        size_t n = char_len(p + i, len - i);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}

bool vouch__utf8_valid(const char *text, size_t len) { return vouch__utf8_prefix(text, len) == len; }

size_t vouch__utf8_put(uint32_t c, char *out)
{
    static const uint8_t lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    out[0] = (char)(lead[more] | c >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3F));
    return more + 1;
}

int32_t vouch__hex4(const char *text)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

enum { WORD = 64 };

/* Optimal string alignment: inserted, dropped, changed and swapped letters count one each. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned char row[3][WORD + 1];
    unsigned char *before = row[0], *last = row[1], *now = row[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned char)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned char)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1] ? 1U : 0U);
            if (last[j] + 1U < best)
                best = last[j] + 1U;
            if (now[j - 1] + 1U < best)
                best = now[j - 1] + 1U;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1U < best)
                best = before[j - 2] + 1U;
            now[j] = (unsigned char)best;
        }
        unsigned char *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[m];
}

const char *vouch__nearest(const char *word, const char *const *name, size_t n)
{
    size_t len = strlen(word), best = 1 + len / 3; /* farther than this is another word */
    const char *found = NULL;
    if (len > WORD)
        return NULL;
    best = best > 3 ? 4 : best + 1;
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(name[i]);
        if (!strcasecmp(word, name[i]))
            return name[i];
        if (m > WORD)
            continue;
        size_t d = distance(word, len, name[i], m);
        if (d < best && d < m) {
            best = d;
            found = name[i];
        }
    }
    return found;
}

vouch__meant vouch__did_you_mean(const char *near)
{
    vouch__meant meant = { "" };
    size_t most = sizeof meant.text - sizeof ", did you mean ''?";
    if (near)
        (void)snprintf(meant.text, sizeof meant.text, ", did you mean '%.*s'?",
                       (int)vouch__utf8_prefix(near, strnlen(near, most)), near);
    return meant;
}
