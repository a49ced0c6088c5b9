/* JSON, value by value. Numbers are only delimited here: whoever wants one reads its text. */
#include "models/import/token_bytes.h"

#include <string.h>

static bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void skip_space(vouch__tokens *in)
{
    while (in->p < in->end && is_space(*in->p))
        in->p++;
}

static vouch_status expected(vouch__tokens *in, const char *what)
{
    return in->p == in->end ? vouch__token_refuse(in, "the file ends where %s must stand", what)
                            : vouch__token_refuse(in, "byte 0x%02x stands where %s must", *in->p, what);
}

static bool next_is(vouch__tokens *in, char c)
{
    skip_space(in);
    if (in->p == in->end || *in->p != (uint8_t)c)
        return false;
    in->p++;
    return true;
}

/* p stands behind the opening quote. */
static vouch_status read_string(vouch__tokens *in, const char **out_text, size_t *out_len)
{
    const uint8_t *q = in->p;
    for (; q < in->end && *q != '"'; q++) {
        if (*q < 0x20)
            return vouch__token_refuse(in, "a control character stands in a text");
        if (*q == '\\' && ++q == in->end)
            break;
    }
    if (q >= in->end)
        return vouch__token_refuse(in, "a text has no closing quote");
    *out_text = (const char *)in->p;
    *out_len = (size_t)(q - in->p);
    in->p = q + 1;
    return VOUCH_OK;
}

static vouch_status read_word(vouch__tokens *in, vouch__token *out)
{
    static const char *const word[] = { "null", "true", "false", "NaN", "Infinity", "-Infinity" };
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        size_t n = strlen(word[i]);
        if ((size_t)(in->end - in->p) < n || memcmp(in->p, word[i], n) != 0)
            continue;
        /* Python writes NaN and Infinity; they are numbers that whoever wants one may refuse. */
        static const char *const number[] = { "nan", "inf", "-inf" };
        out->type = i == 0 ? VOUCH__TOKEN_NULL : i < 3 ? VOUCH__TOKEN_BOOL : VOUCH__TOKEN_NUMBER;
        out->flag = i == 1;
        if (i >= 3) {
            out->text = number[i - 3];
            out->len = strlen(number[i - 3]);
        }
        in->p += n;
        return VOUCH_OK;
    }
    return expected(in, "a value");
}

static bool in_number(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static vouch_status read_value(vouch__tokens *in, vouch__token *out)
{
    skip_space(in);
    uint8_t c = in->p < in->end ? *in->p : 0;
    if (c == '{' || c == '[') {
        in->p++;
        out->type = c == '{' ? VOUCH__TOKEN_OBJECT : VOUCH__TOKEN_ARRAY;
        return vouch__token_open(in, c == '{');
    }
    if (c == '"') {
        in->p++;
        out->type = VOUCH__TOKEN_STRING;
        return read_string(in, &out->text, &out->len);
    }
    if ((c == '-' && in->end - in->p > 1 && in->p[1] != 'I') || (c >= '0' && c <= '9')) {
        out->type = VOUCH__TOKEN_NUMBER;
        out->text = (const char *)in->p;
        while (in->p < in->end && in_number(*in->p))
            in->p++;
        out->len = (size_t)((const char *)in->p - out->text);
        return VOUCH_OK;
    }
    return read_word(in, out);
}

static vouch_status read_key(vouch__tokens *in)
{
    const char *text = NULL;
    size_t len = 0;
    if (!next_is(in, '"'))
        return expected(in, "a key in quotes");
    vouch_status status = read_string(in, &text, &len);
    if (status)
        return status;
    vouch__token_key(in, text, len);
    return next_is(in, ':') ? VOUCH_OK : expected(in, "':'");
}

vouch_status vouch__json_next(vouch__tokens *in, vouch__token *out)
{
    vouch__level *level = &in->level[in->depth];
    if (in->depth == 0) {
        if (!level->is_first)
            return vouch__token_refuse(in, "a second value");
        level->is_first = false;
        return read_value(in, out);
    }
    if (next_is(in, level->is_object ? '}' : ']')) {
        out->type = VOUCH__TOKEN_END;
        in->depth--;
        return VOUCH_OK;
    }
    if (!level->is_first && !next_is(in, ','))
        return expected(in, level->is_object ? "',' or '}'" : "',' or ']'");
    level->is_first = false;
    level->index++;
    if (level->is_object) {
        vouch_status status = read_key(in);
        if (status)
            return status;
    }
    return read_value(in, out);
}

vouch_status vouch__tokens_finish(vouch__tokens *in)
{
    skip_space(in);
    return in->p == in->end
               ? VOUCH_OK
               : vouch__token_refuse(in, "%zu bytes follow the model", (size_t)(in->end - in->p));
}

bool vouch__json_unescape(const char *text, size_t len, vouch__buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *p = text, *end = text + len;
    while (p < end) {
        if (*p != '\\') {
            const char *q = memchr(p, '\\', (size_t)(end - p));
            size_t n = (size_t)((q ? q : end) - p);
            vouch__buf_add(out, p, n);
            p += n;
            continue;
        }
        const char *found = end - p > 1 && p[1] ? strchr(from, p[1]) : NULL;
        int32_t c = found ? to[found - from] : end - p >= 6 && p[1] == 'u' ? vouch__hex4(p + 2) : -1;
        p += found ? 2 : 6;
        if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
            int32_t low = vouch__hex4(p + 2);
            c = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : -1;
            p += 6;
        }
        if (c <= 0 || (c >= 0xD800 && c < 0xE000))
            return false;
        char utf8[4];
        vouch__buf_add(out, utf8, vouch__utf8_put((uint32_t)c, utf8));
    }
    return true;
}
